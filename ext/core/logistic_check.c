/*
** logistic_check.c: rows that no coefficients can be found for, and who is to blame.
**
** Before the search: too few rows, one kind of y, a column that does not differ, one that is a
** combination of those before it, and one that separates y by itself, which is exact: no row
** without y lies above (or below) one with it. After it: predictors that separate y together. Then
** coefficients have no end along a direction that moves no row with y down and none without up
** (Albert and Anderson 1984), and the last step of the search goes there.
*/
#include "scores.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define SAME 1e-15                  /* relative: values of a column that differ by rounding only */
#define COMBINED 1e-10              /* of a column that is left beside the others */
#define TOUCHING 1e-11              /* of the longest move, the longest one the wrong way: rows that do not overlap */
#define SHARE 1e-6                  /* of a column in a combination, below which it is no part of it */

/* One kind of y, or fewer rows than the coefficients and one. */
int at_check_rows(AtEnv *env, const AtLogisticRows *rows, uint32_t positives){
  unsigned n = rows->n, width = rows->n_predictors+1;
  if( positives==0 || positives==n ){
    at_fail(env, AT_INVALID, "y is %s in every row (got %u rows); write a condition that holds in some rows only, or leave "
            "such groups out", positives ? "true" : "false", n);
  }else if( n<width+1 ){
    at_fail(env, AT_INVALID, "there are too few rows (got %u for %u coefficients, the intercept included); give at least %u, "
            "or write fewer predictors", n, width, width+1);
  }
  return !env->error.code;
}

static double cell_at(const AtDesign *d, uint32_t i, uint32_t j){
  return d->cell[(size_t)i*d->width+j];
}

static AtQuote number(double x){
  AtCell cell = {0};
  cell.type = AT_REAL;
  cell.real = x;
  return at_cell_quote(&cell);
}

/* A column that is constant; cells are as given. */
int at_check_columns(AtEnv *env, const AtDesign *d){
  uint32_t i, j;
  for(j=1; j<d->width; j++){
    double low = cell_at(d, 0, j), high = low;
    for(i=1; i<d->n && at_alive(env, 1); i++){
      low = fmin(low, cell_at(d, i, j));
      high = fmax(high, cell_at(d, i, j));
    }
    if( env->error.code ) return 0;
    if( high-low<=SAME*fmax(fabs(low), fabs(high)) ){
      at_fail(env, AT_INVALID, "x%u is constant (got %s in every row); leave it out", (unsigned)j, number(low).text);
    }
  }
  return !env->error.code;
}

/* A column by which alone y can be told; cells are as given. */
int at_check_separation(AtEnv *env, const AtDesign *d){
  uint32_t i, j;
  for(j=1; j<d->width; j++){
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    int y, above;
    for(i=0; i<d->n && at_alive(env, 1); i++){
      double x = cell_at(d, i, j);
      for(y=0; y<2; y++){
        if( (y ? d->hits : d->misses)[i]==0 ) continue;
        low[y] = fmin(low[y], x);
        high[y] = fmax(high[y], x);
      }
    }
    above = high[0]<=low[1];
    if( env->error.code ) return 0;
    if( !above && high[1]>low[0] ) continue;
    at_fail(env, AT_INVALID, "x%u separates y (got at most %s in every row where y is %s, at least %s where it is %s), so its "
            "coefficient has no end; leave it out, or write 'ridge=1' as first argument", (unsigned)j,
            number(above ? high[0] : high[1]).text, above ? "false" : "true",
            number(above ? low[1] : low[0]).text, above ? "true" : "false");
  }
  return !env->error.code;
}

/* 'x1, x4 and x7': the predictors whose weight is not below share; of many the first ones. */
static void name_predictors(char out[120], const double *weight, uint32_t first, uint32_t limit, double share){
  uint32_t j, n = 0, total = 0;
  size_t used = 0;
  for(j=first; j<limit; j++) total += fabs(weight[j])>=share;
  out[0] = 0;
  for(j=first; j<limit; j++){
    if( !(fabs(weight[j])>=share) ) continue;
    if( ++n>8 ) break;
    used += (size_t)snprintf(out+used, 120-used, "%sx%u", n==1 ? "" : n==total ? " and " : ", ", (unsigned)j);
  }
  if( total>8 ) snprintf(out+used, 120-used, " and %u others", (unsigned)(total-8));
}

/* A column that is a combination of those before it: the part of it that is left beside them is nothing, or
** no more than the rounding of its own numbers and of theirs, which offsets make large. */
int at_check_combinations(AtEnv *env, const AtDesign *d, const AtTriangle *basis){
  double share[AT_MAX_COLUMNS];
  uint32_t i, j;
  for(j=1; j<d->width; j++){
    double length = 0, rounding = d->largest[j]/d->scale[j];
    char names[120];
    for(i=0; i<=j; i++){
      share[i] = at_triangle_cell(basis, i, j);
      length += share[i]*share[i];
    }
    at_triangle_solve(basis, j, share);
    for(i=1; i<j; i++) rounding += fabs(share[i])*d->largest[i]/d->scale[i];
    if( fabs(at_triangle_cell(basis, j, j))>(COMBINED+4*DBL_EPSILON*rounding)*sqrt(length) ) continue;
    name_predictors(names, share, 1, j, SHARE);
    at_fail(env, AT_INVALID, "x%u is a combination of other predictors (got %s); leave one of them out, or write 'ridge=1' as "
            "first argument", (unsigned)j, names);
  }
  return !env->error.code;
}

/* Whether a direction moves no row with y down and none without up, but for rounding. Rows and step are
** in terms of the basis. One predictor alone has been looked at before, exactly. */
int at_is_separating(const AtDesign *d, const double *step){
  double most = 0, wrong = 0, rounding = 0;
  uint32_t i, j;
  if( d->width<=2 ) return 0;
  for(i=0; i<d->n; i++){
    double move = 0;
    for(j=0; j<d->width; j++) move += cell_at(d, i, j)*step[j];
    if( !isfinite(move) ) return 0;
    most = fmax(most, fabs(move));
    if( d->hits[i]>0 ) wrong = fmax(wrong, -move);
    if( d->misses[i]>0 ) wrong = fmax(wrong, move);
  }
  for(j=1; j<d->width; j++) rounding = fmax(rounding, d->largest[j]/d->scale[j]);
  return most>0 && wrong<=(TOUCHING+4*DBL_EPSILON*rounding)*most;
}

/* The search has not settled. direction: the step in terms of the standardised predictors. */
void at_fail_unsettled(AtEnv *env, const AtDesign *d, const double *step, const double *direction, double ridge){
  double most = 0;
  uint32_t j;
  char names[120];
  if( ridge>0 ){
    at_fail(env, AT_INVALID, "the coefficients do not settle (got ridge=%s); write a larger ridge", number(ridge).text);
    return;
  }
  if( !at_is_separating(d, step) ){
    at_fail(env, AT_INVALID, "the coefficients do not settle (got predictors that nearly separate y, or nearly are combinations of "
            "each other); leave one out, or write 'ridge=1' as first argument");
    return;
  }
  for(j=1; j<d->width; j++) most = fmax(most, fabs(direction[j]));
  name_predictors(names, direction, 1, d->width, most*1e-4);
  at_fail(env, AT_INVALID, "predictors separate y together (got %s), so their coefficients have no end; leave one of them out, or "
          "write 'ridge=1' as first argument", names);
}
