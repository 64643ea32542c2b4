/*
** funnel_summary.c: passes by stage, label and period, and what they come to.
**
** How it works. The entities are cut into parts of about as many events each, how many depends
** on the events and the question alone. Each part is counted by itself (funnel_count.c),
** on as many threads as there may be. Then the groups of all parts are numbered in their own order, their counts
** added and their stays put together, sorted and looked at, again on several threads, a few rows of the
** table each. Counts are whole numbers and sorted stays are the same however they
** came together, so the result has the same bits whatever the order of rows
** and the number of threads.
*/
#include "funnel.h"

#include <math.h>
#include <string.h>

/* Parts of the entities. With groups there are fewer, as each part has counts for every
** group that occurs in it. */
#define PARTS 32u
#define PARTS_OF_GROUPS 4u
/* Parts of the table: rows that are worked out one after the other. */
#define PARTS_OF_TABLE 64u

typedef struct Summary Summary;
struct Summary {
  const AtFunnel *f;
  AtFunnelCount count[PARTS];
  uint32_t n_parts;
  AtPairs groups;                   /* of all parts */
  uint32_t *local;                  /* by part and group: its number in the part + 1, 0 = it is not there */
  uint32_t *order;                  /* of the groups: by period, label */
  double z;
  AtStageTable *table;
  uint32_t n_rows, n_table_parts;
};

/********************************* Counting **********************************/

static int64_t earliest_event(AtEnv *env, const AtStore *events){
  int64_t earliest = 0;
  uint32_t e;
  for(e=0; e<events->n_entities && at_alive(env, 1); e++){
    int64_t first = at_store_when(events, events->start[e]);
    if( e==0 || first<earliest ) earliest = first;
  }
  return earliest;
}

static void cut_parts(AtEnv *env, Summary *s){
  const AtOptions *o = s->f->options;
  int64_t earliest = earliest_event(env, s->f->events);
  uint32_t i;
  if( s->f->events->n<AT_PARALLEL_ROWS ) s->n_parts = 1;
  else s->n_parts = o->by_label || o->period!=AT_PERIOD_NONE ? PARTS_OF_GROUPS : PARTS;
  for(i=0; i<s->n_parts; i++) at_funnel_count_start(&s->count[i], s->f, earliest);
}

/* The first entity of a part: the one with the part's first event, or the next. */
static uint32_t first_of_part(const Summary *s, uint32_t part){
  const AtStore *events = s->f->events;
  uint64_t row = (uint64_t)events->n*part/s->n_parts;
  uint32_t low = 0, high = events->n_entities;
  while( low<high ){
    uint32_t middle = low+(high-low)/2;
    if( events->start[middle]<row ) low = middle+1;
    else high = middle;
  }
  return low;
}

static int count_part(AtEnv *env, void *context, uint32_t part){
  Summary *s = context;
  uint32_t limit = part+1<s->n_parts ? first_of_part(s, part+1) : s->f->events->n_entities;
  return at_funnel_count(env, &s->count[part], s->f, part ? first_of_part(s, part) : 0, limit);
}

/* The groups of all parts. */
static int join_groups(AtEnv *env, Summary *s){
  uint32_t i, g;
  for(i=0; i<s->n_parts; i++){
    const AtPairs *p = &s->count[i].groups;
    for(g=0; g<p->n && !env->error.code; g++) at_pair_id(env, &s->groups, p->pairs[g].number, p->pairs[g].label);
  }
  s->order = at_pairs_order(env, &s->groups);
  s->local = at_alloc(env, (size_t)s->n_parts*s->groups.n, sizeof *s->local);
  if( env->error.code ) return 0;
  memset(s->local, 0, (size_t)s->n_parts*s->groups.n*sizeof *s->local);
  for(i=0; i<s->n_parts; i++){
    const AtPairs *p = &s->count[i].groups;
    for(g=0; g<p->n; g++){
      uint32_t id = at_pair_id(env, &s->groups, p->pairs[g].number, p->pairs[g].label);
      s->local[(size_t)i*s->groups.n+id] = g+1;
    }
  }
  return !env->error.code;
}

/********************************* The table *********************************/

/* What a part has counted for stage k (from 0) of a group; NULL for nothing. */
static AtStageCount *count_of(Summary *s, uint32_t part, uint32_t group, uint32_t k){
  uint32_t local = s->local[(size_t)part*s->groups.n+group];
  return local ? &s->count[part].counts[(size_t)(local-1)*s->f->stages->n+k] : NULL;
}

static uint64_t entered(const uint64_t *outcome){
  uint64_t sum = 0;
  int i;
  for(i=0; i<=AT_OPEN; i++) sum += outcome[i];
  return sum;
}

