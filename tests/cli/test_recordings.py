# SPDX-License-Identifier: MIT
"""ration record, ration run --record: figures of a group over time."""

import array
import csv
import fcntl
import io
import json
import os
import shlex
import signal
import subprocess
import termios
import time

import pytest

import check
from conftest import DEADLINE, HELPERS, RATION, in_time, on_a_terminal, patiently, wait_for


class Recording:
    """A whole recording, each line of which is as the schema says."""

    def __init__(self, text):
        self.lines = [json.loads(line) for line in text.splitlines()]
        for line in self.lines:
            check.schema("recording", line)
        self.begin, self.end = self.lines[0], self.lines[-1]
        assert (self.begin["line"], self.end["line"]) == ("begin", "end")
        assert [line["line"] for line in self.lines[1:-1] if line["line"] in ("begin", "end")] == []
        self.samples = [dict(zip(self.begin["columns"], line["values"]), usec=line["time_usec"], last="last" in line)
                        for line in self.lines if line["line"] == "sample"]
        assert all(len(line["values"]) == len(self.begin["columns"]) for line in self.lines if line["line"] == "sample")
        assert len(self.samples) == self.end["samples"] or self.end["dropped"] > 0
        times = [line["time_usec"] for line in self.lines[1:]]
        assert times == sorted(times)
        if "receipt" in self.end:
            check.schema("receipt", self.end["receipt"])

    def events(self, name):
        return [line for line in self.lines if line["line"] == "event" and line["event"] == name]

    @property
    def limits(self):
        return [line["limits"] for line in self.lines if line["line"] == "limits"]


def recorder(run, *words, **popen):
    return subprocess.Popen([RATION, "record", *words], env=run.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            **popen)


class InFile:
    """A recorder that writes into a file: nothing of that is dropped, however seldom it is looked at."""

    def __init__(self, run, *words):
        self.file = run.file("recording")
        self.popen = recorder(run, "-o", self.file, *words)

    def wait_for(self, kind, n=1):
        """Until so many lines, or events, of that kind are in it."""
        wait_for(kind, lambda: self.file.exists() and self.file.read_text().count(f':"{kind}"') >= n)

    def whole(self):
        out, err = self.popen.communicate(timeout=DEADLINE)
        assert (self.popen.returncode, out, err) == (0, "", "")
        return Recording(self.file.read_text())


# --------------------------------------------------------------------- record


@pytest.mark.needs("cgroup")
def test_record_a_group(hand, run):
    """Samples from the first moment until it is removed, which ends it."""
    hand.ok("create acme/g")
    recording = InFile(run, "--interval", "20ms", "acme/g")
    recording.wait_for("sample")
    hand.put("acme/g", f"{HELPERS}/spin 1000")
    recording.wait_for("processes-came")
    assert run.command("rm", "--force", "acme/g").code == 0
    it = recording.whole()
    assert (it.end["reason"], it.end["dropped"]) == ("group-gone", 0)
    assert (it.begin["group"], it.begin["interval_usec"], it.begin["schema"]) == ("acme/g", 20000, 1)
    used = [sample["cpu_usec"] for sample in it.samples]
    assert used == sorted(used) and len(used) >= 2
    assert it.events("processes-came")[0]["count"] == 1


@pytest.mark.needs("memory", "pids")
def test_record_changed_limits(hand, run):
    """The first line of limits has what applies, each later one what changed."""
    hand.ok("create acme/g --memory 64M --pids 20")
    recording = InFile(run, "--interval", "50ms", "acme/g")
    recording.wait_for("limits")
    assert run.command("set", "acme/g", "--memory", "32M").code == 0
    recording.wait_for("limits", 2)
    recording.popen.send_signal(signal.SIGTERM)
    it = recording.whole()
    assert [limits["memory"] for limits in it.limits] == [64 << 20, 32 << 20] and it.limits[0]["pids"] == 20
    assert it.end["reason"] == "signal"


