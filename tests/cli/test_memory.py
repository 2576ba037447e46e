# SPDX-License-Identifier: MIT
"""Memory and swap, and whose fault it was."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, STRACE, wait_for
from test_cpu import group_files
from world import HAS, KERNEL, WORLD, counts_peak, holder, mount, notes

MIB = 1 << 20
BY = holder("memory", "watch")
memory = pytest.mark.needs("memory")


@pytest.fixture(scope="session")
def file_on_disk():
    """200 MiB of zeros in the page cache's reach: not in a tmpfs, which is memory
    itself. Made by the first run of the tests on the machine itself."""
    path = Path(RATION).resolve().parent / "tests" / "zeros.img"
    if WORLD == "host" and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(200 * MIB)
    assert path.exists(), f"{path} is missing: truncate -s 200M {path}, outside the test bed"
    return path


def forget(path):
    """Drops a file from the page cache."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.holds("memory")
def test_D01_over_the_limit(run):
    r = run("--memory 30M", "alloc 100 stay")
    assert (r.code, r.verdict) == (137, "memory")
    entry = r.limit("memory")
    assert (entry["mechanism"], entry["scope"], entry["in_force"]) == (BY, "group", 30 * MIB)
    if BY != "watch":
        assert r.usage["oom_kills"] >= 1
        assert any("oom_kill" in counter for counter in r.counters())
        assert r.receipt["evidence"][0]["level"] == "group"
    else:
        assert entry["observed"] > 30 * MIB, "the overshoot is stated"
        assert entry["reason"]


def test_D01_says_so(run):
    """Without -v and without a receipt it is one line."""
    r = run("--memory 30M", "alloc 100 stay", receipt=False)
    assert r.code == 137
    assert len(r.stderr.splitlines()) <= 2  # with the fallback's warning
    assert "memory" in r.stderr and "30 MiB" in r.stderr


@pytest.mark.holds("memory")
def test_D01_sum_of_many(run):
    """No process alone has too much."""
    r = run("--memory 60M", "spawn 4 alloc 25 stay")
    assert (r.code, r.verdict) == (137, "memory")
    assert run.alive() == {}


def test_D01_slowly(run):
    r = run("--memory 40M", "grow 5000")
    assert (r.code, r.verdict) == (137, "memory")


def test_D01_orphans_count(run):
    """A daemon's memory is the group's."""
    r = run("--memory 40M", ["sh", "-c", "(setsid alloc 100 stay >/dev/null &) ; sleep 1000"])
    assert (r.code, r.verdict) == (137, "memory")


def test_D01_dead_main_thread(run):
    """/proc shows such a process as a zombie without memory."""
    r = run("--memory 40M --timeout 3000", "deadleader 100 60")
    assert (r.code, r.verdict) == (137, "memory")


def test_D02_under_the_limit(run):
    r = run("--memory 100M", "alloc 50")
    assert (r.code, r.verdict) == (0, "ok")
    if counts_peak():
        assert 50 * MIB <= r.usage["memory_peak_bytes"] <= 60 * MIB
        assert r.receipt["sources"]["memory_peak_bytes"] == BY
    assert r.usage["maxrss_bytes"] >= 50 * MIB


@pytest.mark.since((5, 19))
@memory
def test_D03_peak_at_the_kill(run):
    r = run("--memory 100M", "dd if=/dev/zero of=/dev/null bs=200M count=1")
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (137, "memory", 9)
    assert 95 * MIB <= r.usage["memory_peak_bytes"] <= 105 * MIB


@pytest.mark.needs("memory", "swap")
def test_D04_swap_is_off_by_default(run):
    r = run("--memory 30M", "alloc 50")
    assert (r.code, r.verdict) == (137, "memory")
    assert r.limit("swap")["in_force"] == 0 and r.limit("swap")["implied"]


@memory
def test_D04_swap_file_is_written(run):
    assert run("--memory 30M", group_files("memory.swap.max", "memory.max", "memory.oom.group")).stdout.split() == [
        "0", str(30 * MIB), "1"]


@pytest.mark.holds("swap")
@pytest.mark.needs("memory", "swap")
def test_D05_swap_on(run):
    r = run("--memory 30M --swap 30M", "alloc 50")
    assert (r.code, r.verdict) == (0, "ok")
    if "swap_peak_bytes" in r.usage:
        assert r.usage["swap_peak_bytes"] > 0
    elif tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= (6, 5):
        pytest.fail("this kernel has memory.swap.peak")
    r = run("--memory 30M --swap 30M", "alloc 100")
    assert (r.code, r.verdict) == (137, "memory")


