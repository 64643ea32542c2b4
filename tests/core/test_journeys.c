/*
** test_journeys.c: one path per conversion and one per journey without, against
** the sentence of docs/rules.md: touches in no conversion's window, cut at
** conversion times and at silences longer than gap.
*/
#include "common.h"

static World world;

static void assert_path(const AtJourneys *j, const Taken *expected){
  uint32_t i;
  if( j->path.n!=expected->n ) fail_msg("a path of %u touches, not %u", j->path.n, expected->n);
  for(i=0; i<expected->n; i++) assert_int_equal(j->path.row[i], expected->row[i]);
}

static int exists(const World *w, const AtStore *s, uint32_t row){
  return w->options.as_of==AT_NO_TIME || at_store_when(s, row)<=w->options.as_of;
}

/* Whether a run ends between touch row-1 and touch row. */
static int is_cut(const World *w, uint32_t row, uint32_t first_conversion, uint32_t limit_conversion){
  int64_t before = at_store_when(w->t, row-1), after = at_store_when(w->t, row);
  uint32_t c;
  if( w->options.gap>=0 && after-before>w->options.gap ) return 1;
  for(c=first_conversion; c<limit_conversion; c++){
    int64_t at = at_store_when(w->c, c);
    if( exists(w, w->c, c) && before<=at && at<after ) return 1;
  }
  return 0;
}

/* The journeys of one key, in order: conversions, then runs. */
static void check_entity(AtEnv *env, const World *w, AtJourneys *j, const AtCell *key){
  uint32_t t = at_store_find(w->t, key), c = at_store_find(w->c, key), row, i;
  uint32_t first = t==AT_NO_ENTITY ? 0 : w->t->start[t], limit = t==AT_NO_ENTITY ? 0 : w->t->start[t+1];
  uint32_t first_c = c==AT_NO_ENTITY ? 0 : w->c->start[c], limit_c = c==AT_NO_ENTITY ? 0 : w->c->start[c+1];
  static int used[400];
  Taken window, path;
  AtCell got;
  memset(used, 0, sizeof used);
  for(row=first_c; row<limit_c; row++){
    if( !exists(w, w->c, row) ) continue;
    reference_conversion(w, c, row, &window, &path);
    for(i=0; i<window.n; i++) used[window.row[i]] = 1;
    assert_true(at_journeys_next(env, j));
    assert_true(j->converted && j->row==row);
    got = at_journeys_key(j);
    assert_true(same_cell(&got, key));
    assert_path(j, &path);
    if( path.n>0 ){
      double seconds = (double)(at_store_when(w->c, row)-at_store_when(w->t, path.row[0]))/1e6;
      assert_true(at_journeys_seconds(j)==seconds);
    }
  }
  for(row=first; row<limit && exists(w, w->t, row); ){
    if( used[row] ){ row++; continue; }
    window.n = 0;
    do window.row[window.n++] = row++;
    while( row<limit && exists(w, w->t, row) && !used[row] && !is_cut(w, row, first_c, limit_c) );
    reference_path(w->t, &w->options, &window, &path);
    assert_true(at_journeys_next(env, j));
    assert_false(j->converted);
    got = at_journeys_key(j);
    assert_true(same_cell(&got, key));
    assert_path(j, &path);
  }
}

static int compare_keys(const AtCell *a, const AtCell *b){
  if( a->type!=b->type ) return a->type<b->type ? -1 : 1;
  return at_cell_compare(a, b);
}

/* All keys of both stores, merged. */
static void check_world(AtEnv *env, const World *w){
  AtJourneys j;
  uint32_t t = 0, c = 0;
  assert_true(at_journeys_open(env, &j, w->t, w->c, &w->options));
  while( t<w->t->n_entities || c<w->c->n_entities ){
    AtCell x = cell_null(), y = cell_null(), key;
    int order;
    if( t<w->t->n_entities ) x = at_store_key(w->t, t);
    if( c<w->c->n_entities ) y = at_store_key(w->c, c);
    order = x.type==AT_NULL ? 1 : y.type==AT_NULL ? -1 : compare_keys(&x, &y);
    key = order<=0 ? x : y;
    t += order<=0;
    c += order>=0;
    check_entity(env, w, &j, &key);
  }
  assert_false(at_journeys_next(env, &j));
  assert_false(at_journeys_next(env, &j));
  at_journeys_close(env->alloc, &j);
}

static void test_random_worlds(void **state){
  Random r = {1};
  int i;
  for(i=0; i<20000; i++){
    AtEnv env = heap_env(*state);
    world_open(&r, &env, &world, i%50 ? 30 : 400);
    check_world(&env, &world);
    assert_ok(&env);
    world_close(&env, &world);
  }
}

/* One entity alone gives what it gives among all; an unknown one gives nothing. */
static void test_one_entity_alone(void **state){
  Random r = {2};
  int i;
  uint32_t k;
  for(i=0; i<3000; i++){
    AtEnv env = heap_env(*state);
    world_open(&r, &env, &world, 30);
    for(k=0; k<8; k++){
      AtCell key = world_key(k);
      AtJourneys j;
      assert_true(at_journeys_open(&env, &j, world.t, world.c, &world.options));
      at_journeys_only(&j, &key);
      check_entity(&env, &world, &j, &key);
      assert_false(at_journeys_next(&env, &j));
      at_journeys_close(env.alloc, &j);
    }
    assert_ok(&env);
    world_close(&env, &world);
  }
}

/* Every touch that exists is in a conversion's window or in exactly one run. */
static void test_no_touch_is_lost(void **state){
  Random r = {3};
  int i;
  for(i=0; i<5000; i++){
    static uint8_t run_of[400];
    AtEnv env = heap_env(*state);
    AtJourneys j;
    uint32_t e, c, k, expected = 0, got = 0;
    world_open(&r, &env, &world, 60);
    world.options.path = AT_PATH_ALL;
    world.options.max_touches = 0;
    world.options.ignore.n = 0;
    memset(run_of, 0, sizeof run_of);
    for(e=0; e<world.c->n_entities; e++){
      for(c=world.c->start[e]; c<world.c->start[e+1]; c++){
        Taken window, path;
        if( !exists(&world, world.c, c) ) continue;
        reference_conversion(&world, e, c, &window, &path);
        for(k=0; k<window.n; k++) run_of[window.row[k]] = 1;
      }
    }
    for(k=0; k<world.t->n; k++) expected += exists(&world, world.t, k) && !run_of[k];
    assert_true(at_journeys_open(&env, &j, world.t, world.c, &world.options));
    while( at_journeys_next(&env, &j) ){
      if( j.converted ) continue;
      for(k=0; k<j.path.n; k++){
        assert_int_equal(run_of[j.path.row[k]], 0);
        run_of[j.path.row[k]] = 1;
        got++;
      }
    }
    assert_int_equal(got, expected);
    at_journeys_close(env.alloc, &j);
    world_close(&env, &world);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_worlds),
    HEAP_TEST(test_one_entity_alone),
    HEAP_TEST(test_no_touch_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
