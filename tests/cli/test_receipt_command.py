# SPDX-License-Identifier: MIT
"""ration receipt: reads what --receipt and --journal have written."""

import copy
import csv
import io
import json
import re
import statistics

import pytest

import check
from conftest import RATION, on_a_terminal

pytestmark = pytest.mark.worlds("host")


@pytest.fixture
def journal(run, tmp_path):
    """Three runs, of which the last is told in many lines."""
    for options, command in ("--memory 64M --enforce any", "true"), ("", ["sh", "-c", "exit 3"]):
        run([*options.split(), "--journal", str(tmp_path / "journal")], command)
    with (tmp_path / "journal").open("a") as file:
        file.write(json.dumps(run("", ["sh", "-c", "kill -9 $$"]).receipt, indent=2) + "\n")
    return tmp_path / "journal"


def read(journal):
    text = journal.read_text()
    first, second, rest = text.split("\n", 2)
    return [json.loads(part) for part in (first, second, rest)]


def test_receipt_table(run, journal):
    r = run.command("receipt", journal)
    head, *rows = r.stdout.splitlines()
    assert r.code == 0 and head.split() == ["verdict", "exit", "wall", "cpu", "memory", "tasks", "command"]
    assert [(row.split()[0], row.split()[1]) for row in rows] == [("ok", "0"), ("exit", "3"), ("signal", "137")]
    assert rows[1].endswith("  sh -c exit 3")


def test_receipt_that_was_cut_off(run, journal):
    """Those behind it are read: of a journal's line its first byte is left, of one in many lines the first three."""
    text = journal.read_text()
    whole, torn = text.splitlines(), journal.with_name("torn")
    torn.write_text("\n".join(["{", *whole, *whole[2:5], *whole]) + "\n")
    r = run.command("receipt", torn)
    assert [row.split()[0] for row in r.stdout.splitlines()[1:]] == ["ok", "exit", "signal"] * 2, r
    assert r.code == 1 and "line 1: not a receipt" in r.stderr and f"line {len(whole) + 2}: not a receipt" in r.stderr, r


def test_receipt_kv(run, journal):
    """One pair a line, one empty line between runs; what isn't known is left out."""
    parts = run.command("receipt", "--kv", journal).stdout.split("\n\n")
    pairs = [dict(line.split("=", 1) for line in part.splitlines()) for part in parts]
    assert len(pairs) == 3
    for pair, receipt in zip(pairs, read(journal)):
        assert (pair["verdict"], pair["id"], pair["exit_code"]) == (receipt["verdict"], receipt["id"], str(receipt["exit"]["code"]))
        assert {key: int(pair[key]) for key in receipt["usage"]} == receipt["usage"]
        assert ("pids_peak" in pair) == ("pids_peak" in receipt["usage"])
    assert pairs[0]["limit_memory"] == str(64 << 20) and "mechanism_memory" in pairs[0]


HOSTILE = ["\x1b[2J\x07", "a\nb\r", "\u202eabc\u009b31m", "\u00e9"]


def hostile(journal, path):
    """A receipt whose command is what a terminal would obey."""
    receipt = json.loads(journal.read_text().splitlines()[0])
    receipt["command"] = HOSTILE
    path.write_text(json.dumps(receipt) + "\n")
    return path


@pytest.mark.parametrize("form", ["--kv", "--csv", "--json", "--summary", None])
def test_no_receipt_rules_the_terminal(journal, tmp_path, form):
    """Neither C0 nor C1 nor a change of direction; what can be read is printed."""
    words = [RATION, "receipt", *([form] if form else []), str(hostile(journal, tmp_path / "hostile"))]
    text = on_a_terminal(words)
    assert text
    assert not set(text) & set("\x1b\x07\u009b\u202e"), text
    if form == "--kv":
        assert "\u00e9" in text


def test_receipt_kv_in_a_pipe(run, journal, tmp_path):
    text = run.command("receipt", "--kv", hostile(journal, tmp_path / "hostile")).stdout
    assert not set(text) & set("\x1b\x07\u009b\u202e") and "\u00e9" in text, text


def test_receipt_keys_of_others(run, journal, tmp_path):
    """A key that is no word of ours begins no pair and reaches no terminal; a later version's word is shown."""
    receipt = read(journal)[0]
    receipt.update({"later": "yes", "x\x1b[2J\nverdict": "memory"})
    receipt["usage"]["y\u009b\nmemory_peak_bytes"] = 5
    (tmp_path / "one").write_text(json.dumps(receipt))
    lines = run.command("receipt", "--kv", tmp_path / "one").stdout.splitlines()
    assert "later=yes" in lines and all(re.match("[a-z0-9_]+=", line) for line in lines), lines
    assert [line for line in lines if line.startswith("verdict=")] == ["verdict=ok"]


