/*
** test_auc.c: the share of pairs in the right order, against every pair by itself.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

static double auc_of(AtEnv *env, const double *scores, const int *converted, uint32_t n){
  AtAuc a;
  uint32_t i;
  double share;
  memset(&a, 0, sizeof a);
  for(i=0; i<n; i++) at_auc_add(env, &a, scores[i], converted[i]);
  share = at_auc(env, &a);
  at_auc_free(env->alloc, &a);
  return share;
}

static void test_by_hand(void **state){
  static const double scores[] = {1, 2, 2, 3, -0.0, 0};
  static const int none[6] = {0}, all[] = {1, 1, 1, 1, 1, 1};
  /* the converted 2 and 3 against 1, 2, 0, 0: 3.5 + 4 of 8 */
  static const int some[] = {0, 1, 0, 1, 0, 0}, zeros[] = {0, 0, 0, 0, 1, 0};
  AtEnv env = heap_env(*state);
  assert_true(auc_of(&env, scores, some, 6)==7.5/8);
  assert_true(auc_of(&env, scores, zeros, 6)==0.1);    /* -0 ties with 0: half of one of 5 */
  assert_true(isnan(auc_of(&env, scores, none, 6)));
  assert_true(isnan(auc_of(&env, scores, all, 6)));
  assert_true(isnan(auc_of(&env, scores, some, 0)));
  assert_ok(&env);
}

static void test_every_pair(void **state){
  static double scores[120], turned[120];
  static int converted[120], others[120];
  Random r = {1};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n = random_below(&r, COUNT(scores)), different = 1+random_below(&r, 40), pairs = 0, twice = 0, i, j;
    double share;
    for(i=0; i<n; i++){
      scores[i] = random_below(&r, 50) ? random_between(&r, -(int64_t)different, different)/4.0 : random_double(&r)/1e20;
      converted[i] = (int)random_below(&r, 2);
      turned[i] = -scores[i];
      others[i] = !converted[i];
    }
    for(i=0; i<n; i++) for(j=0; j<n; j++) if( converted[i] && !converted[j] ){
      pairs++;
      twice += scores[i]>scores[j] ? 2 : scores[i]==scores[j];
    }
    share = auc_of(&env, scores, converted, n);
    if( pairs==0 ){
      assert_true(isnan(share));
      continue;
    }
    assert_true(share==(double)twice/(2.0*pairs));
    assert_true(auc_of(&env, turned, converted, n)==(2.0*pairs-twice)/(2.0*pairs));
    assert_true(auc_of(&env, turned, others, n)==share);
    assert_ok(&env);
  }
}

/* Counts beyond 2^32: all of 300,000 above all of 200,000, but for one pair that ties. */
static void test_many_pairs(void **state){
  AtEnv env = threads_env(2);
  AtAuc a;
  uint32_t i;
  (void)state;
  memset(&a, 0, sizeof a);
  for(i=0; i<200000; i++) at_auc_add(&env, &a, i, 0);
  for(i=0; i<300000; i++) at_auc_add(&env, &a, 199999+i, 1);
  assert_true(at_auc(&env, &a)==119999999999.0/120000000000.0);
  at_auc_free(env.alloc, &a);
  assert_ok(&env);
}

static void rank_many(AtEnv *env, void *given){
  AtAuc a;
  int i;
  (void)given;
  memset(&a, 0, sizeof a);
  for(i=0; i<400; i++) at_auc_add(env, &a, i*37%101, i%3==0);
  at_auc(env, &a);
  at_auc_free(env->alloc, &a);
}

static void test_failures(void **state){
  check_failures(*state, rank_many, NULL, 15);
}

static void test_stops(void **state){
  check_stops(*state, rank_many, NULL, 100);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_every_pair),
    HEAP_TEST(test_many_pairs),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
