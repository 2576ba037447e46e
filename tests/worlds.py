# SPDX-License-Identifier: MIT
"""worlds - the table of docs/worlds.md: world x limit -> what holds it

Made from what the tests of each world wrote down (tests/cli/holds.py), so that no
cell says that a limit holds which a test didn't see hold.
"""

import json
from pathlib import Path

DOC = Path(__file__).resolve().parent.parent / "docs" / "worlds.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"

# The columns, and which limits of the receipt stand in them.
TABLES = (
    {"memory": "memory", "swap": "swap", "high": "memory_high", "low": "memory_low", "min": "memory_min",
     "stall": "stall_timeout", "huge pages": "hugetlb", "pids": "pids", "rlimits": "rlimit_nofile rlimit_fsize"},
    {"cpus": "cpus", "burst": "cpu_burst", "weight": "cpu_weight", "idle": "cpu_idle", "CPU time": "cpu_time",
     "wall time": "timeout", "CPUs": "cpuset_cpus", "nodes": "cpuset_mems",
     "I/O": "io_read_bps io_write_bps io_read_iops io_write_iops", "output": "output"},
)


def words(mechanism, scope):
    return mechanism if scope in ("group", None) else f"{mechanism}, {scope}"


def cell(results, limits):
    """`cgroup2`: seen to hold. `(cgroup2)`: planned, but no test here exceeds it. `-`: nothing would."""
    seen = sorted({words(*way.split(" ", 1)) for name in limits for way in results["seen"].get(name, [])})
    if seen:
        return " or ".join(seen)
    plans = {words(p["mechanism"], p["scope"]) for p in map(results["planned"].get, limits) if p}
    return " or ".join("–" if plan.startswith("none") else f"({plan})" for plan in sorted(plans))


def found(directory):
    """What the tests of a world wrote down; each machine that had some of them wrote its own."""
    seen, planned = {}, {}
    files = sorted(directory.glob("*/holds.json"))
    if not files:
        raise FileNotFoundError(f"{directory}: nothing is written down")
    for file in files:
        result = json.loads(file.read_text())
        planned.update(result["planned"])
        for limit, ways in result["seen"].items():
            seen[limit] = sorted({*seen.get(limit, []), *ways})
    return {"seen": seen, "planned": planned}


def table(parts, out):
    """The text of the table, from the results of `parts` (world, kernel) below `out`."""
    results = {(name, kernel): found(out / f"{name}@{kernel}") for name, kernel in parts}
    text = ""
    for columns in TABLES:
        text += f"\n| world | kernel | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}\n"
        for (name, kernel), result in results.items():
            cells = [cell(result, limits.split()) for limits in columns.values()]
            text += f"| {name} | {kernel} | {' | '.join(cells)} |\n"
    return text + "\n"


def compare(parts, out, every, write):
    """What is wrong with the document, or None. Without `every` there may be worlds that these results don't have."""
    try:
        made = table(parts, out)
    except OSError as error:
        return f"no table of docs/worlds.md could be made: {error}"
    before, rest = DOC.read_text().split(BEGIN)
    old, after = rest.split(END)
    if write:
        DOC.write_text(before + BEGIN + made + END + after)
        return None
    new = set(made.splitlines()) - set(old.splitlines())
    if new or (every and old != made):
        return ("docs/worlds.md doesn't say what these tests saw; RATION_WRITE_DOCS=1 tests/check --all writes it. "
                "Differing:\n" + "\n".join(sorted(new)))
    return None
