/*
** test_shapley.c: shares of a path's channels, first, last and linear by hand, against
** every coalition and against every order of joining; the rate game up to 20 channels.
*/
#include "effects_common.h"

/* 'a: conversions value paths first last linear; …', the last three of conversions, then of value. */
static void check_tally(AtEnv *env, const char *paths, const char *expected){
  AtPaths p;
  AtTally *t;
  assert_true(open_paths(env, &p, paths, 0) && at_tally(env, &t, &p));
  while( *expected ){
    const AtTally *got = &t[find_name(&p.names, (char[2]){*expected, 0})];
    double fields[] = {got->conversions, got->value, got->paths, got->first[0], got->last[0], got->linear[0],
                       got->first[1], got->last[1], got->linear[1]};
    size_t i;
    for(expected+=2, i=0; i<COUNT(fields); i++){
      char *end;
      double number = strtod(expected, &end);
      assert_true(end>expected);
      if( !(fabs(fields[i]-number)<=1e-15*fabs(number)) ) fail_msg("%s, column %d of %s: %.17g", paths, (int)i, expected, fields[i]);
      expected = end;
    }
    while( *expected==';' || *expected==' ' ) expected++;
  }
  at_free(env->alloc, t);
  at_paths_free(env->alloc, &p);
}

static void test_by_hand(void **state){
  static const struct { const char *paths, *tallies; } known[] = {
    {"", ""},
    {": 4 1 9", ""},
    {"a: 2 3 10", "a: 2 10 5 2 2 2 10 10 10"},
    {"a > b: 2 1 10; b: 0 3", "a: 1 5 3 2 0 1 10 0 5; b: 1 5 6 0 2 1 0 10 5"},
    {"a > b > a > a: 4 0 8", "a: 2 4 4 4 4 3 8 8 6; b: 2 4 4 0 0 1 0 0 2"},
    {"a > b > c: 1 0 -3; c: 1 0 1", "a: 0.33333333333333333 -1 1 1 0 0.33333333333333333 -3 0 -1; "
        "b: 0.33333333333333333 -1 1 0 0 0.33333333333333333 0 0 -1; c: 1.3333333333333333 0 2 1 2 1.3333333333333333 1 -2 0"},
    {"a > b: 0 2 10; a: 0 1", "a: 0 5 3 0 0 0 10 0 5; b: 0 5 2 0 0 0 0 10 5"},   /* of a value without conversions */
    {"a: 0 5; b: 1", "a: 0 0 5 0 0 0 0 0 0; b: 1 0 1 1 1 1 0 0 0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    check_tally(&env, known[i].paths, known[i].tallies);
  }
}

/* Every rule's parts sum to the totals: those of whole paths exactly, shares to the last bits. */
static void test_sums(void **state){
  Random r = {1};
  int round;
  for(round=0; round<500; round++){
    AtEnv env = heap_env(*state);
    double part[10], total[2], size;
    uint32_t n, i, rule, k;
    AtPaths p;
    AtTally *t;
    random_paths(&env, &r, &p, 1+random_below(&r, 9), 9, 1);
    assert_true(at_tally(&env, &t, &p));
    n = p.names.n;
    total[0] = at_sum_total(&p.conversions);
    total[1] = value_of_paths(&p);
    for(k=0; k<2; k++){
      for(rule=0; rule<4; rule++){
        for(i=0; i<n; i++) part[i] = rule==0 ? (k ? t[i].value : t[i].conversions) : rule==1 ? t[i].first[k]
                                   : rule==2 ? t[i].last[k] : t[i].linear[k];
        for(i=0, size=0; i<n; i++) size += fabs(part[i]);
        if( rule==1 || rule==2 ) assert_true(exact_sum(part, n)==total[k]);
        else assert_near(exact_sum(part, n), total[k], size*4e-16, rule ? "linear" : "shapley");
      }
    }
    at_free(env.alloc, t);
    at_paths_free(env.alloc, &p);
  }
}

/*********************************** Games ************************************/

/* What a coalition, a set of bits, earns of conversions, value and rate. */
static void earn(const AtPaths *p, uint32_t coalition, double out[3]){
  double all = 0;
  uint32_t i, k;
  out[0] = out[1] = 0;
  for(i=0; i<p->n; i++){
    uint32_t members = 0;
    for(k=0; k<p->paths[i].n; k++) members |= UINT32_C(1)<<p->channel[p->paths[i].first+k];
    if( members & ~coalition ) continue;
    out[0] += p->paths[i].conversions;
    out[1] += p->paths[i].value;
    all += p->paths[i].conversions+p->paths[i].nulls;
  }
  out[2] = all>0 ? out[0]/all : 0;
}

/* The average gain over every order in which the rest can join. */
static void join(const AtPaths *p, uint32_t joined, double weight, double *gain){
  uint32_t n = p->names.n, left = 0, i;
  double before[3], after[3];
  int k;
  for(i=0; i<n; i++) left += !(joined>>i & 1);
  if( left==0 ) return;
  earn(p, joined, before);
  for(i=0; i<n; i++){
    if( joined>>i & 1 ) continue;
    earn(p, joined | UINT32_C(1)<<i, after);
    for(k=0; k<3; k++) gain[3*i+(uint32_t)k] += weight/left*(after[k]-before[k]);
    join(p, joined | UINT32_C(1)<<i, weight/left, gain);
  }
}

static void test_every_order_of_joining(void **state){
  Random r = {2};
  int round;
  for(round=0; round<60; round++){
    AtEnv env = heap_env(*state);
    double gain[18] = {0}, rate[6];
    AtPaths p;
    AtTally *t;
    uint32_t i;
    random_paths(&env, &r, &p, 1+random_below(&r, round%10 ? 4 : 6), 6, 1);
    assert_true(at_tally(&env, &t, &p) && at_shapley_rate(&env, &p, rate));
    join(&p, 0, 1, gain);
    for(i=0; i<p.names.n; i++){
      assert_near(t[i].conversions, gain[3*i], 1e-12, "conversions");
      assert_near(t[i].value, gain[3*i+1], 1e-9, "value");
      assert_near(rate[i], gain[3*i+2], 1e-14, "rate");
    }
    at_free(env.alloc, t);
    at_paths_free(env.alloc, &p);
  }
}

static void check_rates(AtEnv *env, const char *paths, const char *expected){
  AtPaths p;
  double rate[AT_MAX_GAME];
  uint32_t i;
  assert_true(open_paths(env, &p, paths, 0) && at_shapley_rate(env, &p, rate));
  for(i=0; i<p.names.n; i++){
    char *end;
    assert_near(rate[i], strtod(expected, &end), 1e-15, paths);
    assert_true(end>expected);
    expected = end;
  }
  at_paths_free(env->alloc, &p);
}

static void test_rates_by_hand(void **state){
  AtEnv env = heap_env(*state);
  check_rates(&env, "", "");
  check_rates(&env, "a: 1 3", "0.25");
  check_rates(&env, "a > b: 1 1", "0.25 0.25");
  check_rates(&env, "a: 1; b: 0 1", "0.75 -0.25");       /* alone 1 and 0, together 1/2 */
  check_rates(&env, "a > a > b: 1; b > a: 0 3; : 9 1", "0.125 0.125");
  check_rates(&env, "a: 0 2; b: 0 1", "0 0");
}

/* They add up to the rate of all; who is in one path alike gets alike. */
static void test_twenty_channels(void **state){
  AtEnv env = heap_env(*state);
  double rate[AT_MAX_GAME+1];
  AtPaths p;
  uint32_t channel[AT_MAX_GAME], i;
  AtOutcome most = {3, 1, 0}, alone = {1, 4, 0};
  memset(&p, 0, sizeof p);
  for(i=0; i<AT_MAX_GAME; i++) channel[i] = i;
  add_numbers(&env, &p, channel, AT_MAX_GAME, most);
  add_numbers(&env, &p, channel, 1, alone);
  assert_true(at_paths_finish(&env, &p, 0, 1) && at_shapley_rate(&env, &p, rate));
  /* a alone earns 1/5 in every coalition but the last, which earns 4/9 */
  for(i=0; i<AT_MAX_GAME; i++) assert_near(rate[i], (4/9.0-0.2)/20 + (i==0 ? 0.2 : 0), 1e-15, "rate");
  assert_near(exact_sum(rate, AT_MAX_GAME), 4/9.0, 1e-15, "sum");
  at_paths_free(env.alloc, &p);
}

static void test_twenty_one_channels(void **state){
  AtEnv env = heap_env(*state);
  double rate[AT_MAX_GAME+1];
  AtPaths p;
  AtTally *t;
  uint32_t channel[AT_MAX_GAME+1], i;
  AtOutcome o = {21, 0, 0};
  memset(&p, 0, sizeof p);
  for(i=0; i<=AT_MAX_GAME; i++) channel[i] = i;
  add_numbers(&env, &p, channel, AT_MAX_GAME+1, o);
  assert_true(at_paths_finish(&env, &p, 0, 1) && at_tally(&env, &t, &p));
  for(i=0; i<=AT_MAX_GAME; i++) assert_true(t[i].conversions==1);
  at_free(env.alloc, t);
  assert_false(at_shapley_rate(&env, &p, rate));
  assert_error(&env, AT_INVALID, "shapley_rate|20 (got 21)|min_paths=");
  at_paths_free(env.alloc, &p);
}

/************************************ Failures ********************************/

static void tally_many(AtEnv *env, void *given){
  double rate[AT_MAX_GAME];
  AtPaths p;
  AtTally *t = NULL;
  if( open_paths(env, &p, given, 0) && at_tally(env, &t, &p) ) at_shapley_rate(env, &p, rate);
  at_free(env->alloc, t);
  at_paths_free(env->alloc, &p);
}

static void test_failures(void **state){
  static char rows[] = "a > b > c: 1 2 3; d > e > a: 2 2 2; f: 1; g > h > a > i: 0 4; b: 2 0 9";
  check_failures(*state, tally_many, rows, 15);
  check_stops(*state, tally_many, rows, 40);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_sums),
    HEAP_TEST(test_every_order_of_joining),
    HEAP_TEST(test_rates_by_hand),
    HEAP_TEST(test_twenty_channels),
    HEAP_TEST(test_twenty_one_channels),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
