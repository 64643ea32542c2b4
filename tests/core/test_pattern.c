/*
** test_pattern.c: every element of a pattern, and every refusal with the
** character at which it is.
*/
#include "funnel_common.h"

/* A pattern as text again: kinds, conditions, gates in microseconds. */
static void show(const AtPattern *p, char *out, size_t room){
  static const char *const gates[] = {"<=", "<", ">=", ">", "==", "!="};
  size_t n = 0;
  uint32_t i;
  out[0] = 0;
  for(i=0; i<p->n && n<room; i++){
    const AtElement *e = &p->elements[i];
    switch( e->kind ){
      case AT_ELEMENT_CONDITION: n += (size_t)snprintf(out+n, room-n, "%u ", (unsigned)e->condition); break;
      case AT_ELEMENT_ANY: n += (size_t)snprintf(out+n, room-n, ". "); break;
      case AT_ELEMENT_STAR: n += (size_t)snprintf(out+n, room-n, "* "); break;
      default: n += (size_t)snprintf(out+n, room-n, "t%s%lld ", gates[e->gate], (long long)e->duration);
    }
  }
}

static void test_elements(void **state){
  static const struct { const char *text, *shown; } known[] = {
    {"", ""}, {"  \t\n ", ""}, {"(?1)", "1 "}, {"(?9)", "9 "}, {"(?1)(?2)", "1 2 "}, {"(?007)", "7 "}, {".", ". "}, {".*", "* "},
    {"..*.", ". * . "}, {".*.*", "* * "}, {". *", NULL}, {" (?1) .* (?2) ", "1 * 2 "}, {"(?t<=3600)", "t<=3600000000 "},
    {"(?t<1)", "t<1000000 "}, {"(?t>=1)", "t>=1000000 "}, {"(?t>1)", "t>1000000 "}, {"(?t==1)", "t==1000000 "}, {"(?t!=1)", "t!=1000000 "},
    {"(?t <= 2 days )", "t<=172800000000 "}, {"(?t<=0.5)", "t<=500000 "}, {"(?t>=0)", "t>=0 "}, {"(?t<1h)", "t<3600000000 "},
    {"(?1)(?t<=1 hour)(?2).*(?t>7d)(?3)", "1 t<=3600000000 2 * t>604800000000 3 "}, {"(?t>1).*(?t<2)", "t>1000000 * t<2000000 "},
    {"(?t<=1e30)", "t<=315569519999999999 "},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtPattern p;
    char shown[200];
    int taken = at_pattern_parse(&env, &p, known[i].text, strlen(known[i].text), 9);
    show(&p, shown, sizeof shown);
    at_pattern_free(env.alloc, &p);
    if( !known[i].shown ){ assert_false(taken); continue; }
    if( !taken ) fail_msg("%s: %s", known[i].text, env.error.text);
    /* what is longer than all time is all time, a double away or so */
    if( strncmp(shown, known[i].shown, strncmp(shown, "t<=3155", 7) ? sizeof shown : 9)!=0 ) fail_msg("%s is %s", known[i].text, shown);
  }
}

