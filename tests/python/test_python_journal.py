# SPDX-License-Identifier: MIT
"""ration.read_receipts(), row R05: what the command wrote, as Python has it of its own runs."""

import json
import os
import subprocess
import time

import pytest
from setting import DEADLINE, HAS, NAMESPACE, RATION, ration

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2")]
OPTIONS = {"memory": "64M", "cpus": 1.5, "cpu_time": ("50s", "90s"), "timeout": "100s", "pids": 50, "cpuset_cpus": "0", "output_limit": "1M",
           "rlimit": {"core": "max", "nofile": 64}}
WORDS = ("--memory 64M --cpus 1.5 --cpu-time 50s:90s --timeout 100s --pids 50 --cpuset-cpus 0 --output-limit 1M --rlimit core=max "
         "--rlimit nofile=64").split()


def command(*words, code=0):
    """Runs `ration run -q WORDS`."""
    done = subprocess.run([RATION, "--namespace", NAMESPACE, "run", "-q", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          timeout=DEADLINE, check=False)
    assert done.returncode == code


def test_R05_profile(tmp_path):
    """Of a receipt, and of each line of a journal; without one there is none."""
    profile, file, journal = tmp_path / "small", tmp_path / "receipt", tmp_path / "journal"
    profile.write_text("timeout = 100s\n")
    command("--profile", profile, "--receipt", file, "--journal", journal, "--", "sh", "-c", "exit 3", code=3)
    command("--journal", journal, "--", "true")
    one, (first, second) = ration.read_receipts(file), ration.read_receipts(str(journal))
    assert one == [first] and (first.profile, second.profile) == (str(profile), None)
    assert (first.verdict, first.exit_code, first.status, first.command) == ("exit", 3, 3, ("sh", "-c", "exit 3"))
    assert second.ok and second.check() is second and first.id != second.id and first.group == f"default/{first.id}"
    assert first.limit("timeout").in_force == 10**8 and first.usage.sources["wall_usec"] is ration.Source.CLOCK
    assert first.started < second.started and 0 < first.started_monotonic < second.started_monotonic <= time.monotonic()


def test_R05_same_as_of_its_own_run(host, tmp_path):
    """Each figure and each limit, in the same unit and under the same name."""
    own = ration.run_sync(["true"], host=host, user="0:0" if "root" in HAS else None, **OPTIONS)
    command(*WORDS, *(["--user", "0:0"] if "root" in HAS else []), "--receipt", tmp_path / "r", "--", "true")
    read, = ration.read_receipts(tmp_path / "r")
    for name in ("verdict", "exit_code", "status", "signal", "core", "command", "evidence", "birth", "containment", "leftover_killed",
                 "truncated", "status_lost", "user", "escaped_to", "failure", "start_errno"):
        assert getattr(read, name) == getattr(own, name), name
    assert read.limits == own.limits
    assert set(read.usage.known()) >= set(own.usage.known()) - {"maxrss_bytes"} and type(read.usage) is type(own.usage)
    assert {name: source for name, source in read.usage.sources.items() if name in own.usage.sources} == {
        name: source for name, source in own.usage.sources.items() if name in read.usage.sources}


def test_R05_limit_that_ended_it(tmp_path):
    command("--timeout", "50ms", "--receipt", tmp_path / "r", "--", "sleep", "1000", code=124)
    receipt, = ration.read_receipts(tmp_path / "r")
    row = receipt.limit("timeout")
    assert receipt.verdict is ration.Verdict.WALL_TIME and row.acted and row.observed >= row.in_force == 50000
    with pytest.raises(ration.RunError, match="wall-time"):
        receipt.check()


def test_R05_not_started_and_bytes(tmp_path):
    """A command that isn't there; and one that isn't UTF-8, which comes back as it was."""
    command("--journal", tmp_path / "j", "--", "/no/such", code=127)
    odd = b"\xff\\x41\\"
    command("--journal", tmp_path / "j", "--", "true", os.fsdecode(odd))
    first, second = ration.read_receipts(tmp_path / "j")
    assert (first.verdict, first.start_errno, first.exit_code, first.started) == ("not-started", "ENOENT", 127, None)
    assert os.fsencode(second.command[1]) == odd and second.ok


def test_R05_admission(tmp_path):
    """What of a wait for room in a budget is in the receipt."""
    command("--journal", tmp_path / "j", "--", "true")
    receipt = json.loads((tmp_path / "j").read_text())
    for admission in {"waited_usec": 1500000}, {"waited_usec": 0, "pressure_unknown": "no PSI"}:
        (tmp_path / "j").write_text(json.dumps(dict(receipt, admission=admission)) + "\n")
        read, = ration.read_receipts(tmp_path / "j")
        assert (read.waited, read.pressure_unknown) == (admission["waited_usec"] / 1e6, admission.get("pressure_unknown"))
    (tmp_path / "j").write_text(json.dumps(receipt) + "\n")
    assert ration.read_receipts(tmp_path / "j")[0].waited is None


def test_R05_many_words_of_bytes(tmp_path):
    """A file that somebody else wrote is read in a time that grows with its size, not with its square."""
    command("--journal", tmp_path / "j", "--", "true")
    receipt = json.loads((tmp_path / "j").read_text())
    receipt["command"] = ["x"] * 300000
    receipt["command_escaped"] = list(range(300000))
    (tmp_path / "j").write_text(json.dumps(receipt) + "\n")
    begun = time.monotonic()
    read, = ration.read_receipts(tmp_path / "j")
    assert len(read.command) == 300000 and time.monotonic() < begun + DEADLINE


def test_R05_what_is_none_is_told(tmp_path):
    """Left out, with its line; what comes behind is read."""
    command("--journal", tmp_path / "j", "--", "true")
    line = (tmp_path / "j").read_text()
    later = dict(json.loads(line), verdict="another", birth="hatched")
    later["usage"]["moon_phase"] = 3
    (tmp_path / "j").write_text(f"\n{line[:60]}\n{line}7\n[1]\n{{}}\n{json.dumps(dict(later, schema=2))}\n{json.dumps(later, indent=1)}\n")
    with pytest.warns(UserWarning) as told:
        first, second = ration.read_receipts(tmp_path / "j")
    assert [str(each.message).split(": line ")[1] for each in told] == [f"{n} isn't a receipt: left out" for n in (2, 4, 5, 6, 7)]
    assert told[0].filename == __file__ and first.ok and (second.verdict, second.birth) == ("other", "other")
    (tmp_path / "j").write_text("")
    assert ration.read_receipts(tmp_path / "j") == []


@pytest.mark.parametrize("hostile", ["[" * 100_000, '{"schema": 1e999}', "cpus", "memory"], ids=["deep", "schema", "cpus", "memory"])
def test_R05_hostile_lines(tmp_path, hostile):
    """Too deep for the parser, or infinite where a number is converted: left out as well."""
    command("--memory", "64M", "--enforce", "any", "--journal", tmp_path / "j", "--", "true")
    line = (tmp_path / "j").read_text()
    if hostile in ("cpus", "memory"):
        it = json.loads(line)
        it["limits"][0].update(limit=hostile, in_force=float("inf"))
        hostile = json.dumps(it)
    (tmp_path / "j").write_text(f"{hostile}\n{line}")
    with pytest.warns(UserWarning, match="line 1 isn't a receipt"):
        receipt, = ration.read_receipts(tmp_path / "j")
    assert receipt.ok


def test_R05_each_alone(tmp_path, monkeypatch):
    """The work grows as the file does: json is given each receipt and each bad line once, with nothing that follows."""
    command("--journal", tmp_path / "j", "--", "true")
    line = (tmp_path / "j").read_text()
    many = json.dumps(json.loads(line), indent=2)
    (tmp_path / "j").write_text(f"{line}no\n{many}\n{many[:-2]}\n" * 20)
    seen, decode = [], json.JSONDecoder.raw_decode

    def counted(decoder, text, idx=0):
        seen.append(len(text))
        return decode(decoder, text, idx)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    with pytest.warns(UserWarning) as told:
        assert len(ration.read_receipts(tmp_path / "j")) == 40
    assert len(told) == 40 and len(seen) == 80 and sum(seen) < (tmp_path / "j").stat().st_size


def test_R05_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        ration.read_receipts(tmp_path / "none")
