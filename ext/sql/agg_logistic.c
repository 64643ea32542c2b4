/*
** agg_logistic.c: logistic_fit([options,] y, x1, …): logistic regression of a group.
**
**   SELECT logistic_fit(status = 'won', fit = 'strong', employees) FROM deals;
**   SELECT segment, logistic_fit('ridge=1', status = 'won', employees) FROM deals GROUP BY segment;
**     {"intercept":-1.9,"coefficients":[0.7,0.002],"std_errors":[0.3,0.2,0.001], … }
**
** (1) A row whose y or any x is NULL or '' is skipped; a group without any other gives NULL.
** (2) The first argument is options where it is text that holds a '='; it must be in all rows then.
*/
#include "sql.h"

#include <math.h>

typedef struct State State;
struct State {
  int started, failed;              /* failed: the step has said why */
  int has_options;                  /* -1 before the first row */
  Connection *connection;
  Reading *options;
  AtLogisticRows rows;
};

/* The group's state; NULL when there is no memory for it. */
static State *state_of(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
  }else if( !s->started ){
    s->started = 1;
    s->has_options = -1;
    s->connection = sqlite3_user_data(context);
  }
  return s;
}

static int read_options(AtEnv *env, Reading *r, const AtCell *arguments){
  return at_logistic_options(env, arguments[0].text, arguments[0].n, &r->ridge);
}

/* Whether the row has options, as every row of the group or none. On the first one the rows begin. */
static int begin_row(AtEnv *env, State *s, int argc, sqlite3_value **argv){
  static const char *const names[] = {"options"};
  AtCell first;
  int has_options = 0;
  if( argc>0 ){
    cell_of(argv[0], &first);
    has_options = at_logistic_is_options(&first);
  }
  if( argc<1+has_options ){
    at_fail(env, AT_INVALID, "there is no y; write logistic_fit(status = 'won', x1, x2)");
  }else if( s->has_options<0 ){
    s->has_options = has_options;
    at_logistic_open(env, &s->rows, (uint32_t)(argc-1-has_options));
  }else if( s->has_options!=has_options ){
    at_fail(env, AT_INVALID, "options differs within a group (got %s); write one for all rows", at_cell_quote(&first).text);
  }
  if( has_options && !env->error.code ){
    reading_of(env, s->connection, &s->options, READS_RIDGE, 0, &first, names, 1, read_options);
  }
  return has_options;
}

/* y and the numbers of a row; 0 where it is skipped, or on failure. */
static int read_row(AtEnv *env, int n, sqlite3_value **argv, int *y, double *x){
  AtCell cell;
  int j, complete;
  const char *mend;
  complete = group_truth(env, argv[0], "y", y);
  for(j=0; j<n && !env->error.code; j++){
    cell_of(argv[j+1], &cell);
    mend = at_cell_number(&cell, &x[j]);
    if( mend ) at_fail(env, AT_INVALID, "x%d is no number (got %s); %s", j+1, at_cell_quote(&cell).text, mend);
    else if( isnan(x[j]) ) complete = 0;
  }
  return complete && !env->error.code;
}

void logistic_fit_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = state_of(context);
  AtEnv env;
  double x[AT_MAX_PREDICTORS];
  int has_options, y;
  if( s==NULL ) return;
  connection_env_at(s->connection, &env);
  has_options = begin_row(&env, s, argc, argv);
  if( !env.error.code && read_row(&env, argc-1-has_options, argv+has_options, &y, x) ){
    at_logistic_add(&env, &s->rows, y, x);
  }
  if( env.error.code ){
    s->failed = 1;
    result_failure(context, "logistic_fit", &env);
  }
}

/* After the result, also of a step that has failed. */
static void close_state(State *s){
  reading_release(&s->connection->alloc, s->options);
  s->options = NULL;
  at_logistic_free(&s->connection->alloc, &s->rows);
}

void logistic_fit_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  if( !s->failed && s->rows.n>0 ){
    AtLogistic fit;
    AtText json = {0};
    AtEnv env;
    connection_env_at(s->connection, &env);
    if( at_logistic_fit(&env, &s->rows, s->options ? s->options->ridge : 0, &fit) ) at_logistic_json(&env, &fit, &json);
    result_json(context, "logistic_fit", &env, &json);
  }
  close_state(s);
}
