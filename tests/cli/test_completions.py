# SPDX-License-Identifier: MIT
"""Completions: what each shell offers is what the command's help says."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conftest import DEADLINE, RATION

pytestmark = [pytest.mark.long, pytest.mark.worlds("host")]
MADE = Path(RATION).resolve().parent / "completions"
BASH = r"""
source "$1"; shift
compopt() { :; }
eval "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_ration && printf '%s\n' "${COMPREPLY[@]}"
"""


def output(*argv, **env):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, env=dict(os.environ, **env),
                          check=False)
    assert done.returncode == 0 and not done.stderr, done
    return [line for line in done.stdout.splitlines() if line]


def in_bash(line, setup=":", breaks="=:"):
    """COMPREPLY for a line, which is split into words as readline does."""
    words = re.findall(f"[{breaks}]+|[^ {breaks}]+", line) + ([""] if line.endswith(" ") else [])
    return output("bash", "--norc", "-c", BASH, "bash", MADE / "ration", setup, *words)


def in_fish(line, setup="true"):
    made = output("fish", "--no-config", "-c", f"source {MADE}/ration.fish; {setup}; complete -C '{line}'",
                  HOME="/dev/null", XDG_CONFIG_HOME="/dev/null", XDG_DATA_HOME="/dev/null")
    return [candidate.split("\t")[0] for candidate in made]


def typed(argv, setup, line, wanted):
    """Types a line and TAB into a real shell, and waits for what it has to make of it."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, dict(os.environ, TERM="dumb", PS1="@ ", HOME="/dev/null"))
    seen = b""

    def until(pattern):
        nonlocal seen
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, seen):
            assert select.select([fd], [], [], max(0, end - time.monotonic()))[0], (pattern, seen)
            seen += os.read(fd, 4096)
        seen = seen[re.search(pattern, seen).end():]
    try:
        os.write(fd, setup.encode() + b"; echo rea''dy\n")
        until(rb"ready\r?\n")
        os.write(fd, line.encode() + b"\t")
        until(re.escape(wanted.encode()))
    finally:
        os.kill(pid, 9)
        os.close(fd)
        os.waitpid(pid, 0)


def commands():
    return sorted(line.split()[0] for line in output(RATION, "--help") if re.match("  [a-z]", line))


def flags(command):
    text = "\n".join(output(RATION, *command, "--help"))
    return sorted(re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]*)", text, re.M))


shells = pytest.mark.parametrize("complete", [in_bash, in_fish], ids=["bash", "fish"])


@shells
def test_all_commands(complete):
    assert sorted(complete("ration ")) == commands()


@shells
def test_flags_of_each_command(complete):
    assert sorted(complete("ration -")) == flags([])
    for command in commands():
        assert sorted(complete(f"ration {command} -")) == flags([command]), command


@shells
@pytest.mark.parametrize("line, wanted", [
    ("ration ru", ["run"]),
    ("ration run --enf", ["--enforce"]),
    ("ration run --enforce ", ["any", "fallback", "strict"]),
    ("ration run --memory 64M --enforce s", ["strict"]),
    ("ration run --memory=64M --enforce s", ["strict"]),
    ("ration --namespace a run --enforce s", ["strict"]),
    ("ration run --enforce any,memory-h", ["any,memory-high="]),
    ("ration --namespace=a run --enforce s", ["strict"]),
    ("ration run -v --stdin n", ["null"]),
    ("ration run --rlimit no", ["nofile="]),
    ("ration run --rlimit nofile=9 --rlimit nofile=8:9 --rlimit co", ["core="]),
    ("ration vm --accel ", ["hvf", "kvm", "tcg"]),
    ("ration wrap --os m", ["macos"]),
    ("ration help wr", ["wrap"]),
    ("ration help wrap ", []),
    ("ration run --pids ", []),
    ("ration plan --json --signal TERM", []),
])
def test_what_is_offered(complete, line, wanted):
    assert sorted(complete(line)) == wanted


