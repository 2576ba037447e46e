# SPDX-License-Identifier: MIT
"""The worlds are what they claim to be: each need, looked up without ration."""

import errno
import os
from pathlib import Path

import pytest

from world import DESIGN, FULL, HAS, WORLD, probe

bed = pytest.mark.worlds(*DESIGN)


@bed
def test_controllers(base):
    """All controllers where the design says so, none elsewhere."""
    here = base
    have = set((here / "cgroup.controllers").read_text().split()) if here else set()
    for controller in FULL - {"cgroup", "psi"}:
        if "cgroup" in HAS:
            assert (controller in have) == (controller in HAS), (here, have)


@bed
def test_root():
    assert (os.geteuid() == 0) == ("root" in HAS)


@bed
def test_swap():
    assert (len(Path("/proc/swaps").read_text().splitlines()) > 1) == ("swap" in HAS)


@bed
def test_disk():
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    assert any(mount[:3] == ["/dev/vda", "/data", "ext4"] for mount in mounts) == ("disk" in HAS)


@bed
@pytest.mark.needs("!systemd")
def test_writable():
    assert ("cgroup" in probe()) == ("cgroup" in HAS)


@bed
@pytest.mark.needs("psi")
def test_pressure():
    assert Path("/proc/pressure/memory").read_text()


def test_known():
    assert WORLD == "host" or WORLD in DESIGN


@pytest.mark.needs("vm")
def test_filter():
    """No pidfds where the design says so."""
    try:
        os.close(os.pidfd_open(os.getpid()))
        refused = False
    except OSError as error:
        refused = error.errno == errno.ENOSYS
    assert refused == ("filtered" in HAS)
