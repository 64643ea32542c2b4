/*
** test_model.c: model lists with all their errors, and the weights of every
** model on paths that can be checked by hand.
*/
#include "common.h"

#define DAY (INT64_C(86400)*AT_SECOND)

/************************************ Lists ***********************************/

static int parse(AtEnv *env, AtModels *m, const char *text, int has_points, int n_milestones){
  return at_models_parse(env, m, text, strlen(text), has_points, n_milestones);
}

/* The list's models by name, joined with '|'. */
static void assert_names(void **state, const char *text, int has_points, int n_milestones, const char *expected){
  AtEnv env = heap_env(*state);
  AtModels m;
  char names[1024] = "";
  int i;
  parse(&env, &m, text, has_points, n_milestones);
  assert_ok(&env);
  for(i=0; i<m.n; i++) snprintf(names+strlen(names), sizeof names-strlen(names), "%s%s", i ? "|" : "", m.model[i].name);
  if( strcmp(names, expected)!=0 ) fail_msg("%s is %s", text, names);
}

static void test_names_as_written(void **state){
  assert_names(state, "linear", 0, 0, "linear");
  assert_names(state, " First_Touch ,LINEAR\n,\tlast_touch ", 0, 0, "first_touch|linear|last_touch");
  assert_names(state, "Time_Decay( Half_Life = 14 Days ), custom(1, 2,3)", 0, 0,
               "time_decay( half_life = 14 days )|custom(1, 2,3)");
  assert_names(state, "milestone(2), milestone(1), points, u_shaped", 1, 2, "milestone(2)|milestone(1)|points|u_shaped");
  assert_names(state, "linear()", 0, 0, "linear()");
}

static void test_all(void **state){
#define BASE "first_touch|last_touch|last_non_direct|linear|position_based|time_decay|j_shaped|inverse_j|participation"
  assert_names(state, "all", 0, 0, BASE);
  assert_names(state, "ALL", 1, 0, BASE "|points");
  assert_names(state, "all", 0, 1, BASE "|milestone(1)|u_shaped");
  assert_names(state, "all", 1, 2, BASE "|points|milestone(1)|milestone(2)|u_shaped|w_shaped|full_path");
  assert_names(state, "all", 0, 12, BASE "|milestone(1)|milestone(2)|milestone(3)|milestone(4)|milestone(5)|milestone(6)"
               "|milestone(7)|milestone(8)|milestone(9)|milestone(10)|milestone(11)|milestone(12)|u_shaped|w_shaped|full_path");
  assert_names(state, "custom(1,1,1), all, time_decay(1d)", 0, 0, "custom(1,1,1)|" BASE "|time_decay(1d)");
  assert_names(state, "custom(1,2,3), custom(1,3,3), custom(1,2,4)", 0, 0, "custom(1,2,3)|custom(1,3,3)|custom(1,2,4)");
}

/* Every model that there is can be written as its own help shows it. */
static void test_forms_in_the_help(void **state){
  const AtModelInfo *info;
  int i;
  for(i=0; (info = at_model_info(i))!=NULL; i++){
    AtEnv env = heap_env(*state);
    AtModels m;
    const char *form = info->form;
    if( strcmp(form, "custom(first, middle, last)")==0 ) form = "custom(1, 2, 3)";
    if( strcmp(form, "milestone(k)")==0 ) form = "milestone(1)";
    assert_true(parse(&env, &m, form, 1, 2));
    assert_int_equal(m.n, 1);
    assert_int_equal(m.model[0].kind, info->kind);
    assert_true(info->help[0]!=0);
  }
  assert_int_equal(i, 17);
  assert_null(at_model_info(-1));
}

