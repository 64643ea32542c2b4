/*
** test_timestamp.c: times in all forms and back, refusals, durations, and the
** calendar against one that only knows how to go from a day to the next.
*/
#include "common.h"

#define DAY (INT64_C(86400)*AT_SECOND)

static int64_t time_of(const char *text, uint8_t *form){
  AtCell cell = cell_text(text);
  int64_t time;
  const char *mend = at_time_parse(&cell, AT_SECOND, &time, form);
  if( mend ) fail_msg("%s is refused: %s", text, mend);
  return time;
}

/* Whether text comes back as expected. */
static void assert_back(const char *text, const char *expected){
  uint8_t form;
  int64_t time = time_of(text, &form);
  AtCell out;
  char buffer[40];
  at_time_format(time, form, AT_SECOND, &out, buffer);
  assert_int_equal(out.type, AT_TEXT);
  if( out.n!=strlen(expected) || memcmp(out.text, expected, out.n)!=0 ){
    fail_msg("%s came back as %.*s, not %s", text, (int)out.n, out.text, expected);
  }
}

static void test_text_comes_back_as_it_was(void **state){
  static const char *const same[] = {
    "2024-02-29", "0000-01-01", "9999-12-31", "1969-12-31", "2018-07-22 20:40", "2018-07-22T20:40",
    "2018-07-22 20:40:41", "2018-07-22T20:40:41", "2018-07-22T20:40:41Z", "2018-07-22 20:40Z",
    "2018-07-22 20:40:41.123", "2018-07-22T20:40:41.000Z", "2018-07-22 20:40:41.123456",
    "2018-07-22 20:40:41.5", "2018-07-22 20:40:41.50", "2018-07-22T20:40:41.12300Z",
    "1960-02-29 23:59:59.999", "9999-12-31 23:59:59", "0000-01-01 00:00:00", "0", "-1", "1532292041",
    "1532292041.5", "-0.5",
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(same); i++) assert_back(same[i], same[i]);
}

static void test_offsets_and_blanks_come_back_in_utc(void **state){
  static const char *const pairs[][2] = {
    {"2018-07-22T20:40:41+02:00", "2018-07-22T18:40:41Z"},
    {"2018-07-22 23:30-01:30", "2018-07-23 01:00Z"},
    {"2024-03-01 00:30 +01:00", "2024-02-29 23:30Z"},
    {"2000-01-01 05:00:00.250+14:00", "1999-12-31 15:00:00.250Z"},
    {"  2018-07-22 \t\n", "2018-07-22"},
    {"2018-07-22  9:05", "2018-07-22 09:05"},
    {"2018-07-22t09:05z", "2018-07-22T09:05Z"},
    {"2018-07-22 24:00", "2018-07-23 00:00"},
    {"2018-07-22 20:40:59.99999951", "2018-07-22 20:41:00.000000"},
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(pairs); i++) assert_back(pairs[i][0], pairs[i][1]);
}

static void test_values_of_text(void **state){
  static const struct { const char *text; int64_t micros; } known[] = {
    {"1970-01-01", 0}, {"1970-01-02", 86400000000}, {"1969-12-31 23:59:59.999999", -1},
    {"2018-07-22 20:40:41", 1532292041000000}, {"2001-09-09T01:46:40Z", 1000000000000000},
    {"2038-01-19 03:14:08", 2147483648000000}, {"1532292041", 1532292041000000},
    {"1532292041.25", 1532292041250000}, {" 1e9 ", 1000000000000000}, {"-1.5", -1500000},
    {"1970-01-01 00:00:00.1", 100000}, {"1970-01-01 00:00:00.1234564", 123456},
    {"1970-01-01 00:00:00.1234565", 123457}, {"+1234567", 1234567000000},
  };
  uint8_t form;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    int64_t time = time_of(known[i].text, &form);
    if( time!=known[i].micros ) fail_msg("%s is %lld", known[i].text, (long long)time);
  }
}

