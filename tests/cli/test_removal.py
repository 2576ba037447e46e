# SPDX-License-Identifier: MIT
"""What is removed is gone, whatever its processes have made in it (FA7, FB1 to FB3, FB13
to FB15, FB17, FB18), and what fails changes nothing (FC10, FC11, FC23)."""

import os
import signal
import subprocess
import sys

import pytest

from conftest import DEADLINE, NAMESPACE, end_at_once, parent, wait_for
from world import WORLD, locked, mount, v1_places

pytestmark = pytest.mark.needs("cgroup")

# Names that nobody expects: with a dot in front, of bytes that are no text, of control characters.
NAMES = [b".x", b"..y", b"...", b"-n", b"\xff\xfe", b"\x1b[31m", b"a\tb", b" ", b"z" * 250]
# The directory of the group that a process is in.
OWN = f"{mount()}$(sed -n s/^0:://p /proc/self/cgroup)"


def python(text, *arguments):
    """A command that makes groups below its own, as any root in a group can."""
    head = ("import os, sys, signal, time\n"
            f"top = {str(mount())!r} + [l[3:].strip() for l in open('/proc/self/cgroup') if l.startswith('0::')][0]\n")
    return [sys.executable, "-c", head + text, *map(str, arguments)]


def make_names(top):
    for name in NAMES:
        os.mkdir(os.path.join(os.fsencode(top), name))


def orphan(run, *started):
    """Ends runs' own processes at once, so that none can clean up after another."""
    runs = {r.pid for r in started}
    own = [pid for pid, name in run.alive().items() if name.startswith("ration") and {pid, parent(pid)} & runs]
    end_at_once(own)
    for r in started:
        r.wait()


def test_FB1_a_name_with_a_dot(run):
    assert run("", ["sh", "-c", f"mkdir {OWN}/.x"]).code == 0


def test_FB1_any_name(run):
    """At two levels, with a process in each of the lower ones."""
    r = run("", python(f"names = {NAMES!r}\n"
                       "for name in names:\n"
                       "    at = os.path.join(os.fsencode(top), name, b'.' + name[:100])\n"
                       "    os.makedirs(at)\n"
                       "    if os.fork() == 0:\n"
                       "        open(at + b'/cgroup.procs', 'w').write('0')\n"
                       "        time.sleep(1000)\n"))
    assert (r.code, r.receipt["leftover_killed"]) == (0, len(NAMES)), r


@pytest.mark.parametrize("how", ["rm --force", "rm"])
def test_FB1_removed_by_hand(hand, how):
    hand.ok("create t/g")
    make_names(hand.path("t/g"))
    if how == "rm --force":
        hand.put("t/g")
    hand.ok([*how.split(), "t/g"])
    hand.ok("create t")
    make_names(hand.path("t"))
    hand.ok([*how.split(), "t"])
    assert not any(path.endswith(f"/{NAMESPACE}/t") for path in hand.run.groups())


