/*
** timestamp.c: times, durations and calendar periods.
**
** A time is a number (of seconds, or of the relation's time_unit) or ISO-8601
** text as SQLite's date functions take it. It becomes int64 microseconds since
** 1970-01-01 UTC and remembers the form in which it was written, so that it can
** be given back the way it came: '2018-07-22T20:40:41Z' stays that.
**
** The calendar is the proleptic Gregorian one; the conversions between days and
** (year, month, day) are the usual ones over 400-year eras of 146,097 days.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY (INT64_C(86400) * AT_SECOND)
static const char *const write_time =
    "write YYYY-MM-DD HH:MM:SS, or a number of seconds since 1970-01-01";

/* Days since 1970-01-01 of a date, month 1 .. 12. */
static int64_t days_of(int64_t year, int month, int day){
  int64_t era, of_era, of_year;
  year -= month<=2;
  era = (year>=0 ? year : year-399)/400;
  of_era = year - era*400;
  of_year = (153*(month + (month>2 ? -3 : 9)) + 2)/5 + day - 1;
  return era*146097 + of_era*365 + of_era/4 - of_era/100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day){
  int64_t era, of_era, year_of_era, of_year, shifted;
  days += 719468;
  era = (days>=0 ? days : days-146096)/146097;
  of_era = days - era*146097;
  year_of_era = (of_era - of_era/1460 + of_era/36524 - of_era/146096)/365;
  of_year = of_era - (365*year_of_era + year_of_era/4 - year_of_era/100);
  shifted = (5*of_year + 2)/153;
  *day = (int)(of_year - (153*shifted + 2)/5 + 1);
  *month = (int)(shifted<10 ? shifted+3 : shifted-9);
  *year = year_of_era + era*400 + (*month<=2);
}

static int64_t floor_divide(int64_t a, int64_t b){
  int64_t q = a/b;
  return q*b>a ? q-1 : q;
}

static int days_in_month(int64_t year, int month){
  static const int days[12] = {31,28,31,30,31,30,31,31,30,31,30,31};
  int leap = (year%4==0 && year%100!=0) || year%400==0;
  return days[month-1] + (month==2 && leap);
}

/* A place in the text being read. */
typedef struct Reader Reader;
struct Reader { const char *at, *end; };

static int peek(const Reader *r){ return r->at<r->end ? (unsigned char)*r->at : 0; }

static void skip_blanks(Reader *r){
  while( at_is_blank(peek(r)) ) r->at++;
}

static int accept(Reader *r, int c){
  if( peek(r)!=c ) return 0;
  r->at++;
  return 1;
}

/* Reads least to most digits; -1 when there are fewer. */
static int digits(Reader *r, int least, int most){
  int value = 0, n = 0;
  while( n<most && at_is_digit(peek(r)) ){
    value = value*10 + (*r->at++ - '0');
    n++;
  }
  return n>=least ? value : -1;
}

/* .fff after the seconds, rounded to microseconds. */
static int64_t fraction(Reader *r, uint8_t *form){
  int64_t micros = 0, scale = AT_SECOND/10;
  int first_dropped = -1;
  while( at_is_digit(peek(r)) ){
    int d = *r->at++ - '0';
    if( scale>0 ) *form += AT_FORM_STEP;
    if( scale>0 ) micros += d*scale;
    else if( first_dropped<0 ) first_dropped = d;
    scale /= 10;
  }
  return micros + (first_dropped>=5);
}

/* HH:MM[:SS[.fff]] -> microseconds since midnight, -1 when it is none. */
static int64_t clock_time(Reader *r, uint8_t *form){
  int hours = digits(r, 1, 2), minutes, seconds = 0;
  int64_t micros = 0;
  if( hours<0 || hours>24 || !accept(r, ':') ) return -1;
  minutes = digits(r, 2, 2);
  if( minutes<0 || minutes>59 ) return -1;
  *form += AT_FORM_STEP;
  if( accept(r, ':') ){
    seconds = digits(r, 2, 2);
    if( seconds<0 || seconds>59 ) return -1;
    *form += AT_FORM_STEP;
    if( peek(r)=='.' ){
      r->at++;
      if( !at_is_digit(peek(r)) ) return -1;
      micros = fraction(r, form);
    }
  }
  micros += (hours*INT64_C(3600) + minutes*60 + seconds)*AT_SECOND;
  return hours==24 && micros>DAY ? -1 : micros;
}

