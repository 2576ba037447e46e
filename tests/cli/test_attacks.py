#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hostile programs: what they try, and what the operator of the host wants to come of it.

Each attack is one test, and a line of docs/attacks.md, where those of other files are listed
too. Whatever it is: the run ends, with a verdict that is true; nothing is left; nobody
else's run is the worse for it.

As a program, it runs all of them in this world:

    test_attacks.py [--long] [--seed N] [--result FILE]
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, NAMESPACE, RATION, Ration, end_at_once, is_harmless, of_stat, patiently, wait_for
from world import HAS, WORLD, mount

TOP = Path(__file__).resolve().parents[2]
FILES = [TOP / "tests/cli" / name for name in ("test_attacks.py", "test_surroundings.py")]
LONG = os.environ.get("RATION_LONG") == "1"
OWN = f"{mount()}$(sed -n s/^0:://p /proc/self/cgroup)"  # in a shell: its own group's directory

bed = pytest.mark.needs("vm")  # what could take the machine
group = pytest.mark.needs("cgroup")
root = pytest.mark.needs("cgroup", "root")
limits = pytest.mark.needs("memory", "pids", "vm")

LIMITS = "--memory 64M --pids 64 --kill-after .1 --timeout 3000"


@pytest.fixture(scope="module", autouse=True)
def neighbour(tmp_path_factory, warm_up):
    """Somebody else's run, beside all attacks: it sees nothing of them."""
    it = Ration(tmp_path_factory.mktemp("neighbour"))
    r = it.start(f"--namespace {NAMESPACE}-n --enforce any --memory 64M --pids 20",
                 ["sh", "-c", f"echo ready >{it.file('log')}; exec sleep 2000"])
    it.ready("log")
    yield r
    assert r.popen.poll() is None
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert (r.verdict, r.receipt["exit"]["signal"], r.receipt["leftover_killed"]) == ("interrupted", 15, 0), r
    assert r.counters() == {"signal to the supervisor": 15} and "in_force_at_end" not in str(r.receipt), r


def held(r):
    """The limits were."""
    assert r.usage.get("memory_peak_bytes", 0) <= 64 << 20, r
    assert r.usage.get("pids_peak", 0) <= 64, r


def interrupted(r):
    """Ends it now, as its operator would, or its time."""
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.verdict == "interrupted", r
    return r


def attack(run, options, command, **how):
    """A run of the command, as soon as that has said that it is `ready`."""
    r = run.start(options, [*command.split(), str(run.file("log"))] if isinstance(command, str) else command, **how)
    wait_for("the attack", lambda: run.said("log") or r.popen.poll() is not None)
    return r


# ------------------------------------------------------------------------- bombs

@limits
@pytest.mark.parametrize("kind", ["tmpfs", "memfd", "shared", "thp", "pipes", "sockets",
                                  pytest.param("locked", marks=pytest.mark.needs("root"))])
def test_attack_memory(run, kind):
    """Memory of any kind is the group's, and no more of it is there than its limit."""
    r = run(LIMITS + " --rlimit nofile=4096", f"exhaust {kind}")
    assert (r.code, r.verdict) == (137, "memory"), r
    held(r)


@limits
@pytest.mark.parametrize("kind", ["messages", "flight", "files", "timers", "signals"])
def test_attack_kernel_memory(run, kind):
    """Of what the kernel has for the program: it ends, or is refused more."""
    r = attack(run, LIMITS, f"exhaust {kind}")
    if r.popen.poll() is None:
        r.signal(signal.SIGTERM)  # its memory may come first all the same
    r = r.wait()
    assert r.verdict in ("interrupted", "memory"), r
    held(r)
    subprocess.run(["ipcrm", "--all=msg"], check=True)


@limits
@pytest.mark.parametrize("kind", ["dentries", "keys", "semaphores"])
def test_attack_kernel_objects(run, kind):
    r = run(LIMITS, f"exhaust {kind}")
    assert (r.code, r.verdict) == (0, "ok"), r
    held(r)
    subprocess.run(["ipcrm", "--all=sem"], check=True)


