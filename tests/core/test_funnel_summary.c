/*
** test_funnel_summary.c: the table of stages by hand, and against the passes of
** the same funnel added up one by one.
*/
#include "funnel_common.h"

typedef struct Case Case;
struct Case { AtStages stages; AtOptions options; AtStore *events; AtFunnel funnel; AtStageTable table; };

static int open_case(AtEnv *env, Case *x, const char *stages, const char *options, const char *const *entities, size_t n){
  memset(x, 0, sizeof *x);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FUNNEL_SUMMARY);
  if( !env->error.code ) parse_stages(env, &x->stages, stages);
  if( !env->error.code ) x->events = load_events(env, x->options.hold ? 2 : 1, entities, n);
  if( x->events && at_funnel_open(env, &x->funnel, x->events, &x->stages, &x->options) ){
    at_funnel_summarize(env, &x->table, &x->funnel);
  }
  return !env->error.code;
}

static void close_case(AtEnv *env, Case *x){
  at_stage_table_free(env->alloc, &x->table);
  at_funnel_close(env->alloc, &x->funnel);
  at_store_release(x->events);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

/************************************ By hand *********************************/

/* Six leads, day by day; one skips b, one is lost, one recycled, one still open. */
static const char *const leads[] = {
  "a@0/ads b@172800/ads c@259200/ads", "a@0/ads b@345600/x c@345600/x", "a@0/ads c@432000/x", "a@0/seo lost@86400/seo",
  "a@86400/seo", "a@777600/seo b@864000/seo",
};

static void assert_row(const AtStageRow *row, uint32_t number, const uint64_t counts[5], double rate, double overall, double mean, double median, double expected){
  static const int outcomes[] = {AT_ADVANCED, AT_EXITED, AT_RECYCLED, AT_OPEN};
  const double got[] = {row->rate, row->overall, row->mean, row->median, row->expected};
  double wanted[5];
  int i;
  wanted[0] = rate; wanted[1] = overall; wanted[2] = mean; wanted[3] = median; wanted[4] = expected;
  assert_int_equal(row->number, number);
  assert_int_equal(row->entered, counts[0]);
  for(i=0; i<4 && counts[i+1]!=UINT64_MAX; i++) assert_int_equal(row->outcome[outcomes[i]], counts[i+1]);
  for(i=0; i<5; i++){
    if( isnan(wanted[i]) ) assert_true(isnan(got[i]));
    else assert_close(got[i], wanted[i], 1e-12);
  }
  assert_int_equal(isnan(row->rate_low), isnan(row->rate));
  if( !isnan(row->rate) ) assert_true(row->rate_low<=row->rate && row->rate<=row->rate_high);
}

static void test_by_hand(void **state){
  static const uint64_t a[] = {6, 4, 1, 1, 0}, b[] = {4, 3, 0, 0, 1}, c[5] = {3, UINT64_MAX};
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, "a > b > c", "exits=lost; recycle=6 days", leads, COUNT(leads)));
  assert_int_equal(x.table.n, 3);
  /* in a: 2, 4, 5 and 1 days until b; recycled after 6; lost after 1. At risk 6: 1 and 1 of 6, then 4: 1 each */
  assert_row(&x.table.rows[0], 1, a, 4.0/6, 1, 3, 3, 4.0/6);
  /* in b: 1 and 0 days, and one that was filled in, of no time: it counts, but in no mean; open for 0 days */
  assert_row(&x.table.rows[1], 2, b, 0.75, 4.0/6, 0.5, 0.5, 1);
  assert_row(&x.table.rows[2], 3, c, NAN, 0.5, NAN, NAN, NAN);
  assert_close(x.table.rows[0].p90, 4.7, 1e-12);
  close_case(&env, &x);
}

/* Groups by label and period: only those that occur, in order, each with every stage. */
static void test_groups(void **state){
  AtEnv env = heap_env(*state);
  Case x;
  uint32_t i;
  assert_true(open_case(&env, &x, "a > b > c", "exits=lost; recycle=6 days; by=label; period=week", leads, COUNT(leads)));
  assert_int_equal(x.table.n, 9);                  /* week 1 of 1970: ads, seo; week 2: seo */
  for(i=0; i<9; i++){
    const AtStageRow *row = &x.table.rows[i];
    AtCell label = at_dict_cell(&x.events->tags[0], row->label), wanted = cell_text(i<3 ? "ads" : "seo");
    assert_true(row->period==(i>=6) && row->number==i%3+1);
    assert_true(same_cell(&label, &wanted));
  }
  assert_true(x.table.rows[0].entered==3 && x.table.rows[1].entered==3 && x.table.rows[2].entered==3);
  assert_true(x.table.rows[3].entered==2 && x.table.rows[4].entered==0 && x.table.rows[5].entered==0);
  assert_true(isnan(x.table.rows[4].rate) && x.table.rows[4].overall==0 && isnan(x.table.rows[4].expected));
  assert_true(x.table.rows[6].entered==1 && x.table.rows[7].entered==1 && x.table.rows[7].outcome[AT_OPEN]==1);
  close_case(&env, &x);
}

