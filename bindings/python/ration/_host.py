# SPDX-License-Identifier: MIT
"""This machine, as this process sees it."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from . import _abi
from ._abi import BaseKind, GcAction, Hierarchy, Owner, Purpose, Severity
from ._lib import Handle, Owned, call, encode_or_none, lib, sized, text, word
from ._usage import Stats, read_stats


@dataclass(frozen=True)
class HostInfo:
    """What was found. None: there is none."""

    hierarchy: Hierarchy
    base: Optional[str]
    base_kind: BaseKind
    base_reason: str
    base_fix: str
    controllers: Tuple[str, ...]
    controllers_v1: Tuple[str, ...]
    v1_reason: str
    features: Tuple[str, ...]
    kernel: str
    kernel_kind: str
    mount: Optional[str]
    own: Optional[str]
    memory_bytes: int
    memory_source: str
    swap_bytes: int
    cpus: int
    root: bool
    container: bool
    container_kind: str
    systemd: bool


@dataclass(frozen=True)
class Finding:
    """What weakens limits here, and how to fix it: a row of `ration doctor`."""

    id: str
    severity: Severity
    text: str
    fix: str


@dataclass(frozen=True)
class Listed:
    """A tenant or a group that exists: a row of `ration ls`. None: not known."""

    address: str
    is_tenant: bool
    owner: Owner
    owner_pid: Optional[int]
    uid: int
    created_usec: Optional[int]
    command: Optional[str]
    delegated: bool
    stats: Stats


@dataclass(frozen=True)
class Collected:
    """What garbage collection did."""

    removed: Tuple[str, ...]
    failed: Tuple[str, ...]
    live: Tuple[str, ...]


def _bits(prefix: str, value: int) -> Tuple[str, ...]:
    return tuple(name[len(prefix):].lower() for name, bit in vars(_abi).items() if name.startswith(prefix) and value & bit)


class Host(Handle):
    """This machine, looked at once. Most programs need none: run() and the others share one.

    Args:
        base: an existing directory on a cgroup2 mount, below which groups are made; by
            default it is found.
        namespace: the node below it.
        parent: nodes between the two: "a/b/c".
        create: make those nodes if they aren't there.
        helpers: the folder with the programs ration-keeper, ration-reaper and ration-unit;
            None: where they are installed; "": use none of them.

    Commands that are started on a host get the signal mask that the calling thread has now.
    Threads can share a host. It is freed when it is closed and the last run and group on it is.
    """

    def __init__(self, *, base: Optional[str] = None, namespace: Optional[str] = None, parent: Optional[str] = None,
                 create: bool = True, helpers: Optional[str] = None) -> None:
        options = sized(_abi.HostOptions, base=encode_or_none(base, "base"), nspace=encode_or_none(namespace, "namespace"),
                        parent=encode_or_none(parent, "parent"), no_create=not create, helpers=encode_or_none(helpers, "helpers"))
        pointer = ctypes.c_void_p()
        call("ration_host_open", ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("host", pointer, lib.ration_host_free)

    @property
    def info(self) -> HostInfo:
        """What was found."""
        owned = self._use()
        it = sized(_abi.HostInfo)
        lib.ration_host_info(owned.pointer, ctypes.byref(it))
        return HostInfo(
            Hierarchy.of(it.hierarchy), text(it.base), BaseKind.of(it.base_kind), word(it.base_reason), word(it.base_fix),
            _bits("CONTROLLER_", it.controllers), _bits("CONTROLLER_", it.controllers_v1), word(it.v1_reason),
            _bits("FEATURE_", it.features), word(it.kernel), word(it.kernel_kind), text(it.mount), text(it.own), it.memory_bytes,
            word(it.memory_source), it.swap_bytes, it.cpus, it.root, it.container, word(it.container_kind), it.systemd)

    def prepare(self, purpose: str = "run") -> bool:
        """Asks systemd for a group of ours, where that is needed: 30 ms, at most 15 s, and once.

        The first run does it, too. In a program with an event loop, call it before that starts.
        Returns whether something was done.
        """
        return call("ration_host_prepare", self._use().pointer, Purpose.named("purpose", purpose).number) > 0

    def doctor(self) -> List[Finding]:
        """What weakens limits on this machine, the worst first."""
        owned, pointer = self._use(), ctypes.c_void_p()
        call("ration_findings_new", owned.pointer, ctypes.byref(pointer))
        findings = Owned("findings", pointer, lib.ration_findings_free)
        rows = [findings.read("ration_findings_item", i).contents for i in range(findings.read("ration_findings_count"))]
        return [Finding(word(row.id), Severity.of(row.severity), word(row.text), word(row.fix)) for row in rows]

    def groups(self, tenant: Optional[str] = None) -> List[Listed]:
        """The tenants and groups that exist, sorted; of one tenant, or all."""
        owned, pointer = self._use(), ctypes.c_void_p()
        call("ration_list_new", owned.pointer, encode_or_none(tenant, "tenant"), ctypes.byref(pointer))
        listed = Owned("list", pointer, lib.ration_list_free)
        rows = [listed.read("ration_list_item", i).contents for i in range(listed.read("ration_list_count"))]
        return [Listed(word(row.address), row.is_tenant, Owner.of(row.owner), row.owner_pid or None, row.uid,
                       row.created_usec or None, word(row.command) or None, row.delegated, read_stats(row.stats)) for row in rows]

    def gc(self, *, dry_run: bool = False) -> Collected:
        """Kills and removes the groups whose owner is dead: what a power cut or SIGKILL has left."""
        found: List[Tuple[str, GcAction]] = []

        def note(_: Any, address: bytes, action: int) -> None:
            found.append((word(address), GcAction.of(action)))

        options = sized(_abi.GcOptions, dry_run=dry_run)
        options.found = type(options.found)(note)
        report = sized(_abi.GcReport)
        call("ration_gc", self._use().pointer, ctypes.byref(options), ctypes.byref(report))
        removed, failed, live = (tuple(address for address, action in found if action is kind)
                                 for kind in (GcAction.REMOVED, GcAction.FAILED, GcAction.LIVE))
        return Collected(removed, failed, live)

    def close(self) -> None:
        """Lets go of the host; what was made on it stays usable."""
        self._owned = None

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_lock = threading.Lock()
_default: Tuple[int, Optional[Host]] = (0, None)


def default_host() -> Host:
    """The host that calls without ``host=`` share: looked at when it is first needed, in each process."""
    global _default
    with _lock:
        pid, host = _default
        if host is None or pid != os.getpid() or host.closed:
            host = Host()
            _default = os.getpid(), host
        return host


def _after_fork() -> None:
    # Another thread may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
