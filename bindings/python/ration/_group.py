# SPDX-License-Identifier: MIT
"""Tenants and groups that outlive a command."""

from __future__ import annotations

import asyncio
import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar, Union

from . import _abi
from ._abi import EventKind, Level, Mechanism, Remove
from ._command import DEFAULT_SIGNALS, Argument, File, Files, environment_of, numbers_of, surroundings_of, words_of
from ._errors import Error
from ._events import Events
from ._host import Host, default_host
from ._lib import Handle, Owned, array, call, encode, encode_or_none, fits, known, lib, sized, text, word
from ._limits import (_BY_NAME, _BY_WORD, Duration, Enforce, LimitOptions, Limits, Size, duration_usec, limit_name, merge, size_bytes,
                      unknown_option)
from ._plan import Plan
from ._usage import Stats, read_stats

if TYPE_CHECKING:
    from typing_extensions import Unpack

_N = TypeVar("_N", bound="Node")
_LimitValue = Union[int, str, None]


@dataclass(frozen=True)
class GroupLimit:
    """One limit of a live group, in its unit. None: no limit, not asked for, or not known."""

    limit: str
    asked: _LimitValue
    here: _LimitValue
    #: The lowest of it and of all above it, and where that is.
    effective: _LimitValue
    level: Level
    where: str
    mechanism: Mechanism
    file: Optional[str]


@dataclass(frozen=True)
class Updated:
    """What a change of limits did."""

    memory_before_bytes: Optional[int]
    memory_after_bytes: Optional[int]
    oom_kills: int
    elapsed_usec: int


@dataclass(frozen=True)
class Attached:
    """What became of a process that was attached."""

    #: It is in the group; False: only its own limits were set.
    moved: bool
    #: Memory that stays charged to its old group, if known.
    elsewhere_bytes: Optional[int]
    from_group: str


@dataclass(frozen=True)
class Removed:
    """What a removal did."""

    killed: int
    released: int
    released_to_caller: int


class Spawned(NamedTuple):
    """A command that was started in a group: a child of this process, which waits for it."""

    pid: int
    pidfd: int


def _value(has: bool, number: int, as_text: Optional[str]) -> _LimitValue:
    return None if not has else as_text if as_text else None if number == _abi.UNLIMITED else number


