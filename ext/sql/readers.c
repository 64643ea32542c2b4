/*
** readers.c: a large plain table, read by several connections of our own at once.
**
** Most of a cold query is getting rows out of SQLite, and one connection reads on one thread.
** Where it can be proved that others see the very same rows, as many read-only connections
** as there are threads are opened for the duration of the load, each with a range of rowids:
**
**   SELECT attribution_ingest(r."account_id", r."touched_at", r."channel", r."rowid")
**     FROM "main"."touches" AS r WHERE r."rowid" BETWEEN ?1 AND ?2
**
** The proof
**   1. The same file: the database has one, through one of SQLite's own file systems that
**      lock, opened without nolock, immutable or a shared cache, and still the one of that name
**      when all have opened it.
**   2. The same snapshot: the statement holds a read transaction (snapshot.c) on this database, and
**      no write transaction, so the connection has no uncommitted change in it. With a rollback journal this is a lock under which nobody can
**      write to the file, so whoever reads it meanwhile reads the same. With a WAL others
**      may commit beside it; then one connection reads all.
**   3. The same meaning: EXPLAIN of the SELECT gives both connections the same program, and in
**      it is nothing but reading columns of one table by a range of its rowids: no view, virtual
**      table, generated column, function or collation, and nothing that an
**      authorizer has denied, since that would stand in one program and not in the other.
** Whatever is in doubt, or fails on such a connection, leaves the load to the user's own.
*/
#include "sql.h"

#include <string.h>

typedef struct Reader Reader;
struct Reader {
  Load load;
  sqlite3 *db;
  sqlite3_stmt *stmt;
  int64_t first, last;              /* rowids */
  int failed;                       /* SQLite failed, not the rows */
};

typedef struct Readers Readers;
struct Readers {
  Work *work;
  const Relation *relation;
  int n;
  Reader reader[AT_MAX_THREADS];
  AtLoader loader[AT_MAX_THREADS];
};

/* The file that a schema is in, with its file system; NULL where 1. cannot be proved. */
static const char *file_of(Work *work, const Relation *r, sqlite3_vfs **vfs){
  static const char *const known[] = {"unix", "win32", "win32-longpath"};
  sqlite3 *db = work->connection->db;
  const char *file = sqlite3_db_filename(db, r->schema), *cache;
  size_t i;
  if( file==NULL || file[0]==0 ) return NULL;
  if( sqlite3_uri_boolean(file, "nolock", 0) || sqlite3_uri_boolean(file, "immutable", 0) ) return NULL;
  cache = sqlite3_uri_parameter(file, "cache");
  if( cache && strcmp(cache, "shared")==0 ) return NULL;
  if( sqlite3_file_control(db, r->schema, SQLITE_FCNTL_VFS_POINTER, vfs)!=SQLITE_OK || *vfs==NULL ) return NULL;
  for(i=0; i<sizeof known/sizeof *known; i++) if( strcmp((*vfs)->zName, known[i])==0 ) return file;
  return NULL;
}

