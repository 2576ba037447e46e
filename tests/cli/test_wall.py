# SPDX-License-Identifier: MIT
"""Wall time, grace, signals and the terminal."""

import os
import pty
import select
import signal
import time

import pytest

from conftest import DEADLINE, RATION, hold_signals, of_stat, patiently, wait_for
from world import WORLD

pytestmark = [pytest.mark.long("v2")]

SIGNALS = {"INT": 2, "QUIT": 3, "HUP": 1, "TERM": 15}


@pytest.mark.holds("timeout")
def test_B01_wall_limit(run):
    r = run("--timeout 1", "sleep 1000")
    assert (r.code, r.verdict) == (124, "wall-time")
    assert r.usage["wall_usec"] >= 1_000_000
    # An emulated CPU is charged for what others do meanwhile.
    assert r.usage["cpu_usec"] < r.usage["wall_usec"]


@pytest.mark.parametrize("limit, then", [
    ("--cpu-time 2", 'trap "" TERM; while :; do :; done'),
    ("--output-limit 1K", "trap 'head -c 65536 /dev/zero; sleep 1000' TERM; sleep 1000 & wait; sleep 1000")])
def test_a_limit_behind_the_soft_time(run, limit, then):
    """What came first is the verdict; what comes later holds all the same, and doesn't wait for the hard time."""
    r = run(f"--timeout 100ms:3000 {limit}", ["sh", "-c", then])
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_a_signal_behind_the_soft_time(run):
    """It ends the run, with SIGKILL some seconds later, long before the hard time."""
    r = run.start("--timeout 100ms:3000", f"onsignal - {run.file('log')}", preexec_fn=hold_signals)
    run.ready("log", "15")
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert (r.code, r.verdict) == (124, "wall-time"), r


def test_B02_under_and_over(run):
    r = run("--timeout 3000", "sleep 1")
    assert (r.code, r.verdict) == (0, "ok")
    r = run("--timeout 2", "sleep 1000")
    assert (r.code, r.verdict) == (124, "wall-time")


def begun_in_time(run, options, command, **popen):
    """The end of a run whose time is up, when its command had said "ready": one that a busy machine doesn't
    execute within the time limit and two seconds is killed, whatever it does with signals."""
    def attempt(seconds):
        r = run(f"--timeout {seconds / 5} {options}", command, **popen)
        assert r.verdict == "wall-time", r
        return r if "ready" in r.stdout else None

    return patiently(attempt)


def test_B03_preserve_status(run):
    assert begun_in_time(run, "--preserve-status", ["sh", "-c", "echo ready; exec sleep 1000"]).code == 143


def test_B03_preserve_status_of_an_exit(run):
    """A command that handles the signal and exits with a status of its own."""
    assert begun_in_time(run, "--preserve-status --kill-after 500", "onsignal 7", preexec_fn=hold_signals).code == 7
    assert begun_in_time(run, "--kill-after 500", "onsignal 7", preexec_fn=hold_signals).code == 124
    assert begun_in_time(run, "--kill-after 500", "onsignal 0", preexec_fn=hold_signals).code == 124


def test_B04_kill_follows(run):
    r = run("--timeout .5 --kill-after .2", "ignoreterm", preexec_fn=hold_signals)
    assert (r.code, r.verdict) == (124, "wall-time")
    assert r.receipt["exit"]["signal"] == 9


def test_B04_kill_follows_preserved(run):
    r = run("--preserve-status --timeout .5 --kill-after .2", "ignoreterm", preexec_fn=hold_signals)
    assert (r.code, r.verdict) == (137, "wall-time")


def test_B04_kill_follows_by_default(run):
    r = run("--timeout .5", "ignoreterm", preexec_fn=hold_signals)
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9)


def test_B04_never_kill(run):
    """--kill-after 0: the first signal only. What ignores it lives to its own end."""
    r = begun_in_time(run, "--kill-after 0", "ignoreterm 2", preexec_fn=hold_signals)
    assert r.receipt["exit"].get("signal", 0) == 0
    assert r.usage["wall_usec"] >= 2_000_000


