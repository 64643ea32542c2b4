/*
** test_paths.c: weighted paths from text and from journeys: separators, paths without
** channels, rare channels, and an order that does not depend on that of the rows.
*/
#include "effects_common.h"

/* 'a>b=conversions/nulls$value …' in the order of the paths. */
static void show(const AtPaths *p, char *out, size_t room){
  size_t n = 0;
  uint32_t i, k;
  out[0] = 0;
  for(i=0; i<p->n && n<room; i++){
    const AtListed *path = &p->paths[i];
    for(k=0; k<path->n && n<room; k++){
      AtCell name = at_dict_cell(&p->names, p->channel[path->first+k]);
      n += (size_t)snprintf(out+n, room-n, "%s%.*s", k ? ">" : i ? " " : "", (int)name.n, name.text);
    }
    if( n<room ) n += (size_t)snprintf(out+n, room-n, "=%g/%g$%g", path->conversions, path->nulls, path->value);
  }
}

static void check_shown(AtEnv *env, const char *rows, double min_paths, const char *expected){
  char shown[500];
  AtPaths p;
  assert_true(open_paths(env, &p, rows, min_paths));
  show(&p, shown, sizeof shown);
  if( strcmp(shown, expected)!=0 ) fail_msg("%s (min_paths %g): %s, not %s", rows, min_paths, shown, expected);
  at_paths_free(env->alloc, &p);
}

