/*
** vtab_orders.c: markov_orders(touches, conversions [, options])
**
** How well chains of each order tell converting from null journeys, and what is left of
** that once the number of states is paid for.
**
**   SELECT * FROM markov_orders('touches(account_id, touched_at, channel)',
**                               'won_deals(account_id, closed_at, amount)');
*/
#include "sql.h"

#include <string.h>

enum { ORDER, STATES, AUC, PENALISED };
static const Column columns[] = {
  {"order", "INTEGER", "channels of a state; a keyword, so write \"order\""},
  {"states", "INTEGER", "different states that occur"},
  {"auc", "REAL", "area under the ROC curve of P(conversion | last state)"},
  {"penalised_auc", "REAL", "1 - (1 - auc)(paths - 1) / (paths - nodes - 1), nodes = C(channels + order - 1, order)"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  EffectsQuestion question;
  AtOrder rows[AT_MAX_ORDER];
  int n, row;                       /* row 1 = the first */
};

static void orders_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( effects_open_touches(&s->question, cursor, work, AT_FOR_ORDERS) ){
    s->n = at_orders(&work->env, &s->question.paths, s->rows);
  }
}

static void orders_close(Cursor *cursor){
  State *s = cursor->state;
  effects_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static int orders_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->n;
}

static void orders_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  const AtOrder *row = &s->rows[s->row-1];
  switch( column ){
    case ORDER: sqlite3_result_int(context, row->order); return;
    case STATES: sqlite3_result_int64(context, row->states); return;
    case AUC: result_real(context, row->auc); return;
    default: result_real(context, row->penalised);
  }
}

const Family orders_family = {
  .name = "markov_orders",
  .help = "how well a chain of each order tells converting from null journeys: one row per order",
  .example = "markov_orders('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)')",
  .columns = columns,
  .arguments = effects_arguments,
  .entity_column = -1,
  .open = orders_open,
  .next = orders_next,
  .column = orders_column,
  .close = orders_close,
};
