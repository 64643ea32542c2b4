/*
** pairs.c: (number, label) -> dense id, through a hash table: the groups of a
** summary, which are a period and a label, and the windows of a chain, which fill
** two words with channels.
*/
#include "core.h"

#include <string.h>

static uint32_t slot_of(const AtPairs *p, int64_t number, uint64_t label){
  uint64_t h = ((uint64_t)number*UINT64_C(0x9e3779b97f4a7c15)) ^ label;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(h>>32) & (p->n_slots-1);
}

static int grow(AtEnv *env, AtPairs *p){
  uint32_t capacity = p->capacity ? p->capacity*2 : 64, i;
  uint32_t *slots;
  AtStretch stretch = {0, 0};
  if( p->capacity>=AT_MAX_STATES ){
    at_fail(env, AT_TOOBIG, "more than 2^29 groups or states; write a longer period, or a lower order");
    return 0;
  }
  at_grow(env, &p->pairs, capacity, sizeof *p->pairs);
  slots = at_alloc(env, (size_t)capacity*2, sizeof *slots);
  if( slots==NULL ) return 0;
  at_free(env->alloc, p->slots);
  p->slots = slots;
  p->n_slots = capacity*2;
  p->capacity = capacity;
  memset(slots, 0, p->n_slots*sizeof *slots);
  while( at_stretch(env, &stretch, p->n) ){
    for(i=(uint32_t)stretch.first; i<stretch.limit; i++){
      uint32_t s = slot_of(p, p->pairs[i].number, p->pairs[i].label);
      while( slots[s] ) s = (s+1) & (p->n_slots-1);
      slots[s] = i+1;
    }
  }
  return !env->error.code;
}

/* The id of a pair, the next one if it is new; UINT32_MAX on failure. */
uint32_t at_pair_id(AtEnv *env, AtPairs *p, int64_t number, uint64_t label){
  uint32_t s;
  if( p->n>=p->capacity && !grow(env, p) ) return UINT32_MAX;
  for(s = slot_of(p, number, label); p->slots[s]; s = (s+1) & (p->n_slots-1)){
    const AtPair *pair = &p->pairs[p->slots[s]-1];
    if( pair->label==label && pair->number==number ) return p->slots[s]-1;
  }
  p->pairs[p->n].number = number;
  p->pairs[p->n].label = label;
  p->slots[s] = ++p->n;
  return p->n-1;
}

static int compare(const void *rows, uint32_t a, uint32_t b){
  const AtPair *pairs = rows;
  if( pairs[a].number!=pairs[b].number ) return pairs[a].number<pairs[b].number ? -1 : 1;
  return pairs[a].label<pairs[b].label ? -1 : pairs[a].label>pairs[b].label;
}

/* The ids by (number, label), the caller's to free; NULL on failure. */
uint32_t *at_pairs_order(AtEnv *env, const AtPairs *p){
  return at_sorted(env, p->n, compare, p->pairs);
}

void at_pairs_free(const AtAlloc *alloc, AtPairs *p){
  at_free(alloc, p->pairs);
  at_free(alloc, p->slots);
  memset(p, 0, sizeof *p);
}
