#!/usr/bin/env python3
"""The configuration as the user of the program meets it: run and config.

usage: config_test.py FASTSYNCD
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import tomllib
except ImportError:  # before Python 3.11
    tomllib = None

PROGRAM = sys.argv.pop(1)
DONE, CONFIG = 0, 1


def run(*arguments, environment=()):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **dict(environment)})


class Run(unittest.TestCase):
    def test_wrong_configuration_is_1_naming_file_line_and_key(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "f.toml"
            file.write_text('network = "xdc"\nmax-peers = 0\n')
            got = run("run", "--data-dir", folder, "--config", str(file))
        self.assertEqual(got.returncode, CONFIG)
        self.assertIn(f"{file}:2: max-peers: ", got.stderr)

    def test_a_wrong_variable_of_the_environment_is_1(self):
        got = run("run", "--network", "xdc", environment={"FASTSYNCD_MAX_PEERS": "none"})
        self.assertEqual(got.returncode, CONFIG)
        self.assertIn("FASTSYNCD_MAX_PEERS: must be ", got.stderr)

    def test_a_missing_data_dir_or_network_is_1(self):
        self.assertEqual(run("run", "--network", "xdc").returncode, CONFIG)
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("run", "--data-dir", folder).returncode, CONFIG)


class Config(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "f.toml"
        self.file.write_text('data-dir = "/d"\nnetwork = "xdc"\n')

    def config(self, *arguments, **more):
        return run("config", *arguments, "--config", str(self.file), **more)

    def test_check_says_that_all_is_well_or_what_is_not(self):
        got = self.config("--check")
        self.assertEqual((got.returncode, got.stderr), (DONE, ""))
        self.assertEqual(got.stdout,
                         "the configuration is valid: network xdc (50), data-dir /d\n")
        got = self.config("--check", "--max-peers", "0")
        self.assertEqual((got.returncode, got.stdout), (CONFIG, ""))
        self.assertIn("--max-peers: must be ", got.stderr)
        self.file.write_text("data-dir = /d\n")
        got = self.config("--check")
        self.assertEqual(got.returncode, CONFIG)
        self.assertIn(f"{self.file}:1: data-dir: is not TOML", got.stderr)

    def test_what_is_printed_is_a_file_that_prints_the_same(self):
        def printed(**more):
            got = self.config("--print-effective", **more)
            self.assertEqual((got.returncode, got.stderr), (DONE, ""))
            return got.stdout
        first = printed(environment={"FASTSYNCD_MAX_PEERS": "7"})
        self.assertIn(f'network = "xdc"  # {self.file}:2\n', first)
        self.assertIn("max-peers = 7  # environment, FASTSYNCD_MAX_PEERS\n", first)
        self.assertIn("confirmations = 1  # default\n", first)
        if tomllib:
            self.assertEqual(tomllib.loads(first)["max-peers"], 7)
        self.file.write_text(first)
        without_reasons = [line.split("  #")[0] for line in first.splitlines()]
        self.assertEqual([line.split("  #")[0] for line in printed().splitlines()],
                         without_reasons)

    def test_one_of_the_two_must_be_wished(self):
        self.assertEqual(self.config().returncode, CONFIG)
        self.assertEqual(self.config("--check", "--print-effective").returncode, CONFIG)
        self.assertEqual(self.config("--check", "--no-such").returncode, CONFIG)


if __name__ == "__main__":
    unittest.main()
