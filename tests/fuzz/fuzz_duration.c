/*
** fuzz_duration.c: durations. The two ways of reading one agree; a blank around changes nothing.
*/
#include "fuzz_common.h"

#define ALL_TIME (AT_MAX_TIME-AT_MIN_TIME)

static void check_value(AtCell cell){
  int64_t duration = -1;
  const char *mend = at_duration_of(&cell, &duration);
  CHECK(mend ? mend[0]!=0 : duration>=0 && duration<=ALL_TIME+1);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  char *text = copy_rest(&in), *padded = malloc(size+2);
  AtCell cell = cell_bytes(AT_TEXT, text, size);
  int64_t duration = -1, other = -1, third = -1;
  const char *mend = at_duration_parse(text, size, &duration), *mend_of = at_duration_of(&cell, &other);
  if( padded==NULL ) abort();
  if( mend==NULL ) CHECK(duration>=0 && duration<=ALL_TIME && mend_of==NULL && other==duration);
  if( mend_of==NULL ) CHECK(other>=0 && other<=ALL_TIME+1);
  memcpy(padded+1, text, size);
  padded[0] = ' ';
  padded[size+1] = '\t';
  CHECK((at_duration_parse(padded, size+2, &third)==NULL)==(mend==NULL) && third==duration);
  check_value(cell_real(take_double(&in)));
  check_value(cell_integer((int64_t)take_bits(&in)));
  check_value(cell_bytes(AT_BLOB, text, size));
  check_value(cell_null());
  free(text);
  free(padded);
}
