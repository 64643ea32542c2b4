/*
** fuzz_core.c: touches and conversions of any kind, with options and models: attribution, its summary, journeys,
** effects.
**
** How it works. The rows are loaded twice, in two orders, and worked on by one thread and, for every eighth
** input, by two; all answers are written down, and must be the same bits. On the way, credits add up to 1 and
** values to the value of their conversion.
*/
#include "rows.h"
#include "../../ext/core/effects.h"

typedef struct Given Given;
struct Given {
  Row touches[MOST_ROWS], conversions[MOST_ROWS];
  size_t n_touches, n_conversions;
  AtShape touches_shape, conversions_shape;
  char options[200], models[300];
  int order;                        /* of the effects; 0: none are asked for */
};

/*********************************** What is given ****************************/

static const char *const labels[] = {"ads", "Direct", "email", "", "(unattributed)", "\xc3\xa9\xff", "seo"};

static void any_rows(Input *in, Given *g){
  uint32_t kinds = take_byte(in), milestones = kinds>>4 & 1 ? 2 : 0, time_kind = kinds>>5 & 3;
  int unique = !(kinds>>7);
  size_t i;
  int k;
  g->touches_shape = shape_of(1, kinds & 1, 0, kinds>>1 & 1);
  g->conversions_shape = shape_of(0, kinds>>2 & 1, (int)milestones, kinds>>3 & 1);
  g->n_touches = take_byte(in)%MOST_ROWS;
  g->n_conversions = take_byte(in)%(MOST_ROWS/3);
  for(i=0; i<g->n_conversions; i++){
    Row *row = &g->conversions[i];
    *row = row_of(any_key(in), any_time(in, time_kind), "");
    row->number = any_amount(in);
    for(k=0; k<2; k++) row->milestone[k] = milestones ? any_time(in, time_kind) : cell_null();
    row->id = any_id(in, i, unique);
  }
  for(i=0; i<g->n_touches; i++){
    Row *row = &g->touches[i];
    *row = row_of(any_key(in), any_time(in, time_kind), labels[take_below(in, COUNT(labels))]);
    row->number = kinds & 1 ? any_amount(in) : cell_null();
    row->id = any_id(in, i, unique);
  }
}

static void any_question(Input *in, Given *g){
  static const char *const options[] = {"lookback=2 days", "gap=1 day", "reset=conversion", "ignore=direct", "ignore=ads,direct,email,seo",
      "path=exposure", "path=first", "path=unique", "max_touches=2", "round=0.01", "period=week", "as_of=2024-01-10",
      "direct=email", "lookback=10 s", "gap=5 s", "round=7"};
  static const char *const models[] = {"all", "linear", "first_touch, last_touch", "points", "participation", "custom(1,2,0)", "custom(0,1,0)",
      "time_decay(half_life=1 s)", "markov", "markov(order=2)", "shapley", "milestone(1)", "w_shaped", "last_non_direct", "full_path",
      "position_based(first=1, last=0)"};
  uint32_t chosen = take_byte(in)<<8 | take_byte(in), i;
  size_t n = 0;
  g->order = (int)take_below(in, 8)-4;
  if( g->order<0 ) g->order = 0;
  g->options[0] = 0;
  for(i=0; i<COUNT(options); i++){
    if( !(chosen>>i & 1) || (i>=5 && i<=7 && (chosen & 0xe0)>>i!=1) || (i>12 && (chosen>>(i==15 ? 9 : i-13) & 1)) ) continue;
    n += (size_t)snprintf(g->options+n, sizeof g->options-n, "%s; ", options[i]);
    if( n>=sizeof g->options ) abort();
  }
  for(i=0, n=0; i<1+take_below(in, 3); i++){
    n += (size_t)snprintf(g->models+n, sizeof g->models-n, "%s%s", i ? "," : "", models[take_below(in, COUNT(models))]);
  }
}

/*********************************** What is answered *************************/

