# SPDX-License-Identifier: MIT
"""Profiles: where they are found, what may stand in them, and whose word they are."""

import json
import os
from pathlib import Path

import pytest

from conftest import RATION
from world import HAS

pytestmark = [pytest.mark.anywhere]

TOP = Path(__file__).resolve().parents[2]
SHIPPED = sorted(p.name for p in (TOP / "profiles").iterdir())
root = pytest.mark.needs("root")
# An emulated machine takes seconds of CPU time for 300 MiB, and a busy one may need them for a start.
SLOW = "--cpu-time 1000 --timeout 1000"


@pytest.fixture
def profile(run):
    """profile(TEXT, name): writes a profile, and returns its path."""
    def write(text, name="p", mode=0o644):
        path = run.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return str(path)
    return write


@pytest.fixture
def refused(run, profile):
    """refused(TEXT, word...): the profile isn't taken: one message, with these words, and nothing is started."""
    def check(text, *words, options=(), path=None, **popen):
        path = path or profile(text)
        r = run(["--profile", path, *options], ["touch", str(run.file("started"))], **popen)
        assert (r.code, r.receipt, r.stdout) == (125, None, ""), r
        assert not run.file("started").exists()
        assert 1 <= len(r.stderr.splitlines()) <= 2 and r.stderr.startswith("ration run: "), r.stderr
        for word in words:
            assert word in r.stderr, (word, r.stderr)
        return r.stderr
    return check


# ------------------------------------------------------------------ what is in it

def test_P09_profile(run, profile):
    path = profile("# ours\n\n  rlimit = nofile=64\r\nenv=COLOR=#f = f\n\tquiet\t\nrlimit=core=1M:2M\ntimeout =1000\n")
    r = run(["--profile", path], ["sh", "-c", 'ulimit -n; ulimit -Sc; echo "$COLOR"'])
    assert (r.code, r.stdout, r.stderr) == (0, f"64\n{(1 << 20) // 512}\n#f = f\n", "")
    assert r.receipt["profile"] == path
    assert r.limit("timeout")["asked"] == 1000 * 10**6


def test_P09_the_command_line_wins(run, profile):
    """Also where a flag repeats, and over a policy as a whole; before and behind --profile."""
    path = profile("timeout = 5\nrlimit = nofile=64\nrlimit = core=0\nenv = A=1\nenv = B=1\nenforce = timeout=any\n")
    r = run(["--timeout", "1000", "--profile", path, "--rlimit", "nofile=80", "--env", "B=2"],
            ["sh", "-c", "ulimit -n; echo $A$B"])
    assert (r.code, r.stdout) == (0, "80\n12\n")
    assert r.limit("timeout")["asked"] == 1000 * 10**6
    r = run(["--profile", path, "--timeout", "0"], "true")
    assert "timeout" not in [row["limit"] for row in r.receipt["limits"]]
    done = run.command("plan", "--json", "--profile", path, "--enforce", "strict")
    assert not any("policy" in row for row in json.loads(done.stdout)["limits"])


def test_P09_what_is_overridden_is_still_checked(refused):
    refused("timeout = 5x\n", ":1: --timeout 5x", options=["--timeout", "5"])
    refused("timeout = 5\ntimeout = 6\n", ":2: --timeout is given twice", options=["--timeout", "5"])


