/*
** auc.c: how well a score tells rows that converted from those that did not.
**
** The statistic of Mann and Whitney (1947), divided by the number of pairs: among all pairs of a
** converted row and one that did not convert, the share in which the converted one has the higher
** score, ties one half. It is the area under the ROC curve. Pairs are counted in whole numbers,
** twice over because of the ties; with at most 2,000,000,000 rows of each kind 64 bits hold them.
*/
#include "scores.h"

#include <math.h>

int at_auc_add(AtEnv *env, AtAuc *a, double score, int converted){
  return at_reals_add(env, converted ? &a->converted : &a->others, score);
}

/* The share, 0 .. 1; NaN unless there are rows of both kinds, and where it fails. */
double at_auc(AtEnv *env, AtAuc *a){
  const AtReals *up = &a->converted, *down = &a->others;
  uint64_t twice = 0;
  uint32_t i, below = 0, equal = 0;   /* others whose score is below; below or equal */
  if( up->n==0 || down->n==0 ) return NAN;
  if( !at_reals_sort(env, &a->converted) || !at_reals_sort(env, &a->others) ) return NAN;
  for(i=0; i<up->n && at_alive(env, 1); i++){
    while( below<down->n && down->keys[below]<up->keys[i] ) below++;
    while( equal<down->n && down->keys[equal]<=up->keys[i] ) equal++;
    twice += (uint64_t)below + equal;
  }
  return env->error.code ? NAN : (double)twice/(double)(2*(uint64_t)up->n*down->n);
}

void at_auc_free(const AtAlloc *alloc, AtAuc *a){
  at_reals_free(alloc, &a->converted);
  at_reals_free(alloc, &a->others);
}
