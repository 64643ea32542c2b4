/*
** common.h: what the tests of core/ share.
**
**   Heap       an allocator that counts what is alive, poisons what it gives and
**              fails or stops where it is told to
**   Random     numbers that are the same in every run
**   cell_...   values as they come from a row
**   Row        a row of a relation, and stores made from rows
**   exact_sum  the sum of doubles, rounded once
**   World      random touches and conversions, and which touches a conversion
**              has, step by step as docs/rules.md says it
*/
#ifndef ATTRIBUTION_TESTS_COMMON_H
#define ATTRIBUTION_TESTS_COMMON_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../ext/core/core.h"

#define COUNT(a) (sizeof (a)/sizeof *(a))

/************************************ Memory **********************************/

/* What stands before every block: a ring of those alive, so that a test that
** breaks off does not drown its message in leaks. */
typedef union BlockHead BlockHead;
union BlockHead {
  struct { size_t bytes; BlockHead *next, *last; } is;
  max_align_t align;
};

typedef struct Heap Heap;
struct Heap {
  AtAlloc alloc;
  BlockHead ring;
  long alive;                       /* blocks given and not taken back */
  long calls, fail_at;              /* the fail_at-th request fails, 0 = none does */
  long beats, stop_at;              /* likewise for the heartbeat */
};

static inline void heap_take_back(Heap *heap, BlockHead *block){
  block->is.last->is.next = block->is.next;
  block->is.next->is.last = block->is.last;
  heap->alive--;
  free(block);
}

/* Every resize moves, and what is new is not zero: what forgets to look at the
** returned pointer or to initialise fails here and not once in a blue moon. */
static inline void *heap_resize(void *ctx, void *block, size_t bytes){
  Heap *heap = ctx;
  BlockHead *old = block ? (BlockHead*)block - 1 : NULL, *new;
  if( bytes==0 ){
    if( old ) heap_take_back(heap, old);
    return NULL;
  }
  if( ++heap->calls==heap->fail_at ) return NULL;
  new = malloc(sizeof *new + bytes);
  if( new==NULL ) abort();
  memset(new+1, 0xa5, bytes);
  new->is.bytes = bytes;
  new->is.last = &heap->ring;
  new->is.next = heap->ring.is.next;
  new->is.next->is.last = heap->ring.is.next = new;
  heap->alive++;
  if( old ){
    memcpy(new+1, old+1, old->is.bytes<bytes ? old->is.bytes : bytes);
    heap_take_back(heap, old);
  }
  return new+1;
}

static inline int heap_beat(void *ctx){
  Heap *heap = ctx;
  return ++heap->beats!=heap->stop_at;
}

static inline void heap_open(Heap *heap){
  memset(heap, 0, sizeof *heap);
  heap->alloc.resize = heap_resize;
  heap->alloc.ctx = heap;
  heap->ring.is.next = heap->ring.is.last = &heap->ring;
}

static inline AtEnv heap_env(Heap *heap){
  AtEnv env;
  memset(&env, 0, sizeof env);
  env.alloc = &heap->alloc;
  env.heartbeat = heap_beat;
  env.heartbeat_ctx = heap;
  return env;
}

/* For work on threads: the heap above is for one. What stays behind is the sanitizer's to tell. */
static inline void *any_thread_resize(void *ctx, void *block, size_t bytes){
  (void)ctx;
  if( bytes==0 ){ free(block); return NULL; }
  return realloc(block, bytes);
}

static inline AtEnv threads_env(int threads){
  static const AtAlloc any_thread = {any_thread_resize, NULL, NULL};
  AtEnv env;
  memset(&env, 0, sizeof env);
  env.alloc = &any_thread;
  env.threads = threads;
  return env;
}

/* Each test has a heap of its own in *state and must leave it empty. */
static inline int setup_heap(void **state){
  Heap *heap = malloc(sizeof *heap);
  if( heap==NULL ) return -1;
  heap_open(heap);
  *state = heap;
  return 0;
}

