# SPDX-License-Identifier: MIT
"""docs/conformance.md lists what is promised, and by which test it is kept.

Each promise is a row with an id; a test that keeps one has the id in its name.
RATION_WRITE_DOCS=1 writes the table, which is made from here and from the tests.
"""

import importlib
import os
import re
from pathlib import Path

import pytest

from world import DESIGN, fits

ROWS = {
    "A01": "a command that succeeds: 0, `ok`",
    "A02": "a command's status is passed on",
    "A03": "`false`: 1",
    "A04": "command not found: 127, `not-started`",
    "A05": "not executable: 126, `not-started`",
    "A06": "no command: 125 and how to use it; no group",
    "A07": "bad values of limits: 125; nothing runs",
    "A08": "durations: fractions, exponents, overflow",
    "A09": "a timeout of 0 is none",
    "A10": "a tiny timeout isn't a timeout of 0",
    "A12": "a command killed by a signal of its own: 128 + n, `signal`, core or not",
    "A15": "children that ration inherits aren't its own",
    "A18": "ration as process 1 of a pid namespace",
    "A19": "strict where a limit can't be enforced: 125 and the reason; nothing runs",
    "A20": "directory, umask, files and further fds of a command, `run` and `exec` alike",
    "A21": "a directory or file that its user can't enter or open, a FIFO that nobody opens: 125, before anything runs or is emptied",
    "B01": "wall time: 124, never early",
    "B02": "below and above the wall time",
    "B03": "`--preserve-status`",
    "B04": "SIGTERM first, SIGKILL after `--kill-after`",
    "B06": "soft CPU time: a signal; hard: the end",
    "B07": "the verdict names the limit that was reached first",
    "B09": "a signal to ration ends the run: `interrupted`",
    "B11": "ration killed by SIGKILL: all processes die, the group is removed",
    "B14": "stdin is passed on, or `--stdin null`",
    "B15": "a terminal works: reading, Ctrl-C, Ctrl-Z, hang-up",
    "B16": "stop and continue; wall time runs on meanwhile",
    "B18": "from limit to death: never early; the receipt has the delay",
    "C01": "CPU time ends the run",
    "C02": "sleeping isn't CPU time",
    "C04": "CPU time is the sum over processes, dead and orphaned ones too",
    "C05": "the same without cgroups, with its backstop named; strict refuses",
    "C06": "children are counted in the receipt",
    "C07": "a CPU rate is kept within 10 %",
    "C09": "`1.5` and `150%` are the same rate",
    "C11": "weights divide one CPU; an idle CPU can be used by anyone",
    "C12": "usage is exact to 1 %",
    "C13": "pinning to CPUs",
    "C15": "CPUs or nodes that aren't available: 125, with those that are",
    "D01": "over the memory limit: 137, `memory`, with evidence",
    "D02": "under the memory limit: `ok`, and the peak",
    "D03": "peak at the kill: the limit",
    "D04": "no swap unless asked for",
    "D05": "swap as asked for",
    "D06": "page cache doesn't kill",
    "D07": "tmpfs counts",
    "D09": "address space isn't limited",
    "D11": "an OOM kill that the leader survives: `ok`, with the count",
    "D12": "the OOM killer takes the whole group, as one event",
    "D14": "OOM in a group that the command made itself: `signal`",
    "D16": "the machine's OOM killer: `memory-external`",
    "D17": "a task that is exempt from OOM kills survives; the verdict is the leader's",
    "D19": "two readers of the peak, each resets its own",
    "D23": "no memory.peak: absent or `sampled`, never 0",
    "D24": "the soft limit throttles and doesn't kill",
    "D25": "no memory.high unless asked for",
    "D26": "a stall ends the run: `memory-stall`, with the pressure",
    "D27": "a limit below what the command needs to start",
    "D29": "exact boundaries",
    "D30": "a limit below the current usage: reclaimed, refused, or killed for; the output says which",
    "D31": "protected memory is kept while siblings are reclaimed",
    "D33": "`tail /dev/zero`",
    "D34": "no memory controller: strict refuses, fallback names its mechanism",
    "E01": "more tasks than allowed: refused, and counted",
    "E02": "as many tasks as allowed",
    "E03": "threads are tasks",
    "E04": "a fork bomb is ended, its neighbours keep running",
    "E06": "a hundred processes of a group, killed at once",
    "E07": "a tree of groups, killed whole",
    "E08": "one group of two is killed; a missing one is an error, or ignored",
    "E09": "a daemon that the command leaves is ended, or waited for",
    "E10": "the same without cgroups",
    "E13": "a fork bomb is killed completely at the first attempt",
    "E14": "the same without cgroup.kill",
    "E15": "frozen or stopped, by itself or by another: ended all the same",
    "E18": "a command that leaves its group, where it can: ended and reported",
    "E19": "a command that raises its own limit, where it can: the receipt reports it",
    "F01": "the first instruction runs in the group",
    "F03": "the same where clone3 is refused",
    "F04": "a base with processes: 125, explained",
    "F05": "old kernels and filters (no clone3, openat2, pidfd, close_range, no cgroup file since 5.14): the same results; what is absent is never 0",
    "F08": "rlimits are set before exec, others inherited",
    "G01": "a cap on stdout, to the byte",
    "G02": "and on stderr",
    "G03": "file size",
    "G04": "open files",
    "G05": "stack",
    "G06": "no core file by default",
    "G09": "I/O rates, for the disk that a path is on",
    "G10": "a path that is on no disk: 125, on every host",
    "G11": "disk reads are counted",
    "G12": "the environment: kept, added to, or only what is listed",
    "H01": "`show`: the lowest limit of all groups above, and its level",
    "H03": "`--parent a/b/c`: created, with controllers; processes are in the leaf only",
    "H04": "`--no-create`: a missing parent is an error",
    "H07": "`create --owner`: can move processes and create groups, can't change limits",
    "H08": "below systemd, root and user: memory, CPUs and tasks are enforced in a unit of ration, started once; nothing else of systemd's tree is touched",
    "H09": "controllers that systemd doesn't delegate to a user: 125, with those that exist; `doctor` prints the drop-in",
    "H10": "`set`: all limits or none; the error names the one that failed",
    "H11": "freeze: no CPU time passes until thaw",
    "H12": "a tree, a fork bomb, processes that come later: frozen, too",
    "H14": "the same named group twice",
    "H16": "a tenant's limit applies to the sum of its groups; the verdict names it",
    "H17": "`rm` of a tenant with live processes: refused, or all killed",
    "H18": "`ration guard` ends the group that stalls its tenant, and no other",
    "H19": "a virtual machine that uses all of its guest's memory, within the profile's sum",
    "I01": "nothing is left, after each single test",
    "I02": "`run --exec`: no supervisor stays; gc and the next run remove the group",
    "I04": "zombies delay nothing",
    "I06": "supervisor and keeper killed: `gc` removes that group and no other",
    "I08": "runs in one process, up to ten thousand or for a minute: no growth",
    "I09": "HOME, /tmp, /run and /var full or read-only: runs and groups work",
    "J01": "read-only cgroups in a container: strict refuses, fallback names the mechanisms, doctor shows a fix",
    "J02": "writable cgroups in a container: processes of the own uid move once, others' never; the container's limits still apply",
    "J04": "the real root has no memory.max: neither 0 nor a limit",
    "J05": "cgroup2 without controllers, or no group at all",
    "J06": "hybrid: used completely or not at all, and reported",
    "J07": "Kubernetes pods, WSL 2 and gVisor: `doctor` names them, the mechanism of each limit and a fix; runs use what is available",
    "J08": "cgroup2 mounted elsewhere is found",
    "J10": "each limit is listed with its mechanism",
    "J11": "`doctor`: exit 0 exactly where strict works; each weaker limit is found, and the fix helps",
    "K06": "CPU time is user and system time",
    "K07": "the largest process and the whole group: two numbers",
    "K08": "sizes: what is a size and what isn't",
    "K10": "a budget: what doesn't fit is exit status 122, and comes back however a group ends; whose word it is; `--wait`",
    "K11": "waiting for room: timed out, killed, interrupted, or never",
    "K12": "no start while the tenant waits for memory, or the machine has too little left; what isn't known holds nobody",
    "K13": "a burst of runs: never above their tenant's limit, each with its own verdict; never above a budget, and in order",
    "K16": "one budget over tenants and processes that know nothing of each other",
    "K17": "the size of memory, and its source",
    "K18": "when a run started; context switches and page faults",
    "L01": "the examples do what they say",
    "L02": "runs and events in an event loop: many at once, in one thread",
    "L03": "calls from many threads at once: each has its own, and nothing is left",
    "L04": "SIGCHLD belongs to the program; a status that it takes is reported as lost",
    "L05": "a run costs a large program no more than a small one: it is never copied; each helper is small",
    "L06": "a program killed during several runs, or its helpers killed first: nothing survives",
    "L07": "fds that a program names are passed on under their numbers, no others; a pidfd of the command",
    "L08": "a program that has closed its own fds: none of the library's takes their place or goes to the command",
    "P07": "extra time: `--timeout SOFT:HARD`, both from the start; not with `--kill-after`",
    "P08": "a soft CPU limit that only notes: `--signal none`",
    "P09": "profiles: found by name, never in the working directory; the command line wins; errors with file and line; root reads none of another uid",
    "P11": "`ration stop`: a run is ended from another process, `interrupted`",
    "R01": "from Python: 200 at once in one event loop, without a thread",
    "R02": "from Python: the earlier module's functions and results, but for what was wrong there",
    "R03": "from Python: a cancelled task, a collected run, a fork, Ctrl-C, the interpreter's end: the run ends, nobody else's child is touched",
    "R04": "from Python: exceptions with cause, code and hint, in the words of the command",
    "R05": "from Python: receipts and journals of the command, in the units of its own runs",
}
# Faults of 0.1.0 that attacks and reviews found: whose word is believed, what holds all together, what is reported.
# The tests of SECURITY.md's threats have their numbers in their names: FA1 to FA13, and so on.
FAULTS = {"FA": 13, "FB": 20, "FC": 28}
NAME = re.compile(r"test_((?:[A-LPR]\d\d_)+)")
HERE = Path(__file__).resolve().parent
BINDING = HERE.parent / "python"
DOC = HERE.parent.parent / "docs" / "conformance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def kept_rows():
    """Each test that names rows: (rows, name, worlds)."""
    yield from kept_by_the_binding()
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, function in vars(module).items():
            match = NAME.match(name)
            if match and getattr(function, "__module__", "") == file.stem:
                yield match[1].strip("_").split("_"), name, worlds(module, function)


