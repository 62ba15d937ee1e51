#!/usr/bin/env python3
"""The manual page and the completion know every command and option of the program.

usage: manual_test.py ROOT FASTSYNCD
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])
PROGRAM = pathlib.Path(sys.argv[2]).resolve()
APP = ROOT / "apps" / "fastsyncd"


def told(*arguments):
    return subprocess.run([PROGRAM, *arguments, "--help"], capture_output=True, text=True,
                          check=True).stdout


def options_of(command):
    return re.findall(r"^  (--[a-z-]+)", told(command), re.MULTILINE)


COMMANDS = re.findall(r"^  ([a-z]+) ", told(), re.MULTILINE)


class Manual(unittest.TestCase):
    page = (APP / "fastsyncd.8").read_text(encoding="utf-8").replace("\\-", "-")

    def test_it_names_every_command_and_option(self):
        self.assertGreaterEqual(len(COMMANDS), 5)
        for command in COMMANDS:
            self.assertIn(f".B fastsyncd {command}", self.page)
        self.assertGreater(len(options_of("run")), 20)
        for command in COMMANDS:
            for option in options_of(command):
                # The devnet is for trials: its own help tells them.
                if command != "devnet" and option != "--help":
                    self.assertRegex(self.page, rf"{option}\b")

    def test_it_names_no_other_option_of_run(self):
        section = self.page.split(".SH OPTIONS OF RUN")[1].split(".SH ")[0]
        self.assertLessEqual(set(re.findall(r"--[a-z-]+", section)), set(options_of("run")))


def completed(*words):
    """What bash offers for the last word."""
    script = (f"source {APP / 'fastsyncd.bash-completion'}; COMP_WORDS=(\"$@\"); "
              "COMP_CWORD=$(($# - 1)); _fastsyncd; printf '%s\\n' \"${COMPREPLY[@]}\"")
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                          check=True, env={**os.environ, "PATH": path}).stdout.split()


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(sorted(completed("fastsyncd", "")),
                         sorted([*COMMANDS, "--help", "--version"]))
        self.assertEqual(completed("fastsyncd", "ver"), ["verify"])

    def test_options_of_each_command(self):
        for command in COMMANDS:
            self.assertLessEqual(set(options_of(command)),
                                 set(completed("fastsyncd", command, "--")))
        self.assertIn("--max-peers", completed("fastsyncd", "config", "--m"))

    def test_values(self):
        self.assertEqual(completed("fastsyncd", "run", "--network", "main"), ["mainnet"])
        self.assertEqual(completed("fastsyncd", "run", "--log-level", "d"), ["debug"])
        self.assertEqual(completed("fastsyncd", "run", "--log-format", "j"), ["json"])
        self.assertIn(str(ROOT / "LICENSE"),
                      completed("fastsyncd", "run", "--config", str(ROOT / "LIC")))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
