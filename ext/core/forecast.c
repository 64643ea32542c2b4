/*
** forecast.c: what today's pipeline will bring: of each open deal whether and when it will be
** won, of each period what all of them will bring in it, with intervals.
**
** How it works. A deal is asked about among the earlier deals of its label that were in its
** stage for longer than it has been; where those are fewer than AT_EVIDENCE, among those of all labels; and
** where these are too few as well, at the greatest age that enough were longer than. Deals that
** ask the same share a seat. landmark.c answers a seat. Then the history is read again
** with one of its AT_FORECAST_PARTS parts left out, in turn: by how much the answers vary
** tells how well the history knows them (the delete-a-group jackknife; Kott, 2001). With
** g parts and x[k] the answer without part k
**
**   variance = (g-1)/g * sum of (x[k] - mean of x)^2
**
** A deal's bounds lie on the scale of log odds. What a period brings is a sum of deals
** that come or do not, whose distribution atoms.c computes; the error of its expectation
** comes in there as doubt. All is closed form: no random numbers, the same on every run.
*/
#include "forecast.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MOST_ANSWERS (UINT32_C(1)<<25) /* seats times periods */

typedef struct Seat Seat;
struct Seat {
  uint32_t label, stage;            /* label: tag of the history, or AT_ALL_LABELS */
  int64_t age;                      /* cells, as the landmark is asked */
  double value;                     /* of its deals */
  double chance, mean;              /* to be won; in how many cells, if so */
};
typedef struct Forecaster Forecaster;
struct Forecaster {
  AtForecast *x;
  const AtStore *open, *history;
  const AtStages *stages;
  const AtOptions *options;
  AtFunnel funnel;
  AtPast past;
  uint32_t *labels;                 /* tag of the open deals -> tag of the history, or AT_ALL_LABELS */
  AtPairs seats_by;                 /* (label and stage, age) */
  Seat *seats;
  uint32_t *order;                  /* of seats: by label, stage, greatest age first */
  uint32_t n_seats, seats_capacity;
  double *edges;                    /* ends of the dues, cells from now */
  double *by;                       /* by seat and due: to be won by its end */
  double *chances;                  /* by part and seat: to be won, without the part */
  double *sums;                     /* by part and due: expected value, without the part */
};

/*********************************** Checks **********************************/

/* A lost deal that is not known as such, without exits= or with a misspelt one, would look like one that is open for
** ever: of the labels of history that are no stages, one at least must end a pass. */
static void check_exits(AtEnv *env, const Forecaster *f){
  const AtStore *history = f->history;
  const AtOptions *o = f->options;
  AtCell other = {0};
  uint32_t i;
  for(i=0; i<history->labels.n; i++){
    AtCell label = at_store_label_text(history, i);
    if( at_stage_number(f->stages, label.text, label.n) ) continue;
    if( at_label_listed(&o->exits, label.text, label.n) || at_label_listed(&o->exclude, label.text, label.n)
     || at_label_listed(&o->exclude_drop, label.text, label.n) ) return;
    if( other.text==NULL ) other = label;
  }
  if( other.text==NULL ) return;
  at_fail(env, AT_INVALID, o->exits.n+o->exclude.n+o->exclude_drop.n==0
          ? "argument history has %s, which is no stage, and no option says how a deal is lost; write exits=lost"
          : "argument history has %s, which is no stage, and none of the labels by which options say that a deal is lost; "
            "write them as history does: exits=lost", at_cell_quote(&other).text);
}

static void check(AtEnv *env, const Forecaster *f){
  if( f->stages->n<2 ){
    at_fail(env, AT_INVALID, "argument stages has one stage; write those of a deal in order, the won one last: "
            "'discovery > proposal > won'");
  }else if( f->options->order==AT_ORDER_ANY ){
    at_fail(env, AT_INVALID, "option order=any has no next stage; write order=ordered");
  }
  if( at_funnel_check(env, f->stages, f->options) ) check_exits(env, f);
}

static int64_t latest_of(const AtStore *s, int64_t latest){
  uint32_t e;
  for(e=0; e<s->n_entities; e++){
    int64_t last = at_store_when(s, s->start[e+1]-1);
    if( latest==AT_NO_TIME || last>latest ) latest = last;
  }
  return latest;
}

