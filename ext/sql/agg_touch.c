/*
** agg_touch.c: first_touch(value, ts) and last_touch(value, ts), as aggregates
** and as window functions over any frame.
**
**   SELECT account_id, first_touch(channel, touched_at) AS original_source
**     FROM touches GROUP BY account_id;
**   SELECT *, last_touch(channel, touched_at) OVER (
**            PARTITION BY account_id ORDER BY touched_at
**            ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING) AS came_from FROM touches;
**
** (1) A row whose value or ts is NULL or '' is skipped.
** (2) At equal times the smallest value is first and the largest last.
** (3) The value keeps its class. No rows: NULL.
*/
#include "sql.h"

#define MANY_ITEMS 4096              /* for which it is worth a look at the program */

typedef struct State State;
struct State {
  int started;
  AtEnv env;
  AtExtreme extreme;
  int looked;                       /* at the program, for what frame it is */
};

static const char *name_of(int latest){ return latest ? "last_touch" : "first_touch"; }

static State *state_of(sqlite3_context *context, int latest){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
    return NULL;
  }
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
    s->extreme.latest = latest;
  }
  return s;
}

/* A queue that grows may be that of a plain aggregate, which needs its head alone. */
static void look_at_frame(State *s, sqlite3_context *context, int latest){
  char called[16];
  sqlite3_snprintf(sizeof called, called, "%s(", name_of(latest));
  s->looked = 1;
  if( frame_stands(&s->env, sqlite3_user_data(context), called) ) at_extreme_keep_best(&s->extreme);
}

static void step(sqlite3_context *context, sqlite3_value **argv, int latest){
  State *s = state_of(context, latest);
  AtCell value;
  int64_t time;
  uint8_t form;
  if( s==NULL ) return;
  cell_of(argv[0], &value);
  if( !group_time(&s->env, argv[1], &time, &form) || at_cell_is_null(&value) ){
    at_extreme_skip(&s->extreme);
  }else{
    at_extreme_add(&s->env, &s->extreme, time, &value);
    if( s->extreme.n>=MANY_ITEMS && !s->looked ) look_at_frame(s, context, latest);
  }
  if( s->env.error.code ) result_failure(context, name_of(latest), &s->env);
}

void first_touch_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  step(context, argv, 0);
}

void last_touch_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  step(context, argv, 1);
}

void touch_inverse(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = sqlite3_aggregate_context(context, 0);
  (void)argc; (void)argv;
  if( s && s->started && s->extreme.keeps_best ) sqlite3_result_error(context, "a frame that stood has moved", -1);
  else if( s && s->started && s->extreme.removed<s->extreme.added ) at_extreme_remove(&s->extreme);
}

void touch_value(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  AtCell value;
  if( s && s->started && at_extreme_best(&s->extreme, &value) ) cell_result(context, &value);
  else sqlite3_result_null(context);
}

void touch_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  touch_value(context);
  if( s && s->started ) at_extreme_free(s->env.alloc, &s->extreme);
}
