/*
** test_threads.c: the data-driven room on one to four threads: every part of the journeys is
** read once and in order, and every answer is the same, bit by bit.
*/
#include "effects_common.h"

#define TOUCHES 200000u                 /* more than one block of them */
#define ENTITIES 30000u
#define CONVERSIONS 12000u

/* Touches of 9 channels, some of entities that only convert, and conversions with a value. */
typedef struct Stores Stores;
struct Stores { AtStore *t, *c; };

static int open_stores(void **state){
  static const char *const channels[] = {"ads", "blog", "direct", "email", "event", "partner", "search", "social", "video"};
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 1, 0, 1);
  Row *rows = malloc(TOUCHES*sizeof *rows);
  Stores *s = malloc(sizeof *s);
  AtEnv env = threads_env(1);
  Random r = {1};
  uint32_t i;
  if( rows==NULL || s==NULL ) return -1;
  for(i=0; i<TOUCHES; i++){
    uint32_t channel = random_below(&r, 9), other = random_below(&r, 9);
    rows[i] = row_of(cell_integer(random_below(&r, ENTITIES)), cell_integer(random_below(&r, 1000000)), channels[channel<other ? channel : other]);
    rows[i].id = cell_integer(i);
  }
  s->t = load_rows(&env, &touches, rows, TOUCHES);
  for(i=0; i<CONVERSIONS; i++){
    rows[i] = row_of(cell_integer(random_below(&r, ENTITIES+3000)), cell_integer(random_below(&r, 1000000)), "");
    rows[i].number = random_below(&r, 10) ? cell_real(random_unit(&r)*1000) : cell_null();
    rows[i].id = cell_integer(i);
  }
  s->c = load_rows(&env, &conversions, rows, CONVERSIONS);
  free(rows);
  *state = s;
  return env.error.code;
}

static int close_stores(void **state){
  Stores *s = *state;
  at_store_release(s->t);
  at_store_release(s->c);
  free(s);
  return 0;
}

static int open_journeys(AtEnv *env, AtPaths *p, const Stores *s, const char *text){
  AtOptions options = options_of(env, text);
  memset(p, 0, sizeof *p);
  p->has_value = 1;
  at_paths_journeys(env, p, s->t, s->c, &options);
  at_options_free(env->alloc, &options);
  return at_paths_finish(env, p, 0, 0);
}

static const char *const rules[] = {"", "reset=none; lookback=3 days", "path=unique; max_touches=3", "ignore=direct; gap=2 days; as_of=800000"};

/* The parts one after the other are all journeys, in order. */
static void test_parts_are_the_journeys(void **state){
  const Stores *s = *state;
  size_t k;
  int threads;
  for(k=0; k<COUNT(rules); k++) for(threads=1; threads<=4; threads+=3){
    AtEnv env = threads_env(threads);
    AtOptions options = options_of(&env, rules[k]);
    AtJourneys j;
    AtPaths p;
    uint32_t part = 0, n = 0, i;
    AtReader path;
    assert_true(open_journeys(&env, &p, s, rules[k]) && at_journeys_open(&env, &j, s->t, s->c, &options));
    assert_true(at_paths_parts(&p)>2);
    at_reader_open(&path, &p, 0);
    while( at_journeys_next(&env, &j) ){
      if( j.path.n==0 ) continue;
      while( !at_reader_next(&env, &path) ){
        at_reader_close(env.alloc, &path);
        assert_true(++part<at_paths_parts(&p));
        at_reader_open(&path, &p, part);
      }
      assert_true(path.n==j.path.n && path.outcome.conversions==j.converted && path.outcome.nulls==!j.converted);
      for(i=0; i<path.n; i++) assert_int_equal(path.channel[i], p.label_channel[j.path.label[i]]);
      n++;
    }
    while( !at_reader_next(&env, &path) && ++part<at_paths_parts(&p) ){
      at_reader_close(env.alloc, &path);
      at_reader_open(&path, &p, part);
    }
    assert_int_equal(part, at_paths_parts(&p));
    assert_int_equal(n, p.n);
    assert_ok(&env);
    at_reader_close(env.alloc, &path);
    at_journeys_close(env.alloc, &j);
    at_paths_free(env.alloc, &p);
    at_options_free(env.alloc, &options);
  }
}

