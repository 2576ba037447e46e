# SPDX-License-Identifier: MIT
"""Whose word is believed: root among directories and notes of another uid, which means harm."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, is_harmless, of_stat
from world import HAS, KERNEL, mount, notes, v1_places

STRANGER = 1000
# Of a process that isn't there, in this pid namespace or another.
DEAD = "1 2147483000 1 {boot} {namespace}"

root = pytest.mark.needs("cgroup", "root")
memory = pytest.mark.needs("memory", "root")
# A container's root has no trusted.*: it can't note anything on what it gives away.
trusted = pytest.mark.needs("cgroup", "root", "!container")


@contextlib.contextmanager
def acting_as(uid):
    """What is done inside is done by another uid. Root gets back what it had."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def forge(directory, **attributes):
    """Writes notes as the owner of the directory can."""
    with acting_as(directory.stat().st_uid):
        for name, value in attributes.items():
            os.setxattr(directory, f"user.ration.{name}", value.encode())


def dead_owner():
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return DEAD.format(boot=boot, namespace=os.stat("/proc/self/ns/pid").st_ino)


@pytest.fixture
def acme(hand):
    """A tenant that root has made and given to uid 1000: its directory."""
    hand.ok(f"create acme --owner {STRANGER}:{STRANGER}")
    return hand.path("acme")


def theirs(tenant, name):
    """A group that uid 1000 has made in its tenant."""
    with acting_as(STRANGER):
        (tenant / name).mkdir()
    return tenant / name


# ------------------------------------------------------------------- notes


@trusted
def test_FA3_the_notes_of_root(hand):
    """Root's are where nobody else can write or read them, also on what is given away."""
    hand.ok(f"create acme --owner {STRANGER}")
    path = hand.path("acme")
    names = os.listxattr(path)
    assert notes(path) == "trusted.ration." and "trusted.ration.keep" in names and "user.ration.keep" not in names
    with acting_as(STRANGER):
        assert not any("ration" in name for name in os.listxattr(path))
        for change in (os.removexattr, lambda *a: os.setxattr(*a, b"x")):
            with pytest.raises(PermissionError):
                change(path, "trusted.ration.keep")


HOSTILE = "\x7f\u009b2J\u202e\u2028\U000e0001 \u00e9\u65e5"


@root
def test_FB1_json_of_a_hostile_command(hand, run):
    """What a terminal obeys and what can't be seen are escapes in JSON, as everywhere: it means the same to who reads it."""
    r = run.start("--group acme/g", ["sh", "-c", f"echo ready >{run.file('up')}; exec sleep 1000", HOSTILE])
    run.ready("up")
    seen = hand.ok("ls --json")
    assert is_harmless(seen.stdout) and any(HOSTILE in item.get("command", "") for item in json.loads(seen.stdout)["groups"]), seen
    hand.ok("kill acme/g")
    assert r.wait().verdict == "signal"
    for text in (r.receipt_file.read_text(), hand.ok(f"receipt --json {r.receipt_file}").stdout):
        assert is_harmless(text) and json.loads(text)["command"][-1] == HOSTILE, text


@trusted
def test_FA3_a_note_of_nonsense_bars_nobody(hand):
    """Where its directories in cgroup v1 are, root inside may have written: what ration wouldn't write counts for nothing."""
    for note in (b"\x01", b"memory", b"memory nowhere", b"mem /x", b" /x", b"\nx\n\n", b"\xff" * 300):
        hand.ok("create acme/g")
        path = hand.path("acme/g")
        os.setxattr(path, "trusted.ration.v1", note)
        hand.ok("exec acme/g -- true")
        hand.ok("rm --force acme/g")
        assert not path.exists()


@pytest.mark.worlds("user")
def test_FA3_root_of_a_user_namespace(hand, run):
    """It is no root of the machine: its notes are user.*, on directories of its own, and all works."""
    inside = {"before": ("unshare", "--user", "--map-root-user")}
    hand.ok("create acme", **inside)
    path = hand.path("acme")
    assert "user.ration.keep" in os.listxattr(path) and notes(path) == "user.ration."
    for who in (inside, {}):
        assert " kept " in hand.ok("ls", **who).stdout
        hand.ok("run --group acme/run -- true", **who)
        hand.ok("gc", **who)
    path.chmod(0o777)
    for who in (inside, {}):
        hand.refused("run --group acme/run -- true", "0777", **who)
        assert " unknown " in hand.ok("ls", **who).stdout
    path.chmod(0o755)