/*********************************** Deals ***********************************/

/* The stage of an open deal, or 0 and an error. */
static uint32_t stage_of(AtEnv *env, const Forecaster *f, uint32_t entity, uint32_t row){
  AtCell label = at_store_label_text(f->open, at_store_label(f->open, row)), key = at_store_key(f->open, entity);
  uint32_t stage = at_stage_number(f->stages, label.text, label.n), i;
  char name[128];
  AtSuggest near;
  if( stage>0 && stage<f->stages->n ) return stage;
  if( stage ){
    at_fail(env, AT_INVALID, "open deal %s is in the last stage (got %s); leave won deals out of open_deals",
            at_cell_quote(&key).text, at_cell_quote(&label).text);
    return 0;
  }
  at_suggest_start(&near, label.text, label.n);
  for(i=0; i+1<f->stages->n; i++){
    const AtStage *known = &f->stages->stage[i];
    if( known->n>=sizeof name ) continue;
    memcpy(name, known->text, known->n);
    name[known->n] = 0;
    at_suggest_offer(&near, name);
  }
  at_fail(env, AT_INVALID, "open deal %s is in no stage of the list (got %s); %s%s%s",
          at_cell_quote(&key).text, at_cell_quote(&label).text, near.best[0] ? "did you mean " : "",
          near.best[0] ? near.best : "name its stage in stages, or leave the deal out of open_deals", near.best[0] ? "?" : "");
  return 0;
}

/* The labels of the open deals, as the history numbers them; both lists are sorted. */
static int match_labels(AtEnv *env, Forecaster *f){
  const AtDict *open = &f->open->tags[0], *known = &f->history->tags[0];
  uint32_t i, k = 0;
  if( f->open->n_tags==0 ) return 1;
  f->labels = at_alloc(env, open->n, sizeof *f->labels);
  for(i=0; f->labels && i<open->n; i++){
    while( k<known->n && at_entry_compare(known, k, open, i)<0 ) k++;
    f->labels[i] = k<known->n && at_entry_compare(known, k, open, i)==0 ? k : AT_ALL_LABELS;
  }
  return !env->error.code;
}

/* The seat of a question, made where it is new. */
static uint32_t seat_of(AtEnv *env, Forecaster *f, uint32_t label, uint32_t stage, int64_t age){
  uint32_t id = at_pair_id(env, &f->seats_by, (int64_t)label<<8 | stage, (uint64_t)(age-AT_JUST_ENTERED));
  Seat *seat;
  if( env->error.code || id<f->n_seats ) return id;
  if( id>=f->seats_capacity ){
    uint32_t capacity = f->seats_capacity ? f->seats_capacity*2 : 64;
    if( !at_grow(env, &f->seats, capacity, sizeof *f->seats) ) return id;
    f->seats_capacity = capacity;
  }
  seat = &f->seats[f->n_seats++];
  memset(seat, 0, sizeof *seat);
  seat->label = label;
  seat->stage = stage;
  seat->age = age;
  return id;
}

/* Finds the seat of a deal of an age, in cells, and counts its evidence. */
static void find_seat(AtEnv *env, Forecaster *f, AtOpenDeal *deal, int64_t age){
  uint32_t label = f->labels ? f->labels[f->open->tag[0][deal->row]] : AT_ALL_LABELS;
  if( label!=AT_ALL_LABELS ){
    deal->longer = at_past_longer(&f->past, label, deal->stage, age);
    if( deal->longer<AT_EVIDENCE ) label = AT_ALL_LABELS;
  }
  if( label==AT_ALL_LABELS ){
    deal->longer = at_past_longer(&f->past, label, deal->stage, age);
    age = at_past_age(&f->past, deal->stage, age);
  }
  deal->seat = seat_of(env, f, label, deal->stage, age);
}

