/*
** window.c: windows of channels -> dense ids, the states and steps of a chain.
**
** A window is two words whose digits are channels + 1, so that one hash look-up per
** touch finds a step of order k (a window of k + 1), and the order of the words is
** the order of the channels, shorter windows before those that begin with them.
*/
#include "effects.h"

#include <string.h>

/* The last three channels are the low word, those before the high one. */
#define LOW 3u

/* A table for windows of up to width channels. */
int at_windows_open(AtEnv *env, AtWindows *w, uint32_t width, uint32_t n_channels){
  memset(w, 0, sizeof *w);
  w->width = width;
  w->base = (uint64_t)n_channels+1;
  if( w->base>(width>2*LOW ? UINT64_C(65535) : UINT64_C(2600000)) ){
    at_fail(env, AT_TOOBIG, "order %u with %u channels is more than can be told apart; write a lower order, "
            "or group rare channels with min_paths=", (unsigned)width-1, (unsigned)n_channels);
    return 0;
  }
  return 1;
}

static AtWindowKey key_of(const AtWindows *w, const uint32_t *channel, uint32_t n){
  AtWindowKey key = {0, 0};
  uint32_t high = w->width>LOW ? w->width-LOW : 0, i;
  for(i=0; i<high; i++) key.high = key.high*w->base + (i<n ? (uint64_t)channel[i]+1 : 0);
  for(; i<w->width; i++) key.low = key.low*w->base + (i<n ? (uint64_t)channel[i]+1 : 0);
  return key;
}

static uint32_t slot_of(const AtWindows *w, AtWindowKey key){
  uint64_t h = (key.high*UINT64_C(0x9e3779b97f4a7c15)) ^ key.low;
  h = (h ^ h>>29)*UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(h>>32) & (w->n_slots-1);
}

static int grow(AtEnv *env, AtWindows *w){
  uint32_t capacity = w->capacity ? w->capacity*2 : 64, i;
  uint32_t *slots;
  if( w->capacity>=(UINT32_C(1)<<29) ){
    at_fail(env, AT_TOOBIG, "more than 2^29 states or steps; write a lower order");
    return 0;
  }
  at_grow(env, &w->keys, capacity, sizeof *w->keys);
  slots = at_alloc(env, (size_t)capacity*2, sizeof *slots);
  if( slots==NULL ) return 0;
  at_free(env->alloc, w->slots);
  w->slots = slots;
  w->n_slots = capacity*2;
  w->capacity = capacity;
  memset(slots, 0, w->n_slots*sizeof *slots);
  for(i=0; i<w->n; i++){
    uint32_t s = slot_of(w, w->keys[i]);
    while( slots[s] ) s = (s+1) & (w->n_slots-1);
    slots[s] = i+1;
  }
  return 1;
}

/* The id of a window of n channels, the next one if it is new; UINT32_MAX on
** failure. */
uint32_t at_window_id(AtEnv *env, AtWindows *w, const uint32_t *channel, uint32_t n){
  AtWindowKey key = key_of(w, channel, n);
  uint32_t s;
  if( w->n>=w->capacity && !grow(env, w) ) return UINT32_MAX;
  for(s = slot_of(w, key); w->slots[s]; s = (s+1) & (w->n_slots-1)){
    const AtWindowKey *at = &w->keys[w->slots[s]-1];
    if( at->low==key.low && at->high==key.high ) return w->slots[s]-1;
  }
  w->keys[w->n] = key;
  w->slots[s] = ++w->n;
  return w->n-1;
}

/* The channels of a window, and how many they are. */
uint32_t at_window_channels(const AtWindows *w, uint32_t id, uint32_t channel[AT_MAX_WINDOW]){
  AtWindowKey key = w->keys[id];
  uint32_t high = w->width>LOW ? w->width-LOW : 0, i, n = 0;
  uint64_t digit[AT_MAX_WINDOW];
  for(i=w->width; i>high; i--){
    digit[i-1] = key.low%w->base;
    key.low /= w->base;
  }
  for(; i>0; i--){
    digit[i-1] = key.high%w->base;
    key.high /= w->base;
  }
  while( n<w->width && digit[n]>0 ){
    channel[n] = (uint32_t)(digit[n]-1);
    n++;
  }
  return n;
}

static int compare(const void *rows, uint32_t a, uint32_t b){
  const AtWindowKey *x = (const AtWindowKey*)rows+a, *y = (const AtWindowKey*)rows+b;
  if( x->high!=y->high ) return x->high<y->high ? -1 : 1;
  return x->low<y->low ? -1 : x->low>y->low;
}

/* The ids in the order of their channels, the caller's to free; NULL on failure. */
uint32_t *at_windows_order(AtEnv *env, const AtWindows *w){
  uint32_t *order = at_alloc(env, w->n, sizeof *order), i;
  if( order==NULL ) return NULL;
  for(i=0; i<w->n; i++) order[i] = i;
  if( at_sort_order(env, order, w->n, compare, w->keys) ) return order;
  at_free(env->alloc, order);
  return NULL;
}

void at_windows_free(const AtAlloc *alloc, AtWindows *w){
  at_free(alloc, w->keys);
  at_free(alloc, w->slots);
  memset(w, 0, sizeof *w);
}
