/*
** test_journey.c: loading and sorting: whatever the classes of keys, ids,
** labels and times, a store holds its rows as qsort() would order them, and the
** order in which they came leaves no trace.
*/
#include "common.h"

/*********************************** Reference ********************************/

/* What a row should have become. */
typedef struct Expected Expected;
struct Expected { AtCell key, label, tag[2], id; int64_t time, milestone[2]; double number; uint8_t form; };

static const AtShape *shape_in_use;      /* qsort() passes nothing on */

static int compare_bytes(const AtCell *a, const AtCell *b){
  int order = memcmp(a->text, b->text, a->n<b->n ? a->n : b->n);
  if( order ) return order;
  return a->n<b->n ? -1 : a->n>b->n;
}

/* Keys: integers, other reals, text, blobs. */
static int compare_keys(const AtCell *a, const AtCell *b){
  if( a->type!=b->type ) return a->type<b->type ? -1 : 1;
  return at_cell_compare(a, b);
}

static int compare_expected(const void *p, const void *q){
  const Expected *a = p, *b = q;
  int order = compare_keys(&a->key, &b->key), i;
  if( order==0 && a->time!=b->time ) order = a->time<b->time ? -1 : 1;
  if( order==0 && shape_in_use->has_label ) order = compare_bytes(&a->label, &b->label);
  for(i=0; order==0 && i<shape_in_use->n_tags; i++) order = compare_bytes(&a->tag[i], &b->tag[i]);
  if( order==0 && shape_in_use->has_id ) order = at_cell_compare(&a->id, &b->id);
  if( order==0 && shape_in_use->has_number ){
    if( isnan(a->number) || isnan(b->number) ) order = (isnan(b->number)!=0) - (isnan(a->number)!=0);
    else order = a->number<b->number ? -1 : a->number>b->number;
  }
  for(i=0; order==0 && i<shape_in_use->n_milestones; i++){
    order = a->milestone[i]<b->milestone[i] ? -1 : a->milestone[i]>b->milestone[i];
  }
  return order;
}

static size_t expect(const AtShape *shape, const Row *rows, size_t n, Expected *out){
  size_t i, n_out = 0;
  for(i=0; i<n; i++){
    Expected *e = &out[n_out];
    uint8_t form;
    int k;
    memset(e, 0, sizeof *e);
    if( at_cell_is_null(&rows[i].entity) ) continue;
    assert_null(at_time_parse(&rows[i].time, shape->unit, &e->time, &e->form));
    if( e->time==AT_NO_TIME ) continue;
    e->key = rows[i].entity;
    at_cell_normal(&e->key);
    e->label = at_cell_is_null(&rows[i].label) ? cell_text("(none)") : rows[i].label;
    for(k=0; k<2; k++) e->tag[k] = at_cell_is_null(&rows[i].tag[k]) ? cell_text("(none)") : rows[i].tag[k];
    e->id = rows[i].id;
    assert_null(at_cell_number(&rows[i].number, &e->number));
    for(k=0; k<2; k++) assert_null(at_time_parse(&rows[i].milestone[k], shape->unit, &e->milestone[k], &form));
    n_out++;
  }
  shape_in_use = shape;
  qsort(out, n_out, sizeof *out, compare_expected);
  return n_out;
}

static void assert_row(const AtStore *s, uint32_t row, const Expected *e, int forms){
  AtCell label, tag, id, time, expected_time;
  char buffer[40], expected_buffer[40];
  int k;
  assert_true(at_store_when(s, row)==e->time);
  if( shape_in_use->has_label ){
    label = at_store_label_text(s, at_store_label(s, row));
    assert_true(same_cell(&label, &e->label));
  }
  assert_int_equal(s->n_tags, shape_in_use->n_tags);
  for(k=0; k<s->n_tags; k++){
    tag = at_dict_cell(&s->tags[k], s->tag[k][row]);
    assert_true(same_cell(&tag, &e->tag[k]));
  }
  if( shape_in_use->has_number ){
    assert_true(isnan(e->number) ? isnan(s->number[row]) : s->number[row]==e->number);
  }
  for(k=0; k<shape_in_use->n_milestones; k++) assert_true(s->milestone[k][row]==e->milestone[k]);
  id = at_store_id(s, row);
  if( shape_in_use->has_id ) assert_true(same_cell(&id, &e->id));
  else assert_int_equal(id.type, AT_NULL);
  if( !forms ) return;
  at_store_time(s, row, &time, buffer);
  at_time_format(e->time, e->form, s->unit, &expected_time, expected_buffer);
  assert_true(same_cell(&time, &expected_time));
}