/* The rows of one conversion and model, in the order in which at_detail_next() gives them. */
typedef struct Parts Parts;
struct Parts { double credit[MOST_ROWS], value[MOST_ROWS]; size_t n; double whole; int model; uint32_t conversion; };

static void check_parts(const Parts *p, const AtModels *models){
  double size = 0;
  size_t i;
  if( p->n==0 || models->model[p->model].kind==AT_PARTICIPATION ) return;
  for(i=0; i<p->n; i++) size += fabs(p->credit[i]);
  CHECK(fabs(exact_sum(p->credit, p->n)-1)<=4e-16*(1+size));
  if( isnan(p->whole) ){
    for(i=0; i<p->n; i++) CHECK(isnan(p->value[i]));
    return;
  }
  for(size=0, i=0; i<p->n; i++) size += fabs(p->value[i]);
  CHECK(fabs(exact_sum(p->value, p->n)-p->whole)<=4e-16*(fabs(p->whole)+size));
}

static void answer_detail(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o, const AtModels *models, AtDetailOrder order,
                          int checks, Bytes *out){
  static Parts parts;
  AtDetail d;
  parts.n = 0;
  if( at_detail_open(env, &d, t, c, o, models, NULL, order) ){
    while( at_detail_next(env, &d) ){
      double credit = at_detail_credit(env, &d), value = at_detail_value(env, &d);
      if( checks && (parts.n==0 || parts.model!=d.model || parts.conversion!=d.walk.conversion || parts.n>=MOST_ROWS) ){
        CHECK(parts.n<MOST_ROWS);
        check_parts(&parts, models);
        parts.n = 0;
        parts.model = d.model;
        parts.conversion = d.walk.conversion;
        parts.whole = at_detail_whole(&d);
      }
      if( checks ){
        parts.credit[parts.n] = credit;
        parts.value[parts.n++] = value;
      }
      write_number(out, (uint64_t)d.model<<32 | at_detail_position(&d));
      write_number(out, (uint64_t)d.walk.conversion<<32 | at_detail_length(&d));
      write_double(out, credit);
      write_double(out, value);
    }
    if( checks && !env->error.code ) check_parts(&parts, models);
  }
  at_detail_close(env->alloc, &d);
}

static void answer_summary(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o, const AtModels *models, Bytes *out){
  AtSummary s;
  AtWalk walk;
  size_t i;
  memset(&s, 0, sizeof s);
  if( at_walk_open(env, &walk, t, c, o, NULL) && at_summarize(env, &s, &walk, models) ){
    double credits[AT_MAX_MODELS] = {0};
    for(i=0; i<s.n; i++){
      const AtSummaryRow *r = &s.rows[i];
      credits[r->model] += r->conversions;
      write_number(out, (uint64_t)r->model<<32 | r->label);
      write_number(out, (uint64_t)r->period);
      write_double(out, r->conversions);
      write_double(out, r->value);
      write_double(out, r->share);
      write_number(out, r->touches);
    }
    for(i=0; i<(size_t)models->n && s.n>0; i++){
      if( models->model[i].kind!=AT_PARTICIPATION ) CHECK(fabs(credits[i]-floor(credits[i]+0.5))<1e-6 || models->model[i].kind==AT_POINTS);
    }
  }
  at_summary_free(env->alloc, &s);
  at_walk_close(env->alloc, &walk);
}

static void answer_journeys(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o, Bytes *out){
  AtJourneys j;
  uint32_t i;
  if( at_journeys_open(env, &j, t, c, o) ){
    while( at_journeys_next(env, &j) ){
      write_number(out, (uint64_t)j.converted<<32 | j.path.n);
      if( j.converted && j.path.n>0 ) write_double(out, at_journeys_seconds(&j));
      for(i=0; i<j.path.n; i++) write_number(out, (uint64_t)j.path.row[i]<<32 | j.path.label[i]);
    }
  }
  at_journeys_close(env->alloc, &j);
}

