# SPDX-License-Identifier: MIT
"""Commands that don't run when their time is up: frozen, stopped, held by a debugger."""

import signal
import time

import pytest

from world import mount

OWN = f"{mount()}$(sed -n s/^0:://p /proc/self/cgroup)"  # in a shell: its own group's directory


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("frozen", ["its own group", "a group below"])
def test_E15_frozen_by_itself(run, frozen):
    """A command that freezes itself ends at its time like any other."""
    where = "." if frozen == "its own group" else "below"
    r = run("--timeout 1", ["sh", "-c", f"cd {OWN} && mkdir -p {where} && [ {where} = . ] || echo $$ >below/cgroup.procs; "
                            f"echo 1 >{where}/cgroup.freeze; sleep 500"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


@pytest.mark.needs("cgroup")
def test_E15_frozen_and_interrupted(run):
    """The same when ration is told to stop."""
    r = run.start("", ["sh", "-c", f"cd {OWN} && echo ready >{run.file('log')}; echo 1 >cgroup.freeze; sleep 500"])
    run.ready("log")
    time.sleep(.2)
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


def test_E15_stopped_by_itself(run):
    r = run("--timeout 1", ["sh", "-c", "sleep 500 & kill -STOP $! $$; sleep 500"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_E15_traced_inside(run):
    """By a debugger in the same run, which keeps it stopped."""
    r = run("--timeout 1", ["strace", "-o", "/dev/null", "sh", "-c", "kill -STOP $$; sleep 500"])
    assert (r.code, r.verdict) == (124, "wall-time"), r
