/*
** sort.c: row numbers by a comparison, and keys by their digits.
**
** at_sort_order() is a merge sort over insertion-sorted runs: stable, so what
** compares equal stays as it was; input already in order costs one pass. at_sort_keys() is a
** least-significant-digit radix sort. The bits in which keys differ are cut into as few
** digits as may be, all of one width, so its cost follows the keys' real width; keys of four
** bytes are half the way, and keys that something hangs on, at_sort_heads(), keep it. A few are put
** in their places one by one.
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

#define STRETCH 4096u                /* rows that are merged between two heartbeats */

/* Two neighbouring stretches into one; the widest are long work. */
static int merge(AtEnv *env, const uint32_t *from, uint32_t *to, uint32_t lo, uint32_t mid, uint32_t hi,
                 AtCompare compare, const void *rows){
  uint32_t i = lo, j = mid, k = lo;
  while( i<mid && j<hi ){
    uint32_t start = k, limit = hi-k<STRETCH ? hi : k+STRETCH;
    while( i<mid && j<hi && k<limit ) to[k++] = compare(rows, from[j], from[i])<0 ? from[j++] : from[i++];
    if( !at_alive(env, k-start) ) return 0;
  }
  memcpy(to+k, i<mid ? from+i : from+j, (i<mid ? mid-i : hi-j)*sizeof *to);
  return 1;
}

/* Puts n row numbers in order, stable. On failure they are in no order. */
int at_sort_order(AtEnv *env, uint32_t *order, uint32_t n, AtCompare compare, const void *rows){
  uint32_t *room, *from = order, *to, lo;
  uint64_t width;
  AtStretch s = {1, 1};
  for(lo=1; at_stretch(env, &s, n) && lo==s.first; ) while( lo<s.limit && compare(rows, order[lo-1], order[lo])<=0 ) lo++;
  if( lo>=n || env->error.code ) return !env->error.code;
  for(lo=0; lo<n && at_alive(env, RUN); lo+=RUN) sort_run(order+lo, n-lo<RUN ? n-lo : RUN, compare, rows);
  if( n<=RUN ) return at_alive(env, n);
  to = room = at_alloc(env, n, sizeof *room);
  if( room==NULL ) return 0;
  for(width=RUN; width<n; width*=2){
    uint32_t *swap = from;
    for(lo=0; lo<n && !env->error.code; lo = n-lo>2*width ? (uint32_t)(lo+2*width) : n){
      uint32_t mid = n-lo<width ? n : (uint32_t)(lo+width), hi = n-mid<width ? n : (uint32_t)(mid+width);
      if( !merge(env, from, to, lo, mid, hi, compare, rows) ) break;
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

#define MOST_DIGIT 12               /* bits: so many places to write to stay in the cache */
#define FEW 48u

/* Keys of four or eight bytes, or heads of AtHead: as they are now and where the next pass puts them. */
typedef struct Keys Keys;
struct Keys { void *from, *to; uint32_t n; size_t bytes; };

/* ACTION(type of an item, its key) for the items that k has. */
#define BY_WIDTH(ACTION) do{ \
    if( k->bytes==sizeof(uint32_t) ) ACTION(uint32_t, ); \
    else if( k->bytes==sizeof(uint64_t) ) ACTION(uint64_t, ); \
    else ACTION(AtHead, .head); \
  }while(0)

#define DIFFERING(TYPE, KEY) do{ \
    const TYPE *item = k->from; \
    for(i=s.first; i<s.limit; i++){ differ |= item[i]KEY ^ item[0]KEY; wrong |= item[i]KEY<item[i-1]KEY; } \
  }while(0)
static uint64_t differing_bits(AtEnv *env, const Keys *k, int *in_order){
  AtStretch s = {1, 1};
  uint64_t differ = 0;
  uint32_t wrong = 0;
  size_t i;
  while( at_stretch(env, &s, k->n) ) BY_WIDTH(DIFFERING);
  *in_order = !wrong;
  return differ;
}

#define PLACE(TYPE, KEY) do{ \
    TYPE *item = k->from, moved; \
    for(i=1; i<k->n; i++){ \
      moved = item[i]; \
      for(j=i; j>0 && item[j-1]KEY>moved KEY; j--) item[j] = item[j-1]; \
      item[j] = moved; \
    } \
  }while(0)
static void place_few(const Keys *k){
  uint32_t i, j;
  BY_WIDTH(PLACE);
}

#define COUNT_DIGITS(TYPE, KEY) do{ \
    const TYPE *item = k->from; \
    for(i=s.first; i<s.limit; i++) start[item[i]KEY>>shift & mask]++; \
  }while(0)
#define SCATTER(TYPE, KEY) do{ \
    const TYPE *item = k->from; \
    TYPE *to = k->to; \
    for(i=s.first; i<s.limit; i++) to[start[item[i]KEY>>shift & mask]++] = item[i]; \
  }while(0)
/* One pass: stable by the digit at shift. */
static int scatter(AtEnv *env, const Keys *k, uint32_t *start, int shift, int digit){
  AtStretch s = {0, 0};
  uint32_t mask = (UINT32_C(1)<<digit)-1, sum = 0;
  size_t i;
  memset(start, 0, ((size_t)mask+1)*sizeof *start);
  while( at_stretch(env, &s, k->n) ) BY_WIDTH(COUNT_DIGITS);
  for(i=0; i<=mask; i++){
    uint32_t count = start[i];
    start[i] = sum;
    sum += count;
  }
  s.first = s.limit = 0;
  while( at_stretch(env, &s, k->n) ) BY_WIDTH(SCATTER);
  return !env->error.code;
}

static int sort_keys(AtEnv *env, void *keys, uint32_t n, size_t bytes){
  Keys k = {keys, NULL, n, bytes};
  int in_order, low = 0, high = bytes==sizeof(uint32_t) ? 32 : 64, passes, digit, i;
  uint64_t differ = differing_bits(env, &k, &in_order);
  uint32_t *start;
  void *room;
  if( in_order || env->error.code ) return !env->error.code;
  if( n<=FEW ){
    place_few(&k);
    return 1;
  }
  while( (differ>>low & 1)==0 ) low++;
  while( (differ>>(high-1) & 1)==0 ) high--;
  passes = (high-low+MOST_DIGIT-1)/MOST_DIGIT;
  digit = (high-low+passes-1)/passes;
  k.to = room = at_alloc(env, n, bytes);
  start = at_alloc(env, (size_t)1<<digit, sizeof *start);
  for(i=0; i<passes && !env->error.code; i++){
    void *swap = k.from;
    int shift = low+i*digit, width = high-shift<digit ? high-shift : digit;
    scatter(env, &k, start, shift, width);
    k.from = k.to;
    k.to = swap;
  }
  if( k.from!=keys && !env->error.code ) memcpy(keys, k.from, n*bytes);
  at_free(env->alloc, room);
  at_free(env->alloc, start);
  return !env->error.code;
}

/* Puts n keys in ascending order. */
int at_sort_keys(AtEnv *env, uint64_t *keys, uint32_t n){
  return sort_keys(env, keys, n, sizeof *keys);
}

/* The same of keys of four bytes. */
int at_sort_short_keys(AtEnv *env, uint32_t *keys, uint32_t n){
  return sort_keys(env, keys, n, sizeof *keys);
}

/* Puts n items in ascending order of their heads, stable. */
int at_sort_heads(AtEnv *env, AtHead *items, uint32_t n){
  return sort_keys(env, items, n, sizeof *items);
}
