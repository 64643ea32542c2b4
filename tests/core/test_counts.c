/*
** test_counts.c: the chain from rows that somebody else has counted, and rows of lists:
** which cell is what, and the message that names the row.
*/
#include "effects_common.h"

static void test_by_hand(void **state){
  static const struct { const char *rows, *shown; } known[] = {
    {"", ""},
    {"(start)->b: 2; b->(null): 1; b->(conversion): 1 5", "(start)->b=2; b->(conversion)=1$5; b->(null)=1"},
    {"b->a: 1; a->(conversion): 3; a->(conversion): 0.5 2; (start)->b: 1; b->a: 2",
     "(start)->b=1; a->(conversion)=3.5$2; b->a=3"},
    {"(start)->(conversion): 2 7; (start)->(conversion): 1", "(start)->(conversion)=3$7"},
    {"(start)->(null): 5; (start)->a: 1; a->(null): 1", "(start)->a=1; a->(null)=1$0"},
    {"(start)->a: 1; a->a: 9; a->(null): 1", "(start)->a=1; a->(null)=1$0"},           /* a step to itself changes nothing */
    {"(start)->a: 0; a->b: 0; b->(null): 0", ""},
    {"(start)-> a>b : 1;  a  >  b ->(conversion): 1", "(start)->a > b=1; a > b->(conversion)=1$0"},
    {"(start)->c > a: 1; c > a->a > b: 1; a > b->(null): 1; a->(null): 1; (start)->a: 1",
     "(start)->a=1; (start)->c > a=1; a->(null)=1$0; a > b->(null)=1$0; c > a->a > b=1"},
    {"(start)->a > b > c > d > e > f > g > h: 1; a > b > c > d > e > f > g > h->(null): 1",
     "(start)->a > b > c > d > e > f > g > h=1; a > b > c > d > e > f > g > h->(null)=1$0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    char shown[400];
    Counted x;
    assert_true(open_counts(&env, &x, known[i].rows));
    show_steps(&env, &x.steps, &x.counts.names, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s: %s, not %s", known[i].rows, shown, known[i].shown);
    close_counts(&env, &x);
  }
}

/* Blanks around the words for the ends do not make channels of them. */
static void test_blanks_around_ends(void **state){
  AtEnv env = heap_env(*state);
  char shown[100];
  Counted x;
  if( open_counts(&env, &x, " (start) ->a: 1; a-> (conversion) : 1; a->\t(null): 1") ){
    assert_int_equal(x.counts.names.n, 1);
    show_steps(&env, &x.steps, &x.counts.names, shown, sizeof shown);
    assert_string_equal(shown, "(start)->a=1; a->(conversion)=1$0; a->(null)=1");
  }
  close_counts(&env, &x);
}

/******************************** There and back ******************************/

/* Rows written by at_transitions(), shuffled, some cut in two: the same chain. */
static void add_written(AtEnv *env, Random *r, AtCounts *c, const AtSteps *s, const AtDict *names){
  AtTransitions t;
  AtText text[2] = {{0}, {0}};
  size_t i;
  int k;
  c->has_value = s->has_value;
  assert_true(at_transitions(env, &t, s));
  for(i=t.n; i>1; i--){
    size_t j = random_below(r, (uint32_t)i);
    AtTransition row = t.rows[i-1];
    t.rows[i-1] = t.rows[j];
    t.rows[j] = row;
  }
  for(i=0; i<t.n; i++){
    double value = isnan(t.rows[i].value) ? 0 : t.rows[i].value, part = 0;
    AtCell cell[2];
    for(k=0; k<2; k++){
      assert_true(at_state_text(env, &text[k], s, names, k ? t.rows[i].to : t.rows[i].from, arrow));
      cell[k] = cell_bytes(AT_TEXT, text[k].text, text[k].n);
    }
    if( t.rows[i].weight>1 && random_below(r, 2) ) part = 1;
    if( part>0 ) assert_true(at_counts_add(env, c, &cell[0], &cell[1], arrow, part, 0));
    assert_true(at_counts_add(env, c, &cell[0], &cell[1], arrow, t.rows[i].weight-part, value));
  }
  at_free(env->alloc, t.rows);
  for(k=0; k<2; k++) at_text_free(env->alloc, &text[k]);
}

static void test_there_and_back(void **state){
  Random r = {1};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s, again;
    AtCounts c;
    random_paths(&env, &r, &p, 1+random_below(&r, 5), 1+random_below(&r, 10), 1);
    if( round%3==0 ) at_sum_add(&p.bare_conversions, 3);
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%6));
    memset(&c, 0, sizeof c);
    add_written(&env, &r, &c, &s, &p.names);
    assert_true(at_steps_of_counts(&env, &again, &c));
    assert_same_steps(&s, &again);
    at_steps_free(env.alloc, &s);
    at_steps_free(env.alloc, &again);
    at_counts_free(env.alloc, &c);
    at_paths_free(env.alloc, &p);
  }
}

