/*
** journey_load.c: takes a relation's rows as they come, in any order.
**
** Each row is appended to plain columns; nothing is allocated per row. Four
** columns start small and widen once, when a row does not fit:
**   entity   integers are kept as uint32 offsets from the first key (no hash);
**            at the first text, real or far integer all keys are interned
**   time     uint32 seconds from 68 years before the first; at the first
**            fraction or far time int64 microseconds
**   label    uint16 ids, uint32 after 65,536 different labels
**   id       uint32 offsets from the first rowid, int64, then any value
** A row without entity or time is skipped and counted. Anything unreadable
** fails the load, naming relation, row and value.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int at_loader_open(AtEnv *env, AtLoader *l, const AtShape *shape){
  AtStore *s;
  memset(l, 0, sizeof *l);
  l->shape = shape;
  l->store = s = at_alloc(env, 1, sizeof *s);
  if( s==NULL ) return 0;
  memset(s, 0, sizeof *s);
  s->alloc = env->alloc;
  s->references = 1;
  s->unit = shape->unit;
  s->n_tags = shape->n_tags;
  s->n_milestones = shape->n_milestones;
  s->time_bytes = 4;
  s->label_bytes = shape->has_label ? 2 : 0;
  s->ids.mode = shape->has_id ? AT_ID_OFFSET : AT_ID_NONE;
  l->lowest = UINT32_MAX;
  if( shape->n_tags ){
    size_t n = (size_t)shape->n_tags*AT_RECENT;
    l->recent_tags = at_alloc(env, n, sizeof *l->recent_tags);
    if( l->recent_tags==NULL ){ at_loader_close(l); return 0; }
    memset(l->recent_tags, 0, n*sizeof *l->recent_tags);
  }
  return 1;
}

/* Frees what finish() has not handed on. */
void at_loader_close(AtLoader *l){
  if( l->store ){
    const AtAlloc *alloc = l->store->alloc;
    at_free(alloc, l->entity);
    at_free(alloc, l->recent_tags);
    at_text_free(alloc, &l->batch);
    at_uuids_free(alloc, &l->uuids);
    at_store_release(l->store);
  }
  memset(l, 0, sizeof *l);
}

static int grow_columns(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  size_t capacity = l->capacity ? l->capacity*2 : 16;   /* at most the limit: whoever reaches it comes here */
  size_t id_bytes = s->ids.mode==AT_ID_OFFSET ? 4 : 8;
  int i;
  if( s->n>=AT_MAX_ROWS ){
    at_fail(env, AT_TOOBIG, "relation %s has more than 4,000,000,000 rows", l->shape->relation);
    return 0;
  }
  if( capacity>AT_MAX_ROWS ) capacity = AT_MAX_ROWS;
  at_grow(env, &l->entity, capacity, sizeof *l->entity);
  at_grow(env, &s->time, capacity, (size_t)s->time_bytes);
  if( s->label_bytes ) at_grow(env, &s->label, capacity, (size_t)s->label_bytes);
  if( l->shape->has_number ) at_grow(env, &s->number, capacity, sizeof *s->number);
  for(i=0; i<s->n_tags; i++) at_grow(env, &s->tag[i], capacity, sizeof(uint32_t));
  for(i=0; i<s->n_milestones; i++) at_grow(env, &s->milestone[i], capacity, sizeof(int64_t));
  if( s->ids.mode ) at_grow(env, &s->ids.column, capacity, id_bytes);
  if( s->forms ) at_grow(env, &s->forms, capacity, 1);
  if( env->error.code ) return 0;
  l->capacity = capacity;
  return 1;
}

/* Fails with: COLUMN of RELATION, row ID, IS (got VALUE); MEND */
static int fail_row(AtEnv *env, const AtLoader *l, const AtCell *cells, const char *column,
                    const char *is, const AtCell *value, const char *mend){
  const AtShape *shape = l->shape;
  int at = 2 + shape->has_label + shape->n_tags + shape->has_number + shape->n_milestones;
  uint64_t row = (uint64_t)l->store->n + l->store->skipped_entity + l->store->skipped_time + 1;
  at_fail_cell(env, column, shape->relation, shape->has_id ? &cells[at] : NULL, row, is, value, mend);
  return 0;
}

