# SPDX-License-Identifier: MIT
"""What a program may do that has the library in it: the examples, event loops, threads, SIGCHLD."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, HELPERS, RATION, TOP, patiently, wait_for
from world import HAS, WORLD, counts_peak, holder

pytestmark = [pytest.mark.long("v2"), pytest.mark.worlds("host", "v2", "user", "nothing")]
BUILD = Path(RATION).resolve().parent
ENDS = pytest.mark.parametrize("command, verdict, known", [
    # Of 8 MiB, more than small() has: a smaller maxrss would be that of who started the command, and absent.
    (["sh", "-c", "alloc 8; exit 7"], "exit exit 7", "status 7 signal 0"),
    (["alloc", "100", "stay"], "memory exit 137", "status -1 signal 9"),
    (["sh", "-c", "alloc 8; exec spin 1000"], "cpu-time exit 124", "status -1 signal 9")])
LOST = "status -1 signal 0 lost 1 rusage 0"


def small(*argv):
    """The command line, below a shell: a child of Python's would have its maxrss."""
    return ["sh", "-c", '"$@"; exit $?', "sh", *argv]


def program(run, *argv, code=0, **options):
    """Runs a program that uses the library; returns what it printed, by lines, without
    the "ready" of what is about to be ended by a watch."""
    done = subprocess.run(argv, env=run.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=5 * DEADLINE, check=False, **options)
    assert done.returncode == code, done.stdout
    return [line for line in done.stdout.splitlines() if line != "ready"]


# ------------------------------------------------------------ examples/burst.c

def test_pool_of_a_burst(run):
    """Groups that were made ahead: the same limits and verdicts, each used once, and nothing is left."""
    run.file("requests").write_text("true\nexit 3\nexec alloc 100 stay\nkill -9 $$\n")
    lines = program(run, BUILD / "examples" / "burst", "-n", "3", "-m", "64M", "-t", "300s", run.file("requests"))
    ready = ["3 ready", "2 ready", "1 ready", "0 ready"] if "cgroup" in HAS else ["0 ready"] * 4
    assert lines == [f"{verdict}, {n}" for verdict, n in zip(["ok", "exit", "memory", "signal"], ready)]
    assert run.groups() == set()
    assert program(run, BUILD / "examples" / "burst", "-n", "0", code=1) == [
        "burst: a pool of 0 groups: it can have 1 to 10000"]


# ------------------------------------------------------------ examples/first.c

def test_L01_first(run):
    """What it prints of memory is a peak that somebody has seen."""
    assert re.fullmatch(r"ok(, peak [1-9]\d* bytes)?", *program(run, BUILD / "examples" / "first", "true"))
    line, = program(run, BUILD / "examples" / "first", "alloc", "100", "stay", code=137)
    if holder("memory", ""):
        assert line == ("memory, peak 67108864 bytes" if counts_peak() else "memory")
    else:
        assert re.fullmatch(r"memory, peak \d{8,} bytes", line)


# ------------------------------------------------------------ examples/judge.c

@pytest.fixture
def judge(run):
    """judge(OPTIONS, COMMAND, expected=...): what examples/judge.c says of COMMAND."""
    def call(options, command, expected="42\n", code=1):
        run.file("input").write_text("21\n")
        run.file("expected").write_text(expected)
        *told, line = program(run, BUILD / "examples" / "judge", "-w", "3000s", "-t", "1000s", *options.split(),
                              run.file("input"), run.file("expected"), *command, code=code)
        if code < 2 and holder("memory", "") and holder("pids", ""):
            assert told == []
        elif code < 2:
            assert any(text.startswith("judge: memory is enforced by watch: ") for text in told)
        return line
    return call


@pytest.mark.parametrize("command, word", [
    ("read n; echo $((n * 2))", "AC"), ("echo 42; echo; echo noise >&2", "AC"), ("printf 42", "AC"),
    ("echo 43", "WA"), ("echo 4", "WA"), ("echo 42 42", "WA"), ("true", "WA")])
