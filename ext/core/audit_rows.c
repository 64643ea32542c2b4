/*
** audit_rows.c: raw rows of a relation, each checked as the loader would take it.
**
** The loader refuses a row for the first thing that it cannot read, and with it the whole relation. Here
** every cell is looked at, what is wrong becomes a finding, in the loader's own words, and only
** rows that the loader takes are handed on to it: nothing in the data can fail an audit.
** Where the loader skips a row without a further look (no entity, no time) so does the audit.
*/
#include "audit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The shape, the options and the findings must outlive x. To be closed in any case. */
int at_audited_open(AtEnv *env, AtAudited *x, AtFindings *findings, int relation, const AtShape *shape,
                    const AtOptions *options, const char *id_column){
  memset(x, 0, sizeof *x);
  x->findings = findings;
  x->relation = relation;
  x->shape = shape;
  x->options = options;
  x->id_column = id_column;
  return at_loader_open(env, &x->loader, shape);
}

void at_audited_close(const AtAlloc *alloc, AtAudited *x){
  at_loader_close(&x->loader);
  at_store_release(x->store);
  at_free(alloc, x->duplicate);
  memset(x, 0, sizeof *x);
}

/* All rows have been read: their store. */
int at_audited_finish(AtEnv *env, AtAudited *x){
  x->store = at_loader_finish(env, &x->loader, 1);
  at_loader_close(&x->loader);
  return x->store!=NULL;
}

static int is_readable_id(const AtCell *id){ return id->type!=AT_BLOB && id->n<=AT_MAX_TEXT; }

/* Where a row's id is among its cells. */
static int id_place(const AtShape *s){ return 2 + s->has_label + s->n_tags + s->has_number + s->n_milestones; }

typedef struct Row Row;
struct Row {
  AtAudited *x;
  const AtCell *cells;
  int is_placed;                    /* most rows are good, and nobody asks */
  AtPlace place;
};

static const AtPlace *place_of(Row *row){
  const AtShape *s = row->x->shape;
  const AtCell *cells = row->cells;
  AtPlace *place = &row->place;
  if( row->is_placed ) return place;
  row->is_placed = 1;
  *place = at_place_of_rows(1);
  if( s->has_id && is_readable_id(&cells[id_place(s)]) ) place->id = cells[id_place(s)];
  snprintf(place->about, sizeof place->about, " (%.60s %s, %.60s %s)", s->entity, at_cell_quote(&cells[0]).text,
           s->time, at_cell_quote(&cells[1]).text);
  return place;
}

/* The value of option time_unit under which a number would be a time of 1990 to 2099; NULL if none. */
const char *at_unit_of_number(double number){
  static const char *const names[] = {"s", "ms", "us"};
  const double first = 631152000, limit = 4102444800;      /* seconds */
  double scale = 1;
  int i;
  for(i=0; i<3; i++, scale *= 1000) if( number>=first*scale && number<limit*scale ) return names[i];
  return NULL;
}

/* The number that a cell is, or reads as; NaN where it is none. */
static double number_of(const AtCell *cell){
  double number;
  if( cell->type==AT_INT ) return (double)cell->integer;
  if( cell->type==AT_REAL ) return cell->real;
  return cell->type==AT_TEXT && at_number_parse(cell->text, cell->n, &number) ? number : NAN;
}

static int is_eight_digits(const AtCell *cell){
  const char *text = cell->text;
  size_t n = cell->n, i;
  if( cell->type!=AT_TEXT ) return 0;
  at_trim(&text, &n);
  for(i=0; i<n; i++) if( !at_is_digit((unsigned char)text[i]) ) return 0;
  return n==8;
}

static const char *unit_name(int64_t unit){
  return unit==AT_SECOND ? "s" : unit==1000 ? "ms" : "us";
}

/* Reads the time of a column; 0 where it cannot be read, and that is found. */
static int read_time(AtEnv *env, Row *row, const char *column, const AtCell *cell, int is_milestone, int64_t *time){
  AtAudited *x = row->x;
  uint8_t form;
  const char *mend = at_time_parse(cell, x->shape->unit, time, &form);
  const char *unit = mend ? at_unit_of_number(number_of(cell)) : NULL;
  if( mend==NULL ) return 1;
  if( unit && !is_milestone && !is_eight_digits(cell) ){
    at_found(env, x->findings, x->relation, AT_WRONG_TIME_UNIT, place_of(row),
             "%.60s is no time in the unit %s (got %s); write the option time_unit=%s", column,
             unit_name(x->shape->unit), at_cell_quote(cell).text, unit);
  }else{
    at_found(env, x->findings, x->relation, is_milestone ? AT_UNREADABLE_MILESTONE
             : is_eight_digits(cell) ? AT_EIGHT_DIGIT_TIME : AT_UNREADABLE_TIME, place_of(row),
             "%.60s is no time (got %s); %s", column, at_cell_quote(cell).text, mend);
  }
  return 0;
}

static int check_key(AtEnv *env, Row *row, const AtCell *cell){
  AtAudited *x = row->x;
  if( (cell->type!=AT_TEXT && cell->type!=AT_BLOB) || cell->n<=AT_MAX_TEXT ) return 1;
  at_found(env, x->findings, x->relation, AT_UNREADABLE_KEY, place_of(row),
           "%.60s is longer than 65,535 bytes; write a shorter key", x->shape->entity);
  return 0;
}

