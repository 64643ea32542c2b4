/*
** vtab_funnel.c: funnel(events, stages [, options])
**
** One row per entity, pass and stage that the pass entered:
**
**   SELECT entity, pass, label, stage, entered_at, left_at, outcome
**     FROM funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sql > won',
**                 'recycle=30 days; exits=lost,disqualified')
**    WHERE outcome IN ('exited', 'recycled');              who dropped off where, and when
*/
#include "sql.h"

#include <math.h>
#include <string.h>

enum { ENTITY, PASS, LABEL, STAGE_NO, STAGE, ENTERED_AT, LEFT_AT, SECONDS_IN_STAGE, OUTCOME, INFERRED,
       EVENT_ID, PASS_STARTED_AT, FURTHEST, HELD };
static const Column columns[] = {
  {"entity", ANY, "the entity's key"},
  {"pass", "INTEGER", "number of the pass within its entity, from 1"},
  {"label", "TEXT", "label of the pass (label=first, last) or of the stage's event (label=stage)"},
  {"stage_no", "INTEGER", "number of the stage in the list; with order=any, k for the k-th stage seen"},
  {"stage", "TEXT", "its name"},
  {"entered_at", "DATETIME", "when the pass entered it, as in events"},
  {"left_at", "DATETIME", "when it left it; NULL while open, and when won"},
  {"seconds_in_stage", "REAL", "up to now while open; NULL when won"},
  {"outcome", "TEXT", "advanced; on the last row of a pass won, exited, recycled or open"},
  {"inferred", "INTEGER", "1 for a stage that was skipped and is filled in"},
  {"event_id", ANY, "the event that entered it: its rowid, or the column event_id="},
  {"pass_started_at", "DATETIME", "when the pass opened"},
  {"furthest", "INTEGER", "the highest stage_no of the pass"},
  {"held", "TEXT", "value of the column hold=; NULL without"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  FunnelQuestion question;
  AtFunnel funnel;
  uint32_t entity, entity_limit;    /* entity: the next one */
  uint32_t pass, row;               /* of the current row; row counts within the pass */
};

static void funnel_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  FunnelQuestion *q;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  q = &s->question;
  if( !funnel_question_open(q, cursor, work, AT_FOR_FUNNEL) ) return;
  at_funnel_open(&work->env, &s->funnel, q->store, &q->stages, &q->options);
  s->entity_limit = q->store->n_entities;
  if( cursor->entity && question_is_lookup(q->store, cursor->entity) ){
    uint32_t only = at_store_find(q->store, cursor->entity);
    s->entity = only==AT_NO_ENTITY ? 0 : only;
    s->entity_limit = only==AT_NO_ENTITY ? 0 : only+1;
  }
}

static void funnel_close(Cursor *cursor){
  State *s = cursor->state;
  at_funnel_close(&cursor->connection->alloc, &s->funnel);
  funnel_question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static const AtPass *pass_of(const State *s){ return &s->funnel.passes[s->funnel.pass_order[s->pass]]; }
static const AtPassRow *row_of(const State *s){ return &s->funnel.rows[pass_of(s)->first+s->row]; }

static int funnel_next(Cursor *cursor){
  State *s = cursor->state;
  if( s->pass<s->funnel.n_passes && ++s->row>=pass_of(s)->n ){
    s->pass++;
    s->row = 0;
  }
  while( s->pass>=s->funnel.n_passes ){
    if( s->entity>=s->entity_limit ) return 0;
    if( !at_funnel_entity(&cursor->env, &s->funnel, s->entity++) ) return 0;
    s->pass = s->row = 0;
  }
  return 1;
}

static void result_tag(const State *s, sqlite3_context *context, int tag, uint32_t id){
  AtCell cell = at_dict_cell(&s->question.store->tags[tag], id);
  cell_result(context, &cell);
}

static void result_time(const State *s, sqlite3_context *context, uint32_t event){
  AtCell cell;
  char buffer[40];
  at_store_time(s->question.store, event, &cell, buffer);
  cell_result(context, &cell);
}

/* The time of an event, or a deadline in the form of the time that it counts from. */
static void result_left(const State *s, sqlite3_context *context, const AtPassRow *row){
  AtCell cell;
  char buffer[40];
  if( row->left==AT_NO_TIME ) return;
  at_store_time_like(s->question.store, row->left_event, row->left, &cell, buffer);
  cell_result(context, &cell);
}

static void pass_column(const State *s, sqlite3_context *context, int column){
  const AtPass *pass = pass_of(s);
  uint32_t label;
  switch( column ){
    case PASS: sqlite3_result_int64(context, (sqlite3_int64)s->pass+1); return;
    case LABEL:
      label = at_funnel_label(&s->funnel, pass, row_of(s));
      if( label!=UINT32_MAX ) result_tag(s, context, 0, label);
      return;
    case PASS_STARTED_AT: result_time(s, context, pass->opened_event); return;
    case FURTHEST: sqlite3_result_int64(context, pass->furthest); return;
    default:
      if( s->funnel.held ) result_tag(s, context, s->question.store->n_tags-1, pass->held);
  }
}

static void stage_column(const State *s, sqlite3_context *context, int column){
  static const char *const outcomes[] = {"advanced", "won", "exited", "recycled", "open"};
  const AtPassRow *row = row_of(s);
  const AtStage *stage = &s->question.stages.stage[row->stage-1];
  double seconds;
  AtCell cell;
  switch( column ){
    case STAGE_NO: sqlite3_result_int64(context, row->number); return;
    case STAGE: sqlite3_result_text64(context, stage->text, stage->n, SQLITE_TRANSIENT, SQLITE_UTF8); return;
    case ENTERED_AT: result_time(s, context, row->event); return;
    case LEFT_AT: result_left(s, context, row); return;
    case SECONDS_IN_STAGE:
      seconds = at_funnel_seconds(&s->funnel, row);
      if( !isnan(seconds) ) sqlite3_result_double(context, seconds);
      return;
    case OUTCOME: sqlite3_result_text(context, outcomes[row->outcome], -1, SQLITE_STATIC); return;
    case INFERRED: sqlite3_result_int(context, row->inferred); return;
    default:
      cell = at_store_id(s->question.store, row->event);
      cell_result(context, &cell);
  }
}

static void funnel_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  AtCell cell;
  if( column==ENTITY ){
    cell = at_store_key(s->question.store, s->entity-1);
    cell_result(context, &cell);
  }else if( (column>=STAGE_NO && column<=EVENT_ID) ){
    stage_column(s, context, column);
  }else{
    pass_column(s, context, column);
  }
}

static AtCell funnel_row_key(Cursor *cursor, uint32_t numbers[3]){
  const State *s = cursor->state;
  numbers[0] = s->pass;
  numbers[1] = s->row;
  return at_store_key(s->question.store, s->entity-1);
}

const Family funnel_family = {
  .name = "funnel",
  .help = "passes of entities through stages: one row per entity, pass and stage",
  .example = "funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sql > won', 'recycle=30 days; exits=lost,disqualified')",
  .columns = columns,
  .arguments = funnel_arguments,
  .entity_column = ENTITY,
  .open = funnel_open,
  .next = funnel_next,
  .column = funnel_column,
  .close = funnel_close,
  .row_key = funnel_row_key,
};
