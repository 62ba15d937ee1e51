#!/usr/bin/env python3
"""The status page in a real browser: what a daemon serves, over figures of our making. Each state of a
sync is shown, and nothing that a peer says becomes anything but text.

usage: page_test.py FASTSYNCD [unittest arguments]

Exit code: 0 passed, 1 failed, 77 skipped, for want of chromium.
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nodes import HOST, ensure_loopback_only  # noqa: E402
from process_case import ProcessCase  # noqa: E402

PROGRAM = sys.argv[1]
SKIPPED = 77
LIFE_S = 3
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
NETWORK = ["--network-id", "1337", "--genesis-hash", "0x" + "11" * 32]
EVIL = "<img src=x onerror=\"document.title='pwned'\"></td><script>document.title='pwned'</script>"

STATUS = {
    "version": "1.2.3", "network": {"name": "xdc", "network_id": 50, "genesis_hash": "0x" + "11" * 32},
    "phase": "syncing", "phase_since": "2026-02-03T04:05:06Z", "uptime_s": 3700,
    "head": {"number": 264, "hash": "0x" + "22" * 32},
    "pivot": {"number": 200, "hash": "0x" + "33" * 32, "state_root": "0x" + "44" * 32, "moves": 2},
    "progress": {"fraction": 0.42179, "corrections": 1, "eta_s": 3725,
                 "estimate": {"items": 2926876, "fraction_low": 0.391, "fraction_high": 0.451,
                              "eta_low_s": 3300, "eta_high_s": 4200}, "items_committed": 1234567,
                 "nodes_committed": 1234000, "codes_committed": 567, "bytes_committed": 7 * 2**30,
                 "pending": 13, "in_flight": 14, "retries": 15, "duplicates": 16, "unexpected": 17,
                 "lost_tasks": 0, "items_per_s": 1850.5, "bytes_per_s": 3 * 2**20},
    "key_space": [100] * 100 + [50] * 10 + [0] * 146,
    "peers": {"connected": 1, "serving": 1, "banned": 0},
    "dials": {"begun": 5, "inbound": 6, "unheard": 0, "sessions": 7, "ends": {}},
}
PEER = {"enode": "enode://aa@10.1.2.3:30303", "client": "Geth/v1.8.27", "eth_version": 63,
        "direction": "outbound", "rtt_ms": 22.5, "items_per_s": 23.5, "in_flight": 24,
        "delivered": 25000, "empty": 26, "bad": 27, "connected_s": 28, "penalty": 0}


# A browser's window has a least width: a narrower page stands in a frame, and what is wider than it is
# told. Not what a box scrolls or cuts off.
NARROW = """<!doctype html><body style="margin:0"><iframe src="/" style="border:0;width:WIDTHpx;height:1900px">
</iframe><p id="wide"></p><script>
setInterval(() => {
  const frame = document.querySelector('iframe'), root = frame.contentDocument.documentElement;
  const wide = root.scrollWidth > WIDTH ? ['page:' + root.scrollWidth] : [];
  for (const e of frame.contentDocument.querySelectorAll('body *')) {
    const right = Math.round(e.getBoundingClientRect().right);
    if (right > WIDTH && !e.closest('.scroll table')) wide.push(e.tagName + '#' + e.id + ':' + right);
  }
  document.getElementById('wide').textContent =
      'shown ' + frame.contentDocument.title + ' too wide: [' + wide.join(' ') + ']';
}, 100);
</script>
"""
FRAMED = "; frame-ancestors 'self'"


class Figures:
    """Serves the daemon's own page, with its headers, over documents that the test chooses."""

    def __init__(self, page, policy):
        outer = self
        self.documents = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/":
                    kind, body = "text/html; charset=utf-8", page
                elif self.path.startswith("/narrow/"):
                    kind, body = "text/html", NARROW.replace("WIDTH", self.path[8:]).encode()
                elif self.path in outer.documents:
                    kind, body = "application/json", json.dumps(outer.documents[self.path]).encode()
                else:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if not self.path.startswith("/narrow/"):
                    self.send_header("Content-Security-Policy", policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.path == "/" and policy.endswith(FRAMED):
                    pass
                elif kind.startswith("text/html"):
                    # The browser shows a page as it is when its last byte has come: until then it
                    # lives and asks for its figures.
                    self.wfile.write(body[:-1])
                    self.wfile.flush()
                    time.sleep(LIFE_S)
                    body = body[-1:]
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://{HOST}:{self.server.server_port}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Page(ProcessCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        daemon = self.daemon(NETWORK, "--no-discovery")
        connection = http.client.HTTPConnection(HOST, daemon.port, timeout=5)
        connection.request("GET", "/")
        answer = connection.getresponse()
        self.page, self.policy = answer.read(), answer.getheader("Content-Security-Policy")
        connection.close()
        daemon.stop()
        self.figures = Figures(self.page, self.policy)
        self.addCleanup(self.figures.close)

    def browse(self, *options, path=""):
        with tempfile.TemporaryDirectory(prefix="fastsync-browser-") as profile:
            return subprocess.run(
                [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 f"--user-data-dir={profile}", *options, self.figures.url + path],
                capture_output=True, text=True, timeout=90, check=False)

    def seen(self, status, peers=(PEER,)):
        """The document as it stands after some seconds."""
        self.figures.documents = {
            "/status": status,
            "/peers": {"peers": list(peers), "static_peers": [], "bans": []}}
        done = self.browse("--dump-dom", "--enable-logging=stderr")
        self.assertIn("</html>", done.stdout, done.stderr[-2000:])
        self.assertNotIn("Content Security Policy", done.stderr)
        if folder := os.environ.get("FASTSYNC_SCREENSHOTS"):
            name = self.id().rsplit(".", 1)[1]
            self.browse("--hide-scrollbars", "--window-size=1100,1150", f"--screenshot={folder}/{name}.png")
        return done.stdout

    def test_a_sync_is_shown(self):
        dom = self.seen(STATUS)
        for part in ("42.17 %", ">syncing<", "1 h 2 min left", "1,234,567 items", "7.0 GiB", "1,851",
                     "#264", "#200", "64 blocks", "Geth/v1.8.27", "10.1.2.3:30303",
                     "100 of 256 parts of the key space are complete", "keys 0x64…: 50 %"):
            with self.subTest(part=part):
                # The rate is rounded down.
                self.assertIn(part.replace("1,851", "1,850"), dom)
        self.assertIn("<polyline", dom)
        self.assertRegex(dom, r'polyline points="[0-9.]+,[0-9.]+ [0-9.]+,')

    def test_a_rate_of_seven_digits_has_room_beside_its_plot(self):
        fast = {**STATUS, "progress": {**STATUS["progress"], "items_per_s": 1_234_567.8}}
        ends = re.findall(r'<text x="([0-9.]+)" y="[0-9.]+" text-anchor="end">([0-9,]+)</text>',
                          self.seen(fast))
        self.assertIn("2,000,000", [number for _, number in ends])
        for at, number in ends:
            # Digits of 11 px are 6.1 px wide.
            self.assertGreater(float(at), 6.1 * len(number))

    def test_what_it_waits_for_is_said(self):
        dom = self.seen({**STATUS, "waiting_for": "nothing useful came for 17 s"})
        self.assertIn("syncing, stalled", dom)
        self.assertIn("Waiting: nothing useful came for 17 s", dom)

    def test_a_complete_state_is_shown(self):
        status = {**STATUS, "phase": "complete", "completed": STATUS["pivot"],
                  "progress": {**STATUS["progress"], "fraction": 1}}
        dom = self.seen(status)
        for part in ("100.00 %", ">complete<", "256 of 256 parts", "can be asked", "is-complete"):
            self.assertIn(part, dom)

    def test_nothing_is_wider_than_a_telephone(self):
        self.figures.close()
        policy = re.sub(r";? *frame-ancestors [^;]*", "", self.policy) + FRAMED
        self.figures = Figures(self.page, policy)
        long = "x" * 300
        loud = {**STATUS, "waiting_for": f"nothing useful came for 17 s: {long}", "version": long,
                "network": {"name": long, "network_id": 2**63, "genesis_hash": "0x" + "11" * 32},
                "completed": STATUS["pivot"], "uptime_s": 10**9,
                "head": {"number": 2**52, "hash": "0x" + "22" * 32},
                "discovery": {"known": 10**12},
                "progress": {**STATUS["progress"], "items_committed": 10**15, "items_per_s": 10**12,
                             "bytes_committed": 2**53, "pending": 10**12, "eta_s": 10**9}}
        for name, status, peer in (("usual", STATUS, PEER), ("long", loud, {**PEER, "client": long})):
            self.figures.documents = {"/status": status, "/peers": {"peers": [peer] * 3}}
            for width in (320, 360):
                with self.subTest(figures=name, width=width):
                    dom = self.browse("--dump-dom", path=f"narrow/{width}").stdout
                    self.assertIn("<p id=\"wide\">shown 42.17 % – fastsyncd too wide: []</p>", dom)
                    if folder := os.environ.get("FASTSYNC_SCREENSHOTS"):
                        self.browse("--hide-scrollbars", "--window-size=500,1950",
                                    f"--screenshot={folder}/{name}-{width}.png", path=f"narrow/{width}")

    def test_a_daemon_that_goes_away_is_told(self):
        self.figures.documents = {}
        dom = self.browse("--dump-dom").stdout
        self.assertIn("The daemon does not answer", dom)
        self.assertIn("no answer", dom)

    def test_nothing_that_others_say_becomes_more_than_text(self):
        status = {**STATUS, "version": EVIL, "waiting_for": EVIL, "phase_since": EVIL,
                  "network": {"name": EVIL, "network_id": EVIL, "genesis_hash": EVIL},
                  "head": {"number": 1, "hash": EVIL},
                  "pivot": {"number": EVIL, "hash": EVIL, "state_root": EVIL, "moves": EVIL},
                  "key_space": [EVIL] * 256}
        dom = self.seen(status, [{**PEER, "client": EVIL, "enode": EVIL + "@" + EVIL,
                                  "direction": EVIL, "rtt_ms": EVIL, "eth_version": EVIL}])
        self.assertNotIn("<img", dom)
        self.assertEqual(dom.count("<script"), 1)
        self.assertNotIn("<title>pwned", dom)
        self.assertIn("&lt;img src=x", dom)

    def test_the_policy_stops_what_would_run_all_the_same(self):
        self.figures.close()
        broken = self.page.replace(b"<main>", b"<main><script>document.title='pwned'</script>"
                                   b"<img src=x onerror=\"document.title='pwned'\">")
        self.figures = Figures(broken, self.policy)
        self.figures.documents = {"/status": STATUS, "/peers": {"peers": [PEER]}}
        done = self.browse("--dump-dom", "--enable-logging=stderr")
        self.assertNotIn("<title>pwned", done.stdout)
        self.assertIn("Content Security Policy", done.stderr)


if __name__ == "__main__":
    if BROWSER is None:
        print("skipped: there is no chromium")
        sys.exit(SKIPPED)
    ensure_loopback_only()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
