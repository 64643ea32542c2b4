/*
** test_removal.c: what is lost without a channel, by hand, by both solvers and by
** elimination with pivots; slow chains; values of both signs; what the effects divide.
*/
#include "effects_common.h"

/* A chain ready for both solvers. */
typedef struct Case Case;
struct Case { Counted counted; AtChain chain; };

static void open_case(AtEnv *env, Case *x, const char *rows){
  memset(x, 0, sizeof *x);
  assert_true(open_counts(env, &x->counted, rows));
  assert_true(at_chain_open(env, &x->chain, &x->counted.steps, &x->counted.counts.names));
}

static void close_case(AtEnv *env, Case *x){
  at_chain_free(env->alloc, &x->chain);
  close_counts(env, &x->counted);
}

static double effect(const AtRemoved *r, int which){ return r->lost[which]/(r->left[which]+r->lost[which]); }

/* at_reduce_states() by channel instead of by state. */
static void reduce(AtEnv *env, const AtSteps *s, const AtChain *c, AtRemoved *removed){
  AtRemoved by_state[64];
  uint32_t i;
  assert_true(c->n<=COUNT(by_state));
  assert_true(at_reduce_states(env, c, by_state));
  for(i=0; i<c->n; i++) removed[s->channel[s->states[c->state[i]].first]] = by_state[i];
}

