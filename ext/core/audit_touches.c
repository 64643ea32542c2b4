/*
** audit_touches.c: touches and conversions together: who finds no touch and why, milestones
** out of place, keys that nearly match, sums to reconcile with.
**
** The conversions are walked exactly as attribution() walks them, so what is found without a touch
** here is (unattributed) there, conversion by conversion.
*/
#include "audit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Pair Pair;
struct Pair {
  AtAudited *t, *c;                 /* touches, conversions */
  AtSum value, unattributed;
  uint64_t n_unattributed;
};

static int exists(const AtOptions *o, int64_t time){ return o->as_of==AT_NO_TIME || time<=o->as_of; }

/******************************** Conversion by conversion *******************/

/* A conversion whose path is empty: nobody's key, touches too late, or touches left out. */
static void found_unattributed(AtEnv *env, const Pair *p, const AtWalk *walk){
  const AtStore *t = p->t->store, *c = p->c->store;
  AtPlace place = at_audited_place(p->c, walk->conversion);
  int known = walk->touch_entity<t->n_entities && at_compare_keys(t, walk->touch_entity, c, walk->entity)==0;
  if( !known ){
    at_found(env, p->c->findings, p->c->relation, AT_NO_TOUCHES, &place, "no touch has this %.60s; it is (unattributed)",
             p->c->shape->entity);
  }else if( at_store_when(t, t->start[walk->touch_entity])>at_store_when(c, walk->conversion) ){
    at_found(env, p->c->findings, p->c->relation, AT_ONLY_LATER_TOUCHES, &place,
             "all touches of this %.60s come later; it is (unattributed)", p->c->shape->entity);
  }else{
    at_found(env, p->c->findings, p->c->relation, AT_TOUCHES_OUT_OF_REACH, &place,
             "there are touches before it, but lookback, gap or reset leave none; it is (unattributed)");
  }
}

/* Milestones later than the conversion, earlier than the one before them, or missing where others are not. */
static void check_milestones(AtEnv *env, const AtAudited *c, uint32_t row, const uint8_t *occurs){
  const AtStore *s = c->store;
  const char *before = NULL;
  int64_t latest = AT_NO_TIME;
  AtPlace place;
  int k;
  for(k=0; k<s->n_milestones; k++){
    const char *name = c->shape->milestone[k];
    int64_t time = s->milestone[k][row];
    if( time==AT_NO_TIME ? !occurs[k] : time<=at_store_when(s, row) && (before==NULL || time>=latest) ){
      if( time!=AT_NO_TIME ){ latest = time; before = name; }
      continue;
    }
    place = at_audited_place(c, row);
    if( time==AT_NO_TIME ){
      at_found(env, c->findings, c->relation, AT_MISSING_MILESTONE, &place, "%.60s is missing, other rows have it", name);
      continue;
    }
    if( time>at_store_when(s, row) ){
      at_found(env, c->findings, c->relation, AT_MILESTONE_AFTER_CONVERSION, &place, "%.60s is later than the conversion", name);
    }
    if( before && time<latest ){
      at_found(env, c->findings, c->relation, AT_MILESTONES_OUT_OF_ORDER, &place, "%.60s is earlier than %.60s", name, before);
    }
    if( before==NULL || time>latest ){ latest = time; before = name; }
  }
}

/* Which milestones occur at all; one that does not is found once. */
static void find_milestones(AtEnv *env, const AtAudited *c, uint8_t *occurs){
  const AtStore *s = c->store;
  AtPlace all;
  uint32_t row;
  int k;
  for(k=0; k<s->n_milestones; k++){
    for(row=0; row<s->n && s->milestone[k][row]==AT_NO_TIME; row++){}
    occurs[k] = row<s->n;
    if( occurs[k] || s->n==0 ) continue;
    all = at_place_of_rows(s->n);
    at_found(env, c->findings, c->relation, AT_MISSING_MILESTONE, &all, "%.60s is missing in all rows", c->shape->milestone[k]);
  }
}

static int walk_conversions(AtEnv *env, Pair *p){
  const AtStore *t = p->t->store, *c = p->c->store;
  uint8_t occurs[AT_MAX_MILESTONES] = {0};
  AtWalk walk;
  find_milestones(env, p->c, occurs);
  at_walk_open(env, &walk, t, c, p->c->options, NULL);
  while( at_walk_next(env, &walk) ){
    double value = c->number ? c->number[walk.conversion] : NAN;
    if( !isnan(value) ) at_sum_add(&p->value, value);
    check_milestones(env, p->c, walk.conversion, occurs);
    if( walk.path.n==0 ){
      p->n_unattributed++;
      if( !isnan(value) ) at_sum_add(&p->unattributed, value);
      found_unattributed(env, p, &walk);
    }else if( t->number && at_points_sum(&walk.path)==0 ){
      AtPlace place = at_audited_place(p->c, walk.conversion);
      at_found(env, p->c->findings, p->c->relation, AT_POINTS_NOT_POSITIVE, &place,
               "touches %u: their points add up to nothing positive; model points divides it equally", (unsigned)walk.path.n);
    }
  }
  at_walk_close(env->alloc, &walk);
  return !env->error.code;
}

