/*
** oom.c: every statement of some scripts, with memory that ends at the n-th allocation.
**
**   oom [-t PROCESSORS] [-k SAMPLES] [-m c|w|r|b] [-s SETUP] [-d FILE] [-g SCRIPT] EXTENSION [SCRIPT …]
**
** Each script runs on a connection of its own, statement by statement. A statement is first run as it
** is; what it gives then is right. Then it is run with the n-th allocation failing, once ("transient") and from there on ("persistent"), for n = 1, 2 … until
** none fails any more, or for SAMPLES of them, spread evenly. Each time it
** must give the right rows or SQLITE_NOMEM, after rows that are right as far as they go; then it is run as it is, must
** be right, and the memory in use must be what it was. A statement that writes does so in a savepoint, rolled back
** each time, and once for good. At the end sqlite3_close() must give back everything.
**
** -m  c  cold: what the connection has loaded before does not hold any more (default)
**     w  warm: it does
**     r  after the first row, to the end
**     b  beside a statement that stands at its first row, and goes on afterwards
** -t  processors that the extension sees, hence threads by default;  -s  a script that is run before, without failures;
** -d  the database, in memory by default;  -g  loading, opening, and closing after this script (loads.h)
*/
#define _GNU_SOURCE
#include "heap.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define MOST_COMPLAINTS 20

static long processors = 1, samples = 0;
static char mood = 'c';
static const char *setup = NULL, *file = ":memory:", *extension;
static int complaints = 0;
static long n_statements = 0, n_trials = 0, n_nomem = 0, n_absorbed = 0;
static char where[600];             /* what is being tried, for complaints and crashes */

/* The extension's own question is answered by us: sysconf() of the program comes before libc's. */
long sysconf(int name){
  static long (*real)(int) = NULL;
  if( name==_SC_NPROCESSORS_ONLN ) return processors;
  if( real==NULL ){
    void *found = dlsym(RTLD_NEXT, "sysconf");
    memcpy(&real, &found, sizeof real);
  }
  return real(name);
}

static void crashed(int number){
  static const char text[] = "\ncrashed at: ";
  ssize_t done = write(2, text, sizeof text - 1) + write(2, where, strlen(where)) + write(2, "\n", 1);
  (void)done;
  signal(number, SIG_DFL);
  raise(number);
}

static void complain(const char *format, ...){
  va_list arguments;
  heap_disarm();
  va_start(arguments, format);
  fprintf(stderr, "%s\n  ", where);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  if( ++complaints>=MOST_COMPLAINTS ){
    fprintf(stderr, "too many failures\n");
    exit(1);
  }
}

/* Which request fails in round i, from 0; 0: there are no more rounds. calls: of a run without failures; failed: whether one did
** in the last round. */
static long request(long i, long calls, int failed){
  if( samples==0 || samples>=calls ) return i>0 && !failed ? 0 : i+1;
  if( i>=samples ) return 0;
  if( samples==1 ) return 1 + n_statements*377 % 610 * calls/610;      /* elsewhere in each statement */
  return 1 + (long)((double)i*(double)(calls-1)/(double)(samples-1) + 0.5);
}

/*********************************** What it gives ****************************/

/* Bytes of our own, not of SQLite's. */
typedef struct Bytes Bytes;
struct Bytes { char *at; size_t n, room; };

static void add_bytes(Bytes *b, const void *bytes, size_t n){
  if( b->n+n+1>b->room ){
    b->room = 2*(b->n+n)+1024;
    b->at = realloc(b->at, b->room);
    if( b->at==NULL ) abort();
  }
  if( n ) memcpy(b->at+b->n, bytes, n);
  b->n += n;
  b->at[b->n] = 0;
}

/* One value, its class first; 0 where there was no memory for it. */
static int add_value(Bytes *b, sqlite3_stmt *stmt, int i){
  char type = (char)sqlite3_column_type(stmt, i);
  add_bytes(b, &type, 1);
  if( type==SQLITE_INTEGER ){
    sqlite3_int64 integer = sqlite3_column_int64(stmt, i);
    add_bytes(b, &integer, sizeof integer);
  }else if( type==SQLITE_FLOAT ){
    double real = sqlite3_column_double(stmt, i);
    add_bytes(b, &real, sizeof real);
  }else if( type!=SQLITE_NULL ){
    const void *bytes = type==SQLITE_TEXT ? (const void*)sqlite3_column_text(stmt, i) : sqlite3_column_blob(stmt, i);
    int n = sqlite3_column_bytes(stmt, i);
    if( bytes==NULL && (n>0 || type==SQLITE_TEXT) ) return 0;
    add_bytes(b, &n, sizeof n);
    add_bytes(b, bytes, (size_t)n);
  }
  return 1;
}

