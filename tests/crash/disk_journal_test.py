#!/usr/bin/env python3
"""Whether the simulated power loss takes what a program did not make durable, and nothing else.

usage: disk_journal_test.py DISK_JOURNAL_LIBRARY [unittest arguments]
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from disk_journal import DiskJournal  # noqa: E402

LIBRARY = pathlib.Path(sys.argv[1]).resolve()

# What the program under test does; `here` is its folder.
BEGIN = """
import os, sys
here = sys.argv[1]
def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
def write(name, data, durable):
    fd = os.open(here + '/' + name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, data)
    if durable: os.fsync(fd)
    os.close(fd)
"""


class PowerLoss(unittest.TestCase):
    def outcomes(self, script, kill_at=0, seeds=40):
        """All that the folder may hold afterwards: {name: content} as frozen sets of pairs."""
        found = set()
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as top:
                top = pathlib.Path(top)
                here = top / "here"
                here.mkdir()
                (here / "old").write_bytes(b"old")
                journal = DiskJournal(LIBRARY, here, top / "journal")
                environment = {**os.environ, **journal.begin(), "DISK_JOURNAL_KILL": str(kill_at)}
                done = subprocess.run([sys.executable, "-c", BEGIN + script, str(here)],
                                      env=environment, check=False)
                self.assertEqual(done.returncode, -9 if kill_at else 0)
                journal.lose_power(random.Random(seed))
                found.add(frozenset((e.name, (here / e.name).read_bytes())
                                    for e in os.scandir(here)))
        return [dict(one) for one in found]

    def test_bytes_that_were_not_synced_may_go_and_others_stay(self):
        ends = self.outcomes("write('a', b'12345', True)\nwrite('a', b'67890', False)\nsync(here)")
        texts = {end["a"] for end in ends}
        self.assertTrue(all(text.startswith(b"12345") for text in texts), texts)
        self.assertIn(b"12345", texts)
        self.assertIn(b"1234567890", texts)
        self.assertTrue(any(text not in b"1234567890" for text in texts), "no rubbish ever")

    def test_names_that_were_not_synced_may_go(self):
        ends = self.outcomes("write('a', b'1', True)\nsync(here)\nwrite('b', b'2', True)")
        self.assertTrue(all(end["a"] == b"1" for end in ends))
        self.assertEqual({"b" in end for end in ends}, {True, False})

    def test_what_was_removed_or_replaced_may_come_back(self):
        ends = self.outcomes("write('new', b'new', True)\nsync(here)\n"
                             "os.rename(here + '/new', here + '/old')")
        self.assertEqual({end["old"] for end in ends}, {b"old", b"new"})
        ends = self.outcomes("os.unlink(here + '/old')")
        self.assertEqual({end.get("old") for end in ends}, {b"old", None})

    def test_what_was_removed_durably_stays_away(self):
        ends = self.outcomes("os.unlink(here + '/old')\nsync(here)")
        self.assertEqual(ends, [{}])

    def test_the_program_ends_before_the_change_that_was_asked_for(self):
        script = "write('a', b'1', True)\nsync(here)\nos.unlink(here + '/old')"
        # 1: the write, 2: its sync, 3: the folder's sync, 4: the removal.
        self.assertTrue(all("old" in end and end["a"] == b"1"
                            for end in self.outcomes(script, 4, 5)))
        self.assertTrue(all(end.get("a", b"") == b"" for end in self.outcomes(script, 1, 5)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