/* Paths dealt out to shards, counted there and added up, give the chain of the whole. */
static void test_shards(void **state){
  Random r = {2};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths whole, shard[3];
    AtSteps s, added;
    AtCounts c;
    uint32_t i, channel[12], order = 1+(uint32_t)round%4;
    memset(&whole, 0, sizeof whole);
    memset(shard, 0, sizeof shard);
    memset(&c, 0, sizeof c);
    for(i=0; i<30; i++){
      AtOutcome o = {random_below(&r, 3), 1+random_below(&r, 3), 0};
      uint32_t n = random_below(&r, 7), k;
      if( o.conversions>0 ) o.value = random_between(&r, -5, 9);
      for(k=0; k<n; k++) channel[k] = random_below(&r, 4);
      add_numbers(&env, &whole, channel, n, o);
      add_numbers(&env, &shard[random_below(&r, 3)], channel, n, o);
    }
    whole.has_value = 1;
    assert_true(at_paths_finish(&env, &whole, 0, 1) && at_steps_of_paths(&env, &s, &whole, (int)order));
    for(i=0; i<3; i++){
      shard[i].has_value = 1;
      assert_true(at_paths_finish(&env, &shard[i], 0, 1) && at_steps_of_paths(&env, &added, &shard[i], (int)order));
      add_written(&env, &r, &c, &added, &shard[i].names);
      at_steps_free(env.alloc, &added);
      at_paths_free(env.alloc, &shard[i]);
    }
    assert_true(at_steps_of_counts(&env, &added, &c));
    assert_same_steps(&s, &added);
    at_steps_free(env.alloc, &s);
    at_steps_free(env.alloc, &added);
    at_counts_free(env.alloc, &c);
    at_paths_free(env.alloc, &whole);
  }
}

/************************************ Lists ***********************************/

static AtList list_of(int n_texts, int has_value, int has_nulls, int has_id){
  AtList list;
  memset(&list, 0, sizeof list);
  list.relation = "rows";
  list.text[0] = n_texts>1 ? "from_state" : "path";
  list.text[1] = "to_state";
  list.n_texts = n_texts;
  list.count = n_texts>1 ? "weight" : "conversions";
  list.value = has_value ? "value" : NULL;
  list.nulls = has_nulls ? "nulls" : NULL;
  list.has_id = has_id;
  list.separator = arrow;
  return list;
}

/* A path's row of (path, conversions [, value] [, nulls], id 77). */
static void check_path_row(Heap *heap, AtCell path, AtCell conversions, AtCell value, AtCell nulls, const char *words){
  int shape;
  for(shape=0; shape<8; shape++){
    AtEnv env = heap_env(heap);
    AtList list = list_of(1, shape&1, shape&2, shape&4);
    AtCell cells[5];
    AtPaths p;
    int n = 0;
    cells[n++] = path;
    cells[n++] = conversions;
    if( shape&1 ) cells[n++] = value;
    if( shape&2 ) cells[n++] = nulls;
    if( shape&4 ) cells[n++] = cell_integer(77);
    memset(&p, 0, sizeof p);
    at_list_path(&env, &list, &p, cells);
    if( words==NULL ) assert_ok(&env);
    else if( (shape&3)==3 ){
      assert_error(&env, AT_INVALID, words);
      assert_error(&env, AT_INVALID, shape&4 ? "of rows, row 77," : "of rows, row number 1 as read,");
    }
    at_paths_free(env.alloc, &p);
  }
}

