/*
** blocks.c, linked into a build of the extension whose every basic block calls __sanitizer_cov_trace_pc(): how much a
** statement does without asking whether to go on, counted in blocks. Unlike a time it is the same on every machine and in every run.
**
**   SELECT blocks_start();          a progress handler is set, which SQLite asks at every operation
**   …the statement…
**   SELECT blocks_stop();           '81234 9f3c2 1877' : the most blocks between two questions, a place in the file
**                                   among the last of them (for addr2line), how many questions there were
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
static char *place;                     /* late in the longest */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void){
  blocks++;
  if( blocks>longest && (blocks & 0xff)==0 ) place = __builtin_return_address(0);
}

static int progress(void *unused){
  (void)unused;
  if( blocks>longest ) longest = blocks;
  blocks = 0;
  asked++;
  return 0;
}

static void blocks_start(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  (void)argv;
  blocks = longest = 0;
  asked = 0;
  place = NULL;
  sqlite3_progress_handler(sqlite3_context_db_handle(context), 1, progress, NULL);
}

static void blocks_stop(sqlite3_context *context, int argc, sqlite3_value **argv){
  Dl_info file;
  char *text;
  uintptr_t offset = place && dladdr(place, &file) ? (uintptr_t)(place-(char*)file.dli_fbase) : 0;
  (void)argc;
  (void)argv;
  progress(NULL);
  text = sqlite3_mprintf("%llu %llx %lld", (unsigned long long)longest, (unsigned long long)offset, (long long)asked);
  sqlite3_progress_handler(sqlite3_context_db_handle(context), 0, NULL, NULL);
  sqlite3_result_text(context, text, -1, sqlite3_free);
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