static void test_text_by_hand(void **state){
  static const struct { const char *rows, *shown; } known[] = {
    {"", ""},
    {"a > b: 1 2 3", "a>b=1/2$3"},
    {"a>b: 1", "a>b=1/0$0"},
    {"  a  >\t b \n: 1", "a>b=1/0$0"},
    {"> a >> b >: 1", "a>b=1/0$0"},
    {"a b > c d: 1", "a b>c d=1/0$0"},
    {"a > a > a: 1", "a>a>a=1/0$0"},
    {"a: 0 0 0", ""},                                     /* never seen */
    {"a: 0.25 0.5 -3", "a=0.25/0.5$-3"},
    {"b: 1; a: 1", "a=1/0$0 b=1/0$0"},
    {"b > a: 1; b: 1", "b=1/0$0 b>a=1/0$0"},              /* short ones first */
    {"a: 1 0 5; a: 1 0 4; a: 1", "a=1/0$0 a=1/0$4 a=1/0$5"},
    {"A: 1; a: 1", "A=1/0$0 a=1/0$0"},
    {"(unattributed) > a: 1", "(unattributed)>a=1/0$0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    check_shown(&env, known[i].rows, 0, known[i].shown);
  }
}

static void test_rare_channels(void **state){
  static const struct { double min_paths; const char *rows, *shown; } known[] = {
    {0, "a: 1; b: 1", "a=1/0$0 b=1/0$0"},
    {2, "a: 1; b: 2", "(other)=1/0$0 b=2/0$0"},           /* N itself is enough */
    {2.5, "a: 1 1; b: 2 1", "(other)=1/1$0 b=2/1$0"},
    {2, "a > a: 1; b: 2", "b=2/0$0 (other)>(other)=1/0$0"},   /* a path counts once */
    {2, "a > b > c: 1; b: 1", "b=1/0$0 (other)>b>(other)=1/0$0"},
    {9, "a: 1; b: 2", "(other)=1/0$0 (other)=2/0$0"},
    {2, "(other): 5; a: 1; b: 3", "(other)=1/0$0 (other)=5/0$0 b=3/0$0"},
    {2, "(other): 1; a: 1; b: 3", "(other)=1/0$0 (other)=1/0$0 b=3/0$0"},
    {1e300, "a: 1", "(other)=1/0$0"},
    {3, "(unattributed): 9; : 9; a: 3", "a=3/0$0"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    check_shown(&env, known[i].rows, known[i].min_paths, known[i].shown);
  }
}

/* Nulls of paths without channels tell nothing, conversions and value are kept. */
static void test_without_channels(void **state){
  AtEnv env = heap_env(*state);
  AtPaths p;
  assert_true(open_paths(&env, &p, ": 1 5 10; (unattributed): 2 0 20;  (unattributed)\t: 4 1 -5; > >: 8; a: 1 0 100; >: 0 3 1", 0));
  assert_int_equal(p.n, 1);
  assert_int_equal(p.names.n, 1);
  assert_true(at_sum_total(&p.bare_conversions)==15 && at_sum_total(&p.bare_value)==26);
  assert_true(at_sum_total(&p.conversions)==1 && at_sum_total(&p.nulls)==0 && value_of_paths(&p)==100);
  at_paths_free(env.alloc, &p);
  assert_int_equal(p.n+p.names.n, 0);
}

static void test_separators(void **state){
  static const struct { const char *separator, *text, *channels; } known[] = {
    {">", "a>b", "a|b"}, {"->", "a - > b -> c", "a - > b|c"}, {">>", "a>>>b", "a|>b"}, {">>", "a> >b>", "a> >b>"},
    {"--", "a-----b", "a|-b"}, {" > ", "a>b > c", "a>b|c"}, {"xyz", "xy", "xy"}, {"xyz", "xyz", ""}, {"aab", "aaab", "a"},
    {",", ",,,", ""}, {"\xc3\xa9", "x\xc3\xa9y\xc3\xa8", "x|y\xc3\xa8"},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtSeparator separator = {known[i].separator, strlen(known[i].separator)};
    AtDict names = {0};
    uint32_t *channel = NULL;
    size_t n = 0, capacity = 0, k;
    char shown[100] = "";
    assert_true(at_channels_split(&env, &names, known[i].text, strlen(known[i].text), separator, &channel, &n, &capacity));
    for(k=0; k<n; k++){
      AtCell name = at_dict_cell(&names, channel[k]);
      if( k ) strcat(shown, "|");
      strncat(shown, name.text, name.n);
    }
    if( strcmp(shown, known[i].channels)!=0 ) fail_msg("%s by %s: %s", known[i].text, known[i].separator, shown);
    at_free(env.alloc, channel);
    at_dict_free(env.alloc, &names);
  }
}

static void test_find_separator(void **state){
  static const char text[] = "ab>c>>d";
  const char *end = text+strlen(text);
  AtSeparator two = {">>", 2}, long_one = {"0123456789", 10};
  (void)state;
  assert_ptr_equal(at_find_separator(text, end, arrow), text+2);
  assert_ptr_equal(at_find_separator(text+3, end, arrow), text+4);
  assert_ptr_equal(at_find_separator(text, end, two), text+4);
  assert_ptr_equal(at_find_separator(text+5, end, two), end);
  assert_ptr_equal(at_find_separator(text, text+5, two), text+5);
  assert_ptr_equal(at_find_separator(text, end, long_one), end);
  assert_ptr_equal(at_find_separator(end, end, arrow), end);
}

static void test_a_channel_that_is_too_long(void **state){
  char *text = malloc(AT_MAX_TEXT+10);
  AtOutcome o = {1, 0, 0};
  int more;
  assert_non_null(text);
  memset(text, 'x', AT_MAX_TEXT+10);
  for(more=0; more<2; more++){
    AtEnv env = heap_env(*state);
    AtPaths p;
    memset(&p, 0, sizeof p);
    at_paths_text(&env, &p, text, AT_MAX_TEXT+(size_t)more, arrow, &o);
    if( more ) assert_error(&env, AT_INVALID, "longer than 65,535 bytes|separator=");
    else assert_ok(&env);
    at_paths_free(env.alloc, &p);
  }
  free(text);
}

/* Whatever the order of the rows, the same names, paths and sums, bit by bit. */
static void test_order_of_rows(void **state){
  Random r = {1};
  int round;
  for(round=0; round<400; round++){
    AtEnv env = heap_env(*state);
    AtPaths p[2];
    AtOutcome o[40];
    uint32_t channel[40][4], length[40], order[40], n = 1 + random_below(&r, 40), i, k;
    int side;
    for(i=0; i<n; i++){
      length[i] = random_below(&r, 5);
      for(k=0; k<length[i]; k++) channel[i][k] = random_below(&r, 6);
      o[i].conversions = random_unit(&r);
      o[i].nulls = random_unit(&r);
      o[i].value = (random_unit(&r)-0.5)*pow(10, random_below(&r, 20));
      order[i] = i;
    }
    for(side=0; side<2; side++){
      memset(&p[side], 0, sizeof p[side]);
      for(i=0; i<n; i++) add_numbers(&env, &p[side], channel[order[i]], length[order[i]], o[order[i]]);
      assert_true(at_paths_finish(&env, &p[side], 0, 1));
      for(i=n; i>1; i--){
        uint32_t j = random_below(&r, i), swap = order[i-1];
        order[i-1] = order[j];
        order[j] = swap;
      }
    }
    assert_int_equal(p[0].n, p[1].n);
    for(i=0; i<p[0].n; i++){
      const AtListed *x = &p[0].paths[i], *y = &p[1].paths[i];
      assert_int_equal(x->n, y->n);
      for(k=0; k<x->n; k++) assert_int_equal(p[0].channel[x->first+k], p[1].channel[y->first+k]);
      assert_true(x->conversions==y->conversions && x->nulls==y->nulls && x->value==y->value);
    }
    assert_memory_equal(&p[0].conversions, &p[1].conversions, 2*sizeof(AtSum));
    for(side=0; side<2; side++) at_paths_free(env.alloc, &p[side]);
  }
}

/************************************ Journeys ********************************/

static World world;

/* Each journey is a path, in the order of journeys; labels know their channel. */
static void check_journeys(AtEnv *env, const World *w){
  AtJourneys walked;
  AtReader path;
  AtSum bare_conversions = {0, 0}, bare_value = {0, 0};
  AtPaths p;
  uint32_t n = 0, i;
  memset(&p, 0, sizeof p);
  assert_true(at_paths_journeys(env, &p, w->t, w->c, &w->options) && at_paths_finish(env, &p, 0, 0));
  assert_int_equal(at_paths_parts(&p), 1);
  at_reader_open(&path, &p, 0);
  assert_int_equal(p.n_labels, w->t->labels.n);
  assert_true(at_journeys_open(env, &walked, w->t, w->c, &w->options));
  while( at_journeys_next(env, &walked) ){
    double value = walked.converted ? w->c->number[walked.row] : 0;
    if( isnan(value) ) value = 0;
    if( walked.path.n==0 ){
      at_sum_add(&bare_conversions, walked.converted);
      at_sum_add(&bare_value, value);
      continue;
    }
    assert_true(at_reader_next(env, &path));
    assert_int_equal(path.n, walked.path.n);
    assert_true(path.outcome.conversions==walked.converted && path.outcome.nulls==!walked.converted && path.outcome.value==value);
    for(i=0; i<walked.path.n; i++){
      AtCell label = at_store_label_text(w->t, walked.path.label[i]), name = at_dict_cell(&p.names, path.channel[i]);
      assert_true(same_cell(&label, &name));
      assert_int_equal(p.label_channel[walked.path.label[i]], path.channel[i]);
    }
    n++;
  }
  at_journeys_close(env->alloc, &walked);
  assert_false(at_reader_next(env, &path));
  at_reader_close(env->alloc, &path);
  assert_int_equal(n, p.n);
  for(i=1; i<p.names.n; i++){
    AtCell before = at_dict_cell(&p.names, i-1), name = at_dict_cell(&p.names, i);
    assert_true(at_cell_compare(&before, &name)<0);
  }
  assert_true(at_sum_total(&p.bare_conversions)==at_sum_total(&bare_conversions));
  assert_true(at_sum_total(&p.bare_value)==at_sum_total(&bare_value));
  at_paths_free(env->alloc, &p);
}

static void test_journeys(void **state){
  Random r = {2};
  int i;
  for(i=0; i<3000; i++){
    AtEnv env = heap_env(*state);
    world_open(&r, &env, &world, 30);
    check_journeys(&env, &world);
    assert_ok(&env);
    world_close(&env, &world);
  }
}

/* A label that no path has, as ignore= leaves it out, is no channel. */
static void test_labels_without_a_path(void **state){
  AtEnv env = heap_env(*state);
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 0, 0, 1);
  Row t[3], c[1];
  AtStore *ts, *cs;
  AtOptions options = options_of(&env, "ignore=direct");
  AtPaths p;
  int i;
  for(i=0; i<3; i++){
    t[i] = row_of(cell_integer(1), cell_integer(i+1), i==1 ? "direct" : "ads");
    t[i].id = cell_integer(i+1);
  }
  c[0] = row_of(cell_integer(1), cell_integer(9), "");
  c[0].id = cell_integer(1);
  ts = load_rows(&env, &touches, t, 3);
  cs = load_rows(&env, &conversions, c, 1);
  memset(&p, 0, sizeof p);
  assert_true(at_paths_journeys(&env, &p, ts, cs, &options) && at_paths_finish(&env, &p, 2, 0));
  assert_int_equal(p.names.n, 1);
  assert_int_equal(p.n_labels, 2);
  assert_int_equal(p.label_channel[0], 0);
  assert_int_equal(p.label_channel[1], AT_NO_CHANNEL);
  assert_memory_equal(at_dict_cell(&p.names, 0).text, "(other)", 7);   /* one path, and two were wanted */
  at_paths_free(env.alloc, &p);
  at_store_release(ts);
  at_store_release(cs);
  at_options_free(env.alloc, &options);
}

/************************************ Failures ********************************/

/* More rows and channels than the arrays begin with. */
static void read_many(AtEnv *env, void *given){
  double min_paths = *(double*)given;
  AtPaths p;
  uint32_t i;
  memset(&p, 0, sizeof p);
  for(i=0; i<300 && !env->error.code; i++){
    char text[60];
    AtOutcome o = {1, 1, i};
    int n = snprintf(text, sizeof text, "c%u > d%u > e%u", (unsigned)(i%90), (unsigned)(i%7), (unsigned)((300-i)%40));
    at_paths_text(env, &p, text, (size_t)n, arrow, &o);
  }
  at_paths_finish(env, &p, min_paths, 1);
  at_paths_free(env->alloc, &p);
}

static void walk_many(AtEnv *env, void *given){
  World *w = given;
  AtPaths p;
  memset(&p, 0, sizeof p);
  if( at_paths_journeys(env, &p, w->t, w->c, &w->options) ) at_paths_finish(env, &p, 3, 0);
  at_paths_free(env->alloc, &p);
}

static void test_failures(void **state){
  double all = 0, some = 5;
  AtEnv env = heap_env(*state);
  Random r = {8};
  check_failures(*state, read_many, &all, 15);
  check_failures(*state, read_many, &some, 25);
  check_stops(*state, read_many, &all, 300);
  check_stops(*state, read_many, &some, 300);
  world_open(&r, &env, &world, 400);
  check_failures(*state, walk_many, &world, 8);
  check_stops(*state, walk_many, &world, 20);
  world_close(&env, &world);
}

/* What has failed once does nothing more. */
static void test_after_a_failure(void **state){
  AtEnv env = heap_env(*state);
  AtOutcome o = {1, 0, 0};
  AtPaths p;
  memset(&p, 0, sizeof p);
  at_fail(&env, AT_INVALID, "broken");
  assert_false(at_paths_text(&env, &p, "a", 1, arrow, &o));
  assert_false(at_paths_finish(&env, &p, 0, 1));
  assert_int_equal(p.n, 0);
  at_paths_free(env.alloc, &p);
}

/* Whatever was won without channels is told, also where what came and what went cancels. */
static void test_has_bare(void **state){
  (void)state;
  assert_true(at_has_bare(1, 0) && at_has_bare(0, -2) && at_has_bare(1, 2));
  assert_false(at_has_bare(0, 0));
}

/* With more than 65,536 labels, in rows of their own and in copies (path=first): each path has its channels. */
static void test_many_labels(void **state){
  static const char *const rules[] = {"", "path=first"};
  enum { N = 70000 };
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 0, 0, 1);
  size_t k;
  for(k=0; k<COUNT(rules); k++){
    AtEnv env = heap_env(*state);
    AtOptions options = options_of(&env, rules[k]);
    AtLoader loader;
    AtStore *t, *c;
    AtReader path;
    AtPaths p;
    uint32_t i, part, n = 0;
    assert_true(at_loader_open(&env, &loader, &touches));
    for(i=0; i<N; i++){
      char text[24] = "";
      Row row = row_of(cell_integer(i/2), cell_integer(i), text);
      snprintf(text, sizeof text, "label %06u", (unsigned)i);
      row.label = cell_text(text);
      row.id = cell_integer(i);
      append_row(&env, &loader, &row);
    }
    t = at_loader_finish(&env, &loader, 1);
    at_loader_close(&loader);
    c = load_rows(&env, &conversions, NULL, 0);
    assert_ok(&env);
    assert_int_equal(t->label_bytes, 4);
    memset(&p, 0, sizeof p);
    assert_true(at_paths_journeys(&env, &p, t, c, &options) && at_paths_finish(&env, &p, 0, 0));
    assert_false(at_contexts_fit(&p));
    for(part=0; part<at_paths_parts(&p); part++){
      at_reader_open(&path, &p, part);
      while( at_reader_next(&env, &path) ){
        assert_int_equal(path.n, 2);
        for(i=0; i<2; i++, n++){
          AtCell name = at_dict_cell(&p.names, path.channel[i]);
          char text[24];
          snprintf(text, sizeof text, "label %06u", (unsigned)n);
          assert_int_equal(name.n, strlen(text));
          assert_memory_equal(name.text, text, name.n);
        }
      }
      at_reader_close(env.alloc, &path);
    }
    assert_int_equal(n, N);
    at_paths_free(env.alloc, &p);
    at_store_release(t);
    at_store_release(c);
    at_options_free(env.alloc, &options);
  }
}