@limits
@pytest.mark.parametrize("kind", ["vfork", "threads", "siblings", "short"])
def test_attack_tasks(run, kind):
    """Bombs of every kind of task: never more than their limit, and all dead in the end."""
    r = run("--memory 64M --pids 64 --kill-after .1 --timeout 1", f"exhaust {kind}")
    assert (r.code, r.verdict) == (124, "wall-time") or (kind == "short" and r.verdict == "ok"), r
    held(r)


@pytest.mark.needs("vm")
@pytest.mark.parametrize("kind", ["signals", "inotify", "fanotify", "epoll", "keys", "timers"])
def test_attack_what_a_user_has(run, kind):
    """What there is so much of for a user is used up: runs of that user go on all the same, or are refused in words."""
    watches = Path("/proc/sys/fs/epoll/max_user_watches")
    before = watches.read_text()
    with contextlib.suppress(PermissionError):
        watches.write_text("2000")
    try:
        r = attack(run, "--timeout 3000", f"exhaust {kind}")
        other = run("--timeout 3000", ["sh", "-c", "sleep 1000 & exit 3"])
        assert other.code == 3 or kind == "epoll" and other.code == 125 and "can't wait" in other.stderr, other
        if r.popen.poll() is None:
            interrupted(r)
        else:
            assert r.wait().code == 0
    finally:
        with contextlib.suppress(PermissionError):
            watches.write_text(before)


# ------------------------------------------------------------------------ clinging

@pytest.mark.parametrize("how", ["vfork", "vforks", "page", "question", "ring", "exit", "subreaper", "uring", "waiting", "churn"])
def test_attack_cling(run, how):
    """Whatever its processes wait for, and whoever holds them: they end, and none is left."""
    r = attack(run, f"--enforce any {LIMITS}", f"cling {how}")
    interrupted(r)
    assert run.alive() == {}


@bed
@pytest.mark.parametrize("how", ["namespaces", "realtime"])
def test_attack_cling_in_the_bed(run, how):
    r = attack(run, f"--enforce any {LIMITS}", f"cling {how}")
    interrupted(r)


@pytest.mark.parametrize("how, code", [("thread-exec", 5), ("dead-leader", 6), ("siblings", 3)])
def test_attack_status(run, how, code):
    """The command's status is the command's, whoever else ends and whichever of its threads."""
    r = run("--enforce any --timeout 3000", f"cling {how}")
    assert (r.code, r.verdict) == (code, "exit"), r
    assert r.receipt["leftover_killed"] == (how == "siblings"), r


# ------------------------------------------------------------ the supervisor, by who may

def meddle(what, file, *words):
    """A command; `OWN` is its group."""
    words = " ".join(str(word) for word in words)
    return ["sh", "-c", f"exec meddle {what} {file} {words.replace('OWN', OWN)}"]


def over(run, r):
    """Ended by ration's own end, or by its keeper: nothing is left."""
    wait_for("all to be gone", lambda: not run.alive())
    run.command("gc")
    wait_for("the groups' end", lambda: not [path for path in run.groups() if f"/{NAMESPACE}/" in f"{path}/"])


# Without address space, data or files a sanitizer itself gives up: it maps memory and writes reports.
STARVES = pytest.mark.unsanitized("a sanitizer in the supervisor needs what is taken from it")


@pytest.mark.parametrize("which", [*(pytest.param(which, marks=STARVES) for which in ("", "7", "2", "9")), "1", "6", "11", "3"])
def test_attack_rlimits_of_the_supervisor(run, which):
    """Its limits are lowered: it ends the run all the same, and the receipt is there or told."""
    r = attack(run, f"--enforce any {LIMITS}", meddle("limits", run.file("log"), which))
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.code == 123 and r.stderr or r.verdict == "interrupted" or r.code == 125 and r.stderr, r
    over(run, r)


@root
@bed
@STARVES
def test_attack_no_files_for_the_supervisor(run):
    """It may open no file any more, and there is more than the command: its limit of time ends all."""
    r = run("--timeout 1 --kill-after .1", ["sh", "-c", "prlimit --pid $PPID --nofile=0:0; sleep 1000 & exec sleep 1000"], receipt=False)
    assert r.code == 124 and "wall-time limit" in r.stderr, r
    over(run, r)


