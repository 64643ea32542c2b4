/*
** vtab.c: the frame that all table-valued functions share.
**
** How it works. A family names its columns, its arguments and four callbacks;
** this file does the rest: the declaration (columns, then the arguments as
** hidden columns), the plan, the cursor. The tables are eponymous only: there is
** no xCreate, so nothing of ours is ever written into a schema.
**
**   SELECT * FROM attribution('touches(…)', 'conversions(…)', 'linear') WHERE entity = 7
**
** declares, for a family of columns model, entity, … and arguments touches, …
**
**   CREATE TABLE x(model TEXT, entity ANY BLOB, …, arg_touches HIDDEN, arg_conversions HIDDEN, …,
**                  row_key BLOB HIDDEN NOT NULL PRIMARY KEY) WITHOUT ROWID
**
** The row_key is for SQLite alone: entity = 1 OR entity = 2 becomes two passes,
** and by their keys it knows the rows that both of them found. A number counted
** from 1 in each pass, as a rowid would be, made different rows look the same.
*/
#include "sql.h"

#include <string.h>

typedef struct Table Table;
struct Table {
  sqlite3_vtab base;
  Connection *connection;
  const Family *family;
  int n_columns, n_arguments;       /* of the family */
};

static int count_columns(const Family *family){
  int n = 0;
  while( family->columns[n].name ) n++;
  return n;
}

static int count_arguments(const Family *family){
  int n = 0;
  while( family->arguments && family->arguments[n].name ) n++;
  return n;
}

void registration_free(void *registration){
  connection_release(((Registration*)registration)->connection);
  sqlite3_free(registration);
}

static int family_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                          sqlite3_vtab **vtab, char **message){
  Registration *registration = aux;
  const Family *family = registration->family;
  char *sql = sqlite3_mprintf("CREATE TABLE x(");
  Table *table;
  int i, rc;
  (void)argc; (void)argv;
  for(i=0; sql && family->columns[i].name; i++){
    sql = sqlite3_mprintf("%z%s\"%w\" %s", sql, i ? ", " : "", family->columns[i].name, family->columns[i].type);
  }
  for(i=0; sql && i<count_arguments(family); i++){
    sql = sqlite3_mprintf("%z, arg_%s HIDDEN", sql, family->arguments[i].name);
  }
  if( sql ){
    sql = sqlite3_mprintf(family->row_key ? "%z, row_key BLOB HIDDEN NOT NULL PRIMARY KEY) WITHOUT ROWID"
                                          : "%z)", sql);
  }
  table = sqlite3_malloc64(sizeof *table);
  if( sql==NULL || table==NULL ){
    sqlite3_free(sql);
    sqlite3_free(table);
    return SQLITE_NOMEM;
  }
  memset(table, 0, sizeof *table);
  table->connection = registration->connection;
  table->family = family;
  table->n_columns = count_columns(family);
  table->n_arguments = count_arguments(family);
  rc = sqlite3_declare_vtab(db, sql);
  sqlite3_free(sql);
  if( rc!=SQLITE_OK ){                      /* a limit of the host is too low for it */
    if( rc!=SQLITE_NOMEM ) *message = sqlite3_mprintf("%s(): its columns cannot be declared: %s", family->name, sqlite3_errmsg(db));
    sqlite3_free(table);
    return rc;
  }
  /* Help reads tables of ours alone, so a schema that the host does not trust may ask it too. The others read
  ** whatever table of the connection a text names: no schema but a trusted one may call them. */
  if( table->n_arguments==0 ) sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  table->connection->references++;
  *vtab = &table->base;
  return SQLITE_OK;
}

static int family_disconnect(sqlite3_vtab *vtab){
  connection_release(((Table*)vtab)->connection);
  sqlite3_free(vtab);
  return SQLITE_OK;
}

/* idxNum: bit i is set when argument i is passed to xFilter, bit
** MAX_ARGUMENTS when the value of entity = ? follows them; then 6 bits of what
** family->order() said, and a bit for each of the first 16 columns that are read. */
#define HAS_ENTITY (1<<MAX_ARGUMENTS)
#define ORDER_SHIFT (MAX_ARGUMENTS+1)
#define ORDER_MASK 63
#define USED_SHIFT (ORDER_SHIFT+6)
#define USED_MASK 0xffff

/* Whether a constraint is known to be a plain comparison. What SQLite makes of
** entity IN (…) for a virtual table forgets the affinity of the right side, so
** that one is left to SQLite; before 3.38 it cannot be told apart. */
static int is_comparison(sqlite3_index_info *info, int i){
#if SQLITE_VERSION_NUMBER>=3038000
  if( sqlite3_libversion_number()>=3038000 ) return !sqlite3_vtab_in(info, i, -1);
#endif
  (void)info; (void)i;
  return 0;
}

