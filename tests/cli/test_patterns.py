# SPDX-License-Identifier: MIT
"""Operands that stand for many groups: rm, kill, freeze, thaw and stop of patterns."""

import subprocess
import threading

import pytest

from conftest import DEADLINE, NAMESPACE, RATION
from test_wall import terminal  # noqa: F401

pytestmark = [pytest.mark.long("v2")]

cgroup = pytest.mark.needs("cgroup")
COMMANDS = ("kill", "freeze", "thaw", "stop", "rm")
NAMES = ("acme/vm1", "acme/vm2", "acme/vm10", "acme/db", "other/vm1")


@pytest.fixture
def many(hand):
    """Some groups in two tenants."""
    for name in NAMES:
        hand.ok(["create", name])
    return hand


def left(hand):
    """The groups that are there, found without ration."""
    return {path.rpartition(f"/{NAMESPACE}/")[2] for path in hand.run.groups() if path.rpartition(f"/{NAMESPACE}/")[2].count("/") == 1}


@cgroup
def test_pattern_matches(many):
    """A star doesn't match a slash; what is named or matched twice is done once, groups before tenants."""
    acme = {"acme/vm1", "acme/vm2", "acme/vm10", "acme/db"}
    for patterns, names in ((["acme/*"], acme), (["*/vm?"], {"acme/vm1", "acme/vm2", "other/vm1"}),
                            (["acme/vm[12]"], {"acme/vm1", "acme/vm2"}), (["acme/vm[!1]"], {"acme/vm2"}),
                            (["*/db", "acme/db"], {"acme/db"}), (["acme/db", "acme/d*", "*/d?"], {"acme/db"}),
                            (["a*", "acme/*"], {"acme"} | acme)):
        found = [item["group"] for item in many.json(["kill", "--yes", *patterns])["groups"]]
        assert len(found) == len(set(found)) and set(found) == names, (patterns, found)
    assert found[-1] == "acme"
    said = many.json(["rm", "--yes", "*", "*/*"])["groups"]
    assert left(many) == set() and len(said) == len(NAMES) + 2 and all(item["removed"] for item in said)


@cgroup
def test_pattern_needs_yes(many):
    """Nobody can be asked: one error, with how many, and the way out; nothing is done."""
    for command in COMMANDS:
        r = many.refused([command, "acme/*"], f"ration {command}: 4 groups match", "--yes", "acme/db", "and 1 more")
        assert len(r.stderr.splitlines()) == 2
    many.refused(["kill", "*"], "2 tenants match", "acme, other")
    many.refused(["kill", "*/db"], "1 group matches", "acme/db")
    many.refused(["kill", "acm?", "*/db"], "1 tenant and 1 group match")


@cgroup
def test_pattern_of_nothing(many):
    """An error, before anything is done to what others match."""
    for pattern, shown in (("acme/x*", None), ("acme/*/x", None), ("[", None), ("nobody/*", None), ("a*\n\x1b[2J", r"a*\n\x1b[2J"),
                           ("*\udcff", r"*\xff"), ("'*'", None), ("acme/\\*", "acme/"), ("acme/vm1*/", None)):
        r = many.refused(["rm", "--yes", "acme/*", pattern], "nothing matches", shown or pattern)
        assert len(r.stderr.splitlines()) == 2
    for command in COMMANDS:
        many.refused([command, "--yes", "acme/*", "x*"], f"ration {command}: nothing matches x*")
        assert many([command, "--yes", "--ignore-missing", "x*"]).code == 0


@cgroup
def test_pattern_of_any_length(many):
    many.refused(["kill", "--yes", "a" + "*a" * 2000], "nothing matches")


@cgroup
def test_name_without_pattern_is_as_ever(many):
    """No question, no --yes."""
    many.ok("freeze acme/vm1")
    many.ok("thaw acme/vm1")
    many.ok("rm acme/vm1")
    r = many("rm acme/vm1")
    assert r.code == 125 and "acme/vm1" in r.stderr
    r = many("show acme/*")
    assert r.code == 125 and "character" in r.stderr


