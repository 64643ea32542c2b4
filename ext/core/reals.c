/*
** reals.c: a growing list of numbers that is put in order by their digits.
**
** A double's bits, read as an integer, are in the order of the numbers once the sign is
** turned: all bits of a negative number, the first bit of any other.
*/
#include "scores.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SIGN (UINT64_C(1)<<63)

static uint64_t key_of(double number){
  uint64_t bits;
  number += 0.0;                      /* -0 becomes 0 */
  memcpy(&bits, &number, sizeof bits);
  return bits & SIGN ? ~bits : bits | SIGN;
}

/* Adds a number, which is not NaN. */
int at_reals_add(AtEnv *env, AtReals *r, double number){
  assert( !isnan(number) );
  if( env->error.code ) return 0;
  if( r->n>=r->capacity ){
    uint32_t capacity = r->capacity ? r->capacity*2 : 8;
    if( r->capacity>=AT_MAX_GROUP ){
      at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
      return 0;
    }
    if( !at_grow(env, &r->keys, capacity, sizeof *r->keys) ) return 0;
    r->capacity = capacity;
  }
  r->keys[r->n++] = key_of(number);
  return 1;
}

/* Puts the numbers in ascending order. */
int at_reals_sort(AtEnv *env, AtReals *r){
  return r->n<2 ? !env->error.code : at_sort_many(env, &r->keys, r->n);
}

double at_reals_at(const AtReals *r, uint32_t i){
  uint64_t bits = r->keys[i] & SIGN ? r->keys[i] & ~SIGN : ~r->keys[i];
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

void at_reals_free(const AtAlloc *alloc, AtReals *r){
  at_free(alloc, r->keys);
  memset(r, 0, sizeof *r);
}
