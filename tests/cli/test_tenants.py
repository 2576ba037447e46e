# SPDX-License-Identifier: MIT
"""Tenants' totals, many machines at once, and many runs one after the other."""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, wait_for
from world import HAS, WORLD, counts_peak, mount

MIB = 1 << 20
BUILD = Path(RATION).resolve().parent


@pytest.mark.needs("memory")
def test_H16_tenant_total(run):
    """Four runs that fit each limit don't fit their tenant's total: it holds, and who
    is ended for it is told whose limit it was."""
    assert run.command("create", "t", "--memory", "100M").code == 0
    tenant = Path(next(path for path in run.groups() if path.endswith("/t")))
    runs = [run.start("--tenant t --memory 40M --timeout 3000", "alloc 35 stay") for _ in range(4)]
    wait_for("an end", lambda: any(r.popen.poll() is not None for r in runs))
    wait_for("room for the rest", lambda: sum(r.popen.poll() is None for r in runs) <= 2)
    assert (tenant / "memory.max").read_text().strip() == str(100 * MIB)
    for name in ("memory.peak", "memory.current")[not counts_peak():]:
        assert int((tenant / name).read_text()) <= 100 * MIB
    for r in [r for r in runs if r.popen.poll() is not None]:
        ended = r.wait()
        assert (ended.code, ended.verdict) == (137, "memory-external")
        assert any(e["level"] == "tenant" and e["where"].endswith("/t") for e in ended.receipt["evidence"])
    for r in [r for r in runs if r.popen.poll() is None]:
        r.signal(signal.SIGTERM)
        r.wait(DEADLINE)
    assert run.command("rm", "--force", "t").code == 0


@pytest.mark.long
@pytest.mark.needs("memory", "cpu", "pids")
def test_L01_many_machines(run):
    """examples/vms.c: QEMU for two tenants; one that is too large is ended, alone."""
    guest = BUILD / "scripts" / "demo-guest"
    if not guest.exists() or not shutil.which("qemu-system-x86_64"):
        pytest.skip("needs qemu-system-x86_64 and an x86-64 machine")
    done = subprocess.run([BUILD / "examples" / "vms", guest], env=run.env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=5 * DEADLINE, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert any(line.startswith("red/greedy: oom-kill") for line in lines)
    assert [line for line in lines if line.endswith(": ended")] == ["red/greedy: ended"]
    for address in ("red", "blue", "red/vm1", "red/vm2", "blue/vm1"):
        read = [line.split() for line in lines if line.split()[0] == address]
        assert len(read) == 2 and all(int(words[1]) > 15 for words in read), done.stdout
    assert lines[-2:] == ["red/greedy has ended, the others are up", "0 groups left"]


class Samples(threading.Thread):
    """What a file of one number says, again and again until the end."""

    def __init__(self, file):
        super().__init__(daemon=True)
        self.file, self.all, self.over = file, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(.05):
            self.all.append(int(self.file.read_text()))

    def end(self):
        self.over.set()
        self.join()
        return self.all


@pytest.mark.long
@pytest.mark.since((5, 14))
@pytest.mark.worlds("v2")
def test_K13_burst(hand, run):
    """Forty at once into a tenant that has room for some: it is never above its total,
    and each run knows how it ended."""
    total, each, n = 96 * MIB, 6, 40
    hand.ok("create t --memory 96M")
    tenant = hand.path("t")
    samples = Samples(tenant / "memory.current")
    runs = [run.start("--tenant t --memory 20M --timeout 3000", f"alloc {each} stay") for _ in range(n)]
    alive = lambda: [r for r in runs if r.popen.poll() is None]  # noqa: E731
    wait_for("an end to the dying", lambda: len(alive()) * each * MIB <= total)
    for r in alive():
        r.signal(signal.SIGTERM)
    ends = [r.wait(DEADLINE) for r in runs]
    seen = samples.end()
    verdicts = [r.verdict for r in ends]
    assert set(verdicts) == {"memory-external", "interrupted"}, verdicts
    for r in ends:
        where = [e["where"] for e in r.receipt["evidence"] if e["level"] == "tenant"]
        if r.verdict == "memory-external":
            assert r.code == 137 and where and where[0].endswith("/t"), r
        else:
            assert r.code == 143, r
    # A charge is added first and taken back where it is too much: up to 64 pages on each CPU, for a moment.
    assert max(seen) <= total + os.cpu_count() * 64 * 4096 and len(seen) > 10
    assert int((tenant / "memory.peak").read_text()) <= total
    assert [path for path in tenant.iterdir() if path.is_dir()] == []


def dying():
    """Groups that are removed, and that something still holds."""
    text = (mount() / "cgroup.stat").read_text() if mount() else ""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("nr_dying_desc")), 0)


@pytest.mark.long
@pytest.mark.unsanitized("a sanitizer keeps what is freed")
def test_I08_many_runs(run):
    """In one process: no fd more, no memory, no group that stays. For a minute, or for as
    long as a tenth of them takes."""
    n = 10000 if WORLD == "host" else 200
    before = dying()
    out = subprocess.run([f"{HELPERS}/runs", str(n), "60", str(n // 10), *(["64M"] if "memory" in HAS else [])], env=run.env,
                         stdout=subprocess.PIPE, text=True, timeout=10 * DEADLINE, check=True).stdout
    told = {line.split()[0]: list(map(int, line.split()[1:])) for line in out.splitlines()}
    assert told["runs"][0] >= n // 10
    assert told["fds"][0] == told["fds"][1]
    assert told["rss"][1] <= told["rss"][0] + 256
    wait_for("the kernel", lambda: dying() <= before + 50)
