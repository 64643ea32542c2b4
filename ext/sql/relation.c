/*
** relation.c: 'touches(account_id, touched_at, channel)' -> tables and columns.
**
**   relation = name [ "." name ] [ "(" name { "," name } ")" ]
**   name     = word | '"' any '"'          a '"' inside is doubled
**
** Names only: whatever is written is quoted by us before it becomes SQL, and
** columns are qualified, so that a misspelt one is never taken for a string.
** Without a column list the role's standard names are looked up.
*/
#include "sql.h"

#include <string.h>

const Role touches_role = {
  "touches", "touch_id", "'touches(entity, ts, channel)'", 3, 4,
  {"entity", "ts", "channel", "points", NULL}, "etln"
};
const Role conversions_role = {
  "conversions", "conversion_id", "'conversions(entity, ts, value)'", 2, 3+AT_MAX_MILESTONES,
  {"entity", "ts", "value", "milestone1", "milestone2", "milestone3", "milestone4", "milestone5",
   "milestone6", "milestone7", "milestone8", "milestone9", "milestone10", "milestone11",
   "milestone12", "milestone13", "milestone14", "milestone15", "milestone16", NULL},
  "etnmmmmmmmmmmmmmmmm"
};
const Role events_role = {
  "events", "event_id", "'events(entity, ts, stage)'", 3, 4,
  {"entity", "ts", "stage", "label", NULL}, "etlg"
};
const Role subjects_role = {
  "subjects", NULL, "'subjects(entity, started_at, converted_at)'", 3, 5,
  {"entity", "ts", "converted_at", "closed_at", "label", NULL}, "etmml"
};

const Role open_deals_role = {
  "open_deals", NULL, "'open_deals(entity, ts, stage, value)'", 4, 5,
  {"entity", "ts", "stage", "value", "label", NULL}, "etlng"
};
const Role history_role = {
  "history", NULL, "'history(entity, ts, stage)'", 3, 4,
  {"entity", "ts", "stage", "label", NULL}, "etlg"
};

const Role paths_role = {
  "paths", NULL, "'paths(path, conversions, value, nulls)'", 2, 4,
  {"path", "conversions", "value", "nulls", NULL}, "lcvz"
};
const Role counts_role = {
  "counts", NULL, "'counts(from_state, to_state, weight)'", 3, 4,
  {"from_state", "to_state", "weight", "value", NULL}, "lgcv"
};
const Role coalitions_role = {
  "coalitions", NULL, "'coalitions(channels, conversions, value, nulls)'", 2, 4,
  {"channels", "conversions", "value", "nulls", NULL}, "lcvz"
};

/************************************ Parsing ********************************/

typedef struct Parser Parser;
struct Parser {
  Work *work;
  const Role *role;
  const char *text, *at, *end;
};

static void skip_blanks(Parser *p){
  while( p->at<p->end && at_is_blank(*p->at) ) p->at++;
}

static int accept(Parser *p, char c){
  skip_blanks(p);
  if( p->at>=p->end || *p->at!=c ) return 0;
  p->at++;
  return 1;
}

static void fail_parse(Parser *p){
  at_fail(&p->work->env, AT_INVALID, "argument %s cannot be read at character %d (got %s); write %s",
          p->role->argument, (int)(p->at-p->text)+1, at_quote(p->text, (size_t)(p->end-p->text)).text,
          p->role->form);
}

static int is_word_byte(char c, int first){
  if( (c>='a' && c<='z') || (c>='A' && c<='Z') || c=='_' || (unsigned char)c>=0x80 ) return 1;
  return !first && ((c>='0' && c<='9') || c=='$');
}

/* One name, unquoted, as an owned string; NULL on failure. */
static char *parse_name(Parser *p){
  const char *from;
  char *name, *out;
  skip_blanks(p);
  from = p->at;
  if( p->at<p->end && *p->at=='"' ){
    do{
      p->at++;
      while( p->at<p->end && *p->at!='"' ) p->at++;
      if( p->at>=p->end ){ p->at = from; fail_parse(p); return NULL; }
      p->at++;
    }while( p->at<p->end && *p->at=='"' );
    name = out = at_alloc(&p->work->env, (size_t)(p->at-from), 1);
    if( name==NULL ) return NULL;
    for(from++; from<p->at-1; from++){
      *out++ = *from;
      if( *from=='"' ) from++;
    }
    *out = 0;
    return name;
  }
  while( p->at<p->end && is_word_byte(*p->at, p->at==from) ) p->at++;
  if( p->at==from ){ fail_parse(p); return NULL; }
  name = at_alloc(&p->work->env, (size_t)(p->at-from)+1, 1);
  if( name==NULL ) return NULL;
  memcpy(name, from, (size_t)(p->at-from));
  name[p->at-from] = 0;
  return name;
}

