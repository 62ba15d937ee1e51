#!/usr/bin/env bash
# What a change must satisfy before it is committed: format, layers, awaits, clang-tidy.
#
# usage: scripts/check.sh [--all | FILE...]
#   without arguments  clang-tidy reads the .cpp files that differ from main (or are new)
#   --all              every .cpp file (slow)
#   FILE...            these
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
scripts/install_deps.sh check || exit 1

failed=0
step() {
    local name=$1
    shift
    if "$@"; then echo "== $name: passed"; else
        echo "== $name: FAILED"
        failed=1
    fi
}

sources() {
    case "${1:-changed}" in
        --all) git ls-files -- 'lib/*.cpp' 'apps/*.cpp' 'tests/*.cpp' ;;
        changed)
            git diff --name-only --diff-filter=d "$(git merge-base HEAD main 2>/dev/null || echo HEAD)" -- '*.cpp'
            git ls-files --others --exclude-standard -- '*.cpp'
            ;;
        *) printf '%s\n' "$@" ;;
    esac
}

format() {
    find lib apps tests -name '*.[ch]pp' -print0 | xargs -0 clang-format --dry-run -Werror
}

tidy() {
    local files
    mapfile -t files < <(sources "$@" | sort -u)
    echo "clang-tidy reads ${#files[@]} files"
    ((${#files[@]})) || return 0
    cmake --preset tidy -Wno-dev >/dev/null || return 1
    printf '%s\0' "${files[@]}" |
        xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/tidy 2> >(
            grep -vE '^[0-9]+ warnings? (generated|and)|^Suppressed|^Use -header-filter' >&2)
}

step format format
step layers scripts/check_layers.py
step awaits scripts/check_awaits.py
step tidy tidy "$@"
exit "$failed"
