# SPDX-License-Identifier: MIT
"""What is planned is what the place of a run can hold, and what is told is what holds there."""

import os
import sys
from pathlib import Path

import pytest

from conftest import RATION, wait_for
from world import HAS, WORLD, mount

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
