/*
** test_extreme.c: the earliest and the latest value of moving frames, against
** a look at every row of the frame.
*/
#include "common.h"

#define MOST 400

/* One row of a partition: a value at a time, or none. */
typedef struct Step Step;
struct Step { int64_t time; AtCell value; int skipped; char text[24]; };

static void random_step(Random *r, Step *s, uint32_t n_times){
  s->skipped = random_below(r, 6)==0;
  s->time = random_below(r, n_times);
  switch( random_below(r, 4) ){
    case 0: s->value = cell_integer(random_between(r, -3, 3)); break;
    case 1: s->value = cell_real((double)random_between(r, -6, 6)/2); break;
    default:
      snprintf(s->text, sizeof s->text, "%.*s%u", (int)random_below(r, 12), "aaaaaaaaaaaa", random_below(r, 5));
      s->value = cell_text(s->text);
      if( random_below(r, 4)==0 ) s->value.type = AT_BLOB;
  }
}

/* The row whose value is the answer over [from, to), or NULL. */
static const Step *best_of(const Step *steps, uint32_t from, uint32_t to, int latest){
  const Step *best = NULL;
  uint32_t i;
  for(i=from; i<to; i++){
    const Step *s = &steps[i];
    int order;
    if( s->skipped ) continue;
    if( best==NULL ){ best = s; continue; }
    order = s->time<best->time ? -1 : s->time>best->time;
    if( order==0 ) order = at_cell_compare(&s->value, &best->value);
    if( latest ? order>0 : order<0 ) best = s;
  }
  return best;
}

static void assert_best(const AtExtreme *x, const Step *steps, uint32_t from, uint32_t to){
  const Step *expected = best_of(steps, from, to, x->latest);
  AtCell got;
  int found = at_extreme_best(x, &got);
  assert_int_equal(found, expected!=NULL);
  /* 1 and 1.0 at one time are equal: which class comes out is not said */
  if( found && at_cell_compare(&got, &expected->value)!=0 ){
    fail_msg("rows %u to %u: %s, not %s", from, to, at_cell_quote(&got).text, at_cell_quote(&expected->value).text);
  }
}

static void add_step(AtEnv *env, AtExtreme *x, const Step *s){
  if( s->skipped ) at_extreme_skip(x);
  else assert_true(at_extreme_add(env, x, s->time, &s->value));
}

/* Frames whose ends move forward at random, as those of SQL do. */
static void test_random_frames(void **state){
  static Step steps[MOST];
  Random r = {1};
  int round;
  for(round=0; round<6000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n = 1 + random_below(&r, round%20 ? 30 : MOST), n_times = 1 + random_below(&r, round%3 ? 10 : 1000);
    uint32_t from = 0, to = 0, i;
    int growing = (int)random_below(&r, 3)==0;            /* UNBOUNDED PRECEDING */
    AtExtreme x;
    memset(&x, 0, sizeof x);
    x.latest = (int)random_below(&r, 2);
    for(i=0; i<n; i++) random_step(&r, &steps[i], n_times);
    while( to<n || from<to ){
      if( to<n && (from==to || growing || random_below(&r, 2)) ){
        add_step(&env, &x, &steps[to++]);
      }else if( growing ){
        break;
      }else{
        at_extreme_remove(&x);
        from++;
      }
      assert_best(&x, steps, from, to);
    }
    at_extreme_free(env.alloc, &x);
  }
}

/* ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING and the like: as wide as the frame
** is all that is kept, however long the partition. */
static void test_sliding_frame_keeps_no_more_than_it_needs(void **state){
  AtEnv env = heap_env(*state);
  AtExtreme x;
  uint32_t i;
  memset(&x, 0, sizeof x);
  for(i=0; i<100000; i++){
    AtCell value = cell_text("a value of some length"), got;
    assert_true(at_extreme_add(&env, &x, i, &value));
    if( i>=10 ) at_extreme_remove(&x);
    assert_true(at_extreme_best(&x, &got));
  }
  assert_true(x.capacity<=64 && x.bytes_capacity<=4096);
  at_extreme_free(env.alloc, &x);
}

