/*
** funnel_question.c: what funnel(), funnel_summary() and conversion_curve() are
** asked: a relation, stages and options, read and loaded in that order.
*/
#include "sql.h"

#include <string.h>

const Argument funnel_arguments[] = {
  {"events", 1, "the relation of stage events: 'events(entity, ts, stage [, label])'"},
  {"stages", 1, "the stages in order: 'inquiry > mql > sal [2 days] > sql? > won'"},
  {"options", 0, "such as 'recycle=30 days; exits=lost'"},
  {NULL, 0, NULL}
};
const Argument curve_arguments[] = {
  {"subjects", 1, "the relation of subjects: 'leads(entity, started_at, converted_at [, closed_at [, label]])'"},
  {"options", 0, "such as 'step=7 days; by=label'"},
  {NULL, 0, NULL}
};

/* Options that speak of labels need a column of them. */
static void check_labels(FunnelQuestion *q, Work *work, int has_labels, const char *form){
  if( has_labels ) return;
  if( q->options.by_label ){
    at_fail(&work->env, AT_INVALID, "option by=label needs a label column in %s; write %s",
            q->relation.role->argument, form);
  }else if( q->options.label!=AT_LABEL_FIRST ){
    at_fail(&work->env, AT_INVALID, "option label needs a label column in %s; write %s",
            q->relation.role->argument, form);
  }
}

/* Reads the options in argument i and resolves the relation in argument 0. */
static int open_relation(FunnelQuestion *q, Cursor *cursor, Work *work, int i, const Role *role, unsigned table){
  const AtCell *relation = &cursor->arguments[0];
  const AtOptions *o = &q->options;
  if( !question_options(&q->options, cursor, work, i, table) ) return 0;
  relation_parse(work, &q->relation, role, relation->text, relation->n);
  relation_resolve(work, &q->relation, o->event_id, o->hold, o->unit);
  return !work->env.error.code;
}

/* Reads the cursor's arguments and loads the events. Where now is the latest time
** of the relation, the relation is needed whole, also for one entity.
** funnel_question_close() must follow whatever this returns. */
int funnel_question_open(FunnelQuestion *q, Cursor *cursor, Work *work, unsigned table){
  const AtCell *stages = &cursor->arguments[1];
  int i;
  memset(q, 0, sizeof *q);
  for(i=0; i<3; i++) question_check_text(cursor, work, i);
  if( work->env.error.code || !open_relation(q, cursor, work, 2, &events_role, table) ) return 0;
  check_labels(q, work, q->relation.n_columns>3, "'events(entity, ts, stage, label)'");
  if( work->env.error.code || !at_stages_parse(&work->env, &q->stages, stages->text, stages->n, 0)
   || !at_funnel_check(&work->env, &q->stages, &q->options) ) return 0;
  q->store = snapshot_store(work, &q->relation, q->options.as_of==AT_NO_TIME ? NULL : cursor->entity);
  return !work->env.error.code;
}

/* The same for conversion_curve(). */
int curve_question_open(FunnelQuestion *q, Cursor *cursor, Work *work){
  int i;
  memset(q, 0, sizeof *q);
  for(i=0; i<2; i++) question_check_text(cursor, work, i);
  if( work->env.error.code || !open_relation(q, cursor, work, 1, &subjects_role, AT_FOR_CURVE) ) return 0;
  check_labels(q, work, q->relation.shape.has_label, "'leads(entity, started_at, converted_at, closed_at, label)'");
  if( work->env.error.code ) return 0;
  q->store = snapshot_store(work, &q->relation, NULL);
  return !work->env.error.code;
}

void funnel_question_close(FunnelQuestion *q, Connection *connection){
  at_store_release(q->store);
  relation_free(connection, &q->relation);
  at_stages_free(&connection->alloc, &q->stages);
  at_options_free(&connection->alloc, &q->options);
}