def test_B04_all_processes_get_the_signal(run):
    """Not the command alone: a child that cleans up has its chance."""
    files = [run.file("child"), run.file("leader")]

    def attempt(seconds):
        """Who is started later than the signal comes doesn't get it."""
        for file in files:
            file.write_text("")
        r = run(f"--timeout {seconds} --kill-after {5 * seconds}", ["sh", "-c", "onsignal 0 {} & onsignal 0 {}; wait".format(*files)],
                preexec_fn=hold_signals, deadline=DEADLINE + 6 * seconds)
        assert (r.code, r.verdict) == (124, "wall-time")
        return all("15" in file.read_text().split() for file in files)

    patiently(attempt)


@pytest.mark.parametrize("name", ["INT", "SIGINT", "2"])
def test_B04_first_signal_of_choice(run, name):
    r = begun_in_time(run, f"--signal {name} --kill-after 500", "onsignal 5", preexec_fn=hold_signals)
    assert r.code == 124
    assert r.stdout.split() == ["ready", "2"]


def test_B04_kill_is_a_first_signal(run):
    r = run("--timeout .1 --signal KILL", "ignoreterm")
    assert (r.code, r.verdict, r.receipt["exit"]["signal"]) == (124, "wall-time", 9)


def test_B04_stopped_command(run):
    """A stopped process takes no SIGTERM, and must not outlive its time."""
    r = run("--timeout .5", ["sh", "-c", "kill -STOP $$; sleep 1000"])
    assert (r.code, r.verdict) == (124, "wall-time")


def test_B06_soft_then_hard_cpu(run):
    r = run("--cpu-time .3:500", "spin 1000")
    assert r.verdict == "cpu-time-soft"
    assert r.receipt["exit"]["signal"] == 15
    assert r.usage["cpu_usec"] >= 300_000


def test_B06_soft_is_a_signal_only(run):
    """Who handles the soft limit's SIGTERM has the time up to the hard one."""
    def attempt(seconds):
        """The time is the machine's own: its trap has to be there before the first limit, and ration to look before the second."""
        r = run(f"--cpu-time {seconds / 2}:{2 * seconds}", ["sh", "-c", "trap 'echo soft' TERM; while :; do :; done"],
                deadline=DEADLINE + 10 * seconds)
        if r.verdict == "cpu-time-soft":
            return False
        assert (r.code, r.verdict) == (124, "cpu-time"), r
        assert r.usage["cpu_usec"] >= 2_000_000 * seconds
        return "soft" in r.stdout

    patiently(attempt)


def test_B07_precedence(run):
    r = run("--cpu-time .5 --timeout 3000", "spin 1000")
    assert (r.code, r.verdict) == (124, "cpu-time")
    r = run("--cpu-time .5:500 --timeout 3000", "spin 1000")
    assert r.verdict == "cpu-time-soft"
    r = run("--cpu-time 500 --timeout .5", "spin 1000")
    assert (r.code, r.verdict) == (124, "wall-time")


@pytest.mark.parametrize("name", SIGNALS)
def test_B09_signal_to_ration(run, name):
    """The whole group goes, and the status says by which signal."""
    sleeper = run.start("", ["sh", "-c", f"sleep 1000 & echo ready >{run.file('log')}; wait"])
    run.ready("log")
    sleeper.signal(SIGNALS[name])
    r = sleeper.wait()
    assert (r.code, r.verdict) == (128 + SIGNALS[name], "interrupted")


def test_B09_stubborn_command(run):
    r = run.start("--kill-after .2", ["sh", "-c", f"echo ready >{run.file('log')}; exec ignoreterm"],
                  preexec_fn=hold_signals)
    run.ready("log")
    r.signal(signal.SIGTERM)
    r = r.wait()
    assert r.verdict == "interrupted"
    assert r.receipt["exit"]["signal"] == 9


