/*
** test_sequence.c: matches, their number and their rows against a search that
** tries every way; patterns made to be slow.
*/
#include "funnel_common.h"

/*********************************** Every way ********************************/

/* The first way that works, rows tried from the earliest: docs/funnel.md, word by word. */
typedef struct Try Try;
struct Try {
  const AtConditions *c;
  const AtElement *e;
  uint32_t n;                       /* elements */
  uint32_t rows[12], n_rows;        /* of (?k) */
  uint32_t end;
};

static int gate_holds(const AtElement *e, int64_t passed){
  switch( e->gate ){
    case AT_GATE_LE: return passed<=e->duration;
    case AT_GATE_LT: return passed<e->duration;
    case AT_GATE_GE: return passed>=e->duration;
    case AT_GATE_GT: return passed>e->duration;
    case AT_GATE_EQ: return passed==e->duration;
    default: return passed!=e->duration;
  }
}

static int may_be_left(const AtElement *e){
  return e->kind==AT_ELEMENT_STAR || (e->kind==AT_ELEMENT_GATE
    && (e->gate==AT_GATE_LE || e->gate==AT_GATE_LT || (e->gate==AT_GATE_GE && e->duration==0)));
}

/* Elements from i on, from row at; gates measure from row base. */
static int matches(Try *t, uint32_t i, uint32_t at, uint32_t base){
  const AtElement *e;
  uint32_t p;
  if( i==t->n ){ t->end = at; return 1; }
  e = &t->e[i];
  if( e->kind==AT_ELEMENT_STAR || e->kind==AT_ELEMENT_GATE ){
    for(p=at; p<t->c->n; p++){
      if( e->kind==AT_ELEMENT_GATE && !gate_holds(e, t->c->time[p]-t->c->time[base]) ) continue;
      if( matches(t, i+1, p, base) ) return 1;
    }
    /* no event is left, or '.*' leaves none */
    return may_be_left(e) && (at==t->c->n || e->kind==AT_ELEMENT_STAR) && matches(t, i+1, t->c->n, base);
  }
  if( at==t->c->n || (e->kind==AT_ELEMENT_CONDITION && !at_holds(t->c, at, e->condition)) ) return 0;
  if( e->kind==AT_ELEMENT_CONDITION ) t->rows[t->n_rows++] = at;
  if( matches(t, i+1, at+1, at) ) return 1;
  if( e->kind==AT_ELEMENT_CONDITION ) t->n_rows--;
  return 0;
}

static int first_from(Try *t, uint32_t from){
  uint32_t start;
  for(start=from; start<t->c->n; start++){
    t->n_rows = 0;
    if( matches(t, 0, start, start) ) return 1;
  }
  return 0;
}

static uint64_t count_all(Try *t){
  uint64_t count = 0;
  uint32_t from = 0;
  while( first_from(t, from) ){
    count++;
    from = t->end>from ? t->end : from+1;
  }
  return count;
}

/* The rows of the first match, or of the longest beginning up to a (?k). */
static void list_all(Try *t, uint32_t n){
  if( first_from(t, 0) ) return;
  for(t->n=n; t->n>0; t->n--){
    if( t->e[t->n-1].kind==AT_ELEMENT_CONDITION && first_from(t, 0) ) return;
  }
  t->n_rows = 0;
}

static void random_pattern(Random *r, char *out, uint32_t n_conditions){
  static const char *const ops[] = {"<=", "<", ">=", ">", "==", "!="};
  uint32_t n = random_below(r, 8), i;
  int gate = 0;
  out[0] = 0;
  for(i=0; i<n; i++){
    uint32_t kind = random_below(r, 10);
    char *at = out+strlen(out);
    if( kind<3 && !gate ){ sprintf(at, "(?t%s%u)", ops[random_below(r, 6)], (unsigned)random_below(r, 4)); gate = 1; continue; }
    gate = 0;
    if( kind<4 ) strcpy(at, ".");
    else if( kind<6 ) strcpy(at, ".*");
    else sprintf(at, "(?%u)", (unsigned)(1+random_below(r, n_conditions)));
  }
}

