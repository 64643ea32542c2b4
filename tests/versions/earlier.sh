#!/bin/sh
# earlier.sh COMMIT FILE: the extension of an earlier commit in FILE; no FILE, and a word about it, where the history is not there.
# Its version is written as 0.0.0 so that it can be told from ours, which may have the same.
set -eu
commit=$1
file=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$file")"
if ! git archive "$commit" ext 2>/dev/null | tar x -C "$work" 2>/dev/null || [ ! -d "$work/ext" ]; then
  echo "earlier.sh: commit $commit is not in this clone's history"
  exit 0
fi
echo "  $file"
sed -i 's/^#define AT_VERSION .*/#define AT_VERSION "0.0.0"/' "$work/ext/core/core.h"
${CC:-cc} -std=c11 -O1 -ffp-contract=off -fPIC -fvisibility=hidden -DNDEBUG -shared -Wl,-z,defs,-z,relro,-z,now -o "$file" \
  $(find "$work/ext" -name '*.c') -lm -pthread
