/*
** options.c: 'lookback=90 days; reset=conversion' -> AtOptions.
**
** One table row per option: its name, how it is written, what it means, which
** table functions know it, and the function that reads it. The reference is
** made from the same rows. Values may be wrapped in "…" where they hold a
** semicolon or a comma.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The value of one option: text that may be changed in place. */
typedef struct Value Value;
struct Value { char *text; size_t n; };

typedef const char *(*ReadOption)(AtOptions *o, Value v);   /* NULL or the mend */

static Value trimmed(char *text, size_t n){
  Value v;
  while( n>0 && at_is_blank(*text) ){ text++; n--; }
  while( n>0 && at_is_blank(text[n-1]) ) n--;
  if( n>=2 && text[0]=='"' && text[n-1]=='"' ){ text++; n -= 2; }
  v.text = text;
  v.n = n;
  return v;
}

/* The index of a word in a NULL-terminated list, or -1. */
static int word_index(const char *const *words, Value v){
  int i;
  for(i=0; words[i]; i++) if( at_same_word(words[i], v.text, v.n) ) return i;
  return -1;
}

static const char *read_lookback(AtOptions *o, Value v){ return at_duration_parse(v.text, v.n, &o->lookback); }
static const char *read_gap(AtOptions *o, Value v){ return at_duration_parse(v.text, v.n, &o->gap); }

static const char *read_reset(AtOptions *o, Value v){
  static const char *const words[] = {"none", "conversion", NULL};
  o->reset = word_index(words, v);
  return o->reset<0 ? "write reset=none or reset=conversion" : NULL;
}

static const char *read_labels(AtLabelList *list, Value v){
  char *at = v.text, *end = v.text+v.n;
  list->n = 0;
  while( at<=end ){
    char *comma = at;
    int quoted = 0;
    Value label;
    for(; comma<end && (quoted || *comma!=','); comma++) if( *comma=='"' ) quoted = !quoted;
    label = trimmed(at, (size_t)(comma-at));
    if( label.n==0 ) return "write labels separated by commas, such as direct,internal";
    if( list->n>=AT_MAX_LIST ) return "write at most 64 labels";
    list->text[list->n] = label.text;
    list->bytes[list->n++] = label.n;
    at = comma+1;
  }
  return NULL;
}

static const char *read_ignore(AtOptions *o, Value v){ return read_labels(&o->ignore, v); }
static const char *read_direct(AtOptions *o, Value v){ return read_labels(&o->direct, v); }

static const char *read_path(AtOptions *o, Value v){
  static const char *const words[] = {"all", "exposure", "unique", "first", NULL};
  o->path = word_index(words, v);
  return o->path<0 ? "write path=all, exposure, unique or first" : NULL;
}

static const char *read_max_touches(AtOptions *o, Value v){
  int64_t n;
  if( !at_integer_parse(v.text, v.n, &n) || n<1 || n>UINT32_MAX ) return "write a whole number from 1";
  o->max_touches = (uint32_t)n;
  return NULL;
}

static const char *read_round(AtOptions *o, Value v){
  if( !at_number_parse(v.text, v.n, &o->round) || !isfinite(o->round) || o->round<1e-9 ){
    return "write the unit of the parts, such as 0.01 for cents";
  }
  return NULL;
}

static const char *read_period(AtOptions *o, Value v){
  static const char *const words[] = {"", "day", "week", "month", "quarter", "year", NULL};
  o->period = word_index(words, v);
  return o->period<1 ? "write day, week, month, quarter or year" : NULL;
}

static const char *read_as_of(AtOptions *o, Value v){
  o->as_of_text.type = AT_TEXT;
  o->as_of_text.text = v.text;
  o->as_of_text.n = v.n;
  return v.n ? NULL : "write a time";
}

static const char *read_time_unit(AtOptions *o, Value v){
  static const char *const words[] = {"s", "ms", "us", NULL};
  static const int64_t units[] = {AT_SECOND, 1000, 1};
  int i = word_index(words, v);
  if( i<0 ) return "write s, ms or us";
  o->unit = units[i];
  return NULL;
}

