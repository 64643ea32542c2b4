/*
** journey_sort.c: from arrival order to (entity, time, label text, tags, id, number).
**
** How it works
**   keys     distinct keys are put in order and numbered 0, 1, …: where the
**            integers lie close together by counting, else by sorting the dictionary
**   labels   likewise, so that the order of ids is the order of texts
**   rows     one pass per column scatters the rows into at most 1,024 buckets of
**            neighbouring entities; each bucket then fits the cache and is put in order there: by
**            entity through counting, within an entity by insertion (a few
**            touches) or merge sort. Where rows came in time order, only
**            ties are left to do.
** One column moves at a time, so the peak is the columns and one more.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MAX_BUCKETS 1024u
#define INSERTION_LIMIT 24u
#define MAX_COLUMNS (8+AT_MAX_TAGS+AT_MAX_MILESTONES)

/* Entity ids -> start[], the offsets of each entity's rows. */
static int count_rows(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t i, sum = 0;
  s->start = at_alloc(env, (size_t)s->n_entities+1, sizeof *s->start);
  if( s->start==NULL ) return 0;
  memset(s->start, 0, ((size_t)s->n_entities+1)*sizeof *s->start);
  for(i=0; i<s->n; i++) s->start[l->entity[i]]++;
  for(i=0; i<=s->n_entities; i++){
    uint32_t count = s->start[i];
    s->start[i] = sum;
    sum += count;
  }
  return 1;
}

/* Numbers the integer keys by a table over their range. */
static int number_by_range(AtEnv *env, AtLoader *l, uint32_t range){
  AtStore *s = l->store;
  uint32_t *id_of = at_alloc(env, range, sizeof *id_of);
  uint32_t i, n = 0;
  if( id_of==NULL ) return 0;
  memset(id_of, 0, range*sizeof *id_of);
  for(i=0; i<s->n; i++) id_of[l->entity[i]-l->lowest] = 1;
  for(i=0; i<range; i++) n += id_of[i];
  s->n_entities = n;
  s->integer_keys = at_alloc(env, n, sizeof *s->integer_keys);
  if( s->integer_keys ){
    for(i=0, n=0; i<range; i++){
      if( id_of[i]==0 ) continue;
      s->integer_keys[n] = l->base + l->lowest + i;
      id_of[i] = n++;
    }
    for(i=0; i<s->n; i++) l->entity[i] = id_of[l->entity[i]-l->lowest];
  }
  at_free(env->alloc, id_of);
  return !env->error.code;
}

static int number_by_text(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t *rank = at_dict_sort(env, &s->keys);
  uint32_t i;
  if( rank==NULL ) return 0;
  for(i=0; i<s->n; i++) l->entity[i] = rank[l->entity[i]];
  at_free(env->alloc, rank);
  s->n_entities = s->keys.n;
  if( s->key_classes==1u<<AT_INT ){
    s->integer_keys = at_alloc(env, s->n_entities, sizeof *s->integer_keys);
    if( s->integer_keys==NULL ) return 0;
    for(i=0; i<s->n_entities; i++) s->integer_keys[i] = at_dict_cell(&s->keys, i).integer;
    at_dict_free(env->alloc, &s->keys);
  }
  return 1;
}

/* Numbers the entities in key order: entity[] becomes dense and sorted. */
static int sort_keys(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint64_t range = s->n && !l->interned ? (uint64_t)l->highest - l->lowest + 1 : 0;
  if( !at_alive(env, s->n) ) return 0;
  if( !l->interned && range<=(uint64_t)s->n*2+65536 && range<=UINT32_MAX ){
    if( !number_by_range(env, l, (uint32_t)range) ) return 0;
  }else{
    if( !at_loader_intern(env, l) ) return 0;
    if( !number_by_text(env, l) ) return 0;
  }
  return count_rows(env, l);
}

/* Renumbers the tags in text order. */
static int sort_tags(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t row;
  int i;
  for(i=0; i<s->n_tags; i++){
    uint32_t *rank = at_dict_sort(env, &s->tags[i]);
    if( rank==NULL ) return 0;
    for(row=0; row<s->n; row++) s->tag[i][row] = rank[s->tag[i][row]];
    at_free(env->alloc, rank);
  }
  return at_alive(env, s->n);
}

/* Renumbers the labels in text order. */
static int sort_labels(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t *rank, i;
  if( s->label_bytes==0 ) return 1;
  rank = at_dict_sort(env, &s->labels);
  if( rank==NULL ) return 0;
  if( s->label_bytes==2 ){
    uint16_t *label = s->label;
    for(i=0; i<s->n; i++) label[i] = (uint16_t)rank[label[i]];
  }else{
    uint32_t *label = s->label;
    for(i=0; i<s->n; i++) label[i] = rank[label[i]];
  }
  at_free(env->alloc, rank);
  return at_alive(env, s->n);
}

/* The columns of a loader with their widths, so that all move alike. */
typedef struct Column Column;
struct Column { void *place; size_t width; };  /* place: of the column's pointer */

static void *column_data(const Column *c){
  void *data;
  memcpy(&data, c->place, sizeof data);
  return data;
}

