/*
** journey_join.c: several loaders' rows in one common form.
**
** A relation may be read by several threads at once, each into a loader of its own. Every
** loader has chosen the narrowest columns that hold its rows, and bases of its own. Here they
** are brought together, column by column:
**   entity   offsets from one base; or, where they lie too far apart or some are not
**            integers, ids of one dictionary; UUIDs stay as they are
**   time     seconds from one epoch, or microseconds for all
**   label    ids of one dictionary, all of one width; tags likewise
**   id       offsets from one base, integers for all, or values for all
** The rows stay where they are: only numbers in them change. From then on the loaders are
** parts of one relation, read one after the other.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

/* The lowest and highest of n > 0 numbers. */
static void find_range(const uint32_t *column, uint32_t n, uint32_t *low, uint32_t *high){
  uint32_t i, a = UINT32_MAX, b = 0;
  for(i=0; i<n; i++){
    uint32_t x = column[i];
    a = x<a ? x : a;
    b = x>b ? x : b;
  }
  *low = a;
  *high = b;
}

/* Adds modulo 2^32: what is meant fits. */
static void shift_column(uint32_t *column, uint32_t n, uint32_t by){
  uint32_t i;
  if( by ) for(i=0; i<n; i++) column[i] += by;
}

/* The ids that another dictionary's entries have in this one, new ones added. The caller
** frees the result. NULL on failure. */
static uint32_t *merge_dict(AtEnv *env, AtDict *into, const AtDict *from){
  uint32_t *to = at_alloc(env, from->n, sizeof *to), i, j;
  AtKey keys[AT_BATCH];
  for(i=0; i<from->n && to; i+=AT_BATCH){
    uint32_t n = from->n-i<AT_BATCH ? from->n-i : AT_BATCH;
    for(j=0; j<n; j++){
      const AtEntry *e = &from->entries[i+j];
      keys[j].tag = from->bytes[e->offset];
      keys[j].text = from->bytes+e->offset+1;
      keys[j].n = e->n-1;
    }
    if( !at_dict_intern_all(env, into, keys, n) || !at_alive(env, n) ) break;
    for(j=0; j<n; j++) to[i+j] = keys[j].id;
  }
  if( !env->error.code ) return to;
  at_free(env->alloc, to);
  return NULL;
}

/* Another dictionary's entries go into this one, and the ids in a column with them. The other is freed. */
static int join_ids(AtEnv *env, AtDict *into, AtDict *from, uint32_t *column, uint32_t n_rows){
  uint32_t *to = merge_dict(env, into, from), i;
  if( to==NULL ) return 0;
  for(i=0; i<n_rows; i++) column[i] = to[column[i]];
  at_free(env->alloc, to);
  at_dict_free(env->alloc, from);
  return at_alive(env, n_rows);
}

/* Whether the integer keys of all parts lie so close together that offsets from one base number
** them: else they need one dictionary. */
static int keys_fit(const AtLoader *parts, int n, int64_t *base, uint64_t *range){
  int64_t low = INT64_MAX, high = INT64_MIN;
  uint64_t rows = 0;
  int p;
  for(p=0; p<n; p++){
    if( parts[p].interned ) return 0;
    rows += parts[p].store->n;
    if( parts[p].base+parts[p].lowest<low ) low = parts[p].base+parts[p].lowest;
    if( parts[p].base+parts[p].highest>high ) high = parts[p].base+parts[p].highest;
  }
  *base = low;
  *range = (uint64_t)high-(uint64_t)low;
  return *range<=UINT32_MAX && at_keys_are_close(*range+1, rows);
}