/* The two classes of number, in the three units; a time that is no whole unit
** stays the number it was. */
static void test_numbers(void **state){
  static const int64_t units[] = {AT_SECOND, 1000, 1};
  static const double reals[] = {0.0, 1.0, -1.0, 1532292041.5, 0.25, -86400.125, 253402300799.0};
  AtCell cell, out;
  char buffer[40];
  uint8_t form;
  int64_t time;
  size_t u, i;
  (void)state;
  for(u=0; u<COUNT(units); u++){
    cell = cell_integer(1532292041);
    assert_null(at_time_parse(&cell, units[u], &time, &form));
    assert_int_equal(time, 1532292041*units[u]);
    at_time_format(time, form, units[u], &out, buffer);
    assert_true(same_cell(&cell, &out));
    for(i=0; i<COUNT(reals); i++){
      if( units[u]==1 && reals[i]!=floor(reals[i]) ) continue;    /* finer than a microsecond */
      cell = cell_real(reals[i]);
      assert_null(at_time_parse(&cell, units[u], &time, &form));
      at_time_format(time, form, units[u], &out, buffer);
      assert_true(same_cell(&cell, &out));
    }
  }
}

/* Whole microseconds in a REAL are exact to 2^53: none may move. */
static void test_whole_microseconds_stay(void **state){
  Random r = {1};
  int i;
  (void)state;
  for(i=0; i<100000; i++){
    int64_t micros = random_between(&r, INT64_C(1)<<52, INT64_C(1)<<53), time;
    AtCell cell = cell_real((double)micros);
    uint8_t form;
    assert_null(at_time_parse(&cell, 1, &time, &form));
    if( time!=micros ) fail_msg("%lld became %lld", (long long)micros, (long long)time);
  }
}

/* Seconds with a fraction are read to the nearest microsecond and come back as
** the same double, as far as a double tells microseconds apart. */
static void test_real_seconds_keep_their_bits(void **state){
  static const int64_t units[] = {AT_SECOND, 1000};
  Random r = {4};
  int i;
  (void)state;
  for(i=0; i<200000; i++){
    int64_t unit = units[i%2], micros = random_between(&r, -4290000000*unit, 4290000000*unit), time;
    double number = (double)micros/(double)unit;      /* both are exact: rounded once */
    AtCell cell, out;
    char buffer[40];
    uint8_t form;
    if( micros<AT_MIN_TIME || micros>AT_MAX_TIME ) continue;
    cell = cell_real(number);
    assert_null(at_time_parse(&cell, unit, &time, &form));
    if( time!=micros ) fail_msg("%.17g became %lld", number, (long long)time);
    at_time_format(time, form, unit, &out, buffer);
    if( out.type!=AT_REAL || out.real!=number ) fail_msg("%.17g came back as %.17g", number, out.real);
  }
}

/* Random times in random forms that can hold them. */
static void test_random_times_round_trip(void **state){
  Random r = {2};
  int i;
  (void)state;
  for(i=0; i<200000; i++){
    int64_t time = random_between(&r, AT_MIN_TIME, AT_MAX_TIME), back;
    uint8_t form = AT_FORM_ISO, read;
    AtCell out;
    char buffer[40];
    int64_t grain = DAY;
    int precision = (int)random_below(&r, 9), k;
    if( precision>0 ){
      if( random_below(&r, 2) ) form |= AT_FORM_T;
      if( random_below(&r, 2) ) form |= AT_FORM_Z;
      form |= (uint8_t)(precision*AT_FORM_STEP);
      grain = precision==1 ? 60*AT_SECOND : AT_SECOND;
      for(k=2; k<precision; k++) grain /= 10;
    }
    time -= (time % grain + grain) % grain;
    at_time_format(time, form, AT_SECOND, &out, buffer);
    if( at_time_parse(&out, AT_SECOND, &back, &read) || back!=time || read!=form ){
      fail_msg("%.*s is not read back", (int)out.n, out.text);
    }
  }
}

static void test_none(void **state){
  static const char *const blank[] = {"", " ", "\t\r\n "};
  AtCell cell = cell_null();
  int64_t time = 0;
  uint8_t form;
  size_t i;
  (void)state;
  assert_null(at_time_parse(&cell, AT_SECOND, &time, &form));
  assert_true(time==AT_NO_TIME);
  for(i=0; i<COUNT(blank); i++) assert_true(time_of(blank[i], &form)==AT_NO_TIME);
}