static void parse_columns(Parser *p, Relation *r){
  do{
    if( r->n_columns>=p->role->most ){
      at_fail(&p->work->env, AT_INVALID, "argument %s names more than %d columns (got %s); write %s",
              p->role->argument, p->role->most, at_quote(p->text, (size_t)(p->end-p->text)).text,
              p->role->form);
      return;
    }
    r->columns[r->n_columns] = parse_name(p);
    if( r->columns[r->n_columns]==NULL ) return;
    r->kinds[r->n_columns] = p->role->kinds[r->n_columns];
    r->n_columns++;
  }while( accept(p, ',') );
  if( !accept(p, ')') ){ fail_parse(p); return; }
  if( r->n_columns<p->role->required ){
    at_fail(&p->work->env, AT_INVALID, "argument %s names %d columns, at least %d are needed (got %s); write %s",
            p->role->argument, r->n_columns, p->role->required,
            at_quote(p->text, (size_t)(p->end-p->text)).text, p->role->form);
  }
}

/* Splits the text of an argument. The relation is to be freed in any case. */
void relation_parse(Work *work, Relation *r, const Role *role, const char *text, size_t n){
  Parser p = { work, role, text, text, text+n };
  memset(r, 0, sizeof *r);
  r->role = role;
  if( work->env.error.code ) return;
  if( memchr(text, 0, n) ){ fail_parse(&p); return; }
  r->name = parse_name(&p);
  if( r->name && accept(&p, '.') ){
    r->schema = r->name;
    r->name = parse_name(&p);
  }
  if( r->name && accept(&p, '(') ) parse_columns(&p, r);
  skip_blanks(&p);
  if( !work->env.error.code && p.at<p.end ) fail_parse(&p);
}

void relation_free(Connection *connection, Relation *r){
  int i;
  at_free(&connection->alloc, r->schema);
  at_free(&connection->alloc, r->name);
  at_free(&connection->alloc, r->id);
  at_free(&connection->alloc, r->hold);
  for(i=0; i<r->n_columns; i++) at_free(&connection->alloc, r->columns[i]);
  memset(r, 0, sizeof *r);
}

/*********************************** Resolving *******************************/

static char *copy_text(Work *work, const char *text){
  size_t n = strlen(text)+1;
  char *copy = at_alloc(&work->env, n, 1);
  if( copy ) memcpy(copy, text, n);
  return copy;
}

/* Looks the name up in one schema: 1 found, 0 not. */
static int find_in_schema(Work *work, Relation *r, const char *schema, AtSuggest *near){
  sqlite3_stmt *stmt = work_prepare(work, "SELECT name, type FROM \"%w\".sqlite_master "
                                          "WHERE type IN ('table', 'view')", schema);
  int found = 0;
  while( !found && work_row(work, stmt) ){
    const char *name = work_text(work, stmt, 0), *type = work_text(work, stmt, 1);
    if( name==NULL || type==NULL ) continue;
    found = sqlite3_stricmp(name, r->name)==0;
    if( found ) r->is_view = type[0]=='v';
    else at_suggest_offer(near, name);
  }
  sqlite3_finalize(stmt);
  return found;
}

static void fail_unknown_table(Work *work, const Relation *r, const AtSuggest *near){
  at_fail(&work->env, AT_INVALID, "no such table or view: %s%s%s%s (argument %s)",
          at_quote(r->name, strlen(r->name)).text,
          near->best[0] ? "; did you mean " : "; write the name of a table or view",
          near->best, near->best[0] ? "?" : "", r->role->argument);
}

/* A schema that was written must exist. */
static int check_schema(Work *work, const Relation *r){
  sqlite3_stmt *list = work_prepare(work, "PRAGMA database_list");
  AtSuggest near;
  int found = 0;
  at_suggest_start(&near, r->schema, strlen(r->schema));
  while( work_row(work, list) ){
    const char *schema = work_text(work, list, 1);
    if( schema==NULL ) continue;
    found |= sqlite3_stricmp(schema, r->schema)==0;
    at_suggest_offer(&near, schema);
  }
  sqlite3_finalize(list);
  if( sqlite3_stricmp(r->schema, "temp")==0 ) found = 1;
  if( !found ){
    at_fail(&work->env, AT_INVALID, "no such schema: %s%s%s%s (argument %s)",
            at_quote(r->schema, strlen(r->schema)).text,
            near.best[0] ? "; did you mean " : "; attach it, or write the table's name alone",
            near.best, near.best[0] ? "?" : "", r->role->argument);
  }
  return found;
}

