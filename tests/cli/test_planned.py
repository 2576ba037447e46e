# SPDX-License-Identifier: MIT
"""What is planned is what the place of a run can hold, and what is told is what holds there."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, patiently, wait_for
from world import WORLD, mount, v1_places

ALLOWED = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status"]


def two_cpus():
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two CPUs")


@pytest.fixture
def tenant(run):
    """tenant(OPTIONS...) makes the tenant t, which is removed at the end."""
    def make(*options):
        assert run.command("create", "t", *options).code == 0
        return Path(next(path for path in run.groups() if path.endswith("/t")))

    yield make
    assert run.command("rm", "--force", "t").code == 0


@pytest.mark.needs("cpuset")
@pytest.mark.parametrize("enforce", ["strict", "fallback", "any"])
def test_FC3_a_tenants_cpus(run, tenant, enforce):
    two_cpus()
    tenant("--cpuset-cpus", "0")
    r = run(f"--tenant t --cpuset-cpus 1 --enforce {enforce}", "true")
    assert r.code == 125 and "CPU 1 isn't available, only 0" in r.stderr and "of t" in r.stderr
    assert run("--tenant t --cpuset-cpus 0 --enforce strict", ALLOWED).stdout.split()[-1] == "0"


@pytest.mark.needs("cpuset")
def test_FC3_a_group_by_hand(run, tenant):
    two_cpus()
    tenant("--cpuset-cpus", "0")
    for words in (["create", "t/g", "--cpuset-cpus", "1"], ["plan", "--tenant", "t", "--cpuset-cpus", "1"]):
        r = run.command(*words)
        assert r.code == 125 and "CPU 1 isn't available" in r.stderr, r


@pytest.mark.needs("memory", "pids", "cpu")
def test_FC3_a_tenant_allows_less(run, tenant):
    """What is asked for holds, and what is reached before it is told."""
    tenant("--memory", "64M", "--pids", "20", "--cpus", "0.5")
    asked = "--tenant t --memory 128M --pids 50 --cpus 1"
    r = run(f"{asked} --enforce strict", "true")
    plan = run.plan(asked)
    for limit, file in (("memory", "64 MiB by memory.max"), ("pids", "20 by pids.max"), ("cpus", "0.5 CPUs by cpu.max")):
        for entry in (plan[limit], r.limit(limit)):
            assert f"less is allowed above: {file} of t" in entry["reason"] and not entry.get("weaker"), entry
    assert "less is allowed" not in run("--tenant t --memory 32M --pids 9 --cpus .25", "true").limit("memory").get("reason", "")


@pytest.mark.needs("cgroup")
def test_FC4_by_the_cpus_of_the_group(run):
    """The caller's affinity is nothing that the command must keep."""
    two_cpus()
    def attempt(seconds):
        r = run(f"--cpu-time {seconds}", ["sh", "-c", "taskset -p 3 $$ >/dev/null && exec spin 1000 2"], before=["taskset", "1"])
        assert (r.code, r.verdict) == (124, "cpu-time")
        assert seconds * 1_000_000 <= r.usage["cpu_usec"]
        # Looked at as late as one CPU would have it, it is twice as much; how late a busy machine looks doesn't go by the limit.
        return r.usage["cpu_usec"] < seconds * 1_750_000

    patiently(attempt)


@pytest.mark.needs("cpuset")
@pytest.mark.parametrize("whose", ["run", "tenant"])
def test_FC24_born_in_a_cpuset(run, tenant, whose):
    """Before 6.4 a kernel leaves who is born in a group on the CPUs of its parent."""
    two_cpus()
    tenant(*(["--cpuset-cpus", "1"] if whose == "tenant" else []))
    options = "--cpuset-cpus 1 --enforce strict" if whose == "run" else ""
    r = run(f"--tenant t {options}", ALLOWED)
    assert (r.code, r.stdout.split()[-1]) == (0, "1"), r


