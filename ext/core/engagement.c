/*
** engagement.c: points that fade, added up: each is worth half after every half-life.
**
** The faded points are kept and added in ascending order, so that the sum does not depend on the
** order of rows to its last bit.
*/
#include "scores.h"

/* Points of a time; what is later than as_of does not exist. */
int at_engagement_add(AtEnv *env, AtEngagement *e, double points, int64_t time){
  double half_lives;
  if( env->error.code ) return 0;
  if( time>e->as_of ) return 1;
  half_lives = (double)(e->as_of-time)/(double)e->half_life;
  return at_reals_add(env, &e->faded, points*at_exp2_negative(half_lives));
}

/* The sum at as_of; 0 without points. It means nothing where it fails. */
double at_engagement_score(AtEnv *env, AtEngagement *e){
  AtSum sum = {0, 0};
  uint32_t i;
  if( !at_reals_sort(env, &e->faded) ) return 0;
  for(i=0; i<e->faded.n && at_alive(env, 1); i++) at_sum_add(&sum, at_reals_at(&e->faded, i));
  return at_sum_total(&sum);
}

void at_engagement_free(const AtAlloc *alloc, AtEngagement *e){
  at_reals_free(alloc, &e->faded);
}
