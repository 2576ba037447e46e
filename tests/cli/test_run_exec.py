# SPDX-License-Identifier: MIT
"""`ration run --exec`: a group of its own, and no supervisor."""

import signal
import subprocess
from pathlib import Path

import pytest

from conftest import RATION, wait_for
from world import HAS

pytestmark = [pytest.mark.long("v2")]



@pytest.mark.needs("cgroup")
def test_I02_run_exec(run):
    """No supervisor is left; the group is the command's own, and gc removes it when that is dead, not before."""
    popen = subprocess.Popen([RATION, "run", "--exec", "--tenant", "acme", "--name", "g", "--", "sleep", "1000"],
                             env=run.env, stdin=subprocess.DEVNULL)
    wait_for("the command", lambda: run.alive().get(popen.pid) == "sleep")
    assert list(run.alive()) == [popen.pid]
    path, = [Path(path) for path in run.groups() if path.endswith("/acme/g")]
    assert (path / "cgroup.procs").read_text().split() == [str(popen.pid)]
    r = run.command("gc")
    assert r.code == 0 and path.is_dir() and popen.poll() is None
    popen.kill()
    popen.wait()
    assert path.is_dir()
    r = run.command("gc")
    assert r.code == 0 and run.groups() == set(), r


@pytest.mark.needs("cgroup")
def test_I02_next_run_removes_it(run):
    """And so does the next run of the tenant, with whatever the command has left running."""
    assert run("--exec --tenant acme", ["sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 5"], receipt=False).code == 5
    assert len(run.alive()) == 1 and run.groups()
    assert run("--tenant acme", "true").code == 0
    wait_for("it to be gone", lambda: not run.alive() and not run.groups())


@pytest.mark.needs("memory")
def test_I02_limits_hold(run):
    r = run("--exec --memory 30M --name g", "alloc 100", receipt=False)
    assert r.code == -signal.SIGKILL, r
    assert run.command("gc").code == 0


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("command, code", [("no_such_command", 127), ("/", 126), ("sh -c 'exit 7'", 7)])
def test_I02_status(run, command, code):
    """Where nothing ran, nothing is left."""
    r = run("--exec", command, receipt=False)
    assert r.code == code, r
    if code > 125:
        assert run.groups() == set()
    assert run.command("gc").code == 0


@pytest.mark.parametrize("options", ["--receipt /dev/null", "-v", "--wait-all", "--signal INT", "--kill-after 1",
                                     "--preserve-status", "--output-mode truncate", "--timeout 5", "--stall-timeout 5",
                                     "--output-limit 1M"])
def test_I02_contradictions(run, options):
    """What takes a supervisor is refused, by one clear error."""
    r = run(f"--exec {options}", ["touch", str(run.file("started"))], receipt=False)
    flag = {"-v": "--verbose"}.get(options.split()[0], options.split()[0])
    assert r.code == 125 and f"--exec and {flag}" in r.stderr and "supervisor" in r.stderr, r
    assert not run.file("started").exists()


def test_I02_limits_of_the_process(run):
    """CPU time becomes RLIMIT_CPU, which is said; rlimits are set, and no core file is written."""
    r = run("--exec --cpu-time 5 --rlimit nofile=77", ["sh", "-c", "ulimit -t; ulimit -n; ulimit -c"], receipt=False)
    assert (r.code, r.stdout) == (0, "5\n77\n0\n"), r
    assert "cpu_time" in r.stderr and "rlimit" in r.stderr
    run.command("gc")


@pytest.mark.needs("!memory")
def test_I02_what_nothing_holds(run):
    r = run("--exec --memory-high 64M", ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125 and "memory" in r.stderr, r
    assert not run.file("started").exists()


@pytest.mark.needs("!memory")
def test_I02_what_cgroup_v1_holds(run):
    """Beside a cgroup2: that is what the group is found by. By itself it is refused."""
    r = run("--exec --memory 64M", ["touch", str(run.file("started"))], receipt=False)
    if {"cgroup", "memory1"} <= HAS:
        assert r.code == 0 and run.file("started").exists(), r
        assert "removed: 1" in run.command("gc").stdout
    else:
        assert r.code == 125 and "memory" in r.stderr and not run.file("started").exists(), r