/* Without a pass: every stage has a row, but no group has one. */
static void test_nothing(void **state){
  static const char *const none[] = {"z@1/x"};
  static const struct { const char *options; uint32_t n; } known[] = {{"", 3}, {"by=label", 0}, {"period=day", 0}, {"by=label; period=day", 0}};
  size_t i, with;
  for(i=0; i<COUNT(known); i++){
    for(with=0; with<2; with++){
      AtEnv env = heap_env(*state);
      uint32_t k;
      Case x;
      assert_true(open_case(&env, &x, "a > b > c", known[i].options, none, with));
      assert_int_equal(x.table.n, known[i].n);
      for(k=0; k<x.table.n; k++){
        const AtStageRow *row = &x.table.rows[k];
        assert_true(row->entered==0 && isnan(row->rate) && isnan(row->rate_low) && isnan(row->overall) && isnan(row->mean) && isnan(row->expected));
      }
      close_case(&env, &x);
    }
  }
}

static void test_confidence_widens_bounds(void **state){
  AtEnv env = heap_env(*state);
  Case narrow, wide;
  double low, high;
  assert_true(open_case(&env, &narrow, "a > b > c", "confidence=0.5", leads, COUNT(leads)));
  assert_true(open_case(&env, &wide, "a > b > c", "confidence=0.99", leads, COUNT(leads)));
  assert_true(narrow.table.rows[0].rate==wide.table.rows[0].rate);
  assert_true(wide.table.rows[0].rate_low<narrow.table.rows[0].rate_low && narrow.table.rows[0].rate_high<wide.table.rows[0].rate_high);
  assert_true(at_wilson(4, 6, at_normal_quantile(0.99), &low, &high));
  assert_true(wide.table.rows[0].rate_low==low && wide.table.rows[0].rate_high==high);
  close_case(&env, &narrow);
  close_case(&env, &wide);
}

/********************************* Added up anew ******************************/

/* All rows of all passes of a stage in a group. */
typedef struct Tally Tally;
struct Tally { uint64_t entered, outcome[AT_OPEN+1]; double days[400]; uint32_t n_days; uint64_t spells[400]; uint32_t n_spells; };

static void tally_row(Tally *t, const AtFunnel *f, const AtPassRow *row){
  static const int endings[] = {AT_CONVERTED, 0, AT_CLOSED, AT_CLOSED, AT_CENSORED};
  assert_true(t->n_days<COUNT(t->days) && t->n_spells<COUNT(t->spells));
  t->entered++;
  t->outcome[row->outcome]++;
  if( row->outcome==AT_WON ) return;
  t->spells[t->n_spells++] = at_spell((int64_t)(at_funnel_seconds(f, row)*AT_SECOND + 0.5), endings[row->outcome]);
  if( row->outcome==AT_ADVANCED && !row->inferred ) t->days[t->n_days++] = at_funnel_seconds(f, row)/86400;
}

static void tally_group(AtEnv *env, AtFunnel *f, int64_t period, uint32_t label, uint32_t number, Tally *t){
  uint32_t e, i, k;
  memset(t, 0, sizeof *t);
  for(e=0; e<f->events->n_entities; e++){
    assert_true(at_funnel_entity(env, f, e));
    for(i=0; i<f->n_passes; i++){
      const AtPass *pass = &f->passes[f->pass_order[i]];
      if( at_period_of(pass->opened, f->options->period)!=period ) continue;
      for(k=0; k<pass->n; k++){
        const AtPassRow *row = &f->rows[pass->first+k];
        if( f->options->by_label && at_funnel_label(f, pass, row)!=label ) continue;
        if( row->number==number ) tally_row(t, f, row);
      }
    }
  }
}

static int compare_doubles(const void *a, const void *b){
  const double *x = a, *y = b;
  return *x<*y ? -1 : *x>*y;
}