/* Where the name lives: as SQLite resolves it, temp first, then main, then the
** attached ones in order. Eponymous virtual tables live nowhere: schema stays NULL. */
static int resolve_schema(Work *work, Relation *r, AtSuggest *near){
  sqlite3_stmt *list;
  int found = 0, pass;
  if( r->schema ) return check_schema(work, r) && find_in_schema(work, r, r->schema, near);
  for(pass=0; pass<2 && !found; pass++){        /* temp is listed second */
    list = work_prepare(work, "PRAGMA database_list");
    while( !found && work_row(work, list) ){
      const char *schema = work_text(work, list, 1);
      int is_temp = schema && sqlite3_stricmp(schema, "temp")==0;
      if( schema==NULL || is_temp!=(pass==0) ) continue;
      found = find_in_schema(work, r, schema, near);
      if( found ) r->schema = copy_text(work, schema);
    }
    sqlite3_finalize(list);
  }
  return found;
}

/* The FROM clause of the relation, with "r" for its alias. */
static char *from_clause(const Relation *r){
  return r->schema ? sqlite3_mprintf("\"%w\".\"%w\" AS r", r->schema, r->name)
                   : sqlite3_mprintf("\"%w\" AS r", r->name);
}

static int is_rowid_name(const char *name){
  return sqlite3_stricmp(name, "rowid")==0 || sqlite3_stricmp(name, "oid")==0
      || sqlite3_stricmp(name, "_rowid_")==0;
}

/* Whether the columns of stmt, a SELECT *, have this name. */
static int has_column(Work *work, const Relation *r, sqlite3_stmt *stmt, const char *name, AtSuggest *near){
  int i, n = sqlite3_column_count(stmt);
  for(i=0; i<n; i++){
    const char *column = sqlite3_column_name(stmt, i);
    if( column==NULL ){ at_fail(&work->env, AT_NOMEM, "out of memory"); return 0; }
    if( sqlite3_stricmp(column, name)==0 ) return 1;
    at_suggest_offer(near, column);
  }
  return is_rowid_name(name) && r->has_rowid;
}

static void check_column(Work *work, const Relation *r, sqlite3_stmt *stmt, const char *name,
                         const char *where){
  AtSuggest near;
  at_suggest_start(&near, name, strlen(name));
  if( has_column(work, r, stmt, name, &near) ) return;
  at_fail(&work->env, AT_INVALID, "no such column in %s: %s%s%s%s (%s %s)", r->name,
          at_quote(name, strlen(name)).text,
          near.best[0] ? "; did you mean " : "; write the name of one of its columns",
          near.best, near.best[0] ? "?" : "", where==r->role->argument ? "argument" : "option", where);
}

static void fail_standard(Work *work, const Relation *r, sqlite3_stmt *stmt, const char *name){
  char *list = sqlite3_mprintf("%s", "");
  int i, n = sqlite3_column_count(stmt);
  for(i=0; i<n && i<8 && list; i++){
    list = sqlite3_mprintf("%z%s%s", list, i ? ", " : "", sqlite3_column_name(stmt, i));
  }
  at_fail(&work->env, AT_INVALID, "%s has no column %s (it has %.200s%s); name its columns: write %s",
          r->name, name, list ? list : "", i<n ? ", ..." : "", r->role->form);
  sqlite3_free(list);
}

/* The standard names that the relation has: the required ones, the next one if
** it is there, further ones up to the first that is not. */
static void standard_columns(Work *work, Relation *r, sqlite3_stmt *stmt){
  int i;
  for(i=0; r->role->columns[i] && i<MAX_COLUMNS; i++){
    const char *name = r->role->columns[i];
    AtSuggest near;
    at_suggest_start(&near, name, strlen(name));
    if( !has_column(work, r, stmt, name, &near) ){
      if( i==r->role->required ) continue;
      if( i>r->role->required ) break;
      fail_standard(work, r, stmt, name);
      return;
    }
    r->columns[r->n_columns] = copy_text(work, name);
    if( r->columns[r->n_columns]==NULL ) return;
    r->kinds[r->n_columns++] = r->role->kinds[i];
  }
}

