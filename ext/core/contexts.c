/*
** contexts.c: every touch of all journeys with those before it, sorted once for all orders.
**
** A touch is a key: its channel, that of the touch before it and so on, six in all, then
** what comes next. Sorted by that, the touches that leave one state of order 6 lie together,
** and so do those of one state of order 5, which are several of these, down to order 1: each
** order is one walk over the same keys.
**
** A path has its first state when it has k touches, or at its end. A touch which with the
** next one makes k + 1 equal channels stays in its state.
*/
#include "effects.h"

#include <string.h>

enum { STEP, CONVERSION, NULL_END };
#define KIND_BITS 2
#define RUN_BITS 3                      /* equal channels up to the next touch, 7 if more */
#define LOW_BITS (KIND_BITS+RUN_BITS)
#define MOST_RUN 7u

typedef struct Writing Writing;
struct Writing {
  AtContexts *contexts;
  const AtPaths *paths;
  size_t *first;                        /* by part: where its keys begin */
};

/* Whether a touch and its six channels fit into a key. */
int at_contexts_fit(const AtPaths *p){
  return p->touches!=NULL && p->names.n<(1u<<(64-LOW_BITS)/AT_MAX_ORDER);
}

/* The keys of one path, as many as it has touches. */
static void write_path(const AtReader *path, int bits, uint64_t *keys){
  const uint32_t *channel = path->channel;
  uint32_t run = 1, i;
  uint64_t context = 0, kind = path->outcome.conversions>0 ? CONVERSION : NULL_END;
  for(i=0; i<path->n; i++){
    context = context>>bits | (uint64_t)(channel[i]+1)<<(AT_MAX_ORDER-1)*bits;
    if( i+1<path->n ) run = channel[i+1]==channel[i] ? run+1 : 1;
    keys[i] = context<<LOW_BITS | (i+1==path->n ? kind : (uint64_t)(run<MOST_RUN ? run : MOST_RUN)<<KIND_BITS);
  }
}

static int write_part(AtEnv *env, void *context, uint32_t part){
  const Writing *w = context;
  uint64_t *keys = w->contexts->keys+w->first[part];
  AtReader path;
  at_reader_open(&path, w->paths, part);
  while( at_reader_next(env, &path) ){
    write_path(&path, w->contexts->bits, keys);
    keys += path.n;
  }
  at_reader_close(env->alloc, &path);
  return !env->error.code;
}

/* Each key once, with how often it is there. */
static int count_keys(AtEnv *env, AtContexts *c, size_t n){
  AtStretch s = {0, 0};
  size_t i, j, distinct = 0;
  while( at_stretch(env, &s, n) ) for(i=s.first; i<s.limit; i++) distinct += i==0 || c->keys[i]!=c->keys[i-1];
  c->count = at_alloc(env, distinct, sizeof *c->count);
  if( c->count==NULL ) return 0;
  for(i=0; i<n && at_alive(env, 1); i=j){
    for(j=i+1; j<n && c->keys[j]==c->keys[i]; j++){}
    c->keys[c->n] = c->keys[i];
    c->count[c->n++] = (uint32_t)(j-i);
  }
  at_grow(env, &c->keys, distinct ? distinct : 1, sizeof *c->keys);
  return !env->error.code;
}

/* All touches of paths that fit. at_contexts_close() must follow whatever this returns. */
int at_contexts_open(AtEnv *env, AtContexts *c, const AtPaths *p){
  uint32_t parts = at_paths_parts(p), i;
  Writing w = {c, p, at_alloc(env, parts, sizeof(size_t))};
  size_t n = 0;
  memset(c, 0, sizeof *c);
  while( p->names.n>>c->bits ) c->bits++;
  for(i=0; i<parts && w.first; i++){
    w.first[i] = n;
    n += at_paths_windows(p, i, 1);
  }
  c->keys = at_alloc(env, n, sizeof *c->keys);
  if( !env->error.code && at_parallel(env, parts, write_part, &w) && at_sort_many(env, &c->keys, n) ) count_keys(env, c, n);
  at_free(env->alloc, w.first);
  return !env->error.code;
}

/* The next state at an order: what leaves it, and what ends in it. Returns 0 after the last. */
int at_contexts_next(const AtContexts *c, int order, AtContext *state){
  const int shift = LOW_BITS+(AT_MAX_ORDER-order)*c->bits;
  const uint64_t oldest = (UINT64_C(1)<<c->bits)-1, mask = (1u<<KIND_BITS)-1;
  while( state->next<c->n ){
    uint64_t prefix = c->keys[state->next]>>shift;
    int is_full = (prefix & oldest)!=0, exists = is_full;
    state->leaving = state->conversions = state->nulls = 0;
    for(; state->next<c->n && c->keys[state->next]>>shift==prefix; state->next++){
      uint64_t key = c->keys[state->next], kind = key & mask;
      double n = c->count[state->next];
      if( kind==STEP ){
        if( is_full && (key>>KIND_BITS & MOST_RUN)<=(uint64_t)order ) state->leaving += n;
        continue;
      }
      exists = 1;
      state->leaving += n;
      if( kind==CONVERSION ) state->conversions += n;
      else state->nulls += n;
    }
    if( exists ) return 1;
  }
  return 0;
}

void at_contexts_close(const AtAlloc *alloc, AtContexts *c){
  at_free(alloc, c->keys);
  at_free(alloc, c->count);
  memset(c, 0, sizeof *c);
}