/* Linear between neighbours; -1 for none. */
static double quantile(double *x, uint32_t n, double p){
  double at = p*(n-1.0);
  uint32_t i = (uint32_t)at;
  return i+1<n ? x[i] + (at-i)*(x[i+1]-x[i]) : x[i];
}

/* Aalen and Johansen, looking at every spell for every time. */
static double expected_rate(const uint64_t *spells, uint32_t n){
  double staying = 1, share = 0;
  int64_t last = -1;
  for(;;){
    int64_t time = INT64_MAX;
    double at_risk = 0, converted = 0, gone = 0;
    uint32_t i;
    for(i=0; i<n; i++) if( at_spell_time(spells[i])>last && at_spell_time(spells[i])<time ) time = at_spell_time(spells[i]);
    if( time==INT64_MAX ) return share;
    for(i=0; i<n; i++){
      at_risk += at_spell_time(spells[i])>=time;
      converted += spells[i]==at_spell(time, AT_CONVERTED);
      gone += spells[i]==at_spell(time, AT_CONVERTED) || spells[i]==at_spell(time, AT_CLOSED);
    }
    share += staying*converted/at_risk;
    staying *= 1-gone/at_risk;
    last = time;
  }
}

static void assert_same(double got, double wanted){
  if( isnan(wanted) ? !isnan(got) : !(fabs(got-wanted)<=1e-9*(1+fabs(wanted))) ) fail_msg("%.17g, not %.17g", got, wanted);
}

static void check_row(AtEnv *env, AtFunnel *f, const AtStageRow *row, const Tally *first){
  static Tally t;
  int last = row->number==f->stages->n, i;
  double sum = 0;
  uint32_t k;
  tally_group(env, f, row->period, row->label, row->number, &t);
  assert_int_equal(row->entered, t.entered);
  for(i=0; i<=AT_OPEN; i++) assert_int_equal(row->outcome[i], t.outcome[i]);
  if( !last ) assert_int_equal(t.entered, t.outcome[AT_ADVANCED]+t.outcome[AT_EXITED]+t.outcome[AT_RECYCLED]+t.outcome[AT_OPEN]);
  assert_same(row->overall, first->entered ? (double)t.entered/(double)first->entered : NAN);
  assert_same(row->rate, last || !t.entered ? NAN : (double)t.outcome[AT_ADVANCED]/(double)t.entered);
  assert_same(row->expected, last || !t.entered ? NAN : expected_rate(t.spells, t.n_spells));
  if( last ) t.n_days = 0;
  for(k=0; k<t.n_days; k++) sum += t.days[k];
  if( t.n_days ) qsort(t.days, t.n_days, sizeof *t.days, compare_doubles);
  assert_same(row->mean, t.n_days ? sum/t.n_days : NAN);
  assert_same(row->median, t.n_days ? quantile(t.days, t.n_days, 0.5) : NAN);
  assert_same(row->p90, t.n_days ? quantile(t.days, t.n_days, 0.9) : NAN);
}

/* Few events at few times, or many at three: crowds at one instant. */
static void random_events(Random *r, char *out, size_t room, uint32_t most){
  static const char *const stages[] = {"a", "b", "c", "d", "lost", "other"};
  uint32_t n = random_below(r, most), n_times = most<50 ? 40 : 3, i;
  size_t used = 0;
  out[0] = 0;
  for(i=0; i<n && used+40<room; i++){
    used += (size_t)snprintf(out+used, room-used, "%s@%u/l%u/h%u ", stages[random_below(r, COUNT(stages))], (unsigned)(random_below(r, n_times)*43200),
                             (unsigned)random_below(r, 3), (unsigned)random_below(r, 2));
  }
}

