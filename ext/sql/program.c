/*
** program.c: whether a load gives the same as long as the tables stay the same.
**
** A relation may be a view over anything, the clock and random() included. What
** it calls stands in its program:
**
**   EXPLAIN SELECT attribution_ingest(?1, r."entity", …) FROM "main"."v" AS r
**   … Function … random(0) … VOpen … AggStep … attribution_ingest(5) …
**
** A scalar function must be SQLite's own or one of ours and flagged deterministic, an
** aggregate must be SQLite's own; date and time functions count as the clock, whatever their
** arguments, and a virtual table may be anything. What the host has registered, collations too,
** it may register anew with another meaning, and the program would show the same names; so it is
** looked at before each use, not only when a store is kept: PRAGMA case_sensitive_like puts a
** function of its own in the place of like(). When in doubt, load.
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

/* Whether the function called as EXPLAIN shows it is a scalar of ours: registered for so many arguments. */
static int is_ours(const char *shown, size_t n, int64_t arity){
  const Function *f;
  int i;
  for(i=0; (f = function_row(i))!=NULL; i++){
    if( f->scalar==NULL || strlen(f->name)!=n || sqlite3_strnicmp(f->name, shown, (int)n)!=0 ) continue;
    return f->least<0 ? arity==-1 : arity>=f->least && arity<=f->most;
  }
  return 0;
}

/* Whether a function, as EXPLAIN shows it ('upper(1)'), gives the same for the same, today and
** tomorrow: nobody but SQLite has one of that name, or it is ours and still the only one. */
static int is_deterministic(Work *work, const char *shown, int aggregate){
  const char *parenthesis = strchr(shown, '(');
  size_t n = parenthesis ? (size_t)(parenthesis-shown) : strlen(shown);
  int64_t arity = -2;
  sqlite3_stmt *stmt;
  int builtin = 0, other = 0, same_arity = 0, flagged = 1;
  if( parenthesis && strchr(parenthesis, ')') ){
    at_integer_parse(parenthesis+1, (size_t)(strchr(parenthesis, ')')-parenthesis-1), &arity);
  }
  if( reads_clock(shown, n) ) return 0;
  stmt = work_prepare(work, "PRAGMA function_list");  /* name, builtin, type, enc, narg, flags */
  while( work_row(work, stmt) ){
    const char *name = work_text(work, stmt, 0);
    if( name==NULL || strlen(name)!=n || sqlite3_strnicmp(name, shown, (int)n)!=0 ) continue;
    if( sqlite3_column_int(stmt, 1) ) builtin++;
    else other++;
    if( sqlite3_column_int64(stmt, 4)==arity ) same_arity++;
    if( !(sqlite3_column_int(stmt, 5) & SQLITE_DETERMINISTIC) ) flagged = 0;
  }
  sqlite3_finalize(stmt);
  if( aggregate ) return builtin>0 && other==0;
  if( !flagged ) return 0;
  if( other==0 ) return builtin>0;
  return same_arity==1 && !work->connection->is_replaced && is_ours(shown, n, arity);
}

/* Whether a name stands in a text as a word of its own. */
static int has_word(const char *text, const char *word, size_t n){
  const char *at;
  for(at=text; *at; at++){
    if( sqlite3_strnicmp(at, word, (int)n)!=0 ) continue;
    if( (at==text || strchr(",-( ", at[-1])) && (at[n]==0 || strchr(",-) ", at[n])) ) return 1;
  }
  return 0;
}

/* Whether an operation's fourth operand names a collation that is none of SQLite's: 'name-8' or k(2,name,B). */
static int has_foreign_collation(Work *work, const char *p4){
  static const char *const known[] = {"BINARY", "NOCASE", "RTRIM"};
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(work->connection->db, "PRAGMA collation_list", -1, &stmt, NULL), found = rc!=SQLITE_OK;
  if( rc==SQLITE_NOMEM ) at_fail(&work->env, AT_NOMEM, "out of memory");    /* else an authorizer denies it */
  while( work_row(work, stmt) ){
    const char *name = work_text(work, stmt, 1);
    size_t i;
    for(i=0; name && i<sizeof known/sizeof *known && sqlite3_stricmp(name, known[i])!=0; i++){}
    if( name==NULL || i<sizeof known/sizeof *known ) continue;
    i = strlen(name);
    if( has_word(p4, name, i) || (i>18 && has_word(p4, name, 18)) ) found = 1;    /* EXPLAIN shows 18 bytes */
  }
  sqlite3_finalize(stmt);
  return found;
}

/* Whether one operation gives the same as long as the tables stay the same. */
static int is_repeatable(Work *work, const char *opcode, const char *p4){
  int aggregate = opcode && (strncmp(opcode, "AggStep", 7)==0 || strncmp(opcode, "AggInverse", 10)==0);
  if( opcode==NULL || strncmp(opcode, "VOpen", 5)==0 ) return 0;
  if( aggregate && p4 && sqlite3_strnicmp(p4, "attribution_ingest(", 19)==0 ) return 1;
  if( aggregate || strncmp(opcode, "Function", 8)==0 || strncmp(opcode, "PureFunc", 8)==0 ){
    return p4!=NULL && is_deterministic(work, p4, aggregate);
  }
  if( p4==NULL || strcmp(p4, "BINARY-8")==0 || strncmp(opcode, "String", 6)==0 ) return 1;
  return (strncmp(p4, "k(", 2)!=0 && strchr(p4, '-')==NULL) || !has_foreign_collation(work, p4);
}

/* Adds a load's program, operation by operation. Whether the load depends on tables alone. */
int program_add(Work *work, const Relation *r, AtText *key){
  AtText sql = relation_select(work, r, SELECT_ALL);
  sqlite3_stmt *stmt = work->env.error.code ? NULL : work_prepare(work, "EXPLAIN %s", sql.text);
  int repeatable = 1;
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
    if( repeatable ) repeatable = is_repeatable(work, opcode, p4);
  }
  sqlite3_finalize(stmt);
  at_text_free(&work->connection->alloc, &sql);
  return repeatable && !work->env.error.code;
}
