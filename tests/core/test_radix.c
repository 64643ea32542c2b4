/*
** test_radix.c: many keys in order, whatever their digits, on any number of threads.
*/
#include "funnel_common.h"

static int compare(const void *a, const void *b){
  uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return x<y ? -1 : x>y;
}

static void fill(Random *r, uint64_t *keys, size_t n, uint64_t most, int with_none){
  size_t i;
  for(i=0; i<n; i++) keys[i] = with_none && i%5==0 ? UINT64_MAX : most ? random_bits(r)%most : random_bits(r);
}

static void test_as_qsort(void **state){
  static const struct { size_t n; uint64_t most; int with_none; } known[] = {
    {0, 1, 0}, {1, 9, 0}, {1000, 50, 1}, {AT_PARALLEL_ROWS, 1, 0}, {AT_PARALLEL_ROWS, 1, 1}, {AT_PARALLEL_ROWS+1, 254, 1},
    {200000, 255, 1}, {200000, 256, 1}, {200001, 1000000, 1}, {200003, UINT64_C(1)<<62, 1}, {200007, 0, 0},
  };
  Random r = {1};
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    size_t n = known[i].n;
    uint64_t *given = malloc((n+1)*sizeof *given), *expected = malloc((n+1)*sizeof *expected);
    int threads;
    assert_true(given && expected);
    fill(&r, given, n, known[i].most, known[i].with_none);
    memcpy(expected, given, n*sizeof *expected);
    qsort(expected, n, sizeof *expected, compare);
    for(threads=0; threads<=4; threads++){
      AtEnv env = threads_env(threads);
      uint64_t *keys = at_alloc(&env, n, sizeof *keys);
      memcpy(keys, given, n*sizeof *keys);
      assert_true(at_sort_many(&env, &keys, n));
      assert_memory_equal(keys, expected, n*sizeof *keys);
      at_free(env.alloc, keys);
    }
    free(given);
    free(expected);
  }
}

static void sort_some(AtEnv *env, void *given){
  Random r = {2};
  uint64_t *keys = at_alloc(env, AT_PARALLEL_ROWS, sizeof *keys);
  (void)given;
  if( keys ){
    fill(&r, keys, AT_PARALLEL_ROWS, 3000, 1);
    at_sort_many(env, &keys, AT_PARALLEL_ROWS);
  }
  at_free(env->alloc, keys);
}

static void test_failures(void **state){
  check_failures(*state, sort_some, NULL, 20);
  check_stops(*state, sort_some, NULL, 20);
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_as_qsort),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
