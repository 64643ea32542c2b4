/*
** agg_score.c: engagement_score(), lift() and auc(): how warm an account is, whether what was
** done to some made a difference, and whether a score finds those that convert.
**
**   SELECT account_id, engagement_score(points, touched_at, '2024-06-30', '14 days')
**     FROM touches GROUP BY account_id;
**   SELECT json_extract(lift(NOT held_out, won), '$.p_value') FROM target_accounts;
**   SELECT auc(score, won) FROM scored_leads;              0.5: no better than chance
**
** (1) A row that lacks a value is skipped: points or ts; treated, score or converted.
**     NULL and '' are no value.
** (2) as_of, half_life and confidence belong to the group: two different ones are an error.
*/
#include "sql.h"

#include <math.h>

/********************************** engagement_score *************************/

typedef struct Engaged Engaged;
struct Engaged {
  int started;
  AtEnv env;
  AtEngagement engagement;
};

/* as_of and half_life of a row; they must be those of the first. */
static void read_decay(Engaged *s, sqlite3_value *as_of_value, sqlite3_value *half_life_value, int is_first){
  AtEngagement *e = &s->engagement;
  AtCell as_of, half_life;
  int64_t time, duration = 0;
  uint8_t form;
  const char *mend;
  cell_of(as_of_value, &as_of);
  cell_of(half_life_value, &half_life);
  mend = at_time_parse(&as_of, AT_SECOND, &time, &form);
  if( mend ) at_fail(&s->env, AT_INVALID, "as_of is no time (got %s); %s", at_cell_quote(&as_of).text, mend);
  mend = at_duration_of(&half_life, &duration);
  if( mend==NULL && duration<=0 ) mend = "write one above 0, such as '14 days'";
  if( mend ) at_fail(&s->env, AT_INVALID, "half_life is no duration (got %s); %s", at_cell_quote(&half_life).text, mend);
  if( s->env.error.code ) return;
  if( is_first ){
    e->as_of = time;
    e->half_life = duration;
  }else if( e->as_of!=time ){
    at_fail(&s->env, AT_INVALID, "as_of differs within a group (got %s); write one for all rows, or group by it too",
            at_cell_quote(&as_of).text);
  }else if( e->half_life!=duration ){
    at_fail(&s->env, AT_INVALID, "half_life differs within a group (got %s); write one for all rows, or group by it too",
            at_cell_quote(&half_life).text);
  }
}

void engagement_score_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  Engaged *s = sqlite3_aggregate_context(context, sizeof *s);
  double points;
  int64_t time;
  uint8_t form;
  int is_first, has_points, has_time;
  (void)argc;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  is_first = !s->started;
  if( is_first ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
  }
  read_decay(s, argv[2], argv[3], is_first);
  has_points = group_number(&s->env, argv[0], "points", &points);
  has_time = group_time(&s->env, argv[1], &time, &form);
  if( has_points && has_time && s->engagement.as_of!=AT_NO_TIME ){
    at_engagement_add(&s->env, &s->engagement, points, time);
  }
  if( s->env.error.code ) result_failure(context, "engagement_score", &s->env);
}

/* Without a row there is no as_of that could be NULL: 0. */
void engagement_score_final(sqlite3_context *context){
  Engaged *s = sqlite3_aggregate_context(context, 0);
  double score;
  if( s==NULL || !s->started ){ sqlite3_result_double(context, 0); return; }
  score = at_engagement_score(&s->env, &s->engagement);
  if( s->env.error.code ) result_failure(context, "engagement_score", &s->env);
  else if( s->engagement.as_of!=AT_NO_TIME ) sqlite3_result_double(context, score);
  at_engagement_free(s->env.alloc, &s->engagement);
}

/************************************* lift **********************************/

typedef struct Compared Compared;
struct Compared {
  int started;
  AtEnv env;
  AtLift counts;
  double confidence;                /* NaN: NULL, then there is no interval */
};

static Compared *compared(sqlite3_context *context, int *is_first){
  Compared *s = sqlite3_aggregate_context(context, sizeof *s);
  *is_first = s!=NULL && !s->started;
  if( s==NULL ){
    sqlite3_result_error_nomem(context);
  }else if( *is_first ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
    s->confidence = 0.95;
  }
  return s;
}

/* The confidence of a row; it must be that of the first. */
static void read_confidence(Compared *s, sqlite3_value *value, int is_first){
  double confidence;
  int given = group_number(&s->env, value, "confidence", &confidence);
  AtCell cell;
  if( s->env.error.code ) return;
  cell_of(value, &cell);
  if( given && !at_confidence_ok(confidence) ){
    at_fail(&s->env, AT_INVALID, "confidence is not between 0 and 1 (got %s); write 0.95", at_cell_quote(&cell).text);
  }else if( is_first ){
    s->confidence = confidence;
  }else if( confidence!=s->confidence && (given || !isnan(s->confidence)) ){
    at_fail(&s->env, AT_INVALID, "confidence differs within a group (got %s); write one for all rows, or group by it too",
            at_cell_quote(&cell).text);
  }
}

void lift_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  int is_first, treated, converted, has_treated, has_converted;
  Compared *s = compared(context, &is_first);
  if( s==NULL ) return;
  if( argc>2 ) read_confidence(s, argv[2], is_first);
  has_treated = group_truth(&s->env, argv[0], "treated", &treated);
  has_converted = group_truth(&s->env, argv[1], "converted", &converted);
  if( has_treated && has_converted ) at_lift_add(&s->counts, treated, converted);
  if( s->env.error.code ) result_failure(context, "lift", &s->env);
}

/* Without a row both groups are empty. */
void lift_final(sqlite3_context *context){
  int is_first;
  Compared *s = compared(context, &is_first);
  AtText json = {0};
  if( s==NULL ) return;
  at_lift_json(&s->env, &s->counts, s->confidence, &json);
  result_json(context, "lift", &s->env, &json);
}

/************************************** auc **********************************/

typedef struct Ranked Ranked;
struct Ranked {
  int started;
  AtEnv env;
  AtAuc auc;
};

void auc_step(sqlite3_context *context, int argc, sqlite3_value **argv){
  Ranked *s = sqlite3_aggregate_context(context, sizeof *s);
  double score;
  int converted, has_score, has_converted;
  (void)argc;
  if( s==NULL ){ sqlite3_result_error_nomem(context); return; }
  if( !s->started ){
    s->started = 1;
    s->env = connection_env(sqlite3_user_data(context));
  }
  has_score = group_number(&s->env, argv[0], "score", &score);
  has_converted = group_truth(&s->env, argv[1], "converted", &converted);
  if( has_score && has_converted ) at_auc_add(&s->env, &s->auc, score, converted);
  if( s->env.error.code ) result_failure(context, "auc", &s->env);
}

void auc_final(sqlite3_context *context){
  Ranked *s = sqlite3_aggregate_context(context, 0);
  double share;
  if( s==NULL || !s->started ) return;
  share = at_auc(&s->env, &s->auc);
  if( s->env.error.code ) result_failure(context, "auc", &s->env);
  else result_real(context, share);
  at_auc_free(s->env.alloc, &s->auc);
}
