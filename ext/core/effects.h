/*
** effects.h: the internal header of the data-driven room of core/, cut by banners
** into the interface of each file. What its numbers mean is in docs/effects.md.
**
** The way: touches and conversions become AtPaths (trips.c), or a list of paths does
** (paths.c); at an order they become the AtSteps of a chain (steps.c, walks.c), or those
** come from counts (counts.c); AtChain is the same, sparse and ready to be solved
** (chain.c), which reduce.c does densely and sweep.c sparsely for removal.c. shapley.c
** and orders.c need no solving.
*/
#ifndef ATTRIBUTION_EFFECTS_H
#define ATTRIBUTION_EFFECTS_H

#include "core.h"

#define AT_MAX_ORDER 6
#define AT_MAX_WEIGHT 9007199254740992.0 /* 2^53: conversions, nulls, weights of a row, if not 0 */
#define AT_MIN_WEIGHT 1e-12             /* smaller ones would underflow along a path */
#define AT_MAX_GAME 20                  /* channels of the rate game: 2^20 coalitions */
#define AT_NO_CHANNEL UINT32_MAX

/************************ Interface to code in paths.c ************************
** Weighted paths of channels, from journeys or from text.
*/
typedef struct AtListed AtListed;
struct AtListed {
  size_t first;                     /* in channel[] */
  uint32_t n;                       /* channels of the path, 1 or more */
  double conversions, nulls, value;
};
/* A journey: its path is touches [first, first+n), or label[first ..] of its block. */
typedef struct AtTrip AtTrip;
struct AtTrip {
  size_t first;
  uint32_t n;                       /* labels, 1 or more */
  uint32_t conversion;              /* row of conversions, or AT_NO_CONVERSION */
};
#define AT_NO_CONVERSION UINT32_MAX
/* The journeys of neighbouring entities. */
typedef struct AtBlock AtBlock;
struct AtBlock {
  AtTrip *trips;
  size_t n, capacity;
  uint32_t *label;                  /* of all trips, where paths are not windows */
  size_t n_label, label_capacity;
  uint8_t *used;                    /* by label: some trip has it */
  uint64_t converted;               /* trips */
  uint64_t bare_conversions;        /* those without touches, which are no trips, */
  AtSum bare_value;                 /* and their value */
};
/* Paths from a list are in paths[], those from journeys in blocks[]. */
typedef struct AtPaths AtPaths;
struct AtPaths {
  AtDict names;                     /* of the channels; in text order once finished */
  AtListed *paths;
  uint32_t n;                       /* paths, from wherever */
  size_t capacity;
  uint32_t *channel;                /* of all listed paths, one after the other */
  size_t n_channel, channel_capacity;
  int has_value;
  AtSum conversions, nulls;         /* of all paths */
  AtSum bare_conversions, bare_value; /* of those without channels: (unattributed) */
  const AtStore *touches, *conversion_rows; /* of the journeys; NULL: a list */
  int are_windows;                  /* every path is its window of touches */
  AtBlock *blocks;
  uint32_t n_blocks;
  uint32_t *label_channel;          /* from journeys: touches' label -> channel or AT_NO_CHANNEL */
  uint32_t n_labels;
};
/* Where channels stand in text: between separators, without the blanks around. */
typedef struct AtSeparator AtSeparator;
struct AtSeparator { const char *text; size_t n; };

/* What a row says of its path. */
typedef struct AtOutcome AtOutcome;
struct AtOutcome { double conversions, nulls, value; };
int at_paths_text(AtEnv *env, AtPaths *p, const char *text, size_t n, AtSeparator separator,
                  const AtOutcome *outcome);
int at_paths_finish(AtEnv *env, AtPaths *p, double min_paths, int is_listed);
int at_channels_split(AtEnv *env, AtDict *names, const char *text, size_t n, AtSeparator separator,
                      uint32_t **channel, size_t *n_channel, size_t *capacity);
int at_has_channels(const char *text, size_t n, AtSeparator separator);
const char *at_find_separator(const char *from, const char *end, AtSeparator separator);
int at_has_bare(double conversions, double value);
void at_paths_free(const AtAlloc *alloc, AtPaths *p);