/* Interns the keys that wait, all at once: their rows come before limit. */
static int intern_batch(AtEnv *env, AtLoader *l, uint32_t limit){
  AtKey keys[AT_BATCH];
  const char *at = l->batch.text;
  uint32_t i, n = l->n_waiting, n_bytes;
  if( n>0 && l->are_uuids ){
    l->n_waiting = 0;
    l->batch.n = 0;
    return at_uuids_intern_all(env, &l->uuids, (const AtUuid*)(const void*)at, n, l->entity+(limit-n));
  }
  for(i=0; i<n; i++){
    keys[i].tag = *at++;
    memcpy(&n_bytes, at, sizeof n_bytes);
    keys[i].n = n_bytes;
    keys[i].text = at + sizeof n_bytes;
    at = keys[i].text + n_bytes;
  }
  l->n_waiting = 0;
  l->batch.n = 0;
  if( n==0 || !at_dict_intern_all(env, &l->store->keys, keys, n) ) return !env->error.code;
  for(i=0; i<n; i++) l->entity[limit-n+i] = keys[i].id;
  return 1;
}

/* The key of the next row, encoded, waits for its batch to be full; limit is the row after. */
static int intern_bytes(AtEnv *env, AtLoader *l, int tag, const char *bytes, size_t n, uint32_t limit){
  AtText *batch = &l->batch;
  uint32_t n_bytes = (uint32_t)n;
  size_t wanted = batch->n + 1 + sizeof n_bytes + n;
  char *at;
  if( wanted>batch->capacity ){
    if( !at_grow(env, &batch->text, wanted*2, 1) ) return 0;
    batch->capacity = wanted*2;
  }
  at = batch->text + batch->n;
  *at++ = (char)tag;
  memcpy(at, &n_bytes, sizeof n_bytes);
  if( n ) memcpy(at + sizeof n_bytes, bytes, n);
  batch->n = wanted;
  return ++l->n_waiting<AT_BATCH || intern_batch(env, l, limit);
}

/* The same for a UUID, while all are; 0 where the text is none, or on failure. */
static int intern_uuid(AtEnv *env, AtLoader *l, const char *text, size_t n, uint32_t limit){
  AtText *batch = &l->batch;
  AtUuid uuid;
  if( n!=AT_UUID_TEXT || !at_uuid_parse(text, n, &uuid) ) return 0;
  if( batch->capacity<AT_BATCH*sizeof uuid ){
    if( !at_grow(env, &batch->text, AT_BATCH, sizeof uuid) ) return 0;
    batch->capacity = AT_BATCH*sizeof uuid;
  }
  memcpy(batch->text + batch->n, &uuid, sizeof uuid);
  batch->n += sizeof uuid;
  return ++l->n_waiting<AT_BATCH || intern_batch(env, l, limit);
}

/* UUIDs so far become texts like others. */
int at_loader_spell_out(AtEnv *env, AtLoader *l){
  if( !l->are_uuids ) return !env->error.code;
  if( !intern_batch(env, l, l->store->n) ) return 0;
  l->are_uuids = 0;
  return at_uuids_spell_out(env, &l->uuids, &l->store->keys);
}

static int intern_later(AtEnv *env, AtLoader *l, const AtCell *key, uint32_t limit){
  char number[9];
  const char *bytes;
  size_t n;
  if( limit==1 && key->type==AT_TEXT ) l->are_uuids = 1;       /* unless it is none */
  if( l->are_uuids ){
    if( key->type==AT_TEXT && intern_uuid(env, l, key->text, key->n, limit) ) return 1;
    if( env->error.code || !at_loader_spell_out(env, l) ) return 0;
  }
  n = at_encode(key, number, &bytes);
  return intern_bytes(env, l, key->type, bytes, n, limit);
}

