/*
** test_forecast.c: the forecast of open deals and of periods, by hand; what holds of any
** pipeline; values at the ends of the range; memory and stops.
*/
#include "funnel_common.h"
#include "../../ext/core/forecast.h"

typedef struct Case Case;
struct Case { AtStages stages; AtOptions options; AtStore *deals, *history; AtForecast forecast; };

/* 'stage@second=value/label …', one open deal each, 101, 102 …; no value is NULL. */
static AtStore *load_deals(AtEnv *env, int n_tags, const char *text){
  AtShape shape = shape_of(1, 1, 0, 0);
  AtLoader loader;
  AtStore *store = NULL;
  int64_t deal = 100;
  shape.n_tags = n_tags;
  shape.relation = "open_deals";
  shape.label = "stage";
  shape.number = "value";
  shape.tag[0] = "segment";
  if( at_loader_open(env, &loader, &shape) ){
    while( *text && !env->error.code ){
      Row row = row_of(cell_integer(++deal), cell_null(), "");
      size_t n = strcspn(text, "@");
      int64_t number;
      row.label = cell_bytes(AT_TEXT, text, n);
      text = read_integer(text+n+1, &number);
      row.time = cell_integer(number);
      if( *text=='=' ){ text = read_integer(text+1, &number); row.number = cell_real((double)number); }
      if( *text=='/' ){ n = strcspn(++text, " "); row.tag[0] = cell_bytes(AT_TEXT, text, n); text += n; }
      append_row(env, &loader, &row);
      while( *text==' ' ) text++;
    }
    store = at_loader_finish(env, &loader, 1);
  }
  at_loader_close(&loader);
  return store;
}

static int open_case(AtEnv *env, Case *x, int n_tags, const char *stages, const char *options, const char *deals,
                     const char *const *entities, size_t n, int what){
  memset(x, 0, sizeof *x);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FORECAST_SUMMARY);
  if( !env->error.code ) parse_stages(env, &x->stages, stages);
  if( !env->error.code ) x->deals = load_deals(env, n_tags, deals);
  if( x->deals ) x->history = load_events(env, n_tags, entities, n);
  if( x->history ) at_forecast(env, &x->forecast, x->deals, x->history, &x->stages, &x->options, what);
  return !env->error.code;
}

