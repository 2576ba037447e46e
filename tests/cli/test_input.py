# SPDX-License-Identifier: MIT
"""Bad input: 125, one message that names flag, value, range and an example; nothing
is started and no group is left."""

import os

import pytest

from conftest import NAMESPACE, is_harmless
from world import HAS

# The parser is the same everywhere.
pytestmark = [pytest.mark.anywhere, pytest.mark.worlds("host", "v2")]
MIB = 1 << 20


@pytest.fixture
def refused(run):
    """refused(OPTIONS, word...): runs, and returns the message."""
    def check(options, *words):
        r = run(options, ["touch", str(run.file("started"))])
        assert r.code == 125, r
        assert not run.file("started").exists()
        assert r.stdout == "" and r.receipt is None or r.verdict == "not-started"
        assert 1 <= len(r.stderr.splitlines()) <= 3 and r.stderr.startswith("ration"), r.stderr
        for word in words:
            assert word in r.stderr, (word, r.stderr)
        assert run.groups() == set()
        return r.stderr
    return check


@pytest.mark.parametrize("text, asked", [
    ("64M", 64 * MIB), ("64MiB", 64 * MIB), ("64m", 64 * MIB), ("67108864", 64 * MIB), ("65536K", 64 * MIB),
    ("1.5G", 1536 * MIB), ("1T", MIB * MIB), ("0.5GiB", 512 * MIB), ("1M", MIB), ("67108864B", None)])
def test_K08_sizes(run, text, asked):
    r = run(["--memory", text, "--enforce", "any"], "true") if asked != MIB else run(
        ["--memory", text, "--enforce", "any"], "no_such_cmd")
    if asked is None:
        assert r.code in (0, 125)
        return
    assert r.code in (0, 127, 137)
    assert asked in (r.limit("memory")["asked"], MIB)


@pytest.mark.parametrize("text", ["64MB", "64kb", "64GB", "64mb"])
def test_K08_ambiguous_units(refused, text):
    """1000 or 1024? Docker reads one thing, others another."""
    assert "iB" in refused(["--memory", text], "--memory", text)


@pytest.mark.parametrize("text", ["1k", "0", "-1", "64X", "1e400", "1023K", "", " ", "M", "64 M", "64M ", "+64M",
                                  "0x40", "1e3M", "nan", "inf", "64Mi", "99999999999999999999999", "9999999T", "64,5M",
                                  "1.2.3M", "6４M", "64M\n", "64M;", "-0", "101%", "-5%", "%", "0%"])
def test_K08_refused(refused, text):
    message = refused(["--memory", text], "--memory")
    assert text.strip() in message or not (text.isprintable() and text.isascii())


