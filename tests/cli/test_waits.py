# SPDX-License-Identifier: MIT
"""Waiting: each wait has an end, and says what it waits for; messages never block."""

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, STRACE, of_stat, patiently, wait_for
from world import v1_places

# What would end a process that doesn't know them; faults are ration's own.
ENDING = ["SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGABRT", "SIGTRAP",
          "SIGSYS", "SIGRTMIN", "SIGRTMAX"]


@pytest.mark.parametrize("name", ENDING)
def test_FB11_any_signal_ends_the_run(run, name):
    """As SIGTERM does: nothing is left to the keeper, and there is a receipt."""
    sig = getattr(signal, name)
    r = run.start("", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    run.ready("log")
    r.signal(sig)
    r = r.wait()
    assert (r.code, r.verdict) == (128 + sig, "interrupted"), r


def test_FB11_ignored_stays_ignored(run):
    """A signal that was ignored when ration started is left alone."""
    r = run.start("", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000 & wait"],
                  preexec_fn=lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN))
    run.ready("log")
    r.signal(signal.SIGALRM)
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert (r.code, r.verdict) == (128 + signal.SIGTERM, "interrupted"), r


def failing(call, error, file=None):
    """Each such call of ration's own processes fails, on one file or on all. The commands here have none."""
    where = ["-P", str(file)] if file else []
    return [*STRACE, "-f", "-o", "/dev/null", *where, "-e", f"trace={call}", "-e", f"inject={call}:error={error}"]


@pytest.mark.needs("!filtered")
@pytest.mark.parametrize("call", ["waitid", "poll", "epoll_wait:when=1..4", "timerfd_settime:when=1..4"])
def test_FB16_failed_waits(run, call):
    """What can't be waited for is found out in another way, or again: the command's status counts."""
    call, _, when = call.partition(":")
    r = run("--timeout 3000", ["sh", "-c", "exit 3"], before=failing(call, f"ENOMEM:{when}" if when else "ENOMEM"))
    assert (r.code, r.verdict, r.stderr) == (3, "exit", ""), r


@pytest.mark.needs("cgroup", "!filtered")
def test_FB16_unreadable_events(run, base):
    """Nobody can read whether the group is empty: its removal tells."""
    group = base / NAMESPACE / "default" / "events"
    r = run("--name events", ["sh", "-c", "sleep 1000 & exit 0"],
            before=failing("pread64", "EIO", group / "cgroup.events"))
    # What doesn't die in some seconds is told as well.
    told = re.sub("^ration: killed, and still waiting for .*\n  hint: .*\n", "", r.stderr, flags=re.M)
    assert (r.code, r.verdict, told) == (0, "ok", ""), r
    assert r.receipt["leftover_killed"] == 1, r


@pytest.mark.worlds("v2")
def test_FB16_failed_samples(run, base, by_hand):
    """A limit that can't be measured any longer ends the run, and is told."""
    bare = by_hand(base / "waits" / "bare")  # without controllers: ration measures
    group = bare / NAMESPACE / "default" / "samples"
    r = run(f"--base {bare} --memory 64M --name samples", ["sleep", "1000"],
            before=failing("read", "EIO", group / "cgroup.procs"))
    assert (r.code, r.verdict) == (125, "internal"), r
    assert "can't measure the processes any longer" in r.receipt["failure"], r
    assert r.receipt["failure"] in r.stderr, r


@pytest.mark.worlds("v2")
@pytest.mark.parametrize("times, verdict", [(":when=1", "cpu-time"), ("", "internal")], ids=["once", "always"])
def test_FB16_unreadable_cpu_time(run, base, times, verdict):
    """A read that fails once is repeated; if it fails for ever, the run ends and it is told."""
    group = base / NAMESPACE / "default" / "busy"
    r = run("--cpu-time 1 --name busy", "spin 1000", before=failing("pread64", f"ENOMEM{times}", group / "cpu.stat"))
    assert r.verdict == verdict, r
    assert ("can't measure the CPU time any longer" in r.receipt.get("failure", "")) == (verdict == "internal"), r


