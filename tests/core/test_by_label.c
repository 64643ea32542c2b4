/*
** test_by_label.c: rows in any order are the rows of the walk, each once, in that order; what
** memory and the host may refuse while labels are listed.
*/
#include "common.h"

static World world;

/* What one row says. */
typedef struct Detail Detail;
struct Detail {
  uint32_t entity, conversion, row, label, position, length;
  int model;
  double credit, value;
};
typedef struct Details Details;
struct Details { size_t n, capacity; Detail *rows; };

static const char *channel_of(const AtStore *touches, const Detail *d, size_t *n){
  AtCell cell;
  if( d->position==0 ){
    *n = 14;
    return "(unattributed)";
  }
  cell = at_store_label_text(touches, d->label);
  *n = cell.n;
  return cell.text;
}

/* The texts of two rows' channels, byte by byte. */
static int compare_channels(const AtStore *touches, const Detail *a, const Detail *b){
  size_t n, m;
  const char *x = channel_of(touches, a, &n), *y = channel_of(touches, b, &m);
  int order = memcmp(x, y, n<m ? n : m);
  return order ? order : n<m ? -1 : n>m;
}

static Detail current(AtDetail *d){
  AtEnv env = {0};                        /* nobody asked */
  Detail row;
  memset(&row, 0, sizeof row);
  row.conversion = d->walk.conversion;
  row.model = d->model;
  row.length = at_detail_length(d);
  row.position = at_detail_position(d);
  if( row.position ){
    row.row = d->row[d->touch];
    row.label = d->touch_label[d->touch];
  }
  if( row.conversion%3==0 ) row.value = at_detail_value(&env, d);   /* asked for in any sequence */
  row.credit = at_detail_credit(&env, d);
  row.value = at_detail_value(&env, d);
  if( isnan(row.value) ) row.value = -12345;
  row.entity = at_detail_entity(d);
  return row;
}

static void collect(AtEnv *env, Details *out, const AtStore *t, const AtStore *c, const AtOptions *o,
                    const AtModels *models, const AtCell *only, AtDetailOrder order){
  AtDetail d;
  out->n = 0;
  if( at_detail_open(env, &d, t, c, o, models, only, order) ){
    d.wants_value = only==NULL;
    while( at_detail_next(env, &d) ){
      if( out->n>=out->capacity ){
        out->capacity = out->capacity*2+64;
        out->rows = realloc(out->rows, out->capacity*sizeof *out->rows);
        if( out->rows==NULL ) abort();
      }
      out->rows[out->n++] = current(&d);
    }
    assert_false(at_detail_next(env, &d));
  }
  at_detail_close(env->alloc, &d);
}

static int by_walk(const void *left, const void *right){
  const Detail *a = left, *b = right;
  if( a->conversion!=b->conversion ) return a->conversion<b->conversion ? -1 : 1;
  if( a->model!=b->model ) return a->model-b->model;
  return a->position<b->position ? -1 : a->position>b->position;
}

static int compare_term(const AtStore *t, const AtModels *models, int by, int descends, const Detail *a, const Detail *b){
  int order = by==AT_BY_LABEL ? compare_channels(t, a, b)
            : by==AT_BY_MODEL ? strcmp(models->model[a->model].name, models->model[b->model].name) : 0;
  return descends ? -order : order;
}

static void check_order(const AtStore *t, const AtModels *models, AtDetailOrder o, const Details *found){
  size_t i;
  for(i=1; i<found->n; i++){
    int order = compare_term(t, models, o.first, o.first_descends, &found->rows[i-1], &found->rows[i]);
    if( order==0 ) order = compare_term(t, models, o.second, o.second_descends, &found->rows[i-1], &found->rows[i]);
    if( order>0 ) fail_msg("row %zu comes before row %zu", i, i-1);
  }
}

