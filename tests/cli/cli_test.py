#!/usr/bin/env python3
"""Runs the program the way its user does and looks at what it says and how it ends.

usage: cli_test.py FASTSYNCD MAKE_STATE
"""

import fcntl
import http.server
import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

PROGRAM = sys.argv.pop(1)
MAKE_STATE = sys.argv.pop(1)
COLUMNS = 60
DONE, CONFIG, STORAGE, INTERNAL = 0, 1, 2, 3

STATUS = {
    "version": "1.2.3",
    "network": {"name": "xdc", "network_id": 50, "genesis_hash": "0x" + "11" * 32},
    "phase": "syncing",
    "phase_since": "2026-02-03T04:05:06Z",
    "uptime_s": 7,
    "head": {"number": 264, "hash": "0x" + "22" * 32},
    "pivot": {"number": 200, "hash": "0x" + "33" * 32, "state_root": "0x" + "44" * 32, "moves": 2},
    "progress": {"fraction": 0.25, "eta_s": 8, "items_committed": 9, "nodes_committed": 10,
                 "codes_committed": 11, "bytes_committed": 12, "pending": 13, "in_flight": 14,
                 "retries": 15, "duplicates": 16, "unexpected": 17, "items_per_s": 18.5,
                 "bytes_per_s": 19.5},
    "peers": {"connected": 3, "serving": 2},
}


def run(*arguments, timeout=30):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, check=False)


