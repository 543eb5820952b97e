#!/usr/bin/env bash
# Runs all tests. They need no display and no GPU (software Vulkan draws), and none is skipped.
#
#   ./test.sh                   everything, installing missing system packages
#   ./test.sh --no-install      install nothing
#   ./test.sh -- FILTER         what stands behind -- goes to `cargo test`
set -euo pipefail
cd "$(dirname "$0")"
. .ci/packages.sh
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) NO_INSTALL=1 ;;
        --) shift; break ;;
        *) echo "usage: ./test.sh [--no-install] [-- ARGUMENTS OF cargo test]" >&2; exit 2 ;;
    esac
    shift
done
rust_or_say
need build render faults
# The release profile: decoding and drawing are too slow unoptimised, and the program is then compiled once.
exec cargo test --release "$@"
