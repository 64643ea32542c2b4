/*
** domain.c: email_domain(text) and web_domain(text): the keys that match people to accounts.
**
**   SELECT l.email, a.account_id FROM leads l
**     LEFT JOIN accounts a ON web_domain(a.website) = email_domain(l.email);
**
** NULL where there is no domain, and of a number. Both may stand in an index:
**   CREATE INDEX accounts_by_domain ON accounts(web_domain(website));
*/
#include "sql.h"

typedef size_t (*ReadDomain)(const char *text, size_t n, char out[AT_MAX_DOMAIN]);

static void domain(sqlite3_context *context, sqlite3_value *value, const char *function, ReadDomain read){
  AtCell cell;
  char out[AT_MAX_DOMAIN];
  size_t n;
  cell_of(value, &cell);
  if( cell.type==AT_BLOB ){
    AtEnv env = connection_env(sqlite3_user_data(context));
    at_fail(&env, AT_INVALID, "text is no text (got a BLOB); write CAST(... AS TEXT)");
    result_failure(context, function, &env);
  }else if( cell.type==AT_TEXT && (n = read(cell.text, cell.n, out))>0 ){
    sqlite3_result_text64(context, out, n, SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

void email_domain_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  domain(context, argv[0], "email_domain", at_email_domain);
}

void web_domain_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  domain(context, argv[0], "web_domain", at_web_domain);
}
