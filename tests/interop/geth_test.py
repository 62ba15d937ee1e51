#!/usr/bin/env python3
"""Syncs the fixture chain's states from a real go-ethereum and holds what came against the fixture.

usage: geth_test.py FASTSYNCD [--idle SECONDS]

environment:
  FASTSYNC_GETH        a go-ethereum program, version 1.8 or 1.9; without it the test is skipped
  FASTSYNC_SHARED_DIR  folder with fixtures/geth-small; default: shared beside the repository

All of it runs in a network namespace that holds loopback alone, with a private network id, without
discovery and without bootstrap nodes. --idle adds a case: connected and idle for so long, the
daemon must still be a peer. Exit code: 0 passed, 1 failed, 77 skipped.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import loopback
from fixture import Fixture
from geth import Geth

SKIPPED = 77
GETH_PORT, SECOND_GETH_PORT, OUR_PORT, HTTP_PORT = 30401, 30402, 30303, 8645
SYNC_TIMEOUT, EXIT_TIMEOUT = 120, 20
# The generator of the curve is the public key of 1.
OUR_KEY = f"{1:064x}"
OUR_ID = ("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
          "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
OUR_NAME = "fastsyncd/"


class Failed(Exception):
    pass


def say(sentence):
    print(sentence, flush=True)


def check(held, sentence):
    if not held:
        raise Failed(sentence)
    say(f"  ok: {sentence}")


def check_equal(got, wanted, what):
    different = {key: (got.get(key), value) for key, value in wanted.items()
                 if got.get(key) != value}
    if different:
        raise Failed(f"{what}: (got, wanted) differ in {different}")
    say(f"  ok: {what}")


def until(condition, seconds, what):
    """The first true value of `condition()`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Daemon:
    """`fastsyncd run`. Use as a context manager: it is stopped at the end."""

    def __init__(self, program, data_dir, fixture, *options):
        self.log = pathlib.Path(f"{data_dir}.log")
        key = pathlib.Path(f"{data_dir}.key")
        if not key.exists():
            key.write_text(OUR_KEY)
            key.chmod(0o600)
        self.command = [program, "run", "--data-dir", str(data_dir), "--node-key", str(key),
                        "--network-id", str(fixture.meta["network_id"]),
                        "--genesis-hash", fixture.meta["genesis_hash"],
                        "--http", f"127.0.0.1:{HTTP_PORT}", "--log-level", "debug", *options]
        self.process = None

    def __enter__(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # stopped by __exit__
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def wait(self, seconds):
        """Its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"still running after {seconds} s:\n{self.last_words()}") from None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait(EXIT_TIMEOUT)

    def get(self, path):
        """The JSON of its HTTP server; nothing while that does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}{path}", timeout=5) as reply:
                return json.load(reply)
        except (urllib.error.URLError, OSError):
            return None

    def wait_complete(self):
        def complete():
            if self.process.poll() is not None:
                raise Failed(f"ended with {self.process.returncode}:\n{self.last_words()}")
            status = self.get("/status")
            return status if status and status["phase"] == "complete" else None

        return until(complete, SYNC_TIMEOUT, f"a complete state\n{self.last_words()}")

    def last_words(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Cases:
    def __init__(self, program, geth_program, fixture, folder):
        self.program, self.geth_program = program, geth_program
        self.fixture, self.folder = fixture, pathlib.Path(folder)
        self.geth = None

    def daemon(self, name, *options):
        return Daemon(self.program, self.folder / name, self.fixture, *options)

    def from_geth(self, name, *options):
        return self.daemon(name, "--static-peer", self.geth.enode(), *options)

    def verify(self, name, *options):
        done = subprocess.run(
            [self.program, "verify", "--data-dir", str(self.folder / name), "--json", *options],
            capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise Failed(f"verify ended with {done.returncode}: {done.stdout}{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def us(self, geth=None):
        """Our row in geth's list of peers; nothing when it has none."""
        return next((p for p in (geth or self.geth).peers() if p["name"].startswith(OUR_NAME)), None)

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
        with self.from_geth("auto") as daemon:
            started = time.monotonic()
            status = daemon.wait_complete()
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
        check_equal(self.verify("auto"), wanted, "verify finds the state of block 200, whole")
        with self.from_geth("auto", "--exit-when-complete") as daemon:
            check(daemon.wait(EXIT_TIMEOUT) == 0, "started again it sees that all is there")
        check_equal(self.verify("auto"), wanted, "and leaves it as it was")

    def still_connected(self, daemon, idle):
        end = time.monotonic() + idle
        while True:
            ours, theirs = daemon.get("/peers")["peers"], self.us()
            if len(ours) != 1 or theirs is None:
                raise Failed(f"no peers any more: {ours}, {theirs}\n{self.geth.last_words()}")
            left = end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, 5))
        check(ours[0]["connected_s"] >= idle,
              f"one connection for all of it ({ours[0]['connected_s']} s), said by us")
        check(theirs["protocols"]["eth"]["version"] == 63, "and by geth, with eth/63")
        check(ours[0]["client"].startswith("Geth/"), f"the client is {ours[0]['client']}")
        check(not self.geth.log_lines("Removing p2p peer"), "geth never dropped us")

    def pinned_pivots(self):
        say("pinned pivots, one after another, into one database")
        for block in (8, 100, 264):
            with self.from_geth("pinned", "--pivot", str(block), "--exit-when-complete") as daemon:
                started = time.monotonic()
                check(daemon.wait(SYNC_TIMEOUT) == 0, f"block {block}: exits with 0")
                say(f"  after {time.monotonic() - started:.1f} s")
            wanted = self.fixture.counted(block)
            check_equal(self.verify("pinned"), wanted,
                        f"block {block}: verify finds its {wanted['items']} items")
        for block in (8, 100, 264):
            root = self.fixture.state_root(block)
            check_equal(self.verify("pinned", "--root", root), self.fixture.counted(block),
                        f"block {block} is still whole at the end")

    def dialed_by_geth(self):
        say("geth dials us, demands a block of us, and syncs itself")
        with self.from_geth("auto", "--listen", f"127.0.0.1:{OUR_PORT}") as daemon:
            daemon.wait_complete()
            second = Geth(self.geth_program, self.folder / "geth2", self.fixture,
                          SECOND_GETH_PORT, sync_mode="fast")
            with second:
                second.initialise()
                pivot = self.fixture.meta["pivot_at_head_minus_64"]
                second.start("--whitelist", f"{pivot['number']}={pivot['hash']}")
                second.call("admin_addPeer", f"enode://{OUR_ID}@127.0.0.1:{OUR_PORT}")
                until(lambda: self.us(second), 40, "geth as our peer")
                say("  ok: geth dialed us and takes us for a peer of eth")
                second.call("admin_addPeer", self.geth.enode())
                head = self.fixture.meta["head"]
                until(lambda: second.head() == (head["number"], head["hash"]), 60,
                      f"geth's own sync\n{second.last_words()}")
                say("  ok: geth synced from the other geth with us beside")
                # A whitelisted block that is not answered costs the connection after 15 s.
                time.sleep(20)
                check(self.us(second) is not None, "it keeps us")
                rows = daemon.get("/peers")["peers"]
                check({row["direction"] for row in rows} == {"inbound", "outbound"},
                      "we have one peer that dialed us and one that we dialed")
                check(not second.log_lines("Removing p2p peer"), "it never dropped a peer")
            check(daemon.stop() == 0, "SIGTERM ends it with 0")

    def run(self, idle):
        self.serve()
        self.pivot_of_its_own(idle)
        self.pinned_pivots()
        self.dialed_by_geth()


def skip(reason):
    say(f"skipped: {reason}")
    return SKIPPED


def default_shared_dir():
    return pathlib.Path(__file__).resolve().parents[3] / "shared"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fastsyncd")
    parser.add_argument("--idle", type=int, default=0, metavar="SECONDS")
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
            cases.run(options.idle)
        except (Failed, RuntimeError) as failure:
            say(f"FAILED: {failure}")
            return 1
        finally:
            if cases.geth is not None:
                cases.geth.stop()
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