static inline int teardown_heap(void **state){
  Heap *heap = *state;
  long alive = heap->alive;
  while( heap->alive>0 ) heap_take_back(heap, heap->ring.is.next);
  free(heap);
  if( alive ) print_error("%ld blocks were not freed\n", alive);
  return alive ? -1 : 0;
}

#define HEAP_TEST(f) cmocka_unit_test_setup_teardown(f, setup_heap, teardown_heap)

/************************************ Random **********************************/

typedef struct Random Random;
struct Random { uint64_t state; };

static inline uint64_t random_bits(Random *r){         /* splitmix64 */
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z>>30)*UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z>>27)*UINT64_C(0x94d049bb133111eb);
  return z ^ z>>31;
}

static inline uint32_t random_below(Random *r, uint32_t n){
  return (uint32_t)((random_bits(r)>>32)*n>>32);
}

static inline int64_t random_between(Random *r, int64_t least, int64_t most){
  uint64_t n = (uint64_t)most - (uint64_t)least + 1;
  return (int64_t)((uint64_t)least + (n ? random_bits(r)%n : random_bits(r)));
}

static inline double random_unit(Random *r){           /* 0 <= x < 1 */
  return (double)(random_bits(r)>>11)*0x1p-53;
}

static inline double random_double(Random *r){         /* any finite one */
  for(;;){
    uint64_t bits = random_bits(r);
    double d;
    memcpy(&d, &bits, sizeof d);
    if( isfinite(d) ) return d;
  }
}

/************************************ Cells ***********************************/

static inline AtCell cell_null(void){
  AtCell cell;
  memset(&cell, 0, sizeof cell);
  return cell;
}

static inline AtCell cell_integer(int64_t integer){
  AtCell cell = cell_null();
  cell.type = AT_INT;
  cell.integer = integer;
  return cell;
}

static inline AtCell cell_real(double real){
  AtCell cell = cell_null();
  cell.type = AT_REAL;
  cell.real = real;
  return cell;
}

static inline AtCell cell_bytes(int type, const void *bytes, size_t n){
  AtCell cell = cell_null();
  cell.type = type;
  cell.text = bytes;
  cell.n = n;
  return cell;
}

static inline AtCell cell_text(const char *text){
  return cell_bytes(AT_TEXT, text, strlen(text));
}

static inline int same_cell(const AtCell *a, const AtCell *b){
  return a->type==b->type && at_cell_compare(a, b)==0;
}

/************************************ Errors **********************************/

static inline void assert_ok(const AtEnv *env){
  if( env->error.code ) fail_msg("error %d: %s", env->error.code, env->error.text);
}

/* The error is this one, and its text holds all words, given as "a|b|c". */
static inline void assert_error(const AtEnv *env, int code, const char *words){
  const char *at = words;
  if( env->error.code!=code ) fail_msg("error %d instead of %d: %s", env->error.code, code, env->error.text);
  while( *at ){
    char word[80];
    size_t n = strcspn(at, "|");
    assert_true(n<sizeof word);
    memcpy(word, at, n);
    word[n] = 0;
    if( strstr(env->error.text, word)==NULL ) fail_msg("no \"%s\" in: %s", word, env->error.text);
    at += n + (at[n]=='|');
  }
}

static inline void assert_near(double got, double expected, double distance, const char *what){
  if( !(fabs(got-expected)<=distance) ) fail_msg("%s: %.17g, not %.17g (%.3g away)", what, got, expected, fabs(got-expected));
}

/* cmocka's own comparison is one of floats: seven digits. */
#define assert_close(got, expected, distance) assert_near(got, expected, distance, #got)

/************************************ Rows ************************************/

/* A row of touches or conversions. A store that lacks a column ignores it here. */
typedef struct Row Row;
struct Row { AtCell entity, time, label, tag[2], number, milestone[2], id; };

static inline Row row_of(AtCell entity, AtCell time, const char *label){
  Row row;
  memset(&row, 0, sizeof row);
  row.entity = entity;
  row.time = time;
  row.label = cell_text(label);
  return row;
}

