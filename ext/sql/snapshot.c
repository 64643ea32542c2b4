/*
** snapshot.c: one snapshot per statement, and which loaded relations still hold.
**
** How it works. Before anything is loaded a statement per schema is stepped and
** left open, which holds a read transaction: all loads of one statement see one
** snapshot. Then the fingerprint is taken: for each schema its name, file, data
** version and schema cookie, and the connection's count of changes. As long as it
** stays the same no relation can have changed, and stores are handed out again;
** when it differs, all are dropped.
**
** All of these begin anew with a database that is opened anew under the same name, at
** the same address perhaps: after DETACH and ATTACH, PRAGMA temp_store, sqlite3_deserialize().
** Only the main database in a file cannot be; any other gets a mark that goes with it, a
** journal_size_limit beyond every journal, which bounds as little as the default -1 does.
**
** Nothing is cached
**   - inside an open write transaction, which may be rolled back;
**   - where a database has a journal_size_limit of the user's own, and so no mark;
**   - with PRAGMA read_uncommitted, under which a shared cache shows what may be rolled back;
**   - for a view or virtual table whose program is not known to be
**     deterministic: it is loaded anew each time. See program.c.
** When in doubt, load.
*/
#include "sql.h"

#include <string.h>

/******************************** The fingerprint ****************************/

#define FIRST_MARK ((int64_t)1<<62)

/* Whether a database is of those that can be opened anew while the connection lives. */
static int is_reopened(sqlite3 *db, const char *name, int number){
  sqlite3_vfs *vfs = NULL;
  if( number>0 ) return 1;
  return sqlite3_file_control(db, name, SQLITE_FCNTL_VFS_POINTER, &vfs)==SQLITE_OK && vfs
      && strcmp(vfs->zName, "memdb")==0;
}

/* Adds the mark of a database, a new one where it has none. */
static void add_mark(Work *work, AtText *fingerprint, const char *name){
  int64_t mark = 0;
  if( !work_pragma(work, &mark, "\"%w\".journal_size_limit", name) ) mark = 0;
  if( mark==-1 ){
    sqlite3_randomness(sizeof mark, &mark);
    mark = FIRST_MARK | (mark & (FIRST_MARK-1));
    if( !work_pragma(work, &mark, "\"%w\".journal_size_limit=%lld", name, (sqlite3_int64)mark) ) mark = 0;
  }
  if( mark<FIRST_MARK ) work->may_cache = 0;
  at_text_add(&work->env, fingerprint, (const char*)&mark, sizeof mark);
}

/* Adds a database's name and what tells its content from any other under that name, as long as it
** is being read; where nothing does, may_cache goes. */
void snapshot_add_database(Work *work, AtText *fingerprint, int number, const char *name){
  sqlite3 *db = work->connection->db;
  sqlite3_file *handle = NULL;
  unsigned version = 0;
  if( sqlite3_file_control(db, name, SQLITE_FCNTL_DATA_VERSION, &version)!=SQLITE_OK ) version = 0;
  if( sqlite3_file_control(db, name, SQLITE_FCNTL_FILE_POINTER, &handle)!=SQLITE_OK ) handle = NULL;
  at_text_add(&work->env, fingerprint, name, strlen(name)+1);
  at_text_add(&work->env, fingerprint, (const char*)&version, sizeof version);
  at_text_add(&work->env, fingerprint, (const char*)&handle, sizeof handle);
  if( is_reopened(db, name, number) ) add_mark(work, fingerprint, name);
}

/* Opens a read transaction on one schema and adds what identifies its content. */
static void add_schema(Work *work, AtText *fingerprint, int number, const char *name, const char *file){
  sqlite3_stmt *pin;
  int64_t cookie;
  if( work->n_pins>=(int)(sizeof work->pins/sizeof *work->pins) ){ work->may_cache = 0; return; }
  pin = work_prepare(work, "PRAGMA \"%w\".schema_version", name);
  if( pin==NULL ) return;
  work->pins[work->n_pins++] = pin;
  if( !work_row(work, pin) ){ work->may_cache = 0; return; }    /* an authorizer may leave it out */
  cookie = sqlite3_column_int64(pin, 0);
  if( file ) at_text_add(&work->env, fingerprint, file, strlen(file)+1);
  at_text_add(&work->env, fingerprint, (const char*)&cookie, sizeof cookie);
  snapshot_add_database(work, fingerprint, number, name);
}

