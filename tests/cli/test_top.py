# SPDX-License-Identifier: MIT
"""ration top: the live view, on a real terminal and without one."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, patiently, wait_for
from terminal import Terminal
from world import HAS

PROGRAM = Path(RATION).resolve().parent / "ration-top"
# What it shows of limits, in v2; all else here, where it costs less.
pytestmark = [pytest.mark.worlds("host")]

HELP = """\
ration top: tenants and groups, what they use and what they may

  up down home end     choose a group       Enter   all of one group
  page up, page down                        Esc q   back; q ends
  c m t n              sort by CPU, memory, tasks, name
  r                    the other way round
  left right           fold, unfold a tenant
  l                    groups without their tenants
  z                    this tenant alone
  /                    groups with a word in their address
  Space                pause                + -     sooner, later
  f u k                freeze, thaw, kill: asks first

  S         R runs, F frozen, - nobody is in it
  CPU%      100 is one CPU
  of limit  used of the own limit; | the most there was, ^ memory-high
  thr%      share of the time the CPU limit held it back, over all CPUs
  cpu* mem* io*   share of the time in which a task (io: each) waited
  by        what enforces its limits
  -         not available
"""
# Below four lines about the machine.
TITLES = {80: "group             S   CPU%   of limit memory   of limit     tasks  mem* OOM  age",
          200: "group                                    S   CPU%   of limit  thr% memory   of limit limit  swap     tasks read/s writ/s"
               "  cpu*  mem*   io* OOM  age by      command"}


@pytest.fixture(autouse=True)
def built():
    if not PROGRAM.exists():
        pytest.skip("built without ration-top: libncurses-dev is missing")


@pytest.fixture
def groups(hand):
    """Two tenants: acme has a and b, zeta has c."""
    for address in ("acme/b", "acme/a", "zeta/c"):
        hand.ok(f"create {address}")
    return hand


def top(run, *words, columns=80, lines=24, **env):
    return Terminal(run, [RATION, "top", "--interval", "200ms", *words], columns, lines, **env)


def names(lines, head=4):
    """The first words of the rows, with their places."""
    rows = lines[lines.index(next(line for line in lines if line.startswith("group "))) + 1:-1]
    return [re.match(r"\s*[-+]?\s*\S+", row)[0] for row in rows if row]


def names_or_none(lines):
    return names(lines) if any(line.startswith("group ") for line in lines) else None


ALL = ["- acme", "  a", "  b", "- zeta", "  c"]


@pytest.mark.needs("cgroup")
def test_top_table(run, groups):
    """The whole screen: the machine, the titles, a row for each, the keys."""
    with top(run, "--sort", "name") as terminal:
        lines = terminal.wait("all rows", lambda lines: names_or_none(lines) == ALL)
        assert re.fullmatch(r"ration top  \d\d:\d\d:\d\d  2 tenants, 3 groups  by name  every 0.2 s  namespace.*", lines[0])
        assert re.fullmatch(r"memory  \[.{20}\] \S+ of \S+  no limits", lines[1])
        assert re.fullmatch(r"cpu     \[.{20}\] (-|\d+\.\d\d) of \d+  no limits", lines[2])
        assert re.fullmatch(r"waiting% cpu \S+  memory \S+  io \S+", lines[3])
        assert lines[4] == TITLES[80]
        assert re.fullmatch(r"  a +- +(-|\d+\.\d) +\S+ +\S+ +(-|\d+\.\d) +(-|0) +\d+[sm]", lines[6]), lines[6]
        assert lines[10:23] == [""] * 13 and lines[23].startswith("? help  Enter one group"), lines
        terminal.keys("q")
        wait_for("it to end", lambda: terminal.ended() == 0)


@pytest.mark.needs("cgroup")
def test_top_keys(run, groups):
    """Fold, zoom, find, turn round, and back."""
    with top(run, "--sort", "name") as terminal:
        def shows(wanted):
            terminal.wait(f"{wanted}", lambda lines: names_or_none(lines) == wanted)

        shows(ALL)
        terminal.keys("Left")
        shows(["+ acme", "- zeta", "  c"])
        terminal.keys("Right", "r")
        shows(["- zeta", "  c", "- acme", "  b", "  a"])
        terminal.keys("n", "l")
        shows(["acme/a", "acme/b", "zeta/c"])
        terminal.keys("l", "End", "z")
        shows(["- zeta", "  c"])
        terminal.keys("Escape")
        shows(ALL)
        terminal.keys("/", "B", "Enter")
        shows(["- acme", "  b"])
        terminal.keys("Escape", "/", "x", "BSpace", "Escape")
        shows(ALL)
        terminal.keys("?")
        terminal.wait("the help", lambda lines: lines[:20] == HELP.splitlines())
        terminal.keys("q", "Space")
        terminal.wait("a pause", lambda lines: "  paused  " in lines[0])
        groups.ok("create acme/late")
        terminal.keys("Space")
        shows(["- acme", "  a", "  b", "  late", "- zeta", "  c"])
        terminal.keys("-", "+", "+")
        terminal.wait("another interval", lambda lines: " every 0.1 s " in lines[0])
        terminal.keys("q")
        wait_for("it to end", lambda: terminal.ended() == 0)


@pytest.mark.needs("cgroup")
def test_top_sizes(run, groups):
    """From wide to narrow and to nearly nothing, and back; in ASCII without colours, too."""
    with top(run, "--sort", "name", columns=200, lines=50) as terminal:
        terminal.wait("wide titles", lambda lines: TITLES[200] in lines)
        for columns, lines in ((80, 24), (20, 5), (3, 2), (1, 1), (80, 24)):
            terminal.resize(columns, lines)
        terminal.wait("the usual titles", lambda lines: TITLES[80] in lines and names(lines) == ALL)
    with top(run, "--ascii", NO_COLOR="1", LC_ALL="C") as terminal:
        lines = terminal.wait("rows", lambda lines: names_or_none(lines) and len(names(lines)) == 5)
        assert all(line.isascii() for line in lines)
        assert not re.search(r"\x1b\[(\d+;)*3[0-7]m", terminal.tmux("capture-pane", "-p", "-e"))


@pytest.mark.needs("cgroup")
def test_top_acts(run, groups):
    """Freezes, thaws and kills the group under the cursor, after a question that anything but y answers with no."""
    started = run.start("--group acme/aa", ["sh", "-c", f"touch {run.file('runs')}; exec sleep 1000"])
    wait_for("it to run", run.file("runs").exists)
    path = groups.path("acme/aa")
    with top(run, "--sort", "name") as terminal:
        def frozen(wanted):
            wait_for("the freezer", lambda: f"frozen {wanted}" in (path / "cgroup.events").read_text())

        terminal.wait("all rows", lambda lines: names_or_none(lines) == ["- acme", "  a", "  aa", "  b", "- zeta", "  c"])
        terminal.keys("Down", "Down", "f", "Enter")
        terminal.keys("f")
        terminal.wait("a question", lambda lines: lines[-1] == "freeze acme/aa? [y/N]")
        frozen(0)
        terminal.keys("y")
        frozen(1)
        # A process that doesn't run in two seconds isn't frozen by then, and is later.
        told = ("acme/aa: frozen", "acme/aa isn't frozen after 2000 ms; the kernel keeps trying")
        terminal.wait("its state", lambda lines: re.match(r"  aa +F ", lines[7]) and lines[-1].startswith(told))
        terminal.keys("u", "y")
        frozen(0)
        terminal.keys("k", "n", "k", "y")
        assert started.wait().verdict == "signal"
        terminal.keys("q")


@pytest.mark.needs("cgroup")
def test_top_asks_about_one_group(run, groups):
    """The group that a question names goes, and the cursor moves on: `y` isn't for the one that is there now."""
    other = run.start("--group acme/aa", ["sh", "-c", f"touch {run.file('runs')}; exec sleep 1000"])
    wait_for("it to run", run.file("runs").exists)
    with top(run, "--sort", "name") as terminal:
        terminal.wait("all rows", lambda lines: names_or_none(lines) == ["- acme", "  a", "  aa", "  b", "- zeta", "  c"])
        terminal.keys("Down", "k")
        terminal.wait("a question", lambda lines: lines[-1] == "kill acme/a? [y/N]")
        groups.ok("rm acme/a")
        lines = terminal.wait("it to go", lambda lines: names_or_none(lines) == ["- acme", "  aa", "  b", "- zeta", "  c"])
        assert lines[-1] == "kill acme/a? [y/N]"
        terminal.keys("y")
        terminal.wait("an answer", lambda lines: "acme/a" in lines[-1] and "[y/N]" not in lines[-1])
        assert "acme/aa" not in terminal.screen()[-1]
        assert other.popen.poll() is None
        terminal.keys("q")
    other.signal(signal.SIGTERM)
    assert other.wait().verdict == "interrupted"


