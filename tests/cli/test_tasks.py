# SPDX-License-Identifier: MIT
"""Processes and threads; what tries to get away; birth in the group."""

import contextlib
import errno
from pathlib import Path

import pytest

from conftest import DEADLINE, hold_signals, patiently, wait_for
from world import HAS, KERNEL, WORLD, holder, mount

pids = pytest.mark.needs("pids")
watched = pytest.mark.needs("!pids", "!pids1")


@pytest.mark.holds("pids")
@pids
def test_E01_over_the_limit(run):
    """The kernel refuses the fork: the program sees EAGAIN, the receipt how often."""
    r = run("--pids 16", "forks 31")
    assert (r.code, r.verdict) == (1, "exit")
    assert r.stdout == f"made 15 errno {errno.EAGAIN}\n"
    assert r.usage["pids_refused"] >= 1
    assert (r.limit("pids")["mechanism"], r.limit("pids")["in_force"]) == ("cgroup2", 16)


@pytest.mark.holds("pids")
@watched
@pytest.mark.needs("root")
def test_E01_over_the_limit_watched(run):
    """Nobody refuses here: the tree is ended as soon as it is seen to be too many."""
    r = run("--pids 16", "forks 31 1000")
    assert (r.code, r.verdict) == (137, "pids")
    entry = r.limit("pids")
    assert (entry["mechanism"], entry["scope"]) == ("watch", "group")
    assert entry["observed"] > 16 and entry["reason"]
    assert run.alive() == {}


@pytest.mark.holds("pids")
@watched
@pytest.mark.needs("!root")
def test_E01_over_the_limit_as_a_user(run):
    """Who isn't root has RLIMIT_NPROC behind the watch, which refuses the fork first."""
    r = run("--pids 16", "forks 31 1")
    assert (r.code, r.verdict) == (1, "exit")
    assert r.limit("pids")["backstop"] == {"mechanism": "rlimit", "scope": "user"}


def test_E02_under_the_limit(run):
    def attempt(seconds):
        """What samples has to have seen them together."""
        r = run("--pids 40", f"forks 31 {.3 * seconds}")
        assert (r.code, r.verdict) == (0, "ok")
        assert r.stdout == "made 31 errno 0\n"
        assert r.usage.get("pids_refused", 0) == 0
        # Counted by the kernel since 6.1; nobody samples where it holds the limit.
        return r.usage.get("pids_peak", 0) >= 31 or KERNEL < (6, 1) and "pids" in HAS and "pids_peak" not in r.usage

    patiently(attempt)


@pids
def test_E03_threads_count(run):
    r = run("--pids 4", "threads 8")
    assert r.code == 1
    assert r.stdout == f"made 3 errno {errno.EAGAIN}\n"


@watched
@pytest.mark.needs("root")
def test_E03_threads_count_watched(run):
    r = run("--pids 4", ["sh", "-c", "spin 1000 8"])
    assert (r.code, r.verdict) == (137, "pids")


@pids
def test_E04_fork_bomb(run):
    def attempt(seconds):
        bomb = run.start(f"--pids 64 --timeout {2 * seconds}", "bomb")
        neighbour = run("", "true")
        assert neighbour.code == 0
        r = bomb.wait(DEADLINE + 2 * seconds)
        assert (r.code, r.verdict) == (124, "wall-time")
        assert run.alive() == {}
        return r.usage["pids_refused"] > 0

    patiently(attempt)


@watched
@pytest.mark.needs("root")
def test_E04_fork_bomb_watched(run):
    r = run("--pids 64 --timeout 3000", "bomb 300")
    assert (r.code, r.verdict) == (137, "pids")
    assert run.alive() == {}


def test_E04_fork_bomb_by_time_alone(run):
    """All are killed, however many they are and however they fork meanwhile."""
    r = run("--timeout 1", "bomb 150")
    assert (r.code, r.verdict) == (124, "wall-time")
    assert run.alive() == {}


def test_E09_daemon(run):
    """The command has ended: what it left behind ends, too."""
    r = run("", "daemonise")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.receipt["leftover_killed"] == 1
    assert r.receipt["containment"] == ("cgroup" if "cgroup" in HAS else "subreaper")
    assert run.alive() == {}


def test_E09_wait_all(run):
    file = run.file("daemon-was-here")
    r = run("--wait-all", f"daemonise 1 {file}")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.receipt["leftover_killed"] == 0
    assert file.exists()


def test_E09_wait_all_under_limits(run):
    """Who waits for daemons still ends them in time."""
    r = run("--wait-all --timeout 1", "daemonise 1000")
    assert (r.code, r.verdict) == (124, "wall-time")
    assert run.alive() == {}
    # The run's time, although its command has ended long before.
    assert r.usage["wall_usec"] >= 1000000


def test_E09_held_stdout(run):
    """Our caller, reading to the end of our output, waits for nobody."""
    r = run("", "holdout")
    assert (r.code, r.verdict, r.receipt["leftover_killed"]) == (0, "ok", 1)


