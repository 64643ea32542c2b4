/*
** triangle.c: the triangle R of the QR factorisation of a matrix of any number of
** rows, by Householder reflections (Golub 1965), while the rows come.
**
** R'R = X'X, but X'X is never formed: that would square the condition, and lose half the
** digits where columns are nearly alike. Rows wait in a block below R; a full block is
** folded in: column by column a reflection of R's row j and the block's rows makes the block's
** column j zero. R's other rows are not touched, as they are zero in column j. So any
** number of rows needs room for a block only, and the same rows in the same order give the
** same bits.
*/
#include "scores.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static double *column_of(const AtTriangle *t, uint32_t j){
  return t->cell + (size_t)j*t->stride;
}

int at_triangle_open(AtEnv *env, AtTriangle *t, uint32_t n){
  memset(t, 0, sizeof *t);
  t->n = n;
  t->stride = n + AT_TRIANGLE_ROWS;
  t->cell = at_alloc(env, (size_t)n*t->stride, sizeof *t->cell);
  if( t->cell==NULL ) return 0;
  at_triangle_clear(t);
  return 1;
}

void at_triangle_free(const AtAlloc *alloc, AtTriangle *t){
  at_free(alloc, t->cell);
  memset(t, 0, sizeof *t);
}

/* Back to no rows. */
void at_triangle_clear(AtTriangle *t){
  memset(t->cell, 0, (size_t)t->n*t->stride*sizeof *t->cell);
  t->waiting = 0;
}

/* Four sums at once, which compilers make vectors of; what does not wait is 0. */
static double dot(const double *a, const double *b){
  double sum[4] = {0, 0, 0, 0};
  uint32_t i, lane;
  for(i=0; i<AT_TRIANGLE_ROWS; i+=4){
    for(lane=0; lane<4; lane++) sum[lane] += a[i+lane]*b[i+lane];
  }
  return (sum[0]+sum[1]) + (sum[2]+sum[3]);
}

/* Reflects v = (R_jj, block) to (-+ its length, 0): I - u u'/h with u = v - (new R_jj, 0) and
** h = u'u/2, the sign such that nothing cancels. */
static void fold(AtTriangle *t){
  uint32_t j, k, i;
  for(j=0; j<t->n; j++){
    double *own = column_of(t, j), *block = own + t->n, length, first, half;
    double squares = dot(block, block);
    if( squares==0 ){                 /* also of numbers whose squares are too small to be told */
      memset(block, 0, AT_TRIANGLE_ROWS*sizeof *block);
      continue;
    }
    length = sqrt(own[j]*own[j] + squares);
    if( own[j]>0 ) length = -length;
    first = own[j]-length;
    half = -length*first;
    for(k=j+1; k<t->n; k++){
      double *other = column_of(t, k), *rest = other + t->n;
      double part = (first*other[j] + dot(block, rest))/half;
      other[j] -= part*first;
      for(i=0; i<AT_TRIANGLE_ROWS; i++) rest[i] -= part*block[i];
    }
    own[j] = length;
    memset(block, 0, AT_TRIANGLE_ROWS*sizeof *block);
  }
  t->waiting = 0;
}

/* Adds the row factor * row. */
void at_triangle_add(AtTriangle *t, const double *row, double factor){
  double *place = t->cell + t->n + t->waiting;
  uint32_t j;
  for(j=0; j<t->n; j++) place[(size_t)j*t->stride] = factor*row[j];
  if( ++t->waiting==AT_TRIANGLE_ROWS ) fold(t);
}

/* After the last row, before R is used. */
void at_triangle_finish(AtTriangle *t){
  if( t->waiting ) fold(t);
}

/* Of R, row <= column. */
double at_triangle_cell(const AtTriangle *t, uint32_t row, uint32_t column){
  assert( row<=column && column<t->n && t->waiting==0 );
  return column_of(t, column)[row];
}

/* x becomes R^-1 x, with the first n rows and columns of R. */
void at_triangle_solve(const AtTriangle *t, uint32_t n, double *x){
  uint32_t j = n, i;
  while( j-->0 ){
    const double *column = column_of(t, j);
    x[j] /= column[j];
    for(i=0; i<j; i++) x[i] -= column[i]*x[j];
  }
}

/* x becomes (R')^-1 x. */
void at_triangle_solve_transposed(const AtTriangle *t, double *x){
  uint32_t j, i;
  for(j=0; j<t->n; j++){
    const double *column = column_of(t, j);
    for(i=0; i<j; i++) x[j] -= column[i]*x[i];
    x[j] /= column[j];
  }
}
