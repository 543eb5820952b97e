#!/usr/bin/env bash
# Builds spondyl and runs its main job on the bundled sample case: in a window where there is a display, else headless
# (renders pictures, replays the case's script, exports, and says where everything lies).
#
#   ./demo.sh                   everything, installing missing system packages
#   ./demo.sh --no-install      install nothing
#   ./demo.sh -- --out DIR      what stands behind -- goes to `spondyl demo`
set -euo pipefail
cd "$(dirname "$0")"
. .ci/packages.sh
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) NO_INSTALL=1 ;;
        --) shift; break ;;
        *) echo "usage: ./demo.sh [--no-install] [-- ARGUMENTS OF spondyl demo]" >&2; exit 2 ;;
    esac
    shift
done
rust_or_say
need build render
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then need window; fi
exec cargo run --release --bin spondyl -- demo "$@"
