/*
** test_summary.c: credit by model, period and channel against the divisions of
** the same walk added up exactly; its order, its shares, its sums.
*/
#include "common.h"

static World world;

/* One division's row, to be added up. */
typedef struct Part Part;
struct Part { int model; int64_t period; uint32_t label; double credit, value; unsigned touches; };

typedef struct Parts Parts;
struct Parts { Part *part; size_t n, capacity; };

static void add_part(Parts *p, int model, int64_t period, uint32_t label, double credit, double value, unsigned touches){
  Part part = {model, period, label, credit, value, touches};
  if( p->n==p->capacity ){
    p->capacity = p->capacity ? p->capacity*2 : 256;
    p->part = realloc(p->part, p->capacity*sizeof *p->part);
    assert_non_null(p->part);
  }
  p->part[p->n++] = part;
}

static int compare_parts(const void *a, const void *b){
  const Part *x = a, *y = b;
  if( x->model!=y->model ) return x->model<y->model ? -1 : 1;
  if( x->period!=y->period ) return x->period<y->period ? -1 : 1;
  return x->label<y->label ? -1 : x->label>y->label;     /* AT_NO_LABEL is last */
}

/* All rows that attribution() would show. Model -1: the conversions themselves. */
static Parts all_parts(AtEnv *env, const World *w, const AtModels *models){
  Parts parts = {NULL, 0, 0};
  AtWalk walk;
  int m;
  assert_true(at_walk_open(env, &walk, w->t, w->c, &w->options, NULL));
  while( at_walk_next(env, &walk) ){
    double value = w->c->number ? w->c->number[walk.conversion] : 0;
    int64_t period = at_period_of(at_store_when(w->c, walk.conversion), w->options.period);
    uint32_t i;
    if( isnan(value) ) value = 0;
    add_part(&parts, -1, period, 0, 1, value, 0);
    for(m=0; m<models->n; m++){
      if( !at_divide(env, &walk.path, &models->model[m], value, w->options.round) ){
        add_part(&parts, m, period, AT_NO_LABEL, 1, value, 0);
        continue;
      }
      for(i=0; i<walk.path.n; i++){
        if( walk.path.credit[i]==0 ) continue;
        add_part(&parts, m, period, walk.path.label[i], walk.path.credit[i], walk.path.value[i], 1);
      }
    }
  }
  at_walk_close(env->alloc, &walk);
  if( parts.n ) qsort(parts.part, parts.n, sizeof *parts.part, compare_parts);
  return parts;
}

static int near(double a, double b, double size){ return fabs(a-b)<=1e-12*(1+size); }

/* The sums of parts [i, returned): one row of the summary. */
static size_t add_up(const Parts *p, size_t i, double *credit, double *value, uint64_t *touches, double *size){
  static double credits[200000], values[200000];
  size_t n = 0, first = i;
  *touches = 0;
  *size = 0;
  for(; i<p->n && compare_parts(&p->part[first], &p->part[i])==0; i++, n++){
    assert_true(n<COUNT(credits));
    credits[n] = p->part[i].credit;
    values[n] = p->part[i].value;
    *touches += p->part[i].touches;
    *size += fabs(values[n]) + fabs(credits[n]);
  }
  *credit = exact_sum(credits, n);
  *value = exact_sum(values, n);
  return i;
}

static void check_summary(AtEnv *env, const World *w, const AtModels *models, AtSummary *summary){
  Parts parts = all_parts(env, w, models);
  double revenue[64], conversions[64];
  int64_t periods[64];
  size_t i = 0, k, n_periods = 0;
  uint64_t touches;
  double credit, value, size;
  AtWalk walk;
  while( i<parts.n && parts.part[i].model<0 ){
    assert_true(n_periods<COUNT(periods));
    periods[n_periods] = parts.part[i].period;
    i = add_up(&parts, i, &conversions[n_periods], &revenue[n_periods], &touches, &size);
    n_periods++;
  }
  assert_true(at_walk_open(env, &walk, w->t, w->c, &w->options, NULL));
  assert_true(at_summarize(env, summary, &walk, models));
  at_walk_close(env->alloc, &walk);
  for(k=0; i<parts.n; k++){
    const AtSummaryRow *row = &summary->rows[k];
    const Part *part = &parts.part[i];
    size_t p;
    assert_true(k<summary->n);
    assert_int_equal(row->model, part->model);
    assert_true(row->period==part->period);
    assert_int_equal(row->label, part->label);
    i = add_up(&parts, i, &credit, &value, &touches, &size);
    for(p=0; periods[p]!=row->period; p++){}
    assert_int_equal(row->touches, touches);
    if( !near(row->conversions, credit, size) ) fail_msg("%.17g conversions, not %.17g", row->conversions, credit);
    if( !near(row->value, value, size) ) fail_msg("value %.17g, not %.17g", row->value, value);
    if( fabs(revenue[p])>1e-9 ){
      assert_true(near(row->share, value/revenue[p], size/fabs(revenue[p])));
    }else if( revenue[p]==0 && size<1e-9+credit ){
      assert_true(near(row->share, credit/conversions[p], 1));
    }
  }
  assert_int_equal(summary->n, k);
  free(parts.part);
}

