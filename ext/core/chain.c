/*
** chain.c: an absorbing chain ready to be solved: the states that the start
** reaches, their probabilities row by row, and who holds which channel.
**
** States are numbered in depth-first postorder: as far as the chain goes forward a
** state stands after all that it leads to, so that sweeps in this order carry what is
** known of the ends all the way back at once. The expected visits from the start are
** weight / weight of the start wherever what enters a state also leaves it, which is
** so for counts of whole paths; else they are worked out by pushing flow forward.
**
** Steps from a state to itself are left out: they change how long a chain takes, not
** where it ends.
*/
#include "effects.h"

#include <math.h>
#include <string.h>

#define UNSEEN UINT32_MAX

/* The steps of state s are first[s] .. first[s+1]; the caller frees. */
static uint32_t *step_offsets(AtEnv *env, const AtSteps *steps){
  uint32_t *first = at_alloc(env, (size_t)steps->n+1, sizeof *first), s, e = 0;
  if( first==NULL ) return NULL;
  for(s=0; s<steps->n && at_alive(env, 1); s++){
    first[s] = e;
    while( e<steps->n_steps && steps->steps[e].from==s ) e++;
  }
  first[s] = e;
  return first;
}

/* Depth-first from one state; place[] receives the postorder numbers. stack has room
** for all states, next[] is where each goes on. */
static void visit(AtEnv *env, AtChain *c, const AtSteps *steps, const uint32_t *first, uint32_t from,
                  uint32_t *place, uint32_t *next, uint32_t *stack){
  uint32_t depth = 0;
  stack[depth++] = from;
  next[from] = first[from];
  while( depth>0 && at_alive(env, 1) ){
    uint32_t s = stack[depth-1], to;
    if( next[s]>=first[s+1] ){
      place[s] = c->n;
      c->state[c->n++] = s;
      depth--;
      continue;
    }
    to = steps->steps[next[s]++].to;
    if( next[to]!=UNSEEN ) continue;
    next[to] = first[to];
    stack[depth++] = to;
  }
}

static int find_reached(AtEnv *env, AtChain *c, const AtSteps *steps, const uint32_t *first, uint32_t *place){
  uint32_t *next = at_alloc(env, steps->n, sizeof *next), *stack = at_alloc(env, steps->n, sizeof *stack), s;
  c->state = at_alloc(env, steps->n, sizeof *c->state);
  for(s=0; s<steps->n && at_alive(env, 1); s++) next[s] = place[s] = UNSEEN;
  for(s=0; s<steps->n && !env->error.code; s++){
    if( steps->states[s].start>0 && next[s]==UNSEEN ) visit(env, c, steps, first, s, place, next, stack);
    at_alive(env, 1);
  }
  at_free(env->alloc, next);
  at_free(env->alloc, stack);
  return !env->error.code;
}

/* Probabilities and gains of the reached states; weight[]: what leaves each. */
static int fill_rows(AtEnv *env, AtChain *c, const AtSteps *steps, const uint32_t *first,
                     const uint32_t *place, double *weight, double total){
  size_t n = 0;
  uint32_t i, e;
  for(i=0; i<c->n; i++) n += first[c->state[i]+1]-first[c->state[i]];
  c->row = at_alloc(env, (size_t)c->n+1, sizeof *c->row);
  c->edges = at_alloc(env, n, sizeof *c->edges);
  c->gain = at_alloc(env, c->n, 2*sizeof *c->gain);
  c->loss = at_alloc(env, c->n, sizeof *c->loss);
  c->start = at_alloc(env, c->n, sizeof *c->start);
  if( env->error.code ) return 0;
  for(i=0, n=0; i<c->n && at_alive(env, 1); i++){
    uint32_t s = c->state[i], limit;
    const AtState *state = &steps->states[s];
    weight[i] = at_steps_leaving(steps, s, first[s], &limit);
    c->row[i] = n;
    for(e=first[s]; e<limit; e++){
      c->edges[n].to = place[steps->steps[e].to];
      c->edges[n++].probability = steps->steps[e].weight/weight[i];
    }
    c->gain[2*i] = state->conversions/weight[i];
    c->gain[2*i+1] = at_sum_total(&state->value)/weight[i];
    c->loss[i] = state->nulls/weight[i];
    c->start[i] = state->start/total;
  }
  c->row[c->n] = n;
  return !env->error.code;
}

