# SPDX-License-Identifier: MIT
"""Budgets: how much all groups of a tenant, or of the namespace, take together."""

import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, STRACE, end_at_once, wait_for
from world import mount, notes

MIB = 1 << 20


@pytest.fixture
def namespace(hand):
    """namespace("runs=3") sets the budget of all tenants; it is taken away at the end."""
    yield lambda text: hand.ok(["set", "--namespace-budget", text])
    hand.ok("set --namespace-budget none")


def taken(hand, tenant=None):
    """What is taken of a budget, by `ls`: resource -> (taken, limit)."""
    listed = hand.json("ls")
    if tenant:
        listed = next(group for group in listed["groups"] if group["group"] == tenant)
    items = listed["budget" if tenant else "namespace_budget"]
    return {item["resource"]: (item["taken"], item["limit"]) for item in items}


def directory(tenant=""):
    """Where a tenant, or the namespace, is: found without ration."""
    return next(Path(path) for path, _, _ in os.walk(mount()) if path.endswith(f"/{NAMESPACE}/{tenant}".rstrip("/")))


def full(r, *texts):
    """122, and one message with these texts in it."""
    assert r.code == 122 and r.stdout == "" and r.stderr.startswith("ration ") and r.stderr.count("ration ") == 1, r
    assert all(text in r.stderr for text in texts), r
    return r


def begun(run, options, name):
    """A run that goes on until it is signalled, with its group's name."""
    it = run.start(f"{options} --name {name}", ["sh", "-c", f"echo ready >{run.file(name)}; exec sleep 1000"])
    run.ready(name)
    return it


def end(*runs):
    for it in runs:
        it.signal(signal.SIGTERM)
    for it in runs:
        it.wait()


@pytest.mark.needs("cgroup")
def test_K10_runs(run, hand):
    """So many at a time: one more is refused at once, by one message that says who has the room; and the end of a run
    is room again."""
    hand.ok("create acme --budget runs=2")
    a, b = begun(run, "--tenant acme", "a"), begun(run, "--tenant acme", "b")
    r = full(run("--tenant acme", ["touch", str(run.file("ran"))]), "tenant acme is full", "runs", "free 0 of 2", "acme/a", "acme/b",
             "--wait")
    assert r.receipt is None and not run.file("ran").exists()
    full(hand("create acme/c"), "acme/a")
    assert taken(hand, "acme") == {"runs": (2, 2)}
    assert run("", "true").code == 0  # another tenant's
    end(a)
    assert run("--tenant acme", "true").code == 0
    end(b)
    assert taken(hand, "acme") == {"runs": (0, 2)}


@pytest.mark.needs("cgroup")
def test_K10_memory(run, hand):
    """What is taken is what the limits of those add up to that live; without one nobody gets in, and who asks for more
    than there ever is isn't told to try again. Where no controller enforces a limit, that what was asked for."""
    hand.ok("create acme --budget memory=1G,cpus=4")
    kept = [hand.ok(f"create acme/g{i} --memory 256M --cpus 0.5 --enforce any") for i in range(3)]
    assert len(kept) == 3 and taken(hand, "acme") == {"memory": (768 * MIB, 1024 * MIB), "cpus": (1.5, 4)}
    full(run("--tenant acme --memory 300M --cpus 1", "true"), "memory asked 300 MiB", "free 256 MiB of 1 GiB", "acme/g0 256 MiB")
    full(run("--tenant acme --memory 200M --cpus 3", "true"), "cpus asked 3", "free 2.50 of 4")
    assert run("--tenant acme --memory 256M --cpus 2.5", "true").code == 0
    hand.refused(["run", "--tenant", "acme", "--cpus", "1", "true"], "budget of memory", "--memory")
    hand.refused("create acme/x --memory 1M --enforce any", "budget of cpus", "--cpus")
    hand.refused(["run", "--tenant", "acme", "-m", "1025M", "--cpus", "1", "true"], "more than all of the budget", "1 GiB")
    hand.ok("rm acme/g0 acme/g1 acme/g2")
    hand.ok("rm --ignore-missing acme/g0")  # twice gives back once
    assert taken(hand, "acme") == {"memory": (0, 1024 * MIB), "cpus": (0, 4)}


