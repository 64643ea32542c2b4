/*
** core.h: the journey store and attribution, cut by banners into the interface of
** each file; base.h is the ground below. Pure C11: nothing here has heard of SQLite. Arrays come in,
** arrays go out, memory comes from the allocator that is passed in.
**
** Conventions of the layer
**   - AtEnv is the first argument of whatever can fail. Its error is sticky: the
**     first one stays, later calls return at once, so a sequence of calls
**     reads without ifs and is checked once at its end.
**   - Times are int64 microseconds since 1970-01-01 UTC, AT_NO_TIME is "none".
**   - Every function that returns int for success returns 1, else 0 and the
**     reason is in env->error.
*/
#ifndef ATTRIBUTION_CORE_H
#define ATTRIBUTION_CORE_H

#include "base.h"

#define AT_VERSION "0.1.0"

/************************ Interface to code in journey.c **********************
** The journey store: the one data structure. Rows of a relation in separate
** arrays, sorted by (entity, time, label text, tags, id, number). Read only once built.
*/
typedef struct AtShape AtShape;
struct AtShape {
  int has_label, has_number, has_id;
  int n_tags, n_milestones;
  int64_t unit;                     /* microseconds per numeric time unit */
  const char *relation;             /* names, for error messages */
  const char *entity, *time, *label, *number;
  const char *tag[AT_MAX_TAGS];     /* further labels, after label */
  const char *milestone[AT_MAX_MILESTONES];
};
enum { AT_ID_NONE, AT_ID_OFFSET, AT_ID_INTEGER, AT_ID_VALUE };
typedef struct AtIds AtIds;
struct AtIds {
  int mode;                         /* AT_ID_NONE .. AT_ID_VALUE */
  int64_t base;                     /* AT_ID_OFFSET: id = base + offset[i] */
  void *column;                     /* uint32, int64, or uint64 offset into bytes */
  char *bytes;                      /* AT_ID_VALUE: uint32 length, then encoded cell */
  size_t n_bytes, bytes_capacity;
};

typedef struct AtStore AtStore;
struct AtStore {
  const AtAlloc *alloc;
  uint32_t references;
  uint32_t n, n_entities;
  uint32_t *start;                  /* n_entities + 1 offsets into the columns */
  int64_t *integer_keys;            /* sorted keys, where all are integers */
  AtDict keys;                      /* sorted keys, where they are not */
  uint32_t key_classes;             /* 1 << AT_INT .. 1 << AT_BLOB that occur */
  int time_bytes;                   /* 4: uint32 seconds from epoch, 8: int64 microseconds */
  int64_t epoch;
  void *time;
  int label_bytes;                  /* 2 or 4, 0 = no labels */
  void *label;                      /* uint16 or uint32 ids, in text order */
  AtDict labels;                    /* sorted */
  int n_tags;
  uint32_t *tag[AT_MAX_TAGS];       /* ids of further labels, in text order */
  AtDict tags[AT_MAX_TAGS];
  double *number;                   /* points or value; NaN = NULL */
  int n_milestones;
  int64_t *milestone[AT_MAX_MILESTONES];
  AtIds ids;
  uint8_t form;                     /* of all times, unless forms is set */
  uint8_t *forms;
  int64_t unit;                     /* of numeric times */
  uint64_t skipped_entity, skipped_time;
};

static inline uint32_t at_store_label(const AtStore *s, uint32_t row){
  return s->label_bytes == 2 ? ((const uint16_t*)s->label)[row]
                             : ((const uint32_t*)s->label)[row];
}
/* The time of a row in microseconds since 1970. */
static inline int64_t at_store_when(const AtStore *s, uint32_t row){
  return s->time_bytes == 4 ? s->epoch + ((const uint32_t*)s->time)[row]*AT_SECOND
                            : ((const int64_t*)s->time)[row];
}
AtCell at_store_key(const AtStore *s, uint32_t entity);
AtCell at_store_id(const AtStore *s, uint32_t row);
AtCell at_store_label_text(const AtStore *s, uint32_t label);
void at_store_time(const AtStore *s, uint32_t row, AtCell *out, char buffer[40]);
void at_store_time_like(const AtStore *s, uint32_t row, int64_t time, AtCell *out, char buffer[40]);
uint32_t at_store_place(const AtStore *s, const AtCell *key);
uint32_t at_store_find(const AtStore *s, const AtCell *key);
size_t at_store_size(const AtStore *s);
AtStore *at_store_share(AtStore *s);
void at_store_release(AtStore *s);
int at_id_compare(const AtIds *ids, uint32_t a, uint32_t b);

