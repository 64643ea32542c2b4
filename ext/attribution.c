/*
** attribution.c: the surface of the extension at a glance, and its entry points.
**
** Two tables list all that is registered: functions and table-valued functions.
** The reference, attribution_help and the surface test are made from the same
** rows. A new function is one file in sql/ and one row here.
**
**   .load build/attribution                                  this connection
**   .load build/attribution sqlite3_attribution_pool_init    every later one too
*/
#include "sql/sql.h"

SQLITE_EXTENSION_INIT1

#include <string.h>

#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif
#define PURE (SQLITE_UTF8|SQLITE_DETERMINISTIC|SQLITE_INNOCUOUS)

/* name, arguments, flags, scalar, step, final, value, inverse, usage, help, example */
static const Function functions[] = {
  {"first_touch", 2, 2, PURE, NULL, first_touch_step, touch_final, touch_value, touch_inverse,
   "first_touch(value, ts) [OVER (…)]", "the value at the earliest ts",
   "SELECT account_id, first_touch(channel, touched_at) FROM touches GROUP BY account_id"},
  {"last_touch", 2, 2, PURE, NULL, last_touch_step, touch_final, touch_value, touch_inverse,
   "last_touch(value, ts) [OVER (…)]", "the value at the latest ts",
   "SELECT account_id, last_touch(channel, touched_at) FROM touches GROUP BY account_id"},
  {"weighted_credit", 3, 5, PURE|SQLITE_SUBTYPE|SQLITE_RESULT_SUBTYPE, NULL, weighted_credit_step, weighted_credit_final, NULL, NULL,
   "weighted_credit(label, ts, model [, converted_at [, points]])",
   "JSON object label -> share; one group is one path",
   "SELECT account_id, weighted_credit(channel, touched_at, 'linear') FROM touches GROUP BY account_id"},
  {"touch_credit", 2, 4, PURE, NULL, touch_credit_step, touch_credit_final, touch_credit_value, touch_credit_inverse,
   "touch_credit(ts, model [, converted_at [, points]]) OVER (PARTITION BY … ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
   "share of the current row's touch; one partition is one path",
   "SELECT *, touch_credit(touched_at, 'time_decay') OVER (PARTITION BY account_id ORDER BY touched_at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM touches"},
  {"attribution_version", 0, 0, PURE, version_function, NULL, NULL, NULL, NULL,
   "attribution_version()", "version and build", "SELECT attribution_version()"},
  {NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
};

static const Family *const families[] = {
  &attribution_family,
  &summary_family,
  &journeys_family,
  &help_family,
  NULL
};

/* Row i of the functions, or NULL past the end. */
const Function *function_row(int i){
  return functions[i].name ? &functions[i] : NULL;
}

/* Row i of the table-valued functions, or NULL past the end. */
const Family *family_row(int i){
  return families[i];
}

void version_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc; (void)argv;
  sqlite3_result_text(context, "sqlite-attribution " AT_VERSION " (C11, built against SQLite " SQLITE_VERSION ")",
                      -1, SQLITE_STATIC);
}

/* Every registration holds a reference; SQLite calls connection_release() when
** it is replaced, when it fails, and when the connection closes. */
static int register_function(Connection *connection, const Function *f){
  int rc = SQLITE_OK, n;
  for(n=f->least; n<=f->most && rc==SQLITE_OK; n++){
    connection->references++;
    if( f->value ){
      rc = sqlite3_create_window_function(connection->db, f->name, n, f->flags, connection, f->step,
                                          f->final, f->value, f->inverse, connection_release);
    }else{
      rc = sqlite3_create_function_v2(connection->db, f->name, n, f->flags, connection, f->scalar,
                                      f->step, f->final, connection_release);
    }
  }
  return rc;
}

static int register_family(Connection *connection, const Family *family){
  Registration *r = sqlite3_malloc64(sizeof *r);
  if( r==NULL ) return SQLITE_NOMEM;
  r->connection = connection;
  r->family = family;
  connection->references++;
  return sqlite3_create_module_v2(connection->db, family->name, &family_module, r, registration_free);
}

static int register_all(sqlite3 *db){
  Connection *connection = connection_open(db);
  int rc, i;
  if( connection==NULL ) return SQLITE_NOMEM;
  connection->references++;
  rc = sqlite3_create_function_v2(db, "attribution_ingest", -1, SQLITE_UTF8|SQLITE_DIRECTONLY, connection,
                                  NULL, ingest_step, ingest_final, connection_release);
  for(i=0; functions[i].name && rc==SQLITE_OK; i++) rc = register_function(connection, &functions[i]);
  for(i=0; families[i] && rc==SQLITE_OK; i++) rc = register_family(connection, families[i]);
  connection_release(connection);
  return rc;
}

/* A second load into the same connection finds the first and does nothing. */
static int is_loaded(sqlite3 *db){
  sqlite3_stmt *stmt = NULL;
  int loaded = 0;
  if( sqlite3_prepare_v2(db, "SELECT 1 FROM pragma_module_list WHERE name='attribution'", -1, &stmt,
                         NULL)==SQLITE_OK ){
    loaded = sqlite3_step(stmt)==SQLITE_ROW;
  }
  sqlite3_finalize(stmt);
  return loaded;
}

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT
#endif

EXPORT int sqlite3_attribution_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);
EXPORT int sqlite3_attribution_pool_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

int sqlite3_attribution_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  SQLITE_EXTENSION_INIT2(api);
  (void)api;
  if( sqlite3_libversion_number()<3034001 ){
    if( message ) *message = sqlite3_mprintf("sqlite-attribution needs SQLite 3.34.1 or later (got %s); "
                                             "load it into a newer one", sqlite3_libversion());
    return SQLITE_ERROR;
  }
  return is_loaded(db) ? SQLITE_OK : register_all(db);
}

int sqlite3_attribution_pool_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  int rc = sqlite3_attribution_init(db, message, api);
  if( rc==SQLITE_OK ) rc = sqlite3_auto_extension((void(*)(void))sqlite3_attribution_init);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
