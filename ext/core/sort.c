/*
** sort.c: row numbers by a comparison, and keys by their digits.
**
** at_sort_order() is a merge sort over insertion-sorted runs: stable, so what
** compares equal stays as it was; input already in order costs one pass. at_sort_keys() is a
** least-significant-digit radix sort of eleven bits a pass that skips the digits
** in which all keys agree, so its cost follows the keys' real width; at_sort_heads() the same for
** keys that something hangs on, stable.
*/
#include "core.h"

#include <string.h>

#define RUN 16u

static void sort_run(uint32_t *order, uint32_t n, AtCompare compare, const void *rows){
  uint32_t i, j;
  for(i=1; i<n; i++){
    uint32_t row = order[i];
    for(j=i; j>0 && compare(rows, order[j-1], row)>0; j--) order[j] = order[j-1];
    order[j] = row;
  }
}

static void merge(const uint32_t *from, uint32_t *to, uint32_t lo, uint32_t mid, uint32_t hi,
                  AtCompare compare, const void *rows){
  uint32_t i = lo, j = mid, k = lo;
  while( i<mid && j<hi ) to[k++] = compare(rows, from[j], from[i])<0 ? from[j++] : from[i++];
  memcpy(to+k, i<mid ? from+i : from+j, (i<mid ? mid-i : hi-j)*sizeof *to);
}

/* Puts n row numbers in order, stable. On failure they are in no order. */
int at_sort_order(AtEnv *env, uint32_t *order, uint32_t n, AtCompare compare, const void *rows){
  uint32_t *room, *from = order, *to, lo;
  uint64_t width;
  for(lo=1; lo<n && compare(rows, order[lo-1], order[lo])<=0; lo++){}
  if( lo>=n ) return at_alive(env, n);
  for(lo=0; lo<n; lo+=RUN) sort_run(order+lo, n-lo<RUN ? n-lo : RUN, compare, rows);
  if( n<=RUN ) return at_alive(env, n);
  to = room = at_alloc(env, n, sizeof *room);
  if( room==NULL ) return 0;
  for(width=RUN; width<n; width*=2){
    uint32_t *swap = from;
    for(lo=0; lo<n && at_alive(env, (uint32_t)width); lo = n-lo>2*width ? (uint32_t)(lo+2*width) : n){
      uint32_t mid = n-lo<width ? n : (uint32_t)(lo+width), hi = n-mid<width ? n : (uint32_t)(mid+width);
      merge(from, to, lo, mid, hi, compare, rows);
    }
    from = to;
    to = swap;
  }
  if( from!=order && !env->error.code ) memcpy(order, from, n*sizeof *order);
  at_free(env->alloc, room);
  return !env->error.code;
}

/* The numbers of n rows in order, the caller's to free; NULL on failure. */
uint32_t *at_sorted(AtEnv *env, uint32_t n, AtCompare compare, const void *rows){
  uint32_t *order = at_alloc(env, n, sizeof *order), i;
  if( order==NULL ) return NULL;
  for(i=0; i<n; i++) order[i] = i;
  if( at_sort_order(env, order, n, compare, rows) ) return order;
  at_free(env->alloc, order);
  return NULL;
}

#define DIGIT 11
#define DIGITS (1u<<DIGIT)

/* Puts n keys in ascending order. */
int at_sort_keys(AtEnv *env, uint64_t *keys, uint32_t n){
  uint64_t *room, *from = keys, *to, differ = 0;
  uint32_t *start, i, sum;
  int shift;
  for(i=1; i<n && keys[i-1]<=keys[i]; i++){}
  if( i>=n ) return at_alive(env, n);
  for(i=1; i<n; i++) differ |= keys[i] ^ keys[0];
  to = room = at_alloc(env, n, sizeof *room);
  start = at_alloc(env, DIGITS, sizeof *start);
  for(shift=0; shift<64 && at_alive(env, n); shift+=DIGIT){
    uint64_t *swap = from;
    if( (differ>>shift & (DIGITS-1))==0 ) continue;
    memset(start, 0, DIGITS*sizeof *start);
    for(i=0; i<n; i++) start[from[i]>>shift & (DIGITS-1)]++;
    for(i=0, sum=0; i<DIGITS; i++){
      uint32_t count = start[i];
      start[i] = sum;
      sum += count;
    }
    for(i=0; i<n; i++) to[start[from[i]>>shift & (DIGITS-1)]++] = from[i];
    from = to;
    to = swap;
  }
  if( from!=keys && !env->error.code ) memcpy(keys, from, n*sizeof *keys);
  at_free(env->alloc, room);
  at_free(env->alloc, start);
  return !env->error.code;
}

/* Puts n items in ascending order of their heads, stable. */
int at_sort_heads(AtEnv *env, AtHead *items, uint32_t n){
  AtHead *room, *from = items, *to;
  uint32_t *start, i, sum;
  uint64_t differ = 0;
  int shift;
  for(i=1; i<n; i++) differ |= items[i].head ^ items[0].head;
  if( differ==0 ) return at_alive(env, n);
  to = room = at_alloc(env, n, sizeof *room);
  start = at_alloc(env, DIGITS, sizeof *start);
  for(shift=0; shift<64 && at_alive(env, n); shift+=DIGIT){
    AtHead *swap = from;
    if( (differ>>shift & (DIGITS-1))==0 ) continue;
    memset(start, 0, DIGITS*sizeof *start);
    for(i=0; i<n; i++) start[from[i].head>>shift & (DIGITS-1)]++;
    for(i=0, sum=0; i<DIGITS; i++){
      uint32_t count = start[i];
      start[i] = sum;
      sum += count;
    }
    for(i=0; i<n; i++) to[start[from[i].head>>shift & (DIGITS-1)]++] = from[i];
    from = to;
    to = swap;
  }
  if( from!=items && !env->error.code ) memcpy(items, from, n*sizeof *items);
  at_free(env->alloc, room);
  at_free(env->alloc, start);
  return !env->error.code;
}
