/*
** test_survival.c: conversion curves by hand, against sums over subjects, and
** their errors against the jackknife of infinitely small weights.
*/
#include "funnel_common.h"

/* 'c5' converted at day 5, 'x5' closed, 'o5' still open, censored. */
static uint32_t spells_of(const char *text, uint64_t *keys, uint32_t room){
  static const char kinds[] = "cxo";
  uint32_t n = 0;
  while( *text ){
    int ending = (int)(strchr(kinds, *text)-kinds);
    int64_t day;
    text = read_integer(text+1, &day);
    assert_true(n<room);
    keys[n++] = at_spell(day*DAY, ending);
    while( *text==' ' ) text++;
  }
  return n;
}

typedef struct Point Point;
struct Point { int64_t day; uint32_t at_risk, converted, closed, censored; double conversion, error; };

static void assert_point(const AtCurve *x, const Point *p){
  assert_true(x->time==p->day*DAY);
  assert_int_equal(x->at_risk, p->at_risk);
  assert_int_equal(x->converted, p->converted);
  assert_int_equal(x->closed, p->closed);
  assert_int_equal(x->censored, p->censored);
  assert_close(x->conversion, p->conversion, 1e-14);
  if( p->error>=0 ) assert_close(at_curve_error(x), p->error, 1e-14);
}

static void check_curve(void **state, const char *text, const Point *points, size_t n_points){
  AtEnv env = heap_env(*state);
  uint64_t keys[32];
  uint32_t n = spells_of(text, keys, COUNT(keys));
  AtCurve x;
  size_t i;
  assert_true(at_sort_keys(&env, keys, n));
  at_curve_start(&x, keys, n);
  for(i=0; i<n_points; i++){
    assert_true(at_curve_next(&x));
    assert_point(&x, &points[i]);
  }
  assert_false(at_curve_next(&x));
  assert_false(at_curve_until(&x, 1000*DAY));
}

/* Kaplan and Meier with Greenwood's error: S = 4/5, 8/15, censored 8/15. */
static void test_kaplan_meier_by_hand(void **state){
  const Point points[] = {
    {1, 5, 1, 0, 0, 0.2, 0.8*0.22360679774997896}, {2, 4, 0, 0, 1, 0.2, 0.8*0.22360679774997896},
    {3, 3, 1, 0, 1, 1-0.8*2/3, 0.8*2/3*0.46547466812563139}, {9, 1, 1, 0, 0, 1, 0},
  };
  check_curve(state, "c1 o2 c3 o3 c9", points, COUNT(points));
}

/* Aalen and Johansen: what is closed never converts, so the curve ends below 1. */
static void test_competing_outcomes_by_hand(void **state){
  const Point points[] = {
    {0, 6, 1, 1, 0, 1.0/6, -1}, {2, 4, 1, 0, 0, 1.0/6 + 4.0/6/4, -1}, {4, 3, 0, 1, 1, 2.0/6, -1}, {7, 1, 1, 0, 0, 2.0/6 + 2.0/6, -1},
  };
  const Point closed[] = {{3, 2, 0, 2, 0, 0, 0}};
  const Point open[] = {{3, 2, 0, 0, 1, 0, 0}, {4, 1, 0, 0, 1, 0, 0}};
  check_curve(state, "c7 x0 c2 x4 o4 c0", points, COUNT(points));
  check_curve(state, "x3 x3", closed, 1);
  check_curve(state, "o4 o3", open, 2);
  check_curve(state, "", NULL, 0);
}

