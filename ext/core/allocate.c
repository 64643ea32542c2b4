/*
** allocate.c: divides a value into parts that add up to it.
**
** Without a unit, part = value * weight, and at_settle() moves what rounding
** left over, so that the exact sum of the parts, rounded once, is the value.
** With a unit (0.01: cents) parts are whole units by the method of largest
** remainders (Hamilton): everyone gets the floor of his quota, the largest
** remainders one unit more, among equals the earlier. A refund is divided as
** the sale would be and negated.
*/
#include "core.h"

#include <assert.h>
#include <math.h>

/* value minus the sum of the parts. The sum runs in two compensated levels,
** which is exact to far below the last bit of the value. */
static double left_over(double value, const double *part, uint32_t n){
  AtSum high = {0, 0}, low = {0, 0};
  uint32_t i;
  for(i=0; i<n; i++){
    double before = high.sum, sum = before + part[i], shadow = sum - before;
    at_sum_add(&low, (before - (sum - shadow)) + (part[i] - shadow));
    high.sum = sum;
  }
  at_sum_add(&high, -value);
  at_sum_add(&high, low.sum);
  at_sum_add(&high, low.rest);
  return -at_sum_total(&high);
}

/* Where a rest is best put: first on the largest part, which it distorts
** least; what is finer than that part's last bit, on the smallest part that it
** still does not distort. n for none. */
static uint32_t part_for(double rest, const double *part, uint32_t n, int fine){
  uint32_t i, best = n;
  for(i=0; i<n; i++){
    if( part[i]==0 || part[i]+rest==part[i] ) continue;
    if( fine && fabs(part[i])<fabs(rest)*1e6 ) continue;
    if( best==n || (fabs(part[i])>fabs(part[best]))!=fine ) best = i;
  }
  return best;
}

/* Whether the parts, none of another sign than the value, add up to it as they mostly do: within
** a quarter of its last bit. One compensated level is enough to know this, and a third of
** the work; n is small enough for what it leaves out (n^2 2^-106) to be far less. */
static int adds_up(double value, const double *part, uint32_t n){
  AtSum sum = {0, 0};
  uint32_t i;
  if( n>=(1u<<16) ) return 0;
  for(i=0; i<n; i++){
    if( part[i]*value<0 ) return 0;
    at_sum_add(&sum, part[i]);
  }
  return fabs((sum.sum-value)+sum.rest)<=fabs(value)*0x1p-55 && fabs(value)>1e-250;
}

/* Corrects the parts until their exact sum rounds to the value. Parts of 0
** stay 0. */
void at_settle(AtEnv *env, double value, double *part, uint32_t n){
  int round;
  if( adds_up(value, part, n) ) return;
  for(round=0; round<6 && at_go_on(env, n); round++){
    double rest = left_over(value, part, n);
    uint32_t best;
    if( isnan(rest) || value-rest==value ) return;   /* value-rest: the sum, rounded once */
    best = part_for(rest, part, n, round>0);
    if( best==n ) best = part_for(rest, part, n, 0);
    if( best==n ) return;
    part[best] += rest;
  }
}

/* The remainder r ranks before another: larger, then earlier. */
static int ranks_before(const double *remainder, uint32_t a, uint32_t b){
  if( remainder[a]!=remainder[b] ) return remainder[a]>remainder[b];
  return a<b;
}

static void sift_down(uint32_t *heap, uint32_t root, uint32_t n, const double *remainder){
  for(;;){
    uint32_t child = 2*root+1, swap;
    if( child>=n ) return;
    if( child+1<n && ranks_before(remainder, heap[child+1], heap[child]) ) child++;
    if( !ranks_before(remainder, heap[child], heap[root]) ) return;
    swap = heap[root]; heap[root] = heap[child]; heap[child] = swap;
    root = child;
  }
}

/* units whole ones over n weights; part[] receives counts. scratch: n places. */
static int largest_remainders(AtEnv *env, double units, const double *weight, uint32_t n, double *part,
                               uint32_t *scratch){
  double given = 0, spare;
  uint32_t i, left = n;
  for(i=0; i<n; i++) given += floor(units*weight[i]);
  spare = units - given;
  for(i=0; i<n; i++){
    double quota = units*weight[i];
    /* in steps of 2^-24, so that what is equal on paper is equal here */
    part[i] = floor((quota - floor(quota))*16777216.0 + 0.5);
    scratch[i] = i;
  }
  for(i=n/2; i-->0; ) sift_down(scratch, i, n, part);
  while( spare>=1 && left>0 ){
    if( n>=AT_STRETCH && !at_alive(env, 16) ) return 0;
    uint32_t winner = scratch[0];
    scratch[0] = scratch[--left];
    scratch[left] = winner;                /* winners gather at the end */
    sift_down(scratch, 0, left, part);
    spare -= 1;
  }
  for(i=0; i<n; i++) part[i] = floor(units*weight[i]);
  for(i=left; i<n; i++) part[scratch[i]] += 1;
  return 1;
}

/* k units of the given size: k/100 for cents, as 0.01 itself is no double. */
static double in_units(double k, double unit){
  double inverse = floor(1/unit + 0.5);
  return unit<1 && fabs(inverse*unit - 1)<1e-9 ? k/inverse : k*unit;
}

/* How many whole units there are in a size, however its last bits fell. */
static double whole_units(double size, double unit){
  double inverse = floor(1/unit + 0.5);
  double units = unit<1 && fabs(inverse*unit - 1)<1e-9 ? size*inverse : size/unit;
  double nearest = floor(units + 0.5);
  return fabs(units-nearest)<=1e-6 + units*1e-15 ? nearest : floor(units);
}

/* Divides value over n weights that sum to 1. unit 0: no rounding; a value of
** NaN gives parts of NaN. part[] and scratch[] have room for n. What of the
** value is no multiple of the unit stays with the part of largest absolute
** weight. Values beyond 2^53 units are not rounded. */
void at_allocate(AtEnv *env, double value, const double *weight, uint32_t n, double unit,
                 double *part, uint32_t *scratch){
  double size = fabs(value), sign = value<0 ? -1 : 1, units, rest;
  uint32_t i, largest = 0;
  int some = 0;
  assert( n>0 );
  if( isnan(value) ) unit = 0;
  units = unit>0 ? whole_units(size, unit) : 0;
  if( unit<=0 || units>9007199254740992.0 ){
    for(i=0; i<n; i++){
      part[i] = value*weight[i] + 0.0;     /* no -0.0 */
      some |= part[i]!=0;
    }
    for(i=1; i<n && !some; i++) if( fabs(weight[i])>fabs(weight[largest]) ) largest = i;
    if( !some ) part[largest] = value;                 /* too small to divide */
    if( at_go_on(env, n) ) at_settle(env, value, part, n);
    return;
  }
  if( !largest_remainders(env, units, weight, n, part, scratch) || !at_go_on(env, n) ) return;
  for(i=0; i<n; i++){
    part[i] = part[i]==0 ? 0 : sign*in_units(part[i], unit);
    if( fabs(weight[i])>fabs(weight[largest]) ) largest = i;
  }
  if( in_units(units, unit)!=size && at_go_on(env, n) ){
    rest = left_over(value, part, n);
    part[largest] += rest;
  }
}
