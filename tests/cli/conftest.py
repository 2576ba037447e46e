# SPDX-License-Identifier: MIT
"""How the tests run `ration` and look at what it leaves.

    def test_D01_over_the_limit(run):
        r = run("--memory 30M", "alloc 100")
        assert (r.code, r.verdict) == (137, "memory")

`run` checks every receipt against the schema and against what must always hold
(check.py), and has a deadline. After each test no group, no process and no
named file may be left: row I01, for all of them.

Environment: RATION is the command (build/ration), RATION_WORLD says where we are
(world.py), RATION_SLOW stretches deadlines, RATION_MUST=1 makes a failure of
every skip, RATION_SHARE=1/2 takes every second test, from the first, RATION_ONCE=1
leaves out what another part of the same check runs as well, RATION_LONG=no leaves out
what takes long, and RATION_LONG=only all else.
"""

import contextlib
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import check  # noqa: E402
import holds  # noqa: E402
from world import HAS, SLOW, V1, WORLD, fits, mount, own_group, unit_group, v1_places  # noqa: E402

TOP = HERE.parent.parent
RATION = os.environ.get("RATION") or str(TOP / "build" / "ration")
UNIT_PROGRAM = str(Path(RATION).resolve().parent / "ration-unit")
HELPERS = os.environ.get("RATION_HELPERS") or str(Path(RATION).resolve().parent / "tests" / "helpers")
# The command has sanitizers in it (tests/check).
SANITIZED = os.environ.get("RATION_SANITIZED") == "1"
# Another part of the same check has what holds anywhere.
ONCE = os.environ.get("RATION_ONCE") == "1"
# Both trace: a sanitizer in the command doesn't look for leaks under it, and for all else it does.
STRACE = ["strace", *(["-E", f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"] if SANITIZED else [])]
# For `make check` and `make check-long`, which share the tests.
LONG = os.environ.get("RATION_LONG")
NAMESPACE = f"ration-test-{os.getpid()}"
# Far more than anything takes, however busy the machine: it ends what hangs. What ration has
# to end lives for longer by itself: `sleep 1000`.
DEADLINE = 120 * SLOW


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*what): what the world must have; '!x': must not (see world.py)")
    config.addinivalue_line("markers", "since((major, minor)): the oldest kernel that this is for")
    config.addinivalue_line("markers", "worlds(*names): the only worlds that this is for")
    config.addinivalue_line("markers", "unsanitized(reason): what a sanitizer in the command can't do; it runs elsewhere")
    config.addinivalue_line("markers", "anywhere: no kernel decides it, unless the test needs something of one (needs)")
    config.addinivalue_line("markers", "long(*worlds): in these worlds, or in all, it takes much of the time that "
                                       "`make check` has, and another world has it too; `make check-long` runs it")
    config.addinivalue_line("markers", "holds(*limits): this exceeds these limits, and sees them hold (see holds.py)")


def shared(items):
    """RATION_SHARE=2/3: of three machines with the same world this is the second. Each has every third test."""
    first, step = map(int, os.environ.get("RATION_SHARE", "1/1").split("/"))
    return items[first - 1::step]


def pytest_collection_modifyitems(config, items):
    """Leaves out what this world or this build isn't for: those tests run in another one."""
    def takes_long(item):
        # What docs/worlds.md counts isn't put off in some worlds only.
        return any(not mark.args or (WORLD in mark.args and not item.get_closest_marker("holds")) for mark in item.iter_markers("long"))

    def here(item):
        if ONCE and item.get_closest_marker("anywhere") and not item.get_closest_marker("needs"):
            return False
        if LONG and takes_long(item) != (LONG == "only"):
            return False
        return fits(item.iter_markers()) and not (SANITIZED and item.get_closest_marker("unsanitized"))

    mine = shared([item for item in items if here(item)])
    taken = set(map(id, mine))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in taken])
    items[:] = mine


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """RATION_MUST=1: what is skipped has failed."""
    report = (yield).get_result()
    if report.when == "call" and report.passed:
        holds.note(item)
    if os.environ.get("RATION_MUST") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but everything must run here: {report.longrepr[2]}"


def pytest_sessionfinish():
    holds.write()


def wait_for(what, condition):
    """Returns what `condition` returns as soon as that is true."""
    end = time.monotonic() + DEADLINE
    while not (result := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)
    return result


