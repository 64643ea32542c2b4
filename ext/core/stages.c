/*
** stages.c: 'inquiry > mql > sal [2 days] > sql? > won' -> AtStages.
**
**   list  = stage { ">" stage }
**   stage = name { "?" | "[" duration "]" }      each once
**   name  = any text without > ? [ ] "  |  '"' any '"'   a '"' inside is doubled
*/
#include "funnel.h"

#include <string.h>

typedef struct Reader Reader;
struct Reader {
  AtEnv *env;
  AtStages *stages;
  const char *at, *end;
  char *out;                        /* where the next quoted name goes, without its quotes */
  int plain;
};

static const char write_name[] = "write the name of a stage, in double quotes if it is none of letters and blanks";

static void fail_list(Reader *r, const char *mend){
  at_fail(r->env, AT_INVALID, "argument stages cannot be read at character %u (got %s); %s",
          (unsigned)(r->at-r->stages->copy)+1,
          r->at<r->end ? at_quote(r->at, (size_t)(r->end-r->at)).text : "its end", mend);
}

static void skip_blanks(Reader *r){
  while( r->at<r->end && at_is_blank(*r->at) ) r->at++;
}

/* A name in quotes: its text without them. */
static int read_quoted(Reader *r, AtStage *stage){
  const char *from = r->at++;
  stage->text = r->out;
  for(; r->at<r->end; r->at++){
    if( *r->at=='"' ){
      r->at++;
      if( r->at>=r->end || *r->at!='"' ){
        stage->n = (size_t)(r->out-stage->text);
        if( stage->n>0 ) return 1;
        break;
      }
    }
    *r->out++ = *r->at;
  }
  r->at = from;
  fail_list(r, r->out==stage->text ? write_name : "close the quote");
  return 0;
}

static int read_name(Reader *r, AtStage *stage){
  skip_blanks(r);
  if( r->at<r->end && *r->at=='"' ) return read_quoted(r, stage);
  stage->text = r->at;
  while( r->at<r->end && *r->at && strchr(">?[]\"", *r->at)==NULL ) r->at++;
  stage->n = (size_t)(r->at-stage->text);
  at_trim(&stage->text, &stage->n);
  if( stage->n>0 ) return 1;
  if( r->stages->n==0 && r->at>=r->end ){
    at_fail(r->env, AT_INVALID, "argument stages is empty; write a list such as 'inquiry > mql > won'");
  }else{
    fail_list(r, write_name);
  }
  return 0;
}

static int read_limit(Reader *r, AtStage *stage){
  const char *close = memchr(r->at, ']', (size_t)(r->end-r->at));
  const char *mend;
  if( close==NULL ){ fail_list(r, "close the limit with ]"); return 0; }
  if( stage->limit>=0 ){ fail_list(r, "write one limit"); return 0; }
  r->at++;
  mend = at_duration_parse(r->at, (size_t)(close-r->at), &stage->limit);
  if( mend ){ fail_list(r, mend); return 0; }
  r->at = close+1;
  return 1;
}

/* What follows the name, up to > or the end. */
static int read_marks(Reader *r, AtStage *stage){
  for(;;){
    skip_blanks(r);
    if( r->at>=r->end || *r->at=='>' ) return 1;
    if( r->plain ){
      fail_list(r, "limits and optional stages are for funnel(); write names only, separated by >");
      return 0;
    }
    if( *r->at=='?' && !stage->optional ){
      stage->optional = 1;
      r->at++;
    }else if( *r->at=='[' ){
      if( !read_limit(r, stage) ) return 0;
    }else{
      fail_list(r, "write > between stages, a limit as [2 days], ? for an optional stage");
      return 0;
    }
  }
}

static int check_stage(Reader *r, const AtStage *stage){
  AtStages *s = r->stages;
  const char *wrong = NULL;
  if( at_stage_number(s, stage->text, stage->n) ) wrong = "is listed twice; write it once";
  else if( s->n==0 && stage->limit>=0 ) wrong = "is the first and has a limit; a limit counts from the stage before, write it on a later one";
  else if( s->n==0 && stage->optional ) wrong = "is the first and optional; leave out the ?";
  if( wrong ){
    at_fail(r->env, AT_INVALID, "stage %s %s", at_quote(stage->text, stage->n).text, wrong);
  }else if( s->n>=AT_MAX_STAGES ){
    at_fail(r->env, AT_INVALID, "there are more than %d stages; write fewer", AT_MAX_STAGES);
  }
  return !r->env->error.code;
}

/* Reads a list; plain: names only. To be freed in any case. */
int at_stages_parse(AtEnv *env, AtStages *s, const char *text, size_t n, int plain){
  Reader r;
  memset(s, 0, sizeof *s);
  s->copy = at_alloc(env, 2*n+1, 1);               /* the list, then names without quotes */
  if( s->copy==NULL ) return 0;
  if( n ) memcpy(s->copy, text, n);
  s->copy[n] = 0;
  r.env = env;
  r.stages = s;
  r.at = s->copy;
  r.end = s->copy+n;
  r.out = s->copy+n+1;
  r.plain = plain;
  for(;;){
    AtStage stage = { NULL, 0, 0, -1 };
    if( !read_name(&r, &stage) || !read_marks(&r, &stage) || !check_stage(&r, &stage) ) return 0;
    if( s->n>=s->capacity ){
      uint32_t capacity = s->capacity ? s->capacity*2 : 8;
      if( !at_grow(env, &s->stage, capacity, sizeof *s->stage) ) return 0;
      s->capacity = capacity;
    }
    s->stage[s->n++] = stage;
    if( r.at>=r.end ) break;
    r.at++;
  }
  if( s->stage[s->n-1].optional ){
    at_fail(env, AT_INVALID, "stage %s is the last and optional; leave out the ?",
            at_quote(s->stage[s->n-1].text, s->stage[s->n-1].n).text);
  }
  return !env->error.code;
}

/* The number of the stage with this name, from 1; 0 if it is not listed. */
uint32_t at_stage_number(const AtStages *s, const char *text, size_t n){
  uint32_t i;
  for(i=0; i<s->n; i++){
    if( s->stage[i].n==n && (n==0 || memcmp(s->stage[i].text, text, n)==0) ) return i+1;
  }
  return 0;
}

void at_stages_free(const AtAlloc *alloc, AtStages *s){
  at_free(alloc, s->copy);
  at_free(alloc, s->stage);
  memset(s, 0, sizeof *s);
}