static void close_case(AtEnv *env, Case *x){
  at_forecast_free(env->alloc, &x->forecast);
  at_store_release(x->deals);
  at_store_release(x->history);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

/************************************ By hand *********************************/

/* Twelve stays in a, of label x but the last: deal d (1 to 12) left after d minutes; the even ones were won. */
#define N_PAST 12
static const char *const past[N_PAST] = {
  "a@0/x lost@60/x", "a@0/x won@120/x", "a@0/x lost@180/x", "a@0/x won@240/x", "a@0/x lost@300/x", "a@0/x won@360/x",
  "a@0/x lost@420/x", "a@0/x won@480/x", "a@0/x lost@540/x", "a@0/x won@600/x", "a@0/x lost@660/x", "a@0/y won@720/y",
};

typedef struct Known Known;
struct Known { int64_t entered; const char *label; double probability; uint32_t longer; int64_t close; };

static void test_deals_by_hand(void **state){
  /* now is 6000; close: the beginning of the minute */
  static const Known known[] = {
    {6000, "/x", 5/11.0, 11, 6360}, {6000, "/y", 6/12.0, 12, 6420}, {6000, "/new", 6/12.0, 12, 6420},
    {5940, "/x", 5/10.0, 10, 6300}, {5911, "/x", 5/10.0, 10, 6300},       /* 89 seconds are 1 minute, 90 are 2 */
    {5910, "/x", 5/10.0, 10, 6360}, {5880, "/x", 5/10.0, 10, 6360},       /* nine of x are left: all */
    {5820, "/x", 5/10.0, 9, 6360}, {5280, "/y", 5/10.0, 0, 6360},         /* fewer than ten in all: as at 2 */
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    char deals[60];
    Case x;
    snprintf(deals, sizeof deals, "a@%lld=100%s", (long long)known[i].entered, known[i].label);
    assert_true(open_case(&env, &x, 1, "a > won", "exits=lost; as_of=6000", deals, past, N_PAST, AT_FORECAST_DEALS));
    assert_int_equal(x.forecast.n, 1);
    assert_int_equal(x.forecast.n_dues, 0);
    assert_true(x.forecast.deals[0].probability==known[i].probability);
    assert_int_equal(x.forecast.deals[0].longer, known[i].longer);
    if( x.forecast.deals[0].close!=known[i].close*AT_SECOND ) fail_msg("case %zu: %lld", i, (long long)(x.forecast.deals[0].close/AT_SECOND));
    assert_true(x.forecast.deals[0].expected_value==100*known[i].probability);
    assert_true(fabs(x.forecast.deals[0].age_days-(double)(6000-known[i].entered)/86400)<1e-12);
    close_case(&env, &x);
  }
}

/* All wins come after 9 minutes, whatever else: the mean is 9 minutes, and no rounding makes the cell before of it. */
static void test_close_to_the_cell(void **state){
  Random r = {4};
  int round;
  for(round=0; round<400; round++){
    AtEnv env = heap_env(*state);
    char text[40][40];
    const char *entities[40];
    size_t n = 2 + random_below(&r, 39), i;
    Case x;
    for(i=0; i<n; i++){
      int minutes = (int)random_below(&r, 10);
      entities[i] = text[i];
      if( i==0 || random_below(&r, 3)==0 ) snprintf(text[i], sizeof text[i], "a@0 won@540");
      else if( random_below(&r, 2) ) snprintf(text[i], sizeof text[i], "a@0 lost@%d", minutes*60);
      else snprintf(text[i], sizeof text[i], "a@%d", 6000-minutes*60);
    }
    assert_true(open_case(&env, &x, 0, "a > won", "exits=lost; as_of=6000", "a@6000", entities, n, AT_FORECAST_DEALS));
    assert_true(x.forecast.deals[0].probability>0);
    assert_int_equal(x.forecast.deals[0].close, 6540*AT_SECOND);
    close_case(&env, &x);
  }
}

/* A share p of n deals, each a part of its own: the jackknife is p(1-p)/(n-1). */
static void test_bounds_by_hand(void **state){
  AtEnv env = heap_env(*state);
  double error = sqrt(0.25/11)/0.25, z = at_normal_quantile(0.8);
  Case x;
  assert_true(open_case(&env, &x, 0, "a > won", "exits=lost; as_of=6000; confidence=0.8", "a@6000=1", past, N_PAST, AT_FORECAST_DEALS));
  assert_true(fabs(x.forecast.deals[0].low-1/(1+exp(z*error)))<1e-12);
  assert_true(fabs(x.forecast.deals[0].high-1/(1+exp(-z*error)))<1e-12);
  close_case(&env, &x);
}

/* Nothing tells how well it is known: one deal, nobody as old, all evidence in one part. */
static void test_bounds_that_are_not_known(void **state){
  static const char *const one[] = {"a@0 won@60 a@120 lost@240"};
  static const char *const twenty_one[] = {"a@0 won@60", "b@0 won@60", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0",
                                           "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "b@0", "a@0 lost@60", "b@0"};
  static const struct { const char *deals; const char *const *past; size_t n; double probability; } known[] = {
    {"a@6000", one, 1, 0.5}, {"a@6000", twenty_one, 22, 0.5},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_true(open_case(&env, &x, 0, "a > b > won", "exits=lost; as_of=6000", known[i].deals, known[i].past, known[i].n, AT_FORECAST_DEALS));
    assert_true(x.forecast.deals[0].probability==known[i].probability);
    assert_true(isnan(x.forecast.deals[0].low) && isnan(x.forecast.deals[0].high));
    close_case(&env, &x);
  }
}

static void test_certain_and_hopeless(void **state){
  static const char *const won[] = {"a@0 won@60", "a@0 won@120"}, *const lost[] = {"a@0 lost@60", "a@0 lost@120"};
  int is_won;
  for(is_won=0; is_won<2; is_won++){
    AtEnv env = heap_env(*state);
    const char *const *past_of = is_won ? won : lost;
    double zz = 1.959963984540054*1.959963984540054;
    Case x;
    assert_true(open_case(&env, &x, 0, "a > won", "exits=lost; as_of=6000", "a@6000=7 a@6000=-3 a@6000", past_of, 2, AT_FORECAST_PERIODS));
    assert_true(x.forecast.deals[0].probability==is_won);
    assert_true(fabs(x.forecast.deals[0].high-(is_won ? 1 : zz/(2+zz)))<1e-12);
    assert_true(fabs(x.forecast.deals[0].low-(is_won ? 2/(2+zz) : 0))<1e-12);
    assert_true((x.forecast.deals[0].close==AT_NO_TIME)==!is_won);
    assert_true(isnan(x.forecast.deals[2].value) && isnan(x.forecast.deals[2].expected_value));
    assert_int_equal(x.forecast.n_dues, 1);
    assert_int_equal(x.forecast.dues[0].deals, is_won ? 3 : 0);
    assert_true(x.forecast.dues[0].value==4*is_won && x.forecast.dues[0].expected_value==4*is_won);
    assert_true(x.forecast.dues[0].low==4*is_won && x.forecast.dues[0].high==4*is_won);
    close_case(&env, &x);
  }
}

/* One of twelve was won: 8.3 % are below the 10 % that an interval of 80 % may leave out, but 12.0 % with the error of
** such a history are not (tests/sql/cases/forecast.sql has the sum). */
static void test_doubt_counts(void **state){
  static const char *const one_won[] = {"a@0 won@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60",
                                        "a@0 lost@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60", "a@0 lost@60"};
  static const struct { const char *options; double high; } known[] = {{"exits=lost; as_of=6000; confidence=0.8", 100}, {"exits=lost; as_of=6000; confidence=0.75", 0}};
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_true(open_case(&env, &x, 0, "a > won", known[i].options, "a@6000=100", one_won, COUNT(one_won), AT_FORECAST_PERIODS));
    assert_true(x.forecast.dues[0].low==0 && x.forecast.dues[0].high==known[i].high);
    close_case(&env, &x);
  }
}

/* Nothing at all: one row in all, none by period. */
static void test_nothing(void **state){
  static const struct { const char *options, *deals; size_t n; uint32_t n_dues; } known[] = {
    {"", "", 0, 1}, {"period=month", "", 0, 0}, {"as_of=5; period=month", "", 0, 1}, {"exits=lost", "", N_PAST, 1}, {"exits=lost; period=day", "", N_PAST, 1},
    {"exits=lost; as_of=-5", "a@5=1", N_PAST, 1}, {"exits=lost; as_of=-5; period=year", "a@5=1", N_PAST, 1},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_true(open_case(&env, &x, 0, "a > won", known[i].options, known[i].deals, past, known[i].n, AT_FORECAST_PERIODS));
    assert_int_equal(x.forecast.n, 0);
    assert_int_equal(x.forecast.n_dues, known[i].n_dues);
    if( x.forecast.n_dues ) assert_true(x.forecast.dues[0].deals==0 && x.forecast.dues[0].low==0 && x.forecast.dues[0].high==0);
    close_case(&env, &x);
  }
}

/* Won 12 hours and 36 hours after: day by day, the first half of a day belongs to what is left of today. */
static void test_periods_by_hand(void **state){
  static const char *const days[] = {"a@0 won@43200", "a@0 won@129600"};
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, 0, "a > won", "as_of=864000; period=day", "a@864000=10", days, 2, AT_FORECAST_PERIODS));
  assert_int_equal(x.forecast.n_dues, 2);
  assert_int_equal(x.forecast.dues[0].period, 10);
  assert_int_equal(x.forecast.dues[1].period, 11);
  assert_true(x.forecast.dues[0].expected_value==5 && x.forecast.dues[1].expected_value==5);
  close_case(&env, &x);
  env = heap_env(*state);
  assert_true(open_case(&env, &x, 0, "a > won", "as_of=907200; period=day", "a@907200=10", days, 2, AT_FORECAST_PERIODS));
  assert_int_equal(x.forecast.n_dues, 3);                /* from noon: half of what comes at midnight, the rest on the next day */
  assert_true(fabs(x.forecast.dues[0].expected_value-2.5)<1e-12 && fabs(x.forecast.dues[1].expected_value-5)<1e-12);
  assert_true(fabs(x.forecast.dues[2].expected_value-2.5)<1e-12);
  close_case(&env, &x);
}

