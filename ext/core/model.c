/*
** model.c: a model list such as 'linear, time_decay(half_life=14 days)'.
**
** One table row per model: how it is written, what it means, the weights of its
** positions and the milestones it needs. What a model does with a path is in
** weights.c. Sources of the shapes: Adobe Analytics (J, inverse J, participation),
** Marketo Measure (U, W, full path), Full Circle Insights (points).
*/
#include "effects.h"

#include <string.h>

typedef struct Row Row;
struct Row {
  AtModelInfo info;
  double first, middle, last, each;
  int n_milestones;
};
static const Row table[] = {
  {{AT_FIRST_TOUCH, "first_touch", "first_touch", "everything to the first touch"}, 1,0,0,0, 0},
  {{AT_LAST_TOUCH, "last_touch", "last_touch", "everything to the last touch"}, 0,0,1,0, 0},
  {{AT_LAST_NON_DIRECT, "last_non_direct", "last_non_direct", "everything to the last touch whose label is not listed in direct="}, 0,0,0,0, 0},
  {{AT_LINEAR, "linear", "linear", "equal parts"}, 0,1,0,0, 0},
  {{AT_POSITION_BASED, "position_based", "position_based(first=.4, last=.4)", "first and last as given, the middle shares the rest"}, .4,.2,.4,0, 0},
  {{AT_TIME_DECAY, "time_decay", "time_decay(half_life=7 days)", "2^(-age / half_life)"}, 0,0,0,0, 0},
  {{AT_J_SHAPED, "j_shaped", "j_shaped", "20 first, 20 middle, 60 last"}, .2,.2,.6,0, 0},
  {{AT_INVERSE_J, "inverse_j", "inverse_j", "60 first, 20 middle, 20 last"}, .6,.2,.2,0, 0},
  {{AT_CUSTOM, "custom", "custom(first, middle, last)", "weights of your own, normalised"}, 0,0,0,0, 0},
  {{AT_PARTICIPATION, "participation", "participation", "every channel of the path gets the whole, once; does not sum to 1"}, 0,0,0,0, 0},
  {{AT_POINTS, "points", "points", "in proportion to a points column of the touches"}, 0,0,0,0, 0},
  {{AT_MILESTONE, "milestone", "milestone(k)", "everything to the touch of milestone k"}, 0,0,0,1, 0},
  {{AT_U_SHAPED, "u_shaped", "u_shaped", "40 first, 40 milestone 1, 20 between"}, .4,.2,0,.4, 1},
  {{AT_W_SHAPED, "w_shaped", "w_shaped", "30 first, 30 milestone 1, 30 milestone 2, 10 between"}, .3,.1,0,.3, 2},
  {{AT_FULL_PATH, "full_path", "full_path", "22.5 first, milestone 1, milestone 2, last; 10 between"}, .225,.1,.225,.225, 2},
  {{AT_MARKOV, "markov", "markov(order=1)", "in proportion to the removal effects of the touches' channels, learned from all journeys: explains each deal and adds up; its totals are not "
   "those of channel_effects, which shares all conversions by effect, also those that a channel had no part in, and is for weighing channels"}, 0,0,0,0, 0},
  {{AT_SHAPLEY, "shapley", "shapley", "equal parts for the path's channels, each divided over its touches"}, 0,0,0,0, 0},
};
#define N_ROWS ((int)(sizeof table/sizeof *table))

/* Row i of the table, or NULL past its end. */
const AtModelInfo *at_model_info(int i){
  return i>=0 && i<N_ROWS ? &table[i].info : NULL;
}

/* A piece of the list, trimmed. */
typedef struct Piece Piece;
struct Piece { const char *text; size_t n; };

static Piece piece(const char *from, const char *to){
  Piece p;
  p.text = from;
  p.n = (size_t)(to-from);
  at_trim(&p.text, &p.n);
  return p;
}

static int is_word(Piece p, const char *word){
  return at_same_word(word, p.text, p.n);
}

/* Where the piece that starts at from ends: a comma outside parentheses. */
static const char *piece_end(const char *from, const char *end){
  int depth = 0;
  for(; from<end && (depth>0 || *from!=','); from++){
    if( *from=='(' ) depth++;
    if( *from==')' ) depth--;
  }
  return from;
}

static int fail_model(AtEnv *env, Piece p, const char *is, const char *mend){
  at_fail(env, AT_INVALID, "model %s %s; %s", at_quote(p.text, p.n).text, is, mend);
  return 0;
}

/* The parameters of a model by position. */
static const char *const no_names[] = {NULL};
static const char *const position_names[] = {"first", "last", NULL};
static const char *const decay_names[] = {"half_life", NULL};
static const char *const custom_names[] = {"first", "middle", "last", NULL};
static const char *const milestone_names[] = {"k", NULL};
static const char *const markov_names[] = {"order", NULL};