/* Steps to the next row and adds it: SQLITE_ROW, SQLITE_DONE or an error. A row with a value for which
** there was no memory is one that the host cannot have. */
static int next(sqlite3_stmt *stmt, Bytes *rows){
  size_t before = rows->n;
  int rc = sqlite3_step(stmt), i;
  if( rc!=SQLITE_ROW ) return rc;
  add_bytes(rows, "|", 1);
  for(i=0; i<sqlite3_column_count(stmt); i++){
    if( add_value(rows, stmt, i) ) continue;
    rows->n = before;
    return sqlite3_errcode(sqlite3_db_handle(stmt));
  }
  return SQLITE_ROW;
}

static int rest(sqlite3_stmt *stmt, Bytes *rows){
  int rc;
  while( (rc = next(stmt, rows))==SQLITE_ROW ){}
  return rc;
}

/* A statement from beginning to end: SQLITE_DONE or the error. */
static int run(sqlite3 *db, const char *sql, Bytes *rows){
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), last;
  rows->n = 0;
  if( rc!=SQLITE_OK ) return rc;
  if( stmt==NULL ) return SQLITE_DONE;
  rc = rest(stmt, rows);
  last = sqlite3_finalize(stmt);
  return rc==SQLITE_DONE && last!=SQLITE_OK ? last : rc;
}

static void must(sqlite3 *db, const char *sql){
  Bytes rows = {0};
  int rc = run(db, sql, &rows);
  if( rc!=SQLITE_DONE ) complain("%s: %s (%d)", sql, sqlite3_errmsg(db), rc);
  free(rows.at);
}

/************************************* Trials *********************************/

typedef struct Trial Trial;
struct Trial {
  sqlite3 *db;
  const char *sql;
  int writes;
  Bytes right, got, other;
  long calls;                       /* requests of a run without failures */
};

/* Begins a run as the mood wants it: after a change nothing loaded holds. */
static void begin(Trial *t){
  if( mood=='w' ) run(t->db, t->sql, &t->got);
  else must(t->db, "UPDATE \"a change\" SET x = x");
  if( t->writes ) must(t->db, "SAVEPOINT \"a run\"");
}

static void end(Trial *t){
  if( t->writes && !sqlite3_get_autocommit(t->db) ) must(t->db, "ROLLBACK TO \"a run\"");
  if( t->writes && !sqlite3_get_autocommit(t->db) ) must(t->db, "RELEASE \"a run\"");
}

/* One run in the mood, the n-th request failing (0: none); its code. */
static int attempt(Trial *t, long n, int persists){
  sqlite3_stmt *stmt = NULL, *beside = NULL;
  int rc;
  begin(t);
  t->got.n = t->other.n = 0;
  if( mood=='b' && (sqlite3_prepare_v2(t->db, t->sql, -1, &beside, NULL)!=SQLITE_OK || next(beside, &t->other)<SQLITE_ROW) ){
    complain("beside: %s", sqlite3_errmsg(t->db));
  }
  if( mood=='r' ){
    rc = sqlite3_prepare_v2(t->db, t->sql, -1, &stmt, NULL);
    if( rc==SQLITE_OK ) rc = next(stmt, &t->got);
    heap_arm(n, persists);
    if( rc==SQLITE_ROW ) rc = rest(stmt, &t->got);
    sqlite3_finalize(stmt);
  }else{
    heap_arm(n, persists);
    rc = run(t->db, t->sql, &t->got);
  }
  heap_disarm();
  if( beside ){
    int code = t->other.n ? rest(beside, &t->other) : SQLITE_DONE;
    if( code==SQLITE_DONE && (t->other.n!=t->right.n || memcmp(t->other.at, t->right.at, t->right.n)) ) complain("the one beside: wrong rows");
    if( code!=SQLITE_DONE && code!=SQLITE_NOMEM ) complain("the one beside: %d, %s", code, sqlite3_errmsg(t->db));
    sqlite3_finalize(beside);
  }
  end(t);
  return rc;
}