static const char *read_column(char **column, Value v){
  if( v.n==0 || memchr(v.text, 0, v.n) ) return "write a column's name";
  v.text[v.n] = 0;             /* a quote or the separator stood here */
  *column = v.text;
  return NULL;
}

static const char *read_touch_id(AtOptions *o, Value v){ return read_column(&o->touch_id, v); }
static const char *read_conversion_id(AtOptions *o, Value v){ return read_column(&o->conversion_id, v); }

static const char *read_cache_mb(AtOptions *o, Value v){
  if( !at_integer_parse(v.text, v.n, &o->cache_mb) || o->cache_mb<0 || o->cache_mb>1000000 ){
    return "write megabytes as a whole number from 0";
  }
  return NULL;
}

static const struct { AtOptionInfo info; ReadOption read; } table[] = {
  {{"lookback", "lookback=90 days", "touches longer than this before the conversion do not count", AT_FOR_ALL}, read_lookback},
  {{"reset", "reset=none|conversion", "with conversion, a conversion uses up the touches at or before it", AT_FOR_ALL}, read_reset},
  {{"gap", "gap=180 days", "a longer silence starts a new journey", AT_FOR_ALL}, read_gap},
  {{"ignore", "ignore=direct,internal", "leave these labels out, unless nothing else is left", AT_FOR_ALL}, read_ignore},
  {{"path", "path=all|exposure|unique|first", "all touches; the first of consecutive equal labels; each label's last; each label's first", AT_FOR_ALL}, read_path},
  {{"max_touches", "max_touches=10", "keep the last so many touches of a path", AT_FOR_ALL}, read_max_touches},
  {{"direct", "direct=direct,(direct)", "the labels that last_non_direct passes over", AT_FOR_CREDIT}, read_direct},
  {{"round", "round=0.01", "whole units by largest remainder, so that rows add up to the cent", AT_FOR_CREDIT}, read_round},
  {{"period", "period=day|week|month|quarter|year", "group by the period of the conversion", AT_FOR_SUMMARY}, read_period},
  {{"as_of", "as_of=2024-07-01", "the world as it was known then: nothing later exists", AT_FOR_ALL}, read_as_of},
  {{"time_unit", "time_unit=s|ms|us", "the unit of numeric times", AT_FOR_ALL}, read_time_unit},
  {{"touch_id", "touch_id=column", "the column that names a touch, instead of the rowid", AT_FOR_ALL}, read_touch_id},
  {{"conversion_id", "conversion_id=column", "the column that names a conversion, instead of the rowid", AT_FOR_ALL}, read_conversion_id},
  {{"cache_mb", "cache_mb=1024", "memory that this connection may keep loaded relations in", AT_FOR_ALL}, read_cache_mb},
};
#define N_OPTIONS ((int)(sizeof table/sizeof *table))

/* Row i of the table, or NULL past its end. */
const AtOptionInfo *at_option_info(int i){
  return i>=0 && i<N_OPTIONS ? &table[i].info : NULL;
}

static int find_option(AtEnv *env, const char *name, size_t n, unsigned for_table){
  AtSuggest near;
  int i;
  at_suggest_start(&near, name, n);
  for(i=0; i<N_OPTIONS; i++){
    if( at_same_word(table[i].info.name, name, n) ) break;
    if( table[i].info.tables & for_table ) at_suggest_offer(&near, table[i].info.name);
  }
  if( i==N_OPTIONS ){
    at_fail(env, AT_INVALID, "unknown option %s%s%s%s", at_quote(name, n).text,
            near.best[0] ? "; did you mean " : "; write options as 'lookback=90 days; reset=conversion'",
            near.best, near.best[0] ? "?" : "");
    return -1;
  }
  if( !(table[i].info.tables & for_table) ){
    at_fail(env, AT_INVALID, "option %s has no effect here; %s", table[i].info.name,
            table[i].info.tables==AT_FOR_SUMMARY ? "it is for attribution_summary()"
                                                 : "it is for attribution() and attribution_summary()");
    return -1;
  }
  return i;
}

