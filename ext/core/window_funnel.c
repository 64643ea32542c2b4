/*
** window_funnel.c: the furthest step that the rows of one group reach in order,
** no more than a window after the first.
**
** How it works. Rows come sorted by (time, set) and are read instant by instant,
** at each instant step by step: the entries (ts, k) of funnel.md in their order.
** For every step only the best chain that reaches it is kept, the one
** with the latest entry: it has the most of the window left, so whatever another
** chain could still reach, this one can. Where steps must come one after another
** in time (strict_increase), or one row fills one step (strict_once), a chain may
** not go on at the instant of its last step, so the best of the instants before is
** kept too. In strict_once the steps that one chain takes at one instant need a row
** each: assign.c finds them, over a range of steps that only moves forward.
**
** Cost: rows x conditions; in strict_once at worst x conditions once more.
*/
#include "funnel.h"

#include <assert.h>
#include <string.h>

/**************************** '30 days, strict_order' ************************/

static const struct { const char *name; unsigned mode; } mode_names[] = {
  {"strict_deduplication", AT_STRICT_DEDUPLICATION},
  {"strict_order", AT_STRICT_ORDER},
  {"strict_increase", AT_STRICT_INCREASE},
  {"strict_once", AT_STRICT_ONCE},
  {"allow_reentry", AT_ALLOW_REENTRY},
};
#define N_MODES (sizeof mode_names/sizeof *mode_names)

static void read_mode(AtEnv *env, AtFunnelRule *rule, const char *text, size_t n){
  AtSuggest near;
  size_t i;
  at_trim(&text, &n);
  at_suggest_start(&near, text, n);
  for(i=0; i<N_MODES && !at_same_word(mode_names[i].name, text, n); i++){
    at_suggest_offer(&near, mode_names[i].name);
  }
  if( i<N_MODES ){
    if( rule->modes & mode_names[i].mode ){
      at_fail(env, AT_INVALID, "mode %s is given twice; write it once", mode_names[i].name);
    }
    rule->modes |= mode_names[i].mode;
  }else if( at_same_word("strict", text, n) ){
    at_fail(env, AT_INVALID, "unknown mode 'strict'; it is called strict_deduplication now");
  }else{
    at_fail(env, AT_INVALID, "unknown mode %s%s%s%s", at_quote(text, n).text,
            near.best[0] ? "; did you mean " : "; write strict_deduplication, strict_order, "
            "strict_increase, strict_once or allow_reentry", near.best, near.best[0] ? "?" : "");
  }
}

/* Adds the modes of a list separated by commas to the rule. */
int at_funnel_modes(AtEnv *env, AtFunnelRule *rule, const char *text, size_t n){
  size_t at = 0;
  while( at<=n && !env->error.code ){
    const char *comma = n>at ? memchr(text+at, ',', n-at) : NULL;
    size_t end = comma ? (size_t)(comma-text) : n;
    read_mode(env, rule, text+at, end-at);
    at = end+1;
  }
  if( (rule->modes & AT_ALLOW_REENTRY) && !(rule->modes & AT_STRICT_ORDER) ){
    at_fail(env, AT_INVALID, "mode allow_reentry needs strict_order; write 'strict_order, allow_reentry'");
  }
  return !env->error.code;
}

/* Reads '30 days, strict_order', or a number of seconds. */
int at_funnel_rule(AtEnv *env, AtFunnelRule *rule, const AtCell *cell){
  AtCell window = *cell;
  const char *comma = NULL, *mend;
  rule->modes = 0;
  rule->window = INT64_MAX;
  if( cell->type==AT_TEXT && cell->n ) comma = memchr(cell->text, ',', cell->n);
  if( comma ) window.n = (size_t)(comma-cell->text);
  mend = at_duration_of(&window, &rule->window);
  if( mend ){
    at_fail(env, AT_INVALID, "window is no duration (got %s); %s", at_cell_quote(&window).text, mend);
  }
  return comma ? at_funnel_modes(env, rule, comma+1, cell->n-window.n-1) : !env->error.code;
}

