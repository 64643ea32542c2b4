/*
** sweep.c: every channel's removal at any order, by sweeps over the sparse chain.
**
** First b, the chance of conversion (and the expected value) from every state, then
** for each channel c the chance d to convert through c:
**
**   d = b in the states that hold c,   d = Q d elsewhere
**
** so that d at the start is what is lost with c. Both are solved by Gauss and Seidel's
** sweeps in depth-first order. From zero on they add up positive terms only, come
** closer from below, and with values of one sign nothing ever cancels. What is still
** missing at the start after a sweep is at most
**
**   sum over states of (expected visits x the sweep's change)
**
** since the chain without c visits no state more often than the whole one. Sweeps end
** when that is below 1e-15 of the result, or when rounding stops all progress.
**
** Eight unknowns are swept at once (lanes), four channels and their values or eight
** channels, which fetch each edge and each state once for all. Long paths mean slow
** sweeps: what goes round for long is then nearly the same in all states, and
** scaling d so that flows balance on the whole takes that part in one step.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define LANES 8
#define GOAL 1e-15                      /* of the result: what may be missing */
#define FLOOR 1e-12                     /* good enough where rounding stops progress */
#define PATIENCE 40                     /* sweeps between two scalings, and without progress */

typedef struct Lanes Lanes;
struct Lanes {
  const AtChain *chain;
  const double *source;                 /* chain->gain while b is solved, else NULL */
  uint8_t *fixed;                       /* by state: lanes in which it holds the channel */
  double *x;                            /* LANES per state */
  double at_start[LANES];
  double moved[LANES];                  /* visits x change of the last sweep */
  double scale[LANES];                  /* what moved is measured by */
};

/* One sweep: every free unknown anew from those it leads to. */
static int sweep(AtEnv *env, Lanes *l){
  const AtChain *c = l->chain;
  uint32_t i, k;
  size_t e;
  memset(l->moved, 0, sizeof l->moved);
  memset(l->at_start, 0, sizeof l->at_start);
  for(i=0; i<c->n; i++){
    double sum[LANES] = {0}, *x = l->x + (size_t)i*LANES;
    unsigned fixed = l->fixed ? l->fixed[i] : 0;
    if( l->source ){
      sum[0] = l->source[2*i];
      sum[1] = l->source[2*i+1];
    }
    if( fixed!=(1u<<LANES)-1 ){
      for(e=c->row[i]; e<c->row[i+1]; e++){
        const double *y = l->x + (size_t)c->edges[e].to*LANES, p = c->edges[e].probability;
        for(k=0; k<LANES; k++) sum[k] += p*y[k];
      }
      for(k=0; k<LANES; k++){
        if( fixed>>k & 1 ) continue;
        l->moved[k] += c->visits[i]*fabs(sum[k]-x[k]);
        x[k] = sum[k];
      }
    }
    if( c->start[i]>0 ) for(k=0; k<LANES; k++) l->at_start[k] += c->start[i]*x[k];
    if( !at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1) ) return 0;
  }
  return 1;
}

/* Scales each lane's free unknowns so that, weighed by visits, what they should be
** and what they are agree: the whole flow balances. */
static int balance(AtEnv *env, Lanes *l){
  const AtChain *c = l->chain;
  double given[LANES] = {0}, rest[LANES] = {0}, factor[LANES];
  uint32_t i, k;
  size_t e;
  for(i=0; i<c->n; i++){
    const double *x = l->x + (size_t)i*LANES;
    unsigned fixed = l->fixed ? l->fixed[i] : 0;
    double in[LANES] = {0}, on[LANES] = {0};
    if( l->source ){ in[0] = l->source[2*i]; in[1] = l->source[2*i+1]; }
    for(e=c->row[i]; e<c->row[i+1]; e++){
      const double *y = l->x + (size_t)c->edges[e].to*LANES, p = c->edges[e].probability;
      unsigned held = l->fixed ? l->fixed[c->edges[e].to] : 0;
      for(k=0; k<LANES; k++){
        if( held>>k & 1 ) in[k] += p*y[k];
        else on[k] += p*y[k];
      }
    }
    for(k=0; k<LANES; k++){
      if( fixed>>k & 1 ) continue;
      given[k] += c->visits[i]*in[k];
      rest[k] += c->visits[i]*(x[k]-on[k]);
    }
    if( !at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1) ) return 0;
  }
  for(k=0; k<LANES; k++){
    factor[k] = given[k]/rest[k];
    if( !(factor[k]>1e-3 && factor[k]<1e12) ) factor[k] = 1;
  }
  for(i=0; i<c->n; i++){
    unsigned fixed = l->fixed ? l->fixed[i] : 0;
    for(k=0; k<LANES; k++) if( !(fixed>>k & 1) ) l->x[(size_t)i*LANES+k] *= factor[k];
  }
  return at_alive(env, c->n);
}

