/*
** summary.c: credit by model, period and channel, added up inside the walk.
**
** A cell is a (period, channel) pair that occurs; it holds one account per
** model. Cells are found through a hash table, once per touch of a path and not
** once per model. Sums are compensated, and conversions come in key order, so
** the result has the same bits whatever the order of rows in the tables.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct Account Account;
struct Account { AtSum credit, value; uint64_t touches; };

typedef struct Cell Cell;
struct Cell { int64_t period; uint32_t label, total; };  /* total: cell of the period */

#define PERIOD_TOTAL UINT32_MAX           /* label of the cell of all conversions */

typedef struct Table Table;
struct Table {
  Cell *cells;
  Account *accounts;                      /* n_models per cell */
  uint32_t *slots;                        /* cell + 1, 0 = empty; power of two */
  uint32_t n, capacity, n_slots, n_models;
};

static uint32_t slot_of(const Table *t, int64_t period, uint32_t label){
  uint64_t h = ((uint64_t)period*UINT64_C(0x9e3779b97f4a7c15)) ^ label;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(h>>32) & (t->n_slots-1);
}

static int grow_table(AtEnv *env, Table *t){
  uint32_t capacity = t->capacity ? t->capacity*2 : 64, i;
  uint32_t *slots;
  if( t->capacity>=(UINT32_C(1)<<29) ){
    at_fail(env, AT_TOOBIG, "more than 2^29 channels x periods; write a longer period");
    return 0;
  }
  at_grow(env, &t->cells, capacity, sizeof *t->cells);
  at_grow(env, &t->accounts, (size_t)capacity*t->n_models, sizeof *t->accounts);
  slots = at_alloc(env, (size_t)capacity*2, sizeof *slots);
  if( env->error.code ){ at_free(env->alloc, slots); return 0; }
  at_free(env->alloc, t->slots);
  t->slots = slots;
  t->n_slots = capacity*2;
  t->capacity = capacity;
  memset(slots, 0, t->n_slots*sizeof *slots);
  for(i=0; i<t->n; i++){
    uint32_t s = slot_of(t, t->cells[i].period, t->cells[i].label);
    while( slots[s] ) s = (s+1) & (t->n_slots-1);
    slots[s] = i+1;
  }
  return 1;
}

/* The cell of a pair, made if new; UINT32_MAX on failure. */
static uint32_t find_cell(AtEnv *env, Table *t, int64_t period, uint32_t label, uint32_t total){
  uint32_t s;
  if( t->n>=t->capacity && !grow_table(env, t) ) return UINT32_MAX;
  for(s = slot_of(t, period, label); t->slots[s]; s = (s+1) & (t->n_slots-1)){
    const Cell *c = &t->cells[t->slots[s]-1];
    if( c->label==label && c->period==period ) return t->slots[s]-1;
  }
  t->cells[t->n].period = period;
  t->cells[t->n].label = label;
  t->cells[t->n].total = label==PERIOD_TOTAL ? t->n : total;
  memset(&t->accounts[(size_t)t->n*t->n_models], 0, t->n_models*sizeof *t->accounts);
  t->slots[s] = ++t->n;
  return t->n-1;
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
  uint32_t total;                         /* cell of the period's total */
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
    uint32_t none = find_cell(env, t, target->period, AT_NO_LABEL, target->total);
    if( none==UINT32_MAX ) return 0;
    add(account_of(t, none, m), 1, target->value, 0);
  }
  return 1;
}

static int add_conversion(AtEnv *env, Table *t, AtWalk *walk, const AtModels *models){
  AtPath *path = &walk->path;
  const AtStore *conversions = walk->conversions;
  uint32_t row = walk->conversion, i;
  Target target;
  int m;
  target.period = at_period_of(at_store_when(conversions, row), walk->options->period);
  target.value = conversions->number && !isnan(conversions->number[row]) ? conversions->number[row] : 0;
  target.total = find_cell(env, t, target.period, PERIOD_TOTAL, 0);
  target.cell = path->row;                /* the rows are not needed here */
  if( target.total==UINT32_MAX ) return 0;
  add(account_of(t, target.total, 0), 1, target.value, 0);
  for(i=0; i<path->n; i++){
    target.cell[i] = find_cell(env, t, target.period, path->label[i], target.total);
    if( target.cell[i]==UINT32_MAX ) return 0;
  }
  for(m=0; m<models->n; m++){
    if( !add_model(env, t, path, &models->model[m], (uint32_t)m, walk->options->round, &target) ) return 0;
  }
  return 1;
}

static int cell_before(const Cell *a, const Cell *b){
  return a->period!=b->period ? a->period<b->period : a->label<b->label;
}

/* Heap sort of cell numbers by (period, label): no room, never quadratic. */
static void sort_cells(const Table *t, uint32_t *order){
  uint32_t n = t->n, start = n/2, end = n;
  while( end>1 ){
    uint32_t root, held, child;
    if( start>0 ){
      held = order[root = --start];
    }else{
      held = order[--end];
      order[end] = order[0];
      root = 0;
    }
    while( (child = 2*root+1)<end ){
      if( child+1<end && cell_before(&t->cells[order[child]], &t->cells[order[child+1]]) ) child++;
      if( !cell_before(&t->cells[held], &t->cells[order[child]]) ) break;
      order[root] = order[child];
      root = child;
    }
    order[root] = held;
  }
}

/* The rows of one model, from cells in order. */
static void emit_rows(AtSummary *summary, const Table *t, const uint32_t *order, int m){
  uint32_t i;
  for(i=0; i<t->n; i++){
    const Cell *cell = &t->cells[order[i]];
    const Account *account = account_of(t, order[i], (uint32_t)m);
    const Account *total = account_of(t, cell->total, 0);
    AtSummaryRow *row;
    double revenue = at_sum_total(&total->value);
    if( cell->label==PERIOD_TOTAL ) continue;
    if( account->touches==0 && account->credit.sum==0 ) continue;
    row = &summary->rows[summary->n++];
    row->model = m;
    row->period = cell->period;
    row->label = cell->label;
    row->conversions = at_sum_total(&account->credit);
    row->value = at_sum_total(&account->value);
    row->touches = account->touches;
    row->share = revenue!=0 ? row->value/revenue : row->conversions/at_sum_total(&total->credit);
  }
}

static void free_table(const AtAlloc *alloc, Table *t){
  at_free(alloc, t->cells);
  at_free(alloc, t->accounts);
  at_free(alloc, t->slots);
}

/* Adds up the whole walk. The summary is the caller's to free. */
int at_summarize(AtEnv *env, AtSummary *summary, AtWalk *walk, const AtModels *models){
  Table table;
  uint32_t *order = NULL, i;
  int m;
  memset(summary, 0, sizeof *summary);
  memset(&table, 0, sizeof table);
  table.n_models = (uint32_t)models->n;
  while( at_walk_next(env, walk) && add_conversion(env, &table, walk, models) ){}
  order = at_alloc(env, table.n, sizeof *order);
  summary->rows = at_alloc(env, (size_t)table.n*table.n_models, sizeof *summary->rows);
  if( !env->error.code ){
    for(i=0; i<table.n; i++) order[i] = i;
    sort_cells(&table, order);
    for(m=0; m<models->n; m++) emit_rows(summary, &table, order, m);
  }
  at_free(env->alloc, order);
  free_table(env->alloc, &table);
  return !env->error.code;
}

void at_summary_free(const AtAlloc *alloc, AtSummary *summary){
  at_free(alloc, summary->rows);
  memset(summary, 0, sizeof *summary);
}
