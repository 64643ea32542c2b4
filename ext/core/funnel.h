/*
** funnel.h: core.h continued, for the funnel family: the interface of each of
** its files, cut by banners. The conventions are those of core.h.
*/
#ifndef ATTRIBUTION_FUNNEL_H
#define ATTRIBUTION_FUNNEL_H

#include "core.h"

#define AT_MAX_STAGES 128            /* stages of a list */
#define AT_MAX_CONDITIONS 1000       /* of a condition function */
#define AT_CONDITION_WORDS ((AT_MAX_CONDITIONS+63)/64)
#define AT_MAX_ELEMENTS 1000         /* of a pattern */

/************************ Interface to code in conditions.c *******************
** Rows of one group: a time and the set of conditions that hold.
*/
typedef struct AtConditions AtConditions;
struct AtConditions {
  uint32_t n, capacity;             /* rows */
  uint32_t n_conditions, words;     /* words: uint64s of a row's set */
  int has_forms;
  int is_lent;                      /* the three columns are somebody else's room */
  int64_t *time;
  uint64_t *set;                    /* bit k-1 of a row: condition k */
  uint8_t *form;                    /* of the times, with has_forms */
  uint64_t row[AT_CONDITION_WORDS]; /* the set of the row to be added */
};
#define AT_ROOM_ROWS 16
typedef struct AtConditionRoom AtConditionRoom; /* for the rows of a small group */
struct AtConditionRoom {
  int64_t time[AT_ROOM_ROWS];
  uint64_t set[AT_ROOM_ROWS];
  uint8_t form[AT_ROOM_ROWS];
};
const char *at_condition(const AtCell *cell, int *holds);
int at_conditions_open(AtEnv *env, AtConditions *c, uint32_t n_conditions, int has_forms);
void at_conditions_lend(AtConditions *c, AtConditionRoom *room);
void at_conditions_hold(AtConditions *c, uint32_t k);
int at_conditions_add(AtEnv *env, AtConditions *c, int64_t time, uint8_t form, int keep_empty);
int at_conditions_sort(AtEnv *env, AtConditions *c);
int at_conditions_compare(const AtConditions *c, uint32_t a, uint32_t b);
void at_conditions_json(AtEnv *env, const AtConditions *c, const uint32_t *rows, uint32_t n, AtText *json);
void at_conditions_free(const AtAlloc *alloc, AtConditions *c);
static inline const uint64_t *at_conditions_set(const AtConditions *c, uint32_t row){
  return c->set + (size_t)row*c->words;
}
/* Whether condition k holds in a row. */
static inline int at_holds(const AtConditions *c, uint32_t row, uint32_t k){
  return (int)(at_conditions_set(c, row)[(k-1)/64]>>((k-1)%64) & 1);
}
int at_retention_json(AtEnv *env, const AtConditions *c, AtText *json);

/************************ Interface to code in window_funnel.c ****************
** The furthest step that the rows of one group reach in order, within a window.
*/
enum { AT_STRICT_DEDUPLICATION = 1, AT_STRICT_ORDER = 2, AT_STRICT_INCREASE = 4,
       AT_STRICT_ONCE = 8, AT_ALLOW_REENTRY = 16 };
typedef struct AtFunnelRule AtFunnelRule;
struct AtFunnelRule {
  int64_t window;                   /* microseconds, INT64_MAX = none */
  unsigned modes;                   /* AT_STRICT_DEDUPLICATION … */
};
int at_funnel_rule(AtEnv *env, AtFunnelRule *rule, const AtCell *window_and_modes);
int at_funnel_modes(AtEnv *env, AtFunnelRule *rule, const char *text, size_t n);
uint32_t at_window_funnel(AtEnv *env, const AtConditions *c, const AtFunnelRule *rule, uint32_t *rows);

/************************ Interface to code in assign.c ***********************
** Steps to rows at one instant, one row each.
*/
typedef struct AtAssign AtAssign;
struct AtAssign {
  const AtConditions *c;
  uint32_t first, n, capacity;      /* rows [first, first+n) */
  uint32_t *step;                   /* by row: its step, 0 = free */
  uint32_t *visited;                /* by row: mark of the last search */
  uint32_t *row;                    /* by step: its row, or AT_NO_ROW */
  uint32_t mark;
  uint32_t bound_step, bound_row;   /* this step may take this row only; 0 = none is bound */
};
#define AT_NO_ROW UINT32_MAX
int at_assign_start(AtEnv *env, AtAssign *a, const AtConditions *c, uint32_t first, uint32_t n);
int at_assign_step(AtEnv *env, AtAssign *a, uint32_t step);
void at_assign_drop(AtAssign *a, uint32_t step);
void at_assign_free(const AtAlloc *alloc, AtAssign *a);

