/*
** listed.c: rows of a list into paths or counts: which cell is what, and what to say
** of one that is none.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

/* Names the relation, the row and the column. */
static void fail_row(AtEnv *env, const AtList *l, const AtCell *cells, const char *column, const char *is,
                     const AtCell *value, const char *mend){
  int at = l->n_texts + 1 + (l->value!=NULL) + (l->nulls!=NULL);
  at_fail_cell(env, column, l->relation, l->has_id ? &cells[at] : NULL, l->rows, is, value, mend);
}

/* A number, 0 for NULL or ''; if it is a weight, 0 or from AT_MIN_WEIGHT to AT_MAX_WEIGHT. */
static double read_number(AtEnv *env, const AtList *l, const AtCell *cells, int at, const char *column, int is_weight){
  double number;
  const char *mend = at_cell_number(&cells[at], &number);
  if( mend==NULL && is_weight && number!=0 && (number<AT_MIN_WEIGHT || number>AT_MAX_WEIGHT) ){
    mend = "write 0, or a number from 1e-12 to 2^53";
  }
  if( mend ) fail_row(env, l, cells, column, is_weight ? "is no count" : "is no number", &cells[at], mend);
  return mend || isnan(number) ? 0 : number;
}

static int read_outcome(AtEnv *env, AtList *l, const AtCell *cells, AtOutcome *o){
  int at = l->n_texts, i;
  l->rows++;
  memset(o, 0, sizeof *o);
  for(i=0; i<l->n_texts; i++){
    if( cells[i].type==AT_BLOB ) fail_row(env, l, cells, l->text[i], "is no text", &cells[i], "cast it as TEXT");
  }
  o->conversions = read_number(env, l, cells, at++, l->count, 1);
  if( l->value ) o->value = read_number(env, l, cells, at++, l->value, 0);
  if( l->nulls ) o->nulls = read_number(env, l, cells, at++, l->nulls, 1);
  if( o->conversions==0 && o->nulls==0 && o->value!=0 ){
    fail_row(env, l, cells, l->value, "has no paths to belong to", &cells[l->n_texts+1],
             "write how many paths it is the value of");
  }
  return !env->error.code;
}

/* Adds a row of (path, conversions [, value] [, nulls] [, id]). */
int at_list_path(AtEnv *env, AtList *l, AtPaths *paths, const AtCell *cells){
  AtOutcome o;
  int is_text = cells[0].type==AT_TEXT;
  return read_outcome(env, l, cells, &o)
      && at_paths_text(env, paths, is_text ? cells[0].text : "", is_text ? cells[0].n : 0, l->separator, &o);
}

static int is_last(const AtCell *cell){
  return at_is_named(cell, "(conversion)") || at_is_named(cell, "(null)");
}

/* What a row of counts may not say: how a chain begins and ends, and where values are. */
static void check_count(AtEnv *env, const AtList *l, const AtCell *cells, const AtOutcome *o){
  int i;
  for(i=0; i<2; i++){
    if( cells[i].type!=AT_TEXT || !at_has_channels(cells[i].text, cells[i].n, l->separator) ){
      fail_row(env, l, cells, l->text[i], "is no state", &cells[i],
               "write channels such as 'a > b', '(start)', '(conversion)' or '(null)'");
      return;
    }
  }
  if( is_last(&cells[0]) ){
    fail_row(env, l, cells, l->text[0], "is where paths end", &cells[0], "write the state before it");
  }else if( at_is_named(&cells[1], "(start)") ){
    fail_row(env, l, cells, l->text[1], "is where paths begin", &cells[1], "write the state after it");
  }else if( o->value!=0 && !is_last(&cells[1]) ){
    fail_row(env, l, cells, l->value, "is on the way", &cells[3], "write it where its paths end, in a row to '(conversion)' or '(null)'");
  }
}

/* Adds a row of (from_state, to_state, weight [, value] [, id]). */
int at_list_count(AtEnv *env, AtList *l, AtCounts *counts, const AtCell *cells){
  AtOutcome o;
  if( !read_outcome(env, l, cells, &o) ) return 0;
  check_count(env, l, cells, &o);
  return at_counts_add(env, counts, &cells[0], &cells[1], l->separator, o.conversions, o.value);
}