static inline AtShape shape_of(int has_label, int has_number, int n_milestones, int has_id){
  AtShape shape;
  memset(&shape, 0, sizeof shape);
  shape.has_label = has_label;
  shape.has_number = has_number;
  shape.n_milestones = n_milestones;
  shape.has_id = has_id;
  shape.unit = AT_SECOND;
  shape.relation = has_label ? "touches" : "deals";
  shape.entity = "account_id";
  shape.time = has_label ? "touched_at" : "closed_at";
  shape.label = "channel";
  shape.number = has_label ? "points" : "amount";
  shape.milestone[0] = "lead_at";
  shape.milestone[1] = "opportunity_at";
  return shape;
}

static inline void append_row(AtEnv *env, AtLoader *loader, const Row *row){
  const AtShape *shape = loader->shape;
  AtCell cells[9];
  int n = 0, i;
  cells[n++] = row->entity;
  cells[n++] = row->time;
  if( shape->has_label ) cells[n++] = row->label;
  for(i=0; i<shape->n_tags; i++) cells[n++] = row->tag[i];
  if( shape->has_number ) cells[n++] = row->number;
  for(i=0; i<shape->n_milestones; i++) cells[n++] = row->milestone[i];
  if( shape->has_id ) cells[n++] = row->id;
  at_loader_append(env, loader, cells);
}

/* The same by the short way, if the row is one for it: then it must make no difference. */
static inline int append_plain(AtEnv *env, AtLoader *loader, const Row *row){
  const AtCell *key = &row->entity, *label = &row->label;
  if( !loader->is_plain || row->time.type!=AT_INT || label->type!=AT_TEXT || row->id.type!=AT_INT ) return 0;
  if( key->type!=AT_INT && key->type!=AT_TEXT ) return 0;
  return at_loader_append_plain(env, loader, key->integer, key->type==AT_TEXT ? key->text : NULL, key->n,
                                row->time.integer, label->text, label->n, row->id.integer);
}

/* The store of n rows; NULL and env->error where it fails. Rows that have ids come through up to three
** loaders, as from as many threads; every other row, if it can, by the short way. */
static inline AtStore *load_rows(AtEnv *env, const AtShape *shape, const Row *rows, size_t n){
  AtLoader loader[3];
  AtStore *store = NULL;
  int n_parts = shape->has_id ? 1 + (int)(n%3) : 1, opened = 0, p;
  size_t i;
  for(p=0; p<n_parts && at_loader_open(env, &loader[p], shape); p++){
    opened++;
    for(i=n*(size_t)p/(size_t)n_parts; i<n*((size_t)p+1)/(size_t)n_parts && !env->error.code; i++){
      if( i%2==0 || !append_plain(env, &loader[p], &rows[i]) ) append_row(env, &loader[p], &rows[i]);
    }
  }
  if( opened==n_parts ) store = at_loader_finish(env, loader, n_parts);
  for(p=0; p<opened; p++) at_loader_close(&loader[p]);
  return store;
}

static inline void shuffle_rows(Random *r, Row *rows, size_t n){
  size_t i;
  for(i=n; i>1; i--){
    size_t j = random_below(r, (uint32_t)i);
    Row row = rows[i-1];
    rows[i-1] = rows[j];
    rows[j] = row;
  }
}

static inline AtOptions options_of(AtEnv *env, const char *text){
  AtOptions options;
  at_options_parse(env, &options, text, strlen(text), AT_FOR_ALL);
  return options;
}

/************************************ Sums ************************************/

