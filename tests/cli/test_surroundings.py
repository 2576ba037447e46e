# SPDX-License-Identifier: MIT
"""Hostile surroundings: what a run is started with, and what is around it that others have made.

Attacks as in test_attacks.py, and listed with them in docs/attacks.md.
"""

import contextlib
import ctypes
import os
import pty
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, patiently, wait_for
from world import mount

pytestmark = [pytest.mark.long("v2")]

root = pytest.mark.needs("root")

# Its owner holds a lease on a program: who opens it waits for 45 s, or as long as a file system takes that doesn't answer.
LEASE = """import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
open(sys.argv[2], "w").write("ready")
signal.pause()"""


@pytest.fixture
def leased(run):
    """A program that can't be opened now."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "program"
        program.write_bytes(Path("/bin/true").read_bytes())
        program.chmod(0o755)
        program.parent.chmod(0o755)
        holder = subprocess.Popen([sys.executable, "-c", LEASE, str(program), str(run.file("held"))], stdin=subprocess.DEVNULL)
        run.ready("held")
        yield program
        holder.kill()
        holder.wait()


@pytest.mark.parametrize("options", ["", pytest.param("--user daemon", marks=root)], ids=["caller", "user"])
def test_attack_program_that_cannot_be_read(run, leased, options):
    """Whoever holds up its program: the limit of time ends the run."""
    # And two seconds: who looks for the program isn't to be taken for one who hangs.
    r = run(f"--timeout 3 {options}", [str(leased)])
    assert (r.code, r.verdict, r.usage["wall_usec"] < 40e6) == (124, "wall-time", True), r


@pytest.fixture
def fuse():
    """A file system in which some questions are never answered: fuse("NAMES") for `before`, and its directory."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "mount"
        place.mkdir()
        place.parent.chmod(0o755)
        yield lambda names: [f"{HELPERS}/fuse", str(place), names, str(place.parent / "log")], place


@root
@pytest.mark.needs("fuse")
def test_attack_file_system_that_does_not_answer(run, fuse):
    """Not even SIGKILL ends who has asked it. It isn't waited for, wherever it is asked, and neither is its output."""
    before, place = fuse
    asked = [("getattr", "", f"{place}/x"), ("open", "", f"{place}/x"), ("none", "", f"{place}/xhang"), ("none", "", "sh"),
             ("none", f"--chdir {place}/dhang", "true"), ("none", f"--stdout {place}/fhang", "true")]
    runs = [run.start(f"--timeout .1 {user} {options}", [program], before=before(question),
                      env={"PATH": f"{run.env['PATH'] if options else f'{place}/dhang:/bin'}"})
            for user in ("", "--user daemon") for question, options, program in asked]
    for r in runs:
        r = r.wait()
        # Who waited for an answer would wait for ever.
        assert (r.code, r.verdict) == (126, "not-started") and "its file system doesn't answer" in r.stderr, r
    wait_for("the end of who hangs", lambda: not run.alive())  # with the file system


@root
@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("mask", [0, 0o777])
def test_attack_umask(run, hand, mask):
    """Inherited: its groups are written by nobody else for that, and can be used."""
    hand.ok("create t/g", before=["sh", "-c", f'umask {mask:o}; exec "$@"', "sh"])
    place = hand.path("t/g")
    assert [path.stat().st_mode & 0o777 for path in (place, place.parent, place / "cgroup.max.descendants")] == [0o755, 0o755, 0o600]


@pytest.mark.worlds("host")
@pytest.mark.needs("root")
def test_FC26_a_caller_of_the_deadline_scheduler(run):
    """The kernel lets none fork that hasn't SCHED_RESET_ON_FORK, and says of all things EAGAIN."""
    before = ["chrt", "-d", "--sched-runtime", "5000000", "--sched-deadline", "100000000", "--sched-period", "100000000", "0"]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs a kernel that has room for a task of SCHED_DEADLINE")
    r = run("", "true", before=before)
    assert r.code == 125 and "no process of SCHED_DEADLINE fork" in r.stderr and "used up" not in r.stderr, r
    assert run("", "true", before=["chrt", "-R", *before[1:]]).code == 0


