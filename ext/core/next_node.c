/*
** next_node.c: what comes next after a chain of consecutive rows, behind
** sequence_next_node().
**
** Rows are sorted by (time, value, conditions). From the base row on, forward or
** backward, e1 … eM must hold on consecutive rows; the answer is the value of the
** row after them.
*/
#include "funnel.h"

#include <string.h>

/* The index of a cell's word in a NULL-terminated list; -1 and an error without. */
static int read_word(AtEnv *env, const AtCell *cell, const char *argument, const char *const *words,
                     const char *mend){
  int i;
  for(i=0; words[i]; i++){
    if( cell->type==AT_TEXT && at_same_word(words[i], cell->text, cell->n) ) return i;
  }
  at_fail(env, AT_INVALID, "%s is unknown (got %s); write %s", argument, at_cell_quote(cell).text, mend);
  return -1;
}

/* Rows with n_steps conditions e1, e2, … after the base condition. */
int at_nodes_open(AtEnv *env, AtNodes *x, uint32_t n_steps, const AtCell *direction, const AtCell *base){
  static const char *const directions[] = {"forward", "backward", NULL};
  static const char *const bases[] = {"head", "tail", "first_match", "last_match", NULL};
  memset(x, 0, sizeof *x);
  x->backward = read_word(env, direction, "direction", directions, "'forward' or 'backward'");
  x->base = read_word(env, base, "base", bases, "'head', 'tail', 'first_match' or 'last_match'");
  if( !x->backward && x->base==AT_TAIL ){
    at_fail(env, AT_INVALID, "nothing comes after the tail; write 'backward', 'tail'");
  }else if( x->backward && x->base==AT_HEAD ){
    at_fail(env, AT_INVALID, "nothing comes before the head; write 'forward', 'head'");
  }else if( n_steps==0 && x->base>=AT_FIRST_MATCH ){
    at_fail(env, AT_INVALID, "%s needs a condition to match after base_condition; write %s",
            bases[x->base], "sequence_next_node(direction, base, ts, value, base_condition, e1)");
  }
  return at_conditions_open(env, &x->rows, n_steps+1, 0);
}

void at_nodes_free(const AtAlloc *alloc, AtNodes *x){
  at_conditions_free(alloc, &x->rows);
  at_free(alloc, x->offset);
  at_free(alloc, x->order);
  at_text_free(alloc, &x->bytes);
  memset(x, 0, sizeof *x);
}

/* Adds the row of the conditions noted in x->rows. The value is copied. */
int at_nodes_add(AtEnv *env, AtNodes *x, int64_t time, const AtCell *value){
  char number[9], tag = (char)value->type;
  const char *bytes;
  size_t n = at_encode(value, number, &bytes);
  uint32_t n_bytes = (uint32_t)n+1, row = x->rows.n;
  if( n>=UINT32_MAX-1 ){
    at_fail(env, AT_TOOBIG, "value is longer than 4 GB; write a shorter one");
    return 0;
  }
  if( row>=x->capacity ){
    uint32_t capacity = x->capacity ? x->capacity*2 : 8;
    if( x->capacity>=AT_MAX_GROUP ){
      at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
      return 0;
    }
    if( !at_grow(env, &x->offset, capacity, sizeof *x->offset) ) return 0;
    x->capacity = capacity;
  }
  x->offset[row] = x->bytes.n;
  at_text_add(env, &x->bytes, (const char*)&n_bytes, sizeof n_bytes);
  at_text_add(env, &x->bytes, &tag, 1);
  at_text_add(env, &x->bytes, bytes, n);
  return at_conditions_add(env, &x->rows, time, 0, 1);
}

static AtCell value_of(const AtNodes *x, uint32_t row){
  const char *at = x->bytes.text + x->offset[row];
  uint32_t n;
  memcpy(&n, at, sizeof n);
  return at_decode(at + sizeof n, n);
}

static int compare(const void *nodes, uint32_t a, uint32_t b){
  const AtNodes *x = nodes;
  AtCell value_a, value_b;
  int order;
  if( x->rows.time[a]!=x->rows.time[b] ) return x->rows.time[a]<x->rows.time[b] ? -1 : 1;
  value_a = value_of(x, a);
  value_b = value_of(x, b);
  order = at_cell_compare(&value_a, &value_b);
  if( order==0 ) order = value_a.type-value_b.type;
  return order ? order : at_conditions_compare(&x->rows, a, b);
}

/* Whether a row, the i-th in order, may be the base. */
static int is_base(const AtNodes *x, uint32_t i){
  uint32_t row = x->order[i];
  return at_holds(&x->rows, row, 1) && (x->base<AT_FIRST_MATCH || at_holds(&x->rows, row, 2));
}

/* The place of the base row in the order; the number of rows if there is none. */
static uint32_t find_base(const AtNodes *x){
  uint32_t n = x->rows.n, i;
  if( x->base==AT_HEAD ) return is_base(x, 0) ? 0 : n;
  if( x->base==AT_TAIL ) return is_base(x, n-1) ? n-1 : n;
  if( x->base==AT_FIRST_MATCH ){
    for(i=0; i<n && !is_base(x, i); i++){}
    return i;
  }
  for(i=n; i-->0; ) if( is_base(x, i) ) return i;
  return n;
}

/* The value after the chain; 0 where there is none. It lives as long as x. */
int at_nodes_next(AtEnv *env, AtNodes *x, AtCell *value){
  uint32_t n = x->rows.n, n_steps = x->rows.n_conditions-1, i, k;
  if( env->error.code || n==0 ) return 0;
  x->order = at_sorted(env, n, compare, x);
  if( x->order==NULL ) return 0;
  i = find_base(x);
  for(k=1; i<n && k<=n_steps; k++){
    if( !at_holds(&x->rows, x->order[i], k+1) ) return 0;
    i = x->backward ? i-1 : i+1;                   /* before the first: beyond the last */
  }
  if( i>=n ) return 0;
  *value = value_of(x, x->order[i]);
  return 1;
}
