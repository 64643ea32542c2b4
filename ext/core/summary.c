/*
** summary.c: credit by model, period and channel, added up inside the walk.
**
** A cell is a (period, channel) pair that occurs; it holds one account per
** model. Without periods a channel's label is its cell; else cells are found through a hash
** table, once per touch of a path and not once per model.
** The entities of the conversions are cut into blocks, each with accounts of its own, which
** several threads add up; then the blocks are added in their order. Sums are compensated, conversions
** come in key order and blocks depend on nothing but the conversions, so the result has the
** same bits whatever the order of rows in the tables and the number of threads.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MAX_BLOCKS 64u
#define BLOCK_CONVERSIONS 4096u           /* a smaller block is not worth while */
#define BLOCK_ACCOUNTS 1000000u           /* that all blocks may have beforehand */
#define DIRECT_LABELS 4096u               /* more are looked up */

typedef struct Account Account;
struct Account { AtSum credit, value; uint64_t touches; };

#define PERIOD_TOTAL UINT32_MAX           /* label of the cell of all conversions */

typedef struct Table Table;
struct Table {
  AtPairs cells;                          /* period, label */
  uint32_t n_labels;                      /* not 0: cells are labels, none, total */
  Account *accounts;                      /* n_models per cell */
  uint32_t capacity, n_models;            /* capacity: cells */
};

/* A table for the labels of a store. Without periods its cells are there beforehand. */
static int open_table(AtEnv *env, Table *t, const AtModels *models, uint32_t n_labels, int period){
  memset(t, 0, sizeof *t);
  t->n_models = (uint32_t)models->n;
  if( period!=AT_PERIOD_NONE || n_labels==0 || n_labels>DIRECT_LABELS ) return 1;
  t->n_labels = n_labels;
  t->capacity = n_labels+2;
  t->accounts = at_alloc(env, (size_t)t->capacity*t->n_models, sizeof *t->accounts);
  if( t->accounts ) memset(t->accounts, 0, (size_t)t->capacity*t->n_models*sizeof *t->accounts);
  return t->accounts!=NULL;
}

static void close_table(const AtAlloc *alloc, Table *t){
  at_free(alloc, t->accounts);
  at_pairs_free(alloc, &t->cells);
}

/* The cell of a pair, made if new; UINT32_MAX on failure. */
static uint32_t find_cell(AtEnv *env, Table *t, int64_t period, uint32_t label){
  uint32_t cell, capacity;
  assert( label>=t->n_labels || t->n_labels==0 );      /* labels are their own cells */
  if( t->n_labels ) return label==AT_NO_LABEL ? t->n_labels : t->n_labels+1;
  cell = at_pair_id(env, &t->cells, period, label);
  capacity = t->cells.capacity;
  if( cell==UINT32_MAX || cell<t->capacity ) return cell;
  if( !at_grow(env, &t->accounts, (size_t)capacity*t->n_models, sizeof *t->accounts) ) return UINT32_MAX;
  memset(t->accounts + (size_t)t->capacity*t->n_models, 0,
         (size_t)(capacity-t->capacity)*t->n_models*sizeof *t->accounts);
  t->capacity = capacity;
  return cell;
}

static inline Account *account_of(const Table *t, uint32_t cell, uint32_t model){
  return &t->accounts[(size_t)cell*t->n_models + model];
}

static inline void add(Account *account, double credit, double value, unsigned touches){
  at_sum_add(&account->credit, credit);
  at_sum_add(&account->value, value);
  account->touches += touches;
}

/* Where the current conversion goes. */
typedef struct Target Target;
struct Target {
  int64_t period;
  double value;
  const uint32_t *cell;                   /* by touch of the path */
};

/* One model's division of one conversion into the cells of its touches. */
static int add_model(AtEnv *env, Table *t, AtPath *path, const AtModel *model, uint32_t m,
                     double unit, const Target *target){
  uint32_t i;
  int credited;
  if( at_is_single(model) ){
    int32_t at = at_single_touch(model, path);
    credited = at>=0;
    if( credited ) add(account_of(t, target->cell[at], m), 1, target->value, 1);
  }else if( unit>0 ){
    credited = at_divide(env, path, model, target->value, unit);
    for(i=0; credited && i<path->n; i++){
      if( path->credit[i]==0 ) continue;
      add(account_of(t, target->cell[i], m), path->credit[i], path->value[i], 1);
    }
  }else{
    credited = at_weights(env, model, path, path->weight);
    for(i=0; credited && i<path->n; i++){
      double w = path->weight[i];
      if( w!=0 ) add(account_of(t, target->cell[i], m), w, target->value*w, 1);
    }
  }
  if( !credited ){
    uint32_t none = find_cell(env, t, target->period, AT_NO_LABEL);
    if( none==UINT32_MAX ) return 0;
    add(account_of(t, none, m), 1, target->value, 0);
  }
  return 1;
}

static int add_conversion(AtEnv *env, Table *t, AtWalk *walk, const AtModels *models){
  AtPath *path = &walk->path;
  const AtStore *conversions = walk->conversions;
  uint32_t row = walk->conversion, total, i;
  Target target;
  int m;
  target.period = at_period_of(at_store_when(conversions, row), walk->options->period);
  target.value = conversions->number && !isnan(conversions->number[row]) ? conversions->number[row] : 0;
  total = find_cell(env, t, target.period, PERIOD_TOTAL);
  if( total==UINT32_MAX ) return 0;
  add(account_of(t, total, 0), 1, target.value, 0);
  target.cell = path->label;
  for(i=0; i<path->n && t->n_labels==0; i++){
    target.cell = path->row;              /* the rows are not needed here */
    path->row[i] = find_cell(env, t, target.period, path->label[i]);
    if( path->row[i]==UINT32_MAX ) return 0;
  }
  for(m=0; m<models->n; m++){
    if( !add_model(env, t, path, &models->model[m], (uint32_t)m, walk->options->round, &target) ) return 0;
  }
  return 1;
}