/* Whether another file has taken the place of the one that a connection has open, as a rename does:
** who opened it by its name now would read the new one. Where a file system cannot tell, it keeps open files in place. */
static int has_moved(sqlite3 *db, const char *schema){
  int moved = 0;
  int rc = sqlite3_file_control(db, schema, SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved || (rc!=SQLITE_OK && rc!=SQLITE_NOTFOUND);
}

/* Whatever fails here only means that there is no proof; but who stops it is heard. */
static int quietly(Work *work, int rc){
  if( rc==SQLITE_INTERRUPT ) at_fail(&work->env, AT_INTERRUPT, "interrupted");
  return rc;
}

static sqlite3_stmt *prepare_quietly(Work *work, sqlite3 *db, const char *prefix, const char *sql){
  char *text = sqlite3_mprintf("%s%s", prefix, sql);
  sqlite3_stmt *stmt = NULL;
  if( text ) quietly(work, sqlite3_prepare_v2(db, text, -1, &stmt, NULL));
  sqlite3_free(text);
  return stmt;
}

/* Whether a program may hold this operation; nothing that it does not know may be in it. */
static int is_plain(const char *opcode){
  static const char *const plain[] = {"Init", "Goto", "Transaction", "Integer", "Int64", "Null", "Variable", "Copy",
    "SCopy", "OpenRead", "SeekGE", "Rowid", "Gt", "Column", "RealAffinity", "AggStep", "Next", "AggFinal", "ResultRow",
    "Halt", "Explain", "Noop", "IsNull", "MustBeInt"};
  size_t i;
  for(i=0; i<sizeof plain/sizeof *plain; i++) if( strcmp(opcode, plain[i])==0 ) return 1;
  return 0;
}

static int same_text(const char *a, const char *b){
  return a && b ? strcmp(a, b)==0 : a==b;
}

/* Whether one operation is the same in two programs, but for the number of the schema, the
** generation of the schema's copy in memory and a plan's description. */
static int same_operation(const char *opcode, sqlite3_stmt *a, sqlite3_stmt *b){
  int transaction = strcmp(opcode, "Transaction")==0, open = strcmp(opcode, "OpenRead")==0, i;
  if( !same_text(opcode, (const char*)sqlite3_column_text(b, 1)) ) return 0;
  if( strcmp(opcode, "Explain")==0 ) return 1;
  for(i=2; i<=4; i++){                              /* p1, p2, p3 */
    if( (transaction && i==2) || (open && i==4) ) continue;
    if( sqlite3_column_int64(a, i)!=sqlite3_column_int64(b, i) ) return 0;
  }
  return transaction || (same_text((const char*)sqlite3_column_text(a, 5), (const char*)sqlite3_column_text(b, 5))
                         && sqlite3_column_int64(a, 6)==sqlite3_column_int64(b, 6));
}

/* 3.: whether two connections run the same plain program. One table is opened, by its root
** page and number of columns (an index would show its key), and sought in: by rowid, then. */
static int same_program(Work *work, sqlite3_stmt *a, sqlite3_stmt *b){
  int opened = 0, sought = 0;
  if( a==NULL || b==NULL ) return 0;
  for(;;){
    int row = quietly(work, sqlite3_step(a));
    const char *opcode, *p4;
    if( row!=sqlite3_step(b) ) return 0;
    if( row!=SQLITE_ROW ) return row==SQLITE_DONE && opened==1 && sought==1;
    opcode = (const char*)sqlite3_column_text(a, 1);
    p4 = (const char*)sqlite3_column_text(a, 5);
    if( opcode==NULL || !is_plain(opcode) || !same_operation(opcode, a, b) ) return 0;
    opened += strcmp(opcode, "OpenRead")==0;
    sought += strcmp(opcode, "SeekGE")==0;
    if( strcmp(opcode, "OpenRead")==0 && (p4==NULL || !at_is_digit(p4[0])) ) return 0;
    if( strcmp(opcode, "AggStep")==0 && (p4==NULL || sqlite3_strnicmp(p4, "attribution_ingest(", 19)!=0) ) return 0;
  }
}

/* The SELECT of a relation by a range of rowids: as the user's connection would write it, only
** to be explained there, and as ours does, where its schema is main. */
static AtText range_select(Work *work, const Relation *r, int ours){
  Relation other = *r;
  char name[8] = "main";
  if( ours ) other.schema = name;
  return relation_select(work, &other, SELECT_RANGE);
}

/* Opens one reader and proves it: 2. and 3., and of 1. that the name is still that of one file. */
static int open_reader(Readers *readers, Reader *reader, const char *file, const char *vfs, const char *here,
                       const char *there){
  sqlite3 *db = readers->work->connection->db;
  sqlite3_stmt *a, *b, *mode = NULL;
  const char *text;
  int proved = 0;
  if( sqlite3_open_v2(file, &reader->db, SQLITE_OPEN_READONLY|SQLITE_OPEN_FULLMUTEX|SQLITE_OPEN_PRIVATECACHE,
                      vfs)!=SQLITE_OK ) return 0;
  if( sqlite3_db_mutex(reader->db)==NULL ) return 0;
  sqlite3_limit(reader->db, SQLITE_LIMIT_LENGTH, sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1));
  if( sqlite3_create_function(reader->db, "attribution_ingest", -1, SQLITE_UTF8|SQLITE_DIRECTONLY, &reader->load,
                              NULL, ingest_reader_step, ingest_final)!=SQLITE_OK ) return 0;
  if( has_moved(reader->db, "main") ) return 0;
  if( sqlite3_exec(reader->db, "BEGIN", NULL, NULL, NULL)!=SQLITE_OK ) return 0;
  a = prepare_quietly(readers->work, db, "EXPLAIN ", here);
  b = prepare_quietly(readers->work, reader->db, "EXPLAIN ", there);
  if( same_program(readers->work, a, b) ) reader->stmt = prepare_quietly(readers->work, reader->db, "", there);
  sqlite3_finalize(a);
  sqlite3_finalize(b);
  if( reader->stmt ) mode = prepare_quietly(readers->work, reader->db, "PRAGMA ", "main.journal_mode");
  if( mode && sqlite3_step(mode)==SQLITE_ROW ){
    text = (const char*)sqlite3_column_text(mode, 0);
    proved = text!=NULL && sqlite3_stricmp(text, "wal")!=0 && sqlite3_stricmp(text, "memory")!=0;
  }
  sqlite3_finalize(mode);
  return proved;
}

