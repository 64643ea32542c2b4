/*
** sequence.c: matches of a pattern among the sorted rows of one group, in time
** linear in rows x elements, gates or not.
**
** How it works. The elements that take an event, (?k) and '.', are the takers;
** between two of them lies a link of '.*' and gates, perhaps an empty one. Where
** a taker has taken row b, the link leaves to the next taker a range of rows (two
** for !=) that depends on b alone, since gates measure from b. As b grows, both
** ends of the range only move forward, so all ranges of a link cost one walk.
**
** From the last taker to the first, good[i] is the set of rows that taker i can take
** so that the rest still matches: a row with the taker's condition and a good row
** of the next taker in its range, which a running count of those answers. A match is
** then read off forward: each taker takes the earliest good row of its range, with no
** way back. The counts of a link's two range ends and the cursors of the forward
** reading only move on as well, so counting all matches costs no more.
*/
#include "funnel.h"

#include <assert.h>
#include <string.h>

#define NONE UINT32_MAX

typedef struct Range Range;
struct Range { uint32_t from, to; };               /* rows [from, to) */

/* A gate, with where its duration ends as seen from the base: both only grow. */
typedef struct Gate Gate;
struct Gate { int op; int64_t duration; uint32_t not_before, after; };

/* A taker with the link in front of it; the last one of a pattern, after all
** takers, has a link only. */
typedef struct Taker Taker;
struct Taker {
  const AtElement *link;
  uint32_t n_link;
  uint32_t condition;                              /* 0 = any event */
  Gate *gates;                                     /* one per element of the link */
  uint64_t *good;                                  /* bit per row */
  uint32_t known_from, known_next;                 /* next_good() of known_from */
};

typedef struct Search Search;
struct Search {
  AtEnv *env;
  const AtConditions *c;
  uint32_t n;                                      /* takers */
  Taker *takers;                                   /* n + 1 */
  Gate *gates;
  uint64_t *bits;
  uint32_t *count;                                 /* good rows before row i */
};

/******************************* Links and ranges ****************************/

static void reset_gates(Taker *t){
  uint32_t i;
  for(i=0; i<t->n_link; i++) t->gates[i].not_before = t->gates[i].after = 0;
}

/* Moves the gate's ends on to base, not earlier than the last one. */
static void move_gate(Gate *g, const AtConditions *c, uint32_t base){
  int64_t time = c->time[base];
  while( g->not_before<c->n && c->time[g->not_before]-time<g->duration ) g->not_before++;
  while( g->after<c->n && c->time[g->after]-time<=g->duration ) g->after++;
}

static uint32_t later(uint32_t a, uint32_t b){ return a>b ? a : b; }

/* The rows from at on at which the gate holds; the number of ranges. */
static int gate_ranges(const Gate *g, uint32_t at, uint32_t n, Range out[2]){
  int found = 0;
  Range r = { at, n }, second = { later(at, g->after), n };
  switch( g->op ){
    case AT_GATE_LE: r.to = g->after; break;
    case AT_GATE_LT: case AT_GATE_NE: r.to = g->not_before; break;
    case AT_GATE_GE: r.from = later(at, g->not_before); break;
    case AT_GATE_GT: r = second; break;
    default: r.from = later(at, g->not_before); r.to = g->after;
  }
  if( r.from<r.to ) out[found++] = r;
  if( g->op==AT_GATE_NE && second.from<second.to ) out[found++] = second;
  return found;
}

/* The rows that the taker may take where its link begins at row at and gates
** measure from row base. */
static int link_ranges(Taker *t, const AtConditions *c, uint32_t base, uint32_t at, Range out[2]){
  uint32_t i;
  int found = at<c->n;
  out[0].from = at;
  out[0].to = t->n_link ? c->n : at+1;
  for(i=0; i<t->n_link && found; i++){
    if( t->link[i].kind==AT_ELEMENT_STAR ){
      out[0].to = c->n;                            /* from the first row there is */
      found = 1;
    }else{
      move_gate(&t->gates[i], c, base);
      found = gate_ranges(&t->gates[i], out[0].from, c->n, out);
    }
  }
  return found;
}

