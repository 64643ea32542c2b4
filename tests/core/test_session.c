/*
** test_session.c: session numbers in the order in which a window function is
** called, and the calls of frames that would give other ones.
*/
#include "funnel_common.h"

#define NONE AT_NO_TIME

/* What SQLite calls, 'second/gap' for a row and '=' for the question, '-' for none. */
static void play(void **state, const char *calls, const char *expected, const char *error){
  AtEnv env = heap_env(*state);
  AtSession s = {0};
  char got[200] = "";
  const char *at = calls;
  while( *at && !env.error.code ){
    if( *at=='=' ){
      int64_t number = at_session_number(&env, &s);
      if( !env.error.code ) sprintf(got+strlen(got), "%lld ", (long long)number);
      at++;
    }else{
      int64_t time = NONE, gap = NONE;
      if( *at=='-' && at[1]=='/' ) at++;
      else{ at = read_integer(at, &time); time *= AT_SECOND; }
      at++;
      if( *at=='-' ) at++;
      else{ at = read_integer(at, &gap); gap *= AT_SECOND; }
      at_session_add(&env, &s, time, gap);
    }
    while( *at==' ' ) at++;
  }
  if( strcmp(got, expected)!=0 ) fail_msg("%s: %s(%s)", calls, got, env.error.text);
  if( error ) assert_error(&env, AT_INVALID, error);
  else assert_ok(&env);
}

static void test_default_frame(void **state){
  play(state, "0/5 = 5/5 = 10/5 = 16/5 = 17/5 =", "1 1 1 2 2 ", NULL);
  play(state, "0/0 = 0/0 = 1/0 =", "1 1 2 ", NULL);
  play(state, "0/0 0/0 0/0 = 1/0 1/0 =", "1 2 ", NULL);                    /* rows that are equal, asked for once */
  play(state, "-/5 = -/5 = 0/5 = -/5 = 3/5 = 9/- = 9/5 =", "0 0 1 0 1 0 2 ", NULL);
  play(state, "-/5 -/5 = 0/5 0/5 =", "0 1 ", NULL);
  play(state, "-9/3 = -6/3 = -2/3 =", "1 1 2 ", NULL);
  play(state, "0/100 = 50/10 = 60/100 =", "1 2 2 ", NULL);                 /* the gap of the row that comes counts */
}

static void test_other_frames(void **state){
  static const char wrong[] = "frame does not end at the current row|OVER (PARTITION BY ... ORDER BY ts)";
  play(state, "0/5 1/5 =", "", wrong);                                     /* … AND UNBOUNDED FOLLOWING, AND 1 FOLLOWING, no ORDER BY */
  play(state, "0/5 -/5 =", "", wrong);
  play(state, "-/5 0/5 =", "", wrong);
  play(state, "= 0/5 =", "", wrong);                                       /* … AND 1 PRECEDING */
  play(state, "0/5 = =", "1 ", wrong);                                     /* rows run out before the frames do */
  play(state, "5/5 = 4/5 =", "1 ", "do not come in order of ts|ORDER BY ts");   /* DESC */
  play(state, "5/5 = -/5 = 4/5 =", "1 0 ", "do not come in order of ts");
}

/* Against a walk over the times; every row is asked for by itself. */
static void test_random_times(void **state){
  Random r = {1};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    AtSession s = {0};
    int64_t time = -50*AT_SECOND, last = NONE, gap = random_below(&r, 5)*AT_SECOND, number = 0, expected;
    uint32_t i;
    for(i=0; i<60; i++){
      int missing = random_below(&r, 6)==0;
      time += random_below(&r, 7)*AT_SECOND/2;
      if( !missing ){
        if( last==NONE || time-last>gap ) number++;
        last = time;
      }
      expected = missing ? 0 : number;
      assert_true(at_session_add(&env, &s, missing ? NONE : time, gap));
      assert_int_equal(at_session_number(&env, &s), expected);
    }
    assert_ok(&env);
  }
}

static void test_the_ends_of_time(void **state){
  AtEnv env = heap_env(*state);
  AtSession s = {0};
  assert_true(at_session_add(&env, &s, AT_MIN_TIME, AT_MAX_TIME-AT_MIN_TIME));
  assert_int_equal(at_session_number(&env, &s), 1);
  assert_true(at_session_add(&env, &s, AT_MAX_TIME, AT_MAX_TIME-AT_MIN_TIME));
  assert_int_equal(at_session_number(&env, &s), 1);
  assert_ok(&env);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_default_frame),
    HEAP_TEST(test_other_frames),
    HEAP_TEST(test_random_times),
    HEAP_TEST(test_the_ends_of_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
