/*
** sql.h: the one internal header of sql/, cut by banners into the interface of
** each file. Glue only: arguments, columns, errors. What is computed is
** computed in core/.
*/
#ifndef ATTRIBUTION_SQL_H
#define ATTRIBUTION_SQL_H

#include <sqlite3ext.h>

#include "../core/audit.h"
#include "../core/core.h"
#include "../core/effects.h"
#include "../core/forecast.h"
#include "../core/funnel.h"
#include "../core/scores.h"

SQLITE_EXTENSION_INIT3

/************************ Interface to code in connection.c *******************
** What one connection shares among its statements, and one statement's work.
*/
#ifdef __STDC_NO_ATOMICS__          /* then there are no threads either */
#define SHARED_COUNT size_t
#else
#define SHARED_COUNT _Atomic size_t
#endif
typedef struct Cached Cached;
typedef struct Learned Learned;
typedef struct Connection Connection;
struct Connection {
  sqlite3 *db;
  int references;                   /* one per registered function and module */
  int resumes;                      /* a load that failed has left functions of its own */
  int is_replaced;                  /* the host has put a function in the place of one of ours */
  int depth;                        /* loads within loads */
  int is_too_deep;                  /* an error says so, until the outermost has ended */
  AtAlloc alloc;
  SHARED_COUNT used;                /* bytes that it has given and not taken back */
  SHARED_COUNT refused;             /* requests beyond memory_limit that have not been explained */
  SHARED_COUNT oversized;           /* likewise, requests for more than SQLite gives at once */
  size_t kept;                      /* of used: stores in cached */
  size_t memory_limit;              /* for used without kept; 0 = none */
  Cached *cached;                   /* newest first */
  Learned *learned;                 /* from what is cached */
  AtText fingerprint;               /* under which cached is valid */
  int64_t cache_limit;              /* bytes */
  int threads;                      /* that a call may use, unless it says */
  sqlite3_stmt *frame_stmt;         /* looked at last by frame_moves() */
  AtText frame_sql;
  int frame_run;                    /* which run of it */
  AtText frame_state;               /* of the databases then */
  struct Reading *readings[8];      /* see reading.c */
  unsigned next_reading;            /* whose place the next one takes */
  int is_busy;                      /* see lone_heartbeat() */
  sqlite3_stmt *beat;
  double confidence, quantile;      /* of the last call of wilson_low() or wilson_high() */
};
typedef struct Work Work;
struct Work {
  Connection *connection;
  AtEnv env;
  int rc;                           /* SQLite's own code, if it was its failure */
  sqlite3_stmt *heartbeat;
  sqlite3_stmt *pins[128];          /* hold a read transaction on each schema */
  int n_pins;
  int may_cache;
};
Connection *connection_open(sqlite3 *db);
void connection_release(void *connection);
void connection_lost_function(void *connection);
void connection_limit(Connection *connection, int64_t megabytes);
int64_t connection_megabytes(const Connection *connection);
AtEnv connection_env(Connection *connection);
void connection_busy(Connection *connection);
void connection_rest(Connection *connection);
int connection_is_utf8(Connection *connection);
void connection_env_at(Connection *connection, AtEnv *env);
int work_begin(Work *work, Connection *connection);
void work_end(Work *work);
int work_code(const Work *work);
void work_fail_sql(Work *work, const char *what);
sqlite3_stmt *work_prepare(Work *work, const char *format, ...);
int work_row(Work *work, sqlite3_stmt *stmt);
int work_pragma(Work *work, int64_t *value, const char *format, ...);
const char *work_text(Work *work, sqlite3_stmt *stmt, int column);

/************************ Interface to code in cache.c ************************
** The loaded relations that a connection keeps.
*/
void cache_clear(Connection *connection);
void cache_limit(Connection *connection, int64_t megabytes);
AtStore *cache_find(Connection *connection, const AtText *key);
void cache_keep(AtEnv *env, Connection *connection, AtText *key, AtStore *store);

/************************ Interface to code in value.c ************************
** SQLite values to cells and back.
*/
void cell_of(sqlite3_value *value, AtCell *cell);
void cell_result(sqlite3_context *context, const AtCell *cell);
void result_real(sqlite3_context *context, double number);
void cell_text(sqlite3_value *value, AtCell *cell);
int env_code(const AtEnv *env);
void result_failure(sqlite3_context *context, const char *function, const AtEnv *env);
void result_json(sqlite3_context *context, const char *function, const AtEnv *env, AtText *json);

/************************ Interface to code in group.c ************************
** What the aggregates share.
*/
int group_time(AtEnv *env, sqlite3_value *value, int64_t *time, uint8_t *form);
int group_conditions(AtEnv *env, AtConditions *rows, int first, int n, sqlite3_value **argv);
int group_constant(AtEnv *env, AtText *kept, const AtCell *cell, const char *name);
int group_truth(AtEnv *env, sqlite3_value *value, const char *name, int *holds);
int group_number(AtEnv *env, sqlite3_value *value, const char *name, double *number);

