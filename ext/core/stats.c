/*
** stats.c: intervals of a rate, and quantiles.
**
** Wilson (1927), Probable inference, the law of succession, and statistical
** inference; Hyndman and Fan (1996), type 7, for quantiles.
*/
#include "funnel.h"

#include <assert.h>
#include <math.h>

#define SQRT_2 1.4142135623730951
#define SQRT_2_PI 2.5066282746310002

/* Microseconds in days. */
double at_days(double duration){
  return duration/((double)AT_SECOND*86400);
}

/* Whether k of n is a rate; sums of shares may be a rounding above n. */
int at_rate_ok(double k, double n){
  return n>=0 && k>=0 && (n==0 || k<=n*(1+1e-9));
}

/* Whether a confidence level can be used: from 0 to 1, neither included. */
int at_confidence_ok(double confidence){
  return confidence>0 && confidence<=1-1e-12;
}

/* z such that a standard normal variable lies in -z .. z with this probability.
** Newton's method on the upper tail, which is convex: from 0 it comes up to the
** root and never passes it. */
double at_normal_quantile(double confidence){
  double tail = (1-confidence)/2, z = 0;
  int i;
  assert( at_confidence_ok(confidence) );
  for(i=0; i<200; i++){
    double density = at_exp(-z*z/2)/SQRT_2_PI;
    double next = z + (at_erfc(z/SQRT_2)/2-tail)/density;
    if( !(next>z) ) break;
    z = next;
  }
  return z;
}

/* Wilson's score interval of k of n at z. Returns 0 where n is 0. */
int at_wilson(double k, double n, double z, double *low, double *high){
  double p, centre, half, shrink;
  if( !(n>0) ) return 0;
  if( k>n ) k = n;
  p = k/n;
  shrink = 1 + z*z/n;
  centre = (p + z*z/(2*n))/shrink;
  half = z*sqrt(p*(1-p)/n + z*z/(4*n*n))/shrink;
  *low = k<=0 ? 0 : fmax(0, centre-half);
  *high = k>=n ? 1 : fmin(1, centre+half);
  return 1;
}

/* Where the p-quantile of n > 0 sorted values lies, at p(n-1): the value before it,
** and which part of the way to the next value it is on, linearly. */
uint32_t at_quantile_place(uint32_t n, double p, double *part){
  double at = p*(double)(n-1), below = floor(at);
  assert( n>0 );
  *part = at-below;
  return (uint32_t)below;
}
