# SPDX-License-Identifier: MIT
"""Limits as judges set them: extra time, notes, real-time signals, plain words for rlimits."""

import json

import pytest

from conftest import hold_signals, patiently

pytestmark = [pytest.mark.long("v2")]

REALTIME = {"RTMIN": 34, "rtmin+3": 37, "SIGRTMIN+30": 64, "RTMAX": 64, "RTMAX-1": 63, "RTMAX-30": 34, "40": 40}


@pytest.fixture
def refused(run):
    """refused(OPTIONS, word...): 125, nothing is started, and an earlier receipt is still there."""
    def check(options, *words):
        earlier = run.file(f"receipt-{run.count + 1}.json")
        earlier.write_text("earlier")
        running = run.start(options, ["touch", str(run.file("started"))])
        running.receipt_file = None
        r = running.wait()
        assert (r.code, r.stdout) == (125, "") and not run.file("started").exists(), r
        assert 1 <= len(r.stderr.splitlines()) <= 2, r.stderr
        for word in words:
            assert word in r.stderr, (word, r.stderr)
        assert earlier.read_text() == "earlier"
        earlier.unlink()
    return check


# ------------------------------------------------------------------- extra time

def test_P07_hard_counts_from_the_start(run):
    """Who ignores the signal is killed at HARD: neither 300 ms after SOFT, nor HARD after SOFT."""
    r = run("--timeout 1:2", "ignoreterm", preexec_fn=hold_signals)
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9)
    assert r.usage["wall_usec"] >= 2_000_000
    row = r.limit("timeout")
    assert (row["asked_soft"], row["asked"]) == (1_000_000, 2_000_000)
    assert 1_000_000 <= row["observed"]


def test_P07_the_signal_at_soft(run):
    def ended(seconds):
        r = run(f"--timeout {seconds}:1000", f"onsignal 7 {run.file('log')}", preexec_fn=hold_signals)
        return (r, seconds) if "15" in run.file("log").read_text().split() else None

    r, seconds = patiently(ended)
    assert (r.code, r.verdict, r.receipt["exit"]["status"]) == (124, "wall-time", 7)
    assert r.limit("timeout")["asked_soft"] == seconds * 10**6 and "wall-time limit" in r.stderr and "16 min" not in r.stderr


def test_P07_soft_may_be_hard(run):
    r = run("--timeout 1:1", "ignoreterm", preexec_fn=hold_signals)
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9)


def test_P07_an_interruption_has_its_own_grace(run):
    """The time between SOFT and HARD is that of the timeout alone."""
    running = run.start("--timeout 900:1000", ["sh", "-c", f"trap '' TERM; echo ready >{run.file('up')}; sleep 1000"])
    run.ready("up")
    running.signal(15)
    r = running.wait()
    assert (r.verdict, r.code) == ("interrupted", 143)


@pytest.mark.parametrize("options, words", [
    ("--timeout 1:2 --kill-after 1", ("--kill-after", "--timeout SOFT:HARD")),
    ("--kill-after 0 --timeout 1:2", ("--kill-after", "--timeout SOFT:HARD")),
    ("--timeout 2:1", ("--timeout 2:1", "soft value 2 s is above")),
    ("--timeout 1:", ("--timeout 1:",)), ("--timeout 1:2:3", ("--timeout 1:2:3",)), ("--timeout 1:0", ("--timeout 1:0",)),
])
def test_P07_refused(refused, options, words):
    refused(options, *words)


def test_P07_soft_zero_is_none(run):
    r = run("--timeout 0:1000 --kill-after 1", "true")
    assert "asked_soft" not in r.limit("timeout")
    assert "timeout" not in run.plan("--timeout 0:0")


# ------------------------------------------------------------------------ notes

def test_P08_a_note_only(run):
    """What uses more than SOFT ends by itself, and the evidence tells."""
    def attempt(seconds):
        """Long enough for the supervisor to look once more."""
        r = run("--cpu-time .2:1000 --signal none", f"spin {.5 * seconds}")
        assert (r.code, r.verdict, r.stderr) == (0, "ok", "")
        told = [e for e in r.receipt["evidence"] if "usec" in e["counter"]]
        return told and (r, told)

    r, told = patiently(attempt)
    assert len(told) == 1 and told[0]["after"] >= 200_000
    assert not r.limit("cpu_time").get("observed")


