#!/usr/bin/env bash
# Builds the daemon: build/release/fastsyncd. Installs missing Debian packages first.
#
# usage: scripts/build.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_deps.sh build
cmake --preset release -DFASTSYNC_BUILD_TESTS=OFF -Wno-dev
cmake --build --preset release --target fastsyncd
ls -l build/release/fastsyncd
