#!/usr/bin/env python3
"""The daemon as a service manager and the journal meet it.

usage: service_test.py FASTSYNCD [unittest arguments]
"""

import ctypes
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from nodes import HOST, Devnet, Process, ensure_loopback_only, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
CONFIG = 1  # the exit code


def daemon_dials(port):
    """How many dials a daemon has begun."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/status")
        return json.loads(connection.getresponse().read())["dials"]["begun"]
    finally:
        connection.close()


class Manager:
    """The socket that systemd listens on, and what came to it, with the time."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.messages = []

    def close(self):
        self.socket.close()

    def read(self):
        while True:
            try:
                self.messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.messages

    def wait(self, pattern, after=0):
        """The first message from number `after` on that matches; its number."""
        def find():
            for number, message in enumerate(self.read()[after:], after):
                if re.fullmatch(pattern, message, re.DOTALL):
                    return number + 1
            return 0
        return wait_for(f"a message like {pattern}", find) - 1


class Held:
    """Stops one thread of a process, as a debugger does, until the end of the block."""

    ATTACH, DETACH, WALL = 16, 17, 0x40000000

    def __init__(self, pid, name):
        self.libc = ctypes.CDLL(None, use_errno=True)
        threads = {int(task.name): (task / "comm").read_text().strip()
                   for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
        threads[pid] = "main"
        self.thread = next(number for number, called in threads.items() if called == name)

    def ptrace(self, request):
        if self.libc.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self):
        self.ptrace(self.ATTACH)
        os.waitpid(self.thread, self.WALL)

    def __exit__(self, *_):
        self.ptrace(self.DETACH)


