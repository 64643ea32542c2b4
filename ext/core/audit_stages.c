/*
** audit_stages.c: stage events, and the passes that they make: names that are not listed, stages that never
** occur, events that change nothing and why, stages filled in, passes that nobody ended.
**
** The passes are those of funnel(): the same walk, which here also tells what it ignores. They are walked
** twice, as what is long for an open pass is learned from the passes that went on.
*/
#include "audit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct Stages Stages;
struct Stages {
  AtAudited *x;
  const AtStages *stages;
  AtFunnel funnel;
  uint32_t *count;                  /* events by label */
  int64_t longest[AT_MAX_STAGES+1]; /* by number: that any pass took to go on from it, -1 = none did */
  uint64_t unlisted, passes[AT_OPEN+1];
};

/************************************ Names **********************************/

static int is_same_plain(AtEnv *env, const AtCell *a, const char *text, size_t n){
  AtCell b = {AT_TEXT, 0, 0, text, n};
  AtText x = {0}, y = {0};
  int same = at_plain_form(env, &x, a, 0) && at_plain_form(env, &y, &b, 0) && x.n==y.n && (x.n==0 || memcmp(x.text, y.text, x.n)==0);
  at_text_free(env->alloc, &x);
  at_text_free(env->alloc, &y);
  return same;
}

static void offer(AtSuggest *near, const char *text, size_t n){
  char name[sizeof near->best];
  if( n>=sizeof name ) return;
  memcpy(name, text, n);
  name[n] = 0;
  at_suggest_offer(near, name);
}

/* A name in the events that is listed nowhere. */
static void unlisted_name(AtEnv *env, Stages *s, const AtCell *name, uint32_t events){
  const AtOptions *o = s->x->options;
  const AtLabelList *lists[] = {&o->exits, &o->exclude, &o->exclude_drop};
  const char *becomes = o->order==AT_ORDER_STRICT ? "and ends a pass under order=strict" : "and is left out";
  AtPlace all = at_place_of_rows(events);
  AtSuggest near;
  uint32_t k;
  int i, j;
  at_suggest_start(&near, name->text, name->n);
  for(k=0; k<s->stages->n; k++){
    const AtStage *stage = &s->stages->stage[k];
    if( is_same_plain(env, name, stage->text, stage->n) ){
      at_found(env, s->x->findings, s->x->relation, AT_SIMILAR_STAGE, &all, "events %u: stage %s is not %s %s; write it alike",
               (unsigned)events, at_cell_quote(name).text, at_quote(stage->text, stage->n).text, becomes);
      return;
    }
    offer(&near, stage->text, stage->n);
  }
  for(i=0; i<3; i++) for(j=0; j<lists[i]->n; j++) offer(&near, lists[i]->text[j], lists[i]->bytes[j]);
  at_found(env, s->x->findings, s->x->relation, AT_UNKNOWN_STAGE, &all, "events %u: stage %s is listed nowhere %s%s%s%s", (unsigned)events,
           at_cell_quote(name).text, becomes, near.best[0] ? "; did you mean " : "; list it in stages, exits or exclude", near.best,
           near.best[0] ? "?" : "");
}

/* A name that is listed and that no event has. */
static void absent_name(AtEnv *env, const Stages *s, const char *list, const char *text, size_t n){
  const AtStore *store = s->x->store;
  AtSuggest near;
  uint32_t i;
  at_suggest_start(&near, text, n);
  for(i=0; i<store->labels.n; i++){
    AtCell label = at_store_label_text(store, i);
    if( s->funnel.code[i]==AT_CODE_OTHER ) offer(&near, label.text, label.n);
  }
  at_found(env, s->x->findings, s->x->relation, AT_ABSENT_STAGE, NULL, "no event has %s, listed in %s%s%s%s", at_quote(text, n).text, list,
           near.best[0] ? "; did you mean " : "", near.best, near.best[0] ? "?" : "");
}

static int occurs(const AtStore *s, const char *text, size_t n, int any_case){
  AtLabelList one = {1, {text}, {n}};
  uint32_t i;
  for(i=0; i<s->labels.n; i++){
    AtCell label = at_store_label_text(s, i);
    if( any_case ? at_label_listed(&one, label.text, label.n) : label.n==n && memcmp(label.text, text, n)==0 ) return 1;
  }
  return 0;
}