@memory
def test_D06_page_cache_does_not_kill(run, file_on_disk):
    forget(file_on_disk)
    r = run("--memory 30M", f"dd if={file_on_disk} of=/dev/null bs=1M count=50")
    assert (r.code, r.verdict) == (0, "ok")
    assert not counts_peak() or 20 * MIB <= r.usage["memory_peak_bytes"] <= 30 * MIB
    assert r.usage["memory_file_bytes"] > r.usage["memory_anon_bytes"]


@memory
def test_D07_tmpfs_counts(run):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        r = run("--memory 30M", f"dd if=/dev/zero of={directory}/file bs=1M count=60")
        assert (r.code, r.verdict) == (137, "memory")
        assert r.usage["memory_shmem_bytes"] > 20 * MIB


def test_D09_address_space_is_free(run):
    """No RLIMIT_AS by default: who reserves much and uses little runs."""
    r = run("--memory 512M", "reserve 100000")
    assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.skipif(not shutil.which("node", path="/usr/bin"), reason="node isn't installed")
@pytest.mark.worlds("host", "v2")
def test_D09_node_starts(run):
    r = run("--memory 512M", "node -e 0")
    assert (r.code, r.verdict) == (0, "ok")


@memory
def test_D11_the_leader_survives(run):
    """An OOM kill that didn't end the run isn't why it ended; it is told all the same."""
    r = run("--memory 30M --oom-group=off", ["sh", "-c", "alloc 100; exit 0"])
    assert (r.code, r.verdict) == (0, "ok")
    assert r.usage["oom_kills"] == 1
    assert any("oom_kill" in counter for counter in r.counters())


@memory
def test_D11_the_leader_passes_it_on(run):
    """It ended by itself, with a status that it chose: why is in the evidence."""
    r = run("--memory 30M --oom-group=off", ["sh", "-c", "alloc 100"])
    assert r.code == 137
    assert r.usage["oom_kills"] == 1
    assert r.verdict == "exit"
    assert "memory.events.local oom_kill" in [e["counter"] for e in r.receipt["evidence"]]


@memory
def test_D12_group_kill(run):
    r = run("--memory 30M", ["sh", "-c", "alloc 5 stay & alloc 5 stay & alloc 100; sleep 1000"])
    assert (r.code, r.verdict) == (137, "memory")
    assert r.usage["oom_kills"] >= 3
    group_kills = [moved for counter, moved in r.counters().items() if "oom_group_kill" in counter]
    assert group_kills == ([1] if KERNEL >= (5, 17) else []), r
    assert run.alive() == {}


@memory
def test_D14_kill_in_a_group_below(run):
    """A command that limits itself and dies of that: its own fault, not our limit's."""
    r = run("--memory 200M", ["sh", "-c", f"""
        cd {mount()}$(sed -n s/^0:://p /proc/self/cgroup) && mkdir me sub && echo 0 >me/cgroup.procs &&
        echo +memory >cgroup.subtree_control && echo 20M >sub/memory.max && echo 0 >sub/memory.swap.max &&
        echo 0 >sub/cgroup.procs && exec alloc 100"""])
    assert (r.code, r.verdict) == (137, "signal"), r
    assert not any("local" in counter for counter in r.counters())


@pytest.mark.needs("memory", "root", "!container")  # which has no CAP_SYS_RESOURCE
def test_D17_immune_helper(run):
    """A task at -1000 survives the kill of the whole group, and the verdict is about the leader."""
    r = run("--memory 30M --wait-all", ["sh", "-c", f"""
        sh -c 'echo -1000 >/proc/self/oom_score_adj; echo ready >{run.file("log")}
               while [ -d /proc/$1 ] && ! grep -q "State:.*Z" /proc/$1/status; do sleep .1; done
               echo survived >>{run.file("log")}' sh $$ &
        sleep 1000 &
        until [ -e {run.file("log")} ]; do sleep .1; done
        exec alloc 100"""])
    assert (r.code, r.verdict) == (137, "memory"), r
    assert "survived" in run.file("log").read_text()
    assert r.receipt["leftover_killed"] == 0, "the helper ended by itself, the other by the kernel"