def test_L01_judge_compares(judge, command, word):
    line = judge("", ["sh", "-c", command], code=0 if word == "AC" else 1)
    of_cpu = "" if "cgroup" in HAS else r" \((rusage|sampled)\)"
    numbers = re.fullmatch(rf"{word}, cpu [\d.]+ \w+{of_cpu}, wall [\d.]+ \w+, memory (?P<memory>.*)", line)
    assert numbers, line
    if counts_peak():
        assert re.fullmatch(r"[1-9][\d.]* \w+", numbers["memory"])
    elif holder("memory", ""):
        assert numbers["memory"] == "not known"
    else:
        assert re.fullmatch(r"not known|[1-9][\d.]* \w+ \(sampled\)", numbers["memory"])


def test_L01_judge_too_much_memory(judge):
    line = judge("-m 32M", ["alloc", "100", "stay"])
    assert line.startswith("MLE, ")
    if holder("memory", ""):
        assert (", memory 32 MiB" if counts_peak() else ", memory not known") in line
    else:
        assert line.endswith(" (sampled)")


@pytest.mark.parametrize("options, command", [("-t 200ms", ["spin", "1000"]), ("-w 300ms", ["sleep", "1000"])])
def test_L01_judge_too_slow(judge, options, command):
    assert judge(options, command).startswith("TLE, ")


def test_L01_judge_too_many_processes(judge):
    """A kernel refuses the fork, and the submission makes of it what it can; a watch ends it."""
    line = judge("-p 8", ["forks", "40", "1000"])
    assert line.startswith("RE, ") and line.endswith(", exit 1, forks refused" if holder("pids", "") else ", too many tasks")


def test_L01_judge_other_ends(judge):
    assert judge("-o 1M", ["yes"]).startswith("OLE, ")
    assert judge("", ["sh", "-c", "echo 42; exit 3"]).endswith(", exit 3")
    assert judge("", ["sh", "-c", "echo 42; kill -SEGV $$"]).endswith(", signal 11")
    assert "can't execute" in judge("", ["no_such_cmd"], code=2)
    assert "3GB" in judge("-m 3GB", ["true"], code=2)
    assert judge("-x", ["true"], code=2).startswith("judge: usage: ")


# ------------------------------------------------------------- examples/loop.c

def test_L02_loop_runs_all_at_once(run):
    """The first waits for the second, and all of it in one thread."""
    os.mkfifo(run.file("go"))
    out = run.file("out")
    commands = [f"read line <{run.file('go')}; exit 3", f"echo >{run.file('go')}", "alloc 100 stay",
                # Not all are over before the loop looks for events.
                f"until grep -q 'populated 1\\|no events' {out}; do sleep .1; done; grep SigBlk /proc/self/status"]
    assert program(run, "sh", "-c", f'exec "$@" >{out} 2>&1', "sh", BUILD / "examples" / "loop", "-m", "64M", "-t", "3000s", *commands) == []
    lines = [line for line in out.read_text().splitlines() if line != "ready"]
    assert set(lines) >= {"1: exit, exit status 3", "2: ok, exit status 0", "3: memory, exit status 137",
                          "4: ok, exit status 0", "SigBlk:\t0000000000000000"}
    assert len([line for line in lines if ": started, pid " in line]) == 4
    told = [line for line in lines if line.startswith("loop: ")]
    if "cgroup" not in HAS:
        assert len(told) == 1 and told[0].startswith("loop: no events: ")
        return
    assert "loop: populated 1" in told and not any("gone" in line for line in told)
    assert any(line.startswith("loop: oom-kill ") for line in told) == ("memory" in HAS)


def test_L02_loop_is_interrupted(run):
    loop = subprocess.Popen([BUILD / "examples" / "loop", "-t", "300s", "sleep 1000", "sleep 1000"], env=run.env,
                            stdin=subprocess.DEVNULL, stdout=run.file("out").open("w"))
    try:
        wait_for("both to run", lambda: run.file("out").read_text().count("started") == 2)
        loop.send_signal(signal.SIGTERM)
        assert loop.wait(DEADLINE) == 0
    finally:
        loop.kill()
        loop.wait()
    assert {"1: interrupted, exit status 143", "2: interrupted, exit status 143"} <= set(
        run.file("out").read_text().splitlines())