static void assert_refused(AtCell cell, int64_t unit, const char *word){
  int64_t time;
  uint8_t form;
  const char *mend = at_time_parse(&cell, unit, &time, &form);
  if( mend==NULL ) fail_msg("%s is taken as %lld", at_cell_quote(&cell).text, (long long)time);
  if( strstr(mend, word)==NULL ) fail_msg("%s: no \"%s\" in: %s", at_cell_quote(&cell).text, word, mend);
}

static void test_refusals_of_text(void **state){
  static const char *const refused[] = {
    "2024-02-30", "2023-02-29", "1900-02-29", "2100-02-29", "2024-04-31", "2024-13-01", "2024-00-10",
    "2024-01-00", "2024-01-32", "2024-1-1", "24-01-01", "2024/01/01", "01-02-2024", "2024-01",
    "10000-01-01", "-001-01-01", "2024-01-01T", "2024-01-01 10", "2024-01-01 10:6", "2024-01-01 10:60",
    "2024-01-01 25:00", "2024-01-01 24:01:00", "2024-01-01 123:00", "2024-01-01 10:00:60",
    "2024-01-01 10:00:5", "2024-01-01 10:00:00.", "2024-01-01 10:00:00.x", "2024-01-01X10:00",
    "2024-01-01 10:00 CET", "2024-01-01 10:00+2", "2024-01-01 10:00+02", "2024-01-01 10:00+0200",
    "2024-01-01 10:00+02:60", "2024-01-01 10:00+02:", "2024-01-01 10:00+02:5", "2024-01-01 10:00+15:00", "2024-01-01 10:00ZZ", "2024-01-01 10:00Z+01:00",
    "0000-01-01 00:00+00:01", "9999-12-31 23:59-00:01", "now", "10:00", "yesterday", "0x10", "1e",
    "--5", "1 2", "1,5", "inf", "nan", "NULL", "2024-01-01;", "2024-01-01 10:00:00 2024-01-01",
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(refused); i++) assert_refused(cell_text(refused[i]), AT_SECOND, "YYYY-MM-DD");
  assert_refused(cell_text("20240101"), AT_SECOND, "dashes");
  assert_refused(cell_text(" 20240101 "), AT_SECOND, "dashes");
  assert_refused(cell_text("20240101"), 1000, "dashes");
  assert_refused(cell_bytes(AT_BLOB, "2024-01-01", 10), AT_SECOND, "YYYY-MM-DD");
  assert_refused(cell_bytes(AT_TEXT, "2024-01-01\0", 11), AT_SECOND, "YYYY-MM-DD");
}

/* The years 0000 to 9999, to the last instant on both sides, in every class. */
static void test_range(void **state){
  static const struct { int64_t unit, least, most; } ranges[] = {
    {AT_SECOND, INT64_C(-62167219200), INT64_C(253402300799)},
    {1000, INT64_C(-62167219200000), INT64_C(253402300799999)},
    {1, INT64_C(-62167219200000000), INT64_C(253402300799999999)},
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(ranges); i++){
    AtCell least = cell_integer(ranges[i].least), most = cell_integer(ranges[i].most);
    int64_t time;
    uint8_t form;
    assert_null(at_time_parse(&least, ranges[i].unit, &time, &form));
    assert_true(time==AT_MIN_TIME);
    assert_null(at_time_parse(&most, ranges[i].unit, &time, &form));
    assert_true(time<=AT_MAX_TIME && time>AT_MAX_TIME-ranges[i].unit);
    assert_refused(cell_integer(ranges[i].least-1), ranges[i].unit, "9999");
    assert_refused(cell_integer(ranges[i].most+1), ranges[i].unit, "9999");
    assert_refused(cell_integer(INT64_MAX), ranges[i].unit, "9999");
    assert_refused(cell_integer(INT64_MIN), ranges[i].unit, "9999");
    assert_refused(cell_real(HUGE_VAL), ranges[i].unit, "9999");
    assert_refused(cell_real(-HUGE_VAL), ranges[i].unit, "9999");
    assert_refused(cell_real(1e300), ranges[i].unit, "9999");
    assert_refused(cell_text("1e300"), ranges[i].unit, "9999");
  }
  assert_refused(cell_integer(1532292041000), AT_SECOND, "time_unit=ms");
  assert_refused(cell_real(-62167219201.0), AT_SECOND, "9999");
}

