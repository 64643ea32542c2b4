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
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

SQLITE_EXTENSION_INIT1

#include <string.h>

#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif
#define PURE (SQLITE_UTF8|SQLITE_DETERMINISTIC|SQLITE_INNOCUOUS)
#define SETTING (SQLITE_UTF8|SQLITE_DIRECTONLY)
#define JSON (PURE|SQLITE_SUBTYPE|SQLITE_RESULT_SUBTYPE)

/* As many arguments as a function takes by default. A final function is not told
** how many there were, so one that must know is registered for each number. */
#define MAX_ARITY 127
#define EACH -2

/* The end of a large group is long work in one call. */
#define BUSY(function) \
  static void busy_##function(sqlite3_context *context){ \
    connection_busy(sqlite3_user_data(context)); \
    function(context); \
    connection_rest(sqlite3_user_data(context)); \
  }
BUSY(weighted_credit_final)
BUSY(funnel_stage_final)
BUSY(window_funnel_final)
BUSY(window_funnel_events_final)
BUSY(sequence_match_final)
BUSY(sequence_count_final)
BUSY(sequence_events_final)
BUSY(next_node_final)
BUSY(engagement_score_final)
BUSY(auc_final)
BUSY(logistic_fit_final)
BUSY(touch_credit_value)

/* name, arguments (least, most; -1: any number; EACH: likewise, and it is told), flags, scalar, step, final, value, inverse, usage, help, example */
static const Function functions[] = {
  {"first_touch", 2, 2, PURE, NULL, first_touch_step, touch_final, touch_value, touch_inverse,
   "first_touch(value, ts) [OVER (…)]", "the value at the earliest ts",
   "SELECT account_id, first_touch(channel, touched_at) FROM touches GROUP BY account_id"},
  {"last_touch", 2, 2, PURE, NULL, last_touch_step, touch_final, touch_value, touch_inverse,
   "last_touch(value, ts) [OVER (…)]", "the value at the latest ts",
   "SELECT account_id, last_touch(channel, touched_at) FROM touches GROUP BY account_id"},
  {"weighted_credit", 3, 5, JSON, NULL, weighted_credit_step, busy_weighted_credit_final, NULL, NULL,
   "weighted_credit(label, ts, model [, converted_at [, points]])",
   "JSON object label -> share; one group is one path",
   "SELECT account_id, weighted_credit(channel, touched_at, 'linear') FROM touches GROUP BY account_id"},
  {"touch_credit", 2, 4, PURE, NULL, touch_credit_step, touch_credit_final, busy_touch_credit_value, touch_credit_inverse,
   "touch_credit(ts, model [, converted_at [, points]]) OVER (PARTITION BY … ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
   "share of the current row's touch; one partition is one path",
   "SELECT *, touch_credit(touched_at, 'time_decay') OVER (PARTITION BY account_id ORDER BY touched_at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM touches"},
  {"funnel_stage", 3, 5, PURE, NULL, funnel_stage_step, busy_funnel_stage_final, NULL, NULL,
   "funnel_stage(stage, ts, 'a > b > c' [, window [, modes]])",
   "the furthest stage reached in order, 0 .. N; modes as in window_funnel",
   "SELECT lead_id, funnel_stage(stage, entered_at, 'inquiry > mql > sal > sql > won', '180 days') FROM stage_events GROUP BY lead_id"},
  {"window_funnel", -1, -1, PURE, NULL, window_funnel_step, busy_window_funnel_final, NULL, NULL,
   "window_funnel('30 days [, mode, …]', ts, condition1, …)",
   "how many of the conditions rows meet in order, no later than the window after the first: 0 .. N; modes: strict_deduplication, strict_order, strict_increase, strict_once, allow_reentry",
   "SELECT account_id, window_funnel('30 days', touched_at, channel = 'paid search', channel = 'email', channel = 'webinar') FROM touches GROUP BY account_id"},
  {"window_funnel_events", -1, -1, JSON, NULL, window_funnel_events_step, busy_window_funnel_events_final, NULL, NULL,
   "window_funnel_events(window_and_modes, ts, condition1, …)",
   "JSON array of the times of the steps that make up that level, of the chain that entered last",
   "SELECT account_id, window_funnel_events('30 days', touched_at, channel = 'paid search', channel = 'email', channel = 'webinar') FROM touches GROUP BY account_id"},
  {"sequence_match", -1, -1, PURE, NULL, sequence_match_step, busy_sequence_match_final, NULL, NULL,
   "sequence_match(pattern, ts, condition1, …)",
   "1 where the rows match the pattern, else 0; in it (?1) is a row with condition 1, . any row, .* any number of rows, (?t<=2 days) a gate on the time since the last row",
   "SELECT account_id, sequence_match('(?1).*(?t<=7 days)(?2)', touched_at, channel = 'email', channel = 'webinar') FROM touches GROUP BY account_id"},
  {"sequence_count", -1, -1, PURE, NULL, sequence_count_step, busy_sequence_count_final, NULL, NULL,
   "sequence_count(pattern, ts, condition1, …)", "number of matches that do not overlap",
   "SELECT account_id, sequence_count('(?1)(?2)', touched_at, channel = 'email', channel = 'webinar') FROM touches GROUP BY account_id"},
  {"sequence_match_events", -1, -1, JSON, NULL, sequence_events_step, busy_sequence_events_final, NULL, NULL,
   "sequence_match_events(pattern, ts, condition1, …)",
   "JSON array of the times of the (?k) of the first match, or of the longest beginning of one",
   "SELECT account_id, sequence_match_events('(?1).*(?2)', touched_at, channel = 'email', channel = 'webinar') FROM touches GROUP BY account_id"},
  {"sequence_next_node", -1, -1, PURE, NULL, next_node_step, busy_next_node_final, NULL, NULL,
   "sequence_next_node('forward' | 'backward', 'head' | 'tail' | 'first_match' | 'last_match', ts, value, base_condition, condition1, …)",
   "the value of the row after (before) consecutive rows that meet the conditions",
   "SELECT account_id, sequence_next_node('forward', 'first_match', touched_at, channel, 1, channel = 'webinar') FROM touches GROUP BY account_id"},
  {"retention", EACH, EACH, JSON, NULL, retention_step, retention_final, NULL, NULL,
   "retention(condition1, …)", "JSON array of 0 and 1: any row with condition 1; that, and any row with condition i",
   "SELECT account_id, retention(touched_at < '2024-02-01', touched_at BETWEEN '2024-02-01' AND '2024-02-29') FROM touches GROUP BY account_id"},
  {"sessionize", 2, 2, PURE, NULL, sessionize_step, sessionize_final, sessionize_value, sessionize_inverse,
   "sessionize(ts, gap) OVER (PARTITION BY … ORDER BY ts)", "session number, from 1; a new one when more than gap has passed",
   "SELECT *, sessionize(touched_at, '30 min') OVER (PARTITION BY account_id ORDER BY touched_at) FROM touches"},
  {"engagement_score", 4, 4, PURE, NULL, engagement_score_step, busy_engagement_score_final, NULL, NULL,
   "engagement_score(points, ts, as_of, half_life)",
   "sum of points up to as_of, each worth half after every half_life since its ts",
   "SELECT account_id, engagement_score(points, touched_at, '2024-06-30', '14 days') FROM touches GROUP BY account_id"},
  {"lift", 2, 3, JSON, NULL, lift_step, lift_final, NULL, NULL,
   "lift(treated, converted [, confidence])",
   "JSON object: counts and rates of both groups, lift = treated_rate - control_rate, its interval low .. high (Newcombe), relative = treated_rate / control_rate - 1, p_value (z test); null where there is none",
   "SELECT lift(NOT held_out, account_id IN (SELECT account_id FROM deals WHERE stage = 'won')) FROM campaign_targets"},
  {"auc", 2, 2, PURE, NULL, auc_step, busy_auc_final, NULL, NULL,
   "auc(score, converted)",
   "chance that a row that converted has a higher score than one that did not, ties one half; NULL unless there are both",
   "SELECT auc(best, won) FROM (SELECT lead_id, max(score) AS best, lead_id IN (SELECT lead_id FROM stage_events WHERE stage = 'won') AS won FROM score_log GROUP BY lead_id)"},
  {"period_of", 2, 2, PURE, period_of_function, NULL, NULL, NULL, NULL,
   "period_of(ts, period)", "the day, week, month, quarter, half-year or year of a time, as the option period= writes it",
   "SELECT period_of(closed_at, 'quarter') AS quarter, sum(amount) FROM won_deals GROUP BY 1"},
  {"email_domain", 1, 1, PURE, email_domain_function, NULL, NULL, NULL, NULL,
   "email_domain(text)", "the domain of an e-mail address, in small letters; NULL where there is none",
   "SELECT email, email_domain(email) FROM contacts"},
  {"web_domain", 1, 1, PURE, web_domain_function, NULL, NULL, NULL, NULL,
   "web_domain(text)", "the domain of a web address, in small letters, without a leading www.; NULL where there is none",
   "SELECT web_domain('https://www.Example.com:8080/path?x')"},
  {"wilson_low", 2, 3, PURE, wilson_low_function, NULL, NULL, NULL, NULL,
   "wilson_low(k, n [, confidence])", "lower bound of the rate k / n (Wilson); NULL for n = 0", "SELECT wilson_low(4, 10)"},
  {"wilson_high", 2, 3, PURE, wilson_high_function, NULL, NULL, NULL, NULL,
   "wilson_high(k, n [, confidence])", "upper bound of the rate k / n (Wilson); NULL for n = 0", "SELECT wilson_high(4, 10)"},
  {"logistic_fit", -1, -1, JSON, NULL, logistic_fit_step, busy_logistic_fit_final, NULL, NULL,
   "logistic_fit([options,] y, x1, …)",
   "logistic regression of a condition on numbers: JSON object with intercept, coefficients, standard errors, z, p values (the intercept's first) and more; options: 'ridge=1' holds the coefficients back",
   "SELECT logistic_fit(status = 'won', fit = 'strong', segment = 'enterprise') FROM deals JOIN accounts USING (account_id) WHERE kind = 'new business' AND status <> 'open'"},
  {"logistic_predict", -1, -1, PURE, logistic_predict_function, NULL, NULL, NULL, NULL,
   "logistic_predict(model, x1, …)", "the probability that a model of logistic_fit gives; NULL where the model or an x is NULL",
   "SELECT deal_id, logistic_predict((SELECT logistic_fit(status = 'won', fit = 'strong') FROM deals JOIN accounts USING (account_id) WHERE status <> 'open'), fit = 'strong') FROM deals JOIN accounts USING (account_id) WHERE status = 'open'"},
  {"attribution_memory_mb", 0, 1, SETTING, memory_mb_function, NULL, NULL, NULL, NULL,
   "attribution_memory_mb([megabytes])",
   "the memory that running statements of this connection may use, in MB, after setting it; three quarters of the machine's or container's at first; 0: no bound",
   "SELECT attribution_memory_mb(8000)"},
  {"attribution_version", 0, 0, PURE, version_function, NULL, NULL, NULL, NULL,
   "attribution_version()", "version and build", "SELECT attribution_version()"},
  {NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
};

static const Family *const families[] = {
  &attribution_family,
  &summary_family,
  &journeys_family,
  &funnel_family,
  &funnel_summary_family,
  &curve_family,
  &forecast_family,
  &forecast_summary_family,
  &channel_effects_family,
  &path_effects_family,
  &transitions_family,
  &orders_family,
  &markov_effects_family,
  &shapley_effects_family,
  &attribution_audit_family,
  &funnel_audit_family,
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

static void arity_free(void *arity){
  connection_release(((Arity*)arity)->connection);
  sqlite3_free(arity);
}

/* While a statement runs, as SELECT load_extension(…) does, SQLite neither replaces a function nor takes it back. After
** a load that failed in one, what it had registered is still there, and stays. */
static int unless_there(const Connection *connection, int rc){
  return rc==SQLITE_BUSY && connection->resumes ? SQLITE_OK : rc;
}

static int register_ingest(Connection *connection){
  int rc;
  connection->references++;
  rc = sqlite3_create_function_v2(connection->db, "attribution_ingest", -1, SQLITE_UTF8|SQLITE_DIRECTONLY, connection,
                                  NULL, ingest_step, ingest_final, connection_release);
  connection->resumes = rc==SQLITE_BUSY;           /* nobody else has a function of this name */
  return unless_there(connection, rc);
}

/* One registration for each number of arguments, and one for any other. */
static int register_each(Connection *connection, const Function *f){
  int rc = SQLITE_OK, n, most = sqlite3_limit(connection->db, SQLITE_LIMIT_FUNCTION_ARG, -1);
  for(n=-1; n<=most && n<=MAX_ARITY && rc==SQLITE_OK; n++){
    Arity *arity = sqlite3_malloc64(sizeof *arity);
    if( arity==NULL ) return SQLITE_NOMEM;
    arity->connection = connection;
    arity->n = n;
    connection->references++;
    rc = unless_there(connection, sqlite3_create_function_v2(connection->db, f->name, n, f->flags, arity, f->scalar,
                                                             f->step, f->final, arity_free));
  }
  return rc;
}

/* Every registration holds a reference; SQLite calls connection_lost_function() when
** it is replaced, when it fails, and when the connection closes. */
static int register_function(Connection *connection, const Function *f){
  int rc = SQLITE_OK, n;
  if( f->least==EACH ) return register_each(connection, f);
  for(n=f->least; n<=f->most && rc==SQLITE_OK; n++){
    connection->references++;
    if( f->value ){
      rc = sqlite3_create_window_function(connection->db, f->name, n, f->flags, connection, f->step,
                                          f->final, f->value, f->inverse, connection_lost_function);
    }else{
      rc = sqlite3_create_function_v2(connection->db, f->name, n, f->flags, connection, f->scalar,
                                      f->step, f->final, connection_lost_function);
    }
    rc = unless_there(connection, rc);
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

static void take_back(sqlite3 *db, const char *name, int n, int flags){
  sqlite3_create_function_v2(db, name, n, flags, NULL, NULL, NULL, NULL, NULL);
}

/* Takes back what a load that fails has registered: SQLite unloads the file then. Functions that a running statement
** holds stay; where the linker knows how to say so, the file stays for them, too (see Makefile). */
static void unregister_all(sqlite3 *db){
  int i, n;
  for(i=0; families[i]; i++) sqlite3_create_module_v2(db, families[i]->name, NULL, NULL, NULL);
  for(i=0; functions[i].name; i++){
    const Function *f = &functions[i];
    int each = f->least==EACH;
    for(n=each ? -1 : f->least; n<=(each ? MAX_ARITY : f->most); n++) take_back(db, f->name, n, f->flags);
  }
  take_back(db, "attribution_ingest", -1, SQLITE_UTF8);
}

static int register_all(sqlite3 *db){
  Connection *connection = connection_open(db);
  int rc, i;
  if( connection==NULL ) return SQLITE_NOMEM;
  rc = register_ingest(connection);
  for(i=0; functions[i].name && rc==SQLITE_OK; i++) rc = register_function(connection, &functions[i]);
  for(i=0; families[i] && rc==SQLITE_OK; i++) rc = register_family(connection, families[i]);
  connection_release(connection);
  if( rc!=SQLITE_OK ) unregister_all(db);
  return rc;
}

/* A second load into the same connection finds the first and does nothing. The
** pragma itself, not the table over it: that one would read the database's schema,
** and a connection is not ready for this while it opens (no busy timeout, no key). Returns SQLITE_NOMEM where
** there was no memory to look. */
static int look_for_load(sqlite3 *db, int *loaded){
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, "PRAGMA module_list", -1, &stmt, NULL);
  *loaded = 0;
  while( stmt && !*loaded && (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    const char *name = (const char*)sqlite3_column_text(stmt, 0);
    *loaded = name!=NULL && strcmp(name, attribution_family.name)==0;
  }
  sqlite3_finalize(stmt);
  return (rc & 0xff)==SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_OK;
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

/* After a load that failed a running statement may still hold functions of this file. On Windows
** we say that it stays, elsewhere the linker does (-z nodelete). */
static void stay_in_memory(void){
#ifdef _WIN32
  static const char here = 0;
  HMODULE self;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN|GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, &here, &self);
#endif
}

/* Static, as an exported name may be bound to another copy of this file that the process has
** loaded before: that one would be set up in the place of this one, which would crash. */
static int initialize(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  int loaded, rc;
  SQLITE_EXTENSION_INIT2(api);
  (void)api;
  if( sqlite3_libversion_number()<3034001 ){
    if( message ) *message = sqlite3_mprintf("sqlite-attribution needs SQLite 3.34.1 or later (got %s); "
                                             "load it into a newer one", sqlite3_libversion());
    return SQLITE_ERROR;
  }
  stay_in_memory();
  rc = look_for_load(db, &loaded);
  return rc!=SQLITE_OK || loaded ? rc : register_all(db);
}

int sqlite3_attribution_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  return initialize(db, message, api);
}

int sqlite3_attribution_pool_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  int rc = initialize(db, message, api);
  if( rc==SQLITE_OK ) rc = sqlite3_auto_extension((void(*)(void))initialize);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
