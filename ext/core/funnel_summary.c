/*
** funnel_summary.c: passes by stage, label and period, added up inside the walk.
**
** For each (period, label) and stage the outcomes are counted and the spells kept
** as keys of eight bytes, sorted at the end. From one sorted list come mean,
** quantiles and the expected rate: spells that advanced are converted, exited
** and recycled ones closed, open ones censored. Entities come in key order and times
** are sorted, so the result has the same bits whatever the order of rows.
*/
#include "funnel.h"

#include <math.h>
#include <string.h>

/* One stage of one group. */
typedef struct Account Account;
struct Account {
  uint64_t entered, outcome[AT_OPEN+1], inferred; /* inferred: of the advanced ones */
  AtSpells spells;
};

typedef struct Summary Summary;
struct Summary {
  AtEnv *env;
  AtFunnel *f;
  AtPairs groups;
  Account *accounts;                /* stages->n per group */
  uint32_t capacity;                /* groups */
  double z;
};

/* The accounts of a group, one per stage; NULL on failure. */
static Account *accounts_of(Summary *s, int64_t period, uint32_t label){
  uint32_t id = at_pair_id(s->env, &s->groups, period, label), n = s->f->stages->n;
  if( id==UINT32_MAX ) return NULL;
  if( id>=s->capacity ){
    uint32_t capacity = s->groups.capacity;
    if( !at_grow(s->env, &s->accounts, (size_t)capacity*n, sizeof *s->accounts) ) return NULL;
    memset(s->accounts + (size_t)s->capacity*n, 0, (size_t)(capacity-s->capacity)*n*sizeof *s->accounts);
    s->capacity = capacity;
  }
  return s->accounts + (size_t)id*n;
}

static int add_row(Summary *s, Account *account, const AtPassRow *row){
  static const int endings[] = {AT_CONVERTED, AT_CENSORED, AT_CLOSED, AT_CLOSED, AT_CENSORED};
  account->entered++;
  account->outcome[row->outcome]++;
  if( row->inferred && row->outcome==AT_ADVANCED ) account->inferred++;
  if( row->outcome==AT_WON ) return 1;
  return at_spells_add(s->env, &account->spells,
                       (row->outcome==AT_OPEN ? s->f->now : row->left)-row->entered, endings[row->outcome]);
}

static int add_entity(Summary *s){
  const AtFunnel *f = s->f;
  const AtOptions *o = f->options;
  uint32_t i, j;
  for(i=0; i<f->n_passes; i++){
    const AtPass *pass = &f->passes[f->pass_order[i]];
    int64_t period = at_period_of(pass->opened, o->period);
    Account *accounts = NULL;
    for(j=0; j<pass->n; j++){
      const AtPassRow *row = &f->rows[pass->first+j];
      if( accounts==NULL || (o->by_label && o->label==AT_LABEL_STAGE) ){
        accounts = accounts_of(s, period, o->by_label ? at_funnel_label(f, pass, row) : 0);
      }
      if( accounts==NULL || !add_row(s, &accounts[row->number-1], row) ) return 0;
    }
  }
  return 1;
}

/* Mean, median and p90 of the spells that advanced and were not inferred. Sorted,
** those that were inferred come first, among the equals of no time. */
static void fill_days(AtStageRow *row, const Account *account, uint64_t *room){
  const AtSpells *spells = &account->spells;
  uint32_t i, n = 0, skip = (uint32_t)account->inferred;
  AtSum sum = {0, 0};
  for(i=0; i<spells->n; i++){
    if( (spells->keys[i] & 3)!=AT_CONVERTED || skip>0 ){
      skip -= (spells->keys[i] & 3)==AT_CONVERTED;
      continue;
    }
    room[n++] = spells->keys[i];
    at_sum_add(&sum, (double)at_spell_time(spells->keys[i]));
  }
  if( n==0 ) return;
  row->mean = at_days(at_sum_total(&sum)/n);
  row->median = at_days(at_quantile(room, n, 0.5));
  row->p90 = at_days(at_quantile(room, n, 0.9));
}

static int fill_row(Summary *s, AtStageRow *row, Account *account, uint64_t first_entered){
  uint64_t *room;
  row->entered = account->entered;
  memcpy(row->outcome, account->outcome, sizeof row->outcome);
  row->rate = row->rate_low = row->rate_high = row->overall = NAN;
  row->mean = row->median = row->p90 = row->expected = NAN;
  if( first_entered>0 ) row->overall = (double)row->entered/(double)first_entered;
  if( row->number==s->f->stages->n || row->entered==0 ) return 1;
  row->rate = (double)row->outcome[AT_ADVANCED]/(double)row->entered;
  at_wilson((double)row->outcome[AT_ADVANCED], (double)row->entered, s->z, &row->rate_low, &row->rate_high);
  room = at_alloc(s->env, account->spells.n, sizeof *room);
  if( room==NULL || !at_sort_keys(s->env, account->spells.keys, account->spells.n) ){
    at_free(s->env->alloc, room);
    return 0;
  }
  fill_days(row, account, room);
  at_free(s->env->alloc, room);
  row->expected = at_converted_share(account->spells.keys, account->spells.n);
  return 1;
}

static int list_rows(Summary *s, AtStageTable *table){
  uint32_t n = s->f->stages->n, g, k;
  uint32_t *order = at_pairs_order(s->env, &s->groups);
  table->rows = order ? at_alloc(s->env, (size_t)s->groups.n*n, sizeof *table->rows) : NULL;
  for(g=0; table->rows && g<s->groups.n; g++){
    Account *accounts = s->accounts + (size_t)order[g]*n;
    for(k=0; k<n; k++){
      AtStageRow *row = &table->rows[table->n];
      memset(row, 0, sizeof *row);
      row->period = s->groups.pairs[order[g]].number;
      row->label = (uint32_t)s->groups.pairs[order[g]].label;
      row->number = k+1;
      if( !fill_row(s, row, &accounts[k], accounts[0].entered) ) break;
      table->n++;
    }
    if( k<n ) break;
  }
  at_free(s->env->alloc, order);
  return !s->env->error.code;
}

/* Adds up all passes of f's events. To be freed by at_stage_table_free(). */
int at_funnel_summarize(AtEnv *env, AtStageTable *table, AtFunnel *f){
  const AtOptions *o = f->options;
  Summary s;
  uint32_t e;
  size_t i;
  memset(&s, 0, sizeof s);
  memset(table, 0, sizeof *table);
  s.env = env;
  s.f = f;
  s.z = at_normal_quantile(o->confidence);
  if( !o->by_label && o->period==AT_PERIOD_NONE ) accounts_of(&s, 0, 0);
  for(e=0; e<f->events->n_entities && !env->error.code; e++){
    if( at_funnel_entity(env, f, e) ) add_entity(&s);
  }
  if( !env->error.code ) list_rows(&s, table);
  for(i=0; i<(size_t)s.capacity*f->stages->n; i++) at_free(env->alloc, s.accounts[i].spells.keys);
  at_free(env->alloc, s.accounts);
  at_pairs_free(env->alloc, &s.groups);
  return !env->error.code;
}

void at_stage_table_free(const AtAlloc *alloc, AtStageTable *table){
  at_free(alloc, table->rows);
  memset(table, 0, sizeof *table);
}