static int add_column(Column *out, int n, void *place, size_t width){
  out[n].place = place;
  out[n].width = width;
  return n+1;
}

static int list_columns(AtLoader *l, Column out[MAX_COLUMNS]){
  AtStore *s = l->store;
  int n = 0, i;
  n = add_column(out, n, &s->time, (size_t)s->time_bytes);
  if( s->label_bytes ) n = add_column(out, n, &s->label, (size_t)s->label_bytes);
  for(i=0; i<s->n_tags; i++) n = add_column(out, n, &s->tag[i], 4);
  if( s->number ) n = add_column(out, n, &s->number, 8);
  for(i=0; i<s->n_milestones; i++) n = add_column(out, n, &s->milestone[i], 8);
  if( s->ids.mode ) n = add_column(out, n, &s->ids.column, s->ids.mode==AT_ID_OFFSET ? 4 : 8);
  if( s->forms ) n = add_column(out, n, &s->forms, 1);
  return add_column(out, n, &l->entity, 4);      /* last: the others need it */
}

#define SCATTER(TYPE) do{ \
    const TYPE *in = from; TYPE *out = to; \
    for(i=0; i<n; i++) out[cursor[entity[i]>>shift]++] = in[i]; \
  }while(0)
static void scatter(const void *from, void *to, size_t width, const uint32_t *entity,
                    uint32_t n, int shift, uint32_t *cursor){
  uint32_t i;
  switch( width ){
    case 1: SCATTER(uint8_t); break;
    case 2: SCATTER(uint16_t); break;
    case 4: SCATTER(uint32_t); break;
    default: SCATTER(uint64_t); break;
  }
}

#define GATHER(TYPE) do{ \
    TYPE *in = column, *out = room; \
    for(i=0; i<n; i++) out[i] = in[order[i]]; \
    memcpy(in, out, n*sizeof *in); \
  }while(0)
static void gather(void *column, void *room, size_t width, const uint32_t *order, uint32_t n){
  uint32_t i;
  switch( width ){
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    default: GATHER(uint64_t); break;
  }
}

/* Moves every column into buckets of 2^shift neighbouring entities. The place
** that a column leaves serves the next one if that is not wider: its memory has
** been touched already. */
static int scatter_columns(AtEnv *env, AtLoader *l, int shift){
  AtStore *s = l->store;
  Column columns[MAX_COLUMNS];
  uint32_t n_buckets = ((s->n_entities-1)>>shift)+1, b;
  uint32_t *cursor = at_alloc(env, n_buckets, sizeof *cursor);
  void *spare = NULL;
  size_t spare_width = 0;
  int n_columns = list_columns(l, columns), c;
  for(c=0; c<n_columns && at_alive(env, s->n); c++){
    void *from = column_data(&columns[c]), *to = spare;
    if( columns[c].width>spare_width ) to = at_alloc(env, s->n, columns[c].width);
    if( to==NULL ) break;
    for(b=0; b<n_buckets; b++) cursor[b] = s->start[(size_t)b<<shift];
    scatter(from, to, columns[c].width, l->entity, s->n, shift, cursor);
    if( to==spare ){
      at_grow(env, &to, s->n, columns[c].width);     /* give the rest back */
      memcpy(columns[c].place, &to, sizeof to);
    }else{
      memcpy(columns[c].place, &to, sizeof to);
      at_free(env->alloc, spare);
    }
    spare = from;
    spare_width = columns[c].width;
  }
  l->capacity = s->n;
  at_free(env->alloc, spare);
  at_free(env->alloc, cursor);
  return !env->error.code;
}

static int compare_numbers(double a, double b){
  if( isnan(a) || isnan(b) ) return isnan(b)-isnan(a);
  return a<b ? -1 : a>b;
}

/* The order of two rows of one entity; 0 only where they are alike. */
static int compare_rows(const AtStore *s, uint32_t a, uint32_t b){
  int64_t when_a = at_store_when(s, a), when_b = at_store_when(s, b);
  int order, i;
  if( when_a!=when_b ) return when_a<when_b ? -1 : 1;
  if( s->label_bytes ){
    uint32_t x = at_store_label(s, a), y = at_store_label(s, b);
    if( x!=y ) return x<y ? -1 : 1;
  }
  for(i=0; i<s->n_tags; i++){
    if( s->tag[i][a]!=s->tag[i][b] ) return s->tag[i][a]<s->tag[i][b] ? -1 : 1;
  }
  order = at_id_compare(&s->ids, a, b);
  if( order==0 && s->number ) order = compare_numbers(s->number[a], s->number[b]);
  for(i=0; i<s->n_milestones && order==0; i++){
    order = s->milestone[i][a]<s->milestone[i][b] ? -1 : s->milestone[i][a]>s->milestone[i][b];
  }
  if( order==0 && s->forms ) order = s->forms[a]-s->forms[b];
  return order;
}

static void insertion_sort(const AtStore *s, uint32_t base, uint32_t *order, uint32_t n){
  uint32_t i, j;
  for(i=1; i<n; i++){
    uint32_t row = order[i];
    for(j=i; j>0 && compare_rows(s, base+order[j-1], base+row)>0; j--) order[j] = order[j-1];
    order[j] = row;
  }
}

