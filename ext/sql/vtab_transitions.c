/*
** vtab_transitions.c: markov_transitions(touches, conversions [, options])
**
** The steps of the chain, counted: what markov_effects can start from again.
**
**   SELECT from_state, to_state, weight, probability
**     FROM markov_transitions('touches(account_id, touched_at, channel)',
**                             'won_deals(account_id, closed_at, amount)')
**    WHERE to_state = '(conversion)' ORDER BY probability DESC;
*/
#include "sql.h"

#include <string.h>

enum { FROM_STATE, TO_STATE, WEIGHT, PROBABILITY, VALUE };
static const Column columns[] = {
  {"from_state", "TEXT", "channels of the state, such as 'a > b', or (start)"},
  {"to_state", "TEXT", "likewise, or (conversion), (null)"},
  {"weight", "REAL", "how many journeys took this step, converting or not"},
  {"probability", "REAL", "weight / all weight that leaves from_state"},
  {"value", "REAL", "of the journeys that end in from_state, on the row of their end; else NULL"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  EffectsQuestion question;
  AtSteps steps;
  AtTransitions transitions;
  AtText text;                      /* reused from row to row */
  size_t row;                       /* 1 = the first */
};

static void transitions_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  const AtPaths *paths;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !effects_open_touches(&s->question, cursor, work, AT_FOR_TRANSITIONS) ) return;
  paths = &s->question.paths;
  if( at_check_names(&work->env, &paths->names, effects_separator(&s->question))
   && at_steps_of_order(&work->env, &s->steps, paths, s->question.question.options.chain_order) ){
    at_transitions(&work->env, &s->transitions, &s->steps);
  }
}

static void transitions_close(Cursor *cursor){
  State *s = cursor->state;
  const AtAlloc *alloc = &cursor->connection->alloc;
  at_free(alloc, s->transitions.rows);
  at_steps_free(alloc, &s->steps);
  at_text_free(alloc, &s->text);
  effects_close(&s->question, cursor->connection);
  at_free(alloc, s);
}

static int transitions_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->transitions.n;
}

static void result_state(Cursor *cursor, sqlite3_context *context, uint32_t state){
  State *s = cursor->state;
  AtEnv env = connection_env(cursor->connection);
  if( at_state_text(&env, &s->text, &s->steps, &s->question.paths.names, state, effects_separator(&s->question)) ){
    sqlite3_result_text64(context, s->text.text, s->text.n, SQLITE_TRANSIENT, SQLITE_UTF8);
  }else{
    result_failure(context, cursor->family->name, &env);
  }
}

static void transitions_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtTransition *row = &s->transitions.rows[s->row-1];
  switch( column ){
    case FROM_STATE: result_state(cursor, context, row->from); return;
    case TO_STATE: result_state(cursor, context, row->to); return;
    case WEIGHT: sqlite3_result_double(context, row->weight); return;
    case PROBABILITY: sqlite3_result_double(context, row->probability); return;
    default: result_real(context, row->value);
  }
}

const Family transitions_family = {
  .name = "markov_transitions",
  .help = "the steps of the journeys' Markov chain, counted: one row per step",
  .example = "markov_transitions('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'order=2')",
  .columns = columns,
  .arguments = effects_arguments,
  .entity_column = -1,
  .open = transitions_open,
  .next = transitions_next,
  .column = transitions_column,
  .close = transitions_close,
};