@pytest.mark.parametrize("program, code", [("ration", 125), ("ration-keeper", 2), ("ration-reaper", 2), ("ration-unit", 2)])
def test_attack_no_arguments_at_all(program, code):
    """Not even a name, as kernels before 5.18 let one execute."""
    path, none = str(Path(RATION).resolve().parent / program).encode(), (ctypes.c_char_p * 1)(None)
    done = subprocess.run(["true"], preexec_fn=lambda: ctypes.CDLL(None).execve(path, none, none), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == code and "ration" in done.stderr, done


@root
@pytest.mark.needs("unshare")
def test_attack_securebits(run):
    """The kernel takes no capability for a change of uid: ration does."""
    before = ["setpriv", "--securebits", "+no_setuid_fixup", "--inh-caps", "+sys_admin", "--ambient-caps", "+sys_admin"]
    r = run("--user daemon --no-new-privs no", ["grep", "-E", "^Cap(Inh|Prm|Eff|Amb)", "/proc/self/status"], before=before)
    assert r.code == 0 and {line.split()[1] for line in r.stdout.splitlines()} == {"0" * 16}, r


@root
@pytest.mark.needs("cgroup", "unshare")
@pytest.mark.parametrize("file", ["cgroup.kill", "cgroup.procs", "cgroup.events"])
def test_attack_mount_over_a_file(run, file):
    """Something else is mounted over a file of its group: it ends at its time all the same."""
    script = f"d={mount()}$(sed -n s/^0:://p /proc/self/cgroup); mount --bind /dev/null $d/{file}; sleep 1000 & exec sleep 1000"
    r = run("--timeout .3 --kill-after .1", ["sh", "-c", script], before=["unshare", "-m"])
    assert (r.code, r.verdict) == (124, "wall-time"), r


# ------------------------------------------------------------------ what held at the first try

EVERY = set(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}


def block_all():
    signal.pthread_sigmask(signal.SIG_BLOCK, EVERY)


def ignore_all():
    for sig in EVERY:
        signal.signal(sig, signal.SIG_IGN)


@pytest.mark.parametrize("before", [block_all, ignore_all])
def test_attack_signals_inherited(run, before):
    """Every signal is blocked, or ignored: the limit of time ends it."""
    r = run("--timeout .3 --kill-after .1", ["sh", "-c", "sleep 1000 & exec sleep 1000"], preexec_fn=before)
    assert (r.code, r.verdict) == (124, "wall-time"), r


@pytest.mark.parametrize("limit, value, codes", [("NOFILE", 4, {125}), ("NOFILE", 8, {125}), ("NOFILE", 14, {125, 3}), ("FSIZE", 0, {123}),
                                                 ("SIGPENDING", 0, {3}), ("MEMLOCK", 0, {3}),
                                                 ("RTTIME", 1, {3}), ("CORE", 0, {3})])
@pytest.mark.unsanitized("a sanitizer needs what is taken from it")
def test_attack_limits_inherited(run, limit, value, codes):
    """Whatever there is too little of: it runs, or says what it couldn't."""
    number = getattr(resource, f"RLIMIT_{limit}")
    r = run("", ["sh", "-c", "exit 3"], preexec_fn=lambda: resource.setrlimit(number, (value, value)))
    assert r.code in codes and (r.code == 3 or r.stderr.startswith("ration")), r


@root
def test_attack_no_tasks_for_the_user(run):
    """The user may have one task, and that is `ration`."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        program = Path(directory) / "ration"
        program.write_bytes(Path(RATION).read_bytes())
        program.chmod(0o755)
        r = run.program(["prlimit", "--nproc=1", "setpriv", "--reuid", "4242", "--clear-groups", str(program), "run", "--", "true"])
    assert r.code == 125 and "tasks of this user" in r.stderr, r


@pytest.mark.parametrize("target, code", [("/dev/full", 123), ("/proc/self/mem", 123), ("/proc/self/oom_score_adj", 123),
                                          ("dangling", 125), ("loop", 125), ("socket", 125), ("directory", 125), ("a/" * 2040 + "x", 125),
                                          ("x" * 300, 125), ("/proc/self/fd/77", 125), ("", 125)])
def test_attack_places_for_a_receipt(run, tmp_path, target, code):
    """Where none can be written: the command doesn't run, or its run tells that there is none."""
    (tmp_path / "dangling").symlink_to("nowhere/x")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "directory").mkdir()
    with socket.socket(socket.AF_UNIX) as other, contextlib.chdir(tmp_path) if hasattr(contextlib, "chdir") else there(tmp_path):
        other.bind("socket")
        r = run(["--receipt", target], ["sh", "-c", "echo ran"], receipt=False)
    assert r.code == code and (r.stdout == "ran\n") == (code == 123) and "--receipt" in r.stderr, r


