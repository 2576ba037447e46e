# SPDX-License-Identifier: MIT
"""ration.Run, run() and run_sync(): rows R01, R03 and R04."""

import asyncio
import fcntl
import gc
import os
import resource
import signal
import struct
import subprocess
import threading
import time
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from setting import DEADLINE, HAS, NAMESPACE, ONCE, RATION, children, groups, helper, holder, ration, script, together, wait_for

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2")]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ------------------------------------------------------------------- receipts

@pytest.mark.parametrize("command, verdict, exit_code, status, sig", [
    (["true"], "ok", 0, 0, None), (["sh", "-c", "exit 7"], "exit", 7, 7, None), (["sh", "-c", "kill -9 $$"], "signal", 137, None, 9)])
def test_verdict(host, command, verdict, exit_code, status, sig):
    receipt = ration.run_sync(command, host=host)
    assert (receipt.verdict, receipt.exit_code, receipt.status, receipt.signal) == (verdict, exit_code, status, sig)
    assert receipt.ok == (verdict == "ok") and receipt.command == tuple(command)
    assert receipt.group.startswith("default/") and receipt.usage.wall_usec > 0


def test_memory_limit(host):
    """A limit that was hit: verdict, the counter that proves it, and the row of the limit."""
    receipt = ration.run_sync([helper("alloc"), "100", "stay"], memory="64M", host=host)
    assert (receipt.verdict, receipt.exit_code, receipt.signal) == (ration.Verdict.MEMORY, 137, 9)
    row = receipt.limit("memory")
    assert (row.asked, row.acted, row.mechanism) == (64 << 20, True, holder("memory", "watch"))
    if "memory" in HAS:
        assert receipt.usage.memory_peak_bytes == 64 << 20 and receipt.usage.sources["memory_peak_bytes"] == "cgroup2"
        assert any(e.counter.startswith("memory.events") and e.after > e.before and e.level == "group" for e in receipt.evidence)
    with pytest.raises(ration.RunError, match="memory"):
        receipt.check()


def test_timeout_and_absent(host):
    """What isn't known is None, never 0: nothing counts output that isn't limited."""
    receipt = ration.run_sync(["sleep", "1000"], timeout=.05, host=host)
    assert (receipt.verdict, receipt.exit_code) == ("wall-time", 124) and receipt.limit("timeout").acted
    assert receipt.usage.stdout_bytes is None and "stdout_bytes" not in receipt.usage.sources
    assert receipt.user is None and receipt.escaped_to is None and receipt.failure is None and receipt.limit("pids") is None


def test_capture_and_input(host):
    """More than a pipe holds, both ways at once."""
    data = b"x" * 300000
    receipt = ration.run_sync(["sh", "-c", "cat; echo err >&2"], input=data, capture_output=True, host=host)
    assert receipt.stdout == data and receipt.stderr == b"err\n"
    receipt = together(ration.run(["sh", "-c", "cat; echo err >&2"], input=data, capture_output=True, host=host))
    assert receipt.stdout == data and receipt.stderr == b"err\n"
    receipt = ration.run_sync(["true"], input=data, capture_output=True, host=host)
    assert (receipt.verdict, receipt.stdout) == ("ok", b"")


