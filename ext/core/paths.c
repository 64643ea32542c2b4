/*
** paths.c: weighted paths of channels, which everything data-driven starts from.
**
** How it works. Paths are kept whole, listed ones as channel ids in one long array, those of
** journeys by their place in the store (trips.c), and each further question (another order,
** a rare channel's count) is one walk over them. Names are interned as they come and put in
** text order at the end, so that ids, and with them every sum, do not depend on the order of rows.
*/
#include "effects.h"

#include <string.h>

static int add_path(AtEnv *env, AtPaths *p, size_t first, uint32_t n, const AtOutcome *o){
  AtListed *path;
  if( p->n>=AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "more than 4,000,000,000 paths");
    return 0;
  }
  if( p->n>=p->capacity ){
    size_t capacity = p->capacity ? p->capacity + p->capacity/2 : 256;
    if( !at_grow(env, &p->paths, capacity, sizeof *p->paths) ) return 0;
    p->capacity = capacity;
  }
  path = &p->paths[p->n++];
  path->first = first;
  path->n = n;
  path->conversions = o->conversions;
  path->nulls = o->nulls;
  path->value = o->value;
  at_sum_add(&p->conversions, o->conversions);
  at_sum_add(&p->nulls, o->nulls);
  return at_alive(env, n);
}

static int reserve_channels(AtEnv *env, uint32_t **channel, size_t n, size_t *capacity){
  size_t wanted = n<256 ? 256 : n + n/2;
  if( n<=*capacity ) return 1;
  if( !at_grow(env, channel, wanted, sizeof **channel) ) return 0;
  *capacity = wanted;
  return 1;
}

/************************************* From text *****************************/

/* Where the next separator begins, or end. */
const char *at_find_separator(const char *from, const char *end, AtSeparator separator){
  for(; (size_t)(end-from)>=separator.n; from++){
    from = memchr(from, separator.text[0], (size_t)(end-from)-separator.n+1);
    if( from==NULL ) return end;
    if( memcmp(from, separator.text, separator.n)==0 ) return from;
  }
  return end;
}

/* Whether there is anything between separators and blanks. */
int at_has_channels(const char *text, size_t n, AtSeparator separator){
  const char *at = text, *end = text+n;
  while( at<=end ){
    const char *stop = at_find_separator(at, end, separator), *name = at;
    size_t bytes = (size_t)(stop-at);
    at_trim(&name, &bytes);
    if( bytes>0 ) return 1;
    at = stop+separator.n;
  }
  return 0;
}

/* Appends the ids of the channels between separators to *channel. */
int at_channels_split(AtEnv *env, AtDict *names, const char *text, size_t n, AtSeparator separator,
                      uint32_t **channel, size_t *n_channel, size_t *capacity){
  const char *at = text, *end = text+n;
  while( at<=end && !env->error.code ){
    const char *stop = at_find_separator(at, end, separator), *name = at;
    size_t bytes = (size_t)(stop-at);
    at_trim(&name, &bytes);
    at = stop+separator.n;
    if( bytes==0 ) continue;
    if( bytes>AT_MAX_TEXT ){
      at_fail(env, AT_INVALID, "a channel is longer than 65,535 bytes (got %s); is the separator right? "
              "write separator=", at_quote(name, bytes).text);
      return 0;
    }
    if( !reserve_channels(env, channel, *n_channel+1, capacity) ) return 0;
    (*channel)[(*n_channel)++] = at_dict_intern(env, names, AT_TEXT, name, bytes);
  }
  return at_alive(env, 1);
}

/* Adds one row of a list, whose numbers are good; one without conversions and nulls is
** left out. */
int at_paths_text(AtEnv *env, AtPaths *p, const char *text, size_t n, AtSeparator separator,
                  const AtOutcome *o){
  static const char bare[] = "(unattributed)";
  size_t first = p->n_channel;
  const char *trimmed = text;
  size_t bytes = n;
  if( env->error.code || (o->conversions==0 && o->nulls==0) ) return !env->error.code;
  at_trim(&trimmed, &bytes);
  if( bytes!=sizeof bare-1 || memcmp(trimmed, bare, bytes)!=0 ){
    if( !at_channels_split(env, &p->names, text, n, separator, &p->channel, &p->n_channel,
                           &p->channel_capacity) ) return 0;
  }
  if( p->n_channel-first>AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "a path has more than 4,000,000,000 channels");
  }else if( p->n_channel==first ){
    at_sum_add(&p->bare_conversions, o->conversions);
    at_sum_add(&p->bare_value, o->value);
  }else{
    add_path(env, p, first, (uint32_t)(p->n_channel-first), o);
  }
  return !env->error.code;
}

/************************************ Finishing ******************************/

