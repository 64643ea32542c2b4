/*
** forecast.h: core.h continued, for the forecast of a pipeline: the interface of each
** of its files, cut by banners. The conventions are those of core.h.
*/
#ifndef ATTRIBUTION_FORECAST_H
#define ATTRIBUTION_FORECAST_H

#include "funnel.h"

/************************ Interface to code in past.c *************************
** A history of passes as stays in stages, and how each of them ended.
*/
#define AT_FORECAST_PARTS 20        /* parts of the history that are left out in turn */
#define AT_FORECAST_CELLS 4000      /* cells of time that the longest stay may have */
#define AT_EVIDENCE 10u             /* stays that must have lasted as long as the deal's */
#define AT_NO_PART UINT32_MAX
#define AT_ALL_LABELS UINT32_MAX

typedef struct AtPastStay AtPastStay; /* in one stage, of one pass */
struct AtPastStay {
  int64_t stay, whole;              /* in the stage; from entering it to the pass's end: cells */
  uint32_t label;                   /* tag of history, AT_ALL_LABELS without labels */
  uint8_t stage;                    /* from 1 */
  uint8_t ending;                   /* of the pass: AT_CONVERTED, AT_CLOSED, AT_CENSORED */
  uint8_t part;                     /* of the history, below n_parts */
};
typedef struct AtPast AtPast;
struct AtPast {
  AtPastStay *stays;                /* by stage, longest stay first */
  AtPastStay *labelled;             /* by label, stage, longest first; NULL without labels */
  uint32_t n, capacity;
  uint32_t n_parts;                 /* 1 .. AT_FORECAST_PARTS */
  int64_t unit;                     /* microseconds of a cell */
  uint32_t cells;                   /* of the longest whole, + 1 */
};
#define AT_JUST_ENTERED (-1)        /* an age: all stays are longer */
int at_past_open(AtEnv *env, AtPast *p, const AtFunnel *f);
const AtPastStay *at_past_stays(const AtPast *p, uint32_t label, uint32_t stage, uint32_t *n);
uint32_t at_past_longer(const AtPast *p, uint32_t label, uint32_t stage, int64_t age);
int64_t at_past_age(const AtPast *p, uint32_t stage, int64_t age);
void at_past_free(const AtAlloc *alloc, AtPast *p);

/************************ Interface to code in landmark.c *********************
** What became of those who were in a stage at an age.
*/
typedef struct AtCell3 AtCell3;     /* wholes that end in one cell */
struct AtCell3 { uint32_t ended[3]; /* by AT_CONVERTED .. */ };
typedef struct AtLandmark AtLandmark;
struct AtLandmark {
  const AtPast *past;
  uint32_t without_part;            /* left out, AT_NO_PART = none */
  const AtPastStay *stays;          /* of the label and the stage */
  uint32_t n_stays, next;           /* next to come in */
  uint32_t n;                       /* longer than the age */
  int64_t age;
  AtCell3 *cells;                   /* of these n, by cell of their whole */
};
int at_landmark_open(AtEnv *env, AtLandmark *m, const AtPast *past, uint32_t without_part);
void at_landmark_stage(AtLandmark *m, uint32_t label, uint32_t stage);
void at_landmark_age(AtLandmark *m, int64_t age);
double at_landmark_won(const AtLandmark *m, const double *edges, uint32_t n, double *by, double *mean);
void at_landmark_free(const AtAlloc *alloc, AtLandmark *m);

/************************ Interface to code in atoms.c ************************
** The distribution of a sum of independent amounts, each of which comes or does not.
*/
#define AT_MAX_ATOMS 2048           /* more are drawn together */
typedef struct AtAtoms AtAtoms;
struct AtAtoms {
  double *sum, *chance;             /* by sum; chances add up to 1 */
  double *next_sum, *next_chance;   /* room for the next step */
  uint32_t n;
};
int at_atoms_open(AtEnv *env, AtAtoms *a);
void at_atoms_start(AtAtoms *a);
void at_atoms_add(AtAtoms *a, double amount, double chance);
void at_atoms_free(const AtAlloc *alloc, AtAtoms *a);

typedef struct AtBets AtBets;       /* amounts, with the chances of one period */
struct AtBets {
  const double *amount;             /* may be negative */
  const double *chance;
  uint32_t n;
  double doubt;                     /* standard deviation of the expected sum */
};
int at_bets_interval(AtEnv *env, const AtBets *bets, double confidence, double *low, double *high);

/************************ Interface to code in forecast.c *********************
** Open deals and an outlook -> what they will bring, and when.
*/
typedef struct AtOpenDeal AtOpenDeal;
struct AtOpenDeal {
  uint32_t entity, row;             /* of the open deals' store */
  uint32_t stage, seat;             /* deals of one stage and age share a seat */
  uint32_t longer;                  /* stays in history longer than the deal's age */
  double age_days, probability, low, high;
  double value, expected_value;     /* NaN where the value is NULL */
  int64_t close;                    /* when expected, if won; AT_NO_TIME = never */
};
typedef struct AtDue AtDue;         /* what one period will bring */
struct AtDue {
  int64_t period;
  uint32_t deals;                   /* that may be won in it */
  double value;                     /* of these, if all were */
  double expected_deals, expected_value, low, high;
};
typedef struct AtForecast AtForecast;
struct AtForecast {
  int64_t now;
  AtOpenDeal *deals;
  uint32_t n;
  AtDue *dues;
  uint32_t n_dues;
};
enum { AT_FORECAST_DEALS, AT_FORECAST_PERIODS };
int at_forecast(AtEnv *env, AtForecast *x, const AtStore *open_deals, const AtStore *history,
                const AtStages *stages, const AtOptions *options, int what);
void at_forecast_free(const AtAlloc *alloc, AtForecast *x);

#endif