static void parse_models(AtEnv *env, AtModels *models, const char *text){
  at_models_parse(env, models, text, strlen(text), 1, 2);
  assert_ok(env);
}

static void random_period(Random *r, World *w){
  w->options.period = (int)random_below(r, 6);
  w->options.round = random_below(r, 3) ? 0 : 0.01;
}

/* Times a day apart, so that there are several periods. */
static void spread_days(Random *r, AtEnv *env, World *w){
  AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 1, 2, 1);
  uint32_t i, k;
  int64_t step = 86400*(1 + (int64_t)random_below(r, 9));
  world_rows(r, w, 40);
  for(i=0; i<w->n_touches; i++) w->touches[i].time.integer *= step;
  for(i=0; i<w->n_conversions; i++){
    w->conversions[i].time.integer *= step;
    for(k=0; k<2; k++) w->conversions[i].milestone[k].integer *= step;
  }
  w->t = load_rows(env, &touches, w->touches, w->n_touches);
  w->c = load_rows(env, &conversions, w->conversions, w->n_conversions);
  world_options(r, env, &w->options);
  if( w->options.as_of!=AT_NO_TIME ) w->options.as_of *= step;
  assert_ok(env);
}

static void test_random_worlds(void **state){
  Random r = {1};
  int i;
  for(i=0; i<8000; i++){
    AtEnv env = heap_env(*state);
    AtSummary summary;
    AtModels models;
    parse_models(&env, &models, i%5 ? "all, custom(1, 0, 2)" : "participation, last_touch, linear, points");
    if( i%2 ) spread_days(&r, &env, &world);
    else world_open(&r, &env, &world, 40);
    random_period(&r, &world);
    check_summary(&env, &world, &models, &summary);
    at_summary_free(env.alloc, &summary);
    world_close(&env, &world);
  }
}

static void assert_same_bits(const AtSummary *a, const AtSummary *b){
  size_t i;
  assert_int_equal(a->n, b->n);
  for(i=0; i<a->n; i++){
    const AtSummaryRow *x = &a->rows[i], *y = &b->rows[i];
    assert_true(x->model==y->model && x->period==y->period && x->label==y->label && x->touches==y->touches);
    assert_memory_equal(&x->conversions, &y->conversions, sizeof x->conversions);
    assert_memory_equal(&x->value, &y->value, sizeof x->value);
    assert_memory_equal(&x->share, &y->share, sizeof x->share);
  }
}

/* The same bits whatever the order of rows. */
static void test_order_of_rows_does_not_matter(void **state){
  AtShape touches = shape_of(1, 1, 0, 1), conversions = shape_of(0, 1, 2, 1);
  Random r = {2};
  int i;
  for(i=0; i<2000; i++){
    AtEnv env = heap_env(*state);
    AtSummary once, again;
    AtModels models;
    AtWalk walk;
    parse_models(&env, &models, "all");
    spread_days(&r, &env, &world);
    random_period(&r, &world);
    check_summary(&env, &world, &models, &once);
    at_store_release(world.t);
    at_store_release(world.c);
    shuffle_rows(&r, world.touches, world.n_touches);
    shuffle_rows(&r, world.conversions, world.n_conversions);
    world.t = load_rows(&env, &touches, world.touches, world.n_touches);
    world.c = load_rows(&env, &conversions, world.conversions, world.n_conversions);
    assert_true(at_walk_open(&env, &walk, world.t, world.c, &world.options, NULL));
    assert_true(at_summarize(&env, &again, &walk, &models));
    at_walk_close(env.alloc, &walk);
    assert_same_bits(&once, &again);
    at_summary_free(env.alloc, &once);
    at_summary_free(env.alloc, &again);
    world_close(&env, &world);
  }
}

/* Thousands of channels and periods: the table of cells grows on the way. */
static void test_many_cells(void **state){
  enum { ENTITIES = 4000 };
  AtEnv env = heap_env(*state);
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 1, 0, 1);
  AtLoader loader;
  AtModels models;
  AtSummary summary;
  AtWalk walk;
  double total = 0;
  uint32_t i;
  size_t k;
  char text[16];
  parse_models(&env, &models, "first_touch, linear");
  world.options = options_of(&env, "");
  world.options.period = AT_PERIOD_DAY;
  assert_true(at_loader_open(&env, &loader, &touches));
  for(i=0; i<ENTITIES*2; i++){
    Row row;
    snprintf(text, sizeof text, "channel %05u", i);
    row = row_of(cell_integer(i/2), cell_integer(i%2), text);
    row.id = cell_integer(i);
    append_row(&env, &loader, &row);
  }
  world.t = at_loader_finish(&env, &loader, 1);
  at_loader_close(&loader);
  assert_true(at_loader_open(&env, &loader, &conversions));
  for(i=0; i<ENTITIES; i++){
    Row row = row_of(cell_integer(i), cell_integer(86400*(int64_t)(ENTITIES-i)), "");
    row.number = cell_integer(2);
    row.id = cell_integer(i);
    append_row(&env, &loader, &row);
  }
  world.c = at_loader_finish(&env, &loader, 1);
  at_loader_close(&loader);
  assert_true(at_walk_open(&env, &walk, world.t, world.c, &world.options, NULL));
  assert_true(at_summarize(&env, &summary, &walk, &models));
  assert_int_equal(summary.n, ENTITIES*3);
  for(k=0; k<summary.n; k++){
    const AtSummaryRow *row = &summary.rows[k];
    assert_true(row->conversions==(row->model ? 0.5 : 1) && row->value==2*row->conversions && row->touches==1);
    assert_true(row->share==row->conversions);
    if( k>0 && row[-1].model==row->model ) assert_true(row[-1].period<=row->period);
    if( k>0 && row[-1].model==row->model && row[-1].period==row->period ) assert_true(row[-1].label<row->label);
    total += row->value;
  }
  assert_true(total==4.0*ENTITIES);
  at_summary_free(env.alloc, &summary);
  at_walk_close(env.alloc, &walk);
  world_close(&env, &world);
}