static const char *const *parameter_names(int kind){
  switch( kind ){
    case AT_POSITION_BASED: return position_names;
    case AT_TIME_DECAY: return decay_names;
    case AT_CUSTOM: return custom_names;
    case AT_MILESTONE: return milestone_names;
    case AT_MARKOV: return markov_names;
    default: return no_names;
  }
}

/* Sorts '(.5, last=.3)' into values by the model's parameter names. */
static int read_parameters(AtEnv *env, Piece model, const Row *row, Piece inside, Piece value[3]){
  const char *const *names = parameter_names(row->info.kind);
  const char *at = inside.text, *end = inside.n ? at+inside.n : at;   /* NULL+0 is undefined */
  int next = 0;
  memset(value, 0, 3*sizeof *value);
  while( inside.n>0 && at<=end ){
    const char *stop = piece_end(at, end), *equals = memchr(at, '=', (size_t)(stop-at));
    int i = next++;
    if( equals ){
      Piece name = piece(at, equals);
      for(i=0; names[i] && !is_word(name, names[i]); i++){}
      at = equals+1;
    }
    if( i>2 || (i>0 && names[0]==NULL) || names[0]==NULL || names[i]==NULL || value[i].text ){
      at_fail(env, AT_INVALID, "model %s has wrong parameters; write %s",
              at_quote(model.text, model.n).text, row->info.form);
      return 0;
    }
    value[i] = piece(at, stop);
    at = stop+1;
  }
  return 1;
}

/* A parameter as a share, 0 or more. Absent: it keeps its default. */
static int read_share(Piece p, double *share){
  if( p.text==NULL ) return 1;
  return at_number_parse(p.text, p.n, share) && *share>=0 && *share<=1e6;
}

static int apply_parameters(AtEnv *env, Piece text, AtModel *m, const Piece value[3]){
  const char *mend = NULL;
  int64_t k = 0;
  switch( m->kind ){
    case AT_POSITION_BASED:
      if( !read_share(value[0], &m->first) || !read_share(value[1], &m->last)
       || m->first+m->last>1+1e-12 ){
        return fail_model(env, text, "has wrong shares", "write shares from 0 that sum to 1 at most");
      }
      m->middle = 1 - (m->first+m->last);
      if( m->middle<1e-12 ) m->middle = 0;
      return 1;
    case AT_TIME_DECAY:
      m->half_life = INT64_C(604800)*AT_SECOND;
      if( value[0].text ) mend = at_duration_parse(value[0].text, value[0].n, &m->half_life);
      if( mend==NULL && m->half_life<=0 ) mend = "write a half-life above 0";
      return mend ? fail_model(env, text, "has no readable half-life", mend) : 1;
    case AT_CUSTOM:
      if( !value[0].text || !value[1].text || !value[2].text || !read_share(value[0], &m->first)
       || !read_share(value[1], &m->middle) || !read_share(value[2], &m->last)
       || m->first+m->middle+m->last<=0 ){
        return fail_model(env, text, "has wrong shares",
                          "write custom(first, middle, last), none negative and not all 0");
      }
      return 1;
    case AT_MILESTONE:
      if( !value[0].text || !at_integer_parse(value[0].text, value[0].n, &k) || k<1
       || k>AT_MAX_MILESTONES ){
        return fail_model(env, text, "names no milestone", "write milestone(1) to milestone(16)");
      }
      m->n_milestones = (int)k;
      return 1;
    case AT_MARKOV:
      k = 1;
      if( value[0].text && (!at_integer_parse(value[0].text, value[0].n, &k) || k<1 || k>AT_MAX_ORDER) ){
        return fail_model(env, text, "has no such order", "write markov(1) to markov(6)");
      }
      m->order = (int)k;
      return 1;
    default:
      return 1;
  }
}

static int same_model(const AtModel *a, const AtModel *b){
  return a->kind==b->kind && a->first==b->first && a->middle==b->middle && a->last==b->last
      && a->half_life==b->half_life && a->n_milestones==b->n_milestones && a->order==b->order;
}

static int add_model(AtEnv *env, AtModels *models, const AtModel *m){
  int i;
  if( models->n>=AT_MAX_MODELS ){
    at_fail(env, AT_INVALID, "more than 64 models; write a shorter list");
    return 0;
  }
  for(i=0; i<models->n; i++){
    if( same_model(&models->model[i], m) ){
      at_fail(env, AT_INVALID, "model '%s' is listed twice; write it once", m->name);
      return 0;
    }
  }
  models->model[models->n++] = *m;
  return 1;
}

static void start_model(AtModel *m, const Row *row){
  memset(m, 0, sizeof *m);
  m->kind = row->info.kind;
  m->first = row->first;
  m->middle = row->middle;
  m->last = row->last;
  m->each = row->each;
  m->n_milestones = row->n_milestones;
}