/* A state's channels, for a message. */
static void fail_loop(AtEnv *env, const AtSteps *steps, const AtDict *names, uint32_t state){
  const AtState *s = &steps->states[state];
  AtText text = {0};
  uint32_t i;
  for(i=0; i<s->n; i++){
    AtCell name = at_dict_cell(names, steps->channel[s->first+i]);
    if( i ) at_text_add(env, &text, " > ", 3);
    at_text_add(env, &text, name.text, name.n);
  }
  at_fail(env, AT_INVALID, "from state %s no path ever ends (I - Q has no inverse); add the weight that leaves it "
          "for '(conversion)' or '(null)'", at_quote(text.text ? text.text : "", text.n).text);
  at_text_free(env->alloc, &text);
}

/* The states that lead to state s are from[into[s]] .. from[into[s+1]]. */
typedef struct Back Back;
struct Back { uint32_t *into, *from; };

static int turn_round(AtEnv *env, Back *back, const AtSteps *steps){
  uint32_t e, s;
  back->into = at_alloc(env, (size_t)steps->n+2, sizeof *back->into);
  back->from = at_alloc(env, steps->n_steps, sizeof *back->from);
  if( env->error.code ) return 0;
  memset(back->into, 0, ((size_t)steps->n+2)*sizeof *back->into);
  for(e=0; e<steps->n_steps && at_alive(env, 1); e++) back->into[steps->steps[e].to+2]++;
  for(s=2; s<=steps->n; s++) back->into[s] += back->into[s-1];
  for(e=0; e<steps->n_steps && at_alive(env, 1); e++) back->from[back->into[steps->steps[e].to+1]++] = steps->steps[e].from;
  return !env->error.code;
}

/* From every state an end must be reached, also from those that the start does not:
** the states are found backwards from the ends. */
static int check_ends(AtEnv *env, const AtSteps *steps, const AtDict *names){
  Back back = {NULL, NULL};
  uint8_t *ends = at_alloc(env, steps->n, 1);
  uint32_t *found = at_alloc(env, steps->n, sizeof *found), n = 0, i, k;
  if( !env->error.code && turn_round(env, &back, steps) ){
    for(i=0; i<steps->n && at_alive(env, 1); i++){
      ends[i] = steps->states[i].conversions+steps->states[i].nulls>0;
      if( ends[i] ) found[n++] = i;
    }
    for(i=0; i<n && at_alive(env, 1); i++){
      for(k=back.into[found[i]]; k<back.into[found[i]+1]; k++){
        uint32_t s = back.from[k];
        if( ends[s] ) continue;
        ends[s] = 1;
        found[n++] = s;
      }
    }
    for(i=0; i<steps->n && !env->error.code && ends[i]; i++){}
    if( i<steps->n && !env->error.code ) fail_loop(env, steps, names, i);
  }
  at_free(env->alloc, ends);
  at_free(env->alloc, found);
  at_free(env->alloc, back.into);
  at_free(env->alloc, back.from);
  return !env->error.code;
}

/* Expected visits, if what enters a state also leaves it; else none. */
static int find_visits(AtEnv *env, AtChain *c, const AtSteps *steps, const double *weight, double total){
  uint32_t i;
  size_t e;
  int balanced = 1;
  c->visits = at_alloc(env, c->n, sizeof *c->visits);
  if( c->visits==NULL ) return 0;
  for(i=0; i<c->n; i++) c->visits[i] = steps->states[c->state[i]].start;
  for(i=0; i<c->n && at_alive(env, (uint32_t)(c->row[i+1]-c->row[i])+1); i++){
    for(e=c->row[i]; e<c->row[i+1]; e++) c->visits[c->edges[e].to] += weight[i]*c->edges[e].probability;
  }
  for(i=0; i<c->n; i++){
    if( fabs(c->visits[i]-weight[i])>1e-9*weight[i] ) balanced = 0;
    c->visits[i] /= total;
  }
  if( !balanced ){
    at_free(env->alloc, c->visits);
    c->visits = NULL;
  }
  return !env->error.code;
}

