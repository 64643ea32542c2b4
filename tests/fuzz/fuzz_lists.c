/*
** fuzz_lists.c: lists of paths and of counts, as text with numbers, and the chain that they make: shares and
** probabilities add up, removal effects are shares.
*/
#include "fuzz_common.h"
#include "../../ext/core/effects.h"

static const char *const separators[] = {">", ",", " > ", "->", "\t"};

static AtCell any_number(Input *in){
  static const double special[] = {0, 1, 2, 1e-12, 9007199254740992.0, 1e290, -5, 0.1};
  uint32_t byte = take_byte(in);
  switch( byte>>5 ){
    case 0: return cell_null();
    case 1: return cell_real(take_double(in));
    case 2: return cell_real(special[byte%COUNT(special)]);
    case 3: return cell_text("12.5");
    default: return cell_integer(byte & 31);
  }
}

static AtCell any_text(Input *in){
  size_t n;
  const char *text = take_text(in, 40, &n);
  return cell_bytes(n==39 ? AT_BLOB : AT_TEXT, text, n);
}

static AtList any_list(Input *in, int n_texts){
  uint32_t byte = take_byte(in);
  AtList list;
  memset(&list, 0, sizeof list);
  list.relation = "list";
  list.text[0] = n_texts==1 ? "path" : "from_state";
  list.text[1] = "to_state";
  list.n_texts = n_texts;
  list.count = "weight";
  if( byte & 1 ) list.value = "value";
  if( (byte & 2) && n_texts==1 ) list.nulls = "nulls";
  list.separator.text = separators[(byte>>2)%COUNT(separators)];
  list.separator.n = strlen(list.separator.text);
  return list;
}

static void check_transitions(AtEnv *env, const AtSteps *s, const AtDict *names, AtSeparator separator){
  AtTransitions t;
  AtText text = {0};
  size_t i, k;
  if( at_transitions(env, &t, s) ){
    for(i=0; i<t.n; i=k){
      double sum = 0;
      for(k=i; k<t.n && t.rows[k].from==t.rows[i].from; k++){
        CHECK(t.rows[k].probability>=0 && t.rows[k].probability<=1+1e-12 && t.rows[k].weight>=0);
        sum += t.rows[k].probability;
        at_state_text(env, &text, s, names, t.rows[k].to, separator);
      }
      CHECK(fabs(sum-1)<1e-9);
    }
  }
  at_free(env->alloc, t.rows);
  at_text_free(env->alloc, &text);
}

static void check_chain(AtEnv *env, const AtSteps *s, const AtDict *names, AtSeparator separator){
  AtEffects e;
  uint32_t i;
  double shares = 0;
  memset(&e, 0, sizeof e);
  check_transitions(env, s, names, separator);
  if( at_removal_effects(env, &e, s, names) ){
    for(i=0; i<e.n; i++){
      CHECK(isnan(e.effects[i].removal) || (e.effects[i].removal>=-1e-9 && e.effects[i].removal<=1+1e-9));
      if( isfinite(e.effects[i].share) ) shares += e.effects[i].share;
    }
    CHECK(shares==0 || fabs(shares-1)<1e-9);
  }
  at_effects_free(env->alloc, &e);
}

static void check_tally(AtEnv *env, const AtPaths *p){
  AtTally *t = NULL;
  double total[4] = {0, 0, 0, 0}, rate[AT_MAX_GAME];
  AtOrder orders[AT_MAX_ORDER];
  uint32_t i;
  int n;
  if( at_tally(env, &t, p) ){
    for(i=0; i<p->names.n; i++){
      total[0] += t[i].conversions;
      total[1] += t[i].first[0];
      total[2] += t[i].last[0];
      total[3] += t[i].linear[0];
    }
    if( p->names.n>0 ) for(i=0; i<4; i++) CHECK(fabs(total[i]-at_sum_total(&p->conversions))<=1e-9*(1+total[i]));
  }
  at_free(env->alloc, t);
  if( p->names.n>0 && p->names.n<=8 ) at_shapley_rate(env, p, rate);
  n = at_orders(env, p, orders);
  for(i=0; (int)i<n && !env->error.code; i++) CHECK(isnan(orders[i].auc) || (orders[i].auc>=0 && orders[i].auc<=1));
}

static void read_paths(AtEnv *env, Input *in){
  AtList list = any_list(in, 1);
  int order = 1 + (int)take_below(in, 4);
  double min_paths = take_below(in, 4) ? 0 : 2;
  AtPaths p;
  AtSteps s;
  memset(&p, 0, sizeof p);
  memset(&s, 0, sizeof s);
  p.has_value = list.value!=NULL;
  while( in->n>0 && !env->error.code ){
    AtCell cells[4];
    int i;
    cells[0] = any_text(in);
    for(i=1; i<4; i++) cells[i] = any_number(in);
    at_list_path(env, &list, &p, cells);
  }
  if( !env->error.code && at_paths_finish(env, &p, min_paths, 1) ){
    check_tally(env, &p);
    if( at_steps_of_paths(env, &s, &p, order) ) check_chain(env, &s, &p.names, list.separator);
  }
  at_steps_free(env->alloc, &s);
  at_paths_free(env->alloc, &p);
}

static void read_counts(AtEnv *env, Input *in){
  static const char *const states[] = {"(start)", "(conversion)", "(null)", "a", "b", "c", "a > b", "b > c"};
  AtList list = any_list(in, 2);
  AtCounts c;
  AtSteps s;
  memset(&c, 0, sizeof c);
  memset(&s, 0, sizeof s);
  c.has_value = list.value!=NULL;
  while( in->n>0 && !env->error.code ){
    AtCell cells[4];
    int i;
    for(i=0; i<2; i++) cells[i] = in->n>0 && in->at[0]>=128 ? cell_text(states[take_below(in, COUNT(states))]) : any_text(in);
    for(i=2; i<4; i++) cells[i] = any_number(in);
    at_list_count(env, &list, &c, cells);
  }
  if( !env->error.code && at_steps_of_counts(env, &s, &c) ) check_chain(env, &s, &c.names, list.separator);
  at_steps_free(env->alloc, &s);
  at_counts_free(env->alloc, &c);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  Fuzz f;
  fuzz_open(&f, &in);
  if( take_byte(&in) & 1 ) read_counts(&f.env, &in);
  else read_paths(&f.env, &in);
  fuzz_close(&f);
}