/* What journeys are made into: paths, a chain by sorting and by tables, the areas of orders, effects. */
typedef struct Journey Journey;
struct Journey { AtStore *t, *c; const char *options; int order; };

static void learn_journeys(AtEnv *env, void *given){
  const Journey *x = given;
  AtOptions options = options_of(env, x->options);
  AtOrder orders[AT_MAX_ORDER];
  AtEffects effects = {NULL, 0};
  AtSteps steps;
  AtPaths p;
  memset(&p, 0, sizeof p);
  memset(&steps, 0, sizeof steps);
  p.has_value = 1;
  if( !env->error.code && at_paths_journeys(env, &p, x->t, x->c, &options) && at_paths_finish(env, &p, 0, 0) ){
    if( x->order==0 ) at_orders(env, &p, orders);
    else if( at_steps_of_paths(env, &steps, &p, x->order) ) at_removal_effects(env, &effects, &steps, &p.names);
  }
  at_effects_free(env->alloc, &effects);
  at_steps_free(env->alloc, &steps);
  at_paths_free(env->alloc, &p);
  at_options_free(env->alloc, &options);
}

static void test_failures_of_journeys(void **state){
  static const char *const labels[] = {"ads", "blog", "direct", "email", "event", "partner", "search"};
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 1, 0, 1);
  static Row rows[60];
  AtEnv env = heap_env(*state);
  Random r = {3};
  Journey x = {NULL, NULL, "", 0};
  uint32_t i;
  for(i=0; i<60; i++){
    rows[i] = row_of(cell_integer(random_below(&r, 6)), cell_integer(i), labels[random_below(&r, COUNT(labels))]);
    rows[i].id = cell_integer(i);
  }
  x.t = load_rows(&env, &touches, rows, 60);
  for(i=0; i<8; i++){
    rows[i] = row_of(cell_integer(i), cell_integer(random_below(&r, 60)), "");
    rows[i].number = cell_integer(random_between(&r, -5, 50));
    rows[i].id = cell_integer(i);
  }
  x.c = load_rows(&env, &conversions, rows, 8);
  assert_ok(&env);
  for(x.order=0; x.order<=6; x.order+=3){
    x.options = x.order==3 ? "path=first" : "";
    check_failures(*state, learn_journeys, &x, 25);
    check_stops(*state, learn_journeys, &x, 20);
  }
  x.options = "";
  x.order = 1;
  check_failures(*state, learn_journeys, &x, 25);
  check_stops(*state, learn_journeys, &x, 20);
  at_store_release(x.t);
  at_store_release(x.c);
}