@contextlib.contextmanager
def there(directory):
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def test_attack_directory_is_gone(run, tmp_path):
    """The working directory has been removed: the command runs there, and a receipt isn't promised there."""
    script = f"mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir ../gone && exec \"$@\""
    assert run("", ["sh", "-c", "exit 3"], before=["sh", "-c", script, "sh"]).code == 3
    r = run("--receipt r", ["sh", "-c", "exit 3"], before=["sh", "-c", script, "sh"], receipt=False)
    assert r.code in (123, 125) and "--receipt r: can't be written" in r.stderr, r


@pytest.mark.parametrize("user", ["", pytest.param("--user 0", marks=root)])
def test_attack_directory_deeper_than_a_path(run, tmp_path, user):
    """Its path has 6,000 bytes: what is relative to it is found, and written."""
    with there(tmp_path):
        for _ in range(30):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        os.symlink("/bin/true", "program")
        r = run(f"--receipt r {user}", ["./program"], receipt=False)
        assert r.code == 0 and '"verdict": "ok"' in Path("r").read_text(), r


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_attack_standard_fds_closed(run, closed):
    """None of its own files takes their place, in the command least of all."""
    r = run("--verbose", ["sh", "-c", f"readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >{run.file('fds')}; exit 3"],
            before=["sh", "-c", f'exec "$@" {closed}', "sh"])
    assert r.code == 3 and {line.split(":")[0] for line in run.file("fds").read_text().splitlines()} <= {
        "/dev/null", "pipe", str(run.file("fds"))}, r


def test_attack_terminal_that_stops_writers(run):
    """In the background of a terminal with `tostop`: its messages don't stop it, and it keeps its limit of time."""
    ours, theirs = pty.openpty()
    mode = termios.tcgetattr(theirs)
    mode[3] |= termios.TOSTOP
    termios.tcsetattr(theirs, termios.TCSANOW, mode)
    script = ("import fcntl, os, subprocess, sys, termios\nos.setsid()\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
              "sys.exit(subprocess.Popen(sys.argv[1:], preexec_fn=lambda: os.setpgid(0, 0)).wait())")
    r = run("--timeout .3 --kill-after .1 --verbose", ["sh", "-c", "sleep 1000 & exec sleep 1000"],
            before=[sys.executable, "-c", script], stdin=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # EIO: nobody has it open any more
        while part := os.read(ours, 10000):
            said += part
    os.close(ours)
    assert (r.code, r.verdict) == (124, "wall-time") and b"wall-time limit" in said, (r, said)


@pytest.mark.needs("cgroup")
def test_attack_one_name_at_once(run):
    """Eight runs of one name: one has it, the others are refused, and nobody is hurt."""
    begun = [run.start("--group t/same", ["sh", "-c", f"while ! [ -e {run.file('go')} ]; do sleep .02; done; exit 3"], receipt=False)
             for _ in range(8)]
    wait_for("all but one", lambda: sum(r.popen.poll() is not None for r in begun) == 7)
    run.file("go").touch()
    done = [r.wait() for r in begun]
    assert sorted(r.code for r in done) == [3] + 7 * [125] and all(r.code == 3 or "exists already" in r.stderr for r in done), done


@root
@pytest.mark.needs("cgroup", "unshare")
def test_attack_read_only_before_and_after(run):
    """The tree is mounted read-only: before, and a run has no group; while it runs, and it ends all the same."""
    readonly = f"mount -o remount,bind,ro {mount()}"
    assert run("--enforce any", ["sh", "-c", "exit 3"], before=["unshare", "-m", "sh", "-c", f'{readonly}; exec "$@"', "sh"]).code == 3

    def while_it_runs(seconds):
        r = run(f"--timeout {seconds} --kill-after .1", ["sh", "-c", f"{readonly}; echo ready >{run.file('log')}; sleep 1000 & exec sleep 1000"],
                before=["unshare", "-m"])
        assert (r.code, r.verdict) == (124, "wall-time"), r
        return r if run.said("log") else None

    assert "Read-only file system" in patiently(while_it_runs).stderr
    assert run.command("gc").code == 0


@root
@pytest.mark.needs("cgroup")
def test_attack_a_delegates_modes(run, hand):
    """A delegate takes all modes from its tenant and its groups: root's commands bear it, and strangers see nothing of it."""
    hand.ok("create acme --owner 1001:1001")
    hand.ok("create other")
    place = hand.path("acme")
    subprocess.run(["sh", "-c", f"mkdir {place}/x {place}/x/y; chmod 0 {place}/x {place}"], user=1001, group=1001, extra_groups=[],
                   check=True, timeout=DEADLINE)
    for words in ("ls", "ls --json", "gc", "stat acme", "show acme", "show acme/x", "stat other"):
        assert hand(words).code == 0, words
    hand.ok("rm --force acme")
    hand.ok("rm other")
