/*
** fuzz_sql.c: statements over the whole extension, with values that no one expects.
**
** How it works. The extension is linked in. The input chooses a function or a table-valued function of the
** extension's own tables, so new ones are in it at once, the arguments (columns, what is typical, what is hostile,
** the input's own bytes) and the frame around: groups, windows, joins, orders. The tables are filled with more of
** the same. The statement runs twice and must give the same rows, or the same error; the connection must
** answer a plain question afterwards. Every so often it is closed and must leave nothing.
*/
#include "sql_common.h"
/* Two names are common.h's, too. */
#define cell_text sql_cell_text
#define load_rows sql_load_rows
#include "../../ext/sql/sql.h"
#undef cell_text
#undef load_rows

#define MOST_ARGUMENTS 6
#define MEGABYTE 1000000

static int large;                   /* the statement has a large value */
static char megabyte[MEGABYTE];

/*********************************** Connection *******************************/

static const char *const tables[] = {
  "CREATE TABLE touches(account_id, touched_at, channel, points, y)",
  "CREATE TABLE deals(account_id, closed_at, amount, m1, m2)",
  "CREATE TABLE \"od\"\"d; '(,)\"(\"e)\" TEXT, \" t\" REAL, \"\" BLOB)",
  "CREATE TABLE paths(path, n, v, nulls)",
  "CREATE INDEX touches_account ON touches(account_id)",
  "CREATE VIEW touch_view AS SELECT account_id AS entity, touched_at AS ts, channel, points FROM touches",
  "CREATE VIEW deal_view AS SELECT account_id AS entity, closed_at AS ts, amount AS value FROM deals",
  "CREATE VIEW stage_view AS SELECT account_id AS entity, touched_at AS ts, channel AS stage, y AS label FROM touches",
  "CREATE VIEW subjects AS SELECT account_id AS entity, touched_at AS ts, points AS converted_at, y AS closed_at FROM touches",
};

/************************************ Values **********************************/

static const char *const texts[] = {
  "touches(account_id, touched_at, channel)", "deals(account_id, closed_at, amount)", "touches(account_id, touched_at, channel, points)",
  "deals(account_id, closed_at, amount, m1, m2)", "touch_view", "deal_view", "stage_view", "subjects", "main.touches", "temp.deals(a)",
  "\"od\"\"d; '(,)\"(\"e)\", \" t\", \"\")", "paths(path, n, v, nulls)", "paths(path, path, n)", "paths(path, n)", "touches", "touches(", "t(rowid)",
  "linear", "all", "markov", "shapley", "time_decay(half_life=1 s), milestone(2)", "custom(0,0,0)", "participation", "w_shaped, points",
  "a > b > c", "a? > b [1 day]", "A,b", "stage@", "(?1)(?2)", "(?1).*(?t<=2)(?2)", "2 days", "1 s, strict_order", "forward", "backward", "head", "tail", "first_match",
  "2024-01-01", "2024-02-30", "2024-12-31T23:59:59.999999+14:00", "20240101", "1704067200", "1e300", "quarter", "week", ".5", "ridge=1", "ridge=0",
  "{\"intercept\":1,\"coefficients\":[1,-2]}", "{\"intercept\":1e308,\"coefficients\":[]}", "[[[[", "jane@example.com", "https://www.a.de:80/", "a", "b", "c", "a > b", "(start)",
  "(conversion)", "order=2", "exits=a; passes=first", "as_of=2024-01-01; by=label", "lookback=1 day; round=0.01; period=month", "reset=conversion; gap=1 s",
  "touch_id=points; conversion_id=amount", "path=unique; max_touches=1; threads=2", "cache_mb=0", "cache_mb=1; threads=1", "most=1", "window=1 day; order=any", "separator=,", "",
  " ", "\xff\xfe", "\xc3", "\xf4\x90\x80\x80", "NaN", "Infinity", "-0.0", "0x10", "9223372036854775808", "\xef\xbb\xbf,",
};

