/*
** connection.c: what one connection shares, and one statement's work on it.
**
** A Connection is made when the extension is loaded and counted by every
** function and module registered with it; the last one to go frees it. A Work
** spans one xFilter: it carries the sticky error, a heartbeat and the read
** transactions that keep all its loads on one snapshot. No statement outlives
** its Work, so sqlite3_close() never finds one of ours.
*/
#include "sql.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

/* A relation may be a view that calls us again; no deeper than this. */
#define MAX_DEPTH 8
#define DEFAULT_CACHE_MB 1024        /* or an eighth of the memory, if that is more; but never more than half of it */
#define MAX_DEFAULT_THREADS 4
#define MEGABYTE ((size_t)1024*1024)
#ifndef MOST_AT_ONCE
#define MOST_AT_ONCE 0x7ffffeff       /* bytes of a block that SQLite gives, at most; a test may lower it */
#endif

/* Whether statements would hold more than they may if a block grew. What is kept for later ones does not count. */
static int is_beyond(const Connection *c, size_t growth){
  size_t used = c->used, kept = c->kept;
  size_t theirs = used>kept ? used-kept : 0;
  return c->memory_limit>0 && (theirs>c->memory_limit || growth>c->memory_limit-theirs);
}

static void *resize(void *ctx, void *block, size_t bytes){
  Connection *c = ctx;
  size_t old = block ? (size_t)sqlite3_msize(block) : 0;
  void *grown;
  if( bytes==0 ){
    sqlite3_free(block);
    c->used -= old;
    return NULL;
  }
  if( bytes>MOST_AT_ONCE ){
    c->oversized++;
    return NULL;
  }
  if( bytes>old && is_beyond(c, bytes-old) ){
    c->refused++;
    return NULL;
  }
  grown = sqlite3_realloc64(block, bytes);
  if( grown ) c->used += (size_t)sqlite3_msize(grown)-old;
  return grown;
}

/* Says why a request was refused, and what to raise; nothing where it was SQLite that had no memory. */
static void explain(void *ctx, AtEnv *env){
  Connection *c = ctx;
  int64_t megabytes = connection_megabytes(c);
  if( c->oversized>0 ){
    c->oversized--;
    at_fail(env, AT_INVALID, "more than 2 GB are needed in one piece, which SQLite never gives; read less: a view with "
            "fewer rows, or smaller groups");
    return;
  }
  if( c->refused==0 ) return;
  c->refused--;
  at_fail(env, AT_INVALID, "more than %lld MB are needed, which is what statements of this connection may use; raise it: "
          "SELECT attribution_memory_mb(%lld), or read less: a view with fewer rows",
          (long long)megabytes, (long long)megabytes*2);
}

/* Bounds what statements use, 0 = not. */
void connection_limit(Connection *c, int64_t megabytes){
  uint64_t most = SIZE_MAX/MEGABYTE;
  c->memory_limit = megabytes<=0 ? 0 : (uint64_t)megabytes<most ? (size_t)megabytes*MEGABYTE : SIZE_MAX;
}

/* The bound as it is. */
int64_t connection_megabytes(const Connection *c){
  return (int64_t)(c->memory_limit/MEGABYTE);
}

/* A heartbeat steps a SELECT, which hears sqlite3_interrupt() and progress handlers on every SQLite. A handler is asked
** after so many operations of one statement, over all its runs: a beat is BEAT_OPERATIONS of them, in a microsecond, and
** comes every few tenths of a millisecond, so that our work counts as a million operations a second or so. Prepared at
** the first beat: most work is done before. */
#define BEAT_OPERATIONS 256

/* A host that has lowered SQLITE_LIMIT_COLUMN or SQLITE_LIMIT_SQL_LENGTH gets the shortest. */
static int prepare_beat(sqlite3 *db, sqlite3_stmt **beat){
  char sql[16+2*BEAT_OPERATIONS] = "SELECT 1";
  size_t n = strlen(sql), i;
  int rc;
  for(i=1; i<BEAT_OPERATIONS; i++){
    sql[n++] = ',';
    sql[n++] = '1';
  }
  sql[n] = 0;
  rc = sqlite3_prepare_v2(db, sql, -1, beat, NULL);
  if( rc==SQLITE_ERROR || rc==SQLITE_TOOBIG ) rc = sqlite3_prepare_v2(db, "SELECT 1", -1, beat, NULL);
  return rc;
}

/* SQLITE_ROW, or what is in the way. */
static int step_beat(sqlite3 *db, sqlite3_stmt **beat){
  int rc = *beat ? SQLITE_OK : prepare_beat(db, beat);
  if( rc!=SQLITE_OK ) return rc;
  rc = sqlite3_step(*beat);
  sqlite3_reset(*beat);
  return rc;
}

