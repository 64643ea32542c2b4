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
  int started;
  AtEnv env;
  AtText window, modes, list;       /* as in the first row that has them */
  AtFunnelRule rule;
  AtStages stages;                  /* of funnel_stage */
  AtConditions rows;
};

/* The group's state; NULL when there is no memory for it. */
static State *state_of(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
  }else if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
    s->rule.window = INT64_MAX;
  }
  return s;
}

/* Adds the row whose conditions have been noted. Rows without any count in
** strict_order only. */
static void add_row(State *s, int64_t time, uint8_t form){
  at_conditions_add(&s->env, &s->rows, time, form, (s->rule.modes & AT_STRICT_ORDER)!=0);
}

static void step(sqlite3_context *context, const char *name, int argc, sqlite3_value **argv, int has_forms){
  State *s = state_of(context);
  AtCell window;
  int64_t time;
  uint8_t form;
  if( s==NULL ) return;
  if( argc<3 ){
    at_fail(&s->env, AT_INVALID, "there is no condition; write %s('30 days', ts, stage = 'mql', stage = 'won')", name);
  }else{
    cell_of(argv[0], &window);
    if( !at_cell_is_null(&window) ){
      if( group_constant(&s->env, &s->window, &window, "window") ){
        at_funnel_rule(&s->env, &s->rule, &window);
        at_conditions_open(&s->env, &s->rows, (uint32_t)argc-2, has_forms);
      }
      if( !s->env.error.code && group_time(&s->env, argv[1], &time, &form)
       && group_conditions(&s->env, &s->rows, 1, argc-2, argv+2) ) add_row(s, time, form);
    }
  }
  if( s->env.error.code ) result_failure(context, name, &s->env);
}

static void close_state(State *s){
  at_text_free(s->env.alloc, &s->window);
  at_text_free(s->env.alloc, &s->modes);
  at_text_free(s->env.alloc, &s->list);
  at_stages_free(s->env.alloc, &s->stages);
  at_conditions_free(s->env.alloc, &s->rows);
}

/* Sorts the rows; 0 on failure. Nothing but NULL for a window is a mistake. */
static int finish(State *s, int has_window){
  if( has_window && s->window.n==0 ){
    at_fail(&s->env, AT_INVALID, "window is NULL in every row; write a duration such as '30 days'");
  }
  return at_conditions_sort(&s->env, &s->rows);
}

static void final_level(sqlite3_context *context, const char *name, int has_window){
  State *s = sqlite3_aggregate_context(context, 0);
  uint32_t level = 0;
  if( s && s->started ){
    if( finish(s, has_window) ) level = at_window_funnel(&s->env, &s->rows, &s->rule, NULL);
    if( s->env.error.code ) result_failure(context, name, &s->env);
    else sqlite3_result_int64(context, level);
    close_state(s);
  }else{
    sqlite3_result_int64(context, 0);
  }
}

void window_funnel_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "window_funnel", argc, argv, 0);
}

void window_funnel_final(sqlite3_context *context){
  final_level(context, "window_funnel", 1);
}

void window_funnel_events_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "window_funnel_events", argc, argv, 1);
}

void window_funnel_events_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  AtText json = {0};
  uint32_t *rows;
  if( s==NULL || !s->started ){
    sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
    sqlite3_result_subtype(context, 'J');
    return;
  }
  rows = at_alloc(&s->env, s->rows.n_conditions+1, sizeof *rows);
  if( finish(s, 1) ){
    uint32_t level = at_window_funnel(&s->env, &s->rows, &s->rule, rows);
    if( !s->env.error.code ) at_conditions_json(&s->env, &s->rows, rows, level, &json);
  }
  result_json(context, "window_funnel_events", &s->env, &json);
  at_free(s->env.alloc, rows);
  close_state(s);
}

/************************************* funnel_stage **************************/

/* The arguments of the group: the list, the window, the modes. Returns 0 where the
** row is skipped, or on failure. */
static int read_list(State *s, int argc, sqlite3_value **argv){
  AtCell list, window, modes;
  const char *mend;
  cell_of(argv[2], &list);
  if( argc>3 ) cell_of(argv[3], &window);
  if( argc>4 ) cell_of(argv[4], &modes);
  if( argc>3 && at_cell_is_null(&window) ) return 0;
  if( argc>3 && group_constant(&s->env, &s->window, &window, "window") ){
    mend = at_duration_of(&window, &s->rule.window);
    if( mend ) at_fail(&s->env, AT_INVALID, "window is no duration (got %s); %s", at_cell_quote(&window).text, mend);
  }
  if( argc>4 && group_constant(&s->env, &s->modes, &modes, "modes") && !at_cell_is_null(&modes) ){
    if( modes.type==AT_TEXT ) at_funnel_modes(&s->env, &s->rule, modes.text, modes.n);
    else at_fail(&s->env, AT_INVALID, "modes is not text (got %s); write 'strict_order'", at_cell_quote(&modes).text);
  }
  if( group_constant(&s->env, &s->list, &list, "stages") ){
    if( list.type!=AT_TEXT ){
      at_fail(&s->env, AT_INVALID, "stages is not text (got %s); write a list such as 'mql > sql > won'",
              at_cell_quote(&list).text);
    }else if( at_stages_parse(&s->env, &s->stages, list.text, list.n, 1) ){
      at_conditions_open(&s->env, &s->rows, s->stages.n, 0);
    }
  }
  return !s->env.error.code;
}

void funnel_stage_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = state_of(context);
  AtCell stage;
  int64_t time;
  uint8_t form;
  if( s==NULL ) return;
  if( read_list(s, argc, argv) && group_time(&s->env, argv[1], &time, &form) ){
    cell_text(argv[0], &stage);
    if( stage.type==AT_TEXT ){
      uint32_t k = at_stage_number(&s->stages, stage.text, stage.n);
      if( k ) at_conditions_hold(&s->rows, k);
    }
    add_row(s, time, form);
  }
  if( s->env.error.code ) result_failure(context, "funnel_stage", &s->env);
}

void funnel_stage_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  /* without a list every row's window was NULL */
  final_level(context, "funnel_stage", s && s->started && s->list.n==0);
}
