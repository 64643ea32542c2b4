/*
** by_label.c: the conversions that have a label in their path, label by label.
**
** How it works. Rows by channel could be sorted, but they are many and wide. What is
** noted here is less: one pass over all conversions writes down the window of each
** (8 bytes) and the labels of its path; a counting sort turns these into a list of
** conversions (4 bytes each) for every label. Whoever then goes from list to list,
** and divides each conversion again for the touches of that label alone, has the
** rows in order of labels. Lists are numbered in the order of their texts; where
** nothing is credited, the conversion is in the list of "(unattributed)".
**
** A path of many labels would be divided again once for each, which grows with
** its square: such a conversion is divided once and its parts are kept.
*/
#include "core.h"

#include <math.h>
#include <string.h>

/* Labels of one path, from which on its parts are kept: dividing it so many times costs
** about what sorting its rows would. */
#define MANY_LABELS 64

static const char unattributed[] = "(unattributed)";

/* Puts the list of what is unattributed in its place among the labels. */
static void number_lists(AtByLabel *b, const AtStore *touches){
  uint32_t lo = 0, hi = touches->labels.n;
  AtCell wanted, have;
  memset(&wanted, 0, sizeof wanted);
  wanted.type = AT_TEXT;
  wanted.text = unattributed;
  wanted.n = sizeof unattributed - 1;
  while( lo<hi ){
    uint32_t mid = lo + (hi-lo)/2;
    int order;
    have = at_store_label_text(touches, mid);
    order = at_cell_compare(&have, &wanted);
    b->shares |= order==0;
    if( order<0 ) lo = mid+1;
    else hi = mid;
  }
  b->unattributed = lo;
  b->n_lists = touches->labels.n + !b->shares;
}

static uint32_t list_of(const AtByLabel *b, uint32_t label){
  return label + (!b->shares && label>=b->unattributed);
}

/* The label of a list's touches; AT_NO_LABEL for that of the unattributed alone. */
uint32_t at_by_label_label(const AtByLabel *b, uint32_t list){
  if( b->shares ) return list;
  return list==b->unattributed ? AT_NO_LABEL : list - (list>b->unattributed);
}

static int grow(AtEnv *env, void *array, size_t n, size_t more, size_t *capacity, size_t size){
  size_t wanted = n+more;
  if( wanted<=*capacity ) return 1;
  wanted += wanted/2 + 64;
  if( !at_grow(env, array, wanted, size) ) return 0;
  *capacity = wanted;
  return 1;
}

/***************************** Conversions of many labels *********************/

/* Positions of the path by (label, position), into kept->position, row and label. */
static int keep_positions(AtEnv *env, AtKept *k, const AtPath *path){
  uint64_t *keys = at_alloc(env, path->n, sizeof *keys);
  uint32_t i;
  k->position = at_alloc(env, path->n, sizeof *k->position);
  k->row = at_alloc(env, path->n, sizeof *k->row);
  k->label = at_alloc(env, path->n, sizeof *k->label);
  if( !env->error.code ){
    for(i=0; i<path->n; i++) keys[i] = (uint64_t)path->label[i]<<32 | i;
    at_sort_keys(env, keys, path->n);
    for(i=0; i<path->n; i++){
      uint32_t at = (uint32_t)keys[i];
      k->position[i] = at;
      k->row[i] = path->row[at];
      k->label[i] = path->label[at];
    }
  }
  at_free(env->alloc, keys);
  return !env->error.code;
}