/* The exact sum of n doubles, rounded once to the nearest, ties to even:
** Shewchuk's expansion of parts that do not overlap, smallest first. */
static inline double exact_sum(const double *x, size_t n){
  double part[2100], high, low = 0;       /* more bits a double's range has not */
  size_t n_parts = 0, i, j;
  for(i=0; i<n; i++){
    double add = x[i];
    size_t kept = 0;
    for(j=0; j<n_parts; j++){
      double a = add, b = part[j], sum = a+b, shadow = sum-a;
      double rest = (a - (sum-shadow)) + (b-shadow);
      if( rest!=0 ) part[kept++] = rest;
      add = sum;
    }
    if( kept>=COUNT(part) ) abort();
    part[kept++] = add;
    n_parts = kept;
  }
  if( n_parts==0 ) return 0;
  high = part[--n_parts];
  while( n_parts>0 ){
    double a = high, b = part[--n_parts];
    high = a+b;
    low = b - (high-a);
    if( low!=0 ) break;
  }
  if( n_parts>0 && ((low<0 && part[n_parts-1]<0) || (low>0 && part[n_parts-1]>0)) ){
    double twice = low*2, up = high+twice;
    if( up-high==twice ) high = up;       /* a tie, and more on one side of it */
  }
  return high;
}

/************************************ World ***********************************/

typedef struct World World;
struct World {
  Row touches[400], conversions[60];
  uint32_t n_touches, n_conversions;
  AtStore *t, *c;
  AtOptions options;
};

/* Keys of all classes: 0, 1.5, '2', x'33', 4, 5.5, … */
static inline AtCell world_key(uint32_t i){
  static const char *const texts[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"};
  i %= COUNT(texts);
  switch( i%4 ){
    case 0: return cell_integer(i);
    case 1: return cell_real(i+0.5);
    case 2: return cell_text(texts[i]);
    default: return cell_bytes(AT_BLOB, texts[i], strlen(texts[i]));
  }
}

/* Small numbers, so that times, labels and distances often meet. */
static inline void world_rows(Random *r, World *w, uint32_t most_touches){
  static const char *const labels[] = {"ads", "Direct", "email", "seo", "webinar"};
  uint32_t n_keys = 1 + random_below(r, 6), n_times = 1 + random_below(r, 40), i, k;
  uint32_t n_labels = 1 + random_below(r, COUNT(labels));
  w->n_touches = random_below(r, most_touches+1);
  w->n_conversions = random_below(r, 13);
  for(i=0; i<w->n_touches; i++){
    Row *row = &w->touches[i];
    *row = row_of(world_key(random_below(r, n_keys)), cell_integer(random_below(r, n_times)), labels[random_below(r, n_labels)]);
    row->number = random_below(r, 5) ? cell_integer(random_between(r, -2, 5)) : cell_null();
    row->id = cell_integer(i+1);
  }
  for(i=0; i<w->n_conversions; i++){
    Row *row = &w->conversions[i];
    *row = row_of(world_key(random_below(r, n_keys+1)), cell_integer(random_below(r, n_times+3)), "");
    row->number = random_below(r, 5) ? cell_real((double)random_between(r, -10000, 100000)/100) : cell_null();
    for(k=0; k<2; k++) row->milestone[k] = random_below(r, 3) ? cell_integer(random_below(r, n_times)) : cell_null();
    row->id = cell_integer(i+1);
  }
}

/* Any options that decide over paths. */
static inline void world_options(Random *r, AtEnv *env, AtOptions *o){
  static const char *const lists[] = {"", "ignore=direct", "ignore=DIRECT,ads", "ignore=seo;direct=email",
                                      "ignore=ads,direct,email,seo,webinar", "ignore=nothing"};
  *o = options_of(env, lists[random_below(r, COUNT(lists))]);
  if( random_below(r, 3)==0 ) o->lookback = random_below(r, 20)*AT_SECOND;
  if( random_below(r, 3)==0 ) o->gap = random_below(r, 6)*AT_SECOND;
  if( random_below(r, 4)==0 ) o->as_of = random_between(r, -1, 40)*AT_SECOND;
  if( random_below(r, 4)==0 ) o->max_touches = 1 + random_below(r, 4);
  o->reset = (int)random_below(r, 2);
  o->path = (int)random_below(r, 4);
}

static inline void world_open(Random *r, AtEnv *env, World *w, uint32_t most_touches){
  AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 1, 2, 1);
  world_rows(r, w, most_touches);
  w->t = load_rows(env, &touches, w->touches, w->n_touches);
  w->c = load_rows(env, &conversions, w->conversions, w->n_conversions);
  world_options(r, env, &w->options);
  assert_ok(env);
}

