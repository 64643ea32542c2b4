/*
** vtab_curve.c: conversion_curve(subjects [, options])
**
** The share that converts as time goes by, open subjects censored, closed ones a
** competing outcome; one curve per label with by=label.
**
**   SELECT label, days, at_risk, conversion, low, high
**     FROM conversion_curve('lead_outcomes(lead_id, created_at, won_at, closed_at, source)',
**                           'by=label; step=30 days');
*/
#include "sql.h"

#include <string.h>

enum { LABEL, PERIOD, DAYS, AT_RISK, CONVERTED, CLOSED, CENSORED, CONVERSION, STD_ERROR, LOW, HIGH };
static const Column columns[] = {
  {"label", "TEXT", "with by=label, else NULL"},
  {"period", "TEXT", "of the start, with period=, else NULL"},
  {"days", "REAL", "since the start of each subject"},
  {"at_risk", "INTEGER", "subjects that nothing has happened to before"},
  {"converted", "INTEGER", "at this time, or in this step"},
  {"closed", "INTEGER", "likewise"},
  {"censored", "INTEGER", "likewise: known to be open for so long and no longer"},
  {"conversion", "REAL", "share that has converted by then"},
  {"std_error", "REAL", "its standard error (Greenwood)"},
  {"low", "REAL", "lower bound, on the log(-log) scale; NULL at 0 and 1"},
  {"high", "REAL", "upper bound"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  FunnelQuestion question;
  AtCurves curves;
  AtCurve curve;
  uint32_t group;                   /* the next of curves.order */
  double z;
};

static void curve_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !curve_question_open(&s->question, cursor, work) ) return;
  s->z = at_normal_quantile(s->question.options.confidence);
  at_curves_open(&work->env, &s->curves, s->question.store, &s->question.options);
}

static void curve_close(Cursor *cursor){
  State *s = cursor->state;
  at_curves_free(&cursor->connection->alloc, &s->curves);
  funnel_question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static int next_point(State *s){
  int64_t step = s->question.options.step;
  return step<0 ? at_curve_next(&s->curve) : at_curve_step(&s->curve, step);
}

static int curve_next(Cursor *cursor){
  State *s = cursor->state;
  while( at_alive(&cursor->env, 1) ){
    const AtSpells *spells;
    if( next_point(s) ) return 1;
    if( s->group>=s->curves.groups.n ) return 0;
    spells = &s->curves.spells[s->curves.order[s->group++]];
    at_curve_start(&s->curve, spells->keys, spells->n);
  }
  return 0;
}

static void result_group(const State *s, sqlite3_context *context, int column){
  const AtPair *pair = &s->curves.groups.pairs[s->curves.order[s->group-1]];
  const AtOptions *o = &s->question.options;
  char period[24];
  AtCell cell;
  if( column==LABEL && o->by_label ){
    cell = at_store_label_text(s->question.store, (uint32_t)pair->label);
    cell_result(context, &cell);
  }else if( column==PERIOD && o->period!=AT_PERIOD_NONE ){
    at_period_format(pair->number, o->period, period);
    sqlite3_result_text(context, period, -1, SQLITE_TRANSIENT);
  }
}

static void curve_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  const AtCurve *x = &s->curve;
  double low, high;
  switch( column ){
    case LABEL: case PERIOD: result_group(s, context, column); return;
    case DAYS: sqlite3_result_double(context, at_days((double)x->time)); return;
    case AT_RISK: sqlite3_result_int64(context, x->at_risk); return;
    case CONVERTED: sqlite3_result_int64(context, x->converted); return;
    case CLOSED: sqlite3_result_int64(context, x->closed); return;
    case CENSORED: sqlite3_result_int64(context, x->censored); return;
    case CONVERSION: sqlite3_result_double(context, x->conversion); return;
    case STD_ERROR: sqlite3_result_double(context, at_curve_error(x)); return;
    default:
      if( at_curve_bounds(x, s->z, &low, &high) ) sqlite3_result_double(context, column==LOW ? low : high);
  }
}

const Family curve_family = {
  .name = "conversion_curve",
  .help = "the share that converts as time goes by, with competing outcomes: one row per time or step",
  .example = "conversion_curve('lead_outcomes(lead_id, created_at, won_at, closed_at, source)', 'by=label; step=30 days')",
  .columns = columns,
  .arguments = curve_arguments,
  .entity_column = -1,
  .open = curve_open,
  .next = curve_next,
  .column = curve_column,
  .close = curve_close,
};
