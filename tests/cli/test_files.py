# SPDX-License-Identifier: MIT
"""Output, files, stack: limits that no cgroup has; and the receipt's own file."""

import array
import errno
import fcntl
import json
import os
import resource
import signal
import termios
import time

import pytest

from conftest import in_time, of_stat, stop, time_of, wait_for
from world import HAS, WORLD

pytestmark = [pytest.mark.long("v2")]


@pytest.mark.holds("output")
@pytest.mark.parametrize("stream", [1, 2])
def test_G01_G02_output_cap(run, stream):
    """Exactly so many bytes come out, on each of the two streams."""
    r = run("--output-limit 123K", f"writer 1000000 {stream}")
    out = (r.stdout, r.stderr)[stream - 1]
    assert out.count("x") == 125952
    assert r.verdict == "output"
    assert r.usage[("stdout_bytes", "stderr_bytes")[stream - 1]] == 125952
    assert r.receipt["truncated"] is True


def test_G01_output_under_the_cap(run):
    r = run("--output-limit 123K", "writer 125952")
    assert (r.code, r.verdict) == (0, "ok")
    assert len(r.stdout) == 125952 == r.usage["stdout_bytes"]
    assert r.receipt.get("truncated", False) is False


def test_G01_output_into_a_file(run):
    """A busy writer and a file that takes all at once: what one call couldn't move was never moved."""
    for _ in range(8):
        with run.file("out").open("w") as out:
            r = run("--output-limit 2M --timeout 3000", "yes", stdout=out)
        assert r.verdict == "output"
        assert run.file("out").stat().st_size == 2 << 20 == r.usage["stdout_bytes"]


def test_G01_truncate(run):
    """The other mode: too much is dropped, and the command lives."""
    r = run("--output-limit 123K --output-mode truncate", "writer 1000000")
    assert (r.code, r.verdict) == (0, "ok")
    assert len(r.stdout) == 125952 == r.usage["stdout_bytes"]
    assert r.receipt["truncated"] is True
    assert "wrote 1000000" in r.stderr


def test_bytes_are_counted_where_they_pass(run):
    """Without a limit the command writes to ration's own files: nothing is piped for a figure, which isn't there then, as 0
    would say that nothing was written."""
    for options, passes in (("", False), ("--output-limit 1M", True)):
        with run.file("out").open("w") as out:
            r = run(options, "readlink /proc/self/fd/1", stdout=out)
        text = run.file("out").read_text()
        assert text.startswith("pipe:") == passes and (text.strip() == str(run.file("out"))) == (not passes)
        figures = {name: value for name, value in r.usage.items() if name in ("stdout_bytes", "stderr_bytes")}
        assert figures == ({"stdout_bytes": len(text), "stderr_bytes": 0} if passes else {})


def test_G02_streams_have_a_cap_each(run):
    r = run("--output-limit 1K", ["sh", "-c", "head -c 1024 /dev/zero; head -c 1024 /dev/zero >&2"])
    assert (r.code, r.verdict) == (0, "ok")
    assert (r.usage["stdout_bytes"], r.usage["stderr_bytes"]) == (1024, 1024)


def test_G01_order_and_content(run):
    r = run("--output-limit 1M", ["sh", "-c", "seq 1 20000"])
    assert r.stdout == "".join(f"{i}\n" for i in range(1, 20001))


def test_G01_a_daemon_holds_the_pipe(run):
    """The end of the run is the end of the output, whoever holds the other end."""
    r = run("--output-limit 1K", "holdout")
    assert (r.code, r.verdict) == (0, "ok")


def test_G01_slow_reader(run):
    """Who doesn't read doesn't stop the limits."""
    read, write = os.pipe()
    try:
        r = run("--output-limit 100M --timeout 1", "writer 90000000", stdout=write)
        assert (r.code, r.verdict) == (124, "wall-time")
    finally:
        os.close(read)
        os.close(write)


def waiting(fd):
    """Bytes that can be read."""
    number = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, number)
    return number[0]


def test_G01_seen_when_the_command_has_ended(run):
    """The supervisor stands still while the command writes and ends: too much is too much
    all the same, and what is allowed comes out."""
    for i in range(5):
        pids, go = run.file(f"pids-{i}"), run.file(f"go-{i}")
        it = run.start("--output-limit 5", ["sh", "-c", f"echo $PPID $$ >{pids}; while [ ! -e {go} ]; do sleep .01; done; "
                                                        "echo aaaaaaaaaaaa"])
        parent, command = wait_for("the pids", lambda: pids.exists() and pids.read_text().split())
        # The process above it first, which would continue it.
        stop(it.pid)
        stop(int(parent))
        go.touch()
        wait_for("the command's end", lambda: of_stat(command)[0] == "Z")
        os.kill(int(parent), signal.SIGCONT)
        it.signal(signal.SIGCONT)
        r = it.wait()
        assert (r.code, r.verdict, r.stdout) == (137, "output", "aaaaa"), r
        assert r.usage["stdout_bytes"] == 5 and r.receipt["truncated"] is True, r