static int may_be_empty(const AtElement *e){
  return e->kind==AT_ELEMENT_STAR
      || (e->kind==AT_ELEMENT_GATE && (e->gate==AT_GATE_LE || e->gate==AT_GATE_LT
                                       || (e->gate==AT_GATE_GE && e->duration==0)));
}

static int rest_may_be_empty(const Taker *t, uint32_t i){
  for(; i<t->n_link; i++) if( !may_be_empty(&t->link[i]) ) return 0;
  return 1;
}

/* The row at which a match ends whose last part, the final link, begins at row at;
** NONE if it fails. It ends as soon as it can, or else with the last row. */
static uint32_t match_end(Taker *t, const AtConditions *c, uint32_t base, uint32_t at){
  Range ranges[2];
  uint32_t i;
  for(i=0; i<t->n_link; i++){
    if( t->link[i].kind==AT_ELEMENT_STAR ) continue;
    if( at<c->n ){
      move_gate(&t->gates[i], c, base);
      if( gate_ranges(&t->gates[i], at, c->n, ranges) ){ at = ranges[0].from; continue; }
      break;
    }
    if( !may_be_empty(&t->link[i]) ) return NONE;
  }
  if( i==t->n_link ) return at;
  return i>0 && rest_may_be_empty(t, i) ? c->n : NONE;    /* what is before a gate is a '.*', which may skip all rows */
}

/********************************** Good rows ********************************/

static int is_good(const Taker *t, uint32_t row){ return (int)(t->good[row/64]>>(row%64) & 1); }
static void set_good(Taker *t, uint32_t row){ t->good[row/64] |= UINT64_C(1)<<(row%64); }

static int takes(const Taker *t, const AtConditions *c, uint32_t row){
  return t->condition==0 || at_holds(c, row, t->condition);
}

/* count[i] = good rows of the taker before row i. */
static void count_good(Search *s, const Taker *t){
  AtStretch stretch = {0, 0};
  uint32_t i = 0, sum = 0;
  while( at_stretch(s->env, &stretch, s->c->n) ){
    for(; i<stretch.limit; i++){
      s->count[i] = sum;
      sum += (uint32_t)is_good(t, i);
    }
  }
  s->count[i] = sum;
}

static int any_good(const Search *s, const Range *ranges, int n){
  while( n-->0 ) if( s->count[ranges[n].to]>s->count[ranges[n].from] ) return 1;
  return 0;
}

/* Fills good[] of all takers, from the last to the first. With is_open the pattern
** ends with its last taker, whatever follows. */
static int find_good(Search *s, int is_open){
  uint32_t i, b;
  for(i=s->n; i-->0 && !s->env->error.code; ){
    Taker *t = &s->takers[i], *next = &s->takers[i+1];
    AtStretch stretch = {0, 0};
    Range ranges[2];
    int is_last = i+1==s->n;
    reset_gates(next);
    if( !is_last ) count_good(s, next);
    while( at_stretch(s->env, &stretch, s->c->n) ){
      for(b=(uint32_t)stretch.first; b<stretch.limit; b++){
        if( !takes(t, s->c, b) ) continue;
        if( is_last ? is_open || match_end(next, s->c, b, b+1)!=NONE
                    : any_good(s, ranges, link_ranges(next, s->c, b, b+1, ranges)) ) set_good(t, b);
      }
    }
    reset_gates(next);
  }
  return !s->env->error.code;
}

/* The first good row from a row on, NONE without. Asked with rows that only grow. */
static uint32_t next_good(const Search *s, Taker *t, uint32_t from){
  uint32_t n_words = (s->c->n+63)/64, word = from/64;
  uint64_t rest;
  if( from>=s->c->n ) return NONE;
  if( from>=t->known_from && from<=t->known_next ) return t->known_next;
  rest = t->good[word] & (~UINT64_C(0)<<(from%64));
  while( rest==0 && ++word<n_words ) rest = t->good[word];
  t->known_from = from;
  t->known_next = NONE;
  if( rest ){
    t->known_next = word*64;
    while( (rest & 1)==0 ){ rest >>= 1; t->known_next++; }
  }
  return t->known_next;
}

