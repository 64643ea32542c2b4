/*
** test_base.c: the sticky error, quoting for messages, growing text, JSON.
*/
#include "common.h"

static void test_first_error_stays(void **state){
  AtEnv env = heap_env(*state);
  AtText t = {NULL, 0, 0};
  void *block = NULL;
  at_fail(&env, AT_INVALID, "%s is %d", "this", 1);
  at_fail(&env, AT_TOOBIG, "%s", "that");
  assert_int_equal(env.error.code, AT_INVALID);
  assert_string_equal(env.error.text, "this is 1");
  assert_false(at_alive(&env, 1));
  assert_false(at_grow(&env, &block, 1, 1));
  assert_null(block);
  at_text_add(&env, &t, "text", 4);
  assert_int_equal(t.n, 0);
  assert_null(t.text);
}

/* A message longer than its room is cut, not overrun. */
static void test_long_messages(void **state){
  AtEnv env = heap_env(*state);
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  at_fail(&env, AT_INVALID, "%s", text);
  assert_int_equal(strlen(env.error.text), sizeof env.error.text - 1);
}

static void test_sizes_that_overflow(void **state){
  AtEnv env = heap_env(*state);
  assert_null(at_alloc(&env, SIZE_MAX/4, 8));
  assert_int_equal(env.error.code, AT_NOMEM);
  env = heap_env(*state);
  assert_null(at_alloc(&env, SIZE_MAX, SIZE_MAX));
  assert_int_equal(env.error.code, AT_NOMEM);
}

/* What is asked for a growing text never falls, up to what no memory can be. */
static void test_room_that_overflows(void **state){
  static const size_t needed[] = {0, 1, 100, SIZE_MAX/4, SIZE_MAX/2-9, SIZE_MAX/2-8, SIZE_MAX/2, SIZE_MAX};
  size_t last = 0, i;
  (void)state;
  for(i=0; i<COUNT(needed); i++){
    assert_true(at_room(needed[i])>=needed[i] && at_room(needed[i])>=last);
    last = at_room(needed[i]);
  }
  assert_true(last==SIZE_MAX);
}

/* A failed resize leaves the block to its owner, as it was. */
static void test_failed_resize(void **state){
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  char *block = at_alloc(&env, 4, 1), *same = block;
  memcpy(block, "abc", 4);
  heap->fail_at = heap->calls+1;
  assert_false(at_grow(&env, &block, 1000, 1));
  assert_ptr_equal(block, same);
  assert_string_equal(block, "abc");
  at_free(env.alloc, block);
  at_free(env.alloc, NULL);
}

static void assert_quoted(const char *text, size_t n, const char *expected){
  AtQuote quote = at_quote(text, n);
  assert_string_equal(quote.text, expected);
}

