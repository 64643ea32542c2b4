/*
** test_learn.c: the models markov and shapley: effects by label, learned from all
** journeys, and the weights that they give a path.
*/
#include "effects_common.h"

static AtModels models_of(AtEnv *env, const char *text){
  AtModels models;
  at_models_parse(env, &models, text, strlen(text), 1, 0);
  return models;
}

/* Touches 'a@1 b@2 …' and conversions at seconds, of entities 1, 2, … */
typedef struct Deals Deals;
struct Deals { AtStore *t, *c; AtOptions options; };

static void open_deals(AtEnv *env, Deals *d, const char *const *touches, const int64_t *conversions, size_t n, const char *options){
  AtShape shape[2] = {shape_of(1, 0, 0, 1), shape_of(0, 0, 0, 1)};
  AtLoader loader[2];
  int64_t id = 0;
  size_t i;
  int k;
  for(k=0; k<2; k++) assert_true(at_loader_open(env, &loader[k], &shape[k]));
  for(i=0; i<n; i++){
    append_events(env, &loader[0], cell_integer((int64_t)i+1), touches[i], &id);
    if( conversions[i]>0 ){
      Row row = row_of(cell_integer((int64_t)i+1), cell_integer(conversions[i]), "");
      row.id = cell_integer((int64_t)i+1);
      append_row(env, &loader[1], &row);
    }
  }
  d->t = at_loader_finish(env, &loader[0], 1);
  d->c = at_loader_finish(env, &loader[1], 1);
  for(k=0; k<2; k++) at_loader_close(&loader[k]);
  d->options = options_of(env, options);
}

static void close_deals(AtEnv *env, Deals *d){
  at_store_release(d->t);
  at_store_release(d->c);
  at_options_free(env->alloc, &d->options);
}

/* Labels a, b, c: the classic a > b > c won, a lost, b > c lost. */
static const char *const classic[] = {"a@1 b@2 c@3", "a@1", "b@1 c@2"};
static const int64_t won[] = {9, 0, 0};

static void test_effects_by_label(void **state){
  AtEnv env = heap_env(*state);
  AtModels models = models_of(&env, "markov, linear, markov(2), shapley, markov(6)");
  Deals d;
  int i;
  open_deals(&env, &d, classic, won, 3, "");
  assert_true(at_learn(&env, &models, d.t, d.c, &d.options));
  for(i=0; i<models.n; i++) assert_true((models.model[i].effect!=NULL)==(models.model[i].kind==AT_MARKOV));
  assert_near(models.model[0].effect[0], 0.5, 1e-15, "a");
  assert_near(models.model[0].effect[1], 1, 1e-15, "b");
  assert_near(models.model[0].effect[2], 1, 1e-15, "c");
  for(i=0; i<3; i++) assert_near(models.model[2].effect[i], i==0 ? 0.5 : 1, 1e-15, "order 2");   /* a > b, b > c */
  for(i=0; i<3; i++) assert_near(models.model[4].effect[i], 1, 1e-15, "order 6");
  at_models_free(env.alloc, &models);
  close_deals(&env, &d);
}

/* Without a markov model nothing is looked at; without conversions effects are 0. */
static void test_nothing_to_learn(void **state){
  static const int64_t lost[3] = {0, 0, 0};
  AtEnv env = heap_env(*state);
  AtModels rules = models_of(&env, "linear, shapley"), models = models_of(&env, "markov(3)");
  Deals d;
  int i;
  assert_true(at_learn(&env, &rules, NULL, NULL, NULL));
  open_deals(&env, &d, classic, lost, 3, "");
  assert_true(at_learn(&env, &models, d.t, d.c, &d.options));
  for(i=0; i<3; i++) assert_true(models.model[0].effect[i]==0);
  models.model[0].effect[1] = 0.5;
  assert_true(at_learn(&env, &models, NULL, NULL, NULL) && models.model[0].effect[1]==0.5);   /* what is known is not learned anew */
  at_models_free(env.alloc, &rules);
  at_models_free(env.alloc, &models);
  assert_int_equal(models.n, 0);
  close_deals(&env, &d);
}

/* A label that no path has left has no effect; the others are learned under the options. */
static void test_options_apply(void **state){
  AtEnv env = heap_env(*state);
  AtModels models = models_of(&env, "markov");
  Deals d;
  open_deals(&env, &d, classic, won, 3, "ignore=b");
  assert_true(at_learn(&env, &models, d.t, d.c, &d.options));
  assert_near(models.model[0].effect[0], 0.5, 1e-15, "a");     /* a > c won, a lost, c lost: 1/4 of 1/3 */
  assert_true(models.model[0].effect[1]==0);
  assert_near(models.model[0].effect[2], 1, 1e-15, "c");
  at_models_free(env.alloc, &models);
  close_deals(&env, &d);
}

