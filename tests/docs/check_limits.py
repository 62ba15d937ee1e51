#!/usr/bin/env python3
"""The table of limits in tests/LIMITS.md is complete, and names tests that exist.

usage: check_limits.py ROOT
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
# The devnet is a peer to try things with: its limits are those of its user's own files.
LEFT_OUT = {"devnet"}
LIMIT = re.compile(r"constexpr (?:[\w:<>]+ )+(k(?:Max|Most|Least|Longest|Min|Soft)\w*|"
                   r"k\w*(?:Timeout|Rate|Limit|Burst|PerSecond))\b\s*[={]")
CASE = re.compile(r'TEST_CASE(?:_METHOD)?\((?:\w+, )?((?:"(?:[^"\\]|\\.)*"\s*)+)')

page = (ROOT / "tests/LIMITS.md").read_text(encoding="utf-8")
# Names may be used twice: a limit is its name and its file.
limits = {(name, file.relative_to(ROOT / "lib").as_posix())
          for file in ROOT.glob("lib/*/*.[hc]pp") if file.parent.name not in LEFT_OUT
          for name in LIMIT.findall(file.read_text(encoding="utf-8"))}
tests = {"".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words)) for file in ROOT.glob("tests/unit/**/*.cpp")
         for words in CASE.findall(file.read_text(encoding="utf-8"))}
rows = re.findall(r"^\| `(k\w+)` \| `([\w/.]+)` \| (.*) \|$", page, re.MULTILINE)
ours = re.findall(r"`(k\w+)`\s+\(`([\w/.]+)`\)", page[page.index("## No limits on others"):])

listed = {(name, file) for name, file, _ in rows} | set(ours)
wrong = [f"{name} of lib/{file} is not listed" for name, file in sorted(limits - listed)]
wrong += [f"{name} of lib/{file} is listed as no limit, and is not there"
          for name, file in sorted(set(ours) - limits)]
for name, file, named in rows:
    source = ROOT / "lib" / file
    if not source.exists() or name not in source.read_text(encoding="utf-8"):
        wrong.append(f"there is no {name} in lib/{file}")
    wrong += [f"{name}: no test is called {test!r}" for test in re.findall(r"`([^`]+)`", named)
              if test not in tests]
if len(rows) < 120:
    wrong.append("the table is too short to be the table")
print("\n".join(wrong) or f"{len(rows)} limits, {len(limits)} constants, all listed")
sys.exit(1 if wrong else 0)
