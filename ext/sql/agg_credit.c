/*
** agg_credit.c: weighted_credit() and touch_credit(): the models on one path,
** without relations. One group, or one window partition, is one path.
**
**   SELECT account_id, weighted_credit(channel, touched_at, 'linear')
**     FROM touches GROUP BY account_id;                  {"paid search":0.5,"email":0.5}
**   SELECT *, touch_credit(touched_at, 'time_decay') OVER (
**            PARTITION BY account_id ORDER BY touched_at
**            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS share FROM touches;
**
** (1) Rows go into a journey store of one entity, so order, ties and models
**     are those of attribution().
** (2) touch_credit has no label to break ties: touches at one instant share
**     equally what their positions earn.
** (3) With the frame shown, SQLite steps the whole partition before the first value,
**     and drops one row before each further one; anything else is another frame.
**     OVER () and its like ask for a single value and give it to every row; that
**     is seen in the statement's program only: see frame.c.
*/
#include "sql.h"

#include <math.h>
#include <string.h>

typedef struct State State;
struct State {
  int started;
  AtEnv env;
  AtShape shape;
  AtLoader loader;
  AtModel model;
  AtText model_text;                /* as in the first row */
  int64_t converted_at;             /* AT_NO_TIME = every row counts */
  uint32_t rows;                    /* stepped */
  double *shares;                   /* by row, once finished; NaN = NULL */
  uint32_t valued, removed;
};

static const char right_frame[] = "write OVER (PARTITION BY ... ORDER BY ts "
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)";

/* The model's text, read in the first row. */
static void read_model(State *s, const AtCell *text, int has_labels, int has_points){
  AtModels models;
  AtModel *m = &s->model;
  if( text->type!=AT_TEXT ){
    at_fail(&s->env, AT_INVALID, "model is not text (got %s); write a model such as 'linear'",
            at_cell_quote(text).text);
    return;
  }
  if( !at_models_parse(&s->env, &models, text->text, text->n, 1, AT_MAX_MILESTONES) ) return;
  *m = models.model[0];
  if( models.n!=1 ){
    at_fail(&s->env, AT_INVALID, "model names %d models; write one", models.n);
  }else if( m->n_milestones ){
    at_fail(&s->env, AT_INVALID, "model %s needs milestones; write attribution(touches, conversions, '%s')",
            m->name, m->name);
  }else if( m->kind==AT_POINTS && !has_points ){
    at_fail(&s->env, AT_INVALID, "model points needs the last argument, points; "
            "write NULL for converted_at where there is none");
  }else if( m->kind==AT_MARKOV ){
    at_fail(&s->env, AT_INVALID, "model %s learns from all journeys, and a group is one; "
            "write attribution(touches, conversions, '%s')", m->name, m->name);
  }else if( !has_labels && (m->kind==AT_LAST_NON_DIRECT || m->kind==AT_PARTICIPATION || m->kind==AT_SHAPLEY) ){
    at_fail(&s->env, AT_INVALID, "model %s needs labels; write weighted_credit(label, ts, '%s')",
            m->name, m->name);
  }
  group_constant(&s->env, &s->model_text, text, "model");
}

static int64_t read_time(State *s, const AtCell *cell, const char *argument){
  int64_t time;
  uint8_t form;
  const char *mend = at_time_parse(cell, AT_SECOND, &time, &form);
  if( mend ){
    at_fail(&s->env, AT_INVALID, "%s is no time (got %s); %s", argument, at_cell_quote(cell).text, mend);
  }
  return time;
}

/* cells: model, converted_at, points. */
static void start(State *s, const AtCell *cells, int has_labels, int has_points){
  s->shape.has_label = s->shape.has_id = 1;
  s->shape.has_number = has_points;
  s->shape.unit = AT_SECOND;
  s->shape.relation = "the group";
  s->shape.entity = "entity";
  s->shape.time = "ts";
  s->shape.label = "label";
  s->shape.number = "points";
  s->converted_at = read_time(s, &cells[1], "converted_at");
  read_model(s, &cells[0], has_labels, has_points);
  at_loader_open(&s->env, &s->loader, &s->shape);
}

/* model and converted_at belong to the group, not to the row. */
static void check_same(State *s, const AtCell *cells){
  group_constant(&s->env, &s->model_text, &cells[0], "model");
  if( read_time(s, &cells[1], "converted_at")!=s->converted_at ){
    at_fail(&s->env, AT_INVALID, "converted_at differs within a group (got %s); group by it too",
            at_cell_quote(&cells[1]).text);
  }
}