/* Windows of seven among more channels than have room in two words: refused, whatever the paths. */
static void test_too_many_channels_for_an_order(void **state){
  enum { N = 65535 };
  AtEnv env = heap_env(*state);
  AtOutcome once = {1, 0, 0};
  AtPaths p;
  AtSteps s;
  uint32_t i;
  memset(&p, 0, sizeof p);
  for(i=0; i<N; i++){
    char text[12];
    at_paths_text(&env, &p, text, (size_t)snprintf(text, sizeof text, "c%u", (unsigned)i), arrow, &once);
  }
  assert_true(at_paths_finish(&env, &p, 0, 1));
  assert_true(at_steps_of_paths(&env, &s, &p, 5));
  at_steps_free(env.alloc, &s);
  assert_false(at_steps_of_paths(&env, &s, &p, 6));
  assert_error(&env, AT_INVALID, "65535 channels are too many at this order|min_paths=");
  at_steps_free(env.alloc, &s);
  at_paths_free(env.alloc, &p);
}

/* A path of more touches than a reader has room for at first, and then of more again. */
static void test_long_journeys(void **state){
  static const char *const labels[] = {"ads", "direct", "email", "seo"};
  static const uint32_t lengths[] = {3, 256, 257, 300, 1000};
  AtEnv env = heap_env(*state);
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 1, 0, 1);
  static Row rows[2000];
  World *w = &world;
  uint32_t i, k, n = 0;
  for(i=0; i<COUNT(lengths); i++){
    for(k=0; k<lengths[i]; k++, n++){
      rows[n] = row_of(cell_integer(i), cell_integer(k), labels[(k*k+i)%4]);
      rows[n].id = cell_integer(n);
    }
  }
  w->t = load_rows(&env, &touches, rows, n);
  for(i=0; i<3; i++){
    rows[i] = row_of(cell_integer(2*i), cell_integer(5000), "");
    rows[i].number = cell_integer(7);
    rows[i].id = cell_integer(i);
  }
  w->c = load_rows(&env, &conversions, rows, 3);
  w->options = options_of(&env, "path=all");
  check_journeys(&env, w);
  world_close(&env, w);
}

