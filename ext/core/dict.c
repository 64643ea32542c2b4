/*
** dict.c: byte strings to dense ids. Labels and non-integer keys are interned
** while loading, then sorted once, so that id order becomes text order.
**
** An open-addressing table of ids over an entry array over one arena of bytes:
** three blocks in all, none per string. Where keys are many, each look-up would
** wait for three cache misses in a row; at_dict_intern_all() takes a batch and
** touches what all of it will need first, so that the misses overlap.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

static uint64_t load64(const char *p){
  uint64_t word;
  memcpy(&word, p, 8);
  return word;
}

/* The last up to eight bytes as a number; overlapping loads, no loop. */
static uint64_t load_tail(const char *p, size_t n){
  uint32_t low, high;
  if( n>=8 ) return load64(p+n-8);
  if( n>=4 ){
    memcpy(&low, p, 4);
    memcpy(&high, p+n-4, 4);
    return (uint64_t)high<<32 | low;
  }
  if( n==0 ) return 0;
  return (uint64_t)(unsigned char)p[0]<<16 | (uint64_t)(unsigned char)p[n/2]<<8
       | (unsigned char)p[n-1];
}

/* What the bytes begin and end with: with n, all there is to know of up to 16. */
uint64_t at_text_head(const char *p, size_t n){ return n>=8 ? load64(p) : load_tail(p, n); }
uint64_t at_text_tail(const char *p, size_t n){ return load_tail(p, n); }

/* Multiply and fold, eight bytes at a time. */
static uint32_t hash_bytes(int tag, const char *p, size_t n){
  const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
  uint64_t h = ((uint64_t)n*k) ^ (uint64_t)tag;
  size_t i;
  for(i=0; i+8<n; i+=8){
    h = (h ^ load64(p+i)) * k;
    h ^= h >> 29;
  }
  h = (h ^ load_tail(p, n)) * k;
  h ^= h >> 32;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(h >> 32);
}

static int rehash(AtEnv *env, AtDict *d, uint32_t n_slots){
  uint32_t *slots = at_alloc(env, n_slots, sizeof *slots);
  uint32_t i;
  if( slots==NULL ) return 0;
  memset(slots, 0, n_slots*sizeof *slots);
  for(i=0; i<d->n; i++){
    uint32_t s = d->entries[i].hash & (n_slots-1);
    while( slots[s] ) s = (s+1) & (n_slots-1);
    slots[s] = i+1;
  }
  at_free(env->alloc, d->slots);
  d->slots = slots;
  d->n_slots = n_slots;
  return 1;
}

static int add_entry(AtEnv *env, AtDict *d, int tag, const char *text, size_t n, uint32_t hash){
  AtEntry *e;
  if( d->n>=d->capacity ){
    uint32_t capacity = d->capacity ? d->capacity*2 : 64;
    if( !at_grow(env, &d->entries, capacity, sizeof *d->entries) ) return 0;
    d->capacity = capacity;
  }
  if( d->n_bytes+n+1>d->bytes_capacity ){
    size_t capacity = (d->n_bytes+n+1)*2 + 256;
    if( !at_grow(env, &d->bytes, capacity, 1) ) return 0;
    d->bytes_capacity = capacity;
  }
  e = &d->entries[d->n];
  e->offset = d->n_bytes;
  e->n = (uint32_t)n+1;
  e->hash = hash;
  d->bytes[d->n_bytes] = (char)tag;
  if( n ) memcpy(d->bytes + d->n_bytes + 1, text, n);
  d->n_bytes += n+1;
  return 1;
}

/* Slots for more entries without a rehash on the way. */
static int make_slots(AtEnv *env, AtDict *d, uint32_t more){
  uint32_t n_slots = d->n_slots ? d->n_slots : 128;
  if( d->n+more>=(UINT32_C(1)<<30) ){
    at_fail(env, AT_TOOBIG, "more than 2^30 distinct labels or keys");
    return 0;
  }
  while( (uint64_t)(d->n+more)*2>n_slots ) n_slots *= 2;
  return n_slots==d->n_slots || rehash(env, d, n_slots);
}

static uint32_t find_or_add(AtEnv *env, AtDict *d, int tag, const char *text, size_t n, uint32_t hash){
  uint32_t s;
  for(s = hash & (d->n_slots-1); d->slots[s]; s = (s+1) & (d->n_slots-1)){
    const AtEntry *e = &d->entries[d->slots[s]-1];
    if( e->hash==hash && e->n==n+1 && d->bytes[e->offset]==(char)tag
     && (n==0 || memcmp(d->bytes+e->offset+1, text, n)==0) ){
      return d->slots[s]-1;
    }
  }
  if( !add_entry(env, d, tag, text, n, hash) ) return UINT32_MAX;
  d->slots[s] = ++d->n;
  return d->n-1;
}

/* The id of (tag, text), given out in order of first appearance. UINT32_MAX on
** failure. n is at most AT_MAX_TEXT: the caller has checked. */
uint32_t at_dict_intern(AtEnv *env, AtDict *d, int tag, const char *text, size_t n){
  assert( n<=AT_MAX_TEXT );
  if( !make_slots(env, d, 1) ) return UINT32_MAX;
  return find_or_add(env, d, tag, text, n, hash_bytes(tag, text, n));
}

