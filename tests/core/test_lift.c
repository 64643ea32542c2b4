/*
** test_lift.c: differences of rates against published intervals, p-values of R, and the
** symmetries that they must have.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

static AtLift counts(uint64_t treated_converted, uint64_t treated, uint64_t control_converted, uint64_t control){
  AtLift x = {{control, treated}, {control_converted, treated_converted}};
  return x;
}

static void test_counting(void **state){
  AtLift x = {{0, 0}, {0, 0}};
  (void)state;
  at_lift_add(&x, 1, 1);
  at_lift_add(&x, 7, 0);
  at_lift_add(&x, 1, -1);
  at_lift_add(&x, 0, 5);
  at_lift_add(&x, 0, 0);
  assert_true(x.n[AT_TREATED]==3 && x.converted[AT_TREATED]==2 && x.n[AT_CONTROL]==2 && x.converted[AT_CONTROL]==1);
}

/* Newcombe (1998), table II, method 10. */
static void test_published_intervals(void **state){
  static const struct { uint64_t k1, n1, k2, n2; double low, high; } known[] = {
    {56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {6, 7, 2, 7, 0.0582, 0.8062},
    {5, 56, 0, 29, -0.0381, 0.1926}, {0, 10, 0, 20, -0.1611, 0.2775}, {0, 10, 0, 10, -0.2775, 0.2775},
    {10, 10, 0, 20, 0.6791, 1}, {10, 10, 0, 10, 0.6075, 1},
  };
  AtLiftFigures f;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    AtLift x = counts(known[i].k1, known[i].n1, known[i].k2, known[i].n2);
    at_lift_figures(&x, 0.95, &f);
    assert_close(f.low, known[i].low, 5e-5);
    assert_close(f.high, known[i].high, 5e-5);
  }
}

/* R: prop.test(c(k1, k2), c(n1, n2), correct = FALSE)$p.value */
static void test_p_values(void **state){
  static const struct { uint64_t k1, n1, k2, n2; double p_value; } known[] = {
    {56, 70, 48, 80, 0.0080450813681965643}, {9, 10, 3, 10, 0.0061698993205441532}, {10, 10, 0, 20, 4.3204630578274968e-08}, {500, 1000, 400, 1000, 6.9679310728498382e-06}, {3, 7, 3, 7, 1},
  };
  AtLiftFigures f;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    AtLift x = counts(known[i].k1, known[i].n1, known[i].k2, known[i].n2);
    at_lift_figures(&x, 0.95, &f);
    assert_close(f.p_value, known[i].p_value, 1e-12*known[i].p_value);
  }
}

static void test_what_is_missing(void **state){
  AtLiftFigures f;
  AtLift x = counts(0, 0, 0, 0);
  (void)state;
  at_lift_figures(&x, 0.95, &f);
  assert_true(isnan(f.rate[0]) && isnan(f.rate[1]) && isnan(f.lift) && isnan(f.low) && isnan(f.high) && isnan(f.relative) && isnan(f.p_value));
  x = counts(1, 4, 0, 0);
  at_lift_figures(&x, 0.95, &f);
  assert_true(isnan(f.rate[AT_CONTROL]) && f.rate[AT_TREATED]==0.25 && isnan(f.lift) && isnan(f.low) && isnan(f.relative) && isnan(f.p_value));
  x = counts(0, 0, 1, 4);
  at_lift_figures(&x, 0.95, &f);
  assert_true(isnan(f.rate[AT_TREATED]) && f.rate[AT_CONTROL]==0.25 && isnan(f.lift) && isnan(f.relative) && isnan(f.p_value));
  x = counts(1, 4, 0, 4);                              /* nothing to be relative to */
  at_lift_figures(&x, 0.95, &f);
  assert_true(f.lift==0.25 && isnan(f.relative) && f.p_value<1 && f.low<f.lift && f.lift<f.high);
  x = counts(0, 4, 0, 8);                              /* no variation */
  at_lift_figures(&x, 0.95, &f);
  assert_true(f.lift==0 && isnan(f.p_value) && f.low<0 && f.high>0);
  x = counts(4, 4, 8, 8);
  at_lift_figures(&x, 0.95, &f);
  assert_true(f.lift==0 && f.relative==0 && isnan(f.p_value));
  x = counts(1, 4, 2, 4);
  at_lift_figures(&x, NAN, &f);                        /* no confidence, no interval */
  assert_true(f.lift==-0.25 && f.relative==-0.5 && isnan(f.low) && isnan(f.high) && !isnan(f.p_value));
}

static void test_symmetries(void **state){
  Random r = {1};
  int i;
  (void)state;
  for(i=0; i<20000; i++){
    uint32_t most = i%2 ? 12 : 2000000000, n1 = 1+random_below(&r, most), n2 = 1+random_below(&r, most);
    uint32_t k1 = random_below(&r, n1+1), k2 = random_below(&r, n2+1);
    double confidence = 0.01+0.98*random_unit(&r);
    AtLift x = counts(k1, n1, k2, n2), swapped = counts(k2, n2, k1, n1), failures = counts(n1-k1, n1, n2-k2, n2);
    AtLiftFigures f, g, h, wider;
    at_lift_figures(&x, confidence, &f);
    at_lift_figures(&swapped, confidence, &g);
    at_lift_figures(&failures, confidence, &h);
    at_lift_figures(&x, confidence+(1-confidence)/2, &wider);
    assert_true(-1<=f.low && f.low<=f.lift && f.lift<=f.high && f.high<=1);
    assert_true(wider.low<=f.low && wider.high>=f.high);
    assert_close(f.low, -g.high, 1e-15);
    assert_close(f.high, -g.low, 1e-15);
    assert_close(f.low, -h.high, 1e-9);
    if( isnan(f.p_value) ) assert_true(isnan(g.p_value) && isnan(h.p_value) && k1+(uint64_t)k2==(k1 ? n1+(uint64_t)n2 : 0));
    else assert_true(f.p_value>=0 && f.p_value<=1 && f.p_value==g.p_value && fabs(f.p_value-h.p_value)<=1e-9);
  }
}

static void test_json(void **state){
  AtEnv env = heap_env(*state);
  AtText json = {0};
  AtLift x = counts(3, 4, 1, 2), huge = counts(0, UINT64_MAX, 0, 0);
  assert_true(at_lift_json(&env, &x, NAN, &json));
  assert_non_null(strstr(json.text, "{\"treated\":4,\"treated_converted\":3,\"treated_rate\":0.75,\"control\":2,\"control_converted\":1,"
                         "\"control_rate\":0.5,\"lift\":0.25,\"low\":null,\"high\":null,\"relative\":0.5,\"p_value\":0.5"));
  assert_true(json.text[json.n-1]=='}');
  at_text_free(env.alloc, &json);
  memset(&json, 0, sizeof json);
  assert_true(at_lift_json(&env, &huge, 0.95, &json));
  assert_non_null(strstr(json.text, "{\"treated\":18446744073709551615,\"treated_converted\":0,\"treated_rate\":0.0,\"control\":0,"));
  at_text_free(env.alloc, &json);
}

static void write_json(AtEnv *env, void *given){
  AtText json = {0};
  at_lift_json(env, given, 0.95, &json);
  at_text_free(env->alloc, &json);
}

static void test_failures(void **state){
  AtLift x = counts(56, 70, 48, 80);
  check_failures(*state, write_json, &x, 3);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_counting),
    HEAP_TEST(test_published_intervals),
    HEAP_TEST(test_p_values),
    HEAP_TEST(test_what_is_missing),
    HEAP_TEST(test_symmetries),
    HEAP_TEST(test_json),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
