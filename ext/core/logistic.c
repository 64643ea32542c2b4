/*
** logistic.c: logistic regression by Newton's method with step halving, which is
** iteratively reweighted least squares.
**
**   P(y) = 1/(1 + exp(-eta)),  eta = intercept + sum(coefficient * x)
**
** The coefficients make log-likelihood - ridge/2 sum(standardised coefficient^2) greatest;
** standard errors are the roots of the diagonal of H^-1, H = X'WX + ridge D at the
** end, W = p(1-p), D = 1 for predictors and 0 for the intercept. (McCullagh and Nelder 1989; le Cessie
** and van Houwelingen 1992.)
**
** 1. Rows are sorted by their numbers, and equal ones merged with their counts: nothing
**    depends on the order in which they came.
** 2. Columns are centred by their mean and divided by their standard deviation (over n),
**    so neither an offset (a time of 1.7e9) nor a unit matters.
** 3. The triangle R of these rows (and of the ridge, as further rows) tells columns that are
**    combinations of others. Each row x becomes x R^-1: columns that are nearly orthonormal
**    however much alike the predictors are, so what is hard in them is dealt with once.
** 4. Newton steps on those, each by a triangle of rows sqrt(w) q. The last is the first
**    that is below 1e-8 standard errors: what it leaves over is the square of that.
** 5. Coefficients that have no end (y is separated) creep: steps keep their size while
**    the gain of each falls by e, and their direction becomes one that separates, which is
**    looked for. In any case steps that gain next to nothing and yet move a row by more than
**    SMALL_MOVE of where it is, are none of a fit that settles: a fit that does gets from
**    there to the end in two. They are stopped while they are still well above the rounding.
*/
#include "scores.h"

#include <float.h>
#include <math.h>

#define MOST_STEPS 100
#define MOST_HALVINGS 50
#define FIRST_STEPS 5               /* before a step is worth a look whether it separates */
#define SETTLED 1e-16               /* squared length of a step in standard errors */
#define NEARLY_SETTLED 1e-8         /* likewise; from here a fit settles within two steps */
#define MOST_CREEPING 4             /* steps in a row that are nearly settled and yet no small moves */
#define SMALL_MOVE 1e-3             /* of a row's eta, beside 1 + |eta| */
#define SLACK 1e-12                 /* by which rounding may raise what is made least */

int at_logistic_open(AtEnv *env, AtLogisticRows *rows, uint32_t n_predictors){
  memset(rows, 0, sizeof *rows);
  if( n_predictors>AT_MAX_PREDICTORS ){
    at_fail(env, AT_INVALID, "there are %u predictors; write at most %d", (unsigned)n_predictors, AT_MAX_PREDICTORS);
  }
  rows->n_predictors = n_predictors;
  return !env->error.code;
}

void at_logistic_free(const AtAlloc *alloc, AtLogisticRows *rows){
  at_free(alloc, rows->x);
  at_free(alloc, rows->y);
  rows->x = NULL;
  rows->y = NULL;
  rows->n = rows->capacity = 0;
}