/* The store holds the n expected rows, its keys are found and no others are. */
static void assert_store(const AtStore *s, const Expected *e, size_t n, int forms){
  uint32_t entity = 0, row;
  unsigned classes = 0;
  AtCell absent[] = {cell_null(), cell_text("no such key"), cell_real(0.123), cell_bytes(AT_BLOB, "?", 1),
                     cell_integer(INT64_C(-123456789012345))};
  size_t i;
  assert_int_equal(s->n, n);
  for(row=0; row<n; row++){
    if( row==0 || compare_keys(&e[row-1].key, &e[row].key)!=0 ){
      AtCell key, as_real;
      entity = row==0 ? 0 : entity+1;
      assert_true(entity<s->n_entities);
      assert_int_equal(s->start[entity], row);
      key = at_store_key(s, entity);
      assert_true(same_cell(&key, &e[row].key));
      assert_int_equal(at_store_find(s, &e[row].key), entity);
      as_real = cell_real((double)key.integer);
      if( key.type==AT_INT && key.integer>-(1<<30) && key.integer<(1<<30) ) assert_int_equal(at_store_find(s, &as_real), entity);
      classes |= 1u<<key.type;
    }
    assert_row(s, row, &e[row], forms);
  }
  assert_int_equal(s->n_entities, n ? entity+1 : 0);
  assert_int_equal(s->start[s->n_entities], n);
  assert_int_equal(s->key_classes, classes);
  for(i=0; i<COUNT(absent); i++) assert_true(at_store_find(s, &absent[i])==AT_NO_ENTITY);
}

/* Loads the rows as they are and shuffled; forms says whether ties are broken
** before the form of a time could differ. */
static void check_rows(void **state, const AtShape *shape, Row *rows, size_t n, int forms){
  AtEnv env = heap_env(*state);
  Expected *e = malloc((n ? n : 1)*sizeof *e);
  uint64_t skipped_entity = 0, skipped_time = 0;
  Random r = {n};
  size_t n_expected, i;
  int pass;
  assert_non_null(e);
  n_expected = expect(shape, rows, n, e);
  for(i=0; i<n; i++){
    if( at_cell_is_null(&rows[i].entity) ) skipped_entity++;
    else if( at_cell_is_null(&rows[i].time) ) skipped_time++;
  }
  for(pass=0; pass<2; pass++){
    AtStore *s = load_rows(&env, shape, rows, n);
    assert_ok(&env);
    assert_store(s, e, n_expected, forms);
    assert_true(s->skipped_entity==skipped_entity && s->skipped_time==skipped_time);
    assert_true(at_store_size(s)>=n_expected*((size_t)s->time_bytes + (size_t)s->label_bytes));
    at_store_release(s);
    shuffle_rows(&r, rows, n);
  }
  free(e);
}

/*********************************** Random rows ******************************/

enum { DENSE, SPARSE, FAR, TEXT, MIXED, EXTREME, N_ENTITY_KINDS };
enum { NO_ID, RISING, FALLING, ANYWHERE, TEXT_IDS, MIXED_IDS, N_ID_KINDS };
enum { SECONDS, REALS, ISO, MIXED_FORMS, N_FORM_KINDS };

typedef struct Plan Plan;
struct Plan { uint32_t n, n_entities, n_labels, n_times; int entity_kind, id_kind, form_kind; };

