/*
** test_conditions.c: rows as times and sets of conditions: which values are
** true, the order of sets as lists, JSON of times, retention.
*/
#include "funnel_common.h"

static void test_what_is_true(void **state){
  const struct { AtCell cell; int holds; } known[] = {
    {cell_null(), 0}, {cell_text(""), 0}, {cell_integer(0), 0}, {cell_integer(1), 1}, {cell_integer(-1), 1},
    {cell_integer(INT64_MIN), 1}, {cell_real(0), 0}, {cell_real(-0.0), 0}, {cell_real(0.3), 1}, {cell_real(5e-324), 1},
    {cell_real(INFINITY), 1}, {cell_text("0"), 0}, {cell_text("0.0"), 0}, {cell_text("1"), 1}, {cell_text("-2.5"), 1},
    {cell_text(" 7 "), 1}, {cell_text("1e2"), 1},
  };
  const AtCell refused[] = {cell_text("true"), cell_text("won"), cell_text("1x"), cell_text("0x1"), cell_bytes(AT_BLOB, "1", 1),
                            cell_bytes(AT_BLOB, "\0", 1)};
  size_t i;
  int holds;
  (void)state;
  for(i=0; i<COUNT(known); i++){
    if( at_condition(&known[i].cell, &holds) ) fail_msg("condition %zu is refused", i);
    if( holds!=known[i].holds ) fail_msg("condition %zu: %d", i, holds);
  }
  for(i=0; i<COUNT(refused); i++){
    const char *mend = at_condition(&refused[i], &holds);
    if( mend==NULL || holds ) fail_msg("condition %zu is taken", i);
    assert_non_null(strstr(mend, "write a comparison"));
  }
}

/* The order of docs/funnel.md, by the numbers one after another. */
static int compare_lists(const AtConditions *c, uint32_t a, uint32_t b){
  uint32_t i = 1, j = 1;
  for(;; i++, j++){
    while( i<=c->n_conditions && !at_holds(c, a, i) ) i++;
    while( j<=c->n_conditions && !at_holds(c, b, j) ) j++;
    if( i>c->n_conditions || j>c->n_conditions ) return (j>c->n_conditions) - (i>c->n_conditions);
    if( i!=j ) return i<j ? -1 : 1;
  }
}

static int sign(int x){ return (x>0) - (x<0); }

/* Sets alike but for a few conditions, wherever those are. */
static void test_sets_are_compared_as_lists(void **state){
  static const uint32_t counts[] = {1, 2, 3, 63, 64, 65, 128, 130, 999, 1000};
  Random r = {1};
  size_t k;
  for(k=0; k<COUNT(counts); k++){
    int round;
    for(round=0; round<300; round++){
      AtEnv env = heap_env(*state);
      uint32_t n = counts[k], shared = random_below(&r, 4), i, a, b;
      AtConditions c;
      assert_true(at_conditions_open(&env, &c, n, 0));
      for(a=0; a<6; a++){
        for(i=0; i<shared; i++) at_conditions_hold(&c, 1 + (i*37)%n);
        for(i=random_below(&r, 4); i>0; i--) at_conditions_hold(&c, 1 + random_below(&r, n));
        assert_true(at_conditions_add(&env, &c, 0, 0, 1));
      }
      for(a=0; a<6; a++) for(b=0; b<6; b++) assert_int_equal(sign(at_conditions_compare(&c, a, b)), compare_lists(&c, a, b));
      at_conditions_free(env.alloc, &c);
    }
  }
}

static void test_examples_of_the_order(void **state){
  static const char *const rising[] = {"", "1", "1,2", "1,2,64", "1,2,65", "1,64", "1,65", "1,66", "2", "2,3", "64", "64,65", "65", "66"};
  size_t i, j;
  for(i=0; i<COUNT(rising); i++){
    for(j=0; j<COUNT(rising); j++){
      AtEnv env = heap_env(*state);
      char text[64];
      AtConditions c;
      uint32_t first;
      snprintf(text, sizeof text, "5:%s 5:%s", rising[i], rising[j]);
      c = conditions_of(&env, 66, text);
      assert_ok(&env);
      assert_int_equal(c.n, 2);
      first = (uint32_t)(i>j);                     /* where row i stands now */
      if( i!=j ) assert_true(at_conditions_compare(&c, first, 1-first)==(i<j ? -1 : 1));
      at_conditions_free(env.alloc, &c);
    }
  }
}