/* From integer offsets to dictionary ids, for all rows so far; or, where keys
** are interned already, for those that still wait. */
int at_loader_intern(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  AtCell key = {0};
  uint32_t i;
  key.type = AT_INT;
  for(i=0; i<s->n && !l->interned; i++){
    key.integer = l->base + l->entity[i];
    if( !intern_later(env, l, &key, i+1) || !at_alive(env, 1) ) return 0;
  }
  l->interned = 1;
  return intern_batch(env, l, s->n);
}

static int append_entity(AtEnv *env, AtLoader *l, const AtCell *cells){
  AtStore *s = l->store;
  AtCell key = cells[0];
  if( key.type==AT_REAL ) at_cell_normal(&key);
  s->key_classes |= 1u << key.type;
  if( key.type==AT_INT && !l->interned ){
    uint64_t offset;
    if( s->n==0 ){
      l->base = key.integer>=INT64_MIN+(INT64_C(1)<<31) ? key.integer-(INT64_C(1)<<31) : INT64_MIN;
    }
    offset = (uint64_t)key.integer - (uint64_t)l->base;
    if( key.integer>=l->base && offset<=UINT32_MAX ){
      uint32_t o = (uint32_t)offset;
      l->entity[s->n] = o;
      if( o<l->lowest ) l->lowest = o;
      if( o>l->highest ) l->highest = o;
      return 1;
    }
  }
  if( key.n>AT_MAX_TEXT ){
    return fail_row(env, l, cells, l->shape->entity, "is longer than 65,535 bytes", &cells[0],
                    "write a shorter key");
  }
  if( !l->interned && !at_loader_intern(env, l) ) return 0;
  return intern_later(env, l, &key, s->n+1);
}

/* Seconds -> microseconds, for all rows so far. */
int at_loader_widen_times(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  int64_t *wide = at_alloc(env, l->capacity, sizeof *wide);
  uint32_t i;
  if( wide==NULL ) return 0;
  for(i=0; i<s->n; i++) wide[i] = at_store_when(s, i);
  at_free(env->alloc, s->time);
  s->time = wide;
  s->time_bytes = 8;
  return at_alive(env, s->n);
}

static int append_time(AtEnv *env, AtLoader *l, int64_t time){
  AtStore *s = l->store;
  if( s->time_bytes==4 ){
    int64_t since;
    if( s->n==0 ) s->epoch = time - (INT64_C(1)<<31)*AT_SECOND;
    since = time - s->epoch;
    if( since>=0 && since%AT_SECOND==0 && since/AT_SECOND<=UINT32_MAX ){
      ((uint32_t*)s->time)[s->n] = (uint32_t)(since/AT_SECOND);
      return 1;
    }
    if( !at_loader_widen_times(env, l) ) return 0;
  }
  ((int64_t*)s->time)[s->n] = time;
  return 1;
}

/* Keeps the form in which the row's time was written: one byte for the whole
** relation, one a row from the first row that differs. */
static int append_form(AtEnv *env, AtLoader *l, uint8_t form){
  AtStore *s = l->store;
  if( s->n==0 ) s->form = form;
  if( s->forms ){
    s->forms[s->n] = form;
  }else if( form!=s->form ){
    s->forms = at_alloc(env, l->capacity, 1);
    if( s->forms==NULL ) return 0;
    memset(s->forms, s->form, s->n);
    s->forms[s->n] = form;
  }
  return 1;
}

/* Where a label of up to 16 bytes is among those seen lately: known by its length, head and
** tail, it needs no hash of all bytes and no comparison. Four places may hold it; NULL if none does,
** and *free the one to put it. */
static AtRecent *recent_label(AtRecent *known, uint64_t head, uint64_t tail, size_t n, AtRecent **free){
  size_t first = (head ^ tail<<1 ^ n)*UINT64_C(0x9e3779b97f4a7c15)>>58 & (AT_RECENT-1);
  size_t k;
  for(k=0; k<4; k++){
    AtRecent *recent = &known[first^k];
    if( recent->n==n && recent->head==head && recent->tail==tail ) return recent;
    if( recent->n==0 ) break;
  }
  *free = &known[k<4 ? first^k : first];
  return NULL;
}

