/*
** journeys.c: one path per conversion, and one per journey without.
**
** Both stores are walked together in key order. For each entity its conversions
** come first, each with its path; then what no conversion's window covers, in
** runs that end at a conversion, at a silence longer than gap, or at the next
** window. Windows only move forward, so a second slider tells what is covered.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

enum { NEXT_ENTITY, CONVERSIONS, RUNS };

/* The stores and options must outlive the walk. */
int at_journeys_open(AtEnv *env, AtJourneys *j, const AtStore *touches,
                     const AtStore *conversions, const AtOptions *options){
  memset(j, 0, sizeof *j);
  j->touches = touches;
  j->conversions = conversions;
  j->options = options;
  j->touch_limit = touches->n_entities;
  j->conversion_entity_limit = conversions->n_entities;
  j->stage = NEXT_ENTITY;
  return at_path_open(env, &j->path, touches, options);
}

void at_journeys_close(const AtAlloc *alloc, AtJourneys *j){
  at_path_close(alloc, &j->path);
  memset(j, 0, sizeof *j);
}

/* The first entity of s whose key is not below that of t's entity. */
static uint32_t lower_bound(const AtStore *t, uint32_t entity, const AtStore *s){
  uint32_t lo = 0, hi = s->n_entities;
  while( lo<hi ){
    uint32_t mid = lo + (hi-lo)/2;
    if( at_compare_keys(t, entity, s, mid)>0 ) lo = mid+1;
    else hi = mid;
  }
  return lo;
}

/* Where part number `part` of so many begins: entities of touches and of conversions. */
static void part_start(AtJourneys *j, uint32_t part, uint32_t parts, uint32_t *touch, uint32_t *conversion){
  const AtStore *t = j->touches;
  uint32_t row = (uint32_t)((uint64_t)t->n*part/parts), lo = 0, hi = t->n_entities;
  while( lo<hi ){
    uint32_t mid = lo + (hi-lo)/2;
    if( t->start[mid]<row ) lo = mid+1;
    else hi = mid;
  }
  *touch = part==parts ? t->n_entities : lo;
  *conversion = part==0 ? 0 : *touch==t->n_entities ? j->conversions->n_entities : lower_bound(t, *touch, j->conversions);
}

/* Only the entities of one of so many parts, of about equally many touches. All parts
** together are all entities, each once. */
void at_journeys_part(AtJourneys *j, uint32_t part, uint32_t parts){
  part_start(j, part, parts, &j->touch_entity, &j->conversion_entity);
  part_start(j, part+1, parts, &j->touch_limit, &j->conversion_entity_limit);
}

/* Only the entity of one key. */
void at_journeys_only(AtJourneys *j, const AtCell *key){
  uint32_t t = at_store_find(j->touches, key), c = at_store_find(j->conversions, key);
  j->touch_entity = t==AT_NO_ENTITY ? 0 : t;
  j->touch_limit = t==AT_NO_ENTITY ? 0 : t+1;
  j->conversion_entity = c==AT_NO_ENTITY ? 0 : c;
  j->conversion_entity_limit = c==AT_NO_ENTITY ? 0 : c+1;
}

/* The next key of either store. */
static int next_entity(AtJourneys *j){
  int has_touches = j->touch_entity<j->touch_limit;
  int has_conversions = j->conversion_entity<j->conversion_entity_limit;
  uint32_t first = 0, limit = 0;
  if( !has_touches && !has_conversions ) return 0;
  if( has_touches && has_conversions ){
    int order = at_compare_keys(j->touches, j->touch_entity, j->conversions, j->conversion_entity);
    has_touches = order<=0;
    has_conversions = order>=0;
  }
  if( has_touches ){
    first = j->touches->start[j->touch_entity];
    limit = j->touches->start[++j->touch_entity];
  }
  j->conversion = j->conversion_limit = j->cut = 0;
  if( has_conversions ){
    j->conversion = j->cut = j->conversions->start[j->conversion_entity];
    j->conversion_limit = j->conversions->start[++j->conversion_entity];
    if( j->options->as_of!=AT_NO_TIME ){
      while( j->conversion_limit>j->conversion
          && at_store_when(j->conversions, j->conversion_limit-1)>j->options->as_of ) j->conversion_limit--;
    }
  }
  at_slider_start(&j->slider, j->touches, j->options, first, limit);
  at_slider_start(&j->cover, j->touches, j->options, first, limit);
  j->next_cover = j->conversion;
  j->covered.first = j->covered.limit = first;
  j->run = first;
  j->run_limit = j->cover.end;
  j->stage = CONVERSIONS;
  j->number = 0;
  return 1;
}

/* The next run of touches that no conversion uses, or 0. */
static int next_run(AtJourneys *j, AtWindow *run){
  const AtStore *t = j->touches, *c = j->conversions;
  int64_t gap = j->options->gap;
  for(;;){
    while( j->covered.limit<=j->run && j->next_cover<j->conversion_limit ){
      j->covered = at_slider_next(&j->cover, at_store_when(c, j->next_cover++));
    }
    if( j->run<j->covered.first || j->run>=j->covered.limit ) break;
    j->run = j->covered.limit;
  }
  if( j->run>=j->run_limit ) return 0;
  while( j->cut<j->conversion_limit && at_store_when(c, j->cut)<at_store_when(t, j->run) ) j->cut++;
  run->first = j->run++;
  while( j->run<j->run_limit && j->run!=j->covered.first
      && (j->cut>=j->conversion_limit || at_store_when(t, j->run)<=at_store_when(c, j->cut))
      && (gap<0 || at_store_when(t, j->run)-at_store_when(t, j->run-1)<=gap) ) j->run++;
  run->limit = j->run;
  return 1;
}

/* The next journey: j->window of touches, j->converted and, if so, j->row of conversions.
** Returns 0 at the end and on failure. */
int at_journeys_window(AtEnv *env, AtJourneys *j){
  while( at_alive(env, 1) ){
    if( j->stage==NEXT_ENTITY && !next_entity(j) ) return 0;
    if( j->stage==CONVERSIONS ){
      if( j->conversion<j->conversion_limit ){
        j->row = j->conversion++;
        j->number++;
        j->converted = 1;
        j->window = at_slider_next(&j->slider, at_store_when(j->conversions, j->row));
        return 1;
      }
      j->stage = RUNS;
    }
    if( next_run(j, &j->window) ){
      j->converted = 0;
      j->number++;
      return 1;
    }
    j->stage = NEXT_ENTITY;
  }
  return 0;
}

/* The same with j->path. */
int at_journeys_next(AtEnv *env, AtJourneys *j){
  return at_journeys_window(env, j)
      && at_path_build(env, &j->path, j->touches, j->options, j->window)
      && at_alive(env, j->path.n);
}

/* Whether every path is its whole window. */
int at_journeys_are_windows(const AtOptions *options){
  return options->path==AT_PATH_ALL && options->ignore.n==0 && options->max_touches==0;
}

/* The key of the current row's entity. */
AtCell at_journeys_key(const AtJourneys *j){
  if( j->conversion_limit>0 ) return at_store_key(j->conversions, j->conversion_entity-1);
  return at_store_key(j->touches, j->touch_entity-1);
}

/* Seconds from the current path's first touch to its conversion. */
double at_journeys_seconds(const AtJourneys *j){
  assert( j->converted && j->path.n>0 );
  return (double)(at_store_when(j->conversions, j->row)-j->path.time[0])/(double)AT_SECOND;
}
