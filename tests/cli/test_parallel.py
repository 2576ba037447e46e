# SPDX-License-Identifier: MIT
"""GNU parallel around `ration run`: many runs under a budget, killed in the middle, resumed."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, has_ended, wait_for
from test_admission import directory, taken
from world import WORLD

pytestmark = [pytest.mark.long, pytest.mark.worlds("host", "v2"), pytest.mark.needs("cgroup")]

# A boot of perl for each takes its time where the machine is emulated.
MANY = 200 if WORLD == "host" else 30
ROOM, JOBS = 3, 6


class Many:
    """The same call again and again, as --resume wants it."""

    def __init__(self, run, n, command="echo {} >>done"):
        self.at, self.n = run.tmp, n
        self.journal, self.joblog = self.at / "journal", self.at / "joblog"
        self.env = dict(run.env, RATION_NAMESPACE=NAMESPACE, HOME=str(self.at), PARALLEL_HOME=str(self.at))
        self.run = [RATION, "run", "-q", "--tenant", "acme", "--name", "job-{}", "--journal", "journal", "sh", "-c", f"'{command}'"]

    def start(self, *words, wait="--wait", jobs=JOBS):
        command = [word for word in (*self.run[:3], wait, *self.run[3:]) if word]
        return subprocess.Popen(["parallel", "--will-cite", "-j", str(jobs), "--joblog", "joblog", *words, " ".join(command),
                                 ":::", *map(str, range(self.n))], cwd=self.at, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def finish(self, it):
        out, _ = it.communicate(timeout=10 * DEADLINE)
        return it.returncode, out

    def receipts(self):
        """Each line of the journal is whole, and a run of its own."""
        # What is read while others write may end within a line.
        text = self.journal.read_text() if self.journal.exists() else ""
        receipts = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        assert len({receipt["id"] for receipt in receipts}) == len(receipts)
        return receipts

    def jobs(self):
        """The numbers of those that have a receipt, in the order of their ends."""
        return [int(receipt["group"].rpartition("-")[2]) for receipt in self.receipts()]

    def done(self):
        return [int(line) for line in (self.at / "done").read_text().split()]

    def logged(self):
        """Sequence number of each job that parallel knows of -> exit status."""
        rows = [line.split("\t") for line in self.joblog.read_text().splitlines()[1:]]
        return {int(row[0]): int(row[6]) for row in rows if len(row) > 6}


    def go(self):
        """Those that HELD stops can go on."""
        (self.at / "go").touch()


# All but the first of them stay until they are told to go on: whoever looks for the middle isn't too late.
HELD = f"[ {{}} -lt {MANY // 5} ] || until [ -e go ]; do sleep .05; done; echo {{}} >>done"


def all_is_back(hand):
    hand.ok("gc")
    assert taken(hand, "acme") == {"runs": (0, ROOM)} and hand.json("ls --waiting")["waiting"] == []
    assert not any(entry.is_dir() for entry in os.scandir(directory("acme")))


def test_parallel_hung_up_and_resumed(run, hand):
    """SIGHUP lets those finish that run: nothing is lost, nothing done twice."""
    hand.ok(f"create acme --budget runs={ROOM}")
    many = Many(run, MANY, HELD)
    it = many.start("--resume")
    wait_for("some to be over", lambda: len(many.receipts()) >= MANY // 10)
    it.send_signal(signal.SIGHUP)
    many.go()
    code, out = many.finish(it)
    assert 0 < len(many.logged()) < MANY, (code, out)
    code, out = many.finish(many.start("--resume"))
    assert code == 0, out
    assert sorted(many.jobs()) == sorted(many.done()) == list(range(MANY))
    assert many.logged() == {i + 1: 0 for i in range(MANY)}
    assert {receipt["verdict"] for receipt in many.receipts()} == {"ok"}
    all_is_back(hand)


def test_parallel_killed_and_resumed(run, hand):
    """Killed with all that it has started: whoever had no receipt runs again. What had one, but no line in the joblog,
    does so as well: as many as ran at once, at most, and each with a receipt of its own."""
    hand.ok(f"create acme --budget runs={ROOM}")
    many = Many(run, MANY, HELD)
    it = many.start("--resume")
    wait_for("some to be over", lambda: len(many.receipts()) >= MANY // 10)
    it.kill()

    def all_killed():
        """parallel gives each job a process group: they have its session. One may have been about to start another."""
        left = [int(pid) for pid in os.listdir("/proc") if pid.isdecimal() and session(pid) == it.pid and not has_ended(pid)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    wait_for("the end of its session", all_killed)
    many.go()
    many.finish(it)
    # By keepers; or by gc, where one was killed with its supervisor before it had a session of its own.
    wait_for("the end of what ran", lambda: hand("gc").code == 0 and not any(entry.is_dir() for entry in os.scandir(directory("acme"))))
    before = many.receipts()
    code, out = many.finish(many.start("--resume"))
    assert code == 0, out
    jobs = many.jobs()
    assert set(jobs) == set(many.done()) == set(range(MANY)) and many.receipts()[:len(before)] == before
    assert len(jobs) <= MANY + JOBS and len(many.done()) <= MANY + JOBS
    all_is_back(hand)


def session(pid):
    try:
        return os.getsid(int(pid))
    except OSError:
        return None


@pytest.mark.parametrize("how", ["retries", "retry-failed"])
def test_parallel_tries_again(run, hand, how):
    """Without --wait a full budget is 122: parallel tries again, and the journal has each run once."""
    hand.ok(f"create acme --budget runs={ROOM}")
    n = MANY // 5
    many = Many(run, n)
    # So that some are refused for certain.
    held = [run.start(f"--tenant acme --name held{i}", ["sh", "-c", f"echo ready >{run.file(f'held{i}')}; exec sleep 1000"])
            for i in range(ROOM)]
    for i in range(ROOM):
        run.ready(f"held{i}")
    it = many.start(*(["--retries", "100000", "--delay", "0.02"] if how == "retries" else []), wait="")
    if how == "retry-failed":
        code, out = many.finish(it)
        assert code != 0 and set(many.logged().values()) == {122} and many.receipts() == [], out
    for one in held:
        one.signal(signal.SIGTERM)
        one.wait()
    if how == "retry-failed":
        it = many.start("--retry-failed", wait="", jobs=ROOM)
    code, out = many.finish(it)
    assert code == 0, out
    assert sorted(many.jobs()) == sorted(many.done()) == list(range(n))
    assert set(many.logged().values()) == {0}
    all_is_back(hand)