def test_B09_twice(run):
    """A second signal while the first does its work changes nothing."""
    r = run.start("--kill-after .5", f"onsignal - {run.file('log')}")
    run.ready("log")
    for _ in range(3):
        r.signal(signal.SIGTERM)
        time.sleep(.05)
    assert r.wait().verdict == "interrupted"


def test_B09_right_at_the_start(run):
    """A signal at any moment: interrupted, or ration dead by it, and nothing left."""
    for delay in (0, .001, .002, .004, .008, .016, .032):
        r = run.start("--memory 64M", "sleep 1000")
        time.sleep(delay)
        r.signal(signal.SIGTERM)
        r = r.wait()
        assert r.code in (143, -15), r
        assert r.receipt is None or r.verdict == "interrupted"
        wait_for("all to be gone", lambda: not run.alive())
        # Killed by the signal, it can't have removed what it had made: what runs next doesn't find that.
        if r.code == -15:
            run.collect()
        assert run.groups() == set()


def test_B09_other_signals_are_passed_on(run):
    """USR1, USR2, WINCH, CONT go to the command only, and end nothing."""
    r = run.start("", f"onsignal - {run.file('log')}")
    run.ready("log")
    for sig in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
        r.signal(sig)
        wait_for("the signal", lambda: str(int(sig)) in run.file("log").read_text().split())
    r.signal(signal.SIGTERM)
    assert r.wait().verdict == "interrupted"


