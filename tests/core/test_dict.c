/*
** test_dict.c: strings to ids: the same string has one id, ids follow first
** appearance, and after sorting the order of ids is the order of bytes.
*/
#include "common.h"

/* A random string: often after a prefix of 40 bytes that all share, often the
** prefix of another. */
static size_t random_string(Random *r, char *room, size_t shared){
  size_t n = random_below(r, 12), i;
  memset(room, 'p', shared);
  for(i=0; i<n; i++) room[shared+i] = (char)(random_below(r, 4) ? 'a'+(int)random_below(r, 3) : (int)random_below(r, 256));
  return shared+n;
}

/* Entries in plain sight, to compare with. */
typedef struct Known Known;
struct Known { int tag; size_t n; char text[64]; };

static int compare_known(const void *a, const void *b){
  const Known *x = a, *y = b;
  int order;
  if( x->tag!=y->tag ) return x->tag<y->tag ? -1 : 1;
  order = memcmp(x->text, y->text, x->n<y->n ? x->n : y->n);
  if( order ) return order;
  return x->n<y->n ? -1 : x->n>y->n;
}

static void assert_entry(const AtDict *dict, uint32_t id, const Known *known){
  const AtEntry *entry = &dict->entries[id];
  const char *bytes = dict->bytes + entry->offset;
  if( entry->n!=known->n+1 || bytes[0]!=known->tag || memcmp(bytes+1, known->text, known->n)!=0 ){
    fail_msg("entry %u holds something else", id);
  }
}

/* Interns n random strings, checks every id on the way, sorts, checks again. */
static void check_random(void **state, uint64_t seed, uint32_t n, size_t shared, int n_tags){
  AtEnv env = heap_env(*state);
  Known *known = calloc(n, sizeof *known), *sorted;
  uint32_t n_known = 0, i, *rank;
  Random r = {seed};
  AtDict dict;
  memset(&dict, 0, sizeof dict);
  assert_non_null(known);
  for(i=0; i<n; i++){
    char text[64];
    size_t length = random_string(&r, text, shared);
    int tag = n_tags==2 && random_below(&r, 2) ? AT_BLOB : AT_TEXT;
    uint32_t id = at_dict_intern(&env, &dict, tag, text, length);
    assert_true(id<=n_known);
    if( id==n_known ){
      known[n_known].tag = tag;
      known[n_known].n = length;
      memcpy(known[n_known++].text, text, length);
    }
    assert_entry(&dict, id, &known[id]);
    assert_true(known[id].tag==tag && known[id].n==length && memcmp(known[id].text, text, length)==0);
  }
  assert_int_equal(dict.n, n_known);
  sorted = malloc(n_known*sizeof *sorted);
  assert_non_null(sorted);
  memcpy(sorted, known, n_known*sizeof *sorted);
  qsort(sorted, n_known, sizeof *sorted, compare_known);
  for(i=1; i<n_known; i++) assert_true(compare_known(&sorted[i-1], &sorted[i])<0);   /* no id twice */
  rank = at_dict_sort(&env, &dict);
  assert_ok(&env);
  for(i=0; i<n_known; i++) assert_entry(&dict, i, &sorted[i]);
  for(i=0; i<n_known; i++) assert_entry(&dict, rank[i], &known[i]);
  at_free(env.alloc, rank);
  at_dict_free(env.alloc, &dict);
  free(known);
  free(sorted);
}

static void test_random_strings(void **state){
  uint64_t seed;
  for(seed=0; seed<200; seed++) check_random(state, seed, 1 + (uint32_t)seed*3, 0, 2);
}

static void test_long_common_prefixes(void **state){
  uint64_t seed;
  for(seed=0; seed<100; seed++) check_random(state, seed, 400, 40, 1);
  for(seed=0; seed<20; seed++) check_random(state, seed, 400, 40, 2);
}

static void test_many_strings(void **state){
  check_random(state, 7, 100000, 3, 2);
}

/* 100,000 keys that differ in their last bytes only, far behind the first eight. */
static void test_many_strings_with_a_long_prefix(void **state){
  AtEnv env = heap_env(*state);
  AtDict dict;
  uint32_t i, *rank;
  memset(&dict, 0, sizeof dict);
  for(i=0; i<100000; i++){
    char text[80];
    int n = snprintf(text, sizeof text, "https://example.com/a/rather/long/common/path/%05u", (i*7919u)%100000u);
    assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, (size_t)n), i);
  }
  assert_ok(&env);
  rank = at_dict_sort(&env, &dict);
  assert_non_null(rank);
  for(i=0; i<100000; i++) assert_int_equal(rank[i], (i*7919u)%100000u);
  at_free(env.alloc, rank);
  at_dict_free(env.alloc, &dict);
}