def test_K08_percent(run):
    r = run("--memory 5% --enforce any", "true")
    total = next(int(line.split()[1]) << 10 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    assert r.code == 0
    assert r.limit("memory")["asked"] <= total / 19


def test_K08_max_is_none(run):
    r = run("--memory max", "alloc 100")
    assert (r.code, r.verdict) == (0, "ok")


VALUES = [
    ("--memory", "1K"), ("--memory", "x"), ("--swap", "-1"), ("--swap", "1KB"), ("--memory-high", "5"),
    ("--cpus", "0"), ("--cpus", "-1"), ("--cpus", "abc"), ("--cpus", "1e9"), ("--cpus", "0%"), ("--cpus", "1 2"),
    ("--cpu-burst", "x"), ("--cpu-weight", "0"), ("--cpu-weight", "10001"), ("--cpu-weight", "1.5"),
    ("--cpu-time", "5:3"), ("--cpu-time", "1:2:3"), ("--cpu-time", ":"), ("--cpu-time", "1:"), ("--cpu-time", "-1"),
    ("--timeout", "1x"), ("--timeout", ""), ("--timeout", "1s2"), ("--timeout", "nan"), ("--timeout", "1:2:3"),
    ("--pids", "0"), ("--pids", "-5"), ("--pids", "1.5"), ("--pids", "1M"), ("--pids", "99999999999999"),
    ("--cpuset-cpus", "x"), ("--cpuset-cpus", "3-1"), ("--cpuset-cpus", ""), ("--cpuset-cpus", "0,,1"),
    ("--cpuset-cpus", "-1"), ("--cpuset-cpus", "0-"), ("--cpuset-cpus", "0-99999999"),
    ("--stall-timeout", "x"), ("--output-limit", "x"), ("--output-limit", "-1"), ("--output-limit", "1KB"),
]


@pytest.mark.parametrize("flag, value", VALUES)
def test_values(refused, flag, value):
    """Every flag's message has the flag, the value and an example that works."""
    message = refused([flag, value], flag, value)
    assert "for example" in message or "e.g." in message or "example" in message or "such as" in message, message


@pytest.mark.parametrize("value", ["nofile", "nofile=", "=5", "nofile=x", "nosuch=5", "nofile=5:3", "nofile=1:2:3",
                                   "as=1KB", "nofile=-1", ""])
def test_rlimit_values(refused, value):
    refused(["--rlimit", value], "--rlimit", value)


@pytest.mark.parametrize("options", [
    ["--no-such-flag"], ["--memory", "64M", "--no-such-flag"], ["-x"], ["--memory"], ["--enforce", "maybe"],
    ["--enforce"], ["--signal", "0"], ["--signal", "99"], ["--signal", ""], ["--signal", "-9"], ["--stdin", "/no/x"],
    ["--kill-after", "-1"], ["--kill-after", "1x"], ["--output-mode", "x"], ["--oom-group", "maybe"], ["--receipt"]])
def test_flags(refused, run, options):
    if len(options) == 1 and options[0] in ("--memory", "--enforce", "--receipt"):
        r = run.command("run", *options)
        assert r.code == 125 and options[0] in r.stderr
    else:
        refused(options, options[-1] if options[-1] != "" else options[0])


@pytest.mark.parametrize("options, words", [
    ("--memory 64M --memory-high 128M", ("--memory-high", "--memory")),
    ("--cpu-time 10:5", ("--cpu-time", "10:5")),
    ("--rlimit nofile=20:10", ("nofile",)),
    ("--cpu-burst 10ms", ("--cpu-burst", "--cpus")),
])
def test_contradictions(refused, options, words):
    refused(options + " --enforce any", *words)


def test_swap_without_memory(run):
    """Either it means something or it is refused; never silently nothing."""
    r = run("--swap 10M --enforce any", "true")
    assert r.code == 125 and "--memory" in r.stderr or r.limit("swap")["in_force" if "memory" in HAS else "reason"]


HOSTILE = ["..", ".", "a/b", "/", "/etc", "../x", "a/../../b", "", " ", "a b", "-x", ".hidden", "a\nb", "a\x01b",
           "a\x7fb", "é", "x" * 129, "x" * 10000, "cgroup.procs", "memory.max", "cpu.stat", "pids.max", "io.max",
           "cgroup.anything", "memory.x", "hugetlb.2MB.max", "misc.max", "rdma.max", "cpuset.cpus", "$(touch x)", "*",
           "a;b", "%s%n"]


@pytest.mark.parametrize("flag", ["--tenant", "--name"])
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:20]))
def test_hostile_names(refused, flag, name):
    message = refused([flag, name, "--memory", "64M"], flag)
    assert is_harmless(message), "control characters are shown, not sent"
    assert len(message) < 1000


@pytest.mark.parametrize("address", ["acme/..", "../vm7", "acme/a b", "acme/cgroup.procs", "acme/" + "x" * 129, "acme/a/b",
                                     "acme", "/", "acme/"])
def test_hostile_group_of_a_run(refused, address):
    """It is told of the option that was given."""
    message = refused(["--group", address, "--memory", "64M"], "--group")
    assert "--name" not in message and "--tenant \"" not in message, message


@pytest.mark.parametrize("name", ["..", "a/b", "", "cgroup.procs", "x" * 129])
def test_hostile_namespaces(run, name):
    r = run("--memory 64M", ["touch", str(run.file("started"))], env={"RATION_NAMESPACE": name})
    assert r.code == 125 or name == ""
    assert r.code == 0 or not run.file("started").exists()


