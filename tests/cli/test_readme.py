# SPDX-License-Identifier: MIT
"""The README's console examples, run as they stand."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, wait_for

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README.read_text(), re.M | re.S)

# What they show of a peak is counted since 5.19.
pytestmark = [pytest.mark.worlds("v2"), pytest.mark.since((5, 19))]


def steps(block):
    """Pairs of a command and what the README shows of its output."""
    parts = re.split(r"^[$#] (.*)\n", block, flags=re.M)
    assert parts[0] == ""
    return list(zip(parts[1::2], parts[2::2]))


def plain(text, command):
    """Text without what differs from run to run: process numbers, ages, usage."""
    text = text.replace(f"/{NAMESPACE}/", "/ration/")
    text = re.sub(r"^(  acme/vm7:) \d+$", r"\1 PID", text, flags=re.M)
    if command.endswith(" ls"):
        text = re.sub(r"\b(\d+)(\.\d+)? ([KMG]?i?B|us|ms|s|min)\b", r"N", text)
        text = re.sub(r"\d+\.\d%", "N%", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_there_are_some():
    assert len(BLOCKS) == 4 and sum(len(steps(block)) for block in BLOCKS) >= 12


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: "_".join(block.split()[2:4]))
def test_console(hand, run, block, tmp_path):
    env = dict(run.env, PATH=f"{Path(RATION).parent}:{run.env.get('PATH', '/usr/bin:/bin')}")
    left, status = [], 0
    try:
        for command, shown in steps(block):
            if command == "echo $?":
                assert shown == f"{status}\n", command
                continue
            if command.endswith("&"):
                left.append(subprocess.Popen(shlex.split(command[:-1]), env=env, cwd=tmp_path))
                group = hand.path(shlex.split(command)[2])
                wait_for("the command", lambda: (group / "cgroup.procs").read_text())
                continue
            done = subprocess.run(["bash", "-c", command], env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
            said, status = plain(done.stdout, command), done.returncode
            wanted = plain(shown, command)
            # Of `ration vm` the first lines are shown.
            assert said[:len(wanted) if " vm " in command else None] == wanted, command
    finally:
        for process in left:
            process.kill()
            process.wait()
