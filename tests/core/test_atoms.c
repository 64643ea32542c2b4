/*
** test_atoms.c: the distribution of a sum of amounts that come or do not, against every
** outcome, the binomial and the normal; and the interval made of it.
*/
#include "funnel_common.h"
#include "../../ext/core/forecast.h"

#define MOST 24

/* The chance of a sum below a bound, bound itself left out or not. */
static double below(const AtAtoms *a, double bound, int and_at){
  double p = 0;
  uint32_t i;
  for(i=0; i<a->n; i++) if( and_at ? a->sum[i]<=bound : a->sum[i]<bound ) p += a->chance[i];
  return p;
}

/* In order, chances add up to 1, and the mean is that of the amounts. */
static void check_atoms(const AtAtoms *a, double mean, double size){
  double total = 0, moment = 0;
  uint32_t i;
  assert_true(a->n>0 && a->n<=2*AT_MAX_ATOMS);
  for(i=0; i<a->n; i++){
    if( i ) assert_true(a->sum[i-1]<a->sum[i]);
    assert_true(a->chance[i]>=0);
    total += a->chance[i];
    moment += a->chance[i]*a->sum[i];
  }
  if( fabs(total-1)>1e-12 ) fail_msg("chances add up to 1 + %g", total-1);
  if( fabs(moment-mean)>1e-12*(size+fabs(mean)) ) fail_msg("the mean is %.17g, not %.17g", moment, mean);
}

static void add_all(AtAtoms *a, const double *amount, const double *chance, uint32_t n){
  double mean = 0, size = 0;
  uint32_t i;
  at_atoms_start(a);
  for(i=0; i<n; i++){
    at_atoms_add(a, amount[i], chance[i]);
    mean += amount[i]*chance[i];
    size += fabs(amount[i]);
  }
  check_atoms(a, mean, size);
}

/************************************ Atoms ***********************************/

/* The chance of one sum, by every outcome; amounts are whole, so sums are exact. */
static double chance_of(const double *amount, const double *chance, uint32_t n, double sum){
  double total = 0;
  uint32_t outcome, i;
  for(outcome=0; outcome<UINT32_C(1)<<n; outcome++){
    double p = 1, s = 0;
    for(i=0; i<n; i++){
      int comes = outcome>>i & 1;
      p *= comes ? chance[i] : 1-chance[i];
      s += comes ? amount[i] : 0;
    }
    if( s==sum ) total += p;
  }
  return total;
}

static void test_every_outcome(void **state){
  static const double chances[] = {0, 1, 0.5, 0.25, 0.9, 1e-3, 0.3};
  Random r = {1};
  int round;
  for(round=0; round<400; round++){
    AtEnv env = heap_env(*state);
    double amount[9], chance[9];
    uint32_t n = random_below(&r, 10), i;
    AtAtoms a;
    assert_true(at_atoms_open(&env, &a));
    for(i=0; i<n; i++){
      amount[i] = (double)random_between(&r, -5, 9);
      chance[i] = random_below(&r, 2) ? chances[random_below(&r, COUNT(chances))] : random_unit(&r);
    }
    add_all(&a, amount, chance, n);
    for(i=0; i<a.n; i++) assert_true(fabs(a.chance[i]-chance_of(amount, chance, n, a.sum[i]))<1e-14);
    at_atoms_free(env.alloc, &a);
  }
}

/* 2^k: every sum from 0 to 2047 once, none drawn together; equal amounts are one sum more each. */
static void test_exact_up_to_2048_sums(void **state){
  AtEnv env = heap_env(*state);
  AtAtoms a;
  uint32_t i;
  double binomial = 1;
  assert_true(at_atoms_open(&env, &a));
  at_atoms_start(&a);
  for(i=0; i<11; i++) at_atoms_add(&a, (double)(UINT32_C(1)<<i), 0.5);
  assert_int_equal(a.n, 2048);
  for(i=0; i<2048; i++) assert_true(a.sum[i]==i && a.chance[i]==1/2048.0);
  at_atoms_start(&a);
  for(i=0; i<60; i++) at_atoms_add(&a, -7, 0.5);
  assert_int_equal(a.n, 61);
  for(i=0; i<=60; i++){
    assert_true(a.sum[i]==-7*(60-(double)i));
    assert_true(fabs(a.chance[i]*0x1p60-binomial)<=1e-12*binomial);
    binomial = binomial*(60-i)/(i+1);
  }
  at_atoms_free(env.alloc, &a);
}

