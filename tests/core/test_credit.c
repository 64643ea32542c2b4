/*
** test_credit.c: the walk over conversions: who is matched with whom, which
** path comes with which conversion, and that a division adds up.
*/
#include "common.h"

static World world;

/* Every conversion that exists comes once, in order, with the path of the reference. */
static void check_walk(AtEnv *env, const World *w, const AtCell *only){
  const AtOptions *o = &w->options;
  AtWalk walk;
  uint32_t entity, row;
  assert_true(at_walk_open(env, &walk, w->t, w->c, o, only));
  for(entity=0; entity<w->c->n_entities; entity++){
    AtCell key = at_store_key(w->c, entity);
    if( only && !same_cell(&key, only) ) continue;
    for(row=w->c->start[entity]; row<w->c->start[entity+1]; row++){
      Taken window, path;
      uint32_t i;
      if( o->as_of!=AT_NO_TIME && at_store_when(w->c, row)>o->as_of ) continue;
      assert_true(at_walk_next(env, &walk));
      assert_int_equal(walk.conversion, row);
      assert_int_equal(walk.entity, entity);
      reference_conversion(w, entity, row, &window, &path);
      assert_int_equal(walk.path.n, path.n);
      for(i=0; i<path.n; i++) assert_int_equal(walk.path.row[i], path.row[i]);
      assert_int_equal(walk.path.n_milestones, 2);
    }
  }
  assert_false(at_walk_next(env, &walk));
  assert_false(at_walk_next(env, &walk));
  assert_ok(env);
  at_walk_close(env->alloc, &walk);
}

static void test_random_walks(void **state){
  Random r = {1};
  int i;
  for(i=0; i<20000; i++){
    AtEnv env = heap_env(*state);
    AtCell only = world_key(random_below(&r, 8));
    world_open(&r, &env, &world, 40);
    check_walk(&env, &world, NULL);
    check_walk(&env, &world, &only);
    world_close(&env, &world);
  }
}

/* Keys meet by class and value: 7 and 7.0, never 7 and '7'. */
static void test_matching_keys(void **state){
  Random r = {2};
  int round;
  for(round=0; round<5000; round++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(0, 0, 0, 0);
    Row rows[2][20];
    AtStore *a, *b;
    uint32_t i, j, n[2];
    for(i=0; i<2; i++){
      int classes = 1 + (int)random_below(&r, 3);
      n[i] = random_below(&r, 20);
      for(j=0; j<n[i]; j++){
        AtCell key = classes==1 ? cell_integer(random_below(&r, 9)) : world_key(random_below(&r, 9)*(classes==2 ? 4 : 1));
        if( key.type==AT_INT && random_below(&r, 2) ) key = cell_real((double)key.integer);
        rows[i][j] = row_of(key, cell_integer(1), "");
      }
    }
    a = load_rows(&env, &shape, rows[0], n[0]);
    b = load_rows(&env, &shape, rows[1], n[1]);
    assert_ok(&env);
    for(i=0; i<a->n_entities; i++){
      AtCell x = at_store_key(a, i);
      uint32_t expected = AT_NO_ENTITY;
      for(j=0; j<b->n_entities; j++){
        AtCell y = at_store_key(b, j);
        if( same_cell(&x, &y) ) expected = j;
        assert_int_equal(at_compare_keys(a, i, b, j)==0, same_cell(&x, &y));
      }
      assert_int_equal(at_store_find(b, &x), expected);
      for(j=0; j<b->n_entities && at_compare_keys(a, i, b, j)>0; j++){}
      assert_int_equal(at_store_place(b, &x), j);
    }
    at_store_release(a);
    at_store_release(b);
  }
}