@pytest.mark.parametrize("words", ["", "eat"])
def test_attack_demean(run, words):
    """Last for a CPU and first for the OOM killer: the limit's victim is the command."""
    r = attack(run, f"--enforce any {LIMITS}", meddle("demean", run.file("log"), words))
    r = interrupted(r) if not words else r.wait()
    assert r.verdict == ("memory" if words else "interrupted"), r


def test_attack_storm(run):
    """Signals that it passes on, without end."""
    r = run("--enforce any --timeout 1 --kill-after .1", meddle("storm", run.file("log")))
    assert (r.code, r.verdict) == (124, "wall-time"), r


@group
def test_attack_stop_the_caller(run):
    """`ration run` is stopped: its supervisor still ends the run in time; the receipt is there when it goes on."""
    def attempt(seconds):
        r = run.start(f"--timeout {seconds} --kill-after .1", meddle("stop", run.file("log"), 1))
        wait_for("it to be stopped", lambda: of_stat(r.pid)[0] == "T" or r.popen.poll() is not None)
        if r.popen.poll() is not None:
            r.wait()
            return None
        wait_for("the command's end", lambda: not {"sh", "meddle"} & set(run.alive().values()))
        r.signal(signal.SIGCONT)
        return r.wait()

    r = patiently(attempt)
    assert (r.code, r.verdict) == (124, "wall-time"), r


@group
@pytest.mark.parametrize("how", ["stop", "trace"])
def test_attack_hold_the_supervisor(run, how):
    """Stopped by its own command: a signal continues it. Traced: `ration kill` ends all, and with the tracer its hold."""
    r = attack(run, "--group t/g", meddle(how, run.file("log"), 0), receipt=False)
    r.signal(signal.SIGTERM)
    if how == "trace":
        assert run.command("kill", "t/g").code == 0
        for pid, name in run.alive().items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT if name == "ration-reaper" else 0)
    assert r.wait().code != 0
    over(run, r)


OLD = ["hide", "cgroup.kill"]  # as before 5.14


@root
@pytest.mark.parametrize("then", ["", "cgroup.freeze", pytest.param("cgroup.kill", marks=pytest.mark.since((5, 14)))])
def test_attack_move(run, then):
    """Put into the group that it is to end: it ends with it, and if that is frozen, by `ration kill`."""
    r = attack(run, "--group t/g", meddle("move", run.file("log"), "OWN", then), receipt=False)
    if not then:
        r.signal(signal.SIGTERM)
    elif then == "cgroup.freeze":
        assert run.command("kill", "t/g").code == 0
    r.wait()
    over(run, r)


@root
def test_attack_move_old(run):
    """The same on a kernel before 5.14: to kill a group there is to freeze it first, which it mustn't, being inside."""
    r = attack(run, "--group t/g", meddle("move", run.file("log"), "OWN"), receipt=False, before=OLD)
    os.kill(run.one("ration"), signal.SIGTERM)  # what was executed first hides the file
    r = r.wait()
    assert r.code == 137, r
    over(run, r)


@root
def test_attack_move_threaded(run):
    """The same where its group is threaded, which nobody kills by cgroup.kill on any kernel."""
    # While those who would notice that it is out of its group stand still.
    script = (f"d={OWN}; read pid name state top rest </proc/$PPID/stat; [ $(cat /proc/$top/comm) = ration ] || exit; kill -STOP $top $PPID; "
              f"echo $$ >{mount()}/cgroup.procs; echo threaded >$d/cgroup.type; echo $$ >$d/cgroup.procs; kill -CONT $PPID $top; "
              f"exec meddle move {run.file('log')} $d")
    r = attack(run, "--group t/g", ["sh", "-c", script], receipt=False)
    assert run.said("log")
    r.signal(signal.SIGTERM)
    r.wait()
    over(run, r)


@group
@pytest.mark.parametrize("before", [[], OLD], ids=["new", "old"])
@pytest.mark.parametrize("words", ["kill t/g", "rm --force t/g"])
def test_attack_kill_from_inside(run, base, words, before):
    """It has `ration` end its own group: killed, by nobody's limit."""
    r = run("--group t/g", ["sh", "-c", f"sleep 1000 & {RATION} {words} --base {base}; exit 9"], before=before)
    assert (r.code, r.verdict) in ((137, "signal"), (143, "signal")), r


