#!/usr/bin/env python3
"""Whether the Grafana dashboard asks for metrics and labels that there are.

usage: check_dashboard.py

Reads config/grafana-dashboard.json and the table of metrics in lib/status/README.md.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Added by who collects them, or named in lib/status/metrics.cpp.
LABELS = {"instance", "phase", "reason"}


def main():
    told = (ROOT / "lib/status/README.md").read_text(encoding="utf-8")
    metrics = set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE))
    dashboard = json.loads((ROOT / "config/grafana-dashboard.json").read_text(encoding="utf-8"))
    faults, asked = [], set()
    places = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24 or (grid["x"], grid["y"]) in places:
            faults.append(f"{panel['title']}: lies outside or on another")
        places.add((grid["x"], grid["y"]))
        for target in panel["targets"]:
            names = set(re.findall(r"\b(?:fastsyncd|process)_\w+", target["expr"]))
            asked |= names
            faults += [f"{panel['title']}: no metric {name}" for name in names - metrics]
            labels = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]) + \
                re.findall(r"by \((\w+)\)", target["expr"])
            faults += [f"{panel['title']}: no label {label}" for label in set(labels) - LABELS]
    if not metrics or not asked:
        faults.append("no metrics were found: this check is broken")
    for fault in faults:
        print(f"config/grafana-dashboard.json: {fault}")
    print(f"dashboard: {len(asked)} of {len(metrics)} metrics, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
