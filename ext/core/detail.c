/*
** detail.c: the rows of attribution(): conversion x model x credited touch.
**
** How it works. Without an order the walk gives one conversion after another, and
** each is divided by every model in turn. With an order by model, by label or by both
** the rows come in passes, one for each list of by_label.c, each model or each pair of
** them; a pass visits the conversions of its list, divides them again and gives the
** rows of its label and model alone. What the parts are is computed when asked for:
** a sum of values needs no credits, a count of rows neither.
*/
#include "core.h"

#include <math.h>
#include <string.h>

static int name_compare(const void *models, uint32_t a, uint32_t b){
  const AtModels *m = models;
  return strcmp(m->model[a].name, m->model[b].name);
}

/* The stores, options and models must outlive it. only: the key of one entity, or NULL. */
int at_detail_open(AtEnv *env, AtDetail *d, const AtStore *touches, const AtStore *conversions,
                   const AtOptions *options, const AtModels *models, const AtCell *only, AtDetailOrder order){
  int by_label = order.first==AT_BY_LABEL || order.second==AT_BY_LABEL;
  uint32_t *by_name;
  int m;
  memset(d, 0, sizeof *d);
  d->models = models;
  d->wants_value = 1;
  if( !at_walk_open(env, &d->walk, touches, conversions, options, only) ) return 0;
  if( order.first==AT_BY_MODEL && !by_label && models->n==1 ) order.first = AT_BY_NOTHING;
  d->order = order;
  d->model_limit = models->n;
  d->label = AT_ANY_LABEL;
  d->takes_unattributed = 1;
  if( order.first==AT_BY_NOTHING ) return 1;
  by_name = at_sorted(env, (uint32_t)models->n, name_compare, models);
  for(m=0; by_name && m<models->n; m++) d->by_name[m] = (int)by_name[m];
  at_free(env->alloc, by_name);
  if( !at_by_label_open(env, &d->lists, &d->walk, models, !by_label) ) return 0;
  d->n_passes = d->lists.n_lists;
  if( order.first==AT_BY_MODEL || order.second==AT_BY_MODEL ) d->n_passes *= (uint64_t)models->n;
  return 1;
}

void at_detail_close(const AtAlloc *alloc, AtDetail *d){
  at_by_label_close(alloc, &d->lists);
  at_walk_close(alloc, &d->walk);
  memset(d, 0, sizeof *d);
}

/* Which list and which model the next pass is of. */
static void start_pass(AtDetail *d){
  uint64_t n_models = (uint64_t)d->models->n, n_lists = d->lists.n_lists, list, model = 0;
  const AtDetailOrder *o = &d->order;
  int model_first = o->first==AT_BY_MODEL, has_model = model_first || o->second==AT_BY_MODEL;
  list = model_first ? d->pass%n_lists : has_model ? d->pass/n_models : d->pass;
  if( has_model ) model = model_first ? d->pass/n_lists : d->pass%n_models;
  if( model_first ? o->second_descends : o->first_descends ) list = n_lists-1-list;
  if( has_model ){
    if( model_first ? o->first_descends : o->second_descends ) model = n_models-1-model;
    d->first_model = d->by_name[model];
    d->model_limit = d->first_model+1;
  }
  if( o->first==AT_BY_LABEL || o->second==AT_BY_LABEL ){
    d->label = at_by_label_label(&d->lists, (uint32_t)list);
    d->takes_unattributed = list==d->lists.unattributed;
  }
  d->visit = d->lists.start[list];
  d->visit_limit = d->lists.start[list+1];
  d->pass++;
}

/* The next conversion, its path built. */
static int next_conversion(AtEnv *env, AtDetail *d){
  if( d->order.first==AT_BY_NOTHING ){
    d->entity_known = 1;
    return at_walk_next(env, &d->walk);
  }
  while( d->visit>=d->visit_limit ){
    if( d->pass>=d->n_passes || !at_alive(env, 1) ) return 0;
    start_pass(d);
  }
  d->entity_known = 0;
  d->kept = at_by_label_visit(env, &d->lists, &d->walk, d->visit++, d->visit_limit);
  return at_alive(env, (d->kept ? 0 : d->walk.path.n)+1);
}