def test_files_and_environment(host, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        receipt = ration.run_sync(["sh", "-c", "echo $A; echo to stderr >&2"], env={"A": "b", "PATH": os.environ["PATH"]}, stdout=out,
                                  stderr=ration.STDOUT, stdin=ration.DEVNULL, host=host)
    assert receipt.ok and (tmp_path / "out").read_text() == "b\nto stderr\n"
    with ration.Run(["cat"], stdin=ration.PIPE, stdout=ration.PIPE, host=host) as run:
        run.stdin.write(b"through")
        run.stdin.close()
        assert run.wait().ok and run.stdout.read() == b"through"


def test_directory_umask_and_paths(host, tmp_path):
    """Opened by the command, from its own directory."""
    (tmp_path / "in").write_text("x\n")
    script = ["sh", "-c", "pwd; umask; cat; echo err >&2"]
    receipt = ration.run_sync(script, cwd=tmp_path, umask=0o027, stdin="in", stdout="out", stderr=ration.STDOUT, host=host)
    text = f"{tmp_path}\n0027\nx\nerr\n"
    assert receipt.ok and (tmp_path / "out").read_text() == text and (tmp_path / "out").stat().st_mode & 0o777 == 0o640
    receipt = ration.run_sync(["echo", "more"], stdout=tmp_path / "out", append=True, host=host)
    assert receipt.ok and (tmp_path / "out").read_text() == text + "more\n"


def test_when_it_started(host):
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    monotonic = time.monotonic()
    receipt = ration.run_sync(["true"], host=host)
    assert before <= receipt.started <= datetime.now(timezone.utc) + timedelta(seconds=1)
    assert monotonic - 1e-3 <= receipt.started_monotonic <= time.monotonic()
    assert receipt.usage.minor_faults > 0 and receipt.usage.involuntary_switches >= 0


def test_output_limit(host):
    receipt = ration.run_sync(["sh", "-c", "yes | head -c 100000"], output_limit="1K", output_mode="truncate", capture_output=True, host=host)
    assert len(receipt.stdout) == 1024 and receipt.truncated


@pytest.mark.parametrize("options, texts", [
    ({"memory": "64M"}, ["64M"]), ({"cpus": 1.5}, ["1.5"]), ({"timeout": 1e-5}, ["0.00001"]), ({"cpu_idle": True}, ["1"]),
    ({"cpu_time": (1, "9s")}, ["1:9s"]), ({"hugetlb": {"2M": "64M"}}, ["2M:64M"]), ({"io_read_bps": ["/a:1M", "/b:2M"]}, ["/a:1M", "/b:2M"]),
    ({"rlimit": {"nofile": 64, "core": (0, "1M")}}, ["64", "0:1M"]), ({"memory": None}, [])])
def test_values(options, texts):
    assert [text for _, text in ration.Limits(**options)._asked] == texts


def test_limits_of_a_vm():
    it = ration.Limits.for_vm("tcg", "512M", cpus=2)
    assert {row.name: number for row, number in it._numbers} == {"memory": 968 << 20, "pids": 100}
    assert it == ration.Limits.for_vm("tcg", 512 << 20, cpus=2) and hash(it) and it != ration.Limits(cpus=2)


def test_signals_that_python_ignores(host, tmp_path):
    """A command has SIGPIPE and SIGXFSZ at their default; Python goes on to ignore them, and its own handlers stay."""
    seen = []
    before = signal.signal(signal.SIGXFSZ, lambda number, _: seen.append(number))
    try:
        receipt = ration.run_sync(["grep", "SigIgn", "/proc/self/status"], capture_output=True, host=host)
        signal.raise_signal(signal.SIGXFSZ)
    finally:
        signal.signal(signal.SIGXFSZ, before)
    assert int(receipt.stdout.split()[1], 16) & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1) == 0
    assert seen == [signal.SIGXFSZ] and before == signal.SIG_IGN and signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
    signal.raise_signal(signal.SIGPIPE)
    with open(tmp_path / "large", "wb") as file:
        receipt = ration.run_sync(["head", "-c", "100000", "/dev/zero"], rlimit={"fsize": 1000}, stdout=file, host=host)
    assert (receipt.verdict, receipt.signal) == ("signal", signal.SIGXFSZ)


@pytest.mark.anywhere
# --------------------------------------------------------------------- errors

