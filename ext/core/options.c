/*
** options.c: 'lookback=90 days; reset=conversion' -> AtOptions.
**
** One table row per option: its name, how it is written, what it means, which
** table functions know it, and the function that reads it. The reference is
** made from the same rows. Values may be wrapped in "…" where they hold a
** semicolon or a comma.
*/
#include "effects.h"

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

static const char *read_window(AtOptions *o, Value v){ return at_duration_parse(v.text, v.n, &o->window); }
static const char *read_recycle(AtOptions *o, Value v){ return at_duration_parse(v.text, v.n, &o->recycle); }

static const char *read_step(AtOptions *o, Value v){
  const char *mend = at_duration_parse(v.text, v.n, &o->step);
  return mend==NULL && o->step==0 ? "write a duration longer than 0" : mend;
}

static const char *read_order(AtOptions *o, Value v){
  static const char *const words[] = {"ordered", "strict", "any", NULL};
  o->order = word_index(words, v);
  return o->order<0 ? "write order=ordered, strict or any" : NULL;
}

static const char *read_chain_order(AtOptions *o, Value v){
  int64_t order = 0;
  if( !at_same_word("auto", v.text, v.n)
   && (!at_integer_parse(v.text, v.n, &order) || order<1 || order>AT_MAX_ORDER) ) return "write order=1 to order=6, or order=auto";
  o->chain_order = (int)order;
  return NULL;
}

static const char *read_min_paths(AtOptions *o, Value v){
  if( !at_number_parse(v.text, v.n, &o->min_paths) || !(o->min_paths>=0) ) return "write a number of paths, such as 100";
  return NULL;
}

static const char *read_separator(AtOptions *o, Value v){
  size_t i, blanks = 0;
  o->separator = v.text;
  o->separator_n = v.n;
  for(i=0; i<v.n; i++) blanks += at_is_blank(v.text[i]);
  if( blanks>0 && v.n>1 ) return "write it without blanks, which are ignored around channels";
  return v.n>0 ? NULL : "write what stands between channels, such as separator=\">\"";
}

static const char *read_boomerang(AtOptions *o, Value v){
  static const char *const words[] = {"off", "on", NULL};
  o->boomerang = word_index(words, v);
  return o->boomerang<0 ? "write boomerang=on or boomerang=off" : NULL;
}

static const char *read_passes(AtOptions *o, Value v){
  static const char *const words[] = {"all", "first", NULL};
  o->first_pass = word_index(words, v);
  return o->first_pass<0 ? "write passes=all or passes=first" : NULL;
}

static const char *read_label(AtOptions *o, Value v){
  static const char *const words[] = {"first", "last", "stage", NULL};
  o->label = word_index(words, v);
  return o->label<0 ? "write label=first, last or stage" : NULL;
}

static const char *read_by(AtOptions *o, Value v){
  o->by_label = at_same_word("label", v.text, v.n);
  return o->by_label ? NULL : "write by=label; for periods write period=month";
}

static const char *read_confidence(AtOptions *o, Value v){
  if( !at_number_parse(v.text, v.n, &o->confidence) || !at_confidence_ok(o->confidence) ){
    return "write a number between 0 and 1, such as 0.95";
  }
  return NULL;
}

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
static const char *read_exits(AtOptions *o, Value v){ return read_labels(&o->exits, v); }
static const char *read_exclude(AtOptions *o, Value v){ return read_labels(&o->exclude, v); }
static const char *read_exclude_drop(AtOptions *o, Value v){ return read_labels(&o->exclude_drop, v); }

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
  o->period = at_period_word(v.text, v.n);
  return o->period==AT_PERIOD_NONE ? at_period_words : NULL;
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
static const char *read_event_id(AtOptions *o, Value v){ return read_column(&o->event_id, v); }
static const char *read_hold(AtOptions *o, Value v){ return read_column(&o->hold, v); }

static const char *read_threads(AtOptions *o, Value v){
  int64_t n;
  if( !at_integer_parse(v.text, v.n, &n) || n<1 || n>AT_MAX_THREADS ) return "write threads=1 to threads=16";
  o->threads = (int)n;
  return NULL;
}

static const char *read_cache_mb(AtOptions *o, Value v){
  if( !at_integer_parse(v.text, v.n, &o->cache_mb) || o->cache_mb<0 || o->cache_mb>1000000 ){
    return "write megabytes as a whole number from 0";
  }
  return NULL;
}

