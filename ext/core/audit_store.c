/*
** audit_store.c: what can be said of the rows of any relation once they are sorted.
**
** Rows that are alike lie side by side. A time is out of place when it is earlier than 1990, or not
** before 2100, or belongs to the few rows (fewer than one in ten) that follow a silence
** of more than a year in the relation's own times: what was typed with a wrong year. Spellings
** are compared in a plain form, in small letters and without blanks.
*/
#include "audit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define YEAR (INT64_C(366)*86400*AT_SECOND)
#define YEAR_1990 (INT64_C(631152000)*AT_SECOND)
#define YEAR_2100 (INT64_C(4102444800)*AT_SECOND)
#define LISTED 5                    /* spellings that a finding names */

/* A row's id, entity and time. */
AtPlace at_audited_place(const AtAudited *x, uint32_t row){
  const AtStore *s = x->store;
  uint32_t lo = 0, hi = s->n_entities;
  AtPlace place;
  AtCell key, time;
  char buffer[40];
  while( hi-lo>1 ){
    uint32_t mid = lo+(hi-lo)/2;
    if( s->start[mid]<=row ) lo = mid;
    else hi = mid;
  }
  key = at_store_key(s, lo);
  at_store_time(s, row, &time, buffer);
  place.id = at_store_id(s, row);
  place.rows = 1;
  snprintf(place.about, sizeof place.about, " (%.60s %s, %.60s %s)", x->shape->entity, at_cell_quote(&key).text,
           x->shape->time, at_cell_quote(&time).text);
  return place;
}

/************************************ Times **********************************/

/* The first time after a silence of more than a year that fewer than one in ten rows follow; INT64_MAX if none. */
static int64_t first_stray(AtEnv *env, const AtStore *s){
  uint64_t *keys = at_alloc(env, s->n, sizeof *keys);
  const uint64_t sign = UINT64_C(1)<<63;
  int64_t stray = INT64_MAX;
  uint32_t i;
  if( keys==NULL ) return stray;
  for(i=0; i<s->n && at_alive(env, 1); i++) keys[i] = (uint64_t)at_store_when(s, i) ^ sign;
  if( at_sort_keys(env, keys, s->n) ){
    for(i=s->n; i>1 && (uint64_t)(s->n-i+1)*10<s->n; i--){
      if( keys[i-1]-keys[i-2]>(uint64_t)YEAR ) stray = (int64_t)(keys[i-1] ^ sign);
    }
  }
  at_free(env->alloc, keys);
  return stray;
}

static int is_number_form(const AtStore *s, uint32_t row){
  return ((s->forms ? s->forms[row] : s->form) & AT_FORM_CLASS)!=AT_FORM_ISO;
}

/* Whether seconds look like 20240131, a date. */
static int is_date_number(int64_t seconds){
  int64_t year = seconds/10000, month = seconds/100%100, day = seconds%100;
  return year>=1900 && year<=2100 && month>=1 && month<=12 && day>=1 && day<=31;
}

static void old_time(AtEnv *env, AtAudited *x, uint32_t row, int64_t time){
  const AtStore *s = x->store;
  AtPlace place = at_audited_place(x, row);
  double number = (double)time/(double)s->unit;
  const char *unit = is_number_form(s, row) ? at_unit_of_number(number) : NULL;
  if( is_number_form(s, row) && s->unit==AT_SECOND && time%AT_SECOND==0 && is_date_number(time/AT_SECOND) ){
    at_found(env, x->findings, x->relation, AT_INTEGER_DATE, &place,
             "%.60s looks like a date and is read as seconds since 1970-01-01; write YYYY-MM-DD", x->shape->time);
  }else if( unit ){
    at_found(env, x->findings, x->relation, AT_OLD_TIME, &place,
             "%.60s is earlier than 1990; write the option time_unit=%s", x->shape->time, unit);
  }else{
    at_found(env, x->findings, x->relation, AT_OLD_TIME, &place, "%.60s is earlier than 1990", x->shape->time);
  }
}

int at_audit_times(AtEnv *env, AtAudited *x){
  const AtStore *s = x->store;
  int64_t as_of = x->options->as_of, stray = as_of==AT_NO_TIME ? first_stray(env, s) : INT64_MAX;
  uint32_t row;
  for(row=0; row<s->n && at_alive(env, 1); row++){
    int64_t time = at_store_when(s, row);
    AtPlace place;
    if( time<YEAR_1990 ) old_time(env, x, row, time);
    if( as_of!=AT_NO_TIME ? time<=as_of : time<stray && time<YEAR_2100 ) continue;
    if( as_of!=AT_NO_TIME ) x->later++;
    place = at_audited_place(x, row);
    at_found(env, x->findings, x->relation, AT_FUTURE_TIME, &place, "%.60s is %s", x->shape->time,
             as_of!=AT_NO_TIME ? "later than as_of; the row does not exist then"
             : time>=YEAR_2100 ? "not before 2100" : "after a silence of more than a year that few rows follow");
  }
  return !env->error.code;
}

/*********************************** Row by row ******************************/

