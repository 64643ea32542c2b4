/*
** agg_session.c: sessionize(ts, gap) OVER (PARTITION BY … ORDER BY ts)
**
**   SELECT *, sessionize(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS session FROM visits;
**
** (1) Sessions are numbered from 1; a new one begins when more than gap has passed.
** (2) A row whose ts or gap is NULL gets NULL and ends no session.
** (3) Only the default frame is right: see core/session.c.
*/
#include "sql.h"

typedef struct State State;
struct State {
  int started;
  AtEnv env;
  AtSession session;
};

void sessionize_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  AtCell cell;
  int64_t time, gap = AT_NO_TIME;
  uint8_t form;
  const char *mend;
  (void)argc;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
  }
  if( !group_time(&s->env, argv[0], &time, &form) ) time = AT_NO_TIME;
  cell_of(argv[1], &cell);
  if( !at_cell_is_null(&cell) ){
    mend = at_duration_of(&cell, &gap);
    if( mend ) at_fail(&s->env, AT_INVALID, "gap is no duration (got %s); %s", at_cell_quote(&cell).text, mend);
  }
  if( !s->env.error.code ) at_session_add(&s->env, &s->session, time, gap);
  if( s->env.error.code ) result_failure(context, "sessionize", &s->env);
}

void sessionize_value(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  int64_t number;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
  }
  number = at_session_number(&s->env, &s->session);
  if( s->env.error.code ) result_failure(context, "sessionize", &s->env);
  else if( number ) sqlite3_result_int64(context, number);
  else sqlite3_result_null(context);
}

void sessionize_inverse(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = sqlite3_aggregate_context(context, 0);
  (void)argc; (void)argv;
  if( s==NULL || !s->started ) return;
  at_fail(&s->env, AT_INVALID, "this frame leaves rows out; write OVER (PARTITION BY ... ORDER BY ts)");
  result_failure(context, "sessionize", &s->env);
}

/* The end of a partition; without a number asked for before, a plain aggregate. */
void sessionize_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  if( s->session.is_waiting && !s->session.is_asked ){
    at_fail(&s->env, AT_INVALID, "this is a window function; write OVER (PARTITION BY ... ORDER BY ts)");
  }
  if( s->env.error.code ) result_failure(context, "sessionize", &s->env);
}
