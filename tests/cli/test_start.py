# SPDX-License-Identifier: MIT
"""Starting a command, and the exit status."""

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import HELPERS, RATION, wait_for
from world import HAS, mount

pytestmark = [pytest.mark.long("v2")]


def test_A01_success(run):
    r = run("", "true")
    assert (r.code, r.verdict) == (0, "ok")
    assert r.stdout == r.stderr == ""


def test_A02_status_of_the_command(run):
    r = run("", ["sh", "-c", "exit 77"])
    assert (r.code, r.verdict) == (77, "exit")
    assert r.receipt["exit"] == {"code": 77, "status": 77, "core": False}


def test_A02_statuses_that_ration_uses_too(run):
    """124 to 127 and 137 of the command itself are its own, not ration's."""
    for status in (124, 125, 126, 127, 137, 255):
        r = run("--timeout 3000 --memory 64M", ["sh", "-c", f"exit {status}"])
        assert (r.code, r.verdict) == (status, "exit")


def test_A03_false(run):
    r = run("", "false")
    assert (r.code, r.verdict) == (1, "exit")


def test_A04_command_not_found(run):
    r = run("--memory 64M", "no_such_cmd")
    assert (r.code, r.verdict) == (127, "not-started")
    assert "no_such_cmd" in r.stderr and "No such file" in r.stderr
    assert r.receipt["start_errno"] == "ENOENT"


def test_A04_path_not_found(run):
    r = run("", "/no/such/cmd")
    assert (r.code, r.verdict) == (127, "not-started")
    assert "/no/such/cmd" in r.stderr


def test_A04_empty_command(run):
    r = run("", [""])
    assert (r.code, r.verdict) == (127, "not-started")


@pytest.mark.parametrize("what", [".", "/etc/passwd", "/"])
def test_A05_not_executable(run, what):
    r = run("", [what])
    assert (r.code, r.verdict) == (126, "not-started")
    assert what in r.stderr and "Permission denied" in r.stderr


def test_A05_script_without_an_interpreter(run):
    """A script without #! is for /bin/sh, as execvp(3) and every shell have it."""
    file = run.file("noformat")
    file.write_text('exit "$1"\n')
    file.chmod(0o755)
    r = run("", [str(file), "9"])
    assert (r.code, r.verdict) == (9, "exit")


def test_A05_interpreter_missing(run):
    """The kernel says ENOENT although the file is there."""
    file = run.file("script")
    file.write_text("#!/no/such/interpreter\n")
    file.chmod(0o755)
    r = run("", [str(file)])
    assert r.code in (126, 127) and r.verdict == "not-started"
    assert str(file) in r.stderr


def test_A06_no_command(run):
    r = run("--memory 64M")
    assert r.code == 125
    assert "sage" in r.stderr
    assert run.groups() == set()


def test_A06_no_command_after_dashes(run):
    assert run("--memory 64M", []).code == 125


@pytest.mark.parametrize("options", ["--timeout -1", "--timeout 42D", "--timeout invalid", "--signal FOO",
                                     "--kill-after x"])
def test_A07_bad_values(run, options):
    flag, value = options.split()
    r = run(options, ["touch", str(run.file("started"))])
    assert r.code == 125
    assert flag in r.stderr and value in r.stderr
    assert not run.file("started").exists()


@pytest.mark.parametrize("value", ["1000.34", "999.999999999", "2.34e+5", "1e30", "99999999999999999999", "50m", "2h",
                                   "6000000ms"])
def test_A08_durations(run, value):
    r = run(["--timeout", value], "true")
    assert (r.code, r.verdict) == (0, "ok")


def test_A09_zero_is_no_timer(run):
    r = run("--timeout 0", "sleep .1")
    assert (r.code, r.verdict) == (0, "ok")


@pytest.mark.parametrize("value", ["1e-9", "1e-10000", "0.0000000001"])
def test_A10_tiny_is_not_none(run, value):
    r = run(["--timeout", value], "sleep 1000")
    assert (r.code, r.verdict) == (124, "wall-time")


def test_A12_own_signal(run):
    r = run("", ["sh", "-c", "kill -SEGV $$"])
    assert (r.code, r.verdict) == (139, "signal")
    assert r.receipt["exit"]["signal"] == 11
    assert r.receipt["exit"]["core"] is False