static void check_pattern(AtEnv *env, const AtConditions *c, const char *text, uint64_t seen[3]){
  Try t = {0};
  AtPattern p;
  uint32_t rows[12], n;
  uint64_t count;
  char got[120], expected[120];
  assert_true(at_pattern_parse(env, &p, text, strlen(text), c->n_conditions));
  t.c = c;
  t.e = p.elements;
  t.n = p.n;
  count = count_all(&t);
  if( at_sequence_count(env, &p, c)!=count ) fail_msg("%s: %llu matches, not %llu", text, (unsigned long long)at_sequence_count(env, &p, c), (unsigned long long)count);
  assert_int_equal(at_sequence_match(env, &p, c), count>0);
  t.n = p.n;
  list_all(&t, p.n);
  n = at_sequence_rows(env, &p, c, rows);
  show_times(c, rows, n, got, sizeof got);
  show_times(c, t.rows, t.n_rows, expected, sizeof expected);
  if( n!=t.n_rows || memcmp(rows, t.rows, n*sizeof *rows)!=0 ) fail_msg("%s: rows at %s, not %s", text, got, expected);
  assert_ok(env);
  seen[0] += count>0;
  seen[1] += count>1;
  seen[2] += count==0 && n>0;
  at_pattern_free(env->alloc, &p);
}

static void test_against_every_way(void **state){
  Random r = {1};
  uint64_t seen[3] = {0, 0, 0};
  int round;
  for(round=0; round<60000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n_conditions = 1 + random_below(&r, 3);
    AtConditions c = random_conditions(&r, &env, n_conditions, random_below(&r, 9), 1+random_below(&r, 8), 0);
    char text[120];
    random_pattern(&r, text, n_conditions);
    check_pattern(&env, &c, text, seen);
    at_conditions_free(env.alloc, &c);
  }
  assert_true(seen[0]>10000 && seen[1]>5000 && seen[2]>3000);
}

/************************************ By hand *********************************/

