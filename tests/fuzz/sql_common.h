/*
** sql_common.h: the extension, linked in, on a connection that many inputs share. Every so often it is closed, and
** must leave nothing; it must always answer a plain question.
*/
#ifndef ATTRIBUTION_TESTS_FUZZ_SQL_COMMON_H
#define ATTRIBUTION_TESTS_FUZZ_SQL_COMMON_H

#include <sqlite3.h>

#include "fuzz_common.h"
#include "../../ext/attribution.h"

#define RUNS_A_CONNECTION 400

static sqlite3 *db;
static int runs;                    /* how often it was used */
static long fail_in;                /* the so many-th request for memory fails, 0 = none does */
static sqlite3_mem_methods memory;  /* SQLite's own */

static void *failing_malloc(int n){
  return fail_in>0 && --fail_in==0 ? NULL : memory.xMalloc(n);
}

static void *failing_realloc(void *block, int n){
  return fail_in>0 && --fail_in==0 ? NULL : memory.xRealloc(block, n);
}

static void install_memory(void){
  sqlite3_mem_methods failing;
  CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory)==SQLITE_OK);
  failing = memory;
  failing.xMalloc = failing_malloc;
  failing.xRealloc = failing_realloc;
  CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing)==SQLITE_OK);
}

static void run_plain(const char *sql){
  char *message = NULL;
  if( sqlite3_exec(db, sql, NULL, NULL, &message)!=SQLITE_OK ){
    fprintf(stderr, "%s: %s\n", sql, message ? message : "?");
    abort();
  }
}

static int count_row(void *context, int n, char **values, char **names){
  (void)n; (void)names;
  *(int*)context = atoi(values[0]);
  return 0;
}

static void connection_works(void){
  int answer = 0;
  CHECK(sqlite3_exec(db, "SELECT attribution_version() LIKE 'sqlite%' AND first_touch(c, t)='a' FROM "
                     "(SELECT 'a' AS c, 1 AS t UNION ALL SELECT 'b', 2)", count_row, &answer, NULL)==SQLITE_OK && answer==1);
}

/* The connection; a new one has these tables. */
static void use_connection(const char *const *tables, size_t n){
  size_t i;
  if( db ) return;
  if( memory.xMalloc==NULL ) install_memory();
  CHECK(sqlite3_open(":memory:", &db)==SQLITE_OK);
  CHECK(sqlite3_attribution_init(db, NULL, NULL)==SQLITE_OK);
  for(i=0; i<n; i++) run_plain(tables[i]);
}

static void leave_connection(int must_close){
  connection_works();
  if( ++runs%RUNS_A_CONNECTION && !must_close ) return;
  CHECK(sqlite3_close(db)==SQLITE_OK);
  db = NULL;
  CHECK(sqlite3_memory_used()==0);
}

/* Writes down rows and the error, if any. */
static void run_statement(sqlite3_stmt *stmt, Bytes *out, int may_lack_memory){
  int columns = sqlite3_column_count(stmt), i, rc, rows = 0;
  while( (rc = sqlite3_step(stmt))==SQLITE_ROW && rows++<2000 ){
    for(i=0; i<columns; i++){
      int type = sqlite3_column_type(stmt, i);
      write_number(out, (uint64_t)type);
      if( type==SQLITE_INTEGER ) write_number(out, (uint64_t)sqlite3_column_int64(stmt, i));
      else if( type==SQLITE_FLOAT ) write_double(out, sqlite3_column_double(stmt, i));
      else if( type!=SQLITE_NULL ){
        const void *bytes = sqlite3_column_blob(stmt, i);
        write_bytes(out, bytes, (size_t)sqlite3_column_bytes(stmt, i));
      }
    }
  }
  if( rc==SQLITE_ROW ) return;
  write_number(out, (uint64_t)rc);
  if( rc!=SQLITE_DONE ){
    const char *message = sqlite3_errmsg(db);
    CHECK((rc!=SQLITE_NOMEM || may_lack_memory) && rc!=SQLITE_MISUSE && rc!=SQLITE_CORRUPT && rc!=SQLITE_INTERNAL);
    CHECK(message!=NULL && message[0]!=0);
    write_bytes(out, message, strlen(message));
  }
}

#endif