def is_harmless(text):
    """Lines of what can be seen, and nothing else."""
    return all(c.isprintable() or c == "\n" for c in text)


def on_a_terminal(words):
    """Runs a command that succeeds, with a terminal for its standard output. Returns what that got."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        assert subprocess.run(words, stdin=subprocess.DEVNULL, stdout=theirs, timeout=DEADLINE, check=False).returncode == 0
        os.close(theirs)
        text = b""
        # A terminal whose other side is closed ends with EIO.
        with contextlib.suppress(OSError):
            while more := terminal.read(65536):
                text += more
    return text.decode()


def of_stat(pid):
    """What the kernel says of a process after its name: state, parent, ..."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()


def parent(pid):
    return int(of_stat(pid)[1])


def has_ended(pid):
    """It does nothing any more, though its parent may not have been told."""
    try:
        return of_stat(pid)[0] in "ZX"
    except OSError:
        return True


def stop(pid):
    """When this returns, the process does nothing more: on a busy machine that is some time after it was told."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(f"process {pid} to stand still", lambda: of_stat(pid)[0] == "T")


def end_at_once(pids):
    """Ends processes of ration's so that none can do anything for another, and waits until they have ended. A parent's end
    wakes one that is stopped: children first."""
    above = {pid: parent(pid) for pid in pids}

    def depth(pid):
        return 1 + depth(above[pid]) if pid in above else 0

    for sig in (signal.SIGSTOP, signal.SIGKILL):
        for pid in sorted(above, key=depth, reverse=True):
            os.kill(pid, sig)
    wait_for(f"the end of {sorted(above)}", lambda: all(map(has_ended, above)))


def patiently(attempt):
    """Returns what attempt(SECONDS) returns, with ever more of them until that is true: for
    what has to happen within a time limit, or before the command ends by itself. How long a
    busy machine takes for it, nobody knows."""
    for seconds in (1, 5, 25, 125):
        if result := attempt(seconds):
            return result
    pytest.fail(f"not even within {seconds} s")


def time_of(what, condition):
    """Waits for it; returns a time of time.monotonic() at which it wasn't so yet, or it was so from the first look."""
    since = time.monotonic()

    def look():
        nonlocal since
        begun = time.monotonic()
        if condition():
            return True
        since = begun
        return False

    wait_for(what, look)
    return since


def in_time(seconds, attempt):
    """attempt() returns how many seconds the test took for its part, and a result. Returns the result of one that took
    less than ration waits for that, where no option changes it: of what was too slow itself nothing is known."""
    for _ in range(20):
        took, result = attempt()
        if took < seconds:
            return result
    pytest.fail(f"this took {seconds} s or more, each time")


def hold_signals():
    """A preexec_fn: signals wait for the command until it has said what to do with them, as
    onsignal and ignoreterm do. Until a busy machine has started it, its time may be up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})


def processes(marker):
    """The live processes that carry `marker` in their environment, as pid: command; and the
    helper programs for our namespace, which are given no environment."""
    helpers = [f"{name}\0{NAMESPACE}\0".encode() for name in ("ration-keeper", "ration-reaper")]
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/environ", "rb") as file:
                ours = marker.encode() in file.read()
            with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                if ours or file.read() in helpers:
                    found[int(entry.name)] = Path(f"/proc/{entry.name}/comm").read_text().strip()
        except OSError:
            pass
    return found


def groups():
    """All cgroups that are ours to look after: below our namespace on a machine
    that others use, all of them on a kernel of our own; below systemd, those in our unit."""
    top = unit_group() if "systemd" in HAS else mount()
    tops = {top for top in (top, *(place for name, place in v1_places().items() if f"{name}1" in V1)) if top}
    found = {path for top in tops for path, _, _ in os.walk(top)}
    if "vm" not in HAS:
        found = {path for path in found if NAMESPACE in path}
    return found


class Result:
    """A run that is over."""

    def __init__(self, code, stdout, stderr, receipt, wall):
        self.code, self.stdout, self.stderr, self.receipt, self.wall = code, stdout, stderr, receipt, wall

    @property
    def verdict(self):
        return self.receipt["verdict"]

    @property
    def usage(self):
        return self.receipt["usage"]

    def limit(self, name):
        """The receipt's entry for one limit."""
        return next(entry for entry in self.receipt["limits"] if entry["limit"] == name)

    def counters(self):
        """What moved: counter -> how far."""
        return {e["counter"]: e["after"] - e["before"] for e in self.receipt.get("evidence", [])}

    def __repr__(self):
        return f"<{self.code} {json.dumps(self.receipt)} out={self.stdout[-400:]!r} err={self.stderr[-800:]!r}>"