/* Defaults written out are the defaults; parameters go by place or by name. */
static void test_parameters(void **state){
  static const char *const same[][2] = {
    {"position_based", "position_based(first=.4, last=.4)"}, {"position_based", "position_based(.4,.4)"},
    {"position_based(last=.4)", "position_based(first=0.40)"}, {"position_based(.1,.3)", "position_based(last=.3, first=.1)"},
    {"time_decay", "time_decay(7 days)"}, {"time_decay(half_life=1 week)", "time_decay(168h)"},
    {"custom(1,2,3)", "custom(last=3, first=1, middle=2)"}, {"custom(1,2,3)", "custom(1, last=3, middle=2)"},
    {"milestone(1)", "milestone(k=1)"}, {"markov(2)", "markov(order=2)"}, {"markov", "markov(1)"},
  };
  size_t i;
  for(i=0; i<COUNT(same); i++){
    AtEnv env = heap_env(*state);
    char both[200];
    AtModels m;
    snprintf(both, sizeof both, "%s, %s", same[i][0], same[i][1]);
    assert_false(parse(&env, &m, both, 0, 1));
    assert_error(&env, AT_INVALID, "twice");
  }
}

static void test_refused_lists(void **state){
  static const char *const refused[][2] = {
    {"", "empty place"}, {" ", "empty place"}, {",", "empty place"}, {"linear,", "empty place|'linear,'"},
    {",linear", "empty place"}, {"linear,,first_touch", "empty place"},
    {"liner", "'liner'|linear?"}, {"first", "'first'"}, {"firsttouch", "first_touch?"}, {"markow", "unknown model 'markow'|markov?"},
    {"linear last_touch", "unknown model"}, {"lookback=90 days", "unknown model 'lookback=90 days'|options in the argument after models"}, {"linear;", "unknown model|linear?"}, {"linear)", "unknown model|linear?"},
    {"linear, linear", "'linear'|twice"}, {"linear, LINEAR", "twice"}, {"linear, linear()", "twice"},
    {"all, linear", "'linear'|twice"}, {"linear, all", "'linear'|twice"}, {"all, all", "twice"},
    {"linear(", "parenthesis"}, {"linear(1", "parenthesis"}, {"time_decay(7 days", "parenthesis"},
    {"time_decay(7 days) x", "parenthesis"}, {"linear(1)", "wrong parameters|linear"}, {"all(1)", "'all'"},
    {"first_touch(x=1)", "wrong parameters"}, {"time_decay(7 days, 3)", "wrong parameters|time_decay(half_life=7 days)"},
    {"time_decay(halflife=7)", "wrong parameters"}, {"time_decay(half_life=1, half_life=2)", "wrong parameters"},
    {"time_decay()", "" /* taken: checked below */}, {"time_decay(soon)", "half-life"}, {"time_decay(0)", "half-life|above 0"},
    {"time_decay(-1 day)", "half-life|not negative"}, {"time_decay(1 month)", "half-life|no fixed length"},
    {"time_decay(half_life=)", "half-life"}, {"position_based(.6, .6)", "shares|1 at most"},
    {"position_based(-.1)", "shares"}, {"position_based(a)", "shares"}, {"position_based(.4,)", "shares"},
    {"position_based(.1,.2,.3)", "wrong parameters|position_based(first=.4, last=.4)"},
    {"position_based(middle=.2)", "wrong parameters"}, {"position_based(1e400)", "shares"},
    {"custom", "shares|custom(first, middle, last)"}, {"custom()", "shares"}, {"custom(1)", "shares"},
    {"custom(1,2)", "shares"}, {"custom(1,2,3,4)", "wrong parameters"}, {"custom(0,0,0)", "not all 0"},
    {"custom(1,-1,1)", "none negative"}, {"custom(1,x,1)", "shares"}, {"custom(x,1,1)", "shares"}, {"custom(1,2,last=)", "shares"},
    {"milestone", "milestone(1)"}, {"milestone()", "milestone(1)"}, {"milestone(0)", "milestone(1)"},
    {"milestone(17)", "milestone(16)"}, {"milestone(1.5)", "milestone(1)"}, {"milestone(won)", "milestone(1)"},
    {"milestone(1,2)", "wrong parameters"}, {"markov(0)", "markov(1) to markov(6)"}, {"markov(7)", "markov(6)"},
    {"markov(auto)", "markov(1)"}, {"markov(1,2)", "wrong parameters|markov(order=1)"}, {"markov, markov(1)", "twice"},
    {"shapley(1)", "wrong parameters|shapley"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtModels m;
    int taken = parse(&env, &m, refused[i][0], 1, 16);
    if( taken!=(refused[i][1][0]==0) ) fail_msg("%s is %s", refused[i][0], taken ? "taken" : env.error.text);
    if( !taken ) assert_error(&env, AT_INVALID, refused[i][1]);
  }
}

static void test_models_that_cannot_be_fed(void **state){
  static const struct { const char *model; int points, milestones; const char *words; } refused[] = {
    {"points", 0, 16, "points|touches(entity, ts, channel, points)"},
    {"milestone(1)", 1, 0, "milestone(1)|1 milestone column|names 0|conversions("},
    {"milestone(3)", 1, 2, "milestone(3)|3 milestone columns|names 2"},
    {"u_shaped", 1, 0, "u_shaped|1 milestone column"}, {"w_shaped", 1, 1, "w_shaped|2 milestone columns|names 1"},
    {"full_path", 1, 1, "full_path|2 milestone columns"},
  };
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    AtModels m;
    assert_false(parse(&env, &m, refused[i].model, refused[i].points, refused[i].milestones));
    assert_error(&env, AT_INVALID, refused[i].words);
  }
}

