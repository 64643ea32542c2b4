/*
** test_chain.c: the sparse chain: reached states in postorder, probabilities, expected
** visits, members of channels, and closed loops, which are an error that names a state.
*/
#include "effects_common.h"

/* The chain of some counts, the channels' names in letters. */
typedef struct Case Case;
struct Case { Counted counted; AtChain chain; };

static int open_case(AtEnv *env, Case *x, const char *rows){
  memset(x, 0, sizeof *x);
  return open_counts(env, &x->counted, rows) && at_chain_open(env, &x->chain, &x->counted.steps, &x->counted.counts.names)
      && (x->chain.visits || at_chain_visits(env, &x->chain));
}

static void close_case(AtEnv *env, Case *x){
  at_chain_free(env->alloc, &x->chain);
  close_counts(env, &x->counted);
}

/* The chain's number of the state of one channel. */
static uint32_t place_of(const Case *x, const char *name){
  uint32_t channel = find_name(&x->counted.counts.names, name), i;
  for(i=0; i<x->chain.n; i++){
    const AtState *s = &x->counted.steps.states[x->chain.state[i]];
    if( s->n==1 && x->counted.steps.channel[s->first]==channel ) return i;
  }
  return UINT32_MAX;
}

static void assert_visits(const Case *x, const char *name, double expected, double part){
  uint32_t i = place_of(x, name);
  assert_int_not_equal(i, UINT32_MAX);
  assert_near(x->chain.visits[i], expected, expected*part, name);
}

static void test_by_hand(void **state){
  AtEnv env = heap_env(*state);
  uint32_t a, b;
  Case x;
  assert_true(open_case(&env, &x, "(start)->a: 3; (start)->b: 1; (start)->(conversion): 9 9; a->b: 2; b->a: 1; a->(conversion): 2 10; b->(null): 2"));
  assert_int_equal(x.chain.n, 2);
  a = place_of(&x, "a");
  b = place_of(&x, "b");
  assert_true(x.chain.start[a]==0.75 && x.chain.start[b]==0.25);       /* of paths with channels */
  assert_true(x.chain.gain[2*a]==0.5 && x.chain.gain[2*a+1]==2.5 && x.chain.loss[a]==0);
  assert_true(x.chain.gain[2*b]==0 && x.chain.gain[2*b+1]==0 && x.chain.loss[b]==2/3.0);
  assert_true(x.chain.row[2]==2 && x.chain.edges[x.chain.row[a]].to==b && x.chain.edges[x.chain.row[b]].to==a);
  assert_true(x.chain.edges[x.chain.row[a]].probability==0.5 && x.chain.edges[x.chain.row[b]].probability==1/3.0);
  assert_visits(&x, "a", 1, 1e-15);
  assert_visits(&x, "b", 0.75, 1e-15);
  close_case(&env, &x);
  assert_null(x.chain.edges);
}

/* Nothing starts, or there is nothing at all. */
static void test_nothing(void **state){
  static const char *const rows[] = {"", "(start)->(conversion): 5", "a->(conversion): 5"};
  size_t i;
  for(i=0; i<COUNT(rows); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_true(open_case(&env, &x, rows[i]));
    assert_int_equal(x.chain.n, 0);
    close_case(&env, &x);
  }
}

static void test_unreached_states_are_left_out(void **state){
  AtEnv env = heap_env(*state);
  uint32_t c;
  Case x;
  assert_true(open_case(&env, &x, "(start)->a: 1; a->(null): 1; z->a: 4; z->y > a: 1; y > a->(conversion): 5"));
  assert_int_equal(x.chain.n, 1);
  assert_int_equal(x.chain.n_channels, 3);
  assert_visits(&x, "a", 1, 1e-9);               /* what z would bring does not come */
  for(c=0; c<3; c++) assert_int_equal(x.chain.member[c+1]-x.chain.member[c], c==find_name(&x.counted.counts.names, "a"));
  close_case(&env, &x);
}