@pytest.mark.needs("cgroup")
def test_top_page(run, groups):
    """All of one group, and its last readings as curves."""
    started = run.start("--group acme/aa", ["spin", "1000"])
    with top(run, "--sort", "name") as terminal:
        terminal.wait("its row", lambda lines: any(re.match("  aa +R", line) for line in lines))
        terminal.keys("Down", "Down", "Enter")
        lines = terminal.wait("a curve, and the command", lambda lines: len(lines) > 4 and re.search(r"[▁-█]{3}", lines[4])
                              and lines[2] == "command     spin 1000")
        assert lines[0] == "group acme/aa  running"
        assert re.fullmatch(rf"owner       alive, pid {started.pid}.*", lines[1]), lines
        assert re.fullmatch(r"CPUs        \d+\.\d\d  limit none.*  used \S+ s", lines[3]), lines
        assert lines[9].startswith("waiting%    cpu ")
        terminal.keys("q")
        terminal.wait("the table", lambda lines: "  aa" in (names_or_none(lines) or []))
    started.signal(15)
    started.wait()


# It has more of code than the guest has of memory, and more of malloc's, which nobody uses.
QEMU = ["qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-m", "24", "-nodefaults", "-no-user-config", "-display", "none", "-S"]


@pytest.mark.needs("cgroup")
def test_top_vm(run, groups):
    """What of a QEMU's memory is the guest's, and what is its own."""
    if not shutil.which("qemu-system-x86_64"):
        pytest.skip("needs qemu-system-x86_64")
    started = run.start("--group acme/vm", QEMU)

    def told():
        groups = json.loads(run.command("top", "--once", "--json", "--interval", "100ms", "acme").stdout)["groups"]
        assert all(group["group"] == "acme/vm" or "vm" not in group for group in groups)
        vm = next((group.get("vm") for group in groups if group["group"] == "acme/vm"), None)
        return vm and vm["guest_bytes"] == 24 << 20 and vm

    vm = wait_for("its memory", told)
    assert vm["guest_resident_bytes"] <= 24 << 20 and vm["overhead_bytes"] > 1 << 20 and Path(f"/proc/{vm['pid']}").exists()
    with top(run, "--sort", "name") as terminal:
        terminal.wait("its row", lambda lines: any(re.match("  vm +R", line) for line in lines))
        terminal.keys("End", "Up", "Up", "Enter")
        lines = terminal.wait("its page", lambda lines: lines[0].startswith("group acme/vm") and lines[11].startswith("VM"))
        assert re.fullmatch(rf"VM +guest \S+ of 24M  overhead \S+  guessed from pid {vm['pid']}'s mappings", lines[11]), lines
    started.signal(15)
    started.wait()