/* Interns a batch: fills in id of each key. */
int at_dict_intern_all(AtEnv *env, AtDict *d, AtKey *keys, uint32_t n){
  uint32_t hash[AT_BATCH], id[AT_BATCH], i;
  uint64_t offset[AT_BATCH];
  unsigned touched = 0;
  assert( n<=AT_BATCH );
  if( !make_slots(env, d, n) ) return 0;
  for(i=0; i<n; i++) hash[i] = hash_bytes(keys[i].tag, keys[i].text, keys[i].n);
  for(i=0; i<n; i++) id[i] = d->slots[hash[i] & (d->n_slots-1)];
  for(i=0; i<n; i++) offset[i] = id[i] ? d->entries[id[i]-1].offset : 0;
  for(i=0; i<n && d->n_bytes; i++){         /* both ends: they may lie in two lines */
    const char *bytes = d->bytes + offset[i];
    touched += (unsigned char)bytes[0] + (unsigned)(offset[i]+keys[i].n<d->n_bytes ? bytes[keys[i].n] : 0);
  }
  d->touched = touched;                    /* or the loads would be left out */
  for(i=0; i<n; i++){
    keys[i].id = find_or_add(env, d, keys[i].tag, keys[i].text, keys[i].n, hash[i]);
  }
  return !env->error.code;
}

/* For sorting: eight bytes after the prefix that all entries share, and the id. */
typedef struct SortItem SortItem;
struct SortItem { uint64_t head; uint32_t id; };

static uint64_t head_of(const AtDict *d, const AtEntry *e, size_t skip){
  uint64_t head = 0;
  size_t i;
  for(i=0; i<8; i++){
    head <<= 8;
    if( skip+i<e->n ) head |= (unsigned char)d->bytes[e->offset+skip+i];
  }
  return head;
}

static int entry_compare(const AtDict *d, uint32_t a, uint32_t b){
  const AtEntry *x = &d->entries[a], *y = &d->entries[b];
  uint32_t n = x->n<y->n ? x->n : y->n;
  int order = memcmp(d->bytes+x->offset, d->bytes+y->offset, n);
  if( order ) return order;
  return x->n<y->n ? -1 : x->n>y->n;
}

static int item_before(const AtDict *d, const SortItem *a, const SortItem *b){
  if( a->head!=b->head ) return a->head<b->head;
  return entry_compare(d, a->id, b->id)<0;
}

/* Bottom-up merge sort: never quadratic, whatever the keys. The result is in
** items or room; which, is returned. */
static SortItem *merge_sort(AtEnv *env, const AtDict *d, SortItem *items, SortItem *room){
  uint32_t n = d->n, width;
  for(width=1; width<n; width*=2){
    uint32_t lo;
    SortItem *swap;
    for(lo=0; lo<n && at_alive(env, width); lo += 2*width){
      uint32_t mid = n-lo<width ? n : lo+width, hi = n-mid<width ? n : mid+width;
      uint32_t i = lo, j = mid, k = lo;
      while( i<mid && j<hi ) room[k++] = item_before(d, &items[j], &items[i]) ? items[j++] : items[i++];
      while( i<mid ) room[k++] = items[i++];
      while( j<hi ) room[k++] = items[j++];
    }
    swap = items; items = room; room = swap;
  }
  return items;
}

static size_t common_prefix(const AtDict *d){
  const AtEntry *first = &d->entries[0];
  size_t same = first->n;
  uint32_t i;
  for(i=1; i<d->n && same>0; i++){
    const AtEntry *e = &d->entries[i];
    size_t k = 0, n = e->n<same ? e->n : same;
    while( k<n && d->bytes[first->offset+k]==d->bytes[e->offset+k] ) k++;
    same = k;
  }
  return same;
}

/* Sorts the entries, drops the hash table and returns old id -> new id, which
** the caller frees. NULL on failure. Interning ends with this. */
uint32_t *at_dict_sort(AtEnv *env, AtDict *d){
  SortItem *items = at_alloc(env, d->n, sizeof *items), *room = at_alloc(env, d->n, sizeof *room);
  AtEntry *sorted = at_alloc(env, d->n, sizeof *sorted);
  uint32_t *rank = at_alloc(env, d->n, sizeof *rank);
  if( !env->error.code ){
    size_t skip = d->n ? common_prefix(d) : 0;
    SortItem *result;
    uint32_t i;
    for(i=0; i<d->n; i++){
      items[i].head = head_of(d, &d->entries[i], skip);
      items[i].id = i;
    }
    result = merge_sort(env, d, items, room);
    for(i=0; i<d->n && !env->error.code; i++){     /* stopped half-way, it holds anything */
      sorted[i] = d->entries[result[i].id];
      rank[result[i].id] = i;
    }
  }
  at_free(env->alloc, items);
  at_free(env->alloc, room);
  if( env->error.code ){
    at_free(env->alloc, sorted);
    at_free(env->alloc, rank);
    return NULL;
  }
  at_free(env->alloc, d->entries);
  d->entries = sorted;
  d->capacity = d->n;
  at_free(env->alloc, d->slots);
  d->slots = NULL;
  d->n_slots = 0;
  return rank;
}

size_t at_dict_size(const AtDict *d){
  return d->bytes_capacity + d->capacity*sizeof *d->entries + d->n_slots*sizeof *d->slots;
}

void at_dict_free(const AtAlloc *alloc, AtDict *d){
  at_free(alloc, d->slots);
  at_free(alloc, d->entries);
  at_free(alloc, d->bytes);
  memset(d, 0, sizeof *d);
}

AtCell at_dict_cell(const AtDict *d, uint32_t id){
  assert( id<d->n );
  return at_decode(d->bytes + d->entries[id].offset, d->entries[id].n);
}
