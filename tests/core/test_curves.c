/*
** test_curves.c: subjects by period and label as lists of spells, by hand and
** against a look at every subject.
*/
#include "funnel_common.h"

typedef struct Case Case;
struct Case { AtOptions options; AtStore *subjects; AtCurves curves; };

static AtShape subject_shape(int has_closed){
  AtShape shape = shape_of(1, 0, 1+has_closed, 1);
  shape.relation = "subjects";
  shape.time = "created_at";
  shape.label = "source";
  return shape;
}

/* 'label@start-converted/closed …', the last two may be missing; one entity each. */
static Row *read_subjects(const char *text, size_t *n){
  Row *rows = calloc(strlen(text)/2+1, sizeof *rows);
  assert_non_null(rows);
  *n = 0;
  while( *text ){
    Row *row = &rows[(*n)++];
    size_t length = strcspn(text, "@");
    int64_t time;
    *row = row_of(cell_integer((int64_t)*n), cell_null(), "");
    row->label = cell_bytes(AT_TEXT, text, length);
    text = read_integer(text+length+1, &time);
    row->time = cell_integer(time);
    if( *text=='-' ){ text = read_integer(text+1, &time); row->milestone[0] = cell_integer(time); }
    if( *text=='/' ){ text = read_integer(text+1, &time); row->milestone[1] = cell_integer(time); }
    row->id = cell_integer((int64_t)*n);
    while( *text==' ' ) text++;
  }
  return rows;
}

static int open_case(AtEnv *env, Case *x, const char *options, const Row *rows, size_t n, int has_closed){
  AtShape shape = subject_shape(has_closed);
  memset(x, 0, sizeof *x);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_CURVE);
  if( !env->error.code ) x->subjects = load_rows(env, &shape, rows, n);
  if( x->subjects ) at_curves_open(env, &x->curves, x->subjects, &x->options);
  return !env->error.code;
}

static void close_case(AtEnv *env, Case *x){
  at_curves_free(env->alloc, &x->curves);
  at_store_release(x->subjects);
  at_options_free(env->alloc, &x->options);
}

/* 'period label: c5 x3 o1 | …' in the order of the curves. */
static void show(const Case *x, char *out, size_t room){
  size_t n = 0;
  uint32_t g, i;
  out[0] = 0;
  for(g=0; g<x->curves.groups.n && n<room; g++){
    uint32_t id = x->curves.order[g];
    const AtPair *pair = &x->curves.groups.pairs[id];
    AtCell label = at_store_label_text(x->subjects, pair->label);
    n += (size_t)snprintf(out+n, room-n, "%s%lld", g ? " | " : "", (long long)pair->number);
    if( x->options.by_label && n<room ) n += (size_t)snprintf(out+n, room-n, " %.*s", (int)label.n, label.text);
    if( n<room ) n += (size_t)snprintf(out+n, room-n, ":");
    for(i=0; i<x->curves.spells[id].n && n<room; i++){
      uint64_t key = x->curves.spells[id].keys[i];
      n += (size_t)snprintf(out+n, room-n, " %c%lld", "cxo"[key & 3], (long long)(at_spell_time(key)/AT_SECOND));
    }
  }
}

static void test_by_hand(void **state){
  static const struct { const char *options, *subjects, *shown; } known[] = {
    {"", "", ""}, {"", "a@1-5 b@2", "0: o3 c4"}, {"", "a@1-5/7 a@2/9 a@3-8/8 a@4-9/6", "0: x2 c4 c5 x7"},
    {"as_of=6", "a@1-5/7 a@2/9 a@3-8/8 a@4-9/6 a@6 a@7", "0: o0 x2 o3 c4 o4"}, {"", "a@5-3", "0: c0"}, {"", "a@5/3", "0: x0"}, {"", "a@5-4/3", "0: x0"},
    {"", "a@5-3/4 a@2", "0: c0 o3"}, {"as_of=0", "a@1 a@2-3", ""}, {"", "a@1 b@2-100", "0: c98 o99"},
    {"by=label", "b@1-5 a@2 b@3/4", "0 a: o3 | 0 b: x1 c4"}, {"period=day", "a@100000-100005 a@1 b@2/3", "0: x1 o100004 | 1: c5"},
    {"period=day; by=label", "b@100000 a@100001 b@5-6", "0 b: c1 | 1 a: o0 | 1 b: o1"}, {"", "a@-10--5", "0: c5"},
  };
  size_t i, n;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    char shown[300];
    Row *rows;
    Case x;
    rows = read_subjects(known[i].subjects, &n);
    assert_true(open_case(&env, &x, known[i].options, rows, n, 1));
    show(&x, shown, sizeof shown);
    if( strcmp(shown, known[i].shown)!=0 ) fail_msg("%s over %s: %s, not %s", known[i].options, known[i].subjects, shown, known[i].shown);
    close_case(&env, &x);
    free(rows);
  }
}

/* Without a column of closings there are none. */
static void test_without_closings(void **state){
  AtEnv env = heap_env(*state);
  char shown[100];
  size_t n;
  Row *rows = read_subjects("a@1-5/2 a@1/2 a@7", &n);
  Case x;
  assert_true(open_case(&env, &x, "", rows, n, 0));
  show(&x, shown, sizeof shown);
  assert_string_equal(shown, "0: o0 c4 o6");
  close_case(&env, &x);
  free(rows);
}

