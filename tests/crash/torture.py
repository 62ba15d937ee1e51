#!/usr/bin/env python3
"""Kills the syncing daemon and cuts its power, again and again, while the pivot moves under it.

usage: torture.py FASTSYNCD DISK_JOURNAL_LIBRARY [--kills N] [--losses N] [--seed N]
                  [--accounts N] [--contracts N]

Ends of a life of the daemon, in turn and at random: SIGKILL at a random moment; SIGKILL before the
n-th change to a file (inside a write, a rename, an fsync; from the creation of the database on);
power loss, which takes away what was not on the disk for good; a clean stop. After each the whole
database is read: every item must be what its hash says, and all that it refers to must be there. The
next life must go on from what was committed: a kill may cost the downloads of the last 2 seconds, a
power loss those of the last 10. Whole states are verified.

Reports medians and maxima of what each kind of end cost. Exit code 1 at the first fault; the folder
with all that is needed to look at it is then kept and named.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from disk_journal import DiskJournal  # noqa: E402
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify, wait_for  # noqa: E402

MOST_LOST_S = {"kill": 2.0, "change": 2.0, "power": 10.0, "stop": 0.0}
# The status is made anew four times a second, and what it told was true up to so long before.
STATUS_AGE_S = 0.5


class Life:
    """One process of the daemon, and what its status told."""

    def __init__(self, torture, number, kill_at=0):
        self.samples = []
        # As another node each time: a peer bans for a while who comes and goes so often.
        (torture.data / "node.key").unlink(missing_ok=True)
        environment = torture.journal.begin()
        environment["DISK_JOURNAL_KILL"] = str(kill_at)
        prefix = ["env", *(f"{name}={value}" for name, value in environment.items())]
        self.daemon = None
        self.log = str(torture.folder / f"life-{number}.log")
        try:
            self.daemon = Daemon(torture.program, self.log, torture.data,
                                 torture.devnet.network(), "--exit-when-complete",
                                 peers=[torture.devnet.enode], prefix=prefix)
        except Failure:
            # Killed before it listened.
            if torture.journal.read() is None:
                raise
        self.ended_at = None

    def resumed(self):
        """The count that it found in its database; None if it ended before it was told."""
        text = lambda: pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")  # noqa: E731

        def look():
            if "resume state_root" in text():
                return (int(self.daemon.logged(r"resume .*items_committed=(\d+)")),)
            if "pivot number=" in text():
                return (0,)
            return None if self.daemon.running() else ("ended",)
        if self.daemon is None:
            return None
        found = wait_for("the resumed count", look, 60)[0]
        return None if found == "ended" else found

    def live(self, span):
        """For `span` seconds or to its end; True when it still lives."""
        end = time.monotonic() + span
        while self.daemon is not None and time.monotonic() < end:
            if not self.daemon.running():
                return False
            if status := self.daemon.status():
                self.samples.append((time.monotonic(), status["progress"]["items_committed"]))
            time.sleep(0.02)
        return self.daemon is not None

    def end(self, how):
        """Its exit code."""
        self.ended_at = time.monotonic()
        if self.daemon is None:
            return -9
        if how == "stop":
            return self.daemon.stop(30)
        self.daemon.kill()
        return self.daemon.child.returncode

    def lost(self, survived):
        """Seconds and items of what it told that did not survive."""
        later = [(when, items) for when, items in self.samples if items > survived]
        if not later:
            return 0.0, 0
        return self.ended_at - later[0][0], later[-1][1] - survived


class Torture:
    def __init__(self, arguments, folder, devnet):
        self.program, self.folder, self.devnet = arguments.program, folder, devnet
        self.rng = random.Random(arguments.seed)
        self.left = {"kill": arguments.kills - arguments.kills // 2,
                     "change": arguments.kills // 2, "power": arguments.losses,
                     "stop": (arguments.kills + arguments.losses) // 10}
        self.costs = {how: [] for how in self.left}
        self.fresh = list(range(1, 1 + self.left["change"] // 2))  # changes of a first start
        self.rng.shuffle(self.fresh)
        self.counts = collections.Counter()
        self.items_checked = 0
        self.lives = 0
        self.open_folder()

    def open_folder(self):
        self.data = self.folder / "data"
        self.journal = DiskJournal(pathlib.Path(sys.argv[2]).resolve(), self.data,
                                   self.folder / "journal")

    def choose(self):
        kinds = [how for how, left in self.left.items() for _ in range(left)]
        return self.rng.choice(kinds) if kinds else None

    def run(self):
        before = None  # the life that ended, and how
        while (how := self.choose()) or self.data.exists():
            self.lives += 1
            first = not self.data.exists()
            kill_at = 0
            if how == "change":
                if first and self.fresh:
                    kill_at = self.fresh.pop()
                else:
                    # Small numbers are the opening of the database, larger ones its life.
                    kill_at = int(2 ** self.rng.uniform(0, 7.5))
            life = Life(self, self.lives, kill_at)
            survived = life.resumed()
            if before and survived is not None:
                self.judge(*before, survived)
                before = None
            span = 60 if how in ("change", None) else self.rng.uniform(0.02, 2.5)
            if not life.live(span):
                if self.finished(life, how):
                    before = None
                    continue
            elif how is None:
                raise Failure("a sync that is left alone takes more than a minute")
            code = life.end(how)
            if how == "stop" and code != 0:
                raise Failure(f"a clean stop ended with {code}: {life.daemon.log_text()[-3000:]}")
            words = ""
            if how == "power":
                words = self.journal.lose_power(self.rng)
            self.check_items(how, words)
            self.left[how] -= 1
            self.counts[how] += 1
            # What was lost may be lost to lives that ended before they told anything.
            if before is None or survived is not None:
                before = (life, how)

    def finished(self, life, how):
        """True when the life ended by itself, complete; the state is verified and removed."""
        if life.daemon is None:
            return False
        code = life.daemon.wait()
        if code == -9 and how == "change":
            return False
        if code != 0:
            raise Failure(f"the daemon ended with {code}:\n{life.daemon.log_text()[-4000:]}")
        report = verify(self.program, self.data)
        self.counts["whole states"] += 1
        self.counts["pivot moves"] += max(map(int, re.findall(r"pivot .* moves=(\d+)",
                                                              life.daemon.log_text())), default=0)
        self.items_checked += report["items"]
        shutil.rmtree(self.data)
        return True

    def judge(self, life, how, survived):
        seconds, items = life.lost(survived)
        told = life.samples[-1][1] if life.samples else 0
        self.costs[how].append((seconds, items, 100 * items / told if told else 0.0))
        if seconds > MOST_LOST_S[how] + STATUS_AGE_S:
            raise Failure(f"{how}: {seconds:.2f} s of downloads were lost, {items} items")

    def check_items(self, how, words):
        """Every item in the database is sound and closed."""
        if not (self.data / "db").exists():
            return
        done = subprocess.run([self.program, "verify", "--data-dir", str(self.data),
                               "--every-item", "--json"],
                              capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failure(f"after {how} ({words}): verify ended with {done.returncode}: "
                          f"{done.stdout}{done.stderr}")
        self.items_checked += json.loads(done.stdout)["items"]

    def report(self):
        for how, costs in self.costs.items():
            if not costs:
                continue
            parts = []
            for name, values in zip(("s", "items", "%"), zip(*costs)):
                parts.append(f"{name}: median {statistics.median(values):.4g}, "
                             f"most {max(values):.4g}")
            print(f"{how:6} {self.counts[how]:4}   lost " + "; ".join(parts))
        print(f"{self.lives} lives, {self.counts['whole states']} whole states, "
              f"{self.counts['pivot moves']} pivot moves, "
              f"{self.items_checked} items read and found sound and closed")


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 2)[1])
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--losses", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--accounts", type=int, default=60_000)
    parser.add_argument("--contracts", type=int, default=1_000)
    parser.add_argument("--block-interval", default="0.1")
    return parser.parse_args()


def main():
    ensure_loopback_only()
    arguments = parse()
    print(f"seed {arguments.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fastsync-torture-"))
    options = ["--accounts", str(arguments.accounts), "--contracts", str(arguments.contracts),
               "--seed", "7", "--block-interval", arguments.block_interval]
    with Devnet(arguments.program, str(folder / "devnet.log"), *options) as devnet:
        torture = Torture(arguments, folder, devnet)
        try:
            torture.run()
        finally:
            torture.report()
    shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"torture: {failure}")
