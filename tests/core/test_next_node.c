/*
** test_next_node.c: the value after a chain of consecutive rows, by hand and
** against a walk over sorted rows.
*/
#include "funnel_common.h"

static int open_nodes(AtEnv *env, AtNodes *x, uint32_t n_steps, const char *direction, const char *base){
  AtCell cells[2] = {cell_text(direction), cell_text(base)};
  return at_nodes_open(env, x, n_steps, &cells[0], &cells[1]);
}

/* Rows 'value@second:condition,condition'; condition 1 is the base condition, 2 is e1, …;
** those that nobody asks for do not count. */
static void add_nodes(AtEnv *env, AtNodes *x, const char *text){
  while( *text ){
    size_t n = strcspn(text, "@");
    AtCell value = cell_bytes(AT_TEXT, text, n);
    int64_t second, k;
    text = read_integer(text+n+1, &second);
    while( *text==':' || *text==',' ){
      text = read_integer(text+1, &k);
      if( k<=x->rows.n_conditions ) at_conditions_hold(&x->rows, (uint32_t)k);
    }
    at_nodes_add(env, x, second*AT_SECOND, &value);
    while( *text==' ' ) text++;
  }
}

static void test_by_hand(void **state){
  static const struct { const char *direction, *base; uint32_t n_steps; const char *rows, *next; } known[] = {
    {"forward", "head", 1, "a@0:1,2 b@1 c@2", "b"}, {"forward", "head", 1, "a@0:1 b@1", NULL}, {"forward", "head", 1, "a@0:2 b@1", NULL},
    {"forward", "head", 0, "a@0:1 b@1", "a"}, {"forward", "head", 0, "a@0 b@1:1", NULL}, {"forward", "head", 2, "a@0:1,2 b@1:3 c@2 d@3", "c"},
    {"forward", "head", 2, "a@0:1,2 b@1:2 c@2 d@3", NULL}, {"forward", "head", 1, "a@0:1,2", NULL}, {"forward", "head", 1, "", NULL},
    {"backward", "tail", 1, "a@0 b@1 c@2:1,2", "b"}, {"backward", "tail", 0, "a@0 b@1:1", "b"}, {"backward", "tail", 2, "a@0 b@1:3 c@2:1,2", "a"},
    {"backward", "tail", 1, "c@2:1,2", NULL}, {"backward", "tail", 1, "c@2:2 b@1:1,2", NULL},
    {"forward", "first_match", 1, "a@0:1 b@1:1,2 c@2:1,2 d@3", "c"}, {"forward", "last_match", 1, "a@0:1 b@1:1,2 c@2:1,2 d@3", "d"},
    {"backward", "first_match", 1, "a@0:1 b@1:1,2 c@2:1,2 d@3", "a"}, {"backward", "last_match", 1, "a@0:1 b@1:1,2 c@2:1,2 d@3", "b"},
    {"forward", "first_match", 1, "a@0:1 b@1:2", NULL}, {"forward", "first_match", 2, "a@0:1,2 b@1:2 c@2:1,2,3 d@3", NULL},
    {"forward", "last_match", 2, "a@0:1,2 b@1:3 c@2", "c"}, {"Backward", "LAST_MATCH", 1, "z@0 a@5:1,2", "z"},
    /* at one instant by value, then by conditions */
    {"forward", "head", 1, "b@0 a@0:1,2", "b"}, {"forward", "head", 2, "a@0:3 a@0:1,2 b@9", "b"}, {"forward", "head", 2, "a@0:3 a@0:2 b@9", NULL}, {"backward", "tail", 1, "b@0:1,2 c@0:1,2 a@0", "b"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtNodes x;
    AtCell value;
    int found;
    if( !open_nodes(&env, &x, known[i].n_steps, known[i].direction, known[i].base) ) fail_msg("row %zu: %s", i, env.error.text);
    add_nodes(&env, &x, known[i].rows);
    found = at_nodes_next(&env, &x, &value);
    assert_ok(&env);
    if( found!=(known[i].next!=NULL) ) fail_msg("%s %s over %s: %d", known[i].direction, known[i].base, known[i].rows, found);
    if( found && (value.n!=strlen(known[i].next) || memcmp(value.text, known[i].next, value.n)!=0) ){
      fail_msg("%s %s over %s: %.*s", known[i].direction, known[i].base, known[i].rows, (int)value.n, value.text);
    }
    at_nodes_free(env.alloc, &x);
  }
}

static void test_refusals(void **state){
  static const struct { const char *direction, *base; uint32_t n_steps; const char *words; } refused[] = {
    {"onward", "head", 1, "direction|'onward'|'forward' or 'backward'"}, {"", "head", 1, "direction|''"}, {"forward", "first", 1, "base|'first'|'first_match'"},
    {"forward", "tail", 1, "after the tail|'backward', 'tail'"}, {"backward", "head", 1, "before the head|'forward', 'head'"},
    {"forward", "first_match", 0, "first_match|base_condition, e1"}, {"backward", "last_match", 0, "last_match|base_condition, e1"},
    {"forward", "head", 1000, "1001 conditions|1000"},
  };
  AtEnv env;
  AtNodes x;
  AtCell number = cell_integer(1), head = cell_text("head");
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    env = heap_env(*state);
    assert_false(open_nodes(&env, &x, refused[i].n_steps, refused[i].direction, refused[i].base));
    assert_error(&env, AT_INVALID, refused[i].words);
    at_nodes_free(env.alloc, &x);
  }
  env = heap_env(*state);
  assert_false(at_nodes_open(&env, &x, 1, &number, &head));
  assert_error(&env, AT_INVALID, "direction|got 1");
  at_nodes_free(env.alloc, &x);
}