@pytest.mark.parametrize("name", ["a", "A1", "x" * 128, "a.b:c@d-e_f", "vm7", "0", "memory", "cgroup", "x.max"])
def test_good_names(run, name):
    r = run(["--tenant", name, "--name", name, "--memory", "64M"], "true")
    assert r.code == 0
    assert r.receipt["group"] == f"{name}/{name}" or "cgroup" not in HAS


@pytest.mark.parametrize("options, words", [
    ("--memory 64M --memory 128M", ("--memory", "64M", "128M")), ("--timeout=5 --timeout 5", ("--timeout is given twice",)),
    ("--enforce any --enforce strict", ("--enforce", "any", "strict")), ("--name a --name b", ("--name",)),
    ("--namespace a --namespace b", ("--namespace",)), ("--group a/b --group c/d", ("a/b", "c/d")),
    ("--tenant x --group y/z", ("--tenant x", "--group y/z")), ("--group y/z --tenant x", ("--tenant x", "--group y/z")),
    ("--group y/z --name x", ("--name x", "--group y/z")), ("--exec --group y/z --name x", ("--name x", "--group y/z"))])
def test_FC19_given_twice(refused, options, words):
    refused(options, *words)


@pytest.mark.parametrize("words", ["--namespace a doctor --namespace b", "create --memory 64M t --memory 65M",
                                   "set t/g --pids 5 --pids 6", "exec --user 1 --user 2 t/g true", "wrap --pids 5 --pids 6 true",
                                   "stat --watch --interval 1s --interval 2s t", "rm --parent a t --parent b"])
def test_FC19_given_twice_to_others(run, words):
    r = run.command(*words.split())
    flag = next(word for word in words.split() if words.split().count(word) == 2)
    assert r.code == 125 and f"{flag} is given twice" in r.stderr, r
    assert run.groups() == set()


def test_FC19_repeated(run):
    r = run("--rlimit nofile=100 --rlimit core=0 --env A=1 --env B=2 --enforce any --wait-all --wait-all -q -q",
            ["sh", "-c", "echo $(ulimit -n) $(ulimit -c) $A $B"])
    assert (r.code, r.stdout) == (0, "100 0 1 2\n"), r


@pytest.mark.parametrize("flag", ["--receipt", "--memory", "--name", "--enforce", "--env", "--rlimit", "--base", "--user"])
def test_FC18_no_value(run, flag):
    """An empty variable in a script, unquoted: the command behind `--` isn't started without its option."""
    r = run.command("run", flag, "--", "touch", str(run.file("started")))
    assert r.code == 125 and f"{flag} needs a value" in r.stderr, r
    assert not run.file("started").exists() and not os.path.exists("--") and run.groups() == set()


@pytest.mark.parametrize("words", ["create --memory -- t", "plan --memory --", "exec --env -- t/g true", "--base -- doctor"])
def test_FC18_no_value_for_others(run, words):
    r = run.command(*words.split())
    assert r.code == 125 and "needs a value" in r.stderr, r


@pytest.mark.parametrize("words, shown", [
    ("run --name ü true", '"ü"'), ("run --group a/ü true", '"ü"'), ("run --memory 64Мб true", "64Мб"), ("ls ü", '"ü"'),
    ("run --user ü true", "ü"), ("run --receipt /ü/r true", "/ü/r"), ("run --enforce ü true", "ü"), ("ü", "ü"),
    ("run --io-read-bps /ü:1M true", "/ü"), ("--base /ü run true", "/ü"), ("attach --pids 5 a/b ü", "ü"), ("run --ü true", "--ü"),
    ("plan --tenant ü", '--tenant "ü"')])
def test_FC20_shown_as_typed(run, words, shown):
    """What is printable; a direction that is turned, or a control character of one byte, isn't."""
    r = run.command(*words.split())
    assert r.code == 125 and shown in r.stderr and "\\x" not in r.stderr, r
    hidden = [word.replace("ü", "\u202e\u009b").replace("Мб", "\u202e\u009b") for word in words.split()]
    r = run.command(*hidden)
    assert r.code == 125 and "\\xe2\\x80\\xae\\xc2\\x9b" in r.stderr, r


