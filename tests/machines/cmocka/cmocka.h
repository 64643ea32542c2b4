/*
** cmocka.h: as much of cmocka as tests/core uses, for machines for which the library is not packaged.
**
** A test that fails says where and what and jumps back to the group, which goes on with the next; what the group
** returns is how many failed. Skipped tests are counted and named.
*/
#ifndef ATTRIBUTION_TESTS_CMOCKA_H
#define ATTRIBUTION_TESTS_CMOCKA_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest { const char *name; void (*test)(void **state); int (*setup)(void **state), (*teardown)(void **state); };
#define cmocka_unit_test(f) { #f, f, NULL, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) { #f, f, setup, teardown }

static struct { jmp_buf back; enum { RUNS, FAILED, SKIPPED } state; } cmocka_test;

static inline void cmocka_end(int state){
  cmocka_test.state = state;
  longjmp(cmocka_test.back, 1);
}

static inline void cmocka_print(FILE *to, const char *format, ...){
  va_list arguments;
  va_start(arguments, format);
  vfprintf(to, format, arguments);
  va_end(arguments);
}

#define print_message(...) cmocka_print(stdout, __VA_ARGS__)
#define print_error(...) cmocka_print(stderr, __VA_ARGS__)
#define skip() cmocka_end(SKIPPED)
#define fail_msg(...) ( cmocka_print(stderr, "%s:%d: ", __FILE__, __LINE__), cmocka_print(stderr, __VA_ARGS__), \
                        cmocka_print(stderr, "\n"), cmocka_end(FAILED) )
#define CMOCKA_ASSERT(ok, what) ( (ok) ? (void)0 : (cmocka_print(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what), cmocka_end(FAILED)) )

#define assert_true(c) CMOCKA_ASSERT(c, "assert_true(" #c ")")
#define assert_false(c) CMOCKA_ASSERT(!(c), "assert_false(" #c ")")
#define assert_null(p) CMOCKA_ASSERT((p)==NULL, "assert_null(" #p ")")
#define assert_non_null(p) CMOCKA_ASSERT((p)!=NULL, "assert_non_null(" #p ")")
#define assert_ptr_equal(a, b) CMOCKA_ASSERT((const void*)(a)==(const void*)(b), "assert_ptr_equal(" #a ", " #b ")")
#define assert_memory_equal(a, b, n) CMOCKA_ASSERT(memcmp(a, b, n)==0, "assert_memory_equal(" #a ", " #b ")")

static inline int cmocka_same(long long a, long long b){
  if( a!=b ) cmocka_print(stderr, "%lld, %lld\n", a, b);
  return a==b;
}
static inline int cmocka_same_text(const char *a, const char *b){
  int same = strcmp(a, b)==0;
  if( !same ) cmocka_print(stderr, "\"%s\", \"%s\"\n", a, b);
  return same;
}
#define assert_int_equal(a, b) CMOCKA_ASSERT(cmocka_same((long long)(a), (long long)(b)), "assert_int_equal(" #a ", " #b ")")
#define assert_int_not_equal(a, b) CMOCKA_ASSERT((long long)(a)!=(long long)(b), "assert_int_not_equal(" #a ", " #b ")")
#define assert_in_range(x, low, high) CMOCKA_ASSERT((x)>=(low) && (x)<=(high), "assert_in_range(" #x ", " #low ", " #high ")")
#define assert_string_equal(a, b) CMOCKA_ASSERT(cmocka_same_text(a, b), "assert_string_equal(" #a ", " #b ")")
#define assert_string_not_equal(a, b) CMOCKA_ASSERT(strcmp(a, b)!=0, "assert_string_not_equal(" #a ", " #b ")")

static inline int cmocka_run(const struct CMUnitTest *test, void **state){
  cmocka_test.state = RUNS;
  if( setjmp(cmocka_test.back)==0 ){
    if( test->setup && test->setup(state) ) cmocka_end(FAILED);
    test->test(state);
  }
  if( setjmp(cmocka_test.back)==0 && test->teardown && test->teardown(state) ) cmocka_end(FAILED);
  if( cmocka_test.state==RUNS ) return 0;
  cmocka_print(stdout, "%s: %s\n", test->name, cmocka_test.state==FAILED ? "FAILED" : "skipped");
  return cmocka_test.state==FAILED;
}

static inline int cmocka_run_group(const char *name, const struct CMUnitTest *tests, size_t n,
                                   int (*setup)(void **state), int (*teardown)(void **state)){
  void *shared = NULL, *state;
  int failed = 0;
  size_t i;
  if( setup && setup(&shared) ){
    cmocka_print(stderr, "%s: the group cannot be set up\n", name);
    return 1;
  }
  for(i=0; i<n; i++){
    state = shared;
    failed += cmocka_run(&tests[i], &state);
  }
  if( teardown && teardown(&shared) ) failed++;
  cmocka_print(stdout, "%s: %d tests, %d failed\n", name, (int)n, failed);
  return failed;
}
#define cmocka_run_group_tests(tests, setup, teardown) \
  cmocka_run_group(__FILE__, tests, sizeof (tests)/sizeof *(tests), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
  cmocka_run_group(name, tests, sizeof (tests)/sizeof *(tests), setup, teardown)

#endif
