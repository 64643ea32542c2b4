/*
** test_funnel.c: passes of an entity, by hand for every rule of docs/funnel.md,
** and what holds of the passes of any events.
*/
#include "funnel_common.h"

/* An opened funnel with all that it stands on. */
typedef struct Case Case;
struct Case { AtStages stages; AtOptions options; AtStore *events; AtFunnel funnel; };

/* The job of a case: n_tags columns beside the stage, label before held. */
static int open_case(AtEnv *env, Case *x, int n_tags, const char *stages, const char *options, const char *const *entities, size_t n){
  memset(x, 0, sizeof *x);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_FUNNEL);
  if( !env->error.code ) parse_stages(env, &x->stages, stages);
  if( !env->error.code ) x->events = load_events(env, n_tags, entities, n);
  if( x->events && at_funnel_check(env, &x->stages, &x->options) ) at_funnel_open(env, &x->funnel, x->events, &x->stages, &x->options);
  return !env->error.code;
}

static void close_case(AtEnv *env, Case *x){
  at_funnel_close(env->alloc, &x->funnel);
  at_store_release(x->events);
  at_stages_free(env->alloc, &x->stages);
  at_options_free(env->alloc, &x->options);
}

static long long second(int64_t time){ return (long long)(time/AT_SECOND); }

/* 'a@0-5 b*@5-5 c@5 won | …': stages with * where inferred, when entered and left. */
static void show_passes(const AtFunnel *f, char *out, size_t room){
  static const char *const outcomes[] = {"advanced", "won", "exited", "recycled", "open"};
  size_t n = 0;
  uint32_t i, k;
  out[0] = 0;
  for(i=0; i<f->n_passes; i++){
    const AtPass *pass = &f->passes[f->pass_order[i]];
    for(k=0; k<pass->n && n<room; k++){
      const AtPassRow *row = &f->rows[pass->first+k];
      const AtStage *stage = &f->stages->stage[row->stage-1];
      n += (size_t)snprintf(out+n, room-n, "%s%.*s%s@%lld", k ? " " : i ? " | " : "", (int)stage->n, stage->text,
                            row->inferred ? "*" : "", second(row->entered));
      if( row->left!=AT_NO_TIME && n<room ) n += (size_t)snprintf(out+n, room-n, "-%lld", second(row->left));
    }
    if( n<room ) n += (size_t)snprintf(out+n, room-n, " %s", outcomes[pass->outcome]);
  }
}

typedef struct Golden Golden;
struct Golden { const char *stages, *options, *events, *passes; };

static void check_goldens(void **state, int n_tags, const Golden *goldens, size_t n){
  size_t i;
  for(i=0; i<n; i++){
    const Golden *g = &goldens[i];
    AtEnv env = heap_env(*state);
    Case x;
    char shown[400];
    if( !open_case(&env, &x, n_tags, g->stages, g->options, &g->events, 1) ) fail_msg("%s; %s: %s", g->stages, g->options, env.error.text);
    shown[0] = 0;
    if( x.events->n_entities ) assert_true(at_funnel_entity(&env, &x.funnel, 0));
    if( x.events->n_entities ) show_passes(&x.funnel, shown, sizeof shown);
    if( strcmp(shown, g->passes)!=0 ) fail_msg("%s; %s over %s:\n%s, not\n%s", g->stages, g->options, g->events, shown, g->passes);
    close_case(&env, &x);
  }
}

/************************************ By hand *********************************/

static void test_opening_and_advancing(void **state){
  static const Golden goldens[] = {
    {"a > b > c", "", "", ""}, {"a > b > c", "", "z@1 y@2", ""}, {"a > b > c", "", "a@1", "a@1 open"}, {"a > b > c", "", "a@1 b@3 c@7", "a@1-3 b@3-7 c@7 won"},
    {"a > b > c", "", "c@4", "a*@4-4 b*@4-4 c@4 won"}, {"a > b > c", "", "a@1 c@4", "a@1-4 b*@4-4 c@4 won"}, {"a > b? > c", "", "a@1 c@4", "a@1-4 c@4 won"},
    {"a > b? > c", "", "b@1", "a*@1-1 b@1 open"}, {"a > b? > c? > d", "", "a@0 d@5", "a@0-5 d@5 won"}, {"a > b > c", "", "a@1 a@2 b@3 a@4 b@5", "a@1-3 b@3 open"},
    {"a > b > c", "", "b@1 b@1 a@1", "a@1-1 b@1 open"}, {"a > b", "", "b@5 a@5", "a@5-5 b@5 won"}, {"a", "", "a@1 a@2", "a@1 won"},
    /* after won any but the last stage */
    {"a > b > c", "", "a@1 c@2 c@3 b@4", "a@1-2 b*@2-2 c@2 won | a*@4-4 b@4 open"}, {"a > b", "", "a@1 b@2 b@3 a@4 b@5", "a@1-2 b@2 won | a@4-5 b@5 won"},
  };
  check_goldens(state, 0, goldens, COUNT(goldens));
}

