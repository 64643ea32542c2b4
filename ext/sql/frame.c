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
** found right is remembered, so that a partition costs no EXPLAIN.
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

static int starts_with(const unsigned char *text, const char *prefix){
  return text && strncmp((const char*)text, prefix, strlen(prefix))==0;
}

/* Reads one statement's program. 1: every accumulator of the function moves,
** or it has none, or the program cannot be had. */
static int program_moves(sqlite3 *db, const char *sql, const char *function){
  sqlite3_stmt *explain = NULL;
  char *text = sqlite3_mprintf("EXPLAIN %s", sql);
  Seen seen;
  int i, k, moves = 1;
  memset(&seen, 0, sizeof seen);
  if( text && sqlite3_prepare_v2(db, text, -1, &explain, NULL)==SQLITE_OK ){
    while( sqlite3_step(explain)==SQLITE_ROW ){
      const unsigned char *opcode = sqlite3_column_text(explain, 1);
      if( !starts_with(sqlite3_column_text(explain, 5), function) ) continue;
      if( starts_with(opcode, "AggStep") ) add(seen.stepped, &seen.n_stepped, sqlite3_column_int(explain, 4));
      if( starts_with(opcode, "AggInverse") ) add(seen.inverted, &seen.n_inverted, sqlite3_column_int(explain, 4));
    }
    for(i=0; i<seen.n_stepped; i++){
      for(k=0; k<seen.n_inverted && seen.inverted[k]!=seen.stepped[i]; k++){}
      if( k==seen.n_inverted ) moves = 0;
    }
  }
  sqlite3_finalize(explain);
  sqlite3_free(text);
  return moves;
}

/* Whether all running statements on the connection give the function, named as
** EXPLAIN shows it ("touch_credit("), a frame whose start moves. */
int frame_moves(Connection *connection, const char *function){
  sqlite3_stmt *stmt = NULL;
  AtEnv env = connection_env(connection);
  while( (stmt = sqlite3_next_stmt(connection->db, stmt))!=NULL ){
    const char *sql = sqlite3_sql(stmt);
    if( sql==NULL || !sqlite3_stmt_busy(stmt) ) continue;
    if( stmt==connection->frame_stmt && connection->frame_sql.n==strlen(sql)
     && strcmp(connection->frame_sql.text, sql)==0 ) continue;
    if( !program_moves(connection->db, sql, function) ) return 0;
    connection->frame_stmt = stmt;
    connection->frame_sql.n = 0;
    at_text_add(&env, &connection->frame_sql, sql, strlen(sql));
    if( env.error.code ) connection->frame_stmt = NULL;
  }
  return 1;
}
