/*
** test_landmark.c: what became of those who were in a stage at an age, by hand and against the
** recurrence of docs/forecast.md.
*/
#include "funnel_common.h"
#include "../../ext/core/forecast.h"

#define MOST 80

/* '5/9w 3/4x0 …': cells in the stage, cells to the end, how it ended, part; longest first. */
static void read_past(AtPast *p, AtPastStay *stays, const char *text){
  memset(p, 0, sizeof *p);
  p->stays = stays;
  p->unit = AT_SECOND;
  p->n_parts = 1;
  p->cells = 1;
  while( *text ){
    AtPastStay *s = &stays[p->n++];
    memset(s, 0, sizeof *s);
    s->stage = 1;
    s->label = AT_ALL_LABELS;
    text = read_integer(text, &s->stay);
    text = read_integer(text+1, &s->whole);
    s->ending = *text=='w' ? AT_CONVERTED : *text=='x' ? AT_CLOSED : AT_CENSORED;
    text++;
    if( *text>='0' && *text<='9' ) s->part = (uint8_t)(*text++-'0');
    if( (uint32_t)s->whole>=p->cells ) p->cells = (uint32_t)s->whole+1;
    while( *text==' ' ) text++;
  }
}

static void test_by_hand(void **state){
  static const struct { const char *past; int without; int64_t age; double won, mean; uint32_t n; } known[] = {
    {"", -1, 0, 0, 0, 0}, {"5/9w", -1, 0, 1, 9, 1}, {"5/9w", -1, 4, 1, 5, 1}, {"5/9w", -1, 5, 0, 0, 0}, {"5/9x", -1, 0, 0, 0, 1},
    {"5/9w 4/7x 3/3o", -1, 2, 0.5, 7, 3},                          /* censored at 3, 1 of 2 closed at 7, 1 of 1 won at 9 */
    {"5/9w 4/7x 3/3o", -1, 3, 0.5, 6, 2}, {"5/9w 4/7x 3/3o", -1, 4, 1, 5, 1},
    {"9/9o 4/6w", -1, 0, 0.5, 6, 2}, {"9/9o 4/9w", -1, 0, 0.5, 9, 2},  /* who is censored in a cell is at risk in it */
    {"5/5w1 5/5x0 4/4w1 4/4w0", -1, 0, 0.75, 13/3.0, 4}, {"5/5w1 5/5x0 4/4w1 4/4w0", 1, 0, 0.5, 4, 2}, {"5/5w1 5/5x0 4/4w1 4/4w0", 0, 0, 1, 4.5, 2},
    {"5/5w1 4/4w1", 1, 0, 0, 0, 0},
    {"0/0w 0/0x", -1, -1, 0.5, 0, 2}, {"0/0w 0/0x", -1, 0, 0, 0, 0}, {"1/4w 0/0x", -1, -1, 0.5, 4, 2}, {"1/4w 0/0x", -1, 0, 1, 4, 1},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    AtPastStay stays[MOST];
    AtPast p;
    AtLandmark m;
    double won, mean;
    read_past(&p, stays, known[i].past);
    assert_true(at_landmark_open(&env, &m, &p, known[i].without<0 ? AT_NO_PART : (uint32_t)known[i].without));
    at_landmark_stage(&m, AT_ALL_LABELS, 1);
    at_landmark_age(&m, known[i].age);
    won = at_landmark_won(&m, NULL, 0, NULL, &mean);
    if( won!=known[i].won || fabs(mean-known[i].mean)>1e-12 || m.n!=known[i].n ) fail_msg("case %zu: %g after %g, of %u", i, won, mean, m.n);
    at_landmark_free(env.alloc, &m);
  }
}

/* A win in a cell is spread from half a cell before to half a cell after. */
static void test_edges_by_hand(void **state){
  static const double edges[] = {0.1, 2.5, 2.75, 3, 3.5, 4, 9, 9.5, 10, INFINITY};
  static const double by[] = {0, 0, 0.125, 0.25, 0.5, 0.5, 0.75, 1, 1, 1};
  AtEnv env = heap_env(*state);
  AtPastStay stays[MOST];
  double found[COUNT(edges)], mean;
  AtPast p;
  AtLandmark m;
  size_t i;
  read_past(&p, stays, "5/11w 4/5w");
  assert_true(at_landmark_open(&env, &m, &p, AT_NO_PART));
  at_landmark_stage(&m, AT_ALL_LABELS, 1);
  at_landmark_age(&m, 2);
  assert_true(at_landmark_won(&m, edges, COUNT(edges), found, &mean)==1);
  for(i=0; i<COUNT(edges); i++) if( fabs(found[i]-by[i])>1e-15 ) fail_msg("by %g: %g, not %g", edges[i], found[i], by[i]);
  assert_true(mean==6);
  at_landmark_free(env.alloc, &m);
}

/* The recurrence, cell by cell: the share won by an edge, counted from the age. */
static double won_by(const AtPast *p, uint32_t without, int64_t age, double edge, double *mean, uint32_t *asked){
  int64_t cell, start = age<0 ? 0 : age;
  double won = 0, staying = 1, all = 0, moment = 0;
  uint32_t i;
  *asked = 0;
  for(i=0; i<p->n; i++) *asked += p->stays[i].stay>age && p->stays[i].part!=without;
  for(cell=start; cell<(int64_t)p->cells; cell++){
    double n = 0, w = 0, c = 0, part;
    for(i=0; i<p->n; i++){
      const AtPastStay *s = &p->stays[i];
      if( s->stay<=age || s->part==without || s->whole<cell ) continue;
      n++;
      w += s->whole==cell && s->ending==AT_CONVERTED;
      c += s->whole==cell && s->ending==AT_CLOSED;
    }
    if( n==0 ) break;
    part = edge-((double)(cell-start)-0.5);
    part = part<0 ? 0 : part>1 ? 1 : part;
    won += part*staying*w/n;
    all += staying*w/n;
    moment += (double)(cell-start)*staying*w/n;
    staying *= 1-(w+c)/n;
  }
  *mean = all>0 ? moment/all : 0;
  return won;
}