/* All that is answered from journeys. */
typedef struct Answers Answers;
struct Answers {
  AtPaths paths;
  AtSteps steps[AT_MAX_ORDER];
  AtEffects effects[AT_MAX_ORDER];
  AtTally *tallies;
  double rate[20];
  AtOrder orders[AT_MAX_ORDER];
  int n_orders;
};

static void answer(AtEnv *env, Answers *a, const Stores *s, const char *text){
  int k;
  memset(a, 0, sizeof *a);
  assert_true(open_journeys(env, &a->paths, s, text));
  for(k=0; k<AT_MAX_ORDER; k++){
    assert_true(at_steps_of_paths(env, &a->steps[k], &a->paths, k+1));
    if( k<4 ) assert_true(at_removal_effects(env, &a->effects[k], &a->steps[k], &a->paths.names));
  }
  assert_true(at_tally(env, &a->tallies, &a->paths) && at_shapley_rate(env, &a->paths, a->rate));
  a->n_orders = at_orders(env, &a->paths, a->orders);
  assert_ok(env);
}

static void answers_close(AtEnv *env, Answers *a){
  int k;
  for(k=0; k<AT_MAX_ORDER; k++){
    at_steps_free(env->alloc, &a->steps[k]);
    at_effects_free(env->alloc, &a->effects[k]);
  }
  at_free(env->alloc, a->tallies);
  at_paths_free(env->alloc, &a->paths);
}

static void test_the_same_bits_on_any_number_of_threads(void **state){
  static Answers one, many;
  size_t i;
  int threads, k;
  for(i=0; i<COUNT(rules); i+=2){
    AtEnv env = threads_env(1);
    answer(&env, &one, *state, rules[i]);
    for(threads=2; threads<=4; threads++){
      AtEnv env_many = threads_env(threads);
      uint32_t n = one.paths.names.n;
      answer(&env_many, &many, *state, rules[i]);
      assert_int_equal(many.paths.names.n, n);
      for(k=0; k<AT_MAX_ORDER; k++){
        assert_same_steps(&one.steps[k], &many.steps[k]);
        assert_true(one.steps[k].value_size==many.steps[k].value_size);
        if( k<4 ) assert_memory_equal(one.effects[k].effects, many.effects[k].effects, n*sizeof(AtEffect));
      }
      assert_memory_equal(one.tallies, many.tallies, n*sizeof *one.tallies);
      assert_memory_equal(one.rate, many.rate, n*sizeof *one.rate);
      assert_int_equal(one.n_orders, many.n_orders);
      for(k=0; k<one.n_orders; k++) assert_memory_equal(&one.orders[k], &many.orders[k], sizeof one.orders[k]);
      answers_close(&env_many, &many);
    }
    answers_close(&env, &one);
  }
}

/* The journeys as a list: what is counted must be the same, however it was. */
static void list_journeys(AtEnv *env, AtPaths *list, const AtPaths *p){
  uint32_t part, i;
  memset(list, 0, sizeof *list);
  list->has_value = 1;
  for(part=0; part<at_paths_parts(p); part++){
    AtReader path;
    at_reader_open(&path, p, part);
    while( at_reader_next(env, &path) ){
      AtText text = {0};
      for(i=0; i<path.n; i++){
        AtCell name = at_dict_cell(&p->names, path.channel[i]);
        at_text_add(env, &text, name.text, name.n);
        at_text_add(env, &text, ">", 1);
      }
      at_paths_text(env, list, text.text, text.n, arrow, &path.outcome);
      at_text_free(env->alloc, &text);
    }
    at_reader_close(env->alloc, &path);
  }
  assert_true(at_paths_finish(env, list, 0, 1));
}

