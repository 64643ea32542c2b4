/*
** steps.c: the chain of a list of paths at one order, as counts.
**
** A step of order k from one window of k channels to the next is a window of k + 1,
** so one look-up per touch counts it (or none, in walks.c); which states it joins is
** worked out once per different step, at the end. States and steps come out in the order of their
** channels, so counts that were added up elsewhere give the same chain.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define TABLE 65536u                    /* steps that a table for each part has room for, */
#define SPARE 512u                      /* and eight for each path and for so many more */

/* Room for what belongs to a state's id; returns it, UINT32_MAX on failure. */
uint32_t at_build_state(AtEnv *env, AtBuild *b, uint32_t id){
  if( id==UINT32_MAX || id<b->state_capacity ) return id;
  if( !at_grow(env, &b->state, b->states.pairs.capacity, sizeof *b->state) ) return UINT32_MAX;
  memset(b->state+b->state_capacity, 0, (b->states.pairs.capacity-b->state_capacity)*sizeof *b->state);
  b->state_capacity = b->states.pairs.capacity;
  return id;
}

/* The state of a window, UINT32_MAX on failure. */
static uint32_t state_of(AtEnv *env, AtBuild *b, const uint32_t *channel, uint32_t n){
  return at_build_state(env, b, at_window_id(env, &b->states, channel, n));
}

/* Room for the weights of all steps. */
int at_build_weights(AtEnv *env, AtBuild *b){
  size_t i;
  if( b->steps.pairs.capacity<=b->weight_capacity ) return 1;
  if( !at_grow(env, &b->weight, b->steps.pairs.capacity, sizeof *b->weight) ) return 0;
  for(i=b->weight_capacity; i<b->steps.pairs.capacity; i++) b->weight[i] = 0;
  b->weight_capacity = b->steps.pairs.capacity;
  return 1;
}

static int count_step(AtEnv *env, AtBuild *b, const uint32_t *channel, double weight){
  uint32_t id = at_window_id(env, &b->steps, channel, b->k+1);
  if( id==UINT32_MAX || !at_build_weights(env, b) ) return 0;
  b->weight[id] += weight;
  return 1;
}

static int count_path(AtEnv *env, AtBuild *b, const AtReader *path){
  const uint32_t *channel = path->channel;
  double weight = path->outcome.conversions+path->outcome.nulls;
  uint32_t n = path->n<b->k ? path->n : b->k, last = path->n-n, run = 1, id, i;
  id = state_of(env, b, channel, n);
  if( id==UINT32_MAX ) return 0;
  b->state[id].start += weight;
  for(i=1; i<path->n; i++){
    run = channel[i]==channel[i-1] ? run+1 : 1;
    if( i<b->k || run>b->k ) continue;      /* k + 1 equal channels: the same state again */
    if( !count_step(env, b, channel+i-b->k, weight) ) return 0;
  }
  id = state_of(env, b, channel+last, n);
  if( id==UINT32_MAX ) return 0;
  b->state[id].conversions += path->outcome.conversions;
  b->state[id].nulls += path->outcome.nulls;
  at_sum_add(&b->state[id].value, path->outcome.value);
  b->value_size += fabs(path->outcome.value);
  return 1;
}

/* One path after the other, whatever there is. */
static int count_in_turn(AtEnv *env, AtBuild *b){
  uint32_t part;
  for(part=0; part<at_paths_parts(b->paths) && !env->error.code; part++){
    AtReader path;
    at_reader_open(&path, b->paths, part);
    while( at_reader_next(env, &path) && count_path(env, b, &path) ){}
    at_reader_close(env->alloc, &path);
  }
  return !env->error.code;
}

/* Small numbers of windows are counted in tables; those of journeys, which weigh 1 each,
** by sorting. */
static int count(AtEnv *env, AtBuild *b){
  uint64_t room = 8*((uint64_t)b->paths->n+SPARE);
  if( b->steps.size>0 && b->steps.size<=(room<TABLE ? room : TABLE) ) return at_count_in_tables(env, b);
  if( b->steps.size>0 && b->paths->touches ) return at_count_by_sorting(env, b);
  return count_in_turn(env, b);
}

