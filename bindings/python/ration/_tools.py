# SPDX-License-Identifier: MIT
"""A wrapper in shell, for tools that take a string."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Optional, Sequence

from . import _abi
from ._abi import Os
from ._command import Argument, words_of
from ._lib import array, call, sized, word
from ._limits import LimitOptions, Limits, merge

if TYPE_CHECKING:
    from typing_extensions import Unpack

_libc = ctypes.CDLL(None)
_libc.free.argtypes = [ctypes.c_void_p]


def wrap(argv: Sequence[Argument], *, os: str = "this", limits: Optional[Limits] = None, **given: Unpack[LimitOptions]) -> str:
    """One line of shell that runs a command under ulimit, as `ration wrap` prints it.

    Limits are `memory` (of a guest: -v is 14 times that), `cpu_time` ("1h") and `pids` (100). `os` is "linux",
    "macos" or "this". Each limit is that of each process, or of the user: Run enforces more.
    """
    pointer = ctypes.c_void_p()
    options = sized(_abi.WrapOptions, argv=array(words_of(argv)), os=Os.named("os", os).number)
    made = merge(limits, given)._make()
    call("ration_wrap", made.pointer, ctypes.byref(options), ctypes.byref(pointer))
    try:
        return word(ctypes.string_at(pointer.value or 0))
    finally:
        _libc.free(pointer)
