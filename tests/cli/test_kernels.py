# SPDX-License-Identifier: MIT
"""On kernels that aren't as any Linux is: gVisor's, a real one, and that of WSL 2.

What can't be had here is made to look like it: a release's name, and the files and
system calls that are lacking, in a mount namespace and below filters. What runs then
is this kernel.
"""

import json

import pytest

import check
from conftest import DEADLINE, HELPERS, RATION
from test_containers import receipts
from test_filtered import FILES
from world import WORLD, holder, strict

# Its files are this machine's, below a layer in memory. A sandbox of `do` has no cgroups but those that are mounted.
SANDBOX = "runsc --rootless --network=none --platform=ptrace --ignore-cgroups do".split()
MOUNTED = "mkdir -p /mnt/memory /mnt/pids; for c in memory pids; do mount -t cgroup -o $c none /mnt/$c; done"

# As much as there was in the one that was looked at, of July 2024.
GVISOR = "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n"
GVISOR_LACKS = f"{FILES},vmstat,swaps,osrelease,smaps_rollup,oom_kill"
WSL2 = "5.15.153.1-microsoft-standard-WSL2\n"


def other(run, path, text):
    """What to start a command with, for it to find `text` in a file of /proc."""
    file = run.file(path.replace("/", "-"))
    file.write_text(text)
    return ["unshare", "-m", "sh", "-ec", 'mount --bind "$1" "$2"; shift 2; exec "$@"', "sh", str(file), path]


def doctor(run, before):
    """Its status, its findings by id, and who holds each limit."""
    r = run.program([*before, RATION, "doctor", "--json"])
    said = json.loads(r.stdout)
    check.doctor(said, r.code)
    return r.code, said, {finding["id"]: finding for finding in said["findings"]}


def held(said):
    return {limit["limit"]: limit["mechanism"] for limit in said["limits"]}


# ---------------------------------------------------------------- WSL 2


@pytest.mark.worlds("v2", "hybrid", "v1", "nothing")
def test_J07_wsl_doctor(run):
    """It is named, and what would be a word for the boot loader goes to Windows' file."""
    code, said, found = doctor(run, other(run, "/proc/sys/kernel/osrelease", WSL2))
    host = said["host"]
    assert (host["kernel_kind"], found["wsl"]["severity"]) == ("wsl2", "ok")
    assert (code == 0) == strict() == said["strict"]
    assert {name: held(said)[name] for name in ("memory", "pids")} == {
        "memory": holder("memory", "watch"), "pids": holder("pids", "watch")}
    v1 = [finding for name, finding in found.items() if name in ("v1-only", "v1-controllers", "missing-controllers")
          and "v1" in finding["text"]]
    assert bool(v1) == (WORLD in ("hybrid", "v1"))
    assert all(".wslconfig: [wsl2] kernelCommandLine = cgroup_no_v1=all" in finding["fix"] for finding in v1), v1
    assert not any(finding.get("fix", "").startswith("boot with cgroup") for finding in found.values())


@pytest.mark.worlds("v2", "hybrid", "v1", "nothing")
def test_J07_wsl_runs(run):
    """Of the age of 5.15, and by what there is: v1's controllers, v2's, or the watch."""
    before = [*other(run, "/proc/sys/kernel/osrelease", WSL2), "hide", "memory.peak,pids.peak,memory.swap.peak"]
    r = run("--memory 30M", "alloc 100 stay", before=before)
    assert (r.code, r.verdict) == (137, "memory"), r
    assert r.limit("memory")["mechanism"] == holder("memory", "watch")
    r = run("--pids 16", "forks 31 1000", before=before)
    assert r.limit("pids")["mechanism"] == holder("pids", "watch")
    assert r.usage.get("pids_refused") or r.verdict == "pids", r
    r = run("--memory 64M --pids 16 --cpus 1 --enforce strict", "true", before=before)
    assert r.code == (0 if strict() else 125), r


# --------------------------------------------------------------- gVisor


def once(test):
    """On one kernel: gVisor is one of its own."""
    return pytest.mark.worlds("v2")(pytest.mark.since((6, 12))(test))


def in_gvisor(run, script):
    return run.program([*SANDBOX, "sh", "-ec", script], deadline=DEADLINE)