static void test_how_passes_end(void **state){
  static const Golden goldens[] = {
    {"a > b > c", "exits=lost", "a@1 lost@3 lost@4 b@5", "a@1-3 exited | a*@5-5 b@5 open"}, {"a > b", "exits=lost", "lost@1", ""},
    {"a > b", "exits=LOST,gone", "a@1 b@2 Lost@2", "a@1-2 b@2 won"}, {"a > b", "exits=lost", "a@2 lost@2 b@2", "a@2-2 b@2 won"},
    {"a > b > c", "exclude=refund", "a@1 b@2 refund@3 b@4 a@5", "a@1-2 b@2-3 exited | a@5 open"},
    {"a > b > c", "exclude_drop=refund", "a@1 b@2 refund@3 b@4 a@5", "a@5 open"}, {"a > b", "exclude_drop=refund", "a@1 refund@2", ""},
    {"a > b", "exclude_drop=refund", "a@1 b@2 refund@3 a@4 refund@5 a@6", "a@1-2 b@2 won | a@6 open"},
    {"a > b > c", "exits=lost; exclude_drop=refund", "a@1 refund@2 lost@2", "a@1-2 exited"},  /* exits first, then exclude_drop */
    {"a > b > c", "exclude=x; exclude_drop=refund", "a@1 x@2 refund@2", ""},
    {"a > b > c", "recycle=5", "a@1 b@6", "a@1-6 b@6 open"}, {"a > b > c", "recycle=5", "a@1 b@7", "a@1-6 recycled | a*@7-7 b@7 open"},
    {"a > b > c", "recycle=5", "a@1 a@4 b@7", "a@1-6 recycled | a*@7-7 b@7 open"}, {"a > b > c", "recycle=5", "a@1 z@6", "a@1 open"},
    {"a > b > c", "recycle=5", "a@1 z@7", "a@1-6 recycled"}, {"a > b > c", "recycle=5; as_of=6", "a@1 b@7", "a@1 open"},
    {"a > b > c", "window=9", "a@1 b@6 c@10", "a@1-6 b@6-10 c@10 won"}, {"a > b > c", "window=9", "a@1 b@6 c@11", "a@1-6 b@6-10 exited"},
    {"a > b > c", "window=9", "a@1 b@6 b@11 a@12", "a@1-6 b@6-10 exited | a@12 open"},  /* after a deadline the first stage only */
    {"a > b > c", "window=9; recycle=9", "a@1 b@20", "a@1-10 recycled | a*@20-20 b@20 open"},    /* of equal ones recycle */
    {"a > b > c", "window=8; recycle=9", "a@1 b@20", "a@1-9 exited"},
    {"a > b [3] > c", "", "a@1 b@4", "a@1-4 b@4 open"}, {"a > b [3] > c", "", "a@1 b@5 c@9", "a@1-4 exited"}, {"a > b [3] > c", "", "a@1 c@4", "a@1-4 b*@4-4 c@4 won"},
    {"a > b? [3] > c", "", "a@1 b@5 c@9", "a@1-9 c@9 won"}, {"a > b? [3] > c [6]", "", "a@1 b@5 c@7", "a@1-7 c@7 won"},
    {"a > b? [3] > c [6]", "", "a@1 b@4 c@10", "a@1-4 b@4-10 c@10 won"}, {"a > b? [3] > c [6]", "", "a@1 b@5 c@8", "a@1-7 exited"},
    {"a > b? [9] > c [6]", "", "a@1 b@10 c@16", "a@1-10 b@10-16 c@16 won"}, {"a > b? [9] > c [6]", "", "a@1 c@8 b@9", "a@1-9 b@9 open"},
    {"a > b > c", "boomerang=on", "a@1 b@3 a@5 b@6", "a@1-3 b@3-5 recycled | a@5-6 b@6 open"}, {"a > b > c", "boomerang=on", "a@1 b@3 b@5 c@6", "a@1-3 b@3-6 c@6 won"},
    {"a > b > c", "boomerang=off", "a@1 b@3 a@5 c@6", "a@1-3 b@3-6 c@6 won"}, {"a > b > c", "as_of=4", "a@1 b@4 c@5", "a@1-4 b@4 open"},
    {"a > b", "passes=first; exits=lost", "a@1 lost@2 a@3", "a@1-2 exited"}, {"a > b", "passes=first; exclude_drop=lost", "a@1 lost@2 a@3", "a@3 open"},
    {"a > b", "window=0", "a@1 b@1", "a@1-1 b@1 won"}, {"a > b", "recycle=0", "a@1 b@2", "a@1-1 recycled | a*@2-2 b@2 won"},
  };
  check_goldens(state, 0, goldens, COUNT(goldens));
}

