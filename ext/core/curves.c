/*
** curves.c: subjects with their start, conversion and closing -> one list of
** spells by period and label, from which conversion curves are read.
**
** A subject is a row of its store: time is its start, milestone 1 its conversion,
** milestone 2, if there is one, its closing, label its label.
*/
#include "funnel.h"

#include <string.h>

/* The latest time of all columns. */
static int64_t latest_time(AtEnv *env, const AtStore *s){
  int64_t latest = AT_NO_TIME;
  uint32_t i;
  int m;
  for(i=0; i<s->n && at_alive(env, 1); i++){
    int64_t when = at_store_when(s, i);
    if( when>latest ) latest = when;
    for(m=0; m<s->n_milestones; m++) if( s->milestone[m][i]>latest ) latest = s->milestone[m][i];
  }
  return latest;
}

/* A subject's time of a kind; INT64_MAX where it has none up to now. */
static int64_t time_of(const AtStore *s, int milestone, uint32_t row, int64_t now){
  int64_t time = milestone<s->n_milestones ? s->milestone[milestone][row] : AT_NO_TIME;
  return time==AT_NO_TIME || time>now ? INT64_MAX : time;
}

static int add_subject(AtEnv *env, AtCurves *x, const AtStore *s, const AtOptions *o, uint32_t row,
                       int64_t now){
  int64_t started = at_store_when(s, row), converted = time_of(s, 0, row, now), closed = time_of(s, 1, row, now);
  int64_t end = converted<=closed ? converted : closed;
  int ending = end==INT64_MAX ? AT_CENSORED : converted<=closed ? AT_CONVERTED : AT_CLOSED;
  uint32_t group;
  if( started>now ) return 1;
  if( ending==AT_CENSORED ) end = now;
  if( end<started ) end = started;
  group = at_pair_id(env, &x->groups, at_period_of(started, o->period), o->by_label ? at_store_label(s, row) : 0);
  if( group==UINT32_MAX ) return 0;
  if( group>=x->n_spells ){
    uint32_t n = x->groups.capacity;
    if( !at_grow(env, &x->spells, n, sizeof *x->spells) ) return 0;
    memset(x->spells+x->n_spells, 0, (n-x->n_spells)*sizeof *x->spells);
    x->n_spells = n;
  }
  return at_spells_add(env, &x->spells[group], end-started, ending);
}

/* The sorted spells of all groups, in x->order. To be freed in any case. */
int at_curves_open(AtEnv *env, AtCurves *x, const AtStore *subjects, const AtOptions *o){
  int64_t now = o->as_of!=AT_NO_TIME ? o->as_of : latest_time(env, subjects);
  uint32_t i;
  memset(x, 0, sizeof *x);
  for(i=0; i<subjects->n && at_alive(env, 1); i++){
    if( !add_subject(env, x, subjects, o, i, now) ) return 0;
  }
  for(i=0; i<x->groups.n; i++) at_sort_keys(env, x->spells[i].keys, x->spells[i].n);
  x->order = at_pairs_order(env, &x->groups);
  return !env->error.code;
}

void at_curves_free(const AtAlloc *alloc, AtCurves *x){
  uint32_t i;
  for(i=0; i<x->n_spells; i++) at_free(alloc, x->spells[i].keys);
  at_free(alloc, x->spells);
  at_free(alloc, x->order);
  at_pairs_free(alloc, &x->groups);
  memset(x, 0, sizeof *x);
}
