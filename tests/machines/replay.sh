#!/bin/sh
# replay.sh FOLDER NAME [COMMAND...]: what the programs in FOLDER/NAME say, which COMMAND runs, compared with what is expected
# and with FOLDER/here: the demo database, byte for byte; the cookbook as its shell prints it; every question of tests/builds, to the
# last bit; the unit tests of core. "here" itself writes the answers that the others are compared with.
set -eu
folder=$1 name=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$folder/here mine=$folder/$name
exe= suffix=so
[ ! -e "$mine/attribution.dll" ] || { exe=.exe suffix=dll; }
unix_lines() { tr -d '\r'; }          # Windows ends lines in its own way
fail() { echo "$name: $*" >&2; exit 1; }

rm -f "$mine/demo.db"
"$@" "$mine/generate-demo$exe" "$mine/demo.db"
cmp "$here/demo.db" "$mine/demo.db" || fail "generate-demo writes another database"

cookbook=0
mkdir -p "$mine/printed"
for question in "$root"/sql-examples/[0-9]*.sql; do
  stem=$(basename "$question" .sql)
  "$@" "$mine/sqlite3$exe" -batch -bail -readonly -init "$folder/nothing" -cmd ".load $mine/attribution.$suffix" "$mine/demo.db" \
    ".read sql-examples/$stem.sql" > "$mine/printed/$stem.raw" || fail "$stem ends with $?"
  unix_lines < "$mine/printed/$stem.raw" > "$mine/printed/$stem.out"
  diff "$root/sql-examples/expected/$stem.out" "$mine/printed/$stem.out" | head -n 20 > "$mine/difference"
  [ ! -s "$mine/difference" ] || { cat "$mine/difference" >&2; fail "$stem prints something else"; }
  cookbook=$((cookbook + 1))
done
