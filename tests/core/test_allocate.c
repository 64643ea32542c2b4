/*
** test_allocate.c: the parts of a value. Without a unit their exact sum, rounded
** once, is the value; with a unit they are whole units by largest remainder.
*/
#include "common.h"

/* Room for the parts of up to N. */
#define MOST 200000
typedef struct Room Room;
struct Room { double weight[MOST], part[MOST]; uint32_t scratch[MOST]; };
static Room room;

static AtEnv env;                     /* nothing is allocated, nobody asked */

static void allocate(double value, uint32_t n, double unit){
  at_allocate(&env, value, room.weight, n, unit, room.part, room.scratch);
}

static void equal_weights(uint32_t n){
  uint32_t i;
  for(i=0; i<n; i++) room.weight[i] = 1.0/n;
}

static void assert_exact(double value, uint32_t n){
  double sum = exact_sum(room.part, n);
  if( sum!=value ) fail_msg("%u parts add up to %.17g, not to %.17g", n, sum, value);
}

static void test_the_yardstick(void **state){
  double parts[] = {1e100, 1, -1e100, 1e-100}, tie[] = {1, 0x1p-53, 0x1p-110}, even[] = {1, 0x1p-53};
  (void)state;
  assert_true(exact_sum(parts, 4)==1);
  assert_true(exact_sum(tie, 3)==1+0x1p-52);
  assert_true(exact_sum(even, 2)==1);
  assert_true(exact_sum(parts, 0)==0);
}

/* Random values over random weights, as models give them. */
static void test_exact_sums(void **state){
  Random r = {1};
  int round;
  (void)state;
  for(round=0; round<200000; round++){
    uint32_t n = 1 + random_below(&r, round%50 ? 20 : 2000), i;
    double total = 0, value = (random_unit(&r)-0.5)*ldexp(1, (int)random_below(&r, 60)-20);
    for(i=0; i<n; i++) total += room.weight[i] = random_below(&r, 3) ? random_unit(&r) : ldexp(random_unit(&r), -(int)random_below(&r, 80));
    for(i=0; i<n; i++) room.weight[i] /= total;
    if( round%7==0 ) equal_weights(n);
    if( round%11==0 ) value = (double)random_between(&r, -10000000, 10000000)/100;
    allocate(value, n, 0);
    assert_exact(value, n);
  }
}

/* Negative points: parts larger than the whole. Doubles cannot do more than
** the last bit of the smallest part allows. */
static void test_exact_sums_of_signed_weights(void **state){
  Random r = {2};
  int round;
  (void)state;
  for(round=0; round<100000; round++){
    uint32_t n = 2 + random_below(&r, 10), i;
    double total = 0, value = (double)random_between(&r, -10000000, 10000000)/100, smallest = HUGE_VAL, bit;
    for(i=0; i<n; i++) total += room.weight[i] = (double)random_between(&r, -20, 40);
    if( total<=0 || value==0 ) continue;
    for(i=0; i<n; i++) room.weight[i] /= total;
    allocate(value, n, 0);
    for(i=0; i<n; i++) if( room.part[i]!=0 && fabs(room.part[i])<smallest ) smallest = fabs(room.part[i]);
    bit = nextafter(smallest, HUGE_VAL)-smallest;
    if( smallest<=fabs(value)/2 ) assert_exact(value, n);
    else if( fabs(exact_sum(room.part, n)-value)>bit ) assert_exact(value, n);
  }
}

static void test_special_values(void **state){
  static const double values[] = {0, 1, -1, 0.1, 1e290, -1e290, 1e-300, 4.9406564584124654e-324, -1e-320, 2, 0.5,
                                  1+0x1p-52, 1-0x1p-53, 9007199254740993.0, 123456789.12};
  static const uint32_t counts[] = {1, 2, 3, 7, 64, 1000, 65537};
  size_t v, c;
  uint32_t i;
  (void)state;
  for(v=0; v<COUNT(values); v++){
    for(c=0; c<COUNT(counts); c++){
      equal_weights(counts[c]);
      allocate(values[v], counts[c], 0);
      assert_exact(values[v], counts[c]);
      for(i=0; i<counts[c]; i++) assert_false(signbit(room.part[i]) && room.part[i]==0);   /* no -0.0 */
    }
  }
  allocate(NAN, 3, 0);
  for(i=0; i<3; i++) assert_true(isnan(room.part[i]));
  allocate(NAN, 3, 0.01);
  for(i=0; i<3; i++) assert_true(isnan(room.part[i]));
}

