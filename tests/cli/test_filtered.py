# SPDX-License-Identifier: MIT
"""Old kernels, and filters of containers that don't know new system calls: all is
as with them, and what can't be known isn't 0.

Each test sets the filter itself.
"""

import contextlib
import errno
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import DEADLINE, RATION, Running, patiently, wait_for
from test_frozen import held_in_time, pid_in
from world import HAS

# With cgroups and without; that is all that the other worlds could change.
pytestmark = [pytest.mark.long("v2"), pytest.mark.worlds("host", "v2", "nothing-user")]

# What brings the supervision by a pid alone, as an old kernel; and a filter that refuses all at once.
FILTERS = [["nosys", str(errno.ENOSYS), "clone3,pidfd"], ["nosys", str(errno.EPERM), "new"]]
# Files of cgroups since 4.20: memory.pressure is of that time, the others younger.
FILES = "cgroup.kill,memory.peak,pids.peak,memory.swap.peak,memory.events.local,memory.pressure,cpu.pressure,io.pressure"

filters = pytest.mark.parametrize("filter", FILTERS, ids=lambda words: words[2])


def ration(run, filter, *words):
    """Runs `ration WORDS...` below a filter. For a kill it has as long as a test waits: 10 s are for people."""
    words = ("kill", "--timeout", str(DEADLINE // 2), *words[1:]) if words[0] == "kill" else words
    return Running([*filter, RATION, *words], None, [], run.env).wait()


@filters
def test_F05_ends(run, filter):
    """Each way for a run to end comes to the same."""
    for options, command, code, verdict in (
            ("", "true", 0, "ok"), ("", "sh -c 'exit 7'", 7, "exit"), ("", "sh -c 'kill -SEGV $$'", 139, "signal"),
            ("", "no_such_cmd", 127, "not-started"), ("", "/", 126, "not-started"),
            ("--timeout .3", "sleep 1000", 124, "wall-time"),
            ("--timeout .3 --kill-after .2", "ignoreterm", 124, "wall-time"),
            ("--cpu-time .2", "spin 1000", 124, "cpu-time"),
            ("--output-limit 1000", "writer 100000", None, "output"),
            ("--memory 30M", "alloc 100 stay", 137, "memory")):
        r = run(f"--enforce any {options}", command, before=filter)
        assert code in (r.code, None) and r.verdict == verdict, (r, command)
        assert run.alive() == {} and run.groups() == set()


@pytest.mark.unsanitized("a sanitizer's memory is the command's, too")
@filters
def test_F05_receipt(run, filter):
    """The receipt differs in the command's birth alone."""
    keys = lambda r: ({k for k in r.receipt if k != "evidence"}, set(r.usage), r.receipt["sources"])  # noqa: E731
    options = "--enforce any --memory 64M --name same --timeout 3000"

    def attempt(seconds):
        """Long enough to be seen by whatever samples."""
        command = ["sh", "-c", f"spin {.3 * seconds}; exit 3"]
        old, new = (run(options, command, before=before, deadline=10 * DEADLINE) for before in (filter, ()))
        return (old, new) if keys(old) == keys(new) else None

    old, new = patiently(attempt)
    assert old.receipt["limits"] == new.receipt["limits"]
    assert (old.code, old.verdict, old.receipt["containment"]) == (new.code, new.verdict, new.receipt["containment"])
    if "cgroup" in HAS:
        assert old.receipt["birth"] == "migrated"
    assert old.usage["cpu_usec"] >= 200_000 and old.usage["maxrss_bytes"] > 0


@filters
def test_F05_leftovers(run, filter):
    r = run("", ["sh", "-c", "daemonise; setsid sleep 1000 & sleep 1000 & exit 4"], before=filter)
    assert (r.code, r.verdict) == (4, "exit")
    assert r.receipt["leftover_killed"] >= 3
    r = run("--wait-all", ["sh", "-c", f"(sleep .3; echo late >{run.file('late')}) & exit 4"], before=filter)
    assert r.code == 4 and run.file("late").read_text() == "late\n"


@filters
@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_F05_interrupted(run, filter, sig):
    r = run.start("", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000 & sleep 1000"], before=filter)
    run.ready("log")
    r.signal(sig)
    r = r.wait()
    assert (r.code, r.verdict) == (128 + sig, "interrupted")


@filters
def test_F05_forwarded(run, filter):
    """A signal that is for the command reaches it, and nobody else."""
    r = run.start("", ["sh", "-c", f"trap 'echo got; exit 5' USR1; echo ready >{run.file('log')}; "
                       "while :; do sleep .05; done"], before=filter)
    run.ready("log")
    r.signal(signal.SIGUSR1)
    r = r.wait()
    assert (r.code, r.verdict, r.stdout) == (5, "exit", "got\n")


@filters
@pytest.mark.parametrize("who", ["ration", "ration-reaper"])
def test_F05_killed(run, filter, who):
    """Whoever of ration's processes is killed: the command dies, the daemon, and the group goes."""
    r = run.start("--enforce any", ["sh", "-c", f"echo ready >{run.file('log')}; daemonise; sleep 1000"], before=filter,
                  receipt=False)
    run.ready("log")
    os.kill(run.one(who), signal.SIGKILL)
    r.wait()
    wait_for("all to be gone", lambda: not run.alive() and not run.groups())


@filters
def test_F05_traced(run, filter):
    """A tracer holds the dead command, of which no SIGCHLD tells: it isn't waited for."""
    r = held_in_time(run, before=filter)
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9), r


@pytest.mark.needs("cgroup")
@filters
def test_F05_groups(run, filter):
    """Groups by hand: made, entered, listed, ended, removed."""
    for words in (("create", "acme/vm7"), ("exec", "acme/vm7", "--", "true")):
        r = ration(run, filter, *words)
        assert r.code == 0, r
    r = ration(run, filter, "exec", "acme/vm7", "--", "whereami")
    assert r.stdout.rstrip().endswith("/acme/vm7")
    with subprocess.Popen(["sleep", "1000"], env=run.env) as sleeper:
        r = ration(run, filter, "attach", "acme/vm7", str(sleeper.pid))
        assert r.code == 0, r
        assert "acme/vm7" in ration(run, filter, "ls").stdout
        assert ration(run, filter, "kill", "acme/vm7").code == 0
    assert sleeper.returncode == -signal.SIGKILL
    assert ration(run, filter, "rm", "acme/vm7").code == 0
    assert run.groups() == set()


@pytest.mark.needs("cgroup")
@filters
def test_F05_attach_a_thread(run, filter):
    """A thread's number is refused, as with a pidfd: all of its process would be moved."""
    r = run.start("", "spin 1000 3", receipt=False)
    pid = wait_for("threads", lambda: next((p for p, name in run.alive().items() if name == "spin" and
                                            len(os.listdir(f"/proc/{p}/task")) > 1), None))
    thread = next(int(task) for task in os.listdir(f"/proc/{pid}/task") if int(task) != pid)
    assert ration(run, filter, "create", "acme/vm7").code == 0
    done = ration(run, filter, "attach", "acme/vm7", str(thread))
    assert done.code == 125 and f"{thread} is a thread of another process" in done.stderr
    assert ration(run, filter, "rm", "acme/vm7").code == 0
    r.signal(signal.SIGTERM)
    r.wait()


@filters
def test_F05_fds(run, filter):
    """No close_range: no fd is passed on all the same."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        r = run("", ["sh", "-c", "cd /proc/self/fd; echo *"], before=filter, pass_fds=[write])
    finally:
        os.close(read)
        os.close(write)
    assert r.stdout.split() == ["0", "1", "2", "3"]


@filters
def test_F05_doctor(run, filter):
    """What is lacking is named, with what that costs."""
    lines = " ".join(ration(run, filter, "doctor", "--all").stdout.split())
    assert "missing pidfd: supervise a run without a helper process" in lines
    assert "missing clone_into_cgroup: " in lines
    features = json.loads(ration(run, filter, "doctor", "--json").stdout)["host"]["features"]
    assert not {"pidfd", "clone_into_cgroup"} & set(features)
    assert ("openat2" in features) == (filter[2] != "new")


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_F05_pidfd_by_clone3(run, number):
    """pidfd_open alone is refused: clone3 gives a pidfd, and the run is as ever."""
    r = run("--timeout .5", "sleep 1000", before=["nosys", str(number), "pidfd_open,openat2,close_range"])
    assert (r.code, r.verdict, r.receipt["birth"]) == (124, "wall-time", "cloned")


@pytest.mark.needs("cgroup")
@filters
def test_F05_D23_old_kernel(run, filter):
    """Without the files, too: what isn't known is left out or said to be sampled, never 0."""
    r = run("--enforce any --memory 100M --pids 50", ["sh", "-c", "alloc 50; sleep .2"], before=["hide", FILES, *filter])
    assert (r.code, r.verdict) == (0, "ok")
    for name in ("memory_peak_bytes", "pids_peak", "swap_peak_bytes"):
        assert r.usage.get(name) != 0
        assert r.receipt["sources"].get(name, "sampled") != "cgroup2", name
    assert not [name for name in r.usage if "pressure" in name]
    r = run("--enforce any --timeout .5", "bomb 50", before=["hide", FILES, *filter])
    assert (r.code, r.verdict) == (124, "wall-time")


@filters
def test_B09_F05_signals_after_the_end(run, filter):
    """Those that nobody takes any more don't lose what the run came to."""
    r = run.start("", ["sh", "-c", f"echo $$ >{run.file('pid')}; exec sleep 1000"], before=filter)
    pid = pid_in(run, "pid")
    subreaper = run.one("ration-reaper")
    os.kill(subreaper, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    for _ in range(4):
        r.signal(signal.SIGUSR1)
        time.sleep(.1)
    # A signal that is passed on has continued it, too, and it may be over.
    with contextlib.suppress(ProcessLookupError):
        os.kill(subreaper, signal.SIGCONT)
    r = r.wait()
    assert (r.code, r.verdict) == (137, "signal")
