/*
** path.c: which touches a conversion's path has.
**
** How it works. The touches of an entity lie together in order, so a
** conversion's window (as_of, lookback, reset, gap) is a contiguous range of
** rows. An AtSlider moves its ends along as the entity's conversions come in
** order of time; no end ever goes back, so all windows of an entity cost one
** walk over its touches. What is left out inside a window (ignore, path,
** max_touches) is decided when the window becomes an AtPath.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

/* Touches [first, limit) of one entity; those after as_of do not exist. */
void at_slider_start(AtSlider *s, const AtStore *touches, const AtOptions *options,
                     uint32_t first, uint32_t limit){
  if( options->as_of!=AT_NO_TIME ){
    while( limit>first && at_store_when(touches, limit-1)>options->as_of ) limit--;
  }
  s->touches = touches;
  s->options = options;
  s->end = limit;
  s->limit = s->oldest = s->journey = s->fresh = first;
  s->last_conversion = AT_NO_TIME;
}

/* The window of the next conversion; times must not go down. Several at one
** instant get the same window. */
AtWindow at_slider_next(AtSlider *s, int64_t conversion_time){
  const AtStore *t = s->touches;
  const AtOptions *o = s->options;
  AtWindow w;
  if( conversion_time!=s->last_conversion ){
    assert( conversion_time>s->last_conversion );
    if( o->reset ) s->fresh = s->limit;
    s->last_conversion = conversion_time;
  }
  while( s->limit<s->end && at_store_when(t, s->limit)<=conversion_time ){
    if( o->gap>=0 && s->limit>s->journey
     && at_store_when(t, s->limit)-at_store_when(t, s->limit-1)>o->gap ){
      s->journey = s->limit;
    }
    s->limit++;
  }
  if( o->lookback>=0 ){
    while( s->oldest<s->limit && at_store_when(t, s->oldest)<conversion_time-o->lookback ) s->oldest++;
  }
  w.first = s->fresh>s->oldest ? s->fresh : s->oldest;
  if( s->journey>w.first ) w.first = s->journey;
  w.limit = s->limit;
  if( o->gap>=0 && s->limit>s->journey
   && conversion_time-at_store_when(t, s->limit-1)>o->gap ) w.first = w.limit;
  if( w.first>w.limit ) w.first = w.limit;
  return w;
}

static int mark_labels(AtEnv *env, uint8_t **marks, const AtStore *touches, const AtLabelList *list){
  uint32_t i;
  *marks = at_alloc(env, touches->labels.n, 1);
  if( *marks==NULL ) return 0;
  for(i=0; i<touches->labels.n; i++){
    AtCell label = at_store_label_text(touches, i);
    (*marks)[i] = (uint8_t)at_label_listed(list, label.text, label.n);
  }
  return 1;
}

/* The arrays by label, for an empty path that a caller will fill by hand. */
int at_path_labels(AtEnv *env, AtPath *path, uint32_t n_labels){
  memset(path, 0, sizeof *path);
  path->n_labels = n_labels;
  path->seen = at_alloc(env, n_labels, sizeof *path->seen);
  path->count = at_alloc(env, n_labels, sizeof *path->count);
  if( env->error.code ) return 0;
  memset(path->seen, 0, n_labels*sizeof *path->seen);
  memset(path->count, 0, n_labels*sizeof *path->count);
  return 1;
}

/* A path for the touches of a store, to be built again and again. */
int at_path_open(AtEnv *env, AtPath *path, const AtStore *touches, const AtOptions *options){
  if( !at_path_labels(env, path, touches->labels.n) ) return 0;
  if( options->ignore.n && !mark_labels(env, &path->ignored, touches, &options->ignore) ) return 0;
  return mark_labels(env, &path->direct, touches, &options->direct);
}

void at_path_close(const AtAlloc *alloc, AtPath *path){
  at_free(alloc, path->row);
  at_free(alloc, path->label);
  at_free(alloc, path->time);
  at_free(alloc, path->points);
  at_free(alloc, path->weight);
  at_free(alloc, path->part);
  at_free(alloc, path->credit);
  at_free(alloc, path->value);
  at_free(alloc, path->scratch);
  at_free(alloc, path->order);
  at_free(alloc, path->seen);
  at_free(alloc, path->count);
  at_free(alloc, path->ignored);
  at_free(alloc, path->direct);
  memset(path, 0, sizeof *path);
}