static void test_closed_loops(void **state){
  static const struct { const char *rows, *words; } known[] = {
    {"(start)->x: 1; x->y: 1; y->x: 1", "|no path ever ends|'(conversion)' or '(null)'"},
    {"(start)->x: 1; x->x: 1", "'x'"},
    {"(start)->x: 1", "'x'"},
    {"(start)->a: 1; a->(conversion): 1; a->x > y: 1; x > y->y > z: 1; y > z->x > y: 1", " > "},
    {"(start)->a: 1; a->(null): 1e15; a->x: 1e-15", "'x'"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_false(open_case(&env, &x, known[i].rows));
    assert_error(&env, AT_INVALID, known[i].words);
    close_case(&env, &x);
  }
}

/* Also one that nothing leads to: I - Q has no inverse then either. */
static void test_a_closed_loop_that_nothing_leads_to(void **state){
  AtEnv env = heap_env(*state);
  Case x;
  assert_false(open_case(&env, &x, "(start)->a: 1; a->(conversion): 1; x->y: 1; y->x: 1"));
  assert_error(&env, AT_INVALID, "no path ever ends");
  close_case(&env, &x);
}

/* A loop with any way out is none, however long it takes to find it. */
static void test_ends_far_away(void **state){
  enum { N = 600 };
  int back;
  for(back=0; back<2; back++){
    AtEnv env = heap_env(*state);
    char *rows = malloc(N*40), *at = rows;
    Case x;
    int i;
    assert_non_null(rows);
    for(i=0; i<N; i++){
      at += sprintf(at, "s%04d->s%04d: 1; ", back ? N-i : i, back ? N-i-1 : i+1);
      if( i%3==0 ) at += sprintf(at, "s%04d->s%04d: 1; ", back ? N-i-1 : i+1, back ? N-i : i);
    }
    sprintf(at, "(start)->s%04d: 1; s%04d->(null): 1", back ? N : 0, back ? 0 : N);
    assert_true(open_case(&env, &x, rows));
    assert_int_equal(x.chain.n, N+1);
    close_case(&env, &x);
    free(rows);
  }
}

/************************************ Visits **********************************/

static void test_visits_where_flows_do_not_balance(void **state){
  AtEnv env = heap_env(*state);
  Case x;
  /* twice as much enters b as leaves it: a 1, b 1, c 1/2 + 1/4 */
  assert_true(open_case(&env, &x, "(start)->a: 1; a->b: 1; b->c: 1; b->(null): 1; c->(conversion): 1"));
  assert_visits(&x, "a", 1, 2e-3);
  assert_visits(&x, "b", 1, 2e-3);
  assert_visits(&x, "c", 0.5, 2e-3);
  close_case(&env, &x);
  /* a loop that is left once in 1000 rounds */
  assert_true(open_case(&env, &x, "(start)->a: 1; a->b: 1; b->a: 999; b->(null): 1"));
  assert_visits(&x, "a", 1000, 5e-3);
  assert_visits(&x, "b", 1000, 5e-3);
  close_case(&env, &x);
}

/* Where it takes too long, that is said. */
static void test_visits_of_a_nearly_closed_loop(void **state){
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, "(start)->a: 1; a->b: 1; b->a: 999999; b->(null): 1"));
  assert_true(x.chain.is_slow);
  close_case(&env, &x);
}

/* Of paths visits are exact, and equal weights over that of the start. */
static void test_visits_of_paths(void **state){
  Random r = {1};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    AtChain c;
    uint32_t i, e = 0;
    double total = 0;
    random_paths(&env, &r, &p, 1+random_below(&r, 6), 1+random_below(&r, 12), 1);
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%6) && at_chain_open(&env, &c, &s, &p.names));
    assert_int_equal(c.n, s.n);
    for(i=0; i<s.n; i++) total += s.states[i].start;
    for(i=0; i<s.n; i++){
      uint32_t k;
      double leaving = at_steps_leaving(&s, i, e, &e);
      for(k=0; c.state[k]!=i; k++){}
      assert_near(c.visits[k], leaving/total, 1e-12*leaving/total, "visits");
    }
    at_chain_free(env.alloc, &c);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/************************************ Order ***********************************/