@pytest.mark.needs("memory", "cpu")
def test_K10_limits_grow(run, hand):
    """Whoever gets more later takes it from the budget as well."""
    hand.ok("create acme --budget memory=1G")
    hand.ok("create acme/a --memory 256M")
    hand.ok("create acme/b --memory 512M")
    r = full(hand("set acme/a --memory 600M"), "memory asked 600 MiB", "acme/b 512 MiB")
    assert hand.read("acme/a", "memory.max") == str(256 * MIB), r
    hand.refused("set acme/a --memory max", "budget of memory")
    hand.ok("set acme/a --memory 512M")
    hand.ok("set acme/b --memory 100M")  # less is always possible
    assert taken(hand, "acme") == {"memory": (612 * MIB, 1024 * MIB)}
    # Lowered by hand, or raised: the account is the kernel's.
    (hand.path("acme/b") / "memory.max").write_text(str(50 * MIB))
    assert taken(hand, "acme") == {"memory": (562 * MIB, 1024 * MIB)}


@pytest.mark.needs("cgroup")
def test_K10_below_use(run, hand):
    """A budget that is lowered below what is taken ends nothing, and lets nobody in until enough has ended."""
    hand.ok("create acme --budget runs=3")
    runs = [begun(run, "--tenant acme", name) for name in "abc"]
    hand.ok("set acme --budget runs=1")
    assert taken(hand, "acme") == {"runs": (3, 1)}
    end(*runs[:2])
    full(run("--tenant acme", "true"), "free 0 of 1", "acme/c")
    end(runs[2])
    assert run("--tenant acme", "true").code == 0
    hand.ok("set acme --budget none")
    assert "budget" not in hand.json("ls")["groups"][0]


@pytest.mark.needs("cgroup")
def test_K10_older_groups(run, hand):
    """A group without a limit may take all: as long as it lives, a budget of memory is full."""
    hand.ok("create acme")
    a = begun(run, "--tenant acme", "a")
    hand.ok("set acme --budget memory=1G")
    full(run("--tenant acme --memory 1M", "true"), "acme/a (no limit)")
    end(a)
    assert run("--tenant acme --memory 1M", "true").code == 0


@pytest.mark.needs("cgroup")
def test_K10_overcommit(run, hand):
    hand.ok("create acme --budget memory=100Mx1.5")
    hand.ok("create acme/a --memory 150M --enforce any")
    full(run("--tenant acme --memory 1M", "true"), "free 0 B of 150 MiB")
    assert "overcommit 1.50 of 100 MiB" in hand.ok("show acme").stdout


@pytest.mark.needs("cgroup")
def test_K10_killed(run, hand):
    """A kill -9 leaks nothing: the account is the kernel's own."""
    hand.ok("create acme --budget runs=1")
    it = begun(run, "--tenant acme", "a")
    it.signal(signal.SIGKILL)
    it.popen.wait(DEADLINE)
    wait_for("the room", lambda: taken(hand, "acme") == {"runs": (0, 1)})
    assert run("--tenant acme", "true").code == 0
    wait_for("its keeper's end", lambda: not run.alive())


@pytest.mark.needs("cgroup")
def test_K10_all_killed(run, hand):
    """Nor does one of all that ration has there, at the same instant: the next run ends what is left, and has its room."""
    hand.ok("create acme --budget runs=1")
    it = begun(run, "--tenant acme", "a")
    end_at_once((run.one("ration-reaper"), it.pid))
    it.popen.wait(DEADLINE)
    assert taken(hand, "acme") == {"runs": (1, 1)}
    assert run("--tenant acme", "true").code == 0
    wait_for("the end of all", lambda: taken(hand, "acme") == {"runs": (0, 1)} and not run.alive())


