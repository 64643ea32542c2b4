/*
** agg_sequence.c: sequence_match(), sequence_count(), sequence_match_events() and
** sequence_next_node(): patterns among the rows of one group.
**
**   SELECT user_id, sequence_count('(?1).*(?t<=1 hour)(?2)', ts, page = 'cart', page = 'paid')
**     FROM visits GROUP BY user_id;
**   SELECT sequence_next_node('forward', 'head', ts, page, page = 'home', page = 'home')
**     FROM visits GROUP BY user_id;                      where they went from the home page
**
** (1) A row whose ts or pattern is NULL is skipped, in sequence_next_node() also one whose value
**     is; a pattern that is NULL in every row is an error, as is one that differs within a group.
** (2) A group without rows gives 0, [] or NULL.
*/
#include "sql.h"

#include <string.h>

typedef struct State State;
struct State {
  int started;
  AtEnv env;
  AtText pattern_text;              /* as in the first row that has one */
  AtPattern pattern;
  AtConditions rows;
};

static void step(sqlite3_context *context, const char *name, int argc, sqlite3_value **argv, int has_forms){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  AtCell pattern;
  int64_t time;
  uint8_t form;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
  }
  if( argc>0 ) cell_of(argv[0], &pattern);
  if( argc<3 ){
    at_fail(&s->env, AT_INVALID, "there is no condition; write %s('(?1)(?2)', ts, page = 'cart', page = 'paid')", name);
  }else if( pattern.type!=AT_NULL ){
    if( group_constant(&s->env, &s->pattern_text, &pattern, "pattern") ){
      if( pattern.type!=AT_TEXT ){
        at_fail(&s->env, AT_INVALID, "pattern is not text (got %s); write a pattern such as '(?1).*(?2)'",
                at_cell_quote(&pattern).text);
      }
      if( !s->env.error.code ) at_pattern_parse(&s->env, &s->pattern, pattern.text, pattern.n, (uint32_t)argc-2);
      at_conditions_open(&s->env, &s->rows, (uint32_t)argc-2, has_forms);
    }
    if( !s->env.error.code && group_time(&s->env, argv[1], &time, &form)
     && group_conditions(&s->env, &s->rows, 1, argc-2, argv+2) ){
      at_conditions_add(&s->env, &s->rows, time, form, 0);
    }
  }
  if( s->env.error.code ) result_failure(context, name, &s->env);
}

/* The group's state with its rows sorted; NULL where nothing was stepped. */
static State *finish(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return NULL;
  if( s->pattern_text.n==0 ){
    at_fail(&s->env, AT_INVALID, "pattern is NULL in every row; write a pattern such as '(?1).*(?2)'");
  }
  at_conditions_sort(&s->env, &s->rows);
  return s;
}

static void close_state(State *s){
  at_text_free(s->env.alloc, &s->pattern_text);
  at_pattern_free(s->env.alloc, &s->pattern);
  at_conditions_free(s->env.alloc, &s->rows);
}

static void result_number(sqlite3_context *context, const char *name, State *s, uint64_t number){
  if( s && s->env.error.code ) result_failure(context, name, &s->env);
  else sqlite3_result_int64(context, (sqlite3_int64)number);
  if( s ) close_state(s);
}

void sequence_match_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_match", argc, argv, 0);
}

void sequence_match_final(sqlite3_context *context){
  State *s = finish(context);
  result_number(context, "sequence_match", s, s ? (uint64_t)at_sequence_match(&s->env, &s->pattern, &s->rows) : 0);
}

void sequence_count_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_count", argc, argv, 0);
}

void sequence_count_final(sqlite3_context *context){
  State *s = finish(context);
  result_number(context, "sequence_count", s, s ? at_sequence_count(&s->env, &s->pattern, &s->rows) : 0);
}

void sequence_events_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_match_events", argc, argv, 1);
}

void sequence_events_final(sqlite3_context *context){
  State *s = finish(context);
  AtText json = {0};
  uint32_t *rows, n;
  if( s==NULL ){
    sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
    sqlite3_result_subtype(context, 'J');
    return;
  }
  rows = at_alloc(&s->env, s->pattern.n+1, sizeof *rows);
  n = at_sequence_rows(&s->env, &s->pattern, &s->rows, rows);
  if( !s->env.error.code ) at_conditions_json(&s->env, &s->rows, rows, n, &json);
  result_json(context, "sequence_match_events", &s->env, &json);
  at_free(s->env.alloc, rows);
  close_state(s);
}

/********************************** sequence_next_node ***********************/

typedef struct NodeState NodeState;
struct NodeState {
  int started;
  AtEnv env;
  AtText direction, base;
  AtNodes nodes;
};

void next_node_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  NodeState *s = sqlite3_aggregate_context(context, sizeof *s);
  AtCell direction, base, value;
  int64_t time;
  uint8_t form;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  if( argc<5 ){
    sqlite3_result_error(context, "sequence_next_node(): there is no base condition; write "
                         "sequence_next_node('forward', 'head', ts, page, page = 'home', page = 'home')", -1);
    return;
  }
  cell_of(argv[0], &direction);
  cell_of(argv[1], &base);
  cell_of(argv[3], &value);
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
    at_nodes_open(&s->env, &s->nodes, (uint32_t)argc-5, &direction, &base);
  }
  group_constant(&s->env, &s->direction, &direction, "direction");
  group_constant(&s->env, &s->base, &base, "base");
  if( !s->env.error.code && value.type!=AT_NULL && group_time(&s->env, argv[2], &time, &form)
   && group_conditions(&s->env, &s->nodes.rows, 1, argc-4, argv+4) ){
    at_nodes_add(&s->env, &s->nodes, time, &value);
  }
  if( s->env.error.code ) result_failure(context, "sequence_next_node", &s->env);
}

void next_node_final(sqlite3_context *context){
  NodeState *s = sqlite3_aggregate_context(context, 0);
  AtCell value;
  if( s==NULL || !s->started ) return;
  if( at_nodes_next(&s->env, &s->nodes, &value) ) cell_result(context, &value);
  if( s->env.error.code ) result_failure(context, "sequence_next_node", &s->env);
  at_text_free(s->env.alloc, &s->direction);
  at_text_free(s->env.alloc, &s->base);
  at_nodes_free(s->env.alloc, &s->nodes);
}
