/*
** fuzz_common.h: what the fuzz targets share, beside what the tests of core/ do.
**
**   CHECK      what must hold, in any build
**   Input      bytes that decisions are taken from, one after the other; 0 once they have run out
**   copy_rest  what is left, in a block of its own length: reading beyond it is seen
**   Bytes      answers written down, to be compared bit by bit
**   Fuzz       a heap that counts, and may fail at the request that the input says
**
** A target is one file that defines fuzz(); libFuzzer calls it, or tests/fuzz/replay.c does.
*/
#ifndef ATTRIBUTION_TESTS_FUZZ_COMMON_H
#define ATTRIBUTION_TESTS_FUZZ_COMMON_H

#include "../core/common.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size){
  fuzz(data, size);
  return 0;
}

#define CHECK(what) do{ \
    if( !(what) ){ fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); abort(); } \
  }while( 0 )

/************************************ Input ***********************************/

typedef struct Input Input;
struct Input { const uint8_t *at; size_t n; };

static inline uint32_t take_byte(Input *in){
  if( in->n==0 ) return 0;
  in->n--;
  return *in->at++;
}

static inline uint32_t take_below(Input *in, uint32_t n){ return take_byte(in)%n; }

static inline uint64_t take_bits(Input *in){
  uint64_t bits = 0;
  int i;
  for(i=0; i<8; i++) bits = bits<<8 | take_byte(in);
  return bits;
}

static inline double take_double(Input *in){
  uint64_t bits = take_bits(in);
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

/* Up to most bytes, n of them; valid as long as the input. */
static inline const char *take_text(Input *in, size_t most, size_t *n){
  const char *text;
  *n = take_below(in, (uint32_t)most+1);
  if( *n>in->n ) *n = in->n;
  text = (const char*)in->at;
  in->at += *n;
  in->n -= *n;
  return text;
}

/* The caller frees it. */
static inline char *copy_exactly(const void *bytes, size_t n){
  char *copy = malloc(n ? n : 1);
  if( copy==NULL ) abort();
  if( n ) memcpy(copy, bytes, n);
  return copy;
}

static inline char *copy_rest(const Input *in){ return copy_exactly(in->at, in->n); }

/************************************ Answers *********************************/

typedef struct Bytes Bytes;
struct Bytes { char *bytes; size_t n, capacity; };

static inline void write_bytes(Bytes *b, const void *bytes, size_t n){
  if( b->n+n>b->capacity ){
    b->capacity = (b->n+n)*2;
    b->bytes = realloc(b->bytes, b->capacity);
    if( b->bytes==NULL ) abort();
  }
  if( n ) memcpy(b->bytes+b->n, bytes, n);
  b->n += n;
}

static inline void write_number(Bytes *b, uint64_t number){ write_bytes(b, &number, sizeof number); }

/* -0 is 0, and every NaN the same. */
static inline void write_double(Bytes *b, double d){
  if( isnan(d) ) d = 0x1.23456789p+1000;
  d += 0.0;
  write_bytes(b, &d, sizeof d);
}

static inline void write_cell(Bytes *b, const AtCell *cell){
  write_number(b, (uint64_t)cell->type);
  if( cell->type==AT_INT ) write_number(b, (uint64_t)cell->integer);
  if( cell->type==AT_REAL ) write_double(b, cell->real);
  if( cell->type!=AT_TEXT && cell->type!=AT_BLOB ) return;
  write_number(b, cell->n);
  write_bytes(b, cell->text, cell->n);
}

static inline int same_bytes(const Bytes *a, const Bytes *b){
  return a->n==b->n && (a->n==0 || memcmp(a->bytes, b->bytes, a->n)==0);
}

/************************************ Heap ************************************/

typedef struct Fuzz Fuzz;
struct Fuzz { Heap heap; AtEnv env; };

/* The first byte says which request for memory fails; none does for most of them. */
static inline void fuzz_open(Fuzz *f, Input *in){
  uint32_t byte = take_byte(in);
  heap_open(&f->heap);
  f->env = heap_env(&f->heap);
  if( byte>=192 ) f->heap.fail_at = (long)byte-191;
}

/* All that was made is freed; what failed says why. */
static inline void fuzz_close(Fuzz *f){
  const AtError *error = &f->env.error;
  CHECK(f->heap.alive==0);
  CHECK(error->code==AT_OK || error->code==AT_NOMEM || error->text[0]!=0);
  CHECK(memchr(error->text, 0, sizeof error->text)!=NULL);
  CHECK(error->code!=AT_NOMEM || f->heap.fail_at>0);
}

#endif
