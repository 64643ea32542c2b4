/*
** test_sort.c: row numbers in order, stable, and keys in order, against a look
** at every pair of neighbours; what is in order already costs one pass.
*/
#include "funnel_common.h"

/* Rows that the comparison looks up, and how often it did. */
typedef struct Rows Rows;
struct Rows { const uint32_t *key; long compared; };

static int compare(const void *given, uint32_t a, uint32_t b){
  const Rows *rows = given;
  ((Rows*)(uintptr_t)rows)->compared++;
  return rows->key[a]<rows->key[b] ? -1 : rows->key[a]>rows->key[b];
}

/* Every row once, keys rising, and rows of one key as they were: place[row] is where it stood. */
static void assert_sorted(const uint32_t *key, const uint32_t *order, const uint32_t *place, uint32_t n){
  uint8_t *seen = calloc(n+1, 1);
  uint32_t i;
  assert_non_null(seen);
  for(i=0; i<n; i++){
    assert_true(order[i]<n && !seen[order[i]]);
    seen[order[i]] = 1;
    if( i==0 ) continue;
    assert_true(key[order[i-1]]<=key[order[i]]);
    if( key[order[i-1]]==key[order[i]] ) assert_true(place[order[i-1]]<place[order[i]]);
  }
  free(seen);
}

/* Few keys make many ties; the rows stand in any order to begin with. */
static void check_order(void **state, Random *r, uint32_t n, uint32_t n_keys){
  AtEnv env = heap_env(*state);
  uint32_t *room = malloc((3*(size_t)n+1)*sizeof *room), *key = room, *order = room+n, *place = room+2*n, i;
  Rows rows = {key, 0};
  assert_non_null(room);
  for(i=0; i<n; i++){
    uint32_t j = random_below(r, i+1);
    key[i] = random_below(r, n_keys);
    order[i] = order[j];
    order[j] = i;
  }
  for(i=0; i<n; i++) place[order[i]] = i;
  assert_true(at_sort_order(&env, order, n, compare, &rows));
  assert_sorted(key, order, place, n);
  free(room);
}

static void test_random_orders(void **state){
  Random r = {1};
  uint32_t n, i;
  for(n=0; n<300; n++) for(i=0; i<6; i++) check_order(state, &r, n, i==0 ? 1 : i==1 ? 2 : 1+random_below(&r, 2*n+2));
  for(i=0; i<40; i++) check_order(state, &r, random_below(&r, 9000), 1+random_below(&r, 9000));
}

/* One comparison per pair of neighbours and no memory; also for all alike. */
static void test_in_order_already(void **state){
  static const uint32_t sizes[] = {0, 1, 2, 16, 17, 1000};
  Heap *heap = *state;
  size_t k;
  for(k=0; k<COUNT(sizes)*2; k++){
    AtEnv env = heap_env(heap);
    uint32_t key[1000], order[1000], n = sizes[k/2], i;
    Rows rows = {key, 0};
    for(i=0; i<n; i++){ order[i] = i; key[i] = k%2 ? 7 : i*3; }
    heap->calls = 0;
    assert_true(at_sort_order(&env, order, n, compare, &rows));
    assert_int_equal(rows.compared, n ? n-1 : 0);
    assert_int_equal(heap->calls, 0);
    for(i=0; i<n; i++) assert_int_equal(order[i], i);
  }
}

/* The worst order still costs n log n comparisons. */
static void test_comparisons_are_few(void **state){
  enum { N = 1<<14 };
  AtEnv env = heap_env(*state);
  uint32_t *key = malloc(2*N*sizeof *key), *order = key+N, i;
  Rows rows = {key, 0};
  assert_non_null(key);
  for(i=0; i<N; i++){ key[i] = N-i; order[i] = i; }
  assert_true(at_sort_order(&env, order, N, compare, &rows));
  for(i=0; i<N; i++) assert_int_equal(order[i], N-1-i);
  assert_true(rows.compared<20*(long)N);
  free(key);
}

/************************************ Keys ************************************/

static int compare_keys(const void *a, const void *b){
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x<y ? -1 : x>y;
}

