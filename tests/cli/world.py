# SPDX-License-Identifier: MIT
"""Where the tests run, and what they may count on there.

A world is a kernel with its cgroups in some shape. The test bed's worlds have by
design what the table says: what is missing there is a failure (test_world.py).
The machine itself ("host") has whatever it has; that is looked up here, without
asking ration.
"""

import fcntl
import os
import struct
from pathlib import Path

F_OFD_SETLK = 37

WORLD = os.environ.get("RATION_WORLD") or os.environ.get("RATION_VM_WORLD") or "host"
# Deadlines are longer by this factor; nothing else depends on it.
SLOW = float(os.environ.get("RATION_SLOW") or (1 if WORLD == "host" else 4))

KERNEL = tuple(map(int, os.uname().release.split(".")[:2]))

CONTROLLERS = {"cpu", "memory", "pids"}
# Those that cgroup v1 has, "memory1" and so on: of it, only runs make use.
V1 = {f"{c}1" for c in ("cpu", "cpuacct", "freezer", "memory", "pids")}
FULL = CONTROLLERS | {"cpuset", "cgroup", "psi"}

# root: effective uid 0. unshare: it may make namespaces, which root in a container may not. cgroup: groups can be made. vm: the kernel is ours to break.
# container: a real one. disk: an ext4 on a disk of its own at /data. systemd: it is process 1, and owns the tree but
# for a unit of ours.
# fuse: there is /dev/fuse, and mounts of it.
# filtered: no clone3, no pidfds, no other system call as new as these.
# The names of controllers: groups of cgroup2 can have them; with a 1: those of cgroup v1 can. psi: memory.pressure is there.
DESIGN = {
    "v2": FULL | {"root", "vm", "unshare"},
    "swap": FULL | {"root", "vm", "swap", "unshare"},
    "disk": FULL | {"root", "vm", "disk", "unshare"},
    "filtered": FULL | {"root", "vm", "filtered", "unshare"},
    "user": FULL | {"vm"},
    "mounted-elsewhere": FULL | {"root", "vm", "unshare"},
    "container": FULL | {"root", "container"},
    "container-ro": {"root", "container"},
    "container-host": FULL | {"root", "container"},
    "hybrid": {"cgroup", "root", "vm", "unshare"} | V1,
    "v1": {"root", "vm", "swap", "unshare"} | V1,
    "readonly": {"root", "vm"},
    "nothing": {"root", "vm", "unshare"},
    "nothing-user": {"vm"},
    "systemd": FULL | {"root", "vm", "unshare", "systemd"},
    "systemd-user": CONTROLLERS | {"cgroup", "psi", "vm", "systemd"},
}


def mount():
    """Where cgroup2 is mounted, or None."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            return Path(fields[4])
    return None


def v1_places():
    """Our own groups in cgroup v1: controller -> directory."""
    mounts, found = [], {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, rest = (part.split() for part in line.split(" - "))
        if rest[0] == "cgroup":
            mounts.append((rest[2].split(","), fields[3], fields[4]))
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        for name in line.split(":")[1].split(","):
            for names, root, point in mounts:
                own = line.split(":", 2)[2]
                if name in names and f"{own}/".startswith(root.rstrip("/") + "/"):
                    found.setdefault(name, Path(point + own[len(root.rstrip("/")):]))
    return found


def own_group():
    """This process's own group as a directory, or None."""
    top = mount()
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if top and line.startswith("0::"):
            return top / line[3:].strip().lstrip("/")
    return None


def unit_group(uid=None):
    """The group of ration's unit below systemd, there or not."""
    uid = os.geteuid() if uid is None else uid
    place = f"user.slice/user-{uid}.slice/user@{uid}.service/app.slice" if uid else "system.slice"
    return mount() / place / "ration.service"


def probe():
    """What the machine itself has, by trying."""
    has = {"root", "unshare"} if os.geteuid() == 0 else set()
    has |= {name for name, attempt in (("realtime", realtime), ("immune", immune)) if has and may_be(attempt)}
    if has and os.access("/dev/fuse", os.R_OK | os.W_OK):
        has.add("fuse")
    if len(Path("/proc/swaps").read_text().splitlines()) > 1:
        has.add("swap")
    for name, place in v1_places().items():
        if f"{name}1" in V1 and os.access(place, os.W_OK) and not Path("/run/systemd/system").is_dir():
            has.add(f"{name}1")
    group = own_group()
    trial = group / f"ration-probe-{os.getpid()}" if group else None
    if trial is None or Path("/run/systemd/system").is_dir() and group == mount():
        return has
    try:
        trial.mkdir()
    except OSError:
        return has
    try:
        has.add("cgroup")
        has |= {c for c in FULL if c in (trial / "cgroup.controllers").read_text().split()}
        if (trial / "memory.pressure").exists():
            has.add("psi")
    finally:
        trial.rmdir()
    return has


def notes(directory):
    """What the names of the attributes of a directory begin with, that ration writes and believes here."""
    try:
        os.removexattr(directory, "trusted.ration.none")
    except PermissionError:
        return "user.ration."
    except OSError:
        pass
    return "trusted.ration." if os.geteuid() == 0 else "user.ration."


def may_be(attempt):
    """Whether a child of ours may do it to itself."""
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def realtime():
    """A preexec_fn."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def immune():
    """A preexec_fn."""
    Path("/proc/self/oom_score_adj").write_text("-1000")


# realtime, immune: what root may do to itself, but for root in a container.
for _has in DESIGN.values():
    if {"root", "unshare"} <= _has:
        _has |= {"realtime", "immune"}

HAS = DESIGN[WORLD] if WORLD in DESIGN else probe()
if WORLD in ("hybrid", "v1") and os.uname().release.startswith("6.12"):
    HAS -= {"memory1"}  # Debian's 6.12 has no v1 form of memory and cpuset: they are in v2
    HAS |= {"memory", "cpuset", "psi"} if WORLD == "hybrid" else set()


def holder(controller, weaker):
    """Who holds a limit of a run: the mechanism of its controller, or what is weaker."""
    return "cgroup2" if controller in HAS else "cgroup1" if f"{controller}1" in HAS else weaker


def counts_peak():
    """Whether the kernel counts the most memory that a group has had."""
    return KERNEL >= (5, 19) if "memory" in HAS else "memory1" in HAS


def strict():
    """Whether the kernel holds the limits that matter most, of one cgroup or the other."""
    return all(holder(controller, None) for controller in CONTROLLERS)


def fits(marks, name=WORLD, has=HAS):
    """Whether tests with these marks are for a world: needs(...) are things that it
    must have ("memory") or mustn't ("!memory"); worlds(...) are its names; since((6, 12))
    is the oldest kernel."""
    for mark in marks:
        if mark.name == "needs" and not all((n[1:] not in has) if n[0] == "!" else (n in has) for n in mark.args):
            return False
        if mark.name == "worlds" and name not in mark.args:
            return False
        if mark.name == "since" and KERNEL < mark.args[0]:
            return False
    return True


def locked(path):
    """Has the lock of a group as who makes it has it, an open file description's write lock, until this is closed."""
    file = open(path, "w", encoding="ascii")
    fcntl.fcntl(file, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    return file
