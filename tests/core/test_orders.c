/*
** test_orders.c: states, areas and penalties by hand, areas against every pair of a
** conversion and a null, and the order that is best.
*/
#include "effects_common.h"

/* 'order states auc penalised; …' */
static void check_orders(AtEnv *env, const char *paths, const char *expected){
  AtOrder rows[AT_MAX_ORDER];
  AtPaths p;
  int n, i;
  assert_true(open_paths(env, &p, paths, 0));
  n = at_orders(env, &p, rows);
  assert_ok(env);
  for(i=0; i<n; i++){
    double fields[] = {rows[i].order, rows[i].states, rows[i].auc, rows[i].penalised};
    size_t k;
    for(k=0; k<COUNT(fields); k++){
      char *end;
      double number = strtod(expected, &end);
      if( end==expected ) fail_msg("%s: %d rows", paths, n);
      if( isnan(number) ? !isnan(fields[k]) : !(fabs(fields[k]-number)<=1e-15) ){
        fail_msg("%s, row %d, column %d: %.17g, not %g", paths, i, (int)k, fields[k], number);
      }
      expected = end;
    }
    while( *expected==';' || *expected==' ' ) expected++;
  }
  if( *expected ) fail_msg("%s: no row for %s", paths, expected);
  at_paths_free(env->alloc, &p);
}