static void test_64_models_and_long_names(void **state){
  AtEnv env = heap_env(*state);
  char text[4096] = "custom(1,1,1)", name[AT_MAX_NAME+1];
  AtModels m;
  int i;
  for(i=2; i<=64; i++) snprintf(text+strlen(text), 32, ",custom(%d,1,1)", i);
  assert_true(parse(&env, &m, text, 0, 0));
  assert_int_equal(m.n, 64);
  strcat(text, ",linear");
  assert_false(parse(&env, &m, text, 0, 0));
  assert_error(&env, AT_INVALID, "64");
  memset(name, ' ', sizeof name);
  memcpy(name, "custom(1,2,3", 12);
  name[AT_MAX_NAME-2] = ')';
  name[AT_MAX_NAME-1] = 0;
  env = heap_env(*state);
  assert_true(parse(&env, &m, name, 0, 0));
  assert_string_equal(m.model[0].name, name);
  name[AT_MAX_NAME-2] = ' ';
  name[AT_MAX_NAME-1] = ')';
  name[AT_MAX_NAME] = 0;
  assert_false(parse(&env, &m, name, 0, 0));
  assert_error(&env, AT_INVALID, "too long");
}

/*********************************** Weights **********************************/

/* A path by hand: one letter a touch, of which 'd' is direct; a day apart
** unless times are given. */
typedef struct Hand Hand;
struct Hand {
  const char *model, *labels;
  int milestone[2];                 /* positions from 0, -1 = missing */
  double a[6];                      /* days or points, where the model looks at them */
  double weight[6];
};

static AtPath open_path(AtEnv *env, uint32_t n){
  AtPath path;
  at_path_labels(env, &path, 26);
  at_path_reserve(env, &path, n);
  path.direct = at_alloc(env, 26, 1);
  assert_ok(env);
  memset(path.direct, 0, 26);
  path.direct['d'-'a'] = 1;
  path.n = n;
  return path;
}

static AtPath hand_path(AtEnv *env, const Hand *h, int kind){
  AtPath path = open_path(env, (uint32_t)strlen(h->labels));
  uint32_t i;
  for(i=0; i<path.n; i++){
    path.row[i] = i;
    path.label[i] = (uint32_t)(h->labels[i]-'a');
    path.time[i] = kind==AT_TIME_DECAY ? (int64_t)(h->a[i]*(double)DAY) : i*DAY;
    path.points[i] = h->a[i];
  }
  path.n_milestones = 2;
  memcpy(path.milestone, h->milestone, sizeof h->milestone);
  return path;
}