static const char *read_most(AtOptions *o, Value v){
  int64_t n;
  if( !at_integer_parse(v.text, v.n, &n) || n<1 || n>1000000 ) return "write a whole number from 1 to 1000000";
  o->most = (uint32_t)n;
  return NULL;
}

static const struct { AtOptionInfo info; ReadOption read; } table[] = {
  {{"lookback", "lookback=90 days", "touches longer than this before the conversion do not count", AT_FOR_TOUCHES}, read_lookback},
  {{"reset", "reset=none|conversion", "with conversion, a conversion uses up the touches at or before it", AT_FOR_TOUCHES}, read_reset},
  {{"gap", "gap=180 days", "a longer silence starts a new journey", AT_FOR_TOUCHES}, read_gap},
  {{"ignore", "ignore=direct,internal", "leave these labels out, unless nothing else is left", AT_FOR_TOUCHES}, read_ignore},
  {{"path", "path=all|exposure|unique|first", "all touches; the first of consecutive equal labels; each label's last; each label's first", AT_FOR_TOUCHES}, read_path},
  {{"max_touches", "max_touches=10", "keep the last so many touches of a path", AT_FOR_TOUCHES}, read_max_touches},
  {{"direct", "direct=direct,(direct)", "the labels that last_non_direct passes over", AT_FOR_CREDIT}, read_direct},
  {{"round", "round=0.01", "whole units by largest remainder, so that rows add up to the cent", AT_FOR_CREDIT}, read_round},
  {{"period", "period=day|week|month|quarter|half-year|year", "group by the period of the conversion, of the pass's or the subject's start, of the expected close", AT_FOR_GROUPS|AT_FOR_FORECAST_SUMMARY}, read_period},
  {{"as_of", "as_of=2024-07-01", "the world as it was known then: nothing later exists; a date is its midnight", AT_FOR_ALL}, read_as_of},
  {{"time_unit", "time_unit=s|ms|us", "the unit of numeric times", AT_FOR_ALL}, read_time_unit},
  {{"touch_id", "touch_id=column", "the column that names a touch, instead of the rowid", AT_FOR_TOUCHES}, read_touch_id},
  {{"conversion_id", "conversion_id=column", "the column that names a conversion, instead of the rowid", AT_FOR_TOUCHES}, read_conversion_id},
  {{"event_id", "event_id=column", "the column that names an event, instead of the rowid", AT_FOR_EVENTS}, read_event_id},
  {{"window", "window=90 days", "a pass that is not won by then ends as exited", AT_FOR_FUNNELS}, read_window},
  {{"order", "order=ordered|strict|any", "skipped stages are filled in; stages one by one; stages in any order", AT_FOR_FUNNELS}, read_order},
  {{"exits", "exits=lost,disqualified", "labels that end a pass as exited", AT_FOR_FUNNELS}, read_exits},
  {{"recycle", "recycle=30 days", "no progress for longer ends a pass as recycled; the next event opens a new one", AT_FOR_FUNNELS}, read_recycle},
  {{"boomerang", "boomerang=on|off", "with on, an earlier stage seen again opens a new pass", AT_FOR_FUNNELS}, read_boomerang},
  {{"exclude", "exclude=refund", "labels that end a pass as exited; only the first stage opens a new one", AT_FOR_FUNNELS}, read_exclude},
  {{"exclude_drop", "exclude_drop=refund", "labels that remove the pass that they fall in", AT_FOR_FUNNELS}, read_exclude_drop},
  {{"hold", "hold=column", "one value of this column through all stages of a pass", AT_FOR_EVENTS}, read_hold},
  {{"label", "label=first|last|stage", "the label of the event that opened the pass, that entered its last stage, that entered this stage", AT_FOR_PASSES}, read_label},
  {{"passes", "passes=all|first", "every pass, or only the first of each entity", AT_FOR_FUNNELS}, read_passes},
  {{"by", "by=label", "group by label", AT_FOR_FUNNEL_SUMMARY|AT_FOR_CURVE}, read_by},
  {{"confidence", "confidence=0.95", "of the bounds", AT_FOR_FUNNEL_SUMMARY|AT_FOR_CURVE|AT_FOR_FORECASTS}, read_confidence},
  {{"step", "step=7 days", "one row per step, instead of one per time at which something happens", AT_FOR_CURVE}, read_step},
  {{"order", "order=1|2|3|4|5|6|auto", "how many channels a state of the chain holds; auto takes the best by markov_orders", AT_FOR_CHAIN}, read_chain_order},
  {{"min_paths", "min_paths=100", "channels in fewer paths than this become (other)", AT_FOR_GROUPED}, read_min_paths},
  {{"separator", "separator=>", "what stands between the channels of a path or state", AT_FOR_TEXT}, read_separator},
  {{"most", "most=1000", "rows of each finding; one more says how many there are beside", AT_FOR_AUDIT|AT_FOR_FUNNEL_AUDIT}, read_most},
  {{"cache_mb", "cache_mb=1024", "memory that this connection may keep loaded relations in; default an eighth of the machine's or container's, or 1024 where that is more but at most half of it", AT_FOR_ALL}, read_cache_mb},
  {{"threads", "threads=2", "threads that this call may use, 1 to 16; default one per processor, up to 4; the answer is the same", AT_FOR_ALL|AT_FOR_LISTS}, read_threads},
};
#define N_OPTIONS ((int)(sizeof table/sizeof *table))