@pytest.mark.unsanitized("Python loads the library, and its sanitizer too late")
def test_L02_runs_in_an_asyncio_loop(run):
    """A process of asyncio's own, and what it minds of its children, isn't disturbed."""
    os.mkfifo(run.file("go"))
    # exec: on a busy machine a shell could write "Killed" before it is killed as well.
    lines = program(run, "/usr/bin/python3", Path(__file__).with_name("aio.py"), BUILD / "src" / "libration.so",
                    "read line <go; exit 7", "kill -9 $$", "exec alloc 100 stay", cwd=run.tmp)
    assert sorted(lines) == ["a process of asyncio's own - 3", "exec alloc 100 stay - memory 137",
                             "kill -9 $$ - signal 137", "read line <go; exit 7 - exit 7"]


# -------------------------------------------------------------------- threads

@pytest.mark.long("host")
def test_L03_many_threads(run):
    """Each has what it asked for, and nothing is left of it."""
    threads, rounds = (16, 40) if WORLD == "host" else (6, 3)
    assert program(run, f"{HELPERS}/crowd", str(threads), str(rounds)) == [
        f"rounds {threads * rounds} fds 0 children none"]


CC_WATCHED = ("cc", "-fsanitize=thread", "-g", "-O1", "-w", "-std=gnu11", "-D_GNU_SOURCE", "-pthread", f"-I{TOP}/include", f"-I{TOP}/src",
              '-DHELPERS_DIR=""', f'-DTREES="{TOP}/tests/trees"')


def compile_watched(*words):
    built = subprocess.run([*CC_WATCHED, *words], stderr=subprocess.PIPE, text=True, timeout=5 * DEADLINE, check=False)
    if "tsan" in built.stderr:
        pytest.skip("needs the library of -fsanitize=thread")
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="session")
def library_watched(tmp_path_factory):
    """All of the library, built once, to have its accesses to memory watched."""
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    targets = json.loads(subprocess.check_output(["meson", "introspect", "--targets", BUILD]))
    sources, = (target["target_sources"][0]["sources"] for target in targets if target["name"] == "ration_internal")
    objects = tmp_path_factory.mktemp("watched")
    for i, source in enumerate(sources):
        compile_watched("-c", source, "-o", objects / f"{i}-{Path(source).stem}.o")
    archive = objects / "libwatched.a"
    subprocess.run(["ar", "rc", archive, *objects.glob("*.o")], check=True)
    return archive


def watched(run, archive, program, *libraries):
    """A program of the archive; what it has itself isn't taken from there."""
    compile_watched(program, archive, "-o", run.file("watched"), *libraries)
    # Its own map of the memory leaves little room for a kernel that places programs at random.
    run.env["TSAN_OPTIONS"] = "die_after_fork=0 exitcode=66"
    return "setarch", "-R", run.file("watched")


@pytest.mark.long
@pytest.mark.worlds("host")
@pytest.mark.unsanitized("it has a sanitizer of its own")
def test_L03_many_threads_without_races(run, library_watched):
    """The same with all accesses to memory watched, by a build of its own."""
    crowd = watched(run, library_watched, TOP / "tests" / "helpers" / "crowd.c")
    assert program(run, *crowd, "8", "10") == ["rounds 80 fds 0 children none"]


@pytest.mark.long
@pytest.mark.worlds("host")
@pytest.mark.unsanitized("it has a sanitizer of its own")
def test_L03_many_threads_prepare_a_host_without_races(run, library_watched):
    """The unit test of it, in which the bus is a made-up one, with all accesses to memory watched."""
    prepare = watched(run, library_watched, TOP / "tests" / "unit" / "test-prepare.c", "-lcmocka")
    run.env["CMOCKA_MESSAGE_OUTPUT"] = "TAP"
    said = program(run, *prepare)
    assert [line for line in said if line.startswith(("ok", "not ok"))] == [
        "ok 1 - test_many_need_the_unit", "ok 2 - test_many_need_a_unit_that_fails"]


