/*
** funnel.c: an entity's passes through the stages, as docs/funnel.md lays down.
**
** How it works. The events of one entity are put in the order that counts: held
** value, time, stage. A walker goes through them once. While a pass is open it holds
** the stage and when it was entered; before each event the deadlines are looked at, since
** they may have ended the pass before the event came. Stages are written down as they are entered,
** the skipped ones with the event that skipped them; a pass that is removed takes its
** rows back. Nothing here depends on other entities but now.
*/
#include "funnel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/**************************** Opening, and its checks ************************/

static void check_lists(AtEnv *env, const AtStages *stages, const AtOptions *o){
  const AtLabelList *lists[] = {&o->exits, &o->exclude, &o->exclude_drop};
  static const char *const names[] = {"exits", "exclude", "exclude_drop"};
  uint32_t k;
  int i, j, m;
  for(i=0; i<3; i++){
    for(k=0; k<stages->n; k++){
      const AtStage *stage = &stages->stage[k];
      if( !at_label_listed(lists[i], stage->text, stage->n) ) continue;
      at_fail(env, AT_INVALID, "stage %s is listed in %s too; write it in one of them",
              at_quote(stage->text, stage->n).text, names[i]);
    }
    for(j=0; j<i; j++){
      for(m=0; m<lists[i]->n; m++){
        if( !at_label_listed(lists[j], lists[i]->text[m], lists[i]->bytes[m]) ) continue;
        at_fail(env, AT_INVALID, "label %s is listed in %s and in %s; write it in one of them",
                at_quote(lists[i]->text[m], lists[i]->bytes[m]).text, names[j], names[i]);
      }
    }
  }
}

/* Whether stages and options go together. */
int at_funnel_check(AtEnv *env, const AtStages *stages, const AtOptions *o){
  uint32_t k;
  check_lists(env, stages, o);
  for(k=0; o->order==AT_ORDER_ANY && k<stages->n; k++){
    const AtStage *stage = &stages->stage[k];
    if( !stage->optional && stage->limit<0 ) continue;
    at_fail(env, AT_INVALID, "stage %s %s, which order=any does not know; leave it out, or write order=ordered",
            at_quote(stage->text, stage->n).text, stage->optional ? "is optional" : "has a limit");
  }
  return !env->error.code;
}

static void find_patience(AtFunnel *f){
  const AtStages *s = f->stages;
  uint32_t i, m;
  for(i=1; i<=s->n; i++){
    int64_t longest = -1;
    for(m=i; m<s->n; m++){                         /* stage m+1 */
      if( s->stage[m].limit<0 ){ longest = -1; break; }
      if( s->stage[m].limit>longest ) longest = s->stage[m].limit;
      if( !s->stage[m].optional ) break;
    }
    f->patience[i] = longest;
  }
}

static int64_t latest_event(AtEnv *env, const AtStore *events){
  int64_t latest = 0;
  uint32_t e;
  for(e=0; e<events->n_entities && at_alive(env, 1); e++){
    int64_t last = at_store_when(events, events->start[e+1]-1);
    if( e==0 || last>latest ) latest = last;
  }
  return latest;
}

/* The store, stages and options, checked by at_funnel_check(), must outlive f. Tags of events: label, if there
** is one, then the column of hold=. To be closed in any case. */
int at_funnel_open(AtEnv *env, AtFunnel *f, const AtStore *events, const AtStages *stages,
                   const AtOptions *o){
  int n_labels = events->n_tags-(o->hold!=NULL);
  uint32_t i;
  memset(f, 0, sizeof *f);
  f->events = events;
  f->stages = stages;
  f->options = o;
  if( n_labels>0 ) f->tag = events->tag[0];
  if( o->hold ) f->held = events->tag[n_labels];
  f->now = o->as_of!=AT_NO_TIME ? o->as_of : latest_event(env, events);
  find_patience(f);
  f->code = at_alloc(env, events->labels.n, sizeof *f->code);
  for(i=0; f->code && i<events->labels.n; i++){
    AtCell label = at_store_label_text(events, i);
    f->code[i] = (int16_t)at_stage_number(stages, label.text, label.n);
    if( f->code[i] ) continue;
    f->code[i] = at_label_listed(&o->exits, label.text, label.n) ? AT_CODE_EXIT
               : at_label_listed(&o->exclude_drop, label.text, label.n) ? AT_CODE_DROP
               : at_label_listed(&o->exclude, label.text, label.n) ? AT_CODE_EXCLUDE : AT_CODE_OTHER;
  }
  return !env->error.code;
}

