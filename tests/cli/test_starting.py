# SPDX-License-Identifier: MIT
"""Where a command starts: its directory, umask and files."""

import os
import stat
import subprocess

import pytest

from conftest import DEADLINE, patiently, wait_for

pytestmark = [pytest.mark.long("v2")]

SHOW = ["sh", "-c", "pwd; umask; echo error >&2"]
NOBODY = 54321  # a uid that nobody has
USER = f"--user {NOBODY}:{NOBODY}"
root = pytest.mark.needs("root")


@pytest.fixture
def refused(run, hand):
    """refused(options, texts...): 125 before anything runs, and nothing has changed."""
    def refuse(options, *texts, **how):
        options = options.split() if isinstance(options, str) else options
        before = {path: path.stat().st_size for path in run.tmp.rglob("*")}
        r = hand.refused(["run", *options, "--", "touch", str(run.file("started"))], *texts, **how)
        assert {path: path.stat().st_size for path in run.tmp.rglob("*")} == before
        return r
    return refuse


@pytest.fixture
def box(run):
    """A directory that everybody may enter, and nobody but root may write."""
    for path in [run.tmp, *run.tmp.parents][:3]:
        path.chmod(0o755)
    box = run.tmp / "box"
    box.mkdir()
    return box


@pytest.mark.parametrize("how", ["", "--exec"])
def test_A20_directory_umask_and_files(run, box, how):
    r = run(f"{how} -C {box} --umask 027 --stdout out --stderr stdout", SHOW, receipt=not how)
    assert (r.code, r.stdout, r.stderr) == (0, "", "")
    assert (box / "out").read_text() == f"{box}\n0027\nerror\n"
    assert stat.S_IMODE((box / "out").stat().st_mode) == 0o640
    assert os.umask(0o22) == 0o22 and not run.file("out").exists()
    run.command("gc")


def test_A20_in_a_group_by_hand(hand, box):
    if "no such" not in hand("create acme/x").stderr:
        (box / "in").write_text("x\n")
        r = hand(["exec", "acme/x", "--chdir", str(box), "--stdin", "in", "--", "sh", "-c", "pwd; cat"])
        assert (r.code, r.stdout) == (0, f"{box}\nx\n")


def test_A20_a_file_is_emptied_or_appended_to(run, box):
    (box / "out").write_text("before\n")
    for name, text in (("+out", "before\n1\n"), ("./out", "1\n"), ("+new", "1\n")):
        assert run(["-C", str(box), "--stdout", name], "echo 1").code == 0
        assert (box / name.lstrip("+")).read_text() == text
    (box / "in").write_text("from a file\n")
    assert run(f"--stdin {box}/in", "cat", input="not this\n").stdout == "from a file\n"
    assert run("--stdin inherit --stdout inherit --stderr inherit", "cat", input="this\n").stdout == "this\n"


@pytest.mark.parametrize("how", ["", "--exec"])
def test_A20_null(run, how):
    files = ["sh", "-c", "for i in 0 1 2; do readlink /proc/$$/fd/$i; done | cat >$0", str(run.file("seen"))]
    assert run(f"{how} --stdin null --stdout null --stderr null", files, receipt=not how).code == 0
    assert run.file("seen").read_text() == "/dev/null\n/dev/null\n/dev/null\n"
    assert run("--stdout null", "echo x").stdout == ""
    run.command("gc")


def test_A20_the_program_is_looked_for_from_there(run, box):
    (box / "tool").write_text("#!/bin/sh\necho found\n")
    (box / "tool").chmod(0o755)
    assert run(f"-C {box}", "./tool").stdout == "found\n"
    assert run(f"-C {box}", "tool", env={"PATH": ".:/usr/bin:/bin"}).stdout == "found\n"
    r = run("", "./tool")
    assert (r.code, r.verdict) == (127, "not-started")


def test_A20_what_does_not_run_empties_nothing(run, box):
    (box / "out").write_text("before\n")
    for options, command, code in ((f"--stdout {box}/out", "no_such_cmd", 127), (f"--stdout {box}/out", "/etc/passwd", 126),
                                   (f"--stdout {box}/out --stderr {box}/no/such", "true", 125),
                                   (f"--stdout {box}/out --rlimit nofile=10:max --tenant a/b", "true", 125)):
        assert run(options, command).code == code
        assert (box / "out").read_text() == "before\n"


