/*
** weights.c: the weights of one path under one model.
**
** Position models (all but time_decay, points, participation and those that
** pick a single touch) share one mechanism: weights for the first touch, for
** each milestone's touch and for the last, a middle shared by the touches between
** the first and the last of those positions, and normalisation over what is
** there. See docs/rules.md, Models.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Whether the model gives everything to a single touch. */
int at_is_single(const AtModel *model){
  return model->kind==AT_FIRST_TOUCH || model->kind==AT_LAST_TOUCH
      || model->kind==AT_LAST_NON_DIRECT || model->kind==AT_MILESTONE;
}

/* The position of a single-touch model's touch, -1 for none. */
int32_t at_single_touch(const AtModel *model, const AtPath *path){
  uint32_t i;
  if( path->n==0 ) return -1;
  switch( model->kind ){
    case AT_FIRST_TOUCH:
      return 0;
    case AT_MILESTONE:
      assert( model->n_milestones<=path->n_milestones );
      return path->milestone[model->n_milestones-1];
    case AT_LAST_NON_DIRECT:
      for(i=path->n; i>0 && path->direct[path->label[i-1]]; i--){}
      return (int32_t)(i>0 ? i-1 : path->n-1);
    default:
      return (int32_t)path->n-1;
  }
}

static void equal_weights(double *weight, uint32_t n){
  double each = 1.0/n;
  uint32_t i;
  for(i=0; i<n; i++) weight[i] = each;
}

/* scratch[] marks the touches that hold a position. Returns the last position
** up to which the middle runs. */
static uint32_t mark_positions(const AtModel *m, const AtPath *path, double *weight){
  int has_last = m->kind!=AT_U_SHAPED && m->kind!=AT_W_SHAPED;
  uint32_t last = has_last ? path->n-1 : 0;
  int k;
  memset(path->scratch, 0, path->n*sizeof *path->scratch);
  path->scratch[0] = 1;
  weight[0] += m->first;
  for(k=0; k<m->n_milestones; k++){
    if( path->milestone[k]<0 ){
      last = path->n-1;
    }else{
      uint32_t at = (uint32_t)path->milestone[k];
      path->scratch[at] = 1;
      weight[at] += m->each;
      if( at>last ) last = at;
    }
  }
  if( has_last ){
    path->scratch[path->n-1] = 1;
    weight[path->n-1] += m->last;
  }
  return last;
}

static void position_weights(AtEnv *env, const AtModel *m, const AtPath *path, double *weight){
  uint32_t n_middle = 0, last, i;
  double total, middle;
  int k;
  memset(weight, 0, path->n*sizeof *weight);
  if( !at_go_on(env, path->n) ) return;
  last = mark_positions(m, path, weight);
  for(i=0; i<=last; i++) n_middle += !path->scratch[i];
  total = m->first + m->last + (n_middle ? m->middle : 0);
  for(k=0; k<m->n_milestones; k++) if( path->milestone[k]>=0 ) total += m->each;
  if( total<=0 ){
    equal_weights(weight, path->n);
    return;
  }
  if( !at_go_on(env, path->n) ) return;
  middle = n_middle ? m->middle/n_middle : 0;
  if( fabs(total-1)<1e-12 ) total = 1;
  for(i=0; i<path->n; i++){
    if( i<=last && !path->scratch[i] ) weight[i] = middle;
    weight[i] /= total;
  }
}

/* Ages count from the path's last touch: the same shares, and no underflow
** to 0/0 however old the path. */
static void decay_weights(AtEnv *env, const AtModel *m, const AtPath *path, double *weight){
  double per_half_life = 1.0/(double)m->half_life, total = 0;
  int64_t latest = path->time[path->n-1];
  uint32_t i, limit;
  for(i=0; i<path->n; i=limit){                    /* at_stretch() would ask for each short path, too: 5 % slower */
    limit = path->n-i<AT_STRETCH ? path->n : i+AT_STRETCH;
    if( i>0 && !at_alive(env, AT_STRETCH) ) return;
    for(; i<limit; i++){
      weight[i] = at_exp2_negative((double)(latest-path->time[i])*per_half_life);
      total += weight[i];
    }
  }
  for(i=0; i<path->n; i++) weight[i] /= total;
}

