/*
** sweep.c: every channel's removal at any order, by sweeps over the sparse chain.
**
** First b, the chance of conversion (and the expected value) from every state, then
** for each channel c the chance d to convert through c:
**
**   d = b in the states that hold c,   d = Q d elsewhere
**
** so that d at the start is what is lost with c. Both are solved by Gauss and Seidel's
** sweeps in depth-first order, over the states that go round (loops.c). From zero on they
** add up positive terms only and come closer from below; values of both signs are solved
** as gains and losses apart, so nothing ever cancels on the way. What is still missing at
** the start after a sweep is at most
**
**   sum over states of (expected visits x the sweep's change)
**
** since the chain without c visits no state more often than the whole one. Sweeps end
** when that is below 1e-15 of the result, or when rounding stops all progress.
**
** Where channels are few each is solved alone: the states without it that go round are
** often a small part of the chain, and stay in the cache. Where they are many most of
** them are rare, and what they leave is nearly the whole chain; then eight unknowns are
** swept at once (lanes), which fetch each edge and each state once for all: conversions of
** eight channels, or conversions and gains of four, or those and losses of two. Channels
** are parts that threads may share; each is the same sum whoever takes it.
**
** Long paths mean slow sweeps: what goes round for long is then nearly the same in all
** states, and scaling d so that flows balance on the whole takes that part in one step.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define FEW 64                          /* channels that are solved one by one */
#define SIDES 3                         /* conversions, gains, losses */
#define GOAL 1e-15                      /* of the result: what may be missing */
#define FLOOR 1e-12                     /* good enough where rounding stops progress */
#define PATIENCE 40                     /* sweeps between two looks at the progress, */
#define LAPSE 8                         /* of so many sweeps */
#define STRETCH 4096u                   /* edges and states between two heartbeats */
#define TOO_SLOW (-1)                   /* error code of a part that goes round too long */

#if defined(__GNUC__)
#define UNROLLED inline __attribute__((always_inline))
#else
#define UNROLLED inline
#endif

typedef struct Lanes Lanes;
struct Lanes {
  AtLoops loops;
  double at_start[AT_LANES];
  double moved[AT_LANES];               /* visits x change of the last sweep */
};

/* One sweep: every free unknown anew from those it leads to. Width is the loops', as a
** number that the compiler may know. */
static UNROLLED int sweep_width(AtEnv *env, Lanes *lanes, const uint32_t width){
  const AtLoops *l = &lanes->loops;
  double moved[AT_LANES] = {0}, at_start[AT_LANES];
  uint32_t i, k, work = 0;
  size_t e = 0;
  memcpy(at_start, l->known, sizeof at_start);
  for(i=0; i<l->n; i++){
    double sum[AT_LANES], *x = l->x + (size_t)i*width;
    const double *given = l->given + (size_t)i*width, visits = l->visits[i], start = l->start[i];
    const size_t limit = l->row[i+1];
    const unsigned fixed = l->fixed[i];
    work += (uint32_t)(limit-e)+1;
    for(k=0; k<width; k++) sum[k] = given[k];
    for(; e<limit; e++){
      const double *y = l->x + (size_t)l->edges[e].to*width, p = l->edges[e].probability;
      for(k=0; k<width; k++) sum[k] += p*y[k];
    }
    for(k=0; k<width; k++){
      if( fixed>>k & 1 ) continue;
      moved[k] += visits*fabs(sum[k]-x[k]);
      x[k] = sum[k];
    }
    if( start>0 ) for(k=0; k<width; k++) at_start[k] += start*x[k];
    if( work<STRETCH ) continue;
    if( !at_alive(env, work) ) return 0;
    work = 0;
  }
  memcpy(lanes->moved, moved, sizeof moved);
  memcpy(lanes->at_start, at_start, sizeof at_start);
  return at_alive(env, work);
}