/* Time first, then the list, then the form: nothing is left to arrival. */
static void test_sort_leaves_no_trace_of_arrival(void **state){
  Random r = {2};
  int round;
  for(round=0; round<1500; round++){
    AtEnv env = heap_env(*state);
    uint32_t n_conditions = round%3 ? 3 : 70, n = random_below(&r, 60), n_times = 1 + random_below(&r, 5), i, k;
    AtConditions c, d;
    at_conditions_open(&env, &c, n_conditions, 1);
    at_conditions_open(&env, &d, n_conditions, 1);
    for(i=0; i<n; i++){
      for(k=1; k<=n_conditions; k++) if( random_below(&r, n_conditions)==0 ) at_conditions_hold(&c, k);
      at_conditions_add(&env, &c, random_below(&r, n_times), (uint8_t)random_below(&r, 2), 1);
    }
    for(i=n; i-->0; ){                              /* the other way round */
      memcpy(d.row, at_conditions_set(&c, i), c.words*sizeof *d.row);
      at_conditions_add(&env, &d, c.time[i], c.form[i], 1);
    }
    assert_true(at_conditions_sort(&env, &c) && at_conditions_sort(&env, &d));
    assert_true(c.n==n && d.n==n);
    for(i=0; i<n; i++){
      assert_true(c.time[i]==d.time[i] && c.form[i]==d.form[i]);
      assert_memory_equal(at_conditions_set(&c, i), at_conditions_set(&d, i), c.words*sizeof *c.set);
      if( i ) assert_true(at_conditions_compare(&c, i-1, i)<=0);
    }
    at_conditions_free(env.alloc, &c);
    at_conditions_free(env.alloc, &d);
  }
}

/* Rows that begin in lent room are what they are without it, wherever they end. */
static void test_lent_room(void **state){
  Heap *heap = *state;
  Random r = {3};
  int round;
  for(round=0; round<2000; round++){
    AtEnv env = heap_env(heap);
    uint32_t n_conditions = round%4 ? 3 : 70, n = random_below(&r, 40), i, k;
    int has_forms = round%2;
    AtConditionRoom room;
    AtConditions c, d;
    at_conditions_open(&env, &c, n_conditions, has_forms);
    at_conditions_open(&env, &d, n_conditions, has_forms);
    heap->calls = 0;
    at_conditions_lend(&d, &room);
    for(i=0; i<n; i++){
      int64_t time = random_below(&r, 9);
      uint8_t form = (uint8_t)random_below(&r, 2);
      for(k=1; k<=n_conditions; k++) if( random_below(&r, 3)==0 ) at_conditions_hold(&d, k);
      memcpy(c.row, d.row, sizeof c.row);
      assert_true(at_conditions_add(&env, &d, time, form, 1));
      if( i<AT_ROOM_ROWS && n_conditions<=64 ) assert_int_equal(heap->calls, 0);
      else assert_true(!d.is_lent);
      assert_true(at_conditions_add(&env, &c, time, form, 1));
      if( i<AT_ROOM_ROWS ) heap->calls = 0;
    }
    assert_true(at_conditions_sort(&env, &d) && at_conditions_sort(&env, &c));
    assert_true(c.n==n && d.n==n);
    for(i=0; i<n; i++){
      assert_true(c.time[i]==d.time[i] && (!has_forms || c.form[i]==d.form[i]));
      assert_memory_equal(at_conditions_set(&c, i), at_conditions_set(&d, i), c.words*sizeof *c.set);
    }
    at_conditions_free(env.alloc, &c);
    at_conditions_free(env.alloc, &d);
  }
}

static void test_empty_rows_are_left_out_or_kept(void **state){
  AtEnv env = heap_env(*state);
  AtConditions c;
  assert_true(at_conditions_open(&env, &c, 65, 0));
  assert_true(at_conditions_add(&env, &c, 1, 0, 0));
  assert_int_equal(c.n, 0);
  at_conditions_hold(&c, 65);
  assert_true(at_conditions_add(&env, &c, 2, 0, 0));
  assert_true(at_conditions_add(&env, &c, 3, 0, 1));  /* the conditions of the row before are gone */
  assert_int_equal(c.n, 2);
  assert_true(at_holds(&c, 0, 65) && !at_holds(&c, 0, 1) && !at_holds(&c, 1, 65));
  at_conditions_free(env.alloc, &c);
}

static void test_at_most_1000(void **state){
  AtEnv env = heap_env(*state);
  AtConditions c;
  uint32_t k;
  assert_true(at_conditions_open(&env, &c, 1000, 0));
  for(k=1; k<=1000; k+=3) at_conditions_hold(&c, k);
  assert_true(at_conditions_add(&env, &c, 0, 0, 0));
  for(k=1; k<=1000; k++) assert_int_equal(at_holds(&c, 0, k), k%3==1);
  at_conditions_free(env.alloc, &c);
  assert_false(at_conditions_open(&env, &c, 1001, 0));
  assert_error(&env, AT_INVALID, "1001 conditions|at most 1000");
  at_conditions_free(env.alloc, &c);
}