/* A touch without weight gets nothing, whatever has to be settled. */
static void test_zero_weights_get_nothing(void **state){
  Random r = {3};
  int round;
  (void)state;
  for(round=0; round<50000; round++){
    uint32_t n = 2 + random_below(&r, 8), i;
    double total = 0, value = (double)random_between(&r, -1000000, 1000000)/100;
    for(i=0; i<n; i++) total += room.weight[i] = random_below(&r, 2) ? random_unit(&r) : 0;
    if( total==0 ) continue;
    for(i=0; i<n; i++) room.weight[i] /= total;
    allocate(value, n, round%2 ? 0.01 : 0);
    for(i=0; i<n; i++) if( room.weight[i]==0 && room.part[i]!=0 ) fail_msg("%g goes to a touch of weight 0", room.part[i]);
  }
}

static void test_settle(void **state){
  double parts[] = {0.1, 0.2, 0.4}, zeros[] = {0, 0}, one[] = {0.9};
  (void)state;
  at_settle(&env, 1, parts, 3);
  assert_true(exact_sum(parts, 3)==1);
  assert_true(parts[0]==0.1 && parts[1]==0.2);      /* the largest takes it */
  at_settle(&env, 1, zeros, 2);
  assert_true(zeros[0]==0 && zeros[1]==0);
  at_settle(&env, 1, one, 1);
  assert_true(one[0]==1);
}

/************************************ Units ***********************************/

static void assert_parts(double value, double unit, uint32_t n, const double *expected){
  uint32_t i;
  allocate(value, n, unit);
  for(i=0; i<n; i++){
    if( room.part[i]!=expected[i] ) fail_msg("%.17g: part %u is %.17g, not %.17g", value, i+1, room.part[i], expected[i]);
  }
}

static void test_cents_by_hand(void **state){
  static const double thousand[] = {333.34, 333.34, 333.33}, hundred[] = {14.29, 14.29, 14.29, 14.29, 14.28, 14.28, 14.28},
    refund[] = {-33.34, -33.33, -33.33}, cent[] = {0.01, 0, 0}, nothing[] = {0, 0, 0}, five[] = {35, 35, 30},
    whole[] = {4, 3, 3}, shaped[] = {40.01, 20, 40}, quarter[] = {0.25, 0.25, 0.25, 0.25};
  (void)state;
  equal_weights(3);
  assert_parts(1000.01, 0.01, 3, thousand);
  assert_parts(-100, 0.01, 3, refund);
  assert_parts(0.01, 0.01, 3, cent);
  assert_parts(0, 0.01, 3, nothing);
  assert_parts(100, 5, 3, five);
  assert_parts(10, 1, 3, whole);
  equal_weights(7);
  assert_parts(100, 0.01, 7, hundred);
  equal_weights(4);
  assert_parts(1, 0.05, 4, quarter);
  room.weight[0] = room.weight[2] = .4;
  room.weight[1] = .2;
  assert_parts(100.01, 0.01, 3, shaped);   /* 4000.4, 2000.2, 4000.4: the first of the largest */
}