/* Steps gather what lies in (before, time], and end with the last time. */
static void test_steps(void **state){
  static const Point points[] = {{0, 6, 1, 0, 0, 1.0/6, -1}, {7, 5, 2, 1, 0, 0.5, -1}, {14, 2, 0, 0, 0, 0.5, -1}, {21, 2, 1, 0, 1, 4.0/6, -1}};
  AtEnv env = heap_env(*state);
  uint64_t keys[8];
  uint32_t n = spells_of("c0 c1 c7 x6 c15 o21", keys, COUNT(keys)), i;
  AtCurve x;
  assert_true(at_sort_keys(&env, keys, n));
  at_curve_start(&x, keys, n);
  for(i=0; i<COUNT(points); i++){
    assert_true(at_curve_until(&x, 7*i*DAY));
    assert_point(&x, &points[i]);
  }
  assert_false(at_curve_until(&x, 28*DAY));
  at_curve_start(&x, keys, n);
  for(i=0; i<COUNT(points); i++){
    assert_true(at_curve_step(&x, 7*DAY));
    assert_point(&x, &points[i]);
  }
  assert_false(at_curve_step(&x, 7*DAY));
}

/*********************************** Weights **********************************/

/* The share converted up to a time, every subject counting as much as its weight. */
static double weighted_share(const uint64_t *keys, const double *weight, uint32_t n, int64_t until){
  double staying = 1, share = 0;
  uint32_t i = 0, j;
  while( i<n && at_spell_time(keys[i])<=until ){
    double at_risk = 0, sum[3] = {0, 0, 0};
    for(j=i; j<n; j++) at_risk += weight[j];
    for(j=i; j<n && at_spell_time(keys[j])==at_spell_time(keys[i]); j++) sum[keys[j] & 3] += weight[j];
    share += staying*sum[AT_CONVERTED]/at_risk;
    staying *= 1-(sum[AT_CONVERTED]+sum[AT_CLOSED])/at_risk;
    i = j;
  }
  return share;
}

/* The sum of squares of what each weight does to the share. */
static double jackknife_variance(const uint64_t *keys, uint32_t n, int64_t until){
  static const double h = 1e-4;
  double weight[64], variance = 0;
  uint32_t i;
  for(i=0; i<n; i++) weight[i] = 1;
  for(i=0; i<n; i++){
    double more, less;
    weight[i] = 1+h;
    more = weighted_share(keys, weight, n, until);
    weight[i] = 1-h;
    less = weighted_share(keys, weight, n, until);
    weight[i] = 1;
    variance += (more-less)*(more-less)/(4*h*h);
  }
  return variance;
}

static uint32_t random_spells(Random *r, AtEnv *env, uint64_t *keys, uint32_t most, uint32_t n_times){
  uint32_t n = 1 + random_below(r, most), i;
  for(i=0; i<n; i++) keys[i] = at_spell(random_below(r, n_times)*DAY, (int)random_below(r, 3));
  assert_true(at_sort_keys(env, keys, n));
  return n;
}

/* Share and error at every point, and bounds on the log(-log) scale around it. */
static void test_against_weights(void **state){
  Random r = {1};
  int round, bounds = 0;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    uint64_t keys[64];
    double ones[64], low, high;
    uint32_t n = random_spells(&r, &env, keys, 40, 1+random_below(&r, 30)), i, gone = 0;
    AtCurve x;
    for(i=0; i<n; i++) ones[i] = 1;
    at_curve_start(&x, keys, n);
    while( at_curve_next(&x) ){
      double share = x.conversion, error = at_curve_error(&x), half;
      assert_int_equal(x.at_risk, n-gone);
      gone += x.converted+x.closed+x.censored;
      assert_close(share, weighted_share(keys, ones, n, x.time), 1e-12);
      assert_true(share>=0 && share<=1+1e-12 && x.staying>=0);
      assert_close(error*error, jackknife_variance(keys, n, x.time), 1e-6);
      if( !at_curve_bounds(&x, 1.5, &low, &high) ) continue;
      half = 1.5*error/(share*log(share));
      assert_close(log(-log(low)), log(-log(share))-half, 1e-6);
      assert_close(log(-log(high)), log(-log(share))+half, 1e-6);
      assert_true(0<=low && low<=share+1e-15 && share<=high+1e-15 && high<=1);
      bounds++;
    }
    assert_int_equal(gone, n);
  }
  assert_true(bounds>10000);
}

