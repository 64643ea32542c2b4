/*
** frame.c: whether a window function runs over a frame that moves.
**
** touch_credit() sees from the order of calls that a frame is wrong, but for
** one kind: OVER () or OVER (PARTITION BY …) ask for one value, which SQLite
** then gives to every row of the partition, and the function hears nothing more.
** The statement's program tells: under a frame whose start moves, each
** accumulator that AggStep feeds is fed to AggInverse too.
**
**   EXPLAIN SELECT touch_credit(ts, 'linear') OVER () FROM t;
**   … AggStep 0 12 1 touch_credit(2) … and no AggInverse with p3 = 1
**
** The running statements are those that are busy on the connection. The last one
** found right is remembered, so that a partition costs no EXPLAIN: the statement,
** its text, its run, and the state of the databases, as a view may be defined
** anew under the same text, and another statement be made at the same address. That a
** database was opened anew is seen as in snapshot.c. In a transaction that has written
** nothing is remembered.
**
** first_touch() and last_touch() ask the opposite of a frame that has become large: where no row is
** ever taken back, only the best one has to be kept.
*/
#include "sql.h"

#include <string.h>

#define MAX_ACCUMULATORS 64

typedef struct Seen Seen;
struct Seen { int stepped[MAX_ACCUMULATORS], n_stepped; int inverted[MAX_ACCUMULATORS], n_inverted; };

static void add(int *list, int *n, int accumulator){
  int i;
  for(i=0; i<*n && list[i]!=accumulator; i++){}
  if( i==*n && *n<MAX_ACCUMULATORS ) list[(*n)++] = accumulator;
}

/* Whether a column of an EXPLAIN row starts so; SQLITE_NOMEM goes to *rc. */
static int starts_with(sqlite3_stmt *explain, int column, const char *prefix, int *rc){
  const unsigned char *text = sqlite3_column_text(explain, column);
  if( text==NULL && sqlite3_column_type(explain, column)!=SQLITE_NULL ) *rc = SQLITE_NOMEM;
  return text && strncmp((const char*)text, prefix, strlen(prefix))==0;
}

/* Reads one statement's program: the accumulators of the function. */
static int read_program(sqlite3 *db, const char *sql, const char *function, Seen *seen){
  sqlite3_stmt *explain = NULL;
  char *text = sqlite3_mprintf("EXPLAIN %s", sql);
  int code = SQLITE_NOMEM, *rc = &code, i;
  memset(seen, 0, sizeof *seen);
  *rc = text ? sqlite3_prepare_v2(db, text, -1, &explain, NULL) : SQLITE_NOMEM;
  sqlite3_free(text);
  if( *rc!=SQLITE_OK ) return code;
  while( *rc==SQLITE_OK && sqlite3_step(explain)==SQLITE_ROW ){
    if( !starts_with(explain, 5, function, rc) ) continue;
    i = sqlite3_column_int(explain, 4);
    if( starts_with(explain, 1, "AggStep", rc) ) add(seen->stepped, &seen->n_stepped, i);
    if( starts_with(explain, 1, "AggInverse", rc) ) add(seen->inverted, &seen->n_inverted, i);
  }
  if( *rc==SQLITE_OK ) *rc = sqlite3_finalize(explain);
  else sqlite3_finalize(explain);
  return code;
}

/* Whether every accumulator of the function moves, or there is none. A program that cannot be had
** counts as right. */
static int program_moves(sqlite3 *db, const char *sql, const char *function, int *rc){
  Seen seen;
  int i, k;
  *rc = read_program(db, sql, function, &seen);
  if( *rc!=SQLITE_OK ) return 1;
  for(i=0; i<seen.n_stepped; i++){
    for(k=0; k<seen.n_inverted && seen.inverted[k]!=seen.stepped[i]; k++){}
    if( k==seen.n_inverted ) return 0;
  }
  return 1;
}

