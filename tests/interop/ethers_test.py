#!/usr/bin/env python3
"""An ordinary client (ethers) reads balances, codes, storage and proofs from a daemon; every proof is
verified by @ethereumjs/trie (ethers/reader.js).

usage: ethers_test.py FASTSYNCD NODE_MODULES [unittest arguments]

NODE_MODULES is the folder that `npm ci` made; the target ethers_modules does that. The recorded chain
needs the folder `shared` beside the checkout (or FASTSYNC_SHARED_DIR).
Exit code: 0 passed, 1 failed, 77 skipped, for want of node or of the packages.
"""

import json
import os
import pathlib
import subprocess
import sys

INTEROP = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(INTEROP.parent / "support"))
from nodes import HOST, Failure  # noqa: E402
from node_program import NODE, main  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM, NODE_MODULES = sys.argv[1], pathlib.Path(sys.argv[2])
SHARED = pathlib.Path(os.environ.get("FASTSYNC_SHARED_DIR") or INTEROP.parents[2] / "shared")
READ_TIMEOUT_S = 200
ACCOUNTS, CONTRACTS = 600, 60


def address(number):
    return f"0x{number * 104729:040x}"


def genesis_document():
    """Accounts with and without code; storage of none to nine words of every size."""
    alloc = {}
    for number in range(1, ACCOUNTS + 1):
        account = {"balance": hex(number * 10**15), "nonce": hex(number % 5)}
        if number <= CONTRACTS:
            account["code"] = "0x" + "60" * (50 + number)
            account["storage"] = {f"0x{slot:064x}": f"0x{(slot << (slot * 28)) + number:064x}"
                                  for slot in range(number % 10)}
        alloc[address(number)[2:]] = account
    return {"config": {"chainId": 4711}, "nonce": "0x0", "timestamp": "0x5d944c80",
            "gasLimit": "0x47b760", "difficulty": "0x20000", "alloc": alloc}


class Ethers(ProcessCase):
    program = PROGRAM

    def read(self, daemon, job):
        """What reader.js counted."""
        done = subprocess.run([NODE, str(INTEROP / "ethers" / "reader.js"),
                               f"http://{HOST}:{daemon.port}"],
                              input=json.dumps(job), capture_output=True, text=True,
                              timeout=READ_TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise Failure(f"reader.js ended with {done.returncode}: {done.stdout}{done.stderr}")
        print(done.stdout.strip())
        return json.loads(done.stdout)

    def test_it_reads_every_account_of_a_known_state(self):
        document = genesis_document()
        file = self.folder / "genesis.json"
        file.write_text(json.dumps(document))
        devnet = self.devnet("--genesis", str(file), "--blocks", "70")
        daemon = self.daemon(["--genesis", str(file)], peers=[devnet.enode])
        status = daemon.wait_until("complete", lambda s: s["phase"] == "complete")
        expected = {f"0x{who}": {"storage": {}, **what}
                    for who, what in document["alloc"].items()}
        absent = [address(ACCOUNTS + number) for number in range(1, 21)]
        counts = self.read(daemon, {
            "chain_id": 4711, "state_root": status["pivot"]["state_root"],
            "addresses": [*expected, *absent], "expected": expected,
            "slots": ["0x0", "0x1", f"0x{2:064x}", "0x8", "0x1234"]})
        self.assertEqual(counts["accounts"], ACCOUNTS)
        self.assertEqual(counts["absent"], len(absent))
        self.assertEqual(counts["codes"], CONTRACTS)
        # Slots 0, 1, 2 and 8 of contracts with so many words.
        words = sum(slot < number % 10 for number in range(1, CONTRACTS + 1)
                    for slot in (0, 1, 2, 8))
        self.assertEqual(counts["words"], words)
        self.assertEqual(daemon.stop(), 0)

    def test_it_reads_a_state_that_transactions_made(self):
        """The recorded chain of go-ethereum: contracts of the one sender, by its nonces."""
        folder = SHARED / "fixtures" / "geth-small"
        if not (folder / "meta.json").is_file():
            self.skipTest(f"there is no {folder}")
        meta = json.loads((folder / "meta.json").read_text())
        sender = "0x" + next(iter(json.loads((folder / "genesis.json").read_text())["alloc"]))
        made = subprocess.run(
            [NODE, "-e", "const {getCreateAddress: a} = require('ethers');"
             "const all = [];"
             "for (let nonce = 0; nonce < 1200; nonce++) all.push(a({from: process.argv[1], nonce})"
             ".toLowerCase()); console.log(JSON.stringify(all))", sender],
            capture_output=True, text=True, timeout=30, check=True)
        devnet = self.devnet("--state", str(folder))
        daemon = self.daemon(devnet.network(), "--exit-when-complete", peers=[devnet.enode])
        self.assertEqual(daemon.wait(60), 0)
        again = self.daemon([*devnet.network(), "--no-discovery"])
        again.wait_until("a state to ask", lambda s: "completed" in s)
        counts = self.read(again, {
            "chain_id": meta["chain_id"],
            "state_root": meta["pivot_at_head_minus_64"]["stateRoot"],
            "addresses": [sender, *json.loads(made.stdout)], "slots": ["0x0", "0x1", "0x2"]})
        self.assertEqual(counts["block"], 200)
        # By the fixture's own word. Its slots are hashes that nobody wrote down: those asked for are
        # proven to be empty.
        self.assertEqual(counts["codes"], meta["state_at_200"]["accountsWithCode"])
        self.assertGreater(counts["absent_words"], 0)
        self.assertGreater(counts["absent"], 0)
        self.assertEqual(again.stop(), 0)


if __name__ == "__main__":
    main(NODE_MODULES)
