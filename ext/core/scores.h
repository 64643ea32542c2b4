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

#endif
