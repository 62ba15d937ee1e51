#!/usr/bin/env python3
"""Measures a whole sync over real sockets: a generated state, devnet peers on one processor, the
daemon on the other.

usage: bench_sync.py FASTSYNCD [--accounts N] [--contracts M] [--seed S] [--peers P] [--runs R]
                     [--json FILE]

Prints, for each run, items/s from the first request to the recorded end, CPU seconds per million
items of the daemon process alone, its peak memory, and what the database takes on disk. The state
is verified after each run, outside of what is measured.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify  # noqa: E402


def pinned_to(cpu):
    """The command prefix that keeps a process on one processor, where there are two."""
    return ["taskset", "-c", str(cpu)] if (os.cpu_count() or 1) > 1 else []


def disk_bytes(folder):
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def written_bytes(pid):
    """Bytes that a living process has caused to be written to storage."""
    with open(f"/proc/{pid}/io", encoding="ascii") as counters:
        return int(dict(line.split(": ") for line in counters)["write_bytes"])


def measure(program, folder, devnets):
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    began = time.monotonic()
    with Daemon(program, str(folder / "run.log"), data, devnets[0].network(),
                peers=[d.enode for d in devnets], prefix=pinned_to(0)) as daemon:
        daemon.wait_until("the state is complete", lambda s: s["phase"] == "complete", 3600)
        wall = time.monotonic() - began
        written = written_bytes(daemon.child.pid)
        if daemon.stop() != 0:
            raise Failure(daemon.log_text()[-4000:])
    report = verify(program, data, 3600)
    items, usage = report["items"], daemon.usage
    cpu = usage.ru_utime + usage.ru_stime
    return {
        "items": items, "payload_bytes": report["bytes"], "wall_s": wall,
        "items_per_s": items / wall, "cpu_s_per_million": cpu * 1e6 / items,
        "user_s": usage.ru_utime, "system_s": usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
        "disk_per_payload": disk_bytes(data) / report["bytes"],
        "written_per_payload": written / report["bytes"],
    }


def show(run):
    print(f"{run['items']:>10,} items  {run['items_per_s']:>9,.0f} items/s  "
          f"{run['cpu_s_per_million']:>5.2f} CPU s/M ({run['user_s']:.2f} user, "
          f"{run['system_s']:.2f} system)  {run['peak_mib']:>6.0f} MiB peak  "
          f"disk {run['disk_per_payload']:.2f}, written {run['written_per_payload']:.2f} "
          f"times the payload of {run['payload_bytes']:,} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--accounts", type=int, default=500_000)
    parser.add_argument("--contracts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    ensure_loopback_only()
    with tempfile.TemporaryDirectory(prefix="fastsync-bench-") as top:
        folder = pathlib.Path(top)
        devnets = []
        try:
            for number in range(options.peers):
                devnets.append(Devnet(
                    options.program, str(folder / f"devnet-{number}.log"), "--accounts",
                    str(options.accounts), "--contracts", str(options.contracts), "--seed",
                    str(options.seed), prefix=pinned_to(1)))
            runs = []
            for _ in range(options.runs):
                runs.append(measure(options.program, folder, devnets))
                show(runs[-1])
        finally:
            for devnet in devnets:
                devnet.stop()
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench_sync: {failure}")
