# SPDX-License-Identifier: MIT
"""What happens to groups, on one fd: tests/helpers/events.c prints it."""

import signal
import subprocess

import pytest

from conftest import DEADLINE, HELPERS, wait_for
from world import HAS

memory = pytest.mark.needs("memory")
cgroup = pytest.mark.needs("cgroup")

# By what they need of the world.
KINDS = {"populated": "cgroup", "empty": "cgroup", "frozen": "cgroup", "thawed": "cgroup", "oom": "memory",
         "oom-kill": "memory", "memory-high": "memory", "tasks-refused": "pids", "pressure": "psi"}


class Watch:
    """What is printed of a group from now on."""

    def __init__(self, run, address, *kinds):
        self.file = run.file(f"events-{address.replace('/', '-')}")
        with open(self.file, "w", encoding="utf-8") as out:
            self.popen = subprocess.Popen([f"{HELPERS}/events", address, *kinds], env=run.env, stdout=out,
                                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        wait_for("the watch", lambda: self.lines() or self.popen.poll() is not None)

    def lines(self):
        return self.file.read_text().splitlines()

    def words(self):
        """kind -> the numbers behind it, of the last event of that kind."""
        return {line.split()[0]: list(map(int, line.split()[1:])) for line in self.lines()[1:]}

    def count(self, kind):
        """How often, over all events of that kind."""
        return sum(int(line.split()[1]) for line in self.lines()[1:] if line.split()[0] == kind)

    def order(self):
        return [line.split()[0] for line in self.lines()[1:]]

    def wait(self, kind):
        wait_for(f"{kind} in {self.lines()}", lambda: kind in self.words())

    def end(self):
        """Its exit status. It ends by itself where the group's removal can be told."""
        first = (self.lines() or [""])[0].split()
        if first[:1] == ["watching"] and "gone" not in first and self.popen.poll() is None:
            self.popen.kill()
        return self.popen.wait(timeout=DEADLINE)


@pytest.fixture
def watched(run):
    """Starts `ration run --tenant t --name n OPTIONS -- COMMAND`, which waits until it is
    watched: watched(OPTIONS, COMMAND, *ADDRESSES) returns the run and a watch of each."""
    watches = []

    def start(options, command, *addresses):
        go, up = run.file("go"), run.file("up")
        script = f"echo ready >{up}; while [ ! -e {go} ]; do sleep .05; done; {command}"
        r = run.start(f"--tenant t --name n {options}", ["sh", "-c", script])
        run.ready("up")
        watches.extend(Watch(run, address) for address in addresses)
        go.touch()
        return (r, *watches)

    yield start
    for watch in watches:
        if watch.popen.poll() is None:
            watch.popen.kill()
            watch.popen.wait()


@pytest.mark.worlds("host", "v2", "swap", "user", "mounted-elsewhere", "readonly", "nothing", "nothing-user")  # hybrid has pressure files, too
@cgroup
def test_events_of_what_is_there(watched):
    """Without being asked for, each kind that this world has, and no other."""
    r, watch = watched("", "true", "t/n")
    told = set(watch.lines()[0].split()[1:])
    assert told - {"gone"} == {kind for kind, need in KINDS.items() if need in HAS}, watch.lines()
    assert ("gone" in told) == ("psi" in HAS)
    assert r.wait().code == 0
    assert watch.end() == (0 if "gone" in told else -signal.SIGKILL)


@cgroup
@pytest.mark.needs("psi")
def test_events_of_a_life(watched):
    """Empty, then gone; and then the watch ends. Few wakes, all of them for something."""
    r, watch = watched("", "true", "t/n")
    assert r.wait().code == 0
    assert watch.end() == 0
    assert watch.order() == ["empty", "gone", "slept"]
    assert watch.words()["slept"][0] <= 3


@pytest.fixture
def kept(hand):
    """Makes the group t/n with some limits, to be watched while `ration exec` runs a command in
    it. It stays until the test is over, so that nothing is lost that the kernel tells late, as
    6.1 does: kept(LIMITS, *ADDRESSES) returns a watch of each, and what ends them all."""
    watches = []

    def make(limits, *addresses):
        hand.ok(f"create t/n {limits}")
        watches.extend(Watch(hand.run, address) for address in addresses)
        return (*watches, end)

    def end():
        for watch in watches:
            watch.wait("empty")
        hand.ok("rm --force t")
        for watch in watches:
            assert watch.end() == ("gone" not in watch.lines()[0]) * -signal.SIGKILL

    yield make
    for watch in watches:
        if watch.popen.poll() is None:
            watch.popen.kill()
            watch.popen.wait()


@memory
def test_events_of_an_oom_kill(hand, kept):
    """At the group: its limit was hit, and what was killed, before it is empty. At its
    tenant: what was killed, but no limit of its own."""
    group, tenant, end = kept("--memory 30M", "t/n", "t")
    assert hand("exec t/n -- spawn 2 alloc 60 stay").code == -signal.SIGKILL
    end()
    assert group.words()["oom"][0] >= 1 and group.words()["oom-kill"][0] >= 1
    order = group.order()
    assert order.index("oom") < order.index("oom-kill") < order.index("empty")
    assert "oom" not in tenant.words() and tenant.count("oom-kill") == group.count("oom-kill")


@memory
def test_events_of_the_soft_limit(hand, kept):
    watch, end = kept("--memory 64M --memory-high 20M", "t/n")
    # All of the soft limit, so that the little that a process has besides is what is too much: the
    # kernel puts one to sleep for a time that grows with the square of that.
    assert hand("exec t/n -- alloc 20480K", deadline=3 * DEADLINE).code == 0
    end()
    assert watch.words()["memory-high"][0] >= 1
    assert "oom-kill" not in watch.words()


@pytest.mark.needs("pids")
def test_events_of_refused_tasks(hand, kept):
    """Each is counted, though many come at once."""
    watch, end = kept("--pids 5", "t/n")
    assert hand("exec t/n -- forks 10 0").code == 1
    refused = int(hand.read("t/n", "pids.events").split()[1])
    end()
    assert watch.count("tasks-refused") == refused >= 1


@pytest.mark.needs("memory", "psi")
def test_events_of_pressure(watched):
    """A stall is told while it lasts, with how long it was."""
    r, watch = watched("--memory 64M --memory-high 20M --timeout 3000", "alloc 60 stay", "t/n")
    watch.wait("pressure")
    stalled, elapsed = watch.words()["pressure"][1:]
    assert 200000 <= stalled <= elapsed
    r.signal(signal.SIGTERM)
    r.wait(DEADLINE)
    watch.end()


@pytest.mark.worlds("host", "v2", "swap", "user", "mounted-elsewhere", "readonly", "nothing", "nothing-user")  # hybrid has pressure files, too
@cgroup
def test_events_that_are_not_there(run):
    """Asked for, they are refused, with the reason; a group that isn't there, too."""
    r = run.start("--tenant t --name n", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    for kind, need in KINDS.items():
        if need in HAS or need == "cgroup":
            continue
        watch = Watch(run, "t/n", kind)
        assert watch.end() == 95 and need in watch.lines()[0], watch.lines()
    watch = Watch(run, "t/no-such-group")
    r.signal(signal.SIGTERM)
    r.wait()
    assert watch.end() == 2 and "no-such-group" in watch.lines()[0]


@pytest.mark.needs("!cgroup")
def test_events_without_cgroups(run):
    watch = Watch(run, "t")
    assert watch.end() == 95 and len(watch.lines()) == 1, watch.lines()
