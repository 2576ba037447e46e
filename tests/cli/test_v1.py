# SPDX-License-Identifier: MIT
"""Controllers of cgroup v1: a run has a directory in each hierarchy that its limits
take, beside its cgroup2 (a hybrid machine) or without one (cgroup v1 alone)."""

import contextlib
import ctypes
import errno
import json
import os
import signal
import time

import pytest

from conftest import DEADLINE, HELPERS, NAMESPACE, end_at_once, in_time, patiently, wait_for
from world import HAS, WORLD, locked, mount, notes, strict, v1_places

pytestmark = [pytest.mark.needs("memory1", "cpu1", "pids1")]
alone = pytest.mark.needs("!cgroup", "freezer1", "cpuacct1")

MIB = 1 << 20


def directory(controller, name):
    """Of a group of the tenant "default"."""
    return v1_places()[controller] / NAMESPACE / "default" / name


def read(controller, *files):
    """A command that prints files of its own directory."""
    script = (f"own=$(grep -E '[:,]{controller}[,:]' /proc/self/cgroup | cut -d : -f 3-); "
              f"cd {v1_places()[controller]}${{own#$0}}; cat {' '.join(files)}")
    # What our own place is called in /proc isn't below the place: the rest is.
    return ["sh", "-c", script, str(own_path(controller)).rstrip("/")]


def point(path):
    """Where the file system of a directory is mounted."""
    while not path.is_mount():
        path = path.parent
    return path


def own_path(controller):
    """Our own group in a hierarchy, as /proc/self/cgroup has it."""
    for line in open("/proc/self/cgroup").read().splitlines():
        if controller in line.split(":")[1].split(","):
            return line.split(":", 2)[2]


def places(stdout):
    """controller -> group, from /proc/self/cgroup."""
    return {name: line.split(":", 2)[2] for line in stdout.splitlines() for name in line.split(":")[1].split(",")}


def test_J06_limits_in_v1(run):
    """Each limit by the kernel, in whichever cgroup its controller is, and strictly."""
    r = run("--memory 64M --pids 50 --cpus 1 --cpu-weight 50 --cpu-time 1000 --enforce strict", "true")
    assert (r.code, r.stderr) == (0, "")
    assert r.receipt["containment"] == ("cgroup" if "cgroup" in HAS else "subreaper")
    assert r.receipt["birth"] == "joined"
    for name in ("memory", "swap", "pids", "cpus", "cpu_weight"):
        assert (r.limit(name)["mechanism"], r.limit(name)["scope"]) == ("cgroup1", "group"), name
        assert "reason" not in r.limit(name)
    assert r.limit("cpu_time")["mechanism"] == ("cgroup2" if "cgroup" in HAS else "cgroup1")
    assert r.receipt["sources"]["memory_peak_bytes"] == r.receipt["sources"]["pids_refused"] == "cgroup1"
    assert strict()


def test_J06_inside_from_the_first_instruction(run):
    """And nowhere but where a limit takes it."""
    for _ in range(50 if WORLD == "host" else 5):
        r = run("--memory 64M --pids 50 --name born", "whereami")
        at = places(r.stdout)
        assert at["memory"].endswith(f"/{NAMESPACE}/default/born") and at["pids"].endswith(f"/{NAMESPACE}/default/born")
        assert at["cpu"] == own_path("cpu")
        if "cgroup" in HAS:
            assert at[""].endswith(f"/{NAMESPACE}/default/born") and at["freezer"] == own_path("freezer")
        else:
            assert at["freezer"].endswith("/default/born")