@pytest.mark.needs("cgroup")
def test_record_for_a_time(hand, run, tmp_path):
    """FILE can be read while it grows, and is complete at the end; a tenant can be recorded as well."""
    hand.ok("create acme/g")
    (tmp_path / "r").write_text("from before\n")
    r = run.command("record", "acme", "--for", "100ms", "--interval", "1h", "-o", tmp_path / "r")
    it = Recording((tmp_path / "r").read_text())
    assert (r.code, r.stdout, r.stderr, it.end["reason"]) == (0, "", "", "time")
    assert len(it.samples) == 2 and it.begin["group"] == "acme"


@pytest.mark.needs("cgroup")
def test_record_to_a_reader_who_sleeps(hand, run):
    """What a full pipe doesn't take is dropped, and told in the last line."""
    hand.ok("create acme/g")

    def attempt():
        popen = recorder(run, "--interval", "10ms", "acme/g", pipesize=4096)
        begin = popen.stdout.readline()
        # Woken so often since it took the last line.
        at = {}
        wait_for("a pipe that takes no more", lambda: sampled(popen.pid) > at.setdefault(waiting(popen.stdout), sampled(popen.pid)) + 40)
        since = time.monotonic()
        popen.send_signal(signal.SIGINT)
        # communicate() doesn't know what readline() has read ahead.
        out, err = popen.stdout.read(), popen.stderr.read()
        took = time.monotonic() - since
        return took, (popen.wait(DEADLINE), err, begin + out)

    # The last line waits for so long.
    code, err, text = in_time(5, attempt)
    assert (code, err) == (0, "")
    assert Recording(text).end["dropped"] > 0


def waiting(file):
    """Bytes that can be read."""
    number = array.array("i", [0])
    fcntl.ioctl(file, termios.FIONREAD, number)
    return number[0]


def sampled(pid):
    """How often it has been woken."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt"))


@pytest.mark.anywhere
@pytest.mark.parametrize("words, what", [
    (["acme/nobody"], "acme/nobody"), (["--interval", "9ms", "a"], "10 ms"), (["--interval", "61m", "a"], "1 h"), ([], "GROUP"),
    (["--interval", "0", "a"], "10 ms"), (["--dump", "csv", "--for", "1s", "a"], "--for"), (["--dump", "xml", "a"], "xml"),
    (["--dump", "csv", "none/r"], "none/r")])
def test_record_refused(run, tmp_path, words, what):
    """One message, and no file."""
    r = run.command("record", *words, *(["-o", tmp_path / "r"] if "--dump" not in words and words else []))
    assert r.code == 125 and what in r.stderr and r.stderr.count("ration record:") == 1, r
    assert not (tmp_path / "r").exists()


# --------------------------------------------------------------- run --record


def of_run(run, tmp_path, options, command, interval="20ms"):
    """A run that is recorded: the result, and the recording, which agrees with its receipt."""
    r = run([*shlex.split(options), "--record", f"{tmp_path}/r:{interval}"], command)
    it = Recording((tmp_path / "r").read_text())
    assert (it.end["receipt"], it.end["reason"], it.begin["command"]) == (r.receipt, "run-ended", r.receipt["command"])
    assert [sample["last"] for sample in it.samples].index(True) == len(it.samples) - 1
    assert {name: value for name, value in it.samples[-1].items() if name in r.usage} == r.usage
    return r, it


@pytest.mark.anywhere
@pytest.mark.parametrize("command, code", [("true", 0), ("sh -c 'sleep .2; exit 3'", 3), ("sh -c 'kill -9 $$'", 137)])
def test_a_run_has_its_last_figures(run, tmp_path, command, code):
    """Those of the receipt, also where there is no group, or the run was over before it could be looked at."""
    r, it = of_run(run, tmp_path, "", command)
    assert r.code == code and it.end["dropped"] == 0


@pytest.mark.needs("memory")
def test_a_run_out_of_memory(run, tmp_path):
    r, it = of_run(run, tmp_path, "--memory 30M", "alloc 100")
    assert r.verdict == "memory" and sum(event["count"] for event in it.events("oom-kill")) == r.usage["oom_kills"]
    assert it.limits[0]["memory"] == 30 << 20 or not it.limits


@pytest.mark.needs("cpu")
def test_a_throttled_run(run, tmp_path):
    def attempt(seconds):
        r, it = of_run(run, tmp_path, f"--cpus 0.2 --cpu-time {300 * seconds}ms", "spin 1000")
        assert r.code == 124
        return len(it.samples) > 2 and it

    it = patiently(attempt)
    assert it.events("throttled") and it.samples[-1]["throttled_usec"] > 0 and it.limits[0]["cpus"] == .2


@pytest.mark.anywhere
@pytest.mark.parametrize("word, what", [
    ("r:9ms", "10 ms"), ("r:2h", "10 ms to 1 h"), ("r:10x", "10x"), ("none/r", "No such file"), (".", "directory"), ("-", "mix with"),
    ("", "empty value"), ("fd:99", "isn't open for writing"), ("fd:1:1ms", "10 ms")])
def test_run_record_refused(run, tmp_path, word, what):
    """Before anything is started, by one message; what was there is still there."""
    (tmp_path / "r").write_text("before")
    r = run.program(["sh", "-c", 'cd "$1"; exec "$2" run --record "$3" -- touch ran', "sh", str(tmp_path), RATION, word])
    assert r.code == 125 and what in r.stderr and r.stderr.count("ration run:") == 1, r
    assert not (tmp_path / "ran").exists() and (tmp_path / "r").read_text() == "before"


@pytest.mark.anywhere
def test_run_record_of_another_uid(run, tmp_path):
    """A link in a directory that others can write isn't followed."""
    tmp_path.chmod(0o777)
    (tmp_path / "r").symlink_to(tmp_path / "target")
    r = run.command("run", "--record", tmp_path / "r", "--", "true")
    assert r.code == 125 and "link in a directory" in r.stderr and not (tmp_path / "target").exists()