/* Adds a row: n_predictors numbers, none NaN. */
int at_logistic_add(AtEnv *env, AtLogisticRows *rows, int y, const double *x){
  uint32_t width = rows->n_predictors, j;
  double *place;
  if( env->error.code ) return 0;
  if( rows->n>=rows->capacity ){
    uint32_t capacity = rows->capacity ? rows->capacity*2 : 16;
    if( rows->capacity>=AT_MAX_GROUP ){
      at_fail(env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
      return 0;
    }
    at_grow(env, &rows->y, capacity, sizeof *rows->y);
    at_grow(env, &rows->x, (size_t)capacity*(width ? width : 1), sizeof *rows->x);
    if( env->error.code ) return 0;
    rows->capacity = capacity;
  }
  place = rows->x + (size_t)rows->n*width;
  for(j=0; j<width; j++) place[j] = x[j] + 0.0;        /* no negative zero */
  rows->y[rows->n++] = y!=0;
  return 1;
}

/*********************************** The design *******************************/

static int compare_rows(const void *given, uint32_t a, uint32_t b){
  const AtLogisticRows *rows = given;
  const double *x = rows->x + (size_t)a*rows->n_predictors, *z = rows->x + (size_t)b*rows->n_predictors;
  uint32_t j;
  for(j=0; j<rows->n_predictors; j++) if( x[j]!=z[j] ) return x[j]<z[j] ? -1 : 1;
  return 0;
}

static void design_free(const AtAlloc *alloc, AtDesign *d){
  at_free(alloc, d->cell);
  at_free(alloc, d->hits);
  at_free(alloc, d->misses);
}

static double *row_of(const AtDesign *d, uint32_t i){
  return d->cell + (size_t)i*d->width;
}

/* The different rows in their order; frees those that came. */
static int design_open(AtEnv *env, AtDesign *d, AtLogisticRows *rows){
  uint32_t *order = at_sorted(env, rows->n, compare_rows, rows), i, n = rows->n>0;
  if( order==NULL ) return 0;
  for(i=1; i<rows->n && at_alive(env, 1); i++) n += compare_rows(rows, order[i-1], order[i])!=0;
  d->width = rows->n_predictors+1;
  d->rows = rows->n;
  d->cell = at_alloc(env, (size_t)n*d->width, sizeof *d->cell);
  d->hits = at_alloc(env, n, sizeof *d->hits);
  d->misses = at_alloc(env, n, sizeof *d->misses);
  for(i=0; i<rows->n && at_alive(env, d->width); i++){
    if( i==0 || compare_rows(rows, order[i-1], order[i])!=0 ){
      double *cell = row_of(d, d->n);
      cell[0] = 1;
      memcpy(cell+1, rows->x + (size_t)order[i]*rows->n_predictors, rows->n_predictors*sizeof *cell);
      d->hits[d->n] = d->misses[d->n] = 0;
      d->n++;
    }
    (rows->y[order[i]] ? d->hits : d->misses)[d->n-1] += 1;
  }
  at_free(env->alloc, order);
  at_logistic_free(env->alloc, rows);
  return !env->error.code;
}

/* Centres and scales the columns; the first stays 1. Deviations are taken by the largest
** before they are squared, so that no size of x overflows. */
static int standardise(AtEnv *env, AtDesign *d){
  uint32_t i, j;
  d->largest[0] = d->scale[0] = 1;
  d->centre[0] = 0;
  for(j=1; j<d->width; j++){
    AtSum sum = {0, 0}, squares = {0, 0};
    double widest = 0;
    for(i=0; i<d->n && at_alive(env, 2); i++) at_sum_add(&sum, (d->hits[i]+d->misses[i])*row_of(d, i)[j]);
    if( env->error.code ) return 0;
    d->centre[j] = at_sum_total(&sum)/d->rows;
    d->largest[j] = 0;
    for(i=0; i<d->n; i++){
      double *x = &row_of(d, i)[j];
      d->largest[j] = fmax(d->largest[j], fabs(*x));
      *x -= d->centre[j];
      widest = fmax(widest, fabs(*x));
    }
    for(i=0; i<d->n && at_alive(env, 2); i++){
      double part = row_of(d, i)[j]/widest;
      at_sum_add(&squares, (d->hits[i]+d->misses[i])*part*part);
    }
    d->scale[j] = widest*sqrt(at_sum_total(&squares)/d->rows);
    for(i=0; i<d->n; i++) row_of(d, i)[j] /= d->scale[j];
  }
  return !env->error.code;
}

/************************************ Newton **********************************/

typedef struct Search Search;
struct Search {
  AtDesign d;                       /* its rows are in terms of basis */
  AtTriangle basis;                 /* R of the standardised rows, and of the ridge */
  AtTriangle information;           /* R of sqrt(w) q, at gamma */
  double ridge;
  double gamma[AT_MAX_COLUMNS];     /* R x standardised coefficients */
  double gradient[AT_MAX_COLUMNS], step[AT_MAX_COLUMNS];
  double deviance, penalised;       /* what is made least: deviance + ridge sum(b^2) */
  double noise;                     /* by which the rounding of etas may change it */
};

/* The basis; rows are put in terms of it. p(1-p) <= 1/4, so 4 ridge is to the rows what
** ridge is to the information. */
static int take_basis(AtEnv *env, Search *s){
  AtDesign *d = &s->d;
  uint32_t i, j;
  for(i=0; i<d->n && at_alive(env, d->width); i++) at_triangle_add(&s->basis, row_of(d, i), sqrt(d->hits[i]+d->misses[i]));
  for(j=1; j<d->width && s->ridge>0; j++){
    double row[AT_MAX_COLUMNS] = {0};
    row[j] = 1;
    at_triangle_add(&s->basis, row, 2*sqrt(s->ridge));
  }
  at_triangle_finish(&s->basis);
  if( s->ridge==0 && !at_check_combinations(env, d, &s->basis) ) return 0;
  for(i=0; i<d->n && at_alive(env, d->width); i++) at_triangle_solve_transposed(&s->basis, row_of(d, i));
  return !env->error.code;
}

/* The sum of the parts of a row's eta without their signs: what its rounding goes with. */
static double size_of_parts(const AtDesign *d, uint32_t i, const double *gamma){
  const double *q = row_of(d, i);
  double size = 0;
  uint32_t j;
  for(j=0; j<d->width; j++) size += fabs(q[j]*gamma[j]);
  return size;
}

static double eta_of(const AtDesign *d, uint32_t i, const double *gamma){
  const double *q = row_of(d, i);
  double eta = 0;
  uint32_t j;
  for(j=0; j<d->width; j++) eta += q[j]*gamma[j];
  return eta;
}

/* The ridge's part of what evaluate() finds. */
static void add_ridge(Search *s){
  double b[AT_MAX_COLUMNS], row[AT_MAX_COLUMNS];
  uint32_t width = s->d.width, j;
  memcpy(b, s->gamma, width*sizeof *b);
  at_triangle_solve(&s->basis, width, b);
  b[0] = 0;
  for(j=1; j<width; j++){
    s->penalised += s->ridge*b[j]*b[j];
    memset(row, 0, width*sizeof *row);
    row[j] = 1;
    at_triangle_solve_transposed(&s->basis, row);
    at_triangle_add(&s->information, row, sqrt(s->ridge));
  }
  at_triangle_solve_transposed(&s->basis, b);
  for(j=0; j<width; j++) s->gradient[j] -= s->ridge*b[j];
}

/* Deviance, gradient and information at gamma. Every number has its full precision at any eta: residuals are
** taken from the smaller of p and 1-p, which is never 1 - something near 1. */
static int evaluate(AtEnv *env, Search *s){
  const AtDesign *d = &s->d;
  AtSum deviance = {0, 0}, gradient[AT_MAX_COLUMNS];
  uint32_t i, j;
  memset(gradient, 0, sizeof gradient);
  at_triangle_clear(&s->information);
  s->noise = 0;
  for(i=0; i<d->n && at_alive(env, d->width*4); i++){
    const double *q = row_of(d, i);
    double eta = eta_of(d, i, s->gamma), odds = at_exp(-fabs(eta)), rest = at_log1p(odds);
    double near = 1/(1+odds), far = odds/(1+odds), p = eta>=0 ? near : far, not_p = eta>=0 ? far : near;
    double residual = d->hits[i]*not_p - d->misses[i]*p;
    at_sum_add(&deviance, 2*(d->hits[i]*(fmax(-eta, 0)+rest) + d->misses[i]*(fmax(eta, 0)+rest)));
    s->noise += 8*DBL_EPSILON*(d->hits[i]*not_p + d->misses[i]*p)*size_of_parts(d, i, s->gamma);
    for(j=0; j<d->width; j++) at_sum_add(&gradient[j], residual*q[j]);
    at_triangle_add(&s->information, q, sqrt((d->hits[i]+d->misses[i])*near*far));
  }
  for(j=0; j<d->width; j++) s->gradient[j] = at_sum_total(&gradient[j]);
  s->deviance = s->penalised = at_sum_total(&deviance);
  if( s->ridge>0 ) add_ridge(s);
  at_triangle_finish(&s->information);
  return !env->error.code;
}

/* The Newton step; its squared length in standard errors. */
static double find_step(Search *s){
  double size = 0;
  uint32_t j;
  memcpy(s->step, s->gradient, s->d.width*sizeof *s->step);
  at_triangle_solve_transposed(&s->information, s->step);
  for(j=0; j<s->d.width; j++) size += s->step[j]*s->step[j];
  at_triangle_solve(&s->information, s->d.width, s->step);
  return size;
}

/* Takes the step, or as much of it as does not make things worse. Returns 0 where nothing does. */
static int take_step(AtEnv *env, Search *s){
  double from[AT_MAX_COLUMNS], most = s->penalised*(1+SLACK) + s->noise, part = 1;
  uint32_t j;
  int halving;
  memcpy(from, s->gamma, sizeof from);
  for(halving=0; halving<MOST_HALVINGS; halving++, part /= 2){
    for(j=0; j<s->d.width; j++) s->gamma[j] = from[j] + part*s->step[j];
    if( !evaluate(env, s) ) return 0;
    if( s->penalised<=most ) break;
  }
  return halving<MOST_HALVINGS;
}

/* How far the step moves any row's eta, beside 1 + |eta|. */
static double largest_move(AtEnv *env, const Search *s){
  double most = 0;
  uint32_t i;
  for(i=0; i<s->d.n && at_alive(env, s->d.width); i++){
    double move = fabs(eta_of(&s->d, i, s->step))/(1+fabs(eta_of(&s->d, i, s->gamma)));
    if( !(move<=most) ) most = move;
  }
  return most;
}

/* Newton's method from the fit of the intercept alone. Returns 0 where it does not settle. */
static int search(AtEnv *env, Search *s, AtLogistic *fit){
  double hits = fit->positives, misses = fit->n - hits;
  int creeping = 0;
  memset(s->gamma, 0, sizeof s->gamma);
  s->gamma[0] = at_log(hits/misses)*at_triangle_cell(&s->basis, 0, 0);
  if( !evaluate(env, s) ) return 0;
  for(fit->iterations=1; fit->iterations<=MOST_STEPS; fit->iterations++){
    double size = find_step(s);
    int settled = size<=SETTLED;
    creeping = size<=NEARLY_SETTLED && !(largest_move(env, s)<=SMALL_MOVE) ? creeping+1 : 0;
    if( !isfinite(size) || (settled && creeping) || creeping>MOST_CREEPING ) break;
    if( s->ridge==0 && fit->iterations>FIRST_STEPS && at_is_separating(&s->d, s->step) ) break;
    if( !take_step(env, s) ) break;
    if( settled ) return 1;
  }
  if( !env->error.code ){
    double direction[AT_MAX_COLUMNS];
    memcpy(direction, s->step, sizeof direction);
    at_triangle_solve(&s->basis, s->d.width, direction);
    at_fail_unsettled(env, &s->d, s->step, direction, s->ridge);
  }
  return 0;
}

/************************************ Result **********************************/

/* The standard error of sum(c b), b the standardised coefficients: the length of (R1')^-1 (R0')^-1 c,
** as (R1 R0)'(R1 R0) is the information about b. c is spoilt. */
static double error_of(const Search *s, double *c){
  double squares = 0;
  uint32_t j;
  at_triangle_solve_transposed(&s->basis, c);
  at_triangle_solve_transposed(&s->information, c);
  for(j=0; j<s->d.width; j++) squares += c[j]*c[j];
  return sqrt(squares);
}

/* Back to the columns as given: x = centre + scale * standardised. */
static int take_result(AtEnv *env, const Search *s, AtLogistic *fit){
  const AtDesign *d = &s->d;
  double b[AT_MAX_COLUMNS], back[AT_MAX_COLUMNS], c[AT_MAX_COLUMNS];
  AtSum intercept = {0, 0};
  uint32_t j;
  memcpy(b, s->gamma, d->width*sizeof *b);
  at_triangle_solve(&s->basis, d->width, b);
  for(j=0; j<d->width; j++){
    back[j] = j==0 ? 1 : -d->centre[j]/d->scale[j];
    at_sum_add(&intercept, b[j]*back[j]);
    memset(c, 0, d->width*sizeof *c);
    c[j] = 1;
    fit->estimate[j] = b[j]/d->scale[j];
    fit->std_error[j] = error_of(s, c)/d->scale[j];
  }
  fit->estimate[0] = at_sum_total(&intercept);
  fit->std_error[0] = error_of(s, back);
  fit->deviance = s->deviance;
  for(j=0; j<d->width; j++){
    if( isfinite(fit->estimate[j]) && isfinite(fit->std_error[j]) && fit->std_error[j]>0 ) continue;
    at_fail(env, AT_INVALID, j ? "the coefficient of x%u is beyond the range of numbers; write x%u in another unit"
            : "the intercept is beyond the range of numbers; write predictors in other units", (unsigned)j, (unsigned)j);
  }
  return !env->error.code;
}

static int run(AtEnv *env, Search *s, AtLogisticRows *rows, AtLogistic *fit){
  return design_open(env, &s->d, rows)
      && at_check_columns(env, &s->d)
      && (s->ridge>0 || at_check_separation(env, &s->d))
      && standardise(env, &s->d)
      && at_triangle_open(env, &s->basis, s->d.width)
      && at_triangle_open(env, &s->information, s->d.width)
      && take_basis(env, s)
      && search(env, s, fit)
      && take_result(env, s, fit);
}

/* Fits the rows, which are freed where that saves room: the caller frees them all the same. */
int at_logistic_fit(AtEnv *env, AtLogisticRows *rows, double ridge, AtLogistic *fit){
  Search s;
  uint32_t i;
  int ok;
  memset(fit, 0, sizeof *fit);
  fit->n = rows->n;
  fit->n_predictors = rows->n_predictors;
  fit->ridge = ridge;
  for(i=0; i<rows->n; i++) fit->positives += rows->y[i];
  if( env->error.code || !at_check_rows(env, rows, fit->positives) ) return 0;
  fit->null_deviance = 2*(fit->positives*at_log((double)fit->n/fit->positives)
                        + (fit->n-fit->positives)*at_log((double)fit->n/(fit->n-fit->positives)));
  memset(&s, 0, sizeof s);
  s.ridge = ridge;
  ok = run(env, &s, rows, fit);
  design_free(env->alloc, &s.d);
  at_triangle_free(env->alloc, &s.basis);
  at_triangle_free(env->alloc, &s.information);
  return ok;
}
