/*
** vtab_effects.c: channel_effects(touches, conversions [, options]),
** path_effects(paths [, options]) and shapley_effects(coalitions [, options])
**
** One row per channel: what would be lost without it, and what it earned by two
** data-driven rules. What a column needs is worked out when it is first read: a chain
** is not solved for somebody who asks for Shapley values.
**
**   SELECT channel, removal_effect, markov_conversions, shapley_conversions
**     FROM channel_effects('touches(account_id, touched_at, channel)',
**                          'won_deals(account_id, closed_at, amount)', 'order=2')
**    ORDER BY removal_effect DESC;
*/
#include "sql.h"

#include <string.h>

enum { CHANNEL, SHAPLEY = EFFECT_COLUMNS, SHAPLEY_VALUE, RATE, PATHS,
       FIRST, FIRST_VALUE, LAST, LAST_VALUE, LINEAR, LINEAR_VALUE };
#define CHANNEL_COLUMN {"channel", "TEXT", "label of the touches, (none), (other), or (unattributed)"}
#define SHAPLEY_COLUMNS \
  {"shapley_conversions", "REAL", "each path's conversions, equally over its channels"}, \
  {"shapley_value", "REAL", "each path's value likewise"}, \
  {"shapley_rate", "REAL", "Shapley value of the rate game; up to 20 channels"}
static const Column channel_columns[] = {
  CHANNEL_COLUMN, MARKOV_COLUMNS, SHAPLEY_COLUMNS,
  {"paths", "INTEGER", "journeys that hold the channel, converting or not"},
  {NULL, NULL, NULL}
};
static const Column path_columns[] = {
  CHANNEL_COLUMN, MARKOV_COLUMNS, SHAPLEY_COLUMNS,
  {"paths", "REAL", "conversions + nulls of the paths that hold the channel"},
  {"first_touch_conversions", "REAL", "of the paths that begin with it"},
  {"first_touch_value", "REAL", "of the paths that begin with it"},
  {"last_touch_conversions", "REAL", "of the paths that end with it"},
  {"last_touch_value", "REAL", "of the paths that end with it"},
  {"linear_conversions", "REAL", "each path's, equally over its touches"},
  {"linear_value", "REAL", "each path's, equally over its touches"},
  {NULL, NULL, NULL}
};
static const Column shapley_columns[] = {
  CHANNEL_COLUMN, SHAPLEY_COLUMNS,
  {"paths", "REAL", "conversions + nulls of the paths that hold the channel"},
  {NULL, NULL, NULL}
};
/* shapley_effects has these of the columns above. */
static const int shapley_meaning[] = { CHANNEL, SHAPLEY, SHAPLEY_VALUE, RATE, PATHS };

typedef struct State State;
struct State {
  EffectsQuestion question;
  AtTally *tallies;                 /* once asked for */
  AtEffects effects;                /* once asked for */
  double *rate;                     /* once asked for */
  int has_bare;                     /* there is an (unattributed) row */
  uint32_t row;                     /* 1 = the first; n + 1 = (unattributed) */
};

static void open_state(Cursor *cursor, Work *work, const Role *role, unsigned table){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  cursor->state = s;
  if( role ? effects_open_paths(&s->question, cursor, work, role, table)
           : effects_open_touches(&s->question, cursor, work, table) ){
    const AtPaths *p = &s->question.paths;
    s->has_bare = at_has_bare(at_sum_total(&p->bare_conversions), at_sum_total(&p->bare_value));
  }
}

static void channel_open(Cursor *cursor, Work *work){ open_state(cursor, work, NULL, AT_FOR_CHANNELS); }
static void path_open(Cursor *cursor, Work *work){ open_state(cursor, work, &paths_role, AT_FOR_PATHS); }
static void shapley_open(Cursor *cursor, Work *work){ open_state(cursor, work, &coalitions_role, AT_FOR_COALITIONS); }

static void effects_table_close(Cursor *cursor){
  State *s = cursor->state;
  const AtAlloc *alloc = &cursor->connection->alloc;
  at_free(alloc, s->tallies);
  at_free(alloc, s->rate);
  at_effects_free(alloc, &s->effects);
  effects_close(&s->question, cursor->connection);
  at_free(alloc, s);
}

static int effects_next(Cursor *cursor){
  State *s = cursor->state;
  return ++s->row<=s->question.paths.names.n+(s->has_bare ? 1 : 0);
}

/* Works out what is asked for, as a Work, so that progress handlers are heard. Returns
** 0 on failure, which is then the result. */
static int work_out(Cursor *cursor, sqlite3_context *context, int (*solve)(AtEnv *env, State *s)){
  Work work;
  int done = work_begin(&work, cursor->connection);
  work.env.threads = cursor->env.threads;
  done = done && solve(&work.env, cursor->state);
  if( !done ) result_failure(context, cursor->family->name, &work.env);
  work_end(&work);
  return done;
}

static int solve_effects(AtEnv *env, State *s){
  AtSteps steps;
  if( at_steps_of_order(env, &steps, &s->question.paths, s->question.question.options.chain_order) ){
    at_removal_effects(env, &s->effects, &steps, &s->question.paths.names);
  }
  at_steps_free(env->alloc, &steps);
  if( env->error.code ) at_effects_free(env->alloc, &s->effects);
  return !env->error.code;
}

