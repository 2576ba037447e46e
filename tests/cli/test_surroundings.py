# SPDX-License-Identifier: MIT
"""Hostile surroundings: what a run is started with, and what is around it that others have made.

Attacks as in test_attacks.py, and listed with them in docs/attacks.md.
"""

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, wait_for
from world import mount

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
    r = run(f"--timeout .1 {options}", [str(leased)])
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
        assert (r.code, r.verdict, r.wall < 40) == (126, "not-started", True) and "its file system doesn't answer" in r.stderr, r
    wait_for("the end of who hangs", lambda: not run.alive())  # with the file system


@root
@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("mask", [0, 0o777])
def test_attack_umask(run, hand, mask):
    """Inherited: its groups are written by nobody else for that, and can be used."""
    hand.ok("create t/g", before=["sh", "-c", f'umask {mask:o}; exec "$@"', "sh"])
    place = hand.path("t/g")
    assert [path.stat().st_mode & 0o777 for path in (place, place.parent, place / "cgroup.max.descendants")] == [0o755, 0o755, 0o600]


@pytest.mark.parametrize("program, code", [("ration", 125), ("ration-keeper", 2), ("ration-unit", 2)])
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
