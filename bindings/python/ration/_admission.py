# SPDX-License-Identifier: MIT
"""One's turn for room in a budget."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Generator, Optional

from . import _abi
from ._host import Host
from ._lib import Handle, Owned, call, encode_or_none, lib, sized, word
from ._limits import Duration, Enforce, LimitOptions, Limits, duration_usec
from ._plan import Plan
from ._wait import Waits

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Admission(Handle):
    """A place in the queue for room in the budgets of a tenant and of the namespace: first come, first served,
    among all processes.

        async with ration.Admission(tenant="acme", memory="1G") as turn:
            await turn
            receipt = await ration.run(["make"], tenant="acme", memory="1G", admission=turn)

    Args:
        limits, enforce, host, tenant: of the run, which has the same; the limits can be keywords.
        max_wait: how long to wait; for ever.

    It is for one run. Raises GroupError with Cause.BUDGET (no room in time), InvalidError (a limit is missing, or
    there never is as much room). The others wait until the run has started or this is closed.
    """

    def __init__(self, limits: Optional[Limits] = None, *, tenant: Optional[str] = None, max_wait: Optional[Duration] = None,
                 host: Optional[Host] = None, enforce: Enforce = "fallback", **given: Unpack[LimitOptions]) -> None:
        self.tenant = tenant
        self.plan = Plan(limits, host=host, enforce=enforce, tenant=tenant, **given)
        self.plan.check()
        self._waits = Waits()
        owned, pointer = self.plan.host._use(), ctypes.c_void_p()
        options = sized(_abi.AdmissionOptions, tenant=encode_or_none(tenant, "tenant"),
                        wait_usec=0 if max_wait is None else duration_usec(max_wait, "max_wait"))
        call("ration_admission_new", owned.pointer, self.plan._owned.pointer, ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("admission", pointer, lib.ration_admission_free, self.plan._owned, owned)

    def poll(self) -> bool:
        """Looks, without waiting. True: it is its turn."""
        owned = self._use()
        with owned.lock:
            return bool(owned.call("ration_admission_dispatch"))

    def wait(self) -> None:
        """Waits until it is its turn."""
        while not self.poll():
            self._waits.blocking(self._duplicate, None)

    async def wait_async(self) -> None:
        """wait() in an event loop, without a thread; ``await admission`` is the same."""
        while not self.poll():
            await self._waits.readable(self._duplicate)

    def __await__(self) -> Generator[Any, None, None]:
        return self.wait_async().__await__()

    def fileno(self) -> int:
        """An fd that polls readable when poll() has something to do. Don't read or close it."""
        fd: int = self._use().read("ration_admission_fd")
        return fd

    def _duplicate(self) -> int:
        owned = self._use()
        with owned.lock:
            return os.dup(owned.read("ration_admission_fd"))

    @property
    def ahead(self) -> int:
        """How many are before it in its queue. More than 8 can be too high: those who gave up are counted until their turn comes."""
        ahead: int = self._use().read("ration_admission_ahead")
        return ahead

    @property
    def reason(self) -> str:
        """What it waits for, a sentence; "" once it is its turn."""
        return word(self._use().read("ration_admission_reason"))

    def close(self) -> None:
        """Gives up the place. Can be called twice."""
        if self._owned is not None:
            self._owned.free()
            self._waits.wake()

    def __enter__(self) -> Admission:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Admission:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