/* Rows sum to 1; every state once; members are who holds the channel. */
static void check_chain(const AtSteps *s, const AtChain *c){
  uint8_t *was = calloc(s->n+1, 1);
  uint32_t i, channel;
  size_t e, m;
  assert_non_null(was);
  for(i=0; i<c->n; i++){
    double sum = c->gain[2*i]+c->loss[i];
    assert_int_equal(was[c->state[i]]++, 0);
    for(e=c->row[i]; e<c->row[i+1]; e++){
      assert_true(c->edges[e].to<c->n && c->edges[e].to!=i);
      sum += c->edges[e].probability;
    }
    assert_near(sum, 1, 1e-14, "a row's sum");
  }
  free(was);
  for(channel=0; channel<c->n_channels; channel++){
    m = c->member[channel];
    for(i=0; i<c->n; i++) if( holds(s, c->state[i], channel) ) assert_int_equal(c->members[m++], i);
    assert_true(m==c->member[channel+1]);
  }
}

static void test_every_state_once(void **state){
  Random r = {2};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    AtChain c;
    random_paths(&env, &r, &p, 1+random_below(&r, 6), 1+random_below(&r, 12), 0);
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%6) && at_chain_open(&env, &c, &s, &p.names));
    check_chain(&s, &c);
    at_chain_free(env.alloc, &c);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/* Where the chain only goes forward, a state stands after all that it leads to. */
static void test_postorder(void **state){
  Random r = {3};
  int round;
  for(round=0; round<200; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    AtChain c;
    uint32_t i, k, n, channel[26];
    size_t e;
    memset(&p, 0, sizeof p);
    for(i=0; i<20; i++){
      AtOutcome o = {1, 0, 0};
      for(k=0, n=0; k<26; k++) if( random_below(&r, 4)==0 ) channel[n++] = (k*7+5)%26;   /* one order for all */
      if( n ) add_numbers(&env, &p, channel, n, o);
    }
    assert_true(at_paths_finish(&env, &p, 0, 1) && at_steps_of_paths(&env, &s, &p, 1+round%3));
    assert_true(at_chain_open(&env, &c, &s, &p.names));
    for(i=0; i<c.n; i++) for(e=c.row[i]; e<c.row[i+1]; e++) assert_true(c.edges[e].to<i);
    at_chain_free(env.alloc, &c);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/************************************ Failures ********************************/

static void open_many(AtEnv *env, void *given){
  Case x;
  open_case(env, &x, given);
  close_case(env, &x);
}

static void test_failures(void **state){
  static char balanced[] = "(start)->a: 3; a->b: 2; b->a: 1; a->(conversion): 2 10; b->(null): 1; a->a > b: 1; a > b->(null): 1";
  static char unbalanced[] = "(start)->a: 9; a->b: 2; b->a: 1; a->(conversion): 2 10; b->(null): 2";
  check_failures(*state, open_many, balanced, 20);
  check_failures(*state, open_many, unbalanced, 20);
  check_stops(*state, open_many, balanced, 15);
  check_stops(*state, open_many, unbalanced, 20);
}

/* The message about a loop is built from text, which may not fit into memory. */
static void test_failures_of_the_message(void **state){
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  long n;
  for(n=1; ; n++){
    Case x;
    env = heap_env(heap);
    heap->calls = 0;
    heap->fail_at = n;
    assert_false(open_case(&env, &x, "(start)->a > b: 1; a > b->b > a: 1; b > a->a > b: 1"));
    close_case(&env, &x);
    assert_int_equal(heap->alive, 0);
    if( env.error.code!=AT_NOMEM ) break;
  }
  heap->fail_at = 0;
  assert_error(&env, AT_INVALID, " > |no path ever ends");
  assert_true(n>15);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_nothing),
    HEAP_TEST(test_unreached_states_are_left_out),
    HEAP_TEST(test_closed_loops),
    HEAP_TEST(test_a_closed_loop_that_nothing_leads_to),
    HEAP_TEST(test_ends_far_away),
    HEAP_TEST(test_visits_where_flows_do_not_balance),
    HEAP_TEST(test_visits_of_a_nearly_closed_loop),
    HEAP_TEST(test_visits_of_paths),
    HEAP_TEST(test_every_state_once),
    HEAP_TEST(test_postorder),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_failures_of_the_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
