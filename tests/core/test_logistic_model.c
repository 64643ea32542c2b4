/*
** test_logistic_model.c: options, the model as text, its reading, and what it predicts.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

static void test_options(void **state){
  static const struct { const char *text; double ridge; } good[] = {
    {"ridge=1", 1}, {" RIDGE = 0.5 ; ", 0.5}, {";;ridge=1e12", 1e12}, {"ridge=0", 0}, {"ridge=1e-6;", 1e-6}, {"", 0},
  };
  static const struct { const char *text, *words; } bad[] = {
    {"ridge", "option 'ridge' has no value|ridge=1"}, {"rigde=1", "unknown option 'rigde'|did you mean ridge?"},
    {"maximum=1", "unknown option 'maximum'|write 'ridge=1', the only one"}, {"=1", "unknown option ''"},
    {"ridge=1;ridge=1", "ridge is given twice|once"}, {"ridge=-1", "ridge cannot be read|'-1'|1e-6 to 1e12"},
    {"ridge=1e-7", "'1e-7'"}, {"ridge=1e13", "'1e13'"}, {"ridge=", "''"}, {"ridge=1,5", "'1,5'"}, {"ridge=1;x", "'x' has no value"},
  };
  size_t i;
  for(i=0; i<COUNT(good); i++){
    AtEnv env = heap_env(*state);
    double ridge = -1;
    assert_true(at_logistic_options(&env, good[i].text, strlen(good[i].text), &ridge));
    assert_true(ridge==good[i].ridge);
  }
  for(i=0; i<COUNT(bad); i++){
    AtEnv env = heap_env(*state);
    double ridge;
    assert_false(at_logistic_options(&env, bad[i].text, strlen(bad[i].text), &ridge));
    assert_error(&env, AT_INVALID, bad[i].words);
  }
}

static void test_what_are_options(void **state){
  AtCell cells[6];
  (void)state;
  cells[0] = cell_text("ridge=1");
  cells[1] = cell_text("=");
  cells[2] = cell_text("1");
  cells[3] = cell_text("");
  cells[4] = cell_null();
  cells[5] = cell_bytes(AT_BLOB, "a=b", 3);
  assert_true(at_logistic_is_options(&cells[0]) && at_logistic_is_options(&cells[1]));
  assert_false(at_logistic_is_options(&cells[2]) || at_logistic_is_options(&cells[3]));
  assert_false(at_logistic_is_options(&cells[4]) || at_logistic_is_options(&cells[5]));
}

/* z = 2 has both tails 0.045500263896358414, z = 0 the whole. */
static void test_json(void **state){
  static const char before[] = "{\"intercept\":0.5,\"coefficients\":[0.0],\"std_errors\":[0.25,8.0],\"z\":[2.0,0.0],\"p_values\":[0.045500263896358";
  static const char after[] = ",1.0],\"n\":12,\"positives\":5,\"deviance\":0.3333333333333333,\"null_deviance\":2.0,\"iterations\":4,\"ridge\":0.5}";
  AtEnv env = heap_env(*state);
  AtText json = {NULL, 0, 0};
  AtLogistic fit;
  memset(&fit, 0, sizeof fit);
  fit.n_predictors = 1;
  fit.n = 12;
  fit.positives = 5;
  fit.iterations = 4;
  fit.ridge = 0.5;
  fit.deviance = 1.0/3;
  fit.null_deviance = 2;
  fit.estimate[0] = 0.5;
  fit.std_error[0] = 0.25;
  fit.estimate[1] = 0;
  fit.std_error[1] = 8;
  assert_true(at_logistic_json(&env, &fit, &json));
  assert_true(strncmp(json.text, before, strlen(before))==0);
  assert_true(strstr(json.text, after)!=NULL && strlen(strstr(json.text, after))==strlen(after));
  assert_true(strlen(json.text)<=strlen(before)+4+strlen(after)); /* the last digits of a tail are the C library's */
  at_text_free(env.alloc, &json);
  fit.n_predictors = 0;
  assert_true(at_logistic_json(&env, &fit, &json));
  assert_true(strstr(json.text, "\"coefficients\":[],\"std_errors\":[0.25],\"z\":[2.0]")!=NULL);
  at_text_free(env.alloc, &json);
}