@pytest.mark.needs("cgroup")
def test_top_budget(run, hand):
    """How much of a tenant's is taken."""
    hand.ok("create acme --budget runs=3")
    hand.ok("create acme/a")
    with top(run, "--sort", "name") as terminal:
        terminal.wait("its rows", lambda lines: names_or_none(lines) == ["- acme", "  a"])
        terminal.keys("Enter")
        terminal.wait("its budget", lambda lines: lines[10] == "budget      runs 1 of 3")
    told = json.loads(run.command("top", "--once", "--json", "--interval", "100ms").stdout)
    assert [group.get("budget") for group in told["groups"]] == [{"runs": {"limit": 3, "taken": 1}}, None]


@pytest.mark.needs("memory", "cpu", "pids")
def test_top_limits(run, hand):
    """Each limit has its bar; the marks are memory's peak and memory-high; what happened to it is counted."""
    hand.ok("create acme/a --memory 64M --memory-high 48M --pids 20 --cpus 0.5")
    hand.ok("create acme/b --memory 32M")
    assert run.command("exec", "acme/b", "--", "alloc", "100").code == -9
    holder = subprocess.Popen([RATION, "exec", "acme/a", "--", "alloc", "30", "stay"], env=run.env)
    spinner = subprocess.Popen([RATION, "exec", "acme/a", "--", "spin", "1000"], env=run.env)
    try:
        wait_for("its memory", lambda: int((hand.path("acme/a") / "memory.current").read_text()) > 30 << 20)

        def attempt(seconds):
            """It has to have run for as long as it may: how soon that comes out, the machine decides."""
            done = run.command("top", "--once", "--sort", "name", "--ascii", "--width", "200", "--interval", f"{2 * seconds}s",
                               deadline=DEADLINE + 2 * seconds)
            return done if done.code != 0 or re.search(r"^  a .* R +(4|5)\d\.\d ", done.stdout, re.M) else None

        done = patiently(attempt)
    finally:
        for process in (holder, spinner):
            process.kill()
            process.wait()
    assert done.code == 0 and done.stderr == "", done
    lines = done.stdout.splitlines()
    assert "  limits 96M (" in lines[1] and "  limits 0.50 (" in lines[2] and ", 1 without" in lines[2], lines
    a, b = (re.search(rf"^  {name} .*", done.stdout, re.M)[0] for name in "ab")
    assert re.search(r" R +(4|5)\d\.\d \[#{6,8} *\] +\d+\.\d ", a) and re.search(r"\[#{3,5}\|? *\^ *\]|\[#{3,4} *\| *\^ *\]", a), a
    assert re.search(r" 64M .* 2/20 .* cgroup2", a), a
    # An OOM kill is told twice where the process dies before the kernel has looked again.
    assert re.search(r" - +0\.0 .* 32M .* 0 .* [12] +\d+s cgroup2", b), b


