# SPDX-License-Identifier: MIT
"""What holds for every receipt, whatever was run."""

import json
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
VERDICTS = ("ok exit signal cpu-time cpu-time-soft wall-time memory memory-external memory-stall pids output "
            "interrupted not-started internal").split()
MECHANISMS = "cgroup2 cgroup1 rlimit affinity nice watch none".split()
KEYED = "hugetlb io_read_bps io_write_bps io_read_iops io_write_iops".split()  # one entry for each key
validators = {}


def schema(name, said):
    """Checks `said` against docs/NAME.schema.json, which may refer to another there."""
    file = DOCS / f"{name}.schema.json"
    if not file.exists():
        return
    if name not in validators:
        import jsonschema
        text = json.loads(file.read_text())
        resolver = jsonschema.RefResolver(f"{DOCS.as_uri()}/", text)
        validators[name] = jsonschema.Draft7Validator(text, resolver=resolver)
    errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validators[name].iter_errors(said)]
    assert not errors, errors


def doctor(said, code):
    schema("doctor", said)
    assert said["strict"] == (code == 0)


def receipt(receipt, options, code):
    schema("receipt", receipt)
    assert receipt["schema"] == 1
    verdict = receipt["verdict"]
    assert verdict in VERDICTS and (verdict != "internal" or "escaped_to" in receipt or "failure" in receipt)
    assert receipt["exit"]["code"] == (code if code >= 0 else 128 - code)
    assert (verdict == "ok") == (code == 0) or verdict in ("interrupted", "output", "wall-time", "cpu-time-soft",
                                                           "memory", "memory-external")
    limits(receipt, options)
    usage(receipt)
    if verdict in ("memory", "memory-external", "memory-stall"):
        assert receipt["evidence"], "a verdict without evidence"
    for e in receipt.get("evidence", []):
        assert e["after"] > e["before"], f"evidence that didn't move: {e}"


def limits(receipt, options):
    """Every limit that was asked for is listed, with who holds it or why nobody does."""
    listed = {entry["limit"] for entry in receipt["limits"]}
    keys = {(entry["limit"], entry["asked"] if entry["limit"] in KEYED else None) for entry in receipt["limits"]}
    assert len(keys) == len(receipt["limits"]), "a limit is listed twice"
    for entry in receipt["limits"]:
        assert entry["mechanism"] in MECHANISMS
        if entry["mechanism"] == "none":
            assert entry["reason"]
        else:
            assert entry["scope"] in ("group", "process", "user")
    for option in options:
        name = option.split("=")[0]
        if name in ("--memory", "--swap", "--memory-high", "--memory-low", "--memory-min", "--hugetlb", "--cpus",
                    "--cpu-burst", "--cpu-idle", "--cpu-weight", "--cpu-time", "--timeout", "--pids", "--cpuset-cpus",
                    "--cpuset-mems", "--io-read-bps", "--io-write-bps", "--io-read-iops", "--io-write-iops",
                    "--stall-timeout", "--output-limit"):
            limit = {"--output-limit": "output"}.get(name, name[2:].replace("-", "_"))
            lifted = option.split("=")[1:] or options[options.index(option) + 1:]
            assert limit in listed or lifted[:1] in (["0"], ["max"]), f"{name} was asked for, and isn't listed"


def usage(receipt):
    use, sources = receipt["usage"], receipt["sources"]
    assert set(use) == set(sources), "each number has its source"
    assert set(sources.values()) <= {"cgroup2", "rusage", "sampled", "clock", "cgroup1"}
    assert all(value >= 0 for value in use.values())
    assert all(use[name] > 0 for name, source in sources.items() if source == "sampled"), "never seen isn't 0"
    if receipt["verdict"] == "not-started":
        return
    assert use["wall_usec"] > 0
    if {"cpu_usec", "cpu_user_usec", "cpu_system_usec"} <= set(use):
        parts = use["cpu_user_usec"] + use["cpu_system_usec"]
        assert abs(use["cpu_usec"] - parts) <= max(0.01 * parts, 2000), "CPU = user + system"
