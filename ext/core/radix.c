/*
** radix.c: many keys in order, in parts that threads may share.
**
** Keys are dealt out by their first digit, each run of them into the places that it has
** counted before, so that no two threads write to one place; then each digit's keys are
** sorted by themselves. What comes out is the same however it is divided.
*/
#include "base.h"

#include <string.h>

#define DIGIT 256u
#define RUNS 16u                        /* parts in which keys are dealt out */

typedef struct Radix Radix;
struct Radix {
  uint64_t *from, *to;
  size_t n;
  int shift;
  size_t (*place)[DIGIT];               /* by run and digit: where the next key goes */
  size_t limit[DIGIT];                  /* by digit: where its keys end */
};

/* The last digit is of keys that are nothing (UINT64_MAX) alone. */
static uint32_t digit_of(const Radix *r, uint64_t key){
  uint64_t digit = key>>r->shift;
  return digit<DIGIT-1 ? (uint32_t)digit : DIGIT-1;
}

static size_t run_start(const Radix *r, uint32_t run){
  return r->n/RUNS*run + (r->n%RUNS)*run/RUNS;
}

static int count_run(AtEnv *env, void *context, uint32_t run){
  Radix *r = context;
  size_t limit = run_start(r, run+1), i;
  memset(r->place[run], 0, sizeof r->place[run]);
  for(i=run_start(r, run); i<limit; i++) r->place[run][digit_of(r, r->from[i])]++;
  return at_alive(env, UINT32_MAX);
}

static int deal_run(AtEnv *env, void *context, uint32_t run){
  Radix *r = context;
  size_t limit = run_start(r, run+1), i;
  for(i=run_start(r, run); i<limit; i++) r->to[r->place[run][digit_of(r, r->from[i])]++] = r->from[i];
  return at_alive(env, UINT32_MAX);
}

static int sort_digit(AtEnv *env, void *context, uint32_t digit){
  Radix *r = context;
  size_t first = digit ? r->limit[digit-1] : 0, n = r->limit[digit]-first;
  return n<2 || at_sort_keys(env, r->to+first, (uint32_t)n);
}

/* From how many of each digit a run has to where they go. */
static void place_digits(Radix *r){
  size_t sum = 0;
  uint32_t digit, run;
  for(digit=0; digit<DIGIT; digit++){
    for(run=0; run<RUNS; run++){
      size_t n = r->place[run][digit];
      r->place[run][digit] = sum;
      sum += n;
    }
    r->limit[digit] = sum;
  }
}

/* Puts n keys in ascending order, UINT64_MAX for those that are none; *keys may be another
** block then. */
int at_sort_many(AtEnv *env, uint64_t **keys, size_t n){
  Radix r;
  uint64_t largest = 0;
  AtStretch s = {0, 0};
  size_t i;
  if( n<AT_PARALLEL_ROWS ) return at_sort_keys(env, *keys, (uint32_t)n);
  if( n>AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "more than 4,000,000,000 steps");
    return 0;
  }
  memset(&r, 0, sizeof r);
  r.from = *keys;
  r.n = n;
  while( at_stretch(env, &s, n) ){
    for(i=s.first; i<s.limit; i++) if( r.from[i]!=UINT64_MAX && r.from[i]>largest ) largest = r.from[i];
  }
  while( largest>>r.shift>=DIGIT-1 ) r.shift++;
  r.place = at_alloc(env, RUNS, sizeof *r.place);
  r.to = at_alloc(env, n, sizeof *r.to);
  if( !env->error.code && at_parallel(env, RUNS, count_run, &r) ){
    place_digits(&r);
    if( at_parallel(env, RUNS, deal_run, &r) && at_parallel(env, DIGIT, sort_digit, &r) ){
      *keys = r.to;
      r.to = r.from;
    }
  }
  at_free(env->alloc, r.place);
  at_free(env->alloc, r.to);
  return !env->error.code;
}