/************************ Interface to code in pattern.c **********************
** '(?1).*(?t<=3600)(?2)'
*/
enum { AT_ELEMENT_CONDITION, AT_ELEMENT_ANY, AT_ELEMENT_STAR, AT_ELEMENT_GATE };
enum { AT_GATE_LE, AT_GATE_LT, AT_GATE_GE, AT_GATE_GT, AT_GATE_EQ, AT_GATE_NE };
typedef struct AtElement AtElement;
struct AtElement {
  int kind, gate;                   /* AT_ELEMENT_…, AT_GATE_… */
  uint32_t condition;               /* from 1 */
  int64_t duration;                 /* microseconds */
};
typedef struct AtPattern AtPattern;
struct AtPattern {
  AtElement *elements;
  uint32_t n, capacity;
};
int at_pattern_parse(AtEnv *env, AtPattern *p, const char *text, size_t n, uint32_t n_conditions);
void at_pattern_free(const AtAlloc *alloc, AtPattern *p);

/************************ Interface to code in sequence.c *********************
** Matches of a pattern among the rows of one group.
*/
int at_sequence_match(AtEnv *env, const AtPattern *p, const AtConditions *c);
uint64_t at_sequence_count(AtEnv *env, const AtPattern *p, const AtConditions *c);
uint32_t at_sequence_rows(AtEnv *env, const AtPattern *p, const AtConditions *c, uint32_t *rows);

/************************ Interface to code in next_node.c ********************
** What follows a chain of consecutive rows.
*/
enum { AT_HEAD, AT_TAIL, AT_FIRST_MATCH, AT_LAST_MATCH };
typedef struct AtNodes AtNodes;
struct AtNodes {
  AtConditions rows;                /* condition 1: the base condition */
  int backward, base;               /* base: AT_HEAD … */
  uint64_t *offset;                 /* by row: of its value in bytes */
  uint32_t capacity;
  AtText bytes;                     /* uint32 length, tag, value */
  uint32_t *order;                  /* of the rows, once sorted */
};
int at_nodes_open(AtEnv *env, AtNodes *x, uint32_t n_steps, const AtCell *direction, const AtCell *base);
int at_nodes_add(AtEnv *env, AtNodes *x, int64_t time, const AtCell *value);
int at_nodes_next(AtEnv *env, AtNodes *x, AtCell *value);
void at_nodes_free(const AtAlloc *alloc, AtNodes *x);

/************************ Interface to code in session.c **********************
** Session numbers of rows in order of time.
*/
typedef struct AtSession AtSession;
struct AtSession {
  int64_t last;                     /* time of the last row that has one */
  int64_t number;                   /* of its session, 0 = none yet */
  int is_null;                      /* the last row has no time */
  int is_waiting, is_asked;         /* rows came since the last question; there was one */
};
int at_session_add(AtEnv *env, AtSession *s, int64_t time, int64_t gap);
int64_t at_session_number(AtEnv *env, AtSession *s);

/************************ Interface to code in survival.c *********************
** The share that converts as time goes by, with competing outcomes.
*/
enum { AT_CONVERTED = 0, AT_CLOSED = 1, AT_CENSORED = 2 };
typedef struct AtSpread AtSpread;   /* of a cumulative incidence */
struct AtSpread { double own, with_staying; };  /* variance, covariance with staying */
typedef struct AtCurve AtCurve;
struct AtCurve {
  const uint64_t *keys;             /* sorted at_spell()s */
  uint32_t n, next;
  int64_t time;                     /* of the current point, microseconds */
  int64_t steps;                    /* taken by at_curve_step() */
  uint32_t at_risk, converted, closed, censored;
  double staying;                   /* share that has neither converted nor closed */
  double conversion;                /* cumulative incidence of converting */
  double before, staying_before;    /* both, at the last censoring */
  double stretch, stretch_converted, stretch_gone; /* at risk after it, and gone since */
  double v_staying;                 /* variance of staying */
  AtSpread v_conversion, v_closing;
};
/* A spell of time and how it ended, as a key that sorts by both. */
static inline uint64_t at_spell(int64_t duration, int ending){
  return (uint64_t)duration<<2 | (unsigned)ending;
}
static inline int64_t at_spell_time(uint64_t spell){ return (int64_t)(spell>>2); }
void at_curve_start(AtCurve *x, const uint64_t *keys, uint32_t n);
int at_curve_next(AtCurve *x);
int at_curve_until(AtCurve *x, int64_t time);
int at_curve_step(AtCurve *x, int64_t step);
double at_curve_error(const AtCurve *x);
int at_curve_bounds(const AtCurve *x, double z, double *low, double *high);