/* What is no multiple of the unit stays with the part of largest share. */
static void test_the_rest_of_a_value(void **state){
  static const struct { double value, unit, weight[3], part[3]; } known[] = {
    {10.004, 0.01, {1/3., 1/3., 1/3.}, {3.344, 3.33, 3.33}}, {10.006, 0.01, {1/3., 1/3., 1/3.}, {3.346, 3.33, 3.33}},
    {10.5, 1, {.2, .5, .3}, {2, 5.5, 3}}, {-10.5, 1, {.2, .5, .3}, {-2, -5.5, -3}}, {0.004, 0.01, {.2, .3, .5}, {0, 0, 0.004}},
    {7, 5, {.5, .25, .25}, {7, 0, 0}}, {1, 0.3, {.5, .5, 0}, {0.7, 0.3, 0}},   /* 0.3 is no part of 1 */
  };
  size_t i;
  int k;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    memcpy(room.weight, known[i].weight, sizeof known[i].weight);
    allocate(known[i].value, 3, known[i].unit);
    for(k=0; k<3; k++){
      if( fabs(room.part[k]-known[i].part[k])>1e-12 ) fail_msg("%g: part %d is %.17g", known[i].value, k+1, room.part[k]);
    }
    assert_exact(known[i].value, 3);
  }
}

/* How many cents a part is; it must be the double that is nearest to so many. */
static int64_t cents_of(double part, double unit, int64_t per_one){
  int64_t k = (int64_t)floor(part/unit + 0.5);
  double expected = per_one ? (double)k/(double)per_one : (double)k*unit;
  if( part!=expected ) fail_msg("%.17g is no multiple of %g", part, unit);
  return k;
}

/* Whole units that add up to the value's, each within one of its quota, the
** larger remainder never worse off, equal shares never more than one apart and
** the earlier of two equals first. */
static void test_random_units(void **state){
  static const struct { double unit; int64_t per_one; } units[] = {{0.01, 100}, {0.05, 20}, {0.1, 10}, {0.001, 1000},
                                                                   {1, 0}, {5, 0}, {1000, 0}};
  Random r = {4};
  int round;
  (void)state;
  for(round=0; round<60000; round++){
    size_t u = random_below(&r, COUNT(units));
    double unit = units[u].unit, value, total = 0;
    uint32_t n = 1 + random_below(&r, round%100 ? 12 : 3000), i;
    int64_t whole = random_between(&r, round%2 ? -10000000 : -50, round%2 ? 10000000 : 50), sum = 0;
    value = units[u].per_one ? (double)whole/(double)units[u].per_one : (double)whole*unit;
    for(i=0; i<n; i++) total += room.weight[i] = 1 + random_below(&r, 6);
    for(i=0; i<n; i++) room.weight[i] /= total;
    allocate(value, n, unit);
    for(i=0; i<n; i++){
      int64_t k = cents_of(room.part[i], unit, units[u].per_one);
      double quota = (double)whole*room.weight[i];
      sum += k;
      if( fabs((double)k-quota)>1+1e-6 ) fail_msg("%.17g gets %lld of a quota of %g", value, (long long)k, quota);
      if( i>0 && room.weight[i]==room.weight[i-1] ){
        double before = fabs(room.part[i-1])-fabs(room.part[i]);
        if( before<0 || before>unit*1.0001 ) fail_msg("%.17g: part %u is worse off than its equal", value, i);
      }
    }
    if( sum!=whole ) fail_msg("%.17g: the parts are %lld units, not %lld", value, (long long)sum, (long long)whole);
  }
}

/* The remainders decide: with weights of k/64 quotas are exact, and so is the reference. */
static void test_largest_remainders(void **state){
  Random r = {5};
  int round;
  (void)state;
  for(round=0; round<50000; round++){
    uint32_t n = 2 + random_below(&r, 8), i, k;
    int64_t share[10], cents = random_between(&r, 0, 100000), left = 64, spare = cents, expected[10];
    for(i=0; i<n; i++){
      share[i] = i+1==n ? left : random_between(&r, 0, left);
      left -= share[i];
      room.weight[i] = (double)share[i]/64;
      expected[i] = cents*share[i]/64;
      spare -= expected[i];
    }
    for(; spare>0; spare--){
      int64_t best = -1;
      uint32_t winner = 0;
      for(k=0; k<n; k++){
        int64_t rest = expected[k]==cents*share[k]/64 ? cents*share[k]%64 : -1;     /* a winner is out */
        if( rest>best ){ best = rest; winner = k; }
      }
      expected[winner]++;
    }
    allocate((double)cents/100, n, 0.01);
    for(i=0; i<n; i++){
      if( room.part[i]!=(double)expected[i]/100 ){
        fail_msg("%lld cents: part %u is %.17g, not %lld cents", (long long)cents, i+1, room.part[i], (long long)expected[i]);
      }
    }
  }
}