@pytest.mark.parametrize("sig", ["TERM", "KILL", "XCPU"])
def test_A12_own_signal_that_looks_like_ours(run, sig):
    """A command that ends itself by a signal that ration uses was not ended by ration."""
    number = getattr(signal, "SIG" + sig)
    r = run("--memory 64M --timeout 3000 --cpu-time 1000", ["sh", "-c", f"kill -{sig} $$"])
    assert (r.code, r.verdict) == (128 + number, "signal")
    assert r.receipt["exit"]["signal"] == number


@pytest.mark.needs("vm", "root")
def test_A12_core_flag(run):
    """A core that is written is told; the soft limit must be lifted for it."""
    pattern = open("/proc/sys/kernel/core_pattern").read()
    open("/proc/sys/kernel/core_pattern", "w").write("core")
    try:
        r = run("--rlimit core=100M", ["sh", "-c", f"cd {run.tmp}; kill -SEGV $$"])
    finally:
        open("/proc/sys/kernel/core_pattern", "w").write(pattern)
    assert (r.code, r.receipt["exit"]["core"]) == (139, True)


def test_A15_inherited_child(run):
    """A child that ration has from before its exec isn't its command."""
    r = run("--timeout .3", "sleep 1000", before=["sh", "-c", 'sleep .1 & exec "$@"', "sh"])
    assert (r.code, r.verdict) == (124, "wall-time")
    r = run("", ["sh", "-c", "sleep .3; exit 9"], before=["sh", "-c", 'sleep .1 & exec "$@"', "sh"])
    assert r.code == 9


def test_A15_inherited_child_lives_on(run):
    """What ration has not started it doesn't end."""
    r = run("", "true", before=["sh", "-c", 'sleep 1000 & echo $! >$0; exec "$@"', str(run.file("pid"))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert r.code == 0
    pid = int(run.file("pid").read_text())
    assert pid in run.alive()
    os.kill(pid, signal.SIGKILL)
    wait_for("its end", lambda: not run.alive())


@pytest.mark.needs("unshare")
def test_A18_ration_is_pid_1(run):
    r = run("", ["sh", "-c", "sleep 1 & exit 4"], before=["unshare", "-pf", "--mount-proc"])
    assert (r.code, r.verdict) == (4, "exit")


@pytest.mark.needs("unshare", "cgroup")
def test_A18_with_the_proc_of_another_namespace(run):
    r = run("", ["sh", "-c", "sleep 1 & exit 4"], before=["unshare", "-pf"])
    assert (r.code, r.verdict) == (4, "exit")


@pytest.mark.needs("unshare", "!cgroup")
def test_A18_neither_a_group_nor_a_proc(run):
    """Nobody could tell who belongs to the run, and end it whole: it is refused."""
    r = run("", ["touch", str(run.file("started"))], before=["unshare", "-pf"])
    assert r.code == 125 and "--mount-proc" in r.stderr
    assert not run.file("started").exists()


@pytest.mark.needs("!root", "vm")
def test_A18_ration_is_pid_1_in_a_user_namespace(run):
    r = run("", ["sh", "-c", "sleep 1 & exit 4"], before=["unshare", "-Urpf", "--mount-proc"])
    assert (r.code, r.verdict) == (4, "exit")


@pytest.mark.needs("!memory", "!memory1")
def test_A19_strict_where_it_cannot_hold(run):
    r = run("--memory 64M --enforce strict", ["touch", str(run.file("started"))])
    assert r.code == 125
    assert "memory" in r.stderr and len(r.stderr.splitlines()) <= 3
    assert not run.file("started").exists()


@pytest.mark.worlds("user")
def test_A19_unwritable_base(run):
    """A group root that belongs to another user is named, with what to do."""
    other = mount()
    r = run("--memory 64M --enforce strict", ["touch", str(run.file("started"))], env={"RATION_BASE": str(other)})
    assert r.code == 125
    assert str(other) in r.stderr and "Permission denied" in r.stderr
    assert not run.file("started").exists()


# What a command finds when it starts.

def direct(*command, **popen):
    return subprocess.run([f"{HELPERS}/{command[0]}", *command[1:]], capture_output=True, text=True, **popen).stdout


def test_fds_signals_and_mask_are_the_callers(run):
    assert run("--memory 64M --timeout 3000", "fds").stdout == direct("fds").replace("\n", "\n")
    assert run("", "fds").stdout.splitlines()[0] == "fds 0 1 2"


def test_no_fd_leaks_in(run):
    """fds of the caller without close-on-exec stay outside, too."""
    read, write = os.pipe()
    try:
        r = run("--timeout 3000 --memory 64M", "fds", pass_fds=(read, write))
        assert r.stdout.splitlines()[0] == "fds 0 1 2"
    finally:
        os.close(read)
        os.close(write)


def test_blocked_and_ignored_signals_stay(run):
    """nohup and the like: what the caller ignores, the command ignores."""
    def prepare():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM})

    r = run("", "fds", preexec_fn=prepare)
    _, ignored, blocked = r.stdout.splitlines()
    assert {"1", "10"} <= set(ignored.split())
    assert {"12", "15"} <= set(blocked.split())


