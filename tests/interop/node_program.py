"""What the tests with programs of Node.js share: node itself, and their end."""

import os
import shutil
import subprocess
import sys
import unittest

from nodes import ensure_loopback_only

NODE = shutil.which("node") or shutil.which("nodejs")
OLDEST_NODE = 18
SKIPPED = 77


def reason_to_skip(modules):
    """Why the packages in the folder `modules` cannot be used; nothing when they can."""
    if NODE is None:
        return "there is no node"
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        return f"node is {version.strip()}, older than {OLDEST_NODE}"
    if not (modules / ".package-lock.json").is_file():
        return f"no npm packages in {modules} (build the target {modules.parent.name}_modules)"
    return None


def main(modules):
    """Runs the tests of the calling script, whose first two arguments are its own."""
    reason = reason_to_skip(modules)
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    ensure_loopback_only()
    os.environ["NODE_PATH"] = str(modules)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
