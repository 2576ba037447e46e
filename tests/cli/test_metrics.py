# SPDX-License-Identifier: MIT
"""ration metrics: what Prometheus is told of groups and runs."""

import datetime
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, wait_for
from exposition import Exposition, errors, promtool, receipt, runs
from world import HAS, WORLD, mount

pytestmark = [pytest.mark.long("v2")]

PROGRAM = Path(RATION).resolve().parent / "ration-metrics"


@pytest.fixture(autouse=True)
def built():
    if not PROGRAM.exists():
        pytest.skip("built without ration-metrics: libmicrohttpd-dev is missing")


def once(run, *words, **options):
    """What it prints, in both formats; the second is returned."""
    words = ("--timeout", str(DEADLINE), *words)
    done = run.command("metrics", "--once", *words, **options)
    assert done.code == 0 and done.stderr == "", done
    promtool(done.stdout)
    Exposition(done.stdout)
    done = run.command("metrics", "--once", "--openmetrics", *words, **options)
    assert done.code == 0 and done.stderr == "", done
    return Exposition(done.stdout, openmetrics=True)


@pytest.mark.anywhere
def test_metrics_of_nothing(run):
    """What isn't known is absent."""
    told = once(run)
    assert set(told.types) == {"ration_scrape_errors"}
    assert {value for _, value in told.all("ration_scrape_errors_total")} == {0}


@pytest.mark.needs("cgroup")
def test_metrics_of_groups(run, hand):
    """Tenants and kept groups by name; runs are in their tenants'."""
    limits = "--memory 64M --pids 20 --cpus 1.5" if HAS >= {"memory", "pids", "cpu"} else ""
    hand.ok(f"create acme/kept {limits}")
    os.mkfifo(run.tmp / "go")
    started = run.start("--tenant acme --name a-run", ["sh", "-c", f"touch {run.tmp}/runs; read line <{run.tmp}/go"])
    wait_for("it to run", (run.tmp / "runs").exists)
    told = once(run)
    uid = str(os.geteuid())
    assert told.value("ration_group_info", tenant="acme", uid=uid) == 1
    assert told.value("ration_group_info", tenant="acme", group="kept", uid=uid) == 1
    assert {labels.get("group") for (_, labels) in ((n, dict(at)) for n, at in told.samples)} == {None, "kept"}
    assert told.value("ration_groups", tenant="acme", owner="kept") == told.value("ration_groups", tenant="acme", owner="alive") == 1
    assert told.value("ration_groups", tenant="acme", owner="dead") == 0
    assert told.value("ration_group_frozen", tenant="acme", group="kept") == 0
    assert told.value("ration_cpu_usage_seconds_total", tenant="acme", group="kept", mode="user") == 0
    assert told.value("ration_cpu_usage_seconds_total", tenant="acme", mode="user") is not None
    if limits:
        kept = {"tenant": "acme", "group": "kept"}
        assert told.value("ration_memory_limit_bytes", **kept, limit="memory") == 64 << 20
        assert told.value("ration_memory_limit_bytes", **kept, limit="memory_high") is None
        assert told.value("ration_memory_limit_bytes", **kept, limit="memory_low") is None
        assert told.value("ration_tasks_limit", **kept) == 20 and told.value("ration_tasks_limit", tenant="acme") is None
        assert str(told.value("ration_cpu_limit_cores", **kept)) == "1.5"
        assert told.value("ration_tasks", **kept) == 0 and told.value("ration_tasks", tenant="acme") >= 1
        assert told.value("ration_memory_usage_bytes", tenant="acme") > 0
        assert told.value("ration_memory_working_set_bytes", tenant="acme") is not None
    (run.tmp / "go").write_text("\n")
    assert started.wait().code == 0