/************************ Interface to code in trips.c ************************
** Journeys as paths, made and read in parts, which threads may share.
*/
typedef struct AtReader AtReader;
struct AtReader {
  const AtPaths *paths;
  const AtBlock *block;             /* NULL: of a list */
  size_t next, limit;               /* paths still to come */
  uint32_t *room;                   /* for a path's channels */
  size_t capacity;
  const uint32_t *channel;          /* the current path's, */
  uint32_t n;                       /* so many, */
  AtOutcome outcome;                /* and what it brought */
};
int at_paths_journeys(AtEnv *env, AtPaths *p, const AtStore *touches, const AtStore *conversions,
                      const AtOptions *options);
uint32_t at_paths_parts(const AtPaths *p);
size_t at_paths_windows(const AtPaths *p, uint32_t part, uint32_t width);
void at_reader_open(AtReader *reader, const AtPaths *p, uint32_t part);
int at_reader_next(AtEnv *env, AtReader *reader);
void at_reader_close(const AtAlloc *alloc, AtReader *reader);
void at_blocks_free(const AtAlloc *alloc, AtPaths *p);

/************************ Interface to code in window.c ***********************
** Windows of up to 7 channels -> dense id.
*/
#define AT_MAX_WINDOW (AT_MAX_ORDER+1)
typedef struct AtWindows AtWindows;
struct AtWindows {
  AtPairs pairs;                    /* by the order of their channels */
  uint32_t width;                   /* channels of a window */
  uint64_t base;                    /* of the digits */
  uint64_t low_size;                /* numbers that the low word may be */
  uint64_t size;                    /* keys, windows that there may be; 0: too many for one word */
  uint32_t *direct;                 /* by key: id + 1, 0 none; NULL: through pairs */
};
int at_windows_open(AtEnv *env, AtWindows *w, uint32_t width, uint32_t n_channels);
int at_windows_direct(AtEnv *env, AtWindows *w, uint64_t most);
uint64_t at_window_key(const AtWindows *w, const uint32_t *channel, uint32_t n);
uint64_t at_window_key_of(const AtWindows *w, uint32_t id);
uint32_t at_window_of_key(AtEnv *env, AtWindows *w, uint64_t key);
int at_windows_of_keys(AtEnv *env, AtWindows *w, const uint64_t *keys, uint32_t n);
uint32_t *at_windows_order(AtEnv *env, const AtWindows *w);
void at_windows_close(const AtAlloc *alloc, AtWindows *w);
uint32_t at_window_id(AtEnv *env, AtWindows *w, const uint32_t *channel, uint32_t n);
uint32_t at_window_channels(const AtWindows *w, uint32_t id, uint32_t channel[AT_MAX_WINDOW]);

/************************ Interface to code in steps.c ************************
** The chain of paths at one order, as counts.
*/
typedef struct AtState AtState;
struct AtState {
  uint32_t first, n;                /* channels, in AtSteps.channel[] */
  double start, conversions, nulls; /* weights from (start), to the ends */
  AtSum value;                      /* of the paths that end here */
};
typedef struct AtMove AtMove;
struct AtMove { uint32_t from, to; double weight; };
typedef struct AtSteps AtSteps;
struct AtSteps {
  AtState *states;                  /* by their channels */
  uint32_t n;
  uint32_t *channel;
  AtMove *steps;                    /* by (from, to) */
  uint32_t n_steps;
  uint32_t n_channels;
  int has_value;
  double value_size;                /* sum of all values without their signs */
  double bare_conversions, bare_value;
};
/* Under construction: windows, and what belongs to their ids. */
typedef struct AtBuild AtBuild;
struct AtBuild {
  const AtPaths *paths;
  uint32_t k;                       /* the order */
  AtWindows states, steps;          /* of k and k + 1 channels */
  AtState *state;
  double *weight;                   /* by step */
  size_t state_capacity, weight_capacity;
  double value_size;
};
uint32_t at_build_state(AtEnv *env, AtBuild *b, uint32_t id);
int at_build_weights(AtEnv *env, AtBuild *b);
int at_steps_of_paths(AtEnv *env, AtSteps *s, const AtPaths *paths, int order);
double at_steps_leaving(const AtSteps *s, uint32_t state, uint32_t first_step, uint32_t *limit);
void at_steps_free(const AtAlloc *alloc, AtSteps *s);