@pytest.mark.parametrize("words", [["vm"], ["run", "--vm", "tcg"], ["plan", "--vm", "tcg"]])
def test_FC15_guest_memory_without_a_unit(run, words):
    """QEMU's -m 512 is 512 MiB."""
    r = run.command(*words, "--guest-memory", "512", *(["--", "touch", str(run.file("ran"))] if words[0] == "run" else []))
    assert r.code == 125 and "--guest-memory 512M" in r.stderr and not run.file("ran").exists(), r


@pytest.mark.needs("memory", "root", "vm")
@pytest.mark.worlds("v2")
def test_FC28_a_threaded_base(run, by_hand, base):
    """Every command says what doctor says, and doctor says it once."""
    place = by_hand(base / "ration-test-threads" / "t")
    (place / "cgroup.type").write_text("threaded")
    why, words = f"{place} is a threaded group and can't limit memory", ["--base", str(place), "--memory", "64M"]
    for command in (["run", *words, "--enforce", "strict", "--", "touch", str(run.file("ran"))], ["create", "g", *words]):
        r = run.command(*command)
        assert r.code == 125 and why in r.stderr and "isn't threaded" in r.stderr, r
    assert not run.file("ran").exists()
    told = " ".join(run.command("doctor", "--base", str(place)).stdout.split())
    assert f"threaded-base: {why}" in told and "less-base" not in told and "no-controllers" not in told


# --------------------------------------------------- FC26: nothing can be started

@contextlib.contextmanager
def holding(run, name, n):
    """A run with n tasks in a tenant."""
    sleeps = "sleep 1000 & " * (n - 1)
    it = run.start(f"--tenant {name}", ["sh", "-c", f"{sleeps} echo ready >{run.file('holds')}; exec sleep 1000"])
    run.ready("holds")
    yield
    it.signal(signal.SIGTERM)
    assert it.wait().verdict == "interrupted"


@pytest.mark.needs("pids")
@pytest.mark.worlds("v2", "user")
def test_FC26_the_tasks_of_a_tenant(run, tenant):
    tenant("--pids", "3")
    with holding(run, "t", 3):
        r = run("--tenant t", ["touch", str(run.file("ran"))])
    assert r.code == 125 and "the tenant t has 3 of 3 tasks (pids.max)" in r.stderr, r
    assert "ration set t --pids N" in r.stderr and not run.file("ran").exists()


@pytest.mark.needs("pids")
@pytest.mark.worlds("v2", "user")
def test_FC26_a_command_of_a_library(run):
    """Which is started in a group that is there."""
    assert run.command("create", "passed", "--pids", "2").code == 0
    with holding(run, "passed", 2):
        r = run.program(["pass", "true"])
    assert r.code == 1 and "start a command in passed/group: the tenant passed has 2 of 2 tasks" in r.stdout, r
    assert run.command("rm", "--force", "passed").code == 0


@pytest.mark.needs("memory", "vm", "root")
@pytest.mark.worlds("v2")
def test_FC26_the_memory_of_a_tenant(run, tenant):
    """Held by a file of a tmpfs, so that there is nobody to kill."""
    place, file = tenant("--memory", "64M"), run.file("large")
    assert run("--tenant t", ["dd", "if=/dev/zero", f"of={file}", "bs=1M", "count=8"]).code == 0
    (place / "memory.max").write_text("4M")
    for words in (["run", "--tenant", "t", "--", "true"], ["create", "t/g"]):
        r = run.command(*words)
        assert r.code == 125 and "the tenant t uses" in r.stderr and "of 4 MiB memory (memory.max)" in r.stderr, r
    file.unlink()


@pytest.mark.needs("pids", "root")
@pytest.mark.worlds("v2")
def test_FC26_a_level_above_base(run, by_hand, base):
    above = by_hand(base / "ration-test-above")
    place = by_hand(above / "base")
    (above / "pids.max").write_text("0")
    r = run(f"--base {place}", "true")
    assert r.code == 125 and f"{above} has 0 of 0 tasks (pids.max)" in r.stderr, r


