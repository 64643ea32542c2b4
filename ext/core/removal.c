/*
** removal.c: removal effects, the shares they give, and what these divide.
**
**   effect = lost with c / (left without c + lost with c)
**
** in probability of conversion and in expected value; see docs/effects.md. Which way
** a chain is solved is decided here, by what each would cost.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define LARGEST 5120                    /* states of the largest matrix: 200 MB, and twice that on the way */

/* Whether each state is one channel and each channel one state: order 1. */
static int is_first_order(const AtSteps *steps, const AtChain *chain){
  uint32_t i;
  for(i=0; i<chain->n; i++) if( steps->states[chain->state[i]].n!=1 ) return 0;
  for(i=0; i<chain->n_channels; i++) if( chain->member[i+1]-chain->member[i]>1 ) return 0;
  return 1;
}

/* Measured: reduction takes about 0.3 n^3 ns, sweeps 70 n x edges ns at paths of usual
** length; and a dense matrix takes memory. */
static int is_dense(const AtChain *chain){
  double n = chain->n, edges = (double)chain->row[chain->n];
  return n<=256 || (n<=LARGEST && n*n<200*edges);
}

/* Whether eliminating all states once for each channel takes no time to speak of. */
static int is_small(const AtChain *chain){
  double n = chain->n;
  return n*n*n*chain->n_channels<1e9;
}

static int reduce_states(AtEnv *env, const AtSteps *steps, const AtChain *chain, AtRemoved *removed){
  AtRemoved *by_state = at_alloc(env, chain->n, sizeof *by_state);
  uint32_t i;
  if( by_state && at_reduce_states(env, chain, by_state) ){
    for(i=0; i<chain->n; i++) removed[steps->channel[steps->states[chain->state[i]].first]] = by_state[i];
  }
  at_free(env->alloc, by_state);
  return !env->error.code;
}

/* Sweeps; a chain that goes round too long for them is eliminated, if that takes minutes
** at most. */
static int sweep(AtEnv *env, const AtSteps *steps, AtChain *chain, AtRemoved *removed){
  double n = chain->n;
  int by_state = is_first_order(steps, chain) && chain->n<=LARGEST;
  int can_reduce = by_state || n*n*n*chain->n_channels<1e12;
  if( at_sweep(env, chain, can_reduce ? 1e5 : 1e6, removed) || env->error.code ) return !env->error.code;
  if( by_state ) return reduce_states(env, steps, chain, removed);
  if( can_reduce ) return at_reduce_channels(env, chain, removed);
  at_fail(env, AT_INVALID, "the chain goes round in loops that are hardly ever left; group rare channels with "
          "min_paths=, or write a lower order");
  return 0;
}

/* What the start loses with every channel. Those that it never reaches lose nothing. */
static AtRemoved *remove_each(AtEnv *env, const AtSteps *steps, const AtDict *names){
  AtChain chain;
  AtRemoved *removed = at_alloc(env, steps->n_channels, sizeof *removed), whole = {{0, 0}, {0, 0}};
  uint32_t i;
  for(i=0; removed && i<steps->n_channels; i++) removed[i] = whole;
  if( at_chain_open(env, &chain, steps, names) && chain.n>0 && removed ){
    if( is_first_order(steps, &chain) && is_dense(&chain) ) reduce_states(env, steps, &chain, removed);
    else if( is_small(&chain) ) at_reduce_channels(env, &chain, removed);
    else sweep(env, steps, &chain, removed);
    for(i=0; i<chain.n_channels && chain.member[i]==chain.member[i+1]; i++){}
    whole.left[0] = removed[i].left[0]+removed[i].lost[0];
    whole.left[1] = removed[i].left[1]+removed[i].lost[1];
    for(i=0; i<chain.n_channels; i++) if( chain.member[i]==chain.member[i+1] ) removed[i] = whole;
  }
  at_chain_free(env->alloc, &chain);
  return removed;
}

/* What the shares divide: conversions and value of all paths with channels. A value
** that is 0 but for rounding (0.1 + 0.2 - 0.3) is 0. */
static void add_totals(const AtSteps *steps, double total[2]){
  AtSum conversions = {0, 0}, value = {0, 0};
  uint32_t i;
  for(i=0; i<steps->n; i++){
    at_sum_add(&conversions, steps->states[i].conversions);
    at_sum_add(&value, steps->states[i].value.sum);
    at_sum_add(&value, steps->states[i].value.rest);
  }
  total[0] = at_sum_total(&conversions);
  total[1] = at_sum_total(&value);
  if( fabs(total[1])<=steps->value_size*1e-12 ) total[1] = 0;
}