class Node(Handle):
    """What tenants and groups have in common. The handle refers to the directory, not to its name:
    once that is removed, each call raises a GroupError with Cause.VANISHED."""

    _tenant = False

    def __init__(self, owned: Owned, host: Host) -> None:
        self._owned, self._host = owned, host
        #: "acme", or "acme/vm7".
        self.address: str = word(owned.read("ration_group_address"))
        #: Its directory, or None if it has no cgroup.
        self.path: Optional[str] = text(owned.read("ration_group_path"))
        #: Why it has no cgroup, or "".
        self.reason: str = word(owned.read("ration_group_reason"))

    @classmethod
    def create(cls: Type[_N], address: str, *, host: Optional[Host] = None, limits: Optional[Limits] = None, enforce: Enforce = "fallback",
               keep: bool = False, exist_ok: bool = False, without_cgroup: bool = False, oom_group: bool = True,
               owner: Optional[Tuple[int, int]] = None, command: Optional[str] = None, **given: Unpack[LimitOptions]) -> _N:
        """Creates it, with the nodes above it, and sets its limits: all or nothing.

        Args:
            address: "acme" of a tenant, "acme/vm7" of a group.
            keep: keep it when this process is dead; else `ration gc`, or a later run of its tenant, removes it then.
            exist_ok: open one that exists with the same limits.
            without_cgroup: where none can be made, succeed all the same; ``reason`` says why.
            owner: (uid, gid) to whom it is delegated, but for its limits.
            command: what it is for, as `ration ls` shows it.

        Raises GroupError (Cause.EXISTS, ...), InvalidError, UnavailableError.
        """
        cls._check(address)
        host = default_host() if host is None else host
        plan = Plan(limits, host=host, enforce=enforce, purpose="group", tenant=None if cls._tenant else address.partition("/")[0],
                    for_tenant=cls._tenant, **given)
        plan.check()
        uid, gid = owner if owner is not None else (0, 0)
        options = sized(_abi.GroupOptions, keep=keep, exist_ok=exist_ok, without_cgroup=without_cgroup, no_oom_group=not oom_group,
                        command=encode_or_none(command, "command"), has_owner=owner is not None, uid=uid, gid=gid)
        owned_host, pointer = host._use(), ctypes.c_void_p()
        # Before: a program can make it an error, and all or nothing holds then, too.
        plan._warn(2)
        call("ration_group_create", owned_host.pointer, encode(address, "address"), plan._owned.pointer, ctypes.byref(options),
             ctypes.byref(pointer))
        return cls(Owned("group", pointer, lib.ration_group_free, owned_host), host)

    @classmethod
    def open(cls: Type[_N], address: str, *, host: Optional[Host] = None) -> _N:
        """Opens one that exists. Raises GroupError with Cause.NO_GROUP."""
        cls._check(address)
        host = default_host() if host is None else host
        owned, pointer = host._use(), ctypes.c_void_p()
        call("ration_group_open", owned.pointer, encode(address, "address"), ctypes.byref(pointer))
        return cls(Owned("group", pointer, lib.ration_group_free, owned), host)

    @classmethod
    def _check(cls, address: str) -> None:
        if not isinstance(address, str):
            raise TypeError(f"address: {address!r} isn't a str")
        if ("/" in address) == cls._tenant:
            raise ValueError(f"address: {address!r} isn't the address of a {cls.__name__.lower()}: "
                             + ("TENANT" if cls._tenant else "TENANT/NAME"))

    # ----------------------------------------------------------------- limits

    def update(self, limits: Optional[Limits] = None, *, force: bool = False, reclaim: Optional[Duration] = None,
               enforce: Enforce = "fallback", **given: Unpack[LimitOptions]) -> Updated:
        """Changes these limits, and no other; "max" lifts one. All or nothing.

        A memory limit below the present use reclaims for at most `reclaim` ("2s"), and is set only then;
        with `force` it is set at once, and kills if that isn't enough. Raises GroupError (Cause.IN_USE).
        """
        plan = Plan(limits, host=self._host, enforce=enforce, purpose="group",
                    tenant=None if self._tenant else self.address.partition("/")[0], for_tenant=self._tenant, **given)
        plan.check()
        options = sized(_abi.UpdateOptions, force=force, reclaim_usec=0 if reclaim is None else duration_usec(reclaim, "reclaim"))
        report = sized(_abi.UpdateReport)
        plan._warn(2)
        self._use().call("ration_group_update", plan._owned.pointer, ctypes.byref(options), ctypes.byref(report))
        return Updated(known(report.memory_before_bytes), known(report.memory_after_bytes), report.oom_kills, report.elapsed_usec)

    def limit(self, name: str) -> GroupLimit:
        """One limit: as asked for, as the kernel's file has it, and as it is after all groups above."""
        row = _BY_WORD.get(name) or _BY_NAME.get(name)
        if row is None:
            raise unknown_option(name, list(_BY_WORD))
        pointer = ctypes.POINTER(_abi.GroupLimit)()
        self._use().call("ration_group_limit_new", row.number, ctypes.byref(pointer))
        try:
            it = pointer.contents
            return GroupLimit(
                limit_name(it.limit), _value(it.has_asked, it.asked, text(it.asked_text)), _value(it.has_here, it.here, text(it.here_text)),
                _value(it.has_effective, it.effective, text(it.effective_text)), Level.of(it.level), word(it.where),
                Mechanism.of(it.mechanism), text(it.file))
        finally:
            lib.ration_group_limit_free(pointer)

    def stats(self) -> Stats:
        """What it uses now, and has used."""
        pointer = ctypes.c_void_p()
        self._use().call("ration_stats_new", ctypes.byref(pointer))
        stats = Owned("statistics", pointer, lib.ration_stats_free)
        return read_stats(stats.pointer)

    def events(self, kinds: Optional[Iterable[str]] = None, *, pressure: str = "full", stall: Optional[Duration] = None,
               window: Optional[Duration] = None) -> Events:
        """Watches it from now on; by default for all kinds that are available here.

        `pressure`: "full" (all processes stall), or "some". An event of it takes a `stall` of a tenth of the
        `window`, which is "2s". Raises Error (EOPNOTSUPP) for a kind that isn't available, if it is named.
        """
        return Events(self._use(), kinds, pressure, stall, window)

    # ---------------------------------------------------------------- control

    def pids(self) -> List[int]:
        """The processes of it and of groups below it."""
        n = 64
        while True:
            pids = (ctypes.c_int * n)()
            count = self._use().call("ration_group_pids", pids, n)
            if count <= n:
                return list(pids[:count])
            n = 2 * count

    def freeze(self, timeout: Optional[Duration] = None) -> None:
        """Stops all processes, and waits for that, at most "5s". Raises Error (ETIMEDOUT)."""
        self._use().call("ration_group_freeze", 0 if timeout is None else max(1, duration_usec(timeout, "timeout")))

    def thaw(self, timeout: Optional[Duration] = None) -> None:
        """Continues them."""
        self._use().call("ration_group_thaw", 0 if timeout is None else max(1, duration_usec(timeout, "timeout")))

    def kill(self, timeout: Optional[Duration] = None) -> int:
        """Kills all processes, frozen or not, and waits until they are gone, at most "10s". Returns how many
        there were; the group stays. Raises Error (ETIMEDOUT)."""
        killed = ctypes.c_uint64()
        self._use().call("ration_group_kill", 0 if timeout is None else max(1, duration_usec(timeout, "timeout")), ctypes.byref(killed))
        return killed.value

    def stop(self, signal: int = 0, kill_after: Optional[Duration] = None, timeout: Optional[Duration] = None) -> int:
        """Ends what runs in the group: the signal (SIGTERM), SIGKILL after `kill_after` ("300ms"; 0: never), and waits
        until the run is over, at most "10s". Its verdict is "interrupted". Returns how many processes there were."""
        stopped = ctypes.c_uint64()
        after = 0 if kill_after is None else duration_usec(kill_after, "kill_after") or _abi.UNLIMITED
        self._use().call("ration_group_stop", int(signal), after,
                         0 if timeout is None else max(1, duration_usec(timeout, "timeout")), ctypes.byref(stopped))
        return stopped.value

    def reclaim(self, size: Size) -> int:
        """Asks the kernel once to take memory back. Returns how many bytes less it has then."""
        reclaimed = ctypes.c_uint64()
        self._use().call("ration_group_reclaim", size_bytes(size, "size"), ctypes.byref(reclaimed))
        return reclaimed.value

    def remove(self, processes: str = "refuse") -> Removed:
        """Removes it, and the nodes above it that nobody uses. One that is gone is no error.

        `processes`: "refuse" raises GroupError if there are any; "kill" ends them; "release" lets them live,
        where they came from: its limits don't apply to them any more.
        """
        modes = {"refuse": Remove.EMPTY, "kill": Remove.KILL, "release": Remove.RELEASE}
        if processes not in modes:
            raise ValueError(f"processes: {processes!r} isn't one of: {', '.join(modes)}")
        report = sized(_abi.RemoveReport)
        self._use().call("ration_group_remove", modes[processes].number, ctypes.byref(report))
        return Removed(report.killed, report.released, report.released_to_caller)

    async def remove_async(self, timeout: float = 10.0) -> Removed:
        """remove("kill") that waits for the end of the processes in the event loop, without a thread."""
        try:
            with self.events([EventKind.EMPTY, EventKind.GONE]) as events:
                if self.pids():
                    self._kill_at_once()
                    await asyncio.wait_for(_empty(events), timeout)
        except (asyncio.TimeoutError, Error):
            pass  # remove() says who doesn't die, and does without events or a group
        return self.remove("kill")

    def _kill_at_once(self) -> None:
        """Sends SIGKILL; that takes no time, but the end does."""
        try:
            self.kill(timeout=1e-6)
        except Error as error:
            if error.cause is not _abi.Cause.TIMEOUT:
                raise

    def close(self) -> None:
        """Frees the handle; the group stays. Can be called twice."""
        if self._owned is not None:
            self._owned.free()

    def __enter__(self: _N) -> _N:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ration.{type(self).__name__} {self.address!r}: {self.path or self.reason}>"


