/*
** survival.c: the share that converts as time goes by, when some are closed
** (a competing outcome) and some still open (censored).
**
** Of the n at risk at a time, d convert and e are closed. With S the share that
** has done neither and F the share that has converted (Aalen and Johansen, 1978):
**
**   F += S * d/n          S *= 1 - (d+e)/n
**
** Without closed ones 1 - F = S is the estimator of Kaplan and Meier. The variances
** follow by Greenwood's rule, for several outcomes the covariance of a multinomial
** count: var(d/n) = d(n-d)/n^3, cov(d/n, e/n) = -de/n^3. Bounds of F lie on
** the scale log(-log F), where they stay between 0 and 1.
*/
#include "funnel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int at_spells_add(AtEnv *env, AtSpells *s, int64_t duration, int ending){
  assert( duration>=0 );
  if( s->n>=s->capacity ){
    uint32_t capacity = s->capacity ? s->capacity*2 : 16;
    if( s->capacity>=AT_MAX_GROUP ){
      at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
      return 0;
    }
    if( !at_grow(env, &s->keys, capacity, sizeof *s->keys) ) return 0;
    s->capacity = capacity;
  }
  s->keys[s->n++] = at_spell(duration, ending);
  return 1;
}

/* A curve over n sorted spells, before its first point. */
void at_curve_start(AtCurve *x, const uint64_t *keys, uint32_t n){
  memset(x, 0, sizeof *x);
  x->keys = keys;
  x->n = n;
  x->staying = x->staying_before = 1;
  x->stretch = n;
}

/* Variance of a cumulative incidence and covariance with S over one time, of n at
** risk d have this outcome, rest neither this nor the other; before S moves on. */
static void advance_incidence(AtCurve *x, AtSpread *v, double n, double d, double rest){
  double share = d/n, square = x->staying*x->staying/(n*n*n);
  v->own += 2*share*v->with_staying + share*share*x->v_staying + square*d*(n-d);
  v->with_staying = rest/n*(v->with_staying + share*x->v_staying) - square*d*rest;
}

/* F, S and their (co)variances over one time: n at risk, d convert, e are closed. */
static void advance(AtCurve *x, double n, double d, double e){
  double rest = n-d-e;
  advance_incidence(x, &x->v_conversion, n, d, rest);
  advance_incidence(x, &x->v_closing, n, e, rest);
  x->v_staying = rest/n*(rest/n)*x->v_staying + x->staying*x->staying*(d+e)*rest/(n*n*n);
  x->stretch_converted += d;
  x->stretch_gone += d+e;
  x->conversion = x->before + x->staying_before*(x->stretch_converted/x->stretch);
  x->staying = x->staying_before*((x->stretch-x->stretch_gone)/x->stretch);
}

/* Some are censored: a stretch ends, in which S and F were counts over those at
** risk at its start, so without censoring both are plain shares, to the last bit. */
static void end_stretch(AtCurve *x){
  x->before = x->conversion;
  x->staying_before = x->staying;
  x->stretch = x->n-x->next;
  x->stretch_converted = x->stretch_gone = 0;
}

/* Adds the next time to the current point. */
static void take(AtCurve *x){
  uint32_t at_risk = x->n-x->next, count[3] = {0, 0, 0};
  x->time = at_spell_time(x->keys[x->next]);
  while( x->next<x->n && at_spell_time(x->keys[x->next])==x->time ){
    count[x->keys[x->next++] & 3]++;
  }
  if( count[AT_CONVERTED]+count[AT_CLOSED]>0 ) advance(x, at_risk, count[AT_CONVERTED], count[AT_CLOSED]);
  if( count[AT_CENSORED]>0 ) end_stretch(x);
  x->converted += count[AT_CONVERTED];
  x->closed += count[AT_CLOSED];
  x->censored += count[AT_CENSORED];
}

static void start_point(AtCurve *x){
  x->at_risk = x->n-x->next;
  x->converted = x->closed = x->censored = 0;
}

/* The point of the next time at which anything happens; 0 at the end. */
int at_curve_next(AtCurve *x){
  if( x->next>=x->n ) return 0;
  start_point(x);
  take(x);
  return 1;
}

/* The point of all times not yet taken, up to and including time; 0 when nothing
** was left to take at all. */
int at_curve_until(AtCurve *x, int64_t time){
  if( x->next>=x->n ) return 0;
  start_point(x);
  while( x->next<x->n && at_spell_time(x->keys[x->next])<=time ) take(x);
  x->time = time;
  return 1;
}

/* The next of the points at 0, step, 2 step, …; 0 at the end. */
int at_curve_step(AtCurve *x, int64_t step){
  return at_curve_until(x, step*x->steps++);
}

/* The standard error of the share that has converted. Near 1 the variance comes
** from what is left, 1 - F = S + share closed, where nothing cancels. */
double at_curve_error(const AtCurve *x){
  double variance = x->conversion<0.5 ? x->v_conversion.own
                  : x->v_staying + x->v_closing.own + 2*x->v_closing.with_staying;
  return variance>0 ? sqrt(variance) : 0;
}

/* Its bounds at z; 0 where there are none, at a share of 0 or 1. */
int at_curve_bounds(const AtCurve *x, double z, double *low, double *high){
  double f = x->conversion, half;
  if( !(f>0 && f<1-1e-15) ) return 0;
  half = z*at_curve_error(x)/(f*at_log(f));           /* negative */
  *low = at_exp(-at_exp(at_log(-at_log(f)) - half));
  *high = at_exp(-at_exp(at_log(-at_log(f)) + half));
  return 1;
}