/* More listed paths than are read as one part: each is in one of them. */
static void test_parts_of_listed_paths(void **state){
  enum { N = 65536+3 };
  AtEnv env = heap_env(*state);
  AtOutcome once = {1, 0, 0};
  AtReader path;
  AtPaths p;
  uint32_t i, part, n[2] = {0, 0};
  memset(&p, 0, sizeof p);
  for(i=0; i<N; i++){
    char text[24];
    at_paths_text(&env, &p, text, (size_t)snprintf(text, sizeof text, "c%u > d%u", (unsigned)(i%300), (unsigned)(i/300)), arrow, &once);
  }
  assert_true(at_paths_finish(&env, &p, 0, 1));
  assert_int_equal(p.n, N);
  assert_int_equal(at_paths_parts(&p), 2);
  for(part=0; part<2; part++){
    at_reader_open(&path, &p, part);
    while( at_reader_next(&env, &path) ){
      assert_true(path.n==2 && path.outcome.conversions==1);
      assert_ptr_equal(path.channel, p.channel + p.paths[n[0]+n[1]].first);
      n[part]++;
    }
    at_reader_close(env.alloc, &path);
  }
  assert_int_equal(n[0], 65536);
  assert_int_equal(n[1], 3);
  at_paths_free(env.alloc, &p);
}

