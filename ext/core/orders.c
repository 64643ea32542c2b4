/*
** orders.c: how well a chain's order tells converting from null paths.
**
** A path is scored by P(conversion | its last state), so all paths that end in one
** state have one score, and the area under the ROC curve is the probability that a
** conversion's score is higher than a null's, ties counting half (Mann, Whitney): one
** pass over the different scores in order. The penalty for the number of parameters is
** that of ChannelAttribution's choose_order.
*/
#include "effects.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* How many conversions and nulls have each score. */
typedef struct Tie Tie;
struct Tie { AtSum conversions, nulls; };
typedef struct Scores Scores;
struct Scores {
  AtPairs pairs;                    /* by the bits of the score, which order as it does */
  Tie *ties;
  uint32_t capacity;
};

/* The ends of one state. */
static int add_score(AtEnv *env, Scores *s, double leaving, double conversions, double nulls){
  double score;
  int64_t bits;
  uint32_t id;
  if( !(conversions+nulls>0) ) return at_alive(env, 1);
  assert( leaving>0 );                             /* the ends are part of it */
  score = conversions/leaving;
  memcpy(&bits, &score, sizeof bits);
  id = at_pair_id(env, &s->pairs, bits, 0);
  if( id==UINT32_MAX ) return 0;
  if( s->pairs.capacity>s->capacity ){
    if( !at_grow(env, &s->ties, s->pairs.capacity, sizeof *s->ties) ) return 0;
    memset(s->ties+s->capacity, 0, (s->pairs.capacity-s->capacity)*sizeof *s->ties);
    s->capacity = s->pairs.capacity;
  }
  at_sum_add(&s->ties[id].conversions, conversions);
  at_sum_add(&s->ties[id].nulls, nulls);
  return at_alive(env, 1);
}

/* The area under the curve; NaN without conversions or nulls. Counts may be fractions, whose products
** are rounded, so that all of them could seem to be more than all. */
static double area(AtEnv *env, const Scores *s){
  AtSum wins = {0, 0}, conversions = {0, 0}, nulls = {0, 0};
  double share;
  uint32_t *order = at_pairs_order(env, &s->pairs), i;
  for(i=0; order && i<s->pairs.n && at_alive(env, 1); i++){
    const Tie *tie = &s->ties[order[i]];
    at_sum_add(&wins, at_sum_total(&tie->conversions)*(at_sum_total(&nulls) + at_sum_total(&tie->nulls)/2));
    at_sum_add(&conversions, at_sum_total(&tie->conversions));
    at_sum_add(&nulls, at_sum_total(&tie->nulls));
  }
  at_free(env->alloc, order);
  if( !(at_sum_total(&conversions)>0 && at_sum_total(&nulls)>0) ) return NAN;
  share = at_sum_total(&wins)/(at_sum_total(&conversions)*at_sum_total(&nulls));
  return share>1 ? 1 : share;
}

static void scores_free(const AtAlloc *alloc, Scores *s){
  at_pairs_free(alloc, &s->pairs);
  at_free(alloc, s->ties);
}

/* States and area of an order from its chain. */
static int score_steps(AtEnv *env, AtOrder *row, const AtPaths *paths){
  Scores scores = {0};
  AtSteps steps;
  uint32_t s, e = 0;
  at_steps_of_paths(env, &steps, paths, row->order);
  for(s=0; s<steps.n && !env->error.code; s++){
    double leaving = at_steps_leaving(&steps, s, e, &e);
    add_score(env, &scores, leaving, steps.states[s].conversions, steps.states[s].nulls);
  }
  row->states = steps.n;
  row->auc = area(env, &scores);
  scores_free(env->alloc, &scores);
  at_steps_free(env->alloc, &steps);
  return !env->error.code;
}

/* The same from the touches of journeys. */
static int score_contexts(AtEnv *env, AtOrder *row, const AtContexts *contexts){
  Scores scores = {0};
  AtContext state = {0, 0, 0, 0};
  size_t before = 0;
  row->states = 0;
  while( at_contexts_next(contexts, row->order, &state) && at_alive(env, (uint32_t)(state.next-before))
      && add_score(env, &scores, state.leaving, state.conversions, state.nulls) ){
    before = state.next;
    row->states++;
  }
  row->auc = area(env, &scores);
  scores_free(env->alloc, &scores);
  return !env->error.code;
}

typedef struct Orders Orders;
struct Orders { AtOrder *rows; const AtContexts *contexts; };

static int score_order(AtEnv *env, void *context, uint32_t part){
  const Orders *orders = context;
  return score_contexts(env, &orders->rows[part], orders->contexts);
}

/* All orders from one count of the touches. */
static int score_together(AtEnv *env, AtOrder *rows, uint32_t n, const AtPaths *paths){
  AtContexts contexts;
  Orders orders = {rows, &contexts};
  if( at_contexts_open(env, &contexts, paths) ) at_parallel(env, n, score_order, &orders);
  at_contexts_close(env->alloc, &contexts);
  return !env->error.code;
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
  int order, n = 0, i;
  for(order=1; order<=AT_MAX_ORDER; order++){
    if( node_count(paths->names.n, order)<np ) rows[n++].order = order;
  }
  if( at_contexts_fit(paths) ){
    if( n>0 ) score_together(env, rows, (uint32_t)n, paths);
  }else{
    for(i=0; i<n && score_steps(env, &rows[i], paths); i++){}
  }
  for(i=0; i<n && !env->error.code; i++){
    double nodes = node_count(paths->names.n, rows[i].order);
    rows[i].penalised = np-nodes-1>0 ? 1-(1-rows[i].auc)*(np-1)/(np-nodes-1) : NAN;
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
