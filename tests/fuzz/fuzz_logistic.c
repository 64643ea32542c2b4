/*
** fuzz_logistic.c: models of logistic regression as text, their options, and fits of a few rows: what is
** fitted is written, reads back, and predicts probabilities.
*/
#include "fuzz_common.h"
#include "../../ext/core/scores.h"

static void check_model(const AtLogisticModel *model, Input in){
  double x[AT_MAX_PREDICTORS];
  uint32_t i, k;
  CHECK(model->n<=AT_MAX_PREDICTORS && isfinite(model->intercept));
  for(k=0; k<4; k++){
    double p;
    for(i=0; i<model->n; i++){
      x[i] = k==0 ? 0 : k==1 ? take_double(&in) : k==2 ? 1e300 : (double)take_byte(&in);
      if( !isfinite(x[i]) ) x[i] = -1;
    }
    p = at_logistic_predict(model, x);
    CHECK(p>=0 && p<=1);
  }
}

static void read_model(AtEnv *env, const char *text, size_t n, Input in, int must){
  AtLogisticModel model;
  int ok = at_logistic_model_parse(env, &model, text, n);
  CHECK(ok==(env->error.code==AT_OK));
  CHECK(ok || !must || env->error.code==AT_NOMEM);
  if( ok ) check_model(&model, in);
  at_logistic_model_free(env->alloc, &model);
}

static void fit_rows(AtEnv *env, Input in, double ridge){
  uint32_t n_predictors = 1 + take_below(&in, 4), n = take_below(&in, 60), i, k;
  AtLogisticRows rows;
  AtLogistic fit;
  if( at_logistic_open(env, &rows, n_predictors) ){
    for(i=0; i<n; i++){
      double x[4];
      uint32_t y = take_byte(&in);
      for(k=0; k<n_predictors; k++) x[k] = y & 64 ? take_double(&in) : (double)take_byte(&in);
      for(k=0; k<n_predictors; k++) if( !(fabs(x[k])<=AT_MAX_NUMBER) ) x[k] = k;
      if( !at_logistic_add(env, &rows, (int)(y & 1), x) ) break;
    }
    if( at_logistic_fit(env, &rows, ridge, &fit) ){
      AtText json = {0};
      for(k=0; k<=n_predictors; k++) CHECK(isfinite(fit.estimate[k]) && fit.std_error[k]>=0);
      CHECK(fit.n==n && fit.deviance>=0 && isfinite(fit.deviance));
      if( at_logistic_json(env, &fit, &json) ) read_model(env, json.text, json.n, in, 1);
      at_text_free(env->alloc, &json);
    }
  }
  at_logistic_free(env->alloc, &rows);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  Fuzz f;
  char *text;
  double ridge = 0;
  uint32_t what;
  fuzz_open(&f, &in);
  what = take_below(&in, 3);
  text = copy_rest(&in);
  if( what==0 ) read_model(&f.env, text, in.n, in, 0);
  else if( what==1 ) fit_rows(&f.env, in, in.n & 1 ? 0.5 : 0);
  else if( at_logistic_options(&f.env, text, in.n, &ridge) ) CHECK(ridge>=0 && isfinite(ridge));
  free(text);
  fuzz_close(&f);
}
