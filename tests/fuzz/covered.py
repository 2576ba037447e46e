# SPDX-License-Identifier: MIT
"""covered - how many lines of what reads others' words the tests have run

All is built below BUILD/fuzz/coverage with clang's source coverage, whose counters are a
file that each process maps: what ends by _exit() or by a signal counts as well. Then the
tests run that are made for these files: the library's modules and the corpora, its calls
that fail, and of the command those that read words, notes and groups. A test that fails
there is a failure here.

After a fork() that both sides come back from, the counts of what follows are differences
of two that each side has raised, and may be 0 though it was run: the table says less there
than is true, never more.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
LEAST_PCT = 95
# Measured as a whole: what stands between ration and the kernel, and what all others use.
ROOMS = ("sys", "util")
# And each by itself: what reads notes, messages, kernel files, words.
PARSERS = ("cli/options/environment.c", "cli/options/options.c", "cli/options/parse.c", "cli/options/user.c",
           "group/life/origin.c", "group/limits/in-force.c", "group/owner.c", "group/record.c",
           "group/stats/counters.c", "group/stats/pressure.c", "group/stats/stats-read.c", "group/stats/stats.c",
           "helpers/keeper.c", "helpers/unit.c", "host/container.c", "host/machine.c", "host/names.c", "host/notes.c",
           "run/keeper/keeper-main.c", "run/receipt-make.c", "run/start/order.c", "run/receipt-read.c",
           "run/start/report.c")
SETUP = ["-Dtests=enabled", "-Dstatic=false", "-Dexamples=false", "-Dman=false", "-Dcompletions=false", "-Doptimization=0"]
# What looks at the build, and at files that no test runs.
NOT_RUN = ("abi", "build", "layers", "mutants-fit")
# Of the command: users, words, notes, groups that are changed, and what a host without a controller has.
COMMAND = "test_users or test_trust or test_descent or test_wrap or test_live or test_input or release or attach or sigchld"
DEADLINE = 3600


def call(argv, good=(0,), **options):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=DEADLINE, check=False, **options)
    if done.returncode not in good:
        sys.exit(f"run: {' '.join(map(str, argv))}: status {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout


def build(where):
    """Builds all with counters; returns where, and the directory of the counters."""
    raw, built = where / "raw", where / "build"
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir(parents=True)
    # A program that was started as somebody else counts, too.
    raw.chmod(0o1777)
    if not (built / "build.ninja").exists():
        flags = f"-fprofile-instr-generate={raw}/%m%c.profraw"
        call(["meson", "setup", built, TOP, *SETUP, f"-Dc_args={flags} -fcoverage-mapping -mllvm -runtime-counter-relocation",
              f"-Dc_link_args={flags}"], env=dict(os.environ, CC=os.environ.get("FUZZ_CC", "clang")))
    call(["ninja", "-C", built])
    return built, raw


def run_tests(built):
    """Each has its assertions; here it is only seen where they lead."""
    listed = call(["meson", "test", "-C", built, "--list"], env=dict(os.environ, PYTHONWARNINGS="ignore"))
    names = [line.split(" / ")[-1].strip() for line in listed.splitlines() if line.startswith("ration")]
    wanted = [name for name in names if name.startswith(("unit-", "fuzz-", "inject"))]
    call(["meson", "test", "-C", built, "--no-rebuild", "--timeout-multiplier", "5", *wanted])
    env = dict(os.environ, RATION=str(built / "ration"), RATION_SLOW="3", RATION_SANITIZED="1", PYTHONDONTWRITEBYTECODE="1")
    env.pop("RATION_WORLD", None)
    call(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", TOP / "tests" / "cli", "-k", COMMAND], env=env)


def programs(built):
    """What the tests ran. The library is in most of them; a line counts once."""
    return [path for path in sorted(built.rglob("*")) if path.is_file() and os.access(path, os.X_OK)
            and path.read_bytes()[:4] == b"\x7fELF"]


def lines(built, raw):
    """file below src -> {line: how often it was run}"""
    merged = raw.parent / "merged"
    call(["llvm-profdata", "merge", "--sparse", *sorted(raw.glob("*.profraw")), "-o", merged])
    first, *others = programs(built)
    words = [word for path in others for word in ("-object", path)]
    argv = ["llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}", first, *words]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    found, here = {}, {}
    for line in done.stdout.splitlines():
        if line.startswith("SF:"):
            _, src, name = line.rpartition("src/")
            here = found.setdefault(name, {}) if src else {}
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            here[int(number)] = here.get(int(number), 0) + int(count)
    return found


def ranges(numbers):
    """1 2 3 7 -> 1-3 7"""
    spans = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(f"{a}-{b}" if b > a else str(a) for a, b in spans)


def pct(run, of):
    return 100 * run / of if of else 0.0


def wanted_files():
    """Of a room those that are built for Linux: what isn't built has no lines, and isn't forgotten so."""
    listed = (TOP / "src" / "meson.build").read_text()
    names = [str(path.relative_to(TOP / "src")) for room in ROOMS for path in sorted((TOP / "src" / room).rglob("*.c"))]
    other = {name for name in names if name.endswith(("-none.c", "-posix.c", "-names.c", "-darwin.c")) and name.startswith("sys/")}
    return [name for name in names if name not in other and f"'{name}'" in listed] + list(PARSERS)


def report(found, missing):
    """Prints the table; returns what is below the mark."""
    sums, low = {}, []
    print(f"{'file':<26} {'lines':>6} {'run':>6} {'%':>7}")
    for name in wanted_files():
        counts = found.get(name, {})
        run = sum(count > 0 for count in counts.values())
        room = name.split("/")[0]
        row = (len(counts), run, pct(run, len(counts)))
        print(f"{name:<26} {row[0]:>6} {row[1]:>6} {row[2]:>7.1f}")
        if missing and run < len(counts):
            print(f"    not run: {ranges(n for n, count in counts.items() if count == 0)}")
        if room in ROOMS:
            total = sums.setdefault(room, [0, 0])
            total[0] += len(counts)
            total[1] += run
        if row[2] < LEAST_PCT and name in PARSERS or not counts:
            low.append(name)
    for room, (of, run) in sums.items():
        print(f"{'src/' + room:<26} {of:>6} {run:>6} {pct(run, of):>7.1f}")
        if pct(run, of) < LEAST_PCT:
            low.append(f"src/{room}")
    return low


def coverage(where, missing):
    """Builds, runs, prints; returns the exit status."""
    for program in ("clang", "llvm-profdata", "llvm-cov"):
        if not shutil.which(program):
            sys.exit(f"run: {program} isn't installed: scripts/deps fuzz")
    built, raw = build(where)
    run_tests(built)
    low = report(lines(built, raw), missing)
    for name in low:
        print(f"--- {name}: below {LEAST_PCT} %")
    print(f"{os.uname().release}: {len(low)} below {LEAST_PCT} %")
    return 1 if low else 0