/*********************************** The scan ********************************/

/* The best chain that reaches a step. */
typedef struct Reached Reached;
struct Reached {
  int64_t entry, own;               /* times of step 1, of this step; AT_NO_TIME = not reached */
  int64_t before;                   /* the entry of the best one that was there before own */
  uint32_t link, before_link;       /* how they came: link + 1, 0 = not kept */
};
/* The last steps of a chain, from .. the step that it reached, at one instant. */
typedef struct Link Link;
struct Link { uint32_t parent, instant, from; };

typedef struct Scan Scan;
struct Scan {
  AtEnv *env;
  const AtConditions *c;
  unsigned modes;
  int64_t window, time;             /* time: of the instant */
  uint32_t first, limit;            /* rows of the instant */
  Reached *reached;                 /* by step, from 1 */
  uint32_t highest;                 /* step reached */
  int started;                      /* step 1 was seen */
  uint64_t once[AT_CONDITION_WORDS], twice[AT_CONDITION_WORDS]; /* in a row, in two of the instant */
  AtAssign assign;
  uint32_t low, last;               /* steps low .. last have rows in assign */
  int has_links;
  Link *links;
  uint32_t n_links, links_capacity;
};

static uint32_t add_link(Scan *s, uint32_t parent, uint32_t from){
  Link *link;
  if( !s->has_links ) return 0;
  if( s->n_links>=s->links_capacity ){
    uint32_t capacity = s->links_capacity ? s->links_capacity*2 : 32;
    if( !at_grow(s->env, &s->links, capacity, sizeof *s->links) ) return 0;
    s->links_capacity = capacity;
  }
  link = &s->links[s->n_links++];
  link->parent = parent;
  link->instant = s->first;
  link->from = from;
  return s->n_links;
}

/* A chain that entered at entry reaches step k now, by steps from .. k. */
static void reach(Scan *s, uint32_t k, int64_t entry, uint32_t parent, uint32_t from){
  Reached *r = &s->reached[k];
  if( r->entry!=AT_NO_TIME && r->entry>=entry ) return;
  assert( r->entry==AT_NO_TIME || r->own!=s->time );   /* at an instant a step is reached once */
  r->before = r->entry;
  r->before_link = r->link;
  r->entry = entry;
  r->own = s->time;
  r->link = add_link(s, parent, from);
  if( k>s->highest ) s->highest = k;
}

/* The entry of the best chain at step k: of all, or of those there before this instant. */
static int64_t entry_at(const Scan *s, uint32_t k, int before, uint32_t *link){
  const Reached *r = &s->reached[k];
  int use_before = before && r->own==s->time;
  *link = use_before ? r->before_link : r->link;
  return use_before ? r->before : r->entry;
}

static int in_window(const Scan *s, int64_t entry){
  return entry!=AT_NO_TIME && s->time-entry<=s->window;
}

/* Step k joins a chain at step k-1. */
static int join(Scan *s, uint32_t k, int before){
  uint32_t link;
  int64_t entry = entry_at(s, k-1, before, &link);
  if( !in_window(s, entry) ) return 0;
  reach(s, k, entry, link, k);
  return 1;
}

/* The entry of chains that take steps from .. at this instant. */
static int64_t entry_of_run(const Scan *s, uint32_t from, uint32_t *link){
  *link = 0;
  return from==1 ? s->time : entry_at(s, from-1, 1, link);
}

static void drop_steps(Scan *s, uint32_t low){
  for(; s->low<low; s->low++) if( s->low<=s->last ) at_assign_drop(&s->assign, s->low);
}

/* Step k of a chain that takes steps from low on at this instant. Of chains that entered
** at one time the one whose last steps are earliest is kept. */
static void reach_by_run(Scan *s, uint32_t k, uint32_t low){
  uint32_t link, later_link;
  int64_t entry = entry_of_run(s, low, &link);
  while( s->has_links && low<k && entry_of_run(s, low+1, &later_link)==entry ){
    link = later_link;
    low++;
  }
  reach(s, k, entry, link, low);
}

