# SPDX-License-Identifier: MIT
"""Whose word is believed: root among directories and notes of another uid, which means harm."""

import contextlib
import os
from pathlib import Path

import pytest

from world import notes

STRANGER = 1000
# Of a process that isn't there, in this pid namespace or another.
DEAD = "1 2147483000 1 {boot} {namespace}"

root = pytest.mark.needs("cgroup", "root")
memory = pytest.mark.needs("memory", "root")


@contextlib.contextmanager
def acting_as(uid):
    """What is done inside is done by another uid. Root gets back what it had."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def forge(directory, **attributes):
    """Writes notes as the owner of the directory can."""
    with acting_as(directory.stat().st_uid):
        for name, value in attributes.items():
            os.setxattr(directory, f"user.ration.{name}", value.encode())


def dead_owner():
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return DEAD.format(boot=boot, namespace=os.stat("/proc/self/ns/pid").st_ino)


@pytest.fixture
def acme(hand):
    """A tenant that root has made and given to uid 1000: its directory."""
    hand.ok(f"create acme --owner {STRANGER}:{STRANGER}")
    return hand.path("acme")


def theirs(tenant, name):
    """A group that uid 1000 has made in its tenant."""
    with acting_as(STRANGER):
        (tenant / name).mkdir()
    return tenant / name


# ------------------------------------------------------------------- notes


@root
def test_FA3_the_notes_of_root(hand):
    """Root's are where nobody else can write or read them, also on what is given away."""
    hand.ok(f"create acme --owner {STRANGER}")
    path = hand.path("acme")
    names = os.listxattr(path)
    assert notes(path) == "trusted.ration." and "trusted.ration.keep" in names and "user.ration.keep" not in names
    with acting_as(STRANGER):
        assert not any("ration" in name for name in os.listxattr(path))
        for change in (os.removexattr, lambda *a: os.setxattr(*a, b"x")):
            with pytest.raises(PermissionError):
                change(path, "trusted.ration.keep")


@root
def test_FA5_a_tenant_stays(hand, acme):
    """Its notes are removed and forged by whom it was given to: the tenant stays, and all commands know it."""
    (acme / "cgroup.max.descendants").write_text("77")
    forge(acme, owner=dead_owner(), keep="", limits="pids 5")
    with acting_as(STRANGER):
        os.removexattr(acme, "user.ration.keep")
    for words in ("gc", "run --tenant other -- true"):
        hand.ok(words)
        assert (acme / "cgroup.max.descendants").read_text().strip() == "77"
    assert "kept" in hand.ok("ls acme").stdout
    hand.ok("rm acme")
    assert not acme.exists()


@root
def test_FA10_forged_places(hand, acme):
    """Directories of cgroup v1 that another uid has noted aren't looked for."""
    group = theirs(acme, "g1")
    forge(group, v1="memory /somewhere/else\npids /sys/fs/cgroup/pids")
    hand.ok("rm --force acme/g1")
    assert not group.exists()
