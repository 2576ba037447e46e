# SPDX-License-Identifier: MIT
"""Groups that are ready before there is a command for them."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Optional

from . import _abi
from ._host import Host
from ._lib import Handle, Owned, call, encode_or_none, lib, sized
from ._limits import Enforce, LimitOptions, Limits
from ._plan import Plan

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Pool(Handle):
    """Makes the groups of runs ahead, with their limits: for hosts with bursts of requests.

        with ration.Pool(8, memory="64M", pids=50) as pool:
            pool.fill()                               # when there is time
            receipt = await ration.run(["job"], pool=pool)

    Args:
        groups: how many fill() keeps ready.
        limits, enforce, host: as for Run; the limits can be keywords.
        tenant: of the groups; "default".
        oom_group: an OOM kill ends all processes of a run, not one.

    Each group is used once. A run that finds none ready has its own made, as without a pool.
    """

    def __init__(self, groups: int, limits: Optional[Limits] = None, *, tenant: Optional[str] = None, oom_group: bool = True,
                 host: Optional[Host] = None, enforce: Enforce = "fallback", **given: Unpack[LimitOptions]) -> None:
        self.tenant = tenant
        self.plan = Plan(limits, host=host, enforce=enforce, tenant=tenant, **given)
        self.plan.check()
        owned, pointer = self.plan.host._use(), ctypes.c_void_p()
        options = sized(_abi.PoolOptions, tenant=encode_or_none(tenant, "tenant"), groups=groups, no_oom_group=not oom_group)
        call("ration_pool_new", owned.pointer, self.plan._owned.pointer, ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("pool", pointer, lib.ration_pool_free, self.plan._owned, owned)
        self.plan._warn(2)

    def fill(self, most: int = 0) -> int:
        """Makes the groups that are missing, but at most `most`; 0: all. Returns how many it has made."""
        return call("ration_pool_fill", self._use().pointer, most)

    @property
    def ready(self) -> int:
        """How many groups are ready."""
        ready: int = lib.ration_pool_ready(self._use().pointer)
        return ready

    def close(self) -> None:
        """Removes the groups that nobody has used. Can be called twice."""
        if self._owned is not None:
            self._owned.free()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
