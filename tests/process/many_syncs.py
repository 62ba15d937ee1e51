#!/usr/bin/env python3
"""Whole syncs in a row: none may stall.

usage: many_syncs.py FASTSYNCD [--single N] [--three N] [--accounts N] [--contracts N] [--seed N]

First from a single peer, then from three of which one dies at a random moment of the sync. Each
sync has a folder of its own and LONGEST_S to be complete; every state is verified. Prints how long
they took.
"""

import argparse
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify  # noqa: E402

LONGEST_S = 60.0


class Syncs:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.rng = random.Random(options.seed)
        self.expected = None

    def devnet(self, name):
        return Devnet(self.options.program, str(self.folder / f"{name}.log"), "--accounts",
                      str(self.options.accounts), "--contracts", str(self.options.contracts))

    def sync(self, peers, victim=None, after=0.0):
        """Seconds that one took. `victim` dies `after` seconds."""
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        begin = time.monotonic()
        with Daemon(self.options.program, str(self.folder / "run.log"), data, peers[0].network(),
                    "--exit-when-complete", peers=[peer.enode for peer in peers]) as daemon:
            if victim is not None:
                time.sleep(after)
                victim.kill()
            code = daemon.wait(LONGEST_S)
            took = time.monotonic() - begin
            if code != 0:
                raise Failure(f"ended with {code}:\n{daemon.log_text()[-4000:]}")
        report = verify(self.options.program, data)
        totals = {key: report[key] for key in ("items", "bytes", "xor_of_hashes")}
        self.expected = self.expected or totals
        if totals != self.expected:
            raise Failure(f"a state of {totals}, not of {self.expected}")
        return took

    def from_one(self):
        took = []
        with self.devnet("one") as peer:
            for _ in range(self.options.single):
                took.append(self.sync([peer]))
        show("one peer", took, self.expected)

    def from_three(self):
        took = []
        with self.devnet("first") as first, self.devnet("second") as second:
            usual = None
            for number in range(self.options.three):
                with self.devnet(f"third-{number}") as third:
                    # The first tells how long a sync takes with all of them alive.
                    if usual is None:
                        usual = self.sync([first, second, third])
                    took.append(self.sync([first, second, third], third,
                                          self.rng.uniform(0.0, usual)))
        show("three peers, one dies", took, self.expected)


def show(what, took, totals):
    if took:
        print(f"{what}: {len(took)} syncs of {totals['items']} items, all complete and sound; "
              f"seconds: median {statistics.median(took):.2f}, most {max(took):.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 2)[1])
    parser.add_argument("program")
    parser.add_argument("--single", type=int, default=100)
    parser.add_argument("--three", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--contracts", type=int, default=400)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    ensure_loopback_only()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fastsync-syncs-") as top:
        syncs = Syncs(options, pathlib.Path(top))
        syncs.from_one()
        syncs.from_three()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"many_syncs: {failure}")