#define NONE {-1, -1}
static const Hand hands[] = {
  {"first_touch", "a", NONE, {0}, {1}}, {"first_touch", "abc", NONE, {0}, {1, 0, 0}},
  {"last_touch", "a", NONE, {0}, {1}}, {"last_touch", "abc", NONE, {0}, {0, 0, 1}},
  {"last_non_direct", "abd", NONE, {0}, {0, 1, 0}}, {"last_non_direct", "addd", NONE, {0}, {1, 0, 0, 0}},
  {"last_non_direct", "dab", NONE, {0}, {0, 0, 1}}, {"last_non_direct", "ddd", NONE, {0}, {0, 0, 1}},
  {"last_non_direct", "d", NONE, {0}, {1}},
  {"linear", "a", NONE, {0}, {1}}, {"linear", "aab", NONE, {0}, {1/3., 1/3., 1/3.}},
  {"position_based", "a", NONE, {0}, {1}}, {"position_based", "ab", NONE, {0}, {.5, .5}},
  {"position_based", "abc", NONE, {0}, {.4, .2, .4}}, {"position_based", "abcd", NONE, {0}, {.4, .1, .1, .4}},
  {"position_based(.2, .3)", "ab", NONE, {0}, {.4, .6}}, {"position_based(.2, .3)", "abc", NONE, {0}, {.2, .5, .3}},
  {"position_based(0, 0)", "ab", NONE, {0}, {.5, .5}}, {"position_based(0, 0)", "abcd", NONE, {0}, {0, .5, .5, 0}},
  {"position_based(1, 0)", "abc", NONE, {0}, {1, 0, 0}}, {"position_based(1, 0)", "ab", NONE, {0}, {1, 0}},
  {"position_based(.5, .5)", "abcd", NONE, {0}, {.5, 0, 0, .5}}, {"position_based(last=0)", "ab", NONE, {0}, {1, 0}},
  {"j_shaped", "a", NONE, {0}, {1}}, {"j_shaped", "ab", NONE, {0}, {.25, .75}},
  {"j_shaped", "abc", NONE, {0}, {.2, .2, .6}}, {"j_shaped", "abcde", NONE, {0}, {.2, .2/3, .2/3, .2/3, .6}},
  {"inverse_j", "ab", NONE, {0}, {.75, .25}}, {"inverse_j", "abcd", NONE, {0}, {.6, .1, .1, .2}},
  {"custom(1, 2, 3)", "a", NONE, {0}, {1}}, {"custom(1, 2, 3)", "ab", NONE, {0}, {.25, .75}},
  {"custom(1, 2, 3)", "abc", NONE, {0}, {1/6., 2/6., 3/6.}}, {"custom(1, 2, 3)", "abcd", NONE, {0}, {1/6., 1/6., 1/6., 3/6.}},
  {"custom(0, 1, 0)", "ab", NONE, {0}, {.5, .5}}, {"custom(0, 1, 0)", "abc", NONE, {0}, {0, 1, 0}},
  {"custom(0, 0, 5)", "abc", NONE, {0}, {0, 0, 1}},
  {"time_decay", "a", NONE, {0}, {1}}, {"time_decay", "abc", NONE, {0, 7, 14}, {1/7., 2/7., 4/7.}},
  {"time_decay", "ab", NONE, {3, 3}, {.5, .5}}, {"time_decay(1 day)", "ab", NONE, {0, 3}, {1/9., 8/9.}},
  {"time_decay(half_life=1 s)", "ab", NONE, {0, 3000}, {0, 1}}, {"time_decay", "aba", NONE, {0, 0, 7}, {.25, .25, .5}},
  {"points", "a", NONE, {0}, {1}}, {"points", "a", NONE, {-5}, {1}}, {"points", "ab", NONE, {1, 3}, {.25, .75}},
  {"points", "ab", NONE, {-1, 3}, {-.5, 1.5}}, {"points", "ab", NONE, {-1, 1}, {.5, .5}},
  {"points", "abc", NONE, {-3, 1, 1}, {1/3., 1/3., 1/3.}}, {"points", "ab", NONE, {NAN, 2}, {0, 1}},
  {"points", "ab", NONE, {NAN, NAN}, {.5, .5}}, {"points", "ab", NONE, {0, 0}, {.5, .5}},
  {"points", "abc", NONE, {NAN, 1, 3}, {0, .25, .75}},
  {"participation", "a", NONE, {0}, {1}}, {"participation", "aba", NONE, {0}, {.5, 1, .5}},
  {"participation", "aaaa", NONE, {0}, {.25, .25, .25, .25}}, {"participation", "abc", NONE, {0}, {1, 1, 1}},
  {"milestone(1)", "abc", {1, -1}, {0}, {0, 1, 0}}, {"milestone(2)", "abc", {0, 2}, {0}, {0, 0, 1}},
  {"u_shaped", "a", {0, -1}, {0}, {1}}, {"u_shaped", "a", NONE, {0}, {1}},
  {"u_shaped", "abcde", {3, -1}, {0}, {.4, .1, .1, .4, 0}}, {"u_shaped", "abcd", {3, -1}, {0}, {.4, .1, .1, .4}},
  {"u_shaped", "abc", {1, -1}, {0}, {.5, .5, 0}}, {"u_shaped", "abc", {0, -1}, {0}, {1, 0, 0}},
  {"u_shaped", "abc", NONE, {0}, {2/3., 1/6., 1/6.}}, {"u_shaped", "ab", NONE, {0}, {2/3., 1/3.}},
  {"w_shaped", "abcdef", {2, 4}, {0}, {.3, .05, .3, .05, .3, 0}}, {"w_shaped", "abcdef", {4, 2}, {0}, {.3, .05, .3, .05, .3, 0}},
  {"w_shaped", "abc", {1, 1}, {0}, {1/3., 2/3., 0}}, {"w_shaped", "abc", {0, 2}, {0}, {.6, .1, .3}},
  {"w_shaped", "abc", {0, 0}, {0}, {1, 0, 0}}, {"w_shaped", "ab", {0, 1}, {0}, {2/3., 1/3.}},
  {"w_shaped", "abcd", {-1, 2}, {0}, {3/7., .5/7, 3/7., .5/7}}, {"w_shaped", "abc", NONE, {0}, {.75, .125, .125}},
  {"w_shaped", "abc", {2, -1}, {0}, {3/7., 1/7., 3/7.}}, {"w_shaped", "ab", {1, -1}, {0}, {.5, .5}},
  {"full_path", "abcdef", {2, 4}, {0}, {.225, .05, .225, .05, .225, .225}},
  {"full_path", "abcd", {1, 3}, {0}, {.225, .225, .1, .45}}, {"full_path", "ab", {0, 1}, {0}, {.5, .5}},
  {"full_path", "abcde", {1, 3}, {0}, {.225, .225, .1, .225, .225}}, {"full_path", "ab", NONE, {0}, {.5, .5}},
  {"full_path", "abc", {1, -1}, {0}, {1/3., 1/3., 1/3.}},
  {"full_path", "abcd", {-1, 1}, {0}, {.225/.775, .225/.775, .1/.775, .225/.775}},
  {"full_path", "abc", NONE, {0}, {.225/.55, .1/.55, .225/.55}},
};