static void test_as_a_list(void **state){
  AtEnv env = threads_env(2);
  AtOrder orders[2][AT_MAX_ORDER];
  AtPaths p, list;
  int order, n;
  assert_true(open_journeys(&env, &p, *state, "path=exposure"));
  list_journeys(&env, &list, &p);
  assert_int_equal(list.n, p.n);
  for(order=1; order<=AT_MAX_ORDER; order++){
    AtSteps a, b;
    uint32_t i;
    assert_true(at_steps_of_paths(&env, &a, &p, order) && at_steps_of_paths(&env, &b, &list, order));
    assert_int_equal(a.n, b.n);
    assert_int_equal(a.n_steps, b.n_steps);
    for(i=0; i<a.n; i++){
      assert_true(a.states[i].start==b.states[i].start && a.states[i].conversions==b.states[i].conversions && a.states[i].nulls==b.states[i].nulls);
      assert_near(at_sum_total(&a.states[i].value), at_sum_total(&b.states[i].value), 1e-9, "value");
    }
    for(i=0; i<a.n_steps; i++) assert_memory_equal(&a.steps[i], &b.steps[i], sizeof a.steps[i]);
    assert_near(a.value_size/b.value_size, 1, 1e-12, "size of values");
    at_steps_free(env.alloc, &a);
    at_steps_free(env.alloc, &b);
  }
  n = at_orders(&env, &p, orders[0]);
  assert_int_equal(at_orders(&env, &list, orders[1]), n);
  for(order=0; order<n; order++) assert_memory_equal(&orders[0][order], &orders[1][order], sizeof orders[0][order]);
  at_paths_free(env.alloc, &p);
  at_paths_free(env.alloc, &list);
}

/* Channels one by one and in groups, each a part; as elimination has them. */
static void check_sweeps(const AtPaths *p, int order){
  AtEnv env = threads_env(1);
  AtRemoved removed[2][140];
  AtSteps s;
  AtChain c;
  uint32_t i;
  int threads, k;
  memset(removed, 0, sizeof removed);
  assert_true(at_steps_of_paths(&env, &s, p, order) && at_chain_open(&env, &c, &s, &p->names));
  assert_true(at_sweep(&env, &c, 1e5, removed[0]));
  for(threads=2; threads<=4; threads++){
    env.threads = threads;
    assert_true(at_sweep(&env, &c, 1e5, removed[1]));
    assert_memory_equal(removed[0], removed[1], sizeof removed[0]);
  }
  if( c.n<=80 ){
    assert_true(at_reduce_channels(&env, &c, removed[1]));
    for(i=0; i<s.n_channels; i++) for(k=0; k<2; k++){
      double size = 1e-3+fabs(removed[1][i].left[k])+fabs(removed[1][i].lost[k]);
      assert_near(removed[0][i].lost[k], removed[1][i].lost[k], 1e-12*size, "lost");
      assert_near(removed[0][i].left[k], removed[1][i].left[k], 1e-12*size, "left");
    }
  }
  at_chain_free(env.alloc, &c);
  at_steps_free(env.alloc, &s);
}

static void test_sweeps(void **state){
  Random r = {5};
  uint32_t n_channels;
  int sides;
  (void)state;
  for(n_channels=20; n_channels<=140; n_channels+=60) for(sides=1; sides<=3; sides++){
    AtEnv env = threads_env(1);
    AtPaths p;
    uint32_t i, k;
    memset(&p, 0, sizeof p);
    p.has_value = 1;
    for(i=0; i<2000; i++){
      AtText text = {0};
      AtOutcome o = {i%3==0, i%3!=0, 0};
      if( i%3==0 && sides>1 ) o.value = (double)(i%100) - (sides>2 ? 20 : 0);
      for(k=0; k<1+i%8; k++){
        char name[16];
        at_text_add(&env, &text, name, (size_t)snprintf(name, sizeof name, "c%u>", (unsigned)random_below(&r, n_channels)));
      }
      at_paths_text(&env, &p, text.text, text.n, arrow, &o);
      at_text_free(env.alloc, &text);
    }
    assert_true(at_paths_finish(&env, &p, 0, 1));
    check_sweeps(&p, 1);
    check_sweeps(&p, 2);
    at_paths_free(env.alloc, &p);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parts_are_the_journeys),
    cmocka_unit_test(test_the_same_bits_on_any_number_of_threads),
    cmocka_unit_test(test_as_a_list),
    cmocka_unit_test(test_sweeps),
  };
  return cmocka_run_group_tests(tests, open_stores, close_stores);
}
