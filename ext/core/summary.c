/*
** summary.c: credit by model, period and channel, added up inside the walk.
**
** A cell is a (period, channel) pair that occurs; it holds one account per
** model. Cells are found through a hash table, once per touch of a path and not
** once per model. Sums are compensated, and conversions come in key order, so
** the result has the same bits whatever the order of rows in the tables.
*/
#include "core.h"

#include <math.h>
#include <string.h>

typedef struct Account Account;
struct Account { AtSum credit, value; uint64_t touches; };

#define PERIOD_TOTAL UINT32_MAX           /* label of the cell of all conversions */

typedef struct Table Table;
struct Table {
  AtPairs cells;                          /* period, label */
  Account *accounts;                      /* n_models per cell */
  uint32_t capacity, n_models;            /* capacity: cells */
};

/* The cell of a pair, made if new; UINT32_MAX on failure. */
static uint32_t find_cell(AtEnv *env, Table *t, int64_t period, uint32_t label){
  uint32_t cell = at_pair_id(env, &t->cells, period, label), capacity = t->cells.capacity;
  if( cell==UINT32_MAX || cell<t->capacity ) return cell;
  if( !at_grow(env, &t->accounts, (size_t)capacity*t->n_models, sizeof *t->accounts) ) return UINT32_MAX;
  memset(t->accounts + (size_t)t->capacity*t->n_models, 0,
         (size_t)(capacity-t->capacity)*t->n_models*sizeof *t->accounts);
  t->capacity = capacity;
  return cell;
}

static Account *account_of(const Table *t, uint32_t cell, uint32_t model){
  return &t->accounts[(size_t)cell*t->n_models + model];
}

static void add(Account *account, double credit, double value, unsigned touches){
  at_sum_add(&account->credit, credit);
  at_sum_add(&account->value, value);
  account->touches += touches;
}

/* Where the current conversion goes. */
typedef struct Target Target;
struct Target {
  int64_t period;
  double value;
  uint32_t *cell;                         /* by touch of the path */
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
    credited = at_divide(path, model, target->value, unit);
    for(i=0; credited && i<path->n; i++){
      if( path->credit[i]==0 ) continue;
      add(account_of(t, target->cell[i], m), path->credit[i], path->value[i], 1);
    }
  }else{
    credited = at_weights(model, path, path->weight);
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
  target.cell = path->row;                /* the rows are not needed here */
  if( total==UINT32_MAX ) return 0;
  add(account_of(t, total, 0), 1, target.value, 0);
  for(i=0; i<path->n; i++){
    target.cell[i] = find_cell(env, t, target.period, path->label[i]);
    if( target.cell[i]==UINT32_MAX ) return 0;
  }
  for(m=0; m<models->n; m++){
    if( !add_model(env, t, path, &models->model[m], (uint32_t)m, walk->options->round, &target) ) return 0;
  }
  return 1;
}

/* The rows of one model, from cells in order. */
static void emit_rows(AtEnv *env, AtSummary *summary, Table *t, const uint32_t *order, int m){
  uint32_t i;
  for(i=0; i<t->cells.n; i++){
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

/* Adds up the whole walk. The summary is the caller's to free. */
int at_summarize(AtEnv *env, AtSummary *summary, AtWalk *walk, const AtModels *models){
  Table table;
  uint32_t *order;
  int m;
  memset(summary, 0, sizeof *summary);
  memset(&table, 0, sizeof table);
  table.n_models = (uint32_t)models->n;
  while( at_walk_next(env, walk) && add_conversion(env, &table, walk, models) ){}
  order = at_pairs_order(env, &table.cells);
  summary->rows = at_alloc(env, (size_t)table.cells.n*table.n_models, sizeof *summary->rows);
  for(m=0; m<models->n && !env->error.code; m++) emit_rows(env, summary, &table, order, m);
  at_free(env->alloc, order);
  at_free(env->alloc, table.accounts);
  at_pairs_free(env->alloc, &table.cells);
  return !env->error.code;
}

void at_summary_free(const AtAlloc *alloc, AtSummary *summary){
  at_free(alloc, summary->rows);
  memset(summary, 0, sizeof *summary);
}