/* The first second of the year 10000, as a REAL and as text with a point. */
static void test_year_10000_is_refused_in_every_class(void **state){
  (void)state;
  assert_refused(cell_real(253402300800.0), AT_SECOND, "9999");
  assert_refused(cell_text("253402300800.0"), AT_SECOND, "9999");
  assert_refused(cell_real(253402300800000.0), 1000, "9999");
  assert_refused(cell_real(253402300800000000.0), 1, "9999");
}

/* A calendar that counts: it knows the lengths of months, leap years by their
** rule, and that ISO weeks start on Monday and belong to the year of their
** Thursday. */
typedef struct Calendar Calendar;
struct Calendar { int year, month, day, weekday; };    /* weekday 0 = Monday */

static int is_leap(int year){
  if( year%400==0 ) return 1;
  if( year%100==0 ) return 0;
  return year%4==0;
}

static void next_day(Calendar *c){
  static const int lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  c->weekday = (c->weekday+1)%7;
  if( c->day < lengths[c->month] + (c->month==2 && is_leap(c->year)) ){ c->day++; return; }
  c->day = 1;
  if( c->month<12 ){ c->month++; return; }
  c->month = 1;
  c->year++;
}

static void assert_period(int64_t time, int period, const char *expected){
  char out[24];
  at_period_format(at_period_of(time, period), period, out);
  if( strcmp(out, expected)!=0 ) fail_msg("%s is not %s", out, expected);
}

static void check_periods(const Calendar *c, int64_t time){
  char expected[64];
  snprintf(expected, sizeof expected, "%04d-%02d-%02d", c->year, c->month, c->day);
  assert_period(time, AT_PERIOD_DAY, expected);
  snprintf(expected, sizeof expected, "%04d-%02d", c->year, c->month);
  assert_period(time, AT_PERIOD_MONTH, expected);
  snprintf(expected, sizeof expected, "%04d-Q%d", c->year, (c->month+2)/3);
  assert_period(time, AT_PERIOD_QUARTER, expected);
  snprintf(expected, sizeof expected, "%04d-H%d", c->year, (c->month+5)/6);
  assert_period(time, AT_PERIOD_HALF_YEAR, expected);
  snprintf(expected, sizeof expected, "%04d", c->year);
  assert_period(time, AT_PERIOD_YEAR, expected);
}

/* Every day from 0000-01-01 to 9999-12-31 is read as the count says. */
static void test_every_day(void **state){
  Calendar c = {0, 1, 1, 5};                   /* a Saturday */
  int64_t time;
  long days = 0;
  (void)state;
  for(time=AT_MIN_TIME; c.year<10000; time+=DAY, days++){
    char text[64];
    AtCell cell;
    int64_t read;
    uint8_t form;
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    cell = cell_bytes(AT_TEXT, text, (size_t)n);
    if( at_time_parse(&cell, AT_SECOND, &read, &form) || read!=time ) fail_msg("%s is misread", text);
    if( c.day==1 ){
      AtCell out;
      char buffer[40];
      at_time_format(time, form, AT_SECOND, &out, buffer);
      assert_memory_equal(out.text, text, (size_t)n);
      check_periods(&c, time);
      check_periods(&c, time+DAY-1);           /* to the last microsecond */
    }
    if( time==0 ) assert_int_equal(c.weekday, 3);
    next_day(&c);
  }
  assert_int_equal(days, 3652425);
  assert_true(time-1==AT_MAX_TIME);
}

