/*
** trips.c: journeys as paths, made and read in parts.
**
** How it works. Entities are cut into blocks of about as many touches each, by their
** number alone, and each block's journeys are found by whichever thread takes it. A journey
** whose path is its whole window is three numbers: where its labels stand in the touches,
** how many they are, and which conversion it led to. Only where options leave touches out
** are labels copied. What channel a label is is looked up as a path is read.
**
** Whoever counts paths does it block by block and adds the blocks' sums up in order.
*/
#include "effects.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MOST_BLOCKS 16u                 /* of journeys */
#define LISTED_PART 65536u              /* listed paths that are read as one part */

/************************************ Making *********************************/

typedef struct Making Making;
struct Making {
  AtPaths *paths;
  const AtOptions *options;
};

static int add_trip(AtEnv *env, AtBlock *b, size_t first, uint32_t n, const AtJourneys *j){
  AtTrip *trip;
  if( b->n>=b->capacity ){
    size_t capacity = b->capacity ? b->capacity + b->capacity/2 : 256;
    if( !at_grow(env, &b->trips, capacity, sizeof *b->trips) ) return 0;
    b->capacity = capacity;
  }
  trip = &b->trips[b->n++];
  trip->first = first;
  trip->n = n;
  trip->conversion = j->converted ? j->row : AT_NO_CONVERSION;
  b->converted += (uint64_t)j->converted;
  return at_alive(env, n);
}

static double value_of(const AtPaths *p, uint32_t conversion){
  const double *number = p->conversion_rows->number;
  return number && !isnan(number[conversion]) ? number[conversion] : 0;
}

static void add_bare(const AtPaths *p, AtBlock *b, const AtJourneys *j){
  assert( j->converted );                  /* a run has touches */
  b->bare_conversions++;
  at_sum_add(&b->bare_value, value_of(p, j->row));
}

/* Journeys whose labels stand in the touches. */
static void add_windows(AtEnv *env, const AtPaths *p, AtBlock *b, AtJourneys *j){
  uint32_t unused = p->n_labels, i;
  while( at_journeys_window(env, j) ){
    AtWindow w = j->window;
    if( w.first==w.limit ) add_bare(p, b, j);
    else if( !add_trip(env, b, w.first, w.limit-w.first, j) ) return;
    for(i=w.first; i<w.limit && unused>0; i++){
      uint32_t label = at_store_label(p->touches, i);
      unused -= !b->used[label];
      b->used[label] = 1;
    }
  }
}

/* Journeys whose labels are copied. */
static void add_copies(AtEnv *env, const AtPaths *p, AtBlock *b, AtJourneys *j){
  uint32_t i;
  while( at_journeys_next(env, j) ){
    size_t first = b->n_label, wanted = first+j->path.n;
    if( j->path.n==0 ){
      add_bare(p, b, j);
      continue;
    }
    if( wanted>b->label_capacity ){
      size_t capacity = wanted<256 ? 256 : wanted + wanted/2;
      if( !at_grow(env, &b->label, capacity, sizeof *b->label) ) return;
      b->label_capacity = capacity;
    }
    for(i=0; i<j->path.n; i++) b->used[j->path.label[i]] = 1;
    memcpy(b->label+first, j->path.label, j->path.n*sizeof *b->label);
    b->n_label = wanted;
    if( !add_trip(env, b, first, j->path.n, j) ) return;
  }
}

static int make_block(AtEnv *env, void *context, uint32_t part){
  const Making *making = context;
  AtPaths *p = making->paths;
  AtBlock *b = &p->blocks[part];
  AtJourneys j;
  b->used = at_alloc(env, p->n_labels, 1);
  if( b->used ) memset(b->used, 0, p->n_labels);
  if( at_journeys_open(env, &j, p->touches, p->conversion_rows, making->options) ){
    at_journeys_part(&j, part, p->n_blocks);
    if( p->are_windows ) add_windows(env, p, b, &j);
    else add_copies(env, p, b, &j);
  }
  at_journeys_close(env->alloc, &j);
  return !env->error.code;
}

/* The sums of all blocks, and a channel for each label that a path has. */
static int add_blocks(AtEnv *env, AtPaths *p){
  uint64_t n = 0, converted = 0;
  uint32_t i, k;
  for(k=0; k<p->n_blocks; k++){
    const AtBlock *b = &p->blocks[k];
    n += b->n;
    converted += b->converted;
    at_sum_add(&p->bare_conversions, (double)b->bare_conversions);
    at_sum_add(&p->bare_value, b->bare_value.sum);
    at_sum_add(&p->bare_value, b->bare_value.rest);
  }
  if( n>AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "more than 4,000,000,000 paths");
    return 0;
  }
  p->n = (uint32_t)n;
  at_sum_add(&p->conversions, (double)converted);
  at_sum_add(&p->nulls, (double)(n-converted));
  for(i=0; i<p->n_labels && !env->error.code; i++){
    for(k=0; k<p->n_blocks && !p->blocks[k].used[i]; k++){}
    if( k<p->n_blocks ){
      AtCell name = at_store_label_text(p->touches, i);
      p->label_channel[i] = at_dict_intern(env, &p->names, AT_TEXT, name.text, name.n);
    }else{
      p->label_channel[i] = AT_NO_CHANNEL;
    }
  }
  return !env->error.code;
}

