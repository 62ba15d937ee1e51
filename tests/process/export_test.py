#!/usr/bin/env python3
"""fastsyncd export that is stopped by a signal: what it wrote is whole rows, it says that they are a
part, and going on from where it says gives the rest, nothing twice and nothing left out.

usage: export_test.py FASTSYNCD [unittest arguments]
"""

import array
import fcntl
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import ensure_loopback_only, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
DONE, PART = 0, 4
PIPE_BYTES = 4096


def unread(pipe):
    """Bytes that wait in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


class Export(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        # Of each kind of rows many times what an export gathers before it writes.
        devnet = self.devnet("--accounts", "5000", "--contracts", "1500")
        daemon = self.daemon(devnet.network(), "--exit-when-complete", "--no-discovery",
                             peers=[devnet.enode])
        self.assertEqual(daemon.wait(), DONE)
        self.data_dir = str(self.folder / "data")

    def start(self, *options):
        child = subprocess.Popen([PROGRAM, "export", "--data-dir", self.data_dir, *options],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        self.addCleanup(child.kill)
        return child

    def whole(self, *options):
        child = self.start(*options)
        rows, said = child.communicate(timeout=60)
        self.assertEqual(child.returncode, DONE, said)
        return rows

    def stopped(self, number, *options):
        """Stopped in the middle of writing: the rows, and the options to go on with."""
        child = self.start(*options)
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        wait_for("a full pipe", lambda: unread(child.stdout) == PIPE_BYTES)
        child.send_signal(number)
        rows, said = child.communicate(timeout=60)
        self.assertEqual(child.returncode, PART, said)
        more = re.search(r"^export: not all: go on with (.*)$", said.decode(), re.MULTILINE)
        self.assertIsNotNone(more, said)
        lines = rows.count(b"\n") - ("csv" in options)
        self.assertRegex(said.decode(), rf"(?m)^export: {lines:,} rows of the state 0x")
        return rows, more.group(1).split()

    def test_a_part_goes_on_where_it_says(self):
        for what, number in (("--accounts", signal.SIGTERM), ("--storage", signal.SIGTERM),
                             ("--codes", signal.SIGINT)):
            with self.subTest(what=what):
                whole = self.whole(what)
                part, start = self.stopped(number, what)
                self.assertTrue(part.endswith(b"\n"))
                self.assertLess(len(part), len(whole))
                # Stopped once more, for the second part begins in the middle.
                second, start = self.stopped(number, what, *start)
                self.assertEqual(part + second + self.whole(what, *start), whole)

    def test_a_signal_that_leaves_nothing_out_makes_no_part(self):
        """All rows are gathered, and wait to be taken, when it comes."""
        start = ("--start-key", "0xf0" + "00" * 31)
        child = self.start(*start)
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        wait_for("a full pipe", lambda: unread(child.stdout) == PIPE_BYTES)
        child.send_signal(signal.SIGTERM)
        rows, said = child.communicate(timeout=60)
        self.assertEqual(child.returncode, DONE, said)
        self.assertNotIn(b"not all", said)
        self.assertEqual(rows, self.whole(*start))

    def test_a_part_with_a_header_has_it_once_more(self):
        whole = self.whole("--storage", "--format", "csv")
        part, start = self.stopped(signal.SIGTERM, "--storage", "--format", "csv")
        rest = self.whole("--storage", "--format", "csv", *start)
        header = whole.partition(b"\n")[0] + b"\n"
        self.assertTrue(rest.startswith(header))
        self.assertEqual(part + rest.removeprefix(header), whole)

    @unittest.skipUnless(shutil.which("zstd"), "there is no zstd")
    def test_a_compressed_part_is_a_whole_file(self):
        """A FIFO that nobody empties: the file that is compressed into is as slow as the test wants."""
        fifo = self.folder / "rows.zst"
        subprocess.run(["mkfifo", fifo], check=True)
        child = self.start("--storage", "--output", str(fifo))
        with open(fifo, "rb") as reader:
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            wait_for("a full pipe", lambda: unread(reader) == PIPE_BYTES)
            child.send_signal(signal.SIGTERM)
            packed = reader.read()
        said = child.communicate(timeout=60)[1].decode()
        self.assertEqual(child.returncode, PART, said)
        part = subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout
        start = re.search(r"go on with (.*)$", said, re.MULTILINE).group(1).split()
        self.assertEqual(part + self.whole("--storage", *start), self.whole("--storage"))


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
