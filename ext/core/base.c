/*
** base.c: allocation, the sticky error, the heartbeat and growing text, on
** which the rest of core/ stands.
**
** An AtEnv lives as long as one statement's work. Objects that outlive it (the
** stores in a cache) keep the allocator, never the environment.
*/
#include "core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for count elements of size bytes, uninitialised; NULL and AT_NOMEM
** when there is none. A count of 0 still gives a block. */
void *at_alloc(AtEnv *env, size_t count, size_t size){
  void *block = NULL;
  assert( env && size>0 );
  if( at_grow(env, &block, count ? count : 1, size) ) return block;
  return NULL;
}

/* Resizes *(void**)array to count elements of size bytes. On failure the
** array stays as it was, still its owner's to free. */
int at_grow(AtEnv *env, void *array, size_t count, size_t size){
  void *old, *grown;
  assert( count>0 && size>0 );
  if( env->error.code ) return 0;
  memcpy(&old, array, sizeof old);
  if( count > (SIZE_MAX/2)/size ){
    at_fail(env, AT_NOMEM, "out of memory");
    return 0;
  }
  grown = env->alloc->resize(env->alloc->ctx, old, count*size);
  if( grown==NULL ){
    if( env->alloc->explain ) env->alloc->explain(env->alloc->ctx, env);
    at_fail(env, AT_NOMEM, "out of memory");
    return 0;
  }
  memcpy(array, &grown, sizeof grown);
  return 1;
}

/* Bytes to make room for where n are needed and more will come: SIZE_MAX, which at_grow refuses,
** where there are not so many, as 32 bits have it from 2 GiB on. */
size_t at_room(size_t n){
  return n<SIZE_MAX/2-8 ? n*2+16 : SIZE_MAX;
}

void at_free(const AtAlloc *alloc, void *block){
  if( block ) alloc->resize(alloc->ctx, block, 0);
}

/* How many bytes the UTF-8 character at c has; 0 where there is none, or a control character. */
static int character(const unsigned char *c){
  int n = *c<0x80 ? 1 : *c<0xc2 ? 0 : *c<0xe0 ? 2 : *c<0xf0 ? 3 : *c<0xf5 ? 4 : 0, i;
  if( n==1 ) return (*c>=0x20 && *c!=0x7f) || *c=='\n';
  for(i=1; i<n; i++) if( (c[i] & 0xc0)!=0x80 ) return 0;
  if( (*c==0xe0 && c[1]<0xa0) || (*c==0xed && c[1]>=0xa0) ) return 0;    /* overlong, surrogate */
  if( (*c==0xf0 && c[1]<0x90) || (*c==0xf4 && c[1]>=0x90) ) return 0;    /* overlong, beyond */
  return n;
}

/* Shows bytes of a text that are no UTF-8, which drivers would refuse to read, and control characters as '?'. */
void at_make_readable(char *text){
  unsigned char *c = (unsigned char*)text;
  while( *c ){
    int n = character(c);
    if( n==0 ) *c = '?';
    c += n ? n : 1;
  }
}

/* Records a failure unless there is one already. The format knows integers and
** strings only: floating point would follow the process's locale. What a message quotes
** may be any bytes, cut anywhere. */
void at_fail(AtEnv *env, int code, const char *format, ...){
  va_list arguments;
  assert( code!=AT_OK );
  if( env->error.code ) return;
  env->error.code = code;
  va_start(arguments, format);
  vsnprintf(env->error.text, sizeof env->error.text, format, arguments);
  va_end(arguments);
  at_make_readable(env->error.text);
}

/* Counts work and lets the host stop it. Returns 0 when the caller must
** return: after any failure, or when the host said so. */
int at_alive(AtEnv *env, uint32_t work){
  if( env->error.code ) return 0;
  env->ticks += work<AT_STRETCH ? work : AT_STRETCH;
  if( env->ticks<AT_STRETCH ) return 1;
  env->ticks = 0;
  if( env->heartbeat && !env->heartbeat(env->heartbeat_ctx) ){
    at_fail(env, AT_INTERRUPT, "interrupted");
    return 0;
  }
  return 1;
}

/* The next stretch. Returns 0 when there is none left, and when the caller must return. */
int at_stretch(AtEnv *env, AtStretch *s, size_t n){
  size_t first = s->limit;
  if( first>=n ) return 0;
  s->first = first;
  s->limit = n-first<AT_STRETCH ? n : first+AT_STRETCH;
  return at_alive(env, (uint32_t)(s->limit-first));
}

/* Whether n bytes of text are the word, without regard to ASCII case. */
int at_same_word(const char *word, const char *text, size_t n){
  size_t i;
  for(i=0; i<n; i++){
    if( word[i]==0 || at_lower(text[i])!=at_lower(word[i]) ) return 0;
  }
  return word[n]==0;
}

/* Leaves out the blanks at both ends. */
void at_trim(const char **text, size_t *n){
  while( *n>0 && at_is_blank((*text)[0]) ){ (*text)++; (*n)--; }
  while( *n>0 && at_is_blank((*text)[*n-1]) ) (*n)--;
}

/* At most 40 bytes of text, cut between UTF-8 characters, control characters and what
** is no UTF-8 shown as '?', in single quotes. */
AtQuote at_quote(const char *text, size_t n){
  AtQuote quote;
  size_t i, shown = n<=40 ? n : 40;
  char *out = quote.text;
  while( shown<n && shown>0 && ((unsigned char)text[shown] & 0xc0)==0x80 ) shown--;
  *out++ = '\'';
  for(i=0; i<shown; i++){
    *out++ = (unsigned char)text[i]<0x20 || text[i]==0x7f ? '?' : text[i];
  }
  *out++ = '\'';
  if( shown<n ){ memcpy(out, "...", 3); out += 3; }
  *out = 0;
  at_make_readable(quote.text);
  return quote;
}

void at_text_add(AtEnv *env, AtText *t, const char *bytes, size_t n){
  size_t wanted = t->n + n + 1;
  if( env->error.code ) return;
  if( wanted>t->capacity ){
    size_t capacity = wanted<64 ? 64 : wanted + wanted/2;
    if( !at_grow(env, &t->text, capacity, 1) ) return;
    t->capacity = capacity;
  }
  if( n ) memcpy(t->text + t->n, bytes, n);
  t->n += n;
  t->text[t->n] = 0;
}

/* Adds bytes as a JSON string, quotes included (RFC 8259, section 7). */
void at_text_json(AtEnv *env, AtText *t, const char *bytes, size_t n){
  size_t i, plain = 0;
  at_text_add(env, t, "\"", 1);
  for(i=0; i<n; i++){
    unsigned char c = (unsigned char)bytes[i];
    char escape[8];
    if( c>=0x20 && c!='"' && c!='\\' ) continue;
    at_text_add(env, t, bytes+plain, i-plain);
    if( c=='"' || c=='\\' ) snprintf(escape, sizeof escape, "\\%c", c);
    else snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
    at_text_add(env, t, escape, strlen(escape));
    plain = i+1;
  }
  at_text_add(env, t, bytes+plain, n-plain);
  at_text_add(env, t, "\"", 1);
}

void at_text_free(const AtAlloc *alloc, AtText *t){
  at_free(alloc, t->text);
  memset(t, 0, sizeof *t);
}