static void test_rows_of_paths(void **state){
  AtCell a = cell_text("a > b"), one = cell_integer(1), none = cell_null(), blank = cell_text("");
  check_path_row(*state, a, one, none, none, NULL);
  check_path_row(*state, a, cell_text(" 1.5 "), blank, blank, NULL);
  check_path_row(*state, none, one, one, one, NULL);
  check_path_row(*state, blank, cell_real(AT_MAX_WEIGHT), cell_real(-1e290), cell_integer(INT64_C(9007199254740992)), NULL);
  check_path_row(*state, a, cell_integer(-1), none, none, "conversions|is no count (got -1)|from 1e-12 to 2^53");
  check_path_row(*state, a, cell_integer(INT64_C(9007199254740993)), none, none, "conversions|is no count|2^53");
  check_path_row(*state, a, cell_real(9007199254740994.0), none, none, "conversions|is no count|2^53");
  check_path_row(*state, a, cell_text("many"), none, none, "conversions|is no count (got 'many')");
  check_path_row(*state, a, one, cell_text("x"), none, "value|is no number (got 'x')");
  check_path_row(*state, a, one, cell_real(INFINITY), none, "value|is no number");
  check_path_row(*state, a, one, none, cell_real(-0.5), "nulls|is no count (got -0.5)");
  check_path_row(*state, a, one, none, cell_bytes(AT_BLOB, "1", 1), "nulls|is no count");
  check_path_row(*state, cell_bytes(AT_BLOB, "a", 1), one, none, none, "path|is no text|cast it as TEXT");
  check_path_row(*state, a, cell_integer(0), one, blank, "value|has no paths to belong to (got 1)");
}

static void test_a_row_number(void **state){
  AtEnv env = heap_env(*state);
  AtList list = list_of(1, 0, 0, 0);
  AtCell cells[2];
  AtPaths p;
  int i;
  memset(&p, 0, sizeof p);
  cells[0] = cell_text("a");
  for(i=1; i<=5; i++){
    cells[1] = cell_integer(i<5 ? i%2 : -1);
    assert_true(at_list_path(&env, &list, &p, cells)==(i<5));
  }
  assert_error(&env, AT_INVALID, "row number 5 as read");
  assert_int_equal(p.n, 2);
  at_paths_free(env.alloc, &p);
}