/* The label, and the tags after it. */
static int check_labels(AtEnv *env, Row *row, const AtCell *cells){
  AtAudited *x = row->x;
  const AtShape *s = x->shape;
  int n = s->has_label+s->n_tags, good = 1, i;
  for(i=0; i<n; i++){
    const char *column = i<s->has_label ? s->label : s->tag[i-s->has_label];
    if( cells[i].type==AT_BLOB ){
      at_found(env, x->findings, x->relation, AT_UNREADABLE_LABEL, place_of(row),
               "%.60s is no text (got a BLOB); cast the column to TEXT", column);
    }else if( cells[i].n>AT_MAX_TEXT ){
      at_found(env, x->findings, x->relation, AT_UNREADABLE_LABEL, place_of(row),
               "%.60s is longer than 65,535 bytes; write a shorter label", column);
    }else{
      continue;
    }
    good = 0;
  }
  if( s->has_label && at_cell_is_null(&cells[0]) ){
    at_found(env, x->findings, x->relation, AT_MISSING_LABEL, place_of(row),
             "%.60s is %s and counts as (none)", s->label, cells[0].type==AT_NULL ? "NULL" : "''");
  }
  return good;
}

/* The number: points where rows have labels, else the value. */
static int check_number(AtEnv *env, Row *row, const AtCell *cell){
  AtAudited *x = row->x;
  const AtShape *s = x->shape;
  int is_points = s->has_label;
  double number;
  const char *mend = at_cell_number(cell, &number);
  if( mend ){
    at_found(env, x->findings, x->relation, is_points ? AT_UNREADABLE_POINTS : AT_UNREADABLE_VALUE, place_of(row),
             "%.60s is no number (got %s); %s", s->number, at_cell_quote(cell).text, mend);
  }else if( isnan(number) ){
    at_found(env, x->findings, x->relation, is_points ? AT_MISSING_POINTS : AT_MISSING_VALUE, place_of(row),
             "%.60s is %s and counts 0", s->number, cell->type==AT_NULL ? "NULL" : "''");
  }else if( number<0 ){
    at_found(env, x->findings, x->relation, is_points ? AT_NEGATIVE_POINTS : AT_NEGATIVE_VALUE, place_of(row),
             "%.60s is negative (got %s)", s->number, at_cell_quote(cell).text);
  }
  return mend==NULL;
}

static int check_id(AtEnv *env, Row *row, const AtCell *cell){
  AtAudited *x = row->x;
  const char *column = x->id_column ? x->id_column : "rowid";
  if( !is_readable_id(cell) ){
    at_found(env, x->findings, x->relation, AT_UNREADABLE_ID, place_of(row),
             "%.60s is no integer or text up to 65,535 bytes (got %s); name another column", column,
             at_cell_quote(cell).text);
    return 0;
  }
  if( x->id_column && at_cell_is_null(cell) ){
    at_found(env, x->findings, x->relation, AT_MISSING_ID, place_of(row), "%.60s is %s; nothing tells this row from others",
             column, cell->type==AT_NULL ? "NULL" : "''");
  }
  return 1;
}

/* What follows entity and time. */
static int check_rest(AtEnv *env, Row *row){
  const AtShape *s = row->x->shape;
  const AtCell *next = row->cells+2;
  int64_t time;
  int good = check_labels(env, row, next), k;
  next += s->has_label+s->n_tags;
  if( s->has_number ) good &= check_number(env, row, next++);
  for(k=0; k<s->n_milestones; k++) good &= read_time(env, row, s->milestone[k], next++, 1, &time);
  if( s->has_id ) good &= check_id(env, row, next);
  return good;
}

static int skip(AtEnv *env, Row *row, int kind, const char *column, const AtCell *cell){
  row->x->skipped++;
  return at_found(env, row->x->findings, row->x->relation, kind, place_of(row), "%.60s is %s; the row is skipped", column,
                  cell->type==AT_NULL ? "NULL" : "''");
}

/* Checks one row, its cells as a loader wants them, and loads it if it is good. */
int at_audited_row(void *audited, AtEnv *env, const AtCell *cells){
  AtAudited *x = audited;
  AtCell key = cells[0];
  int64_t time;
  int good;
  Row row;
  if( env->error.code ) return 0;
  row.x = x;
  row.cells = cells;
  row.is_placed = 0;
  x->rows++;
  if( at_cell_is_null(&key) ) return skip(env, &row, AT_MISSING_ENTITY, x->shape->entity, &key);
  good = read_time(env, &row, x->shape->time, &cells[1], 0, &time);
  if( good && time==AT_NO_TIME ) return skip(env, &row, AT_MISSING_TIME, x->shape->time, &cells[1]);
  good &= check_key(env, &row, &key);
  good &= check_rest(env, &row);
  if( good ){
    x->unlabelled += x->shape->has_label && at_cell_is_null(&cells[2]);
    return at_loader_append(env, &x->loader, cells);
  }
  x->refused++;
  at_cell_normal(&key);
  x->loader.store->key_classes |= 1u<<key.type;     /* of a row that will be there once it is mended */
  return !env->error.code;
}
