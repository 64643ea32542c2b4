#!/bin/sh
# run.sh FOLDER TEST...: the tests in a Python and with a shell whose SQLite is that of FOLDER (build.sh); tests/conftest.py makes sure of it.
# Then the modules that SQLite's library has not, and the extension beside an earlier one (ATTRIBUTION_EARLIER, earlier.sh).
set -eu
host=$(cd "$1" && pwd)
shift
echo "== SQLite $(basename "$(dirname "$host")"), $(basename "$host")"
if [ -s "${ATTRIBUTION_EARLIER:-}" ]; then set -- "$@" tests/versions/earlier.py
else echo "skipped: tests/versions/earlier.py, as there is no build of an earlier commit"; fi
ATTRIBUTION_HOST=$host LD_LIBRARY_PATH=$host PATH=$host:$PATH \
  ${PYTHON:-/usr/bin/python3} -m pytest -q -rs -p no:cacheprovider "$@" tests/versions/modules.py
