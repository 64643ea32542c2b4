/*
** pattern.c: '(?1).*(?t<=3600)(?2)' -> elements.
**
**   pattern = { element }                  blanks between elements do not count
**   element = "(?" number ")"              an event with this condition
**           | "."  | ".*"                  any event, any number of events
**           | "(?t" op duration ")"        op: <= < >= > == !=; seconds or '2 days'
**
** Errors say at which character.
*/
#include "funnel.h"

#include <string.h>

typedef struct Reader Reader;
struct Reader {
  AtEnv *env;
  const char *text;
  size_t n, at;
  uint32_t n_conditions;
};

/* Fails at byte position at, in characters from 1: what has been read is ASCII. */
static int fail_at(Reader *r, size_t at, const char *mend){
  at_fail(r->env, AT_INVALID, "pattern cannot be read at character %u (got %s); %s", (unsigned)at+1,
          at<r->n ? at_quote(r->text+at, r->n-at).text : "its end", mend);
  return 0;
}

static void skip_blanks(Reader *r){
  while( r->at<r->n && at_is_blank(r->text[r->at]) ) r->at++;
}

static int starts_with(const Reader *r, const char *word){
  size_t n = strlen(word);
  return r->n-r->at>=n && memcmp(r->text+r->at, word, n)==0;
}

/* The k of (?k). */
static int read_condition(Reader *r, AtElement *e){
  size_t from = r->at;
  uint64_t k = 0;
  e->kind = AT_ELEMENT_CONDITION;
  while( r->at<r->n && at_is_digit((unsigned char)r->text[r->at]) ){
    if( k<1000000 ) k = k*10 + (unsigned)(r->text[r->at]-'0');
    r->at++;
  }
  if( r->at==from ) return fail_at(r, from, "write (?1), (?2) ... for a condition, or (?t<=3600) for a time gate");
  if( k<1 || k>r->n_conditions ){
    r->at = from;
    return fail_at(r, from, "there is no such condition; count the conditions after ts from 1");
  }
  e->condition = (uint32_t)k;
  if( !starts_with(r, ")") ) return fail_at(r, r->at, "write ) after the number of the condition");
  r->at++;
  return 1;
}

/* The op and duration of (?t op duration). */
static int read_gate(Reader *r, AtElement *e){
  static const char *const ops[] = {"<=", "<", ">=", ">", "==", "!=", NULL};
  static const int gates[] = {AT_GATE_LE, AT_GATE_LT, AT_GATE_GE, AT_GATE_GT, AT_GATE_EQ, AT_GATE_NE};
  const char *close, *mend;
  AtCell duration = {0};
  int i;
  e->kind = AT_ELEMENT_GATE;
  skip_blanks(r);
  for(i=0; ops[i] && !starts_with(r, ops[i]); i++){}
  if( ops[i]==NULL ) return fail_at(r, r->at, "write <=, <, >=, >, == or != after ?t");
  e->gate = gates[i];
  r->at += strlen(ops[i]);
  close = r->at<r->n ? memchr(r->text+r->at, ')', r->n-r->at) : NULL;
  if( close==NULL ) return fail_at(r, r->at, "write ) after the time gate's duration");
  duration.type = AT_TEXT;
  duration.text = r->text+r->at;
  duration.n = (size_t)(close-duration.text);
  mend = at_duration_of(&duration, &e->duration);
  if( mend ) return fail_at(r, r->at, mend);
  r->at = (size_t)(close-r->text)+1;
  return 1;
}

static int read_element(Reader *r, AtElement *e, int after_gate){
  size_t from = r->at;
  if( starts_with(r, ".") ){
    r->at++;
    e->kind = starts_with(r, "*") ? AT_ELEMENT_STAR : AT_ELEMENT_ANY;
    if( e->kind==AT_ELEMENT_STAR ) r->at++;
    return 1;
  }
  if( !starts_with(r, "(?") ) return fail_at(r, from, "write (?1), ., .* or (?t<=3600)");
  r->at += 2;
  if( !starts_with(r, "t") ) return read_condition(r, e);
  if( after_gate ) return fail_at(r, from, "two time gates in a row; write an event or .* between them");
  r->at++;
  return read_gate(r, e);
}

/* Reads a pattern over n_conditions conditions. To be freed in any case. */
int at_pattern_parse(AtEnv *env, AtPattern *p, const char *text, size_t n, uint32_t n_conditions){
  Reader r = { env, text, n, 0, n_conditions };
  memset(p, 0, sizeof *p);
  for(;;){
    AtElement e = {0};
    int after_gate = p->n>0 && p->elements[p->n-1].kind==AT_ELEMENT_GATE;
    skip_blanks(&r);
    if( r.at>=n || !read_element(&r, &e, after_gate) ) break;
    if( p->n>=AT_MAX_ELEMENTS ){
      at_fail(env, AT_INVALID, "pattern has more than %d elements; write fewer", AT_MAX_ELEMENTS);
      break;
    }
    if( p->n>=p->capacity ){
      uint32_t capacity = p->capacity ? p->capacity*2 : 8;
      if( !at_grow(env, &p->elements, capacity, sizeof *p->elements) ) break;
      p->capacity = capacity;
    }
    p->elements[p->n++] = e;
  }
  return !env->error.code;
}

void at_pattern_free(const AtAlloc *alloc, AtPattern *p){
  at_free(alloc, p->elements);
  memset(p, 0, sizeof *p);
}