/* Each subject once more, by the sentence of docs/funnel.md. */
static uint64_t spell_of(const Row *row, int64_t now){
  const AtCell *converted = &row->milestone[0], *closed = &row->milestone[1];
  int64_t c = converted->type==AT_NULL || converted->integer>now ? INT64_MAX : converted->integer;
  int64_t x = closed->type==AT_NULL || closed->integer>now ? INT64_MAX : closed->integer;
  int64_t end = c<x ? c : x, start = row->time.integer;
  if( end==INT64_MAX ) return at_spell((now-start)*AT_SECOND, AT_CENSORED);
  return at_spell((end<start ? 0 : end-start)*AT_SECOND, c<=x ? AT_CONVERTED : AT_CLOSED);
}

static AtCell random_cell(Random *r, uint32_t n_times){
  return random_below(r, 3) ? cell_integer(random_below(r, n_times)) : random_below(r, 2) ? cell_null() : cell_text("");
}

static void test_every_subject_is_somewhere(void **state){
  static const char *const labels[] = {"ads", "mail", "seo"};
  Random r = {1};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    Row rows[60];
    size_t n = random_below(&r, 61), i, seen = 0;
    int64_t now = INT64_MIN;
    uint32_t g, k, n_times = 1 + random_below(&r, 30);
    char options[64];
    Case x;
    for(i=0; i<n; i++){
      rows[i] = row_of(cell_integer((int64_t)i), cell_integer(random_below(&r, n_times)), labels[random_below(&r, 3)]);
      for(k=0; k<2; k++){
        rows[i].milestone[k] = random_cell(&r, n_times);
        if( rows[i].milestone[k].type==AT_TEXT ) rows[i].milestone[k] = cell_null();
        if( rows[i].milestone[k].type==AT_INT && rows[i].milestone[k].integer>now ) now = rows[i].milestone[k].integer;
      }
      if( rows[i].time.integer>now ) now = rows[i].time.integer;
      rows[i].id = cell_integer((int64_t)i);
    }
    options[0] = 0;
    if( random_below(&r, 2) ){ now = random_below(&r, n_times); snprintf(options, sizeof options, "as_of=%d; ", (int)now); }
    if( random_below(&r, 2) ) strcat(options, "by=label");
    assert_true(open_case(&env, &x, options, rows, n, 1));
    for(g=0; g<x.curves.groups.n; g++){
      const AtSpells *spells = &x.curves.spells[g];
      assert_true(spells->n>0);
      for(k=1; k<spells->n; k++) assert_true(spells->keys[k-1]<=spells->keys[k]);
      seen += spells->n;
    }
    for(i=0; i<n; i++){                            /* each is taken out once */
      AtCell label = rows[i].label;
      if( rows[i].time.integer>now ) continue;
      seen--;
      for(g=0; g<x.curves.groups.n; g++){
        AtCell group = at_store_label_text(x.subjects, x.curves.groups.pairs[g].label);
        AtSpells *spells = &x.curves.spells[g];
        if( x.options.by_label && at_cell_compare(&group, &label)!=0 ) continue;
        for(k=0; k<spells->n && spells->keys[k]!=spell_of(&rows[i], now); k++){}
        if( k<spells->n ){ spells->keys[k] = UINT64_MAX; break; }
      }
      assert_true(g<x.curves.groups.n);
    }
    assert_int_equal(seen, 0);
    close_case(&env, &x);
  }
}

/* More groups than the table begins with. */
static void test_many_groups(void **state){
  enum { N = 900 };
  AtEnv env = heap_env(*state);
  Row *rows = calloc(N, sizeof *rows);
  uint32_t i;
  Case x;
  assert_non_null(rows);
  for(i=0; i<N; i++){
    rows[i] = row_of(cell_integer(i), cell_integer((int64_t)86400*((i*37)%(N/2))), i<N/2 ? "a" : "b");
    rows[i].milestone[0] = cell_integer(rows[i].time.integer+i);
    rows[i].id = cell_integer(i);
  }
  assert_true(open_case(&env, &x, "period=day; by=label", rows, N, 1));
  assert_int_equal(x.curves.groups.n, N);
  for(i=0; i<N; i++) assert_int_equal(x.curves.spells[i].n, 1);
  close_case(&env, &x);
  free(rows);
}

/************************************ Failures ********************************/

static void open_many(AtEnv *env, void *given){
  Row rows[200];
  uint32_t i;
  Case x;
  for(i=0; i<COUNT(rows); i++){
    rows[i] = row_of(cell_integer(i), cell_integer((int64_t)86400*(i%90)), i%3 ? "a" : "b");
    rows[i].milestone[0] = i%2 ? cell_integer(rows[i].time.integer+200-i) : cell_null();
    rows[i].id = cell_integer(i);
  }
  open_case(env, &x, given, rows, COUNT(rows), 1);
  close_case(env, &x);
}

static void test_failures(void **state){
  static char groups[] = "period=day; by=label", whole[] = "";
  check_failures(*state, open_many, groups, 80);
  check_failures(*state, open_many, whole, 20);
  check_stops(*state, open_many, groups, 200);
  check_stops(*state, open_many, whole, 200);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_without_closings),
    HEAP_TEST(test_every_subject_is_somewhere),
    HEAP_TEST(test_many_groups),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