def test_J06_what_v1_has_not(run):
    r = run("--memory-high 64M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "--memory-high" in r.stderr
    assert not run.file("started").exists()


def test_J06_in_words(run):
    r = run.command("doctor", "--all")
    assert r.code == 0
    line = next(line for line in r.stdout.splitlines() if line.startswith("cgroup v1 "))
    assert {"cpu", "memory", "pids"} <= set(line.split())


def test_J06_whole_or_not_at_all(run, by_hand):
    """Somebody's own directory is in the way in one of them: nothing is left in the others."""
    place = by_hand(directory("pids", "taken"))
    r = run("--memory 64M --pids 50 --name taken", ["touch", str(run.file("started"))])
    assert r.code == 125 and "exists already" in r.stderr, r
    assert not run.file("started").exists()
    assert place.is_dir() and not directory("memory", "taken").exists()


@pytest.mark.needs("cgroup", "unshare", "!memory", "!pids")
def test_J06_membership_without_controllers(run):
    """Where those of cgroup v1 may not be written either, cgroup2 holds the group together
    and counts its CPU time; the rest is watched, and nothing is used half."""
    script = "".join(f"mount -o remount,bind,ro {point(place)}; " for place in set(v1_places().values()))
    before = ["unshare", "-m", "sh", "-c", script + 'exec "$@"', "sh"]
    r = run("--memory 64M --pids 50 --cpu-time 1000", "true", before=before)
    assert r.receipt["containment"] == "cgroup" and r.receipt["birth"] == "cloned"
    assert r.limit("cpu_time")["mechanism"] == "cgroup2"
    assert r.limit("memory")["mechanism"] == r.limit("pids")["mechanism"] == "watch"
    assert r.receipt["sources"]["cpu_usec"] == "cgroup2"
    assert "controller" in r.limit("memory")["reason"] and "read-only" in r.limit("memory")["reason"]
    r = run("--memory 30M", "alloc 100 stay", before=before)
    assert (r.code, r.verdict) == (137, "memory")
    r = run("--pids 16", "forks 31 1000", before=before)
    assert (r.code, r.verdict) == (137, "pids")


@pytest.mark.holds("memory")
def test_D01_in_v1(run):
    r = run("--memory 30M", "alloc 100 stay")
    assert (r.code, r.verdict) == (137, "memory")
    assert r.counters()["memory.oom_control oom_kill"] >= 1
    assert r.receipt["evidence"][0]["counter"] == "memory.oom_control events"
    assert r.receipt["evidence"][0]["level"] == "group"
    assert r.usage["memory_peak_bytes"] <= 30 * MIB
    assert "memory limit 30 MiB reached" in r.stderr


def test_D01_in_v1_takes_the_whole_group(run):
    """cgroup v1 itself kills one process, and the supervisor the others a moment later;
    unless that is what is wished for."""
    r = run("--memory 30M", ["sh", "-c", "sleep 1000 & alloc 100 stay; sleep 1000; echo on"])
    assert (r.code, r.verdict, r.stdout) == (137, "memory", "")
    # Nothing starts while what the dead one had is still being given back: it would be an OOM of its own.
    there = "until grep -q sleep /proc/$!/comm; do sleep .1; done"
    r = run("--memory 30M --oom-group off", ["sh", "-c", f"sleep 1000 & {there}; alloc 100 stay; echo on"])
    assert (r.code, r.verdict, r.stdout) == (0, "ok", "on\n")


def test_D02_in_v1(run):
    r = run("--memory 100M", "alloc 50")
    assert (r.code, r.verdict) == (0, "ok")
    assert 50 * MIB <= r.usage["memory_peak_bytes"] <= 60 * MIB


@pytest.mark.needs("swap")
@pytest.mark.holds("swap")
def test_D04_in_v1(run):
    """No swap unless it is asked for, though there is some."""
    r = run("--memory 30M", "alloc 50 stay")
    assert (r.code, r.verdict) == (137, "memory")
    r = run("--memory 30M --swap 100M", "alloc 50")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.limit("swap")["mechanism"] == "cgroup1"


def test_D04_in_v1_memory_and_swap_are_one_sum(run):
    r = run("--memory 32M --swap 8M", read("memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"))
    assert r.stdout.split() == [str(32 * MIB), str(40 * MIB)], r
    r = run("--memory 32M", read("memory", "memory.memsw.limit_in_bytes"))
    assert r.stdout.split() == [str(32 * MIB)], r
    r = run("--swap 8M", "true")
    assert r.code == 125 and "together with memory" in r.stderr


def test_D16_limit_above_in_v1(run, by_hand):
    """An OOM kill by limit of a group above ours isn't blamed on ours."""
    above = by_hand(v1_places()["memory"] / f"{NAMESPACE}-above")
    for file in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):
        (above / file).write_text(str(60 * MIB))
    r = run("--memory 200M", "alloc 150 stay", before=["sh", "-c", f'echo 0 >{above}/cgroup.procs; exec "$@"', "sh"])
    assert r.verdict == "memory-external", r
    assert r.receipt["evidence"][0]["level"] == "ancestor"
    assert r.receipt["evidence"][0]["where"] == str(above)


