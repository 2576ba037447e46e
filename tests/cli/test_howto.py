# SPDX-License-Identifier: MIT
"""docs/howto/: each command in it is run, and prints what the page says. Those for Slurm: tests/slurm/cluster."""

import re

import pytest

import pages
from conftest import TOP
from world import KERNEL, WORLD, strict

pytestmark = [pytest.mark.long("v2")]

NAMES = sorted(path.name for path in (TOP / "docs" / "howto").glob("*.md"))
# Hundreds of runs in one page.
LONG = ("many-runs.md",)
PAGES = {name: pages.blocks(f"docs/howto/{name}") for name in NAMES}
# What they show of a peak is counted since 5.19.
HERE = KERNEL >= (5, 19) if WORLD == "v2" else strict()


def text(name):
    return (TOP / "docs" / "howto" / name).read_text()


def for_here(block):
    return block.language == "console" and WORLD in block.worlds()


@pytest.mark.worlds("host", "v2")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in LONG else [])
                                  for name in NAMES if HERE and any(map(for_here, PAGES[name]))])
def test_console(hand, name, tmp_path):
    """All of a page, in one directory."""
    here = tmp_path / "page"
    here.mkdir()
    for block in PAGES[name]:
        if block.file():
            (here / block.file()).write_text(block.here())
    with pages.Session(hand, here, pages.library(tmp_path)) as session:
        for block in filter(for_here, PAGES[name]):
            session.run(block)


@pytest.mark.anywhere
@pytest.mark.worlds("host")
@pytest.mark.parametrize("name", NAMES)
def test_no_block_is_left_out(name):
    """Each is run somewhere, or is a file that a command there takes; no other kind of block is there."""
    commands = [command for block in PAGES[name] if block.language == "console" for command, _ in block.steps()]
    for block in PAGES[name]:
        if block.language == "console":
            assert block.steps() and set(block.worlds()) <= {"host", "v2", "slurm"} and block.worlds(), block
        elif block.language == "yaml":
            assert block.file() and set(re.findall(r"ration .*", block.text)) <= set(commands), block
        else:
            assert block.file() and any(block.file() in command or block.file() == "Makefile" for command in commands), block
    assert text(name).count("\n```") == 2 * len(PAGES[name]) and not re.search(r"^(?: {4}|\t)", re.sub(
        r"^```.*?^```", "", text(name), flags=re.M | re.S), re.M)


@pytest.mark.anywhere
@pytest.mark.worlds("host")
def test_pages_are_linked():
    assert [name for name in NAMES if name != "README.md" and f"({name})" not in text("README.md")] == []
    assert "(docs/howto/README.md)" in (TOP / "README.md").read_text()


@pytest.mark.anywhere
@pytest.mark.worlds("host")
@pytest.mark.parametrize("name", NAMES)
def test_flags_are_there(run, name):
    """Each flag of ration that a table or a sentence names."""
    known = {}

    def flags(command):
        if command not in known:
            known[command] = set(re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", run.command(command, "--help").stdout))
        return known[command]

    for words in ours(name):
        command = words[1] if words[:1] == ["ration"] else "run"
        for word in words[:words.index("--")] if "--" in words else words:
            if word.startswith("-"):
                assert word.partition("=")[0] in flags(command), f"docs/howto/{name}: {' '.join(words)}"


def ours(name):
    """The words of what is in backquotes and is ration's: in a column of that name, or begins with it, or stands in
    text by itself as a flag does."""
    column = None
    for line in re.sub(r"^```.*?^```", "", text(name), flags=re.M | re.S).splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 3:
            column = None
        elif column is None:
            column = next((i for i, cell in enumerate(cells) if cell.startswith("`ration")), None)
        for i, cell in enumerate(cells):
            for code in re.findall(r"`([^`]+)`", cell):
                words = code.split()
                if column is not None and i == column and words[0][0] == "-" or words[0] == "ration" and len(words) > 1:
                    yield words