static AtModel model_of(AtEnv *env, const char *text){
  AtModels m;
  parse(env, &m, text, 1, 2);
  assert_ok(env);
  return m.model[0];
}

static void test_hand_paths(void **state){
  size_t i;
  uint32_t k;
  for(i=0; i<COUNT(hands); i++){
    const Hand *h = &hands[i];
    AtEnv env = heap_env(*state);
    AtModel model = model_of(&env, h->model);
    AtPath path = hand_path(&env, h, model.kind);
    assert_true(at_weights(&env, &model, &path, path.weight));
    for(k=0; k<path.n; k++){
      if( !(fabs(path.weight[k]-h->weight[k])<1e-14) ){
        fail_msg("%s over %s: %.17g at %u, not %.17g", h->model, h->labels, path.weight[k], k+1, h->weight[k]);
      }
    }
    at_path_close(env.alloc, &path);
  }
}

/* No path, and no milestone: no touch is credited. */
static void test_nothing_to_credit(void **state){
  const AtModelInfo *info;
  Hand none = {"", "", NONE, {0}, {0}}, two = {"", "ab", NONE, {0}, {0}};
  int i;
  for(i=0; (info = at_model_info(i))!=NULL; i++){
    AtEnv env = heap_env(*state);
    AtModel model;
    AtPath path = hand_path(&env, &none, info->kind);
    memset(&model, 0, sizeof model);
    model.kind = info->kind;
    model.n_milestones = info->kind==AT_MILESTONE ? 2 : 0;
    assert_false(at_weights(&env, &model, &path, path.weight));
    assert_int_equal(at_is_single(&model), model.kind==AT_FIRST_TOUCH || model.kind==AT_LAST_TOUCH
                     || model.kind==AT_LAST_NON_DIRECT || model.kind==AT_MILESTONE);
    if( at_is_single(&model) ) assert_int_equal(at_single_touch(&model, &path), -1);
    at_path_close(env.alloc, &path);
    path = hand_path(&env, &two, info->kind);
    if( model.kind==AT_MILESTONE ) assert_false(at_weights(&env, &model, &path, path.weight));
    at_path_close(env.alloc, &path);
  }
}

