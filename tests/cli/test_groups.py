# SPDX-License-Identifier: MIT
"""Tenants and groups by hand: made, changed, shown, listed, removed, collected."""

import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, end_at_once, is_harmless, patiently, wait_for
from test_input import HOSTILE
from world import HAS, WORLD, mount
from world import strict as strictly

MIB = 1 << 20
MAX = "max"
cgroup = pytest.mark.needs("cgroup")
memory = pytest.mark.needs("memory")
root = pytest.mark.needs("cgroup", "root")


# ------------------------------------------------------------------ create


@cgroup
def test_create(hand):
    """A tenant and a group: they are there, they stay, and nothing is said."""
    for address in ("acme", "acme/vm7", "solo/one"):
        r = hand.ok(["create", address])
        assert (r.stdout, r.stderr) == ("", "")
        assert hand.path(address).is_dir()
    hand.ok("gc")
    assert len(hand.tenants()) == 2


@memory
@pytest.mark.parametrize("limits, files", [
    ("--memory 64M", {"memory.max": "67108864", "memory.swap.max": "0", "memory.oom.group": "1"}),
    ("--memory 64M --oom-group off", {"memory.oom.group": "0"}),
    ("--memory 64M --swap 16M --memory-high 48M", {"memory.swap.max": "16777216", "memory.high": "50331648"}),
    ("--cpus 1.5 --cpu-weight 50", {"cpu.max": "150000 100000", "cpu.weight": "50"}),
    ("--pids 50 --cpuset-cpus 0", {"pids.max": "50", "cpuset.cpus": "0"}),
    ("--memory-low 8M --memory-min 4M", {"memory.low": "8388608", "memory.min": "4194304"}),
    ("--memory max", {"memory.max": "max"}),
    ("--vm kvm --guest-memory 64M", {"memory.max": str(264 * MIB), "cpu.max": "100000 100000", "pids.max": "100"})])
def test_create_with_limits(hand, limits, files):
    hand.ok(f"create acme/vm7 {limits} --enforce strict")
    for name, value in files.items():
        assert hand.read("acme/vm7", name) == value, name


@memory
def test_create_says_what_it_made(hand):
    said = hand.json("create acme/vm7 --memory 64M")
    assert said["group"] == "acme/vm7" and not said["tenant"]
    assert Path(said["path"]).is_dir() and said["path"].endswith(f"/{NAMESPACE}/acme/vm7")
    entry = next(e for e in said["limits"] if e["limit"] == "memory")
    assert (entry["asked"], entry["mechanism"], entry["scope"]) == (64 * MIB, "cgroup2", "group")


@memory
def test_percent_of_the_group_above(hand, run):
    """50% of a tenant's 100M are 50 MiB, however much the machine has."""
    hand.ok("create acme --memory 100M")
    hand.ok("create acme/vm7 --memory 50%")
    assert hand.read("acme/vm7", "memory.max") == str(50 * MIB)
    hand.ok("set acme/vm7 --memory 25% --memory-high 10%")
    assert (hand.read("acme/vm7", "memory.max"), hand.read("acme/vm7", "memory.high")) == (str(25 * MIB),
                                                                                       str(10 * MIB))
    r = run("--tenant acme --memory 50%", "true")
    assert (r.limit("memory")["asked"], r.limit("memory")["in_force"]) == (50 * MIB, 50 * MIB)
    r = run("--exec --tenant acme --memory 50% --quiet", ["sh", "-c", f"cat {mount()}$(sed -n s/^0:://p "
            "/proc/self/cgroup)/memory.max"], receipt=False)
    assert r.stdout.strip() == str(50 * MIB), r
    hand.ok("gc")
    # The plan says so before.
    said = json.loads(run.command("plan", "--tenant", "acme", "--memory", "50%", "--json").stdout)
    assert said["limits"][0]["asked"] == said["limits"][0]["in_force"] == 50 * MIB
    assert (said["memory_bytes"], said["memory_source"]) == (100 * MIB, "acme")
    assert "memory available to a group: 100 MiB (tenant acme)\n" in run.command(
        "plan", "--tenant", "acme").stdout
    assert run.plan("--memory 50%")["memory"]["asked"] > 100 * MIB
    # A tenant's own is of what is above it; of one that isn't there yet, too.
    hand.ok("set acme --memory 50%")
    assert int(hand.read("acme", "memory.max")) > 100 * MIB
    hand.ok("create new/vm1 --memory 50%")
    assert hand.read("new/vm1", "memory.max") == hand.read("acme", "memory.max")


@memory
def test_create_is_held(hand):
    """Exceeded by a process that somebody put there: the kernel holds it."""
    hand.ok("create acme/vm7 --memory 30M")
    child = hand.put("acme/vm7", "alloc 100")
    assert child.wait(DEADLINE) == -signal.SIGKILL
    assert "oom_kill 0" not in hand.read("acme/vm7", "memory.events")


@cgroup
def test_create_twice(hand):
    """An error, and nothing is changed; with --exist-ok none, if it is the same."""
    limit = "--pids 50" if "pids" in HAS else ""
    hand.ok(f"create acme/vm7 {limit}")
    hand.refused(f"create acme/vm7 {limit}", "acme/vm7", "exists")
    hand.ok(f"create acme/vm7 {limit} --exist-ok")
    hand.ok("create acme")
    hand.refused("create acme", "acme", "exists")
    if limit:
        hand.refused("create acme/vm7 --pids 60 --exist-ok", "acme/vm7", "other limits")
        assert hand.read("acme/vm7", "pids.max") == "50"


