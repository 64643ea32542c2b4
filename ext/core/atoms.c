/*
** atoms.c: the distribution of a sum of independent amounts, each of which comes with its
** own chance or does not; and an interval that the sum lies in.
**
** How it works. The distribution is a list of atoms, (sum, chance), by sum. An amount that
** comes with chance p makes two lists of it, one as it was times 1-p, one moved by the amount
** times p, which are merged; equal sums become one atom. So it is exact up to
** AT_MAX_ATOMS different sums (11 amounts always, equal amounts as many as there are).
** Beyond, atoms that lie close together are drawn together in their centre, which keeps the
** total and the mean exactly: half of AT_MAX_ATOMS intervals over what is left when a
** part of 1e-12 is cut off at either end and becomes an atom of its own; the atoms that weigh
** much, such as that nothing comes at all, stay what they are. No random numbers, so no seed.
**
** The chances themselves are estimates. Their common error is one more number: all chances
** are moved together on the scale of log odds by a normal variable, whose spread is such that
** the expected sum moves by its own standard error, and the distributions are mixed over it
** by Gauss and Hermite's five points.
**
** Of more than EXACT amounts the greatest are taken so. The sum of the others, none of which
** matters alone, is as good as normal: FLIPS tosses of a coin with its mean and variance.
*/
#include "forecast.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define EXACT 2000u                  /* amounts that are taken one by one */
#define CUT 1e-12
#define HEAVY (1/256.0)             /* atoms of this chance are left as they are */
#define NODES 5
#define FLIPS 32
/* Abramowitz and Stegun, Handbook (1964), table 25.10, for the standard normal variable:
** nodes sqrt(5 -+ sqrt(10)), weights 8/15 and (7 +- 2 sqrt(10))/60. */
static const double node[NODES] = {-2.8569700138728056, -1.3556261799742659, 0, 1.3556261799742659, 2.8569700138728056};
static const double node_weight[NODES] = {0.011257411327720689, 0.22207592200561264, 0.53333333333333333,
                                          0.22207592200561264, 0.011257411327720689};

/*********************************** Atoms ***********************************/

int at_atoms_open(AtEnv *env, AtAtoms *a){
  memset(a, 0, sizeof *a);
  a->sum = at_alloc(env, 8*(size_t)AT_MAX_ATOMS, sizeof *a->sum);
  if( a->sum==NULL ) return 0;
  a->chance = a->sum+2*AT_MAX_ATOMS;
  a->next_sum = a->chance+2*AT_MAX_ATOMS;
  a->next_chance = a->next_sum+2*AT_MAX_ATOMS;
  at_atoms_start(a);
  return 1;
}

/* The sum of nothing. */
void at_atoms_start(AtAtoms *a){
  a->n = 1;
  a->sum[0] = 0;
  a->chance[0] = 1;
}

void at_atoms_free(const AtAlloc *alloc, AtAtoms *a){
  double *block = a->sum;
  if( a->next_sum && a->next_sum<block ) block = a->next_sum;
  at_free(alloc, block);
  memset(a, 0, sizeof *a);
}

/* What has been written to next becomes the list. */
static void swap_lists(AtAtoms *a, uint32_t n){
  double *sum = a->sum, *chance = a->chance;
  a->sum = a->next_sum;
  a->chance = a->next_chance;
  a->next_sum = sum;
  a->next_chance = chance;
  a->n = n;
}

/* Draws atoms [from, to) together as one at place out. */
static void draw_together(AtAtoms *a, uint32_t from, uint32_t to, uint32_t out){
  double chance = 0, moment = 0;
  uint32_t i;
  for(i=from; i<to; i++){
    chance += a->chance[i];
    moment += a->chance[i]*(a->sum[i]-a->sum[from]);
  }
  a->next_sum[out] = chance>0 ? a->sum[from]+moment/chance : a->sum[from];
  a->next_chance[out] = chance;
}