/* Text lives here as long as a test needs it. */
typedef struct Words Words;
struct Words { char (*word)[24]; size_t n, capacity; };

static AtCell say(Words *words, const char *format, long long number){
  char *word;
  assert_true(words->n<words->capacity);
  word = words->word[words->n++];
  snprintf(word, sizeof *words->word, format, number);
  return cell_text(word);
}

static AtCell random_entity(Random *r, Words *w, const Plan *p){
  int64_t e = random_below(r, p->n_entities);
  switch( p->entity_kind ){
    case DENSE: return random_below(r, 3) ? cell_integer(e-5) : cell_real((double)(e-5));
    case SPARSE: return cell_integer(e*999983 - 1000);            /* within 2^32, not close together */
    case FAR: return cell_integer((e - p->n_entities/2)*INT64_C(12345678901));
    case TEXT: return say(w, e%2 ? "account %lld" : "%lld", e/2);
    case EXTREME: return cell_integer(e%2 ? INT64_MAX-e : INT64_MIN+e);
    default:
      switch( e%5 ){
        case 0: return cell_integer(e);
        case 1: return cell_real((double)e + 0.5);
        case 2: return say(w, "%lld", e);
        case 3: { AtCell text = say(w, "%lld", e); text.type = AT_BLOB; return text; }
        default: return random_below(r, 2) ? cell_real((double)e) : cell_integer(e);
      }
  }
}

static AtCell random_id(Random *r, Words *w, const Plan *p, uint32_t i){
  switch( p->id_kind ){
    case RISING: return cell_integer(1000 + (int64_t)i*3);
    case FALLING: return cell_integer((int64_t)p->n - i);
    case ANYWHERE: return cell_integer((int64_t)(random_bits(r) & ~UINT64_C(0xffffffff)) | i);
    case TEXT_IDS: return say(w, "00Q%06lld", (i*7919LL)%1000003);
    default:
      if( i%7==0 ) return cell_real((double)i + 0.5);
      return i%3==0 ? say(w, "T-%lld", i) : cell_integer((int64_t)p->n - i);
  }
}

static AtCell random_time(Random *r, Words *w, const Plan *p){
  long long t = 1500000000 + random_below(r, p->n_times);
  int form = p->form_kind==MIXED_FORMS ? (int)random_below(r, 6) : p->form_kind;
  switch( form ){
    case SECONDS: return cell_integer(t);
    case REALS: return cell_real((double)t + random_below(r, 2)*0.5);
    case ISO: return say(w, "2017-07-14T02:%02lld:40Z", t%60);
    case 3: return say(w, "%lld", t);
    case 4: return say(w, "%04lld-01-01 00:00", t%10000);        /* seconds in four bytes do not reach */
    default: return say(w, "2017-07-%02lld", t%28+1);
  }
}

static void check_plan(void **state, Random *r, const Plan *p){
  AtShape shape = shape_of(p->n_labels>0, random_below(r, 2) && 1, (int)random_below(r, 3), p->id_kind!=NO_ID);
  Words w = {NULL, 0, (size_t)p->n*8+1};
  Row *rows = calloc(p->n+1, sizeof *rows);
  uint32_t i;
  w.word = malloc(w.capacity*sizeof *w.word);
  assert_true(rows && w.word);
  shape.n_tags = (int)random_below(r, 3);
  for(i=0; i<p->n; i++){
    Row *row = &rows[i];
    row->entity = random_entity(r, &w, p);
    row->time = random_time(r, &w, p);
    row->label = say(&w, "label %lld", random_below(r, p->n_labels+1));
    row->number = random_below(r, 5) ? cell_integer(random_below(r, 3)) : cell_null();
    row->milestone[0] = random_below(r, 2) ? cell_integer(random_below(r, 3)) : cell_text("");
    row->milestone[1] = random_below(r, 2) ? cell_real(random_below(r, 3)) : cell_null();
    row->id = random_id(r, &w, p, i);
    row->tag[0] = say(&w, random_below(r, 2) ? "tag %lld" : "a tag of more than 16: %lld", random_below(r, 4));
    row->tag[1] = say(&w, "%lld", random_below(r, 300));
    if( random_below(r, 40)==0 ) row->label = random_below(r, 2) ? cell_null() : cell_text("");
    if( random_below(r, 20)==0 ) row->tag[i%2] = random_below(r, 2) ? cell_null() : cell_text("");
    if( random_below(r, 40)==0 ) row->entity = random_below(r, 2) ? cell_null() : cell_text("");
    if( random_below(r, 40)==0 ) row->time = random_below(r, 2) ? cell_null() : cell_text("");
  }
  check_rows(state, &shape, rows, p->n, p->id_kind!=NO_ID || p->form_kind==SECONDS);
  free(rows);
  free(w.word);
}