/* Values come back as they were, whatever they are; they are copied. */
static void test_values_keep_class_and_bytes(void **state){
  const AtCell values[] = {cell_integer(INT64_MIN), cell_real(-0.5), cell_text(""), cell_text("text"), cell_bytes(AT_BLOB, "a\0b", 3),
                           cell_bytes(AT_BLOB, "", 0), cell_real(1e300), cell_integer(7)};
  size_t i;
  for(i=0; i<COUNT(values); i++){
    AtEnv env = heap_env(*state);
    char room[8];
    AtCell value = values[i], got;
    AtNodes x;
    if( value.n ){ memcpy(room, value.text, value.n); value.text = room; }
    assert_true(open_nodes(&env, &x, 0, "forward", "head"));
    at_conditions_hold(&x.rows, 1);
    assert_true(at_nodes_add(&env, &x, 0, &value));
    memset(room, 'x', sizeof room);
    assert_true(at_nodes_next(&env, &x, &got));
    assert_true(same_cell(&got, &values[i]));
    at_nodes_free(env.alloc, &x);
  }
}

/********************************* Against a walk *****************************/

typedef struct Node Node;
struct Node { int64_t time; AtCell value; uint32_t set; };

static int compare_nodes(const void *p, const void *q){
  const Node *a = p, *b = q;
  int order, k;
  if( a->time!=b->time ) return a->time<b->time ? -1 : 1;
  order = at_cell_compare(&a->value, &b->value);
  if( order==0 ) order = a->value.type-b->value.type;
  for(k=0; order==0 && k<4; k++){                 /* lists: {1} {1,2} {2}; the empty one first */
    uint32_t rest_a = a->set>>k, rest_b = b->set>>k;
    if( (rest_a & 1)==(rest_b & 1) ) continue;
    order = rest_a & 1 ? (rest_b ? -1 : 1) : (rest_a ? 1 : -1);
  }
  return order;
}

