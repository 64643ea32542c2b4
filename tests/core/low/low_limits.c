/*
** low_limits.c: the limits that are too far away to reach, on a core built with low ones: what is
** more is an error that says so, and what is not is no error. The Makefile has the numbers. None is a
** power of two: a list whose capacity doubles must not stop, nor go on, just because it is full.
*/
#include "../effects_common.h"
#include "../../../ext/core/forecast.h"
#include "../../../ext/core/scores.h"

#if AT_MAX_ROWS!=5000u || AT_MAX_GROUP!=2500u || AT_MAX_KEYS!=1000u || AT_MAX_STATES!=500u
#error "these tests are written for low limits"
#endif

/* The rows of a group end where its list would double beyond the limit: at this many. */
#define GROUP_ENDS 4096u

/************************************ Relations *******************************/

static Row touch(uint32_t i, const char *label){
  Row row = row_of(cell_integer(i/100), cell_integer(i), label);
  row.id = cell_integer(i);
  return row;
}

/* The limit's rows and not one more, however they are appended. */
static void test_rows_of_a_relation(void **state){
  static const int has_number[] = {0, 1};          /* without numbers rows may go the short way */
  size_t k;
  for(k=0; k<COUNT(has_number); k++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, has_number[k], 0, 1);
    AtLoader loader;
    AtStore *store;
    uint32_t i;
    assert_true(at_loader_open(&env, &loader, &shape));
    for(i=0; i<AT_MAX_ROWS; i++){
      Row row = touch(i, "ads");
      if( i%2==0 || !append_plain(&env, &loader, &row) ) append_row(&env, &loader, &row);
    }
    assert_ok(&env);
    assert_int_equal(loader.store->n, AT_MAX_ROWS);
    if( k==0 ){
      Row row = touch(i, "ads");
      assert_false(append_plain(&env, &loader, &row));
      append_row(&env, &loader, &row);
      assert_error(&env, AT_TOOBIG, "relation touches has more than 4,000,000,000 rows");
      assert_int_equal(loader.store->n, AT_MAX_ROWS);
    }else{
      store = at_loader_finish(&env, &loader, 1);
      assert_non_null(store);
      assert_int_equal(store->n, AT_MAX_ROWS);
      assert_int_equal(store->n_entities, AT_MAX_ROWS/100);
      at_store_release(store);
    }
    at_loader_close(&loader);
  }
}

/* Two loaders that are each within the limit. */
static void test_rows_of_several_loaders(void **state){
  uint32_t more;
  for(more=0; more<2; more++){
    AtEnv env = heap_env(*state);
    AtShape shape = shape_of(1, 0, 0, 1);
    AtLoader loader[2];
    AtStore *store;
    uint32_t i;
    assert_true(at_loader_open(&env, &loader[0], &shape) && at_loader_open(&env, &loader[1], &shape));
    for(i=0; i<AT_MAX_ROWS+more; i++){
      Row row = touch(i, "ads");
      append_row(&env, &loader[i<3000 ? 0 : 1], &row);
    }
    assert_ok(&env);
    store = at_loader_finish(&env, loader, 2);
    if( more ) assert_error(&env, AT_TOOBIG, "relation touches has more than 4,000,000,000 rows");
    else assert_int_equal(store->n, AT_MAX_ROWS);
    at_store_release(store);
    at_loader_close(&loader[0]);
    at_loader_close(&loader[1]);
  }
}

/* Keys or labels that are all different; a loader interns keys in batches. */
static void check_keys(void **state, const char *form, int of_labels){
  AtEnv env = heap_env(*state);
  AtShape shape = shape_of(1, 0, 0, 1);
  AtLoader loader;
  char text[60];
  uint32_t i;
  assert_true(at_loader_open(&env, &loader, &shape));
  for(i=0; i<2*AT_MAX_KEYS && !env.error.code; i++){
    Row row = touch(i, "ads");
    snprintf(text, sizeof text, form, (unsigned)i);
    *(of_labels ? &row.label : &row.entity) = cell_text(text);
    append_row(&env, &loader, &row);
  }
  assert_error(&env, AT_TOOBIG, "more than 2^30 distinct labels or keys");
  assert_in_range(i, AT_MAX_KEYS-AT_BATCH, AT_MAX_KEYS+AT_BATCH);
  at_loader_close(&loader);
}