@pytest.mark.parametrize("options, kind, text", [
    ({"memory": "64MB"}, ration.InvalidError, "64M or 64MiB"), ({"timeout": "42D"}, ration.InvalidError, "--timeout"),
    ({"memory": "64M", "memory_high": "128M"}, ration.InvalidError, "memory"), ({"name": "a/b"}, ration.InvalidError, "name"),
    ({"mem_limit": "1M"}, TypeError, "did you mean 'memory'"), ({"memory": object()}, TypeError, "memory"), ({"rlimit": 5}, TypeError, "rlimit"),
    ({"rlimit": {"no": 5}}, TypeError, "rlimit no"), ({"enforce": "hard"}, ValueError, "strict"), ({"enforce": "x=any"}, ValueError, "no such limit"),
    ({"enforce": 1}, TypeError, "enforce"), ({"env": 1}, TypeError, "env"), ({"env": {"a=b": "c"}}, ValueError, "env"),
    ({"stdin": 1.5}, TypeError, "stdin"), ({"stdin": "/no/such"}, ration.Error, "/no/such"), ({"cwd": 5}, TypeError, "cwd"),
    ({"umask": 0o1000}, ValueError, "umask"), ({"umask": True}, ValueError, "umask"), ({"cwd": "/no/such"}, ration.Error, "/no/such"), ({"stdin": -7}, ValueError, "stdin"), ({"stdout": ration.PIPE}, TypeError, "PIPE"),
    ({"tenant": b"a\0b"}, ValueError, "null byte"), ({"limits": 3}, TypeError, "Limits"), ({"output_mode": "x"}, ValueError, "truncate"),
    ({"limits": ration.Limits(), "memory": "1M"}, TypeError, "both"), ({"host": 3}, (TypeError, AttributeError), ""),
    ({"pass_fds": ["x"]}, TypeError, "pass_fds"), ({"user": 5}, TypeError, "user"), ({"signal": "TERM"}, (TypeError, ValueError), "")])
def test_R04_bad_options(host, options, kind, text):
    """Named, with the way out, and nothing ran."""
    with pytest.raises(kind, match=text):
        ration.run_sync(["true"], **{"host": host, **options})


@pytest.mark.parametrize("argv, kind", [("true", TypeError), ([], ValueError), ([1], TypeError), (["a\0b"], ValueError), (None, TypeError)])
def test_R04_bad_argv(host, argv, kind):
    with pytest.raises(kind):
        ration.run_sync(argv, host=host)


def test_R04_errors(host):
    """The words of the command, with cause, code and hint; and the classes of Python."""
    with pytest.raises(ration.CommandError) as caught:
        ration.run_sync(["no_such_cmd"], host=host)
    error = caught.value
    assert isinstance(error, OSError) and (error.errno, error.code, error.cause) == (2, -2, ration.Cause.COMMAND)
    assert "no_such_cmd" in error.message and error.hint and error.hint in str(error)
    with pytest.raises(ValueError) as caught:
        ration.Limits(memory="64MB")
    assert caught.value.cause == "invalid" and "--memory 64MB" in str(caught.value)
    import pickle
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and type(again) is ration.InvalidError and again.cause is ration.Cause.INVALID


def test_enforced_by_less_warns(host):
    """A limit that nobody enforces is never silent."""
    if "memory" in HAS:
        plan = ration.Plan(memory="64M", memory_min="1M", host=host, enforce="strict")
        assert plan.items[0].mechanism == "cgroup2" and not plan.weaker
        return
    with pytest.raises(ration.UnavailableError, match="memory_min"):
        ration.run_sync(["true"], memory_min="1M", host=host)

    async def run():
        return await ration.run(["true"], memory_min="1M", host=host, enforce="memory-min=any")

    for call in (lambda: ration.run_sync(["true"], memory_min="1M", host=host, enforce="any"), lambda: together(run())):
        with pytest.warns(ration.EnforcementWarning, match="memory_min: not enforced") as told:
            receipt = call()
        assert receipt.limit("memory_min").mechanism == "none" and told[0].filename == __file__


def test_R03_a_warning_that_is_an_error(host, monkeypatch):
    """Nothing is left of a run that raises it, whoever holds the exception, and by it what the run's frames hold."""
    def warn(*_):
        raise ration.EnforcementWarning("not enforced")

    monkeypatch.setattr(ration.Plan, "_warn", warn)
    before, there = set(children()), groups()
    with pytest.raises(ration.EnforcementWarning) as held:
        ration.Run(["sleep", "1000"], host=host)
    wait_for("its end", lambda: not any("sleep" in name_of(pid) for pid in set(children()) - before))
    assert held.value and groups() == there


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


# -------------------------------------------------------------------- asyncio