def test_FB1_collected(run):
    """What a dead owner has left, too."""
    names = repr(NAMES)
    r = run.start("", python(f"for name in {names}: os.mkdir(os.path.join(os.fsencode(top), name))\n"
                             f"open({str(run.file('log'))!r}, 'w').write('ready'); time.sleep(1000)"),
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run.ready("log")
    orphan(run, r)
    run.collect()
    assert run.alive() == {}


# A process whose main thread ends. The other one moves then, and the main thread stays where it was.
DEAD_LEADER = """
import ctypes, threading
def live():
    while ' Z ' not in open('/proc/self/stat').read(): time.sleep(.01)
    place = sys.argv[1] if sys.argv[1].startswith(top) else top + sys.argv[1]
    os.makedirs(place, exist_ok=True)
    open(place + '/cgroup.procs', 'w').write(str(threading.get_native_id()))
    open(sys.argv[2], 'w').write(f'ready {os.getpid()}')
    time.sleep(1000)
if os.fork() == 0:
    threading.Thread(target=live).start()
    ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
time.sleep(1000)
"""


def lives(log):
    """Whether the process that has written there has a thread yet. To look at, it is a zombie."""
    try:
        return len(os.listdir(f"/proc/{log.read_text().split()[1]}/task")) > 1
    except OSError:
        return False


@pytest.mark.parametrize("place", ["/.x", "/a", "/a/.b/c"])
def test_FB2_a_dead_leader_elsewhere(run, place):
    """Its leader is listed in one group, the thread that lives is in another."""
    r = run.start("", python(DEAD_LEADER, place, run.file("log")))
    run.ready("log")
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


@pytest.mark.parametrize("command", ["kill t/g", "rm --force t/g", "rm --force t"])
def test_FB2_by_hand(hand, command):
    hand.ok("create t/g")
    log = hand.run.file("log")
    child = subprocess.Popen(["sh", "-c", 'echo $$ >"$0"/cgroup.procs; exec "$@"', hand.path("t/g"),
                              *python(DEAD_LEADER, "/.x", log)], env=hand.run.env, start_new_session=True)
    hand.children.append(child)
    hand.run.ready("log")
    hand.ok(command)
    wait_for("all to be dead", lambda: child.poll() is not None and not lives(log))


@pytest.mark.needs("root")  # another comes from a session, and may not move in
@pytest.mark.parametrize("command", ["kill t/g", "rm --force t/g", "rm --force t", "rm --release t/g"])
def test_FB2_only_a_thread(hand, command):
    """Its leader is in no group of ours: only cgroup.threads tells of it."""
    hand.ok("create t/g")
    log = hand.run.file("log")
    hand.start(python(DEAD_LEADER, hand.path("t/g"), log))
    hand.run.ready("log")
    hand.ok(command)
    if "--release" in command:
        assert lives(log)
    wait_for("it to be dead", lambda: "--release" in command or not lives(log))
    os.kill(int(log.read_text().split()[1]), signal.SIGKILL)


def test_FB2_a_threaded_group(run):
    """Which cgroup.kill refuses, and which has no list of processes."""
    r = run.start("", python("try: open(top + '/cgroup.type', 'w').write('threaded')\n"
                             "except OSError: pass\n"
                             "os.mkdir(top + '/a')\n"
                             "try: open(top + '/a/cgroup.type', 'w').write('threaded')\n"
                             "except OSError: pass\n"
                             f"open({str(run.file('log'))!r}, 'w').write('ready'); time.sleep(1000)"))
    run.ready("log")
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


def test_FB3_nesting_is_bounded(run):
    """The command of a run is told so; who has made the limit of the kernel's may lift it."""
    r = run("", python("def nest(at, n, depth=0):\n"
                       "    try:\n"
                       "        for depth in range(1, n): os.mkdir(at := f'{at}/{depth}')\n"
                       "    except OSError as e: return depth - 1, e.errno\n"
                       "print(nest(top, 600))\n"
                       "try:\n"
                       "    for i in range(5000): os.mkdir(f'{top}/w{i}')\n"
                       "except OSError as e: print(i + 64, e.errno)\n"))
    assert (r.code, r.stdout) == (0, "(64, 11)\n4096 11\n"), r


# Relative to where it stands: such a path is longer than any that the kernel takes.
DEEP = """
def nest(n):
    for i in range(n):
        os.mkdir('.d')
        os.chdir('.d')
"""
UNBOUND = DEEP + "for file in ('depth', 'descendants'): open(f'{top}/cgroup.max.{file}', 'w').write('max')\n"


def test_FB3_deep(run):
    """With few file descriptors, and by a command that lifts the bound."""
    r = run("", python(UNBOUND + "os.chdir(top)\nnest(600)\nopen('cgroup.procs', 'w').write('0')\n"
                       "if os.fork() == 0: time.sleep(1000)\nos._exit(7)"), before=["prlimit", "--nofile=64"])
    assert (r.code, r.receipt["leftover_killed"]) == (7, 1), r


@pytest.mark.parametrize("words", ["rm --force t/g", "rm --force t", "kill t/g"])
def test_FB3_deep_by_hand(hand, words):
    hand.ok("create t/g")
    log = hand.run.file("log")
    child = hand.start(python(DEEP + "os.chdir(sys.argv[1])\nnest(600)\nopen('cgroup.procs', 'w').write('0')\n"
                              "open(sys.argv[2], 'w').write('ready')\ntime.sleep(1000)", hand.path("t/g"), log))
    hand.run.ready("log")
    hand.ok(words, before=["prlimit", "--nofile=64"])
    assert child.wait(DEADLINE) == -signal.SIGKILL
    assert hand.ok("ls --json").stdout.count('"t/g"') == (words == "kill t/g")


def test_FB3_wide(hand):
    hand.ok("create t/g")
    top = hand.path("t/g")
    for i in range(10000 if WORLD == "host" else 1000):
        os.mkdir(top / f"{i}")
    hand.ok("rm --force t/g", before=["prlimit", "--nofile=64"])
    assert not top.exists()


@pytest.mark.long
@pytest.mark.needs("root")
def test_FB3_somebody_makes_more(hand):
    """As long as root removes it, who has it makes more groups in it, deeper and deeper."""
    hand.ok("create --owner 12345:12345 t")
    top = hand.path("t")
    child = hand.start(python("os.setgid(12345); os.setuid(12345); os.chdir(sys.argv[1])\n"
                              "while True:\n"
                              "    for name in 'abcdefgh':\n"
                              "        try: os.mkdir(name)\n"
                              "        except OSError: pass\n"
                              "    try: os.chdir('a')\n"
                              "    except OSError:\n"
                              "        try: os.chdir(sys.argv[1])\n"
                              "        except OSError: break\n", top))
    wait_for("it to have begun", lambda: (top / "h").exists())
    hand.ok("rm --force t")
    assert child.wait(DEADLINE) == 0 and not top.exists()


# A run that was killed before it had a group leaves what it had made by then.
@pytest.mark.parametrize("left", ["", "/t"])
def test_FB17_an_empty_namespace(run, base, left):
    os.makedirs(f"{base}/{NAMESPACE}{left}")
    assert run.command("gc", "--dry-run").code == 0
    assert os.path.isdir(f"{base}/{NAMESPACE}{left}")
    assert run.command("gc").code == 0
    assert not os.path.exists(f"{base}/{NAMESPACE}")


@pytest.mark.needs("memory1")
def test_FB17_an_empty_namespace_in_v1(run):
    place = v1_places()["memory"] / NAMESPACE
    place.mkdir()
    assert run.command("gc").code == 0
    assert not place.exists()


def removed_when_unlocked(run, group, name):
    """A directory of somebody's own stays; one with the modes that cg_mkdir() begins with goes."""
    assert run.command("gc").code == 0
    assert group.exists()
    group.chmod(0o700)
    with locked(group / name):
        assert run.command("gc").code == 0
        assert group.exists()
    assert run.command("gc").code == 0
    assert not group.parent.parent.exists()


def test_FB17_a_group_that_was_never_finished(run, base):
    """A run that was killed between mkdir(2) and its first note leaves this; one that makes it just now has the lock."""
    group = base / NAMESPACE / "t" / "g"
    group.mkdir(parents=True)
    removed_when_unlocked(run, group, "cgroup.max.descendants")


@pytest.mark.needs("memory1")
def test_FB17_a_group_that_was_never_finished_in_v1(run):
    group = v1_places()["memory"] / NAMESPACE / "t" / "g"
    group.mkdir(parents=True)
    removed_when_unlocked(run, group, "notify_on_release")


@pytest.mark.needs("root")
def test_FB17_of_another_user(run, base, by_hand):
    """It isn't ours to say that nobody needs it."""
    os.chown(by_hand(base / NAMESPACE), 12345, 12345)
    assert run.command("gc").code == 0
    assert (base / NAMESPACE).exists()


@pytest.mark.long
def test_FB14_a_sweep_goes_round(run):
    """Runs that live were always looked at first; the dead ones came never."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    script = ["sh", "-c", f'echo "$0" >{run.file("log")}.$0; sleep 1000']
    live = [run.start(f"--tenant t --name live{i}", [*script, f"live{i}"]) for i in range(16)]
    dead = [run.start(f"--tenant t --name dead{i}", [*script, f"dead{i}"], **quiet) for i in range(4)]
    for name in [f"live{i}" for i in range(16)] + [f"dead{i}" for i in range(4)]:
        run.ready(f"log.{name}", name)
    orphan(run, *dead)
    left = lambda: sorted(path for path in run.groups() if "/dead" in path)  # noqa: E731
    for _ in range(40):
        if not left():
            break
        assert run("--tenant t", "true").code == 0
    assert not left()
    for r in live:
        r.signal(signal.SIGTERM)
    for r in live:
        assert r.wait().verdict == "interrupted"


def rlimits(pid):
    return open(f"/proc/{pid}/limits", encoding="utf-8").read()


@pytest.mark.parametrize("words", [
    "--rlimit core=0 --rlimit as=1G --rlimit nofile=99999999999",
    "--rlimit nofile=99999999999 --rlimit core=0",
    "--rlimit core=0 --cpuset-cpus 0 --cpu-weight 50 --rlimit nofile=99999999999"])
def test_FC10_attach_all_or_nothing(hand, words):
    hand.ok("create t/g")
    sleep = hand.sleeper()
    before = rlimits(sleep.pid), os.sched_getaffinity(sleep.pid), os.getpriority(os.PRIO_PROCESS, sleep.pid)
    hand.refused(f"attach {words} t/g {sleep.pid}", "nofile")
    assert (rlimits(sleep.pid), os.sched_getaffinity(sleep.pid),
            os.getpriority(os.PRIO_PROCESS, sleep.pid)) == before


@pytest.mark.parametrize("nice, weight, after", [(15, 50, 18), (18, 50, 19), (19, 1, 19)])
def test_FC11_attach_is_never_less_nice(hand, nice, weight, after):
    """The nice value is added to what the process has, as at a start."""
    hand.ok("create t/g")
    sleep = hand.sleeper()
    os.setpriority(os.PRIO_PROCESS, sleep.pid, nice)
    hand.ok(f"attach --cpu-weight {weight} t/g {sleep.pid}")
    assert os.getpriority(os.PRIO_PROCESS, sleep.pid) == after


@pytest.mark.needs("unshare")
@pytest.mark.since((5, 6))
@pytest.mark.parametrize("other", ["the run", "gc"])
def test_FB18_another_time_namespace(run, other):
    """Where the clock since boot shows something else, a process has another start time."""
    unshare = ["unshare", "--time", "--boottime", "1000000", "--fork"]
    r = run.start("--tenant t --name g", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"],
                  before=unshare if other == "the run" else [])
    run.ready("log")
    collect = run.command("gc", before=unshare if other == "gc" else [])
    assert collect.code == 0 and "removed: 0" in collect.stdout, collect
    again = run("--tenant t --name g", "true", before=unshare if other == "gc" else [])
    assert again.code == 125 and "exists" in again.stderr, again
    assert r.popen.poll() is None
    os.kill(run.one("ration"), signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


LOCKS = """
import fcntl, struct
os.setgid(12345); os.setuid(12345)
fds = []
for path in sys.argv[2:]:
    for name in ('', '/cgroup.max.descendants', '/cgroup.procs', '/cgroup.events'):
        for mode in (os.O_RDONLY, os.O_RDWR):
            try: fd = os.open(path + name, mode)
            except OSError: continue
            fds.append(fd)
            for lock in (lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
                         lambda: fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 0, 0, 0)),
                         lambda: fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))):
                try: lock()
                except OSError: pass