@shells
def test_a_value_behind_an_equals_sign(complete):
    """bash splits there, and readline puts the candidate behind the sign."""
    head = "" if complete is in_bash else "--enforce="
    assert complete("ration run --enforce=s") == [head + "strict"]
    assert sorted(complete("ration run --enforce=")) == [head + word for word in ("any", "fallback", "strict")]


def test_a_value_behind_an_equals_sign_that_doesnt_break_words():
    assert in_bash("ration run --enforce=s", "COMP_WORDBREAKS=' '", breaks="#") == ["--enforce=strict"]


@shells
def test_profiles(complete, tmp_path, monkeypatch):
    """Those that are installed, and files."""
    monkeypatch.chdir(tmp_path)
    Path("own").touch()
    names = {path.name for path in (Path(__file__).resolve().parents[2] / "profiles").iterdir()}
    assert set(complete("ration run --profile ")) == names | {"own"}


@shells
def test_signals(complete):
    assert [name.removeprefix("SIG") for name in complete("ration run --signal SIGWIN" if complete is in_bash else
                                                          "ration run --signal WIN")] == ["WINCH"]


@shells
def test_programs_and_their_arguments(complete, tmp_path):
    (tmp_path / "one-file").touch()
    assert "printenv" in complete("ration run printen")
    assert "printenv" in complete("ration run --memory 64M -- printen")
    assert complete(f"ration run -- cat {tmp_path}/one") == [f"{tmp_path}/one-file"]


@shells
@pytest.mark.parametrize("line", ["ration run -- --enf", "ration run --enforce strict printenv --enf"])
def test_behind_the_command_no_option_is_ours(complete, line):
    assert "--enforce" not in complete(line)


@shells
def test_files_and_directories(complete, tmp_path):
    (tmp_path / "one-dir").mkdir()
    (tmp_path / "one-file").touch()
    names = [path.rstrip("/") for path in complete(f"ration run --receipt {tmp_path}/one")]
    assert sorted(names) == [f"{tmp_path}/one-dir", f"{tmp_path}/one-file"]
    assert [path.rstrip("/") for path in complete(f"ration --base {tmp_path}/one")] == [f"{tmp_path}/one-dir"]


LISTED = """\
group      owner      age
acme       kept       1 h
acme/vm7   alive 7    3 s
acme/vm8   dead 8     4 s
default/x
           alive 9    1 h
"""
NODES = {"group": ["acme/vm7", "acme/vm8", "default/x"], "tenant": ["acme"],
         "node": ["acme", "acme/vm7", "acme/vm8", "default/x"]}


@pytest.fixture
def lister(tmp_path):
    """A `ration` that lists these, whatever the machine has."""
    (tmp_path / "ration").write_text(f"#!/bin/sh\n[ \"$*\" = ls ] && cat <<'END'\n{LISTED}END\n")
    (tmp_path / "ration").chmod(0o755)
    return tmp_path / "ration"


def setups(kind):
    """A command `try`, which takes one such operand, and pids behind."""
    return {in_bash: f"_ration_commands+=' try' _ration_first[try]={kind} _ration_rest[try]=pid",
            in_fish: f"set -ga __ration_table 'c|try|{kind}|pid|Try'"}


@shells
@pytest.mark.parametrize("kind", NODES)
def test_groups_are_those_that_ration_lists(complete, kind, lister):
    """The first column of `ration ls`, whatever else it prints."""
    setup = setups(kind)[complete]
    assert complete(f"{lister} try ", setup) == NODES[kind]
    pid = str(os.getpid())
    assert pid in complete(f"{lister} try acme/vm7 {pid[:2]}", setup)


HOSTILE = ["$(touch${IFS}ran)", "`touch${IFS}ran`", "${HOME}", "{a,b}", "~", "*", "a;b", "a'b", "-f", "x\\x1b"]


