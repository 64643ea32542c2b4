/*
** test_stages.c: lists of stages as they are written, and every refusal of one.
*/
#include "funnel_common.h"

/* 'name?[limit in seconds]|name…' */
static void show(const AtStages *s, char *out, size_t room){
  size_t n = 0;
  uint32_t i;
  out[0] = 0;
  for(i=0; i<s->n && n<room; i++){
    const AtStage *stage = &s->stage[i];
    n += (size_t)snprintf(out+n, room-n, "%s%.*s", i ? "|" : "", (int)stage->n, stage->text);
    if( stage->optional && n<room ) n += (size_t)snprintf(out+n, room-n, "?");
    if( stage->limit>=0 && n<room ) n += (size_t)snprintf(out+n, room-n, "[%lld]", (long long)(stage->limit/AT_SECOND));
  }
}

static void test_lists(void **state){
  static const struct { const char *text, *shown; } known[] = {
    {"won", "won"}, {"a>b", "a|b"}, {" a  >\tb\n> c ", "a|b|c"}, {"closed won > paid in full", "closed won|paid in full"},
    {"inquiry > mql > sal [2 days] > sql? > won", "inquiry|mql|sal[172800]|sql?|won"}, {"a > b?[1h] > c[60]", "a|b?[3600]|c[60]"},
    {"a > b [1 h] ? > c", "a|b?[3600]|c"}, {"a>b[0]>c", "a|b[0]|c"}, {"a > b[ 90 min ]", "a|b[5400]"}, {"a > b [1 week]", "a|b[604800]"},
    {"\"a > b\" > \"what?\" > \"[x]\"", "a > b|what?|[x]"}, {"\" padded \" > b", " padded |b"}, {"\"say \"\"hi\"\"\" > b", "say \"hi\"|b"},
    {"\"a\"[1]", NULL}, {"a > \"b\"[1] > \"c\"?[2]>d", "a|b[1]|c?[2]|d"}, {"A > a", "A|a"}, {"\xc3\xa4 > \xe6\xa4\x9c\xe7\xb4\xa2", "\xc3\xa4|\xe6\xa4\x9c\xe7\xb4\xa2"},
    {"a-b > c/d > e;f > (none)", "a-b|c/d|e;f|(none)"}, {"\"\"\"\" > b", "\"|b"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtStages s;
    char shown[200];
    int taken = parse_stages(&env, &s, known[i].text);
    if( known[i].shown==NULL ){ assert_false(taken); at_stages_free(env.alloc, &s); continue; }
    if( !taken ) fail_msg("%s: %s", known[i].text, env.error.text);
    show(&s, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s is %s", known[i].text, shown);
    at_stages_free(env.alloc, &s);
    assert_true(s.n==0 && s.copy==NULL);
  }
}

static void test_refusals(void **state){
  static const char *const refused[][2] = {
    {"", "argument stages is empty|'inquiry > mql > won'"}, {"  ", "stages is empty"}, {">", "character 1 (|'>'|name of a stage"},
    {"a >", "character 4|its end|name of a stage"}, {"a > > b", "character 5|'> b'|name"}, {"> a", "character 1"}, {"a >> b", "character 4"},
    {"a > b > a", "stage 'a'|listed twice|once"}, {"a > \"a\"", "stage 'a'|listed twice"}, {"a > b? > b", "'b'|listed twice"},
    {"a [1 day] > b", "'a'|first|has a limit|later"}, {"a? > b", "'a'|first|optional|leave out the ?"}, {"a > b?", "'b'|last|optional|leave out the ?"},
    {"a?", "'a'|first|optional"}, {"a > b [1 day", "character 7|'[1 day'|close the limit with ]"}, {"a > b []", "character 8|']'|number and a unit"},
    {"a > b [soon]", "character 8|'soon]'|'90 days'"}, {"a > b [1 month]", "character 8|no fixed length"}, {"a > b [-1]", "not negative"},
    {"a > b [1 day] [2 days]", "character 15|'[2 days]'|one limit"}, {"a > b?? > c", "character 7|'? > c'"}, {"a > b? ? > c", "character 8"},
    {"a > b] > c", "character 6|'] > c'|write > between"}, {"a > b\"c\" > d", "character 6|'\"c\" > d'"}, {"\"a\" b > c", "character 5|'b > c'"},
    {"\"a > b", "character 1|'\"a > b'|close the quote"}, {"a > \"b\"\"", "character 5|close the quote"}, {"?", "character 1|'?'|name of a stage"},
    {"a > [1 day]", "character 5|'[1 day]'|name of a stage"}, {"\"\" > b", "character 1|'\"\" > b'|name of a stage"}, {"a > \"\"", "character 5"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtStages s;
    if( parse_stages(&env, &s, refused[i][0]) ) fail_msg("%s is taken", refused[i][0]);
    assert_error(&env, AT_INVALID, refused[i][1]);
    at_stages_free(env.alloc, &s);
  }
}

/* funnel_stage() takes names only. */
static void test_plain_lists(void **state){
  static const char *const refused[] = {"a > b?> c", "a > b [1 day]", "a > \"b\" ? > c"};
  AtEnv env = heap_env(*state);
  AtStages s;
  size_t i;
  assert_true(at_stages_parse(&env, &s, "a > \"b?\" > c", 12, 1));
  assert_int_equal(at_stage_number(&s, "b?", 2), 2);
  at_stages_free(env.alloc, &s);
  for(i=0; i<COUNT(refused); i++){
    env = heap_env(*state);
    assert_false(at_stages_parse(&env, &s, refused[i], strlen(refused[i]), 1));
    assert_error(&env, AT_INVALID, "for funnel()|names only");
    at_stages_free(env.alloc, &s);
  }
}

/* Names are bytes: case, blanks within and all else counts. */
static void test_numbers_of_stages(void **state){
  AtEnv env = heap_env(*state);
  AtStages s;
  assert_true(parse_stages(&env, &s, "Won > won > closed won > \"won \" > \xc3\x84"));
  assert_int_equal(at_stage_number(&s, "Won", 3), 1);
  assert_int_equal(at_stage_number(&s, "won", 3), 2);
  assert_int_equal(at_stage_number(&s, "closed won", 10), 3);
  assert_int_equal(at_stage_number(&s, "won ", 4), 4);
  assert_int_equal(at_stage_number(&s, "\xc3\x84", 2), 5);
  assert_int_equal(at_stage_number(&s, "\xc3\xa4", 2), 0);
  assert_int_equal(at_stage_number(&s, "WON", 3), 0);
  assert_int_equal(at_stage_number(&s, "wo", 2), 0);
  assert_int_equal(at_stage_number(&s, "won\0", 4), 0);
  assert_int_equal(at_stage_number(&s, "", 0), 0);
  at_stages_free(env.alloc, &s);
}

static void test_at_most_128(void **state){
  char text[2000] = "s0";
  AtEnv env = heap_env(*state);
  AtStages s;
  int i;
  for(i=1; i<128; i++) sprintf(text+strlen(text), ">s%d", i);
  assert_true(parse_stages(&env, &s, text));
  assert_int_equal(s.n, 128);
  assert_int_equal(at_stage_number(&s, "s127", 4), 128);
  at_stages_free(env.alloc, &s);
  strcat(text, " > s128");
  assert_false(parse_stages(&env, &s, text));
  assert_error(&env, AT_INVALID, "more than 128 stages|fewer");
  at_stages_free(env.alloc, &s);
}

/* The caller's text may go, is not written to, and need not end with a zero. */
static void test_text_is_copied(void **state){
  AtEnv env = heap_env(*state);
  char text[] = "\"a \"\" b\" > c [5]xxx";
  AtStages s;
  assert_true(at_stages_parse(&env, &s, text, sizeof text - 4, 0));
  assert_string_equal(text, "\"a \"\" b\" > c [5]xxx");
  memset(text, 'x', sizeof text);
  assert_int_equal(at_stage_number(&s, "a \" b", 5), 1);
  assert_int_equal(at_stage_number(&s, "c", 1), 2);
  at_stages_free(env.alloc, &s);
}

static void test_zero_bytes(void **state){
  AtEnv env = heap_env(*state);
  AtStages s;
  assert_false(at_stages_parse(&env, &s, "a\0b > c", 7, 0));
  assert_error(&env, AT_INVALID, "character 2");
  at_stages_free(env.alloc, &s);
  env = heap_env(*state);
  assert_true(at_stages_parse(&env, &s, "\"a\0b\" > c", 9, 0));
  assert_int_equal(at_stage_number(&s, "a\0b", 3), 1);
  at_stages_free(env.alloc, &s);
}

/* Any list that can be written is read back, in quotes. */
static void test_any_names(void **state){
  static const char letters[] = "ab >?[]\"\xc3\xa4 1";
  Random r = {1};
  int round;
  for(round=0; round<5000; round++){
    AtEnv env = heap_env(*state);
    char name[8][8], text[200] = "";
    int n = 1 + (int)random_below(&r, 6), i, k, j;
    AtStages s;
    for(i=0; i<n; i++){
      int length = 1 + (int)random_below(&r, 5);
      char *out = text+strlen(text);
      for(k=0; k<length; k++) name[i][k] = letters[random_below(&r, sizeof letters - 1)];
      name[i][length] = 0;
      for(j=0; j<i && strcmp(name[j], name[i])!=0; j++){}
      if( j<i ) sprintf(name[i], "u%d", i);
      *out++ = i ? '>' : ' ';
      *out++ = '"';
      for(k=0; name[i][k]; k++){ if( name[i][k]=='"' ) *out++ = '"'; *out++ = name[i][k]; }
      *out++ = '"';
      *out = 0;
    }
    if( !parse_stages(&env, &s, text) ) fail_msg("%s: %s", text, env.error.text);
    for(i=0; i<n; i++) assert_int_equal(at_stage_number(&s, name[i], strlen(name[i])), i+1);
    at_stages_free(env.alloc, &s);
  }
}

/* Anything at all is an answer or an error. */
static void test_any_bytes(void **state){
  static const char *const pieces[] = {"a", "b", ">", ">", "?", "[", "]", "\"", "1 day", " ", "[2h]", "won", "\xff", "c>d"};
  Random r = {2};
  int i, taken = 0, refused = 0;
  for(i=0; i<50000; i++){
    AtEnv env = heap_env(*state);
    char text[128];
    size_t n = 0;
    AtStages s;
    while( random_below(&r, 7) && n<100 ){
      const char *piece = pieces[random_below(&r, COUNT(pieces))];
      memcpy(text+n, piece, strlen(piece));
      n += strlen(piece);
      if( random_below(&r, 50)==0 ) text[n++] = 0;
    }
    if( at_stages_parse(&env, &s, text, n, (int)random_below(&r, 2)) ) taken++;
    else{ refused++; assert_int_equal(env.error.code, AT_INVALID); }
    at_stages_free(env.alloc, &s);
  }
  assert_true(taken>1000 && refused>1000);
}

static void parse_one(AtEnv *env, void *given){
  AtStages s;
  (void)given;
  parse_stages(env, &s, "a > b [1 day] > c? > d");
  at_stages_free(env->alloc, &s);
}

static void test_failures(void **state){
  check_failures(*state, parse_one, NULL, 1);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_lists),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_plain_lists),
    HEAP_TEST(test_numbers_of_stages),
    HEAP_TEST(test_at_most_128),
    HEAP_TEST(test_text_is_copied),
    HEAP_TEST(test_zero_bytes),
    HEAP_TEST(test_any_names),
    HEAP_TEST(test_any_bytes),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