@pytest.mark.needs("cgroup")
def test_FC20_a_base_without_groups(run, base, by_hand):
    """Shown escaped as any name: nothing is lost of it, and a terminal isn't told to do anything."""
    by_hand(base / "a\x1b[2Jb")
    r = run.command("--base", f"{base}/a\x1b[2Jb", "ls")
    assert r.code == 0 and f"below {base}/a\\x1b[2Jb/" in r.stderr, r


def test_FC20_shown_of_the_command(run):
    assert "can't execute ü:" in run("", ["ü"]).stderr


@pytest.mark.parametrize("words, meant", [
    ("run –timeout 5 true", "--timeout"), ("run —memory=64M true", "--memory"), ("run -–pids 5 true", "--pids"),
    ("run --memory 64M — true", "--"), ("–help", "--help"), ("create –memory 64M t", "--memory"), ("ls –json", "--json"),
    ("rm t −−force", "--force"), ("exec –user 1 t/g true", "--user")])
def test_FC20_a_pasted_dash(run, words, meant):
    """It isn't taken for a command or a group: nothing is started, and what was meant is named."""
    r = run.command(*words.split())
    assert r.code == 125 and f"did you mean {meant}?" in r.stderr and len(r.stderr.splitlines()) == 2, r
    assert run.groups() == set()


def test_FC20_a_dash_of_the_commands_own(run):
    """Behind -- it is the command, and behind the command it is the command's."""
    r = run.command("run", "--", "–timeout")
    assert r.code == 127 and "can't execute –timeout" in r.stderr, r
    assert run("", ["echo", "–timeout"]).stdout == "–timeout\n"


@pytest.mark.parametrize("words", [["run", "true"], ["plan"], ["ls"], ["doctor"], ["create", "t"], ["gc"], ["stat", "t"]])
def test_FC20_named_as_given(run, words):
    """Who has set a variable hasn't typed the option; who has typed the option may have set the variable, too."""
    bad = {"RATION_BASE": "/nonexist"}
    r = run.command(*words, env=bad)
    assert r.code == 125 and "RATION_BASE /nonexist" in r.stderr and "--base" not in r.stderr, r
    r = run.command("--base", "/nowhere", *words, env=bad)
    assert r.code == 125 and "--base /nowhere" in r.stderr and "RATION_BASE" not in r.stderr, r
    r = run.command(*words, env={"RATION_NAMESPACE": "a/b"})
    assert r.code == 125 and 'RATION_NAMESPACE "a/b"' in r.stderr and "--namespace" not in r.stderr, r


@pytest.mark.needs("root", "vm", "cgroup", "!systemd")
@pytest.mark.parametrize("words", ["stat acme/a", "show acme/a", "set acme/a --pids 5", "rm acme/a", "ls acme", "exec acme/a true",
                                   "kill acme/a", "freeze acme/a", "attach acme/a 1", "show acme"])
def test_FC21_elsewhere(hand, by_hand, base, words):
    """From a group that was made by hand, BASE is that group: where it looked is said, and where there is one."""
    here = by_hand(base / "by-hand")
    inside = ["sh", "-c", f'echo $$ >{here}/cgroup.procs; exec "$@"', "sh"]
    hand.ok("create acme/a")
    r = hand.refused(words, f"below {here}/{NAMESPACE}", f"--base {base}", before=inside)
    found = hand.ok(["--base", str(base), *words.split()], before=inside) if words in ("stat acme/a", "ls acme") else None
    assert not found or "acme" in found.stdout
    assert "--base DIR" in hand.refused("rm acme/none", f"below {here}/{NAMESPACE}", before=inside).stderr, r


def test_flag_with_equals_sign(run):
    r = run("--memory=64M --timeout=3000 --enforce=any", "true")
    assert r.code == 0
    assert r.limit("memory")["asked"] == 64 * MIB


@pytest.mark.parametrize("text, asked", [("1.5", 1.5), ("150%", 1.5), ("2", 2), ("0.01", 0.01)])
def test_cpus_in_json(run, text, asked):
    assert run.plan(f"--cpus {text} --enforce any")["cpus"]["asked"] == asked


@pytest.mark.parametrize("words, near", [
    (["rnu"], "run"), (["plna"], "plan"), (["frezee"], "freeze"), (["doc"], None), (["doct"], "doctor"), (["xyzzy"], None),
    (["run", "--memroy", "1M", "true"], "--memory"), (["run", "--timeo", "1", "true"], "--timeout"),
    (["run", "--colour", "true"], None)])
