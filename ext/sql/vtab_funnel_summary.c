/*
** vtab_funnel_summary.c: funnel_summary(events, stages [, options])
**
** One row per stage, with by=label per label and stage, with period= per period.
**
**   SELECT stage, entered, advanced, rate, rate_low, rate_high, expected_rate, median_days
**     FROM funnel_summary('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sql > won',
**                         'exits=lost,disqualified; by=label');
*/
#include "sql.h"

#include <math.h>
#include <string.h>

enum { STAGE_NO, STAGE, LABEL, PERIOD, ENTERED, ADVANCED, EXITED, RECYCLED, OPEN, RATE, RATE_LOW, RATE_HIGH,
       OVERALL_RATE, MEAN_DAYS, MEDIAN_DAYS, P90_DAYS, EXPECTED_RATE };
static const Column columns[] = {
  {"stage_no", "INTEGER", "number of the stage, from 1"},
  {"stage", "TEXT", "its name; with order=any '2 of 3'"},
  {"label", "TEXT", "with by=label, else NULL"},
  {"period", "TEXT", "of the passes' start, with period=, else NULL"},
  {"entered", "INTEGER", "passes that entered the stage, inferred ones too"},
  {"advanced", "INTEGER", "of these, went on; NULL on the last stage, as the next three"},
  {"exited", "INTEGER", "ended here by a label of exits= or exclude=, or by a deadline"},
  {"recycled", "INTEGER", "ended here without progress for recycle="},
  {"open", "INTEGER", "still here"},
  {"rate", "REAL", "advanced / entered"},
  {"rate_low", "REAL", "lower Wilson bound of rate"},
  {"rate_high", "REAL", "upper Wilson bound of rate"},
  {"overall_rate", "REAL", "entered / entered of stage 1"},
  {"mean_days", "REAL", "in the stage, of those that advanced"},
  {"median_days", "REAL", "likewise"},
  {"p90_days", "REAL", "likewise, the 90th percentile"},
  {"expected_rate", "REAL", "share that will have advanced once all are as old as the oldest of them (Aalen-Johansen)"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  FunnelQuestion question;
  AtStageTable table;
  uint32_t row;                     /* 1 = the first */
};

static void summary_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  FunnelQuestion *q;
  AtFunnel funnel;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  q = &s->question;
  if( !funnel_question_open(q, cursor, work, AT_FOR_FUNNEL_SUMMARY) ) return;
  if( at_funnel_open(&work->env, &funnel, q->store, &q->stages, &q->options) ){
    at_funnel_summarize(&work->env, &s->table, &funnel);
  }
  at_funnel_close(&cursor->connection->alloc, &funnel);
}

static void summary_close(Cursor *cursor){
  State *s = cursor->state;
  at_stage_table_free(&cursor->connection->alloc, &s->table);
  funnel_question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static int summary_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->table.n;
}

static void result_stage(const State *s, sqlite3_context *context, const AtStageRow *row){
  const AtStage *stage = &s->question.stages.stage[row->number-1];
  if( s->question.options.order!=AT_ORDER_ANY ){
    sqlite3_result_text64(context, stage->text, stage->n, SQLITE_TRANSIENT, SQLITE_UTF8);
  }else{
    char text[32];
    sqlite3_snprintf(sizeof text, text, "%u of %u", row->number, s->question.stages.n);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
  }
}

static void group_column(const State *s, sqlite3_context *context, const AtStageRow *row, int column){
  AtCell cell;
  char period[24];
  switch( column ){
    case STAGE_NO: sqlite3_result_int64(context, row->number); return;
    case STAGE: result_stage(s, context, row); return;
    case LABEL:
      if( !s->question.options.by_label ) return;
      cell = at_dict_cell(&s->question.store->tags[0], row->label);
      cell_result(context, &cell);
      return;
    default:
      if( s->question.options.period==AT_PERIOD_NONE ) return;
      at_period_format(row->period, s->question.options.period, period);
      sqlite3_result_text(context, period, -1, SQLITE_TRANSIENT);
  }
}

static void summary_column(Cursor *cursor, sqlite3_context *context, int column){
  static const int outcomes[] = {AT_ADVANCED, AT_EXITED, AT_RECYCLED, AT_OPEN};
  const State *s = cursor->state;
  const AtStageRow *row = &s->table.rows[s->row-1];
  const double rates[] = {row->rate, row->rate_low, row->rate_high, row->overall, row->mean, row->median,
                          row->p90, row->expected};
  if( column<=PERIOD ){
    group_column(s, context, row, column);
  }else if( column==ENTERED ){
    sqlite3_result_int64(context, (sqlite3_int64)row->entered);
  }else if( column<=OPEN ){
    if( row->number<s->question.stages.n ){
      sqlite3_result_int64(context, (sqlite3_int64)row->outcome[outcomes[column-ADVANCED]]);
    }
  }else if( !isnan(rates[column-RATE]) ){
    sqlite3_result_double(context, rates[column-RATE]);
  }
}

const Family funnel_summary_family = {
  .name = "funnel_summary",
  .help = "counts, rates and times of each stage, by label and period: one row each",
  .example = "funnel_summary('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sql > won', 'exits=lost,disqualified; by=label')",
  .columns = columns,
  .arguments = funnel_arguments,
  .entity_column = -1,
  .open = summary_open,
  .next = summary_next,
  .column = summary_column,
  .close = summary_close,
};
