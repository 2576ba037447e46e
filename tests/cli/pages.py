# SPDX-License-Identifier: MIT
"""What a page of the documentation shows, so that tests run it as it stands.

A page is read as blocks. Those of ```console have commands behind `$ ` or `# `, and what
they print. In what they print, `…` is anything within a line, and a line of its own any
number of lines. Before a block there can be a comment, which a reader doesn't see:

    <!-- test: host v2; vary: times sizes; bed: 1s=100s -->

`test` has the worlds where the block is run (v2 if it isn't there), `vary` what differs from run
to run: numbers with a unit of this kind are compared by their unit only. `bed` has what is replaced in
the block where the machine is emulated: there, a second of CPU time is no long time.

Any other block is a file, whose name stands in the line before: "`judge.sh`:".
"""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conftest import DEADLINE, NAMESPACE, RATION, TOP, wait_for
from world import HAS

KINDS = {"times": r"(?:us|ms|s|min|h)\b", "sizes": r"(?:[KMG]i)?B\b", "percents": "%"}
BLOCK = re.compile(r"(?:<!-- (?P<comment>[^>]*) -->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass
class Block:
    """`before` and `behind` are the paragraphs around it."""
    page: str
    line: int
    language: str
    text: str
    options: dict
    before: str
    behind: str

    def steps(self):
        """Pairs of a command and what the page shows of its output. A backslash continues a command."""
        parts = re.split(r"^[$#] ((?:.*\\\n)*.*)\n", self.here(), flags=re.M)
        assert parts[0] == "", f"{self}: no command"
        return list(zip(parts[1::2], parts[2::2]))

    def worlds(self):
        return self.options.get("test", "v2").split()

    def file(self):
        """The name of the file that it is: the last one in backquotes in the line before, which ends with a colon."""
        names = re.findall(r"`([\w.-]+)`", self.before.splitlines()[-1])
        return names[-1] if names and self.before.endswith(":") and self.language != "console" else None

    def here(self):
        """Its text, as this machine takes it."""
        text = self.text
        for pair in self.options.get("bed", "").split() if "vm" in HAS else ():
            old, new = pair.split("=")
            assert old in text, f"{self}: no {old}"
            text = re.sub(rf"\b{old}\b", new, text)
        return text

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks(name, language=None):
    """The blocks of a page, or those of one language."""
    text = (TOP / name).read_text()
    found = []
    for match in BLOCK.finditer(text):
        pairs = [part.split(":") for part in (match["comment"] or "").split(";") if part]
        found.append(Block(name, text.count("\n", 0, match.start("language")) + 1, match["language"], match["text"],
                           {key.strip(): value.strip() for key, value in pairs},
                           text[:match.start()].rstrip().rpartition("\n\n")[2], text[match.end():].lstrip("\n").partition("\n\n")[0]))
    return [block for block in found if language in (None, block.language)]


def plain(text, vary=()):
    """Lines without what differs from run to run, and without columns."""
    text = text.replace(f"/{NAMESPACE}/", "/ration/")
    for kind in vary:
        text = re.sub(rf"\b\d+(?:\.\d+)? ?{KINDS[kind]}", f"N {kind}", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def same(shown, said):
    """Whether lines are as a page shows them."""
    rule = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".+") + r"\n" for line in shown)
    return re.fullmatch(rule, "".join(f"{line}\n" for line in said)) is not None


class Session:
    """Runs the commands of blocks in one directory. Those that end with & go on; `with` ends them."""

    def __init__(self, hand, directory, env=(), plain=None):
        self.hand, self.directory, self.plain = hand, directory, plain
        path = f"{Path(RATION).parent}:{hand.run.env.get('PATH', '/usr/bin:/bin')}"
        # What runs the tests may be a make, whose words for those below it a reader's make hasn't.
        of_make = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
        self.env = {name: value for name, value in dict(hand.run.env, PATH=path, **dict(env)).items() if name not in of_make}
        self.left, self.status = [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.left:
            process.kill()
            process.wait()

    def begin(self, command):
        """One that goes on, until its group (the first word like acme/vm7) has a process."""
        self.left.append(subprocess.Popen(["bash", "-c", f"exec {command}"], env=self.env, cwd=self.directory, stdin=subprocess.DEVNULL))
        address = next(word for word in shlex.split(command) if re.fullmatch(r"\w+/\w+", word))

        def inside():
            if self.hand(["show", address]).code != 0:
                return False
            return (self.hand.path(address) / "cgroup.procs").read_text()
        wait_for("the command", inside)

    def run(self, block):
        vary = block.options.get("vary", "").split()
        for command, shown in block.steps():
            if command.endswith("&"):
                self.begin(command[:-1])
                continue
            done = subprocess.run(["bash", "-c", f"(exit {self.status}); {command}"], env=self.env, cwd=self.directory, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
            self.status = done.returncode
            lines = [self.plain(text, command) if self.plain else plain(text, vary) for text in (shown, done.stdout)]
            assert same(*lines), f"{block}: {command}\n{done.stdout}\nas lines: {lines[1]}\nbut shown: {lines[0]}"


def library(directory):
    """An environment in which programs find this build's library, C compilers its header, Python its package, and
    `ration` the profiles of this tree."""
    build = Path(RATION).resolve().parent
    shutil.copytree(TOP / "profiles", directory / "config" / "ration")
    (directory / "sitecustomize.py").write_text(
        "import os, ration\n"
        f"ration._host._default = os.getpid(), ration.Host(namespace={NAMESPACE!r}, helpers={str(build)!r})\n")
    return {"LD_LIBRARY_PATH": str(build / "src"), "PKG_CONFIG_PATH": str(build / "meson-uninstalled"), "CPATH": str(TOP / "include"),
            "PYTHONPATH": os.pathsep.join((str(directory), str(TOP / "bindings" / "python"))), "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_CONFIG_HOME": str(directory / "config")}
