# SPDX-License-Identifier: MIT
"""ration.compat.cgroup: row R02. Same arguments and results as the module before, but for what was wrong there."""

import asyncio
import inspect
import json
import logging
import os
import shutil
import subprocess
import threading
import traceback
from pathlib import Path

import pytest
from setting import BUILD, DEADLINE, HAS, counts_peak, ration, script, together
from world import strict

from ration.compat import cgroup

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2")]
CONTROLLERS = pytest.mark.needs("cgroup", "memory", "cpu", "pids")


@pytest.fixture
def module(host):
    cgroup.use_host(host)
    yield cgroup
    cgroup.use_host(None)


def test_a_fork_while_another_thread_has_the_lock():
    """The child has a lock of its own: it doesn't wait for a thread that it hasn't."""
    held, done = threading.Event(), threading.Event()

    def hold():
        with cgroup._lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    pid = os.fork()
    if pid == 0:
        os._exit(0 if cgroup._lock.acquire(blocking=False) else 1)
    done.set()
    thread.join()
    assert os.waitpid(pid, 0)[1] == 0


def test_R02_interface():
    """The seven functions, with the names of their parameters, and the constants."""
    functions = {name: list(inspect.signature(getattr(cgroup, name)).parameters) for name in (
        "setup_cgroup", "attach_to_cgroup", "attach_if_available", "read_cgroup_stats", "cleanup_cgroup", "is_cgroup_available",
        "wrap_with_ulimit")}
    assert functions == {
        "setup_cgroup": ["vm_id", "tenant_id", "memory_mb", "use_tcg"], "attach_to_cgroup": ["cgroup_path", "pid"],
        "attach_if_available": ["cgroup_path", "pid"], "read_cgroup_stats": ["cgroup_path"], "cleanup_cgroup": ["cgroup_path", "context_id"],
        "is_cgroup_available": ["cgroup_path"], "wrap_with_ulimit": ["cmd", "memory_mb"]}
    assert {name for name in functions if not asyncio.iscoroutinefunction(getattr(cgroup, name))} == {"is_cgroup_available", "wrap_with_ulimit"}
    assert (cgroup.CGROUP_V2_BASE_PATH, cgroup.CGROUP_MEMORY_OVERHEAD_MB, cgroup.TCG_TB_CACHE_SIZE_MB, cgroup.CGROUP_PIDS_LIMIT,
            cgroup.ULIMIT_MEMORY_MULTIPLIER, cgroup.ULIMIT_CPU_TIME_SECONDS, cgroup.ERRNO_READ_ONLY_FILESYSTEM,
            cgroup.ERRNO_PERMISSION_DENIED) == ("/sys/fs/cgroup", 200, 256, 100, 14, 3600, 30, 13)