/* The heartbeat where there is no Work, in an aggregate or between rows. Within connection_busy() .. connection_rest() its
** statement is kept from beat to beat; in the step of an aggregate, where SQLite counts its own operations, it is not. */
static int lone_heartbeat(void *connection){
  Connection *c = connection;
  sqlite3_stmt *stmt = NULL;
  int rc;
  if( c->is_busy ) return step_beat(c->db, &c->beat)!=SQLITE_INTERRUPT;
  rc = sqlite3_prepare_v2(c->db, "SELECT 1", -1, &stmt, NULL);
  if( rc==SQLITE_OK ) rc = sqlite3_step(stmt);
  sqlite3_finalize(stmt);
  return rc!=SQLITE_INTERRUPT;
}

/* A call from SQLite begins that may take long and has no Work. */
void connection_busy(Connection *c){
  c->is_busy = 1;
}

/* It ends: no statement of ours is left behind, whatever comes next may be sqlite3_close(). */
void connection_rest(Connection *c){
  c->is_busy = 0;
  if( c->beat==NULL ) return;
  sqlite3_finalize(c->beat);
  c->beat = NULL;
}

/* Threads that a call may use by default: 0 where SQLite has been built or configured
** without mutexes, since its allocator is ours. Then all static mutexes are the same dummy. */
static int default_threads(void){
  int n = at_processors();
  if( !sqlite3_threadsafe() ) return 0;
  if( sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_MEM)==sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_LRU) ) return 0;
  return n<MAX_DEFAULT_THREADS ? n : MAX_DEFAULT_THREADS;
}

/* The megabytes that a connection keeps relations in, until it is told another number. */
static int64_t default_cache(int64_t memory){
  if( memory/8>DEFAULT_CACHE_MB ) return memory/8;
  return memory>0 && memory/2<DEFAULT_CACHE_MB ? memory/2 : DEFAULT_CACHE_MB;
}

/* A new connection with one reference, or NULL. */
Connection *connection_open(sqlite3 *db){
  Connection *c = sqlite3_malloc64(sizeof *c);
  int64_t memory;
  if( c==NULL ) return NULL;
  memset(c, 0, sizeof *c);
  c->db = db;
  c->references = 1;
  c->alloc.resize = resize;
  c->alloc.ctx = c;
  c->alloc.explain = explain;
  memory = (int64_t)(at_memory("")/MEGABYTE);
  cache_limit(c, default_cache(memory));
  connection_limit(c, memory/4*3);
  c->threads = default_threads();
  return c;
}

void connection_release(void *connection){
  Connection *c = connection;
  if( --c->references>0 ) return;
  cache_clear(c);
  readings_clear(c);
  at_text_free(&c->alloc, &c->fingerprint);
  at_text_free(&c->alloc, &c->frame_sql);
  at_text_free(&c->alloc, &c->frame_state);
  assert( c->used==0 && c->kept==0 );
  sqlite3_free(c);
}

/* A function of ours goes: with the connection, or as the host registers its own under that name. */
void connection_lost_function(void *connection){
  ((Connection*)connection)->is_replaced = 1;
  connection_release(connection);
}

/* An env in place. The text of an error is written when there is one: an aggregate
** starts one for each row. */
void connection_env_at(Connection *c, AtEnv *env){
  env->ticks = 0;
  env->threads = c->threads;
  env->error.code = AT_OK;
  env->error.text[0] = 0;
  env->alloc = &c->alloc;
  env->heartbeat = lone_heartbeat;
  env->heartbeat_ctx = c;
}

AtEnv connection_env(Connection *c){
  AtEnv env;
  connection_env_at(c, &env);
  return env;
}

/* Whether BINARY compares text as UTF-8: in a database of UTF-16 it compares those bytes. */
int connection_is_utf8(Connection *c){
  sqlite3_stmt *stmt = NULL;
  int utf8 = 0;
  if( sqlite3_prepare_v2(c->db, "PRAGMA encoding", -1, &stmt, NULL)==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ){
    const char *encoding = (const char*)sqlite3_column_text(stmt, 0);
    utf8 = encoding && strcmp(encoding, "UTF-8")==0;
  }
  sqlite3_finalize(stmt);
  return utf8;
}

static int heartbeat(void *context){
  Work *work = context;
  int rc = step_beat(work->connection->db, &work->heartbeat);
  if( rc==SQLITE_NOMEM ) at_fail(&work->env, AT_NOMEM, "out of memory");
  return rc!=SQLITE_INTERRUPT && rc!=SQLITE_NOMEM;
}

static void fail_depth(Work *work){
  at_fail(&work->env, AT_INVALID, "views that call each other's table functions are nested deeper "
          "than %d; read a table instead", MAX_DEPTH);
}

