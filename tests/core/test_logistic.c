/*
** test_logistic.c: fits that are known in closed form, what every fit must satisfy, and data that have none.
**
** The equations: a row of y 0 or 1 and x1, x2, … ; a table of counts is rows many times.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

enum { MOST = 8 };
typedef struct Data Data;
struct Data {
  uint32_t n, width;                /* rows, predictors */
  double x[4000][MOST];
  int y[4000];
};

static void put(Data *d, int times, int y, double x1, double x2){
  while( times-->0 ){
    d->x[d->n][0] = x1;
    d->x[d->n][1] = x2;
    d->y[d->n++] = y;
  }
}

/* The fit; what fails stays in env. */
static AtLogistic fit_in(AtEnv *env, const Data *d, double ridge){
  AtLogisticRows rows;
  AtLogistic fit;
  uint32_t i;
  at_logistic_open(env, &rows, d->width);
  for(i=0; i<d->n; i++) at_logistic_add(env, &rows, d->y[i], d->x[i]);
  at_logistic_fit(env, &rows, ridge, &fit);
  at_logistic_free(env->alloc, &rows);
  return fit;
}

static AtLogistic fit_of(void **state, const Data *d, double ridge){
  AtEnv env = heap_env(*state);
  AtLogistic fit = fit_in(&env, d, ridge);
  assert_ok(&env);
  assert_int_equal(fit.n, d->n);
  return fit;
}

static void assert_refused(void **state, const Data *d, double ridge, const char *words){
  AtEnv env = heap_env(*state);
  fit_in(&env, d, ridge);
  assert_error(&env, AT_INVALID, words);
}

static double probability(const AtLogistic *fit, const double *x){
  double eta = fit->estimate[0];
  uint32_t j;
  for(j=0; j<fit->n_predictors; j++) eta += fit->estimate[j+1]*x[j];
  return 1/(1+exp(-eta));
}

static void assert_alike(double found, double wanted, double relative){
  if( !(fabs(found-wanted)<=relative*fabs(wanted)) ) fail_msg("%.17g instead of %.17g", found, wanted);
}

/********************************** By hand ***********************************/

/* a b / c d: with and without y, where x is 1 and where it is 0. The coefficient is log(ad/bc), its variance 1/a + 1/b + 1/c + 1/d;
** the intercept log(c/d), its variance 1/c + 1/d; each cell of the deviance is the log of its own rate. */
static void test_two_by_two(void **state){
  static const int tables[][4] = {{10, 20, 5, 40}, {1, 1, 1, 2}, {3, 1, 500, 200}, {1, 999, 2, 998}, {7, 7, 7, 7}};
  size_t i;
  for(i=0; i<COUNT(tables); i++){
    int a = tables[i][0], b = tables[i][1], c = tables[i][2], d = tables[i][3];
    Data data = {0, 1, {{0}}, {0}};
    AtLogistic fit;
    double deviance;
    put(&data, a, 1, 1, 0);
    put(&data, d, 0, 0, 0);
    put(&data, b, 0, 1, 0);
    put(&data, c, 1, 0, 0);
    fit = fit_of(state, &data, 0);
    assert_close(fit.estimate[1], log((double)a*d/((double)b*c)), 1e-13);
    assert_alike(fit.estimate[0], log((double)c/d), 1e-13);
    assert_alike(fit.std_error[1], sqrt(1.0/a+1.0/b+1.0/c+1.0/d), 1e-13);
    assert_alike(fit.std_error[0], sqrt(1.0/c+1.0/d), 1e-13);
    deviance = -2*(a*log((double)a/(a+b)) + b*log((double)b/(a+b)) + c*log((double)c/(c+d)) + d*log((double)d/(c+d)));
    assert_alike(fit.deviance, deviance, 1e-13);
    assert_int_equal(fit.positives, a+c);
    if( i==4 ) assert_true(fit.iterations==1);       /* the intercept is all there is */
  }
}

