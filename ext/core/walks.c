/*
** walks.c: the steps of many paths, counted in parts that threads may share.
**
** Where few different steps are possible (12 channels, up to order 3) each part counts in
** tables of its own, by key. The parts' tables are added up in order of the parts, so that
** sums of weights do not depend on who counted what.
**
** Where many are, looking each up costs a cache miss or two. The steps of journeys all
** weigh 1, so that there the keys themselves are written down and sorted: then equal ones
** lie together, and in the order in which the chain wants them.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

/* The keys of a path's steps, each a window of k + 1; returns how many they are. */
static uint32_t step_keys(const AtBuild *b, const uint32_t *channel, uint32_t n, uint64_t *keys){
  const uint64_t base = b->steps.base, size = b->steps.size;
  const uint32_t k = b->k;
  uint32_t run = 0, n_keys = 0, i;
  uint64_t key = 0;
  for(i=0; i<n; i++){
    key = key*base + channel[i]+1;
    run = i>0 && channel[i]==channel[i-1] ? run+1 : 1;
    if( i>k ) key -= (uint64_t)(channel[i-k-1]+1)*size;
    keys[n_keys] = key;
    n_keys += i>=k && run<=k;               /* k + 1 equal channels: the same state again */
  }
  return n_keys;
}

/* The keys of the states in which a path begins and ends. */
static void state_keys(const AtBuild *b, const AtReader *path, uint64_t keys[2]){
  uint32_t n = path->n<b->k ? path->n : b->k;
  keys[0] = at_window_key(&b->states, path->channel, n);
  keys[1] = at_window_key(&b->states, path->channel+(path->n-n), n);
}

static void add_end(AtState *state, const AtOutcome *o){
  state->conversions += o->conversions;
  state->nulls += o->nulls;
  at_sum_add(&state->value, o->value);
}

/************************************ Tables *********************************/

typedef struct Table Table;
struct Table {
  double *weight;                       /* by key of a step */
  AtState *state;                       /* by key of a state */
  double value_size;
};
typedef struct Tables Tables;
struct Tables { const AtBuild *build; Table *table; };

static int table_open(AtEnv *env, Table *t, const AtBuild *b){
  size_t i;
  t->weight = at_alloc(env, (size_t)b->steps.size, sizeof *t->weight);
  t->state = at_alloc(env, (size_t)b->states.size, sizeof *t->state);
  if( env->error.code ) return 0;
  for(i=0; i<b->steps.size; i++) t->weight[i] = 0;
  memset(t->state, 0, (size_t)b->states.size*sizeof *t->state);
  return 1;
}

static int fill_table(AtEnv *env, void *context, uint32_t part){
  const Tables *tables = context;
  const AtBuild *b = tables->build;
  Table *t = &tables->table[part];
  uint64_t *keys = NULL, ends[2];
  uint32_t capacity = 0, n, i;
  AtReader path;
  if( !table_open(env, t, b) ) return 0;
  at_reader_open(&path, b->paths, part);
  while( at_reader_next(env, &path) ){
    double weight = path.outcome.conversions+path.outcome.nulls;
    if( path.n>capacity ){
      if( !at_grow(env, &keys, (size_t)path.n*2, sizeof *keys) ) break;
      capacity = path.n;
    }
    n = step_keys(b, path.channel, path.n, keys);
    for(i=0; i<n; i++) t->weight[keys[i]] += weight;
    state_keys(b, &path, ends);
    t->state[ends[0]].start += weight;
    add_end(&t->state[ends[1]], &path.outcome);
    t->value_size += fabs(path.outcome.value);
  }
  at_reader_close(env->alloc, &path);
  at_free(env->alloc, keys);
  return !env->error.code;
}

/* Adds a table to another. */
static void add_table(Table *to, const Table *from, const AtBuild *b){
  size_t i;
  for(i=0; i<b->steps.size; i++) to->weight[i] += from->weight[i];
  for(i=0; i<b->states.size; i++){
    const AtState *s = &from->state[i];
    to->state[i].start += s->start;
    to->state[i].conversions += s->conversions;
    to->state[i].nulls += s->nulls;
    at_sum_add(&to->state[i].value, s->value.sum);
    at_sum_add(&to->state[i].value, s->value.rest);
  }
  to->value_size += from->value_size;
}

/* What a table has, as windows. */
static int read_table(AtEnv *env, AtBuild *b, const Table *t){
  uint64_t key;
  uint32_t id;
  for(key=0; key<b->states.size && at_alive(env, 1); key++){
    if( !(t->state[key].start>0) && !(t->state[key].conversions+t->state[key].nulls>0) ) continue;
    id = at_build_state(env, b, at_window_of_key(env, &b->states, key));
    if( id==UINT32_MAX ) return 0;
    b->state[id] = t->state[key];
  }
  for(key=0; key<b->steps.size && at_alive(env, 1); key++){
    if( !(t->weight[key]>0) ) continue;
    id = at_window_of_key(env, &b->steps, key);
    if( id==UINT32_MAX || !at_build_weights(env, b) ) return 0;
    b->weight[id] = t->weight[key];
  }
  b->value_size = t->value_size;
  return !env->error.code;
}

