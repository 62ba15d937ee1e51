#!/usr/bin/env python3
"""Syncs the fixture chain's states from a real go-ethereum and holds what came against the fixture.

usage: geth_test.py FASTSYNCD [--idle SECONDS] [--slow KBIT_PER_S]

environment:
  FASTSYNC_GETH        a go-ethereum program, version 1.8 to 1.10; without it the test is skipped
  FASTSYNC_SHARED_DIR  folder with fixtures/geth-small; default: shared beside the repository

All of it runs in a network namespace that holds loopback alone, with a private network id, without
discovery and without bootstrap nodes; where the system allows no such namespace, not at all.
--idle: the first sync's daemon then stays for so long and must still be a peer at the end.
--slow: one more sync, over a loopback of so few kbit/s (needs tc); 100 makes it take 7 minutes.
Exit code: 0 passed, 1 failed, 77 skipped.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import loopback  # noqa: E402
from fixture import Fixture  # noqa: E402
from geth import Geth  # noqa: E402
from nodes import HOST, Daemon, Failure, verify, wait_for  # noqa: E402

SKIPPED = 77
GETH_PORT, SECOND_GETH_PORT, OUR_PORT = 30401, 30402, 30303
SYNC_TIMEOUT_S, RESTART_TIMEOUT_S, GETH_SYNC_TIMEOUT_S = 120, 30, 90
# A block it demands must come within 15 s; in 20 it has had its answer.
WHITELIST_TIME_S = 20
POLL_S = 0.2
# The first head of the geth whose head moves, and a line over which it has time to move.
EARLY_HEAD, MOVING_KBIT, SLOW_TIMEOUT_S = 150, 500, 300
OUR_NAME = "fastsyncd/"
# The secret key 1 has a known public key, the generator of the curve; and what go-ethereum calls
# the peer with it.
OUR_KEY = f"{1:064x}"
OUR_ID = ("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
          "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
OUR_SHORT_ID = "c0a6c424ac7157ae"
DROPPED = "Removing p2p peer"
# Of all versions.
BLOCK_VERIFIED = ["Whitelist block verified", "Peer required block verified"]


def say(sentence):
    print(sentence, flush=True)


def check(held, sentence):
    if not held:
        raise Failure(f"not so: {sentence}")
    say(f"  ok: {sentence}")


def check_equal(got, wanted, what):
    """Of `got` only the keys of `wanted` count."""
    different = {key: (got.get(key), value) for key, value in wanted.items()
                 if got.get(key) != value}
    if different:
        raise Failure(f"{what}: (got, wanted) differ in {different}")
    say(f"  ok: {what}")


def is_complete(status):
    return status["phase"] == "complete"


class Cases:
    def __init__(self, program, geth_program, fixture, folder):
        self.program, self.geth_program = program, geth_program
        self.fixture, self.folder = fixture, pathlib.Path(folder)
        self.geth = None
        self.runs = 0
        self.key = self.folder / "node.key"
        self.key.write_text(OUR_KEY)
        self.key.chmod(0o600)

    def daemon(self, database, *options, server=None):
        """`fastsyncd run` with geth, or another server, as its static peer."""
        self.runs += 1
        # With the forks known, and without: then geth is told the fork id that it says itself.
        network = ["--genesis", str(self.fixture.folder / "genesis.json")]
        if self.runs % 2 == 0:
            network = ["--network-id", str(self.fixture.meta["network_id"]),
                       "--genesis-hash", self.fixture.meta["genesis_hash"]]
        return Daemon(self.program, str(self.folder / f"run-{self.runs}.log"),
                      self.folder / database, network, "--node-key", str(self.key),
                      "--log-level", "debug", *options, peers=[(server or self.geth).enode()])

    def verified(self, database, wanted, what, *options):
        check_equal(verify(self.program, self.folder / database, options=options), wanted, what)

    def us(self, geth):
        """Our row in geth's list of peers; nothing when it has none."""
        return next((p for p in geth.peers() if p["name"].startswith(OUR_NAME)), None)

    def serve(self):
        say("geth: init, import, start")
        self.geth = Geth(self.geth_program, self.folder / "geth", self.fixture, GETH_PORT)
        say(f"  version {self.geth.version()}")
        self.geth.initialise()
        self.geth.import_chain()
        self.geth.start()
        head = self.fixture.meta["head"]
        check(self.geth.head() == (head["number"], head["hash"]), "it serves the fixture's head")

    # ---- the cases, in this order

    def pivot_of_its_own(self, idle):
        say("a sync that chooses its pivot" + (f", then {idle} s idle" if idle else ""))
        wanted = self.fixture.stated_at_200()
        check(self.fixture.counted(200) == wanted, "our count of block 200 is the fixture's")
        pivot = self.fixture.meta["pivot_at_head_minus_64"]
        with self.daemon("auto") as daemon:
            started = time.monotonic()
            status = daemon.wait_until("a complete state", is_complete, SYNC_TIMEOUT_S)
            say(f"  complete after {time.monotonic() - started:.1f} s")
            check_equal(status["pivot"], {"number": pivot["number"], "hash": pivot["hash"],
                                          "state_root": pivot["stateRoot"], "moves": 0},
                        "the pivot is block 200")
            check_equal(status["progress"], {"fraction": 1.0, "pending": 0, "in_flight": 0,
                                             "items_committed": wanted["items"],
                                             "bytes_committed": wanted["bytes"]},
                        "the status counts every item once")
            self.still_connected(daemon, idle)
            check(daemon.stop() == 0, "SIGTERM ends it with 0")
            wait_for("geth to see us leave", lambda: self.geth.log_lines(DROPPED), step=POLL_S)
        self.verified("auto", wanted, "verify finds the state of block 200, whole")
        with self.daemon("auto", "--exit-when-complete") as daemon:
            check(daemon.wait(RESTART_TIMEOUT_S) == 0, "started again it sees that all is there")
        self.verified("auto", wanted, "and leaves it as it was")

    def still_connected(self, daemon, idle=0):
        end = time.monotonic() + idle
        while True:
            ours, theirs = daemon.get("/peers")["peers"], self.us(self.geth)
            if len(ours) != 1 or theirs is None:
                raise Failure(f"no peers any more: {ours}, {theirs}\n{self.geth.last_words()}")
            left = end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, 5))
        check(ours[0]["connected_s"] >= idle,
              f"one connection for all of it ({ours[0]['connected_s']} s), we say")
        version = self.geth.highest_eth()
        check(theirs["protocols"]["eth"]["version"] == version, f"with eth/{version}, geth says")
        check(ours[0]["eth_version"] == version, "and we say")
        check(not self.geth.log_lines(DROPPED), "geth never dropped us")

    def pinned_pivots(self):
        say("pinned pivots, one after another, into one database")
        blocks = (8, 100, 264)
        for block in blocks:
            started = time.monotonic()
            with self.daemon("pinned", "--pivot", str(block), "--exit-when-complete") as daemon:
                check(daemon.wait(SYNC_TIMEOUT_S) == 0,
                      f"block {block}: exits with 0 after {time.monotonic() - started:.1f} s")
            wanted = self.fixture.counted(block)
            self.verified("pinned", wanted,
                          f"block {block}: verify finds its {wanted['items']} items")
        for block in blocks:
            self.verified("pinned", self.fixture.counted(block),
                          f"block {block} is still whole at the end",
                          "--root", self.fixture.state_root(block))

    def dialed_by_geth(self):
        say("geth dials us, demands a block of us, and syncs itself")
        fast = self.geth.can_sync_fast()
        pivot, head = (self.fixture.meta[key] for key in ("pivot_at_head_minus_64", "head"))
        with self.daemon("auto", "--listen", f"{HOST}:{OUR_PORT}") as daemon:
            daemon.wait_until("a complete state", is_complete, SYNC_TIMEOUT_S)
            with Geth(self.geth_program, self.folder / "geth2", self.fixture, SECOND_GETH_PORT,
                      sync_mode="fast" if fast else "full") as second:
                second.initialise()
                second.start("--whitelist", f"{pivot['number']}={pivot['hash']}")
                second.call("admin_addPeer", f"enode://{OUR_ID}@{HOST}:{OUR_PORT}")
                wait_for("geth to dial us", lambda: self.us(second), step=POLL_S)
                say("  ok: geth dialed us and takes us for a peer of eth")
                wait_for("the block that geth demands",
                         lambda: second.log_lines(*BLOCK_VERIFIED), WHITELIST_TIME_S, POLL_S)
                say("  ok: it demanded our pivot block and got it")
                second.call("admin_addPeer", self.geth.enode())
                wait_for("the sync of geth",
                         lambda: second.head() == (head["number"], head["hash"]),
                         GETH_SYNC_TIMEOUT_S, POLL_S)
                say("  ok: it synced")
                if fast:
                    check(self.items_served(second) > 0,
                          f"we gave it {self.items_served(second)} items of the state")
                else:
                    say("  left out: this geth asks nobody for node data")
                time.sleep(WHITELIST_TIME_S)
                check(self.us(second) is not None, "it keeps us")
                check(not second.log_lines(DROPPED), "it never dropped a peer")
                rows = daemon.get("/peers")["peers"]
                check(sorted(row["direction"] for row in rows) == ["inbound", "outbound"],
                      "we have one peer that dialed us and one that we dialed")
            check(daemon.stop() == 0, "SIGTERM ends it with 0")

    @staticmethod
    def items_served(geth):
        """The items of the state that this geth says it had from us."""
        answers = re.compile(rf"Received node data response +peer={OUR_SHORT_ID}\w* +count=(\d+)")
        return sum(int(found.group(1)) for line in geth.log_lines("Received node data response")
                   if (found := answers.search(line)))

    def head_that_moves(self):
        say("the head moves on while we sync, from a geth that itself syncs from another")
        if not loopback.SlowLine.possible():
            say("  left out: no tc")
            return
        with Geth(self.geth_program, self.folder / "geth3", self.fixture,
                  SECOND_GETH_PORT) as growing:
            growing.initialise()
            growing.import_until(EARLY_HEAD)
            growing.start()
            with loopback.SlowLine(MOVING_KBIT), self.daemon("moving", server=growing) as daemon:
                status = daemon.wait_until("items of the first pivot", lambda s: (
                    s["progress"]["items_committed"] > 1000), SYNC_TIMEOUT_S)
                check(status["pivot"]["number"] == EARLY_HEAD - 64,
                      f"it begins with block {status['pivot']['number']}")
                growing.call("admin_addPeer", self.geth.enode())
                status = daemon.wait_until("another pivot", lambda s: s["pivot"]["moves"] > 0,
                                           SLOW_TIMEOUT_S)
                say(f"  ok: at {status['progress']['items_committed']} items it moves on to block "
                    f"{status['pivot']['number']}")
                check(status["phase"] == "syncing", "in the midst of the sync")
                status = daemon.wait_until("a complete state", is_complete, SLOW_TIMEOUT_S)
                pivot = self.fixture.meta["pivot_at_head_minus_64"]["number"]
                check(status["pivot"]["number"] == pivot, f"it ends with block {pivot}")
                check(daemon.log_text().count("joined peer=") == 1, "one connection for all of it")
                check(not growing.log_lines(DROPPED), "geth never dropped a peer")
                check(daemon.stop() == 0, "SIGTERM ends it with 0")
        self.verified("moving", self.fixture.stated_at_200(), "the state is whole")

    def slow_line(self, kbit):
        say(f"a sync over a line of {kbit} kbit/s")
        dropped = len(self.geth.log_lines(DROPPED))
        with loopback.SlowLine(kbit), self.daemon("slow") as daemon:
            started = time.monotonic()
            told = 0
            while not is_complete(status := daemon.status() or {"phase": "unknown"}):
                if time.monotonic() - told > 30:
                    told = time.monotonic()
                    say(f"  {told - started:.0f} s: {status}")
                if not daemon.running():
                    raise Failure(f"it ended:\n{daemon.log_text()[-4000:]}")
                time.sleep(2)
            say(f"  complete after {time.monotonic() - started:.1f} s")
            check(daemon.log_text().count("joined peer=") == 1, "one connection for all of it")
            check(len(self.geth.log_lines(DROPPED)) == dropped, "geth never dropped us")
            check(daemon.stop() == 0, "SIGTERM ends it with 0")
        self.verified("slow", self.fixture.stated_at_200(), "the state is whole")

    def run(self, idle, slow):
        self.serve()
        self.pivot_of_its_own(idle)
        self.pinned_pivots()
        self.dialed_by_geth()
        self.head_that_moves()
        if slow:
            self.slow_line(slow)