def test_R01_many_at_once(host):
    """In one loop, without a thread, and without an fd that is left. Fewer in the gate's emulated machine."""
    def held():
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    async def many(n):
        await ration.run(["true"], host=host)
        before = held()
        tasks = [asyncio.ensure_future(ration.run(["sh", "-c", f"exit {i % 3}"], memory="64M", host=host)) for i in range(n)]
        receipts = await asyncio.gather(*tasks)
        assert held() == before
        return receipts

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # each run has nine while it runs
    try:
        receipts = together(many(24 if "vm" in HAS and ONCE else 200))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [(r.exit_code, r.status, r.verdict) for r in receipts] == [
        (i % 3, i % 3, "exit" if i % 3 else "ok") for i in range(len(receipts))]
    assert len({r.group for r in receipts}) == len({r.id for r in receipts}) == len(receipts)
    assert {(row.in_force, row.mechanism) for row in (r.limit("memory") for r in receipts)} == {(64 << 20, holder("memory", "watch"))}


SHORT = """
import os, resource
ration.run_sync(["true"], host=host)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
used = max(map(int, os.listdir("/proc/self/fd"))) + 1
ended = []
for free in range(40):
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + free, hard))
    try:
        ended.append(ration.run_sync(["true"], host=host).verdict)
    except ration.Error as error:
        ended.append(type(error).__name__)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
assert ended[0] != "ok" and ended[-1] == "ok", ended
print("lives", max(map(int, os.listdir("/proc/self/fd"))) + 1 - used)
"""


