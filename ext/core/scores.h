/*
** scores.h: core.h continued, for scores of people and accounts, what they are worth, and the
** keys that match them: the interface of each of its files, cut by banners. The conventions are
** those of core.h.
*/
#ifndef ATTRIBUTION_SCORES_H
#define ATTRIBUTION_SCORES_H

#include "core.h"

/************************ Interface to code in reals.c ************************
** A growing list of numbers, to be put in order.
*/
typedef struct AtReals AtReals;
struct AtReals {
  uint64_t *keys;                   /* whose order is that of the numbers; 0 and -0 are one */
  uint32_t n, capacity;
};
int at_reals_add(AtEnv *env, AtReals *r, double number);
int at_reals_sort(AtEnv *env, AtReals *r);
double at_reals_at(const AtReals *r, uint32_t i);
void at_reals_free(const AtAlloc *alloc, AtReals *r);

/************************ Interface to code in engagement.c *******************
** Points that fade, added up.
*/
typedef struct AtEngagement AtEngagement;
struct AtEngagement {
  int64_t as_of, half_life;         /* microseconds; half_life above 0 */
  AtReals faded;                    /* points as they are worth at as_of */
};
int at_engagement_add(AtEnv *env, AtEngagement *e, double points, int64_t time);
double at_engagement_score(AtEnv *env, AtEngagement *e);
void at_engagement_free(const AtAlloc *alloc, AtEngagement *e);

/************************ Interface to code in lift.c *************************
** Two rates and the difference between them.
*/
enum { AT_CONTROL = 0, AT_TREATED = 1 };
typedef struct AtLift AtLift;       /* by AT_CONTROL, AT_TREATED */
struct AtLift { uint64_t n[2], converted[2]; };
typedef struct AtLiftFigures AtLiftFigures;
struct AtLiftFigures { double rate[2], lift, low, high, relative, p_value; }; /* NaN = none */
void at_lift_add(AtLift *x, int treated, int converted);
void at_lift_figures(const AtLift *x, double confidence, AtLiftFigures *out);
int at_lift_json(AtEnv *env, const AtLift *x, double confidence, AtText *json);

/************************ Interface to code in auc.c **************************
** How well a score tells rows that converted from those that did not.
*/
typedef struct AtAuc AtAuc;
struct AtAuc { AtReals converted, others; };
int at_auc_add(AtEnv *env, AtAuc *a, double score, int converted);
double at_auc(AtEnv *env, AtAuc *a);
void at_auc_free(const AtAlloc *alloc, AtAuc *a);

/************************ Interface to code in triangle.c *********************
** The triangle R of a QR factorisation, row by row.
*/
#define AT_MAX_PREDICTORS 100
#define AT_MAX_COLUMNS (AT_MAX_PREDICTORS+1)
#define AT_TRIANGLE_ROWS 64         /* that are folded in at a time; a multiple of 4 */
typedef struct AtTriangle AtTriangle;
struct AtTriangle {
  uint32_t n;                       /* columns */
  uint32_t waiting;                 /* rows that are not folded in yet */
  uint32_t stride;                  /* doubles of a column */
  double *cell;                     /* by column: n of R, then AT_TRIANGLE_ROWS that wait */
};
int at_triangle_open(AtEnv *env, AtTriangle *t, uint32_t n);
void at_triangle_clear(AtTriangle *t);
void at_triangle_add(AtTriangle *t, const double *row, double factor);
void at_triangle_finish(AtTriangle *t);
double at_triangle_cell(const AtTriangle *t, uint32_t row, uint32_t column);
void at_triangle_solve(const AtTriangle *t, uint32_t n, double *x);
void at_triangle_solve_transposed(const AtTriangle *t, double *x);
void at_triangle_free(const AtAlloc *alloc, AtTriangle *t);

/************************ Interface to code in logistic.c *********************
** Logistic regression: rows in, coefficients and their errors out.
*/
typedef struct AtLogisticRows AtLogisticRows;
struct AtLogisticRows {
  uint32_t n, capacity;
  uint32_t n_predictors;
  double *x;                        /* n_predictors for each row */
  uint8_t *y;
};
typedef struct AtLogistic AtLogistic;
struct AtLogistic {
  uint32_t n_predictors;
  uint32_t n, positives;            /* rows, those with y */
  int iterations;
  double ridge, deviance, null_deviance;
  double estimate[AT_MAX_COLUMNS], std_error[AT_MAX_COLUMNS]; /* intercept first */
};
int at_logistic_open(AtEnv *env, AtLogisticRows *rows, uint32_t n_predictors);
int at_logistic_add(AtEnv *env, AtLogisticRows *rows, int y, const double *x);
int at_logistic_fit(AtEnv *env, AtLogisticRows *rows, double ridge, AtLogistic *fit);
void at_logistic_free(const AtAlloc *alloc, AtLogisticRows *rows);

/************************ Interface to code in logistic_check.c ***************
** What no coefficients can be found for, told before and after looking for them.
*/
/* Different rows, sorted, and how often each occurs. */
typedef struct AtDesign AtDesign;
struct AtDesign {
  uint32_t n;                       /* different rows */
  uint32_t width;                   /* columns: the constant 1, then the predictors */
  double *cell;                     /* width for each row */
  double *hits, *misses;            /* how often with y, without */
  double rows;                      /* sum of both */
  double largest[AT_MAX_COLUMNS];   /* size of a number in the column as given */
  double centre[AT_MAX_COLUMNS], scale[AT_MAX_COLUMNS]; /* that columns are standardised by */
};
int at_check_rows(AtEnv *env, const AtLogisticRows *rows, uint32_t positives);
int at_check_columns(AtEnv *env, const AtDesign *d);
int at_check_separation(AtEnv *env, const AtDesign *d);
int at_check_combinations(AtEnv *env, const AtDesign *d, const AtTriangle *basis);
int at_is_separating(const AtDesign *d, const double *step);
void at_fail_unsettled(AtEnv *env, const AtDesign *d, const double *step, const double *direction, double ridge);

/************************ Interface to code in logistic_model.c ***************
** Options in, a model as JSON out and in, and what it predicts.
*/
typedef struct AtLogisticModel AtLogisticModel;
struct AtLogisticModel {
  double intercept;
  uint32_t n;
  double *coefficient;
};
int at_logistic_options(AtEnv *env, const char *text, size_t n, double *ridge);
int at_logistic_is_options(const AtCell *cell);
int at_logistic_json(AtEnv *env, const AtLogistic *fit, AtText *json);
int at_logistic_model_parse(AtEnv *env, AtLogisticModel *model, const char *text, size_t n);
double at_logistic_predict(const AtLogisticModel *model, const double *x);
void at_logistic_model_free(const AtAlloc *alloc, AtLogisticModel *model);

/************************ Interface to code in domain.c ***********************
** The domain of an e-mail address or of a web address.
*/
#define AT_MAX_DOMAIN 253           /* bytes */
size_t at_email_domain(const char *text, size_t n, char out[AT_MAX_DOMAIN]);
size_t at_web_domain(const char *text, size_t n, char out[AT_MAX_DOMAIN]);

#endif