/************************ Interface to code in reading.c **********************
** Arguments of condition functions and of logistic regression, read once for all groups.
*/
#define KEPT_READINGS ((int)(sizeof ((Connection*)0)->readings/sizeof *((Connection*)0)->readings))
enum { READS_WINDOW, READS_STAGES, READS_PATTERN, READS_RIDGE, READS_MODEL };
typedef struct Reading Reading;
struct Reading {
  int references;
  int kind;                         /* READS_… */
  uint32_t n_conditions;
  int n;                            /* arguments */
  AtText arguments[3];              /* as given: tag and bytes */
  AtFunnelRule rule;
  AtStages stages;
  AtPattern pattern;
  double ridge;                     /* of logistic_fit */
  AtLogisticModel model;            /* of logistic_predict */
};
typedef int (*ReadArguments)(AtEnv *env, Reading *reading, const AtCell *arguments);
int reading_of(AtEnv *env, Connection *connection, Reading **group, int kind, uint32_t n_conditions,
               const AtCell *arguments, const char *const *names, int n, ReadArguments read);
void reading_release(const AtAlloc *alloc, Reading *reading);
void readings_clear(Connection *connection);

/************************ Interface to code in relation.c *********************
** 'touches(account_id, touched_at, channel)'
*/
#define MAX_COLUMNS (4+AT_MAX_MILESTONES)
#define MAX_CELLS (MAX_COLUMNS+2)   /* with the held column and the id */
/* What a column is: entity, time, label, tag (a further label), number, milestone; of a list,
** after its texts (label, tag): count, value, nulls. */
enum { KIND_ENTITY = 'e', KIND_TIME = 't', KIND_LABEL = 'l', KIND_TAG = 'g', KIND_NUMBER = 'n',
       KIND_MILESTONE = 'm', KIND_COUNT = 'c', KIND_VALUE = 'v', KIND_NULLS = 'z' };
typedef struct Role Role;
struct Role {
  const char *argument;             /* touches, conversions, events, paths .. */
  const char *id_option;            /* touch_id, conversion_id, event_id, or NULL */
  const char *form;                 /* how to write it */
  int required;                     /* leading columns that must be named; the next may be left out */
  int most;
  const char *columns[MAX_COLUMNS+1]; /* standard names */
  const char *kinds;                /* a letter for each of them */
};
extern const Role touches_role, conversions_role, events_role, subjects_role, open_deals_role,
                  history_role, paths_role, counts_role,
                  coalitions_role;

typedef struct Relation Relation;
struct Relation {
  const Role *role;
  char *schema;                     /* NULL until resolved, unless given */
  char *name;
  int is_view, has_rowid;
  int entity_affinity;              /* of its entity column: 'T', 'N' or 0 for none */
  int n_columns;
  char *columns[MAX_COLUMNS];
  char kinds[MAX_COLUMNS+1];        /* of the columns */
  char *hold;                       /* column of hold=, the last tag; NULL = none */
  char *id;                         /* column that names a row, NULL = rowid */
  AtShape shape;
};
void relation_parse(Work *work, Relation *relation, const Role *role, const char *text, size_t n);
void relation_resolve(Work *work, Relation *relation, const char *id_column, const char *hold,
                      int64_t unit);
enum { SELECT_ALL, SELECT_ENTITY /* = ?2 */, SELECT_RANGE /* of rowids ?1 .. ?2, by a reader */ };
AtText relation_select(Work *work, const Relation *relation, int rows);
void relation_free(Connection *connection, Relation *relation);

/************************ Interface to code in load.c *************************
** Runs the nested SELECT through an aggregate of our own into a store.
*/
typedef int (*AddRow)(void *context, AtEnv *env, const AtCell *cells);
typedef struct Load Load;
struct Load {
  AtEnv *env;
  int label, labels;                /* arguments label .. labels-1 are labels */
  AtLoader *loader;                 /* that rows go to, unless add takes them */
  AddRow add;
  void *context;                    /* of add */
  int rows;                         /* since the last look whether to stop */
};
void load_start(Load *load, AtEnv *env, const Relation *relation, AtLoader *loader);
AtStore *load_relation(Work *work, const Relation *relation, const AtCell *entity);
int load_rows(Work *work, const Relation *relation, AddRow add, void *context);
int load_is_search(Work *work, const Relation *relation);
void ingest_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void ingest_reader_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void ingest_final(sqlite3_context *context);

/************************ Interface to code in readers.c **********************
** A large plain table, read by several connections at once.
*/
AtStore *readers_load(Work *work, const Relation *relation);

