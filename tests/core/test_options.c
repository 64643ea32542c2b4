/*
** test_options.c: every option and every refusal of one, who knows which, and
** lists of labels.
*/
#include "common.h"

#define DAY (INT64_C(86400)*AT_SECOND)

static AtOptions parse_ok(AtEnv *env, const char *text){
  AtOptions o;
  at_options_parse(env, &o, text, strlen(text), AT_FOR_SUMMARY);
  assert_ok(env);
  return o;
}

static void test_defaults(void **state){
  static const char *const empty[] = {"", " ", ";", " ; ;; \t"};
  size_t i;
  for(i=0; i<COUNT(empty); i++){
    AtEnv env = heap_env(*state);
    AtOptions o = parse_ok(&env, empty[i]);
    assert_true(o.lookback==-1 && o.gap==-1 && o.reset==0 && o.path==AT_PATH_ALL && o.max_touches==0);
    assert_true(o.round==0 && o.period==AT_PERIOD_NONE && o.as_of==AT_NO_TIME && o.unit==AT_SECOND);
    assert_true(o.ignore.n==0 && o.direct.n==2 && o.touch_id==NULL && o.conversion_id==NULL && o.cache_mb==-1);
    assert_true(at_label_listed(&o.direct, "Direct", 6) && at_label_listed(&o.direct, "(DIRECT)", 8));
    assert_false(at_label_listed(&o.direct, "(none)", 6));
    at_options_free(env.alloc, &o);
  }
}

/* An audit lists so many findings of a kind. */
static void test_most(void **state){
  static const char *const refused[] = {"most=0", "most=-1", "most=1000001", "most=all", "most="};
  AtEnv env = heap_env(*state);
  AtOptions o;
  size_t i;
  at_options_parse(&env, &o, "", 0, AT_FOR_AUDIT);
  assert_int_equal(o.most, 1000);
  at_options_free(env.alloc, &o);
  at_options_parse(&env, &o, "most=1000000", 12, AT_FOR_FUNNEL_AUDIT);
  assert_ok(&env);
  assert_int_equal(o.most, 1000000);
  at_options_free(env.alloc, &o);
  for(i=0; i<COUNT(refused); i++){
    env = heap_env(*state);
    assert_false(at_options_parse(&env, &o, refused[i], strlen(refused[i]), AT_FOR_AUDIT));
    assert_error(&env, AT_INVALID, "most|from 1 to 1000000");
    at_options_free(env.alloc, &o);
  }
}

static void test_all_at_once(void **state){
  AtEnv env = heap_env(*state);
  AtOptions o = parse_ok(&env, "lookback=90 days; reset=conversion; gap=12 hours;ignore=a,b ;path=unique; max_touches=7;"
                               "direct=none; round=0.05; period=quarter; as_of=2024-07-01; time_unit=ms;"
                               "touch_id=tid; conversion_id=\"deal id\"; cache_mb=0;");
  assert_true(o.lookback==90*DAY && o.gap==DAY/2 && o.reset==1 && o.path==AT_PATH_UNIQUE && o.max_touches==7);
  assert_true(o.round==0.05 && o.period==AT_PERIOD_QUARTER && o.unit==1000 && o.cache_mb==0);
  assert_true(o.as_of==INT64_C(1719792000000000));
  assert_string_equal(o.touch_id, "tid");
  assert_string_equal(o.conversion_id, "deal id");
  assert_int_equal(o.ignore.n, 2);
  assert_int_equal(o.direct.n, 1);
  at_options_free(env.alloc, &o);
}