static void add_databases(Work *work, AtText *state){
  sqlite3 *db = work->connection->db;
  sqlite3_file *file = NULL;
  sqlite3_stmt *list;
#if SQLITE_VERSION_NUMBER>=3039000
  if( sqlite3_libversion_number()>=3039000 ){
    const char *name;
    int i;
    for(i=0; (name = sqlite3_db_name(db, i))!=NULL; i++){
      /* temp is listed before it is opened */
      if( i==1 && sqlite3_file_control(db, name, SQLITE_FCNTL_FILE_POINTER, &file)!=SQLITE_OK ) continue;
      snapshot_add_database(work, state, i, name);
    }
    return;
  }
#endif
  (void)db; (void)file;
  list = work_prepare(work, "PRAGMA database_list");
  while( work_row(work, list) ){
    const char *name = work_text(work, list, 1);
    if( name ) snapshot_add_database(work, state, sqlite3_column_int(list, 0), name);
  }
  sqlite3_finalize(list);
}

/* The state of all databases; empty where it cannot be told, an authorizer denying it perhaps: then
** nothing is remembered, and that is all that comes of it. */
static AtText state_of(Connection *connection){
  AtText state = {0};
  Work work;
  if( !sqlite3_get_autocommit(connection->db) && sqlite3_txn_state(connection->db, NULL)==SQLITE_TXN_WRITE ) return state;
  memset(&work, 0, sizeof work);
  work.connection = connection;
  work.env = connection_env(connection);
  work.may_cache = 1;
  add_databases(&work, &state);
  if( !work.may_cache || work.env.error.code ) at_text_free(&connection->alloc, &state);
  return state;
}

static int same_state(const AtText *a, const AtText *b){
  return a->n==b->n && a->n>0 && memcmp(a->text, b->text, a->n)==0;
}

/* Whether a statement is the one found right before, nothing having changed. */
static int is_remembered(const Connection *connection, sqlite3_stmt *stmt, const char *sql, const AtText *state){
  return stmt==connection->frame_stmt
      && connection->frame_run==sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_RUN, 0)
      && connection->frame_sql.n==strlen(sql) && strcmp(connection->frame_sql.text, sql)==0
      && same_state(&connection->frame_state, state);
}

static void remember(AtEnv *env, Connection *connection, sqlite3_stmt *stmt, const char *sql, const AtText *state){
  connection->frame_stmt = NULL;
  connection->frame_sql.n = connection->frame_state.n = 0;
  at_text_add(env, &connection->frame_sql, sql, strlen(sql));
  at_text_add(env, &connection->frame_state, state->text, state->n);
  if( env->error.code ) return;
  connection->frame_stmt = stmt;
  connection->frame_run = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_RUN, 0);
}

/* Whether all running statements on the connection give the function, named as
** EXPLAIN shows it ("touch_credit("), a frame whose start moves. */
int frame_moves(AtEnv *env, Connection *connection, const char *function){
  AtText state = state_of(connection);
  sqlite3_stmt *stmt = NULL;
  int rc, moves = 1;
  while( moves && !env->error.code && (stmt = sqlite3_next_stmt(connection->db, stmt))!=NULL ){
    const char *sql = sqlite3_sql(stmt);
    if( sql==NULL || !sqlite3_stmt_busy(stmt) ) continue;
    if( is_remembered(connection, stmt, sql, &state) ) continue;
    moves = program_moves(connection->db, sql, function, &rc);
    if( (rc & 0xff)==SQLITE_NOMEM ) at_fail(env, AT_NOMEM, "out of memory");
    if( (rc & 0xff)==SQLITE_INTERRUPT ) at_fail(env, AT_INTERRUPT, "interrupted");
    if( moves && !env->error.code ) remember(env, connection, stmt, sql, &state);
  }
  at_text_free(&connection->alloc, &state);
  return moves;
}

/* Whether no running statement on the connection takes a row back out of the function: a plain
** aggregate, or frames that only grow. Where that cannot be seen, one might. */
int frame_stands(AtEnv *env, Connection *connection, const char *function){
  sqlite3_stmt *stmt = NULL;
  Seen seen;
  while( (stmt = sqlite3_next_stmt(connection->db, stmt))!=NULL ){
    const char *sql = sqlite3_sql(stmt);
    int rc;
    if( !sqlite3_stmt_busy(stmt) ) continue;
    if( sql==NULL ) return 0;
    rc = read_program(connection->db, sql, function, &seen);
    if( (rc & 0xff)==SQLITE_NOMEM ) at_fail(env, AT_NOMEM, "out of memory");
    if( (rc & 0xff)==SQLITE_INTERRUPT ) at_fail(env, AT_INTERRUPT, "interrupted");
    if( rc!=SQLITE_OK || seen.n_inverted>0 ) return 0;
  }
  return 1;
}
