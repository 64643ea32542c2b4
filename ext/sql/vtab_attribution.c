/*
** vtab_attribution.c: attribution(touches, conversions [, models [, options]])
**
** One row per conversion x model x credited touch, conversion by conversion in
** the order of keys, so that a deal's rows stand together:
**
**   SELECT channel, position, credit, value
**     FROM attribution('touches(account_id, touched_at, channel)',
**                      'won_deals(account_id, closed_at, amount)',
**                      'w_shaped, linear', 'lookback=90 days; round=0.01')
**    WHERE entity = 42;
*/
#include "sql.h"

#include <math.h>
#include <string.h>

enum { MODEL, ENTITY, CONVERSION_ID, CONVERTED_AT, CONVERSION_VALUE, TOUCH_ID, TOUCHED_AT,
       CHANNEL, POSITION, PATH_LENGTH, CREDIT, VALUE };
static const Column columns[] = {
  {"model", "TEXT", "the model as written"},
  {"entity", ANY, "the entity's key, of the class it has in conversions"},
  {"conversion_id", ANY, "rowid of the conversion, or the column conversion_id="},
  {"converted_at", "DATETIME", "as in conversions"},
  {"conversion_value", "REAL", "the whole value of the conversion"},
  {"touch_id", ANY, "rowid of the touch, or the column touch_id="},
  {"touched_at", "DATETIME", "as in touches"},
  {"channel", "TEXT", "the touch's label, (none), or (unattributed)"},
  {"position", "INTEGER", "1 = the path's earliest touch; 0 = (unattributed)"},
  {"path_length", "INTEGER", "touches of the path"},
  {"credit", "REAL", "share of the conversion; adds up to 1 but for participation"},
  {"value", "REAL", "share of its value; adds up to conversion_value"},
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  Question question;
  AtWalk walk;
  int model;                        /* of the current row */
  int divided;                      /* the model credits some touch */
  uint32_t touch;                   /* position from 0 of the current row */
  int started;                      /* a conversion is current */
};

static void attribution_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  const AtCell *only = NULL;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !question_open(&s->question, cursor, work, 1, AT_FOR_ATTRIBUTION) ) return;
  if( cursor->entity && question_is_lookup(s->question.conversions, cursor->entity) ) only = cursor->entity;
  at_walk_open(&work->env, &s->walk, s->question.touches, s->question.conversions, &s->question.options, only);
}

static void attribution_close(Cursor *cursor){
  State *s = cursor->state;
  at_walk_close(&cursor->connection->alloc, &s->walk);
  question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static double conversion_value(const State *s){
  const AtStore *conversions = s->question.conversions;
  return conversions->number ? conversions->number[s->walk.conversion] : NAN;
}

/* Divides the current conversion by the current model. */
static void divide(State *s){
  s->divided = at_divide(&s->walk.path, &s->question.models.model[s->model], conversion_value(s),
                         s->question.options.round);
  s->touch = 0;
}

/* The next credited touch of the current division; one row where there is none. */
static int next_touch(State *s, int advance){
  const AtPath *path = &s->walk.path;
  if( !s->divided ) return !advance;
  if( advance ) s->touch++;
  while( s->touch<path->n && path->credit[s->touch]==0 ) s->touch++;
  return s->touch<path->n;
}

static int attribution_next(Cursor *cursor){
  State *s = cursor->state;
  if( s->started && next_touch(s, 1) ) return 1;
  for(;;){
    if( s->started && s->model+1<s->question.models.n ){
      s->model++;
    }else{
      if( !at_walk_next(&cursor->env, &s->walk) ) return 0;
      s->started = 1;
      s->model = 0;
    }
    divide(s);
    if( next_touch(s, 0) ) return 1;
  }
}

/* Columns of the touch; an unattributed row has none. */
static void touch_column(const State *s, sqlite3_context *context, int column){
  const AtPath *path = &s->walk.path;
  uint32_t row;
  AtCell cell;
  char buffer[40];
  if( !s->divided ){
    if( column==CHANNEL ) sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC);
    else if( column==POSITION ) sqlite3_result_int(context, 0);
    return;
  }
  row = path->row[s->touch];
  switch( column ){
    case TOUCH_ID:
      cell = at_store_id(s->question.touches, row);
      cell_result(context, &cell);
      return;
    case TOUCHED_AT:
      at_store_time(s->question.touches, row, &cell, buffer);
      cell_result(context, &cell);
      return;
    case CHANNEL:
      cell = at_store_label_text(s->question.touches, path->label[s->touch]);
      cell_result(context, &cell);
      return;
    default:
      sqlite3_result_int64(context, (sqlite3_int64)s->touch+1);
  }
}

static void attribution_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtStore *conversions = s->question.conversions;
  AtCell cell;
  char buffer[40];
  switch( column ){
    case MODEL:
      sqlite3_result_text(context, s->question.models.model[s->model].name, -1, SQLITE_TRANSIENT);
      return;
    case ENTITY:
      cell = at_store_key(conversions, s->walk.entity);
      cell_result(context, &cell);
      return;
    case CONVERSION_ID:
      cell = at_store_id(conversions, s->walk.conversion);
      cell_result(context, &cell);
      return;
    case CONVERTED_AT:
      at_store_time(conversions, s->walk.conversion, &cell, buffer);
      cell_result(context, &cell);
      return;
    case CONVERSION_VALUE: result_real(context, conversion_value(s)); return;
    case PATH_LENGTH: sqlite3_result_int64(context, s->walk.path.n); return;
    case CREDIT:
      sqlite3_result_double(context, s->divided ? s->walk.path.credit[s->touch] : 1.0);
      return;
    case VALUE:
      result_real(context, s->divided ? s->walk.path.value[s->touch] : conversion_value(s));
      return;
    default: touch_column(s, context, column);
  }
}

/* Conversion of the entity, model, touch. */
static AtCell attribution_row_key(Cursor *cursor, uint32_t numbers[3]){
  State *s = cursor->state;
  const AtStore *conversions = s->question.conversions;
  numbers[0] = s->walk.conversion - conversions->start[s->walk.entity];
  numbers[1] = (uint32_t)s->model;
  numbers[2] = s->touch;
  return at_store_key(conversions, s->walk.entity);
}

const Family attribution_family = {
  .name = "attribution",
  .help = "credit of every touch for every conversion, by model: one row per conversion x model x credited touch",
  .example = "attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'first_touch, linear')",
  .columns = columns,
  .arguments = question_arguments,
  .entity_column = ENTITY,
  .open = attribution_open,
  .next = attribution_next,
  .column = attribution_column,
  .close = attribution_close,
  .row_key = attribution_row_key,
};
