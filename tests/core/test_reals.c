/*
** test_reals.c: numbers in order: they come back as they went in, ascending, few and many.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

static int by_value(const void *a, const void *b){
  double x = *(const double*)a, y = *(const double*)b;
  return x<y ? -1 : x>y;
}

static void check_sorted(AtEnv *env, double *numbers, uint32_t n){
  AtReals r = {0};
  uint32_t i;
  for(i=0; i<n; i++) assert_true(at_reals_add(env, &r, numbers[i]));
  for(i=0; i<n; i++) assert_true(at_reals_at(&r, i)==numbers[i]);
  assert_true(at_reals_sort(env, &r));
  qsort(numbers, n, sizeof *numbers, by_value);
  assert_int_equal(r.n, n);
  for(i=0; i<n; i++) if( at_reals_at(&r, i)!=numbers[i] ) fail_msg("place %u of %u", i, n);
  at_reals_free(env->alloc, &r);
  assert_true(r.n==0 && r.capacity==0);
}

static void test_ends_of_the_doubles(void **state){
  double numbers[] = {1, -1, 0, 0x1p-1074, -0x1p-1074, 1.7976931348623157e308, -1.7976931348623157e308, 0x1p-1022, 1+0x1p-52, -1-0x1p-52};
  AtEnv env = heap_env(*state);
  check_sorted(&env, numbers, COUNT(numbers));
  assert_ok(&env);
}

/* 0 and -0 are one number: one key, and it comes back as 0. */
static void test_zero_has_no_sign(void **state){
  AtEnv env = heap_env(*state);
  AtReals r = {0};
  assert_true(at_reals_add(&env, &r, -0.0) && at_reals_add(&env, &r, 0.0));
  assert_true(r.keys[0]==r.keys[1]);
  assert_true(at_reals_at(&r, 0)==0 && !signbit(at_reals_at(&r, 0)));
  at_reals_free(&((Heap*)*state)->alloc, &r);
}

static void test_random_numbers(void **state){
  static double numbers[100000];
  static const uint32_t counts[] = {0, 1, 2, 8, 9, 47, 48, 49, 1000, 65535, 65536, 100000};
  Random random = {1};
  uint32_t i;
  size_t c;
  for(c=0; c<COUNT(counts); c++){
    AtEnv env = heap_env(*state);
    for(i=0; i<counts[c]; i++) numbers[i] = i%2 ? random_double(&random) : random_between(&random, -5, 5);
    check_sorted(&env, numbers, counts[c]);
    assert_ok(&env);
  }
}

static void test_on_threads(void **state){
  static double numbers[200000];
  Random random = {2};
  AtEnv env = threads_env(4);
  uint32_t i;
  (void)state;
  for(i=0; i<COUNT(numbers); i++) numbers[i] = random_double(&random);
  check_sorted(&env, numbers, COUNT(numbers));
  assert_ok(&env);
}

static void fill_and_sort(AtEnv *env, void *given){
  AtReals r = {0};
  Random random = {3};
  uint32_t i, n = *(uint32_t*)given;
  for(i=0; i<n; i++) at_reals_add(env, &r, random_unit(&random)-0.5);
  at_reals_sort(env, &r);
  at_reals_free(env->alloc, &r);
}

static void test_failures(void **state){
  uint32_t few = 20, some = 500, many = 70000;
  check_failures(*state, fill_and_sort, &few, 2);
  check_failures(*state, fill_and_sort, &some, 8);
  check_failures(*state, fill_and_sort, &many, 15);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_ends_of_the_doubles),
    HEAP_TEST(test_zero_has_no_sign),
    HEAP_TEST(test_random_numbers),
    HEAP_TEST(test_on_threads),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