/* Z, ±hh:mm or nothing -> microseconds to take away; -1 when it is none. */
static int zone(Reader *r, int64_t *offset, uint8_t *form){
  int negative, hours, minutes;
  skip_blanks(r);
  *offset = 0;
  if( r->at>=r->end ) return 1;
  *form |= AT_FORM_Z;
  if( accept(r, 'Z') || accept(r, 'z') ) return 1;
  negative = peek(r)=='-';
  if( !accept(r, '+') && !accept(r, '-') ) return 0;
  hours = digits(r, 2, 2);
  if( hours<0 || hours>14 || !accept(r, ':') ) return 0;
  minutes = digits(r, 2, 2);
  if( minutes<0 || minutes>59 ) return 0;
  *offset = (hours*60 + minutes)*60*AT_SECOND*(negative ? -1 : 1);
  return 1;
}

static int iso_time(const char *text, size_t n, int64_t *time, uint8_t *form){
  Reader r = { text, text+n };
  int year, month, day;
  int64_t since_midnight = 0, offset = 0;
  *form = AT_FORM_ISO;
  year = digits(&r, 4, 4);
  if( year<0 || !accept(&r, '-') ) return 0;
  month = digits(&r, 2, 2);
  if( month<1 || month>12 || !accept(&r, '-') ) return 0;
  day = digits(&r, 2, 2);
  if( day<1 || day>days_in_month(year, month) ) return 0;
  if( r.at<r.end ){
    if( accept(&r, 'T') || accept(&r, 't') ) *form |= AT_FORM_T;
    else if( peek(&r)!=' ' ) return 0;
    skip_blanks(&r);
    since_midnight = clock_time(&r, form);
    if( since_midnight<0 || !zone(&r, &offset, form) ) return 0;
    skip_blanks(&r);
    if( r.at<r.end ) return 0;
  }
  *time = days_of(year, month, day)*DAY + since_midnight - offset;
  return *time>=AT_MIN_TIME && *time<=AT_MAX_TIME;
}

static const char *out_of_range(int64_t unit){
  return unit==AT_SECOND
    ? "seconds since 1970-01-01 up to the year 9999; for milliseconds add the option time_unit=ms"
    : "a time between the years 0000 and 9999";
}

/* Numeric times: whole * unit, within the range of years. */
static const char *integer_time(int64_t whole, int64_t unit, int64_t *time){
  int64_t least = AT_MIN_TIME/AT_SECOND, most = AT_MAX_TIME/AT_SECOND;
  if( unit!=AT_SECOND ){ least = AT_MIN_TIME/unit; most = AT_MAX_TIME/unit; }
  if( whole<least || whole>most ) return out_of_range(unit);
  *time = whole*unit;
  return NULL;
}

static const char *real_time(double number, int64_t unit, int64_t *time){
  double micros = number*(double)unit, whole = floor(number);
  if( !(micros>=(double)AT_MIN_TIME && micros<=(double)AT_MAX_TIME) ) return out_of_range(unit);
  /* whole and fraction apart: together they may need more than 53 bits */
  *time = (int64_t)whole*unit + (int64_t)floor((number-whole)*(double)unit + 0.5);
  return *time<=AT_MAX_TIME ? NULL : out_of_range(unit);
}

/* Reads a time. unit: microseconds in one numeric unit. NULL or '' gives
** AT_NO_TIME. Returns NULL, or what to write instead. */
const char *at_time_parse(const AtCell *cell, int64_t unit, int64_t *time, uint8_t *form){
  int64_t whole;
  double number;
  const char *text = cell->text;
  size_t n = cell->n;
  *time = AT_NO_TIME;
  *form = AT_FORM_INT;
  if( at_cell_is_null(cell) ) return NULL;
  if( cell->type==AT_INT ) return integer_time(cell->integer, unit, time);
  if( cell->type==AT_REAL ){
    *form = AT_FORM_REAL;
    return real_time(cell->real, unit, time);
  }
  if( cell->type==AT_BLOB ) return write_time;
  at_trim(&text, &n);
  if( n==0 ) return NULL;
  if( iso_time(text, n, time, form) ) return NULL;
  *form = AT_FORM_NUMBER_TEXT;
  if( at_integer_parse(text, n, &whole) ){
    if( n==8 && text[0]>='0' ) return "write YYYY-MM-DD, with dashes";
    return integer_time(whole, unit, time);
  }
  if( at_number_parse(text, n, &number) ) return real_time(number, unit, time);
  return write_time;
}

/* A number of the relation's unit, as INTEGER, REAL or TEXT. */
static void format_number(int64_t time, uint8_t form, int64_t unit, AtCell *out, char buffer[40]){
  int whole = time%unit==0;
  out->type = (form & AT_FORM_CLASS)==AT_FORM_REAL || !whole ? AT_REAL : AT_INT;
  out->integer = time/unit;
  out->real = (double)(time/unit) + (double)(time%unit)/(double)unit;
  if( (form & AT_FORM_CLASS)==AT_FORM_NUMBER_TEXT ){
    out->n = whole ? (size_t)snprintf(buffer, 40, "%lld", (long long)out->integer)
                   : (size_t)at_number_format(out->real, buffer);
    out->type = AT_TEXT;
    out->text = buffer;
  }
}

