/*
** attribution.h: the entry points, for programs that link the extension in.
**
**   sqlite3_auto_extension((void(*)(void))sqlite3_attribution_init);
**
** or call sqlite3_attribution_init(db, &message, NULL) on one connection, with
** everything compiled under -DSQLITE_CORE. A loaded .so needs none of this:
**   .load build/attribution
**   .load build/attribution sqlite3_attribution_pool_init
** The second form registers it for every later connection of the process.
*/
#ifndef ATTRIBUTION_H
#define ATTRIBUTION_H

#include <sqlite3.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3_api_routines;
int sqlite3_attribution_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);
int sqlite3_attribution_pool_init(sqlite3 *db, char **message,
                                  const struct sqlite3_api_routines *api);

#ifdef __cplusplus
}
#endif
#endif