/* The rows that the walk and at_divide() give, which no order may change. */
static void reference(AtEnv *env, Details *out, const AtStore *t, const AtStore *c, const AtOptions *o,
                      const AtModels *models){
  AtWalk walk;
  out->n = 0;
  assert_true(at_walk_open(env, &walk, t, c, o, NULL));
  while( at_walk_next(env, &walk) ){
    double whole = c->number ? c->number[walk.conversion] : NAN;
    int m;
    for(m=0; m<models->n; m++){
      int divided = at_divide(env, &walk.path, &models->model[m], whole, o->round);
      uint32_t i, n = divided ? walk.path.n : 1;
      for(i=0; i<n; i++){
        Detail row = {walk.entity, walk.conversion, 0, 0, 0, walk.path.n, m, 1, whole};
        if( divided && walk.path.credit[i]==0 ) continue;
        if( divided ){
          row.row = walk.path.row[i];
          row.label = walk.path.label[i];
          row.position = i+1;
          row.credit = walk.path.credit[i];
          row.value = walk.path.value[i];
        }
        if( isnan(row.value) ) row.value = -12345;
        if( out->n>=out->capacity ){
          out->capacity = out->capacity*2+64;
          out->rows = realloc(out->rows, out->capacity*sizeof *out->rows);
          if( out->rows==NULL ) abort();
        }
        out->rows[out->n++] = row;
      }
    }
  }
  at_walk_close(env->alloc, &walk);
  assert_ok(env);
}

static void assert_same(const Details *a, const Details *b){
  size_t i;
  assert_int_equal(a->n, b->n);
  for(i=0; i<a->n; i++){
    const Detail *x = &a->rows[i], *y = &b->rows[i];
    assert_int_equal(x->entity, y->entity);
    assert_int_equal(x->conversion, y->conversion);
    assert_int_equal(x->model, y->model);
    assert_int_equal(x->position, y->position);
    assert_int_equal(x->row, y->row);
    assert_int_equal(x->label, y->label);
    assert_int_equal(x->length, y->length);
    assert_true(x->credit==y->credit && x->value==y->value);
  }
}

static const AtDetailOrder orders[] = {
  {AT_BY_NOTHING, AT_BY_NOTHING, 0, 0}, {AT_BY_LABEL, AT_BY_NOTHING, 0, 0}, {AT_BY_LABEL, AT_BY_NOTHING, 1, 0},
  {AT_BY_MODEL, AT_BY_NOTHING, 0, 0}, {AT_BY_MODEL, AT_BY_NOTHING, 1, 0}, {AT_BY_LABEL, AT_BY_MODEL, 0, 0},
  {AT_BY_LABEL, AT_BY_MODEL, 1, 1}, {AT_BY_MODEL, AT_BY_LABEL, 0, 1}, {AT_BY_MODEL, AT_BY_LABEL, 1, 0}
};

static void check_all(AtEnv *env, const AtStore *t, const AtStore *c, const AtOptions *o, const AtModels *models){
  Details expected = {0, 0, NULL}, found = {0, 0, NULL};
  size_t i;
  reference(env, &expected, t, c, o, models);
  for(i=0; i<COUNT(orders); i++){
    collect(env, &found, t, c, o, models, NULL, orders[i]);
    assert_ok(env);
    check_order(t, models, orders[i], &found);
    if( i>0 && found.n ) qsort(found.rows, found.n, sizeof *found.rows, by_walk);
    assert_same(&expected, &found);
  }
  free(expected.rows);
  free(found.rows);
}

static const char *const lists[] = {"linear", "all", "first_touch", "last_touch, first_touch", "milestone(1)",
  "milestone(2), points, linear", "participation, time_decay", "custom(0, 1, 0), shapley, last_non_direct"};