@pytest.mark.holds("pids")
def test_E01_in_v1(run):
    r = run("--pids 16", "forks 31")
    assert (r.code, r.verdict) == (1, "exit")
    assert r.stdout == f"made 15 errno {errno.EAGAIN}\n"
    assert r.usage["pids_refused"] >= 1
    assert (r.limit("pids")["mechanism"], r.limit("pids")["in_force"]) == ("cgroup1", 16)


@pytest.mark.holds("cpus")
def test_C07_in_v1(run):
    """The rate is the group's: of each, it would be .6."""
    def attempt(seconds):
        r = run(f"--cpus 0.2 --timeout {seconds}", "spawn 3 spin 1000")
        assert r.verdict == "wall-time"
        # An emulated CPU that had to wait itself counts as used, until as much is held back.
        return (0 < r.usage["cpu_usec"] / r.usage["wall_usec"] <= .4 and
                r.usage["throttled_count"] > 0 and r.usage["throttled_usec"] > 0)

    patiently(attempt)


def test_C09_in_v1(run):
    r = run("--cpus 150% --cpu-burst 20ms --cpu-weight 50",
            read("cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.shares"))
    assert r.stdout.split() == ["150000", "100000", "20000", "512"], r
    assert r.limit("cpus")["in_force"] == 1.5


@alone
@pytest.mark.holds("cpu_time")
def test_C04_in_v1(run):
    """Counted by the kernel, of all processes, and exactly."""
    r = run("--cpu-time 1", "spawn 2 spin 1000")
    assert (r.code, r.verdict) == (124, "cpu-time")
    assert r.limit("cpu_time")["mechanism"] == "cgroup1"
    assert r.receipt["evidence"][0]["counter"] == "cpuacct.usage usec"
    assert r.receipt["sources"]["cpu_usec"] == "cgroup1"


def test_E09_in_v1(run):
    r = run("--pids 20 --memory 64M", "daemonise")
    assert (r.code, r.verdict, r.receipt["leftover_killed"]) == (0, "ok", 1)


