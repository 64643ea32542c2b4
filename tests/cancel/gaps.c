/*
** gaps.c, a loadable extension for the tests of cancelling: how long a statement goes without asking whether to go on.
**
**   SELECT gaps_start(1000);        a progress handler is set, which SQLite asks every 1000 operations
**   …the statement…
**   SELECT gaps_stop();             '41.7 1.23 35 43.9' : the longest time between two questions in ms of the
**                                   statement's own thread, when it began in seconds, how many questions there
**                                   were, the longest time in ms of the clock on the wall
**
** An interrupt is looked for at the same places, so no stop can go unheard for longer. A busy machine stretches the time of the wall
** and not the thread's. What comes after the last question, as giving back memory, is counted up to gaps_stop().
*/
#include <sqlite3ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
SQLITE_EXTENSION_INIT1

typedef struct Gaps Gaps;
struct Gaps {
  double start, last, longest, began; /* of the thread */
  double wall, longest_wall;
  sqlite3_int64 asked;
};

static double now(clockid_t clock){
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec*1e3 + (double)t.tv_nsec/1e6;
}

static int progress(void *context){
  Gaps *g = context;
  double t = now(CLOCK_THREAD_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
  if( t-g->last>g->longest ){
    g->longest = t-g->last;
    g->began = g->last-g->start;
  }
  if( wall-g->wall>g->longest_wall ) g->longest_wall = wall-g->wall;
  g->last = t;
  g->wall = wall;
  g->asked++;
  return 0;
}

static void gaps_start(sqlite3_context *context, int argc, sqlite3_value **argv){
  Gaps *g = sqlite3_user_data(context);
  (void)argc;
  memset(g, 0, sizeof *g);
  g->start = g->last = now(CLOCK_THREAD_CPUTIME_ID);
  g->wall = now(CLOCK_MONOTONIC);
  sqlite3_progress_handler(sqlite3_context_db_handle(context), sqlite3_value_int(argv[0]), progress, g);
}

static void gaps_stop(sqlite3_context *context, int argc, sqlite3_value **argv){
  Gaps *g = sqlite3_user_data(context);
  char *text;
  (void)argc;
  (void)argv;
  progress(g);
  text = sqlite3_mprintf("%.3f %.3f %lld %.3f", g->longest, g->began/1e3, g->asked, g->longest_wall);
  sqlite3_progress_handler(sqlite3_context_db_handle(context), 0, NULL, NULL);
  sqlite3_result_text(context, text, -1, sqlite3_free);
}

int sqlite3_gaps_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);
int sqlite3_gaps_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  Gaps *g;
  int rc;
  (void)message;
  SQLITE_EXTENSION_INIT2(api);
  if( (g = calloc(1, sizeof *g))==NULL ) return SQLITE_NOMEM;
  rc = sqlite3_create_function_v2(db, "gaps_start", 1, SQLITE_UTF8, g, gaps_start, NULL, NULL, free);
  return rc ? rc : sqlite3_create_function_v2(db, "gaps_stop", 0, SQLITE_UTF8, g, gaps_stop, NULL, NULL, NULL);
}
