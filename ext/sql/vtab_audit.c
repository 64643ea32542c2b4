/*
** vtab_audit.c: attribution_audit(touches, conversions [, options]) and
** funnel_audit(events, stages [, options])
**
** One row per finding: what the other functions skip or refuse, and what makes their answers doubtful.
**
**   SELECT severity, finding, sum(rows), min(detail)
**     FROM attribution_audit('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)')
**    GROUP BY severity, finding;                           is the data fit to answer?
*/
#include "sql.h"

#include <string.h>

enum { SEVERITY, FINDING, RELATION, ROW_ID, DETAIL, ROWS };
static const Column columns[] = {
  {"severity", "TEXT", "error: other functions refuse the row; warning: it is skipped, or answers are doubtful; note: worth knowing"},
  {"finding", "TEXT", "what was found"},
  {"relation", "TEXT", "the argument that it was found in: touches, conversions, events"},
  {"row_id", ANY, "the row: its rowid, or the column touch_id=, conversion_id=, event_id=; NULL for the relation as a whole, and without ids"},
  {"detail", "TEXT", "the value and what to write instead; who and when"},
  {"rows", "INTEGER", "rows that the finding is true of: 1 for a row's own; sum(rows) counts what most= leaves out, too"},
  {NULL, NULL, NULL}
};

static const Argument arguments[] = {
  {"touches", 1, "the relation of touches: 'touches(entity, ts, channel [, points])'"},
  {"conversions", 1, "the relation of conversions: 'deals(entity, ts, value [, milestone1, …])'"},
  {"options", 0, "such as 'lookback=90 days; most=20'"},
  {NULL, 0, NULL}
};

typedef struct State State;
struct State {
  AtOptions options;
  AtStages stages;
  Relation relation[AT_AUDITED];
  AtAudited audited[AT_AUDITED];
  AtFindings findings;
  AtFindingRow row;
};

/* The state, with its options read and its arguments being text; NULL on failure. */
static State *open_state(Cursor *cursor, Work *work, unsigned table){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  int i;
  if( s==NULL ) return NULL;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  for(i=0; i<3; i++) question_check_text(cursor, work, i);
  if( work->env.error.code || !question_options(&s->options, cursor, work, 2, table) ) return NULL;
  at_findings_open(&s->findings, s->options.most);
  return s;
}

/* Names are resolved before any row is read: wrong calls fail at once. */
static void resolve(State *s, Cursor *cursor, Work *work, int i, const Role *role, const char *id_column, const char *hold){
  const AtCell *argument = &cursor->arguments[i];
  relation_parse(work, &s->relation[i], role, argument->text, argument->n);
  relation_resolve(work, &s->relation[i], id_column, hold, s->options.unit);
}

/* Reads one relation, every row of it. */
static int read_relation(State *s, Work *work, int i){
  const Relation *r = &s->relation[i];
  AtAudited *x = &s->audited[i];
  return at_audited_open(&work->env, x, &s->findings, i, &r->shape, &s->options, r->id)
      && load_rows(work, r, at_audited_row, x) && at_audited_finish(&work->env, x);
}

/* What was read is not needed once the findings are there. */
static void close_relations(State *s, Connection *connection){
  int i;
  for(i=0; i<AT_AUDITED; i++) at_audited_close(&connection->alloc, &s->audited[i]);
}

static void journeys_open(Cursor *cursor, Work *work){
  State *s = open_state(cursor, work, AT_FOR_AUDIT);
  if( s==NULL ) return;
  resolve(s, cursor, work, 0, &touches_role, s->options.touch_id, NULL);
  resolve(s, cursor, work, 1, &conversions_role, s->options.conversion_id, NULL);
  if( work->env.error.code || !read_relation(s, work, 0) || !read_relation(s, work, 1)
   || !at_audit_journeys(&work->env, &s->audited[0], &s->audited[1]) ) return;
  close_relations(s, cursor->connection);
  at_findings_sort(&work->env, &s->findings);
}

static void stages_open(Cursor *cursor, Work *work){
  State *s = open_state(cursor, work, AT_FOR_FUNNEL_AUDIT);
  const AtCell *stages = &cursor->arguments[1];
  if( s==NULL ) return;
  resolve(s, cursor, work, 0, &events_role, s->options.event_id, s->options.hold);
  if( work->env.error.code || !at_stages_parse(&work->env, &s->stages, stages->text, stages->n, 0)
   || !at_funnel_check(&work->env, &s->stages, &s->options) ) return;
  if( !read_relation(s, work, 0) || !at_audit_stages(&work->env, &s->audited[0], &s->stages) ) return;
  close_relations(s, cursor->connection);
  at_findings_sort(&work->env, &s->findings);
}

static void audit_close(Cursor *cursor){
  State *s = cursor->state;
  const AtAlloc *alloc = &cursor->connection->alloc;
  int i;
  close_relations(s, cursor->connection);
  for(i=0; i<AT_AUDITED; i++) relation_free(cursor->connection, &s->relation[i]);
  at_findings_close(alloc, &s->findings);
  at_stages_free(alloc, &s->stages);
  at_options_free(alloc, &s->options);
  at_free(alloc, s);
}

static int audit_next(Cursor *cursor){
  State *s = cursor->state;
  return at_findings_next(&s->findings, &s->row);
}

static void audit_column(Cursor *cursor, sqlite3_context *context, int column){
  static const char *const severities[] = {"error", "warning", "note"};
  const State *s = cursor->state;
  const AtFindingRow *row = &s->row;
  const AtFindingInfo *info = at_finding_info(row->kind);
  switch( column ){
    case SEVERITY: sqlite3_result_text(context, severities[info->severity], -1, SQLITE_STATIC); return;
    case FINDING: sqlite3_result_text(context, info->name, -1, SQLITE_STATIC); return;
    case RELATION: sqlite3_result_text(context, s->relation[row->relation].role->argument, -1, SQLITE_STATIC); return;
    case ROW_ID: cell_result(context, &row->id); return;
    case ROWS: sqlite3_result_int64(context, (sqlite3_int64)row->rows); return;
    default: sqlite3_result_text64(context, row->detail, row->n_detail, SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

const Family attribution_audit_family = {
  .name = "attribution_audit",
  .help = "whether touches and conversions are fit to answer: one row per finding; nothing in the data makes it fail",
  .example = "attribution_audit('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'conversion_id=deal_id')",
  .columns = columns,
  .arguments = arguments,
  .entity_column = -1,
  .open = journeys_open,
  .next = audit_next,
  .column = audit_column,
  .close = audit_close,
};

const Family funnel_audit_family = {
  .name = "funnel_audit",
  .help = "whether stage events are fit to answer: one row per finding; nothing in the data makes it fail",
  .example = "funnel_audit('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won', 'exits=lost,disqualified,recycled')",
  .columns = columns,
  .arguments = funnel_arguments,
  .entity_column = -1,
  .open = stages_open,
  .next = audit_next,
  .column = audit_column,
  .close = audit_close,
};