/* Which of the intervals of a width a sum falls into; never falls as the sum rises. */
static double interval_of(const AtAtoms *a, uint32_t i, uint32_t first, double width){
  return floor((a->sum[i]-a->sum[first])/width);
}

/* Fewer atoms: at most AT_MAX_ATOMS/2+3, and two more for each heavy one, of which
** there are at most 1/HEAVY. */
static void thin_out(AtAtoms *a){
  uint32_t first = 0, limit = a->n, i, n = 0;
  double tail = 0, width;
  while( first+1<limit && tail+a->chance[first]<CUT ) tail += a->chance[first++];
  tail = 0;
  while( limit>first+1 && tail+a->chance[limit-1]<CUT ) tail += a->chance[--limit];
  if( first>0 ) draw_together(a, 0, first, n++);
  width = (a->sum[limit-1]-a->sum[first])/(AT_MAX_ATOMS/2);
  for(i=first; i<limit; ){
    uint32_t end = i+1;
    double interval = interval_of(a, i, first, width);
    while( end<limit && a->chance[i]<HEAVY && a->chance[end]<HEAVY && interval_of(a, end, first, width)==interval ) end++;
    draw_together(a, i, end, n++);
    i = end;
  }
  if( limit<a->n ) draw_together(a, limit, a->n, n++);
  assert( n<=AT_MAX_ATOMS );
  swap_lists(a, n);
}

/* One more amount, of any sign, that comes with a chance from 0 to 1. */
void at_atoms_add(AtAtoms *a, double amount, double chance){
  uint32_t i = 0, j = 0, n = 0;
  if( amount==0 || !(chance>0) ) return;
  if( a->n>AT_MAX_ATOMS ) thin_out(a);
  while( i<a->n || j<a->n ){
    double stay = i<a->n ? a->sum[i] : INFINITY, come = j<a->n ? a->sum[j]+amount : INFINITY;
    double sum = stay<come ? stay : come, p = 0;
    if( stay==sum ) p += a->chance[i++]*(1-chance);
    if( come==sum ) p += a->chance[j++]*chance;
    a->next_sum[n] = sum;
    a->next_chance[n++] = p;
  }
  swap_lists(a, n);
}

/********************************** Intervals ********************************/

typedef struct Bets Bets;
struct Bets {
  const AtBets *given;
  int scale;                        /* amounts are multiples of 2^scale, so that squares are in range */
  double *amount;
  uint32_t *order;                  /* the greatest amounts first */
  double *chance;                   /* moved */
  AtAtoms atoms;
  double *sum, *mixed;              /* of all nodes: sums, and chances times weights */
  uint32_t n;
};

static int compare_amounts(const void *amounts, uint32_t a, uint32_t b){
  const double *x = amounts;
  double left = fabs(x[a]), right = fabs(x[b]);
  if( left!=right ) return left>right ? -1 : 1;
  return x[a]>x[b] ? -1 : x[a]<x[b];
}

static int compare_sums(const void *sums, uint32_t a, uint32_t b){
  const double *x = sums;
  return x[a]<x[b] ? -1 : x[a]>x[b];
}

/* A chance moved on the scale of log odds, however far. */
static double moved(double chance, double shift){
  if( !(chance>0) || !(chance<1) ) return chance;
  return 1/(1+at_exp(-at_log(chance/(1-chance))-shift));
}

/* The amounts, the greatest of which becomes 1/2 to 1, and the order that they are taken in. */
static void scale_amounts(AtEnv *env, Bets *x){
  const AtBets *b = x->given;
  double greatest = 0;
  uint32_t i;
  for(i=0; i<b->n; i++) greatest = fmax(greatest, fabs(b->amount[i]));
  frexp(greatest, &x->scale);
  x->amount = at_alloc(env, b->n, sizeof *x->amount);
  if( x->amount==NULL ) return;
  for(i=0; i<b->n; i++) x->amount[i] = ldexp(b->amount[i], -x->scale);
  x->order = at_sorted(env, b->n, compare_amounts, x->amount);
}

