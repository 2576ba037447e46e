# SPDX-License-Identifier: MIT
"""ration guard: the group that stalls its tenant is ended, the others live."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from conftest import DEADLINE, RATION, wait_for

pressure = pytest.mark.needs("memory", "psi")


@pytest.fixture
def tenant(run):
    """A tenant that is throttled above 40 MiB."""
    assert run.command("create", "t", "--memory-high", "40M").code == 0
    yield "t"
    assert run.command("rm", "--force", "--ignore-missing", "t").code == 0


def guard(run, *options):
    """Starts a guard, to end one group of the tenant."""
    return subprocess.Popen([RATION, "guard", "t", "--pressure-kill", "60%/2s", "--once", "--json", *options],
                            env=run.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def open_files(pid):
    files = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            files.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return files


def member(run, name, command):
    """Starts a command in a group of that name, which says when it is there."""
    it = run.start(f"--tenant t --name {name} --timeout 3000", ["sh", "-c", f"echo ready >{run.file(name)}; {command}"])
    run.ready(name)
    return it


@pressure
def test_H18_pressure_kill(run, tenant):
    """The one that bloats dies; the one that sleeps lives, and so does the tenant."""
    watch = guard(run)
    chill = member(run, "chill", "alloc 5 stay")
    bloat = member(run, "bloat", "alloc 100 stay")
    out, err = watch.communicate(timeout=DEADLINE)
    assert watch.returncode == 0, err
    report = json.loads(out)
    assert report["group"] == "t/bloat", report
    r = bloat.wait()
    assert (r.code, r.verdict) == (137, "signal")
    assert report["killed"] and report["emptied"] and not report["avoided"]
    assert report["candidates"] == 2 and report["processes"] >= 1
    assert report["memory_bytes"] > 30 << 20
    assert report["elapsed_usec"] >= 1500000 and report["stalled_usec"] >= .6 * report["elapsed_usec"]
    assert report["group_stalled_usec"] >= report["stalled_usec"] / 2
    assert chill.popen.poll() is None
    chill.signal(signal.SIGTERM)
    assert chill.wait().verdict == "interrupted"


@pressure
def test_H18_avoided(run, tenant):
    """One to be avoided is ended only when there is no other."""
    watch = guard(run, "--avoid", "bloat")
    chill = member(run, "chill", "alloc 5 stay")
    bloat = member(run, "bloat", "alloc 100 stay")
    assert chill.wait(DEADLINE).verdict == "signal"
    out, err = watch.communicate(timeout=DEADLINE)
    assert json.loads(out)["group"] == "t/chill", err
    assert bloat.popen.poll() is None
    watch = guard(run, "--avoid", "bloat")
    assert bloat.wait(DEADLINE).verdict == "signal"
    out, err = watch.communicate(timeout=DEADLINE)
    assert json.loads(out)["group"] == "t/bloat" and json.loads(out)["avoided"], err


@pressure
def test_H18_dry_run(run, tenant):
    watch = guard(run, "--dry-run")
    bloat = member(run, "bloat", "alloc 100 stay")
    out, err = watch.communicate(timeout=DEADLINE)
    assert json.loads(out)["group"] == "t/bloat" and not json.loads(out)["killed"], err
    assert bloat.popen.poll() is None
    bloat.signal(signal.SIGTERM)
    bloat.wait(DEADLINE)


@pressure
def test_H18_no_stall(run, tenant):
    """A tenant that works isn't stalled: nobody is ended, and the guard goes with the tenant."""
    watch = guard(run)
    wait_for("the guard to watch", lambda: any("memory.pressure" in file for file in open_files(watch.pid)))
    assert run("--tenant t --name busy", "spin 2").verdict == "ok"
    assert watch.poll() is None
    assert run.command("rm", "--force", "t").code == 0
    out, err = watch.communicate(timeout=DEADLINE)
    assert (watch.returncode, out) == (0, ""), err


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("value, says", [("60%/.9s", "1 s to 1 h"), ("60/2s", "60%/2s"), ("0%/2s", "1 to 100"),
                                         ("101%/2s", "1 to 100"), ("60%/x", "--pressure-kill"), ("60%/", "not a duration")])
def test_H18_refused(run, value, says):
    """A share that isn't one, and a time that is too short."""
    r = run.start("--tenant t --name n", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    refused = run.command("guard", "t", "--pressure-kill", value)
    r.signal(signal.SIGTERM)
    r.wait()
    assert refused.code == 125 and says in refused.stderr, refused


def test_H18_refused_without_tenant(run):
    assert run.command("guard").code == 125
    refused = run.command("guard", "t")
    assert refused.code == 125 and "--pressure-kill" in refused.stderr
    assert run.command("guard", "no-such-tenant", "--pressure-kill", "60%/2s").code == 125