static int sweep(AtEnv *env, Lanes *l){
  switch( l->loops.width ){
    case 1: return sweep_width(env, l, 1);
    case 2: return sweep_width(env, l, 2);
    case AT_LANES: return sweep_width(env, l, AT_LANES);
    default: return sweep_width(env, l, l->loops.width);
  }
}

/* Scales each lane's free unknowns so that, weighed by visits, what they should be
** and what they are agree: the whole flow balances. */
static int balance(AtEnv *env, Lanes *lanes){
  const AtLoops *l = &lanes->loops;
  double given[AT_LANES] = {0}, rest[AT_LANES] = {0}, factor[AT_LANES];
  uint32_t i, k;
  size_t e;
  for(i=0; i<l->n; i++){
    const double *x = l->x + (size_t)i*l->width;
    double in[AT_LANES], on[AT_LANES] = {0};
    memcpy(in, l->given+(size_t)i*l->width, l->width*sizeof *in);
    for(e=l->row[i]; e<l->row[i+1]; e++){
      const double *y = l->x + (size_t)l->edges[e].to*l->width, p = l->edges[e].probability;
      unsigned fixed = l->fixed[l->edges[e].to];
      for(k=0; k<l->width; k++){
        if( fixed>>k & 1 ) in[k] += p*y[k];
        else on[k] += p*y[k];
      }
    }
    for(k=0; k<l->width; k++){
      if( l->fixed[i]>>k & 1 ) continue;
      given[k] += l->visits[i]*in[k];
      rest[k] += l->visits[i]*(x[k]-on[k]);
    }
    if( !at_alive(env, (uint32_t)(l->row[i+1]-l->row[i])+1) ) return 0;
  }
  for(k=0; k<l->width; k++){
    factor[k] = given[k]/rest[k];
    if( !(factor[k]>1e-3 && factor[k]<1e12) ) factor[k] = 1;
  }
  for(i=0; i<l->n; i++){
    for(k=0; k<l->width; k++) if( !(l->fixed[i]>>k & 1) ) l->x[(size_t)i*l->width+k] *= factor[k];
  }
  return at_alive(env, l->n);
}

/* The largest part of a result that may still be missing. */
static double missing(const Lanes *l){
  double worst = 0;
  uint32_t k;
  for(k=0; k<l->loops.width; k++){
    if( l->moved[k]>worst*l->at_start[k] ) worst = l->moved[k]/l->at_start[k];
  }
  return worst;
}

/* Sweeps until nothing is missing; TOO_SLOW where that takes too long. */
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
  at_fail(env, TOO_SLOW, "sweeps go round too long");
  return 0;
}

/* Removing every channel: the parts are groups of channels. */
typedef struct Removal Removal;
struct Removal {
  const AtChain *chain;
  uint32_t sides;                       /* 1 .. SIDES; a channel has so many lanes */
  uint32_t step;                        /* channels of a part */
  double *whole, total[SIDES];          /* b, sides per state, and at the start */
  AtRemoved *removed;
};

/* What each state gets from the ends: conversions, and gains and losses if there are any. */
static double *make_source(AtEnv *env, Removal *r){
  const AtChain *c = r->chain;
  double *source;
  uint32_t i;
  r->sides = 1;
  for(i=0; i<c->n && at_alive(env, 1); i++){
    double value = c->gain[2*(size_t)i+1];
    if( value!=0 && r->sides<2 ) r->sides = 2;
    if( value<0 ) r->sides = SIDES;
  }
  source = at_alloc(env, c->n, r->sides*sizeof *source);
  for(i=0; i<c->n && source && at_alive(env, 1); i++){
    double value = c->gain[2*(size_t)i+1], *to = source+(size_t)i*r->sides;
    to[0] = c->gain[2*(size_t)i];
    if( r->sides>1 ) to[1] = value>0 ? value : 0;
    if( r->sides>2 ) to[2] = value<0 ? -value : 0;
  }
  return source;
}

