# SPDX-License-Identifier: MIT
"""ration metrics: what Prometheus is told of groups and runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import DEADLINE, NAMESPACE, RATION, wait_for
from exposition import Exposition
from world import HAS, WORLD, mount

PROGRAM = Path(RATION).resolve().parent / "ration-metrics"


@pytest.fixture(autouse=True)
def built():
    if not PROGRAM.exists():
        pytest.skip("built without ration-metrics: libmicrohttpd-dev is missing")


def promtool(text):
    """It has nothing to say, where it is."""
    if tool := shutil.which("promtool"):
        done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 0 and done.stdout + done.stderr == "", done


def once(run, *words, **options):
    """What it prints, in both formats; the second is returned."""
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
    started = run.start("--tenant acme --name a-run", ["sh", "-c", f"touch {run.tmp}/runs; read line <{run.tmp}/go"])
    os.mkfifo(run.tmp / "go")
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
    assert told.value("ration_memory_peak_bytes", tenant="acme") in (None, *range(19 << 20, 101 << 20))
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
    assert "missing --once" in run.command("metrics").stderr
    done = run.command("metrics", "--once", "--timeout", "1us")
    assert done.code in (0, 125), done
    assert run.command("metrics", "--once", "--namespace", "../x").code == 125
    done = run.program([PROGRAM, "x"])
    assert done.code == 2 and "internal program" in done.stderr
