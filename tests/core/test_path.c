/*
** test_path.c: windows that slide and paths that are built, against the steps
** of docs/rules.md taken one after the other for each conversion on its own.
*/
#include "common.h"

static World world;      /* large for a stack */

/* The window is what the reference takes: a range without holes. */
static void assert_window(AtWindow window, const Taken *expected, uint32_t first, uint32_t limit){
  uint32_t i;
  assert_true(first<=window.first && window.first<=window.limit && window.limit<=limit);
  if( window.limit-window.first!=expected->n ){
    fail_msg("a window of %u touches, not %u", window.limit-window.first, expected->n);
  }
  for(i=0; i<expected->n; i++) assert_int_equal(expected->row[i], window.first+i);
}

static void assert_path(const AtPath *path, const AtStore *t, const Taken *expected){
  uint32_t i;
  if( path->n!=expected->n ) fail_msg("a path of %u touches, not %u", path->n, expected->n);
  for(i=0; i<path->n; i++){
    uint32_t row = expected->row[i];
    assert_int_equal(path->row[i], row);
    assert_int_equal(path->label[i], at_store_label(t, row));
    assert_true(path->time[i]==at_store_when(t, row));
    assert_true(isnan(t->number[row]) ? isnan(path->points[i]) : path->points[i]==t->number[row]);
  }
}

/* Slides over the conversions of every entity that has touches, as a walk does. */
static void check_world(AtEnv *env, const World *w){
  const AtOptions *o = &w->options;
  AtPath path;
  uint32_t e, i;
  assert_true(at_path_open(env, &path, w->t, o));
  for(e=0; e<w->t->n_entities; e++){
    uint32_t first = w->t->start[e], limit = w->t->start[e+1], c;
    AtCell key = at_store_key(w->t, e);
    AtSlider slider;
    uint32_t of = at_store_find(w->c, &key);
    at_slider_start(&slider, w->t, o, first, limit);
    if( of==AT_NO_ENTITY ) continue;
    for(c=w->c->start[of]; c<w->c->start[of+1]; c++){
      Taken window, expected;
      AtWindow got;
      if( o->as_of!=AT_NO_TIME && at_store_when(w->c, c)>o->as_of ) break;
      reference_conversion(w, of, c, &window, &expected);
      got = at_slider_next(&slider, at_store_when(w->c, c));
      assert_window(got, &window, first, limit);
      assert_true(at_path_build(env, &path, w->t, o, got));
      assert_path(&path, w->t, &expected);
      at_path_milestones(&path, w->c, c, o->as_of);
      assert_int_equal(path.n_milestones, 2);
      for(i=0; i<2; i++){
        int64_t time = w->c->milestone[i][c];
        int32_t last = -1, k;
        for(k=0; k<(int32_t)path.n; k++) if( time!=AT_NO_TIME && path.time[k]<=time ) last = k;
        if( o->as_of!=AT_NO_TIME && time>o->as_of ) last = -1;
        assert_int_equal(path.milestone[i], last);
      }
    }
  }
  at_path_close(env->alloc, &path);
}

static void test_random_worlds(void **state){
  Random r = {1};
  int i;
  for(i=0; i<30000; i++){
    AtEnv env = heap_env(*state);
    world_open(&r, &env, &world, i%20 ? 30 : 400);
    check_world(&env, &world);
    assert_ok(&env);
    world_close(&env, &world);
  }
}

/* One touch at every second 0 .. 9, two labels in turn, loaded by hand. */
static AtStore *ten_touches(AtEnv *env){
  AtShape shape = shape_of(1, 0, 0, 1);
  Row rows[10];
  int i;
  for(i=0; i<10; i++){
    rows[i] = row_of(cell_integer(1), cell_integer(i), i%2 ? "odd" : "even");
    rows[i].id = cell_integer(i);
  }
  return load_rows(env, &shape, rows, 10);
}

/* The window at a time, in whole seconds, of a fresh slider after a conversion at before. */
static AtWindow window_at(AtEnv *env, const char *options, int before, int at){
  AtStore *t = ten_touches(env);
  AtOptions o = options_of(env, options);
  AtSlider slider;
  AtWindow w;
  assert_ok(env);
  at_slider_start(&slider, t, &o, 0, t->n);
  if( before>=0 ) at_slider_next(&slider, before*AT_SECOND);
  w = at_slider_next(&slider, at*AT_SECOND);
  at_options_free(env->alloc, &o);
  at_store_release(t);
  return w;
}