@shells
def test_names_of_a_delegate(complete, lister, tmp_path, monkeypatch):
    """Whoever owns a tenant names directories in it as he likes: what no command takes isn't offered, and nothing is executed."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"acme/{name}  alive 1\n{name}  alive 1\n" for name in HOSTILE)
    lister.write_text(f"#!/bin/sh\n[ \"$*\" = ls ] && cat <<'END'\n{LISTED}{rows}END\n")
    for kind, wanted in NODES.items():
        assert complete(f"{lister} try ", setups(kind)[complete]) == wanted
    assert not (tmp_path / "ran").exists()


def test_names_of_a_delegate_in_zsh(tmp_path, lister):
    shutil.copy(MADE / "_ration", tmp_path)
    rows = "".join(f"zeta{i}/{name}  alive 1\n" for i, name in enumerate(HOSTILE))
    lister.write_text(f"#!/bin/sh\n[ \"$*\" = ls ] && cat <<'END'\n{LISTED}{rows}zeta/good  alive 1\nEND\n")
    setup = f"path=({tmp_path} $path); fpath=({tmp_path} $fpath); cd {tmp_path}; autoload -Uz compinit; compinit -u -D"
    typed(["zsh", "-f", "-i"], setup, "ration run --group zeta", "--group zeta/good ")
    assert not (tmp_path / "ran").exists()


@shells
def test_values_that_are_groups(complete, lister):
    assert complete(f"{lister} run --tenant a") == NODES["tenant"]
    assert complete(f"{lister} run --group acme/") == ["acme/vm7", "acme/vm8"]


def test_groups_in_zsh(tmp_path, lister):
    shutil.copy(MADE / "_ration", tmp_path)
    setup = f"path=({tmp_path} $path); fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D"
    typed(["zsh", "-f", "-i"], setup, "ration run --group def", "--group default/x")
    typed(["zsh", "-f", "-i"], setup, "ration run --tenant a", "--tenant acme ")


@shells
def test_a_ration_that_lists_nothing(complete, lister):
    lister.write_text("#!/bin/sh\necho 'ration: nothing here' >&2; exit 125\n")
    assert complete(f"{lister} try ", setups("group")[complete]) == []


def test_bash_by_hand():
    """The whole way, through readline: typed, TAB, and there it is."""
    setup = f"bind 'set enable-bracketed-paste off'; source {MADE}/ration"
    typed(["bash", "--norc", "-i"], setup, "ration run --enf", "--enforce ")
    typed(["bash", "--norc", "-i"], setup, "ration run --enforce=str", "--enforce=strict ")
    typed(["bash", "--norc", "-i"], setup, "ration run --rlimit nofi", "--rlimit nofile=")


@pytest.mark.parametrize("line, wanted", [
    ("ration wra", "ration wrap "), ("ration run --enf", "--enforce"), ("ration run --enforce str", "--enforce strict"),
    ("ration run --enforce=str", "--enforce=strict"), ("ration run --rlimit nofi", "--rlimit nofile="),
    ("ration --namespace x vm --accel kv", "--accel kvm"), ("ration run -- printen", "-- printenv"),
    ("ration help wra", "help wrap")])
def test_zsh_by_hand(line, wanted, tmp_path):
    shutil.copy(MADE / "_ration", tmp_path)
    setup = f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D"
    typed(["zsh", "-f", "-i"], setup, line, wanted)


@pytest.mark.parametrize("argv", [["bash", "-n", "ration"], ["zsh", "-n", "_ration"], ["fish", "-n", "ration.fish"]],
                         ids=["bash", "zsh", "fish"])
def test_syntax(argv):
    output(*argv[:2], MADE / argv[2])


def test_the_same_table_in_all():
    """What escaping takes to get into fish, fish takes away."""
    plain = (MADE / "table.bash").read_text().splitlines()
    assert output("fish", "--no-config", "-c", f"source {MADE}/ration.fish; printf '%s\\n' $__ration_table") == plain