static void test_random_rows(void **state){
  Random r = {1};
  int i;
  for(i=0; i<3000; i++){
    Plan p;
    p.n = random_below(&r, i%10 ? 60 : 2000);
    p.n_entities = 1 + random_below(&r, i%3 ? 8 : p.n+1);
    p.n_labels = random_below(&r, 5);
    p.n_times = 1 + random_below(&r, i%2 ? 3 : 100000);
    p.entity_kind = (int)random_below(&r, N_ENTITY_KINDS);
    p.id_kind = (int)random_below(&r, N_ID_KINDS);
    p.form_kind = (int)random_below(&r, N_FORM_KINDS);
    check_plan(state, &r, &p);
  }
}

/* All that an entity may have: merge sort, not insertion. */
static void test_one_huge_entity(void **state){
  Random r = {2};
  Plan few_times = {60000, 1, 3, 50, DENSE, ANYWHERE, SECONDS}, many = {60000, 1, 900, 1000000, TEXT, RISING, MIXED_FORMS};
  check_plan(state, &r, &few_times);
  check_plan(state, &r, &many);
}

/* More entities than there are buckets, by counting and by sorting the keys. */
static void test_many_entities(void **state){
  Random r = {3};
  int kind;
  for(kind=0; kind<N_ENTITY_KINDS; kind++){
    Plan p = {50000, 20000, 20, 1000, kind, kind%2 ? TEXT_IDS : FALLING, kind%2 ? MIXED_FORMS : SECONDS};
    check_plan(state, &r, &p);
  }
}

/* One entity more than buckets, and one less. */
static void test_entities_around_the_number_of_buckets(void **state){
  Random r = {4};
  uint32_t n;
  for(n=1023; n<=1026; n++){
    Plan p = {5000, n, 3, 20, TEXT, RISING, SECONDS};
    check_plan(state, &r, &p);
  }
}

/* Beyond 65,536 labels ids are four bytes; on the edge they are two. */
static void test_many_labels(void **state){
  static const uint32_t counts[] = {65535, 65536, 65537, 70000};
  size_t i;
  for(i=0; i<COUNT(counts); i++){
    uint32_t n = counts[i], k;
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, 0, 0, 1);
    AtLoader loader;
    AtStore *s;
    assert_true(at_loader_open(&env, &loader, &shape));
    for(k=0; k<n+100; k++){
      char text[24];
      Row row;
      snprintf(text, sizeof text, "label %06u", (k*7919u)%n);
      row = row_of(cell_integer(k%7), cell_integer(k%5), text);
      row.id = cell_integer(k);
      append_row(&env, &loader, &row);
    }
    s = at_loader_finish(&env, &loader, 1);
    at_loader_close(&loader);
    assert_ok(&env);
    assert_int_equal(s->labels.n, n);
    assert_int_equal(s->label_bytes, n<=65536 ? 2 : 4);
    for(k=0; k<s->n; k++){
      AtCell label = at_store_label_text(s, at_store_label(s, k)), id = at_store_id(s, k);
      char text[24];
      snprintf(text, sizeof text, "label %06u", (unsigned)((uint64_t)(uint32_t)(id.integer*7919)%n));
      assert_int_equal(label.n, strlen(text));
      assert_memory_equal(label.text, text, label.n);
    }
    for(k=1; k<n; k++){
      AtCell a = at_store_label_text(s, k-1), b = at_store_label_text(s, k);
      assert_true(compare_bytes(&a, &b)<0);            /* id order is text order */
    }
    at_store_release(s);
  }
}