/* Labels around the text of what is unattributed, that text itself, and bytes above ASCII. */
static void test_random_orders(void **state){
  static const char *const labels[] = {"ads", "(unattributed)", "(a", "(unattributed", "(unattributed)!", "\xc3\xa4", "(none)", "\xff"};
  Random r = {7};
  int round;
  for(round=0; round<6000; round++){
    AtEnv env = heap_env(*state);
    AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 1, 2, 1);
    const char *list = lists[random_below(&r, COUNT(lists))];
    AtModels models;
    uint32_t i, n_labels = 1 + random_below(&r, COUNT(labels));
    world_rows(&r, &world, 30);
    if( random_below(&r, 2) ){
      for(i=0; i<world.n_touches; i++) world.touches[i].label = cell_text(labels[random_below(&r, n_labels)]);
    }
    world.t = load_rows(&env, &touches, world.touches, world.n_touches);
    world.c = load_rows(&env, &conversions, world.conversions, world.n_conversions);
    world_options(&r, &env, &world.options);
    if( random_below(&r, 3)==0 ) world.options.round = 0.01;
    assert_true(at_models_parse(&env, &models, list, strlen(list), 1, 2));
    check_all(&env, world.t, world.c, &world.options, &models);
    at_models_free(env.alloc, &models);
    world_close(&env, &world);
  }
}

/* Touches of few entities with up to 200 labels, so that some paths are divided once and kept. */
static AtStore *many_labels(AtEnv *env, Random *r, uint32_t n, AtStore **conversions){
  AtShape touches = shape_of(1, 1, 0, 1), deals = shape_of(0, 1, 2, 1);
  static Row rows[2000], sales[40];
  static char names[200][16];
  uint32_t i;
  for(i=0; i<200; i++) snprintf(names[i], sizeof names[i], "c%u", i);
  for(i=0; i<n; i++){
    rows[i] = row_of(cell_integer(random_below(r, 8)), cell_integer(random_below(r, 1000)), names[random_below(r, 1 + i*199/n)]);
    rows[i].number = cell_integer(random_below(r, 4));
    rows[i].id = cell_integer(i);
  }
  for(i=0; i<COUNT(sales); i++){
    sales[i] = row_of(cell_integer(random_below(r, 9)), cell_integer(random_below(r, 1000)), "");
    sales[i].number = cell_real(random_below(r, 10000)/100.0);
    sales[i].milestone[0] = random_below(r, 2) ? cell_integer(random_below(r, 1000)) : cell_null();
    sales[i].milestone[1] = cell_integer(random_below(r, 1000));
    sales[i].id = cell_integer(i);
  }
  *conversions = load_rows(env, &deals, sales, COUNT(sales));
  return load_rows(env, &touches, rows, n);
}

static void test_paths_of_many_labels(void **state){
  Random r = {8};
  int round;
  for(round=0; round<20; round++){
    AtEnv env = heap_env(*state);
    const char *list = lists[round%COUNT(lists)];
    AtOptions o = options_of(&env, round%3 ? "" : "path=unique; round=0.01");
    AtModels models;
    AtStore *c, *t = many_labels(&env, &r, 1000 + random_below(&r, 1000), &c);
    assert_ok(&env);
    assert_true(at_models_parse(&env, &models, list, strlen(list), 1, 2));
    check_all(&env, t, c, &o, &models);
    at_models_free(env.alloc, &models);
    at_store_release(t);
    at_store_release(c);
    at_options_free(env.alloc, &o);
  }
}

