/*
** test_uuids.c: UUIDs as sixteen bytes: what is one, ids by first appearance, written out in order.
*/
#include "funnel_common.h"

static void make(Random *r, int few, char text[AT_UUID_TEXT+1]){
  static const char form[] = "########-####-####-####-############", hex[] = "0123456789abcdef";
  int i;
  for(i=0; form[i]; i++) text[i] = form[i]=='#' ? hex[random_below(r, few ? 2 : 16)] : form[i];
  for(i=0; few && i<18; i++) if( form[i]=='#' ) text[i] = '7';     /* upper halves alike */
  text[AT_UUID_TEXT] = 0;
}

static void test_what_is_one(void **state){
  static const char good[] = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
  char text[AT_UUID_TEXT], out[AT_UUID_TEXT];
  AtUuid u;
  int i, c;
  (void)state;
  assert_true(at_uuid_parse(good, 36, &u));
  assert_true(u.high==UINT64_C(0x3f2504e04f8941d3) && u.low==UINT64_C(0x9a0c0305e82c3301));
  at_uuid_format(&u, out);
  assert_memory_equal(out, good, 36);
  assert_false(at_uuid_parse(good, 35, &u));
  assert_false(at_uuid_parse("", 0, &u));
  for(i=0; i<36; i++){                    /* any other byte at any place */
    for(c=0; c<256; c++){
      int digit = (c>='0' && c<='9') || (c>='a' && c<='f'), dash = good[i]=='-';
      memcpy(text, good, 36);
      text[i] = (char)c;
      assert_int_equal(at_uuid_parse(text, 36, &u), dash ? c=='-' : digit);
    }
  }
}

/* The same keys as texts in a dictionary get the same ids, the same order, the same bytes. */
static void test_as_a_dictionary_has_them(void **state){
  Random r = {5};
  int round;
  for(round=0; round<60; round++){
    AtEnv env = heap_env(*state);
    AtUuids u;
    AtDict texts, written;
    uint32_t n = round==58 ? 70000 : 1+random_below(&r, round<50 ? 200 : 9000), distinct = 1+random_below(&r, n), i, j;
    char (*pool)[AT_UUID_TEXT+1] = malloc(distinct*sizeof *pool);
    uint32_t *rank, *expected;
    AtUuids *tables = &u;
    memset(&u, 0, sizeof u);
    memset(&texts, 0, sizeof texts);
    memset(&written, 0, sizeof written);
    for(i=0; i<distinct; i++) make(&r, round%3==0, pool[i]);
    for(i=0; i<n; i+=j){
      AtUuid keys[AT_BATCH];
      uint32_t ids[AT_BATCH], size = 1+random_below(&r, AT_BATCH), which[AT_BATCH];
      for(j=0; j<size && i+j<n; j++){
        which[j] = random_below(&r, distinct);
        assert_true(at_uuid_parse(pool[which[j]], 36, &keys[j]));
      }
      assert_true(at_uuids_intern_all(&env, &u, keys, j, ids));
      for(size=0; size<j; size++) assert_int_equal(ids[size], at_dict_intern(&env, &texts, AT_TEXT, pool[which[size]], 36));
    }
    if( round%2 ){
      assert_true(at_uuids_spell_out(&env, &u, &written));
      for(i=0; i<texts.n; i++) assert_int_equal(at_entry_compare(&texts, i, &written, i), 0);
      assert_int_equal(at_dict_intern(&env, &written, AT_TEXT, pool[0], 36), at_dict_intern(&env, &texts, AT_TEXT, pool[0], 36));
      at_dict_free(env.alloc, &written);
    }else{
      assert_true(at_uuids_sort(&env, &tables, 1, &written, &rank));
      expected = at_dict_sort(&env, &texts);
      assert_int_equal(written.n, texts.n);
      for(i=0; i<texts.n; i++){
        assert_int_equal(rank[i], expected[i]);
        assert_int_equal(at_entry_compare(&texts, i, &written, i), 0);
      }
      at_free(env.alloc, rank);
      at_free(env.alloc, expected);
      at_dict_free(env.alloc, &written);
    }
    at_dict_free(env.alloc, &texts);
    assert_true(u.slots==NULL && u.n==0);
    assert_ok(&env);
    free(pool);
  }
}

