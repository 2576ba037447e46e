# SPDX-License-Identifier: MIT
"""ration.plot: pictures of recordings and receipts."""

import importlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from setting import BUILD, LIBRARY, TOP, ration

pytest.importorskip("matplotlib", reason="matplotlib isn't installed")
pytestmark = [pytest.mark.anywhere]

pytest_plugins = ["setting"]
importlib.import_module("ration.plot")

PLOT = TOP / "bindings" / "python" / "ration" / "plot.py"
COLUMNS = ["cpu_usec", "throttled_usec", "memory_current_bytes", "memory_anon_bytes", "memory_file_bytes", "memory_shmem_bytes",
           "memory_kernel_bytes", "pids_current", "cpu_pressure_some_usec", "memory_pressure_full_usec", "io_pressure_full_usec",
           "io_read_bytes", "io_write_bytes"]
MIB = 1 << 20
RECEIPT = {"schema": 1, "verdict": "memory", "command": ["grow", "$x^2$ <&> \x1b[31m", "é漢"],
           "evidence": [{"counter": "memory.events.local oom_kill", "level": "group", "before": 0, "after": 1}],
           "usage": {"wall_usec": 6_000_000, "cpu_usec": 2_500_000, "memory_peak_bytes": 96 * MIB}}


def samples(n):
    """A program that grows, is throttled in its middle, and reads."""
    for i in range(n):
        at, grown = i * 50_000, i * 96 * MIB // n
        busy = min(i, 2 * n // 3)
        yield {"line": "sample", "time_usec": at, "values": [
            busy * 25_000, max(0, busy - n // 3) * 20_000, grown, grown * 6 // 10, grown * 3 // 10, grown // 10, grown // 20,
            1 + (i // 10) % 4, busy * 20_000, max(0, i - 3 * n // 4) * 30_000, i * 1000, i * 100_000 if i > n // 2 else 0, 0]}


def recording(path, n=120, end=True):
    begin = {"line": "begin", "schema": 1, "command": RECEIPT["command"], "interval_usec": 50000, "columns": COLUMNS,
             "started": {"time": "2026-11-26T00:00:00.000000Z", "monotonic_usec": 1}}
    lines = [begin, {"line": "limits", "time_usec": 0, "limits": {"memory": 96 * MIB, "memory_high": 80 * MIB, "cpus": .5}},
             *samples(n), {"line": "event", "time_usec": n * 50_000, "event": "oom-kill", "count": 1},
             {"line": "end", "time_usec": n * 50_000, "reason": "run-ended", "samples": n, "dropped": 3, "receipt": RECEIPT}]
    path.write_text("".join(json.dumps(line) + "\n" for line in (lines if end else lines[:-2])))
    return path


def plot(*words, **options):
    return subprocess.run([sys.executable, PLOT, *map(str, words)], capture_output=True, text=True, timeout=300, check=False, **options)


def texts(svg):
    """All texts of an SVG, which is XML, and refers to nothing but itself."""
    data = svg.read_text()
    assert "<!DOCTYPE" not in data and "<script" not in data and "<image" not in data
    root = ET.fromstring(data)
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.endswith("href") or value.startswith("#"), (name, value)
            assert "url(" not in value or re.fullmatch(r"[^(]*url\(#[^)]*\)[^(]*", value), (name, value)
    return ["".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("}text")]


def test_a_recording(tmp_path):
    """The words of all three panels, the command above and the verdict with its evidence below; twice the same bytes."""
    for name in ("a.svg", "b.svg"):
        done = plot(recording(tmp_path / "r"), "-o", tmp_path / name)
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    found = texts(tmp_path / "a.svg")
    assert {"CPUs in use", "throttled", "limit", "anon", "file", "shmem", "kernel", "high", "max", "OOM kill", "in use", "CPU pressure",
            "tasks", "I/O, MiB/s", "seconds", "stalled, %", "memory, MiB"} <= set(found)
    assert "grow $x^2$ <&> \\x1b[31m é漢" in found
    first = next(n for n, text in enumerate(found) if text.startswith("verdict: memory"))
    lines = found[first:first + 2]
    footer = "\n".join(lines)
    assert all(len(line) <= 120 for line in lines), lines
    assert "memory.events.local oom_kill 0 → 1 (group)" in footer and "peak 96 MiB" in footer and "3 lines dropped" in footer


def test_two_side_by_side_torn_and_long(tmp_path):
    """One is cut off in its last line, and has so many samples that they are thinned out."""
    long = recording(tmp_path / "long", 5000, end=False)
    long.write_text(long.read_text()[:-20])
    done = plot(recording(tmp_path / "r"), long, "-o", tmp_path / "two.svg")
    assert (done.returncode, done.stderr) == (0, "")
    found = texts(tmp_path / "two.svg")
    assert found.count("CPUs in use") == 2 and any("cut off" in text for text in found)
    assert (tmp_path / "two.svg").stat().st_size < 1_500_000


def test_receipts(tmp_path):
    """Of two journals; a receipt of many lines is one, too."""
    for name, more in (("before", 0), ("after", 50_000)):
        with (tmp_path / name).open("w") as file:
            for i in range(40):
                receipt = {**RECEIPT, "usage": {"wall_usec": 900_000 + i * i * 300 + more, "cpu_usec": 700_000 + i * 5000}}
                file.write(json.dumps(receipt, indent=2 if i == 3 else None) + "\n")
            file.write('{"schema": 1, "verd')
    done = plot(tmp_path / "before", tmp_path / "after", "-o", tmp_path / "r.svg")
    assert (done.returncode, done.stderr) == (0, "")
    found = texts(tmp_path / "r.svg")
    assert {"wall time, s", "CPU time, s", "peak memory, MiB", "runs below, %", "before", "after"} <= set(found)
    assert any(text.startswith("80 runs") and "memory: 80" in text for text in found)


@pytest.mark.parametrize("form, magic", [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")])
def test_other_formats(tmp_path, form, magic):
    done = plot(recording(tmp_path / "r", 20), "-o", tmp_path / f"p.{form}")
    assert (done.returncode, done.stderr) == (0, "") and (tmp_path / f"p.{form}").read_bytes().startswith(magic)


def test_what_is_refused(tmp_path):
    """By one line, and nothing is written; a link isn't followed."""
    good = recording(tmp_path / "r", 5)
    (tmp_path / "none").write_text("[1]\n{}\n\x00\xff")
    (tmp_path / "receipt").write_text(json.dumps(RECEIPT))
    for words, what in (([good, "-o", "p.gif"], ".svg, .png or .pdf"), ([tmp_path / "nowhere", "-o", "p.svg"], "No such file"),
                        ([tmp_path / "none", "-o", "p.svg"], "neither"), ([good, tmp_path / "receipt", "-o", "p.svg"], "together"),
                        ([good, good, good, "-o", "p.svg"], "two at most"), ([good, "-o", "no/p.svg"], "No such file")):
        done = plot(*words, cwd=tmp_path)
        assert done.returncode == 125 and what in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert not list(tmp_path.glob("p.*"))
    (tmp_path / "target").write_text("kept")
    (tmp_path / "l.svg").symlink_to("target")
    assert plot(good, "-o", "l.svg", cwd=tmp_path).returncode == 0
    assert (tmp_path / "target").read_text() == "kept" and not (tmp_path / "l.svg").is_symlink()


@pytest.mark.parametrize("at, value", [
    ((0, "columns"), 5), ((0, "columns"), None), ((0, "command"), 5), ((-1, "receipt"), []), ((-1, "receipt", "evidence"), {"a": 1}),
    ((-1, "receipt", "evidence"), None), ((-1, "receipt", "usage"), []), ((-1, "receipt", "usage"), None)])
def test_a_recording_of_another_kind_of_value(tmp_path, at, value):
    """Whoever wrote it: a picture, or one line that says what is missing."""
    lines = [json.loads(line) for line in recording(tmp_path / "r", 5).read_text().splitlines()]
    place = lines[at[0]]
    for key in at[1:-1]:
        place = place[key]
    place[at[-1]] = value
    (tmp_path / "r").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = plot(tmp_path / "r", "-o", tmp_path / "p.svg")
    assert (done.returncode, len(done.stderr.splitlines())) == ((125, 1) if at[-1] == "columns" else (0, 0)), done


@pytest.mark.parametrize("command", [None, 5, {"a": 1}])
def test_a_receipt_without_a_command(tmp_path, command):
    (tmp_path / "r").write_text(json.dumps({**RECEIPT, "command": command}))
    done = plot(tmp_path / "r", "-o", tmp_path / "p.svg")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_picture_in_a_strangers_folder(tmp_path, monkeypatch):
    """Its owner puts a link where the new file was: what it leads to keeps its mode."""
    secret = tmp_path / "secret"
    secret.touch(0o600)
    make = tempfile.mkstemp

    def exchanged(**options):
        fd, name = make(**options)
        os.unlink(name)
        os.symlink(secret, name)
        return fd, name

    monkeypatch.setattr(tempfile, "mkstemp", exchanged)
    ration.plot.write(str(tmp_path / "p.svg"), b"x")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="it is root's home that counts")
def test_root_uses_its_own_home(tmp_path):
    """As sudo can leave it, HOME is another user's: matplotlib's list of fonts isn't written through a link there."""
    python = ["/usr/bin/python3", "-I", "-c"]
    local = subprocess.run([*python, "import sys; print(next(p for p in sys.path if p.startswith('/usr/local') and 'dist-' in p))"],
                           capture_output=True, text=True, timeout=300, check=False).stdout.strip()
    if not local or not os.path.isdir(local):
        pytest.skip("the system's Python has no folder of its own to put the package into")
    version = subprocess.run([*python, "from matplotlib.font_manager import FontManager as it; print(it.__version__)"],
                             capture_output=True, text=True, timeout=300, check=True).stdout.strip()
    (tmp_path / "kept").write_text("kept")
    for folder in (".cache/matplotlib", "matplotlib"):
        (tmp_path / folder).mkdir(parents=True)
        for name in (f"fontlist-v{version}.json", f"fontList-v{version}.json"):
            (tmp_path / folder / name).symlink_to(tmp_path / "kept")
    env = dict(os.environ, LD_LIBRARY_PATH=str(LIBRARY.parent), HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path),
               XDG_CONFIG_HOME=str(tmp_path))
    done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh",
                           TOP / "bindings" / "python", local, BUILD / "ration", "plot", recording(tmp_path / "r", 5), "-o",
                           tmp_path / "p.svg"], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "") and (tmp_path / "p.svg").exists()
    assert (tmp_path / "kept").read_text() == "kept"


def test_the_command_finds_it(tmp_path):
    """Root gets the system's Python without what the environment says; where the package isn't, it says what to install."""
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\ntouch $0.ran\n")
    fake.chmod(0o755)
    (tmp_path / "ration").mkdir()
    (tmp_path / "ration" / "plot.py").write_text("raise SystemExit('hijacked')")
    env = dict(os.environ, PATH=f"{tmp_path}:/usr/bin:/bin", PYTHONPATH=str(tmp_path))
    done = subprocess.run([BUILD / "ration", "plot", "r", "-o", "r.svg"], env=env, cwd=tmp_path, capture_output=True, text=True,
                          timeout=300, check=False)
    if os.geteuid() == 0:
        assert "hijacked" not in done.stderr and not (tmp_path / "python3.ran").exists()
        assert done.returncode == 125 and ("install python3-ration, which `make deb` builds" in done.stderr or "can't read r" in done.stderr)
    else:
        assert (tmp_path / "python3.ran").exists()
