# SPDX-License-Identifier: MIT
"""--journal: one line a run, whole, from any number of runs at once."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import check
from conftest import DEADLINE, NAMESPACE, RATION, wait_for
from world import WORLD

pytestmark = [pytest.mark.long("v2")]

STRANGER = 1000
TOP = Path(__file__).resolve().parents[2]


def lines(journal):
    """Its receipts; each is valid, and has an id of its own."""
    receipts = [json.loads(line) for line in journal.read_text().splitlines() if line]
    for receipt in receipts:
        check.schema("receipt", receipt)
    assert len({receipt["id"] for receipt in receipts}) == len(receipts)
    return receipts


def test_journal_has_each_run(run, tmp_path):
    """The same as its receipt; also of a command that didn't run."""
    journal = tmp_path / "journal"
    words = ["--journal", str(journal)]
    first = run(words, ["sh", "-c", "exit 3"])
    run([*words, "--tenant", "t", "--name", "g"], "true")
    assert run(words, "no-such-command").code == 127
    said = lines(journal)
    assert said[0] == first.receipt and [receipt["verdict"] for receipt in said] == ["exit", "ok", "not-started"]
    assert said[0]["group"] == f"default/{said[0]['id']}" and said[1]["group"] == "t/g"


def test_journal_is_a_file(run, tmp_path):
    """To `ration receipt` "-" is standard input."""
    r = run("--journal -", ["touch", str(run.file("started"))], receipt=False, cwd=tmp_path)
    assert r.code == 125 and "--journal -" in r.stderr and os.listdir(tmp_path) == [] and not run.file("started").exists(), r


@pytest.mark.worlds("host")
def test_journal_of_an_array(run, tmp_path):
    """examples/slurm/array.sh, without Slurm: what was interrupted is run again, and what has ended isn't."""
    (tmp_path / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "srun").chmod(0o755)
    (tmp_path / "ration").symlink_to(RATION)
    (tmp_path / "commands").write_text("echo ran >>ran\n")
    env = dict(run.env, PATH=f"{tmp_path}:{run.env['PATH']}", SLURM_ARRAY_TASK_ID="1")
    journal = tmp_path / "receipts" / "1.jsonl"

    def submit():
        subprocess.run(["sh", TOP / "examples/slurm/array.sh", "commands"], cwd=tmp_path, env=env, timeout=DEADLINE, check=True)
        return len((tmp_path / "ran").read_text().splitlines())

    assert (submit(), submit()) == (1, 1)
    for verdict, again in ("memory", False), ("interrupted", True), ("ok", False):
        before = submit()
        receipt = json.loads(journal.read_text().splitlines()[0])
        with journal.open("a") as file:
            file.write(json.dumps(dict(receipt, verdict=verdict)) + "\n")
        assert submit() == before + again


def test_journal_of_many_at_once(run, tmp_path):
    """By the environment. Lines of runs that end together don't mix."""
    processes, rounds = (16, 8) if WORLD == "host" else (4, 3)
    env = dict(run.env, RATION_JOURNAL=str(tmp_path / "journal"))
    script = f'for i in $(seq {rounds}); do "{RATION}" run --enforce any --namespace {NAMESPACE} -- true {"x" * 9000}; done'
    started = [subprocess.Popen(["sh", "-c", script], env=env) for _ in range(processes)]
    assert [process.wait(timeout=5 * DEADLINE) for process in started] == [0] * processes
    assert {receipt["verdict"] for receipt in lines(tmp_path / "journal")} == {"ok"}
    assert len(lines(tmp_path / "journal")) == processes * rounds


def test_journal_that_is_rotated(run, tmp_path):
    """A run that began before has its line in the file that has the name at its end."""
    journal = tmp_path / "journal"
    os.mkfifo(tmp_path / "go")
    started = run.start(["--journal", str(journal)], ["sh", "-c", f"touch {tmp_path}/runs; read line <{tmp_path}/go"])
    wait_for("it to run", (tmp_path / "runs").exists)
    journal.rename(tmp_path / "journal.1")
    (tmp_path / "go").write_text("\n")
    assert started.wait().code == 0
    assert len(lines(journal)) == 1 and lines(tmp_path / "journal.1") == []


def test_journal_with_a_line_that_was_cut_off(run, tmp_path):
    """It is a line of its own, and takes no receipt with it."""
    journal = tmp_path / "journal"
    journal.write_text('{"schema": 1, "verd')
    assert run(["--journal", str(journal)], "true", receipt=False).code == 0
    cut, whole = journal.read_text().splitlines()
    assert cut == '{"schema": 1, "verd' and json.loads(whole)["verdict"] == "ok"


@pytest.mark.needs("root")
def test_journal_without_room(run, tmp_path):
    """The command ran: its status gives way to one that says that its line isn't there."""
    journal = tmp_path / "journal"
    argv = ["prlimit", "--fsize=100", RATION, "run", "--enforce", "any", "--namespace", NAMESPACE, "--journal", journal, "--", "true"]
    done = subprocess.run(argv, env=run.env, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 123 and "can't be written: File too large" in done.stderr, done
    assert run(["--journal", str(journal)], "true", receipt=False).code == 0
    cut, whole = journal.read_text().splitlines()
    assert len(cut) == 100 and json.loads(whole)["verdict"] == "ok"


def refused(run, target, why):
    r = run(["--journal", str(target)], ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125 and r.stderr.startswith("ration run: --journal ") and why in r.stderr, r
    assert not run.file("started").exists() and run.groups() == set()


def test_journal_that_is_no_file_of_ours(run, tmp_path):
    """Before anything is started; and nothing of it is changed."""
    precious, target = tmp_path / "precious", tmp_path / "target"
    precious.write_text("precious")
    target.symlink_to(precious)
    refused(run, target, "is a link")
    target.unlink()
    target.hardlink_to(precious)
    refused(run, target, "has another name as well")
    target.unlink()
    os.mkfifo(target)
    refused(run, target, "isn't a regular file")
    refused(run, tmp_path, "Is a directory")
    refused(run, "/dev/null", "isn't a regular file")
    refused(run, tmp_path / "none" / "journal", "No such file or directory")
    assert precious.read_text() == "precious"


@pytest.mark.needs("root")
def test_journal_of_another_user(run, tmp_path):
    (tmp_path / "journal").touch()
    os.chown(tmp_path / "journal", STRANGER, STRANGER)
    refused(run, tmp_path / "journal", f"is a file of uid {STRANGER}")
    assert (tmp_path / "journal").read_text() == ""


def test_journal_without_a_supervisor(run, tmp_path):
    """--exec has none who could add a line: never silently."""
    r = run.command("run", "--exec", "--", "true", env=dict(run.env, RATION_JOURNAL=str(tmp_path / "journal")))
    assert r.code == 125 and "--exec and RATION_JOURNAL exclude each other" in r.stderr, r
    assert os.listdir(tmp_path) == []
