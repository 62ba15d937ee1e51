#!/usr/bin/env bash
# Shows the main job from end to end: builds the daemon, starts a local peer that serves a generated
# state, syncs it, kills the daemon in the middle and starts it again, verifies what lies in the
# database. Installs missing Debian packages first.
#
# usage: scripts/demo.sh [FOLDER]
#   FOLDER   where the database and the logs go; must not exist (default: a new one in /tmp)
# Environment: ACCOUNTS, CONTRACTS, SEED shape the state.
set -euo pipefail

if [ -z "${FASTSYNC_DEMO_BUILT:-}" ]; then
    target=$(realpath -m "${1:-$(mktemp -d /tmp/fastsyncd-demo.XXXXXX)/demo}")
    cd "$(dirname "$0")/.."
    scripts/build.sh
    export FASTSYNC_DEMO_BUILT=1
    # All that follows speaks over loopback only; where the system allows it, it cannot do otherwise.
    for flags in -n -rn; do
        if unshare "$flags" sh -c 'ip link set lo up' 2>/dev/null; then
            exec unshare "$flags" sh -c 'ip link set lo up && exec "$@"' sh scripts/demo.sh "$target"
        fi
    done
    exec scripts/demo.sh "$target"
fi

program=build/release/fastsyncd
folder=$1
accounts=${ACCOUNTS:-1000000}
contracts=${CONTRACTS:-20000}
seed=${SEED:-1}
http=127.0.0.1:8645

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
stop_all() { kill "${devnet:-}" "${daemon:-}" 2>/dev/null || true; }
trap stop_all EXIT
mkdir -p "$(dirname "$folder")"
mkdir "$folder" || { echo "demo: $folder exists already" >&2; exit 1; }

# The value of a key that a devnet prints, as soon as it does.
printed() {
    local value=
    until value=$(sed -n "s/^$1//p" "$folder/devnet.out") && [ -n "$value" ]; do
        kill -0 "$devnet" 2>/dev/null || { cat "$folder/devnet.log" >&2; exit 1; }
        sleep 0.1
    done
    echo "$value"
}

start_daemon() {
    "$program" run --data-dir "$folder/data" --network-id "$network_id" \
        --genesis-hash "$genesis_hash" --static-peer "$enode" --http "$http" \
        2>>"$folder/daemon.log" &
    daemon=$!
}

# The finished part of the state in thousandths; empty while the daemon does not answer.
thousandths() {
    { "$program" status --http "http://$http" --json 2>/dev/null || true; } |
        sed -n 's/.*"fraction":\([0-9.e-]*\).*/\1/p' | awk '{ printf "%d", 1000 * $1 }'
}

say "A local peer with a state of $accounts accounts, $contracts contracts among them"
"$program" devnet --listen 127.0.0.1:0 --accounts "$accounts" --contracts "$contracts" \
    --seed "$seed" >"$folder/devnet.out" 2>"$folder/devnet.log" &
devnet=$!
enode=enode$(printed enode)
network_id=$(printed network_id=)
genesis_hash=$(printed genesis_hash=)
cat "$folder/devnet.out"

say "The daemon syncs it: first half"
started=$(date +%s.%N)
start_daemon
while true; do
    done_so_far=$(thousandths)
    [ "${done_so_far:-0}" -lt 400 ] || break
    kill -0 "$daemon" 2>/dev/null || { tail "$folder/daemon.log" >&2; exit 1; }
    sleep 0.05
done
"$program" status --http "http://$http" || true

say "kill -9 in the middle, and a new start"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null || true
start_daemon
"$program" status --http "http://$http" --watch
finished=$(date +%s.%N)
grep 'resume ' "$folder/daemon.log" | tail -n 1

say "The end"
"$program" status --http "http://$http"
kill -TERM "$daemon"
wait "$daemon"

say "verify: every node and code is read and hashed again"
"$program" verify --data-dir "$folder/data"

items=$("$program" verify --data-dir "$folder/data" --json | sed -n 's/.*"items":\([0-9]*\).*/\1/p')
say "Summary"
awk -v items="$items" -v from="$started" -v to="$finished" 'BEGIN {
    printf "synced    %d items in %.1f s with a kill and a restart: %d items/s\n",
        items, to - from, items / (to - from) }'
echo "database  $folder/data ($(du -sh "$folder/data" | cut -f1))"
echo "logs      $folder/daemon.log, $folder/devnet.log"