/* The id of a label. Few labels make up most rows. */
static uint32_t label_id(AtEnv *env, AtDict *labels, AtRecent *known, const char *text, size_t n){
  uint64_t head, tail;
  AtRecent *recent, *place;
  if( n>16 || n==0 ) return at_dict_intern(env, labels, AT_TEXT, text, n);
  head = at_text_head(text, n);
  tail = at_text_tail(text, n);
  recent = recent_label(known, head, tail, n, &place);
  if( recent==NULL ){
    recent = place;
    recent->id = at_dict_intern(env, labels, AT_TEXT, text, n);
    recent->n = n;
    recent->head = head;
    recent->tail = tail;
  }
  return recent->id;
}

/* The id of a label or tag, column i of those; check env for failure. */
static uint32_t read_label(AtEnv *env, AtLoader *l, const AtCell *cells, int i, AtDict *labels,
                           AtRecent *known){
  const AtCell *label = &cells[2+i];
  const AtShape *shape = l->shape;
  const char *name = i<shape->has_label ? shape->label : shape->tag[i-shape->has_label];
  if( label->type==AT_BLOB ){
    fail_row(env, l, cells, name, "is no text", label, "cast the column to TEXT");
    return 0;
  }
  if( label->n>AT_MAX_TEXT ){
    fail_row(env, l, cells, name, "is longer than 65,535 bytes", label, "write a shorter label");
    return 0;
  }
  if( at_cell_is_null(label) ) return label_id(env, labels, known, "(none)", 6);
  return label_id(env, labels, known, label->text, label->n);
}

/* uint16 -> uint32 ids, for all rows so far. */
int at_loader_widen_labels(AtEnv *env, AtLoader *l){
  AtStore *s = l->store;
  uint32_t *wide = at_alloc(env, l->capacity, sizeof *wide), i;
  if( wide==NULL ) return 0;
  for(i=0; i<s->n; i++) wide[i] = ((uint16_t*)s->label)[i];
  at_free(env->alloc, s->label);
  s->label = wide;
  s->label_bytes = 4;
  return at_alive(env, s->n);
}

static int append_label(AtEnv *env, AtLoader *l, const AtCell *cells){
  AtStore *s = l->store;
  uint32_t id = read_label(env, l, cells, 0, &s->labels, l->recent);
  if( env->error.code ) return 0;
  if( s->label_bytes==2 && id>UINT16_MAX && !at_loader_widen_labels(env, l) ) return 0;
  if( s->label_bytes==2 ) ((uint16_t*)s->label)[s->n] = (uint16_t)id;
  else ((uint32_t*)s->label)[s->n] = id;
  return 1;
}

static int append_tags(AtEnv *env, AtLoader *l, const AtCell *cells){
  AtStore *s = l->store;
  int i;
  for(i=0; i<s->n_tags; i++){
    s->tag[i][s->n] = read_label(env, l, cells, l->shape->has_label+i, &s->tags[i],
                                 l->recent_tags + i*AT_RECENT);
  }
  return !env->error.code;
}

static int append_id_value(AtEnv *env, AtStore *s, void *column, uint32_t row, const AtCell *id){
  AtIds *ids = &s->ids;
  char number[9];
  const char *bytes;
  size_t n = at_encode(id, number, &bytes), wanted = ids->n_bytes + n + 1 + sizeof(uint32_t);
  uint32_t n_encoded = (uint32_t)n+1;
  if( wanted>ids->bytes_capacity ){
    if( !at_grow(env, &ids->bytes, at_room(wanted), 1) ) return 0;
    ids->bytes_capacity = at_room(wanted);
  }
  ((uint64_t*)column)[row] = ids->n_bytes;
  memcpy(ids->bytes+ids->n_bytes, &n_encoded, sizeof n_encoded);
  ids->bytes[ids->n_bytes+sizeof n_encoded] = (char)id->type;
  if( n ) memcpy(ids->bytes+ids->n_bytes+sizeof n_encoded+1, bytes, n);
  ids->n_bytes = wanted;
  return 1;
}

