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

/* Checks [sign] digits [. digits] [e [sign] digits], nothing else. */
static int is_plain_number(const char *text, size_t n){
  size_t i = 0, digits = 0;
  if( i<n && (text[i]=='+' || text[i]=='-') ) i++;
  while( i<n && at_is_digit(text[i]) ){ i++; digits++; }
  if( i<n && text[i]=='.' ) i++;
  while( i<n && at_is_digit(text[i]) ){ i++; digits++; }
  if( digits==0 ) return 0;
  if( i<n && (text[i]=='e' || text[i]=='E') ){
    i++;
    if( i<n && (text[i]=='+' || text[i]=='-') ) i++;
    if( i>=n ) return 0;
    while( i<n && at_is_digit(text[i]) ) i++;
  }
  return i==n;
}

/* Reads a plain decimal number, blanks around it allowed. Returns 0 when the
** text is anything else, or longer than any sensible number. */
int at_number_parse(const char *text, size_t n, double *number){
  char buffer[160];
  const char *point = decimal_point();
  size_t i, used = 0, n_point = strlen(point);
  at_trim(&text, &n);
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
  at_trim(&text, &n);
  negative = n>0 && text[0]=='-';
  if( n>0 && (text[0]=='-' || text[0]=='+') ) i++;
  if( n==i || n-i>18 ) return 0;
  for(; i<n; i++){
    if( !at_is_digit(text[i]) ) return 0;
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

/* 2^(-i/64), i = 0 .. 63: the nearest double, and what it leaves over. */
static const struct { double high, low; } powers[64] = {
  {0x1.0000000000000p+0, 0x0.0p+0},
  {0x1.fa7c1819e90d8p-1, 0x1.74853f3a5931ep-56},
  {0x1.f50765b6e4540p-1, 0x1.9d3e12dd8a18bp-55},
  {0x1.efa1bee615a27p-1, 0x1.dc7f486a4b6b0p-55},
  {0x1.ea4afa2a490dap-1, -0x1.e9c23179c2893p-55},
  {0x1.e502ee78b3ff6p-1, 0x1.39e8980a9cc8fp-56},
  {0x1.dfc97337b9b5fp-1, -0x1.1a5cd4f184b5cp-55},
  {0x1.da9e603db3285p-1, 0x1.c2300696db532p-55},
  {0x1.d5818dcfba487p-1, 0x1.2ed02d75b3707p-56},
  {0x1.d072d4a07897cp-1, -0x1.cbc3743797a9cp-55},
  {0x1.cb720dcef9069p-1, 0x1.503cbd1e949dbp-57},
  {0x1.c67f12e57d14bp-1, 0x1.2884dff483cadp-55},
  {0x1.c199bdd85529cp-1, 0x1.11065895048ddp-56},
  {0x1.bcc1e904bc1d2p-1, 0x1.23dd07a2d9e84p-56},
  {0x1.b7f76f2fb5e47p-1, -0x1.5584f7e54ac3bp-57},
  {0x1.b33a2b84f15fbp-1, -0x1.2805e3084d708p-58},
  {0x1.ae89f995ad3adp-1, 0x1.7a1cd345dcc81p-55},
  {0x1.a9e6b5579fdbfp-1, 0x1.0fac90ef7fd31p-55},
  {0x1.a5503b23e255dp-1, -0x1.d2f6edb8d41e1p-55},
  {0x1.a0c667b5de565p-1, -0x1.359495d1cd533p-55},
  {0x1.9c49182a3f090p-1, 0x1.c7c46b071f2bep-57},
  {0x1.97d829fde4e50p-1, -0x1.d185b7c1b85d1p-55},
  {0x1.93737b0cdc5e5p-1, -0x1.75fc781b57ebcp-58},
  {0x1.8f1ae99157736p-1, 0x1.5cc13a2e3976cp-56},
  {0x1.8ace5422aa0dbp-1, 0x1.6e9f156864b27p-55},
  {0x1.868d99b4492edp-1, -0x1.fc6f89bd4f6bap-55},
  {0x1.82589994cce13p-1, -0x1.d4c1dd41532d8p-55},
  {0x1.7e2f336cf4e62p-1, 0x1.05d02ba15797ep-57},
  {0x1.7a11473eb0187p-1, -0x1.41577ee04992fp-56},
  {0x1.75feb564267c9p-1, -0x1.0245957316dd3p-55},
  {0x1.71f75e8ec5f74p-1, -0x1.16e4786887a99p-56},
  {0x1.6dfb23c651a2fp-1, -0x1.bbe3a683c88abp-58},
  {0x1.6a09e667f3bcdp-1, -0x1.bdd3413b26456p-55},
  {0x1.6623882552225p-1, -0x1.bb60987591c34p-55},
  {0x1.6247eb03a5585p-1, -0x1.383c17e40b497p-55},
  {0x1.5e76f15ad2148p-1, 0x1.ba6f93080e65ep-55},
  {0x1.5ab07dd485429p-1, 0x1.6324c054647adp-55},
  {0x1.56f4736b527dap-1, 0x1.9bb2c011d93adp-55},
  {0x1.5342b569d4f82p-1, -0x1.07abe1db13cadp-56},
  {0x1.4f9b2769d2ca7p-1, -0x1.4b309d25957e3p-55},
  {0x1.4bfdad5362a27p-1, 0x1.d4397afec42e2p-57},
  {0x1.486a2b5c13cd0p-1, 0x1.3c1a3b69062f0p-57},
  {0x1.44e086061892dp-1, 0x1.89b7a04ef80d0p-60},
  {0x1.4160a21f72e2ap-1, -0x1.ef3691c309278p-59},
  {0x1.3dea64c123422p-1, 0x1.ada0911f09ebcp-56},
  {0x1.3a7db34e59ff7p-1, -0x1.5e436d661f5e3p-57},
  {0x1.371a7373aa9cbp-1, -0x1.63aeabf42eae2p-55},
  {0x1.33c08b26416ffp-1, 0x1.32721843659a6p-55},
  {0x1.306fe0a31b715p-1, 0x1.6f46ad23182e4p-56},
  {0x1.2d285a6e4030bp-1, 0x1.0024754db41d5p-55},
  {0x1.29e9df51fdee1p-1, 0x1.612e8afad1255p-56},
  {0x1.26b4565e27cddp-1, 0x1.2bd339940e9d9p-56},
  {0x1.2387a6e756238p-1, 0x1.9b07eb6c70573p-55},
  {0x1.2063b88628cd6p-1, 0x1.dc775814a8495p-56},
  {0x1.1d4873168b9aap-1, 0x1.e016e00a2643cp-55},
  {0x1.1a35beb6fcb75p-1, 0x1.e5b4c7b4968e4p-56},
  {0x1.172b83c7d517bp-1, -0x1.19041b9d78a76p-56},
  {0x1.1429aaea92de0p-1, -0x1.32fbf9af1369ep-55},
  {0x1.11301d0125b51p-1, -0x1.6c51039449b3ap-55},
  {0x1.0e3ec32d3d1a2p-1, 0x1.03a1727c57b53p-60},
  {0x1.0b5586cf9890fp-1, 0x1.8a62e4adc610bp-55},
  {0x1.0874518759bc8p-1, 0x1.186be4bb284ffp-58},
  {0x1.059b0d3158574p-1, 0x1.d73e2a475b465p-56},
  {0x1.02c9a3e778061p-1, -0x1.19083535b085dp-57},
};

/* 2^-x for x >= 0, within 0.6 units in the last place; 0 where that is below
** 2^-1000. x = k + i/64 + f, f < 1/64; the table gives 2^(-i/64) to twice the
** precision, and the series of exp(-f ln 2) - 1 to the sixth power leaves less
** than 2^-58. */
double at_exp2_negative(double x){
  double scaled, f, series, whole;
  int64_t step;
  uint64_t bits;
  assert( x>=0 );
  if( !(x<1000.0) ) return 0.0;
  scaled = x*64.0;
  step = (int64_t)scaled;
  f = (scaled - (double)step) * -0x1.62e42fefa39efp-7; /* ln(2)/64 */
  series = f*(1.0 + f*(1.0/2 + f*(1.0/6 + f*(1.0/24 + f*(1.0/120 + f*(1.0/720))))));
  bits = (uint64_t)(1023 - (step >> 6)) << 52;           /* 2^-(step/64), a normal number */
  memcpy(&whole, &bits, sizeof whole);
  return (powers[step & 63].high + (powers[step & 63].low + powers[step & 63].high*series))*whole;
}
