/*
** logistic_predict.c: logistic_predict(model, x1, …): the probability that a model of logistic_fit() gives.
**
**   SELECT deal_id, logistic_predict((SELECT logistic_fit(status = 'won', amount) FROM closed_deals), amount)
**     FROM open_deals;
**
** NULL where the model or an x is NULL or ''. The model is read once, as reading.c does it, wherever it
** comes from: the connection keeps the last ones, and each row's is compared byte by byte.
*/
#include "sql.h"

#include <math.h>

static int read_model(AtEnv *env, Reading *r, const AtCell *arguments){
  return at_logistic_model_parse(env, &r->model, arguments[0].text, arguments[0].n);
}

/* The numbers of the row; 0 where one is NULL, or on failure. */
static int read_numbers(AtEnv *env, const AtLogisticModel *model, int n, sqlite3_value **argv, double *x){
  int j, complete = 1;
  if( (uint32_t)n!=model->n ){
    at_fail(env, AT_INVALID, "the model has another number of predictors (got %d, it has %u); write them as logistic_fit() "
            "was given them", n, (unsigned)model->n);
  }
  for(j=0; j<n && !env->error.code; j++){
    AtCell cell;
    const char *mend;
    cell_of(argv[j], &cell);
    mend = at_cell_number(&cell, &x[j]);
    if( mend ) at_fail(env, AT_INVALID, "x%d is no number (got %s); %s", j+1, at_cell_quote(&cell).text, mend);
    else if( isnan(x[j]) ) complete = 0;
  }
  return complete && !env->error.code;
}

void logistic_predict_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  Connection *connection = sqlite3_user_data(context);
  Reading *reading = NULL;
  double x[AT_MAX_PREDICTORS];
  AtEnv env;
  AtCell model;
  connection_env_at(connection, &env);
  if( argc==0 ){
    at_fail(&env, AT_INVALID, "there is no model; write logistic_predict(model, x1, x2)");
  }else{
    cell_of(argv[0], &model);
    if( at_cell_is_null(&model) ) return;
    if( model.type!=AT_TEXT ){
      at_fail(&env, AT_INVALID, "model is not text (got %s); give the text that logistic_fit() returned",
              at_cell_quote(&model).text);
    }else if( reading_of(&env, connection, &reading, READS_MODEL, 0, &model, NULL, 1, read_model)
           && read_numbers(&env, &reading->model, argc-1, argv+1, x) ){
      sqlite3_result_double(context, at_logistic_predict(&reading->model, x));
    }
  }
  reading_release(&connection->alloc, reading);
  if( env.error.code ) result_failure(context, "logistic_predict", &env);
}