/* Every ISO week but the first days of the year 0000, on its Monday and Sunday. */
static void test_every_week(void **state){
  Calendar c = {0, 1, 1, 5}, thursday;
  int64_t time = AT_MIN_TIME;
  int iso_year = 0, week = 0, i;
  (void)state;
  while( c.weekday!=0 ){ next_day(&c); time += DAY; }
  while( c.year<10000 ){
    char expected[64];
    thursday = c;
    for(i=0; i<3; i++) next_day(&thursday);
    if( thursday.year>9999 ) break;
    if( thursday.year!=iso_year || week==0 ) week = 0;
    iso_year = thursday.year;
    week++;
    snprintf(expected, sizeof expected, "%04d-W%02d", iso_year, week);
    assert_period(time, AT_PERIOD_WEEK, expected);
    assert_period(time+7*DAY-1, AT_PERIOD_WEEK, expected);
    for(i=0; i<7; i++) next_day(&c);
    time += 7*DAY;
  }
  assert_int_equal(iso_year, 9999);
}

static void test_weeks_across_year_ends(void **state){
  static const char *const known[][2] = {
    {"2020-12-31", "2020-W53"}, {"2021-01-03", "2020-W53"}, {"2021-01-04", "2021-W01"},
    {"2018-12-31", "2019-W01"}, {"2019-12-29", "2019-W52"}, {"2019-12-30", "2020-W01"},
    {"2024-12-30", "2025-W01"}, {"2023-01-01", "2022-W52"}, {"1970-01-01", "1970-W01"},
    {"1969-12-28", "1969-W52"}, {"2024-03-05", "2024-W10"},
  };
  uint8_t form;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++) assert_period(time_of(known[i][0], &form), AT_PERIOD_WEEK, known[i][1]);
  assert_int_equal(at_period_of(time_of("2024-03-05", &form), AT_PERIOD_NONE), 0);
}

/* A period begins where the one before it ends. */
static void check_start(int64_t time, int period){
  int64_t number = at_period_of(time, period), start = at_period_start(number, period);
  if( start>time || at_period_of(start, period)!=number || at_period_start(number+1, period)<=time ){
    fail_msg("period %d: %lld, number %lld, begins at %lld", period, (long long)time, (long long)number, (long long)start);
  }
  if( start>AT_MIN_TIME && at_period_of(start-1, period)!=number-1 ) fail_msg("period %d: %lld is not its start", period, (long long)start);
}

/* Of every day of a thousand years, and of times of all years. */
static void test_starts_of_periods(void **state){
  static const struct { const char *time; int period; const char *start; } known[] = {
    {"2024-03-05 10:11", AT_PERIOD_DAY, "2024-03-05"}, {"2024-03-05", AT_PERIOD_WEEK, "2024-03-04"}, {"2021-01-03", AT_PERIOD_WEEK, "2020-12-28"},
    {"2024-02-29", AT_PERIOD_MONTH, "2024-02-01"}, {"2024-12-31 23:59", AT_PERIOD_QUARTER, "2024-10-01"}, {"1969-12-31", AT_PERIOD_YEAR, "1969-01-01"},
    {"1969-12-31", AT_PERIOD_WEEK, "1969-12-29"}, {"1970-01-01", AT_PERIOD_WEEK, "1969-12-29"}, {"1969-11-30", AT_PERIOD_QUARTER, "1969-10-01"},
    {"0001-01-01", AT_PERIOD_MONTH, "0001-01-01"}, {"0000-12-31", AT_PERIOD_QUARTER, "0000-10-01"}, {"0000-02-29", AT_PERIOD_YEAR, "0000-01-01"},
  };
  Random r = {23};
  size_t i;
  int period, k;
  int64_t day;
  uint8_t form;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    int64_t number = at_period_of(time_of(known[i].time, &form), known[i].period);
    assert_int_equal(at_period_start(number, known[i].period), time_of(known[i].start, &form));
  }
  for(period=AT_PERIOD_DAY; period<=AT_PERIOD_YEAR; period++){
    for(day=-500*365; day<500*365; day++){ check_start(day*DAY, period); check_start(day*DAY+DAY-1, period); }
    for(k=0; k<100000; k++) check_start(random_between(&r, AT_MIN_TIME+7*DAY, AT_MAX_TIME), period);
    check_start(AT_MAX_TIME, period);
  }
  assert_int_equal(at_period_start(5, AT_PERIOD_NONE), 0);
}

