/*
** journey.c: the finished journey store, read only: keys, ids, labels, times
** of rows, and its shared ownership.
**
** A store is made by journey_load.c, sorted by journey_sort.c and from then on
** only counted references: the cache holds one, every open cursor another.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

/* The key of an entity, 0 <= entity < n_entities, in key order. */
AtCell at_store_key(const AtStore *s, uint32_t entity){
  AtCell cell;
  assert( entity<s->n_entities );
  if( s->integer_keys==NULL ) return at_dict_cell(&s->keys, entity);
  memset(&cell, 0, sizeof cell);
  cell.type = AT_INT;
  cell.integer = s->integer_keys[entity];
  return cell;
}

/* Compares as keys are sorted: integers, other reals, text, blobs. */
static int key_compare(const AtCell *a, const AtCell *b){
  if( a->type!=b->type ) return a->type<b->type ? -1 : 1;
  return at_cell_compare(a, b);
}

/* The first entity whose key is not below this one; n_entities where all are. */
uint32_t at_store_place(const AtStore *s, const AtCell *key){
  AtCell wanted = *key;
  uint32_t lo = 0, hi = s->n_entities;
  at_cell_normal(&wanted);
  while( lo<hi ){
    uint32_t mid = lo + (hi-lo)/2;
    AtCell have = at_store_key(s, mid);
    if( key_compare(&have, &wanted)<0 ) lo = mid+1;
    else hi = mid;
  }
  return lo;
}

/* The entity of a key, or AT_NO_ENTITY. The key is as it comes: 1.0 finds 1. */
uint32_t at_store_find(const AtStore *s, const AtCell *key){
  uint32_t place = at_store_place(s, key);
  AtCell wanted = *key, have;
  if( place==s->n_entities ) return AT_NO_ENTITY;
  at_cell_normal(&wanted);
  have = at_store_key(s, place);
  return key_compare(&have, &wanted)==0 ? place : AT_NO_ENTITY;
}

static const char *id_bytes(const AtIds *ids, uint32_t row, uint32_t *n){
  const char *at = ids->bytes + ((const uint64_t*)ids->column)[row];
  memcpy(n, at, sizeof *n);
  return at + sizeof *n;
}

AtCell at_store_id(const AtStore *s, uint32_t row){
  const AtIds *ids = &s->ids;
  AtCell cell;
  uint32_t n;
  const char *bytes;
  memset(&cell, 0, sizeof cell);
  switch( ids->mode ){
    case AT_ID_OFFSET:
      cell.type = AT_INT;
      cell.integer = ids->base + ((const uint32_t*)ids->column)[row];
      return cell;
    case AT_ID_INTEGER:
      cell.type = AT_INT;
      cell.integer = ((const int64_t*)ids->column)[row];
      return cell;
    case AT_ID_VALUE:
      bytes = id_bytes(ids, row, &n);
      return at_decode(bytes, n);
    default:
      return cell;
  }
}

/* The order of two rows' ids; 0 where there are none. */
int at_id_compare(const AtIds *ids, uint32_t a, uint32_t b){
  if( ids->mode==AT_ID_OFFSET ){
    const uint32_t *column = ids->column;
    return column[a]<column[b] ? -1 : column[a]>column[b];
  }
  if( ids->mode==AT_ID_INTEGER ){
    const int64_t *column = ids->column;
    return column[a]<column[b] ? -1 : column[a]>column[b];
  }
  if( ids->mode==AT_ID_VALUE ){
    uint32_t n_a, n_b;
    const char *x = id_bytes(ids, a, &n_a), *y = id_bytes(ids, b, &n_b);
    AtCell cell_a = at_decode(x, n_a), cell_b = at_decode(y, n_b);
    int order = at_cell_compare(&cell_a, &cell_b);
    return order ? order : cell_a.type-cell_b.type;   /* 7 before 7.0 */
  }
  return 0;
}

AtCell at_store_label_text(const AtStore *s, uint32_t label){
  return at_dict_cell(&s->labels, label);
}

/* A row's time in the form in which it was written. */
void at_store_time(const AtStore *s, uint32_t row, AtCell *out, char buffer[40]){
  assert( row<s->n );
  at_time_format(at_store_when(s, row), s->forms ? s->forms[row] : s->form, s->unit, out, buffer);
}

/* Another time in the form of a row's, with as much precision as it needs. */
void at_store_time_like(const AtStore *s, uint32_t row, int64_t time, AtCell *out, char buffer[40]){
  uint8_t form = s->forms ? s->forms[row] : s->form;
  assert( row<s->n );
  at_time_format(time, at_form_fit(time, form), s->unit, out, buffer);
}

/* Bytes that the store keeps alive, for the cache's account. */
size_t at_store_size(const AtStore *s){
  size_t a_row = (size_t)s->time_bytes + (size_t)s->label_bytes + (s->number ? sizeof *s->number : 0)
               + (size_t)s->n_tags*sizeof(uint32_t)
               + (size_t)s->n_milestones*sizeof(int64_t) + (s->forms ? 1 : 0);
  size_t dicts = at_dict_size(&s->keys) + at_dict_size(&s->labels);
  int i;
  for(i=0; i<s->n_tags; i++) dicts += at_dict_size(&s->tags[i]);
  if( s->ids.mode==AT_ID_OFFSET ) a_row += sizeof(uint32_t);
  else if( s->ids.mode!=AT_ID_NONE ) a_row += sizeof(int64_t);
  return sizeof *s + s->n*a_row + s->n_entities*(sizeof *s->start + sizeof *s->integer_keys)
       + dicts + s->ids.bytes_capacity;
}

AtStore *at_store_share(AtStore *s){
  s->references++;
  return s;
}

void at_store_release(AtStore *s){
  const AtAlloc *alloc;
  int i;
  if( s==NULL || --s->references>0 ) return;
  alloc = s->alloc;
  at_free(alloc, s->start);
  at_free(alloc, s->integer_keys);
  at_dict_free(alloc, &s->keys);
  at_free(alloc, s->time);
  at_free(alloc, s->label);
  at_dict_free(alloc, &s->labels);
  for(i=0; i<s->n_tags; i++){
    at_free(alloc, s->tag[i]);
    at_dict_free(alloc, &s->tags[i]);
  }
  at_free(alloc, s->number);
  for(i=0; i<s->n_milestones; i++) at_free(alloc, s->milestone[i]);
  at_free(alloc, s->ids.column);
  at_free(alloc, s->ids.bytes);
  at_free(alloc, s->forms);
  at_free(alloc, s);
}
