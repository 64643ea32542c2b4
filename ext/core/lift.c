/*
** lift.c: the rates of a treated and of a control group, and the difference between them.
**
** The interval is that of Newcombe (1998), Interval estimation for the difference between
** independent proportions, method 10: the distances from each rate to its Wilson bounds, joined as
** the sides of a right angle. The p-value is that of the z test with the pooled rate, two-sided,
** without continuity correction, which is Pearson's chi-square test of the four counts.
*/
#include "scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SQRT_2 1.4142135623730951

void at_lift_add(AtLift *x, int treated, int converted){
  x->n[treated!=0]++;
  x->converted[treated!=0] += converted!=0;
}

/* P(|Z| >= z) of a standard normal variable. z is taken from the counts, t*n_c - c*n_t, which are
** whole numbers and lose nothing where the rates nearly agree. */
static double p_value(double treated, double n_treated, double control, double n_control){
  double n = n_treated+n_control, converted = treated+control, z;
  if( !(n_treated>0 && n_control>0 && converted>0 && converted<n) ) return NAN;
  z = (treated*n_control - control*n_treated)*sqrt(n/(n_treated*n_control*(converted*(n-converted))));
  return at_erfc(fabs(z)/SQRT_2);
}

/* Not hypot(), which differs between C libraries. */
static double diagonal(double a, double b){ return sqrt(a*a + b*b); }

/* What the counts say; NaN for what they do not, and with a confidence of NaN for the interval. */
void at_lift_figures(const AtLift *x, double confidence, AtLiftFigures *out){
  double low[2], high[2], z;
  int i;
  for(i=0; i<2; i++) out->rate[i] = x->n[i] ? (double)x->converted[i]/(double)x->n[i] : NAN;
  out->lift = out->rate[AT_TREATED]-out->rate[AT_CONTROL];
  out->relative = out->rate[AT_CONTROL]>0 ? out->rate[AT_TREATED]/out->rate[AT_CONTROL]-1 : NAN;
  out->p_value = p_value((double)x->converted[AT_TREATED], (double)x->n[AT_TREATED],
                         (double)x->converted[AT_CONTROL], (double)x->n[AT_CONTROL]);
  out->low = out->high = NAN;
  if( isnan(out->lift) || isnan(confidence) ) return;
  z = at_normal_quantile(confidence);
  for(i=0; i<2; i++) at_wilson((double)x->converted[i], (double)x->n[i], z, &low[i], &high[i]);
  out->low = out->lift - diagonal(out->rate[AT_TREATED]-low[AT_TREATED], high[AT_CONTROL]-out->rate[AT_CONTROL]);
  out->high = out->lift + diagonal(high[AT_TREATED]-out->rate[AT_TREATED], out->rate[AT_CONTROL]-low[AT_CONTROL]);
}

static void add_name(AtEnv *env, AtText *json, const char *name){
  at_text_add(env, json, json->n ? "," : "{", 1);
  at_text_json(env, json, name, strlen(name));
  at_text_add(env, json, ":", 1);
}

static void add_count(AtEnv *env, AtText *json, const char *name, uint64_t count){
  char digits[32];
  add_name(env, json, name);
  at_text_add(env, json, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)count));
}

static void add_figure(AtEnv *env, AtText *json, const char *name, double figure){
  char digits[32];
  add_name(env, json, name);
  if( isnan(figure) ) at_text_add(env, json, "null", 4);
  else at_text_add(env, json, digits, (size_t)at_number_format(figure, digits));
}

/* Counts and figures as a JSON object, into a text that is empty. */
int at_lift_json(AtEnv *env, const AtLift *x, double confidence, AtText *json){
  AtLiftFigures f;
  at_lift_figures(x, confidence, &f);
  add_count(env, json, "treated", x->n[AT_TREATED]);
  add_count(env, json, "treated_converted", x->converted[AT_TREATED]);
  add_figure(env, json, "treated_rate", f.rate[AT_TREATED]);
  add_count(env, json, "control", x->n[AT_CONTROL]);
  add_count(env, json, "control_converted", x->converted[AT_CONTROL]);
  add_figure(env, json, "control_rate", f.rate[AT_CONTROL]);
  add_figure(env, json, "lift", f.lift);
  add_figure(env, json, "low", f.low);
  add_figure(env, json, "high", f.high);
  add_figure(env, json, "relative", f.relative);
  add_figure(env, json, "p_value", f.p_value);
  at_text_add(env, json, "}", 1);
  return !env->error.code;
}
