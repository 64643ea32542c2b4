/*
** vtab_summary.c: attribution_summary(touches, conversions [, models [, options]])
**
** One row per model x channel, or model x period x channel with period=month.
** The sums are made inside, in one walk for all models: GROUP BY over the detail
** rows would cost several times as much.
**
**   SELECT channel, round(value, 2) FROM attribution_summary(
**     'touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
**     'first_touch, linear, last_touch', 'period=quarter') WHERE model = 'linear';
*/
#include "sql.h"

#include <string.h>

enum { MODEL, CHANNEL, PERIOD, CONVERSIONS, VALUE, SHARE, TOUCHES };
static const Column columns[] = {
  {"model", "TEXT", "the model as written"},
  {"channel", "TEXT", "label of the touches, (none), or (unattributed)"},
  {"period", "TEXT", "of the conversion: 2024-03-05, 2024-W10, 2024-03, 2024-Q1, 2024; NULL without period="},
  {"conversions", "REAL", "sum of credit"},
  {"value", "REAL", "sum of value; NULL where conversions names no value"},
  {"share", "REAL", "part of the period's revenue; of its conversions where the revenue is 0"},
  {"touches", "INTEGER", "credited touches"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  Question question;
  AtSummary summary;
  size_t row;                       /* 1 = the first */
};

static void summary_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  AtWalk walk;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !question_open(&s->question, cursor, work, 1, AT_FOR_SUMMARY) ) return;
  if( at_walk_open(&work->env, &walk, s->question.touches, s->question.conversions, &s->question.options,
                    NULL) ){
    at_summarize(&work->env, &s->summary, &walk, &s->question.models);
  }
  at_walk_close(&cursor->connection->alloc, &walk);
}

static void summary_close(Cursor *cursor){
  State *s = cursor->state;
  at_summary_free(&cursor->connection->alloc, &s->summary);
  question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static int summary_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->summary.n;
}

static void summary_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtSummaryRow *row = &s->summary.rows[s->row-1];
  AtCell cell;
  char period[24];
  switch( column ){
    case MODEL:
      sqlite3_result_text(context, s->question.models.model[row->model].name, -1, SQLITE_TRANSIENT);
      return;
    case CHANNEL:
      if( row->label==AT_NO_LABEL ){
        sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC);
        return;
      }
      cell = at_store_label_text(s->question.touches, row->label);
      cell_result(context, &cell);
      return;
    case PERIOD:
      if( s->question.options.period==AT_PERIOD_NONE ) return;
      at_period_format(row->period, s->question.options.period, period);
      sqlite3_result_text(context, period, -1, SQLITE_TRANSIENT);
      return;
    case CONVERSIONS: sqlite3_result_double(context, row->conversions); return;
    case VALUE:
      if( s->question.conversions->number ) sqlite3_result_double(context, row->value);
      return;
    case SHARE: sqlite3_result_double(context, row->share); return;
    case TOUCHES: sqlite3_result_int64(context, (sqlite3_int64)row->touches); return;
  }
}

const Family summary_family = {
  .name = "attribution_summary",
  .help = "credit by model and channel, and by period with period=: one row each",
  .example = "attribution_summary('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'all', 'period=month')",
  .columns = columns,
  .arguments = question_arguments,
  .entity_column = -1,
  .open = summary_open,
  .next = summary_next,
  .column = summary_column,
  .close = summary_close,
};