/* One journey: as many nodes as paths at every order, so none has a row. */
static void test_no_order_of_one_journey(void **state){
  AtEnv env = heap_env(*state);
  AtShape touches = shape_of(1, 0, 0, 1), conversions = shape_of(0, 0, 0, 1);
  Row t[2], c;
  AtOptions options = options_of(&env, "");
  AtOrder rows[AT_MAX_ORDER];
  AtPaths p;
  t[0] = row_of(cell_integer(1), cell_integer(1), "a");
  t[1] = row_of(cell_integer(1), cell_integer(2), "a");
  c = row_of(cell_integer(1), cell_integer(3), "");
  world.t = load_rows(&env, &touches, t, 2);
  world.c = load_rows(&env, &conversions, &c, 1);
  memset(&p, 0, sizeof p);
  assert_true(at_paths_journeys(&env, &p, world.t, world.c, &options) && at_paths_finish(&env, &p, 0, 0));
  assert_true(at_contexts_fit(&p));
  assert_int_equal(at_orders(&env, &p, rows), 0);
  assert_ok(&env);
  at_paths_free(env.alloc, &p);
  at_store_release(world.t);
  at_store_release(world.c);
  at_options_free(env.alloc, &options);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_text_by_hand),
    HEAP_TEST(test_rare_channels),
    HEAP_TEST(test_without_channels),
    HEAP_TEST(test_separators),
    HEAP_TEST(test_find_separator),
    HEAP_TEST(test_a_channel_that_is_too_long),
    HEAP_TEST(test_order_of_rows),
    HEAP_TEST(test_journeys),
    HEAP_TEST(test_labels_without_a_path),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_after_a_failure),
    HEAP_TEST(test_has_bare),
    HEAP_TEST(test_many_labels),
    HEAP_TEST(test_failures_of_journeys),
    HEAP_TEST(test_too_many_channels_for_an_order),
    HEAP_TEST(test_long_journeys),
    HEAP_TEST(test_parts_of_listed_paths),
    HEAP_TEST(test_no_order_of_one_journey),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