static void test_keys(void **state){
  check_keys(state, "k%u", 0);
  check_keys(state, "3f2504e0-4f89-41d3-9a0c-0305e82%05u", 0);
  check_keys(state, "label number %u of many", 1);
}

/************************************ Groups **********************************/

/* Adds row after row until one is refused; how many were taken. */
#define COUNT_ROWS(n, add) for((n)=0; (n)<3*AT_MAX_GROUP && (add); (n)++){}

static void test_rows_of_a_group(void **state){
  AtEnv env = heap_env(*state);
  AtConditions conditions;
  AtLogisticRows rows;
  AtSpells spells = {0};
  AtStays stays = {0};
  AtReals reals = {0};
  AtNodes nodes;
  AtCell forward = cell_text("forward"), head = cell_text("head"), value = cell_text("page");
  double x = 1;
  uint32_t n;
  COUNT_ROWS(n, at_reals_add(&env, &reals, n));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  assert_true(at_reals_at(&reals, n-1)==n-1);
  at_reals_free(env.alloc, &reals);

  env = heap_env(*state);
  COUNT_ROWS(n, at_spells_add(&env, &spells, n, 0));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  at_free(env.alloc, spells.keys);

  env = heap_env(*state);
  COUNT_ROWS(n, at_stays_add(&env, &stays, 4, n, 0));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  at_stays_free(env.alloc, &stays);

  env = heap_env(*state);
  at_conditions_open(&env, &conditions, 3, 0);
  COUNT_ROWS(n, at_conditions_add(&env, &conditions, n, 0, 1));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  at_conditions_free(env.alloc, &conditions);

  env = heap_env(*state);
  at_logistic_open(&env, &rows, 1);
  COUNT_ROWS(n, at_logistic_add(&env, &rows, 1, &x));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  at_logistic_free(env.alloc, &rows);

  env = heap_env(*state);
  at_nodes_open(&env, &nodes, 1, &forward, &head);
  COUNT_ROWS(n, at_nodes_add(&env, &nodes, n, &value));
  assert_error(&env, AT_TOOBIG, "a group has more than 2,000,000,000 rows");
  assert_int_equal(n, GROUP_ENDS);
  at_nodes_free(env.alloc, &nodes);
}

/* Pieces of a group: together they may be more than a piece may, but not more than a relation. */
static void test_stays_together(void **state){
  AtEnv env = heap_env(*state);
  AtStays piece = {0}, all = {0};
  uint32_t n;
  for(n=0; n<2000; n++) at_stays_add(&env, &piece, 8, n, 0);
  assert_true(at_stays_join(&env, &all, &piece, 8) && at_stays_join(&env, &all, &piece, 8));
  assert_int_equal(all.n, 4000);
  assert_false(at_stays_join(&env, &all, &piece, 8));
  assert_error(&env, AT_TOOBIG, "a group has more than 4,000,000,000 rows");
  assert_int_equal(all.n, 4000);
  at_stays_free(env.alloc, &piece);
  at_stays_free(env.alloc, &all);
}

/************************************ Funnels *********************************/

typedef struct Case Case;
struct Case { AtStages stages; AtOptions options; AtStore *events; AtFunnel funnel; };

/* Events 'stage@second' of n entities, all alike. */
static void open_case(AtEnv *env, Case *x, const char *stages, const char *options, const char *events, uint32_t n){
  const char **entities = malloc(n*sizeof *entities);
  uint32_t i;
  assert_non_null(entities);
  memset(x, 0, sizeof *x);
  for(i=0; i<n; i++) entities[i] = events;
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FUNNELS);
  assert_true(parse_stages(env, &x->stages, stages));
  x->events = load_events(env, 0, entities, n);
  assert_true(at_funnel_check(env, &x->stages, &x->options));
  assert_true(at_funnel_open(env, &x->funnel, x->events, &x->stages, &x->options));
  free(entities);
}

