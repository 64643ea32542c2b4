/*
** conditions.c: the rows of one group, each a time and the set of conditions
** that hold in it, behind window_funnel(), sequence_…() and retention().
**
** A set is a few 64-bit words, bit k-1 for condition k. Rows are sorted by time,
** and at one instant by their sets compared as lists of condition numbers,
** {1} < {1,2} < {2}: a rule that knows nothing of the order of arrival.
*/
#include "funnel.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Whether a value is true: NULL and '' are not, a number is unless it is 0.
** Returns NULL, or what to write instead. */
const char *at_condition(const AtCell *cell, int *holds){
  double number;
  *holds = 0;
  if( cell->type==AT_INT ){
    *holds = cell->integer!=0;
  }else if( !at_cell_is_null(cell) ){
    if( cell->type==AT_REAL ) number = cell->real;
    else if( cell->type==AT_BLOB || !at_number_parse(cell->text, cell->n, &number) ){
      return "write a comparison, such as stage = 'won'";
    }
    *holds = number!=0;
  }
  return NULL;
}

/* Rows with n_conditions conditions each; with has_forms the forms of their
** times are kept. */
int at_conditions_open(AtEnv *env, AtConditions *c, uint32_t n_conditions, int has_forms){
  memset(c, 0, sizeof *c);
  if( n_conditions>AT_MAX_CONDITIONS ){
    at_fail(env, AT_INVALID, "there are %u conditions; write at most %d", (unsigned)n_conditions,
            AT_MAX_CONDITIONS);
    return 0;
  }
  c->n_conditions = n_conditions;
  c->words = n_conditions ? (n_conditions+63)/64 : 1;
  c->has_forms = has_forms;
  return !env->error.code;
}

/* Lets the first rows live in room, which must outlive them: most groups are small, and
** then nothing is allocated for them. Sets of more than one word do not fit. */
void at_conditions_lend(AtConditions *c, AtConditionRoom *room){
  assert( c->capacity==0 );
  if( c->words!=1 ) return;
  c->is_lent = 1;
  c->capacity = AT_ROOM_ROWS;
  c->time = room->time;
  c->set = room->set;
  c->form = room->form;
}

static void free_columns(const AtAlloc *alloc, AtConditions *c){
  if( c->is_lent ) return;
  at_free(alloc, c->time);
  at_free(alloc, c->set);
  at_free(alloc, c->form);
}

void at_conditions_free(const AtAlloc *alloc, AtConditions *c){
  free_columns(alloc, c);
  memset(c, 0, sizeof *c);
}

/* Condition k holds in the row that is added next. */
void at_conditions_hold(AtConditions *c, uint32_t k){
  assert( k>=1 && k<=c->n_conditions );
  c->row[(k-1)/64] |= UINT64_C(1)<<((k-1)%64);
}

/* Moves the rows to columns of their own, in the order given or as they are. */
static int move_rows(AtEnv *env, AtConditions *c, const uint32_t *order, uint32_t capacity){
  AtConditions to = *c;
  uint32_t i;
  to.is_lent = 0;
  to.time = at_alloc(env, capacity, sizeof *to.time);
  to.set = at_alloc(env, (size_t)capacity*c->words, sizeof *to.set);
  to.form = c->has_forms ? at_alloc(env, capacity, 1) : NULL;
  to.capacity = capacity;
  if( env->error.code ){
    free_columns(env->alloc, &to);
    return 0;
  }
  for(i=0; i<c->n; i++){
    uint32_t row = order ? order[i] : i;
    to.time[i] = c->time[row];
    memcpy(&to.set[(size_t)i*c->words], at_conditions_set(c, row), c->words*sizeof *to.set);
    if( c->has_forms ) to.form[i] = c->form[row];
  }
  free_columns(env->alloc, c);
  *c = to;
  return 1;
}

static int grow_rows(AtEnv *env, AtConditions *c){
  uint32_t capacity = c->capacity ? c->capacity*2 : 8;
  if( c->is_lent ) return move_rows(env, c, NULL, capacity);
  if( c->capacity>=AT_MAX_GROUP ){
    at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
    return 0;
  }
  at_grow(env, &c->time, capacity, sizeof *c->time);
  at_grow(env, &c->set, (size_t)capacity*c->words, sizeof *c->set);
  if( c->has_forms ) at_grow(env, &c->form, capacity, 1);
  if( env->error.code ) return 0;
  c->capacity = capacity;
  return 1;
}