@trusted
def test_FA5_a_tenant_stays(hand, acme):
    """Its notes are removed and forged by whom it was given to: the tenant stays, and all commands know it."""
    (acme / "cgroup.max.descendants").write_text("77")
    forge(acme, owner=dead_owner(), keep="", limits="pids 5")
    with acting_as(STRANGER):
        os.removexattr(acme, "user.ration.keep")
    for words in ("gc", "run --tenant other -- true"):
        hand.ok(words)
        assert (acme / "cgroup.max.descendants").read_text().strip() == "77"
    assert "kept" in hand.ok("ls acme").stdout
    hand.ok("rm acme")
    assert not acme.exists()


@root
def test_FA10_forged_places(hand, acme):
    """Directories of cgroup v1 that another uid has noted aren't looked for."""
    group = theirs(acme, "g1")
    forge(group, v1="memory /somewhere/else\npids /sys/fs/cgroup/pids")
    hand.ok("rm --force acme/g1")
    assert not group.exists()


@root
def test_FA3_where_they_came_from(hand, base, by_hand, acme):
    """A note of another uid says where a process is to go back to: root doesn't put it there."""
    victim = by_hand(base / "victim")
    group = theirs(acme, "g1")
    child = hand.put("acme/g1", "sleep 1000")
    start = of_stat(child.pid)[19]
    place = "/" + str(victim.relative_to(mount()))
    forge(group, **{"from": f"{child.pid} {start} {place}"})
    for address in ("acme/g1", "acme"):
        hand.refused(f"rm --release {address}", "uid 1000", f"ration rm --force {address}")
    assert not (victim / "cgroup.procs").read_text()
    hand.ok("rm --force acme")
    assert child.wait(DEADLINE) == -signal.SIGKILL


# -------------------------------------------- whose a directory is, and what is put below it


@root
@pytest.mark.parametrize("words", ["create acme/vm7", "create --exist-ok acme/vm7", "create acme/new",
                                   "run --tenant acme -- true", "run --group acme/vm7 -- true", "run --group acme/new -- true",
                                   "exec acme/vm7 -- true", "attach acme/vm7 PID"] +
                         ["set acme/vm7 --cpu-weight 50"] * ("cpu" in HAS))
def test_FA1_FA2_nothing_below_a_delegated_tenant(hand, acme, words):
    """What another uid can write is never claimed, and nothing of root's is put below it."""
    group = theirs(acme, "vm7")
    before = {file.name: file.stat().st_uid for file in group.iterdir()}
    hand.refused(words.replace("PID", str(hand.sleeper().pid)), str(acme), f"uid {STRANGER}", f"--user {STRANGER}")
    assert {file.name: file.stat().st_uid for file in group.iterdir()} == before
    assert sorted(path.name for path in acme.iterdir() if path.is_dir()) == ["vm7"]


@trusted
def test_FA2_below_a_delegated_group(hand, run):
    """A group that was given away takes no process of root's, either; its limits are root's to change."""
    hand.ok(f"create acme/vm7 --owner {STRANGER}")
    group = hand.path("acme/vm7")
    for words in ("exec acme/vm7 -- true", f"attach acme/vm7 {hand.sleeper().pid}"):
        hand.refused(words, str(group), f"uid {STRANGER} can write", f"ration exec --user {STRANGER} acme/vm7")
    if "memory" in HAS:
        hand.ok("set acme/vm7 --memory 64M")
        assert hand.limit("acme/vm7", "memory")["asked"] == 64 << 20
    hand.ok("run --group acme/other -- true")
    hand.ok("rm acme/vm7")


@root
@pytest.mark.parametrize("level", ["acme", ".."])
def test_FA2_others_can_write(hand, run, level):
    """Nor what is below a directory whose mode lets others write."""
    hand.ok("create acme")
    directory = (hand.path("acme") / ("." if level == "acme" else level)).resolve()
    directory.chmod(0o777)
    for words in ("run --tenant acme -- true", "create acme/vm7"):
        hand.refused(words, str(directory), "0777", f"chmod go-w {directory}")
    directory.chmod(0o755)
    hand.ok("run --tenant acme -- true")


