#!/usr/bin/env python3
"""The map in lib/sync/README.md names files and tests that exist.

usage: check_map.py ROOT
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
text = (root / "lib/sync/README.md").read_text(encoding="utf-8")
tests = "".join(path.read_text(encoding="utf-8")
                for folder in ("unit/sync", "unit/storage", "unit/daemon", "sockets")
                for path in root.glob(f"tests/{folder}/*.cpp"))
named_tests = set(re.findall(r"`((?:\w+|peers report|status report|disk space): [^`]+)`", text))
named_files = set(re.findall(r"`((?:\w+/)*\w+\.(?:hpp|cpp))`", text))
missing = [f"no test is called {name!r}" for name in sorted(named_tests)
           if f'TEST_CASE("{name}"' not in tests]
missing += [f"there is no file {name}" for name in sorted(named_files)
            if not any((root / folder / name).exists() for folder in ("lib/sync", "lib"))]
if len(named_tests) < 10 or len(named_files) < 5:
    missing.append("the map is too short to be the map")
print("\n".join(missing) or f"{len(named_tests)} tests and {len(named_files)} files are there")
sys.exit(1 if missing else 0)