static void test_orders(void **state){
  static const Golden goldens[] = {
    {"a > b > c", "order=strict", "a@1 b@2 c@3", "a@1-2 b@2-3 c@3 won"}, {"a > b > c", "order=strict", "b@1 a@2 c@3 b@4 a@5", "a@2-3 exited | a@5 open"},
    {"a > b > c", "order=strict", "a@1 z@2 b@3", "a@1-2 exited"}, {"a > b? > c", "order=strict", "a@1 c@2", "a@1-2 c@2 won"}, {"a > b > c", "order=strict", "a@1 a@2 b@3", "a@1-3 b@3 open"},
    {"a > b > c", "order=strict; exits=lost", "a@1 lost@2 b@3 a@4", "a@1-2 exited | a@4 open"},
    {"a > b > c", "order=any", "c@1 a@2 b@3", "c@1-2 a@2-3 b@3 won"}, {"a > b > c", "order=any", "b@1 b@2 a@3", "b@1-3 a@3 open"},
    {"a > b > c", "order=any; boomerang=on", "b@1 a@2 b@3 c@4", "b@1-2 a@2-3 recycled | b@3-4 c@4 open"}, {"a > b > c", "order=any; boomerang=on", "b@1 b@3", "b@1-3 recycled | b@3 open"},
    {"a > b", "order=any; exclude=x", "a@1 x@2 b@3 a@4", "a@1-2 exited | b@3-4 a@4 won"}, {"a > b", "order=any", "a@1 b@2 b@3", "a@1-2 b@2 won | b@3 open"},
    {"a > b", "order=any; window=5", "a@1 b@7", "a@1-6 exited | b@7 open"},
  };
  check_goldens(state, 0, goldens, COUNT(goldens));
}

/* With hold=, the parts of an entity pass by themselves; the label stands before the held value. */
static void test_held_values(void **state){
  static const Golden goldens[] = {
    {"a > b", "hold=plan", "a@1/x/pro a@2/x/free b@3/x/pro b@4/x/free", "a@1-3 b@3 won | a@2-4 b@4 won"}, {"a > b", "hold=plan", "a@1/x/pro b@2/x/free", "a@1 open | a*@2-2 b@2 won"},
    {"a > b", "hold=plan", "a@5/x/z a@5/x/y b@6/x/z", "a@5 open | a@5-6 b@6 won"}, {"a > b", "hold=plan", "a@1/x/ b@2/x/(none)", "a@1-2 b@2 won"},
    {"a > b", "hold=plan; exits=lost", "a@1/x/p lost@2/x/q b@3/x/p", "a@1-3 b@3 won"}, {"a > b", "hold=plan; passes=first", "a@2/x/p a@1/x/q", "a@1 open"},
  };
  check_goldens(state, 2, goldens, COUNT(goldens));
}