/* The same funnel with passes of its own, for another thread; f must outlive it. To be closed. */
void at_funnel_share(AtFunnel *own, const AtFunnel *f){
  *own = *f;
  own->is_share = 1;
  own->steps = NULL;
  own->order = NULL;
  own->rows = NULL;
  own->passes = NULL;
  own->pass_order = NULL;
  own->ignored = NULL;
  own->ignored_capacity = own->n_ignored = 0;
  own->capacity = own->rows_capacity = own->passes_capacity = own->n_rows = own->n_passes = 0;
}

void at_funnel_close(const AtAlloc *alloc, AtFunnel *f){
  if( !f->is_share ) at_free(alloc, f->code);
  at_free(alloc, f->steps);
  at_free(alloc, f->order);
  at_free(alloc, f->rows);
  at_free(alloc, f->passes);
  at_free(alloc, f->pass_order);
  at_free(alloc, f->ignored);
  memset(f, 0, sizeof *f);
}

/*********************************** The walker ******************************/

typedef struct Walker Walker;
struct Walker {
  AtEnv *env;
  AtFunnel *f;
  uint32_t held;
  int is_open, may_open;            /* AT_OPENS_ANY … */
  uint32_t stage;                   /* of the open pass; in order=any how many it has seen */
  int64_t entered;                  /* when it was entered */
};

static AtPass *pass_of(const Walker *w){ return &w->f->passes[w->f->n_passes-1]; }

/* How much room a full list of one entity gets next; 0 where it may not grow any more. */
static uint32_t next_capacity(AtEnv *env, uint32_t capacity){
  if( capacity<AT_MAX_GROUP ) return capacity ? capacity*2 : 32;
  at_fail(env, AT_TOOBIG, "an entity has more than 2,000,000,000 stages");
  return 0;
}

/* Writes down for an audit that an event changes nothing, or takes its pass away. */
static void ignore(Walker *w, const AtStep *step, int why){
  AtFunnel *f = w->f;
  if( !f->keeps_ignored ) return;
  if( f->n_ignored>=f->ignored_capacity ){
    uint32_t capacity = next_capacity(w->env, f->ignored_capacity);
    if( capacity==0 || !at_grow(w->env, &f->ignored, capacity, sizeof *f->ignored) ) return;
    f->ignored_capacity = capacity;
  }
  f->ignored[f->n_ignored].event = step->event;
  f->ignored[f->n_ignored++].why = why;
}

/* Writes down that the open pass enters a stage. */
static void enter(Walker *w, uint32_t stage, const AtStep *step, int inferred){
  AtFunnel *f = w->f;
  AtPass *pass = pass_of(w);
  AtPassRow *row;
  if( f->n_rows>=f->rows_capacity ){
    uint32_t capacity = next_capacity(w->env, f->rows_capacity);
    if( capacity==0 || !at_grow(w->env, &f->rows, capacity, sizeof *f->rows) ) return;
    f->rows_capacity = capacity;
  }
  if( pass->n>0 ){
    AtPassRow *before = &f->rows[f->n_rows-1];
    before->left = step->time;
    before->left_event = step->event;
    before->outcome = AT_ADVANCED;
  }
  row = &f->rows[f->n_rows++];
  row->entered = step->time;
  row->left = AT_NO_TIME;
  row->event = step->event;
  row->left_event = step->event;
  row->stage = stage;
  row->number = f->options->order==AT_ORDER_ANY ? pass->n+1 : stage;
  row->outcome = AT_OPEN;
  row->inferred = inferred;
  pass->n++;
  pass->last_event = step->event;
  pass->furthest = row->number;
  w->stage = row->number;
  w->entered = step->time;
}

/* The open pass ends at a time of the form of an event. */
static void end_pass(Walker *w, int outcome, int64_t time, uint32_t event, int may_open){
  AtFunnel *f = w->f;
  AtPass *pass = pass_of(w);
  AtPassRow *last = &f->rows[f->n_rows-1];
  assert( w->is_open && pass->n>0 );
  w->is_open = 0;
  w->may_open = may_open;
  pass->outcome = last->outcome = outcome;
  if( outcome==AT_EXITED || outcome==AT_RECYCLED ){
    last->left = time;
    last->left_event = event;
  }else if( outcome==AT_REMOVED ){
    f->n_rows -= pass->n;
    f->n_passes--;
  }
}

/* Enters a stage and those before it that were skipped; won by the last one. */
static void advance(Walker *w, uint32_t from, uint32_t stage, const AtStep *step){
  const AtFunnel *f = w->f;
  uint32_t k;
  if( f->options->order==AT_ORDER_ANY ) from = stage;
  for(k=from; k<stage; k++){
    if( !f->stages->stage[k-1].optional ) enter(w, k, step, 1);
  }
  enter(w, stage, step, 0);
  if( !w->env->error.code && w->stage==f->stages->n ){
    end_pass(w, AT_WON, w->entered, step->event, f->options->order==AT_ORDER_ANY ? AT_OPENS_ANY : AT_OPENS_NOT_LAST);
  }
}