open(sys.argv[1], 'w').write('ready')
time.sleep(1000)
"""


@pytest.mark.needs("root")
@pytest.mark.parametrize("owner", ["", "--owner 12345:12345"])
def test_FA7_a_strangers_lock(hand, owner):
    """On whatever it can open, of whatever kind."""
    hand.ok(f"create t {owner}")
    hand.ok("create u")
    hand.ok("create u/g")
    log = hand.run.file("log")
    log.write_text("")
    log.chmod(0o666)
    log.parent.chmod(0o755)
    for above in log.parents:
        if above.stat().st_uid == os.geteuid() and not above.stat().st_mode & 1:
            above.chmod(above.stat().st_mode | 0o111)
    hand.start(python(LOCKS, log, hand.path("t"), hand.path("u"), hand.path("u/g")))
    hand.run.ready("log")
    for words in ("set t --pids 50", "set u/g --cpu-weight 200", "create u --exist-ok", "create u/g --exist-ok",
                  "create u/h", "rm --force t", "rm --force u"):
        r = hand(words)
        assert "another process" not in r.stderr and "has been changing" not in r.stderr, r
    hand.ok("create t")


def test_FA7_others_still_see(run):
    """What is closed is the file of the lock; a group can be looked at, whatever the caller's mask."""
    r = run("", ["sh", "-c", f"stat -c %a {OWN} {OWN}/cgroup.max.descendants {OWN}/.."], before=["sh", "-c", 'umask 077; "$@"', "x"])
    assert r.stdout.split() == ["755", "600", "755"], r