/************************ Interface to code in walks.c ************************
** The steps of many paths, counted in parts.
*/
int at_count_in_tables(AtEnv *env, AtBuild *b);
int at_count_by_sorting(AtEnv *env, AtBuild *b);

/************************ Interface to code in transitions.c ******************
** The same as rows to write down.
*/
#define AT_START UINT32_MAX             /* instead of a state */
#define AT_CONVERSION (UINT32_MAX-1)
#define AT_NULL_END (UINT32_MAX-2)
typedef struct AtTransition AtTransition;
struct AtTransition {
  uint32_t from, to;                /* states, or one of the above */
  double weight, probability, value; /* value NaN: NULL */
};
typedef struct AtTransitions AtTransitions;
struct AtTransitions { AtTransition *rows; size_t n; };
int at_transitions(AtEnv *env, AtTransitions *t, const AtSteps *steps);
int at_state_text(AtEnv *env, AtText *text, const AtSteps *steps, const AtDict *names, uint32_t state,
                  AtSeparator separator);
int at_check_names(AtEnv *env, const AtDict *names, AtSeparator separator);

/************************ Interface to code in counts.c ***********************
** The same from rows (from_state, to_state, weight [, value]).
*/
typedef struct AtCount AtCount;
struct AtCount { uint32_t from, to; double weight, value; };
typedef struct AtCounts AtCounts;
struct AtCounts {
  AtDict names;                     /* of the channels */
  AtDict tuples;                    /* of the states: their channels' ids */
  AtCount *rows;
  uint32_t n;
  size_t capacity;
  uint32_t *channel;                /* room to read a state */
  size_t n_channel, channel_capacity;
  int has_value;
};
int at_counts_add(AtEnv *env, AtCounts *c, const AtCell *from, const AtCell *to, AtSeparator separator,
                  double weight, double value);
int at_steps_of_counts(AtEnv *env, AtSteps *s, AtCounts *c);
int at_is_named(const AtCell *cell, const char *word);
void at_counts_free(const AtAlloc *alloc, AtCounts *c);

/************************ Interface to code in listed.c ***********************
** Rows of a list into paths or counts.
*/
typedef struct AtList AtList;
struct AtList {
  const char *relation;             /* names, for error messages */
  const char *text[2];              /* path, or from_state and to_state */
  int n_texts;
  const char *count, *value, *nulls; /* value, nulls: NULL where there are none */
  int has_id;
  AtSeparator separator;
  uint64_t rows;                    /* read */
};
int at_list_path(AtEnv *env, AtList *list, AtPaths *paths, const AtCell *cells);
int at_list_count(AtEnv *env, AtList *list, AtCounts *counts, const AtCell *cells);

/************************ Interface to code in chain.c ************************
** An absorbing chain, sparse: the states that the start reaches.
*/
typedef struct AtEdge AtEdge;
struct AtEdge { uint32_t to; double probability; };
typedef struct AtChain AtChain;
struct AtChain {
  uint32_t n;                       /* states, in depth-first postorder */
  uint32_t *state;                  /* of AtSteps */
  size_t *row;                      /* n + 1 offsets into edges */
  AtEdge *edges;
  double *gain;                     /* conversion, value: 2 per state */
  double *loss;                     /* probability of ending without conversion */
  double *start;                    /* probability of being first */
  double *visits;                   /* expected, from the start; NULL: to be worked out */
  uint32_t n_channels;
  size_t *member;                   /* n_channels + 1 offsets into members */
  uint32_t *members;                /* states that hold the channel */
  int is_slow;                      /* sweeps go round too long */
};
int at_chain_open(AtEnv *env, AtChain *c, const AtSteps *steps, const AtDict *names);
int at_chain_visits(AtEnv *env, AtChain *c);
#define AT_MAX_ROUNDS 20000             /* sweeps; more are too many */
void at_chain_free(const AtAlloc *alloc, AtChain *c);

/************************ Interface to code in reduce.c ***********************
** Every channel's removal by state reduction of a dense matrix.
*/
/* What a removal leaves and takes: probability of conversion, expected value. */
typedef struct AtRemoved AtRemoved;
struct AtRemoved { double left[2], lost[2]; };
int at_reduce_states(AtEnv *env, const AtChain *chain, AtRemoved *removed);
int at_reduce_channels(AtEnv *env, const AtChain *chain, AtRemoved *removed);