@cgroup
@pytest.mark.parametrize("flag", ["", "--exist-ok"])
@pytest.mark.parametrize("address", ["acme", "acme/vm7"])
def test_create_at_once(hand, run, base, address, flag):
    """Many of the same name: one wins, or all do; whoever returns finds it whole."""
    n = 30 if WORLD == "host" else 12
    limit = "--pids 77 --memory 64M" if "memory" in HAS else ""
    where = f"{base}/{NAMESPACE}/{address}"
    script = f'"$0" create {address} {limit} {flag} || exit $?; cat "$1"/pids.max "$1"/memory.max 2>/dev/null; test -d "$1"'
    them = [subprocess.Popen(["sh", "-c", script, RATION, where], env=run.env, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE) for _ in range(n)]
    ends = [(p.communicate(timeout=DEADLINE), p.returncode) for p in them]
    won = [out for (out, _), code in ends if code == 0]
    lost = [err for (_, err), code in ends if code != 0]
    assert len(won) == (n if flag else 1), ends
    assert set(won) == {"77\n67108864\n" if limit else ""} or not limit
    for err in lost:
        assert "exists" in err and "busy" not in err.lower(), err
        assert len(err.splitlines()) == 2


@cgroup
def test_create_against_rm(hand, run):
    """Made and removed at once by several: each either works or says in one message
    what was in its way, and nothing is left half."""
    script = 'for i in 1 2 3 4 5; do "$0" create acme/vm7; "$0" show acme/vm7; "$0" rm acme/vm7; done'
    them = [subprocess.Popen(["sh", "-c", script, RATION], env=run.env, text=True, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for _ in range(4)]
    for p in them:
        _, err = p.communicate(timeout=DEADLINE)
        for line in err.splitlines():
            assert line.startswith("  hint: ") or "exists" in line or "no such" in line or "removed" in line, err
    hand.ok("rm --ignore-missing acme/vm7")
    hand.ok("rm --ignore-missing acme")
    assert hand.tenants() == []


@root
def test_H07_delegation(hand):
    """A uid gets the directory and what moves processes, and no limit; and it works
    for that user."""
    hand.ok("create --owner 1000 acme/vm7" + (" --memory 64M" if "memory" in HAS else ""))
    path = hand.path("acme/vm7")
    for name in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
        assert (path / name).stat().st_uid == 1000, name
    for file in path.iterdir():
        if file.name not in ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
            assert file.stat().st_uid == 0, file
    script = f"cd {path} && mkdir sub && rmdir sub && ! echo max >memory.max && ! echo 1 >pids.max"
    r = subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL, user=1000, group=1000, extra_groups=[])
    assert r.returncode == 0


@root
@pytest.mark.parametrize("owner, gid", [("0", 0), ("root", 0), ("root:root", 0), ("1:2", 2), ("daemon:0", 0), ("4242", 0)])
def test_owner_words(hand, owner, gid):
    hand.ok(["create", "--owner", owner, "acme/vm7"])
    stat = hand.path("acme/vm7").stat()
    assert (stat.st_uid, stat.st_gid) == ({"root": 0, "daemon": 1}.get(owner.split(":")[0]) if not
                                          owner[0].isdigit() else int(owner.split(":")[0]), gid)


@pytest.mark.parametrize("owner", ["nosuchuser", "root:nosuch", "", ":", "-1", "4294967295", "root:", "1.5", "a\nb"])
def test_owner_refused(hand, owner):
    hand.refused(["create", "--owner", owner, "acme/vm7"], "--owner")


# ------------------------------------------------------------- bad addresses


@pytest.mark.anywhere
@pytest.mark.worlds("host", "v2")
@pytest.mark.parametrize("name", [n for n in HOSTILE if n not in ("a/b", "-x")] + ["a/b/c", "a//b", "/a", "a/", "a/.."],
                         ids=lambda name: repr(name[:20]))
def test_hostile_addresses(hand, name):
    """As a tenant and as a group, for every command: refused before anything is touched."""
    for command in ("create", "set --pids 5", "show", "rm", "rm --ignore-missing"):
        for address in (name, f"t/{name}", f"{name}/g"):
            # A pattern that fits nothing is what that option allows.
            if "*" in name and command == "rm --ignore-missing":
                hand.ok([*command.split(), "--", address])
                continue
            r = hand.refused([*command.split(), "--", address])
            assert "no such" not in r.stderr or not name
    r = hand(["ls", "--", name])
    assert r.code == 125 and is_harmless(r.stderr)


@pytest.mark.worlds("host", "v2")
@pytest.mark.parametrize("words, text", [
    ("create", "TENANT"), ("set --memory 64M", "TENANT"), ("show", "TENANT"), ("rm", "TENANT"),
    ("create a b", "b"), ("show a b", "b"), ("ls a b", "b"), ("set acme", "missing limit"), ("rm --force --release a", "--force"),
    ("create --timeout 5 a/b", "--timeout"), ("create --rlimit nofile=5 a/b", "--rlimit"), ("set --cpu-time 5 a", "--cpu-time"),
    ("create --memory 64MB a", "--memory"), ("create a --memory", "--memory"), ("set a --deadline 0", "--deadline"),
    ("set a --deadline x", "--deadline"), ("create a --no-such", "--no-such"), ("create --parent ../x a", "--parent"),
    ("create --parent a/../b x", "--parent"), ("create --parent a//b x", "--parent"), ("gc --dry-run x", "x")])
def test_bad_words(hand, words, text):
    hand.refused(words, text)


@cgroup
@pytest.mark.parametrize("words", ["show nobody", "show nobody/vm7", "rm nobody", "rm nobody/vm7", "ls nobody"] + [
    "set --pids 5 nobody", "set --pids 5 nobody/vm7"] * ("pids" in HAS))
def test_missing(hand, words):
    hand.refused(words, words.split()[-1], "no such")


@pytest.mark.needs("!cgroup")
def test_no_cgroup_at_all(hand):
    """Each says why there can be no group; listing and collecting have nothing to do."""
    why = {"readonly": "read-only", "nothing": "cgroup", "nothing-user": "cgroup"}.get(WORLD, "cgroup")
    for words in ("create acme", "create acme/vm7", "create --memory 64M acme/vm7", "create --memory 64M --enforce any a",
                  "set --memory 64M acme", "show acme", "rm acme", "rm acme/vm7"):
        r = hand.refused(words)
        assert why in r.stderr.lower(), r
    r = hand.ok("ls")
    assert r.stdout == "" and why in r.stderr.lower()
    assert hand.json("ls")["groups"] == []
    assert "examined: 0" in hand.ok("gc").stdout