static void test_what_adds_nothing(void **state){
  AtEnv env = heap_env(*state);
  AtAtoms a;
  assert_true(at_atoms_open(&env, &a));
  at_atoms_add(&a, 0, 0.5);
  at_atoms_add(&a, 5, 0);
  at_atoms_add(&a, -5, -0.0);
  assert_int_equal(a.n, 1);
  assert_true(a.sum[0]==0 && a.chance[0]==1);
  at_atoms_add(&a, 5, 1);
  check_atoms(&a, 5, 5);
  assert_true(below(&a, 5, 0)==0);
  at_atoms_free(env.alloc, &a);
}

/* Beyond 2,048 sums: the total and the mean stay, the distribution moves by less than the width of an interval. */
static void test_drawn_together(void **state){
  Random r = {2};
  int round;
  for(round=0; round<20; round++){
    AtEnv env = heap_env(*state);
    double amount[MOST], chance[MOST], size = 0, bound;
    uint32_t i, outcome, n = 14 + random_below(&r, 4);
    double *sum = malloc(sizeof *sum<<n), *p = malloc(sizeof *p<<n);
    AtAtoms a;
    assert_non_null(sum);
    assert_non_null(p);
    assert_true(at_atoms_open(&env, &a));
    for(i=0; i<n; i++){
      amount[i] = random_unit(&r)*(random_below(&r, 4) ? 1 : -1);
      chance[i] = random_unit(&r);
      size += fabs(amount[i]);
    }
    add_all(&a, amount, chance, n);
    assert_true(a.n>512);
    sum[0] = 0;
    p[0] = 1;
    for(i=0; i<n; i++){
      for(outcome=0; outcome<UINT32_C(1)<<i; outcome++){
        sum[outcome | UINT32_C(1)<<i] = sum[outcome]+amount[i];
        p[outcome | UINT32_C(1)<<i] = p[outcome]*chance[i];
        p[outcome] *= 1-chance[i];
      }
    }
    for(bound=-size; bound<size; bound+=size/50){
      double least = 0, most = 0, width = 2*size*n/1024;   /* drawn together once for each amount at most */
      for(outcome=0; outcome<UINT32_C(1)<<n; outcome++){
        if( sum[outcome]<bound-width ) least += p[outcome];
        if( sum[outcome]<=bound+width ) most += p[outcome];
      }
      assert_true(below(&a, bound, 0)>=least-1e-9 && below(&a, bound, 1)<=most+1e-9);
    }
    at_atoms_free(env.alloc, &a);
    free(sum);
    free(p);
  }
}

/* That nothing comes at all, or one great amount, is no cloud of sums: it stays where it is. */
static void test_heavy_atoms_stay(void **state){
  AtEnv env = heap_env(*state);
  Random r = {3};
  AtAtoms a;
  uint32_t i;
  double nothing = 1, mean = 0, size = 0;
  assert_true(at_atoms_open(&env, &a));
  for(i=0; i<300; i++){
    double amount = 2*random_unit(&r);             /* some so small that they lie next to nothing */
    at_atoms_add(&a, amount, 0.005);
    nothing *= 0.995;
    mean += 0.005*amount;
    size += amount;
  }
  check_atoms(&a, mean, size);
  assert_true(nothing>1/256.0);
  assert_true(a.sum[0]==0);
  assert_true(fabs(a.chance[0]-nothing)<1e-12);
  at_atoms_add(&a, 1e6, 0.5);
  check_atoms(&a, mean+5e5, size+1e6);
  for(i=0; i<a.n && a.sum[i]!=1e6; i++){}
  assert_true(i<a.n && fabs(a.chance[i]-nothing/2)<1e-12);
  at_atoms_free(env.alloc, &a);
}

static void test_mean_of_many(void **state){
  AtEnv env = heap_env(*state);
  Random r = {4};
  double *amount = malloc(3000*sizeof *amount), *chance = malloc(3000*sizeof *chance);
  AtAtoms a;
  uint32_t i;
  assert_non_null(amount);
  assert_non_null(chance);
  for(i=0; i<3000; i++){
    amount[i] = exp(10*random_unit(&r))*(random_below(&r, 10) ? 1 : -1);
    chance[i] = random_below(&r, 20) ? random_unit(&r) : random_below(&r, 2);
  }
  assert_true(at_atoms_open(&env, &a));
  add_all(&a, amount, chance, 3000);
  at_atoms_free(env.alloc, &a);
  free(amount);
  free(chance);
}

/********************************** Intervals *********************************/