/* The place of the answer in sorted nodes, -1 if there is none. */
static int walk(const Node *nodes, int n, int n_steps, int backward, int base){
  int i = -1, k, place;
  if( n==0 ) return -1;
  for(k=0; k<n; k++){
    int row = base==AT_LAST_MATCH || base==AT_TAIL ? n-1-k : k;
    int is_base = (nodes[row].set & 1) && (base==AT_HEAD || base==AT_TAIL || (nodes[row].set & 2));
    if( is_base && i<0 ) i = row;
    if( base==AT_HEAD || base==AT_TAIL ) break;
  }
  if( i<0 ) return -1;
  for(k=0, place=i; k<n_steps; k++, place += backward ? -1 : 1){
    if( place<0 || place>=n || !(nodes[place].set>>(k+1) & 1) ) return -1;
  }
  return place>=0 && place<n ? place : -1;
}

static void test_against_a_walk(void **state){
  static const char *const bases[] = {"head", "tail", "first_match", "last_match"};
  Random r = {1};
  int round, found = 0;
  for(round=0; round<30000; round++){
    AtEnv env = heap_env(*state);
    Node nodes[8];
    int n = (int)random_below(&r, 9), base = (int)random_below(&r, 4), n_steps = (int)random_below(&r, 4), backward, expected, i, k;
    AtNodes x;
    AtCell got;
    backward = base==AT_TAIL || (base!=AT_HEAD && random_below(&r, 2));
    if( base>=AT_FIRST_MATCH && n_steps==0 ) n_steps = 1;
    assert_true(open_nodes(&env, &x, (uint32_t)n_steps, backward ? "backward" : "forward", bases[base]));
    for(i=0; i<n; i++){
      nodes[i].time = random_below(&r, 4);
      nodes[i].value = random_below(&r, 3) ? cell_integer(random_below(&r, 3)) : random_below(&r, 2) ? cell_real(random_below(&r, 3)) : cell_text("t");
      nodes[i].set = (uint32_t)random_bits(&r) & ((1u<<(n_steps+1))-1);
      if( random_below(&r, 2) ) nodes[i].set |= 3u & ((1u<<(n_steps+1))-1);
      for(k=0; k<=n_steps; k++) if( nodes[i].set>>k & 1 ) at_conditions_hold(&x.rows, (uint32_t)k+1);
      assert_true(at_nodes_add(&env, &x, nodes[i].time, &nodes[i].value));
    }
    if( n ) qsort(nodes, (size_t)n, sizeof *nodes, compare_nodes);
    expected = walk(nodes, n, n_steps, backward, base);
    assert_int_equal(at_nodes_next(&env, &x, &got), expected>=0);
    if( expected>=0 ) assert_true(same_cell(&got, &nodes[expected].value));
    found += expected>=0;
    at_nodes_free(env.alloc, &x);
  }
  assert_true(found>3000 && found<27000);
}

/************************************ Failures ********************************/

static void add_and_ask(AtEnv *env, void *given){
  AtNodes x;
  AtCell value;
  int i;
  (void)given;
  if( open_nodes(env, &x, 70, "forward", "last_match") ){
    for(i=0; i<40 && !env->error.code; i++){
      value = cell_text("a value of some length, so that bytes grow");
      value.n -= (size_t)i;
      at_conditions_hold(&x.rows, 1);
      at_conditions_hold(&x.rows, 2 + (uint32_t)i);
      at_nodes_add(env, &x, i%7, &value);
    }
    at_nodes_next(env, &x, &value);
  }
  at_nodes_free(env->alloc, &x);
}

static void test_failures(void **state){
  check_failures(*state, add_and_ask, NULL, 12);
  check_stops(*state, add_and_ask, NULL, 3);
}

static void test_a_value_that_is_too_long(void **state){
  AtEnv env = heap_env(*state);
  AtNodes x;
  AtCell value = cell_bytes(AT_TEXT, "never read", (size_t)UINT32_MAX-1);
  assert_true(open_nodes(&env, &x, 1, "forward", "head"));
  assert_false(at_nodes_add(&env, &x, 0, &value));
  assert_error(&env, AT_TOOBIG, "longer than 4 GB");
  assert_int_equal(x.rows.n, 0);
  at_nodes_free(env.alloc, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_values_keep_class_and_bytes),
    HEAP_TEST(test_against_a_walk),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_a_value_that_is_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