def skip(reason):
    say(f"skipped: {reason}")
    return SKIPPED


def default_shared_dir():
    return pathlib.Path(__file__).resolve().parents[3] / "shared"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fastsyncd")
    parser.add_argument("--idle", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--slow", type=int, default=0, metavar="KBIT_PER_S")
    options = parser.parse_args()
    geth = os.environ.get("FASTSYNC_GETH", "")
    if not geth:
        return skip("FASTSYNC_GETH names no go-ethereum")
    if shutil.which(geth) is None:
        say(f"FASTSYNC_GETH={geth} is no program")
        return 1
    shared = pathlib.Path(os.environ.get("FASTSYNC_SHARED_DIR") or default_shared_dir())
    folder = shared / "fixtures" / "geth-small"
    if not Fixture.present(folder):
        return skip(f"the fixture is not there: {folder}")
    refusal = loopback.enter()
    if refusal is not None:
        return skip(refusal)

    with tempfile.TemporaryDirectory(prefix="fastsync-geth-") as scratch:
        cases = Cases(os.path.abspath(options.fastsyncd), os.path.abspath(shutil.which(geth)),
                      Fixture(folder), scratch)
        try:
            cases.run(options.idle, options.slow)
        except (Failure, RuntimeError) as failure:
            say(f"FAILED: {failure}")
            return 1
        finally:
            if cases.geth is not None:
                cases.geth.stop()
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