/********************************* Any pipeline *******************************/

typedef struct Pipeline Pipeline;
struct Pipeline { char deals[800], text[60][100]; const char *entities[60]; size_t n; };

static void random_pipeline(Random *r, Pipeline *p, int unit){
  static const char *const stages[] = {"a", "b", "won", "lost"};
  size_t used = 0, i;
  uint32_t n_deals = random_below(r, 13), k;
  p->n = 2 + random_below(r, 59);
  p->entities[0] = "a@0/x b@10/x lost@20/x";              /* so that no stage is without a history */
  for(i=1; i<p->n; i++){
    uint32_t time = random_below(r, 30), steps = 1 + random_below(r, 4);
    size_t n = 0;
    for(k=0; k<steps; k++){
      n += (size_t)snprintf(p->text[i]+n, sizeof p->text[i]-n, "%s%s@%d/%s", k ? " " : "", stages[k ? random_below(r, 4) : random_below(r, 2)],
                            (int)time*unit, random_below(r, 3) ? "x" : "y");
      time += random_below(r, 20);
    }
    p->entities[i] = p->text[i];
  }
  p->deals[0] = 0;
  for(k=0; k<n_deals; k++){
    used += (size_t)snprintf(p->deals+used, sizeof p->deals-used, "%s%s@%d=%d/%s", k ? " " : "", stages[random_below(r, 2)], (int)random_below(r, 40)*unit,
                             (int)random_below(r, 100)-5, random_below(r, 3) ? "x" : "z");
  }
}