# ------------------------------------------------------------------- its own group

@root
@pytest.mark.parametrize("script, verdict", [
    ("echo 0 >cgroup.max.depth; echo 0 >cgroup.max.descendants", "interrupted"),
    ("echo 0 >../cgroup.max.depth; echo 0 >../cgroup.max.descendants", "interrupted"),
    ("chown 1000 . cgroup.*; chmod 0 . cgroup.*", "interrupted"),
    ("mkdir a a/b; chown -R 1000 a; chmod 0 a/b a", "interrupted"),
    ("{ready}; echo 1 >../cgroup.freeze", "interrupted"),
    ("{ready}; echo 0 >cgroup.max.depth; echo 1 >cgroup.freeze", "interrupted"),
    pytest.param("sleep 1000 & echo 0 >pids.max; {ready}; echo 0 >memory.high; echo 1000 1000000 >cpu.max; while :; do :; done",
                 "interrupted", marks=pytest.mark.long),
    ("echo max >pids.max; echo max >memory.max; echo max >cpu.max; echo 0 >cgroup.pressure", "interrupted"),
    ("mkdir a; echo threaded >a/cgroup.type; mkdir a/b; echo threaded >a/b/cgroup.type; echo $$ >a/b/cgroup.threads", "interrupted"),
    ("for i in 1 2 3 4 5 6 7 8; do mkdir $i; sleep 1000 & echo $! >$i/cgroup.procs; echo 1 >$i/cgroup.freeze; done", "interrupted"),
], ids=["no groups", "no groups beside", "another's", "another's below", "frozen tenant", "frozen itself", "starved", "unlimited",
        "threads", "frozen below"])
def test_attack_own_group(run, script, verdict):
    """Whatever it does to its group: the run ends, and the group is gone."""
    ready = f"echo ready >{run.file('log')}"
    script = script.replace("{ready}", ready)
    r = attack(run, "--tenant t", ["sh", "-c", f"cd {OWN}; {script}; {ready}; sleep 1000 & sleep 1000"], stderr=subprocess.DEVNULL)
    if r.popen.poll() is None:
        r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.verdict == verdict, r
    over(run, r)


@root
def test_attack_group_made_anew(run, hand):
    """It leaves its group, removes it, and makes another of that name: that isn't the run's, and it is ended there. The
    kernel doesn't tell of it where all that takes less than 10 ms."""
    hand.ok("create t")
    for _ in range(8):
        r = run("--tenant t", ["sh", "-c", f"d={OWN}; cd /; echo $$ >$d/../../cgroup.procs || echo $$ >{mount()}/cgroup.procs; "
                               "rmdir $d; mkdir $d; echo $$ >$d/cgroup.procs; sleep 1000 & sleep 1000"])
        assert (r.code, r.verdict) == (125, "internal") and r.receipt["escaped_to"], r
        assert run.alive() == {}
    hand.ok("rm --force t")


@root
@pytest.mark.since((5, 14))
def test_attack_kill_itself(run):
    """By cgroup.kill of its own group: a signal, that none of ration's limits has sent."""
    r = run("", ["sh", "-c", f"echo 1 >{OWN}/cgroup.kill; sleep 1000"])
    assert (r.code, r.verdict) == (137, "signal"), r


@root
def test_attack_group_beside(run, hand):
    """A group that it makes in its tenant, and a child that it puts there: ended and told."""
    hand.ok("create t")
    r = run("--tenant t", ["sh", "-c", f"d={OWN}/../beside; mkdir $d; sh -c \"echo 0 >$d/cgroup.procs; exec sleep 1000\" & "
                           "while ! grep -q . $d/cgroup.procs; do :; done; exit 4"])
    assert (r.code, r.verdict) == (125, "internal") and r.receipt["escaped_to"].endswith("/beside"), r
    assert run.alive() == {}
    hand.ok("rm --force t")