/* A batch gets the ids that its keys would get one by one, however often one
** comes in it, and in whatever sizes batches come. */
static void test_batches(void **state){
  AtEnv env = heap_env(*state);
  Random r = {9};
  AtDict batched, single;
  int round;
  memset(&batched, 0, sizeof batched);
  memset(&single, 0, sizeof single);
  for(round=0; round<3000; round++){
    char text[AT_BATCH][64];
    AtKey keys[AT_BATCH];
    uint32_t n = random_below(&r, AT_BATCH+1), i;
    for(i=0; i<n; i++){
      keys[i].tag = random_below(&r, 2) ? AT_TEXT : AT_INT;
      keys[i].text = text[i];
      keys[i].n = random_string(&r, text[i], random_below(&r, 2)*20);
    }
    assert_true(at_dict_intern_all(&env, &batched, keys, n));
    for(i=0; i<n; i++){
      uint32_t id = at_dict_intern(&env, &single, keys[i].tag, keys[i].text, keys[i].n);
      if( id!=keys[i].id ) fail_msg("key %u of a batch of %u is %u, not %u", i, n, keys[i].id, id);
    }
  }
  assert_int_equal(batched.n, single.n);
  assert_true(single.n>10000);
  at_dict_free(env.alloc, &batched);
  at_dict_free(env.alloc, &single);
}

/* The longest text, twice, and with its last byte changed. */
static void test_longest_text(void **state){
  AtEnv env = heap_env(*state);
  char *text = malloc(AT_MAX_TEXT);
  AtDict dict;
  AtCell cell;
  memset(&dict, 0, sizeof dict);
  assert_non_null(text);
  memset(text, 'x', AT_MAX_TEXT);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, AT_MAX_TEXT), 0);
  text[AT_MAX_TEXT-1] = 'y';
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, AT_MAX_TEXT), 1);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, AT_MAX_TEXT), 1);
  text[AT_MAX_TEXT-1] = 'x';
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, AT_MAX_TEXT), 0);
  cell = at_dict_cell(&dict, 1);
  assert_int_equal(cell.n, AT_MAX_TEXT);
  assert_int_equal(cell.text[AT_MAX_TEXT-1], 'y');
  at_dict_free(env.alloc, &dict);
  free(text);
}

/* Empty text, text of NUL bytes, and the same bytes under another class are
** four entries. */
static void test_empty_strings(void **state){
  AtEnv env = heap_env(*state);
  AtDict dict;
  uint32_t *rank;
  memset(&dict, 0, sizeof dict);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, "\0", 1), 0);
  assert_int_equal(at_dict_intern(&env, &dict, AT_BLOB, "", 0), 1);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, "", 0), 2);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, "\0\0", 2), 3);
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, NULL, 0), 2);
  rank = at_dict_sort(&env, &dict);
  assert_non_null(rank);
  assert_int_equal(rank[2], 0);
  assert_int_equal(rank[0], 1);
  assert_int_equal(rank[3], 2);
  assert_int_equal(rank[1], 3);
  at_free(env.alloc, rank);
  at_dict_free(env.alloc, &dict);
}

static void test_nothing_to_sort(void **state){
  AtEnv env = heap_env(*state);
  AtDict dict;
  uint32_t *rank;
  memset(&dict, 0, sizeof dict);
  rank = at_dict_sort(&env, &dict);
  assert_ok(&env);
  assert_int_equal(dict.n, 0);
  at_free(env.alloc, rank);
  at_dict_free(env.alloc, &dict);
}

/* Head, tail and length tell all strings of up to 16 bytes apart: the loader
** takes labels as equal by them alone. */
static void test_head_and_tail(void **state){
  Random r = {8};
  int i;
  (void)state;
  for(i=0; i<1000000; i++){
    char a[16], b[16];
    size_t n = random_below(&r, 17), k;
    for(k=0; k<n; k++) a[k] = b[k] = (char)random_bits(&r);
    if( n==0 ) continue;
    assert_true(at_text_head(a, n)==at_text_head(b, n) && at_text_tail(a, n)==at_text_tail(b, n));
    b[random_below(&r, (uint32_t)n)] ^= (char)(1 << random_below(&r, 8));
    if( at_text_head(a, n)==at_text_head(b, n) && at_text_tail(a, n)==at_text_tail(b, n) ){
      fail_msg("two strings of %d bytes look the same", (int)n);
    }
  }
}

/* No room for the next one, though twice the bytes would fit again, counted modulo 2^32. */
static void test_as_many_bytes_as_there_can_be(void **state){
  AtEnv env = heap_env(*state);
  char text[200];
  size_t n_bytes;
  AtDict dict;
  memset(&dict, 0, sizeof dict);
  memset(text, 'x', sizeof text);
  at_dict_intern(&env, &dict, AT_TEXT, text, 1);
  n_bytes = dict.n_bytes;
  dict.n_bytes = dict.bytes_capacity = SIZE_MAX/2-100;
  assert_int_equal(at_dict_intern(&env, &dict, AT_TEXT, text, sizeof text), UINT32_MAX);
  assert_int_equal(env.error.code, AT_NOMEM);
  dict.n_bytes = n_bytes;
  at_dict_free(env.alloc, &dict);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_strings),
    HEAP_TEST(test_long_common_prefixes),
    HEAP_TEST(test_many_strings),
    HEAP_TEST(test_many_strings_with_a_long_prefix),
    HEAP_TEST(test_batches),
    HEAP_TEST(test_longest_text),
    HEAP_TEST(test_empty_strings),
    HEAP_TEST(test_nothing_to_sort),
    HEAP_TEST(test_as_many_bytes_as_there_can_be),
    cmocka_unit_test(test_head_and_tail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
