# SPDX-License-Identifier: MIT
"""A command: its words, environment and files, as the library takes them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ._lib import array, encode, fits

#: What a command's stdin, stdout or stderr can be; those of `subprocess`.
DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
Argument = Union[str, bytes, "os.PathLike[str]"]
File = Union[None, int, IO[Any], str, "os.PathLike[str]"]


def words_of(argv: Sequence[Argument]) -> List[bytes]:
    if isinstance(argv, (str, bytes)) or not isinstance(argv, Sequence):
        raise TypeError(f"argv: {argv!r} isn't a list of words; shlex.split() makes one of a line")
    if not argv:
        raise ValueError("argv: it has no command")
    return [encode(each, "argv") for each in argv]


def environment_of(env: Optional[Mapping[str, str]]) -> Any:
    """An array, or None for the environment of this process."""
    if env is None:
        return None
    if not isinstance(env, Mapping):
        raise TypeError(f"env: {env!r} isn't a mapping")
    pairs = []
    for name, value in env.items():
        if not name or "=" in os.fsdecode(name):
            raise ValueError(f"env: {name!r} isn't a name")
        pairs.append(encode(name, "env") + b"=" + encode(value, "env"))
    return array(pairs)


def numbers_of(fds: Sequence[int]) -> Tuple[Any, int]:
    """An array of fds, and its length."""
    numbers = [_number(fd, "pass_fds") for fd in fds]
    return ((ctypes.c_int * len(numbers))(*numbers) if numbers else None), len(numbers)


def _number(file: Any, what: str) -> int:
    if isinstance(file, bool) or not (isinstance(file, int) or hasattr(file, "fileno")):
        raise TypeError(f"{what}: {file!r} isn't a file, a path, a file descriptor, None, DEVNULL, PIPE or STDOUT")
    number: int = file if isinstance(file, int) else file.fileno()
    if number < 0:
        raise ValueError(f"{what}: {number} isn't a file descriptor")
    fits(ctypes.c_int, number, what)
    return number


def surroundings_of(files: Files, cwd: Any, umask: Optional[int], append: bool) -> Dict[str, Any]:
    """Where it starts, as fields of the library's options."""
    if umask is not None and (isinstance(umask, bool) or not isinstance(umask, int) or not 0 <= umask <= 0o777):
        raise ValueError(f"umask: {umask!r} isn't 0 to 0o777")
    return {"cwd": None if cwd is None else encode(cwd, "cwd"), "set_umask": umask is not None, "umask": umask or 0,
            "stdin_file": files.paths[0], "stdout_file": files.paths[1], "stderr_file": files.paths[2],
            "append_stdout": bool(append), "append_stderr": bool(append), "stderr_to_stdout": files.merged}


class Files:
    """The three files of a command. close() closes what was opened for the start; what is left in
    `ours` are our ends of pipes."""

    def __init__(self, stdin: File, stdout: File, stderr: File) -> None:
        self._opened: List[int] = []
        #: Those that the command opens itself, with its own rights and from its own directory.
        self.paths: List[Optional[bytes]] = [None, None, None]
        #: 0, 1, 2 -> our end of its pipe
        self.ours: Dict[int, int] = {}
        try:
            numbers = [self._open(0, stdin, "stdin"), self._open(1, stdout, "stdout")]
            numbers.append(numbers[1] if stderr == STDOUT else self._open(2, stderr, "stderr"))
            #: stderr is what the command opens as its stdout.
            self.merged = stderr == STDOUT and self.paths[1] is not None
        except BaseException:
            self.close()
            self.abandon()
            raise
        # NULL says that this process's own are meant, whether they are open or not.
        own = all(file is None or isinstance(file, (str, os.PathLike)) for file in (stdin, stdout, stderr))
        self.array = None if own else (ctypes.c_int * 3)(*numbers)

    def _open(self, number: int, file: File, what: str) -> int:
        if isinstance(file, (str, os.PathLike)):
            self.paths[number], file = encode(file, what), None
        if file is None:
            try:
                os.fstat(number)
                return number
            except OSError:
                file = DEVNULL
        if file == DEVNULL:
            self._opened.append(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))
            return self._opened[-1]
        if file == PIPE:
            out, into = os.pipe()
            theirs, self.ours[number] = (out, into) if number == 0 else (into, out)
            self._opened.append(theirs)
            return theirs
        return _number(file, what)

    def close(self) -> None:
        while self._opened:
            os.close(self._opened.pop())

    def abandon(self) -> None:
        while self.ours:
            os.close(self.ours.popitem()[1])


class _PythonsSignals:
    """Python ignores SIGPIPE and SIGXFSZ, which a command would inherit: `yes | head` would complain, and a
    limit on files not end it. A signal with a handler is at its default after an exec. So there
    is one while commands are started: abs() of the C library, which does nothing and needs no
    interpreter. Other threads see what they saw: a write to a closed pipe fails with EPIPE.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._libc.signal.argtypes, self._libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
        self._nothing = ctypes.cast(self._libc.abs, ctypes.c_void_p)
        self._ignore = ctypes.c_void_p(int(signal.SIG_IGN))
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """In a fork, whose other threads are gone."""
        self._lock = threading.Lock()
        self._users = 0
        self._changed: List[int] = []

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                # Only what is ignored: a handler is none of our business.
                if signal.getsignal(number) == signal.SIG_IGN:
                    self._libc.signal(number, self._nothing)
                    self._changed.append(number)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            while self._users == 0 and self._changed:
                self._libc.signal(self._changed.pop(), self._ignore)


#: ``with DEFAULT_SIGNALS:`` around the start of a command.
DEFAULT_SIGNALS = _PythonsSignals()
