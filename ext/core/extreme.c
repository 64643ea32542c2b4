/*
** extreme.c: the earliest or latest value over a moving frame of rows, behind
** first_touch() and last_touch().
**
** A monotonic queue: a row that is beaten by a later row can never be the answer
** again and is dropped when the later row comes, so the head is always the answer, a
** row enters and leaves once, and any frame costs O(1) a row. Rows leave in the
** order in which they came, as SQLite's window frames do. Where none will ever leave, the head is
** all that is kept.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

static AtExtremeItem *item_at(const AtExtreme *x, size_t i){
  return &x->items[(x->head+i) % x->capacity];
}

static int make_item_room(AtEnv *env, AtExtreme *x){
  size_t capacity = x->capacity ? x->capacity*2 : 4, i;
  AtExtremeItem *items;
  if( x->n<x->capacity ) return 1;
  items = at_alloc(env, capacity, sizeof *items);
  if( items==NULL ) return 0;
  for(i=0; i<x->n && at_alive(env, 1); i++) items[i] = *item_at(x, i);
  if( env->error.code ){
    at_free(env->alloc, items);
    return 0;
  }
  at_free(env->alloc, x->items);
  x->items = items;
  x->capacity = capacity;
  x->head = 0;
  return 1;
}

/* Values lie in bytes[] in the queue's order; those that left from the head
** are squeezed out before more is asked for. */
static int make_byte_room(AtEnv *env, AtExtreme *x, size_t n){
  size_t i, used = 0;
  if( x->n_bytes+n<=x->bytes_capacity ) return 1;
  for(i=0; i<x->n && at_alive(env, 1); i++){
    AtExtremeItem *item = item_at(x, i);
    memmove(x->bytes+used, x->bytes+item->offset, item->n);
    item->offset = used;
    used += item->n;
  }
  if( env->error.code ) return 0;
  x->n_bytes = used;
  if( used+n<=x->bytes_capacity/2 ) return 1;
  if( !at_grow(env, &x->bytes, at_room(used+n), 1) ) return 0;
  x->bytes_capacity = at_room(used+n);
  return 1;
}

/* Whether the new row makes the queue's last one superfluous: it is as good,
** and stays in the frame longer. */
static int beats_last(const AtExtreme *x, int64_t time, const AtCell *value){
  const AtExtremeItem *last = item_at(x, x->n-1);
  AtCell held;
  int order;
  if( time!=last->time ) return x->latest ? time>last->time : time<last->time;
  held = at_decode(x->bytes+last->offset, last->n);
  order = at_cell_compare(value, &held);
  return x->latest ? order>=0 : order<=0;
}

/* The next row enters the frame. */
int at_extreme_add(AtEnv *env, AtExtreme *x, int64_t time, const AtCell *value){
  AtExtremeItem *item;
  char number[9];
  const char *bytes;
  size_t n = at_encode(value, number, &bytes);
  if( x->keeps_best && x->n>0 && !beats_last(x, time, value) ) return 1;
  while( x->n>0 && beats_last(x, time, value) ){
    x->n--;
    x->n_bytes = item_at(x, x->n)->offset;
  }
  if( !make_item_room(env, x) || !make_byte_room(env, x, n+1) ) return 0;
  item = item_at(x, x->n++);
  item->time = time;
  item->row = x->added++;
  item->offset = x->n_bytes;
  item->n = n+1;
  x->bytes[x->n_bytes] = (char)value->type;
  if( n ) memcpy(x->bytes+x->n_bytes+1, bytes, n);
  x->n_bytes += n+1;
  return 1;
}

/* From now on no row leaves: what is behind the head cannot be the answer. */
void at_extreme_keep_best(AtExtreme *x){
  x->keeps_best = 1;
  if( x->n>1 ){
    x->n_bytes = item_at(x, 1)->offset;
    x->n = 1;
  }
}

/* The next row enters, without a value or time. */
void at_extreme_skip(AtExtreme *x){ x->added++; }

/* The oldest row leaves. */
void at_extreme_remove(AtExtreme *x){
  assert( x->removed<x->added );
  if( x->n>0 && item_at(x, 0)->row==x->removed ){
    x->head = (x->head+1) % x->capacity;
    x->n--;
  }
  x->removed++;
}

/* The value of the earliest (latest) row in the frame; 0 when there is none. */
int at_extreme_best(const AtExtreme *x, AtCell *value){
  const AtExtremeItem *item;
  if( x->n==0 ) return 0;
  item = item_at(x, 0);
  *value = at_decode(x->bytes+item->offset, item->n);
  return 1;
}

void at_extreme_free(const AtAlloc *alloc, AtExtreme *x){
  at_free(alloc, x->items);
  at_free(alloc, x->bytes);
  memset(x, 0, sizeof *x);
}
