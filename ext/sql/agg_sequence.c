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
  int started, failed;              /* failed: the step has said why */
  Connection *connection;
  Reading *reading;                 /* of the pattern, NULL before the first row that has one */
  AtConditions rows;
  AtConditionRoom room;
};

static int read_pattern(AtEnv *env, Reading *r, const AtCell *arguments){
  if( arguments[0].type==AT_TEXT ) return at_pattern_parse(env, &r->pattern, arguments[0].text, arguments[0].n, r->n_conditions);
  at_fail(env, AT_INVALID, "pattern is not text (got %s); write a pattern such as '(?1).*(?2)'",
          at_cell_quote(&arguments[0]).text);
  return 0;
}

static void step(sqlite3_context *context, const char *name, int argc, sqlite3_value **argv, int has_forms){
  static const char *const names[] = {"pattern"};
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  AtEnv env;
  AtCell pattern;
  int64_t time;
  uint8_t form;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  s->started = 1;
  s->connection = sqlite3_user_data(context);
  connection_env_at(s->connection, &env);
  if( argc<3 ){
    at_fail(&env, AT_INVALID, "there is no condition; write %s('(?1)(?2)', ts, page = 'cart', page = 'paid')", name);
  }else{
    uint32_t n = (uint32_t)argc-2;
    cell_of(argv[0], &pattern);
    if( pattern.type!=AT_NULL
     && reading_of(&env, s->connection, &s->reading, READS_PATTERN, n, &pattern, names, 1, read_pattern) ){
      if( s->rows.capacity==0 && at_conditions_open(&env, &s->rows, n, has_forms) ) at_conditions_lend(&s->rows, &s->room);
      if( !env.error.code && group_time(&env, argv[1], &time, &form)
       && group_conditions(&env, &s->rows, 1, argc-2, argv+2) ) at_conditions_add(&env, &s->rows, time, form, 0);
    }
  }
  if( env.error.code ){
    s->failed = 1;
    result_failure(context, name, &env);
  }
}

/* The group's state, NULL where nothing was stepped or a step has failed; its rows are sorted. */
static State *finish(sqlite3_context *context, AtEnv *env){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started || s->failed ) return NULL;
  connection_env_at(s->connection, env);
  if( s->reading==NULL ){
    at_fail(env, AT_INVALID, "pattern is NULL in every row; write a pattern such as '(?1).*(?2)'");
  }
  at_conditions_sort(env, &s->rows);
  return s;
}

/* After the result, also of a step that has failed. */
static void close_state(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  reading_release(&s->connection->alloc, s->reading);
  s->reading = NULL;
  at_conditions_free(&s->connection->alloc, &s->rows);
}

static void final_number(sqlite3_context *context, const char *name,
                         uint64_t (*number_of)(AtEnv *env, const AtPattern *p, const AtConditions *c)){
  AtEnv env;
  State *s = finish(context, &env);
  uint64_t number = 0;
  if( s && !env.error.code ) number = number_of(&env, &s->reading->pattern, &s->rows);
  if( s && env.error.code ) result_failure(context, name, &env);
  else sqlite3_result_int64(context, (sqlite3_int64)number);
  close_state(context);
}

static uint64_t match_of(AtEnv *env, const AtPattern *p, const AtConditions *c){
  return (uint64_t)at_sequence_match(env, p, c);
}

void sequence_match_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_match", argc, argv, 0);
}

void sequence_match_final(sqlite3_context *context){
  final_number(context, "sequence_match", match_of);
}

void sequence_count_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_count", argc, argv, 0);
}

void sequence_count_final(sqlite3_context *context){
  final_number(context, "sequence_count", at_sequence_count);
}

void sequence_events_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "sequence_match_events", argc, argv, 1);
}

void sequence_events_final(sqlite3_context *context){
  AtEnv env;
  State *s = finish(context, &env);
  AtText json = {0};
  if( s==NULL ){
    sqlite3_result_text(context, "[]", 2, SQLITE_STATIC);
    sqlite3_result_subtype(context, 'J');
  }else{
    uint32_t *rows = s->reading ? at_alloc(&env, s->reading->pattern.n+1, sizeof *rows) : NULL, n = 0;
    if( rows ) n = at_sequence_rows(&env, &s->reading->pattern, &s->rows, rows);
    if( !env.error.code ) at_conditions_json(&env, &s->rows, rows, n, &json);
    at_free(env.alloc, rows);
    result_json(context, "sequence_match_events", &env, &json);
  }
  close_state(context);
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