/* b of every state and at the start. */
static int solve_whole(AtEnv *env, Removal *r){
  double *source = make_source(env, r);
  Lanes l;
  memset(&l, 0, sizeof l);
  memset(r->total, 0, sizeof r->total);
  r->whole = at_alloc(env, r->chain->n, r->sides*sizeof *r->whole);
  l.loops.chain = r->chain;
  l.loops.width = r->sides;
  l.loops.source = source;
  l.loops.value = r->whole;
  if( !env->error.code && at_loops_open(env, &l.loops) && settle(env, &l) && at_loops_finish(env, &l.loops) ){
    memcpy(r->total, l.at_start, r->sides*sizeof *r->total);
  }
  at_loops_close(env->alloc, &l.loops);
  at_free(env->alloc, source);
  return !env->error.code;
}

/* What is lost with channels [from, limit) and left without, from what is at the start. */
static void read_channels(const Removal *r, const Lanes *l, uint32_t from, uint32_t limit){
  uint32_t channel, side, lane = 0;
  for(channel=from; channel<limit; channel++, lane+=r->sides){
    double lost[SIDES] = {0, 0, 0};
    AtRemoved *removed = &r->removed[channel];
    for(side=0; side<r->sides; side++){
      lost[side] = l->at_start[lane+side]<r->total[side] ? l->at_start[lane+side] : r->total[side];
    }
    removed->lost[0] = lost[0];
    removed->left[0] = r->total[0]-lost[0];
    removed->lost[1] = lost[1]-lost[2];
    removed->left[1] = (r->total[1]-lost[1])-(r->total[2]-lost[2]);
  }
}

/* Removes the channels of one part. */
static int solve_channels(AtEnv *env, void *context, uint32_t part){
  const Removal *r = context;
  const AtChain *c = r->chain;
  uint32_t from = part*r->step, limit = c->n_channels-from<r->step ? c->n_channels : from+r->step;
  uint32_t channel, side, lane = 0, width = (limit-from)*r->sides;
  double *value = at_alloc(env, c->n, width*sizeof *value);
  uint8_t *held = at_alloc(env, c->n, 1);
  Lanes l;
  size_t m;
  memset(&l, 0, sizeof l);
  l.loops.chain = c;
  l.loops.width = width;
  l.loops.held = held;
  l.loops.value = value;
  if( held ) memset(held, 0, c->n);
  for(channel=from; channel<limit && !env->error.code; channel++, lane+=r->sides){
    for(m=c->member[channel]; m<c->member[channel+1] && at_alive(env, r->sides); m++){
      uint32_t i = c->members[m];
      for(side=0; side<r->sides; side++){
        value[(size_t)i*width+lane+side] = r->whole[(size_t)i*r->sides+side];
        held[i] |= (uint8_t)(1u<<(lane+side));
      }
    }
  }
  if( !env->error.code && at_loops_open(env, &l.loops) && settle(env, &l) ) read_channels(r, &l, from, limit);
  at_loops_close(env->alloc, &l.loops);
  at_free(env->alloc, value);
  at_free(env->alloc, held);
  return !env->error.code;
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
  AtEnv own;                              /* being slow is not the caller's failure */
  Removal r;
  if( chain->visits==NULL ) at_chain_visits(env, chain);
  if( env->error.code ) return 0;
  chain->is_slow |= is_long(chain, most_visits);
  if( chain->is_slow ) return 0;
  memset(&r, 0, sizeof r);
  r.chain = chain;
  r.removed = removed;
  own = *env;
  if( solve_whole(&own, &r) ){
    r.step = chain->n_channels<=FEW ? 1 : AT_LANES/r.sides;
    at_parallel(&own, (chain->n_channels+r.step-1)/r.step, solve_channels, &r);
  }
  at_free(env->alloc, r.whole);
  chain->is_slow = own.error.code==TOO_SLOW;
  env->ticks = own.ticks;
  if( !chain->is_slow ) env->error = own.error;
  return !env->error.code && !chain->is_slow;
}