# -------------------------------------------------------------------- SIGCHLD

def minding(run, mode, command, verdict, known):
    """What tests/helpers/sigchld.c prints of two runs, and at last."""
    def attempt(seconds):
        *runs, last = program(run, *small(f"{HELPERS}/sigchld", mode, f"{seconds}s", *command))
        return runs, last

    def with_its_memory(seconds):
        """An emulated machine can use more than a second for it."""
        runs, last = attempt(seconds)
        return f"verdict {verdict} {known} lost 0 rusage 0" not in runs and (runs, last)

    return patiently(with_its_memory) if verdict.startswith("cpu-time") else attempt(1000)


@ENDS
@pytest.mark.unsanitized("a sanitizer's memory is the command's, too")
def test_L04_sigchld_handled_for_own_children(run, command, verdict, known):
    """Such a handler sees the children of runs come and go, and that is all."""
    runs, last = minding(run, "pid", command, verdict, known)
    assert runs == [f"verdict {verdict} {known} lost 0 rusage 1"] * 2
    assert last == "own 42 signals some fds 0 children none"


@ENDS
@pytest.mark.parametrize("mode", ["any", "ignore"])
def test_L04_sigchld_that_takes_all_children(run, mode, command, verdict, known):
    """Then the status of a command is lost, unless a subreaper has it: the run ends all the
    same, limits hold, and the receipt says that it doesn't know."""
    runs, last = minding(run, mode, command, verdict, known)
    held = f"verdict {verdict} {known} lost 0 rusage 1"
    lost = f"verdict {verdict} {LOST}"
    if verdict.startswith("exit") or command[0] == "alloc" and holder("memory", ""):
        lost = f"verdict internal exit 125 {LOST}"
    allowed = {lost, held} if mode == "any" else {lost}
    assert len(runs) == 2 and set(runs) <= (allowed if "cgroup" in HAS else {held})
    assert last == f"own {'-1 signals none' if mode == 'ignore' else '42 signals some'} fds 0 children none"


# -------------------------------------------------------------- large programs

MIB = 1024 if WORLD == "host" else 32


