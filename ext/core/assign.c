/*
** assign.c: a row of its own for each of several steps, among rows at one
** instant: window_funnel()'s strict_once, where one row fills one step.
**
** Kuhn's augmenting paths: a step takes a free row, or one whose step can move
** on to another row. Adding a step looks at each (step, row) pair at most once, so an
** instant of n rows and k steps costs at most k*k*n, all of a group's rows together the
** number of rows times the square of the number of conditions.
*/
#include "funnel.h"

#include <assert.h>
#include <string.h>

/* The rows [first, first+n) of c, none taken. */
int at_assign_start(AtEnv *env, AtAssign *a, const AtConditions *c, uint32_t first, uint32_t n){
  uint32_t k;
  assert( n>0 );
  if( a->row==NULL ) a->row = at_alloc(env, c->n_conditions+1, sizeof *a->row);
  if( n>a->capacity ){
    at_grow(env, &a->step, n, sizeof *a->step);
    at_grow(env, &a->visited, n, sizeof *a->visited);
    a->capacity = n;
  }
  if( env->error.code ) return 0;
  a->c = c;
  a->first = first;
  a->n = n;
  a->mark = 0;
  a->bound_step = 0;
  memset(a->step, 0, n*sizeof *a->step);
  memset(a->visited, 0, n*sizeof *a->visited);
  for(k=0; k<=c->n_conditions; k++) a->row[k] = AT_NO_ROW;
  return 1;
}

/* Finds a row for a step, moving others on; 0 leaves all as it was. The depth is
** at most the number of steps that have a row. */
static int augment(AtAssign *a, uint32_t step){
  uint32_t r;
  for(r=0; r<a->n; r++){
    if( a->visited[r]==a->mark || !at_holds(a->c, a->first+r, step) ) continue;
    if( step==a->bound_step && r!=a->bound_row ) continue;
    a->visited[r] = a->mark;
    if( a->step[r] && !augment(a, a->step[r]) ) continue;
    a->step[r] = step;
    a->row[step] = r;
    return 1;
  }
  return 0;
}

/* Gives a step a row, if all that have one can keep one. */
int at_assign_step(AtEnv *env, AtAssign *a, uint32_t step){
  assert( a->row[step]==AT_NO_ROW );
  if( !at_alive(env, a->n) ) return 0;
  a->mark++;
  return augment(a, step);
}

/* Takes a step's row back, if it has one. */
void at_assign_drop(AtAssign *a, uint32_t step){
  if( a->row[step]==AT_NO_ROW ) return;
  a->step[a->row[step]] = 0;
  a->row[step] = AT_NO_ROW;
}

void at_assign_free(const AtAlloc *alloc, AtAssign *a){
  at_free(alloc, a->step);
  at_free(alloc, a->visited);
  at_free(alloc, a->row);
  memset(a, 0, sizeof *a);
}
