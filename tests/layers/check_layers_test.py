"""What scripts/check_layers.py must find.

Each test copies the tree's lib/ and apps/ into a temporary folder, breaks one rule there and asks
for the complaint, with file and line.
"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT / "scripts" / "check_layers.py"


class CheckLayers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fastsync-layers-")
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name)
        for part in ("lib", "apps"):
            shutil.copytree(ROOT / part, self.tree / part)

    def append(self, name, text):
        """Appends a line to a file (made if absent) and returns `name:line` of it."""
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text + "\n", encoding="utf-8")
        return f"{name}:{len(before.splitlines()) + 1}: "

    def run_checker(self):
        return subprocess.run([sys.executable, CHECKER, self.tree], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def assert_complaint(self, *parts):
        result = self.run_checker()
        self.assertEqual(result.returncode, 1, result.stdout)
        matching = [line for line in result.stdout.splitlines()
                    if all(part in line for part in parts)]
        self.assertEqual(len(matching), 1, f"{parts} not found once in:\n{result.stdout}")

    def test_detects_upward_include(self):
        place = self.append("lib/common/bytes.hpp", "#include <eth/session.hpp>")
        self.assert_complaint(place, "common may not include <eth/session.hpp>")

    def test_detects_sideways_include(self):
        place = self.append("lib/sync/state_peer.hpp", "#  include <rlpx/hello.hpp>")
        self.assert_complaint(place, "sync may not include <rlpx/hello.hpp>")

    def test_detects_include_cycle(self):
        self.append("lib/common/one.hpp", "#include <common/two.hpp>")
        self.append("lib/common/two.hpp", "#include <common/one.hpp>")
        self.assert_complaint("lib/common/two.hpp:1: ", "circle")

    def test_detects_unlisted_folder(self):
        self.append("lib/helpers/helpers.hpp", "#pragma once")
        self.assert_complaint("lib/helpers", "not in the table")

    def test_detects_third_party_header_in_a_header(self):
        place = self.append("lib/crypto/keccak.hpp", "#include <cryptopp/keccak.h>")
        self.assert_complaint(place, "in .cpp files of crypto only")

    def test_detects_a_private_header_elsewhere(self):
        place = self.append("lib/status/text.hpp", "#include <status/json_reader.hpp>")
        self.assert_complaint(place, "is for .cpp files of status alone")

    def test_detects_third_party_header_in_a_foreign_library(self):
        place = self.append("lib/sync/store.cpp", "#include <rocksdb/db.h>")
        self.assert_complaint(place, "sync may not include <rocksdb/db.h>")

    def test_detects_unknown_third_party_header(self):
        place = self.append("lib/net/dns.cpp", "#include <curl/curl.h>")
        self.assert_complaint(place, "<curl/curl.h> is in no table")

    def test_detects_upward_link(self):
        place = self.append("lib/rlp/CMakeLists.txt", "target_link_libraries(x fastsync::trie)")
        self.assert_complaint(place, "rlp may not link fastsync::trie")


if __name__ == "__main__":
    unittest.main()
