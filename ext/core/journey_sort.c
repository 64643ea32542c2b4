/*
** journey_sort.c: from arrival order to (entity, time, label text, tags, id, number).
**
** How it works
**   parts    the rows of one loader or of several, in one form: journey_join.c
**   keys     distinct keys are numbered 0, 1, … in their order: where the integers lie close
**            together a bitmap of those that occur gives each its number, else the sorted
**            dictionary does
**   labels   likewise, so that the order of ids is the order of texts
**   rows     one pass per column scatters the rows into 256 to 2,048 buckets of
**            neighbouring entities; each bucket then fits the cache and is put in order
**            there: by entity through counting, within an entity by insertion (a
**            few touches) or merge sort. Where rows came in time order, only ties are
**            left to do.
** Pieces of the rows are numbered and scattered by several threads, each to places of its own,
** then buckets are put in order by several. The order is total, so the store has
** the same bits however rows came and were shared out. One column moves at a time: the
** peak is the columns and one more.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MIN_BUCKETS 256u            /* their ends fit the smallest cache */
#define MAX_BUCKETS 2048u
#define BUCKET_ROWS 32768u          /* whose columns fit the next */
#define INSERTION_LIMIT 24u
#define MAX_COLUMNS (8+AT_MAX_TAGS+AT_MAX_MILESTONES)
#define BUCKETS_A_PART 16u

/* A stretch of one part's rows, for one thread at a time. */
typedef struct Piece Piece;
struct Piece {
  AtLoader *loader;
  uint32_t first, limit;
  uint32_t *cursor;                 /* by bucket: rows; then where the next one goes */
  uint64_t *bits;                   /* keys that occur, if by bitmap */
  const uint32_t *rank;             /* numbers by id, if by rank */
};

/* A column of all parts: where its pointer is, and its width. */
typedef struct Column Column;
struct Column { size_t offset, width; };   /* offset in AtStore; COLUMN_ENTITY: the loader's */
#define COLUMN_ENTITY SIZE_MAX

typedef struct Sorter Sorter;
struct Sorter {
  AtLoader *parts;
  int n_parts;
  AtStore *store;                   /* the first part's: the result */
  uint32_t n;                       /* rows of all parts */
  uint32_t n_pieces, n_buckets;
  int shift;                        /* entity >> shift: its bucket */
  Piece *pieces;
  uint64_t *bits;                   /* keys that occur, 64 a word; NULL: by rank */
  uint32_t *rank;                   /* by word: the number of its first key; or by id of the dictionary */
  uint32_t *part_rank[AT_MAX_THREADS]; /* by id of each part's UUIDs */
  uint32_t n_words;
  int dense;                        /* all keys of the range occur */
  uint32_t *bucket;                 /* n_buckets + 1: first rows */
  Column columns[MAX_COLUMNS];
  int n_columns;
  int moving;                       /* column that is being scattered */
  void *to;
  uint32_t *entity;                 /* of all rows, once scattered */
};

/*********************************** Numbering *******************************/

/* Cuts the parts' rows into pieces, at least one a thread. */
static int cut_pieces(AtEnv *env, Sorter *x){
  uint32_t threads = env->threads>1 && x->n>=AT_PARALLEL_ROWS ? (uint32_t)env->threads : 1, k;
  uint32_t each = (threads+(uint32_t)x->n_parts-1)/(uint32_t)x->n_parts;
  int p;
  if( threads>AT_MAX_THREADS ) each = 1;
  x->pieces = at_alloc(env, (size_t)x->n_parts*each, sizeof *x->pieces);
  if( x->pieces==NULL ) return 0;
  memset(x->pieces, 0, (size_t)x->n_parts*each*sizeof *x->pieces);
  for(p=0; p<x->n_parts; p++){
    for(k=0; k<each; k++){
      Piece *piece = &x->pieces[x->n_pieces++];
      piece->loader = &x->parts[p];
      piece->first = (uint32_t)((uint64_t)x->parts[p].store->n*k/each);
      piece->limit = (uint32_t)((uint64_t)x->parts[p].store->n*(k+1)/each);
    }
  }
  return 1;
}

static int mark_keys(AtEnv *env, void *context, uint32_t number){
  Sorter *x = context;
  Piece *piece = &x->pieces[number];
  const uint32_t *entity = piece->loader->entity;
  uint32_t lowest = piece->loader->lowest, i;
  AtStretch s = {piece->first, piece->first};
  piece->bits = at_alloc(env, x->n_words, sizeof *piece->bits);
  if( piece->bits==NULL ) return 0;
  memset(piece->bits, 0, x->n_words*sizeof *piece->bits);
  while( at_stretch(env, &s, piece->limit) ){
    for(i=s.first; i<s.limit; i++){
      uint32_t key = entity[i]-lowest;
      piece->bits[key>>6] |= UINT64_C(1)<<(key&63);
    }
  }
  return !env->error.code;
}

