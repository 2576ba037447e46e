# SPDX-License-Identifier: MIT
"""CPU: time, rate, weight, pinning."""

import contextlib
import errno
import os
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, patiently, wait_for
from world import HAS, WORLD, mount

# cpu.stat is in every cgroup, whatever its controllers.
HOLDS_TIME = "cgroup2" if "cgroup" in HAS else "cgroup1" if "cpuacct1" in HAS else "watch"
HOLDS_RATE = "cgroup2" if "cpu" in HAS else "affinity"


def group_files(*names):
    """A command that prints files of its own group, one line each."""
    return ["sh", "-c", f"cd {mount()}$(sed -n s/^0:://p /proc/self/cgroup) && cat {' '.join(names)}"]


@pytest.mark.holds("cpu_time")
def test_C01_cpu_time(run):
    r = run("--cpu-time 1", "spin 1000")
    assert (r.code, r.verdict) == (124, "cpu-time")
    assert 1_000_000 <= r.usage["cpu_usec"]
    assert r.limit("cpu_time")["mechanism"] == HOLDS_TIME
    assert r.limit("cpu_time")["observed"] >= 1_000_000
    assert r.counters()


def test_C01_hard_kills_at_once(run):
    """The hard CPU limit asks nobody: no first signal."""
    r = run("--cpu-time .3 --kill-after 500", ["sh", "-c", f"trap 'echo >{run.file('asked')}' TERM; spin 1000"])
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "cpu-time", 9)
    assert not run.file("asked").exists()


def test_C02_sleep_is_not_cpu(run):
    def attempt(seconds):
        """An emulated CPU that has to wait charges that to whoever runs: to a command that starts, too."""
        r = run(f"--cpu-time {seconds}", f"sleep {3 * seconds}", deadline=DEADLINE + 3 * seconds)
        return (r.code, r.verdict) == (0, "ok") and r.usage["cpu_usec"] < 900_000 * seconds

    patiently(attempt)


@pytest.mark.holds("cpu_time")
def test_C04_sum_over_processes(run):
    """No single process comes near the limit. There are more than it takes: ration may be late."""
    r = run("--cpu-time 2", "spawn 60 spin 1")
    assert (r.code, r.verdict) == (124, "cpu-time")
    assert r.usage["cpu_usec"] >= 2_000_000


def test_C04_sum_over_dead_processes(run):
    """CPU time of children that ended stays counted."""
    r = run("--cpu-time 1", ["sh", "-c", "while :; do spin .1; done"])
    assert (r.code, r.verdict) == (124, "cpu-time")


def test_C04_sum_over_orphans(run):
    """A daemon's children are nobody's children, and count."""
    r = run("--cpu-time 1", ["sh", "-c", "(setsid sh -c 'while :; do spin .1; done' &) ; sleep 1000"])
    assert (r.code, r.verdict) == (124, "cpu-time")


def test_C04_threads_count(run):
    r = run("--cpu-time 1", "spin 1000 4")
    assert (r.code, r.verdict) == (124, "cpu-time")


@pytest.mark.needs("!cgroup", "!cpuacct1")
def test_C05_without_cgroups(run):
    """The sum is watched; behind it stands RLIMIT_CPU, for each process."""
    r = run("--cpu-time 2 --enforce fallback", "spawn 60 spin 1")
    assert (r.code, r.verdict) == (124, "cpu-time")
    entry = r.limit("cpu_time")
    assert (entry["mechanism"], entry["scope"]) == ("watch", "group")
    assert entry["backstop"] == {"mechanism": "rlimit", "scope": "process"}
    r = run("--cpu-time 2 --enforce strict", ["touch", str(run.file("started"))])
    assert r.code == 125
    assert "cpu" in r.stderr
    assert not run.file("started").exists()


def test_C06_children_are_counted(run):
    r = run("", ["sh", "-c", "spin 1; true"])
    assert r.code == 0
    assert r.usage["cpu_usec"] >= 950_000
    assert r.usage["cpu_user_usec"] + r.usage["cpu_system_usec"] >= 950_000
    if WORLD == "host":
        assert r.usage["cpu_user_usec"] > r.usage["cpu_system_usec"]


