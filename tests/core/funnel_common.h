/*
** funnel_common.h: what the tests of the funnel family share, beside common.h.
**
**   check_failures   a job with every allocation failing, one per run
**   check_stops      a job that is told to stop wherever it could hear it
**   conditions_of    rows of a group from '0:1 5:2,3 9:'
**   load_events      a store of stage events from 'a@0 b@5/ads lost@9'
*/
#ifndef ATTRIBUTION_TESTS_FUNNEL_COMMON_H
#define ATTRIBUTION_TESTS_FUNNEL_COMMON_H

#include "common.h"
#include "../../ext/core/funnel.h"

#define DAY (INT64_C(86400)*AT_SECOND)

/************************************ Failures ********************************/

/* Does the work, frees all it made; what fails stays in env. */
typedef void (*Job)(AtEnv *env, void *given);

static inline void check_left(const Heap *heap, long alive, const char *what, long n, long total){
  if( heap->alive!=alive ) fail_msg("%s %ld of %ld, and %ld blocks are left", what, n, total, heap->alive-alive);
}

/* The job succeeds with at least so many requests; each of them may fail. */
static inline void check_failures(Heap *heap, Job job, void *given, long least){
  long alive = heap->alive, n, total;
  AtEnv env = heap_env(heap);
  heap->calls = heap->fail_at = 0;
  job(&env, given);
  assert_ok(&env);
  total = heap->calls;
  check_left(heap, alive, "a good run", 0, total);
  if( total<least ) fail_msg("%ld allocations, fewer than %ld", total, least);
  for(n=1; n<=total; n++){
    env = heap_env(heap);
    heap->calls = 0;
    heap->fail_at = n;
    job(&env, given);
    if( env.error.code!=AT_NOMEM ) fail_msg("allocation %ld of %ld fails, and the code is %d", n, total, env.error.code);
    check_left(heap, alive, "failed allocation", n, total);
  }
  heap->fail_at = 0;
}

/* A heartbeat that comes whenever the work looks up, however little was done. */
typedef struct Eager Eager;
struct Eager { AtEnv *env; long beats, stop_at; };

static inline int eager_beat(void *ctx){
  Eager *eager = ctx;
  eager->env->ticks = UINT32_C(1)<<20;
  return ++eager->beats!=eager->stop_at;
}

static inline void run_eagerly(Heap *heap, Eager *eager, AtEnv *env, Job job, void *given){
  *env = heap_env(heap);
  env->heartbeat = eager_beat;
  env->heartbeat_ctx = eager;
  env->ticks = UINT32_C(1)<<20;
  eager->env = env;
  eager->beats = 0;
  job(env, given);
}

/* The job succeeds with at least so many heartbeats; each of them may say stop,
** and nobody asks again. */
static inline void check_stops(Heap *heap, Job job, void *given, long least){
  long alive = heap->alive, n, total;
  Eager eager = {NULL, 0, 0};
  AtEnv env;
  run_eagerly(heap, &eager, &env, job, given);
  assert_ok(&env);
  total = eager.beats;
  if( total<least ) fail_msg("%ld heartbeats, fewer than %ld", total, least);
  for(n=1; n<=total; n++){
    eager.stop_at = n;
    run_eagerly(heap, &eager, &env, job, given);
    if( env.error.code!=AT_INTERRUPT ) fail_msg("beat %ld of %ld says stop, and the code is %d", n, total, env.error.code);
    if( eager.beats!=n ) fail_msg("beat %ld of %ld says stop, and %ld are asked for", n, total, eager.beats);
    check_left(heap, alive, "stopped at beat", n, total);
  }
}

/* The work that was counted since heap_env(). */
static inline long ticks_of(const Heap *heap, const AtEnv *env){ return heap->beats*16384 + (long)env->ticks; }

/*********************************** Conditions *******************************/

static inline const char *read_integer(const char *at, int64_t *number){
  char *end;
  *number = strtoll(at, &end, 10);
  if( end==at ) fail_msg("no number at %s", at);
  return end;
}

