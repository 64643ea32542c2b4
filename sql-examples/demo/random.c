/*
** random.c: chance, the same on every machine. Integers only: what a floating
** point library rounds differently would change the story.
*/
#include "demo.h"

#include <assert.h>

Random random_start(uint64_t seed){
  Random random = {seed};
  return random;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(Random *random){
  uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

int64_t below(Random *random, int64_t n){
  assert(n > 0);
  return (int64_t)(next(random) % (uint64_t)n);
}

bool chance(Random *random, int percent){
  return below(random, 100) < percent;
}

/* low + (high - low) * u * u for a uniform u: the mean lies a third of the way. */
int64_t skewed(Random *random, int64_t low, int64_t high){
  assert(low <= high);
  int64_t u = below(random, 1001);
  int64_t whole = (high - low) / 1000000, rest = (high - low) % 1000000;
  return low + whole * u * u + rest * u * u / 1000000;
}

int weighted(Random *random, const int *weights, int n){
  int total = 0;
  for(int i = 0; i < n; i++) total += weights[i];
  int64_t drawn = below(random, total);
  int i = 0;
  while( drawn >= weights[i] ) drawn -= weights[i++];
  assert(i < n);
  return i;
}
