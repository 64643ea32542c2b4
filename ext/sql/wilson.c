/*
** wilson.c: wilson_low(k, n [, confidence]) and wilson_high(…): the bounds of a rate.
**
**   SELECT channel, won*1.0/leads AS rate, wilson_low(won, leads), wilson_high(won, leads) FROM t;
**
** NULL for n = 0 and where an argument is NULL; k from 0 to n, both may be sums of shares.
*/
#include "sql.h"

/* The quantile of a confidence; it is the same for all rows, nearly always. */
static double quantile_of(Connection *connection, double confidence){
  if( connection->confidence!=confidence ){
    connection->confidence = confidence;
    connection->quantile = at_normal_quantile(confidence);
  }
  return connection->quantile;
}

static void bound(sqlite3_context *context, const char *name, int argc, sqlite3_value **argv, int high){
  static const char *const arguments[] = {"k", "n", "confidence"};
  AtEnv env = connection_env(sqlite3_user_data(context));
  double x[3] = {0, 0, 0.95}, bounds[2];
  AtCell cell;
  int i, is_null = 0;
  for(i=0; i<argc; i++) is_null |= !group_number(&env, argv[i], arguments[i], &x[i]);
  if( !env.error.code && !is_null ){
    if( !at_rate_ok(x[0], x[1]) ){
      cell_of(argv[0], &cell);
      at_fail(&env, AT_INVALID, "k is not between 0 and n (got %s); write successes, then trials", at_cell_quote(&cell).text);
    }else if( !at_confidence_ok(x[2]) ){
      cell_of(argv[2], &cell);
      at_fail(&env, AT_INVALID, "confidence is not between 0 and 1 (got %s); write 0.95", at_cell_quote(&cell).text);
    }
  }
  if( env.error.code ) result_failure(context, name, &env);
  else if( !is_null && at_wilson(x[0], x[1], quantile_of(sqlite3_user_data(context), x[2]), &bounds[0], &bounds[1]) ){
    sqlite3_result_double(context, bounds[high]);
  }
}

void wilson_low_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  bound(context, "wilson_low", argc, argv, 0);
}

void wilson_high_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  bound(context, "wilson_high", argc, argv, 1);
}