static void test_labels(void **state){
  static const struct { const char *options; const char *labels[3]; } known[] = {
    {"label=first", {"ads", "ads", "ads"}}, {"label=last", {"seo", "seo", "seo"}}, {"label=stage", {"ads", "mail", "seo"}}, {"", {"ads", "ads", "ads"}},
  };
  static const char *const events[] = {"a@1/ads b@2/mail a@3/zzz c@4/seo c@4/tv"};
  AtEnv env = heap_env(*state);
  Case x;
  size_t i, k;
  for(i=0; i<COUNT(known); i++){
    assert_true(open_case(&env, &x, 1, "a > b > c", known[i].options, events, 1));
    assert_true(at_funnel_entity(&env, &x.funnel, 0));
    assert_int_equal(x.funnel.n_rows, 3);
    for(k=0; k<3; k++){
      AtCell label = at_dict_cell(&x.events->tags[0], at_funnel_label(&x.funnel, &x.funnel.passes[0], &x.funnel.rows[k])), wanted = cell_text(known[i].labels[k]);
      assert_true(same_cell(&label, &wanted));
    }
    close_case(&env, &x);
  }
  assert_true(open_case(&env, &x, 0, "a > b", "", events, 1));
  assert_true(at_funnel_entity(&env, &x.funnel, 0));
  assert_true(at_funnel_label(&x.funnel, &x.funnel.passes[0], &x.funnel.rows[0])==UINT32_MAX);
  close_case(&env, &x);
}

static void test_seconds_and_now(void **state){
  static const char *const events[] = {"a@10 b@14", "a@3 z@30"};
  AtEnv env = heap_env(*state);
  Case x;
  assert_true(open_case(&env, &x, 0, "a > b > c", "", events, 2));
  assert_true(x.funnel.now==30*AT_SECOND);         /* the latest of the relation, also where it is no stage */
  assert_true(at_funnel_entity(&env, &x.funnel, 0));
  assert_true(at_funnel_seconds(&x.funnel, &x.funnel.rows[0])==4 && at_funnel_seconds(&x.funnel, &x.funnel.rows[1])==16);
  close_case(&env, &x);
  assert_true(open_case(&env, &x, 0, "a > b", "as_of=100", events, 2));
  assert_true(at_funnel_entity(&env, &x.funnel, 0));
  assert_true(isnan(at_funnel_seconds(&x.funnel, &x.funnel.rows[1])));
  assert_true(at_funnel_entity(&env, &x.funnel, 1));
  assert_true(at_funnel_seconds(&x.funnel, &x.funnel.rows[0])==97);
  close_case(&env, &x);
}

static void test_refusals(void **state){
  static const char *const refused[][3] = {
    {"a > b", "exits=b", "stage 'b'|listed in exits|one of them"}, {"a > b", "exclude=A", "stage 'a'|listed in exclude"}, {"a > b", "exclude_drop=b", "exclude_drop"},
    {"a > b", "exits=x,y; exclude=Y", "label 'Y'|in exits and in exclude"}, {"a > b", "exits=x; exclude_drop=x", "'x'|exits and in exclude_drop"},
    {"a > b", "exclude=x; exclude_drop=x", "'x'|exclude and in exclude_drop"}, {"a > b? > c", "order=any", "'b'|optional|order=any|order=ordered"},
    {"a > b [1d]", "order=any", "'b'|a limit|order=any"},
  };
  static const char *const events[] = {"a@1"};
  size_t i;
  for(i=0; i<COUNT(refused); i++){
    AtEnv env = heap_env(*state);
    Case x;
    assert_false(open_case(&env, &x, 0, refused[i][0], refused[i][1], events, 1));
    assert_error(&env, AT_INVALID, refused[i][2]);
    close_case(&env, &x);
  }
}

/********************************** Any events ********************************/

static void random_events(Random *r, char *out, size_t room){
  static const char *const stages[] = {"a", "b", "c", "d", "lost", "refund", "gone", "other"};
  uint32_t n = random_below(r, 25), n_times = 1 + random_below(r, 40), i;
  size_t used = 0;
  out[0] = 0;
  for(i=0; i<n && used+40<room; i++){
    used += (size_t)snprintf(out+used, room-used, "%s@%u/l%u/h%u ", stages[random_below(r, COUNT(stages))], (unsigned)random_below(r, n_times),
                             (unsigned)random_below(r, 3), (unsigned)random_below(r, 2));
  }
}

