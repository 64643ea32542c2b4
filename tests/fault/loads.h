/*
** loads.h: part of oom.c. Memory that ends while the extension is loaded, a connection opens with it, or closes.
**
** SQLite itself turns whatever an entry point returns into SQLITE_ERROR, and unloads the file that failed: so after a failed
** load nothing of the extension may be left on the connection (or all of it, where SQLite fails once the entry point has
** returned). It must load then as if nothing had been.
*/

static const char question[] = "SELECT count(*), min(name) FROM attribution_help";
static const char functions[] =
  "SELECT group_concat(name || narg) FROM (SELECT name, narg FROM pragma_function_list UNION ALL"
  " SELECT name, -9 FROM pragma_module_list WHERE name NOT LIKE 'pragma%' ORDER BY 1, 2)";

/* Loads it by the C interface, or by an SQL function in a statement that is running then. */
static int load_somehow(sqlite3 *db, int by_sql, const char *entry){
  sqlite3_stmt *stmt = NULL;
  int rc;
  if( !by_sql ) return load(db, entry);
  rc = sqlite3_prepare_v2(db, "SELECT load_extension(?1, ?2)", -1, &stmt, NULL);
  if( rc==SQLITE_OK ) rc = sqlite3_bind_text(stmt, 1, extension, -1, SQLITE_STATIC);
  if( rc==SQLITE_OK ) rc = sqlite3_bind_text(stmt, 2, entry, -1, SQLITE_STATIC);
  if( rc==SQLITE_OK ) rc = sqlite3_step(stmt);
  sqlite3_finalize(stmt);
  return rc==SQLITE_ROW ? SQLITE_OK : rc;
}

static int same(const Bytes *a, const Bytes *b){
  return a->n==b->n && memcmp(a->at, b->at, a->n)==0;
}

/* One load in which the n-th request fails, and one after it; second: of a connection that has it already. Returns 0
** where none failed. */
static int try_load(long n, int persists, int by_sql, int second, const char *entry, const Bytes *bare, const Bytes *right){
  sqlite3_int64 used = sqlite3_memory_used();
  long alive = atomic_load(&heap_alive);
  sqlite3 *db = open_database();
  Bytes got = {0};
  int rc, failed;
  sqlite3_enable_load_extension(db, 1);
  if( second ) load(db, NULL);
  snprintf(where, sizeof where, "%s load of %s, %s, allocation %ld, %s", second ? "second" : "first", entry,
           by_sql ? "in a statement" : "by itself", n, persists ? "persistent" : "transient");
  heap_arm(n, persists);
  rc = load_somehow(db, by_sql, entry);
  failed = heap_disarm()>0;
  n_trials++;
  if( rc==SQLITE_OK ) n_absorbed += failed;
  else if( rc==SQLITE_NOMEM || rc==SQLITE_ERROR ) n_nomem++;
  else complain("code %d: %s", rc, sqlite3_errmsg(db));
  if( rc!=SQLITE_OK && !failed ) complain("code %d, though nothing failed", rc);
  if( rc!=SQLITE_OK && !by_sql && !second && (run(db, functions, &got)!=SQLITE_DONE || !(same(&got, bare) || same(&got, right))) ){
    complain("a part is left of a load that failed");
  }
  if( rc!=SQLITE_OK && by_sql ) run(db, "SELECT wilson_low(4, 10)", &got);    /* what is left must work */
  rc = load_somehow(db, by_sql, entry);
  if( rc!=SQLITE_OK ) complain("loaded again: code %d: %s", rc, sqlite3_errmsg(db));
  if( run(db, functions, &got)!=SQLITE_DONE || !same(&got, right) ) complain("not all is registered: %s", sqlite3_errmsg(db));
  if( second && rc!=SQLITE_OK ) complain("a second load fails: %s", sqlite3_errmsg(db));
  must(db, question);
  free(got.at);
  sqlite3_reset_auto_extension();
  close_database(db, used, alive);
  return failed;
}