/* To the next wider kind of id column: offsets, integers, values. */
int at_loader_widen_ids(AtEnv *env, AtLoader *l, int mode){
  AtStore *s = l->store;
  void *wide = at_alloc(env, l->capacity, sizeof(int64_t));
  uint32_t i;
  if( wide==NULL ) return 0;
  for(i=0; i<s->n && at_alive(env, 1); i++){
    AtCell id = at_store_id(s, i);
    if( mode==AT_ID_INTEGER ) ((int64_t*)wide)[i] = id.integer;
    else append_id_value(env, s, wide, i, &id);
  }
  at_free(env->alloc, s->ids.column);
  s->ids.column = wide;
  s->ids.mode = mode;
  return !env->error.code;
}

static int append_id(AtEnv *env, AtLoader *l, const AtCell *cells, const AtCell *id){
  AtStore *s = l->store;
  if( id->type==AT_BLOB || id->n>AT_MAX_TEXT ){
    return fail_row(env, l, cells, "the id", "is no integer or text up to 65,535 bytes", id,
                    "name another column");
  }
  if( id->type==AT_INT && s->ids.mode==AT_ID_OFFSET ){
    if( s->n==0 ) s->ids.base = id->integer;
    if( id->integer>=s->ids.base
     && (uint64_t)id->integer-(uint64_t)s->ids.base<=UINT32_MAX ){
      ((uint32_t*)s->ids.column)[s->n] = (uint32_t)((uint64_t)id->integer-(uint64_t)s->ids.base);
      return 1;
    }
    if( !at_loader_widen_ids(env, l, AT_ID_INTEGER) ) return 0;
  }
  if( id->type==AT_INT && s->ids.mode==AT_ID_INTEGER ){
    ((int64_t*)s->ids.column)[s->n] = id->integer;
    return 1;
  }
  if( s->ids.mode!=AT_ID_VALUE && !at_loader_widen_ids(env, l, AT_ID_VALUE) ) return 0;
  return append_id_value(env, s, s->ids.column, s->n, id);
}

static int append_milestones(AtEnv *env, AtLoader *l, const AtCell *cells, const AtCell *milestone){
  AtStore *s = l->store;
  int i;
  for(i=0; i<s->n_milestones; i++){
    uint8_t form;
    const char *mend = at_time_parse(&milestone[i], s->unit, &s->milestone[i][s->n], &form);
    if( mend ){
      return fail_row(env, l, cells, l->shape->milestone[i], "is no time", &milestone[i], mend);
    }
  }
  return 1;
}

/* A row's time. Whole seconds are most of all there is: they stay in line. */
static const char *read_time(const AtStore *s, const AtCell *cell, int64_t *time, uint8_t *form){
  if( cell->type==AT_INT && cell->integer>=0 && cell->integer<=AT_MAX_TIME/AT_SECOND
   && s->unit==AT_SECOND ){
    *form = AT_FORM_INT;
    *time = cell->integer*AT_SECOND;
    return NULL;
  }
  return at_time_parse(cell, s->unit, time, form);
}

