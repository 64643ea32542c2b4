/*
** base.h: what the rest of core/ stands on, and has not heard of touches: memory,
** errors, threads, numbers, values, times, dictionaries, sorting, groups. Part of core.h,
** whose conventions hold here too.
*/
#ifndef ATTRIBUTION_BASE_H
#define ATTRIBUTION_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Limits. Everything has one. A test may lower those that are too far away to reach. */
#ifndef AT_MAX_ROWS
#define AT_MAX_ROWS 4000000000u      /* rows of one relation, paths, steps, channels of one path */
#define AT_MAX_GROUP (AT_MAX_ROWS/2) /* rows of one group, stays of one history */
#define AT_MAX_KEYS (UINT32_C(1)<<30) /* distinct keys or labels */
#define AT_MAX_STATES (UINT32_C(1)<<29) /* states or groups */
#endif
#define AT_MAX_TEXT 65535u           /* bytes of a label or key */
#define AT_MAX_MILESTONES 16         /* milestone columns of a relation */
#define AT_MAX_TAGS 2                /* further label columns of a relation */
#define AT_MAX_MODELS 64             /* models in one list */
#define AT_MAX_NAME 128              /* bytes of a model as written */
#define AT_MAX_NUMBER 1e290          /* a value or points: no sum of rows overflows */
#define AT_MAX_LIST 64               /* labels in ignore= and direct= */

/************************ Interface to code in base.c *************************
** Allocation, sticky errors, heartbeat, growing text.
*/
enum { AT_OK = 0, AT_NOMEM = 1, AT_INVALID = 2, AT_INTERRUPT = 3, AT_TOOBIG = 4 };

typedef struct AtEnv AtEnv;
typedef struct AtAlloc AtAlloc;
struct AtAlloc {
  void *(*resize)(void *ctx, void *block, size_t bytes); /* bytes 0 frees; from any thread */
  void *ctx;
  void (*explain)(void *ctx, AtEnv *env); /* after a NULL: fails with the reason, if it is not that there is no
                                          ** more memory; may be NULL; from any thread */
};

typedef struct AtError AtError;
struct AtError {
  int code;                         /* AT_OK or the first failure */
  char text[640];                   /* what is wrong; what to write instead */
};

struct AtEnv {
  const AtAlloc *alloc;             /* outlives every object made with it */
  int (*heartbeat)(void *ctx);      /* returns 0 to stop; may be NULL */
  void *heartbeat_ctx;
  uint32_t ticks;                   /* work since the last heartbeat */
  int threads;                      /* that this work may use; 0 and 1: its own */
  AtError error;
};