/* Pins every schema to one snapshot and drops the cache if anything changed. */
void snapshot_begin(Work *work){
  Connection *connection = work->connection;
  AtText fingerprint = {0};
  sqlite3_stmt *list = work_prepare(work, "PRAGMA database_list");
  int changes = sqlite3_total_changes(connection->db);
  int64_t uncommitted = 1;
  work->may_cache = sqlite3_txn_state(connection->db, NULL)!=SQLITE_TXN_WRITE
                 && work_pragma(work, &uncommitted, "read_uncommitted") && !uncommitted;
  while( work_row(work, list) ){
    const char *name = work_text(work, list, 1), *file = work_text(work, list, 2);
    if( name ) add_schema(work, &fingerprint, sqlite3_column_int(list, 0), name, file);
  }
  if( work->n_pins==0 ) work->may_cache = 0;
  sqlite3_finalize(list);
  at_text_add(&work->env, &fingerprint, (const char*)&changes, sizeof changes);
  if( work->env.error.code || fingerprint.n!=connection->fingerprint.n
   || memcmp(fingerprint.text, connection->fingerprint.text, fingerprint.n)!=0 ){
    cache_clear(connection);
    at_text_free(&connection->alloc, &connection->fingerprint);
    connection->fingerprint = fingerprint;
  }else{
    at_text_free(&connection->alloc, &fingerprint);
  }
}

/*********************************** The stores ******************************/

/* The SELECT's text, what its columns are taken for, and its program as this connection may run
** it now: an authorizer that has come since would read other values into the same text. */
static AtText cache_key(Work *work, const Relation *r, int *repeatable){
  const AtShape *shape = &r->shape;
  int64_t roles[6];
  AtText key = relation_select(work, r, SELECT_ALL);
  roles[0] = shape->unit;
  roles[1] = shape->has_label;
  roles[2] = shape->has_number;
  roles[3] = shape->n_milestones;
  roles[4] = shape->has_id;
  roles[5] = shape->n_tags;
  at_text_add(&work->env, &key, (const char*)roles, sizeof roles);
  *repeatable = program_add(work, r, &key);
  return key;
}

/* Whether WHERE entity = ?2 in the relation finds all that SQLite would call
** equal to the value further out, whatever affinity it compares with there. */
static int finds_all(const Relation *r, const AtCell *entity){
  if( entity->type==AT_TEXT ) return r->entity_affinity!=0;
  return (entity->type==AT_INT || entity->type==AT_REAL) && r->entity_affinity=='N';
}

/* The store of a resolved relation: from the cache, or loaded; NULL on failure. With
** an entity, and an index to find it by, an uncached relation is loaded for that
** entity alone. The caller releases the store. */
AtStore *snapshot_store(Work *work, const Relation *r, const AtCell *entity){
  Connection *connection = work->connection;
  int repeatable = 0;
  AtText key = cache_key(work, r, &repeatable);
  AtStore *store = NULL;
  if( !work->env.error.code && work->may_cache && repeatable ) store = cache_find(connection, &key);
  if( store==NULL && !work->env.error.code ){
    if( entity && finds_all(r, entity) && load_is_search(work, r) ){
      store = load_relation(work, r, entity);
    }else{
      store = load_relation(work, r, NULL);
      if( store && work->may_cache && repeatable ) cache_keep(&work->env, connection, &key, store);
    }
  }
  at_text_free(&connection->alloc, &key);
  if( work->env.error.code ){
    at_store_release(store);
    store = NULL;
  }
  return store;
}