/* Binds one of all kinds of values. */
static void bind_any(sqlite3_stmt *stmt, int i, Input *in, int may_be_large){
  static const int64_t integers[] = {0, 1, -1, 2, INT64_MAX, INT64_MIN, INT64_C(9007199254740993), 1704067200, INT64_C(253402300800), INT64_C(-62167219201), 86400, 3};
  static const double reals[] = {0, -0.0, 0.5, HUGE_VAL, -HUGE_VAL, 9223372036854775808.0, -9223372036854775808.0, 1e308, 5e-324, 1e290, 1704067200.25, NAN};
  uint32_t kind = take_byte(in), which = take_byte(in);
  const char *text;
  size_t n;
  switch( kind%16 ){
    case 0: sqlite3_bind_null(stmt, i); return;
    case 1: case 2: case 3: sqlite3_bind_int64(stmt, i, integers[which%COUNT(integers)]); return;
    case 4: case 5: sqlite3_bind_double(stmt, i, reals[which%COUNT(reals)]); return;
    case 6: text = take_text(in, 60, &n); sqlite3_bind_text(stmt, i, text, (int)n, SQLITE_TRANSIENT); return;
    case 7: text = take_text(in, 20, &n); sqlite3_bind_blob(stmt, i, text, (int)n, SQLITE_TRANSIENT); return;
    case 8: sqlite3_bind_text(stmt, i, "a\0b", 3, SQLITE_STATIC); return;
    case 9:
      if( may_be_large && which<24 ){
        large = 1;
        if( which & 1 ) sqlite3_bind_blob(stmt, i, megabyte, which & 2 ? MEGABYTE : 65536, SQLITE_STATIC);
        else sqlite3_bind_text(stmt, i, megabyte, which & 2 ? MEGABYTE : 65536, SQLITE_STATIC);
        return;
      }
      sqlite3_bind_int64(stmt, i, (int64_t)take_bits(in));
      return;
    case 10: sqlite3_bind_int64(stmt, i, 1704067200 + (int64_t)which%20*40000); return;
    default: sqlite3_bind_text(stmt, i, texts[which%COUNT(texts)], -1, SQLITE_STATIC); return;
  }
}

/************************************ Tables **********************************/

static void fill(const char *sql, int columns, uint32_t rows, Input *in){
  sqlite3_stmt *stmt = NULL;
  uint32_t i;
  int k;
  CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)==SQLITE_OK);
  for(i=0; i<rows; i++){
    uint32_t plain = take_byte(in);
    for(k=1; k<=columns; k++) bind_any(stmt, k, in, i==0);
    if( plain<200 ){
      sqlite3_bind_int64(stmt, 1, plain & 3);
      if( columns>4 ) sqlite3_bind_int64(stmt, 2, 1704067200 + (int64_t)(plain>>2)*10000);
      if( columns>4 ) sqlite3_bind_text(stmt, 3, plain & 32 ? "a" : plain & 16 ? "b" : "2", 1, SQLITE_STATIC);
      if( columns==4 ) sqlite3_bind_text(stmt, 1, plain & 8 ? "a > b" : "b > c > a", -1, SQLITE_STATIC);
      if( columns==4 ) sqlite3_bind_int64(stmt, 2, plain & 7);
    }
    sqlite3_step(stmt);
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
}

static void fill_tables(Input *in){
  uint32_t rows = take_byte(in);
  run_plain("DELETE FROM touches; DELETE FROM deals; DELETE FROM paths");
  fill("INSERT INTO touches VALUES(?,?,?,?,?)", 5, rows%24, in);
  fill("INSERT INTO deals VALUES(?,?,?,?,?)", 5, rows/24%8, in);
  fill("INSERT INTO paths VALUES(?,?,?,?)", 4, rows%11, in);
}

/*********************************** Statement ********************************/

typedef struct Statement Statement;
struct Statement { char sql[3000]; size_t n; int parameters; };

static void say(Statement *s, const char *text){
  size_t n = strlen(text);
  if( s->n+n+1>=sizeof s->sql ) abort();
  memcpy(s->sql+s->n, text, n+1);
  s->n += n;
}

static void say_parameter(Statement *s){
  char text[16];
  snprintf(text, sizeof text, "?%d", ++s->parameters);
  say(s, text);
}

static void say_argument(Statement *s, Input *in){
  static const char *const columns[] = {"channel", "touched_at", "account_id", "points", "y", "channel = 'a'", "points > 1", "y", "9e999-9e999", "touched_at"};
  uint32_t byte = take_byte(in);
  if( byte<128 ) say(s, columns[byte%COUNT(columns)]);
  else say_parameter(s);
}

static void say_function(Statement *s, Input *in){
  static const char *const after[] = {"", "", " GROUP BY account_id", " GROUP BY channel ORDER BY 1", " ORDER BY 1 DESC"};
  static const char *const windows[] = {" OVER ()", " OVER (PARTITION BY account_id ORDER BY touched_at)",
      " OVER (PARTITION BY account_id ORDER BY touched_at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
      " OVER (ORDER BY touched_at ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)", " OVER (ORDER BY touched_at RANGE BETWEEN 10000 PRECEDING AND CURRENT ROW)",
      " OVER (ORDER BY points GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES)"};
  const Function *f;
  int n = 0, i, arguments;
  while( function_row(n) ) n++;
  f = function_row((int)take_byte(in)%n);
  arguments = f->least>=0 ? f->least+(int)take_below(in, (uint32_t)(f->most-f->least)+1) : (int)take_below(in, MOST_ARGUMENTS+1);
  say(s, "SELECT ");
  if( take_below(in, 4)==0 ) say(s, "account_id, ");
  say(s, f->name);
  say(s, "(");
  if( f->step && arguments==1 && take_below(in, 3)==0 ) say(s, "DISTINCT ");
  for(i=0; i<arguments; i++){
    if( i ) say(s, ", ");
    say_argument(s, in);
  }
  say(s, ")");
  if( f->step && take_below(in, 8)==0 ) say(s, " FILTER (WHERE points IS NOT NULL)");
  if( f->value && take_below(in, 2) ) say(s, windows[take_below(in, COUNT(windows))]);
  say(s, " FROM touches");
  say(s, after[take_below(in, COUNT(after))]);
}

