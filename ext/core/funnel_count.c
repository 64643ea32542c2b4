/*
** funnel_count.c: the passes of some entities, added up by stage, label and period.
**
** How it works. In general an entity's passes are written down by at_funnel_entity() and then
** counted. Most funnels are plain: nothing is held, what a pass has entered is never taken
** back, and the label is that of the event that opened it. Then a pass can be counted
** while it goes on, and no row of it is written: the walk below says the same as the one in
** funnel.c, with the next deadline worked out when a stage is entered. Events are taken
** as the store has them, by time; only those of one instant are put in the order of their ranks.
**
** Where all times are whole seconds, they are counted in seconds from the store's epoch.
** All that comes out is counts and lists whose order does not matter, so the
** counts of several parts add up to those of the whole.
*/
#include "funnel.h"

#include <assert.h>
#include <string.h>

/* Events of one instant for which there is room without asking. */
#define FEW 16
/* Rows between two heartbeats. */
#define WORK 2048u

static const int endings[] = {AT_CONVERTED, AT_CENSORED, AT_CLOSED, AT_CLOSED, AT_CENSORED};

/* The counts of a group, one per stage, until there is another new group; NULL on failure. */
AtStageCount *at_funnel_group(AtEnv *env, AtFunnelCount *c, int64_t period, uint32_t label){
  uint32_t id = at_pair_id(env, &c->groups, period, label), n = c->f->stages->n;
  if( id==UINT32_MAX ) return NULL;
  if( id>=c->capacity ){
    uint32_t capacity = id ? c->groups.capacity : 1;  /* without groups there is one */
    if( !at_grow(env, &c->counts, (size_t)capacity*n, sizeof *c->counts) ) return NULL;
    memset(c->counts + (size_t)c->capacity*n, 0, (size_t)(capacity-c->capacity)*n*sizeof *c->counts);
    c->capacity = capacity;
  }
  return c->counts + (size_t)id*n;
}

void at_funnel_count_free(const AtAlloc *alloc, AtFunnelCount *c){
  size_t i;
  for(i=0; i<(size_t)c->capacity*c->f->stages->n; i++) at_stays_free(alloc, &c->counts[i].stays);
  at_free(alloc, c->counts);
  at_pairs_free(alloc, &c->groups);
  c->counts = NULL;
  c->capacity = 0;
}

static int is_whole(int64_t duration){ return duration<0 || duration%AT_SECOND==0; }

/* Whether all times that a pass can stay are whole seconds, and fit four bytes. */
static int has_seconds(const AtFunnel *f, int64_t earliest){
  uint32_t k;
  if( f->events->time_bytes!=4 || (f->now-f->events->epoch)%AT_SECOND ) return 0;
  if( f->now>earliest && (f->now-earliest)/AT_SECOND>=AT_SHORT_STAY ) return 0;
  for(k=0; k<f->stages->n; k++) if( !is_whole(f->stages->stage[k].limit) ) return 0;
  return is_whole(f->options->window) && is_whole(f->options->recycle);
}

/* No counts yet; f must outlive c, which is to be freed. earliest: of the events. */
void at_funnel_count_start(AtFunnelCount *c, const AtFunnel *f, int64_t earliest){
  int seconds = has_seconds(f, earliest);
  memset(c, 0, sizeof *c);
  c->f = f;
  c->bytes = seconds ? 4 : 8;
  c->unit = seconds ? AT_SECOND : 1;
}

/******************************** In general *********************************/

static int add_row(AtEnv *env, AtFunnelCount *c, AtStageCount *count, const AtPassRow *row){
  int64_t left = row->outcome==AT_OPEN ? c->f->now : row->left;
  count->outcome[row->outcome]++;
  if( row->outcome==AT_WON ) return 1;
  if( row->inferred && row->outcome==AT_ADVANCED ){
    assert( left==row->entered );
    count->inferred++;
    return 1;
  }
  return at_stays_add(env, &count->stays, c->bytes, (left-row->entered)/c->unit, endings[row->outcome]);
}

/* Adds the passes of one entity as they are written down in own. */
static int add_entity(AtEnv *env, AtFunnelCount *c, const AtFunnel *own){
  const AtOptions *o = own->options;
  uint32_t i, j;
  for(i=0; i<own->n_passes; i++){
    const AtPass *pass = &own->passes[own->pass_order[i]];
    int64_t period = at_period_of(pass->opened, o->period);
    AtStageCount *counts = NULL;
    for(j=0; j<pass->n; j++){
      const AtPassRow *row = &own->rows[pass->first+j];
      if( counts==NULL || (o->by_label && o->label==AT_LABEL_STAGE) ){
        counts = at_funnel_group(env, c, period, o->by_label ? at_funnel_label(own, pass, row) : 0);
      }
      if( counts==NULL || !add_row(env, c, &counts[row->number-1], row) ) return 0;
    }
  }
  return 1;
}

/******************************** Plain funnels ******************************/