static void close_case(AtEnv *env, Case *x){
  at_funnel_close(env->alloc, &x->funnel);
  at_store_release(x->events);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

/* A 'word@number ' for each of n numbers. */
static char *repeat(const char *form, uint32_t n){
  size_t room = (size_t)n*40+1, used = 0;
  char *text = malloc(room);
  uint32_t i;
  assert_non_null(text);
  text[0] = 0;
  for(i=0; i<n; i++) used += (size_t)snprintf(text+used, room-used, form, (unsigned)i, (unsigned)i);
  return text;
}

/* What one entity does: rows of passes (most of them filled in), passes, events that do nothing. */
static void test_one_entity(void **state){
  static const struct { const char *stages, *options, *events; } known[] = {
    {"a > b > c > d > e > f > g > h > i > won", "exits=lost", "i@%u lost@%u "},
    {"a > won", "exits=lost", "a@%u lost@%u "},
    {"a > won", "", "a@%u a@%u "},
  };
  size_t k;
  for(k=0; k<COUNT(known); k++){
    AtEnv env = heap_env(*state);
    char *events = repeat(known[k].events, 2400);
    Case x;
    open_case(&env, &x, known[k].stages, known[k].options, events, 1);
    x.funnel.keeps_ignored = 1;
    at_funnel_entity(&env, &x.funnel, 0);
    if( k==1 ) assert_ok(&env);                       /* 2,400 passes of one stage are not too many */
    else assert_error(&env, AT_TOOBIG, "an entity has more than 2,000,000,000 stages");
    close_case(&env, &x);
    free(events);
  }
}

static void test_history(void **state){
  AtEnv env = heap_env(*state);
  AtPast past;
  Case x;
  open_case(&env, &x, "a > b > c > won", "", "a@1 b@2 c@3 won@4", 1250);
  assert_true(at_past_open(&env, &past, &x.funnel));
  assert_int_equal(past.n, 3750);
  at_past_free(env.alloc, &past);
  close_case(&env, &x);
  open_case(&env, &x, "a > b > c > d > won", "", "a@1 b@2 c@3 d@4 won@5", 1000);
  assert_true(at_past_open(&env, &past, &x.funnel));
  at_past_free(env.alloc, &past);
  close_case(&env, &x);
  open_case(&env, &x, "a > b > c > d > e > f > won", "", "a@1 b@2 c@3 d@4 e@5 f@6", 800);
  assert_false(at_past_open(&env, &past, &x.funnel));
  assert_error(&env, AT_TOOBIG, "the history has more than 2,000,000,000 stays in stages");
  assert_int_equal(past.n, GROUP_ENDS);
  at_past_free(env.alloc, &past);
  close_case(&env, &x);
}

/* A row for each stage of each period. */
static void test_rows_of_an_answer(void **state){
  static const struct { uint32_t days; const char *error; } known[] = {
    {400, NULL}, {450, "the answer has more than 4,000,000,000 rows; write a longer period"},
    {600, "more than 2^29 groups or states; write a longer period, or a lower order"},
  };
  size_t k;
  for(k=0; k<COUNT(known); k++){
    AtEnv env = heap_env(*state);
    size_t room = (size_t)known[k].days*60+1, used = 0;
    char *events = malloc(room);
    AtStageTable table;
    uint32_t i;
    Case x;
    assert_non_null(events);
    for(i=0; i<known[k].days; i++){
      used += (size_t)snprintf(events+used, room-used, "a@%u lost@%u ", (unsigned)i*86400, (unsigned)i*86400+1);
    }
    open_case(&env, &x, "a > b > c > d > e > f > g > h > i > j > k > won", "period=day; exits=lost", events, 1);
    at_funnel_summarize(&env, &table, &x.funnel);
    if( known[k].error ) assert_error(&env, AT_TOOBIG, known[k].error);
    else assert_int_equal(table.n, 12*known[k].days);
    at_stage_table_free(env.alloc, &table);
    close_case(&env, &x);
    free(events);
  }
}

/************************************ Lists ***********************************/

static void test_listed_paths(void **state){
  static const AtOutcome won = {1, 0, 1};
  AtEnv env = heap_env(*state);
  char *path = repeat("a > b > ", AT_MAX_ROWS/2+1);
  AtPaths p;
  uint32_t n;
  memset(&p, 0, sizeof p);
  for(n=0; n<AT_MAX_ROWS; n++) assert_true(at_paths_text(&env, &p, "a > b", 5, arrow, &won));
  assert_false(at_paths_text(&env, &p, "a > b", 5, arrow, &won));
  assert_error(&env, AT_TOOBIG, "more than 4,000,000,000 paths");
  assert_int_equal(p.n, AT_MAX_ROWS);
  at_paths_free(env.alloc, &p);
  env = heap_env(*state);
  memset(&p, 0, sizeof p);
  assert_true(at_paths_text(&env, &p, path, AT_MAX_ROWS/2*8, arrow, &won));
  assert_int_equal(p.paths[0].n, AT_MAX_ROWS);
  assert_false(at_paths_text(&env, &p, path, strlen(path), arrow, &won));
  assert_error(&env, AT_TOOBIG, "a path has more than 4,000,000,000 channels");
  assert_int_equal(p.n, 1);
  at_paths_free(env.alloc, &p);
  free(path);
}

static void test_listed_counts(void **state){
  AtEnv env = heap_env(*state);
  AtCell start = cell_text("(start)"), a = cell_text("a");
  AtCounts counts;
  AtSteps steps;
  uint32_t n, k;
  memset(&counts, 0, sizeof counts);
  for(n=0; n<AT_MAX_ROWS; n++) assert_true(at_counts_add(&env, &counts, &start, &a, arrow, 1, 0));
  assert_false(at_counts_add(&env, &counts, &start, &a, arrow, 1, 0));
  assert_error(&env, AT_TOOBIG, "more than 4,000,000,000 steps");
  assert_int_equal(counts.n, AT_MAX_ROWS);
  at_counts_free(env.alloc, &counts);
  for(k=0; k<2; k++){                     /* states of six channels, all of them different */
    env = heap_env(*state);
    memset(&counts, 0, sizeof counts);
    memset(&steps, 0, sizeof steps);
    for(n=0; n<AT_MAX_ROWS/6+k; n++){
      char text[60];
      AtCell cell;
      snprintf(text, sizeof text, "a>a>%c>%c>%c>%c", 'a'+n%10, 'a'+n/10%10, 'a'+n/100%10, 'a'+n/1000%10);
      cell = cell_text(text);
      at_counts_add(&env, &counts, &start, &cell, arrow, 1, 0);
    }
    assert_ok(&env);
    at_steps_of_counts(&env, &steps, &counts);
    if( k ) assert_error(&env, AT_TOOBIG, "the states have more than 4,000,000,000 channels");
    else assert_int_equal(steps.n, n);
    at_steps_free(env.alloc, &steps);
    at_counts_free(env.alloc, &counts);
  }
}

/************************************ Journeys ********************************/

typedef struct Journeys Journeys;
struct Journeys { AtStore *touches, *conversions; AtPaths paths; };

/* Entities that touch in turn and then convert again and again; labels[] is asked for each touch. */
static int open_journeys(AtEnv *env, Journeys *x, uint32_t entities, uint32_t touches, uint32_t conversions,
                         uint32_t (*label)(uint32_t touch)){
  AtShape t = shape_of(1, 0, 0, 1), c = shape_of(0, 0, 0, 1);
  AtOptions options = options_of(env, "");
  uint32_t n = entities*touches, i;
  Row *rows = malloc(((size_t)n+entities*conversions+1)*sizeof *rows);
  char (*text)[12] = malloc(n*sizeof *text);
  assert_true(rows && text);
  memset(x, 0, sizeof *x);
  for(i=0; i<n; i++){
    snprintf(text[i], sizeof text[i], "c%05u", (unsigned)label(i));
    rows[i] = row_of(cell_integer(i/touches), cell_integer(i), text[i]);
    rows[i].id = cell_integer(i);
  }
  x->touches = load_rows(env, &t, rows, n);
  for(i=0; i<entities*conversions; i++){
    rows[i] = row_of(cell_integer(i/conversions), cell_integer(100000+i), "");
    rows[i].id = cell_integer(i);
  }
  x->conversions = load_rows(env, &c, rows, entities*conversions);
  free(rows);
  free(text);
  assert_ok(env);
  at_paths_journeys(env, &x->paths, x->touches, x->conversions, &options);
  at_options_free(env->alloc, &options);
  return at_paths_finish(env, &x->paths, 0, 0);
}

static void close_journeys(AtEnv *env, Journeys *x){
  at_paths_free(env->alloc, &x->paths);
  at_store_release(x->touches);
  at_store_release(x->conversions);
}

static uint32_t same(uint32_t touch){ return touch*0; }
static uint32_t each(uint32_t touch){ return touch; }
static uint32_t nine(uint32_t touch){
  Random r = {touch};
  return random_below(&r, 9);
}

/* Conversions and journeys that have not converted, each within its limit, that are too many together. */
static void test_journeys(void **state){
  static const uint32_t conversions[] = {3000, 4000};
  static Row rows[4000];
  AtShape t = shape_of(1, 0, 0, 1), c = shape_of(0, 0, 0, 1);
  size_t k;
  (void)state;
  for(k=0; k<COUNT(conversions); k++){
    AtEnv env = threads_env(2);
    AtOptions options = options_of(&env, "");
    AtPaths p = {0};
    AtStore *touches, *converted;
    uint32_t i;
    for(i=0; i<1500; i++){
      rows[i] = touch(i, "ads");
      rows[i].entity = cell_integer(i);
    }
    touches = load_rows(&env, &t, rows, 1500);
    for(i=0; i<conversions[k]; i++){
      rows[i] = touch(100000+i, "");
      rows[i].entity = cell_integer(0);
    }
    converted = load_rows(&env, &c, rows, conversions[k]);
    assert_ok(&env);
    at_paths_journeys(&env, &p, touches, converted, &options);
    if( k ) assert_error(&env, AT_TOOBIG, "more than 4,000,000,000 paths");
    else assert_int_equal(p.n, 3000+1499);
    at_paths_free(env.alloc, &p);
    at_store_release(touches);
    at_store_release(converted);
    at_options_free(env.alloc, &options);
  }
}

/* Journeys share touches, so their steps are many more than rows; and how many different steps and states there are. */
static void test_steps(void **state){
  static const struct { uint32_t entities, touches, conversions; uint32_t (*label)(uint32_t); int order; const char *error; } known[] = {
    {1, 100, 40, nine, 6, NULL}, {1, 100, 60, nine, 6, "more than 4,000,000,000 steps"},
    {8, 60, 1, nine, 6, NULL}, {10, 70, 1, nine, 6, "more than 2^29 states; write a lower order"},
    {480, 1, 3, each, 1, NULL}, {600, 1, 3, each, 1, "more than 2^29 states; write a lower order"},
    {600, 1, 3, each, 6, "more than 2^29 groups or states"}, {1000, 1, 3, same, 1, NULL},
  };
  size_t k;
  (void)state;
  for(k=0; k<COUNT(known); k++){
    AtEnv env = threads_env(2);
    AtSteps steps;
    Journeys x;
    assert_true(open_journeys(&env, &x, known[k].entities, known[k].touches, known[k].conversions, known[k].label));
    at_steps_of_paths(&env, &steps, &x.paths, known[k].order);
    if( known[k].error && !env.error.code ) fail_msg("case %zu is no error", k);
    if( known[k].error ) assert_error(&env, AT_TOOBIG, known[k].error);
    else assert_ok(&env);
    at_steps_free(env.alloc, &steps);
    close_journeys(&env, &x);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_rows_of_a_relation),
    HEAP_TEST(test_rows_of_several_loaders),
    HEAP_TEST(test_keys),
    HEAP_TEST(test_rows_of_a_group),
    HEAP_TEST(test_stays_together),
    HEAP_TEST(test_one_entity),
    HEAP_TEST(test_history),
    HEAP_TEST(test_rows_of_an_answer),
    HEAP_TEST(test_listed_paths),
    HEAP_TEST(test_listed_counts),
    cmocka_unit_test(test_journeys),
    cmocka_unit_test(test_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