static void check_sums(const AtForecast *whole, const AtForecast *parts){
  double deals = 0, value = 0, chance = 0, expected = 0;
  uint32_t i;
  for(i=0; i<whole->n; i++){
    const AtOpenDeal *d = &whole->deals[i];
    assert_true(d->probability>=0 && d->probability<=1 && d->stage>=1 && d->stage<=2);
    if( !isnan(d->low) ) assert_true(d->low<=d->probability && d->probability<=d->high && d->low>=0 && d->high<=1);
    chance += d->probability;
    expected += d->expected_value;
  }
  assert_int_equal(whole->n_dues, 1);
  assert_true(fabs(whole->dues[0].expected_deals-chance)<1e-9 && fabs(whole->dues[0].expected_value-expected)<1e-9);
  assert_true(whole->dues[0].low<=whole->dues[0].high);
  for(i=0; i<parts->n_dues; i++){
    const AtDue *due = &parts->dues[i];
    if( i ) assert_int_equal(due->period, parts->dues[i-1].period+1);
    assert_true(due->deals<=whole->n && due->low<=due->high && due->expected_deals>=0 && due->expected_deals<=due->deals+1e-9);
    deals += due->expected_deals;
    value += due->expected_value;
  }
  assert_true(fabs(deals-chance)<1e-9 && fabs(value-expected)<1e-9);
}

static void test_whole_and_parts(void **state){
  static const char *const options[] = {"exits=lost", "exits=lost; as_of=3000000", "exits=lost; recycle=8 days", "exits=lost; boomerang=on; confidence=0.5"};
  static const char *const periods[] = {"; period=day", "; period=week", "; period=month", "; period=year"};
  Random r = {1};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    const char *chosen = options[random_below(&r, COUNT(options))];
    char by_period[100];
    Pipeline p;
    Case whole, parts;
    random_pipeline(&r, &p, 86400);
    snprintf(by_period, sizeof by_period, "%s%s", chosen, periods[random_below(&r, COUNT(periods))]);
    if( !open_case(&env, &whole, round%2, "a > b > won", chosen, p.deals, p.entities, p.n, AT_FORECAST_PERIODS) ) fail_msg("%s", env.error.text);
    assert_true(open_case(&env, &parts, round%2, "a > b > won", by_period, p.deals, p.entities, p.n, AT_FORECAST_PERIODS));
    check_sums(&whole.forecast, &parts.forecast);
    close_case(&env, &whole);
    close_case(&env, &parts);
  }
}