/* Starts one statement's work; on failure work->env.error says why. Either way
** work_end() must follow. */
int work_begin(Work *work, Connection *connection){
  memset(work, 0, sizeof *work);
  work->connection = connection;
  work->env = connection_env(connection);
  if( ++connection->depth>MAX_DEPTH ){
    connection->is_too_deep = 1;
    fail_depth(work);
    return 0;
  }
  work->env.heartbeat = heartbeat;
  work->env.heartbeat_ctx = work;
  return work->env.error.code==AT_OK;
}

void work_end(Work *work){
  int i;
  for(i=0; i<work->n_pins; i++) sqlite3_finalize(work->pins[i]);
  sqlite3_finalize(work->heartbeat);
  if( --work->connection->depth==0 ) work->connection->is_too_deep = 0;
}

int work_code(const Work *work){
  return work->rc ? work->rc : env_code(&work->env);
}

/* Takes over the connection's current error: its code, and its text after what; of views
** that are nested too deep the reason alone, as each of them would add a what. */
void work_fail_sql(Work *work, const char *what){
  sqlite3 *db = work->connection->db;
  int code = sqlite3_errcode(db);
  if( work->env.error.code ) return;
  if( work->connection->is_too_deep && (code & 0xff)==SQLITE_ERROR ){ fail_depth(work); return; }
  switch( code & 0xff ){
    case SQLITE_NOMEM: at_fail(&work->env, AT_NOMEM, "out of memory"); return;
    case SQLITE_INTERRUPT: at_fail(&work->env, AT_INTERRUPT, "interrupted"); return;
    case SQLITE_ERROR: break;
    case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE:    /* no failure: an authorizer said SQLITE_IGNORE */
      at_fail(&work->env, AT_INVALID, "%s: the host's authorizer leaves it out", what);
      return;
    default: work->rc = code;
  }
  at_fail(&work->env, AT_INVALID, "%s: %s", what, sqlite3_errmsg(db));
}

/* Prepares formatted SQL (as sqlite3_mprintf); NULL and an error when it
** fails. Nothing happens once the work has failed. */
sqlite3_stmt *work_prepare(Work *work, const char *format, ...){
  sqlite3_stmt *stmt = NULL;
  va_list arguments;
  char *sql;
  if( work->env.error.code ) return NULL;
  va_start(arguments, format);
  sql = sqlite3_vmprintf(format, arguments);
  va_end(arguments);
  if( sql==NULL ){
    at_fail(&work->env, AT_NOMEM, "out of memory");
    return NULL;
  }
  if( sqlite3_prepare_v2(work->connection->db, sql, -1, &stmt, NULL)!=SQLITE_OK ){
    work_fail_sql(work, "cannot read the schema");
  }
  sqlite3_free(sql);
  return stmt;
}

/* Steps to the next row of a look at the schema: 1 there is one, 0 at the end
** and on failure, an interrupt included. */
int work_row(Work *work, sqlite3_stmt *stmt){
  int rc;
  if( stmt==NULL || work->env.error.code ) return 0;
  rc = sqlite3_step(stmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ) work_fail_sql(work, "cannot read the schema");
  return rc==SQLITE_ROW;
}

/* A column as text; NULL for NULL. Out of memory is a failure of the work. */
const char *work_text(Work *work, sqlite3_stmt *stmt, int column){
  const char *text = (const char*)sqlite3_column_text(stmt, column);
  if( text==NULL && sqlite3_column_type(stmt, column)!=SQLITE_NULL ){
    at_fail(&work->env, AT_NOMEM, "out of memory");
  }
  return text;
}

/* What a pragma (formatted as by sqlite3_mprintf) says, a number; 0 where it says none, an authorizer denying it
** perhaps. That alone is no failure of the work; who stops it is heard. */
int work_pragma(Work *work, int64_t *value, const char *format, ...){
  sqlite3_stmt *stmt = NULL;
  va_list arguments;
  char *name, *sql = NULL;
  int rc = SQLITE_NOMEM, found;
  va_start(arguments, format);
  name = sqlite3_vmprintf(format, arguments);
  va_end(arguments);
  if( name ) sql = sqlite3_mprintf("PRAGMA %s", name);
  if( sql ) rc = sqlite3_prepare_v2(work->connection->db, sql, -1, &stmt, NULL);
  if( rc==SQLITE_OK ) rc = sqlite3_step(stmt);
  found = rc==SQLITE_ROW && sqlite3_column_type(stmt, 0)==SQLITE_INTEGER;
  if( found ) *value = sqlite3_column_int64(stmt, 0);
  if( rc==SQLITE_NOMEM ) at_fail(&work->env, AT_NOMEM, "out of memory");
  if( rc==SQLITE_INTERRUPT ) at_fail(&work->env, AT_INTERRUPT, "interrupted");
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  sqlite3_free(name);
  return found && !work->env.error.code;
}