/* Numbers of periods rise with time: summaries are sorted by them. */
static void test_periods_are_in_order(void **state){
  Random r = {3};
  int i, period;
  (void)state;
  for(i=0; i<100000; i++){
    int64_t a = random_between(&r, AT_MIN_TIME, AT_MAX_TIME);
    int64_t b = random_below(&r, 2) ? random_between(&r, a, AT_MAX_TIME) : a;
    if( b==a && a<AT_MAX_TIME-40*DAY ) b = a + random_between(&r, 0, 40*DAY);
    for(period=AT_PERIOD_DAY; period<=AT_PERIOD_YEAR; period++){
      assert_true(at_period_of(a, period)<=at_period_of(b, period));
    }
  }
}

static void test_durations(void **state){
  static const struct { const char *text; double seconds; } known[] = {
    {"90 days", 7776000}, {"7d", 604800}, {"12 hours", 43200}, {"30 min", 1800}, {"1 week", 604800},
    {"45 s", 45}, {"3600", 3600}, {"0", 0}, {"0 days", 0}, {"1.5h", 5400}, {".5 d", 43200},
    {"1e3 s", 1000}, {"1e+3 s", 1000}, {"5E-1 h", 1800}, {" 2 weeks ", 1209600}, {"1 Day", 86400}, {"+1 day", 86400}, {"0.000001", 1e-6},
    {"10 minutes", 600}, {"1 second", 1}, {"1 hr", 3600}, {"3 wk", 1814400}, {"3652424 days", 315569433600.0},
  };
  int64_t duration;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    const char *mend = at_duration_parse(known[i].text, strlen(known[i].text), &duration);
    if( mend ) fail_msg("%s is refused: %s", known[i].text, mend);
    if( (double)duration!=known[i].seconds*1e6 ) fail_msg("%s is %lld", known[i].text, (long long)duration);
  }
}

static void test_refused_durations(void **state){
  static const char *const refused[][2] = {
    {"1 month", "no fixed length"}, {"3 months", "no fixed length"}, {"1 mo", "no fixed length"},
    {"2 quarters", "no fixed length"}, {"1 year", "no fixed length"}, {"1Y", "no fixed length"},
    {"-1 day", "not negative"}, {"-5", "not negative"}, {"1 fortnight", "unit"}, {"5 0", "unit"},
    {"7 days ago", "unit"}, {"1d2h", "unit"}, {"3e", "unit"}, {"3e days", "unit"}, {"3ex", "unit"}, {"3E", "unit"}, {"", "'90 days'"}, {"days", "'90 days'"},
    {"one day", "'90 days'"}, {"-", "'90 days'"}, {"1-2", "'90 days'"}, {"nan", "'90 days'"},
    {"inf", "'90 days'"}, {"1e400", "10,000 years"}, {"4000000 days", "10,000 years"}, {"1e99 s", "10,000 years"},
  };
  int64_t duration;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(refused); i++){
    const char *mend = at_duration_parse(refused[i][0], strlen(refused[i][0]), &duration);
    if( mend==NULL ) fail_msg("%s is taken", refused[i][0]);
    if( strstr(mend, refused[i][1])==NULL ) fail_msg("%s: %s", refused[i][0], mend);
  }
  assert_non_null(at_duration_parse("1\0 d", 4, &duration));
}