static void random_options(Random *r, char *out, size_t room){
  static const char *const parts[] = {"exits=lost; ", "exclude=gone; ", "exclude_drop=refund; ", "boomerang=on; ", "passes=first; ", "hold=plan; "};
  static const char *const orders[] = {"ordered", "strict", "any"};
  size_t n = (size_t)snprintf(out, room, "order=%s; ", orders[random_below(r, 3)]), i;
  for(i=0; i<COUNT(parts); i++) if( random_below(r, 3)==0 ) n += (size_t)snprintf(out+n, room-n, "%s", parts[i]);
  if( random_below(r, 3)==0 ) n += (size_t)snprintf(out+n, room-n, "window=%u; ", (unsigned)random_below(r, 20));
  if( random_below(r, 3)==0 ) n += (size_t)snprintf(out+n, room-n, "recycle=%u; ", (unsigned)random_below(r, 15));
  if( random_below(r, 3)==0 ) snprintf(out+n, room-n, "as_of=%u; ", (unsigned)random_below(r, 40));
}

/* One pass: rows in order of stage and time, each left when the next is entered, the last as the pass ends. */
static void assert_pass(const AtFunnel *f, const AtPass *pass){
  uint32_t k, seen = 0;
  assert_true(pass->n>0 && pass->outcome!=AT_ADVANCED && pass->outcome!=AT_REMOVED && pass->opened<=f->now);
  for(k=0; k<pass->n; k++){
    const AtPassRow *row = &f->rows[pass->first+k], *next = row+1;
    assert_true(row->entered>=pass->opened && row->entered<=f->now && row->entered==at_store_when(f->events, row->event));
    assert_false(seen>>row->stage & 1);
    seen |= UINT32_C(1)<<row->stage;
    if( f->options->order==AT_ORDER_ANY ) assert_true(row->number==k+1 && !row->inferred);
    else assert_int_equal(row->number, row->stage);
    if( row->inferred ) assert_int_equal(row->left, row->entered);
    if( k+1<pass->n ){
      assert_true(row->outcome==AT_ADVANCED && row->left==next->entered && row->left_event==next->event && row->number<next->number);
    }else{
      assert_int_equal(row->outcome, pass->outcome);
      assert_int_equal(pass->furthest, row->number);
      assert_int_equal(row->left==AT_NO_TIME, pass->outcome==AT_WON || pass->outcome==AT_OPEN);
      assert_int_equal(pass->outcome==AT_WON, row->number==f->stages->n);
      if( row->left!=AT_NO_TIME ) assert_true(row->left>=row->entered && row->left<=f->now);
    }
  }
  if( f->options->window>=0 ) assert_true(f->rows[pass->first+pass->n-1].entered-pass->opened<=f->options->window);
}

static void test_any_events(void **state){
  Random r = {1};
  uint32_t outcomes[AT_REMOVED+1] = {0}, i;
  int round;
  for(round=0; round<20000; round++){
    AtEnv env = heap_env(*state);
    char events[1000], options[200];
    const char *entity = events;
    Case x;
    random_events(&r, events, sizeof events);
    random_options(&r, options, sizeof options);
    assert_true(open_case(&env, &x, strstr(options, "hold") ? 2 : 1, strstr(options, "any") ? "a > b > c" : round%2 ? "a > b? > c [4] > d" : "a > b > c > d", options, &entity, 1));
    if( x.events->n_entities ) assert_true(at_funnel_entity(&env, &x.funnel, 0));
    for(i=0; i<x.funnel.n_passes; i++){
      const AtPass *pass = &x.funnel.passes[x.funnel.pass_order[i]], *last = i ? &x.funnel.passes[x.funnel.pass_order[i-1]] : NULL;
      assert_pass(&x.funnel, pass);
      outcomes[pass->outcome]++;
      if( last ) assert_true(last->opened<pass->opened || (last->opened==pass->opened && last->held<=pass->held));
      if( last && !x.options.hold ) assert_true(last->outcome!=AT_OPEN);
    }
    if( x.options.first_pass ) assert_true(x.funnel.n_passes<=1);
    close_case(&env, &x);
  }
  assert_true(outcomes[AT_WON]>500 && outcomes[AT_EXITED]>500 && outcomes[AT_RECYCLED]>500 && outcomes[AT_OPEN]>500);
}