void *at_alloc(AtEnv *env, size_t count, size_t size);
int at_grow(AtEnv *env, void *array, size_t count, size_t size);
size_t at_room(size_t n);
void at_free(const AtAlloc *alloc, void *block);
void at_fail(AtEnv *env, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
int at_alive(AtEnv *env, uint32_t work);

/* Rows of simple work between two heartbeats: about a tenth of a millisecond. */
#ifndef AT_STRETCH
#define AT_STRETCH 16384u           /* a test may say how many */
#endif

/* Asks before a pass over n rows of which a few are no work: at the end of one path, of which there are many. */
static inline int at_go_on(AtEnv *env, size_t n){
  return n<AT_STRETCH || at_alive(env, AT_STRETCH);
}

/* A stretch of the rows 0 .. n-1, of so many at the most, for loops that would be slowed down by at_alive() at every row:
** while( at_stretch(env, &s, n) ) for(i=s.first; i<s.limit; i++) ... */
typedef struct AtStretch AtStretch;
struct AtStretch { size_t first, limit; };      /* to start at row i: {i, i} */
int at_stretch(AtEnv *env, AtStretch *s, size_t n);

/* Asks for memory that will be read soon, where the compiler can say so. A macro: of a function
** that does nothing else compilers think that it does nothing. */
#if defined(__GNUC__)
#define AT_PREFETCH(address) __builtin_prefetch(address)
#else
#define AT_PREFETCH(address) ((void)(address))
#endif

/* ASCII letters and blanks, whatever the process's locale. */
static inline int at_is_digit(int c){ return c >= '0' && c <= '9'; }
static inline int at_is_blank(int c){ return c == ' ' || (c >= '\t' && c <= '\r'); }
static inline char at_lower(char c){ return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
int at_same_word(const char *word, const char *text, size_t n);
void at_trim(const char **text, size_t *n);

/* A quoted, shortened copy of user text for an error message. */
typedef struct AtQuote AtQuote;
struct AtQuote { char text[64]; };
AtQuote at_quote(const char *text, size_t n);
void at_make_readable(char *text);

/* A growing byte string; text stays NUL terminated. */
typedef struct AtText AtText;
struct AtText {
  char *text;
  size_t n, capacity;
};
void at_text_add(AtEnv *env, AtText *t, const char *bytes, size_t n);
void at_text_json(AtEnv *env, AtText *t, const char *bytes, size_t n);
void at_text_free(const AtAlloc *alloc, AtText *t);

/************************ Interface to code in parallel.c *********************
** The parts of one piece of work, on as many threads as the env may use.
*/
#define AT_MAX_THREADS 16
#ifndef AT_PARALLEL_ROWS
#define AT_PARALLEL_ROWS 65536u     /* fewer are not worth a thread; a test may say that they are */
#endif
typedef int (*AtPart)(AtEnv *env, void *context, uint32_t part);
int at_parallel(AtEnv *env, uint32_t n, AtPart part, void *context);
int at_processors(void);
int at_cut_range(int64_t first, int64_t last, int n, int i, int64_t *low, int64_t *high);

/************************ Interface to code in machine.c **********************
** How much memory there is.
*/
uint64_t at_memory(const char *root);

/************************ Interface to code in number.c ***********************
** Numbers as text, whatever the process's locale.
*/
int at_number_parse(const char *text, size_t n, double *number);
int at_integer_parse(const char *text, size_t n, int64_t *number);
int at_number_format(double number, char out[32]);
double at_exp2_negative(double x);

/************************ Interface to code in elementary.c *******************
** Functions that C libraries do not agree on, the same bits on every machine.
*/
double at_exp(double x);
double at_log(double x);
double at_log1p(double x);
double at_erfc(double x);

/************************ Interface to code in cell.c *************************
** One value as it comes from a row.
*/
enum { AT_NULL = 0, AT_INT = 1, AT_REAL = 2, AT_TEXT = 3, AT_BLOB = 4 };

typedef struct AtCell AtCell;
struct AtCell {
  int type;                         /* AT_NULL .. AT_BLOB */
  int64_t integer;                  /* for AT_INT */
  double real;                      /* for AT_REAL */
  const char *text;                 /* for AT_TEXT, AT_BLOB */
  size_t n;                         /* bytes of text */
};

int at_cell_is_null(const AtCell *cell);
AtQuote at_cell_quote(const AtCell *cell);
int at_cell_compare(const AtCell *a, const AtCell *b);
const char *at_cell_number(const AtCell *cell, double *number);
void at_fail_cell(AtEnv *env, const char *column, const char *relation, const AtCell *id, uint64_t row,
                  const char *is, const AtCell *value, const char *mend);

/************************ Interface to code in timestamp.c ********************
** Times, durations and calendar periods.
*/
#define AT_NO_TIME INT64_MIN
#define AT_SECOND INT64_C(1000000)
#define AT_MIN_TIME (INT64_C(-62167219200) * AT_SECOND) /* 0000-01-01 */
#define AT_MAX_TIME (INT64_C(253402300800) * AT_SECOND - 1) /* 9999-12-31 */

/* The form in which a time was written, so that it goes out as it came in: a
** class, and for ISO text its precision, separator and zone. */
enum {
  AT_FORM_INT = 0, AT_FORM_REAL = 1, AT_FORM_NUMBER_TEXT = 2, AT_FORM_ISO = 3,
  AT_FORM_CLASS = 3,                /* mask of the four above */
  AT_FORM_PRECISION = 0x3c,         /* 0 date, 1 minutes, 2 seconds, 3 .. 8: 1 .. 6 decimals */
  AT_FORM_STEP = 4,                 /* one step of precision */
  AT_FORM_T = 0x40, AT_FORM_Z = 0x80
};
enum { AT_PERIOD_NONE, AT_PERIOD_DAY, AT_PERIOD_WEEK, AT_PERIOD_MONTH,
       AT_PERIOD_QUARTER, AT_PERIOD_HALF_YEAR, AT_PERIOD_YEAR };

const char *at_time_parse(const AtCell *cell, int64_t unit, int64_t *time, uint8_t *form);
void at_time_format(int64_t time, uint8_t form, int64_t unit, AtCell *out, char buffer[40]);
uint8_t at_form_fit(int64_t time, uint8_t form);
const char *at_duration_parse(const char *text, size_t n, int64_t *duration);
const char *at_duration_of(const AtCell *cell, int64_t *duration);
extern const char *const at_period_words;
int at_period_word(const char *text, size_t n);
int64_t at_period_of(int64_t time, int period);
int64_t at_period_start(int64_t number, int period);
void at_period_format(int64_t number, int period, char out[24]);

/************************ Interface to code in suggest.c **********************
** The nearest known name to a misspelt one.
*/
typedef struct AtSuggest AtSuggest;
struct AtSuggest {
  const char *wanted;
  size_t n;
  unsigned distance;                /* of best */
  char best[128];                   /* "" while nothing is near */
};
void at_suggest_start(AtSuggest *s, const char *wanted, size_t n);
void at_suggest_offer(AtSuggest *s, const char *known);

/************************ Interface to code in dict.c *************************
** Byte strings to dense uint32 ids. An entry is a tag (AT_INT .. AT_BLOB) and
** bytes; numbers are encoded so that byte order is numeric order.
*/
typedef struct AtEntry AtEntry;
struct AtEntry {
  uint64_t offset;                  /* of the tag, in bytes[] */
  uint32_t n;                       /* bytes, tag included */
};
typedef struct AtDict AtDict;
struct AtDict {
  uint32_t n, n_slots, capacity;
  uint64_t *slots;                  /* hash and id + 1, 0 = empty; power of two */
  AtEntry *entries;
  char *bytes;
  size_t n_bytes, bytes_capacity;
  uint32_t every_n;                 /* bytes of every entry; 0 = they differ */
};
static inline uint64_t at_load64(const char *p){
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}
/* What n bytes begin and end with, overlapping: with n, all there is to know of up to 16. */
static inline uint64_t at_text_tail(const char *p, size_t n){
  uint32_t low, high;
  if( n>=8 ) return at_load64(p+n-8);
  if( n>=4 ){
    memcpy(&low, p, sizeof low);
    memcpy(&high, p+n-4, sizeof high);
    return (uint64_t)high<<32 | low;
  }
  if( n==0 ) return 0;
  return (uint64_t)(unsigned char)p[0]<<16 | (uint64_t)(unsigned char)p[n/2]<<8 | (unsigned char)p[n-1];
}
static inline uint64_t at_text_head(const char *p, size_t n){ return n>=8 ? at_load64(p) : at_text_tail(p, n); }
#define AT_BATCH 64
typedef struct AtKey AtKey;
struct AtKey { int tag; const char *text; size_t n; uint32_t id; };
uint32_t at_dict_intern(AtEnv *env, AtDict *dict, int tag, const char *text, size_t n);
int at_dict_intern_all(AtEnv *env, AtDict *dict, AtKey *keys, uint32_t n);
uint32_t *at_dict_sort(AtEnv *env, AtDict *dict);
int at_entry_compare(const AtDict *a, uint32_t i, const AtDict *b, uint32_t j);
size_t at_dict_size(const AtDict *dict);
void at_dict_free(const AtAlloc *alloc, AtDict *dict);
AtCell at_dict_cell(const AtDict *dict, uint32_t id);
size_t at_encode(const AtCell *cell, char number[9], const char **bytes);
AtCell at_decode(const char *encoded, size_t n);
void at_cell_normal(AtCell *cell);

/************************ Interface to code in uuids.c ************************
** UUIDs to dense uint32 ids, sixteen bytes each.
*/
#define AT_UUID_TEXT 36
typedef struct AtUuid AtUuid;
struct AtUuid { uint64_t high, low; };
typedef struct AtUuidSlot AtUuidSlot;
struct AtUuidSlot { AtUuid key; uint32_t id_1; /* id + 1, 0 = empty */ };
typedef struct AtUuids AtUuids;
struct AtUuids {
  AtUuidSlot *slots;                /* power of two */
  uint32_t n, n_slots;
};
int at_uuid_parse(const char *text, size_t n, AtUuid *uuid);
void at_uuid_format(const AtUuid *uuid, char out[AT_UUID_TEXT]);
int at_uuids_intern_all(AtEnv *env, AtUuids *uuids, const AtUuid *keys, uint32_t n, uint32_t *ids);
AtUuid *at_uuids_keys(AtEnv *env, const AtUuids *uuids);
int at_uuids_sort(AtEnv *env, AtUuids **tables, uint32_t n, AtDict *into, uint32_t **rank);
int at_uuids_spell_out(AtEnv *env, AtUuids *uuids, AtDict *into);
void at_uuids_free(const AtAlloc *alloc, AtUuids *uuids);

/************************ Interface to code in stats.c ************************
** Intervals and quantiles.
*/
double at_days(double duration);
double at_normal_quantile(double confidence);
int at_wilson(double k, double n, double z, double *low, double *high);
uint32_t at_quantile_place(uint32_t n, double p, double *part);
int at_confidence_ok(double confidence);
int at_rate_ok(double k, double n);

/************************ Interface to code in sort.c *************************
** Row numbers by a comparison, keys by their digits.
*/
typedef int (*AtCompare)(const void *rows, uint32_t a, uint32_t b);
int at_sort_order(AtEnv *env, uint32_t *order, uint32_t n, AtCompare compare, const void *rows);
uint32_t *at_sorted(AtEnv *env, uint32_t n, AtCompare compare, const void *rows);
int at_sort_keys(AtEnv *env, uint64_t *keys, uint32_t n);
int at_sort_short_keys(AtEnv *env, uint32_t *keys, uint32_t n);
typedef struct AtHead AtHead;
struct AtHead { uint64_t head; uint32_t id; };
int at_sort_heads(AtEnv *env, AtHead *items, uint32_t n);

/************************ Interface to code in radix.c ************************
** Many keys, on threads.
*/
int at_sort_many(AtEnv *env, uint64_t **keys, size_t n);

/************************ Interface to code in pairs.c ************************
** (number, label) -> dense id, for groups and windows.
*/
typedef struct AtPair AtPair;
struct AtPair { int64_t number; uint64_t label; };
typedef struct AtPairs AtPairs;
struct AtPairs {
  AtPair *pairs;
  uint32_t *slots;                  /* id + 1, 0 = empty; power of two */
  uint32_t n, capacity, n_slots;
};
uint32_t at_pair_id(AtEnv *env, AtPairs *p, int64_t number, uint64_t label);
uint32_t *at_pairs_order(AtEnv *env, const AtPairs *p);
void at_pairs_free(const AtAlloc *alloc, AtPairs *p);

#endif