typedef struct AtSpells AtSpells;   /* a growing list of at_spell()s */
struct AtSpells { uint64_t *keys; uint32_t n, capacity; };
int at_spells_add(AtEnv *env, AtSpells *s, int64_t duration, int ending);

/************************ Interface to code in stays.c ************************
** Times in a stage and how they ended, and what they come to.
*/
typedef struct AtStays AtStays;     /* a growing list of at_spell()s */
struct AtStays {
  void *keys;                       /* uint32 or uint64 each */
  uint32_t n, capacity;
};
typedef struct AtStayFigures AtStayFigures;
struct AtStayFigures { double mean, median, p90, expected; }; /* days, a share; NaN = none */
#define AT_SHORT_STAY (INT64_C(1)<<30) /* times below this fit four bytes */
int at_stays_grow(AtEnv *env, AtStays *s, int bytes);
int at_stays_join(AtEnv *env, AtStays *s, const AtStays *piece, int bytes);
int at_stays_figures(AtEnv *env, AtStays *s, int bytes, int64_t unit, uint32_t n_converted,
                     uint32_t inferred, AtStayFigures *out);
void at_stays_free(const AtAlloc *alloc, AtStays *s);
static inline int at_stays_add(AtEnv *env, AtStays *s, int bytes, int64_t time, int ending){
  if( s->n>=s->capacity && !at_stays_grow(env, s, bytes) ) return 0;
  if( bytes==4 ) ((uint32_t*)s->keys)[s->n++] = (uint32_t)at_spell(time, ending);
  else ((uint64_t*)s->keys)[s->n++] = at_spell(time, ending);
  return 1;
}

/************************ Interface to code in stages.c ***********************
** 'inquiry > mql > sal [2 days] > sql? > won'
*/
typedef struct AtStage AtStage;
struct AtStage {
  const char *text;                 /* into AtStages.copy */
  size_t n;
  int optional;
  int64_t limit;                    /* microseconds since the stage before, -1 = none */
};
typedef struct AtStages AtStages;
struct AtStages {
  uint32_t n, capacity;
  AtStage *stage;
  char *copy;
};
int at_stages_parse(AtEnv *env, AtStages *s, const char *text, size_t n, int plain);
uint32_t at_stage_number(const AtStages *s, const char *text, size_t n);
void at_stages_free(const AtAlloc *alloc, AtStages *s);

/************************ Interface to code in funnel.c ***********************
** An entity's passes through the stages.
*/
enum { AT_ADVANCED, AT_WON, AT_EXITED, AT_RECYCLED, AT_OPEN, AT_REMOVED };
/* What an event's label is, if it is no stage (those are 1, 2, …): in the order
** in which they count at one instant. */
enum { AT_CODE_EXIT = -1, AT_CODE_DROP = -2, AT_CODE_EXCLUDE = -3, AT_CODE_OTHER = -4 };
/* Which stage may open the next pass. */
enum { AT_OPENS_ANY, AT_OPENS_NOT_LAST, AT_OPENS_FIRST };
typedef struct AtPassRow AtPassRow; /* one stage of one pass */
struct AtPassRow {
  int64_t entered, left;            /* left: AT_NO_TIME while open, and when won */
  uint32_t event, left_event;       /* rows of events; left has the form of left_event */
  uint32_t stage, number;           /* of the list, from 1; number: in order=any k-th */
  int outcome, inferred;
};
typedef struct AtPass AtPass;
struct AtPass {
  uint32_t first, n;                /* of rows */
  int64_t opened;
  uint32_t opened_event, last_event; /* first and last that entered a stage */
  uint32_t held;                    /* tag, 0 without hold */
  uint32_t furthest;
  int outcome;
};
typedef struct AtStep AtStep;       /* an event of an entity that counts */
struct AtStep {
  int64_t time;
  uint32_t event, held;             /* row of events; tag of hold=, else 0 */
  int32_t code;
};
/* Why an event of a listed label changed nothing; or that it took its pass away. */
enum { AT_IS_REPEATED, AT_IS_EARLIER, AT_IS_LATE, AT_OPENS_NOTHING, AT_ENDS_NOTHING, AT_REMOVES_PASS };
typedef struct AtIgnored AtIgnored;
struct AtIgnored { uint32_t event; int why; };
typedef struct AtFunnel AtFunnel;
struct AtFunnel {
  const AtStore *events;
  const AtStages *stages;
  const AtOptions *options;
  int64_t now;
  int16_t *code;                    /* by label: stage number, or AT_CODE_EXIT … */
  int is_share;                     /* code is another one's */
  int64_t patience[AT_MAX_STAGES+1]; /* by stage: how long any next one may take, -1 = for ever */
  const uint32_t *tag, *held;       /* by row of events: label, value of hold=; NULL = none */
  AtStep *steps;                    /* of one entity */
  uint32_t *order;                  /* of them */
  uint32_t capacity;
  AtPassRow *rows;
  AtPass *passes;
  uint32_t *pass_order;
  uint32_t n_rows, rows_capacity, n_passes, passes_capacity;
  int keeps_ignored;                /* whether ignored[] is wanted */
  AtIgnored *ignored;               /* events of the entity */
  uint32_t n_ignored, ignored_capacity;
};
int at_funnel_check(AtEnv *env, const AtStages *stages, const AtOptions *options);
int at_funnel_open(AtEnv *env, AtFunnel *f, const AtStore *events, const AtStages *stages,
                   const AtOptions *options);