/* Room for n touches in every array. */
int at_path_reserve(AtEnv *env, AtPath *path, uint32_t n){
  size_t capacity = n<64 ? 64 : (size_t)n + n/2;
  if( n<=path->capacity ) return 1;
  if( capacity>UINT32_MAX ) capacity = UINT32_MAX;
  at_grow(env, &path->row, capacity, sizeof *path->row);
  at_grow(env, &path->label, capacity, sizeof *path->label);
  at_grow(env, &path->time, capacity, sizeof *path->time);
  at_grow(env, &path->points, capacity, sizeof *path->points);
  at_grow(env, &path->weight, capacity, sizeof *path->weight);
  at_grow(env, &path->part, capacity, sizeof *path->part);
  at_grow(env, &path->credit, capacity, sizeof *path->credit);
  at_grow(env, &path->value, capacity, sizeof *path->value);
  at_grow(env, &path->scratch, capacity, sizeof *path->scratch);
  at_grow(env, &path->order, capacity, sizeof *path->order);
  if( env->error.code ) return 0;
  path->capacity = (uint32_t)capacity;
  return 1;
}

/* A fresh mark for path->seen[]. */
uint32_t at_path_mark(AtPath *path){
  if( ++path->mark==0 ){
    memset(path->seen, 0, path->n_labels*sizeof *path->seen);
    path->mark = 1;
  }
  return path->mark;
}

/* Step 6: without ignored labels, unless nothing else is left. */
static void drop_ignored(AtPath *path){
  uint32_t i, n = 0;
  for(i=0; i<path->n; i++) n += !path->ignored[path->label[i]];
  if( n==0 || n==path->n ) return;
  for(i=0, n=0; i<path->n; i++){
    if( path->ignored[path->label[i]] ) continue;
    path->row[n] = path->row[i];
    path->label[n++] = path->label[i];
  }
  path->n = n;
}

/* Step 7, keeping the first of consecutive equal labels. */
static void keep_exposures(AtPath *path){
  uint32_t i, n = 0;
  for(i=0; i<path->n; i++){
    if( n>0 && path->label[n-1]==path->label[i] ) continue;
    path->row[n] = path->row[i];
    path->label[n++] = path->label[i];
  }
  path->n = n;
}

/* Step 7, keeping each label's first touch, or its last. */
static void keep_once(AtPath *path, int last){
  uint32_t mark = at_path_mark(path), i, n = 0, length = path->n;
  for(i=0; i<length; i++){
    uint32_t at = last ? length-1-i : i, label = path->label[at];
    if( path->seen[label]==mark ) continue;
    path->seen[label] = mark;
    if( last ){
      n++;
      path->row[length-n] = path->row[at];
      path->label[length-n] = label;
    }else{
      path->row[n] = path->row[at];
      path->label[n++] = label;
    }
  }
  if( last && n ){
    memmove(path->row, path->row+(length-n), n*sizeof *path->row);
    memmove(path->label, path->label+(length-n), n*sizeof *path->label);
  }
  path->n = n;
}

/* Fills the path from a window: rows, labels, times and points. */
int at_path_build(AtEnv *env, AtPath *path, const AtStore *touches, const AtOptions *o,
                  AtWindow window){
  uint32_t i, n = window.limit-window.first;
  path->n_milestones = 0;
  path->n = n;
  if( !at_path_reserve(env, path, n) ) return 0;
  for(i=0; i<n; i++) path->row[i] = window.first+i;
  if( !at_go_on(env, n) ) return 0;
  for(i=0; i<n; i++) path->label[i] = at_store_label(touches, window.first+i);
  if( !at_go_on(env, n) ) return 0;
  if( path->ignored && n ) drop_ignored(path);
  if( !at_go_on(env, path->n) ) return 0;
  if( o->path==AT_PATH_EXPOSURE ) keep_exposures(path);
  else if( o->path!=AT_PATH_ALL ) keep_once(path, o->path==AT_PATH_UNIQUE);
  if( o->max_touches && path->n>o->max_touches ){
    uint32_t drop = path->n-o->max_touches;
    memmove(path->row, path->row+drop, o->max_touches*sizeof *path->row);
    memmove(path->label, path->label+drop, o->max_touches*sizeof *path->label);
    path->n = o->max_touches;
  }
  if( !at_go_on(env, path->n) ) return 0;
  for(i=0; i<path->n; i++) path->time[i] = at_store_when(touches, path->row[i]);
  if( !at_go_on(env, path->n) ) return 0;
  if( touches->number ) for(i=0; i<path->n; i++) path->points[i] = touches->number[path->row[i]];
  return at_go_on(env, path->n);
}

/* The position of each milestone's touch: the last at or before its time. */
void at_path_milestones(AtPath *path, const AtStore *conversions, uint32_t conversion,
                        int64_t as_of){
  int k;
  path->n_milestones = conversions->n_milestones;
  for(k=0; k<path->n_milestones; k++){
    int64_t time = conversions->milestone[k][conversion];
    uint32_t lo = 0, hi = path->n;
    path->milestone[k] = -1;
    if( time==AT_NO_TIME || (as_of!=AT_NO_TIME && time>as_of) ) continue;
    while( lo<hi ){
      uint32_t mid = lo + (hi-lo)/2;
      if( path->time[mid]<=time ) lo = mid+1;
      else hi = mid;
    }
    path->milestone[k] = (int32_t)lo-1;
  }
}