static int compare_rows_by_id(const void *store, uint32_t a, uint32_t b){
  return at_id_compare(&((const AtStore*)store)->ids, a, b);
}

/* Ids that a column gives to several rows. */
int at_audit_ids(AtEnv *env, AtAudited *x){
  const AtStore *s = x->store;
  uint32_t *order, i;
  if( x->id_column==NULL ) return 1;
  order = at_sorted(env, s->n, compare_rows_by_id, s);
  for(i=1; order && i<s->n && at_alive(env, 1); i++){
    AtCell id = at_store_id(s, order[i]), before = at_store_id(s, order[i-1]);
    AtPlace place;
    if( at_cell_is_null(&id) || at_cell_compare(&id, &before)!=0 ) continue;
    place = at_audited_place(x, order[i]);
    at_found(env, x->findings, x->relation, AT_DUPLICATE_ID, &place, "%.60s is that of another row, too", x->id_column);
  }
  at_free(env->alloc, order);
  return !env->error.code;
}

/* What must be equal beside entity, time and label: the value of conversions, the held text of events. */
static int compare_rest(const AtAudited *x, uint32_t a, uint32_t b){
  const AtStore *s = x->store;
  if( s->label_bytes==0 && s->number ){
    int missing_a = isnan(s->number[a])!=0, missing_b = isnan(s->number[b])!=0;
    if( missing_a || missing_b ) return missing_b-missing_a;
    return s->number[a]<s->number[b] ? -1 : s->number[a]>s->number[b];
  }
  if( x->options->hold ){
    const uint32_t *held = s->tag[s->n_tags-1];
    return held[a]<held[b] ? -1 : held[a]>held[b];
  }
  return 0;
}

static int compare_in_run(const void *audited, uint32_t a, uint32_t b){
  int order = compare_rest(audited, a, b);
  return order ? order : a<b ? -1 : 1;
}

/* Rows [first, limit) have the same entity, time and label. */
static int check_run(AtEnv *env, AtAudited *x, uint32_t first, uint32_t limit, const char *columns){
  uint32_t *order = at_alloc(env, limit-first, sizeof *order), i;
  if( order==NULL ) return 0;
  for(i=first; i<limit; i++) order[i-first] = i;
  if( at_sort_order(env, order, limit-first, compare_in_run, x) ){
    for(i=1; i<limit-first && at_alive(env, 1); i++){
      AtPlace place;
      AtCell id;
      if( compare_rest(x, order[i-1], order[i])!=0 ) continue;
      place = at_audited_place(x, order[i]);
      id = at_store_id(x->store, order[i-1]);
      if( x->duplicate ) x->duplicate[order[i]] = 1;
      if( id.type==AT_NULL ) at_found(env, x->findings, x->relation, AT_DUPLICATE, &place, "another row has the same %s", columns);
      else at_found(env, x->findings, x->relation, AT_DUPLICATE, &place, "row %s has the same %s", at_cell_quote(&id).text, columns);
    }
  }
  at_free(env->alloc, order);
  return !env->error.code;
}

/* Rows that say the same as the one before them. */
int at_audit_duplicates(AtEnv *env, AtAudited *x, const char *columns){
  const AtStore *s = x->store;
  uint32_t e, first, limit;
  for(e=0; e<s->n_entities && !env->error.code; e++){
    for(first=s->start[e]; first<s->start[e+1]; first=limit){
      for(limit=first+1; limit<s->start[e+1] && at_store_when(s, limit)==at_store_when(s, first)
          && (s->label_bytes==0 || at_store_label(s, limit)==at_store_label(s, first)); limit++){}
      if( limit-first>1 && !check_run(env, x, first, limit, columns) ) return 0;
    }
    if( !at_alive(env, s->start[e+1]-s->start[e]) ) return 0;
  }
  return !env->error.code;
}

/********************************** Spellings ********************************/

/* Rows by label. */
uint32_t *at_label_counts(AtEnv *env, const AtStore *s){
  uint32_t *count = at_alloc(env, s->labels.n, sizeof *count), row;
  AtStretch stretch = {0, 0};
  if( count==NULL ) return NULL;
  memset(count, 0, s->labels.n*sizeof *count);
  while( at_stretch(env, &stretch, s->n) ) for(row=(uint32_t)stretch.first; row<stretch.limit; row++) count[at_store_label(s, row)]++;
  return count;
}

static void add_number(AtEnv *env, AtText *out, double number){
  char text[32];
  AtCell cell = {0};
  cell.type = AT_REAL;
  cell.real = number;
  at_cell_normal(&cell);
  if( cell.type==AT_INT ) snprintf(text, sizeof text, "%lld", (long long)cell.integer);
  else at_number_format(number, text);
  at_text_add(env, out, text, strlen(text));
}

