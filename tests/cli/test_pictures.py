# SPDX-License-Identifier: MIT
"""README's pictures: what scripts/pictures makes of a terminal, and those that are there."""

import importlib.machinery
import importlib.util
import re
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

pytestmark = [pytest.mark.anywhere]

TOP = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pictures():
    loader = importlib.machinery.SourceFileLoader("pictures", str(TOP / "scripts" / "pictures"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pictures", loader))
    loader.exec_module(module)
    return module


def test_a_terminal_as_svg(pictures):
    """Text stays text; colours, bold, dim and reverse are what they are there; nothing of it is markup."""
    screen = "\x1b[1mbold\x1b[0m a<b & \x1b[31mred\x1b[39m\n\x1b[7mturned\x1b[27m \x1b[38;5;196mmany\x1b[0m\n\x1b[32m██▌\x1b[0m\n"
    root = xml.fromstring(pictures.svg(screen, "a <title>"))
    texts = {text.text: text for text in root.iter(f"{SVG}text")}
    assert root.find(f"{SVG}title").text == "a <title>"
    assert texts["bold"].get("font-weight") == "bold" and texts["a<b &"].get("font-weight") is None
    assert texts["red"].get("fill") == pictures.COLOURS[1] and texts["many"].get("fill") == "#ff0000"
    assert texts["turned"].get("fill") == pictures.GROUND
    bars = [float(bar.get("width")) for bar in root.iter(f"{SVG}rect") if bar.get("fill") == pictures.COLOURS[2]]
    assert bars == pytest.approx([pictures.WIDTH, pictures.WIDTH, pictures.WIDTH / 2], abs=.01)


def test_those_that_are_there():
    """Each that README shows is a whole SVG that asks nobody for anything."""
    names = re.findall(r"\]\((docs/pictures/[^)]+)\)", (TOP / "README.md").read_text())
    assert len(names) == 2
    for name in names:
        text = (TOP / name).read_text()
        xml.fromstring(text)
        links = re.findall(r"(?:href|src)=\"([^\"]*)|url\(([^)]*)\)", text)
        assert all((a or b).startswith("#") for a, b in links), (name, links)
        assert "<script" not in text and "@import" not in text
