# SPDX-License-Identifier: MIT
"""Hostile surroundings: what a run is started with, and what is around it that others have made.

Attacks as in test_attacks.py, and listed with them in docs/attacks.md.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

root = pytest.mark.needs("root")

# Its owner holds a lease on a program: who opens it waits for 45 s, or as long as a file system takes that doesn't answer.
LEASE = """import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
open(sys.argv[2], "w").write("ready")
signal.pause()"""


@pytest.fixture
def leased(run):
    """A program that can't be opened now."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "program"
        program.write_bytes(Path("/bin/true").read_bytes())
        program.chmod(0o755)
        program.parent.chmod(0o755)
        holder = subprocess.Popen([sys.executable, "-c", LEASE, str(program), str(run.file("held"))], stdin=subprocess.DEVNULL)
        run.ready("held")
        yield program
        holder.kill()
        holder.wait()


@pytest.mark.parametrize("options", ["", pytest.param("--user daemon", marks=root)], ids=["caller", "user"])
def test_attack_program_that_cannot_be_read(run, leased, options):
    """Whoever holds up its program: the limit of time ends the run."""
    r = run(f"--timeout .1 {options}", [str(leased)])
    assert (r.code, r.verdict, r.usage["wall_usec"] < 40e6) == (124, "wall-time", True), r