def test_sigchld_ignored_by_the_caller(run):
    """Then the kernel reaps by itself, unless somebody asks it not to."""
    r = run("--timeout 3000", ["sh", "-c", "exit 7"], preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert (r.code, r.verdict) == (7, "exit")


def test_sigchld_blocked_by_the_caller(run):
    r = run("--timeout 3000", ["sh", "-c", "exit 7"],
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD}))
    assert (r.code, r.verdict) == (7, "exit")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_fds(run, closed):
    """Fds 0 to 2 that are closed must not become something of ration's."""
    r = run("--memory 64M --timeout 3000", ["sh", "-c", "for i in 0 1 2; do readlink /proc/$$/fd/$i; done >$0; exit 3",
                                        str(run.file("out"))], before=["sh", "-c", f'exec "$@" {closed}', "sh"])
    assert (r.code, r.verdict) == (3, "exit")
    for line in run.file("out").read_text().splitlines():
        assert "cgroup" not in line and "anon_inode" not in line and "receipt" not in line, line


def test_no_group_is_made_for_bad_commands(run):
    for command in ("no_such_cmd", "/"):
        run("--memory 64M --name bad", [command])
        assert run.groups() == set()


def test_rlimits_of_the_caller_are_inherited(run):
    r = run("", ["sh", "-c", "ulimit -n"], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (77, 99)))
    assert r.stdout.strip() == "77"