static void try_entry(int by_sql, int second, const char *entry){
  Bytes bare = {0}, right = {0};
  sqlite3 *db = open_database();
  long calls, k, n;
  int persists, failed = 0;
  run(db, functions, &bare);
  if( second ) load(db, NULL);
  heap_arm(LONG_MAX, 0);
  load(db, NULL);
  heap_disarm();
  calls = atomic_load(&heap_calls);
  run(db, functions, &right);
  sqlite3_close(db);
  for(persists=0; persists<2; persists++){
    for(k=0; (n = request(k, calls, failed))>0; k++) failed = try_load(n, persists, by_sql, second, entry, &bare, &right);
  }
  free(bare.at);
  free(right.at);
}

/* Connections that open while every later one has the extension. */
static int try_open(long n, int persists){
  sqlite3_int64 used = sqlite3_memory_used();
  long alive = atomic_load(&heap_alive);
  sqlite3 *db;
  int rc, failed;
  snprintf(where, sizeof where, "open in a pool, allocation %ld, %s", n, persists ? "persistent" : "transient");
  heap_arm(n, persists);
  rc = sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE, NULL);
  failed = heap_disarm()>0;
  n_trials++;
  if( rc==SQLITE_OK ) must(db, question);
  else if( rc!=SQLITE_NOMEM && rc!=SQLITE_ERROR ) complain("code %d", rc);
  if( rc==SQLITE_OK ) n_absorbed += failed;
  else n_nomem++;
  close_database(db, used, alive);
  db = open_database();
  must(db, question);
  close_database(db, used, alive);
  return failed;
}

static void try_pool(void){
  sqlite3 *first = open_database(), *db;
  long calls, k, n;
  int persists, failed = 0;
  load(first, "sqlite3_attribution_pool_init");
  must(first, question);
  heap_arm(LONG_MAX, 0);
  db = open_database();
  heap_disarm();
  calls = atomic_load(&heap_calls);
  sqlite3_close(db);
  for(persists=0; persists<2; persists++){
    for(k=0; (n = request(k, calls, failed))>0; k++) failed = try_open(n, persists);
  }
  sqlite3_reset_auto_extension();
  sqlite3_close(first);
}

/* Closing a connection that has been asked everything in a script, and one with a statement that is not finished. */
static void try_close(const char *script, int unfinished, int persists){
  long n;
  int failed = 1, rc;
  for(n=1; failed; n++){
    sqlite3_int64 used = sqlite3_memory_used();
    long alive = atomic_load(&heap_alive);
    sqlite3 *db = prepare_database();
    sqlite3_stmt *stmt = NULL;
    run_script(db, script, 1);
    snprintf(where, sizeof where, "close after %s, allocation %ld, %s", script, n, persists ? "persistent" : "transient");
    if( unfinished && (sqlite3_prepare_v2(db, question, -1, &stmt, NULL)!=SQLITE_OK || sqlite3_step(stmt)!=SQLITE_ROW) ) complain("no row");
    heap_arm(n, persists);
    rc = sqlite3_close(db);
    if( rc!=(unfinished ? SQLITE_BUSY : SQLITE_OK) ) complain("code %d", rc);
    if( unfinished ){
      if( sqlite3_close_v2(db)!=SQLITE_OK ) complain("closing later");
      rc = sqlite3_finalize(stmt);           /* which tells of the failure of sqlite3_close() to write its message */
      if( rc!=SQLITE_OK && rc!=SQLITE_NOMEM ) complain("code %d", rc);
    }
    failed = heap_disarm()>0;
    n_trials++;
    n_absorbed += failed;
    if( sqlite3_memory_used()!=used || atomic_load(&heap_alive)!=alive ) complain("not all was given back");
  }
}

static void try_loads(const char *script){
  int i;
  for(i=0; i<4; i++){
    try_entry(i & 1, i>>1, "sqlite3_attribution_init");
    try_entry(i & 1, i>>1, "sqlite3_attribution_pool_init");
  }
  try_pool();
  for(i=0; i<4; i++) try_close(script, i & 1, i>>1);
}
