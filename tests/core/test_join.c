/*
** test_join.c: several loaders into one store, whatever their widths, and what fails on the way; the
** short way of appending; what is done with a store afterwards.
*/
#include "funnel_common.h"

/* Several loaders, of which some have wide labels, or times, or ids, and others not: one store, row by row. */
static void test_loaders_of_different_widths(void **state){
  static const struct { uint32_t labels[3]; int64_t step[3], id[3]; } known[] = {
    {{70000, 10, 10}, {1, 1, 1}, {0, 0, 0}}, {{10, 70000, 10}, {1, 1, 1}, {0, 0, 0}}, {{40000, 40000, 40000}, {1, 1, 1}, {0, 0, 0}},
    {{70000, 70000, 70000}, {1, 1, 1}, {0, 0, 0}}, {{10, 10, 10}, {1, 100000, 1}, {0, 0, 0}}, {{10, 10, 10}, {100000, 1, 1}, {0, 0, 0}},
    {{10, 10, 10}, {1, 1, 1}, {0, INT64_C(1)<<40, 0}}, {{10, 10, 10}, {1, 1, 1}, {-(INT64_C(1)<<40), 5, INT64_C(1)<<40}},
    {{10, 10, 10}, {1, 1, 1}, {0, 4294967290, 0}},   /* across what four bytes hold */
    {{0, 10, 0}, {1, 1, 1}, {0, 0, 0}}, {{0, 0, 0}, {1, 1, 1}, {0, 0, 0}},
  };
  size_t k;
  for(k=0; k<COUNT(known); k++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, 0, 0, 1);
    AtLoader loader[3];
    AtStore *s;
    uint32_t p, i, n = 0, row = 0;
    for(p=0; p<3; p++){
      assert_true(at_loader_open(&env, &loader[p], &shape));
      for(i=0; i<known[k].labels[p]; i++, n++){
        char text[24];
        Row given = row_of(cell_integer(p), cell_integer(i*known[k].step[p]), "");
        snprintf(text, sizeof text, "label %u/%05u", (unsigned)p, (unsigned)i);
        given.label = cell_text(text);
        given.id = cell_integer(known[k].id[p]+i);
        append_row(&env, &loader[p], &given);
      }
    }
    s = at_loader_finish(&env, loader, 3);
    for(p=0; p<3; p++) at_loader_close(&loader[p]);
    assert_ok(&env);
    assert_int_equal(s->n, n);
    assert_int_equal(s->labels.n, n);
    for(p=0; p<3; p++){
      for(i=0; i<known[k].labels[p]; i++, row++){
        char text[24];
        AtCell label = at_store_label_text(s, at_store_label(s, row)), id = at_store_id(s, row);
        snprintf(text, sizeof text, "label %u/%05u", (unsigned)p, (unsigned)i);
        assert_int_equal(label.n, strlen(text));
        assert_memory_equal(label.text, text, label.n);
        assert_true(id.integer==known[k].id[p]+i);
        assert_true(at_store_when(s, row)==(int64_t)i*known[k].step[p]*AT_SECOND);
      }
    }
    at_store_release(s);
  }
}

