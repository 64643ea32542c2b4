#!/bin/sh
# compare.sh NAME=EXTENSION...: asks every build the same and fails where one answers differently from the first, to the last bit.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
first=
for build in "$@"; do
  name=${build%%=*}
  ATTRIBUTION_SO=${build#*=} ${PYTHON:-/usr/bin/python3} "$here/answers.py" > "$work/$name"
  lines=$(wc -l < "$work/$name")
  if [ -z "$first" ]; then
    first=$name
    echo "$name: $lines lines of answers"
  elif cmp -s "$work/$first" "$work/$name"; then
    echo "$name: the same, to the last bit"
  else
    echo "$name: differs from $first:" >&2
    diff "$work/$first" "$work/$name" | head -n 20 >&2
    exit 1
  fi
done