/* All text here and all numbers there is an error; anything in between may match. */
static void test_keys_that_cannot_match(void **state){
  static const struct { int touches[2], conversions[2], agree; } known[] = {
    {{AT_TEXT, AT_TEXT}, {AT_INT, AT_INT}, 0}, {{AT_INT, AT_INT}, {AT_TEXT, AT_TEXT}, 0},
    {{AT_REAL, AT_REAL}, {AT_TEXT, AT_TEXT}, 0}, {{AT_TEXT, AT_TEXT}, {AT_INT, AT_REAL}, 0},
    {{AT_INT, AT_TEXT}, {AT_TEXT, AT_TEXT}, 1}, {{AT_INT, AT_TEXT}, {AT_INT, AT_INT}, 1},
    {{AT_TEXT, AT_TEXT}, {AT_TEXT, AT_TEXT}, 1}, {{AT_INT, AT_INT}, {AT_REAL, AT_REAL}, 1},
    {{AT_BLOB, AT_BLOB}, {AT_TEXT, AT_TEXT}, 1}, {{AT_BLOB, AT_INT}, {AT_TEXT, AT_TEXT}, 1},
    {{AT_TEXT, AT_TEXT}, {AT_NULL, AT_NULL}, 1}, {{AT_NULL, AT_NULL}, {AT_INT, AT_INT}, 1},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(0, 0, 0, 0);
    AtStore *store[2];
    int s, k, agree;
    for(s=0; s<2; s++){
      Row rows[2];
      for(k=0; k<2; k++){
        int type = (s ? known[i].conversions : known[i].touches)[k];
        AtCell key = type==AT_INT ? cell_integer(k) : type==AT_REAL ? cell_real(k+0.5) : type==AT_NULL ? cell_null()
                   : cell_bytes(type, k ? "1" : "0", 1);
        rows[k] = row_of(key, cell_integer(1), "");
      }
      store[s] = load_rows(&env, &shape, rows, 2);
    }
    agree = at_keys_agree(&env, store[0], store[1], "account_id", "deal_account");
    assert_int_equal(agree, known[i].agree);
    if( !agree ) assert_error(&env, AT_INVALID, "account_id|deal_account|CAST(|AS INTEGER)|TEXT");
    at_store_release(store[0]);
    at_store_release(store[1]);
  }
}

/* The exact sum is the value, unless all parts are larger than it: then as near as doubles get. */
static void assert_adds_up(const char *model, double value, const double *part, uint32_t n){
  double sum = exact_sum(part, n), smallest = HUGE_VAL;
  uint32_t i;
  for(i=0; i<n; i++) if( part[i]!=0 && fabs(part[i])<smallest ) smallest = fabs(part[i]);
  if( sum==value || (smallest>fabs(value)/2 && fabs(sum-value)<=smallest*0x1p-51) ) return;
  fail_msg("%s: %u parts of %.17g add up to %.17g", model, n, value, sum);
}

/* Credit adds up to 1 and value to the value, for every model but participation. */
static void check_division(AtEnv env, AtPath *path, const AtModel *model, double value, double unit){
  static double credit[400];
  uint32_t i;
  int credited = at_divide(&env, path, model, value, unit);
  if( path->n==0 ) assert_false(credited);
  if( !credited ) return;
  assert_adds_up(model->name, 1, path->credit, path->n);
  if( isnan(value) ){
    for(i=0; i<path->n; i++) assert_true(isnan(path->value[i]));
    return;
  }
  if( unit>0 ){
    double cents = 0;
    for(i=0; i<path->n; i++) cents += floor(path->value[i]/unit + 0.5);
    if( cents!=floor(value/unit + 0.5) ) fail_msg("%s: %.17g became %.17g cents", model->name, value, cents);
  }else{
    assert_adds_up(model->name, value, path->value, path->n);
  }
  memcpy(credit, path->credit, path->n*sizeof *credit);
  at_divide(&env, path, model, -value, unit);                   /* a refund: the same shares, mirrored */
  assert_memory_equal(credit, path->credit, path->n*sizeof *credit);
}

