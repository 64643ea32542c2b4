/*
** test_stays.c: figures of the times in a stage, by hand and against a plain look at
** each of them, with keys of four bytes and of eight.
*/
#include "funnel_common.h"

#define HOUR 3600

/* Spells of whole hours, in pieces; the first ones that advanced may be inferred, of no time. */
typedef struct Case Case;
struct Case { uint32_t n, inferred, n_converted; int64_t time[600]; int ending[600]; };

static void figures_of(AtEnv *env, const Case *x, int bytes, uint32_t n_pieces, AtStayFigures *out){
  AtStays piece[5] = {{NULL, 0, 0}}, all = {NULL, 0, 0};
  int64_t unit = bytes==4 ? AT_SECOND : 1;
  uint32_t i;
  for(i=0; i<x->n; i++) at_stays_add(env, &piece[i%n_pieces], bytes, x->time[i]*AT_SECOND/unit, x->ending[i]);
  for(i=0; i<n_pieces; i++) at_stays_join(env, &all, &piece[i], bytes);
  if( !env->error.code ) at_stays_figures(env, &all, bytes, unit, x->n_converted, x->inferred, out);
  for(i=0; i<n_pieces; i++) at_stays_free(env->alloc, &piece[i]);
  at_stays_free(env->alloc, &all);
}

static void assert_days(double got, double hours){
  if( isnan(hours) ? !isnan(got) : !(fabs(got-hours/24)<=1e-12*(1+fabs(hours))) ) fail_msg("%.17g, not %.17g", got, hours/24);
}

static void test_by_hand(void **state){
  /* three advanced after 1, 2 and 6 hours, one closed after 3, one still there after 2, one inferred */
  static const Case x = {5, 1, 3, {6*HOUR, 2*HOUR, 3*HOUR, 1*HOUR, 2*HOUR},
                         {AT_CONVERTED, AT_CENSORED, AT_CLOSED, AT_CONVERTED, AT_CONVERTED}};
  static const Case nobody = {0, 0, 0, {0}, {0}}, open = {1, 0, 0, {HOUR}, {AT_CENSORED}}, inferred = {0, 4, 0, {0}, {0}};
  int bytes;
  for(bytes=4; bytes<=8; bytes+=4){
    AtEnv env = heap_env(*state);
    AtStayFigures f;
    figures_of(&env, &x, bytes, 2, &f);
    assert_days(f.mean, 3);
    assert_days(f.median, 2);
    assert_days(f.p90, 2+0.8*4);
    /* of six, three by 2 hours; then one is censored, and of two one is closed and one advances */
    assert_close(f.expected, 3.0/6 + 3.0/6*(1.0/2), 1e-12);
    figures_of(&env, &nobody, bytes, 1, &f);
    assert_true(isnan(f.mean) && isnan(f.median) && isnan(f.p90) && isnan(f.expected));
    figures_of(&env, &open, bytes, 1, &f);
    assert_true(isnan(f.mean) && f.expected==0);
    figures_of(&env, &inferred, bytes, 1, &f);
    assert_true(isnan(f.mean) && f.expected==1);
    assert_ok(&env);
  }
}

static int compare_times(const void *a, const void *b){
  const int64_t *x = a, *y = b;
  return *x<*y ? -1 : *x>*y;
}

static double quantile(const int64_t *x, uint32_t n, double p){
  double at = p*(n-1.0);
  uint32_t i = (uint32_t)at;
  return (double)x[i] + (i+1<n ? (at-i)*(double)(x[i+1]-x[i]) : 0);
}

/* Aalen and Johansen, looking at every stay for every time. */
static double expected_share(const Case *x){
  double staying = 1, share = 0;
  int64_t last = -1;
  for(;;){
    int64_t time = INT64_MAX;
    double at_risk = 0, converted = 0, gone = 0;
    uint32_t i;
    if( x->inferred && last<0 ) time = 0;
    for(i=0; i<x->n; i++) if( x->time[i]>last && x->time[i]<time ) time = x->time[i];
    if( time==INT64_MAX ) return share;
    if( time==0 ) at_risk = converted = gone = x->inferred;
    for(i=0; i<x->n; i++){
      at_risk += x->time[i]>=time;
      converted += x->time[i]==time && x->ending[i]==AT_CONVERTED;
      gone += x->time[i]==time && x->ending[i]!=AT_CENSORED;
    }
    share += staying*converted/at_risk;
    staying *= 1-gone/at_risk;
    last = time;
  }
}