/* The funnel in the unit of stays: times from the store's epoch, or from 1970. */
typedef struct Plain Plain;
struct Plain {
  AtEnv *env;
  AtFunnelCount *c;
  const AtStore *events;
  const uint32_t *seconds;          /* times of the events, where stays are in seconds */
  const int16_t *code;
  const uint32_t *tag;              /* by row, NULL without by=label */
  int64_t now, window, recycle;     /* durations: -1 = none */
  uint32_t n;                       /* stages; the rest by stage */
  uint32_t mandatory[AT_MAX_STAGES+1]; /* the first one after it */
  uint8_t optional[AT_MAX_STAGES+1];
  int64_t patience[AT_MAX_STAGES+1], limit[AT_MAX_STAGES+1];
  /* the entity at hand */
  AtStageCount *counts;             /* of the open pass's group */
  uint32_t stage;                   /* of the open pass, 0 = none is open */
  int may_open;                     /* AT_OPENS_… */
  int64_t opened, entered;          /* the pass, the stage */
  int64_t due;                      /* the last time before which nothing ends it */
  int due_outcome;                  /* and how it ends then */
};
typedef struct Event Event;
struct Event { uint32_t row; int code; };

static int is_plain(const AtFunnel *f){
  const AtOptions *o = f->options;
  return o->order==AT_ORDER_ORDERED && f->held==NULL && o->exclude_drop.n==0 && !o->boomerang && !o->first_pass
      && (!o->by_label || o->label==AT_LABEL_FIRST);
}

static int64_t in_unit(int64_t duration, int64_t unit){ return duration<0 ? -1 : duration/unit; }

static void start_plain(AtEnv *env, Plain *p, AtFunnelCount *c){
  const AtFunnel *f = c->f;
  uint32_t k, mandatory = 0;
  p->env = env;
  p->c = c;
  p->events = f->events;
  p->seconds = c->bytes==4 ? f->events->time : NULL;
  p->code = f->code;
  p->tag = f->options->by_label ? f->tag : NULL;
  p->now = c->bytes==4 ? (f->now-f->events->epoch)/AT_SECOND : f->now;
  p->window = in_unit(f->options->window, c->unit);
  p->recycle = in_unit(f->options->recycle, c->unit);
  p->n = f->stages->n;
  for(k=p->n; k>=1; k--){
    const AtStage *stage = &f->stages->stage[k-1];
    p->mandatory[k] = mandatory;
    p->optional[k] = stage->optional!=0;
    p->limit[k] = in_unit(stage->limit, c->unit);
    p->patience[k] = in_unit(f->patience[k], c->unit);
    if( !stage->optional ) mandatory = k;
  }
}

/* The open pass leaves its stage. */
static void leave(Plain *p, int outcome, int64_t time){
  AtStageCount *count = &p->counts[p->stage-1];
  count->outcome[outcome]++;
  at_stays_add(p->env, &count->stays, p->c->bytes, time-p->entered, endings[outcome]);
}

static void end_pass(Plain *p, int outcome, int64_t time, int may_open){
  leave(p, outcome, time);
  p->stage = 0;
  p->may_open = may_open;
}

static void end_when_due(Plain *p){
  end_pass(p, p->due_outcome, p->due, p->due_outcome==AT_RECYCLED ? AT_OPENS_ANY : AT_OPENS_FIRST);
}

/* When the pass ends if nothing more is entered: of two deadlines the earlier, recycled where they are equal. */
static void find_due(Plain *p){
  int64_t recycle = p->recycle>=0 ? p->entered+p->recycle : INT64_MAX;
  int64_t deadline = p->window>=0 ? p->opened+p->window : INT64_MAX;
  if( p->patience[p->stage]>=0 && p->entered+p->patience[p->stage]<deadline ){
    deadline = p->entered+p->patience[p->stage];
  }
  p->due = recycle<=deadline ? recycle : deadline;
  p->due_outcome = recycle<=deadline ? AT_RECYCLED : AT_EXITED;
}

/* Enters a stage; mandatory ones from .. before it were skipped. */
static void enter(Plain *p, uint32_t from, uint32_t stage, int64_t time){
  for(; from<stage; from++){
    if( p->optional[from] ) continue;
    p->counts[from-1].outcome[AT_ADVANCED]++;
    p->counts[from-1].inferred++;
  }
  p->entered = time;
  if( stage==p->n ){
    p->counts[stage-1].outcome[AT_WON]++;
    p->stage = 0;
    p->may_open = AT_OPENS_NOT_LAST;
  }else{
    p->stage = stage;
    find_due(p);
  }
}