/* Listing by label fails at each allocation and stops at each heartbeat, and leaves nothing. */
static void test_failures(void **state){
  Heap *heap = *state;
  Random r = {9};
  AtEnv env = heap_env(heap), good = heap_env(heap);
  AtOptions o = options_of(&env, "");
  AtModels models;
  AtStore *c, *t = many_labels(&env, &r, 2000, &c);
  Details found = {0, 0, NULL};
  long alive, n, calls, beats;
  assert_true(at_models_parse(&env, &models, "all", 3, 1, 2));
  assert_ok(&env);
  alive = heap->alive;
  heap->calls = heap->beats = 0;
  collect(&good, &found, t, c, &o, &models, NULL, orders[5]);
  assert_ok(&good);
  calls = heap->calls;
  beats = heap->beats;
  assert_true(calls>20 && beats>3);
  for(n=1; n<=calls+beats; n++){
    AtEnv failing = heap_env(heap);
    heap->calls = heap->beats = 0;
    heap->fail_at = n<=calls ? n : 0;
    heap->stop_at = n<=calls ? 0 : n-calls;
    collect(&failing, &found, t, c, &o, &models, NULL, orders[5]);
    assert_int_equal(failing.error.code, n<=calls ? AT_NOMEM : AT_INTERRUPT);
    assert_int_equal(heap->alive, alive);
  }
  heap->fail_at = heap->stop_at = 0;
  free(found.rows);
  at_models_free(env.alloc, &models);
  at_store_release(t);
  at_store_release(c);
  at_options_free(env.alloc, &o);
}

/* One entity, and one that is not there. */
static void test_one_entity(void **state){
  Random r = {10};
  AtEnv env = heap_env(*state);
  AtOptions o = options_of(&env, "");
  AtModels models;
  AtStore *c, *t = many_labels(&env, &r, 500, &c);
  Details found = {0, 0, NULL};
  uint32_t key;
  size_t i, k, total = 0, whole;
  assert_true(at_models_parse(&env, &models, "linear, last_touch", 18, 1, 2));
  for(k=0; k<COUNT(orders); k++){
    collect(&env, &found, t, c, &o, &models, NULL, orders[k]);
    whole = found.n;
    for(key=0, total=0; key<12; key++){
      AtCell only = cell_integer(key);
      collect(&env, &found, t, c, &o, &models, &only, orders[k]);
      check_order(t, &models, orders[k], &found);
      for(i=0; i<found.n; i++){
        AtCell entity = at_store_key(c, found.rows[i].entity);
        assert_true(same_cell(&entity, &only));
      }
      total += found.n;
    }
    assert_int_equal(total, whole);
  }
  assert_ok(&env);
  free(found.rows);
  at_models_free(env.alloc, &models);
  at_store_release(t);
  at_store_release(c);
  at_options_free(env.alloc, &o);
}

/* Conversions without values, and without milestones, in rows of few labels and of many. */
static void test_conversions_that_say_less(void **state){
  static const struct { int number, milestones; const char *models; } less[] = {
    {0, 2, "milestone(1), linear"}, {1, 0, "linear, last_touch"}, {0, 0, "first_touch, time_decay"},
  };
  Random r = {11};
  size_t k;
  int round;
  for(k=0; k<COUNT(less); k++){
    for(round=0; round<30; round++){
      AtEnv env = heap_env(*state);
      AtShape deals = shape_of(0, less[k].number, less[k].milestones, 1);
      AtOptions o = options_of(&env, round%2 ? "" : "path=unique");
      static Row sales[20];
      AtModels models;
      AtStore *c, *t = many_labels(&env, &r, round<3 ? 2000 : 60, &c);
      uint32_t i;
      at_store_release(c);
      for(i=0; i<COUNT(sales); i++){
        sales[i] = row_of(cell_integer(random_below(&r, 9)), cell_integer(random_below(&r, 1000)), "");
        sales[i].number = cell_integer(random_below(&r, 100));
        sales[i].milestone[0] = cell_integer(random_below(&r, 1000));
        sales[i].id = cell_integer(i);
      }
      c = load_rows(&env, &deals, sales, COUNT(sales));
      assert_true(at_models_parse(&env, &models, less[k].models, strlen(less[k].models), 1, less[k].milestones));
      check_all(&env, t, c, &o, &models);
      at_models_free(env.alloc, &models);
      at_store_release(t);
      at_store_release(c);
      at_options_free(env.alloc, &o);
    }
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_orders),
    HEAP_TEST(test_paths_of_many_labels),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_one_entity),
    HEAP_TEST(test_conversions_that_say_less),
  };
  return cmocka_run_group_tests_name("by_label", tests, NULL, NULL);
}
