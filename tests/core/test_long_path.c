/*
** test_long_path.c: one path that is several stretches of work long, under every way
** to weigh it: the weights by their formulas, the sums exact, and a host that says
** stop at any question.
*/
#include "common.h"

#define N (3*AT_STRETCH+5)

static const char models[] = "linear, time_decay(1 hour), participation, points, w_shaped, full_path, custom(0.5, 0.2, 0.3), shapley, markov, last_non_direct";
static const double effect[] = {0.5, 0.25, 1};

/* Touches a second apart, labels c0, c1, c2 in turn, points 0 .. 3 of which those of every fifth are missing. */
static AtStore *open_touches(AtEnv *env, const AtShape *shape){
  AtLoader loader;
  AtStore *store;
  uint32_t i;
  at_loader_open(env, &loader, shape);
  for(i=0; i<N; i++){
    char label[3] = {'c', (char)('0'+i%3), 0};
    Row row = row_of(cell_integer(1), cell_integer(1000000+i), label);
    row.number = i%5==0 ? cell_null() : cell_real(i%4);
    append_row(env, &loader, &row);
  }
  store = at_loader_finish(env, &loader, 1);
  at_loader_close(&loader);
  return store;
}

/* What a touch is worth before its share is taken of all that is. */
static double worth(const AtModel *m, uint32_t i, const int32_t *milestone){
  int at_first = i==0, at_milestone = (int32_t)i==milestone[0] || (int32_t)i==milestone[1], at_last = i==N-1;
  switch( m->kind ){
    case AT_LINEAR: return 1;
    case AT_TIME_DECAY: return exp2(-(double)(N-1-i)/3600);
    case AT_POINTS: return i%5==0 ? 0 : i%4;
    case AT_PARTICIPATION: case AT_SHAPLEY: return 1.0/(N/3 + (i%3<N%3));
    case AT_MARKOV: return effect[i%3];
    case AT_LAST_NON_DIRECT: return at_last;
    case AT_CUSTOM: return at_first ? 0.5 : at_last ? 0.3 : 0.2/(N-2);
    case AT_W_SHAPED: return at_first || at_milestone ? 0.3 : (int32_t)i<milestone[1] ? 0.1/(milestone[1]-2) : 0;
    default: return at_first || at_milestone || at_last ? 0.225 : 0.1/(N-4);
  }
}

/* What makes the sum exact, some 1e-15 of the whole, one touch has. */
static void check_division(const AtPath *path, const AtModel *m, double value, double unit){
  static double part[N];
  double all = 0, of = m->kind==AT_PARTICIPATION ? 3 : 1;       /* the whole to each label */
  uint32_t i, n = 0;
  assert_int_equal(path->n, N);
  for(i=0; i<N; i++) all += worth(m, i, path->milestone);
  for(i=0; i<N; i++){
    double expected = of*worth(m, i, path->milestone)/all;
    if( !(fabs(path->credit[i]-expected)<=1e-12*expected+1e-14) ) fail_msg("%s, touch %u: %.17g, not %.17g", m->name, i, path->credit[i], expected);
    if( !(fabs(path->value[i]-value*expected)<=(unit>0 ? 1.5*unit : value*(1e-12*expected+1e-14))) ) fail_msg("%s, touch %u: %.17g", m->name, i, path->value[i]);
  }
  if( m->kind==AT_PARTICIPATION ){
    for(i=0; i<N; i+=3) part[n++] = path->value[i];
  }else{
    memcpy(part, path->value, N*sizeof *part);
    n = N;
    assert_true(exact_sum(path->credit, N)==1);
  }
  if( unit>0 ) for(i=0; i<n; i++) part[i] = floor(part[i]/unit + 0.5);          /* cents */
  assert_true(exact_sum(part, n)==(unit>0 ? floor(value/unit + 0.5) : value));
}

/* Whether the path was built and divided; all that was opened is closed. */
static int divide(AtEnv *env, const AtStore *touches, const AtOptions *options, const AtModel *m, double value, double unit){
  AtWindow window = {0, N};
  AtPath path;
  int done = 0;
  if( at_path_open(env, &path, touches, options) && at_path_build(env, &path, touches, options, window) ){
    path.n_milestones = 2;
    path.milestone[0] = N/4;
    path.milestone[1] = N/2;
    done = at_divide(env, &path, m, value, unit);
    if( done ) check_division(&path, m, value, unit);
  }
  at_path_close(env->alloc, &path);
  return done;
}

/* Until it comes to its end unstopped. */
static void stop_at_each_question(Heap *heap, const AtStore *touches, const AtOptions *options, const AtModel *m, double unit){
  int done = 0;
  for(heap->stop_at=1; !done; heap->stop_at++){
    AtEnv env = heap_env(heap);
    heap->beats = 0;
    done = divide(&env, touches, options, m, 98765.434, unit);
    if( done ){
      assert_ok(&env);
      assert_true(heap->beats<heap->stop_at && heap->beats>5);
    }else{
      assert_error(&env, AT_INTERRUPT, "interrupted");
      assert_int_equal(heap->beats, heap->stop_at);              /* and not asked again */
    }
  }
}

static void test_every_model(void **state){
  Heap *heap = *state;
  AtEnv env = heap_env(heap);
  AtShape shape = shape_of(1, 1, 0, 0);
  AtStore *touches = open_touches(&env, &shape);
  AtOptions options = options_of(&env, "");
  AtModels list;
  int m, k;
  assert_true(at_models_parse(&env, &list, models, strlen(models), 1, 2));
  for(m=0; m<list.n; m++){
    AtModel *model = &list.model[m];
    if( model->kind==AT_MARKOV ){
      model->effect = at_alloc(&env, COUNT(effect), sizeof *effect);
      memcpy(model->effect, effect, sizeof effect);
    }
    for(k=0; k<2; k++) stop_at_each_question(heap, touches, &options, model, k ? 0.01 : 0);
  }
  heap->stop_at = 0;
  at_models_free(env.alloc, &list);
  at_options_free(env.alloc, &options);
  at_store_release(touches);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_every_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