static void test_no_bounds_at_0_and_1(void **state){
  static const char *const texts[] = {"o1 o2", "x1 o3", "c1 c2", "c1", "x2"};
  double low, high;
  size_t i;
  for(i=0; i<COUNT(texts); i++){
    AtEnv env = heap_env(*state);
    uint64_t keys[4];
    uint32_t n = spells_of(texts[i], keys, COUNT(keys));
    AtCurve x;
    assert_true(at_sort_keys(&env, keys, n));
    at_curve_start(&x, keys, n);
    assert_false(at_curve_bounds(&x, 1.96, &low, &high));
    while( at_curve_next(&x) ) if( x.staying==0 || texts[i][0]!='c' ) assert_false(at_curve_bounds(&x, 1.96, &low, &high));
  }
}

/* Two curves of one list, by times and by steps of any length, agree where both have a point. */
static void test_steps_agree_with_times(void **state){
  Random r = {2};
  int round;
  for(round=0; round<2000; round++){
    AtEnv env = heap_env(*state);
    uint64_t keys[64];
    uint32_t n = random_spells(&r, &env, keys, 60, 40), step = 1+random_below(&r, 9), i, sum[3] = {0, 0, 0};
    AtCurve by_time, by_step;
    at_curve_start(&by_time, keys, n);
    at_curve_start(&by_step, keys, n);
    for(i=0; at_curve_until(&by_step, (int64_t)i*step*DAY); i++){
      while( by_time.next<n && at_spell_time(keys[by_time.next])<=by_step.time ){
        assert_true(at_curve_next(&by_time));
        sum[0] += by_time.converted; sum[1] += by_time.closed; sum[2] += by_time.censored;
      }
      assert_true(by_step.time==(int64_t)i*step*DAY);
      assert_true(sum[0]==by_step.converted && sum[1]==by_step.closed && sum[2]==by_step.censored);
      assert_true(by_step.conversion==by_time.conversion && at_curve_error(&by_step)==at_curve_error(&by_time));
      memset(sum, 0, sizeof sum);
    }
    assert_true(by_time.next==n && (i==0 || (int64_t)(i-1)*step*DAY-at_spell_time(keys[n-1])<(int64_t)step*DAY));
  }
}

/* A million subjects: the shares add up without drift. */
static void test_many_subjects(void **state){
  enum { N = 1000000 };
  uint64_t *keys = malloc(N*sizeof *keys);
  AtCurve x;
  uint32_t i;
  (void)state;
  assert_non_null(keys);
  for(i=0; i<N; i++) keys[i] = at_spell((int64_t)(i/2)*AT_SECOND, i%2 ? AT_CLOSED : AT_CONVERTED);
  at_curve_start(&x, keys, N);
  while( at_curve_next(&x) ){}
  assert_close(x.conversion, 0.5, 1e-12);
  assert_close(at_curve_error(&x), sqrt(0.25/N), 1e-9);
  free(keys);
}

static void add_spells(AtEnv *env, void *given){
  AtSpells s = {0};
  int i;
  (void)given;
  for(i=0; i<200; i++) if( !at_spells_add(env, &s, i*DAY, i%3) ) break;
  assert_int_equal(s.n, env->error.code ? s.capacity : 200);
  if( !env->error.code ) at_sort_keys(env, s.keys, s.n);
  at_free(env->alloc, s.keys);
}

static void test_failures(void **state){
  check_failures(*state, add_spells, NULL, 4);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_kaplan_meier_by_hand),
    HEAP_TEST(test_competing_outcomes_by_hand),
    HEAP_TEST(test_steps),
    HEAP_TEST(test_against_weights),
    HEAP_TEST(test_no_bounds_at_0_and_1),
    HEAP_TEST(test_steps_agree_with_times),
    HEAP_TEST(test_many_subjects),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