static void open_pass(Plain *p, uint32_t stage, uint32_t row, int64_t time){
  const AtFunnelCount *c = p->c;
  int period = c->f->options->period;
  if( p->may_open!=AT_OPENS_ANY && (p->may_open==AT_OPENS_FIRST ? stage!=1 : stage==p->n) ) return;
  if( period!=AT_PERIOD_NONE || p->tag ){
    int64_t opened = c->bytes==4 ? p->events->epoch+time*AT_SECOND : time;
    p->counts = at_funnel_group(p->env, p->c, at_period_of(opened, period), p->tag ? p->tag[row] : 0);
  }
  if( p->counts==NULL ) return;
  p->opened = time;
  enter(p, 1, stage, time);
}

/* An event of a later stage, while one is open. */
static void go_on(Plain *p, uint32_t stage, int64_t time){
  uint32_t filled = p->mandatory[p->stage]<stage ? p->mandatory[p->stage] : stage;
  if( p->limit[filled]>=0 && time-p->entered>p->limit[filled] ) return;
  leave(p, AT_ADVANCED, time);
  enter(p, p->stage+1, stage, time);
}

static void read_event(Plain *p, int code, uint32_t row, int64_t time){
  if( p->stage && time>p->due ) end_when_due(p);
  if( code>0 ){
    if( p->stage==0 ) open_pass(p, (uint32_t)code, row, time);
    else if( (uint32_t)code>p->stage ) go_on(p, (uint32_t)code, time);
  }else if( p->stage && code!=AT_CODE_OTHER ){
    end_pass(p, AT_EXITED, time, code==AT_CODE_EXIT ? AT_OPENS_ANY : AT_OPENS_FIRST);
  }
}

static int64_t time_of(const Plain *p, uint32_t row){
  return p->seconds ? p->seconds[row] : at_store_when(p->events, row);
}

static int code_of(const Plain *p, uint32_t row){
  return p->code[at_store_label(p->events, row)];
}

static int compare_ranks(const void *given, uint32_t a, uint32_t b){
  const Event *events = given;
  return at_funnel_rank(events[a].code)-at_funnel_rank(events[b].code);
}

/* The same of more events than there is room for. */
static void read_crowd(Plain *p, uint32_t row, uint32_t n, int64_t time){
  Event *events = at_alloc(p->env, n, sizeof *events);
  uint32_t *order, i;
  for(i=0; events && i<n; i++){
    events[i].row = row+i;
    events[i].code = code_of(p, row+i);
  }
  order = events ? at_sorted(p->env, n, compare_ranks, events) : NULL;
  for(i=0; order && i<n; i++) read_event(p, events[order[i]].code, events[order[i]].row, time);
  at_free(p->env->alloc, order);
  at_free(p->env->alloc, events);
}

/* The events of the instant that begins with a row, by rank. Returns the row after them. */
static uint32_t read_instant(Plain *p, uint32_t row, uint32_t limit){
  int64_t time = time_of(p, row);
  uint32_t end = row+1, n, i;
  Event events[FEW];
  while( end<limit && time_of(p, end)==time ) end++;
  if( end-row>FEW ){
    read_crowd(p, row, end-row, time);
    return end;
  }
  for(n=0; row+n<end; n++){
    Event event;
    event.row = row+n;
    event.code = code_of(p, row+n);
    for(i=n; i>0 && at_funnel_rank(events[i-1].code)>at_funnel_rank(event.code); i--) events[i] = events[i-1];
    events[i] = event;
  }
  for(i=0; i<n; i++) read_event(p, events[i].code, events[i].row, time);
  return end;
}

/* The events [row, limit) of one entity. */
static void read_entity(Plain *p, uint32_t row, uint32_t limit){
  p->stage = 0;
  p->may_open = AT_OPENS_ANY;
  while( row<limit ){
    int64_t time = time_of(p, row);
    if( time>p->now ) break;
    if( row+1<limit && time_of(p, row+1)==time ){
      row = read_instant(p, row, limit);
    }else{
      read_event(p, code_of(p, row), row, time);
      row++;
    }
  }
  if( p->stage && p->now>p->due ) end_when_due(p);
  if( p->stage ) leave(p, AT_OPEN, p->now);
}

/* Adds the passes of entities [entity, limit). */
int at_funnel_count(AtEnv *env, AtFunnelCount *c, const AtFunnel *f, uint32_t entity, uint32_t limit){
  const uint32_t *start = f->events->start;
  int plain = is_plain(f), grouped = f->options->by_label || f->options->period!=AT_PERIOD_NONE;
  uint32_t work = 0;
  AtFunnel own;
  Plain p;
  at_funnel_share(&own, f);
  start_plain(env, &p, c);
  p.counts = grouped ? NULL : at_funnel_group(env, c, 0, 0);
  for(; entity<limit && !env->error.code; entity++){
    if( plain ){
      read_entity(&p, start[entity], start[entity+1]);
      work += start[entity+1]-start[entity] + 1;
      if( work<WORK ) continue;
      at_alive(env, work);
      work = 0;
    }else if( at_funnel_entity(env, &own, entity) ){
      add_entity(env, c, &own);
    }
  }
  at_alive(env, work);
  at_funnel_close(env->alloc, &own);
  return !env->error.code;
}