/* Step k of a chain that takes as many steps at this instant as there are rows
** for: those that begin soonest entered latest. */
static int join_once(Scan *s, uint32_t k){
  uint32_t link;
  s->last = k;
  while( s->low<k && !at_assign_step(s->env, &s->assign, k) ) drop_steps(s, s->low+1);
  if( s->low==k ) at_assign_step(s->env, &s->assign, k);
  if( s->env->error.code || !in_window(s, entry_of_run(s, s->low, &link)) ) return 0;
  reach_by_run(s, k, s->low);
  return 1;
}

/* The same where only the first entry that reaches step k counts: row by row. Returns
** whether an entry for k comes after it, which ends the scan. */
static int join_first(Scan *s, uint32_t k){
  AtAssign *a = &s->assign;
  uint32_t last = s->limit-1, row, low, i, link;
  while( !at_holds(s->c, last, k) ) last--;
  for(row=s->first; row<=last && !s->env->error.code; row++){
    int joined = 0;
    if( !at_holds(s->c, row, k) ) continue;
    a->bound_step = k;
    a->bound_row = row-s->first;
    for(low=s->low; low<=k && in_window(s, entry_of_run(s, low, &link)); low++){
      joined = at_assign_step(s->env, a, k);
      if( joined ) break;
      at_assign_drop(a, low);
    }
    a->bound_step = 0;
    if( joined ){
      s->low = low;
      s->last = k;
      reach_by_run(s, k, low);
      return row<last;
    }
    for(i=s->low; i<k; i++) if( a->row[i]==AT_NO_ROW ) at_assign_step(s->env, a, i);
  }
  s->last = k;
  drop_steps(s, k+1);                              /* no chain goes on through k here */
  return 0;
}

/* All entries (time, k) of the instant. Returns 0 where a mode ends the scan. */
static int read_step(Scan *s, uint32_t k, int several, int assign){
  int joined;
  if( k==1 ){
    s->started = 1;
    reach(s, 1, s->time, 0, 1);
    if( assign ){ at_assign_step(s->env, &s->assign, 1); s->last = 1; }
    return 1;
  }
  if( (s->modes & AT_STRICT_DEDUPLICATION) && s->reached[k].entry!=AT_NO_TIME ) return 0;
  if( (s->modes & AT_STRICT_ORDER) && !(s->modes & AT_ALLOW_REENTRY) && s->started
   && s->reached[k-1].entry==AT_NO_TIME ) return 0;
  if( !assign ){
    joined = join(s, k, (s->modes & (AT_STRICT_INCREASE|AT_STRICT_ONCE))!=0);
    return !(joined && several && (s->modes & AT_STRICT_DEDUPLICATION));
  }
  if( k!=s->last+1 ) drop_steps(s, k);             /* no row has the step between */
  if( several && (s->modes & AT_STRICT_DEDUPLICATION) ) return !join_first(s, k);
  join_once(s, k);
  return 1;
}

/* The conditions of the instant's rows; whether one of them has none. */
static int read_sets(Scan *s){
  uint32_t row, i;
  int has_empty = 0;
  memset(s->once, 0, s->c->words*sizeof *s->once);
  memset(s->twice, 0, s->c->words*sizeof *s->twice);
  for(row=s->first; row<s->limit; row++){
    const uint64_t *set = at_conditions_set(s->c, row);
    uint64_t any = 0;
    for(i=0; i<s->c->words; i++){
      s->twice[i] |= s->once[i] & set[i];
      s->once[i] |= set[i];
      any |= set[i];
    }
    if( any==0 ) has_empty = 1;
  }
  return has_empty;
}

