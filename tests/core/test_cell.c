/*
** test_cell.c: one value: what counts as NULL, its order, its encoding (the
** order of bytes is the order of values), numbers and how messages show it.
*/

#include "common.h"

static void test_null(void **state){
  AtCell cells[] = {cell_null(), cell_text(""), cell_text(" "), cell_text("0"), cell_integer(0),
                    cell_real(0), cell_bytes(AT_BLOB, "", 0)};
  static const int expected[] = {1, 1, 0, 0, 0, 0, 0};
  size_t i;
  (void)state;
  for(i=0; i<COUNT(cells); i++) assert_int_equal(at_cell_is_null(&cells[i])!=0, expected[i]);
}

/* A random value; text from a small alphabet, so that prefixes are common. */
static AtCell random_cell(Random *r, int type, char *room){
  static const double reals[] = {0.5, -0.5, 1, -1, 9007199254740992.0, 9007199254740994.0, 9.3e18, -9.3e18,
                                 9223372036854775808.0, -9223372036854775808.0, 1e-300, -1e300, 4e-324};
  static const int64_t integers[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX-1, INT64_C(9007199254740993),
                                     INT64_C(9007199254740992), INT64_C(-9007199254740993), 1<<20};
  static const char letters[] = {0, 1, 'a', 'b', 0x7f, (char)0x80, (char)0xff};
  size_t n, i;
  switch( type ){
    case AT_INT:
      if( random_below(r, 2) ) return cell_integer(integers[random_below(r, COUNT(integers))]);
      return cell_integer((int64_t)random_bits(r) >> random_below(r, 64));
    case AT_REAL:
      if( random_below(r, 2) ) return cell_real(reals[random_below(r, COUNT(reals))]);
      return cell_real(random_below(r, 2) ? random_double(r) : (double)((int64_t)random_bits(r) >> random_below(r, 64)) + 0.5);
    case AT_TEXT: case AT_BLOB:
      n = random_below(r, 6);
      for(i=0; i<n; i++) room[i] = letters[random_below(r, COUNT(letters))];
      return cell_bytes(type, room, n);
    default:
      return cell_null();
  }
}

static int sign(int x){ return x<0 ? -1 : x>0; }

/* An integer and a double meet as high*2^32 + low, both exact; long double would hold both, but is no longer than a double everywhere. */
static int integer_against_real(int64_t integer, double real){
  double high = floor(real/4294967296.0), low = real - high*4294967296.0;
  double m = (double)(integer>>32), n = (double)(integer & 0xffffffff);
  if( m!=high ) return m<high ? -1 : 1;
  return n<low ? -1 : n>low;
}

/* SQLite's order, written down once more. */
static int expected_order(const AtCell *a, const AtCell *b){
  int x = a->type==AT_REAL ? AT_INT : a->type, y = b->type==AT_REAL ? AT_INT : b->type, order;
  if( x!=y ) return x<y ? -1 : 1;
  if( x==AT_NULL ) return 0;
  if( x==AT_INT ){
    if( a->type==AT_INT && b->type==AT_REAL ) return integer_against_real(a->integer, b->real);
    if( a->type==AT_REAL && b->type==AT_INT ) return -integer_against_real(b->integer, a->real);
    if( a->type==AT_INT ) return a->integer<b->integer ? -1 : a->integer>b->integer;
    return a->real<b->real ? -1 : a->real>b->real;
  }
  order = memcmp(a->text, b->text, a->n<b->n ? a->n : b->n);
  if( order ) return sign(order);
  return a->n<b->n ? -1 : a->n>b->n;
}

static void test_order_is_that_of_sqlite(void **state){
  Random r = {1};
  int i;
  (void)state;
  for(i=0; i<1000000; i++){
    char x[8], y[8];
    AtCell a = random_cell(&r, (int)random_below(&r, 5), x);
    AtCell b = random_cell(&r, random_below(&r, 3) ? a.type : (int)random_below(&r, 5), y);
    int order = at_cell_compare(&a, &b);
    if( sign(order)!=expected_order(&a, &b) || sign(at_cell_compare(&b, &a))!=-sign(order) ){
      fail_msg("%s and %s are out of order", at_cell_quote(&a).text, at_cell_quote(&b).text);
    }
  }
}