/* Exactly at the edge: a touch at the conversion's time, exactly D before it,
** a silence of exactly D. */
static void test_edges(void **state){
  static const struct { const char *options; int before, at; uint32_t first, limit; } known[] = {
    {"", -1, 4, 0, 5}, {"", -1, 100, 0, 10}, {"", 2, 4, 0, 5}, {"lookback=2", -1, 4, 2, 5}, {"lookback=0", -1, 4, 4, 5},
    {"lookback=0.5", -1, 20, 10, 10}, {"reset=conversion", 2, 4, 3, 5}, {"reset=conversion", 4, 4, 0, 5},
    {"reset=conversion", 9, 20, 10, 10}, {"gap=1", -1, 4, 0, 5}, {"gap=1", -1, 10, 0, 10}, {"gap=1", -1, 11, 10, 10},
    {"gap=0.5", -1, 4, 4, 5}, {"gap=0", -1, 9, 9, 10}, {"as_of=3", -1, 4, 0, 4}, {"as_of=3; lookback=1", -1, 4, 3, 4},
    {"lookback=3; reset=conversion; gap=10", 2, 4, 3, 5}, {"lookback=1; reset=conversion", 2, 6, 5, 7},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtWindow w = window_at(&env, known[i].options, known[i].before, known[i].at);
    if( w.first!=known[i].first || w.limit!=known[i].limit ){
      fail_msg("\"%s\" at %d: [%u, %u)", known[i].options, known[i].at, w.first, w.limit);
    }
  }
}

/* The extremes of time: no sum may run over. */
static void test_ends_of_time(void **state){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 1);
  Row rows[2] = {row_of(cell_integer(1), cell_text("0000-01-01"), "a"), row_of(cell_integer(1), cell_text("9999-12-31 23:59:59"), "a")};
  AtOptions o = options_of(&env, "lookback=3652424 days; gap=3652424 days");
  AtSlider slider;
  AtWindow w;
  AtStore *t;
  rows[0].id = cell_integer(1);
  rows[1].id = cell_integer(2);
  t = load_rows(&env, &shape, rows, 2);
  assert_ok(&env);
  at_slider_start(&slider, t, &o, 0, 2);
  w = at_slider_next(&slider, AT_MIN_TIME);
  assert_true(w.first==0 && w.limit==1);
  w = at_slider_next(&slider, AT_MAX_TIME);
  assert_true(w.first==1 && w.limit==2);      /* a day less than the whole range */
  at_options_free(env.alloc, &o);
  at_store_release(t);
}

/* An empty store, no labels in the lists, no touches in the window. */
static void test_nothing(void **state){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 0);
  AtOptions o = options_of(&env, "ignore=a; path=unique; max_touches=1");
  AtStore *t = load_rows(&env, &shape, NULL, 0);
  AtWindow none = {0, 0};
  AtPath path;
  assert_true(at_path_open(&env, &path, t, &o));
  assert_true(at_path_build(&env, &path, t, &o, none));
  assert_int_equal(path.n, 0);
  at_path_close(env.alloc, &path);
  at_options_free(env.alloc, &o);
  at_store_release(t);
}

/* Marks start over when 2^32 paths have been built: none seen before counts then. */
static void test_marks_start_over(void **state){
  AtEnv env = heap_env(*state);
  AtStore *t = ten_touches(&env);
  AtOptions o = options_of(&env, "path=unique");
  AtWindow all = {0, 10};
  AtPath path;
  int i;
  assert_true(at_path_open(&env, &path, t, &o));
  for(i=0; i<4; i++){
    if( i==1 ) path.mark = UINT32_MAX-1;
    assert_true(at_path_build(&env, &path, t, &o, all));
    assert_int_equal(path.n, 2);
    assert_true(path.row[0]==8 && path.row[1]==9);
  }
  at_path_close(env.alloc, &path);
  at_options_free(env.alloc, &o);
  at_store_release(t);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_worlds),
    HEAP_TEST(test_edges),
    HEAP_TEST(test_ends_of_time),
    HEAP_TEST(test_nothing),
    HEAP_TEST(test_marks_start_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