/* A form keeps what it has and gets the precision that a time needs, no more. */
static void test_form_that_fits(void **state){
  static const struct { const char *like; int64_t time; const char *shown; } known[] = {
    {"2024-03-01", 0, "1970-01-01"}, {"2024-03-01", 60*AT_SECOND, "1970-01-01 00:01"}, {"2024-03-01", AT_SECOND, "1970-01-01 00:00:01"},
    {"2024-03-01", 500000, "1970-01-01 00:00:00.5"}, {"2024-03-01", 10, "1970-01-01 00:00:00.00001"}, {"2024-03-01", -1, "1969-12-31 23:59:59.999999"},
    {"2024-03-01 10:00", 0, "1970-01-01 00:00"}, {"2024-03-01 10:00", AT_SECOND, "1970-01-01 00:00:01"}, {"2024-03-01T10:00Z", 250000, "1970-01-01T00:00:00.25Z"},
    {"2024-03-01T10:00:00.125Z", 500000, "1970-01-01T00:00:00.500Z"}, {"2024-03-01 10:00:00.123456", 1, "1970-01-01 00:00:00.000001"},
    {"12", 1500000, "1.5"}, {"12", 2000000, "2"},
  };
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    AtCell like = cell_text(known[i].like), out;
    char buffer[40];
    int64_t time;
    uint8_t form;
    assert_null(at_time_parse(&like, AT_SECOND, &time, &form));
    assert_int_equal(at_form_fit(time, form), form);             /* it fits the time that it comes from */
    at_time_format(known[i].time, at_form_fit(known[i].time, form), AT_SECOND, &out, buffer);
    if( out.n!=strlen(known[i].shown) || memcmp(out.text, known[i].shown, out.n)!=0 ) fail_msg("%s like %s", buffer, known[i].like);
  }
  assert_int_equal(at_form_fit(1, AT_FORM_INT), AT_FORM_INT);
  assert_int_equal(at_form_fit(1, AT_FORM_REAL), AT_FORM_REAL);
}

/* Durations from values: numbers are seconds, and what is longer than all time is all time. */
static void test_durations_of_values(void **state){
  const struct { AtCell cell; int64_t duration; } known[] = {
    {cell_integer(0), 0}, {cell_integer(7), 7*AT_SECOND}, {cell_real(0.25), 250000}, {cell_real(-0.0), 0}, {cell_text("2 hours"), 7200*AT_SECOND},
    {cell_text("90"), 90*AT_SECOND}, {cell_integer(INT64_MAX), AT_MAX_TIME-AT_MIN_TIME}, {cell_real(1e300), AT_MAX_TIME-AT_MIN_TIME},
    {cell_text("1e200 days"), AT_MAX_TIME-AT_MIN_TIME},
  };
  const AtCell refused[] = {cell_integer(-1), cell_integer(INT64_MIN), cell_real(-1e-9), cell_real(NAN), cell_real(-INFINITY), cell_text("-1"), cell_text("soon"),
                            cell_text(""), cell_text("1 month"), cell_bytes(AT_BLOB, "1", 1), cell_null()};
  size_t i;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    int64_t duration = -1;
    if( at_duration_of(&known[i].cell, &duration) ) fail_msg("duration %zu is refused", i);
    if( llabs(duration-known[i].duration)>1 ) fail_msg("duration %zu is %lld", i, (long long)duration);
  }
  for(i=0; i<COUNT(refused); i++){
    int64_t duration = 5;
    if( at_duration_of(&refused[i], &duration)==NULL ) fail_msg("duration %zu is taken", i);
    assert_int_equal(duration, 5);
  }
}

static void test_no_period_has_no_name(void **state){
  char out[24] = "x";
  (void)state;
  at_period_format(5, AT_PERIOD_NONE, out);
  assert_string_equal(out, "");
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_text_comes_back_as_it_was),
    cmocka_unit_test(test_offsets_and_blanks_come_back_in_utc),
    cmocka_unit_test(test_values_of_text),
    cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_whole_microseconds_stay),
    cmocka_unit_test(test_real_seconds_keep_their_bits),
    cmocka_unit_test(test_random_times_round_trip),
    cmocka_unit_test(test_none),
    cmocka_unit_test(test_refusals_of_text),
    cmocka_unit_test(test_range),
    cmocka_unit_test(test_year_10000_is_refused_in_every_class),
    cmocka_unit_test(test_every_day),
    cmocka_unit_test(test_every_week),
    cmocka_unit_test(test_weeks_across_year_ends),
    cmocka_unit_test(test_starts_of_periods),
    cmocka_unit_test(test_periods_are_in_order),
    cmocka_unit_test(test_durations),
    cmocka_unit_test(test_refused_durations),
    HEAP_TEST(test_form_that_fits),
    HEAP_TEST(test_durations_of_values),
    cmocka_unit_test(test_no_period_has_no_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
