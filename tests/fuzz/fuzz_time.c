/*
** fuzz_time.c: times, and the periods that they lie in. What is read is written so that it reads back as the same.
*/
#include "fuzz_common.h"

static const int64_t units[] = {AT_SECOND, 1000, 1};

/* Written in its form, or in as much more of it as shows all of the time, and read again, a time is the same; so
** is what is written then. */
static void check_round_trip(int64_t time, uint8_t form, int64_t unit){
  AtCell out, again;
  char buffer[2][40];
  int64_t time_2;
  uint8_t form_2;
  at_time_format(time, at_form_fit(time, form), unit, &out, buffer[0]);
  CHECK(out.type!=AT_TEXT || (out.text==buffer[0] && out.n<sizeof buffer[0] && strlen(out.text)==out.n));
  if( out.type==AT_REAL ) CHECK(isfinite(out.real));
  if( at_time_parse(&out, unit, &time_2, &form_2)==NULL ){
    CHECK(time_2==time);
    if( (form & AT_FORM_CLASS)==AT_FORM_ISO || out.type==AT_TEXT ) CHECK((form_2 & AT_FORM_CLASS)==(form & AT_FORM_CLASS));
  }else{
    CHECK((form & AT_FORM_CLASS)==AT_FORM_NUMBER_TEXT && out.n==8);    /* 12345678 are no seconds in text */
    return;
  }
  at_time_format(time_2, form_2, unit, &again, buffer[1]);
  CHECK(out.type==again.type && out.n==again.n);
  CHECK(out.type!=AT_TEXT || memcmp(out.text, again.text, out.n)==0);
}

static void check_periods(int64_t time){
  int p;
  for(p=AT_PERIOD_DAY; p<=AT_PERIOD_YEAR; p++){
    int64_t number = at_period_of(time, p);
    char text[24];
    CHECK(at_period_start(number, p)<=time && time<at_period_start(number+1, p));
    memset(text, 1, sizeof text);
    at_period_format(number, p, text);
    CHECK(memchr(text, 0, sizeof text)!=NULL && strlen(text)>=4);
  }
}

static void check_cell(AtCell cell, int64_t unit){
  int64_t time = 0;
  uint8_t form = 0;
  const char *mend = at_time_parse(&cell, unit, &time, &form);
  CHECK(mend==NULL || mend[0]!=0);
  if( mend || time==AT_NO_TIME ) return;
  CHECK(cell.type!=AT_BLOB && cell.type!=AT_NULL && time>=AT_MIN_TIME && time<=AT_MAX_TIME);
  check_round_trip(time, form, unit);
  check_round_trip(time, AT_FORM_ISO | AT_FORM_T, unit);   /* a date: as much more as the time needs */
  check_periods(time);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  int64_t unit = units[take_below(&in, 3)];
  char *text = copy_rest(&in);
  check_cell(cell_bytes(AT_TEXT, text, in.n), unit);
  check_cell(cell_bytes(AT_BLOB, text, in.n), unit);
  check_cell(cell_real(take_double(&in)), unit);
  check_cell(cell_integer((int64_t)take_bits(&in)), unit);
  check_cell(cell_integer((int64_t)take_bits(&in)/1000000), unit);
  check_cell(cell_null(), unit);
  free(text);
}