@pytest.mark.needs("cgroup")
def test_metrics_of_budgets(run, hand):
    """Those of tenants, and that of the namespace, which has no tenant; with what is taken."""
    hand.ok("create acme --budget runs=5")
    hand.ok("set --namespace-budget runs=7")
    try:
        hand.ok("create acme/a")
        hand.ok("create other/b")
        told = once(run)
    finally:
        hand.ok("set --namespace-budget none")
    assert (told.value("ration_budget_runs", tenant="acme"), told.value("ration_budget_runs_taken", tenant="acme")) == (5, 1)
    assert (told.value("ration_budget_runs"), told.value("ration_budget_runs_taken")) == (7, 2)
    assert told.value("ration_budget_runs", tenant="other") is None and told.value("ration_budget_memory_bytes") is None


@pytest.mark.long
@pytest.mark.needs("memory", "psi", "vm")
def test_metrics_of_events(run, hand):
    """What happened to a run is in its tenant's counters, after its end."""
    hand.ok("create acme --memory 100M --pids 30")
    assert run("--tenant acme --memory 20M", "alloc 60").verdict == "memory"
    told = once(run)
    assert told.value("ration_memory_events_total", tenant="acme", event="oom_kill") >= 1
    assert told.value("ration_memory_events_total", tenant="acme", event="oom") >= 1
    for resource in ("cpu", "memory", "io"):
        assert told.value("ration_pressure_waiting_seconds_total", tenant="acme", resource=resource) is not None
    assert told.value("ration_pressure_stalled_seconds_total", tenant="acme", resource="memory") is not None
    peak = told.value("ration_memory_peak_bytes", tenant="acme")
    assert peak is None or 19 << 20 <= peak <= 100 << 20
    hand.ok("freeze acme")
    assert once(run).value("ration_group_frozen", tenant="acme") == 1
    hand.ok("thaw acme")


@pytest.mark.needs("cgroup")
@pytest.mark.worlds("host", "v2")
def test_metrics_of_hostile_names(run, hand, by_hand):
    """A name can have any bytes but a slash, a newline and NUL: it is shown, and ends no label."""
    hand.ok("create acme/kept")
    top = hand.path("acme").parent
    for name in (b'x"} 7', b"back\\slash", b"tab\tline\r", b"\xff\x01", b"{}", b"\xc3\xa4"):
        by_hand(top / os.fsdecode(name))
        by_hand(top / "acme" / os.fsdecode(name))
    told = once(run)
    tenants = {labels["tenant"] for labels, _ in told.all("ration_group_info")}
    assert len(tenants) == 7 and {r"back\\slash", r"tab\tline\r", r"\xff\x01", 'x"} 7'} < tenants, tenants
    assert {labels.get("group") for labels, _ in told.all("ration_group_info")} == {None, "kept"}
    assert told.value("ration_groups", tenant="acme", owner="unknown") == 6


