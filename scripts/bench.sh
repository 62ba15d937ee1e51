#!/usr/bin/env bash
# Measures a whole sync of a generated state over real sockets, in a release build: items/s, CPU
# seconds per million items of the daemon alone, peak memory, disk.
#
# usage: scripts/bench.sh [--accounts N] [--contracts M] [--seed S] [--peers P] [--runs R] [--json FILE]
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

scripts/build.sh >&2
scripts/install_deps.sh test
program=$PWD/build/release/fastsyncd
bench=$PWD/tests/bench/bench_sync.py
cd "$here"
exec "$bench" "$program" "$@"
