# SPDX-License-Identifier: MIT
"""What a program may do that has the library in it: the examples, signals, threads, event loops."""

import subprocess
from pathlib import Path

import pytest

from conftest import HELPERS, RATION, SLOW
from world import HAS

BUILD = Path(RATION).resolve().parent
ENDS = pytest.mark.parametrize("command, verdict, known", [
    (["sh", "-c", "exit 7"], "exit exit 7", "status 7 signal 0"),
    (["alloc", "100"], "memory exit 137", "status -1 signal 9"),
    (["spin", "60"], "cpu-time exit 124", "status -1 signal 9")])
LOST = "status -1 signal 0 lost 1 rusage 0"


def program(run, *argv, code=0, **options):
    """Runs a program that uses the library; returns what it printed, by lines."""
    done = subprocess.run(argv, env=run.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=60 * SLOW, check=False, **options)
    assert done.returncode == code, done.stdout
    return done.stdout.splitlines()


@ENDS
def test_sigchld_handled_for_own_children(run, command, verdict, known):
    """Such a handler sees the children of runs come and go, and that is all."""
    *runs, last = program(run, f"{HELPERS}/sigchld", "pid", *command)
    assert runs == [f"verdict {verdict} {known} lost 0 rusage 1"] * 2
    assert last == "own 42 signals some fds 0 children none"


@ENDS
@pytest.mark.parametrize("mode", ["any", "ignore"])
def test_sigchld_that_takes_all_children(run, mode, command, verdict, known):
    """Then the status of a command is lost, unless a warden has it: the run ends all the
    same, limits hold, and the receipt says that it doesn't know."""
    *runs, last = program(run, f"{HELPERS}/sigchld", mode, *command)
    held = f"verdict {verdict} {known} lost 0 rusage 1"
    lost = f"verdict {verdict} {LOST}"
    if command[0] == "sh" or command[0] == "alloc" and "memory" in HAS:
        lost = f"verdict internal exit 125 {LOST}"
    allowed = {lost, held} if mode == "any" else {lost}
    assert len(runs) == 2 and set(runs) <= (allowed if "cgroup" in HAS else {held})
    assert last == f"own {'-1 signals none' if mode == 'ignore' else '42 signals some'} fds 0 children none"
