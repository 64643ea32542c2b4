/*
** test_window_funnel.c: the level, and the times of the chain that reaches it,
** against all chains that docs/funnel.md allows, one by one; windows and modes
** as they are written.
*/
#include "funnel_common.h"

/************************************ The rule ********************************/

static void test_windows_and_modes(void **state){
  const struct { AtCell cell; int64_t window; unsigned modes; } known[] = {
    {cell_integer(0), 0, 0}, {cell_integer(90), 90*AT_SECOND, 0}, {cell_real(1.5), 1500000, 0}, {cell_text("30 days"), 30*DAY, 0},
    {cell_text("3600"), 3600*AT_SECOND, 0}, {cell_text("1 week, strict_order"), 7*DAY, AT_STRICT_ORDER},
    {cell_text(" 2h ,Strict_Increase, STRICT_ONCE "), 7200*AT_SECOND, AT_STRICT_INCREASE|AT_STRICT_ONCE},
    {cell_text("1d,strict_deduplication"), DAY, AT_STRICT_DEDUPLICATION},
    {cell_text("1d, allow_reentry, strict_order"), DAY, AT_STRICT_ORDER|AT_ALLOW_REENTRY},
    {cell_integer(INT64_MAX), AT_MAX_TIME-AT_MIN_TIME, 0}, {cell_real(INFINITY), AT_MAX_TIME-AT_MIN_TIME, 0},
    {cell_text("1e300 days"), AT_MAX_TIME-AT_MIN_TIME, 0}, {cell_real(4e-7), 0, 0},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtFunnelRule rule;
    if( !at_funnel_rule(&env, &rule, &known[i].cell) ) fail_msg("rule %zu: %s", i, env.error.text);
    if( llabs(rule.window-known[i].window)>1 || rule.modes!=known[i].modes ){
      fail_msg("rule %zu: window %lld, modes %u", i, (long long)rule.window, rule.modes);
    }
  }
}