/* n digits of a number that has no more, and what follows. By hand: rows come by the million,
** and snprintf() reads its format for each. */
static void put_digits(char *at, int number, int n, char after){
  int i;
  assert( number>=0 );
  for(i=n; i>0; number /= 10) at[--i] = (char)('0' + number%10);
  at[n] = after;
}

/* Writes a time in its form: out is a number, or text in buffer. */
void at_time_format(int64_t time, uint8_t form, int64_t unit, AtCell *out, char buffer[40]){
  int64_t day = floor_divide(time, DAY), micros = time - day*DAY, year;
  int seconds = (int)(micros/AT_SECOND), precision = (form & AT_FORM_PRECISION)/AT_FORM_STEP;
  int month, date, n;
  memset(out, 0, sizeof *out);
  if( (form & AT_FORM_CLASS)!=AT_FORM_ISO ){
    format_number(time, form, unit, out, buffer);
    return;
  }
  date_of(day, &year, &month, &date);
  put_digits(buffer, (int)year, 4, '-');
  put_digits(buffer+5, month, 2, '-');
  put_digits(buffer+8, date, 2, form & AT_FORM_T ? 'T' : ' ');
  n = 10;
  if( precision>0 ){
    put_digits(buffer+11, seconds/3600, 2, ':');
    put_digits(buffer+14, seconds/60%60, 2, ':');
    put_digits(buffer+17, seconds%60, 2, '.');
    put_digits(buffer+20, (int)(micros%AT_SECOND), 6, 0);
    n = precision==1 ? 16 : precision==2 ? 19 : 18+precision;  /* what is not shown is written over */
    if( form & AT_FORM_Z ) buffer[n++] = 'Z';
  }
  buffer[n] = 0;
  out->type = AT_TEXT;
  out->text = buffer;
  out->n = (size_t)n;
}

/* The form with as much precision as the time needs. */
uint8_t at_form_fit(int64_t time, uint8_t form){
  int64_t micros = time - floor_divide(time, DAY)*DAY;
  int precision = (form & AT_FORM_PRECISION)/AT_FORM_STEP, needed = 0, decimals;
  if( (form & AT_FORM_CLASS)!=AT_FORM_ISO ) return form;
  if( micros ) needed = micros%(60*AT_SECOND)==0 ? 1 : 2;
  if( micros%AT_SECOND ){
    micros %= AT_SECOND;
    for(decimals=6; micros%10==0; decimals--) micros /= 10;
    needed = 2+decimals;
  }
  if( precision>=needed ) return form;
  return (uint8_t)((form & ~AT_FORM_PRECISION) | needed*AT_FORM_STEP);
}

static const struct { const char *name; int64_t seconds; } units[] = {
  {"s",1}, {"sec",1}, {"secs",1}, {"second",1}, {"seconds",1},
  {"m",60}, {"min",60}, {"mins",60}, {"minute",60}, {"minutes",60},
  {"h",3600}, {"hr",3600}, {"hrs",3600}, {"hour",3600}, {"hours",3600},
  {"d",86400}, {"day",86400}, {"days",86400},
  {"w",604800}, {"wk",604800}, {"week",604800}, {"weeks",604800},
};

static int is_calendar_unit(const char *text, size_t n){
  static const char *const words[] = {"mo", "mon", "month", "months", "q", "quarter",
                                      "quarters", "y", "yr", "year", "years"};
  size_t i;
  for(i=0; i<sizeof words/sizeof *words; i++) if( at_same_word(words[i], text, n) ) return 1;
  return 0;
}

/* Reads '90 days', '7d', '3600' (seconds) as microseconds, however many. */
static const char *duration_micros(const char *text, size_t n, double *micros){
  size_t number = 0, i;
  double value;
  int64_t seconds = 1;
  at_trim(&text, &n);
  while( number<n && (at_is_digit((unsigned char)text[number]) || strchr("+-.", text[number])
      || ((text[number]=='e' || text[number]=='E') && number+1<n
          && (at_is_digit((unsigned char)text[number+1]) || text[number+1]=='+' || text[number+1]=='-'))) ){
    number++;
  }
  if( !at_number_parse(text, number, &value) ) return "write a number and a unit, such as '90 days'";
  text += number; n -= number;
  at_trim(&text, &n);
  if( n>0 ){
    if( is_calendar_unit(text, n) ) return "months, quarters and years have no fixed length; write days";
    for(i=0; i<sizeof units/sizeof *units && !at_same_word(units[i].name, text, n); i++){}
    if( i==sizeof units/sizeof *units ) return "write the unit as s, min, hours, days or weeks";
    seconds = units[i].seconds;
  }
  if( value<0 ) return "write a duration that is not negative";
  *micros = value*(double)(seconds*AT_SECOND);
  return NULL;
}