def test_A20_the_output_limit_holds_for_a_file(run, box):
    r = run(f"--output-limit 5 --stdout {box}/out --stderr stdout", ["sh", "-c", "echo abc; echo abc >&2; sleep 1000"])
    assert r.verdict == "output" and r.usage["stdout_bytes"] == 5 and "stderr_bytes" not in r.usage
    assert (box / "out").read_text() == "abc\na"


def test_A20_a_pipe_ends_with_the_command(run):
    """Nobody of ration's has it open as well: its reader sees the end, and its writer that nobody reads."""
    os.mkfifo(run.file("fifo"))
    with subprocess.Popen(["cat", str(run.file("fifo"))], stdout=subprocess.PIPE, text=True) as reader:
        started = run.start(f"--stdout {run.file('fifo')}", ["sh", "-c", "echo end; exec >&-; exec sleep 1000"])
        assert reader.communicate(timeout=DEADLINE)[0] == "end\n"
        started.signal(15)
        assert started.wait().verdict == "interrupted"


def test_A20_fds_are_passed_on(run):
    read, write = os.pipe()
    try:
        os.write(write, b"x\n")
        r = run(f"--pass-fd {read} --pass-fd {write}", "fds", pass_fds=(read, write))
        assert r.stdout.splitlines()[0] == f"fds 0 1 2 {read} {write}"
        assert run(f"--pass-fd {read}", ["sh", "-c", f"head -n 1 /dev/fd/{read}"], pass_fds=(read,)).stdout == "x\n"
    finally:
        os.close(read)
        os.close(write)


# ------------------------------------------------------------------ bad input

@pytest.mark.parametrize("options, texts", [
    ("--umask 8", ("--umask 8", "octal", "027")), ("--umask 01000", ("--umask 01000", "0777")), ("--umask u=rwx", ("u=rwx",)),
    ("--umask -1", ("-1",)), ("--pass-fd 2", ("--pass-fd 2", "--stderr")), ("--pass-fd x", ("--pass-fd x",)),
    ("--pass-fd 99", ("--pass-fd 99", "isn't open")), ("--pass-fd 99999999999999999999", ("--pass-fd",)),
    ("--stdin +x", ("--stdin +x", "./+")), ("--stdout +", ("--stdout +", "+log")), ("--chdir no/such", ("no/such", "No such file")),
    ("-C /etc/passwd", ("/etc/passwd", "Not a directory")), ("--stdin /no/such", ("/no/such", "standard input")),
    ("--stdin /etc", ("/etc", "Is a directory")), ("--stdout /etc", ("/etc", "standard output", "Is a directory")),
    ("--stderr /no/such", ("/no/such", "standard error"))])
def test_A21_refused(refused, options, texts):
    refused(options, *texts)


def test_A21_the_receipt_is_not_passed_on(run):
    read, write = os.pipe()
    try:
        r = run(f"--receipt fd:{write} --pass-fd {write}", ["touch", str(run.file("started"))], receipt=False, pass_fds=(write,))
        assert r.code == 125 and f"fd:{write}" in r.stderr and not run.file("started").exists()
    finally:
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("words", ["--receipt fd:0{} --pass-fd {}", "--record fd:{} --pass-fd {}"])
def test_A21_nor_by_another_name(run, words):
    read, write = os.pipe()
    try:
        r = run(words.format(write, write), ["touch", str(run.file("started"))], receipt=False, pass_fds=(write,))
        assert r.code == 125 and f"--pass-fd {write} exclude each other" in r.stderr and not run.file("started").exists(), r
    finally:
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("words", ["--receipt {0} --record {0}", "--journal {0} --record {0}", "--journal {0} --receipt {1}"])
def test_A21_one_file_for_two(run, words):
    """The second would replace the first."""
    file, link = run.file("one"), run.file("link")
    file.write_text("precious\n")
    link.symlink_to(file)
    r = run(words.format(file, link), ["touch", str(run.file("started"))], receipt=False)
    assert r.code == 125 and "name the same file" in r.stderr, r
    assert file.read_text() == "precious\n" and not run.file("started").exists()
    assert run("--receipt /dev/null --record /dev/null", "true", receipt=False).code == 0


