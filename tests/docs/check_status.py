#!/usr/bin/env python3
"""The reference of /status and /peers in lib/status/README.md has every field that the sources write,
and no other.

usage: check_status.py ROOT
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
page = (ROOT / "lib/status/README.md").read_text(encoding="utf-8")
start, end = page.index("## `/status`"), page.index("## `/metrics`")
named = {part for path in re.findall(r"`([\w.\[\]]+)`", "\n".join(
    line.split(" | ")[0] for line in page[start:end].splitlines() if line.startswith("| `")))
    for part in path.replace("[]", "").split(".")}
written = set()
for file in ("json.cpp", "peers_json.cpp"):
    source = (ROOT / "lib/status" / file).read_text(encoding="utf-8")
    written |= set(re.findall(r'\w+\["(\w+)"\]', source)) | set(re.findall(r'\{"(\w+)", ', source))
wrong = [f"{name} is not explained" for name in sorted(written - named)]
wrong += [f"no source writes {name}" for name in sorted(named - written)]
if len(written) < 60:
    wrong.append("that cannot be all of the fields")
print("\n".join(wrong) or f"{len(written)} names, all explained")
sys.exit(1 if wrong else 0)