/* For few possible steps. */
int at_count_in_tables(AtEnv *env, AtBuild *b){
  uint32_t parts = at_paths_parts(b->paths), i;
  Tables tables = {b, at_alloc(env, parts, sizeof(Table))};
  if( tables.table==NULL ) return 0;
  memset(tables.table, 0, parts*sizeof *tables.table);
  if( parts>0 && at_parallel(env, parts, fill_table, &tables) ){
    for(i=1; i<parts && at_alive(env, (uint32_t)b->steps.size); i++) add_table(&tables.table[0], &tables.table[i], b);
    if( !env->error.code ) read_table(env, b, &tables.table[0]);
  }
  for(i=0; i<parts; i++){
    at_free(env->alloc, tables.table[i].weight);
    at_free(env->alloc, tables.table[i].state);
  }
  at_free(env->alloc, tables.table);
  return !env->error.code;
}

/************************************ Sorting ********************************/

typedef struct Keys Keys;
struct Keys {
  const AtBuild *build;
  uint64_t *keys;
  size_t *first;                        /* by part, and where all end */
};

static int write_keys(AtEnv *env, void *context, uint32_t part){
  const Keys *x = context;
  size_t n = x->first[part];
  uint64_t *keys = NULL;
  uint32_t capacity = 0, n_keys;
  AtReader path;
  at_reader_open(&path, x->build->paths, part);
  while( at_reader_next(env, &path) ){
    if( path.n<=x->build->k ) continue;
    if( path.n>capacity ){
      if( !at_grow(env, &keys, (size_t)path.n*2, sizeof *keys) ) break;
      capacity = path.n;
    }
    n_keys = step_keys(x->build, path.channel, path.n, keys);
    memcpy(x->keys+n, keys, n_keys*sizeof *keys);
    n += n_keys;
  }
  for(; n<x->first[part+1]; n++) x->keys[n] = UINT64_MAX;   /* equal channels have left room */
  at_reader_close(env->alloc, &path);
  at_free(env->alloc, keys);
  return !env->error.code;
}

/* Sorted keys as steps: each once, with its number for a weight. */
static int read_keys(AtEnv *env, AtBuild *b, uint64_t *keys, size_t n){
  AtStretch s = {0, 0};
  size_t i = 0, j, distinct = 0;
  while( at_stretch(env, &s, n) && i==s.first ){
    for(; i<s.limit && keys[i]!=UINT64_MAX; i++) distinct += i==0 || keys[i]!=keys[i-1];
  }
  n = i;
  if( distinct>=AT_MAX_STATES ){
    at_fail(env, AT_TOOBIG, "more than 2^29 states; write a lower order");
    return 0;
  }
  b->weight = at_alloc(env, distinct, sizeof *b->weight);
  if( b->weight==NULL ) return 0;
  b->weight_capacity = distinct;
  for(i=0, distinct=0; i<n && at_alive(env, 1); i=j, distinct++){
    for(j=i+1; j<n && keys[j]==keys[i]; j++){}
    b->weight[distinct] = (double)(j-i);
    keys[distinct] = keys[i];
  }
  return !env->error.code && at_windows_of_keys(env, &b->steps, keys, (uint32_t)distinct);
}

/* The ends of all paths, one after the other. */
static int count_ends(AtEnv *env, AtBuild *b){
  uint32_t part, id[2], i;
  uint64_t keys[2];
  for(part=0; part<at_paths_parts(b->paths) && !env->error.code; part++){
    AtReader path;
    at_reader_open(&path, b->paths, part);
    while( at_reader_next(env, &path) ){
      state_keys(b, &path, keys);
      for(i=0; i<2; i++) id[i] = at_build_state(env, b, at_window_of_key(env, &b->states, keys[i]));
      if( env->error.code ) break;
      b->state[id[0]].start += path.outcome.conversions+path.outcome.nulls;
      add_end(&b->state[id[1]], &path.outcome);
      b->value_size += fabs(path.outcome.value);
    }
    at_reader_close(env->alloc, &path);
  }
  return !env->error.code;
}

/* For journeys, however many steps are possible. */
int at_count_by_sorting(AtEnv *env, AtBuild *b){
  uint32_t parts = at_paths_parts(b->paths), i;
  Keys x = {b, NULL, at_alloc(env, (size_t)parts+1, sizeof(size_t))};
  size_t n = 0;
  for(i=0; i<parts && x.first; i++){
    x.first[i] = n;
    n += at_paths_windows(b->paths, i, b->k+1);
  }
  if( x.first ) x.first[parts] = n;
  x.keys = at_alloc(env, n, sizeof *x.keys);
  if( !env->error.code && at_parallel(env, parts, write_keys, &x) && at_sort_many(env, &x.keys, n) ){
    read_keys(env, b, x.keys, n);
  }
  at_free(env->alloc, x.keys);
  at_free(env->alloc, x.first);
  return !env->error.code && at_windows_direct(env, &b->states, (uint64_t)n+b->paths->n) && count_ends(env, b);
}
