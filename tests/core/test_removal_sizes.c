/*
** test_removal_sizes.c: what is lost without a channel where chains are large, slow or worth nothing: channels that are never
** reached, matrices and sweeps of hundreds and thousands of channels, lanes beside each other.
*/
#include "effects_common.h"

static double effect(const AtRemoved *r, int which){ return r->lost[which]/(r->left[which]+r->lost[which]); }

/* A channel that the start never reaches loses nothing, whoever solves: alone, at order 2, and beside many others. */
static void test_a_channel_that_is_never_reached(void **state){
  static const char *const first = "(start)->a: 2; a->b: 1; a->(null): 1; b->(conversion): 1; A->b: 1; z->b: 1";
  static const char *const second = "(start)->a > b: 2; a > b->b > c: 1; a > b->(null): 1; b > c->(conversion): 1; A > a->(conversion): 1; z > a->(conversion): 1";
  int how, i;
  for(how=0; how<3; how++){
    AtEnv env = heap_env(*state);
    AtEffects e;
    Counted x;
    char name[24];
    AtCell start = cell_text("(start)"), null = cell_text("(null)"), state_name;
    memset(&x, 0, sizeof x);
    add_counts(&env, &x.counts, how==1 ? second : first);
    for(i=0; how==2 && i<5400; i++){                 /* too many for a matrix */
      snprintf(name, sizeof name, "n%04d", i);
      state_name = cell_text(name);
      at_counts_add(&env, &x.counts, &start, &state_name, arrow, 1, 0);
      at_counts_add(&env, &x.counts, &state_name, &null, arrow, 1, 0);
    }
    assert_true(at_steps_of_counts(&env, &x.steps, &x.counts));
    assert_true(at_removal_effects(&env, &e, &x.steps, &x.counts.names));
    assert_true(e.effects[find_name(&x.counts.names, "A")].removal==0 && e.effects[find_name(&x.counts.names, "z")].removal==0);
    assert_near(e.effects[find_name(&x.counts.names, "a")].removal, 1, 1e-15, "a");
    assert_near(e.effects[find_name(&x.counts.names, "b")].removal, 1, 1e-15, "b");
    at_effects_free(env.alloc, &e);
    close_counts(&env, &x);
  }
}

/* Hundreds of channels that lead to many others: one elimination for all, and the same as sweeps. */
static void test_many_channels_in_a_dense_chain(void **state){
  enum { N = 300 };
  AtEnv env = heap_env(*state);
  AtCell start = cell_text("(start)"), null = cell_text("(null)"), conversion = cell_text("(conversion)"), from, to;
  static AtRemoved removed[N];
  char name[2][24];
  AtEffects e;
  AtChain chain;
  Counted x;
  int i, k;
  memset(&x, 0, sizeof x);
  for(i=0; i<N; i++){
    snprintf(name[0], sizeof name[0], "n%03d", i);
    from = cell_text(name[0]);
    at_counts_add(&env, &x.counts, &start, &from, arrow, 1, 0);
    for(k=1; k<=5; k++){
      snprintf(name[1], sizeof name[1], "n%03d", (i*7+k*53)%N);
      to = cell_text(name[1]);
      at_counts_add(&env, &x.counts, &from, &to, arrow, k, 0);
    }
    at_counts_add(&env, &x.counts, &from, i%3 ? &null : &conversion, arrow, 3, 0);
  }
  assert_true(at_steps_of_counts(&env, &x.steps, &x.counts));
  assert_true(at_removal_effects(&env, &e, &x.steps, &x.counts.names) && at_chain_open(&env, &chain, &x.steps, &x.counts.names));
  assert_true(at_sweep(&env, &chain, 1e5, removed));
  for(i=0; i<N; i++) assert_near(e.effects[i].removal, effect(&removed[i], 0), 1e-12, "dense");
  at_chain_free(env.alloc, &chain);
  at_effects_free(env.alloc, &e);
  close_counts(&env, &x);
}