static void test_words(void **state){
  static const struct { const char *text; int path, reset, period; int64_t unit; } known[] = {
    {"path=all", AT_PATH_ALL, 0, 0, AT_SECOND}, {"path=exposure", AT_PATH_EXPOSURE, 0, 0, AT_SECOND},
    {"PATH = Unique", AT_PATH_UNIQUE, 0, 0, AT_SECOND}, {"path=first", AT_PATH_FIRST, 0, 0, AT_SECOND},
    {"reset=none", 0, 0, 0, AT_SECOND}, {"Reset=CONVERSION", 0, 1, 0, AT_SECOND},
    {"period=day", 0, 0, AT_PERIOD_DAY, AT_SECOND}, {"period=week", 0, 0, AT_PERIOD_WEEK, AT_SECOND},
    {"period=month", 0, 0, AT_PERIOD_MONTH, AT_SECOND}, {"period=quarter", 0, 0, AT_PERIOD_QUARTER, AT_SECOND},
    {"period=\"year\"", 0, 0, AT_PERIOD_YEAR, AT_SECOND}, {"period=half-year", 0, 0, AT_PERIOD_HALF_YEAR, AT_SECOND}, {"time_unit=s", 0, 0, 0, AT_SECOND},
    {"time_unit=ms", 0, 0, 0, 1000}, {"time_unit=us", 0, 0, 0, 1},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtOptions o = parse_ok(&env, known[i].text);
    assert_true(o.path==known[i].path && o.reset==known[i].reset && o.period==known[i].period && o.unit==known[i].unit);
    at_options_free(env.alloc, &o);
  }
}

/* as_of is read in the unit that is given, wherever that stands. */
static void test_as_of(void **state){
  static const struct { const char *text; int64_t as_of; } known[] = {
    {"as_of=0", 0}, {"as_of=1719792000", INT64_C(1719792000000000)}, {"as_of=-1.5", -1500000},
    {"as_of=1719792000000; time_unit=ms", INT64_C(1719792000000000)},
    {"time_unit=us; as_of=1719792000000001", INT64_C(1719792000000001)},
    {"as_of=2024-07-01T00:00:00.5Z", INT64_C(1719792000500000)},
    {"as_of=\"2024-07-01 02:00+02:00\"", INT64_C(1719792000000000)},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtOptions o = parse_ok(&env, known[i].text);
    if( o.as_of!=known[i].as_of ) fail_msg("%s is %lld", known[i].text, (long long)o.as_of);
    at_options_free(env.alloc, &o);
  }
}

static void test_label_lists(void **state){
  AtEnv env = heap_env(*state);
  AtOptions o = parse_ok(&env, "ignore= Paid Search ,\"a,b; c\", \" padded \" , (none) ; direct=\"x\"");
  assert_int_equal(o.ignore.n, 4);
  assert_true(at_label_listed(&o.ignore, "PAID SEARCH", 11));
  assert_true(at_label_listed(&o.ignore, "A,B; C", 6));
  assert_true(at_label_listed(&o.ignore, " padded ", 8));
  assert_true(at_label_listed(&o.ignore, "(none)", 6));
  assert_false(at_label_listed(&o.ignore, "padded", 6));
  assert_false(at_label_listed(&o.ignore, "paid search x", 13));
  assert_false(at_label_listed(&o.ignore, "paid", 4));
  assert_false(at_label_listed(&o.ignore, "", 0));
  assert_true(at_label_listed(&o.direct, "X", 1));
  assert_false(at_label_listed(&o.direct, "direct", 6));      /* the default is replaced */
  at_options_free(env.alloc, &o);
}

/* Case is that of ASCII: letters beyond it must be the same. */
static void test_labels_beyond_ascii(void **state){
  AtEnv env = heap_env(*state);
  AtOptions o = parse_ok(&env, "ignore=\xc3\xa4gypten");
  assert_true(at_label_listed(&o.ignore, "\xc3\xa4GYPTEN", 8));
  assert_false(at_label_listed(&o.ignore, "\xc3\x84gypten", 8));
  at_options_free(env.alloc, &o);
}

static void test_64_labels(void **state){
  char text[512] = "ignore=a0";
  AtEnv env = heap_env(*state);
  AtOptions o;
  int i;
  for(i=1; i<64; i++) snprintf(text+strlen(text), 16, ",a%d", i);
  o = parse_ok(&env, text);
  assert_int_equal(o.ignore.n, 64);
  assert_true(at_label_listed(&o.ignore, "a63", 3));
  at_options_free(env.alloc, &o);
  strcat(text, ",a64");
  assert_false(at_options_parse(&env, &o, text, strlen(text), AT_FOR_ALL));
  assert_error(&env, AT_INVALID, "ignore|64");
  at_options_free(env.alloc, &o);
}