/* Row i of the table, or NULL past its end. */
const AtOptionInfo *at_option_info(int i){
  return i>=0 && i<N_OPTIONS ? &table[i].info : NULL;
}

const char *const at_option_tables[] = {"attribution", "attribution_summary", "journeys", "funnel",
                                        "funnel_summary", "conversion_curve", "channel_effects", "path_effects",
                                        "markov_transitions", "markov_orders", "markov_effects",
                                        "shapley_effects", "attribution_audit", "funnel_audit", "pipeline_forecast",
                                        "pipeline_forecast_summary", NULL};

/* The option exists, for other functions. */
static void fail_elsewhere(AtEnv *env, const AtOptionInfo *info){
  AtText list = {0};
  unsigned tables = 0;
  int i, n = 0, total = 0;
  for(i=0; i<N_OPTIONS; i++) if( strcmp(table[i].info.name, info->name)==0 ) tables |= table[i].info.tables;
  for(i=0; at_option_tables[i]; i++) total += (int)(tables>>i & 1);
  for(i=0; at_option_tables[i]; i++){
    if( !(tables>>i & 1) ) continue;
    if( n>0 ) at_text_add(env, &list, n==total-1 ? " and " : ", ", n==total-1 ? 5 : 2);
    at_text_add(env, &list, at_option_tables[i], strlen(at_option_tables[i]));
    at_text_add(env, &list, "()", 2);
    n++;
  }
  at_fail(env, AT_INVALID, "option %s has no effect here; it is for %s", info->name, list.text ? list.text : "");
  at_text_free(env->alloc, &list);
}

/* The row of an option that the table function knows; two may share a name. */
static int find_option(AtEnv *env, const char *name, size_t n, unsigned for_table){
  AtSuggest near;
  int i, elsewhere = -1;
  at_suggest_start(&near, name, n);
  for(i=0; i<N_OPTIONS; i++){
    int known = (table[i].info.tables & for_table)!=0;
    if( at_same_word(table[i].info.name, name, n) ){
      if( known ) return i;
      elsewhere = i;
    }
    if( known ) at_suggest_offer(&near, table[i].info.name);
  }
  if( elsewhere<0 ){
    at_fail(env, AT_INVALID, "unknown option %s%s%s%s", at_quote(name, n).text,
            near.best[0] ? "; did you mean " : "; write options as 'lookback=90 days; reset=conversion'",
            near.best, near.best[0] ? "?" : "");
  }else{
    fail_elsewhere(env, &table[elsewhere].info);
  }
  return -1;
}

/* Lists unquote each of their labels, not the whole. */
static int takes_labels(ReadOption read){
  return read==read_ignore || read==read_direct || read==read_exits || read==read_exclude
      || read==read_exclude_drop;
}

/* One 'name=value'; text ends with a byte that may be overwritten. */
static int read_one(AtEnv *env, AtOptions *o, char *text, size_t n, unsigned for_table,
                    uint64_t *seen){
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
  if( *seen>>i & 1 ){
    at_fail(env, AT_INVALID, "option %s is given twice; write it once", table[i].info.name);
    return 0;
  }
  *seen |= UINT64_C(1)<<i;
  if( !takes_labels(table[i].read) ) value = trimmed(value.text, value.n);
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
  uint64_t seen = 0;
  size_t at = 0;
  memset(o, 0, sizeof *o);
  o->lookback = o->gap = o->cache_mb = o->window = o->recycle = o->step = -1;
  o->confidence = 0.95;
  o->chain_order = 1;
  o->most = 1000;
  o->separator = ">";
  o->separator_n = 1;
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