static void test_rows_of_counts(void **state){
  AtCell a = cell_text("a"), b = cell_text("b"), none = cell_null(), one = cell_integer(1);
  AtCell start = cell_text("(start)"), end = cell_text("(conversion)");
  const struct { AtCell from, to, weight, value; const char *words; } known[] = {
    {a, b, one, none, NULL}, {a, end, one, one, NULL}, {a, b, none, none, NULL}, {start, end, one, one, NULL},
    {none, b, one, none, "from_state of rows, row 5, is no state (got NULL)|'(start)'"},
    {a, cell_integer(3), one, none, "to_state of rows, row 5, is no state (got 3)"},
    {a, cell_bytes(AT_BLOB, "x", 1), one, none, "to_state|is no text"},
    {a, b, cell_integer(-2), none, "weight of rows, row 5, is no count (got -2)"},
    {a, b, one, a, "value of rows, row 5, is no number (got 'a')"},
    {a, b, cell_integer(0), one, "value of rows, row 5, has no paths"},
    {a, b, one, one, "value of rows, row 5, is on the way (got 1)|'(conversion)' or '(null)'"},
    {start, b, one, one, "value of rows, row 5, is on the way"},
    {end, b, one, none, "from_state of rows, row 5, is where paths end (got '(conversion)')|the state before it"},
    {cell_text("(null)"), cell_text("(null)"), none, none, "from_state of rows, row 5, is where paths end (got '(null)')"},
    {a, start, one, none, "to_state of rows, row 5, is where paths begin (got '(start)')|the state after it"},
    {cell_text(""), b, one, none, "from_state of rows, row 5, is no state|'a > b', '(start)', '(conversion)' or '(null)'"},
    {a, cell_text(" > > "), one, none, "to_state of rows, row 5, is no state"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtList list = list_of(2, 1, 0, 1);
    AtCell cells[5];
    AtCounts c;
    cells[0] = known[i].from;
    cells[1] = known[i].to;
    cells[2] = known[i].weight;
    cells[3] = known[i].value;
    cells[4] = cell_integer(5);
    memset(&c, 0, sizeof c);
    assert_true(at_list_count(&env, &list, &c, cells)==(known[i].words==NULL));
    if( known[i].words ) assert_error(&env, AT_INVALID, known[i].words);
    at_counts_free(env.alloc, &c);
  }
}

/************************************ Failures ********************************/

static void read_many(AtEnv *env, void *given){
  Counted x;
  uint32_t i;
  (void)given;
  memset(&x, 0, sizeof x);
  for(i=0; i<600 && !env->error.code; i++){
    char from[40], to[40];
    AtCell cells[2];
    snprintf(from, sizeof from, "c%u > d%u", (unsigned)(i%50), (unsigned)(i%3));
    snprintf(to, sizeof to, i%5 ? "c%u" : "(null)", (unsigned)(i%70));
    cells[0] = cell_text(i%9 ? from : "(start)");
    cells[1] = cell_text(to);
    at_counts_add(env, &x.counts, &cells[0], &cells[1], arrow, i+1.0, i%5 ? 0 : 1);
  }
  if( !env->error.code ) at_steps_of_counts(env, &x.steps, &x.counts);
  close_counts(env, &x);
}

static void test_failures(void **state){
  check_failures(*state, read_many, NULL, 25);
  check_stops(*state, read_many, NULL, 500);
}

/* A state of so many channels is taken or refused, but nothing breaks. */
static void test_a_state_of_many_channels(void **state){
  int more;
  for(more=0; more<2; more++){
    AtEnv env = heap_env(*state);
    AtList list = list_of(2, 0, 0, 0);
    size_t n = AT_MAX_TEXT/4 + (size_t)more*1000, i;
    char *text = malloc(2*n);
    AtCell cells[3];
    AtCounts c;
    assert_non_null(text);
    for(i=0; i<n; i++) memcpy(text+2*i, "a>", 2);
    cells[0] = cell_bytes(AT_TEXT, text, 2*n);
    cells[1] = cell_text("(null)");
    cells[2] = cell_integer(1);
    memset(&c, 0, sizeof c);
    if( !at_list_count(&env, &list, &c, cells) ) assert_error(&env, AT_INVALID, "16,383|separator=");
    at_counts_free(env.alloc, &c);
    free(text);
  }
}

/* A value of paths that are all nulls is theirs. */
static void test_a_value_of_nulls(void **state){
  AtEnv env = heap_env(*state);
  AtList list = list_of(1, 1, 1, 0);
  AtCell cells[4];
  AtPaths p;
  cells[0] = cell_text("a");
  cells[1] = cell_integer(0);
  cells[2] = cell_integer(5);
  cells[3] = cell_integer(3);
  memset(&p, 0, sizeof p);
  p.has_value = 1;
  assert_true(at_list_path(&env, &list, &p, cells) && at_paths_finish(&env, &p, 0, 1));
  assert_true(p.n==1 && p.paths[0].conversions==0 && p.paths[0].nulls==3 && p.paths[0].value==5);
  at_paths_free(env.alloc, &p);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_blanks_around_ends),
    HEAP_TEST(test_there_and_back),
    HEAP_TEST(test_shards),
    HEAP_TEST(test_rows_of_paths),
    HEAP_TEST(test_a_row_number),
    HEAP_TEST(test_rows_of_counts),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_a_state_of_many_channels),
    HEAP_TEST(test_a_value_of_nulls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