def run_on_terminal(*arguments):
    """Exit code and output of a run on a terminal of COLUMNS columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how Linux ends a terminal without programs
            pass
        os.close(ours)
    return process.returncode, shown.decode()


def commands():
    lines = run("--help").stdout.split("commands:\n")[1].split("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines]


class FakeDaemon:
    """Answers GET /status with one document after another, the last one for ever."""

    def __init__(self, *answers):
        outer = self
        self.answers = list(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                code, body = outer.answers[0]
                if len(outer.answers) > 1:
                    outer.answers.pop(0)
                data = body.encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Frame(unittest.TestCase):
    def test_help_exits_0_and_lists_the_commands(self):
        got = run("--help")
        self.assertEqual(got.returncode, DONE)
        self.assertIn("usage: fastsyncd COMMAND", got.stdout)
        self.assertEqual(got.stderr, "")
        self.assertIn("status", commands())

    def test_version(self):
        got = run("--version")
        self.assertEqual(got.returncode, DONE)
        self.assertRegex(got.stdout, r"^fastsyncd \d+\.\d+\.\d+\n$")

    def test_each_command_has_help(self):
        for command in commands():
            for option in ("--help", "-h"):
                with self.subTest(command=command, option=option):
                    got = run(command, option)
                    self.assertEqual(got.returncode, DONE)
                    self.assertTrue(got.stdout.startswith(f"usage: fastsyncd {command} "))
                    self.assertIn("--help", got.stdout)
                    self.assertEqual(got.stderr, "")

    def test_each_command_refuses_an_unknown_option_with_a_sentence(self):
        for command in commands():
            with self.subTest(command=command):
                got = run(command, "--no-such-option")
                self.assertEqual(got.returncode, CONFIG)
                self.assertEqual(got.stdout, "")
                self.assertTrue(got.stderr.startswith(f"fastsyncd {command}: "))
                self.assertIn("--no-such-option", got.stderr)

    def test_no_command_and_a_wrong_one(self):
        for arguments in ([], ["dance"], ["--dance"]):
            with self.subTest(arguments=arguments):
                got = run(*arguments)
                self.assertEqual(got.returncode, CONFIG)
                self.assertEqual(got.stdout, "")
                self.assertIn("see fastsyncd --help", got.stderr)


class Status(unittest.TestCase):
    def test_shows_the_daemon_s_state_for_a_person(self):
        with FakeDaemon((200, json.dumps(STATUS))) as daemon:
            got = run("status", "--http", daemon.url)
        self.assertEqual(got.returncode, DONE, got.stderr)
        self.assertIn("phase     syncing since 2026-02-03T04:05:06Z", got.stdout)
        self.assertIn("25.00 %", got.stdout)

    def test_json_is_the_daemon_s_own(self):
        with FakeDaemon((200, json.dumps(STATUS))) as daemon:
            got = run("status", "--http", daemon.url, "--json")
        self.assertEqual(got.returncode, DONE, got.stderr)
        self.assertEqual(json.loads(got.stdout), STATUS)

    def test_watch_prints_plain_lines_off_a_terminal_until_complete(self):
        complete = dict(STATUS, phase="complete", progress=dict(STATUS["progress"], fraction=1.0))
        answers = [(200, json.dumps(STATUS)), (503, "{}"), (200, json.dumps(complete))]
        with FakeDaemon(*answers) as daemon:
            got = run("status", "--http", daemon.url, "--watch")
        self.assertEqual(got.returncode, DONE, got.stderr)
        lines = got.stdout.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn(" 25.00 %", lines[0])
        self.assertIn("100.00 %", lines[1])
        self.assertNotIn("\r", got.stdout)
        self.assertNotIn("\x1b", got.stdout)

    def test_check_is_0_and_silent_while_the_daemon_answers_and_has_not_failed(self):
        for document, code in ((STATUS, DONE), (dict(STATUS, phase="stopping"), DONE),
                               (dict(STATUS, phase="failed"), INTERNAL)):
            with FakeDaemon((200, json.dumps(document))) as daemon:
                got = run("status", "--http", daemon.url, "--check")
            self.assertEqual((got.returncode, got.stdout), (code, ""), document["phase"])
            self.assertEqual(got.stderr == "", code == DONE)
        for code, body in ((200, "hello"), (404, "{}"), (503, "{}")):
            with FakeDaemon((code, body)) as daemon:
                self.assertEqual(run("status", "--http", daemon.url, "--check").returncode,
                                 INTERNAL)
        self.assertEqual(run("status", "--http", "127.0.0.1:1", "--check").returncode, INTERNAL)
        self.assertEqual(run("status", "--check", "--watch").returncode, CONFIG)

    def test_watch_ends_with_3_when_the_daemon_failed(self):
        with FakeDaemon((200, json.dumps(dict(STATUS, phase="failed")))) as daemon:
            self.assertEqual(run("status", "--http", daemon.url, "--watch").returncode, INTERNAL)

    def test_watch_draws_in_place_on_a_terminal(self):
        complete = dict(STATUS, phase="complete", progress=dict(STATUS["progress"], fraction=1.0))
        with FakeDaemon((200, json.dumps(STATUS)), (200, json.dumps(complete))) as daemon:
            code, shown = run_on_terminal("status", "--http", daemon.url, "--watch")
        self.assertEqual(code, DONE)
        self.assertEqual(shown.count("\r["), 2)
        self.assertEqual(shown.count("\n"), 1)
        longest = max(len(line) for line in shown.replace("\x1b[K", "").split("\r"))
        self.assertLess(longest, COLUMNS)

    def test_nobody_there_is_3_with_a_sentence(self):
        got = run("status", "--http", "http://127.0.0.1:1")
        self.assertEqual(got.returncode, INTERNAL)
        self.assertIn("127.0.0.1:1", got.stderr)

    def test_an_answer_that_is_no_status_is_3_with_a_sentence(self):
        for code, body in ((200, "hello"), (404, "{}"), (200, "{}"), (503, "{}")):
            with self.subTest(code=code, body=body), FakeDaemon((code, body)) as daemon:
                got = run("status", "--http", daemon.url)
                self.assertEqual(got.returncode, INTERNAL)
                self.assertTrue(got.stderr.startswith("fastsyncd status: "))

    def test_a_wrong_url_is_1(self):
        for url in ("https://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:1/status", ""):
            with self.subTest(url=url):
                got = run("status", "--http", url)
                self.assertEqual(got.returncode, CONFIG)
                self.assertIn("--http", got.stderr)


class Verify(unittest.TestCase):
    KEYS = ["state_root", "complete", "account_trie_nodes", "accounts", "storage_tries",
            "storage_trie_nodes", "storage_slots", "codes", "items", "bytes", "xor_of_hashes",
            "missing", "corrupt"]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = str(pathlib.Path(folder.name) / "d")

    def make(self, fault):
        made = subprocess.run([MAKE_STATE, self.database, fault], capture_output=True, text=True,
                              timeout=30, check=True)
        return made.stdout.strip()

    def verify(self, *arguments):
        return run("verify", "--data-dir", self.database, *arguments)

    def test_a_sound_state_is_0_with_the_promised_keys(self):
        root = self.make("sound")
        got = self.verify("--json")
        self.assertEqual(got.returncode, DONE, got.stderr)
        report = json.loads(got.stdout)
        self.assertEqual(list(report), self.KEYS)
        self.assertEqual(report["state_root"], root)
        self.assertIs(report["complete"], True)
        self.assertEqual(report["accounts"], 200)
        self.assertEqual(report["codes"], 1)
        self.assertEqual(report["items"], report["account_trie_nodes"] + 1)
        self.assertRegex(report["xor_of_hashes"], "^0x[0-9a-f]{64}$")
        self.assertEqual((report["missing"], report["corrupt"]), (0, 0))
        text = self.verify()
        self.assertEqual(text.returncode, DONE)
        self.assertIn("complete and sound", text.stdout)
        self.assertIn(root, text.stdout)

    def test_a_missing_node_is_2_and_named(self):
        self.make("missing")
        got = self.verify("--json")
        self.assertEqual(got.returncode, STORAGE)
        report = json.loads(got.stdout)
        self.assertIs(report["complete"], False)
        self.assertEqual((report["missing"], report["corrupt"]), (1, 0))
        self.assertRegex(got.stderr, "missing: node 0x[0-9a-f]{64} in the account trie at ")

    def test_a_corrupt_node_is_2_and_named(self):
        self.make("corrupt")
        got = self.verify()
        self.assertEqual(got.returncode, STORAGE)
        self.assertIn("NOT complete", got.stdout)
        self.assertRegex(got.stderr, "corrupt: node 0x[0-9a-f]{64} in the account trie at ")

    def test_every_item_is_judged_whatever_root_is_recorded(self):
        for fault, code, counts in (("sound", DONE, (0, 0)), ("unrecorded", DONE, (0, 0)),
                                    ("missing", STORAGE, (0, 1)), ("corrupt", STORAGE, (1, 0))):
            with self.subTest(fault=fault):
                self.database = self.database + fault
                self.make(fault)
                got = self.verify("--every-item", "--json")
                self.assertEqual(got.returncode, code, got.stderr)
                report = json.loads(got.stdout)
                self.assertEqual(list(report), ["sound", "items", "nodes", "codes", "bytes",
                                                "references", "false", "unclosed"])
                self.assertIs(report["sound"], code == DONE)
                self.assertEqual((report["false"], report["unclosed"]), counts)
                self.assertEqual(report["items"], report["nodes"] + report["codes"])
                self.assertEqual(report["codes"], 1)
                named = {"missing": "unclosed: node 0x[0-9a-f]{64}: refers to node 0x[0-9a-f]{64}, "
                                    "which is not there",
                         "corrupt": "false: node 0x[0-9a-f]{64}: its bytes hash to "}.get(fault, "^$")
                self.assertRegex(got.stderr, named)
                text = self.verify("--every-item")
                self.assertEqual(text.returncode, code)
                self.assertIn("every item is sound" if code == DONE else "NOT sound", text.stdout)

    def test_repair_leaves_what_is_sound_and_says_what_it_did(self):
        for fault, false, unclosed in (("sound", 0, False), ("missing", 0, True),
                                       ("corrupt", 1, True)):
            with self.subTest(fault=fault):
                self.database = self.database + fault
                self.make(fault)
                self.assertEqual(self.verify().returncode, DONE if fault == "sound" else STORAGE)
                if fault != "sound":
                    self.assertIn("damaged; fastsyncd verify --repair mends it",
                                  self.verify().stderr)
                items = json.loads(self.verify("--every-item", "--json").stdout)["items"]
                got = self.verify("--repair", "--json")
                self.assertEqual((got.returncode, got.stderr), (DONE, ""))
                report = json.loads(got.stdout)
                self.assertEqual(list(report), ["complete", "tables", "damaged_tables", "rebuilt",
                                                "items", "removed_false", "removed_unclosed",
                                                "passes", "dropped_records"])
                self.assertIs(report["complete"], fault == "sound")
                self.assertEqual(report["removed_false"], false)
                self.assertEqual(report["removed_unclosed"] > 0, unclosed)
                self.assertEqual(report["items"], items - report["removed_false"] -
                                 report["removed_unclosed"])
                self.assertEqual(self.verify("--every-item").returncode, DONE)
                again = self.verify("--repair")
                self.assertEqual(again.returncode, DONE)
                self.assertIn("sound; the state is " + ("complete" if fault == "sound" else "not"),
                              again.stdout)

    def test_a_damaged_database_is_2_and_says_what_mends_it(self):
        self.make("sound")
        (pathlib.Path(self.database) / "db" / "CURRENT").unlink()
        for options in ((), ("--every-item",)):
            got = self.verify(*options)
            self.assertEqual(got.returncode, STORAGE)
            self.assertIn("; fastsyncd verify --repair mends it", got.stderr)
        ran = run("run", "--data-dir", self.database, "--network-id", "1", "--genesis-hash",
                  "0x" + "ab" * 32)
        self.assertEqual(ran.returncode, STORAGE)
        self.assertIn("; fastsyncd verify --repair mends it", ran.stderr)
        mended = self.verify("--repair")
        self.assertEqual(mended.returncode, DONE, mended.stderr)
        self.assertIn("the list of tables was made anew: it does not open", mended.stderr)
        self.assertEqual(self.verify().returncode, DONE)

    def test_root_overrides_what_is_recorded(self):
        root = self.make("unrecorded")
        self.assertEqual(self.verify().returncode, STORAGE)
        self.assertEqual(self.verify("--root", root).returncode, DONE)
        other = self.verify("--root", "0x" + "ab" * 32, "--json")
        self.assertEqual(other.returncode, STORAGE)
        self.assertEqual(json.loads(other.stdout)["missing"], 1)

    def test_no_database_is_2_with_a_sentence(self):
        got = self.verify()
        self.assertEqual(got.returncode, STORAGE)
        self.assertIn(self.database, got.stderr)
        self.assertFalse(pathlib.Path(self.database).exists())

    def test_wrong_options_are_1(self):
        for arguments in ([], ["--data-dir", "d", "--root", "0x12"],
                          ["--data-dir", "d", "--json=yes"], ["--data-dir", "d", "--every-item=1"],
                          ["--data-dir", "d", "--every-item", "--root", "0x" + "ab" * 32],
                          ["--data-dir", "d", "--every-item", "--repair"],
                          ["--data-dir", "d", "--repair", "--network-id", "1"],
                          ["--data-dir", "d", "--network-id", "1", "--genesis-hash",
                           "0x" + "ab" * 32],
                          ["--data-dir", "d", "--repair", "--network-id", "x", "--genesis-hash",
                           "0x" + "ab" * 32], ["--data-dir="]):
            with self.subTest(arguments=arguments):
                self.assertEqual(run("verify", *arguments).returncode, CONFIG)


class Devnet(unittest.TestCase):
    SMALL = ("--accounts", "30", "--contracts", "5")

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, "devnet", "--listen", "127.0.0.1:0", *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, [process.stdout.readline().rstrip("\n") for _ in range(5)]

    def test_says_what_it_serves_and_stops_at_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process, lines = self.start(*self.SMALL, "--blocks", "7", "--network-id", "4")
            self.assertEqual(lines[0], "network_id=4")
            self.assertRegex(lines[1], "^genesis_hash=0x[0-9a-f]{64}$")
            self.assertRegex(lines[2], "^state_root=0x[0-9a-f]{64}$")
            self.assertEqual(lines[3], "head=7")
            self.assertRegex(lines[4], "^enode://[0-9a-f]{128}@127.0.0.1:[1-9][0-9]*$")
            process.send_signal(number)
            out, error = process.communicate(timeout=20)
            self.assertEqual((process.returncode, out), (DONE, ""))
            self.assertRegex(error, "^\\S+ I devnet: chain ready head=7 items=[0-9]+ bytes=[0-9]+\n$")

    def test_the_same_seed_gives_the_same_chain_another_one_another(self):
        chains = []
        for seed in ("1", "1", "2"):
            process, lines = self.start(*self.SMALL, "--seed", seed)
            process.terminate()
            chains.append(lines[1:3])
        self.assertEqual(chains[0], chains[1])
        self.assertNotEqual(chains[0], chains[2])

    def test_a_growing_chain_stops_too(self):
        process, _ = self.start(*self.SMALL, "--block-interval", "0.01")
        time.sleep(0.2)
        process.terminate()
        self.assertEqual(process.wait(timeout=20), DONE)

    def test_a_key_file_keeps_the_identity(self):
        with tempfile.TemporaryDirectory() as folder:
            ids = set()
            for _ in range(2):
                process, lines = self.start(*self.SMALL, "--node-key", f"{folder}/key")
                process.terminate()
                process.wait(timeout=20)
                ids.add(lines[4].split("@")[0])
        self.assertEqual(len(ids), 1)

    def test_wrong_options_are_1_with_a_sentence(self):
        listen = ("--listen", "127.0.0.1:0")
        for arguments, named in (((), "--listen"),
                                 (("--listen", "nowhere"), "--listen"),
                                 ((*listen, "--accounts", "0"), "--accounts"),
                                 ((*listen, "--accounts", "1", "--contracts", "2"), "--contracts"),
                                 ((*listen, "--seed", "x"), "--seed"),
                                 ((*listen, "--block-interval", "0"), "--block-interval"),
                                 ((*listen, "--state", "d", "--blocks", "3"), "--blocks"),
                                 ((*listen, "--state", "d", "--genesis", "f"), "--genesis"),
                                 ((*listen, "--state", "d", "--chain", "f"), "--chain"),
                                 ((*listen, "--chain", "f"), "--genesis"),
                                 ((*listen, "--genesis", "f", "--chain", "f",
                                   "--block-interval", "1"), "--block-interval"),
                                 ((*listen, "--state", "/nowhere"), "/nowhere/meta.json")):
            with self.subTest(arguments=arguments):
                got = run("devnet", *arguments)
                self.assertEqual(got.returncode, CONFIG)
                self.assertEqual(got.stdout, "")
                self.assertIn(named, got.stderr)
                self.assertEqual(got.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