@pytest.mark.anywhere
def test_run_record_with_a_colon(run, tmp_path):
    for word, name in ((f"{tmp_path}/a:b", "a:b"), (f"{tmp_path}/c:1:100ms", "c:1")):
        assert run.command("run", "--record", word, "--", "true").code == 0
        Recording((tmp_path / name).read_text())


@pytest.mark.anywhere
def test_run_record_to_a_full_disk(run, tmp_path):
    """The run goes on; that it isn't recorded is told, and not taken for success."""
    r = run.command("run", "--record", "/dev/full", "--", "sh", "-c", "sleep .2; echo ran")
    assert (r.code, r.stdout) == (123, "ran\n") and "--record /dev/full: can't be written: No space left" in r.stderr


@pytest.mark.anywhere
def test_run_record_to_a_fifo(run, tmp_path):
    """A reader who reads nothing until the end holds nothing up; one who goes away, neither."""
    os.mkfifo(tmp_path / "f")
    # Open before: who comes too late is refused. To write, too: it has no end, as long as nobody else writes.
    with os.fdopen(os.open(tmp_path / "f", os.O_RDWR), "rb") as fifo:
        running = run.start(["--record", f"{tmp_path}/f:10ms"],
                            ["sh", "-c", f"until [ -e {tmp_path}/go ]; do sleep .1; done; echo ran"], receipt=False)
        assert json.loads(fifo.readline())["line"] == "begin"
    (tmp_path / "go").touch()
    r = running.wait()
    assert (r.code, r.stdout) == (123, "ran\n") and "--record" in r.stderr


@pytest.mark.anywhere
def test_run_record_of_nothing(run, tmp_path):
    """What can't be executed has a recording, what is refused leaves none."""
    r = run(["--record", f"{tmp_path}/r"], str(tmp_path / "none"))
    it = Recording((tmp_path / "r").read_text())
    assert (r.code, it.end["receipt"]["verdict"]) == (127, "not-started")
    (tmp_path / "r").unlink()
    assert run.command("run", "--name", "no/name", "--record", tmp_path / "r", "--", "true").code == 125
    assert not (tmp_path / "r").exists()


# ----------------------------------------------------------------------- dump


BEGIN = {"line": "begin", "schema": 1, "started": {"time": "2026-11-26T00:00:00.000000Z", "monotonic_usec": 1},
         "interval_usec": 10000, "columns": ["cpu_usec", "pids_current"]}