@pytest.mark.needs("root")
@pytest.mark.worlds("v2", "hybrid", "v1")
@pytest.mark.parametrize("options", ["", "--user 1000"])
def test_FC26_our_own_group(run, by_hand, options):
    """A process of ration's is the first for which there is no room."""
    own = by_hand((v1_places().get("pids") or mount()) / "ration-test-own")
    enter = f"echo $$ >{own}/cgroup.procs; echo 1 >{own}/pids.max; exec \"$@\""
    if WORLD == "v2":
        options += f" --base {mount()}"
    r = run(options, "true", before=["sh", "-c", enter, "sh"])
    assert r.code == 125 and f"the group {own} has 1 of 1 tasks (pids.max)" in r.stderr, r
    wait_for("nobody in it", lambda: not (own / "cgroup.procs").read_text())


# ------------------------------------------------ FC22: a policy for each limit

@pytest.mark.needs("memory1", "cgroup")
def test_FC22_memory_without_memory_high(run, hand):
    """cgroup v1 has no memory.high: without it, memory is enforced as it is elsewhere."""
    words = ["create", "t/g", "--memory", "64M", "--memory-high", "50M"]
    r = run.command(*words)
    assert r.code == 125 and "--enforce memory_high=any" in r.stderr, r
    r = run.command(*words, "--enforce", "memory=strict,memory-high=any")
    assert r.code == 0 and r.stderr.startswith("ration: memory_high: "), r
    assert "memory_high" not in hand.ok("show --effective t/g").stdout
    assert hand.effective("t/g", "memory") == str(64 << 20)
    hand.ok("rm --force t/g")
    r = run("--memory 64M --memory-high 50M --enforce memory=strict,memory_high=any", "alloc 100 stay")
    assert (r.code, r.verdict) == (137, "memory") and r.limit("memory")["mechanism"] == "cgroup1"
    assert r.limit("memory_high")["mechanism"] == "none"


@pytest.mark.needs("memory1", "cgroup")
def test_FC22_a_tenant_without_its_memory(run):
    """cgroup v1 limits no tenant: strict for one limit isn't undone by any for all."""
    r = run.command("create", "t", "--memory", "64M", "--enforce", "any,memory=strict")
    assert r.code == 125 and "--memory can't be enforced" in r.stderr, r


@pytest.mark.needs("!cgroup")
@pytest.mark.worlds("nothing", "nothing-user")
def test_FC22_each_way(run):
    """Without cgroups: memory is watched, which is weaker; memory_high isn't enforced at all."""
    limits = "--memory 64M --memory-high 50M"
    for policy, code in (("any", 0), ("memory-high=any", 0), ("memory_high=any", 0), ("memory=any", 125),
                         ("any,memory=strict", 125), ("memory=fallback,any", 0), ("strict,memory-high=any", 125),
                         ("strict,memory=fallback,memory-high=any", 0), ("memory-high=any,memory=strict", 125),
                         ("memory-high=any,swap=strict", 125)):
        for words in (["plan"], ["run"], ["run", "--exec"]):
            if words[-1] == "--exec" and code == 0:
                continue  # a group that isn't there enforces no memory
            r = run.command(*words, *limits.split(), "--enforce", policy, *(["--", "true"] if words[0] == "run" else []))
            assert r.code == code, (policy, words, r)


def test_FC22_of_a_process(run):
    """Their own limits, which `exec` and `attach` set: the number of the resource is a number everywhere."""
    r = run("--rlimit nofile=64 --enforce rlimit-nofile=strict,rlimit_core=strict", ["sh", "-c", "ulimit -n"])
    assert (r.code, r.stdout) == (0, "64\n")
    plan = run.plan("--rlimit nofile=64 --memory 64M --enforce any,rlimit-nofile=strict")
    assert plan["rlimit_nofile"]["policy"] == "strict" and "policy" not in plan["memory"]


