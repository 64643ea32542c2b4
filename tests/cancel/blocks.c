/*
** blocks.c, linked into a build of the extension whose every basic block calls __sanitizer_cov_trace_pc(): how much a
** statement does without asking whether to go on, counted in blocks. Unlike a time it is the same on every machine and in every run.
**
**   SELECT blocks_start();          a progress handler is set, which SQLite asks at every operation
**   …the statement…
**   SELECT blocks_stop();           '81234 1877 9f3c2 9f4d0' : the most blocks between two questions, how many
**                                   questions there were, places in the file among those blocks (for addr2line)
**
** Blocks of the thread that runs the statement; what SQLite and the C library do is not in them.
*/
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <stdint.h>
#include <string.h>
SQLITE_EXTENSION_INIT3

static _Thread_local uint64_t blocks;   /* since the last question */
static uint64_t longest;
static int64_t asked;
#define PLACES 12
static char *place[PLACES], *passed[PLACES]; /* in the longest; since the last question */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void){
  blocks++;
  if( (blocks & 0x3fff)==0 ) passed[(blocks>>14)%PLACES] = __builtin_return_address(0);
}

static int progress(void *unused){
  (void)unused;
  if( blocks>longest ){
    longest = blocks;
    memcpy(place, passed, sizeof place);
  }
  memset(passed, 0, sizeof passed);
  blocks = 0;
  asked++;
  return 0;
}

static void blocks_start(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  (void)argv;
  blocks = longest = 0;
  asked = 0;
  memset(passed, 0, sizeof passed);
  memset(place, 0, sizeof place);
  sqlite3_progress_handler(sqlite3_context_db_handle(context), 1, progress, NULL);
}

static void blocks_stop(sqlite3_context *context, int argc, sqlite3_value **argv){
  Dl_info file;
  char text[100+PLACES*20];
  int i;
  (void)argc;
  (void)argv;
  progress(NULL);
  sqlite3_snprintf(100, text, "%llu %lld", (unsigned long long)longest, (long long)asked);
  for(i=0; i<PLACES; i++){
    if( place[i] && dladdr(place[i], &file) ) sqlite3_snprintf(20, text+strlen(text), " %llx", (unsigned long long)(place[i]-(char*)file.dli_fbase));
  }
  sqlite3_progress_handler(sqlite3_context_db_handle(context), 0, NULL, NULL);
  sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

__attribute__((visibility("default")))
int sqlite3_blocks_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);
int sqlite3_blocks_init(sqlite3 *db, char **message, const sqlite3_api_routines *api){
  int rc;
  (void)message;
  (void)api;
  rc = sqlite3_create_function_v2(db, "blocks_start", 0, SQLITE_UTF8, NULL, blocks_start, NULL, NULL, NULL);
  return rc ? rc : sqlite3_create_function_v2(db, "blocks_stop", 0, SQLITE_UTF8, NULL, blocks_stop, NULL, NULL, NULL);
}
