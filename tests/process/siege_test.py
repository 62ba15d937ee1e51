#!/usr/bin/env python3
"""A daemon that syncs while strangers do what costs it most: connections that say nothing, a storm of
connections, HTTP clients that send a byte now and then.

usage: siege_test.py FASTSYNCD [unittest arguments]

Memory, descriptors and threads must stay within bounds that are named here. How much slower the sync
was is printed, not asserted: other work on the machine decides that as well.
"""

import os
import pathlib
import re
import resource
import socket
import sys
import threading
import time
import unittest
from datetime import datetime

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from nodes import ensure_loopback_only, verify, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
ACCOUNTS = int(os.environ.get("FASTSYNC_SIEGE_ACCOUNTS", "40000"))
SILENT = 200
STORM_CONNECTIONS = 10_000
STORM_S = 10.0
DRIPPING = 100
PIVOT = re.compile(r"(\S+) I sync: pivot number=")
COMPLETE = re.compile(r"(\S+) I sync: complete .*items_committed=(\d+)")
# By how much the daemon may grow under any of it. 32 strangers are heard at a time, 64 HTTP clients
# held; a pending handshake costs some KiB.
MOST_DESCRIPTORS = 32 + 64 + 16
MOST_MIB = 48
# The address sanitizer keeps freed memory, 256 MiB of it by default: that is no growth of the daemon.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"


def usage(pid):
    """Descriptors, threads, and MiB of memory that is no file's, of a process."""
    fields = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            name, _, value = line.partition(":")
            fields[name] = value.split()
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields["Threads"][0]),
            "mib": int(fields["RssAnon"][0]) / 1024}


class Siege:
    """Runs step(self) in a thread of its own until it is left."""

    def __init__(self, port, step):
        self.port = port
        self.sockets = []
        self.done = 0  # what it did: connections made, bytes sent
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(step,), daemon=True)

    def _run(self, step):
        while not self._leaving.is_set() and step(self) is not False:
            pass

    def leave(self, seconds=0.0):
        return self._leaving.wait(seconds)

    def connect(self, number):
        """From one of many addresses of our own, so that no limit of one address saves the day."""
        one = socket.socket()
        try:
            one.bind((f"127.0.{1 + number // 200 % 250}.{1 + number % 200}", 0))
            one.settimeout(2)
            one.connect(("127.0.0.1", self.port))
            one.setblocking(False)
            self.done += 1
            return one
        except OSError:
            one.close()
            return None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._leaving.set()
        self._thread.join()
        for one in self.sockets:
            one.close()


def is_closed(one):
    try:
        return one.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def keep_silent(siege):
    """Holds SILENT connections open; those that were closed are replaced every second."""
    for one in [s for s in siege.sockets if is_closed(s)]:
        one.close()
        siege.sockets.remove(one)
    while len(siege.sockets) < SILENT and not siege.leave():
        if one := siege.connect(siege.done):
            siege.sockets.append(one)
    siege.leave(1.0)


def storm(siege):
    """Connects and closes as fast as it can, STORM_CONNECTIONS times or for STORM_S."""
    begin = time.monotonic()
    while siege.done < STORM_CONNECTIONS and time.monotonic() - begin < STORM_S:
        if siege.leave():
            break
        if one := siege.connect(siege.done):
            one.close()
    return False


def drip(siege):
    """DRIPPING HTTP clients, each a byte a second of a request that does not end."""
    request = b"GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    for one in [s for s in siege.sockets if is_closed(s)]:
        one.close()
        siege.sockets.remove(one)
    while len(siege.sockets) < DRIPPING and not siege.leave():
        if one := siege.connect(siege.done):
            siege.sockets.append(one)
    for one in siege.sockets:
        try:
            one.send(request[siege.done % len(request):][:1] or b"x")
        except OSError:
            pass
    siege.leave(1.0)


class UnderSiege(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.chain = self.devnet("--accounts", str(ACCOUNTS), "--contracts", "500")

    def start(self, name):
        node = self.daemon(self.chain.network(), "--listen", "127.0.0.1:0", "--no-discovery",
                           name=name, peers=[self.chain.enode])
        node.listen_port = int(node.logged(r"listening enode=enode://\S+:(\d+)"))
        return node

    def finish(self, node):
        """Waits for the end of the sync; items/s from the choice of the pivot to the recorded end, as
        the log has it (its HTTP may be besieged), and the most that it used."""
        most = usage(node.child.pid)

        def look():
            for what, value in usage(node.child.pid).items():
                most[what] = max(most[what], value)
            return COMPLETE.search(node.log_text())

        complete = wait_for("the state is complete", look, 240)
        begin = PIVOT.search(node.log_text())
        seconds = (datetime.fromisoformat(complete[1]) -
                   datetime.fromisoformat(begin[1])).total_seconds()
        return int(complete[2]) / seconds, most

    def compare(self, what, port_of, step):
        calm_rate, calm = self.finish(calm_node := self.start("calm"))
        calm_node.stop()
        node = self.start("besieged")
        with Siege(port_of(node), step) as siege:
            rate, most = self.finish(node)
            after_sync = usage(node.child.pid)
            # It goes on when the sync is over: what grows, grows on.
            time.sleep(3)
            later = usage(node.child.pid)
            made = siege.done
        print(f"{what}: {made} connections, {rate / calm_rate:.2f} of the undisturbed speed "
              f"({rate:.0f} against {calm_rate:.0f} items/s); at most {most}, calm {calm}")
        self.assertGreater(made, 50)
        self.assertLessEqual(most["descriptors"], calm["descriptors"] + MOST_DESCRIPTORS)
        self.assertLessEqual(later["descriptors"], calm["descriptors"] + MOST_DESCRIPTORS)
        self.assertLessEqual(most["threads"], calm["threads"])
        self.assertLessEqual(most["mib"], calm["mib"] + MOST_MIB)
        self.assertLessEqual(later["mib"], after_sync["mib"] + MOST_MIB)
        self.assertEqual(node.stop(), 0)
        self.assertLess(len(node.log_text().splitlines()), 200)
        self.assertIs(verify(PROGRAM, node.data_dir)["complete"], True)

    def test_connections_that_say_nothing(self):
        self.compare("silent", lambda node: node.listen_port, keep_silent)

    def test_a_storm_of_connections(self):
        self.compare("storm", lambda node: node.listen_port, storm)

    def test_http_clients_that_send_a_byte_now_and_then(self):
        self.compare("drip", lambda node: node.port, drip)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