@pytest.mark.long
def test_R01_short_of_fds(host):
    """Whatever a start has no fd for, it fails, and ends nobody: not its caller, whose process group this is."""
    argv, options = script(SHORT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    assert subprocess.run(argv, timeout=DEADLINE, check=False, **options).stdout == "lives 0\n"


def test_several_wait_for_one(host):
    async def wait():
        async with ration.Run(["sleep", "1000"], host=host) as run:
            waiters = [asyncio.ensure_future(run.wait_async()) for _ in range(5)]
            await asyncio.sleep(0)
            run.interrupt()
            receipts = await asyncio.gather(*waiters)
            assert {id(r) for r in receipts} == {id(run.receipt)}
            return await run

    assert together(wait()).verdict == "interrupted"


def test_R03_cancelled(host):
    """A cancelled task ends its run; one that only waits for a run doesn't."""
    async def cancel():
        async with ration.Run(["sleep", "1000"], host=host) as kept:
            waiter = asyncio.ensure_future(kept.wait_async())
            task = asyncio.ensure_future(ration.run(["sleep", "1000"], name="cancelled", host=host))
            await asyncio.sleep(0)
            group = ration.Group.open("default/cancelled", host=host)
            pid, = group.pids()
            for it in (task, waiter):
                it.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await it
            assert not alive(pid) and alive(kept.pid) and kept.poll() is None
            with pytest.raises(ration.GroupError) as caught, group:
                group.pids()
            assert caught.value.cause == ration.Cause.VANISHED

    together(cancel())


def test_R03_loop_is_gone(host):
    """A run whose loop was closed under it is ended."""
    async def begin():
        return asyncio.ensure_future(ration.run(["sleep", "1000"], name="left", host=host))

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    loop.run_until_complete(asyncio.sleep(0))
    with ration.Group.open("default/left", host=host) as group:
        pid, = group.pids()
    loop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task._log_destroy_pending = False
        del task, loop
        gc.collect()
    wait_for("an end of the command", lambda: not alive(pid))


# ----------------------------------------------------------------- life cycle

def test_R03_collected(host):
    """A run that nobody refers to is ended, whatever thread collects it."""
    run = ration.Run(["sleep", "1000"], host=host)
    pid = run.pid
    run.cycle = [run]
    del run
    with pytest.warns(ResourceWarning, match="sleep"):
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
    assert not alive(pid)


@pytest.mark.long
def test_R03_collected_meanwhile(host):
    """A thread that collects without pause, while runs come and go in others."""
    stop = threading.Event()

    def collect():
        while not stop.wait(.001):
            gc.collect()

    def runs():
        for _ in range(5):
            run = ration.Run(["true"], host=host)
            run.cycle = [run]
            run.wait()
            results.append(run.receipt.verdict)

    results = []
    threads = [threading.Thread(target=collect), *(threading.Thread(target=runs) for _ in range(3))]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    stop.set()
    threads[0].join()
    assert results == ["ok"] * 15


def test_closed(host):
    """Every use after close() is an exception; close() itself isn't, twice."""
    run = ration.Run(["sleep", "1000"], host=host)
    pid = run.pid
    run.close()
    run.close()
    assert not alive(pid) and run.closed and run.receipt is None
    for use in (run.poll, run.wait, run.fileno, run.pidfd, run.interrupt, lambda: run.signal(1), lambda: together(run.wait_async())):
        with pytest.raises(ration.ClosedError):
            use()
    over = ration.Run(["true"], host=host)
    over.wait()
    over.close()
    assert over.receipt.ok and over.wait().ok and over.signal(1) is None and over.interrupt() is None


def test_closed_while_another_thread_waits(host):
    run = ration.Run(["sleep", "1000"], host=host)
    seen = []

    def wait():
        try:
            run.wait()
        except ration.ClosedError as error:
            seen.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for("a waiter", lambda: run._waits._wakers)
    run.close()
    thread.join(DEADLINE)
    assert len(seen) == 1


def test_host_is_closed_first(host):
    """A run keeps its host."""
    other = ration.Host(namespace=host.info and "ration-test-other-" + str(os.getpid()), helpers="")
    run = ration.Run(["sh", "-c", "exit 4"], host=other)
    other.close()
    assert run.wait().status == 4
    with pytest.raises(ration.ClosedError):
        ration.run_sync(["true"], host=other)
    del run, other
    gc.collect()


def test_wait_with_a_timeout(host):
    with ration.Run(["sleep", "1000"], host=host) as run:
        with pytest.raises(TimeoutError):
            run.wait(timeout="20ms")
        assert run.poll() is None and alive(run.pid)
        run.signal(signal.SIGKILL)
        assert run.wait().verdict == "signal"


def test_wait_longer_than_c_has_room_for(host):
    """30 days are more milliseconds than an int has."""
    with ration.Run(["true"], host=host) as run:
        assert run.wait(timeout="30d").ok


def supervisors(pid):
    """Its children of that name."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split() if name_of(child) == "ration-reaper"]


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


REAPS = """
def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass
signal.signal(signal.SIGCHLD, reap)
"""


KILLS_ITS_SUPERVISOR = """
for pid in open(f"/proc/self/task/{os.getpid()}/children").read().split():
    if "ration-reaper" in open(f"/proc/{pid}/comm").read():
        os.kill(int(pid), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", REAPS], ids=["waits", "ignores", "reaps"])
def test_FB19_the_supervisor_of_a_program_that(how):
    """Killed, it leaves a run to the program that asked for it, even if that doesn't learn how its child ended."""
    before = groups()
    it = program(f"""
import os, signal, sys
{how}
run = ration.Run(["sleep", "1000"], host=host, descent=True)
print(run.pid, flush=True)
{KILLS_ITS_SUPERVISOR}
try:
    run.wait()
except ration.Error as error:
    print(error, flush=True)
sys.stdin.readline()
""", stdin=subprocess.PIPE)
    pid = int(it.stdout.readline())
    assert "the supervisor of the run has died" in it.stdout.readline()
    wait_for("an end of the command", lambda: not alive(pid))
    wait_for("an end of its group", lambda: not groups() - before)
    it.communicate("\n", timeout=DEADLINE)
    assert it.returncode == 0


@pytest.mark.needs("cgroup")
def test_a_supervisor_that_is_stopped_while_signals_come(host, tmp_path):
    """At its start; handlers of the program interrupt whoever waits for it, all the time. It is continued all the same."""
    tenant = ration.Tenant.create("slow", host=host)
    subprocess.run([RATION, "--namespace", NAMESPACE, "set", "slow", "--budget", "runs=1"], check=True, stdout=subprocess.DEVNULL)
    file = os.open(f"{tenant.path}/cgroup.max.descendants", os.O_WRONLY)

    def lock(kind):
        fcntl.fcntl(file, 37, struct.pack("hhqqi", kind, 0, 0, 1, 0))  # F_OFD_SETLK

    try:
        # Where the supervisor waits before its command starts.
        lock(fcntl.F_WRLCK)
        it = program("""
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, .02, .02)
run = ration.Run(["true"], host=host, tenant="slow", descent=True)
signal.setitimer(signal.ITIMER_REAL, 0)
print(run.wait().verdict)
""")
        wait_for("the supervisor", lambda: supervisors(it.pid))
        os.kill(supervisors(it.pid)[0], signal.SIGSTOP)
        lock(fcntl.F_UNLCK)
        out, err = it.communicate(timeout=DEADLINE)
        assert (it.returncode, out) == (0, "ok\n"), err
    finally:
        os.close(file)
        tenant.remove()


@pytest.mark.needs("root")
def test_the_priority_of_a_program_with_reset_on_fork():
    """It is a realtime program's own, also after it has ended a run itself."""
    it = program(f"""
import os, signal
os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(50))
run = ration.Run(["sleep", "1000"], host=host, descent=True)
{KILLS_ITS_SUPERVISOR}
try:
    run.wait()
except ration.Error as error:
    print(os.sched_getscheduler(0) == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_getparam(0).sched_priority)
""")
    out, err = it.communicate(timeout=DEADLINE)
    assert (it.returncode, out) == (0, "True 50\n"), err


def test_pidfd(host):
    with ration.Run(["true"], host=host) as run:
        fd = run.pidfd()
        run.wait()
        os.close(fd)


def test_R03_fork(host):
    """In a fork the handles of the parent are refused, and what happens to them there does nothing to the runs."""
    run = ration.Run(["sleep", "1000"], host=host)
    # As when a thread is in a call just now: in the fork there is no such thread, and its lock stays locked.
    taken, done = threading.Event(), threading.Event()

    def hold():
        with run._owned.lock:
            taken.set()
            done.wait(DEADLINE)

    holder_of_lock = threading.Thread(target=hold)
    holder_of_lock.start()
    assert taken.wait(DEADLINE)
    pid = os.fork()
    if pid == 0:
        status = 1
        signal.alarm(int(DEADLINE))
        try:
            refused = 0
            for use in (run.poll, run.interrupt, lambda: ration.run_sync(["true"], host=host)):
                try:
                    use()
                except ration.ClosedError:
                    refused += 1
            run.close()
            del run
            gc.collect()
            status = 0 if refused == 3 else 2
        finally:
            os._exit(status)
    done.set()
    holder_of_lock.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert alive(run.pid) and run.poll() is None
    run.interrupt()
    assert run.wait().verdict == "interrupted"


def program(text, *words, **options):
    argv, more = script(text, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    return subprocess.Popen(argv, **more)


def test_R03_keyboard_interrupt(host):
    """Ctrl-C ends the run, and is the program's exception."""
    it = program("""
try:
    with ration.Run(["sleep", "1000"], name="c", host=host) as run:
        print(run.pid, flush=True)
        run.wait()
except KeyboardInterrupt:
    print("interrupted", run.closed)
""")
    pid = int(it.stdout.readline())
    it.send_signal(signal.SIGINT)
    out, err = it.communicate(timeout=DEADLINE)
    assert out == "interrupted True\n" and it.returncode == 0, err
    wait_for("an end of the command", lambda: not alive(pid))


@pytest.mark.parametrize("end", ["sys.exit(3)", "os.kill(os.getpid(), 9)", "os._exit(3)"])
def test_R03_exit_of_the_interpreter(host, end):
    """Whatever ends the program ends its runs, without a word of a crash."""
    before = groups()
    it = program(f"""
import os, sys
run = ration.Run(["sleep", "1000"], host=host)
if os.fork() == 0:
    os.close(1); os.close(2)
    import time; time.sleep(.5)
    os._exit(0)
print(run.pid, flush=True)
{end}
""")
    pid = int(it.stdout.readline())
    _, err = it.communicate(timeout=DEADLINE)
    assert it.returncode in (3, -9) and "Traceback" not in err, err
    wait_for("an end of the command", lambda: not alive(pid))
    # By the keeper, which is nobody's child any more: the group, and what was made above it.
    wait_for("an end of its group", lambda: not groups() - before)


def test_no_library():
    """That the library isn't there is told with what to do."""
    argv, options = script("", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    code = "import ctypes; ctypes.CDLL = lambda name: open('/nonexistent/' + name); import ration"
    done = subprocess.run([argv[0], "-c", code], check=False, **options)
    assert done.returncode == 1 and "ImportError: " in done.stdout and "ldconfig" in done.stdout
