/*
** shapley.c: what needs no chain: the shares of a path's channels, first, last and
** linear, and the Shapley value of the rate game.
**
** The conversion-count game is a sum of unanimity games, one per path, in which a
** coalition earns the path's conversions once it has all of the path's channels. The
** Shapley value of a unanimity game is an equal part for each of its players, and the
** value is additive, so no coalition needs to be looked at. The rate game is no such
** sum: there all 2^n coalitions are, each once (Shapley 1953).
*/
#include "effects.h"

#include <string.h>

enum { PATHS, SHARED, SHARED_VALUE, FIRST, FIRST_VALUE, LAST, LAST_VALUE, LINEAR, LINEAR_VALUE, N_SUMS };
typedef struct Sums Sums;
struct Sums { AtSum sum[N_SUMS]; };

/* count[]: touches by channel, 0 between calls. Returns how many channels there are. */
static uint32_t count_touches(const uint32_t *channel, uint32_t n, uint32_t *count){
  uint32_t distinct = 0, i;
  for(i=0; i<n; i++) distinct += count[channel[i]]++==0;
  return distinct;
}

static void add_path(Sums *sums, const AtReader *path, uint32_t *count){
  const uint32_t *channel = path->channel;
  const AtOutcome *o = &path->outcome;
  uint32_t distinct = count_touches(channel, path->n, count), i;
  for(i=0; i<path->n; i++){
    AtSum *s = sums[channel[i]].sum;
    double touches = count[channel[i]];
    if( touches==0 ) continue;
    count[channel[i]] = 0;
    at_sum_add(&s[PATHS], o->conversions+o->nulls);
    if( o->conversions==0 && o->value==0 ) continue;
    at_sum_add(&s[LINEAR], o->conversions*touches/path->n);
    at_sum_add(&s[LINEAR_VALUE], o->value*touches/path->n);
    at_sum_add(&s[SHARED], o->conversions/distinct);
    at_sum_add(&s[SHARED_VALUE], o->value/distinct);
  }
  at_sum_add(&sums[channel[0]].sum[FIRST], o->conversions);
  at_sum_add(&sums[channel[0]].sum[FIRST_VALUE], o->value);
  at_sum_add(&sums[channel[path->n-1]].sum[LAST], o->conversions);
  at_sum_add(&sums[channel[path->n-1]].sum[LAST_VALUE], o->value);
}

/* The sums of each part of the paths, for channels beside each other. */
typedef struct Parts Parts;
struct Parts { const AtPaths *paths; Sums *sums; };

static int add_part(AtEnv *env, void *context, uint32_t part){
  const Parts *parts = context;
  uint32_t n = parts->paths->names.n, *count = at_alloc(env, n, sizeof *count);
  Sums *sums = parts->sums+(size_t)part*n;
  AtReader path;
  if( count==NULL ) return 0;
  memset(count, 0, n*sizeof *count);
  at_reader_open(&path, parts->paths, part);
  while( at_reader_next(env, &path) ) add_path(sums, &path, count);
  at_reader_close(env->alloc, &path);
  at_free(env->alloc, count);
  return !env->error.code;
}

static void fill(AtTally *t, const Sums *sums, uint32_t n){
  uint32_t i;
  for(i=0; i<n; i++){
    const AtSum *s = sums[i].sum;
    t[i].paths = at_sum_total(&s[PATHS]);
    t[i].conversions = at_sum_total(&s[SHARED]);
    t[i].value = at_sum_total(&s[SHARED_VALUE]);
    t[i].first[0] = at_sum_total(&s[FIRST]);
    t[i].first[1] = at_sum_total(&s[FIRST_VALUE]);
    t[i].last[0] = at_sum_total(&s[LAST]);
    t[i].last[1] = at_sum_total(&s[LAST_VALUE]);
    t[i].linear[0] = at_sum_total(&s[LINEAR]);
    t[i].linear[1] = at_sum_total(&s[LINEAR_VALUE]);
  }
}