/************************ Interface to code in journey_load.c *****************
** Appends rows as they come and keeps them in arrival order.
*/
#define AT_RECENT 64                /* a power of two */
typedef struct AtRecent AtRecent;
struct AtRecent { uint64_t head, tail; size_t n; uint32_t id; };

typedef struct AtLoader AtLoader;
struct AtLoader {
  AtStore *store;                   /* under construction */
  const AtShape *shape;
  uint32_t *entity;                 /* offset from base, or id in store->keys */
  int interned;                     /* entity[] holds ids */
  int64_t base;                     /* of the offsets */
  uint32_t lowest, highest;         /* offsets seen */
  size_t capacity;
  AtRecent recent[AT_RECENT];       /* labels seen lately */
  AtRecent *recent_tags;            /* AT_RECENT for each tag */
  uint32_t n_waiting;               /* rows at the end whose keys wait in batch */
  AtText batch;                     /* their keys: tag, length, bytes; or AtUuid */
  AtUuids uuids;                    /* instead of store->keys while all keys are UUIDs */
  int are_uuids;                    /* all keys so far */
  int is_plain;                     /* rows may be at_loader_append_plain()'s */
  int64_t epoch_seconds;            /* of the store's epoch */
};
int at_loader_open(AtEnv *env, AtLoader *loader, const AtShape *shape);
int at_loader_intern(AtEnv *env, AtLoader *loader);
int at_loader_spell_out(AtEnv *env, AtLoader *loader);
int at_loader_append(AtEnv *env, AtLoader *loader, const AtCell *cells);
int at_loader_append_plain(AtEnv *env, AtLoader *loader, int64_t entity, const char *key, size_t key_n,
                           int64_t seconds, const char *label, size_t label_n, int64_t id);
void at_loader_close(AtLoader *loader);
int at_loader_widen_times(AtEnv *env, AtLoader *loader);
int at_loader_widen_labels(AtEnv *env, AtLoader *loader);
int at_loader_widen_ids(AtEnv *env, AtLoader *loader, int mode);

/************************ Interface to code in journey_join.c *****************
** Several loaders' rows in one common form.
*/
int at_loader_join(AtEnv *env, AtLoader *parts, int n);
/* Whether a bitmap over the range of integer keys is worth its room: at most two bytes a row. */
static inline int at_keys_are_close(uint64_t range, uint64_t rows){ return range<=rows*16+65536; }

/************************ Interface to code in journey_sort.c *****************
** Arrival order to (entity, time, label text, tags, id, number).
*/
AtStore *at_loader_finish(AtEnv *env, AtLoader *parts, int n);

/************************ Interface to code in options.c **********************
** 'lookback=90 days; reset=conversion'
*/
enum { AT_PATH_ALL, AT_PATH_EXPOSURE, AT_PATH_UNIQUE, AT_PATH_FIRST };