static void check_keys(void **state, uint64_t *keys, uint32_t n){
  AtEnv env = heap_env(*state);
  uint64_t *expected = malloc(((size_t)n+1)*sizeof *expected);
  assert_non_null(expected);
  memcpy(expected, keys, n*sizeof *keys);
  qsort(expected, n, sizeof *expected, compare_keys);
  assert_true(at_sort_keys(&env, keys, n));
  assert_memory_equal(keys, expected, n*sizeof *keys);
  free(expected);
}

/* The same keys cut to four bytes, from bit shift on. */
static void check_short_keys(void **state, const uint64_t *keys, uint32_t n, uint32_t shift){
  AtEnv env = heap_env(*state);
  uint64_t *expected = malloc(((size_t)n+1)*sizeof *expected);
  uint32_t *got = malloc(((size_t)n+1)*sizeof *got), i;
  assert_true(expected && got);
  for(i=0; i<n; i++) expected[i] = got[i] = (uint32_t)(keys[i]>>shift);
  qsort(expected, n, sizeof *expected, compare_keys);
  assert_true(at_sort_short_keys(&env, got, n));
  for(i=0; i<n; i++) assert_int_equal(got[i], expected[i]);
  free(expected);
  free(got);
}

/* Keys that differ in any one stretch of bits, in a few, in all. */
static void test_random_keys(void **state){
  static uint64_t keys[5000];
  Random r = {2};
  int round;
  for(round=0; round<3000; round++){
    uint32_t n = random_below(&r, round%50 ? 120 : COUNT(keys)), i, shift = random_below(&r, 64);
    uint64_t mask = random_bits(&r)>>random_below(&r, 64)<<shift, fixed = random_bits(&r);
    for(i=0; i<n; i++) keys[i] = (random_bits(&r) & mask) | (fixed & ~mask);
    check_short_keys(state, keys, n, random_below(&r, 33));
    check_keys(state, keys, n);
  }
}

static void test_edges_of_keys(void **state){
  uint64_t keys[6] = {UINT64_MAX, 0, 1, UINT64_MAX-1, UINT64_C(1)<<63, 0}, one[1] = {5}, same[3] = {9, 9, 9};
  check_keys(state, keys, 0);
  check_keys(state, one, 1);
  check_keys(state, same, 3);
  check_keys(state, keys, 6);
  assert_true(keys[0]==0 && keys[1]==0 && keys[5]==UINT64_MAX);
}

/*********************************** Failures *********************************/

static void sort_both(AtEnv *env, void *given){
  enum { N = 500 };
  uint32_t key[N], order[N], shorter[N], i;
  uint64_t keys[N];
  Rows rows = {key, 0};
  Random r = {4};
  (void)given;
  for(i=0; i<N; i++){ key[i] = random_below(&r, 100); order[i] = i; keys[i] = random_bits(&r); shorter[i] = (uint32_t)keys[i]; }
  if( !at_sort_order(env, order, N, compare, &rows) ) assert_true(env->error.code!=AT_OK);
  if( at_sort_keys(env, keys, N) ) assert_int_equal(env->error.code, AT_OK);
  if( at_sort_short_keys(env, shorter, N) ) assert_int_equal(env->error.code, AT_OK);
}

static void test_failures(void **state){
  check_failures(*state, sort_both, NULL, 5);
  check_stops(*state, sort_both, NULL, 30);
}

/* A sort that comes after a failure does nothing, and says so. */
static void test_after_an_error(void **state){
  AtEnv env = heap_env(*state);
  uint32_t key[3] = {3, 2, 1}, order[3] = {0, 1, 2};
  uint64_t keys[3] = {3, 2, 1};
  Rows rows = {key, 0};
  at_fail(&env, AT_INVALID, "earlier");
  assert_false(at_sort_order(&env, order, 3, compare, &rows));
  assert_false(at_sort_keys(&env, keys, 3));
  assert_false(at_sort_short_keys(&env, key, 3));
  assert_error(&env, AT_INVALID, "earlier");
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_orders),
    HEAP_TEST(test_in_order_already),
    HEAP_TEST(test_comparisons_are_few),
    HEAP_TEST(test_random_keys),
    HEAP_TEST(test_edges_of_keys),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_after_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
