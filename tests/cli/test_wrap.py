# SPDX-License-Identifier: MIT
"""`ration wrap`: a line of shell that any shell reads, whatever the arguments are."""

import os
import random
import resource
import signal
import subprocess

import pytest

from conftest import DEADLINE, RATION

pytestmark = [pytest.mark.anywhere, pytest.mark.worlds("host", "v2", "user")]

HOSTILE = [
    b"", b" ", b"a b", b"\n", b"a\n", b"\nb", b"a\n\nb", b"\r\n", b"\t", b"'", b"''", b"'\\''", b'"',
    b'"$HOME"', b"$HOME", b"${IFS}", b"$(id)", b"`id`", b"$((1+1))", b"\\", b"\\\\", b"\\n", b"\\'", b"a\\\n",
    b"!", b"!!", b"!$", b"'!'", b"*", b"?", b"[a-z]*", b"{a,b}", b"~", b"~root", b"#", b"a #b", b";", b"; id",
    b"&", b"&&", b"|", b"||", b">x", b"<x", b"<<EOF", b"(", b")", b"-", b"--", b"-n", b"-c", b"--help", b"=",
    b"A=b", b"$'\\n'", b"'$'\\n''", b"%s", b"%", b"\x01", b"\x01\x01", b"\x02", b"\x07", b"\x08", b"\x1b[31m",
    b"\x7f", b"\x7f\x01", b"\x80", b"\x81\x82\x83\x84\x85\x86\x87\x88", b"\xff", b"\xc3", b"\xc3'",
    b"'\xe2\x80", b"\xe2\x80\xa8", "µß😀".encode(), b"\xa0", b"\\\xff", b"x" * 5000, b"'" * 300, b"\n" * 300]
ALPHABET = b" \t\n'\"\\$`!*?[]{}~#;&|<>()-=%^,.:/@+_aZ0\x01\x02\x1b\x7f\x80\x81\x88\xc3\xa9\xff"


def words():
    """Hostile arguments: by hand, and by a seeded chance."""
    chance = random.Random(20)
    made = [bytes(chance.choice(ALPHABET) for _ in range(chance.randrange(1, 24))) for _ in range(300)]
    return HOSTILE + made + [bytes([byte]) for byte in range(1, 256)]


