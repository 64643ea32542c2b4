/*
** effects_common.h: what the tests of the data-driven room share, beside funnel_common.h.
**
**   add_paths, open_paths   paths from 'a > b: 2 1 10; b: 0 3', that is conversions, nulls, value
**   add_counts              rows of a chain from '(start)->a: 2; a->b: 1 10', that is weight, value
**   random_paths            any paths of a few channels
**   show_steps              a chain's counts as text
**   reference_removal       b0 and b0 without each channel, by elimination in long double
*/
#ifndef ATTRIBUTION_TESTS_EFFECTS_COMMON_H
#define ATTRIBUTION_TESTS_EFFECTS_COMMON_H

#include "funnel_common.h"
#include "../../ext/core/effects.h"

static const AtSeparator arrow = {">", 1};

/************************************ Paths ***********************************/

/* Up to three numbers; those that are missing are 0. Returns what follows. */
static inline const char *read_numbers(const char *text, double number[3]){
  int i;
  number[0] = number[1] = number[2] = 0;
  for(i=0; i<3 && *text && *text!=';'; i++){
    char *end;
    number[i] = strtod(text, &end);
    assert_true(end>text);
    for(text=end; *text==' '; text++){}
  }
  if( *text==';' ) text++;
  while( *text==' ' ) text++;
  return text;
}

/* The value of all paths. */
static inline double value_of_paths(const AtPaths *p){
  AtSum value = {0, 0};
  uint32_t i;
  for(i=0; i<p->n; i++) at_sum_add(&value, p->paths[i].value);
  return at_sum_total(&value);
}

static inline void add_paths(AtEnv *env, AtPaths *p, const char *text){
  p->has_value = 1;
  while( *text && !env->error.code ){
    size_t n = strcspn(text, ":");
    const char *path = text;
    AtOutcome o;
    double number[3];
    text = read_numbers(text+n+1, number);
    o.conversions = number[0];
    o.nulls = number[1];
    o.value = number[2];
    at_paths_text(env, p, path, n, arrow, &o);
  }
}

/* at_paths_free() must follow whatever this returns. */
static inline int open_paths(AtEnv *env, AtPaths *p, const char *text, double min_paths){
  memset(p, 0, sizeof *p);
  add_paths(env, p, text);
  return !env->error.code && at_paths_finish(env, p, min_paths, 1);
}

/* A path of the channels numbers[0 .. n) among 'a', 'b', … */
static inline void add_numbers(AtEnv *env, AtPaths *p, const uint32_t *numbers, uint32_t n, AtOutcome outcome){
  char *text = malloc((size_t)n*2+1);
  uint32_t i;
  assert_non_null(text);
  for(i=0; i<n; i++){
    text[2*i] = (char)('a'+numbers[i]);
    text[2*i+1] = '>';
  }
  at_paths_text(env, p, text, (size_t)n*2, arrow, &outcome);
  free(text);
}

/* Paths of up to so many of the first n_channels letters; values of one sign or of both. */
static inline void random_paths(AtEnv *env, Random *r, AtPaths *p, uint32_t n_channels, uint32_t longest, int both_signs){
  uint32_t n = 1 + random_below(r, 25), channel[64], i, k, length;
  memset(p, 0, sizeof *p);
  p->has_value = 1;
  for(i=0; i<n; i++){
    AtOutcome o;
    length = 1 + random_below(r, longest);
    for(k=0; k<length; k++) channel[k] = random_below(r, n_channels);
    o.conversions = random_below(r, 4);
    o.nulls = random_below(r, 3) ? random_below(r, 6) : 0;
    if( o.conversions==0 && o.nulls==0 ) o.conversions = 1;
    o.value = o.conversions*(double)random_between(r, both_signs ? -100 : 0, 100);
    add_numbers(env, p, channel, length, o);
  }
  at_paths_finish(env, p, 0, 1);
}

static inline uint32_t find_name(const AtDict *names, const char *name){
  uint32_t i;
  for(i=0; i<names->n; i++){
    AtCell cell = at_dict_cell(names, i);
    if( cell.n==strlen(name) && memcmp(cell.text, name, cell.n)==0 ) return i;
  }
  fail_msg("no channel %s", name);
  return 0;
}

/************************************ Chains **********************************/

static inline void add_counts(AtEnv *env, AtCounts *c, const char *text){
  c->has_value = 1;
  while( *text && !env->error.code ){
    const char *arrow_at = strstr(text, "->"), *colon;
    AtCell from, to;
    double number[3];
    assert_non_null(arrow_at);
    colon = strchr(arrow_at, ':');
    assert_non_null(colon);
    from = cell_bytes(AT_TEXT, text, (size_t)(arrow_at-text));
    to = cell_bytes(AT_TEXT, arrow_at+2, (size_t)(colon-arrow_at-2));
    text = read_numbers(colon+1, number);
    at_counts_add(env, c, &from, &to, arrow, number[0], number[1]);
  }
}

/* A chain from counts; counts_close() must follow whatever this returns. */
typedef struct Counted Counted;
struct Counted { AtCounts counts; AtSteps steps; };

static inline int open_counts(AtEnv *env, Counted *x, const char *text){
  memset(x, 0, sizeof *x);
  add_counts(env, &x->counts, text);
  return !env->error.code && at_steps_of_counts(env, &x->steps, &x->counts);
}

