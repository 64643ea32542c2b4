/*
** vtab_forecast.c: pipeline_forecast(open_deals, history, stages [, options])
**                  pipeline_forecast_summary(open_deals, history, stages [, options])
**
** What today's pipeline will bring, from what became of earlier deals in the same stage at the
** same age. One row per open deal; one row in all, or one per period of the expected close.
**
**   SELECT entity, stage, age_days, probability, expected_value, expected_close
**     FROM pipeline_forecast('open_deals(deal_id, stage_entered_at, stage, amount)',
**                            'deal_stage_events(deal_id, entered_at, stage)',
**                            'discovery > proposal > negotiation > won', 'exits=lost');
**
**   SELECT period, expected_value, low, high
**     FROM pipeline_forecast_summary('open_deals(deal_id, stage_entered_at, stage, amount)',
**                                    'deal_stage_events(deal_id, entered_at, stage)',
**                                    'discovery > proposal > negotiation > won',
**                                    'exits=lost; period=month; confidence=0.8');
*/
#include "sql.h"

#include <math.h>
#include <string.h>

enum { ENTITY, STAGE_NO, STAGE, ENTERED_AT, AGE_DAYS, VALUE, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH,
       EXPECTED_VALUE, EXPECTED_CLOSE, AT_RISK };
static const Column deal_columns[] = {
  {"entity", ANY, "the open deal"},
  {"stage_no", "INTEGER", "number of its stage, from 1"},
  {"stage", "TEXT", "its stage"},
  {"entered_at", ANY, "when it entered the stage"},
  {"age_days", "REAL", "since then"},
  {"value", "REAL", "its value"},
  {"probability", "REAL", "to be won, given its stage and its age there"},
  {"probability_low", "REAL", "lower bound: how well the history knows it; NULL where it cannot tell"},
  {"probability_high", "REAL", "upper bound"},
  {"expected_value", "REAL", "value x probability"},
  {"expected_close", ANY, "mean time of the win, if it is won; NULL where that cannot be"},
  {"at_risk", "INTEGER", "earlier stays in the stage that were longer than this one so far"},
  {NULL, NULL, NULL}
};

enum { PERIOD, DEALS, PIPELINE, EXPECTED_DEALS, DUE_VALUE, LOW, HIGH };
static const Column due_columns[] = {
  {"period", "TEXT", "of the win, with period=, else NULL: whenever"},
  {"deals", "INTEGER", "open deals that may be won in it"},
  {"pipeline", "REAL", "value of these, if all were"},
  {"expected_deals", "REAL", "sum of their probabilities"},
  {"expected_value", "REAL", "sum of value x probability"},
  {"low", "REAL", "lower bound of what the period will bring"},
  {"high", "REAL", "upper bound"},
  {NULL, NULL, NULL}
};

static const Argument arguments[] = {
  {"open_deals", 1, "the relation of open deals: 'open_deals(entity, ts, stage, value [, label])', ts: when it entered the stage"},
  {"history", 1, "the relation of all deals' stage events: 'events(entity, ts, stage [, label])'"},
  {"stages", 1, "the stages in order, the won one last: 'discovery > proposal > won'"},
  {"options", 0, "such as 'exits=lost; period=month; confidence=0.8'"},
  {NULL, 0, NULL}
};

typedef struct State State;
struct State {
  AtOptions options;
  AtStages stages;
  Relation deals_relation, history_relation;
  AtStore *deals, *history;
  AtForecast forecast;
  uint32_t row;                     /* 1 = the first */
};

/* A label says with whom a deal is compared: it needs one on either side. */
static void check_labels(const State *s, Work *work){
  int open = s->deals_relation.shape.n_tags, past = s->history_relation.shape.n_tags;
  if( open==past || work->env.error.code ) return;
  at_fail(&work->env, AT_INVALID, "argument %s names a label column, %s does not; write a fifth column in open_deals and "
          "a fourth in history, or neither", open ? "open_deals" : "history", open ? "history" : "open_deals");
}

/* Arguments to options, stages and loaded relations. */
static int read_question(State *s, Cursor *cursor, Work *work, unsigned table){
  const AtCell *argument = cursor->arguments;
  int i;
  for(i=0; i<4; i++) question_check_text(cursor, work, i);
  if( work->env.error.code || !question_options(&s->options, cursor, work, 3, table) ) return 0;
  relation_parse(work, &s->deals_relation, &open_deals_role, argument[0].text, argument[0].n);
  relation_parse(work, &s->history_relation, &history_role, argument[1].text, argument[1].n);
  relation_resolve(work, &s->deals_relation, NULL, NULL, s->options.unit);
  relation_resolve(work, &s->history_relation, NULL, NULL, s->options.unit);
  check_labels(s, work);
  if( work->env.error.code || !at_stages_parse(&work->env, &s->stages, argument[2].text, argument[2].n, 0) ) return 0;
  s->deals = snapshot_store(work, &s->deals_relation, NULL);
  s->history = snapshot_store(work, &s->history_relation, NULL);
  return !work->env.error.code;
}

