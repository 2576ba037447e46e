# SPDX-License-Identifier: MIT
"""What goes through the pipes of a run while that is under way."""

from __future__ import annotations

import asyncio
import os
import select
from typing import IO, Dict, List, Optional, Tuple

_CHUNK = 65536
# What a pipe can hold (/proc/sys/fs/pipe-max-size): who escaped and goes on writing isn't waited for.
_PIPE_MAX = 1 << 20


class Feed:
    """Writes `input` to the command's stdin, and keeps what it writes.

    When the run is over nobody is left who writes, but for who left its group: so finish()
    takes what is in the pipes then, and doesn't wait for their end.
    """

    def __init__(self, stdin: Optional[IO[bytes]], stdout: Optional[IO[bytes]], stderr: Optional[IO[bytes]], input: Optional[bytes]) -> None:
        self._in = stdin
        self._left = memoryview(input or b"")
        self._read: Dict[int, IO[bytes]] = {file.fileno(): file for file in (stdout, stderr) if file is not None}
        self._chunks: Dict[int, List[bytes]] = {fd: [] for fd in self._read}
        self._order = list(self._read)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        for file in (stdin, stdout, stderr):
            if file is not None:
                os.set_blocking(file.fileno(), False)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for fd in self._read:
            loop.add_reader(fd, self._take, fd)
        if self._in is not None:
            loop.add_writer(self._in.fileno(), self._give)

    def detach(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            for fd in self._read:
                loop.remove_reader(fd)
            if self._in is not None:
                loop.remove_writer(self._in.fileno())
        self._loop = None

    def blocking(self, fd: int) -> None:
        """Waits for `fd` once, and serves the pipes meanwhile."""
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        for each in self._read:
            poll.register(each, select.POLLIN)
        if self._in is not None:
            poll.register(self._in.fileno(), select.POLLOUT)
        for ready, _ in poll.poll():
            if ready in self._read:
                self._take(ready)
            elif ready != fd:
                self._give()

    def _take(self, fd: int) -> bool:
        """Reads once. Returns whether there was something."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            if self._loop is not None:
                self._loop.remove_reader(fd)
            self._read.pop(fd).close()
            return False
        self._chunks[fd].append(data)
        return True

    def _give(self) -> None:
        if self._in is None:
            return
        try:
            if len(self._left):
                self._left = self._left[os.write(self._in.fileno(), self._left[:_CHUNK]):]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._left = memoryview(b"")
        if not len(self._left):
            if self._loop is not None:
                self._loop.remove_writer(self._in.fileno())
            self._in.close()
            self._in = None

    def finish(self) -> Tuple[Optional[bytes], Optional[bytes]]:
        """What the command has written to both, if that was asked for."""
        for fd in list(self._read):
            for _ in range(_PIPE_MAX // _CHUNK + 1):
                if not self._take(fd):
                    break
        found = [b"".join(self._chunks[fd]) for fd in self._order]
        return (found[0], found[1]) if len(found) == 2 else (None, None)
