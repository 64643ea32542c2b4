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
**
** Rows also come in order of channel or model, so that a group needs no sorter:
**
**   SELECT channel, sum(value) FROM attribution('touches(…)', 'won_deals(…)') GROUP BY channel;
*/
#include "sql.h"

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

#define RECENT 64                   /* a power of two */
typedef struct State State;
struct State {
  Question question;
  AtDetail detail;
  AtCell key, id, time;             /* of the conversion, for all of its rows */
  char time_text[40];
  uint32_t of, has;                 /* which conversion's, and which of them: bits by column */
  AtCell channel[RECENT];           /* texts of labels that were shown lately, by their last bits */
  uint32_t channel_of[RECENT];      /* their labels + 1 */
};

/* ORDER BY and GROUP BY that rows can come in, three bits a term: AT_BY_…, and 4 where it
** descends. Not by entity: 2.5 comes after all integers in a store, but not in SQLite. */
#define DESCENDS 4
static int attribution_order(const sqlite3_index_info *info){
  int order = 0, i;
  if( info->nOrderBy>2 ) return 0;
  for(i=0; i<info->nOrderBy; i++){
    int column = info->aOrderBy[i].iColumn;
    if( (column!=MODEL && column!=CHANNEL) || (i>0 && column==info->aOrderBy[0].iColumn) ) return 0;
    order |= ((column==MODEL ? AT_BY_MODEL : AT_BY_LABEL) | (info->aOrderBy[i].desc ? DESCENDS : 0))<<3*i;
  }
  return order;
}

static AtDetailOrder order_of(int code){
  AtDetailOrder order = { AT_BY_NOTHING, AT_BY_NOTHING, 0, 0 };
  order.first = code & 3;
  order.first_descends = (code & DESCENDS)!=0;
  order.second = code>>3 & 3;
  order.second_descends = (code>>3 & DESCENDS)!=0;
  return order;
}

static void attribution_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  const AtCell *only = NULL;
  Question *q;
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  q = &s->question;
  if( !question_open(q, cursor, work, 1, AT_FOR_ATTRIBUTION) ) return;
  if( cursor->entity && question_is_lookup(q->conversions, cursor->entity) ) only = cursor->entity;
  at_detail_open(&work->env, &s->detail, q->touches, q->conversions, &q->options, &q->models, only,
                 order_of(cursor->order));
  s->detail.wants_value = cursor->used>>VALUE & 1;
}

static void attribution_close(Cursor *cursor){
  State *s = cursor->state;
  at_detail_close(&cursor->connection->alloc, &s->detail);
  question_close(&s->question, cursor->connection);
  at_free(&cursor->connection->alloc, s);
}

static int attribution_next(Cursor *cursor){
  State *s = cursor->state;
  return at_detail_next(&cursor->env, &s->detail);
}

/* Columns of the touch; an unattributed row has none. */
static void touch_column(State *s, sqlite3_context *context, int column){
  const AtDetail *d = &s->detail;
  const AtStore *touches = s->question.touches;
  uint32_t label, place;
  AtCell cell;
  char buffer[40];
  if( !d->divided ){
    if( column==CHANNEL ) sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC);
    return;
  }
  switch( column ){
    case TOUCH_ID: cell = at_store_id(touches, d->row[d->touch]); break;
    case TOUCHED_AT: at_store_time(touches, d->row[d->touch], &cell, buffer); break;
    default:
      label = d->touch_label[d->touch];
      place = label & (RECENT-1);
      if( s->channel_of[place]!=label+1 ) s->channel[place] = at_store_label_text(touches, label);
      s->channel_of[place] = label+1;
      cell_result(context, &s->channel[place]);
      return;
  }
  cell_result(context, &cell);
}

/* Columns of the conversion that are the same in all of its rows. */
static const AtCell *conversion_cell(State *s, int column){
  const AtStore *conversions = s->question.conversions;
  uint32_t row = s->detail.walk.conversion, bit = 1u<<column;
  AtCell *cell = column==ENTITY ? &s->key : column==CONVERSION_ID ? &s->id : &s->time;
  if( s->of!=row ){
    s->of = row;
    s->has = 0;
  }
  if( s->has & bit ) return cell;
  s->has |= bit;
  switch( column ){
    case ENTITY: *cell = at_store_key(conversions, at_detail_entity(&s->detail)); break;
    case CONVERSION_ID: *cell = at_store_id(conversions, row); break;
    default: at_store_time(conversions, row, cell, s->time_text);
  }
  return cell;
}

/* What a long path is divided into may be stopped, too. */
static void share_result(sqlite3_context *context, const Cursor *cursor, double number){
  if( cursor->env.error.code ) result_failure(context, "attribution", &cursor->env);
  else result_real(context, number);
}

static void attribution_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  AtDetail *d = &s->detail;
  switch( column ){
    case MODEL: sqlite3_result_text(context, d->models->model[d->model].name, -1, SQLITE_TRANSIENT); return;
    case ENTITY: case CONVERSION_ID: case CONVERTED_AT: cell_result(context, conversion_cell(s, column)); return;
    case CONVERSION_VALUE: result_real(context, at_detail_whole(d)); return;
    case POSITION: sqlite3_result_int64(context, at_detail_position(d)); return;
    case PATH_LENGTH: sqlite3_result_int64(context, at_detail_length(d)); return;
    case CREDIT: share_result(context, cursor, at_detail_credit(&cursor->env, d)); return;
    case VALUE: share_result(context, cursor, at_detail_value(&cursor->env, d)); return;
    default: touch_column(s, context, column);
  }
}

/* Conversion of the entity, model, touch. */
static AtCell attribution_row_key(Cursor *cursor, uint32_t numbers[3]){
  State *s = cursor->state;
  uint32_t entity = at_detail_entity(&s->detail);
  numbers[0] = s->detail.walk.conversion - s->question.conversions->start[entity];
  numbers[1] = (uint32_t)s->detail.model;
  numbers[2] = at_detail_position(&s->detail);
  return at_store_key(s->question.conversions, entity);
}

const Family attribution_family = {
  .name = "attribution",
  .help = "credit of every touch for every conversion, by model: one row per conversion x model x credited touch",
  .example = "attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'first_touch, linear')",
  .columns = columns,
  .arguments = question_arguments,
  .entity_column = ENTITY,
  .order = attribution_order,
  .open = attribution_open,
  .next = attribution_next,
  .column = attribution_column,
  .close = attribution_close,
  .row_key = attribution_row_key,
};