/* A refund is divided as the sale was. */
static void test_refunds_mirror_sales(void **state){
  static double sale[64];
  Random r = {6};
  int round;
  (void)state;
  for(round=0; round<50000; round++){
    uint32_t n = 1 + random_below(&r, 60), i;
    double value = (double)random_between(&r, 0, 10000000)/(round%3 ? 100 : 1000), unit = round%2 ? 0.01 : 0, total = 0;
    for(i=0; i<n; i++) total += room.weight[i] = random_unit(&r);
    for(i=0; i<n; i++) room.weight[i] /= total;
    allocate(value, n, unit);
    memcpy(sale, room.part, n*sizeof *sale);
    allocate(-value, n, unit);
    for(i=0; i<n; i++) assert_true(room.part[i]==-sale[i]);
  }
}

/* Negative points in cents. */
static void test_units_of_signed_weights(void **state){
  Random r = {7};
  int round;
  (void)state;
  for(round=0; round<50000; round++){
    uint32_t n = 2 + random_below(&r, 10), i;
    int64_t cents = random_between(&r, -1000000, 1000000), sum = 0;
    double total = 0;
    for(i=0; i<n; i++) total += room.weight[i] = (double)random_between(&r, -20, 40);
    if( total<=0 ) continue;
    for(i=0; i<n; i++) room.weight[i] /= total;
    allocate((double)cents/100, n, 0.01);
    for(i=0; i<n; i++) sum += cents_of(room.part[i], 0.01, 100);
    if( sum!=cents ) fail_msg("the parts are %lld cents, not %lld", (long long)sum, (long long)cents);
  }
}

static void test_many_parts(void **state){
  uint32_t i;
  int64_t sum = 0;
  (void)state;
  equal_weights(MOST);
  allocate(1e9+0.01, MOST, 0);
  assert_exact(1e9+0.01, MOST);
  allocate(12345.67, MOST, 0.01);
  for(i=0; i<MOST; i++){
    sum += cents_of(room.part[i], 0.01, 100);
    if( i>0 ) assert_true(room.part[i]<=room.part[i-1]);
  }
  assert_int_equal(sum, 1234567);
}

/* Beyond 2^53 units nothing is rounded, and the sum still holds. */
static void test_values_beyond_units(void **state){
  (void)state;
  equal_weights(3);
  allocate(1e200, 3, 0.01);
  assert_exact(1e200, 3);
  allocate(1e-5, 3, 1000);
  assert_exact(1e-5, 3);
}

/* Compensated sums do not drift. */
static void test_sums_do_not_drift(void **state){
  AtSum sum = {0, 0};
  Random r = {8};
  int i;
  (void)state;
  for(i=0; i<1000000; i++) at_sum_add(&sum, 0.1);
  assert_true(at_sum_total(&sum)==100000.0);
  for(i=0; i<MOST; i++) room.part[i] = (random_unit(&r)-0.5)*1e9;
  memset(&sum, 0, sizeof sum);
  for(i=0; i<MOST; i++) at_sum_add(&sum, room.part[i]);
  assert_true(fabs(at_sum_total(&sum)-exact_sum(room.part, MOST))<1e-9);
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_yardstick),
    cmocka_unit_test(test_exact_sums),
    cmocka_unit_test(test_exact_sums_of_signed_weights),
    cmocka_unit_test(test_special_values),
    cmocka_unit_test(test_zero_weights_get_nothing),
    cmocka_unit_test(test_settle),
    cmocka_unit_test(test_cents_by_hand),
    cmocka_unit_test(test_the_rest_of_a_value),
    cmocka_unit_test(test_random_units),
    cmocka_unit_test(test_largest_remainders),
    cmocka_unit_test(test_refunds_mirror_sales),
    cmocka_unit_test(test_units_of_signed_weights),
    cmocka_unit_test(test_many_parts),
    cmocka_unit_test(test_values_beyond_units),
    cmocka_unit_test(test_sums_do_not_drift),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
