"""A long or a slow line before peers: delay_link.py in a process of its own."""

import json
import pathlib
import subprocess
import sys

HOST = "127.0.0.1"


class Link:
    """Stands before the peers with these enodes, and stays when who listens there changes.

    `enodes` lead through it. mbit=0: as fast as it can.
    """

    def __init__(self, enodes, *, delay_ms, mbit):
        ports = [enode.rsplit(":", 1)[1] for enode in enodes]
        self.child = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("delay_link.py")), "--delay-ms",
             str(delay_ms), "--mbit", str(mbit), *ports],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        near = self.child.stdout.readline().split()
        self.enodes = [f"{enode.rsplit('@', 1)[0]}@{HOST}:{port}"
                       for enode, port in zip(enodes, near)]

    def look(self):
        """What passed so far: see delay_link.py."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()