/* Tags have no label before them here; ids follow text order in each by itself. */
static void test_many_tags(void **state){
  enum { N = 70000 };
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(0, 0, 0, 1);
  AtLoader loader;
  AtStore *s;
  uint32_t k;
  int t;
  shape.n_tags = 2;
  assert_true(at_loader_open(&env, &loader, &shape));
  for(k=0; k<N; k++){
    char text[2][24];
    Row row = row_of(cell_integer(k%7), cell_integer(k%5), "");
    snprintf(text[0], sizeof text[0], "tag %06u", (k*7919u)%N);
    snprintf(text[1], sizeof text[1], "%u", k%3);
    for(t=0; t<2; t++) row.tag[t] = cell_text(text[t]);
    row.id = cell_integer(k);
    append_row(&env, &loader, &row);
  }
  s = at_loader_finish(&env, &loader, 1);
  at_loader_close(&loader);
  assert_ok(&env);
  assert_true(s->tags[0].n==N && s->tags[1].n==3 && s->label_bytes==0);
  assert_true(at_store_size(s)>=N*(4+4+4+4+11));
  for(k=0; k<s->n; k++){
    AtCell tag = at_dict_cell(&s->tags[0], s->tag[0][k]), other = at_dict_cell(&s->tags[1], s->tag[1][k]), id = at_store_id(s, k);
    char text[24];
    snprintf(text, sizeof text, "tag %06u", (unsigned)((uint32_t)(id.integer*7919)%N));
    assert_memory_equal(tag.text, text, tag.n);
    assert_true(other.n==1 && other.text[0]=='0'+id.integer%3);
    assert_int_equal(s->tag[0][k], (uint32_t)(id.integer*7919)%N);
  }
  at_store_release(s);
}

/* Rows that come as an index gives them: nothing is left to do, and nothing is undone. */
static void test_rows_already_in_order(void **state){
  AtShape shape = shape_of(1, 1, 0, 1);
  uint32_t n = 20000, i;
  Row *rows = calloc(n, sizeof *rows);
  Random r = {5};
  assert_non_null(rows);
  for(i=0; i<n; i++){
    rows[i] = row_of(cell_integer(i/5), cell_integer((i%5)*60), i%2 ? "b" : "a");
    rows[i].id = cell_integer(i+1);
    rows[i].number = cell_integer(1);
  }
  check_rows(state, &shape, rows, n, 1);
  for(i=0; i<n; i++) rows[i].time = cell_integer(i);   /* in time order, entities mixed */
  for(i=0; i<n; i++) rows[i].entity = cell_integer(random_below(&r, 3000));
  check_rows(state, &shape, rows, n, 1);
  free(rows);
}

static void test_no_rows(void **state){
  AtShape shapes[] = {shape_of(1, 1, 2, 1), shape_of(0, 0, 0, 0)};
  Row rows[3];
  size_t i;
  rows[0] = row_of(cell_null(), cell_integer(1), "a");
  rows[1] = row_of(cell_text(""), cell_integer(1), "a");
  rows[2] = row_of(cell_integer(1), cell_text(""), "a");
  for(i=0; i<COUNT(shapes); i++){
    check_rows(state, &shapes[i], rows, 0, 1);
    check_rows(state, &shapes[i], rows, 3, 1);
  }
}

/********************************* Ties and errors ****************************/