static void answer_effects(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o, int order, Bytes *out){
  AtPaths p;
  AtSteps s;
  AtEffects e;
  AtTally *tally = NULL;
  AtOrder orders[AT_MAX_ORDER];
  uint32_t i;
  int n;
  memset(&p, 0, sizeof p);
  p.has_value = c->number!=NULL;
  if( at_paths_journeys(env, &p, t, c, o) && at_paths_finish(env, &p, 0, 0) ){
    memset(&e, 0, sizeof e);
    if( at_steps_of_paths(env, &s, &p, order) && at_removal_effects(env, &e, &s, &p.names) ){
      for(i=0; i<e.n; i++){
        write_double(out, e.effects[i].removal);
        write_double(out, e.effects[i].removal_value);
        write_double(out, e.effects[i].share);
        write_double(out, e.effects[i].value);
      }
    }
    at_effects_free(env->alloc, &e);
    at_steps_free(env->alloc, &s);
    if( at_tally(env, &tally, &p) ){
      for(i=0; i<p.names.n; i++){
        write_double(out, tally[i].conversions);
        write_double(out, tally[i].value);
        write_double(out, tally[i].linear[1]);
      }
    }
    at_free(env->alloc, tally);
    n = at_orders(env, &p, orders);
    for(i=0; (int)i<n; i++) write_double(out, orders[i].auc);
  }
  at_paths_free(env->alloc, &p);
}

/* All answers, or the first error. */
static void answer(AtEnv *env, const Given *g, Bytes *out){
  static const AtDetailOrder plain = {0, 0, 0, 0}, by_model = {AT_BY_MODEL, AT_BY_LABEL, 0, 1}, by_label = {AT_BY_LABEL, AT_BY_NOTHING, 1, 0};
  AtOptions options;
  AtModels models;
  AtStore *t = NULL, *c = NULL;
  memset(&models, 0, sizeof models);
  at_options_parse(env, &options, g->options, strlen(g->options), AT_FOR_ALL);
  if( !env->error.code ) t = load_rows(env, &g->touches_shape, g->touches, g->n_touches);
  if( t ) c = load_rows(env, &g->conversions_shape, g->conversions, g->n_conversions);
  if( c && at_models_parse(env, &models, g->models, strlen(g->models), g->touches_shape.has_number, g->conversions_shape.n_milestones)
   && at_keys_agree(env, t, c, "touches", "deals") && at_learn(env, &models, t, c, &options) ){
    answer_detail(env, t, c, &options, &models, plain, 1, out);
    answer_detail(env, t, c, &options, &models, by_model, 0, out);
    answer_detail(env, t, c, &options, &models, by_label, 0, out);
    answer_summary(env, t, c, &options, &models, out);
    answer_journeys(env, t, c, &options, out);
    if( g->order ) answer_effects(env, t, c, &options, g->order, out);
  }
  at_models_free(env->alloc, &models);
  if( c ) at_store_release(c);
  if( t ) at_store_release(t);
  at_options_free(env->alloc, &options);
}

static void fuzz(const uint8_t *data, size_t size){
  static Given g;
  Input in = {data, size};
  Random r;
  Fuzz f;
  Bytes out[2];
  AtEnv env;
  uint32_t threads;
  memset(out, 0, sizeof out);
  fuzz_open(&f, &in);
  threads = take_byte(&in);
  any_question(&in, &g);
  any_rows(&in, &g);
  answer(&f.env, &g, &out[0]);
  r.state = threads;
  shuffle_rows(&r, g.touches, g.n_touches);
  shuffle_rows(&r, g.conversions, g.n_conversions);
  env = threads_env(threads%8==0 ? 2 : 1);
  answer(&env, &g, &out[1]);
  CHECK(env.error.code!=AT_NOMEM);
  if( f.env.error.code!=AT_NOMEM ){
    CHECK(f.env.error.code==env.error.code);       /* which row is wrong first is a matter of their order */
    if( env.error.code==AT_OK ) CHECK(same_bytes(&out[0], &out[1]));
  }
  free(out[0].bytes);
  free(out[1].bytes);
  fuzz_close(&f);
}
