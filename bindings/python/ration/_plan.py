# SPDX-License-Identifier: MIT
"""Which mechanism enforces each limit on a host."""

from __future__ import annotations

import ctypes
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Tuple, Union

from . import _abi
from ._abi import Mechanism, Policy, Purpose, Scope
from ._errors import EnforcementWarning
from ._host import Host, default_host
from ._lib import Owned, call, encode_or_none, lib, sized, text, word
from ._limits import Enforce, LimitOptions, Limits, limit_name, merge, read_enforce

if TYPE_CHECKING:
    from typing_extensions import Unpack


def asked_value(number: int, value_text: Optional[str]) -> Union[int, str, None]:
    """What was asked for: a list or KEY:VALUE is text, no limit is None."""
    return value_text if value_text is not None else None if number == _abi.UNLIMITED else number


@dataclass(frozen=True)
class PlanItem:
    """One limit of a plan, in its unit: bytes, microseconds, or a count. None: no limit."""

    limit: str
    implied: bool
    weaker: bool
    asked: Union[int, str, None]
    asked_soft: Optional[int]
    in_force: Optional[int]
    mechanism: Mechanism
    scope: Scope
    backstop: Mechanism
    reason: str
    fix: str
    policy: Policy
    of_caller: bool


def _item(row: Any) -> PlanItem:
    return PlanItem(limit_name(row.limit), row.implied, row.weaker, asked_value(row.asked, text(row.text)),
                    None if row.asked_soft == _abi.UNLIMITED else row.asked_soft,
                    None if row.in_force == _abi.UNLIMITED or row.mechanism == 0 else row.in_force, Mechanism.of(row.mechanism),
                    Scope.of(row.scope), Mechanism.of(row.backstop), word(row.reason), word(row.fix), Policy.of(row.policy), row.of_caller)


class Plan:
    """For each limit the mechanism that enforces it here, or the reason why none can.

        for item in ration.Plan(memory="64M").items: print(item.limit, item.mechanism)

    Args:
        limits: a set of limits; or give each as a keyword, as to `Limits`.
        host: the machine; by default the one that all calls share.
        enforce: "fallback" (the default: take a weaker mechanism), "strict" (the kernel enforces each
            limit for the whole group), "any" (run even where nothing enforces one), or
            these for some limits: "strict,memory-high=any".
        purpose: "run", "group", or "process".
        tenant: of whose effective limits percentages are.
        for_tenant: the plan is for a tenant itself.

    Making one changes nothing.
    """

    def __init__(self, limits: Optional[Limits] = None, *, host: Optional[Host] = None, enforce: Enforce = "fallback",
                 purpose: str = "run", tenant: Optional[str] = None, for_tenant: bool = False,
                 **given: Unpack[LimitOptions]) -> None:
        policy, policies = read_enforce(enforce)
        asked = merge(limits, given)._make(policies)
        self.host = default_host() if host is None else host
        owned, pointer = self.host._use(), ctypes.c_void_p()
        options = sized(_abi.PlanOptions, policy=policy.number, purpose=Purpose.named("purpose", purpose).number,
                        tenant=encode_or_none(tenant, "tenant"), for_tenant=for_tenant)
        call("ration_plan_new", owned.pointer, asked.pointer, ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("plan", pointer, lib.ration_plan_free, owned)
        rows = [self._owned.read("ration_plan_item", i) for i in range(self._owned.read("ration_plan_count"))]
        #: Each limit, in the order of receipts; a limit with keys has an item for each.
        self.items: Tuple[PlanItem, ...] = tuple(_item(row.contents) for row in rows)
        self._numbers = tuple(row.contents.limit for row in rows)

    def check(self) -> None:
        """Raises UnavailableError, which names the limit, if the policy forbids to carry it out."""
        self._owned.call("ration_plan_check")

    @property
    def weaker(self) -> Tuple[PlanItem, ...]:
        """What "strict" wouldn't accept."""
        return tuple(item for item in self.items if item.weaker)

    def _warn(self, stacklevel: int) -> None:
        """A limit that is enforced by less, or not at all, is never silent."""
        for item in self.weaker:
            if item.implied and not item.of_caller:
                continue
            how = "not enforced" if item.mechanism is Mechanism.NONE else f"enforced by {item.mechanism} for each {item.scope}" \
                if item.scope is not Scope.GROUP else f"enforced by {item.mechanism}"
            warnings.warn(f"{item.limit}: {how}" + (f": {item.reason}" if item.reason else ""), EnforcementWarning, stacklevel + 1)

    def __repr__(self) -> str:
        return f"Plan({', '.join(f'{item.limit}: {item.mechanism}' for item in self.items)})"
