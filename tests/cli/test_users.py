# SPDX-License-Identifier: MIT
"""What a command inherits from its caller, and commands that run as another user."""

import ctypes
import os
import re
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
# The policy of a process, as in proc(5): the 41st field, the third is the first behind the name.
POLICY = ["python3", "-c", "import os; print(os.sched_getscheduler(0))"]
IOPRIO_GET, IOPRIO_SET, IOPRIO_WHO_PROCESS, RT = 252, 251, 1, 1 << 13


def ioprio(value=None):
    libc = ctypes.CDLL(None, use_errno=True)
    if value is None:
        return libc.syscall(IOPRIO_GET, IOPRIO_WHO_PROCESS, 0) >> 13
    return libc.syscall(IOPRIO_SET, IOPRIO_WHO_PROCESS, 0, value)


def realtime():
    """A preexec_fn."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def may_be_realtime():
    pid = os.fork()
    if pid == 0:
        try:
            realtime()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def immune():
    """A preexec_fn."""
    Path("/proc/self/oom_score_adj").write_text("-1000")


def may_be_immune():
    try:
        Path("/proc/self/oom_score_adj").write_text("-1")
        Path("/proc/self/oom_score_adj").write_text("0")
    except OSError:
        return False
    return True


needs_realtime = pytest.mark.skipif(not may_be_realtime(), reason="no realtime policy for us")
needs_immunity = pytest.mark.skipif(not may_be_immune(), reason="CAP_SYS_RESOURCE is missing")


# ------------------------------------------------------------------ inherited

@pytest.mark.needs("root")
@pytest.mark.parametrize("how", ["", "--exec"])
@needs_realtime
def test_FC1_realtime_is_not_inherited(run, how):
    r = run(how, POLICY, receipt=not how, preexec_fn=realtime)
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")
    assert "without SCHED_FIFO" in r.stderr
    run.command("gc")


@pytest.mark.needs("root", "cpu")
@needs_realtime
def test_FC1_a_realtime_caller_is_throttled(run):
    r = run("--cpus 0.1 --enforce strict --timeout 1s", "spin 1000", preexec_fn=realtime)
    assert r.verdict == "wall-time"
    assert r.usage["cpu_usec"] < 500_000


@pytest.mark.needs("root", "cpu1")
@needs_realtime
def test_FC1_cgroup_v1_takes_it(run):
    r = run("--cpus 0.5 --enforce strict", POLICY, preexec_fn=realtime)
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")


@pytest.mark.needs("root", "cgroup")
@needs_realtime
def test_FC1_exec_and_attach(run, hand):
    hand.ok("create acme/x")
    r = hand(["exec", "acme/x", "--", *POLICY], before=["chrt", "-f", "1"])
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")
    with subprocess.Popen(["sleep", "1000"], preexec_fn=realtime) as process:
        try:
            r = hand.ok(f"attach acme/x {process.pid}")
            assert f"process {process.pid} has SCHED_FIFO" in r.stderr
        finally:
            process.kill()


@pytest.mark.needs("root")
def test_FC1_realtime_io_is_not_inherited(run):
    if ioprio(RT) < 0:
        pytest.skip("no realtime I/O for us")
    ioprio(0)
    r = run("", ["python3", "-c", f"import ctypes; print(ctypes.CDLL(None).syscall({IOPRIO_GET}, 1, 0) >> 13)"],
            preexec_fn=lambda: ioprio(RT))
    assert (r.code, r.stdout) in ((0, "0\n"), (0, "2\n"))  # none, or best effort: what the nice value says


@needs_immunity
@pytest.mark.parametrize("how", ["", "--exec"])
def test_FC2_immunity_is_not_inherited(run, how):
    r = run(how, "cat /proc/self/oom_score_adj", receipt=not how, preexec_fn=immune)
    assert (r.code, r.stdout) == (0, "0\n")
    assert "without oom_score_adj -1000" in r.stderr
    run.command("gc")


def test_FC2_a_positive_score_stays(run):
    r = run("", "cat /proc/self/oom_score_adj",
            preexec_fn=lambda: Path("/proc/self/oom_score_adj").write_text("300"))
    assert (r.code, r.stdout, r.stderr) == (0, "300\n", "")


@needs_immunity
@pytest.mark.needs("memory")
def test_FC2_the_memory_limit_of_an_immune_caller(run):
    r = run("--memory 32M", "alloc 128", preexec_fn=immune)
    assert (r.code, r.verdict) == (137, "memory")


def test_inherited_is_documented():
    """SECURITY.md has a row for each row of the table in the code, and says the same of it."""
    table = re.findall(r'^\t\{ "([^"]+)", (\w+) \},$', (SOURCE / "src/sys/inherit.c").read_text(), re.M)
    text = (SOURCE / "SECURITY.md").read_text().split("## Inherited")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| (\w+)", text, re.M)
    assert len(table) > 20
    assert rows == [(what, "kept" if reset == "NULL" else "reset") for what, reset in table]