static void test_refused_windows_and_modes(void **state){
  const struct { AtCell cell; const char *words; } refused[] = {
    {cell_integer(-1), "window|got -1|not negative"}, {cell_real(-0.5), "window|not negative"}, {cell_real(NAN), "window"},
    {cell_text("-1 day"), "window|'-1 day'|not negative"}, {cell_text(""), "window|got ''"}, {cell_text("soon"), "window|'soon'|'90 days'"},
    {cell_text("1 month"), "'1 month'|no fixed length|days"}, {cell_text("3 dys"), "'3 dys'|unit"},
    {cell_text(", strict_order"), "window|got ''"}, {cell_bytes(AT_BLOB, "1", 1), "window|BLOB|'30 days'"}, {cell_null(), "window|NULL"},
    {cell_text("1d,"), "unknown mode ''|strict_order"}, {cell_text("1d, strict_order,, strict_once"), "unknown mode ''"},
    {cell_text("1d, strict"), "'strict'|strict_deduplication now"}, {cell_text("1d, STRICT"), "strict_deduplication now"},
    {cell_text("1d, strict_ordr"), "'strict_ordr'|did you mean strict_order?"}, {cell_text("1d, strict_once_more"), "'strict_once_more'"},
    {cell_text("1d, loose"), "'loose'|strict_deduplication, strict_order, strict_increase|strict_once or allow_reentry"},
    {cell_text("1d, strict_order strict_once"), "unknown mode 'strict_order strict_once'"},
    {cell_text("1d, allow_reentry"), "allow_reentry|needs strict_order"},
    {cell_text("1d, strict_once, strict_order, strict_once"), "strict_once is given twice|once"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtFunnelRule rule;
    if( at_funnel_rule(&env, &rule, &refused[i].cell) ) fail_msg("rule %zu is taken", i);
    assert_error(&env, AT_INVALID, refused[i].words);
  }
}

/************************************ By hand *********************************/

static uint32_t level_of(void **state, const char *rule_text, uint32_t n, const char *rows, char *times, size_t room){
  AtEnv env = heap_env(*state);
  AtCell cell = cell_text(rule_text);
  AtConditions c = conditions_of(&env, n, rows);
  AtFunnelRule rule;
  uint32_t step_rows[8], level, alone;
  assert_true(n<=COUNT(step_rows) && at_funnel_rule(&env, &rule, &cell));
  level = at_window_funnel(&env, &c, &rule, step_rows);
  alone = at_window_funnel(&env, &c, &rule, NULL);
  assert_ok(&env);
  assert_int_equal(alone, level);
  show_times(&c, step_rows, level, times, room);
  at_conditions_free(env.alloc, &c);
  return level;
}

static void test_by_hand(void **state){
  static const struct { const char *rule; uint32_t n; const char *rows, *times; } known[] = {
    {"10", 3, "", ""}, {"10", 3, "5:2 6:3", ""}, {"10", 3, "0:1 5:2 10:3", "0 5 10"}, {"9", 3, "0:1 5:2 10:3", "0 5"},
    {"0", 3, "4:1,2,3", "4 4 4"}, {"0", 3, "0:3 0:2 0:1", "0 0 0"}, {"10", 3, "0:2 1:1 2:3 3:2 4:3", "1 3 4"},
    /* a later entry has more of the window left */
    {"10", 2, "0:1 8:1 15:2", "8 15"}, {"10", 3, "0:1 8:1 9:2 19:3", "8 9"}, {"10", 3, "0:1 5:2 8:1 10:3", "0 5 10"},
    {"10", 3, "0:1 5:2 8:1 9:2 10:3", "8 9 10"},
    /* levels do not expire */
    {"5", 3, "0:1 5:2 100:1", "0 5"}, {"5", 2, "0:1 1:2 100:1 101:2", "100 101"},
    {"10, strict_deduplication", 3, "0:1 1:2 2:2 3:3", "0 1"}, {"10, strict_deduplication", 3, "0:1 1:1 2:2 3:3", "1 2 3"},
    {"10, strict_deduplication", 3, "0:1 0:2 0:2 1:3", "0 0"}, {"10, strict_deduplication", 3, "0:2 0:2 1:1 2:2 3:3", "1 2 3"},
    {"10, strict_order", 3, "0:1 1: 2:2", "0"}, {"10, strict_order", 3, "0: 1:1 2:2 3:3", "1 2 3"}, {"10, strict_order", 3, "1: 1:1 2:2", "1 2"},
    {"10, strict_order", 3, "0:1 1:3 2:2", "0"}, {"10, strict_order, allow_reentry", 3, "0:1 1:3 2:2 3:3", "0 2 3"},
    {"10, strict_order", 3, "0:2 1:1 2:2", "1 2"}, {"10, strict_order", 3, "0:1 1:1 2:2", "1 2"},
    {"10, strict_increase", 3, "0:1,2,3", "0"}, {"10, strict_increase", 3, "0:1 0:2 1:2 1:3 2:3", "0 1 2"},
    {"10, strict_increase", 2, "0:1 5:1,2", "0 5"}, {"10, strict_increase", 2, "0:1 5:1 5:2", "0 5"},
    {"10, strict_once", 3, "0:1,2,3", "0"}, {"10, strict_once", 3, "0:1,2,3 0:1,2,3", "0 0"}, {"10, strict_once", 3, "0:1,2 0:2 1:2,3", "0 0 1"},
    {"10, strict_once", 3, "0:1,2,3 0:1 0:1,2", "0 0 0"}, {"10, strict_once, strict_increase", 3, "0:1 0:2 1:2,3 2:3", "0 1 2"},
    {"10, strict_once", 2, "0:1 4:1,2", "0 4"}, {"10, strict_once", 2, "0:1 4:1,2 4:1", "4 4"},
    {"10, strict_once, strict_deduplication", 3, "0:1,2 0:1,2 1:3", "0 0"}, {"10, strict_once, strict_deduplication", 3, "0:1 0:2 0:2 1:3", "0 0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    char times[80];
    level_of(state, known[i].rule, known[i].n, known[i].rows, times, sizeof times);
    if( strcmp(times, known[i].times)!=0 ) fail_msg("%s over %s: %s, not %s", known[i].rule, known[i].rows, times, known[i].times);
  }
}

/********************************** All chains ********************************/

/* A chain: its rows so far. There are as many as there are, so inputs are small. */
typedef struct Chain Chain;
struct Chain { uint32_t n, row[5]; };
typedef struct Chains Chains;
struct Chains { Chain *chain; size_t n, capacity; };

static void add_chain(Chains *all, const Chain *chain, uint32_t row){
  if( all->n==all->capacity ){
    all->capacity = all->capacity ? all->capacity*2 : 256;
    all->chain = realloc(all->chain, all->capacity*sizeof *all->chain);
    assert_non_null(all->chain);
  }
  all->chain[all->n] = *chain;
  all->chain[all->n].row[chain->n] = row;
  all->chain[all->n++].n = chain->n+1;
}

static int may_join(const AtConditions *c, const AtFunnelRule *rule, const Chain *chain, uint32_t k, uint32_t row){
  uint32_t i;
  if( chain->n!=k-1 || c->time[row]-c->time[chain->row[0]]>rule->window ) return 0;
  if( (rule->modes & AT_STRICT_INCREASE) && c->time[chain->row[k-2]]>=c->time[row] ) return 0;
  for(i=0; i<chain->n; i++) if( (rule->modes & AT_STRICT_ONCE) && chain->row[i]==row ) return 0;
  return 1;
}

/* Whether a row without conditions comes before the entries of its instant. */
static int has_empty(const AtConditions *c, uint32_t row){
  uint32_t k, i;
  for(i=row; i<c->n && c->time[i]==c->time[row]; i++){
    for(k=1; k<=c->n_conditions && !at_holds(c, i, k); k++){}
    if( k>c->n_conditions ) return 1;
  }
  return 0;
}

/* The entries (ts, k) one after another, each joining every chain that it may. */
static void all_chains(const AtConditions *c, const AtFunnelRule *rule, Chains *all){
  static const Chain none = {0, {0}};
  int reached[8] = {0}, started = 0;
  uint32_t first, limit, k, row;
  for(first=0; first<c->n; first=limit){
    for(limit=first; limit<c->n && c->time[limit]==c->time[first]; limit++){}
    if( started && (rule->modes & AT_STRICT_ORDER) && has_empty(c, first) ) return;
    for(k=1; k<=c->n_conditions; k++){
      for(row=first; row<limit; row++){
        size_t n = all->n, i;
        if( !at_holds(c, row, k) ) continue;
        if( k==1 ){ started = reached[1] = 1; add_chain(all, &none, row); continue; }
        if( (rule->modes & AT_STRICT_DEDUPLICATION) && reached[k] ) return;
        if( (rule->modes & AT_STRICT_ORDER) && !(rule->modes & AT_ALLOW_REENTRY) && started && !reached[k-1] ) return;
        for(i=0; i<n; i++){
          Chain chain = all->chain[i];
          if( may_join(c, rule, &chain, k, row) ){ add_chain(all, &chain, row); reached[k] = 1; }
        }
      }
    }
  }
}

/* The better of two chains: further, entered later, then each step earlier. */
static int is_better(const AtConditions *c, const Chain *a, const Chain *b){
  uint32_t i;
  if( a->n!=b->n ) return a->n>b->n;
  if( a->n && c->time[a->row[0]]!=c->time[b->row[0]] ) return c->time[a->row[0]]>c->time[b->row[0]];
  for(i=1; i<a->n; i++) if( c->time[a->row[i]]!=c->time[b->row[i]] ) return c->time[a->row[i]]<c->time[b->row[i]];
  return 0;
}

static void check_against_all(AtEnv *env, const AtConditions *c, const AtFunnelRule *rule, Chains *all){
  Chain best = {0, {0}};
  uint32_t rows[8], level = at_window_funnel(env, c, rule, rows), i;
  size_t k;
  char got[80], expected[80];
  assert_ok(env);
  all->n = 0;
  all_chains(c, rule, all);
  for(k=0; k<all->n; k++) if( is_better(c, &all->chain[k], &best) ) best = all->chain[k];
  show_times(c, rows, level, got, sizeof got);
  show_times(c, best.row, best.n, expected, sizeof expected);
  if( level!=best.n || strcmp(got, expected)!=0 ){
    for(i=0; i<c->n; i++) print_error("%lld:%llx ", (long long)(c->time[i]/AT_SECOND), (unsigned long long)c->set[i]);
    fail_msg("modes %u, window %lld: %s, not %s", rule->modes, (long long)(rule->window/AT_SECOND), got, expected);
  }
  for(i=0; i<level; i++) assert_true(at_holds(c, rows[i], i+1));
  assert_int_equal(at_window_funnel(env, c, rule, NULL), level);
}

static void test_against_all_chains(void **state){
  Random r = {1};
  Chains all = {NULL, 0, 0};
  uint32_t levels[6] = {0};
  int round;
  for(round=0; round<60000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n_times = 1 + random_below(&r, 6);
    AtConditions c = random_conditions(&r, &env, 1+random_below(&r, 5), random_below(&r, 9), n_times, 1);
    AtFunnelRule rule;
    rule.modes = random_below(&r, 32);
    if( (rule.modes & AT_ALLOW_REENTRY) && !(rule.modes & AT_STRICT_ORDER) ) rule.modes ^= AT_ALLOW_REENTRY;
    rule.window = random_below(&r, 4) ? random_below(&r, n_times+1)*AT_SECOND : INT64_MAX;
    check_against_all(&env, &c, &rule, &all);
    levels[at_window_funnel(&env, &c, &rule, NULL)]++;
    at_conditions_free(env.alloc, &c);
  }
  assert_true(levels[0]>1000 && levels[1]>1000 && levels[2]>1000 && levels[3]>1000 && levels[4]>500 && levels[5]>200);
  free(all.chain);
}

/* A mode takes away and never adds; a longer window never takes away, unless a mode ends the scan. */
static void test_modes_and_windows_are_monotonic(void **state){
  static const unsigned modes[] = {AT_STRICT_DEDUPLICATION, AT_STRICT_ORDER, AT_STRICT_INCREASE, AT_STRICT_ONCE, AT_STRICT_ORDER|AT_ALLOW_REENTRY};
  Random r = {2};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n = 1 + random_below(&r, 70), level, last = 0, i;
    AtConditions c = random_conditions(&r, &env, n, random_below(&r, 60), 1+random_below(&r, 40), 1);
    AtFunnelRule rule = {0, 0};
    for(i=0; i<=40; i+=5){
      rule.window = i*AT_SECOND;
      level = at_window_funnel(&env, &c, &rule, NULL);
      assert_true(level>=last && level<=n);
      last = level;
    }
    for(i=0; i<COUNT(modes); i++){
      rule.modes = modes[i];
      assert_true(at_window_funnel(&env, &c, &rule, NULL)<=last);
    }
    at_conditions_free(env.alloc, &c);
  }
}

/*********************************** Many of all ******************************/

/* 1,000 steps, one after another or at one instant, forward or backward. */
static void test_1000_conditions(void **state){
  static const unsigned modes[] = {0, AT_STRICT_ORDER, AT_STRICT_DEDUPLICATION, AT_STRICT_INCREASE, AT_STRICT_ONCE};
  static uint32_t rows[1000];
  int kind;
  size_t m;
  for(kind=0; kind<3; kind++){
    AtEnv env = heap_env(*state);
    AtConditions c;
    uint32_t i;
    assert_true(at_conditions_open(&env, &c, 1000, 0));
    for(i=1; i<=1000; i++){
      at_conditions_hold(&c, kind==2 ? 1001-i : i);
      at_conditions_add(&env, &c, kind==1 ? 0 : i, 0, 0);
    }
    assert_true(at_conditions_sort(&env, &c));
    for(m=0; m<COUNT(modes); m++){
      AtFunnelRule rule = {INT64_MAX, 0};
      uint32_t expected = kind==2 || (kind==1 && m==3) ? 1 : 1000;
      rule.modes = modes[m];
      assert_int_equal(at_window_funnel(&env, &c, &rule, rows), expected);
      for(i=0; kind<2 && i<expected; i++) assert_int_equal(rows[i], i);
    }
    at_conditions_free(env.alloc, &c);
  }
}

/* The work that is counted for rows at one instant that all have all conditions. */
static void test_one_instant_in_bounded_work(void **state){
  enum { ROWS = 2000, STEPS = 125 };
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  AtFunnelRule rule = {0, AT_STRICT_ONCE};
  static uint32_t rows[STEPS];
  AtConditions c;
  uint32_t i, k;
  assert_true(at_conditions_open(&env, &c, STEPS, 0));
  for(i=0; i<ROWS; i++){
    for(k=1; k<=STEPS; k++) at_conditions_hold(&c, k);
    at_conditions_add(&env, &c, 7, 0, 0);
  }
  assert_true(at_conditions_sort(&env, &c));
  heap->beats = 0;
  env.ticks = 0;
  assert_int_equal(at_window_funnel(&env, &c, &rule, rows), STEPS);
  assert_true(ticks_of(heap, &env)>=ROWS && ticks_of(heap, &env)<=2*ROWS*(long)STEPS);
  at_conditions_free(env.alloc, &c);
}

/************************************ Failures ********************************/

typedef struct Asked Asked;
struct Asked { const char *rule; };

static void sort_and_ask(AtEnv *env, void *given){
  const Asked *asked = given;
  AtCell cell = cell_text(asked->rule);
  AtFunnelRule rule;
  uint32_t rows[4];
  AtConditions c = conditions_of(env, 4, "9:4 8:3,4 8:2 8:1 8:2,3 5:1 5:2 4: 3:1 2:1,2 1:1 11:4 12:1 13:2 13:2 13:3 14:4");
  if( at_funnel_rule(env, &rule, &cell) ) at_window_funnel(env, &c, &rule, rows);
  at_conditions_free(env->alloc, &c);
}

static void test_failures(void **state){
  static Asked asked[] = {{"20"}, {"20, strict_once"}, {"20, strict_once, strict_deduplication"}};
  size_t i;
  for(i=0; i<COUNT(asked); i++){
    check_failures(*state, sort_and_ask, &asked[i], 10);
    check_stops(*state, sort_and_ask, &asked[i], 6);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_windows_and_modes),
    HEAP_TEST(test_refused_windows_and_modes),
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_against_all_chains),
    HEAP_TEST(test_modes_and_windows_are_monotonic),
    HEAP_TEST(test_1000_conditions),
    HEAP_TEST(test_one_instant_in_bounded_work),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
