# SPDX-License-Identifier: MIT
"""scenarios - commands for tests/inject/sweep, what must be there before them, and what must be true after them"""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

MEMORY = 64 << 20


class Bad(Exception):
    """What was seen and mustn't be."""


class Scenario:
    """
    `words` of the command, or of `program`. `success` is the status that means that all was done; then
    `after` must hold, and otherwise `undone`. `other` statuses may be, beside ration's own. Of a scenario
    that `leaves` something, the rest is removed by hand: gc doesn't take what somebody has created.
    """

    def __init__(self, name, words, before=None, after=None, undone=None, success=0, other=(), leaves=True, program=None):
        self.name, self.words, self.before, self.after, self.undone = name, words, before, after, undone
        self.success, self.other, self.leaves, self.program = success, other, leaves, program


# ---------------------------------------------------------------- limits

# Of each limit: its option and value, and what the kernel's file then has, by mechanism: (controller, file, content).
LIMITS = {
    "memory": ("--memory", "64M", {"cgroup2": ("", "memory.max", str(MEMORY)), "cgroup1": ("memory", "memory.limit_in_bytes", str(MEMORY))}),
    "pids": ("--pids", "20", {"cgroup2": ("", "pids.max", "20"), "cgroup1": ("pids", "pids.max", "20")}),
    "cpus": ("--cpus", "0.5", {"cgroup2": ("", "cpu.max", "50000 100000"), "cgroup1": ("cpu", "cpu.cfs_quota_us", "50000")}),
    "cpu_weight": ("--cpu-weight", "50", {"cgroup2": ("", "cpu.weight", "50"), "cgroup1": ("cpu", "cpu.shares", "512")}),
    "cpuset_cpus": ("--cpuset-cpus", "0", {"cgroup2": ("", "cpuset.cpus", "0")}),
    "swap": ("--swap", "16M", {"cgroup2": ("", "memory.swap.max", str(16 << 20)), "cgroup1": ("memory", "memory.memsw.limit_in_bytes", str(80 << 20))}),
}
# Other values of those that a group can be changed to.
CHANGED = {"memory": "128M", "pids": "30", "cpus": "0.7", "cpu_weight": "70"}
CHANGED_TEXT = {"memory": str(128 << 20), "pids": "30", "cpus": "70000 100000", "cpu_weight": "70"}
IO = ("--io-write-bps", "/data:10M")

# Writes what is in force where it runs into $1: for each controller, mount and file that follows. Then the fds it has.
OWN = """out=$1; shift; exec >"$out"
while [ $# -gt 0 ]; do
    found=
    while IFS=: read -r _ names path; do
        case ",$names," in *,"$1",*) found=$2${path%/}/$3 ;; esac
    done </proc/self/cgroup
    read -r value <"$found" || value=missing
    echo "$value"
    shift 3
done
cd /proc/self/fd; for fd in *; do [ -e "$fd" ] && echo "fd $fd"; done
exit 7
"""


def mounts():
    """Where each controller of v1 is mounted, and, by "", v2."""
    found = {}
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, options = line.split()[:4]
        if kind == "cgroup2":
            found.setdefault("", point)
        elif kind == "cgroup":
            found.update({option: point for option in options.split(",")})
    return found


def held(s):
    """The limits that cgroups hold here, for a whole group: each with its place in the table."""
    return {name: row for name, row in LIMITS.items() if s.held.get(name) in row[2]}


def place(s, name):
    return LIMITS[name][2][s.held[name]]


def words_of(s):
    return [word for name in held(s) for word in LIMITS[name][:2]]


def limits_in_force(s):
    """Written by the command itself, below limits; and that it has no fd of ration's."""
    lines = s.out.read_text().splitlines()
    wanted = [place(s, name)[2] for name in held(s)]
    found, fds = lines[:len(wanted)], lines[len(wanted):]
    if found != wanted:
        raise Bad(f"the command ran with {found} instead of {wanted} ({', '.join(held(s))})")
    if fds != ["fd 0", "fd 1", "fd 2"]:
        raise Bad(f"the command had {', '.join(fds)}")


def values(s, address="acme/g"):
    """What the files of a group have, in whatever hierarchy."""
    found = {}
    for directory in s.directories():
        for name in held(s):
            file = Path(directory) / place(s, name)[1]
            if directory.endswith(f"/{address}") and file.exists():
                found[name] = file.read_text().strip()
    return found


def created(s):
    if s.read("acme/g", "cgroup.procs") is None:
        raise Bad("there is no group")
    wanted = {name: place(s, name)[2] for name in held(s)}
    if values(s) != wanted:
        raise Bad(f"the group has {values(s)} instead of {wanted}")
    missing = {"created", "keep", *(["limits"] if wanted else [])} - noted(s)
    if missing:
        raise Bad(f"not noted on the group: {' '.join(sorted(missing))}")


