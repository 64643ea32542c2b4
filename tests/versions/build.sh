#!/bin/sh
# build.sh SOURCES FLAVOUR FOLDER: libsqlite3.so.0, sqlite3 (the shell), csv.so and series.so in FOLDER.
#
# debian    as Debian compiles it, for the extension's purposes
# minimal   SQLite's defaults
# strict    what a careful host sets: strings in single quotes only, subtypes declared, connections defensive from the start
# single    without mutexes (SQLITE_THREADSAFE=0)
# multi     one thread for each connection (SQLITE_THREADSAFE=2)
# debug     SQLite's assertions and SQLITE_ENABLE_API_ARMOR, which find a wrong use of its interface
# unshared  the same without shared caches: debug takes every file for one that may be shared, which is not read by several threads
set -eu
sources=$1
flavour=$2
folder=$3
common="-DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_JSON1 \
  -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_USE_URI"
debian="$common -DSQLITE_SECURE_DELETE -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS3_TOKENIZER \
  -DSQLITE_ENABLE_FTS4 -DSQLITE_SOUNDEX -DSQLITE_ENABLE_UNLOCK_NOTIFY -DSQLITE_OMIT_LOOKASIDE -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
  -DSQLITE_MAX_SCHEMA_RETRY=25 -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_SESSION -DSQLITE_ENABLE_STMTVTAB \
  -DSQLITE_ENABLE_DBPAGE_VTAB -DSQLITE_MAX_VARIABLE_NUMBER=250000"
# what Debian 13 adds: an id of its own is then looked for in views
case $(basename "$(dirname "$folder")") in 3.34.*|3.40.*) ;; *) debian="$debian -DSQLITE_STRICT_SUBTYPE -DSQLITE_ALLOW_ROWID_IN_VIEW" ;; esac
case $flavour in
  debian) options="$debian" ;;
  minimal) options="" ;;
  strict) options="$common -DSQLITE_DQS=0 -DSQLITE_STRICT_SUBTYPE=1 -DSQLITE_DEFAULT_DEFENSIVE=1" ;;
  single) options="$common -DSQLITE_THREADSAFE=0" ;;
  multi) options="$common -DSQLITE_THREADSAFE=2" ;;
  debug) options="$common -DSQLITE_DEBUG -DSQLITE_ENABLE_API_ARMOR -DSQLITE_STRICT_SUBTYPE=1" ;;
  unshared) options="$common -DSQLITE_DEBUG -DSQLITE_ENABLE_API_ARMOR -DSQLITE_OMIT_SHARED_CACHE" ;;
  *) echo "build.sh: unknown flavour $flavour" >&2; exit 2 ;;
esac
rm -rf "$folder"
mkdir -p "$folder"
echo "  $folder"
# -O1 compiles in half the time. Python's module is linked to what SQLite left out by default before 3.36.
also=
if [ "$flavour" = unshared ]; then                            # Python's module calls it where it is told to
  also=$folder/unshared.c
  echo 'int sqlite3_enable_shared_cache(int on){ return on ? 21 : 0; }' > "$also"
fi
# shellcheck disable=SC2086
${CC:-cc} -O1 -g1 -w -fPIC -shared -Wl,-soname,libsqlite3.so.0 -DSQLITE_ENABLE_DESERIALIZE $options \
  -o "$folder/libsqlite3.so.0" "$sources/sqlite3.c" $also -ldl -lm -pthread
for module in csv series; do ${CC:-cc} -O1 -w -fPIC -shared -I"$sources" -o "$folder/$module.so" "$sources/$module.c"; done
if [ -e "$sources/shell" ]; then
  cp "$sources/shell" "$folder/sqlite3"
  ln -s libsqlite3.so.0 "$folder/libsqlite3_tool.so"          # its name for the library
else
  # shellcheck disable=SC2086
  ${CC:-cc} -O1 -w $options -I"$sources" -o "$folder/sqlite3" "$sources/shell.c" "$folder/libsqlite3.so.0" -lm
fi
touch "$folder/complete"
