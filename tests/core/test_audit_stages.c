/*
** test_audit_stages.c: stage events with one fault after another, by hand; what a walk ignores against
** what it enters; the order of rows.
*/
#include "audit_common.h"

typedef struct Case Case;
struct Case { AtOptions options; AtStages stages; AtShape shape; AtFindings findings; AtAudited audited; };

static int audit(AtEnv *env, Case *x, const char *options, const char *stages, int n_tags, const Row *rows, size_t n){
  memset(x, 0, sizeof *x);
  x->shape = event_shape(n_tags);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FUNNEL_AUDIT);
  at_findings_open(&x->findings, x->options.most);
  if( env->error.code || !parse_stages(env, &x->stages, stages) || !at_funnel_check(env, &x->stages, &x->options)
   || !at_audited_open(env, &x->audited, &x->findings, 0, &x->shape, &x->options, x->options.event_id) ) return 0;
  feed(env, &x->audited, rows, n);
  return at_audited_finish(env, &x->audited) && at_audit_stages(env, &x->audited, &x->stages)
      && at_findings_sort(env, &x->findings);
}

static void close_case(AtEnv *env, Case *x){
  at_audited_close(env->alloc, &x->audited);
  at_findings_close(env->alloc, &x->findings);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

/* Rows 'entity stage@second/label/held …'; stage - is NULL; ids from 1; seconds since 2023-11-14. */
static size_t read_events(const char *text, Row *rows){
  size_t n = 0;
  while( *text ){
    int64_t entity, second;
    int k;
    size_t length;
    text = read_integer(text, &entity);
    while( *text==' ' ) text++;
    length = strcspn(text, "@");
    rows[n] = row_of(cell_integer(entity), cell_null(), "");
    rows[n].label = length==1 && *text=='-' ? cell_null() : cell_bytes(AT_TEXT, text, length);
    text = read_integer(text+length+1, &second);
    rows[n].time = cell_integer(1700000000+second);
    for(k=0; k<2 && *text=='/'; k++){
      length = strcspn(++text, "/ ");
      rows[n].tag[k] = cell_bytes(AT_TEXT, text, length);
      text += length;
    }
    rows[n].id = cell_integer((int64_t)n+1);
    n++;
    while( *text==' ' ) text++;
  }
  return n;
}

static const char three[] = "a > b > c";

static void test_by_hand(void **state){
  static const struct { const char *options, *events, *shown; int kind; const char *words; } known[] = {
    {"", "1 a@0 1 b@1 1 c@2", "[rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", 0, NULL},
    {"", "1 a@0 1 B@1 1 b@2 1 c@3", "similar_stage [rows 4, used 4, skipped 0, refused 0, listed nowhere 1, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_SIMILAR_STAGE, "events 1: stage 'B' is not 'b' and is left out"},
    {"exits=lost", "1 a@0 1 lots@1 1 lots@2 1 lost@3", "unknown_stage absent_stage absent_stage "
     "[rows 4, used 4, skipped 0, refused 0, listed nowhere 2, passes 1: won 0, exited 1, recycled 0, open 0]",
     AT_UNKNOWN_STAGE, "events 2: stage 'lots' is listed nowhere and is left out|did you mean lost?"},
    {"exits=lost", "1 a@0 1 b@1 1 c@3 2 a@0 2 lots@3 2 Lost@4", "unknown_stage [rows 6, used 6, skipped 0, refused 0, listed nowhere 1, passes 2: won 1, exited 1, recycled 0, open 0]",
     AT_UNKNOWN_STAGE, "did you mean lost?"},
    {"order=strict", "1 a@0 1 xyz@1 2 a@0 2 b@1 2 c@2", "unknown_stage [rows 5, used 5, skipped 0, refused 0, listed nowhere 1, passes 2: won 1, exited 1, recycled 0, open 0]",
     AT_UNKNOWN_STAGE, "ends a pass under order=strict; list it"},
    {"exits=lost,gone", "1 a@0 1 b@1 1 c@2 2 a@1 2 lost@2 2 gon@3", "unknown_stage absent_stage "
     "[rows 6, used 6, skipped 0, refused 0, listed nowhere 1, passes 2: won 1, exited 1, recycled 0, open 0]",
     AT_ABSENT_STAGE, "no event has 'gone', listed in exits; did you mean gon?"},
    {"", "1 a@0 1 c@2", "absent_stage skipped_stage:2 [rows 2, used 2, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_SKIPPED_STAGE, "stage 'b' of pass 1 has no event and is filled in with this one|(account_id 1,"},
    {"", "1 -@0 1 a@0 1 b@1 1 c@2", "missing_label:1 [rows 4, used 4, skipped 0, refused 0, listed nowhere 1, passes 1: won 1, exited 0, recycled 0, open 0]", AT_MISSING_LABEL, "stage is NULL"},
    {"", "1 -@0 1 (none)@0 1 a@0 1 b@1 1 c@2", "missing_label:1 duplicate:2 unknown_stage [rows 5, used 5, skipped 0, refused 0, listed nowhere 2, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_UNKNOWN_STAGE, "events 1: stage '(none)'"},
    {"", "1 a@0 1 a@1 1 a@1 1 b@2 1 a@3 1 c@4", "duplicate:3 earlier_stage:5 repeated_stage:2 [rows 6, used 6, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_EARLIER_STAGE, "stage 'a' comes after a later stage"},
    {"boomerang=on", "1 a@0 1 b@1 1 a@2 1 b@3 1 c@4", "[rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 0, recycled 1, open 0]", 0, NULL},
    {"", "1 a@0 1 b@1 1 c@2 1 c@3", "no_pass_opened:4 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", AT_NO_PASS_OPENED, "cannot open a pass"},
    {"exits=lost", "1 lost@0 1 a@1 1 b@2 1 c@3", "exit_without_pass:1 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_EXIT_WITHOUT_PASS, "stage 'lost' comes while no pass is open"},
    {"", "1 b@1 1 c@2 2 a@0 2 b@9 2 c@10", "skipped_stage:1 late_start:1 [rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 2: won 2, exited 0, recycled 0, open 0]",
     AT_LATE_START, "pass 1 begins with stage 'b'"},
    {"order=any", "1 b@1 1 c@2 1 a@3 1 b@4", "[rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 0, recycled 0, open 1]", 0, NULL},
    {"order=any", "1 b@1 1 b@2 1 c@2 1 a@3", "repeated_stage:2 same_instant:2 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]",
     AT_REPEATED_STAGE, "stage 'b' has been reached; the event is ignored"},
    {"as_of=1700000000", "1 a@0 1 b@5 1 c@5", "future_time:2 future_time:3 [rows 3, used 1, skipped 0, refused 0, later than as_of 2, listed nowhere 0, passes 1: won 0, exited 0, recycled 0, open 1]", -1, NULL},
    {"", "1 a@0 1 b@0 1 c@1", "same_instant:1 [rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", AT_SAME_INSTANT, "2 stages at one time"},
    {"recycle=10", "1 a@0 1 b@11 1 c@12", "skipped_stage:2 late_start:2 ended_by_deadline:1 [rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 0, recycled 1, open 0]",
     AT_ENDED_BY_DEADLINE, "pass 1 ends in stage 'a' as recycled by a deadline"},
    {"window=10", "1 a@0 1 b@11 1 a@12 1 b@13 1 c@14", "no_pass_opened:2 ended_by_deadline:1 [rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 1, recycled 0, open 0]",
     AT_ENDED_BY_DEADLINE, "exited by a deadline"},
    {"", "1 a@0 1 b@5 1 c@6 2 a@1 3 a@20", "stale_pass:4 [rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 3: won 1, exited 0, recycled 0, open 2]",
     AT_STALE_PASS, "pass 1 is open in stage 'a' for longer"},
    {"", "1 a@0 1 b@5 1 c@6 2 a@15 3 a@20", "[rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 3: won 1, exited 0, recycled 0, open 2]", 0, NULL},
    {"as_of=1700000001", "1 a@0 1 b@1 1 c@2", "future_time:3 [rows 3, used 2, skipped 0, refused 0, later than as_of 1, listed nowhere 0, passes 1: won 0, exited 0, recycled 0, open 1]", AT_FUTURE_TIME, "later than as_of"},
    {"passes=first; exits=lost", "1 a@0 1 lost@1 1 c@2 1 b@2", "same_instant:4 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 0, exited 1, recycled 0, open 0]", 0, NULL},
    {"event_id=eid", "1 a@0 1 b@1 1 c@2", "[rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", 0, NULL},
    {"", "", "absent_stage absent_stage absent_stage [rows 0, used 0, skipped 0, refused 0, listed nowhere 0, passes 0: won 0, exited 0, recycled 0, open 0]", AT_ABSENT_STAGE, "no event has 'a', listed in stages"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Row rows[20];
    char shown[1000];
    Case x;
    assert_true(audit(&env, &x, known[i].options, three, 0, rows, read_events(known[i].events, rows)));
    show(&x.findings, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s over %s: %s\n   not %s", known[i].options, known[i].events, shown, known[i].shown);
    if( known[i].words ) assert_detail(&x.findings, known[i].kind, known[i].words);
    close_case(&env, &x);
  }
}

static void test_limits(void **state){
  static const struct { const char *stages, *options, *events, *shown; int kind; } known[] = {
    {"a > b [5] > c", "", "1 a@0 1 b@6 1 b@5 1 c@7", "repeated_stage:2 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", AT_REPEATED_STAGE},
    {"a > b? [5] > c", "", "1 a@0 1 b@6 1 c@7", "late_stage:2 [rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", AT_LATE_STAGE},
    {"a > b [5] > c", "", "1 a@0 1 b@6 1 c@7", "no_pass_opened:2 no_pass_opened:3 ended_by_deadline:1 [rows 3, used 3, skipped 0, refused 0, listed nowhere 0, passes 1: won 0, exited 1, recycled 0, open 0]",
     AT_NO_PASS_OPENED},
    {"a > b > c [5]", "", "1 a@0 1 b@1 1 c@20 2 a@0 2 b@20 2 c@21", "no_pass_opened:3 ended_by_deadline:2 "
     "[rows 6, used 6, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 1, recycled 0, open 0]", AT_ENDED_BY_DEADLINE},
    {"a > b > c", "order=strict", "1 b@0 1 a@1 1 b@2 1 c@3", "no_pass_opened:1 [rows 4, used 4, skipped 0, refused 0, listed nowhere 0, passes 1: won 1, exited 0, recycled 0, open 0]", AT_NO_PASS_OPENED},
    {"a > b > c", "order=strict", "1 a@1 1 c@3 2 a@0 2 b@1 2 c@2", "[rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 1, recycled 0, open 0]", -1},
    {"a > b > c", "exclude=x; exclude_drop=y", "1 x@0 1 y@1 1 a@2 1 y@3 2 a@0 2 b@1 2 x@2 3 a@1 3 b@2 3 c@3",
     "exit_without_pass:1 exit_without_pass:2 removed_pass:4 [rows 10, used 10, skipped 0, refused 0, listed nowhere 0, passes 2: won 1, exited 1, recycled 0, open 0]", AT_EXIT_WITHOUT_PASS},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Row rows[20];
    char shown[1000];
    Case x;
    assert_true(audit(&env, &x, known[i].options, known[i].stages, 0, rows, read_events(known[i].events, rows)));
    show(&x.findings, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s over %s: %s\n   not %s", known[i].stages, known[i].events, shown, known[i].shown);
    if( known[i].kind>=0 ) assert_detail(&x.findings, known[i].kind, "(account_id 1, entered_at 17000000");
    close_case(&env, &x);
  }
}

/* Held texts make different events; tags may be as unreadable as labels. */
static void test_tags(void **state){
  AtEnv env = heap_env(*state);
  Row rows[20];
  char shown[1000];
  size_t n = read_events("1 a@0/ads/x 1 a@0/ads/y 1 a@0/web/x 1 b@1/ads/x 1 c@2/ads/x 2 a@0/ads/x", rows);
  Case x;
  rows[5].tag[1] = cell_bytes(AT_BLOB, "b", 1);
  assert_true(audit(&env, &x, "hold=plan", three, 2, rows, n));
  show(&x.findings, shown, sizeof shown);
  assert_string_equal(shown, "unreadable_label:6 duplicate:3 stale_pass:2 [rows 6, used 5, skipped 0, refused 1, listed nowhere 0, passes 2: won 1, exited 0, recycled 0, open 1]");
  assert_detail(&x.findings, AT_UNREADABLE_LABEL, "plan is no text");
  close_case(&env, &x);
}

/* Keys of one relation that would be one entity if written alike. */
static void test_similar_keys(void **state){
  AtEnv env = heap_env(*state);
  Row rows[20];
  char shown[1000];
  size_t n = read_events("1 a@0 2 a@1 3 a@2 3 b@3 3 c@3", rows);
  Case x;
  rows[0].entity = cell_text("A 1");
  rows[1].entity = cell_text("a1");
  assert_true(audit(&env, &x, "", three, 0, rows, n));
  show(&x.findings, shown, sizeof shown);
  assert_string_equal(shown, "similar_keys same_instant:4 stale_pass:1 stale_pass:2 [rows 5, used 5, skipped 0, refused 0, listed nowhere 0, passes 3: won 1, exited 0, recycled 0, open 2]");
  assert_detail(&x.findings, AT_SIMILAR_KEYS, "'A 1' (1 row), 'a1' (1 row) are different entities");
  close_case(&env, &x);
}

/*************************** Every event is somewhere *************************/

static size_t random_events(Random *r, Row *rows, size_t most){
  static const char *const labels[] = {"a", "b", "c", "lost", "x", "refund", "(none)"};
  size_t n = random_below(r, (uint32_t)most+1), i;
  for(i=0; i<n; i++){
    rows[i] = row_of(cell_integer(random_below(r, 3)), cell_integer(1700000000+random_below(r, 12)), labels[random_below(r, COUNT(labels))]);
    rows[i].id = cell_integer((int64_t)i+1);
  }
  return n;
}

static const char *random_options(Random *r){
  static const char *const options[] = {"", "exits=lost", "exits=lost; recycle=3", "exits=lost; exclude=refund; window=6", "order=any; exits=lost",
                                        "order=any; boomerang=on", "order=strict; exits=lost", "boomerang=on; recycle=2", "exits=lost; boomerang=on; order=strict"};
  return options[random_below(r, COUNT(options))];
}

/* An event of a listed name enters a stage, ends a pass or is ignored: one of them. Events of one (entity, stage,
** time) are told apart by nothing, so all but one of them are duplicates. */
static void test_every_event_is_somewhere(void **state){
  Random r = {9};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    Row rows[25];
    const char *options = random_options(&r);
    size_t n = random_events(&r, rows, 25);
    uint8_t seen[25];
    uint32_t e, i;
    AtFunnel f;
    Case x;
    assert_true(audit(&env, &x, options, three, 0, rows, n));
    assert_true(at_funnel_open(&env, &f, x.audited.store, &x.stages, &x.options));
    f.keeps_ignored = 1;
    memset(seen, 0, sizeof seen);
    for(e=0; e<f.events->n_entities; e++){
      assert_true(at_funnel_entity(&env, &f, e));
      for(i=0; i<f.n_ignored; i++) seen[f.ignored[i].event] |= 1;
      for(i=0; i<f.n_rows; i++) if( f.rows[i].outcome!=AT_WON ) seen[f.rows[i].left_event] |= 2;
      for(i=0; i<f.n_rows; i++) seen[f.rows[i].event] |= 2;
    }
    for(i=0; i<f.events->n; i++){
      int code = f.code[at_store_label(f.events, i)];
      if( code!=AT_CODE_OTHER && (seen[i]==0 || (seen[i]==3 && !x.options.boomerang)) ) fail_msg("%s: event %u is %d", options, i, seen[i]);
    }
    at_funnel_close(env.alloc, &f);
    close_case(&env, &x);
  }
}

static void test_order_of_rows(void **state){
  Random r = {13};
  int round;
  for(round=0; round<500; round++){
    AtEnv env = heap_env(*state);
    const char *options = random_options(&r);
    Row rows[25];
    char shown[2][4000];
    size_t n = random_events(&r, rows, 25);
    int k;
    for(k=0; k<2; k++){
      Case x;
      assert_true(audit(&env, &x, options, three, 0, rows, n));
      show(&x.findings, shown[k], sizeof shown[k]);
      close_case(&env, &x);
      shuffle_rows(&r, rows, n);
    }
    assert_string_equal(shown[0], shown[1]);
  }
}

/************************************ Failures ********************************/

static void audit_many(AtEnv *env, void *given){
  Random r = {21};
  Row rows[60];
  size_t n = random_events(&r, rows, 60), i;
  Case x;
  for(i=0; i<n; i++) if( i%7==0 ) rows[i].entity = cell_text(i%2 ? "A" : "a");
  audit(env, &x, given, three, 0, rows, n);
  close_case(env, &x);
}

static void test_failures(void **state){
  static char options[] = "most=2; event_id=a; exits=lost; recycle=3", whole[] = "";
  check_failures(*state, audit_many, options, 60);
  check_failures(*state, audit_many, whole, 60);
  check_stops(*state, audit_many, whole, 15);
}

/* A name that is too long to be offered is not; a shorter one that is near is. */
static void test_names_too_long_to_offer(void **state){
  AtEnv env = heap_env(*state);
  char stages[200], shown[600];
  Row rows[4];
  Case x;
  memset(stages, 'x', 130);
  strcpy(stages+130, " > discovery > won");
  assert_true(audit(&env, &x, "", stages, 0, rows, read_events("1 dicsovery@0 1 discovery@1 1 won@2", rows)));
  show(&x.findings, shown, sizeof shown);
  assert_string_equal(shown, "unknown_stage absent_stage skipped_stage:2 late_start:2 [rows 3, used 3, skipped 0, refused 0, listed nowhere 1, passes 1: won 1, exited 0, recycled 0, open 0]");
  assert_detail(&x.findings, AT_UNKNOWN_STAGE, "'dicsovery'|did you mean discovery?");
  close_case(&env, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_limits),
    HEAP_TEST(test_tags),
    HEAP_TEST(test_similar_keys),
    HEAP_TEST(test_every_event_is_somewhere),
    HEAP_TEST(test_order_of_rows),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_names_too_long_to_offer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
