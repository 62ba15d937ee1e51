#!/usr/bin/env bash
# Builds the Debian package: build/release/fastsyncd_VERSION_ARCH.deb. Installs what is missing first.
#
# usage: scripts/package.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_deps.sh package
cmake --preset release -DFASTSYNC_BUILD_TESTS=OFF -Wno-dev
cmake --build --preset release --target fastsyncd fastsync_manual
(cd build/release && cpack -G DEB)
ls -l build/release/fastsyncd_*.deb
