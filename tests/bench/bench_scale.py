#!/usr/bin/env python3
"""Whether an item costs the same in a small state and in a large one: whole syncs of states of several
sizes, in turn, each from a devnet peer of its own on the other processor.

usage: bench_scale.py FASTSYNCD [--accounts N,N,...] [--runs R] [--json FILE]

One account in 50 is a contract. Prints every run and the medians, each beside those of the first
size. Nothing is verified here: bench_sync.py does that.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bench_sync import FIELDS, median, pinned_to, show, sync  # noqa: E402
from nodes import Devnet, Failure, ensure_loopback_only  # noqa: E402

ACCOUNTS_PER_CONTRACT = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--accounts", default="420000,4200000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    ensure_loopback_only()
    sizes = [int(size) for size in options.accounts.split(",")]
    runs = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory(prefix="fastsync-bench-") as top:
        folder = pathlib.Path(top)
        peers = {size: Devnet(options.program, str(folder / f"devnet-{size}.log"), "--accounts",
                              str(size), "--contracts", str(size // ACCOUNTS_PER_CONTRACT),
                              prefix=pinned_to(1)) for size in sizes}
        try:
            for number in range(options.runs):
                for size in sizes:
                    runs[size].append(sync(options.program, folder, [peers[size]], []))
                    run = runs[size][-1]
                    show(run, f"{run['items'] / 1e6:.2f} M, {number + 1}")
        finally:
            for peer in peers.values():
                peer.stop()
    print("medians")
    for size in sizes:
        values = median(runs[size])
        show(values, f"{runs[size][0]['items'] / 1e6:.2f} M")
        for field in FIELDS if size != sizes[0] else ():
            ratio = statistics.median(run[field] / first[field]
                                      for run, first in zip(runs[size], runs[sizes[0]]))
            print(f"  {field}: {ratio:.3f} times those of the first size")
    if options.json:
        options.json.write_text(json.dumps({str(size): of for size, of in runs.items()}, indent=1),
                                encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench_scale: {failure}")
