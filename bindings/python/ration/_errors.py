# SPDX-License-Identifier: MIT
"""Exceptions: why a call failed, and what to do about it."""

from __future__ import annotations

import errno as _errno
from typing import Dict, Type

from . import _abi
from ._abi import Cause


class Error(OSError):
    """A call of ration failed.

    ``str()`` is what the command `ration` would print: one sentence, and the hint behind it.

    Attributes:
        cause: why, as a word: ``ration.Cause.NO_CONTROLLER``. The kernel uses one errno for
            ten different causes.
        errno: a number of the module `errno`, positive.
        message: what was tried, on what, and why it failed.
        hint: what to do about it, or "".
    """

    def __init__(self, message: str, hint: str = "", cause: Cause = Cause.UNKNOWN, code: int = _errno.EINVAL) -> None:
        super().__init__(code, message)
        self.message, self.hint, self.cause = message, hint, cause

    @property
    def code(self) -> int:
        """The number that the call of the library returned: negative errno."""
        return -(self.errno or 0)

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[type[Error], tuple[str, str, Cause, int]]:
        return type(self), (self.message, self.hint, self.cause, self.errno or 0)


class InvalidError(Error, ValueError):
    """A value is malformed or out of range, or two values exclude each other."""


class UnavailableError(Error):
    """This host can't enforce it: no cgroup, no controller, an old kernel, another user's directory."""


class GroupError(Error):
    """The group exists, doesn't exist, vanished, has processes, or has used up what it may use."""


class CommandError(Error):
    """The command couldn't be executed; ``errno`` is that of execve(2)."""


class ClosedError(ValueError):
    """The handle was closed, or belongs to the process that this one was forked from."""


class EnforcementWarning(UserWarning):
    """A limit that was asked for is enforced by something weaker than the kernel, or by nothing."""


_CLASSES: Dict[int, Type[Error]] = {1: InvalidError, 2: UnavailableError, 3: GroupError}


def from_native(result: int, native: _abi.Error) -> Error:
    """The exception for a call that returned `result`, with what it has filled in."""
    cause = Cause.of(native.cause)
    kind = _CLASSES.get(native.cause // 100, Error)
    if cause is Cause.COMMAND:
        kind = CommandError
    message = native.message.decode(errors="replace") or _errno.errorcode.get(-result, f"error {-result}")
    return kind(message, native.hint.decode(errors="replace"), cause, -result)