static inline void close_counts(AtEnv *env, Counted *x){
  at_steps_free(env->alloc, &x->steps);
  at_counts_free(env->alloc, &x->counts);
}

/* 'from->to=weight[$value] …' in the order of markov_transitions. */
static inline void show_steps(AtEnv *env, const AtSteps *s, const AtDict *names, char *out, size_t room){
  AtTransitions t;
  AtText text = {0};
  size_t i, n = 0;
  int k;
  assert_true(at_transitions(env, &t, s));
  out[0] = 0;
  for(i=0; i<t.n && n<room; i++){
    for(k=0; k<2; k++){
      assert_true(at_state_text(env, &text, s, names, k ? t.rows[i].to : t.rows[i].from, arrow));
      n += (size_t)snprintf(out+n, room-n, "%s%s", k ? "->" : i ? "; " : "", text.text);
    }
    n += (size_t)snprintf(out+n, room-n, "=%.17g", t.rows[i].weight);
    if( !isnan(t.rows[i].value) && n<room ) n += (size_t)snprintf(out+n, room-n, "$%.17g", t.rows[i].value);
  }
  at_free(env->alloc, t.rows);
  at_text_free(env->alloc, &text);
}

/* Chains are the same, bit by bit. */
static inline void assert_same_steps(const AtSteps *a, const AtSteps *b){
  uint32_t i, k;
  assert_int_equal(a->n, b->n);
  assert_int_equal(a->n_steps, b->n_steps);
  assert_int_equal(a->n_channels, b->n_channels);
  assert_true(a->bare_conversions==b->bare_conversions && a->bare_value==b->bare_value);
  for(i=0; i<a->n; i++){
    const AtState *x = &a->states[i], *y = &b->states[i];
    assert_int_equal(x->n, y->n);
    for(k=0; k<x->n; k++) assert_int_equal(a->channel[x->first+k], b->channel[y->first+k]);
    assert_true(x->start==y->start && x->conversions==y->conversions && x->nulls==y->nulls);
    assert_true(at_sum_total(&x->value)==at_sum_total(&y->value));
  }
  for(i=0; i<a->n_steps; i++){
    assert_int_equal(a->steps[i].from, b->steps[i].from);
    assert_int_equal(a->steps[i].to, b->steps[i].to);
    assert_true(a->steps[i].weight==b->steps[i].weight);
  }
}

/*********************************** Reference ********************************/

static inline int holds(const AtSteps *s, uint32_t state, uint32_t channel){
  uint32_t k;
  for(k=0; k<s->states[state].n; k++) if( s->channel[s->states[state].first+k]==channel ) return 1;
  return 0;
}

/* Gauss and Jordan with pivots: n rows of n + 2. */
static inline void reference_solve(long double *m, uint32_t n){
  uint32_t i, j, k, width = n+2;
  for(i=0; i<n; i++){
    uint32_t best = i;
    for(j=i+1; j<n; j++) if( fabsl(m[j*width+i])>fabsl(m[best*width+i]) ) best = j;
    for(k=0; k<width; k++){
      long double swap = m[i*width+k];
      m[i*width+k] = m[best*width+k];
      m[best*width+k] = swap;
    }
    for(j=0; j<n; j++){
      long double part = m[j*width+i]/m[i*width+i];
      if( j==i || part==0 ) continue;
      for(k=i; k<width; k++) m[j*width+k] -= part*m[i*width+k];
    }
  }
  for(i=0; i<n; i++) for(k=n; k<width; k++) m[i*width+k] /= m[i*width+i];
}

/* Probability of conversion and expected value from the start, all states that hold
** the channel leading nowhere; AT_NO_CHANNEL: the whole. */
static inline void reference_start(const AtSteps *s, uint32_t without, long double out[2]){
  uint32_t n = s->n, width = n+2, i, e, e2;
  long double *m = calloc((size_t)n*width+1, sizeof *m), total = 0;
  assert_non_null(m);
  for(i=0, e=0; i<n; i++){
    long double leaving = at_steps_leaving(s, i, e, &e2);
    m[i*width+i] = 1;
    for(; e<e2; e++){
      if( without!=AT_NO_CHANNEL && holds(s, i, without) ) continue;
      m[i*width+s->steps[e].to] -= s->steps[e].weight/leaving;
    }
    total += s->states[i].start;
    if( leaving==0 || (without!=AT_NO_CHANNEL && holds(s, i, without)) ) continue;
    m[i*width+n] = s->states[i].conversions/leaving;
    m[i*width+n+1] = ((long double)s->states[i].value.sum+s->states[i].value.rest)/leaving;
  }
  reference_solve(m, n);
  out[0] = out[1] = 0;
  for(i=0; i<n; i++){
    out[0] += s->states[i].start/total*m[i*width+n];
    out[1] += s->states[i].start/total*m[i*width+n+1];
  }
  free(m);
}

/* What each channel's removal leaves and takes. */
static inline void reference_removal(const AtSteps *s, AtRemoved *removed){
  long double whole[2], left[2];
  uint32_t c;
  int k;
  reference_start(s, AT_NO_CHANNEL, whole);
  for(c=0; c<s->n_channels; c++){
    reference_start(s, c, left);
    for(k=0; k<2; k++){
      removed[c].left[k] = (double)left[k];
      removed[c].lost[k] = (double)(whole[k]-left[k]);
    }
  }
}

#endif