def test_P08_hard_holds_all_the_same(run):
    r = run("--cpu-time .1:.5 --signal none", "spin 1000")
    assert (r.code, r.verdict) == (124, "cpu-time")
    # On a busy machine both have gone by when the supervisor looks.
    assert len([e for e in r.receipt["evidence"] if "usec" in e["counter"]]) in (1, 2)


def test_P08_below_soft_nothing_is_noted(run):
    r = run("--cpu-time 500:1000 --signal none", "true")
    assert not [e for e in r.receipt["evidence"] if "usec" in e["counter"]]


@pytest.mark.parametrize("options", ["--signal none --timeout 5", "--timeout 5:6 --signal NONE"])
def test_P08_refused(refused, options):
    refused(options, "--signal none and --timeout exclude each other")


# ------------------------------------------------------------ real-time signals

@pytest.mark.parametrize("name", REALTIME)
def test_realtime_signals(run, name):
    """By number in the command's status: what ends it is what was asked for, whichever C library ration has."""
    r = run(["--timeout", ".2", "--kill-after", "500", "--preserve-status", "--signal", name], "sleep 1000")
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (128 + REALTIME[name], "wall-time", REALTIME[name])


@pytest.mark.parametrize("name", ["RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMAX+1", "RT", "RTMIN+", "RTMIN+x", "RTMIN3", "65"])
def test_no_such_realtime_signal(refused, name):
    refused(["--timeout", "5", "--signal", name], f"--signal {name}: no such signal", "RTMIN+3")


# ------------------------------------------------------------------ plain words

def test_files_and_file_size(run):
    r = run("--files 64 --file-size 1M:2M", ["sh", "-c", "ulimit -n; ulimit -Sf; ulimit -Hf"])
    assert r.stdout.split() == ["64", "2048", "4096"]
    assert r.limit("rlimit_nofile")["asked"] == 64 and r.limit("rlimit_fsize")["asked_soft"] == 1 << 20


@pytest.mark.parametrize("options, words", [
    ("--files 64 --rlimit nofile=64", ("--files and --rlimit nofile are the same limit",)),
    ("--rlimit nofile=64 --files 64", ("--rlimit nofile and --files are the same limit",)),
    ("--file-size 1M --rlimit core=0 --rlimit fsize=1M", ("--file-size and --rlimit fsize are the same limit",)),
    ("--files 64 --files 65", ("--files is given twice",)),
    ("--files x", ("--files x: not a whole number", "e.g. --files 1024:4096")),
    ("--file-size 1MB", ("--file-size 1MB", "e.g. --file-size 100M")),
])
def test_plain_words_refused(refused, options, words):
    refused(options, *words)


def test_plain_words_in_a_profile(run):
    """The command line has the other word."""
    run.file("p").write_text("files = 64\nrlimit = fsize=1M\n")
    r = run(["--profile", str(run.file("p")), "--rlimit", "nofile=80", "--file-size", "2M"], ["sh", "-c", "ulimit -n; ulimit -f"])
    assert r.stdout.split() == ["80", "4096"]


@pytest.mark.parametrize("name", ["memory-high", "memory_high", "output-limit", "output", "files", "rlimit-nofile", "rlimit_nofile",
                                  "file_size", "io-read-bps"])
def test_both_spellings_of_a_name(run, name):
    done = run.command("plan", "--json", "--enforce", f"{name}=any", "--output-limit", "1M", "--files", "64", "--file-size", "1M",
                       "--memory-high", "64M")
    rows = {row["limit"]: row.get("policy") for row in json.loads(done.stdout)["limits"]}
    wanted = {"files": "rlimit_nofile", "file_size": "rlimit_fsize", "output-limit": "output"}.get(name, name.replace("-", "_"))
    assert {limit for limit, policy in rows.items() if policy == "any"} == ({wanted} & set(rows))
