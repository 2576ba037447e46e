# SPDX-License-Identifier: MIT
"""Below systemd: one unit of ours, found by whoever comes later, and nothing else of its tree touched."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, UNIT_PROGRAM, end_at_once, wait_for
from world import HAS, mount, unit_group

pytestmark = [pytest.mark.needs("systemd")]
root = pytest.mark.needs("root")
user = pytest.mark.needs("!root")

UNIT = "ration.service"
BUILD = Path(RATION).resolve().parent
MANAGER = [] if "root" in HAS else ["--user"]
ALL = "--memory 64M --cpus 1 --pids 50"


def systemctl(*words, check=True):
    return subprocess.run(["systemctl", *MANAGER, *words], check=check, text=True, capture_output=True,
                          timeout=DEADLINE).stdout.strip()


def state(unit=UNIT):
    return systemctl("show", "--value", "-p", "ActiveState", unit)


@pytest.fixture
def stopped():
    """The unit isn't there; afterwards it is again."""
    systemctl("stop", UNIT, check=False)
    wait_for("systemd to remove its group", lambda: not unit_group().exists())
    yield
    if not unit_group().exists():
        subprocess.run([RATION, "run", "true"], check=True)


def writable_files():
    """What could be set of the groups that aren't ours, but for what changes by itself."""
    found = {}
    for path, directories, files in os.walk(mount()):
        if Path(path) == unit_group():
            directories.clear()
            continue
        for file in files:
            if file.endswith((".max", ".high", ".low", ".min", ".weight", "subtree_control", "cpus", "mems", "freeze", "type")):
                try:
                    found[f"{path}/{file}"] = (Path(path) / file).read_text()
                except OSError:
                    pass
    return found


# ------------------------------------------------------------------- the unit

def test_H08_limits_hold(run):
    """Memory, CPUs and tasks, by the kernel, in a group of our unit."""
    r = run(ALL + " --enforce strict", "cat /proc/self/cgroup")
    assert r.code == 0 and r.receipt["containment"] == "cgroup"
    place = "/" + str(unit_group().relative_to(mount())) + "/"
    assert r.stdout.startswith("0::" + place)
    assert {r.limit(name)["mechanism"] for name in ("memory", "cpus", "pids")} == {"cgroup2"}
    assert run("--memory 30M --enforce strict", "alloc 100").verdict == "memory"
    assert run("--pids 5", "forks 9").usage["pids_refused"] > 0


def test_H08_looking_starts_nothing(run, stopped):
    """doctor and plan tell what there will be."""
    info = json.loads(run.command("doctor", "--json").stdout)
    host = info.get("host", info)
    assert (host["base_kind"], host["base_pending"], host["base"]) == ("unit", True, str(unit_group()))
    said = run.command("doctor")
    assert said.code == 0 and "started by the first run" in " ".join(said.stdout.split())
    assert run.plan(ALL)["memory"]["mechanism"] == "cgroup2"
    assert run.command("ls").code == 0 and run.command("gc").code == 0
    assert run.command("show", "acme").code == 125
    assert not unit_group().exists() and state() in ("inactive", "failed")


def test_H08_many_first_runs(run, stopped):
    """All agree on one unit, and none fails."""
    running = [run.start(ALL + " --enforce strict", "cat /proc/self/cgroup") for _ in range(6)]
    for r in [it.wait() for it in running]:
        assert r.code == 0 and f"/{UNIT}/" in r.stdout, r
    assert state() == "active"
    assert {p.name for p in unit_group().parent.glob("ration*")} - {"ration-vm.service"} == {UNIT}