/* Text in small letters and without blanks; a key that is a number, or reads as one, as that number. */
int at_plain_form(AtEnv *env, AtText *out, const AtCell *cell, int is_key){
  char text[32];
  double number;
  int64_t whole;
  size_t i;
  out->n = 0;
  if( cell->type==AT_INT ){
    snprintf(text, sizeof text, "%lld", (long long)cell->integer);
    at_text_add(env, out, text, strlen(text));
    return !env->error.code;
  }
  if( cell->type==AT_REAL ){ add_number(env, out, cell->real); return !env->error.code; }
  for(i=0; i<cell->n; i++){
    char c = at_lower(cell->text[i]);
    if( !at_is_blank((unsigned char)c) ) at_text_add(env, out, &c, 1);
  }
  if( env->error.code || !is_key || out->n==0 ) return !env->error.code;
  if( at_integer_parse(out->text, out->n, &whole) ){
    snprintf(text, sizeof text, "%lld", (long long)whole);
    out->n = 0;
    at_text_add(env, out, text, strlen(text));
  }else if( at_number_parse(out->text, out->n, &number) && isfinite(number) ){
    out->n = 0;
    add_number(env, out, number);
  }
  return !env->error.code;
}

/* Spellings of one plain form lie together in order. */
typedef struct Spellings Spellings;
struct Spellings {
  uint32_t n, *form, *order;        /* form: by spelling */
  AtDict forms;
};

static int compare_spellings(const void *given, uint32_t a, uint32_t b){
  const Spellings *p = given;
  if( p->form[a]!=p->form[b] ) return p->form[a]<p->form[b] ? -1 : 1;
  return a<b ? -1 : 1;
}

/* The labels of a store, or its keys. */
static AtCell spelling(const AtStore *s, uint32_t i, int is_key){
  return is_key ? at_store_key(s, i) : at_store_label_text(s, i);
}

static int open_spellings(AtEnv *env, Spellings *p, const AtStore *s, int is_key){
  AtText plain = {0};
  uint32_t i;
  p->n = is_key ? s->n_entities : s->labels.n;
  p->form = at_alloc(env, p->n, sizeof *p->form);
  for(i=0; p->form && i<p->n && at_alive(env, 1); i++){
    AtCell cell = spelling(s, i, is_key);
    if( at_plain_form(env, &plain, &cell, is_key) ) p->form[i] = at_dict_intern(env, &p->forms, AT_TEXT, plain.text, plain.n);
  }
  at_text_free(env->alloc, &plain);
  if( !env->error.code ) p->order = at_sorted(env, p->n, compare_spellings, p);
  return !env->error.code;
}

static void close_spellings(const AtAlloc *alloc, Spellings *p){
  at_free(alloc, p->form);
  at_free(alloc, p->order);
  at_dict_free(alloc, &p->forms);
}

/* One finding for the spellings order[first .. limit-1]. */
static void found_spellings(AtEnv *env, AtAudited *x, const Spellings *p, uint32_t first, uint32_t limit,
                            const uint32_t *count, int kind){
  const AtStore *s = x->store;
  int is_key = kind==AT_SIMILAR_KEYS;
  AtPlace all = at_place_of_rows(0);
  char list[LISTED*96+40];
  size_t n = 0;
  uint32_t i;
  list[0] = 0;
  for(i=first; i<limit; i++){
    uint32_t id = p->order[i];
    all.rows += is_key ? s->start[id+1]-s->start[id] : count[id];
  }
  for(i=first; i<limit && i<first+LISTED; i++){
    uint32_t id = p->order[i], rows = is_key ? s->start[id+1]-s->start[id] : count[id];
    AtCell cell = spelling(s, id, is_key);
    n += (size_t)snprintf(list+n, sizeof list-n, "%s%s (%u row%s)", n ? ", " : "", at_cell_quote(&cell).text,
                          (unsigned)rows, rows==1 ? "" : "s");
  }
  if( i<limit ) snprintf(list+n, sizeof list-n, ", and %u more", (unsigned)(limit-i));
  at_found(env, x->findings, x->relation, kind, &all, "%s are different %s; write one spelling", list,
           is_key ? "entities" : "labels");
}

static int similar(AtEnv *env, AtAudited *x, int kind){
  int is_key = kind==AT_SIMILAR_KEYS;
  uint32_t *count = is_key ? NULL : at_label_counts(env, x->store), first, limit;
  Spellings p = {0};
  if( !env->error.code && open_spellings(env, &p, x->store, is_key) ){
    for(first=0; first<p.n && at_alive(env, 1); first=limit){
      for(limit=first+1; limit<p.n && p.form[p.order[limit]]==p.form[p.order[first]]; limit++){}
      if( limit-first>1 ) found_spellings(env, x, &p, first, limit, count, kind);
    }
  }
  close_spellings(env->alloc, &p);
  at_free(env->alloc, count);
  return !env->error.code;
}

/* Labels that differ in case and blanks only. */
int at_audit_labels(AtEnv *env, AtAudited *x){ return similar(env, x, AT_SIMILAR_LABELS); }

/* Keys that would be one if they were trimmed, written in small letters, or cast. */
int at_audit_keys(AtEnv *env, AtAudited *x){
  return x->store->integer_keys ? 1 : similar(env, x, AT_SIMILAR_KEYS);
}