/* The whole partition, at its worst: times fall for the earliest, rise for the latest. */
static void test_worst_orders(void **state){
  int latest, falling;
  for(latest=0; latest<2; latest++){
    for(falling=0; falling<2; falling++){
      AtEnv env = heap_env(*state);
      AtExtreme x;
      AtCell got;
      int64_t i, n = 20000;
      memset(&x, 0, sizeof x);
      x.latest = latest;
      for(i=0; i<n; i++){
        AtCell value = cell_integer(falling ? n-1-i : i);
        assert_true(at_extreme_add(&env, &x, value.integer, &value));
      }
      for(i=0; i<n; i++){
        int64_t expected = latest ? (falling ? n-1-i : n-1) : (falling ? 0 : i);
        assert_true(at_extreme_best(&x, &got));
        assert_int_equal(got.integer, expected);
        at_extreme_remove(&x);
      }
      assert_false(at_extreme_best(&x, &got));
      at_extreme_free(env.alloc, &x);
    }
  }
}

static void test_value_keeps_class_and_bytes(void **state){
  const AtCell values[] = {cell_integer(INT64_MIN), cell_integer(1), cell_real(1), cell_real(-0.5), cell_text("text"),
                           cell_bytes(AT_BLOB, "a\0b", 3), cell_bytes(AT_BLOB, "", 0), cell_text("")};
  size_t i;
  for(i=0; i<COUNT(values); i++){
    AtEnv env = heap_env(*state);
    AtExtreme x;
    AtCell got;
    memset(&x, 0, sizeof x);
    assert_true(at_extreme_add(&env, &x, AT_MIN_TIME, &values[i]));
    assert_true(at_extreme_best(&x, &got));
    assert_true(same_cell(&got, &values[i]));
    at_extreme_free(env.alloc, &x);
  }
}

/* Where no row leaves, the head alone is kept, from whenever that is known. */
static void test_only_the_best_is_kept(void **state){
  Heap *heap = *state;
  int latest, known;
  for(latest=0; latest<2; latest++){
    for(known=0; known<200; known+=7){
      AtEnv env = heap_env(heap);
      AtExtreme kept = {0}, whole = {0};
      Random r = {17};
      int i;
      kept.latest = whole.latest = latest;
      for(i=0; i<200; i++){
        AtCell value = cell_integer(random_between(&r, 0, 8)), a, b;
        int64_t time = random_between(&r, 0, 19) + (latest ? -i : i);
        if( i==known ) at_extreme_keep_best(&kept);
        assert_true(at_extreme_add(&env, &kept, time, &value));
        assert_true(at_extreme_add(&env, &whole, time, &value));
        assert_true(at_extreme_best(&kept, &a) && at_extreme_best(&whole, &b));
        assert_int_equal(a.integer, b.integer);
        assert_true(i<known || kept.n==1);
      }
      assert_true(whole.n>1);
      at_extreme_free(env.alloc, &kept);
      at_extreme_free(env.alloc, &whole);
    }
  }
}

static int fill_queue(AtEnv *env, AtExtreme *x, int n){
  int i;
  for(i=0; i<n; i++){
    char text[24];
    AtCell value;
    snprintf(text, sizeof text, "value %d", i);
    value = cell_text(text);
    if( !at_extreme_add(env, x, i, &value) ) return 0;
  }
  return 1;
}

/* A queue that has grown long is moved to more room in pieces: the host can say stop at each. */
static void test_a_long_queue_is_stopped(void **state){
  enum { LONG = 70000 };
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  AtExtreme x = {0};
  long beats, stop_at;
  assert_true(fill_queue(&env, &x, LONG));
  assert_int_equal(x.n, LONG);
  at_extreme_free(env.alloc, &x);
  beats = heap->beats;
  assert_true(beats>2);
  for(stop_at=1; stop_at<=beats; stop_at++){
    memset(&x, 0, sizeof x);
    env = heap_env(heap);
    heap->beats = 0;
    heap->stop_at = stop_at;
    assert_false(fill_queue(&env, &x, LONG));
    assert_int_equal(env.error.code, AT_INTERRUPT);
    assert_int_equal(heap->beats, stop_at);
    at_extreme_free(env.alloc, &x);
  }
  heap->stop_at = 0;
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_frames),
    HEAP_TEST(test_sliding_frame_keeps_no_more_than_it_needs),
    HEAP_TEST(test_worst_orders),
    HEAP_TEST(test_value_keeps_class_and_bytes),
    HEAP_TEST(test_only_the_best_is_kept),
    HEAP_TEST(test_a_long_queue_is_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