/* Adds the row of the conditions noted since the last one; without any it is
** left out unless keep_empty. */
int at_conditions_add(AtEnv *env, AtConditions *c, int64_t time, uint8_t form, int keep_empty){
  uint32_t i;
  uint64_t any = 0;
  if( env->error.code ) return 0;
  for(i=0; i<c->words; i++) any |= c->row[i];
  if( any==0 && !keep_empty ) return 1;
  if( c->n>=c->capacity && !grow_rows(env, c) ) return 0;
  c->time[c->n] = time;
  if( c->has_forms ) c->form[c->n] = form;
  for(i=0; i<c->words; i++){
    c->set[(size_t)c->n*c->words+i] = c->row[i];
    c->row[i] = 0;
  }
  c->n++;
  return 1;
}

/* Sets compared as ascending lists. At the lowest condition in which they differ,
** the set that has it comes first, unless the other one ends there. */
static int compare_sets(const uint64_t *a, const uint64_t *b, uint32_t words){
  uint32_t i, j;
  uint64_t lowest, rest;
  const uint64_t *other;
  for(i=0; i<words && a[i]==b[i]; i++){}
  if( i==words ) return 0;
  lowest = (a[i]^b[i]) & (~(a[i]^b[i])+1);
  other = a[i] & lowest ? b : a;
  rest = other[i] & ~(lowest-1);
  for(j=i+1; j<words; j++) rest |= other[j];
  return (other==b)==(rest!=0) ? -1 : 1;
}

/* The order of two rows; 0 only where they are alike. */
int at_conditions_compare(const AtConditions *c, uint32_t a, uint32_t b){
  int order;
  if( c->time[a]!=c->time[b] ) return c->time[a]<c->time[b] ? -1 : 1;
  order = compare_sets(at_conditions_set(c, a), at_conditions_set(c, b), c->words);
  return order==0 && c->has_forms ? c->form[a]-c->form[b] : order;
}

static int compare(const void *rows, uint32_t a, uint32_t b){
  return at_conditions_compare(rows, a, b);
}

/* Puts a row before those of the first i that come after it. */
static void place_row(AtConditions *c, uint32_t i){
  int64_t time = c->time[i];
  uint64_t set = c->set[i];
  uint8_t form = c->has_forms ? c->form[i] : 0;
  uint32_t j = i;
  while( j>0 && at_conditions_compare(c, j-1, i)>0 ) j--;
  if( j==i ) return;
  memmove(c->time+j+1, c->time+j, (i-j)*sizeof *c->time);
  memmove(c->set+j+1, c->set+j, (i-j)*sizeof *c->set);
  if( c->has_forms ) memmove(c->form+j+1, c->form+j, i-j);
  c->time[j] = time;
  c->set[j] = set;
  if( c->has_forms ) c->form[j] = form;
}

int at_conditions_sort(AtEnv *env, AtConditions *c){
  AtStretch s = {1, 1};
  uint32_t *order, i;
  int ok;
  if( env->error.code ) return 0;
  for(i=1; at_stretch(env, &s, c->n) && i==s.first; ) while( i<s.limit && at_conditions_compare(c, i-1, i)<=0 ) i++;
  if( c->n<=AT_ROOM_ROWS && c->words==1 ){
    for(; i<c->n; i++) place_row(c, i);
  }
  if( i>=c->n || env->error.code ) return !env->error.code;
  order = at_sorted(env, c->n, compare, c);
  ok = order && move_rows(env, c, order, c->n);
  at_free(env->alloc, order);
  return ok;
}

/* The times of rows as a JSON array, in the forms in which they were written. */
void at_conditions_json(AtEnv *env, const AtConditions *c, const uint32_t *rows, uint32_t n, AtText *json){
  uint32_t i;
  at_text_add(env, json, "[", 1);
  for(i=0; i<n; i++){
    char buffer[40], number[32];
    AtCell cell;
    if( i ) at_text_add(env, json, ",", 1);
    at_time_format(c->time[rows[i]], c->form[rows[i]], AT_SECOND, &cell, buffer);
    if( cell.type==AT_TEXT ) at_text_json(env, json, cell.text, cell.n);
    else if( cell.type==AT_REAL ) at_text_add(env, json, number, (size_t)at_number_format(cell.real, number));
    else at_text_add(env, json, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)cell.integer));
  }
  at_text_add(env, json, "]", 1);
}

/* retention(): 1 for the first condition if any row has it, 1 for another if
** any row has that one too. The sets of all rows are in c->row. */
int at_retention_json(AtEnv *env, const AtConditions *c, AtText *json){
  uint32_t k;
  at_text_add(env, json, "[", 1);
  for(k=0; k<c->n_conditions; k++){
    int holds = (int)(c->row[0] & 1) && (c->row[k/64]>>(k%64) & 1);
    at_text_add(env, json, k ? "," : "", k>0);
    at_text_add(env, json, holds ? "1" : "0", 1);
  }
  at_text_add(env, json, "]", 1);
  return !env->error.code;
}