/* log(p/q), variance 1/p + 1/q; both deviances are of that rate. */
static void test_intercept_alone(void **state){
  Data data = {0, 0, {{0}}, {0}};
  AtLogistic fit;
  put(&data, 30, 1, 0, 0);
  put(&data, 70, 0, 0, 0);
  fit = fit_of(state, &data, 0);
  assert_alike(fit.estimate[0], log(3.0/7), 1e-14);
  assert_alike(fit.std_error[0], sqrt(1.0/30+1.0/70), 1e-14);
  assert_alike(fit.deviance, -2*(30*log(0.3)+70*log(0.7)), 1e-14);
  assert_alike(fit.null_deviance, fit.deviance, 1e-14);
  assert_alike(fit_of(state, &data, 5).std_error[0], fit.std_error[0], 1e-14); /* a ridge does not hold it back */
}

/* Three groups by two flags: each has its own log odds. */
static void test_three_groups(void **state){
  Data data = {0, 2, {{0}}, {0}};
  AtLogistic fit;
  put(&data, 4, 1, 0, 0); put(&data, 16, 0, 0, 0);
  put(&data, 9, 1, 1, 0); put(&data, 3, 0, 1, 0);
  put(&data, 2, 1, 0, 1); put(&data, 11, 0, 0, 1);
  fit = fit_of(state, &data, 0);
  assert_alike(fit.estimate[0], log(4.0/16), 1e-13);
  assert_alike(fit.estimate[1], log(9.0/3)-log(4.0/16), 1e-13);
  assert_alike(fit.estimate[2], log(2.0/11)-log(4.0/16), 1e-13);
  assert_alike(fit.std_error[1], sqrt(1.0/9+1.0/3+1.0/4+1.0/16), 1e-13);
  assert_alike(fit.std_error[2], sqrt(1.0/2+1.0/11+1.0/4+1.0/16), 1e-13);
}

/* x = -1 and 1, m rows each, k of them with y at 1 and m-k at -1: the intercept is 0, and b solves
** 2(k - m p) = ridge b, p = 1/(1+exp(-b)); H is 2 m p (1-p) for the intercept, that and the ridge for b. */
static void test_ridge_by_hand(void **state){
  static const double ridges[] = {1e-6, 0.5, 1, 30, 1e6};
  size_t i;
  for(i=0; i<COUNT(ridges); i++){
    Data data = {0, 1, {{0}}, {0}};
    AtLogistic fit;
    double b, p;
    put(&data, 9, 1, 1, 0); put(&data, 3, 0, 1, 0);
    put(&data, 3, 1, -1, 0); put(&data, 9, 0, -1, 0);
    fit = fit_of(state, &data, ridges[i]);
    b = fit.estimate[1];
    p = 1/(1+exp(-b));
    assert_close(fit.estimate[0], 0, 1e-14);
    assert_close(2*(9-12*p), ridges[i]*b, 1e-12);
    assert_alike(fit.std_error[0], 1/sqrt(24*p*(1-p)), 1e-13);
    assert_alike(fit.std_error[1], 1/sqrt(24*p*(1-p)+ridges[i]), 1e-13);
    assert_alike(fit.deviance, -2*(18*log(p)+6*log(1-p)), 1e-12);
  }
}

/********************************* Any data ***********************************/

static void random_data(Random *r, Data *d, uint32_t n, uint32_t width){
  uint32_t i, j;
  d->n = n;
  d->width = width;
  for(i=0; i<n; i++){
    double eta = -0.5;
    for(j=0; j<width; j++){
      d->x[i][j] = j%3==2 ? random_below(r, 2) : random_unit(r)*4-2;
      eta += d->x[i][j]*(j%2 ? -0.7 : 0.6);
    }
    d->y[i] = random_unit(r)<1/(1+exp(-eta));
  }
}

/* The equations of a fit, sum(x (y - p)) = 0, and the deviance of its probabilities. */
static void test_equations(void **state){
  static Data d;
  Random r = {4};
  uint32_t t, i, j;
  for(t=0; t<60; t++){
    AtLogistic fit;
    double deviance = 0;
    random_data(&r, &d, 200+t*20, t%MOST);
    fit = fit_of(state, &d, 0);
    for(j=0; j<=d.width; j++){
      double sum = 0;
      for(i=0; i<d.n; i++) sum += (j ? d.x[i][j-1] : 1)*(d.y[i]-probability(&fit, d.x[i]));
      assert_close(sum, 0, 1e-10);
    }
    for(i=0; i<d.n; i++) deviance -= 2*log(d.y[i] ? probability(&fit, d.x[i]) : 1-probability(&fit, d.x[i]));
    assert_alike(fit.deviance, deviance, 1e-12);
    assert_true(fit.deviance<=fit.null_deviance*(1+1e-12));
  }
}