static void random_case(Random *r, Case *x){
  uint32_t i, n_times = 1+random_below(r, random_below(r, 2) ? 4 : 100000), kinds = 1+random_below(r, 3);
  x->n = random_below(r, random_below(r, 3) ? 12 : COUNT(x->time));
  x->inferred = random_below(r, 3)==0 ? random_below(r, 9) : 0;
  x->n_converted = 0;
  for(i=0; i<x->n; i++){
    x->time[i] = random_below(r, n_times);
    x->ending[i] = (int)random_below(r, kinds);
    x->n_converted += x->ending[i]==AT_CONVERTED;
  }
}

/* Both widths and any number of pieces give the same bits. */
static void test_random_stays(void **state){
  Random r = {1};
  int round;
  for(round=0; round<1500; round++){
    AtEnv env = heap_env(*state);
    static int64_t days[600];
    static Case x;
    AtStayFigures f, again;
    double sum = 0;
    uint32_t i, n = 0;
    random_case(&r, &x);
    for(i=0; i<x.n; i++) if( x.ending[i]==AT_CONVERTED ) days[n++] = x.time[i];
    for(i=0; i<n; i++) sum += (double)days[i];
    qsort(days, n, sizeof *days, compare_times);
    figures_of(&env, &x, 4, 1+random_below(&r, 5), &f);
    figures_of(&env, &x, 8, 1+random_below(&r, 5), &again);
    assert_ok(&env);
    assert_memory_equal(&f, &again, sizeof f);
    assert_days(f.mean, n ? sum/n/HOUR : NAN);
    assert_days(f.median, n ? quantile(days, n, 0.5)/HOUR : NAN);
    assert_days(f.p90, n ? quantile(days, n, 0.9)/HOUR : NAN);
    if( x.n+x.inferred==0 ) assert_true(isnan(f.expected));
    else assert_close(f.expected, expected_share(&x), 1e-9);
  }
}

/* Sums beyond 64 bits: ten thousand years in microseconds, many times over. */
static void test_long_stays(void **state){
  enum { N = 100000 };
  AtEnv env = heap_env(*state);
  AtStays s = {NULL, 0, 0};
  AtStayFigures f;
  int64_t longest = AT_MAX_TIME-AT_MIN_TIME;
  uint32_t i;
  for(i=0; i<N; i++) assert_true(at_stays_add(&env, &s, 8, longest-i, AT_CONVERTED));
  assert_true(at_stays_figures(&env, &s, 8, 1, N, 0, &f));
  assert_true(f.mean==at_days((double)longest-(N-1)/2.0));
  at_stays_free(env.alloc, &s);
  s.keys = NULL;
  assert_true(at_stays_add(&env, &s, 4, AT_SHORT_STAY-1, AT_CENSORED) && at_stays_add(&env, &s, 4, AT_SHORT_STAY-1, AT_CONVERTED));
  assert_true(at_stays_figures(&env, &s, 4, AT_SECOND, 1, 0, &f));
  assert_true(f.mean==f.median && f.mean==(double)(AT_SHORT_STAY-1)/86400 && f.expected==0.5);
  at_stays_free(env.alloc, &s);
}

static void figures_again(AtEnv *env, void *given){
  Random r = {7};
  Case x;
  AtStayFigures f;
  memset(&x, 0, sizeof x);
  x.n = 200;
  for(x.n_converted=0; x.n_converted<x.n; x.n_converted++) x.time[x.n_converted] = random_below(&r, 99999);
  figures_of(env, &x, *(int*)given, 3, &f);
}

static void test_failures(void **state){
  int bytes[] = {4, 8}, i;
  for(i=0; i<2; i++){
    check_failures(*state, figures_again, &bytes[i], 15);
    check_stops(*state, figures_again, &bytes[i], 2);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_random_stays),
    HEAP_TEST(test_long_stays),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
