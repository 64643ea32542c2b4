/*
** test_assign.c: a row of its own for each of several steps, against a try of
** every row for every step.
*/
#include "funnel_common.h"

/* Whether steps[0 .. n) can have a row each among the free ones. */
static int can_assign(const AtConditions *c, const uint32_t *steps, uint32_t n, uint32_t used){
  uint32_t row;
  if( n==0 ) return 1;
  for(row=0; row<c->n; row++){
    if( !(used>>row & 1) && at_holds(c, row, steps[0]) && can_assign(c, steps+1, n-1, used | UINT32_C(1)<<row) ) return 1;
  }
  return 0;
}

/* Every step listed has a row of its own that holds it, and no other row is taken. */
static void assert_assigned(const AtAssign *a, const AtConditions *c, const uint32_t *steps, uint32_t n){
  uint32_t i, row, taken = 0;
  for(i=0; i<n; i++){
    row = a->row[steps[i]];
    assert_true(row<a->n && at_holds(c, a->first+row, steps[i]));
    assert_int_equal(a->step[row], steps[i]);
  }
  for(row=0; row<a->n; row++) taken += a->step[row]!=0;
  assert_int_equal(taken, n);
}

/* Steps come and go at random; each comes in exactly if all can have a row. */
static void test_random_steps(void **state){
  Random r = {1};
  int round, refused = 0;
  for(round=0; round<6000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n_conditions = 1 + random_below(&r, 6), steps[6], n = 0, move, i;
    AtConditions c = random_conditions(&r, &env, n_conditions, 1+random_below(&r, 6), 1, 1);
    AtAssign a;
    memset(&a, 0, sizeof a);
    assert_true(at_assign_start(&env, &a, &c, 0, c.n));
    for(move=0; move<15; move++){
      uint32_t step = 1 + random_below(&r, n_conditions);
      for(i=0; i<n && steps[i]!=step; i++){}
      if( i<n ){
        at_assign_drop(&a, step);
        steps[i] = steps[--n];
      }else{
        int possible;
        steps[n] = step;
        possible = can_assign(&c, steps, n+1, 0);
        assert_int_equal(at_assign_step(&env, &a, step), possible);
        n += (uint32_t)possible;
        refused += !possible;
      }
      assert_assigned(&a, &c, steps, n);
    }
    at_assign_free(env.alloc, &a);
    at_conditions_free(env.alloc, &c);
  }
  assert_true(refused>1000);
}

/* The one way there is: step k can only have row k if every one moves on. */
static void test_all_move_on(void **state){
  enum { N = 200 };
  AtEnv env = heap_env(*state);
  AtConditions c;
  AtAssign a;
  uint32_t row, k;
  memset(&a, 0, sizeof a);
  assert_true(at_conditions_open(&env, &c, N, 0));
  for(row=1; row<=N; row++){                       /* row i: steps i and i+1 */
    at_conditions_hold(&c, row);
    if( row<N ) at_conditions_hold(&c, row+1);
    assert_true(at_conditions_add(&env, &c, 0, 0, 1));
  }
  assert_true(at_assign_start(&env, &a, &c, 0, N));
  for(k=N; k>1; k--) assert_true(at_assign_step(&env, &a, k));
  assert_true(at_assign_step(&env, &a, 1));        /* its only row has been taken by step 2 */
  for(k=1; k<=N; k++) assert_int_equal(a.row[k], k-1);
  at_assign_free(env.alloc, &a);
  at_conditions_free(env.alloc, &c);
}

/* One instant after another with the same AtAssign; a step that failed changes nothing. */
static void test_used_again(void **state){
  AtEnv env = heap_env(*state);
  AtConditions c = conditions_of(&env, 2, "0:1 0:1,2 5:2 5:2 5:2");
  AtAssign a;
  memset(&a, 0, sizeof a);
  assert_true(at_assign_start(&env, &a, &c, 0, 2));
  assert_true(at_assign_step(&env, &a, 2) && at_assign_step(&env, &a, 1));
  assert_true(a.row[1]==0 && a.row[2]==1);
  assert_true(at_assign_start(&env, &a, &c, 2, 3));
  assert_true(a.row[1]==AT_NO_ROW && a.row[2]==AT_NO_ROW);
  assert_false(at_assign_step(&env, &a, 1));
  assert_true(at_assign_step(&env, &a, 2) && a.row[2]==0);
  at_assign_drop(&a, 1);                           /* has none */
  assert_int_equal(a.step[0], 2);
  at_assign_free(env.alloc, &a);
  at_conditions_free(env.alloc, &c);
}

/* A step that is bound takes its row or none, whoever else has to move. */
static void test_bound(void **state){
  AtEnv env = heap_env(*state);
  AtConditions c = conditions_of(&env, 3, "0:1,2 0:2 0:2,3");
  AtAssign a;
  memset(&a, 0, sizeof a);
  assert_true(at_assign_start(&env, &a, &c, 0, 3));
  assert_true(at_assign_step(&env, &a, 1) && a.row[1]==0);
  a.bound_step = 2;
  a.bound_row = 0;
  assert_false(at_assign_step(&env, &a, 2));       /* step 1 has no other row */
  assert_true(a.row[1]==0 && a.row[2]==AT_NO_ROW);
  a.bound_row = 2;
  assert_true(at_assign_step(&env, &a, 2) && a.row[2]==2);
  assert_false(at_assign_step(&env, &a, 3));       /* and step 2 stays where it is bound */
  a.bound_step = 0;
  assert_true(at_assign_step(&env, &a, 3) && a.row[3]==2 && a.row[2]==1);
  assert_true(at_assign_start(&env, &a, &c, 0, 3) && a.bound_step==0);
  at_assign_free(env.alloc, &a);
  at_conditions_free(env.alloc, &c);
}

static void assign_some(AtEnv *env, void *given){
  AtConditions c;
  AtAssign a;
  uint32_t k;
  (void)given;
  memset(&a, 0, sizeof a);
  c = conditions_of(env, 3, "0:1,2,3 0:1,2,3 0:3 0:2 1:1 1:2 1:3 1:1,2,3 1:1,2,3 1:1,2,3");
  if( !env->error.code && at_assign_start(env, &a, &c, 0, 4) ) for(k=1; k<=3; k++) at_assign_step(env, &a, k);
  if( !env->error.code && at_assign_start(env, &a, &c, 4, 6) ) for(k=1; k<=3; k++) at_assign_step(env, &a, k);
  at_assign_free(env->alloc, &a);
  at_conditions_free(env->alloc, &c);
}

static void test_failures(void **state){
  check_failures(*state, assign_some, NULL, 8);
  check_stops(*state, assign_some, NULL, 6);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_steps),
    HEAP_TEST(test_all_move_on),
    HEAP_TEST(test_used_again),
    HEAP_TEST(test_bound),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