/* Encodes as dictionaries and ids do: the class, then the bytes. */
static size_t encode(const AtCell *cell, char out[16]){
  char number[9];
  const char *bytes;
  size_t n = at_encode(cell, number, &bytes);
  assert_true(n<15);
  out[0] = (char)cell->type;
  if( n ) memcpy(out+1, bytes, n);
  return n+1;
}

static void test_encoding_keeps_the_order(void **state){
  Random r = {2};
  int i;
  (void)state;
  for(i=0; i<1000000; i++){
    char x[8], y[8], p[16], q[16];
    int type = AT_INT + i%4, bytes, values;
    AtCell a = random_cell(&r, type, x), b = random_cell(&r, type, y);
    size_t n = encode(&a, p), m = encode(&b, q);
    bytes = memcmp(p, q, n<m ? n : m);
    if( bytes==0 ) bytes = n<m ? -1 : n>m;
    values = at_cell_compare(&a, &b);
    if( sign(bytes)!=sign(values) ) fail_msg("%s and %s are out of order", at_cell_quote(&a).text, at_cell_quote(&b).text);
  }
}

static void test_decoding_gives_the_value_back(void **state){
  Random r = {3};
  int i;
  (void)state;
  for(i=0; i<200000; i++){
    char x[8], p[16];
    AtCell a = random_cell(&r, (int)random_below(&r, 5), x), b;
    b = at_decode(p, encode(&a, p));
    if( !same_cell(&a, &b) ) fail_msg("%s became %s", at_cell_quote(&a).text, at_cell_quote(&b).text);
    if( a.type==AT_TEXT ) assert_true(b.text==p+1);      /* not copied */
  }
}

/* 1.0 is the key 1; a real beyond int64, or with a fraction, stays real. */
static void test_normal(void **state){
  static const struct { double real; int type; int64_t integer; } known[] = {
    {1.0, AT_INT, 1}, {-0.0, AT_INT, 0}, {-3.0, AT_INT, -3}, {0.5, AT_REAL, 0}, {1e300, AT_REAL, 0},
    {9007199254740994.0, AT_INT, INT64_C(9007199254740994)}, {9223372036854775808.0, AT_REAL, 0},
    {-9223372036854775808.0, AT_INT, INT64_MIN}, {HUGE_VAL, AT_REAL, 0}, {-HUGE_VAL, AT_REAL, 0},
    {9223372036854774784.0, AT_INT, INT64_C(9223372036854774784)},
  };
  AtCell text = cell_text("1.0");
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    AtCell cell = cell_real(known[i].real);
    at_cell_normal(&cell);
    assert_int_equal(cell.type, known[i].type);
    if( cell.type==AT_INT ) assert_true(cell.integer==known[i].integer);
    else assert_true(cell.real==known[i].real);
  }
  at_cell_normal(&text);
  assert_int_equal(text.type, AT_TEXT);
}

static void test_numbers(void **state){
  static const struct { const char *text; double number; } texts[] = {
    {"0", 0}, {" 12 ", 12}, {"-1.5", -1.5}, {"1e3", 1000}, {"9007199254740992", 9007199254740992.0},
  };
  AtCell exact[] = {cell_integer(INT64_C(1)<<53), cell_integer(-(INT64_C(1)<<53)), cell_real(1e290), cell_real(-1e290)};
  AtCell none[] = {cell_null(), cell_text("")};
  double number;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(texts); i++){
    AtCell cell = cell_text(texts[i].text);
    assert_null(at_cell_number(&cell, &number));
    assert_true(number==texts[i].number);
  }
  for(i=0; i<COUNT(exact); i++){
    assert_null(at_cell_number(&exact[i], &number));
    assert_true(number==(exact[i].type==AT_INT ? (double)exact[i].integer : exact[i].real));
  }
  for(i=0; i<COUNT(none); i++){
    assert_null(at_cell_number(&none[i], &number));
    assert_true(isnan(number));
  }
}