@pytest.mark.parametrize("text, words", [
    ("timeout = 5\n\n# x\nmemroy = 1G\n", (":4: ", "memroy", "did you mean memory?")),
    ("memory = 12Q", (":1: ", "--memory 12Q", "512M")),
    ("--memory = 1G", (":1: ", "options have no dashes here: memory")),
    ("timeout", (":1: ", "--timeout needs a value")),
    ("timeout =", (":1: ", "empty value")),
    ("quiet = yes", (":1: ", "takes no value")),
    ("timeout 5", (":1: ", "expected NAME = VALUE")),
    ("= 5", (":1: ", "expected NAME = VALUE")),
    ("[run]", (":1: ", "unknown option")),
    ("timeout = 5 # s", (":1: ", "comment", "line of its own")),
    ("timeout = 5\ntimeout = 6", (":2: ", "twice", "5 and 6")),
    ("profile = other", (":1: ", "profile can't stand in a profile")),
    ("command = ls", (":1: ", "command can't stand in a profile")),
    ("help", (":1: ", "help can't stand in a profile")),
    ("version", (":1: ", "version can't stand in a profile")),
    ("\x1b[2J = 1", (":1: ", "\\x1b[2J")),
    ("timeout = 1\0\n", ("NUL",)),
    ("#" * 70000, ("longer than 64 KiB",)),
    ("env = A=" + "x" * 66000, ("longer than 64 KiB",)),
])
def test_P09_refused(refused, text, words):
    message = refused(text, *words)
    assert "\x1b" not in message


def test_P09_an_empty_one(run, profile):
    for text in ("", "\n", "# nothing", "\r\n \t\n"):
        assert run(["--profile", profile(text)], "true").code == 0


def test_P09_other_commands(run, profile):
    """A limit that a command doesn't know is refused; how `run` starts and ends a command is nothing to others."""
    path = profile("rlimit = nofile=64\nsignal = INT\nstdin = null\nenv = A=1\n")
    rows = json.loads(run.command("plan", "--json", "--profile", path).stdout)["limits"]
    assert "rlimit_nofile" in [row["limit"] for row in rows]
    r = run.command("create", "--profile", path, "profiled")
    assert r.code == 125 and ":1: rlimit isn't a limit of ration create" in r.stderr, r
    path = profile("timeout = 5\n")
    r = run.command("exec", "--profile", path, "a/b", "--", "true")
    assert r.code == 125 and ":1: timeout isn't a limit of ration exec" in r.stderr, r
    path = profile("signal = NONSENSE\n")
    assert run.command("plan", "--profile", path).code == 125
    assert "unknown option --profile" in run.command("set", "--profile", path, "a").stderr


@pytest.mark.needs("cgroup")
def test_P09_create_and_exec(run, profile):
    """With --profile before and behind the group."""
    path = profile("rlimit = nofile=64\nenv = A=1\nenv = B=1\n", "process")
    assert run.command("create", "--profile", profile("# none\n", "group"), "profiled/x").code == 0
    for words in (["--profile", path, "profiled/x", "--env", "B=2"], ["--env", "B=2", "profiled/x", "--profile", path]):
        r = run.command("exec", *words, "--", "sh", "-c", "ulimit -n; echo $A$B")
        assert (r.code, r.stdout) == (0, "64\n12\n"), r
    assert run.command("rm", "profiled").code == 0


def test_P09_verbose(run, profile):
    path = profile("verbose\n")
    r = run(["--profile", path], "true")
    assert any(line.split()[0] == "profile" for line in r.stderr.splitlines())


# -------------------------------------------------------------------- where it is

NOT_FOUND = "no such profile in"


def test_P09_names(run, profile):
    """The user's directory, that of XDG or ~/.config; the working directory never."""
    profile("env = A=xdg\n", "xdg/ration/one")
    profile("env = A=home\n", "home/.config/ration/one")
    env = {"XDG_CONFIG_HOME": str(run.file("xdg")), "HOME": str(run.file("home"))}
    show = ["sh", "-c", "echo $A"]
    r = run("--profile one", show, env=env)
    assert (r.stdout, r.receipt["profile"]) == ("xdg\n", str(run.file("xdg/ration/one")))
    for none in ("", "xdg"):  # a relative one isn't one, as XDG has it
        assert run("--profile one", show, env=dict(env, XDG_CONFIG_HOME=none), cwd=run.tmp).stdout == "home\n"
    r = run("--profile two", show, env=env, cwd=os.path.dirname(profile("env = A=cwd\n", "two")))
    assert r.code == 125 and NOT_FOUND in r.stderr and "/etc/ration" in r.stderr and "./two" in r.stderr
    assert run("--profile ./two", show, env=env, cwd=run.tmp).stdout == "cwd\n"


