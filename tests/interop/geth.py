"""A real go-ethereum of the versions that serve node data, with explicit private settings."""

import json
import os
import pathlib
import socket
import subprocess
import time

START_TIMEOUT, STOP_TIMEOUT, IMPORT_TIMEOUT = 60, 30, 300

# Nothing here is left to a default that knows of a public network.
CONFIG = """[Eth]
NetworkId = {network_id}
SyncMode = "{sync_mode}"
NoPruning = true
DatabaseCache = 64

[Eth.Ethash]
PowMode = 3

[Node]
DataDir = "{folder}"
IPCPath = "geth.ipc"
HTTPHost = ""
WSHost = ""
NoUSB = true

[Node.P2P]
MaxPeers = {max_peers}
NoDiscovery = true
BootstrapNodes = []
BootstrapNodesV5 = []
StaticNodes = []
TrustedNodes = []
ListenAddr = "127.0.0.1:{port}"
"""


def is_full(peer):
    """True for a row of admin.peers that has passed the eth handshake."""
    return isinstance(peer.get("protocols", {}).get("eth"), dict)


class Geth:
    """One node in a folder of its own. Use as a context manager: it is stopped at the end."""

    def __init__(self, program, folder, fixture, port, sync_mode="full", max_peers=8,
                 prefix=()):
        self.program, self.port, self.prefix = program, port, prefix
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.fixture, self.sync_mode = fixture, sync_mode
        self.network_id = fixture.meta["network_id"]
        self.config = self.folder / "config.toml"
        self.config.write_text(CONFIG.format(
            network_id=self.network_id, sync_mode=sync_mode, folder=self.folder,
            max_peers=max_peers, port=port))
        self.log = self.folder / "geth.log"
        self.process = None
        # No file of the user's own geth is read or written.
        self.environment = {**os.environ, "HOME": str(self.folder)}

    def _command(self, *arguments):
        return [*self.prefix, self.program, "--config", str(self.config), "--networkid", str(self.network_id),
                "--nodiscover", "--nat", "none", "--fakepow", "--gcmode", "archive",
                "--syncmode", self.sync_mode, *arguments]

    def _once(self, *arguments):
        done = subprocess.run(self._command(*arguments), env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=IMPORT_TIMEOUT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"geth {arguments[0]} failed:\n{done.stdout[-2000:]}")

    def version(self):
        told = subprocess.run([self.program, "version"], capture_output=True, text=True,
                              env=self.environment, timeout=30, check=True).stdout
        return dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)["Version"]

    def release(self):
        return tuple(int(part) for part in self.version().split("-")[0].split("."))

    def highest_eth(self):
        """The highest version of eth with node data that this geth speaks."""
        release = self.release()
        if release >= (1, 10, 0):
            return 66
        if release >= (1, 9, 11):
            return 65
        return 64 if release >= (1, 9, 1) else 63

    def can_sync_fast(self):
        """Asks peers for node data itself; later ones have snap sync in its place."""
        return self.release() < (1, 10, 14)

    def initialise(self):
        self._once("init", str(self.fixture.folder / "genesis.json"))

    def import_chain(self):
        self._once("import", str(self.fixture.folder / "chain.rlp"))

    def import_until(self, block):
        beginning = self.folder / "chain.rlp"
        beginning.write_bytes(self.fixture.chain_until(block))
        self._once("import", str(beginning))

    def _own_ports(self):
        """From the merge on geth also listens for a consensus client, which never comes."""
        has_one = self.release() >= (1, 10, 17)
        return ["--authrpc.port", str(self.port + 1000)] if has_one else []

    def start(self, *more):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # stopped by stop()
                self._command("--verbosity", "5", *self._own_ports(), *more), env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("geth ended at once:\n" + self.last_words())
            try:
                self.call("admin_nodeInfo")
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError("geth does not start:\n" + self.last_words()) from error
                time.sleep(0.1)

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def last_words(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def log_lines(self, *words):
        """Lines of the log that hold one of the words."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if any(word in line for word in words)]

    def call(self, method, *parameters):
        """JSON-RPC over the node's own socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ipc:
            ipc.settimeout(30)
            ipc.connect(str(self.folder / "geth.ipc"))
            ipc.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                                    "params": list(parameters)}).encode())
            received = b""
            while True:
                chunk = ipc.recv(65536)
                if not chunk:
                    raise ConnectionError(f"geth closed its socket in {method}")
                received += chunk
                try:
                    answer = json.loads(received)
                except ValueError:
                    continue
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def enode(self):
        """Its own, as dialed on loopback."""
        key = self.call("admin_nodeInfo")["enode"].split("//")[1].split("@")[0]
        return f"enode://{key}@127.0.0.1:{self.port}"

    def head(self):
        """Number and hash."""
        block = self.call("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), block["hash"]

    def peers(self):
        return [peer for peer in self.call("admin_peers") if is_full(peer)]