typedef struct AtLabelList AtLabelList;
struct AtLabelList {
  int n;
  const char *text[AT_MAX_LIST];
  size_t bytes[AT_MAX_LIST];
};
typedef struct AtOptions AtOptions;
struct AtOptions {
  int64_t lookback, gap;            /* microseconds, -1 = none */
  int reset;                        /* 1 = a conversion uses touches up */
  AtLabelList ignore, direct;       /* point into copy */
  int path;                         /* AT_PATH_ALL .. */
  uint32_t max_touches;             /* 0 = no limit */
  double round;                     /* 0 = none */
  int period;                       /* AT_PERIOD_NONE .. */
  AtCell as_of_text;                /* as written */
  int64_t as_of;                    /* AT_NO_TIME = none */
  int64_t unit;                     /* microseconds per numeric time unit */
  char *touch_id, *conversion_id;   /* column names, point into copy */
  int64_t cache_mb;                 /* -1 = as it is */
  int threads;                      /* 0 = as many as are worth while */
  int64_t window, recycle, step;    /* microseconds, -1 = none */
  int order;                        /* of stages, AT_ORDER_ORDERED .. */
  AtLabelList exits, exclude, exclude_drop;
  int boomerang, first_pass;        /* 1 = on, passes=first */
  int label;                        /* AT_LABEL_FIRST .. */
  int by_label;
  double confidence;
  char *event_id, *hold;            /* column names */
  int chain_order;                  /* 1 .., 0 = auto */
  double min_paths;                 /* 0 = none */
  uint32_t most;                    /* findings of a kind */
  const char *separator;
  size_t separator_n;
  char *copy;                       /* owned text that the above points into */
};
enum { AT_ORDER_ORDERED, AT_ORDER_STRICT, AT_ORDER_ANY };
enum { AT_LABEL_FIRST, AT_LABEL_LAST, AT_LABEL_STAGE };
/* Which table functions know an option. */
enum { AT_FOR_ATTRIBUTION = 1, AT_FOR_SUMMARY = 2, AT_FOR_JOURNEYS = 4, AT_FOR_FUNNEL = 8,
       AT_FOR_FUNNEL_SUMMARY = 16, AT_FOR_CURVE = 32, AT_FOR_CHANNELS = 64, AT_FOR_PATHS = 128,
       AT_FOR_TRANSITIONS = 256, AT_FOR_ORDERS = 512, AT_FOR_COUNTS = 1024, AT_FOR_COALITIONS = 2048,
       AT_FOR_AUDIT = 4096, AT_FOR_FUNNEL_AUDIT = 8192, AT_FOR_FORECAST = 16384, AT_FOR_FORECAST_SUMMARY = 32768,
       AT_FOR_CREDIT = 3, AT_FOR_TOUCHES = 7|64|256|512|4096, AT_FOR_PASSES = 24, AT_FOR_EVENTS = 24|8192,
       AT_FOR_FORECASTS = 16384|32768, AT_FOR_FUNNELS = 24|8192|16384|32768, AT_FOR_GROUPS = 2|16|32,
       AT_FOR_CHAIN = 64|128|256, AT_FOR_GROUPED = 64|128|256|512|2048, AT_FOR_TEXT = 128|256|1024|2048,
       AT_FOR_LISTS = 128|1024|2048, AT_FOR_ALL = 63|64|256|512|4096|8192|16384|32768 /* whose rows have times */ };
extern const char *const at_option_tables[];  /* names, by bit */
typedef struct AtOptionInfo AtOptionInfo;
struct AtOptionInfo {
  const char *name, *form, *help;
  unsigned tables;                  /* AT_FOR_… */
};
const AtOptionInfo *at_option_info(int i);
int at_options_parse(AtEnv *env, AtOptions *options, const char *text, size_t n, unsigned table);
void at_options_free(const AtAlloc *alloc, AtOptions *options);
int at_label_listed(const AtLabelList *list, const char *text, size_t n);

/************************ Interface to code in model.c ************************
** Model lists.
*/
enum { AT_FIRST_TOUCH, AT_LAST_TOUCH, AT_LAST_NON_DIRECT, AT_LINEAR, AT_POSITION_BASED,
       AT_TIME_DECAY, AT_J_SHAPED, AT_INVERSE_J, AT_CUSTOM, AT_PARTICIPATION, AT_POINTS,
       AT_MILESTONE, AT_U_SHAPED, AT_W_SHAPED, AT_FULL_PATH, AT_MARKOV, AT_SHAPLEY };

typedef struct AtModel AtModel;
struct AtModel {
  int kind;                         /* AT_FIRST_TOUCH .. */
  double first, middle, last, each; /* position weights; each = per milestone */
  int64_t half_life;                /* microseconds */
  int n_milestones;                 /* needs milestones 1..n; milestone(k): k */
  int order;                        /* of markov */
  double *effect;                   /* of markov, by label, owned; NULL until learned */
  char name[AT_MAX_NAME];           /* as written, blanks trimmed, lower case */
};
typedef struct AtModels AtModels;
struct AtModels {
  int n;
  AtModel model[AT_MAX_MODELS];
};
typedef struct AtModelInfo AtModelInfo;
struct AtModelInfo {
  int kind;
  const char *name, *form, *help;
};
const AtModelInfo *at_model_info(int i);
int at_models_parse(AtEnv *env, AtModels *models, const char *text, size_t n,
                    int has_points, int n_milestones);
