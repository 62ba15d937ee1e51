#!/usr/bin/env python3
"""The finished state as its user meets it: a daemon syncs a state whose every account is known, and
its answers over JSON-RPC and those of the commands account, stats and export are held to the genesis
file that it came from. The metrics are held to promtool's rules where that is there.

usage: query_test.py FASTSYNCD [unittest arguments]
"""

import csv
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import HOST, Daemon, ensure_loopback_only, verify, wait_for  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
ACCOUNTS, CONTRACTS = 400, 40
DONE, CONFIG, STORAGE = 0, 1, 2


def address(number):
    return f"0x{number * 7919:040x}"


def word(number):
    return f"0x{number:064x}"


def slots_of(number):
    return {word(slot): word(slot * number + (slot % 3) * 2**200) for slot in range(number % 9)
            if slot > 0}


def code_of(number):
    return "0x" + "60" * (50 + number % 7)


def genesis_document():
    alloc = {}
    for number in range(1, ACCOUNTS + 1):
        account = {"balance": hex(number * 10**15), "nonce": hex(number % 5)}
        if number <= CONTRACTS:
            account.update(code=code_of(number), storage=slots_of(number))
        alloc[address(number)[2:]] = account
    return {"config": {"chainId": 4711}, "nonce": "0x0", "timestamp": "0x5d944c80",
            "gasLimit": "0x47b760", "difficulty": "0x20000", "alloc": alloc}


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, check=False)


