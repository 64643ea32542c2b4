/*
** test_triangle.c: R'R is the rows' X'X, whatever the number of rows, and its solutions solve.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

enum { MOST = 12 };

/* Adds random rows with columns of very different sizes; sums gets X'X. */
static void add_rows(Random *r, AtTriangle *t, uint32_t n_rows, long double sums[MOST][MOST]){
  uint32_t i, j, k;
  memset(sums, 0, sizeof (long double)*MOST*MOST);
  for(i=0; i<n_rows; i++){
    double row[MOST], factor = random_unit(r)*2;
    for(j=0; j<t->n; j++) row[j] = (random_unit(r)-0.3)*pow(10, (double)j-3);
    at_triangle_add(t, row, factor);
    for(j=0; j<t->n; j++) for(k=0; k<t->n; k++) sums[j][k] += (long double)(factor*row[j])*(factor*row[k]);
  }
  at_triangle_finish(t);
}

static double product_at(const AtTriangle *t, uint32_t j, uint32_t k){
  double sum = 0;
  uint32_t i;
  for(i=0; i<=j && i<=k; i++) sum += at_triangle_cell(t, i, j)*at_triangle_cell(t, i, k);
  return sum;
}

static void test_products_are_kept(void **state){
  AtEnv env = heap_env(*state);
  Random r = {1};
  static const uint32_t counts[] = {0, 1, 2, 63, 64, 65, 128, 1000};
  uint32_t c, n, j, k;
  for(c=0; c<COUNT(counts); c++) for(n=1; n<=MOST; n+=3){
    long double sums[MOST][MOST];
    AtTriangle t;
    assert_true(at_triangle_open(&env, &t, n));
    add_rows(&r, &t, counts[c], sums);
    for(j=0; j<n; j++) for(k=0; k<n; k++){
      double size = (double)sqrtl(sums[j][j]*sums[k][k]);
      assert_true(fabs(product_at(&t, j, k)-(double)sums[j][k])<=1e-13*size);
    }
    at_triangle_clear(&t);
    add_rows(&r, &t, counts[c]/2, sums);             /* nothing is left of the rows before */
    for(j=0; j<n; j++) assert_close(product_at(&t, j, j), (double)sums[j][j], 1e-13*(double)sums[j][j]);
    at_triangle_free(env.alloc, &t);
  }
}

/* A column of nothing, and of numbers whose squares are 0, do no harm to the others. */
static void test_columns_of_nothing(void **state){
  AtEnv env = heap_env(*state);
  AtTriangle t;
  uint32_t i;
  assert_true(at_triangle_open(&env, &t, 3));
  for(i=0; i<100; i++){
    double row[3] = {0, 1e-200, 3};
    at_triangle_add(&t, row, 1);
  }
  at_triangle_finish(&t);
  assert_true(at_triangle_cell(&t, 0, 0)==0 && at_triangle_cell(&t, 1, 1)==0);
  assert_close(fabs(at_triangle_cell(&t, 2, 2)), 30, 1e-13);
  at_triangle_free(env.alloc, &t);
}

static void test_solutions(void **state){
  AtEnv env = heap_env(*state);
  Random r = {2};
  uint32_t n, i, j;
  for(n=1; n<=MOST; n++){
    long double sums[MOST][MOST];
    double x[MOST], b[MOST] = {0}, c[MOST] = {0};
    AtTriangle t;
    assert_true(at_triangle_open(&env, &t, n));
    add_rows(&r, &t, 200, sums);
    for(j=0; j<n; j++) x[j] = random_unit(&r)-0.5;
    for(i=0; i<n; i++) for(j=i; j<n; j++){
      b[i] += at_triangle_cell(&t, i, j)*x[j];
      c[j] += at_triangle_cell(&t, i, j)*x[i];
    }
    at_triangle_solve(&t, n, b);
    at_triangle_solve_transposed(&t, c);
    for(j=0; j<n; j++){
      assert_close(b[j], x[j], 1e-10*pow(10, n-1-j));
      assert_close(c[j], x[j], 1e-10);
    }
    at_triangle_free(env.alloc, &t);
  }
}

/* Squared condition would leave nothing of a part of 1e-9; the triangle keeps it to seven digits. */
static void test_columns_that_are_nearly_alike(void **state){
  AtEnv env = heap_env(*state);
  AtTriangle t;
  double squares = 0;
  uint32_t i;
  assert_true(at_triangle_open(&env, &t, 2));
  for(i=0; i<1000; i++){                             /* the part is at right angles to the first column */
    double row[2];
    row[0] = 1 + (double)(i/2%8);
    row[1] = row[0] + (i%2 ? 1e-9 : -1e-9);
    squares += (row[1]-row[0])*(row[1]-row[0]);
    at_triangle_add(&t, row, 1);
  }
  at_triangle_finish(&t);
  assert_close(fabs(at_triangle_cell(&t, 1, 1))/sqrt(squares), 1, 1e-5);
  at_triangle_free(env.alloc, &t);
}

static void open_and_close(AtEnv *env, void *given){
  AtTriangle t;
  (void)given;
  at_triangle_open(env, &t, 5);
  at_triangle_free(env->alloc, &t);
}

static void test_failures(void **state){
  check_failures(*state, open_and_close, NULL, 1);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_products_are_kept),
    HEAP_TEST(test_columns_of_nothing),
    HEAP_TEST(test_solutions),
    HEAP_TEST(test_columns_that_are_nearly_alike),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