/* *tallies: one for each channel of finished paths, the caller's to free. */
int at_tally(AtEnv *env, AtTally **tallies, const AtPaths *p){
  uint32_t n = p->names.n, n_parts = at_paths_parts(p), i, k;
  size_t n_sums = (size_t)n*(n_parts>0 ? n_parts : 1), c;
  Parts parts = {p, at_alloc(env, n_sums, sizeof(Sums))};
  *tallies = at_alloc(env, n, sizeof **tallies);
  if( !env->error.code ){
    memset(parts.sums, 0, n_sums*sizeof *parts.sums);
    at_parallel(env, n_parts, add_part, &parts);
    for(c=n, i=0; c<n_sums; c++, i = i+1<n ? i+1 : 0){        /* into the first part's */
      for(k=0; k<N_SUMS; k++){
        at_sum_add(&parts.sums[i].sum[k], parts.sums[c].sum[k].sum);
        at_sum_add(&parts.sums[i].sum[k], parts.sums[c].sum[k].rest);
      }
    }
    fill(*tallies, parts.sums, n);
  }
  at_free(env->alloc, parts.sums);
  return !env->error.code;
}

/*********************************** The rate game ***************************/

/* earned[S]: sums over the paths with exactly the channels S, made sums over those with
** channels in S only. */
static int sum_subsets(AtEnv *env, double *earned, uint32_t n){
  uint32_t size = UINT32_C(1)<<n, bit, s;
  for(bit=0; bit<n; bit++){
    for(s=0; s<size; s++) if( s>>bit & 1 ) earned[s] += earned[s ^ (UINT32_C(1)<<bit)];
    if( !at_alive(env, size) ) return 0;
  }
  return 1;
}

static double rate_of(const double *conversions, const double *all, uint32_t s){
  return all[s]>0 ? conversions[s]/all[s] : 0;
}

/* The average over all orders of joining of what c adds: coalitions of k others weigh
** k! (n - k - 1)! / n! each. */
static double average_gain(const double *conversions, const double *all, uint32_t n, uint32_t c){
  AtSum by_size[AT_MAX_GAME], total = {0, 0};
  uint32_t size = UINT32_C(1)<<n, s, k;
  double choose = 1;                      /* C(n - 1, k) */
  memset(by_size, 0, sizeof by_size);
  for(s=0; s<size; s++){
    uint32_t members = 0, rest;
    if( s>>c & 1 ) continue;
    for(rest=s; rest; rest&=rest-1) members++;
    at_sum_add(&by_size[members], rate_of(conversions, all, s | UINT32_C(1)<<c));
    at_sum_add(&by_size[members], -rate_of(conversions, all, s));
  }
  for(k=0; k<n; k++){
    at_sum_add(&total, at_sum_total(&by_size[k])/(choose*n));
    choose = choose*(n-1-k)/(k+1);
  }
  return at_sum_total(&total);
}

/* rate[c]: the Shapley value of the game in which a coalition earns the rate of the
** paths whose channels it has all of. Fails for more than AT_MAX_GAME channels. */
int at_shapley_rate(AtEnv *env, const AtPaths *p, double *rate){
  uint32_t n = p->names.n, i, k, part;
  double *conversions, *all;
  if( n>AT_MAX_GAME ){
    at_fail(env, AT_INVALID, "shapley_rate looks at every set of channels, which is too much for more than 20 (got %u); "
            "group rare channels with min_paths=, or leave this column out", (unsigned)n);
    return 0;
  }
  conversions = at_alloc(env, (size_t)1<<n, sizeof *conversions);
  all = at_alloc(env, (size_t)1<<n, sizeof *all);
  for(i=0; i<UINT32_C(1)<<n && !env->error.code; i++) conversions[i] = all[i] = 0;
  for(part=0; part<at_paths_parts(p) && !env->error.code; part++){
    AtReader path;
    at_reader_open(&path, p, part);
    while( at_reader_next(env, &path) ){
      uint32_t s = 0;
      for(k=0; k<path.n; k++) s |= UINT32_C(1)<<path.channel[k];
      conversions[s] += path.outcome.conversions;
      all[s] += path.outcome.conversions+path.outcome.nulls;
    }
    at_reader_close(env->alloc, &path);
  }
  if( !env->error.code && sum_subsets(env, conversions, n) && sum_subsets(env, all, n) ){
    for(k=0; k<n && at_alive(env, UINT32_C(1)<<n); k++) rate[k] = average_gain(conversions, all, n, k);
  }
  at_free(env->alloc, conversions);
  at_free(env->alloc, all);
  return !env->error.code;
}