class Running:
    """A `ration` that was started."""

    def __init__(self, argv, receipt, asked, env, text=True, receipts=None, **popen):
        for name in ("stdout", "stderr"):
            popen.setdefault(name, subprocess.PIPE)
        popen.setdefault("stdin", subprocess.DEVNULL)
        self.receipt_file, self.asked, self.argv, self.receipts = receipt, asked, argv, receipts
        self.marker = f"RATION_TEST_MARKER={env['RATION_TEST_MARKER']}"
        self.begun = time.monotonic()
        self.popen = subprocess.Popen(argv, env=env, text=text, errors="replace" if text else None, **popen)
        self.pid = self.popen.pid

    def signal(self, sig):
        os.kill(self.pid, sig)

    def wait(self, deadline=None, input=None):
        try:
            out, err = self.popen.communicate(input, timeout=deadline or DEADLINE)
        except subprocess.TimeoutExpired:
            what = "still running" if self.popen.poll() is None else "ended, but its output is held"
            out, err, holders = self.give_up()
            pytest.fail(f"{what} after {deadline or DEADLINE} s: {shlex.join(self.argv)}\n{out}\n{err}\n{holders}")
        wall = time.monotonic() - self.begun
        receipt = None
        if self.receipt_file and self.receipt_file.exists():
            receipt = json.loads(self.receipt_file.read_text())
        result = Result(self.popen.returncode, out, err, receipt, wall)
        if receipt is not None:
            check.receipt(receipt, self.asked, result.code)
            if self.receipts is not None:
                self.receipts.append(receipt)
        return result

    def give_up(self):
        """Ends it, and a little later whoever of its processes has outlived it and holds its output."""
        self.popen.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return *self.popen.communicate(timeout=5), ""
        left = processes(self.marker)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return *self.popen.communicate(), f"these outlived it: {left}"


class Ration:
    """`run(OPTIONS, COMMAND)` runs `ration run OPTIONS -- COMMAND` to its end. Both
    are strings in the shell's grammar, or lists. The programs of tests/helpers are
    in COMMAND's PATH."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.marker = f"RATION_TEST_MARKER={uuid.uuid4().hex}"
        self.count, self.receipts, self.last = 0, [], None
        self.env = dict(os.environ, PATH=f"{HELPERS}:/usr/sbin:/usr/bin:/sbin:/bin",
                        RATION_NAMESPACE=NAMESPACE, RATION_TEST_PROGRAMS=str(Path(RATION).resolve().parent),
                        LC_ALL="C.UTF-8")
        for name in ("RATION_BASE", "RATION_JOURNAL"):
            self.env.pop(name, None)
        name, value = self.marker.split("=")
        self.env[name] = value

    def start(self, options="", command=None, *, receipt=True, before=(), deadline=None, env=None, **popen):
        options = shlex.split(options) if isinstance(options, str) else list(options)
        command = shlex.split(command) if isinstance(command, str) else command
        self.count += 1
        file = self.tmp / f"receipt-{self.count}.json" if receipt else None
        argv = [*before, RATION, "run", *options]
        if file:
            argv += ["--receipt", str(file)]
        if command is not None:
            argv += ["--", *command]
        self.last = Running(argv, file, options, dict(self.env, **(env or {})), receipts=self.receipts, **popen)
        return self.last

    def __call__(self, *args, deadline=None, input=None, **kwargs):
        if input is not None:
            kwargs.setdefault("stdin", subprocess.PIPE)
        return self.start(*args, **kwargs).wait(deadline, input)

    def command(self, *words, env=None, deadline=None, before=()):
        """Runs `ration WORDS...`, whatever it is. What waits for a group is given as long as a test waits: the default
        is for people, and too short for a machine with a hundred others to run."""
        if words and words[0] in ("kill", "freeze", "thaw", "stop") and "--timeout" not in words:
            words = (words[0], "--timeout", str(DEADLINE // 2), *words[1:])
        return self.program([*before, RATION, *words], env=env, deadline=deadline)

    def program(self, argv, env=None, deadline=None):
        """Runs any program."""
        return Running(argv, None, [], dict(self.env, **(env or {}))).wait(deadline)

    def collect(self):
        """`ration gc`, and no group is left. It waits two seconds for what it kills, and says so with a status of 1 where that
        takes longer: then the next one removes it."""
        def once():
            r = self.command("gc")
            assert r.code == 1 or r.code == 0 and self.groups() == set(), (r, self.groups())
            return r.code == 0
        wait_for("gc to remove all", once)

    def plan(self, options=""):
        """What `ration plan --json` says, limit -> entry."""
        r = self.command("plan", *shlex.split(options), "--json")
        assert r.code == 0, r
        return {entry["limit"]: entry for entry in json.loads(r.stdout)["limits"]}

    def file(self, name):
        return self.tmp / name

    def ready(self, name, text="ready"):
        """Waits until the command has written `text` to a file."""
        try:
            wait_for(f"{text!r} in {name}", lambda: self.said(name, text))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.what_there_is()}") from None

    def what_there_is(self):
        """The processes of this test and what each waits for, and how the last run ended if it has."""
        lines = []
        for pid, name in self.alive().items():
            with contextlib.suppress(OSError):
                lines.append(f"{pid} {name}: {Path(f'/proc/{pid}/wchan').read_text()}, {Path(f'/proc/{pid}/syscall').read_text().strip()}")
        if self.last and self.last.popen.poll() is not None:
            lines.append(f"the last run has ended: {self.last.popen.returncode} {self.last.popen.stderr and self.last.popen.stderr.read()}")
        return "\n".join(lines)

    def said(self, name, text="ready"):
        path = self.file(name)
        return path.exists() and text in path.read_text()

    def alive(self):
        """Processes of this test."""
        return processes(self.marker)

    def one(self, *names):
        """The one process of this test with that name. A keeper or a subreaper that was just
        forked has its parent's for a moment."""
        def only():
            found = [pid for pid, name in self.alive().items() if name in names]
            return found[0] if len(found) == 1 else None
        return wait_for(f"one {' or '.join(names)}", only)

    def groups(self):
        """Groups of this session's namespace."""
        return {path for path in groups() if NAMESPACE in path and not path.endswith("/ration.self")}