@root
def test_FA2_above_the_namespace(hand, base, by_hand):
    """BASE itself, and a parent that another uid has: no directory is made there."""
    base = by_hand(base / "given")
    os.chown(base, STRANGER, STRANGER)
    for words in ("run", "run --parent a/b"):
        hand.refused(f"{words} --base {base} -- true", str(base), f"uid {STRANGER}")
    assert not any(path.is_dir() for path in base.iterdir())


@root
def test_FA2_given_away_with_groups_in_it(hand, run):
    """A tenant that has groups of root's isn't given away."""
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    run.ready("log")
    hand.refused(f"create acme --owner {STRANGER}", "acme has groups", "acme/run")
    assert hand.path("acme").stat().st_uid == 0
    r.signal(signal.SIGTERM)
    r.wait()


@memory
def test_FA2_not_given_away_without_its_limits(hand, run):
    """A run has made it: what was to be its owner's limits would be the run's."""
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    run.ready("log")
    hand.refused(f"create acme --owner {STRANGER} --memory 64M", "acme has groups")
    assert (hand.path("acme") / "memory.max").read_text() == "max\n"
    hand.ok("create acme --memory 64M")
    r.signal(signal.SIGTERM)
    r.wait()


@memory
def test_FA6_controllers_taken_away(hand, acme):
    """What a delegate does to the controllers of its tenant changes none of root's limits, and nothing of root's is there."""
    hand.ok("set acme --memory 64M")
    with acting_as(STRANGER):
        (acme / "cgroup.subtree_control").write_text("+memory")
        (acme / "vm7").mkdir()
        (acme / "vm7/memory.max").write_text("max")
        (acme / "cgroup.subtree_control").write_text("-memory")
        for file in ("memory.max", "cgroup.max.descendants"):
            with pytest.raises(PermissionError):
                (acme / file).write_text("max")
    assert hand.read("acme", "memory.max") == str(64 << 20)
    hand.refused("run --tenant acme --memory 32M -- true", f"uid {STRANGER}")
    hand.refused("set acme/vm7 --pids 5", f"uid {STRANGER}")


@pytest.mark.needs("pids1", "root")
def test_FA2_in_cgroup_v1(hand, run):
    """The same of a node in a hierarchy of cgroup v1: no directory is made there."""
    node = v1_places()["pids"] / NAMESPACE
    node.mkdir()
    try:
        os.chown(node, STRANGER, STRANGER)
        r = run("--pids 20", "true")
        assert r.code == 125 and str(node) in r.stderr and f"uid {STRANGER} can write" in r.stderr, r
        assert not any(path.is_dir() for path in node.iterdir())
        os.chown(node, 0, 0)
        assert run("--pids 20", "true").code == 0
    finally:
        with contextlib.suppress(FileNotFoundError):
            node.rmdir()


@root
def test_FA4_collected_by_its_owner_only(hand, acme):
    """A dead owner that another uid has forged: root's gc leaves it alone, and so does a run."""
    group = theirs(acme, "g1")
    forge(group, owner=dead_owner(), created="1")
    os.utime(group, (0, 0))
    report = hand.json("gc")
    assert (report["removed"], report["failed"]) == (0, 0) and group.is_dir()


@memory
def test_FA4_sums_of_own_directories(hand, run):
    """What another uid protects for itself protects nothing above it."""
    hand.ok("create acme")
    hand.ok("create acme/own --memory-min 8M")
    acme = hand.path("acme")
    (acme / "theirs").mkdir()
    (acme / "theirs" / "memory.min").write_text("max")
    for path in (acme / "theirs", acme / "theirs" / "memory.min"):
        os.chown(path, STRANGER, STRANGER)
    hand.ok("create acme/more --memory-min 4M")
    for path in (acme, acme.parent):
        assert (path / "memory.min").read_text().strip() == str(12 << 20)
    run("--group acme/run --memory-min 2M", "true")
    hand.ok("rm acme/own")
    assert (acme / "memory.min").read_text().strip() == str(4 << 20)


