#!/usr/bin/env bash
# Measures a release build. The same commands on the same machine at the same time compare; figures
# of different hours do not.
#
# usage: scripts/bench.sh sync [OLD_FASTSYNCD]... [OPTION]...   whole syncs (tests/bench/bench_sync.py
#                                                               has the options)
#        scripts/bench.sh geth GETH [OPTION]...                whole syncs from a real go-ethereum
#                                                               (tests/bench/bench_geth.py)
#        scripts/bench.sh parts [ACCOUNTS [CONTRACTS [JSON]]]   each part beside its limit
#        scripts/bench.sh store [ITEMS [PER_FLUSH [FOLDER]]]    the store alone
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

usage() {
    sed -n '2,/^set/{/^#/s/^# \?//p}' "scripts/bench.sh" >&2
    exit 1
}
[ $# -gt 0 ] || usage
what=$1
shift

scripts/install_deps.sh test >&2
cmake --preset release -DFASTSYNC_BUILD_TESTS=ON -Wno-dev >&2
build() { cmake --build --preset release --parallel "$(nproc)" --target "$@" >&2; }
bin=$PWD/build/release
case $what in
    sync)
        build fastsyncd bench_null_client
        bench=$PWD/tests/bench/bench_sync.py
        cd "$here"
        exec "$bench" "$bin/fastsyncd" "$@" --null-client "$bin/tests/bench/bench_null_client"
        ;;
    geth)
        [ $# -gt 0 ] || usage
        build fastsyncd bench_null_client
        bench=$PWD/tests/bench/bench_geth.py
        cd "$here"
        geth=$1
        shift
        exec "$bench" "$geth" "$bin/fastsyncd" "$@" \
            --null-client "$bin/tests/bench/bench_null_client"
        ;;
    parts | store)
        build "bench_$what"
        cd "$here"
        exec "$bin/tests/bench/bench_$what" "$@"
        ;;
    *) usage ;;
esac