/* Divides a total in proportion to the effects; NaN where they have no sum. */
static int divide(AtEnv *env, double total, const double *effect, uint32_t n, double *share, double *part){
  uint32_t *scratch = at_alloc(env, n, sizeof *scratch), i;
  AtSum sum = {0, 0};
  double all, size = 0;
  for(i=0; i<n; i++){
    at_sum_add(&sum, effect[i]);
    size += fabs(effect[i]);
  }
  all = at_sum_total(&sum);
  for(i=0; i<n; i++) share[i] = fabs(all)>size*1e-12 ? effect[i]/all : NAN;
  if( scratch && n>0 ){
    if( isnan(share[0]) ) for(i=0; i<n; i++) part[i] = NAN;
    else at_allocate(env, total, share, n, 0, part, scratch);
  }
  at_free(env->alloc, scratch);
  return !env->error.code;
}

/* The effect of one removal, NaN where there is nothing to lose: size is that of the
** largest part of it, and a sum far below is nothing but rounding. */
static double effect_of(const AtRemoved *r, int which, double size){
  double all = r->left[which]+r->lost[which];
  return fabs(all)>size*1e-12 ? r->lost[which]/all : NAN;
}

static double size_of(const AtRemoved *removed, uint32_t n, int which){
  double size = 0;
  uint32_t i;
  for(i=0; i<n; i++){
    double part = fabs(removed[i].left[which])+fabs(removed[i].lost[which]);
    if( part>size ) size = part;
  }
  return size;
}

/* What was too small for doubles has become 0/0. */
static int check_removed(AtEnv *env, const AtRemoved *removed, uint32_t n){
  uint32_t i;
  for(i=0; i<n; i++){
    const AtRemoved *r = &removed[i];
    if( isfinite(r->left[0]) && isfinite(r->lost[0]) && isfinite(r->left[1]) && isfinite(r->lost[1]) ) continue;
    at_fail(env, AT_INVALID, "the weights or values are too far apart for numbers of double precision; "
            "group rare channels with min_paths=, or leave the smallest out");
    return 0;
  }
  return 1;
}

static void fill(AtEnv *env, AtEffects *e, const AtRemoved *removed, double *room, const AtSteps *steps){
  double total[2], *effect = room, *share = room+e->n, *part = room+2*(size_t)e->n;
  double size = size_of(removed, e->n, 0), value_size = size_of(removed, e->n, 1);
  uint32_t i;
  add_totals(steps, total);
  for(i=0; i<e->n; i++){
    e->effects[i].removal = total[0]>0 ? effect_of(&removed[i], 0, size) : NAN;
    e->effects[i].removal_value = total[1]!=0 ? effect_of(&removed[i], 1, value_size) : 0;
    effect[i] = e->effects[i].removal;
  }
  if( !divide(env, total[0], effect, e->n, share, part) ) return;
  for(i=0; i<e->n; i++){
    e->effects[i].share = share[i];
    e->effects[i].conversions = part[i];
    effect[i] = e->effects[i].removal_value;
  }
  if( total[1]!=0 && !divide(env, total[1], effect, e->n, share, part) ) return;
  for(i=0; i<e->n; i++) e->effects[i].value = total[1]!=0 ? part[i] : 0;
}

/* The effects of all channels of a chain. at_effects_free() must follow whatever this
** returns. Fails where a state is never left for an end. */
int at_removal_effects(AtEnv *env, AtEffects *e, const AtSteps *steps, const AtDict *names){
  AtRemoved *removed = remove_each(env, steps, names);
  double *room = at_alloc(env, steps->n_channels, 3*sizeof *room);
  memset(e, 0, sizeof *e);
  e->effects = at_alloc(env, steps->n_channels, sizeof *e->effects);
  e->n = steps->n_channels;
  if( !env->error.code && check_removed(env, removed, e->n) ) fill(env, e, removed, room, steps);
  at_free(env->alloc, removed);
  at_free(env->alloc, room);
  return !env->error.code;
}

void at_effects_free(const AtAlloc *alloc, AtEffects *e){
  at_free(alloc, e->effects);
  memset(e, 0, sizeof *e);
}
