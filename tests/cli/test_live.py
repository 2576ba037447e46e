# SPDX-License-Identifier: MIT
"""Groups that live, by hand: attach, exec, stat, freeze, thaw, kill, reclaim."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, groups, wait_for
from world import HAS, counts_peak

COMMANDS = ["attach acme/g 1", "exec acme/g true", "stat acme/g", "freeze acme/g", "thaw acme/g", "kill acme/g",
            "reclaim acme/g 1M"]


class Live:
    """Makes groups with `ration create`, and starts commands in them."""

    def __init__(self, run):
        self.run, self.started, self.tenants = run, [], []

    def create(self, address, *limits):
        r = self.run.command("create", *limits, address)
        assert r.code == 0, r
        self.tenants.append(address.split("/")[0])
        return self.path(address)

    def path(self, address):
        """A group's directory, found without ration."""
        return Path(next(path for path in groups() if path.endswith(f"/{NAMESPACE}/{address}")))

    def exec(self, address, command, *options):
        """Starts a command in a group; returns when it is there."""
        argv = [RATION, "exec", *options, address, "--", *command]
        popen = subprocess.Popen(argv, env=self.run.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.started.append(popen)
        wait_for(f"{command} in {address}", lambda: popen.pid in self.pids(address) and
                 Path(f"/proc/{popen.pid}/exe").resolve() != Path(RATION).resolve())
        return popen

    def outside(self, *command):
        """Starts a command of the test's own, in no group of ration's."""
        popen = subprocess.Popen(command, env=self.run.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.started.append(popen)
        return popen

    def pids(self, address):
        """The processes of a group and of those below it, as the kernel has them."""
        found = []
        for path, _, _ in os.walk(self.path(address)):
            found += [int(pid) for pid in (Path(path) / "cgroup.procs").read_text().split()]
        return found

    def event(self, address, name):
        text = (self.path(address) / "cgroup.events").read_text()
        return dict(line.split() for line in text.splitlines())[name]

    def json(self, *words):
        r = self.run.command(*words, "--json")
        assert r.code == 0, r
        return json.loads(r.stdout)

    def stat(self, address):
        return self.json("stat", address)["groups"][0]

    def done(self):
        for tenant in set(self.tenants):
            self.run.command("rm", "--force", tenant)
        for popen in self.started:
            popen.kill()
            popen.wait()


@pytest.fixture
def live(run):
    it = Live(run)
    yield it
    it.done()


def sleepers(n):
    """A shell with n - 1 children, all asleep."""
    return ["sh", "-c", f"i=1; while [ $i -lt {n} ]; do sleep 1000 & i=$((i + 1)); done; wait"]


# --------------------------------------------------------------------- kill


@pytest.mark.long
@pytest.mark.since((5, 14))
@pytest.mark.needs("cgroup")
@pytest.mark.unsanitized("no leak detection under strace")
def test_E06_kill(live, run):
    """100 processes at once: by one write to cgroup.kill, and the kernel tells when they are gone. It is written
    again only where they aren't within 50 ms or so, on a machine that is slow or busy."""
    live.create("acme/g")
    live.exec("acme/g", sleepers(100))
    wait_for("100 sleepers", lambda: len(live.pids("acme/g")) == 100)
    trace = run.file("trace")
    argv = ["strace", "-f", "-y", "-ttt", "-e", "trace=write,pwrite64,poll,ppoll,kill,pidfd_send_signal", "-o", str(trace), RATION,
            "kill", "--timeout", str(DEADLINE // 2), "acme/g"]
    r = subprocess.run(argv, env=run.env, capture_output=True, text=True, timeout=DEADLINE)
    assert (r.returncode, r.stdout) == (0, "acme/g: killed 100 processes\n"), r
    assert live.pids("acme/g") == [] and live.event("acme/g", "populated") == "0"
    writes = [float(line.split()[1]) for line in trace.read_text().splitlines() if "/cgroup.kill>" in line]
    assert writes and all(later - earlier > .045 for earlier, later in zip(writes, writes[1:])), trace.read_text()


@pytest.mark.needs("cgroup")
def test_E06_kill_nobody(live, run):
    """An empty group: nobody was killed, and it stays."""
    path = live.create("acme/g")
    assert live.json("kill", "acme/g") == {"schema": 1, "groups": [{"group": "acme/g", "killed": 0}]}
    assert path.is_dir()


@pytest.mark.needs("cgroup")
def test_E07_kill_tree(live, run):
    """Three levels of groups below it, processes in each."""
    path = live.create("acme/g")
    script = ["cd '%s'; mkdir -p a/b/c" % path]
    script += [f"sh -c 'echo $$ >{below}/cgroup.procs; sleep 1000; true' &" for below in ("a", "a/b", "a/b/c")]
    live.exec("acme/g", ["sh", "-c", "\n".join([*script, "wait"])])
    wait_for("a process in each", lambda: all((path / below / "cgroup.procs").exists() and
             (path / below / "cgroup.procs").read_text() for below in ("a", "a/b", "a/b/c")))
    r = run.command("kill", "acme/g")
    assert r.code == 0, r
    assert live.pids("acme/g") == []
    assert all("populated 0" in (path / below / "cgroup.events").read_text() for below in (".", "a", "a/b", "a/b/c"))


@pytest.mark.needs("cgroup")
def test_E07_kill_tenant(live, run):
    """A tenant means all of its groups."""
    for name in ("a", "b"):
        live.create(f"acme/{name}")
        live.exec(f"acme/{name}", sleepers(2))
    wait_for("4 sleepers", lambda: len(live.pids("acme")) == 4)
    assert live.json("kill", "acme")["groups"][0]["killed"] == 4
    assert live.pids("acme") == []


@pytest.mark.needs("cgroup")
def test_E08_kill_one_of_two(live, run):
    live.create("acme/a")
    live.create("acme/b")
    live.exec("acme/a", ["sleep", "1000"])
    other = live.exec("acme/b", ["sleep", "1000"])
    assert run.command("kill", "acme/a").code == 0
    assert live.pids("acme/a") == [] and live.pids("acme/b") == [other.pid]


@pytest.mark.needs("cgroup")
def test_E08_kill_unknown(live, run):
    """Said, and the others are dealt with; with --ignore-missing it is nothing."""
    live.create("acme/a")
    live.exec("acme/a", ["sleep", "1000"])
    r = run.command("kill", "acme/nobody", "acme/a")
    assert (r.code, r.stdout) == (125, "acme/a: killed 1 process\n") and "no such group: acme/nobody" in r.stderr
    r = run.command("kill", "--ignore-missing", "acme/nobody", "elsewhere/nobody", "elsewhere")
    assert (r.code, r.stdout, r.stderr) == (0, "", "")


@pytest.mark.needs("pids")
def test_E13_fork_bomb(live, run):
    """However fast they fork: killed once, none is left, and none comes after."""
    live.create("acme/g", "--pids", "200")
    for _ in range(3):
        live.exec("acme/g", ["bomb", "1000000"])
        wait_for("a bomb", lambda: len(live.pids("acme/g")) > 50)
        r = run.command("kill", "acme/g")
        assert r.code == 0, r
        assert live.pids("acme/g") == [] and live.event("acme/g", "populated") == "0"


@pytest.mark.needs("cgroup")
def test_kill_frozen(live, run):
    live.create("acme/g")
    live.exec("acme/g", sleepers(3))
    assert run.command("freeze", "acme/g").code == 0
    r = run.command("kill", "acme/g")
    assert r.code == 0 and live.pids("acme/g") == []


# ------------------------------------------------------------- freeze, thaw


def still(live):
    """What stat says of acme/g before and after a while in which no CPU time has passed. Who is frozen may have had a
    last moment on its CPU still to be charged for."""
    def same():
        before = live.stat("acme/g")
        time.sleep(.3)
        after = live.stat("acme/g")
        return after["usage"]["cpu_usec"] == before["usage"]["cpu_usec"] and (before, after)

    return wait_for("a while without CPU time", same)


@pytest.mark.needs("cgroup")
def test_H11_freeze(live, run):
    """Frozen when it returns: no CPU time passes. Thawed, it does."""
    live.create("acme/g")
    live.exec("acme/g", ["spin", "1000"])
    r = run.command("freeze", "acme/g")
    assert (r.code, r.stdout, r.stderr) == (0, "", "")
    assert live.event("acme/g", "frozen") == "1"
    before, after = still(live)
    assert before["frozen"]
    if "frozen_usec" in before["usage"]:  # since 6.18
        assert after["usage"]["frozen_usec"] > before["usage"]["frozen_usec"]
    assert run.command("thaw", "acme/g").code == 0
    assert live.event("acme/g", "frozen") == "0" and not live.stat("acme/g")["frozen"]
    wait_for("CPU time", lambda: live.stat("acme/g")["usage"]["cpu_usec"] > after["usage"]["cpu_usec"])


@pytest.mark.needs("cgroup")
def test_H12_freeze_tree(live, run):
    """A tenant with its groups, and groups that processes made below theirs."""
    path = live.create("acme/a")
    live.create("acme/b")
    live.exec("acme/a", ["sh", "-c", f"mkdir {path}/below; echo $$ >{path}/below/cgroup.procs; exec spin 1000"])
    live.exec("acme/b", ["spin", "1000"])
    below = path / "below" / "cgroup.procs"
    wait_for("a process below", lambda: below.exists() and below.read_text())
    assert run.command("freeze", "acme").code == 0
    for group in (path.parent, path, path / "below", path.parent / "b"):
        assert "frozen 1" in (group / "cgroup.events").read_text(), group
    r = run.command("thaw", "--timeout", ".2", "acme/a")
    assert r.code == 125 and "acme/a" in r.stderr, "the tenant is still frozen"
    assert run.command("thaw", "acme").code == 0
    # A group isn't frozen as soon as one that is below it isn't.
    wait_for("all to be thawed", lambda: "frozen 0" in (path / "below" / "cgroup.events").read_text())


@pytest.mark.needs("pids")
def test_H12_freeze_fork_bomb(live, run):
    live.create("acme/g", "--pids", "100")
    live.exec("acme/g", ["bomb", "1000000"])
    wait_for("a bomb", lambda: len(live.pids("acme/g")) > 20)
    assert run.command("freeze", "--timeout", "3000", "acme/g").code == 0
    before, after = still(live)
    assert before["frozen"] and after["processes"] == before["processes"]
    assert run.command("kill", "acme/g").code == 0


@pytest.mark.needs("cgroup")
def test_H12_who_comes_later(live, run):
    """A group made below a frozen one, and a process that is moved in."""
    path = live.create("acme/g")
    live.exec("acme/g", ["spin", "1000"])
    assert run.command("freeze", "acme/g").code == 0
    (path / "below").mkdir()
    assert "frozen 1" in (path / "below" / "cgroup.events").read_text()
    (path / "below").rmdir()
    spin = live.outside("spin", "1000")
    assert run.command("attach", "acme/g", str(spin.pid)).code == 0
    wait_for("all to be frozen", lambda: live.event("acme/g", "frozen") == "1")
    before = still(live)[1]["usage"]["cpu_usec"]
    assert run.command("thaw", "acme/g").code == 0
    wait_for("both to run", lambda: live.stat("acme/g")["usage"]["cpu_usec"] > before)


@pytest.mark.needs("cgroup")
def test_freeze_unknown_and_tenantless(live, run):
    live.create("acme/g")
    r = run.command("freeze", "acme/g", "acme/nobody")
    assert r.code == 125 and "acme/nobody" in r.stderr
    assert live.event("acme/g", "frozen") == "1", "the other was dealt with"
    assert run.command("freeze", "--ignore-missing", "acme/nobody").code == 0


# --------------------------------------------------------------------- attach


def rss_kib(pid, name):
    """Of a process once it executes `name`."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) if status.startswith(f"Name:\t{name}\n") else 0


@pytest.mark.needs("memory")
def test_attach(live, run):
    """It is in the group, what it uses from now on counts there, and what it brought along is told."""
    live.create("acme/g", "--memory", "100M", "--pids", "20")
    alloc = live.outside("alloc", "50", "stay")
    # Before its exec it is a fork of ours, which is as large.
    wait_for("50 MiB", lambda: rss_kib(alloc.pid, "alloc") >= 50 << 10)
    before = Path(f"/proc/{alloc.pid}/cgroup").read_text().split("0::")[1].strip()
    report = live.json("attach", "acme/g", str(alloc.pid))
    process, = report["processes"]
    assert (process["pid"], process["moved"], process["from"]) == (alloc.pid, True, before)
    assert 50 << 20 <= process["elsewhere_bytes"] < 60 << 20
    assert live.pids("acme/g") == [alloc.pid]
    assert live.stat("acme/g")["usage"]["memory_current_bytes"] < 20 << 20, "what it had is charged elsewhere"
    limits = {entry["limit"]: entry for entry in report["limits"]}
    assert (limits["memory"]["in_force"], limits["pids"]["in_force"]) == (100 << 20, 20)
    assert limits["memory"]["level"] == "group" and limits["memory"]["mechanism"] == "cgroup2"


@pytest.mark.needs("memory")
def test_attach_limits_hold(live, run):
    """What it takes after that is held: the process grows, and dies of the group's limit."""
    live.create("acme/g", "--memory", "30M")
    grow = live.outside("sh", "-c", f"until [ -e {run.file('go')} ]; do sleep .1; done; exec alloc 100")
    r = run.command("attach", "acme/g", str(grow.pid))
    assert r.code == 0 and "30 MiB" in r.stdout, r
    run.file("go").touch()
    assert grow.wait(DEADLINE) == -signal.SIGKILL
    events = (live.path("acme/g") / "memory.events").read_text()
    assert int(events.split("oom_kill ")[1].split()[0]) > 0


@pytest.mark.needs("cgroup")
def test_attach_rlimits(live, run):
    """Limits of the process itself are set on it by prlimit."""
    live.create("acme/g")
    sleep = live.outside("sleep", "1000")
    r = run.command("attach", "--rlimit", "nofile=77:99", "acme/g", str(sleep.pid))
    assert r.code == 0, r
    line = next(line for line in Path(f"/proc/{sleep.pid}/limits").read_text().splitlines()
                if line.startswith("Max open files"))
    assert line.split()[3:5] == ["77", "99"]
    assert live.pids("acme/g") == [sleep.pid]


@pytest.mark.needs("!cgroup")
def test_attach_without_cgroup(run, live):
    """prlimit is what is left, and that is said; with nothing left it is refused, and so under strict."""
    sleep = live.outside("sleep", "1000")
    r = run.command("attach", "--rlimit", "nofile=77", "--json", "acme/g", str(sleep.pid))
    assert r.code == 0 and "not in a group" in r.stderr, r
    assert json.loads(r.stdout)["processes"] == [{"pid": sleep.pid, "moved": False}]
    assert "77" in Path(f"/proc/{sleep.pid}/limits").read_text()
    for words in (["acme/g"], ["--enforce", "strict", "--rlimit", "nofile=66", "acme/g"]):
        r = run.command("attach", *words, str(sleep.pid))
        assert r.code == 125 and r.stderr, r
    assert "66" not in Path(f"/proc/{sleep.pid}/limits").read_text()


@pytest.mark.needs("cgroup")
def test_attach_several(live, run):
    """All are looked at first; where one fails nevertheless, the others are named."""
    live.create("acme/g")
    a, b = live.outside("sleep", "1000"), live.outside("sleep", "1000")
    dead = live.outside("true")
    dead.wait()
    for bad in (str(dead.pid), "0", "x", "1x", "99999999999999999999"):
        r = run.command("attach", "acme/g", str(a.pid), bad, str(b.pid))
        assert r.code == 125 and bad in r.stderr, r
        assert live.pids("acme/g") == [], bad
    assert run.command("attach", "acme/g", str(a.pid), str(b.pid), str(a.pid)).code == 0
    assert sorted(live.pids("acme/g")) == sorted([a.pid, b.pid])


@pytest.mark.needs("cgroup", "root", "!container")  # whose process 2 is anybody
def test_attach_kernel_thread(live, run):
    live.create("acme/g")
    a = live.outside("sleep", "1000")
    r = run.command("attach", "acme/g", str(a.pid), "2")
    assert Path("/proc/2/comm").read_text() == "kthreadd\n"
    assert r.code == 125 and "2" in r.stderr and "kernel" in r.stderr, r
    assert live.pids("acme/g") == []


@pytest.mark.needs("cgroup", "root", "!container")  # whose process 1 may be moved
def test_attach_init(live, run):
    """All that it starts, each service and session, would be in the group. Behind it a kernel thread, so that nothing moves."""
    live.create("acme/g")
    r = run.command("attach", "acme/g", "1", "2")
    assert r.code == 125 and "process 1 is the machine's init" in r.stderr and "hint: attach" in r.stderr, r
    assert live.pids("acme/g") == []


@pytest.mark.needs("cgroup", "unshare", "root")
def test_attach_the_init_of_a_container(live, run):
    """Where process 1 is a program as any other, it can go into a group: a script that is all of a container."""
    live.create("acme/g")
    inside = ["unshare", "-pf", "--mount-proc", "sh", "-c", f"'{RATION}' attach acme/g $$; echo $?"]
    r = subprocess.run(inside, env=run.env, capture_output=True, text=True, timeout=DEADLINE)
    assert r.stdout.endswith("\n0\n") and r.stdout.startswith("1: moved into acme/g"), r
    wait_for("its end", lambda: live.pids("acme/g") == [])


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("words, what", [
    (["acme/g"], "missing argument: PID"), (["acme/g", "-5"], "-5"), (["--", "acme/g", "-5"], "-5"), (["acme", "SLEEP"], "tenant"),
    (["acme/nobody", "SLEEP"], "acme/nobody"), (["../g", "SLEEP"], '".."'), (["acme/memory.max", "SLEEP"], "memory.max"),
    (["acme/g/h", "SLEEP"], "character"), (["a" * 10000, "SLEEP"], "128"), (["--memory", "64M", "acme/g", "SLEEP"], "--memory"),
    (["acme/g", "ZOMBIE"], "ended"), (["acme/g", "THREAD"], "thread")])
def test_attach_bad_input(live, run, words, what):
    """One clear error, and nothing is moved."""
    live.create("acme/g")
    sleep = live.outside("sleep", "1000")
    zombie = live.outside("true")
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    names = {"SLEEP": sleep.pid, "ZOMBIE": zombie.pid, "THREAD": thread.native_id}
    before = Path(f"/proc/{sleep.pid}/cgroup").read_text()
    r = run.command("attach", *[str(names.get(word, word)) for word in words])
    stop.set()
    assert r.code == 125 and what in r.stderr, r
    assert len(r.stderr.splitlines()) <= 3
    assert Path(f"/proc/{sleep.pid}/cgroup").read_text() == before and live.pids("acme/g") == []


@pytest.mark.needs("cgroup", "unshare", "root")
def test_attach_of_another_pid_namespace(live, run):
    """Who has no number here can't be meant by one; and the number of one there means nobody."""
    live.create("acme/g")
    inside = ["unshare", "-pf", "--mount-proc", "sh", "-c", f"'{RATION}' attach acme/g $1; echo $?", "sh"]
    r = subprocess.run([*inside, str(os.getpid())], env=run.env, capture_output=True, text=True, timeout=DEADLINE)
    assert r.stdout == "125\n" and "no such process" in r.stderr, r
    assert live.pids("acme/g") == []
    r = subprocess.run(["unshare", "-pf", "sh", "-c", f"'{RATION}' attach acme/g $$; echo $?"], env=run.env,
                       capture_output=True, text=True, timeout=DEADLINE)
    assert r.stdout == "125\n" and r.stderr, "with the outer /proc a number means another process there"
    assert live.pids("acme/g") == []


# ----------------------------------------------------------------------- exec


@pytest.mark.needs("cgroup")
def test_exec(live, run):
    """It becomes the command: the same pid, in the group, nobody beside it."""
    path = live.create("acme/g")
    popen = live.exec("acme/g", ["sleep", "1000"])
    assert Path(f"/proc/{popen.pid}/comm").read_text() == "sleep\n"
    assert live.pids("acme/g") == [popen.pid]
    assert len(run.alive()) == 1, run.alive()
    popen.kill()
    popen.wait()
    assert path.is_dir(), "the group was made by hand, and stays"


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("command, code", [
    (["sh", "-c", "exit 77"], 77), (["no_such_command"], 127), (["/"], 126), (["sh", "-c", "kill -9 $$"], -9), ([], 125)])
def test_exec_status(live, run, command, code):
    live.create("acme/g")
    r = run.command("exec", "acme/g", "--", *command)
    assert r.code == code, r
    assert bool(r.stderr) == (code in (125, 126, 127))
    assert live.pids("acme/g") == []


@pytest.mark.needs("cgroup")
def test_exec_first_instruction(live, run):
    live.create("acme/g")
    assert run.command("exec", "acme/g", "whereami").stdout.strip().endswith("/acme/g")


@pytest.mark.needs("cgroup")
def test_exec_options(live, run):
    """Before GROUP or behind it; those of the command are its own."""
    live.create("acme/g")
    for words in (["--env", "A=b", "--clear-env", "acme/g"], ["acme/g", "--env", "A=b", "--clear-env", "--"]):
        r = run.command("exec", *words, "env")
        assert (r.code, r.stdout) == (0, "A=b\n"), r
    r = run.command("exec", "--rlimit", "nofile=77", "acme/g", "--", "sh", "-c", "ulimit -n; echo $1", "sh", "--json")
    assert (r.code, r.stdout) == (0, "77\n--json\n"), r
    r = run.command("exec", "acme/g", "--help")
    assert r.code == 0 and "usage" in r.stdout


@pytest.mark.needs("memory")
def test_exec_is_held(live, run):
    live.create("acme/g", "--memory", "30M")
    assert run.command("exec", "acme/g", "--", "alloc", "100").code == -signal.SIGKILL


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("address, what", [("acme", "tenant"), ("acme/nobody", "acme/nobody"), ("acme/../g", "..")])
def test_exec_bad_group(live, run, address, what):
    live.create("acme/g")
    r = run.command("exec", address, "--", "touch", str(run.file("started")))
    assert r.code == 125 and what in r.stderr, r
    assert not run.file("started").exists()


@pytest.mark.needs("!cgroup")
def test_exec_without_cgroup(run):
    r = run.command("exec", "--rlimit", "nofile=77", "acme/g", "--", "sh", "-c", "ulimit -n")
    assert (r.code, r.stdout) == (0, "77\n") and "not in a group" in r.stderr, r
    r = run.command("exec", "acme/g", "--", "touch", str(run.file("started")))
    assert r.code == 125 and not run.file("started").exists(), r


# ----------------------------------------------------------------------- stat


@pytest.mark.needs("cgroup")
def test_stat(live, run):
    """CPU time is that of cpu.stat, memory's peak that of memory.peak; what isn't counted isn't there."""
    path = live.create("acme/g")

    def kernel():
        return next(int(line.split()[1]) for line in (path / "cpu.stat").read_text().splitlines() if line.startswith("usage_usec"))

    # Whoever looks for it in the group may come when it has ended.
    assert run.command("exec", "acme/g", "--", "spin", ".3").code == 0
    # Who has been waited for may have a last moment on its CPU still to be charged for.
    before, stat, after = kernel(), live.stat("acme/g"), kernel()
    assert 0 < before <= stat["usage"]["cpu_usec"] <= after
    assert stat["sources"]["cpu_usec"] == "cgroup2"
    assert (stat["populated"], stat["frozen"], stat["processes"]) == (False, False, 0)
    for metric, file in (("memory_peak_bytes", "memory.peak"), ("memory_current_bytes", "memory.current"),
                         ("pids_current", "pids.current"), ("pids_peak", "pids.peak"), ("swap_peak_bytes", "memory.swap.peak")):
        assert (metric in stat["usage"]) == (path / file).exists(), metric
    if "memory" in HAS and counts_peak():
        assert stat["usage"]["memory_peak_bytes"] == int((path / "memory.peak").read_text()) > 0
    assert set(stat["usage"]) == set(stat["sources"])
    r = run.command("stat", "acme/g")
    assert r.code == 0 and r.stdout.startswith("acme/g: 0 processes, empty\n") and "cpu" in r.stdout


@pytest.mark.needs("cgroup")
def test_stat_says_what_matters_first(live, run):
    """A line for each subject, beside its limit; --all has each figure as well. JSON is the same with and without."""
    limits = ["--memory", "100M", "--pids", "50"] if HAS >= {"memory", "pids"} else []
    path = live.create("acme/g")
    if limits:
        assert run.command("set", "acme", "--memory", "100M").code == 0
        assert run.command("set", "acme/g", "--pids", "50").code == 0
    short, whole = (run.command("stat", *words, "acme/g") for words in ([], ["--all"]))
    assert whole.stdout.startswith(short.stdout.partition("  pressure")[0]) and "source" in whole.stdout
    titles = [line.split()[0] for line in short.stdout.splitlines()[1:]]
    order = ["cpu", "memory", "tasks", "io", "pressure", "events"]
    assert titles == [title for title in order if title in titles] and "cpu" in titles and len(short.stdout.splitlines()) <= 7
    assert ("memory" in titles) == (path / "memory.current").exists()
    if limits:
        lines = dict(line.split(None, 1) for line in short.stdout.splitlines()[1:])
        assert lines["memory"].startswith("0 B of 100 MiB (tenant)") and lines["tasks"].startswith("0 of 50")
        assert lines["events"] == "none"
    assert set(live.json("stat", "--all", "acme/g")["groups"][0]) == set(live.stat("acme/g"))
    r = run.command("stat", "--all", "--watch", "acme/g")
    assert r.code == 125 and "exclude" in r.stderr


@pytest.mark.needs("pids")
def test_exec_where_the_tasks_are_used_up(live, run):
    """The kernel lets it in, where it can't start anything: refused, with the limit and the way out. Who is in
    there already counts already."""
    for address, limited in (("acme/g", "acme/g"), ("other/g", "other")):
        live.create(address)
        assert run.command("set", limited, "--pids", "1").code == 0
        live.exec(address, ["sleep", "1000"])
        r = run.command("exec", address, "--", "true")
        assert r.code == 125 and "1 of 1 tasks (pids.max)" in r.stderr and "--pids N" in r.stderr, r
        assert run.command("exec", address, "--foreground", "--", "true").code == 125
        assert len(live.pids(address)) == 1
    base = str(live.create("third/g", "--pids", "1").parent.parent.parent)
    r = run.command("exec", "--base", base, "third/g", "--", RATION, "exec", "--base", base, "third/g", "--", "echo", "in")
    assert (r.code, r.stdout) == (0, "in\n"), r


@pytest.mark.needs("cgroup")
def test_stat_and_ls_call_things_alike(live, run):
    """What both tell of a group has one name, and the same value: nobody is in it."""
    live.create("acme/g")
    listed = json.loads(run.command("ls", "--json", "acme").stdout)["groups"]
    listed = next(group for group in listed if group["group"] == "acme/g")
    stat = live.stat("acme/g")
    assert stat.items() <= listed.items() and "usage" in stat
    assert ("memory_pressure_pct" in stat) == (live.path("acme/g") / "memory.pressure").exists()


@pytest.mark.needs("memory")
def test_stat_of_a_tenant(live, run):
    """It has what its groups have together."""
    live.create("acme/a")
    live.create("acme/b")
    for name in ("a", "b"):
        live.exec(f"acme/{name}", ["alloc", "20", "stay"])
    wait_for("40 MiB", lambda: live.stat("acme")["usage"]["memory_current_bytes"] >= 40 << 20)
    assert live.stat("acme")["processes"] == 2


@pytest.mark.needs("cgroup")
def test_stat_watch(live, run):
    """A line at each interval, at once the first; it ends with the group."""
    live.create("acme/g")
    live.exec("acme/g", ["spin", "1000"])
    popen = subprocess.Popen([RATION, "stat", "--watch", "--interval", "100ms", "--json", "acme/g"], env=run.env,
                             stdout=subprocess.PIPE, text=True)
    lines = [json.loads(popen.stdout.readline()) for _ in range(3)]
    wait_for("CPU time", lambda: lines.append(json.loads(popen.stdout.readline())) or
             lines[0]["usage"]["cpu_usec"] < lines[-1]["usage"]["cpu_usec"])
    assert {(line["group"], line["schema"]) for line in lines} == {("acme/g", 1)}
    times = [line["time_usec"] for line in lines]
    assert times == sorted(set(times))
    assert run.command("rm", "--force", "acme/g").code == 0
    popen.communicate(timeout=DEADLINE)
    assert popen.returncode == 0


@pytest.mark.needs("psi")
def test_stat_watch_ends_with_the_group(live, run):
    """At once, not at its next look."""
    live.create("acme/g")
    popen = subprocess.Popen([RATION, "stat", "--watch", "--interval", "1h", "--json", "acme/g"], env=run.env,
                             stdout=subprocess.PIPE, text=True)
    assert json.loads(popen.stdout.readline())["group"] == "acme/g"
    assert run.command("rm", "--force", "acme/g").code == 0
    assert popen.communicate(timeout=DEADLINE)[0] == "" and popen.returncode == 0


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("word", ["-5", "0", "99999999999", "x"])
def test_attach_no_pid(live, run, word):
    live.create("acme/g")
    r = run.command("attach", "acme/g", word)
    assert r.code == 125 and f"invalid pid {word}, range 1 to" in r.stderr, r


@pytest.mark.needs("cgroup")
def test_stat_watch_for_people(live, run):
    live.create("acme/g")
    popen = subprocess.Popen([RATION, "stat", "--watch", "--interval", "50ms", "acme/g"], env=run.env,
                             stdout=subprocess.PIPE, text=True)
    lines = [popen.stdout.readline().split() for _ in range(4)]
    assert lines[0][0] == "group" and [line[0] for line in lines[1:]] == ["acme/g"] * 3
    popen.terminate()
    popen.communicate(timeout=DEADLINE)
    assert popen.returncode == -signal.SIGTERM


@pytest.mark.parametrize("words, what", [(["--interval", "1s"], "--watch"), (["--watch", "--interval", "1ms"], "10 ms"),
                                         (["--watch", "--interval", "0"], "10 ms"), (["--watch", "--interval", "x"], "x")])
def test_stat_bad_interval(run, words, what):
    r = run.command("stat", *words, "acme/g")
    assert r.code == 125 and what in r.stderr, r


@pytest.mark.needs("cgroup")
def test_stat_unknown(live, run):
    live.create("acme/g")
    r = run.command("stat", "acme/nobody", "acme/g", "--json")
    assert r.code == 125 and "acme/nobody" in r.stderr
    assert [group["group"] for group in json.loads(r.stdout)["groups"]] == ["acme/g"]
    assert run.command("stat", "--watch", "acme/nobody").code == 125


# -------------------------------------------------------------------- reclaim


@pytest.mark.since((5, 19))
@pytest.mark.needs("memory")
def test_reclaim(live, run):
    """Page cache comes back; what can't is said, and is no failure."""
    file = run.file("file")
    file.write_bytes(b"x" * (20 << 20))
    os.sync()
    live.create("acme/g", "--memory", "100M")
    reader = live.exec("acme/g", ["sh", "-c", f"cat {file} >/dev/null; exec sleep 1000"])
    alloc = live.exec("acme/g", ["alloc", "10", "stay"])
    wait_for("the file to be read", lambda: Path(f"/proc/{reader.pid}/comm").read_text() == "sleep\n")
    wait_for("10 MiB", lambda: rss_kib(alloc.pid, "alloc") >= 10 << 10)
    # It has all that it will have when it has 10 MiB, and no more than a moment before.
    seen = [0]
    wait_for("10 MiB that stay", lambda: seen.append(live.stat("acme/g")["usage"]["memory_current_bytes"]) or
             seen[-1] == seen[-2] >= 10 << 20)
    before = seen[-1]
    report = live.json("reclaim", "acme/g", "4M")
    assert report["group"] == "acme/g" and report["asked_bytes"] == 4 << 20
    r = run.command("reclaim", "acme/g", "90M")
    assert r.code == 0 and "of 90 MiB: no more could be reclaimed" in r.stdout, r
    after = live.stat("acme/g")["usage"]["memory_current_bytes"]
    # Each CPU may hold 64 pages that are charged already and not in use.
    assert 10 << 20 <= after <= before + os.cpu_count() * 64 * os.sysconf("SC_PAGE_SIZE"), "nobody's memory was lost"


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("size", ["0", "max", "x", "5MB", "50%", ""])
def test_reclaim_bad_size(live, run, size):
    live.create("acme/g")
    r = run.command("reclaim", "acme/g", size)
    assert r.code == 125 and "SIZE" in r.stderr, r


@pytest.mark.needs("cgroup", "!memory")
def test_reclaim_without_the_controller(live, run):
    live.create("acme/g")
    r = run.command("reclaim", "acme/g", "1M")
    assert r.code == 125 and "memory controller" in r.stderr, r


# ------------------------------------------------------------------ everywhere


@pytest.mark.parametrize("words", COMMANDS)
def test_no_such_group(run, words):
    """Everywhere: why not, in one message, and nothing is changed or made."""
    r = run.command(*words.split())
    assert r.code == 125 and "acme/g" in r.stderr and not r.stdout, r
    if "cgroup" not in HAS:
        assert "cgroup" in r.stderr
    assert run.groups() == set()


@pytest.mark.needs("cgroup")
def test_group_that_goes_meanwhile(live, run):
    """One that is removed while it is watched or waited for is gone, and not an error of the machine."""
    live.create("acme/g")
    popen = subprocess.Popen([RATION, "stat", "--watch", "--interval", "20ms", "acme/g"], env=run.env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert popen.stdout.readline() and popen.stdout.readline()
    assert run.command("rm", "acme/g").code == 0
    _, err = popen.communicate(timeout=DEADLINE)
    assert (popen.returncode, err) == (0, "")