@pytest.mark.long
@pytest.mark.needs("cgroup")
def test_metrics_while_groups_vanish(run):
    """What goes meanwhile isn't an error."""
    stop = run.tmp / "stop"
    script = (f'while [ ! -e {stop} ]; do "{RATION}" create v/a; "{RATION}" create v/b; "{RATION}" rm v/a; "{RATION}" rm v; done')
    process = subprocess.Popen(["sh", "-c", script], env=run.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(10 if WORLD == "host" else 3):
            told = once(run)
            assert {value for _, value in told.all("ration_scrape_errors_total")} == {0}, told.samples
    finally:
        stop.touch()
        assert process.wait(timeout=DEADLINE) is not None
    run.command("rm", "v")


@pytest.mark.anywhere
def test_metrics_of_a_journal(run):
    """The same as the receipts say; the time of the first run is when the counters began."""
    journal = run.tmp / "journal"
    env = {"RATION_JOURNAL": str(journal)}
    assert runs(once(run, env=env)) == {}
    run("--tenant a", "true", env=env)
    run("--tenant a", ["sh", "-c", "exit 3"], env=env)
    run("--tenant b --timeout 100ms", "sleep 1000", env=env)
    run("--tenant b", "no-such-command", env=env)
    told = once(run, env=env)
    assert runs(told) == {("a", "ok"): 1, ("a", "exit"): 1, ("b", "wall-time"): 1, (None, "not-started"): 1}
    receipts = [json.loads(line) for line in journal.read_text().splitlines()]
    for tenant in "ab":
        walls = [r["usage"]["wall_usec"] for r in receipts if r.get("group", "").startswith(f"{tenant}/") and "wall_usec" in r.get("usage", {})]
        assert told.value("ration_run_duration_seconds_count", tenant=tenant) == len(walls)
        assert told.value("ration_run_duration_seconds_sum", tenant=tenant) * 10**6 == sum(walls)
    assert told.units["ration_run_duration_seconds"] == "seconds"
    began = datetime.datetime.fromisoformat(receipts[0]["started"]["time"].replace("Z", "+00:00")).timestamp()
    assert abs(float(told.value("ration_runs_created", tenant="a", verdict="ok")) - began) < 1e-5
    assert "ration_runs_total" not in run.command("metrics", "--once").stdout
    assert errors(told, "line") == errors(told, "journal") == 0


@pytest.mark.anywhere
def test_metrics_of_lines_that_are_none(run):
    """They are counted, and make no label; a line without an end isn't one yet."""
    journal = run.tmp / "journal"
    bad = ["{", "[]", "7", "null", '{"schema": 1}', '{"schema": 2, "verdict": "ok", "group": "a/b"}', '{"schema": 1, "verdict": "fine"}',
           '{"schema": 1, "verdict": "ok", "verdict": "exit"}', "\x00", "x" * (3 << 20), "[" * 100000, '"\xff"',
           *(receipt(tenant=name).strip() for name in ("", "..", "a\nb", 'a"b', "x" * 129, "memory.max")),
           *(receipt(wall=wall).strip() for wall in (-1, 1.5, "2", 10**30))]
    good = [receipt(), "", receipt("memory", "x" * 128), receipt(wall=2**63 - 1), receipt(wall=2**63 - 1), receipt(wall=2**63 - 1),
            json.dumps({"schema": 1, "verdict": "internal"})]
    journal.write_text("\n".join(line.strip("\n") for line in [*good, *bad, *good]) + "\n" + receipt()[:-1], errors="surrogateescape")
    told = once(run, "--journal", str(journal))
    assert runs(told) == {("acme", "ok"): 8, ("x" * 128, "memory"): 2, (None, "internal"): 2}
    assert errors(told, "line") == len(bad) and errors(told, "journal") == 0


@pytest.mark.anywhere
def test_metrics_of_a_long_line(run):
    """As long as `ration receipt` reads one."""
    journal = run.tmp / "journal"
    journal.write_text(receipt(command=["true", "x" * (3 << 20)]) + receipt())
    told = once(run, "--journal", str(journal))
    assert runs(told) == {("acme", "ok"): 2} and errors(told, "line") == 0


@pytest.mark.anywhere
def test_metrics_of_limits_that_fell_back(run):
    """What was asked for, and has a weaker mechanism than the best; not what is always so."""
    journal = run.tmp / "journal"
    limits = [("memory", "watch", False), ("memory", "cgroup2", False), ("memory", "cgroup1", False), ("timeout", "watch", False),
              ("swap", "none", True), ("cpus", "affinity", False), ("io_read_bps", "none", False), ("no-such", "none", False),
              ("pids", "magic", False)]
    journal.write_text(receipt(limits=[{"limit": name, "mechanism": by, "implied": implied} for name, by, implied in limits]) * 2 +
                       receipt(limits=7) + receipt(limits=[7, None, {}]))
    told = once(run, "--journal", str(journal))
    assert {(labels["limit"], labels["mechanism"]): value for labels, value in told.all("ration_fallback_total")} == {
        ("memory", "watch"): 2, ("cpus", "affinity"): 2, ("io_read_bps", "none"): 2}
    assert runs(told) == {("acme", "ok"): 4}


@pytest.mark.anywhere
def test_metrics_of_too_many_tenants(run):
    """Their number has an end, and no run is lost with it."""
    journal = run.tmp / "journal"
    journal.write_text("".join(receipt(tenant=f"t{i}", usage={}) for i in range(4200)))
    told = once(run, "--journal", str(journal))
    assert sum(runs(told).values()) == 4200 and len(runs(told)) == 4097 and runs(told)[None, "ok"] == errors(told, "tenants") == 104


@pytest.mark.anywhere
def test_metrics_of_no_journal(run):
    """Not there yet: nothing is told of runs. No file of ours: refused, and never waited for."""
    assert "ration_runs" not in str(once(run, "--journal", str(run.tmp / "none")).samples)
    (run.tmp / "link").symlink_to(run.tmp / "none")
    os.mkfifo(run.tmp / "fifo")
    for path, why in (("fifo", "isn't a regular file"), ("link", "is a link"), ("none/x", "No such file or directory"),
                      (".", "isn't a regular file"), ("", "Is a directory")):
        done = run.command("metrics", "--once", "--journal", f"{run.tmp}/{path}")
        assert (done.code, done.stdout) == (125, "") and done.stderr.startswith("ration metrics: --journal ") and why in done.stderr, done


@pytest.mark.needs("root")
@pytest.mark.anywhere
def test_metrics_of_the_journal_of_another(run):
    (run.tmp / "journal").write_text(receipt())
    os.chown(run.tmp / "journal", 1000, 1000)
    done = run.command("metrics", "--once", "--journal", str(run.tmp / "journal"))
    assert done.code == 125 and "is a file of another user" in done.stderr, done


@pytest.mark.anywhere
def test_metrics_of_runs_at_once(run):
    """From 64 processes: not one is lost. tests/metrics has ten thousand."""
    rounds = 2 if WORLD == "host" else 1
    env = dict(run.env, RATION_JOURNAL=str(run.tmp / "journal"))
    script = f'for i in $(seq {rounds}); do "{RATION}" run --enforce any --tenant many -- true; done'
    started = [subprocess.Popen(["sh", "-c", script], env=env) for _ in range(64)]
    assert [process.wait(timeout=5 * DEADLINE) for process in started] == [0] * 64
    told = once(run, env=env)
    assert runs(told) == {("many", "ok"): 64 * rounds}
    assert told.value("ration_run_duration_seconds_count", tenant="many") == 64 * rounds


@pytest.mark.anywhere
def test_metrics_not_installed(run):
    """One error, which says which package it is in."""
    alone = run.tmp / "bin"
    alone.mkdir()
    shutil.copy(RATION, alone / "ration")
    done = run.program([alone / "ration", "metrics", "--once"])
    assert done.code == 125 and done.stdout == "", done
    if "isn't installed" in done.stderr:
        assert done.stderr == "ration metrics: ration-metrics isn't installed\n  hint: install the package ration-metrics\n"
    for words in (["--helpers", "none"], ["--helpers", str(alone)]):
        done = run.command("metrics", "--once", *words)
        assert done.code == 125 and "ration-metrics isn't there" in done.stderr, done


@pytest.mark.anywhere
def test_metrics_refused(run):
    assert "missing --once, --textfile or --listen" in run.command("metrics").stderr
    for words, why in (("--once --textfile .", "--once and --textfile exclude each other"), ("--once --listen :0", "--once and --listen"),
                       ("--textfile . --listen :0", "--textfile and --listen"), ("--textfile . --openmetrics", "exclude each other"),
                       ("--once --interval 5s", "--interval requires --textfile"), ("--textfile . --interval 1ms", "must be 1s or more"),
                       ("--once --timeout 0", "must be above 0"), ("--listen x", "expected ADDRESS:PORT"), ("--listen 1.2.3:9", "ADDRESS:PORT"),
                       ("--listen localhost.:9", "ADDRESS:PORT"), ("--listen ::1:9", "ADDRESS:PORT"), ("--listen [::1]", "ADDRESS:PORT"),
                       ("--listen :65536", "ADDRESS:PORT"), ("--listen 192.0.2.1:9", "Cannot assign"), ("--textfile /none", "can't open it")):
        done = run.command("metrics", *words.split())
        assert (done.code, done.stdout) == (125, "") and done.stderr.startswith("ration metrics: --") and why in done.stderr, done
    assert run.command("metrics", "--once", "--namespace", "../x").code == 125
    done = run.program([PROGRAM, "x"])
    assert done.code == 2 and "internal program" in done.stderr
