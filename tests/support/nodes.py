"""Starts and watches real processes of the program: what the tests and benchmarks of the whole
daemon share.

Everything listens on 127.0.0.1 and on ports that the system chooses; run it where only loopback
exists (ensure_loopback_only()).
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

HOST = "127.0.0.1"


def ensure_loopback_only():
    """Goes on in a network namespace that holds loopback alone; where the system allows none, in
    this one (every address used is loopback's, and no preset with boot nodes)."""
    if os.environ.get("FASTSYNC_IN_NAMESPACE"):
        return
    os.environ["FASTSYNC_IN_NAMESPACE"] = "1"
    up = 'ip link set lo up && exec "$@"'
    for flags in ("-n", "-rn"):
        probe = ["unshare", flags, "sh", "-c", "ip link set lo up"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            os.execvp("unshare", ["unshare", flags, "sh", "-c", up, "sh", sys.executable,
                                  *sys.argv])


class Failure(Exception):
    """What went wrong, for a person."""


def wait_for(what, condition, timeout=30.0, step=0.02):
    """The first true value of condition(); Failure after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {timeout} s in vain for: {what}")
        time.sleep(step)


class Process:
    """A running program, its standard output read line by line, its log kept in a file."""

    def __init__(self, command, log):
        self.command = command
        self.log = log
        self._lines = []
        with open(log, "ab") as err:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=err, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.usage = None  # of the ended process: user, system, peak memory

    def _read(self):
        for line in self.child.stdout:
            self._lines.append(line.rstrip("\n"))

    def said(self, pattern, timeout=60.0):
        """The first group of `pattern` in a line of standard output."""
        return wait_for(f"a line like {pattern} from {self.command[1]}",
                        lambda: self._find(self._lines, pattern), timeout)

    def logged(self, pattern, timeout=30.0):
        """The first group of `pattern` in the log."""
        return wait_for(f"a log line like {pattern} from {self.command[1]}",
                        lambda: self._find(self.log_text().splitlines(), pattern), timeout)

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def _find(self, lines, pattern):
        for line in list(lines):
            if found := re.search(pattern, line):
                return found.group(1)
        if not self.running():
            raise Failure(f"{' '.join(self.command)} ended with {self.child.returncode}; "
                          f"its log:\n{self.log_text()[-4000:]}")
        return None

    def running(self):
        return self.usage is None and not self._reap(os.WNOHANG)

    def _reap(self, flags):
        """wait4 rather than wait: it tells what the process has used."""
        if self.usage is not None:
            return True
        pid, status, usage = os.wait4(self.child.pid, flags)
        if pid == 0:
            return False
        self.child.returncode = os.waitstatus_to_exitcode(status)
        self.usage = usage
        return True

    def wait(self, timeout=60.0):
        """The exit code, negative for a signal."""
        wait_for(f"the end of {' '.join(self.command[:2])}", lambda: self._reap(os.WNOHANG),
                 timeout, 0.005)
        self._close()
        return self.child.returncode

    def kill(self):
        """SIGKILL; returns when the process is gone."""
        if self.running():
            os.kill(self.child.pid, signal.SIGKILL)
            self._reap(0)
        self._close()

    def _close(self):
        self._reader.join()
        self.child.stdout.close()

    def stop(self, timeout=10.0):
        """SIGTERM; the exit code."""
        if self.running():
            os.kill(self.child.pid, signal.SIGTERM)
        return self.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Devnet(Process):
    """`fastsyncd devnet`: a peer with a chain and its states."""

    def __init__(self, program, log, *options, prefix=(), port=0):
        super().__init__([*prefix, program, "devnet", "--listen", f"{HOST}:{port}", *options], log)
        self.enode = self.said(r"^(enode://\S+)$", 300)
        self.network_id = self.said(r"^network_id=(\d+)$")
        self.genesis_hash = self.said(r"^genesis_hash=(0x[0-9a-f]{64})$")

    def network(self):
        """Options of `run` that name its network."""
        return ["--network-id", self.network_id, "--genesis-hash", self.genesis_hash]


class Daemon(Process):
    """`fastsyncd run` on a folder."""

    def __init__(self, program, log, data_dir, network, *options, peers=(), prefix=()):
        if os.path.exists(log):
            os.remove(log)
        peer_options = [part for peer in peers for part in ("--static-peer", peer)]
        super().__init__([*prefix, program, "run", "--data-dir", str(data_dir), *network,
                          "--http", f"{HOST}:0", *peer_options, *options], log)
        self.data_dir = data_dir
        self.port = int(self.logged(r" http port=(\d+)$"))

    def get(self, path):
        """The JSON document at `path`; None while it does not answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def status(self):
        return self.get("/status")

    def wait_until(self, what, condition, timeout=60.0):
        """The first status document that `condition` holds for."""
        def look():
            status = self.status()
            if status is None:
                if not self.running():
                    raise Failure(f"the daemon ended with {self.child.returncode} before {what}; "
                                  f"its log:\n{self.log_text()[-4000:]}")
                return None
            return status if condition(status) else None
        return wait_for(what, look, timeout)


def verify(program, data_dir, timeout=300, options=()):
    """The report of `fastsyncd verify --json` on a state that must be complete and sound."""
    done = subprocess.run([program, "verify", "--data-dir", str(data_dir), "--json", *options],
                          capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise Failure(f"verify ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)
