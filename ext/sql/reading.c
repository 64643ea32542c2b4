/*
** reading.c: what the arguments of a condition function say, read once and not once a group; and
** the model of logistic_predict(), read once and not once a row.
**
**   SELECT user_id, window_funnel('7 days, strict_order', ts, page = 'home', page = 'paid')
**     FROM visits GROUP BY user_id;              a million groups, one '7 days, strict_order'
**
** A Reading holds a few arguments as they were given and what they mean; once made it does
** not change. The connection keeps the last ones, each group that uses one holds
** a reference, so a statement may have as many different ones as it likes, and
** one that is no longer kept goes with the last group that uses it.
*/
#include "sql.h"

#include <string.h>

/* Whether an argument is the one that was read. */
static int is_same(const AtText *kept, const AtCell *cell){
  char number[9];
  const char *bytes;
  size_t n = at_encode(cell, number, &bytes);
  return kept->n==n+1 && kept->text[0]==(char)cell->type && (n==0 || memcmp(kept->text+1, bytes, n)==0);
}

static int are_same(const Reading *r, int kind, uint32_t n_conditions, const AtCell *arguments, int n){
  int i;
  if( r->kind!=kind || r->n_conditions!=n_conditions || r->n!=n ) return 0;
  for(i=0; i<n; i++) if( !is_same(&r->arguments[i], &arguments[i]) ) return 0;
  return 1;
}

void reading_release(const AtAlloc *alloc, Reading *r){
  int i;
  if( r==NULL || --r->references>0 ) return;
  for(i=0; i<r->n; i++) at_text_free(alloc, &r->arguments[i]);
  at_stages_free(alloc, &r->stages);
  at_pattern_free(alloc, &r->pattern);
  at_logistic_model_free(alloc, &r->model);
  at_free(alloc, r);
}

/* A new one with two references, the connection's and the caller's; NULL on failure. */
static Reading *read_anew(AtEnv *env, Connection *connection, int kind, uint32_t n_conditions,
                          const AtCell *arguments, int n, ReadArguments read){
  Reading *r = at_alloc(env, 1, sizeof *r), **place;
  int i;
  if( r==NULL ) return NULL;
  memset(r, 0, sizeof *r);
  r->references = 1;
  r->kind = kind;
  r->n_conditions = n_conditions;
  r->rule.window = INT64_MAX;
  for(i=0; i<n; i++){
    char number[9], tag = (char)arguments[i].type;
    const char *bytes;
    size_t bytes_n = at_encode(&arguments[i], number, &bytes);
    r->n++;
    at_text_add(env, &r->arguments[i], &tag, 1);
    at_text_add(env, &r->arguments[i], bytes, bytes_n);
  }
  if( env->error.code || !read(env, r, arguments) ){
    reading_release(env->alloc, r);
    return NULL;
  }
  place = &connection->readings[connection->next_reading++ % KEPT_READINGS];
  reading_release(env->alloc, *place);
  r->references++;
  *place = r;
  return r;
}

/* The reading of a group's arguments, for one of the group's rows: *group is NULL before the
** first of them, and holds a reference afterwards. Returns 0 on failure, also where
** the arguments are not those of the rows before. names: of the arguments. */
int reading_of(AtEnv *env, Connection *connection, Reading **group, int kind, uint32_t n_conditions,
               const AtCell *arguments, const char *const *names, int n, ReadArguments read){
  int i;
  if( *group==NULL ){
    for(i=0; i<KEPT_READINGS && *group==NULL; i++){
      Reading *kept = connection->readings[i];
      if( kept && are_same(kept, kind, n_conditions, arguments, n) ){
        kept->references++;
        *group = kept;
      }
    }
    if( *group==NULL ) *group = read_anew(env, connection, kind, n_conditions, arguments, n, read);
    return *group!=NULL;
  }
  for(i=0; i<n; i++){
    if( is_same(&(*group)->arguments[i], &arguments[i]) ) continue;
    at_fail(env, AT_INVALID, "%s differs within a group (got %s); write one for all rows", names[i],
            at_cell_quote(&arguments[i]).text);
    return 0;
  }
  return 1;
}

/* The connection closes. */
void readings_clear(Connection *connection){
  int i;
  for(i=0; i<KEPT_READINGS; i++){
    reading_release(&connection->alloc, connection->readings[i]);
    connection->readings[i] = NULL;
  }
}
