# SPDX-License-Identifier: MIT
"""Waiting: each wait has an end, and says what it waits for; messages never block."""

import signal

import pytest

# What would end a process that doesn't know them; faults are ration's own.
ENDING = ["SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGABRT", "SIGTRAP",
          "SIGSYS", "SIGRTMIN", "SIGRTMAX"]


@pytest.mark.parametrize("name", ENDING)
def test_FB11_any_signal_ends_the_run(run, name):
    """As SIGTERM does: nothing is left to the keeper, and there is a receipt."""
    sig = getattr(signal, name)
    r = run.start("", ["sh", "-c", f"echo ready >{run.file('log')}; exec sleep 1000"])
    run.ready("log")
    r.signal(sig)
    r = r.wait()
    assert (r.code, r.verdict) == (128 + sig, "interrupted"), r


def test_FB11_ignored_stays_ignored(run):
    """A signal that was ignored when ration started is left alone."""
    r = run.start("", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000 & wait"],
                  preexec_fn=lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN))
    run.ready("log")
    r.signal(signal.SIGALRM)
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert (r.code, r.verdict) == (128 + signal.SIGTERM, "interrupted"), r
