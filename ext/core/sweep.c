/*
** sweep.c: every channel's removal at any order, by sweeps over the sparse chain.
**
** First b, the chance of conversion (and the expected value) from every state, then
** for each channel c the chance d to convert through c:
**
**   d = b in the states that hold c,   d = Q d elsewhere
**
** so that d at the start is what is lost with c. Both are solved by Gauss and Seidel's
** sweeps in depth-first order. From zero on they add up positive terms only and come
** closer from below; values of both signs are solved as gains and losses apart, so
** nothing ever cancels on the way. What is still missing at the start after a sweep
** is at most
**
**   sum over states of (expected visits x the sweep's change)
**
** since the chain without c visits no state more often than the whole one. Sweeps end
** when that is below 1e-15 of the result, or when rounding stops all progress.
**
** Eight unknowns are swept at once (lanes), which fetch each edge and each state once
** for all: conversions of eight channels, or conversions and gains of four, or those
** and losses of two. Long paths mean slow sweeps: what goes round for long is then
** nearly the same in all states, and scaling d so that flows balance on the whole
** takes that part in one step.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define LANES 8
#define SIDES 3                         /* conversions, gains, losses */
#define GOAL 1e-15                      /* of the result: what may be missing */
#define FLOOR 1e-12                     /* good enough where rounding stops progress */
#define PATIENCE 40                     /* sweeps between two looks at the progress, */
#define LAPSE 8                         /* of so many sweeps */

typedef struct Lanes Lanes;
struct Lanes {
  AtChain *chain;
  uint32_t sides;                       /* 1 .. SIDES; a channel has so many lanes */
  const double *source;                 /* SIDES per state while b is solved, else NULL */
  uint8_t *fixed;                       /* by state: lanes in which it holds the channel */
  double *x;                            /* LANES per state */
  double at_start[LANES];
  double moved[LANES];                  /* visits x change of the last sweep */
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
    if( l->source ) memcpy(sum, l->source+(size_t)i*SIDES, SIDES*sizeof *sum);
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
    if( l->source ) memcpy(in, l->source+(size_t)i*SIDES, SIDES*sizeof *in);
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
    if( l->moved[k]>worst*l->at_start[k] ) worst = l->moved[k]/l->at_start[k];
  }
  return worst;
}

/* Sweeps until nothing is missing; 0 also where that takes too long. */
static int settle(AtEnv *env, Lanes *l){
  double best = INFINITY, before = INFINITY;
  uint32_t round, stuck = 0;
  for(round=1; round<=AT_MAX_ROUNDS && sweep(env, l); round++){
    double left = missing(l);
    if( left<=GOAL ) return 1;
    stuck = left<best/2 ? 0 : stuck+1;
    if( left<best/2 ) best = left;
    if( stuck>PATIENCE && left<FLOOR ) return 1;
    if( round%PATIENCE==PATIENCE-LAPSE ) before = left;
    if( round%PATIENCE==0 && left>before/10 && !balance(env, l) ) return 0;   /* slow */
  }
  l->chain->is_slow = !env->error.code;
  return 0;
}

/* b of every state, SIDES per state, and at the start. */
static int solve_whole(AtEnv *env, Lanes *l, double *whole, double total[SIDES]){
  const AtChain *c = l->chain;
  double *source = at_alloc(env, c->n, SIDES*sizeof *source);
  uint32_t i;
  int settled;
  if( source==NULL ) return 0;
  for(i=0; i<c->n; i++){
    double value = c->gain[2*(size_t)i+1], *to = source+(size_t)i*SIDES;
    to[0] = c->gain[2*(size_t)i];
    to[1] = value>0 ? value : 0;
    to[2] = value<0 ? -value : 0;
    if( value!=0 && l->sides<2 ) l->sides = 2;
    if( value<0 ) l->sides = SIDES;
  }
  l->source = source;
  memset(l->x, 0, (size_t)c->n*LANES*sizeof *l->x);
  settled = settle(env, l);
  for(i=0; i<c->n; i++) memcpy(whole+(size_t)i*SIDES, l->x+(size_t)i*LANES, SIDES*sizeof *whole);
  memcpy(total, l->at_start, SIDES*sizeof *total);
  l->source = NULL;
  at_free(env->alloc, source);
  return settled;
}

/* Removes channels [from, limit), whose lanes fit. */
static int solve_channels(AtEnv *env, Lanes *l, const double *whole, const double total[SIDES],
                          uint32_t from, uint32_t limit, AtRemoved *removed){
  const AtChain *c = l->chain;
  uint32_t channel, side, lane = 0;
  size_t m;
  memset(l->x, 0, (size_t)c->n*LANES*sizeof *l->x);
  memset(l->fixed, 0, c->n);
  for(channel=from; channel<limit; channel++, lane+=l->sides){
    for(m=c->member[channel]; m<c->member[channel+1]; m++){
      uint32_t i = c->members[m];
      for(side=0; side<l->sides; side++){
        l->x[(size_t)i*LANES+lane+side] = whole[(size_t)i*SIDES+side];
        l->fixed[i] |= (uint8_t)(1u<<(lane+side));
      }
    }
  }
  if( !settle(env, l) ) return 0;
  for(channel=from, lane=0; channel<limit; channel++, lane+=l->sides){
    double lost[SIDES] = {0, 0, 0};
    for(side=0; side<l->sides; side++){
      lost[side] = l->at_start[lane+side]<total[side] ? l->at_start[lane+side] : total[side];
    }
    removed[channel].lost[0] = lost[0];
    removed[channel].left[0] = total[0]-lost[0];
    removed[channel].lost[1] = lost[1]-lost[2];
    removed[channel].left[1] = (total[1]-lost[1])-(total[2]-lost[2]);
  }
  return 1;
}

/* Whether rounding alone may be felt: each visit of a state may cost half a last bit. */
static int is_long(const AtChain *chain, double most_visits){
  double visits = 0;
  uint32_t i;
  for(i=0; i<chain->n; i++) visits += chain->visits[i];
  return visits>most_visits;
}

/* Removes every channel in turn; removed[] is by channel. Returns 0 with chain->is_slow
** where that would take too long, or more visits of states than most_visits, from start
** to end, would make rounding be felt: a million of them 1e-10 of the result. */
int at_sweep(AtEnv *env, AtChain *chain, double most_visits, AtRemoved *removed){
  Lanes l;
  double *whole = at_alloc(env, chain->n, SIDES*sizeof *whole), total[SIDES];
  uint32_t from, step;
  memset(&l, 0, sizeof l);
  l.chain = chain;
  l.sides = 1;
  l.x = at_alloc(env, chain->n, LANES*sizeof *l.x);
  if( chain->visits==NULL ) at_chain_visits(env, chain);
  if( !env->error.code ) chain->is_slow |= is_long(chain, most_visits);
  if( !env->error.code && !chain->is_slow && solve_whole(env, &l, whole, total) ){
    l.fixed = at_alloc(env, chain->n, 1);
    step = LANES/l.sides;
    for(from=0; from<chain->n_channels && l.fixed && !chain->is_slow && !env->error.code; from+=step){
      uint32_t limit = chain->n_channels-from<step ? chain->n_channels : from+step;
      solve_channels(env, &l, whole, total, from, limit, removed);
    }
  }
  at_free(env->alloc, whole);
  at_free(env->alloc, l.x);
  at_free(env->alloc, l.fixed);
  return !env->error.code && !chain->is_slow;
}
