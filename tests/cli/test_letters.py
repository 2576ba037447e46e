# SPDX-License-Identifier: MIT
"""Words that hands know from elsewhere: letters, and the options of other tools."""

import json
import re
import signal
from pathlib import Path

import pytest

from test_input import refused  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.anywhere]

TOP = Path(__file__).resolve().parents[2]
SOURCE = TOP / "src" / "cli" / "options" / "foreign.c"
LETTERS = {"-C": "--chdir", "-h": "--help", "-k": "--kill-after", "-m": "--memory", "-q": "--quiet", "-s": "--signal",
           "-u": "--user", "-v": "--verbose"}
FOREIGN = re.findall(r'^\t\{ "(--\S+)", "(--\S+)", "(.*)" \},$', SOURCE.read_text(), re.M)


def test_these_letters_and_no_others(run):
    found = dict(re.findall(r"^  (-\w), (--[a-z-]+)", run.command("run", "--help").stdout, re.M))
    assert found == LETTERS
    found = dict(re.findall(r"^  (-\w), (--[a-z-]+)", run.command("exec", "--help").stdout, re.M))
    assert found == {letter: LETTERS[letter] for letter in ("-C", "-h", "-u")}


@pytest.mark.parametrize("words", ["-s KILL --timeout .1", "-sKILL --timeout=.1", "-s=9 --timeout .1", "-qs 9 --timeout .1",
                                   "-qsKILL --timeout .1", "--timeout .1 -k0 -s KILL"])
def test_signal_and_its_delay(run, words):
    r = run(words, "sleep 1000")
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", signal.SIGKILL)


def test_bundled(run):
    r = run("-vq", "true")
    assert r.code == 0 and "verdict   ok" in r.stderr
    r = run("-vm512M --enforce any", "true")
    assert r.limit("memory")["asked"] == 512 << 20 and "verdict   ok" in r.stderr
    assert run("-qC/usr", "pwd").stdout == "/usr\n"
    assert run.command("run", "-qvh").stdout == run.command("run", "--help").stdout


@pytest.mark.parametrize("options, words", [
    ("-x", ("unknown option -x", "--help")), ("-vx", ("unknown option -vx",)),
    ("-q=1", ("--quiet", "takes no value")), ("-k= ", ("--kill-after",)),
    ("-m512M -m1G", ("--memory is given twice: 512M and 1G",)), ("-m1G --memory 2G", ("--memory is given twice",)),
    ("-timeout 5", ("unknown option -timeout", "--timeout")), ("-kx", ("--kill-after x", "not a duration", "ms, s, min"))])
def test_wrong_letters(refused, options, words):  # noqa: F811
    refused(options, *words)


def test_a_letter_before_dashes(run):
    r = run.command("run", "-k", "--", "true")
    assert r.code == 125 and "--kill-after" in r.stderr


def test_the_table_names_what_there_is(run):
    """And nothing that is ours."""
    ours = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", run.command("run", "--help").stdout, re.M))
    assert len(FOREIGN) > 40 and len({theirs for theirs, _, _ in FOREIGN}) == len(FOREIGN)
    assert {mine for _, mine, _ in FOREIGN} <= ours and not {theirs for theirs, _, _ in FOREIGN} & ours


@pytest.mark.parametrize("theirs, mine", [
    ("--mem-limit", "--memory"), ("--time-limit", "--timeout"), ("--memory-max", "--memory"), ("--uid", "--user"),
    ("--working-directory", "--chdir"), ("--gid", "--user USER:GROUP"), ("--fsize", "--file-size"), ("--address-space", "--rlimit as=SIZE"), ("--pids-limit", "--pids")])
def test_what_another_tool_calls_it(refused, theirs, mine):  # noqa: F811
    for options in ([theirs, "5"], [f"{theirs}=5"]):
        refused(options, f"unknown option {theirs}", f"did you mean {mine}?")


@pytest.mark.parametrize("words, owners", [
    (["create", "--timeout", "5", "acme"], ["run", "plan"]), (["attach", "--memory", "64M", "acme/x", "1"], ["run", "create", "set"]),
    (["run", "--budget", "runs=1", "true"], ["create", "set"]), (["--memory", "64M", "run", "true"], ["behind", "run"])])
def test_an_option_of_other_commands(run, words, owners):
    """The hint names those that have it: a limit of a run can't be one of a group that stays."""
    r = run.command(*words)
    assert r.code == 125 and "unknown option --" in r.stderr
    hint = r.stderr.partition("hint: ")[2]
    assert "have it" in hint or "has it" in hint
    assert all(re.search(rf"\b{word}\b", hint) for word in owners), r.stderr


def test_a_plain_number_is_bytes(run):
    """Other tools take 64 for MiB."""
    assert "--memory 64: below 1 MiB (a plain number is bytes)" in run.command("plan", "--memory", "64").stderr
    assert "plain number" not in run.command("plan", "--memory", "64K").stderr


@pytest.mark.parametrize("command, text", [("freeze", "5s"), ("thaw", "5s"), ("kill", "10s"), ("stop", "10s")])
def test_the_default_of_its_own_timeout(run, command, text):
    """The four shared one text, which told of two of them."""
    page = (TOP / "man" / f"ration-{command}.1").read_text().partition(".It Fl Fl timeout Ar")[2]
    assert re.search(rf"--timeout DURATION .*default: {text}$", run.command(command, "--help").stdout, re.M)
    assert f"Default: {text.replace('s', ' s')}." in page[:400]


def test_only_what_the_command_has(run):
    """`rm` has no --memory that could be meant."""
    r = run.command("rm", "--mem-limit", "5", "acme/x")
    assert r.code == 125 and "--memory" not in r.stderr


@pytest.mark.parametrize("value, text", [
    ("1min", "1 min"), ("5m30s", "5 min 30 s"), ("100msec", "100 ms"), ("1h 30min", "1 h 30 min"), ("2weeks", "14 d")])
def test_durations_as_systemd_has_them(run, value, text):
    # Not run: a machine that is busy has no 100 ms for it.
    r = run.command("plan", "--timeout", value, "--json")
    assert r.code == 0, r
    limit = next(entry for entry in json.loads(r.stdout)["limits"] if entry["limit"] == "timeout")
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1, "ms": 0.001}
    words = text.split()
    assert limit["asked"] == round(1e6 * sum(int(n) * units[unit] for n, unit in zip(words[::2], words[1::2])))


@pytest.mark.parametrize("options, words", [
    ("--timeout 5x", ("5x", "us, ms, s, min, h, d")), ("--timeout 5m30", ("5m30",)), ("--kill-after 1y", ("1y", "min, h")),
    ("--memory 5x", ("5x", "K, M, G, T")), ("--output-limit x", ("K, M, G, T",)), ("--guest-memory 5x", ("K, M, G, T",))])
def test_errors_name_the_units(refused, options, words):  # noqa: F811
    refused(options, *words)
