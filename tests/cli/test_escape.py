# SPDX-License-Identifier: MIT
"""A command that has the right to can change its own limits and leave its group:
root, and in a delegated tree whoever it was delegated to. It doesn't go unseen."""

import os

import pytest

from conftest import NAMESPACE
from world import mount

controllers = pytest.mark.needs("memory", "pids")


def group_of(pid):
    """The directory of a process's group, for a shell to find out."""
    return f"{mount()}/$(sed -n s/^0:://p /proc/{pid}/cgroup)"


@controllers
def test_E18_the_command_moves_out(run):
    """It and its children there are killed: the fixture sees to it that none is left."""
    there = group_of(os.getpid())
    r = run("--memory 64M --timeout 3000", ["sh", "-c", f"echo $$ >{there}/cgroup.procs; sleep 1000 & sleep 1000"])
    assert (r.code, r.verdict) == (125, "internal")
    assert r.receipt["escaped_to"].startswith("/")
    assert "the command left its group for" in r.stderr


@pytest.mark.needs("cgroup", "root")
def test_E18_quiet_or_not(run, base, by_hand):
    """Status 125 has a reason, with -q as well."""
    there = by_hand(base / NAMESPACE / "default" / "elsewhere")
    r = run("-q --timeout 3000", ["sh", "-c", f"echo $$ >{there}/cgroup.procs; exec sleep 1000"])
    assert (r.code, r.verdict) == (125, "internal"), r
    assert "the command left its group for" in r.stderr, r


@controllers
def test_E18_ending_is_no_escape(run):
    """The group of a command that ends is empty a moment before it can be reaped."""
    for _ in range(20):
        assert "escaped_to" not in run("", "true").receipt


@controllers
def test_E19_the_command_raises_its_limit(run):
    r = run("--memory 64M --pids 20", ["sh", "-c", f"echo max >{group_of('self')}/memory.max && exit 4"])
    assert (r.code, r.verdict) == (4, "exit")
    assert r.limit("memory")["in_force_at_end"] == "max"
    assert "in_force_at_end" not in r.limit("pids")
    assert (r.limit("memory")["at_end"], r.limit("memory")["in_force"], r.limit("pids")["at_end"]) == ("max", 64 << 20, 20)
    assert "memory was changed during the run, from 64 MiB to no limit" in r.stderr


@controllers
@pytest.mark.since((5, 19))
def test_FC9_raised_used_and_put_back(run):
    """The peak tells."""
    there = f"{group_of('self')}/memory.max"
    r = run("--memory 64M --pids 20", ["sh", "-c", f"echo 300M >{there} && alloc 100 && echo 64M >{there} && exit 4"])
    assert (r.code, r.verdict) == (4, "exit"), r
    assert r.limit("memory")["in_force_at_end"] == r.limit("memory")["in_force"] == 64 << 20 < r.usage["memory_peak_bytes"]
    assert "in_force_at_end" not in r.limit("pids")
    assert "memory was raised during the run, above the peak, and put back to 64 MiB" in r.stderr


@controllers
@pytest.mark.since((5, 19))
@pytest.mark.parametrize("meanwhile, said", [
    ("echo max >{}", "memory was changed during the run, from 64 MiB to no limit"),
    ("echo 300M >{0} && alloc 100 && echo 64M >{0}", "memory was raised during the run, above the peak, and put back to 64 MiB")],
    ids=["changed", "raised and put back"])
def test_FC9_told_without_a_receipt(run, meanwhile, said):
    """Of a command that has succeeded, too, when nobody asks for its figures."""
    r = run("--memory 64M --pids 20", ["sh", "-c", meanwhile.format(f"{group_of('self')}/memory.max")], receipt=False)
    assert r.code == 0 and said in r.stderr, r


@controllers
def test_E19_nobody_changed_anything(run):
    r = run("--memory 64M --cpus 1.5 --pids 20 --cpu-weight 50", "true")
    assert all("in_force_at_end" not in limit for limit in r.receipt["limits"])
    held = [limit for limit in r.receipt["limits"] if limit["mechanism"] == "cgroup2"]
    assert len(held) >= 4 and all(limit["at_end"] == limit["in_force"] for limit in held), held


@pytest.mark.needs("cgroup", "root")
def test_escape_to_a_longer_name(run, base, by_hand):
    """A group whose name only begins with the run's is another one."""
    there = by_hand(base / NAMESPACE / "default" / "run-2")
    r = run("--name run --timeout 3000", ["sh", "-c", f"echo $$ >{there}/cgroup.procs; sleep 1000 & sleep 1000"])
    assert (r.code, r.verdict) == (125, "internal"), r
    assert r.receipt["escaped_to"].endswith("/default/run-2")