/* Appends a row as most are: entity (an integer, or a text of key_n bytes), whole seconds, a label and an
** integer id, in columns that hold rows of this kind already. Returns 0 where anything about it is
** different, and nothing has been done: it is at_loader_append()'s then. */
int at_loader_append_plain(AtEnv *env, AtLoader *l, int64_t entity, const char *key, size_t key_n, int64_t seconds,
                           const char *label, size_t label_n, int64_t id){
  AtStore *s = l->store;
  uint32_t row = s->n;
  AtRecent *recent, *place;
  uint64_t since = (uint64_t)seconds - (uint64_t)l->epoch_seconds, offset = (uint64_t)id - (uint64_t)s->ids.base;
  if( row>=l->capacity || !l->is_plain || s->time_bytes!=4 || s->forms || s->label_bytes!=2 ) return 0;
  if( since>UINT32_MAX || offset>UINT32_MAX || id<s->ids.base || s->ids.mode!=AT_ID_OFFSET ) return 0;
  if( label_n>16 || label_n==0 ) return 0;
  recent = recent_label(l->recent, at_text_head(label, label_n), at_text_tail(label, label_n), label_n, &place);
  if( recent==NULL ) return 0;
  if( key ){
    if( !l->interned || key_n>AT_MAX_TEXT || key_n==0 ) return 0;     /* an empty text is no key */
    s->key_classes |= 1u << AT_TEXT;
    if( !(l->are_uuids ? intern_uuid(env, l, key, key_n, row+1) : intern_bytes(env, l, AT_TEXT, key, key_n, row+1)) ) return 0;
  }else{
    uint64_t far = (uint64_t)entity - (uint64_t)l->base;
    uint32_t o = (uint32_t)far;
    if( l->interned || far>UINT32_MAX || entity<l->base ) return 0;
    l->entity[row] = o;
    l->lowest = o<l->lowest ? o : l->lowest;
    l->highest = o>l->highest ? o : l->highest;
  }
  ((uint32_t*)s->time)[row] = (uint32_t)since;
  ((uint16_t*)s->label)[row] = (uint16_t)recent->id;
  ((uint32_t*)s->ids.column)[row] = (uint32_t)offset;
  s->n = row+1;
  return 1;
}

/* Whether rows of whole seconds, a label and an integer id are all there may be, and all seconds
** from the epoch on are times; known from the first row on. */
static void look_plain(AtLoader *l){
  const AtStore *s = l->store;
  l->epoch_seconds = s->epoch/AT_SECOND;
  l->is_plain = s->form==AT_FORM_INT && s->unit==AT_SECOND && s->time_bytes==4 && s->label_bytes
             && !s->n_tags && !l->shape->has_number && !s->n_milestones && s->ids.mode==AT_ID_OFFSET
             && s->epoch>=AT_MIN_TIME && s->epoch<=AT_MAX_TIME-UINT32_MAX*AT_SECOND;
}

/* Appends one row: entity, time, [label], tags, [number], milestones, [id], as the
** shape says. Text is copied. */
int at_loader_append(AtEnv *env, AtLoader *l, const AtCell *cells){
  AtStore *s = l->store;
  const AtCell *next = cells+2;
  const char *mend;
  int64_t time;
  uint8_t form;
  if( env->error.code ) return 0;
  if( at_cell_is_null(&cells[0]) ){ s->skipped_entity++; return 1; }
  mend = read_time(s, &cells[1], &time, &form);
  if( mend ) return fail_row(env, l, cells, l->shape->time, "is no time", &cells[1], mend);
  if( time==AT_NO_TIME ){ s->skipped_time++; return 1; }
  if( s->n>=l->capacity && !grow_columns(env, l) ) return 0;
  if( !append_entity(env, l, cells) ) return 0;
  if( !append_time(env, l, time) ) return 0;
  if( (s->forms || form!=s->form || s->n==0) && !append_form(env, l, form) ) return 0;
  if( s->label_bytes ){
    if( !append_label(env, l, cells) ) return 0;
    next++;
  }
  if( s->n_tags && !append_tags(env, l, cells) ) return 0;
  next += s->n_tags;
  if( s->number ){
    mend = at_cell_number(next, &s->number[s->n]);
    if( mend ) return fail_row(env, l, cells, l->shape->number, "is no number", next, mend);
    next++;
  }
  if( s->n_milestones && !append_milestones(env, l, cells, next) ) return 0;
  next += s->n_milestones;
  if( s->ids.mode && !append_id(env, l, cells, next) ) return 0;
  s->n++;
  if( s->n==1 ) look_plain(l);
  return 1;
}
