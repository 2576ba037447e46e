# SPDX-License-Identifier: MIT
"""The profile of a virtual machine: `ration vm` prints it, `ration run --vm` holds it."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from conftest import DEADLINE, RATION
from world import holder

MIB = 1 << 20
GUEST = Path(RATION).resolve().parent / "scripts" / "demo-guest"
anywhere = pytest.mark.worlds("host", "v2")


@pytest.fixture
def vm(run):
    """vm(OPTIONS) is what `ration vm --json` says."""
    def call(options):
        r = run.command("vm", *shlex.split(options), "--json")
        assert r.code == 0, r
        return json.loads(r.stdout)
    return call


@anywhere
def test_the_sum(vm):
    profile = vm("--guest-memory 512M")
    assert profile["accel"] == "tcg"
    assert profile["memory"] == (512 + 200 + 256) * MIB
    assert (profile["cpus"], profile["pids"]) == (1, 100)
    assert profile["fallback"] == {"rlimit_as": (512 + 256 + 400 + 8 * 72) * MIB, "rlimit_cpu": 3600}
    assert profile["qemu"] == ["-accel", "tcg,tb-size=256", "-m", "512M"]


@anywhere
def test_each_part_has_a_flag(vm):
    profile = vm("--accel tcg --guest-memory 256M --vm-overhead 64M --tb-size 32M --vcpus 2 --pids 300")
    assert profile["memory"] == (256 + 64 + 32) * MIB
    assert (profile["cpus"], profile["pids"]) == (2, 300)
    assert profile["qemu"] == ["-accel", "tcg,tb-size=32", "-m", "256M", "-smp", "2"]


@anywhere
@pytest.mark.parametrize("accel", ["kvm", "hvf"])
def test_only_tcg_has_a_cache(vm, accel):
    profile = vm(f"--accel {accel} --guest-memory 256M --tb-size 32M")
    assert profile["memory"] == (256 + 200) * MIB
    assert "tb_bytes" not in profile and "--tb-size" not in profile["run"]
    assert profile["qemu"] == ["-accel", accel, "-m", "256M"]


@anywhere
@pytest.mark.parametrize("options", [
    "--guest-memory 512M", "--guest-memory 512M --accel kvm --vcpus 4 --pids 7", "--guest-memory 3000001",
    "--guest-memory 1.5G --vm-overhead 64M --tb-size 1000K"])
def test_both_forms_of_run_come_to_it(run, vm, options):
    profile = vm(options)
    for form in ("run", "limits"):
        plan = run.plan(shlex.join(profile[form]) + " --enforce any")
        assert {name: plan[name]["asked"] for name in ("memory", "cpus", "pids")} == {
            name: profile[name] for name in ("memory", "cpus", "pids")}


@anywhere
def test_a_size_that_isnt_whole(vm):
    """QEMU takes bytes for -m, and MiB alone for tb-size, of which 0 is its default of 1 GiB."""
    assert vm("--guest-memory 3000001 --tb-size 4K")["qemu"] == ["-accel", "tcg,tb-size=1", "-m", "3000001B"]


@anywhere
def test_the_table_says_what_matters(run):
    text = run.command("vm", "--guest-memory", "512M").stdout
    for words in ("968 MiB", "aio=threads", "about 102", "1 GiB", "--accel kvm", "tb-size=256",
                  "ration run --vm tcg --guest-memory 512M -- \\\n      qemu-system-x86_64",
                  "ration run --memory 968M --cpus 1 --pids 100 -- \\\n"):
        assert words in text, (words, text)
    assert max(map(len, text.splitlines())) <= 100
    assert "aio=threads" not in run.command("vm", "--guest-memory", "512M", "--pids", "200").stdout


@anywhere
def test_the_help_of_run_says_that_100_is_tight(run):
    assert "aio=threads" in run.command("run", "--help").stdout


@anywhere
@pytest.mark.parametrize("options, told", [
    ("", "guest memory"), ("--guest-memory 0", "--guest-memory"), ("--guest-memory 1GB", "--guest-memory"),
    ("--guest-memory 1M --accel xen", "kvm|hvf|tcg"), ("--guest-memory 1M --pids 0", "--pids"),
    ("--guest-memory 1M --vcpus 9000", "--cpus"), ("--guest-memory 1M --vm tcg", "--vm"),
    ("--guest-memory 1M x", "unexpected argument x")])
def test_what_is_refused(run, options, told):
    r = run.command("vm", *shlex.split(options))
    assert (r.code, r.stdout) == (125, "") and told in r.stderr, r


def behind(r):
    """The rlimits that a receipt lists, by what was asked."""
    return {entry["limit"]: (entry["asked"], entry["mechanism"], entry.get("scope")) for entry in r.receipt["limits"]
            if entry["limit"] in ("rlimit_as", "rlimit_cpu")}


def ulimits(r):
    return r.stdout.split()


def test_the_fallback(run):
    """What the kernel doesn't hold for the group has an rlimit behind it, in the receipt and in force."""
    r = run("--vm kvm --guest-memory 64M", ["bash", "-c", "ulimit -v; ulimit -t"])
    assert r.code == 0, r
    wanted, inside = {}, ["unlimited", "unlimited"]
    if not holder("memory", ""):
        size = (64 + 400 + 8 * 72) * MIB
        wanted["rlimit_as"], inside[0] = (size, "rlimit", "process"), str(size // 1024)
    if not holder("cpu", ""):
        wanted["rlimit_cpu"], inside[1] = (3600, "rlimit", "process"), "3600"
    assert (behind(r), ulimits(r)) == (wanted, inside)


@pytest.mark.needs("!cpu", "!cpu1")
def test_the_fallback_yields_to_what_is_asked_for(run):
    r = run("--vm kvm --guest-memory 64M --rlimit cpu=60 --rlimit as=3G", ["bash", "-c", "ulimit -v; ulimit -t"])
    assert ulimits(r) == [str(3 << 20), "60"]
    r = run("--vm kvm --guest-memory 64M --cpu-time 50", "true")
    assert "rlimit_cpu" not in behind(r)


@pytest.mark.needs("!cpu", "!cpu1")
def test_the_fallback_isnt_above_what_ration_may_have(run):
    """An unprivileged caller with a low RLIMIT_CPU could not raise it: that isn't tried."""
    r = run("--vm kvm --guest-memory 64M", ["bash", "-c", "ulimit -t"], before=["prlimit", "--cpu=1000"])
    assert (r.code, r.stdout) == (0, "1000\n")
    assert "rlimit_cpu" not in behind(r)


def boot(run, options, tb_mib):
    """A guest of 64 MiB that writes to each of its pages, and then switches off."""
    if not GUEST.exists() or not shutil.which("qemu-system-x86_64"):
        pytest.skip("needs qemu-system-x86_64 and an x86-64 machine")
    return run(f"{options} --timeout 3000",
               f"qemu-system-x86_64 -accel tcg,tb-size={tb_mib} -nodefaults -no-user-config -display none "
               f"-serial stdio -no-reboot -m 64M -kernel {GUEST} -append fill", deadline=DEADLINE)


@pytest.mark.long
@pytest.mark.worlds("v2")
def test_H19_head_room(run):
    """What the profile gives on top of the guest's memory is enough, and is needed: the
    same guest with just its own memory is ended."""
    r = boot(run, "--vm tcg --guest-memory 64M --enforce strict", 256)
    assert (r.code, r.verdict) == (0, "ok"), r
    assert r.stdout.split("\n")[1:3] == ["guest: writing to all of my memory", "guest: done"], r
    assert r.limit("memory")["in_force"] == (64 + 200 + 256) * MIB
    assert 64 * MIB < r.usage["memory_peak_bytes"] < r.limit("memory")["in_force"]
    assert r.usage["pids_refused"] == 0
    r = boot(run, "--memory 64M --pids 100 --enforce strict", 256)
    assert (r.code, r.verdict) == (137, "memory"), r
    assert "guest: done" not in r.stdout
