/*
** learn.c: the removal effects that the model markov divides by, learned from all
** journeys of its relations, once per order that the list of models names.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

/* The effects at one order, by label of the touches. */
static double *effects_by_label(AtEnv *env, const AtPaths *paths, int order){
  double *effect = at_alloc(env, paths->n_labels, sizeof *effect);
  AtSteps steps;
  AtEffects e = {NULL, 0};
  uint32_t i;
  if( at_steps_of_paths(env, &steps, paths, order) ) at_removal_effects(env, &e, &steps, &paths->names);
  for(i=0; i<paths->n_labels && !env->error.code; i++){
    uint32_t channel = paths->label_channel[i];
    double removal = channel==AT_NO_CHANNEL ? 0 : e.effects[channel].removal;
    effect[i] = isnan(removal) ? 0 : removal;
  }
  at_effects_free(env->alloc, &e);
  at_steps_free(env->alloc, &steps);
  if( !env->error.code ) return effect;
  at_free(env->alloc, effect);
  return NULL;
}

/* Gives every markov model of the list that has none its effects; at_models_free() must follow
** whatever this returns. */
int at_learn(AtEnv *env, AtModels *models, const AtStore *touches, const AtStore *conversions,
             const AtOptions *options){
  AtPaths paths;
  int i, n = 0;
  for(i=0; i<models->n; i++) n += models->model[i].kind==AT_MARKOV && models->model[i].effect==NULL;
  if( n==0 || env->error.code ) return !env->error.code;
  memset(&paths, 0, sizeof paths);
  if( at_paths_journeys(env, &paths, touches, conversions, options) && at_paths_finish(env, &paths, 0, 0) ){
    for(i=0; i<models->n && !env->error.code; i++){
      AtModel *m = &models->model[i];
      if( m->kind==AT_MARKOV && m->effect==NULL ) m->effect = effects_by_label(env, &paths, m->order);
    }
  }
  at_paths_free(env->alloc, &paths);
  return !env->error.code;
}
