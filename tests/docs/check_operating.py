#!/usr/bin/env python3
"""The operator's guide, config/OPERATING.md, has all that the program can say: each sentence of
`waiting_for`, each exit code, each metric, each reason for a ban, and options that there are.

usage: check_operating.py ROOT
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
# A piece of a sentence that is too short to be looked for.
LEAST = 8


def source(name):
    return (ROOT / name).read_text(encoding="utf-8")


guide = re.sub(r"\s+", " ", source("config/OPERATING.md"))


def joined(text):
    """Literals that stand beside each other are one; what is logged is not what is waited for."""
    text = re.sub(r"log::\w+\(.*?\);", "", text, flags=re.DOTALL)
    return re.sub(r'"\s*\n\s*"', "", text)


def body(text, head):
    """A function, from `head` to the brace at the beginning of a line."""
    begin = text.index(head)
    return text[begin:text.index("\n}", begin)]


def pieces(literal):
    """What of a sentence is the same each time."""
    fixed = re.split(r"\{[^}]*\}", literal.replace('\\"', '"'))
    return [piece for piece in (part.strip(' ",;:()') for part in fixed) if len(piece) >= LEAST]


def sentences():
    """(file, sentence) of all that waiting_for can say."""
    name = "lib/sync/downloader.cpp"
    text = joined(source(name))
    found = re.findall(r'enter\(SyncPhase::\w+, "([^"]+)"\)', text)
    found += re.findall(r'waiting_for_ = "([^"]+)"', text)
    found += re.findall(r'kAskedForHeads = "([^"]+)"', text)
    found += re.findall(r'\? "(the state root [^"]+)"', text)
    found += LITERAL.findall(body(text, "bool Downloader::root_is_unserved()"))
    yield from ((name, one) for one in found)
    name = "lib/sync/pivot_chooser.cpp"
    for error in re.findall(r"Error\{Errc::kNotFound,(.*?)\};", joined(source(name)), re.DOTALL):
        yield from ((name, one) for one in LITERAL.findall(error))
    name = "lib/sync/watchdog.cpp"
    yield from ((name, one) for one in
                LITERAL.findall(body(joined(source(name)), "std::string Watchdog::stalled(")))
    name = "lib/daemon/peers_report.cpp"
    text = joined(source(name))
    for head in ("std::string failing_static_peers(", "std::string bans_in_words(",
                 "std::string clock_in_words(", "std::string commonest_end(",
                 "std::string why_no_peers("):
        yield from ((name, one) for one in LITERAL.findall(body(text, head)))


wrong = []
said = list(sentences())
for name, sentence in said:
    wrong += [f"{name}: the guide lacks {piece!r}" for piece in pieces(sentence)
              if piece not in guide]
metrics = re.findall(r'family\("(\w+)"', source("lib/status/metrics.cpp"))
wrong += [f"the guide lacks the metric {name}" for name in metrics
          if not re.search(rf"\b{name}\b", guide)]
wrong += [f"there is no metric {name}" for name in set(re.findall(r"\b(?:fastsyncd|process)_\w+", guide))
          - set(metrics)]
codes = re.findall(r"^    k\w+ = (\d),", source("apps/fastsyncd/command.hpp"), re.MULTILINE)
codes += re.findall(r"constexpr int kInterrupted = (\d);", source("apps/fastsyncd/cmd_export.cpp"))
wrong += [f"the guide lacks the exit code {code}" for code in codes if f"| {code} | " not in guide]
reasons = re.findall(r'Reaction\{Fault::\w+, "([^"]+)", (\d+)', source("lib/eth/peer_policy.cpp"))
for words, penalty in reasons:
    if not re.search(rf"\| [^|]*`{words}`[^|]* \| {penalty}\b", guide):
        wrong.append(f"the guide lacks the ban reason {words!r} with its penalty {penalty}")
keys = set(re.findall(r'\{\{"([a-z-]+)",', source("lib/daemon/config_keys.cpp")))
named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", guide)) | set(
    re.findall(r"`([a-z]+(?:-[a-z]+)+) = ", guide))
wrong += [f"there is no key {name}" for name in sorted(named - keys)]
# What is looked for has to be found, or this check checks nothing.
if len(said) < 30 or len(metrics) < 35 or len(codes) != 5 or len(reasons) < 10 or len(keys) < 20:
    wrong.append(f"the sources look different from what this check expects: {len(said)} sentences, "
                 f"{len(metrics)} metrics, {len(codes)} codes, {len(reasons)} reasons, {len(keys)} keys")
print("\n".join(wrong) or f"{len(said)} sentences, {len(metrics)} metrics, {len(codes)} exit codes, "
      f"{len(reasons)} reasons for bans: all in the guide")
sys.exit(1 if wrong else 0)
