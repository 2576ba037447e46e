# SPDX-License-Identifier: MIT
"""Waiting for a file descriptor of the library, with an event loop or without.

What waits has a copy of the fd: so several tasks, and several loops, can wait for one run, and
nothing polls a number that was closed in the meantime. A close wakes all; so each waits for
that before it has its copy, which `duplicate` makes, or says that the handle is closed.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from typing import Callable, List, Optional


class Waits:
    """Who waits for one handle."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._wakers: List[Callable[[], None]] = []

    def wake(self) -> None:
        """Ends all waits; each then looks for itself."""
        with self._lock:
            wakers, self._wakers = self._wakers, []
            for waker in wakers:
                waker()

    def _forget(self, waker: Callable[[], None]) -> None:
        with self._lock:
            if waker in self._wakers:
                self._wakers.remove(waker)

    def blocking(self, duplicate: Callable[[], int], timeout: Optional[float]) -> None:
        """Waits until the fd is readable, the time is up, or wake()."""
        copy, (out, into) = -1, os.pipe()

        def waker() -> None:
            os.write(into, b"\0")

        try:
            with self._lock:
                self._wakers.append(waker)
            copy = duplicate()
            poll = select.poll()
            poll.register(copy, select.POLLIN)
            poll.register(out, select.POLLIN)
            # What is longer than C has room for, 24 days, is waited for again.
            poll.poll(None if timeout is None else min(max(0.0, timeout) * 1000, 2**31 - 1))
        finally:
            self._forget(waker)
            for each in (copy, out, into):
                if each >= 0:
                    os.close(each)

    async def readable(self, duplicate: Callable[[], int]) -> None:
        """The same with the running event loop: no thread, no time out."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        copy = -1

        def done() -> None:
            if not future.done():
                future.set_result(None)

        def waker() -> None:
            try:
                loop.call_soon_threadsafe(done)
            except RuntimeError:
                pass  # that loop is closed, and so nobody waits

        try:
            with self._lock:
                self._wakers.append(waker)
            copy = duplicate()
            loop.add_reader(copy, done)
            await future
        finally:
            self._forget(waker)
            if copy >= 0:
                if not loop.is_closed():
                    loop.remove_reader(copy)
                os.close(copy)


class Deadline:
    """A time limit, as what is left of it."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> Optional[float]:
        return None if self._end is None else self._end - time.monotonic()

    def over(self) -> bool:
        left = self.left()
        return left is not None and left <= 0
