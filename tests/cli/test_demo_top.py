# SPDX-License-Identifier: MIT
"""scripts/demo-top: tenants under load, seen in ration top, and nothing of them afterwards."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, RATION, TOP, patiently, processes, wait_for
from terminal import Terminal

BUILD = Path(RATION).resolve().parent
DEMO = TOP / "scripts" / "demo-top"
# Others than the host have no Python or no terminal.
pytestmark = [pytest.mark.worlds("host"), pytest.mark.needs("cgroup")]
ROWS = ["compute", "half", "quarter", "judge", "memory", "grows", "small", "paused", "frozen"]


@pytest.fixture
def env(run):
    if not (BUILD / "ration-top").exists():
        pytest.skip("built without ration-top: libncurses-dev is missing")
    # What it makes for itself, such as the journal, is to be gone afterwards, too.
    temporary = run.file("temporary")
    temporary.mkdir()
    yield dict(BUILD=str(BUILD), TMPDIR=str(temporary))
    wait_for("its files to be gone", lambda: not list(temporary.iterdir()))
    wait_for("its processes to end", lambda: not run.alive())
    assert not [path for pid in MINE for path in groups_of(pid)]


MINE = set()


def groups_of(pid):
    """In all hierarchies: its namespace isn't that of the tests."""
    return [path for path, _, _ in os.walk("/sys/fs/cgroup") if f"/ration-demo-{pid}/" in path + "/"]


def names(lines):
    """The first words of the rows, in their order, without the short runs."""
    start = next((n + 1 for n, line in enumerate(lines) if line.startswith("group ")), len(lines))
    found = [line.lstrip("-+ ").split()[0] for line in lines[start:-1] if line.lstrip("-+ ")]
    return [name for name in found if not re.match(r"r\d+-", name)]


def demo_pid(run):
    """Its process, which the shell of the terminal has started; it names the namespace."""
    def found():
        return next((pid for pid in processes(run.marker) if command_of(pid)[1:2] == [str(DEMO)]), None)
    pid = wait_for("the demo", found)
    MINE.add(str(pid))
    return pid


def command_of(pid):
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    except OSError:
        return []


def is_whole(lines):
    """All rows, one frozen, and runs that the journal tells of."""
    return sorted(names(lines)) == sorted(ROWS) and any(line.split()[:2] == ["frozen", "F"] for line in lines) and \
        " runs " in lines[3] and not lines[3].endswith(" runs 0")


@pytest.mark.parametrize("end", ["q", "C-c", "terminal"])
def test_demo_top_on_a_terminal(run, env, end):
    """Tenants, groups and runs are there; each way to end it removes all."""
    with Terminal(run, [DEMO], 120, 30, **env) as terminal:
        terminal.wait("all rows and runs", is_whole)
        pid = demo_pid(run)
        if end != "terminal":
            terminal.keys(end)
            wait_for("it to end", lambda: terminal.ended() is not None)
            assert terminal.ended() == (0 if end == "q" else 130)
            # It ended when it had written that; tmux shows it when it has read it.
            wait_for("its last words", lambda: "All of it is removed." in terminal.tmux("capture-pane", "-p", "-S", "-50"))
    wait_for("it to end", lambda: pid not in run.alive())


def test_demo_top_without_a_terminal(run, env):
    """One table, and how the runs ended."""
    # Their limits end them, and they begin again: they may not be there just then.
    steady = [name for name in ROWS if name not in ("grows", "small")]

    def attempt(seconds):
        """All have to be there when the table is made."""
        done = subprocess.run([DEMO, "--interval", f"{seconds}s"], env=dict(run.env, **env), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE + seconds, check=False)
        assert done.returncode == 0 and done.stderr == "", done
        lines = done.stdout.splitlines()
        assert lines[-1] == "All of it is removed." and "verdict              runs" in lines, done.stdout
        head = next(n for n, line in enumerate(lines) if line.startswith("ration top "))
        MINE.add(lines[head].rpartition("ration-demo-")[2])
        found = names(lines[head:lines.index("verdict              runs")])
        found = found[:len(steady) + len({"grows", "small"} & set(found))]
        assert found == [name for name in ROWS if name in found], done.stdout
        return [name for name in found if name in steady] == steady

    patiently(attempt)


def test_demo_top_ends_by_a_signal(run, env):
    """At any time, and it has removed all before it ends."""
    process = subprocess.Popen([DEMO], env=dict(run.env, **env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    MINE.add(str(process.pid))
    wait_for("a run", lambda: groups_of(process.pid))
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=DEADLINE)[0]
    assert process.returncode == 128 + signal.SIGTERM and told.endswith("All of it is removed.\n"), told