/* The sum of the path's points; 0 where they cannot divide it: there is none, or it is not positive but for
** rounding (0.1 + 0.2 - 0.3). */
double at_points_sum(const AtPath *path){
  AtSum total = {0, 0};
  double sum, size = 0;
  uint32_t i;
  for(i=0; i<path->n; i++){
    if( isnan(path->points[i]) ) continue;
    at_sum_add(&total, path->points[i]);
    size += fabs(path->points[i]);
  }
  sum = at_sum_total(&total);
  return sum>size*1e-12 ? sum : 0;
}

static void point_weights(AtEnv *env, const AtPath *path, double *weight){
  double sum = at_points_sum(path);
  uint32_t i;
  if( !at_go_on(env, path->n) ) return;
  if( sum==0 ){
    equal_weights(weight, path->n);
    return;
  }
  for(i=0; i<path->n; i++) weight[i] = isnan(path->points[i]) ? 0 : path->points[i]/sum;
}

/* count[] is 0 again however it ends. */
static void participation_weights(AtEnv *env, AtPath *path, double *weight){
  uint32_t i;
  for(i=0; i<path->n; i++) path->count[path->label[i]]++;
  if( at_go_on(env, path->n) ) for(i=0; i<path->n; i++) weight[i] = 1.0/path->count[path->label[i]];
  for(i=0; i<path->n; i++) path->count[path->label[i]] = 0;
}

/* Equal parts for the labels, each over its touches: participation's, divided. */
static void shapley_weights(AtEnv *env, AtPath *path, double *weight){
  double labels = 0;
  uint32_t i;
  participation_weights(env, path, weight);
  if( !at_go_on(env, path->n) ) return;
  for(i=0; i<path->n; i++) labels += weight[i];
  labels = floor(labels + 0.5);
  for(i=0; i<path->n; i++) weight[i] /= labels;
}

/* By the effects of the touches' labels. Those of a converting path are above 0. */
static void markov_weights(AtEnv *env, const AtModel *m, const AtPath *path, double *weight){
  double total = 0;
  uint32_t i;
  assert( m->effect );
  for(i=0; i<path->n; i++) total += m->effect[path->label[i]];
  if( !at_go_on(env, path->n) ) return;
  if( !(total>0) ){
    equal_weights(weight, path->n);
    return;
  }
  for(i=0; i<path->n; i++) weight[i] = m->effect[path->label[i]]/total;
}

/* Fills weight[0 .. path->n). Returns 0 when the model credits no touch, and when the host
** says stop. Uses path->scratch. */
int at_weights(AtEnv *env, const AtModel *model, AtPath *path, double *weight){
  int32_t single;
  if( path->n==0 ) return 0;
  if( at_is_single(model) ){
    single = at_single_touch(model, path);
    if( single<0 ) return 0;
    memset(weight, 0, path->n*sizeof *weight);
    weight[single] = 1;
    return 1;
  }
  if( path->n==1 ){ weight[0] = 1; return 1; }
  switch( model->kind ){
    case AT_LINEAR: equal_weights(weight, path->n); break;
    case AT_TIME_DECAY: decay_weights(env, model, path, weight); break;
    case AT_POINTS: point_weights(env, path, weight); break;
    case AT_PARTICIPATION: participation_weights(env, path, weight); break;
    case AT_SHAPLEY: shapley_weights(env, path, weight); break;
    case AT_MARKOV: markov_weights(env, model, path, weight); break;
    default: position_weights(env, model, path, weight); break;
  }
  return at_go_on(env, path->n);
}
