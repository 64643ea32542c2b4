/*
** loops.c: the states of a chain that sweeps must go round, and what is known of all
** others at once.
**
** Some states are held: their unknowns are given (a removed channel's). What leads only
** to held states and to ends, without going round, has its unknowns by one walk in
** postorder, and is settled. What nothing that goes round leads to is only passed on the
** way in: its part of the start is pushed on to where it leads. What is left are the
** states that go round, a small part of a chain of high order; they are copied close
** together, with what they get from settled states added up once.
*/
#include "effects.h"

#include <string.h>

enum { LOOPING, SETTLED, BEFORE };

static int all_lanes(const AtLoops *l, uint32_t state){
  return l->held && l->held[state]==(1u<<l->width)-1;
}

/* Adds what a state gets from settled ones, in the lanes that are not held. */
static void add_settled(const AtLoops *l, uint32_t state, double *sum){
  const AtChain *c = l->chain;
  size_t e;
  uint32_t k;
  for(e=c->row[state]; e<c->row[state+1]; e++){
    uint32_t to = c->edges[e].to;
    const double p = c->edges[e].probability, *y = l->value+(size_t)to*l->width;
    if( l->kind[to]!=SETTLED ) continue;
    for(k=0; k<l->width; k++) sum[k] += p*y[k];
  }
}

static void settle_state(AtLoops *l, uint32_t state){
  double sum[AT_LANES] = {0}, *x = l->value+(size_t)state*l->width;
  unsigned held = l->held ? l->held[state] : 0;
  uint32_t k;
  if( l->source ) memcpy(sum, l->source+(size_t)state*l->width, l->width*sizeof *sum);
  add_settled(l, state, sum);
  for(k=0; k<l->width; k++) if( !(held>>k & 1) ) x[k] = sum[k];
}

/* The states that lead to settled ones only. Those found before are earlier in postorder. */
static int find_settled(AtEnv *env, AtLoops *l){
  const AtChain *c = l->chain;
  uint32_t i;
  size_t e;
  for(i=0; i<c->n && at_alive(env, 1); i++) l->kind[i] = all_lanes(l, i) ? SETTLED : LOOPING;
  for(i=0; i<c->n; i++){
    if( !at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1) ) return 0;
    if( l->kind[i]==SETTLED ) continue;
    for(e=c->row[i]; e<c->row[i+1] && l->kind[c->edges[e].to]==SETTLED; e++){}
    if( e<c->row[i+1] ) continue;
    settle_state(l, i);
    l->kind[i] = SETTLED;
  }
  return 1;
}

/* The states that nothing going round leads to, and what they push on: flow[] is by
** state. A step to a later state in postorder may go round. */
static int find_before(AtEnv *env, AtLoops *l, double *flow){
  const AtChain *c = l->chain;
  uint32_t i, k;
  size_t e;
  for(i=0; i<c->n; i++) if( l->kind[i]==LOOPING ) l->kind[i] = BEFORE;
  for(i=0; i<c->n && at_alive(env, 1); i++){
    if( l->kind[i]==SETTLED ) continue;
    if( l->held && l->held[i] ) l->kind[i] = LOOPING;       /* in some lanes only */
    for(e=c->row[i]; e<c->row[i+1]; e++){
      if( c->edges[e].to>i && l->kind[c->edges[e].to]==BEFORE ) l->kind[c->edges[e].to] = LOOPING;
    }
  }
  for(i=0; i<c->n; i++) flow[i] = c->start[i];
  for(i=c->n; i-->0; ){
    if( !at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1) ) return 0;
    if( l->kind[i]==SETTLED ) continue;
    for(e=c->row[i]; e<c->row[i+1]; e++){
      uint32_t to = c->edges[e].to;
      if( l->kind[i]==BEFORE ) flow[to] += flow[i]*c->edges[e].probability;
      else if( l->kind[to]==BEFORE ) l->kind[to] = LOOPING;
    }
    for(k=0; k<l->width && l->source && l->kind[i]==BEFORE; k++){
      l->known[k] += flow[i]*l->source[(size_t)i*l->width+k];
    }
  }
  for(i=0; i<c->n && at_alive(env, 1); i++){
    for(k=0; k<l->width && l->kind[i]==SETTLED && flow[i]>0; k++) l->known[k] += flow[i]*l->value[(size_t)i*l->width+k];
  }
  return !env->error.code;
}

