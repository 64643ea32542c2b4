/*
** past.c: a history of passes as stays in stages: how long each was, how its pass ended, and
** after how long.
**
** A pass gives one stay for each stage that it has entered. The stay ended when the pass went
** on or ended, or goes on at the end of the history; the pass ended as won, as closed
** (exited, recycled), or is open. A stage that was skipped is no stay.
**
** Times are counted in cells: minutes where the longest is up to a day, hours up to 60 days,
** days up to 4,000 days, else as many days as it takes. Durations are rounded to the nearest.
*/
#include "forecast.h"

#include <assert.h>
#include <string.h>

#define MINUTE (60*AT_SECOND)
#define HOUR (60*MINUTE)
#define DAY (24*HOUR)

/* One more stay, with times in microseconds. */
static AtPastStay *add_stay(AtEnv *env, AtPast *p){
  if( p->n>=p->capacity ){
    uint32_t capacity = p->capacity ? p->capacity*2 : 256;
    if( p->n>=AT_MAX_GROUP ){
      at_fail(env, AT_TOOBIG, "the history has more than 2,000,000,000 stays in stages");
      return NULL;
    }
    if( !at_grow(env, &p->stays, capacity, sizeof *p->stays) ) return NULL;
    p->capacity = capacity;
  }
  return memset(&p->stays[p->n++], 0, sizeof *p->stays);
}

static void add_pass(AtEnv *env, AtPast *p, const AtFunnel *f, const AtPass *pass, uint32_t part){
  const AtPassRow *rows = &f->rows[pass->first], *last = &rows[pass->n-1];
  int64_t end = pass->outcome==AT_OPEN ? f->now : pass->outcome==AT_WON ? last->entered : last->left;
  uint32_t i;
  for(i=0; i<pass->n; i++){
    AtPastStay *stay;
    if( rows[i].inferred || rows[i].outcome==AT_WON ) continue;
    stay = add_stay(env, p);
    if( stay==NULL ) return;
    stay->stay = (rows[i].outcome==AT_OPEN ? f->now : rows[i].left)-rows[i].entered;
    stay->whole = end-rows[i].entered;
    stay->label = at_funnel_label(f, pass, &rows[i]);
    stay->stage = (uint8_t)rows[i].stage;
    stay->ending = pass->outcome==AT_WON ? AT_CONVERTED : pass->outcome==AT_OPEN ? AT_CENSORED : AT_CLOSED;
    stay->part = (uint8_t)part;
  }
}

/* The unit of time, and all times in it. */
static int choose_unit(AtEnv *env, AtPast *p){
  int64_t longest = 0, half;
  uint32_t i;
  for(i=0; i<p->n && at_alive(env, 1); i++) if( p->stays[i].whole>longest ) longest = p->stays[i].whole;
  p->unit = longest<=DAY ? MINUTE : longest<=60*DAY ? HOUR : DAY;
  if( longest>AT_FORECAST_CELLS*DAY ) p->unit = ((longest-1)/(AT_FORECAST_CELLS*DAY)+1)*DAY;
  half = p->unit/2;
  for(i=0; i<p->n && at_alive(env, 1); i++){
    p->stays[i].stay = (p->stays[i].stay+half)/p->unit;
    p->stays[i].whole = (p->stays[i].whole+half)/p->unit;
  }
  p->cells = (uint32_t)((longest+half)/p->unit)+1;
  return !env->error.code;
}

static int compare_stays(const void *stays, uint32_t a, uint32_t b){
  const AtPastStay *x = (const AtPastStay*)stays+a, *y = (const AtPastStay*)stays+b;
  if( x->stage!=y->stage ) return x->stage<y->stage ? -1 : 1;
  return x->stay>y->stay ? -1 : x->stay<y->stay;
}

static int compare_labelled(const void *stays, uint32_t a, uint32_t b){
  const AtPastStay *x = (const AtPastStay*)stays+a, *y = (const AtPastStay*)stays+b;
  if( x->label!=y->label ) return x->label<y->label ? -1 : 1;
  return compare_stays(stays, a, b);
}

