/*
** vtab_journeys.c: journeys(touches, conversions [, options])
**
** One row per conversion with its path, and one per journey that has not
** converted:
**
**   SELECT path, count(*) AS journeys, sum(converted) AS won, avg(path_length)
**     FROM journeys('touches(account_id, touched_at, channel)',
**                   'won_deals(account_id, closed_at, amount)', 'path=exposure')
**    GROUP BY path ORDER BY won DESC LIMIT 10;
*/
#include "sql.h"

#include <math.h>
#include <string.h>

enum { ENTITY, CONVERSION_ID, CONVERTED_AT, VALUE, CONVERTED, PATH, PATH_LENGTH, FIRST_TOUCH,
       LAST_TOUCH, STARTED_AT, SECONDS_TO_CONVERT };
static const Column columns[] = {
  {"entity", ANY, "the entity's key"},
  {"conversion_id", ANY, "rowid of the conversion, or the column conversion_id=; NULL if not converted"},
  {"converted_at", "DATETIME", "as in conversions; NULL if not converted"},
  {"value", "REAL", "of the conversion"},
  {"converted", "INTEGER", "1 for a conversion's path, 0 for touches that no conversion used"},
  {"path", "TEXT", "labels joined by ' > ', or (unattributed)"},
  {"path_length", "INTEGER", "touches of the path"},
  {"first_touch", "TEXT", "label of the path's first touch"},
  {"last_touch", "TEXT", "label of its last"},
  {"started_at", "DATETIME", "time of its first touch"},
  {"seconds_to_convert", "REAL", "from the first touch to the conversion"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  Question question;
  AtJourneys journeys;
  AtText path;                      /* reused from row to row */
};

static void journeys_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  Question *q;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  q = &s->question;
  if( !question_open(q, cursor, work, 0, AT_FOR_JOURNEYS) ) return;
  at_journeys_open(&work->env, &s->journeys, q->touches, q->conversions, &q->options);
  if( cursor->entity && question_is_lookup(q->touches, cursor->entity)
   && question_is_lookup(q->conversions, cursor->entity) ){
    at_journeys_only(&s->journeys, cursor->entity);
  }
}

static void journeys_close(Cursor *cursor){
  State *s = cursor->state;
  at_journeys_close(&cursor->connection->alloc, &s->journeys);
  question_close(&s->question, cursor->connection);
  at_text_free(&cursor->connection->alloc, &s->path);
  at_free(&cursor->connection->alloc, s);
}

static int journeys_next(Cursor *cursor){
  State *s = cursor->state;
  return at_journeys_next(&cursor->env, &s->journeys);
}

static void result_label(const State *s, sqlite3_context *context, uint32_t position){
  AtCell cell = at_store_label_text(s->question.touches, s->journeys.path.label[position]);
  cell_result(context, &cell);
}

static void result_path(Cursor *cursor, sqlite3_context *context){
  State *s = cursor->state;
  const AtPath *path = &s->journeys.path;
  AtEnv env = connection_env(cursor->connection);
  uint32_t i;
  s->path.n = 0;
  for(i=0; i<path->n; i++){
    AtCell label = at_store_label_text(s->question.touches, path->label[i]);
    if( i ) at_text_add(&env, &s->path, " > ", 3);
    at_text_add(&env, &s->path, label.text, label.n);
  }
  if( env.error.code ) sqlite3_result_error_nomem(context);
  else sqlite3_result_text64(context, s->path.text, s->path.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* Columns of the path; a conversion without touches is (unattributed). */
static void path_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtPath *path = &s->journeys.path;
  AtCell cell;
  char buffer[40];
  if( column==PATH_LENGTH ){
    sqlite3_result_int64(context, path->n);
  }else if( path->n==0 ){
    if( column!=STARTED_AT ) sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC);
  }else if( column==PATH ){
    result_path(cursor, context);
  }else if( column==STARTED_AT ){
    at_store_time(s->question.touches, path->row[0], &cell, buffer);
    cell_result(context, &cell);
  }else{
    result_label(s, context, column==FIRST_TOUCH ? 0 : path->n-1);
  }
}

/* Columns of the conversion; NULL where there is none. */
static void conversion_column(const State *s, sqlite3_context *context, int column){
  const AtStore *conversions = s->question.conversions;
  const AtJourneys *j = &s->journeys;
  AtCell cell;
  char buffer[40];
  if( !j->converted ) return;
  switch( column ){
    case CONVERSION_ID:
      cell = at_store_id(conversions, j->row);
      cell_result(context, &cell);
      return;
    case CONVERTED_AT:
      at_store_time(conversions, j->row, &cell, buffer);
      cell_result(context, &cell);
      return;
    case VALUE:
      if( conversions->number && !isnan(conversions->number[j->row]) ){
        sqlite3_result_double(context, conversions->number[j->row]);
      }
      return;
    default:
      if( j->path.n ) sqlite3_result_double(context, at_journeys_seconds(j));
  }
}

static void journeys_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  AtCell cell;
  switch( column ){
    case ENTITY:
      cell = at_journeys_key(&s->journeys);
      cell_result(context, &cell);
      return;
    case CONVERTED: sqlite3_result_int(context, s->journeys.converted); return;
    case CONVERSION_ID: case CONVERTED_AT: case VALUE: case SECONDS_TO_CONVERT:
      conversion_column(s, context, column);
      return;
    default: path_column(cursor, context, column);
  }
}

/* Number of the journey within its entity. */
static AtCell journeys_row_key(Cursor *cursor, uint32_t numbers[3]){
  State *s = cursor->state;
  numbers[0] = s->journeys.number;
  return at_journeys_key(&s->journeys);
}

const Family journeys_family = {
  .name = "journeys",
  .help = "paths of touches, converting or not: one row each",
  .example = "journeys('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'gap=180 days')",
  .columns = columns,
  .arguments = journeys_arguments,
  .entity_column = ENTITY,
  .open = journeys_open,
  .next = journeys_next,
  .column = journeys_column,
  .close = journeys_close,
  .row_key = journeys_row_key,
};
