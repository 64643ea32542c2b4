/*
** counts.c: the steps of a chain from rows (from_state, to_state, weight [, value]),
** as markov_transitions writes them and as sums over shards have them.
**
** A state is a list of channels between separators; it is interned as the list of
** their ids. At the end channels, states and steps are put in the order in which
** steps.c has them, equal steps added up in an order of their own, so that neither
** the order of rows nor the way they were sharded shows.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

/* Whether a state is (start), (conversion) or (null), blanks around it ignored. */
int at_is_named(const AtCell *cell, const char *word){
  const char *text = cell->text;
  size_t n = cell->n;
  at_trim(&text, &n);
  return n==strlen(word) && memcmp(text, word, n)==0;
}

/* The id of a state: of the bytes of its channels' ids. */
static uint32_t state_of(AtEnv *env, AtCounts *c, const AtCell *cell, AtSeparator separator){
  c->n_channel = 0;
  if( !at_channels_split(env, &c->names, cell->text, cell->n, separator, &c->channel, &c->n_channel,
                         &c->channel_capacity) ) return 0;
  if( c->n_channel>AT_MAX_TEXT/sizeof *c->channel ){
    at_fail(env, AT_INVALID, "a state of more than 16,383 channels (got %s); is the separator right? write separator=",
            at_quote(cell->text, cell->n).text);
    return 0;
  }
  return at_dict_intern(env, &c->tuples, AT_BLOB, (const char*)c->channel, c->n_channel*sizeof *c->channel);
}

/* Adds one row, of which all is good; one without weight is left out. */
int at_counts_add(AtEnv *env, AtCounts *c, const AtCell *from, const AtCell *to, AtSeparator separator,
                  double weight, double value){
  AtCount *row;
  if( env->error.code || weight==0 ) return !env->error.code;
  if( c->n>=AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "more than 4,000,000,000 steps");
    return 0;
  }
  if( c->n>=c->capacity ){
    size_t capacity = c->capacity ? c->capacity + c->capacity/2 : 256;
    if( !at_grow(env, &c->rows, capacity, sizeof *c->rows) ) return 0;
    c->capacity = capacity;
  }
  row = &c->rows[c->n];
  row->from = at_is_named(from, "(start)") ? AT_START : state_of(env, c, from, separator);
  if( at_is_named(to, "(conversion)") ) row->to = AT_CONVERSION;
  else row->to = at_is_named(to, "(null)") ? AT_NULL_END : state_of(env, c, to, separator);
  row->weight = weight;
  row->value = value;
  if( !env->error.code ) c->n++;
  return at_alive(env, 1);
}

/************************************ Finishing ******************************/

/* The channels of a state as ids in text order. */
static uint32_t read_tuple(const AtCounts *c, uint32_t tuple, const uint32_t *rank, uint32_t *channel){
  AtCell cell = at_dict_cell(&c->tuples, tuple);
  uint32_t n = (uint32_t)(cell.n/sizeof *channel), i;
  memcpy(channel, cell.text, cell.n);
  for(i=0; i<n; i++) channel[i] = rank[channel[i]];
  return n;
}

static int compare_states(const void *rows, uint32_t a, uint32_t b){
  const AtSteps *s = rows;
  const AtState *x = &s->states[a], *y = &s->states[b];
  uint32_t i;
  for(i=0; i<x->n && i<y->n; i++){
    uint32_t c = s->channel[x->first+i], d = s->channel[y->first+i];
    if( c!=d ) return c<d ? -1 : 1;
  }
  return x->n<y->n ? -1 : x->n>y->n;
}

static int compare_rows(const void *rows, uint32_t a, uint32_t b){
  const AtCount *x = (const AtCount*)rows+a, *y = (const AtCount*)rows+b;
  if( x->from!=y->from ) return x->from<y->from ? -1 : 1;
  if( x->to!=y->to ) return x->to<y->to ? -1 : 1;
  if( x->weight!=y->weight ) return x->weight<y->weight ? -1 : 1;
  return x->value<y->value ? -1 : x->value>y->value;
}