static void test_against_passes(void **state){
  static const char *const options[] = {
    "", "by=label", "by=label; label=last", "by=label; label=stage", "period=day", "period=week; by=label", "order=any; by=label; label=stage",
    "order=strict; period=day", "passes=first; exits=lost; period=week", "exclude_drop=lost; boomerang=on; by=label", "window=5 days; by=label", "as_of=900000",
    "exits=lost; exclude=other", "exclude=lost; window=3 days", "exits=lost; by=label; window=4 days", "period=month; exclude=other", "as_of=900000.5; window=5 days",
    "recycle=129600.25", "hold=plan; exits=lost", "boomerang=on; by=label", "period=day; as_of=900000.5", "period=week; as_of=900000.5; by=label",
  };
  static const char *const lists[] = {"a > b", "a > b > c > d", "a > b? > c [1 day] > d", "a > b [36 hours] > c? > d", "c > a > d", "a > b? [1 day] > c? [2 days] > d [3 days]", "d"};
  Random r = {1};
  int round;
  for(round=0; round<4000; round++){
    AtEnv env = heap_env(*state);
    char events[12][4000], text[200];
    const char *entities[12];
    static Tally first;
    uint32_t n = random_below(&r, 13), i;
    Case x;
    const char *list = lists[random_below(&r, COUNT(lists))], *option = options[random_below(&r, COUNT(options))];
    if( strstr(option, "order=any") || strstr(option, "strict") ) list = lists[round%2];
    for(i=0; i<n; i++){ random_events(&r, events[i], sizeof events[i], i==0 && round%20==0 ? 100 : 12); entities[i] = events[i]; }
    snprintf(text, sizeof text, "%s%s", option, random_below(&r, 2) && !strstr(option, "recycle") ? "; recycle=4 days" : "");
    assert_true(open_case(&env, &x, list, text, entities, n));
    for(i=0; i<x.table.n; i++){
      const AtStageRow *row = &x.table.rows[i], *before = row-1;
      assert_int_equal(row->number, i%x.stages.n+1);
      if( row->number==1 ) tally_group(&env, &x.funnel, row->period, row->label, 1, &first);
      if( row->number==1 && i ) assert_true(before->period<row->period || (before->period==row->period && before->label<row->label));
      check_row(&env, &x.funnel, row, &first);
    }
    close_case(&env, &x);
  }
}

/* Many groups: the accounts grow on the way, and what is new starts at nothing. */
static void test_many_groups(void **state){
  enum { N = 700 };
  static char events[N][64];
  static const char *entities[N];
  AtEnv env = heap_env(*state);
  uint32_t i;
  Case x;
  for(i=0; i<N; i++){
    snprintf(events[i], sizeof events[i], "a@%u/l%u b@%u/x", (unsigned)(86400*((i*37)%N)), (unsigned)(i%7), (unsigned)(86400*((i*37)%N)+3600));
    entities[i] = events[i];
  }
  assert_true(open_case(&env, &x, "a > b > c", "period=day; by=label", entities, N));
  assert_int_equal(x.table.n, 3*N);
  for(i=0; i<3*N; i+=3){
    assert_true(x.table.rows[i].entered==1 && x.table.rows[i].rate==1 && x.table.rows[i+1].entered==1 && x.table.rows[i+2].entered==0);
    assert_true(x.table.rows[i].period==(int64_t)i/3);
  }
  close_case(&env, &x);
}

/************************************ Threads *********************************/

/* So many stories, each lived by COPIES entities: enough events for parts and threads. */
enum { STORIES = 60, COPIES = 400 };

static void check_copies(const AtStageTable *one, const AtStageTable *all){
  uint32_t i;
  int j;
  assert_int_equal(one->n, all->n);
  for(i=0; i<one->n; i++){
    const AtStageRow *a = &one->rows[i], *b = &all->rows[i];
    assert_true(a->period==b->period && a->label==b->label && a->number==b->number && a->entered*COPIES==b->entered);
    for(j=0; j<=AT_OPEN; j++) assert_int_equal(a->outcome[j]*COPIES, b->outcome[j]);
    assert_same(b->rate, a->rate);
    assert_same(b->overall, a->overall);
    assert_same(b->mean, a->mean);
    assert_same(b->expected, a->expected);
  }
}

/* Any number of threads gives the same bits, and the parts that the events are cut into nothing but the sum. */
static void test_threads(void **state){
  static const char *const options[] = {
    "exits=lost; window=9 days", "by=label", "period=day; by=label; label=stage", "order=any; recycle=4 days", "as_of=1000000.5; recycle=3 days", "exclude_drop=lost",
  };
  static char stories[STORIES][1200];
  static const char *entities[STORIES*COPIES];
  Random r = {11};
  size_t i, k;
  (void)state;
  for(i=0; i<STORIES; i++) random_events(&r, stories[i], sizeof stories[i], 20);
  for(i=0; i<STORIES*COPIES; i++) entities[i] = stories[i*7%STORIES];
  for(k=0; k<COUNT(options); k++){
    AtEnv env = threads_env(0);
    Case one, all;
    assert_true(open_case(&env, &one, "a > b > c > d", options[k], entities, STORIES));
    assert_true(open_case(&env, &all, "a > b > c > d", options[k], entities, STORIES*COPIES));
    assert_true(all.events->n>AT_PARALLEL_ROWS);
    check_copies(&one.table, &all.table);
    for(env.threads=2; env.threads<=5; env.threads++){
      AtStageTable again;
      assert_true(at_funnel_summarize(&env, &again, &all.funnel));
      assert_int_equal(again.n, all.table.n);
      assert_memory_equal(again.rows, all.table.rows, again.n*sizeof *again.rows);
      at_stage_table_free(env.alloc, &again);
    }
    close_case(&env, &one);
    close_case(&env, &all);
  }
}