class Large:
    """tests/helpers/large.c with some runs, and the helper programs of the build tree."""

    def __init__(self, run, *words, mib=MIB, **env):
        self.run = run
        self.popen = subprocess.Popen([f"{HELPERS}/large", str(mib), *words], env=dict(run.env, **env), text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        told = re.fullmatch(r"copied (\d+) of (\d+)\n", self.popen.stdout.readline())
        self.copied, self.pages = map(int, told.groups())

    def helpers(self):
        """What ration has running beside it, by pid."""
        return {pid: name for pid, name in self.run.alive().items() if name.startswith("ration-")}

    def say(self, line):
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()

    def next(self):
        """Lets it go on."""
        self.say("")

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def close(self):
        """Whatever it has left ends."""
        self.popen.stdin.close()
        self.popen.stdout.close()
        return self.popen.wait(DEADLINE)


def own_kib(pid):
    """Memory that a process has written to: pages of a program just linked are dirty, too, and no process's."""
    rollup = dict(line.split(":", 1) for line in open(f"/proc/{pid}/smaps_rollup").readlines()[1:])
    return int(rollup["Anonymous"].split()[0])


@pytest.mark.long("host")
@pytest.mark.unsanitized("a sanitizer takes memory of its own in each helper")
def test_L05_a_large_program_is_not_copied(run):
    """It had 121 ms and each page that it wrote meanwhile to pay, for a fork of it."""
    large = Large(run, "2")
    assert large.copied < large.pages / 10 + 200
    helpers = large.helpers()
    assert len(helpers) == (1 if "cgroup" in HAS else 2)
    assert max(map(own_kib, helpers)) <= 300
    large.next()
    large.next()
    assert large.popen.stdout.readline() == "children none\n"
    assert large.helpers() == {}
    assert large.close() == 0


def test_L05_without_the_helper_programs(run):
    """Then it is forked: as dear as that is, all else is the same."""
    large = Large(run, "2", mib=32, RATION_TEST_PROGRAMS="")
    assert large.copied >= large.pages
    assert len(large.helpers()) == (1 if "cgroup" in HAS else 2)
    large.next()
    large.next()
    assert large.popen.stdout.readline() == "children none\n"
    assert large.close() == 0


@pytest.mark.parametrize("copy", [[], ["copy"]], ids=["alone", "copied"])
def test_L06_a_program_is_killed(run, copy):
    """All its runs at once; a copy of the program that has all its files, too, makes no difference."""
    large = Large(run, "5", *copy, mib=1)
    wait_for("its commands", lambda: list(run.alive().values()).count("sleep") == 5)
    large.kill()
    wait_for("all to be gone", lambda: set(run.alive().values()) <= {"large"} and not run.groups())
    large.close()
    wait_for("the copy", lambda: not run.alive())


@pytest.mark.needs("cgroup")
def test_L06_its_keeper_is_killed_before(run):
    """Keeper killed, the program afterwards: all lived on until the next gc."""
    large = Large(run, "5", mib=1)
    first, = large.helpers()
    os.kill(first, signal.SIGKILL)
    second = wait_for("another keeper", lambda: [pid for pid in large.helpers() if pid != first])
    assert len(second) == 1
    # It is there before it has been told of anything.
    large.say("ping")
    assert large.popen.stdout.readline() == "pong\n"
    large.kill()
    wait_for("all to be gone", lambda: not run.alive() and not run.groups())
    large.close()


# ----------------------------------------------------------------- fds, pidfds

def test_L07_passes_fds_on(run):
    """Those that are named, under their numbers, and no other; whoever supervises."""
    said = program(run, f"{HELPERS}/pass", "sh", "-c", "exec >&7; fds | head -1")
    assert said.pop(0) == ("pidfd: close-on-exec, ended" if "cgroup" in HAS else "pidfd: none")
    assert said == ["run: fds 0 1 2 7 900", "run: closed", "group: fds 0 1 2 7 900", "group: closed",
                    "901: 9 can't pass on fd 901: Bad file descriptor",
                    "2: 22 fd 2 in pass_fds: these are 3 or more"]


@pytest.mark.worlds("host")
@pytest.mark.parametrize("calls", ["clone3", "new"])
def test_L07_passes_fds_on_where_calls_are_refused(run, calls):
    """With the command moved into its group; and by a subreaper, with each fd closed by itself."""
    said = program(run, f"{HELPERS}/nosys", "38", calls, f"{HELPERS}/pass", "sh", "-c", "exec >&7; fds | head -1")
    assert said[1:5] == ["run: fds 0 1 2 7 900", "run: closed", "group: fds 0 1 2 7 900", "group: closed"]


@pytest.mark.parametrize("limit", ["-", "1000"])
@pytest.mark.parametrize("digits", ["0", "1", "2", "012"])
def test_L08_a_program_that_has_closed_its_own_fds(run, digits, limit):
    """They are /dev/null for the command, and nothing of the library's gets their numbers. Numbers that are closed are
    refused, and not taken by what the library opens meanwhile."""
    script = 'exec 3>"$0"; for i in 0 1 2; do at=$(readlink /proc/$$/fd/$i); echo "$at" >&3; done; echo out; echo err >&2; exit 4'
    said = program(run, f"{HELPERS}/ownfds", digits, limit, "sh", "-c", script, run.file("fds"))
    assert ("out" in said, "err" in said) == ("1" not in digits, "2" not in digits)
    assert [line for line in said if line not in ("out", "err")] == [
        f"open {3 - len(digits)} verdict exit exit 4", "closed some slipped 0",
        *["no array: 22 n_pass_fds is 2, and pass_fds is NULL"] * 2]
    shown = run.file("fds").read_text().splitlines()
    for at in digits:
        assert shown[int(at)].startswith("/dev/null" if limit == "-" or at == "0" else "pipe:"), shown
