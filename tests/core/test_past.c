/*
** test_past.c: a history of passes as stays, by hand, and its look-ups against a look at every stay.
*/
#include "funnel_common.h"
#include "../../ext/core/forecast.h"

typedef struct Case Case;
struct Case { AtStages stages; AtOptions options; AtStore *events; AtFunnel funnel; AtPast past; };

static int open_case(AtEnv *env, Case *x, int n_tags, const char *stages, const char *options, const char *const *entities, size_t n){
  memset(x, 0, sizeof *x);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FORECAST);
  if( !env->error.code ) parse_stages(env, &x->stages, stages);
  if( !env->error.code ) x->events = load_events(env, n_tags, entities, n);
  if( x->events && at_funnel_check(env, &x->stages, &x->options)
   && at_funnel_open(env, &x->funnel, x->events, &x->stages, &x->options) ){
    at_past_open(env, &x->past, &x->funnel);
  }
  return !env->error.code;
}

static void close_case(AtEnv *env, Case *x){
  at_past_free(env->alloc, &x->past);
  at_funnel_close(env->alloc, &x->funnel);
  at_store_release(x->events);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

/* '1:5/9w0 …': stage, cells in it, cells to the pass's end, how it ended, part. */
static void show(const AtPast *p, char *out, size_t room){
  size_t n = 0;
  uint32_t i;
  out[0] = 0;
  for(i=0; i<p->n && n<room; i++){
    const AtPastStay *s = &p->stays[i];
    n += (size_t)snprintf(out+n, room-n, "%s%d:%lld/%lld%c%d", i ? " " : "", s->stage, (long long)s->stay, (long long)s->whole, "wxo"[s->ending], s->part);
  }
}

/* Cells are minutes here: times below are in seconds, 60 to a cell. */
static void test_by_hand(void **state){
  static const struct { const char *stages, *options, *entities[3], *shown; } known[] = {
    {"a > b > won", "", {"", "", ""}, ""}, {"a > b > won", "", {"z@1", "", ""}, ""}, {"a > b > won", "", {"won@5", "", ""}, ""},
    {"a > b > won", "", {"a@0 b@60 won@180", "", ""}, "1:1/3w0 2:2/2w0"},
    {"a > b > won", "", {"a@0 won@180", "", ""}, "1:3/3w0"},                      /* b was skipped: no stay */
    {"a > b > won", "", {"b@0 won@180", "", ""}, "2:3/3w0"},
    {"a > b? > won", "", {"a@0 won@180", "", ""}, "1:3/3w0"},
    {"a > b > won", "exits=lost", {"a@0 b@60 lost@240", "", ""}, "1:1/4x0 2:3/3x0"},
    {"a > b > won", "", {"a@0 b@60 z@300", "", ""}, "1:1/5o0 2:4/4o0"},           /* open: up to now */
    {"a > b > won", "as_of=240", {"a@0 b@60 won@300", "", ""}, "1:1/4o0 2:3/3o0"},
    {"a > b > won", "recycle=120 s", {"a@0 b@60 z@600", "", ""}, "1:1/3x0 2:2/2x0"},
    {"a > b > won", "boomerang=on", {"a@0 b@60 a@180 won@240", "", ""}, "1:1/3x0 1:1/1w0 2:2/2x0"},
    {"a > b > won", "exits=lost; passes=first", {"a@0 lost@60 a@120 won@600", "", ""}, "1:1/1x0"},
    {"a > b > won", "exclude_drop=lost", {"a@0 b@60 lost@240", "", ""}, ""},
    {"a > b > won", "", {"a@0 won@29", "a@0 won@30", "a@0 won@90"}, "1:2/2w2 1:1/1w1 1:0/0w0"},  /* to the nearest, longest first */
    {"a > b > won", "", {"a@0 b@600", "z@300", "a@0 b@60"}, "1:10/10o0 1:1/10o2 2:9/9o2 2:0/0o0"},
    {"a > b > won", "as_of=60", {"a@0", "a@120", "a@0 won@60"}, "1:1/1o0 1:1/1w1"},  /* who does not exist yet has no part */
  };
  size_t i, n;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    char shown[300];
    Case x;
    for(n=0; n<3 && known[i].entities[n][0]; n++){}
    if( !open_case(&env, &x, 0, known[i].stages, known[i].options, known[i].entities, n) ) fail_msg("case %zu: %s", i, env.error.text);
    show(&x.past, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("case %zu: %s, not %s", i, shown, known[i].shown);
    assert_null(x.past.labelled);
    close_case(&env, &x);
  }
}

/* Minutes up to a day, hours up to 60 days, days up to 4,000, else as many days as it takes. */
static void test_units(void **state){
  static const struct { int64_t longest, unit; } known[] = {   /* seconds */
    {0, 60}, {86400, 60}, {86401, 3600}, {60*86400, 3600}, {60*86400+1, 86400}, {INT64_C(4000)*86400, 86400},
    {INT64_C(4000)*86400+1, 2*86400}, {INT64_C(8000)*86400, 2*86400}, {INT64_C(8000)*86400+1, 3*86400}, {INT64_C(100000)*86400, 25*86400},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    const char *entities[1];
    char text[60];
    int64_t unit = known[i].unit, cells = (known[i].longest+unit/2)/unit;
    Case x;
    snprintf(text, sizeof text, "a@0 won@%lld", (long long)known[i].longest);
    entities[0] = text;
    assert_true(open_case(&env, &x, 0, "a > won", "", entities, 1));
    assert_int_equal(x.past.unit, unit*AT_SECOND);
    assert_int_equal(x.past.stays[0].whole, cells);
    assert_int_equal(x.past.cells, cells+1);
    assert_true(x.past.cells<=AT_FORECAST_CELLS+2);
    close_case(&env, &x);
  }
}

static void test_parts(void **state){
  enum { N = 50 };
  static const char *entities[N];
  uint32_t n, i;
  for(i=0; i<N; i++) entities[i] = "a@0 b@60 won@120";
  for(n=0; n<=N; n++){
    AtEnv env = heap_env(*state);
    uint32_t seen[AT_FORECAST_PARTS] = {0}, parts = n>AT_FORECAST_PARTS ? AT_FORECAST_PARTS : n ? n : 1;
    Case x;
    assert_true(open_case(&env, &x, 0, "a > b > won", "", entities, n));
    assert_int_equal(x.past.n, 2*n);
    assert_int_equal(x.past.n_parts, parts);
    for(i=0; i<2*n; i++) seen[x.past.stays[i].part]++;
    for(i=0; i<AT_FORECAST_PARTS; i++) assert_int_equal(seen[i], i<n ? 2*((n-1-i)/parts+1) : 0);
    close_case(&env, &x);
  }
}

/************************************ Look-ups ********************************/

/* Deals that go on now and then, in labels and a few minutes. */
static void random_events(Random *r, char *out, size_t room){
  static const char *const stages[] = {"a", "b", "c", "won", "lost"};
  static const char *const labels[] = {"x", "y", "z"};
  uint32_t steps = 1 + random_below(r, 4), time = random_below(r, 30), k;
  size_t n = 0;
  for(k=0; k<steps && n<room; k++){
    const char *stage = stages[k ? random_below(r, COUNT(stages)) : random_below(r, 3)];
    n += (size_t)snprintf(out+n, room-n, "%s%s@%u/%s", k ? " " : "", stage, time*60, labels[random_below(r, 3)]);
    time += random_below(r, 12);
  }
}

static void check_lookups(const AtPast *p, uint32_t label, uint32_t stage){
  uint32_t n, i, k, found = 0;
  const AtPastStay *stays = at_past_stays(p, label, stage, &n);
  int64_t age, greatest = AT_JUST_ENTERED;
  for(i=0; i<p->n; i++) found += p->stays[i].stage==stage && (label==AT_ALL_LABELS || p->stays[i].label==label);
  assert_int_equal(n, found);
  for(i=0; i<n; i++){
    assert_true(stays[i].stage==stage && (label==AT_ALL_LABELS || stays[i].label==label));
    if( i ) assert_true(stays[i-1].stay>=stays[i].stay);
  }
  for(age=0; age<(int64_t)p->cells+2; age++){
    for(i=k=0; i<n; i++) k += stays[i].stay>age;
    assert_int_equal(at_past_longer(p, label, stage, age), k);
    if( k>=AT_EVIDENCE ) greatest = age;
    if( label==AT_ALL_LABELS ) assert_int_equal(at_past_age(p, stage, age), greatest);
  }
  assert_int_equal(at_past_longer(p, label, stage, AT_JUST_ENTERED), n);
}

static void test_lookups(void **state){
  enum { MOST = 60 };
  Random r = {1};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    char text[MOST][120];
    const char *entities[MOST];
    uint32_t n = random_below(&r, MOST+1), i, label, stage;
    Case x;
    for(i=0; i<n; i++){ random_events(&r, text[i], sizeof text[i]); entities[i] = text[i]; }
    assert_true(open_case(&env, &x, 1, "a > b > c > won", "exits=lost", entities, n));
    for(stage=1; stage<5; stage++){
      check_lookups(&x.past, AT_ALL_LABELS, stage);
      for(label=0; label<4; label++) check_lookups(&x.past, label, stage);
    }
    for(i=0; i<x.past.n; i++) assert_true(x.past.stays[i].whole>=x.past.stays[i].stay && x.past.stays[i].whole<(int64_t)x.past.cells);
    close_case(&env, &x);
  }
}

/************************************ Failures ********************************/

static void open_many(AtEnv *env, void *given){
  const char *entities[300];
  size_t i;
  Case x;
  (void)given;
  for(i=0; i<COUNT(entities); i++) entities[i] = i%2 ? "a@0/x b@600/y won@1200/x" : "a@30/y lost@900/x a@1000/x";
  open_case(env, &x, 1, "a > b > won", "exits=lost", entities, COUNT(entities));
  close_case(env, &x);
}

static void test_failures(void **state){
  check_failures(*state, open_many, NULL, 20);
  check_stops(*state, open_many, NULL, 300);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_units),
    HEAP_TEST(test_parts),
    HEAP_TEST(test_lookups),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