@root
def test_FA13_a_directory_without_a_note(hand, run):
    """One that was there has limits that nobody asked for: they aren't inherited."""
    hand.ok("create acme")
    left = hand.path("acme") / "vm7"
    file = "pids.max" if "pids" in HAS else "cgroup.max.descendants"
    left.mkdir()
    (left / file).write_text("5")
    r = run("--group acme/vm7", ["sh", "-c", f"cat {left}/{file}"])
    assert r.code == 0 and r.stdout != "5\n", r
    left.mkdir()
    (left / file).write_text("5")
    hand.ok("create acme/vm7")
    assert hand.read("acme/vm7", file) != "5"


@root
def test_FA13_not_while_somebody_is_in_it(hand):
    hand.ok("create acme")
    left = hand.path("acme") / "vm7"
    left.mkdir()
    hand.put("acme/vm7")
    for words in ("run --group acme/vm7 -- true", "create acme/vm7", "create --exist-ok acme/vm7"):
        hand.refused(words, "acme/vm7 exists already")


# --------------------------------------------------------------- the kernel's files


@memory
@pytest.mark.parametrize("file, value", [("memory.max", "max"), ("memory.max", str(128 << 20)), ("memory.swap.max", "max"),
                                         ("pids.max", "5"), ("cpu.max", "50000 100000"), ("memory.high", str(32 << 20))])
def test_FA12_the_files_are_compared(hand, file, value):
    """What somebody has written to a group's files since it was created makes it another group."""
    hand.ok("create acme")
    for address in ("acme/vm7", "tenant"):
        create = f"create {address} --exist-ok --memory 64M --cpus 1.5"
        hand.ok(create)
        hand.ok(create)
        before = hand.read(address, file)
        (hand.path(address) / file).write_text(value)
        hand.refused(create, f"{address} exists already, with other limits: {file} is {value}")
        (hand.path(address) / file).write_text(before)
        hand.ok(create)


@memory
def test_FA12_written_in_another_form(hand):
    """A limit is compared by its value: a list of CPUs, a size, a weight that an idle group doesn't have."""
    limits = "--cpuset-cpus 0,1" + " --cpu-idle 1" * (KERNEL >= (5, 15)) + " --memory 100000000 --swap max --memory-low 1%"
    for address in ("acme/vm7", "tenant"):
        for _ in range(2):
            hand.ok(f"create --exist-ok {address} {limits}")
        hand.refused(f"create --exist-ok {address}", "with other limits")


@memory
def test_FA12_given_to_somebody(hand):
    """A tenant that was given away is the same if its limits and its owner are."""
    hand.ok(f"create acme --owner {STRANGER} --memory 64M")
    for owner in ("", f"--owner {STRANGER}"):
        hand.ok(f"create --exist-ok acme --memory 64M {owner}")
    hand.refused("create --exist-ok acme --memory 64M --owner 1001", "exists")


@memory
def test_FA13_limits_of_a_tenant_that_a_run_made(hand, run):
    """They aren't inherited by who creates it; and those that are set stay with it."""
    r = run.start("--group acme/run", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    run.ready("log")
    acme = hand.path("acme")
    (acme / "pids.max").write_text("50")
    hand.refused("create acme --memory 64M", "acme exists already", "pids.max is 50")
    assert (acme / "memory.max").read_text() == "max\n"
    (acme / "pids.max").write_text("max")
    hand.ok("set acme --pids 40")
    r.signal(signal.SIGTERM)
    r.wait()
    assert (acme / "pids.max").read_text() == "40\n"
    hand.ok("rm acme")


# --------------------------------------------------------------------- names

NAMES = [b"\xff\xfe", b"\x1b[2Jx", b"bell\x07", b"a\\b", b"\xc3\xbc", b"x y", b"..x", b"n" * 255, b"\x80" * 255]


def shown(name):
    """As ration shows bytes that others have chosen."""
    return "".join("\\\\" if c == 92 else chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in name)


@trusted
def test_FA8_names_of_any_bytes(hand, run, acme):
    """Listed, escaped, as that uid's; nothing else is the worse for them."""
    hand.ok("create other/fine")
    with acting_as(STRANGER):
        for name in NAMES:
            os.mkdir(bytes(acme) + b"/" + name)
    items = {item["group"]: item for item in hand.json("ls")["groups"]}
    assert {f"acme/{shown(name)}" for name in NAMES} < set(items) and "other/fine" in items
    assert items["acme"]["delegated"] and items["acme"]["uid"] == STRANGER and items["acme"]["owner"] == "kept"
    assert all(items[f"acme/{shown(name)}"]["owner"] == "unknown" for name in NAMES)
    found = hand.json("gc --dry-run")
    assert {f"acme/{shown(name)}" for name in NAMES} < {item["group"] for item in found["groups"]}
    for words in ("ls", "ls acme", "gc", "gc --dry-run", "show acme", "stat acme"):
        r = hand.ok(words)
        assert is_harmless(r.stdout + r.stderr), r
    lines = hand.ok("ls acme").stdout.splitlines()
    assert f"delegated to {STRANGER}" in next(line for line in lines if line.startswith("acme "))
    assert all(f"uid {STRANGER}" in line for line in lines if "bell" in line)
    hand.ok("rm acme")


# ------------------------------------------------------------- for the delegate


def as_delegate(run, words, procs=None, uid=65534):
    """What a delegate's `ration` says: from outside, or brought into a group by root."""
    def become():
        if procs:
            Path(procs).write_text("0")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)

    return subprocess.run([RATION, *shlex.split(words)], env=run.env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, preexec_fn=become, check=False)


