# SPDX-License-Identifier: MIT
"""What is planned is what the place of a run can hold, and what is told is what holds there."""

import os
from pathlib import Path

import pytest

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
    r = run("--cpu-time 4", ["sh", "-c", "taskset -p 3 $$ >/dev/null && exec spin 1000 2"], before=["taskset", "1"])
    assert (r.code, r.verdict) == (124, "cpu-time")
    assert 4_000_000 <= r.usage["cpu_usec"] < 7_000_000


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