class Service(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.manager = Manager(self.folder / "notify")
        self.addCleanup(self.manager.close)
        self.config = self.folder / "f.toml"

    def start(self, devnet, environment, log_level="info", *options):
        self.write(devnet, log_level, 25)
        process = Process(["env", *(f"{k}={v}" for k, v in environment.items()), PROGRAM, "run",
                           "--config", str(self.config), *options], str(self.folder / "run.log"))
        self.addCleanup(process.kill)
        return process

    def write(self, devnet, log_level, max_peers):
        self.config.write_text(f"""
data-dir = "{self.folder / 'data'}"
network-id = {devnet.network_id}
genesis-hash = "{devnet.genesis_hash}"
static-peer = ["{devnet.enode}"]
no-discovery = true
http = "{HOST}:0"
log-level = "{log_level}"
max-peers = {max_peers}
""")

    def managed(self, devnet, *options, **more):
        return self.start(devnet, {"NOTIFY_SOCKET": self.manager.path, **more}, "info", *options)

    def test_ready_status_life_and_end_are_told(self):
        devnet = self.devnet("--accounts", "150000", "--contracts", "1000")
        daemon = self.managed(devnet, WATCHDOG_USEC="1000000")
        self.manager.wait("STATUS=opening the database")
        self.manager.wait("READY=1")
        port = int(daemon.logged(r" http port=(\d+)$"))
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        self.addCleanup(connection.close)
        connection.request("GET", "/status")
        self.assertEqual(connection.getresponse().status, 200)
        self.manager.wait(r"STATUS=(syncing \d+\.\d\d %, .*1 peer|compacting, 1 peer|"
                          r"complete, 1 peer)")
        complete = self.manager.wait("STATUS=complete, 1 peer")
        self.manager.wait("WATCHDOG=1", after=complete)
        # Half the patience is the longest silence.
        before = len([m for m in self.manager.read() if m == "WATCHDOG=1"])
        time.sleep(2.2)
        fed = len([m for m in self.manager.read() if m == "WATCHDOG=1"]) - before
        self.assertTrue(3 <= fed <= 6, fed)
        self.assertEqual(daemon.stop(), 0)
        messages = self.manager.read()
        self.assertEqual(messages.count("READY=1"), 1)
        self.assertEqual(messages.count("STOPPING=1"), 1)
        self.assertNotIn("READY=1", messages[messages.index("STOPPING=1"):])

    def test_a_process_that_stands_still_is_no_longer_alive(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet, WATCHDOG_USEC="200000")
        self.manager.wait("WATCHDOG=1", after=self.manager.wait("READY=1"))
        pid = daemon.child.pid
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.3)
        before = len(self.manager.read())
        time.sleep(0.6)
        self.assertEqual(len(self.manager.read()), before)
        os.kill(pid, signal.SIGCONT)
        self.manager.wait("WATCHDOG=1", after=before)

    def test_one_thread_that_hangs_is_enough_for_no_sign_of_life(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet, WATCHDOG_USEC="200000")
        seen = self.manager.wait("WATCHDOG=1", after=self.manager.wait("READY=1"))
        for name in ("fs-sync", "fs-net", "main"):
            with self.subTest(thread=name), Held(daemon.child.pid, name):
                time.sleep(0.3)
                before = len(self.manager.read())
                time.sleep(0.6)
                self.assertEqual(len(self.manager.read()), before)
            seen = self.manager.wait("WATCHDOG=1", after=before)
        self.assertGreater(seen, 0)
        self.assertEqual(daemon.stop(), 0)

    def test_without_a_watchdog_none_is_fed(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet, "--exit-when-complete")
        self.assertEqual(daemon.wait(), 0)
        messages = self.manager.read()
        self.assertNotIn("WATCHDOG=1", messages)
        self.assertEqual(messages[-1], "STOPPING=1")

    def test_sighup_reads_the_file_again(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet)
        ready = self.manager.wait("READY=1")
        self.write(devnet, "debug", 26)
        os.kill(daemon.child.pid, signal.SIGHUP)
        begun = self.manager.wait(r"RELOADING=1\nMONOTONIC_USEC=\d+", after=ready)
        ended = self.manager.wait("READY=1", after=begun)
        daemon.logged(r'(reloaded applied="log-level" needs_restart="max-peers")')
        self.config.write_text("max-peers = 0\n")
        os.kill(daemon.child.pid, signal.SIGHUP)
        self.manager.wait("READY=1", after=self.manager.wait("RELOADING.*", after=ended))
        refused = daemon.logged(r"(reload refused, all stays as it is: .*)")
        self.assertIn(f"{self.config}:1: max-peers: must be ", refused)
        self.assertTrue(daemon.running())
        self.assertEqual(daemon.stop(), 0)

    def hup(self, daemon, after):
        """SIGHUP; returns when it was taken."""
        os.kill(daemon.child.pid, signal.SIGHUP)
        return self.manager.wait("READY=1", after=self.manager.wait("RELOADING.*", after=after))

    def write_peers(self, devnet, *peers, trusted=()):
        self.write(devnet, "info", 25)
        lines = [line for line in self.config.read_text().splitlines()
                 if not line.startswith("static-peer")]
        if peers:
            lines.append(f"static-peer = {json.dumps(peers)}")
        if trusted:
            lines.append(f"trusted-peer = {json.dumps(trusted)}")
        self.config.write_text("\n".join(lines) + "\n")

    def peers(self, port):
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/peers")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def test_sighup_takes_other_static_and_trusted_peers(self):
        first = self.devnet("--accounts", "100", "--contracts", "5")
        second = Devnet(PROGRAM, str(self.folder / "second.log"), "--accounts", "100",
                        "--contracts", "5")
        self.addCleanup(second.kill)
        daemon = self.managed(first)
        ready = self.manager.wait("READY=1")
        port = int(daemon.logged(r" http port=(\d+)$"))
        def named():
            return {p["enode"]: p["connected"] for p in self.peers(port)["static_peers"]}
        wait_for("the first peer", lambda: named() == {first.enode: True})
        # One more is dialed at once, and the first one is not touched.
        self.write_peers(first, first.enode, second.enode)
        seen = self.hup(daemon, ready)
        wait_for("both", lambda: named() == {first.enode: True, second.enode: True})
        daemon.logged(rf"(static peer added enode={re.escape(second.enode)})")
        daemon.logged(r'(reloaded applied="static-peer" needs_restart="")')
        self.assertNotIn("removed", daemon.log_text())
        # A wrong file changes nothing.
        self.config.write_text('static-peer = ["enode://1"]\n')
        seen = self.hup(daemon, seen)
        daemon.logged(r"(reload refused, all stays as it is: .*static-peer)")
        self.assertEqual(named(), {first.enode: True, second.enode: True})
        # One that is named no more keeps its session, and is not dialed again once it went.
        self.write_peers(first, first.enode, trusted=[second.enode])
        seen = self.hup(daemon, seen)
        daemon.logged(rf"(static peer removed enode={re.escape(second.enode)})")
        daemon.logged(r"(trusted peer added id=[0-9a-f]{128}$)")
        wait_for("one", lambda: named() == {first.enode: True})
        self.assertEqual(len(self.peers(port)["peers"]), 2)
        second.stop()
        wait_for("its end", lambda: len(self.peers(port)["peers"]) == 1)
        begun = daemon_dials(port)
        time.sleep(3)
        self.assertEqual(daemon_dials(port), begun)
        self.assertEqual(daemon.stop(), 0)

    def test_a_file_that_would_be_waited_for_is_refused(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet)
        ready = self.manager.wait("READY=1")
        self.config.unlink()
        os.mkfifo(self.config)
        self.hup(daemon, ready)
        refused = daemon.logged(r"(reload refused, all stays as it is: .*)")
        self.assertIn(f"{self.config}: it is a FIFO, not a regular file", refused)
        self.assertEqual(daemon.stop(), 0)
        started = Process([PROGRAM, "run", "--config", str(self.config)],
                          str(self.folder / "fifo.log"))
        self.assertEqual(started.wait(), CONFIG)
        self.assertIn("it is a FIFO, not a regular file", started.log_text())

    def test_a_configuration_that_cannot_be_read_keeps_no_signal_from_being_taken(self):
        """Its disk hangs: the thread that reads it does not come back."""
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.managed(devnet)
        self.manager.wait("READY=1")
        with Held(daemon.child.pid, "fs-reload"):
            os.kill(daemon.child.pid, signal.SIGHUP)
            time.sleep(0.2)
            os.kill(daemon.child.pid, signal.SIGTERM)
            daemon.logged("daemon: (stopped)$")
            self.assertIn("STOPPING=1", self.manager.read())
        self.assertEqual(daemon.wait(), 0)

    def test_lines_for_the_journal_begin_with_their_priority(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        log = self.folder / "run.log"
        log.touch()
        found = log.stat()
        stream = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        daemon = self.start(devnet, stream, "info", "--exit-when-complete")
        self.assertEqual(daemon.wait(), 0)
        lines = daemon.log_text().splitlines()
        self.assertRegex(lines[0], r"^<6>daemon: fastsyncd version=")
        self.assertEqual([line for line in lines if not re.match(r"<[3-7]>[a-z_]+: ", line)], [])
        broken = Process(["env", f"JOURNAL_STREAM={found.st_dev}:{found.st_ino}", PROGRAM, "run",
                          "--network", "none"], str(log))
        self.assertEqual(broken.wait(), CONFIG)
        self.assertRegex(broken.log_text().splitlines()[-1], "^<3>fastsyncd run: data-dir is missing")

    def test_lines_for_anything_else_begin_with_the_time(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.start(devnet, {"JOURNAL_STREAM": "1:1"}, "info", "--exit-when-complete")
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log_text(), r"^\d{4}-\d\d-\d\dT\S+ I daemon: fastsyncd version=")


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