def test_G01_allowed_bytes_wait_for_their_reader(run):
    """A command that is ended for its output has the allowed part of it delivered, to a
    reader who comes late; one who doesn't come at all isn't waited for."""
    def attempt(comes):
        read, write = os.pipe()
        # One byte more than the pipe takes: with the next one ration knows that it is too much.
        room = fcntl.fcntl(write, fcntl.F_GETPIPE_SZ)
        it = run.start(f"--output-limit {room + 1}", "writer 1000000", stdout=write)
        os.close(write)
        wait_for("a full pipe", lambda: waiting(read) == room)
        since = time_of("the writer's end", lambda: "writer" not in run.alive().values())
        size = 0
        while comes and (piece := os.read(read, 65536)):
            size += len(piece)
        took = time.monotonic() - since
        r = it.wait()
        os.close(read)
        return took, (size, room, r)

    # A reader may take so long.
    size, room, r = in_time(5, lambda: attempt(True))
    assert size == room + 1 == r.usage["stdout_bytes"], (size, r)
    assert (r.code, r.verdict) == (137, "output") and r.receipt["truncated"] is True, r
    _, (_, room, r) = attempt(False)
    assert r.usage["stdout_bytes"] == room, r
    assert (r.code, r.verdict) == (137, "output") and r.receipt["truncated"] is True, r


def test_G01_reader_gone(run):
    """Our reader goes away: the command gets SIGPIPE as it would without us, and
    ration lives to write the receipt."""
    read, write = os.pipe()
    os.close(read)
    try:
        for options in ("--timeout 3000", "--output-limit 100M --timeout 3000"):
            r = run(options, "writer 90000000", stdout=write)
            assert r.verdict in ("signal", "exit", "ok"), r
            assert r.receipt is not None
    finally:
        os.close(write)


def test_G03_ration_below_a_file_size(run):
    """RLIMIT_FSIZE of ration's own: the command runs, and the receipt is missed aloud."""
    r = run("--output-limit 1M", "echo hello", before=["prlimit", "--fsize=0"])
    assert (r.code, r.stdout, r.receipt) == (123, "hello\n", None), r
    assert r.stderr.startswith("ration run: --receipt ") and "File too large" in r.stderr


@pytest.mark.holds("rlimit_fsize")
def test_G03_file_size(run):
    r = run("--rlimit fsize=1M", f"dd if=/dev/zero of={run.file('x')} bs=1M count=2")
    assert r.receipt["exit"].get("signal") == 25 and (r.code, r.verdict) == (153, "signal")
    assert run.file("x").stat().st_size == 1 << 20


@pytest.mark.holds("rlimit_nofile")
def test_G04_open_files(run):
    r = run("--rlimit nofile=32", "nofiles 64")
    assert r.code == 1
    assert r.stdout == f"made 29 errno {errno.EMFILE}\n"


def test_G05_stack(run):
    r = run("--rlimit stack=1M", "deepstack 4000")
    assert (r.code, r.verdict) == (139, "signal")
    assert run("--rlimit stack=1M", ["sh", "-c", "ulimit -s"]).stdout == "1024\n"
    assert run("--rlimit stack=16M", "deepstack 4000").stdout == "done\n"