@pytest.mark.needs("memory", "root", "!container")  # which has no CAP_SYS_RESOURCE
def test_D17_immune_leader(run):
    """The other way round: the others die, and the leader's own end is its verdict."""
    r = run("--memory 30M", ["sh", "-c", "echo -1000 >/proc/self/oom_score_adj; "
                             "sh -c 'echo 0 >/proc/self/oom_score_adj; exec alloc 100'; exit 3"])
    assert (r.code, r.verdict) == (3, "exit"), r
    assert r.usage["oom_kills"] >= 1


@pytest.mark.since((5, 19))
@pytest.mark.needs("memory")
def test_D19_two_readers_of_the_peak(run):
    """Each resets it for itself (since 6.12): neither disturbs the other, nor the receipt."""
    resets = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 12)
    r = run.start("--memory 200M --name peak", ["sh", "-c", f"alloc 50; echo ready >{run.file('log')}; "
                                                f"until [ -e {run.file('go')} ]; do sleep .1; done"])
    run.ready("log")
    path, = [path for path in run.groups() if path.endswith("/peak")]
    # Before it could be reset nobody but root might open it for writing.
    a, b = (os.open(f"{path}/memory.peak", os.O_RDWR if resets else os.O_RDONLY) for _ in range(2))
    try:
        if resets:
            os.write(a, b"reset\n")
        read = [int(os.pread(fd, 64, 0)) for fd in (a, b)]
        assert (read[0] < 20 << 20) == resets and read[1] >= 50 << 20, read
    finally:
        run.file("go").touch()
        os.close(a)
        os.close(b)
    result = r.wait()
    assert result.code == 0 and result.usage["memory_peak_bytes"] >= 50 << 20, result


@pytest.mark.needs("memory", "root", "vm")
def test_D16_the_machines_oom_killer(run):
    r = run.start("--memory 300M", ["sh", "-c", "echo 1000 >/proc/self/oom_score_adj; "
                                    f"exec alloc 100 stay >{run.file('log')}"])
    run.ready("log")
    Path("/proc/sysrq-trigger").write_text("f")
    r = r.wait()
    assert (r.code, r.verdict) == (137, "memory-external")
    assert r.receipt["evidence"][0]["level"] == "machine"


@pytest.mark.needs("memory", "root", "vm")
def test_D16_not_limited_at_all(run):
    """The same without any limit of ours."""
    r = run.start("", ["sh", "-c", f"echo 1000 >/proc/self/oom_score_adj; exec alloc 100 stay >{run.file('log')}"])
    run.ready("log")
    Path("/proc/sysrq-trigger").write_text("f")
    r = r.wait()
    assert (r.code, r.verdict) == (137, "memory-external")


@memory
def test_D23_no_memory_peak(run):
    """A kernel before 5.19: the peak is absent or said to be sampled, never 0."""
    r = run("--memory 100M", "alloc 50", before=["hide", "memory.peak"])
    assert (r.code, r.verdict) == (0, "ok")
    assert r.usage.get("memory_peak_bytes") != 0
    assert r.receipt["sources"].get("memory_peak_bytes", "sampled") == "sampled"


@pytest.mark.needs("cgroup")
def test_D23_no_psi_no_pids_peak(run):
    for name in ("pids.peak", "memory.pressure", "memory.swap.peak", "memory.events.local"):
        r = run("--memory 100M --pids 50", "true", before=["hide", name])
        assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.holds("memory_high")
@pytest.mark.needs("memory", "!swap")
def test_D24_soft_limit_throttles(run):
    r = run.start("--memory-high 30M --kill-after 500 --name slow", "alloc 200")
    group = Path(*wait_for("the group", lambda: [path for path in run.groups() if path.endswith("/slow")]))
    wait_for("it to be throttled", lambda: "high 0" not in (group / "memory.events").read_text().splitlines())
    r.signal(15)
    r = r.wait()
    assert r.verdict == "interrupted", "it lives, and it is slow"
    assert r.usage["memory_high_count"] > 0
    assert r.usage.get("memory_peak_bytes", 0) < 100 * MIB
    assert r.usage.get("oom_kills", 0) == 0


@memory
def test_D24_soft_limit_lets_finish(run):
    r = run("--memory-high 30M", "alloc 31")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.usage["memory_high_count"] > 0


