#!/bin/sh
# replay.sh FOLDER NAME [COMMAND...]: lets COMMAND run the programs in FOLDER/NAME and compares what they say with what is expected,
# and with FOLDER/here, which goes first:
#   the demo database that they make, byte for byte;
#   the cookbook as their shell prints it, the extension loaded as everybody loads it, byte for byte;
#   every question of tests/builds, to the last bit;
#   the unit tests of core.
set -eu
folder=$1 name=$2
shift 2
command=$*
root=$(dirname "$0")/../..
mine=$folder/$name
exe='' suffix=so
[ ! -e "$mine/attribution.dll" ] || { exe=.exe suffix=dll; }
extension=$mine/attribution.$suffix
fail() { echo "$name: $*" >&2; exit 1; }
unix_lines() { tr -d '\r' < "$1" > "$2"; }          # Windows ends its lines in a way of its own

: > "$folder/nothing"
rm -f "$mine/demo.db"
$command "$mine/generate-demo$exe" "$mine/demo.db" || fail "generate-demo ends with $?"
cmp "$folder/here/demo.db" "$mine/demo.db" || fail "generate-demo writes another database"

# Eight at a time, as most of it is starting: each leaves what it says, and only then its name with ".ok".
eight_at_a_time() {
  action=$1; shift
  i=0
  for what in "$@"; do
    $action "$what" &
    i=$((i + 1))
    [ $((i % 8)) != 0 ] || wait
  done
  wait
}

print_one() {
  stem=$(basename "$1" .sql)
  $command "$mine/sqlite3$exe" -batch -bail -readonly -init "$folder/nothing" -cmd ".timeout 60000" -cmd ".load $extension" "$mine/demo.db" ".read $1" \
    > "$mine/printed/$stem.raw" && unix_lines "$mine/printed/$stem.raw" "$mine/printed/$stem.out" && : > "$mine/printed/$stem.ok"
}
rm -rf "$mine/printed" "$mine/tested"
mkdir -p "$mine/printed" "$mine/tested"
eight_at_a_time print_one "$root"/sql-examples/[0-9]*.sql
cookbook=0
for question in "$root"/sql-examples/[0-9]*.sql; do
  stem=$(basename "$question" .sql)
  [ -e "$mine/printed/$stem.ok" ] || fail "the shell fails in $stem"
  cmp -s "$root/sql-examples/expected/$stem.out" "$mine/printed/$stem.out" || {
    diff "$root/sql-examples/expected/$stem.out" "$mine/printed/$stem.out" | head -n 20 >&2
    fail "$stem prints something else"
  }
  cookbook=$((cookbook + 1))
done

rm -f "$mine/large.db"
for database in memory demo large; do
  [ $database = memory ] && file=:memory: || file=$mine/$database.db
  $command "$mine/host$exe" "$extension" "$file" "$folder/questions/$database"/*.sql > "$mine/$database.raw" || fail "host ends with $?"
  unix_lines "$mine/$database.raw" "$mine/$database.answers"
  cmp -s "$folder/here/$database.answers" "$mine/$database.answers" || {
    diff "$folder/here/$database.answers" "$mine/$database.answers" | head -n 20 >&2
    fail "other answers"
  }
done
answers=$(cat "$mine/memory.answers" "$mine/demo.answers" "$mine/large.answers" | wc -l)

test_one() {
  stem=$(basename "$1" "$exe")
  $command "$1" > "$mine/tested/$stem.log" 2>&1 && : > "$mine/tested/$stem.ok"
}
eight_at_a_time test_one "$mine"/core/test_*
tests=0
for test in "$mine"/core/test_*; do
  stem=$(basename "$test" "$exe")
  [ -e "$mine/tested/$stem.ok" ] || { cat "$mine/tested/$stem.log" >&2; fail "$stem fails"; }
  grep ': skipped' "$mine/tested/$stem.log" || :
  tests=$((tests + $(sed -n 's/.*: \([0-9]*\) tests, .*/\1/p' "$mine/tested/$stem.log")))
done
[ "$name" = here ] && same='to compare with' || same='the same to the last bit'
echo "$name: $cookbook files of the cookbook as expected, $answers lines of answers, $same, $tests tests of core passed"
