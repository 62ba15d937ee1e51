#!/usr/bin/env python3
"""The main job from end to end: processes of the program that speak over sockets.

usage: main_job_test.py FASTSYNCD [unittest arguments]

Cases on recorded chain data need the folder `shared` beside the checkout (or FASTSYNC_SHARED_DIR)
and are skipped without it.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from nodes import ensure_loopback_only, verify, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
SHARED = pathlib.Path(os.environ.get("FASTSYNC_SHARED_DIR", ROOT.parent / "shared"))
STOP_S = 5.0


class Case(ProcessCase):
    program = PROGRAM

    def sync(self, devnet, *options, name="data"):
        """A whole sync; the report of verify."""
        node = self.daemon(devnet.network(), "--exit-when-complete", *options, name=name,
                           peers=[devnet.enode])
        self.assertEqual(node.wait(120), 0, node.log_text()[-3000:])
        return verify(PROGRAM, self.folder / name)

    def shared(self, path):
        if not (SHARED / path).exists():
            self.skipTest(f"{path} is not there (shared beside the checkout)")
        return SHARED / path


class RecordedChain(Case):
    """A chain made by go-ethereum, served by a devnet from its files."""

    def setUp(self):
        super().setUp()
        self.files = self.shared("fixtures/geth-small")
        self.meta = json.loads((self.files / "meta.json").read_text())
        self.node = self.devnet("--state", str(self.files))

    def check_at_200(self, report):
        facts = self.meta["state_at_200"]
        self.assertEqual(report["state_root"], self.meta["state_roots"]["200"])
        for ours, theirs in {"accounts": "accountLeaves", "account_trie_nodes": "accountTrieNodes",
                             "storage_tries": "uniqueStorageTries",
                             "storage_trie_nodes": "uniqueStorageTrieNodes",
                             "storage_slots": "uniqueStorageSlots", "codes": "uniqueCodes",
                             "items": "totalUniqueItems", "bytes": "totalUniqueBytes"}.items():
            self.assertEqual(report[ours], facts[theirs], ours)
        self.assertEqual(report["xor_of_hashes"].removeprefix("0x"), facts["xorOfUniqueHashes"])
        self.assertIs(report["complete"], True)

    def test_the_pivot_is_64_below_the_head_and_every_count_is_right(self):
        self.check_at_200(self.sync(self.node))
        log = (self.folder / "data.log").read_text()
        self.assertIn("pivot number=200 ", log)

    def test_pinned_pivots_one_after_the_other_into_one_database(self):
        for number in ("8", "100", "264"):
            report = self.sync(self.node, "--pivot", number)
            self.assertEqual(report["state_root"], self.meta["state_roots"][number])
        report = self.sync(self.node, "--pivot", self.meta["pivot_at_head_minus_64"]["hash"])
        self.check_at_200(report)

    def test_each_pinned_pivot_alone(self):
        for number in ("8", "100", "264"):
            report = self.sync(self.node, "--pivot", number, name=f"at-{number}")
            self.assertEqual(report["state_root"], self.meta["state_roots"][number])


class GenesisState(Case):
    def test_the_main_networks_allocation_is_built_served_synced_and_verified(self):
        file = self.shared("vectors/mainnet-genesis-alloc.json")
        facts = json.loads(file.read_text())
        node = self.devnet("--genesis", str(file), "--blocks", "80")
        self.assertEqual(node.genesis_hash, facts["genesis_hash"])
        report = self.sync(node, "--pivot", "0")
        self.assertEqual(report["state_root"], facts["state_root"])
        self.assertEqual(report["accounts"], len(facts["accounts"]))


class Growing(Case):
    BLOCK_S = 0.1

    def test_the_pivot_moves_with_the_head_and_the_end_is_whole(self):
        node = self.devnet("--accounts", "100000", "--contracts", "500", "--block-interval",
                           str(self.BLOCK_S))
        daemon = self.daemon(node.network(), peers=[node.enode])
        first = daemon.wait_until("it syncs", lambda s: s["phase"] == "syncing", 60)
        # A fresh pivot's state is served for 64 blocks more. However fast this machine is: the
        # daemon stands still for longer than that, in the middle, and finds the state gone.
        os.kill(daemon.child.pid, signal.SIGSTOP)
        time.sleep(100 * self.BLOCK_S)
        os.kill(daemon.child.pid, signal.SIGCONT)
        status = daemon.wait_until("complete", lambda s: s["phase"] == "complete", 240)
        self.assertGreater(status["pivot"]["moves"], 0)
        self.assertGreater(status["pivot"]["number"], first["pivot"]["number"])
        self.assertEqual(daemon.stop(), 0)
        report = verify(PROGRAM, daemon.data_dir)
        self.assertEqual(report["state_root"], status["pivot"]["state_root"])
        print(f"moved {status['pivot']['moves']} times")


class TwoDaemons(Case):
    def test_a_daemon_that_is_complete_serves_another(self):
        devnet = self.devnet("--accounts", "5000", "--contracts", "200")
        first = self.daemon(devnet.network(), "--listen", "127.0.0.1:0", name="first",
                            peers=[devnet.enode])
        enode = first.logged(r"listening enode=(enode://\S+)")
        # One that comes while the first has nothing to give, and one that comes when it has.
        early = self.daemon(devnet.network(), name="early", peers=[enode])
        first.wait_until("complete", lambda s: s["phase"] == "complete")
        devnet.stop()
        late = self.daemon(devnet.network(), "--exit-when-complete", name="late", peers=[enode])
        self.assertEqual(late.wait(60), 0, late.log_text()[-3000:])
        early.wait_until("complete", lambda s: s["phase"] == "complete")
        for node in (first, early):
            self.assertEqual(node.stop(), 0)
        reports = [verify(PROGRAM, self.folder / name) for name in ("first", "early", "late")]
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])

    def test_served_again_after_a_restart_without_any_other_peer(self):
        devnet = self.devnet("--accounts", "2000", "--contracts", "50")
        self.sync(devnet, name="first")
        devnet.stop()
        first = self.daemon(devnet.network(), "--listen", "127.0.0.1:0", name="first")
        enode = first.logged(r"listening enode=(enode://\S+)")
        second = self.daemon(devnet.network(), "--exit-when-complete", name="second",
                             peers=[enode])
        self.assertEqual(second.wait(60), 0, second.log_text()[-3000:])


class Discovered(Case):
    def test_a_daemon_finds_its_peer_through_a_boot_node_and_again_after_a_restart(self):
        devnet = self.devnet("--accounts", "2000", "--contracts", "50")
        # It serves, and knows only the boot node; the boot node, of another chain, serves nothing.
        other = ["--network-id", "2674", "--genesis-hash", "0x" + "11" * 32]
        boot = self.daemon(other, "--listen", "127.0.0.1:0", name="boot")
        boot_enode = boot.logged(r"listening enode=(enode://\S+)")
        server = self.daemon(devnet.network(), "--listen", "127.0.0.1:0", "--bootnode", boot_enode,
                             name="server", peers=[devnet.enode])
        server.wait_until("complete", lambda s: s["phase"] == "complete")
        server_enode = server.logged(r"listening enode=(enode://\S+)")
        finder = ["--listen", "127.0.0.1:0", "--bootnode", boot_enode]
        client = self.daemon(devnet.network(), *finder, name="client")
        client.wait_until("complete", lambda s: s["phase"] == "complete", 90)
        self.assertEqual(client.stop(), 0)
        report = verify(PROGRAM, client.data_dir)
        self.assertIs(report["complete"], True)
        # The node that served is known from now on: found again without the boot node.
        boot.kill()
        known = (client.data_dir / "nodes.txt").read_text()
        self.assertIn(server_enode.split("@")[0].removeprefix("enode://"), known)
        again = self.daemon(devnet.network(), "--listen", "127.0.0.1:0", name="client")
        again.wait_until("its peer", lambda s: s["peers"]["connected"] > 0, 60)

    def test_a_list_that_cannot_be_read_is_told(self):
        network = ["--network-id", "1337", "--genesis-hash", "0x" + "11" * 32]
        key = "AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2"
        daemon = self.daemon(network, "--dns-list", f"enrtree://{key}@nodes.invalid")
        daemon.wait_until("the failure", lambda s: s["discovery"]["dns_failures"] > 0, 90)
        self.assertEqual(daemon.logged(r"dns list not read domain=(\S+)"), "nodes.invalid")
        self.assertEqual(daemon.stop(), 0)

    def test_without_discovery_nobody_is_looked_for(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.daemon(devnet.network(), "--no-discovery", "--listen", "127.0.0.1:0")
        self.assertFalse((daemon.data_dir / "nodes.txt").exists())
        daemon.stop()


class Stopping(Case):
    def test_a_clean_stop_takes_seconds_and_repeats_little(self):
        devnet = self.devnet("--accounts", "30000", "--contracts", "500")
        daemon = self.daemon(devnet.network(), peers=[devnet.enode])
        daemon.wait_until("a third", lambda s: s["progress"]["fraction"] > 0.33)
        began = time.monotonic()
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - began, STOP_S)
        again = self.daemon(devnet.network(), peers=[devnet.enode])
        resumed = int(again.logged(r"resume .*items_committed=(\d+)"))
        status = again.wait_until("complete", lambda s: s["phase"] == "complete")
        again.stop()
        report = verify(PROGRAM, daemon.data_dir)
        self.assertGreater(resumed, report["items"] // 5)
        # Counters go on over the restart: what was fetched twice was never committed before.
        self.assertEqual(status["progress"]["items_committed"], report["items"])

    def test_sigint_stops_it_without_any_peer(self):
        network = ["--network-id", "1337", "--genesis-hash", "0x" + "11" * 32]
        daemon = self.daemon(network)
        daemon.wait_until("it says what it waits for", lambda s: s.get("waiting_for"))
        began = time.monotonic()
        os.kill(daemon.child.pid, signal.SIGINT)
        self.assertEqual(daemon.wait(STOP_S), 0)
        self.assertLess(time.monotonic() - began, STOP_S)


class Refusals(Case):
    def fail(self, *options):
        done = subprocess.run([PROGRAM, "run", *options], capture_output=True, text=True,
                              timeout=30, check=False)
        return done.returncode, done.stderr

    def test_a_database_of_another_network_is_refused_and_named(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        self.sync(devnet)
        code, said = self.fail("--data-dir", str(self.folder / "data"), "--network-id", "7",
                               "--genesis-hash", "0x" + "22" * 32, "--http", "off")
        self.assertEqual(code, 2)
        self.assertIn("network 7", said)
        self.assertIn("1337", said)

    def test_a_second_instance_on_one_folder_is_refused(self):
        network = ["--network-id", "1337", "--genesis-hash", "0x" + "11" * 32]
        daemon = self.daemon(network)
        code, said = self.fail("--data-dir", str(daemon.data_dir), *network, "--http", "off")
        self.assertEqual(code, 2)
        self.assertIn("another process", said)

    def test_an_address_in_use_is_a_matter_of_configuration(self):
        network = ["--network-id", "1337", "--genesis-hash", "0x" + "11" * 32]
        daemon = self.daemon(network)
        code, said = self.fail("--data-dir", str(self.folder / "other"), *network, "--http",
                               f"127.0.0.1:{daemon.port}")
        self.assertEqual(code, 1)
        self.assertIn(str(daemon.port), said)


class Waiting(Case):
    def test_the_status_says_in_words_that_nobody_serves_the_root(self):
        devnet = self.devnet("--accounts", "100", "--contracts", "5")
        daemon = self.daemon(devnet.network(), "--pivot", "root:0x" + "33" * 32,
                             peers=[devnet.enode])
        status = daemon.wait_until("the reason", lambda s: "none serves" in s.get("waiting_for", ""), 30)
        self.assertEqual(status["phase"], "syncing")
        self.assertIn("0x" + "33" * 32, status["waiting_for"])
        peers = wait_for("peers", lambda: daemon.get("/peers"))["peers"]
        self.assertEqual(peers[0]["enode"], devnet.enode)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
