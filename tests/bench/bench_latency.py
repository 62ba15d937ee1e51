#!/usr/bin/env python3
"""Measures what windows of requests are worth over a long line: a whole sync of a generated state
from devnet peers behind round trips of 100 ms, with as many requests in flight at each peer as its
window allows, and with one.

usage: bench_latency.py FASTSYNCD [--accounts N] [--contracts M] [--seed S] [--peers P]...
                        [--delay-ms D] [--mbit R] [--skip-single] [--json FILE]

Prints items/s of both (from the start of the daemon to the recorded end), their ratio, and, where
the line has a rate, the share of it that was used between the first and the last item, and without
the way down from the root and the last stragglers. Each state is verified, outside of what is
measured. Run by hand, in a release build: it takes minutes.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
from link import Link  # noqa: E402
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify  # noqa: E402


def rate_between(one, other):
    """Bytes a second that came down between two looks at the line."""
    return (other["down"] - one["down"]) / (other["down_s"] - one["down_s"])


def measure(options, folder, devnets, windows):
    """One sync through a fresh link."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    link = Link([d.enode for d in devnets], delay_ms=options.delay_ms, mbit=options.mbit)
    try:
        limit = [] if windows else ["--max-requests-per-peer", "1"]
        began = time.monotonic()
        with Daemon(options.program, str(folder / "run.log"), data, devnets[0].network(), *limit,
                    peers=link.enodes) as daemon:
            daemon.wait_until("the first items",
                              lambda s: s["progress"]["items_committed"] > 0, 60)
            first = link.look()
            middle = []
            for done in (0.1, 0.8):
                daemon.wait_until(f"{done} of the state",
                                  lambda s, d=done: s["progress"]["fraction"] >= d, 3600)
                middle.append(link.look())
            daemon.wait_until("the state is complete", lambda s: s["phase"] == "complete", 3600)
            last = link.look()
            wall = time.monotonic() - began
            if daemon.stop() != 0:
                raise Failure(daemon.log_text()[-4000:])
        items = verify(options.program, data, 3600)["items"]
    finally:
        link.close()
    used = rate_between(first, last)
    run = {"peers": len(devnets), "windows": windows, "items": items, "wall_s": wall,
           "items_per_s": items / wall, "line_bytes_per_s": used}
    if options.mbit:
        most = options.mbit * 1e6 / 8
        run["share_of_line"] = used / most
        run["share_in_the_middle"] = rate_between(*middle) / most
    return run


def show(run):
    kind = "windows" if run["windows"] else "one request"
    line = (f"{run['peers']} peers, {kind:<11}  {run['items']:>9,} items in {run['wall_s']:>6.1f} s "
            f"{run['items_per_s']:>9,.0f} items/s  line {run['line_bytes_per_s'] / 1e6:>6.2f} MB/s")
    if "share_of_line" in run:
        line += (f", {100 * run['share_of_line']:.1f} % of it, "
                 f"{100 * run['share_in_the_middle']:.1f} % from 10 to 80 % of the state")
    print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--contracts", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=int, action="append", help="repeatable; default 1, 2 and 4")
    parser.add_argument("--delay-ms", type=float, default=50, help="each way")
    parser.add_argument("--mbit", type=float, default=0, help="rate of the line; 0: unlimited")
    parser.add_argument("--skip-single", action="store_true", help="windows alone")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    ensure_loopback_only()
    runs = []
    with tempfile.TemporaryDirectory(prefix="fastsync-latency-") as top:
        folder = pathlib.Path(top)
        devnets = []
        try:
            counts = options.peers or [1, 2, 4]
            for number in range(max(counts)):
                devnets.append(Devnet(
                    options.program, str(folder / f"devnet-{number}.log"), "--accounts",
                    str(options.accounts), "--contracts", str(options.contracts), "--seed",
                    str(options.seed)))
            for count in counts:
                runs.append(measure(options, folder, devnets[:count], True))
                show(runs[-1])
                if options.skip_single:
                    continue
                runs.append(measure(options, folder, devnets[:count], False))
                show(runs[-1])
                ratio = runs[-2]["items_per_s"] / runs[-1]["items_per_s"]
                print(f"{count} peers: {ratio:.2f} times as much with windows", flush=True)
        finally:
            for devnet in devnets:
                devnet.stop()
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench_latency: {failure}")