@pytest.mark.holds("cpus")
@pytest.mark.worlds("v2")
def test_C07_rate(run):
    """To 10 %. An emulated CPU that has to wait charges that to whoever runs, in lumps, and what it doesn't run of a period
    is lost: it evens out in ten seconds in which it isn't kept waiting."""
    r = run.start("--cpus 0.01 --name rate", "spin 1000")
    wait_for("it to run", lambda: spent("rate") > 50_000)
    begun, before = time.monotonic(), spent("rate")

    def share_comes_out():
        nonlocal begun, before
        now, used = time.monotonic(), spent("rate")
        if now < begun + 10:
            return False
        share = (used - before) / 1e6 / (now - begun)
        if now > begun + 20:
            begun, before = now, used
        return .009 <= share <= .011

    wait_for("the share to come out", share_comes_out)
    r.signal(15)
    r = r.wait()
    assert r.usage["throttled_count"] > 0 and r.usage["throttled_usec"] > 0


@pytest.mark.holds("cpus")
@pytest.mark.needs("cpu")
def test_C07_rate_of_many(run):
    """The rate is the group's, not each process's."""
    def attempt(seconds):
        """They have to have run, and what is charged in lumps has to even out."""
        r = run(f"--cpus 0.2 --timeout {3 * seconds}", "spawn 3 spin 1000", deadline=DEADLINE + 3 * seconds)
        assert r.verdict == "wall-time"
        # Of each, it would be .6.
        return r.usage["cpu_usec"] / r.usage["wall_usec"] <= .4 and r.usage["throttled_count"] > 0 and r.usage["throttled_usec"] > 0

    patiently(attempt)


def uses_one_cpu(run, options):
    """Two threads that want two."""
    def attempt(seconds):
        r = run(f"{options} --timeout {2 * seconds}", "spin 1000 2", deadline=DEADLINE + 2 * seconds)
        assert (r.code, r.verdict) == (124, "wall-time")
        # What its start took, which is longer ago than the wall time began, is less of it the longer it runs.
        return r.usage["cpu_usec"] <= 1.2 * r.usage["wall_usec"]

    patiently(attempt)


@pytest.mark.holds("cpus")
@pytest.mark.needs("!cpu", "!cpu1")
def test_C07_rate_by_affinity(run):
    """Without the controller a rate is as many CPUs: weaker, and said to be."""
    r = run("--cpus 1", "nproc")
    assert (r.code, r.stdout) == (0, "1\n")
    entry = r.limit("cpus")
    assert entry["mechanism"] == "affinity" and entry["reason"]
    uses_one_cpu(run, "--cpus 1")
    assert run("--cpus 1 --enforce strict", "true").code == 125


@pytest.mark.needs("cpu")
@pytest.mark.parametrize("value", ["1.5", "150%"])
def test_C09_fraction_and_percent(run, value):
    r = run(["--cpus", value], group_files("cpu.max"))
    assert r.stdout == "150000 100000\n"
    assert (r.limit("cpus")["mechanism"], r.limit("cpus")["in_force"]) == ("cgroup2", 1.5)


@pytest.mark.since((5, 14))
@pytest.mark.needs("cpu")
def test_C09_burst_and_weight(run):
    r = run("--cpus .5 --cpu-burst 20ms --cpu-weight 250", group_files("cpu.max", "cpu.max.burst", "cpu.weight"))
    assert r.stdout.split() == ["50000", "100000", "20000", "250"]


def spent(name):
    """CPU time of a group so far; 0 while it isn't there yet, or is made anew (ENODEV)."""
    try:
        return int((mount() / NAMESPACE / "default" / name / "cpu.stat").read_text().split()[1])
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV):
            raise
        return 0


