#!/bin/sh
# valgrind.sh EXTENSION FOLDER: FOLDER has another build of the extension and core/ with the core tests.
#
# Every core test runs under valgrind, leaks counted, and so does every answer that the tests know how to ask for
# (tests/builds/answers.py), which must be what EXTENSION answers without. Python's own memory is not looked at for leaks.
set -eu
extension=$1 folder=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}

mkdir -p "$folder/logs"
printf '%s\n' "$folder"/core/test_* | xargs -P 2 -I {} sh -c '
  log=$2/logs/$(basename "$1")
  valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible "$1" >"$log" 2>&1 ||
    { cat "$log"; echo "$1: failed under valgrind" >&2; exit 1; }' sh {} "$folder"
echo "core: $(ls "$folder"/core/test_* | wc -l) programs"

ATTRIBUTION_SO=$PWD/$extension $python "$here/../builds/answers.py" >"$folder/answers.usual"
ATTRIBUTION_SO=$PWD/$folder/attribution PYTHONMALLOC=malloc valgrind -q --error-exitcode=9 --leak-check=no \
  "$python" "$here/../builds/answers.py" >"$folder/answers"
cmp "$folder/answers.usual" "$folder/answers"
echo "answers: $(wc -l <"$folder/answers") lines, the same as without"
