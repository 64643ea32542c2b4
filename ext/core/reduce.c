/*
** reduce.c: every channel's removal by state reduction of the dense matrix
** (Grassmann, Taksar, Heyman 1985), for chains that are small or of order 1.
**
** Eliminating a state sends what flows through it straight on: w_ij grows by
** w_is w_sj / (all that leaves s). Nothing is ever subtracted, so every number keeps
** its full precision, however hardly a loop is left. When all states without c are
** gone, the start converts past c, goes to the states with c, or is lost; what they
** send to the conversion once they go too is what is lost with c.
**
** At order 1 that is
**
**   left without c = w(start, conversion)
**   lost with c    = w(start, c) w(c, conversion) / (all that leaves c)
**
** and the work is shared: the channels are halved, one copy of the matrix loses the
** first half, another the second, and each is halved again. The first two cost most
** of it, so all channels together take about the time of two eliminations.
**
** A row holds the states in the order in which they will go, then what is lost,
** converts, and its value; row 0 is the start.
*/
#include "effects.h"

#include <string.h>

enum { LOST, CONVERTS, VALUE, N_ENDS };

typedef struct Matrix Matrix;
struct Matrix {
  uint32_t n;                       /* states; rows 0 (start) .. n, columns 0 .. n-1, then the ends */
  uint32_t *state;                  /* of the chain, by column */
  double *cell;                     /* n + 1 rows of n + N_ENDS */
};

static double *row_of(const Matrix *m, uint32_t row){
  return m->cell + (size_t)row*(m->n+N_ENDS);
}

static int matrix_open(AtEnv *env, Matrix *m, uint32_t n){
  m->n = n;
  m->state = at_alloc(env, n, sizeof *m->state);
  m->cell = at_alloc(env, ((size_t)n+1)*(n+N_ENDS), sizeof *m->cell);
  return !env->error.code;
}

static void matrix_close(AtEnv *env, Matrix *m){
  at_free(env->alloc, m->state);
  at_free(env->alloc, m->cell);
}

/* Four states go at a time, so that a row is fetched once for the four. */
#define PANEL 4
#define STRIP 8                         /* columns; a fixed number, which compilers make vectors of */
typedef struct Panel Panel;
struct Panel {
  uint32_t first, n;                    /* its states' columns; n up to PANEL */
  const double *row[PANEL];             /* as they are when they go; beyond n any */
  double leaving[PANEL];                /* without what stays in the state */
};

/* The panel's own rows: each as it is when those before it have gone. */
static void open_panel(Matrix *m, Panel *p, uint32_t first, uint32_t limit){
  uint32_t width = m->n+N_ENDS, t, u, j;
  p->first = first;
  p->n = limit-first<PANEL ? limit-first : PANEL;
  for(t=0; t<PANEL; t++) p->row[t] = row_of(m, first+1 + (t<p->n ? t : 0));
  for(t=0; t<p->n; t++){
    uint32_t s = first+t;
    p->leaving[t] = 0;
    for(j=s+1; j<m->n+VALUE; j++) p->leaving[t] += p->row[t][j];
    for(u=t+1; u<p->n; u++){
      double *row = row_of(m, first+u+1), part = row[s]/p->leaving[t];
      for(j=s+1; part>0 && j<width; j++) row[j] += part*p->row[t][j];
    }
  }
}

/* row[j] += what flows through the panel's states, in columns [j, width). */
static void add_flows(double *restrict row, const Panel *p, const double part[PANEL], uint32_t j, uint32_t width){
  const double *restrict a = p->row[0], *restrict b = p->row[1], *restrict c = p->row[2], *restrict d = p->row[3];
  uint32_t k;
  for(; j+STRIP<=width; j+=STRIP){
    for(k=0; k<STRIP; k++){
      row[j+k] += part[0]*a[j+k] + part[1]*b[j+k] + (part[2]*c[j+k] + part[3]*d[j+k]);
    }
  }
  for(; j<width; j++) row[j] += part[0]*a[j] + part[1]*b[j] + (part[2]*c[j] + part[3]*d[j]);
}

/* Sends on what a row has in the panel's states. */
static void pass_panel(const Matrix *m, const Panel *p, double *row){
  double part[PANEL] = {0, 0, 0, 0};
  uint32_t t, u, any = 0;
  for(t=0; t<p->n; t++){
    if( row[p->first+t]==0 ) continue;
    any = 1;
    part[t] = row[p->first+t]/p->leaving[t];
    for(u=t+1; u<p->n; u++) row[p->first+u] += part[t]*p->row[t][p->first+u];
  }
  if( any ) add_flows(row, p, part, p->first+p->n, m->n+N_ENDS);
}

/* Eliminates the states of columns [from, limit); those before are gone. */
static int eliminate(AtEnv *env, Matrix *m, uint32_t from, uint32_t limit){
  uint32_t i;
  while( from<limit ){
    Panel p;
    open_panel(m, &p, from, limit);
    pass_panel(m, &p, row_of(m, 0));
    for(i=from+p.n+1; i<=m->n; i++){
      pass_panel(m, &p, row_of(m, i));
      if( !at_alive(env, m->n-from) ) return 0;
    }
    from += p.n;
  }
  return at_alive(env, 1);
}