/* One row into the store: the entity is the same, the id is the row's number. */
static void step(sqlite3_context *context, const char *name, sqlite3_value *label,
                 int argc, sqlite3_value **argv){
  State *s = sqlite3_aggregate_context(context, sizeof *s);
  AtCell own[3], row[5];
  int next = 3;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  memset(own, 0, sizeof own);
  memset(row, 0, sizeof row);
  cell_of(argv[1], &own[0]);
  if( argc>2 ) cell_of(argv[2], &own[1]);
  if( argc>3 ) cell_of(argv[3], &own[2]);
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
    start(s, own, label!=NULL, argc>3);
  }else{
    check_same(s, own);
  }
  if( s->shares ){
    at_fail(&s->env, AT_INVALID, "this frame does not see the whole path; %s", right_frame);
  }
  row[0].type = AT_INT;
  cell_of(argv[0], &row[1]);
  if( label ) cell_text(label, &row[2]);
  if( argc>3 ) row[next++] = own[2];
  row[next].type = AT_INT;
  row[next].integer = s->rows++;
  if( !at_loader_append(&s->env, &s->loader, row) ) result_failure(context, name, &s->env);
}

/* Divides 1 over the rows so far: path->credit[] in the order of the path.
** Everything opened here is closed by close_path(). */
typedef struct Divided Divided;
struct Divided { AtStore *store; AtOptions options; AtPath path; int credited; };

static void divide(State *s, Divided *d){
  AtWindow window = {0, 0};
  memset(d, 0, sizeof *d);
  at_options_parse(&s->env, &d->options, "", 0, AT_FOR_ALL);
  d->store = at_loader_finish(&s->env, &s->loader, 1);
  if( d->store==NULL ) return;
  window.limit = d->store->n;
  while( s->converted_at!=AT_NO_TIME && window.limit>0
      && at_store_when(d->store, window.limit-1)>s->converted_at ) window.limit--;
  if( !at_path_open(&s->env, &d->path, d->store, &d->options)
   || !at_path_build(&s->env, &d->path, d->store, &d->options, window) ) return;
  d->credited = at_divide(&s->env, &d->path, &s->model, 1, 0);
}

static void close_path(State *s, Divided *d){
  at_path_close(s->env.alloc, &d->path);
  at_options_free(s->env.alloc, &d->options);
  at_store_release(d->store);
}

static void close_state(State *s){
  at_loader_close(&s->loader);
  at_text_free(s->env.alloc, &s->model_text);
  at_free(s->env.alloc, s->shares);
  s->shares = NULL;
}

/*********************************** weighted_credit *************************/

void weighted_credit_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "weighted_credit", argv[0], argc-1, argv+1);
}

void weighted_credit_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  AtText json = {0};
  Divided d;
  if( s==NULL || !s->started ) return;
  divide(s, &d);
  if( d.store && d.store->n>0 ) at_credit_json(&s->env, &d.path, d.store, d.credited, &json);
  if( json.n || s->env.error.code ) result_json(context, "weighted_credit", &s->env, &json);
  close_path(s, &d);
  close_state(s);
}

/************************************* touch_credit **************************/

void touch_credit_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  step(context, "touch_credit", NULL, argc, argv);
}

/* The shares of all rows, by the order in which they were stepped. */
static void finish(State *s){
  Divided d;
  s->shares = at_alloc(&s->env, s->rows, sizeof *s->shares);
  divide(s, &d);
  if( !s->env.error.code ) at_credit_by_row(&s->env, &d.path, d.store, &s->model, d.credited, s->shares, s->rows);
  close_path(s, &d);
}

void touch_credit_value(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  if( s->shares==NULL ){
    if( !frame_moves(&s->env, sqlite3_user_data(context), "touch_credit(") ){
      at_fail(&s->env, AT_INVALID, "this frame is the same for several rows; %s", right_frame);
    }
    finish(s);
  }
  if( s->valued!=s->removed || s->valued>=s->rows ){
    at_fail(&s->env, AT_INVALID, "this frame does not start at the current row; %s", right_frame);
  }
  if( s->env.error.code ){
    result_failure(context, "touch_credit", &s->env);
    return;
  }
  if( isnan(s->shares[s->valued]) ) sqlite3_result_null(context);
  else sqlite3_result_double(context, s->shares[s->valued]);
  s->valued++;
}

void touch_credit_inverse(sqlite3_context *context, int argc, sqlite3_value **argv){
  State *s = sqlite3_aggregate_context(context, 0);
  (void)argc; (void)argv;
  if( s && s->started ) s->removed++;
}

/* The end of a partition; without a value before it, a plain aggregate. */
void touch_credit_final(sqlite3_context *context){
  State *s = sqlite3_aggregate_context(context, 0);
  if( s==NULL || !s->started ) return;
  if( s->valued==0 && s->rows>0 ){
    at_fail(&s->env, AT_INVALID, "this is a window function; %s", right_frame);
  }
  if( s->env.error.code ) result_failure(context, "touch_credit", &s->env);
  close_state(s);
}
