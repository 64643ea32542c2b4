/*
** test_engagement.c: points that fade, against halves by hand, pow() and an exact sum.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

static AtEngagement decay(int64_t as_of, int64_t half_life){
  AtEngagement e;
  memset(&e, 0, sizeof e);
  e.as_of = as_of;
  e.half_life = half_life;
  return e;
}

static double score_of(AtEnv *env, AtEngagement *e){
  double score = at_engagement_score(env, e);
  at_engagement_free(env->alloc, e);
  return score;
}

static void test_halves(void **state){
  AtEnv env = heap_env(*state);
  AtEngagement e = decay(100*DAY, 7*DAY);
  assert_true(at_engagement_score(&env, &e)==0);
  at_engagement_add(&env, &e, 8, 100*DAY);             /* 8 */
  at_engagement_add(&env, &e, 8, 93*DAY);              /* 4 */
  at_engagement_add(&env, &e, -16, 79*DAY);            /* -2 */
  at_engagement_add(&env, &e, 1000, 100*DAY+1);        /* later than as_of */
  assert_int_equal(e.faded.n, 3);
  assert_true(score_of(&env, &e)==10);
  assert_ok(&env);
}

static void test_the_ends_of_time(void **state){
  AtEnv env = heap_env(*state);
  AtEngagement e = decay(AT_MAX_TIME, 1);
  at_engagement_add(&env, &e, 1e290, AT_MIN_TIME);     /* fades to nothing, quietly */
  at_engagement_add(&env, &e, 3, AT_MAX_TIME);
  assert_true(score_of(&env, &e)==3);
  e = decay(AT_MAX_TIME, AT_MAX_TIME-AT_MIN_TIME);
  at_engagement_add(&env, &e, 3, AT_MIN_TIME);
  assert_true(score_of(&env, &e)==1.5);
  e = decay(AT_MIN_TIME, 1);
  at_engagement_add(&env, &e, 3, AT_MIN_TIME+1);
  assert_true(score_of(&env, &e)==0);
  assert_ok(&env);
}

/* The exact sum of what pow() makes of each, and the same bits in any order. */
static void test_random_points(void **state){
  static double points[300], terms[300];
  static int64_t times[300];
  Random r = {1};
  int round;
  for(round=0; round<2000; round++){
    AtEnv env = heap_env(*state);
    int64_t half_life = 1+random_between(&r, 0, round%2 ? 30*DAY : 1000), as_of = random_between(&r, -100*DAY, 100*DAY);
    AtEngagement forward = decay(as_of, half_life), backward = decay(as_of, half_life);
    uint32_t n = random_below(&r, COUNT(points)), i, counted = 0;
    double size = 0, wanted, first, second;
    for(i=0; i<n; i++){
      points[i] = random_below(&r, 4) ? (double)random_between(&r, -20, 100) : random_unit(&r)*1e12;
      times[i] = as_of-random_between(&r, -5*half_life, 60*half_life);
      if( times[i]<=as_of ){
        terms[counted] = points[i]*pow(2, -(double)(as_of-times[i])/(double)half_life);
        size += fabs(terms[counted++]);
      }
      at_engagement_add(&env, &forward, points[i], times[i]);
    }
    for(i=n; i>0; i--) at_engagement_add(&env, &backward, points[i-1], times[i-1]);
    wanted = exact_sum(terms, counted);
    first = score_of(&env, &forward);
    second = score_of(&env, &backward);
    assert_ok(&env);
    assert_true(fabs(first-wanted)<=1e-14*size);
    assert_memory_equal(&first, &second, sizeof first);
  }
}

static void score_many(AtEnv *env, void *given){
  AtEngagement e = decay(1000*AT_SECOND, 50*AT_SECOND);
  int i;
  (void)given;
  for(i=0; i<300; i++) at_engagement_add(env, &e, i%7, (i*37%300)*AT_SECOND);
  at_engagement_score(env, &e);
  at_engagement_free(env->alloc, &e);
}

static void test_failures(void **state){
  check_failures(*state, score_many, NULL, 8);
}

static void test_stops(void **state){
  check_stops(*state, score_many, NULL, 100);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_halves),
    HEAP_TEST(test_the_ends_of_time),
    HEAP_TEST(test_random_points),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
