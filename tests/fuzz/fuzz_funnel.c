/*
** fuzz_funnel.c: stage events as passes and as a table of stages; rows of conditions through window_funnel,
** retention, sequence_next_node. Passes go forward in time, stages that were entered are left in one way, levels
** are 0 to N, and neither the order of rows nor a second thread changes a bit.
*/
#include "rows.h"

typedef struct Given Given;
struct Given { Row rows[MOST_ROWS]; size_t n; const char *stages; char options[300]; int n_tags; };

/*********************************** Stage events *****************************/

static void check_pass(const AtFunnel *f, const AtPass *pass, Bytes *out){
  uint32_t i;
  CHECK(pass->n>0 && pass->first+pass->n<=f->n_rows);
  write_number(out, (uint64_t)pass->outcome<<32 | pass->furthest);
  for(i=0; i<pass->n; i++){
    const AtPassRow *row = &f->rows[pass->first+i];
    CHECK(row->stage>=1 && row->stage<=f->stages->n && row->number>=1 && row->number<=f->stages->n);
    CHECK(row->outcome>=AT_ADVANCED && row->outcome<=AT_OPEN);
    CHECK(row->left==AT_NO_TIME || row->left>=row->entered);
    if( i>0 ) CHECK(row->entered>=row[-1].entered && row->number>row[-1].number);
    if( i+1<pass->n ) CHECK(row->outcome==AT_ADVANCED && row->left!=AT_NO_TIME);
    write_number(out, (uint64_t)row->stage<<32 | (uint64_t)row->number<<16 | (uint64_t)row->outcome<<8 | (unsigned)row->inferred);
    write_number(out, (uint64_t)row->entered);
    write_number(out, (uint64_t)row->left);
    write_number(out, (uint64_t)at_funnel_label(f, pass, row));
  }
}

static void check_table(const AtStageTable *t, uint32_t n_stages, Bytes *out){
  uint32_t i;
  int k;
  for(i=0; i<t->n; i++){
    const AtStageRow *r = &t->rows[i];
    uint64_t left = 0;
    CHECK(r->number==i%n_stages+1);
    for(k=AT_ADVANCED; k<=AT_OPEN; k++) left += r->outcome[k];
    CHECK(left==r->entered && r->outcome[AT_ADVANCED]<=r->entered);
    CHECK(isnan(r->rate) || (r->rate>=0 && r->rate<=1 && r->rate_low<=r->rate && r->rate<=r->rate_high));
    CHECK(isnan(r->expected) || (r->expected>=0 && r->expected<=1));
    CHECK(isnan(r->median) || (r->median>=0 && r->median<=r->p90));
    write_number(out, (uint64_t)r->period);
    write_number(out, (uint64_t)r->label<<32 | r->number);
    for(k=AT_ADVANCED; k<=AT_OPEN; k++) write_number(out, r->outcome[k]);
    write_double(out, r->overall);
    write_double(out, r->mean);
    write_double(out, r->p90);
    write_double(out, r->expected);
  }
}

static void answer(AtEnv *env, const Given *g, Bytes *out){
  AtShape shape = event_shape(g->n_tags);
  AtOptions options;
  AtStages stages;
  AtFunnel f;
  AtStageTable table;
  AtStore *events = NULL;
  uint32_t e, p;
  memset(&stages, 0, sizeof stages);
  at_options_parse(env, &options, g->options, strlen(g->options), AT_FOR_FUNNEL_SUMMARY);
  if( !env->error.code ) parse_stages(env, &stages, g->stages);
  if( !env->error.code && options.hold && g->n_tags<2 ) options.hold = NULL;
  if( !env->error.code && at_funnel_check(env, &stages, &options) ) events = load_rows(env, &shape, g->rows, g->n);
  if( events ){
    memset(&table, 0, sizeof table);
    if( at_funnel_open(env, &f, events, &stages, &options) ){
      if( at_funnel_summarize(env, &table, &f) ) check_table(&table, stages.n, out);
      for(e=0; e<events->n_entities && at_funnel_entity(env, &f, e); e++){
        for(p=0; p<f.n_passes; p++) if( f.passes[p].outcome!=AT_REMOVED ) check_pass(&f, &f.passes[p], out);
      }
    }
    at_stage_table_free(env->alloc, &table);
    at_funnel_close(env->alloc, &f);
    at_store_release(events);
  }
  at_stages_free(env->alloc, &stages);
  at_options_free(env->alloc, &options);
}