/* All journeys as paths: a conversion counts 1 and its value, a run 1 null. p->has_value is
** the caller's to set; the stores must outlive p. */
int at_paths_journeys(AtEnv *env, AtPaths *p, const AtStore *touches, const AtStore *conversions,
                      const AtOptions *options){
  uint32_t blocks = touches->n/AT_PARALLEL_ROWS+1;
  Making making = {p, options};
  p->touches = touches;
  p->conversion_rows = conversions;
  p->are_windows = at_journeys_are_windows(options);
  p->n_labels = touches->labels.n;
  p->label_channel = at_alloc(env, p->n_labels, sizeof *p->label_channel);
  if( blocks>MOST_BLOCKS ) blocks = MOST_BLOCKS;
  p->blocks = at_alloc(env, blocks, sizeof *p->blocks);
  if( env->error.code ) return 0;
  memset(p->blocks, 0, blocks*sizeof *p->blocks);
  p->n_blocks = blocks;
  return at_parallel(env, blocks, make_block, &making) && add_blocks(env, p);
}

void at_blocks_free(const AtAlloc *alloc, AtPaths *p){
  uint32_t i;
  for(i=0; i<p->n_blocks; i++){
    at_free(alloc, p->blocks[i].trips);
    at_free(alloc, p->blocks[i].label);
    at_free(alloc, p->blocks[i].used);
  }
  at_free(alloc, p->blocks);
}

/************************************ Reading ********************************/

/* Parts in which paths are read; their number depends on the paths alone. */
uint32_t at_paths_parts(const AtPaths *p){
  return p->touches ? p->n_blocks : p->n/LISTED_PART + (p->n%LISTED_PART>0);
}

/* Windows of so many channels, 1 or more, in a part of journeys, one for each place. */
size_t at_paths_windows(const AtPaths *p, uint32_t part, uint32_t width){
  const AtBlock *b = &p->blocks[part];
  size_t n = 0, i;
  for(i=0; i<b->n; i++) n += b->trips[i].n<width ? 0 : b->trips[i].n-width+1;
  return n;
}

void at_reader_open(AtReader *r, const AtPaths *p, uint32_t part){
  memset(r, 0, sizeof *r);
  r->paths = p;
  if( p->touches ){
    r->block = &p->blocks[part];
    r->limit = r->block->n;
  }else{
    r->next = (size_t)part*LISTED_PART;
    r->limit = p->n-r->next<LISTED_PART ? p->n : r->next+LISTED_PART;
  }
}

/* The channels of a trip's labels. */
static void read_labels(AtReader *r, const AtTrip *trip){
  const uint32_t *channel = r->paths->label_channel;
  const AtStore *t = r->paths->touches;
  uint32_t i;
  if( !r->paths->are_windows ){
    const uint32_t *label = r->block->label+trip->first;
    for(i=0; i<trip->n; i++) r->room[i] = channel[label[i]];
  }else if( t->label_bytes==2 ){
    const uint16_t *label = (const uint16_t*)t->label+trip->first;
    for(i=0; i<trip->n; i++) r->room[i] = channel[label[i]];
  }else{
    for(i=0; i<trip->n; i++) r->room[i] = channel[at_store_label(t, (uint32_t)trip->first+i)];
  }
}

/* The next path of the part: its channels, until the next call, and its outcome. Returns 0 at
** the end and on failure. */
int at_reader_next(AtEnv *env, AtReader *r){
  if( r->next>=r->limit ) return 0;
  if( r->block==NULL ){
    const AtListed *path = &r->paths->paths[r->next++];
    r->channel = r->paths->channel+path->first;
    r->n = path->n;
    r->outcome.conversions = path->conversions;
    r->outcome.nulls = path->nulls;
    r->outcome.value = path->value;
  }else{
    const AtTrip *trip = &r->block->trips[r->next++];
    int converted = trip->conversion!=AT_NO_CONVERSION;
    if( trip->n>r->capacity ){
      size_t capacity = trip->n<256 ? 256 : (size_t)trip->n + trip->n/2;
      if( !at_grow(env, &r->room, capacity, sizeof *r->room) ) return 0;
      r->capacity = capacity;
    }
    read_labels(r, trip);
    r->channel = r->room;
    r->n = trip->n;
    r->outcome.conversions = converted;
    r->outcome.nulls = !converted;
    r->outcome.value = converted ? value_of(r->paths, trip->conversion) : 0;
  }
  return at_alive(env, r->n);
}

void at_reader_close(const AtAlloc *alloc, AtReader *r){
  at_free(alloc, r->room);
  memset(r, 0, sizeof *r);
}