/* A loop that is hardly ever left, of order 1 and among more channels than a matrix is first thought of: eliminated in the end. */
static void test_a_slow_loop_among_many_channels(void **state){
  AtEnv env = heap_env(*state);
  AtCell start = cell_text("(start)"), null = cell_text("(null)"), state_name;
  AtEffects e;
  Counted x;
  char name[24];
  int i;
  memset(&x, 0, sizeof x);
  add_counts(&env, &x.counts, "(start)->a: 1; (start)->c: 1; c->a: 1; c->(conversion): 1; a->b: 1; b->a: 1000000000000; b->(conversion): 1; b->(null): 1");
  for(i=0; i<600; i++){
    snprintf(name, sizeof name, "n%03d", i);
    state_name = cell_text(name);
    at_counts_add(&env, &x.counts, &start, &state_name, arrow, 1, 0);
    at_counts_add(&env, &x.counts, &state_name, &null, arrow, 1, 0);
  }
  assert_true(at_steps_of_counts(&env, &x.steps, &x.counts));
  assert_true(at_removal_effects(&env, &e, &x.steps, &x.counts.names));
  for(i=0; i<3; i++) assert_near(e.effects[i].removal, 0.6, 1e-10, "a, b and c");
  for(; i<603; i++) assert_true(e.effects[i].removal==0);
  at_effects_free(env.alloc, &e);
  close_counts(&env, &x);
}

/* What the chain is worth is nothing, though its values add up to something: a is left for 10/2 at once and for b, worth -20/2, as often. */
static void test_values_that_cancel(void **state){
  static const struct { const char *rows; double a, b; } known[] = {
    {"(start)->a: 1; a->b: 1; a->(conversion): 1 10; b->(conversion): 2 -20", NAN, NAN},
    {"(start)->a: 1; a->b: 1; a->(conversion): 1 12; b->(conversion): 2 -20", 1, -5},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtEffects e;
    Counted x;
    uint32_t a, b;
    assert_true(open_counts(&env, &x, known[i].rows) && at_removal_effects(&env, &e, &x.steps, &x.counts.names));
    a = find_name(&x.counts.names, "a");
    b = find_name(&x.counts.names, "b");
    assert_true(e.effects[a].removal==1 && e.effects[b].removal==0.5);
    if( isnan(known[i].a) ){
      assert_true(isnan(e.effects[a].removal_value) && isnan(e.effects[b].removal_value));
      assert_true(isnan(e.effects[a].value) && isnan(e.effects[b].value));
    }else{
      assert_close(e.effects[a].removal_value, known[i].a, 1e-14);
      assert_close(e.effects[b].removal_value, known[i].b, 1e-14);
      assert_close(e.effects[a].value + e.effects[b].value, -8, 1e-14);
    }
    at_effects_free(env.alloc, &e);
    close_counts(&env, &x);
  }
}

/* The last two of 66 channels are swept side by side, each held in a lane of its own, round a loop that is left once in 3,000 rounds. */
static void test_lanes_of_a_slow_loop(void **state){
  static char rows[6000];
  static AtRemoved removed[66], reference[66];
  AtEnv env = heap_env(*state);
  size_t n = (size_t)snprintf(rows, sizeof rows, "(start)->a: 64; a->b: 3000; b->a: 2990; b->y: 6; b->z: 4; y->a: 3; y->(conversion): 2; y->(null): 1; "
                              "z->a: 2; z->(conversion): 1; z->(null): 1");
  Counted x;
  AtChain chain;
  int i, k;
  for(i=0; i<62; i++) n += (size_t)snprintf(rows+n, sizeof rows-n, "; (start)->n%d: 1; n%d->a: 1", i, i);
  assert_true(open_counts(&env, &x, rows) && at_chain_open(&env, &chain, &x.steps, &x.counts.names));
  assert_int_equal(x.steps.n_channels, 66);
  assert_true(at_sweep(&env, &chain, 1e9, removed));
  reference_removal(&x.steps, reference);
  for(i=0; i<66; i++){
    for(k=0; k<2; k++){
      assert_near(removed[i].lost[k], reference[i].lost[k], 1e-11, "lost");
      assert_near(removed[i].left[k], reference[i].left[k], 1e-11, "left");
    }
  }
  at_chain_free(env.alloc, &chain);
  close_counts(&env, &x);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_a_channel_that_is_never_reached),
    HEAP_TEST(test_many_channels_in_a_dense_chain),
    HEAP_TEST(test_a_slow_loop_among_many_channels),
    HEAP_TEST(test_values_that_cancel),
    HEAP_TEST(test_lanes_of_a_slow_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