static int audit_names(AtEnv *env, Stages *s){
  const AtOptions *o = s->x->options;
  const AtLabelList *lists[] = {&o->exits, &o->exclude, &o->exclude_drop};
  static const char *const names[] = {"exits", "exclude", "exclude_drop"};
  const AtStore *store = s->x->store;
  uint32_t i;
  int j, k;
  s->count = at_label_counts(env, store);
  for(i=0; s->count && i<store->labels.n && at_alive(env, s->stages->n); i++){
    AtCell label = at_store_label_text(store, i);
    uint64_t n = s->count[i];
    if( s->funnel.code[i]!=AT_CODE_OTHER ) continue;
    s->unlisted += n;
    if( label.n==6 && memcmp(label.text, "(none)", 6)==0 ) n -= s->x->unlabelled;   /* those have rows of their own */
    if( n ) unlisted_name(env, s, &label, (uint32_t)n);
  }
  for(i=0; i<s->stages->n && !env->error.code; i++){
    const AtStage *stage = &s->stages->stage[i];
    if( !occurs(store, stage->text, stage->n, 0) ) absent_name(env, s, "stages", stage->text, stage->n);
  }
  for(j=0; j<3; j++){
    for(k=0; k<lists[j]->n && !env->error.code; k++){
      if( !occurs(store, lists[j]->text[k], lists[j]->bytes[k], 1) ) absent_name(env, s, names[j], lists[j]->text[k], lists[j]->bytes[k]);
    }
  }
  return !env->error.code;
}

/************************************ Passes *********************************/

/* What a walk ignored. A duplicate has been found as one. */
static void audit_ignored(AtEnv *env, const Stages *s){
  static const struct { int kind; const char *text; } why[] = {
    [AT_IS_REPEATED] = {AT_REPEATED_STAGE, "has been reached; the event is ignored"},
    [AT_IS_EARLIER] = {AT_EARLIER_STAGE, "comes after a later stage; the event is ignored; boomerang=on would open a new pass"},
    [AT_IS_LATE] = {AT_LATE_STAGE, "comes later than its limit; the event is ignored"},
    [AT_OPENS_NOTHING] = {AT_NO_PASS_OPENED, "cannot open a pass here; the event is ignored"},
    [AT_ENDS_NOTHING] = {AT_EXIT_WITHOUT_PASS, "comes while no pass is open; the event is ignored"},
    [AT_REMOVES_PASS] = {AT_REMOVED_PASS, "removes the pass that it falls in, as exclude_drop= says"},
  };
  const AtFunnel *f = &s->funnel;
  uint32_t i;
  for(i=0; i<f->n_ignored; i++){
    const AtIgnored *ignored = &f->ignored[i];
    AtCell label = at_store_label_text(f->events, at_store_label(f->events, ignored->event));
    AtPlace place;
    if( s->x->duplicate[ignored->event] ) continue;
    place = at_audited_place(s->x, ignored->event);
    at_found(env, s->x->findings, s->x->relation, why[ignored->why].kind, &place, "stage %s %s", at_cell_quote(&label).text, why[ignored->why].text);
  }
}

/* Whether a pass that is over was ended by no event. */
static int has_timed_out(const AtPass *pass, const AtPassRow *last){
  return (last->outcome==AT_EXITED || last->outcome==AT_RECYCLED)
      && (last->left_event==pass->opened_event || last->left_event==pass->last_event);
}

static void audit_end(AtEnv *env, const Stages *s, uint32_t number, const AtPass *pass, const AtPassRow *last){
  const AtStage *stage = &s->stages->stage[last->stage-1];
  AtQuote name = at_quote(stage->text, stage->n);
  AtPlace place;
  if( last->outcome==AT_OPEN && s->longest[last->number]>=0 && s->funnel.now-last->entered>s->longest[last->number] ){
    place = at_audited_place(s->x, last->event);
    at_found(env, s->x->findings, s->x->relation, AT_STALE_PASS, &place,
             "pass %u is open in stage %s for longer than any pass took to go on", (unsigned)number, name.text);
  }else if( has_timed_out(pass, last) ){
    place = at_audited_place(s->x, last->event);
    at_found(env, s->x->findings, s->x->relation, AT_ENDED_BY_DEADLINE, &place, "pass %u ends in stage %s as %s by a deadline; no event ended it",
             (unsigned)number, name.text, last->outcome==AT_EXITED ? "exited" : "recycled");
  }
}

static void audit_pass(AtEnv *env, Stages *s, uint32_t number, const AtPass *pass){
  const AtFunnel *f = &s->funnel;
  const AtPassRow *rows = &f->rows[pass->first];
  uint32_t i, first = 0;
  for(i=0; i<pass->n; i++){
    const AtStage *stage = &s->stages->stage[rows[i].stage-1];
    AtPlace place;
    if( !rows[i].inferred ) continue;
    place = at_audited_place(s->x, rows[i].event);
    at_found(env, s->x->findings, s->x->relation, AT_SKIPPED_STAGE, &place, "stage %s of pass %u has no event and is filled in with this one",
             at_quote(stage->text, stage->n).text, (unsigned)number);
  }
  assert( pass->n>0 );
  while( rows[first].inferred ) first++;      /* the last row never is */
  if( rows[first].stage>1 && s->x->options->order!=AT_ORDER_ANY ){
    const AtStage *stage = &s->stages->stage[rows[first].stage-1];
    AtPlace place = at_audited_place(s->x, rows[first].event);
    at_found(env, s->x->findings, s->x->relation, AT_LATE_START, &place, "pass %u begins with stage %s", (unsigned)number,
             at_quote(stage->text, stage->n).text);
  }
  audit_end(env, s, number, pass, &rows[pass->n-1]);
  s->passes[pass->outcome]++;
}