static int join_keys(AtEnv *env, AtLoader *parts, int n){
  int64_t base;
  uint64_t range;
  int p;
  if( keys_fit(parts, n, &base, &range) ){
    for(p=0; p<n; p++){
      shift_column(parts[p].entity, parts[p].store->n, (uint32_t)((uint64_t)parts[p].base-(uint64_t)base));
      parts[p].base = base;
      parts[p].lowest = 0;
      parts[p].highest = (uint32_t)range;
    }
    return 1;
  }
  for(p=0; p<n; p++) if( !at_loader_intern(env, &parts[p]) ) return 0;
  for(p=0; p<n && parts[p].are_uuids; p++){}
  if( p==n ) return 1;                     /* at_uuids_sort() takes them as they are */
  for(p=0; p<n; p++){
    AtStore *s = parts[p].store;
    if( !at_loader_spell_out(env, &parts[p]) ) return 0;
    if( p>0 && !join_ids(env, &parts[0].store->keys, &s->keys, parts[p].entity, s->n) ) return 0;
  }
  return 1;
}

static int join_times(AtEnv *env, AtLoader *parts, int n){
  int64_t low = INT64_MAX, high = INT64_MIN;
  int wide = 0, p;
  for(p=0; p<n; p++){
    const AtStore *s = parts[p].store;
    uint32_t a, b;
    wide = s->time_bytes!=4 || (s->epoch-parts[0].store->epoch)%AT_SECOND!=0;
    if( wide ) break;
    find_range(s->time, s->n, &a, &b);
    if( s->epoch+a*AT_SECOND<low ) low = s->epoch+a*AT_SECOND;
    if( s->epoch+b*AT_SECOND>high ) high = s->epoch+b*AT_SECOND;
  }
  wide = wide || (high-low)/AT_SECOND>UINT32_MAX;
  for(p=0; p<n; p++){
    AtStore *s = parts[p].store;
    if( !wide ){
      shift_column(s->time, s->n, (uint32_t)((s->epoch-low)/AT_SECOND));
      s->epoch = low;
    }else if( s->time_bytes==4 && !at_loader_widen_times(env, &parts[p]) ){
      return 0;
    }
  }
  return at_alive(env, 1);
}

static int join_labels(AtEnv *env, AtLoader *parts, int n){
  AtDict *labels = &parts[0].store->labels;
  int wide, p;
  for(p=1; p<n; p++){
    AtStore *s = parts[p].store;
    uint32_t *to = merge_dict(env, labels, &s->labels), i;
    if( to==NULL ) return 0;
    if( labels->n>UINT16_MAX+1u && s->label_bytes==2 ) at_loader_widen_labels(env, &parts[p]);
    if( !env->error.code && s->label_bytes==2 ){
      for(i=0; i<s->n; i++) ((uint16_t*)s->label)[i] = (uint16_t)to[((uint16_t*)s->label)[i]];
    }else if( !env->error.code ){
      for(i=0; i<s->n; i++) ((uint32_t*)s->label)[i] = to[((uint32_t*)s->label)[i]];
    }
    at_free(env->alloc, to);
    at_dict_free(env->alloc, &s->labels);
    if( !at_alive(env, s->n) ) return 0;
  }
  for(wide=0, p=0; p<n; p++) wide |= parts[p].store->label_bytes==4;
  for(p=0; p<n && wide; p++){
    if( parts[p].store->label_bytes==2 && !at_loader_widen_labels(env, &parts[p]) ) return 0;
  }
  return 1;
}

static int join_tags(AtEnv *env, AtLoader *parts, int n){
  int p, i;
  for(p=1; p<n; p++){
    AtStore *s = parts[p].store;
    for(i=0; i<s->n_tags; i++){
      if( !join_ids(env, &parts[0].store->tags[i], &s->tags[i], s->tag[i], s->n) ) return 0;
    }
  }
  return 1;
}

/* Whether offsets from the lowest base hold the ids of all parts. */
static int ids_fit(const AtLoader *parts, int n, int64_t *base){
  uint64_t most = 0;
  int p;
  for(p=0, *base=INT64_MAX; p<n; p++) if( parts[p].store->ids.base<*base ) *base = parts[p].store->ids.base;
  for(p=0; p<n; p++){
    const AtStore *s = parts[p].store;
    uint64_t since = (uint64_t)s->ids.base-(uint64_t)*base;
    uint32_t a, b;
    find_range(s->ids.column, s->n, &a, &b);
    if( since>UINT32_MAX || since+b>UINT32_MAX ) return 0;
    if( since+b>most ) most = since+b;
  }
  return most<=UINT32_MAX;
}