void at_funnel_share(AtFunnel *own, const AtFunnel *f);
int at_funnel_entity(AtEnv *env, AtFunnel *f, uint32_t entity);
int at_funnel_rank(int code);
uint32_t at_funnel_label(const AtFunnel *f, const AtPass *pass, const AtPassRow *row);
double at_funnel_seconds(const AtFunnel *f, const AtPassRow *row);
void at_funnel_close(const AtAlloc *alloc, AtFunnel *f);

/************************ Interface to code in funnel_count.c *****************
** Passes added up by stage, label and period.
*/
typedef struct AtStageCount AtStageCount; /* one stage of one group */
struct AtStageCount {
  uint32_t outcome[AT_OPEN+1];      /* passes by AT_ADVANCED … */
  uint32_t inferred;                /* of the advanced ones; they are not in stays */
  AtStays stays;
};
typedef struct AtFunnelCount AtFunnelCount;
struct AtFunnelCount {
  const AtFunnel *f;
  int bytes;                        /* of a stay */
  int64_t unit;                     /* microseconds of a stay's time: 1, or a second */
  AtPairs groups;                   /* (period, label) */
  AtStageCount *counts;             /* stages->n per group */
  uint32_t capacity;                /* groups */
};
int at_funnel_count(AtEnv *env, AtFunnelCount *c, const AtFunnel *f, uint32_t entity, uint32_t limit);
AtStageCount *at_funnel_group(AtEnv *env, AtFunnelCount *c, int64_t period, uint32_t label);
void at_funnel_count_start(AtFunnelCount *c, const AtFunnel *f, int64_t earliest);
void at_funnel_count_free(const AtAlloc *alloc, AtFunnelCount *c);

/************************ Interface to code in funnel_summary.c ***************
** Passes by stage, label and period.
*/
typedef struct AtStageRow AtStageRow;
struct AtStageRow {
  int64_t period;
  uint32_t label, number;           /* number of the stage, from 1 */
  uint64_t entered, outcome[AT_OPEN+1]; /* by AT_ADVANCED … */
  double rate, rate_low, rate_high, overall, mean, median, p90, expected; /* NaN = NULL */
};
typedef struct AtStageTable AtStageTable;
struct AtStageTable { AtStageRow *rows; uint32_t n; };
int at_funnel_summarize(AtEnv *env, AtStageTable *table, const AtFunnel *f);
void at_stage_table_free(const AtAlloc *alloc, AtStageTable *table);

/************************ Interface to code in curves.c ***********************
** Subjects -> curves by period and label.
*/
typedef struct AtCurves AtCurves;
struct AtCurves {
  AtPairs groups;
  AtSpells *spells;                 /* by group */
  uint32_t *order;                  /* of the groups: by period, label */
  uint32_t n_spells;
};
int at_curves_open(AtEnv *env, AtCurves *x, const AtStore *subjects, const AtOptions *options);
void at_curves_free(const AtAlloc *alloc, AtCurves *x);

#endif