static int compare_longest(const void *a, const void *b){
  const AtPastStay *x = a, *y = b;
  return x->stay>y->stay ? -1 : x->stay<y->stay;
}

static void random_past(Random *r, AtPast *p, AtPastStay *stays, int endings){
  uint32_t i, length = 1 + random_below(r, 20);
  memset(p, 0, sizeof *p);
  p->stays = stays;
  p->n = random_below(r, MOST+1);
  p->unit = AT_SECOND;
  p->n_parts = 1 + random_below(r, 4);
  p->cells = 1;
  for(i=0; i<p->n; i++){
    stays[i] = (AtPastStay){.stay = random_below(r, length), .label = AT_ALL_LABELS, .stage = 1};
    stays[i].whole = stays[i].stay + random_below(r, 8);
    stays[i].ending = (uint8_t)random_below(r, (uint32_t)endings);
    stays[i].part = (uint8_t)random_below(r, p->n_parts);
    if( (uint32_t)stays[i].whole>=p->cells ) p->cells = (uint32_t)stays[i].whole+1;
  }
  if( p->n ) qsort(stays, p->n, sizeof *stays, compare_longest);
}

static void check_age(const AtLandmark *m, Random *r){
  double edges[6], by[6], mean, wanted_mean, won, before = 0;
  uint32_t n = random_below(r, COUNT(edges)), i, asked;
  for(i=0; i<n; i++) edges[i] = before += random_unit(r)*8;
  edges[n++] = INFINITY;
  won = at_landmark_won(m, edges, n, by, &mean);
  assert_true(fabs(won-won_by(m->past, m->without_part, m->age, INFINITY, &wanted_mean, &asked))<1e-12);
  assert_int_equal(m->n, asked);
  assert_true(fabs(mean-wanted_mean)<1e-9);
  assert_true(by[n-1]==won && won>=0 && won<=1);
  for(i=0; i<n; i++){
    assert_true(fabs(by[i]-won_by(m->past, m->without_part, m->age, edges[i], &wanted_mean, &asked))<1e-12);
    assert_true(by[i]<=won+1e-15 && (i==0 || by[i]>=by[i-1]-1e-15));
  }
}

static void test_the_recurrence(void **state){
  Random r = {1};
  int round;
  for(round=0; round<2000; round++){
    AtEnv env = heap_env(*state);
    AtPastStay stays[MOST];
    AtPast p;
    AtLandmark m;
    int64_t age;
    random_past(&r, &p, stays, 1 + (int)random_below(&r, 3));
    assert_true(at_landmark_open(&env, &m, &p, random_below(&r, 2) ? AT_NO_PART : random_below(&r, p.n_parts)));
    at_landmark_stage(&m, AT_ALL_LABELS, 1);
    for(age=(int64_t)p.cells; age>=AT_JUST_ENTERED; age-=1+random_below(&r, 3)){
      at_landmark_age(&m, age);
      check_age(&m, &r);
    }
    at_landmark_stage(&m, AT_ALL_LABELS, 2);       /* nobody was ever there */
    at_landmark_age(&m, AT_JUST_ENTERED);
    assert_int_equal(m.n, 0);
    at_landmark_free(env.alloc, &m);
  }
}

/* Without censoring the share is a count over a count, to the last bit; where nobody was closed and the last ones
** were won, 1, however many were censored. */
static void test_exact_shares(void **state){
  Random r = {2};
  int round, certain = 0;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    AtPastStay stays[MOST];
    AtPast p;
    AtLandmark m;
    double won, mean;
    uint32_t i, k = 0;
    int censored = round%2, last_won = 1;
    random_past(&r, &p, stays, 2);
    for(i=0; i<p.n; i++){
      if( censored && stays[i].ending==AT_CLOSED ) stays[i].ending = AT_CENSORED;
      k += stays[i].ending==AT_CONVERTED;
      if( stays[i].ending==AT_CENSORED && stays[i].whole==(int64_t)p.cells-1 ) last_won = 0;
    }
    assert_true(at_landmark_open(&env, &m, &p, AT_NO_PART));
    at_landmark_stage(&m, AT_ALL_LABELS, 1);
    at_landmark_age(&m, AT_JUST_ENTERED);
    won = at_landmark_won(&m, NULL, 0, NULL, &mean);
    if( p.n && !censored ) assert_true(won==(double)k/p.n);
    if( p.n && censored && last_won ){ certain++; assert_true(won==1); }
    at_landmark_free(env.alloc, &m);
  }
  assert_true(certain>100);
}

static void open_and_ask(AtEnv *env, void *given){
  AtLandmark m;
  double mean;
  if( at_landmark_open(env, &m, given, AT_NO_PART) ){
    at_landmark_stage(&m, AT_ALL_LABELS, 1);
    at_landmark_age(&m, 0);
    assert_true(at_landmark_won(&m, NULL, 0, NULL, &mean)==0.5);
  }
  at_landmark_free(env->alloc, &m);
}

static void test_failures(void **state){
  AtPastStay stays[MOST];
  AtPast p;
  read_past(&p, stays, "5/9w 4/7x 3/3o");
  check_failures(*state, open_and_ask, &p, 1);
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_by_hand),
    HEAP_TEST(test_edges_by_hand),
    HEAP_TEST(test_the_recurrence),
    HEAP_TEST(test_exact_shares),
    HEAP_TEST(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