/* A matrix of columns [from, limit) of m, which had all others eliminated; with all
** columns, those first. */
static int copy_columns(AtEnv *env, Matrix *to, const Matrix *m, uint32_t from, uint32_t limit, int all){
  uint32_t n = limit-from, rest = all ? m->n-n : 0, i, k;
  if( !matrix_open(env, to, n+rest) ) return 0;
  for(i=0; i<=m->n; i++){
    /* the row's place in to: those of other columns come after, or not at all */
    uint32_t column = i==0 ? 0 : i-1, place;
    const double *old = row_of(m, i);
    double *row;
    if( i==0 ) place = 0;
    else if( column>=from && column<limit ) place = column-from+1;
    else if( !all ) continue;
    else place = n + (column<from ? column : column-n) + 1;
    row = row_of(to, place);
    for(k=0; k<n; k++) row[k] = old[from+k];
    for(k=0; k<rest; k++) row[n+k] = old[k<from ? k : k+n];
    for(k=0; k<N_ENDS; k++) row[n+rest+k] = old[m->n+k];
    if( place>0 ) to->state[place-1] = m->state[column];
    if( !at_alive(env, n+rest) ) return 0;
  }
  return 1;
}

/* One channel is left. */
static void read_channel(const Matrix *m, AtRemoved *removed){
  const double *start = row_of(m, 0), *c = row_of(m, 1);
  double leaving = c[1+LOST]+c[1+CONVERTS];
  AtRemoved *r = &removed[m->state[0]];
  r->left[0] = start[1+CONVERTS];
  r->left[1] = start[1+VALUE];
  r->lost[0] = start[0]*(c[1+CONVERTS]/leaving);
  r->lost[1] = start[0]*(c[1+VALUE]/leaving);
}

/* Halves the channels of a matrix until each has been alone. */
static int halve(AtEnv *env, const Matrix *m, AtRemoved *removed){
  uint32_t half = m->n/2, part;
  if( m->n==1 ){
    read_channel(m, removed);
    return 1;
  }
  for(part=0; part<2 && !env->error.code; part++){
    uint32_t from = part ? half : 0, limit = part ? m->n : half;   /* these go */
    Matrix work = {0, NULL, NULL}, rest = {0, NULL, NULL};
    if( copy_columns(env, &work, m, from, limit, 1) && eliminate(env, &work, 0, limit-from)
     && copy_columns(env, &rest, &work, limit-from, m->n, 0) ){
      matrix_close(env, &work);
      memset(&work, 0, sizeof work);
      halve(env, &rest, removed);
    }
    matrix_close(env, &work);
    matrix_close(env, &rest);
  }
  return !env->error.code;
}

/* The chain's matrix, states in the order of column[]: state -> column. */
static int fill_matrix(AtEnv *env, Matrix *m, const AtChain *chain, const uint32_t *column){
  uint32_t i;
  size_t e;
  memset(m->cell, 0, ((size_t)m->n+1)*(m->n+N_ENDS)*sizeof *m->cell);
  for(i=0; i<m->n && at_alive(env, m->n); i++){
    double *row = row_of(m, column[i]+1);
    m->state[column[i]] = i;
    row_of(m, 0)[column[i]] = chain->start[i];
    for(e=chain->row[i]; e<chain->row[i+1]; e++) row[column[chain->edges[e].to]] = chain->edges[e].probability;
    row[m->n+LOST] = chain->loss[i];
    row[m->n+CONVERTS] = chain->gain[2*i];
    row[m->n+VALUE] = chain->gain[2*i+1];
  }
  return !env->error.code;
}

/* Removes every state of a chain in turn; removed[] is by state. For order 1. */
int at_reduce_states(AtEnv *env, const AtChain *chain, AtRemoved *removed){
  Matrix m = {0, NULL, NULL};
  uint32_t *column = at_alloc(env, chain->n, sizeof *column), i;
  for(i=0; i<chain->n && column; i++) column[i] = i;
  if( column && matrix_open(env, &m, chain->n) && fill_matrix(env, &m, chain, column) ) halve(env, &m, removed);
  matrix_close(env, &m);
  at_free(env->alloc, column);
  return !env->error.code;
}

/* One channel, whose states come last: what is left when all others are gone, and what
** it sends to the conversion. */
static int reduce_channel(AtEnv *env, Matrix *m, uint32_t n_members, AtRemoved *r){
  double *start = row_of(m, 0);
  if( !eliminate(env, m, 0, m->n-n_members) ) return 0;
  r->left[0] = start[m->n+CONVERTS];
  r->left[1] = start[m->n+VALUE];
  start[m->n+CONVERTS] = start[m->n+VALUE] = 0;
  if( !eliminate(env, m, m->n-n_members, m->n) ) return 0;
  r->lost[0] = start[m->n+CONVERTS];
  r->lost[1] = start[m->n+VALUE];
  return 1;
}

/* Removes every channel that the chain has in turn; removed[] is by channel. For small
** chains of any order: each channel costs n^3 / 3. */
int at_reduce_channels(AtEnv *env, const AtChain *chain, AtRemoved *removed){
  Matrix m = {0, NULL, NULL};
  uint32_t *column = at_alloc(env, chain->n, sizeof *column), channel, i, next;
  size_t k;
  if( column ) matrix_open(env, &m, chain->n);
  for(channel=0; channel<chain->n_channels && !env->error.code; channel++){
    size_t first = chain->member[channel], limit = chain->member[channel+1];
    if( first==limit ) continue;
    for(i=0; i<chain->n; i++) column[i] = UINT32_MAX;
    for(k=first, next=chain->n; k<limit; k++) column[chain->members[k]] = --next;
    for(i=0, next=0; i<chain->n; i++) if( column[i]==UINT32_MAX ) column[i] = next++;
    if( fill_matrix(env, &m, chain, column) ) reduce_channel(env, &m, (uint32_t)(limit-first), &removed[channel]);
  }
  matrix_close(env, &m);
  at_free(env->alloc, column);
  return !env->error.code;
}
