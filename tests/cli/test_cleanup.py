# SPDX-License-Identifier: MIT
"""Nothing is left: I01 is the `run` fixture, for all tests; here is the rest."""

import re
import signal
import subprocess
import time

import pytest

from conftest import DEADLINE, HELPERS, NAMESPACE, end_at_once, wait_for
from world import WORLD, mount

# Who is left behind holds them open, and we would wait for that.
NO_PIPES = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def test_I01_nothing_left(run):
    """Of any kind of end."""
    before = run.groups()
    for options, command in (("--memory 64M", "true"), ("--memory 64M", "no_such_cmd"), ("--timeout .1", "sleep 1000"),
                             ("--memory 20M", "alloc 50"), ("--pids 5 --timeout 2", "forks 10 1"),
                             ("--cpu-time .1", "spin 5"), ("", "daemonise"), ("--tenant t --name n", "true")):
        run(options, command)
        assert run.groups() == before
        assert run.alive() == {}


@pytest.mark.needs("cgroup")
def test_I01_the_guard_sees(run):
    """What the guard of all tests relies on: groups and processes are found."""
    r = run.start("--tenant t --name n", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    assert any(path.endswith(f"{NAMESPACE}/t/n") for path in run.groups())
    assert len(run.alive()) >= 2
    r.signal(signal.SIGTERM)
    r.wait()


@pytest.mark.needs("cgroup")
def test_I01_groups_inside(run):
    """A command that makes groups of its own below ours: they go, too."""
    r = run("", ["sh", "-c", f"cd {mount()}$(sed -n s/^0:://p /proc/self/cgroup) && mkdir -p a/b c && "
                 "echo $$ >a/b/cgroup.procs && sleep 1000 & sleep .3; exit 0"])
    assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.parametrize("command", ["deadleader 1 1000", "zombies 5 1000", "zombies 5"])
def test_I04_zombies(run, command):
    """Dead and unreaped processes, and a main thread that is dead, hold up nothing."""
    r = run("--timeout 3000" if command == "zombies 5" else "--timeout .5", command)
    assert r.verdict == ("ok" if command == "zombies 5" else "wall-time")


def test_I04_zombie_outside(run):
    """The parent of a dead member sits outside the group and doesn't reap it: we
    are that parent, with a command that our caller stopped us from reaping."""
    r = run.start("", ["sh", "-c", f"(sleep 1000 & exit 3) & echo ready >{run.file('log')}; sleep .2; exit 4"])
    run.ready("log")
    r.signal(signal.SIGSTOP)
    time.sleep(.5)
    r.signal(signal.SIGCONT)
    assert r.wait().code == 4


@pytest.mark.long
def test_nothing_grows(run):
    """fds of a long-lived caller of the library, and kernel memory for dead groups."""
    top = mount()
    dying = lambda: int(next(line.split()[1] for line in (top / "cgroup.stat").read_text().splitlines()  # noqa: E731
                             if line.startswith("nr_dying")) if top and (top / "cgroup.stat").exists() else 0)
    before = dying()
    r = run.program([f"{HELPERS}/runs", "120" if WORLD == "host" else "10", "3000"], deadline=5 * DEADLINE)
    assert r.code == 0, r
    first, last = re.search(r"^fds (\d+) (\d+)$", r.stdout, re.M).groups()
    assert first == last and int(first) > 0
    for _ in range(100 if WORLD == "host" else 10):
        run("", "true", receipt=False)
    if WORLD != "host":
        # They go when the kernel finds the time.
        wait_for("the kernel", lambda: dying() - before <= 40)


@pytest.mark.needs("cgroup")
def test_gc_leaves_the_living(run):
    """Runs that live, and groups that somebody made by hand, aren't garbage."""
    r = run.start("--name alive", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    result = run.command("gc")
    assert result.code == 0
    assert any(path.endswith("/alive") for path in run.groups())
    assert r.popen.poll() is None
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


@pytest.mark.needs("cgroup")
def test_gc_of_an_orphan(run):
    """An owner that is dead, and nobody there to clean up: gc kills and removes."""
    r = run.start("--name orphan", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"], **NO_PIPES)
    run.ready("log")
    # All of ration's own processes at once, so that none can clean up after another.
    keepers = [pid for pid, name in run.alive().items() if name.startswith("ration")]
    before = run.groups()
    end_at_once(keepers)
    r.wait()
    assert any("orphan" in path for path in before)
    run.collect()
    assert run.alive() == {}


@pytest.mark.needs("cgroup")
def test_gc_twice_and_for_nothing(run):
    for _ in range(2):
        r = run.command("gc")
        assert r.code == 0


@pytest.mark.needs("cgroup")
def test_same_name_twice(run):
    """H14: one after the other works, at the same time is refused."""
    for _ in range(2):
        assert run("--name same", "true").code == 0
    r = run.start("--name same", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    second = run("--name same", ["touch", str(run.file("started"))])
    assert second.code == 125 and "same" in second.stderr
    assert not run.file("started").exists()
    assert r.popen.poll() is None
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


@pytest.mark.needs("cgroup")
def test_name_of_a_dead_run(run):
    """A name that only a dead run's group holds is free again."""
    r = run.start("--name again", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"], **NO_PIPES)
    run.ready("log")
    pids = [pid for pid, name in run.alive().items() if name.startswith("ration")]
    end_at_once(pids)
    r.wait()
    assert run("--name again", "true").code == 0
    wait_for("all to be dead", lambda: not run.alive())


def test_pipeline(run):
    """Two runs in a pipe, as a shell starts them."""
    script = f'"$0" run --memory 64M -- seq 1 1000 | "$0" run --memory 64M -- tail -n 1'
    r = run("", None, receipt=False, before=["sh", "-c", script + " # "])
    assert r.stdout == "1000\n"


def test_run_in_a_run(run):
    """ration inside ration: the inner one nests or falls back, and both clean up."""
    from conftest import RATION
    r = run("--memory 128M --timeout 3000", [RATION, "run", "--memory", "64M", "--", "sh", "-c", "exit 5"])
    assert (r.code, r.verdict) == (5, "exit")


def test_unreadable_state(run):
    """No state files: a home that isn't there, a full and read-only disk matter not."""
    r = run("--memory 64M", "true", env={"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "XDG_RUNTIME_DIR": ""})
    assert (r.code, r.verdict) == (0, "ok")