/************************ Interface to code in loops.c ************************
** The states of a chain that go round; what all others do is known at once.
*/
#define AT_LANES 8                      /* unknowns that are solved together, at most */
typedef struct AtLoops AtLoops;
struct AtLoops {
  const AtChain *chain;             /* these five are given */
  uint32_t width;                   /* unknowns of a state, 1 .. AT_LANES: the lanes */
  const double *source;             /* by state: what each gets from the ends, or NULL */
  const uint8_t *held;              /* by state: bits of the lanes in which value is given, or NULL */
  double *value;                    /* by state: width unknowns; those of settled states are put in */
  uint32_t n;                       /* states that go round, in the order of the chain */
  size_t *row;                      /* n + 1 offsets into edges */
  AtEdge *edges;                    /* between them */
  double *given;                    /* width for each: from the ends and from settled states */
  double *x;                        /* width for each: the unknowns */
  double *visits;                   /* of the whole chain */
  double *start;                    /* how the start comes to them at first */
  uint8_t *fixed;                   /* held */
  double known[AT_LANES];           /* of the unknowns at the start: what needs no going round */
  uint8_t *kind;                    /* by state of the chain */
  uint32_t *place;                  /* likewise: the state here */
};
int at_loops_open(AtEnv *env, AtLoops *l);
int at_loops_finish(AtEnv *env, AtLoops *l);
void at_loops_close(const AtAlloc *alloc, AtLoops *l);

/************************ Interface to code in sweep.c ************************
** Any order: every channel's removal by sweeps over the sparse chain.
*/
int at_sweep(AtEnv *env, AtChain *chain, double most_visits, AtRemoved *removed);

/************************ Interface to code in removal.c **********************
** Removal effects, shares and what they divide.
*/
typedef struct AtEffect AtEffect;
struct AtEffect { double removal, removal_value, share, conversions, value; }; /* NaN: NULL */
typedef struct AtEffects AtEffects;
struct AtEffects {
  AtEffect *effects;                /* by channel */
  uint32_t n;
};
int at_removal_effects(AtEnv *env, AtEffects *e, const AtSteps *steps, const AtDict *names);
void at_effects_free(const AtAlloc *alloc, AtEffects *e);

/************************ Interface to code in shapley.c **********************
** What needs no chain: the shares of a path's channels, and the rate game.
*/
typedef struct AtTally AtTally;
struct AtTally {
  double conversions, value;        /* Shapley value of the counts */
  double paths;
  double first[2], last[2], linear[2]; /* conversions, value */
};
int at_tally(AtEnv *env, AtTally **tallies, const AtPaths *paths);
int at_shapley_rate(AtEnv *env, const AtPaths *paths, double *rate);

/************************ Interface to code in contexts.c *********************
** All touches of journeys by the channels up to them: the states of every order.
*/
typedef struct AtContexts AtContexts;
struct AtContexts {
  uint64_t *keys;                   /* sorted, each once */
  uint32_t *count;
  size_t n;
  int bits;                         /* of a channel */
};
typedef struct AtContext AtContext; /* a state; begins with zeros */
struct AtContext { size_t next; double leaving, conversions, nulls; };
int at_contexts_fit(const AtPaths *p);
int at_contexts_open(AtEnv *env, AtContexts *c, const AtPaths *p);
int at_contexts_next(const AtContexts *c, int order, AtContext *state);
void at_contexts_close(const AtAlloc *alloc, AtContexts *c);

/************************ Interface to code in orders.c ***********************
** How well an order tells converting from null paths.
*/
typedef struct AtOrder AtOrder;
struct AtOrder { int order; uint32_t states; double auc, penalised; }; /* NaN: NULL */
int at_orders(AtEnv *env, const AtPaths *paths, AtOrder rows[AT_MAX_ORDER]);
int at_best_order(const AtOrder *rows, int n);
int at_steps_of_order(AtEnv *env, AtSteps *s, const AtPaths *paths, int order);

/************************ Interface to code in learn.c ************************
** Removal effects for the model markov.
*/
int at_learn(AtEnv *env, AtModels *models, const AtStore *touches, const AtStore *conversions,
             const AtOptions *options);

#endif