@pytest.mark.parametrize("option, text", [("--stdin", "for writing"), ("--stdout", "for reading"), ("--stderr", "for reading")])
def test_A21_a_fifo_that_nobody_opens(run, refused, option, text):
    """The time limit of the run holds here as well."""
    os.mkfifo(run.file("fifo"))

    def attempt(seconds):
        """None: what opens it had no time to say so. Two seconds later it is taken for one who hangs."""
        r = refused(f"{option} {run.file('fifo')} --timeout {seconds / 5}", str(run.file("fifo")))
        return None if "doesn't answer" in r.stderr else r

    said = patiently(attempt).stderr
    assert text in said and "FIFO" in said, said


def test_A21_a_fifo_that_is_opened_later(run):
    os.mkfifo(run.file("fifo"))
    started = run.start(f"--stdin {run.file('fifo')}", "cat", stdout=subprocess.PIPE)
    with open(run.file("fifo"), "w") as fifo:
        fifo.write("late\n")
    assert started.wait().stdout == "late\n"


# ----------------------------------------------------- with the user's rights

@root
@pytest.mark.parametrize("how", ["", "--exec"])
def test_A21_what_only_root_can_reach(refused, run, box, how):
    """By the rights of the command's user, whoever calls."""
    (box / "secret").write_text("root's\n")
    (box / "secret").chmod(0o600)
    private = box / "private"
    private.mkdir(mode=0o700)
    (private / "inner").mkdir(mode=0o777)
    refused(f"{how} {USER} --stdin {box}/secret", "secret", "Permission denied", "rights of the command's user")
    refused(f"{how} {USER} --stdout {box}/secret", "secret", "Permission denied")
    refused(f"{how} {USER} --stdout {box}/new", "new", "Permission denied")
    refused(f"{how} {USER} --chdir {private}", "private", "Permission denied", "search it")
    refused(f"{how} {USER} -C {private}/inner", "private/inner", "Permission denied")
    assert run(f"-C {private}", "pwd").stdout == f"{private}\n"


@root
def test_A20_files_are_made_as_the_user(run, box):
    box.chmod(0o777)
    r = run(f"{USER} -C {box} --umask 077 --stdout out", ["sh", "-c", "pwd; umask; id -u"])
    assert r.code == 0
    assert (box / "out").read_text() == f"{box}\n0077\n{NOBODY}\n"
    made = (box / "out").stat()
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (NOBODY, NOBODY, 0o600)


@root
def test_A21_a_link_in_a_hostile_directory(run, refused, box):
    """It leads where its own owner could have gone, and no further."""
    (box / "secret").write_text("root's\n")
    (box / "secret").chmod(0o600)
    trap = box / "trap"
    trap.mkdir()
    os.chown(trap, NOBODY, NOBODY)
    (trap / "out").symlink_to(box / "secret")
    refused(f"{USER} --stdout {trap}/out", "Permission denied")
    assert (box / "secret").read_text() == "root's\n"


@root
def test_A21_who_stops_what_opens(run):
    """A process of that user can stop what opens the files: nobody waits for that."""
    os.mkfifo(run.file("fifo"))
    for path in [run.tmp, *run.tmp.parents][:3]:
        path.chmod(0o755)
    run.file("fifo").chmod(0o666)
    started = run.start(f"{USER} --stdin {run.file('fifo')}", "cat", receipt=False)

    def opener():
        found = subprocess.run(["pgrep", "-u", str(NOBODY), "ration"], capture_output=True, text=True, check=False).stdout.split()
        return [pid for pid in map(int, found) if pid in run.alive()]

    wait_for("who opens it", opener)
    for pid in opener():
        os.kill(pid, 19)
    r = started.wait()
    assert r.code == 125 and "stopped" in r.stderr, r