def kept_by_the_binding():
    """Those of the binding, by their source: not each build has a library that this process can load."""
    for file in sorted(BINDING.glob("test_*.py")):
        for match in re.finditer(r"^def (test_((?:R\d\d_)+)\w+)", file.read_text(), re.M):
            yield match[2].strip("_").split("_"), match[1], {"v2"}


def worlds(module, function):
    """The worlds of the test bed that a test is for."""
    marks = [*getattr(function, "pytestmark", []), *getattr(module, "pytestmark", [])]
    return {name for name, has in DESIGN.items() if fits(marks, name, has)}


def table():
    lines = ["| row | what is promised | tests | worlds of the test bed |", "|---|---|---|---|"]
    kept = list(kept_rows())
    for row, title in ROWS.items():
        names = sorted({name for rows, name, _ in kept if row in rows})
        where = set().union(*[places for rows, _, places in kept if row in rows])
        where = "all" if where == set(DESIGN) else " ".join(name for name in DESIGN if name in where)
        lines.append(f"| {row} | {title} | {' '.join(f'`{n}`' for n in names)} | {where or 'this machine only'} |")
    return "\n".join(lines) + "\n"


@pytest.mark.worlds("host")
def test_each_row_has_a_test():
    kept = {row for rows, _, _ in kept_rows() for row in rows}
    assert set(ROWS) <= kept, sorted(set(ROWS) - kept)


@pytest.mark.worlds("host")
def test_each_fault_has_a_test():
    top = HERE.parent
    sources = "".join(file.read_text() for file in sorted(top.rglob("test*")) if file.suffix in (".py", ".c"))
    named = set(re.findall(r"F[ABC]\d+(?=_)", " ".join(re.findall(r"\btest_\w+(?=\()", sources))))
    wanted = {f"{kind}{i}" for kind, last in FAULTS.items() for i in range(1, last + 1)}
    assert wanted == named, wanted ^ named


@pytest.mark.worlds("host")
def test_the_document_is_up_to_date():
    text = DOC.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + table() + END + after
    if os.environ.get("RATION_WRITE_DOCS") == "1":
        DOC.write_text(wanted)
    assert DOC.read_text() == wanted, "RATION_WRITE_DOCS=1 writes the table"
