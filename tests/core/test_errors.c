/*
** test_errors.c: when memory ends or the host says stop, at every single place
** where that can be: the error is reported, nothing is left over, nothing breaks.
*/
#include "common.h"

/* What is loaded. Each makes the loader and the sort go other ways. */
enum {
  WIDENING,      /* keys, times, forms and ids outgrow their first columns on the way */
  SPARSE,        /* integer keys too far apart to count */
  BUCKETS,       /* more entities than buckets, rows in no order */
  LABELS,        /* more than 65,536 labels */
  ONE_ENTITY,    /* merge sort */
  TEXT_KEYS,     /* many keys and labels to sort */
  N_KINDS
};

typedef struct Scenario Scenario;
struct Scenario { int kind; uint32_t n_touches, n_conversions; };

static AtCell key_of(const Scenario *s, uint32_t i, char room[24]){
  switch( s->kind ){
    case WIDENING: return i<40 ? cell_integer(i%9) : i%3 ? cell_text("7") : cell_real(i%9 + (i%2)*0.5);
    case SPARSE: return cell_integer((int64_t)(i%50)*INT64_C(99999999977));
    case BUCKETS: return cell_integer((i*7919u)%3001u);
    case ONE_ENTITY: return cell_integer(1);
    case TEXT_KEYS: snprintf(room, 24, "account %u", (i*7919u)%20011u); return cell_text(room);
    default: return cell_integer(i%100);
  }
}

static Row row_at(const Scenario *s, uint32_t i, char room[3][24]){
  Row row;
  snprintf(room[1], 24, "label %05u", s->kind==LABELS ? i : s->kind==TEXT_KEYS ? (i*31u)%20000u : i%20);
  row = row_of(key_of(s, i, room[0]), cell_integer(1000 + (i*37u)%977u), room[1]);
  row.tag[0] = row.label;
  row.tag[1] = i%3 ? cell_text("a tag of more than 16 bytes") : cell_null();
  row.number = cell_integer(i%7);
  row.milestone[0] = cell_integer(1000 + i%500);
  row.milestone[1] = i%3 ? cell_integer(1000 + i%900) : cell_null();
  row.id = cell_integer(i+1);
  if( s->kind!=WIDENING ) return row;
  if( i>=30 ) row.time = i%2 ? cell_real(1000 + (i*37u)%977u + 0.25) : cell_text("1970-01-01 00:20:00");
  if( i==50 ) row.id = cell_integer(-5);
  if( i>=80 ){
    snprintf(room[2], 24, "T-%u", i);
    row.id = cell_text(room[2]);
  }
  return row;
}

static AtStore *load(AtEnv *env, const Scenario *s, const AtShape *shape, uint32_t n){
  AtLoader loader;
  AtStore *store = NULL;
  uint32_t i;
  if( at_loader_open(env, &loader, shape) ){
    for(i=0; i<n && !env->error.code; i++){
      char room[3][24];
      Row row = row_at(s, i, room);
      append_row(env, &loader, &row);
    }
    store = at_loader_finish(env, &loader, 1);
  }
  if( env->error.code ) assert_null(store);
  at_loader_close(&loader);
  return store;
}

static void walk_and_summarize(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o){
  AtModels models;
  AtSummary summary;
  AtWalk walk;
  AtText json = {NULL, 0, 0};
  memset(&summary, 0, sizeof summary);
  if( !at_models_parse(env, &models, "all", 3, 1, 2) ) return;
  if( at_walk_open(env, &walk, t, c, o, NULL) ) at_summarize(env, &summary, &walk, &models);
  at_walk_close(env->alloc, &walk);
  at_summary_free(env->alloc, &summary);
  if( env->error.code ) return;
  if( at_walk_open(env, &walk, t, c, o, NULL) ){
    while( at_walk_next(env, &walk) ){
      int credited = at_divide(env, &walk.path, &models.model[4], 100, 0.01);
      json.n = 0;
      at_credit_json(env, &walk.path, t, credited, &json);
    }
  }
  at_walk_close(env->alloc, &walk);
  at_text_free(env->alloc, &json);
}

static void list_journeys(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o){
  AtJourneys j;
  if( at_journeys_open(env, &j, t, c, o) ) while( at_journeys_next(env, &j) ){}
  at_journeys_close(env->alloc, &j);
}

static void move_a_frame(AtEnv *env, const AtStore *t){
  AtExtreme x;
  uint32_t i;
  memset(&x, 0, sizeof x);
  for(i=0; i<t->n && i<200; i++){
    AtCell label = at_store_label_text(t, at_store_label(t, i));
    if( !at_extreme_add(env, &x, (int64_t)(200-i)*(i%5), &label) ) break;
    if( i>20 ) at_extreme_remove(&x);
  }
  at_extreme_free(env->alloc, &x);
}

/* All there is, from options to journeys; stops where it fails. Returns the code. */
static int run(Heap *heap, const Scenario *s){
  static const char options[] = "lookback=500; gap=200; ignore=\"label 00003\"; path=unique; reset=conversion";
  AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 1, 2, 1);
  AtEnv env = heap_env(heap);
  AtStore *t = NULL, *c = NULL;
  AtOptions o;
  touches.n_tags = s->kind==WIDENING || s->kind==TEXT_KEYS ? 2 : 0;
  if( at_options_parse(&env, &o, options, sizeof options - 1, AT_FOR_ALL) ){
    o.period = AT_PERIOD_DAY;
    t = load(&env, s, &touches, s->n_touches);
    if( t ) c = load(&env, s, &conversions, s->n_conversions);
    if( t && c ) walk_and_summarize(&env, t, c, &o);
    if( !env.error.code ) list_journeys(&env, t, c, &o);
    if( !env.error.code ) move_a_frame(&env, t);
  }
  at_store_release(t);
  at_store_release(c);
  at_options_free(env.alloc, &o);
  if( env.error.code==AT_NOMEM ) assert_string_equal(env.error.text, "out of memory");
  if( env.error.code==AT_INTERRUPT ) assert_string_equal(env.error.text, "interrupted");
  return env.error.code;
}

