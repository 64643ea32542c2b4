/*
** test_window.c: windows of channels to dense ids and back, in the order of their
** channels, up to the last number of channels that fits into two words.
*/
#include "effects_common.h"

static int compare_windows(const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m){
  uint32_t i;
  for(i=0; i<n && i<m; i++) if( a[i]!=b[i] ) return a[i]<b[i] ? -1 : 1;
  return n<m ? -1 : n>m;
}

/* Random windows of every length up to the width, among few channels or the highest. */
static void check_width(AtEnv *env, Random *r, uint32_t width, uint32_t n_channels, uint32_t spread, uint64_t most){
  enum { N = 400 };
  AtWindows w;
  uint32_t channel[N][AT_MAX_WINDOW], length[N], id[N], back[AT_MAX_WINDOW], i, k, distinct = 0, *order;
  assert_true(at_windows_open(env, &w, width, n_channels) && at_windows_direct(env, &w, most));
  assert_true((w.direct!=NULL)==(w.size>0 && w.size<=most));
  for(i=0; i<N; i++){
    length[i] = 1 + random_below(r, width);
    for(k=0; k<length[i]; k++) channel[i][k] = random_below(r, 2) ? random_below(r, spread) : n_channels-1-random_below(r, spread);
    id[i] = at_window_id(env, &w, channel[i], length[i]);
    for(k=0; k<i && compare_windows(channel[k], length[k], channel[i], length[i]); k++){}
    if( k<i ) assert_int_equal(id[i], id[k]);
    else assert_int_equal(id[i], distinct++);              /* dense, in order of arrival */
  }
  assert_int_equal(w.pairs.n, distinct);
  for(i=0; i<N; i++){
    assert_int_equal(at_window_channels(&w, id[i], back), length[i]);
    assert_memory_equal(back, channel[i], length[i]*sizeof *back);
    assert_int_equal(at_window_id(env, &w, channel[i], length[i]), id[i]);
    if( w.size==0 ) continue;
    assert_true(at_window_key(&w, channel[i], length[i])==at_window_key_of(&w, id[i]));
    assert_int_equal(at_window_of_key(env, &w, at_window_key_of(&w, id[i])), id[i]);
  }
  order = at_windows_order(env, &w);
  assert_non_null(order);
  for(i=1; i<w.pairs.n; i++){
    uint32_t before[AT_MAX_WINDOW], n = at_window_channels(&w, order[i-1], before), m = at_window_channels(&w, order[i], back);
    assert_true(compare_windows(before, n, back, m)<0);
  }
  at_free(env->alloc, order);
  at_windows_close(env->alloc, &w);
}

static void test_there_and_back(void **state){
  Random r = {1};
  uint32_t width, spread, round;
  for(round=0; round<4; round++){
    for(width=1; width<=AT_MAX_WINDOW; width++){
      uint32_t most = width>6 ? 65534 : 1999999;
      for(spread=1; spread<=4; spread++){
        AtEnv env = heap_env(*state);
        check_width(&env, &r, width, spread, spread, 0);
        check_width(&env, &r, width, spread, spread, 100000);
        check_width(&env, &r, width, 1000, spread, 100000);
        check_width(&env, &r, width, most, spread, 100000);
        assert_ok(&env);
      }
    }
  }
}

/* Keys in order are windows in order, and none is looked up. */
static void test_windows_of_keys(void **state){
  static const uint64_t keys[] = {6, 30, 31, 35, 124};      /* of three digits to base 5 */
  AtEnv env = heap_env(*state);
  AtWindows w;
  uint32_t *order, i, channel[AT_MAX_WINDOW];
  assert_true(at_windows_open(&env, &w, 3, 4) && at_windows_of_keys(&env, &w, keys, COUNT(keys)));
  order = at_windows_order(&env, &w);
  for(i=0; i<COUNT(keys); i++){
    assert_int_equal(order[i], i);
    assert_true(at_window_key_of(&w, i)==keys[i]);
  }
  assert_int_equal(at_window_channels(&w, 4, channel), 3);
  assert_true(channel[0]==3 && channel[1]==3 && channel[2]==3);
  at_free(env.alloc, order);
  at_windows_close(env.alloc, &w);
}

static void test_no_channels(void **state){
  AtEnv env = heap_env(*state);
  AtWindows w;
  uint32_t *order;
  assert_true(at_windows_open(&env, &w, 2, 0));
  order = at_windows_order(&env, &w);
  assert_non_null(order);
  at_free(env.alloc, order);
  at_windows_close(env.alloc, &w);
}

/* Orders 1 (windows of 2) have room for any number of channels. */
static void test_more_than_can_be_told_apart(void **state){
  AtEnv env = heap_env(*state);
  AtWindows w;
  assert_true(at_windows_open(&env, &w, AT_MAX_WINDOW, 65534));
  assert_false(at_windows_open(&env, &w, AT_MAX_WINDOW, 65535));
  assert_error(&env, AT_INVALID, "65535 channels|lower order|min_paths=");
  env = heap_env(*state);
  assert_false(at_windows_open(&env, &w, 3, 2000000));
  assert_error(&env, AT_INVALID, "2000000 channels");
  env = heap_env(*state);
  assert_true(at_windows_open(&env, &w, 2, 4000000000u));
}

/************************************ Failures ********************************/

static void make_many(AtEnv *env, void *given){
  uint32_t width = *(uint32_t*)given, channel[AT_MAX_WINDOW], i, k, *order;
  AtWindows w;
  if( at_windows_open(env, &w, width, 50) ){
    for(i=0; i<1000 && !env->error.code; i++){
      for(k=0; k<width; k++) channel[k] = (i*(k+1)*7)%50;
      if( at_window_id(env, &w, channel, width)==UINT32_MAX ) assert_int_not_equal(env->error.code, 0);
    }
    order = at_windows_order(env, &w);
    assert_true((order==NULL)==(env->error.code!=0));
    at_free(env->alloc, order);
  }
  at_windows_close(env->alloc, &w);
}

static void test_failures(void **state){
  uint32_t width;
  for(width=1; width<=AT_MAX_WINDOW; width+=2){
    check_failures(*state, make_many, &width, width>1 ? 4 : 3);
    check_stops(*state, make_many, &width, 1);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_there_and_back),
    HEAP_TEST(test_windows_of_keys),
    HEAP_TEST(test_no_channels),
    HEAP_TEST(test_more_than_can_be_told_apart),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