@pytest.mark.worlds("v2")
@pytest.mark.needs("memory", "psi")
def test_FB16_unreadable_pressure(run, base):
    """Of a run that stalls: here the kernel puts it to sleep for each page above memory-high."""
    group = base / NAMESPACE / "default" / "stalls"
    r = run("--memory 64M --memory-high 20M --stall-timeout 3 --timeout 3000 --name stalls", "alloc 60 stay",
            before=failing("read,pread64", "ENOMEM", group / "memory.pressure"), deadline=5 * DEADLINE)
    assert r.verdict == "internal" and "can't read memory.pressure any longer" in r.receipt["failure"], r


@contextlib.contextmanager
def unread(kind):
    """The end of something that nobody reads, full: (the fd, a function that empties it once)."""
    ours, theirs = {"pipe": os.pipe, "socket": lambda: [s.detach() for s in socket.socketpair()], "terminal": os.openpty}[kind]()
    os.set_blocking(theirs, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(theirs, b"x" * 1024)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(theirs, b"x")
    os.set_blocking(theirs, True)
    yield theirs
    assert os.get_blocking(theirs), "what others share was changed"
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
@pytest.mark.parametrize("options", ["--timeout 1", "--timeout 1 -v", "--enforce any --memory-min 1M --timeout 1"])
def test_FB10_nobody_reads_standard_error(run, kind, options):
    """ration's own messages don't block it: the run ends at its time."""
    with unread(kind) as fd:
        r = run(options, ["sleep", "1000"], stderr=fd)
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_FB10_filled_by_the_command(run):
    """By the command itself, which shares it."""
    ours, theirs = os.pipe()
    r = run("--timeout 1", ["sh", "-c", "exec yes >&2"], stderr=theirs)
    os.close(ours)
    os.close(theirs)
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_FB10_signals_are_heard(run):
    """A message that nobody reads doesn't keep ration from its signals."""
    with unread("pipe") as fd:
        r = run.start("--enforce any --memory-min 1M", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"], stderr=fd)
        run.ready("log")
        r.signal(signal.SIGTERM)
        r = r.wait()
    assert (r.code, r.verdict) == (128 + signal.SIGTERM, "interrupted"), r


def test_FB10_a_late_reader_gets_all(run):
    """Who reads, if late, loses nothing: of a long table, neither."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    r = run.start("-v", ["true"], stderr=theirs)
    os.close(theirs)
    with open(ours) as file:
        text = file.read()
    r.wait()
    assert text.startswith("verdict") and text.endswith("\n") and "usage" in text, text


def test_FB10_other_commands(run):
    """An error of any command, and the usage."""
    with unread("pipe") as fd:
        for words in (["show", "no/such"], ["run"], ["exec", "no/such"], ["rm", "no/such"], []):
            done = subprocess.run([RATION, *words], env=run.env, stdout=subprocess.DEVNULL, stderr=fd, timeout=DEADLINE)
            assert done.returncode == 125, words


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("words", ["run --tenant cold --timeout 2 -- true", "run --tenant cold --name a -- true",
                                   "exec cold/x -- true", "run --exec --tenant cold -- true"])
def test_FB6_frozen_tenant(run, hand, words):
    """Nothing is started where it couldn't run: refused, with the way out; nothing is left or moved."""
    hand.ok("create cold")
    hand.ok("create cold/x")
    hand.ok("freeze cold")
    r = hand(words)
    assert r.code == 125 and "tenant cold is frozen" in r.stderr and "ration thaw cold" in r.stderr, r
    hand.ok("create cold/y --pids 50")
    hand.ok("thaw cold")
    assert hand("run --tenant cold -- true").code == 0
    hand.ok("rm cold --force")


@pytest.mark.needs("cgroup")
def test_FB6_frozen_group(run, hand):
    """The group itself, and one above all of ration's."""
    hand.ok("create cold/x")
    hand.ok("freeze cold/x")
    r = hand("exec cold/x -- true")
    assert r.code == 125 and "group cold/x is frozen" in r.stderr and "ration thaw cold/x" in r.stderr, r
    hand.ok("thaw cold/x")
    above = hand.path("cold/x").parent.parent
    (above / "cgroup.freeze").write_text("1")
    r = hand("run --tenant cold -- true")
    (above / "cgroup.freeze").write_text("0")
    assert r.code == 125 and above.name in r.stderr and "cgroup.freeze" in r.stderr, r
    hand.ok("rm cold/x")


@pytest.mark.needs("cgroup", "!filtered")
@pytest.mark.parametrize("late", [["clone3:delay_enter={}"], ["clone3:error=ENOSYS", "clone,fork,vfork:delay_enter={}"]],
                         ids=["born there", "moved there"])
def test_FB6_frozen_while_it_starts(run, hand, late):
    """Frozen after ration has looked: the start ends all the same, and says why."""
    hand.ok("create cold/x")

    def frozen_within(seconds):
        """None: it had started, or its time was up, before it was frozen."""
        words = [word for what in late for word in ("-e", f"inject={what.format(1000000 * seconds)}")]
        r = run.start(f"--tenant cold --timeout {2 * seconds}", ["true"], receipt=False,
                      before=[*STRACE, "-f", "-o", str(run.file("trace")), "-e", "trace=clone,clone3,fork,vfork", *words])
        wait_for("its group", lambda: r.popen.poll() is not None or any("/cold/r" in path for path in run.groups()))
        hand.ok("freeze cold")
        r = r.wait()
        hand.ok("thaw cold")
        return None if r.code in (0, 124) else r

    r = patiently(frozen_within)
    assert r.code == 125 and "frozen" in r.stderr, r
    hand.ok("rm cold/x")


@pytest.mark.worlds("v1")
def test_FB6_frozen_in_v1(run):
    """The freezer of cgroup v1, above the run's own directory."""
    first = run.start("--pids 50", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    tenant = v1_places()["freezer"] / NAMESPACE / "default"
    run.ready("log")
    (tenant / "freezer.state").write_text("FROZEN")
    r = run("--pids 50 --timeout 2", "true", receipt=False)
    (tenant / "freezer.state").write_text("THAWED")
    assert r.code == 125 and "freezer" in r.stderr and str(tenant) in r.stderr, r
    first.signal(signal.SIGTERM)
    first.wait()


@pytest.fixture
def frozen_disk():
    """A file system that is frozen: who writes there sleeps, whatever signal comes."""
    subprocess.run(["fsfreeze", "-f", "/data"], check=True)
    yield "/data/file"
    with contextlib.suppress(OSError):
        os.remove("/data/file")


def thaw_disk():
    subprocess.run(["fsfreeze", "-u", "/data"], check=True)


def error_of(running, text):
    """Waits for a text on the standard error of a run; returns all that came before."""
    said = b""
    os.set_blocking(running.popen.stderr.fileno(), False)

    def more():
        nonlocal said
        said += os.read(running.popen.stderr.fileno(), 4096) if select.select([running.popen.stderr], [], [], 0)[0] else b""
        return text.encode() in said
    wait_for(f"{text!r} on standard error", more)
    os.set_blocking(running.popen.stderr.fileno(), True)
    return said.decode()


def waits_in_time(run, options, script, waits):
    """A run whose command waits for ever, as waits() tells, when its time is up."""
    def attempt(seconds):
        for name in ("pid", "log"):
            run.file(name).unlink(missing_ok=True)
        r = run.start(f"{options} --timeout {seconds}", ["sh", "-c", script])
        wait_for("it to wait", lambda: r.popen.poll() is not None or waits())
        if r.popen.poll() is None:
            return r
        assert r.wait().verdict == "wall-time"
        return None

    return patiently(attempt)


def writes_to(run, options, file):
    """A run whose command sleeps in the kernel, as it writes to that file."""
    def sleeps():
        pid = run.said("pid", "\n") and run.file("pid").read_text().strip()
        with contextlib.suppress(OSError):
            return pid and of_stat(pid)[0] == "D"

    return waits_in_time(run, options, f"echo $$ >{run.file('pid')}; echo x >{file}", sleeps)


@pytest.mark.worlds("disk")
def test_FB8_state_d(run, hand, frozen_disk):
    """A process that can't die is named, with the reason; a second signal gives up, and the keeper goes on."""
    r = writes_to(run, "--tenant t", frozen_disk)
    try:
        said = error_of(r, "waiting for process")
        assert f"process {run.file('pid').read_text().strip()} (sh): uninterruptible sleep (state D)" in said, said
        assert "second signal" in said
        k = hand("kill t --timeout 500ms")
        assert k.code == 125 and "(sh): uninterruptible sleep (state D)" in k.stderr, k
        r.signal(signal.SIGTERM)
        r.signal(signal.SIGINT)
        assert r.popen.wait(DEADLINE) == 125
    finally:
        thaw_disk()
    r = r.wait()  # the process that hung had the output open
    r.stderr = said + r.stderr
    assert (r.code, r.verdict) == (125, "internal"), r
    assert r.receipt["failure"].startswith("gave up waiting for process") and r.receipt["failure"] in r.stderr, r
    wait_for("the keeper's end", lambda: not run.groups() and not run.alive())


@pytest.mark.worlds("disk")
def test_FB8_wakes(run, frozen_disk):
    """When it can die, the run ends as it would have; one signal alone doesn't give up."""
    r = writes_to(run, "", frozen_disk)
    try:
        error_of(r, "waiting for process")
        r.signal(signal.SIGTERM)
    finally:
        thaw_disk()
    r = r.wait()
    assert (r.code, r.verdict) == (124, "wall-time") and "failure" not in r.receipt, r


FREEZE = "mkdir -p {0} && echo $$ >{0}/cgroup.procs && echo ready >{1} && echo FROZEN >{0}/freezer.state; sleep 1000"


def frozen_in_time(run, options, ice):
    """A run whose command has a child that freezes itself there."""
    def frozen():
        with contextlib.suppress(OSError):
            return run.said("log") and (ice / "freezer.state").read_text() == "FROZEN\n"

    return waits_in_time(run, options, f"(sh -c '{FREEZE.format(ice, run.file('log'))}') & wait", frozen)


@pytest.mark.needs("freezer1", "!cgroup")
def test_FB7_below_its_own(run):
    """Frozen in the freezer of cgroup v1, below the run's own directory: thawed, and ended."""
    own = v1_places()["freezer"] / NAMESPACE / "default" / "ice"
    r = frozen_in_time(run, "--pids 50 --name ice", own / "a" / "b").wait()
    assert (r.code, r.verdict) == (124, "wall-time") and run.said("log"), r


@pytest.mark.needs("freezer1")
@pytest.mark.worlds("v1", "hybrid")
def test_FB7_elsewhere(run):
    """In a group that isn't the run's: named, and not touched."""
    ice = v1_places()["freezer"] / "somebody-elses"
    r = frozen_in_time(run, "", ice)
    try:
        said = error_of(r, "waiting for process")
        assert f"frozen by the cgroup v1 freezer at {ice}" in said, said
        assert (ice / "freezer.state").read_text() == "FROZEN\n"
    finally:
        (ice / "freezer.state").write_text("THAWED")
    r = r.wait()
    wait_for("its end", lambda: not (ice / "cgroup.procs").read_text())
    ice.rmdir()
    assert (r.code, r.verdict) == (124, "wall-time"), r


SEGMENT = """
import ctypes, sys
c = ctypes.CDLL(None, use_errno=True)
c.shmat.restype = ctypes.c_void_p
n = c.shmget(0, 4 << 20, 0o1600)
ctypes.memset(c.shmat(n, None, 0), 1, 4 << 20)
if sys.argv[1] == "remove":
    c.shmctl(n, 0, None)
print(n)
"""


@pytest.mark.needs("memory")
def test_FB12_shared_memory_stays(run):
    """System V shared memory that the command leaves is told; what it removes, and a file in a tmpfs, aren't."""
    r = run("--memory 64M", [sys.executable, "-c", SEGMENT, "leave"])
    subprocess.run(["ipcrm", "-m", r.stdout.strip()], check=True)
    assert (r.code, r.verdict) == (0, "ok"), r
    # 5.10 counts pages in steps of 32 for each CPU.
    assert r.counters()["sysvipc/shm segments"] == 1 and r.counters()["memory.stat shmem"] >= (4 << 20) - (256 << 10), r
    assert "of shared memory stay behind" in r.stderr and "1 new System V segment" in r.stderr, r
    r = run("--memory 64M", [sys.executable, "-c", SEGMENT, "remove"])
    assert (r.code, r.stderr, r.receipt["evidence"]) == (0, "", []), r
    r = run("--memory 64M", [sys.executable, "-c", SEGMENT, "leave"], receipt=False)
    subprocess.run(["ipcrm", "-m", r.stdout.strip()], check=True)
    assert r.code == 0 and "of shared memory stay behind" in r.stderr, "also when nobody asks for figures"


@pytest.mark.needs("memory", "vm", "root")
@pytest.mark.parametrize("by", [1000000, -1000000], ids=["ahead", "back"])
def test_FB12_shared_memory_stays_when_the_clock_is_set(run, by):
    """It is told, whichever clock its time is of."""
    offset = time.time() - time.monotonic()
    try:
        r = run("--memory 64M", ["sh", "-c", f'{sys.executable} -c "$0" leave && date -s @{int(time.time()) + by} >&2', SEGMENT])
    finally:
        time.clock_settime(time.CLOCK_REALTIME, offset + time.monotonic())
    subprocess.run(["ipcrm", "-m", r.stdout.strip()], check=True)
    assert r.code == 0 and r.counters()["sysvipc/shm segments"] == 1, r


def on_a_terminal(run, argv):
    """What a program prints on a terminal, standard error alone."""
    ours, theirs = os.openpty()
    with subprocess.Popen(argv, env=run.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs) as popen:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)
    return popen.returncode, said.decode()


@pytest.mark.needs("cgroup", "!filtered")
@pytest.mark.parametrize("words, text", [("gc", "the processes of dead runs to die"), ("rm w/x", "the processes of w/x to die"),
                                         ("run --tenant w -- true", "the command to start"),
                                         ("create w/y", "w/y to be created")])
def test_waiting_is_visible(run, hand, words, text):
    """A command that waits for more than two seconds says on a terminal what for; one that doesn't says nothing."""
    hand.ok("create w/x")
    slow = [*STRACE, "-o", str(run.file("trace")), "-e", "trace=openat2", "-e", "inject=openat2:delay_enter=3000000:when=3"]
    code, said = on_a_terminal(run, [*slow, RATION, *words.split()])
    assert code == 0 and f"ration {words.split()[0]}: waiting for {text}" in said, said
    begun = time.monotonic()
    code, said = on_a_terminal(run, [RATION, "gc"])
    assert code == 0 and (said == "" or time.monotonic() > begun + 2), said
    hand("rm --force w")


def test_FB10_nobody_reads_the_receipt(run):
    """A pipe for the receipt that nobody reads: told, after a while, and the run is over."""
    with unread("pipe") as fd:
        r = run(["--receipt", f"fd:{fd}"], "true", receipt=False, pass_fds=(fd,))
    assert r.code == 123 and "isn't read by anybody" in r.stderr, r


def test_FB10_nobody_opens_the_receipt(run):
    """Nor a fifo: nothing is started, and meanwhile a terminal shows what is waited for."""
    os.mkfifo(run.file("fifo"))
    code, said = on_a_terminal(run, [RATION, "run", "--receipt", run.file("fifo"), "--", "touch", run.file("ran")])
    assert code == 125 and said.startswith("ration run: waiting for somebody to read the receipt"), said
    assert "isn't read by anybody" in said and "nothing was started" in said, said
    assert not run.file("ran").exists()


def test_FB10_a_late_reader_of_the_receipt(run):
    """One who comes after the start of ration, and after the end of the run, has it all."""
    fifo = run.file("fifo")
    os.mkfifo(fifo)

    def attempt(_):
        """None: it came when ration waited no longer."""
        r = run.start(["--receipt", str(fifo)], "true", receipt=False)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            r = r.wait()
            return None if "isn't read by anybody" in r.stderr else (r.code, json.loads(os.read(reader, 1 << 16)))
        finally:
            os.close(reader)

    code, receipt = patiently(attempt)
    assert (code, receipt["verdict"]) == (0, "ok"), receipt
