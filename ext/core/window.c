/*
** window.c: windows of channels -> dense ids, the states and steps of a chain.
**
** A window is two words whose digits are channels + 1, 0 for none, so that one hash
** look-up per touch finds a step of order k (a window of k + 1), and the order of the
** words is the order of the channels, shorter windows before those that begin with them.
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
  memset(w, 0, sizeof *w);
  assert( width<=AT_MAX_WINDOW );
  w->width = width;
  w->base = (uint64_t)n_channels+1;
  if( width>2 && w->base>(width>6 ? UINT64_C(65535) : UINT64_C(2000000)) ){
    at_fail(env, AT_INVALID, "%u channels are too many at this order; write a lower order, or group rare channels "
            "with min_paths=", (unsigned)n_channels);
    return 0;
  }
  return 1;
}

/* The id of a window of n channels, the next one if it is new; UINT32_MAX on
** failure. */
uint32_t at_window_id(AtEnv *env, AtWindows *w, const uint32_t *channel, uint32_t n){
  uint32_t low = low_digits(w), high = w->width>low ? w->width-low : 0, i;
  uint64_t first = 0, last = 0;
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
