/*
** credit.c: walks conversions x journeys, and divides one conversion.
**
** The way of a walk: the conversions are taken in order of their keys, each with its
** window and its path, and the touches' sorted keys are followed along. Walks over
** ranges of entities are independent of each other. Detail rows and summaries are made from the
** same walk.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

/* The order of entity i of one store and entity j of another. */
int at_compare_keys(const AtStore *a, uint32_t i, const AtStore *b, uint32_t j){
  AtCell x, y;
  if( a->integer_keys && b->integer_keys ){
    return a->integer_keys[i]<b->integer_keys[j] ? -1 : a->integer_keys[i]>b->integer_keys[j];
  }
  if( a->integer_keys==NULL && b->integer_keys==NULL ) return at_entry_compare(&a->keys, i, &b->keys, j);
  x = at_store_key(a, i);
  y = at_store_key(b, j);
  if( x.type!=y.type ) return x.type<y.type ? -1 : 1;
  return at_cell_compare(&x, &y);
}

/* Whether one relation's keys are all text and the other's all numbers. */
int at_keys_conflict(const AtStore *touches, const AtStore *conversions){
  const unsigned text = 1u<<AT_TEXT, numbers = 1u<<AT_INT | 1u<<AT_REAL;
  unsigned t = touches->key_classes, c = conversions->key_classes;
  return (t==text && c && (c & ~numbers)==0) || (c==text && t && (t & ~numbers)==0);
}

/* Fails when keys conflict: nothing would match, and nobody would know why. */
int at_keys_agree(AtEnv *env, const AtStore *touches, const AtStore *conversions,
                  const char *touches_column, const char *conversions_column){
  int text_touches = touches->key_classes==1u<<AT_TEXT;
  if( at_keys_conflict(touches, conversions) ){
    at_fail(env, AT_INVALID, "%s of touches is %s and %s of conversions is %s, so none would match; "
            "cast one of them in a view, such as CAST(%s AS INTEGER) in %s",
            touches_column, text_touches ? "TEXT" : "numbers",
            conversions_column, text_touches ? "numbers" : "TEXT",
            text_touches ? touches_column : conversions_column, text_touches ? "touches" : "conversions");
  }
  return !env->error.code;
}

/* A walk over all conversions, or over those of one entity where only is its
** key. The stores and options must outlive it. */
int at_walk_open(AtEnv *env, AtWalk *walk, const AtStore *touches, const AtStore *conversions,
                 const AtOptions *options, const AtCell *only){
  memset(walk, 0, sizeof *walk);
  walk->touches = touches;
  walk->conversions = conversions;
  walk->options = options;
  walk->entity_limit = conversions->n_entities;
  if( only ){
    walk->entity = at_store_find(conversions, only);
    walk->entity_limit = walk->entity==AT_NO_ENTITY ? walk->entity : walk->entity+1;
  }
  return at_walk_range(env, walk, walk->entity, walk->entity_limit);
}

/* The same over the entities [first, limit) of the conversions alone; a walk's copy may be
** opened so. Fails without a path of its own: close it in any case. */
int at_walk_range(AtEnv *env, AtWalk *walk, uint32_t first, uint32_t limit){
  AtCell key;
  memset(&walk->path, 0, sizeof walk->path);
  walk->entity = first;
  walk->entity_limit = limit;
  walk->entity_open = 0;
  walk->touch_entity = 0;
  if( first>0 && first<limit ){
    key = at_store_key(walk->conversions, first);
    walk->touch_entity = at_store_place(walk->touches, &key);
  }
  return at_path_open(env, &walk->path, walk->touches, walk->options);
}

void at_walk_close(const AtAlloc *alloc, AtWalk *walk){
  at_path_close(alloc, &walk->path);
  memset(walk, 0, sizeof *walk);
}

