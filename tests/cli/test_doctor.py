# SPDX-License-Identifier: MIT
"""`ration doctor`: what is wrong with a machine, and whether what it tells to do helps."""

import json
import os
import pty
import re
import subprocess

import pytest

import check
from conftest import DEADLINE, RATION, wait_for
from world import HAS, KERNEL, WORLD, mount

# What must be found in the worlds of the test bed, and what can't be.
FINDINGS = {
    "v2": {"favordynmods-off": "note"},
    "swap": {"favordynmods-off": "note", "no-swap": None},
    "disk": {"favordynmods-off": "note", "no-disk": None},
    "mounted-elsewhere": {"favordynmods-off": "note"},
    "user": {"same-user": "note", "not-delegated": None, "root-nproc": None},
    "container": {"container": "ok", "read-only": None},
    "container-host": {"container": "ok", "own-group-hidden": None},
    "container-ro": {"container": "ok", "read-only": "bad"},
    "hybrid": {"v1-controllers": "warn"} if KERNEL < (6, 12) else {"missing-controllers": "warn"},
    "v1": {"v1-only": "warn", "no-swap": None},
    "readonly": {"read-only": "bad", "no-cgroups": None, "favordynmods-off": None},
    "nothing": {"no-cgroups": "bad", "favordynmods-off": None},
    "nothing-user": {"no-cgroups": "bad", "same-user": None, "root-nproc": None},
    "systemd": {"favordynmods-off": "note", "systemd-owns": None},
    "systemd-user": {"same-user": "note", "partly-delegated": "warn", "systemd-owns": None},
}


def doctor(run, *words):
    """The status, the findings by id, and all of it."""
    r = run.command("doctor", "--json", *words)
    said = json.loads(r.stdout)
    check.doctor(said, r.code)
    found = {finding["id"]: finding for finding in said["findings"]}
    assert len(found) == len(said["findings"]), said["findings"]
    return r.code, found, said


def test_J11_findings(run):
    code, found, said = doctor(run)
    for name, severity in FINDINGS.get(WORLD, {}).items():
        if name == "favordynmods-off" and KERNEL < (6, 0):
            continue
        assert found.get(name, {}).get("severity") == severity, (name, said["findings"])
    assert (code == 0) == said["strict"] == ("bad" not in {f["severity"] for f in found.values()})
    if KERNEL < (6, 5) and "vm" in HAS:
        assert "memory.swap.peak (6.5)" in found["old-kernel"]["text"]


def test_J11_schema_is_strict(run):
    """It refuses what a program couldn't rely on."""
    code, _, said = doctor(run)
    for broken in ({**said, "schema": 2}, {**said, "strict": "yes"}, {**said, "findings": [{"id": "x"}]},
                   {**said, "host": {**said["host"], "base_kind": "odd"}},
                   {**said, "limits": [{"limit": "memory", "mechanism": "magic"}]}):
        with pytest.raises(AssertionError):
            check.doctor(broken, code)


def test_J11_each_weaker_limit_is_in_a_finding(run):
    _, found, said = doctor(run)
    blamed = {name for finding in found.values() for name in finding["limits"]}
    assert {limit["limit"] for limit in said["limits"] if limit.get("weaker")} <= blamed
    assert all(finding["text"] and finding["severity"] in ("ok", "note", "warn", "bad") for finding in found.values())
    order = ["bad", "warn", "note", "ok"]
    assert [f["severity"] for f in found.values()] == sorted((f["severity"] for f in found.values()), key=order.index)


def test_J11_ten_lines_or_all(run):
    """The default tells of what is bad and of the one fix; --all of everything."""
    code, found, said = doctor(run)
    short, everything = run.command("doctor"), run.command("doctor", "--all")
    assert short.code == everything.code == code
    assert len([line for line in short.stdout.splitlines() if line[0] != " "]) <= 11, short.stdout
    for name, finding in found.items():
        assert re.search(rf"^{finding['severity']} +{name}: ", everything.stdout, re.M)
        if finding["severity"] == "bad":
            assert re.search(rf"^bad +{name}: ", short.stdout, re.M)
    for limit in said["limits"]:
        assert limit["limit"] in everything.stdout or limit["limit"].startswith("rlimit_")
    for feature in said["host"]["features"] + said["host"]["lacking"]:
        assert f" {feature}: " in everything.stdout
    squeezed = " ".join(short.stdout.split())
    assert ("fix" in said) == (" fix " in squeezed) and said.get("fix", "") in squeezed


def test_J11_in_colour(run):
    """For a person at a terminal, unless they say no."""
    def colours(**env):
        here, there = pty.openpty()
        done = subprocess.run([RATION, "doctor", "--all"], stdout=there, stderr=subprocess.DEVNULL, check=False,
                              stdin=subprocess.DEVNULL, timeout=DEADLINE, env=dict(run.env, TERM="xterm", **env))
        os.close(there)
        text = b""
        try:
            while chunk := os.read(here, 65536):
                text += chunk
        except OSError:
            pass
        os.close(here)
        assert done.returncode in (0, 1) and b"machine" in text
        return set(re.findall(rb"\x1b\[\d+m", text))

    assert colours() >= {b"\x1b[0m", b"\x1b[32m"}
    assert colours(NO_COLOR="1") == set()
    assert b"\x1b" not in run.command("doctor", "--all").stdout.encode()


# -------------------------------------------------------------- what helps, helps