static void fuzz_events(Fuzz *f, Input *in){
  static const char *const options[] = {"exits=lost", "exclude=other", "exclude_drop=d", "order=strict", "window=3 days",
      "recycle=1 day", "boomerang=on", "passes=first", "label=last", "by=label", "period=day", "as_of=2024-01-15", "hold=plan", "confidence=0.5"};
  static const char *const any_order[] = {"exits=lost", "exclude=other", "order=any", "window=3 days", "recycle=1 day", "passes=first", "by=label", "period=month"};
  static Given g;
  uint32_t how = take_byte(in);
  Random r = {how};
  AtEnv env = threads_env(how%8==0 ? 2 : 1);
  Bytes out[2];
  memset(out, 0, sizeof out);
  g.n_tags = (int)(how%3);
  g.stages = any_stages(in);
  if( how & 64 ) any_options(in, any_order, COUNT(any_order), g.options, sizeof g.options);
  else any_options(in, options, COUNT(options), g.options, sizeof g.options);
  g.n = any_events(in, g.rows, MOST_ROWS);
  answer(&f->env, &g, &out[0]);
  shuffle_rows(&r, g.rows, g.n);
  answer(&env, &g, &out[1]);
  if( f->env.error.code!=AT_NOMEM ){
    CHECK(f->env.error.code==env.error.code);
    if( !env.error.code ) CHECK(same_bytes(&out[0], &out[1]));
  }
  free(out[0].bytes);
  free(out[1].bytes);
}

/************************************ Conditions ******************************/

#define CONDITIONS 5

/* The rows that the input gives, from the first or from the last. */
static int read_conditions(AtEnv *env, AtConditions *c, Input in, int backwards){
  uint32_t n = take_byte(&in)%60, i, k;
  if( !at_conditions_open(env, c, CONDITIONS, 1) ) return 0;
  for(i=0; i<n && !env->error.code; i++){
    size_t at = (backwards ? n-1-i : i)*2;
    uint32_t set = at<in.n ? in.at[at] : 0, time = at+1<in.n ? in.at[at+1] : 0;
    for(k=1; k<=CONDITIONS; k++) if( set>>k & 1 ) at_conditions_hold(c, k);
    at_conditions_add(env, c, (int64_t)(time & 31)*AT_SECOND*(time & 128 ? 86400 : 1), AT_FORM_INT, (int)(set & 1));
  }
  return at_conditions_sort(env, c);
}

static void fuzz_conditions(Fuzz *f, Input *in){
  AtFunnelRule rule = {0, take_byte(in) & 31};
  uint32_t level, rows[CONDITIONS], i, alone;
  AtConditions c, again;
  AtText json = {0};
  AtEnv env = threads_env(1);
  rule.window = (int64_t)take_byte(in)*AT_SECOND;
  if( rule.window>=200*AT_SECOND ) rule.window = INT64_MAX;
  if( rule.modes & AT_ALLOW_REENTRY && rule.modes & (AT_STRICT_DEDUPLICATION|AT_STRICT_INCREASE|AT_STRICT_ONCE) ) rule.modes = AT_ALLOW_REENTRY;
  if( read_conditions(&f->env, &c, *in, 0) ){
    level = at_window_funnel(&f->env, &c, &rule, rows);
    alone = at_window_funnel(&f->env, &c, &rule, NULL);
    if( !f->env.error.code ){
      CHECK(level<=CONDITIONS && alone==level);
      for(i=0; i<level; i++){
        CHECK(rows[i]<c.n && at_holds(&c, rows[i], i+1));
        CHECK(i==0 || (c.time[rows[i]]>=c.time[rows[i-1]] && c.time[rows[i]]-c.time[rows[0]]<=rule.window));
      }
      CHECK(read_conditions(&env, &again, *in, 1) && at_window_funnel(&env, &again, &rule, NULL)==level);
      at_conditions_free(env.alloc, &again);
      at_conditions_json(&f->env, &c, rows, level, &json);
      at_retention_json(&f->env, &c, &json);
    }
  }
  at_text_free(f->env.alloc, &json);
  at_conditions_free(f->env.alloc, &c);
}

static void fuzz_nodes(Fuzz *f, Input *in){
  static const char *const directions[] = {"forward", "backward", "Forward"}, *const bases[] = {"head", "tail", "first_match", "last_match"};
  AtCell direction = cell_text(directions[take_below(in, 3)]), base = cell_text(bases[take_below(in, 4)]), value;
  uint32_t steps = take_below(in, 4), n = take_below(in, 40), i, k;
  AtNodes x;
  if( at_nodes_open(&f->env, &x, steps, &direction, &base) ){
    for(i=0; i<n && !f->env.error.code; i++){
      uint32_t set = take_byte(in);
      AtCell cell = set & 128 ? cell_null() : cell_text(stage_names[set%COUNT(stage_names)]);
      for(k=1; k<=x.rows.n_conditions; k++) if( set>>k & 1 ) at_conditions_hold(&x.rows, k);
      at_nodes_add(&f->env, &x, (int64_t)(take_byte(in)%16)*AT_SECOND, &cell);
    }
    if( at_nodes_next(&f->env, &x, &value) ) CHECK(n>0 && (value.type==AT_NULL || (value.type==AT_TEXT && value.n<=5)));
  }
  at_nodes_free(f->env.alloc, &x);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  uint32_t what;
  Fuzz f;
  fuzz_open(&f, &in);
  what = take_byte(&in)%4;
  if( what<2 ) fuzz_events(&f, &in);
  else if( what==2 ) fuzz_conditions(&f, &in);
  else fuzz_nodes(&f, &in);
  fuzz_close(&f);
}
