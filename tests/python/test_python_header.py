# SPDX-License-Identifier: MIT
"""The package says what the public header says, and is typed."""

import ctypes
import inspect
import os
import re
import shutil
import subprocess
import sys

import pytest
from setting import BUILD, TOP, ration

from ration import _abi, _limits, _run, _usage
from ration._lib import lib, word

pytest_plugins = ["setting"]
PACKAGE = TOP / "bindings" / "python"
HERE = pytest.mark.worlds("host")


@HERE
def test_abi_is_what_the_header_says():
    """Constants, enums, structs and functions: `bindings/python/generate` makes the file anew."""
    made = subprocess.run([sys.executable, PACKAGE / "generate"], capture_output=True, text=True, check=True).stdout
    assert made == (PACKAGE / "ration" / "_abi.py").read_text(), "bindings/python/generate >bindings/python/ration/_abi.py"


def c_structs():
    header = "".join(path.read_text() for path in sorted((TOP / "include/ration").glob("*.h")))
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    return re.findall(r"^struct ration_(\w+) \{", header, re.M)


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


@HERE
def test_layout_is_what_the_compiler_makes(tmp_path):
    """Size of each struct, and place and size of each of its fields."""
    asked = {}
    for name in c_structs():
        kind = getattr(_abi, camel(name))
        asked[f"sizeof(struct ration_{name})"] = ctypes.sizeof(kind)
        for field, _ in kind._fields_:
            asked[f"offsetof(struct ration_{name}, {field})"] = getattr(kind, field).offset
            asked[f"sizeof(((struct ration_{name} *)0)->{field})"] = getattr(kind, field).size
    assert len(asked) > 200
    lines = [f'_Static_assert({expression} == {value}, "{expression}");' for expression, value in asked.items()]
    source = tmp_path / "layout.c"
    source.write_text("#include <stddef.h>\n#include <ration.h>\n" + "\n".join(lines) + "\n")
    done = subprocess.run(["cc", "-std=c11", "-fsyntax-only", "-I", TOP / "include", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@HERE
def test_every_file_is_installed():
    listed = set(re.findall(r"'(ration/[\w/]+\.\w+)'", (PACKAGE / "meson.build").read_text()))
    assert listed == {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "ration").rglob("*") if path.suffix == ".py" or path.name == "py.typed"}


@HERE
def test_every_function_is_known():
    header = "".join(path.read_text() for path in (TOP / "include/ration").glob("*.h"))
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    names = set(re.findall(r"RATION_PUBLIC[^;#]*?\b(ration_[a-z0-9_]+)\(", header))
    assert set(_abi.FUNCTIONS) == names
    assert all(hasattr(lib, name) for name in names)


@HERE
@pytest.mark.parametrize("kind, function", [
    (_abi.Verdict, "verdict"), (_abi.Level, "level"), (_abi.Metric, "metric"), (_abi.Source, "source"), (_abi.Mechanism, "mechanism"),
    (_abi.Scope, "scope"), (_abi.EventKind, "event"), (_abi.Severity, "severity"), (_abi.Owner, "owner")])
def test_words_are_the_librarys(kind, function):
    name_of = getattr(lib, f"ration_{function}_name")
    for member in kind:
        if member.number > 0 or member.number == 0 and kind is not _abi.Metric:
            assert word(name_of(member.number)) == member
    assert kind.of(987654) is kind["OTHER"]
    assert kind.named("it", str(list(kind)[0])) is list(kind)[0]


@HERE
def test_keywords_are_the_flags():
    """Each limit of the table is a keyword; each metric is a field of Usage."""
    flags = {row.flag.lstrip("-").replace("-", "_").partition(" ")[0] for row in _limits.ROWS.values()}
    assert flags == set(ration.LimitOptions.__annotations__)
    assert {row.name for row in _limits.ROWS.values()} == {member.value for member in _abi.Limit if member.number >= 0}
    assert {member.value for member in _usage._METRICS} | {"sources"} == set(_usage.Usage.__dataclass_fields__)


@HERE
def test_options_are_documented():
    for name in _run._OWN:
        assert re.search(rf"\b{name}\b.*: ", ration.RunOptions.__doc__), name
    for name in ration.__all__:
        assert inspect.getdoc(getattr(ration, name)), name
        assert hasattr(ration, name)


TYPED = """
import ration
from ration.compat import cgroup


async def use() -> int:
    receipt = await ration.run(["true"], memory="64M", timeout=1.5, rlimit={"nofile": 64}, cpu_time=("1s", 2))
    await ration.run(["true"], mem="64M")  # type: ignore[call-arg]
    await ration.run(["true"], cpus=[1])  # type: ignore[arg-type]
    ration.Limits(memory="1M", pids=3, nosuch=4)  # type: ignore[call-arg]
    async with ration.Run(["true"], stdout=ration.PIPE) as run:
        verdict: ration.Verdict = (await run).verdict
    with ration.Group.create("a/b", memory=1 << 20) as group:
        async for event in group.events(["oom"]):
            kind: str = event.kind
    await cgroup.cleanup_cgroup(await cgroup.setup_cgroup("vm", "tenant", 512, use_tcg=True), "vm")
    return receipt.usage.memory_peak_bytes  # type: ignore[return-value]
"""


@HERE
def test_types(tmp_path):
    """mypy --strict has nothing to say of the package, as for the oldest Python, and the right things of a program."""
    if not shutil.which("mypy"):
        pytest.skip("mypy isn't installed")
    program = tmp_path / "program.py"
    program.write_text(TYPED)
    done = subprocess.run(["mypy", "--strict", "--enable-incomplete-feature=Unpack", "--python-version", "3.9",
                           f"--cache-dir={BUILD / 'tests' / 'mypy'}", program], env=dict(os.environ, MYPYPATH=str(PACKAGE)),
                          cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (PACKAGE / "ration" / "py.typed").exists()