def test_receipt_of_many_items(run, journal, tmp_path):
    """That no two are the same is seen without comparing each with each, which took hours."""
    receipt = read(journal)[0]
    receipt["command_escaped"] = list(range(500_000))
    (tmp_path / "one").write_text(json.dumps(receipt))
    assert run.command("receipt", tmp_path / "one").code == 0
    receipt["command_escaped"] = [1, 2, 1]
    (tmp_path / "two").write_text(json.dumps(receipt))
    r = run.command("receipt", tmp_path / "two")
    assert r.code == 1 and "has the same item twice" in r.stderr


def test_receipt_csv(run, journal):
    rows = list(csv.DictReader(io.StringIO(run.command("receipt", "--csv", journal).stdout, newline="")))
    for row, receipt in zip(rows, read(journal)):
        assert (row["verdict"], row["command"]) == (receipt["verdict"], " ".join(receipt["command"]))
        assert all(row[key] == str(receipt["usage"].get(key, "")) for key in ("wall_usec", "cpu_usec", "pids_peak"))
    assert len(rows) == 3


def test_receipt_texts_of_others(run, journal, tmp_path):
    """A command's words begin no pair, no line and no column, and reach no terminal raw."""
    receipt = read(journal)[0]
    receipt["command"] = ["a\nverdict=ok", 'b,"c"\x1b[31m', "\\"]
    (tmp_path / "one").write_text(json.dumps(receipt))
    kv = run.command("receipt", "--kv", tmp_path / "one").stdout
    assert "command=a\\x0averdict=ok b,\"c\"\\x1b[31m \\\\\n" in kv
    row, = csv.DictReader(io.StringIO(run.command("receipt", "--csv", tmp_path / "one").stdout, newline=""))
    assert row["command"] == " ".join(receipt["command"])
    table = run.command("receipt", tmp_path / "one").stdout
    assert "\x1b" not in table and len(table.splitlines()) == 2


def test_receipt_summary(run, journal, tmp_path):
    """The figures of python's statistics."""
    receipts = []
    for wall in (1000, 2000, 3000, 4000, 100_000):
        receipts.append(dict(read(journal)[0], usage={"wall_usec": wall}, sources={"wall_usec": "clock"}))
    (tmp_path / "five").write_text("".join(json.dumps(receipt) + "\n" for receipt in receipts))
    r = run.command("receipt", "--summary", tmp_path / "five")
    walls = [receipt["usage"]["wall_usec"] for receipt in receipts]
    assert r.code == 0 and ["ok", "5"] in [line.split() for line in r.stdout.splitlines()]
    line, = (line.split() for line in r.stdout.splitlines() if line.startswith("wall "))
    assert round(statistics.stdev(walls)) == 43618
    assert line == "wall 5 22 ms 43.618 ms 3 ms 1 ms 100 ms 1".split()


MUTATIONS = [
    lambda it: it.pop("verdict"),
    lambda it: it.update(verdict="fine"),
    lambda it: it.update(schema=2),
    lambda it: it.update(group="no-slash"),
    lambda it: it.update(group="a/b", id="x y"),
    lambda it: it.update(command=[]),
    lambda it: it.update(command=["a", 3]),
    lambda it: it["exit"].pop("code"),
    lambda it: it["exit"].update(code=256),
    lambda it: it["exit"].update(code=1.5),
    lambda it: it["usage"].update(wall_usec=-1),
    lambda it: it["usage"].update(something=True),
    lambda it: it["usage"].update(something=3),
    lambda it: it["sources"].update(wall_usec="guess"),
    lambda it: it.update(command_escaped=[0, 0]),
    lambda it: it["limits"][0].pop("scope"),
    lambda it: it["limits"][0].update(mechanism="none"),
    lambda it: it["limits"][0].update(mechanism="none", reason=""),
    lambda it: it["limits"][0].update(asked="a b"),
    lambda it: it["limits"][0].update(asked="max"),
    lambda it: it.update(verdict="not-started"),
    lambda it: it.update(verdict="memory", evidence=[]),
    lambda it: it.update(evidence=[{"counter": "x", "level": "group", "before": 0, "after": 1}], verdict="memory"),
    lambda it: it.update(more={"of": "it"}),
    lambda it: it.update(truncated="yes"),
]


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_receipt_is_checked_by_the_schema(run, journal, tmp_path, mutate):
    """As another program checks it."""
    receipt = copy.deepcopy(read(journal)[0])
    mutate(receipt)
    (tmp_path / "one").write_text(json.dumps(receipt))
    try:
        check.schema("receipt", receipt)
        valid = True
    except AssertionError:
        valid = False
    r = run.command("receipt", tmp_path / "one")
    assert (r.code == 0) == valid, (receipt, r)
    assert valid or r.code == 1 and ", line 1: " in r.stderr, r