/* Sorted rows 'second:condition,condition second:…'; all of them are kept. */
static inline AtConditions conditions_of(AtEnv *env, uint32_t n_conditions, const char *text){
  AtConditions c;
  at_conditions_open(env, &c, n_conditions, 1);
  while( *text ){
    int64_t second, k;
    text = read_integer(text, &second);
    while( *text==':' || *text==',' ){
      text++;
      if( *text==0 || *text==' ' ) break;
      text = read_integer(text, &k);
      at_conditions_hold(&c, (uint32_t)k);
    }
    at_conditions_add(env, &c, second*AT_SECOND, AT_FORM_INT, 1);
    while( *text==' ' ) text++;
  }
  at_conditions_sort(env, &c);
  return c;
}

/* Few times, few conditions, so that all that can meet does. */
static inline AtConditions random_conditions(Random *r, AtEnv *env, uint32_t n_conditions, uint32_t n, uint32_t n_times, int keep_empty){
  AtConditions c;
  uint32_t i, k;
  at_conditions_open(env, &c, n_conditions, 1);
  for(i=0; i<n; i++){
    for(k=1; k<=n_conditions; k++) if( random_below(r, 5)<2 ) at_conditions_hold(&c, k);
    at_conditions_add(env, &c, random_below(r, n_times)*AT_SECOND, AT_FORM_INT, keep_empty);
  }
  at_conditions_sort(env, &c);
  assert_ok(env);
  return c;
}

/* The times of rows in seconds, '0 5 9', for comparing with text. */
static inline void show_times(const AtConditions *c, const uint32_t *rows, uint32_t n, char *out, size_t room){
  uint32_t i;
  size_t used = 0;
  out[0] = 0;
  for(i=0; i<n && used<room; i++){
    used += (size_t)snprintf(out+used, room-used, "%s%lld", i ? " " : "", (long long)(c->time[rows[i]]/AT_SECOND));
  }
}

/************************************ Events **********************************/

static inline AtShape event_shape(int n_tags){
  AtShape shape = shape_of(1, 0, 0, 1);
  shape.n_tags = n_tags;
  shape.relation = "events";
  shape.time = "entered_at";
  shape.label = "stage";
  shape.tag[0] = "source";
  shape.tag[1] = "plan";
  return shape;
}

/* Appends 'stage@second/label/held …' of one entity; ids go on from *id. */
static inline void append_events(AtEnv *env, AtLoader *loader, AtCell entity, const char *text, int64_t *id){
  while( *text && !env->error.code ){
    size_t n = strcspn(text, "@");
    Row row = row_of(entity, cell_null(), "");
    int64_t second;
    int k;
    row.label = cell_bytes(AT_TEXT, text, n);
    text = read_integer(text+n+1, &second);
    row.time = cell_integer(second);
    for(k=0; k<2 && *text=='/'; k++){
      n = strcspn(++text, "/ ");
      row.tag[k] = cell_bytes(AT_TEXT, text, n);
      text += n;
    }
    row.id = cell_integer(++*id);
    append_row(env, loader, &row);
    while( *text==' ' ) text++;
  }
}

/* The store of the events of entities 1, 2, … in order; NULL where it fails. */
static inline AtStore *load_events(AtEnv *env, int n_tags, const char *const *entities, size_t n){
  AtShape shape = event_shape(n_tags);
  AtLoader loader;
  AtStore *store = NULL;
  int64_t id = 0;
  size_t i;
  if( at_loader_open(env, &loader, &shape) ){
    for(i=0; i<n; i++) append_events(env, &loader, cell_integer((int64_t)i+1), entities[i], &id);
    store = at_loader_finish(env, &loader, 1);
  }
  at_loader_close(&loader);
  return store;
}

static inline int parse_stages(AtEnv *env, AtStages *stages, const char *text){
  return at_stages_parse(env, stages, text, strlen(text), 0);
}

#endif