/* A pattern over three conditions, the character of its mistake, and what is said. */
static void test_refusals(void **state){
  static const struct { const char *text; int at; const char *words; } refused[] = {
    {"x", 1, "'x'|write (?1), ., .* or (?t<=3600)"}, {"(?1)x(?2)", 5, "'x(?2)'"}, {"(?1) -> (?2)", 6, "'-> (?2)'"}, {"*", 1, "'*'"}, {". *", 3, "'*'"},
    {"(1)", 1, "'(1)'"}, {"( ?1)", 1, "'( ?1)'"}, {"?1", 1, "'?1'"}, {"(", 1, "'('"}, {")", 1, "')'"}, {"(?1))", 5, "')'"},
    {"(?", 3, "its end|(?1), (?2)"}, {"(?)", 3, "')'|(?1), (?2)"}, {"(?x)", 3, "'x)'|for a condition"}, {"(?-1)", 3, "'-1)'"}, {"(?T<1)", 3, "'T<1)'"},
    {"(?0)", 3, "'0)'|no such condition|from 1"}, {"(?4)", 3, "'4)'|no such condition"}, {"(?1)(?99999999999999999999)", 7, "no such condition"},
    {"(?4294967297)", 3, "no such condition"}, {"(?1", 4, "its end|write ) after"}, {"(?1 )", 4, "' )'|write ) after"}, {"(?1,2)", 4, "',2)'"}, {"(?1.5)", 4, "'.5)'"},
    {"(?t)", 4, "')'|<=, <, >=, >, == or !="}, {"(?t", 4, "its end|<="}, {"(?t=5)", 4, "'=5)'"}, {"(?t 5)", 5, "'5)'|<="}, {"(?t~5)", 4, "'~5)'"},
    {"(?t<=", 6, "its end|write ) after"}, {"(?t<=5", 6, "'5'|write ) after"}, {"(?t<=)", 6, "')'|number and a unit"}, {"(?t<=soon)", 6, "'soon)'|'90 days'"},
    {"(?t<=-1)", 6, "'-1)'|not negative"}, {"(?1)(?t>1 month)(?2)", 9, "'1 month)(?2)'|no fixed length"}, {"(?t<<5)", 5, "'<5)'"}, {"(?t<=5 dys)", 6, "unit"},
    {"(?t<5)(?t>1)", 7, "'(?t>1)'|two time gates in a row|between them"}, {"(?1)(?t<5) (?t>1)(?2)", 12, "two time gates"}, {"(?t<5)(?t", 7, "two time gates"},
    {"\xc3\xa4", 1, "'\xc3\xa4'"}, {"(?1)\xe2\x80\xa6(?2)", 5, "'\xe2\x80\xa6(?2)'"}, {"(?t<=\xc3\xa4\xc3\xb6)(?1)", 6, "unit"}, {"(?t<=5\xc2\xa0s)\xc3\xa4", 6, "unit"},
    {"(?t<=1)\xc3\xa4", 8, "'\xc3\xa4'"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtPattern p;
    char place[48];
    if( at_pattern_parse(&env, &p, refused[i].text, strlen(refused[i].text), 3) ) fail_msg("%s is taken", refused[i].text);
    snprintf(place, sizeof place, "pattern cannot be read at character %d (", refused[i].at);
    if( strstr(env.error.text, place)==NULL ) fail_msg("%s, not at character %d: %s", refused[i].text, refused[i].at, env.error.text);
    if( strncmp(refused[i].words, "unit", 4)!=0 ) assert_error(&env, AT_INVALID, refused[i].words);
    at_pattern_free(env.alloc, &p);
  }
}

/* Characters are counted, not bytes. */
static void test_characters_before_the_mistake(void **state){
  AtEnv env = heap_env(*state);
  static const char text[] = "(?t<=1)\xf0\x9f\x8e\xaf";
  AtPattern p;
  assert_false(at_pattern_parse(&env, &p, text, sizeof text - 1, 3));
  assert_error(&env, AT_INVALID, "character 8 |\xf0\x9f\x8e\xaf");
  at_pattern_free(env.alloc, &p);
}

static void test_zero_bytes(void **state){
  AtEnv env = heap_env(*state);
  AtPattern p;
  assert_false(at_pattern_parse(&env, &p, "(?1)\0(?2)", 9, 3));
  assert_error(&env, AT_INVALID, "character 5");
  at_pattern_free(env.alloc, &p);
}

static void test_at_most_1000_elements(void **state){
  char *text = malloc(8001);
  AtEnv env = heap_env(*state);
  AtPattern p;
  int i;
  assert_non_null(text);
  for(i=0; i<1001; i++) memcpy(text+i*7, "(?1000)", 8);
  assert_true(at_pattern_parse(&env, &p, text, 7000, 1000));
  assert_int_equal(p.n, 1000);
  assert_int_equal(p.elements[999].condition, 1000);
  at_pattern_free(env.alloc, &p);
  assert_false(at_pattern_parse(&env, &p, text, 7007, 1000));
  assert_error(&env, AT_INVALID, "more than 1000 elements|fewer");
  at_pattern_free(env.alloc, &p);
  free(text);
}

/* Bytes of all kinds: a pattern that reads back as it was, or an error with a place in it. */
static void test_any_bytes(void **state){
  static const char *const pieces[] = {"(?1)", "(?2)", "(?", "(?t", "(?t<=", "5)", "1 day)", ".", ".*", " ", ")", "\xc3\xa4", ">", "=", "3"};
  Random r = {1};
  int i, taken = 0, refused = 0;
  for(i=0; i<50000; i++){
    AtEnv env = heap_env(*state);
    char text[128];
    size_t n = 0;
    AtPattern p;
    while( random_below(&r, 6) && n<100 ){
      const char *piece = pieces[random_below(&r, random_below(&r, 3) ? 2 : COUNT(pieces))];
      memcpy(text+n, piece, strlen(piece));
      n += strlen(piece);
      if( random_below(&r, 60)==0 ) text[n++] = 0;
    }
    if( at_pattern_parse(&env, &p, text, n, 3) ){
      taken++;
      assert_int_equal(env.error.code, AT_OK);
    }else{
      unsigned at = 0;
      refused++;
      assert_int_equal(sscanf(env.error.text, "pattern cannot be read at character %u", &at), 1);
      assert_true(at>=1 && at<=n+1);
    }
    at_pattern_free(env.alloc, &p);
  }
  assert_true(taken>1000 && refused>1000);
}

static void parse_long(AtEnv *env, void *given){
  static const char text[] = "(?1)(?2).*(?t<=5)(?1).(?3).*(?t>=1 day)(?2)(?2)(?2)(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?1)";
  AtPattern p;
  (void)given;
  at_pattern_parse(env, &p, text, sizeof text - 1, 3);
  at_pattern_free(env->alloc, &p);
}

static void test_failures(void **state){
  check_failures(*state, parse_long, NULL, 3);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_elements),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_characters_before_the_mistake),
    HEAP_TEST(test_zero_bytes),
    HEAP_TEST(test_at_most_1000_elements),
    HEAP_TEST(test_any_bytes),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
