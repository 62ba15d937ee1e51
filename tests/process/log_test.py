#!/usr/bin/env python3
"""The log of a daemon as other programs read it: with log-format = "json" every line is one object,
whatever is in it; with levels for components only those write more.

usage: log_test.py FASTSYNCD [unittest arguments]
"""

import datetime
import json
import os
import pathlib
import re
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Process, ensure_loopback_only  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
DONE, CONFIG = 0, 1
JSON = ("--log-format", "json")


class Log(ProcessCase):
    program = PROGRAM

    def start(self, *options, environment=()):
        process = Process(["env", *environment, PROGRAM, "run", "--http", "off", *options],
                          str(self.folder / "run.log"))
        self.addCleanup(process.kill)
        return process

    def synced(self, *options, environment=(), accounts="2000"):
        """The lines of a whole sync."""
        devnet = self.devnet("--accounts", accounts, "--contracts", "50")
        daemon = self.start("--data-dir", str(self.folder / "data"), *devnet.network(),
                            "--static-peer", devnet.enode, "--no-discovery",
                            "--exit-when-complete", *options, environment=environment)
        self.assertEqual(daemon.wait(), DONE, daemon.log_text())
        return (self.folder / "run.log").read_bytes().decode("ascii").splitlines()

    def read(self, lines):
        objects = [json.loads(line) for line in lines]
        for one in objects:
            self.assertEqual(list(one)[:4], ["time", "level", "component", "event"])
            self.assertEqual(one["time"][-1], "Z")
            datetime.datetime.fromisoformat(one["time"][:-1])
            self.assertIn(one["level"], ("trace", "debug", "info", "warn", "error"))
        return objects

    def test_every_line_of_a_sync_parses(self):
        objects = self.read(self.synced(*JSON, "--log-level", "debug"))
        self.assertGreater(len(objects), 5)
        self.assertEqual((objects[0]["component"], objects[0]["event"]), ("daemon", "fastsyncd"))
        self.assertEqual(objects[0]["data_dir"], str(self.folder / "data"))
        self.assertIsInstance(objects[0]["network_id"], int)
        pivot = next(one for one in objects if one["event"] == "pivot")
        self.assertEqual((pivot["component"], pivot["number"], pivot["head"]), ("sync", 64, 128))
        joined = next(one for one in objects if one["event"] == "joined")
        self.assertEqual(joined["level"], "debug")
        self.assertIn("fastsyncd", joined["client"])
        complete = next(one for one in objects if one["event"] == "complete")
        self.assertGreater(complete["items_committed"], 2000)

    def test_the_progress_is_members(self):
        devnet = self.devnet("--accounts", "1000", "--contracts", "5")
        other = self.folder / "other"
        daemon = self.start("--data-dir", str(other), "--network-id", devnet.network_id,
                            "--genesis-hash", devnet.genesis_hash, "--no-discovery", *JSON)
        daemon.logged(r'("event":"progress")')
        self.assertEqual(daemon.stop(), DONE)
        lines = (self.folder / "run.log").read_text().splitlines()
        progress = next(one for one in self.read(lines) if one["event"] == "progress")
        self.assertEqual((progress["phase"], progress["percent"], progress["peers"]),
                         ("finding_peers", 0, 0))
        self.assertIn("no peer is connected", progress["waiting_for"])

    def test_hostile_text_stays_one_line(self):
        """A folder may be called anything, as may what a peer says."""
        name = b'q"uote\\ \x1b[2J \xff\xc0 \xe2\x80\xa8 level="error"} {\n{"level":"error"}'
        folder = os.path.join(os.fsencode(self.folder), name)
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.start("--data-dir", os.fsdecode(folder), *devnet.network(),
                            "--static-peer", devnet.enode, "--no-discovery",
                            "--exit-when-complete", *JSON)
        self.assertEqual(daemon.wait(), DONE, daemon.log_text())
        text = (self.folder / "run.log").read_bytes()
        self.assertTrue(all(0x20 <= byte < 0x7f or byte == 0x0a for byte in text))
        objects = self.read(text.decode("ascii").splitlines())
        self.assertNotIn("error", [one["level"] for one in objects])
        self.assertTrue(objects[0]["data_dir"].endswith(
            'q"uote\\ \x1b[2J \ufffd\ufffd \u2028 level="error"} {\n{"level":"error"}'))

    def test_text_stays_one_line_too(self):
        folder = self.folder / "two\nlines\x1b[2J"
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.start("--data-dir", str(folder), *devnet.network(), "--static-peer",
                            devnet.enode, "--no-discovery", "--exit-when-complete")
        self.assertEqual(daemon.wait(), DONE, daemon.log_text())
        lines = daemon.log_text().splitlines()
        self.assertEqual([l for l in lines if not re.match(r"\d{4}-\d\d-\d\dT\S+ [IWED] \w+: ", l)],
                         [])
        self.assertIn("two?lines?[2J", lines[0])

    def test_last_words_parse_too(self):
        for options, environment in ((("--max-peers", "0", *JSON), ()),
                                     (("--max-peers", "0"), ("FASTSYNCD_LOG_FORMAT=json",)),
                                     (("--network-id", "1", *JSON, "--genesis-hash", "0x1"), ())):
            with self.subTest(options=options):
                (self.folder / "run.log").write_text("")
                daemon = self.start("--data-dir", str(self.folder / "d"), "--network", "xdc",
                                    *options, environment=environment)
                self.assertEqual(daemon.wait(), CONFIG)
                words = self.read(daemon.log_text().splitlines())
                self.assertEqual([one["level"] for one in words], ["error"])
                self.assertTrue(words[0]["event"].startswith("fastsyncd run: --"))

    def test_the_journal_gets_priorities_before_the_objects(self):
        log = self.folder / "run.log"
        log.touch()
        found = log.stat()
        lines = self.synced(*JSON, environment=(f"JOURNAL_STREAM={found.st_dev}:{found.st_ino}",),
                            accounts="100")
        self.assertEqual({line[:3] for line in lines} - {"<6>", "<4>"}, set())
        self.read([line[3:] for line in lines])

    def test_a_component_has_a_level_of_its_own(self):
        objects = self.read(self.synced(*JSON, "--log-level", "warn,peers=debug,daemon=info"))
        self.assertEqual({one["component"] for one in objects}, {"peers", "daemon"})
        self.assertIn("debug", {one["level"] for one in objects})
        joined = [one for one in objects if one["event"] == "joined"]
        self.assertEqual(len(joined), 1)

    def test_levels_change_at_sighup(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        config = self.folder / "f.toml"
        config.write_text('log-level = "info"\n')
        daemon = self.start("--data-dir", str(self.folder / "data"), *devnet.network(),
                            "--no-discovery", "--config", str(config), "--static-peer",
                            devnet.enode, *JSON)
        daemon.logged(r'("event":"complete")')
        config.write_text('log-level = "info,peers=debug"\n')
        os.kill(daemon.child.pid, signal.SIGHUP)
        daemon.logged(r'("event":"reloaded","applied":"log-level","needs_restart":"")')
        devnet.stop()
        daemon.logged(r'("level":"debug","component":"peers","event":"left")')
        config.write_text('log-level = "info,pears=debug"\n')
        os.kill(daemon.child.pid, signal.SIGHUP)
        self.assertIn("'pears' is no component",
                      daemon.logged(r'("event":"reload refused.*)'))
        self.assertEqual(daemon.stop(), DONE)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
