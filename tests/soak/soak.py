#!/usr/bin/env python3
"""A long sync over a slow line, with peers that come and go, a pivot that moves every few seconds,
and restarts of the daemon; watched all the time.

usage: soak.py FASTSYNCD [--minutes M] [--restart-every S] [--accounts N] [--contracts N] [--seed N]

Four times a second the status is read, and it must agree with itself: the fraction is at most 1 and
falls only when the pivot moves or a correction is counted, committed counts never fall, what is in
flight is pending, a peer that serves is connected. Threads and descriptors are read with it: after a
warm-up of 60 s in a life of the daemon they must stay within MOST_THREADS and MOST_DESCRIPTORS of
what they were; memory, after 240 s, within MOST_GROWTH_MIB, and always below MOST_MIB. At the end
the daemon is stopped, and every stored item is read and looked at. A state that is complete before
the time is over is verified, removed, and synced again.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
from link import Link  # noqa: E402
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify  # noqa: E402

WARM_UP_S = 60.0
MEMORY_WARM_UP_S = 240.0
MOST_GROWTH_MIB = 64
MOST_MIB = 400
MOST_THREADS = 2
MOST_DESCRIPTORS = 24
PEERS = 3
STEP_S = 0.25


def usage(pid):
    fields = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            name, _, value = line.partition(":")
            fields[name] = value.split()
    return {"mib": int(fields["RssAnon"][0]) / 1024, "threads": int(fields["Threads"][0]),
            "descriptors": sum(not is_table(f"/proc/{pid}/fd/{number}")
                               for number in os.listdir(f"/proc/{pid}/fd"))}


def is_table(descriptor):
    """Open table files have a bound of their own, which --memory-budget sets, and grow up to it."""
    try:
        return os.readlink(descriptor).endswith(".sst")
    except OSError:
        return True  # closed meanwhile


class ComingPeer:
    """A devnet peer behind a line of its own, which may go and come back as the same node."""

    def __init__(self, options, folder, number):
        self.options, self.folder, self.number = options, folder, number
        self.node = None
        self.come(0)
        self.port = self.node.enode.rsplit(":", 1)[1]
        self.link = Link([self.node.enode], delay_ms=50, mbit=4)
        self.enode = self.link.enodes[0]

    def come(self, port=None):
        self.node = Devnet(self.options.program, str(self.folder / f"peer-{self.number}.log"),
                           "--accounts", str(self.options.accounts), "--contracts",
                           str(self.options.contracts), "--seed", "7", "--block-interval", "0.05",
                           "--node-key", str(self.folder / f"peer-{self.number}.key"),
                           port=self.port if port is None else port)

    def go(self):
        self.node.kill()
        self.node = None


class Watch:
    """What one life of the daemon told, checked as it comes."""

    def __init__(self, daemon):
        self.daemon, self.begun = daemon, time.monotonic()
        self.last = None
        self.warm = None
        self.most = {}
        self.samples = 0

    def look(self):
        status = self.daemon.status()
        if status is None:
            if not self.daemon.running():
                raise Failure(f"the daemon ended:\n{self.daemon.log_text()[-4000:]}")
            return None
        self.check(status)
        self.last = status
        self.samples += 1
        self.measure()
        return status

    def check(self, status):
        progress = status["progress"]
        faults = []
        if not 0 <= progress["fraction"] <= 1:
            faults.append("the fraction is out of range")
        if progress["items_committed"] != progress["nodes_committed"] + progress["codes_committed"]:
            faults.append("items are not nodes and codes")
        estimate = progress.get("estimate")
        if estimate and not 0 <= estimate["fraction_low"] <= estimate["fraction_high"] <= 1:
            faults.append("the range of the fraction is none")
        if progress["in_flight"] > progress["pending"]:
            faults.append("more is in flight than pending")
        if status["peers"]["serving"] > status["peers"]["connected"]:
            faults.append("more peers serve than are connected")
        if progress["lost_tasks"]:
            faults.append("tasks were lost")
        if self.last:
            before = self.last["progress"]
            for field in ("items_committed", "nodes_committed", "codes_committed",
                          "bytes_committed", "retries", "duplicates", "unexpected"):
                if progress[field] < before[field]:
                    faults.append(f"{field} fell")
            same_pivot = self.last.get("pivot") and status.get("pivot") and \
                self.last["pivot"]["state_root"] == status["pivot"]["state_root"]
            corrected = progress["corrections"] > before["corrections"]
            if same_pivot and not corrected and progress["fraction"] < before["fraction"]:
                faults.append("the fraction fell with the same pivot, and no correction")
        if faults:
            raise Failure(f"{'; '.join(faults)}:\n{json.dumps(self.last)}\n{json.dumps(status)}")

    def measure(self):
        now = usage(self.daemon.child.pid)
        age = time.monotonic() - self.begun
        if now["mib"] > MOST_MIB:
            raise Failure(f"{now['mib']} MiB are in use after {age:.0f} s")
        if age < WARM_UP_S:
            return
        # Caches and what is pending fill slower than all else.
        if self.warm is None or age < MEMORY_WARM_UP_S:
            self.warm = {**now, **(self.warm or {}), "mib": now["mib"]}
        for what, value in now.items():
            self.most[what] = max(self.most.get(what, 0), value)
        for what, room in (("mib", MOST_GROWTH_MIB), ("threads", MOST_THREADS),
                           ("descriptors", MOST_DESCRIPTORS)):
            if now[what] > self.warm[what] + room:
                raise Failure(f"{what} grew from {self.warm[what]} to {now[what]} in "
                              f"{time.monotonic() - self.begun:.0f} s")

    def tell(self, why):
        if self.last is None:
            return
        moves = self.last["pivot"]["moves"] if self.last.get("pivot") else 0
        print(f"{why} after {time.monotonic() - self.begun:.0f} s: {self.samples} samples, "
              f"{self.last['progress']['items_committed']} items, fraction "
              f"{self.last['progress']['fraction']:.3f}, {moves} pivot moves; warm {self.warm}, "
              f"most {self.most}", flush=True)


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.data = folder / "data"
        self.rng = random.Random(options.seed)
        self.peers = [ComingPeer(options, folder, number) for number in range(PEERS)]
        self.network = self.peers[0].node.network()
        self.next_change = time.monotonic() + 5
        self.changes = self.lives = self.wholes = 0

    def change_peers(self):
        """One goes, or one that is away comes back; one at least is always there."""
        if time.monotonic() < self.next_change:
            return
        self.next_change = time.monotonic() + self.rng.uniform(2, 12)
        away = [peer for peer in self.peers if peer.node is None]
        self.changes += 1
        if away:
            away[0].come()
        else:
            self.rng.choice(self.peers).go()

    def life(self, end):
        """One process of the daemon, until it is time to restart it."""
        self.lives += 1
        until = min(end, time.monotonic() + self.options.restart_every)
        with Daemon(self.options.program, str(self.folder / "run.log"), self.data, self.network,
                    "--exit-when-complete", peers=[peer.enode for peer in self.peers]) as daemon:
            watch = Watch(daemon)
            while time.monotonic() < until:
                if not daemon.running():
                    return self.completed(daemon, watch)
                watch.look()
                self.change_peers()
                time.sleep(STEP_S)
            watch.tell("stopped")
            code = daemon.stop(20)
            if code != 0:
                raise Failure(f"a stop ended with {code}:\n{daemon.log_text()[-4000:]}")
        return None

    def completed(self, daemon, watch):
        if daemon.wait() != 0:
            raise Failure(f"the daemon ended:\n{daemon.log_text()[-4000:]}")
        watch.tell("complete")
        verify(self.options.program, self.data)
        shutil.rmtree(self.data)
        self.wholes += 1

    def run(self):
        end = time.monotonic() + 60 * self.options.minutes
        while time.monotonic() < end:
            self.life(end)
        if self.data.exists():
            report = verify(self.options.program, self.data, 3600, ["--every-item"])
            print(f"{report['items']} stored items are sound and have all below them")
        print(f"{self.lives} lives, {self.wholes} whole states, {self.changes} comings and goings")

    def close(self):
        for peer in self.peers:
            if peer.node is not None:
                peer.go()
            peer.link.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 2)[1])
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--restart-every", type=float, default=420, help="seconds")
    parser.add_argument("--accounts", type=int, default=600_000)
    parser.add_argument("--contracts", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    ensure_loopback_only()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fastsync-soak-") as top:
        soak = Soak(options, pathlib.Path(top))
        try:
            soak.run()
        finally:
            soak.close()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"soak: {failure}")