/* What the passes that went on took at the longest, by stage. */
static void learn_pass(Stages *s, const AtPass *pass){
  const AtPassRow *row = &s->funnel.rows[pass->first];
  uint32_t i;
  for(i=0; i<pass->n; i++, row++){
    if( row->outcome!=AT_ADVANCED || row->inferred ) continue;
    if( row->left-row->entered>s->longest[row->number] ) s->longest[row->number] = row->left-row->entered;
  }
}

static int audit_passes(AtEnv *env, Stages *s){
  AtFunnel *f = &s->funnel;
  uint32_t e, i;
  for(i=0; i<=AT_MAX_STAGES; i++) s->longest[i] = -1;
  for(e=0; e<f->events->n_entities && at_funnel_entity(env, f, e); e++){
    for(i=0; i<f->n_passes; i++) learn_pass(s, &f->passes[f->pass_order[i]]);
  }
  f->keeps_ignored = 1;
  for(e=0; e<f->events->n_entities && at_funnel_entity(env, f, e); e++){
    audit_ignored(env, s);
    for(i=0; i<f->n_passes && !env->error.code; i++) audit_pass(env, s, i+1, &f->passes[f->pass_order[i]]);
  }
  return !env->error.code;
}

/* Different listed stages of one entity at one time: their order is that of the list. */
static int audit_instants(AtEnv *env, const Stages *s){
  const AtFunnel *f = &s->funnel;
  const AtStore *store = f->events;
  uint32_t e, row, limit;
  for(e=0; e<store->n_entities && at_alive(env, 1); e++){
    for(row=store->start[e]; row<store->start[e+1]; row=limit){
      uint32_t i, n = 0, last = UINT32_MAX;
      for(limit=row; limit<store->start[e+1] && at_store_when(store, limit)==at_store_when(store, row); limit++){}
      if( limit-row<2 || at_store_when(store, row)>f->now ) continue;
      for(i=row; i<limit; i++){
        uint32_t label = at_store_label(store, i);
        n += f->code[label]>0 && label!=last;
        last = label;
      }
      if( n>1 ){
        AtPlace place = at_audited_place(s->x, row);
        at_found(env, s->x->findings, s->x->relation, AT_SAME_INSTANT, &place, "%u stages at one time count in the order of the list", (unsigned)n);
      }
    }
  }
  return !env->error.code;
}

/*********************************** The whole *******************************/

static int summarize(AtEnv *env, const Stages *s){
  const AtAudited *x = s->x;
  const uint64_t *n = s->passes;
  AtPlace all;
  char later[48] = "";
  if( x->options->as_of!=AT_NO_TIME ) snprintf(later, sizeof later, ", later than as_of %llu", (unsigned long long)x->later);
  all = at_place_of_rows(x->rows);
  return at_found(env, x->findings, x->relation, AT_SUMMARY, &all,
                  "rows %llu, used %llu, skipped %llu, refused %llu%s, listed nowhere %llu, passes %llu: won %llu, exited %llu, recycled %llu, open %llu",
                  (unsigned long long)x->rows, (unsigned long long)(x->store->n-x->later), (unsigned long long)x->skipped,
                  (unsigned long long)x->refused, later, (unsigned long long)s->unlisted,
                  (unsigned long long)(n[AT_WON]+n[AT_EXITED]+n[AT_RECYCLED]+n[AT_OPEN]), (unsigned long long)n[AT_WON],
                  (unsigned long long)n[AT_EXITED], (unsigned long long)n[AT_RECYCLED], (unsigned long long)n[AT_OPEN]);
}

/* Audits a relation of events that has been read; stages and options have been checked by at_funnel_check(). */
int at_audit_stages(AtEnv *env, AtAudited *events, const AtStages *stages){
  const AtShape *shape = events->shape;
  char columns[200];
  Stages s;
  memset(&s, 0, sizeof s);
  s.x = events;
  s.stages = stages;
  snprintf(columns, sizeof columns, "%.60s, %.60s and %.60s", shape->entity, shape->time, shape->label);
  events->duplicate = at_alloc(env, events->store->n, 1);
  if( events->duplicate==NULL ) return 0;
  memset(events->duplicate, 0, events->store->n);
  at_audit_times(env, events);
  at_audit_ids(env, events);
  at_audit_duplicates(env, events, columns);
  at_audit_keys(env, events);
  if( at_funnel_open(env, &s.funnel, events->store, stages, events->options)
   && audit_names(env, &s) && audit_passes(env, &s) && audit_instants(env, &s) ) summarize(env, &s);
  at_funnel_close(env->alloc, &s.funnel);
  at_free(env->alloc, s.count);
  return !env->error.code;
}