/* One 'name=value'; text ends with a byte that may be overwritten. */
static int read_one(AtEnv *env, AtOptions *o, char *text, size_t n, unsigned for_table,
                    uint32_t *seen){
  char *equals = memchr(text, '=', n);
  Value name, value;
  const char *mend;
  int i;
  if( equals==NULL ){
    at_fail(env, AT_INVALID, "option %s has no value; write name=value", at_quote(text, n).text);
    return 0;
  }
  name = trimmed(text, (size_t)(equals-text));
  value.text = equals+1;
  value.n = n - (size_t)(equals+1-text);
  i = find_option(env, name.text, name.n, for_table);
  if( i<0 ) return 0;
  if( *seen & (1u<<i) ){
    at_fail(env, AT_INVALID, "option %s is given twice; write it once", table[i].info.name);
    return 0;
  }
  *seen |= 1u<<i;
  if( table[i].read!=read_ignore && table[i].read!=read_direct ) value = trimmed(value.text, value.n);
  mend = table[i].read(o, value);
  if( mend ){
    at_fail(env, AT_INVALID, "option %s cannot be read (got %s); %s", table[i].info.name,
            at_quote(value.text, value.n).text, mend);
  }
  return mend==NULL;
}

static int read_as_of_time(AtEnv *env, AtOptions *o){
  uint8_t form;
  const char *mend;
  if( o->as_of_text.type==AT_NULL ) return 1;
  mend = at_time_parse(&o->as_of_text, o->unit, &o->as_of, &form);
  if( mend ){
    at_fail(env, AT_INVALID, "option as_of is no time (got %s); %s",
            at_cell_quote(&o->as_of_text).text, mend);
  }
  return mend==NULL;
}

/* Reads the options that table knows. The result owns a copy of the text, to
** be freed by at_options_free() whatever this returns. */
int at_options_parse(AtEnv *env, AtOptions *o, const char *text, size_t n, unsigned for_table){
  static char const direct[] = "direct", direct_too[] = "(direct)";
  uint32_t seen = 0;
  size_t at = 0;
  memset(o, 0, sizeof *o);
  o->lookback = o->gap = o->cache_mb = -1;
  o->as_of = AT_NO_TIME;
  o->unit = AT_SECOND;
  o->direct.n = 2;
  o->direct.text[0] = direct;
  o->direct.bytes[0] = sizeof direct - 1;
  o->direct.text[1] = direct_too;
  o->direct.bytes[1] = sizeof direct_too - 1;
  if( n>AT_MAX_TEXT ){
    at_fail(env, AT_INVALID, "options are longer than 65,535 bytes; write fewer");
    return 0;
  }
  o->copy = at_alloc(env, n+1, 1);
  if( o->copy==NULL ) return 0;
  if( n ) memcpy(o->copy, text, n);
  o->copy[n] = 0;
  while( at<n ){
    size_t end = at;
    int quoted = 0;
    for(; end<n && (quoted || o->copy[end]!=';'); end++) if( o->copy[end]=='"' ) quoted = !quoted;
    while( at<end && at_is_blank(o->copy[at]) ) at++;
    if( at<end && !read_one(env, o, o->copy+at, end-at, for_table, &seen) ) return 0;
    at = end+1;
  }
  return read_as_of_time(env, o);
}

void at_options_free(const AtAlloc *alloc, AtOptions *o){
  at_free(alloc, o->copy);
  o->copy = NULL;
}

/* Whether a label is listed, without regard to ASCII case. */
int at_label_listed(const AtLabelList *list, const char *text, size_t n){
  int i;
  for(i=0; i<list->n; i++){
    size_t k = 0;
    if( list->bytes[i]!=n ) continue;
    while( k<n && at_lower(list->text[i][k])==at_lower(text[k]) ) k++;
    if( k==n ) return 1;
  }
  return 0;
}