/* The range of rowids cut into one share for each reader; 0 where it is not worth while. */
static int cut_shares(Readers *readers){
  const Relation *r = readers->relation;
  sqlite3_stmt *stmt = NULL;
  char *sql = sqlite3_mprintf("SELECT (SELECT min(rowid) FROM \"%w\".\"%w\"), (SELECT max(rowid) FROM \"%w\".\"%w\")",
                              r->schema, r->name, r->schema, r->name);
  int64_t first = 0, last = 0;
  int i, known = 0;
  if( sql ) stmt = prepare_quietly(readers->work, readers->work->connection->db, "", sql);
  if( stmt && quietly(readers->work, sqlite3_step(stmt))==SQLITE_ROW && sqlite3_column_type(stmt, 0)==SQLITE_INTEGER
   && sqlite3_column_type(stmt, 1)==SQLITE_INTEGER ){
    first = sqlite3_column_int64(stmt, 0);
    last = sqlite3_column_int64(stmt, 1);
    known = 1;
  }
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  for(i=0; i<readers->n && known; i++){
    known = at_cut_range(first, last, readers->n, i, &readers->reader[i].first, &readers->reader[i].last);
  }
  return known;
}

static int open_readers(Readers *readers){
  Work *work = readers->work;
  const Relation *r = readers->relation;
  sqlite3_vfs *vfs = NULL;
  const char *file;
  AtText here = {0}, there = {0};
  int64_t uncommitted = 1;
  int i, proved = 0;
  if( r->is_view || !r->has_rowid || r->schema==NULL ) return 0;
  if( sqlite3_txn_state(work->connection->db, r->schema)!=SQLITE_TXN_READ ) return 0;
  file = file_of(work, r, &vfs);
  if( file==NULL || !work_pragma(work, &uncommitted, "read_uncommitted") || uncommitted || !cut_shares(readers) ) return 0;
  here = range_select(work, r, 0);
  there = range_select(work, r, 1);
  for(i=0, proved = !work->env.error.code; i<readers->n && proved; i++){
    proved = open_reader(readers, &readers->reader[i], file, vfs->zName, here.text, there.text);
  }
  at_text_free(&work->connection->alloc, &here);
  at_text_free(&work->connection->alloc, &there);
  if( has_moved(work->connection->db, r->schema) ) proved = 0;
  return proved && !work->env.error.code;
}

static void close_readers(Readers *readers){
  int i;
  for(i=0; i<readers->n; i++){
    sqlite3_finalize(readers->reader[i].stmt);
    sqlite3_close(readers->reader[i].db);
    at_loader_close(&readers->loader[i]);
  }
}

/* One reader's share, on whatever thread. */
static int read_share(AtEnv *env, void *context, uint32_t number){
  Readers *readers = context;
  Reader *reader = &readers->reader[number];
  AtLoader *loader = &readers->loader[number];
  if( !at_loader_open(env, loader, &readers->relation->shape) ) return 0;
  load_start(&reader->load, env, readers->relation, loader);
  sqlite3_bind_int64(reader->stmt, 1, reader->first);
  sqlite3_bind_int64(reader->stmt, 2, reader->last);
  if( sqlite3_step(reader->stmt)!=SQLITE_ROW && !env->error.code ){
    reader->failed = 1;
    at_fail(env, AT_INVALID, "%s", sqlite3_errmsg(reader->db));
  }
  sqlite3_reset(reader->stmt);
  return !env->error.code;
}

/* Loads a relation by several readers. NULL without a failure of the work: it has to
** be loaded by the user's connection. */
AtStore *readers_load(Work *work, const Relation *r){
  Readers readers;
  AtStore *store = NULL;
  int i, failed = 0;
  if( work->env.threads<2 ) return NULL;
  memset(&readers, 0, sizeof readers);
  readers.work = work;
  readers.relation = r;
  readers.n = work->env.threads<AT_MAX_THREADS ? work->env.threads : AT_MAX_THREADS;
  if( open_readers(&readers) ){
    at_parallel(&work->env, (uint32_t)readers.n, read_share, &readers);
    for(i=0; i<readers.n; i++) failed |= readers.reader[i].failed;
    if( failed && work->env.error.code==AT_INVALID ) work->env.error.code = AT_OK;
    else store = at_loader_finish(&work->env, readers.loader, readers.n);
  }
  close_readers(&readers);
  return store;
}