static void shuffle(Random *r, Data *d){
  uint32_t i, j;
  for(i=d->n; i>1; i--){
    uint32_t k = random_below(r, i);
    int y = d->y[i-1];
    d->y[i-1] = d->y[k];
    d->y[k] = y;
    for(j=0; j<MOST; j++){
      double x = d->x[i-1][j];
      d->x[i-1][j] = d->x[k][j];
      d->x[k][j] = x;
    }
  }
}

static void test_order_of_rows(void **state){
  static Data d;
  Random r = {5};
  int t, s;
  for(t=0; t<20; t++){
    AtLogistic fit, other;
    random_data(&r, &d, 300, 1+(uint32_t)t%MOST);
    d.x[7][0] = 0.0;
    d.x[8][0] = -0.0;
    fit = fit_of(state, &d, t%2);
    for(s=0; s<5; s++){
      shuffle(&r, &d);
      other = fit_of(state, &d, t%2);
      assert_memory_equal(&fit, &other, sizeof fit);
    }
  }
}

/* A unit that is a power of two changes nothing but the coefficient, to the last bit; an offset the intercept. */
static void test_units_and_offsets(void **state){
  static Data d, moved;
  Random r = {6};
  int t;
  uint32_t i, j;
  for(t=0; t<20; t++){
    AtLogistic fit, other;
    random_data(&r, &d, 300, 3);
    for(i=0; i<d.n; i++) d.x[i][0] = floor(d.x[i][0]*1000);
    fit = fit_of(state, &d, t%2);
    moved = d;
    for(i=0; i<d.n; i++) for(j=0; j<3; j++) moved.x[i][j] = ldexp(d.x[i][j], (int)j*40-40);
    other = fit_of(state, &moved, t%2);
    for(j=0; j<3; j++){
      assert_true(other.estimate[j+1]==ldexp(fit.estimate[j+1], 40-(int)j*40));
      assert_true(other.std_error[j+1]==ldexp(fit.std_error[j+1], 40-(int)j*40));
    }
    assert_true(other.estimate[0]==fit.estimate[0] && other.deviance==fit.deviance);
    moved = d;
    for(i=0; i<d.n; i++) moved.x[i][0] += 1.7e9;
    other = fit_of(state, &moved, t%2);
    for(j=1; j<=3; j++){
      assert_alike(other.estimate[j], fit.estimate[j], 1e-11);
      assert_alike(other.std_error[j], fit.std_error[j], 1e-11);
    }
    assert_alike(other.estimate[0], fit.estimate[0]-1.7e9*fit.estimate[1], 1e-10);
    assert_alike(other.deviance, fit.deviance, 1e-12);
  }
}

static void test_numbers_of_any_size(void **state){
  static const double sizes[] = {1e290, 1e200, 1e-200, 1e-290};
  size_t i;
  for(i=0; i<COUNT(sizes); i++){
    Data data = {0, 1, {{0}}, {0}};
    AtLogistic fit;
    put(&data, 9, 1, sizes[i], 0); put(&data, 3, 0, sizes[i], 0);
    put(&data, 3, 1, -sizes[i], 0); put(&data, 9, 0, -sizes[i], 0);
    fit = fit_of(state, &data, 0);
    assert_alike(fit.estimate[1]*sizes[i], log(3), 1e-13);
    assert_close(fit.estimate[0], 0, 1e-13);
  }
  {
    Data data = {0, 1, {{0}}, {0}};
    put(&data, 9, 1, 1e-310, 0); put(&data, 3, 0, 1e-310, 0);
    put(&data, 3, 1, 0, 0); put(&data, 9, 0, 0, 0);
    assert_refused(state, &data, 0, "the coefficient of x1 is beyond|write x1 in another unit");
  }
}

/******************************* No fit at all ********************************/