/* The states in the order of their channels, and the rows' ids renamed to it. */
static int order_states(AtEnv *env, AtSteps *s, AtCounts *c, const uint32_t *rank){
  uint32_t *order, *place, i;
  AtState *states;
  size_t n_channel = 0;
  for(i=0; i<c->tuples.n; i++) n_channel += at_dict_cell(&c->tuples, i).n/sizeof *s->channel;
  if( n_channel>AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "the states have more than 4,000,000,000 channels");
    return 0;
  }
  s->n = c->tuples.n;
  s->states = at_alloc(env, s->n, sizeof *s->states);
  s->channel = at_alloc(env, n_channel, sizeof *s->channel);
  if( env->error.code ) return 0;
  memset(s->states, 0, s->n*sizeof *s->states);
  for(i=0, n_channel=0; i<s->n; i++){
    s->states[i].first = (uint32_t)n_channel;
    s->states[i].n = read_tuple(c, i, rank, s->channel+n_channel);
    n_channel += s->states[i].n;
  }
  order = at_sorted(env, s->n, compare_states, s);
  place = at_alloc(env, s->n, sizeof *place);
  states = at_alloc(env, s->n, sizeof *states);
  if( !env->error.code ){
    for(i=0; i<s->n; i++) states[i] = s->states[order[i]];
    for(i=0; i<s->n; i++) place[order[i]] = i;
    memcpy(s->states, states, s->n*sizeof *states);
    for(i=0; i<c->n; i++){
      if( c->rows[i].from<s->n ) c->rows[i].from = place[c->rows[i].from];
      if( c->rows[i].to<s->n ) c->rows[i].to = place[c->rows[i].to];
    }
  }
  at_free(env->alloc, order);
  at_free(env->alloc, place);
  at_free(env->alloc, states);
  return !env->error.code;
}

/* One row into the states or the steps; bare: from (start) straight to an end. */
static void add_row(AtSteps *s, const AtCount *row, AtSum *bare_conversions, AtSum *bare_value){
  AtState *from = row->from==AT_START ? NULL : &s->states[row->from];
  AtMove *last = s->n_steps ? &s->steps[s->n_steps-1] : NULL;
  if( from ) at_sum_add(&from->value, row->value);
  if( from==NULL && row->to<s->n ) s->states[row->to].start += row->weight;
  else if( from==NULL && row->to==AT_CONVERSION ) at_sum_add(bare_conversions, row->weight);
  else if( row->to==AT_CONVERSION ) from->conversions += row->weight;
  else if( row->to==AT_NULL_END && from ) from->nulls += row->weight;
  else if( row->to<s->n && row->from!=row->to ){
    if( last && last->from==row->from && last->to==row->to ){
      last->weight += row->weight;
    }else{
      last = &s->steps[s->n_steps++];
      last->from = row->from;
      last->to = row->to;
      last->weight = row->weight;
    }
  }
  if( from==NULL ) at_sum_add(bare_value, row->value);
}

/* The chain of all rows added. Puts c's names in text order; at_steps_free() must
** follow whatever this returns. */
int at_steps_of_counts(AtEnv *env, AtSteps *s, AtCounts *c){
  uint32_t *rank, *order = NULL, i;
  AtSum bare_conversions = {0, 0}, bare_value = {0, 0};
  memset(s, 0, sizeof *s);
  s->n_channels = c->names.n;
  s->has_value = c->has_value;
  rank = at_dict_sort(env, &c->names);
  if( rank && order_states(env, s, c, rank) ){
    order = at_sorted(env, c->n, compare_rows, c->rows);
    s->steps = at_alloc(env, c->n, sizeof *s->steps);
    if( !env->error.code ){
      for(i=0; i<c->n; i++){
        s->value_size += fabs(c->rows[order[i]].value);
        add_row(s, &c->rows[order[i]], &bare_conversions, &bare_value);
      }
    }
  }
  s->bare_conversions = at_sum_total(&bare_conversions);
  s->bare_value = at_sum_total(&bare_value);
  at_free(env->alloc, rank);
  at_free(env->alloc, order);
  return !env->error.code;
}

void at_counts_free(const AtAlloc *alloc, AtCounts *c){
  at_dict_free(alloc, &c->names);
  at_dict_free(alloc, &c->tuples);
  at_free(alloc, c->rows);
  at_free(alloc, c->channel);
  memset(c, 0, sizeof *c);
}