async def _empty(events: Events) -> None:
    async for event in events:
        if event.kind in (EventKind.EMPTY, EventKind.GONE):
            return


class Tenant(Node):
    """A node with limits that all its groups share: "acme". It has no processes of its own.

        with ration.Tenant.create("acme", memory="4G", keep=True) as acme:
            await ration.run(["make"], tenant=acme.address, memory="1G")
    """

    _tenant = True


class Group(Node):
    """A node with processes, without a supervisor: "acme/vm7".

        with ration.Group.create("acme/vm7", memory="512M", pids=100) as group:
            child = group.spawn(["qemu-system-x86_64", ...])
    """

    def attach(self, pid: int, limits: Optional[Limits] = None, *, enforce: Enforce = "fallback", **given: Unpack[LimitOptions]) -> Attached:
        """Moves a running process, with all its threads, into the group. Limits are set on the process itself.

        Memory that it already has stays charged to its old group, and its children stay where they are: spawn()
        starts one inside. Raises Error (ESRCH, EPERM, ...).
        """
        if isinstance(pid, bool) or not isinstance(pid, int):
            raise TypeError(f"pid: {pid!r} isn't an int")
        fits(ctypes.c_int, pid, "pid")
        plan = self._process_plan(limits, enforce, given)
        report = sized(_abi.AttachReport)
        owned = self._use()
        with owned.lock:
            owned.call("ration_group_attach", pid, plan._owned.pointer if plan else None, ctypes.byref(report))
            return Attached(report.moved, known(report.elsewhere_bytes), word(getattr(report, "from")))

    def _process_plan(self, limits: Optional[Limits], enforce: Enforce, given: Mapping[str, Any]) -> Optional[Plan]:
        if limits is None and not any(value is not None for value in given.values()):
            return None
        plan = Plan(merge(limits, given), host=self._host, enforce=enforce, purpose="process")
        plan.check()
        return plan

    def spawn(self, argv: Sequence[Argument], *, env: Optional[Mapping[str, str]] = None, stdin: File = None, stdout: File = None,
              stderr: File = None, append: bool = False, cwd: Union[None, str, "os.PathLike[str]"] = None,
              umask: Optional[int] = None, pass_fds: Sequence[int] = (), user: Optional[str] = None, no_new_privs: bool = True,
              limits: Optional[Limits] = None, enforce: Enforce = "fallback", **given: Unpack[LimitOptions]) -> Spawned:
        """Starts a command that is born in the group. It is a child of this process, which waits for it, by the
        pidfd (to be closed) or with os.waitpid(pid); nobody supervises it, and it outlives this process.

        Limits are those of the process, as rlimits. Raises CommandError, GroupError (Cause.IN_USE), Error.
        """
        words = words_of(argv)
        if -1 in [each for each in (stdin, stdout, stderr) if isinstance(each, int)]:
            raise ValueError("spawn() makes no pipes: pass an end of os.pipe()")
        plan = self._process_plan(limits, enforce, given)
        files = Files(stdin, stdout, stderr)
        try:
            numbers, n = numbers_of(pass_fds)
            options = sized(_abi.SpawnOptions, argv=array(words), envp=environment_of(env), fds=files.array,
                            plan=plan._owned.pointer if plan else None, pass_fds=numbers, n_pass_fds=n,
                            user=encode_or_none(user, "user"), new_privileges=not no_new_privs,
                            **surroundings_of(files, cwd, umask, append))
            pid, pidfd = ctypes.c_int(), ctypes.c_int()
            with DEFAULT_SIGNALS:
                self._use().call("ration_group_spawn", ctypes.byref(options), ctypes.byref(pid), ctypes.byref(pidfd))
            return Spawned(pid.value, pidfd.value)
        finally:
            files.close()