/* Works out the expected visits where flows do not balance: pushed forward until so
** little is on its way that whatever becomes of it cannot be seen in a result. Sets
** c->is_slow where it goes round too long. */
int at_chain_visits(AtEnv *env, AtChain *c){
  double *waiting = at_alloc(env, c->n, sizeof *waiting), moving = 1;
  uint32_t i, round;
  size_t e;
  c->visits = at_alloc(env, c->n, sizeof *c->visits);
  for(i=0; i<c->n && !env->error.code; i++){
    waiting[i] = c->start[i];
    c->visits[i] = 0;
  }
  for(round=0; moving>1e-18 && !c->is_slow && !env->error.code; round++){
    moving = 0;
    for(i=c->n; i-->0 && at_alive(env, 1); ){
      double flow = waiting[i];
      waiting[i] = 0;
      c->visits[i] += flow;
      for(e=c->row[i]; e<c->row[i+1]; e++) waiting[c->edges[e].to] += flow*c->edges[e].probability;
    }
    for(i=0; i<c->n; i++) moving += waiting[i];
    c->is_slow = round>10*AT_MAX_ROUNDS;     /* of one unknown, not eight */
  }
  for(i=0; i<c->n && !env->error.code; i++) c->visits[i] += waiting[i];
  at_free(env->alloc, waiting);
  return !env->error.code;
}

/* The states of every channel. A state may hold one twice; it is listed once. */
static int find_members(AtEnv *env, AtChain *c, const AtSteps *steps){
  uint32_t i, k, pass;
  size_t n = 0;
  uint32_t *last = at_alloc(env, steps->n_channels, sizeof *last);
  c->n_channels = steps->n_channels;
  c->member = at_alloc(env, (size_t)c->n_channels+2, sizeof *c->member);
  if( env->error.code ){
    at_free(env->alloc, last);
    return 0;
  }
  memset(c->member, 0, ((size_t)c->n_channels+2)*sizeof *c->member);
  for(pass=0; pass<2 && !env->error.code; pass++){
    for(i=0; i<c->n_channels; i++) last[i] = UNSEEN;
    for(i=0; i<c->n; i++){
      const AtState *s = &steps->states[c->state[i]];
      if( !at_alive(env, s->n) ) break;
      for(k=0; k<s->n; k++){
        uint32_t channel = steps->channel[s->first+k];
        if( last[channel]==i ) continue;
        last[channel] = i;
        if( pass==0 ) c->member[channel+2]++;
        else c->members[c->member[channel+1]++] = i;
      }
    }
    if( pass>0 ) break;
    for(k=0; k<c->n_channels; k++) c->member[k+2] += c->member[k+1];
    n = c->member[c->n_channels+1];
    c->members = at_alloc(env, n, sizeof *c->members);
  }
  at_free(env->alloc, last);
  return !env->error.code;
}

/* Makes the chain of some steps; names are for the message about a closed loop.
** at_chain_free() must follow whatever this returns. */
int at_chain_open(AtEnv *env, AtChain *c, const AtSteps *steps, const AtDict *names){
  uint32_t *first, *place, i;
  double *weight, total = 0;
  memset(c, 0, sizeof *c);
  first = step_offsets(env, steps);
  place = at_alloc(env, steps->n, sizeof *place);
  weight = at_alloc(env, steps->n, sizeof *weight);
  for(i=0; i<steps->n && at_alive(env, 1); i++) total += steps->states[i].start;
  if( !env->error.code && find_reached(env, c, steps, first, place)
   && check_ends(env, steps, names)
   && fill_rows(env, c, steps, first, place, weight, total)
   && find_visits(env, c, steps, weight, total) ) find_members(env, c, steps);
  at_free(env->alloc, first);
  at_free(env->alloc, place);
  at_free(env->alloc, weight);
  return !env->error.code;
}

void at_chain_free(const AtAlloc *alloc, AtChain *c){
  at_free(alloc, c->state);
  at_free(alloc, c->row);
  at_free(alloc, c->edges);
  at_free(alloc, c->gain);
  at_free(alloc, c->loss);
  at_free(alloc, c->start);
  at_free(alloc, c->visits);
  at_free(alloc, c->member);
  at_free(alloc, c->members);
  memset(c, 0, sizeof *c);
}