/* Offers the order that is asked for, if the family has it. Texts of ours are in the order of UTF-8.
** Whether groups need only stand together is not asked: sqlite3_vtab_distinct() says so of
** GROUP BY x ORDER BY x too, on SQLite 3.40 at least, which then takes our order for the latter. */
static void offer_order(const Table *table, sqlite3_index_info *info){
  int order;
  if( table->family->order==NULL || info->nOrderBy==0 ) return;
  order = table->family->order(info);
  if( order==0 || !connection_is_utf8(table->connection) ) return;
  info->orderByConsumed = 1;
  info->idxNum |= (order & ORDER_MASK)<<ORDER_SHIFT;
}

static int family_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info){
  const Table *table = (Table*)vtab;
  const Family *family = table->family;
  int n_columns = table->n_columns, n_arguments = table->n_arguments;
  int at[MAX_ARGUMENTS], entity = -1, next = 1, i;
  for(i=0; i<MAX_ARGUMENTS; i++) at[i] = -1;
  for(i=0; i<info->nConstraint; i++){
    const struct sqlite3_index_constraint *c = &info->aConstraint[i];
    if( c->op!=SQLITE_INDEX_CONSTRAINT_EQ ) continue;   /* LIMIT has no column */
    if( c->iColumn>=n_columns+n_arguments ){            /* row_key takes no argument */
      sqlite3_free(vtab->zErrMsg);
      vtab->zErrMsg = sqlite3_mprintf("too many arguments on %s() - max %d", family->name, n_arguments);
      return SQLITE_ERROR;
    }
    if( c->iColumn>=n_columns ){
      if( !c->usable ) return SQLITE_CONSTRAINT;
      if( at[c->iColumn-n_columns]<0 ) at[c->iColumn-n_columns] = i;
    }else if( c->usable && c->iColumn==family->entity_column
           && sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY")==0 && is_comparison(info, i) ){
      entity = i;
    }
  }
  info->idxNum = (int)(info->colUsed & USED_MASK)<<USED_SHIFT;
  offer_order(table, info);
  for(i=0; i<n_arguments; i++){
    if( at[i]<0 ) continue;
    info->aConstraintUsage[at[i]].argvIndex = next++;
    info->aConstraintUsage[at[i]].omit = 1;
    info->idxNum |= 1<<i;
  }
  info->estimatedCost = 1e9;
  info->estimatedRows = 1000000;
  if( entity>=0 ){
    /* not omitted: SQLite compares again, with its rules of affinity */
    info->aConstraintUsage[entity].argvIndex = next;
    info->idxNum |= HAS_ENTITY;
    info->estimatedCost = 1e6;
    info->estimatedRows = 100;
  }
  return SQLITE_OK;
}

static int family_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out){
  Table *table = (Table*)vtab;
  Cursor *cursor = sqlite3_malloc64(sizeof *cursor);
  if( cursor==NULL ) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  cursor->family = table->family;
  cursor->connection = table->connection;
  cursor->connection->references++;
  cursor->eof = 1;
  *out = &cursor->base;
  return SQLITE_OK;
}

static void reset_cursor(Cursor *cursor){
  int i;
  if( cursor->state ) cursor->family->close(cursor);
  cursor->state = NULL;
  for(i=0; i<MAX_ARGUMENTS; i++){
    sqlite3_value_free(cursor->values[i]);
    cursor->values[i] = NULL;
  }
  cursor->eof = 1;
}

