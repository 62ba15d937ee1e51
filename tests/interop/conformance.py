#!/usr/bin/env python3
"""Runs the suites of go-ethereum's devp2p tool against the program: the cases of CONFORMANCE.md.

usage: conformance.py FASTSYNCD [--all]

environment:
  FASTSYNC_DEVP2P       the tool, several versions separated by colons; without it: skipped
  FASTSYNC_DEVP2P_DATA  folder with the eth suite's chain.rlp and genesis.json; without it that
                        suite is left out

--all: the slow cases too, and those that do not apply; these must not pass.
Exit code: 0 passed, 1 failed, 77 skipped.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

INTEROP = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(INTEROP.parent / "support"))
import loopback  # noqa: E402
from nodes import HOST, Daemon, Devnet, Failure  # noqa: E402

SKIPPED = 77
SUITE_TIMEOUT_S = 400
SUITE_HEAD = 999  # block whose hash the eth suite wants in Status
PASS, SLOW, OTHER = "pass", "pass, slowly", "does not apply"
HEADINGS = {"discv4": "`devp2p discv4 test`",
            "run": "`devp2p rlpx eth-test` against `fastsyncd run`",
            "1.10.8": "`devp2p rlpx eth-test`: version 1.10.8",
            "1.9.25": "`devp2p rlpx eth-test`: version 1.9.25"}
# Enough for discovery and for a Hello.
GENESIS = {"config": {"chainId": 4711, "homesteadBlock": 0}, "nonce": "0x0", "timestamp": "0x0",
           "gasLimit": "0x47b760", "difficulty": "0x20000", "alloc": {}}


def say(sentence):
    print(sentence, flush=True)


def skip(reason):
    say(f"skipped: {reason}")
    return SKIPPED


def read_tables(text):
    """For each of HEADINGS its cases with their results."""
    tables = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        rows = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, flags=re.M))
        unknown = set(rows.values()) - {PASS, SLOW, OTHER}
        if unknown:
            raise Failure(f"CONFORMANCE.md: no such result: {unknown}")
        name = next(name for name, start in HEADINGS.items() if section.startswith(start))
        tables[name] = rows
    if set(tables) != set(HEADINGS) or not all(tables.values()):
        raise Failure(f"CONFORMANCE.md: sections with cases: {sorted(tables)}")
    return tables


def pattern_of(cases):
    return "^(" + "|".join(sorted(cases)) + ")$"


class Tool:
    """One version of devp2p."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=SUITE_TIMEOUT_S, check=False)
        return done.returncode, done.stdout

    def suite(self, command, cases, *arguments):
        """Whether each case that was run has passed; and all that was said."""
        _, told = self.run(*command, "--tap", "--run", pattern_of(cases), *arguments)
        verdicts = re.findall(r"^(ok|not ok) \d+ (\S+)", told, flags=re.M)
        planned = re.search(r"^1\.\.(\d+)", told, flags=re.M)
        if planned is None or int(planned.group(1)) != len(verdicts):
            raise Failure(f"{self.program} {command} did not finish:\n{told[-3000:]}")
        return {name: verdict == "ok" for verdict, name in verdicts}, told

    def check_ends_well(self, *arguments, wanted):
        code, told = self.run(*arguments)
        if code != 0 or re.search(wanted, told) is None:
            raise Failure(f"devp2p {' '.join(arguments)} ended with {code}: {told}")
        say(f"  ok: {' '.join(arguments[:2])}")


class Trial:
    def __init__(self, program, everything, tables, data, folder):
        self.program, self.everything, self.tables = program, everything, tables
        self.data, self.folder = data, pathlib.Path(folder)
        self.runs, self.wrong = 0, 0
        self.genesis = self.folder / "genesis.json"
        self.genesis.write_text(json.dumps(GENESIS))

    def log(self):
        self.runs += 1
        return str(self.folder / f"{self.runs}.log")

    def daemon(self, genesis):
        return Daemon(self.program, self.log(), self.folder / f"data-{self.runs}",
                      ["--genesis", str(genesis)], "--listen", f"{HOST}:0", "--log-level", "debug")

    def devnet(self):
        return Devnet(self.program, self.log(), "--genesis", str(self.data / "genesis.json"),
                      "--chain", str(self.data / "chain.rlp"), "--blocks", str(SUITE_HEAD))

    def wanted(self, table):
        return {case: result for case, result in self.tables[table].items()
                if self.everything or result == PASS}

    def judge(self, table, command, tool, *arguments):
        """Runs the wanted cases of a table; says what came of each."""
        wanted = self.wanted(table)
        verdicts, told = tool.suite(command, wanted, *arguments)
        wrong = 0
        for case, result in wanted.items():
            if case not in verdicts:
                verdict, fits = "not run", False
            else:
                verdict = "passed" if verdicts[case] else "failed"
                fits = verdicts[case] == (result != OTHER)
            wrong += not fits
            say(f"  {'ok' if fits else 'NOT AS IN THE TABLE'}: {case}: {verdict} ({result})")
        if wrong:
            say(told[-20000:])
        self.wrong += wrong

    def discovery(self, tool):
        say("discv4 and Hello, against fastsyncd run")
        with self.daemon(self.genesis) as daemon:
            enode = daemon.logged(r"listening enode=(enode://\S+)")
            self.judge("discv4", ["discv4", "test"], tool, "--remote", enode)
            tool.check_ends_well("discv4", "ping", enode, wanted="responded to ping")
            tool.check_ends_well("discv4", "requestenr", enode, wanted=r"(?m)^enr:\S+$")
            tool.check_ends_well("rlpx", "ping", enode, wanted=r"Name:fastsyncd/")

    def eth(self, tool):
        command = ["rlpx", "eth-test"]
        chain = [str(self.data / "chain.rlp"), str(self.data / "genesis.json")]
        with self.daemon(self.data / "genesis.json") as daemon:
            enode = daemon.logged(r"listening enode=(enode://\S+)")
            newer = bool(tool.suite(command, ["TestStatus66"], enode, *chain)[0])
            if newer:
                say("eth, against fastsyncd run")
                self.judge("run", command, tool, enode, *chain)
        say("eth, against fastsyncd devnet")
        with self.devnet() as devnet:
            self.judge("1.10.8" if newer else "1.9.25", command, tool, devnet.enode, *chain)

    def run(self, program):
        say(f"== {program}")
        tool = Tool(program)
        self.discovery(tool)
        if self.data is None:
            say("eth: left out, FASTSYNC_DEVP2P_DATA names no folder")
        else:
            self.eth(tool)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fastsyncd")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    tables = read_tables((INTEROP / "CONFORMANCE.md").read_text(encoding="utf-8"))
    tools = [tool for tool in os.environ.get("FASTSYNC_DEVP2P", "").split(":") if tool]
    if not tools:
        return skip("FASTSYNC_DEVP2P names no devp2p tool")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        say(f"no programs: {missing}")
        return 1
    data = os.environ.get("FASTSYNC_DEVP2P_DATA")
    refusal = loopback.enter()
    if refusal is not None:
        return skip(refusal)
    with tempfile.TemporaryDirectory(prefix="fastsync-conformance-") as folder:
        trial = Trial(os.path.abspath(options.fastsyncd), options.all, tables,
                      pathlib.Path(data) if data else None, folder)
        try:
            for tool in tools:
                trial.run(tool)
        except (Failure, subprocess.TimeoutExpired) as failure:
            say(f"FAILED: {failure}")
            return 1
    say("passed" if trial.wrong == 0 else f"FAILED: {trial.wrong} cases are not as in the table")
    return 0 if trial.wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