/************************ Interface to code in program.c **********************
** What EXPLAIN tells of a load.
*/
int program_add(Work *work, const Relation *relation, AtText *key);

/************************ Interface to code in snapshot.c *********************
** One snapshot per statement, and which loaded relations still hold.
*/
void snapshot_begin(Work *work);
void snapshot_add_database(Work *work, AtText *fingerprint, int number, const char *name);
AtStore *snapshot_store(Work *work, const Relation *relation, const AtCell *entity);

/************************ Interface to code in vtab.c *************************
** The frame of every table-valued function.
*/
typedef struct Column Column;
struct Column { const char *name, *type, *help; };
typedef struct Argument Argument;
struct Argument { const char *name; int required; const char *help; };
typedef struct Family Family;
typedef struct Cursor Cursor;
struct Family {
  const char *name, *help, *example;
  const Column *columns;            /* ends with a NULL name */
  const Argument *arguments;        /* likewise */
  int entity_column;                /* whose = is used, -1 = none */
  /* ORDER BY or GROUP BY -> what open() must do so that rows come in that order, below 64; 0 =
  ** it cannot. NULL: it never can. */
  int (*order)(const sqlite3_index_info *info);
  void (*open)(Cursor *cursor, Work *work);   /* arguments -> state */
  int (*next)(Cursor *cursor);                /* 1 = a row, 0 = end or failure */
  void (*column)(Cursor *cursor, sqlite3_context *context, int column);
  void (*close)(Cursor *cursor);
  /* with entity_column: the row's entity, and what tells its rows apart */
  AtCell (*row_key)(Cursor *cursor, uint32_t numbers[3]);
};
#define MAX_ARGUMENTS 8
struct Cursor {
  sqlite3_vtab_cursor base;
  const Family *family;
  Connection *connection;
  AtEnv env;                        /* its error ends the statement */
  AtCell arguments[MAX_ARGUMENTS];  /* valid in open() only; AT_NULL = absent */
  sqlite3_value *values[MAX_ARGUMENTS]; /* the same, owned */
  const AtCell *entity;             /* entity = this, or NULL; in open() only */
  int order;                        /* of family->order(); 0 = any */
  uint32_t used;                    /* columns that the statement reads, a bit for each of the first 16 */
  void *state;
  sqlite3_int64 rowid;
  int eof;
};
typedef struct Registration Registration;
struct Registration { Connection *connection; const Family *family; };
extern const sqlite3_module family_module;
void registration_free(void *registration);

#define ANY "ANY BLOB"   /* BLOB affinity: SQLite converts nothing */

/************************ Interface to code in question.c *********************
** What attribution, attribution_summary and journeys are asked.
*/
typedef struct Question Question;
struct Question {
  AtOptions options;
  AtModels models;
  Relation touches_relation, conversions_relation;
  AtStore *touches, *conversions;
};
int question_open(Question *q, Cursor *cursor, Work *work, int has_models, unsigned table);
void question_close(Question *q, Connection *connection);
int question_is_lookup(const AtStore *store, const AtCell *key);
void question_check_text(Cursor *cursor, Work *work, int argument);
int question_options(AtOptions *options, Cursor *cursor, Work *work, int argument, unsigned table);
extern const Argument question_arguments[], journeys_arguments[];
/* in cache.c */
double *learned_find(AtEnv *env, const Question *q, Connection *connection, const AtCell *options, int order);
void learned_keep(AtEnv *env, const Question *q, Connection *connection, const AtCell *options, int order,
                  const double *effect);

/************************ Interface to code in funnel_question.c **************
** What funnel, funnel_summary and conversion_curve are asked.
*/
typedef struct FunnelQuestion FunnelQuestion;
struct FunnelQuestion {
  AtOptions options;
  AtStages stages;                  /* none for conversion_curve */
  Relation relation;
  AtStore *store;                   /* events, or subjects */
};
int funnel_question_open(FunnelQuestion *q, Cursor *cursor, Work *work, unsigned table);
int curve_question_open(FunnelQuestion *q, Cursor *cursor, Work *work);
void funnel_question_close(FunnelQuestion *q, Connection *connection);
extern const Argument funnel_arguments[], curve_arguments[];