/* How far the log odds vary so that the expected sum varies by doubt. */
static double spread_of(const AtBets *b){
  double slope = 0;
  uint32_t i;
  for(i=0; i<b->n; i++) slope += fabs(b->amount[i])*b->chance[i]*(1-b->chance[i]);
  return slope>0 && b->doubt>0 ? b->doubt/slope : 0;
}

/* The amounts that are not taken one by one, as coins of one size. */
static void add_others(Bets *x, uint32_t from){
  const AtBets *b = x->given;
  double mean = 0, variance = 0, coin;
  uint32_t i;
  for(i=from; i<b->n; i++){
    double amount = x->amount[x->order[i]], p = x->chance[x->order[i]];
    mean += amount*p;
    variance += amount*amount*p*(1-p);
  }
  coin = 2*sqrt(variance/FLIPS);
  for(i=0; i<FLIPS; i++) at_atoms_add(&x->atoms, coin, 0.5);
  for(i=0; i<x->atoms.n; i++) x->atoms.sum[i] += mean-coin*FLIPS/2;
}

/* The distribution with all log odds moved, added to the mixture. */
static int add_node(AtEnv *env, Bets *x, double shift, double weight){
  const AtBets *b = x->given;
  uint32_t i, one_by_one = b->n<EXACT ? b->n : EXACT;
  for(i=0; i<b->n; i++) x->chance[i] = moved(b->chance[i], shift);
  at_atoms_start(&x->atoms);
  for(i=0; i<one_by_one; i++){
    at_atoms_add(&x->atoms, x->amount[x->order[i]], x->chance[x->order[i]]);
    if( !at_alive(env, x->atoms.n) ) return 0;
  }
  if( one_by_one<b->n ) add_others(x, one_by_one);
  for(i=0; i<x->atoms.n; i++){
    x->sum[x->n] = x->atoms.sum[i];
    x->mixed[x->n++] = x->atoms.chance[i]*weight;
  }
  return 1;
}

/* The least sum that has at least this share of the mixture at or below it. */
static double quantile(const Bets *x, const uint32_t *order, double share){
  double below = 0;
  uint32_t i;
  assert( x->n>0 );
  for(i=0; i+1<x->n; i++){
    below += x->mixed[order[i]];
    if( below>=share-1e-12 ) break;
  }
  return x->sum[order[i]];
}

/* An interval that the sum lies in with at least this confidence, the rest shared out
** evenly between below and above. */
int at_bets_interval(AtEnv *env, const AtBets *bets, double confidence, double *low, double *high){
  Bets x = {0};
  double spread = spread_of(bets);
  uint32_t *order = NULL;
  int k;
  *low = *high = 0;
  x.given = bets;
  scale_amounts(env, &x);
  x.chance = at_alloc(env, bets->n, sizeof *x.chance);
  x.sum = at_alloc(env, 4*NODES*(size_t)AT_MAX_ATOMS, sizeof *x.sum);
  at_atoms_open(env, &x.atoms);
  x.mixed = x.sum ? x.sum+2*NODES*AT_MAX_ATOMS : NULL;
  for(k=0; k<NODES && !env->error.code; k++){
    if( spread>0 ) add_node(env, &x, spread*node[k], node_weight[k]);
    else if( k==0 ) add_node(env, &x, 0, 1);
  }
  if( !env->error.code ) order = at_sorted(env, x.n, compare_sums, x.sum);
  if( order ){
    *low = ldexp(quantile(&x, order, (1-confidence)/2), x.scale);
    *high = ldexp(quantile(&x, order, (1+confidence)/2), x.scale);
  }
  at_free(env->alloc, order);
  at_atoms_free(env->alloc, &x.atoms);
  at_free(env->alloc, x.sum);
  at_free(env->alloc, x.chance);
  at_free(env->alloc, x.order);
  at_free(env->alloc, x.amount);
  return !env->error.code;
}