static void test_refused_numbers(void **state){
  const struct { AtCell cell; const char *word; } refused[] = {
    {cell_text("ten"), "number"}, {cell_text("1,50"), "number"}, {cell_text("$5"), "number"},
    {cell_text(" "), "number"}, {cell_bytes(AT_BLOB, "1", 1), "number"}, {cell_text("1e999"), "1e290"},
    {cell_text("nan"), "number"}, {cell_real(HUGE_VAL), "1e290"}, {cell_real(-HUGE_VAL), "1e290"},
    {cell_real(1.001e290), "1e290"}, {cell_text("-2e290"), "1e290"},
    {cell_integer((INT64_C(1)<<53)+1), "2^53"}, {cell_integer(-(INT64_C(1)<<53)-1), "2^53"},
    {cell_integer(INT64_MIN), "2^53"}, {cell_integer(INT64_MAX), "2^53"}, {cell_text("9007199254740993"), "2^53"},
    {cell_text("-9007199254740993"), "2^53"},
  };
  double number;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(refused); i++){
    const char *mend = at_cell_number(&refused[i].cell, &number);
    if( mend==NULL ) fail_msg("%s is taken", at_cell_quote(&refused[i].cell).text);
    if( strstr(mend, refused[i].word)==NULL ) fail_msg("%s: %s", at_cell_quote(&refused[i].cell).text, mend);
  }
}

/* Text that CAST makes an INTEGER of 19 digits is no less inexact than one of 16. */
static void test_long_integers_as_text_are_refused(void **state){
  static const char *const refused[] = {"1000000000000000001", "9223372036854775807", "-9223372036854775808"};
  double number;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(refused); i++){
    AtCell cell = cell_text(refused[i]);
    if( at_cell_number(&cell, &number)==NULL ) fail_msg("%s is taken as %.17g", refused[i], number);
  }
}

static void test_shown(void **state){
  const struct { AtCell cell; const char *shown; } known[] = {
    {cell_null(), "NULL"}, {cell_integer(0), "0"}, {cell_integer(INT64_MIN), "-9223372036854775808"},
    {cell_integer(INT64_MAX), "9223372036854775807"}, {cell_real(1), "1.0"}, {cell_real(-2.5), "-2.5"},
    {cell_text("a"), "'a'"}, {cell_text(""), "''"}, {cell_bytes(AT_BLOB, "abc", 3), "a BLOB"},
    {cell_text("a\nb"), "'a?b'"}, {cell_bytes(AT_TEXT, "a\0b", 3), "'a?b'"},
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++) assert_string_equal(at_cell_quote(&known[i].cell).text, known[i].shown);
}

/* Integers whose nearest double is the one that they are compared with. */
static void test_integers_beyond_doubles(void **state){
  static const struct { int64_t integer; double real; int order; } known[] = {
    {INT64_C(9007199254740992), 9007199254740992.0, 0}, {INT64_C(9007199254740993), 9007199254740992.0, 1},
    {INT64_C(9007199254740995), 9007199254740996.0, -1}, {INT64_C(-9007199254740993), -9007199254740992.0, -1},
    {INT64_C(-9007199254740995), -9007199254740996.0, 1}, {INT64_MAX, 9223372036854775808.0, -1}, {INT64_MIN, -9223372036854775808.0, 0},
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    AtCell a = cell_integer(known[i].integer), b = cell_real(known[i].real);
    assert_int_equal(sign(at_cell_compare(&a, &b)), known[i].order);
    assert_int_equal(sign(at_cell_compare(&b, &a)), -known[i].order);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_null),
    cmocka_unit_test(test_order_is_that_of_sqlite),
    cmocka_unit_test(test_encoding_keeps_the_order),
    cmocka_unit_test(test_decoding_gives_the_value_back),
    cmocka_unit_test(test_normal),
    cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_refused_numbers),
    cmocka_unit_test(test_long_integers_as_text_are_refused),
    cmocka_unit_test(test_shown),
    HEAP_TEST(test_integers_beyond_doubles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