static void test_by_hand(void **state){
  static const struct { const char *pattern, *rows; unsigned count; const char *times; } known[] = {
    {"(?1)(?2)", "0:1 1:2 2:1 3:2", 2, "0 1"}, {"(?1)(?2)", "0:1 1:3 2:2", 0, "0"}, {"(?1).(?2)", "0:1 1:3 2:2", 1, "0 2"},
    {"(?1).*(?2)", "0:1 1:3 2:3 3:2", 1, "0 3"}, {"(?1).*(?2)", "0:1 1:1 2:2 3:2", 1, "0 2"}, {"(?2)(?1)", "0:1 1:2", 0, "1"},
    {"", "0:1 1:1 2:2", 3, ""}, {"", "", 0, ""}, {".*", "0:1 1:2", 2, ""}, {".", "0:1 1:2 2:3", 3, ""}, {"..", "0:1 1:2 2:3", 1, ""},
    {"(?1)(?t<=5)(?2)", "0:1 6:2 7:1 9:2", 1, "7 9"}, {"(?1)(?t>5)(?2)", "0:1 4:2 6:2", 1, "0 6"}, {"(?1)(?t==6)(?2)", "0:1 5:2 6:3 6:2 7:2", 1, "0 6"},
    {"(?1)(?t!=4)(?2)", "0:1 4:2 5:2", 1, "0 5"}, {"(?1)(?t<1)(?2)", "0:1 0:2", 1, "0 0"}, {"(?1)(?t>=0)", "0:1", 1, "0"}, {"(?1)(?t>0)", "0:1", 0, "0"},
    {"(?1)(?t<=0)", "0:1", 1, "0"}, {"(?1)(?t<=3)", "0:1 5:2", 0, "0"}, {"(?1).*(?t<=3)", "0:1 5:2", 1, "0"}, {"(?1)(?t!=3)", "0:1", 0, "0"},
    /* a closing gate ends the match before the event that it found */
    {"(?1)(?t>=1)", "0:1 1:1 2:1", 2, "0"}, {"(?t>=1)(?1)", "0:1 1:1 2:1", 1, "1"},
    /* a gate measures from the last event taken, not from the first */
    {"(?1).*(?2)(?t<=2)(?3)", "0:1 5:2 7:3", 1, "0 5 7"}, {"(?1)(?2)(?t<=2)(?3)", "0:1 5:2 8:3", 0, "0 5"},
    {"(?1).(?t<=2)(?3)", "0:1 5:2 7:3", 1, "0 7"}, {"(?1)(?t<=2).*(?3)", "0:1 1:2 90:3", 1, "0 90"}, {"(?1).*(?t<=2)(?3)", "0:1 1:2 90:3", 0, "0"},
    /* the longest beginning has all its gates, and may begin elsewhere than the first (?1) */
    {"(?1)(?2)(?3)", "0:1 1:3 2:1 3:2 4:1", 0, "2 3"}, {"(?1)(?t<=1)(?2)(?3)", "0:1 5:2 6:3 7:1 8:2", 0, "7 8"},
    {"(?1)(?t>=5)", "0:1 1:2", 0, "0"}, {"(?2).(?3)", "0:2 1:3", 0, "0"},
    {"(?3)(?1)", "0:1,2,3 0:1", 0, "0"}, {"(?1)(?3)", "0:1,2,3 0:1,3", 1, "0 0"}, {"(?1)(?1)(?1)", "0:1 0:1 0:1 0:1 0:1 0:1 0:1", 2, "0 0 0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtConditions c = conditions_of(&env, 3, known[i].rows);
    AtPattern p;
    uint32_t rows[8], n;
    char times[80];
    assert_true(at_pattern_parse(&env, &p, known[i].pattern, strlen(known[i].pattern), 3));
    n = at_sequence_rows(&env, &p, &c, rows);
    show_times(&c, rows, n, times, sizeof times);
    if( at_sequence_count(&env, &p, &c)!=known[i].count ) fail_msg("%s over %s: %llu", known[i].pattern, known[i].rows, (unsigned long long)at_sequence_count(&env, &p, &c));
    if( strcmp(times, known[i].times)!=0 ) fail_msg("%s over %s: %s", known[i].pattern, known[i].rows, times);
    at_pattern_free(env.alloc, &p);
    at_conditions_free(env.alloc, &c);
  }
}

/* 1,000 elements over 1,000 conditions. */
static void test_1000_elements(void **state){
  AtEnv env = heap_env(*state);
  char *text = malloc(8000);
  uint32_t rows[1000], i;
  AtConditions c;
  AtPattern p;
  assert_non_null(text);
  text[0] = 0;
  assert_true(at_conditions_open(&env, &c, 1000, 0));
  for(i=1; i<=1000; i++){
    sprintf(text+strlen(text), "(?%u)", (unsigned)(1001-i));
    at_conditions_hold(&c, 1001-i);
    at_conditions_add(&env, &c, i, 0, 0);
  }
  assert_true(at_conditions_sort(&env, &c));
  assert_true(at_pattern_parse(&env, &p, text, strlen(text), 1000));
  assert_int_equal(at_sequence_count(&env, &p, &c), 1);
  assert_int_equal(at_sequence_rows(&env, &p, &c, rows), 1000);
  for(i=0; i<1000; i++) assert_int_equal(rows[i], i);
  c.n = 999;                                       /* without the last row nothing matches, but for 999 of it */
  assert_int_equal(at_sequence_match(&env, &p, &c), 0);
  assert_int_equal(at_sequence_rows(&env, &p, &c, rows), 999);
  at_pattern_free(env.alloc, &p);
  at_conditions_free(env.alloc, &c);
  free(text);
}

/********************************* Made to be slow ****************************/

enum { HUGE_ROWS = 100000 };

/* Conditions 1, 2, … in turn, a second apart; the last condition never. */
static AtConditions huge_rows(AtEnv *env, uint32_t n_conditions, int all){
  AtConditions c;
  uint32_t i, k;
  at_conditions_open(env, &c, n_conditions, 0);
  for(i=0; i<HUGE_ROWS; i++){
    for(k=1; all && k<n_conditions; k++) at_conditions_hold(&c, k);
    if( !all ) at_conditions_hold(&c, 1 + i%(n_conditions-1));
    at_conditions_add(env, &c, i*AT_SECOND, 0, 0);
  }
  at_conditions_hold(&c, n_conditions);            /* only in the first row, where it is of no use */
  at_conditions_add(env, &c, -1, 0, 0);
  at_conditions_sort(env, &c);
  assert_ok(env);
  return c;
}

/* All that there is to ask stays within a few looks at each (row, element). */
static void check_work(Heap *heap, const AtConditions *c, const char *text, int matched){
  AtEnv env = heap_env(heap);
  uint32_t rows[100];
  AtPattern p;
  long work;
  assert_true(at_pattern_parse(&env, &p, text, strlen(text), c->n_conditions));
  assert_true(p.n<=COUNT(rows));
  heap->beats = 0;
  assert_int_equal(at_sequence_count(&env, &p, c)>0, matched);
  at_sequence_rows(&env, &p, c, rows);
  assert_ok(&env);
  work = ticks_of(heap, &env);
  if( work>6*(long)c->n*((long)p.n+1) ) fail_msg("%s: %ld for %u rows and %u elements", text, work, (unsigned)c->n, (unsigned)p.n);
  assert_true(heap->beats>0);                      /* and the work is counted */
  at_pattern_free(env.alloc, &p);
}

static void test_slow_patterns(void **state){
  static const char *const patterns[] = {
    "(?1).*(?2).*(?3).*(?1).*(?2).*(?3).*(?4)", "(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?4)",
    "(?1)(?t>=1).*(?2)(?t>=1).*(?3)(?t>=1).*(?1)(?t>=50000).*(?4)", "(?1)(?t<=1000).*(?2)(?t!=500)(?3).*(?t>1)(?4)",
    "(?1)(?t<=90000)(?2)(?t<=90000)(?3)(?t<=90000)(?1)(?t<=90000)(?4)", "(?1)(?t>=99990)(?2).*(?4)",
    "(?1)..*..*..*..*..*..*..*(?4)", "(?1)(?t==3)(?1)(?t==3)(?1)(?t==4)(?4)",
  };
  static const char *const matching[] = {
    "(?1).*(?2).*(?3)", "(?1)(?t<=50000).*(?2)", "(?1).*(?t>=50000)(?2)", ".*(?1)", "(?t>=1).", "(?1)(?t!=1)(?2)", ".", "", ".*", "(?1).*(?t<=3)",
    "(?1)(?t>=99990)", "(?t>=70000)(?1)", ".*.*.*.*.*.*.*.*(?4)", ".*(?t!=7).*(?t!=8).*(?t!=9)(?4)",
  };
  AtEnv env = heap_env(*state);
  AtConditions turns = huge_rows(&env, 4, 0), all = huge_rows(&env, 4, 1);
  size_t i;
  for(i=0; i<COUNT(patterns); i++){ check_work(*state, &turns, patterns[i], 0); check_work(*state, &all, patterns[i], 0); }
  for(i=0; i<COUNT(matching); i++){ check_work(*state, &turns, matching[i], 1); check_work(*state, &all, matching[i], 1); }
  at_conditions_free(env.alloc, &turns);
  at_conditions_free(env.alloc, &all);
}

/************************************ Failures ********************************/

static void search_all(AtEnv *env, void *given){
  const char *text = given;
  AtConditions c = conditions_of(env, 3, "0:1 1:2 2:1 3:3 4:1 5:2 6:1 7:2 8:2 8:1");
  uint32_t rows[16];
  AtPattern p;
  if( at_pattern_parse(env, &p, text, strlen(text), 3) ){
    at_sequence_match(env, &p, &c);
    at_sequence_count(env, &p, &c);
    at_sequence_rows(env, &p, &c, rows);
  }
  at_pattern_free(env->alloc, &p);
  at_conditions_free(env->alloc, &c);
}

static void test_failures(void **state){
  static char matching[] = "(?1).*(?t<=1)(?2)", lacking[] = "(?1).*(?2)(?3).*(?t>=5)(?3)";
  check_failures(*state, search_all, matching, 15);
  check_failures(*state, search_all, lacking, 15);
  check_stops(*state, search_all, matching, 8);
  check_stops(*state, search_all, lacking, 10);
}

/* Patterns of a group without conditions: every row is kept and any will do. */
static void test_no_conditions(void **state){
  static const struct { const char *pattern; uint64_t n; } known[] = {{".", 4}, {"..", 2}, {".(?t>2).", 1}, {".....", 0}};
  AtEnv env = heap_env(*state);
  AtConditions c = conditions_of(&env, 0, "1 2 3 9");
  uint64_t seen[3] = {0, 0, 0};
  size_t i;
  AtPattern p;
  assert_int_equal(c.n, 4);
  for(i=0; i<COUNT(known); i++){
    assert_true(at_pattern_parse(&env, &p, known[i].pattern, strlen(known[i].pattern), 0));
    assert_int_equal(at_sequence_count(&env, &p, &c), known[i].n);
    at_pattern_free(env.alloc, &p);
    check_pattern(&env, &c, known[i].pattern, seen);
  }
  assert_false(at_pattern_parse(&env, &p, "(?1)", 4, 0));
  assert_error(&env, AT_INVALID, "there is no such condition");
  at_pattern_free(env.alloc, &p);
  at_conditions_free(env.alloc, &c);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_against_every_way),
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_1000_elements),
    HEAP_TEST(test_slow_patterns),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_no_conditions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
