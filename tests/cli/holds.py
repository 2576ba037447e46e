# SPDX-License-Identifier: MIT
"""What was seen to hold in this world, and by what: for the table in docs/worlds.md.

A test that exceeds a limit and sees it hold says so by a mark, holds("memory").
When it has passed, its receipts tell which mechanism that was. What the plan says
of limits that no test here exceeds is kept beside it, so that the table can tell
the two apart. tests/worlds.py makes the table of all worlds.
"""

import json
import os
from pathlib import Path

seen = {}     # limit -> {"mechanism scope"}
planned = {}  # limit -> {"mechanism", "scope"}, as `ration plan` says


def note(item):
    """A test has passed: what do its receipts say of the limits that it saw hold?"""
    limits = {name for mark in item.iter_markers("holds") for name in mark.args}
    run = item.funcargs.get("run")
    for receipt in run.receipts if run and limits else []:
        for entry in receipt["limits"]:
            if entry["limit"] in limits and entry["mechanism"] != "none":
                seen.setdefault(entry["limit"], set()).add(f"{entry['mechanism']} {entry['scope']}")


def write():
    """Next to the results of the world's tests, if somebody collects those."""
    out = os.environ.get("RATION_OUT")
    if out and (seen or planned):
        everything = {"seen": {name: sorted(ways) for name, ways in seen.items()}, "planned": planned}
        (Path(out) / "holds.json").write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")