/* What was written is read as the same doubles. */
static void test_there_and_back(void **state){
  AtEnv env = heap_env(*state);
  Random r = {1};
  int t;
  uint32_t j;
  for(t=0; t<200; t++){
    AtText json = {NULL, 0, 0};
    AtLogisticModel model;
    AtLogistic fit;
    memset(&fit, 0, sizeof fit);
    fit.n_predictors = (uint32_t)t%(AT_MAX_PREDICTORS+1);
    for(j=0; j<=fit.n_predictors; j++){
      fit.estimate[j] = random_double(&r);
      fit.std_error[j] = 1;
    }
    at_logistic_json(&env, &fit, &json);
    assert_true(at_logistic_model_parse(&env, &model, json.text, json.n));
    assert_int_equal(model.n, fit.n_predictors);
    assert_true(model.intercept==fit.estimate[0]);
    for(j=0; j<model.n; j++) assert_true(model.coefficient[j]==fit.estimate[j+1]);
    at_logistic_model_free(env.alloc, &model);
    at_text_free(env.alloc, &json);
  }
}

static void test_texts_that_are_models(void **state){
  static const char *const texts[] = {
    "{\"intercept\":1,\"coefficients\":[2,-3.5]}",
    " {\n\t\"coefficients\" : [ 2e0 , -35E-1 ] ,\r\n \"intercept\" : 1.0 } ",
    "{\"a\":null,\"b\":[true,false,[],{}],\"c\":{\"intercept\":5,\"x\":\"\\\"}\"},\"intercept\":1,\"d\":-1e999,\"coefficients\":[2,-3.5],\"\":\"\"}",
  };
  AtEnv env = heap_env(*state);
  size_t i;
  for(i=0; i<COUNT(texts); i++){
    AtLogisticModel model;
    assert_true(at_logistic_model_parse(&env, &model, texts[i], strlen(texts[i])));
    assert_true(model.n==2 && model.intercept==1 && model.coefficient[0]==2 && model.coefficient[1]==-3.5);
    at_logistic_model_free(env.alloc, &model);
  }
}

static void test_texts_that_are_none(void **state){
  static const struct { const char *text, *words; } bad[] = {
    {"", "cannot be read from character 1|got ''|logistic_fit() returned"}, {"  ", "character 3"}, {"won", "character 1|'won'"},
    {"[1]", "character 1"}, {"{", "character 2"}, {"{}", "model has no intercept|'{}'"}, {"{\"intercept\":1}", "model has no coefficients"},
    {"{\"coefficients\":[1]}", "model has no intercept"}, {"{\"intercept\":\"1\",\"coefficients\":[1]}", "character 14|'\"1\""},
    {"{\"intercept\":null,\"coefficients\":[1]}", "character 14"}, {"{\"intercept\":+1,\"coefficients\":[1]}", "character 14"},
    {"{\"intercept\":1e999,\"coefficients\":[1]}", "character 14"}, {"{\"intercept\":1,\"coefficients\":1}", "character 31"},
    {"{\"intercept\":1,\"coefficients\":[1,]}", "character 34|']}'"}, {"{\"intercept\":1,\"coefficients\":[1}", "character 33"},
    {"{\"intercept\":1,\"coefficients\":[1 2]}", "character 34"}, {"{\"intercept\":1,\"coefficients\":[1]", "character 34"},
    {"{\"intercept\":1,\"coefficients\":[1]}x", "character 35|'x'"}, {"{\"intercept\":1,\"intercept\":1,\"coefficients\":[1]}", "character 16"},
    {"{\"coefficients\":[1],\"coefficients\":[1],\"intercept\":1}", "character 21"}, {"{\"intercept\" 1}", "character 14"},
    {"{intercept:1}", "character 2"}, {"{\"a\":tru}", "character 6"}, {"{\"a\":\"b}", "character 6"}, {"{\"a\":\"\\", "character 6"},
    {"{\"a\":[1,}", "character 9"}, {"{\"a\":{1:2}}", "character 7"}, {"{\"a\":{\"b\" 2}}", "character 11"}, {"{\"a\":{\"b\":", "character 11"},
    {"{\"a\":falze}", "character 6"}, {"{\"a\":nuln}", "character 6"}, {"{\"a\":", "character 6"}, {"{\"coefficientz\":[1],\"intercept\":1}", "model has no coefficients"},
    {"{\"a\":1z}", "character 6"}, {"{\"a\":{1}}", "character 7"}, {"{\"a\":@}", "character 6"}, {"{\"a\":1|}", "character 7"}, {"{\"a\":t", "character 6"},
  };
  size_t i;
  for(i=0; i<COUNT(bad); i++){
    AtEnv env = heap_env(*state);
    AtLogisticModel model;
    size_t n = strlen(bad[i].text);
    char *exact = malloc(n ? n : 1);                 /* a byte too far is seen by the sanitizer */
    memcpy(exact, bad[i].text, n);
    assert_false(at_logistic_model_parse(&env, &model, exact, n));
    free(exact);
    assert_error(&env, AT_INVALID, bad[i].words);
    at_logistic_model_free(env.alloc, &model);
  }
}

