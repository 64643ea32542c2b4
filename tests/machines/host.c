/*
** host EXTENSION DATABASE SCRIPT...
**
** Loads the extension as every program does and prints all answers to the scripts, to the
** last bit: a real number as its 64 bits. Each script is asked on a connection of its own;
** its statements end with a NUL byte each, as SQL does not.
*/
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

static void die(const char *what, const char *why){
  fprintf(stderr, "host: %s: %s\n", what, why);
  exit(1);
}

static char *read_file(const char *path, size_t *n){
  FILE *file = fopen(path, "rb");
  long size;
  char *text;
  if( file==NULL || fseek(file, 0, SEEK_END) || (size = ftell(file))<0 || fseek(file, 0, SEEK_SET) ) die(path, "cannot be read");
  text = malloc((size_t)size+1);
  if( text==NULL || fread(text, 1, (size_t)size, file)!=(size_t)size ) die(path, "cannot be read");
  fclose(file);
  text[size] = 0;
  *n = (size_t)size;
  return text;
}

/* One line, whatever stands in the text. */
static void print_text(const unsigned char *text, int n){
  int i;
  for(i=0; i<n; i++) printf(text[i]<0x20 || text[i]=='\\' ? "\\x%02x" : "%c", text[i]);
}

static void print_cell(sqlite3_stmt *stmt, int i){
  uint64_t bits;
  double real;
  switch( sqlite3_column_type(stmt, i) ){
    case SQLITE_NULL: printf("NULL"); return;
    case SQLITE_INTEGER: printf("%lld", (long long)sqlite3_column_int64(stmt, i)); return;
    case SQLITE_FLOAT:
      real = sqlite3_column_double(stmt, i);
      memcpy(&bits, &real, sizeof bits);
      printf("0x%016llx", (unsigned long long)bits);
      return;
    default:
      printf(sqlite3_column_type(stmt, i)==SQLITE_BLOB ? "blob " : "text ");
      print_text(sqlite3_column_text(stmt, i), sqlite3_column_bytes(stmt, i));
  }
}

static void answer(sqlite3 *db, const char *sql){
  sqlite3_stmt *stmt;
  int i;
  printf("-- ");
  print_text((const unsigned char*)sql, (int)strlen(sql));
  printf("\n");
  while( *sql ){
    if( sqlite3_prepare_v2(db, sql, -1, &stmt, &sql)!=SQLITE_OK ) break;
    while( stmt && sqlite3_step(stmt)==SQLITE_ROW ){
      for(i=0; i<sqlite3_column_count(stmt); i++){
        if( i ) printf(" | ");
        print_cell(stmt, i);
      }
      printf("\n");
    }
    if( sqlite3_finalize(stmt)!=SQLITE_OK ) break;
  }
  if( sqlite3_errcode(db)!=SQLITE_OK ) printf("error: %s\n", sqlite3_errmsg(db));
}

int main(int argc, char **argv){
  int i;
  if( argc<4 ) die("usage", "host EXTENSION DATABASE SCRIPT...");
  for(i=3; i<argc; i++){
    char *message = NULL, *script, *sql;
    sqlite3 *db;
    size_t n;
    if( sqlite3_open(argv[2], &db)!=SQLITE_OK ) die(argv[2], sqlite3_errmsg(db));
    sqlite3_enable_load_extension(db, 1);
    if( sqlite3_load_extension(db, argv[1], NULL, &message)!=SQLITE_OK ) die(argv[1], message ? message : "?");
    script = read_file(argv[i], &n);
    for(sql=script; sql<script+n; sql+=strlen(sql)+1) answer(db, sql);
    free(script);
    if( sqlite3_close(db)!=SQLITE_OK ) die(argv[i], "the connection does not close");
  }
#ifdef _WIN32
  if( GetModuleHandleA("attribution.dll")==NULL ) die(argv[1], "has left memory with its last connection");
#endif
  return fflush(stdout)!=0;
}
