#!/usr/bin/env python3
"""A sync onto a real file system that fills up, and goes on when there is room again.

usage: full_disk_test.py FASTSYNCD [unittest arguments]

The file system is a tmpfs of some MiB, mounted in a mount namespace of our own. Where the system
allows none the test says so and is skipped.
"""

import errno
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from link import Link  # noqa: E402
from nodes import Daemon, verify  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
SMALL = "24m"
LARGE = "400m"
STORAGE = 2  # the exit code


def enter_namespaces():
    """Goes on where only loopback exists and mounts are our own; False where that is not allowed."""
    if os.environ.get("FASTSYNC_IN_NAMESPACE"):
        return os.environ["FASTSYNC_IN_NAMESPACE"] == "mounts"
    for flags in ("-nm", "-rnm"):
        with tempfile.TemporaryDirectory() as folder:
            probe = f"ip link set lo up && mount -t tmpfs -o size=1m none {folder}"
            allowed = subprocess.run(["unshare", flags, "sh", "-c", probe], capture_output=True,
                                     check=False).returncode == 0
        if allowed:
            os.environ["FASTSYNC_IN_NAMESPACE"] = "mounts"
            up = 'ip link set lo up && exec "$@"'
            os.execvp("unshare", ["unshare", flags, "sh", "-c", up, "sh", sys.executable,
                                  *sys.argv])
    return False


MAY_MOUNT = enter_namespaces()


@unittest.skipUnless(MAY_MOUNT, "no mount namespace of our own is allowed here")
class FullDisk(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self.mount("size=" + SMALL)
        self.addCleanup(subprocess.run, ["umount", str(self.disk)], check=False)

    def mount(self, options, *more):
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join([options, *more]), "none",
                        str(self.disk)], check=True)

    def fill_up(self):
        """Leaves no free byte."""
        with open(self.disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)):
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def start(self, devnet, name, enode=None):
        node = Daemon(PROGRAM, str(self.folder / f"{name}.log"), self.disk / "data",
                      devnet.network(), "--exit-when-complete", peers=[enode or devnet.enode])
        self.addCleanup(node.kill)
        return node

    def refusal(self, devnet):
        """Exit code and words of a start that must fail."""
        done = subprocess.run([PROGRAM, "run", "--data-dir", str(self.disk / "data"),
                               *devnet.network(), "--http", "off"],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    def check_stopped(self, node):
        self.assertEqual(node.wait(120), STORAGE, node.log_text()[-3000:])
        last = node.log_text().strip().splitlines()[-1]
        self.assertRegex(last, r"the disk is full|No space left on device")
        self.assertIn(str(self.disk), last)

    def test_it_stops_says_what_and_where_and_goes_on_when_there_is_room(self):
        devnet = self.devnet("--accounts", "150000", "--contracts", "1000")
        # Slow enough that much is durable before there is no more room.
        link = Link([devnet.enode], delay_ms=1, mbit=50)
        self.addCleanup(link.close)
        self.check_stopped(self.start(devnet, "first", link.enodes[0]))
        # Without room it does not even begin. It may have given back what it could not finish.
        self.fill_up()
        code, said = self.refusal(devnet)
        self.assertEqual(code, STORAGE)
        self.assertRegex(said, r"the disk is full: \d+ bytes are free in " + str(self.disk))
        (self.disk / "ballast").unlink()
        self.mount("remount", "size=" + LARGE)
        third = self.start(devnet, "third")
        resumed = int(third.logged(r"resume .*items_committed=(\d+)"))
        self.assertGreater(resumed, 10_000)
        self.assertEqual(third.wait(120), 0, third.log_text()[-3000:])
        report = verify(PROGRAM, self.disk / "data")
        self.assertIs(report["complete"], True)
        print(f"stopped with {resumed} of {report['items']} items")

    def test_a_repair_asks_for_the_room_it_needs_and_goes_on_when_there_is_some(self):
        self.mount("remount", "size=" + LARGE)
        devnet = self.devnet("--accounts", "20000", "--contracts", "100")
        self.assertEqual(self.start(devnet, "whole").wait(120), 0)
        data = self.disk / "data"
        totals = verify(PROGRAM, data)["xor_of_hashes"]
        table = max((data / "db").glob("*.sst"), key=lambda file: file.stat().st_size)
        with open(table, "r+b") as opened:
            opened.seek(100_000)
            opened.write(b"damage")
        self.mount("remount", f"size={self.used() + (15 << 20)}")
        repair = [PROGRAM, "verify", "--data-dir", str(data), "--repair"]
        done = subprocess.run(repair, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, STORAGE, done.stdout)
        self.assertRegex(done.stderr, rf"no room to mend {table.name}: \d+ bytes are free in "
                                      rf"{data}, \d+ are needed")
        # Nothing was changed: the daemon may go on with what it has.
        self.assertFalse((data / "repairing").exists())
        self.mount("remount", "size=" + LARGE)
        done = subprocess.run(repair, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.start(devnet, "again").wait(120), 0)
        self.assertEqual(verify(PROGRAM, data)["xor_of_hashes"], totals)

    def used(self):
        """Bytes of the disk that are taken."""
        disk = os.statvfs(self.disk)
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize

    def test_a_disk_without_room_for_a_database_is_told(self):
        self.mount("remount", "size=64k")
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        code, said = self.refusal(devnet)
        self.assertEqual(code, STORAGE)
        self.assertIn("the disk is full", said)
        self.assertFalse((self.disk / "data").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