/* The largest part of a result that may still be missing. */
static double missing(const Lanes *l){
  double worst = 0;
  int k;
  for(k=0; k<LANES; k++){
    double size = fabs(l->at_start[k])>l->scale[k] ? fabs(l->at_start[k]) : l->scale[k];
    if( l->moved[k]>worst*size ) worst = l->moved[k]/size;
  }
  return worst;
}

/* Sweeps until nothing is missing. */
static int settle(AtEnv *env, Lanes *l){
  double best = INFINITY;
  uint32_t round, stuck = 0;
  for(round=1; !env->error.code; round++){
    double left;
    if( !sweep(env, l) ) return 0;
    left = missing(l);
    if( left<=GOAL ) return 1;
    stuck = left<best/2 ? 0 : stuck+1;
    if( left<best/2 ) best = left;
    if( stuck>PATIENCE && left<FLOOR ) return 1;
    if( round%PATIENCE==0 && !balance(env, l) ) return 0;
  }
  return 0;
}

/* b of every state, 2 per state, for the lanes to hold on to. */
static int solve_whole(AtEnv *env, Lanes *l, double *whole, double value_size){
  uint32_t i;
  l->source = l->chain->gain;
  memset(l->x, 0, (size_t)l->chain->n*LANES*sizeof *l->x);
  memset(l->scale, 0, sizeof l->scale);
  l->scale[1] = value_size;
  if( !settle(env, l) ) return 0;
  for(i=0; i<l->chain->n; i++) memcpy(whole+2*(size_t)i, l->x+(size_t)i*LANES, 2*sizeof *whole);
  l->source = NULL;
  return 1;
}

/* The lanes of channels [from, limit): conversions, then, with values, those. */
static int solve_channels(AtEnv *env, Lanes *l, const double *whole, uint32_t from, uint32_t limit,
                          int has_value, const double total[2], double value_size, AtRemoved *removed){
  const AtChain *c = l->chain;
  uint32_t channel, values = has_value ? limit-from : 0, k = 0;
  size_t m;
  memset(l->x, 0, (size_t)c->n*LANES*sizeof *l->x);
  memset(l->fixed, 0, c->n);
  memset(l->scale, 0, sizeof l->scale);
  for(channel=from; channel<limit; channel++, k++){
    for(m=c->member[channel]; m<c->member[channel+1]; m++){
      uint32_t i = c->members[m];
      l->x[(size_t)i*LANES+k] = whole[2*(size_t)i];
      l->fixed[i] |= (uint8_t)(1u<<k);
      if( !has_value ) continue;
      l->x[(size_t)i*LANES+values+k] = whole[2*(size_t)i+1];
      l->fixed[i] |= (uint8_t)(1u<<(values+k));
    }
    if( has_value ) l->scale[values+k] = value_size*1e-3;
  }
  if( !settle(env, l) ) return 0;
  for(channel=from, k=0; channel<limit; channel++, k++){
    AtRemoved *r = &removed[channel];
    r->lost[0] = l->at_start[k]<total[0] ? l->at_start[k] : total[0];
    r->lost[1] = has_value ? l->at_start[values+k] : 0;
    r->left[0] = total[0]-r->lost[0];
    r->left[1] = total[1]-r->lost[1];
  }
  return 1;
}

/* Removes every channel in turn; removed[] is by channel. */
int at_sweep(AtEnv *env, const AtChain *chain, int has_value, AtRemoved *removed){
  Lanes l;
  double *whole = at_alloc(env, chain->n, 2*sizeof *whole), total[2] = {0, 0}, value_size = 0;
  uint32_t step = has_value ? LANES/2 : LANES, from, i;
  memset(&l, 0, sizeof l);
  l.chain = chain;
  l.x = at_alloc(env, chain->n, LANES*sizeof *l.x);
  for(i=0; i<chain->n; i++) value_size += chain->visits[i]*fabs(chain->gain[2*(size_t)i+1]);
  if( !env->error.code && solve_whole(env, &l, whole, value_size) ){
    memcpy(total, l.at_start, sizeof total);
    l.fixed = at_alloc(env, chain->n, 1);
    for(from=0; from<chain->n_channels && l.fixed && !env->error.code; from+=step){
      uint32_t limit = chain->n_channels-from<step ? chain->n_channels : from+step;
      solve_channels(env, &l, whole, from, limit, has_value, total, value_size, removed);
    }
  }
  at_free(env->alloc, whole);
  at_free(env->alloc, l.x);
  at_free(env->alloc, l.fixed);
  return !env->error.code;
}
