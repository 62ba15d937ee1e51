"""A network namespace that holds loopback alone: what runs in it can reach nobody."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

MARK = "FASTSYNC_INTEROP_NAMESPACE"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
# The processes of a namespace die with their first one, however that ends.
UNSHARE = ["unshare", "--net", "--map-root-user", "--pid", "--fork", "--kill-child"]
# Where it is allowed /proc shows them: a leak sanitizer looks for its own threads there.
WITH_PROC = [*UNSHARE, "--mount-proc"]


def _flags(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
    return struct.unpack("16sH14x", answer)[1]


def _raise(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", name.encode(), _flags(name) | IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def interfaces_up():
    return [name for _, name in socket.if_nameindex() if _flags(name) & IFF_UP]


class SlowLine:
    """Loopback at so many kbit/s, both ways together, while the context is open."""

    def __init__(self, kbit):
        self.shape = f"tc qdisc add dev lo root tbf rate {kbit}kbit burst 10kb latency 2s"

    @staticmethod
    def possible():
        return shutil.which("tc") is not None and shutil.which("ip") is not None

    def __enter__(self):
        # No packet may be longer than the burst.
        for command in ("ip link set lo mtu 1500", self.shape):
            subprocess.run(command.split(), check=True)

    def __exit__(self, *_):
        for command in ("tc qdisc del dev lo root", "ip link set lo mtu 65536"):
            subprocess.run(command.split(), check=True)


def enter():
    """Runs this program again in a namespace of its own, unless it is there already. Returns there.

    Gives a sentence where the system allows no such namespace, else None.
    """
    if os.environ.get(MARK) == "1":
        _raise("lo")
        if interfaces_up() != ["lo"]:
            return f"the namespace has more than loopback: {interfaces_up()}"
        return None
    if shutil.which(UNSHARE[0]) is None:
        return "there is no unshare"
    for command in (WITH_PROC, UNSHARE):
        tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            break
    else:
        return "no network namespace: " + tried.stderr.strip()
    sys.stdout.flush()
    os.environ[MARK] = "1"
    os.execvp(UNSHARE[0], [*command, sys.executable, *sys.argv])