static int is_right(const Trial *t){
  return t->got.n==t->right.n && memcmp(t->got.at, t->right.at, t->right.n)==0;
}

/* One allocation that fails, and the run after it. Returns 0 where none failed. Memory that is not given back shows
** each time; what SQLite keeps from a connection's first failure on, for its message, does once: hence again. */
static int try_one(Trial *t, long n, int persists, int again){
  sqlite3_int64 used = sqlite3_memory_used();
  long alive = atomic_load(&heap_alive);
  int rc = attempt(t, n, persists), failed = atomic_load(&heap_failed)>0;
  n_trials++;
  if( (rc & 0xff)==SQLITE_NOMEM ){
    n_nomem++;
    if( !failed ) complain("out of memory, though none failed");
    if( t->got.n>t->right.n || memcmp(t->got.at ? t->got.at : "", t->right.at ? t->right.at : "", t->got.n) ) complain("wrong rows before it failed");
  }else if( rc!=SQLITE_DONE ){
    complain("code %d: %s", rc, sqlite3_errmsg(t->db));
  }else{
    n_absorbed += failed;
    if( !is_right(t) ) complain("wrong rows");
  }
  rc = attempt(t, 0, 0);
  if( rc!=SQLITE_DONE ) complain("afterwards: code %d: %s", rc, sqlite3_errmsg(t->db));
  else if( !is_right(t) ) complain("afterwards: wrong rows");
  if( sqlite3_memory_used()==used && atomic_load(&heap_alive)==alive ) return failed;
  if( again==0 ) return try_one(t, n, persists, 1);
  complain("memory in use was %lld in %ld blocks and is %lld in %ld", used, alive, sqlite3_memory_used(), atomic_load(&heap_alive));
  return failed;
}

static void note(const char *script, const Trial *t, long n, int persists){
  snprintf(where, sizeof where, "%s, %ld processors, mood %c, allocation %ld of %ld, %s:\n  %.400s", script, processors, mood,
           n, t->calls, persists ? "persistent" : "transient", t->sql);
}

/* All trials of one statement. What a first run leaves behind for good (pages, the schema) is there after three. */
static void try_statement(sqlite3 *db, const char *script, const char *sql, int writes){
  Trial t;
  int persists, i;
  memset(&t, 0, sizeof t);
  t.db = db;
  t.sql = sql;
  t.writes = writes;
  note(script, &t, 0, 0);
  for(i=0; i<3; i++){
    char kept = mood;
    if( mood=='b' && i<1 ) mood = 'c';
    if( attempt(&t, i==2 ? LONG_MAX : 0, 0)!=SQLITE_DONE ) complain("without a failure: %s", sqlite3_errmsg(db));
    mood = kept;
    if( i==0 ){ Bytes b = t.right; t.right = t.got; t.got = b; }
    else if( !is_right(&t) ) complain("two runs differ");
  }
  t.calls = atomic_load(&heap_calls);
  n_statements++;
  for(persists=0; persists<2; persists++){
    long k, n;
    int failed = 0;
    for(k=0; (n = request(k, t.calls, failed))>0; k++){
      note(script, &t, n, persists);
      failed = try_one(&t, n, persists, 0);
    }
  }
  free(t.right.at);
  free(t.got.at);
  free(t.other.at);
}

/************************************* Scripts ********************************/

/* The text of a file, to be freed. */
static char *text_of(const char *path){
  Bytes b = {0};
  char part[4096];
  size_t n;
  FILE *in = fopen(path, "rb");
  if( in==NULL ){ perror(path); exit(2); }
  while( (n = fread(part, 1, sizeof part, in))>0 ) add_bytes(&b, part, n);
  fclose(in);
  add_bytes(&b, "", 0);
  return b.at;
}

/* Whether memory may end in a statement: not in one that changes what holds for the connection. */
static int is_tried(const char *sql){
  static const char *const words[] = {"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "CREATE", "REPLACE", "DROP"};
  size_t i;
  for(i=0; i<sizeof words/sizeof *words; i++) if( sqlite3_strnicmp(sql, words[i], (int)strlen(words[i]))==0 ) return 1;
  return 0;
}

/* One statement of a script, without the comments before it. */
static void statement(sqlite3 *db, const char *script, const char *sql, int quietly){
  sqlite3_stmt *stmt = NULL;
  int writes;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)!=SQLITE_OK ) complain("%s: %s", sql, sqlite3_errmsg(db));
  writes = !sqlite3_stmt_readonly(stmt);
  sqlite3_finalize(stmt);
  if( !quietly && is_tried(sql) && !(writes && mood!='c') ) try_statement(db, script, sql, writes);
  if( quietly || writes || !is_tried(sql) ) must(db, sql);
}