/* Weighs the current conversion's path by the current model. */
static void weigh(AtEnv *env, AtDetail *d){
  AtPath *path = &d->walk.path;
  const AtModel *model = &d->models->model[d->model];
  const AtKept *k = d->kept;
  d->touch = 0;
  d->has_credit = d->has_value = 0;
  if( k ){
    size_t first = (size_t)d->model*k->n;
    d->divided = k->divided[d->model];
    if( d->divided ) d->touch = at_kept_from(k, d->label);
    d->touch_limit = d->touch;
    while( d->touch_limit<k->n && k->label[d->touch_limit]==d->label ) d->touch_limit++;
    d->row = k->row;
    d->touch_label = k->label;
    d->credit = k->credit+first;
    d->value = k->value+first;
    d->has_credit = d->has_value = 1;
    return;
  }
  d->touch_limit = path->n;
  d->row = path->row;
  d->touch_label = path->label;
  d->credit = path->credit;
  d->value = path->value;
  if( model->kind==AT_PARTICIPATION ){
    d->divided = at_divide(env, path, model, at_detail_whole(d), d->walk.options->round);
    d->has_credit = d->has_value = 1;
  }else{
    d->divided = at_weights(env, model, path, path->credit);
  }
}

/* From d->touch on, the next row of the current division; one where nothing is credited. */
static int find_touch(AtDetail *d){
  if( !d->divided ) return d->touch==0 && d->takes_unattributed;
  if( d->label==AT_ANY_LABEL ){
    while( d->touch<d->touch_limit && d->credit[d->touch]==0 ) d->touch++;
  }else{
    while( d->touch<d->touch_limit
        && (d->touch_label[d->touch]!=d->label || d->credit[d->touch]==0) ) d->touch++;
  }
  return d->touch<d->touch_limit;
}

/* The next row. Returns 0 at the end and on failure. */
int at_detail_next(AtEnv *env, AtDetail *d){
  if( d->open ){
    d->touch++;
    if( find_touch(d) ) return 1;
  }
  for(;;){
    if( d->open && d->model+1<d->model_limit ){
      d->model++;
    }else{
      if( !next_conversion(env, d) ) return d->open = 0;
      d->open = 1;
      d->model = d->first_model;
    }
    weigh(env, d);
    if( find_touch(d) ) return 1;
  }
}

/* The entity of the current conversion. */
uint32_t at_detail_entity(AtDetail *d){
  const AtStore *c = d->walk.conversions;
  uint32_t lo = 0, hi = c->n_entities;
  if( d->entity_known ) return d->walk.entity;
  while( hi-lo>1 ){
    uint32_t mid = lo + (hi-lo)/2;
    if( c->start[mid]<=d->walk.conversion ) lo = mid;
    else hi = mid;
  }
  d->entity_known = 1;
  return d->walk.entity = lo;
}

/* The touch's position in the path, from 1; 0 where nothing is credited. */
uint32_t at_detail_position(const AtDetail *d){
  if( !d->divided ) return 0;
  return (d->kept ? d->kept->position[d->touch] : d->touch)+1;
}

uint32_t at_detail_length(const AtDetail *d){
  return d->kept ? d->kept->n : d->walk.path.n;
}

/* The whole value of the conversion; NaN for none. */
double at_detail_whole(const AtDetail *d){
  const AtStore *c = d->walk.conversions;
  return c->number ? c->number[d->walk.conversion] : NAN;
}

/* Divides the value by the weights, which at_settle() has not yet made credits. */
static void divide_value(AtEnv *env, AtDetail *d){
  AtPath *path = &d->walk.path;
  if( d->has_credit ){
    at_weights(env, &d->models->model[d->model], path, path->credit);
    d->has_credit = 0;
  }
  at_allocate(env, at_detail_whole(d), path->credit, path->n, d->walk.options->round, path->value, path->scratch);
  d->has_value = 1;
}

/* The current row's share of its conversion. */
double at_detail_credit(AtEnv *env, AtDetail *d){
  if( !d->divided ) return 1;
  if( !d->has_credit ){
    if( d->wants_value && !d->has_value ) divide_value(env, d);
    at_settle(env, 1, d->walk.path.credit, d->walk.path.n);
    d->has_credit = 1;
  }
  return d->credit[d->touch];
}

/* The current row's share of the value; NaN for none. */
double at_detail_value(AtEnv *env, AtDetail *d){
  if( !d->divided ) return at_detail_whole(d);
  if( !d->has_value ) divide_value(env, d);
  return d->value[d->touch];
}
