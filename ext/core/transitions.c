/*
** transitions.c: the steps of a chain as rows that can be written down, added up
** elsewhere and read again by counts.c.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

static void add_row(AtTransitions *t, uint32_t from, uint32_t to, double weight, double all, double value){
  AtTransition *row = &t->rows[t->n++];
  row->from = from;
  row->to = to;
  row->weight = weight;
  row->probability = weight/all;
  row->value = value;
}

/* The rows from the start: to the states, and to the conversions without touches. */
static void add_start(AtTransitions *t, const AtSteps *s){
  AtSum all = {0, 0};
  uint32_t i;
  for(i=0; i<s->n; i++) at_sum_add(&all, s->states[i].start);
  at_sum_add(&all, s->bare_conversions);
  for(i=0; i<s->n; i++){
    if( s->states[i].start>0 ) add_row(t, AT_START, i, s->states[i].start, at_sum_total(&all), NAN);
  }
  if( s->bare_conversions>0 ){
    add_row(t, AT_START, AT_CONVERSION, s->bare_conversions, at_sum_total(&all), s->has_value ? s->bare_value : NAN);
  }
}

/* All rows, from the start and then state by state. The caller frees t->rows. */
int at_transitions(AtEnv *env, AtTransitions *t, const AtSteps *s){
  uint32_t i, e = 0;
  memset(t, 0, sizeof *t);
  t->rows = at_alloc(env, (size_t)s->n_steps + 3*(size_t)s->n + 1, sizeof *t->rows);
  if( t->rows==NULL ) return 0;
  add_start(t, s);
  for(i=0; i<s->n && at_alive(env, 1); i++){
    const AtState *state = &s->states[i];
    double value = s->has_value ? at_sum_total(&state->value) : NAN, all;
    uint32_t first = e;
    all = at_steps_leaving(s, i, first, &e);
    for(; first<e; first++) add_row(t, i, s->steps[first].to, s->steps[first].weight, all, NAN);
    if( state->conversions>0 ) add_row(t, i, AT_CONVERSION, state->conversions, all, value);
    if( state->nulls>0 ) add_row(t, i, AT_NULL_END, state->nulls, all, state->conversions>0 ? NAN : value);
  }
  return !env->error.code;
}

/* The text of a state; a channel that could not be read back from it is an error. */
int at_state_text(AtEnv *env, AtText *text, const AtSteps *s, const AtDict *names, uint32_t state,
                  AtSeparator separator){
  static const char *const ends[] = {"(start)", "(conversion)", "(null)"};
  uint32_t i, end = UINT32_MAX-state;
  text->n = 0;
  if( end<3 ){
    at_text_add(env, text, ends[end], strlen(ends[end]));
    return !env->error.code;
  }
  for(i=0; i<s->states[state].n; i++){
    AtCell name = at_dict_cell(names, s->channel[s->states[state].first+i]);
    if( i>0 ){
      at_text_add(env, text, " ", 1);
      at_text_add(env, text, separator.text, separator.n);
      at_text_add(env, text, " ", 1);
    }
    at_text_add(env, text, name.text, name.n);
  }
  return !env->error.code;
}

/* Every channel must be read back as it was written. */
int at_check_names(AtEnv *env, const AtDict *names, AtSeparator separator){
  static const char *const taken[] = {"(start)", "(conversion)", "(null)", "(unattributed)", NULL};
  uint32_t i;
  int k;
  for(i=0; i<names->n && at_alive(env, 1); i++){
    AtCell name = at_dict_cell(names, i);
    const char *text = name.text;
    size_t n = name.n;
    at_trim(&text, &n);
    if( n!=name.n ){
      at_fail(env, AT_INVALID, "channel %s has blanks at its ends, which a state does not keep; trim it in a view",
              at_quote(name.text, name.n).text);
    }
    if( at_find_separator(name.text, name.text+name.n, separator)<name.text+name.n ){
      at_fail(env, AT_INVALID, "channel %s holds the separator %s; write another one, such as separator=|",
              at_quote(name.text, name.n).text, at_quote(separator.text, separator.n).text);
    }
    for(k=0; taken[k]; k++){
      if( name.n!=strlen(taken[k]) || memcmp(name.text, taken[k], name.n)!=0 ) continue;
      at_fail(env, AT_INVALID, "channel %s has the name of a state of every chain; rename it in a view",
              at_quote(name.text, name.n).text);
    }
  }
  return !env->error.code;
}