/* One open deal takes its seat. */
static int add_deal(AtEnv *env, Forecaster *f, uint32_t entity, uint32_t row){
  int64_t spent = f->x->now-at_store_when(f->open, row), unit = f->past.unit;
  AtOpenDeal *deal = &f->x->deals[f->x->n];
  uint32_t n;
  memset(deal, 0, sizeof *deal);
  deal->entity = entity;
  deal->row = row;
  deal->age_days = at_days((double)spent);
  deal->value = f->open->number[row];
  deal->stage = stage_of(env, f, entity, row);
  if( deal->stage==0 ) return 0;
  at_past_stays(&f->past, AT_ALL_LABELS, deal->stage, &n);
  if( n==0 ){
    const AtStage *stage = &f->stages->stage[deal->stage-1];
    at_fail(env, AT_INVALID, "no deal of the history was ever in stage %s; leave the open deals in it out, or give a "
            "longer history", at_quote(stage->text, stage->n).text);
    return 0;
  }
  find_seat(env, f, deal, spent/unit + (spent%unit>=unit-unit/2));
  if( env->error.code ) return 0;
  if( !isnan(deal->value) ) f->seats[deal->seat].value += deal->value;
  f->x->n++;
  return at_alive(env, 64);                /* the searches */
}

static int seat_deals(AtEnv *env, Forecaster *f){
  uint32_t e, row;
  f->x->deals = at_alloc(env, f->open->n, sizeof *f->x->deals);
  for(e=0; e<f->open->n_entities; e++){
    for(row=f->open->start[e]; row<f->open->start[e+1] && !env->error.code; row++){
      if( at_store_when(f->open, row)<=f->x->now ) add_deal(env, f, e, row);
    }
  }
  return !env->error.code;
}

/********************************** Periods **********************************/

/* The periods from now to the last in which a deal can be won, and their edges. */
static int lay_out_periods(AtEnv *env, Forecaster *f){
  AtForecast *x = f->x;
  int period = f->options->period;
  int64_t unit = f->past.unit, first, last, end = AT_MAX_TIME;
  uint32_t i;
  if( (int64_t)f->past.cells<(AT_MAX_TIME-x->now)/unit ) end = x->now+(int64_t)f->past.cells*unit;
  first = at_period_of(x->now, period);
  last = at_period_of(end, period);
  x->n_dues = (uint32_t)(last-first+1);
  if( (uint64_t)x->n_dues*f->n_seats>MOST_ANSWERS ){
    at_fail(env, AT_TOOBIG, "option period makes %u periods, too many for so many open deals; write a longer one", x->n_dues);
  }
  x->dues = at_alloc(env, x->n_dues, sizeof *x->dues);
  f->edges = at_alloc(env, x->n_dues, sizeof *f->edges);
  if( env->error.code ) return 0;
  memset(x->dues, 0, x->n_dues*sizeof *x->dues);
  for(i=0; i<x->n_dues; i++){
    x->dues[i].period = first+i;
    f->edges[i] = i+1<x->n_dues ? (double)(at_period_start(first+i+1, period)-x->now)/(double)unit : INFINITY;
  }
  return 1;
}

static void reverse(uint32_t *order, uint32_t n){
  uint32_t i;
  for(i=0; i<n/2; i++){
    uint32_t id = order[i];
    order[i] = order[n-1-i];
    order[n-1-i] = id;
  }
}

/* Moves a landmark to a seat, whose place in the order is i. */
static const Seat *visit(const Forecaster *f, AtLandmark *m, uint32_t i){
  const Seat *seat = &f->seats[f->order[i]], *before = i ? &f->seats[f->order[i-1]] : NULL;
  if( before==NULL || before->label!=seat->label || before->stage!=seat->stage ) at_landmark_stage(m, seat->label, seat->stage);
  at_landmark_age(m, seat->age);
  return seat;
}

/* The answers of the whole history. */
static int answer(AtEnv *env, Forecaster *f){
  uint32_t n = f->x->n_dues, i;
  AtLandmark m;
  at_landmark_open(env, &m, &f->past, AT_NO_PART);
  for(i=0; i<f->n_seats && at_alive(env, f->past.cells); i++){
    uint32_t s = f->order[i];
    visit(f, &m, i);
    f->seats[s].chance = at_landmark_won(&m, f->edges, n, n ? f->by+(size_t)s*n : NULL, &f->seats[s].mean);
  }
  at_landmark_free(env->alloc, &m);
  return !env->error.code;
}

