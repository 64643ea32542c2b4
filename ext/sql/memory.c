/*
** memory.c: attribution_memory_mb([megabytes]): how much memory running statements may use.
**
**   SELECT attribution_memory_mb(8000);     from now on, on this connection
**   SELECT attribution_memory_mb();         as it is
**
** Who needs more is told so and fails, see connection.c; what is kept for later statements has a bound of its own,
** cache_mb. Direct only: no view and no trigger of a file may raise it.
*/
#include "sql.h"

#define MAX_MEGABYTES 100000000

void memory_mb_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  Connection *connection = sqlite3_user_data(context);
  AtEnv env = connection_env(connection);
  AtCell cell;
  if( argc>0 ){
    cell_of(argv[0], &cell);
    if( cell.type!=AT_INT || cell.integer<0 || cell.integer>MAX_MEGABYTES ){
      at_fail(&env, AT_INVALID, "memory is a number of megabytes (got %s); write one such as 8000, or 0 for no bound",
              at_cell_quote(&cell).text);
      result_failure(context, "attribution_memory_mb", &env);
      return;
    }
    connection_limit(connection, cell.integer);
  }
  sqlite3_result_int64(context, connection_megabytes(connection));
}