def noted(s, address="acme/g"):
    """The names of the notes on a group."""
    return {note.split(".")[-1] for directory in s.directories() if directory.endswith(f"/{address}")
            for note in os.listxattr(directory) if ".ration." in note}


def not_created(s):
    s.collect()
    if s.directories():
        raise Bad(f"groups are left of what wasn't created: {' '.join(s.directories())}")


def with_limits(s):
    s.must(*s.ns("create", "--enforce", "strict", *words_of(s), "acme/g"))


def changed(s):
    wanted = {name: CHANGED_TEXT.get(name) or place(s, name)[2] for name in held(s)}
    if values(s) != wanted:
        raise Bad(f"the group has {values(s)} instead of {wanted}")


def unchanged(s):
    created(s)


# ---------------------------------------------------------------- receipts

def receipt_of(s, verdict):
    try:
        said = json.loads(s.receipt.read_text())
    except (OSError, ValueError) as error:
        raise Bad(f"no receipt: {error}") from None
    if said["verdict"] != verdict:
        raise Bad(f"the receipt's verdict is {said['verdict']}")
    rows = {row["limit"]: (row.get("in_force"), row["mechanism"]) for row in said["limits"]}
    if s.same("receipt", rows) != rows:
        raise Bad(f"the receipt has the limits {rows} instead of {s.same('receipt', rows)}")
    # That is there only where the command had more than its process had before.
    missing = set(s.same("usage", sorted(said["usage"]))) - set(said["usage"]) - {"maxrss_bytes"}
    # Where no group may be made there are no figures of one, and the receipt says what held the run together instead.
    elsewhere = s.same("containment", said["containment"]) != said["containment"]
    if missing and not elsewhere and "failure" not in said:
        raise Bad(f"{sorted(missing)} are missing from the receipt, which doesn't say that they couldn't be read")


# ---------------------------------------------------------------- groups

def with_group(s):
    s.must(*s.ns("create", "acme/g"))


def with_sleeper(s):
    with_group(s)
    s.pid = s.sleeper()
    s.must(*s.ns("attach", "acme/g", s.pid))


def before_attach(s):
    with_group(s)
    s.pid = s.sleeper()
    s.came_from = Path(f"/proc/{s.pid}/cgroup").read_text()


def attached(s):
    if s.pid not in (s.read("acme/g", "cgroup.procs") or "").split():
        raise Bad("the process isn't in the group")


def not_attached(s):
    if Path(f"/proc/{s.pid}/cgroup").read_text() != s.came_from:
        raise Bad(f"the process was moved: {Path(f'/proc/{s.pid}/cgroup').read_text()}")


def removed(s):
    left = [directory for directory in s.directories() if directory.endswith("/acme/g")]
    if left:
        raise Bad(f"the group is there: {' '.join(left)}")


def killed(s):
    if (s.read("acme/g", "cgroup.procs") or "").split():
        raise Bad("a process lives")


def frozen(s):
    if "frozen 1" not in (s.read("acme/g", "cgroup.events") or ""):
        raise Bad("it isn't frozen")


def thawed(s):
    if "frozen 0" not in (s.read("acme/g", "cgroup.events") or ""):
        raise Bad("it is frozen")


def with_frozen(s):
    with_sleeper(s)
    s.must(*s.ns("freeze", "acme/g"))


def not_executed(s):
    if s.out.exists():
        raise Bad("the command ran, although ration says that it failed")


def wrote(s):
    if s.out.read_text() != "/\n0027\nerror\n":
        raise Bad(f"the command wrote {s.out.read_text()!r} to its file")


def wrote_nothing(s):
    """The file itself may have been made."""
    if s.out.exists() and s.out.read_text():
        raise Bad("the command ran, although ration says that it failed")


def said(s, *wanted):
    """All of it is in the output, not just some."""
    missing = [word for word in wanted if word not in s.done.stdout]
    if missing:
        raise Bad(f"{' and '.join(missing)} isn't in what it printed: {s.done.stdout!r}")


def whole_json(s):
    """The limits of the first time, each by the same mechanism."""
    def limits(text):
        return {row["limit"]: row["mechanism"] for row in json.loads(text)["limits"]}

    found = limits(s.done.stdout)
    right = s.same("limits", found)
    if right != found and not s.refused:
        raise Bad(f"other mechanisms: {({n: (m, found.get(n)) for n, m in right.items() if found.get(n) != m})}")


def figures(s):
    """All that could be told the first time: what can't be read isn't told as absent."""
    above, _, table = s.done.stdout.partition("\n  usage ")
    # What each line is about; the figure itself is another each time.
    found = {(part, re.split(r" {2,}", line.strip())[0]) for part, text in (("above", above), ("table", table))
             for line in text.splitlines()[1:] if line.strip()}
    if s.same("figures", found) - found:
        raise Bad(f"it doesn't tell {sorted(s.same('figures', found) - found)}")


