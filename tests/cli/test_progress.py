# SPDX-License-Identifier: MIT
"""ration run --progress: one line at the bottom of a terminal, which is never in the command's way."""

import os
import pty
import shlex
import subprocess

import pytest

from conftest import DEADLINE, RATION, wait_for
from terminal import Terminal

pytestmark = [pytest.mark.anywhere]

# Waits for a file without a process more.
SCRIPT = """
gate() {{ while [ ! -e {0}/$1 ]; do sleep .05; done; }}
printf partial; gate one
printf ' line\\n'; i=1; while [ $i -le 30 ]; do echo "line $i"; i=$((i+1)); done; gate two
exit 3
"""


class Screen:
    """A terminal, of tmux's, with `ration run` on it."""

    def __init__(self, run, columns=80, rows=12, options="", env=(), script=SCRIPT):
        self.socket, self.gates, self.env = run.tmp / "tmux", run.tmp, dict(run.env, TERM="screen", **dict(env))
        words = [RATION, "run", "--progress", "--timeout", "1000s", *shlex.split(options), "--", "sh", "-c", script.format(run.tmp)]
        self.tmux("new-session", "-d", "-x", columns, "-y", rows, f"{shlex.join(words)}; echo status $?; cat")

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *map(str, words)], env=self.env, capture_output=True,
                              text=True, timeout=DEADLINE, check=True)
        return done.stdout

    def rows(self):
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def wait(self, what, condition):
        return wait_for(what, lambda: [rows for rows in [self.rows()] if condition(rows)])[0]

    def open(self, gate):
        (self.gates / gate).touch()


@pytest.fixture
def screen(run):
    made = []

    def make(*args, **kwargs):
        made.append(Screen(run, *args, **kwargs))
        return made[-1]
    yield make
    for each in made:
        each.tmux("kill-server")
    wait_for("the end of tmux", lambda: not run.alive())


def test_the_line_is_below_and_gone(screen):
    """What the command writes is whole, in the middle of a line as well; after the end there is no trace."""
    it = screen()
    it.wait("the line, and what the command has written", lambda rows: "time [" in rows[-1] and rows[0] == "partial")
    it.open("one")
    rows = it.wait("30 lines", lambda rows: "line 30" in rows)
    it.wait("the line again", lambda rows: "time [" in rows[-1])
    assert [row for row in rows if row.startswith("line ")] == [f"line {i}" for i in range(31 - sum(
        row.startswith("line ") for row in rows), 31)]
    assert sum(row.startswith("line ") for row in rows) >= 9 and not any("time [" in row for row in rows[:-1])
    it.open("two")
    rows = it.wait("the end", lambda rows: any("status 3" in row for row in rows))
    assert not any("time" in row for row in rows) and "line 30" in rows


def test_another_size(screen):
    """The line is where the bottom is now, and as short as the terminal is narrow."""
    it = screen(columns=100, rows=20)
    it.wait("the line", lambda rows: "time [" in rows[-1])
    it.tmux("resize-window", "-x", 40, "-y", 10)
    rows = it.wait("the line at the new bottom", lambda rows: len(rows) == 10 and "time [" in rows[-1])
    assert len(rows[-1]) < 40
    it.tmux("resize-window", "-x", 100, "-y", 15)
    it.wait("one line", lambda rows: len(rows) == 15 and ["time [" in row for row in rows] == [False] * 14 + [True])
    it.open("one")
    it.open("two")
    it.wait("the end", lambda rows: any("status 3" in row for row in rows) and not any("time [" in row for row in rows))


def test_stopped(run):
    """At Ctrl-Z the shell gets a whole terminal; when the run goes on, the line is there again."""
    words = shlex.join([RATION, "run", "--progress", "--timeout", "1000s", "--", "sleep", "1000"])
    with Terminal(run, ["env", "PS1=$ ", "bash", "--norc", "--noprofile"], 80, 12) as it:
        it.keys(words, "Enter")
        it.wait("the line", lambda rows: any("time [" in row for row in rows))
        it.keys("C-z")
        it.wait("the shell", lambda rows: any("Stopped" in row for row in rows) and not any("time [" in row for row in rows))
        it.keys("clear; seq 100", "Enter")
        it.wait("all of the terminal", lambda rows: rows[0] == "90" and rows[10] == "100")
        it.keys("fg", "Enter")
        it.wait("the line again", lambda rows: "time [" in rows[-1])
        it.keys("C-c")
        it.wait("its end", lambda rows: not any("time [" in row for row in rows) and any(row.endswith("$") for row in rows[-3:]))
        it.keys("exit", "Enter")
        wait_for("the shell to end", lambda: it.ended() is not None)


def test_ascii(screen):
    it = screen(env={"LC_ALL": "C", "NO_COLOR": "1"}.items(), options="--cpu-time 1000s")
    rows = it.wait("the line", lambda rows: "time [" in rows[-1])
    assert rows[-1].isascii() and "[#---------]" in rows[-1]
    it.open("one")
    it.open("two")
    it.wait("the end", lambda rows: any("status 3" in row for row in rows))


def test_not_without_a_terminal(run):
    """Not a byte more where standard error isn't one, or can't move its cursor."""
    r = run.command("run", "--progress", "--", "sh", "-c", "sleep .6; echo out; echo err >&2")
    assert (r.code, r.stdout, r.stderr) == (0, "out\n", "err\n")
    ours, theirs = pty.openpty()
    with subprocess.Popen([RATION, "run", "--progress", "--", "sh", "-c", "sleep .6; echo err >&2"], stdin=subprocess.DEVNULL,
                          env=dict(run.env, TERM="dumb"), stdout=subprocess.DEVNULL, stderr=theirs) as popen:
        assert popen.wait(DEADLINE) == 0
    os.close(theirs)
    assert os.read(ours, 1000) == b"err\r\n"
    os.close(ours)


def test_not_with_exec(run):
    r = run.command("run", "--exec", "--progress", "--", "true")
    assert r.code == 125 and "--progress" in r.stderr
