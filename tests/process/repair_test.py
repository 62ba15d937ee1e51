#!/usr/bin/env python3
"""A byte flips in the database of a complete state: verify says so, --repair mends it, and the next
run fetches what was lost and the nodes above it. Repairs are killed, too, at random moments.

usage: repair_test.py FASTSYNCD [FLIPS [KILLS [SEED]]]
"""

import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Failure, ensure_loopback_only, verify  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
FLIPS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 12
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else int(time.time())
ACCOUNTS, CONTRACTS = 20000, 200
TOTALS = ("items", "bytes", "xor_of_hashes")


def command(data, *options):
    return [PROGRAM, "verify", "--data-dir", str(data), "--json", *options]


def call(data, *options):
    return subprocess.run(command(data, *options), capture_output=True, text=True, timeout=120,
                          check=False)


def flip(file, position, bits):
    with open(file, "r+b") as opened:
        opened.seek(position)
        old = opened.read(1)[0]
        opened.seek(position)
        opened.write(bytes([old ^ bits]))


class Repair(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        print(f"seed {SEED}")
        self.random = random.Random(SEED)
        self.start_source()
        self.sync("sound")
        report = verify(PROGRAM, self.folder / "sound")
        self.totals = {key: report[key] for key in TOTALS}

    def start_source(self):
        self.source = self.devnet("--accounts", str(ACCOUNTS), "--contracts", str(CONTRACTS))

    def sync(self, name):
        """Runs to the end; how many items that took, by the log."""
        with self.daemon(self.source.network(), "--exit-when-complete", name=name,
                         peers=[self.source.enode]) as node:
            try:
                self.assertEqual(node.wait(), 0, node.log_text())
            except Failure as failure:
                raise Failure(f"{failure}; {node.status()}\n{node.log_text()[-4000:]}") from failure
            log = node.log_text()
        end = int(re.search(r"complete state_root=\S+ items_committed=(\d+)", log).group(1))
        resumed = re.search(r"resume state_root=\S+ items_committed=(\d+)", log)
        return end - (int(resumed.group(1)) if resumed else 0)

    def damaged_copy(self, name, flips):
        data = self.folder / name
        shutil.copytree(self.folder / "sound", data)
        tables = sorted((data / "db").glob("*.sst"), key=lambda table: table.stat().st_size)
        for _ in range(flips):
            size = tables[-1].stat().st_size
            # Blocks of items are nearly all of a table, and come first.
            flip(tables[-1], self.random.randrange(size * 9 // 10), 1 << self.random.randrange(8))
        return data

    def check_sound_again(self, data):
        """What is there is sound, and a run makes it whole; how many items that took."""
        every = call(data, "--every-item")
        self.assertEqual(every.returncode, 0, every.stderr)
        fetched = self.sync(data.name)
        report = verify(PROGRAM, data)
        self.assertEqual({key: report[key] for key in TOTALS}, self.totals)
        return fetched

    def test_flips_are_found_and_mended(self):
        costs = []
        for number in range(FLIPS):
            if number % 10 == 9:
                # After some twenty nodes from one address it takes no more for a while.
                self.source.kill()
                self.start_source()
            data = self.damaged_copy(f"flip-{number}", 1)
            for options in ((), ("--every-item",)):
                found = call(data, *options)
                self.assertEqual(found.returncode, 2, found.stdout)
                self.assertIn("fastsyncd verify --repair", found.stderr)
            repaired = call(data, "--repair")
            self.assertEqual(repaired.returncode, 0, repaired.stderr)
            report = json.loads(repaired.stdout)
            self.assertIs(report["complete"], False)
            self.assertEqual(report["damaged_tables"], 1)
            self.assertGreater(report["removed_unclosed"], 0)
            self.assertRegex(repaired.stderr, r"damaged: \d+\.sst: .* entries kept, gaps: 1\n")
            costs.append(self.check_sound_again(data))
            self.assertEqual(costs[-1], self.totals["items"] - report["items"])
            self.assertLess(costs[-1], self.totals["items"] // 10)
            shutil.rmtree(data)
        costs.sort()
        print(f"{FLIPS} flips; of {self.totals['items']} items fetched again: "
              f"median {costs[len(costs) // 2]}, most {costs[-1]}")

    def test_a_killed_repair_is_finished_by_the_next_and_nobody_else_opens_meanwhile(self):
        data = self.damaged_copy("killed", 3)
        begun = time.monotonic()
        trial = self.damaged_copy("trial", 3)
        self.assertEqual(call(trial, "--repair").returncode, 0)
        span = time.monotonic() - begun
        landed, refused = 0, 0
        for number in range(KILLS):
            with subprocess.Popen(command(data, "--repair"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                # The first is killed in the midst of its changes, the others anywhere.
                while number == 0 and process.poll() is None and \
                        not (data / "repairing").exists():
                    time.sleep(0.0005)
                try:
                    process.wait(0 if number == 0 else self.random.uniform(0, span))
                except subprocess.TimeoutExpired:
                    process.kill()
                    landed += 1
            if not (data / "repairing").exists():
                continue
            refused += 1
            said = call(data)
            self.assertEqual(said.returncode, 2)
            self.assertIn("run fastsyncd verify --repair", said.stderr)
            run = subprocess.run([PROGRAM, "run", "--data-dir", str(data), "--http",
                                  "127.0.0.1:0", *self.source.network()],
                                 capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn("run fastsyncd verify --repair", run.stderr)
        done = call(data, "--repair")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((data / "repairing").exists())
        fetched = self.check_sound_again(data)
        print(f"{landed} repairs killed within {span:.2f} s, {refused} of them left the mark; "
              f"{fetched} of {self.totals['items']} items fetched again")
        self.assertGreater(refused, 0)
        self.assertLess(fetched, self.totals["items"] // 10)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=sys.argv[:1])