@pytest.mark.needs("cgroup", "!memory")
def test_no_controller(hand):
    """A group can be, but not this limit of it, which cgroup v1 hasn't either: said, and not half done."""
    hand.refused("create --memory-high 64M acme/vm7", "memory", "controller")
    assert hand.tenants() == []
    hand.ok("create acme/vm7")
    hand.refused("set --memory-high 64M acme/vm7", "memory", "controller")
    r = hand.ok("create --memory-high 64M --enforce any acme/vm8")
    assert "memory" in r.stderr and "not enforced" in r.stderr


@pytest.mark.worlds("user")
def test_of_another_user(hand):
    """A place that is root's: named, with whose it is."""
    hand.refused(["create", "--base", str(mount()), "acme/vm7"], str(mount()))


ROOTED = mount() / "user-1000" / "rooted" if mount() else None


def of_root(words):
    return words.replace(" ", f" --base {ROOTED.parent} --namespace rooted ", 1)


@pytest.mark.worlds("user")
@pytest.mark.parametrize("words", [
    "set acme/vm7 --memory 64M", "set acme --pids 50", "rm acme/vm7", "rm --force acme/vm7", "rm acme",
    "rm --release acme/vm7", "kill acme/vm7", "freeze acme/vm7", "thaw acme/vm7", "reclaim acme/vm7 1M",
    "attach acme/vm7 PID", "exec acme/vm7 -- true", "create acme/vm8", "create acme/vm8 --memory 64M", "create new",
    "create acme", "run --tenant acme -- true", "run --group acme/vm8 -- true"])
def test_of_root(hand, words):
    """Groups that are root's, below what is ours: refused, with whose they are."""
    files = {path: (ROOTED / path).read_text() for path in ("acme/pids.max", "acme/vm7/memory.max")}
    r = hand(of_root(words.replace("PID", str(hand.sleeper().pid))))
    assert r.code == 125 and r.stdout == "", r
    assert "belongs to uid 0" in r.stderr and r.stderr.count("ration ") == 1, r
    assert files == {path: (ROOTED / path).read_text() for path in files}
    assert [path for path, _, _ in os.walk(ROOTED)] == [str(ROOTED), f"{ROOTED}/acme", f"{ROOTED}/acme/vm7"]


@pytest.mark.worlds("user")
def test_of_root_to_look_at(hand):
    """Looking and collecting take no more than that they are there."""
    hand.ok(of_root("show acme/vm7"))
    assert "acme/vm7" in hand.ok(of_root("ls ")).stdout
    # Nobody has recorded whose it is: after 10 s such a group is taken for one that was never finished.
    wait_for("its age", lambda: time.time() - (ROOTED / "acme/vm7").stat().st_ctime > 11)
    assert "acme/vm7: stays" in hand.ok(of_root("gc --dry-run")).stdout
    r = hand.ok(of_root("gc "))
    assert "removed: 0, live: 1, failed: 0" in r.stdout and r.stderr == "", r
    assert (ROOTED / "acme/vm7").is_dir()


# --------------------------------------------------------------------- show


@memory
def test_H01_effective_memory(hand):
    """The lowest of all above counts; a group without a limit has that of its ancestors;
    lowering one counts at once. The level that binds is named."""
    options = ["--parent", "a/b"]
    hand.ok(["create", "acme", "--memory", "20M", *options])
    for name, limit in (("own", ["--memory", "5M"]), ("none", [])):
        hand.ok(["create", f"acme/{name}", *limit, *options])
    tenant = Path(hand.json(["show", "acme", *options])["path"])
    b, a = tenant.parent.parent, tenant.parent.parent.parent
    (a / "memory.max").write_text("40M")
    (b / "memory.max").write_text("10M")
    assert hand.effective("acme/own", "memory", *options) == str(5 * MIB)
    assert hand.effective("acme/none", "memory", *options) == str(10 * MIB)
    assert hand.effective("acme", "memory", *options) == str(10 * MIB)
    said = next(e for e in hand.json(["show", "acme/none", *options])["limits"] if e["limit"] == "memory")
    assert (said["effective"], said["level"], said["in_force"]) == (10 * MIB, "ancestor", MAX)
    assert said["where"].endswith("/a/b") and "asked" not in said
    text = hand.ok(["show", "acme/none", *options]).stdout
    assert "10 MiB" in text and "ancestor" in text and "/a/b" in text
    (a / "memory.max").write_text("5M")
    assert hand.effective("acme/none", "memory", *options) == str(5 * MIB)
    (a / "memory.max").write_text("max")
    (b / "memory.max").write_text("max")
    said = next(e for e in hand.json(["show", "acme/none", *options])["limits"] if e["limit"] == "memory")
    assert (said["effective"], said["level"]) == (20 * MIB, "tenant")
    hand.ok(["rm", "acme", *options])


@memory
def test_H01_effective_others(hand):
    hand.ok("create acme --pids 30 --cpus 1.5 --cpuset-cpus 0")
    hand.ok("create acme/vm7 --pids 50 --cpus .5")
    assert hand.effective("acme/vm7", "pids") == "30"
    assert hand.effective("acme/vm7", "cpus") == "0.5"
    assert hand.effective("acme/vm7", "cpuset_cpus") == "0"
    said = hand.limit("acme/vm7", "pids")
    assert (said["asked"], said["in_force"], said["effective"], said["level"]) == (50, 50, 30, "tenant")
    assert (said["mechanism"], said["file"]) == ("cgroup2", "pids.max")
    assert hand.limit("acme/vm7", "cpus")["level"] == "group"


