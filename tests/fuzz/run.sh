#!/bin/sh
# Runs fuzz targets one after the other: run.sh FOLDER SECONDS TARGET...
#
# New inputs go to $CORPUS/<target>, tests/fuzz/corpus/<target> is only read.
# FUZZ_SEED, if set, makes the first inputs of two runs the same. An input that breaks a target is
# left in FOLDER as <target>-crash-…, and the run ends there.
set -eu
folder=$1 seconds=$2
shift 2
cd "$(dirname "$0")/../.."
for target in "$@"; do
  found=${CORPUS:-$folder/found}/$target
  mkdir -p "$found"
  log=$folder/$target.log
  if "$folder/$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -max_len=4096 -timeout=30 -rss_limit_mb=3000 -print_final_stats=1 \
      -artifact_prefix="$folder/$target-" "$found" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    awk -v target="$target" '/number_of_executed_units/ { n = $2 } /cov:/ { for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i+1) }
      END { printf "%-12s %12d runs, %6d edges\n", target, n, c }' "$log"
  else
    tail -40 "$log"
    echo "$target: failed; $log has it all" >&2
    exit 1
  fi
done