static void open_forecast(Cursor *cursor, Work *work, unsigned table, int what){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !read_question(s, cursor, work, table) ) return;
  at_forecast(&work->env, &s->forecast, s->deals, s->history, &s->stages, &s->options, what);
}

static void deals_open(Cursor *cursor, Work *work){
  open_forecast(cursor, work, AT_FOR_FORECAST, AT_FORECAST_DEALS);
}

static void dues_open(Cursor *cursor, Work *work){
  open_forecast(cursor, work, AT_FOR_FORECAST_SUMMARY, AT_FORECAST_PERIODS);
}

static void forecast_close(Cursor *cursor){
  State *s = cursor->state;
  const AtAlloc *alloc = &cursor->connection->alloc;
  at_forecast_free(alloc, &s->forecast);
  at_store_release(s->deals);
  at_store_release(s->history);
  relation_free(cursor->connection, &s->deals_relation);
  relation_free(cursor->connection, &s->history_relation);
  at_stages_free(alloc, &s->stages);
  at_options_free(alloc, &s->options);
  at_free(alloc, s);
}

static int deals_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->forecast.n;
}

static int dues_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->forecast.n_dues;
}

/* The columns that are the deal's own. */
static void own_column(const State *s, sqlite3_context *context, const AtOpenDeal *deal, int column){
  const AtStage *stage = &s->stages.stage[deal->stage-1];
  char buffer[40];
  AtCell cell;
  switch( column ){
    case ENTITY: cell = at_store_key(s->deals, deal->entity); break;
    case STAGE_NO: sqlite3_result_int64(context, deal->stage); return;
    case STAGE: sqlite3_result_text64(context, stage->text, stage->n, SQLITE_TRANSIENT, SQLITE_UTF8); return;
    case ENTERED_AT: at_store_time(s->deals, deal->row, &cell, buffer); break;
    default:
      if( deal->close==AT_NO_TIME ) return;
      at_store_time_like(s->deals, deal->row, deal->close, &cell, buffer);
  }
  cell_result(context, &cell);
}

static void deals_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  const AtOpenDeal *deal = &s->forecast.deals[s->row-1];
  switch( column ){
    case AGE_DAYS: sqlite3_result_double(context, deal->age_days); return;
    case VALUE: result_real(context, s->deals->number[deal->row]); return;
    case PROBABILITY: sqlite3_result_double(context, deal->probability); return;
    case PROBABILITY_LOW: result_real(context, deal->low); return;
    case PROBABILITY_HIGH: result_real(context, deal->high); return;
    case EXPECTED_VALUE: result_real(context, deal->expected_value); return;
    case AT_RISK: sqlite3_result_int64(context, deal->longer); return;
    default: own_column(s, context, deal, column);
  }
}

static void dues_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  const AtDue *due = &s->forecast.dues[s->row-1];
  char period[24];
  switch( column ){
    case PERIOD:
      if( s->options.period==AT_PERIOD_NONE ) return;
      at_period_format(due->period, s->options.period, period);
      sqlite3_result_text(context, period, -1, SQLITE_TRANSIENT);
      return;
    case DEALS: sqlite3_result_int64(context, due->deals); return;
    case PIPELINE: sqlite3_result_double(context, due->value); return;
    case EXPECTED_DEALS: sqlite3_result_double(context, due->expected_deals); return;
    case DUE_VALUE: sqlite3_result_double(context, due->expected_value); return;
    default: sqlite3_result_double(context, column==LOW ? due->low : due->high);
  }
}

#define EXAMPLE_ARGUMENTS "'open_deals(deal_id, stage_entered_at, stage, amount)', " \
  "'deal_stage_events(deal_id, entered_at, stage)', 'discovery > proposal > negotiation > won', "
const Family forecast_family = {
  .name = "pipeline_forecast",
  .help = "what becomes of the open deals: one row per deal, with its probability to be won and the expected close",
  .example = "pipeline_forecast(" EXAMPLE_ARGUMENTS "'exits=lost')",
  .columns = deal_columns,
  .arguments = arguments,
  .entity_column = -1,
  .open = deals_open,
  .next = deals_next,
  .column = deals_column,
  .close = forecast_close,
};

const Family forecast_summary_family = {
  .name = "pipeline_forecast_summary",
  .help = "what the open deals will bring, with an interval: one row, or one per period of the win",
  .example = "pipeline_forecast_summary(" EXAMPLE_ARGUMENTS "'exits=lost; period=month; confidence=0.8')",
  .columns = due_columns,
  .arguments = arguments,
  .entity_column = -1,
  .open = dues_open,
  .next = dues_next,
  .column = dues_column,
  .close = forecast_close,
};
