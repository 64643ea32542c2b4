/*
** value.c: SQLite values to the cells of core/, and back.
*/
#include "sql.h"

#include <limits.h>
#include <math.h>

/* Text and blobs point into the value: they live as long as the row. */
void cell_of(sqlite3_value *value, AtCell *cell){
  switch( sqlite3_value_type(value) ){
    case SQLITE_INTEGER:
      cell->type = AT_INT;
      cell->integer = sqlite3_value_int64(value);
      cell->n = 0;
      return;
    case SQLITE_FLOAT:
      cell->type = AT_REAL;
      cell->real = sqlite3_value_double(value);
      cell->n = 0;
      return;
    case SQLITE_TEXT:
      cell->type = AT_TEXT;
      cell->text = (const char*)sqlite3_value_text(value);
      cell->n = (size_t)sqlite3_value_bytes(value);
      if( cell->text==NULL ) cell->n = 0;
      return;
    case SQLITE_BLOB:
      cell->type = AT_BLOB;
      cell->text = sqlite3_value_blob(value);
      cell->n = (size_t)sqlite3_value_bytes(value);
      return;
    default:
      cell->type = AT_NULL;
      cell->n = 0;
  }
}

/* As cell_of(), but a number becomes its text, as a label wants it. */
void cell_text(sqlite3_value *value, AtCell *cell){
  int type = sqlite3_value_type(value);
  if( type!=SQLITE_INTEGER && type!=SQLITE_FLOAT ){
    cell_of(value, cell);
    return;
  }
  cell->type = AT_TEXT;
  cell->text = (const char*)sqlite3_value_text(value);
  cell->n = cell->text ? (size_t)sqlite3_value_bytes(value) : 0;
}

void cell_result(sqlite3_context *context, const AtCell *cell){
  switch( cell->type ){
    case AT_INT: sqlite3_result_int64(context, cell->integer); return;
    case AT_REAL: sqlite3_result_double(context, cell->real); return;
    case AT_TEXT:
      sqlite3_result_text64(context, cell->text, cell->n, SQLITE_TRANSIENT, SQLITE_UTF8);
      return;
    case AT_BLOB: sqlite3_result_blob64(context, cell->text, cell->n, SQLITE_TRANSIENT); return;
    default: sqlite3_result_null(context);
  }
}

/* NaN is NULL. */
void result_real(sqlite3_context *context, double number){
  if( isnan(number) ) sqlite3_result_null(context);
  else sqlite3_result_double(context, number);
}

/* SQLite's code for a failure. */
int env_code(const AtEnv *env){
  switch( env->error.code ){
    case AT_OK: return SQLITE_OK;
    case AT_NOMEM: return SQLITE_NOMEM;
    case AT_INTERRUPT: return SQLITE_INTERRUPT;
    case AT_TOOBIG: return SQLITE_TOOBIG;
    default: return SQLITE_ERROR;
  }
}

/* The failure of a function, as 'name(): what is wrong; what to write'. */
void result_failure(sqlite3_context *context, const char *function, const AtEnv *env){
  char *message;
  if( env->error.code==AT_NOMEM ){
    sqlite3_result_error_nomem(context);
    return;
  }
  if( env->error.code==AT_INTERRUPT ){               /* SQLite's own words */
    sqlite3_result_error(context, env->error.text, -1);
    sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    return;
  }
  message = sqlite3_mprintf("%s(): %s", function, env->error.text);
  if( message==NULL ){
    sqlite3_result_error_nomem(context);
    return;
  }
  sqlite3_result_error(context, message, -1);
  sqlite3_free(message);
  if( env->error.code!=AT_INVALID ) sqlite3_result_error_code(context, env_code(env));
}

/* JSON text, or the failure. Frees it. */
void result_json(sqlite3_context *context, const char *function, const AtEnv *env, AtText *json){
  if( env->error.code ){
    result_failure(context, function, env);
  }else{
    sqlite3_result_text64(context, json->text, json->n, SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(context, 'J');
  }
  at_text_free(env->alloc, json);
}
