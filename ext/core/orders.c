/*
** orders.c: how well a chain's order tells converting from null paths.
**
** A path is scored by P(conversion | its last state), so all paths that end in one
** state have one score, and the area under the ROC curve is the probability that a
** conversion's score is higher than a null's, ties counting half (Mann, Whitney): one
** pass over the states in order of score. The penalty for the number of parameters is
** that of ChannelAttribution's choose_order.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

typedef struct Score Score;
struct Score { double score, conversions, nulls; };

static int compare(const void *rows, uint32_t a, uint32_t b){
  const Score *x = (const Score*)rows+a, *y = (const Score*)rows+b;
  return x->score<y->score ? -1 : x->score>y->score;
}

/* The area from scored states in order; NaN without conversions or nulls. */
static double area(const Score *scores, const uint32_t *order, uint32_t n){
  AtSum wins = {0, 0}, conversions = {0, 0}, nulls = {0, 0};
  uint32_t i, j;
  for(i=0; i<n; i=j){
    AtSum tied_conversions = {0, 0}, tied_nulls = {0, 0};
    double below = at_sum_total(&nulls);
    for(j=i; j<n && scores[order[j]].score==scores[order[i]].score; j++){
      at_sum_add(&tied_conversions, scores[order[j]].conversions);
      at_sum_add(&tied_nulls, scores[order[j]].nulls);
    }
    at_sum_add(&wins, at_sum_total(&tied_conversions)*(below + at_sum_total(&tied_nulls)/2));
    at_sum_add(&conversions, at_sum_total(&tied_conversions));
    at_sum_add(&nulls, at_sum_total(&tied_nulls));
  }
  if( !(at_sum_total(&conversions)>0 && at_sum_total(&nulls)>0) ) return NAN;
  return at_sum_total(&wins)/(at_sum_total(&conversions)*at_sum_total(&nulls));
}

static double auc_of(AtEnv *env, const AtSteps *steps){
  Score *scores = at_alloc(env, steps->n, sizeof *scores);
  uint32_t *order = NULL, s, e = 0;
  double auc = NAN;
  for(s=0; s<steps->n && !env->error.code; s++){
    const AtState *state = &steps->states[s];
    double leaving = at_steps_leaving(steps, s, e, &e);
    scores[s].score = leaving>0 ? state->conversions/leaving : 0;
    scores[s].conversions = state->conversions;
    scores[s].nulls = state->nulls;
    at_alive(env, 1);
  }
  if( !env->error.code ) order = at_sorted(env, steps->n, compare, scores);
  if( order ) auc = area(scores, order, steps->n);
  at_free(env->alloc, scores);
  at_free(env->alloc, order);
  return auc;
}

/* C(n + k - 1, k): how many states an order may have. */
static double node_count(uint32_t n, int k){
  double nodes = 1;
  int i;
  for(i=1; i<=k; i++) nodes = nodes*((double)n+i-1)/i;
  return nodes;
}

/* Fills a row for each order that has fewer nodes than paths; returns how many. */
int at_orders(AtEnv *env, const AtPaths *paths, AtOrder rows[AT_MAX_ORDER]){
  double np = at_sum_total(&paths->conversions)+at_sum_total(&paths->nulls);
  int order, n = 0;
  for(order=1; order<=AT_MAX_ORDER && !env->error.code; order++){
    double nodes = node_count(paths->names.n, order);
    AtSteps steps;
    if( nodes>=np ) continue;
    if( at_steps_of_paths(env, &steps, paths, order) ){
      AtOrder *row = &rows[n++];
      row->order = order;
      row->states = steps.n;
      row->auc = auc_of(env, &steps);
      row->penalised = np-nodes-1>0 ? 1-(1-row->auc)*(np-1)/(np-nodes-1) : NAN;
    }
    at_steps_free(env->alloc, &steps);
  }
  return env->error.code ? 0 : n;
}

/* The order of the highest penalised area, the lowest among equals; 1 where there is
** none. */
int at_best_order(const AtOrder *rows, int n){
  int best = -1, i;
  for(i=0; i<n; i++){
    if( isnan(rows[i].penalised) ) continue;
    if( best<0 || rows[i].penalised>rows[best].penalised ) best = i;
  }
  return best<0 ? 1 : rows[best].order;
}

/* The chain of an order, or with 0 of the best one. at_steps_free() must follow
** whatever this returns. */
int at_steps_of_order(AtEnv *env, AtSteps *s, const AtPaths *paths, int order){
  AtOrder rows[AT_MAX_ORDER];
  memset(s, 0, sizeof *s);
  if( order==0 ) order = at_best_order(rows, at_orders(env, paths, rows));
  return !env->error.code && at_steps_of_paths(env, s, paths, order);
}