/* What the columns are for, by their kinds. */
static void fill_shape(Relation *r, int64_t unit){
  AtShape *shape = &r->shape;
  int i;
  memset(shape, 0, sizeof *shape);
  shape->unit = unit;
  shape->relation = r->name;
  shape->has_id = r->id!=NULL || (r->has_rowid && !r->is_view);
  for(i=0; i<r->n_columns; i++){
    const char *name = r->columns[i];
    switch( r->kinds[i] ){
      case KIND_ENTITY: shape->entity = name; break;
      case KIND_TIME: shape->time = name; break;
      case KIND_LABEL: shape->has_label = 1; shape->label = name; break;
      case KIND_TAG: shape->tag[shape->n_tags++] = name; break;
      case KIND_NUMBER: shape->has_number = 1; shape->number = name; break;
      case KIND_COUNT: case KIND_VALUE: case KIND_NULLS: break;     /* AtList has those */
      default: shape->milestone[shape->n_milestones++] = name;
    }
  }
  if( r->hold ) shape->tag[shape->n_tags++] = r->hold;
}

/* The affinity of the entity column by its declared type (datatype3.html 3.1):
** 'T'ext, 'N'umeric of any kind, or 0 for none. */
static int entity_affinity(const Relation *r, sqlite3_stmt *stmt){
  int i, n = sqlite3_column_count(stmt);
  for(i=0; i<n; i++){
    const char *name = sqlite3_column_name(stmt, i), *type = sqlite3_column_decltype(stmt, i);
    if( name==NULL || sqlite3_stricmp(name, r->columns[0])!=0 ) continue;
    if( type==NULL || type[0]==0 ) return 0;
    if( sqlite3_strlike("%INT%", type, 0)==0 ) return 'N';
    if( sqlite3_strlike("%CHAR%", type, 0)==0 || sqlite3_strlike("%CLOB%", type, 0)==0
     || sqlite3_strlike("%TEXT%", type, 0)==0 ) return 'T';
    /* ANY has none in a STRICT table */
    return sqlite3_strlike("%BLOB%", type, 0)==0 || sqlite3_stricmp(type, "ANY")==0 ? 0 : 'N';
  }
  return is_rowid_name(r->columns[0]) ? 'N' : 0;
}

/* The columns that the relation names; NULL where it names none. */
static char *named_columns(const Relation *r){
  char *list = NULL;
  int i;
  if( r->n_columns==0 ) return NULL;
  list = sqlite3_mprintf("r.\"%w\" AS \"%w\"", r->columns[0], r->columns[0]);
  for(i=1; i<r->n_columns && list; i++) list = sqlite3_mprintf("%z, r.\"%w\" AS \"%w\"", list, r->columns[i], r->columns[i]);
  if( r->id && list ) list = sqlite3_mprintf("%z, r.\"%w\" AS \"%w\"", list, r->id, r->id);
  if( r->hold && list ) list = sqlite3_mprintf("%z, r.\"%w\" AS \"%w\"", list, r->hold, r->hold);
  return list;
}

/* SELECT * from the relation, prepared to look at its columns; NULL and an
** error where it cannot be read. An authorizer that denies a column which is not
** named is no reason to fail: then the named ones are looked at alone. */
static sqlite3_stmt *prepare_columns(Work *work, const Relation *r, const char *from, int found,
                                     const AtSuggest *near){
  sqlite3 *db = work->connection->db;
  sqlite3_stmt *stmt = NULL;
  char *list = NULL, *sql = sqlite3_mprintf("SELECT * FROM %s LIMIT 0", from);
  char what[128];
  int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  if( (rc & 0xff)==SQLITE_AUTH && (list = named_columns(r))!=NULL ){
    sqlite3_free(sql);
    sql = sqlite3_mprintf("SELECT %s FROM %s LIMIT 0", list, from);
    rc = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  }
  sqlite3_snprintf(sizeof what, what, "%.80s (argument %s) cannot be read", r->name, r->role->argument);
  if( sql==NULL ) at_fail(&work->env, AT_NOMEM, "out of memory");
  else if( (rc & 0xff)==SQLITE_ERROR && !found ) fail_unknown_table(work, r, near);
  else if( rc!=SQLITE_OK || sqlite3_column_count(stmt)==0 ) work_fail_sql(work, what);
  if( work->env.error.code ){
    sqlite3_finalize(stmt);
    stmt = NULL;
  }
  sqlite3_free(list);
  sqlite3_free(sql);
  return stmt;
}