/*********************************** Blocks **********************************/

typedef struct Blocks Blocks;
struct Blocks {
  const AtWalk *walk;
  const AtModels *models;
  Table table[MAX_BLOCKS];
  uint32_t n;
};

/* How many blocks: by the conversions, and by what accounts take. */
static uint32_t count_blocks(const AtWalk *walk, const AtModels *models){
  uint64_t accounts = ((uint64_t)walk->touches->labels.n+2)*(uint64_t)models->n;
  uint64_t n = walk->conversions->n/BLOCK_CONVERSIONS, most = BLOCK_ACCOUNTS/accounts;
  if( n>MAX_BLOCKS ) n = MAX_BLOCKS;
  if( n>most ) n = most;
  return n ? (uint32_t)n : 1;
}

static int add_block(AtEnv *env, void *context, uint32_t number){
  Blocks *blocks = context;
  AtWalk walk = *blocks->walk;
  uint64_t entities = walk.conversions->n_entities;
  Table *t = &blocks->table[number];
  int period = walk.options->period;
  if( at_walk_range(env, &walk, (uint32_t)(entities*number/blocks->n), (uint32_t)(entities*(number+1)/blocks->n))
   && open_table(env, t, blocks->models, walk.touches->labels.n, period) ){
    while( at_walk_next(env, &walk) && add_conversion(env, t, &walk, blocks->models) ){}
  }
  at_walk_close(env->alloc, &walk);
  return !env->error.code;
}

static void add_sum(AtSum *to, const AtSum *from){
  at_sum_add(to, from->sum);
  at_sum_add(to, from->rest);
}

/* Adds a block's cells to those of all. */
static int add_table(AtEnv *env, Table *all, const Table *t){
  uint32_t n = t->n_labels ? t->n_labels+2 : t->cells.n, i, m;
  for(i=0; i<n && at_alive(env, t->n_models); i++){
    AtPair pair = {0, i<t->n_labels ? i : i==t->n_labels ? AT_NO_LABEL : PERIOD_TOTAL};
    uint32_t cell;
    if( t->n_labels==0 ) pair = t->cells.pairs[i];
    for(m=0; m<t->n_models && account_of(t, i, m)->touches==0 && account_of(t, i, m)->credit.sum==0; m++){}
    if( m==t->n_models ) continue;
    cell = find_cell(env, all, pair.number, (uint32_t)pair.label);
    if( cell==UINT32_MAX ) return 0;
    for(m=0; m<t->n_models; m++){
      const Account *from = account_of(t, i, m);
      Account *to = account_of(all, cell, m);
      add_sum(&to->credit, &from->credit);
      add_sum(&to->value, &from->value);
      to->touches += from->touches;
    }
  }
  return !env->error.code;
}

/* The rows of one model, from cells in order. */
static void emit_rows(AtEnv *env, AtSummary *summary, Table *t, const uint32_t *order, int m){
  uint32_t i;
  for(i=0; i<t->cells.n && at_alive(env, 1); i++){
    const AtPair *cell = &t->cells.pairs[order[i]];
    const Account *account = account_of(t, order[i], (uint32_t)m);
    const Account *total = account_of(t, find_cell(env, t, cell->number, PERIOD_TOTAL), 0);
    AtSummaryRow *row;
    double revenue = at_sum_total(&total->value);
    if( cell->label==PERIOD_TOTAL ) continue;
    if( account->touches==0 && account->credit.sum==0 ) continue;
    row = &summary->rows[summary->n++];
    row->model = m;
    row->period = cell->number;
    row->label = (uint32_t)cell->label;
    row->conversions = at_sum_total(&account->credit);
    row->value = at_sum_total(&account->value);
    row->touches = account->touches;
    row->share = revenue!=0 ? row->value/revenue : row->conversions/at_sum_total(&total->credit);
  }
}

/* Adds up the whole of a walk that has been opened. The summary is the caller's to free. */
int at_summarize(AtEnv *env, AtSummary *summary, const AtWalk *walk, const AtModels *models){
  Blocks blocks;
  Table all;
  uint32_t *order = NULL, b;
  int m;
  memset(summary, 0, sizeof *summary);
  memset(&blocks, 0, sizeof blocks);
  blocks.walk = walk;
  blocks.models = models;
  blocks.n = count_blocks(walk, models);
  open_table(env, &all, models, 0, AT_PERIOD_NONE);
  at_parallel(env, blocks.n, add_block, &blocks);
  for(b=0; b<blocks.n && !env->error.code; b++) add_table(env, &all, &blocks.table[b]);
  for(b=0; b<blocks.n; b++) close_table(env->alloc, &blocks.table[b]);
  order = at_pairs_order(env, &all.cells);
  summary->rows = at_alloc(env, (size_t)all.cells.n*all.n_models, sizeof *summary->rows);
  for(m=0; m<models->n && !env->error.code; m++) emit_rows(env, summary, &all, order, m);
  at_free(env->alloc, order);
  close_table(env->alloc, &all);
  return !env->error.code;
}

void at_summary_free(const AtAlloc *alloc, AtSummary *summary){
  at_free(alloc, summary->rows);
  memset(summary, 0, sizeof *summary);
}
