/*
** load.c: streams a relation's rows into a store, or into a list's reader.
**
** How it works. Instead of stepping a SELECT row by row, the rows are fed to
** an aggregate of our own by one step of
**
**   SELECT attribution_ingest(?1, r."account_id", r."touched_at", r."channel", r."rowid")
**     FROM "main"."touches" AS r
**
** so that SQLite never leaves its loop. ?1 is bound to the load with
** sqlite3_bind_pointer(), which no SQL text can do: called by anybody else the
** function refuses, also while a load runs. On connections of our own (readers.c), where nobody else can call it, the
** function's user data is the load, which spares an argument of every row.
*/
#include "sql.h"

#include <string.h>

#define POINTER_TYPE "attribution_load " AT_VERSION   /* not that of another version in this process */
#define PLAIN_ROWS 512              /* in a row without a look whether to stop */

/* A row as most are, without cells; 0 where it is not. */
static int ingest_plain(Load *load, sqlite3_value **argv){
  int type = sqlite3_value_type(argv[0]);
  const char *key = NULL, *label;
  size_t key_n = 0;
  int64_t entity = 0;
  if( sqlite3_value_type(argv[1])!=SQLITE_INTEGER || sqlite3_value_type(argv[2])!=SQLITE_TEXT
   || sqlite3_value_type(argv[3])!=SQLITE_INTEGER ) return 0;
  if( type==SQLITE_INTEGER ){
    entity = sqlite3_value_int64(argv[0]);
  }else if( type==SQLITE_TEXT ){
    key = (const char*)sqlite3_value_text(argv[0]);
    key_n = (size_t)sqlite3_value_bytes(argv[0]);
    if( key==NULL ) return 0;
  }else{
    return 0;
  }
  label = (const char*)sqlite3_value_text(argv[2]);
  if( label==NULL ) return 0;
  return at_loader_append_plain(load->env, load->loader, entity, key, key_n, sqlite3_value_int64(argv[1]), label,
                                (size_t)sqlite3_value_bytes(argv[2]), sqlite3_value_int64(argv[3]));
}

/* One row, whose arguments are cells. */
static void ingest_row(sqlite3_context *context, Load *load, int argc, sqlite3_value **argv){
  AtCell cells[MAX_CELLS];
  int i;
  if( argc==4 && ++load->rows<PLAIN_ROWS && load->loader && load->loader->is_plain && ingest_plain(load, argv) ) return;
  load->rows = 0;
  for(i=0; i<argc; i++){
    if( i>=load->label && i<load->labels ) cell_text(argv[i], &cells[i]);
    else cell_of(argv[i], &cells[i]);
    if( cells[i].type==AT_TEXT && cells[i].text==NULL ) at_fail(load->env, AT_NOMEM, "out of memory");
  }
  if( !(load->add ? load->add(load->context, load->env, cells)
                  : at_loader_append(load->env, load->loader, cells)) || !at_alive(load->env, PLAIN_ROWS) ){
    sqlite3_result_error(context, load->env->error.text, -1);
  }
}

void ingest_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  Load *load = argc>0 ? sqlite3_value_pointer(argv[0], POINTER_TYPE) : NULL;
  if( load ){
    ingest_row(context, load, argc-1, argv+1);
    return;
  }
  sqlite3_result_error(context, "attribution_ingest(): this function is internal; "
                       "write attribution(touches, conversions)", -1);
}

/* The same on a connection of our own. */
void ingest_reader_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  ingest_row(context, sqlite3_user_data(context), argc, argv);
}

/* Not NULL, which is what an authorizer may put in the place of the call. */
void ingest_final(sqlite3_context *context){
  sqlite3_result_int(context, 1);
}

/* The entity, a number or a text: rows of no other are searched for (finds_all() in snapshot.c). */
static void bind_cell(sqlite3_stmt *stmt, const AtCell *cell){
  switch( cell->type ){
    case AT_INT: sqlite3_bind_int64(stmt, 2, cell->integer); return;
    case AT_REAL: sqlite3_bind_double(stmt, 2, cell->real); return;
    default: sqlite3_bind_text64(stmt, 2, cell->text, cell->n, SQLITE_STATIC, SQLITE_UTF8);
  }
}

static sqlite3_stmt *prepare_load(Work *work, const Relation *r, const char *prefix, int one_entity){
  AtText sql = relation_select(work, r, one_entity ? SELECT_ENTITY : SELECT_ALL);
  sqlite3_stmt *stmt = work->env.error.code ? NULL : work_prepare(work, "%s%s", prefix, sql.text);
  at_text_free(&work->connection->alloc, &sql);
  return stmt;
}

/* A load into a loader that has been opened, or (NULL) for the caller to say where. Labels come after
** entity and time, which a list has not. */
void load_start(Load *load, AtEnv *env, const Relation *r, AtLoader *loader){
  memset(load, 0, sizeof *load);
  load->env = env;
  load->label = r->shape.entity ? 2 : 0;
  load->labels = load->label + r->shape.has_label + r->shape.n_tags;
  load->loader = loader;
}

/* Runs the SELECT, which feeds ingest_step(). */
static void run_load(Work *work, Load *load, sqlite3_stmt *stmt, const Relation *r){
  char what[128];
  sqlite3_bind_pointer(stmt, 1, load, POINTER_TYPE, NULL);
  if( sqlite3_step(stmt)==SQLITE_ROW && sqlite3_column_type(stmt, 0)==SQLITE_INTEGER ) return;
  sqlite3_snprintf(sizeof what, what, "%.80s (argument %s) cannot be read", r->name, r->role->argument);
  work_fail_sql(work, what);
}

/* Loads a relation, or the rows of one entity only. NULL on failure. */
AtStore *load_relation(Work *work, const Relation *r, const AtCell *entity){
  AtStore *store = entity ? NULL : readers_load(work, r);
  sqlite3_stmt *stmt = store ? NULL : prepare_load(work, r, "", entity!=NULL);
  AtLoader loader;
  Load load;
  if( stmt && at_loader_open(&work->env, &loader, &r->shape) ){
    load_start(&load, &work->env, r, &loader);
    if( entity ) bind_cell(stmt, entity);
    run_load(work, &load, stmt, r);
    store = at_loader_finish(&work->env, &loader, 1);
    at_loader_close(&loader);
  }
  sqlite3_finalize(stmt);
  return store;
}

/* Hands every row to add(), its cells in the order of a loader; of a list its texts first. */
int load_rows(Work *work, const Relation *r, AddRow add, void *context){
  sqlite3_stmt *stmt = prepare_load(work, r, "", 0);
  Load load;
  load_start(&load, &work->env, r, NULL);
  load.add = add;
  load.context = context;
  if( stmt ) run_load(work, &load, stmt, r);
  sqlite3_finalize(stmt);
  return !work->env.error.code;
}

/* Whether SQLite would find one entity by an index. */
int load_is_search(Work *work, const Relation *r){
  sqlite3_stmt *stmt = prepare_load(work, r, "EXPLAIN QUERY PLAN ", 1);
  int search = 0, other = 0;
  while( work_row(work, stmt) ){
    const char *detail = work_text(work, stmt, 3);
    if( detail==NULL ) continue;
    if( strncmp(detail, "SEARCH", 6)==0 ) search = 1;
    else other = 1;
  }
  sqlite3_finalize(stmt);
  return search && !other;
}