def shown(s):
    """The group; or, where it may not look, why there is none."""
    if not (s.refused and not s.done.stdout and "no " in s.done.stderr):
        said(s, "acme", "g")


def listed(s):
    """The groups, and what is told of each, of the first time."""
    found = {(group["group"], *sorted(group), *sorted(group["usage"])) for group in json.loads(s.done.stdout)["groups"]}
    missing = s.same("groups", found) - found
    # Where it may not look, there is no BASE to list, or a note is as good as none.
    if s.refused and (not found or {group[0] for group in missing} <= {group[0] for group in found}):
        return
    if missing:
        raise Bad(f"it doesn't tell {missing}")


# ---------------------------------------------------------------- dead owners

def owner_of_the_dead(s):
    """The note of a run that is over, kept: as it looks after its supervisor and its keeper were killed."""
    if not s.dead_owner:
        process = subprocess.Popen([s.ration, *s.ns("run"), "--group", "dead/g", "--", "sleep", "1000"], env=s.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + s.deadline
        while not s.dead_owner and time.monotonic() < end:
            for name in ("trusted.ration.owner", "user.ration.owner"):
                try:
                    if "sleep" in Path(f"/proc/{s.read('dead/g', 'cgroup.procs').split()[0]}/comm").read_text():
                        s.dead_owner = name, os.getxattr(s.directory("dead/g"), name)
                except (OSError, AttributeError, IndexError):
                    time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        process.wait(s.deadline)
    return s.dead_owner


def with_dead(s):
    """A group with a process, whose owner is dead."""
    name, value = owner_of_the_dead(s)
    s.must(*s.ns("create", *words_of(s), "dead/g"))
    s.pid = s.sleeper()
    s.must(*s.ns("attach", "dead/g", s.pid))
    for directory in s.directories():
        for note in os.listxattr(directory):
            if note.endswith((".keep", ".created")):
                os.removexattr(directory, note)
        if directory.endswith("/dead/g"):
            os.setxattr(directory, name, value)


def collected(s):
    # A tenant that is empty goes with the next one.
    if s.refused or not any(directory.endswith("/dead/g") for directory in s.directories()):
        s.collect()
    if s.directories():
        raise Bad(f"groups are left: {' '.join(s.directories())}")
    if any(process.poll() is None for process in s.sleepers):
        raise Bad("the process of a dead owner's group lives")


def collected_later(s):
    s.collect()
    collected(s)


def with_guarded(s):
    """A tenant that is removed as soon as it has been watched for a moment."""
    with_group(s)
    timer = threading.Timer(0.3 * s.slow, lambda: s.plain(*s.ns("rm", "--force", "acme")))
    timer.start()
    s.timers.append(timer)


# ---------------------------------------------------------------- all of them

def runs(s):
    run, receipt = s.ns("run"), ("--receipt", str(s.receipt))
    files = [word for name in held(s) for word in (place(s, name)[0], s.mounts[place(s, name)[0]], place(s, name)[1])]
    own = ["--", "sh", "-c", OWN, "sh", str(s.out), *files]
    rows = [
        Scenario("run", [*run, "--", "true"]),
        Scenario("run exit", [*run, "--", "sh", "-c", "exit 7"], success=7),
        Scenario("run limits", [*run, *receipt, "--enforce", "strict", *words_of(s), *own],
                 after=lambda s: (limits_in_force(s), receipt_of(s, "exit")), success=7, other=(123,)),
        Scenario("run receipt", [*run, *receipt, "--", "sh", "-c", "exit 7"],
                 after=lambda s: receipt_of(s, "exit"), success=7, other=(123,)),
        Scenario("run journal", [*run, "--journal", str(s.receipt), "--", "sh", "-c", "exit 7"],
                 after=lambda s: receipt_of(s, "exit"), success=7, other=(123,)),
        Scenario("run output", [*run, *receipt, "--output-limit", "5", "--", "sh", "-c", "echo aaaaaaaaaaaa; sleep 60"],
                 after=lambda s: receipt_of(s, "output"), success=137, other=(123,)),
        Scenario("run timeout", [*run, *receipt, "--timeout", ".05", "--", "sh", "-c", "sleep 60 & sleep 60"],
                 after=lambda s: receipt_of(s, "wall-time"), success=124, other=(123,)),
        Scenario("run rlimits", [*run, "--rlimit", "nofile=99", "--rlimit", "cpu=60:70", "--", "sh", "-c", 'ulimit -n; ulimit -St'],
                 after=lambda s: said(s, "99\n60\n")),
        Scenario("run files", [*run, "-C", "/", "--umask", "027", "--stdin", "null", "--stdout", str(s.out), "--stderr", "stdout", "--",
                               "sh", "-c", "pwd; umask; echo error >&2"], after=wrote, undone=wrote_nothing),
        Scenario("run exec", [*run, "--exec", "--", "sh", "-c", 'echo ran >"$1"; exit 7', "sh", str(s.out)], undone=not_executed, success=7),
    ]
    if os.geteuid() == 0:
        rows.append(Scenario("run files user", [*run, "--user", "nobody", "-C", "/", "--stdin", "/etc/passwd", "--", "sh", "-c", "pwd; head -c 5"],
                             after=lambda s: said(s, "/\nroot:")))
        rows.append(Scenario("run user", [*run, "--user", "nobody", "--", "sh", "-c", "id -u; id -G; sed -n 's/^CapEff:.//p;s/^NoNewPrivs:.//p' /proc/self/status"],
                             after=lambda s: said(s, "65534\n65534\n0000000000000000\n1\n")))
    for scenario in rows:
        # A group without an owner's note, of a command that ration has become, is gc's after a while only.
        scenario.leaves = scenario.name == "run exec"
    return rows


def groups(s):
    set_words = [word for name in CHANGED if name in held(s) for word in (LIMITS[name][0], CHANGED[name])]
    rows = [
        Scenario("create", s.ns("create", "--enforce", "strict", *words_of(s), "acme/g"), after=created, undone=not_created),
        Scenario("rm", s.ns("rm", "acme/g"), before=with_limits, after=removed),
        Scenario("rm force", s.ns("rm", "--force", "acme/g"), before=with_sleeper, after=removed),
        Scenario("rm tenant", s.ns("rm", "--force", "acme"), before=with_sleeper, after=collected),
        Scenario("attach", None, before=before_attach, after=attached, undone=not_attached),
        Scenario("exec", s.ns("exec", "acme/g", "--", "sh", "-c", 'echo ran >"$1"; exit 7', "sh", str(s.out)), before=with_group,
                 undone=not_executed, success=7),
        Scenario("gc", s.ns("gc"), before=with_group, other=(1,)),
        Scenario("gc dead", s.ns("gc"), before=with_dead, after=collected, undone=collected_later, other=(1,)),
        Scenario("kill", s.ns("kill", "acme/g"), before=with_sleeper, after=killed),
        Scenario("freeze", s.ns("freeze", "acme/g"), before=with_sleeper, after=frozen, undone=thawed),
        Scenario("thaw", s.ns("thaw", "acme/g"), before=with_frozen, after=thawed),
        Scenario("stat", s.ns("stat", "acme/g"), before=with_sleeper, after=figures),
        Scenario("ls", s.ns("ls"), before=with_group, after=shown),
        Scenario("ls json", s.ns("ls", "--json"), before=with_group, after=listed),
        Scenario("show", s.ns("show", "--json", "acme/g"), before=with_limits, after=whole_json),
    ]
    # What v1 holds can't be changed.
    if set_words and all(s.held[name] == "cgroup2" for name in CHANGED if name in held(s)):
        rows.append(Scenario("set", s.ns("set", *set_words, "acme/g"), before=with_limits, after=changed, undone=unchanged))
    if s.held["stall_timeout"] == "cgroup2":
        rows.append(Scenario("guard", s.ns("guard", "--pressure-kill", "60%/2s", "acme"), before=with_guarded))
    if os.geteuid() == 0:
        rows.append(Scenario("exec user", s.ns("exec", "--user", "nobody", "acme/g", "--", "sh", "-c", "id -u; id -G"), before=with_group,
                             after=lambda s: said(s, "65534\n65534\n")))
    return rows


def questions(s):
    return [
        Scenario("doctor", ["doctor", "--json"], after=whole_json, other=(1,), leaves=False),
        Scenario("plan", s.ns("plan", "--json", "--enforce", "any", "--memory", "64M", "--pids", "20"), after=whole_json, leaves=False),
    ]


def examples(s):
    """Programs that link with the library."""
    folder = s.build / "examples"
    data = s.scratch / "data"
    data.write_text("x\n")
    requests = s.scratch / "requests"
    requests.write_text("true\nexit 3\n")
    return [
        Scenario("burst", ["-n", "2", requests], program=folder / "burst", other=(1,), leaves=False),
        Scenario("first", ["true"], program=folder / "first", leaves=False),
        Scenario("judge", [data, data, "cat"], program=folder / "judge", after=lambda s: said(s, "AC, "), other=(2,), leaves=False),
        Scenario("loop", ["exit 3", "true", "sleep 60 & true"], program=folder / "loop", other=(1,), leaves=False),
    ]


def scenarios(s):
    return runs(s) + (groups(s) if s.base else []) + questions(s) + examples(s)