@pytest.mark.holds("cpu_weight")
@pytest.mark.worlds("v2")
def test_C11_weights(run):
    """Two groups on one CPU share it as their weights are."""
    runs = [run.start(f"--cpuset-cpus 0 --cpu-weight {weight} --name w{weight}", "spin 1000") for weight in (100, 200)]
    wait_for("both to run", lambda: all(spent(name) > 300_000 for name in ("w100", "w200")))
    before = spent("w100"), spent("w200")

    def shared():
        """Over a second each, at least. Where the emulated CPU itself has to wait, it takes longer to even out."""
        light, heavy = spent("w100") - before[0], spent("w200") - before[1]
        return light > 1_000_000 and 1.7 <= heavy / light <= 2.3

    wait_for("1:2", shared)
    for r in runs:
        r.signal(15)
        r.wait()


@pytest.mark.since((5, 15))
@pytest.mark.holds("cpu_idle")
@pytest.mark.worlds("v2")
def test_C11_an_idle_group(run):
    """It gives way to any other that wants the CPU, and has it when nobody does."""
    idle = run.start("--cpuset-cpus 0 --cpu-idle 1 --name idle", "spin 1000")
    wait_for("the idle one to run", lambda: spent("idle") > 300_000)
    other = run.start("--cpuset-cpus 0 --name other", "spin 1000")
    wait_for("the other to run", lambda: spent("other") > 300_000)

    def gives_way():
        """In a second of CPU time. What an emulated CPU that had to wait has charged the idle one with is in one such second."""
        least, most = spent("idle"), spent("other")
        wait_for("the other to run more", lambda: spent("other") - most > 1_000_000)
        return spent("other") - most > 10 * (spent("idle") - least)

    wait_for("the other to run ten times as much", gives_way)
    for r in (idle, other):
        r.signal(15)
        r.wait()


@pytest.mark.since((5, 15))
@pytest.mark.needs("cpu")
def test_C11_idle_is_written(run):
    assert run("--cpu-idle 1", group_files("cpu.idle")).stdout == "1\n"
    assert run("--cpu-idle 0 --cpu-weight 50", group_files("cpu.idle", "cpu.weight")).stdout == "0\n50\n"


@pytest.mark.needs("!cpu", "!cpu1")
def test_C11_idle_by_nice(run):
    r = run("--cpu-idle 1", "nice")
    assert (r.stdout, r.limit("cpu_idle")["mechanism"]) == ("19\n", "nice")


def test_C11_an_idle_group_has_no_weight(run):
    r = run("--cpu-idle 1 --cpu-weight 50", ["touch", str(run.file("started"))])
    assert r.code == 125 and "--cpu-idle" in r.stderr and "--cpu-weight" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.needs("cpu")
def test_C11_an_idle_cpu_is_anyones(run):
    r = run("--cpu-weight 1 --cpuset-cpus 0", ["sh", "-c", f"spin 1; {group_files('cpu.weight', 'cpu.max')[2]}"])
    assert (r.code, r.stdout) == (0, "1\nmax 100000\n")
    assert r.usage["throttled_count"] == 0, "least of all, and yet no ceiling"


@pytest.mark.needs("!cpu", "!cpu1")
def test_C11_weight_by_nice(run):
    """A weight below 100 is niceness; one above needs the controller or root."""
    r = run("--cpu-weight 10", "nice")
    assert int(r.stdout) > 0
    assert r.limit("cpu_weight")["mechanism"] == "nice"


@pytest.mark.worlds("host", "v2", "hybrid", "nothing")
def test_C12_accuracy(run):
    """To 1 %. The start and the end of the command count as well, and are less of it the longer
    it runs: how long that takes to be less than 1 % is the machine's business. So is what an emulated
    CPU that has to wait charges to whoever runs, in lumps: of some long runs one has few."""
    for seconds in (2, 4, 8, 16, 32, 32, 32, 64):
        r = run("", f"spin {seconds}")
        assert r.code == 0
        low, high = (.99, 1.01) if r.receipt["sources"]["cpu_usec"] == "cgroup2" else (.975, 1.05)
        share = r.usage["cpu_usec"] / 1e6 / seconds
        assert share >= low
        if share <= high:
            break
    assert share <= high


