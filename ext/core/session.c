/*
** session.c: session numbers of rows that come in order of time.
**
** A window function with its default frame is stepped through the rows that are
** equal in its ORDER BY and then asked once for the number of all of them. When rows of
** different times come before a question, or a question comes without a row before
** it, the frame is another one, and no number would be right.
*/
#include "funnel.h"

static void fail_frame(AtEnv *env, const char *what){
  at_fail(env, AT_INVALID, "%s; write OVER (PARTITION BY ... ORDER BY ts)", what);
}

/* The next row; after more than gap a new session. Time or gap AT_NO_TIME: a row
** without a number, which ends no session. */
int at_session_add(AtEnv *env, AtSession *s, int64_t time, int64_t gap){
  int is_null = time==AT_NO_TIME || gap==AT_NO_TIME;
  if( s->is_waiting && (is_null!=s->is_null || (!is_null && time!=s->last)) ){
    fail_frame(env, "this frame does not end at the current row");
  }
  s->is_waiting = 1;
  s->is_null = is_null;
  if( is_null ) return !env->error.code;
  if( s->number>0 && time<s->last ) fail_frame(env, "rows do not come in order of ts");
  if( s->number==0 || time-s->last>gap ) s->number++;
  s->last = time;
  return !env->error.code;
}

/* The session of the rows added last; 0 where they have no time. */
int64_t at_session_number(AtEnv *env, AtSession *s){
  if( !s->is_waiting ) fail_frame(env, "this frame does not end at the current row");
  s->is_waiting = 0;
  s->is_asked = 1;
  return s->is_null ? 0 : s->number;
}