/* A loader of UUIDs that meets another key at some row has the same store as one without UUIDs' own way. */
static void test_the_first_other_key(void **state){
  static const char *const others[] = {NULL, "3F2504E0-4f89-41d3-9a0c-0305e82c3301", "no uuid", "", "3f2504e0-4f89-41d3-9a0c-0305e82c330"};
  Random r = {9};
  int round;
  for(round=0; round<40; round++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, 0, 0, 1);          /* with ids: up to three loaders */
    AtStore *store;
    uint32_t n = 1+random_below(&r, 400), at = random_below(&r, n), i, e, rows = 0;
    char (*text)[AT_UUID_TEXT+1] = malloc(n*sizeof *text);
    Row *row = malloc(n*sizeof *row);
    for(i=0; i<n; i++){
      if( i>0 && random_below(&r, 3)==0 ) memcpy(text[i], text[random_below(&r, i)], sizeof text[i]);
      else make(&r, 0, text[i]);
      row[i] = row_of(cell_text(text[i]), cell_integer((int64_t)i), "a");
      row[i].id = cell_integer((int64_t)i);
    }
    if( others[round%COUNT(others)] ) row[at].entity = cell_text(others[round%COUNT(others)]);
    else if( round%2 ) row[at].entity = cell_integer(7);
    store = load_rows(&env, &shape, row, n);
    assert_ok(&env);
    for(e=0; e<store->n_entities; e++){
      AtCell key = at_store_key(store, e), before;
      uint32_t expected = 0;
      if( e>0 ){
        before = at_store_key(store, e-1);
        assert_true(before.type<key.type || (before.type==key.type && at_cell_compare(&before, &key)<0));
      }
      for(i=0; i<n; i++) expected += same_cell(&row[i].entity, &key);
      assert_int_equal(store->start[e+1]-store->start[e], expected);
      rows += expected;
    }
    assert_int_equal(rows + store->skipped_entity, n);                 /* an empty text is no key */
    at_store_release(store);
    free(row);
    free(text);
  }
}

/* Whatever allocation fails, of one loader or of three, nothing stays behind. */
static void test_out_of_memory(void **state){
  Heap *heap = *state;
  AtShape shape = shape_of(1, 0, 0, 1);
  char text[200][AT_UUID_TEXT+1];
  Row rows[200];
  Random r = {3};
  uint32_t i, n, fail_at;
  for(i=0; i<200; i++){
    make(&r, i%2, text[i]);
    rows[i] = row_of(cell_text(text[i]), cell_integer((int64_t)i), "a");
    rows[i].id = cell_integer((int64_t)i);
  }
  for(n=198; n<=200; n++){
    int done = 0;
    for(fail_at=1; !done; fail_at++){
      AtEnv env = heap_env(heap);
      AtStore *store;
      heap->calls = 0;
      heap->fail_at = fail_at;
      store = load_rows(&env, &shape, rows, n);
      done = store!=NULL;
      if( store ) assert_int_equal(store->n, n);
      else assert_int_equal(env.error.code, AT_NOMEM);
      at_store_release(store);
      assert_int_equal(heap->alive, 0);
    }
    assert_true(fail_at>20);
  }
  heap->fail_at = 0;
}

/* Written out as text for keys that are none: in order, or not at all. */
static void spell_out(AtEnv *env, void *given){
  AtDict texts;
  AtUuids u;
  uint32_t i;
  (void)given;
  memset(&u, 0, sizeof u);
  memset(&texts, 0, sizeof texts);
  for(i=0; i<300 && !env->error.code; i+=50){
    AtUuid keys[50];
    uint32_t ids[50], k;
    for(k=0; k<50; k++){
      keys[k].high = i+k;
      keys[k].low = ~(uint64_t)(i+k);
    }
    at_uuids_intern_all(env, &u, keys, 50, ids);
  }
  at_uuids_spell_out(env, &u, &texts);
  if( !env->error.code ){
    AtCell cell = at_dict_cell(&texts, 299);
    assert_int_equal(texts.n, 300);
    assert_memory_equal(cell.text, "00000000-0000-012b-ffff-fffffffffed4", AT_UUID_TEXT);
  }
  at_uuids_free(env->alloc, &u);
  at_dict_free(env->alloc, &texts);
}

static void test_failures_spelling_out(void **state){
  check_failures(*state, spell_out, NULL, 8);
  check_stops(*state, spell_out, NULL, 300);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_what_is_one),
    HEAP_TEST(test_as_a_dictionary_has_them),
    HEAP_TEST(test_the_first_other_key),
    HEAP_TEST(test_out_of_memory),
    HEAP_TEST(test_failures_spelling_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
