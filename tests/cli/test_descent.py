# SPDX-License-Identifier: MIT
"""Who belongs to a run: whoever descends from its command, wherever it has moved to. The
names of rows of the list of attacks are in the tests' names."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import HELPERS, NAMESPACE, RATION, Running, patiently, wait_for
from world import mount

root_in_a_group = [pytest.mark.needs("cgroup", "root"), pytest.mark.worlds("host", "v2", "hybrid", "filtered")]
NO_PIPES = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def marked(*marks):
    def decorate(function):
        for mark in marks:
            function = mark(function)
        return function
    return decorate


moves = marked(*root_in_a_group)


@pytest.fixture
def there(base, by_hand):
    """A group beside all that is ration's."""
    return by_hand(base / f"{NAMESPACE}-there")


def out(there, what="sleep 1000"):
    """Shell: starts `what` in that group."""
    return f"sh -c 'echo 0 >{there}/cgroup.procs && exec {what}'"


def evidence(r, counter):
    return [e["after"] for e in r.receipt["evidence"] if e["counter"].startswith(counter)]


# --------------------------------------------------------------- whole paths

@moves
def test_FB4_a_path_that_ends_as_the_groups_own(run, base, by_hand):
    """It contains the whole of the group's own path, and more before that."""
    there = by_hand(base / f"{NAMESPACE}-evil" / NAMESPACE / "default" / "n")
    r = run("--name n --timeout 3000", ["sh", "-c", f"echo $$ >{there}/cgroup.procs; sleep 1000 & sleep 1000"])
    assert (r.code, r.verdict) == (125, "internal"), r
    assert r.receipt["escaped_to"].endswith(f"-evil/{NAMESPACE}/default/n")
    assert "the command left its group for" in r.stderr


@moves
def test_FB4_a_group_that_the_command_made_below_is_its_own(run):
    r = run("", ["sh", "-c", f"d={mount()}$(sed -n s/^0:://p /proc/self/cgroup)/sub; mkdir $d && echo $$ >$d/cgroup.procs; "
                 "sleep .2"])
    assert (r.code, r.verdict) == (0, "ok"), r


# ------------------------------------------------------------------ children

@moves
@pytest.mark.parametrize("child", ["{} &", "setsid {} &", "(setsid {} &) & wait", "({} & {} & {} &)"],
                         ids=["child", "session", "daemon", "three"])
def test_FB5_a_child_moves_out(run, there, child):
    """The command stays, and ends by itself: its child outside is ended, and told."""
    moved = "while [ $(wc -l <{0}/cgroup.procs) -lt {1} ]; do :; done".format(there, child.count("{}"))
    r = run("", ["sh", "-c", f"{child.replace('{}', out(there))}\n{moved}; exit 4"])
    assert (r.code, r.verdict, r.receipt["exit"]["code"]) == (125, "internal", 125), r
    assert r.receipt["escaped_to"].endswith("-there") and evidence(r, "processes outside") == [child.count("{}")]
    assert "left the group for" in r.stderr and "killed" in r.stderr
    assert run.alive() == {}


@moves
def test_FB5_at_a_time_limit(run, there):
    """The limit comes first, and stays the verdict."""
    def attempt(seconds):
        """Long enough for the child to be there."""
        r = run(f"--timeout {seconds}", ["sh", "-c", f"{out(there)} & while ! grep -q . {there}/cgroup.procs; do :; done; "
                                         f"echo moved >{run.file('log')}; sleep 1000"])
        return r if run.said("log", "moved") else None

    r = patiently(attempt)
    assert (r.code, r.verdict) == (124, "wall-time"), r
    assert evidence(r, "processes outside") == [1] and "1 process left the group" in r.stderr
    assert run.alive() == {}


@moves
def test_FB5_wait_all_waits_for_the_group_alone(run, there):
    r = run("--wait-all", ["sh", "-c", f"{out(there)} & sleep .3 & while ! grep -q . {there}/cgroup.procs; do :; done"])
    assert (r.code, r.verdict) == (125, "internal"), r
    assert run.alive() == {}


@moves
def test_FB5_below_a_run_in_the_run(run):
    """The inner run's group is elsewhere: with the outer one, both end."""
    r = run("--timeout 1", [RATION, "run", "--", "sleep", "1000"])
    assert (r.code, r.verdict) == (124, "wall-time"), r
    assert run.alive() == {}
    run.command("gc")


def test_FB5_who_stays_isnt_told(run):
    """A daemon in the group is left over, and no more."""
    r = run("--enforce any", "daemonise")
    assert (r.code, r.verdict, r.receipt["leftover_killed"]) == (0, "ok", 1), r
    assert "escaped_to" not in r.receipt and not evidence(r, "processes outside")