static int family_close(sqlite3_vtab_cursor *base){
  Cursor *cursor = (Cursor*)base;
  reset_cursor(cursor);
  connection_release(cursor->connection);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

/* The message of a failed statement, where SQLite looks for it. */
static int report(Cursor *cursor, const AtEnv *env, int code){
  sqlite3_vtab *vtab = cursor->base.pVtab;
  cursor->eof = 1;
  if( env->error.code==AT_NOMEM || env->error.code==AT_INTERRUPT ) return code;
  sqlite3_free(vtab->zErrMsg);
  vtab->zErrMsg = sqlite3_mprintf("%s(): %s", cursor->family->name, env->error.text);
  return vtab->zErrMsg ? code : SQLITE_NOMEM;
}

static int next_row(Cursor *cursor){
  cursor->eof = !cursor->family->next(cursor);
  cursor->rowid++;
  return cursor->env.error.code ? report(cursor, &cursor->env, env_code(&cursor->env)) : SQLITE_OK;
}

static void fail_missing(Cursor *cursor, Work *work, const Argument *argument){
  at_fail(&work->env, AT_INVALID, "argument %s is missing; write %s", argument->name,
          cursor->family->example);
}

/* Keeps an argument for as long as the cursor is on its rows. A copy belongs to no connection: where there is no memory
** to convert its text from UTF-16, nobody else says so. */
static void keep_argument(Cursor *cursor, Work *work, int i, const sqlite3_value *value){
  AtCell *cell = &cursor->arguments[i];
  cursor->values[i] = sqlite3_value_dup(value);
  if( cursor->values[i] ) cell_of(cursor->values[i], cell);
  if( cursor->values[i]==NULL || (cell->type==AT_TEXT && cell->text==NULL) ) at_fail(&work->env, AT_NOMEM, "out of memory");
}

static int family_next(sqlite3_vtab_cursor *base){
  Cursor *cursor = (Cursor*)base;
  int rc;
  connection_busy(cursor->connection);
  rc = next_row(cursor);
  connection_rest(cursor->connection);
  return rc;
}

/* Collects the arguments, opens the family's state and finds its first row. */
static int family_filter(sqlite3_vtab_cursor *base, int idx_num, const char *idx_str,
                         int argc, sqlite3_value **argv){
  Cursor *cursor = (Cursor*)base;
  const Family *family = cursor->family;
  AtCell entity;
  Work work;
  int n_arguments = ((const Table*)base->pVtab)->n_arguments, i, next = 0, code;
  (void)idx_str;
  reset_cursor(cursor);
  cursor->env = connection_env(cursor->connection);
  cursor->rowid = 0;
  cursor->order = idx_num>>ORDER_SHIFT & ORDER_MASK;
  cursor->used = (uint32_t)(idx_num>>USED_SHIFT & USED_MASK);
  if( work_begin(&work, cursor->connection) && n_arguments>0 ) snapshot_begin(&work);
  for(i=0; i<n_arguments; i++){
    cursor->arguments[i].type = AT_NULL;
    if( (idx_num & (1<<i)) && next<argc ) keep_argument(cursor, &work, i, argv[next++]);
    if( family->arguments[i].required && cursor->arguments[i].type==AT_NULL ){
      fail_missing(cursor, &work, &family->arguments[i]);
    }
  }
  cursor->entity = NULL;
  if( (idx_num & HAS_ENTITY) && next<argc ){
    cell_of(argv[next], &entity);
    cursor->entity = &entity;
  }
  if( !work.env.error.code ) family->open(cursor, &work);
  code = work_code(&work);
  work_end(&work);
  if( code!=SQLITE_OK ) return report(cursor, &work.env, code);
  return family_next(base);
}

static int family_eof(sqlite3_vtab_cursor *base){
  return ((Cursor*)base)->eof;
}

static void result_row_key(Cursor *cursor, sqlite3_context *context){
  AtEnv env = connection_env(cursor->connection);
  AtText key = {0};
  uint32_t numbers[3] = {0, 0, 0};
  AtCell entity = cursor->family->row_key(cursor, numbers);
  char number[9], tag = (char)entity.type;
  const char *bytes;
  size_t n = at_encode(&entity, number, &bytes);
  at_text_add(&env, &key, (const char*)numbers, sizeof numbers);
  at_text_add(&env, &key, &tag, 1);
  at_text_add(&env, &key, bytes, n);
  if( env.error.code ) sqlite3_result_error_nomem(context);
  else sqlite3_result_blob64(context, key.text, key.n, SQLITE_TRANSIENT);
  at_text_free(&cursor->connection->alloc, &key);
}

static int family_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column){
  Cursor *cursor = (Cursor*)base;
  const Table *table = (const Table*)base->pVtab;
  int n_columns = table->n_columns;
  if( column<n_columns ){
    connection_busy(cursor->connection);
    cursor->family->column(cursor, context, column);
    connection_rest(cursor->connection);
  }else if( column-n_columns>=table->n_arguments ){
    result_row_key(cursor, context);
  }else if( cursor->values[column-n_columns] ){
    sqlite3_result_value(context, cursor->values[column-n_columns]);
  }
  return SQLITE_OK;
}

static int family_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid){
  *rowid = ((Cursor*)base)->rowid;
  return SQLITE_OK;
}

const sqlite3_module family_module = {
  .iVersion = 0,
  .xConnect = family_connect,
  .xBestIndex = family_best_index,
  .xDisconnect = family_disconnect,
  .xOpen = family_open,
  .xClose = family_close,
  .xFilter = family_filter,
  .xNext = family_next,
  .xEof = family_eof,
  .xColumn = family_column,
  .xRowid = family_rowid,
};