def test_few_fds(run):
    """A caller with hardly any fds left gets an answer, not half a run."""
    for limit in (3, 4, 6, 8, 10, 12, 16, 24):
        r = run("--memory 64M --timeout 3000 --cpu-time 50", ["touch", str(run.file("started"))], receipt=False,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        assert r.code in (0, 125, 127), r
        if "No file descriptors available" in r.stderr or "Too many open files" in r.stderr:
            assert r.code == 125 and "ulimit -n" in r.stderr, r
        assert (r.code == 0) == run.file("started").exists()
        run.file("started").unlink(missing_ok=True)
        assert run.groups() == set()
    assert r.code == 0


def environment(r):
    return dict(line.split("=", 1) for line in r.stdout.splitlines())


def test_G12_environment_is_kept(run):
    assert environment(run("", "env", env={"COLOUR": "blue"})) == dict(run.env, COLOUR="blue")


def test_G12_environment_is_added_to(run):
    r = run("--env COLOUR=red --env SHAPE=round=ish --env COLOUR=green --env NOTHING=", "env", env={"COLOUR": "blue"})
    assert environment(r) == dict(run.env, COLOUR="green", SHAPE="round=ish", NOTHING="")
    assert len(r.stdout.splitlines()) == len(environment(r)), "no variable is there twice"


def test_G12_only_what_is_listed(run):
    r = run("--clear-env --env COLOUR=red --env SHAPE=round", "/usr/bin/env", env={"COLOUR": "blue"})
    assert r.stdout == "COLOUR=red\nSHAPE=round\n"
    assert run("--clear-env", "/usr/bin/env").stdout == ""


@pytest.mark.parametrize("value", ["", "COLOUR", "=red"])
def test_G12_no_variable(run, value):
    r = run(["--env", value], ["touch", str(run.file("started"))])
    assert r.code == 125 and "--env" in r.stderr
    assert not run.file("started").exists()


def test_working_directory_and_environment(run):
    r = run("", ["sh", "-c", "pwd; echo $COLOUR"], cwd="/usr", env={"COLOUR": "blue"})
    assert r.stdout == "/usr\nblue\n"


def test_arguments_arrive_as_they_are(run):
    words = ["", " ", "a b", "*", "$HOME", "\\", "'", '"', "--memory", "--", "é\n"]
    r = run("", ["sh", "-c", 'for w; do printf "%s|" "$w"; done', "sh", *words])
    assert r.stdout == "".join(w + "|" for w in words)


def test_command_without_dashes(run):
    """`ration run LIMITS COMMAND --its-own-flag`: options end at the first word."""
    r = run.command("run", "--timeout", "3000", "sh", "-c", "exit 6", "--memory", "nonsense")
    assert r.code == 6


@pytest.mark.unsanitized("a sanitizer needs memory of its own")
def test_a_waiting_supervisor_is_small(run):
    """At most 300 KiB of memory that is its own, and its keeper or subreaper as well. How many
    pages of their file they have mapped depends on the page cache, and isn't asked here
    (bench/run shows it); those that they have written to are counted, shared with the
    process that forked them or not."""
    small = ["env", "-i", f"PATH={run.env['PATH']}", f"RATION_NAMESPACE={run.env['RATION_NAMESPACE']}", run.marker]
    started = run.start("--timeout 3000", ["sh", "-c", f"echo > {run.file('up')}; exec sleep 1000"], before=small)
    wait_for("the command", lambda: run.file("up").exists() and "sleep" in run.alive().values())
    own = {}
    for pid, name in run.alive().items():
        if name != "sleep":
            rollup = dict(line.split(":", 1) for line in open(f"/proc/{pid}/smaps_rollup").readlines()[1:])
            own[pid, name] = int(rollup["Anonymous"].split()[0])
    started.signal(signal.SIGTERM)
    assert started.wait().verdict == "interrupted"
    assert len(own) >= 2 and max(own.values()) <= 300, own


def test_path_is_searched_as_a_shell_does(run):
    for name, mode in (("one", 0o644), ("two", 0o755)):
        (run.tmp / name).mkdir()
        (run.tmp / name / "tool").write_text("#!/bin/sh\necho found\n")
        (run.tmp / name / "tool").chmod(mode)
    r = run("", "tool", env={"PATH": f"/nowhere:{run.tmp}/one:{run.tmp}/two:/usr/bin:/bin"})
    assert r.stdout == "found\n"
    r = run("", "tool", env={"PATH": f"{run.tmp}/one:/nowhere"})
    assert (r.code, r.verdict) == (126, "not-started")


def test_version_and_help(run):
    assert run.command("--version").code == 0
    for words in (["--help"], ["run", "--help"], ["plan", "--help"], ["doctor", "--help"], ["gc", "--help"]):
        r = run.command(*words)
        assert (r.code, r.stderr) == (0, "") and "sage" in r.stdout, words
    assert run.command().code == 125
    assert run.command("no-such-command").code == 125
    assert "cgroup" in HAS or run.groups() == set()
    assert os.path.exists(RATION)


@pytest.mark.needs("cgroup", "root")
@pytest.mark.worlds("host", "v2")
def test_calls_of_a_launch(run):
    """How many system calls a run without limits makes beside those of its command: a file that nobody reads, a
    signal that is asked for or an attribute too many shows here. Counts don't depend on how busy a machine is, but for
    a start that takes a second: the least of a few counts."""
    failing, report, counts = Path(HELPERS).parent / "inject" / "failing", run.file("report"), []
    # Those of a controller that is there are more: its files are looked at on all levels.
    most = 285 if not {"memory", "pids", "cpu"} & HAS else 410
    while len(counts) < 5 and min(counts, default=most + 1) > most:
        r = run.start("--tenant few", "true", before=[str(failing), str(report), "60", "0", "0", "0"], receipt=False,
                      env={"FAILING_WATCH": RATION, "PATH": "/usr/bin"}).wait()
        assert r.code == 0, r
        counts.append(sum(len(line.split()) - 2 for line in report.read_text().splitlines() if line.startswith("process ")))
    assert min(counts) <= most, counts