def test_G06_no_core(run):
    """Unless it is asked for: a limit on memory isn't there to fill the disk."""
    r = run("", ["sh", "-c", f"cd {run.tmp}; ulimit -c; kill -SEGV $$"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    assert r.code == 139 and r.stdout == "0\n"
    assert [name for name in os.listdir(run.tmp) if "core" in name] == []


@pytest.mark.needs("vm", "root")
def test_G06_no_core_even_if_the_system_writes_them(run):
    pattern = open("/proc/sys/kernel/core_pattern").read()
    open("/proc/sys/kernel/core_pattern", "w").write("core")
    try:
        r = run("", ["sh", "-c", f"cd {run.tmp}; kill -SEGV $$"],
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    finally:
        open("/proc/sys/kernel/core_pattern", "w").write(pattern)
    assert (r.code, r.receipt["exit"]["core"]) == (139, False)
    assert [name for name in os.listdir(run.tmp) if "core" in name] == []


# The receipt's own way out.

def test_receipt_to_a_descriptor(run):
    read, write = os.pipe()
    r = run(["--receipt", f"fd:{write}"], "fds", receipt=False, pass_fds=(write,))
    os.close(write)
    with os.fdopen(read) as file:
        assert json.load(file)["verdict"] == "ok"
    assert r.stdout.splitlines()[0] == "fds 0 1 2", "the command doesn't see it"


def test_receipt_to_a_slow_reader(run):
    """What somebody made non-blocking, and is full, is waited for: not a byte is missing."""
    command = ["true", *["x" * 100000] * 2]

    def attempt():
        read, write = os.pipe()
        os.set_blocking(write, False)
        started = run.start(["--receipt", f"fd:{write}"], command, receipt=False, pass_fds=(write,))
        os.close(write)
        size = fcntl.fcntl(read, fcntl.F_GETPIPE_SZ)
        since = time_of("a full pipe", lambda: waiting(read) == size or started.popen.poll() is not None)
        with os.fdopen(read) as file:
            text = file.read()
        took = time.monotonic() - since
        return took, (started.wait().code, text)

    # A reader may take so long.
    code, text = in_time(5, attempt)
    assert code == 0 and json.loads(text)["command"] == command


def test_receipt_is_whole_or_not_there(run):
    """A receipt replaces the one before, never half of it."""
    file = run.file("again.json")
    for command in (["sh", "-c", "exit 1"], ["true", *["x" * 1000] * 20], ["true"]):
        run(["--receipt", str(file)], command, receipt=False)
        assert json.loads(file.read_text())["command"] == command


def test_receipt_replaces_a_longer_one(run):
    """Where it can't be made beside, and renamed: behind a link."""
    file, link = run.file("receipt.json"), run.file("link")
    file.write_text("x" * 100000)
    link.symlink_to(file)
    run(["--receipt", str(link)], "true", receipt=False)
    assert json.loads(file.read_text())["command"] == ["true"] and link.is_symlink()


def test_receipt_of_a_killed_ration(run):
    """Nothing is left where it was to be, and the command doesn't see it either: it can
    remove its directory."""
    place = run.file("place")
    place.mkdir()
    try:
        os.close(os.open(place, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        return  # each file has a name here
    started = run.start(["--receipt", str(place / "receipt.json")], ["sleep", "1000"], receipt=False)
    wait_for("the command", lambda: "sleep" in run.alive().values())
    assert list(place.iterdir()) == []
    started.signal(signal.SIGKILL)
    started.wait()
    wait_for("its end", lambda: not run.alive() and not run.groups())
    assert list(place.iterdir()) == []
    r = run(["--receipt", str(place / "receipt.json")], ["rmdir", str(place)], receipt=False)
    assert r.code == 123 and "--receipt" in r.stderr, r


def test_receipt_that_lost_its_place(run):
    """Whole, but it can't get its name: then it isn't left beside it under another."""
    place = run.file("place")
    place.mkdir()
    r = run(["--receipt", str(place / "receipt.json")], ["mkdir", str(place / "receipt.json")], receipt=False)
    assert r.code == 123 and "--receipt" in r.stderr, r
    assert os.listdir(place) == ["receipt.json"]


def test_receipt_of_odd_bytes(run):
    """Arguments that are no UTF-8, and control characters: still JSON."""
    r = run("", [b"true", b"\xff\xfe", b"a\nb\x01\"\\"])
    assert r.code == 0 and r.receipt["command"] == ["true", r"\xff\xfe", "a\nb\x01\"\\"]
    assert r.receipt["command_escaped"] == [1]


@pytest.mark.parametrize("where", ["/no/such/dir/receipt", "/", "/proc/receipt", "fd:99", "fd:x", ""])
def test_receipt_that_cannot_be_written(run, where):
    r = run(["--receipt", where], ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125
    assert "receipt" in r.stderr and where in r.stderr
    assert not run.file("started").exists()
    assert run.groups() == set()


def test_receipt_on_a_full_disk(run):
    """The command ran (125 would say that it didn't), and its receipt is lost."""
    r = run("--receipt /dev/full", ["sh", "-c", "exit 3"], receipt=False)
    assert r.code == 123
    assert "receipt" in r.stderr and "No space left" in r.stderr
    assert run.groups() == set()


@pytest.mark.needs("!root")
def test_receipt_without_permission(run):
    r = run("--receipt /etc/passwd", ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125 and "/etc/passwd" in r.stderr
    assert not run.file("started").exists()


def test_table_for_people(run):
    r = run("-v --memory 64M --timeout 3000", "true")
    assert r.stdout == ""
    for word in ("memory", "64", "timeout", "ok"):
        assert word in r.stderr


@pytest.mark.needs("!memory", "!memory1")
@pytest.mark.parametrize("quiet, warnings, reasons", [("", 1, 0), ("-q ", 0, 1)])
def test_a_reason_is_told_once(run, quiet, warnings, reasons):
    """With -v, each stood in the warning and in the table again."""
    r = run(quiet + "-v --memory 64M", "true")
    assert r.code == 0
    lines = r.stderr.splitlines()
    assert sum(line.startswith("ration: memory: enforced by ") for line in lines) == warnings
    assert sum(line.startswith("    reason: ") for line in lines) == reasons


def test_quiet_by_default(run):
    """Nothing on stderr where everything holds."""
    r = run("--timeout 3000" + (" --memory 64M --pids 20" if "memory" in HAS else ""), "true", receipt=False)
    assert r.stderr == ""


def test_one_line_for_a_limit(run):
    r = run("--timeout .1", "sleep 1000", receipt=False)
    assert len(r.stderr.splitlines()) == 1 and r.stderr.startswith("ration: ")
    assert "time" in r.stderr and "100 ms" in r.stderr
    assert WORLD
