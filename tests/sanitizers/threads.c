/*
** threads DATABASE EXTENSION < statements.sql
**
** Runs every statement with threads=1 to 4 and compares the answers, in a program that was built
** with a thread sanitizer, as the extension was: a race is a failure of the program. One
** statement per line; %d in it is the number of threads. Then once more while another thread interrupts.
*/
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(const char *what, const char *why){
  fprintf(stderr, "threads: %s: %s\n", what, why);
  exit(1);
}

static sqlite3 *open_database(const char *database, const char *extension){
  sqlite3 *db = NULL;
  char *message = NULL;
  if( sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL)!=SQLITE_OK ) die(database, sqlite3_errmsg(db));
  sqlite3_enable_load_extension(db, 1);
  if( sqlite3_load_extension(db, extension, "sqlite3_attribution_init", &message)!=SQLITE_OK ) die(extension, message);
  return db;
}

/* FNV-1a over every cell, and the number of rows; 0 rows where it was interrupted. */
static uint64_t run(sqlite3 *db, const char *sql, uint64_t *rows, int may_stop){
  sqlite3_stmt *statement = NULL;
  uint64_t hash = UINT64_C(14695981039346656037);
  int rc, i;
  *rows = 0;
  if( sqlite3_prepare_v2(db, sql, -1, &statement, NULL)!=SQLITE_OK ) die(sql, sqlite3_errmsg(db));
  while( (rc = sqlite3_step(statement))==SQLITE_ROW ){
    for(i=0; i<sqlite3_column_count(statement); i++){
      const unsigned char *text = sqlite3_column_text(statement, i);
      for(; text && *text; text++) hash = (hash ^ *text)*UINT64_C(1099511628211);
      hash = (hash ^ '|')*UINT64_C(1099511628211);
    }
    (*rows)++;
  }
  if( rc!=SQLITE_DONE && !(may_stop && rc==SQLITE_INTERRUPT) ) die(sql, sqlite3_errmsg(db));
  sqlite3_finalize(statement);
  return hash;
}

static void *interrupt(void *db){
  struct timespec moment = {0, 3000000};
  int i;
  for(i=0; i<40; i++){
    nanosleep(&moment, NULL);
    sqlite3_interrupt(db);
  }
  return NULL;
}

int main(int argc, char **argv){
  char line[2000], sql[2100];
  uint64_t rows, first_rows = 0, hash, first = 0;
  int threads, n = 0;
  if( argc!=3 ) die("usage", "threads DATABASE EXTENSION < statements.sql");
  while( fgets(line, sizeof line, stdin) ){
    sqlite3 *db;
    pthread_t other;
    if( line[0]=='-' || line[0]=='\n' ) continue;
    for(threads=1; threads<=4; threads++){
      snprintf(sql, sizeof sql, line, threads);
      db = open_database(argv[1], argv[2]);
      hash = run(db, sql, &rows, 0);
      if( threads==1 ){ first = hash; first_rows = rows; }
      if( rows==0 || rows!=first_rows || hash!=first ) die(sql, "other rows than with one thread, or none");
      if( run(db, sql, &rows, 0)!=first ) die(sql, "other rows when warm");
      sqlite3_close(db);
    }
    snprintf(sql, sizeof sql, line, 4);
    db = open_database(argv[1], argv[2]);
    if( pthread_create(&other, NULL, interrupt, db)!=0 ) die("pthread_create", "failed");
    run(db, sql, &rows, 1);
    pthread_join(other, NULL);
    if( run(db, sql, &rows, 0)!=first ) die(sql, "other rows after an interrupt");
    sqlite3_close(db);
    n++;
  }
  if( n==0 ) die("stdin", "no statement");
  printf("threads: %d statements with 1 to 4 threads, warm, cold and interrupted: the same answers, no race\n", n);
  return 0;
}