static void test_threads(void **state){
  Random r = {2};
  int round, threads;
  (void)state;
  for(round=0; round<40; round++){
    AtDue first[400];
    uint32_t n = 0;
    Pipeline p;
    random_pipeline(&r, &p, 86400);
    for(threads=1; threads<5; threads++){
      AtEnv env = threads_env(threads);
      Case x;
      assert_true(open_case(&env, &x, 0, "a > b > won", "exits=lost; period=day", p.deals, p.entities, p.n, AT_FORECAST_PERIODS));
      assert_true(x.forecast.n_dues<COUNT(first));
      if( threads==1 ) memcpy(first, x.forecast.dues, (n = x.forecast.n_dues)*sizeof *first);
      assert_int_equal(x.forecast.n_dues, n);
      assert_memory_equal(x.forecast.dues, first, n*sizeof *first);
      close_case(&env, &x);
    }
  }
}

/* Values of 1e290, and an error of one deal that is a million times all that may move. */
static void test_extreme_values(void **state){
  static const double scales[] = {1, 1e285, 1e-285};
  size_t i, k;
  double lows[3], highs[3];
  for(i=0; i<COUNT(scales); i++){
    AtEnv env = heap_env(*state);
    char deals[2000];
    size_t used = 0;
    Case x;
    for(k=0; k<40; k++) used += (size_t)snprintf(deals+used, sizeof deals-used, "%sa@6000=%d", k ? " " : "", 1000+(int)(k*k));
    memset(&x, 0, sizeof x);
    at_options_parse(&env, &x.options, "exits=lost; as_of=6000", 22, AT_FOR_FORECAST_SUMMARY);
    parse_stages(&env, &x.stages, "a > won");
    x.deals = load_deals(&env, 0, deals);
    x.history = load_events(&env, 0, past, N_PAST);
    assert_ok(&env);
    for(k=0; k<x.deals->n; k++) x.deals->number[k] *= scales[i];
    assert_true(at_forecast(&env, &x.forecast, x.deals, x.history, &x.stages, &x.options, AT_FORECAST_PERIODS));
    lows[i] = x.forecast.dues[0].low/scales[i];
    highs[i] = x.forecast.dues[0].high/scales[i];
    assert_true(lows[i]>0 && lows[i]<highs[i]);
    assert_true(fabs(lows[i]-lows[0])<1e-6*lows[0] && fabs(highs[i]-highs[0])<1e-6*highs[0]);
    close_case(&env, &x);
  }
}

static void test_doubt_of_what_is_certain(void **state){
  /* In a one deal was won last, all others were lost from sight: 1, but nothing without that one. In b half were won. */
  static const char *const seen[] = {
    "a@600 a@600", "a@600", "a@600", "a@600", "a@600", "a@600", "a@600", "a@600", "a@600", "a@600", "a@0 won@660", "z@660",
    "b@0 won@60", "b@0 lost@60", "b@0 won@60", "b@0 lost@60", "b@0 won@60", "b@0 lost@60", "b@0 won@60", "b@0 lost@60", "b@0 won@60", "b@0 lost@60",
  };
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, 0, "a > b > won", "exits=lost,z; as_of=660", "a@660=1000000 b@660=1", seen, COUNT(seen), AT_FORECAST_PERIODS));
  assert_true(x.forecast.deals[0].probability==1 && x.forecast.deals[1].probability==0.5);
  assert_true(x.forecast.dues[0].expected_value==1000000.5);
  assert_true(x.forecast.dues[0].low==1e6 && x.forecast.dues[0].high==1e6+1);
  close_case(&env, &x);
}

/************************************ Failures ********************************/

