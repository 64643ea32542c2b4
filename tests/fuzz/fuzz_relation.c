/*
** fuzz_relation.c: the text of a relation, through SQL: tables whose names and columns are like anything. Whatever
** the text is, the same call twice gives the same, and what is read is what the columns hold.
*/
#include "sql_common.h"

static const char *const tables[] = {
  "CREATE TABLE t(a, b, c, d)", "INSERT INTO t VALUES(1, 10, 'x', 2), (2, 20, 'y', 3)",
  "CREATE TABLE \"a\"\"b\"(\"(\", \",\", \")\")", "INSERT INTO \"a\"\"b\" VALUES(1, 10, 'x')",
  "CREATE TABLE \"\xc3\xa9 .\"(entity, ts, channel, value)", "INSERT INTO \"\xc3\xa9 .\" VALUES(1, 10, 'x', 1)",
  "CREATE TEMP VIEW v AS SELECT a AS entity, b AS ts, c AS channel, d AS points, d AS value, c AS stage FROM t",
  "CREATE TABLE \"select\"(\"from\" PRIMARY KEY, \"where\", \"Ts\") WITHOUT ROWID",
};
static const char *const calls[] = {
  "SELECT * FROM attribution(?1, 'v')", "SELECT * FROM attribution('v', ?1)", "SELECT * FROM funnel_summary(?1, 'x > y')",
  "SELECT * FROM conversion_curve(?1)", "SELECT * FROM path_effects(?1)", "SELECT * FROM attribution_audit(?1, ?1)",
};

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  const char *call = calls[take_below(&in, COUNT(calls))];
  char *text = copy_rest(&in);
  sqlite3_stmt *stmt = NULL;
  Bytes out[2];
  int k;
  memset(out, 0, sizeof out);
  use_connection(tables, COUNT(tables));
  CHECK(sqlite3_prepare_v2(db, call, -1, &stmt, NULL)==SQLITE_OK);
  sqlite3_bind_text(stmt, 1, text, (int)in.n, SQLITE_STATIC);
  for(k=0; k<2; k++){
    run_statement(stmt, &out[k], 0);
    sqlite3_reset(stmt);
  }
  CHECK(same_bytes(&out[0], &out[1]));
  sqlite3_finalize(stmt);
  CHECK(sqlite3_total_changes(db)==4);  /* the rows above: nothing else was ever written */
  free(text);
  free(out[0].bytes);
  free(out[1].bytes);
  leave_connection(0);
}