@pytest.mark.needs("cpu", "root", "vm")
@pytest.mark.worlds("v2")
def test_J11_realtime_task(run, by_hand, base):
    """Found below BASE, as long as cpu isn't handed down there; its fix takes it away."""
    (base / "cgroup.subtree_control").write_text("+cpu")
    place = by_hand(base / "ration-test-realtime")
    inside, words = by_hand(place / "inside"), ["--base", str(place)]
    assert "rt-tasks" not in doctor(run, *words)[1]
    task = subprocess.Popen(["chrt", "-f", "1", "sleep", "1000"])
    try:
        wait_for("chrt", lambda: os.sched_getscheduler(task.pid) == os.SCHED_FIFO)
        (inside / "cgroup.procs").write_text(str(task.pid))
        finding = doctor(run, *words)[1]["rt-tasks"]
        assert f"process {task.pid} (" in finding["text"] and "/ration-test-realtime/inside" in finding["text"]
        subprocess.run(["sh", "-c", finding["fix"]], check=True, timeout=DEADLINE)
        assert "rt-tasks" not in doctor(run, *words)[1]
    finally:
        task.kill()
        task.wait()


@pytest.mark.needs("memory", "root", "vm")
@pytest.mark.worlds("v2")
def test_J11_room_for_no_group(run, by_hand, base):
    """Then nothing holds, whatever controllers there are: that is bad, and it is true."""
    place = by_hand(base / "ration-test-full", cgroup_max_descendants=1)
    words = ["--base", str(place)]
    code, found, said = doctor(run, *words)
    assert code == 1 and not said["strict"] and found["few-groups"]["severity"] == "bad"
    assert said["fix"] == found["few-groups"]["fix"]
    assert run(f"--base {place} --memory 64M --enforce strict", "true").code == 125
    subprocess.run(["sh", "-c", said["fix"]], check=True, timeout=DEADLINE)
    assert doctor(run, *words)[0] == 0
    assert run(f"--base {place} --memory 64M --enforce strict", "true").code == 0


@pytest.mark.since((6, 0))
@pytest.mark.needs("root", "vm")
@pytest.mark.worlds("v2")
def test_J11_favordynmods(run):
    """The mount option is found where it is, and the fix puts it there."""
    before = next(line for line in open("/proc/mounts") if line.split()[1] == str(mount()))
    _, found, _ = doctor(run)
    assert "favordynmods" not in before and found["favordynmods-off"]["severity"] == "note"
    subprocess.run(["sh", "-c", found["favordynmods-off"]["fix"]], check=True, timeout=DEADLINE)
    assert "favordynmods-off" not in doctor(run)[1]


@pytest.mark.worlds("nothing")
def test_J11_mount_what_is_not_there(run):
    """In a mount namespace of its own: the fix of a machine without cgroups gives it all."""
    fix = doctor(run)[1]["no-cgroups"]["fix"]
    script = f'mount -t tmpfs none /sys/fs; mkdir /sys/fs/cgroup; {fix}; exec "$0" doctor'
    done = subprocess.run(["unshare", "-m", "sh", "-ec", script, RATION], stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE, env=run.env, check=False)
    assert done.returncode == 0 and done.stdout.startswith("good "), done


def as_user(*words):
    return subprocess.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", RATION, *words], check=False,
                          stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE)


@pytest.mark.needs("memory", "root", "vm")
@pytest.mark.worlds("v2", "mounted-elsewhere")
def test_FC14_a_group_for_a_user(run):
    """The root of the hierarchy has mode 0555: to own it is of no use."""
    found = {finding["id"]: finding for finding in json.loads(as_user("doctor", "--json").stdout)["findings"]}
    fix = found["not-delegated"]["fix"].removeprefix("as root: ")
    script = 'id -u; ration doctor >/dev/null && ration run --memory 64M --pids 20 --enforce strict -- echo "it holds"'
    try:
        done = subprocess.run(["sh", "-c", fix], input=script, stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=False,
                              env=dict(os.environ, PATH=f"{os.path.dirname(RATION)}:{os.environ['PATH']}"))
        assert done.stdout == "1000\nit holds\n", (fix, done)
    finally:
        assert subprocess.run([RATION, "rm", "--force", "user-1000"], timeout=DEADLINE, check=False).returncode == 0


@pytest.mark.needs("memory", "cpu", "pids", "root")
@pytest.mark.worlds("v2", "mounted-elsewhere")
def test_FC14_groups_above_that_enable_none(run, by_hand):
    """The fix begins at the group that has controllers, not at the one above ration's."""
    above = by_hand(mount() / f"above {os.getpid()}" / "b")
    own = by_hand(above / "own")
    there = ["sh", "-c", 'echo 0 >"$0"/cgroup.procs; exec "$@"', own]
    found = subprocess.run([*there, RATION, "doctor", "--json"], check=False, stdout=subprocess.PIPE, text=True, timeout=DEADLINE)
    fix = next(finding["fix"] for finding in json.loads(found.stdout)["findings"] if finding["id"] == "no-controllers")
    assert subprocess.run(["sh", "-c", fix], check=False, stdout=subprocess.DEVNULL, timeout=DEADLINE).returncode == 0, fix
    r = run("--enforce strict --memory 64M --cpus 1 --pids 20", "true", before=there)
    for group in sorted((path for path in own.rglob("*") if path.is_dir()), reverse=True):
        group.rmdir()
    assert (r.code, r.limit("memory")["mechanism"]) == (0, "cgroup2"), (fix, r)


@pytest.mark.worlds("hybrid")
def test_FC14_a_user_in_hybrid(run):
    """A group of one's own would have no controllers."""
    found = json.loads(as_user("doctor", "--json").stdout)
    assert KERNEL >= (6, 12) or "cgroup_no_v1=all" in found["fix"], found["fix"]