static int merge_sort(AtEnv *env, const AtStore *s, uint32_t base, uint32_t *order, uint32_t n,
                      uint32_t *room){
  uint32_t lo, width;
  for(lo=0; lo<n; lo+=INSERTION_LIMIT){
    insertion_sort(s, base, order+lo, n-lo<INSERTION_LIMIT ? n-lo : INSERTION_LIMIT);
  }
  for(width=INSERTION_LIMIT; width<n; width = width>n/2 ? n : width*2){
    for(lo=0; lo<n; lo = n-lo>2*width ? lo+2*width : n){
      uint32_t mid = n-lo<width ? n : lo+width, hi = n-mid<width ? n : mid+width;
      uint32_t i = lo, j = mid, k = lo;
      if( !at_alive(env, hi-lo) ) return 0;
      while( i<mid && j<hi ){
        room[k++] = compare_rows(s, base+order[j], base+order[i])<0 ? order[j++] : order[i++];
      }
      while( i<mid ) room[k++] = order[i++];
      while( j<hi ) room[k++] = order[j++];
      memcpy(order+lo, room+lo, (hi-lo)*sizeof *order);
    }
  }
  return 1;
}

static int sort_entity(AtEnv *env, const AtStore *s, uint32_t base, uint32_t *order, uint32_t n,
                       uint32_t *room){
  uint32_t i;
  for(i=1; i<n && compare_rows(s, base+order[i-1], base+order[i])<=0; i++){}
  if( i>=n ) return 1;
  if( n>INSERTION_LIMIT ) return merge_sort(env, s, base, order, n, room);
  insertion_sort(s, base, order, n);
  return 1;
}

/* Room for one bucket: its order, a cursor per entity, a column's worth. */
typedef struct Room Room;
struct Room { uint32_t *order, *cursor; uint64_t *column; };

/* Puts the rows of entities [first, limit), which lie together, in order. */
static int sort_bucket(AtEnv *env, AtLoader *l, uint32_t first, uint32_t limit, Room *room){
  AtStore *s = l->store;
  uint32_t lo = s->start[first], n = s->start[limit]-lo, e, i;
  Column columns[MAX_COLUMNS];
  int n_columns, c;
  for(e=first; e<limit; e++) room->cursor[e-first] = s->start[e]-lo;
  for(i=0; i<n; i++) room->order[room->cursor[l->entity[lo+i]-first]++] = i;
  for(e=first; e<limit; e++){
    uint32_t at = s->start[e]-lo, count = s->start[e+1]-s->start[e];
    if( count>1 && !sort_entity(env, s, lo, room->order+at, count, (uint32_t*)room->column) ) return 0;
  }
  for(i=0; i<n && room->order[i]==i; i++){}
  if( i<n ){
    n_columns = list_columns(l, columns)-1;      /* entity[] is needed no more */
    for(c=0; c<n_columns; c++){
      gather((char*)column_data(&columns[c]) + lo*columns[c].width, room->column, columns[c].width,
             room->order, n);
    }
  }
  return at_alive(env, n);
}

/* Puts all rows in order, keys and labels being numbered already. */
static int sort_rows(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t b, largest = 0, n_buckets;
  int shift = 0, ok = 1;
  Room room;
  if( s->n==0 ) return 1;
  while( ((s->n_entities-1)>>shift)>=MAX_BUCKETS ) shift++;
  for(b=1; b<s->n && l->entity[b-1]<=l->entity[b]; b++){}
  if( b<s->n && !scatter_columns(env, l, shift) ) return 0;
  n_buckets = ((s->n_entities-1)>>shift)+1;
  for(b=0; b<n_buckets; b++){
    uint32_t next = (uint64_t)(b+1)<<shift<s->n_entities ? (b+1)<<shift : s->n_entities;
    uint32_t n = s->start[next]-s->start[(size_t)b<<shift];
    if( n>largest ) largest = n;
  }
  room.order = at_alloc(env, largest, sizeof *room.order);
  room.cursor = at_alloc(env, (size_t)1<<shift, sizeof *room.cursor);
  room.column = at_alloc(env, largest, sizeof *room.column);
  for(b=0; b<n_buckets && ok && !env->error.code; b++){
    uint32_t next = (uint64_t)(b+1)<<shift<s->n_entities ? (b+1)<<shift : s->n_entities;
    ok = sort_bucket(env, l, b<<shift, next, &room);
  }
  at_free(env->alloc, room.order);
  at_free(env->alloc, room.cursor);
  at_free(env->alloc, room.column);
  return !env->error.code;
}

/* Sorts what was appended and hands the store over; NULL on failure. The
** loader is closed either way by its owner. */
AtStore *at_loader_finish(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  if( env->error.code || !sort_keys(env, l) || !sort_labels(env, l) || !sort_tags(env, l)
   || !sort_rows(env, l) ) return NULL;
  l->store = NULL;                    /* it is the caller's now */
  at_free(env->alloc, l->entity);
  at_free(env->alloc, l->recent_tags);
  at_text_free(env->alloc, &l->batch);
  return s;
}
