# SPDX-License-Identifier: MIT
"""What the tests of bindings/python have in common: the package of this tree on the library of this build.

A plugin of pytest, which each module names. What the world is, and where the programs are, is that of
tests/cli (conftest.py, world.py), whose marks hold here, too.
"""

import asyncio
import ctypes
import gc
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "bindings" / "python"), str(TOP / "tests" / "cli")]

from conftest import DEADLINE, HELPERS, NAMESPACE, ONCE, RATION, groups, wait_for  # noqa: E402
from world import HAS, counts_peak, holder  # noqa: E402

BUILD = Path(RATION).resolve().parent
LIBRARY = BUILD / "src" / "libration.so.0"
# The loader finds it by its name then.
ctypes.CDLL(str(LIBRARY))

import ration  # noqa: E402

__all__ = ["BUILD", "DEADLINE", "HAS", "HELPERS", "LIBRARY", "NAMESPACE", "ONCE", "RATION", "TOP", "children", "counts_peak", "groups", "helper", "holder", "ration",
           "script", "together", "wait_for"]


def helper(name):
    """A program of tests/helpers."""
    return str(Path(HELPERS) / name)


def together(coroutine):
    """Runs it in a loop of its own, within the deadline."""
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE))


@pytest.fixture
def sleeper():
    it = subprocess.Popen(["sleep", "1000"])
    yield it
    it.kill()
    it.wait()


def children():
    """Those of this process that haven't been waited for, the dead included."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except OSError:
            pass
    return found


def script(text, *words, **options):
    """A Python program of its own: argv and options of subprocess."""
    env = dict(os.environ, LD_LIBRARY_PATH=str(LIBRARY.parent), PYTHONPATH=str(TOP / "bindings" / "python"), PYTHONDONTWRITEBYTECODE="1")
    head = f"import ration\nhost = ration.Host(namespace={NAMESPACE!r}, helpers={str(BUILD)!r})\n"
    return [sys.executable, "-c", head + text, *words], dict(env=env, text=True, **options)


@pytest.fixture
def host():
    """A host of the tests' own. When it is gone there are no groups, children and fds that weren't there before."""
    gc.collect()
    before, fds = groups(), os.listdir("/proc/self/fd")
    with warnings.catch_warnings():
        # What enforces less than cgroup v2 is another world's concern.
        warnings.simplefilter("ignore", ration.EnforcementWarning)
        it = ration.Host(namespace=NAMESPACE, helpers=str(BUILD))
        yield it
        it.close()
    del it
    gc.collect()
    wait_for("an end of all children", lambda: not children())
    assert groups() - before == set()
    assert len(os.listdir("/proc/self/fd")) <= len(fds)