/* Two rows alike in all but how they were written: whichever came first, the
** same one is listed first. */
static void check_pair(void **state, const AtShape *shape, Row a, Row b){
  AtCell shown[2][2][2];
  char buffer[2][2][40];
  int pass, row;
  for(pass=0; pass<2; pass++){
    AtEnv env = heap_env(*state);
    Row rows[2];
    AtStore *s;
    rows[pass] = a;
    rows[1-pass] = b;
    s = load_rows(&env, shape, rows, 2);
    assert_ok(&env);
    for(row=0; row<2; row++){
      at_store_time(s, (uint32_t)row, &shown[pass][row][0], buffer[pass][row]);
      shown[pass][row][1] = at_store_id(s, (uint32_t)row);
    }
    at_store_release(s);
  }
  for(row=0; row<2; row++){
    assert_int_equal(shown[0][row][0].type, shown[1][row][0].type);
    assert_int_equal(shown[0][row][1].type, shown[1][row][1].type);
  }
}

static void test_one_instant_in_two_forms(void **state){
  AtShape shape = shape_of(1, 0, 0, 0);
  check_pair(state, &shape, row_of(cell_integer(1), cell_integer(60), "a"),
             row_of(cell_integer(1), cell_text("1970-01-01 00:01"), "a"));
}

static void test_one_id_in_two_classes(void **state){
  AtShape shape = shape_of(1, 0, 0, 1);
  Row a = row_of(cell_integer(1), cell_integer(60), "a"), b = a;
  a.id = cell_integer(7);
  b.id = cell_real(7);
  check_pair(state, &shape, a, b);
}

/* Row 3 of a load is wrong in one place; the message names all there is to know. */
static void check_refused(void **state, Row wrong, const char *words){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 1, 2, 1);
  Row rows[4];
  int i;
  shape.n_tags = 2;
  shape.tag[0] = "source";
  shape.tag[1] = "plan";
  for(i=0; i<4; i++){
    rows[i] = row_of(cell_integer(i), cell_integer(i), "a");
    rows[i].id = cell_integer(100+i);
  }
  rows[2] = wrong;
  if( wrong.id.type==AT_NULL ) rows[2].id = cell_integer(42);
  assert_null(load_rows(&env, &shape, rows, 4));
  assert_error(&env, AT_INVALID, words);
}

static void test_refusals(void **state){
  Row good = row_of(cell_integer(1), cell_integer(1), "a"), row;
  char *text = malloc(AT_MAX_TEXT+1);
  assert_non_null(text);
  memset(text, 'k', AT_MAX_TEXT+1);
  row = good; row.time = cell_text("2024-02-30");
  check_refused(state, row, "touched_at|touches|row 42|'2024-02-30'|;");
  row = good; row.time = cell_bytes(AT_BLOB, "x", 1);
  check_refused(state, row, "touched_at|row 42|a BLOB");
  row = good; row.label = cell_bytes(AT_BLOB, "x", 1);
  check_refused(state, row, "channel|row 42|a BLOB|TEXT");
  row = good; row.tag[0] = cell_bytes(AT_BLOB, "x", 1);
  check_refused(state, row, "source of touches|row 42|a BLOB|TEXT");
  row = good; row.tag[1] = cell_bytes(AT_BLOB, "x", 1);
  check_refused(state, row, "plan of touches|row 42|a BLOB|TEXT");
  row = good; row.tag[1] = cell_bytes(AT_TEXT, text, AT_MAX_TEXT+1);
  check_refused(state, row, "plan of touches|row 42|65,535");
  row = good; row.number = cell_text("ten");
  check_refused(state, row, "points|row 42|'ten'");
  row = good; row.milestone[0] = cell_text("soon");
  check_refused(state, row, "lead_at|row 42|'soon'");
  row = good; row.milestone[1] = cell_integer(INT64_MAX);
  check_refused(state, row, "opportunity_at|row 42|9223372036854775807");
  row = good; row.id = cell_bytes(AT_BLOB, "x", 1);
  check_refused(state, row, "id|a BLOB");
  row = good; row.entity = cell_bytes(AT_TEXT, text, AT_MAX_TEXT+1);
  check_refused(state, row, "account_id|row 42|65,535");
  row = good; row.label = cell_bytes(AT_TEXT, text, AT_MAX_TEXT+1);
  check_refused(state, row, "channel|row 42|65,535");
  row = good; row.id = cell_bytes(AT_TEXT, text, AT_MAX_TEXT+1);
  check_refused(state, row, "id|65,535");
  free(text);
}

