/*
** effects_question.c: what the data-driven tables are asked: touches and conversions, of
** which journeys are made, or a list that somebody else has made of them.
*/
#include "sql.h"

#include <string.h>

const Argument effects_arguments[] = {
  {"touches", 1, "the relation of touches: 'touches(entity, ts, channel)'"},
  {"conversions", 1, "the relation of conversions: 'deals(entity, ts, value)'"},
  {"options", 0, "such as 'order=2; lookback=90 days'"},
  {NULL, 0, NULL}
};
const Argument paths_arguments[] = {
  {"paths", 1, "the relation of paths: 'paths(path, conversions [, value [, nulls]])'"},
  {"options", 0, "such as 'order=2; separator=|'"},
  {NULL, 0, NULL}
};
const Argument counts_arguments[] = {
  {"counts", 1, "the relation of steps: 'counts(from_state, to_state, weight [, value])', as markov_transitions has them"},
  {"options", 0, "such as 'separator=|'"},
  {NULL, 0, NULL}
};
const Argument coalitions_arguments[] = {
  {"coalitions", 1, "the relation of sets of channels: 'coalitions(channels, conversions [, value [, nulls]])'"},
  {"options", 0, "such as 'separator=|; min_paths=100'"},
  {NULL, 0, NULL}
};

AtSeparator effects_separator(const EffectsQuestion *q){
  AtSeparator separator;
  separator.text = q->question.options.separator;
  separator.n = q->question.options.separator_n;
  return separator;
}

/* Reads the arguments of a table of touches and conversions into paths.
** effects_close() must follow whatever these functions return. */
int effects_open_touches(EffectsQuestion *q, Cursor *cursor, Work *work, unsigned table){
  Question *asked = &q->question;
  memset(q, 0, sizeof *q);
  if( !question_open(asked, cursor, work, 0, table) ) return 0;
  q->paths.has_value = asked->conversions_relation.shape.has_number;
  return at_paths_journeys(&work->env, &q->paths, asked->touches, asked->conversions, &asked->options)
      && at_paths_finish(&work->env, &q->paths, asked->options.min_paths, 0);
}

/* A list's relation and options, resolved. */
static int open_list(EffectsQuestion *q, Cursor *cursor, Work *work, const Role *role, unsigned table, AtList *list){
  const AtCell *relation = &cursor->arguments[0];
  Relation *r = &q->list;
  int i;
  memset(q, 0, sizeof *q);
  memset(list, 0, sizeof *list);
  for(i=0; i<2; i++) question_check_text(cursor, work, i);
  if( work->env.error.code || !question_options(&q->question.options, cursor, work, 1, table) ) return 0;
  relation_parse(work, r, role, relation->text, relation->n);
  relation_resolve(work, r, NULL, NULL, q->question.options.unit);
  list->relation = r->name;
  list->has_id = r->shape.has_id;
  list->separator = effects_separator(q);
  for(i=0; i<r->n_columns && !work->env.error.code; i++){
    switch( r->kinds[i] ){
      case KIND_COUNT: list->count = r->columns[i]; break;
      case KIND_VALUE:
        list->value = r->columns[i];
        if( sqlite3_stricmp(list->value, "nulls")==0 ){
          at_fail(&work->env, AT_INVALID, "argument %s names nulls where the value stands; write %s, with NULL AS value "
                  "in a view if there is none", role->argument, role->form);
        }
        break;
      case KIND_NULLS: list->nulls = r->columns[i]; break;
      default: list->text[list->n_texts++] = r->columns[i];
    }
  }
  return !work->env.error.code;
}

typedef struct Reader Reader;
struct Reader { AtList list; AtPaths *paths; AtCounts *counts; };

static int add_path(void *context, AtEnv *env, const AtCell *cells){
  Reader *reader = context;
  return at_list_path(env, &reader->list, reader->paths, cells);
}

static int add_count(void *context, AtEnv *env, const AtCell *cells){
  Reader *reader = context;
  return at_list_count(env, &reader->list, reader->counts, cells);
}

/* The same for a table of paths or coalitions. */
int effects_open_paths(EffectsQuestion *q, Cursor *cursor, Work *work, const Role *role, unsigned table){
  Reader reader;
  if( !open_list(q, cursor, work, role, table, &reader.list) ) return 0;
  reader.paths = &q->paths;
  q->paths.has_value = reader.list.value!=NULL;
  return load_rows(work, &q->list, add_path, &reader)
      && at_paths_finish(&work->env, &q->paths, q->question.options.min_paths, 1);
}

/* The same for a table of counts, which are the caller's. */
int effects_open_counts(EffectsQuestion *q, Cursor *cursor, Work *work, AtCounts *counts){
  Reader reader;
  if( !open_list(q, cursor, work, &counts_role, AT_FOR_COUNTS, &reader.list) ) return 0;
  reader.counts = counts;
  counts->has_value = reader.list.value!=NULL;
  return load_rows(work, &q->list, add_count, &reader);
}

void effects_close(EffectsQuestion *q, Connection *connection){
  at_paths_free(&connection->alloc, &q->paths);
  relation_free(connection, &q->list);
  question_close(&q->question, connection);
}

void result_name(sqlite3_context *context, const AtDict *names, uint32_t channel){
  AtCell name = at_dict_cell(names, channel);
  cell_result(context, &name);
}

/* NULL where there is no answer, or no value to have one. */
void result_effect(sqlite3_context *context, const AtEffect *e, int column, int has_value){
  switch( column ){
    case EFFECT_REMOVAL: result_real(context, e->removal); return;
    case EFFECT_SHARE: result_real(context, e->share); return;
    case EFFECT_MARKOV: result_real(context, e->conversions); return;
    case EFFECT_REMOVAL_VALUE: if( has_value ) result_real(context, e->removal_value); return;
    default: if( has_value ) result_real(context, e->value);
  }
}