@pytest.mark.needs("cgroup")
def test_K16_two_processes(run, hand, namespace):
    """Two programs that know nothing of each other, in two tenants, and one budget of the namespace."""
    namespace("memory=1G")
    hand.ok("create red/a --memory 400M --enforce any")
    hand.ok("create blue/b --memory 400M --enforce any")
    full(run("--tenant green --memory 400M", "true"), f"namespace {NAMESPACE} is full", "red/a 400 MiB", "blue/b 400 MiB")
    hand.ok("rm red/a")
    assert run("--tenant green --memory 400M", "true").code == 0
    assert taken(hand) == {"memory": (400 * MIB, 1024 * MIB)}
    # It stays with its budget, and goes with it.
    hand.ok("rm blue")
    assert directory().is_dir()
    hand.ok("gc")
    hand.ok("set --namespace-budget none")
    assert not run.groups()


@pytest.mark.worlds("host", "v2")
@pytest.mark.needs("cgroup", "root", "!filtered")
def test_a_namespace_budget_that_cannot_stay(run, hand, namespace):
    """The note that keeps the namespace can't be written: then its budget is the one before."""
    namespace("runs=3")
    r = run.command("set", "--namespace-budget", "runs=5",
                    before=[*STRACE, "-f", "-o", "/dev/null", "-e", "trace=fsetxattr", "-e", "inject=fsetxattr:error=ENOSPC:when=2"])
    assert r.code == 125 and "can't write notes on the namespace" in r.stderr, r
    assert taken(hand) == {"runs": (0, 3)}


@pytest.mark.needs("cgroup")
def test_K17_capacity(run, hand, namespace):
    """Where the figure comes from that percent are of: the host, a limit above, or who has set an amount."""
    total = next(int(line.split()[1]) * 1024 for line in open("/proc/meminfo", encoding="ascii") if line.startswith("MemTotal"))
    namespace("memory=50%")
    item, = hand.json("ls")["namespace_budget"]
    if item["source"] == "host":
        assert item["limit"] == pytest.approx(total / 2, rel=.01)
        assert "50% of the host" in hand.ok("ls").stdout
    else:
        assert item["where"] in hand.ok("ls").stdout and item["limit"] < total / 2
    namespace("memory=64M")
    item, = hand.json("ls")["namespace_budget"]
    assert (item["source"], item["limit"]) == ("override", 64 * MIB)


@pytest.mark.needs("memory")
def test_K17_limit_above(hand, namespace, by_hand, base):
    """K17 with a limit above, as that of a container; and of a tenant that has one."""
    above = by_hand(base / f"{NAMESPACE}-above", memory_max=256 << 20)
    (above / "cgroup.subtree_control").write_text("+memory")
    hand.ok(["set", "--base", str(above), "--namespace-budget", "memory=90%"])
    item, = hand.json(["ls", "--base", str(above)])["namespace_budget"]
    assert item["limit"] == pytest.approx((256 << 20) * .9, rel=.001) and item["where"].endswith("-above"), item
    assert item["source"] in ("limit", "container limit")
    hand.ok(["set", "--base", str(above), "--namespace-budget", "none"])
    namespace("runs=100")
    hand.ok("create acme --memory 100M --budget memory=50%")
    item, = next(group["budget"] for group in hand.json("ls")["groups"] if group["group"] == "acme")
    assert (item["source"], item["where"], item["limit"]) == ("tenant limit", "acme", 50 * MIB)


@pytest.mark.needs("cgroup", "root", "unshare")
def test_K10_whose_word(run, hand):
    """A tenant can't raise its own budget: what another user notes on the directory isn't read."""
    hand.ok("create acme --budget runs=1")
    path = directory("acme")
    if notes(path).startswith("user"):
        pytest.skip("here root's word is one that others have, too")
    os.chown(path, 12345, 12345)
    try:
        os.setxattr(path, "user.ration.budget", b"runs=1000")
        assert taken(hand, "acme") == {"runs": (0, 1)}
        assert os.getxattr(path, "trusted.ration.budget") == b"runs=1"
        code = subprocess.run([RATION, "set", "acme", "--budget", "runs=1000"], env=run.env, user=12345, capture_output=True,
                              check=False).returncode
        assert code == 125
    finally:
        os.chown(path, os.geteuid(), os.getegid())
    os.removexattr(path, "user.ration.budget")
    hand.refused("create blue --owner 12345 --budget runs=3", "--owner", "exclude each other")


