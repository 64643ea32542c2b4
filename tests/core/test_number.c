/*
** test_number.c: numbers as text and back in every locale, and powers of two
** against the C library's long double ones.
*/
#include <float.h>
#include <locale.h>

#include "common.h"

static void assert_number(const char *text, double expected){
  double number = -1;
  if( !at_number_parse(text, strlen(text), &number) ) fail_msg("\"%s\" is refused", text);
  if( number!=expected || signbit(number)!=signbit(expected) ) fail_msg("\"%s\" is %.17g", text, number);
}

static void test_numbers_that_are_read(void **state){
  (void)state;
  assert_number("0", 0);
  assert_number("-0", -0.0);
  assert_number("1", 1);
  assert_number("+1.5", 1.5);
  assert_number("-1.5", -1.5);
  assert_number(".5", 0.5);
  assert_number("5.", 5);
  assert_number("1e3", 1000);
  assert_number("1E-3", 0.001);
  assert_number("2.5e+2", 250);
  assert_number(" \t\n1.25\r\n ", 1.25);
  assert_number("0.1", 0.1);
  assert_number("9007199254740993", 9007199254740992.0);
  assert_number("1.7976931348623157e308", DBL_MAX);
  assert_number("4.9406564584124654e-324", 4.9406564584124654e-324);
  assert_number("1e999", HUGE_VAL);
  assert_number("0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", 1);
}

static void test_text_that_is_no_number(void **state){
  static const char *const refused[] = {
    "", " ", ".", "+", "-", "e5", ".e5", "1e", "1e+", "1e1.5", "--1", "1-", "1 2", "1,5", "1.2.3", "0x10",
    "inf", "-inf", "nan", "infinity", "1d", "1f", "$5", "5%", "1_000", "1'000", "\xc2\xbd",
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
  };
  double number;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(refused); i++){
    if( at_number_parse(refused[i], strlen(refused[i]), &number) ) fail_msg("\"%s\" is taken", refused[i]);
  }
  assert_false(at_number_parse("1\0", 2, &number));
  assert_false(at_number_parse("1\0002", 3, &number));
}

static void test_only_the_bytes_given_are_read(void **state){
  double number;
  int64_t whole;
  (void)state;
  assert_true(at_number_parse("12345", 3, &number) && number==123);
  assert_true(at_integer_parse("12345", 3, &whole) && whole==123);
}

static void test_integers(void **state){
  static const struct { const char *text; int64_t value; } known[] = {
    {"0", 0}, {"-0", 0}, {"+7", 7}, {" -42 ", -42}, {"007", 7},
    {"999999999999999999", INT64_C(999999999999999999)}, {"-999999999999999999", INT64_C(-999999999999999999)},
  };
  static const char *const refused[] = {"", " ", "+", "-", "1.0", "1e3", "1 2", "--1", "+-1", "0x1", "a",
                                        "1000000000000000000"};
  int64_t whole;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    if( !at_integer_parse(known[i].text, strlen(known[i].text), &whole) || whole!=known[i].value ){
      fail_msg("\"%s\" is misread", known[i].text);
    }
  }
  for(i=0; i<COUNT(refused); i++){
    if( at_integer_parse(refused[i], strlen(refused[i]), &whole) ) fail_msg("\"%s\" is taken", refused[i]);
  }
}

static void assert_shown(double number, const char *expected){
  char out[32];
  int n = at_number_format(number, out);
  assert_string_equal(out, expected);
  assert_int_equal(n, (int)strlen(out));
}

static void test_shown(void **state){
  (void)state;
  assert_shown(0, "0.0");
  assert_shown(-0.0, "-0.0");
  assert_shown(1, "1.0");
  assert_shown(-17, "-17.0");
  assert_shown(0.1, "0.1");
  assert_shown(0.1+0.2, "0.30000000000000004");
  assert_shown(1.0/3, "0.3333333333333333");
  assert_shown(2.0/3, "0.6666666666666666");
  assert_shown(100000000000000.0, "100000000000000.0");
  assert_shown(1e15, "1e+15");
  assert_shown(1e22, "1e+22");
  assert_shown(1e-5, "1e-05");
  assert_shown(9007199254740992.0, "9007199254740992.0");
  assert_shown(DBL_MAX, "1.7976931348623157e+308");
}

/* What is shown reads back as the same bits, with a point or an exponent, and
** a digit less would not. Returns through the test's own failure. */
static void check_round_trips(uint64_t seed, int n){
  Random r = {seed};
  int i;
  for(i=0; i<n; i++){
    double number = i%2 ? random_double(&r) : (random_unit(&r)-0.5)*1e6, back;
    char out[32];
    size_t length = (size_t)at_number_format(number, out);
    if( strlen(out)!=length || strpbrk(out, ".e")==NULL || strchr(out, ',') ) fail_msg("%s is badly written", out);
    if( !at_number_parse(out, length, &back) || memcmp(&back, &number, sizeof back)!=0 ){
      fail_msg("%s reads back as another number", out);
    }
  }
}