static void open_entity(AtWalk *walk){
  const AtStore *touches = walk->touches;
  uint32_t e = walk->touch_entity, first = 0, limit = 0;
  int order = 1;
  while( e<touches->n_entities && (order = at_compare_keys(touches, e, walk->conversions, walk->entity))<0 ) e++;
  if( e<touches->n_entities && order==0 ){
    first = touches->start[e];
    limit = touches->start[e+1];
  }
  walk->touch_entity = e;
  at_slider_start(&walk->slider, walk->touches, walk->options, first, limit);
  walk->next_conversion = walk->conversions->start[walk->entity];
  walk->conversion_limit = walk->conversions->start[walk->entity+1];
  walk->entity_open = 1;
}

/* The next conversion that exists: walk->conversion, walk->path. Returns 0 at
** the end and on failure. */
int at_walk_next(AtEnv *env, AtWalk *walk){
  int64_t as_of = walk->options->as_of;
  while( walk->entity<walk->entity_limit && !env->error.code ){
    if( !walk->entity_open ) open_entity(walk);
    if( walk->next_conversion<walk->conversion_limit ){
      int64_t time = at_store_when(walk->conversions, walk->next_conversion);
      if( as_of==AT_NO_TIME || time<=as_of ){
        walk->window = at_slider_next(&walk->slider, time);
        walk->conversion = walk->next_conversion++;
        if( !at_path_build(env, &walk->path, walk->touches, walk->options, walk->window) ) return 0;
        if( walk->conversions->n_milestones ){
          at_path_milestones(&walk->path, walk->conversions, walk->conversion, as_of);
        }
        return at_alive(env, walk->path.n+1);
      }
    }
    walk->entity_open = 0;
    walk->entity++;
    if( !at_alive(env, 1) ) return 0;
  }
  return 0;
}

/* path->order[]: positions grouped by label, each group in order. */
static void group_by_label(AtPath *path){
  uint32_t mark = at_path_mark(path), *count = path->count, start = 0, i;
  for(i=0; i<path->n; i++) count[path->label[i]]++;
  for(i=0; i<path->n; i++){
    uint32_t label = path->label[i], n = count[label];
    if( path->seen[label]==mark ) continue;
    path->seen[label] = mark;
    count[label] = start;                  /* from here on: where its next goes */
    start += n;
  }
  for(i=0; i<path->n; i++) path->order[count[path->label[i]]++] = i;
  for(i=0; i<path->n; i++) count[path->label[i]] = 0;
}

/* participation: the whole value over each label's touches, label by label. */
static void divide_by_label(AtEnv *env, AtPath *path, double value, double unit){
  const uint32_t *order = path->order;
  uint32_t i, first, limit;
  group_by_label(path);
  for(first=0; first<path->n; first=limit){
    uint32_t n = 1;
    while( first+n<path->n && path->label[order[first+n]]==path->label[order[first]] ) n++;
    limit = first+n;
    for(i=first; i<limit; i++) path->weight[i] = 1.0/n;
    at_allocate(env, value, path->weight+first, n, unit, path->part+first, path->scratch+first);
    at_settle(env, 1, path->weight+first, n);
    for(i=first; i<limit; i++){
      path->credit[order[i]] = path->weight[i];
      path->value[order[i]] = path->part[i];
    }
  }
}

/* Divides a conversion of this value (NaN: none) over the path's touches:
** path->credit[] adds up to 1, path->value[] to the value. Returns 0 when the
** model credits no touch: the conversion is unattributed; and when the host says stop. */
int at_divide(AtEnv *env, AtPath *path, const AtModel *model, double value, double unit){
  if( path->n==0 ) return 0;
  if( model->kind==AT_PARTICIPATION ){
    divide_by_label(env, path, value, unit);
    return !env->error.code;
  }
  if( !at_weights(env, model, path, path->credit) ) return 0;
  at_allocate(env, value, path->credit, path->n, unit, path->value, path->scratch);
  at_settle(env, 1, path->credit, path->n);
  return !env->error.code;
}