@root
def test_attack_into_a_neighbours_group(run, hand):
    """It goes into another run's group of the tenant: it is ended, the other goes on, and its receipt is its own."""
    hand.ok("create t")
    other = run.start("--group t/other", ["sh", "-c", f"echo ready >{run.file('other')}; exec sleep 1000"])
    run.ready("other")
    there = hand.path("t/other")
    r = run("--tenant t", ["sh", "-c", f"sh -c 'echo 0 >{there}/cgroup.procs; exec sleep 1000' & "
                           f"while [ $(wc -l <{there}/cgroup.procs) -lt 2 ]; do :; done; exit 4"])
    assert (r.code, r.verdict) == (125, "internal") and r.receipt["escaped_to"].endswith("/t/other"), r
    other = interrupted(other)
    assert other.receipt["leftover_killed"] == 0 and "escaped_to" not in other.receipt, other


@root
@pytest.mark.since((5, 7))
def test_attack_born_elsewhere(run, base, by_hand):
    """A child that clone3 puts into another group at its birth."""
    there = by_hand(base / f"{NAMESPACE}-there")
    r = run("", ["meddle", "born", str(run.file("log")), str(there)])
    assert (r.code, r.verdict) == (125, "internal") and r.receipt["escaped_to"].endswith("-there"), r


@root
def test_attack_hop(run, hand):
    """From one group of the tenant to the other all the time, while the tenant is killed."""
    for name in ("t", "t/a", "t/b"):
        hand.ok(f"create {name}")
    child = hand.put("t/a", f"{HELPERS}/meddle hop {run.file('log')} {hand.path('t/a')} {hand.path('t/b')}")
    run.ready("log")
    hand.ok("kill t")
    assert child.wait(DEADLINE) == -signal.SIGKILL
    hand.ok("rm t")


FIRST = int(os.environ.get("RATION_SEED", 1))
SEEDS = range(FIRST, FIRST + (50 if LONG else 1))


@pytest.mark.long
@root
@bed
@pytest.mark.parametrize("seed", SEEDS)
def test_attack_files_at_random(run, seed):
    """Any text into any file of its own group, and of one below."""
    r = attack(run, f"--timeout 2 --kill-after .1 {'--memory 64M --pids 64' if 'memory' in HAS else ''}",
               meddle("random", run.file("log"), "OWN", seed, 300), stderr=subprocess.DEVNULL)
    if r.popen.poll() is None:
        r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.verdict in ("interrupted", "wall-time", "memory", "signal", "ok", "exit", "internal"), r
    over(run, r)


@root
@pytest.mark.parametrize("seed", SEEDS)
def test_attack_notes_at_random(run, hand, seed):
    """Its group's notes are anything: all commands bear it, and the run ends as ever."""
    r = attack(run, "--group t/g", meddle("forge", run.file("log"), "OWN", seed))
    for words in ("ls", "ls --json", "gc --dry-run", "gc", "show t/g", "stat t/g"):
        said = hand(words)
        assert said.code in (0, 125), said
        assert is_harmless(said.stdout + said.stderr), said
    if r.popen.poll() is None:
        interrupted(r)
    else:
        r.wait()
    over(run, r)


# ------------------------------------------------------------- the machine around it

LOOKS = ("ls", "ls --json", "gc --dry-run", "gc", "show t/g", "stat t/g")


def bear(hand, looks=LOOKS, **how):
    """All commands bear it: they answer, or fail in words."""
    for words in looks:
        said = hand(words, **how)
        assert said.code in (0, 125) or words.startswith("gc") and said.code == 1 and "can't be removed" in said.stdout, said
        assert said.code != 125 or said.stderr, said
        assert is_harmless(said.stdout + said.stderr), said


@root
@bed
@pytest.mark.needs("unshare")
@pytest.mark.parametrize("script", ["mount -t tmpfs none $d", "mount -t tmpfs none $d/..", "mount --bind $d/../other $d",
                                    f"mount -t tmpfs none {mount()}", f"umount -l {mount()}", "mount -t tmpfs none /proc"],
                         ids=["group", "tenant", "another group", "tree", "unmounted", "proc"])
