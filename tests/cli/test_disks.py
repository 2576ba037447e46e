# SPDX-License-Identifier: MIT
"""Disks: rates of what is read and written, and what was. The world `disk` has one at /data."""

import os
from pathlib import Path

import pytest

from conftest import HELPERS
from test_cpu import group_files
from test_memory import forget

MIB = 1 << 20
DATA = Path("/data")
disk = pytest.mark.needs("disk")


def number(path):
    """The number of the disk that `path` is on."""
    device = os.stat(path).st_dev
    return f"{os.major(device)}:{os.minor(device)}"


@pytest.fixture
def file():
    """A file on the disk, not there yet."""
    path = DATA / f"file-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


def io_max(run, options):
    """What io.max of the group says, by disk."""
    lines = run(options, group_files("io.max")).stdout.splitlines()
    return {line.split()[0]: dict(field.split("=") for field in line.split()[1:]) for line in lines}


@disk
def test_G09_a_path_becomes_a_disk(run):
    """A directory, a path with colons, the node, the number: all are the whole disk."""
    (DATA / "a:b").mkdir(exist_ok=True)
    for path in (DATA, DATA / "a:b", "/dev/vda", number(DATA)):
        r = run(f"--io-write-bps {path}:10M", group_files("io.max"))
        assert r.stdout == f"{number(DATA)} rbps=max wbps={10 * MIB} riops=max wiops=max\n"
        entry = r.limit("io_write_bps")
        assert (entry["mechanism"], entry["scope"]) == ("cgroup2", "group")
        assert (entry["asked"], entry["in_force"]) == (f"{path}:10M", f"{number(DATA)} {10 * MIB}")


@disk
def test_G09_all_four_rates(run):
    rates = io_max(run, "--io-read-bps /data:1M --io-write-bps /data:2M --io-read-iops /data:30 "
                        "--io-write-iops /data:40")
    assert rates == {number(DATA): {"rbps": str(MIB), "wbps": str(2 * MIB), "riops": "30", "wiops": "40"}}


@disk
def test_G09_the_last_value_of_a_key_counts(run):
    assert io_max(run, "--io-read-bps /data:1M --io-read-bps /data:2M")[number(DATA)]["rbps"] == str(2 * MIB)


@disk
def test_G09_two_rates_of_one_disk(run):
    r = run("--io-read-bps /data:1M --io-read-bps /dev/vda:2M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "are the same disk" in r.stderr and number(DATA) in r.stderr
    assert not run.file("started").exists()


@disk
@pytest.mark.parametrize("flag, size, count, seconds", [
    ("--io-write-bps /data:4M", "1M", 20, 5), ("--io-write-iops /data:10", "4K", 50, 5)])
@pytest.mark.holds("io_write_bps", "io_write_iops")
def test_G09_write_rate(run, file, flag, size, count, seconds):
    """No faster than that; how much slower is the machine's business."""
    r = run(f"{flag} --timeout 3000", f"dd if=/dev/zero of={file} oflag=direct bs={size} count={count}")
    assert (r.code, r.verdict) == (0, "ok")
    bytes_written = count * {"1M": MIB, "4K": 4096}[size]
    assert file.stat().st_size == bytes_written
    assert bytes_written <= r.usage["io_write_bytes"] <= 1.2 * bytes_written + MIB
    assert r.usage["wall_usec"] >= 0.8e6 * seconds


@pytest.mark.holds("io_read_bps", "io_read_iops")
@disk
def test_G09_read_rate(run, file):
    file.write_bytes(b"x" * 20 * MIB)
    os.sync()
    r = run("--io-read-bps /data:4M --timeout 3000", f"dd if={file} iflag=direct of=/dev/null bs=1M")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.usage["io_read_bytes"] >= 20 * MIB
    assert r.usage["wall_usec"] >= 0.8e6 * 5


@disk
def test_G09_neighbours_are_free(run, file):
    """A limit of one group is no limit of another: io.max is empty there."""
    assert io_max(run, "--memory 64M") == {}


@disk
def test_G09_of_a_group_by_hand(hand):
    """Set, changed one by one, shown, lifted; refused as for a run."""
    hand.ok("create acme/a --io-read-bps /data:1M --io-write-iops /data:40")
    assert hand.read("acme/a", "io.max") == f"{number(DATA)} rbps={MIB} wbps=max riops=max wiops=40"
    hand.ok("set acme/a --io-read-bps /data:2M")
    assert hand.read("acme/a", "io.max") == f"{number(DATA)} rbps={2 * MIB} wbps=max riops=max wiops=40"
    hand.refused("set acme/a --io-read-bps /proc:2M", "not on a block device")
    hand.refused("create acme/b --io-read-bps /proc:2M", "not on a block device")
    hand.ok("set acme/a --io-read-bps /data:max --io-write-iops /data:max")
    assert hand.read("acme/a", "io.max") == ""


# Paths that are on no disk, wherever this runs.
NOWHERE = ["/proc", "/dev/shm", "/sys"]


@pytest.mark.parametrize("flag", ["--io-read-bps", "--io-write-bps", "--io-read-iops", "--io-write-iops"])
@pytest.mark.parametrize("path", NOWHERE)
def test_G10_no_disk(run, flag, path):
    """Refused whatever the policy, with the way out."""
    r = run(f"{flag} {path}:1000000 --enforce any", ["touch", str(run.file("started"))])
    assert r.code == 125
    assert f"{flag} {path}:1000000" in r.stderr and "not on a block device" in r.stderr and "hint: " in r.stderr
    assert not run.file("started").exists()
    assert run.groups() == set()


@pytest.mark.needs("vm")
def test_G10_overlay(run):
    """The root of a container, as a rule. (The test bed's is one.)"""
    r = run(f"--io-read-bps {HELPERS}:1M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "is on overlay, not on a block device" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.parametrize("value, word", [("/no/such/path:1M", "No such file"), ("/data", "PATH:RATE"), (":1M", "PATH:RATE"),
                                         ("/proc:", "not a size"), ("/proc:1", "below 1 KiB"),
                                         ("999:999:1M", "needs device 999:999")])
def test_G10_malformed(run, value, word):
    r = run(["--io-read-bps", value], ["touch", str(run.file("started"))])
    assert r.code == 125 and word in r.stderr
    assert not run.file("started").exists()


@disk
def test_G11_a_cold_read_is_counted(run, file):
    file.write_bytes(os.urandom(20 * MIB))
    os.sync()
    forget(file)
    r = run("", f"dd if={file} of=/dev/null bs=1M")
    assert (r.code, r.verdict) == (0, "ok")
    assert 20 * MIB <= r.usage["io_read_bytes"] <= 22 * MIB
    assert r.usage["io_read_ops"] > 0
    assert r.receipt["sources"]["io_read_bytes"] == "cgroup2"


@disk
def test_G11_a_warm_read_is_not(run, file):
    """It never came to the disk."""
    file.write_bytes(os.urandom(20 * MIB))
    os.sync()
    r = run("", f"dd if={file} of=/dev/null bs=1M")
    assert r.usage.get("io_read_bytes", 0) < 2 * MIB
