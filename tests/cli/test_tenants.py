# SPDX-License-Identifier: MIT
"""Tenants' totals, many machines at once, and many runs one after the other."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import HELPERS, RATION, SLOW, wait_for
from world import HAS, WORLD, mount

MIB = 1 << 20
BUILD = Path(RATION).resolve().parent


@pytest.mark.needs("memory")
def test_H16_tenant_total(run):
    """Four runs that fit each limit don't fit their tenant's total: it holds, and who
    is ended for it is told whose limit it was."""
    assert run.command("create", "t", "--memory", "100M").code == 0
    tenant = Path(next(path for path in run.groups() if path.endswith("/t")))
    runs = [run.start("--tenant t --memory 40M --timeout 300", "alloc 35 stay") for _ in range(4)]
    wait_for("an end", lambda: any(r.popen.poll() is not None for r in runs), 60)
    wait_for("room for the rest", lambda: sum(r.popen.poll() is None for r in runs) <= 2, 60)
    assert (tenant / "memory.max").read_text().strip() == str(100 * MIB)
    for name in ("memory.peak", "memory.current"):
        assert int((tenant / name).read_text()) <= 100 * MIB
    for r in [r for r in runs if r.popen.poll() is not None]:
        ended = r.wait()
        assert (ended.code, ended.verdict) == (137, "memory-external")
        assert any(e["level"] == "tenant" and e["where"].endswith("/t") for e in ended.receipt["evidence"])
    for r in [r for r in runs if r.popen.poll() is None]:
        r.signal(signal.SIGTERM)
        r.wait(300)
    assert run.command("rm", "--force", "t").code == 0


@pytest.mark.needs("memory", "cpu", "pids")
def test_many_machines(run):
    """examples/vms.c: QEMU for two tenants; one that is too large is ended, alone."""
    guest = BUILD / "scripts" / "demo-guest"
    if not guest.exists() or not shutil.which("qemu-system-x86_64"):
        pytest.skip("needs qemu-system-x86_64 and an x86-64 machine")
    done = subprocess.run([BUILD / "examples" / "vms", guest], env=run.env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=75 * SLOW, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert any(line.startswith("red/greedy: oom-kill") for line in lines)
    assert [line for line in lines if line.endswith(": ended")] == ["red/greedy: ended"]
    for address in ("red", "blue", "red/vm1", "red/vm2", "blue/vm1"):
        read = [line.split() for line in lines if line.split()[0] == address]
        assert len(read) == 2 and all(int(words[1]) > 15 for words in read), done.stdout
    assert lines[-2:] == ["red/greedy has ended, the others are up", "0 groups left"]


def dying():
    """Groups that are removed, and that something still holds."""
    text = (mount() / "cgroup.stat").read_text() if mount() else ""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("nr_dying_desc")), 0)


def test_I08_many_runs(run):
    """In one process: no fd more, no memory, no group that stays."""
    n = 10000 if WORLD == "host" else 200
    before = dying()
    out = subprocess.run([f"{HELPERS}/runs", str(n), "60", *(["64M"] if "memory" in HAS else [])], env=run.env,
                         stdout=subprocess.PIPE, text=True, timeout=180, check=True).stdout
    told = {line.split()[0]: list(map(int, line.split()[1:])) for line in out.splitlines()}
    assert told["runs"][0] >= (1000 if WORLD == "host" else 50)
    assert told["fds"][0] == told["fds"][1]
    assert told["rss"][1] <= told["rss"][0] + 256
    wait_for("the kernel", lambda: dying() <= before + 50, 20)