@pytest.fixture
def run(tmp_path, warm_up):
    """The command; and row I01: when the test is over, all is as it was before."""
    before = groups()
    it = Ration(tmp_path)
    yield it
    left = it.alive()
    more = groups() - before
    gone = before - groups()
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if left or more:
        time.sleep(.3)  # a failure here is to stay one failure
        it.command("gc")
    assert not left, f"processes left: {left}"
    assert not more, f"groups left: {sorted(more)}"
    assert not gone, f"groups lost: {sorted(gone)}"


@pytest.fixture
def hand(run):
    """The commands about groups; what they made is removed at the end, by `ration rm`."""
    from hand import Hand
    it = Hand(run)
    yield it
    it.done()


@pytest.fixture(scope="session")
def warm_up(tmp_path_factory):
    """Lets ration make what it makes once and keeps: a leaf for those who were in
    its base before (they are moved, not ended)."""
    if not os.access(RATION, os.X_OK) or not os.path.isdir(HELPERS):
        pytest.exit(f"{RATION} or {HELPERS} isn't there", 3)
    Ration(tmp_path_factory.mktemp("warm-up"))("--memory 64M", "true")


def empty(path):
    """What a test that failed has left in a group would fail all that come after it."""
    def gone():
        try:
            pids = (path / "cgroup.procs").read_text().split()
        except OSError:  # of a threaded group it can't be read: those there are the base's own
            return True
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        return not pids
    if (path / "cgroup.procs").exists():
        wait_for(f"the processes in {path} to end", gone)


@pytest.fixture
def by_hand():
    """Makes groups without ration's help, and removes them: by_hand(path)."""
    made = []

    def make(path, **files):
        for directory in [p for p in reversed([path, *path.parents]) if not p.exists()]:
            directory.mkdir()
            made.append(directory)
        for name, value in files.items():
            (path / name.replace("_", ".")).write_text(str(value))
        return path

    yield make
    for path in reversed(made):
        if path.exists():
            empty(path)
            path.rmdir()


@pytest.fixture
def base(warm_up):
    """BASE, found without ration: the root of the hierarchy, our own group, or systemd's unit."""
    if "systemd" in HAS:
        return unit_group()
    top, own = mount(), own_group()
    return own.parent if own and own.name == "ration.self" else own or top
