#!/usr/bin/env python3
"""Kills the syncing daemon with SIGKILL at random moments, again and again, until the state is
complete; then looks whether it is whole, and how much each kill cost.

usage: kill_test.py FASTSYNCD [KILLS [SEED]]

Each kill may cost what was downloaded in the last MOST_LOST_S seconds: after the restart the
committed count must be at least what the status told that long before the kill.
"""

import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import Daemon, Devnet, Failure, ensure_loopback_only, verify, wait_for  # noqa: E402

PROGRAM = sys.argv[1]
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
MOST_LOST_S = 2.0
# The status is made anew four times a second, and what it told was true up to so long before.
STATUS_AGE_S = 0.5
ACCOUNTS, CONTRACTS = 100000, 2000


class History:
    """What the status of one process told of the committed items, and when."""

    def __init__(self):
        self.samples = []

    def add(self, items):
        self.samples.append((time.monotonic(), items))

    def lost_seconds(self, survived, killed_at):
        """How long before the kill the count was told that survived it. 0 when all did."""
        later = [when for when, items in self.samples if items > survived]
        return killed_at - min(later) if later else 0.0


def start(folder, devnet, attempt):
    # As another node each time: a peer bans for a while who comes and goes so often.
    (folder / "data" / "node.key").unlink(missing_ok=True)
    return Daemon(PROGRAM, str(folder / f"run-{attempt}.log"), folder / "data", devnet.network(),
                  "--exit-when-complete", peers=[devnet.enode])


def items_of(daemon):
    status = daemon.status()
    return status["progress"]["items_committed"] if status else None


def resumed_items(daemon):
    """The count that the daemon found in its database, or None if it ended before it was told."""
    def look():
        if "resume state_root" in daemon.log_text():
            return int(daemon.logged(r"resume .*items_committed=(\d+)"))
        return 0 if "pivot number=" in daemon.log_text() or not daemon.running() else None
    return wait_for("the resumed count", lambda: (look(),) if look() is not None else None, 30)[0]


def live(daemon, history, span):
    """Lets it run for `span` seconds or to its end; False when it has ended."""
    end = time.monotonic() + span
    while time.monotonic() < end:
        if not daemon.running():
            return False
        items = items_of(daemon)
        if items is not None:
            history.add(items)
        time.sleep(0.02)
    return True


def sync_with_kills(folder, devnet, rng, losses):
    """One whole sync; appends what each kill cost, in seconds and items."""
    attempt, before = 0, None
    while True:
        attempt += 1
        with start(folder, devnet, attempt) as daemon:
            survived = resumed_items(daemon)
            if before is not None:
                history, killed_at = before
                told = history.samples[-1][1] if history.samples else 0
                losses.append((history.lost_seconds(survived, killed_at),
                               max(0, told - survived)))
            history = History()
            if not live(daemon, history, rng.uniform(0.02, 2.0)):
                code = daemon.wait()
                if code != 0:
                    raise Failure(f"the daemon ended with {code}:\n{daemon.log_text()[-4000:]}")
                return
            daemon.kill()
            before = history, time.monotonic()


def main():
    ensure_loopback_only()
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    losses = []
    with tempfile.TemporaryDirectory(prefix="fastsync-kill-") as top:
        top = pathlib.Path(top)
        with Devnet(PROGRAM, str(top / "devnet.log"), "--accounts", str(ACCOUNTS), "--contracts",
                    str(CONTRACTS), "--seed", "7") as devnet:
            expected, round_number = None, 0
            while len(losses) < KILLS:
                round_number += 1
                folder = top / f"round-{round_number}"
                folder.mkdir()
                sync_with_kills(folder, devnet, rng, losses)
                report = verify(PROGRAM, folder / "data")
                totals = {key: report[key] for key in ("items", "bytes", "xor_of_hashes")}
                expected = expected or totals
                if totals != expected:
                    raise Failure(f"round {round_number} ended with {totals}, not {expected}")
                print(f"round {round_number}: {report['items']} items sound, "
                      f"{len(losses)} kills so far")
    lost_s = sorted(seconds for seconds, _ in losses)
    lost_items = sorted(items for _, items in losses)
    print(f"{len(losses)} kills; seconds repeated: median {lost_s[len(lost_s) // 2]:.2f}, "
          f"most {lost_s[-1]:.2f}; items: median {lost_items[len(lost_items) // 2]}, "
          f"most {lost_items[-1]}")
    if lost_s[-1] > MOST_LOST_S + STATUS_AGE_S:
        raise Failure(f"a kill cost {lost_s[-1]:.2f} s of downloads, more than {MOST_LOST_S}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"kill_test: {failure}")
