/*
** cache.c: the loaded relations that a connection keeps, least recently used
** last. Whether one still holds is decided in snapshot.c.
*/
#include "sql.h"

#include <string.h>

struct Cached {
  Cached *next;
  AtText key;                       /* relation, columns, id, unit */
  AtStore *store;
  size_t bytes;
};

static void drop(Connection *connection, Cached *c){
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
  shrink(connection);
}