/* Fails every allocation that a good run makes, one per run. */
static void fail_each(Heap *heap, const Scenario *s){
  long n, total;
  heap->calls = heap->fail_at = 0;
  assert_int_equal(run(heap, s), AT_OK);
  assert_int_equal(heap->alive, 0);
  total = heap->calls;
  assert_true(total>40);
  for(n=1; n<=total; n++){
    int code;
    heap->calls = 0;
    heap->fail_at = n;
    code = run(heap, s);
    if( code!=AT_NOMEM ) fail_msg("allocation %ld of %ld fails, and the code is %d", n, total, code);
    if( heap->alive!=0 ) fail_msg("allocation %ld of %ld fails, and %ld blocks are left", n, total, heap->alive);
  }
  heap->fail_at = 0;
}

static void test_each_allocation_fails(void **state){
  static const Scenario small[] = {{WIDENING, 200, 120}, {SPARSE, 150, 60}, {BUCKETS, 3100, 300}, {ONE_ENTITY, 300, 20},
                                   {TEXT_KEYS, 400, 200}};
  size_t i;
  for(i=0; i<COUNT(small); i++) fail_each(*state, &small[i]);
}

/* Around the row with which labels outgrow two bytes, and through the sort. */
static void test_each_allocation_fails_with_many_labels(void **state){
  static const Scenario s = {LABELS, 65600, 0};
  AtShape shape = shape_of(1, 0, 0, 1);
  Heap *heap = *state;
  long first = 0, last, n;
  int pass;
  for(pass=0; pass<2; pass++){
    AtEnv env = heap_env(heap);
    AtStore *store;
    heap->calls = 0;
    store = load(&env, &s, &shape, pass ? s.n_touches : 65530);
    assert_ok(&env);
    assert_int_equal(store->label_bytes, pass ? 4 : 2);
    at_store_release(store);
    if( pass==0 ) first = heap->calls-20;     /* the sort's, and a few before */
    last = heap->calls;
  }
  assert_true(first>0 && last>first);
  for(n=first; n<=last; n++){
    AtEnv env = heap_env(heap);
    heap->calls = 0;
    heap->fail_at = n;
    assert_null(load(&env, &s, &shape, s.n_touches));
    assert_error(&env, AT_NOMEM, "out of memory");
    assert_int_equal(heap->alive, 0);
  }
  heap->fail_at = 0;
}

/* Memory that ends for good, not for one request only. */
static void test_memory_stays_away(void **state){
  static const Scenario s = {WIDENING, 200, 120};
  Heap *heap = *state;
  AtShape shape = shape_of(1, 1, 0, 1);
  AtEnv env = heap_env(heap);
  heap->fail_at = 1;
  assert_null(load(&env, &s, &shape, 10));
  assert_error(&env, AT_NOMEM, "out of memory");
  heap->fail_at = heap->calls+1;             /* a later failure does not replace the first */
  at_fail(&env, AT_INVALID, "something else");
  assert_error(&env, AT_NOMEM, "out of memory");
  assert_null(at_alloc(&env, 1, 1));
}

/* The host says stop at every heartbeat that a good run has. */
static void test_each_heartbeat_stops(void **state){
  static const Scenario large[] = {{TEXT_KEYS, 40000, 8000}, {BUCKETS, 40000, 2000}, {SPARSE, 40000, 100},
                                   {ONE_ENTITY, 40000, 2}, {WIDENING, 40000, 50}};
  Heap *heap = *state;
  size_t i;
  for(i=0; i<COUNT(large); i++){
    long n, total;
    heap->beats = heap->stop_at = 0;
    assert_int_equal(run(heap, &large[i]), AT_OK);
    total = heap->beats;
    assert_true(total>5);
    for(n=1; n<=total; n++){
      int code;
      heap->beats = 0;
      heap->stop_at = n;
      code = run(heap, &large[i]);
      if( code!=AT_INTERRUPT ) fail_msg("kind %d: beat %ld of %ld says stop, and the code is %d", large[i].kind, n, total, code);
      if( heap->alive!=0 ) fail_msg("kind %d: beat %ld of %ld says stop, and %ld blocks are left", large[i].kind, n, total, heap->alive);
      assert_int_equal(heap->beats, n);      /* nobody asks again */
    }
    heap->stop_at = 0;
  }
}

/* Work is counted: a beat comes at least every 16,384 rows, and none in small work. */
static void test_beats_come_in_time(void **state){
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  uint32_t i;
  for(i=0; i<16383; i++) assert_true(at_alive(&env, 1));
  assert_int_equal(heap->beats, 0);
  assert_true(at_alive(&env, 1));
  assert_int_equal(heap->beats, 1);
  assert_true(at_alive(&env, UINT32_MAX));
  assert_int_equal(heap->beats, 2);
  env.heartbeat = NULL;
  for(i=0; i<100; i++) assert_true(at_alive(&env, UINT32_MAX));
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_each_allocation_fails),
    HEAP_TEST(test_each_allocation_fails_with_many_labels),
    HEAP_TEST(test_memory_stays_away),
    HEAP_TEST(test_each_heartbeat_stops),
    HEAP_TEST(test_beats_come_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