def test_I01_in_v1_supervisor_killed(run):
    """The keeper, or the subreaper, removes the directories in cgroup v1 as well."""
    r = run.start("--memory 64M --pids 20 --name n", ["sh", "-c", f"sleep 1000 & echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    assert directory("memory", "n").is_dir() and directory("pids", "n").is_dir()
    r.signal(signal.SIGKILL)
    r.popen.wait(DEADLINE)
    wait_for("the end of all", lambda: not run.alive() and not run.groups())


def test_I01_in_v1_all_killed(run):
    """gc finds what is left when both are killed at once, and removes it."""
    r = run.start("--memory 64M --pids 20 --name n",
                  ["sh", "-c", f"trap '' TERM; (sleep 1000 & sleep 1000) & echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    end_at_once((run.one("ration-reaper"), r.pid))
    r.popen.wait(DEADLINE)
    assert directory("memory", "n").is_dir()
    told = run.command("gc")
    assert told.code == 0 and "default/n: removed" in told.stdout + told.stderr, told
    wait_for("the end of all", lambda: not run.alive())
    assert run.groups() == set()


@contextlib.contextmanager
def traced(pid):
    """It stands still until the end of this, whatever signals it gets."""
    libc = ctypes.CDLL(None, use_errno=True)
    attach, detach = 16, 17  # PTRACE_ATTACH, PTRACE_DETACH
    assert libc.ptrace(attach, pid, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(pid, 0x40000000)  # __WALL
    try:
        yield
    finally:
        libc.ptrace(detach, pid, None, None)


@pytest.mark.needs("cgroup")
def test_I01_in_v1_killed_while_it_made_them(run):
    """One that nothing was written on yet is somebody's who makes it just now, if it is locked, and gc
    leaves it alone; the keeper removes it."""
    def attempt():
        run.file("log").unlink(missing_ok=True)
        r = run.start("--memory 64M --pids 20 --name n", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
        run.ready("log")
        with traced(run.one("ration-reaper")):  # stopped, it would be woken by the death
            r.signal(signal.SIGKILL)
            r.popen.wait(DEADLINE)
            os.removexattr(directory("memory", "n"), notes(directory("memory", "n")) + "owner")
            since = time.monotonic()
            os.utime(directory("memory", "n"))  # of just now
            with locked(directory("memory", "n") / "notify_on_release"):
                assert run.command("gc").code == 0
            left, took = {name for name in ("memory", "pids") if directory(name, "n").exists()}, time.monotonic() - since
        wait_for("the end of all", lambda: not run.alive() and not run.groups())
        return took, left

    # After 10 s it is somebody's who has died.
    assert in_time(10, attempt) == {"memory"}


@alone
def test_H11_in_v1_killed_while_frozen(run):
    """A process that v1's freezer holds takes no signal, not even the last."""
    def attempt(seconds):
        run.file("log").unlink(missing_ok=True)
        r = run.start(f"--timeout {seconds} --name n", ["sh", "-c", f"echo ready >{run.file('log')}; spin 1000"])
        wait_for("the command", lambda: run.said("log") or r.popen.poll() is not None)
        frozen = False
        with contextlib.suppress(OSError):
            (directory("freezer", "n") / "freezer.state").write_text("FROZEN")
            frozen = r.popen.poll() is None
        r = r.wait()
        assert (r.code, r.verdict) == (124, "wall-time")
        return frozen

    patiently(attempt)


@pytest.mark.needs("cgroup")
def test_H11_in_v1_beside_cgroup2(run):
    """Frozen and thawed by its cgroup2, limits or not."""
    r = run.start("--memory 64M --name n", ["sh", "-c", f"echo ready >{run.file('log')}; spin 1000"])
    run.ready("log")
    assert run.command("freeze", "default/n").code == 0
    stat = mount() / NAMESPACE / "default" / "n" / "cpu.stat"

    def used():
        return int(stat.read_text().split()[1])

    before = used()
    time.sleep(.3)
    # It may have been interrupted on its last step, which it makes in some µs.
    assert used() < before + 1000
    assert run.command("thaw", "default/n").code == 0
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


@pytest.mark.needs("cgroup", "!memory")
def test_what_a_run_has_and_uses_in_v1(run):
    """It was said to have no limit of memory, and no figure of it."""
    r = run.start("--memory 64M --pids 20 --name n", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    shown = {entry["limit"]: entry for entry in json.loads(run.command("show", "--json", "default/n").stdout)["limits"]}
    for name, value, file in (("memory", 64 * MIB, "memory.limit_in_bytes"), ("pids", 20, "pids.max")):
        entry = shown[name]
        assert (entry["asked"], entry["in_force"], entry["effective"]) == (value, value, value), entry
        assert (entry["mechanism"], entry["file"], entry["level"]) == ("cgroup1", file, "group"), entry
    stat = run.command("stat", "--json", "default/n").stdout
    assert '"memory_current_bytes": "cgroup1"' in stat and '"pids_current": "cgroup1"' in stat, stat
    r.signal(signal.SIGTERM)
    r.wait()


by_hand_in_v1 = pytest.mark.needs("cgroup", "!memory")
ALL = ("memory", "cpu", "pids")


def of_vm7(controller):
    return v1_places()[controller] / NAMESPACE / "acme" / "vm7"


def left():
    """What is left in cgroup v1."""
    return [place / NAMESPACE for place in set(v1_places().values()) if (place / NAMESPACE).exists()]


def exec_in(run, address, script):
    return run.command("exec", address, "--", "sh", "-c", script)


@by_hand_in_v1
def test_J06_groups_by_hand_in_v1(hand):
    """Made, shown, and nothing left."""
    hand.ok("create --memory 64M --pids 20 --cpus 0.5 --cpu-weight 50 --enforce strict acme/vm7")
    assert (of_vm7("memory") / "memory.limit_in_bytes").read_text() == f"{64 * MIB}\n"
    assert (of_vm7("cpu") / "cpu.cfs_quota_us").read_text() == "50000\n"
    assert (of_vm7("pids") / "pids.max").read_text() == "20\n"
    for name, value in (("memory", 64 * MIB), ("pids", 20), ("cpus", .5)):
        entry = hand.limit("acme/vm7", name)
        assert (entry["asked"], entry["in_force"], entry["effective"]) == (value, value, value), entry
        assert (entry["mechanism"], entry["level"]) == ("cgroup1", "group"), entry
    hand.ok("create --exist-ok --memory 64M --pids 20 --cpus 0.5 --cpu-weight 50 acme/vm7")
    hand.refused("create --memory 64M acme/vm7", "exists already")
    # Its maker is dead, and it stays.
    assert "removed: 0, live: 1" in hand.ok("gc").stdout
    assert of_vm7("memory").is_dir() and of_vm7("pids").is_dir()
    hand.ok("rm acme/vm7")
    assert not left()


@by_hand_in_v1
def test_J06_exec_in_v1_is_held(hand):
    """All three, of a command that joins: where it is, what it may use, and what is told of it."""
    hand.ok("create --memory 30M --pids 16 --cpus 0.2 acme/vm7")
    at = places(exec_in(hand.run, "acme/vm7", "cat /proc/self/cgroup").stdout)
    assert all(at[name].endswith(f"/{NAMESPACE}/acme/vm7") for name in (*ALL, "")), at
    r = exec_in(hand.run, "acme/vm7", f"exec {HELPERS}/forks 31")
    assert (r.code, r.stdout) == (1, f"made 15 errno {errno.EAGAIN}\n"), r
    r = exec_in(hand.run, "acme/vm7", f"exec {HELPERS}/alloc 100 stay")
    assert r.code == -signal.SIGKILL, r
    assert int((of_vm7("memory") / "memory.max_usage_in_bytes").read_text()) <= 30 * MIB
    stat = hand.ok("stat --json acme/vm7").stdout
    assert '"memory_current_bytes": "cgroup1"' in stat and '"pids_current": "cgroup1"' in stat, stat
    stat = hand.json("stat acme/vm7")["groups"][0]
    assert stat["usage"]["pids_refused"] >= 1 and stat["usage"]["memory_peak_bytes"] <= 30 * MIB, stat


@by_hand_in_v1
def test_J06_attach_in_v1_is_held(hand):
    """A process that runs already; and when it is let go, it is where it was."""
    gate = hand.run.file("gate")
    os.mkfifo(gate)
    child = hand.start(["sh", "-c", f"read line <{gate}; exec {HELPERS}/alloc 100 stay"])
    before = open(f"/proc/{child.pid}/cgroup").read()
    hand.ok("create --memory 30M --pids 16 acme/vm7")
    hand.ok(f"attach acme/vm7 {child.pid}")
    at = places(open(f"/proc/{child.pid}/cgroup").read())
    assert all(at[name].endswith(f"/{NAMESPACE}/acme/vm7") for name in ("memory", "pids", "")), at
    hand.refused("rm acme", "live processes", str(child.pid))
    hand.ok("rm --release acme/vm7")
    assert open(f"/proc/{child.pid}/cgroup").read() == before and not left()
    hand.ok("create --memory 30M --pids 16 acme/vm7")
    hand.ok(f"attach acme/vm7 {child.pid}")
    gate.write_text("\n")
    assert child.wait(DEADLINE) == -signal.SIGKILL
    hand.ok("rm acme")
    assert not left()


@by_hand_in_v1
def test_release_in_v1_from_another_group(hand, by_hand):
    """Back to where it was in each hierarchy."""
    from_memory = by_hand(v1_places()["memory"] / f"{NAMESPACE}-from")
    child = hand.sleeper()
    (from_memory / "cgroup.procs").write_text(str(child.pid))
    before = open(f"/proc/{child.pid}/cgroup").read()
    hand.ok("create --memory 30M --pids 16 acme/vm7")
    hand.ok(f"attach acme/vm7 {child.pid}")
    hand.ok("rm --release acme")
    assert open(f"/proc/{child.pid}/cgroup").read() == before and not left()
    child.kill()
    child.wait()


@by_hand_in_v1
def test_a_second_attach_that_fails_in_v1(hand):
    """Who was in the group before is taken out of nothing."""
    hand.ok("create --memory 30M --pids 16 acme/vm7")
    child = hand.sleeper()
    # More than fs.nr_open can be: refused after the move, to root too.
    words = f"attach --rlimit nofile=2147483647 acme/vm7 {child.pid}"
    before = open(f"/proc/{child.pid}/cgroup").read()
    hand.refused(words, "nofile")
    assert open(f"/proc/{child.pid}/cgroup").read() == before
    hand.ok(f"attach acme/vm7 {child.pid}")
    before = open(f"/proc/{child.pid}/cgroup").read()
    hand.refused(words, "nofile")
    assert open(f"/proc/{child.pid}/cgroup").read() == before
    hand.ok("rm --force acme")


@by_hand_in_v1
def test_stop_and_kill_in_v1(hand):
    hand.ok("create --memory 64M acme/vm7")
    child = hand.put_by_exec("acme/vm7", "sleep 1000")
    hand.ok("freeze acme/vm7")
    assert hand.json("stat acme/vm7")["groups"][0]["frozen"]
    hand.ok("thaw acme/vm7")
    hand.ok("kill acme/vm7")
    assert child.wait(DEADLINE) == -signal.SIGKILL
    child = hand.put_by_exec("acme/vm7", "sleep 1000")
    hand.ok("rm --force acme")
    assert child.wait(DEADLINE) == -signal.SIGKILL and not left()


@by_hand_in_v1
def test_J06_groups_by_hand_in_v1_whole_or_not_at_all(hand, by_hand):
    """Somebody's own directory is in the way in the last of them, or the last limit is refused."""
    place = by_hand(of_vm7("pids"))
    hand.refused("create --memory 64M --cpus 1 --pids 50 acme/vm7", "exists already")
    assert not of_vm7("memory").exists() and not of_vm7("cpu").exists() and place.is_dir()
    place.rmdir()
    place.parent.rmdir()
    place.parent.parent.rmdir()
    above = by_hand(v1_places()["cpu"] / f"{NAMESPACE}-above")
    (above / "cpu.cfs_quota_us").write_text("50000")
    r = hand.run.command("create", "--memory", "64M", "--cpus", "2", "acme/vm7",
                         before=["sh", "-c", f'echo 0 >{above}/cgroup.procs; exec "$@"', "sh"])
    assert r.code == 125 and "cpu.cfs_quota_us" in r.stderr, r
    assert not left() and not (above / NAMESPACE).exists() and hand.run.groups() == {str(above)}


@by_hand_in_v1
def test_tenants_have_no_v1(hand):
    hand.refused("create --memory 64M acme", "--memory", "not for a tenant")
    hand.ok("create acme")
    hand.refused("set --pids 5 acme", "--pids", "not for a tenant")


@by_hand_in_v1
def test_set_in_v1_is_refused(hand):
    """And the way out is named, and goes."""
    hand.ok("create --memory 64M acme/vm7")
    r = hand.refused("set --memory 32M acme/vm7", "can't change --memory of acme/vm7", "ration rm acme/vm7")
    assert "cgroup v1" in r.stderr
    hand.refused("set --pids max acme/vm7", "can't change --pids of acme/vm7")
    hand.ok("rm acme/vm7")
    hand.ok("create --memory 32M acme/vm7")


@by_hand_in_v1
def test_J06_groups_by_hand_in_v1_from_another_place(hand, by_hand):
    """Who is elsewhere in cgroup v1 doesn't find its directories: then nobody joins without its limits,
    and nothing of it is forgotten."""
    hand.ok("create --memory 64M acme/vm7")
    other = by_hand(v1_places()["memory"] / f"{NAMESPACE}-other")
    before = ["sh", "-c", f'echo 0 >{other}/cgroup.procs; exec "$@"', "sh"]
    for words in (["exec", "acme/vm7", "--", "true"], ["rm", "acme/vm7"], ["rm", "--force", "acme"]):
        r = hand.run.command(*words, before=before)
        assert r.code == 125 and f"echo $$ >{v1_places()['memory']}/cgroup.procs" in r.stderr, r
    assert of_vm7("memory").is_dir()
    of_vm7("memory").rmdir()
    r = exec_in(hand.run, "acme/vm7", "true")
    assert r.code == 125 and "was removed" in r.stderr, r
    hand.ok("rm acme/vm7")


@by_hand_in_v1
def test_rm_tells_of_who_is_left_in_v1(hand):
    """A process that somebody put into the directory of cgroup v1 alone: it wasn't seen, and the
    directory stayed without a word."""
    hand.ok("create --memory 64M acme/vm7")
    child = hand.sleeper()
    (of_vm7("memory") / "cgroup.procs").write_text(str(child.pid))
    hand.refused("rm acme", "live processes")
    assert of_vm7("memory").is_dir()
    assert "1 process killed" in hand.ok("rm acme/vm7").stdout
    assert child.wait(DEADLINE) == -signal.SIGKILL and not left()


@by_hand_in_v1
def test_run_exec_in_v1(run):
    """The command is its group's owner: when it is dead, gc removes all of it."""
    r = run.command("run", "--exec", "--memory", "64M", "--pids", "20", "--name", "x", "--", "cat", "/proc/self/cgroup")
    at = places(r.stdout)
    assert at["memory"].endswith("/default/x") and at["pids"].endswith("/default/x"), r
    assert directory("memory", "x").is_dir()
    told = run.command("gc")
    assert "default/x: removed" in told.stdout + told.stderr, told
    assert run.groups() == set() and not left()
    r = run.command("run", "--exec", "--memory", "64M", "--name", "x", "--", "/nowhere")
    assert r.code == 127 and run.groups() == set() and not left(), r


@by_hand_in_v1
def test_gc_says_what_it_cant_remove_in_v1(run):
    """Said to be removed, while a directory in cgroup v1 stayed."""
    run.command("run", "--exec", "--memory", "64M", "--name", "x", "--", "true")
    place = directory("memory", "x")
    before = ["unshare", "-m", "sh", "-c", f'mount -o bind,ro {place} {place} && exec "$@"', "sh"]
    told = run.command("gc", before=before)
    assert told.code == 1 and "default/x: can't be removed" in told.stdout, told
    assert place.is_dir()
    told = run.command("gc")
    assert told.code == 0 and "default/x: removed" in told.stdout + told.stderr and not left(), told


@alone
def test_groups_by_hand_without_cgroup2(run):
    for words in (["create", "acme/vm7"], ["freeze", "acme/vm7"], ["stat", "acme/vm7"], ["set", "acme/vm7", "--pids", "5"]):
        r = run.command(*words)
        assert r.code == 125 and "cgroup" in r.stderr, r
    r = run.command("create", "--memory", "64M", "acme/vm7")
    assert r.code == 125 and "it needs a supervisor, which only ration run has" in r.stderr, r


@pytest.fixture
def limited(by_hand):
    """limited(CONTROLLER, FILE, VALUE) makes a group above that of a run: what to start it by, and where it is."""
    def make(controller, file, value):
        there = by_hand(v1_places()[controller] / f"above-{os.getpid()}")
        (there / file).write_text(str(value))
        return ["sh", "-c", f'echo 0 >{there}/cgroup.procs; exec "$@"', "sh"]
    return make


@pytest.mark.holds("pids")
def test_FC25_forks_refused_above_in_v1(run, limited):
    """The group counts them; that it wasn't its own limit is what it had at most."""
    r = run("--pids 50", "forks 30", before=limited("pids", "pids.max", 20))
    found = [e for e in r.receipt["evidence"] if e["counter"] == "pids.events max"]
    assert [e["level"] for e in found] == ["ancestor"] and r.usage["pids_refused"] == found[0]["after"] > 0, r
    assert "tasks limit of a group above reached" in r.stderr


@pytest.mark.holds("cpus")
def test_FC25_throttled_above_in_v1(run, limited):
    """Where the kernel throttles a group above, the run's own 0 isn't told."""
    r = run("--cpu-weight 50", "spin 0.2", before=limited("cpu", "cpu.cfs_quota_us", 10000))
    found = [e for e in r.receipt["evidence"] if e["counter"] == "cpu.stat nr_throttled"]
    assert [e["level"] for e in found] == ["ancestor"] and "throttled_count" not in r.usage, r
