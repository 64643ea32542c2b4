/*
** dict.c: byte strings to dense ids. Labels and non-integer keys are interned
** while loading, then sorted once, so that id order becomes text order.
**
** An open-addressing table of hashes and ids over an entry array over one arena of
** bytes: three blocks in all, none per string. Where keys are many, each look-up waits for
** the slot and then for the bytes (and between them for the entry, unless all are of one
** length, as UUIDs are); at_dict_intern_all() takes a batch and asks for what all of it
** will need first, so that the waits overlap. Sorting is by radix on eight bytes after the
** prefix that all share, by comparison where these are equal.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

/* Multiply and fold, eight bytes at a time. */
static uint32_t hash_bytes(int tag, const char *p, size_t n){
  const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
  uint64_t h = ((uint64_t)n*k) ^ (uint64_t)tag;
  size_t i;
  for(i=0; i+8<n; i+=8){
    h = (h ^ at_load64(p+i)) * k;
    h ^= h >> 29;
  }
  h = (h ^ at_text_tail(p, n)) * k;
  h ^= h >> 32;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(h >> 32);
}

/* Slots: the hash in the upper half, id + 1 in the lower, 0 for none. */
#define SLOT_HASH(slot) ((uint32_t)((slot)>>32))
#define SLOT_ID(slot) ((uint32_t)(slot)-1)

static int rehash(AtEnv *env, AtDict *d, uint32_t n_slots){
  uint64_t *slots = at_alloc(env, n_slots, sizeof *slots);
  uint32_t i;
  if( slots==NULL ) return 0;
  memset(slots, 0, n_slots*sizeof *slots);
  for(i=0; i<d->n_slots; i++){
    uint32_t s = SLOT_HASH(d->slots[i]) & (n_slots-1);
    if( d->slots[i]==0 ) continue;
    while( slots[s] ) s = (s+1) & (n_slots-1);
    slots[s] = d->slots[i];
  }
  at_free(env->alloc, d->slots);
  d->slots = slots;
  d->n_slots = n_slots;
  return 1;
}

static int add_entry(AtEnv *env, AtDict *d, int tag, const char *text, size_t n){
  AtEntry *e;
  if( d->n>=d->capacity ){
    uint32_t capacity = d->capacity ? d->capacity*2 : 64;
    if( !at_grow(env, &d->entries, capacity, sizeof *d->entries) ) return 0;
    d->capacity = capacity;
  }
  if( d->n_bytes+n+1>d->bytes_capacity ){
    size_t capacity = at_room(d->n_bytes+n+1);
    if( !at_grow(env, &d->bytes, capacity, 1) ) return 0;
    d->bytes_capacity = capacity;
  }
  e = &d->entries[d->n];
  e->offset = d->n_bytes;
  e->n = (uint32_t)n+1;
  if( d->n==0 ) d->every_n = e->n;
  else if( d->every_n!=e->n ) d->every_n = 0;
  d->bytes[d->n_bytes] = (char)tag;
  if( n ) memcpy(d->bytes + d->n_bytes + 1, text, n);
  d->n_bytes += n+1;
  return 1;
}

/* Slots for more entries without a rehash on the way. */
static int make_slots(AtEnv *env, AtDict *d, uint32_t more){
  uint32_t n_slots = d->n_slots ? d->n_slots : 128;
  if( d->n+more>=AT_MAX_KEYS ){
    at_fail(env, AT_TOOBIG, "more than 2^30 distinct labels or keys");
    return 0;
  }
  while( (uint64_t)(d->n+more)*2>n_slots ) n_slots *= 2;
  return n_slots==d->n_slots || rehash(env, d, n_slots);
}

/* Where an entry's bytes are. Where all are of one length, as UUIDs are, its number tells. */
static const char *entry_bytes(const AtDict *d, uint32_t id, size_t n){
  if( d->every_n ) return d->every_n==n+1 ? d->bytes + (size_t)id*(n+1) : NULL;
  return d->entries[id].n==n+1 ? d->bytes + d->entries[id].offset : NULL;
}

static uint32_t find_or_add(AtEnv *env, AtDict *d, int tag, const char *text, size_t n, uint32_t hash){
  uint32_t s;
  for(s = hash & (d->n_slots-1); d->slots[s]; s = (s+1) & (d->n_slots-1)){
    const char *bytes;
    if( SLOT_HASH(d->slots[s])!=hash ) continue;
    bytes = entry_bytes(d, SLOT_ID(d->slots[s]), n);
    if( bytes && bytes[0]==(char)tag && (n==0 || memcmp(bytes+1, text, n)==0) ) return SLOT_ID(d->slots[s]);
  }
  if( !add_entry(env, d, tag, text, n) ) return UINT32_MAX;
  d->slots[s] = (uint64_t)hash<<32 | ++d->n;
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
  uint32_t hash[AT_BATCH], i;
  assert( n<=AT_BATCH );
  if( !make_slots(env, d, n) ) return 0;
  for(i=0; i<n; i++){
    hash[i] = hash_bytes(keys[i].tag, keys[i].text, keys[i].n);
    AT_PREFETCH(&d->slots[hash[i] & (d->n_slots-1)]);
  }
  for(i=0; i<n; i++){
    uint64_t slot = d->slots[hash[i] & (d->n_slots-1)];
    const char *bytes;
    if( slot==0 || (bytes = entry_bytes(d, SLOT_ID(slot), keys[i].n))==NULL ) continue;
    AT_PREFETCH(bytes);                       /* both ends: they may lie in two lines */
    AT_PREFETCH(bytes + keys[i].n);
  }
  for(i=0; i<n; i++){
    keys[i].id = find_or_add(env, d, keys[i].tag, keys[i].text, keys[i].n, hash[i]);
  }
  return !env->error.code;
}