/* Adds up the counts of stage k of a group; how many of them were inferred. */
static uint64_t add_counts(Summary *s, uint64_t *outcome, uint32_t group, uint32_t k){
  uint64_t inferred = 0;
  uint32_t i;
  int j;
  for(i=0; i<s->n_parts; i++){
    const AtStageCount *count = count_of(s, i, group, k);
    if( count==NULL ) continue;
    for(j=0; j<=AT_OPEN; j++) outcome[j] += count->outcome[j];
    inferred += count->inferred;
  }
  return inferred;
}

static int fill_times(AtEnv *env, Summary *s, AtStageRow *row, AtStays *room, uint32_t group, uint32_t inferred){
  const AtFunnelCount *first = &s->count[0];
  AtStayFigures figures;
  uint32_t i;
  room->n = 0;
  for(i=0; i<s->n_parts; i++){
    AtStageCount *count = count_of(s, i, group, row->number-1);
    if( count && !at_stays_join(env, room, &count->stays, first->bytes) ) return 0;
  }
  if( !at_stays_figures(env, room, first->bytes, first->unit, (uint32_t)row->outcome[AT_ADVANCED]-inferred,
                        inferred, &figures) ) return 0;
  row->mean = figures.mean;
  row->median = figures.median;
  row->p90 = figures.p90;
  row->expected = figures.expected;
  return 1;
}

static int fill_row(AtEnv *env, Summary *s, AtStageRow *row, AtStays *room, uint32_t group, uint32_t k){
  uint64_t first[AT_OPEN+1] = {0}, inferred;
  memset(row, 0, sizeof *row);
  row->period = s->groups.pairs[group].number;
  row->label = (uint32_t)s->groups.pairs[group].label;
  row->number = k+1;
  row->rate = row->rate_low = row->rate_high = row->overall = NAN;
  row->mean = row->median = row->p90 = row->expected = NAN;
  inferred = add_counts(s, row->outcome, group, k);
  row->entered = entered(row->outcome);
  add_counts(s, first, group, 0);
  if( entered(first)>0 ) row->overall = (double)row->entered/(double)entered(first);
  if( row->number==s->f->stages->n || row->entered==0 ) return 1;
  row->rate = (double)row->outcome[AT_ADVANCED]/(double)row->entered;
  at_wilson((double)row->outcome[AT_ADVANCED], (double)row->entered, s->z, &row->rate_low, &row->rate_high);
  return fill_times(env, s, row, room, group, (uint32_t)inferred);
}

static int fill_part(AtEnv *env, void *context, uint32_t part){
  Summary *s = context;
  uint32_t n = s->f->stages->n, i = (uint32_t)((uint64_t)s->n_rows*part/s->n_table_parts);
  uint32_t limit = (uint32_t)((uint64_t)s->n_rows*(part+1)/s->n_table_parts);
  AtStays room = {NULL, 0, 0};
  for(; i<limit && !env->error.code; i++){
    fill_row(env, s, &s->table->rows[i], &room, s->order[i/n], i%n);
  }
  at_stays_free(env->alloc, &room);
  return !env->error.code;
}

static int list_rows(AtEnv *env, Summary *s){
  uint64_t n = (uint64_t)s->groups.n*s->f->stages->n;
  if( n>AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "the answer has more than 4,000,000,000 rows; write a longer period");
    return 0;
  }
  s->n_rows = (uint32_t)n;
  s->n_table_parts = s->n_parts==1 ? 1 : s->n_rows<PARTS_OF_TABLE ? s->n_rows : PARTS_OF_TABLE;
  s->table->rows = at_alloc(env, s->n_rows, sizeof *s->table->rows);
  if( s->table->rows==NULL || !at_parallel(env, s->n_table_parts, fill_part, s) ) return 0;
  s->table->n = s->n_rows;
  return 1;
}

/* Adds up all passes of f's events. To be freed by at_stage_table_free(). */
int at_funnel_summarize(AtEnv *env, AtStageTable *table, const AtFunnel *f){
  Summary *s = at_alloc(env, 1, sizeof *s);
  uint32_t i;
  memset(table, 0, sizeof *table);
  if( s==NULL ) return 0;
  memset(s, 0, sizeof *s);
  s->f = f;
  s->table = table;
  s->z = at_normal_quantile(f->options->confidence);
  cut_parts(env, s);
  if( at_parallel(env, s->n_parts, count_part, s) && join_groups(env, s) ) list_rows(env, s);
  for(i=0; i<s->n_parts; i++) at_funnel_count_free(env->alloc, &s->count[i]);
  at_pairs_free(env->alloc, &s->groups);
  at_free(env->alloc, s->order);
  at_free(env->alloc, s->local);
  at_free(env->alloc, s);
  return !env->error.code;
}

void at_stage_table_free(const AtAlloc *alloc, AtStageTable *table){
  at_free(alloc, table->rows);
  memset(table, 0, sizeof *table);
}