@pytest.mark.parametrize("text, line", [("{", 1), ("\n\nnothing", 3), ('{"schema": 1, "verd\n', 1), ("[]", 1), ("{\n\"a\": 1\n", 1), ("\0", 1)])
def test_receipt_that_is_none(run, journal, tmp_path, text, line):
    """Told with its line; those around it are there."""
    (tmp_path / "bad").write_text(text + "\n")
    r = run.command("receipt", tmp_path / "bad", journal)
    assert r.code == 1 and f"line {line}: " in r.stderr and "not receipts: 1 of 4" in r.stderr, r
    assert len(r.stdout.splitlines()) == 4


def parted(receipts, directory):
    """The files of two machines, the second of which came twice, and was longer the second time."""
    files = {"a": receipts[1::2], "b": receipts[:2:2], "b-again": receipts[::2]}
    for name, own in files.items():
        (directory / name).write_text("".join(json.dumps(receipt) + "\n" for receipt in own))
    return [directory / name for name in files]


def test_receipt_merge(run, journal, tmp_path):
    """Of several journals: complete, in the order of their start, none twice."""
    run(["--journal", str(journal)], "no-such-command")
    *receipts, last = [json.loads(line) for line in run.command("receipt", "--json", journal).stdout.splitlines()]
    assert receipts == read_all(journal)[:-1] and last["verdict"] == "not-started"
    # The same pid and clock on two machines: an id is a machine's own.
    twin = copy.deepcopy(receipts[0])
    twin["started"]["time"] = "2001-01-01T00:00:00.000000Z"
    receipts.insert(0, twin)
    r = run.command("receipt", "--merge", "--json", *parted([*receipts, last], tmp_path))
    assert [json.loads(line) for line in r.stdout.splitlines()] == [*receipts, last], r
    assert r.code == 0 and "more than once, left out: 1\n" in r.stderr, r
    r = run.command("receipt", "--merge", "--summary", *parted(receipts, tmp_path), journal)
    assert ["all", "5"] in [line.split() for line in r.stdout.splitlines()], r
    assert len(run.command("receipt", "--merge", *parted(receipts, tmp_path)).stdout.splitlines()) == 5
    assert len(run.command("receipt", "--merge", "--kv", *parted(receipts, tmp_path)).stdout.split("\n\n")) == 4
    assert run.command("receipt", "--merge", "--json", "/dev/null").stdout == ""


def read_all(journal):
    decoder, text, found = json.JSONDecoder(), journal.read_text(), []
    while text:
        receipt, end = decoder.raw_decode(text)
        found, text = [*found, receipt], text[end:].lstrip()
    return found


def test_receipt_merge_differs(run, journal, tmp_path):
    """Somebody has changed one: told, with its id; the first of them counts."""
    receipt = read(journal)[1]
    (tmp_path / "changed").write_text(json.dumps(dict(receipt, verdict="ok", exit=dict(receipt["exit"], code=0, status=0))) + "\n")
    r = run.command("receipt", "--merge", journal, tmp_path / "changed")
    assert r.code == 1 and f"two receipts of run {receipt['id']} differ" in r.stderr and len(r.stdout.splitlines()) == 4, r
    assert "exit " in r.stdout
    r = run.command("receipt", "--json", "--kv", journal)
    assert r.code == 125 and "--kv and --json exclude each other" in r.stderr and not r.stdout, r


def test_receipt_that_cant_be_read(run, journal, tmp_path):
    for file, why in (tmp_path / "none", "No such file"), (tmp_path, "Is a directory"):
        r = run.command("receipt", journal, file)
        assert r.code == 125 and why in r.stderr, r
        for options in [], ["--csv"], ["--merge"]:
            r = run.command("receipt", *options, file)
            assert r.code == 125 and why in r.stderr and not r.stdout, r
    (tmp_path / "empty").touch()
    assert len(run.command("receipt", tmp_path / "empty").stdout.splitlines()) == 1
    r = run.command("receipt", "--kv", "--csv", journal)
    assert r.code == 125 and "--kv and --csv exclude each other" in r.stderr and not r.stdout, r
    assert run.command("receipt").code == 125
    r = run.program(["sh", "-c", f'head -c 40000000 /dev/zero | "{RATION}" receipt -'])
    assert r.code == 1 and "too long" in r.stderr, r