/* For sorting: eight bytes after the prefix that all entries share. */
static uint64_t head_of(const AtDict *d, const AtEntry *e, size_t skip){
  uint64_t head = 0;
  size_t i;
  for(i=0; i<8; i++){
    head <<= 8;
    if( skip+i<e->n ) head |= (unsigned char)d->bytes[e->offset+skip+i];
  }
  return head;
}

/* The order of two entries of two dictionaries, or of one: by tag, then by bytes. */
int at_entry_compare(const AtDict *a, uint32_t i, const AtDict *b, uint32_t j){
  const AtEntry *x = &a->entries[i], *y = &b->entries[j];
  uint32_t n = x->n<y->n ? x->n : y->n;
  int order = memcmp(a->bytes+x->offset, b->bytes+y->offset, n);
  if( order ) return order;
  return x->n<y->n ? -1 : x->n>y->n;
}

static int item_before(const AtDict *d, const AtHead *a, const AtHead *b){
  if( a->head!=b->head ) return a->head<b->head;
  return at_entry_compare(d, a->id, d, b->id)<0;
}

/* Bottom-up merge sort: never quadratic, whatever the keys. */
static void merge_sort(AtEnv *env, const AtDict *d, AtHead *items, AtHead *room, uint32_t n){
  AtHead *from = items, *to = room, *swap;
  uint32_t width, lo;
  for(width=1; width<n; width*=2){
    for(lo=0; lo<n && at_alive(env, width); lo += 2*width){
      uint32_t mid = n-lo<width ? n : lo+width, hi = n-mid<width ? n : mid+width;
      uint32_t i = lo, j = mid, k = lo;
      while( i<mid && j<hi ) to[k++] = item_before(d, &from[j], &from[i]) ? from[j++] : from[i++];
      while( i<mid ) to[k++] = from[i++];
      while( j<hi ) to[k++] = from[j++];
    }
    swap = from; from = to; to = swap;
  }
  if( from!=items && !env->error.code ) memcpy(items, from, n*sizeof *items);
}

#define FEW 2048u                   /* are sorted by comparison at once */

/* By heads, then those of one head by all their bytes. */
static void sort_items(AtEnv *env, const AtDict *d, AtHead *items, AtHead *room){
  uint32_t first, limit;
  if( d->n<FEW ){
    merge_sort(env, d, items, room, d->n);
    return;
  }
  at_sort_heads(env, items, d->n);
  for(first=0; first<d->n && !env->error.code; first=limit){
    for(limit=first+1; limit<d->n && items[limit].head==items[first].head; limit++){}
    if( limit-first>1 ) merge_sort(env, d, items+first, room, limit-first);
  }
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

/* Entries and bytes in the order of items, rank[] by old id. Whoever walks along the sorted
** entries walks along their bytes. */
static void lay_out(AtDict *d, const AtHead *items, AtEntry *entries, char *bytes, uint32_t *rank){
  size_t at = 0;
  uint32_t i;
  for(i=0; i<d->n; i++){
    const AtEntry *e = &d->entries[items[i].id];
    if( i+16<d->n ) AT_PREFETCH(&d->entries[items[i+16].id]);
    if( i+8<d->n ) AT_PREFETCH(d->bytes + d->entries[items[i+8].id].offset);
    memcpy(bytes+at, d->bytes+e->offset, e->n);
    entries[i].offset = at;
    entries[i].n = e->n;
    rank[items[i].id] = i;
    at += e->n;
  }
}

/* Sorts the entries, drops the hash table and returns old id -> new id, which
** the caller frees. NULL on failure. Interning ends with this. */
uint32_t *at_dict_sort(AtEnv *env, AtDict *d){
  AtHead *items = at_alloc(env, d->n, sizeof *items), *room = at_alloc(env, d->n, sizeof *room);
  AtEntry *sorted = NULL;
  uint32_t *rank = NULL, i;
  char *bytes = NULL;
  if( !env->error.code ){
    size_t skip = d->n ? common_prefix(d) : 0;
    for(i=0; i<d->n; i++){
      items[i].head = head_of(d, &d->entries[i], skip);
      items[i].id = i;
    }
    sort_items(env, d, items, room);
  }
  at_free(env->alloc, room);
  at_free(env->alloc, d->slots);
  d->slots = NULL;
  d->n_slots = 0;
  sorted = at_alloc(env, d->n, sizeof *sorted);
  bytes = at_alloc(env, d->n_bytes, 1);
  rank = at_alloc(env, d->n, sizeof *rank);
  if( !env->error.code ) lay_out(d, items, sorted, bytes, rank);
  at_free(env->alloc, items);
  if( env->error.code ){
    at_free(env->alloc, sorted);
    at_free(env->alloc, bytes);
    at_free(env->alloc, rank);
    return NULL;
  }
  at_free(env->alloc, d->entries);
  at_free(env->alloc, d->bytes);
  d->entries = sorted;
  d->capacity = d->n;
  d->bytes = bytes;
  d->bytes_capacity = d->n_bytes;
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