static uint32_t count_bits(uint64_t x){
  x -= (x>>1) & UINT64_C(0x5555555555555555);
  x = (x & UINT64_C(0x3333333333333333)) + ((x>>2) & UINT64_C(0x3333333333333333));
  x = (x + (x>>4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (uint32_t)((x*UINT64_C(0x0101010101010101))>>56);
}

/* Numbers the integer keys by a bitmap over their range. */
static int number_by_range(AtEnv *env, Sorter *x, uint64_t range){
  AtStore *s = x->store;
  const AtLoader *first = &x->parts[0];
  uint32_t w, p, n = 0;
  x->n_words = (uint32_t)((range+63)/64);
  if( !at_parallel(env, x->n_pieces, mark_keys, x) ) return 0;
  x->bits = x->pieces[0].bits;
  x->rank = at_alloc(env, x->n_words, sizeof *x->rank);
  if( x->rank==NULL ) return 0;
  for(w=0; w<x->n_words && at_alive(env, x->n_pieces); w++){
    for(p=1; p<x->n_pieces; p++) x->bits[w] |= x->pieces[p].bits[w];
    x->rank[w] = n;
    n += count_bits(x->bits[w]);
  }
  s->n_entities = n;
  x->dense = n==range;
  s->integer_keys = at_alloc(env, n, sizeof *s->integer_keys);
  if( s->integer_keys==NULL ) return 0;
  for(w=0, n=0; w<x->n_words && at_alive(env, 64); w++){
    uint32_t bit;
    for(bit=0; bit<64; bit++){
      if( x->bits[w]>>bit & 1 ) s->integer_keys[n++] = first->base + first->lowest + (int64_t)w*64 + bit;
    }
  }
  return !env->error.code;
}

/* Numbers the keys as the sorted dictionary has them. */
static int number_by_rank(AtEnv *env, Sorter *x){
  AtStore *s = x->store;
  AtUuids *tables[AT_MAX_THREADS];
  AtStretch stretch = {0, 0};
  uint32_t i;
  int p;
  assert( x->n_parts<=AT_MAX_THREADS );
  if( x->parts[0].are_uuids ){
    for(p=0; p<x->n_parts; p++) tables[p] = &x->parts[p].uuids;
    if( !at_uuids_sort(env, tables, (uint32_t)x->n_parts, &s->keys, x->part_rank) ) return 0;
  }else{
    x->rank = at_dict_sort(env, &s->keys);
    if( x->rank==NULL ) return 0;
  }
  for(i=0; i<x->n_pieces; i++){
    x->pieces[i].rank = x->parts[0].are_uuids ? x->part_rank[x->pieces[i].loader-x->parts] : x->rank;
  }
  s->n_entities = s->keys.n;
  if( s->key_classes!=1u<<AT_INT ) return 1;
  s->integer_keys = at_alloc(env, s->n_entities, sizeof *s->integer_keys);
  if( s->integer_keys==NULL ) return 0;
  while( at_stretch(env, &stretch, s->n_entities) ){
    for(i=stretch.first; i<stretch.limit; i++) s->integer_keys[i] = at_dict_cell(&s->keys, i).integer;
  }
  at_dict_free(env->alloc, &s->keys);
  return !env->error.code;
}

/* One piece's keys become numbers; rows are counted by bucket. */
static int renumber(AtEnv *env, void *context, uint32_t number){
  Sorter *x = context;
  Piece *piece = &x->pieces[number];
  uint32_t *entity = piece->loader->entity, lowest = piece->loader->lowest, i;
  AtStretch s = {piece->first, piece->first};
  piece->cursor = at_alloc(env, x->n_buckets, sizeof *piece->cursor);
  if( piece->cursor==NULL ) return 0;
  memset(piece->cursor, 0, x->n_buckets*sizeof *piece->cursor);
  while( at_stretch(env, &s, piece->limit) ){
    for(i=s.first; i<s.limit; i++){
      uint32_t key = entity[i];
      if( x->dense ){
        key -= lowest;
      }else if( x->bits ){
        key -= lowest;
        key = x->rank[key>>6] + count_bits(x->bits[key>>6] & ((UINT64_C(1)<<(key&63))-1));
      }else{
        key = piece->rank[key];
      }
      entity[i] = key;
      piece->cursor[key>>x->shift]++;
    }
  }
  return !env->error.code;
}

/* Numbers the entities in key order: entity[] becomes dense and sorted. */
static int sort_keys(AtEnv *env, Sorter *x){
  AtLoader *first = &x->parts[0];
  uint64_t range = x->n && !first->interned ? (uint64_t)first->highest - first->lowest + 1 : 0;
  uint32_t wanted;
  if( !first->interned && at_keys_are_close(range, x->n) ){
    if( range && !number_by_range(env, x, range) ) return 0;
  }else{
    assert( x->n_parts==1 || first->interned );      /* then in one dictionary: at_loader_join() */
    if( !at_loader_intern(env, first) || !number_by_rank(env, x) ) return 0;
  }
  wanted = x->n/BUCKET_ROWS<MIN_BUCKETS ? MIN_BUCKETS : x->n/BUCKET_ROWS>MAX_BUCKETS ? MAX_BUCKETS : x->n/BUCKET_ROWS;
  while( x->n && ((x->store->n_entities-1)>>x->shift)>=wanted ) x->shift++;
  x->n_buckets = x->n ? ((x->store->n_entities-1)>>x->shift)+1 : 0;
  return x->n==0 || at_parallel(env, x->n_pieces, renumber, x);
}

/* Renumbers the tags in text order. */
static int sort_tags(AtEnv *env, Sorter *x){
  uint32_t row;
  int i, p;
  for(i=0; i<x->store->n_tags; i++){
    uint32_t *rank = at_dict_sort(env, &x->store->tags[i]);
    if( rank==NULL ) return 0;
    for(p=0; p<x->n_parts; p++){
      uint32_t *tag = x->parts[p].store->tag[i];
      AtStretch s = {0, 0};
      while( at_stretch(env, &s, x->parts[p].store->n) ){
        for(row=s.first; row<s.limit; row++) tag[row] = rank[tag[row]];
      }
    }
    at_free(env->alloc, rank);
  }
  return !env->error.code;
}

/* Renumbers the labels in text order. */
static int sort_labels(AtEnv *env, Sorter *x){
  uint32_t *rank, i;
  int p;
  if( x->store->label_bytes==0 ) return 1;
  rank = at_dict_sort(env, &x->store->labels);
  if( rank==NULL ) return 0;
  for(p=0; p<x->n_parts; p++){
    const AtStore *store = x->parts[p].store;
    uint16_t *narrow = store->label;
    uint32_t *wide = store->label;
    AtStretch s = {0, 0};
    while( at_stretch(env, &s, store->n) ){
      if( store->label_bytes==2 ) for(i=s.first; i<s.limit; i++) narrow[i] = (uint16_t)rank[narrow[i]];
      else for(i=s.first; i<s.limit; i++) wide[i] = rank[wide[i]];
    }
  }
  at_free(env->alloc, rank);
  return !env->error.code;
}

/*********************************** Scattering ******************************/

static void add_column(Sorter *x, size_t offset, size_t width){
  x->columns[x->n_columns].offset = offset;
  x->columns[x->n_columns++].width = width;
}

/* The columns that the parts have, so that all move alike. The narrowest first: the
** peak is then the least. */
static void list_columns(Sorter *x){
  const AtStore *s = x->store;
  size_t id_bytes = s->ids.mode==AT_ID_OFFSET ? 4 : 8;
  int i;
  if( s->forms ) add_column(x, offsetof(AtStore, forms), 1);
  if( s->label_bytes ) add_column(x, offsetof(AtStore, label), (size_t)s->label_bytes);
  add_column(x, offsetof(AtStore, time), (size_t)s->time_bytes);
  for(i=0; i<s->n_tags; i++) add_column(x, offsetof(AtStore, tag) + (size_t)i*sizeof s->tag[0], 4);
  if( s->number ) add_column(x, offsetof(AtStore, number), 8);
  for(i=0; i<s->n_milestones; i++){
    add_column(x, offsetof(AtStore, milestone) + (size_t)i*sizeof s->milestone[0], 8);
  }
  if( s->ids.mode ) add_column(x, offsetof(AtStore, ids) + offsetof(AtIds, column), id_bytes);
  add_column(x, COLUMN_ENTITY, 4);         /* last: the others need it */
}

static void *column_place(const Column *c, AtLoader *l){
  return c->offset==COLUMN_ENTITY ? (void*)&l->entity : (char*)l->store + c->offset;
}

static void *column_data(const Column *c, AtLoader *l){
  void *data;
  memcpy(&data, column_place(c, l), sizeof data);
  return data;
}

#define SCATTER(TYPE) do{ \
    const TYPE *in = from; TYPE *out = x->to; \
    for(i=s.first; i<s.limit; i++) out[cursor[entity[i]>>shift]++] = in[i]; \
  }while(0)
static int scatter(AtEnv *env, void *context, uint32_t number){
  Sorter *x = context;
  const Piece *piece = &x->pieces[number];
  const Column *column = &x->columns[x->moving];
  const uint32_t *entity = piece->loader->entity;
  const void *from = column_data(column, piece->loader);
  uint32_t cursor[MAX_BUCKETS], i;
  AtStretch s = {piece->first, piece->first};
  int shift = x->shift;
  memcpy(cursor, piece->cursor, x->n_buckets*sizeof *cursor);
  while( at_stretch(env, &s, piece->limit) ){
    switch( column->width ){
      case 1: SCATTER(uint8_t); break;
      case 2: SCATTER(uint16_t); break;
      case 4: SCATTER(uint32_t); break;
      default: SCATTER(uint64_t); break;
    }
  }
  return !env->error.code;
}

/* Counts of rows -> places: bucket by bucket, in it piece by piece. */
static int place_buckets(AtEnv *env, Sorter *x){
  uint32_t b, p, sum = 0;
  x->bucket = at_alloc(env, (size_t)x->n_buckets+1, sizeof *x->bucket);
  if( x->bucket==NULL ) return 0;
  for(b=0; b<x->n_buckets; b++){
    x->bucket[b] = sum;
    for(p=0; p<x->n_pieces; p++){
      uint32_t count = x->pieces[p].cursor[b];
      x->pieces[p].cursor[b] = sum;
      sum += count;
    }
  }
  x->bucket[b] = sum;
  assert( sum==x->n );
  return 1;
}

/* Moves every column into buckets of 2^shift neighbouring entities. */
static int scatter_columns(AtEnv *env, Sorter *x){
  int p;
  for(x->moving=0; x->moving<x->n_columns; x->moving++){
    const Column *column = &x->columns[x->moving];
    x->to = at_alloc(env, x->n, column->width);
    if( x->to==NULL || !at_parallel(env, x->n_pieces, scatter, x) ){
      at_free(env->alloc, x->to);
      return 0;
    }
    for(p=0; p<x->n_parts; p++){
      void *nothing = NULL;
      at_free(env->alloc, column_data(column, &x->parts[p]));
      memcpy(column_place(column, &x->parts[p]), p==0 ? &x->to : &nothing, sizeof nothing);
    }
    if( column->offset!=COLUMN_ENTITY ) continue;
    for(p=1; p<x->n_parts; p++) x->parts[p].store->n = 0;
    x->store->n = x->n;
    x->parts[0].capacity = x->n;
  }
  return 1;
}

/*********************************** Buckets *********************************/

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

static int compare_numbers(double a, double b){
  /* isnan() says yes by 1, or by -1 on Windows */
  if( isnan(a) || isnan(b) ) return (isnan(b)!=0) - (isnan(a)!=0);
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

/* Whether the rows order[0 .. n) of one entity come at times that only go up. */
static int times_go_up(const AtStore *s, uint32_t base, const uint32_t *order, uint32_t n){
  uint32_t i;
  if( s->time_bytes==4 ){
    const uint32_t *time = (const uint32_t*)s->time + base;
    for(i=1; i<n; i++) if( time[order[i-1]]>=time[order[i]] ) return 0;
  }else{
    const int64_t *time = (const int64_t*)s->time + base;
    for(i=1; i<n; i++) if( time[order[i-1]]>=time[order[i]] ) return 0;
  }
  return 1;
}

/* order[]: the rows of the bucket's entities [first, limit), one entity after the other;
** their start[] with it. */
static void order_by_entity(Sorter *x, uint32_t first, uint32_t limit, uint32_t lo, uint32_t n, Room *room){
  const uint32_t *entity = x->entity + lo;
  uint32_t *cursor = room->cursor, *start = x->store->start, sum = 0, e, i;
  memset(cursor, 0, (limit-first)*sizeof *cursor);
  for(i=0; i<n; i++) cursor[entity[i]-first]++;
  for(e=0; e<limit-first; e++){
    uint32_t count = cursor[e];
    start[first+e] = lo+sum;
    cursor[e] = sum;
    sum += count;
  }
  for(i=0; i<n; i++) room->order[cursor[entity[i]-first]++] = i;
}

/* Puts the rows of one bucket in order. */
static int sort_bucket(AtEnv *env, Sorter *x, uint32_t b, Room *room){
  AtStore *s = x->store;
  uint32_t first = b<<x->shift, lo = x->bucket[b], n = x->bucket[b+1]-lo, at = 0, e, i;
  uint32_t limit = (uint64_t)(b+1)<<x->shift<s->n_entities ? (b+1)<<x->shift : s->n_entities;
  int c;
  order_by_entity(x, first, limit, lo, n, room);
  for(e=first; e<limit; e++){
    uint32_t end = room->cursor[e-first], *order = room->order+at;
    if( end-at>1 && !times_go_up(s, lo, order, end-at)
     && !sort_entity(env, s, lo, order, end-at, (uint32_t*)room->column) ) return 0;
    at = end;
  }
  for(i=0; i<n && room->order[i]==i; i++){}
  for(c=0; i<n && c<x->n_columns-1 && at_alive(env, n); c++){          /* entity[] is needed no more */
    const Column *column = &x->columns[c];
    gather((char*)column_data(column, &x->parts[0]) + lo*column->width, room->column, column->width, room->order, n);
  }
  return at_alive(env, n);
}

/* Puts some buckets in order, with room for the largest of them. */
static int sort_buckets(AtEnv *env, void *context, uint32_t number){
  Sorter *x = context;
  uint32_t b, first = number*BUCKETS_A_PART, limit = first+BUCKETS_A_PART, largest = 0;
  Room room;
  if( limit>x->n_buckets ) limit = x->n_buckets;
  for(b=first; b<limit; b++){
    if( x->bucket[b+1]-x->bucket[b]>largest ) largest = x->bucket[b+1]-x->bucket[b];
  }
  room.order = at_alloc(env, largest, sizeof *room.order);
  room.cursor = at_alloc(env, (size_t)1<<x->shift, sizeof *room.cursor);
  room.column = at_alloc(env, largest, sizeof *room.column);
  for(b=first; b<limit && !env->error.code; b++) sort_bucket(env, x, b, &room);
  at_free(env->alloc, room.order);
  at_free(env->alloc, room.cursor);
  at_free(env->alloc, room.column);
  return !env->error.code;
}

/* Whether the rows came entity by entity already, as an index gives them. */
static int are_clustered(const Sorter *x){
  const uint32_t *entity = x->parts[0].entity;
  uint32_t i;
  if( x->n_parts>1 ) return 0;
  for(i=1; i<x->n && entity[i-1]<=entity[i]; i++){}
  return i>=x->n;
}

/* Puts all rows in order, keys and labels being numbered already. */
static int sort_rows(AtEnv *env, Sorter *x){
  AtStore *s = x->store;
  s->start = at_alloc(env, (size_t)s->n_entities+1, sizeof *s->start);
  if( s->start==NULL ) return 0;
  s->start[s->n_entities] = x->n;
  if( x->n==0 ) return 1;
  list_columns(x);
  if( !place_buckets(env, x) ) return 0;
  if( !are_clustered(x) && !scatter_columns(env, x) ) return 0;
  x->entity = x->parts[0].entity;
  return at_parallel(env, (x->n_buckets+BUCKETS_A_PART-1)/BUCKETS_A_PART, sort_buckets, x);
}

static void close_sorter(const AtAlloc *alloc, Sorter *x){
  uint32_t p;
  for(p=0; p<x->n_pieces; p++){
    at_free(alloc, x->pieces[p].cursor);
    at_free(alloc, x->pieces[p].bits);
  }
  for(p=0; p<AT_MAX_THREADS; p++) at_free(alloc, x->part_rank[p]);
  at_free(alloc, x->pieces);
  at_free(alloc, x->rank);
  at_free(alloc, x->bucket);
}

/* Sorts what was appended to n loaders of one shape and hands the store over; NULL on
** failure. The loaders are closed either way by their owner. */
AtStore *at_loader_finish(AtEnv *env, AtLoader *parts, int n){
  AtStore *s = NULL;
  Sorter x;
  int p;
  memset(&x, 0, sizeof x);
  x.parts = parts;
  x.n_parts = env->error.code ? 0 : at_loader_join(env, parts, n);
  if( x.n_parts==0 ) return NULL;
  x.store = parts[0].store;
  for(p=0; p<x.n_parts; p++) x.n += parts[p].store->n;
  if( cut_pieces(env, &x) && sort_keys(env, &x) && sort_labels(env, &x) && sort_tags(env, &x) && sort_rows(env, &x) ){
    s = x.store;
    parts[0].store = NULL;            /* it is the caller's now */
    at_free(env->alloc, parts[0].entity);
    at_free(env->alloc, parts[0].recent_tags);
    at_text_free(env->alloc, &parts[0].batch);
  }
  close_sorter(env->alloc, &x);
  return s;
}
