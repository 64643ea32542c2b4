/*
** test_suggest.c: the nearest known name, against the edit distance as it is
** defined: the cheapest of a change, a letter more, a letter less and two
** neighbours swapped.
*/
#include "common.h"

static const char *nearest(const char *wanted, const char *const *known, size_t n, AtSuggest *s){
  size_t i;
  at_suggest_start(s, wanted, strlen(wanted));
  for(i=0; i<n; i++) at_suggest_offer(s, known[i]);
  return s->best;
}

static void test_names_that_people_misspell(void **state){
  static const char *const models[] = {"first_touch", "last_touch", "last_non_direct", "linear", "position_based",
                                       "time_decay", "j_shaped", "u_shaped", "w_shaped", "points"};
  static const char *const pairs[][2] = {
    {"liner", "linear"}, {"linaer", "linear"}, {"piotns", "points"}, {"LINEAR", "linear"}, {"firsttouch", "first_touch"},
    {"last_tuch", "last_touch"}, {"timedecay", "time_decay"}, {"u-shaped", "u_shaped"}, {"point", "points"},
    {"position", ""}, {"markov", ""}, {"x", ""}, {"", ""},
  };
  AtSuggest s;
  size_t i;
  (void)state;
  for(i=0; i<COUNT(pairs); i++){
    const char *best = nearest(pairs[i][0], models, COUNT(models), &s);
    if( strcmp(best, pairs[i][1])!=0 ) fail_msg("%s: \"%s\", not \"%s\"", pairs[i][0], best, pairs[i][1]);
  }
}

static unsigned least(unsigned a, unsigned b){ return a<b ? a : b; }

static unsigned distance(const char *a, const char *b){
  unsigned best;
  if( *a==0 ) return (unsigned)strlen(b);
  if( *b==0 ) return (unsigned)strlen(a);
  if( *a==*b ) return distance(a+1, b+1);
  best = 1 + least(distance(a+1, b+1), least(distance(a+1, b), distance(a, b+1)));
  if( a[0]==b[1] && a[1]==b[0] ) best = least(best, 1 + distance(a+2, b+2));
  return best;
}

static void random_word(Random *r, char word[8]){
  size_t n = random_below(r, 7), i;
  for(i=0; i<n; i++) word[i] = (char)('a'+(int)random_below(r, 3));
  word[n] = 0;
}

/* The first of the nearest, if no more than a third of the letters, and at
** least one, must change. */
static void test_random_words(void **state){
  Random r = {1};
  int i, k;
  (void)state;
  for(i=0; i<20000; i++){
    char wanted[8], known[4][8];
    const char *names[4], *expected = "";
    unsigned best;
    AtSuggest s;
    random_word(&r, wanted);
    best = (unsigned)strlen(wanted)/3;
    if( best==0 ) best = 1;
    best++;
    for(k=0; k<4; k++){
      unsigned d;
      random_word(&r, known[k]);
      names[k] = known[k];
      d = distance(wanted, known[k]);
      if( d<best ){ best = d; expected = known[k]; }
    }
    if( strcmp(nearest(wanted, names, 4, &s), expected)!=0 ){
      fail_msg("%s: \"%s\", not \"%s\"", wanted, s.best, expected);
    }
  }
}

/* Long names: only the first 40 bytes count, and a name too long to keep is
** passed over. */
static void test_long_names(void **state){
  char wanted[300], known[300];
  const char *names[] = {known};
  AtSuggest s;
  (void)state;
  memset(wanted, 'a', 299);
  wanted[299] = 0;
  memset(known, 'a', 127);
  known[127] = 0;
  assert_string_equal(nearest(wanted, names, 1, &s), known);
  memset(known, 'a', 128);
  known[128] = 0;
  assert_string_equal(nearest(wanted, names, 1, &s), "");
  memset(known, 'b', 60);
  known[60] = 0;
  assert_string_equal(nearest(wanted, names, 1, &s), "");
}

/* Names are bytes: what is not ASCII is compared, and case is that of ASCII. */
static void test_bytes_beyond_ascii(void **state){
  static const char *const known[] = {"gr\xc3\xb6\xc3\x9f" "e"};
  AtSuggest s;
  (void)state;
  assert_string_equal(nearest("GR\xc3\xb6\xc3\x9f" "E", known, 1, &s), known[0]);
  assert_string_equal(nearest("gr\xc3\xb6sse", known, 1, &s), known[0]);
}

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_names_that_people_misspell),
    cmocka_unit_test(test_random_words),
    cmocka_unit_test(test_long_names),
    cmocka_unit_test(test_bytes_beyond_ascii),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