/************************************ Failures ********************************/

static void summarize_all(AtEnv *env, void *given){
  static char events[80][64];
  const char *entities[80];
  uint32_t i;
  Case x;
  for(i=0; i<80; i++){
    snprintf(events[i], sizeof events[i], "a@%u/l%u b@%u/x%s", (unsigned)(86400*(i%70)), (unsigned)i, (unsigned)(86400*(i%70)+3600*(80-i)), i%2 ? " c@9000000/x" : "");
    entities[i] = events[i];
  }
  entities[79] = "z@5 c@5 c@5 b@5 b@5 b@5 a@5 a@5 a@5 a@5 c@5 c@5 b@5 b@5 b@5 a@5 a@5 a@5 a@5";
  open_case(env, &x, "a > b > c", given, entities, 80);
  close_case(env, &x);
}

static void test_failures(void **state){
  static char groups[] = "period=day; by=label", whole[] = "recycle=9 days", written[] = "by=label; label=last";
  check_failures(*state, summarize_all, written, 60);
  check_stops(*state, summarize_all, written, 100);
  check_failures(*state, summarize_all, groups, 200);
  check_failures(*state, summarize_all, whole, 30);
  check_stops(*state, summarize_all, groups, 100);
  check_stops(*state, summarize_all, whole, 80);
}

/* Stays that are no whole seconds, or too long for four bytes: the same table in other units. */
static void test_units_of_stays(void **state){
  static const struct { const char *stages, *options; const char *const entities[2]; double mean, median; uint64_t advanced; } known[] = {
    {"a > b", "", {"a@0/x b@86400/x", "a@0/x b@259200/x"}, 2, 2, 2},
    {"a > b", "window=86400.5 s", {"a@0/x b@86400/x", "a@0/x b@259200/x"}, 1, 1, 1},
    {"a > b", "recycle=86400.5 s", {"a@0/x b@86400/x", "a@0/x b@259200/x"}, 1, 1, 2},   /* the second is filled in */
    {"a > b [86400.5 s]", "", {"a@0/x b@86400/x", "a@0/x b@259200/x"}, 1, 1, 1},
    {"a > b", "as_of=259200.5", {"a@0/x b@86400/x", "a@0/x b@259200/x"}, 2, 2, 2},
    {"a > b", "", {"a@0/x b@86400/x", "a@0/x b@1728000000/x"}, 10000.5, 10000.5, 2},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    const AtStageRow *row;
    Case x;
    if( !open_case(&env, &x, known[i].stages, known[i].options, known[i].entities, 2) ) fail_msg("case %zu: %s", i, env.error.text);
    row = &x.table.rows[0];
    if( row->outcome[AT_ADVANCED]!=known[i].advanced || fabs(row->mean-known[i].mean)>1e-9 || fabs(row->median-known[i].median)>1e-9 ){
      fail_msg("case %zu: %u advanced, mean %g, median %g", i, (unsigned)row->outcome[AT_ADVANCED], row->mean, row->median);
    }
    close_case(&env, &x);
  }
}

/* Stays of centuries, which no four bytes hold, in every group that they are asked of. */
static void test_centuries(void **state){
  static const char *const events[] = {"a@0/x b@9000000000/x", "a@0/x b@6000000000/x c@6000000060/x"};
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, "a > b > c", "period=year", events, COUNT(events)));
  assert_int_equal(x.table.n, 3);
  assert_int_equal(x.events->time_bytes, 8);
  assert_int_equal(x.table.rows[0].period, 1970);
  assert_true(x.table.rows[0].entered==2 && x.table.rows[0].rate==1 && x.table.rows[1].entered==2 && x.table.rows[1].rate==0.5);
  assert_close(x.table.rows[0].mean, 7500000000.0/86400, 1e-9);
  assert_close(x.table.rows[1].mean, 60/86400.0, 1e-12);
  close_case(&env, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_groups),
    HEAP_TEST(test_nothing),
    HEAP_TEST(test_confidence_widens_bounds),
    HEAP_TEST(test_against_passes),
    HEAP_TEST(test_many_groups),
    HEAP_TEST(test_threads),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_units_of_stays),
    HEAP_TEST(test_centuries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
