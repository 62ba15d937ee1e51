#!/usr/bin/env python3
"""Checks that includes point downward only.

Holds the table of libraries, bottom to top, with what each may include, and the places where a
third-party header may appear. Reads every source below lib/ and apps/ and every
lib/*/CMakeLists.txt; prints `file:line: reason` for each violation and exits 1 if there is one.
Where the check looks beyond single lines: no two files include each other in a circle, no folder
of lib/ is missing from the table, and no library links what it may not include.

usage: check_layers.py [ROOT]     ROOT: folder that holds lib/ and apps/; default: this repository
"""

import re
import sys
from pathlib import Path

# Bottom to top. A library may include itself and those named here, nothing else.
LIBRARIES = {
    "common": "",
    "crypto": "common",
    "rlp": "common",
    "trie": "common crypto rlp",
    "chain": "common crypto rlp trie",
    "enode": "common crypto rlp",
    "async": "common",
    "net": "common async",
    "storage": "common",
    "discovery": "common crypto rlp enode async net",
    "rlpx": "common crypto rlp enode async net",
    "eth": "common crypto rlp chain enode async net rlpx",
    "sync": "common crypto rlp trie chain async storage",
    "state": "common crypto rlp trie storage",
    "status": "common async net",
    "rpc": "common crypto rlp trie chain storage state",
    "devnet": "common crypto rlp trie chain enode async net rlpx eth",
    "daemon": "common crypto rlp trie chain enode async net storage discovery rlpx eth sync state "
              "status rpc devnet",
}
LIBRARIES = {name: set(below.split()) for name, below in LIBRARIES.items()}
APPS = "apps"

# Header prefix, where it may appear, and in which kind of file. The first matching prefix decides;
# a third-party header that matches none is a violation.
SHELLS = "async net discovery rlpx eth status devnet daemon " + APPS
EVERYWHERE = " ".join(LIBRARIES) + " " + APPS
SOURCES = {".cpp"}
SOURCES_AND_HEADERS = {".cpp", ".hpp"}
THIRD_PARTY = [
    ("boost/asio", SHELLS, SOURCES_AND_HEADERS),
    ("boost/system", SHELLS, SOURCES_AND_HEADERS),
    ("boost/beast", "status", SOURCES),
    ("boost/program_options", "daemon", SOURCES),
    ("boost/multiprecision", "common", SOURCES_AND_HEADERS),
    ("boost/unordered", EVERYWHERE, SOURCES_AND_HEADERS),
    ("cryptopp", "crypto", SOURCES),
    ("crypto++", "crypto", SOURCES),
    ("secp256k1", "crypto", SOURCES),
    ("rocksdb", "storage", SOURCES),
    ("nlohmann", "common chain status rpc devnet " + APPS, SOURCES),
    ("ares", "net", SOURCES),
    ("snappy", "rlpx", SOURCES),
    ("zstd", APPS, SOURCES),
    ("spdlog", "common", SOURCES),
    ("systemd", "daemon", SOURCES),
    ("toml++", "daemon", SOURCES),
    ("fmt", EVERYWHERE, SOURCES_AND_HEADERS),
]
# Headers that only .cpp files of their own library include: what holds for those holds for them.
PRIVATE_HEADERS = {"rpc/call.hpp", "status/http_connection.hpp", "status/json_reader.hpp"}
SYSTEM_FOLDERS = {"sys", "netinet", "arpa"}
SYSTEM_HEADERS = {"fcntl.h", "immintrin.h", "poll.h", "pthread.h", "sched.h", "signal.h",
                  "termios.h", "unistd.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")')
LINK = re.compile(r"\bfastsync::(\w+)")


def third_party_violation(header, owner, suffix):
    """Why `header` may not stand in a `suffix` file of `owner`, or None."""
    for prefix, owners, suffixes in THIRD_PARTY:
        if not re.match(re.escape(prefix) + r"(?![A-Za-z0-9])", header):
            continue
        if owner not in owners.split():
            return f"{owner} may not include <{header}>; {prefix} belongs to: {owners}"
        if suffix not in suffixes:
            return f"<{header}> may appear in .cpp files of {owner} only, not in headers"
        return None
    return f"<{header}> is in no table of scripts/check_layers.py"