@pytest.mark.parametrize("value, texts", [
    ("memroy=any", ["no such limit", "did you mean memory?"]), ("memory=anny", ["not one of strict|fallback|any"]),
    ("=any", ["no such limit"]), ("any,", ["is empty"]), (",", ["is empty"]), ("memory=", ["not one of"]),
    ("any,strict", ["two policies", "leave one of them out"]), ("memory-high=any,memory_high=strict", ["two policies"]),
    ("memory-high", ["not one of", "memory=strict,memory-high=any"]), ("m\x1b=any", ["no such limit"])])
def test_FC22_refused(run, value, texts):
    for command in (["run"], ["plan"], ["create", "t"], ["set", "t", "--pids", "4"], ["attach", "t/g", "1"], ["exec", "t/g"]):
        r = run.command(*command, "--enforce", value, *(["--", "true"] if command[0] in ("run", "exec") else []))
        assert r.code == 125 and all(text in r.stderr for text in ["--enforce", *texts]) and "\x1b" not in r.stderr, r


@pytest.mark.needs("memory", "pids", "vm", "root")
@pytest.mark.worlds("v2")
def test_FC22_set(run, by_hand, base):
    """All that can be set, and a word about the rest."""
    above = by_hand(base / "ration-test-less")
    (above / "cgroup.subtree_control").write_text("+memory")
    place = by_hand(above / "base")
    where = ["--base", str(place)]
    assert run.command("create", "t", "--memory", "64M", *where).code == 0
    limit, words = place / NAMESPACE / "t" / "memory.max", ["set", "t", "--memory", "32M", "--pids", "20", *where]
    r = run.command(*words)
    assert r.code == 125 and "use --enforce pids=any" in r.stderr and limit.read_text() == f"{64 << 20}\n", r
    r = run.command(*words, "--enforce", "strict,pids=any")
    assert r.code == 0 and limit.read_text() == f"{32 << 20}\n" and r.stderr.startswith("ration: pids: "), r
    assert "pids" not in r.stdout and run.command("rm", "--force", "t", *where).code == 0


# ------------------------------------------------- FC6: pressure is asked of groups

@pytest.mark.needs("cgroup", "root", "unshare")
@pytest.mark.worlds("v2", "hybrid", "host")
@pytest.mark.parametrize("hidden", [False, True])
def test_FC6_as_the_groups_say(run, base, by_hand, hidden):
    """Whatever /proc/pressure says. Booted with cgroup_disable=pressure: neither plan nor run has it."""
    measured = (by_hand(base / "ration-test-pressure") / "memory.pressure").exists()
    hide = "mount -t tmpfs none /proc/pressure;" if hidden else ""

    def ration(*words):
        return subprocess.run(["unshare", "-m", "sh", "-ec", f'{hide} exec "$0" "$@"', RATION, *words], text=True, env=run.env,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE, check=False)

    plan = json.loads(ration("plan", "--json", "--stall-timeout", "2", "--enforce", "any").stdout)
    row = next(limit for limit in plan["limits"] if limit["limit"] == "stall_timeout")
    assert row["mechanism"] == ("cgroup2" if measured else "none"), row
    done = ration("run", "--stall-timeout", "2", "--enforce", "any", "--", "true")
    assert done.returncode == 0, done
    done = ration("run", "--stall-timeout", "2", "--enforce", "strict", "--", "true")
    assert done.returncode == (0 if measured else 125) and (measured or "cgroup_disable=pressure" in done.stderr), done
    found = {finding["id"]: finding for finding in json.loads(ration("doctor", "--json").stdout)["findings"]}
    assert ("no-psi" in found) == (not measured)
    assert measured or found["no-psi"]["fix"] == "boot without cgroup_disable=pressure"