def test_H08_many_threads_of_one_program(run, stopped):
    """They share a host whose unit isn't there: the first has it made, and the others wait for that."""
    env = {**run.env, "RATION_TEST_PROGRAMS": str(Path(UNIT_PROGRAM).parent)}
    done = subprocess.run([f"{HELPERS}/crowd", "6", "1"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (0, "rounds 6 fds 0 children none\n")
    assert state() == "active"


def test_H08_create_starts_it_too(hand, stopped):
    hand.ok("create acme --memory 64M")
    assert hand.read("acme", "memory.max") == str(64 << 20)
    assert hand.path("acme").is_relative_to(unit_group())


def test_H08_nobody_is_asked_twice(run):
    """With the unit there, neither the bus nor the program for it is needed: by root, nor from below the manager."""
    env = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
    before = () if "root" in HAS else ("systemd-run", "--user", "--scope", "--quiet")
    r = run(ALL + " --enforce strict --helpers /nowhere", "true", before=before, env=env)
    assert r.code == 0, r


def test_H08_nothing_else_is_written(run, hand):
    """Of the groups that are systemd's, none comes, goes or is changed."""
    run(ALL, "true")  # what a first question over D-Bus starts, is started
    before = writable_files()
    assert run(ALL, "forks 5").code == 0
    assert run("--memory 30M", "alloc 100").code == 137
    hand.ok("create acme --memory 64M --pids 10")
    hand.ok("set acme --memory 32M")
    hand.ok("rm acme")
    hand.ok("gc")
    assert writable_files() == before


def test_H08_a_run_in_a_run_stays_there(run):
    """It would escape the limits of the outer one."""
    r = run("--memory 64M", [RATION, "run", "--memory", "32M", "--", "cat", "/proc/self/cgroup"])
    assert r.code == 0, r
    outer, inner = r.receipt["group"].split("/")[1], r.stdout.strip().split("/")
    assert outer in inner and inner.index(outer) < len(inner) - 1


def test_H08_stopping_ends_runs(run):
    """systemctl stop; and the next run has it started again."""
    running = run.start("--memory 64M", ["sh", "-c", f"echo ready >{run.file('up')}; sleep 1000"])
    run.ready("up")
    systemctl("stop", UNIT)
    r = running.wait()
    assert r.code in (128 + signal.SIGTERM, 128 + signal.SIGKILL), r
    wait_for("systemd to remove its group", lambda: not unit_group().exists())
    assert run("--memory 64M --enforce strict", "true").code == 0
    assert state() == "active"


def test_H08_holder_is_out_of_the_way(run):
    """One sleeping process in a leaf; what it holds goes with it."""
    run("--memory 64M", "true")
    pid = systemctl("show", "--value", "-p", "MainPID", UNIT)
    assert Path(f"/proc/{pid}/cgroup").read_text().strip().endswith(f"/{UNIT}/ration.self")
    assert (unit_group() / "cgroup.procs").read_text() == ""
    os.kill(int(pid), signal.SIGKILL)
    wait_for("systemd to see it", lambda: state() != "active")
    assert run("--memory 64M --enforce strict", "true").code == 0


# ---------------------------------------------------------------- what can fail

def check_fallback(run, *texts, options="", **env):
    """Weaker, and said why; strict refuses."""
    r = run(f"--memory 64M {options}", "true", env=env)
    assert r.code == 0 and r.limit("memory")["mechanism"] == "watch", r
    for text in texts:
        assert text in r.stderr, r
    r = run(f"--memory 64M --enforce strict {options}", ["touch", str(run.file("started"))], env=env)
    assert r.code == 125 and not run.file("started").exists() and texts[0] in r.stderr, r
    # Of a unit that failed, it is systemd that removes the group.
    wait_for("an end of the unit's group", lambda: not unit_group().exists())


def test_H08_forbidden(run, stopped):
    check_fallback(run, "--helpers none forbids to ask", options="--helpers none")


def test_H08_no_program(run, stopped):
    check_fallback(run, "ration-unit is missing", options="--helpers /nowhere")


def test_H08_no_libsystemd(run, stopped):
    """All else works without it."""
    directory = run.file("lib")
    directory.mkdir()
    (directory / "libsystemd.so.0").write_text("no library")
    check_fallback(run, "libsystemd.so.0", LD_LIBRARY_PATH=str(directory))


def test_H08_unit_that_fails(run, stopped):
    program = run.file("ration-unit")
    program.write_text(f'#!/bin/sh\n[ "$1" != hold ] && exec {UNIT_PROGRAM} "$@"\n')
    program.chmod(0o755)
    check_fallback(run, "can't start", options=f"--helpers {run.tmp}")


@root
def test_H08_silent_bus(run, stopped):
    """One that takes the connection and says no word: there is a deadline."""
    path = str(run.file("bus"))
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(path)
        bus.listen()
        begun = time.monotonic()
        r = run("--memory 64M", "true", env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"})
    assert r.code == 0 and r.limit("memory")["mechanism"] == "watch", r
    assert time.monotonic() - begun > 14


@root
def test_H08_no_bus_daemon(run, stopped):
    """systemd's own socket does, too."""
    r = run("--memory 64M --enforce strict", "true", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})
    assert r.code == 0, r


# --------------------------------------------------------------------- of users

@user
def test_H08_empty_environment(run, stopped):
    """The bus is found all the same: sd_bus_open_user() finds none then."""
    names = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    r = run("--memory 64M --enforce strict", "true", before=["env", *(f"--unset={name}" for name in names)])
    assert r.code == 0, r


@user
def test_H08_there_and_out_of_reach(run):
    """Without the program that asks systemd to bring us in, doctor promises nothing."""
    run("--memory 64M", "true")
    assert run.command("doctor", "--helpers", "/nowhere").code == 1
    r = run("--memory 64M --helpers /nowhere", "true")
    assert r.code == 0 and r.limit("memory")["mechanism"] == "watch" and "ration-unit is missing" in r.stderr, r


@user
def test_H08_exec_from_a_session(hand):
    """Who joins a group is brought there, too."""
    hand.ok("create acme/vm7 --memory 64M")
    r = hand("exec acme/vm7 -- cat /proc/self/cgroup")
    assert r.code == 0 and r.stdout.strip().endswith("/acme/vm7"), r


@user
def test_H08_attach_and_release_from_a_session(hand, run):
    """systemd takes the first step; and back there is no way, but to where ration itself may be."""
    sleeper = subprocess.Popen(["sleep", "1000"], env=run.env)
    try:
        hand.ok("create acme/vm7 --memory 64M")
        hand.ok(f"attach acme/vm7 {sleeper.pid}")
        assert Path(f"/proc/{sleeper.pid}/cgroup").read_text().strip().endswith("/acme/vm7")
        r = hand.ok("rm --release acme")
        assert Path(f"/proc/{sleeper.pid}/cgroup").read_text().strip().endswith(f"/{UNIT}/ration.self"), r
    finally:
        sleeper.kill()
        sleeper.wait()


@user
def test_H09_what_is_not_delegated(run):
    """125, and which controllers there are; never ignored."""
    for options in ("--cpuset-cpus 0 --enforce strict", "--cpuset-mems 0"):
        r = run(options, ["touch", str(run.file("started"))])
        assert r.code == 125 and "cpu memory pids" in r.stderr and "Delegate=cpu cpuset io memory pids" in r.stderr, r
        assert not run.file("started").exists()
    r = run("--cpuset-cpus 0", "true")
    assert r.code == 0 and r.limit("cpuset_cpus")["mechanism"] == "affinity" and "cpuset" in r.stderr


@user
def test_H09_doctor_prints_the_drop_in(run):
    r = run.command("doctor")
    said = " ".join(r.stdout.split())
    assert r.code == 0 and "user@.service.d" in said and r"Delegate=cpu cpuset io memory pids\n" in said
    said = run.command("doctor", "--all").stdout
    assert "same-user" in said and "session-outside" in said


# ------------------------------------------------------------ the caller's limits

def scope(*properties):
    return "systemd-run", *MANAGER, "--scope", "--quiet", *(f"--property={p}" for p in properties)


def test_FC12_a_scope_with_limits(run):
    """The run's group isn't below it, and is held to its limits all the same."""
    r = run("--memory 200M --enforce strict", "alloc 100", before=scope("MemoryMax=48M"))
    assert (r.code, r.verdict) == (137, "memory"), r
    assert (r.limit("memory")["asked"], r.limit("memory")["in_force"]) == (200 << 20, 48 << 20)
    assert "memory limit 48 MiB reached" in r.stderr
    assert r.limit("memory")["of_caller"] and r.limit("memory")["at_end"] == 48 << 20
    assert "the group of this process is allowed: 48 MiB by memory.max of" in r.limit("memory")["reason"]
    assert unit_group().name in run("", "cat /proc/self/cgroup", before=scope("MemoryMax=48M")).stdout


def test_FC12_nothing_is_asked_for(run):
    """What is less than asked for stays, and the rest is the caller's: memory, swap, tasks and CPUs."""
    limits = scope("MemoryMax=48M", "MemoryHigh=40M", "MemorySwapMax=16M", "TasksMax=40", "CPUQuota=50%")
    r = run("--pids 30", "true", before=limits)
    assert r.code == 0 and r.limit("pids")["in_force"] == 30 and "of_caller" not in r.limit("pids"), r
    assert {name: r.limit(name)["in_force"] for name in ("memory", "memory_high", "swap")} == {
        "memory": 48 << 20, "memory_high": 40 << 20, "swap": 16 << 20}
    assert r.limit("cpus")["at_end"] == .5 and r.limit("cpus")["implied"] and r.limit("cpus")["of_caller"]
    r = run("--memory max --cpus 1 --cpu-burst 80ms", "true", before=limits)
    assert r.code == 0 and {name: r.limit(name)["at_end"] for name in ("memory", "cpus", "pids")} == {
        "memory": 48 << 20, "cpus": .5, "pids": 40}
    assert r.limit("swap")["at_end"] == 16 << 20 and r.limit("cpu_burst")["in_force"] == 50000


def test_FC12_plan_and_doctor_say_so(run):
    before = scope("MemoryMax=48M", "TasksMax=40")
    entry = {e["limit"]: e for e in json.loads(run.command("plan", "--memory", "1G", "--json", before=before).stdout)["limits"]}
    assert entry["memory"]["in_force"] == 48 << 20 and entry["pids"]["in_force"] == 40 and entry["pids"]["of_caller"]
    said = " ".join(run.command("plan", "--memory", "1G", before=before).stdout.split())
    assert "not more than the group of this process is allowed: 48 MiB by memory.max" in said and "pids.max of" in said
    said = " ".join(run.command("doctor", "--all", before=before).stdout.split())
    assert "caller-limits" in said and "memory 48 MiB" in said and "pids 40" in said and "the sum of several" in said


@root
def test_FC12_a_delegated_scope_comes_first(run):
    """There the groups are below it, so that it bounds the sum of all. A user's manager of systemd 252 doesn't say
    what it has delegated."""
    r = run("--memory 200M", "alloc 100", before=scope("MemoryMax=64M", "Delegate=yes"))
    assert (r.code, r.verdict) == (137, "memory-external"), r
    assert r.limit("memory")["in_force"] == 200 << 20 and "of_caller" not in r.limit("memory")
    assert "less is allowed above: 64 MiB by memory.max" in r.limit("memory")["reason"]


@root
def test_FC12_cpus_of_the_scope(run):
    r = run("", "grep Cpus_allowed_list /proc/self/status", before=scope("AllowedCPUs=0"))
    assert r.code == 0 and r.stdout.split()[-1] == "0", r
    if os.cpu_count() > 1:
        assert r.limit("cpuset_cpus")["of_caller"] and r.limit("cpuset_cpus")["asked"] == "0"


# ------------------------------------------------------------- what is installed

@pytest.fixture
def unit_files(stopped):
    """The unit files as they are installed, but for where the programs are."""
    kind = "system" if "root" in HAS else "user"
    where = Path("/run/systemd/system") if "root" in HAS else Path(os.environ["XDG_RUNTIME_DIR"]) / "systemd" / "user"
    files = {UNIT: BUILD / "units" / f"{kind}-{UNIT}", "ration-gc.service": BUILD / "units" / f"{kind}-ration-gc.service",
             "ration-gc.timer": BUILD.parent / "units" / "ration-gc.timer"}
    where.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        lines = file.read_text().splitlines()
        (where / name).write_text("\n".join(
            f"ExecStart={BUILD}/{line.split('/')[-1]}" if line.startswith("ExecStart=") else line for line in lines) + "\n")
    systemctl("daemon-reload")
    yield where
    systemctl("stop", "ration-gc.timer", UNIT)
    for name in files:
        (where / name).unlink()
    systemctl("daemon-reload")


def test_H08_installed_unit(run, unit_files):
    """A unit file is used where there is one, and what else is set for it holds."""
    assert subprocess.run(["systemd-analyze", *MANAGER, "verify", "--man=no", *map(str, unit_files.glob("ration*"))],
                          capture_output=True, text=True).stderr == ""
    assert run(ALL + " --enforce strict", "true").code == 0
    assert systemctl("show", "--value", "-p", "FragmentPath", UNIT) == str(unit_files / UNIT)
    assert systemctl("show", "--value", "-p", "OOMPolicy", UNIT) == "continue"
    systemctl("set-property", "--runtime", UNIT, "MemoryMax=200M")
    assert run.plan("--memory 50%")["memory"]["asked"] == 100 << 20


@pytest.mark.long
def test_I06_gc_by_the_timer(run, unit_files):
    """It removes what a dead supervisor left."""
    running = run.start("--memory 64M", ["sh", "-c", f"echo ready >{run.file('up')}; sleep 1000"], receipt=False,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run.ready("up")
    ours = (run.one("ration-reaper"), running.pid)
    end_at_once(ours)
    running.wait()
    systemctl("start", "ration-gc.timer")
    assert state("ration-gc.timer") == "active"
    env = f"RATION_NAMESPACE={run.env['RATION_NAMESPACE']}"
    systemctl("set-environment", env) if MANAGER else None
    if not MANAGER:
        dropin = unit_files / "ration-gc.service.d"
        dropin.mkdir()
        (dropin / "test.conf").write_text(f"[Service]\nEnvironment={env}\n")
        systemctl("daemon-reload")
    try:
        systemctl("start", "ration-gc.service")
        assert run.groups() == set() and not run.alive()
    finally:
        systemctl("unset-environment", "RATION_NAMESPACE") if MANAGER else shutil.rmtree(dropin)


def test_H08_shared_library(run):
    """A program that is linked with it asks for itself."""
    r = run.program([str(BUILD / "examples" / "first"), "cat", "/proc/self/cgroup"],
                       env={"LD_LIBRARY_PATH": str(BUILD / "src")})
    assert r.code == 0 and f"/{UNIT}/" in r.stdout, r


@root
def test_H08_shared_library_starts_it(run, stopped):
    place = Path("/usr/local/libexec/ration")
    place.mkdir(parents=True)
    try:
        shutil.copy(UNIT_PROGRAM, place)
        test_H08_shared_library(run)
        assert state() == "active"
    finally:
        shutil.rmtree(place)
