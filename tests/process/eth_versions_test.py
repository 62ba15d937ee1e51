#!/usr/bin/env python3
"""Whole syncs over each version of the protocol, between processes of the program.

usage: eth_versions_test.py FASTSYNCD [unittest arguments]
"""

import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from nodes import ensure_loopback_only, verify, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]

GENESIS = {
    "config": {"chainId": 4711, "homesteadBlock": 0, "eip150Block": 3, "byzantiumBlock": 50,
               "londonBlock": None, "terminalTotalDifficulty": 7},
    "nonce": "0x0", "timestamp": "0x5d944c80", "gasLimit": "0x47b760", "difficulty": "0x20000",
    "alloc": {f"{number:040x}": {"balance": hex(number)} for number in range(1, 500)},
}


class Case(ProcessCase):
    program = PROGRAM

    def genesis(self, **config):
        file = self.folder / "genesis.json"
        document = {**GENESIS, "config": {**GENESIS["config"], **config}}
        file.write_text(json.dumps(document))
        return str(file)

    def check_sync(self, daemon, version):
        """The daemon's state becomes complete over this version, and is sound."""
        status = daemon.wait_until("complete", lambda s: s["phase"] == "complete")
        peers = wait_for("a peer", lambda: daemon.get("/peers")["peers"])
        self.assertEqual(peers[0]["eth_version"], version)
        self.assertEqual(daemon.stop(), 0)
        report = verify(PROGRAM, daemon.data_dir)
        self.assertEqual(report["state_root"], status["pivot"]["state_root"])
        self.assertEqual(report["items"], status["progress"]["items_committed"])


class Versions(Case):
    def test_each_version_with_node_data(self):
        for version in (63, 64, 65, 66):
            with self.subTest(version=version):
                node = self.devnet("--accounts", "2000", "--eth-version", str(version))
                daemon = self.daemon(node.network(), name=f"over-{version}", peers=[node.enode])
                self.check_sync(daemon, version)
                node.stop()

    def test_the_highest_of_those_with_node_data_is_chosen(self):
        node = self.devnet("--accounts", "500")
        self.check_sync(self.daemon(node.network(), peers=[node.enode]), 66)

    def test_versions_without_node_data_are_used_together_with_the_satellite(self):
        for version in (67, 68):
            with self.subTest(version=version):
                node = self.devnet("--accounts", "2000", "--eth-version", str(version))
                daemon = self.daemon(node.network(), name=f"over-{version}", peers=[node.enode])
                self.check_sync(daemon, version)
                node.stop()

    def test_other_versions_are_refused_by_the_devnet(self):
        done = subprocess.run([PROGRAM, "devnet", "--listen", "127.0.0.1:0", "--eth-version",
                               "62"], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--eth-version: must be a number from 63 to 68", done.stderr)


class Forks(Case):
    def test_a_genesis_file_names_the_network_and_its_forks(self):
        file = self.genesis()
        for version in (63, 64, 66):
            with self.subTest(version=version):
                node = self.devnet("--genesis", file, "--eth-version", str(version))
                daemon = self.daemon(["--genesis", file], name=f"over-{version}",
                                     peers=[node.enode])
                self.check_sync(daemon, version)
                node.stop()

    def test_without_the_file_the_peers_fork_id_is_taken(self):
        node = self.devnet("--genesis", self.genesis())
        self.check_sync(self.daemon(node.network(), peers=[node.enode]), 66)

    def test_a_peer_of_other_forks_is_refused_from_eth_64_on(self):
        node = self.devnet("--genesis", self.genesis())
        other = self.genesis(byzantiumBlock=51)
        daemon = self.daemon(["--genesis", other], "--log-level", "debug", peers=[node.enode])
        daemon.logged(r"((?:incompatible|outdated).*fork id)")
        daemon.stop()
        old = self.devnet("--genesis", self.genesis(), "--eth-version", "63")
        self.check_sync(self.daemon(["--genesis", other], name="old", peers=[old.enode]), 63)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