static void test_separation_by_one(void **state){
  Data d = {0, 2, {{0}}, {0}};
  put(&d, 4, 0, 1, 3); put(&d, 3, 0, 2, 1); put(&d, 1, 1, 3, 2); put(&d, 5, 1, 4, 1);
  assert_refused(state, &d, 0, "x1 separates y|at most 2.0 in every row where y is false|at least 3.0 where it is true|no end|'ridge=1'");
  put(&d, 1, 0, 3, 2);                               /* they touch, and still do not overlap */
  assert_refused(state, &d, 0, "x1 separates y|at most 3.0 in every row where y is false|at least 3.0");
  put(&d, 1, 0, 3.5, 2);
  fit_of(state, &d, 0);
  d.n = 0;
  put(&d, 4, 1, 1, 3); put(&d, 3, 1, 1, 1); put(&d, 6, 0, 0, 1); put(&d, 6, 1, 0, 2);
  assert_refused(state, &d, 0, "x1 separates y|at most 0.0 in every row where y is false|at least 0.0 where it is true");
}

static void test_separation_downwards(void **state){
  Data d = {0, 2, {{0}}, {0}};
  put(&d, 4, 1, 1, 3); put(&d, 3, 1, 2, 1); put(&d, 1, 0, 3, 2); put(&d, 5, 0, 4, 1);
  assert_refused(state, &d, 0, "x1 separates y|at most 2.0 in every row where y is true|at least 3.0 where it is false");
}

/* Neither x separates, x1 + x2 does: completely, or but for rows at the border, which may be of both kinds. */
static void test_separation_together(void **state){
  static Data d;
  int kind, i, j;
  for(kind=0; kind<3; kind++){
    d.n = 0;
    d.width = 2;
    for(i=0; i<7; i++) for(j=0; j<7; j++){
      if( i+j!=6 ) put(&d, 1, i+j>6, i, j);
      else if( kind>0 ) put(&d, 1+(i==2), 1, i, j);
      if( i+j==6 && kind>1 ) put(&d, 1+(j==1), 0, i, j);
    }
    assert_refused(state, &d, 0, "predictors separate y together|x1 and x2|no end|'ridge=1'");
    assert_true(fit_of(state, &d, 1).deviance>0);
    put(&d, 1, 0, 4, 4);
    put(&d, 1, 1, 2, 2);
    fit_of(state, &d, 0);                            /* one row on the wrong side each is enough */
  }
}

/* A third predictor has no part in it, and is not named. */
static void test_who_separates(void **state){
  static Data d;
  Random r = {7};
  uint32_t i;
  d.n = 0;
  d.width = 3;
  for(i=0; i<400; i++){
    double x1 = random_below(&r, 5), x2 = random_below(&r, 5);
    put(&d, 1, x1+x2>4 || (x1+x2==4 && random_below(&r, 2)), x1, x2);
    d.x[i][2] = random_unit(&r);
  }
  assert_refused(state, &d, 0, "predictors separate y together (got x1 and x2),");
}

/* Effects that leave no row in doubt but a few, and events that are rare, have a fit. */
static void test_no_false_alarm(void **state){
  static Data d;
  AtLogistic fit;
  uint32_t i;
  d.n = 0;
  d.width = 1;
  for(i=0; i<2000; i++) put(&d, 1, i>1000, i, 0);
  d.y[999] = 1;
  d.y[1003] = 0;
  fit = fit_of(state, &d, 0);
  assert_true(fit.estimate[1]>0.5 && fit.iterations<60);
  assert_true(probability(&fit, d.x[0])<1e-100);
  d.n = 0;
  for(i=0; i<3999; i++) put(&d, 1, i==5 || i==700 || i==3000, i%97, 0);
  fit = fit_of(state, &d, 0);
  assert_true(fit.positives==3 && fit.estimate[0]<-4);
  d.n = 0;                                           /* a rate of one in a thousand against one of 999 */
  put(&d, 999, 1, 1, 0); put(&d, 1, 0, 1, 0); put(&d, 1, 1, 0, 0); put(&d, 999, 0, 0, 0);
  assert_alike(fit_of(state, &d, 0).estimate[1], 2*log(999), 1e-12);
}

