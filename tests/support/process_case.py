"""A test case whose subject is processes of the program, in a folder of their own."""

import pathlib
import tempfile
import unittest

from nodes import Daemon, Devnet


class ProcessCase(unittest.TestCase):
    """`program` is set by the test before it runs."""

    program = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fastsync-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def devnet(self, *options):
        node = Devnet(self.program, str(self.folder / "devnet.log"), *options)
        self.addCleanup(node.kill)
        return node

    def daemon(self, network, *options, name="data", peers=()):
        node = Daemon(self.program, str(self.folder / f"{name}.log"), self.folder / name, network,
                      *options, peers=peers)
        self.addCleanup(node.kill)
        return node