def cpus_of(run, name):
    """On which CPUs the threads of this test's processes of that name are, or were last."""
    for pid in [pid for pid, found in run.alive().items() if found == name]:
        for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                yield int(stat.read_text().rsplit(")", 1)[1].split()[36])


@pytest.mark.holds("cpuset_cpus")
@pytest.mark.skipif(os.cpu_count() < 2, reason="the machine has one CPU")
def test_C13_pinning(run):
    r = run("--cpuset-cpus 0", "nproc")
    assert (r.code, r.stdout) == (0, "1\n")
    assert r.limit("cpuset_cpus")["mechanism"] == ("cgroup2" if "cpuset" in HAS else "affinity")
    assert run("--cpuset-cpus 0-1", "nproc").stdout == "2\n"
    uses_one_cpu(run, "--cpuset-cpus 0")
    r = run.start("--cpuset-cpus 0-1", "spin 1000 2")
    seen = set()
    wait_for("both CPUs to be used", lambda: seen.update(cpus_of(run, "spin")) or seen == {0, 1})
    r.signal(15)
    assert r.wait().verdict == "interrupted"


@pytest.mark.needs("cpuset")
def test_C13_no_way_out(run):
    """A cpuset can't be left by sched_setaffinity."""
    r = run("--cpuset-cpus 0", ["sh", "-c", "taskset -p -c 1 $$ >/dev/null 2>&1; nproc"])
    assert r.stdout == "1\n"


def test_C13_cpus_that_are_not_there(run):
    r = run("--cpuset-cpus 900", ["touch", str(run.file("started"))])
    assert r.code == 125
    assert "900" in r.stderr
    assert not run.file("started").exists()


@pytest.fixture
def narrow(by_hand, base):
    """A base that has CPU 0 and no other, while we ourselves may run on all."""
    control = base / "cgroup.subtree_control"
    before = control.read_text().split()
    control.write_text("+cpuset")
    yield by_hand(base / "ration-test-narrow", cpuset_cpus=0)
    if "cpuset" not in before:
        (base / "ration-test-narrow").rmdir()
        control.write_text("-cpuset")


@pytest.mark.needs("cpuset")
@pytest.mark.skipif(os.cpu_count() < 2, reason="the machine has one CPU")
def test_C15_above_the_parents(run, narrow):
    """The kernel would take it, and hold nothing of it."""
    r = run(["--base", str(narrow), "--cpuset-cpus", "0-1"], ["touch", str(run.file("started"))])
    assert r.code == 125
    for word in ("--cpuset-cpus 0-1", "CPU 1 ", f"0 (cpuset.cpus.effective of {narrow})"):
        assert word in r.stderr
    assert not run.file("started").exists()
    r = run(["--base", str(narrow), "--cpuset-cpus", "0"], group_files("cpuset.cpus.effective"))
    assert (r.code, r.stdout) == (0, "0\n")


@pytest.mark.needs("cpuset")
def test_C15_nodes(run):
    r = run("--cpuset-mems 0", group_files("cpuset.mems", "cpuset.mems.effective"))
    assert r.stdout == "0\n0\n"
    assert r.limit("cpuset_mems")["in_force"] == "0"
    r = run("--cpuset-mems 0-1", ["touch", str(run.file("started"))])
    assert r.code == 125 and "node 1 " in r.stderr and "cpuset.mems.effective of" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.needs("!cpuset")
def test_C15_nodes_take_the_controller(run):
    r = run("--cpuset-mems 0", ["touch", str(run.file("started"))])
    assert r.code == 125 and "cpuset" in r.stderr
    assert not run.file("started").exists()


def test_cpu_time_of_a_dead_main_thread(run):
    """/proc shows such a process as a zombie, and yet it runs."""
    r = run("--cpu-time .5", "deadleader 1 1000")
    assert (r.code, r.verdict) == (124, "cpu-time")


def test_both_limits_of_cpu_time_in_the_receipt(run):
    entry = run("--cpu-time 5:10", "true").limit("cpu_time")
    assert (entry["asked_soft"], entry["asked"]) == (5_000_000, 10_000_000)