@memory
def test_D25_no_soft_limit_by_default(run):
    assert run("--memory 64M", group_files("memory.high")).stdout == "max\n"


@pytest.mark.holds("stall_timeout")
@pytest.mark.needs("memory", "psi")
def test_D26_stall(run):
    """A command that no longer gets on is ended, although nothing kills it: here the
    kernel puts it to sleep for each page above memory-high, below the limit."""
    r = run("--memory 64M --memory-high 20M --stall-timeout 3 --timeout 3000", "alloc 60 stay", deadline=5 * DEADLINE)
    assert (r.code, r.verdict) == (137, "memory-stall")
    assert r.usage["oom_kills"] == 0
    assert any("pressure" in counter for counter in r.counters())
    assert r.usage["memory_pressure_full_usec"] > 0


@pytest.mark.needs("memory", "psi")
def test_D26_no_stall(run):
    """A command that sleeps or works doesn't stall."""
    r = run("--memory 64M --stall-timeout 1", "spin 2")
    assert (r.code, r.verdict) == (0, "ok")


def cache(run, base, file, name, first, options=""):
    """A run that reads 30 MiB of a file and then sleeps."""
    r = run.start(["--base", str(base), "--name", name, *options.split()],
                  ["sh", "-c", f"dd if={file} of=/dev/null bs=1M skip={first} count=30 2>/dev/null && echo ready && sleep 1000"])
    assert r.popen.stdout.readline() == "ready\n"
    return r