static inline void world_close(AtEnv *env, World *w){
  at_store_release(w->t);
  at_store_release(w->c);
  at_options_free(env->alloc, &w->options);
}

/* Some touches of an entity, by row. */
typedef struct Taken Taken;
struct Taken { uint32_t n, row[400]; };

/* Steps 1 to 5 for a conversion at one time, previous being the latest of the
** entity's earlier conversion times, or AT_NO_TIME. */
static inline void reference_window(const AtStore *t, uint32_t first, uint32_t limit, const AtOptions *o,
                                    int64_t at, int64_t previous, Taken *out){
  uint32_t journey, i;
  out->n = 0;
  while( limit>first && ((o->as_of!=AT_NO_TIME && at_store_when(t, limit-1)>o->as_of)
      || at_store_when(t, limit-1)>at) ) limit--;
  journey = limit;
  if( o->gap<0 ){
    journey = first;
  }else if( limit>first && at-at_store_when(t, limit-1)<=o->gap ){
    for(journey=limit-1; journey>first && at_store_when(t, journey)-at_store_when(t, journey-1)<=o->gap; journey--){}
  }
  for(i=journey; i<limit; i++){
    if( o->lookback>=0 && at-at_store_when(t, i)>o->lookback ) continue;
    if( o->reset && previous!=AT_NO_TIME && at_store_when(t, i)<=previous ) continue;
    out->row[out->n++] = i;
  }
}

static inline int reference_ignored(const AtStore *t, const AtOptions *o, uint32_t row){
  AtCell label = at_store_label_text(t, at_store_label(t, row));
  return at_label_listed(&o->ignore, label.text, label.n);
}

/* Steps 6 to 8. */
static inline void reference_path(const AtStore *t, const AtOptions *o, const Taken *window, Taken *out){
  Taken kept = *window;
  uint32_t i, k, n = 0;
  for(i=0; i<kept.n; i++) n += !reference_ignored(t, o, kept.row[i]);
  if( n>0 ){
    for(i=0, k=0; i<kept.n; i++) if( !reference_ignored(t, o, kept.row[i]) ) kept.row[k++] = kept.row[i];
    kept.n = n;
  }
  out->n = 0;
  for(i=0; i<kept.n; i++){
    uint32_t label = at_store_label(t, kept.row[i]);
    int drop = 0;
    if( o->path==AT_PATH_EXPOSURE ) drop = i>0 && at_store_label(t, kept.row[i-1])==label;
    if( o->path==AT_PATH_FIRST ) for(k=0; k<i; k++) drop |= at_store_label(t, kept.row[k])==label;
    if( o->path==AT_PATH_UNIQUE ) for(k=i+1; k<kept.n; k++) drop |= at_store_label(t, kept.row[k])==label;
    if( !drop ) out->row[out->n++] = kept.row[i];
  }
  if( o->max_touches && out->n>o->max_touches ){
    memmove(out->row, out->row+(out->n-o->max_touches), o->max_touches*sizeof *out->row);
    out->n = o->max_touches;
  }
}

/* The latest time of the entity's conversions before row; AT_NO_TIME if none. */
static inline int64_t previous_conversion(const AtStore *c, uint32_t first, uint32_t row){
  uint32_t i;
  for(i=row; i>first; i--) if( at_store_when(c, i-1)<at_store_when(c, row) ) return at_store_when(c, i-1);
  return AT_NO_TIME;
}

/* The path of a conversion, from all rows of both stores. */
static inline void reference_conversion(const World *w, uint32_t entity, uint32_t row, Taken *window, Taken *path){
  AtCell key = at_store_key(w->c, entity);
  uint32_t e = at_store_find(w->t, &key), first = 0, limit = 0;
  if( e!=AT_NO_ENTITY ){ first = w->t->start[e]; limit = w->t->start[e+1]; }
  reference_window(w->t, first, limit, &w->options, at_store_when(w->c, row),
                   previous_conversion(w->c, w->c->start[entity], row), window);
  reference_path(w->t, &w->options, window, path);
}

#endif
