/*
** test_elementary.c: exp, log, log1p and erfc against the C library's long double ones, at
** their edges, and bit by bit against what other machines have given.
*/
#include <float.h>

#include "common.h"

/* One function, and arguments of all sizes that it may meet. */
typedef struct Function Function;
struct Function {
  const char *name;
  double (*ours)(double x);
  long double (*theirs)(long double x);
  double (*argument)(Random *r);
  double most;                      /* units in the last place */
  uint64_t digest;                  /* of the bits of 200,000 values */
};

/* Between 0 and 1, halved up to so many times. Each draw is a statement: compilers call arguments in orders of their own. */
static double small(Random *r, uint32_t times){
  int halvings = (int)random_below(r, times);
  return ldexp(random_unit(r), -halvings);
}
static double of_any_size(Random *r){
  int exponent = (int)random_below(r, 2090)-1066;
  return ldexp(1-random_unit(r), exponent);
}

static double any_power(Random *r){
  uint32_t way = random_below(r, 4);
  return way==0 ? random_unit(r)*1400-700 : way==1 ? random_unit(r)*2-1 : way==2 ? -random_unit(r)*745 : small(r, 60);
}
static double any_positive(Random *r){
  uint32_t way = random_below(r, 4);
  return way==0 ? 1-random_unit(r) : way==1 ? 1+random_unit(r)*1000 : way==2 ? 1+(random_unit(r)-0.5)*0.01 : of_any_size(r);
}
static double above_minus_one(Random *r){
  uint32_t way = random_below(r, 4);
  return way==0 ? random_unit(r) : way==1 ? -random_unit(r) : way==2 ? random_unit(r)*1e20 : small(r, 1000);
}
static double any_distance(Random *r){
  uint32_t way = random_below(r, 4);
  return way==0 ? random_unit(r)*6 : way==1 ? -random_unit(r)*6 : way==2 ? random_unit(r)*26 : small(r, 60);
}

static const Function functions[] = {
  {"exp", at_exp, expl, any_power, 1, UINT64_C(0xbf0c9932b79daf2c)},
  {"log", at_log, logl, any_positive, 1, UINT64_C(0xca4300f2f8b43ff7)},
  {"log1p", at_log1p, log1pl, above_minus_one, 2, UINT64_C(0x00be7d27d73e54e2)},
  {"erfc", at_erfc, erfcl, any_distance, 6, UINT64_C(0xefda50882873536f)},
};

static void test_accuracy(void **state){
  size_t k;
  int i;
  (void)state;
  if( LDBL_MANT_DIG<64 ){
    print_message("skipped: long double is no wider than double here\n");
    skip();
  }
  for(k=0; k<COUNT(functions); k++){
    const Function *f = &functions[k];
    Random r = {6};
    double worst = 0;
    for(i=0; i<500000; i++){
      double x = f->argument(&r), got = f->ours(x), off;
      long double exact = f->theirs(x);
      int exponent;
      frexpl(exact, &exponent);
      if( exponent<DBL_MIN_EXP ) exponent = DBL_MIN_EXP;             /* a unit of those that are too small to be normal */
      off = (double)(fabsl((long double)got-exact)/ldexpl(1, exponent-DBL_MANT_DIG));
      if( off>worst ) worst = off;
      if( !(off<=f->most) ) fail_msg("%s(%.17g) is %.2f units off", f->name, x, off);
    }
    assert_true(worst>0);                           /* the yardstick is finer than the thing */
  }
}

/* The same bits on every machine: what fails here has been compiled to contract, to reorder or to compute with more digits. */
static void test_bits(void **state){
  size_t k;
  int i;
  (void)state;
  for(k=0; k<COUNT(functions); k++){
    const Function *f = &functions[k];
    Random r = {7};
    uint64_t digest = 0, bits;
    for(i=0; i<200000; i++){
      double y = f->ours(f->argument(&r));
      memcpy(&bits, &y, sizeof bits);
      digest = (digest ^ bits)*UINT64_C(0x9e3779b97f4a7c15);
      digest ^= digest>>32;
    }
    if( digest!=f->digest ) fail_msg("%s gives other bits: 0x%016llx", f->name, (unsigned long long)digest);
  }
}

static void test_edges(void **state){
  (void)state;
  assert_true(at_exp(0)==1 && at_exp(-0.0)==1 && at_exp(HUGE_VAL)==HUGE_VAL && at_exp(-HUGE_VAL)==0);
  assert_true(at_exp(710)==HUGE_VAL && at_exp(709.7)<DBL_MAX && at_exp(-746)==0 && at_exp(-745)>0);
  assert_true(at_log(1)==0 && at_log(0)==-HUGE_VAL && at_log(HUGE_VAL)==HUGE_VAL && isnan(at_log(-1)));
  assert_true(at_log(4.9406564584124654e-324)<-744 && at_log(DBL_MAX)>709);
  assert_true(at_log1p(0)==0 && at_log1p(-1)==-HUGE_VAL && at_log1p(HUGE_VAL)==HUGE_VAL && at_log1p(1e-300)==1e-300);
  assert_true(at_erfc(0)==1 && at_erfc(-0.0)==1 && at_erfc(HUGE_VAL)==0 && at_erfc(-HUGE_VAL)==2 && at_erfc(26.5)>0);
  assert_true(isnan(at_exp(NAN)) && isnan(at_log(NAN)) && isnan(at_log1p(NAN)) && isnan(at_erfc(NAN)));
}

/* A p-value is no more than 1, and the seam at 1/2 is none. */
static void test_erfc_never_rises(void **state){
  Random r = {8};
  double x, last = at_erfc(0);
  int i;
  (void)state;
  assert_true(last==1);
  for(x=0; x<27; x+=random_unit(&r)*1e-3){
    double next = at_erfc(x);
    if( next>last ) fail_msg("erfc(%.17g) rises", x);
    last = next;
  }
  for(i=0, x=0.49999; x<0.50001; i++, x+=1e-9) assert_true(at_erfc(x)>=at_erfc(x+1e-9));
  assert_true(i>10000);
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_accuracy),
    cmocka_unit_test(test_bits),
    cmocka_unit_test(test_edges),
    cmocka_unit_test(test_erfc_never_rises),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
