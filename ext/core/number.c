/*
** number.c: numbers as text, and powers of two, the same on every platform and
** in every locale of the host process.
**
** Parsing and printing lean on the C library, which rounds correctly, but swap
** the locale's decimal point in and out. at_exp2_negative() is our own: C
** libraries differ in the last bit of exp2(), and credit must not.
*/
#include "core.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *decimal_point(void){
  const struct lconv *conventions = localeconv();
  return conventions && conventions->decimal_point[0] ? conventions->decimal_point : ".";
}

static int is_digit(char c){ return c>='0' && c<='9'; }
static int is_blank(char c){ return c==' ' || (c>='\t' && c<='\r'); }

static void trim(const char **text, size_t *n){
  while( *n>0 && is_blank((*text)[0]) ){ (*text)++; (*n)--; }
  while( *n>0 && is_blank((*text)[*n-1]) ) (*n)--;
}

/* Checks [sign] digits [. digits] [e [sign] digits], nothing else. */
static int is_plain_number(const char *text, size_t n){
  size_t i = 0, digits = 0;
  if( i<n && (text[i]=='+' || text[i]=='-') ) i++;
  while( i<n && is_digit(text[i]) ){ i++; digits++; }
  if( i<n && text[i]=='.' ) i++;
  while( i<n && is_digit(text[i]) ){ i++; digits++; }
  if( digits==0 ) return 0;
  if( i<n && (text[i]=='e' || text[i]=='E') ){
    i++;
    if( i<n && (text[i]=='+' || text[i]=='-') ) i++;
    if( i>=n ) return 0;
    while( i<n && is_digit(text[i]) ) i++;
  }
  return i==n;
}

/* Reads a plain decimal number, blanks around it allowed. Returns 0 when the
** text is anything else, or longer than any sensible number. */
int at_number_parse(const char *text, size_t n, double *number){
  char buffer[160];
  const char *point = decimal_point();
  size_t i, used = 0, n_point = strlen(point);
  trim(&text, &n);
  if( n==0 || n>100 || n_point>8 || !is_plain_number(text, n) ) return 0;
  for(i=0; i<n; i++){
    if( text[i]=='.' ){ memcpy(buffer+used, point, n_point); used += n_point; }
    else buffer[used++] = text[i];
  }
  buffer[used] = 0;
  *number = strtod(buffer, NULL);
  return 1;
}

/* Reads a whole number of up to 18 digits, blanks around it allowed. */
int at_integer_parse(const char *text, size_t n, int64_t *number){
  size_t i = 0;
  int64_t value = 0;
  int negative;
  trim(&text, &n);
  negative = n>0 && text[0]=='-';
  if( n>0 && (text[0]=='-' || text[0]=='+') ) i++;
  if( n-i<1 || n-i>18 || n<=i ) return 0;
  for(; i<n; i++){
    if( !is_digit(text[i]) ) return 0;
    value = value*10 + (text[i]-'0');
  }
  *number = negative ? -value : value;
  return 1;
}

/* Writes the shortest of 15 to 17 digits that reads back as the same double,
** always with a point or an exponent. Returns the length. */
int at_number_format(double number, char out[32]){
  const char *point = decimal_point();
  size_t n_point = strlen(point);
  char *at;
  int digits, n = 0;
  for(digits=15; digits<=17; digits++){
    n = snprintf(out, 32, "%.*g", digits, number);
    if( strtod(out, NULL)==number ) break;
  }
  at = strstr(out, point);
  if( at ){
    *at = '.';
    memmove(at+1, at+n_point, strlen(at+n_point)+1);
    n -= (int)n_point-1;
  }else if( strpbrk(out, "eEn")==NULL ){
    memcpy(out+n, ".0", 3);
    n += 2;
  }
  return n;
}

/* 2^(-i/64), i = 0 .. 63, correctly rounded. */
static const double power_table[64] = {
  0x1.0000000000000p+0, 0x1.fa7c1819e90d8p-1, 0x1.f50765b6e4540p-1,
  0x1.efa1bee615a27p-1, 0x1.ea4afa2a490dap-1, 0x1.e502ee78b3ff6p-1,
  0x1.dfc97337b9b5fp-1, 0x1.da9e603db3285p-1, 0x1.d5818dcfba487p-1,
  0x1.d072d4a07897cp-1, 0x1.cb720dcef9069p-1, 0x1.c67f12e57d14bp-1,
  0x1.c199bdd85529cp-1, 0x1.bcc1e904bc1d2p-1, 0x1.b7f76f2fb5e47p-1,
  0x1.b33a2b84f15fbp-1, 0x1.ae89f995ad3adp-1, 0x1.a9e6b5579fdbfp-1,
  0x1.a5503b23e255dp-1, 0x1.a0c667b5de565p-1, 0x1.9c49182a3f090p-1,
  0x1.97d829fde4e50p-1, 0x1.93737b0cdc5e5p-1, 0x1.8f1ae99157736p-1,
  0x1.8ace5422aa0dbp-1, 0x1.868d99b4492edp-1, 0x1.82589994cce13p-1,
  0x1.7e2f336cf4e62p-1, 0x1.7a11473eb0187p-1, 0x1.75feb564267c9p-1,
  0x1.71f75e8ec5f74p-1, 0x1.6dfb23c651a2fp-1, 0x1.6a09e667f3bcdp-1,
  0x1.6623882552225p-1, 0x1.6247eb03a5585p-1, 0x1.5e76f15ad2148p-1,
  0x1.5ab07dd485429p-1, 0x1.56f4736b527dap-1, 0x1.5342b569d4f82p-1,
  0x1.4f9b2769d2ca7p-1, 0x1.4bfdad5362a27p-1, 0x1.486a2b5c13cd0p-1,
  0x1.44e086061892dp-1, 0x1.4160a21f72e2ap-1, 0x1.3dea64c123422p-1,
  0x1.3a7db34e59ff7p-1, 0x1.371a7373aa9cbp-1, 0x1.33c08b26416ffp-1,
  0x1.306fe0a31b715p-1, 0x1.2d285a6e4030bp-1, 0x1.29e9df51fdee1p-1,
  0x1.26b4565e27cddp-1, 0x1.2387a6e756238p-1, 0x1.2063b88628cd6p-1,
  0x1.1d4873168b9aap-1, 0x1.1a35beb6fcb75p-1, 0x1.172b83c7d517bp-1,
  0x1.1429aaea92de0p-1, 0x1.11301d0125b51p-1, 0x1.0e3ec32d3d1a2p-1,
  0x1.0b5586cf9890fp-1, 0x1.0874518759bc8p-1, 0x1.059b0d3158574p-1,
  0x1.02c9a3e778061p-1,
};

/* 2^-x for x >= 0, within 1.5 units in the last place; 0 where that is below
** 2^-1000. x = k + i/64 + f, f < 1/64; the table gives 2^(-i/64) and the
** series of exp(-f ln 2) to the sixth power leaves less than 2^-58. */
double at_exp2_negative(double x){
  double scaled, f, series;
  int64_t step;
  assert( x>=0 );
  if( !(x<1000.0) ) return 0.0;
  scaled = x*64.0;
  step = (int64_t)scaled;
  f = (scaled - (double)step) * -0x1.62e42fefa39efp-7; /* ln(2)/64 */
  series = f*(1.0 + f*(1.0/2 + f*(1.0/6 + f*(1.0/24 + f*(1.0/120 + f*(1.0/720))))));
  return ldexp(power_table[step & 63] * (1.0 + series), (int)-(step >> 6));
}