@pytest.mark.needs("memory", "root", "unshare")
def test_K10_delegated(run, hand, namespace):
    """A tenant that is given away takes its own limits, whatever is in it; without one it isn't made."""
    namespace("memory=1G,runs=10")
    hand.refused("create acme --owner 12345", "budget of memory", "--memory")
    hand.ok("create acme --owner 12345 --memory 768M")
    for name in ("a", "b"):
        subprocess.run(["mkdir", directory("acme") / name], user=12345, check=True)
    assert taken(hand) == {"runs": (1, 10), "memory": (768 * MIB, 1024 * MIB)}
    full(run("--memory 512M", "true"), "acme 768 MiB")


@pytest.mark.needs("cgroup")
def test_K10_lock_of_a_stranger(run, hand):
    """Who can only look into the directory can't keep anybody waiting."""
    hand.ok("create acme --budget runs=1")
    stranger = os.open(directory("acme"), os.O_RDONLY)
    fcntl.flock(stranger, fcntl.LOCK_EX)
    assert run("--tenant acme", "true").code == 0
    os.close(stranger)


@pytest.mark.needs("cgroup")
def test_K13_many_at_once(run, hand):
    """Many arrivals, each from a process of its own: never more than there is room for, at any sample."""
    crowd(run, hand, 24, 5)