static void test_quotes(void **state){
  static const char forty[] = "1234567890123456789012345678901234567890";
  (void)state;
  assert_quoted("", 0, "''");
  assert_quoted("a'b", 3, "'a'b'");
  assert_quoted("a\tb\x7f\0", 5, "'a?b?\?'");
  assert_quoted(forty, 40, "'1234567890123456789012345678901234567890'");
  assert_quoted("1234567890123456789012345678901234567890x", 41, "'1234567890123456789012345678901234567890'...");
  assert_quoted("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
                "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 42, "''...");   /* no character begins */
  /* a character of two, three and four bytes across byte 40 is left out whole */
  assert_quoted("123456789012345678901234567890123456789\xc3\xa4", 41, "'123456789012345678901234567890123456789'...");
  assert_quoted("12345678901234567890123456789012345678\xe2\x82\xac", 41, "'12345678901234567890123456789012345678'...");
  assert_quoted("1234567890123456789012345678901234567\xf0\x9f\x98\x80x", 42, "'1234567890123456789012345678901234567'...");
  assert_quoted("12345678901234567890123456789012345678\xc3\xa4x", 41, "'12345678901234567890123456789012345678\xc3\xa4'...");
}

/* Any bytes at all end within the room and hold no control character. */
static void test_quotes_of_any_bytes(void **state){
  Random r = {1};
  int i;
  (void)state;
  for(i=0; i<100000; i++){
    char bytes[100];
    size_t n = random_below(&r, 100), k;
    AtQuote quote;
    for(k=0; k<n; k++) bytes[k] = (char)random_bits(&r);
    quote = at_quote(bytes, n);
    assert_non_null(memchr(quote.text, 0, sizeof quote.text));
    for(k=0; quote.text[k]; k++) assert_true((unsigned char)quote.text[k]>=0x20 && quote.text[k]!=0x7f);
  }
}

static void assert_message(const char *bytes, const char *expected){
  AtEnv env = {0};
  at_fail(&env, AT_INVALID, "<%s>", bytes);
  assert_string_equal(env.error.text, expected);
}

/* A message is UTF-8 without control characters but line ends, whatever it quotes. */
static void test_messages_of_any_bytes(void **state){
  char long_text[1000];
  AtEnv env = {0};
  (void)state;
  assert_message("a\nb \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "<a\nb \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80>");
  assert_message("\x1b[31m\x7f", "<\?[31m\?>");
  assert_message("\xff\xfe \x80 \xc3", "<\?\? \? \?>");
  assert_message("\xc0\xaf \xc1\xbf \xe0\x9f\xbf \xf0\x8f\xbf\xbf", "<\?\? \?\? \?\?\? \?\?\?\?>");       /* overlong */
  assert_message("\xed\xa0\x80 \xed\x9f\xbf", "<\?\?\? \xed\x9f\xbf>");                          /* a surrogate */
  assert_message("\xf4\x90\x80\x80 \xf4\x8f\xbf\xbf \xf8\x88\x80\x80\x80", "<\?\?\?\? \xf4\x8f\xbf\xbf \?\?\?\?\?>");
  assert_quoted("a\xff\xe2\x82", 4, "'a\?\?\?'");
  memset(long_text, 0, sizeof long_text);
  memset(long_text, 'x', 637);
  memcpy(long_text+637, "\xe2\x82\xac", 3);
  at_fail(&env, AT_INVALID, "%s", long_text);                                       /* cut in the middle of it */
  assert_string_equal(env.error.text+637, "\?\?");
}

static void test_text_grows(void **state){
  AtEnv env = heap_env(*state);
  AtText t = {NULL, 0, 0};
  size_t i;
  for(i=0; i<10000; i++){
    at_text_add(&env, &t, "abc", i%4);
    assert_int_equal(t.text[t.n], 0);
  }
  assert_ok(&env);
  assert_int_equal(t.n, 15000);
  assert_memory_equal(t.text, "aababcaababc", 12);
  at_text_free(env.alloc, &t);
  assert_null(t.text);
}

static void assert_json(void **state, const char *bytes, size_t n, const char *expected){
  AtEnv env = heap_env(*state);
  AtText t = {NULL, 0, 0};
  at_text_json(&env, &t, bytes, n);
  assert_ok(&env);
  assert_string_equal(t.text, expected);
  at_text_free(env.alloc, &t);
}

static void test_json(void **state){
  assert_json(state, "", 0, "\"\"");
  assert_json(state, "plain", 5, "\"plain\"");
  assert_json(state, "\"\\/", 3, "\"\\\"\\\\/\"");
  assert_json(state, "a\nb\t\x01\0z", 7, "\"a\\u000ab\\u0009\\u0001\\u0000z\"");
  assert_json(state, "\x7f\xc3\xa4", 3, "\"\x7f\xc3\xa4\"");
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_first_error_stays),
    HEAP_TEST(test_long_messages),
    HEAP_TEST(test_sizes_that_overflow),
    cmocka_unit_test(test_room_that_overflows),
    HEAP_TEST(test_failed_resize),
    cmocka_unit_test(test_quotes),
    cmocka_unit_test(test_quotes_of_any_bytes),
    cmocka_unit_test(test_messages_of_any_bytes),
    HEAP_TEST(test_text_grows),
    HEAP_TEST(test_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