# ------------------------------------------------- whoever of ration's dies

# Who executes ration and has a child: there are three of ration's then.
CHILDREN = ["sh", "-c", 'sleep 999 & exec "$@"', "sh"]


def ours(run, r, n=0):
    """ration's own processes of a run, by what they are. Each has its name from itself, once it runs: until `n` have one."""
    def named():
        found = {name: pid for pid, name in run.alive().items() if name.startswith("ration")}
        return found if len(found) >= n else None
    return wait_for(f"{n} of ration's", named) if n else named()


def left(run):
    """Groups of ration's, but for those of the test."""
    return {path for path in run.groups() if not path.endswith("-there")}


def end_all(run):
    """Whoever is left, and isn't the run's."""
    for pid in run.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for("its end", lambda: not run.alive())


def start(run, there, **how):
    r = run.start("", ["sh", "-c", f"{out(there)} & daemonise & echo ready >{run.file('log')}; sleep 1000"], receipt=False,
                  **NO_PIPES, **how)
    run.ready("log")
    wait_for("the child to move", lambda: (there / "cgroup.procs").read_text())
    return r


@moves
@pytest.mark.parametrize("who", ["ration", "ration-reaper"])
def test_FB19_either_is_killed(run, there, who):
    """The other ends all at once, with who has left the group."""
    r = start(run, there)
    os.kill(ours(run, r, 2)[who], signal.SIGKILL)
    code = r.wait().code
    assert code == (-9 if who == "ration" else 125)
    wait_for("all to be gone", lambda: not run.alive() and not left(run))


@moves
@pytest.mark.parametrize("who", ["ration", "ration-keeper", "ration-reaper"])
def test_FB19_with_children_of_its_own(run, there, who):
    """Who executes ration may have children. They are none of the run's, whoever dies."""
    r = start(run, there, before=CHILDREN)
    os.kill(ours(run, r, 3)[who], signal.SIGKILL)
    r.wait()
    wait_for("the run to be gone", lambda: len(run.alive()) == 1 and not left(run))
    other, = run.alive()
    wait_for("the caller's own child", lambda: Path(f"/proc/{other}/cmdline").read_bytes() == b"sleep\000999\0")
    end_all(run)


@moves
def test_FB19_the_supervisor_is_stopped(run, there):
    """It does nothing any more: who gives up the run takes over."""
    r = start(run, there)
    os.kill(ours(run, r, 2)["ration-reaper"], signal.SIGSTOP)
    os.kill(r.pid, signal.SIGKILL)
    r.wait()
    wait_for("all to be gone", lambda: not run.alive() and not left(run))


@moves
def test_FB19_a_stopped_supervisor_is_told_to_end(run, there):
    """A signal to ration wakes it, and the run ends as it would have."""
    r = start(run, there)
    os.kill(ours(run, r, 2)["ration-reaper"], signal.SIGSTOP)
    r.signal(signal.SIGTERM)
    assert r.wait().code == 128 + signal.SIGTERM
    wait_for("all to be gone", lambda: not run.alive() and not left(run))


@moves
@pytest.mark.parametrize("stopped,killed,before", [
    ("ration-reaper", "ration", None), ("ration-reaper", "ration", CHILDREN), ("ration-reaper", "ration-keeper", CHILDREN),
], ids=["two", "three", "between"])
def test_FB19_a_stopped_one_wakes(run, there, stopped, killed, before):
    """Nobody continues it: the death of who is above it does."""
    r = start(run, there, before=before or ())
    mine = ours(run, r, 3 if before else 2)
    os.kill(mine[stopped], signal.SIGSTOP)
    os.kill(mine[killed], signal.SIGKILL)
    r.wait()
    wait_for("the run to be gone", lambda: len(run.alive()) == bool(before) and not left(run))
    end_all(run)