static void test_round_trips(void **state){
  (void)state;
  check_round_trips(1, 300000);
}

/* 15 digits are kept where they are enough: money stays readable. */
static void test_cents_are_short(void **state){
  Random r = {2};
  int i;
  (void)state;
  for(i=0; i<100000; i++){
    int64_t cents = random_between(&r, 1, 999999999999);
    char out[32], expected[32];
    at_number_format((double)cents/100, out);
    snprintf(expected, sizeof expected, "%lld.%02d", (long long)(cents/100), (int)(cents%100));
    while( expected[strlen(expected)-1]=='0' ) expected[strlen(expected)-1] = 0;
    if( expected[strlen(expected)-1]=='.' ) strcat(expected, "0");
    if( strcmp(out, expected)!=0 ) fail_msg("%s is shown as %s", expected, out);
  }
}

/* The host process may have set a locale with a decimal comma. */
static void test_decimal_comma(void **state){
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "es_ES.UTF-8",
                                      "nl_NL.UTF-8", "it_IT.UTF-8", "ru_RU.UTF-8", "pl_PL.UTF-8"};
  char own[32], shown[32];
  double number;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(names) && !(setlocale(LC_ALL, names[i]) && localeconv()->decimal_point[0]==','); i++){}
  if( i==COUNT(names) ){
    setlocale(LC_ALL, "C");
    print_message("skipped: no locale with a decimal comma is installed, such as de_DE.UTF-8\n");
    skip();
  }
  snprintf(own, sizeof own, "%g", 1.5);
  at_number_format(1234.5, shown);
  assert_false(at_number_parse("1,5", 3, &number));
  assert_true(at_number_parse("-1.5e2", 6, &number) && number==-150);
  check_round_trips(3, 20000);
  setlocale(LC_ALL, "C");
  assert_string_equal(own, "1,5");                  /* the locale was really in force */
  assert_string_equal(shown, "1234.5");
}

/* Units in the last place of the exact value, 2^-k <= value < 2^(1-k). */
static double ulps_off(double got, long double exact){
  int exponent;
  frexpl(exact, &exponent);
  return (double)(fabsl((long double)got-exact)/ldexpl(1, exponent-DBL_MANT_DIG));
}

static void test_powers_of_two(void **state){
  volatile long double above_one = 1 + LDBL_EPSILON;          /* of a wider type; valgrind computes it as a double all the same */
  Random r = {4};
  double worst = 0;
  int i;
  (void)state;
  if( LDBL_MANT_DIG<64 || above_one+LDBL_EPSILON-1!=2*LDBL_EPSILON ){
    print_message("skipped: long double is no wider than double here\n");
    skip();
  }
  for(i=0; i<2000000; i++){
    double x = i%4==0 ? random_unit(&r) : i%4==1 ? random_unit(&r)*1000 : i%4==2
             ? random_below(&r, 64000)/64.0 + random_unit(&r)*0x1p-40 : ldexp(random_unit(&r), -(int)random_below(&r, 1000));
    double off;
    if( x>=1000 ) continue;
    off = ulps_off(at_exp2_negative(x), exp2l(-(long double)x));
    if( off>worst ) worst = off;
    if( off>2 ) fail_msg("2^-%.17g is %.2f units off", x, off);
  }
  assert_true(worst>0);                             /* the yardstick is finer than the thing */
}

static void test_whole_powers_are_exact(void **state){
  int k;
  (void)state;
  for(k=0; k<1000; k++) assert_true(at_exp2_negative(k)==ldexp(1, -k));
  assert_true(at_exp2_negative(-0.0)==1);
  assert_true(at_exp2_negative(4.9406564584124654e-324)==1);
  assert_true(at_exp2_negative(1000)==0);
  assert_true(at_exp2_negative(1e300)==0);
  assert_true(at_exp2_negative(HUGE_VAL)==0);
}

/* An older touch never gets more than a younger one: neighbours, across the
** seams of the table too, never rise. */
static void test_powers_never_rise(void **state){
  Random r = {5};
  int i, k;
  (void)state;
  for(i=0; i<200000; i++){
    double x = i<64000 ? i/64.0 : random_unit(&r)*(i%2 ? 1000 : 4), last;
    for(k=0; k<8; k++) x = nextafter(x, 0);
    last = at_exp2_negative(x);
    for(k=0; k<16; k++){
      double next;
      x = nextafter(x, 2000);
      next = at_exp2_negative(x);
      if( next>last ) fail_msg("2^-%.17g rises", x);
      last = next;
    }
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_numbers_that_are_read),
    cmocka_unit_test(test_text_that_is_no_number),
    cmocka_unit_test(test_only_the_bytes_given_are_read),
    cmocka_unit_test(test_integers),
    cmocka_unit_test(test_shown),
    cmocka_unit_test(test_round_trips),
    cmocka_unit_test(test_cents_are_short),
    cmocka_unit_test(test_decimal_comma),
    cmocka_unit_test(test_powers_of_two),
    cmocka_unit_test(test_whole_powers_are_exact),
    cmocka_unit_test(test_powers_never_rise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