/* A pass opens with an event of a stage, if that stage may open one. */
static void open_pass(Walker *w, uint32_t stage, const AtStep *step){
  AtFunnel *f = w->f;
  AtPass *pass;
  int order = f->options->order;
  if( order!=AT_ORDER_ANY
   && (((w->may_open==AT_OPENS_FIRST || order==AT_ORDER_STRICT) && stage!=1)
    || (w->may_open==AT_OPENS_NOT_LAST && stage==f->stages->n)) ){
    ignore(w, step, AT_OPENS_NOTHING);
    return;
  }
  if( f->n_passes>=f->passes_capacity ){
    uint32_t capacity = next_capacity(w->env, f->passes_capacity);
    if( capacity==0 ) return;
    at_grow(w->env, &f->passes, capacity, sizeof *f->passes);
    if( !at_grow(w->env, &f->pass_order, capacity, sizeof *f->pass_order) ) return;
    f->passes_capacity = capacity;
  }
  pass = &f->passes[f->n_passes++];
  memset(pass, 0, sizeof *pass);
  pass->first = f->n_rows;
  pass->opened = step->time;
  pass->opened_event = step->event;
  pass->held = w->held;
  pass->outcome = AT_OPEN;
  w->is_open = 1;
  advance(w, 1, stage, step);
}

/* Ends the open pass if a deadline of it lies before time. */
static void expire(Walker *w, int64_t time){
  const AtOptions *o = w->f->options;
  int64_t recycle = INT64_MAX, deadline = INT64_MAX;
  uint32_t from;
  if( !w->is_open ) return;
  from = pass_of(w)->opened_event;
  if( o->recycle>=0 ) recycle = w->entered+o->recycle;
  if( o->window>=0 ) deadline = pass_of(w)->opened+o->window;
  if( o->order!=AT_ORDER_ANY && w->f->patience[w->stage]>=0
   && w->entered+w->f->patience[w->stage]<deadline ){
    deadline = w->entered+w->f->patience[w->stage];
    from = pass_of(w)->last_event;
  }
  if( recycle<=deadline && time>recycle ){
    end_pass(w, AT_RECYCLED, recycle, pass_of(w)->last_event, AT_OPENS_ANY);
  }else if( deadline<recycle && time>deadline ){
    end_pass(w, AT_EXITED, deadline, from, AT_OPENS_FIRST);
  }
}

/* Whether the open pass has seen a stage, under order=any. */
static int has_seen(const Walker *w, uint32_t stage){
  const AtPass *pass = pass_of(w);
  uint32_t i;
  for(i=0; i<pass->n; i++) if( w->f->rows[pass->first+i].stage==stage ) return 1;
  return 0;
}

/* The next stage that an event of a later stage fills: a mandatory one on the
** way, or the stage itself. */
static uint32_t first_filled(const Walker *w, uint32_t stage){
  uint32_t m = w->stage+1;
  while( m<stage && w->f->stages->stage[m-1].optional ) m++;
  return m;
}

/* An event of a stage while a pass is open. */
static void go_on(Walker *w, uint32_t stage, const AtStep *step){
  const AtOptions *o = w->f->options;
  int64_t limit;
  uint32_t filled;
  if( o->order==AT_ORDER_ANY ? has_seen(w, stage) : stage<=w->stage ){
    if( !o->boomerang || (o->order!=AT_ORDER_ANY && stage==w->stage) ){
      ignore(w, step, o->order==AT_ORDER_ANY || stage==w->stage ? AT_IS_REPEATED : AT_IS_EARLIER);
      return;
    }
    end_pass(w, AT_RECYCLED, step->time, step->event, AT_OPENS_ANY);
    open_pass(w, stage, step);
    return;
  }
  if( o->order==AT_ORDER_ANY ){ advance(w, stage, stage, step); return; }
  filled = first_filled(w, stage);
  limit = w->f->stages->stage[filled-1].limit;
  if( o->order==AT_ORDER_STRICT && filled!=stage ){
    end_pass(w, AT_EXITED, step->time, step->event, AT_OPENS_FIRST);
  }else if( limit<0 || step->time-w->entered<=limit ){
    advance(w, w->stage+1, stage, step);
  }else{
    ignore(w, step, AT_IS_LATE);
  }
}