/* Whether the rows have a rowid: SQLite does not know the name where not. */
static int probe_rowid(Work *work, const Relation *r, const char *from){
  sqlite3_stmt *stmt = NULL;
  char *sql;
  int rc;
  if( r->is_view ) return 0;
  sql = sqlite3_mprintf("SELECT r.rowid FROM %s LIMIT 0", from);
  rc = sql ? sqlite3_prepare_v2(work->connection->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  if( sql==NULL ) at_fail(&work->env, AT_NOMEM, "out of memory");
  else if( rc!=SQLITE_OK && rc!=SQLITE_ERROR ) work_fail_sql(work, "cannot read the schema");
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return rc==SQLITE_OK;
}

/* Finds the relation and its columns. id_column may be NULL: the rowid; hold may
** be NULL, or a further column that is a tag. */
void relation_resolve(Work *work, Relation *r, const char *id_column, const char *hold, int64_t unit){
  sqlite3_stmt *stmt = NULL;
  AtSuggest near;
  char *from;
  int found, i;
  if( work->env.error.code ) return;
  at_suggest_start(&near, r->name, strlen(r->name));
  found = resolve_schema(work, r, &near);
  from = from_clause(r);
  if( from==NULL ) at_fail(&work->env, AT_NOMEM, "out of memory");
  if( id_column ) r->id = copy_text(work, id_column);
  if( hold ) r->hold = copy_text(work, hold);
  if( !work->env.error.code ) stmt = prepare_columns(work, r, from, found, &near);
  if( stmt ){
    r->has_rowid = probe_rowid(work, r, from);
    if( r->n_columns==0 ) standard_columns(work, r, stmt);
    for(i=0; i<r->n_columns; i++) check_column(work, r, stmt, r->columns[i], r->role->argument);
    if( r->id ) check_column(work, r, stmt, r->id, r->role->id_option);
    if( r->hold ) check_column(work, r, stmt, r->hold, "hold");
    if( !work->env.error.code ){
      fill_shape(r, unit);
      r->entity_affinity = entity_affinity(r, stmt);
    }
  }
  sqlite3_finalize(stmt);
  sqlite3_free(from);
}

static void add_sql(Work *work, AtText *sql, const char *format, const char *name){
  char *text = sqlite3_mprintf(format, name);
  if( text==NULL ) at_fail(&work->env, AT_NOMEM, "out of memory");
  else at_text_add(&work->env, sql, text, strlen(text));
  sqlite3_free(text);
}

static void add_argument(Work *work, AtText *sql, int *n, const char *column){
  add_sql(work, sql, (*n)++ ? ", r.\"%w\"" : "(r.\"%w\"", column);
}

/* SELECT attribution_ingest(?1, columns…, id) FROM the relation, columns in the
** order in which a loader wants them; SELECT_ENTITY adds the condition entity = ?2. SELECT_RANGE is for
** readers: without the first argument, for a range of rowids. The text is the caller's to free. */
AtText relation_select(Work *work, const Relation *r, int rows){
  static const char kinds[] = { KIND_ENTITY, KIND_TIME, KIND_LABEL, KIND_TAG, KIND_NUMBER, KIND_MILESTONE,
                                KIND_COUNT, KIND_VALUE, KIND_NULLS, 0 };
  AtText sql = {0};
  char *from = from_clause(r);
  const char *kind;
  int i, n = 0;
  if( from==NULL ) at_fail(&work->env, AT_NOMEM, "out of memory");
  at_text_add(&work->env, &sql, "SELECT attribution_ingest", 25);
  if( rows!=SELECT_RANGE ){
    at_text_add(&work->env, &sql, "(?1", 3);
    n = 1;
  }
  for(kind=kinds; *kind; kind++){
    for(i=0; i<r->n_columns; i++) if( r->kinds[i]==*kind ) add_argument(work, &sql, &n, r->columns[i]);
    if( *kind==KIND_TAG && r->hold ) add_argument(work, &sql, &n, r->hold);
  }
  if( r->shape.has_id ) add_argument(work, &sql, &n, r->id ? r->id : "rowid");
  add_sql(work, &sql, ") FROM %s", from);
  if( rows==SELECT_ENTITY ) add_sql(work, &sql, " WHERE r.\"%w\" = ?2", r->columns[0]);
  if( rows==SELECT_RANGE ) add_sql(work, &sql, " WHERE r.\"%w\" BETWEEN ?1 AND ?2", "rowid");
  sqlite3_free(from);
  return sql;
}