static void test_errors(void **state){
  static const struct { const char *stages, *options, *deals, *words; } known[] = {
    {"won", "", "", "one stage|discovery > proposal > won"}, {"a > won", "order=any", "", "order=any|order=ordered"},
    {"a > won", "", "", "history has 'lost'|no option says|exits=lost"}, {"a > won", "exits=gone", "", "history has 'lost'|none of the labels|exits=lost"},
    {"a > won", "exits=lost", "b@5", "open deal 101|in no stage|'b'"},
    {"a > won", "exits=lost", "won@5", "open deal 101|last stage|'won'"}, {"abc > a > won", "exits=lost", "abd@5", "'abd'|did you mean abc?"},
    {"a > b > won", "exits=lost", "b@5", "no deal of the history|stage 'b'"}, {"a > won", "exits=a", "", "stage 'a'|exits"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_false(open_case(&env, &x, 0, known[i].stages, known[i].options, known[i].deals, past, N_PAST, AT_FORECAST_PERIODS));
    assert_error(&env, AT_INVALID, known[i].words);
    close_case(&env, &x);
  }
}

static void forecast_all(AtEnv *env, void *given){
  Random r = {3};
  Pipeline p;
  Case x;
  random_pipeline(&r, &p, 86400);
  while( p.deals[0]==0 || p.n<30 ) random_pipeline(&r, &p, 86400);
  env->threads = 1;
  open_case(env, &x, 1, "a > b > won", given, p.deals, p.entities, p.n, AT_FORECAST_PERIODS);
  close_case(env, &x);
}

static void test_failures(void **state){
  static char whole[] = "exits=lost", months[] = "exits=lost; period=month";
  check_failures(*state, forecast_all, whole, 60);
  check_failures(*state, forecast_all, months, 80);
  check_stops(*state, forecast_all, whole, 100);
  check_stops(*state, forecast_all, months, 100);
}

/* So many deals of different ages, and days for more than a century: a table that nobody can read. */
static void test_too_many_periods(void **state){
  enum { N = 700 };
  AtEnv env = heap_env(*state);
  const char *entities[40];
  char *deals = malloc(N*20);
  size_t used = 0;
  int i;
  Case x;
  assert_non_null(deals);
  for(i=0; i<40; i++) entities[i] = "a@0 won@9000000000";           /* 285 years */
  for(i=0; i<N; i++) used += (size_t)snprintf(deals+used, N*20-used, "a@%lld ", i*8640000LL);
  assert_false(open_case(&env, &x, 0, "a > won", "period=day", deals, entities, 40, AT_FORECAST_PERIODS));
  assert_error(&env, AT_TOOBIG, "option period makes 1|too many for so many open deals; write a longer one");
  close_case(&env, &x);
  env = heap_env(*state);
  assert_true(open_case(&env, &x, 0, "a > won", "period=year", deals, entities, 40, AT_FORECAST_PERIODS));
  close_case(&env, &x);
  free(deals);
}

static void test_stages_unknown_to_the_list(void **state){
  static const char *const entities[] = {"discovery@0 b@5 won@9"}, *const lost[] = {"discovery@0 zzz@5", "discovery@0 won@9"};
  static const struct { const char *deal, *options; int strange; const char *words; } known[] = {
    {"B x@1", "", 0, "101|'B x'|name its stage in stages"}, {"disovery@1", "", 0, "did you mean discovery?"},
    {"discovery@1", "", 1, "'zzz'|no option says how a deal is lost"}, {"discovery@1", "exits=lost", 1, "'zzz'|none of the labels"},
    {"discovery@1", "exclude=zzz", 1, NULL}, {"discovery@1", "exclude_drop=zzz", 1, NULL}, {"discovery@1", "exits=zzz", 1, NULL},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    open_case(&env, &x, 0, "discovery > a > b > won", known[i].options, known[i].deal, known[i].strange ? lost : entities, 1+(size_t)known[i].strange, AT_FORECAST_DEALS);
    if( known[i].words ) assert_error(&env, AT_INVALID, known[i].words);
    else assert_ok(&env);
    close_case(&env, &x);
  }
}

/* Before 1970 a cell begins earlier than its times, too: all is moved by a million minutes. */
static void test_times_before_1970(void **state){
  static char moved[N_PAST][80];
  const char *entities[N_PAST];
  int64_t close = 0;
  int shift, i;
  for(shift=0; shift<2; shift++){
    AtEnv env = heap_env(*state);
    int64_t from = shift ? -60000000 : 0;
    char options[60], deal[40];
    Case x;
    for(i=0; i<N_PAST; i++){
      snprintf(moved[i], sizeof moved[i], "a@%lld %s@%lld", (long long)from, i%2 ? "won" : "lost", (long long)(from+60*(i+1)));
      entities[i] = moved[i];
    }
    snprintf(options, sizeof options, "exits=lost; as_of=%lld", (long long)(from+6010));
    snprintf(deal, sizeof deal, "a@%lld", (long long)(from+6010));
    assert_true(open_case(&env, &x, 0, "a > won", options, deal, entities, N_PAST, AT_FORECAST_DEALS));
    assert_int_equal(x.forecast.n, 1);
    assert_true(x.forecast.deals[0].probability==0.5);
    assert_int_equal(x.forecast.deals[0].close%(60*AT_SECOND), 0);
    if( shift ) assert_int_equal(x.forecast.deals[0].close, close+from*AT_SECOND);
    else close = x.forecast.deals[0].close;
    close_case(&env, &x);
  }
  assert_int_equal(close, 6420*AT_SECOND);           /* 7 minutes on, of 6010 the beginning of the minute */
}

/* What takes 6,000 years closes with time itself: the year 9999. */
static void test_beyond_all_time(void **state){
  static const char *const old[] = {"a@0 won@200000000000", "a@0 won@200000000000", "a@0 won@200000000000"};
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, 0, "a > won", "as_of=230000000000; period=year", "a@230000000000=5", old, COUNT(old), AT_FORECAST_PERIODS));
  assert_int_equal(x.forecast.n, 1);
  assert_true(x.forecast.deals[0].probability==1 && x.forecast.deals[0].close==AT_MAX_TIME);
  assert_int_equal(x.forecast.dues[x.forecast.n_dues-1].period, 9999);
  assert_true(x.forecast.dues[0].period==9999-(int64_t)x.forecast.n_dues+1 && x.forecast.n_dues>700);
  close_case(&env, &x);
}