@pytest.mark.holds("memory_low", "memory_min")
@pytest.mark.worlds("v2", "user")
@pytest.mark.parametrize("flag", ["--memory-low", "--memory-min"])
def test_D31_protection(run, by_hand, base, file_on_disk, flag):
    """Three siblings of 30 MiB each, above them room for 120, and a fourth that wants 90: who is
    protected keeps its memory. The nodes in between have what their groups have together."""
    (base / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    above = by_hand(base / "ration-test-above", memory_max=120 * MIB)
    forget(file_on_disk)
    nodes = above / NAMESPACE, above / NAMESPACE / "default"
    runs = [cache(run, above, file_on_disk, "kept", 0, f"{flag} 40M"), cache(run, above, file_on_disk, "b", 30),
            cache(run, above, file_on_disk, "c", 60)]
    name = flag[2:].replace("-", ".")
    assert [int((node / name).read_text()) for node in nodes] == [40 * MIB] * 2
    r = run(["--base", str(above), flag, "1M"], f"dd if={file_on_disk} of=/dev/null bs=1M skip=100 count=90")
    assert r.code == 0
    kept, b, c = (int((nodes[1] / n / "memory.current").read_text()) for n in ("kept", "b", "c"))
    assert kept >= 29 * MIB
    assert b + c < 45 * MIB, (kept, b, c)
    assert [int((node / name).read_text()) for node in nodes] == [40 * MIB] * 2
    for r in runs:
        r.signal(15)
        r.wait()


@memory
def test_D31_protection_is_written(run):
    assert run("--memory-low 8M --memory-min 4M", group_files("memory.low", "memory.min")).stdout.split() == [
        str(8 * MIB), str(4 * MIB)]
    assert run("--memory-low max", group_files("memory.low")).stdout == "max\n"


@memory
def test_rm_asks_no_sibling(run, hand):
    """Of what a group was protected with, its tenant has the sum: where that is nothing, the end of one group needs no look at
    the others, of which there may be thousands."""
    def opened(words):
        trace = run.file("trace")
        hand.ok(words, before=[*STRACE, "-o", str(trace), "-e", "trace=openat,openat2"])
        return [line for line in trace.read_text().splitlines() if '"sibling"' in line]

    for address in ("acme/a", "acme/b", "acme/sibling"):
        hand.ok(f"create {address}")
    assert opened("rm acme/a") == []
    hand.ok("set acme/sibling --memory-low 1M")
    assert opened("rm acme/b") != [], "so it would be seen"


@memory
def test_D31_nodes_have_what_their_groups_have(hand):
    """With each change by hand; but a tenant that was given its own keeps that."""
    def low(path):
        return int((path / "memory.low").read_text()) // MIB

    hand.ok("create acme/a --memory-low 40M")
    hand.ok("create acme/b --memory-low 2M")
    tenant = hand.path("acme/a").parent
    assert (low(tenant), low(tenant.parent)) == (42, 42)
    hand.ok("set acme/a --memory-low 10M")
    assert (low(tenant), low(tenant.parent)) == (12, 12)
    hand.ok("rm acme/b")
    assert (low(tenant), low(tenant.parent)) == (10, 10)
    hand.ok("create other/c --memory-low 1M")
    assert (low(tenant), low(tenant.parent)) == (10, 11)
    hand.ok("set acme --memory-low 100M")
    assert (low(tenant), low(tenant.parent)) == (100, 101)
    hand.ok("set acme/a --memory-low 20M")
    assert (low(tenant), low(tenant.parent)) == (100, 101)


def test_D31_more_than_all(run):
    r = run("--memory 64M --memory-low 65M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "--memory-low 65 MiB is above --memory 64 MiB" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.needs("!memory")
def test_D31_without_the_controller(run):
    """Even all of it: that is no limit that is lifted."""
    for value in ("8M", "max"):
        r = run(f"--memory-low {value}", ["touch", str(run.file("started"))])
        assert r.code == 125 and "--memory-low" in r.stderr
    assert not run.file("started").exists()


@pytest.fixture
def huge_pages():
    """Eight huge pages of 2 MiB for all."""
    file = Path("/proc/sys/vm/nr_hugepages")
    before = file.read_text()
    file.write_text("8")
    assert file.read_text() == "8\n"
    yield
    file.write_text(before)


@pytest.mark.holds("hugetlb")
@pytest.mark.worlds("v2")
def test_hugetlb(run, huge_pages):
    """Below the limit they can be had, the first above is a bus error."""
    r = run("--hugetlb 2M:8M", "hugemap 4")
    assert (r.code, r.stdout) == (0, "1\n2\n3\n4\n")
    entry = r.limit("hugetlb")
    assert (entry["asked"], entry["in_force"], entry["mechanism"]) == ("2M:8M", f"2MB {8 * MIB}", "cgroup2")
    r = run("--hugetlb 2MB:9M", "hugemap 6")
    assert (r.code, r.verdict, r.receipt["exit"]["signal"], r.stdout) == (135, "signal", 7, "1\n2\n3\n4\n")
    assert r.limit("hugetlb")["in_force"] == f"2MB {8 * MIB}"
    assert run("--hugetlb 2M:max", "hugemap 6").code == 0


def test_hugetlb_no_such_page_size(run):
    r = run("--hugetlb 3M:30M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "no huge pages of 3MB" in r.stderr and "2MB" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.worlds("v2", "nothing")
def test_K08_a_share_below_the_least(run):
    """Of a small machine 0.01 % is less than anything can run in."""
    r = run("--memory 0.01%", ["touch", str(run.file("started"))])
    assert r.code == 125 and "--memory 0.01% is " in r.stderr and "below the minimum 1 MiB" in r.stderr
    assert not run.file("started").exists()


@memory
@pytest.mark.parametrize("command", ["python3 -c 0", "bigbss touch"])
def test_D27_smaller_than_the_start(run, command):
    """Never an unexplained signal."""
    r = run("--memory 1M", command)
    assert r.verdict in ("memory", "not-started")
    assert r.code in (126, 137) and (r.verdict == "memory" or r.stderr)


@memory
def test_D27_large_bss(run):
    r = run("--memory 512M", "bigbss touch")
    assert (r.code, r.verdict) == (137, "memory")
    r = run("--memory 512M", "bigbss")
    assert (r.code, r.verdict) == (0, "ok")


@memory
def test_D29_boundaries(run):
    r = run("--memory 1024K", "alloc 1")
    assert (r.code, r.verdict) == (137, "memory")
    r = run("--memory 1500K", "alloc 1")
    assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.long
@pytest.mark.worlds("v2")
def test_D29_boundaries_of_a_gib(run):
    r = run("--memory 1G", "alloc 1024")
    assert (r.code, r.verdict) == (137, "memory")
    r = run(["--memory", str((1 << 30) + 10000 * 1024)], "alloc 1024")
    assert (r.code, r.verdict) == (0, "ok")


def test_D33_tail_dev_zero(run):
    r = run("--memory 64M", "tail /dev/zero")
    assert (r.code, r.verdict) == (137, "memory")


@pytest.mark.needs("!memory", "!memory1")
def test_D34_no_controller(run):
    """strict says which controller is missing and where to read more; the fallback
    names itself."""
    r = run("--memory 64M --enforce strict", ["touch", str(run.file("started"))])
    assert r.code == 125
    assert "memory" in r.stderr and ("controller" in r.stderr or "cgroup" in r.stderr)
    assert not run.file("started").exists()
    r = run("--memory 64M", "true")
    assert r.code == 0
    assert len(r.stderr.splitlines()) == 1 and "memory" in r.stderr and "watch" in r.stderr
    assert (r.limit("memory")["mechanism"], r.limit("memory")["reason"] != "") == ("watch", True)


@pytest.mark.since((5, 19))
@memory
def test_K07_largest_and_sum(run):
    """Two numbers: of the largest process, and of the group."""
    a, b = run.file("a"), run.file("b")
    r = run("--memory 300M", ["sh", "-c", f"alloc 50 stay >{a} & a=$!; alloc 60 stay >{b} & b=$!; "
                              f"until grep -q ready {a} && grep -q ready {b}; do sleep .1; done; kill $a $b; wait; exit 0"])
    assert 60 * MIB <= r.usage["maxrss_bytes"] <= 80 * MIB
    assert r.usage["memory_peak_bytes"] >= 110 * MIB


# A limit above the group: the tenant's, made by hand.

@pytest.fixture
def tenant(by_hand, base):
    group = by_hand(base / NAMESPACE / "acme")
    for parent in (base, base / NAMESPACE, group):
        (parent / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    (group / "memory.max").write_text(str(60 * MIB))
    (group / "memory.swap.max").write_text("0")
    os.setxattr(group, notes(group) + "keep", b"1")
    return group


@pytest.mark.needs("memory", "root")
def test_tenants_limit_is_external(run, tenant):
    """The group's own limit was never reached: the tenant's was, and that is said."""
    r = run("--tenant acme --memory 200M", "alloc 100")
    assert (r.code, r.verdict) == (137, "memory-external")
    assert r.receipt["evidence"][0]["level"] == "tenant"
    assert tenant.exists() and (tenant / "memory.max").read_text() == f"{60 * MIB}\n"


@pytest.mark.needs("memory", "root")
def test_tenants_limit_without_one_of_ours(run, tenant):
    r = run("--tenant acme", "alloc 100")
    assert (r.code, r.verdict) == (137, "memory-external")


@pytest.mark.needs("memory", "root")
def test_own_limit_below_the_tenants(run, tenant):
    r = run("--tenant acme --memory 30M", "alloc 100")
    assert (r.code, r.verdict) == (137, "memory")


@pytest.mark.needs("memory", "root")
def test_neighbour_in_the_tenant(run, tenant):
    """One of two fills the tenant; whoever is killed is told whose limit it was."""
    calm = run.start("--tenant acme --name calm --memory 50M",
                     ["sh", "-c", f"alloc 30 stay >/dev/null & echo ready >{run.file('log')}; wait"])
    run.ready("log")
    wait_for("memory in use", lambda: int((tenant / "memory.current").read_text()) > 30 * MIB)
    greedy = run("--tenant acme --name greedy --memory 50M", "alloc 45")
    assert greedy.verdict == "memory-external" or greedy.code == 0
    if greedy.code == 0:
        assert calm.wait().verdict == "memory-external"
    else:
        calm.signal(15)
        # The kernel may look for a second victim before the first is gone.
        assert calm.wait().verdict in ("interrupted", "memory-external")


@pytest.mark.needs("memory", "!container")  # whose limit is the parent's
def test_percent_of_the_parent(run):
    r = run("--memory 50%", group_files("memory.max"))
    total = next(int(line.split()[1]) << 10 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    assert abs(int(r.stdout) - total / 2) <= total / 50


def test_nobodys_oom_without_a_limit(run):
    """A SIGKILL from somebody else is a signal, whatever is limited."""
    r = run("--memory 64M", ["sh", "-c", "kill -9 $$"])
    assert (r.code, r.verdict) == (137, "signal")


@memory
def test_at_the_limit_and_then_killed_by_a_friend(run):
    """`peak >= limit` proves nothing: the counter didn't move."""
    r = run("--memory 30M --oom-group=off", ["sh", "-c", "dd if=/bin/bash of=/dev/null 2>/dev/null; kill -9 $$"])
    assert (r.code, r.verdict) == (137, "signal")