static void interval_of(AtEnv *env, const double *amount, const double *chance, uint32_t n, double doubt, double confidence,
                        double *low, double *high){
  AtBets bets = {amount, chance, n, doubt};
  assert_true(at_bets_interval(env, &bets, confidence, low, high));
}

static void test_intervals_by_hand(void **state){
  static const struct { double amount[3], chance[3]; uint32_t n; double confidence, low, high; } known[] = {
    {{0}, {0}, 0, 0.9, 0, 0}, {{100}, {1}, 1, 0.9, 100, 100}, {{100}, {0}, 1, 0.9, 0, 0}, {{-100}, {1}, 1, 0.9, -100, -100},
    {{100}, {0.5}, 1, 0.9, 0, 100}, {{100}, {0.04}, 1, 0.9, 0, 0}, {{100}, {0.06}, 1, 0.9, 0, 100}, {{100}, {0.96}, 1, 0.9, 100, 100},
    {{-100}, {0.06}, 1, 0.9, -100, 0}, {{-100}, {0.96}, 1, 0.9, -100, -100}, {{1, 2, 4}, {1, 1, 1}, 3, 0.5, 7, 7},
    {{1, 2, 4}, {0.5, 0.5, 0.5}, 3, 0.7, 1, 6}, {{1, 2, 4}, {0.5, 0.5, 0.5}, 3, 0.8, 0, 7}, {{1, 1, 1}, {0.5, 0.5, 0.5}, 3, 0.7, 1, 2},
    {{10, -4, 0}, {0.5, 0.5, 0.5}, 3, 0.4, 0, 6}, {{1e290, 1e290, 0}, {0.5, 1, 1}, 3, 0.9, 1e290, 2e290},
    {{1e-290, 3e-290, 0}, {0.5, 1, 1}, 3, 0.9, 3e-290, 4e-290},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    double low, high;
    interval_of(&env, known[i].amount, known[i].chance, known[i].n, 0, known[i].confidence, &low, &high);
    if( low!=known[i].low || high!=known[i].high ) fail_msg("case %zu: %g to %g", i, low, high);
  }
}

/* Doubt mixes five distributions: of 100 at p and the error s on the scale of log odds, 100 comes with the chance
** sum of weight / (1 + e^(-log odds - s*node)). */
static void test_doubt(void **state){
  static const double node[] = {-2.8569700138728056, -1.3556261799742659, 0, 1.3556261799742659, 2.8569700138728056};
  static const double weight[] = {0.011257411327720689, 0.22207592200561264, 0.53333333333333333, 0.22207592200561264, 0.011257411327720689};
  Random r = {5};
  int round, k;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    double p = 0.01+0.98*random_unit(&r), s = 2*random_unit(&r), comes = 0, amount = 100, low, high;
    double confidence = 0.5+0.499*random_unit(&r), rest = (1-confidence)/2;
    for(k=0; k<5; k++) comes += weight[k]/(1+exp(-log(p/(1-p))-s*node[k]));
    interval_of(&env, &amount, &p, 1, s*amount*p*(1-p), confidence, &low, &high);
    if( fabs(comes-rest)>1e-9 ) assert_true((high==100)==(comes>rest));
    if( fabs(1-comes-rest)>1e-9 ) assert_true((low==0)==(1-comes>rest));
    assert_true(low<=high && (high==0 || high==100) && (low==0 || low==100));
  }
}

/* However great the doubt, chances stay chances: half the mixture is all, half is nothing. */
static void test_doubt_beyond_measure(void **state){
  static const double amount[] = {1, 1e6}, chance[] = {0.5, 1}, doubts[] = {1, 1e3, 1e9, 1e300};
  size_t i;
  for(i=0; i<COUNT(doubts); i++){
    AtEnv env = heap_env(*state);
    double low, high;
    interval_of(&env, amount, chance, 2, doubts[i], 0.3, &low, &high);
    assert_true(low==1e6 && high==1e6+1);
  }
}

/* The greatest of n flips of a coin that at most this share of all lies above. */
static double binomial_quantile(uint32_t n, double p, double share){
  double term = n*log1p(-p), sum = exp(term);
  uint32_t k;
  for(k=0; k<n && sum<share; k++){
    term += log((double)(n-k)/(k+1)) + log(p/(1-p));
    sum += exp(term);
  }
  return k;
}

