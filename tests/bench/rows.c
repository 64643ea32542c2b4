/*
** rows.c, a loadable extension for the benchmark: bench_rows(n), a table-valued function that computes nothing.
**
** It gives n rows of the columns of attribution(), of the same declared types and the same classes and sizes of
** values, made from the row's number. What SQLite needs for so many rows of it is what it needs for any virtual
** table that fills a table or a GROUP BY; what attribution() needs above that is its own.
*/
#include <sqlite3ext.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
SQLITE_EXTENSION_INIT1

enum { MODEL, ENTITY, CONVERSION_ID, CONVERTED_AT, CONVERSION_VALUE, TOUCH_ID, TOUCHED_AT, CHANNEL, POSITION,
       PATH_LENGTH, CREDIT, VALUE, ROWS_WANTED };
static const char schema[] =
    "CREATE TABLE x(model TEXT, entity ANY BLOB, conversion_id ANY BLOB, converted_at DATETIME, conversion_value REAL,"
    " touch_id ANY BLOB, touched_at DATETIME, channel TEXT, position INTEGER, path_length INTEGER, credit REAL,"
    " value REAL, n HIDDEN)";

#define PATH 5 /* rows per conversion, about what the benchmark's conversions have */
static const char *const channels[] = {"organic_search", "direct",   "paid_search", "email",     "paid_social",
                                       "organic_social", "display",  "referral",    "webinar",   "affiliate",
                                       "event",          "partner"};
#define CHANNELS (sizeof channels / sizeof channels[0])

typedef struct Cursor Cursor;
struct Cursor {
  sqlite3_vtab_cursor base;
  sqlite3_int64 row;
  sqlite3_int64 rows;
};

static int rows_connect(sqlite3 *db, void *data, int count, const char *const *arguments, sqlite3_vtab **table,
                        char **error) {
  (void)data, (void)count, (void)arguments, (void)error;
  const int rc = sqlite3_declare_vtab(db, schema);
  if (rc != SQLITE_OK) return rc;
  *table = sqlite3_malloc(sizeof **table);
  if (*table == NULL) return SQLITE_NOMEM;
  memset(*table, 0, sizeof **table);
  return SQLITE_OK;
}

static int rows_disconnect(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

static int rows_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
  (void)table;
  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
    if (constraint->iColumn == ROWS_WANTED && constraint->op == SQLITE_INDEX_CONSTRAINT_EQ && constraint->usable) {
      info->aConstraintUsage[i].argvIndex = 1;
      info->aConstraintUsage[i].omit = 1;
      return SQLITE_OK;
    }
  }
  return SQLITE_CONSTRAINT;
}

static int rows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor) {
  (void)table;
  Cursor *opened = sqlite3_malloc(sizeof *opened);
  if (opened == NULL) return SQLITE_NOMEM;
  memset(opened, 0, sizeof *opened);
  *cursor = &opened->base;
  return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *cursor) {
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int rows_filter(sqlite3_vtab_cursor *base, int number, const char *text, int count, sqlite3_value **arguments) {
  (void)number, (void)text;
  Cursor *cursor = (Cursor *)base;
  cursor->row = 0;
  cursor->rows = count == 1 ? sqlite3_value_int64(arguments[0]) : 0;
  return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *base) {
  ((Cursor *)base)->row++;
  return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *base) {
  const Cursor *cursor = (const Cursor *)base;
  return cursor->row >= cursor->rows;
}

static int rows_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  const sqlite3_int64 row = ((const Cursor *)base)->row;
  const double value = 10 + (double)(row % 500000) / 100;
  switch (column) {
    case MODEL: sqlite3_result_text(context, "linear", 6, SQLITE_STATIC); break;
    case CHANNEL: sqlite3_result_text(context, channels[(size_t)row % CHANNELS], -1, SQLITE_STATIC); break;
    case ENTITY: sqlite3_result_int64(context, row / 3); break;
    case CONVERSION_ID: sqlite3_result_int64(context, row / PATH); break;
    case TOUCH_ID: sqlite3_result_int64(context, row * 3); break;
    case CONVERTED_AT: sqlite3_result_int64(context, 1672531200 + row); break;
    case TOUCHED_AT: sqlite3_result_int64(context, 1640995200 + row); break;
    case POSITION: sqlite3_result_int64(context, row % PATH + 1); break;
    case PATH_LENGTH: sqlite3_result_int64(context, PATH); break;
    case CREDIT: sqlite3_result_double(context, 1.0 / 3); break;
    case CONVERSION_VALUE: sqlite3_result_double(context, value); break;
    case VALUE: sqlite3_result_double(context, value / 3); break;
    default: break;
  }
  return SQLITE_OK;
}

static int rows_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
  *rowid = ((const Cursor *)base)->row;
  return SQLITE_OK;
}

static const sqlite3_module module = {
    .xConnect = rows_connect, .xDisconnect = rows_disconnect, .xBestIndex = rows_best_index, .xOpen = rows_open,
    .xClose = rows_close,     .xFilter = rows_filter,         .xNext = rows_next,            .xEof = rows_eof,
    .xColumn = rows_column,   .xRowid = rows_rowid,
};

int sqlite3_benchrows_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
  (void)error;
  SQLITE_EXTENSION_INIT2(api);
  return sqlite3_create_module(db, "bench_rows", &module, NULL);
}
