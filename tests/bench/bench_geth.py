#!/usr/bin/env python3
"""Syncs a made-up state from a real go-ethereum, and asks the same of it with a null client.

usage: bench_geth.py GETH FASTSYNCD --null-client PROGRAM [--accounts N] [--contracts M] [--seed S]
                     [options of bench_sync.py]

GETH is a program that serves node data (1.8 to 1.10). It is given a genesis with so many accounts,
of which M have code and storage, serves on loopback from processor 1, and is stopped at the end.
The figures are those of bench_sync.py.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("support", "interop"):
    sys.path.insert(0, str(HERE.parent / folder))
from geth import Geth  # noqa: E402
from nodes import ensure_loopback_only  # noqa: E402

NETWORK = 99177
PORT = 30399


def words(rng):
    return "0x" + rng.randbytes(32).hex()


def account(rng, is_contract):
    made = {"balance": hex(rng.getrandbits(80)), "nonce": hex(rng.getrandbits(8))}
    if is_contract:
        made["code"] = "0x" + rng.randbytes(rng.randint(50, 2000)).hex()
        # Few contracts hold most of the storage.
        slots = min(int(rng.paretovariate(1.0) * 5), 20_000)
        made["storage"] = {words(rng): words(rng) for _ in range(slots)}
    return made


def write_genesis(path, accounts, contracts, seed):
    rng = random.Random(seed)
    alloc = {rng.randbytes(20).hex(): account(rng, number < contracts)
             for number in range(accounts)}
    path.write_text(json.dumps({
        "config": {"chainId": NETWORK, "homesteadBlock": 0, "ethash": {}}, "nonce": "0x0",
        "timestamp": "0x5d944c80", "extraData": "0x", "gasLimit": "0x3fffffffffffffff",
        "difficulty": "0x20000", "alloc": alloc}), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("geth")
    parser.add_argument("program")
    parser.add_argument("--accounts", type=int, default=420_000)
    parser.add_argument("--contracts", type=int, default=8_400)
    parser.add_argument("--seed", type=int, default=1)
    options, more = parser.parse_known_args()
    ensure_loopback_only()
    with tempfile.TemporaryDirectory(prefix="fastsync-bench-geth-") as top:
        top = pathlib.Path(top)
        write_genesis(top / "genesis.json", options.accounts, options.contracts, options.seed)
        fixture = types.SimpleNamespace(meta={"network_id": NETWORK}, folder=top)
        prefix = ["taskset", "-c", "1"]
        with Geth(options.geth, top / "geth", fixture, PORT, prefix=prefix) as geth:
            geth.initialise()
            geth.start("--verbosity", "3")
            genesis = geth.call("eth_getBlockByNumber", "0x0", False)["hash"]
            done = subprocess.run(
                [str(HERE / "bench_sync.py"), options.program, *more, "--peer", geth.enode(),
                 "--network-id", str(NETWORK), "--genesis-hash", genesis, "--pivot", "0"],
                check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