def crowd(run, hand, arrivals, room):
    hand.ok(f"create acme --budget runs={room}")
    path, most = directory("acme"), 0
    runs = [subprocess.Popen([RATION, "run", "-q", "--tenant", "acme", "--", "sleep", ".05"], env=run.env,
                             stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(arrivals)]
    while any(it.poll() is None for it in runs):
        most = max(most, sum(entry.is_dir() for entry in os.scandir(path)))
    codes = [it.wait() for it in runs]
    assert set(codes) <= {0, 122} and codes.count(0) >= room and most <= room, (codes, most)
    assert taken(hand, "acme") == {"runs": (0, room)}


def waiting(hand, tenant="acme"):
    """The pids of those who wait, in the order of their places."""
    listed = hand.json("ls --waiting")["waiting"]
    assert all(set(item) >= {"place", "pid"} for item in listed), listed
    return [item["pid"] for item in sorted(listed, key=lambda item: item["place"]) if item.get("tenant", "") == tenant]


def queued(run, hand, options, name, command=None):
    """A run that has its place in the queue."""
    before = waiting(hand)
    it = run.start(f"{options} --name {name}", command or ["sh", "-c", f"echo {name} >>{run.file('order')}"])
    wait_for(f"{name} to wait", lambda: it.pid in waiting(hand))
    assert waiting(hand)[:-1] == [pid for pid in before if pid in waiting(hand)]
    return it


@pytest.mark.needs("cgroup")
def test_K10_wait(run, hand):
    """Who waits gets the room that comes back, and the receipt says how long that took; nobody overtakes."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    b = queued(run, hand, "--tenant acme --wait", "b")
    assert "b" in hand.ok("ls --waiting acme").stdout and waiting(hand) == [b.pid]
    full(run("--tenant acme", "true"), "1 waits before")
    end(a)
    r = b.wait()
    assert r.code == 0 and r.receipt["admission"]["waited_usec"] > 0, r
    assert run("--tenant acme --wait", "true").code == 0
    assert waiting(hand) == [] and taken(hand, "acme") == {"runs": (0, 1)}


@pytest.mark.needs("cgroup")
def test_K11_timeout(run, hand):
    """122 with what it waited for, when the time is up; and nothing is left of it."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    r = full(run("--tenant acme --wait=300ms", ["touch", str(run.file("ran"))]), "no room within", "tenant acme is full", "acme/a")
    assert not run.file("ran").exists() and r.receipt is None
    full(hand("create acme/b --wait=.1"), "no room within")
    full(run("--exec --tenant acme --wait=.1", "true", receipt=False), "no room within")
    assert waiting(hand) == []
    end(a)


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_K11_waiter_ends(run, hand, sig):
    """One that is ended while it waits has run nothing, leaves nothing, and keeps nobody."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    b = queued(run, hand, "--tenant acme --wait", "b")
    c = queued(run, hand, "--tenant acme --wait", "c")
    b.signal(sig)
    r = b.wait()
    assert r.code == -sig and r.receipt is None and waiting(hand) == [c.pid]
    end(a)
    assert c.wait().code == 0 and run.file("order").read_text() == "c\n"


@pytest.mark.needs("cgroup")
def test_a_waiter_that_is_stopped(run, hand):
    """It keeps its place: those behind it wait as long as they were told to, see its pid, and go on after it."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    b = queued(run, hand, "--tenant acme --wait", "b")
    c = queued(run, hand, "--tenant acme --wait", "c")
    b.signal(signal.SIGSTOP)
    end(a)
    full(run("--tenant acme --wait=300ms", "true"), "no room within")
    assert waiting(hand) == [b.pid, c.pid] and not run.file("order").exists()
    b.signal(signal.SIGCONT)
    assert b.wait().code == 0 and c.wait().code == 0
    assert run.file("order").read_text() == "b\nc\n" and waiting(hand) == []


@pytest.mark.needs("cgroup")
def test_K13_in_order(run, hand):
    """First come, first served, across processes that know nothing of each other."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    names = "bcdefg"
    waiters = [queued(run, hand, "--tenant acme --wait", name) for name in names]
    end(a)
    assert [it.wait().code for it in waiters] == [0] * len(names)
    assert run.file("order").read_text().split() == list(names)


@pytest.mark.needs("cgroup")
def test_K13_small_behind_large(run, hand):
    """A small one that would fit doesn't overtake a large one that waits, whether it waits itself or not."""
    hand.ok("create acme --budget memory=1G")
    a = begun(run, "--tenant acme --memory 600M", "a")
    large = queued(run, hand, "--tenant acme --wait --memory 800M", "large")
    # It fits beside the one that runs, and not beside the large one: the two don't run at the same time.
    small = queued(run, hand, "--tenant acme --wait --memory 300M", "small")
    full(run("--tenant acme --memory 100M", "true"), "2 wait before")
    assert not run.file("order").exists()
    end(a)
    assert (large.wait().code, small.wait().code) == (0, 0)
    assert run.file("order").read_text().split() == ["large", "small"]


@pytest.mark.needs("cgroup")
def test_K16_full_tenant(run, hand, namespace):
    """A tenant that is full keeps no other from the budget of the namespace; there, too, it is first come, first served."""
    namespace("runs=2")
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    b = queued(run, hand, "--tenant acme --wait", "b")
    assert run("--wait", "true").code == 0  # its own tenant, and room in the namespace
    c = begun(run, "", "c")
    d = run.start("--wait --name d", ["sh", "-c", f"echo d >>{run.file('order')}"])
    wait_for("d to wait", lambda: waiting(hand, "") == [d.pid])
    end(c)
    assert d.wait().code == 0
    end(a)
    assert b.wait().code == 0 and run.file("order").read_text().split() == ["d", "b"]


@pytest.mark.needs("cgroup")
def test_K10_budget_changes(run, hand):
    """Who waits sees at once that the budget was raised, and when it is taken away."""
    hand.ok("create acme --budget runs=1")
    a = begun(run, "--tenant acme", "a")
    b = queued(run, hand, "--tenant acme --wait", "b")
    hand.ok("set acme --budget runs=2")
    assert b.wait().code == 0
    hand.ok("set acme --budget runs=1")
    c = queued(run, hand, "--tenant acme --wait", "c")
    hand.ok("set acme --budget none")
    assert c.wait().code == 0
    end(a)


def stalled(path):
    """The share of the last 10 s in which all tasks there waited for memory."""
    full_line = next(line for line in (path / "memory.pressure").read_text().splitlines() if line.startswith("full"))
    return float(full_line.split()[1].split("=")[1])


@pytest.mark.needs("memory", "psi")
def test_K12_pressure(run, hand):
    """Nothing starts in a tenant whose tasks all wait for memory, and what lives goes on; it resumes once that is over."""
    hand.ok("create acme --budget runs=100")
    path = directory("acme")
    hog = run.start("--tenant acme --memory 64M --memory-high 16M", "alloc 40 stay")
    wait_for("pressure", lambda: stalled(path) > 8)
    # Far below: on a busy machine that waits for its CPU as well, it isn't stalled meanwhile.
    hand.ok(f"set acme --budget pressure={max(stalled(path) / 4, 1):.0f}%")
    full(run("--tenant acme", "true"), "waited for memory", "% at most")
    assert hog.popen.poll() is None and run("", "true").code == 0
    b = queued(run, hand, "--tenant acme --wait", "b")
    end(hog)
    assert b.wait().code == 0


@pytest.mark.needs("cgroup", "psi")
def test_K12_unknown(run, hand):
    """Pressure that isn't known holds nobody, and the receipt says so."""
    hand.ok("create acme --budget pressure=1%,runs=9")
    off = directory("acme") / "cgroup.pressure"
    if not off.exists():
        pytest.skip("this kernel can't switch it off for one group")
    off.write_text("0")
    r = run("--tenant acme --wait", "true")
    assert r.code == 0 and "memory.pressure" in r.receipt["admission"]["pressure_unknown"], r
    hand.ok("set acme --budget pressure=none")
    assert "pressure_unknown" not in run("--tenant acme --wait", "true").receipt["admission"]


@pytest.mark.needs("cgroup")
def test_K12_available(run, hand):
    """A floor for the memory that the machine has left."""
    hand.ok("create acme --budget available=1000T")
    full(run("--tenant acme", "true"), "available memory")
    full(run("--tenant acme --wait=.2", "true"), "no room within", "available memory")
    hand.ok("set acme --budget available=1M")
    assert run("--tenant acme", "true").code == 0


@pytest.mark.needs("cgroup")
def test_K11_never(run, hand):
    """What no waiting helps isn't waited for."""
    hand.ok("create acme --budget memory=1G")
    hand.refused("run --tenant acme --wait -- true", "--memory")
    hand.refused("run --tenant acme --wait --memory 2G -- true", "more than all")
    hand.refused("run --tenant acme --wait=0 --memory 2G -- true", "--wait=0", "above 0")
    hand.refused("run --tenant acme --wait=soon -- true", "--wait")


@pytest.mark.anywhere
@pytest.mark.parametrize("text", ["runs=0", "memory=1GB", "disk=3", "runs=3,runs=4", "memory=1Gx0", "memory=101%", "cpus=four",
                                  "pressure=10", "none,runs=1", "runs=9999999999999999999999"])
@pytest.mark.parametrize("words", [["create", "acme", "--budget"], ["set", "acme", "--budget"], ["set", "--namespace-budget"]])
def test_K10_bad_input(hand, words, text):
    """One message that names the value and the way out; nothing is changed."""
    hand.refused([*words, text], words[-1], "e.g.")


@pytest.mark.anywhere
@pytest.mark.parametrize("words, text", [
    ("set --namespace-budget runs=3 acme", "takes no tenant"),
    ("set --namespace-budget runs=3 --memory 64M", "takes no other limit"),
    ("set --budget runs=3", "missing argument"),
    ("set", "missing argument"),
    ("create acme/x --budget runs=3", "only a tenant has a budget"),
])
def test_K10_contradictions(hand, words, text):
    hand.refused(words, text)