void at_models_free(const AtAlloc *alloc, AtModels *models);

/************************ Interface to code in path.c *************************
** The window of a conversion among its entity's touches, and its path.
*/
typedef struct AtWindow AtWindow;
struct AtWindow {
  uint32_t first, limit;            /* touch rows [first, limit) */
};
/* Slides over the conversions of one entity in time order. */
typedef struct AtSlider AtSlider;
struct AtSlider {
  const AtStore *touches;
  const AtOptions *options;
  uint32_t end;                     /* last touch row + 1 that exists (as_of) */
  uint32_t limit, oldest, journey;  /* next touch, lookback start, last silence's end */
  uint32_t fresh;                   /* first touch that reset leaves over */
  int64_t last_conversion;
};
typedef struct AtPath AtPath;
struct AtPath {
  uint32_t n, capacity;
  uint32_t *row;                    /* rows of the touches store */
  uint32_t *label;
  int64_t *time;
  double *points;
  double *weight, *part;            /* room for dividing */
  double *credit, *value;           /* at_divide()'s result */
  uint32_t *scratch, *order;
  uint32_t *seen;                   /* by label: mark of the last path that had it */
  uint32_t *count;                  /* by label: 0 between calls */
  uint32_t n_labels, mark;
  uint8_t *ignored, *direct;        /* by label: listed in the options */
  int n_milestones;
  int32_t milestone[AT_MAX_MILESTONES]; /* position from 0, -1 = missing */
};
void at_slider_start(AtSlider *s, const AtStore *touches, const AtOptions *options,
                     uint32_t first, uint32_t limit);
AtWindow at_slider_next(AtSlider *s, int64_t conversion_time);
int at_path_open(AtEnv *env, AtPath *path, const AtStore *touches, const AtOptions *options);
int at_path_build(AtEnv *env, AtPath *path, const AtStore *touches, const AtOptions *options,
                  AtWindow window);
void at_path_milestones(AtPath *path, const AtStore *conversions, uint32_t conversion,
                        int64_t as_of);
int at_path_reserve(AtEnv *env, AtPath *path, uint32_t n);
uint32_t at_path_mark(AtPath *path);
int at_path_labels(AtEnv *env, AtPath *path, uint32_t n_labels);
void at_path_close(const AtAlloc *alloc, AtPath *path);

/************************ Interface to code in weights.c **********************
** The weights of one path under one model.
*/
int32_t at_single_touch(const AtModel *model, const AtPath *path);
int at_weights(AtEnv *env, const AtModel *model, AtPath *path, double *weight);
int at_is_single(const AtModel *model);
double at_points_sum(const AtPath *path);

/************************ Interface to code in allocate.c *********************
** A value in parts that add up to it.
*/
void at_allocate(AtEnv *env, double value, const double *weight, uint32_t n, double unit,
                 double *part, uint32_t *scratch);
void at_settle(AtEnv *env, double value, double *part, uint32_t n);

typedef struct AtSum AtSum;         /* a compensated sum */
struct AtSum { double sum, rest; };
/* s + x exactly, as a double and its rounding error (Knuth's TwoSum). */
static inline void at_sum_add(AtSum *s, double x){
  double sum = s->sum + x, shadow = sum - s->sum;
  s->rest += (s->sum - (sum - shadow)) + (x - shadow);
  s->sum = sum;
}
static inline double at_sum_total(const AtSum *s){ return s->sum + s->rest; }

/************************ Interface to code in credit.c ***********************
** Walks conversions x journeys and divides each conversion.
*/
#define AT_NO_ENTITY UINT32_MAX
typedef struct AtWalk AtWalk;
struct AtWalk {
  const AtStore *touches, *conversions;
  const AtOptions *options;
  uint32_t entity, entity_limit;    /* of conversions */
  uint32_t touch_entity;            /* the first of touches that is not before it */
  uint32_t conversion;              /* the current row of conversions */
  AtWindow window;                  /* its touches */
  uint32_t next_conversion, conversion_limit;
  int entity_open;
  AtSlider slider;
  AtPath path;
};
int at_walk_open(AtEnv *env, AtWalk *walk, const AtStore *touches, const AtStore *conversions,
                 const AtOptions *options, const AtCell *only);
