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

void at_conditions_free(const AtAlloc *alloc, AtConditions *c){
  at_free(alloc, c->time);
  at_free(alloc, c->set);
  at_free(alloc, c->form);
  memset(c, 0, sizeof *c);
}

/* Condition k holds in the row that is added next. */
void at_conditions_hold(AtConditions *c, uint32_t k){
  assert( k>=1 && k<=c->n_conditions );
  c->row[(k-1)/64] |= UINT64_C(1)<<((k-1)%64);
}

static int grow_rows(AtEnv *env, AtConditions *c){
  uint32_t capacity = c->capacity ? c->capacity*2 : 8;
  if( c->capacity>=AT_MAX_ROWS/2 ){
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

/* Moves the rows to the order given. */
static int gather(AtEnv *env, AtConditions *c, const uint32_t *order){
  AtConditions to = *c;
  uint32_t i;
  to.time = at_alloc(env, c->n, sizeof *to.time);
  to.set = at_alloc(env, (size_t)c->n*c->words, sizeof *to.set);
  to.form = c->has_forms ? at_alloc(env, c->n, 1) : NULL;
  to.capacity = c->n;
  if( env->error.code ){
    at_conditions_free(env->alloc, &to);
    return 0;
  }
  for(i=0; i<c->n; i++){
    to.time[i] = c->time[order[i]];
    memcpy(&to.set[(size_t)i*c->words], at_conditions_set(c, order[i]), c->words*sizeof *to.set);
    if( c->has_forms ) to.form[i] = c->form[order[i]];
  }
  at_conditions_free(env->alloc, c);
  *c = to;
  return 1;
}

int at_conditions_sort(AtEnv *env, AtConditions *c){
  uint32_t *order, i;
  int ok;
  if( env->error.code ) return 0;
  for(i=1; i<c->n && at_conditions_compare(c, i-1, i)<=0; i++){}
  if( i>=c->n ) return at_alive(env, c->n);
  order = at_sorted(env, c->n, compare, c);
  ok = order && gather(env, c, order);
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