static void say_order(Statement *s, const Family *family, Input *in){
  int n = 0, i, k;
  while( family->columns[n].name ) n++;
  for(i=0, k=(int)take_below(in, 4); i<k; i++){
    say(s, i ? ", " : " ORDER BY ");
    say(s, family->columns[(int)take_byte(in)%n].name);
    if( take_below(in, 2) ) say(s, " DESC");
  }
  if( take_below(in, 4)==0 ) say(s, " LIMIT 3");
}

static void say_table(Statement *s, Input *in, const char **typical){
  const Family *family;
  int n = 0, arguments = 0, i, joined;
  while( family_row(n) ) n++;
  family = family_row((int)take_byte(in)%n);
  while( family->arguments[arguments].name ) arguments++;
  joined = family->entity_column>=0 && take_below(in, 4)==0;
  say(s, joined ? "SELECT f.* FROM deals AS d, " : take_below(in, 8) ? "SELECT * FROM " : "SELECT count(*) FROM ");
  say(s, family->name);
  say(s, "(");
  for(i=0; i<arguments && (family->arguments[i].required || take_below(in, 4)); i++){
    const char *name = family->arguments[i].name;
    uint32_t byte = take_byte(in);
    if( i ) say(s, ", ");
    say_parameter(s);
    if( byte<224 ){                     /* what the argument is called says what it should be */
      typical[s->parameters] = strcmp(name, "touches")==0 ? (byte & 1 ? texts[0] : byte & 2 ? "touch_view" : texts[2])
        : strcmp(name, "conversions")==0 ? (byte & 1 ? texts[1] : byte & 2 ? "deal_view" : texts[3])
        : strcmp(name, "stages")==0 ? (byte & 1 ? "a > b" : "b > 2 > a")
        : strcmp(name, "subjects")==0 ? "subjects" : strcmp(name, "paths")==0 ? "paths(path, n, v, nulls)"
        : strcmp(name, "counts")==0 || strcmp(name, "transitions")==0 ? "paths(path, path, n)" : strcmp(name, "events")==0 || strcmp(name, "history")==0 ? "stage_view"
        : strcmp(name, "open_deals")==0 ? "touches(account_id, touched_at, channel, points)" : NULL;
    }
  }
  say(s, ") AS f");
  if( joined ) say(s, " WHERE f.entity = d.account_id");
  else if( family->entity_column>=0 && take_below(in, 3)==0 ){
    say(s, " WHERE entity = ");
    say_parameter(s);
  }
  say_order(s, family, in);
}

/************************************** Run ***********************************/

static int keep_going(void *context){ return --*(int*)context==0; }

static void fuzz(const uint8_t *data, size_t size){
  const char *typical[64] = {NULL};
  Input in = {data, size};
  Statement s = {"", 0, 0};
  sqlite3_stmt *stmt = NULL;
  Bytes out[2];
  uint32_t how = take_byte(&in);
  int k, steps = how & 64 ? 4+(int)take_byte(&in)*20 : 0, left;
  memset(out, 0, sizeof out);
  if( db==NULL ) memset(megabyte, 'x', sizeof megabyte);
  use_connection(tables, COUNT(tables));
  large = 0;
  if( how & 1 ) say_function(&s, &in);
  else say_table(&s, &in, typical);
  if( sqlite3_prepare_v2(db, s.sql, -1, &stmt, NULL)==SQLITE_OK ){
    for(k=1; k<=s.parameters; k++){
      if( typical[k] ) sqlite3_bind_text(stmt, k, typical[k], -1, SQLITE_STATIC);
      else bind_any(stmt, k, &in, !large);
    }
    fill_tables(&in);
    if( (how & 6)==2 ) run_plain("BEGIN IMMEDIATE");
    if( steps ){                          /* stopped somewhere, or out of memory; then nothing is compared */
      left = steps;
      if( how & 128 ) fail_in = steps/4;
      else sqlite3_progress_handler(db, 1, keep_going, &left);
      run_statement(stmt, &out[0], 1);
      fail_in = 0;
      sqlite3_progress_handler(db, 0, NULL, NULL);
      sqlite3_reset(stmt);
      out[0].n = 0;
    }
    for(k=0; k<2; k++){
      run_statement(stmt, &out[k], 0);
      sqlite3_reset(stmt);
    }
    CHECK(same_bytes(&out[0], &out[1]));
  }
  sqlite3_finalize(stmt);
  if( !sqlite3_get_autocommit(db) ) run_plain("COMMIT");
  free(out[0].bytes);
  free(out[1].bytes);
  leave_connection(large);
}
