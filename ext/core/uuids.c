/*
** uuids.c: UUIDs to dense ids, for keys that are all of the 36 characters of
** 3f2504e0-4f89-41d3-9a0c-0305e82c3301, in lower case.
**
** As sixteen bytes in the slots of the hash table itself a key costs one wait for memory, where
** a dictionary of texts costs two or three and holds more than twice the bytes: with millions of
** keys that wait is most of what looking up takes. The numbers' order is the texts' order. Once all
** keys are known they are written out, in order, as the dictionary that everybody else reads; and so
** are they, in order of their ids, at the first key that is anything else.
*/
#include "core.h"

#include <assert.h>
#include <string.h>

#define IS_DIGIT 0x40
static const unsigned char digits[256] = {
  ['0'] = 0x40, ['1'] = 0x41, ['2'] = 0x42, ['3'] = 0x43, ['4'] = 0x44, ['5'] = 0x45, ['6'] = 0x46, ['7'] = 0x47,
  ['8'] = 0x48, ['9'] = 0x49, ['a'] = 0x4a, ['b'] = 0x4b, ['c'] = 0x4c, ['d'] = 0x4d, ['e'] = 0x4e, ['f'] = 0x4f
};

/* Appends n hexadecimal digits to a number; clears IS_DIGIT in good where one is none. */
static uint64_t read_digits(const char *text, int n, uint64_t number, unsigned *good){
  int i;
  for(i=0; i<n; i++){
    unsigned digit = digits[(unsigned char)text[i]];
    *good &= digit;
    number = number<<4 | (digit & 15);
  }
  return number;
}

/* Reads a UUID in lower case; 0 where the text is none. */
int at_uuid_parse(const char *text, size_t n, AtUuid *uuid){
  unsigned good = IS_DIGIT;
  if( n!=AT_UUID_TEXT || text[8]!='-' || text[13]!='-' || text[18]!='-' || text[23]!='-' ) return 0;
  uuid->high = read_digits(text, 8, 0, &good);
  uuid->high = read_digits(text+9, 4, uuid->high, &good);
  uuid->high = read_digits(text+14, 4, uuid->high, &good);
  uuid->low = read_digits(text+19, 4, 0, &good);
  uuid->low = read_digits(text+24, 12, uuid->low, &good);
  return (good & IS_DIGIT)!=0;
}

void at_uuid_format(const AtUuid *uuid, char out[AT_UUID_TEXT]){
  static const char hex[] = "0123456789abcdef";
  int i, at = 0;
  for(i=0; i<32; i++){
    uint64_t half = i<16 ? uuid->high : uuid->low;
    if( i==8 || i==12 || i==16 || i==20 ) out[at++] = '-';
    out[at++] = hex[half>>(60-4*(i&15)) & 15];
  }
}

static uint32_t hash_uuid(const AtUuid *uuid){
  uint64_t h = (uuid->high ^ uuid->low*UINT64_C(0xd6e8feb86659fd93))*UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(h>>32 ^ h>>11);
}

/* Where the UUID is, or the empty slot where it would be. */
static AtUuidSlot *find_slot(const AtUuids *u, const AtUuid *uuid, uint32_t hash){
  uint32_t s;
  for(s = hash & (u->n_slots-1); u->slots[s].id_1; s = (s+1) & (u->n_slots-1)){
    if( u->slots[s].key.high==uuid->high && u->slots[s].key.low==uuid->low ) break;
  }
  return &u->slots[s];
}

/* Slots for more without a rehash on the way: at most half of them are taken. */
static int make_slots(AtEnv *env, AtUuids *u, uint32_t more){
  uint32_t n_slots = u->n_slots ? u->n_slots : 128, i;
  AtUuids grown = *u;
  if( u->n+more>=AT_MAX_KEYS ){
    at_fail(env, AT_TOOBIG, "more than 2^30 distinct labels or keys");
    return 0;
  }
  while( (uint64_t)(u->n+more)*2>n_slots ) n_slots *= 2;
  if( n_slots==u->n_slots ) return 1;
  grown.n_slots = n_slots;
  grown.slots = at_alloc(env, n_slots, sizeof *grown.slots);
  if( grown.slots==NULL ) return 0;
  memset(grown.slots, 0, n_slots*sizeof *grown.slots);
  for(i=0; i<u->n_slots; i++){
    if( u->slots[i].id_1 ) *find_slot(&grown, &u->slots[i].key, hash_uuid(&u->slots[i].key)) = u->slots[i];
  }
  at_free(env->alloc, u->slots);
  *u = grown;
  return 1;
}