/* Ids that are values lie one after the other in the first part's bytes. */
static int join_values(AtEnv *env, AtLoader *parts, int n){
  AtIds *all = &parts[0].store->ids;
  int p;
  for(p=1; p<n; p++){
    AtStore *s = parts[p].store;
    uint64_t *column = s->ids.column;
    uint32_t i;
    if( !at_grow(env, &all->bytes, all->n_bytes+s->ids.n_bytes+1, 1) ) return 0;
    memcpy(all->bytes+all->n_bytes, s->ids.bytes, s->ids.n_bytes);
    for(i=0; i<s->n; i++) column[i] += all->n_bytes;
    all->n_bytes += s->ids.n_bytes;
    all->bytes_capacity = all->n_bytes+1;
    at_free(env->alloc, s->ids.bytes);
    s->ids.bytes = NULL;
    if( !at_alive(env, s->n) ) return 0;
  }
  return 1;
}

static int join_row_ids(AtEnv *env, AtLoader *parts, int n){
  int mode = AT_ID_OFFSET, p;
  int64_t base;
  if( parts[0].store->ids.mode==AT_ID_NONE ) return 1;
  for(p=0; p<n; p++) if( parts[p].store->ids.mode>mode ) mode = parts[p].store->ids.mode;
  if( mode==AT_ID_OFFSET && ids_fit(parts, n, &base) ){
    for(p=0; p<n; p++){
      AtStore *s = parts[p].store;
      shift_column(s->ids.column, s->n, (uint32_t)((uint64_t)s->ids.base-(uint64_t)base));
      s->ids.base = base;
    }
    return 1;
  }
  if( mode==AT_ID_OFFSET ) mode = AT_ID_INTEGER;
  for(p=0; p<n; p++){
    if( parts[p].store->ids.mode<mode && !at_loader_widen_ids(env, &parts[p], mode) ) return 0;
  }
  return mode!=AT_ID_VALUE || join_values(env, parts, n);
}

static int join_forms(AtEnv *env, AtLoader *parts, int n){
  int mixed = 0, p;
  for(p=0; p<n; p++) mixed |= parts[p].store->forms!=NULL || parts[p].store->form!=parts[0].store->form;
  for(p=0; p<n && mixed; p++){
    AtStore *s = parts[p].store;
    if( s->forms ) continue;
    s->forms = at_alloc(env, parts[p].capacity, 1);
    if( s->forms==NULL ) return 0;
    memset(s->forms, s->form, s->n);
  }
  return 1;
}

/* Brings n loaders of one shape into one form; the first of them gets the dictionaries
** and counts of all. Loaders without rows go to the end; returns how many are left, at
** least one, or 0 on failure. */
int at_loader_join(AtEnv *env, AtLoader *parts, int n){
  AtStore *all;
  uint64_t skipped_entity = 0, skipped_time = 0, rows = 0;
  int p, filled = 0;
  for(p=0; p<n; p++){
    AtLoader swap = parts[p];
    skipped_entity += swap.store->skipped_entity;
    skipped_time += swap.store->skipped_time;
    rows += swap.store->n;
    if( swap.store->n==0 ) continue;
    parts[p] = parts[filled];
    parts[filled++] = swap;
  }
  n = filled>0 ? filled : 1;
  if( rows>AT_MAX_ROWS ) at_fail(env, AT_TOOBIG, "relation %s has more than 4,000,000,000 rows", parts[0].shape->relation);
  all = parts[0].store;
  all->skipped_entity = skipped_entity;
  all->skipped_time = skipped_time;
  if( n==1 || env->error.code ) return env->error.code ? 0 : n;
  for(p=1; p<n; p++){
    assert( parts[p].shape==parts[0].shape );
    all->key_classes |= parts[p].store->key_classes;
  }
  if( !join_keys(env, parts, n) || !join_times(env, parts, n) || !join_tags(env, parts, n)
   || (all->label_bytes && !join_labels(env, parts, n))
   || !join_row_ids(env, parts, n) || !join_forms(env, parts, n) ) return 0;
  return n;
}