def test_attack_mount(run, hand, base, script):
    """Something else is mounted where its group or all of them were: the run ends as ever, and nobody else is hit."""
    hand.ok("create t")
    other = run.start("--group t/other", ["sh", "-c", f"echo ready >{run.file('other')}; exec sleep 1000"])
    run.ready("other")
    r = attack(run, "--group t/g", ["sh", "-c", f"d={OWN}; {script}; echo ready >{run.file('log')}; sleep 1000 & sleep 1000"],
               before=["unshare", "-m"])
    bear(hand, (*LOOKS, "kill t/g", "rm --force t/g"), before=["nsenter", "-t", str(r.pid), "-m"])
    if r.popen.poll() is None:
        r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.receipt and r.verdict in ("interrupted", "signal"), r
    place = base / NAMESPACE / "t/g"
    assert not place.exists() or (place / "cgroup.procs").read_text() == "" and "t/g: something is mounted over" in r.stderr, r
    hand.ok("gc")
    assert not place.exists()
    assert interrupted(other).receipt["leftover_killed"] == 0
    hand.ok("rm --force t")


@root
@pytest.mark.needs("unshare")
@pytest.mark.parametrize("without", [["nosys", "38", "openat2"], ["hide", "cgroup.kill", "nosys", "38", "openat2"]],
                         ids=["no openat2", "as 5.4"])
def test_attack_mount_below(run, hand, base, without):
    """Another group is mounted on a group below its own: it isn't of the run, though it is of the same file system."""
    hand.ok("create t")
    other = run.start("--group t/other", ["sh", "-c", f"echo ready >{run.file('other')}; exec sleep 1000"])
    run.ready("other")
    r = run("--group t/g --timeout 1s", ["sh", "-c", f"d={OWN}; mkdir $d/below && mount --bind $d/../other $d/below && exec sleep 1000"],
            before=["unshare", "-m", *without])
    assert (r.code, r.verdict) == (124, "wall-time"), r
    hand.ok("gc")
    assert not (base / NAMESPACE / "t/g").exists()
    assert interrupted(other).receipt["leftover_killed"] == 0
    hand.ok("rm --force t")


@root
@pytest.mark.needs("unshare")
@pytest.mark.parametrize("before", [[], OLD], ids=["new", "old"])
def test_attack_read_only(run, before):
    """The tree is mounted read-only, and a program that has the library supervises: what is left is killed by pid."""
    done = run.program(["unshare", "-m", *before, f"{HELPERS}/caller", NAMESPACE, run.env["RATION_TEST_PROGRAMS"], "group",
                        "sh", "-c", f"sleep 1000 & mount -o remount,bind,ro {mount()} && exit 4"])
    assert done.code == 4, done
    wait_for("its keeper to give up", lambda: not run.alive())
    assert run.command("gc").code == 0


@root
@bed
@pytest.mark.parametrize("then", [7000000000, 864000], ids=["ahead", "back"])
def test_attack_clock(run, hand, base, by_hand, then):
    """The clock is set: the limit of time, the receipt and the collector go by another one."""
    def attempt(seconds):
        """Within its time."""
        r = attack(run, f"--group t/g --timeout {seconds} --kill-after .1",
                   ["sh", "-c", f"date -s @{then} && echo ready >{run.file('log')}; sleep 1000"])
        if not run.said("log"):
            r.wait()
            return None
        bear(hand)
        return r.wait(), seconds

    offset = time.time() - time.monotonic()
    try:
        r, seconds = patiently(attempt)
        assert (r.code, r.verdict) == (124, "wall-time") and abs(time.time() - then) < 1000, r
        assert 1e6 * seconds <= r.usage["wall_usec"] <= 1e6 * r.wall, r
        made = by_hand(base / NAMESPACE / "t" / "unfinished")
        os.utime(made)
    finally:
        time.clock_settime(time.CLOCK_REALTIME, offset + time.monotonic())
    hand.ok("gc")
    assert not made.exists()