@pytest.mark.needs("!cgroup")
def test_E10_daemon_without_cgroups(run):
    """By a child subreaper: two forks and a session of one's own don't help."""
    r = run("--enforce fallback --memory 64M", ["sh", "-c", "daemonise; daemonise; setsid sleep 1000 & exit 0"])
    assert (r.code, r.verdict) == (0, "ok")
    assert r.receipt["leftover_killed"] >= 3
    assert r.receipt["containment"] == "subreaper"
    assert run.alive() == {}


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("command", ["daemonise", "bomb 100", "sh -c 'sleep 1000 & sleep 1000'", "ignoreterm",
                                     "sh -c 'ignoreterm & ignoreterm'"])
def test_E14_no_cgroup_kill(run, command):
    """A kernel before 5.14: freeze, kill, thaw comes to the same."""
    limit, end = ("--timeout 3000", (0, "ok")) if command == "daemonise" else ("--timeout 1", (124, "wall-time"))
    r = run(f"{limit} --kill-after .2", command, before=["hide", "cgroup.kill"], preexec_fn=hold_signals)
    assert (r.code, r.verdict) == end
    assert run.alive() == {} and run.groups() == set()


@pytest.mark.needs("cgroup")
def test_E15_frozen(run, base):
    """A group that somebody froze is ended all the same."""
    def attempt(seconds):
        run.file("log").unlink(missing_ok=True)
        r = run.start(f"--timeout {seconds} --kill-after .2 --name ice",
                      ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
        wait_for("the command", lambda: run.said("log") or r.popen.poll() is not None)
        group = [Path(path) for path in run.groups() if path.endswith("/ice")]
        frozen = False
        with contextlib.suppress(OSError, IndexError):
            (group[0] / "cgroup.freeze").write_text("1")
            frozen = r.popen.poll() is None
        r = r.wait()
        assert (r.code, r.verdict) == (124, "wall-time")
        return frozen

    patiently(attempt)


def test_many_at_once(run):
    """100 runs side by side (fewer where each takes long) don't meet."""
    count = 100 if WORLD == "host" else 12
    runs = [run.start("--pids 8 --memory 64M", "sleep .5") for _ in range(count)]
    for r in [r.wait() for r in runs]:
        assert (r.code, r.verdict) == (0, "ok")


# Birth: F.

def own(stdout):
    """The cgroup2 line of /proc/self/cgroup."""
    return next(line[3:] for line in stdout.splitlines() if line.startswith("0::"))


@pytest.mark.long("host")
@pytest.mark.needs("cgroup", "!filtered")
def test_F01_first_instruction(run):
    for _ in range(300 if WORLD == "host" else 20):
        r = run("--memory 64M --enforce any --name born", "whereami")
        assert own(r.stdout).endswith("/default/born")
        assert r.receipt["birth"] == ("cloned" if holder("memory", "") != "cgroup1" else "joined")
        assert r.receipt["group"] == "default/born"


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_F03_no_clone3(run, number):
    """An old kernel, or a container's filter: stopped, moved in, let go."""
    for _ in range(5):
        r = run("--memory 64M --enforce any --name moved", "whereami", before=["nosys", str(number), "clone3"])
        assert own(r.stdout).endswith("/default/moved")
        assert r.receipt["birth"] == "migrated"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_F03_no_clone3_and_no_command(run, number):
    r = run("--memory 64M --enforce any", "no_such_cmd", before=["nosys", str(number), "clone3"])
    assert (r.code, r.verdict) == (127, "not-started")
    r = run("", "alloc 1", before=["nosys", str(number), "clone3"])
    assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.needs("memory", "root", "vm")
def test_F04_busy_base(run, by_hand):
    """A base with somebody's processes can't have controllers: said in words."""
    import subprocess
    group = by_hand(mount() / "busy")
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        (group / "cgroup.procs").write_text(str(sleeper.pid))
        r = run(["--memory", "64M", "--enforce", "strict"], ["touch", str(run.file("started"))],
                env={"RATION_BASE": str(group)})
        (mount() / "cgroup.procs").write_text(str(sleeper.pid))
        sleeper.kill()
    assert r.code == 125
    assert str(group) in r.stderr and "process" in r.stderr
    assert "leaf" in r.stderr or "group below" in r.stderr or "empty" in r.stderr
    assert not run.file("started").exists()


def test_F08_rlimits(run):
    r = run("--rlimit nofile=1024:1024", ["sh", "-c", "ulimit -Sn; ulimit -Hn"])
    assert r.stdout == "1024\n1024\n"
    assert (r.limit("rlimit_nofile")["mechanism"], r.limit("rlimit_nofile")["scope"]) == ("rlimit", "process")


def test_F08_rlimit_soft_and_hard(run):
    r = run("--rlimit nofile=100:200 --rlimit fsize=1M", ["sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -f"])
    assert r.stdout == "100\n200\n2048\n"


def test_F08_others_are_inherited(run):
    import resource
    r = run("--rlimit nofile=100", ["sh", "-c", "ulimit -Ss; ulimit -Hs"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 2 << 20)))
    assert r.stdout == "1024\n2048\n"


def test_rlimit_that_cannot_be_raised(run):
    import resource
    if "root" in HAS:
        r = run("--rlimit nofile=1T", ["touch", str(run.file("started"))])
    else:
        r = run("--rlimit nofile=200", ["touch", str(run.file("started"))],
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
    assert r.code == 125
    assert "nofile" in r.stderr
    assert not run.file("started").exists()