/* No conversions: no rows, whatever the touches. */
static void test_nothing(void **state){
  AtEnv env = heap_env(*state);
  AtShape touches = shape_of(1, 0, 0, 0), conversions = shape_of(0, 0, 0, 0);
  Row row = row_of(cell_integer(1), cell_integer(1), "a");
  AtModels models;
  AtSummary summary;
  AtWalk walk;
  parse_models(&env, &models, "linear");
  world.options = options_of(&env, "");
  world.t = load_rows(&env, &touches, &row, 1);
  world.c = load_rows(&env, &conversions, NULL, 0);
  assert_true(at_walk_open(&env, &walk, world.t, world.c, &world.options, NULL));
  assert_true(at_summarize(&env, &summary, &walk, &models));
  assert_int_equal(summary.n, 0);
  at_summary_free(env.alloc, &summary);
  at_walk_close(env.alloc, &walk);
  world_close(&env, &world);
}

/* More conversions than the most blocks are cut for, and more labels and models than tables have room for: the whole is one sum. */
static void test_the_most_blocks(void **state){
  enum { N = 64*4096+5000, LABELS = 4000, MODELS = 63 };
  static char list[MODELS*32];
  int what, m;
  size_t n = 0;
  for(m=0; m<MODELS; m++) n += (size_t)snprintf(list+n, sizeof list-n, "%stime_decay(half_life=%d days)", m ? ", " : "", m+1);
  for(what=0; what<3; what++){                       /* many blocks; too much for two; labels that are looked up, no values */
    AtEnv env = heap_env(*state);
    AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, what<2, 0, 1);
    AtOptions options = options_of(&env, "");
    uint32_t n_t = what==0 ? 0 : what==1 ? LABELS : LABELS+1000, n_c = what ? 5*4096+10 : N, i;
    AtLoader loader;
    AtSummary summary;
    AtModels models;
    AtStore *t, *c;
    AtWalk walk;
    size_t k;
    parse_models(&env, &models, what==1 ? list : "linear");
    assert_true(at_loader_open(&env, &loader, &touches));
    for(i=0; i<n_t; i++){
      char text[16];
      Row row = row_of(cell_integer(i), cell_integer(1), "");
      snprintf(text, sizeof text, "c%05u", (unsigned)i);
      row.label = cell_text(text);
      row.id = cell_integer(i);
      append_row(&env, &loader, &row);
    }
    t = at_loader_finish(&env, &loader, 1);
    at_loader_close(&loader);
    assert_true(at_loader_open(&env, &loader, &conversions));
    for(i=0; i<n_c; i++){
      Row row = row_of(cell_integer(i), cell_integer(2), "");
      row.number = cell_integer(3);
      row.id = cell_integer(i);
      append_row(&env, &loader, &row);
    }
    c = at_loader_finish(&env, &loader, 1);
    at_loader_close(&loader);
    assert_ok(&env);
    assert_true(at_walk_open(&env, &walk, t, c, &options, NULL));
    assert_true(at_summarize(&env, &summary, &walk, &models));
    assert_int_equal(summary.n, (n_t+1)*(uint32_t)models.n);
    for(k=0; k<summary.n; k++){
      const AtSummaryRow *row = &summary.rows[k];
      double wanted = row->label==AT_NO_LABEL ? n_c-n_t : 1;
      assert_true(row->conversions==wanted && row->value==(what<2 ? 3*wanted : 0) && row->touches==(row->label!=AT_NO_LABEL));
      assert_near(row->share, wanted/n_c, 1e-15, "share");
    }
    at_summary_free(env.alloc, &summary);
    at_walk_close(env.alloc, &walk);
    at_models_free(env.alloc, &models);
    at_store_release(t);
    at_store_release(c);
    at_options_free(env.alloc, &options);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_random_worlds),
    HEAP_TEST(test_order_of_rows_does_not_matter),
    HEAP_TEST(test_many_cells),
    HEAP_TEST(test_nothing),
    HEAP_TEST(test_the_most_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
