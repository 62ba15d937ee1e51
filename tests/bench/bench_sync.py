#!/usr/bin/env python3
"""Measures whole syncs over real sockets: a generated state, devnet peers on one processor, the
daemon on the other; beside it, from the same peer, a client that asks, hashes, decodes and forgets.

usage: bench_sync.py FASTSYNCD [OLD_FASTSYNCD]... [--null-client PROGRAM] [--accounts N]
                     [--contracts M] [--seed S] [--peers P] [--runs R] [--json FILE]
                     [--peer ENODE --network-id N --genesis-hash H --pivot P]

With several programs their runs alternate. With --peer that node is asked instead of devnet peers.
Prints every run and the medians: items/s from the pivot's choice until the state is whole, and
until its tables are merged ("complete"); CPU seconds per million items of the daemon process
alone, merging included; its peak memory; bytes on disk and written per byte of keys and blobs.
The last state of each program is verified, outside of what is measured.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Devnet, Failure, Process, ensure_loopback_only, verify  # noqa: E402

KEY_BYTES = 33  # a kind and a hash
IN_FLIGHT = (1, 2, 4, 8)  # requests of the null client; the daemon's window goes up to the last


def pinned_to(cpu):
    """The command prefix that keeps a process on one processor, where there are two."""
    return ["taskset", "-c", str(cpu)] if (os.cpu_count() or 1) > 1 else []


def disk_bytes(folder):
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


class Peer:
    """A node that somebody else has started."""

    def __init__(self, options):
        self.enode, self.network_id = options.peer, options.network_id
        self.genesis_hash = options.genesis_hash

    def stop(self):
        pass


def seconds_of(log, pattern):
    """When the log first says so, seconds; None if it does not."""
    line = next((line for line in log.splitlines() if re.search(pattern, line)), None)
    return None if line is None else datetime.datetime.fromisoformat(line.split()[0]).timestamp()


def sync(program, folder, peers, extra):
    """One run from an empty folder to its end."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    log = str(folder / "run.log")
    if os.path.exists(log):
        os.remove(log)
    statics = [part for peer in peers for part in ("--static-peer", peer.enode)]
    command = [*pinned_to(0), program, "run", "--data-dir", str(data), "--network-id",
               peers[0].network_id, "--genesis-hash", peers[0].genesis_hash, "--http", "off",
               "--exit-when-complete", *statics, *extra]
    load = os.getloadavg()[0]
    process = Process(command, log)
    pid = process.child.pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with open(f"/proc/{pid}/io", encoding="ascii") as counters:
        written = int(dict(line.split(": ") for line in counters)["write_bytes"])
    code = process.wait()
    text = process.log_text()
    if code != 0:
        raise Failure(text[-4000:])
    items = int(re.search(r"items_committed=(\d+) bytes_committed=", text)[1])
    blob_bytes = int(re.search(r" bytes_committed=(\d+)", text)[1])
    began = seconds_of(text, r" pivot number=")
    complete = seconds_of(text, r" complete state_root=")
    whole = seconds_of(text, r" whole state_root=") or complete
    payload = blob_bytes + items * KEY_BYTES
    usage = process.usage
    return {
        "program": program, "items": items, "blob_bytes": blob_bytes, "load": load,
        "state_root": re.search(r" pivot number=.*state_root=(0x[0-9a-f]{64})", text)[1],
        "items_per_s": items / (whole - began),
        "items_per_s_merged": items / (complete - began),
        "cpu_s_per_million": (usage.ru_utime + usage.ru_stime) * 1e6 / items,
        "user_s": usage.ru_utime, "system_s": usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
        "disk_per_payload": disk_bytes(data) / payload,
        "written_per_payload": written / payload,
    }


