/*
** agg_retention.c: retention(c1, …, cN): who came back.
**
**   SELECT retention(day = '2024-03-01', day = '2024-03-02', day = '2024-03-08')
**     FROM visits GROUP BY user_id;                      [1,0,1]
**
** r1 = any row with c1; ri = any row with c1 and any with ci, in whatever order.
*/
#include "sql.h"

typedef struct State State;
struct State {
  int started;
  AtEnv env;
  AtConditions rows;                /* only rows.row is used: what any row has */
};

static State *state_of(sqlite3_context *context, int n){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  const Arity *arity = sqlite3_user_data(context);
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
  }else if( !s->started ){
    s->started = 1;
    s->env = connection_env(arity->connection);
    if( n==0 ) at_fail(&s->env, AT_INVALID, "there is no condition; write retention(week = 1, week = 2)");
    at_conditions_open(&s->env, &s->rows, (uint32_t)n, 0);
  }
  return s;
}

void retention_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = state_of(context, argc);
  if( s==NULL ) return;
  group_conditions(&s->env, &s->rows, 1, argc, argv);
  if( s->env.error.code ) result_failure(context, "retention", &s->env);
}

/* Without a row all are 0, as many as there are arguments. */
void retention_final(sqlite3_context *context){
  const Arity *arity = sqlite3_user_data(context);
  State *s = state_of(context, arity->n<0 ? 1 : arity->n);
  AtText json = {0};
  if( s==NULL ) return;
  at_retention_json(&s->env, &s->rows, &json);
  result_json(context, "retention", &s->env, &json);
}