/* 65,535 bytes are allowed everywhere. */
static void test_longest_texts(void **state){
  AtShape shape = shape_of(1, 0, 0, 1);
  char *text = malloc(AT_MAX_TEXT);
  Row rows[2];
  assert_non_null(text);
  shape.n_tags = 1;
  memset(text, 'k', AT_MAX_TEXT);
  rows[0] = row_of(cell_bytes(AT_TEXT, text, AT_MAX_TEXT), cell_integer(1), "a");
  rows[0].label = rows[0].id = rows[0].tag[0] = rows[0].entity;
  rows[1] = rows[0];
  rows[1].id = cell_integer(1);
  check_rows(state, &shape, rows, 2, 1);
  free(text);
}

/* Rows without an id are named by their number, those that are skipped counted. */
static void test_refusals_without_ids(void **state){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 0);
  Row rows[4];
  int i;
  for(i=0; i<4; i++) rows[i] = row_of(cell_integer(i), cell_integer(i), "a");
  rows[1].entity = cell_null();
  rows[3].time = cell_text("soon");
  assert_null(load_rows(&env, &shape, rows, 4));
  assert_error(&env, AT_INVALID, "touched_at of touches, row number 4 as read|'soon'");
}

/* An empty BLOB is a key, and no NULL; among others, and alone in its batch. */
static void test_empty_keys(void **state){
  AtShape shape = shape_of(1, 0, 0, 1);
  Row rows[6];
  int i;
  for(i=0; i<6; i++){
    AtCell keys[3];
    keys[0] = cell_bytes(AT_BLOB, "", 0);
    keys[1] = cell_bytes(AT_BLOB, "\0", 1);
    keys[2] = cell_text("a");
    rows[i] = row_of(keys[i%3], cell_integer(i/2), "x");
    rows[i].id = cell_integer(i);
  }
  check_rows(state, &shape, rows, 6, 1);
  check_rows(state, &shape, rows, 1, 1);
}

/* Whole numbers of milliseconds, and seconds at both ends of time, from which four bytes lead beyond it. */
static void test_times_of_other_units_and_at_the_ends(void **state){
  static const int64_t first[] = {INT64_C(253402300790), INT64_C(-62167219200), INT64_C(249108000000)};
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 1);
  Row rows[6];
  AtStore *s;
  size_t k;
  int i;
  for(k=0; k<COUNT(first); k++){
    for(i=0; i<6; i++){
      rows[i] = row_of(cell_integer(i%2), cell_integer(first[k]+i), "a");
      rows[i].id = cell_integer(i);
    }
    check_rows(state, &shape, rows, 6, 1);
  }
  shape.unit = 1000;
  for(i=0; i<6; i++){
    rows[i] = row_of(cell_integer(i%2), cell_integer(1500+i), "a");
    rows[i].id = cell_integer(i);
  }
  s = load_rows(&env, &shape, rows, 6);
  assert_ok(&env);
  assert_true(at_store_when(s, 0)==1500000 && at_store_when(s, 5)==1505000);
  at_store_release(s);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_rows),
    HEAP_TEST(test_one_huge_entity),
    HEAP_TEST(test_many_entities),
    HEAP_TEST(test_entities_around_the_number_of_buckets),
    HEAP_TEST(test_many_labels),
    HEAP_TEST(test_many_tags),
    HEAP_TEST(test_rows_already_in_order),
    HEAP_TEST(test_no_rows),
    HEAP_TEST(test_one_instant_in_two_forms),
    HEAP_TEST(test_one_id_in_two_classes),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_longest_texts),
    HEAP_TEST(test_refusals_without_ids),
    HEAP_TEST(test_empty_keys),
    HEAP_TEST(test_times_of_other_units_and_at_the_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