def forget(program, peer, root, in_flight):
    """One run of the null client."""
    command = [*pinned_to(0), program, peer.enode, peer.network_id, peer.genesis_hash, root,
               str(in_flight)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(done.stderr)
    run = json.loads(done.stdout)
    return {"items": run["items"], "in_flight": in_flight,
            "items_per_s": run["items"] / run["wall_s"],
            "cpu_s_per_million": run["cpu_s"] * 1e6 / run["items"]}


FIELDS = ("items_per_s", "items_per_s_merged", "cpu_s_per_million", "peak_mib",
          "disk_per_payload", "written_per_payload")


def median(runs, fields=FIELDS):
    return {field: statistics.median(run[field] for run in runs) for field in fields}


def show(run, name):
    print(f"{name:<14} {run['items_per_s']:>9,.0f} items/s ({run['items_per_s_merged']:,.0f} with "
          f"merging)  {run['cpu_s_per_million']:.2f} CPU s/M  {run['peak_mib']:.0f} MiB peak  disk "
          f"{run['disk_per_payload']:.2f}, written {run['written_per_payload']:.2f} of keys and "
          f"blobs", flush=True)


def show_null(run, name):
    print(f"{name:<14} {run['items_per_s']:>9,.0f} items/s  {run['cpu_s_per_million']:.2f} CPU s/M",
          flush=True)


def start_peers(options, folder):
    if options.peer:
        return [Peer(options)]
    return [Devnet(options.programs[0], str(folder / f"devnet-{number}.log"), "--accounts",
                   str(options.accounts), "--contracts", str(options.contracts), "--seed",
                   str(options.seed), prefix=pinned_to(1)) for number in range(options.peers)]


def measure(options, folder, peers):
    """All runs: of each program, and of the null client with each number of requests."""
    names = [chr(ord("A") + i) for i in range(len(options.programs))]
    runs = {name: [] for name in names}
    null_runs = {in_flight: [] for in_flight in IN_FLIGHT}
    extra = ["--pivot", options.pivot] if options.pivot else []
    for number in range(options.runs):
        for name, program in zip(names, options.programs):
            runs[name].append(sync(program, folder, peers, extra))
            if number == 0:
                print(f"{name}: {program}, {runs[name][0]['items']:,} items, "
                      f"{runs[name][0]['blob_bytes']:,} bytes of blobs", flush=True)
            show(runs[name][-1], f"{name} run {number + 1}")
            if number + 1 == options.runs:
                report = verify(program, folder / "data", 3600)
                if not report["complete"] or report["items"] != runs[name][-1]["items"]:
                    raise Failure(f"{program}: verify says {report}")
        if options.null_client:
            root = runs[names[0]][0]["state_root"]
            for in_flight in IN_FLIGHT:
                null_runs[in_flight].append(
                    forget(options.null_client, peers[0], root, in_flight))
                show_null(null_runs[in_flight][-1], f"null, {in_flight} asked")
    return runs, null_runs


def summary(runs, null_runs):
    out = {"runs": runs, "null_runs": null_runs,
           "medians": {name: median(of) for name, of in runs.items()}}
    print("medians")
    for name, values in out["medians"].items():
        show(values, name)
    for name in list(runs)[1:]:
        for field in ("items_per_s", "cpu_s_per_million", "peak_mib"):
            ratio = statistics.median(a[field] / b[field] for a, b in zip(runs["A"], runs[name]))
            print(f"A/{name} {field}: {ratio:.3f}")
    for in_flight, of in null_runs.items():
        if not of:
            continue
        null = median(of, ("items_per_s", "cpu_s_per_million"))
        out["medians"][f"null {in_flight}"] = null
        show_null(null, f"null, {in_flight} asked")
        ratio = statistics.median(a["items_per_s"] / b["items_per_s"]
                                  for a, b in zip(runs["A"], of))
        print(f"A/null, {in_flight} asked, items/s: {ratio:.3f}")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--null-client")
    parser.add_argument("--accounts", type=int, default=420_000)
    parser.add_argument("--contracts", type=int, default=8_400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--peer")
    parser.add_argument("--network-id")
    parser.add_argument("--genesis-hash")
    parser.add_argument("--pivot")
    options = parser.parse_args()
    ensure_loopback_only()
    with tempfile.TemporaryDirectory(prefix="fastsync-bench-") as top:
        folder = pathlib.Path(top)
        peers = start_peers(options, folder)
        try:
            result = summary(*measure(options, folder, peers))
        finally:
            for peer in peers:
                peer.stop()
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench_sync: {failure}")