@root
@bed
@pytest.mark.needs("unshare")
@pytest.mark.since((5, 14))
def test_attack_foreign_process(run, hand, base):
    """A process of another pid namespace, with pid 0 there, is put into its group: ended with it."""
    def attempt(seconds):
        """While there is a group."""
        run.file("log").unlink(missing_ok=True)
        r = attack(run, f"--group t/g --timeout {seconds} --kill-after .1", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"],
                   before=["unshare", "--pid", "--fork", "--mount-proc"])
        child = hand.sleeper()
        try:
            (base / NAMESPACE / "t/g/cgroup.procs").write_text(str(child.pid))
        except OSError:
            child = None
        return (r.wait(), child) if child else r.wait() and None

    r, child = patiently(attempt)
    assert (r.code, r.verdict) == (124, "wall-time"), r
    assert child.wait(DEADLINE) == -signal.SIGKILL


@root
@bed
@pytest.mark.parametrize("seed", SEEDS)
def test_attack_notes_of_a_delegate(run, hand, seed):
    """Its tenant's notes are anything: root's commands bear it, its limits stay, and nothing is started there."""
    limit = "--pids 50" if "pids" in HAS else ""
    hand.ok(f"create t {limit} --owner 1001:1001")
    place = hand.path("t")
    before = {file: (place / file).read_text() for file in ("pids.max", "cgroup.max.depth") if (place / file).exists()}
    subprocess.run([f"{HELPERS}/meddle", "forge", "/dev/null", str(place / "g"), str(seed), "end"], user=1001, group=1001,
                   extra_groups=[], check=True, timeout=DEADLINE, preexec_fn=None)
    bear(hand)
    for words in (["create", "t/y"], ["run", "--tenant", "t", "--", "true"]):
        assert hand(words).code == 125
    assert place.exists() and before == {file: (place / file).read_text() for file in before}
    hand.ok("rm --force t")


@limits
def test_attack_left_behind(run):
    """System V objects: they stay, as SECURITY.md says, and neither the end nor the group waits for them."""
    r = run(LIMITS, ["sh", "-c", "ipcmk -M 4096 && ipcmk -Q && ipcmk -S 100"])
    assert (r.code, r.verdict) == (0, "ok"), r
    ids = [line.split()[-1] for line in r.stdout.splitlines() if line]
    subprocess.run(["ipcrm", "-m", ids[0], "-q", ids[1], "-s", ids[2]], check=True)


@pytest.mark.long
@root
@bed
def test_attack_nesting(run):
    """The bounds of its nesting lifted, as root can: wide and deep, with processes at the end."""
    wide, deep = (10000, 1000) if LONG else (1000, 200)
    script = (f"cd {OWN}; echo max >cgroup.max.depth; echo max >cgroup.max.descendants; "
              f"seq {wide} | xargs mkdir; for i in $(seq {deep}); do mkdir d && cd d; done; sh -c 'echo 0 >cgroup.procs; exec sleep 1000' & "
              f"while ! grep -q . cgroup.procs; do :; done; echo ready >{run.file('log')}; sleep 1000")
    r = attack(run, "--tenant t", ["sh", "-c", script])
    assert run.said("log")
    interrupted(r)
    over(run, r)


@root
@bed
def test_attack_pid_used_again(run, hand):
    """Its supervisor's pid is somebody else's: the run of the dead is collected, and that process isn't touched."""
    r = run.start("--group t/g", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"], receipt=False)
    run.ready("log")
    pids = (r.pid, run.one("ration-reaper"))
    end_at_once(pids)
    r.popen.wait(DEADLINE)  # its output is held by the command, which lives

    def again():
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pids[1] - 1))
        child = hand.sleeper()
        return child if child.pid == pids[1] else None
    child = wait_for("the pid", again)
    hand.ok("gc")
    assert child.poll() is None and not [path for path in run.groups() if path.endswith("/t/g")]


# --------------------------------------------------------- strangers, delegates, other users

def doors(pid, place, uid, env, procs=None):
    """What another uid may do to a run: door -> errno."""
    done = subprocess.run([f"{HELPERS}/doors", str(pid), str(place), "--user", str(uid)], env=env, capture_output=True, text=True,
                          timeout=DEADLINE, check=False, preexec_fn=lambda: procs and Path(procs).write_text("0"))
    return dict(line.split() for line in done.stdout.splitlines())


