/*
** test_findings.c: the list of findings: their kinds, their order, how many are kept and counted, and
** whatever bytes their words may hold.
*/
#include "funnel_common.h"
#include "../../ext/core/audit.h"

static AtPlace place_of(AtCell id){
  AtPlace place = at_place_of_rows(1);
  place.id = id;
  strcpy(place.about, " (here)");
  return place;
}

/* 'kind id detail|…' as they are listed. */
static void show(const AtFindings *f, char *out, size_t room){
  AtFindingRow row;
  size_t n = 0;
  memset(&row, 0, sizeof row);
  out[0] = 0;
  while( at_findings_next(f, &row) && n<room ){
    n += (size_t)snprintf(out+n, room-n, "%s%d %d %s %.*s", n ? "|" : "", row.relation, row.kind, at_cell_quote(&row.id).text,
                          (int)row.n_detail, row.detail);
  }
}

/* The list is in order of severity, and every kind has a name of its own. */
static void test_kinds(void **state){
  int i, j;
  (void)state;
  for(i=0; i<AT_FINDINGS; i++){
    const AtFindingInfo *info = at_finding_info(i);
    assert_true(info->name && info->name[0]);
    if( i>0 ) assert_true(at_finding_info(i-1)->severity<=info->severity);
    for(j=0; j<i; j++) assert_string_not_equal(info->name, at_finding_info(j)->name);
  }
  assert_null(at_finding_info(-1));
  assert_null(at_finding_info(AT_FINDINGS));
}

static void test_order(void **state){
  AtEnv env = heap_env(*state);
  AtFindings f;
  char shown[600];
  AtPlace p;
  at_findings_open(&f, 10);
  assert_true(at_found(&env, &f, 1, AT_SUMMARY, NULL, "rows %d", 3));
  p = place_of(cell_text("b"));
  at_found(&env, &f, 1, AT_OLD_TIME, &p, "x");
  p = place_of(cell_real(2.5));
  at_found(&env, &f, 1, AT_OLD_TIME, &p, "x");
  p = place_of(cell_integer(-2));
  at_found(&env, &f, 1, AT_OLD_TIME, &p, "z");
  at_found(&env, &f, 1, AT_OLD_TIME, &p, "y");
  at_found(&env, &f, 1, AT_OLD_TIME, NULL, "none");
  at_found(&env, &f, 0, AT_SUMMARY, NULL, "rows %s", "0");
  at_found(&env, &f, 1, AT_UNREADABLE_ID, NULL, "bad");
  assert_true(at_findings_sort(&env, &f));
  show(&f, shown, sizeof shown);
  snprintf(shown+300, 300, "0 %d NULL rows 0|1 %d NULL bad|1 %d NULL none|1 %d -2 y (here)|1 %d -2 z (here)|1 %d 2.5 x (here)|1 %d 'b' x (here)|1 %d NULL rows 3",
           AT_SUMMARY, AT_UNREADABLE_ID, AT_OLD_TIME, AT_OLD_TIME, AT_OLD_TIME, AT_OLD_TIME, AT_OLD_TIME, AT_SUMMARY);
  assert_string_equal(shown, shown+300);
  at_findings_close(env.alloc, &f);
}

/* The first so many are kept, whatever order they come in, and all are counted. */
static void test_most(void **state){
  Random r = {7};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    uint32_t most = 1 + random_below(&r, 6), n = random_below(&r, 60), i, order[60], kept = 0;
    char shown[1000], wanted[1000];
    size_t at = 0;
    AtFindings f;
    for(i=0; i<n; i++) order[i] = i;
    for(i=n; i>1; i--){
      uint32_t j = random_below(&r, i), swap = order[i-1];
      order[i-1] = order[j];
      order[j] = swap;
    }
    at_findings_open(&f, most);
    for(i=0; i<n; i++){
      AtPlace p = place_of(cell_integer(order[i]/2));       /* two of each id */
      assert_true(at_found(&env, &f, 0, AT_DUPLICATE, &p, "%c", order[i]%2 ? 'b' : 'a'));
    }
    assert_true(at_findings_sort(&env, &f));
    wanted[0] = 0;
    for(i=0; i<n && kept<most; i++, kept++){
      at += (size_t)snprintf(wanted+at, sizeof wanted-at, "%s0 %d %u %c (here)", at ? "|" : "", AT_DUPLICATE, i/2, i%2 ? 'b' : 'a');
    }
    if( n>most ) snprintf(wanted+at, sizeof wanted-at, "|0 %d NULL ... and %u more", AT_DUPLICATE, n-most);
    show(&f, shown, sizeof shown);
    assert_string_equal(shown, wanted);
    at_findings_close(env.alloc, &f);
  }
}

/* What is no UTF-8 is shown as ?, what is, stays. */
static void test_bytes(void **state){
  static const char *const known[][2] = {
    {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}, {"\xff", "?"}, {"a\xc3", "a?"}, {"\xc3(", "?("}, {"\xe2\x82\xac", "\xe2\x82\xac"},
    {"\xe2\x82", "??"}, {"\xc0\x80", "??"}, {"\xed\xa0\x80", "???"}, {"\xe0\x80\x80", "???"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"\xf0\x80\x80\x80", "????"}, {"\xf4\x90\x80\x80", "????"}, {"\xf5\x80\x80\x80", "????"}, {"\x80", "?"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtFindingRow row;
    AtFindings f;
    memset(&row, 0, sizeof row);
    at_findings_open(&f, 1);
    assert_true(at_found(&env, &f, 0, AT_SUMMARY, NULL, "%s", known[i][0]));
    assert_true(at_findings_next(&f, &row));
    assert_int_equal(row.n_detail, strlen(known[i][1]));
    assert_memory_equal(row.detail, known[i][1], row.n_detail);
    at_findings_close(env.alloc, &f);
  }
}

static void find_many(AtEnv *env, void *given){
  AtFindings f;
  int i;
  (void)given;
  at_findings_open(&f, 5);
  for(i=0; i<40; i++){
    AtPlace p = place_of(cell_integer((i*17)%40));
    at_found(env, &f, i%2, AT_DUPLICATE, &p, "number %d", i);
  }
  at_findings_sort(env, &f);
  at_findings_close(env->alloc, &f);
}

static void test_failures(void **state){ check_failures(*state, find_many, NULL, 30); }

/* One row's findings whose words begin alike: the shorter first; and words that are the same. */
static void test_words_that_begin_alike(void **state){
  static const char *const words[][3] = {{"a", "ab", "abc"}, {"abc", "ab", "a"}, {"ab", "a", "abc"}, {"ab", "ab", "a"}};
  static const char *const wanted[] = {"a ab abc", "a ab abc", "a ab abc", "a ab ab"};
  size_t i, k;
  for(i=0; i<COUNT(words); i++){
    AtEnv env = heap_env(*state);
    AtFindings f;
    AtFindingRow row;
    char shown[40] = "";
    at_findings_open(&f, 10);
    for(k=0; k<3; k++) assert_true(at_found(&env, &f, 0, AT_OLD_TIME, NULL, "%s", words[i][k]));
    assert_true(at_findings_sort(&env, &f));
    memset(&row, 0, sizeof row);
    while( at_findings_next(&f, &row) ){
      size_t n = strlen(shown);
      snprintf(shown+n, sizeof shown-n, "%s%.*s", n ? " " : "", (int)row.n_detail, row.detail);
    }
    assert_string_equal(shown, wanted[i]);
    at_findings_close(env.alloc, &f);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_kinds),
    HEAP_TEST(test_order),
    HEAP_TEST(test_most),
    HEAP_TEST(test_bytes),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_words_that_begin_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