@moves
@pytest.mark.parametrize("before", [(), CHILDREN], ids=["two", "three"])
def test_FB19_a_stopped_supervisor_keeps_its_limits(run, before):
    """Nobody dies, and nobody continues it: who is above it does, or no limit of its own would be kept."""
    def attempt(seconds):
        """Before its time is up."""
        run.file("log").unlink(missing_ok=True)
        r = run.start(f"--timeout {seconds}", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"], before=before, **NO_PIPES)
        wait_for("the command", lambda: run.said("log") or r.popen.poll() is not None)
        supervisor = ours(run, r).get("ration-reaper")
        if supervisor:
            with contextlib.suppress(ProcessLookupError):
                os.kill(supervisor, signal.SIGSTOP)
        done = r.wait()
        end_all(run)
        return done if supervisor else None

    done = patiently(attempt)
    assert (done.code, done.verdict) == (124, "wall-time"), done


@moves
def test_FB19_the_one_between_ends_the_group(run, there):
    """Of three, it alone is left: it removes the group as well, and nobody has to collect it."""
    r = start(run, there, before=CHILDREN)
    mine = ours(run, r, 3)
    os.kill(mine["ration"], signal.SIGSTOP)
    os.kill(mine["ration-reaper"], signal.SIGKILL)
    wait_for("the run to be gone", lambda: set(run.alive().values()) <= {"ration", "sleep"} and not left(run))
    os.kill(mine["ration"], signal.SIGKILL)
    r.wait()
    end_all(run)


@pytest.mark.needs("cgroup", "root")
@pytest.mark.worlds("host", "v2")
def test_FB19_stopped_and_killed_at_the_start(run, there):
    """Before its caller has heard of a start, two of three stop, and the supervisor is killed: the one between wakes,
    since it alone knows who has left the group."""
    failing, report = Path(HELPERS).parent / "inject" / "failing", run.file("report")
    env = {"FAILING_WATCH": f"{RATION}:{Path(RATION).with_name('ration-reaper')}"}

    def before(*where):
        return [str(failing), str(report), "60", *map(str, where), "/bin/sh", *CHILDREN[1:]]

    r = run.start("", "true", before=before(0, 0, "w0"), env=env, receipt=False, stderr=subprocess.DEVNULL)
    assert r.popen.stdout.readline() == "done\n"
    r.signal(signal.SIGTERM)
    for other in run.alive():
        if other != r.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)
    r.wait()
    calls = report.read_text().splitlines()[2].split()[2:]
    setsid = len(calls) - calls[::-1].index("112")  # the last before the report of the start
    r = start(run, there, before=before(3, setsid, "s2s3"), env=env)
    os.kill(run.one("ration-reaper"), signal.SIGKILL)
    wait_for("the run to be gone", lambda: set(run.alive().values()) <= {"sleep", "failing"} and not left(run) and
             not (there / "cgroup.procs").read_text())
    end_all(run)
    r.wait()


@pytest.mark.needs("cgroup")
def test_FB19_a_stopped_keeper_wakes(run):
    """That of a program: it ends the group when the program is killed, though somebody has stopped it."""
    r = Running([f"{HELPERS}/caller", NAMESPACE, run.env["RATION_TEST_PROGRAMS"], "group", "sh", "-c",
                 f"daemonise; echo ready >{run.file('log')}; sleep 1000"], None, [], run.env, **NO_PIPES)
    run.ready("log")
    os.kill(run.one("ration-keeper"), signal.SIGSTOP)
    os.kill(r.pid, signal.SIGKILL)
    r.wait()
    wait_for("the run to be gone", lambda: not run.alive() and not left(run))


@pytest.fixture
def container(by_hand, base):
    """A group with a limit, around ration and its runs."""
    it = by_hand(base / f"{NAMESPACE}-container")
    by_hand(it / "self")
    (it / "cgroup.subtree_control").write_text("+memory +pids")
    return it


def start_immune(run, container, what):
    """No limit of memory can end that command."""
    r = run.start(f"--base {container}", ["sh", "-c", f"echo -1000 >/proc/self/oom_score_adj; daemonise & exec {what}"],
                  before=["sh", "-c", f'echo 0 >{container}/self/cgroup.procs; exec "$@"', "sh"], receipt=False, **NO_PIPES)
    wait_for("its memory", lambda: int((container / "memory.current").read_text()) > 8 << 20)
    return r


def nothing_in(run, container):
    return not run.alive() and [path.name for path in container.iterdir() if path.is_dir()] == ["self"]


oom = marked(pytest.mark.needs("memory", "root", "vm"), pytest.mark.worlds("v2"))


@oom
@pytest.mark.parametrize("who", ["ration", "ration-reaper", "both"])
def test_FB19_the_OOM_killer_kills(run, container, who):
    """Of one, the other ends all; of both, gc."""
    r = start_immune(run, container, "alloc 8 stay")
    wait_for("ration's own", lambda: set(ours(run, r)) == {"ration", "ration-reaper"})
    if who == "both":
        # Nor does the one end the run between its own death and the other's.
        (container / "self" / "cgroup.freeze").write_text("1")
        wait_for("both to be frozen", lambda: "frozen 1" in (container / "self" / "cgroup.events").read_text())
    else:
        # What a dead process had isn't free at once, and the kernel would choose another.
        for name, pid in ours(run, r).items():
            Path(f"/proc/{pid}/oom_score_adj").write_text("1000" if name == who else "-1000")
    limit = int((container / "memory.current").read_text())
    while "oom_kill 0\n" in (container / "memory.events").read_text():
        limit = limit - (16 << 10) if who != "both" else 0
        (container / "memory.max").write_text(str(limit))
    (container / "memory.max").write_text("max")
    assert r.wait().code == (125 if who == "ration-reaper" else -9)
    if who == "both":
        wait_for("both to be dead", lambda: not ours(run, r))
        assert "alloc" in run.alive().values()
        assert run.command("gc", "--base", str(container)).code == 0
    wait_for("all to be gone", lambda: nothing_in(run, container))


