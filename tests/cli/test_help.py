# SPDX-License-Identifier: MIT
"""The help texts: what a reader sees first, and that it fits."""

import os
import re
import subprocess

import pytest

from conftest import DEADLINE, RATION

pytestmark = [pytest.mark.worlds("host")]

COMMANDS = ["run", "plan", "doctor", "create", "set", "show", "rm", "ls", "attach", "exec", "stat", "freeze", "thaw",
            "kill", "stop", "reclaim", "receipt", "record", "plot", "gc", "guard", "top", "metrics", "vm", "wrap", "help"]


def text(*words, columns=None):
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    if columns:
        env["COLUMNS"] = str(columns)
    done = subprocess.run([RATION, *words, "--help"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=True)
    return done.stdout


def sections(help_text):
    parts = re.split(r"^(\S[^\n.]*):$", help_text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_all_commands_are_known():
    assert re.findall(r"^  ([a-z]+) ", sections(text())["Commands"], re.M) == COMMANDS


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(words) or "ration")
def test_fits(command):
    assert max(map(len, text(*command).splitlines())) <= 80
    assert max(map(len, text(*command, columns=120).splitlines())) <= 120
    for line in text(*command).splitlines()[2:3]:
        assert 1 <= len(line.split()) <= 8, line


@pytest.mark.parametrize("columns", ["0", "-5", "x", "99999999999999999999", "1"])
def test_odd_widths(columns):
    """None breaks a word, or hangs."""
    assert text("run", columns=columns).split() == text("run").split()


def test_follows_the_width():
    assert len(text("create", columns=200).splitlines()) < len(text("create").splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_a_phrase(command):
    for name, phrase in re.findall(r"^  (?:-\w, )?(--[a-z-]+)[^\n]*?(?:  +|\n {30})(\S[^\n]*)$", text(command), re.M):
        assert 1 <= len(re.sub(r", e\.g\. \S+$", "", phrase).split()) <= 8, (name, phrase)


def test_run_begins_with_what_most_need():
    parts = sections(text("run"))
    assert list(parts)[:4] == ["Common limits", "Common options", "Limits and their enforcement", "Other limits"]
    common = re.findall(r"^  (?:-\w, )?--([a-z-]+)", parts["Common limits"], re.M)
    assert common == ["memory", "cpus", "pids", "timeout", "cpu-time"]
    table = re.findall(r"^  (\S+)", parts["Limits and their enforcement"], re.M)[1:]
    others = re.findall(r"^  --([a-z-]+)", parts["Other limits"], re.M)
    assert sorted(common + others) == sorted([*table, "files", "file-size", "rlimit"])


def test_the_table_says_what_enforces():
    rows = sections(text("run"))["Limits and their enforcement"]
    assert re.search(r"^  memory +memory\.max +cgroup1, watch +no limit$", rows, re.M)
    assert re.search(r"^  timeout +- +same everywhere +no limit$", rows, re.M)
