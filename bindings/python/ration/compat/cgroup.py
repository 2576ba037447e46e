# SPDX-License-Identifier: MIT
"""The module that limited the virtual machines of a sandbox before ration: the same seven functions.

    from ration.compat import cgroup        # instead of the sandbox's own

Arguments, results and constants are the same. Different on purpose:

- Errors are `ration.Error`, with a cause and a hint.
- Memory comes with swap 0. At its memory limit a group was swapped out before.
- BASE is found, not assumed: below our own group in a container, in a unit of systemd's where that is the
  manager, where cgroup2 is mounted elsewhere. So a path needn't begin with CGROUP_V2_BASE_PATH.
- Where no group can be had, or the controllers are missing, setup_cgroup() warns and returns a path below
  /dev/null, where nothing can ever be, instead of one in /tmp, which anybody could make. is_cgroup_available()
  is False of it, as before.
- cleanup_cgroup() kills what is left in the group. Before, live processes went to the parent,
  where they ran without limits.
- The group of a VM goes with `ration gc` (or Host.gc()) when its creator is dead.
- wrap_with_ulimit() is what `ration wrap` prints. Its -u is per user: prefer run and spawn, where a limit
  on tasks is the group's.

Better than the calls here, `ration.Group.spawn` and `ration.run` start a process inside its group. One that is
attached runs without limits until then.
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
import threading
from pathlib import Path
from typing import Final, List, Optional, Tuple

from .._abi import Cause
from .._errors import Error, InvalidError, UnavailableError
from .._group import Group
from .._host import Host
from .._limits import Limits
from .._tools import wrap


# Of an error it is given the text: a handler that keeps records would keep the error's frames, and their handles.
_logger = logging.getLogger(__name__)

CGROUP_V2_BASE_PATH: Final[str] = "/sys/fs/cgroup"
"""Where cgroup2 is usually mounted."""

CGROUP_APP_NAMESPACE: Final[str] = "code-exec"
"""The node below BASE that has the tenants."""

CGROUP_MEMORY_OVERHEAD_MB: Final[int] = 200
"""What QEMU itself needs, in MiB, on top of the guest's memory."""

TCG_TB_CACHE_SIZE_MB: Final[int] = 256
"""QEMU's translation cache under TCG, in MiB: `-accel tcg,tb-size=256`."""

CGROUP_PIDS_LIMIT: Final[int] = 100
"""Processes and threads of a virtual machine."""

ULIMIT_MEMORY_MULTIPLIER: Final[int] = 14
"""`ulimit -v` is so many times the guest's memory."""

ULIMIT_CPU_TIME_SECONDS: Final[int] = 3600
"""`ulimit -t`: a safety net."""

ERRNO_READ_ONLY_FILESYSTEM: Final[int] = errno.EROFS
ERRNO_PERMISSION_DENIED: Final[int] = errno.EACCES

# Below a device nothing can be made, by anybody.
_NOWHERE = Path("/dev/null/cgroup")

_lock = threading.RLock()
_host: Tuple[int, Optional[Host]] = (0, None)


def _after_fork() -> None:
    # Another thread may have held it.
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


def use_host(host: Optional[Host]) -> None:
    """Has this module use another host, such as ``Host(namespace=...)``; None: its own."""
    global _host
    with _lock:
        _host = os.getpid(), host


def _our_host() -> Host:
    global _host
    with _lock:
        pid, host = _host
        if host is None or pid != os.getpid():
            host = Host(namespace=CGROUP_APP_NAMESPACE)
            _host = os.getpid(), host
        return host


def _open(cgroup_path: Path) -> Group:
    """The group whose directory that is."""
    group = Group.open(f"{cgroup_path.parent.name}/{cgroup_path.name}", host=_our_host())
    if group.path != str(cgroup_path):
        group.close()
        raise InvalidError(f"{cgroup_path} isn't a group of setup_cgroup()", f"that group is {group.path}", Cause.NO_GROUP, errno.ENOENT)
    return group


def is_cgroup_available(cgroup_path: Optional[Path]) -> bool:
    """Whether this is the path of a group that limits can be enforced in.

    False for None, for a path that isn't on the cgroup2 mount (as setup_cgroup() returns it where there
    is no group), and where no groups can be made.
    """
    if cgroup_path is None:
        return False
    info = _our_host().info
    return info.base is not None and info.mount is not None and Path(info.mount) in Path(cgroup_path).parents


