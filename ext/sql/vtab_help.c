/*
** vtab_help.c: attribution_help: everything that is registered, with how to
** write it, what it means and an example; the reference is made from it.
**
**   SELECT usage, help FROM attribution_help WHERE name LIKE '%decay%';
*/
#include "sql.h"

#include <string.h>

enum { KIND, NAME, PART_OF, USAGE, HELP, EXAMPLE };
static const Column columns[] = {
  {"kind", "TEXT", "function, table, argument, column, model or option"},
  {"name", "TEXT", "its name"},
  {"part_of", "TEXT", "the table that an argument or column belongs to, the tables that know an option"},
  {"usage", "TEXT", "how to write it; the declared type of a column"},
  {"help", "TEXT", "what it means"},
  {"example", "TEXT", "a call"},
  {NULL, NULL, NULL}
};
static const Argument no_arguments[] = {{NULL, 0, NULL}};

/* A row: which list it is from, and where in it. */
typedef struct State State;
struct State { int kind, i, part; };
enum { FUNCTIONS, TABLES, ARGUMENTS, COLUMNS, MODELS, OPTIONS, END };

static void help_open(Cursor *cursor, Work *work){
  State *s = at_alloc(&work->env, 1, sizeof *s);
  if( s==NULL ) return;
  memset(s, 0, sizeof *s);
  s->i = -1;
  cursor->state = s;
}

static void help_close(Cursor *cursor){
  at_free(&cursor->connection->alloc, cursor->state);
}

static int exists(const State *s){
  switch( s->kind ){
    case FUNCTIONS: return function_row(s->i)!=NULL;
    case TABLES: return family_row(s->i)!=NULL;
    case ARGUMENTS: return family_row(s->i)->arguments[s->part].name!=NULL;
    case COLUMNS: return family_row(s->i)->columns[s->part].name!=NULL;
    case MODELS: return at_model_info(s->i)!=NULL;
    default: return at_option_info(s->i)!=NULL;
  }
}

/* Arguments and columns of a table follow the table. */
static int help_next(Cursor *cursor){
  State *s = cursor->state;
  if( s->kind==TABLES && exists(s) ){
    s->kind = ARGUMENTS;
    s->part = 0;
    if( exists(s) ) return 1;
  }else if( s->kind==ARGUMENTS || s->kind==COLUMNS ){
    s->part++;
    if( exists(s) ) return 1;
  }else{
    s->i++;
    if( exists(s) ) return 1;
    s->kind = s->kind==FUNCTIONS ? TABLES : s->kind+1;
    s->i = 0;
    return s->kind==TABLES || (s->kind<END && exists(s));
  }
  if( s->kind==ARGUMENTS ){
    s->kind = COLUMNS;
    s->part = 0;
    return 1;
  }
  s->i++;
  s->kind = family_row(s->i) ? TABLES : MODELS;
  if( s->kind==MODELS ) s->i = 0;
  return 1;
}

/* The texts of a row, in column order from NAME; NULL where there is none. */
static void describe(const State *s, const char *out[6]){
  memset(out, 0, 6*sizeof *out);
  if( s->kind==FUNCTIONS ){
    const Function *f = function_row(s->i);
    out[KIND] = "function"; out[NAME] = f->name; out[USAGE] = f->usage;
    out[HELP] = f->help; out[EXAMPLE] = f->example;
  }else if( s->kind==MODELS ){
    const AtModelInfo *m = at_model_info(s->i);
    out[KIND] = "model"; out[NAME] = m->name; out[USAGE] = m->form; out[HELP] = m->help;
  }else if( s->kind==OPTIONS ){
    const AtOptionInfo *o = at_option_info(s->i);
    out[KIND] = "option"; out[NAME] = o->name; out[USAGE] = o->form; out[HELP] = o->help;
  }else{
    const Family *f = family_row(s->i);
    if( s->kind==TABLES ){
      out[KIND] = "table"; out[NAME] = f->name; out[HELP] = f->help; out[EXAMPLE] = f->example;
    }else if( s->kind==ARGUMENTS ){
      const Argument *a = &f->arguments[s->part];
      out[KIND] = "argument"; out[NAME] = a->name; out[PART_OF] = f->name; out[HELP] = a->help;
      out[USAGE] = a->required ? "required" : "optional";
    }else{
      const Column *c = &f->columns[s->part];
      out[KIND] = "column"; out[NAME] = c->name; out[PART_OF] = f->name;
      out[USAGE] = c->type; out[HELP] = c->help;
    }
  }
}

/* The table functions that know an option. */
static void result_tables(sqlite3_context *context, unsigned tables){
  char *list = sqlite3_mprintf("%s", "");
  int i;
  for(i=0; list && at_option_tables[i]; i++){
    if( tables>>i & 1 ) list = sqlite3_mprintf("%z%s%s", list, list[0] ? ", " : "", at_option_tables[i]);
  }
  if( list ) sqlite3_result_text(context, list, -1, sqlite3_free);
  else sqlite3_result_error_nomem(context);
}

static void help_column(Cursor *cursor, sqlite3_context *context, int column){
  const State *s = cursor->state;
  const char *text[6];
  if( s->kind==OPTIONS && column==PART_OF ){
    result_tables(context, at_option_info(s->i)->tables);
    return;
  }
  describe(s, text);
  if( text[column] ) sqlite3_result_text(context, text[column], -1, SQLITE_TRANSIENT);
}

const Family help_family = {
  .name = "attribution_help",
  .help = "this list: functions, tables with their arguments and columns, models, options",
  .example = "SELECT usage, help FROM attribution_help WHERE kind = 'model'",
  .columns = columns,
  .arguments = no_arguments,
  .entity_column = -1,
  .open = help_open,
  .next = help_next,
  .column = help_column,
  .close = help_close,
};