@pytest.mark.parametrize("name", ["x (deleted)", "x (deleted)/y"])
def test_FC23_a_name_that_ends_in_deleted(run, base, by_hand, name):
    """It is there: that can be seen by looking."""
    place = by_hand(base / f"{NAMESPACE}-{name}")
    r = run("", "true", before=["sh", "-c", f'echo $$ >"{place}/cgroup.procs"; exec "$@"', "x"])
    assert r.code == 0 and r.receipt["containment"] == "cgroup", r
    self_group = place / "ration.self"
    if self_group.exists():
        self_group.rmdir()


@pytest.mark.parametrize("file, value", [("descendants", 2), ("depth", 2)])
def test_FC23_no_room(hand, base, by_hand, file, value):
    """The message names the group that has the limit, and how high it is."""
    top = by_hand(base / f"{NAMESPACE}-full", **{f"cgroup_max_{file}": value})
    assert hand.run.command("run", "--base", top, "--", "true").code == 125
    # Its keeper removes what it had made, and what isn't full any more isn't named.
    wait_for("its end", lambda: not [path for path in top.iterdir() if path.is_dir()])
    r = hand(["run", "--base", top, "--", "true"])
    for text in (f"cgroup.max.{file} of {top} is {value}", "ration gc"):
        assert text in r.stderr, r
    r = hand(["create", "--base", top, "t/g"])
    assert r.code == 125 and f"cgroup.max.{file} of {top} is {value}" in r.stderr, r