/* The weights of every model but participation sum to 1, of participation to
** the number of labels; none is negative where no points are. */
static void test_sums(void **state){
  static const char *const models[] = {"linear", "position_based(.1, .2)", "j_shaped", "inverse_j", "custom(3, 0, 1)",
    "time_decay(5 days)", "points", "u_shaped", "w_shaped", "full_path", "participation", "last_non_direct"};
  Random r = {1};
  int round;
  for(round=0; round<20000; round++){
    AtEnv env = heap_env(*state);
    uint32_t n = 1 + random_below(&r, round%100 ? 12 : 3000), k, labels = 0;
    AtPath path = open_path(&env, n);
    AtModel model = model_of(&env, models[random_below(&r, COUNT(models))]);
    double sum, expected = 1;
    uint8_t seen[26] = {0};
    for(k=0; k<n; k++){
      path.label[k] = random_below(&r, 5);
      path.time[k] = (k ? path.time[k-1] : 0) + random_below(&r, 3)*DAY;
      path.points[k] = random_below(&r, 9) ? random_unit(&r) : NAN;
      labels += !seen[path.label[k]];
      seen[path.label[k]] = 1;
    }
    path.n_milestones = 2;
    for(k=0; k<2; k++) path.milestone[k] = (int32_t)random_below(&r, n+1)-1;
    assert_true(at_weights(&env, &model, &path, path.weight));
    if( model.kind==AT_PARTICIPATION && n>1 ) expected = labels;
    for(k=0; k<n; k++) assert_true(path.weight[k]>=0 && path.weight[k]<=1+1e-12);
    sum = exact_sum(path.weight, n);
    if( !(fabs(sum-expected)<1e-12) ) fail_msg("%s over %u touches: %.17g", model.name, n, sum);
    for(k=0; k<26; k++) assert_int_equal(path.count[k], 0);      /* left as found */
    at_path_close(env.alloc, &path);
  }
}

/* However old a path is, and however short the half-life, weights do not vanish. */
static void test_decay_of_old_paths(void **state){
  Hand h = {"", "abc", NONE, {0, 1, 2}, {0}};
  AtEnv env = heap_env(*state);
  AtModel model = model_of(&env, "time_decay(half_life=0.000001)");
  AtPath path = hand_path(&env, &h, AT_TIME_DECAY);
  path.time[0] = AT_MIN_TIME;
  path.time[1] = AT_MAX_TIME-1;
  path.time[2] = AT_MAX_TIME;
  assert_true(at_weights(&env, &model, &path, path.weight));
  assert_true(path.weight[0]==0);
  assert_true(fabs(path.weight[1]-1/3.)<1e-15 && fabs(path.weight[2]-2/3.)<1e-15);
  at_path_close(env.alloc, &path);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_names_as_written),
    HEAP_TEST(test_all),
    HEAP_TEST(test_forms_in_the_help),
    HEAP_TEST(test_parameters),
    HEAP_TEST(test_refused_lists),
    HEAP_TEST(test_models_that_cannot_be_fed),
    HEAP_TEST(test_64_models_and_long_names),
    HEAP_TEST(test_hand_paths),
    HEAP_TEST(test_nothing_to_credit),
    HEAP_TEST(test_sums),
    HEAP_TEST(test_decay_of_old_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
