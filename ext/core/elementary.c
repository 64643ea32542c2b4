/*
** elementary.c: exp, log, log1p and erfc. C libraries differ in their last bits, from one
** processor to the next even within one library; answers must not.
**
** How it works. Everything here is made of additions, multiplications, divisions and of
** bits, which IEEE 754 rounds in one way only. The argument is brought near 0 or 1 and a
** series takes it from there. Errors: exp and log stay within one unit in the last place,
** log1p within two, erfc within six down to 1e-300.
*/
#include "base.h"

#include <float.h>
#include <math.h>

#if FLT_RADIX!=2 || DBL_MANT_DIG!=53
#error "sqlite-attribution needs IEEE 754 doubles"
#endif
#if FLT_EVAL_METHOD!=0 && FLT_EVAL_METHOD!=16
#error "this compiler computes doubles with other than double precision; on 32-bit x86 write -msse2 -mfpmath=sse, and never -ffast-math"
#endif

/* ln 2 as a sum; the first part has zeros at its end, so that small multiples are exact. */
#define LN_2_HIGH 0x1.62e42feep-1
#define LN_2_LOW 0x1.a39ef35793c76p-33
#define LN_2_INVERSE 0x1.71547652b82fep+0
#define ROOT_OF_HALF UINT64_C(0x3fe6a09e667f3bcd)   /* its bits */
#define TWO_OVER_SQRT_PI 0x1.20dd750429b6dp+0

static double of_bits(uint64_t bits){
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint64_t bits_of(double x){
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* 2^k for k from -1022 to 1023. */
static double power_of_2(int k){
  return of_bits((uint64_t)(k+1023) << 52);
}

/* x = k ln 2 + r, |r| <= ln(2)/2. exp(r) is its series to the 13th power, which leaves
** less than 2^-57; the two largest terms are added last. */
double at_exp(double x){
  double k, high, low, r, series;
  int n;
  if( !(x<=709.8) ) return x>0 ? INFINITY : x;         /* x for what is no number */
  if( x<-745.2 ) return 0;
  k = floor(x*LN_2_INVERSE + 0.5);
  high = x - k*LN_2_HIGH;
  low = k*LN_2_LOW;
  r = high - low;
  low = (high-r) - low;                                /* what r lacks */
  series = r*r*(1.0/2 + r*(1.0/6 + r*(1.0/24 + r*(1.0/120 + r*(1.0/720 + r*(1.0/5040 + r*(1.0/40320
         + r*(1.0/362880 + r*(1.0/3628800 + r*(1.0/39916800 + r*(1.0/479001600 + r*(1.0/6227020800))))))))))));
  series += low + low*r;
  series = 1 + (r + series);
  n = (int)k;
  if( n>1023 ) return series*power_of_2(1023)*2;
  if( n>=-1021 ) return series*power_of_2(n);
  return series*power_of_2(n+100)*power_of_2(-100);    /* rounded once, where it may be too small to be normal */
}

/* x = 2^k (1+f), 1+f between the roots of 1/2 and 2. With s = f/(2+f),
** log(1+f) = 2(s + s^3/3 + s^5/5 + ...) = f - f^2/2 + s(f^2/2 + rest). */
double at_log(double x){
  double f, s, square, rest, half;
  int64_t k = 0;
  uint64_t bits;
  if( !(x>0) ) return x<0 ? NAN : x==0 ? -INFINITY : x;
  if( x==INFINITY ) return x;
  if( x<0x1p-1022 ){ x *= 0x1p54; k = -54; }
  bits = bits_of(x) - ROOT_OF_HALF;
  k += (int64_t)((bits + (UINT64_C(1024)<<52)) >> 52) - 1024;
  x = of_bits((bits & UINT64_C(0xfffffffffffff)) + ROOT_OF_HALF);
  f = x-1;
  s = f/(2+f);
  square = s*s;
  rest = square*(2.0/3 + square*(2.0/5 + square*(2.0/7 + square*(2.0/9 + square*(2.0/11 + square*(2.0/13
       + square*(2.0/15 + square*(2.0/17 + square*(2.0/19 + square*(2.0/21 + square*(2.0/23)))))))))));
  half = f*f/2;
  return (double)k*LN_2_HIGH - ((half - (s*(half+rest) + (double)k*LN_2_LOW)) - f);
}

/* log(1+x), x > -1: the logarithm of the sum as it is rounded, and what the rounding has lost. */
double at_log1p(double x){
  double sum = 1+x;
  if( !(sum>0 && sum<INFINITY) ) return at_log(sum);
  return sum==1 ? x : at_log(sum) + (fabs(x)<1 ? x-(sum-1) : 1-(sum-x))/sum;
}

/* exp(-x^2); the square's rounding would count x^2 times. */
static double bell(double x){
  double high = of_bits(bits_of(x) & ~UINT64_C(0x7ffffff));
  return at_exp(-high*high)*at_exp(-(x-high)*(x+high));
}

/* (1+2x) exp(x^2) erfc(x) for x >= 0 as a Chebyshev series of (x-15/4)/(x+15/4), computed to 160 bits. */
static const double tail[] = {
  0x1.2d75d0246cee8p+0, -0x1.2cd0564f8c1b7p-8, -0x1.59159e8868995p-4, 0x1.e50c3e7c7dccep-5, -0x1.b4c68f4569326p-6,
  0x1.295e991a7d82dp-7, -0x1.3c4c54f8d419dp-9, 0x1.014ed1572209ap-11, -0x1.221e6f70130b5p-14, 0x1.15c3f597f0492p-18,
  0x1.9f8f03ca86fc1p-21, -0x1.d601c320c8f9cp-23, 0x1.71e1efca86cf9p-27, 0x1.36bf2885524c9p-28, -0x1.aa4d7b1cdf20ap-31,
  -0x1.15df59ca6082bp-34, 0x1.f8af0a9aa6d31p-36, 0x1.b61b723941781p-43, -0x1.0fc16c00b50f2p-40, 0x1.24f6a772cbc36p-45,
  0x1.2d8b49ab5f72bp-45, -0x1.0cb63a80de2c5p-49, -0x1.6884628ace07ap-50, 0x1.561b105822235p-54, 0x1.d3744857e262bp-55,
};

/* erfc(x) = 1 - erf(x). Near 0 erf(x) is 2/sqrt(pi) times the series x - x^3/3 + x^5/(2! 5) - ...; further out what is
** left of 1 is too little to be taken from it. */
double at_erfc(double x){
  double t, next = 0, last = 0, sum = 0;
  int n;
  if( !(x>=0.5) ){
    if( x<=-0.5 ) return 2-at_erfc(-x);
    for(n=14; n>=1; n--) sum = (1.0/(2*n+1) - sum/(n+1))*x*x;
    return 1 - TWO_OVER_SQRT_PI*(x - x*sum);
  }
  if( x>27 ) return 0;
  t = (x-3.75)/(x+3.75);
  for(n=(int)(sizeof tail/sizeof *tail)-1; n>0; n--){
    double now = tail[n] + 2*t*next - last;
    last = next;
    next = now;
  }
  return bell(x)*(tail[0] + t*next - last)/(1+2*x);
}