@pytest.mark.needs("cgroup")
def test_top_json(run, groups):
    """A document in a line for each interval; figures have the names that they have elsewhere, and what isn't known isn't there."""
    done = run.command("top", "--once", "--json", "--interval", "100ms", "acme")
    assert done.code == 0 and done.stderr == "", done
    told = json.loads(done.stdout)
    assert [group["group"] for group in told["groups"]] == ["acme", "acme/a", "acme/b"]
    assert (told["schema"], told["interval_usec"]) == (1, 100000) and told["machine"]["cpus"] == os.cpu_count()
    listed = json.loads(run.command("ls", "--json", "acme").stdout)["groups"]
    for mine, other in zip(told["groups"], listed):
        assert set(mine["usage"]) <= set(other["usage"]), mine
        assert {"cpu_usec"} <= set(mine["usage"]) and mine["per_second"]["cpus"] == 0
        assert mine["limits"] == {}
        assert ("memory_current_bytes" in mine["usage"]) == ("memory" in HAS)
    process = subprocess.Popen([RATION, "top", "--json", "--interval", "100ms"], env=run.env, stdout=subprocess.PIPE, text=True)
    assert [len(json.loads(process.stdout.readline())["groups"]) for _ in range(3)] == [5, 5, 5]
    # Nobody reads any more.
    process.stdout.close()
    assert process.wait(DEADLINE) in (125, -13)