@pytest.fixture
def wrap(run):
    """wrap(OPTIONS, COMMAND) returns the line, as bytes."""
    def call(options, command):
        done = subprocess.run([RATION, "wrap", *options, "--", *command], env=run.env, capture_output=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode == 0, done
        assert done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 1, done.stdout
        return done.stdout[:-1]
    return call


def shell(run, shell_argv, line, **env):
    done = subprocess.run([*shell_argv, line], env=dict(run.env, **env), capture_output=True, timeout=DEADLINE,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done
    return done.stdout


@pytest.mark.parametrize("shell_argv", [["sh", "-c"], ["bash", "-c"], ["bash", "--posix", "-c"], ["bash", "-ic"]])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_hostile_arguments_arrive(run, wrap, shell_argv, locale):
    """Byte by byte, through two shells; -i is the one that knows `!`."""
    arguments = words()
    # Not printf of a shell, which is a party here; each argument ends in a NUL.
    line = wrap(["--pids", "max", "--cpu-time", "0"], ["env", "printf", "%s\\0", *arguments])
    out = shell(run, shell_argv, line, LC_ALL=locale)
    assert out.split(b"\0")[:-1] == arguments


@pytest.mark.parametrize("name", [b"-c", b"--", b"a b", b"it's", b"a\nb", b"$x", b"\xff", b"A=b", b"!", b"~",
                                  b"exec"])
def test_hostile_names_of_commands(run, wrap, name):
    path = os.path.join(os.fsencode(run.tmp), name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\nprintf '%s' \"$1\"\n")
    os.chmod(path, 0o755)
    line = wrap(["--pids", "max"], [name, b"it ran"])
    assert shell(run, ["sh", "-c"], line, PATH=f"{run.tmp}:{run.env['PATH']}") == b"it ran"


def in_force(run, wrap, *options):
    """What ulimit says inside: -v, -St, -Ht, -u."""
    line = wrap(options, ["bash", "-c", "ulimit -v; ulimit -S -t; ulimit -H -t; ulimit -u"])
    return shell(run, ["sh", "-c"], line).decode().split()


def outside(name):
    """What a process of ours has anyway, as ulimit says it."""
    value = resource.getrlimit(name)[0]
    return "unlimited" if value == resource.RLIM_INFINITY else str(value)


def test_ulimits_are_in_force(run, wrap):
    assert in_force(run, wrap, "--memory", "512M") == [str(14 * 512 * 1024), "3600", "3600", "100"]
    assert in_force(run, wrap, "--memory", "64M", "--cpu-time", "2:1m", "--pids", "70") == [
        str(14 * 64 * 1024), "2", "60", "70"]


def test_lifted_limits_are_as_outside(run, wrap):
    cpu = outside(resource.RLIMIT_CPU)
    assert in_force(run, wrap, "--cpu-time", "0", "--pids", "max") == [
        outside(resource.RLIMIT_AS), cpu, cpu, outside(resource.RLIMIT_NPROC)]


def test_macos_has_tasks_only(run, wrap):
    assert wrap(["--os", "macos", "--pids", "9"], ["true"]) == b"bash -c 'ulimit -u 9 && exec true'"
    r = run.command("wrap", "--os", "macos", "--memory", "512M", "--cpu-time", "5", "true")
    assert (r.code, r.stdout) == (0, "bash -c 'ulimit -u 100 && exec true'\n")
    assert "memory: not enforced" in r.stderr and "cpu_time: not enforced" in r.stderr


def test_options_behind_the_command_are_its_own(run):
    r = run.command("wrap", "--pids", "max", "ls", "-l", "--pids", "5")
    assert r.stdout == "bash -c 'ulimit -t 3600 && exec ls -l --pids 5'\n"


def test_this_system_is_the_default(run, wrap):
    assert wrap([], ["true"]) == wrap(["--os", "linux"], ["true"])


def test_the_memory_is_held(run, wrap):
    """14 times 1 MiB: `alloc 100` needs 100."""
    line = wrap(["--memory", "1M"], ["alloc", "100"])
    done = subprocess.run(["sh", "-c", line], env=run.env, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 1 and b"alloc: Cannot allocate memory" in done.stderr, done
    shell(run, ["sh", "-c"], wrap(["--memory", "64M"], ["alloc", "100"]))


def test_the_cpu_time_is_held(run, wrap):
    line = wrap(["--cpu-time", "1"], ["spin", "1000"])
    done = subprocess.run(["sh", "-c", line], env=run.env, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done


@pytest.mark.needs("!root")
def test_the_tasks_are_held(run, wrap):
    line = wrap(["--pids", "1"], ["sh", "-c", "true & wait; echo started"])
    done = subprocess.run(["bash", "-c", line], env=run.env, capture_output=True, timeout=DEADLINE, check=False)
    assert b"started" not in done.stdout


VALUES = [("--memory", "64MB"), ("--memory", "1K"), ("--memory", "x"), ("--memory", "99999999999999999999999"),
          ("--cpu-time", "-1"), ("--cpu-time", "5:3"), ("--pids", "0"), ("--pids", "1.5")]


@pytest.mark.parametrize("flag, value", VALUES)
def test_values_are_refused_as_run_does(run, flag, value):
    wrapped, ran = (run.command(command, flag, value, "true") for command in ("wrap", "run"))
    assert (wrapped.code, wrapped.stdout) == (125, "")
    assert wrapped.stderr.replace("ration wrap:", "ration run:") == ran.stderr


@pytest.mark.parametrize("words_, told", [
    (["--memory", "50%", "true"], "--memory"), (["--memory", "1E", "true"], "not a size"),
    (["--memory", "8000000T", "true"], "--memory"), (["--cpus", "1", "true"], "--cpus"),
    (["--os", "plan9", "true"], "linux|macos"),
    ([], "missing COMMAND"), (["--"], "missing COMMAND"), (["--json", "true"], "--json")])
def test_what_is_refused(run, words_, told):
    r = run.command("wrap", *words_)
    assert (r.code, r.stdout) == (125, "")
    assert told in r.stderr