/* 20 rows within 1e4 of a border decide; others, up to 1e9 away, are certain and change nothing. */
static void test_a_narrow_border(void **state){
  static Data d;
  AtLogistic fit, same;
  uint32_t i;
  d.n = 0;
  d.width = 1;
  for(i=1; i<=10; i++){
    put(&d, 1, i%3==0, -1000.0*i, 0);
    put(&d, 1, i%3!=0, 1000.0*i, 0);
  }
  same = fit_of(state, &d, 0);
  for(i=0; i<20; i++) put(&d, 1, i%2, i%2 ? 1e9+1e7*i : -1e9-1e7*i, 0);
  fit = fit_of(state, &d, 0);
  assert_alike(fit.estimate[1], same.estimate[1], 1e-8);
  assert_alike(fit.std_error[1], same.std_error[1], 1e-8);
  assert_alike(fit.std_error[0], same.std_error[0], 1e-8);
  assert_alike(fit.deviance, same.deviance, 1e-8);
}

/* x1 tells the rows apart but for those at 0, and one at -1 that its x2 of 81 makes certain: only where that row is in doubt does
** the coefficient of x1 end, and then all others are far beyond what doubles can tell from certain. */
static void test_nearly_separated(void **state){
  static const double rows[][3] = {
    {0, -98, 73}, {0, -91, -19}, {0, -58, 79}, {0, -48, -8}, {0, -44, 210}, {0, -15, -12}, {0, -3, 13}, {1, -1, 81}, {0, 0, -3}, {0, 0, 0},
    {1, 0, -1}, {1, 0, 0}, {1, 0, 67}, {1, 1, 43}, {1, 4, 2}, {1, 18, -100}, {1, 32, 0}, {1, 71, 77}, {1, 97, 0},
  };
  static Data d;
  size_t i;
  d.n = 0;
  d.width = 2;
  for(i=0; i<COUNT(rows); i++) put(&d, 1, rows[i][0]>0, rows[i][1], rows[i][2]);
  assert_refused(state, &d, 0, "do not settle|nearly separate y|'ridge=1'");
  fit_of(state, &d, 1);
}

static void test_constants(void **state){
  Data d = {0, 2, {{0}}, {0}};
  put(&d, 5, 1, 1, 7); put(&d, 5, 0, 1, 7); put(&d, 5, 1, 2, 7); put(&d, 5, 0, 3, 7);
  assert_refused(state, &d, 0, "x2 is constant|got 7.0|leave it out");
  assert_refused(state, &d, 1, "x2 is constant");
  d.x[3][1] = 7*(1+4e-16);                           /* but for rounding */
  assert_refused(state, &d, 0, "x2 is constant");
  d.x[3][1] = 7*(1+1e-12);
  d.x[8][1] = 7*(1+2e-12);
  fit_of(state, &d, 0);
}

/* x2 = a x1 + b: refused at any size and offset, fitted where a part of 1e-8 is its own. */
static void test_combinations(void **state){
  static const double offsets[] = {0, 1, -1.7e9}, units[] = {1e-6, 1, 3, 1e9};
  static Data d;
  Random r = {8};
  size_t o, u;
  uint32_t i;
  for(o=0; o<COUNT(offsets); o++) for(u=0; u<COUNT(units); u++){
    random_data(&r, &d, 300, 3);
    for(i=0; i<d.n; i++) d.x[i][1] = (d.x[i][0]+offsets[o])*units[u];
    assert_refused(state, &d, 0, "x2 is a combination of other predictors|got x1|leave one of them out|'ridge=1'");
    fit_of(state, &d, 1);
    for(i=0; i<d.n; i++) d.x[i][1] = d.x[i][2]*units[u];
    for(i=0; i<d.n; i++) d.x[i][2] = d.x[i][0]*2 - d.x[i][1]/units[u]*5 + offsets[o];
    assert_refused(state, &d, 0, "x3 is a combination of other predictors (got x1 and x2);");
    for(i=0; i<d.n; i++) d.x[i][2] = d.x[i][0] + (offsets[o]<-1 ? 1e-5 : 1e-8)*random_unit(&r);
    fit_of(state, &d, 0);
  }
}

