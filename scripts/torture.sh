#!/usr/bin/env bash
# Kills the daemon and cuts its power while it syncs, many times, and reads the whole database after
# each end (tests/crash/torture.py says how). About 25 minutes; a line of figures for each kind of end.
#
# usage: scripts/torture.sh [--kills N] [--losses N] [--seed N] [--accounts N] [--contracts N]
# Example: scripts/torture.sh --kills 20 --losses 5
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_deps.sh test >&2
cmake --preset release -DFASTSYNC_BUILD_TESTS=ON -Wno-dev >&2
cmake --build --preset release --parallel "$(nproc)" --target fastsyncd disk_journal >&2
exec tests/crash/torture.py build/release/fastsyncd build/release/tests/crash/libdisk_journal.so "$@"