/* Equal amounts are a binomial; 1,900 are taken one by one, of 20,000 all but 2,000 as a normal variable. */
static void test_equal_amounts_are_a_binomial(void **state){
  static const struct { uint32_t n; double p; } cases[] = {{1900, 0.3}, {3000, 0.3}, {20000, 0.1}, {20000, 0.02}, {2001, 0.5}};
  static const double confidences[] = {0.5, 0.8, 0.95, 0.99};
  size_t i, k;
  for(i=0; i<COUNT(cases); i++){
    uint32_t n = cases[i].n, j;
    double *amount = malloc(n*sizeof *amount), *chance = malloc(n*sizeof *chance), spread = sqrt(n*cases[i].p*(1-cases[i].p));
    assert_non_null(amount);
    assert_non_null(chance);
    for(j=0; j<n; j++){ amount[j] = 3; chance[j] = cases[i].p; }
    for(k=0; k<COUNT(confidences); k++){
      AtEnv env = heap_env(*state);
      double low, high, least, most, near = n<=2000 ? 1e-9 : 3*(1+spread/20);
      interval_of(&env, amount, chance, n, 0, confidences[k], &low, &high);
      least = 3*binomial_quantile(n, cases[i].p, (1-confidences[k])/2);
      most = 3*binomial_quantile(n, cases[i].p, (1+confidences[k])/2);
      if( fabs(low-least)>near || fabs(high-most)>near ){
        fail_msg("%u at %g, %g: %g to %g, not %g to %g", n, cases[i].p, confidences[k], low, high, least, most);
      }
    }
    free(amount);
    free(chance);
  }
}

/* Many amounts of many sizes: mean -+ z standard deviations, to a few hundredths of one. */
static void test_many_amounts_are_normal(void **state){
  static const uint32_t sizes[] = {3000, 20000};
  static const double scales[] = {1, 1e290, 1e-250};
  size_t i, k;
  for(i=0; i<COUNT(sizes); i++){
    Random r = {6};
    uint32_t n = sizes[i], j;
    double *amount = malloc(n*sizeof *amount), *scaled = malloc(n*sizeof *scaled), *chance = malloc(n*sizeof *chance);
    double mean = 0, variance = 0;
    assert_non_null(amount);
    assert_non_null(scaled);
    assert_non_null(chance);
    for(j=0; j<n; j++){
      amount[j] = 1+random_unit(&r)*9;
      if( random_below(&r, 5)==0 ) amount[j] = -amount[j];
      chance[j] = random_unit(&r);
      mean += amount[j]*chance[j];
      variance += amount[j]*amount[j]*chance[j]*(1-chance[j]);
    }
    for(k=0; k<COUNT(scales); k++){
      AtEnv env = heap_env(*state);
      double low, high, spread = sqrt(variance);
      for(j=0; j<n; j++) scaled[j] = amount[j]*scales[k];
      interval_of(&env, scaled, chance, n, 0, 0.95, &low, &high);
      low = (low/scales[k]-mean)/spread;
      high = (high/scales[k]-mean)/spread;
      if( fabs(low+1.959964)>0.05 || fabs(high-1.959964)>0.05 ) fail_msg("%u: %g to %g", n, low, high);
    }
    free(amount);
    free(scaled);
    free(chance);
  }
}

/************************************ Failures ********************************/

static void one_interval(AtEnv *env, void *given){
  uint32_t n = *(uint32_t*)given, i;
  double *amount = malloc(n*sizeof *amount), *chance = malloc(n*sizeof *chance), low, high;
  AtBets bets = {amount, chance, n, 5};
  assert_non_null(amount);
  assert_non_null(chance);
  for(i=0; i<n; i++){ amount[i] = i; chance[i] = 0.25; }
  at_bets_interval(env, &bets, 0.9, &low, &high);
  if( env->error.code ) assert_true(low==0 && high==0);
  else assert_true(low<high);
  free(amount);
  free(chance);
}

static void test_failures(void **state){
  uint32_t few = 40, many = 2100;
  check_failures(*state, one_interval, &few, 6);
  check_failures(*state, one_interval, &many, 6);
  check_stops(*state, one_interval, &few, 200);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_every_outcome),
    HEAP_TEST(test_exact_up_to_2048_sums),
    HEAP_TEST(test_what_adds_nothing),
    HEAP_TEST(test_drawn_together),
    HEAP_TEST(test_heavy_atoms_stay),
    HEAP_TEST(test_mean_of_many),
    HEAP_TEST(test_intervals_by_hand),
    HEAP_TEST(test_doubt),
    HEAP_TEST(test_doubt_beyond_measure),
    HEAP_TEST(test_equal_amounts_are_a_binomial),
    HEAP_TEST(test_many_amounts_are_normal),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