WHOLE = [BEGIN, {"line": "limits", "time_usec": 0, "limits": {"memory": 5, "cpus": 1.5, "pids": "max"}},
         {"line": "sample", "time_usec": 7, "values": [3, None]},
         {"line": "event", "time_usec": 8, "event": "oom-kill", "count": 2},
         {"line": "end", "time_usec": 9, "reason": "time", "samples": 1, "dropped": 0}]


def written(tmp_path, lines, tail=""):
    (tmp_path / "r").write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return tmp_path / "r"


@pytest.mark.anywhere
def test_dump_csv(run, tmp_path):
    r = run.command("record", "--dump", "csv", written(tmp_path, WHOLE))
    rows = list(csv.DictReader(io.StringIO(r.stdout, newline="")))
    assert (r.code, r.stderr) == (0, "")
    assert [(row["time_usec"], row["line"], row["event"], row["cpu_usec"], row["pids_current"]) for row in rows] == [
        ("0", "limits", "", "", ""), ("7", "sample", "", "3", ""), ("8", "event", "oom-kill", "", ""), ("9", "end", "", "", "")]
    assert {(row["limit_memory"], row["limit_cpus"], row["limit_pids"], row["limit_swap"]) for row in rows} == {("5", "1.5", "max", "")}


@pytest.mark.anywhere
def test_dump_json(run, tmp_path):
    r = run.command("record", "--dump", "json", written(tmp_path, WHOLE))
    lines = [json.loads(line) for line in r.stdout.splitlines()]
    assert lines == [*WHOLE[:2], {"line": "sample", "time_usec": 7, "figures": {"cpu_usec": 3}}, *WHOLE[3:]]


@pytest.mark.anywhere
@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_dump_a_torn_last_line(run, tmp_path, cut):
    """ration was killed, or the file is just being written."""
    tail = json.dumps({"line": "sample", "time_usec": 10, "values": [5, 6], "x": "{"})[:cut]
    r = run.command("record", "--dump", "csv", written(tmp_path, WHOLE[:3], tail))
    assert r.code == 0 and "cut off" in r.stderr and len(r.stdout.splitlines()) == 3, r


@pytest.mark.anywhere
@pytest.mark.parametrize("line, what", [
    ({"line": "sample", "time_usec": 1, "values": [1]}, "number of values"), ({"line": "sample", "values": [1, 2]}, "time_usec"),
    ({"line": "sample", "time_usec": 1, "values": [1, "x"]}, "values"), ({"line": "nonsense", "time_usec": 1}, "nonsense"),
    ({"line": "event", "time_usec": 1, "event": "\x1b[2J", "count": 1}, "event"), ([], "object"), ("{", "line 2"),
    ({"line": "end", "time_usec": -1, "reason": "time", "samples": 0, "dropped": 0}, "time_usec"), (None, "line 2")])
def test_dump_what_is_none(run, tmp_path, line, what):
    """It is told, and left out; the others are shown."""
    text = "{\n" if line == "{" else json.dumps(line) + "\n"
    (tmp_path / "r").write_text(json.dumps(BEGIN) + "\n" + text + json.dumps(WHOLE[2]) + "\n")
    r = run.command("record", "--dump", "csv", tmp_path / "r")
    assert r.code == 1 and what in r.stderr and "1 of 3" in r.stderr and "\x1b" not in r.stderr, r
    assert r.stdout.splitlines()[1].startswith("7,sample,")


@pytest.mark.anywhere
@pytest.mark.parametrize("form", ["csv", "json"])
def test_no_dump_rules_the_terminal(tmp_path, form):
    """Whoever wrote the recording: neither C0 nor C1 nor a change of direction."""
    odd = "\x1b[2J\u009b31m\u202e"
    begin = dict(BEGIN, command=[odd], columns=[*BEGIN["columns"][:-1], odd])
    text = on_a_terminal([RATION, "record", "--dump", form, written(tmp_path, [begin, *WHOLE[1:]])])
    assert text and not set(text) & set("\x1b\u009b\u202e"), text


@pytest.mark.anywhere
def test_dump_without_a_beginning(run, tmp_path):
    r = run.command("record", "--dump", "csv", written(tmp_path, WHOLE[1:]))
    assert r.code == 1 and "first line" in r.stderr and r.stdout == ""