/* The first of several labels that nobody has explained; a name that is too long to be offered for another. */
static void test_names_in_messages(void **state){
  static const char *const strange[] = {"a@0 lapsed@60", "a@0 gone@60", "a@0 won@60"}, *const fine[] = {"a@0 won@60"};
  AtEnv env = heap_env(*state);
  char stages[200];
  Case x;
  assert_false(open_case(&env, &x, 0, "a > won", "", "", strange, COUNT(strange), AT_FORECAST_DEALS));
  assert_error(&env, AT_INVALID, "history has 'gone'|exits=lost");
  close_case(&env, &x);
  memset(stages, 'x', 130);
  strcpy(stages+130, " > a > discovery > won");
  env = heap_env(*state);
  assert_false(open_case(&env, &x, 0, stages, "", "dicsovery@60", fine, COUNT(fine), AT_FORECAST_DEALS));
  assert_error(&env, AT_INVALID, "'dicsovery'|did you mean discovery?");
  close_case(&env, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_deals_by_hand),
    HEAP_TEST(test_close_to_the_cell),
    HEAP_TEST(test_bounds_by_hand),
    HEAP_TEST(test_bounds_that_are_not_known),
    HEAP_TEST(test_certain_and_hopeless),
    HEAP_TEST(test_doubt_counts),
    HEAP_TEST(test_nothing),
    HEAP_TEST(test_periods_by_hand),
    HEAP_TEST(test_whole_and_parts),
    HEAP_TEST(test_threads),
    HEAP_TEST(test_extreme_values),
    HEAP_TEST(test_doubt_of_what_is_certain),
    HEAP_TEST(test_errors),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_too_many_periods),
    HEAP_TEST(test_stages_unknown_to_the_list),
    HEAP_TEST(test_times_before_1970),
    HEAP_TEST(test_beyond_all_time),
    HEAP_TEST(test_names_in_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
