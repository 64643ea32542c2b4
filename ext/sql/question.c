/*
** question.c: what attribution(), attribution_summary() and journeys() are
** asked: two relations, models and options, read and loaded in that order.
*/
#include "sql.h"

#include <string.h>

const Argument question_arguments[] = {
  {"touches", 1, "the relation of touches: 'touches(entity, ts, channel [, points])'"},
  {"conversions", 1, "the relation of conversions: 'deals(entity, ts, value [, milestone1, …])'"},
  {"models", 0, "a list such as 'first_touch, linear', or 'all'; default 'linear'"},
  {"options", 0, "such as 'lookback=90 days; round=0.01'"},
  {NULL, 0, NULL}
};
const Argument journeys_arguments[] = {
  {"touches", 1, "the relation of touches: 'touches(entity, ts, channel)'"},
  {"conversions", 1, "the relation of conversions: 'deals(entity, ts, value)'"},
  {"options", 0, "such as 'lookback=90 days; gap=180 days'"},
  {NULL, 0, NULL}
};

/* An argument must be text: a number or a blob is a mistake. */
void question_check_text(Cursor *cursor, Work *work, int i){
  const AtCell *cell = &cursor->arguments[i];
  if( cell->type==AT_TEXT || cell->type==AT_NULL ) return;
  at_fail(&work->env, AT_INVALID, "argument %s is not text (got %s); write %s",
          cursor->family->arguments[i].name, at_cell_quote(cell).text, cursor->family->example);
}

/* Reads the options in an argument; NULL is none. */
int question_options(AtOptions *o, Cursor *cursor, Work *work, int argument, unsigned table){
  const AtCell *text = &cursor->arguments[argument];
  int given = text->type!=AT_NULL;
  if( !at_options_parse(&work->env, o, given ? text->text : "", given ? text->n : 0, table) ) return 0;
  if( o->cache_mb>=0 ) cache_limit(cursor->connection, o->cache_mb);
  if( o->threads && cursor->connection->threads ) cursor->env.threads = work->env.threads = o->threads;
  return 1;
}

/* Loads both relations, or what is needed for one entity. Where the keys of one
** entity seem to conflict, those of the whole relations decide. */
static void load_relations(Question *q, Work *work, const AtCell *entity){
  q->touches = snapshot_store(work, &q->touches_relation, entity);
  q->conversions = snapshot_store(work, &q->conversions_relation, entity);
  if( work->env.error.code ) return;
  if( entity && at_keys_conflict(q->touches, q->conversions) ){
    at_store_release(q->touches);
    at_store_release(q->conversions);
    load_relations(q, work, NULL);
    return;
  }
  at_keys_agree(&work->env, q->touches, q->conversions, q->touches_relation.columns[0],
                q->conversions_relation.columns[0]);
}

/* Whether a model learns from all journeys, so that one entity's rows are not enough. */
static int learns(const AtModels *models){
  int i;
  for(i=0; i<models->n; i++) if( models->model[i].kind==AT_MARKOV ) return 1;
  return 0;
}

/* Lets the models learn what they have not learned before. */
static int learn(Question *q, Cursor *cursor, Work *work, const AtCell *argument){
  static const AtCell none;
  const AtCell *options = argument->type==AT_NULL ? &none : argument;
  double *known[AT_MAX_MODELS];
  int i;
  for(i=0; i<q->models.n && !work->env.error.code; i++){
    AtModel *m = &q->models.model[i];
    known[i] = NULL;
    if( m->kind==AT_MARKOV ) known[i] = m->effect = learned_find(&work->env, q, cursor->connection, options, m->order);
  }
  at_learn(&work->env, &q->models, q->touches, q->conversions, &q->options);
  for(i=0; i<q->models.n && !work->env.error.code; i++){
    const AtModel *m = &q->models.model[i];
    if( m->kind!=AT_MARKOV || known[i] ) continue;
    learned_keep(&work->env, q, cursor->connection, options, m->order, m->effect);
  }
  return !work->env.error.code;
}

/* Reads the cursor's arguments and loads what they name. question_close()
** must follow whatever this returns. */
int question_open(Question *q, Cursor *cursor, Work *work, int has_models, unsigned table){
  AtCell *argument = cursor->arguments;
  AtCell linear = { AT_TEXT, 0, 0, "linear", 6 };
  const AtCell *models = has_models && argument[2].type!=AT_NULL ? &argument[2] : &linear;
  int i;
  memset(q, 0, sizeof *q);
  for(i=0; i<(has_models ? 4 : 3); i++) question_check_text(cursor, work, i);
  if( work->env.error.code ) return 0;
  if( !question_options(&q->options, cursor, work, has_models ? 3 : 2, table) ) return 0;
  relation_parse(work, &q->touches_relation, &touches_role, argument[0].text, argument[0].n);
  relation_parse(work, &q->conversions_relation, &conversions_role, argument[1].text, argument[1].n);
  relation_resolve(work, &q->touches_relation, q->options.touch_id, NULL, q->options.unit);
  relation_resolve(work, &q->conversions_relation, q->options.conversion_id, NULL, q->options.unit);
  if( work->env.error.code ) return 0;
  if( !at_models_parse(&work->env, &q->models, models->text, models->n,
                       q->touches_relation.shape.has_number,
                       q->conversions_relation.shape.n_milestones) ) return 0;
  load_relations(q, work, learns(&q->models) ? NULL : cursor->entity);
  return !work->env.error.code && learn(q, cursor, work, &argument[has_models ? 3 : 2]);
}

void question_close(Question *q, Connection *connection){
  at_models_free(&connection->alloc, &q->models);
  at_store_release(q->touches);
  at_store_release(q->conversions);
  relation_free(connection, &q->touches_relation);
  relation_free(connection, &q->conversions_relation);
  at_options_free(&connection->alloc, &q->options);
}

/* Whether entity = key can be answered by looking the key up: keys and key of
** one class, so that no affinity can make others equal. */
int question_is_lookup(const AtStore *store, const AtCell *key){
  const unsigned numbers = 1u<<AT_INT | 1u<<AT_REAL;
  if( key->type==AT_TEXT ) return store->key_classes==1u<<AT_TEXT;
  return (key->type==AT_INT || key->type==AT_REAL) && (store->key_classes & ~numbers)==0;
}