/************************ Interface to code in effects_question.c *************
** What the data-driven tables are asked: touches and conversions, or a list.
*/
typedef struct EffectsQuestion EffectsQuestion;
struct EffectsQuestion {
  Question question;                /* of those that take touches; its options are everyone's */
  Relation list;                    /* of those that take a list */
  AtPaths paths;
};
int effects_open_touches(EffectsQuestion *q, Cursor *cursor, Work *work, unsigned table);
int effects_open_paths(EffectsQuestion *q, Cursor *cursor, Work *work, const Role *role, unsigned table);
int effects_open_counts(EffectsQuestion *q, Cursor *cursor, Work *work, AtCounts *counts);
void effects_close(EffectsQuestion *q, Connection *connection);
AtSeparator effects_separator(const EffectsQuestion *q);
void result_name(sqlite3_context *context, const AtDict *names, uint32_t channel);
/* Columns of an effect, after the channel, in all tables that have them. */
enum { EFFECT_REMOVAL = 1, EFFECT_REMOVAL_VALUE, EFFECT_SHARE, EFFECT_MARKOV, EFFECT_MARKOV_VALUE, EFFECT_COLUMNS };
#define MARKOV_COLUMNS \
  {"removal_effect", "REAL", "share of conversions that the chain loses without the channel; NULL without conversions"}, \
  {"removal_effect_value", "REAL", "likewise of expected value"}, \
  {"markov_share", "REAL", "removal effect / sum of all"}, \
  {"markov_conversions", "REAL", "conversions x share"}, \
  {"markov_value", "REAL", "value x share of the effects on value; NULL without a value column"}
void result_effect(sqlite3_context *context, const AtEffect *effect, int column, int has_value);
extern const Argument effects_arguments[], paths_arguments[], counts_arguments[], coalitions_arguments[];

/************************ Interface to code in vtab_*.c ***********************/
extern const Family attribution_family, summary_family, journeys_family, funnel_family,
                    funnel_summary_family, curve_family, channel_effects_family, path_effects_family,
                    transitions_family, orders_family, markov_effects_family, shapley_effects_family,
                    forecast_family, forecast_summary_family, attribution_audit_family,
                    funnel_audit_family, help_family;

/************************ Interface to code in frame.c ************************
** Whether a window function's frame moves.
*/
int frame_stands(AtEnv *env, Connection *connection, const char *function);
int frame_moves(AtEnv *env, Connection *connection, const char *function);

/************************ Interface to code in agg_*.c ************************/
void first_touch_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void last_touch_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void touch_value(sqlite3_context *context);
void touch_final(sqlite3_context *context);
void touch_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void weighted_credit_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void weighted_credit_final(sqlite3_context *context);
void touch_credit_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void touch_credit_value(sqlite3_context *context);
void touch_credit_final(sqlite3_context *context);
void touch_credit_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void window_funnel_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void window_funnel_final(sqlite3_context *context);
void window_funnel_events_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void window_funnel_events_final(sqlite3_context *context);
void funnel_stage_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void funnel_stage_final(sqlite3_context *context);
void sequence_match_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void sequence_match_final(sqlite3_context *context);
void sequence_count_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void sequence_count_final(sqlite3_context *context);
void sequence_events_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void sequence_events_final(sqlite3_context *context);
void next_node_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void next_node_final(sqlite3_context *context);
void retention_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void retention_final(sqlite3_context *context);
void sessionize_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void sessionize_value(sqlite3_context *context);
void sessionize_final(sqlite3_context *context);
void sessionize_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);

/************************ Interface to code in agg_score.c ********************/
void engagement_score_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void engagement_score_final(sqlite3_context *context);
void lift_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void lift_final(sqlite3_context *context);
void auc_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void auc_final(sqlite3_context *context);

/************************ Interface to code in memory.c, period.c *************/
void memory_mb_function(sqlite3_context *context, int argc, sqlite3_value **argv);
void period_of_function(sqlite3_context *context, int argc, sqlite3_value **argv);

/************************ Interface to code in domain.c ***********************/
void email_domain_function(sqlite3_context *context, int argc, sqlite3_value **argv);
void web_domain_function(sqlite3_context *context, int argc, sqlite3_value **argv);

/************************ Interface to code in wilson.c ***********************/
void wilson_low_function(sqlite3_context *context, int argc, sqlite3_value **argv);
void wilson_high_function(sqlite3_context *context, int argc, sqlite3_value **argv);

/************************ Interface to code in agg_logistic.c, logistic_predict.c */
void logistic_fit_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void logistic_fit_final(sqlite3_context *context);
void logistic_predict_function(sqlite3_context *context, int argc, sqlite3_value **argv);

void version_function(sqlite3_context *context, int argc, sqlite3_value **argv);

/************************ Interface to code in ../attribution.c ***************/
typedef struct Arity Arity;         /* user data of a function that is told its arguments' number */
struct Arity { Connection *connection; int n; }; /* n: -1 = not known */
typedef struct Function Function;
struct Function {
  const char *name;
  int least, most;                  /* arguments */
  int flags;
  void (*scalar)(sqlite3_context*, int, sqlite3_value**);
  void (*step)(sqlite3_context*, int, sqlite3_value**);
  void (*final)(sqlite3_context*);
  void (*value)(sqlite3_context*);
  void (*inverse)(sqlite3_context*, int, sqlite3_value**);
  const char *usage, *help, *example;
};
const Function *function_row(int i);
const Family *family_row(int i);

#endif