static void test_divisions_add_up(void **state){
  static const double values[] = {1000.01, 100, -100, 0, 0.01, 1e-9, 123456789.12, 1e15, 1.0/3, NAN};
  Random r = {3};
  int round, m;
  for(round=0; round<4000; round++){
    AtEnv env = heap_env(*state);
    AtModels models;
    AtWalk walk;
    world_open(&r, &env, &world, round%10 ? 30 : 400);
    assert_true(at_models_parse(&env, &models, "all, custom(1, 2, 1)", 20, 1, 2));
    assert_true(at_walk_open(&env, &walk, world.t, world.c, &world.options, NULL));
    while( at_walk_next(&env, &walk) ){
      for(m=0; m<models.n; m++){
        double value = values[random_below(&r, COUNT(values))];
        double unit = value>=1e14 || fabs(value)<0.01 ? 0 : random_below(&r, 2)*0.01;
        if( unit>0 && !isnan(value) ) value = floor(value*100 + 0.5)/100;
        if( models.model[m].kind!=AT_PARTICIPATION ) check_division(env, &walk.path, &models.model[m], value, unit);
      }
    }
    at_walk_close(env.alloc, &walk);
    world_close(&env, &world);
  }
}

/* participation: each label's touches add up to the whole, label by label. */
static void test_participation_adds_up_by_label(void **state){
  Random r = {4};
  int round;
  for(round=0; round<5000; round++){
    AtEnv env = heap_env(*state);
    AtModels models;
    AtWalk walk;
    double value = (double)random_between(&r, -100000, 100000)/100, unit = random_below(&r, 2)*0.01;
    world_open(&r, &env, &world, 60);
    assert_true(at_models_parse(&env, &models, "participation", 13, 0, 0));
    assert_true(at_walk_open(&env, &walk, world.t, world.c, &world.options, NULL));
    while( at_walk_next(&env, &walk) ){
      AtPath *path = &walk.path;
      uint32_t i, k;
      if( !at_divide(&env, path, &models.model[0], value, unit) ) continue;
      for(i=0; i<path->n; i++){
        double credit[400], part[400];
        uint32_t n = 0;
        for(k=0; k<path->n; k++){
          if( path->label[k]!=path->label[i] ) continue;
          credit[n] = path->credit[k];
          part[n++] = path->value[k];
        }
        assert_adds_up("participation", 1, credit, n);
        if( unit==0 ){
          assert_adds_up("participation", value, part, n);
        }else{
          int64_t cents = 0;
          for(k=0; k<n; k++) cents += llround(part[k]*100);
          assert_int_equal(cents, llround(value*100));
        }
      }
    }
    at_walk_close(env.alloc, &walk);
    world_close(&env, &world);
  }
}

/* 0.1 + 0.2 - 0.3 is no 0 in doubles but 2.8e-17; the rows must still add up. */
static void test_points_that_cancel(void **state){
  static const double points[] = {0.1, 0.2, -0.3};
  static const double units[] = {0, 0.01};
  size_t u;
  for(u=0; u<COUNT(units); u++){
    AtEnv env = heap_env(*state);
    AtModels models;
    AtPath path;
    uint32_t i;
    assert_true(at_models_parse(&env, &models, "points", 6, 1, 0));
    assert_true(at_path_labels(&env, &path, 3));
    assert_true(at_path_reserve(&env, &path, 3));
    path.n = 3;
    for(i=0; i<3; i++){
      path.label[i] = i;
      path.time[i] = i*AT_SECOND;
      path.points[i] = points[i];
    }
    assert_true(at_divide(&env, &path, &models.model[0], 1000.01, units[u]));
    for(i=0; i<3; i++) assert_true(isfinite(path.value[i]) && isfinite(path.credit[i]));
    if( fabs(exact_sum(path.value, 3)-1000.01)>1e-9 ){
      fail_msg("round=%g: %.17g + %.17g + %.17g", units[u], path.value[0], path.value[1], path.value[2]);
    }
    if( fabs(exact_sum(path.credit, 3)-1)>1e-9 ) fail_msg("credits %.17g + %.17g + %.17g", path.credit[0], path.credit[1], path.credit[2]);
    at_path_close(env.alloc, &path);
  }
}