/* x2 = x1 + a part of 1e-8 of it: the part's coefficient and error are those of a fit on x1 and the part. */
static void test_columns_that_are_nearly_alike(void **state){
  static Data d;
  Random r = {12};
  AtLogistic alike, apart;
  uint32_t i;
  random_data(&r, &d, 300, 2);
  for(i=0; i<d.n; i++) d.x[i][1] = d.x[i][0] + 1e-8*random_unit(&r);
  alike = fit_of(state, &d, 0);
  for(i=0; i<d.n; i++) d.x[i][1] -= d.x[i][0];       /* exactly */
  apart = fit_of(state, &d, 0);
  assert_alike(alike.estimate[2], apart.estimate[2], 1e-6);
  assert_alike(alike.std_error[2], apart.std_error[2], 1e-6);
  assert_alike(alike.estimate[1]+alike.estimate[2], apart.estimate[1], 1e-5);
  assert_alike(alike.estimate[0], apart.estimate[0], 1e-6);
  assert_alike(alike.deviance, apart.deviance, 1e-7);
}

static void test_few_rows(void **state){
  Data d = {0, 2, {{0}}, {0}};
  AtEnv env = heap_env(*state);
  AtLogisticRows rows;
  put(&d, 1, 1, 1, 7);
  assert_refused(state, &d, 0, "y is true in every row|got 1 rows|some rows only");
  put(&d, 2, 1, 2, 7);
  assert_refused(state, &d, 1, "y is true in every row|got 3 rows");
  d.y[0] = d.y[1] = d.y[2] = 0;
  assert_refused(state, &d, 0, "y is false in every row|got 3 rows");
  d.y[0] = 1;
  assert_refused(state, &d, 0, "too few rows|got 3 for 3 coefficients|at least 4|fewer predictors");
  assert_false(at_logistic_open(&env, &rows, AT_MAX_PREDICTORS+1));
  assert_error(&env, AT_INVALID, "101 predictors|at most 100");
}

/* As many predictors as may be. */
static void test_a_hundred_predictors(void **state){
  AtEnv env = heap_env(*state);
  AtLogisticRows rows;
  AtLogistic fit;
  Random r = {9};
  uint32_t i, j;
  double x[AT_MAX_PREDICTORS];
  assert_true(at_logistic_open(&env, &rows, AT_MAX_PREDICTORS));
  for(i=0; i<3000; i++){
    for(j=0; j<AT_MAX_PREDICTORS; j++) x[j] = random_unit(&r);
    at_logistic_add(&env, &rows, random_unit(&r)<x[0], x);
  }
  assert_true(at_logistic_fit(&env, &rows, 0, &fit));
  assert_true(fit.estimate[1]>1 && fit.std_error[100]<1);
  at_logistic_free(env.alloc, &rows);
}

/* Equal columns share a ridge's coefficient; a stronger one holds back more. */
static void test_ridge(void **state){
  static Data d;
  Random r = {10};
  AtLogistic one, two;
  uint32_t i;
  double ridge, last = INFINITY;
  random_data(&r, &d, 300, 2);
  for(i=0; i<d.n; i++) d.x[i][1] = d.x[i][0];
  two = fit_of(state, &d, 2);
  d.width = 1;
  one = fit_of(state, &d, 1);
  assert_alike(two.estimate[1], two.estimate[2], 1e-10);
  assert_alike(two.estimate[1]+two.estimate[2], one.estimate[1], 1e-10);
  for(ridge=1e-6; ridge<1e9; ridge*=10){
    one = fit_of(state, &d, ridge);
    assert_true(one.estimate[1]>0 && one.estimate[1]<last && one.deviance<one.null_deviance);
    last = one.estimate[1];
  }
}

/*********************************** Failures *********************************/

static void fit_given(AtEnv *env, void *given){
  Data *d = given;
  fit_in(env, d, d->width==3 ? 0 : 0.1);
}

static void test_failures(void **state){
  static Data d;
  Random r = {11};
  random_data(&r, &d, 100, 3);
  check_failures(*state, fit_given, &d, 12);
  check_stops(*state, fit_given, &d, 100);
  random_data(&r, &d, 40, 2);
  check_failures(*state, fit_given, &d, 10);
}

