# SPDX-License-Identifier: MIT
"""`ration exec --foreground`: the command has the terminal, and then whoever started ration has it again."""

import os
import signal

import pytest

from conftest import RATION, of_stat, wait_for
from test_wall import SEE, terminal  # noqa: F401

pytestmark = [pytest.mark.long("v2"), pytest.mark.needs("cgroup")]


@pytest.fixture
def script(hand, terminal):  # noqa: F811
    """script(COMMAND, REST): a shell without job control, which executes COMMAND in a group, and then REST."""
    hand.ok("create acme/g")
    hand.run.file("see").write_text(SEE.replace("; ", "\n"))

    def start(command, rest="", *options):
        hand.run.file("command").write_text(command)
        return terminal("", argv=["/bin/sh", "-c", f"{RATION} exec --foreground {' '.join(options)} acme/g -- "
                                  f"sh {hand.run.file('command')}; echo status $?; python3 {hand.run.file('see')} $$; {rest}"])
    return start


def owns(text):
    return [line for line in text.split() if line in ("own", "not")]


def test_exec_foreground(script, hand):
    """It reads, in a group of its own, and it is in the cgroup; ration isn't."""
    t = script(f"read x; echo got-$x; python3 {hand.run.file('see')} $$; cat /proc/self/cgroup /proc/$PPID/cgroup; exit 7",
               "read y; echo then-$y")
    t.type("a\nb\n")
    text = t.read()
    assert owns(text) == ["own", "own"] and "got-a" in text and "then-b" in text and "status 7" in text
    assert sum(line.startswith("0::") and line.endswith("/acme/g") for line in text.split()) == 1
    assert t.status() == 0


@pytest.mark.parametrize("key, code", [("\x03", 130), ("\x1c", 131)])
def test_exec_foreground_keys(script, key, code):
    """They are the command's alone: the script goes on, and has the terminal."""
    # dash loses a signal that comes while it starts a child.
    t = script("echo ready; exec sleep 1000", "read y; echo then-$y")
    t.read("ready")
    t.type(key)
    t.type("b\n")
    text = t.read()
    assert f"status {code}" in text and owns(text) == ["own"] and "then-b" in text
    assert t.status() == 0


# A shell with jobs, which is killed while one of them has the terminal.
JOB = """exec bash -mc 'sh -c "kill -9 \\$PPID"; echo never'"""


@pytest.mark.parametrize("how", ["kill -9 $$", "kill -SEGV $$", "exec true", JOB, "trap 'exit 4' TERM; kill $PPID; while :; do sleep .1; done"])
def test_exec_foreground_ends(script, how):
    """Whatever its end; a signal to ration is passed on."""
    t = script(how, "read y; echo then-$y")
    t.type("b\n")
    text = t.read()
    code = {"kill -9 $$": 137, JOB: 137, "kill -SEGV $$": 139, "exec true": 0}.get(how, 4)
    assert f"status {code}" in text and owns(text) == ["own"] and "then-b" in text
    assert t.status() == 0


def test_exec_foreground_stopped_alone(script):
    """Where no shell could continue it, Ctrl-Z doesn't stop it."""
    t = script("echo ready; read x; echo got-$x")
    t.read("ready")
    t.type("\x1a")
    t.type("a\n")
    text = t.read()
    assert "got-a" in text and "status 0" in text and owns(text) == ["own"]
    t.status()


def test_exec_foreground_of_a_job(hand, terminal):  # noqa: F811
    """Under a shell with job control Ctrl-Z stops both, and fg lets both go on."""
    hand.ok("create acme/g")
    t = terminal("", argv=["/bin/bash", "--norc", "-im"])
    t.type(f"{RATION} exec --foreground acme/g -- sh -c 'echo rea''dy; read x; echo got-$x; exit 3'\n")
    t.read("ready")
    for _ in range(2):
        t.type("\x1a")
        assert "Stopped" in t.read("$ ")
        wait_for("both to stop", lambda: [of_stat(pid)[0] for pid, name in hand.run.alive().items() if name in ("sh", "ration")] == ["T"] * 2)
        t.type("echo back-in-the-''shell; fg\n")
        t.read("back-in-the-shell")
        wait_for("it to go on", lambda: "T" not in {of_stat(pid)[0] for pid in hand.run.alive()})
    t.type("words\n")
    t.read("got-words")
    t.type("echo status-$?\n")
    t.read("status-3")
    t.type("exit\n")
    t.status()


def test_exec_foreground_hang_up(script, hand):
    """The terminal goes away: so does the command, and ration with it."""
    t = script("echo ready; sleep 1000")
    t.read("ready")
    t.hang_up()
    wait_for("all to be gone", lambda: set(hand.run.alive()) <= {t.pid})
    t.status()


def test_exec_foreground_of_what_does_not_start(hand, terminal):  # noqa: F811
    hand.ok("create acme/g")
    for command, code in ((str(hand.run.tmp), 126), ("no-such-command", 127)):
        t = terminal("", argv=["/bin/sh", "-c", f"{RATION} exec --foreground acme/g -- {command}; echo status $?; read x; echo got-$x"])
        t.type("a\n")
        text = t.read()
        assert "got-a" in text and f"status {code}" in text and t.status() == 0


def test_exec_foreground_of_nothing(hand):
    """Without a terminal there is nothing to hand over; the status is passed on all the same."""
    hand.ok("create acme/g")
    r = hand.run.program(["setsid", "-w", RATION, "exec", "--foreground", "acme/g", "--", "sh", "-c", "ps -o pgid= $PPID $$ | sort -u | wc -l; exit 9"])
    assert (r.code, r.stdout.strip()) == (9, "1"), r
    r = hand.run.program(["setsid", "-w", RATION, "exec", "--foreground", "acme/g", "--", "sh", "-c", "kill -TERM $$"])
    assert r.code == 128 + signal.SIGTERM, r
    r = hand.run.program([RATION, "exec", "--foreground", "acme/none", "--", "true"])
    assert r.code == 125 and os.getpgrp() == os.getpgid(0)
