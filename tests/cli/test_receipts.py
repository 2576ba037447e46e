# SPDX-License-Identifier: MIT
"""What a receipt promises where others can write, and where its kernel or its disk can't keep up."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from datetime import datetime, timezone

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, STRACE, stop, wait_for
from world import KERNEL, mount

STRANGER = 1000


@pytest.fixture
def place(run):
    """A directory that anybody can write, as /tmp is; and a file of ours that is nobody's business."""
    path, precious = run.file("place"), run.file("precious")
    path.mkdir()
    path.chmod(0o1777)
    precious.write_text("precious")
    yield path
    assert precious.read_text() == "precious"


def refused(run, target, *words):
    r = run(["--receipt", str(target)], ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125 and r.stderr.startswith("ration run: --receipt ") and all(word in r.stderr for word in words), r
    assert not run.file("started").exists() and run.groups() == set()


@pytest.mark.needs("root")
def test_FA9_a_strangers_link(run, place):
    """To a file of ours, to none, and to a device: it isn't followed."""
    for name, target in ("a", run.file("precious")), ("b", run.file("none")), ("c", "/dev/null"):
        (place / name).symlink_to(target)
        os.chown(place / name, STRANGER, STRANGER, follow_symlinks=False)
        refused(run, place / name, f"a link of uid {STRANGER}")
    assert not run.file("none").exists()


@pytest.mark.needs("root")
def test_FA9_our_link_in_a_strangers_directory(run, place):
    """There somebody else could exchange it between a look and the opening."""
    (place / "link").symlink_to("target")
    assert run(["--receipt", str(place / "link")], "true", receipt=False).code == 0
    place.chmod(0o777)
    refused(run, place / "link", "a link in a directory where others could replace it")
    place.chmod(0o755)
    os.chown(place, STRANGER, STRANGER)
    refused(run, place / "link", f"a link in a directory of uid {STRANGER}")


@pytest.mark.needs("root")
def test_FA9_a_strangers_fifo(run, place):
    """Nobody reads it: opening it would take for ever."""
    os.mkfifo(place / "fifo")
    os.chown(place / "fifo", STRANGER, STRANGER)
    refused(run, place / "fifo", f"a file of uid {STRANGER}")


@contextlib.contextmanager
def held_where_it_has_its_name(run, target, *options):
    """A run that stands still as soon as its receipt has a name; it goes on, or dies, at the end of this."""
    # The program is the child, and strace beside it: it lets go when it is killed.
    argv = [*STRACE, "-D", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:delay_exit=1000000000",
            RATION, "run", *options, "--receipt", str(target), "--", "true"]
    with subprocess.Popen(argv, env=run.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as started:
        wait_for("the receipt", target.exists)
        with open(f"/proc/{started.pid}/status", encoding="utf-8") as status:
            tracer, = (int(line.split()[1]) for line in status if line.startswith("TracerPid:"))
        try:
            yield started
        finally:
            os.kill(tracer, signal.SIGKILL)
        _, started.said = started.communicate(timeout=DEADLINE)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace isn't installed")
@pytest.mark.worlds("host")
def test_FA9_exchanged_at_the_end(run, place):
    """Somebody puts another one there while it gets its name: it isn't called written."""
    (place / "forged").write_text("{}")
    with held_where_it_has_its_name(run, place / "receipt") as started:
        os.rename(place / "forged", place / "receipt")
    assert started.returncode == 123 and "was replaced by somebody else" in started.said, started.said


@pytest.mark.skipif(not shutil.which("strace"), reason="strace isn't installed")
@pytest.mark.worlds("host")
def test_FA9_killed_as_it_gets_its_name(run, place):
    """It has that name or none: no file is left beside it."""
    with held_where_it_has_its_name(run, place / "receipt", "--enforce", "any") as started:
        started.kill()
    assert os.listdir(place) == ["receipt"] and json.loads((place / "receipt").read_text())["verdict"] == "ok"


def test_FA9_the_old_one_is_gone(run, place):
    """Before the command starts: what is there afterwards is this run's, or nothing."""
    old = place / "receipt"
    for target in (old, place / "link"):
        old.write_text('{"verdict": "ok"}')
        if target != old:
            target.symlink_to(old)
        r = run(["--receipt", str(target)], ["sh", "-c", f"test ! -s {old}"], receipt=False)
        assert r.code == 0 and json.loads(old.read_text())["exit"]["code"] == 0, r
    old.write_text('{"verdict": "ok"}')
    assert run(["--receipt", str(old), "--name", "."], "true", receipt=False).code == 125
    r = run(["--receipt", str(old)], "no-such-command", receipt=False)
    assert r.code == 127 and json.loads(old.read_text())["verdict"] == "not-started"


def test_FA9_no_room(run, place):
    """The command ran: its status gives way to one that says that the receipt isn't there."""
    for status in (0, 3):
        r = run("--receipt /dev/full", ["sh", "-c", f"exit {status}"], receipt=False)
        assert r.code == 123 and "No space left" in r.stderr, r
    # One that never ran has its own.
    r = run("--receipt /dev/full", "no-such-command", receipt=False)
    assert r.code == 127 and "No space left" in r.stderr, r


@pytest.mark.needs("root", "vm", "unshare")
def test_FA9_a_full_disk(run, place):
    """A file system without a block: no half of a receipt, and not yesterday's."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=True, timeout=DEADLINE)
    try:
        (place / "receipt").write_text("{}")
        with open(place / "large", "wb", buffering=0) as large, pytest.raises(OSError):
            while True:
                large.write(bytes(4096))
        r = run(["--receipt", str(place / "receipt")], ["dd", "if=/dev/zero", f"of={place}/more", "bs=4k"], receipt=False)
        assert r.code == 123, r
        assert sorted(os.listdir(place)) == ["large", "more"]
    finally:
        subprocess.run(["umount", place], check=True, timeout=DEADLINE)


@pytest.mark.needs("memory")
def test_FC7_a_peak_that_nobody_counts(run):
    """A kernel before 5.19: nothing is said to have been observed, least of all 0."""
    r = run("--memory 30M", "alloc 100", before=["hide", "memory.peak"])
    assert (r.code, r.verdict) == (137, "memory"), r
    assert "memory_peak_bytes" not in r.usage, r.usage
    assert not {"observed", "overshoot"} & r.limit("memory").keys(), r.limit("memory")
    assert " (peak" not in r.stderr and "0 B" not in r.stderr


@pytest.mark.unsanitized("a sanitizer's memory is the command's, too")
@pytest.mark.parametrize("programs", [None, ""], ids=["helpers", "forked"])
def test_FC27_maxrss_of_a_large_program(run, programs):
    """Until exec the child has its memory: that isn't the command's, nor is it 0."""
    r = run.program(["runs", "1", "60", "1", "64M", "200"], env={} if programs is None else {"RATION_TEST_PROGRAMS": programs})
    said = int(next(line for line in r.stdout.splitlines() if line.startswith("maxrss")).split()[1])
    assert r.code == 0 and said < 100 << 20, r


def test_FC27_maxrss_of_the_command(run):
    """Where it is larger than what started it, it is its own."""
    r = run("", "alloc 50")
    assert 50 << 20 <= r.usage["maxrss_bytes"] < 100 << 20
    assert run("", "true").usage.get("maxrss_bytes", 1) > 0


@pytest.mark.needs("root", "vm", "memory")
def test_FC8_a_path_over_200_bytes(hand, run, by_hand):
    """Whole, as nested slices have them: which tenant's limit was hit, and where the command has gone."""
    parent = "/".join(letter * 120 for letter in "abc")
    hand.ok(f"--parent {parent} create acme --memory 30M")
    r = run(f"--parent {parent} --tenant acme", "alloc 100")
    assert r.verdict == "memory-external", r
    assert [e["where"] for e in r.receipt["evidence"] if e["level"] == "tenant"] == [f"/{parent}/{NAMESPACE}/acme"], r
    assert f"memory limit of the tenant /{parent}/{NAMESPACE}/acme reached" in r.stderr, r
    there = by_hand(mount() / "/".join(letter * 120 for letter in "xyz"))
    r = run("", ["sh", "-c", f"echo $$ >{there}/cgroup.procs; sleep 1000"])
    assert r.receipt["escaped_to"] == "/" + str(there.relative_to(mount())), r
    assert f"left its group for /{there.relative_to(mount())} and was killed" in r.stderr, r
    hand.ok(f"--parent {parent} rm acme")


@pytest.mark.parametrize("status", [0, 3])
def test_FC5_too_much_output_that_is_seen_late(run, status):
    """The command has written and ended before ration looks: it is too much all the same, and what is allowed comes out."""
    run.file("go").touch()
    r = run.start("--output-limit 5 --name late", ["sh", "-c", f"echo >{run.file('ready')} ready; while [ -e {run.file('go')} ]; do "
                                                     f"sleep .01; done; echo aaaaaaaaaaaa; touch {run.file('end')}; exit {status}"])
    run.ready("ready")
    ours = [pid for pid, name in run.alive().items() if name.startswith("ration")]
    assert r.pid in ours
    for pid in ours:
        stop(pid)
    run.file("go").unlink()
    wait_for("the command to end", lambda: run.file("end").exists() and not {"sh", "sleep", "touch"} & set(run.alive().values()))
    for pid in ours:
        # The first continues the others, which may be over.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    r = r.wait()
    assert (r.code, r.verdict, r.stdout) == (137, "output", "aaaaa"), r


# --------------------------------------------- FC25: what limits of the levels above do

def by_level(r, words):
    """(level, where, how many times) of each counter whose name begins so."""
    return [(e["level"], e.get("where", ""), e["after"] - e["before"]) for e in r.receipt["evidence"] if e["counter"].startswith(words)]


@pytest.fixture
def tenant(hand):
    hand.ok("create t --pids 6 --memory-high 20M --cpus 0.2")
    yield "t"
    hand.ok("rm t")


@pytest.mark.needs("pids")
@pytest.mark.worlds("v2")
@pytest.mark.parametrize("options", ["", "--pids 50"])
def test_FC25_forks_that_the_tenant_refuses(run, tenant, options):
    """Since 6.11 they are counted in the tenant; before, in the group, which had fewer than its own limit."""
    r = run(f"--tenant {tenant} {options}", "forks 9")
    assert (r.code, r.verdict) == (1, "exit"), r
    (level, where, n), = by_level(r, "pids.events")
    assert level == "tenant" and where.endswith("/t") and n > 0, r
    assert f"tasks limit of the tenant {where} reached: {n} fork" in r.stderr
    assert r.usage.get("pids_refused") == (n if KERNEL < (6, 11) else None), r


@pytest.mark.needs("pids")
@pytest.mark.worlds("v2")
def test_FC25_forks_that_the_own_limit_refuses(run, tenant):
    r = run(f"--tenant {tenant} --pids 4", "forks 9")
    (level, _, n), = by_level(r, "pids.events")
    assert level == "group" and r.usage["pids_refused"] == n > 0, r
    assert f"tasks limit 4 reached: {n} fork" in r.stderr
    assert by_level(run(f"--tenant {tenant}", "forks 2"), "pids.events") == []


@pytest.mark.needs("memory")
@pytest.mark.worlds("v2")
def test_FC25_memory_high_of_the_tenant(run, tenant):
    r = run(f"--tenant {tenant} --memory-high 200M", "alloc 21")
    (level, where, n), = by_level(r, "memory.events.local high")
    assert level == "tenant" and where.endswith("/t") and n > 0, r
    assert "memory_high_count" not in r.usage


@pytest.mark.needs("cpu")
@pytest.mark.worlds("v2")
@pytest.mark.parametrize("options", ["", pytest.param("--cpus 50", marks=pytest.mark.long)])
def test_FC25_cpus_of_the_tenant(run, tenant, options):
    """The own limit is far above: an emulated CPU that had to wait itself has used more than there is."""
    r = run(f"--tenant {tenant} {options}", "spin 0.3")
    (level, where, n), = by_level(r, "cpu.stat")
    assert level == "tenant" and where.endswith("/t") and n > 0, r
    assert not {"throttled_count", "throttled_usec"} & r.usage.keys()
    r = run(f"--tenant {tenant} --cpus 0.02", "spin 0.03")
    assert r.usage["throttled_count"] > 0 and r.usage["throttled_usec"] > 0, "by its own limit"


def test_K18_when_it_started(run):
    before, monotonic = time.time(), time.monotonic()
    r = run("", "true")
    started = datetime.strptime(r.receipt["started"]["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    assert before - 1 <= started.timestamp() <= time.time() + 1
    assert monotonic <= r.receipt["started"]["monotonic_usec"] / 1e6 <= time.monotonic()
    assert r.receipt["started"]["time"] in run("-v", "true").stderr or "\nstarted   20" in run("-v", "true").stderr
    assert "started" not in run("", "no_such_cmd").receipt


def test_K18_switches_and_faults(run):
    """Of the command and those that it has waited for. A sleep is a switch that it wanted; new memory is faults."""
    r = run("", ["sh", "-c", "sleep .01; sleep .01; head -c 4000000 /dev/zero | tail -c 4000000 >/dev/null"])
    assert r.code == 0 and r.usage["voluntary_switches"] >= 3 and r.usage["minor_faults"] >= 900
    assert r.usage["involuntary_switches"] >= 0 and r.usage["major_faults"] >= 0
    names = {"voluntary_switches", "involuntary_switches", "minor_faults", "major_faults"}
    assert {r.receipt["sources"][name] for name in names} == {"rusage"}
    assert not names & run("", "no_such_cmd").usage.keys()
