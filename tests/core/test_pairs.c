/*
** test_pairs.c: (number, label) -> dense ids, and the order of pairs.
*/
#include "funnel_common.h"

static void test_ids_are_dense_and_stay(void **state){
  static const AtPair pairs[] = {
    {0, 0}, {0, 1}, {1, 0}, {-1, 0}, {INT64_MAX, UINT32_MAX}, {INT64_MIN, 0}, {INT64_MIN, UINT32_MAX}, {INT64_MAX, 0},
    {INT64_C(1)<<32, 5}, {5, 0}, {0, 5},
  };
  AtEnv env = heap_env(*state);
  AtPairs p = {0};
  uint32_t i, pass;
  for(pass=0; pass<3; pass++){
    for(i=0; i<COUNT(pairs); i++) assert_int_equal(at_pair_id(&env, &p, pairs[i].number, pairs[i].label), i);
  }
  assert_int_equal(p.n, COUNT(pairs));
  at_pairs_free(env.alloc, &p);
  assert_true(p.n==0 && p.pairs==NULL && p.slots==NULL);
}

/* Ids are given in the order in which pairs come, whatever the numbers look like. */
static void check_many(void **state, int64_t step, uint32_t n_labels, uint32_t n){
  AtEnv env = heap_env(*state);
  AtPairs p = {0};
  uint32_t i, *order;
  for(i=0; i<n; i++) assert_int_equal(at_pair_id(&env, &p, (int64_t)(n-i)/n_labels*step, i%n_labels), i);
  for(i=0; i<n; i++) assert_int_equal(at_pair_id(&env, &p, (int64_t)(n-i)/n_labels*step, i%n_labels), i);
  order = at_pairs_order(&env, &p);
  assert_non_null(order);
  for(i=1; i<n; i++){
    const AtPair *a = &p.pairs[order[i-1]], *b = &p.pairs[order[i]];
    assert_true(a->number<b->number || (a->number==b->number && a->label<b->label));
  }
  at_free(env.alloc, order);
  at_pairs_free(env.alloc, &p);
}

static void test_many_pairs(void **state){
  check_many(state, 1, 1, 50000);
  check_many(state, INT64_C(1)<<32, 1, 3000);     /* low halves all alike */
  check_many(state, INT64_C(1)<<44, 1, 3000);
  check_many(state, 7, 64, 64*500);
  check_many(state, -1, 1, 129);
}

static void test_order_of_none_and_one(void **state){
  AtEnv env = heap_env(*state);
  AtPairs p = {0};
  uint32_t *order = at_pairs_order(&env, &p);
  assert_non_null(order);
  at_free(env.alloc, order);
  assert_int_equal(at_pair_id(&env, &p, -3, 2), 0);
  order = at_pairs_order(&env, &p);
  assert_int_equal(order[0], 0);
  at_free(env.alloc, order);
  at_pairs_free(env.alloc, &p);
}

static void number_and_order(AtEnv *env, void *given){
  AtPairs p = {0};
  uint32_t i;
  (void)given;
  for(i=0; i<300; i++){
    uint32_t id = at_pair_id(env, &p, (int64_t)(i*7919u%300u), i%3);
    if( id==UINT32_MAX ){ assert_true(env->error.code!=AT_OK); break; }
    assert_int_equal(id, i);
  }
  if( !env->error.code ){
    uint32_t *order = at_pairs_order(env, &p);
    assert_int_equal(order==NULL, env->error.code!=AT_OK);
    at_free(env->alloc, order);
  }
  at_pairs_free(env->alloc, &p);
}

static void test_failures(void **state){
  check_failures(*state, number_and_order, NULL, 10);
  check_stops(*state, number_and_order, NULL, 10);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_ids_are_dense_and_stay),
    HEAP_TEST(test_many_pairs),
    HEAP_TEST(test_order_of_none_and_one),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
