# SPDX-License-Identifier: MIT
"""The README's console examples, run as they stand."""

import re

import pytest

import pages

BLOCKS = pages.blocks("README.md", "console")

# What they show of a peak is counted since 5.19.
pytestmark = [pytest.mark.worlds("v2"), pytest.mark.since((5, 19))]


def plain(text, command):
    """Text without what differs from run to run: process numbers, ages, usage."""
    text = re.sub(r"^(  acme/vm7:) \d+$", r"\1 PID", text, flags=re.M)
    return pages.plain(text, pages.KINDS if command.endswith(" ls") else ())


def test_there_are_some():
    assert len(BLOCKS) == 4 and sum(len(block.steps()) for block in BLOCKS) >= 12


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: "_".join(block.text.split()[2:4]))
def test_console(hand, block, tmp_path):
    with pages.Session(hand, tmp_path, plain=plain) as session:
        session.run(block)
