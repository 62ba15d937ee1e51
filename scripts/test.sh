#!/usr/bin/env bash
# Runs every test: format, layers, and the suite in three builds, each with what it can find.
# Installs what is missing first.
#
# usage: scripts/test.sh [PART]... [-- CTEST_ARGUMENT...]
#   format   clang-format agrees with every source
#   dev      debug build (gcc), the suite without inputs of fuzzers, the layer check among it
#   asan     address and undefined behaviour sanitizers, whole suite
#   tsan     thread sanitizer (clang), what has more than one thread
#   all      the four above (default)
# Example: scripts/test.sh asan -- -R rlpx --verbose
#
# The last line sums up all runs: "N passed, N failed". Exit status 0 only if nothing failed.
# Tests run in a network namespace that holds loopback alone, where the system allows one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
logs=build/test-logs

# Runs a command where only loopback exists; directly, where namespaces are not allowed.
in_loopback_only() {
    local up='ip link set lo up && exec "$@"' flags
    for flags in -n -rn; do
        if unshare "$flags" sh -c 'ip link set lo up' 2>/dev/null; then
            unshare "$flags" sh -c "$up" sh "$@"
            return
        fi
    done
    "$@"
}

# Counts one check by its exit status.
count() {
    local name=$1 status=$2
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "== $name: passed"
    else
        failed=$((failed + 1))
        echo "== $name: FAILED"
    fi
}

check_format() {
    find lib apps tests -name '*.[ch]pp' -print0 | xargs -0 clang-format --dry-run -Werror
    count "format" $?
}

# Adds the numbers of ctest's own summary to ours. No summary: ctest itself failed.
count_suite() {
    local preset=$1 log=$2 summary
    summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+$' "$log" | tail -n 1)
    if [[ $summary =~ ,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+)$ ]]; then
        failed=$((failed + BASH_REMATCH[1]))
        passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
        echo "== $preset: $summary"
    else
        count "$preset suite" 1
    fi
}

# Fetches, while there is a network, the npm packages that interop_devp2p and interop_ethers need.
fetch_npm_packages() {
    local preset=$1 log=$2
    timeout 120 cmake --build --preset "$preset" --target devp2p_modules ethers_modules >"$log" 2>&1 ||
        echo "== $preset: npm cannot fetch packages ($log says why): interop_devp2p and interop_ethers are skipped"
}

# Builds one preset and runs its suite.
run_suite() {
    local preset=$1
    shift
    local log=$logs/$preset started=$SECONDS
    if ! cmake --preset "$preset" -Wno-dev >"$log.configure" 2>&1; then
        cat "$log.configure"
        count "$preset configure" 1
        return
    fi
    if ! cmake --build --preset "$preset" >"$log.build" 2>&1; then
        grep -A 20 -E 'error|FAILED' "$log.build" | head -n 200
        count "$preset build" 1
        return
    fi
    echo "== $preset: built in $((SECONDS - started)) s"
    [ "$preset" != dev ] || fetch_npm_packages "$preset" "$log.npm"
    # One more than there are processors: tests of whole processes wait for most of their time.
    in_loopback_only "${runner[@]}" ctest --preset "$preset" --parallel "$(($(nproc) + 1))" \
        --output-on-failure --no-tests=error "$@" 2>&1 | tee "$log.ctest"
    count_suite "$preset" "$log.ctest"
}

parts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case "$1" in
        format | dev | asan | tsan) parts+=("$1") ;;
        all) parts+=(format dev asan tsan) ;;
        *)
            sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
            exit 64
            ;;
    esac
    shift
done
[ $# -eq 0 ] || shift
((${#parts[@]})) || parts=(format dev asan tsan)

scripts/install_deps.sh test || exit 1
mkdir -p "$logs"
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS="halt_on_error=1:suppressions=$PWD/tests/support/tsan.supp"

for part in "${parts[@]}"; do
    runner=()
    # The thread sanitizer of clang 14 does not start under the address randomisation of newer
    # kernels.
    if [ "$part" = tsan ] && setarch -R true 2>/dev/null; then
        runner=(setarch -R)
    fi
    if [ "$part" = format ]; then
        check_format
    else
        run_suite "$part" "$@"
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