def test_P09_names_of_etc(run, profile):
    """Behind the user's. A mount namespace has an /etc of its own."""
    if "unshare" not in HAS:
        pytest.skip("no mount namespace here")
    profile("env = A=etc\n", "etc/one")
    words = f"mkdir -p {run.file('up')} {run.file('work')}; mount -t tmpfs none {run.file('up')} && mkdir {run.file('up')}/u " \
        f"{run.file('up')}/w && mount -t overlay -o lowerdir=/etc,upperdir={run.file('up')}/u,workdir={run.file('up')}/w none /etc && " \
        f"mkdir /etc/ration && cp {run.file('etc')}/one /etc/ration && exec \"$@\""
    r = run("--profile one", ["sh", "-c", "echo $A"], env={"HOME": str(run.file("home")), "XDG_CONFIG_HOME": ""},
            before=["unshare", "-m", "sh", "-c", words, "sh"])
    assert (r.stdout, r.receipt["profile"]) == ("etc\n", "/etc/ration/one")


@pytest.mark.parametrize("name", ["..", ".one", "a b", "*", "-x", "ü", "a" * 300])
def test_P09_bad_names(refused, name):
    refused(None, "invalid name", path=name)


@pytest.mark.parametrize("make, word", [
    (os.mkfifo, "is a pipe"), (os.mkdir, "is a directory"), (lambda path: os.symlink(path, path), "ymbolic link"),
    (lambda path: os.symlink("/dev/zero", path), "isn't a regular file"), (lambda path: None, "No such file"),
    (lambda path: os.symlink("/proc/kmsg", path), ""), (lambda path: os.symlink("/proc/self/mem", path), "")])
def test_P09_what_is_no_file(refused, run, make, word):
    """Refused at once: nobody writes into the pipe, and some files never end."""
    path = str(run.file("odd"))
    make(path)
    refused(None, word, path=path)


@pytest.mark.worlds("host", "v2")
@pytest.mark.needs("root")
def test_P09_not_readable(refused, profile):
    """By whom it is for: uid 1000 is told, and so is who looks a name up in a directory that he can't enter."""
    refused(None, "Permission denied", path=profile("quiet", mode=0o600), user=1000, group=1000)


@pytest.mark.parametrize("name", SHIPPED)
def test_P09_shipped(run, name):
    """Each says for itself what it is for, and can be planned and run."""
    path = str(TOP / "profiles" / name)
    assert (TOP / "profiles" / name).read_text().startswith(f"# {name}: ")
    r = run(["--profile", path, "--enforce", "any", *SLOW.split()], "true")
    assert (r.code, r.verdict) == (0, "ok")
    assert run.command("plan", "--profile", path, "--enforce", "any").code == 0


def test_P09_all_are_shipped():
    assert SHIPPED == ["build", "judge", "notebook", "qemu-kvm", "qemu-tcg"]


@pytest.mark.needs("memory", "pids")
@pytest.mark.parametrize("name, options, command, verdict", [
    ("judge", SLOW, "alloc 300", "memory"), ("judge", "--cpu-time .3 --timeout 1000", "spin 1000", "cpu-time"),
    ("judge", f"{SLOW} --output-limit 1M", "writer 2000000", "output"), ("build", "--timeout .5", "sleep 1000", "wall-time"),
    ("qemu-tcg", "--memory 60M", "alloc 100", "memory"), ("notebook", "--memory 60M --memory-high max", "alloc 100", "memory")])
def test_P09_shipped_limits_hold(run, name, options, command, verdict):
    r = run(["--profile", str(TOP / "profiles" / name), *options.split()], command)
    assert r.verdict == verdict, r


# -------------------------------------------------------------------- whose it is

