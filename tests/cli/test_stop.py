# SPDX-License-Identifier: MIT
"""ration stop: a run that another process ends."""

import signal
from pathlib import Path

import pytest

from conftest import hold_signals, patiently, wait_for


pytestmark = [pytest.mark.long("v2"), pytest.mark.needs("cgroup")]


def started(run, options, command, **popen):
    running = run.start(f"--group stopped/one {options}", command, **popen)
    run.ready("up")
    return running


def script(run, words):
    return ["sh", "-c", f"{words}; echo ready >{run.file('up')}; sleep 1000 & wait; sleep 1000"]


def test_P11_stop(run):
    """It returns when the run is over: the group is gone."""
    running = started(run, "--timeout 1000", script(run, ":"))
    r = run.command("stop", "stopped/one")
    assert (r.code, r.stderr) == (0, "") and r.stdout.startswith("stopped/one: stopped "), r
    assert run.groups() == set() or not any(path.endswith("/one") for path in run.groups())
    r = running.wait()
    assert (r.code, r.verdict) == (143, "interrupted")
    assert r.receipt["exit"]["signal"] == signal.SIGTERM


def test_P11_after_the_command(run):
    """A run that waits for all is one until the last has ended."""
    running = run.start("--wait-all --group stopped/one", ["sh", "-c", f"sleep 1000 & echo $$ ready >{run.file('up')}"])
    run.ready("up")
    command = Path("/proc", run.file("up").read_text().split()[0])
    wait_for("the command's end", lambda: not command.exists())
    r = run.command("stop", "stopped/one")
    assert (r.code, r.stderr) == (0, ""), r
    r = running.wait()
    assert r.verdict == "interrupted", r


def test_P11_a_signal_of_choice(run):
    running = run.start("--group stopped/one", f"onsignal 3 {run.file('log')}", preexec_fn=hold_signals)
    run.one("onsignal")
    assert run.command("stop", "--signal", "INT", "--kill-after", "500", "stopped/one").code == 0
    r = running.wait()
    assert (r.code, r.verdict, r.receipt["exit"]["status"]) == (128 + signal.SIGINT, "interrupted", 3)


def test_P11_what_ignores_it_is_killed(run):
    running = started(run, "", script(run, "trap '' TERM"))
    assert run.command("stop", "stopped/one").code == 0
    r = running.wait()
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (143, "interrupted", 9)


def test_P11_a_limit_was_sooner(run):
    def attempt(seconds):
        """Its trap has to be there before its time is up."""
        run.file("up").unlink(missing_ok=True)
        running = run.start(f"--group stopped/one --timeout {seconds / 2} --kill-after 500",
                            script(run, f"trap 'echo term >{run.file('term')}' TERM"))
        wait_for("the signal", lambda: run.said("term", "term") or running.popen.poll() is not None)
        if run.said("term", "term"):
            assert run.command("stop", "--signal", "KILL", "stopped/one").code == 0
        assert running.wait().verdict == "wall-time"
        return run.said("term", "term")

    patiently(attempt)


def test_P11_a_group_without_a_run(run):
    """It is emptied, and stays."""
    assert run.command("create", "stopped/kept").code == 0
    r = run.command("stop", "stopped/kept")
    assert (r.code, r.stdout) == (0, "stopped/kept: stopped 0 processes\n"), r
    assert run.command("rm", "stopped").code == 0


def test_P11_bad_input(run):
    for words, text in [(["stopped/none"], "stopped/none"), ([], "missing argument: GROUP"),
                        (["--signal", "none", "a/b"], "no such signal"), (["--kill-after", "x", "a/b"], "--kill-after x")]:
        r = run.command("stop", *words)
        assert r.code == 125 and text in r.stderr, r
    assert run.command("stop", "--ignore-missing", "stopped/none").code == 0
    assert run.command("create", "stopped").code == 0
    r = run.command("stop", "stopped")
    assert r.code == 125 and "is a tenant" in r.stderr, r
    assert run.command("rm", "stopped").code == 0


@pytest.mark.worlds("host", "v2")
@pytest.mark.needs("root")
def test_P11_by_whom(run):
    """Another uid can neither signal its processes nor leave the note: the run lives."""
    running = started(run, "", script(run, ":"))
    r = run.command("stop", "--timeout", "1", "stopped/one", before=["setpriv", "--reuid", "65534", "--clear-groups"])
    assert r.code == 125, r
    assert running.popen.poll() is None
    assert run.command("stop", "stopped/one").code == 0
    assert running.wait().verdict == "interrupted"