/* The answers without one part of the history. A seat that nobody is left for keeps its own
** in the sums; how well it is known is not known (NaN). */
static int leave_out(AtEnv *env, void *context, uint32_t part){
  const Forecaster *f = context;
  uint32_t n = f->x->n_dues, i, k;
  double *chances = f->chances+(size_t)part*f->n_seats, *sums = f->sums+(size_t)part*n, mean;
  double *by = at_alloc(env, n, sizeof *by);
  AtLandmark m;
  at_landmark_open(env, &m, &f->past, part);
  for(k=0; k<n; k++) sums[k] = 0;
  for(i=0; i<f->n_seats && at_alive(env, f->past.cells); i++){
    uint32_t s = f->order[i];
    const Seat *seat = visit(f, &m, i);
    const double *at = m.n ? by : f->by+(size_t)s*n;
    chances[s] = m.n ? at_landmark_won(&m, f->edges, n, by, &mean) : NAN;
    for(k=0; k<n; k++) sums[k] += seat->value*(at[k]-(k ? at[k-1] : 0));
  }
  at_landmark_free(env->alloc, &m);
  at_free(env->alloc, by);
  return !env->error.code;
}

/* The standard error of an answer, from those without each part: every stride-th number.
** Squares are of parts of the greatest distance, as those of values may be out of range. */
static double jackknife(const double *x, uint32_t n, size_t stride){
  double mean = 0, square = 0, greatest = 0;
  uint32_t k;
  for(k=0; k<n; k++) mean += x[k*stride]/n;
  for(k=0; k<n; k++){
    double away = fabs(x[k*stride]-mean);
    if( !(away<=greatest) ) greatest = away;
  }
  for(k=0; k<n && greatest>0; k++) square += (x[k*stride]-mean)/greatest*((x[k*stride]-mean)/greatest);
  return greatest*sqrt(square*(n-1)/n);
}

/* A time, to the cell: more is not known. */
static int64_t whole(int64_t time, int64_t unit){
  int64_t rest = time%unit;
  return time-(rest<0 ? rest+unit : rest);
}

/* What its seat says of a deal. */
static void judge(const Forecaster *f, AtOpenDeal *deal, double z){
  const Seat *seat = &f->seats[deal->seat];
  double p = seat->chance, ahead = floor(seat->mean*(double)f->past.unit+0.5); /* a rounding is no cell */
  uint32_t parts = f->past.n_parts;
  int64_t now = f->x->now;
  deal->probability = p;
  deal->expected_value = deal->value*p;
  deal->close = AT_NO_TIME;
  if( p>0 ) deal->close = ahead<(double)(AT_MAX_TIME-now) ? whole(now+(int64_t)ahead, f->past.unit) : AT_MAX_TIME;
  deal->low = deal->high = NAN;
  if( !(p>0 && p<1) ){
    at_wilson(p*deal->longer, deal->longer, z, &deal->low, &deal->high);
  }else if( parts>1 ){
    double error = jackknife(f->chances+deal->seat, parts, f->n_seats)/(p*(1-p)), odds = at_log(p/(1-p));
    deal->low = 1/(1+at_exp(z*error-odds));
    deal->high = 1/(1+at_exp(-z*error-odds));
  }
}

/* One period: expectations and the interval. */
static int fill_due(AtEnv *env, void *context, uint32_t i){
  Forecaster *f = context;
  const AtForecast *x = f->x;
  AtDue *due = &x->dues[i];
  AtBets bets = {0};
  AtSum deals = {0, 0}, expected = {0, 0}, all = {0, 0};
  double *amount = at_alloc(env, x->n, sizeof *amount), *chance = at_alloc(env, x->n, sizeof *chance);
  uint32_t k;
  for(k=0; k<x->n && at_alive(env, 1); k++){
    const double *by = f->by+(size_t)x->deals[k].seat*x->n_dues;
    double p = by[i]-(i ? by[i-1] : 0), value = isnan(x->deals[k].value) ? 0 : x->deals[k].value;
    if( !(p>0) ) continue;
    amount[bets.n] = value;
    chance[bets.n++] = p<1 ? p : 1;
    at_sum_add(&deals, p);
    at_sum_add(&expected, value*p);
    at_sum_add(&all, value);
  }
  due->deals = bets.n;
  due->value = at_sum_total(&all);
  due->expected_deals = at_sum_total(&deals);
  due->expected_value = at_sum_total(&expected);
  bets.amount = amount;
  bets.chance = chance;
  if( f->past.n_parts>1 ) bets.doubt = jackknife(f->sums+i, f->past.n_parts, x->n_dues);
  if( !env->error.code ) at_bets_interval(env, &bets, f->options->confidence, &due->low, &due->high);
  at_free(env->alloc, chance);
  at_free(env->alloc, amount);
  return !env->error.code;
}