static uint32_t next_in(const Search *s, Taker *t, const Range *ranges, int n){
  int i;
  for(i=0; i<n; i++){
    uint32_t row = next_good(s, t, ranges[i].from);
    if( row<ranges[i].to ) return row;
  }
  return NONE;
}

/* The first match that begins at row from or later: rows[] of its takers (if
** wanted). Returns where it ends, NONE without a match. */
static uint32_t first_match(Search *s, uint32_t from, uint32_t *rows){
  uint32_t start, row = NONE, i;
  Range ranges[2];
  for(start=from; start<s->c->n && at_alive(s->env, 1); start++){
    if( s->n==0 ){
      uint32_t end = match_end(&s->takers[0], s->c, start, start);
      if( end!=NONE ) return end;
      continue;
    }
    if( s->takers[0].n_link==0 ){                  /* straight to the next good row */
      start = row = next_good(s, &s->takers[0], start);
      break;
    }
    row = next_in(s, &s->takers[0], ranges, link_ranges(&s->takers[0], s->c, start, start, ranges));
    if( row!=NONE ) break;
  }
  if( row==NONE ) return NONE;
  if( rows ) rows[0] = row;
  for(i=1; i<s->n; i++){
    row = next_in(s, &s->takers[i], ranges, link_ranges(&s->takers[i], s->c, row, row+1, ranges));
    assert( row!=NONE );
    if( rows ) rows[i] = row;
  }
  return match_end(&s->takers[s->n], s->c, row, row+1);
}

/*********************************** The search ******************************/

/* Splits the pattern into takers and links. */
static int open_search(AtEnv *env, Search *s, const AtPattern *p, const AtConditions *c){
  uint32_t i, words = (c->n+63)/64+1;
  memset(s, 0, sizeof *s);
  s->env = env;
  s->c = c;
  s->takers = at_alloc(env, p->n+1, sizeof *s->takers);
  s->gates = at_alloc(env, p->n+1, sizeof *s->gates);
  s->count = at_alloc(env, (size_t)c->n+1, sizeof *s->count);
  if( env->error.code ) return 0;
  memset(s->takers, 0, (p->n+1)*sizeof *s->takers);
  s->takers[0].link = p->elements;
  s->takers[0].gates = s->gates;
  for(i=0; i<p->n; i++){
    const AtElement *e = &p->elements[i];
    Taker *t = &s->takers[s->n];
    s->gates[i].op = e->gate;
    s->gates[i].duration = e->duration;
    s->gates[i].not_before = s->gates[i].after = 0;
    if( e->kind==AT_ELEMENT_STAR || e->kind==AT_ELEMENT_GATE ){ t->n_link++; continue; }
    t->condition = e->kind==AT_ELEMENT_CONDITION ? e->condition : 0;
    s->n++;
    t[1].link = e+1;
    t[1].gates = &s->gates[i+1];
  }
  s->bits = at_alloc(env, (size_t)(s->n+1)*words, sizeof *s->bits);
  if( s->bits==NULL ) return 0;
  memset(s->bits, 0, (size_t)(s->n+1)*words*sizeof *s->bits);
  for(i=0; i<=s->n; i++){
    s->takers[i].good = s->bits + (size_t)i*words;
    s->takers[i].known_from = 1;                   /* nothing is known */
  }
  return 1;
}

static void close_search(Search *s){
  at_free(s->env->alloc, s->takers);
  at_free(s->env->alloc, s->gates);
  at_free(s->env->alloc, s->count);
  at_free(s->env->alloc, s->bits);
}

/* Whether a condition of the pattern holds in no row: then nothing can match. */
static int lacks_condition(AtEnv *env, const AtPattern *p, const AtConditions *c){
  uint64_t seen[AT_CONDITION_WORDS] = {0};
  AtStretch s = {0, 0};
  uint32_t i, w;
  while( at_stretch(env, &s, c->n) ){
    for(i=(uint32_t)s.first; i<s.limit; i++) for(w=0; w<c->words; w++) seen[w] |= at_conditions_set(c, i)[w];
  }
  for(i=0; i<p->n; i++){
    uint32_t k = p->elements[i].condition;
    if( p->elements[i].kind==AT_ELEMENT_CONDITION && !(seen[(k-1)/64]>>((k-1)%64) & 1) ) return 1;
  }
  return 0;
}