@oom
def test_FB19_the_OOM_killer_goes_on(run, container):
    """The command takes what each death leaves. Whoever dies, or all of ration's: nobody is left after gc."""
    (container / "memory.max").write_text("32M")
    r = start_immune(run, container, "grow")
    assert r.wait().code in (-9, 125)
    wait_for("all of ration's to be dead", lambda: not ours(run, r))
    assert run.command("gc", "--base", str(container)).code == 0
    wait_for("all to be gone", lambda: nothing_in(run, container))


@pytest.mark.needs("!cgroup")
@pytest.mark.parametrize("who", ["ration", "ration-reaper"])
def test_FB19_without_a_group(run, who):
    """A daemon is the run's by descent alone."""
    r = run.start("--enforce any", ["sh", "-c", f"daemonise; echo ready >{run.file('log')}; sleep 1000"], receipt=False,
                  **NO_PIPES)
    run.ready("log")
    os.kill(ours(run, r, 2)[who], signal.SIGKILL)
    r.wait()
    wait_for("all to be gone", lambda: not run.alive())


# ------------------------------------------------------------- another user

@pytest.fixture
def becomeroot():
    """A set-uid program that anybody can execute."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    program = folder / "becomeroot"
    shutil.copy(f"{HELPERS}/becomeroot", program)
    program.chmod(0o4755)
    yield program
    shutil.rmtree(folder)


AS_USER = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"]


def end(pid):
    os.kill(pid, signal.SIGKILL)
    wait_for("its end", lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.needs("root")
@pytest.mark.worlds("host", "v2", "nothing")
@pytest.mark.parametrize("options,command", [
    ("--timeout {}", "{} sleep 1000"),
    ("--timeout {}", "{} sleep 1000 & sleep 1000"),
    ("", "{} sleep 1000 & while ! grep -q . $OUT; do :; done"),
], ids=["command", "child", "left over"])
def test_FB9_who_became_root_isnt_ended(run, becomeroot, options, command):
    """Without a cgroup, a user can't end it: that is said, and not that it was ended."""
    file = Path(tempfile.mkdtemp())
    file.chmod(0o777)
    said = file / "pid"
    command = command.replace("{}", f"{becomeroot} sh -c 'echo $$ >$OUT; exec \"$@\" >/dev/null 2>&1' sh")

    def attempt(seconds):
        """Long enough to become root."""
        r = run(f"--enforce any {options.format(seconds)}", ["sh", "-c", command], before=AS_USER, receipt=False,
                env={"OUT": str(said)})
        return r if r.code == 125 else None

    r = patiently(attempt)
    pid = int(wait_for("its pid", lambda: said.exists() and said.read_text().strip()))
    try:
        assert f"could not be ended: pid {pid}" in r.stderr and "reached: " not in r.stderr
        assert Path(f"/proc/{pid}").exists()
    finally:
        end(pid)
        shutil.rmtree(file)




# --------------------------------------------------------- bombs without a cgroup

nothing = marked(pytest.mark.needs("root"), pytest.mark.worlds("nothing"))


@nothing
def test_FB20_a_bomb_is_held(run):
    """It is seen while it grows, stopped and killed, whole; what is counted on is said."""
    r = run("--pids 64 --timeout 3000", "bomb 2000")
    assert (r.code, r.verdict) == (137, "pids"), r
    assert run.alive() == {}
    assert "can overshoot" in r.limit("pids")["reason"] and "can overshoot" in r.stderr
    assert "oom_score_adj" not in r.stderr  # of ration itself, and of nobody who called it


@nothing
def test_FB20_the_supervisor_comes_first(run):
    """For a CPU, and at an OOM, where the command has what its caller had."""
    r = run.start("--pids 64", ["sh", "-c", f"cat /proc/self/oom_score_adj >{run.file('adj')}; chrt -p $$ >{run.file('chrt')}; "
                                f"echo ready >{run.file('log')}; exec sleep 1000"], before=["choom", "-n", "100", "--"])
    run.ready("log")
    mine = ours(run, r, 2)
    for pid in mine.values():
        assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "-1000\n", mine
    assert os.sched_getscheduler(mine["ration-reaper"]) in (os.SCHED_FIFO, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK)
    assert run.file("adj").read_text() == "100\n" and "SCHED_OTHER" in run.file("chrt").read_text()
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"