def test_near_words(run, words, near):
    """A slip, or a word that is only begun: the message names what it may have been; else nothing."""
    r = run.command(*words)
    assert r.code == 125 and "unknown" in r.stderr
    assert (f"did you mean {near}?" in r.stderr) if near else ("did you mean" not in r.stderr)


def test_environment_is_no_way_in(run):
    """Variables that name no base, namespace or the like are nobody's business."""
    r = run("", "true", env={"RATION_MEMORY": "1M", "RATION_TIMEOUT": "x"})
    assert r.code == 0
    assert NAMESPACE


@pytest.mark.parametrize("words", [["plan", "--memory", "x"], ["plan", "--no-such"], ["doctor", "--no-such"],
                                   ["gc", "extra"], ["doctor", "extra"], ["help", "gc", "run"], ["plan", "--memory", "64MB"]])
def test_other_commands(run, words):
    r = run.command(*words)
    assert r.code == 125
    assert words[-1] in r.stderr


@pytest.mark.parametrize("tenant", ["a/b", "..", "-x", "memory.max", ""])
def test_plan_below_no_tenant(run, tenant):
    """A run of that tenant is refused, and so is its plan."""
    for words in (["plan", f"--tenant={tenant}"], ["run", f"--tenant={tenant}", "true"]):
        r = run.command(*words)
        assert r.code == 125 and "tenant" in r.stderr and r.stdout == "", r


@pytest.mark.parametrize("words, what", [
    (["help", "plan", "--json"], "--json"), (["help", "--", "--json"], "--json"), (["help", "plan", "--help"], None),
    (["gc", "--json", "extra"], "extra"), (["gc", "extra", "--json"], "extra"), (["gc", "--", "--json"], "--json")])
def test_options_behind_operands(run, words, what):
    """They may stand there, up to a `--`; so a mistake there is found."""
    r = run.command(*words)
    assert (r.code == 125 and what in r.stderr) if what else (r.code == 0 and "[COMMAND]" in r.stdout), r


def test_no_options_behind_a_command(run):
    """What follows the command is the command's."""
    r = run("", ["echo", "--json", "--help", "--"])
    assert r.stdout == "--json --help --\n"
    r = run.command("wrap", "echo", "--help", "--os", "x")
    assert r.code == 0 and "--help --os x" in r.stdout, r


@pytest.mark.parametrize("options, command", [
    ([], ["no\x1b[2J\nsuch"]), ([], ["/no\x1b]0;x\x07such"]), (["--base", "/no\x1b[2J\rsuch"], ["true"])])
def test_no_escapes_in_messages(run, options, command):
    """What can't be executed, or isn't there, is named on a terminal without moving its cursor."""
    r = run(options, command)
    assert r.code in (125, 127), r
    assert all(c.isprintable() for line in r.stderr.split("\n") for c in line), r
    assert "\\x1b" in r.stderr and len(r.stderr.splitlines()) <= 3, r


@pytest.mark.parametrize("words, what", [
    (["run", "--parent", "/a", "--", "true"], ['--parent "/a": ', "e.g. --parent a/b/c"]),
    (["run", "--parent", "a//b", "--", "true"], ['--parent "a//b": ']), (["ls", "--parent", "a/"], ['--parent "a/": ']),
    (["reclaim"], ["missing argument: GROUP"]), (["reclaim", "acme/g"], ["missing argument: SIZE", "GROUP SIZE"]),
    (["run", "--vm", "kvm", "--", "true"], ["guest memory", "--guest-memory 512M"]),
    (["vm"], ["guest memory", "--guest-memory 512M"])])
def test_what_was_typed_is_named(run, words, what):
    """And what is to be typed instead, as it is typed."""
    r = run.command(*words)
    assert r.code == 125 and r.stdout == "" and len(r.stderr.splitlines()) == 2, r
    assert all(word in r.stderr for word in what), r


def test_an_empty_command_is_named(run):
    r = run("", [""])
    assert r.code == 127 and 'can\'t execute "": ' in r.stderr, r