/******************************** Entity by entity ***************************/

/* Touches that exist in [first, limit) and are later than time. */
static uint32_t touches_after(const Pair *p, uint32_t e, int64_t time, uint32_t *existing){
  const AtStore *t = p->t->store;
  uint32_t row, n = 0;
  *existing = 0;
  for(row=t->start[e]; row<t->start[e+1]; row++){
    int64_t when = at_store_when(t, row);
    if( !exists(p->t->options, when) ) break;
    (*existing)++;
    n += when>time;
  }
  return n;
}

/* The latest conversion of an entity that exists, or AT_NO_TIME. */
static int64_t last_conversion(const Pair *p, uint32_t e){
  const AtStore *c = p->c->store;
  uint32_t row;
  for(row=c->start[e+1]; row>c->start[e]; row--){
    if( exists(p->c->options, at_store_when(c, row-1)) ) return at_store_when(c, row-1);
  }
  return AT_NO_TIME;
}

/* Counts, in one row each: of every entity there may be too many. */
static int count_entities(AtEnv *env, const Pair *p){
  const AtStore *t = p->t->store, *c = p->c->store;
  uint64_t after = 0, of_entities = 0, without = 0, their_touches = 0;
  AtPlace all;
  uint32_t e, o = 0;
  for(e=0; e<t->n_entities && at_alive(env, 1); e++){
    int order = 1;
    int64_t last = AT_NO_TIME;
    uint32_t n, existing;
    while( o<c->n_entities && (order = at_compare_keys(c, o, t, e))<0 ) o++;
    if( o<c->n_entities && order==0 ) last = last_conversion(p, o);
    n = touches_after(p, e, last, &existing);
    if( existing==0 ) continue;
    if( last==AT_NO_TIME ){ without++; their_touches += existing; }
    else{ after += n; of_entities += n>0; }
  }
  if( after ){
    all = at_place_of_rows(after);
    at_found(env, p->t->findings, p->t->relation, AT_TOUCHES_AFTER_LAST, &all, "touches %llu, entities %llu: later than the entity's last conversion",
             (unsigned long long)after, (unsigned long long)of_entities);
  }
  if( without ){
    all = at_place_of_rows(their_touches);
    at_found(env, p->t->findings, p->t->relation, AT_ENTITIES_WITHOUT_CONVERSION, &all, "touches %llu, entities %llu: no conversion",
             (unsigned long long)their_touches, (unsigned long long)without);
  }
  return !env->error.code;
}

/******************************** Keys that nearly match *********************/

typedef struct Near Near;
struct Near {
  AtDict forms;                     /* plain forms of the keys of one store */
  uint32_t *entity;                 /* by form: the first entity that has it */
};

static int open_near(AtEnv *env, Near *near, const AtStore *s){
  AtText plain = {0};
  uint32_t e, seen = 0;
  near->entity = at_alloc(env, s->n_entities, sizeof *near->entity);
  for(e=0; near->entity && e<s->n_entities && at_alive(env, 1); e++){
    AtCell key = at_store_key(s, e);
    uint32_t id;
    if( !at_plain_form(env, &plain, &key, 1) ) break;
    id = at_dict_intern(env, &near->forms, AT_TEXT, plain.text, plain.n);
    if( !env->error.code && id==seen ) near->entity[seen++] = e;
  }
  at_text_free(env->alloc, &plain);
  return !env->error.code;
}

static void close_near(const AtAlloc *alloc, Near *near){
  at_dict_free(alloc, &near->forms);
  at_free(alloc, near->entity);
}

/* Whether an entity's key is one of the other store, too; *place follows along. */
static int is_matched(const AtStore *s, uint32_t e, const AtStore *other, uint32_t *place){
  int order = 1;
  while( *place<other->n_entities && (order = at_compare_keys(other, *place, s, e))<0 ) ++*place;
  return *place<other->n_entities && order==0;
}