/* Everything after the deals have their seats. */
static int look_ahead(AtEnv *env, Forecaster *f, int what){
  AtForecast *x = f->x;
  uint32_t parts = f->past.n_parts, i;
  double z = at_normal_quantile(f->options->confidence);
  f->order = at_pairs_order(env, &f->seats_by);
  if( f->order ) reverse(f->order, f->n_seats);
  if( what==AT_FORECAST_PERIODS && !lay_out_periods(env, f) ) return 0;
  f->by = at_alloc(env, (size_t)f->n_seats*x->n_dues, sizeof *f->by);
  f->chances = at_alloc(env, (size_t)parts*f->n_seats, sizeof *f->chances);
  f->sums = at_alloc(env, (size_t)parts*x->n_dues, sizeof *f->sums);
  if( env->error.code || !answer(env, f) || !at_parallel(env, parts, leave_out, f) ) return 0;
  for(i=0; i<x->n && at_alive(env, 4*parts); i++) judge(f, &x->deals[i], z);
  if( !at_parallel(env, x->n_dues, fill_due, f) ) return 0;
  while( x->n_dues>1 && x->dues[x->n_dues-1].deals==0 ) x->n_dues--;
  return 1;
}

/* Forecasts the deals, or what the periods bring (AT_FORECAST_…). The open deals are rows
** (entity, entered the stage at, stage, value), the history (entity, time, stage), both with
** a label as their tag or neither; nothing later than as_of exists, nor than the latest of all
** times without it. The stores must outlive x's use, which speaks of rows. x is to be freed in any case. */
int at_forecast(AtEnv *env, AtForecast *x, const AtStore *open_deals, const AtStore *history,
                const AtStages *stages, const AtOptions *options, int what){
  AtOptions own = *options;
  Forecaster f;
  assert( open_deals->n_tags==history->n_tags );
  memset(x, 0, sizeof *x);
  memset(&f, 0, sizeof f);
  f.x = x;
  f.open = open_deals;
  f.history = history;
  f.stages = stages;
  f.options = &own;
  if( own.as_of==AT_NO_TIME ) own.as_of = latest_of(history, latest_of(open_deals, AT_NO_TIME));
  if( own.as_of==AT_NO_TIME && own.period==AT_PERIOD_NONE ) own.as_of = 0; /* of nothing, now does not matter */
  x->now = own.as_of;
  check(env, &f);
  if( x->now!=AT_NO_TIME && !env->error.code && at_funnel_open(env, &f.funnel, history, stages, &own)
   && at_past_open(env, &f.past, &f.funnel) && match_labels(env, &f) && seat_deals(env, &f) ){
    look_ahead(env, &f, what);
  }
  at_funnel_close(env->alloc, &f.funnel);
  at_past_free(env->alloc, &f.past);
  at_pairs_free(env->alloc, &f.seats_by);
  at_free(env->alloc, f.labels);
  at_free(env->alloc, f.seats);
  at_free(env->alloc, f.order);
  at_free(env->alloc, f.edges);
  at_free(env->alloc, f.by);
  at_free(env->alloc, f.chances);
  at_free(env->alloc, f.sums);
  return !env->error.code;
}

void at_forecast_free(const AtAlloc *alloc, AtForecast *x){
  at_free(alloc, x->deals);
  at_free(alloc, x->dues);
  memset(x, 0, sizeof *x);
}
