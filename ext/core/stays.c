/*
** stays.c: how long passes stayed in a stage: mean, quantiles, and the share that
** will have advanced in the end.
**
** How it works. A stay is a key, time and ending, that sorts by both (at_spell()). Most logs
** have whole seconds, and then a key needs four bytes, else eight. Stays are
** written down in pieces, one for each part of the entities; put together and sorted they are
** the same keys however the parts were cut. One look at the sorted keys gives
** all figures. Stages that were skipped and filled in took no time: they are not written
** down but counted, as converted at the very beginning.
**
** The share is Aalen and Johansen's, as in survival.c: between two censored stays it
** is a plain share of those at risk, so only at these there is something to multiply.
*/
#include "funnel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Room for one more. */
int at_stays_grow(AtEnv *env, AtStays *s, int bytes){
  uint32_t capacity = s->capacity ? s->capacity*2 : 16;
  if( s->capacity>=AT_MAX_GROUP ){
    at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
    return 0;
  }
  if( !at_grow(env, &s->keys, capacity, (size_t)bytes) ) return 0;
  s->capacity = capacity;
  return 1;
}

void at_stays_free(const AtAlloc *alloc, AtStays *s){
  at_free(alloc, s->keys);
  memset(s, 0, sizeof *s);
}

/* Adds the keys of another piece. */
int at_stays_join(AtEnv *env, AtStays *s, const AtStays *piece, int bytes){
  size_t size = (size_t)bytes;
  if( piece->n>s->capacity-s->n ){
    if( piece->n>AT_MAX_ROWS-s->n ){
      at_fail(env, AT_TOOBIG, "a group has more than 4,000,000,000 rows");
      return 0;
    }
    if( !at_grow(env, &s->keys, s->n+piece->n, size) ) return 0;
    s->capacity = s->n+piece->n;
  }
  if( piece->n ) memcpy((char*)s->keys + s->n*size, piece->keys, piece->n*size);
  s->n += piece->n;
  return !env->error.code;
}

/* A quantile's two neighbours among the times that advanced. */
typedef struct Quantile Quantile;
struct Quantile { uint32_t place; double part; int64_t below, above; };

static void offer(Quantile *q, uint32_t place, int64_t time){
  if( place==q->place ) q->below = q->above = time;
  else if( place==q->place+1 ) q->above = time;
}

static double quantile_days(const Quantile *q, int64_t unit){
  double below = (double)(q->below*unit), above = (double)(q->above*unit);
  return at_days(below + q->part*(above-below));
}

/* One look at sorted stays. */
typedef struct Reader Reader;
struct Reader {
  uint32_t converted, asked;        /* so far; the next one of them that a quantile asks for */
  Quantile median, p90;
  uint64_t high, low;               /* the sum of their times, in halves that do not overflow */
  double share, staying, stretch;   /* as of the last censored stay; at risk after it */
};

/* A stay that advanced, at a place that a quantile asks for. */
static void read_asked(Reader *r, int64_t time){
  uint32_t places[4], next = UINT32_MAX;
  int i;
  offer(&r->median, r->converted, time);
  offer(&r->p90, r->converted, time);
  places[0] = r->median.place;
  places[1] = r->median.place+1;
  places[2] = r->p90.place;
  places[3] = r->p90.place+1;
  for(i=0; i<4; i++) if( places[i]>r->converted && places[i]<next ) next = places[i];
  r->asked = next;
}

/* The end of a stretch in which so many converted, and so many are gone in one way or
** the other; rest are still at risk. */
static void end_stretch(Reader *r, double converted, double gone, double rest){
  if( gone>0 ){
    r->share += r->staying*(converted/r->stretch);
    r->staying *= (r->stretch-gone)/r->stretch;
  }
  r->stretch = rest;
}

static uint64_t key_at(const AtStays *s, uint32_t i, int bytes){
  return bytes==4 ? ((const uint32_t*)s->keys)[i] : ((const uint64_t*)s->keys)[i];
}

/* Reads sorted stays, after inferred ones of no time. */
static void read_sorted(Reader *r, const AtStays *s, int bytes, uint32_t inferred){
  double before = inferred;         /* that are not among the keys of the stretch */
  uint32_t i, from = 0, from_converted = 0;
  for(i=0; i<s->n; i++){
    uint64_t key = key_at(s, i, bytes);
    unsigned ending = key & 3;
    if( ending==AT_CONVERTED ){
      uint64_t time = key>>2;
      if( r->converted==r->asked ) read_asked(r, (int64_t)time);
      r->converted++;
      r->low += time & UINT32_MAX;
      r->high += time>>32;
    }else if( ending==AT_CENSORED ){
      end_stretch(r, before+(r->converted-from_converted), before+(i-from), s->n-i-1);
      before = 0;
      from = i+1;
      from_converted = r->converted;
    }
  }
  end_stretch(r, before+(r->converted-from_converted), before+(s->n-from), 0);
}

/* The figures of a stage in which n_converted of the stays advanced, and inferred more
** of no time. Sorts the stays. A time counts unit microseconds. */
int at_stays_figures(AtEnv *env, AtStays *s, int bytes, int64_t unit, uint32_t n_converted,
                     uint32_t inferred, AtStayFigures *out){
  Reader r;
  out->mean = out->median = out->p90 = out->expected = NAN;
  if( !(bytes==4 ? at_sort_short_keys(env, s->keys, s->n) : at_sort_keys(env, s->keys, s->n)) ) return 0;
  memset(&r, 0, sizeof r);
  r.asked = UINT32_MAX;
  if( n_converted ){
    r.median.place = at_quantile_place(n_converted, 0.5, &r.median.part);
    r.p90.place = at_quantile_place(n_converted, 0.9, &r.p90.part);
    r.asked = r.median.place;
  }
  r.staying = 1;
  r.stretch = (double)s->n+inferred;
  read_sorted(&r, s, bytes, inferred);
  assert( r.converted==n_converted );
  if( s->n>0 || inferred>0 ) out->expected = r.share;
  if( n_converted ){
    uint64_t low = (r.low & UINT32_MAX)*(uint64_t)unit, high = (r.high + (r.low>>32))*(uint64_t)unit + (low>>32);
    out->mean = at_days(((double)high*4294967296.0 + (double)(low & UINT32_MAX))/n_converted);
    out->median = quantile_days(&r.median, unit);
    out->p90 = quantile_days(&r.p90, unit);
  }
  return 1;
}