def test_R02_wrap():
    assert cgroup.wrap_with_ulimit(["qemu", "a b", "it's", "$x"], 64) == [
        "bash", "-c", "ulimit -v 917504 && ulimit -t 3600 && ulimit -u 100 && exec qemu 'a b' 'it'\\''s' '$x'"]
    done = subprocess.run(cgroup.wrap_with_ulimit(["printf", "%s", "it's $x\n\\"], 64), stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "it's $x\n\\"


@CONTROLLERS
def test_R02_a_virtual_machine(module, sleeper):
    """Set up, attach, read, clean up: as a host does it."""
    async def live():
        path = await module.setup_cgroup("vm7", "acme", 512, use_tcg=True)
        assert isinstance(path, Path) and path.parts[-2:] == ("acme", "vm7") and module.is_cgroup_available(path)
        assert {name: (path / name).read_text().strip() for name in ("memory.max", "cpu.max", "pids.max", "memory.swap.max")
                if (path / name).exists()} == {"memory.max": str(968 << 20), "cpu.max": "100000 100000", "pids.max": "100",
                                               **({"memory.swap.max": "0"} if (path / "memory.swap.max").exists() else {})}
        assert await module.attach_if_available(path, sleeper.pid) is True
        assert (path / "cgroup.procs").read_text().split() == [str(sleeper.pid)]
        cpu_ms, peak_mb = await module.read_cgroup_stats(path)
        assert isinstance(cpu_ms, int) and (isinstance(peak_mb, int) or not counts_peak())
        assert await module.setup_cgroup("vm7", "acme", 256) == path
        assert (path / "memory.max").read_text().strip() == str(456 << 20)
        assert await module.cleanup_cgroup(path, "vm7") is True and not path.exists()
        assert await module.cleanup_cgroup(path, "vm7") is True
        assert await module.read_cgroup_stats(path) == (None, None)
        with pytest.raises(ration.Error):
            await module.attach_to_cgroup(path, sleeper.pid)

    together(live())
    # Not left alive without limits.
    assert sleeper.wait(DEADLINE) == -9


@CONTROLLERS
def test_R02_errors(module):
    async def fail():
        with pytest.raises(ration.InvalidError):
            await module.setup_cgroup("../vm", "acme", 512)
        path = await module.setup_cgroup("vm8", "acme", 64)
        with pytest.raises(ration.Error):
            await module.attach_to_cgroup(path, 2 ** 22 + 5)
        with pytest.raises(ration.Error):
            await module.attach_to_cgroup(path.parent.parent, os.getpid())
        assert await module.cleanup_cgroup(path.parent.parent, "x") is False and path.exists()
        assert await module.cleanup_cgroup(path, "vm8") is True

    together(fail())


def degraded():
    """Of a user who can make no group: a warning, and a path where nothing can be."""
    async def live():
        path = await cgroup.setup_cgroup("vm9", "acme", 512)
        assert not cgroup.is_cgroup_available(path) and not path.exists()
        with pytest.raises(OSError):
            path.mkdir(parents=True)
        assert await cgroup.attach_if_available(path, os.getpid()) is False
        assert await cgroup.read_cgroup_stats(path) == (None, None) and await cgroup.cleanup_cgroup(path, "vm9") is True

    cgroup.use_host(ration.Host(namespace="ration-test-none", helpers=""))
    warnings = []
    handler = logging.Handler()
    handler.emit = warnings.append
    logging.getLogger("ration.compat.cgroup").addHandler(handler)
    together(live())
    assert len(warnings) == 1 and warnings[0].levelno == logging.WARNING and "vm9" in warnings[0].getMessage()


@pytest.mark.needs("root")
def test_R02_degraded():
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            degraded()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


def test_R02_none(module):
    async def none():
        assert await module.attach_if_available(None, 1) is False and await module.attach_if_available(Path("/tmp/x"), None) is False
        assert await module.read_cgroup_stats(None) == (None, None) and await module.cleanup_cgroup(None, "x") is True
        assert await module.cleanup_cgroup(Path("/tmp/cgroup-x"), "x") is True

    together(none())
    assert not module.is_cgroup_available(None) and not module.is_cgroup_available(Path("/tmp/cgroup-x"))


# A host as it was written for the module before, but for its import.
HOST = """
import asyncio
import json
import sys

from ration.compat import cgroup

QEMU = ["qemu-system-x86_64", "-accel", "tcg,tb-size=256", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-serial", "stdio", "-m", "64M", "-kernel", sys.argv[1]]


async def machine(vm_id, tenant_id, *more):
    path = await cgroup.setup_cgroup(vm_id, tenant_id, 64, use_tcg=True)
    command = QEMU + list(more)
    if not cgroup.is_cgroup_available(path):
        command = cgroup.wrap_with_ulimit(command, 64)
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
    told = {"path": str(path), "attached": await cgroup.attach_if_available(path, process.pid)}
    try:
        if "-S" not in more:
            told["said"] = (await process.stdout.read()).decode()
            await process.wait()
        told["cpu_ms"], told["peak_mb"] = await cgroup.read_cgroup_stats(path)
    finally:
        told["gone"] = await cgroup.cleanup_cgroup(path, vm_id)
    if not told["attached"] and process.returncode is None:
        process.kill()
    told["status"] = await process.wait()
    return told


async def main():
    print(json.dumps(await asyncio.gather(machine("vm-1", "acme"), machine("vm-2", "other", "-S"))))

asyncio.run(main())
"""


@pytest.mark.long
def test_R02_host_of_qemu_machines(host):
    """One that does its work and switches off, and one that is still there when it is cleaned up."""
    guest = BUILD / "scripts" / "demo-guest"
    if not guest.exists() or not shutil.which("qemu-system-x86_64"):
        pytest.skip("needs qemu-system-x86_64 and an x86-64 machine")
    argv, options = script("from ration.compat import cgroup as first\nfirst.use_host(host)\n" + HOST, str(guest), stdout=subprocess.PIPE)
    done = subprocess.run(argv, timeout=DEADLINE, check=False, **options)
    assert done.returncode == 0
    worker, waiter = json.loads(done.stdout)
    assert worker["said"].startswith("guest: ") and worker["status"] == 0 and worker["gone"] is waiter["gone"] is True
    limited = "cgroup" in HAS and strict()
    assert worker["attached"] is waiter["attached"] is limited and waiter["status"] == -9
    for told, name in ((worker, "acme/vm-1"), (waiter, "other/vm-2")):
        assert told["path"].endswith(name) and not Path(told["path"]).exists()
        assert isinstance(told["cpu_ms"], int) if limited else (told["cpu_ms"], told["peak_mb"]) == (None, None)
    if limited and counts_peak():
        assert worker["cpu_ms"] > 0 and 0 < worker["peak_mb"] < 64 + 200 + 256