@root
def test_FC13_from_outside(hand, run):
    """The kernel lets no delegate in from outside; it is told who can, and how."""
    for words in ("acme/x", "tenant"):
        hand.ok(f"create --owner nobody {words}")
    for words in ("exec acme/x -- true", f"attach acme/x {os.getpid()}", "run --group tenant/x -- true", "create tenant/x",
                  "show acme/x"):
        r = as_delegate(run, words)
        address = next(word for word in words.split() if "/x" in word)
        assert r.returncode == 125 and len(r.stderr.splitlines()) == 2 and "can't be entered from outside" in r.stderr, r
        assert "tenant" in address or f"as root: ration exec --user 65534 {address} -- " in r.stderr, r
    assert "outside" not in as_delegate(run, "exec nowhere/x -- true").stderr


@root
def test_FC13_a_tenant_of_another(hand, run):
    """Nor into root's: a command never runs without the limits of the tenant that it names, and without a word."""
    hand.ok("create acme/x")
    for words in ("run --tenant acme -- true", "exec acme/x -- true", "run --group acme/y --enforce any -- true",
                  "run --exec --tenant acme -- true"):
        r = as_delegate(run, words)
        assert r.returncode == 125 and "can't be entered: it is uid 0's" in r.stderr, (words, r)
        assert "as root: ration exec --user 65534 acme/" in r.stderr, (words, r)
    assert as_delegate(run, "run -- true").returncode == 0
    hand.ok("rm --force acme")


@root
def test_FC13_inside(hand, run):
    """Brought in by root, it can do everything below its group, and its own limits stay root's."""
    limit = "--memory 64M --enforce strict" if "memory" in HAS else ""
    hand.ok("create --owner nobody acme/x" + (" --memory 128M" if limit else ""))
    path = hand.path("acme/x")
    for words in (f"run {limit} -- true", "create own", f"create own/g {limit}", "exec own/g -- true", "ls", "show own/g",
                  f"run --tenant own {limit} -- true", "rm own/g", "rm own", "gc"):
        leaf = path / "ration.self"  # where it moves those who are in its group, once
        r = as_delegate(run, words, procs=(leaf if leaf.is_dir() else path) / "cgroup.procs")
        assert r.returncode == 0, (words, r)
    hand.ok("rm --force acme")


@pytest.mark.worlds("host")
def test_the_tests_of_SECURITY_exist():
    """Each threat names its test."""
    top = Path(__file__).resolve().parents[2]
    table = (top / "SECURITY.md").read_text().split("## Threats")[1]
    named = set(re.findall(r"`(test_\w+)`", table))
    there = set(re.findall(r"\b(test_\w+)\(", "".join(path.read_text() for path in (top / "tests").rglob("test*")
                                                     if path.suffix in (".py", ".c"))))
    assert len(named) > 20 and not named - there, named - there
    assert all(row.count("|") == 4 for row in table.splitlines() if row.startswith("|"))
