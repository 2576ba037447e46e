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
    "A10": "the tiniest timeout isn't none",
    "A12": "a command killed by a signal of its own: 128 + n, `signal`, core or not",
    "A15": "children that ration inherits aren't its own",
    "A18": "ration as process 1 of a pid namespace",
    "A19": "strict where a limit can't hold: 125, why, and nothing ran",
    "B01": "wall time: 124, and not before it is up",
    "B02": "below and above the wall time",
    "B03": "`--preserve-status`",
    "B04": "SIGTERM first, SIGKILL after `--kill-after`",
    "B06": "soft CPU time: a signal; hard: the end",
    "B07": "of several limits the one that was reached is named",
    "B09": "a signal to ration ends the run: `interrupted`",
    "B11": "ration killed by SIGKILL: all die, the group goes",
    "B14": "stdin is passed on, or `--stdin null`",
    "B15": "a terminal works: reading, Ctrl-C, Ctrl-Z, hang-up",
    "B16": "stop and continue; wall time runs on meanwhile",
    "B18": "from limit to death: never too early, and how late is in the receipt",
    "C01": "CPU time ends the run",
    "C02": "sleeping isn't CPU time",
    "C04": "CPU time is the sum over processes, dead and orphaned ones too",
    "C05": "the same without cgroups, with its backstop named; strict refuses",
    "C06": "children are counted in the receipt",
    "C07": "a CPU rate holds within 10 %",
    "C09": "`1.5` and `150%` are the same rate",
    "C11": "weights share one CPU as they say; an idle CPU is anyone's",
    "C12": "usage is told to 1 %",
    "C13": "pinning to CPUs",
    "C15": "CPUs or nodes that the base hasn't: 125, naming those that it has",
    "D01": "over the memory limit: 137, `memory`, with evidence",
    "D02": "under the memory limit: `ok`, and the peak",
    "D03": "peak at the kill: the limit",
    "D04": "no swap unless asked for",
    "D05": "swap as asked for",
    "D06": "page cache doesn't kill",
    "D07": "tmpfs counts",
    "D09": "address space is free",
    "D11": "an OOM kill that the leader survives: `ok`, with the count",
    "D12": "the OOM killer takes the whole group, as one event",
    "D14": "OOM in a group that the command made itself: `signal`",
    "D16": "the machine's OOM killer: `memory-external`",
    "D17": "a task that no OOM kill may take survives; the verdict is the leader's",
    "D19": "two readers of the peak, each with a reset of its own",
    "D23": "no memory.peak: absent or `sampled`, never 0",
    "D24": "the soft limit throttles and doesn't kill",
    "D25": "no memory.high unless asked for",
    "D26": "a stall is ended: `memory-stall`, with the pressure",
    "D27": "a limit smaller than the start of the command",
    "D29": "exact boundaries",
    "D30": "a limit below what is in use: taken back, refused or killed for, and said which",
    "D31": "protected memory stays while siblings are reclaimed from",
    "D33": "`tail /dev/zero`",
    "D34": "no memory controller: strict refuses, fallback names itself",
    "E01": "more tasks than allowed: refused, and counted",
    "E02": "as many tasks as allowed",
    "E03": "threads are tasks",
    "E04": "a fork bomb ends, its neighbours run on",
    "E06": "a hundred processes of a group, killed at once",
    "E07": "a tree of groups, killed whole",
    "E08": "one group of two is killed; one that isn't there is told, or ignored",
    "E09": "a daemon that is left behind is ended, or waited for",
    "E10": "the same without cgroups",
    "E13": "a fork bomb is killed, whole, the first time",
    "E14": "the same without cgroup.kill",
    "E15": "frozen or stopped by itself or by another: ended all the same",
    "E18": "a command that moves out of its group, where it may: it is ended, and told",
    "E19": "a command that raises its own limit, where it may: the receipt tells",
    "F01": "the first instruction runs in the group",
    "F03": "the same where clone3 is refused",
    "F04": "a base with processes: 125, explained",
    "F05": "old kernels and filters: no clone3, openat2, pidfd, close_range, nor any file of cgroups since 5.14: the same, and absent is never 0",
    "F08": "rlimits are set before exec, others inherited",
    "G01": "a cap on stdout, to the byte",
    "G02": "and on stderr",
    "G03": "file size",
    "G04": "open files",
    "G05": "stack",
    "G06": "no core file by default",
    "G09": "I/O rates, for the disk that a path is on",
    "G10": "a path that is on no disk: 125, on every host",
    "G11": "what came from the disk is counted",
    "G12": "the environment: kept, added to, or only what is listed",
    "H01": "`show`: the lowest limit of all groups above, and which it is",
    "H03": "`--parent a/b/c`: made, with controllers, processes in the leaf only",
    "H04": "`--no-create`: a parent that isn't there is an error",
    "H07": "`create --owner`: may move processes and make groups, but no limits",
    "H08": "below systemd, root and user: memory, CPUs and tasks hold in a unit of ours, started once; nothing else of its tree is touched",
    "H09": "controllers that systemd hasn't delegated to a user: 125 and which there are; `doctor` prints the drop-in",
    "H10": "`set`: all limits or none, and which one failed",
    "H11": "freeze: no CPU time passes until thaw",
    "H12": "a tree, a fork bomb, who comes later: frozen, too",
    "H14": "the same named group twice",
    "H16": "a tenant's total holds for the sum of its groups, and is named in the verdict",
    "H17": "`rm` of a tenant with live processes: refused, or all killed",
    "H18": "`ration guard` ends the group that stalls its tenant, and no other",
    "H19": "a virtual machine that uses all of its guest's memory, within the profile's sum",
    "I01": "nothing is left, after each single test",
    "I02": "`run --exec`: no supervisor stays; gc and the next run remove the group",
    "I04": "zombies hold up nothing",
    "I06": "supervisor and keeper killed: `gc` removes that group and no other",
    "I08": "runs in one process, up to ten thousand or for a minute: nothing grows",
    "I09": "HOME, /tmp, /run and /var full or read-only: runs and groups as ever",
    "J01": "read-only cgroups in a container: strict refuses, fallback names who holds what, doctor tells the way out",
    "J02": "writable cgroups in a container: ours move once, others' never, and its own limits hold above ours",
    "J04": "the real root has no memory.max: neither 0 nor a limit",
    "J05": "cgroup2 without controllers, or no group at all",
    "J06": "hybrid: used whole or not at all, and said",
    "J07": "Kubernetes pods, WSL 2 and gVisor: `doctor` tells which, what holds each limit and what would help; runs hold by what there is",
    "J08": "cgroup2 mounted elsewhere is found",
    "J10": "each limit is listed with who holds it",
    "J11": "`doctor`: exit 0 exactly where strict holds; what weakens a limit is found, and its fix helps",
    "K06": "CPU time is user and system time",
    "K07": "the largest process and the whole group: two numbers",
    "K08": "sizes: what is a size and what isn't",
    "K13": "a burst of runs: never above their tenant's total, each with its verdict",
    "K17": "how much memory there is, and who says so",
    "L01": "the examples do what they say",
    "L02": "runs and events in an event loop: many at once, in one thread",
    "L03": "calls from many threads at once: each has its own, and nothing is left",
    "L04": "SIGCHLD is the program's; a status that it takes is said to be lost",
    "L05": "a large program pays for a run what a small one does: no copy of it is made; each helper is small",
    "L06": "a program killed with several runs, or the helpers before it: nothing lives on",
    "L07": "fds that a program names are passed on under their numbers, and no other; a pidfd of the command",
}
NAME = re.compile(r"test_((?:[A-L]\d\d_)+)")
HERE = Path(__file__).resolve().parent
DOC = HERE.parent.parent / "docs" / "conformance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def kept_rows():
    """Each test that names rows: (rows, name, worlds)."""
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, function in vars(module).items():
            match = NAME.match(name)
            if match and getattr(function, "__module__", "") == file.stem:
                yield match[1].strip("_").split("_"), name, worlds(module, function)


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
def test_the_document_is_up_to_date():
    text = DOC.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + table() + END + after
    if os.environ.get("RATION_WRITE_DOCS") == "1":
        DOC.write_text(wanted)
    assert DOC.read_text() == wanted, "RATION_WRITE_DOCS=1 writes the table"
