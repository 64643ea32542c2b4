/*
** vtab_markov_effects.c: markov_effects(counts [, options])
**
** Removal effects from the counts of a chain. Counts add up, so those of many shards
** give what the whole gives:
**
**   CREATE TEMP TABLE steps AS
**     SELECT * FROM markov_transitions('east(…)', 'east_deals(…)') UNION ALL
**     SELECT * FROM markov_transitions('west(…)', 'west_deals(…)');
**   SELECT * FROM markov_effects('steps(from_state, to_state, weight, value)');
*/
#include "sql.h"

#include <string.h>

enum { CHANNEL };
static const Column columns[] = {
  {"channel", "TEXT", "channel of the states, or (unattributed)"}, MARKOV_COLUMNS,
  {NULL, NULL, NULL}
};

typedef struct State State;
struct State {
  EffectsQuestion question;
  AtCounts counts;
  AtSteps steps;
  AtEffects effects;
  uint32_t row;                     /* 1 = the first; n + 1 = (unattributed) */
};

static void markov_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( !effects_open_counts(&s->question, cursor, work, &s->counts) ) return;
  if( at_steps_of_counts(&work->env, &s->steps, &s->counts) ){
    at_removal_effects(&work->env, &s->effects, &s->steps, &s->counts.names);
  }
}

static void markov_close(Cursor *cursor){
  State *s = cursor->state;
  const AtAlloc *alloc = &cursor->connection->alloc;
  at_effects_free(alloc, &s->effects);
  at_steps_free(alloc, &s->steps);
  at_counts_free(alloc, &s->counts);
  effects_close(&s->question, cursor->connection);
  at_free(alloc, s);
}

static int markov_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->effects.n+(uint32_t)at_has_bare(s->steps.bare_conversions, s->steps.bare_value);
}

static void markov_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  int has_value = s->steps.has_value;
  if( s->row<=s->effects.n ){
    if( column==CHANNEL ) result_name(context, &s->counts.names, s->row-1);
    else result_effect(context, &s->effects.effects[s->row-1], column, has_value);
  }else if( column==CHANNEL ){
    sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC);
  }else if( column==EFFECT_MARKOV ){
    sqlite3_result_double(context, s->steps.bare_conversions);
  }else if( column==EFFECT_MARKOV_VALUE && has_value ){
    sqlite3_result_double(context, s->steps.bare_value);
  }
}

const Family markov_effects_family = {
  .name = "markov_effects",
  .help = "removal effects from the counts of a chain, which may have been summed over shards",
  .example = "markov_effects('channel_steps(from_state, to_state, weight)')",
  .columns = columns,
  .arguments = counts_arguments,
  .entity_column = -1,
  .open = markov_open,
  .next = markov_next,
  .column = markov_column,
  .close = markov_close,
};
