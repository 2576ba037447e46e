# SPDX-License-Identifier: MIT
"""What happens to a live group."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import Iterable, Optional

from . import _abi
from ._abi import EventKind
from ._lib import Handle, Owned, call, lib, sized
from ._limits import Duration, duration_usec
from ._wait import Deadline, Waits


@dataclass(frozen=True)
class Event:
    """Something that has happened.

    Attributes:
        kind: "oom", "oom-kill", "memory-high", "tasks-refused", "populated", "empty", "frozen",
            "thawed", "gone" (the last), "pressure".
        count: how often since it was last reported.
        stalled_usec, elapsed_usec: of "pressure": stalled for so long, in that time; else None.
    """

    kind: EventKind
    count: int
    stalled_usec: Optional[int] = None
    elapsed_usec: Optional[int] = None


class Events(Handle):
    """The events of a tenant or a group, from now on: made by ``group.events()``.

        with group.events() as events:
            async for event in events:
                print(event.kind)

    Ends after "gone". A plain ``for`` waits without an event loop; next(timeout) does so once. Costs
    nothing while nothing happens.
    """

    def __init__(self, group: Owned, kinds: Optional[Iterable[str]], pressure: str, stall: Optional[Duration], window: Optional[Duration]) -> None:
        if pressure not in ("some", "full"):
            raise ValueError(f"pressure: {pressure!r} isn't 'some' or 'full'")
        if isinstance(kinds, str):
            raise TypeError(f"kinds: {kinds!r} isn't a list of kinds")
        bits = sum({1 << EventKind.named("kinds", kind).number for kind in kinds or ()})
        options = sized(_abi.EventsOptions, kinds=bits, pressure_some=pressure == "some",
                        pressure_stall_usec=0 if stall is None else duration_usec(stall, "stall"),
                        pressure_window_usec=0 if window is None else duration_usec(window, "window"))
        pointer = ctypes.c_void_p()
        with group.lock:
            call("ration_events_open", group.pointer, ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("events", pointer, lib.ration_events_free)
        self._waits = Waits()
        self._gone = False

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds that are available here."""
        bits = self._use().read("ration_events_kinds")
        return frozenset(kind for kind in EventKind if kind.number >= 0 and bits >> kind.number & 1)

    def poll(self) -> Optional[Event]:
        """One event that has happened, without waiting, or None."""
        if self._gone:
            return None
        it = sized(_abi.Event)
        if not self._use().call("ration_events_next", ctypes.byref(it)):
            return None
        kind = EventKind.of(it.kind)
        self._gone = kind is EventKind.GONE
        pressed = kind is EventKind.PRESSURE
        return Event(kind, it.count, it.stalled_usec if pressed else None, it.elapsed_usec if pressed else None)

    def next(self, timeout: Optional[Duration] = None) -> Optional[Event]:
        """Waits for an event. Returns None if there will be no more; raises TimeoutError."""
        deadline = Deadline(None if timeout is None else duration_usec(timeout, "timeout") / 1e6)
        while True:
            event = self.poll()
            if event is not None or self._gone:
                return event
            if deadline.over():
                raise TimeoutError(f"no event within {timeout}")
            self._waits.blocking(self._duplicate, deadline.left())

    async def next_async(self) -> Optional[Event]:
        """The same in an event loop, without a thread."""
        while True:
            event = self.poll()
            if event is not None or self._gone:
                return event
            await self._waits.readable(self._duplicate)

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Event:
        event = await self.next_async()
        if event is None:
            raise StopAsyncIteration
        return event

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event:
        event = self.next()
        if event is None:
            raise StopIteration
        return event

    def fileno(self) -> int:
        """An fd that polls readable when poll() has something to report. Don't read or close it."""
        fd: int = self._use().read("ration_events_fd")
        return fd

    def _duplicate(self) -> int:
        owned = self._use()
        with owned.lock:
            return os.dup(owned.read("ration_events_fd"))

    def close(self) -> None:
        """Stops watching. Can be called twice; who waits gets ClosedError."""
        if self._owned is not None:
            self._owned.free()
        self._waits.wake()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Events:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