@pytest.mark.long
@once
@pytest.mark.parametrize("mounted", ["true", MOUNTED], ids=["without groups", "with groups"])
def test_J07_gvisor_doctor(run, mounted):
    """A real one. Its groups take a limit of memory and hold nobody to it: none is said to be held by them."""
    r = in_gvisor(run, f"{mounted}; exec {RATION} doctor --json")
    said = json.loads(r.stdout)
    check.doctor(said, r.code)
    found = {finding["id"]: finding for finding in said["findings"]}
    assert r.code == 1 and not said["strict"]
    assert said["host"]["kernel_kind"] == "gvisor" and said["host"]["hierarchy"] == ("v1" if mounted == MOUNTED else "none")
    assert said["host"]["controllers"] == said["host"]["controllers_v1"] == []
    assert held(said)["memory"] == held(said)["pids"] == "watch" and held(said)["cpus"] == "affinity"
    assert found["gvisor"]["severity"] == "bad" and said["fix"] == found["gvisor"]["fix"]
    assert "from outside" in said["fix"] and "boot" not in json.dumps(said["findings"])
    assert not {"old-kernel", "no-psi", "filtered-calls", "no-cgroups", "v1-only"} & set(found)


@pytest.mark.long
@once
def test_J07_gvisor_groups_hold_nobody(run):
    """Why: what a group of memory there is told, it repeats, and lets three times as much be used."""
    r = in_gvisor(run, f"""{MOUNTED}
        mkdir /mnt/memory/trial
        echo 31457280 >/mnt/memory/trial/memory.limit_in_bytes
        echo 0 >/mnt/memory/trial/cgroup.procs
        {HELPERS}/alloc 100
        cat /mnt/memory/trial/memory.limit_in_bytes""")
    assert r.code == 0 and r.stdout.split()[-1] == "31457280", r


@pytest.mark.long
@once
def test_J07_gvisor_runs(run):
    """A real one. Limits are watched, and hold; or, in one of before July 2023, nothing runs and why is told."""
    r = in_gvisor(run, f"{RATION} run --memory 30M --enforce strict -- echo started")
    assert r.code == 125 and r.stdout == "" and "gVisor's groups accept limits on memory and CPU but don't enforce them" in r.stderr, r
    assert "hint: limit the sandbox from outside" in r.stderr
    # In a process that isn't the first: that one is allowed to, whatever comes of it.
    subreaper = in_gvisor(run, "/usr/bin/python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(36, 1, 0, 0, 0))'; exit 0")
    for option, command in (("--memory=30M", "alloc 100 stay"), ("--pids=16", "forks 31 1000")):
        r = in_gvisor(run, f"{RATION} run {option} --receipt fd:1 -- {HELPERS}/{command}")
        if subreaper.stdout.strip() != "0":
            assert r.code == 125 and "child subreaper" in r.stderr and "gVisor of July 2023" in r.stderr, r
            continue
        assert r.code == 137, r
        (receipt,), name = receipts(r.stdout), option[2:].split("=")[0]
        assert (r.code, receipt["verdict"], receipt["containment"]) == (137, name, "subreaper"), r
        entry = next(entry for entry in receipt["limits"] if entry["limit"] == name)
        assert entry["mechanism"] == "watch" and "gVisor" in entry["reason"]
        assert f"{name}: enforced by watch, whole group: gVisor" in r.stderr


@pytest.mark.worlds("v2", "nothing")
def test_J07_what_gvisor_lacks(run):
    """All that at once, and its name. Limits are watched even where this kernel has the groups of `v2`."""
    before = [*other(run, "/proc/version", GVISOR), "hide", GVISOR_LACKS, "nosys", "38", "new"]
    for options, command, code, verdict in (
            ("", "true", 0, "ok"), ("", "sh -c 'daemonise; exit 3'", 3, "exit"), ("--timeout .3", "sleep 1000", 124, "wall-time"),
            ("--cpu-time .2", "spin 1000", 124, "cpu-time"), ("--memory 30M", "alloc 100 stay", 137, "memory"),
            ("--pids 16", "forks 31 1000", 137, "pids")):
        r = run(options, command, before=before)
        assert (r.code, r.verdict, r.receipt["containment"]) == (code, verdict, "subreaper"), (command, r)
        assert all(entry["mechanism"] in ("watch", "none", "rlimit") for entry in r.receipt["limits"]), r
        assert r.usage.get("swap_peak_bytes") != 0 and "cgroup2" not in r.receipt["sources"].values()
    assert run("--memory 30M --enforce strict", "true", before=before).code == 125