/* The ids of up to AT_BATCH keys, given out in order of first appearance. */
int at_uuids_intern_all(AtEnv *env, AtUuids *u, const AtUuid *keys, uint32_t n, uint32_t *ids){
  uint32_t hash[AT_BATCH], i;
  assert( n<=AT_BATCH );
  if( !make_slots(env, u, n) ) return 0;
  for(i=0; i<n; i++){
    hash[i] = hash_uuid(&keys[i]);
    AT_PREFETCH(&u->slots[hash[i] & (u->n_slots-1)]);
  }
  for(i=0; i<n; i++){
    AtUuidSlot *slot = find_slot(u, &keys[i], hash[i]);
    if( slot->id_1==0 ){
      slot->key = keys[i];
      slot->id_1 = ++u->n;
    }
    ids[i] = slot->id_1-1;
  }
  return 1;
}

/* The keys by id, the caller's to free; NULL on failure. */
AtUuid *at_uuids_keys(AtEnv *env, const AtUuids *u){
  AtUuid *keys = at_alloc(env, u->n, sizeof *keys);
  uint32_t i;
  for(i=0; i<u->n_slots && keys; i++) if( u->slots[i].id_1 ) keys[u->slots[i].id_1-1] = u->slots[i].key;
  return keys;
}

/* Items in the order of their keys: by the upper halves, of which the lower ones seldom differ. */
static int sort_keys(AtEnv *env, const AtUuid *keys, AtHead *items, uint32_t n){
  uint32_t i, tie = 0;
  for(i=0; i<n; i++){
    items[i].head = keys[i].high;
    items[i].id = i;
  }
  if( !at_sort_heads(env, items, n) ) return 0;
  for(i=1; i<n && !tie; i++) tie = items[i-1].head==items[i].head;
  if( !tie ) return 1;
  for(i=0; i<n; i++) items[i].head = keys[items[i].id].low;     /* the sort is stable */
  if( !at_sort_heads(env, items, n) ) return 0;
  for(i=0; i<n; i++) items[i].head = keys[items[i].id].high;
  return at_sort_heads(env, items, n);
}

/* Several tables on their way to one dictionary. */
typedef struct Merge Merge;
struct Merge {
  AtUuids **tables;
  uint32_t n_tables;
  AtHead *items[AT_MAX_THREADS];    /* by table, in order: the ids */
  AtUuid *sorted[AT_MAX_THREADS];   /* the keys */
  uint32_t n_keys[AT_MAX_THREADS];
  AtUuid *all;                      /* the keys of all tables, in order */
  uint32_t n;
  AtDict *into;
};

/* One table's keys in order; the table is freed. */
static int sort_table(AtEnv *env, void *context, uint32_t number){
  Merge *m = context;
  AtUuids *u = m->tables[number];
  AtUuid *keys = at_uuids_keys(env, u);
  uint32_t n = m->n_keys[number] = u->n, i;
  at_uuids_free(env->alloc, u);
  m->items[number] = at_alloc(env, n, sizeof *m->items[number]);
  m->sorted[number] = at_alloc(env, n, sizeof *m->sorted[number]);
  if( !env->error.code && sort_keys(env, keys, m->items[number], n) ){
    for(i=0; i<n; i++) m->sorted[number][i] = keys[m->items[number][i].id];
  }
  at_free(env->alloc, keys);
  return at_alive(env, n);
}

static int is_below(const AtUuid *a, const AtUuid *b){
  return a->high!=b->high ? a->high<b->high : a->low<b->low;
}

