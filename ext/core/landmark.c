/*
** landmark.c: what became of those who were in a stage at an age: which share of them was won,
** and by when.
**
** How it works. At the landmark, an age in a stage, all stays count that were longer. How
** long they had still to go until their pass was won, closed, or lost from sight (still
** open: censored) gives, cell by cell, with n at risk, w won and c closed (Aalen and Johansen, 1978)
**
**   won += staying * w/n          staying *= 1 - (w+c)/n
**
** Asked from a landmark this needs no Markov assumption: deals that were slow in one stage may
** be slow in the next (Putter and Spitoni, 2018). What is censored last is in neither share: it
** counts as not won. Between two censorings the shares are counts over those at risk
** at the first, so without censoring they are plain shares, to the last bit.
**
** A wholes' cell counts as spread evenly from half a cell before to half a cell after.
*/
#include "forecast.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* For stays of past but those of one part. Starts at no stage. To be freed in any case. */
int at_landmark_open(AtEnv *env, AtLandmark *m, const AtPast *past, uint32_t without_part){
  memset(m, 0, sizeof *m);
  m->past = past;
  m->without_part = without_part;
  m->cells = at_alloc(env, past->cells, sizeof *m->cells);
  return m->cells!=NULL;
}

void at_landmark_free(const AtAlloc *alloc, AtLandmark *m){
  at_free(alloc, m->cells);
  memset(m, 0, sizeof *m);
}

/* Starts anew with the stays of a label (or AT_ALL_LABELS) in a stage; ages come next. */
void at_landmark_stage(AtLandmark *m, uint32_t label, uint32_t stage){
  m->stays = at_past_stays(m->past, label, stage, &m->n_stays);
  m->next = m->n = 0;
  m->age = INT64_MAX;
  memset(m->cells, 0, m->past->cells*sizeof *m->cells);
}

/* Moves to an age, in cells, that is not above the one before. */
void at_landmark_age(AtLandmark *m, int64_t age){
  assert( age<=m->age );
  m->age = age;
  for(; m->next<m->n_stays && m->stays[m->next].stay>age; m->next++){
    const AtPastStay *stay = &m->stays[m->next];
    if( stay->part==m->without_part ) continue;
    m->cells[stay->whole].ended[stay->ending]++;
    m->n++;
  }
}

typedef struct Curve Curve;
struct Curve {
  double won, staying;
  double won_before, staying_before; /* at the last censoring */
  double stretch, won_since, gone_since; /* at risk after it, and what has happened since */
  int closed;                       /* whether anyone was */
};

/* One cell; returns the share that is won in it. */
static double advance(Curve *c, const uint32_t *ended, uint32_t n){
  double before = c->won;
  c->won_since += ended[AT_CONVERTED];
  c->gone_since += (double)ended[AT_CONVERTED]+ended[AT_CLOSED];
  c->closed |= ended[AT_CLOSED]>0;
  c->won = c->won_before + c->staying_before*(c->won_since/c->stretch);
  c->staying = c->staying_before*((c->stretch-c->gone_since)/c->stretch);
  if( ended[AT_CENSORED]>0 ){
    c->won_before = c->won;
    c->staying_before = c->staying;
    c->stretch = (double)(n-ended[AT_CONVERTED]-ended[AT_CLOSED]-ended[AT_CENSORED]);
    c->won_since = c->gone_since = 0;
  }
  return c->won-before;
}

/* The share that is won at all; by[i]: within edges[i] cells from the landmark, edges ascending
** (the last may be INFINITY). *mean: in how many cells, of those that are won. */
double at_landmark_won(const AtLandmark *m, const double *edges, uint32_t n, double *by, double *mean){
  Curve c = {0, 1, 0, 1, 0, 0, 0, 0};
  uint32_t at_risk = m->n, edge = 0;
  double moment = 0;
  int64_t start = m->age<0 ? 0 : m->age, cell;
  c.stretch = at_risk;
  for(cell=start; cell<(int64_t)m->past->cells && at_risk>0; cell++){
    const uint32_t *ended = m->cells[cell].ended;
    double from = (double)(cell-start)-0.5, before = c.won, share = 0;
    if( ended[0]+ended[1]+ended[2]>0 ) share = advance(&c, ended, at_risk);
    at_risk -= ended[0]+ended[1]+ended[2];
    moment += share*(double)(cell-start);
    for(; edge<n && edges[edge]<from+1; edge++) by[edge] = before+(edges[edge]>from ? (edges[edge]-from)*share : 0);
  }
  if( c.staying==0 && !c.closed ) c.won = 1; /* all are won: for certain, not but for a rounding */
  for(; edge<n; edge++) by[edge] = c.won;
  *mean = c.won>0 ? moment/c.won : 0;
  return c.won;
}