/* Every state that a step joins exists, also where no path begins or ends. */
static int find_states(AtEnv *env, AtBuild *b, AtMove *steps){
  uint32_t channel[AT_MAX_WINDOW], i;
  for(i=0; i<b->steps.pairs.n; i++){
    if( b->steps.size>0 ){
      uint64_t key = at_window_key_of(&b->steps, i);
      steps[i].from = at_build_state(env, b, at_window_of_key(env, &b->states, key/b->steps.base));
      steps[i].to = at_build_state(env, b, at_window_of_key(env, &b->states, key%b->states.size));
    }else{
      uint32_t n = at_window_channels(&b->steps, i, channel);
      steps[i].from = state_of(env, b, channel, n-1);
      steps[i].to = state_of(env, b, channel+1, n-1);
    }
    steps[i].weight = b->weight[i];
    if( !at_alive(env, 1) ) return 0;
  }
  return 1;
}

/* Copies the states in order; rank[] receives old id -> new. */
static int order_states(AtEnv *env, const AtBuild *b, AtSteps *s, uint32_t *rank){
  uint32_t *order = at_windows_order(env, &b->states), i;
  size_t n_channel = 0;
  s->n = b->states.pairs.n;
  s->states = at_alloc(env, s->n, sizeof *s->states);
  s->channel = at_alloc(env, (size_t)s->n*b->k+AT_MAX_WINDOW, sizeof *s->channel);
  for(i=0; i<s->n && !env->error.code; i++){
    s->states[i] = b->state[order[i]];
    s->states[i].first = (uint32_t)n_channel;
    s->states[i].n = at_window_channels(&b->states, order[i], s->channel+n_channel);
    n_channel += s->states[i].n;
    rank[order[i]] = i;
    at_alive(env, 1);
  }
  at_free(env->alloc, order);
  return !env->error.code;
}

/* The steps in the order of their windows, which is that of (from, to). */
static int order_steps(AtEnv *env, const AtBuild *b, AtSteps *s, const AtMove *steps, const uint32_t *rank){
  uint32_t *order = at_windows_order(env, &b->steps), i;
  s->n_steps = b->steps.pairs.n;
  s->steps = at_alloc(env, s->n_steps, sizeof *s->steps);
  for(i=0; i<s->n_steps && !env->error.code; i++){
    const AtMove *step = &steps[order[i]];
    s->steps[i].from = rank[step->from];
    s->steps[i].to = rank[step->to];
    s->steps[i].weight = step->weight;
    at_alive(env, 1);
  }
  at_free(env->alloc, order);
  return !env->error.code;
}

static int finish(AtEnv *env, AtBuild *b, AtSteps *s){
  AtMove *steps = at_alloc(env, b->steps.pairs.n, sizeof *steps);
  uint32_t *rank = NULL;
  if( !env->error.code && find_states(env, b, steps) ){
    rank = at_alloc(env, b->states.pairs.n, sizeof *rank);
    if( rank && order_states(env, b, s, rank) ) order_steps(env, b, s, steps, rank);
  }
  at_free(env->alloc, steps);
  at_free(env->alloc, rank);
  return !env->error.code;
}

/* The chain of finished paths at order 1 .. AT_MAX_ORDER. at_steps_free() must
** follow whatever this returns. */
int at_steps_of_paths(AtEnv *env, AtSteps *s, const AtPaths *paths, int order){
  AtBuild b;
  memset(s, 0, sizeof *s);
  memset(&b, 0, sizeof b);
  b.paths = paths;
  b.k = (uint32_t)order;
  s->n_channels = paths->names.n;
  s->has_value = paths->has_value;
  s->bare_conversions = at_sum_total(&paths->bare_conversions);
  s->bare_value = at_sum_total(&paths->bare_value);
  if( at_windows_open(env, &b.states, b.k, s->n_channels)
   && at_windows_open(env, &b.steps, b.k+1, s->n_channels) && count(env, &b) ){
    finish(env, &b, s);
    s->value_size = b.value_size;
  }
  at_windows_close(env->alloc, &b.states);
  at_windows_close(env->alloc, &b.steps);
  at_free(env->alloc, b.state);
  at_free(env->alloc, b.weight);
  return !env->error.code;
}

/* All weight that leaves a state, whose steps begin at first_step; *limit: where
** those of the next state begin. */
double at_steps_leaving(const AtSteps *s, uint32_t state, uint32_t first_step, uint32_t *limit){
  double weight = s->states[state].conversions+s->states[state].nulls;
  uint32_t i;
  for(i=first_step; i<s->n_steps && s->steps[i].from==state; i++) weight += s->steps[i].weight;
  *limit = i;
  return weight;
}

void at_steps_free(const AtAlloc *alloc, AtSteps *s){
  at_free(alloc, s->states);
  at_free(alloc, s->channel);
  at_free(alloc, s->steps);
  memset(s, 0, sizeof *s);
}