/* What one entity does is the same whoever else is there, and whenever it is asked for. */
static void test_entities_do_not_meet(void **state){
  Random r = {2};
  int round;
  for(round=0; round<500; round++){
    AtEnv env = heap_env(*state);
    char events[4][1000], alone[400], among[400];
    const char *entities[4];
    Case all, one;
    uint32_t i;
    for(i=0; i<4; i++){ random_events(&r, events[i], sizeof events[i]); entities[i] = events[i]; }
    strcat(events[0], "a@1/l/h"); strcat(events[1], "a@1/l/h"); strcat(events[2], "a@1/l/h"); strcat(events[3], "a@1/l/h");
    assert_true(open_case(&env, &all, 1, "a > b > c", "recycle=6; exits=lost; as_of=30", entities, 4));
    for(i=4; i-->0; ){
      assert_true(open_case(&env, &one, 1, "a > b > c", "recycle=6; exits=lost; as_of=30", &entities[i], 1));
      assert_true(at_funnel_entity(&env, &all.funnel, i) && at_funnel_entity(&env, &one.funnel, 0));
      show_passes(&all.funnel, among, sizeof among);
      show_passes(&one.funnel, alone, sizeof alone);
      assert_string_equal(among, alone);
      close_case(&env, &one);
    }
    close_case(&env, &all);
  }
}

/* 128 stages filled in by one event, and thousands of events of one entity. */
static void test_many_stages_and_events(void **state){
  char *stages = malloc(2000), *events = malloc(200000);
  const char *entity = events;
  AtEnv env = heap_env(*state);
  uint32_t i;
  size_t n;
  Case x;
  assert_true(stages && events);
  n = (size_t)sprintf(stages, "s1");
  for(i=2; i<=128; i++) n += (size_t)sprintf(stages+n, ">s%u", (unsigned)i);
  for(i=0, n=0; i<5000; i++) n += (size_t)sprintf(events+n, "s%u@%u ", i%2 ? 128u : 1u, (unsigned)(9999-i));
  assert_true(open_case(&env, &x, 0, stages, "boomerang=on", &entity, 1));
  assert_true(at_funnel_entity(&env, &x.funnel, 0));
  assert_int_equal(x.funnel.n_passes, 2501);       /* the first event is of the last stage, the last one of the first */
  assert_int_equal(x.funnel.n_rows, 2500*128+1);
  close_case(&env, &x);
  free(stages);
  free(events);
}

/************************************ Failures ********************************/

static void walk_all(AtEnv *env, void *given){
  static const char *const entities[] = {
    "a@1/l/p b@2/l/q a@3/l/p b@4/l/p c@5/l/p a@6/l/p lost@7/l/p a@8/l/q a@9/l/p lost@10/l/p a@11/l/p lost@12/l/p a@13/l/p lost@14/l/p a@15/l/p lost@16/l/p"
    " a@17/l/p lost@18/l/p a@19/l/p lost@20/l/p a@21/l/p lost@22/l/p a@23/l/p lost@24/l/p a@25/l/p lost@26/l/p a@27/l/p lost@28/l/p a@29/l/p lost@30/l/p"
    " a@31/l/p lost@32/l/p a@33/l/p lost@34/l/p a@35/l/p lost@36/l/p", "c@1/l/q", "z@5/l/q", "c@3/l/q b@2/l/q a@1/l/q",
  };
  Case x;
  uint32_t e;
  (void)given;
  if( open_case(env, &x, 2, "a > b > c", "hold=plan; exits=lost; boomerang=on", entities, COUNT(entities)) ){
    for(e=0; e<x.events->n_entities && at_funnel_entity(env, &x.funnel, e); e++){}
  }
  close_case(env, &x);
}

static void test_failures(void **state){
  check_failures(*state, walk_all, NULL, 30);
  check_stops(*state, walk_all, NULL, 12);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_opening_and_advancing),
    HEAP_TEST(test_how_passes_end),
    HEAP_TEST(test_orders),
    HEAP_TEST(test_held_values),
    HEAP_TEST(test_labels),
    HEAP_TEST(test_seconds_and_now),
    HEAP_TEST(test_refusals),
    HEAP_TEST(test_any_events),
    HEAP_TEST(test_entities_do_not_meet),
    HEAP_TEST(test_many_stages_and_events),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