@pytest.mark.needs("memory", "!container")  # which has a limit of its own
def test_show_is_short(hand):
    """What nobody asked for isn't shown, unless --all."""
    hand.ok("create acme/vm7 --memory 64M")
    lines = hand.ok("show acme/vm7").stdout.splitlines()
    assert lines[0].startswith("acme/vm7, a group: /") and lines[1].split()[0] == "limit"
    assert [line.split()[0] for line in lines[2:]] == ["memory", "swap"]
    assert all(len(line) <= 110 for line in lines[1:])
    more = hand.ok("show --all acme/vm7").stdout
    for name in ("cpus", "pids", "cpu_weight", "io_read_bps"):
        assert f"  {name}" in more
    assert "no limits" in hand.ok("create acme/vm8").stdout + hand.ok("show acme/vm8").stdout


@memory
def test_show_of_what_others_wrote(hand):
    """What is asked for and what is in force are two things."""
    hand.ok("create acme/vm7 --memory 64M")
    (hand.path("acme/vm7") / "memory.max").write_text("32M")
    said = hand.limit("acme/vm7", "memory")
    assert (said["asked"], said["in_force"]) == (64 * MIB, 32 * MIB)


@pytest.mark.worlds("v2", "swap", "mounted-elsewhere")
def test_J04_at_the_real_root(hand, run):
    """The root of the hierarchy has no memory.max: that is neither 0 nor a limit, and
    what binds is the machine."""
    assert not (mount() / "memory.max").exists()
    hand.ok("create acme/vm7")
    said = hand.limit("acme/vm7", "memory")
    total = next(int(line.split()[1]) << 10 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    assert said["in_force"] == MAX and said["level"] == "machine"
    assert said.get("effective") in (MAX, total)
    host = json.loads(run.command("doctor", "--json").stdout)["host"]
    assert (host["memory_source"], host["memory_bytes"]) == ("machine", total)


@pytest.mark.needs("memory", "!container")  # which has a limit of its own
def test_K17_capacity_source(hand, run, by_hand, base):
    """What a group may have at most, and who says so: the machine, or a group above."""
    total = next(int(line.split()[1]) << 10 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    host = json.loads(run.command("doctor", "--json").stdout)["host"]
    assert (host["memory_source"], host["memory_bytes"]) == ("machine", total)
    group = by_hand(base / "ration-test-room", memory_max=200 * MIB)
    words = ["--base", str(group)]
    host = json.loads(run.command("doctor", "--json", *words).stdout)["host"]
    assert host["memory_bytes"] == 200 * MIB and host["memory_source"].endswith(group.name)
    assert "200 MiB" in (text := run.command("doctor", *words).stdout) and group.name in text
    plan = json.loads(run.command("plan", "--json", "--memory", "50%", *words).stdout)
    assert plan["memory_bytes"] == 200 * MIB and plan["memory_source"].endswith(group.name)
    assert plan["limits"][0]["asked"] == 100 * MIB
    text = run.command("plan", "--memory", "50%", *words).stdout
    assert "200 MiB" in text and group.name in text


# ---------------------------------------------------------------------- set


@memory
def test_H10_live_update(hand):
    hand.ok("create acme/vm7 --memory 64M --pids 20")
    hand.put("acme/vm7")
    r = hand.ok("set acme/vm7 --cpus .5 --memory 200M --pids 50")
    for name, value in (("cpu.max", "50000 100000"), ("memory.max", str(200 * MIB)), ("pids.max", "50")):
        assert hand.read("acme/vm7", name) == value
    assert set(r.stdout.splitlines()) == {"acme/vm7: memory: 64 MiB -> 200 MiB", "acme/vm7: cpus: no limit -> 0.5",
                                          "acme/vm7: pids: 20 -> 50"}
    said = hand.json("set acme/vm7 --pids 60")
    assert said["changed"] and said["limits"] == [{"limit": "pids", "before": 50, "after": 60}]
    assert hand.limit("acme/vm7", "pids")["asked"] == 60
    assert hand.limit("acme/vm7", "memory")["asked"] == 200 * MIB


@memory
def test_set_lifts(hand):
    hand.ok("create acme/vm7 --memory 64M --pids 20 --cpus 1")
    hand.ok("set acme/vm7 --memory max --pids max --cpus max")
    for name, value in (("memory.max", "max"), ("pids.max", "max"), ("cpu.max", "max 100000")):
        assert hand.read("acme/vm7", name) == value
    assert "asked" not in hand.limit("acme/vm7", "memory")


@pytest.mark.needs("cpu")
@pytest.mark.since((5, 14))
def test_set_of_quota_and_burst(hand):
    """The kernel takes no burst above the quota: up, the quota goes first, and down, the burst."""
    hand.ok("create acme/vm7 --cpus .5 --cpu-burst 40ms")
    for cpus, burst, quota, usec in (("2", "180ms", "200000 100000", "180000"), (".5", "30ms", "50000 100000", "30000")):
        hand.ok(f"set acme/vm7 --cpus {cpus} --cpu-burst {burst}")
        assert (hand.read("acme/vm7", "cpu.max"), hand.read("acme/vm7", "cpu.max.burst")) == (quota, usec)


@memory
def test_set_leaves_the_rest(hand):
    hand.ok("create acme/vm7 --memory 64M --swap 16M --pids 20")
    hand.ok("set acme/vm7 --memory 48M")
    assert hand.read("acme/vm7", "memory.swap.max") == str(16 * MIB)
    assert hand.read("acme/vm7", "pids.max") == "20"


@memory
def test_H10_which_one_failed(hand):
    """One can't be set: it is named, and those before it are as they were."""
    hand.ok("create acme/vm7 --cpus 1 --pids 20 --memory 100M")
    hand.alloc("acme/vm7", 50)
    hand.refused("set acme/vm7 --cpus .5 --pids 30 --memory 10M --deadline 1s", "memory", "nothing was changed")
    assert hand.read("acme/vm7", "cpu.max") == "100000 100000"


def has_open(pid, path):
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(fd) == str(path):
                return True
    return False


@pytest.mark.needs("pids")
def test_set_of_a_group_that_vanishes(hand, run):
    """Removed by another while `set` waits for the lock that somebody has on it."""
    hand.ok("create acme/vm7")
    path = hand.path("acme/vm7")
    lock = os.open(path / "cgroup.max.descendants", os.O_WRONLY)
    try:
        fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        popen = subprocess.Popen([RATION, "set", "acme/vm7", "--pids", "50"], env=run.env, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for("it to have opened the lock", lambda: has_open(popen.pid, path / "cgroup.max.descendants"))
        path.rmdir()
    finally:
        os.close(lock)
    out, err = popen.communicate(timeout=DEADLINE)
    assert (popen.returncode, out) == (125, "")
    assert err == "ration set: acme/vm7 was removed meanwhile\n"


@pytest.mark.needs("memory", "cpu", "pids", "!swap")
def test_set_json_of_a_failure(hand):
    """The same report: what couldn't be set, and that all is as it was."""
    hand.ok("create acme/vm7 --pids 20 --memory 100M")
    hand.alloc("acme/vm7", 50)
    r = hand("set acme/vm7 --pids 30 --memory 10M --deadline 1s --json")
    said = json.loads(r.stdout)
    assert r.code == 125 and "--memory" in r.stderr
    assert (said["schema"], said["group"], said["changed"], said["failed"]) == (1, "acme/vm7", False, "memory")
    assert "can be reclaimed" in said["error"]
    assert {e["limit"]: (e["before"], e["after"]) for e in said["limits"]} == {
        "memory": (100 * MIB, 100 * MIB), "pids": (20, 20)}
    assert "failed" not in hand.json("set acme/vm7 --pids 30")


@pytest.mark.needs("memory", "!swap")
def test_D30_live_lowering(hand):
    """Below what is in use: what can be taken back is; if that isn't enough, it is
    refused in time, or with --force kills; and it says which."""
    hand.ok("create acme/vm7 --memory 100M")
    child = hand.alloc("acme/vm7", 50)
    r = hand.refused("set acme/vm7 --memory 10M --deadline 1s", "memory", "uses 50")
    assert "--force" in r.stderr
    assert child.poll() is None and hand.read("acme/vm7", "memory.high") == "max"
    r = hand.ok("set acme/vm7 --memory 10M --force")
    assert "kill" in r.stdout and "100 MiB -> 10 MiB" in r.stdout
    assert child.wait(DEADLINE) == -signal.SIGKILL


@memory
def test_D30_what_can_be_taken_back(hand, run):
    """Page cache: the limit is reached, and nobody dies."""
    hand.ok("create acme/vm7 --memory 100M")
    child = hand.put("acme/vm7", "sh -c 'cat /usr/bin/* >/dev/null 2>&1; sleep 1000'")
    wait_for("page cache", lambda: int(hand.read("acme/vm7", "memory.current")) > 40 * MIB)
    said = hand.json("set acme/vm7 --memory 20M --deadline 400s")
    assert said["changed"] and said["oom_kills"] == 0
    assert said["memory_after_bytes"] <= 20 * MIB < said["memory_before_bytes"]
    assert int(hand.read("acme/vm7", "memory.current")) <= 20 * MIB
    assert child.poll() is None


@memory
def test_set_below_the_tasks_there_are(hand):
    hand.ok("create acme/vm7 --pids 20")
    for _ in range(3):
        hand.put("acme/vm7")
    hand.refused("set acme/vm7 --cpus 1 --pids 2", "--pids", "3 tasks", "--force", "nothing was changed")
    hand.ok("set acme/vm7 --pids 2 --force")
    assert hand.read("acme/vm7", "pids.max") == "2"
    assert len(hand.read("acme/vm7", "cgroup.procs").split()) == 3


@memory
@pytest.mark.parametrize("first, then, text", [
    ("--memory 64M", "--memory-high 128M", "memory"), ("--memory 64M --memory-high 48M", "--memory 32M", "memory_high"),
    ("--cpus 1", "--cpu-burst 900ms", "cpu"),
    ("--cpuset-cpus 0", "--cpuset-cpus 4000", "cpuset")])
def test_set_contradiction(hand, first, then, text):
    """With what is in force: refused, as if it had been asked for at once."""
    hand.ok(f"create acme/vm7 {first}")
    hand.refused(f"set acme/vm7 {then}", text)


# ------------------------------------------------------------------- places


@cgroup
def test_H03_nested_parent(hand, run):
    """--parent a/b/c: made, with controllers in each node, processes in the leaf only;
    and gone when the last is."""
    limit = "--memory 64M" if "memory" in HAS else ""
    r = run(f"--parent a/b/c --tenant acme --name vm7 {limit}", "whereami")
    assert r.code == 0 and f"/a/b/c/{NAMESPACE}/acme/vm7" in r.stdout, r
    hand.ok(f"create --parent a/b/c acme/vm8 {limit}")
    path = Path(hand.json("show --parent a/b/c acme/vm8")["path"])
    nodes = list(path.parents)[:5]
    assert nodes[4].name == "a"
    for node in nodes:
        assert (node / "cgroup.procs").read_text() == ""
        assert not limit or "memory" in (node / "cgroup.subtree_control").read_text().split()
    hand.ok("rm --parent a/b/c acme/vm8")
    hand.ok("rm --parent a/b/c acme --ignore-missing")


@cgroup
def test_H04_no_create(hand, run, by_hand, base):
    """A parent that isn't there, and mustn't be made."""
    r = run("--parent nope --no-create", ["touch", str(run.file("started"))])
    assert r.code == 125 and "nope" in r.stderr and not run.file("started").exists()
    hand.refused("create --parent nope/b --no-create acme/vm7", "nope")
    by_hand(base / "ration-test-there")
    r = run("--parent ration-test-there --no-create", "whereami")
    assert r.code == 0 and "/ration-test-there/" in r.stdout
    assert (base / "ration-test-there").is_dir()


@cgroup
def test_H14_same_group_twice(run):
    """`run --group`: one after the other in the same group works, and leaves none."""
    for _ in range(2):
        r = run("--group acme/vm7", "whereami")
        assert r.code == 0 and "/acme/vm7" in r.stdout
        assert run.groups() == set()
    for group in ("acme", "acme/", "/vm7", "a/b/c", "..", "acme/..", "acme/cgroup.procs"):
        r = run(["--group", group], ["touch", str(run.file("started"))])
        assert r.code == 125 and ("--group" in r.stderr or "--name" in r.stderr) and not run.file("started").exists(), r


# ------------------------------------------------------------------------ rm


@cgroup
def test_rm(hand):
    """Kills and removes, says how many, takes the empty tenant along unless it is kept."""
    hand.ok("create acme/vm7")
    child = hand.put("acme/vm7")
    assert hand.ok("rm acme/vm7").stdout == "acme/vm7: removed, 1 process killed\n"
    assert child.wait(DEADLINE) == -signal.SIGKILL
    hand.refused("rm acme/vm7", "acme/vm7", "no such group")
    assert hand.ok("rm --ignore-missing acme/vm7 acme").stdout == ""
    assert hand.tenants() == []


@cgroup
@pytest.mark.worlds("host")  # where what strace delays is soon enough over
@pytest.mark.unsanitized("no leak detection under strace")
def test_rm_while_a_run_starts(run):
    """The run says that its group was removed, and not what failed first without it."""
    def attempt(seconds):
        started = run.start("--group acme/vm7", "true", before=[
            "strace", "-f", "-o", str(run.file("trace")), "-e", "trace=clone3", "-e",
            f"inject=clone3:delay_enter={2000000 * seconds}"])
        wait_for("the group", lambda: [path for path in run.groups() if path.endswith("/acme/vm7")])
        begun = time.monotonic()
        assert run.command("rm", "--force", "--ignore-missing", "acme").code == 0
        r = started.wait(10 * DEADLINE)
        return r if time.monotonic() < begun + seconds or r.code == 125 else None

    r = patiently(attempt)
    assert r.code == 125 and "the group acme/vm7 was removed before the command ran in it" in r.stderr, r


@cgroup
def test_rm_several(hand):
    """One that isn't there doesn't keep the others."""
    hand.ok("create a/b")
    hand.ok("create c/d")
    r = hand("rm a/b nobody/x c/d --json")
    assert r.code == 125 and "nobody/x" in r.stderr and "a/b" not in r.stderr
    said = {g["group"]: g for g in json.loads(r.stdout)["groups"]}
    assert said["a/b"]["removed"] and said["c/d"]["removed"] and not said["nobody/x"]["removed"]
    assert "no such group" in said["nobody/x"]["message"]


@cgroup
def test_H17_tenant_with_live_runs(hand, run):
    """Refused, with who lives there; --force kills and removes all of it."""
    hand.ok("create acme/vm7")
    child = hand.put("acme/vm7")
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    refused = hand.refused("rm acme", "acme", "acme/vm7", "acme/run", str(child.pid), "--force")
    assert str(r.pid) not in refused.stderr
    assert child.poll() is None and r.popen.poll() is None
    hand.ok("rm --force acme")
    assert child.wait(DEADLINE) == -signal.SIGKILL
    assert r.wait().code == 137
    assert hand.tenants() == []


@cgroup
def test_rm_release(hand):
    """They live on where they came from, and it is said that nothing limits them."""
    hand.ok("create acme/vm7")
    child = hand.put("acme/vm7")
    r = hand.ok("rm --release acme/vm7")
    assert "limits" in r.stdout and "1 process runs without" in r.stdout
    assert child.poll() is None and hand.tenants() == []
    assert NAMESPACE not in Path(f"/proc/{child.pid}/cgroup").read_text()


@cgroup
@pytest.mark.parametrize("address", ["acme/vm7", "acme"])
def test_rm_release_after_attach(hand, base, by_hand, address):
    """Where it came from: the group that it was attached from, which a second time doesn't change.
    The same of a tenant whose groups are released."""
    child = hand.sleeper()
    there = by_hand(base / "ration-test-from")
    (there / "cgroup.procs").write_text(str(child.pid))
    hand.ok("create acme/vm7")
    hand.ok(f"attach acme/vm7 {child.pid}")
    hand.ok(f"attach acme/vm7 {child.pid}")
    assert str(child.pid) in hand.read("acme/vm7", "cgroup.procs").split()
    hand.ok(f"rm --release {address}")
    assert child.poll() is None and str(child.pid) in (there / "cgroup.procs").read_text().split()
    child.kill()
    child.wait()
    wait_for("it to be empty", lambda: "populated 0" in (there / "cgroup.events").read_text())


@cgroup
def test_rm_what_a_program_made_inside(hand):
    hand.ok("create acme/vm7")
    (hand.path("acme/vm7") / "sub" / "sub").mkdir(parents=True)
    hand.ok("rm acme/vm7")
    assert hand.tenants() == []


@cgroup
def test_set_of_a_tenant_that_isnt_there(hand):
    """That there is none comes first, whatever would be wrong with the limits, too."""
    hand.refused("set nosuch --memory 5M", "no such tenant: nosuch")
    hand.refused("set nosuch --memory 5M --memory-high 50M", "no such tenant: nosuch")
    hand.refused("set nosuch", "missing limit")


# ------------------------------------------------------------------- ls, gc


@cgroup
def test_ls_says_where_nothing_is(hand):
    r = hand.ok("ls")
    assert r.stdout == "" and r.stderr.rstrip().endswith(f"/{NAMESPACE}"), r
    assert f"a/b/{NAMESPACE}" in hand.ok("ls --parent a/b").stderr


@cgroup
def test_columns_of_show_are_as_wide_as_their_words(hand):
    hand.ok("create acme")
    title, *lines = hand.ok("show --all acme").stdout.splitlines()[1:]
    at = title.index("enforced by")
    assert len(lines) > 10 and all(line[at - 2:at] == "  " and line[at] != " " for line in lines)
    assert title.index("asked") == 4 + max(len(line.split()[0]) for line in lines)


@cgroup
def test_ls(hand, run):
    hand.ok("create acme" + (" --memory 100M" if "memory" in HAS else ""))
    hand.ok("create acme/vm7")
    hand.put("acme/vm7")
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    lines = hand.ok("ls").stdout.splitlines()
    assert lines[0].split() == "group state owner age tasks memory cpu used pressure command".split()
    assert [line.split()[0] for line in lines[1:]] == ["acme", "acme/run", "acme/vm7"]
    assert [line.split()[1] for line in lines[1:]] == ["running"] * 3
    assert [line.split()[2] for line in lines[1:]] == ["kept", "alive", "kept"]
    assert f"alive {r.pid}" in lines[2] and " sh -c " in lines[2]
    assert all(len(line) <= 110 for line in lines)
    said = {item["group"]: item for item in hand.json("ls acme")["groups"]}
    assert said["acme"]["tenant"] and not said["acme/vm7"]["tenant"]
    assert (said["acme/run"]["owner"], said["acme/run"]["owner_pid"]) == ("alive", r.pid)
    assert said["acme/vm7"]["populated"] and said["acme/vm7"]["processes"] == 1
    assert abs(said["acme/vm7"]["created_usec"] / 1e6 - time.time()) < 600
    if "memory" in HAS:
        assert said["acme/vm7"]["usage"]["memory_current_bytes"] > 0
    else:
        assert "memory_current_bytes" not in said["acme/vm7"]["usage"]
    r.signal(signal.SIGTERM)
    r.wait()


def states(hand, tenant):
    """What `ls` says that each does: for people, for programs, and `stat` of it alone. All agree."""
    lines = {line.split()[0]: line.split()[1] for line in hand.ok(f"ls {tenant}").stdout.splitlines()[1:]}
    assert lines == {item["group"]: item["state"] for item in hand.json(f"ls {tenant}")["groups"]}
    assert lines == {item["group"]: item["state"] for item in hand.json(["stat", *lines])["groups"]}
    return lines


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@cgroup
def test_ls_state(hand):
    """Running, frozen, stopped, empty. A tenant runs as long as something in it can."""
    for name in ("a", "b", "c"):
        hand.ok(["create", f"acme/{name}"])
    assert states(hand, "acme") == {"acme": "empty", "acme/a": "empty", "acme/b": "empty", "acme/c": "empty"}
    mine = [hand.put("acme/a"), hand.put("acme/a"), hand.put("acme/b")]
    assert states(hand, "acme") == {"acme": "running", "acme/a": "running", "acme/b": "running", "acme/c": "empty"}

    def stop(child):
        child.send_signal(signal.SIGSTOP)
        wait_for("a stopped process", lambda: is_stopped(child.pid))

    stop(mine[0])
    assert states(hand, "acme")["acme/a"] == "running"
    stop(mine[1])
    assert states(hand, "acme") == {"acme": "running", "acme/a": "stopped", "acme/b": "running", "acme/c": "empty"}
    hand.ok("freeze acme/b")
    assert states(hand, "acme") == {"acme": "stopped", "acme/a": "stopped", "acme/b": "frozen", "acme/c": "empty"}
    hand.ok("freeze acme/a acme/c")
    assert states(hand, "acme") == {"acme": "frozen", "acme/a": "frozen", "acme/b": "frozen", "acme/c": "frozen"}
    assert "acme/a: 2 processes, frozen" in hand.ok("stat acme/a").stdout
    hand.ok("thaw acme/a acme/b acme/c")
    mine[0].send_signal(signal.SIGCONT)
    wait_for("one that runs", lambda: not is_stopped(mine[0].pid))
    assert states(hand, "acme") == {"acme": "running", "acme/a": "running", "acme/b": "running", "acme/c": "empty"}


@cgroup
@pytest.mark.worlds("host", "v2", "systemd")
def test_ls_state_of_nested(hand):
    """What a program made inside its group is the group's."""
    hand.ok("create acme/g")
    inner = hand.path("acme/g") / "inner"
    inner.mkdir()
    child = hand.start(["sleep", "1000"])
    (inner / "cgroup.procs").write_text(str(child.pid))
    assert states(hand, "acme") == {"acme": "running", "acme/g": "running"}
    child.send_signal(signal.SIGSTOP)
    wait_for("a stopped process", lambda: is_stopped(child.pid))
    assert states(hand, "acme") == {"acme": "stopped", "acme/g": "stopped"}
    child.kill()
    child.wait()
    wait_for("an empty group", lambda: "populated 0" in (hand.path("acme") / "cgroup.events").read_text())
    assert states(hand, "acme") == {"acme": "empty", "acme/g": "empty"}
    inner.rmdir()


@cgroup
@pytest.mark.worlds("host", "v2", "systemd")
@pytest.mark.unsanitized("strace")
def test_ls_state_costs_no_look_at_the_empty(hand, run):
    """One file of the group; who lives there is looked at only where somebody does, up to the first that runs."""
    # By hand: of a tenant that nobody made, it is looked at again after a while whether it was abandoned.
    hand.ok("create acme")
    hand.ok("create acme/a")
    hand.ok("create acme/b")
    for _ in range(20):
        hand.put("acme/b", "sleep 1000")
    trace = run.file("trace")
    r = run.program(["strace", "-y", "-e", "trace=open,openat,openat2", "-o", str(trace), RATION, "ls", "acme"])
    assert r.code == 0, r
    opened = trace.read_text().splitlines()
    assert sum("cgroup.events" in line for line in opened) == 3, opened
    assert sum('"cgroup.procs"' in line for line in opened) == 1, opened
    pids = {str(child.pid) for child in hand.children}
    assert sum(any(f'"{pid}/stat"' in line for pid in pids) for line in opened) == 1, opened


@cgroup
def test_ls_implied_tenant(hand, run):
    """What a run made on its way is nobody's, and goes with it; what was made by hand is kept, before and after."""
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
    run.ready("log")
    assert hand.json("ls acme")["groups"][0]["owner"] == "implied"
    assert " implied " in hand.ok("ls").stdout and "unknown" not in hand.ok("ls").stdout
    hand.ok("create --exist-ok acme")
    assert hand.json("ls acme")["groups"][0]["owner"] == "kept"
    r.signal(signal.SIGTERM)
    r.wait()
    assert hand.json("ls acme")["groups"][0]["owner"] == "kept"


@root
def test_gc_of_what_is_shut(hand):
    """Whoever may not look into a directory is told; who may, isn't."""
    who = {"before": ("setpriv", "--bounding-set=-dac_override,-dac_read_search")}
    hand.ok("create top")
    base = ["--base", str(hand.path("top"))]
    for address in ("acme/g", "other/g"):
        hand.ok(["create", *base, address])
    shut = [Path(hand.json(["show", *base, address])["path"]) for address in ("acme", "other/g")]
    for path in shut:
        path.chmod(0)
    for words in (["gc"], ["gc", "--dry-run"]):
        lines = hand.ok([*words, *base], **who).stdout.splitlines()
        assert sorted(line.partition(":")[0] for line in lines if "left alone: you can't look into it" in line) == ["acme", "other/g"], lines
        assert "look into" not in hand.ok([*words, *base]).stdout
    said = hand.json(["gc", *base], **who)
    assert {"group": "acme", "action": "shut"} in said["groups"] and said["failed"] == said["removed"] == 0
    for path in shut:
        path.chmod(0o755)
    hand.ok(["rm", "--force", *base, "acme", "other"])


@cgroup
def test_ls_pads_nothing_at_the_end(hand):
    hand.ok("create acme/vm7")
    lines = hand.ok("ls").stdout.splitlines()
    assert len(lines) == 3 and all(line == line.rstrip() for line in lines), lines


@cgroup
def test_ls_of_nothing(hand):
    """Said on standard error: what prints nothing looks broken."""
    r = hand.ok("ls")
    assert r.stdout == "" and "no tenants" in r.stderr and len(r.stderr.splitlines()) == 1
    assert hand.json("ls")["groups"] == []


@cgroup
def test_ls_hostile_command(hand, run):
    """The command's words are whoever's; they stay on their line and do nothing."""
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000", "\x1b[2J\nroot kept",
                                       "é" * 300, "\x00"[:0]])
    run.ready("log")
    out = hand.ok("ls").stdout
    assert len(out.splitlines()) == 3 and "\x1b" not in out and all(len(line) <= 110 for line in out.splitlines())
    assert "\x1b" in next(g["command"] for g in hand.json("ls")["groups"] if g["group"] == "acme/run")
    r.signal(signal.SIGTERM)
    r.wait()


@cgroup
def test_ls_long_names(hand):
    long = "x" * 128
    hand.ok(["create", f"{long}/{long}"])
    assert all(len(line) <= 110 or long in line for line in hand.ok("ls").stdout.splitlines())


@cgroup
def test_I06_gc_after_kill(hand, run):
    """The supervisor and its keeper killed at once: gc removes that group and no other."""
    def start(name, **options):
        r = run.start(f"--group acme/{name}", ["sh", "-c", f"echo ready >{run.file(name)}; sleep 1000"], **options)
        run.ready(name)
        return r

    hand.ok("create acme/kept")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    orphan = start("orphan", **quiet)
    theirs = [pid for pid, name in run.alive().items() if name.startswith("ration")]
    live = start("live")
    end_at_once(theirs)
    orphan.wait()
    owners = {item["group"]: item["owner"] for item in hand.json("ls")["groups"]}
    assert owners["acme/orphan"] == "dead" and owners["acme/live"] == "alive" and owners["acme/kept"] == "kept"
    r = hand.ok("gc --dry-run")
    assert "acme/orphan: would be removed" in r.stdout and "acme/live: stays" in r.stdout
    assert any(path.endswith("/acme/orphan") for path in run.groups())
    said = hand.json("gc")
    assert {g["group"]: g["action"] for g in said["groups"]}["acme/orphan"] == "removed" and said["removed"] == 1
    assert {Path(path).name for path in run.groups()} >= {"live", "kept"}
    assert not any(path.endswith("/orphan") for path in run.groups())
    assert live.popen.poll() is None
    live.signal(signal.SIGTERM)
    assert live.wait().verdict == "interrupted"


@memory
@pytest.mark.parametrize("who", ["keeper", "gc", "next run"])
def test_protection_goes_with_the_dead(hand, run, who):
    """What a run had given to the nodes above it, they lose with its group, whoever removes that."""
    hand.ok("create acme/stays --memory-low 4M")
    r = run.start("--group acme/dies --memory-low 20M", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"],
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run.ready("log")
    above = [hand.path("acme") / "memory.low", hand.path("acme").parent / "memory.low"]
    assert {int(file.read_text()) for file in above} == {24 * MIB}
    ours = [r.pid] if who == "keeper" else [pid for pid, name in run.alive().items() if name.startswith("ration")]
    end_at_once(ours)
    r.wait()
    if who == "gc":
        hand.ok("gc")
    elif who == "next run":
        assert run("--tenant acme", "true").code == 0
    wait_for("what stays", lambda: {int(file.read_text()) for file in above} == {4 * MIB})
    if who == "keeper":
        wait_for("its end", lambda: not run.alive())
    assert not any(path.endswith("/dies") for path in run.groups())


# ------------------------------------------------------------------ the rest


def test_J11_doctor_for_programs(run):
    """Exit 0 exactly where a strict run is held: over memory, as many tasks, and at ease."""
    r = run.command("doctor", "--json")
    strict = json.loads(r.stdout)["strict"]
    assert r.code == (0 if strict else 1) and strict == strictly()
    limits = "--memory 30M --pids 16 --cpus 1 --enforce strict"
    easy = run(limits, "true")
    assert easy.code == (0 if strict else 125)
    if strict:
        assert run(limits, "alloc 100").verdict == "memory"
        assert run(limits, "forks 31").usage["pids_refused"] > 0


@pytest.mark.needs("cpu")
def test_K06_user_and_system(run):
    """The two parts are the whole, to 1 %."""
    r = run("--cpus 2", "spin 1")
    parts = r.usage["cpu_user_usec"] + r.usage["cpu_system_usec"]
    assert abs(parts - r.usage["cpu_usec"]) <= r.usage["cpu_usec"] / 100