/* Numbers the keys of all tables in one order: rank[t][id]. */
static int merge_tables(AtEnv *env, Merge *m, uint32_t **rank){
  uint32_t at[AT_MAX_THREADS] = {0}, t;
  for(;;){
    const AtUuid *least = NULL;
    for(t=0; t<m->n_tables; t++){
      if( at[t]<m->n_keys[t] && (least==NULL || is_below(&m->sorted[t][at[t]], least)) ) least = &m->sorted[t][at[t]];
    }
    if( least==NULL || !at_alive(env, 1) ) return !env->error.code;
    m->all[m->n] = *least;
    for(t=0; t<m->n_tables; t++){
      if( at[t]>=m->n_keys[t] || m->sorted[t][at[t]].high!=least->high || m->sorted[t][at[t]].low!=least->low ) continue;
      rank[t][m->items[t][at[t]].id] = m->n;
      if( &m->sorted[t][at[t]]!=least ) at[t]++;
    }
    for(t=0; &m->sorted[t][at[t]]!=least; t++){}
    at[t]++;                               /* the least itself last: others are compared with it */
    m->n++;
  }
}

#define KEYS_A_PART 16384u

/* Writes some of the keys into the dictionary. */
static int write_keys(AtEnv *env, void *context, uint32_t number){
  const Merge *m = context;
  uint32_t i = number*KEYS_A_PART, limit = m->n-i<KEYS_A_PART ? m->n : i+KEYS_A_PART;
  for(; i<limit; i++){
    size_t at = (size_t)i*(AT_UUID_TEXT+1);
    m->into->bytes[at] = AT_TEXT;
    at_uuid_format(&m->all[i], m->into->bytes+at+1);
    m->into->entries[i].offset = at;
    m->into->entries[i].n = AT_UUID_TEXT+1;
  }
  return at_alive(env, KEYS_A_PART);
}

/* Writes the keys of n tables into an empty dictionary, as at_dict_sort() leaves one: rank[t],
** which the caller frees, has their numbers by id in table t. The tables are freed. */
int at_uuids_sort(AtEnv *env, AtUuids **tables, uint32_t n, AtDict *into, uint32_t **rank){
  Merge m;
  size_t most = 0;
  uint32_t t;
  assert( into->n==0 && into->bytes==NULL && n<=AT_MAX_THREADS );
  memset(&m, 0, sizeof m);
  m.tables = tables;
  m.n_tables = n;
  m.into = into;
  for(t=0; t<n; t++){
    most += tables[t]->n;
    rank[t] = at_alloc(env, tables[t]->n, sizeof *rank[t]);
  }
  at_parallel(env, n, sort_table, &m);
  m.all = at_alloc(env, most, sizeof *m.all);
  if( !env->error.code ) merge_tables(env, &m, rank);
  for(t=0; t<n; t++){
    at_free(env->alloc, m.items[t]);
    at_free(env->alloc, m.sorted[t]);
  }
  into->entries = at_alloc(env, m.n, sizeof *into->entries);
  into->bytes = at_alloc(env, m.n, AT_UUID_TEXT+1);
  if( !env->error.code && at_parallel(env, (m.n+KEYS_A_PART-1)/KEYS_A_PART, write_keys, &m) ){
    into->n = into->capacity = m.n;
    into->n_bytes = into->bytes_capacity = (size_t)m.n*(AT_UUID_TEXT+1);
    into->every_n = AT_UUID_TEXT+1;
  }
  at_free(env->alloc, m.all);
  return !env->error.code;
}

/* Writes the keys as texts into an empty dictionary, ids as they are. The table is freed. */
int at_uuids_spell_out(AtEnv *env, AtUuids *u, AtDict *into){
  AtUuid *keys = at_uuids_keys(env, u);
  char text[AT_UUID_TEXT];
  uint32_t i;
  assert( into->n==0 );
  for(i=0; i<u->n && keys && at_alive(env, 1); i++){
    at_uuid_format(&keys[i], text);
    if( at_dict_intern(env, into, AT_TEXT, text, sizeof text)!=i ) break;
  }
  at_free(env->alloc, keys);
  at_uuids_free(env->alloc, u);
  return !env->error.code;
}

void at_uuids_free(const AtAlloc *alloc, AtUuids *u){
  at_free(alloc, u->slots);
  memset(u, 0, sizeof *u);
}
