/*
** cache.c: the loaded relations that a connection keeps, least recently used
** last, and what models have learned from them. Whether one still holds is decided
** in snapshot.c.
**
** A join asks attribution() once per row of its other side: what markov learns from
** all journeys must not be learned anew each time. It goes when a relation goes.
*/
#include "sql.h"

#include <string.h>

struct Cached {
  Cached *next;
  AtText key;                       /* relation, columns, id, unit */
  AtStore *store;
  size_t bytes;
};

/* What was learned from two kept stores under some options. */
struct Learned {
  Learned *next;
  const AtStore *touches, *conversions;
  AtText options;
  int order;
  double *effect;                   /* by label of touches */
};

static void forget(Connection *connection){
  while( connection->learned ){
    Learned *l = connection->learned;
    connection->learned = l->next;
    at_text_free(&connection->alloc, &l->options);
    at_free(&connection->alloc, l->effect);
    at_free(&connection->alloc, l);
  }
}

static void drop(Connection *connection, Cached *c){
  forget(connection);
  connection->kept -= c->bytes;
  at_text_free(&connection->alloc, &c->key);
  at_store_release(c->store);
  at_free(&connection->alloc, c);
}

void cache_clear(Connection *connection){
  while( connection->cached ){
    Cached *c = connection->cached;
    connection->cached = c->next;
    drop(connection, c);
  }
}

/* Drops the least recently used stores beyond the limit. */
static void shrink(Connection *connection){
  int64_t kept = 0;
  Cached **place = &connection->cached;
  while( *place ){
    Cached *c = *place;
    if( kept+(int64_t)c->bytes<=connection->cache_limit ){
      kept += (int64_t)c->bytes;
      place = &c->next;
    }else{
      *place = c->next;
      drop(connection, c);
    }
  }
}

void cache_limit(Connection *connection, int64_t megabytes){
  connection->cache_limit = megabytes*1024*1024;
  shrink(connection);
}

/* The store under a key, shared, or NULL. */
AtStore *cache_find(Connection *connection, const AtText *key){
  Cached **place = &connection->cached;
  for(; *place; place = &(*place)->next){
    Cached *c = *place;
    if( c->key.n!=key->n || memcmp(c->key.text, key->text, key->n)!=0 ) continue;
    *place = c->next;                       /* to the front: used last */
    c->next = connection->cached;
    connection->cached = c;
    return at_store_share(c->store);
  }
  return NULL;
}

/* Keeps a store. Takes the key over, the store is shared. */
void cache_keep(AtEnv *env, Connection *connection, AtText *key, AtStore *store){
  Cached *c = at_alloc(env, 1, sizeof *c);
  if( c==NULL ) return;
  c->key = *key;
  memset(key, 0, sizeof *key);
  c->store = at_store_share(store);
  c->bytes = at_store_size(store)+c->key.capacity;
  c->next = connection->cached;
  connection->cached = c;
  connection->kept += c->bytes;
  shrink(connection);
}

static int is_kept(const Connection *connection, const AtStore *store){
  const Cached *c;
  for(c=connection->cached; c && c->store!=store; c=c->next){}
  return c!=NULL;
}

static double *copy_effects(AtEnv *env, const double *effect, uint32_t n){
  double *copy = at_alloc(env, n, sizeof *copy);
  if( copy ) memcpy(copy, effect, n*sizeof *copy);
  return copy;
}

/* A copy of what the question's model has learned before, or NULL. */
double *learned_find(AtEnv *env, const Question *q, Connection *connection, const AtCell *options, int order){
  const Learned *l;
  for(l=connection->learned; l; l=l->next){
    if( l->touches!=q->touches || l->conversions!=q->conversions || l->order!=order ) continue;
    if( l->options.n!=options->n || (options->n && memcmp(l->options.text, options->text, options->n)!=0) ) continue;
    return copy_effects(env, l->effect, q->touches->labels.n);
  }
  return NULL;
}

/* Remembers what a model has learned, if both its relations are kept. */
void learned_keep(AtEnv *env, const Question *q, Connection *connection, const AtCell *options, int order,
                  const double *effect){
  Learned *l, *old = connection->learned;
  int n = 0;
  if( !is_kept(connection, q->touches) || !is_kept(connection, q->conversions) ) return;
  for(; old; old=old->next) n++;
  if( n>=16 ) forget(connection);
  l = at_alloc(env, 1, sizeof *l);
  if( l==NULL ) return;
  memset(l, 0, sizeof *l);
  l->touches = q->touches;
  l->conversions = q->conversions;
  l->order = order;
  l->next = connection->learned;
  connection->learned = l;
  l->effect = copy_effects(env, effect, q->touches->labels.n);
  if( options->n ) at_text_add(env, &l->options, options->text, options->n);
  if( env->error.code ) forget(connection);
}
