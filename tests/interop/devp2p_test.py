#!/usr/bin/env python3
"""Syncs from, and serves, a peer made of npm's devp2p and trie packages (devp2p/peer.js), over each
version of eth with node data.

usage: devp2p_test.py FASTSYNCD NODE_MODULES [unittest arguments]

NODE_MODULES is the folder that `npm ci` made; the target devp2p_modules does that.
Exit code: 0 passed, 1 failed, 77 skipped, for want of node or of the packages.
"""

import json
import pathlib
import re
import subprocess
import sys

INTEROP = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(INTEROP.parent / "support"))
from nodes import Failure, Process, verify  # noqa: E402
from node_program import NODE, main  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM, NODE_MODULES = sys.argv[1], pathlib.Path(sys.argv[2])
PEER = [NODE, str(INTEROP / "devp2p" / "peer.js")]
VERSIONS = (63, 64, 65, 66)
ASK_TIMEOUT_S = 60
QUITTING = 0x08  # reason of a Disconnect

ACCOUNTS, CONTRACTS = 1000, 60
FORKS = {"homesteadBlock": 3, "eip150Block": 50, "eip155Block": 70, "eip158Block": 70,
         "byzantiumBlock": 5000}


def genesis_document():
    """A chain with forks below its head, at it and above, over accounts with storage and code."""
    alloc = {f"{number:040x}": {"balance": hex(number * 10**15)}
             for number in range(1, ACCOUNTS + 1)}
    for number in range(1, CONTRACTS + 1):
        alloc[f"{number:040x}"].update(
            code="0x" + "60" * (50 + number),
            storage={f"0x{slot:064x}": f"0x{slot * number:064x}"
                     for slot in range(1, number + 1)})
    return {"config": {"chainId": 4711, **FORKS}, "nonce": "0x0", "timestamp": "0x5d944c80",
            "gasLimit": "0x47b760", "difficulty": "0x20000", "alloc": alloc}


class Case(ProcessCase):
    program = PROGRAM

    def check_equal(self, report, counted):
        """verify's report holds what the other side counted, and more."""
        self.assertEqual({key: report[key] for key in counted}, counted)
        self.assertIs(report["complete"], True)

    def serving_daemon(self, devnet, network):
        """A daemon with the devnet's state and without the devnet; and its enode."""
        daemon = self.daemon(network, "--listen", "127.0.0.1:0", "--log-level", "debug",
                             peers=[devnet.enode])
        daemon.wait_until("complete", lambda s: s["phase"] == "complete")
        devnet.stop()
        return daemon, daemon.logged(r"listening enode=(enode://\S+)")

    def ask(self, enode, devnet, version, *options):
        """What the other side says of the state it has walked."""
        done = subprocess.run(
            [*PEER, "ask", "--version", str(version), "--enode", enode, "--network-id",
             devnet.network_id, "--genesis-hash", devnet.genesis_hash, *options],
            capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise Failure(f"peer.js ask ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)


class ItServes(Case):
    def check_sync(self, version):
        peer = Process([*PEER, "serve", "--version", str(version), "--accounts", str(ACCOUNTS),
                        "--contracts", str(CONTRACTS)],
                       str(self.folder / f"peer-{version}.log"))
        self.addCleanup(peer.kill)
        served = json.loads(peer.said(r'^(\{"enode":.*\})$'))
        network = ["--network-id", str(served["network_id"]),
                   "--genesis-hash", served["genesis_hash"]]
        daemon = self.daemon(network, "--exit-when-complete", "--log-level", "debug",
                             name=f"over-{version}", peers=[served["enode"]])
        self.assertEqual(daemon.wait(60), 0, daemon.log_text()[-3000:])
        self.assertEqual(daemon.logged(r'joined peer=.* client="ethereumjs-.* eth=(\d+)'),
                         str(version))
        self.check_equal(verify(PROGRAM, daemon.data_dir), served["state"])
        # It takes our Disconnect for what it is.
        left = json.loads(peer.said(r'^(\{"left":.*\})$'))
        self.assertEqual(left, {"left": QUITTING, "by_us": False})
        peer.stop()
        return served["state"]

    def test_a_state_of_its_making_is_synced_over_each_version(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                counted = self.check_sync(version)
                self.assertEqual(counted["accounts"], ACCOUNTS)
                print(f"eth/{version}: {counted['items']} items served by it")


class ItAsks(Case):
    def test_it_walks_the_whole_state_over_each_version(self):
        devnet = self.devnet("--accounts", str(ACCOUNTS), "--contracts", str(CONTRACTS))
        daemon, enode = self.serving_daemon(devnet, devnet.network())
        answers = {version: self.ask(enode, devnet, version) for version in VERSIONS}
        # However it says goodbye: a bare integer, uncompressed.
        goodbyes = re.findall(r'left peer=.* reason=".*disconnected by peer: requested"',
                              daemon.log_text())
        self.assertEqual(len(goodbyes), len(VERSIONS))
        self.assertEqual(daemon.stop(), 0)
        report = verify(PROGRAM, daemon.data_dir)
        self.assertEqual(report["accounts"], ACCOUNTS)
        for version, answer in answers.items():
            with self.subTest(version=version):
                self.assertIn("fastsyncd/", answer["client"])
                self.assertEqual(answer["pivot"], 64)
                self.check_equal(report, answer["state"])
                print(f"eth/{version}: {answer['state']['items']} items walked by it")

    def test_it_accepts_our_fork_id_where_forks_are_known(self):
        file = self.folder / "genesis.json"
        file.write_text(json.dumps(genesis_document()))
        devnet = self.devnet("--genesis", str(file), "--blocks", "70")
        daemon, enode = self.serving_daemon(devnet, ["--genesis", str(file)])
        blocks = ",".join(str(block) for block in sorted(set(FORKS.values())))
        answers = [self.ask(enode, devnet, version, "--forks", blocks) for version in (64, 66)]
        self.assertEqual(daemon.stop(), 0)
        report = verify(PROGRAM, daemon.data_dir)
        self.assertEqual(report["accounts"], ACCOUNTS)
        for answer in answers:
            # Below the last fork, after all others.
            self.assertEqual(answer["fork_id"][1], hex(FORKS["byzantiumBlock"]))
            self.check_equal(report, answer["state"])


if __name__ == "__main__":
    main(NODE_MODULES)