static int reserve(AtEnv *env, AtLoops *l){
  const AtChain *c = l->chain;
  uint32_t i;
  size_t e, n = 0;
  for(i=0; i<c->n; i++){
    if( l->kind[i]!=LOOPING ) continue;
    l->place[i] = l->n++;
    for(e=c->row[i]; e<c->row[i+1]; e++) n += l->kind[c->edges[e].to]==LOOPING;
  }
  l->row = at_alloc(env, (size_t)l->n+1, sizeof *l->row);
  l->edges = at_alloc(env, n, sizeof *l->edges);
  l->given = at_alloc(env, l->n, l->width*sizeof *l->given);
  l->x = at_alloc(env, l->n, l->width*sizeof *l->x);
  l->visits = at_alloc(env, l->n, sizeof *l->visits);
  l->start = at_alloc(env, l->n, sizeof *l->start);
  l->fixed = at_alloc(env, l->n, 1);
  return !env->error.code;
}

/* The states that go round, with the steps between them. */
static int copy_loops(AtEnv *env, AtLoops *l, const double *flow){
  const AtChain *c = l->chain;
  uint32_t i, j = 0, k;
  size_t e, n = 0;
  for(i=0; i<c->n && at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1); i++){
    double *given = l->given+(size_t)j*l->width, *x = l->x+(size_t)j*l->width;
    unsigned held = l->held ? l->held[i] : 0;
    if( l->kind[i]!=LOOPING ) continue;
    l->row[j] = n;
    for(e=c->row[i]; e<c->row[i+1]; e++){
      if( l->kind[c->edges[e].to]!=LOOPING ) continue;
      l->edges[n].to = l->place[c->edges[e].to];
      l->edges[n++].probability = c->edges[e].probability;
    }
    for(k=0; k<l->width; k++){
      given[k] = l->source ? l->source[(size_t)i*l->width+k] : 0;
      x[k] = held>>k & 1 ? l->value[(size_t)i*l->width+k] : 0;
    }
    add_settled(l, i, given);
    l->visits[j] = c->visits[i];
    l->start[j] = flow[i];
    l->fixed[j++] = (uint8_t)held;
  }
  l->row[j] = n;
  return !env->error.code;
}

/* Finds the states that go round, given chain, width, source and held, whose values are
** in value. at_loops_close() must follow whatever this returns. */
int at_loops_open(AtEnv *env, AtLoops *l){
  double *flow = at_alloc(env, l->chain->n, sizeof *flow);
  l->n = 0;
  memset(l->known, 0, sizeof l->known);
  l->kind = at_alloc(env, l->chain->n, 1);
  l->place = at_alloc(env, l->chain->n, sizeof *l->place);
  if( !env->error.code && find_settled(env, l) && find_before(env, l, flow) && reserve(env, l) ) copy_loops(env, l, flow);
  at_free(env->alloc, flow);
  return !env->error.code;
}

/* Puts what sweeps found for the states that go round, and with it those before them,
** into value: then it has all states. */
int at_loops_finish(AtEnv *env, AtLoops *l){
  const AtChain *c = l->chain;
  uint32_t i;
  for(i=0; i<c->n; i++){
    if( l->kind[i]!=LOOPING ) continue;
    memcpy(l->value+(size_t)i*l->width, l->x+(size_t)l->place[i]*l->width, l->width*sizeof *l->x);
    l->kind[i] = SETTLED;
  }
  for(i=0; i<c->n && at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1); i++){
    if( l->kind[i]==BEFORE ) settle_state(l, i);
    l->kind[i] = SETTLED;
  }
  return !env->error.code;
}

void at_loops_close(const AtAlloc *alloc, AtLoops *l){
  at_free(alloc, l->kind);
  at_free(alloc, l->place);
  at_free(alloc, l->row);
  at_free(alloc, l->edges);
  at_free(alloc, l->given);
  at_free(alloc, l->x);
  at_free(alloc, l->visits);
  at_free(alloc, l->start);
  at_free(alloc, l->fixed);
}