async def setup_cgroup(vm_id: str, tenant_id: str, memory_mb: int, use_tcg: bool = False) -> Path:
    """Makes the group of a virtual machine, with its limits, and returns its directory.

    Memory is that of the guest + CGROUP_MEMORY_OVERHEAD_MB (+ TCG_TB_CACHE_SIZE_MB with `use_tcg`), a CPU,
    CGROUP_PIDS_LIMIT tasks. One that exists gets these limits.

    Where no group can be had (a read-only file system, another user's directory, no cgroup v2, no
    controllers) it logs a warning and returns a path of nothing: see the top of this module. Any other failure
    is a ration.Error.
    """
    host, address = _our_host(), f"{tenant_id}/{vm_id}"
    limits = Limits.for_vm("tcg" if use_tcg else "kvm", f"{memory_mb}M", pids=CGROUP_PIDS_LIMIT)
    try:
        try:
            group = Group.create(address, host=host, limits=limits, enforce="strict", exist_ok=True, command=f"VM {vm_id}")
        except Error as error:
            if error.cause is not Cause.EXISTS:
                raise
            group = Group.open(address, host=host)
            group.update(limits, enforce="strict")
    except Error as error:
        if not isinstance(error, UnavailableError) and error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        _logger.warning("no cgroup: the limits of VM %s aren't enforced: %s", vm_id, str(error),
                        extra={"vm_id": vm_id, "tenant_id": tenant_id, "errno": error.errno})
        return _NOWHERE / tenant_id / vm_id
    with group:
        return Path(group.path or _NOWHERE / tenant_id / vm_id)


async def attach_to_cgroup(cgroup_path: Path, pid: int) -> None:
    """Moves a process into the group. Raises ration.Error, as for a process that doesn't exist."""
    with _open(Path(cgroup_path)) as group:
        group.attach(pid)


async def attach_if_available(cgroup_path: Optional[Path], pid: Optional[int]) -> bool:
    """The same where there are both. Returns whether it was attached; False for None, and where there is no group."""
    if cgroup_path is None or pid is None or not is_cgroup_available(cgroup_path):
        return False
    await attach_to_cgroup(cgroup_path, pid)
    return True


async def read_cgroup_stats(cgroup_path: Optional[Path]) -> Tuple[Optional[int], Optional[int]]:
    """(CPU time in ms, peak memory in MiB); None for what can't be read."""
    if cgroup_path is None or not is_cgroup_available(cgroup_path):
        return None, None
    try:
        with _open(Path(cgroup_path)) as group:
            usage = group.stats().usage
    except (Error, ValueError) as error:
        _logger.debug("no statistics of %s: %s", cgroup_path, str(error))
        return None, None
    cpu, peak = usage.cpu_usec, usage.memory_peak_bytes
    return None if cpu is None else cpu // 1000, None if peak is None else peak >> 20


async def cleanup_cgroup(cgroup_path: Optional[Path], context_id: str) -> bool:
    """Kills what is left in the group, waits for it, and removes it. Returns whether it is gone; never raises.

    One that is gone already, None, and the path of nothing are fine. `context_id` is for the log.
    """
    if cgroup_path is None or not is_cgroup_available(cgroup_path):
        return True
    try:
        with _open(Path(cgroup_path)) as group:
            removed = await group.remove_async()
        _logger.debug("%s: removed %s, %d killed", context_id, cgroup_path, removed.killed)
        return True
    except (Error, ValueError) as error:
        if isinstance(error, Error) and error.cause in (Cause.NO_GROUP, Cause.VANISHED) and not Path(cgroup_path).exists():
            return True
        _logger.error("%s: %s can't be removed: %s", context_id, cgroup_path, str(error), extra={"context_id": context_id})
        return False


def wrap_with_ulimit(cmd: List[str], memory_mb: int) -> List[str]:
    """The command under ulimit, for where there are no cgroups: ["bash", "-c", "ulimit ... && exec ..."].

    On Linux -v (ULIMIT_MEMORY_MULTIPLIER times `memory_mb`), -t and -u; on macOS -u alone, as that kernel
    can't limit the address space, and -t breaks the pipe of the command's output.
    """
    return shlex.split(wrap(cmd, memory=f"{memory_mb}M"))