#define ALL_TIME ((double)(AT_MAX_TIME - AT_MIN_TIME))

/* Reads a duration. Returns NULL, or what to write instead. Months and years are
** refused, they have no fixed length. */
const char *at_duration_parse(const char *text, size_t n, int64_t *duration){
  double micros;
  const char *mend = duration_micros(text, n, &micros);
  if( mend ) return mend;
  if( !(micros<ALL_TIME) ) return "write less than 10,000 years";
  *duration = (int64_t)floor(micros + 0.5);
  return NULL;
}

/* Reads a duration from a value: a number of seconds, or text. What is longer
** than all time is all time. */
const char *at_duration_of(const AtCell *cell, int64_t *duration){
  double micros;
  if( cell->type==AT_TEXT ){
    const char *mend = duration_micros(cell->text, cell->n, &micros);
    if( mend ) return mend;
  }else if( cell->type==AT_INT || cell->type==AT_REAL ){
    micros = (cell->type==AT_INT ? (double)cell->integer : cell->real)*(double)AT_SECOND;
    if( !(micros>=0) ) return "write a duration that is not negative";
  }else{
    return "write a number of seconds, or a duration such as '30 days'";
  }
  *duration = micros<ALL_TIME ? (int64_t)floor(micros + 0.5) : (int64_t)ALL_TIME;
  return NULL;
}

const char *const at_period_words = "write day, week, month, quarter, half-year or year";

/* The period of a word, AT_PERIOD_NONE of any other. */
int at_period_word(const char *text, size_t n){
  static const char *const words[] = {"day", "week", "month", "quarter", "half-year", "year"};
  int i;
  for(i=AT_PERIOD_DAY; i<=AT_PERIOD_YEAR; i++) if( at_same_word(words[i-AT_PERIOD_DAY], text, n) ) return i;
  return AT_PERIOD_NONE;
}

/* The number of the period that a time lies in: days, ISO weeks, months,
** quarters, half-years, or the year. */
int64_t at_period_of(int64_t time, int period){
  int64_t days = floor_divide(time, DAY), year;
  int month, day;
  if( period==AT_PERIOD_NONE ) return 0;
  if( period==AT_PERIOD_DAY ) return days;
  if( period==AT_PERIOD_WEEK ) return floor_divide(days+3, 7); /* 1970-01-01: a Thursday */
  date_of(days, &year, &month, &day);
  if( period==AT_PERIOD_MONTH ) return year*12 + month-1;
  if( period==AT_PERIOD_QUARTER ) return year*4 + (month-1)/3;
  if( period==AT_PERIOD_HALF_YEAR ) return year*2 + (month-1)/6;
  return year;
}

/* When a period that at_period_of() numbered begins; 0 of AT_PERIOD_NONE. */
int64_t at_period_start(int64_t number, int period){
  switch( period ){
    case AT_PERIOD_DAY: return number*DAY;
    case AT_PERIOD_WEEK: return (number*7-3)*DAY;
    case AT_PERIOD_MONTH: return days_of(floor_divide(number, 12), (int)(number-floor_divide(number, 12)*12)+1, 1)*DAY;
    case AT_PERIOD_QUARTER: return days_of(floor_divide(number, 4), (int)(number-floor_divide(number, 4)*4)*3+1, 1)*DAY;
    case AT_PERIOD_HALF_YEAR: return days_of(floor_divide(number, 2), (int)(number-floor_divide(number, 2)*2)*6+1, 1)*DAY;
    case AT_PERIOD_YEAR: return days_of(number, 1, 1)*DAY;
    default: return 0;
  }
}

void at_period_format(int64_t number, int period, char out[24]){
  int64_t year;
  int month, day, week;
  switch( period ){
    case AT_PERIOD_DAY:
      date_of(number, &year, &month, &day);
      snprintf(out, 24, "%04d-%02d-%02d", (int)year, month, day);
      return;
    case AT_PERIOD_WEEK:                   /* the ISO year is that of its Thursday */
      date_of(number*7, &year, &month, &day);
      week = (int)((number*7 - days_of(year, 1, 1))/7) + 1;
      snprintf(out, 24, "%04d-W%02d", (int)year, week);
      return;
    case AT_PERIOD_MONTH:
      snprintf(out, 24, "%04d-%02d", (int)(number/12), (int)(number%12)+1);
      return;
    case AT_PERIOD_QUARTER:
      snprintf(out, 24, "%04d-Q%d", (int)(number/4), (int)(number%4)+1);
      return;
    case AT_PERIOD_HALF_YEAR:
      snprintf(out, 24, "%04d-H%d", (int)(number/2), (int)(number%2)+1);
      return;
    case AT_PERIOD_YEAR:
      snprintf(out, 24, "%04d", (int)number);
      return;
    default:
      out[0] = 0;
  }
}
