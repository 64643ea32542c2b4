/*
** window.c: windows of channels -> dense ids, the states and steps of a chain.
**
** A window is two words whose digits are channels + 1, 0 for none, so that one hash
** look-up per touch finds a step of order k (a window of k + 1), and the order of the
** words is the order of the channels, shorter windows before those that begin with them.
** Where both fit in one word that is the window's key, and where there cannot be many of
** them it is its place in a table.
*/
#include "effects.h"

#include <assert.h>
#include <string.h>

/* How many of the window's last channels are in the low word, which has all 64 bits. */
static uint32_t low_digits(const AtWindows *w){
  return w->width>6 ? 4 : 3;
}

/* A table for windows of up to width channels. Fails where their digits have no room. */
int at_windows_open(AtEnv *env, AtWindows *w, uint32_t width, uint32_t n_channels){
  uint32_t i;
  memset(w, 0, sizeof *w);
  assert( width<=AT_MAX_WINDOW );
  w->width = width;
  w->base = (uint64_t)n_channels+1;
  w->low_size = w->size = 1;
  if( width>2 && w->base>(width>6 ? UINT64_C(65535) : UINT64_C(2000000)) ){
    at_fail(env, AT_INVALID, "%u channels are too many at this order; write a lower order, or group rare channels "
            "with min_paths=", (unsigned)n_channels);
    return 0;
  }
  for(i=0; i<width; i++){
    if( i<(width>low_digits(w) ? low_digits(w) : width) ) w->low_size *= w->base;
    w->size = w->size>(UINT64_C(1)<<63)/w->base ? 0 : w->size*w->base;
  }
  return 1;
}

/* Room for each window that there may be, if they are not more than so many. */
int at_windows_direct(AtEnv *env, AtWindows *w, uint64_t most){
  if( w->size==0 || w->size>most ) return !env->error.code;
  w->direct = at_alloc(env, (size_t)w->size, sizeof *w->direct);
  if( w->direct ) memset(w->direct, 0, (size_t)w->size*sizeof *w->direct);
  return !env->error.code;
}

void at_windows_close(const AtAlloc *alloc, AtWindows *w){
  at_pairs_free(alloc, &w->pairs);
  at_free(alloc, w->direct);
  memset(w, 0, sizeof *w);
}

/* The key of a window of n channels, where windows have keys. */
uint64_t at_window_key(const AtWindows *w, const uint32_t *channel, uint32_t n){
  uint64_t key = 0;
  uint32_t i;
  for(i=0; i<w->width; i++) key = key*w->base + (i<n ? (uint64_t)channel[i]+1 : 0);
  return key;
}

uint64_t at_window_key_of(const AtWindows *w, uint32_t id){
  return (uint64_t)w->pairs.pairs[id].number*w->low_size + w->pairs.pairs[id].label;
}

/* One more window, which must be new and is not looked up again but in the table. */
static uint32_t append(AtEnv *env, AtWindows *w, uint64_t key){
  AtPairs *p = &w->pairs;
  if( p->n>=p->capacity ){
    uint32_t capacity = p->capacity ? p->capacity*2 : 64;
    if( p->capacity>=AT_MAX_STATES ){
      at_fail(env, AT_TOOBIG, "more than 2^29 states; write a lower order");
      return UINT32_MAX;
    }
    if( !at_grow(env, &p->pairs, capacity, sizeof *p->pairs) ) return UINT32_MAX;
    p->capacity = capacity;
  }
  p->pairs[p->n].number = (int64_t)(key/w->low_size);
  p->pairs[p->n].label = key%w->low_size;
  return p->n++;
}

/* The id of a key, the next one if it is new; UINT32_MAX on failure. */
uint32_t at_window_of_key(AtEnv *env, AtWindows *w, uint64_t key){
  uint32_t id;
  if( w->direct==NULL ) return at_pair_id(env, &w->pairs, (int64_t)(key/w->low_size), key%w->low_size);
  if( w->direct[key] ) return w->direct[key]-1;
  id = append(env, w, key);
  if( id!=UINT32_MAX ) w->direct[key] = id+1;
  return id;
}

/* Ids 0 .. n-1 for n different keys in order; there must be none yet, and windows are not
** looked up afterwards. */
int at_windows_of_keys(AtEnv *env, AtWindows *w, const uint64_t *keys, uint32_t n){
  AtStretch s = {0, 0};
  uint32_t i;
  assert( w->pairs.n==0 && w->direct==NULL );
  if( !at_grow(env, &w->pairs.pairs, n ? n : 1, sizeof *w->pairs.pairs) ) return 0;
  w->pairs.capacity = n;
  while( at_stretch(env, &s, n) ) for(i=s.first; i<s.limit; i++) append(env, w, keys[i]);
  return !env->error.code;
}

/* The ids in the order of their channels, the caller's to free; NULL on failure. */
uint32_t *at_windows_order(AtEnv *env, const AtWindows *w){
  uint32_t *order, n = 0;
  uint64_t key;
  if( w->direct==NULL ) return at_pairs_order(env, &w->pairs);
  order = at_alloc(env, w->pairs.n, sizeof *order);
  for(key=0; key<w->size && order && at_alive(env, 1); key++) if( w->direct[key] ) order[n++] = w->direct[key]-1;
  return order;
}

/* The id of a window of n channels, the next one if it is new; UINT32_MAX on
** failure. */
uint32_t at_window_id(AtEnv *env, AtWindows *w, const uint32_t *channel, uint32_t n){
  uint32_t low = low_digits(w), high = w->width>low ? w->width-low : 0, i;
  uint64_t first = 0, last = 0;
  if( w->direct ) return at_window_of_key(env, w, at_window_key(w, channel, n));
  for(i=0; i<high; i++) first = first*w->base + (i<n ? (uint64_t)channel[i]+1 : 0);
  for(; i<w->width; i++) last = last*w->base + (i<n ? (uint64_t)channel[i]+1 : 0);
  return at_pair_id(env, &w->pairs, (int64_t)first, last);
}

/* The channels of a window, and how many they are. */
uint32_t at_window_channels(const AtWindows *w, uint32_t id, uint32_t channel[AT_MAX_WINDOW]){
  uint64_t first = (uint64_t)w->pairs.pairs[id].number, last = w->pairs.pairs[id].label, digit[AT_MAX_WINDOW];
  uint32_t low = low_digits(w), high = w->width>low ? w->width-low : 0, i, n = 0;
  for(i=w->width; i>high; i--, last/=w->base) digit[i-1] = last%w->base;
  for(; i>0; i--, first/=w->base) digit[i-1] = first%w->base;
  for(; n<w->width && digit[n]>0; n++) channel[n] = (uint32_t)(digit[n]-1);
  return n;
}