static int keep(AtEnv *env, AtByLabel *b, AtWalk *walk, const AtModels *models){
  AtPath *path = &walk->path;
  const AtStore *c = walk->conversions;
  double value = c->number ? c->number[walk->conversion] : NAN;
  size_t parts = (size_t)path->n*(size_t)models->n;
  AtKept *k;
  uint32_t i;
  int m;
  if( !grow(env, &b->kept, b->n_kept, 1, &b->kept_capacity, sizeof *b->kept) ) return 0;
  k = &b->kept[b->n_kept++];
  memset(k, 0, sizeof *k);
  k->n = path->n;
  if( !keep_positions(env, k, path) ) return 0;
  k->credit = at_alloc(env, parts, sizeof *k->credit);
  k->value = at_alloc(env, parts, sizeof *k->value);
  k->divided = at_alloc(env, (size_t)models->n, 1);
  for(m=0; m<models->n && !env->error.code; m++){
    size_t first = (size_t)m*path->n;
    k->divided[m] = (uint8_t)at_divide(env, path, &models->model[m], value, walk->options->round);
    if( !k->divided[m] ) continue;
    for(i=0; i<path->n; i++){
      k->credit[first+i] = path->credit[k->position[i]];
      k->value[first+i] = path->value[k->position[i]];
    }
    at_alive(env, path->n);
  }
  return !env->error.code;
}

/* Where the touches of a label begin in what was kept of a conversion. */
uint32_t at_kept_from(const AtKept *k, uint32_t label){
  uint32_t lo = 0, hi = k->n;
  while( lo<hi ){
    uint32_t mid = lo + (hi-lo)/2;
    if( k->label[mid]<label ) lo = mid+1;
    else hi = mid;
  }
  return lo;
}

/************************************ Noting **********************************/

/* One pass's notes: the lists of each conversion, one after another. */
typedef struct Notes Notes;
struct Notes {
  uint32_t *list;
  size_t n, capacity;
  uint32_t *count;                  /* by row of conversions */
  const AtModels *models;
  int single;                       /* all models credit one touch */
};

static void add_note(AtByLabel *b, Notes *notes, uint32_t list){
  notes->list[notes->n++] = list;
  b->start[list+1]++;
}

/* The lists of the walk's current conversion; each once. */
static int note(AtEnv *env, AtByLabel *b, Notes *notes, AtWalk *walk){
  AtPath *path = &walk->path;
  uint32_t mark = at_path_mark(path), i, none = path->n==0;
  size_t before = notes->n;
  int m;
  if( !grow(env, &notes->list, notes->n, (size_t)path->n+1, &notes->capacity, sizeof *notes->list) ) return 0;
  for(m=0; m<notes->models->n && path->n; m++){
    int32_t at;
    if( !at_is_single(&notes->models->model[m]) ) continue;
    at = at_single_touch(&notes->models->model[m], path);
    if( at<0 ){
      none = 1;
    }else if( notes->single && path->seen[path->label[at]]!=mark ){
      path->seen[path->label[at]] = mark;
      add_note(b, notes, list_of(b, path->label[at]));
    }
  }
  for(i=0; i<path->n && !notes->single; i++){
    uint32_t label = path->label[i];
    if( path->seen[label]==mark ) continue;
    path->seen[label] = mark;
    add_note(b, notes, list_of(b, label));
  }
  if( none && !(b->shares && path->seen[b->unattributed]==mark) ) add_note(b, notes, b->unattributed);
  notes->count[walk->conversion] = (uint32_t)(notes->n-before);
  if( notes->n-before>=MANY_LABELS ){
    b->window[walk->conversion].first = AT_IS_KEPT;
    b->window[walk->conversion].limit = (uint32_t)b->n_kept;
    return keep(env, b, walk, notes->models);
  }
  return 1;
}

/* One list of all conversions that exist. */
static void note_whole(AtByLabel *b, Notes *notes, const AtWalk *walk){
  add_note(b, notes, 0);
  notes->count[walk->conversion] = 1;
}

/* From notes by conversion to conversions by list: a counting sort. */
static int scatter(AtEnv *env, AtByLabel *b, const Notes *notes, uint32_t n){
  size_t at = 0;
  uint32_t list, i, k;
  for(list=0; list<b->n_lists; list++) b->start[list+1] += b->start[list];
  b->conversion = at_alloc(env, notes->n, sizeof *b->conversion);
  if( b->conversion==NULL ) return 0;
  for(i=0; i<n; i++){
    for(k=0; k<notes->count[i]; k++) b->conversion[b->start[notes->list[at++]]++] = i;
    if( !at_alive(env, 1) ) return 0;
  }
  for(list=b->n_lists; list>0; list--) b->start[list] = b->start[list-1];
  b->start[0] = 0;
  return 1;
}

