/*
** agg_funnel.c: window_funnel(), window_funnel_events() and funnel_stage(): how
** far the rows of one group get through the steps in order.
**
**   SELECT user_id, window_funnel('7 days, strict_order', ts, page = 'home', page = 'cart', page = 'paid')
**     FROM visits GROUP BY user_id;                                       0 .. 3
**   SELECT lead_id, funnel_stage(stage, ts, 'inquiry > mql > sql > won', '90 days')
**     FROM stage_events GROUP BY lead_id;                                 0 .. 4
**
** (1) A row whose ts or window is NULL is skipped; a window that is NULL in every
**     row of a group is an error, as is one that differs within a group.
** (2) A group without rows gives 0, or [].
*/
#include "sql.h"

typedef struct State State;
struct State {
  int started, failed;              /* failed: the step has said why */
  Connection *connection;
  Reading *reading;                 /* of the rows so far that count, NULL = there is none */
  AtConditions rows;
  AtConditionRoom room;
};

/* The group's state; NULL when there is no memory for it. */
static State *state_of(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
  }else if( !s->started ){
    s->started = 1;
    s->connection = sqlite3_user_data(context);
  }
  return s;
}

static void fail(sqlite3_context *context, State *s, const char *name, const AtEnv *env){
  s->failed = 1;
  result_failure(context, name, env);
}

/* A row with the rule of its group; on the first one the group begins. */
static int begin_row(AtEnv *env, State *s, uint32_t n_conditions, int has_forms){
  if( s->rows.capacity ) return 1;
  if( !at_conditions_open(env, &s->rows, n_conditions, has_forms) ) return 0;
  at_conditions_lend(&s->rows, &s->room);
  return 1;
}

/* Adds the row whose conditions have been noted. Rows without any count in
** strict_order only. */
static void add_row(AtEnv *env, State *s, int64_t time, uint8_t form){
  at_conditions_add(env, &s->rows, time, form, (s->reading->rule.modes & AT_STRICT_ORDER)!=0);
}

static int read_window(AtEnv *env, Reading *r, const AtCell *arguments){
  return at_funnel_rule(env, &r->rule, &arguments[0]);
}

static void step(sqlite3_context *context, const char *name, int argc, sqlite3_value **argv, int has_forms){
  static const char *const names[] = {"window"};
  State *s = state_of(context);
  AtEnv env;
  AtCell window;
  int64_t time;
  uint8_t form;
  if( s==NULL ) return;
  connection_env_at(s->connection, &env);
  if( argc<3 ){
    at_fail(&env, AT_INVALID, "there is no condition; write %s('30 days', ts, stage = 'mql', stage = 'won')", name);
  }else{
    uint32_t n = (uint32_t)argc-2;
    cell_of(argv[0], &window);
    if( !at_cell_is_null(&window)
     && reading_of(&env, s->connection, &s->reading, READS_WINDOW, n, &window, names, 1, read_window)
     && begin_row(&env, s, n, has_forms) && group_time(&env, argv[1], &time, &form)
     && group_conditions(&env, &s->rows, 1, argc-2, argv+2) ) add_row(&env, s, time, form);
  }
  if( env.error.code ) fail(context, s, name, &env);
}

/* After the result, also of a step that has failed. */
static void close_state(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  reading_release(&s->connection->alloc, s->reading);
  s->reading = NULL;
  at_conditions_free(&s->connection->alloc, &s->rows);
}

/* The group's state, NULL where nothing was stepped or a step has failed. */
static State *stepped(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  return s && s->started && !s->failed ? s : NULL;
}

/* Sorts the rows; 0 on failure. Nothing but NULL for a window is a mistake. */
static int finish(AtEnv *env, State *s){
  if( s->reading==NULL ){
    at_fail(env, AT_INVALID, "window is NULL in every row; write a duration such as '30 days'");
  }
  return at_conditions_sort(env, &s->rows);
}

