# SPDX-License-Identifier: MIT
"""ration metrics --listen and --textfile: what a scraper gets, while the journal is rotated and clients misbehave."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, RATION, STRACE, Running, wait_for
from exposition import Exposition, errors, promtool, receipt, runs
from test_metrics import built  # noqa: F401

TOP = Path(__file__).resolve().parents[2]
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


class Served:
    """An exporter that listens."""

    def __init__(self, run, *words):
        self.said = run.tmp / f"said-{os.urandom(4).hex()}"
        with open(self.said, "w", encoding="utf-8") as stderr:
            patient = [] if "--timeout" in words else ["--timeout", str(DEADLINE)]
            self.running = Running([RATION, "metrics", "--listen", ":0", *patient, *words], None, [], run.env, stderr=stderr)
        self.port = int(wait_for("it to listen", lambda: re.search(r"listening on 127\.0\.0\.1:(\d+)", self.said.read_text()))[1])

    def ask(self, *request, **options):
        """What it answers. Who hasn't asked within 5 s is cut off, and may be on a busy machine: then once more."""
        for _ in range(20):
            begun = time.monotonic()
            try:
                return self.ask_once(*request, **options)
            except ConnectionError:
                if time.monotonic() < begun + 5:
                    raise
        pytest.fail("this took 5 s or more, each time")

    def ask_once(self, method="GET", path="/metrics", **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request(method, path, **options)
            answer = connection.getresponse()
            return answer, answer.read().decode()

    def told(self, accept=PROMETHEUS):
        answer, text = self.ask(headers={"Accept": accept} if accept else {})
        assert answer.status == 200, (answer.status, text)
        assert answer.headers["Content-Type"] == (OPENMETRICS if "openmetrics" in accept else TEXT)
        return Exposition(text, "openmetrics" in accept)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def end(self):
        self.running.signal(signal.SIGTERM)
        assert self.running.wait().code == 0
        assert self.said.read_text().count("\n") == 1, self.said.read_text()


@pytest.fixture
def served(run):
    started = []

    def start(*words):
        started.append(Served(run, *words))
        return started[-1]

    yield start
    for at in started:
        if at.running.popen.poll() is None:
            at.end()


@pytest.mark.anywhere
def test_metrics_served(run, served):
    it = served()
    answer, text = it.ask()
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Connection"]) == (200, TEXT, "close")
    promtool(text)
    head, none = it.ask("HEAD")
    assert (head.status, none, head.headers["Content-Length"]) == (200, "", str(len(text)))
    assert it.ask(path="/metrics?x=y")[0].status == 200
    for path in ("/", "/metrics/", "/metric", "/../metrics", "/%00", "/" + "x" * 5000):
        assert it.ask(path=path)[0].status == 404, path
    for method, body in (("POST", b"x"), ("PUT", b"x" * 1000000), ("DELETE", None), ("OPTIONS", None), ("get", None)):
        try:
            answer, _ = it.ask(method, body=body)
        except (BrokenPipeError, ConnectionResetError):  # it doesn't read what it refuses
            assert len(body) > 1
            continue
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
    assert it.told().types


@pytest.mark.anywhere
def test_metrics_by_accept(run, served):
    it = served()
    for accept, wanted in ((None, TEXT), ("*/*", TEXT), (PROMETHEUS, OPENMETRICS), ("application/openmetrics-text", OPENMETRICS),
                           ("text/plain, application/openmetrics-text;q=0.5", TEXT), ("APPLICATION/OpenMetrics-Text ; q=1", OPENMETRICS),
                           ("application/openmetrics-text;q=0", TEXT), ("application/openmetrics-text;version=2.0.0", TEXT),
                           ("application/openmetrics-textx", TEXT), (",;,;q=", TEXT), ("application/json", TEXT), (";" * 5000, TEXT),
                           ("text/html;q=0.1,application/openmetrics-text;charset=utf-8;q=0.001", OPENMETRICS)):
        answer, text = it.ask(headers={"Accept": accept} if accept else {})
        assert (answer.status, answer.headers["Content-Type"]) == (200, wanted), accept
        Exposition(text, wanted == OPENMETRICS)
    it.end()
    assert served("--openmetrics").ask()[0].headers["Content-Type"] == OPENMETRICS


@pytest.mark.anywhere
def test_metrics_of_a_rotated_journal(run, served):
    """logrotate's ways: renamed, or copied and cut off. Nothing is lost, and nothing counted twice."""
    journal = run.tmp / "journal"
    it = served("--journal", str(journal))
    assert runs(it.told()) == {}
    journal.write_text(receipt() * 3)
    assert runs(it.told()) == {("acme", "ok"): 3}
    # Renamed: who has opened it before adds a line to the old one.
    with open(journal, "a", encoding="ascii") as late:
        late.write(receipt())
        late.flush()
        journal.rename(run.tmp / "journal.1")
        assert runs(it.told()) == {("acme", "ok"): 4}
        journal.write_text(receipt("exit"))
        assert runs(it.told()) == {("acme", "ok"): 4, ("acme", "exit"): 1}
        late.write(receipt())
        late.flush()
        assert runs(it.told()) == {("acme", "ok"): 5, ("acme", "exit"): 1}
    # A line without an end isn't one until it has it.
    torn = receipt("signal")
    with open(journal, "a", encoding="ascii") as file:
        file.write(torn[:20])
        file.flush()
        assert errors(told := it.told(), "line") == 0 and ("acme", "signal") not in runs(told)
        file.write(torn[20:])
    assert runs(it.told())["acme", "signal"] == 1
    # Copied and cut off, with lines that were added between our look and the copy; then it grows beyond what it was.
    with open(journal, "a", encoding="ascii") as file:
        file.write(receipt("output") * 2)
    shutil.copy(journal, run.tmp / "journal-20261126")
    os.truncate(journal, 0)
    with open(journal, "a", encoding="ascii") as file:
        file.write(receipt("memory") * 50)
    told = it.told()
    assert runs(told) == {("acme", "ok"): 5, ("acme", "exit"): 1, ("acme", "signal"): 1, ("acme", "output"): 2, ("acme", "memory"): 50}
    assert errors(told, "journal") == errors(told, "line") == 0
    # Cut off, and no copy: lines may have been lost, which is told; counters don't go back.
    os.truncate(journal, 0)
    told = it.told()
    assert runs(told)["acme", "memory"] == 50 and errors(told, "journal") == 1
    journal.write_text(receipt("memory"))
    assert runs(it.told())["acme", "memory"] == 51
    journal.unlink()
    assert runs(it.told())["acme", "memory"] == 51
    os.mkfifo(journal)
    told = it.told()
    assert runs(told)["acme", "memory"] == 51 and errors(told, "journal") > 1


@pytest.mark.anywhere
def test_metrics_of_a_journal_that_is_rotated_twice_at_once(run, served):
    """What had the name between two looks is found by its name and its age. What is compressed by then is lost, which is told."""
    journal = run.tmp / "journal"
    (run.tmp / "journal.3").write_text(receipt("pids") * 7)
    journal.write_text(receipt())
    it = served("--journal", str(journal))
    assert runs(it.told()) == {("acme", "ok"): 1}
    with open(journal, "a", encoding="ascii") as file:
        file.write(receipt())
    journal.rename(run.tmp / "journal.2")
    # Nothing has the name now, so nothing is seen until all of it is there.
    for name, verdict in (("journal.1", "exit"), ("journal-20261126", "signal"), ("journal.0", "cpu-time")):
        (run.tmp / name).write_text(receipt(verdict) * 2)
    (run.tmp / "journalist").write_text(receipt("output"))
    (run.tmp / "journal.x").symlink_to("journal.3")
    journal.write_text(receipt("memory"))
    both = {("acme", verdict): n for verdict, n in (("ok", 2), ("exit", 2), ("signal", 2), ("cpu-time", 2), ("memory", 1))}
    told = it.told()
    assert runs(told) == both and errors(told, "journal") == 0
    # The one before is compressed at once: all of it was read.
    journal.rename(run.tmp / "journal.4")
    (run.tmp / "journal.4.gz").write_bytes(b"\x1f\x8b")
    (run.tmp / "journal.4").unlink()
    journal.write_text(receipt("memory"))
    told = it.told()
    assert runs(told) == {**both, ("acme", "memory"): 2} and errors(told, "journal") == 0
    # So is one that nobody has read.
    journal.rename(run.tmp / "journal.5")
    (run.tmp / "journal.6.gz").write_bytes(b"\x1f\x8b")
    journal.write_text(receipt("memory"))
    told = it.told()
    assert runs(told) == {**both, ("acme", "memory"): 3} and errors(told, "journal") == 1


@pytest.mark.anywhere
def test_metrics_of_a_journal_that_is_cut_off_twice_at_once(run, served):
    """Copied and cut off: what came between two copies stands in the later one, and what came to an empty journal in its copy."""
    journal = run.tmp / "journal"
    journal.touch()
    it = served("--journal", str(journal))
    assert runs(it.told()) == {}
    # The exporter may look in between, which changes nothing.
    journal.write_text(receipt())
    shutil.copy(journal, run.tmp / "journal.1")
    os.truncate(journal, 0)
    with open(journal, "a", encoding="ascii") as file:
        file.write(receipt("exit"))
    told = it.told()
    assert runs(told) == {("acme", "ok"): 1, ("acme", "exit"): 1} and errors(told, "journal") == 0
    for verdict in "signal", "memory":
        with open(journal, "a", encoding="ascii") as file:
            file.write(receipt(verdict))
        if (run.tmp / "journal.1").exists():
            (run.tmp / "journal.1").rename(run.tmp / "journal.2")
        shutil.copy(journal, run.tmp / "journal.1")
        os.truncate(journal, 0)
    journal.write_text(receipt("output"))
    told = it.told()
    assert runs(told) == {("acme", verdict): 1 for verdict in ("ok", "exit", "signal", "memory", "output")}
    assert errors(told, "journal") == 0


@pytest.mark.anywhere
def test_metrics_of_a_journal_that_is_cut_off_in_the_tick_of_a_look(run, served):
    """The copy can seem to be made after the look that has read it: the kernel's clock for files has ticks."""
    journal = run.tmp / "journal"
    journal.write_text(receipt())
    it = served("--journal", str(journal))
    for n in range(1, 30):
        assert runs(it.told()) == {("acme", "ok"): n}
        shutil.copy(journal, run.tmp / f"journal.{n}")
        os.truncate(journal, 0)
        assert runs(it.told()) == {("acme", "ok"): n}
        with open(journal, "a", encoding="ascii") as file:
            file.write(receipt())


@pytest.mark.anywhere
def test_metrics_of_a_restart(run, served):
    """The same journal gives the same counters, since the same time: nothing is counted twice by whoever adds them up."""
    journal = run.tmp / "journal"
    for _ in range(2):
        run("--tenant acme", "true", env={"RATION_JOURNAL": str(journal)})
    first, second = served("--journal", str(journal)), served("--journal", str(journal))
    for name in ("ration_runs_total", "ration_runs_created"):
        value = first.told().value(name, tenant="acme", verdict="ok")
        assert value is not None and value == second.told().value(name, tenant="acme", verdict="ok")


@pytest.mark.needs("cgroup")
@pytest.mark.worlds("host", "v2")
def test_metrics_too_late(run, hand, served):
    """503, and it goes on."""
    hand.ok("create acme")
    it = served("--timeout", "1us")
    for _ in range(3):
        answer, text = it.ask()
        assert answer.status == 503 and "took too long" in text, text
    it.running.signal(signal.SIGTERM)
    assert it.running.wait().code == 0


@pytest.mark.anywhere
def test_metrics_for_clients_that_misbehave(run, served):
    """They are refused or cut off, one by one; others are served meanwhile. tests/metrics has thousands, and slow ones."""
    it = served()
    for sent in (b"x", b"\0" * 100, b"GET\n\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"GET " + b"/" * 100000,
                 b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000,
                 b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                 b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"):
        client = it.connect()
        with contextlib.closing(client), contextlib.suppress(ConnectionError):
            client.sendall(sent)
        assert it.told().types
    idle = [it.connect() for _ in range(20)]
    for client in idle[::2]:
        with contextlib.suppress(ConnectionError):  # cut off by then
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert it.told().types
    for client in idle:
        client.close()
    assert it.told().types


@pytest.mark.anywhere
def test_metrics_on_a_socket_of_systemd(run):
    listening = socket.create_server(("127.0.0.1", 0))
    with open(run.tmp / "said", "w", encoding="utf-8") as said:
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "{RATION}" metrics 3<&{listening.fileno()}'
        running = Running(["bash", "-c", script], None, [], run.env, stderr=said, pass_fds=[listening.fileno()])
    wait_for("it to listen", lambda: "listening on 127.0.0.1:" in (run.tmp / "said").read_text())
    it = object.__new__(Served)
    it.port = listening.getsockname()[1]
    assert it.told().types
    running.signal(signal.SIGINT)
    assert running.wait().code == 0
    listening.close()
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "{RATION}" metrics 3</dev/null'
    done = run.program(["sh", "-c", script])
    assert done.code == 125 and "isn't a listening stream socket" in done.stderr, done
    assert "missing --once" in run.command("metrics", env={"LISTEN_PID": "1", "LISTEN_FDS": "1"}).stderr


@pytest.mark.anywhere
def test_metrics_in_a_file(run):
    """Whole, for everybody to read, in the place of what is there; nothing else is left."""
    directory, precious = run.tmp / "textfile", run.tmp / "precious"
    directory.mkdir()
    precious.write_text("precious")
    file = directory / "ration.prom"
    file.symlink_to(precious)
    journal = run.tmp / "journal"
    journal.write_text(receipt())
    done = run.program(["sh", "-c", f'umask 077; exec "{RATION}" metrics --textfile {directory} --journal {journal}'])
    assert (done.code, done.stdout, done.stderr) == (0, "", "") and os.listdir(directory) == ["ration.prom"]
    assert stat.S_IMODE(file.lstat().st_mode) == 0o644 and stat.S_ISREG(file.lstat().st_mode) and precious.read_text() == "precious"
    assert runs(Exposition(file.read_text())) == {("acme", "ok"): 1}
    running = Running([RATION, "metrics", "--textfile", directory, "--journal", journal, "--interval", "1s"], None, [], run.env)
    with open(journal, "a", encoding="ascii") as more:
        more.write(receipt())
    wait_for("it to be written again", lambda: runs(Exposition(file.read_text())) == {("acme", "ok"): 2})
    running.signal(signal.SIGTERM)
    assert running.wait().code == 0 and os.listdir(directory) == ["ration.prom"]
    file.unlink()
    file.mkdir()
    done = run.command("metrics", "--textfile", str(directory))
    assert done.code == 125 and "can't write ration.prom: Is a directory" in done.stderr and os.listdir(directory) == ["ration.prom"]


@pytest.mark.worlds("host")
@pytest.mark.unsanitized("strace")
def test_metrics_in_a_file_that_takes_longer_than_the_interval(run):
    """A signal ends it all the same."""
    directory = run.tmp / "textfile"
    directory.mkdir()
    slow = [*STRACE, "-f", "-o", "/dev/null", "-e", "trace=renameat", "-e", "inject=renameat:delay_enter=1500000"]
    running = Running([*slow, RATION, "metrics", "--textfile", directory, "--interval", "1s"], None, [], run.env)
    wait_for("it to be written", (directory / "ration.prom").exists)
    os.kill(run.one("ration-metrics"), signal.SIGTERM)
    assert running.wait().code == 0


@pytest.mark.anywhere
def test_metrics_unit():
    """What it follows is in a directory that systemd makes: nobody else does, and without it there is nothing to wait for."""
    unit = dict(line.split("=", 1) for line in (TOP / "units" / "ration-metrics.service.in").read_text().splitlines() if "=" in line)
    assert unit["Environment"] == f"RATION_JOURNAL=/var/log/{unit['LogsDirectory']}/journal"
