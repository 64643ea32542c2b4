/*
** period.c: period_of(ts, period): the name of the period that a time lies in, as period= writes it.
**
**   SELECT period_of(closed_at, 'quarter') AS quarter, sum(amount) FROM won_deals GROUP BY quarter;
**
** NULL where ts or period is NULL. Numbers are seconds, as everywhere.
*/
#include "sql.h"

void period_of_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  AtEnv env = connection_env(sqlite3_user_data(context));
  AtCell cell;
  int64_t time;
  uint8_t form;
  int period = AT_PERIOD_NONE, has_time = group_time(&env, argv[0], &time, &form);
  char text[24];
  (void)argc;
  cell_of(argv[1], &cell);
  if( !at_cell_is_null(&cell) ){
    if( cell.type==AT_TEXT ) period = at_period_word(cell.text, cell.n);
    if( period==AT_PERIOD_NONE ){
      at_fail(&env, AT_INVALID, "period is none (got %s); %s", at_cell_quote(&cell).text, at_period_words);
    }
  }
  if( env.error.code ){
    result_failure(context, "period_of", &env);
  }else if( has_time && period!=AT_PERIOD_NONE ){
    at_period_format(at_period_of(time, period), period, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
  }
}