/* Joining and sorting what several loaders have: each allocation fails, each of the first beats says stop. */
static void test_joining_fails(void **state){
  enum { LABELS, KEYS, UUIDS, FORMS, TAGS, TIMES, PLAIN, N_CASES };
  Heap *heap = *state;
  int k;
  for(k=0; k<N_CASES; k++){
    AtShape shape = shape_of(1, 0, 0, k!=PLAIN);
    uint32_t n = k==LABELS ? 22000 : 500;
    long step, failed = 0, stopped = 0;
    int done, by_stop;
    shape.n_tags = k==TAGS ? 1 : 0;
    shape.tag[0] = "source";
    for(by_stop=0; by_stop<2; by_stop++){
      for(step=1, done=0; !done && !(by_stop && step>(k==LABELS ? 12 : 40)); step++){
        AtEnv env = heap_env(heap);
        Eager eager = {&env, 0, step};
        AtLoader loader[3];
        AtStore *s;
        uint32_t p, i;
        for(p=0; p<3; p++){
          assert_true(at_loader_open(&env, &loader[p], &shape));
          for(i=0; i<n; i++){
            char label[24], key[48];
            Row row = row_of(cell_integer(i%9), cell_integer(i), "");
            snprintf(label, sizeof label, "label %u/%05u", (unsigned)(k==LABELS ? p : 0), (unsigned)i);
            snprintf(key, sizeof key, k==UUIDS ? "3f2504e0-4f89-41d3-9a0c-0305e8%u%05u" : "key %u/%05u", (unsigned)p, (unsigned)i);
            row.label = row.tag[0] = cell_text(label);
            if( k==KEYS || (k==UUIDS && (p<2 || i<400)) ) row.entity = cell_text(key);
            if( k==UUIDS && p==2 && i>=400 ) row.entity = cell_text("no UUID");
            if( k==TIMES && p==1 ) row.time = cell_integer((int64_t)i*100000000);
            if( k==FORMS && p==1 ) row.time = cell_text("2024-01-01");
            row.id = k==FORMS && p==2 ? cell_text(key) : cell_integer(i);
            append_row(&env, &loader[p], &row);
          }
        }
        assert_ok(&env);
        if( by_stop ){
          env.heartbeat = eager_beat;
          env.heartbeat_ctx = &eager;
          env.ticks = UINT32_C(1)<<20;
        }else{
          heap->fail_at = heap->calls+step;
        }
        s = at_loader_finish(&env, loader, 3);
        heap->fail_at = 0;
        for(p=0; p<3; p++) at_loader_close(&loader[p]);
        done = env.error.code==AT_OK;
        if( done ) assert_int_equal(s->n, 3*n);
        else assert_int_equal(env.error.code, by_stop ? AT_INTERRUPT : AT_NOMEM);
        assert_true((s!=NULL)==done);
        if( by_stop ) stopped += !done;
        else failed += !done;
        at_store_release(s);
        assert_int_equal(heap->alive, 0);
      }
    }
    if( failed<10 || stopped<5 ) fail_msg("case %d: %ld failures, %ld stops", k, failed, stopped);
  }
}

/* A time in the form of a row's, with the precision that it needs itself. */
static void test_a_time_like_a_rows(void **state){
  static const struct { const char *row, *other, *like; } known[] = {
    {"2024-01-01", "2024-02-29", "2024-02-29"}, {"2024-01-01", "2024-02-29 12:30", "2024-02-29 12:30"},
    {"2024-01-01T10:00:00Z", "2024-02-29", "2024-02-29T00:00:00Z"}, {"2024-01-01 10:00", "2024-02-29 12:30:45.5", "2024-02-29 12:30:45.5"},
  };
  AtShape shape = shape_of(1, 0, 0, 1);
  Row rows[COUNT(known)];
  AtEnv env = heap_env(*state);
  AtStore *s;
  size_t k;
  for(k=0; k<COUNT(known); k++){
    rows[k] = row_of(cell_integer((int64_t)k), cell_text(known[k].row), "ads");
    rows[k].id = cell_integer((int64_t)k);
  }
  for(k=0; k<COUNT(known); k++){         /* alone it is the store's form, with the others its own */
    int alone;
    for(alone=0; alone<2; alone++){
      AtCell cell = cell_text(known[k].other), out;
      char buffer[40];
      int64_t time;
      uint8_t form;
      s = load_rows(&env, &shape, alone ? rows+k : rows, alone ? 1 : COUNT(known));
      assert_ok(&env);
      assert_true((s->forms==NULL)==alone);
      assert_null(at_time_parse(&cell, AT_SECOND, &time, &form));
      at_store_time_like(s, alone ? 0 : (uint32_t)k, time, &out, buffer);
      assert_int_equal(out.type, AT_TEXT);
      assert_int_equal(out.n, strlen(known[k].like));
      assert_memory_equal(out.text, known[k].like, out.n);
      at_store_release(s);
    }
  }
}

