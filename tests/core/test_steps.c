/*
** test_steps.c: the chain of paths as counts, at every order, by hand and against a
** walk that looks every state up among those that it has seen; its rows as text.
*/
#include "effects_common.h"

static void test_by_hand(void **state){
  static const struct { int order; const char *paths, *shown; } known[] = {
    {1, "", ""},
    {1, "a: 1", "(start)->a=1; a->(conversion)=1$0"},
    {1, "a: 0 2", "(start)->a=2; a->(null)=2$0"},
    {1, "a > b: 2 1 10; b: 0 3", "(start)->a=3; (start)->b=3; a->b=3; b->(conversion)=2$10; b->(null)=4"},
    {1, "a > a > b > b > a: 1 0 5", "(start)->a=1; a->b=1; a->(conversion)=1$5; b->a=1"},
    {1, "b > a > b: 0.5 0.25", "(start)->b=0.75; a->b=0.75; b->a=0.75; b->(conversion)=0.5$0; b->(null)=0.25"},
    {1, ": 3 0 7; a: 1", "(start)->a=1; (start)->(conversion)=3$7; a->(conversion)=1$0"},
    {2, "a: 1; a > b: 1; a > b > c: 1", "(start)->a=1; (start)->a > b=2; a->(conversion)=1$0; a > b->b > c=1; "
        "a > b->(conversion)=1$0; b > c->(conversion)=1$0"},
    {2, "a > a: 1; a: 1", "(start)->a=1; (start)->a > a=1; a->(conversion)=1$0; a > a->(conversion)=1$0"},
    {2, "a > a > a > a > b: 1", "(start)->a > a=1; a > a->a > b=1; a > b->(conversion)=1$0"},
    {2, "a > b > a > b > a: 1", "(start)->a > b=1; a > b->b > a=2; b > a->a > b=1; b > a->(conversion)=1$0"},
    {3, "a > b > c > d: 1 1 4", "(start)->a > b > c=2; a > b > c->b > c > d=2; b > c > d->(conversion)=1$4; b > c > d->(null)=1"},
    {6, "a > b: 1; a > b > c > d > e > f > g: 1", "(start)->a > b=1; (start)->a > b > c > d > e > f=1; a > b->(conversion)=1$0; "
        "a > b > c > d > e > f->b > c > d > e > f > g=1; b > c > d > e > f > g->(conversion)=1$0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    char shown[600];
    AtPaths p;
    AtSteps s;
    assert_true(open_paths(&env, &p, known[i].paths, 0));
    assert_true(at_steps_of_paths(&env, &s, &p, known[i].order));
    show_steps(&env, &s, &p.names, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s at %d: %s, not %s", known[i].paths, known[i].order, shown, known[i].shown);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/******************************** Against a walk ******************************/

typedef struct Seen Seen;
struct Seen { uint32_t n, channel[AT_MAX_ORDER]; double start, conversions, nulls, value, to[400]; };
static Seen seen[400];
static uint32_t n_seen;

static uint32_t state_of(const uint32_t *channel, uint32_t n){
  uint32_t i;
  for(i=0; i<n_seen; i++) if( seen[i].n==n && memcmp(seen[i].channel, channel, n*sizeof *channel)==0 ) return i;
  assert_true(n_seen<COUNT(seen));
  memset(&seen[i], 0, sizeof seen[i]);
  seen[i].n = n;
  memcpy(seen[i].channel, channel, n*sizeof *channel);
  return n_seen++;
}

static void walk(const AtPaths *p, uint32_t k){
  uint32_t i, at;
  n_seen = 0;
  for(i=0; i<p->n; i++){
    const AtListed *path = &p->paths[i];
    const uint32_t *channel = p->channel+path->first;
    double weight = path->conversions+path->nulls;
    uint32_t now = state_of(channel, path->n<k ? path->n : k);
    seen[now].start += weight;
    for(at=1; at+k<=path->n; at++){
      uint32_t next = state_of(channel+at, k);
      if( next==now ) continue;
      seen[now].to[next] += weight;
      now = next;
    }
    seen[now].conversions += path->conversions;
    seen[now].nulls += path->nulls;
    seen[now].value += path->value;
  }
}

static void check_against_walk(const AtSteps *s){
  uint32_t id[400], i, k, n_steps = 0, e = 0, e2;
  assert_int_equal(s->n, n_seen);
  for(i=0; i<s->n; i++){
    const AtState *state = &s->states[i];
    id[i] = state_of(s->channel+state->first, state->n);
    assert_int_equal(n_seen, s->n);
    assert_true(state->start==seen[id[i]].start && state->conversions==seen[id[i]].conversions);
    assert_true(state->nulls==seen[id[i]].nulls && at_sum_total(&state->value)==seen[id[i]].value);
  }
  for(i=0; i<s->n; i++){
    double leaving = s->states[i].conversions+s->states[i].nulls, got = at_steps_leaving(s, i, e, &e2);
    for(k=0; k<s->n; k++){
      double weight = seen[id[i]].to[id[k]];
      if( weight==0 ) continue;
      assert_true(e<e2 && s->steps[e].from==i && s->steps[e].to==k && s->steps[e].weight==weight);
      leaving += weight;
      e++;
      n_steps++;
    }
    assert_int_equal(e, e2);
    assert_true(got==leaving);
  }
  assert_int_equal(n_steps, s->n_steps);
}

static void test_against_a_walk(void **state){
  Random r = {1};
  int round, order;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    random_paths(&env, &r, &p, 1+random_below(&r, 5), 1+random_below(&r, 12), 1);
    for(order=1; order<=AT_MAX_ORDER; order++){
      assert_true(at_steps_of_paths(&env, &s, &p, order));
      walk(&p, (uint32_t)order);
      check_against_walk(&s);
      at_steps_free(env.alloc, &s);
    }
    at_paths_free(env.alloc, &p);
  }
}

/* States stand in the order of their channels, the shorter before what begins with it. */
static void test_order_of_states(void **state){
  Random r = {2};
  int round;
  for(round=0; round<100; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    uint32_t i, k;
    random_paths(&env, &r, &p, 6, 9, 0);
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%6));
    for(i=1; i<s.n; i++){
      const AtState *x = &s.states[i-1], *y = &s.states[i];
      for(k=0; k<x->n && k<y->n && s.channel[x->first+k]==s.channel[y->first+k]; k++){}
      assert_true(k==x->n ? k<y->n : k<y->n && s.channel[x->first+k]<s.channel[y->first+k]);
    }
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

/************************************ Rows ************************************/

/* Of each state's rows the probabilities sum to 1, and value stands where its end does. */
static void test_transitions(void **state){
  Random r = {3};
  int round;
  for(round=0; round<200; round++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    AtSteps s;
    AtTransitions t;
    size_t i, j;
    double value = 0;
    random_paths(&env, &r, &p, 5, 8, 1);
    if( round%3==0 ){ p.bare_conversions.sum = 2; p.bare_value.sum = 30; }
    if( round%2 ) p.has_value = 0;
    assert_true(at_steps_of_paths(&env, &s, &p, 1+round%3));
    assert_true(at_transitions(&env, &t, &s));
    for(i=0; i<t.n; i=j){
      double sum = 0, weight = 0;
      for(j=i; j<t.n && t.rows[j].from==t.rows[i].from; j++){
        int is_end = t.rows[j].to==AT_CONVERSION || t.rows[j].to==AT_NULL_END;
        sum += t.rows[j].probability;
        weight += t.rows[j].weight;
        assert_true(t.rows[j].weight>0);
        if( !p.has_value || !is_end ) assert_true(isnan(t.rows[j].value));
        if( !isnan(t.rows[j].value) ) value += t.rows[j].value;
      }
      for(; i<j; i++) assert_near(t.rows[i].probability, t.rows[i].weight/weight, 1e-15, "probability");
      assert_near(sum, 1, 1e-14, "sum of probabilities");
    }
    if( p.has_value ) assert_true(value==value_of_paths(&p) + (round%3 ? 0 : 30));
    at_free(env.alloc, t.rows);
    at_steps_free(env.alloc, &s);
    at_paths_free(env.alloc, &p);
  }
}

static void check_name(Heap *heap, const char *name, const char *separator, const char *words){
  AtEnv env = heap_env(heap);
  AtDict names = {0};
  AtSeparator by = {separator, strlen(separator)};
  at_dict_intern(&env, &names, AT_TEXT, "good", 4);
  at_dict_intern(&env, &names, AT_TEXT, name, strlen(name));
  assert_ok(&env);
  assert_true(at_check_names(&env, &names, by)==(words==NULL));
  if( words ) assert_error(&env, AT_INVALID, words);
  at_dict_free(env.alloc, &names);
}

static void test_names_that_do_not_survive(void **state){
  check_name(*state, "a > b", ">", "channel 'a > b' holds the separator '>'|separator=|");
  check_name(*state, ">", ">", "holds the separator");
  check_name(*state, "a > b", "|", NULL);
  check_name(*state, "a - b", "->", NULL);
  check_name(*state, " a", ">", "channel ' a' has blanks at its ends|trim it");
  check_name(*state, "a\t", ">", "blanks at its ends");
  check_name(*state, "(start)", ">", "'(start)'|rename it");
  check_name(*state, "(conversion)", ">", "'(conversion)'");
  check_name(*state, "(null)", ">", "'(null)'");
  check_name(*state, "(unattributed)", ">", "'(unattributed)'");
  check_name(*state, "(Start)", ">", NULL);
  check_name(*state, "(other)", ">", NULL);
  check_name(*state, "(none)", ">", NULL);
}

/* Whatever names pass, a state's text is read back as its channels. */
static void test_text_there_and_back(void **state){
  static const char *const separators[] = {">", "->", "--", "|", ",", "a", "ab", " "}   /* none with blanks inside: options.c */;
  static const char letters[] = "a> -b";
  Random r = {4};
  int round;
  for(round=0; round<20000; round++){
    AtEnv env = heap_env(*state);
    const char *by = separators[random_below(&r, COUNT(separators))];
    AtSeparator separator = {by, strlen(by)};
    AtDict names = {0}, read = {0};
    AtText text = {0};
    uint32_t *channel = NULL, i, k, ids[3] = {0, 0, 0};
    size_t n = 0, capacity = 0;
    AtState one = {0, 3, 0, 0, 0, {0, 0}};
    AtSteps s;
    for(i=0; i<3; i++){
      char name[5];
      uint32_t length = 1 + random_below(&r, 4);
      for(k=0; k<length; k++) name[k] = letters[random_below(&r, 5)];
      ids[i] = at_dict_intern(&env, &names, AT_TEXT, name, length);
    }
    memset(&s, 0, sizeof s);
    s.states = &one;
    s.n = 1;
    s.channel = ids;
    if( at_check_names(&env, &names, separator) ){
      assert_true(at_state_text(&env, &text, &s, &names, 0, separator));
      assert_true(at_channels_split(&env, &read, text.text, text.n, separator, &channel, &n, &capacity));
      for(i=0; i<3 && n==3; i++){
        AtCell was = at_dict_cell(&names, ids[i]), is = at_dict_cell(&read, channel[i]);
        if( !same_cell(&was, &is) ) n = 0;
      }
      if( n!=3 ) fail_msg("'%s' does not survive the separator '%s'", text.text, by);
    }
    at_free(env.alloc, channel);
    at_text_free(env.alloc, &text);
    at_dict_free(env.alloc, &names);
    at_dict_free(env.alloc, &read);
  }
}

/************************************ Failures ********************************/

static void make_chain(AtEnv *env, void *given){
  int order = *(int*)given;
  Random r = {9};
  AtPaths p;
  AtSteps s;
  AtTransitions t;
  AtText text = {0};
  uint32_t i, k, channel[30];
  memset(&p, 0, sizeof p);
  for(i=0; i<40; i++){
    AtOutcome o = {1, 1, 1};
    for(k=0; k<30; k++) channel[k] = random_below(&r, 9);
    add_numbers(env, &p, channel, 1+i%30, o);
  }
  at_paths_finish(env, &p, 0, 1);
  memset(&t, 0, sizeof t);
  if( at_steps_of_paths(env, &s, &p, order) && at_check_names(env, &p.names, arrow) && at_transitions(env, &t, &s) ){
    for(i=0; i<t.n && !env->error.code; i++) at_state_text(env, &text, &s, &p.names, t.rows[i].from, arrow);
  }
  at_free(env->alloc, t.rows);
  at_text_free(env->alloc, &text);
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

static void test_failures(void **state){
  int order;
  for(order=1; order<=3; order++){
    check_failures(*state, make_chain, &order, 25);
    check_stops(*state, make_chain, &order, 100);
  }
}

/* 600 channels at order 6: windows that no single number can hold. One path has each channel once, another some of them again. */
static void test_windows_of_two_words(void **state){
  enum { N = 600 };
  AtEnv env = heap_env(*state);
  AtOutcome once = {1, 0, 10}, never = {0, 2, 0};
  AtPaths p;
  AtSteps s;
  char text[N*7+1];
  size_t n = 0;
  uint32_t i, e = 0, e2;
  for(i=0; i<N; i++) n += (size_t)snprintf(text+n, sizeof text-n, "c%03u > ", (unsigned)i);
  memset(&p, 0, sizeof p);
  p.has_value = 1;
  at_paths_text(&env, &p, text, n, arrow, &once);
  at_paths_text(&env, &p, text+7*100, 7*10, arrow, &never);    /* c100 .. c109 */
  assert_true(at_paths_finish(&env, &p, 0, 1) && at_steps_of_paths(&env, &s, &p, 6));
  assert_int_equal(s.n, N-5);                                  /* c000 .. c005, and so on */
  assert_int_equal(s.n_steps, N-6);
  for(i=0; i<s.n; i++){
    const AtState *x = &s.states[i];
    uint32_t k;
    assert_int_equal(x->n, 6);
    for(k=0; k<6; k++) assert_int_equal(s.channel[x->first+k], i+k);
    assert_true(x->start==(i==0 ? 1 : i==100 ? 2 : 0));
    assert_true(x->conversions==(i==N-6) && x->nulls==(i==104 ? 2 : 0) && at_sum_total(&x->value)==(i==N-6 ? 10 : 0));
    assert_true(at_steps_leaving(&s, i, e, &e2)==(i>=100 && i<=104 ? 3 : 1));
    for(; e<e2; e++) assert_true(s.steps[e].from==i && s.steps[e].to==i+1 && s.steps[e].weight==(i>=100 && i<104 ? 3 : 1));
  }
  at_steps_free(env.alloc, &s);
  at_paths_free(env.alloc, &p);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_against_a_walk),
    HEAP_TEST(test_order_of_states),
    HEAP_TEST(test_transitions),
    HEAP_TEST(test_names_that_do_not_survive),
    HEAP_TEST(test_text_there_and_back),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_windows_of_two_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