/* A NUL byte is no blank. */
static void test_nul_bytes(void **state){
  static const char text[] = "{\0\"intercept\":1,\"coefficients\":[1]}";
  AtEnv env = heap_env(*state);
  AtLogisticModel model;
  assert_false(at_logistic_model_parse(&env, &model, text, sizeof text-1));
  assert_error(&env, AT_INVALID, "character 2");
  at_logistic_model_free(env.alloc, &model);
}

static void refuse(void **state, AtText *text, const char *words){
  AtEnv env = heap_env(*state);
  AtLogisticModel model;
  assert_false(at_logistic_model_parse(&env, &model, text->text, text->n));
  assert_error(&env, AT_INVALID, words);
  at_logistic_model_free(env.alloc, &model);
  text->n = 0;
}

static void test_limits(void **state){
  AtEnv env = heap_env(*state);
  AtText text = {NULL, 0, 0};
  int i;
  at_text_add(&env, &text, "{\"coefficients\":[0", 18);
  for(i=0; i<100; i++) at_text_add(&env, &text, ",0", 2);
  at_text_add(&env, &text, "]}", 2);
  refuse(state, &text, "more than 100 coefficients");
  at_text_add(&env, &text, "{\"a\":", 5);
  for(i=0; i<1000; i++) at_text_add(&env, &text, "[", 1);
  refuse(state, &text, "cannot be read from character 71");
  for(i=0; i<70000; i++) at_text_add(&env, &text, " ", 1);
  refuse(state, &text, "longer than 65,535 bytes");
  at_text_free(env.alloc, &text);
}

static double predicted(double intercept, double a, double b, double x, double y){
  double coefficient[2], at[2];
  AtLogisticModel model;
  coefficient[0] = a; coefficient[1] = b;
  at[0] = x; at[1] = y;
  model.intercept = intercept;
  model.n = 2;
  model.coefficient = coefficient;
  return at_logistic_predict(&model, at);
}

static void test_predictions(void **state){
  Random r = {2};
  int i;
  (void)state;
  assert_true(predicted(0, 1, 1, 0, 0)==0.5);
  assert_close(predicted(0, 1, 0, log(3), 0), 0.75, 1e-15);
  assert_close(predicted(-log(3), 0, 0, 5, 5), 0.25, 1e-15);
  assert_true(predicted(0, 1, 0, 40, 0)==1 && predicted(0, 1, 0, 1e6, 0)==1 && predicted(0, -1, 0, 1e6, 0)==0);
  assert_close(predicted(0, 1, 0, -700, 0)/exp(-700), 1, 1e-14); /* small, and not 0 */
  assert_true(predicted(1e308, 1e308, 0, 1e290, 1)==1 && predicted(0, -1e308, 0, 1e290, 1)==0);
  assert_true(predicted(0, 1e300, 1e300, 1e290, -1e289)==1 && predicted(0, 1e300, 1e300, 1e289, -1e290)==0);
  assert_true(predicted(0, 1e300, 1e300, 1e290, -1e290)==0.5);       /* infinite parts that are as much of each */
  for(i=0; i<10000; i++){                            /* what one side gains the other loses */
    double a = random_unit(&r)*60-30, p = predicted(a, 0, 0, 0, 0);
    assert_true(p>0 && p<=1);
    assert_close(p + predicted(-a, 0, 0, 0, 0), 1, 1e-15);
    assert_close(p/(1/(1+exp(-a))), 1, 1e-13);
  }
}

static void write_and_read(AtEnv *env, void *given){
  AtText json = {NULL, 0, 0};
  AtLogisticModel model = {0, 0, NULL};
  at_logistic_json(env, given, &json);
  if( !env->error.code ) at_logistic_model_parse(env, &model, json.text, json.n);
  at_logistic_model_free(env->alloc, &model);
  at_text_free(env->alloc, &json);
}

static void test_failures(void **state){
  AtLogistic fit;
  int j;
  memset(&fit, 0, sizeof fit);
  fit.n_predictors = 30;
  for(j=0; j<=30; j++) fit.std_error[j] = 1;
  check_failures(*state, write_and_read, &fit, 5);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_options),
    HEAP_TEST(test_what_are_options),
    HEAP_TEST(test_json),
    HEAP_TEST(test_there_and_back),
    HEAP_TEST(test_texts_that_are_models),
    HEAP_TEST(test_texts_that_are_none),
    HEAP_TEST(test_nul_bytes),
    HEAP_TEST(test_limits),
    HEAP_TEST(test_predictions),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