static void test_refusals(void **state){
  static const char *const refused[][2] = {
    {"lookback", "'lookback'|no value|name=value"}, {"=5", "unknown option"}, {"lookback 90 days", "no value"},
    {"lookback=", "lookback|'90 days'"}, {"lookback=soon", "lookback|'soon'"}, {"lookback=-1 day", "not negative"},
    {"lookback=1 month", "no fixed length"}, {"gap=2 years", "gap|no fixed length"}, {"gap=x", "gap|'x'"},
    {"reset=", "reset|reset=none"}, {"reset=yes", "'yes'|reset=conversion"}, {"reset=conversions", "reset=conversion"},
    {"path=", "path=all"}, {"path=last", "'last'|unique"}, {"max_touches=0", "max_touches|'0'|from 1"},
    {"max_touches=-1", "from 1"}, {"max_touches=1.5", "from 1"}, {"max_touches=4294967296", "from 1"},
    {"max_touches=", "from 1"}, {"round=0", "0.01"}, {"round=-0.01", "0.01"}, {"round=cents", "'cents'|0.01"},
    {"round=1e400", "0.01"}, {"round=1e-12", "0.01"}, {"round=nan", "0.01"}, {"period=", "quarter"},
    {"period=days", "'days'|quarter"}, {"as_of=", "as_of|time"}, {"as_of=yesterday", "as_of|'yesterday'|YYYY-MM-DD"},
    {"as_of=20240701", "dashes"}, {"as_of=1719792000000", "as_of|time_unit=ms"}, {"time_unit=m", "'m'|ms"},
    {"time_unit=", "ms"}, {"ignore=", "labels"}, {"ignore=a,,b", "labels"}, {"ignore=a,", "labels"},
    {"ignore=,", "labels"}, {"direct=\"\"", "labels"}, {"touch_id=", "touch_id|column"},
    {"conversion_id=\"\"", "column"}, {"order=2", "no effect here|funnel()|markov_transitions()"},
    {"cache_mb=-1", "cache_mb|megabytes"}, {"cache_mb=1.5", "megabytes"},
    {"cache_mb=lots", "'lots'|megabytes"}, {"cache_mb=1000001", "megabytes"},
    {"threads=0", "threads=1 to threads=16|'0'"}, {"threads=17", "threads=16"}, {"threads=two", "threads=16"},
    {"lookback=1d; gap=1d; LOOKBACK=1d", "lookback|twice"}, {"path=all;path=all", "path|twice"},
    {"lokback=90 days", "'lokback'|lookback?"}, {"look_back=1", "lookback?"}, {"maxtouches=3", "max_touches?"},
    {"windows of 90=days", "unknown option 'windows of 90'|lookback=90 days"}, {"window=90 days", "window|no effect here|funnel(), funnel_summary()|funnel_audit(), pipeline_forecast()| and pipeline_forecast_summary()"}, {"lookback=90 days, gap=1d", "lookback|'90 days, gap=1d'"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtOptions o;
    if( at_options_parse(&env, &o, refused[i][0], strlen(refused[i][0]), AT_FOR_SUMMARY) ) fail_msg("%s is taken", refused[i][0]);
    assert_error(&env, AT_INVALID, refused[i][1]);
    at_options_free(env.alloc, &o);
  }
}

/* An option that another table function knows says so; none is ignored. */
static void test_who_knows_what(void **state){
  static const char *const example[] = {
    "lookback=1d", "reset=none", "gap=1d", "ignore=a", "path=all", "max_touches=1", "direct=a", "round=0.01",
    "period=day", "as_of=1", "time_unit=s", "touch_id=a", "conversion_id=a", "event_id=a", "window=1d",
    "order=any", "exits=a", "recycle=1d", "boomerang=on", "exclude=a", "exclude_drop=a", "hold=a", "label=last",
    "passes=first", "by=label", "confidence=0.9", "step=1d", "order=2", "min_paths=9", "separator=|", "most=5", "cache_mb=1",
    "threads=2",
  };
  static const unsigned tables[] = {AT_FOR_ATTRIBUTION, AT_FOR_SUMMARY, AT_FOR_JOURNEYS, AT_FOR_FUNNEL,
                                    AT_FOR_FUNNEL_SUMMARY, AT_FOR_CURVE, AT_FOR_CHANNELS, AT_FOR_PATHS,
                                    AT_FOR_TRANSITIONS, AT_FOR_ORDERS, AT_FOR_COUNTS, AT_FOR_COALITIONS, AT_FOR_AUDIT, AT_FOR_FUNNEL_AUDIT,
                                    AT_FOR_FORECAST, AT_FOR_FORECAST_SUMMARY};
  static const unsigned orders = AT_FOR_FUNNELS|AT_FOR_CHAIN;   /* an order of stages, or of a chain */
  const AtOptionInfo *info;
  size_t t;
  int i;
  for(i=0; (info = at_option_info(i))!=NULL; i++){
    assert_true(i<(int)COUNT(example));
    assert_memory_equal(example[i], info->name, strlen(info->name));
    assert_true(info->form[0] && info->help[0] && strstr(info->form, info->name)==info->form);
    for(t=0; t<COUNT(tables); t++){
      AtEnv env = heap_env(*state);
      AtOptions o;
      int taken = at_options_parse(&env, &o, example[i], strlen(example[i]), tables[t]);
      assert_int_equal(taken, (info->tables & tables[t])!=0);
      if( !taken && strcmp(info->name, "order")==0 && (tables[t] & orders) ) assert_error(&env, AT_INVALID, "order=");
      else if( !taken ) assert_error(&env, AT_INVALID, "no effect here|()");
      at_options_free(env.alloc, &o);
    }
  }
  assert_int_equal(i, COUNT(example));
  assert_null(at_option_info(-1));
}

/* Text is copied: the caller's may go, and is not written to. */
static void test_text_is_copied(void **state){
  AtEnv env = heap_env(*state);
  static const char kept[] = "touch_id=\"a\";ignore=\"b\";as_of=5";
  char text[sizeof kept];
  AtOptions o;
  memcpy(text, kept, sizeof kept);
  o = parse_ok(&env, text);
  assert_string_equal(text, kept);
  memset(text, 'x', sizeof text);
  assert_string_equal(o.touch_id, "a");
  assert_true(at_label_listed(&o.ignore, "b", 1));
  assert_memory_equal(o.as_of_text.text, "5", 1);
  at_options_free(env.alloc, &o);
}

static void test_too_long(void **state){
  AtEnv env = heap_env(*state);
  char *text = malloc(AT_MAX_TEXT+1);
  AtOptions o;
  assert_non_null(text);
  memset(text, ' ', AT_MAX_TEXT+1);
  assert_true(at_options_parse(&env, &o, text, AT_MAX_TEXT, AT_FOR_ALL));
  at_options_free(env.alloc, &o);
  assert_false(at_options_parse(&env, &o, text, AT_MAX_TEXT+1, AT_FOR_ALL));
  assert_error(&env, AT_INVALID, "65,535");
  at_options_free(env.alloc, &o);
  free(text);
}

/* NUL bytes, quotes that do not close, bytes of all kinds: an answer or an error, never more. */
static void test_any_bytes(void **state){
  static const char *const pieces[] = {"lookback=", "ignore=", "\"", ";", ",", "=", "a", " ", "90 days", "touch_id=",
                                       "as_of=", "2024-01-01", "round=", "0.01", "\t", "\xff", "path=", "all"};
  Random r = {1};
  int i, taken = 0, refused = 0;
  for(i=0; i<50000; i++){
    AtEnv env = heap_env(*state);
    char text[128];
    size_t n = 0;
    AtOptions o;
    while( random_below(&r, 8) && n<100 ){
      const char *piece = pieces[random_below(&r, COUNT(pieces))];
      memcpy(text+n, piece, strlen(piece));
      n += strlen(piece);
      if( random_below(&r, 50)==0 ) text[n++] = 0;
    }
    if( at_options_parse(&env, &o, text, n, AT_FOR_ALL) ){
      taken++;
      assert_int_equal(env.error.code, AT_OK);
    }else{
      refused++;
      assert_int_equal(env.error.code, AT_INVALID);
    }
    at_options_free(env.alloc, &o);
  }
  assert_true(taken>1000 && refused>1000);
}

/* The values that only other families read. */
static void test_refusals_of_other_families(void **state){
  static const struct { unsigned table; const char *text, *words; } refused[] = {
    {AT_FOR_CURVE, "step=0", "step|longer than 0"}, {AT_FOR_CURVE, "step=soon", "step|'soon'"},
    {AT_FOR_FUNNEL_SUMMARY, "confidence=1", "0 and 1"}, {AT_FOR_FUNNEL_SUMMARY, "confidence=much", "'much'|0 and 1"},
    {AT_FOR_FUNNEL_SUMMARY, "by=stage", "by=label|period=month"}, {AT_FOR_FUNNEL, "boomerang=yes", "boomerang=on or boomerang=off"},
    {AT_FOR_FUNNEL, "passes=last", "passes=all or passes=first"}, {AT_FOR_FUNNEL, "label=any", "label=first, last or stage"},
    {AT_FOR_FUNNEL, "order=1", "ordered, strict or any"}, {AT_FOR_CHANNELS, "order=0", "order=1 to order=6"},
    {AT_FOR_CHANNELS, "order=7", "order=1 to order=6"}, {AT_FOR_CHANNELS, "order=high", "'high'|order=auto"},
    {AT_FOR_CHANNELS, "min_paths=few", "'few'|number of paths"}, {AT_FOR_CHANNELS, "min_paths=-1", "number of paths"},
    {AT_FOR_PATHS, "separator=\"\"", "between channels"}, {AT_FOR_PATHS, "separator=\" > \"", "without blanks"},
  };
  static const struct { unsigned table; const char *text; } taken[] = {
    {AT_FOR_CURVE, "step=0.5"}, {AT_FOR_CHANNELS, "order=auto"}, {AT_FOR_CHANNELS, "order=6; min_paths=0"}, {AT_FOR_FUNNEL, "boomerang=on; passes=first"},
    {AT_FOR_PATHS, "separator=\" \""}, {AT_FOR_PATHS, "separator=\"->\""},
  };
  size_t i;
  for(i=0; i<COUNT(refused)+COUNT(taken); i++){
    int good = i>=COUNT(refused);
    const char *text = good ? taken[i-COUNT(refused)].text : refused[i].text;
    AtEnv env = heap_env(*state);
    AtOptions o;
    at_options_parse(&env, &o, text, strlen(text), good ? taken[i-COUNT(refused)].table : refused[i].table);
    if( good ) assert_ok(&env);
    else assert_error(&env, AT_INVALID, refused[i].words);
    at_options_free(env.alloc, &o);
  }
}

/* The message about who knows an option is built from text, which may not fit into memory. */
static void test_failures_of_the_message(void **state){
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  long n;
  for(n=1; ; n++){
    AtOptions o;
    env = heap_env(heap);
    heap->calls = 0;
    heap->fail_at = n;
    assert_false(at_options_parse(&env, &o, "gap=5", 5, AT_FOR_FUNNEL_SUMMARY));
    at_options_free(env.alloc, &o);
    assert_int_equal(heap->alive, 0);
    if( env.error.code!=AT_NOMEM ) break;
  }
  heap->fail_at = 0;
  assert_error(&env, AT_INVALID, "gap has no effect here|attribution()|and");
  assert_true(n>1);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_defaults),
    HEAP_TEST(test_most),
    HEAP_TEST(test_all_at_once),
    HEAP_TEST(test_words),
    HEAP_TEST(test_as_of),
    HEAP_TEST(test_label_lists),
    HEAP_TEST(test_labels_beyond_ascii),
    HEAP_TEST(test_64_labels),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_who_knows_what),
    HEAP_TEST(test_text_is_copied),
    HEAP_TEST(test_too_long),
    HEAP_TEST(test_any_bytes),
    HEAP_TEST(test_refusals_of_other_families),
    HEAP_TEST(test_failures_of_the_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