/* By label as JSON, by row as numbers: touches of one instant share, points are each row's own; rows that the store
** skipped have nothing, and rows outside the path 0. */
static void test_one_group(void **state){
  static const struct { const char *model, *options, *json; double share[6]; } known[] = {
    {"linear", "", "{\"ads\":0.5,\"email\":0.5}", {0.25, 0.25, 0.25, 0.25, NAN, 0}},
    {"first_touch", "", "{\"ads\":1.0}", {1, 0, 0, 0, NAN, 0}},
    {"position_based", "", "{\"ads\":0.5,\"email\":0.5}", {0.4, 0.1, 0.25, 0.25, NAN, 0}},
    {"points", "", "{\"ads\":0.75,\"email\":0.25}", {0.25, 0.5, 0, 0.25, NAN, 0}},
    {"linear", "lookback=1 s", "{\"email\":1.0}", {0, 0, 0.5, 0.5, NAN, 0}},
  };
  static const char *const labels[] = {"ads", "ads", "email", "email", "ads", "late"};
  static const int times[] = {1, 2, 5, 5, 0, 9}, points[] = {1, 2, 0, 1, 5, 1};
  AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 0, 0, 1);
  size_t k;
  for(k=0; k<COUNT(known); k++){
    AtEnv env = heap_env(*state);
    AtOptions options = options_of(&env, known[k].options);
    AtStore *t, *c;
    AtModels models;
    AtText json = {0};
    AtWalk walk;
    Row rows[6], deal = row_of(cell_integer(1), cell_integer(6), "");
    double share[6];
    uint32_t i;
    int credited;
    for(i=0; i<6; i++){
      rows[i] = row_of(cell_integer(1), i==4 ? cell_null() : cell_integer(times[i]), labels[i]);
      rows[i].number = cell_integer(points[i]);
      rows[i].id = cell_integer(i);
    }
    deal.id = cell_integer(1);
    t = load_rows(&env, &touches, rows, 6);
    c = load_rows(&env, &conversions, &deal, 1);
    assert_true(at_models_parse(&env, &models, known[k].model, strlen(known[k].model), 1, 0));
    assert_true(at_walk_open(&env, &walk, t, c, &options, NULL) && at_walk_next(&env, &walk));
    credited = at_divide(&env, &walk.path, &models.model[0], 1, 0);
    at_credit_by_row(&env, &walk.path, t, &models.model[0], credited, share, 6);
    for(i=0; i<6; i++){
      if( isnan(known[k].share[i]) ? !isnan(share[i]) : fabs(share[i]-known[k].share[i])>1e-15 ) fail_msg("%s: row %u has %g", known[k].model, i, share[i]);
    }
    at_credit_json(&env, &walk.path, t, credited, &json);
    assert_string_equal(json.text, known[k].json);
    at_text_free(env.alloc, &json);
    at_credit_by_row(&env, &walk.path, t, &models.model[0], 0, share, 6);       /* nothing is credited */
    for(i=0; i<6; i++) assert_true(i==4 ? isnan(share[i]) : share[i]==0);
    at_credit_json(&env, &walk.path, t, 0, &json);
    assert_string_equal(json.text, "{\"(unattributed)\":1.0}");
    at_text_free(env.alloc, &json);
    at_walk_close(env.alloc, &walk);
    at_models_free(env.alloc, &models);
    at_store_release(t);
    at_store_release(c);
    at_options_free(env.alloc, &options);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_walks),
    HEAP_TEST(test_matching_keys),
    HEAP_TEST(test_keys_that_cannot_match),
    HEAP_TEST(test_divisions_add_up),
    HEAP_TEST(test_participation_adds_up_by_label),
    HEAP_TEST(test_points_that_cancel),
    HEAP_TEST(test_one_group),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