static int solve_tallies(AtEnv *env, State *s){
  if( at_tally(env, &s->tallies, &s->question.paths) ) return 1;
  at_free(env->alloc, s->tallies);
  s->tallies = NULL;
  return 0;
}

static int solve_rate(AtEnv *env, State *s){
  s->rate = at_alloc(env, s->question.paths.names.n, sizeof *s->rate);
  if( s->rate && at_shapley_rate(env, &s->question.paths, s->rate) ) return 1;
  at_free(env->alloc, s->rate);
  s->rate = NULL;
  return 0;
}

static void result_rate(Cursor *cursor, sqlite3_context *context){
  State *s = cursor->state;
  if( s->rate==NULL && !work_out(cursor, context, solve_rate) ) return;
  sqlite3_result_double(context, s->rate[s->row-1]);
}

/* The row of conversions without touches: no effects, every rule's sums. */
static void result_bare(const State *s, sqlite3_context *context, int column){
  const AtPaths *p = &s->question.paths;
  switch( column ){
    case CHANNEL: sqlite3_result_text(context, "(unattributed)", -1, SQLITE_STATIC); return;
    case EFFECT_MARKOV: case SHAPLEY: case FIRST: case LAST: case LINEAR: case PATHS:
      sqlite3_result_double(context, at_sum_total(&p->bare_conversions));
      return;
    case EFFECT_MARKOV_VALUE: case SHAPLEY_VALUE: case FIRST_VALUE: case LAST_VALUE: case LINEAR_VALUE:
      if( p->has_value ) sqlite3_result_double(context, at_sum_total(&p->bare_value));
  }
}

static void result_solved(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  if( s->effects.effects==NULL && !work_out(cursor, context, solve_effects) ) return;
  result_effect(context, &s->effects.effects[s->row-1], column, s->question.paths.has_value);
}

static void result_tally(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  int has_value = s->question.paths.has_value;
  const AtTally *t;
  if( s->tallies==NULL && !work_out(cursor, context, solve_tallies) ) return;
  t = &s->tallies[s->row-1];
  switch( column ){
    case SHAPLEY: sqlite3_result_double(context, t->conversions); return;
    case SHAPLEY_VALUE: if( has_value ) sqlite3_result_double(context, t->value); return;
    case PATHS: sqlite3_result_double(context, t->paths); return;
    case FIRST: sqlite3_result_double(context, t->first[0]); return;
    case FIRST_VALUE: if( has_value ) sqlite3_result_double(context, t->first[1]); return;
    case LAST: sqlite3_result_double(context, t->last[0]); return;
    case LAST_VALUE: if( has_value ) sqlite3_result_double(context, t->last[1]); return;
    case LINEAR: sqlite3_result_double(context, t->linear[0]); return;
    default: if( has_value ) sqlite3_result_double(context, t->linear[1]);
  }
}

static void result_meaning(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtPaths *p = &s->question.paths;
  if( s->row>p->names.n ){
    result_bare(s, context, column);
    return;
  }
  switch( column ){
    case CHANNEL: result_name(context, &p->names, s->row-1); return;
    case EFFECT_REMOVAL: case EFFECT_REMOVAL_VALUE: case EFFECT_SHARE: case EFFECT_MARKOV: case EFFECT_MARKOV_VALUE:
      result_solved(cursor, context, column);
      return;
    case RATE: result_rate(cursor, context); return;
    default: result_tally(cursor, context, column);
  }
}

/* Journeys are counted in whole numbers. */
static void channel_column(Cursor *cursor, sqlite3_context *context, int column){
  State *s = cursor->state;
  const AtPaths *p = &s->question.paths;
  if( column!=PATHS ) result_meaning(cursor, context, column);
  else if( s->row>p->names.n ) sqlite3_result_int64(context, (sqlite3_int64)at_sum_total(&p->bare_conversions));
  else if( s->tallies || work_out(cursor, context, solve_tallies) ){
    sqlite3_result_int64(context, (sqlite3_int64)s->tallies[s->row-1].paths);
  }
}

static void shapley_column(Cursor *cursor, sqlite3_context *context, int column){
  result_meaning(cursor, context, shapley_meaning[column]);
}

const Family channel_effects_family = {
  .name = "channel_effects",
  .help = "data-driven worth of each channel: exact removal effects of a Markov chain, exact Shapley values; journeys that did not "
          "convert count as failures, and without any the effects only tell what no conversion came about without",
  .example = "channel_effects('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)', 'order=2')",
  .columns = channel_columns,
  .arguments = effects_arguments,
  .entity_column = -1,
  .open = channel_open,
  .next = effects_next,
  .column = channel_column,
  .close = effects_table_close,
};

const Family path_effects_family = {
  .name = "path_effects",
  .help = "the same from paths that are already added up, and first touch, last touch and linear beside it",
  .example = "path_effects('account_paths(path, conversions, value, nulls)', 'order=2')",
  .columns = path_columns,
  .arguments = paths_arguments,
  .entity_column = -1,
  .open = path_open,
  .next = effects_next,
  .column = result_meaning,
  .close = effects_table_close,
};

const Family shapley_effects_family = {
  .name = "shapley_effects",
  .help = "Shapley values from sets of channels, which may have been summed over shards",
  .example = "shapley_effects('account_paths(path, conversions, value, nulls)')",
  .columns = shapley_columns,
  .arguments = coalitions_arguments,
  .entity_column = -1,
  .open = shapley_open,
  .next = effects_next,
  .column = shapley_column,
  .close = effects_table_close,
};