/************************************ JSON ************************************/

static void test_json_of_times(void **state){
  const AtCell times[] = {cell_integer(-5), cell_real(1.5), cell_real(2), cell_text("2024-03-01"), cell_text("2024-03-01T10:00:00.25Z"),
                          cell_text("12"), cell_text("2024-03-01 10:00")};
  static const uint32_t rows[] = {0, 1, 2, 3, 4, 5, 6, 0};
  AtEnv env = heap_env(*state);
  AtText json = {NULL, 0, 0};
  AtConditions c;
  size_t i;
  assert_true(at_conditions_open(&env, &c, 1, 1));
  for(i=0; i<COUNT(times); i++){
    int64_t time;
    uint8_t form;
    assert_null(at_time_parse(&times[i], AT_SECOND, &time, &form));
    assert_true(at_conditions_add(&env, &c, time, form, 1));
  }
  at_conditions_json(&env, &c, rows, COUNT(rows), &json);
  assert_string_equal(json.text, "[-5,1.5,2.0,\"2024-03-01\",\"2024-03-01T10:00:00.25Z\",\"12\",\"2024-03-01 10:00\",-5]");
  json.n = 0;
  at_conditions_json(&env, &c, rows, 0, &json);
  assert_string_equal(json.text, "[]");
  at_text_free(env.alloc, &json);
  at_conditions_free(env.alloc, &c);
}

static void assert_retention(void **state, uint32_t n, const uint32_t *held, size_t n_held, const char *expected){
  AtEnv env = heap_env(*state);
  AtText json = {NULL, 0, 0};
  AtConditions c;
  size_t i;
  assert_true(at_conditions_open(&env, &c, n, 0));
  for(i=0; i<n_held; i++) at_conditions_hold(&c, held[i]);
  assert_true(at_retention_json(&env, &c, &json));
  assert_string_equal(json.text, expected);
  at_text_free(env.alloc, &json);
}

static void test_retention(void **state){
  static const uint32_t all[] = {1, 2, 3}, ends[] = {1, 3}, later[] = {2, 3}, far[] = {1, 64, 65, 66};
  char expected[200] = "[1";
  int k;
  assert_retention(state, 3, all, 3, "[1,1,1]");
  assert_retention(state, 3, ends, 2, "[1,0,1]");
  assert_retention(state, 3, later, 2, "[0,0,0]");   /* without the first all is nothing */
  assert_retention(state, 3, NULL, 0, "[0,0,0]");
  assert_retention(state, 1, all, 1, "[1]");
  for(k=2; k<=66; k++) strcat(expected, k>=64 ? ",1" : ",0");
  assert_retention(state, 66, far, 4, strcat(expected, "]"));
}

/*********************************** Failures *********************************/

/* given: the number of conditions; up to 64 the rows begin in lent room. */
static void fill_sort_and_show(AtEnv *env, void *given){
  uint32_t i, rows[40], n_conditions = *(uint32_t*)given;
  AtConditionRoom room;
  AtConditions c;
  AtText json = {NULL, 0, 0};
  at_conditions_open(env, &c, n_conditions, 1);
  at_conditions_lend(&c, &room);
  for(i=0; i<100 && !env->error.code; i++){
    at_conditions_hold(&c, 1 + i*7%n_conditions);
    at_conditions_add(env, &c, (int64_t)(i*31%17)*AT_SECOND, AT_FORM_INT, 0);
  }
  at_conditions_sort(env, &c);
  for(i=0; i<COUNT(rows); i++) rows[i] = i;
  if( !env->error.code ) at_conditions_json(env, &c, rows, COUNT(rows), &json);
  if( !env->error.code ) at_retention_json(env, &c, &json);
  at_text_free(env->alloc, &json);
  at_conditions_free(env->alloc, &c);
}

static void test_failures(void **state){
  uint32_t many = 200, few = 60;
  check_failures(*state, fill_sort_and_show, &many, 15);
  check_failures(*state, fill_sort_and_show, &few, 12);
  check_stops(*state, fill_sort_and_show, &many, 5);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_what_is_true),
    HEAP_TEST(test_sets_are_compared_as_lists),
    HEAP_TEST(test_examples_of_the_order),
    HEAP_TEST(test_sort_leaves_no_trace_of_arrival),
    HEAP_TEST(test_lent_room),
    HEAP_TEST(test_empty_rows_are_left_out_or_kept),
    HEAP_TEST(test_at_most_1000),
    HEAP_TEST(test_json_of_times),
    HEAP_TEST(test_retention),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
