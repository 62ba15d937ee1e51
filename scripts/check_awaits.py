#!/usr/bin/env python3
"""Checks that every co_await stands where gcc 12 compiles it as written.

In the condition of a loop gcc 12 awaits first and then looks at what stands left of &&, || or ?:, it
does the same within the arguments of a call, and `continue` in a do-while whose condition awaits
loops for ever. So a co_await must not stand
  - in the head of a while or for,
  - right of &&, || or ? in its statement,
  - inside CHECK, REQUIRE and their kin, which evaluate where they like.
Await into a local first. Reads every source below lib/, apps/ and tests/; prints
`file:line: reason` for each violation and exits 1 if there is one.

usage: check_awaits.py [ROOT]     ROOT: folder that holds these three; default: this repository
"""

import re
import sys
from pathlib import Path

FOLDERS = ("lib", "apps", "tests")
# What is no code: comments, raw strings, strings, characters (not the ' within a number).
SKIPPED = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                     r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'", re.S)
TOKEN = re.compile(r"[A-Za-z_]\w*|&&|\|\||[?;(){}\[\]]")
ASSERTIONS = re.compile(r"(CHECK|REQUIRE)(_\w+)?")


class Group:
    """What is open: a pair of brackets, the word before it, and whether an operator that skips its
    right side has been seen in the statement at hand."""

    def __init__(self, opener, word):
        self.opener = opener
        self.word = word
        self.skips = False


def objection(groups):
    """Why a co_await may not stand within these groups, or None."""
    for group in reversed(groups):
        if group.word in ("while", "for"):
            return f"co_await in the head of a {group.word}"
        if ASSERTIONS.fullmatch(group.word):
            return f"co_await inside {group.word}"
        if group.skips:
            return "co_await right of &&, || or ?"
        if group.opener == "{":
            return None
    return None


def check_text(text):
    """(line, reason) of each violation."""
    text = SKIPPED.sub(lambda match: "\n" * match.group().count("\n"), text)
    groups, word, violations = [Group("{", "")], "", []
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in ("(", "[", "{"):
            groups.append(Group(token, word if token == "(" else ""))
        elif token in (")", "]", "}"):
            if len(groups) > 1:
                groups.pop()
            if token == "}":
                groups[-1].skips = False
        elif token == ";":
            groups[-1].skips = False
        elif token in ("&&", "||", "?"):
            groups[-1].skips = groups[-1].skips or word != "auto"  # auto&& is no operator
        elif token == "co_await":
            reason = objection(groups)
            if reason:
                violations.append((text.count("\n", 0, match.start()) + 1, reason))
        word = token
    return violations


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    files, violations = 0, 0
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.[ch]pp")):
        files += 1
        for line, reason in check_text(path.read_text(encoding="utf-8")):
            print(f"{path.relative_to(root).as_posix()}:{line}: {reason}")
            violations += 1
    print(f"awaits: {files} files, {violations} violations")
    return 1 if violations or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