/* The entries of one instant. Returns 0 where the scan ends. */
static int read_instant(Scan *s){
  int assign = (s->modes & AT_STRICT_ONCE) && !(s->modes & AT_STRICT_INCREASE) && s->limit-s->first>1;
  uint32_t i, k;
  int go_on = !(read_sets(s) && (s->modes & AT_STRICT_ORDER) && s->started);
  if( assign ){
    if( !at_assign_start(s->env, &s->assign, s->c, s->first, s->limit-s->first) ) return 0;
    s->low = 1;
    s->last = 0;
  }
  for(i=0; i<s->c->words && go_on; i++){
    uint64_t rest = s->once[i];
    for(k=i*64+1; rest && go_on; k++, rest>>=1){
      if( rest & 1 ) go_on = read_step(s, k, (int)(s->twice[i]>>((k-1)%64) & 1), assign);
    }
  }
  /* without links nothing but the level is asked for */
  return go_on && (s->has_links || s->highest<s->c->n_conditions);
}

/* The rows of the best chain at the highest step: the first of each instant that has the step. */
static void list_rows(const Scan *s, uint32_t *rows){
  uint32_t k = s->highest, link = s->highest ? s->reached[k].link : 0;
  while( link ){
    const Link *l = &s->links[link-1];
    for(; k>=l->from; k--){
      uint32_t row = l->instant;
      while( !at_holds(s->c, row, k) ) row++;
      rows[k-1] = row;
    }
    link = l->parent;
  }
}

/* The level alone, without modes, of sorted rows with sets of one word: of the chains at a
** step nothing counts but the latest entry. */
static uint32_t plain_level(AtEnv *env, const AtConditions *c, int64_t window){
  int64_t entry[65];                               /* by step, from 1 */
  uint32_t highest = 0, i = 0, k;
  for(k=0; k<=c->n_conditions; k++) entry[k] = AT_NO_TIME;
  while( i<c->n && highest<c->n_conditions && at_alive(env, 1) ){
    int64_t time = c->time[i];
    uint64_t rest = c->set[i++];
    while( i<c->n && c->time[i]==time ) rest |= c->set[i++];
    if( rest & 1 ) entry[1] = time;
    if( (rest & 1) && highest==0 ) highest = 1;
    for(k=2, rest>>=1; rest; k++, rest>>=1){
      if( !(rest & 1) || entry[k-1]==AT_NO_TIME || time-entry[k-1]>window || entry[k]>=entry[k-1] ) continue;
      entry[k] = entry[k-1];
      if( k>highest ) highest = k;
    }
  }
  return highest;
}

/* Steps that a scan has room for without asking. */
#define FEW_STEPS 16

/* The level of sorted rows; with rows[] (room for every condition) also the row of
** each step of the chain that reaches it, of several the one that entered last. */
uint32_t at_window_funnel(AtEnv *env, const AtConditions *c, const AtFunnelRule *rule, uint32_t *rows){
  Reached few[FEW_STEPS+1];
  Scan s;
  uint32_t k;
  if( rule->modes==0 && rows==NULL && c->words==1 ) return plain_level(env, c, rule->window);
  memset(&s, 0, offsetof(Scan, once));
  memset(&s.assign, 0, sizeof s - offsetof(Scan, assign));
  s.env = env;
  s.c = c;
  s.modes = rule->modes;
  s.window = rule->window;
  s.has_links = rows!=NULL;
  s.reached = c->n_conditions<=FEW_STEPS ? few : at_alloc(env, c->n_conditions+1, sizeof *s.reached);
  for(k=0; s.reached && k<=c->n_conditions; k++){
    s.reached[k].entry = s.reached[k].own = s.reached[k].before = AT_NO_TIME;
    s.reached[k].link = s.reached[k].before_link = 0;
  }
  while( s.reached && s.limit<c->n && at_alive(env, s.limit-s.first) ){
    s.first = s.limit;
    s.time = c->time[s.first];
    while( s.limit<c->n && c->time[s.limit]==s.time ) s.limit++;
    if( !read_instant(&s) ) break;
  }
  if( rows && !env->error.code ) list_rows(&s, rows);
  if( s.reached!=few ) at_free(env->alloc, s.reached);
  at_free(env->alloc, s.links);
  at_assign_free(env->alloc, &s.assign);
  return s.highest;
}