@pytest.mark.needs("cgroup")
def test_top_of_hostile_names(run, groups, by_hand):
    """Others' names and commands do nothing to the terminal."""
    for name in (b"\x1b[2J\x07", b"\xff\xc3", b"a\rb", b"%s%n", b"x" * 200):
        by_hand(groups.path("acme") / os.fsdecode(name))
    started = run.start("--group acme/odd", ["sh", "-c", "sleep 1000; : \x1b]0;title\x07 \xc3\xa4"])
    with top(run, "--sort", "name", columns=200) as terminal:
        # The command is there later than its group.
        lines = terminal.wait("all rows", lambda lines: names_or_none(lines) and len(names(lines)) == 11
                              and any(r"\x1b]0;title\x07" in line for line in lines))
        text = "\n".join(lines)
        assert r"\x1b[2J\x07" in text and r"a\rb" in text and "%s%n" in text
        assert terminal.tmux("display-message", "-p", "#{pane_title}").strip() != "title"
    started.signal(15)
    started.wait()


@pytest.mark.long
@pytest.mark.needs("cgroup")
def test_top_while_groups_come_and_go(run, hand):
    """What vanishes while it is read is no error, and the cursor stays where it was."""
    hand.ok("create acme/stays")
    stop = run.file("stop")
    script = f'while [ ! -e {stop} ]; do "{RATION}" create v/a; "{RATION}" create acme/b; "{RATION}" rm v/a; "{RATION}" rm acme/b; done'
    churn = subprocess.Popen(["sh", "-c", script], env=run.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with top(run, "--sort", "name") as terminal:
            terminal.wait("a row", lambda lines: names_or_none(lines) and "  stays" in names(lines))
            terminal.keys("/", "s", "t", "a", "y", "Enter", "Down")
            for _ in range(20):
                terminal.keys("Escape", "/", "s", "t", "Enter")
            lines = terminal.wait("the row", lambda lines: names_or_none(lines) == ["- acme", "  stays"])
            assert not lines[-1].startswith("can't"), lines
            assert terminal.ended() is None
    finally:
        stop.touch()
        churn.wait(DEADLINE)
    for tenant in ("v",):
        run.command("rm", "--force", tenant)


@pytest.mark.anywhere
def test_top_without_a_terminal(run):
    """One clear error, with the way out."""
    done = run.command("top")
    assert done.code == 125 and done.stderr == ("ration top: not on a terminal\n  hint: ration top --once prints one table, --json one document\n")
    with Terminal(run, ["env", "TERM=nosuch", RATION, "top"], 80, 24) as terminal:
        wait_for("it to end", lambda: terminal.ended() == 125)
        # It ended when it had written that; tmux shows it when it has read it.
        wait_for("its words", lambda: 'the terminal "nosuch" isn\'t known (TERM)' in terminal.tmux("capture-pane", "-p", "-S", "-5"))


@pytest.mark.anywhere
@pytest.mark.parametrize("words, told", [
    (["--interval", "10ms"], "100ms"), (["--interval", "2h"], "1h"), (["--width", "59"], "60 to 400"), (["--width", "x"], "1 or more"),
    (["--sort", "age"], "tasks"), (["acme/a"], "acme/a"), (["--once", "no/such"], "no/such"), (["a", "b"], "b")])
def test_top_bad_words(run, words, told):
    done = run.command("top", *words)
    assert done.code == 125 and told in done.stderr and done.stdout == "", done
    assert NAMESPACE  # nothing was made: the fixture looks


@pytest.mark.needs("cgroup")
def test_top_counts_runs(run, groups):
    """Those that the journal tells of from now on; what isn't a receipt counts nothing."""
    journal = run.file("journal")
    assert run(["--journal", str(journal)], ["true"]).code == 0
    with top(run, "--journal", str(journal)) as terminal:
        terminal.wait("the head", lambda lines: lines[3].endswith("  runs 0"))
        for command in ("true", "true", "false"):
            run(["--journal", str(journal)], [command])
        with open(journal, "a", encoding="ascii") as file:
            file.write('junk\n{"verdict": "\\u001b[2J"}\n{"verdict": 7}\n')
        terminal.wait("the runs", lambda lines: lines[3].endswith("  runs 3: ok 2, exit 1"))
