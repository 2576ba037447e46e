# SPDX-License-Identifier: MIT
"""One command under limits, from start to receipt."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal as _signal
import warnings
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Dict, Generator, Mapping, Optional, Sequence, Tuple, Union

from . import _abi
from ._abi import OutputMode
from ._admission import Admission
from ._command import DEFAULT_SIGNALS, PIPE, Argument, File, Files, environment_of, numbers_of, surroundings_of, words_of
from ._feed import Feed
from ._host import Host
from ._lib import Handle, Owned, call, encode_or_none, lib, sized, text, word
from ._limits import Duration, Enforce, LimitOptions, Limits, duration_usec, merge, unknown_option
from ._plan import Plan
from ._pool import Pool
from ._receipt import Receipt, read_receipt
from ._wait import Deadline, Waits

if TYPE_CHECKING:
    from typing_extensions import Unpack

# How long an end by close() may take in an event loop, in seconds, before the keeper is left to it.
_PATIENCE = 3.0


class RunOptions(LimitOptions, total=False):
    """The keyword arguments of Run, run() and run_sync(): each limit, and these.

    limits: a set of limits, instead of each as a keyword.
    host: the machine; by default the one that all calls share.
    enforce: "fallback", "strict", "any", or "strict,memory-high=any".
    tenant: whose limits the run shares; "default".
    name: of its group; a unique one.
    env: the whole environment; that of this process.
    stdin, stdout, stderr: None (this process's), a file or fd, DEVNULL, PIPE; stderr also STDOUT. A path
        is opened with the rights of the command's user, from its directory.
    append: stdout and stderr that are paths are written at their ends.
    cwd: its working directory; this process's.
    umask: its file mode creation mask, e.g. 0o027; this process's.
    pass_fds: more fds for the command, under their numbers. All others are closed in it.
    user: "USER" or "USER:GROUP", names or numbers, as whom it runs.
    no_new_privs: with `user`, ignore set-user-ID; True.
    signal: the first signal of a timeout; SIGTERM.
    kill_after: from there to SIGKILL; "300ms". 0: never.
    output_mode: at the output limit "kill", or "truncate".
    wait_all: wait for daemons that it leaves instead of killing them.
    oom_group: an OOM kill ends all processes, not one; True.
    preserve_status: a timeout keeps the command's exit status in `exit_code`.
    foreground: hand the terminal over to it.
    descent: end processes that have left the group, too. This process may have no other children.
    pool: take the group from it, if one is ready. The limits, the host and the tenant are the pool's.
    admission: whose turn it is for room in a budget, an `Admission` with the same limits and tenant. It is used up then.
    figures: have the usage of a command in its receipt that exits with 0 by itself; True. False is quicker.
    """

    limits: Optional[Limits]
    host: Optional[Host]
    enforce: Enforce
    tenant: Optional[str]
    name: Optional[str]
    env: Optional[Mapping[str, str]]
    stdin: File
    stdout: File
    stderr: File
    append: bool
    cwd: Union[None, str, "os.PathLike[str]"]
    umask: Optional[int]
    pass_fds: Sequence[int]
    user: Optional[str]
    no_new_privs: bool
    signal: int
    kill_after: Optional[Duration]
    output_mode: str
    wait_all: bool
    oom_group: bool
    preserve_status: bool
    foreground: bool
    descent: bool
    pool: Optional[Pool]
    admission: Optional[Admission]
    figures: bool


_OWN = frozenset(RunOptions.__annotations__) - frozenset(LimitOptions.__annotations__)


def _split(options: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """What is about the run, and its limits."""
    unknown = [name for name in options if name not in RunOptions.__annotations__]
    if unknown:
        raise unknown_option(unknown[0], sorted(RunOptions.__annotations__))
    own = {name: value for name, value in options.items() if name in _OWN}
    return own, {name: value for name, value in options.items() if name not in _OWN}


def _plan_of(own: Mapping[str, Any], limits: Mapping[str, Any]) -> Plan:
    pool = own.get("pool")
    if pool is None:
        plan = Plan(merge(own.get("limits"), limits), host=own.get("host"), enforce=own.get("enforce", "fallback"),
                    tenant=own.get("tenant"))
        plan.check()
        return plan
    for name in (*limits, *(name for name in ("limits", "host", "enforce", "tenant", "oom_group") if name in own)):
        raise TypeError(f"{name}: it is that of the pool")
    plan_of_pool: Plan = pool.plan
    return plan_of_pool


def _native(own: Mapping[str, Any], words: Any, files: Files) -> _abi.RunOptions:
    pass_fds, n_pass_fds = numbers_of(own.get("pass_fds", ()))
    kill_after = own.get("kill_after")
    pool, admission = own.get("pool"), own.get("admission")
    usec = 0 if kill_after is None else duration_usec(kill_after, "kill_after") or _abi.UNLIMITED
    return sized(
        _abi.RunOptions, argv=words, envp=environment_of(own.get("env")),
        tenant=encode_or_none(pool.tenant if pool else own.get("tenant"), "tenant"),
        name=encode_or_none(own.get("name"), "name"), signal=int(own.get("signal", 0)), kill_after_usec=usec, fds=files.array,
        wait_all=bool(own.get("wait_all", False)), no_oom_group=not own.get("oom_group", True),
        preserve_status=bool(own.get("preserve_status", False)),
        output_mode=OutputMode.named("output_mode", own.get("output_mode", "kill")).number, pass_fds=pass_fds, n_pass_fds=n_pass_fds,
        descent=bool(own.get("descent", False)), admission=admission._use().pointer if admission else None,
        pool=pool._use().pointer if pool else None, user=encode_or_none(own.get("user"), "user"),
        new_privileges=not own.get("no_new_privs", True), foreground=bool(own.get("foreground", False)),
        no_figures=not own.get("figures", True),
        **surroundings_of(files, own.get("cwd"), own.get("umask"), own.get("append", False)))


class Run(Handle):
    """A command that was started under limits, with all that it starts.

        with ration.Run(["make"], memory="1G", pids=200) as run:
            receipt = run.wait()

        async with ration.Run(["make"], memory="1G") as run:
            receipt = await run

    The command is born in its group. It and its descendants end with the run: at a limit, when the
    command ends, at close(), at the end of the ``with`` block, when the object is collected, and
    when this process dies, by whatever signal. Options: see `RunOptions`; limits are those of `Limits`.

    Raises InvalidError, UnavailableError (the policy forbids it), CommandError (the command can't be
    executed), Error. Then nothing is left of it. A limit that is enforced by less than the kernel is an
    EnforcementWarning, unless ``enforce="strict"`` refuses it.

    Threads can share a run. In a fork of this process its handle can't be used, and nothing
    happens to it there.
    """

    def __init__(self, argv: Sequence[Argument], **options: Unpack[RunOptions]) -> None:
        self._start(argv, options, 3)

    def _start(self, argv: Sequence[Argument], options: Mapping[str, Any], stacklevel: int) -> None:
        words = words_of(argv)
        self.command: Tuple[str, ...] = tuple(os.fsdecode(each) for each in words)
        self._receipt: Optional[Receipt] = None
        self._waits = Waits()
        self._overdue: Optional[str] = None
        own, limits = _split(options)
        self.plan = _plan_of(own, limits)
        files = Files(own.get("stdin"), own.get("stdout"), own.get("stderr"))
        try:
            argv_array = (ctypes.c_char_p * (len(words) + 1))(*words, None)
            native, pointer = _native(own, argv_array, files), ctypes.c_void_p()
            host = self.plan.host._use()
            # Before, as in Node.create(): a program can make it an error, and nothing may be left then.
            if own.get("pool") is None:
                self.plan._warn(stacklevel)
            with DEFAULT_SIGNALS:
                call("ration_run_start", host.pointer, self.plan._owned.pointer, ctypes.byref(native), ctypes.byref(pointer))
            self._owned = Owned("run", pointer, lib.ration_run_free, self.plan._owned, host)
        except BaseException:
            files.abandon()
            raise
        finally:
            files.close()
        self._take(files)

    def _take(self, files: Files) -> None:
        owned = self._use()
        #: The pid of the command, as long as it isn't over.
        self.pid: int = owned.read("ration_run_pid")
        #: The address of its group, "TENANT/NAME".
        self.group: str = word(owned.read("ration_run_address"))
        #: Our ends of pipes, binary and unbuffered, or None.
        self.stdin: Optional[IO[bytes]] = open(files.ours[0], "wb", 0) if 0 in files.ours else None
        self.stdout: Optional[IO[bytes]] = open(files.ours[1], "rb", 0) if 1 in files.ours else None
        self.stderr: Optional[IO[bytes]] = open(files.ours[2], "rb", 0) if 2 in files.ours else None

    # ---------------------------------------------------------------- the end

    @property
    def receipt(self) -> Optional[Receipt]:
        """Why it ended and what it used; None before."""
        return self._receipt

    @property
    def waiting(self) -> Optional[str]:
        """What keeps a run from ending although all of it was killed, or None: "process 4711 (dd):
        uninterruptible sleep ...". interrupt() once more gives up."""
        return self._overdue

    def poll(self) -> Optional[Receipt]:
        """Handles what has happened, without waiting. Returns the receipt, or None."""
        if self._receipt is None:
            owned = self._use()
            with owned.lock:
                if self._receipt is None and owned.call("ration_run_dispatch"):
                    self._receipt = read_receipt(owned.read("ration_run_receipt"), self.plan, self.command)
                    self._release()
                elif self._receipt is None:
                    buffer = ctypes.create_string_buffer(_abi.WAITING_MAX)
                    self._overdue = text(buffer.value) if owned.read("ration_run_waiting", buffer) else None
        return self._receipt

    def wait(self, timeout: Optional[Duration] = None) -> Receipt:
        """Waits for the end. Raises TimeoutError if that takes longer than `timeout`; the run goes on."""
        deadline = Deadline(None if timeout is None else duration_usec(timeout, "timeout") / 1e6)
        while True:
            receipt = self.poll()
            if receipt is not None:
                return receipt
            if deadline.over():
                raise TimeoutError(f"{self.group} isn't over after {timeout}")
            self._waits.blocking(self._duplicate, deadline.left())

    async def wait_async(self) -> Receipt:
        """wait() in an event loop, without a thread; ``await run`` is the same. If the task is
        cancelled the run goes on: run() and ``async with`` end it."""
        while True:
            receipt = self.poll()
            if receipt is not None:
                return receipt
            await self._waits.readable(self._duplicate)

    def __await__(self) -> Generator[Any, None, Receipt]:
        return self.wait_async().__await__()

    def fileno(self) -> int:
        """An fd that polls readable when poll() has something to do. Don't read or close it."""
        fd: int = self._use().read("ration_run_fd")
        return fd

    def _duplicate(self) -> int:
        owned = self._use()
        with owned.lock:
            if self._receipt is not None:
                # Over, by another's hand: what is readable at once.
                out, into = os.pipe()
                os.close(into)
                return out
            return os.dup(owned.read("ration_run_fd"))

    # ---------------------------------------------------------------- signals

    def signal(self, sig: int) -> None:
        """Sends a signal to the command, not to its children. One that has ended is no error."""
        if self._receipt is None:
            self._use().call("ration_run_signal", int(sig))

    def interrupt(self, sig: int = _signal.SIGTERM) -> None:
        """Ends the run: `sig` to every process, SIGKILL after `kill_after`. The verdict will be
        "interrupted". Returns at once."""
        if self._receipt is None:
            self._use().call("ration_run_interrupt", int(sig), False)
            # A wait has more to look at than its fd now.
            self._waits.wake()

    def pidfd(self) -> int:
        """A new pidfd of the command, which is the caller's to close. Don't wait for it by that."""
        return self._use().call("ration_run_pidfd")

    # -------------------------------------------------------------- clean-up

    def _release(self) -> None:
        """Lets go of the library's handle; our ends of pipes are the caller's still."""
        if self._owned is not None:
            self._owned.free()
        self._waits.wake()

    def close(self) -> None:
        """Kills the run if it isn't over, at most for some seconds, and frees it. Can be called twice."""
        self._release()
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()

    async def aclose(self) -> None:
        """close() in an event loop: it waits there for the end, not in the way of other tasks."""
        try:
            if self._receipt is None and not self.closed:
                self.interrupt(_signal.SIGKILL)
                await asyncio.wait_for(self.wait_async(), _PATIENCE)
        except asyncio.TimeoutError:
            pass
        finally:
            self.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Run:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        owned = self._owned
        if owned is not None and not owned.closed and not owned.foreign:
            warnings.warn(f"{self!r} wasn't closed, and is ended now", ResourceWarning, source=self)
            owned.free()

    def __repr__(self) -> str:
        state = str(self._receipt.verdict) if self._receipt else "closed" if self.closed else f"pid {self.pid}"
        return f"<ration.Run {self.command[0] if self.command else ''!r} {getattr(self, 'group', '')}: {state}>"


def _piped(options: Dict[str, Any], input: Union[bytes, str, None], capture_output: bool) -> None:
    """The pipes that run() and run_sync() ask for."""
    if input is not None:
        if options.get("stdin") is not None:
            raise TypeError("give input=... or stdin=..., but not both")
        options["stdin"] = PIPE
    if capture_output:
        if options.get("stdout") is not None or options.get("stderr") is not None:
            raise TypeError("give capture_output=True, or stdout=... and stderr=..., but not both")
        options.update(stdout=PIPE, stderr=PIPE)
    pipes = [name for name in ("stdin", "stdout", "stderr") if options.get(name) == PIPE]
    if set(pipes) - {"stdin"} and not capture_output or "stdin" in pipes and input is None:
        raise TypeError(f"{pipes[0]}=PIPE: use Run, or capture_output=True and input=...")


def _begin(argv: Sequence[Argument], input: Union[bytes, str, None], capture_output: bool, options: Mapping[str, Any]) -> Tuple[Run, Feed]:
    if input is not None and not isinstance(input, (bytes, bytearray, memoryview, str)):
        raise TypeError(f"input: {input!r} isn't bytes or a str")
    given = dict(options)
    _piped(given, input, capture_output)
    it = Run.__new__(Run)
    it._start(argv, given, 4)
    return it, Feed(it.stdin, it.stdout, it.stderr, input.encode() if isinstance(input, str) else input)


def _complete(receipt: Receipt, feed: Feed) -> Receipt:
    out, err = feed.finish()
    return replace(receipt, stdout=out, stderr=err) if out is not None else receipt


async def run(argv: Sequence[Argument], *, input: Union[bytes, str, None] = None, capture_output: bool = False,
              **options: Unpack[RunOptions]) -> Receipt:
    """Runs a command under limits and returns its receipt, without a thread.

        receipt = await ration.run(["tail", "/dev/zero"], memory="64M", timeout="10s")

    Hundreds can run at once in one event loop. A cancelled task kills its run and waits for
    the end of it. See `Run` for the options, and what it raises; a command that fails doesn't raise,
    but ``(await ration.run(...)).check()`` does.

    Args:
        input: bytes, or a str in UTF-8, for its stdin.
        capture_output: keep what it writes in ``receipt.stdout`` and ``.stderr``: with
            ``output_limit``, else it is as much as the command likes.
    """
    it, feed = _begin(argv, input, capture_output, options)
    try:
        loop = asyncio.get_running_loop()
        feed.attach(loop)
        try:
            receipt = await it
        finally:
            feed.detach(loop)
        return _complete(receipt, feed)
    except GeneratorExit:
        # Nobody is left to wait.
        raise
    except BaseException:
        await it.aclose()
        raise
    finally:
        it.close()


def run_sync(argv: Sequence[Argument], *, input: Union[bytes, str, None] = None, capture_output: bool = False,
             **options: Unpack[RunOptions]) -> Receipt:
    """run() for programs without an event loop. KeyboardInterrupt, or any exception of a signal handler,
    kills the run."""
    it, feed = _begin(argv, input, capture_output, options)
    try:
        while True:
            receipt = it.poll()
            if receipt is not None:
                return _complete(receipt, feed)
            feed.blocking(it.fileno())
    finally:
        it.close()