/* Lists the conversions of a fresh walk, which is then at its end: by label, or (whole) in
** one list as they come. at_by_label_close() must follow whatever this returns. */
int at_by_label_open(AtEnv *env, AtByLabel *b, AtWalk *walk, const AtModels *models, int whole){
  uint32_t n = walk->conversions->n;
  Notes notes;
  int m;
  memset(b, 0, sizeof *b);
  memset(&notes, 0, sizeof notes);
  b->n_lists = 1;
  if( !whole ) number_lists(b, walk->touches);
  notes.models = models;
  for(m=0, notes.single=1; m<models->n; m++) notes.single &= at_is_single(&models->model[m]);
  b->start = at_alloc(env, (size_t)b->n_lists+1, sizeof *b->start);
  b->window = at_alloc(env, n, sizeof *b->window);
  notes.count = at_alloc(env, n, sizeof *notes.count);
  if( !env->error.code ){
    memset(b->start, 0, ((size_t)b->n_lists+1)*sizeof *b->start);
    memset(notes.count, 0, n*sizeof *notes.count);
    while( at_walk_next(env, walk) ){
      b->window[walk->conversion] = walk->window;
      if( !whole ){
        if( !note(env, b, &notes, walk) ) break;
      }else{
        if( !grow(env, &notes.list, notes.n, 1, &notes.capacity, sizeof *notes.list) ) break;
        note_whole(b, &notes, walk);
      }
    }
    if( !env->error.code ) scatter(env, b, &notes, n);
  }
  at_free(env->alloc, notes.list);
  at_free(env->alloc, notes.count);
  return !env->error.code;
}

void at_by_label_close(const AtAlloc *alloc, AtByLabel *b){
  size_t i;
  for(i=0; i<b->n_kept; i++){
    AtKept *k = &b->kept[i];
    at_free(alloc, k->position);
    at_free(alloc, k->row);
    at_free(alloc, k->label);
    at_free(alloc, k->credit);
    at_free(alloc, k->value);
    at_free(alloc, k->divided);
  }
  at_free(alloc, b->kept);
  at_free(alloc, b->start);
  at_free(alloc, b->window);
  at_free(alloc, b->conversion);
  memset(b, 0, sizeof *b);
}

/* A list jumps over conversions: what comes soon is asked for ahead, a window first and then the
** rows that it names. The visits between cover what memory takes to answer. */
#define WINDOW_AHEAD 8
#define ROWS_AHEAD 4

/* Makes the conversion at a place of conversion[], of a list that ends at limit, the walk's current
** one again, its path built. Returns what was kept of it, which then has no path, or NULL. */
const AtKept *at_by_label_visit(AtEnv *env, const AtByLabel *b, AtWalk *walk, size_t visit, size_t limit){
  uint32_t conversion = b->conversion[visit];
  AtWindow window = b->window[conversion];
  const AtStore *touches = walk->touches;
  if( visit+WINDOW_AHEAD<limit ) AT_PREFETCH(&b->window[b->conversion[visit+WINDOW_AHEAD]]);
  if( visit+ROWS_AHEAD<limit ){
    size_t next = b->conversion[visit+ROWS_AHEAD], row = b->window[next].first;
    if( row<touches->n ){
      AT_PREFETCH((const char*)touches->label + row*(size_t)touches->label_bytes);
      AT_PREFETCH((const char*)touches->time + row*(size_t)touches->time_bytes);
    }
    if( walk->conversions->number ) AT_PREFETCH(&walk->conversions->number[next]);
  }
  walk->conversion = conversion;
  if( window.first==AT_IS_KEPT ) return &b->kept[window.limit];
  if( !at_path_build(env, &walk->path, walk->touches, walk->options, window) ) return NULL;
  if( walk->conversions->n_milestones ){
    at_path_milestones(&walk->path, walk->conversions, conversion, walk->options->as_of);
  }
  return NULL;
}
