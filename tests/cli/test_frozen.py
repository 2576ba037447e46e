# SPDX-License-Identifier: MIT
"""Commands that don't run when their time is up: frozen, stopped, held by a debugger."""

import contextlib
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, patiently, wait_for
from world import WORLD, mount

OWN = f"{mount()}$(sed -n s/^0:://p /proc/self/cgroup)"  # in a shell: its own group's directory


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("frozen", ["its own group", "a group below"])
def test_E15_frozen_by_itself(run, frozen):
    """A command that freezes itself ends at its time like any other."""
    where = "." if frozen == "its own group" else "below"
    r = run("--timeout 1", ["sh", "-c", f"cd {OWN} && mkdir -p {where} && [ {where} = . ] || echo $$ >below/cgroup.procs; "
                            f"echo 1 >{where}/cgroup.freeze; sleep 1000"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


@pytest.mark.needs("cgroup")
def test_E15_frozen_and_interrupted(run):
    """The same when ration is told to stop."""
    r = run.start("", ["sh", "-c", f"cd {OWN} && echo ready >{run.file('log')}; echo 1 >cgroup.freeze; sleep 1000"])
    run.ready("log")
    wait_for("it to be frozen", lambda: any("frozen 1" in (Path(group) / "cgroup.events").read_text()
                                            for group in run.groups()))
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("of", ["t/g", "t", "t/below"])
def test_E15_ration_in_what_it_freezes(run, hand, base, of):
    """It would never return: refused, and nothing is frozen. A group beside its own freezes."""
    hand.ok("create t/below")
    r = run(f"--group t/g --timeout {DEADLINE // 2} --kill-after .1", [RATION, "--base", str(base), "freeze", of])
    frozen = "frozen 1" in (hand.path(of) / "cgroup.events").read_text() if of != "t/g" else False
    assert (r.code, frozen) == ((0, True) if of == "t/below" else (125, False)), r
    assert of == "t/below" or f"can't freeze {of}: this process is in it" in r.stderr and "outside" in r.stderr, r
    hand.ok("rm --force t")


def test_E15_stopped_by_itself(run):
    r = run("--timeout 1", ["sh", "-c", "sleep 1000 & kill -STOP $! $$; sleep 1000"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_E15_traced_inside(run):
    """By a debugger in the same run, which keeps it stopped."""
    r = run("--timeout 1", ["strace", "-o", "/dev/null", "sh", "-c", "kill -STOP $$; sleep 1000"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


class TooLate(Exception):
    """The process was gone."""


@contextlib.contextmanager
def held(pid):
    """By a debugger that hangs: it has stopped the process, and won't take note of its death."""
    with subprocess.Popen([f"{HELPERS}/hold", str(pid), "1000"], stdout=subprocess.PIPE) as tracer:
        try:
            if tracer.stdout.readline() != b"held\n":
                raise TooLate
            yield
        finally:
            tracer.kill()


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def held_in_time(run, **options):
    """A run whose command is held by such a debugger when its time is up."""
    def attempt(seconds):
        run.file("pid").unlink(missing_ok=True)
        r = run.start(f"--timeout {seconds}", ["sh", "-c", f"echo $$ >{run.file('pid')}; exec sleep 1000"], **options)
        wait_for("its pid", lambda: run.said("pid", "\n") or r.popen.poll() is not None)
        if not run.said("pid", "\n"):
            r.wait()
            return None
        with contextlib.suppress(TooLate, FileNotFoundError), held(pid_in(run, "pid")):
            return r.wait()
        r.wait()
        return None

    return patiently(attempt)


def pid_in(run, name):
    return int(wait_for(f"a pid in {name}", lambda: run.said(name, "\n") and run.file(name).read_text()))


def test_E15_held_by_a_tracer(run):
    """Outside of the run. Its SIGKILL makes it a zombie that isn't ours to reap."""
    before = children_cpu()
    r = held_in_time(run)
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9), r
    if WORLD == "host":
        assert children_cpu() - before < .5, "it ran in circles"


def test_E15_held_and_killed_by_another(run):
    """What it ended with is known all the same."""
    r = run.start("", ["sh", "-c", f"echo $$ >{run.file('pid')}; exec sleep 1000"])
    pid = pid_in(run, "pid")
    with held(pid):
        os.kill(pid, signal.SIGKILL)
        r = r.wait()
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (137, "signal", 9), r


def test_E15_a_held_child(run):
    """One that the command has left behind."""
    r = run.start("", ["sh", "-c", f"sleep 1000 & echo $! >{run.file('pid')}; read line"], stdin=subprocess.PIPE)
    with held(pid_in(run, "pid")):
        r = r.wait(input="go\n")
    assert (r.code, r.verdict, r.receipt["leftover_killed"]) == (0, "ok", 1), r


def test_E15_held_when_ration_is_killed(run):
    """The keeper, or the subreaper's death, ends it; of the group nothing is left."""
    r = run.start("", ["sh", "-c", f"echo $$ >{run.file('pid')}; exec sleep 1000"], receipt=False)
    pid = pid_in(run, "pid")
    with held(pid):
        os.kill(r.pid, signal.SIGKILL)
        r.wait()
        wait_for("its end", lambda: " Z " in open(f"/proc/{pid}/stat").read())
        wait_for("the group's end, and the keeper's", lambda: not run.groups() and not run.alive())