/* Keys of x that only nearly match one of the other relation; only_matched: one that x has exactly, too. */
static int find_near(AtEnv *env, const AtAudited *x, const AtAudited *other, const char *name, int only_matched){
  const AtStore *s = x->store, *o = other->store;
  AtText plain = {0};
  Near near = {{0}, NULL};
  uint32_t e, place = 0, known;
  open_near(env, &near, o);
  known = near.forms.n;
  for(e=0; e<s->n_entities && at_alive(env, 1); e++){
    AtCell key = at_store_key(s, e), match;
    AtPlace where;
    uint32_t id;
    if( is_matched(s, e, o, &place) || !at_plain_form(env, &plain, &key, 1) ) continue;
    id = at_dict_intern(env, &near.forms, AT_TEXT, plain.text, plain.n);
    if( env->error.code || id>=known ) continue;
    match = at_store_key(o, near.entity[id]);
    if( only_matched && at_store_find(s, &match)==AT_NO_ENTITY ) continue;
    where = at_audited_place(x, s->start[e]);
    where.rows = s->start[e+1]-s->start[e];
    at_found(env, x->findings, x->relation, AT_SIMILAR_KEYS, &where, "no key of %s is %s, but %s%s is nearly the same; write both alike",
             name, at_cell_quote(&key).text, match.type==AT_TEXT ? "the text " : match.type==AT_BLOB ? "" : "the number ",
             at_cell_quote(&match).text);
  }
  at_text_free(env->alloc, &plain);
  close_near(env->alloc, &near);
  return !env->error.code;
}

static int audit_keys(AtEnv *env, const Pair *p){
  const AtStore *t = p->t->store, *c = p->c->store;
  if( at_keys_conflict(t, c) ){
    AtEnv own = *env;                 /* the words of the failure that this is elsewhere */
    const AtStore *text = t->key_classes==1u<<AT_TEXT ? t : c;
    AtPlace all = at_place_of_rows(text->n);
    at_keys_agree(&own, t, c, p->t->shape->entity, p->c->shape->entity);
    return at_found(env, p->c->findings, text==t ? p->t->relation : p->c->relation, AT_KEYS_OF_TWO_CLASSES, &all,
                    "%s", own.error.text);
  }
  if( t->integer_keys && c->integer_keys ) return 1;
  return find_near(env, p->c, p->t, "touches", 0) && find_near(env, p->t, p->c, "conversions", 1);
}

/*********************************** The whole *******************************/

/* ', value 12.5, of it 3.0 (unattributed)', to hold against the CRM. */
static void add_values(const Pair *p, char *out, size_t room){
  char value[32], part[32];
  size_t n = (size_t)snprintf(out, room, ", unattributed %llu", (unsigned long long)p->n_unattributed);
  if( !p->c->shape->has_number ) return;
  at_number_format(at_sum_total(&p->value), value);
  at_number_format(at_sum_total(&p->unattributed), part);
  snprintf(out+n, room-n, ", value %s, unattributed value %s", value, part);
}

static int summarize(AtEnv *env, const AtAudited *x, const char *more){
  AtPlace all;
  char later[48] = "";
  if( x->options->as_of!=AT_NO_TIME ) snprintf(later, sizeof later, ", later than as_of %llu", (unsigned long long)x->later);
  all = at_place_of_rows(x->rows);
  return at_found(env, x->findings, x->relation, AT_SUMMARY, &all, "rows %llu, used %llu, skipped %llu, refused %llu%s%s",
                  (unsigned long long)x->rows, (unsigned long long)(x->store->n-x->later), (unsigned long long)x->skipped,
                  (unsigned long long)x->refused, later, more);
}

/* Audits two relations that have been read. */
int at_audit_journeys(AtEnv *env, AtAudited *touches, AtAudited *conversions){
  Pair p = {touches, conversions, {0, 0}, {0, 0}, 0};
  const AtShape *t = touches->shape, *c = conversions->shape;
  char columns[200], values[160];
  snprintf(columns, sizeof columns, "%.60s, %.60s and %.60s", t->entity, t->time, t->label);
  at_audit_times(env, touches);
  at_audit_ids(env, touches);
  at_audit_duplicates(env, touches, columns);
  at_audit_labels(env, touches);
  if( c->has_number ) snprintf(columns, sizeof columns, "%.60s, %.60s and %.60s", c->entity, c->time, c->number);
  else snprintf(columns, sizeof columns, "%.60s and %.60s", c->entity, c->time);
  at_audit_times(env, conversions);
  at_audit_ids(env, conversions);
  at_audit_duplicates(env, conversions, columns);
  if( env->error.code || !audit_keys(env, &p) || !walk_conversions(env, &p) || !count_entities(env, &p) ) return 0;
  add_values(&p, values, sizeof values);
  return summarize(env, touches, "") && summarize(env, conversions, values);
}