def is_standard(header):
    folder, slash, _ = header.partition("/")
    if slash:
        return folder in SYSTEM_FOLDERS
    return "." not in header or header in SYSTEM_HEADERS


def include_violation(written, owner, suffix):
    """Why the include `written` (with its brackets) may not stand there, or None."""
    header = written[1:-1]
    library = header.partition("/")[0]
    if written[0] == '"':
        # A command of the app has its own headers beside it; a library is named by its folder.
        return None if owner == APPS else f"write {written} as <library/file.hpp>"
    if header in PRIVATE_HEADERS and (library != owner or suffix != ".cpp"):
        return f"<{header}> is for .cpp files of {library} alone"
    if library in LIBRARIES and "/" in header:
        if owner == APPS or library == owner or library in LIBRARIES[owner]:
            return None
        below = " ".join(sorted(LIBRARIES[owner])) or "nothing of ours"
        return f"{owner} may not include <{header}>; it may include: {below}"
    if is_standard(header):
        return None
    return third_party_violation(header, owner, suffix)


def includes_of(path):
    """(line number, include with brackets) of each include in the file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = ((number, INCLUDE.match(line)) for number, line in enumerate(lines, 1))
    return [(number, match.group(1)) for number, match in found if match]


def sources_below(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in SOURCES_AND_HEADERS)


def check_file(root, path, owner, graph):
    """Violations of one file; its includes of ours go into `graph` for the search for circles."""
    name = path.relative_to(root).as_posix()
    violations = []
    private = name.removeprefix("lib/") in PRIVATE_HEADERS
    suffix = ".cpp" if private else path.suffix
    for line, written in includes_of(path):
        reason = include_violation(written, owner, suffix)
        if reason:
            violations.append(f"{name}:{line}: {reason}")
        target = f"lib/{written[1:-1]}"
        if (root / target).is_file():
            graph.setdefault(name, []).append((line, target))
    return violations


def check_links(root, library):
    """Violations in the list of what the library links: it may link what it may include."""
    path = root / "lib" / library / "CMakeLists.txt"
    if not path.is_file():
        return []
    violations = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for linked in LINK.findall(line.partition("#")[0]):
            if linked != library and linked not in LIBRARIES[library]:
                violations.append(f"{path.relative_to(root).as_posix()}:{number}: "
                                  f"{library} may not link fastsync::{linked}")
    return violations


def find_cycles(graph):
    """One violation for each include that closes a circle."""
    violations, done = [], set()

    def visit(name, trail):
        for line, target in graph.get(name, []):
            if target in trail:
                circle = " -> ".join(trail[trail.index(target):] + [target])
                violations.append(f"{name}:{line}: includes in a circle: {circle}")
            elif target not in done:
                visit(target, trail + [target])
        done.add(name)

    for name in sorted(graph):
        if name not in done:
            visit(name, [name])
    return violations


def check_table():
    """The table itself must be an order: each library only names those above it in the list."""
    seen, violations = set(), []
    for name, below in LIBRARIES.items():
        violations += [f"table: {name} names {other}, which is not below it"
                       for other in sorted(below - seen)]
        seen.add(name)
    return violations


def check(root):
    violations, graph, files = check_table(), {}, 0
    for folder in sorted(path for path in (root / "lib").iterdir() if path.is_dir()):
        if folder.name not in LIBRARIES:
            violations.append(f"lib/{folder.name}: this folder is not in the table of "
                              "scripts/check_layers.py")
            continue
        violations += check_links(root, folder.name)
        for path in sources_below(folder):
            violations += check_file(root, path, folder.name, graph)
            files += 1
    for path in sources_below(root / APPS):
        violations += check_file(root, path, APPS, graph)
        files += 1
    return violations + find_cycles(graph), files


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    if not (root / "lib").is_dir():
        print(f"check_layers.py: {root} holds no lib/", file=sys.stderr)
        return 2
    violations, files = check(root)
    for violation in violations:
        print(violation)
    print(f"layers: {files} files, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
