/*
** group.c: what the aggregates share: a row's time, its conditions,
** and arguments that belong to the group and not to the row.
*/
#include "sql.h"

#include <string.h>

/* The row's time; 0 where it has none, or on failure. */
int group_time(AtEnv *env, sqlite3_value *value, int64_t *time, uint8_t *form){
  AtCell ts;
  const char *mend;
  cell_of(value, &ts);
  mend = at_time_parse(&ts, AT_SECOND, time, form);
  if( mend ) at_fail(env, AT_INVALID, "ts is no time (got %s); %s", at_cell_quote(&ts).text, mend);
  return mend==NULL && *time!=AT_NO_TIME;
}

/* Notes which of n conditions hold, as the first one and so on from number first. */
int group_conditions(AtEnv *env, AtConditions *rows, int first, int n, sqlite3_value **argv){
  int i;
  for(i=0; i<n && !env->error.code; i++){
    AtCell cell;
    int holds;
    const char *mend;
    if( sqlite3_value_type(argv[i])==SQLITE_INTEGER ){ /* what a comparison gives */
      if( sqlite3_value_int64(argv[i]) ) at_conditions_hold(rows, (uint32_t)(first+i));
      continue;
    }
    cell_of(argv[i], &cell);
    mend = at_condition(&cell, &holds);
    if( mend ){
      at_fail(env, AT_INVALID, "condition %d is no truth value (got %s); %s", i+1, at_cell_quote(&cell).text, mend);
    }else if( holds ){
      at_conditions_hold(rows, (uint32_t)(first+i));
    }
  }
  return !env->error.code;
}

/* The truth of a value; 0 where it is NULL or '', or on failure. */
int group_truth(AtEnv *env, sqlite3_value *value, const char *name, int *holds){
  AtCell cell;
  const char *mend;
  cell_of(value, &cell);
  mend = at_condition(&cell, holds);
  if( mend ) at_fail(env, AT_INVALID, "%s is no truth value (got %s); %s", name, at_cell_quote(&cell).text, mend);
  return mend==NULL && !at_cell_is_null(&cell);
}

/* The number of a value; 0 where it is NULL or '', or on failure. */
int group_number(AtEnv *env, sqlite3_value *value, const char *name, double *number){
  AtCell cell;
  const char *mend;
  cell_of(value, &cell);
  mend = at_cell_number(&cell, number);
  if( mend ) at_fail(env, AT_INVALID, "%s is no number (got %s); %s", name, at_cell_quote(&cell).text, mend);
  return mend==NULL && !at_cell_is_null(&cell);
}

/* Whether an argument of the group is seen for the first time: it is kept, and
** must be the same in every further row. */
int group_constant(AtEnv *env, AtText *kept, const AtCell *cell, const char *name){
  char number[9], tag = (char)cell->type;
  const char *bytes;
  size_t n = at_encode(cell, number, &bytes);
  if( kept->n==0 ){
    at_text_add(env, kept, &tag, 1);
    at_text_add(env, kept, bytes, n);
    return !env->error.code;
  }
  if( kept->n!=n+1 || kept->text[0]!=tag || (n && memcmp(kept->text+1, bytes, n)!=0) ){
    at_fail(env, AT_INVALID, "%s differs within a group (got %s); write one for all rows", name,
            at_cell_quote(cell).text);
  }
  return 0;
}