/* Statement by statement; lines that are comments, or commands of the shell, are left out between them. */
static void run_script(sqlite3 *db, const char *path, int quietly){
  char *text = text_of(path), *line = text;
  Bytes sql = {0};
  while( *line ){
    size_t n = strcspn(line, "\n");
    int blank = strspn(line, " \t\r")==n;
    if( sql.n>0 || !(blank || strncmp(line, "--", 2)==0 || *line=='.') ){
      add_bytes(&sql, line, n);
      add_bytes(&sql, "\n", 1);
      if( sqlite3_complete(sql.at) ){
        snprintf(where, sizeof where, "%s: %.400s", path, sql.at);
        statement(db, path, sql.at, quietly);
        sql.n = 0;
      }
    }
    line += n + (line[n]!=0);
  }
  if( sql.n ) complain("%s: the last statement has no semicolon", path);
  free(sql.at);
  free(text);
}

static sqlite3 *open_database(void){
  sqlite3 *db = NULL;
  if( sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE, NULL)!=SQLITE_OK ){
    fprintf(stderr, "%s: %s\n", file, sqlite3_errmsg(db));
    exit(2);
  }
  return db;
}

static int load(sqlite3 *db, const char *entry){
  char *message = NULL;
  int rc;
  sqlite3_enable_load_extension(db, 1);
  rc = sqlite3_load_extension(db, extension, entry, &message);
  if( rc!=SQLITE_OK && atomic_load(&heap_fail_at)==0 ){
    fprintf(stderr, "%s: %s\n", extension, message ? message : sqlite3_errmsg(db));
    exit(2);
  }
  sqlite3_free(message);
  return rc;
}

/* A connection that is ready for statements. */
static sqlite3 *prepare_database(void){
  sqlite3 *db = open_database();
  load(db, NULL);
  must(db, "PRAGMA synchronous = OFF");
  if( setup ) run_script(db, setup, 1);
  must(db, "CREATE TABLE IF NOT EXISTS \"a change\"(x)");
  must(db, "INSERT INTO \"a change\" VALUES (1)");
  return db;
}

/* What is left of a connection: nothing. */
static void close_database(sqlite3 *db, sqlite3_int64 used, long alive){
  if( sqlite3_close(db)!=SQLITE_OK ) complain("closing: %s", sqlite3_errmsg(db));
  if( sqlite3_memory_used()!=used || atomic_load(&heap_alive)!=alive ){
    complain("closed, %lld bytes in %ld blocks are still in use", sqlite3_memory_used()-used, atomic_load(&heap_alive)-alive);
  }
}

static void try_script(const char *script){
  sqlite3_int64 used = sqlite3_memory_used();
  long alive = atomic_load(&heap_alive);
  sqlite3 *db = prepare_database();
  run_script(db, script, 0);
  snprintf(where, sizeof where, "%s", script);
  close_database(db, used, alive);
}

#include "loads.h"

int main(int argc, char **argv){
  const char *loads = NULL;
  int option;
  while( (option = getopt(argc, argv, "t:k:m:s:d:g:"))!=-1 ){
    switch( option ){
      case 't': processors = atol(optarg); break;
      case 'k': samples = atol(optarg); break;
      case 'm': mood = optarg[0]; break;
      case 's': setup = optarg; break;
      case 'd': file = optarg; break;
      case 'g': loads = optarg; break;
      default: return 2;
    }
  }
  if( optind>=argc ) return 2;
  extension = argv[optind++];
  heap_install();
  signal(SIGSEGV, crashed);
  signal(SIGABRT, crashed);
  signal(SIGBUS, crashed);
  sqlite3_close(open_database());           /* what SQLite keeps for the process */
  if( loads ) try_loads(loads);
  for(; optind<argc; optind++) try_script(argv[optind]);
  printf("%ld statements, %ld runs with a failing allocation: %ld out of memory, %ld right all the same; %d wrong\n", n_statements,
         n_trials, n_nomem, n_absorbed, complaints);
  return complaints ? 1 : 0;
}