static void final_level(sqlite3_context *context, const char *name){
  State *s = stepped(context);
  uint32_t level = 0;
  AtEnv env;
  if( s ){
    connection_env_at(s->connection, &env);
    if( finish(&env, s) ) level = at_window_funnel(&env, &s->rows, &s->reading->rule, NULL);
  }
  if( s && env.error.code ) result_failure(context, name, &env);
  else sqlite3_result_int64(context, level);
  close_state(context);
}

void window_funnel_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "window_funnel", argc, argv, 0);
}

void window_funnel_final(sqlite3_context *context){
  final_level(context, "window_funnel");
}

void window_funnel_events_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "window_funnel_events", argc, argv, 1);
}

void window_funnel_events_final(sqlite3_context *context){
  State *s = stepped(context);
  AtText json = {0};
  AtEnv env;
  if( s==NULL ){
    sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
    sqlite3_result_subtype(context, 'J');
  }else{
    uint32_t *rows;
    connection_env_at(s->connection, &env);
    rows = at_alloc(&env, s->rows.n_conditions+1, sizeof *rows);
    if( finish(&env, s) ){
      uint32_t level = at_window_funnel(&env, &s->rows, &s->reading->rule, rows);
      if( !env.error.code ) at_conditions_json(&env, &s->rows, rows, level, &json);
    }
    at_free(env.alloc, rows);
    result_json(context, "window_funnel_events", &env, &json);
  }
  close_state(context);
}

/************************************* funnel_stage **************************/

/* The list, and if they are given the window and the modes. */
enum { LIST, WINDOW, MODES };

static int read_list(AtEnv *env, Reading *r, const AtCell *arguments){
  if( r->n>WINDOW ){
    const char *mend = at_duration_of(&arguments[WINDOW], &r->rule.window);
    if( mend ) at_fail(env, AT_INVALID, "window is no duration (got %s); %s", at_cell_quote(&arguments[WINDOW]).text, mend);
  }
  if( r->n>MODES && !at_cell_is_null(&arguments[MODES]) ){
    const AtCell *modes = &arguments[MODES];
    if( modes->type==AT_TEXT ) at_funnel_modes(env, &r->rule, modes->text, modes->n);
    else at_fail(env, AT_INVALID, "modes is not text (got %s); write 'strict_order'", at_cell_quote(modes).text);
  }
  if( arguments[LIST].type!=AT_TEXT ){
    at_fail(env, AT_INVALID, "stages is not text (got %s); write a list such as 'mql > sql > won'",
            at_cell_quote(&arguments[LIST]).text);
    return 0;
  }
  return !env->error.code && at_stages_parse(env, &r->stages, arguments[LIST].text, arguments[LIST].n, 1);
}

/* The arguments of the group. Returns 0 where the row is skipped, or on failure. */
static int begin_stage(AtEnv *env, State *s, int argc, sqlite3_value **argv){
  static const char *const names[] = {"stages", "window", "modes"};
  AtCell arguments[3];
  int i, n = argc-2;
  for(i=0; i<n; i++) cell_of(argv[i+2], &arguments[i]);
  if( n>WINDOW && at_cell_is_null(&arguments[WINDOW]) ) return 0;
  return reading_of(env, s->connection, &s->reading, READS_STAGES, 0, arguments, names, n, read_list)
      && begin_row(env, s, s->reading->stages.n, 0);
}

void funnel_stage_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = state_of(context);
  AtEnv env;
  AtCell stage;
  int64_t time;
  uint8_t form;
  if( s==NULL ) return;
  connection_env_at(s->connection, &env);
  if( begin_stage(&env, s, argc, argv) && group_time(&env, argv[1], &time, &form) ){
    cell_text(argv[0], &stage);
    if( stage.type==AT_TEXT ){
      uint32_t k = at_stage_number(&s->reading->stages, stage.text, stage.n);
      if( k ) at_conditions_hold(&s->rows, k);
    }
    add_row(&env, s, time, form);
  }
  if( env.error.code ) fail(context, s, "funnel_stage", &env);
}

void funnel_stage_final(sqlite3_context *context){
  final_level(context, "funnel_stage");
}
