/*
** program.c: whether a load gives the same as long as the tables stay the same.
**
** A relation may be a view over anything, the clock and random() included. What
** it calls stands in its program:
**
**   EXPLAIN SELECT attribution_ingest(?1, r."entity", …) FROM "main"."v" AS r
**   … Function … random(0) … VOpen … AggStep … attribution_ingest(5) …
**
** A scalar function must be flagged deterministic, an aggregate must be SQLite's
** own; date and time functions count as the clock, whatever their arguments, and
** a virtual table may be anything. When in doubt, load.
**
** What SQLite knows of a function is asked of the pragma itself: a table named
** pragma_function_list, which any schema may have, would hide the table over it.
*/
#include "sql.h"

#include <string.h>

/* Functions that may read the clock though SQLite calls them deterministic. */
static int reads_clock(const char *name, size_t n){
  static const char *const names[] = {"date", "time", "datetime", "julianday", "strftime", "unixepoch",
    "timediff", "current_date", "current_time", "current_timestamp"};
  size_t i;
  for(i=0; i<sizeof names/sizeof *names; i++){
    if( strlen(names[i])==n && sqlite3_strnicmp(names[i], name, (int)n)==0 ) return 1;
  }
  return 0;
}

/* Whether a function, as EXPLAIN shows it ('upper(1)'), gives the same for the
** same: a scalar must be flagged so, an aggregate must be SQLite's own. */
static int is_deterministic(Work *work, const char *shown, int aggregate){
  const char *parenthesis = strchr(shown, '(');
  size_t n = parenthesis ? (size_t)(parenthesis-shown) : strlen(shown);
  sqlite3_stmt *stmt;
  int found = 0, refuted = 0;
  if( reads_clock(shown, n) ) return 0;
  stmt = work_prepare(work, "PRAGMA function_list");  /* name, builtin, type, enc, narg, flags */
  while( work_row(work, stmt) ){
    const char *name = work_text(work, stmt, 0);
    if( name==NULL || strlen(name)!=n || sqlite3_strnicmp(name, shown, (int)n)!=0 ) continue;
    found = 1;
    if( !(aggregate ? sqlite3_column_int(stmt, 1) : sqlite3_column_int(stmt, 5) & SQLITE_DETERMINISTIC) ) refuted = 1;
  }
  sqlite3_finalize(stmt);
  return found && !refuted;
}

/* Adds a load's program, operation by operation. */
void program_add(Work *work, const Relation *r, AtText *key){
  AtText sql = relation_select(work, r, SELECT_ALL);
  sqlite3_stmt *stmt = work->env.error.code ? NULL : work_prepare(work, "EXPLAIN %s", sql.text);
  while( work_row(work, stmt) ){
    const char *opcode = work_text(work, stmt, 1), *p4 = work_text(work, stmt, 5);
    int64_t numbers[4];
    numbers[0] = sqlite3_column_int64(stmt, 2);       /* p1, p2, p3, p5 */
    numbers[1] = sqlite3_column_int64(stmt, 3);
    numbers[2] = sqlite3_column_int64(stmt, 4);
    numbers[3] = sqlite3_column_int64(stmt, 6);
    at_text_add(&work->env, key, opcode ? opcode : "", opcode ? strlen(opcode)+1 : 1);
    at_text_add(&work->env, key, (const char*)numbers, sizeof numbers);
    at_text_add(&work->env, key, p4 ? p4 : "", p4 ? strlen(p4)+1 : 1);
  }
  sqlite3_finalize(stmt);
  at_text_free(&work->connection->alloc, &sql);
}

/* Whether a load's program, opcode by opcode, depends on tables alone. */
int program_is_repeatable(Work *work, const Relation *r){
  AtText sql = relation_select(work, r, SELECT_ALL);
  sqlite3_stmt *stmt = work->env.error.code ? NULL : work_prepare(work, "EXPLAIN %s", sql.text);
  int repeatable = 1;
  while( work_row(work, stmt) ){
    const char *opcode = work_text(work, stmt, 1), *p4 = work_text(work, stmt, 5);
    int aggregate = opcode && (strncmp(opcode, "AggStep", 7)==0 || strncmp(opcode, "AggInverse", 10)==0);
    if( opcode==NULL || strncmp(opcode, "VOpen", 5)==0 ) repeatable = 0;
    else if( aggregate && p4 && sqlite3_strnicmp(p4, "attribution_ingest(", 19)==0 ) continue;
    else if( aggregate || strncmp(opcode, "Function", 8)==0 || strncmp(opcode, "PureFunc", 8)==0 ){
      if( p4==NULL || (repeatable && !is_deterministic(work, p4, aggregate)) ) repeatable = 0;
    }
  }
  sqlite3_finalize(stmt);
  at_text_free(&work->connection->alloc, &sql);
  return repeatable && !work->env.error.code;
}