/* Paths (conversions + nulls) that hold each channel; the caller frees them. */
static AtSum *count_paths(AtEnv *env, const AtPaths *p){
  AtSum *count = at_alloc(env, p->names.n, sizeof *count), none = {0, 0};
  uint32_t *seen = at_alloc(env, p->names.n, sizeof *seen), i, k, part, number = 0;
  for(i=0; i<p->names.n && !env->error.code; i++){
    count[i] = none;
    seen[i] = UINT32_MAX;
  }
  for(part=0; part<at_paths_parts(p) && !env->error.code; part++){
    AtReader path;
    for(at_reader_open(&path, p, part); at_reader_next(env, &path); number++){
      for(k=0; k<path.n; k++){
        uint32_t c = path.channel[k];
        if( seen[c]==number ) continue;
        seen[c] = number;
        at_sum_add(&count[c], path.outcome.conversions+path.outcome.nulls);
      }
    }
    at_reader_close(env->alloc, &path);
  }
  at_free(env->alloc, seen);
  return count;
}

/* Renames all channels by new ids. */
static void rename_channels(AtPaths *p, const uint32_t *to){
  size_t i;
  uint32_t k;
  for(i=0; i<p->n_channel; i++) p->channel[i] = to[p->channel[i]];
  for(k=0; k<p->n_labels; k++){
    if( p->label_channel[k]!=AT_NO_CHANNEL ) p->label_channel[k] = to[p->label_channel[k]];
  }
}

/* Channels in fewer paths than that become (other); the names that are left are
** interned anew. */
static int group_rare(AtEnv *env, AtPaths *p, double min_paths){
  AtDict names = {0};
  AtSum *count = count_paths(env, p);
  uint32_t *to = at_alloc(env, p->names.n, sizeof *to), i;
  for(i=0; i<p->names.n && !env->error.code; i++){
    AtCell name = at_dict_cell(&p->names, i);
    if( at_sum_total(&count[i])<min_paths ) to[i] = at_dict_intern(env, &names, AT_TEXT, "(other)", 7);
    else to[i] = at_dict_intern(env, &names, AT_TEXT, name.text, name.n);
  }
  if( !env->error.code ) rename_channels(p, to);
  at_free(env->alloc, count);
  at_free(env->alloc, to);
  at_dict_free(env->alloc, &p->names);
  p->names = names;
  return !env->error.code;
}

static int compare_paths(const void *rows, uint32_t a, uint32_t b){
  const AtPaths *p = rows;
  const AtListed *x = &p->paths[a], *y = &p->paths[b];
  const uint32_t *c = p->channel+x->first, *d = p->channel+y->first;
  uint32_t i;
  if( x->n!=y->n ) return x->n<y->n ? -1 : 1;
  for(i=0; i<x->n; i++) if( c[i]!=d[i] ) return c[i]<d[i] ? -1 : 1;
  if( x->conversions!=y->conversions ) return x->conversions<y->conversions ? -1 : 1;
  if( x->nulls!=y->nulls ) return x->nulls<y->nulls ? -1 : 1;
  return x->value<y->value ? -1 : x->value>y->value;
}

/* Listed paths in an order of their own, and their sums in that order. */
static int order_paths(AtEnv *env, AtPaths *p){
  uint32_t *order = at_sorted(env, p->n, compare_paths, p), i;
  AtListed *sorted = at_alloc(env, p->n, sizeof *sorted);
  if( !env->error.code ){
    AtSum none = {0, 0};
    p->conversions = p->nulls = none;
    for(i=0; i<p->n; i++){
      sorted[i] = p->paths[order[i]];
      at_sum_add(&p->conversions, sorted[i].conversions);
      at_sum_add(&p->nulls, sorted[i].nulls);
    }
    at_free(env->alloc, p->paths);
    p->paths = sorted;
    p->capacity = p->n;
    sorted = NULL;
  }
  at_free(env->alloc, order);
  at_free(env->alloc, sorted);
  return !env->error.code;
}

/* Groups rare channels (min_paths 0: none) and puts names in text order; paths
** from a list in an order that does not depend on its rows. Journeys come in one. */
int at_paths_finish(AtEnv *env, AtPaths *p, double min_paths, int is_listed){
  uint32_t *rank;
  if( env->error.code || (min_paths>0 && !group_rare(env, p, min_paths)) ) return 0;
  rank = at_dict_sort(env, &p->names);
  if( rank==NULL ) return 0;
  rename_channels(p, rank);
  at_free(env->alloc, rank);
  return !is_listed || order_paths(env, p);
}

/* Whether there is anything that no channel had a part in. */
int at_has_bare(double conversions, double value){
  return conversions!=0 || value!=0;
}

void at_paths_free(const AtAlloc *alloc, AtPaths *p){
  at_dict_free(alloc, &p->names);
  at_free(alloc, p->paths);
  at_free(alloc, p->channel);
  at_free(alloc, p->label_channel);
  at_blocks_free(alloc, p);
  memset(p, 0, sizeof *p);
}