static void test_by_hand(void **state){
  static const struct { const char *paths, *rows; } known[] = {
    {"", ""},
    {"a: 1 0", ""},                                            /* as many nodes as paths */
    {"a: 1 1", "1 1 0.5 nan; 2 1 0.5 nan; 3 1 0.5 nan; 4 1 0.5 nan; 5 1 0.5 nan; 6 1 0.5 nan"},   /* np - nodes - 1 = 0 */
    {"a: 4 0", "1 1 nan nan; 2 1 nan nan; 3 1 nan nan; 4 1 nan nan; 5 1 nan nan; 6 1 nan nan"},
    {"a: 0 4", "1 1 nan nan; 2 1 nan nan; 3 1 nan nan; 4 1 nan nan; 5 1 nan nan; 6 1 nan nan"},
    /* a converts always, b never: 1 of 1; nodes of two channels 2, 3, 4, 5, 6, 7 of 5 paths */
    {"a: 2; b: 0 3", "1 2 1 1; 2 2 1 1; 3 2 1 nan"},
    /* 3 conversions, 2 nulls; a 2/3, b 1/2: wins 2 x 1 + ties (2 x 1 + 1 x 1)/2 = 3.5 of 6 */
    {"a: 2 1; b: 1 1", "1 2 0.58333333333333333 0.16666666666666667; 2 2 0.58333333333333333 -0.66666666666666667; "
                       "3 2 0.58333333333333333 nan"},
    /* order 1 sees x last on all, order 2 knows who was before */
    {"a > x: 4 0; b > x: 0 4", "1 3 0.5 0.125; 2 2 1 1"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    check_orders(&env, known[i].paths, known[i].rows);
  }
}

/* Channels that always convert and one that never does: 1, and not a last bit more, however fractions of conversions round. */
static void test_fractions_of_conversions(void **state){
  Random r = {7};
  int trial;
  for(trial=0; trial<2000; trial++){
    AtEnv env = heap_env(*state);
    AtOrder rows[AT_MAX_ORDER];
    AtPaths p;
    char text[400];
    int n, i;
    snprintf(text, sizeof text, "a: %.17g; a > b: %.17g; b > c: %.17g; x: 0 %.17g; x > x: 0 %.17g", 20+random_unit(&r), random_unit(&r), random_unit(&r)/7,
             random_unit(&r), random_unit(&r)*3);
    assert_true(open_paths(&env, &p, text, 0));
    n = at_orders(&env, &p, rows);
    assert_true(n>0);
    for(i=0; i<n; i++) if( !(rows[i].auc<=1 && rows[i].auc>=1-1e-15) ) fail_msg("%s: %.17g", text, rows[i].auc);
    at_paths_free(env.alloc, &p);
  }
}

/* Nodes are C(n + k - 1, k). */
static void test_penalties(void **state){
  static const double nodes[] = {3, 6, 10, 15, 21, 28};
  AtEnv env = heap_env(*state);
  AtOrder rows[AT_MAX_ORDER];
  AtPaths p;
  int k;
  assert_true(open_paths(&env, &p, "a: 20 10; b: 7 9; c: 1 3", 0));
  assert_int_equal(at_orders(&env, &p, rows), 6);
  for(k=0; k<6; k++) assert_near(rows[k].penalised, 1-(1-rows[k].auc)*49/(50-nodes[k]-1), 1e-15, "penalised");
  at_paths_free(env.alloc, &p);
  assert_true(open_paths(&env, &p, "a: 20 1; b: 4 2; c: 0 1", 0));    /* 28 of 28 paths: left out */
  assert_int_equal(at_orders(&env, &p, rows), 5);
  at_paths_free(env.alloc, &p);
}

/*********************************** Areas ************************************/

/* P(conversion | the last state), by its channels; each path of the list has that score. */
static double score_of(const AtPaths *p, const AtSteps *s, uint32_t path, int order){
  const AtListed *at = &p->paths[path];
  uint32_t n = at->n<(uint32_t)order ? at->n : (uint32_t)order, i, e = 0;
  for(i=0; i<s->n; i++){
    double leaving = at_steps_leaving(s, i, e, &e);
    if( s->states[i].n!=n ) continue;
    if( memcmp(s->channel+s->states[i].first, p->channel+at->first+at->n-n, n*sizeof *p->channel)!=0 ) continue;
    return s->states[i].conversions/leaving;
  }
  fail_msg("path %u ends nowhere", path);
  return 0;
}

static void test_every_pair(void **state){
  Random r = {1};
  int round, n, i;
  for(round=0; round<200; round++){
    AtEnv env = heap_env(*state);
    AtOrder rows[AT_MAX_ORDER];
    AtPaths p;
    random_paths(&env, &r, &p, 1+random_below(&r, 4), 1+random_below(&r, 8), 0);
    n = at_orders(&env, &p, rows);
    for(i=0; i<n; i++){
      double wins = 0, pairs = 0;
      uint32_t x, y;
      AtSteps s;
      assert_true(at_steps_of_paths(&env, &s, &p, rows[i].order));
      assert_int_equal(rows[i].states, s.n);
      for(x=0; x<p.n; x++){
        double a = score_of(&p, &s, x, rows[i].order);
        for(y=0; y<p.n; y++){
          double b = score_of(&p, &s, y, rows[i].order), weight = p.paths[x].conversions*p.paths[y].nulls;
          pairs += weight;
          wins += a>b ? weight : a==b ? weight/2 : 0;
        }
      }
      if( pairs==0 ) assert_true(isnan(rows[i].auc) && isnan(rows[i].penalised));
      else assert_near(rows[i].auc, wins/pairs, 1e-14, "auc");
      at_steps_free(env.alloc, &s);
    }
    at_paths_free(env.alloc, &p);
  }
}

/* Counts of any size: the ranks are exact, and nothing overflows. */
static void test_large_counts(void **state){
  AtEnv env = heap_env(*state);
  AtOrder rows[AT_MAX_ORDER];
  AtPaths p;
  assert_true(open_paths(&env, &p, "a: 9007199254740992 1; b: 1 9007199254740992; c: 1e-300 1e-300", 0));
  assert_int_equal(at_orders(&env, &p, rows), 6);
  assert_near(rows[0].auc, 1, 1e-15, "auc");
  at_paths_free(env.alloc, &p);
}

/*********************************** The best *********************************/

static void test_the_best_order(void **state){
  AtOrder rows[] = {{1, 1, 0.5, 0.4}, {2, 1, 0.6, 0.5}, {3, 1, 0.7, 0.5}, {5, 1, 0.9, NAN}};
  (void)state;
  assert_int_equal(at_best_order(rows, 4), 2);            /* the lowest among equals */
  assert_int_equal(at_best_order(rows, 1), 1);
  assert_int_equal(at_best_order(rows+1, 3), 2);
  assert_int_equal(at_best_order(rows+3, 1), 1);          /* none */
  assert_int_equal(at_best_order(rows, 0), 1);
  rows[0].penalised = NAN;
  rows[1].penalised = -INFINITY;
  rows[2].penalised = -3;
  assert_int_equal(at_best_order(rows, 4), 3);
}

static void test_the_chain_of_an_order(void **state){
  static const char rows[] = "a > x: 30 1; b > x: 1 30; x: 5 5";
  AtEnv env = heap_env(*state);
  AtPaths p;
  AtSteps chosen, named;
  int order;
  assert_true(open_paths(&env, &p, rows, 0));
  for(order=0; order<=AT_MAX_ORDER; order++){
    assert_true(at_steps_of_order(&env, &chosen, &p, order));
    assert_true(at_steps_of_paths(&env, &named, &p, order ? order : 2));      /* auto: who was before x tells all */
    assert_same_steps(&named, &chosen);
    at_steps_free(env.alloc, &chosen);
    at_steps_free(env.alloc, &named);
  }
  at_paths_free(env.alloc, &p);
  assert_true(open_paths(&env, &p, "a: 1", 0) && at_steps_of_order(&env, &chosen, &p, 0));   /* no order at all: 1 */
  assert_int_equal(chosen.n, 1);
  at_steps_free(env.alloc, &chosen);
  at_paths_free(env.alloc, &p);
}

/************************************ Failures ********************************/

static void choose(AtEnv *env, void *given){
  AtPaths p;
  AtSteps s;
  memset(&s, 0, sizeof s);
  if( open_paths(env, &p, given, 0) ) at_steps_of_order(env, &s, &p, 0);
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

static void test_failures(void **state){
  static char rows[] = "a > b > c > a > d > b: 20 10 9; d > c > a: 1 40 -3; b > d > c: 10; a: 0 30";
  check_failures(*state, choose, rows, 60);
  check_stops(*state, choose, rows, 60);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_fractions_of_conversions),
    HEAP_TEST(test_penalties),
    HEAP_TEST(test_every_pair),
    HEAP_TEST(test_large_counts),
    HEAP_TEST(test_the_best_order),
    HEAP_TEST(test_the_chain_of_an_order),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
