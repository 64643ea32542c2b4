/*
** fuzz_number.c: numbers as text. What is read is what strtod() reads; what is written reads back as the same.
*/
#include "fuzz_common.h"

static void check_double(double d){
  char out[32];
  double back;
  int n;
  memset(out, 1, sizeof out);
  n = at_number_format(d, out);
  CHECK(n>0 && n<32 && strlen(out)==(size_t)n);
  if( !isfinite(d) ) return;
  CHECK(strpbrk(out, ".eE")!=NULL);
  CHECK(at_number_parse(out, (size_t)n, &back) && back==d);
  if( fabs(d)<=1100 ){
    double power = at_exp2_negative(fabs(d));
    CHECK(power>=0 && power<=1 && (fabs(d)>=1000 || fabs(power/exp2(-fabs(d))-1)<1e-15));
  }
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  char *text = copy_rest(&in);
  double number = 0;
  int64_t integer = 0;
  AtCell cell = cell_bytes(AT_TEXT, text, size);
  const char *mend;
  if( at_number_parse(text, size, &number) ){
    char line[120];
    const char *from = text;
    size_t n = size;
    at_trim(&from, &n);
    CHECK(n>0 && n<=100);
    memcpy(line, from, n);
    line[n] = 0;
    CHECK(number==strtod(line, NULL));
    check_double(number);
  }
  if( at_integer_parse(text, size, &integer) ){
    CHECK(at_number_parse(text, size, &number) && number==(double)integer);
    CHECK(integer<INT64_C(1000000000000000000) && integer>-INT64_C(1000000000000000000));
  }
  mend = at_cell_number(&cell, &number);
  if( mend==NULL ) CHECK(isnan(number) || fabs(number)<=AT_MAX_NUMBER);
  check_double(take_double(&in));
  cell = cell_real(take_double(&in));
  mend = at_cell_number(&cell, &number);
  if( mend==NULL ) CHECK(fabs(number)<=AT_MAX_NUMBER || isnan(number));
  cell = cell_integer((int64_t)take_bits(&in));
  if( at_cell_number(&cell, &number)==NULL ) CHECK(cell.integer==(int64_t)number);
  free(text);
}
