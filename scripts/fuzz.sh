#!/usr/bin/env bash
# Fuzzes decoders and state machines with libFuzzer under AddressSanitizer and UBSan.
#
# usage: scripts/fuzz.sh [TARGET]... [--seconds N] [--runs N]
#   TARGET       without "fuzz_" in front; all of tests/fuzz by default
#   --seconds N  time for each target (default 60)
#   --runs N     executions after which a target ends even if it has time left
# Example: scripts/fuzz.sh rlp trie_node --seconds 600
#
# Starts from the seeds in tests/fuzz/corpus and from what earlier runs found, which is kept in
# build/fuzz/found. An input that breaks something lies in build/fuzz/broken: it belongs into the
# corpus, with the fix. One line for each target says executions, seconds and result; exit status 0
# only if nothing broke. The fuzzers run where only loopback exists, if the system allows it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds=60
runs=-1
targets=()
while [ $# -gt 0 ]; do
    case "$1" in
        --seconds | --runs)
            [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "$1 needs a number" >&2 && exit 64; }
            if [ "$1" = --seconds ]; then seconds=$2; else runs=$2; fi
            shift
            ;;
        -*)
            sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
            exit 64
            ;;
        *) targets+=("$1") ;;
    esac
    shift
done
if ((!${#targets[@]})); then
    mapfile -t targets < <(find tests/fuzz -name 'fuzz_*.cpp' -printf '%f\n' | sed 's/^fuzz_//; s/\.cpp$//' | sort)
fi

scripts/install_deps.sh test || exit 1
mkdir -p build/fuzz/found build/fuzz/broken build/fuzz/logs
cmake --preset fuzz -Wno-dev >build/fuzz/logs/configure 2>&1 || { cat build/fuzz/logs/configure && exit 1; }
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" >build/fuzz/logs/build 2>&1 ||
    { tail -n 40 build/fuzz/logs/build && exit 1; }

loopback_only=()
for flags in -n -rn; do
    if unshare "$flags" sh -c 'ip link set lo up' 2>/dev/null; then
        loopback_only=(unshare "$flags" sh -c 'ip link set lo up && exec "$@"' sh)
        break
    fi
done
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

failed=0
for target in "${targets[@]}"; do
    log=build/fuzz/logs/$target
    found=build/fuzz/found/$target
    mkdir -p "$found"
    started=$SECONDS
    "${loopback_only[@]}" "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" \
        -runs="$runs" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/broken/$target-" "$found" "tests/fuzz/corpus/$target" \
        >"$log" 2>&1
    status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    result=sound
    if [ "$status" -ne 0 ]; then
        failed=1
        result="BROKEN (exit $status), see $log"
    fi
    printf '%-18s %12s executions %6d s  %s\n' "$target" "${executions:-?}" $((SECONDS - started)) "$result"
done
exit "$failed"