/* The effects are those of at_removal_effects() over all journeys. */
static void test_as_removal_has_them(void **state){
  static World world;
  Random r = {1};
  int round;
  for(round=0; round<300; round++){
    AtEnv env = heap_env(*state);
    AtModels models = models_of(&env, "markov(1), markov(2)");
    AtPaths p;
    AtSteps s;
    AtEffects e;
    uint32_t i;
    int k;
    world_open(&r, &env, &world, 30);
    memset(&p, 0, sizeof p);
    assert_true(at_learn(&env, &models, world.t, world.c, &world.options));
    assert_true(at_paths_journeys(&env, &p, world.t, world.c, &world.options) && at_paths_finish(&env, &p, 0, 0));
    for(k=0; k<2; k++){
      assert_true(at_steps_of_paths(&env, &s, &p, k+1) && at_removal_effects(&env, &e, &s, &p.names));
      for(i=0; i<p.n_labels; i++){
        double expected = p.label_channel[i]==AT_NO_CHANNEL ? 0 : e.effects[p.label_channel[i]].removal;
        assert_true(models.model[k].effect[i]==(isnan(expected) ? 0 : expected));
      }
      at_effects_free(env.alloc, &e);
      at_steps_free(env.alloc, &s);
    }
    at_paths_free(env.alloc, &p);
    at_models_free(env.alloc, &models);
    world_close(&env, &world);
  }
}

/*********************************** Weights **********************************/

/* The weights of a path of labels, as 'a b a', under one model. */
static void check_weights(AtEnv *env, const char *model, double *effect, const char *labels, const char *expected){
  AtModels models = models_of(env, model);
  AtPath path;
  double weight[16];
  uint32_t i;
  assert_ok(env);
  assert_true(at_path_labels(env, &path, 26) && at_path_reserve(env, &path, 16));
  for(; *labels; labels++) if( *labels!=' ' ) path.label[path.n++] = (uint32_t)(*labels-'a');
  models.model[0].effect = effect;
  assert_true(at_weights(env, &models.model[0], &path, weight));
  for(i=0; i<path.n; i++){
    char *end;
    assert_near(weight[i], strtod(expected, &end), 1e-16, model);
    assert_true(end>expected);
    expected = end;
  }
  models.model[0].effect = NULL;
  at_models_free(env->alloc, &models);
  at_path_close(env->alloc, &path);
}

static void test_weights(void **state){
  double effect[3] = {0.5, 1, 0}, none[3] = {0, 0, 0};
  AtEnv env = heap_env(*state);
  check_weights(&env, "shapley", NULL, "a", "1");
  check_weights(&env, "shapley", NULL, "a b", "0.5 0.5");
  check_weights(&env, "shapley", NULL, "a b a", "0.25 0.5 0.25");
  check_weights(&env, "shapley", NULL, "c a b a b b a", "0.33333333333333333 0.11111111111111111 0.11111111111111111 "
                "0.11111111111111111 0.11111111111111111 0.11111111111111111 0.11111111111111111");
  check_weights(&env, "markov", effect, "a", "1");
  check_weights(&env, "markov", effect, "a b", "0.33333333333333333 0.66666666666666667");
  check_weights(&env, "markov", effect, "a b a", "0.25 0.5 0.25");
  check_weights(&env, "markov", effect, "c b c", "0 1 0");
  check_weights(&env, "markov", none, "a b", "0.5 0.5");        /* nobody has an effect: equal parts */
}

static void test_names(void **state){
  AtEnv env = heap_env(*state);
  AtModels models = models_of(&env, "markov, markov(2), MARKOV( order = 6 ), shapley");
  assert_ok(&env);
  assert_int_equal(models.n, 4);
  assert_true(models.model[0].order==1 && models.model[1].order==2 && models.model[2].order==6);
  assert_int_equal(models.model[3].kind, AT_SHAPLEY);
  models = models_of(&env, "markov(0)");
  assert_error(&env, AT_INVALID, "'markov(0)'|markov(1) to markov(6)");
  env = heap_env(*state);
  models = models_of(&env, "markov, markov(1)");
  assert_int_equal(env.error.code, AT_INVALID);                /* the same twice */
}

/************************************ Failures ********************************/

static void learn(AtEnv *env, void *given){
  Deals *d = given;
  AtModels models;
  memset(&models, 0, sizeof models);
  if( at_models_parse(env, &models, "markov, linear, markov(2)", 25, 1, 0) ) at_learn(env, &models, d->t, d->c, &d->options);
  at_models_free(env->alloc, &models);
}

static void test_failures(void **state){
  AtEnv env = heap_env(*state);
  Deals d;
  open_deals(&env, &d, classic, won, 3, "gap=1 day");
  check_failures(*state, learn, &d, 60);
  check_stops(*state, learn, &d, 40);
  close_deals(&env, &d);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_effects_by_label),
    HEAP_TEST(test_nothing_to_learn),
    HEAP_TEST(test_options_apply),
    HEAP_TEST(test_as_removal_has_them),
    HEAP_TEST(test_weights),
    HEAP_TEST(test_names),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