int at_walk_range(AtEnv *env, AtWalk *walk, uint32_t first, uint32_t limit);
int at_walk_next(AtEnv *env, AtWalk *walk);
void at_walk_close(const AtAlloc *alloc, AtWalk *walk);
int at_divide(AtEnv *env, AtPath *path, const AtModel *model, double value, double unit);
int at_keys_conflict(const AtStore *touches, const AtStore *conversions);
int at_keys_agree(AtEnv *env, const AtStore *touches, const AtStore *conversions,
                  const char *touches_column, const char *conversions_column);
int at_compare_keys(const AtStore *a, uint32_t i, const AtStore *b, uint32_t j);

/************************ Interface to code in by_label.c *********************
** The conversions that have a label in their path, label by label.
*/
#define AT_NO_LABEL (UINT32_MAX-1)
#define AT_IS_KEPT UINT32_MAX       /* as a window's first: its limit is a place in kept[] */
typedef struct AtKept AtKept;       /* one conversion of many labels, divided by every model */
struct AtKept {
  uint32_t n;                       /* touches of its path */
  uint32_t *position, *row, *label; /* of these, by (label, position) */
  double *credit, *value;           /* likewise, n for each model */
  uint8_t *divided;                 /* by model: it credits some touch */
};
typedef struct AtByLabel AtByLabel;
struct AtByLabel {
  uint32_t n_lists;                 /* in the order of their texts */
  uint32_t unattributed;            /* the list of conversions that credit nothing */
  int shares;                       /* it is also the list of a label of that text */
  size_t *start;                    /* n_lists + 1 offsets into conversion[] */
  uint32_t *conversion;             /* rows, ascending in each list */
  AtWindow *window;                 /* by row of conversions */
  AtKept *kept;
  size_t n_kept, kept_capacity;
};
int at_by_label_open(AtEnv *env, AtByLabel *b, AtWalk *walk, const AtModels *models, int whole);
uint32_t at_by_label_label(const AtByLabel *b, uint32_t list);
const AtKept *at_by_label_visit(AtEnv *env, const AtByLabel *b, AtWalk *walk, size_t visit, size_t limit);
uint32_t at_kept_from(const AtKept *k, uint32_t label);
void at_by_label_close(const AtAlloc *alloc, AtByLabel *b);

/************************ Interface to code in detail.c ***********************
** Rows of conversion x model x credited touch, in key order or by model and label.
*/
enum { AT_BY_NOTHING, AT_BY_MODEL, AT_BY_LABEL };
typedef struct AtDetailOrder AtDetailOrder;
struct AtDetailOrder {                    /* of rows: by first, then by second; texts in byte order */
  int first, second;                /* AT_BY_NOTHING .. */
  int first_descends, second_descends;
};
typedef struct AtDetail AtDetail;
struct AtDetail {
  AtWalk walk;                      /* its conversion is the current one */
  const AtModels *models;
  AtDetailOrder order;
  int wants_value;                  /* whether values will be asked for */
  AtByLabel lists;                  /* where order is not by nothing */
  int by_name[AT_MAX_MODELS];       /* models by name */
  uint64_t pass, n_passes;          /* next pair of list and model */
  size_t visit, visit_limit;        /* next conversion of the list */
  uint32_t label;                   /* rows of this label only, or AT_ANY_LABEL */
  int takes_unattributed;           /* rows that credit nothing */
  int first_model, model_limit;     /* of the pass */
  int model;                        /* of the current row */
  int open, divided;                /* a conversion is current; the model credits some touch */
  uint32_t touch, touch_limit;      /* current row in the arrays below */
  const AtKept *kept;
  const uint32_t *row, *touch_label;
  const double *credit, *value;
  int has_credit, has_value;        /* they are settled, divided */
  int entity_known;
};
#define AT_ANY_LABEL UINT32_MAX
int at_detail_open(AtEnv *env, AtDetail *d, const AtStore *touches, const AtStore *conversions,
                   const AtOptions *options, const AtModels *models, const AtCell *only, AtDetailOrder order);