/* 'a: removal removal_value share conversions value; …' */
static void check_effects(AtEnv *env, const char *paths, int order, const char *expected){
  AtPaths p;
  AtSteps s;
  AtEffects e;
  assert_true(open_paths(env, &p, paths, 0) && at_steps_of_paths(env, &s, &p, order));
  assert_true(at_removal_effects(env, &e, &s, &p.names));
  assert_int_equal(e.n, p.names.n);
  while( *expected ){
    const AtEffect *got = &e.effects[find_name(&p.names, (char[2]){*expected, 0})];
    const double *fields[] = {&got->removal, &got->removal_value, &got->share, &got->conversions, &got->value};
    size_t i;
    for(expected+=2, i=0; i<COUNT(fields); i++){
      char *end;
      double number = strtod(expected, &end);
      assert_true(end>expected);
      if( isnan(number) ? !isnan(*fields[i]) : !(fabs(*fields[i]-number)<=1e-14*(1+fabs(number))) ){
        fail_msg("%s at %d, column %d of %s: %.17g", paths, order, (int)i, expected, *fields[i]);
      }
      expected = end;
    }
    while( *expected==';' || *expected==' ' ) expected++;
  }
  at_effects_free(env->alloc, &e);
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

static void test_by_hand(void **state){
  static const struct { int order; const char *paths, *effects; } known[] = {
    {1, "a > b > c: 1 0 90; a: 0 1; b > c: 0 1", "a: 0.5 0.5 0.2 0.2 18; b: 1 1 0.4 0.4 36; c: 1 1 0.4 0.4 36"},
    {1, "a: 1 0 10", "a: 1 1 1 1 10"},                                   /* one channel */
    {6, "a > a > a > a > a > a > a > a: 1 0 10", "a: 1 1 1 1 10"},
    {1, "a: 3 1 10; b: 1 3 30", "a: 0.75 0.25 0.75 3 10; b: 0.25 0.75 0.25 1 30"},
    {2, "a: 3 1 10; b: 1 3 30", "a: 0.75 0.25 0.75 3 10; b: 0.25 0.75 0.25 1 30"},
    {1, "a > x: 2 1; b > x: 1 2", "x: 1 0 0.5 1.5 0; a: 0.5 0 0.25 0.75 0; b: 0.5 0 0.25 0.75 0"},   /* x forgets */
    {2, "a > x: 2 1; b > x: 1 2", "x: 1 0 0.5 1.5 0; a: 0.66666666666666667 0 0.33333333333333333 1 0; "
        "b: 0.33333333333333333 0 0.16666666666666667 0.5 0"},
    {1, "a: 1 0 5; n: 0 4", "a: 1 1 1 1 5; n: 0 0 0 0 0"},               /* only null paths */
    {1, "a: 1 0 -8", "a: 1 1 1 1 -8"},
    {1, "a: 1 0 30; b: 1 0 -10", "a: 0.5 1.5 0.5 1 30; b: 0.5 -0.5 0.5 1 -10"},
    {1, "a: 0 3; b > a: 0 1", "a: nan 0 nan nan 0; b: nan 0 nan nan 0"},  /* no conversion */
    {1, "a: 0 3 6; b: 0 1 2", "a: nan 0.75 nan nan 6; b: nan 0.25 nan nan 2"},
    {1, "a: 1 1 7; b: 1 1 -7", "a: 0.5 0 0.5 1 0; b: 0.5 0 0.5 1 0"},    /* no value */
    {1, "a > b: 1 0 1; : 5 0 100", "a: 1 1 0.5 0.5 0.5; b: 1 1 0.5 0.5 0.5"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    check_effects(&env, known[i].paths, known[i].order, known[i].effects);
  }
}

static void test_effects_of_nothing(void **state){
  static const char *const rows[] = {"", ": 3 0 5"};
  size_t i;
  for(i=0; i<COUNT(rows); i++){
    AtEnv env = heap_env(*state);
    check_effects(&env, rows[i], 1, "");
  }
}

/*********************************** Agreement ********************************/

static void compare(const AtRemoved *got, const AtRemoved *expected, uint32_t n, double distance, const char *what){
  uint32_t c;
  int k;
  for(c=0; c<n; c++){
    for(k=0; k<2; k++){
      double size = 1e-3+fabs(expected[c].left[k])+fabs(expected[c].lost[k]);
      assert_near(got[c].lost[k], expected[c].lost[k], distance*size, what);
      assert_near(got[c].left[k], expected[c].left[k], distance*size, what);
    }
  }
}

/* Both solvers and elimination with pivots at order 1, sweeps and elimination above. */
static void check_agreement(Heap *heap, int both_signs, uint64_t seed){
  Random r = {seed};
  int round, order;
  for(round=0; round<120; round++){
    AtEnv env = heap_env(heap);
    AtPaths p;
    uint32_t n_channels = 1 + random_below(&r, 20), longest = 1 + random_below(&r, 20);
    random_paths(&env, &r, &p, n_channels, longest, both_signs);
    for(order=1; order<=3; order++){
      AtRemoved swept[20], reduced[20], reference[20], each[20];
      AtSteps s;
      AtChain c;
      assert_true(at_steps_of_paths(&env, &s, &p, order) && at_chain_open(&env, &c, &s, &p.names));
      if( c.n<=60 ){
        reference_removal(&s, reference);
        assert_true(at_sweep(&env, &c, 1e5, swept) && at_reduce_channels(&env, &c, each));
        compare(swept, reference, s.n_channels, 1e-12, "sweep");
        compare(each, reference, s.n_channels, 1e-13, "reduce channels");
        if( order==1 ){
          reduce(&env, &s, &c, reduced);
          compare(reduced, reference, s.n_channels, 1e-13, "reduce states");
        }
      }
      at_chain_free(env.alloc, &c);
      at_steps_free(env.alloc, &s);
    }
    at_paths_free(env.alloc, &p);
  }
}

static void test_solvers_agree(void **state){ check_agreement(*state, 0, 1); }
static void test_solvers_agree_on_values_of_both_signs(void **state){ check_agreement(*state, 1, 2); }

/* Lanes hold eight channels without values, four with gains, two with losses as well. */
static void test_values_do_not_change_conversions(void **state){
  Random r = {3};
  int round, k;
  for(round=0; round<50; round++){
    AtEnv env = heap_env(*state);
    AtRemoved removed[3][20];
    AtPaths p;
    AtSteps s;
    AtChain c;
    uint32_t i;
    random_paths(&env, &r, &p, 1+random_below(&r, 20), 12, 0);
    for(k=0; k<3; k++){
      for(i=0; i<p.n; i++) p.paths[i].value = k==0 ? 0 : k==1 || i%2 ? 5 : -3;
      assert_true(at_steps_of_paths(&env, &s, &p, 1+round%3) && at_chain_open(&env, &c, &s, &p.names));
      assert_true(at_sweep(&env, &c, 1e5, removed[k]));
      for(i=0; i<s.n_channels; i++){
        if( at_sum_total(&p.conversions)>0 ) assert_near(effect(&removed[k][i], 0), effect(&removed[0][i], 0), 1e-14, "effect");
        if( k==0 ) assert_true(removed[k][i].lost[1]==0 && removed[k][i].left[1]==0);
      }
      at_chain_free(env.alloc, &c);
      at_steps_free(env.alloc, &s);
    }
    at_paths_free(env.alloc, &p);
  }
}

/* What is promised of every answer: shares and parts add up, effects lie in 0 .. 1. */
static void test_totals(void **state){
  Random r = {4};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    AtEffects e;
    double part[20];
    uint32_t i;
    int k;
    random_paths(&env, &r, &p, 1+random_below(&r, 8), 8, 0);
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%4) && at_removal_effects(&env, &e, &s, &p.names));
    for(k=0; k<3 && at_sum_total(&p.conversions)>0; k++){
      double total = k==0 ? 1 : k==1 ? at_sum_total(&p.conversions) : value_of_paths(&p);
      for(i=0; i<e.n; i++){
        assert_true(e.effects[i].removal>=0 && e.effects[i].removal<=1);
        part[i] = k==0 ? e.effects[i].share : k==1 ? e.effects[i].conversions : e.effects[i].value;
      }
      if( k==0 ) assert_near(exact_sum(part, e.n), 1, 1e-14, "shares");
      else assert_true(exact_sum(part, e.n)==total);
    }
    at_effects_free(env.alloc, &e);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/* Paths in which a stands first always convert through it: the effect is 1 and no less. */
static void test_a_channel_that_starts_every_path(void **state){
  Random r = {5};
  int round;
  for(round=0; round<200; round++){
    AtEnv env = heap_env(*state);
    uint32_t channel[10], i, k;
    AtPaths p;
    AtSteps s;
    AtEffects e;
    memset(&p, 0, sizeof p);
    for(i=0; i<12; i++){
      AtOutcome o = {1+random_below(&r, 9), random_below(&r, 99), random_below(&r, 7)};
      for(k=1, channel[0]=0; k<10; k++) channel[k] = random_below(&r, 7);
      add_numbers(&env, &p, channel, 1+random_below(&r, 10), o);
    }
    assert_true(at_paths_finish(&env, &p, 0, 1) && at_steps_of_paths(&env, &s, &p, 1+round%4));
    assert_true(at_removal_effects(&env, &e, &s, &p.names));
    if( e.effects[0].removal!=1 ) fail_msg("at order %d: %.17g", 1+round%4, e.effects[0].removal);
    at_effects_free(env.alloc, &e);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/* More channels than a dense matrix is good for: the other solver, the same answers. */
static void test_many_channels(void **state){
  AtEnv env = heap_env(*state);
  AtPaths p;
  AtSteps s;
  AtEffects e;
  uint32_t i;
  memset(&p, 0, sizeof p);
  for(i=0; i<3000; i++){                     /* each channel alone, then through hub */
    char text[40];
    AtOutcome o = {i%3==0, i%3!=0, 0};
    int n = snprintf(text, sizeof text, i%2 ? "c%u > hub" : "c%u", (unsigned)i);
    at_paths_text(&env, &p, text, (size_t)n, arrow, &o);
  }
  assert_true(at_paths_finish(&env, &p, 0, 1) && at_steps_of_paths(&env, &s, &p, 1));
  assert_true(at_removal_effects(&env, &e, &s, &p.names));
  assert_near(e.effects[find_name(&p.names, "hub")].removal, 0.5, 1e-12, "hub");
  assert_near(e.effects[find_name(&p.names, "c6")].removal, 1/1000.0, 1e-13, "c6");
  assert_near(e.effects[find_name(&p.names, "c2")].removal, 0, 1e-15, "c2");
  assert_near(e.effects[find_name(&p.names, "c1")].removal, 1/3000.0, 1e-13, "c1");
  at_effects_free(env.alloc, &e);
  at_steps_free(env.alloc, &s);
  at_paths_free(env.alloc, &p);
}

/*********************************** Slow chains ******************************/

/* A heartbeat that has enough at some time: what does not end is an error and no test
** that hangs. */
static int patience(void *left){ return --*(long*)left>0; }

/* One path of so many touches a b a b …, and two that come to it from elsewhere. */
static void test_long_paths(void **state){
  static const uint32_t lengths[] = {10, 1000, 10000};
  size_t i;
  int order;
  for(i=0; i<COUNT(lengths); i++){
    for(order=1; order<=4; order++){
      AtEnv env = heap_env(*state);
      uint32_t n = lengths[i], *channel = malloc(n*sizeof *channel), k;
      AtOutcome once = {1, 0, 12};
      AtPaths p;
      AtSteps s;
      AtEffects e;
      assert_non_null(channel);
      for(k=0; k<n; k++) channel[k] = k%2;
      memset(&p, 0, sizeof p);
      p.has_value = 1;
      add_numbers(&env, &p, channel, n, once);
      add_paths(&env, &p, "c: 1 0 4; d: 0 6");
      free(channel);
      assert_true(at_paths_finish(&env, &p, 0, 1) && at_steps_of_paths(&env, &s, &p, order));
      assert_true(at_removal_effects(&env, &e, &s, &p.names));
      for(k=0; k<2; k++){
        assert_near(e.effects[k].removal, 0.5, 1e-12, "a and b");
        assert_near(e.effects[k].removal_value, 0.75, 1e-12, "value of a and b");
      }
      assert_near(e.effects[2].removal, 0.5, 1e-12, "c");
      assert_near(e.effects[3].removal, 0, 1e-15, "d");
      at_effects_free(env.alloc, &e);
      at_steps_free(env.alloc, &s);
      at_paths_free(env.alloc, &p);
    }
  }
}

/* a and b go round and are left once in so many rounds, for both ends alike: from them
** half converts, however long it takes. c leads there or converts. */
enum { BY_STATES, BY_CHANNELS, BY_SWEEPS };
static void check_slow(Heap *heap, const char *form, double rounds, double distance, int how, const char *effects){
  char rows[500];
  AtEnv env = heap_env(heap);
  AtRemoved removed[26];
  long left = 3000;
  Case x;
  snprintf(rows, sizeof rows, form, rounds, rounds);
  open_case(&env, &x, rows);
  env.heartbeat = patience;
  env.heartbeat_ctx = &left;
  if( how==BY_SWEEPS ) at_sweep(&env, &x.chain, 1e5, removed);
  else if( how==BY_CHANNELS ) at_reduce_channels(&env, &x.chain, removed);
  else reduce(&env, &x.counted.steps, &x.chain, removed);
  if( env.error.code==AT_INTERRUPT ) fail_msg("%s: no end", rows);
  assert_ok(&env);
  if( how==BY_SWEEPS && rounds<=1e4 ) assert_false(x.chain.is_slow);
  while( *effects && !(how==BY_SWEEPS && x.chain.is_slow) ){
    uint32_t c = find_name(&x.counted.counts.names, (char[2]){*effects, 0});
    char *end;
    assert_near(effect(&removed[c], 0), strtod(effects+2, &end), distance, rows);
    for(effects=end; *effects==' '; effects++){}
  }
  close_case(&env, &x);
}

static const char one_loop[] = "(start)->a: 1; (start)->c: 1; c->a: 1; c->(conversion): 1; a->b: 1; b->a: %.0f; b->(conversion): 1; b->(null): 1";
static const char one_loop_effects[] = "a:0.6 b:0.6 c:0.6";
static const char two_loops[] = "(start)->x: 1; x->a: 1; x->c: 1; a->b: 1; b->a: %.0f; b->(conversion): 1; b->(null): 1; "
                                "c->d: 1; d->c: %.0f; d->(conversion): 1; d->(null): 3";
static const char two_loops_effects[] = "a:0.66666666666666667 b:0.66666666666666667 c:0.33333333333333333 d:0.33333333333333333 x:1";

static void test_nearly_closed_loops_by_reduction(void **state){
  double rounds;
  for(rounds=1; rounds<1e16; rounds*=10){
    check_slow(*state, one_loop, rounds, 1e-14, BY_STATES, one_loop_effects);
    check_slow(*state, two_loops, rounds, 1e-14, BY_STATES, two_loops_effects);
    check_slow(*state, one_loop, rounds, 1e-14, BY_CHANNELS, one_loop_effects);
    check_slow(*state, two_loops, rounds, 1e-14, BY_CHANNELS, two_loops_effects);
  }
}

/* Sweeps give what is promised, 1e-10, or say that they cannot; they never go on for ever. */
static void test_nearly_closed_loops_by_sweeps(void **state){
  double rounds;
  for(rounds=1; rounds<=1e15; rounds*=1000) check_slow(*state, one_loop, rounds, rounds<=1e3 ? 1e-12 : 1e-10, BY_SWEEPS, one_loop_effects);
}

static void test_several_nearly_closed_loops_by_sweeps(void **state){
  double rounds;
  for(rounds=1; rounds<=1e15; rounds*=1000) check_slow(*state, two_loops, rounds, rounds<=1e3 ? 1e-12 : 1e-10, BY_SWEEPS, two_loops_effects);
}

/* Where flows balance, visits are known, and a loop is left by halves of all that comes. */
static void test_a_balanced_loop_by_sweeps(void **state){
  double rounds;
  char form[300];
  for(rounds=1; rounds<=1e15; rounds*=1000){
    snprintf(form, sizeof form, "(start)->a: 1; (start)->c: 2; c->a: 1; c->(conversion): 1; b->a: %%.0f; a->b: %.0f; "
             "b->(conversion): 1; b->(null): 1", rounds+2);
    check_slow(*state, form, rounds, 1e-10, BY_CHANNELS, "a:0.5 b:0.5 c:0.75");
    check_slow(*state, form, rounds, 1e-10, BY_SWEEPS, "a:0.5 b:0.5 c:0.75");
  }
}

/* Two states of two words lead to each other for that many rounds before they are left. */
static void add_long_loop(AtEnv *env, AtCounts *counts, double rounds){
  char rows[400];
  snprintf(rows, sizeof rows, "(start)->a > b: 1; (start)->c: 1; c->a > b: 1; c->(conversion): 1; a > b->b > a: 1; "
           "b > a->a > b: %.0f; b > a->(conversion): 1; b > a->(null): 1", rounds);
  add_counts(env, counts, rows);
}

/* The same where nobody chooses the solver: loops of order 2, alone, and beside so many
** other states that eliminating all for each channel would be much work. */
static void test_nearly_closed_loops_of_order_two(void **state){
  static const int sizes[] = {0, 240};
  size_t k;
  double rounds;
  for(k=0; k<COUNT(sizes); k++){
    for(rounds=1; rounds<=1e12; rounds*=1e6){
      AtEnv env = heap_env(*state);
      char rows[300], name[40];
      AtCell start = cell_text("(start)"), null = cell_text("(null)"), state_name;
      long left = 20000;
      AtEffects e;
      Counted x;
      int i;
      memset(&x, 0, sizeof x);
      add_long_loop(&env, &x.counts, rounds);
      for(i=0; i<sizes[k]; i++){
        snprintf(name, sizeof name, "n%03d > n%03d", i%40, i/2);
        state_name = cell_text(name);
        at_counts_add(&env, &x.counts, &start, &state_name, arrow, 1, 0);
        at_counts_add(&env, &x.counts, &state_name, &null, arrow, 1, 0);
      }
      assert_true(at_steps_of_counts(&env, &x.steps, &x.counts));
      env.heartbeat = patience;
      env.heartbeat_ctx = &left;
      at_removal_effects(&env, &e, &x.steps, &x.counts.names);
      if( env.error.code ) fail_msg("%d others, %g rounds: %s", sizes[k], rounds, env.error.text);
      for(i=0; i<3; i++) assert_near(e.effects[i].removal, 0.6, 1e-10, rows);
      at_effects_free(env.alloc, &e);
      close_counts(&env, &x);
    }
  }
}

/************************************ Failures ********************************/

static void remove_all(AtEnv *env, void *given){
  const char *const *what = given;
  AtPaths p;
  AtSteps s;
  AtEffects e;
  memset(&s, 0, sizeof s);
  memset(&e, 0, sizeof e);
  if( open_paths(env, &p, what[0], 0) && at_steps_of_paths(env, &s, &p, what[1][0]-'0') ){
    at_removal_effects(env, &e, &s, &p.names);
  }
  at_effects_free(env->alloc, &e);
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

/* Chains that are small are not swept unless one asks for it. */
static void sweep_all(AtEnv *env, void *given){
  AtRemoved removed[26];
  AtPaths p;
  AtSteps s;
  AtChain c;
  memset(&s, 0, sizeof s);
  memset(&c, 0, sizeof c);
  if( open_paths(env, &p, given, 0) && at_steps_of_paths(env, &s, &p, 2) && at_chain_open(env, &c, &s, &p.names) ){
    at_free(env->alloc, c.visits);         /* to be worked out */
    c.visits = NULL;
    at_sweep(env, &c, 1e5, removed);
  }
  at_chain_free(env->alloc, &c);
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

static void test_failures(void **state){
  static char rows[] = "a > b > c > a > d: 2 1 9; d > e > f > a: 1 4 -3; b > g > c: 1; h: 1 2; h > i > j > a: 0 3";
  const char *dense[] = {rows, "1"}, *sparse[] = {rows, "2"};
  check_failures(*state, remove_all, dense, 70);
  check_failures(*state, remove_all, sparse, 45);
  check_failures(*state, sweep_all, rows, 45);
  check_stops(*state, sweep_all, rows, 100);
  check_stops(*state, remove_all, dense, 100);
  check_stops(*state, remove_all, sparse, 100);
}

static void test_a_closed_loop_is_an_error(void **state){
  AtEnv env = heap_env(*state);
  AtEffects e;
  Counted x;
  assert_true(open_counts(&env, &x, "(start)->a: 1; a->b: 1; b->a: 1"));
  assert_false(at_removal_effects(&env, &e, &x.steps, &x.counts.names));
  assert_error(&env, AT_INVALID, "no path ever ends");
  at_effects_free(env.alloc, &e);
  close_counts(&env, &x);
}

/* A walk against the current: from each state back 9e15 times for 1e-12 times on, which no double can follow to the end. */
static void test_weights_too_far_apart(void **state){
  AtEnv env = heap_env(*state);
  char rows[1500];
  size_t n = (size_t)snprintf(rows, sizeof rows, "(start)->a: 1; a->b: 1");
  AtEffects e;
  Counted x;
  int i;
  for(i=1; i<17; i++){
    n += (size_t)snprintf(rows+n, sizeof rows-n, "; %c->%c: 9000000000000000; %c->%c: 1e-12", 'a'+i, 'a'+i-1, 'a'+i, 'a'+i+1);
  }
  snprintf(rows+n, sizeof rows-n, "; r->(conversion): 1; r->(null): 1");
  assert_true(open_counts(&env, &x, rows));
  assert_false(at_removal_effects(&env, &e, &x.steps, &x.counts.names));
  assert_error(&env, AT_INVALID, "too far apart|double precision|min_paths=");
  at_effects_free(env.alloc, &e);
  close_counts(&env, &x);
}

/* So many states and channels that elimination would take hours, and a loop that sweeps do not come out of. */
static void test_a_slow_chain_of_many_channels(void **state){
  double rounds;
  for(rounds=1; rounds<=1e15; rounds*=1e15){
    AtEnv env = heap_env(*state);
    char rows[300], name[40];
    AtCell start = cell_text("(start)"), null = cell_text("(null)"), state_name;
    AtEffects e;
    Counted x;
    int i;
    memset(&x, 0, sizeof x);
    add_long_loop(&env, &x.counts, rounds);
    for(i=0; i<1000; i++){
      snprintf(name, sizeof name, "n%03d", i);
      state_name = cell_text(name);
      at_counts_add(&env, &x.counts, &start, &state_name, arrow, 1, 0);
      at_counts_add(&env, &x.counts, &state_name, &null, arrow, 1, 0);
    }
    assert_true(at_steps_of_counts(&env, &x.steps, &x.counts));
    at_removal_effects(&env, &e, &x.steps, &x.counts.names);
    if( rounds>1 ) assert_error(&env, AT_INVALID, "hardly ever left|min_paths=|lower order");
    else for(i=0; i<3; i++) assert_near(e.effects[i].removal, 0.6, 1e-10, rows);
    at_effects_free(env.alloc, &e);
    close_counts(&env, &x);
  }
}

/* Three loops that are left once in 8,000 rounds each, and in different ways: no one scaling helps, and sweeps give up. */
static void test_several_slow_loops_at_once(void **state){
  static const char rows[] = "(start)->a: 1; (start)->c: 1; (start)->e: 1; a->b: 1; b->a: 8000; b->(conversion): 1; b->(null): 1; "
                             "c->d: 1; d->c: 9000; d->(conversion): 1; d->(null): 3; e->f: 1; f->e: 7000; f->(conversion): 2";
  static const double effects[] = {2/7.0, 2/7.0, 1/7.0, 1/7.0, 4/7.0, 4/7.0};
  AtEnv env = heap_env(*state);
  AtRemoved removed[6];
  AtEffects e;
  Case x;
  int i, swept;
  open_case(&env, &x, rows);
  swept = at_sweep(&env, &x.chain, 1e6, removed);
  assert_ok(&env);                         /* slow is no error */
  assert_int_equal(swept, !x.chain.is_slow);
  if( swept ) for(i=0; i<6; i++) assert_near(effect(&removed[i], 0), effects[i], 1e-10, "swept");
  assert_true(at_removal_effects(&env, &e, &x.counted.steps, &x.counted.counts.names));
  for(i=0; i<6; i++) assert_near(e.effects[i].removal, effects[i], 1e-10, "reduced");
  at_effects_free(env.alloc, &e);
  close_case(&env, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_effects_of_nothing),
    HEAP_TEST(test_solvers_agree),
    HEAP_TEST(test_solvers_agree_on_values_of_both_signs),
    HEAP_TEST(test_values_do_not_change_conversions),
    HEAP_TEST(test_totals),
    HEAP_TEST(test_a_channel_that_starts_every_path),
    HEAP_TEST(test_many_channels),
    HEAP_TEST(test_long_paths),
    HEAP_TEST(test_nearly_closed_loops_by_reduction),
    HEAP_TEST(test_nearly_closed_loops_by_sweeps),
    HEAP_TEST(test_several_nearly_closed_loops_by_sweeps),
    HEAP_TEST(test_a_balanced_loop_by_sweeps),
    HEAP_TEST(test_nearly_closed_loops_of_order_two),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_a_closed_loop_is_an_error),
    HEAP_TEST(test_weights_too_far_apart),
    HEAP_TEST(test_a_slow_chain_of_many_channels),
    HEAP_TEST(test_several_slow_loops_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