/* Non-overlapping matches among sorted rows, up to a number. */
static uint64_t count_matches(AtEnv *env, const AtPattern *p, const AtConditions *c, uint64_t most){
  Search s;
  uint64_t count = 0;
  uint32_t from = 0;
  if( env->error.code || c->n==0 || lacks_condition(env, p, c) || env->error.code ) return 0;
  if( open_search(env, &s, p, c) && find_good(&s, 0) ){
    while( from<c->n && count<most && at_alive(env, 1) ){
      uint32_t end = first_match(&s, from, NULL);
      if( end==NONE ) break;
      count++;
      from = end>from ? end : from+1;
    }
  }
  close_search(&s);
  return count;
}

int at_sequence_match(AtEnv *env, const AtPattern *p, const AtConditions *c){
  return (int)count_matches(env, p, c, 1);
}

uint64_t at_sequence_count(AtEnv *env, const AtPattern *p, const AtConditions *c){
  return count_matches(env, p, c, UINT64_MAX);
}

/* The takers, up to the last (?k), of the longest beginning that matches. */
static uint32_t longest_beginning(Search *s){
  uint32_t i, b, longest = 0;
  for(i=0; i<s->n && at_alive(s->env, s->c->n); i++){
    Taker *t = &s->takers[i], *last = i ? &s->takers[i-1] : NULL;
    Range ranges[2];
    int n, any = 0;
    uint32_t open = 0;
    memset(s->count, 0, ((size_t)s->c->n+1)*sizeof *s->count);
    reset_gates(t);
    for(b=0; b<s->c->n; b++){                      /* +1 where a range begins, -1 where it ends */
      if( last && !is_good(last, b) ) continue;
      n = link_ranges(t, s->c, b, last ? b+1 : b, ranges);
      while( n-->0 ){ s->count[ranges[n].from]++; s->count[ranges[n].to]--; }
    }
    for(b=0; b<s->c->n; b++){
      open += s->count[b];                         /* unsigned, wraps and comes back */
      if( open && takes(t, s->c, b) ){ set_good(t, b); any = 1; }
    }
    reset_gates(t);
    if( !any ) break;
    if( t->condition ) longest = i+1;
  }
  return longest;
}

/* Keeps the rows of (?k) and not those of '.'. */
static uint32_t keep_conditions(const Search *s, uint32_t n, uint32_t *rows){
  uint32_t i, kept = 0;
  for(i=0; i<n; i++) if( s->takers[i].condition ) rows[kept++] = rows[i];
  return kept;
}

/* The rows that the (?k) of the first match take; without a match, of the longest
** beginning of the pattern. rows[] has room for every element. Returns their number. */
uint32_t at_sequence_rows(AtEnv *env, const AtPattern *p, const AtConditions *c, uint32_t *rows){
  Search s;
  uint32_t n = 0, i;
  if( env->error.code || c->n==0 ) return 0;
  if( open_search(env, &s, p, c) && find_good(&s, 0) ){
    if( first_match(&s, 0, rows)!=NONE ){
      n = keep_conditions(&s, s.n, rows);
    }else{
      size_t words = (c->n+63)/64+1;
      memset(s.bits, 0, (size_t)(s.n+1)*words*sizeof *s.bits);
      s.n = longest_beginning(&s);
      memset(s.bits, 0, (size_t)(s.n+1)*words*sizeof *s.bits);
      for(i=0; i<=s.n; i++) s.takers[i].known_from = 1;
      for(i=0; i<=s.n; i++) s.takers[i].known_next = 0;
      if( s.n && find_good(&s, 1) ){
        s.takers[s.n].n_link = 0;
        first_match(&s, 0, rows);
        n = keep_conditions(&s, s.n, rows);
      }
    }
  }
  close_search(&s);
  return n;
}