int at_detail_next(AtEnv *env, AtDetail *d);
uint32_t at_detail_entity(AtDetail *d);
uint32_t at_detail_position(const AtDetail *d);
uint32_t at_detail_length(const AtDetail *d);
double at_detail_credit(AtEnv *env, AtDetail *d);
double at_detail_value(AtEnv *env, AtDetail *d);
double at_detail_whole(const AtDetail *d);
void at_detail_close(const AtAlloc *alloc, AtDetail *d);

/************************ Interface to code in summary.c **********************
** Credit by model, period and channel.
*/
typedef struct AtSummaryRow AtSummaryRow;
struct AtSummaryRow {
  int model;
  int64_t period;
  uint32_t label;                   /* touches' label, or AT_NO_LABEL */
  double conversions, value, share;
  uint64_t touches;
};
typedef struct AtSummary AtSummary;
struct AtSummary {
  AtSummaryRow *rows;               /* by (model, period, channel text) */
  size_t n;
};
int at_summarize(AtEnv *env, AtSummary *summary, const AtWalk *walk, const AtModels *models);
void at_summary_free(const AtAlloc *alloc, AtSummary *summary);

/************************ Interface to code in journeys.c *********************
** Paths, converting or not.
*/
typedef struct AtJourneys AtJourneys;
struct AtJourneys {
  const AtStore *touches, *conversions;
  const AtOptions *options;
  uint32_t touch_entity, touch_limit;          /* next entity of touches */
  uint32_t conversion_entity, conversion_entity_limit;
  int stage;                        /* next entity, its conversions, its runs */
  uint32_t conversion, conversion_limit;       /* next conversion of the entity */
  uint32_t run, run_limit;          /* touches not yet looked at for runs */
  uint32_t cut;                     /* next conversion that may end a run */
  uint32_t next_cover;              /* next conversion whose window covers */
  AtSlider slider, cover;
  AtWindow covered;
  uint32_t number;                  /* of the current row within its entity, from 1 */
  int converted;                    /* of the current row */
  uint32_t row;                     /* its conversion */
  AtWindow window;                  /* its touches; */
  AtPath path;                      /* without those that the options leave out */
};
int at_journeys_open(AtEnv *env, AtJourneys *j, const AtStore *touches,
                     const AtStore *conversions, const AtOptions *options);
void at_journeys_only(AtJourneys *j, const AtCell *key);
void at_journeys_part(AtJourneys *j, uint32_t part, uint32_t parts);
int at_journeys_window(AtEnv *env, AtJourneys *j);
int at_journeys_next(AtEnv *env, AtJourneys *j);
int at_journeys_are_windows(const AtOptions *options);
AtCell at_journeys_key(const AtJourneys *j);
double at_journeys_seconds(const AtJourneys *j);
void at_journeys_close(const AtAlloc *alloc, AtJourneys *j);

/************************ Interface to code in group.c ************************
** One divided path, by label and by row.
*/
void at_credit_json(AtEnv *env, AtPath *path, const AtStore *store, int credited, AtText *json);
void at_credit_by_row(AtEnv *env, const AtPath *path, const AtStore *store, const AtModel *model, int credited,
                      double *share, uint32_t n_rows);

/************************ Interface to code in extreme.c **********************
** The earliest or latest value over a moving frame of rows.
*/
typedef struct AtExtremeItem AtExtremeItem;
struct AtExtremeItem {
  int64_t time;
  uint64_t row;                     /* number of the row in the partition */
  size_t offset, n;                 /* encoded value in bytes[] */
};
typedef struct AtExtreme AtExtreme;
struct AtExtreme {
  int latest;                       /* 0 earliest, 1 latest */
  int keeps_best;                   /* no row will leave */
  uint64_t added, removed;          /* rows */
  AtExtremeItem *items;             /* ring of candidates, best first */
  size_t head, n, capacity;
  char *bytes;
  size_t n_bytes, bytes_capacity;
};
int at_extreme_add(AtEnv *env, AtExtreme *x, int64_t time, const AtCell *value);
void at_extreme_keep_best(AtExtreme *x);
void at_extreme_skip(AtExtreme *x);
void at_extreme_remove(AtExtreme *x);
int at_extreme_best(const AtExtreme *x, AtCell *value);
void at_extreme_free(const AtAlloc *alloc, AtExtreme *x);

#endif
