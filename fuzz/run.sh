#!/usr/bin/env bash
# Fuzzes what reads outside data: ./run.sh TARGET [SECONDS] [SEED-FOLDER…]
#
#   scan      one file of any bytes, through the scan and the loading of all that it found
#   decode    one frame of any bytes under any header, through every transfer syntax
#   geometry  a series of files whose positions, orientations and spacings say anything
#   case      a case file of any bytes, and any lines under the chain of a sound one: opened, recovered, undone, reopened
#   script    a script of any bytes on a small series
#   import    case JSON, NIfTI label maps and what else is read, of any bytes
#
# Runs on the stable compiler with coverage counters; needs a C++ compiler (g++). What is found lies in artifacts/TARGET.
set -euo pipefail
cd "$(dirname "$0")"
target=${1:?usage: run.sh scan|decode|geometry|case|script|import [SECONDS] [SEED-FOLDER…]}
seconds=${2:-1800}
shift; [ $# -gt 0 ] && shift
counters="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
triple=$(rustc -vV | sed -n 's/^host: //p')
# A target is named so that build scripts are compiled without the counters.
RUSTFLAGS="--cfg fuzzing -Ccodegen-units=1 $counters" cargo build --release --target "$triple" --bin "$target"
mkdir -p "corpus/$target" "artifacts/$target"
words=(); case "$target" in case|script|import) words=("-dict=words.txt") ;; esac
seeds=(); [ -d "seeds/$target" ] && seeds=("seeds/$target")
exec "${CARGO_TARGET_DIR:-target}/$triple/release/$target" "corpus/$target" "${seeds[@]}" "$@" "${words[@]}" -artifact_prefix="artifacts/$target/" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 -print_final_stats=1