@cgroup
def test_pattern_does_it(many):
    """Each command does to what matches what it does to what is named."""
    children = {name: many.put(name) for name in NAMES}

    def states():
        return {item["group"]: item["state"] for item in many.json("ls")["groups"]}

    many.ok(["freeze", "--yes", "acme/vm*"])
    assert {name for name, state in states().items() if state == "frozen"} == {"acme/vm1", "acme/vm2", "acme/vm10"}
    many.ok(["thaw", "--yes", "*/vm1*"])
    assert {name for name, state in states().items() if state == "frozen"} == {"acme/vm2"}
    many.ok(["thaw", "--yes", "*/*"])
    said = many.json(["kill", "--yes", "*/vm1"])["groups"]
    assert {item["group"]: item["killed"] for item in said} == {"acme/vm1": 1, "other/vm1": 1}
    out = many.ok(["stop", "--yes", "--kill-after", "0", "--timeout", str(DEADLINE // 2), "acme/vm2*"]).stdout
    assert out == "acme/vm2: stopped 1 process\n"
    assert children["acme/db"].poll() is None and children["acme/vm10"].poll() is None
    r = many(["rm", "--yes", "*", "*/*"])
    assert r.code == 0 and left(many) == set(), r


@cgroup
def test_pattern_partial_failure(many):
    """All failures are told, the rest is done; the status is as for several names."""
    inside = many.put("acme/vm1", "sh -c 'while :; do sleep 1000; done'")
    r = many(["rm", "--yes", "acm*", "oth*"])
    assert r.code == 125 and "tenant acme has groups with live processes" in r.stderr
    assert left(many) == {name for name in NAMES if name.startswith("acme")}
    inside.kill()


@cgroup
def test_pattern_asks(many, terminal):  # noqa: F811
    """On a terminal: which they are, how many; only yes is yes."""
    for answer, done in (("\n", False), ("n\n", False), ("yep\n", False), ("\x04", False), ("y\n", True)):
        t = terminal("", argv=[RATION, "rm", "acme/vm*"])
        text = t.read("[y/N] ")
        assert "remove 3 groups? [y/N] " in text and [line.strip() for line in text.splitlines()[:3]] == ["acme/vm1", "acme/vm10", "acme/vm2"]
        t.type(answer)
        text = t.read()
        assert (t.status(), "nothing was done" in text) == ((0, False) if done else (125, True)), text
        assert ("acme/vm1" in left(many)) == (not done)


@cgroup
def test_pattern_of_a_terminal_that_closes(many, terminal):  # noqa: F811
    """Nobody has said yes."""
    t = terminal("", argv=["/bin/sh", "-c", f"trap '' HUP; {RATION} rm 'acme/*'; echo $? >{many.run.file('status')}"])
    t.read("[y/N] ")
    t.hang_up()
    t.status()
    assert many.run.file("status").read_text() == "125\n" and len(left(many)) == 5


@cgroup
@pytest.mark.parametrize("redirect", ["</dev/null", "2>/dev/null", "<&-"])
def test_pattern_without_a_terminal_of_its_own(many, terminal, redirect):  # noqa: F811
    """Where the question or the answer goes elsewhere, nobody is asked."""
    t = terminal("", argv=["/bin/sh", "-c", f"{RATION} rm 'acme/*' {redirect}; echo status $?"])
    assert "status 125" in t.read() and len(left(many)) == 5
    t.status()


@cgroup
def test_pattern_shows_some_of_many(hand, terminal):  # noqa: F811
    hand.ok(["create", "acme"])
    top = hand.path("acme")
    for i in range(50):
        (top / f"g{i:02}").mkdir()
    t = terminal("", argv=[RATION, "kill", "acme/*"])
    text = t.read("[y/N] ")
    assert "kill 50 groups? [y/N]" in text and "  acme/g19\r\n  and 30 more" in text and "g20" not in text
    t.type("n\n")
    t.read()
    t.status()


@cgroup
def test_pattern_of_what_goes_meanwhile(many):
    """Between the list and its turn: no failure. What was named is, as ever."""
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            subprocess.run([RATION, "create", "acme/now"], env=many.run.env, capture_output=True)
            subprocess.run([RATION, "rm", "--ignore-missing", "acme/now"], env=many.run.env, capture_output=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(4):
            for command in ("kill", "freeze", "thaw"):
                r = many([command, "--yes", "acme/*"])
                assert r.code == 0 or "acme/now" in r.stderr and "no group" not in r.stderr and "gone" not in r.stderr, r
    finally:
        stop.set()
        thread.join()


@cgroup
@pytest.mark.needs("root")
def test_pattern_of_names_of_any_bytes(many):
    """What no command takes, no pattern matches; it is no obstacle."""
    top = many.path("acme")
    for name in (b"\xff\xfe", b"a\x1bb", b"*", b".hidden", b"memory.mine"):
        (top / name.decode(errors="surrogateescape")).mkdir()
    said = many.json(["kill", "--yes", "acme/*"])["groups"]
    assert {item["group"] for item in said} == {name for name in NAMES if name.startswith("acme/")}
    for name in (b"\xff\xfe", b"a\x1bb", b"*", b".hidden", b"memory.mine"):
        (top / name.decode(errors="surrogateescape")).rmdir()


def test_pattern_without_cgroups(run):
    """One error, whatever the machine has."""
    r = run.command("kill", "--yes", "no-such-tenant-*/x*")
    assert r.code == 125 and "nothing matches" in r.stderr, r