static void read_step(Walker *w, const AtStep *step){
  expire(w, step->time);
  if( step->code>0 ){
    if( w->is_open ) go_on(w, (uint32_t)step->code, step);
    else open_pass(w, (uint32_t)step->code, step);
  }else if( w->is_open ){
    if( step->code==AT_CODE_EXIT ) end_pass(w, AT_EXITED, step->time, step->event, AT_OPENS_ANY);
    else if( step->code==AT_CODE_DROP ) end_pass(w, AT_REMOVED, step->time, step->event, AT_OPENS_FIRST);
    else end_pass(w, AT_EXITED, step->time, step->event, AT_OPENS_FIRST);  /* excluded; in order=strict any other */
    if( step->code==AT_CODE_DROP ) ignore(w, step, AT_REMOVES_PASS);
  }else if( step->code!=AT_CODE_OTHER ){
    ignore(w, step, AT_ENDS_NOTHING);
  }
}

/*********************************** One entity ******************************/

/* The place among events of one instant: stages by number, then the others. */
int at_funnel_rank(int code){ return code>0 ? code : AT_MAX_STAGES-code; }

static int order_of(const AtStep *a, const AtStep *b){
  if( a->held!=b->held ) return a->held<b->held ? -1 : 1;
  if( a->time!=b->time ) return a->time<b->time ? -1 : 1;
  return at_funnel_rank(a->code)-at_funnel_rank(b->code);
}

static int compare_steps(const void *steps, uint32_t a, uint32_t b){
  return order_of((const AtStep*)steps+a, (const AtStep*)steps+b);
}

/* The entity's events that count, in f->order; their number. */
static uint32_t collect(AtEnv *env, AtFunnel *f, uint32_t entity){
  const AtStore *s = f->events;
  uint32_t row = s->start[entity], limit = s->start[entity+1], n = 0;
  int in_order = 1;
  if( limit-row>f->capacity ){
    uint32_t capacity = limit-row<AT_MAX_ROWS/2 ? (limit-row)*2 : limit-row;
    at_grow(env, &f->steps, capacity, sizeof *f->steps);
    if( !at_grow(env, &f->order, capacity, sizeof *f->order) ) return 0;
    f->capacity = capacity;
  }
  for(; row<limit; row++){
    AtStep *step = &f->steps[n];
    step->code = f->code[at_store_label(s, row)];
    if( step->code==AT_CODE_OTHER && f->options->order!=AT_ORDER_STRICT ) continue;
    step->time = at_store_when(s, row);
    if( step->time>f->now ) break;
    step->event = row;
    step->held = f->held ? f->held[row] : 0;
    f->order[n] = n;
    if( n>0 && order_of(step-1, step)>0 ) in_order = 0;
    n++;
  }
  return in_order || at_sort_order(env, f->order, n, compare_steps, f->steps) ? n : 0;
}

static int compare_passes(const void *passes, uint32_t a, uint32_t b){
  const AtPass *p = passes;
  if( p[a].opened!=p[b].opened ) return p[a].opened<p[b].opened ? -1 : 1;
  return p[a].held<p[b].held ? -1 : p[a].held>p[b].held;
}

/* The passes of one entity: f->passes[f->pass_order[i]] is pass i+1, with its rows.
** They stay until the next call. */
int at_funnel_entity(AtEnv *env, AtFunnel *f, uint32_t entity){
  uint32_t n, i = 0;
  f->n_rows = f->n_passes = f->n_ignored = 0;
  n = collect(env, f, entity);
  while( i<n && !env->error.code ){
    Walker w = { env, f, 0, 0, AT_OPENS_ANY, 0, 0 };
    w.held = f->steps[f->order[i]].held;
    for(; i<n && !env->error.code && f->steps[f->order[i]].held==w.held; i++){
      read_step(&w, &f->steps[f->order[i]]);
    }
    if( !env->error.code ) expire(&w, f->now);
  }
  for(i=0; i<f->n_passes; i++) f->pass_order[i] = i;
  if( f->held && !at_sort_order(env, f->pass_order, f->n_passes, compare_passes, f->passes) ) return 0;
  if( f->options->first_pass && f->n_passes>1 ) f->n_passes = 1;
  return at_alive(env, n+1);
}

/* The label of a pass's row, a tag of events; UINT32_MAX without a label column. */
uint32_t at_funnel_label(const AtFunnel *f, const AtPass *pass, const AtPassRow *row){
  if( f->tag==NULL ) return UINT32_MAX;
  if( f->options->label==AT_LABEL_FIRST ) return f->tag[pass->opened_event];
  return f->tag[f->options->label==AT_LABEL_LAST ? pass->last_event : row->event];
}

/* Seconds in the stage, up to now while open; NaN when won. */
double at_funnel_seconds(const AtFunnel *f, const AtPassRow *row){
  int64_t left = row->outcome==AT_OPEN ? f->now : row->left;
  if( row->outcome==AT_WON ) return NAN;
  return (double)(left-row->entered)/(double)AT_SECOND;
}
