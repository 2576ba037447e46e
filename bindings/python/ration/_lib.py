# SPDX-License-Identifier: MIT
"""The library, loaded; and the owner of what it hands out.

An `Owned` is one handle of the library. Its lock keeps two threads out of it at once, since
ctypes lets go of the interpreter during a call; it refuses what comes after free(), and in
a process that was forked, where the handle belongs to the parent. It holds what
it was made of (`needs`), so that reference counting frees a host after the last run on it,
whoever is closed first.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple, Type, TypeVar

from . import _abi, _errors

_SONAME = "libration.so.0"
_OLDEST = 200
_S = TypeVar("_S", bound=ctypes.Structure)
_INTEGERS = (ctypes.c_int, ctypes.c_uint, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint64)
#: Of each function the parameters that are integers.
_numbers: Dict[str, Tuple[Tuple[int, Any], ...]] = {}


def _load() -> Any:
    try:
        library = ctypes.CDLL(_SONAME)
    except OSError as error:
        raise ImportError(f"{error}: install libration, and run ldconfig if it isn't in a folder of the distribution; "
                          "LD_LIBRARY_PATH names another folder") from None
    if not hasattr(library, "ration_version_number") or library.ration_version_number() < _OLDEST:
        raise ImportError(f"{_SONAME} is older than 0.2.0")
    for name, (result, parameters) in _abi.FUNCTIONS.items():
        _numbers[name] = tuple((i, kind) for i, kind in enumerate(parameters) if kind in _INTEGERS)
        # One that an older library lacks is missing when it is called.
        function = getattr(library, name, None)
        if function is not None:
            function.restype, function.argtypes = result, parameters
    return library


lib = _load()


def fits(kind: Any, value: Any, what: str) -> None:
    """Raises where ctypes would cut a number to what C has room for: 2**32 + 9 would be signal 9."""
    if isinstance(value, int) and kind(value).value != value:
        bits, signed = 8 * ctypes.sizeof(kind), kind(-1).value < 0
        least, most = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        raise ValueError(f"{what}: {value} isn't {least} to {most}")


def call(name: str, *arguments: Any) -> int:
    """Calls a function whose last parameter is `reterr`; raises what that says."""
    for i, kind in _numbers[name]:
        # The last parameter is ours.
        fits(kind, arguments[i], name)
    error = _abi.Error()
    result: int = getattr(lib, name)(*arguments, ctypes.byref(error))
    if result < 0:
        raise _errors.from_native(result, error)
    return result


def sized(kind: Type[_S], **fields: Any) -> _S:
    """A struct that begins with its size."""
    for name, its, *_ in kind._fields_:
        if its in _INTEGERS and name in fields:
            fits(its, fields[name], name)
    return kind(ctypes.sizeof(kind), **fields)


def text(value: Optional[bytes]) -> Optional[str]:
    """A string of the library; None stays None."""
    return None if value is None else os.fsdecode(value)


def word(value: Optional[bytes]) -> str:
    return os.fsdecode(value or b"")


def encode(value: Any, what: str) -> bytes:
    """A str, bytes or path as a C string."""
    try:
        encoded = os.fsencode(value)
    except TypeError:
        raise TypeError(f"{what}: {value!r} isn't a str, bytes or a path") from None
    if b"\0" in encoded:
        raise ValueError(f"{what}: {value!r} has a null byte in it")
    return encoded


def encode_or_none(value: Any, what: str) -> Optional[bytes]:
    return None if value is None else encode(value, what)


def known(value: int) -> Optional[int]:
    """A number of the library; None for what isn't known."""
    return None if value == _abi.UNKNOWN else value


class Owned:
    """One handle of the library, freed once."""

    def __init__(self, what: str, pointer: ctypes.c_void_p, free: Callable[[Any], Any], *needs: "Owned") -> None:
        self._what, self._pointer, self._free, self._needs = what, pointer.value, free, needs
        self._pid = os.getpid()
        self._lock = threading.RLock()

    @property
    def closed(self) -> bool:
        return self._pointer is None

    @property
    def foreign(self) -> bool:
        """Whether it belongs to the process that this one was forked from."""
        return self._pid != os.getpid()

    @property
    def lock(self) -> Any:
        """To be alone in it. Refused in a fork, for which it may be held for ever."""
        self.refuse()
        return self._lock

    @property
    def pointer(self) -> int:
        """For one call. Hold the lock during it, unless the library lets several threads read it."""
        self.refuse()
        if self._pointer is None:
            raise _errors.ClosedError(f"this {self._what} is closed")
        return self._pointer

    def refuse(self) -> None:
        """Raises in a fork, which can have copied the lock when it was held."""
        if self.foreign:
            raise _errors.ClosedError(f"this {self._what} belongs to process {self._pid}, of which this one is a fork")

    def call(self, name: str, *arguments: Any) -> int:
        """call() with this handle as the first argument, alone in it."""
        with self.lock:
            return call(name, self.pointer, *arguments)

    def read(self, name: str, *arguments: Any) -> Any:
        """The same, of a function that can't fail."""
        with self.lock:
            return getattr(lib, name)(self.pointer, *arguments)

    def free(self) -> None:
        """Frees it, unless that was done, or it is the parent's."""
        if self.foreign:
            return
        with self.lock:
            pointer, self._pointer = self._pointer, None
            if pointer is not None:
                self._free(pointer)
            self._needs = ()

    def __del__(self) -> None:
        # Of one whose __init__ failed there is nothing to free.
        if getattr(self, "_needs", None) is not None:
            self.free()


class Handle:
    """What public classes have in common: close(), ``with``, and the end of their `Owned`."""

    _owned: Optional[Owned] = None

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._owned is None or self._owned.closed

    def _use(self) -> Owned:
        owned = self._owned
        if owned is None:
            raise _errors.ClosedError(f"this {type(self).__name__.lower()} is closed")
        return owned


def array(values: List[bytes]) -> Any:
    """A NULL-terminated array of strings."""
    return (ctypes.c_char_p * (len(values) + 1))(*values, None)