def test_B09_nohup(run):
    """SIGHUP that the caller ignores stays ignored."""
    r = run.start("", f"onsignal 0 {run.file('log')}",
                  preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.ready("log")
    r.signal(signal.SIGHUP)
    # The next of its signals: would it pass on the first, that would be there before.
    r.signal(signal.SIGUSR1)
    r = r.wait()
    assert (r.code, r.verdict) == (0, "ok")
    assert run.file("log").read_text().split() == ["ready", str(int(signal.SIGUSR1))]


@pytest.mark.parametrize("stopped", [False, True])
def test_B11_ration_is_killed(run, stopped):
    """kill -9: nobody cleans up, and yet all are dead and nothing is left."""
    command = ["sh", "-c", f"(setsid sleep 1000 & daemonise; sleep 1000) & echo ready >{run.file('log')}; sleep 1000"]
    r = run.start("--memory 64M --pids 20", command)
    run.ready("log")
    wait_for("the daemon", lambda: len(run.alive()) >= 5)
    if stopped:
        r.signal(signal.SIGSTOP)
    r.signal(signal.SIGKILL)
    assert r.wait().code == -9
    wait_for("all to be dead", lambda: not run.alive())
    wait_for("the group to go", lambda: not run.groups() or run.command("gc") and not run.groups())


def test_B11_killed_at_any_moment(run):
    for i in range(40 if WORLD == "host" else 10):
        r = run.start("--memory 64M --timeout 3000", ["sh", "-c", "sleep 1000 & sleep 1000"])
        time.sleep(i * (.0005 if WORLD == "host" else .01))
        r.signal(signal.SIGKILL)
        r.wait()
    wait_for("all to be dead", lambda: not run.alive())
    run.collect()


def test_B11_the_command_kills_its_parent(run):
    """That supervises it: ration says that it failed, when it has ended all."""
    r = run("", ["sh", "-c", "kill -9 $PPID; sleep 1000"], receipt=False)
    assert r.code == 125 and "died" in r.stderr
    assert run.alive() == {} and run.groups() == set()


def test_B14_stdin_is_passed_on(run):
    assert run("", "cat", input="x\n").stdout == "x\n"


def test_B14_stdin_null(run):
    r = run("--stdin null", "cat", input="x\n")
    assert (r.code, r.stdout) == (0, "")




class Terminal:
    """A command in a terminal of its own; we are the person at it."""

    def __init__(self, argv, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)

    def read(self, until=None):
        """What comes, up to `until` or to the end."""
        text, end = "", time.monotonic() + DEADLINE
        while until is None or until not in text:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"waited in vain for {until or 'the end'!r}: {text!r}"
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                break
            text += data.decode(errors="replace")
        return text

    def type(self, text):
        os.write(self.fd, text.encode())

    def hang_up(self):
        os.close(self.fd)
        self.fd = -1

    def status(self):
        wait_for("its end", lambda: of_stat(self.pid)[0] == "Z")
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(run):
    """terminal(SCRIPT, OPTION...): `ration run OPTION... -- sh -c SCRIPT`."""
    opened = []

    def start(script, *options, argv=None):
        argv = argv or [RATION, "run", "--timeout", "3000", *options, "--", "sh", "-c", script]
        opened.append(Terminal(argv, dict(run.env, PS1="$ ", HISTFILE="")))
        return opened[-1]

    yield start
    for t in opened:
        t.close()


def test_B15_terminal(terminal):
    """The command reads from the terminal that ration was started in."""
    t = terminal("stty size >/dev/null && read x && echo got $x && exit 5")
    t.type("hello\n")
    assert "got hello" in t.read()
    assert t.status() == 5


def test_B15_under_script(run):
    r = run("", ["sh", "-c", "tty && stty size && read x && echo got $x; exit 6"], input="hello\n", receipt=False,
            before=["bash", "-c", 'exec script -qefc "${*@Q}" /dev/null', "bash"])
    assert r.code == 6 and "got hello" in r.stdout


def test_B15_interrupt_key(terminal, run):
    """Ctrl-C reaches the command once, by the terminal; ration says interrupted."""
    t = terminal("echo ready; exec sleep 1000", "--receipt", str(run.file("receipt.json")))
    t.read("ready")
    t.type("\x03")
    t.read()
    assert t.status() in (130, -2)
    assert '"interrupted"' in run.file("receipt.json").read_text()


def test_B15_interrupt_key_handled(terminal):
    """A command that handles Ctrl-C (an editor, a shell) goes on."""
    t = terminal("trap 'echo caught' INT; echo ready; read x; read y; echo got $y; exit 3")
    t.read("ready")
    t.type("\x03")
    t.read("caught")
    t.type("a\nb\nc\n")
    assert "got" in t.read()
    assert t.status() == 3


def test_B15_stop_key(terminal, run):
    """Under a shell with job control Ctrl-Z stops the job, fg lets it go on."""
    t = terminal("", argv=["/bin/bash", "--norc", "-im"])
    t.type(f"{RATION} run --timeout 3000 -- sh -c 'echo rea''dy; read x; echo got-$x'\n")
    t.read("ready")
    t.type("\x1a")
    assert "Stopped" in t.read("$ "), "and its prompt: from then on it reads what is typed"
    # As soon as the shell's own child stands still: what that has started may take what is typed until it does, too.
    wait_for("the command to stop", lambda: "T" in {of_stat(pid)[0] for pid, name in run.alive().items() if name == "sh"})
    t.type("echo back-in-the-''shell; fg\n")
    t.read("back-in-the-shell")
    wait_for("it to go on", lambda: "T" not in {of_stat(pid)[0] for pid in run.alive()})
    t.type("words\n")
    t.read("got-words")
    t.type("exit\n")
    t.status()


SEE = "import os, sys; fd = os.open('/dev/tty', os.O_RDWR); print('own' if os.tcgetpgrp(fd) == os.getpgrp() == int(sys.argv[1] or os.getpid()) else 'not')"


def test_B15_foreground(terminal, run):
    """The command has the terminal, in a group of its own; and then who has started ration has it again."""
    run.file("see").write_text(SEE.replace("; ", "\n"))
    script = f"{RATION} run --foreground --timeout 3000 -- sh -c 'read x; echo got-$x; python3 {run.file('see')} $$'; python3 {run.file('see')} $$; read y; echo then-$y"
    t = terminal("", argv=["/bin/sh", "-c", script])
    t.type("a\nb\n")
    text = t.read()
    assert [line for line in text.split() if line in ("own", "not")] == ["own", "own"] and "got-a" in text and "then-b" in text
    assert t.status() == 0


def test_B15_foreground_interrupt_key(terminal, run):
    """It is the command's alone: no wish to ration."""
    t = terminal("echo ready; exec sleep 1000", "--foreground", "--receipt", str(run.file("receipt.json")))
    t.read("ready")
    t.type("\x03")
    t.read()
    assert t.status() == 130
    assert '"verdict": "signal"' in run.file("receipt.json").read_text()


def test_B15_foreground_of_what_does_not_start(terminal, run):
    t = terminal("", argv=["/bin/sh", "-c", f"{RATION} run --foreground -- {run.tmp}; read x; echo got-$x"])
    t.type("a\n")
    assert "got-a" in t.read() and t.status() == 0


def test_B15_foreground_of_nothing(run):
    """Without a terminal, or in the background, there is nothing to hand over."""
    r = run("--foreground", ["sh", "-c", "ps -o pgid= $PPID $$ | sort -u | wc -l; echo x"], before=["setsid", "-w"])
    assert r.code == 0 and r.stdout.endswith("x\n")
    assert run("--foreground --exec", "true", receipt=False).code == 125


def test_B15_hang_up(terminal, run):
    """The terminal goes away: so does the run."""
    t = terminal("echo ready; sleep 1000 & sleep 1000")
    t.read("ready")
    t.hang_up()
    wait_for("all to be gone", lambda: set(run.alive()) <= {t.pid})
    t.status()


def test_B16_stop_and_continue(run):
    """TSTP stops ration and its command; CONT lets both go on; nothing is lost.
    In a process group of its own: the kernel stops none that nobody could continue."""
    r = run.start("--timeout 3000", ["sh", "-c", f"echo $$ >{run.file('pid')}; echo ready >{run.file('log')}; "
                                     f"until [ -e {run.file('go')} ]; do sleep .1; done; exit 8"], process_group=0)
    run.ready("log")
    child = int(run.file("pid").read_text())
    r.signal(signal.SIGTSTP)
    wait_for("ration to stop", lambda: of_stat(r.pid)[0] == "T")
    wait_for("the command to stop", lambda: of_stat(child)[0] == "T")
    run.file("go").touch()
    r.signal(signal.SIGCONT)
    r = r.wait()
    assert (r.code, r.verdict) == (8, "exit")


def test_B16_the_clock_runs_on(run):
    """Wall time is wall time: a stopped run that is continued too late ends then."""
    def attempt(seconds):
        run.file("log").unlink(missing_ok=True)
        r = run.start(f"--timeout {seconds}", ["sh", "-c", f"echo ready >{run.file('log')}; sleep 1000"])
        wait_for("the command", lambda: run.said("log") or r.popen.poll() is not None)
        if r.popen.returncode is not None:
            assert r.wait().verdict == "wall-time"
            return False
        r.signal(signal.SIGSTOP)
        in_time = time.monotonic() < r.begun + seconds
        while time.monotonic() < r.begun + seconds + .3:
            time.sleep(.1)
        r.signal(signal.SIGCONT)
        r = r.wait()
        assert (r.code, r.verdict) == (124, "wall-time")
        return in_time

    patiently(attempt)


def overshoot(r):
    assert (r.code, r.verdict) == (124, "wall-time")
    entry = r.limit("timeout")
    return entry["observed"] - entry["in_force"]


def test_B18_overshoot_is_told(run):
    """Never too early, and how late is told. How late that is on which machine, bench/run says."""
    for _ in range(10):
        assert overshoot(run("--timeout .2", "spin 1000")) >= 0


def test_timeout_ends_all_that_were_started(run):
    r = run("--timeout 1", ["sh", "-c", "setsid sleep 1000 & daemonise & (sleep 1000 & sleep 1000)"])
    assert (r.code, r.verdict) == (124, "wall-time")
    assert run.alive() == {}


def test_timeout_of_a_command_that_has_ended(run):
    """The leader ends first, and in time: what it left behind isn't the timeout's."""
    r = run("--timeout 3000", ["sh", "-c", "sleep 1000 & exit 0"])
    assert (r.code, r.verdict) == (0, "ok")
    assert r.receipt["leftover_killed"] >= 1
