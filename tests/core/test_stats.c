/*
** test_stats.c: normal quantiles, Wilson's interval and quantiles, against known
** numbers and against the equations that they solve.
*/
#include "funnel_common.h"

static void test_days(void **state){
  (void)state;
  assert_true(at_days(0)==0 && at_days(DAY)==1 && at_days(DAY/2)==0.5 && at_days(30*DAY)==30);
  assert_close(at_days(AT_SECOND), 1.0/86400, 1e-20);
}

static void test_confidence(void **state){
  static const double good[] = {1e-300, 0.5, 0.95, 1-1e-12}, bad[] = {0, -0.1, 1, 1.5, 95, NAN, INFINITY, -INFINITY, 1-1e-13};
  size_t i;
  (void)state;
  for(i=0; i<COUNT(good); i++) assert_true(at_confidence_ok(good[i]));
  for(i=0; i<COUNT(bad); i++) assert_false(at_confidence_ok(bad[i]));
}

static void test_normal_quantile(void **state){
  static const double known[][2] = {
    {0.5, 0.6744897501960817}, {0.8, 1.2815515655446004}, {0.9, 1.6448536269514722}, {0.95, 1.959963984540054}, {0.98, 2.3263478740408408},
    {0.99, 2.5758293035489004}, {0.999, 3.2905267314919255}, {0.9999, 3.890591886413127},
  };
  Random r = {1};
  double last = 0;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++) assert_close(at_normal_quantile(known[i][0]), known[i][1], 1e-12);
  for(i=0; i<20000; i++){
    double confidence = i%2 ? random_unit(&r) : 1-pow(10, -12*random_unit(&r)), z;
    if( !at_confidence_ok(confidence) ) continue;
    z = at_normal_quantile(confidence);
    assert_true(z>=0 && z<8);
    assert_close(erfc(z/sqrt(2)), 1-confidence, 1e-11*(1-confidence)+2e-16);
  }
  for(i=1; i<1000; i++){                           /* wider for more confidence */
    double z = at_normal_quantile((double)i/1000);
    assert_true(z>last);
    last = z;
  }
}

static void test_wilson_by_hand(void **state){
  static const double known[][4] = {
    {4, 10, 0.16818032970623614, 0.6873262302663417}, {0, 10, 0, 0.2775327998628892}, {10, 10, 0.7224672001371107, 1},
    {1, 1, 0.20654931437723745, 1}, {81, 263, 0.2552885198782742, 0.36620957698280004}, {15, 148, 0.0623863995307363, 0.16048724172330803},
  };
  double low, high, z = at_normal_quantile(0.95);
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    assert_true(at_wilson(known[i][0], known[i][1], z, &low, &high));
    assert_close(low, known[i][2], 1e-14);
    assert_close(high, known[i][3], 1e-14);
  }
  assert_true(at_wilson(0, 5, z, &low, &high) && low==0);
  assert_true(at_wilson(5, 5, z, &low, &high) && high==1);
  assert_true(at_wilson(1e290, 1e290, z, &low, &high) && low<=1 && low>0.999 && high==1);
  assert_false(at_wilson(0, 0, z, &low, &high));
  assert_true(at_wilson(1+1e-15, 1, z, &low, &high) && high==1);       /* more than all, by a rounding: all */
  assert_close(low, 0.20654931437723745, 1e-14);
}

/* A bound is where the score test is just passed: |p - b| = z sqrt(b(1-b)/n). */
static void test_wilson_solves_its_equation(void **state){
  Random r = {2};
  int i;
  (void)state;
  for(i=0; i<20000; i++){
    double n = 1 + random_below(&r, i%2 ? 20 : 100000), k = i%3 ? random_below(&r, (uint32_t)n+1) : n*random_unit(&r);
    double z = at_normal_quantile(0.01 + 0.98*random_unit(&r)), bound[2], other[2], p = k/n;
    int b;
    assert_true(at_wilson(k, n, z, &bound[0], &bound[1]));
    assert_true(at_wilson(n-k, n, z, &other[0], &other[1]));
    assert_close(bound[0], 1-other[1], 1e-12);  /* failures mirror successes */
    assert_true(0<=bound[0] && bound[0]<=p && p<=bound[1] && bound[1]<=1);
    for(b=0; b<2; b++){
      if( (b==0 && k==0) || (b==1 && k==n) ) continue;
      assert_close(fabs(p-bound[b]), z*sqrt(bound[b]*(1-bound[b])/n), 1e-9);
    }
  }
}

/* R: quantile(c(1, 2, 4, 8), p, type = 7): places 0 .. 3, and the part of the way to the next. */
static void test_quantile_places(void **state){
  static const double known[][3] = {{0, 0, 0}, {0.1, 0, 0.3}, {0.25, 0, 0.75}, {0.5, 1, 0.5}, {0.75, 2, 0.25}, {0.9, 2, 0.7}, {1, 3, 0}};
  uint32_t n, i;
  double part;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    assert_int_equal(at_quantile_place(4, known[i][0], &part), (int)known[i][1]);
    assert_close(part, known[i][2], 1e-12);
    assert_int_equal(at_quantile_place(1, known[i][0], &part), 0);
    assert_true(part==0);
  }
  for(n=1; n<3000; n++){
    double last = 0;
    for(i=0; i<=20; i++){
      double at = at_quantile_place(n, i/20.0, &part);
      assert_true(part>=0 && part<1 && at+part<=n-1 && at+part>=last);
      last = at+part;
    }
    assert_true(last==n-1);
  }
}

/* What wilson() takes: no more hits than tries but for rounding, none negative, none NaN. */
static void test_rates(void **state){
  (void)state;
  assert_true(at_rate_ok(0, 0) && at_rate_ok(3, 10) && at_rate_ok(10, 10) && at_rate_ok(10*(1+1e-10), 10) && at_rate_ok(5, 0));
  assert_false(at_rate_ok(10*(1+1e-8), 10));
  assert_false(at_rate_ok(-1, 10));
  assert_false(at_rate_ok(1, -10));
  assert_false(at_rate_ok(NAN, 10));
  assert_false(at_rate_ok(1, NAN));
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_days),
    HEAP_TEST(test_confidence),
    HEAP_TEST(test_normal_quantile),
    HEAP_TEST(test_wilson_by_hand),
    HEAP_TEST(test_wilson_solves_its_equation),
    HEAP_TEST(test_quantile_places),
    cmocka_unit_test(test_rates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