/* A store that is shared goes with the last of those who have it. */
static void test_sharing(void **state){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 1);
  Row row = row_of(cell_integer(7), cell_integer(1), "ads");
  Heap *heap = *state;
  AtStore *s = load_rows(&env, &shape, &row, 1);
  long alive = heap->alive;
  assert_ptr_equal(at_store_share(s), s);
  at_store_release(s);
  assert_int_equal(heap->alive, alive);
  assert_int_equal(at_store_key(s, 0).integer, 7);
  at_store_release(s);
  assert_int_equal(heap->alive, 0);
  at_store_release(NULL);
}

/* The short way leaves whatever is not as most rows are to the long one, and has then done nothing. */
static void test_the_short_way_refuses(void **state){
  static const char text[AT_MAX_TEXT+1];
  int by_text, widened;
  for(by_text=0; by_text<2; by_text++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, 0, 0, 1);
    AtLoader loader;
    AtStore *s;
    uint32_t i, n = 20;
    const char *key = by_text ? "acme" : NULL;
    assert_true(at_loader_open(&env, &loader, &shape));
    for(i=0; i<n; i++){
      Row row = row_of(by_text ? cell_text("acme") : cell_integer(5), cell_integer(1000000), "ads");
      row.id = cell_integer(100+i);
      append_row(&env, &loader, &row);
    }
    assert_ok(&env);
    assert_true(loader.is_plain);
#define SHORT(entity, key, key_n, seconds, label, label_n, id) \
    at_loader_append_plain(&env, &loader, entity, key, key_n, seconds, label, label_n, id)
    assert_false(SHORT(5, key, 4, loader.epoch_seconds-1, "ads", 3, 200));                    /* before the epoch */
    assert_false(SHORT(5, key, 4, loader.epoch_seconds+UINT32_MAX+1, "ads", 3, 200));
    assert_false(SHORT(5, key, 4, 1000000, "ads", 3, loader.store->ids.base-1));               /* before the first id */
    assert_false(SHORT(5, key, 4, 1000000, "ads", 3, loader.store->ids.base+UINT32_MAX+1));
    assert_false(SHORT(5, key, 4, 1000000, "ads", 3, INT64_MIN));
    assert_false(SHORT(5, key, 4, 1000000, "", 0, 200));
    assert_false(SHORT(5, key, 4, 1000000, "seventeen letters", 17, 200));
    assert_false(SHORT(5, key, 4, 1000000, "email", 5, 200));              /* not seen before */
    if( by_text ){
      assert_false(SHORT(5, "", 0, 1000000, "ads", 3, 200));
      assert_false(SHORT(5, text, AT_MAX_TEXT+1, 1000000, "ads", 3, 200));
      assert_false(SHORT(5, NULL, 0, 1000000, "ads", 3, 200));             /* a number among texts */
    }else{
      assert_false(SHORT(5, "acme", 4, 1000000, "ads", 3, 200));           /* a text among numbers */
      assert_false(SHORT(INT64_MIN, NULL, 0, 1000000, "ads", 3, 200));
      assert_false(SHORT(INT64_MAX, NULL, 0, 1000000, "ads", 3, 200));
    }
    assert_int_equal(loader.store->n, n);
    assert_true(SHORT(5, key, 4, 1000001, "ads", 3, 200));
    for(widened=0; widened<4; widened++){                                 /* columns that are wide already */
      if( widened==0 ) at_loader_widen_times(&env, &loader);
      else if( widened==1 ) at_loader_widen_labels(&env, &loader);
      else if( widened==2 ) at_loader_widen_ids(&env, &loader, AT_ID_INTEGER);
      assert_ok(&env);
      assert_false(SHORT(5, key, 4, 1000002, "ads", 3, 201));
    }
#undef SHORT
    assert_int_equal(loader.store->n, n+1);
    s = at_loader_finish(&env, &loader, 1);
    assert_non_null(s);
    assert_int_equal(s->n_entities, 1);
    assert_int_equal(at_store_id(s, n).integer, 200);
    at_store_release(s);
    at_loader_close(&loader);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_loaders_of_different_widths),
    HEAP_TEST(test_joining_fails),
    HEAP_TEST(test_a_time_like_a_rows),
    HEAP_TEST(test_sharing),
    HEAP_TEST(test_the_short_way_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