/* The stays in an order, as an array of their own. */
static AtPastStay *in_order(AtEnv *env, const AtPast *p, AtCompare compare){
  uint32_t *order = at_sorted(env, p->n, compare, p->stays), i;
  AtPastStay *sorted = order ? at_alloc(env, p->n, sizeof *sorted) : NULL;
  for(i=0; sorted && i<p->n && at_alive(env, 1); i++) sorted[i] = p->stays[order[i]];
  at_free(env->alloc, order);
  if( !env->error.code ) return sorted;
  at_free(env->alloc, sorted);
  return NULL;
}

/* Whether an entity has an event by now. */
static int exists(const AtFunnel *f, uint32_t entity){
  return at_store_when(f->events, f->events->start[entity])<=f->now;
}

/* Reads the passes of f, whose order is not any. Entities fall into parts by their place
** among all keys that exist. To be freed in any case. */
int at_past_open(AtEnv *env, AtPast *p, const AtFunnel *f){
  AtPastStay *sorted;
  AtFunnel own;
  uint32_t e, i, n = 0, place = 0;
  memset(p, 0, sizeof *p);
  for(e=0; e<f->events->n_entities && at_alive(env, 1); e++) n += (uint32_t)exists(f, e);
  p->n_parts = n>AT_FORECAST_PARTS ? AT_FORECAST_PARTS : n>0 ? n : 1;
  at_funnel_share(&own, f);
  for(e=0; e<f->events->n_entities && at_funnel_entity(env, &own, e); e++){
    for(i=0; i<own.n_passes; i++) add_pass(env, p, &own, &own.passes[own.pass_order[i]], place%p->n_parts);
    place += (uint32_t)exists(f, e);
  }
  at_funnel_close(env->alloc, &own);
  if( env->error.code || !choose_unit(env, p) ) return 0;
  if( f->tag ) p->labelled = in_order(env, p, compare_labelled);
  sorted = in_order(env, p, compare_stays);
  if( sorted==NULL ) return 0;
  at_free(env->alloc, p->stays);
  p->stays = sorted;
  return !env->error.code;
}

void at_past_free(const AtAlloc *alloc, AtPast *p){
  at_free(alloc, p->stays);
  at_free(alloc, p->labelled);
  memset(p, 0, sizeof *p);
}

/* The first of n stays, in order, that is not before (label, stage, longest first). */
static uint32_t place_of(const AtPastStay *stays, uint32_t n, uint32_t label, uint32_t stage, int64_t age){
  uint32_t low = 0, high = n;
  while( low<high ){
    uint32_t middle = low+(high-low)/2;
    const AtPastStay *x = &stays[middle];
    int before = label!=AT_ALL_LABELS && x->label!=label ? x->label<label
               : x->stage!=stage ? x->stage<stage : x->stay>age;
    if( before ) low = middle+1;
    else high = middle;
  }
  return low;
}

/* The n stays of a label, or of AT_ALL_LABELS, in a stage, the longest first. */
const AtPastStay *at_past_stays(const AtPast *p, uint32_t label, uint32_t stage, uint32_t *n){
  const AtPastStay *stays = label==AT_ALL_LABELS ? p->stays : p->labelled;
  uint32_t first = place_of(stays, p->n, label, stage, INT64_MAX);
  *n = place_of(stays, p->n, label, stage, AT_JUST_ENTERED)-first;
  return first ? stays+first : stays;               /* there may be none at all */
}

/* How many of them are known to be longer than an age, in cells. */
uint32_t at_past_longer(const AtPast *p, uint32_t label, uint32_t stage, int64_t age){
  const AtPastStay *stays = label==AT_ALL_LABELS ? p->stays : p->labelled;
  return place_of(stays, p->n, label, stage, age)-place_of(stays, p->n, label, stage, INT64_MAX);
}

/* The greatest age up to this one that at least AT_EVIDENCE stays in a stage were longer
** than, or AT_JUST_ENTERED. */
int64_t at_past_age(const AtPast *p, uint32_t stage, int64_t age){
  uint32_t n;
  const AtPastStay *stays = at_past_stays(p, AT_ALL_LABELS, stage, &n);
  if( n<AT_EVIDENCE ) return AT_JUST_ENTERED;
  return stays[AT_EVIDENCE-1].stay>age ? age : stays[AT_EVIDENCE-1].stay-1;
}