DOORS = ("kill stop pidfd-signal sigqueue ptrace fd-theft memory-read prlimit policy affinity nice ioprio oom-score its-memory "
         "its-fds its-namespaces clear-refs freeze group-kill memory.max pids.max cpu.max enter enter-thread leave controllers "
         "threaded no-groups mkdir mkdir-beside rmdir chmod chown user-note trusted-note remove-note lock mount-over unmount "
         "trigger namespace").split()


@pytest.fixture(scope="module")
def tried(tmp_path_factory, warm_up):
    """All doors, tried by a stranger, by a delegate from inside its tenant, and by the program of another user in the run."""
    it = Ration(tmp_path_factory.mktemp("doors"))
    it.env["RATION_NAMESPACE"] = f"{NAMESPACE}-d"
    assert it.command("create", "acme/x", "--owner", "1001:1001").code == 0
    limit = "--memory 64M --pids 64" if "memory" in HAS else ""
    r = it.start(f"--group t/g {limit}", ["sh", "-c", f"echo ready >{it.file('log')}; exec sleep 2000"])
    it.ready("log")
    place = next(path for path in it.groups() if path.endswith("-d/t/g"))
    supervisor = it.one("ration-reaper")
    found = {"stranger": doors(supervisor, place, 12345, it.env),
             "delegate": doors(supervisor, place, 1001, it.env, f"{place}/../../acme/x/cgroup.procs")}
    inside = it(f"--user 1000 {limit}", ["sh", "-c", f"d={OWN}; exec doors $PPID $d"])
    found["other user"] = dict(line.split() for line in inside.stdout.splitlines())
    r = interrupted(r)
    assert r.counters() == {"signal to the supervisor": 15} and "in_force_at_end" not in str(r.receipt), r
    assert it.command("rm", "--force", "acme").code == 0
    return found


@root
@bed
@pytest.mark.parametrize("door", DOORS)
def test_attack_door(tried, door):
    """No door is open to who is another user."""
    assert {who: found.get(door) for who, found in tried.items() if found.get(door, "0") == "0"} == {}


@root
@bed
def test_attack_kill_everybody(run):
    """kill -9 -1, by another user: its own processes, and no more."""
    r = run("--user 1000", ["sh", "-c", "sleep 1000 & kill -9 -1; exit 5"])
    assert (r.code, r.verdict) == (5, "exit"), r


# ----------------------------------------------------------------------- the document

@pytest.mark.worlds("host")
def test_attacks_are_documented():
    """docs/attacks.md: each named test exists, and each test here is named; its number is that of its lines."""
    text = (TOP / "docs/attacks.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    named = set(re.findall(r"`(test_\w+)(?:\[.*?\])?` \|$", text, re.M))
    there = set(re.findall(r"\b(test_\w+)\(", "".join(path.read_text() for path in (TOP / "tests").rglob("test*")
                                                     if path.suffix in (".py", ".c"))))
    mine = set(re.findall(r"^def (test_attack_\w+)\(", "".join(path.read_text() for path in FILES), re.M))
    assert len(rows) == int(re.search(r"(\d+) attacks", text)[1]) and all(row.count("|") == 5 for row in rows)
    assert not named - there and not mine - named, (named - there, mine - named)


# ------------------------------------------------------------------------- by hand

class Count:
    """A plugin: what was tried, and what failed."""

    def __init__(self):
        self.tried, self.failed = 0, 0

    def pytest_runtest_logreport(self, report):
        self.tried += report.when == "call"
        self.failed += report.failed


def main():
    parser = argparse.ArgumentParser(description="All attacks, in this world")
    parser.add_argument("--long", action="store_true", help="50 seeds for what is random")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--result", help="a file for a JSON object")
    options = parser.parse_args()
    os.environ.update(RATION_LONG="1" if options.long else "0", RATION_SEED=str(options.seed))
    count, begun = Count(), time.monotonic()
    print(f"seed {options.seed}", flush=True)
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--tb=short", *map(str, FILES)], plugins=[count])
    result = {"part": "attacks", "kernel": os.uname().release, "world": WORLD, "tried": count.tried, "failures": count.failed,
              "seconds": round(time.monotonic() - begun), "seed": options.seed}
    if options.result:
        Path(options.result).write_text(json.dumps(result) + "\n")
    print(json.dumps(result))
    return 1 if status or count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
