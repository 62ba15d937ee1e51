#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing; touches nothing when all are there.
#
# usage: scripts/install_deps.sh [build|package|test|check]
#   build   what the daemon needs (default)
#   package build, and what makes a Debian package
#   test    build, and what the tests and the sanitizer builds need
#   check   test, and clang-tidy
set -euo pipefail

build_packages=(
    cmake ninja-build g++ ccache mold pkg-config
    libboost1.81-dev libboost-program-options1.81-dev
    librocksdb-dev libsnappy-dev libsecp256k1-dev libcrypto++-dev libc-ares-dev libzstd-dev
    nlohmann-json3-dev libspdlog-dev libfmt-dev libtomlplusplus-dev libsystemd-dev)
test_packages=(
    python3 catch2
    clang libclang-rt-14-dev llvm-14 clang-format
    iproute2 util-linux zstd)
# Whichever node and npm there are serve, packaged or not.
command -v node >/dev/null || test_packages+=(nodejs)
command -v npm >/dev/null || test_packages+=(npm)
# The browser that the status page is tested in, and letters for it.
command -v chromium >/dev/null || test_packages+=(chromium fonts-dejavu-core)
package_packages=(dpkg-dev file)
check_packages=(clang-tidy git)

case "${1:-build}" in
    build) wanted=("${build_packages[@]}") ;;
    package) wanted=("${build_packages[@]}" "${package_packages[@]}") ;;
    test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
    check) wanted=("${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}") ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
        exit 64
        ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "install_deps: this is not a Debian system; what is needed: ${wanted[*]}" >&2
    exit 1
fi

# The packages among the arguments that are not installed, one a line.
missing_among() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            echo "$package"
    done
}

mapfile -t missing < <(missing_among "${wanted[@]}")
((${#missing[@]})) || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install_deps: neither root nor sudo; ask an administrator to run:" >&2
        echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# --no-remove: Boost 1.81 conflicts with 1.74; whoever has that decides, not this script.
install_missing() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" >&2
}

echo "install_deps: installing ${missing[*]}" >&2
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1 || ! install_missing; then
    "${as_root[@]}" apt-get update -qq >&2
    install_missing || {
        echo "install_deps: apt-get could not install: ${missing[*]}" >&2
        echo "  (the list is for Debian 12; see apt's message above)" >&2
        exit 1
    }
fi