/* A ridge too small to hold what is separated back before numbers end, and numbers of all sizes in one column. */
static void test_no_rest(void **state){
  static const double x[] = {1.8e-149, 2e83, -1.4e108, -1.2e-131, 1.4e-142, 0, 1.4e128, 1.3e-16, 0, -1.1e126, 1.4e-58, -9e-30, 1.3e-121};
  static const int y[] = {0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0};
  static Data d;
  size_t i;
  d.n = 0;
  d.width = 2;
  put(&d, 1, 0, 140, 10);
  put(&d, 1, 0, -11, -1200);
  put(&d, 1, 1, -1400, -18);
  put(&d, 1, 0, 12, -60);
  put(&d, 1, 1, -500, 1700);
  put(&d, 1, 0, 8, -900);
  assert_refused(state, &d, 1e-160, "do not settle (got ridge=1e-160); write a larger ridge");
  fit_of(state, &d, 1e-3);
  d.n = 0;
  d.width = 1;
  for(i=0; i<COUNT(x); i++) put(&d, 1, y[i], x[i], 0);
  assert_refused(state, &d, 0, "do not settle|nearly separate y");
}

/* Ten predictors that separate together: eight are named. */
static void test_many_that_separate(void **state){
  AtEnv env = heap_env(*state);
  AtLogisticRows rows;
  AtLogistic fit;
  Random r = {12};
  uint32_t i, j;
  at_logistic_open(&env, &rows, 10);
  for(i=0; i<200; i++){
    double x[10], sum = 0;
    for(j=0; j<10; j++) sum += x[j] = (double)random_between(&r, -9, 9);
    at_logistic_add(&env, &rows, sum>0, x);
  }
  assert_false(at_logistic_fit(&env, &rows, 0, &fit));
  assert_error(&env, AT_INVALID, "predictors separate y together|(got x1, x2, x3, x4, x5, x6, x7, x8 and 2 others)");
  at_logistic_free(env.alloc, &rows);
}

/* Rare on the whole and frequent where x is 1: from the fit of the intercept alone the first step leads far beyond the mark, and is taken in part. */
static void test_a_step_too_far(void **state){
  static const int known[][4] = {{5, 5, 1, 1000}, {2, 1, 1, 3000}, {30, 10, 2, 2500}};
  static Data d;
  size_t i;
  d.width = 1;
  for(i=0; i<COUNT(known); i++){
    const int *k = known[i];
    AtLogistic fit;
    d.n = 0;
    put(&d, k[0], 1, 1, 0);
    put(&d, k[1], 0, 1, 0);
    put(&d, k[2], 1, 0, 0);
    put(&d, k[3], 0, 0, 0);
    fit = fit_of(state, &d, 0);
    assert_alike(fit.estimate[1], log((double)k[0]*k[3]/((double)k[1]*k[2])), 1e-12);
    assert_alike(fit.estimate[0], log((double)k[2]/k[3]), 1e-12);
    assert_alike(fit.std_error[1], sqrt(1.0/k[0] + 1.0/k[1] + 1.0/k[2] + 1.0/k[3]), 1e-10);
    assert_alike(fit.std_error[0], sqrt(1.0/k[2] + 1.0/k[3]), 1e-10);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_two_by_two),
    HEAP_TEST(test_intercept_alone),
    HEAP_TEST(test_three_groups),
    HEAP_TEST(test_ridge_by_hand),
    HEAP_TEST(test_equations),
    HEAP_TEST(test_order_of_rows),
    HEAP_TEST(test_units_and_offsets),
    HEAP_TEST(test_numbers_of_any_size),
    HEAP_TEST(test_separation_by_one),
    HEAP_TEST(test_separation_downwards),
    HEAP_TEST(test_separation_together),
    HEAP_TEST(test_who_separates),
    HEAP_TEST(test_no_false_alarm),
    HEAP_TEST(test_a_narrow_border),
    HEAP_TEST(test_nearly_separated),
    HEAP_TEST(test_constants),
    HEAP_TEST(test_combinations),
    HEAP_TEST(test_columns_that_are_nearly_alike),
    HEAP_TEST(test_few_rows),
    HEAP_TEST(test_a_hundred_predictors),
    HEAP_TEST(test_ridge),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_no_rest),
    HEAP_TEST(test_many_that_separate),
    HEAP_TEST(test_a_step_too_far),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