def request(port, method, path, body=None, content_type="application/json"):
    """Status and text of the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        headers = {"Content-Type": content_type} if body is not None else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def call(port, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    status, text = request(port, "POST", "/", body)
    assert status == 200, (status, text)
    answer = json.loads(text)
    assert answer["id"] == 7 and answer["jsonrpc"] == "2.0", answer
    return answer


class Query(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.genesis = self.folder / "genesis.json"
        self.genesis.write_text(json.dumps(genesis_document()))
        devnet = self.devnet("--genesis", str(self.genesis), "--blocks", "70")
        self.network = ["--genesis", str(self.genesis)]
        self.synced = self.daemon(self.network, peers=[devnet.enode])
        self.synced.wait_until("complete", lambda s: s["phase"] == "complete")

    def stop(self):
        self.assertEqual(self.synced.stop(), 0)
        return self.synced.data_dir

    def check_accounts(self, port):
        for number in (1, 7, CONTRACTS, CONTRACTS + 1, ACCOUNTS):
            who = address(number)
            self.assertEqual(call(port, "eth_getBalance", who, "latest")["result"],
                             hex(number * 10**15))
            self.assertEqual(call(port, "eth_getTransactionCount", who)["result"],
                             hex(number % 5))
            contract = number <= CONTRACTS
            self.assertEqual(call(port, "eth_getCode", who, "latest")["result"],
                             code_of(number) if contract else "0x")
            for slot, value in (slots_of(number) if contract else {word(1): word(0)}).items():
                self.assertEqual(call(port, "eth_getStorageAt", who, slot, "latest")["result"],
                                 value)

    def test_json_rpc_answers_what_the_genesis_says(self):
        port = self.synced.port
        self.check_accounts(port)
        self.assertEqual(call(port, "eth_chainId")["result"], hex(4711))
        self.assertIs(call(port, "eth_syncing")["result"], False)
        self.assertEqual(request(port, "GET", "/readyz")[0], 200)
        self.assertEqual(request(port, "POST", "/", "{}", "text/plain")[0], 415)
        self.assertEqual(call(port, "eth_getBalance", address(1), "0x1")["error"]["code"], -32000)
        # Again without anybody to connect with: what is complete can be asked at once.
        data_dir = self.stop()
        alone = Daemon(PROGRAM, str(self.folder / "alone.log"), data_dir, self.network,
                       "--no-discovery")
        self.addCleanup(alone.kill)
        wait_for("ready", lambda: request(alone.port, "GET", "/readyz")[0] == 200)
        self.check_accounts(alone.port)
        alone.stop()

    def test_a_state_that_is_not_there_is_said_to_be_missing(self):
        empty = self.daemon(self.network, "--no-discovery", name="empty")
        status, text = request(empty.port, "GET", "/readyz")
        self.assertEqual(status, 503)
        self.assertIn("no state is complete: ", json.loads(text)["error"])
        self.assertEqual(request(empty.port, "GET", "/livez")[0], 200)
        error = wait_for("the phase in words", lambda: (
            e := call(empty.port, "eth_getBalance", address(1), "latest")["error"],
            e if "finding_peers" in e["message"] else None)[1])
        self.assertEqual(error["code"], -32000)
        self.assertIsInstance(call(empty.port, "eth_syncing")["result"], dict)
        empty.stop()

    def test_the_metrics_pass_promtool(self):
        status, text = request(self.synced.port, "GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('fastsyncd_phase{phase="complete"} 1\n', text)
        self.assertIn("fastsyncd_progress_ratio 1\n", text)
        if shutil.which("promtool") is None:
            self.skipTest("there is no promtool")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                              text=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_account_shows_what_the_genesis_says(self):
        data_dir = self.stop()
        slot, value = list(slots_of(17).items())[2]
        done = run("account", address(17), "--data-dir", data_dir, "--slot", int(slot, 16),
                   "--slot", "0xffff", "--proof", "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = json.loads(done.stdout)
        self.assertTrue(told["exists"])
        self.assertEqual((told["balance"], told["nonce"]), (str(17 * 10**15), 17 % 5))
        self.assertEqual(told["code_bytes"], len(code_of(17)) // 2 - 1)
        self.assertEqual([s["value"] for s in told["slots"]], [value, word(0)])
        self.assertTrue(told["account_proof"] and all(s["proof"] for s in told["slots"]))
        text = run("account", address(17), "--data-dir", data_dir).stdout
        self.assertIn(f"balance  {17 * 10**15} wei\n", text)
        absent = run("account", "0x" + "ee" * 20, "--data-dir", data_dir)
        self.assertEqual(absent.returncode, DONE)
        self.assertIn("there is no such account", absent.stdout)
        for wrong in ([], ["0x12"], [address(1), "--slot", "x"], [address(1), "--slot", 2**256]):
            self.assertEqual(run("account", *wrong, "--data-dir", data_dir).returncode, CONFIG)
        self.assertEqual(run("account", address(1), "--data-dir", self.folder / "no").returncode,
                         STORAGE)

    def test_stats_counts_what_is_there(self):
        data_dir = self.stop()
        done = run("stats", "--data-dir", data_dir, "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = json.loads(done.stdout)
        report = verify(PROGRAM, data_dir)
        self.assertEqual(told["accounts"], report["accounts"])
        self.assertEqual(told["accounts"], ACCOUNTS)
        self.assertEqual(told["contracts"], CONTRACTS)
        words = sum(len(slots_of(number)) for number in range(1, CONTRACTS + 1))
        self.assertEqual(told["slots"], words)
        self.assertEqual(told["balance"], str(10**15 * ACCOUNTS * (ACCOUNTS + 1) // 2))
        self.assertEqual(sum(told["account_depths"].values()), ACCOUNTS)
        self.assertEqual(sum(told["slot_depths"].values()), words)
        text = run("stats", "--data-dir", data_dir).stdout
        self.assertIn(f"accounts      {ACCOUNTS}\n", text)

    def export(self, data_dir, *options):
        done = run("export", "--data-dir", data_dir, *options)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return done

    def test_export_writes_every_row_and_names_what_is_known(self):
        data_dir = self.stop()
        known = self.folder / "known.txt"
        known.write_text("# all of them\n" + "\n".join(
            [address(n) for n in range(1, ACCOUNTS + 1)] + [word(n)[2:] for n in range(1, 9)]))
        options = ["--preimages", known]
        accounts = [json.loads(line) for line in
                    self.export(data_dir, *options).stdout.splitlines()]
        self.assertEqual({row["address"]: (row["balance"], row["nonce"]) for row in accounts},
                         {address(n): (str(n * 10**15), n % 5) for n in range(1, ACCOUNTS + 1)})
        self.assertEqual(accounts, sorted(accounts, key=lambda row: row["address_hash"]))
        text = self.export(data_dir, *options, "--storage", "--format", "csv").stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(
            sorted((row["address"], row["slot"], row["value"]) for row in rows),
            sorted((address(n), slot, value) for n in range(1, CONTRACTS + 1)
                   for slot, value in slots_of(n).items()))
        codes = [json.loads(line) for line in
                 self.export(data_dir, *options, "--codes").stdout.splitlines()]
        self.assertEqual({row["address"]: row["code"] for row in codes},
                         {address(n): code_of(n) for n in range(1, CONTRACTS + 1)})
        rich = self.export(data_dir, "--min-balance", 300 * 10**15)
        self.assertEqual(len(rich.stdout.splitlines()), ACCOUNTS - 299)
        self.assertIn("keys are hashes of addresses and slots", rich.stderr)
        self.assertNotIn('"address":', rich.stdout)

    def test_export_goes_on_where_it_stopped(self):
        data_dir = self.stop()
        for what in ("--accounts", "--storage", "--codes"):
            with self.subTest(what=what):
                whole = self.export(data_dir, what).stdout
                parts, start = "", []
                for _ in range(200):
                    done = self.export(data_dir, what, "--limit", 17, *start)
                    parts += done.stdout
                    more = re.search(r"go on with (.*)", done.stderr)
                    if more is None:
                        break
                    start = more.group(1).split()
                self.assertEqual(parts, whole)

    def test_export_to_files(self):
        data_dir = self.stop()
        plain, packed = self.folder / "rows.jsonl", self.folder / "rows.jsonl.zst"
        self.export(data_dir, "--output", plain)
        self.export(data_dir, "--output", packed)
        self.assertEqual(len(plain.read_text().splitlines()), ACCOUNTS)
        self.assertEqual(packed.read_bytes()[:4], bytes.fromhex("28b52ffd"))
        self.assertLess(packed.stat().st_size, plain.stat().st_size)
        if shutil.which("zstd"):
            done = subprocess.run(["zstd", "-dc", packed], capture_output=True, check=True)
            self.assertEqual(done.stdout, plain.read_bytes())
        refused = run("export", "--data-dir", data_dir, "--output", plain)
        self.assertEqual(refused.returncode, CONFIG)
        self.assertIn("holds something already", refused.stderr)
        full = run("export", "--data-dir", data_dir, "--output", "/dev/full")
        self.assertEqual(full.returncode, STORAGE, full.stderr)
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as unread:
            part = subprocess.run([PROGRAM, "export", "--data-dir", data_dir], stdout=unread,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(part.returncode, 4)
        for wrong in (["--format", "xml"], ["--accounts", "--codes"], ["--limit", 0],
                      ["--min-balance", "x"], ["--start-slot", word(1)], ["--start-key", "0x12"]):
            self.assertEqual(run("export", "--data-dir", data_dir, *wrong).returncode, CONFIG)


if __name__ == "__main__":
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
