#!/usr/bin/env python3
"""Finds real go-ethereum nodes over discovery, and is found by them.

usage: discovery_test.py DISCOVERY_PROBE

environment:
  FASTSYNC_GETHS  go-ethereum programs, separated by colons; without them the test is skipped

All of it runs in a network namespace that holds loopback alone. A probe of ours is the only way in:
every geth has it as its bootnode. A second probe that knows the first alone has to find every geth;
a third one that knows one geth alone has to find all the others through it.
Exit code: 0 passed, 1 failed, 77 skipped.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import loopback

SKIPPED = 77
SECONDS = 30
START_TIMEOUT_S = 30
PORT = 31000
NETWORK_ID = "7355608"


def say(sentence):
    print(sentence, flush=True)


def skip(reason):
    say(f"skipped: {reason}")
    return SKIPPED


class Failure(Exception):
    pass


class Probe:
    def __init__(self, program, port, bootnodes, seconds):
        self.process = subprocess.Popen(
            [program, f"127.0.0.1:{port}", str(seconds), *bootnodes],
            stdout=subprocess.PIPE, text=True)
        self.enode = self.process.stdout.readline().split()[1]

    def result(self):
        """Port and record text of everything found; all that it said."""
        told, _ = self.process.communicate(timeout=SECONDS * 4)
        found = dict(re.findall(r"found id=\w+ at=127\.0\.0\.1:(\d+) tcp=\d+ record=(\S+)", told))
        return {int(port): record for port, record in found.items()}, told


class Geth:
    def __init__(self, program, folder, port, bootnode):
        self.port, self.log = port, folder / "log"
        folder.mkdir()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "--datadir", str(folder / "data"), "--networkid", NETWORK_ID,
                 "--port", str(port), "--nat", "none", "--bootnodes", bootnode, "--ipcdisable",
                 "--maxpeers", "5", "--cache", "64", "--verbosity", "5"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(folder)})

    def enode(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            urls = re.findall(r"enode://[0-9a-f]{128}@[^\s\"]+", self.log.read_text("latin-1"))
            own = [url for url in urls if f":{self.port}" in url]
            if own:
                url = re.sub(r"@[^:]*:|@\[::\]:", "@127.0.0.1:", own[0])
                return url.split("?")[0]
            time.sleep(0.2)
        raise Failure(f"geth does not start: {self.log.read_text('latin-1')[-2000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check_found(probe, wanted, what):
    found, told = probe.result()
    say(f"{what}: found {sorted(found)}; {told.splitlines()[-1]}")
    for port in sorted(found):
        say(f"  {port}: {found[port]}")
    if not wanted <= set(found):
        raise Failure(f"{what}: not found {sorted(wanted - set(found))}; it said:\n{told}")


def run(probe_program, programs, folder):
    way_in = Probe(probe_program, PORT, [], 2 * SECONDS)
    geths = []
    try:
        for number, program in enumerate(programs, 1):
            geths.append(Geth(program, folder / f"geth-{number}", PORT + number, way_in.enode))
        ports = {geth.port for geth in geths}
        enode = geths[0].enode()
        second = Probe(probe_program, PORT + 50, [way_in.enode], SECONDS)
        third = Probe(probe_program, PORT + 60, [enode], SECONDS)
        check_found(second, ports, "through a probe of ours")
        check_found(third, (ports | {PORT}), "through geth")
        check_found(way_in, ports, "by waiting for them")
    finally:
        for geth in geths:
            geth.stop()
        way_in.process.kill()


def main():
    if len(sys.argv) != 2:
        say("usage: discovery_test.py DISCOVERY_PROBE")
        return 1
    programs = [p for p in os.environ.get("FASTSYNC_GETHS", "").split(":") if p]
    if not programs:
        return skip("FASTSYNC_GETHS names no go-ethereum")
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        say(f"no programs: {missing}")
        return 1
    refusal = loopback.enter()
    if refusal is not None:
        return skip(refusal)
    with tempfile.TemporaryDirectory(prefix="fastsync-discovery-") as folder:
        try:
            run(os.path.abspath(sys.argv[1]), programs, pathlib.Path(folder))
        except Failure as failure:
            say(f"FAILED: {failure}")
            return 1
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