/* Whether the relations can feed a model; a failure says how to name what is missing. */
static int can_feed(AtEnv *env, const AtModel *m, int has_points, int n_milestones){
  if( m->kind==AT_POINTS && !has_points ){
    at_fail(env, AT_INVALID, "model points needs a points column, and touches names none; "
            "write 'touches(entity, ts, channel, points)'");
    return 0;
  }
  if( m->n_milestones>n_milestones ){
    at_fail(env, AT_INVALID, "model %s needs %d milestone column%s, and conversions names %d; "
            "write 'conversions(entity, ts, value, %s)'", m->name, m->n_milestones,
            m->n_milestones==1 ? "" : "s", n_milestones,
            m->n_milestones==1 ? "lead_created_at" : "lead_created_at, opportunity_created_at");
    return 0;
  }
  return 1;
}

/* 'all': what the relations can feed, milestone(1) .. milestone(n) included. */
static int add_all(AtEnv *env, AtModels *models, int has_points, int n_milestones){
  int i, k;
  for(i=0; i<N_ROWS; i++){
    AtModel m;
    start_model(&m, &table[i]);
    strcpy(m.name, table[i].info.name);
    m.half_life = m.kind==AT_TIME_DECAY ? INT64_C(604800)*AT_SECOND : 0;
    if( m.kind==AT_MARKOV || m.kind==AT_SHAPLEY ) continue;   /* no rules */
    if( m.kind==AT_CUSTOM || (m.kind==AT_POINTS && !has_points) || m.n_milestones>n_milestones ) continue;
    if( m.kind==AT_POSITION_BASED ) m.middle = 1 - (m.first+m.last);
    for(k=1; k<=(m.kind==AT_MILESTONE ? n_milestones : 1); k++){
      if( m.kind==AT_MILESTONE ){
        strcpy(m.name, "milestone(");
        if( k>=10 ) strcat(m.name, "1");
        strncat(m.name, &"0123456789"[k%10], 1);
        strcat(m.name, ")");
        m.n_milestones = k;
      }
      if( !add_model(env, models, &m) ) return 0;
    }
  }
  return 1;
}

static const Row *find_row(AtEnv *env, Piece name){
  AtSuggest near;
  int i;
  at_suggest_start(&near, name.text, name.n);
  for(i=0; i<N_ROWS; i++){
    if( is_word(name, table[i].info.name) ) return &table[i];
    at_suggest_offer(&near, table[i].info.name);
  }
  if( memchr(name.text, '=', name.n) ){
    at_fail(env, AT_INVALID, "unknown model %s; write options in the argument after models",
            at_quote(name.text, name.n).text);
    return NULL;
  }
  at_fail(env, AT_INVALID, "unknown model %s; %s%s%s", at_quote(name.text, name.n).text,
          near.best[0] ? "did you mean " : "write one of first_touch, last_touch, last_non_direct, linear, "
          "position_based, time_decay, j_shaped, inverse_j, custom, participation, points, milestone, "
          "u_shaped, w_shaped, full_path, markov, shapley, or all", near.best, near.best[0] ? "?" : "");
  return NULL;
}

static int read_model(AtEnv *env, AtModels *models, Piece text, int has_points, int n_milestones){
  const char *open = memchr(text.text, '(', text.n), *end = text.text+text.n;
  Piece name = piece(text.text, open ? open : end), inside = {NULL, 0}, value[3];
  const Row *row = find_row(env, name);
  AtModel m;
  size_t i;
  if( row==NULL ) return 0;
  if( open && end[-1]!=')' ) return fail_model(env, text, "has an open parenthesis", "close it with )");
  if( open ) inside = piece(open+1, end-1);
  if( text.n>=AT_MAX_NAME ) return fail_model(env, text, "is too long", "write less than 128 bytes");
  start_model(&m, row);
  for(i=0; i<text.n; i++) m.name[i] = at_lower(text.text[i]);
  if( !read_parameters(env, text, row, inside, value) || !apply_parameters(env, text, &m, value) ) return 0;
  return can_feed(env, &m, has_points, n_milestones) && add_model(env, models, &m);
}

/* Reads a model list for relations with or without points and so many
** milestone columns. */
int at_models_parse(AtEnv *env, AtModels *models, const char *text, size_t n,
                    int has_points, int n_milestones){
  const char *at = text, *end = text+n;
  models->n = 0;
  while( at<=end ){
    const char *stop = piece_end(at, end);
    Piece p = piece(at, stop);
    if( p.n==0 ){
      at_fail(env, AT_INVALID, "models has an empty place between commas (got %s); "
              "write a list such as 'first_touch, linear'", at_quote(text, n).text);
      return 0;
    }
    if( is_word(p, "all") ){
      if( !add_all(env, models, has_points, n_milestones) ) return 0;
    }else if( !read_model(env, models, p, has_points, n_milestones) ){
      return 0;
    }
    at = stop+1;
  }
  return 1;
}

void at_models_free(const AtAlloc *alloc, AtModels *models){
  int i;
  for(i=0; i<models->n; i++) at_free(alloc, models->model[i].effect);
  models->n = 0;
}