@pytest.fixture
def foreign(run, profile):
    """A directory of root's with a profile in it, to be made a stranger's in one respect."""
    profile("quiet\n", "top/dir/p")
    for name in ("top", "top/dir"):
        run.file(name).chmod(0o755)
    return run.file("top")


def give(path):
    os.chown(path, 1000, 1000, follow_symlinks=False)


def link_of_a_stranger(top):
    (top / "link").symlink_to(top / "dir")
    give(top / "link")


@root
@pytest.mark.parametrize("change, path, words", [
    (lambda top: give(top / "dir/p"), "dir/p", ("p belongs to uid 1000",)),
    (lambda top: give(top / "dir"), "dir/p", ("dir belongs to uid 1000",)),
    (lambda top: give(top), "dir/p", ("top belongs to uid 1000",)),
    (lambda top: give(top), "dir/../dir/p", ("top belongs to uid 1000",)),
    (lambda top: (top / "dir/p").chmod(0o664), "dir/p", ("write to p (mode 0664)",)),
    (lambda top: (top / "dir").chmod(0o777), "dir/p", ("write to dir (mode 0777)",)),
    (lambda top: (top / "dir").chmod(0o775), "dir/p", ("write to dir (mode 0775)",)),
    (lambda top: (top / "dir/p").chmod(0o1666), "dir/p", ("write to p",)),
    (link_of_a_stranger, "link/p", ("link belongs to uid 1000",)),
])
def test_P09_of_a_stranger(refused, foreign, change, path, words):
    """Root reads nothing that another uid can write: the file, each directory, each link on the way."""
    change(foreign)
    refused(None, *words, "/etc/ration", path=str(foreign / path))


@root
def test_P09_a_link_into_a_strangers_directory(refused, foreign, run):
    give(foreign / "dir")
    (run.file("xdg") / "ration").mkdir(parents=True)
    (run.file("xdg") / "ration/p").symlink_to(foreign / "dir/p")
    refused(None, "dir belongs to uid 1000", path="p", env={"XDG_CONFIG_HOME": str(run.file("xdg"))})
    (run.file("xdg") / "ration/q").symlink_to("../../top/dir/p")
    refused(None, "dir belongs to uid 1000", path="q", env={"XDG_CONFIG_HOME": str(run.file("xdg"))})


@root
def test_P09_in_the_working_directory_of_a_stranger(refused, foreign):
    give(foreign / "dir")
    refused(None, "the working directory belongs to uid 1000", path="./p", cwd=foreign / "dir")


@root
def test_P09_a_sticky_directory(run, foreign):
    """/tmp is one: only who owns an entry can exchange it, and that is looked at."""
    (foreign / "dir").chmod(0o1777)
    assert run(["--profile", str(foreign / "dir/p")], "true").code == 0


@root
@pytest.mark.parametrize("variable", ["SUDO_UID", "DOAS_USER", "PKEXEC_UID"])
def test_P09_environment_of_sudo(run, profile, variable):
    """There, what says where profiles are may be the caller's word: root's own home counts."""
    profile("env = A=xdg\n", "xdg/ration/one")
    env = {"XDG_CONFIG_HOME": str(run.file("xdg")), "HOME": str(run.file("xdg")), variable: "1000"}
    r = run("--profile one", "true", env=env)
    assert r.code == 125 and NOT_FOUND in r.stderr and str(run.file("xdg")) not in r.stderr
    env["XDG_CONFIG_HOME"] = ""
    r = run("--profile one", "true", env=env)
    assert r.code == 125 and str(run.file("xdg")) not in r.stderr


@pytest.mark.worlds("host", "v2")
@root
def test_P09_a_user_reads_those_of_others(run, profile):
    """Who isn't root may name any file that he can read."""
    path = profile("env = A=1\n")
    give(path)
    r = run.program(["setpriv", "--reuid", "65534", "--clear-groups", RATION, "plan", "--profile", path])
    assert r.code in (0, 125) and "belongs to" not in r.stderr
