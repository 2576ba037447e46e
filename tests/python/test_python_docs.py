# SPDX-License-Identifier: MIT
"""The examples of README.md and docs/python.md, run as they stand."""

import re
import subprocess

import pytest
from setting import DEADLINE, script

import pages

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2")]


def examples(name):
    """Each block of Python, and what the text behind it says that it prints."""
    for block in pages.blocks(name, "python"):
        said = re.match(r"(?:That|It) prints (.*?)\.(?:\s|$)", block.behind, re.S)
        yield block.text, re.findall(r"`([^`]+)`", said[1]) if said else None


EXAMPLES = [*examples("README.md"), *examples("docs/python.md")]


def test_there_are_some():
    assert len(EXAMPLES) == 5 and all(said for _, said in EXAMPLES)


@pytest.mark.parametrize("block, said", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example(host, block, said):
    from world import HAS
    if "Group.create" in block and "memory" not in HAS:
        return  # it takes the controllers of cgroup v2, as it says
    # As they stand, but for how fast this machine is.
    block = re.sub(r'timeout="\w+"', f'timeout="{int(DEADLINE)}s"', block)
    argv, options = script("import os\nration._host._default = os.getpid(), host\n" + block, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    done = subprocess.run(argv, timeout=DEADLINE, check=False, **options)
    assert (done.returncode, done.stdout.splitlines()) == (0, said), done.stderr
