# SPDX-License-Identifier: MIT
"""What is asked for: limits, with the words of the command line."""

from __future__ import annotations

import ctypes
import difflib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, TypedDict, Union, cast

from . import _abi
from ._abi import Accel, Policy
from ._lib import Owned, call, encode, lib, sized, word

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: "64M", "1.5GiB", "50%" (of what the parent may use), "max", or bytes.
Size = Union[str, int]
#: "500ms", "1.5s", "2m", "1h", or seconds; 0 is no limit.
Duration = Union[str, int, float, timedelta]
#: "10", or 10.
Count = Union[str, int]
#: "1.5", "150%", or 1.5.
Cpus = Union[str, int, float]
#: "/data:10M", several of them, or {"/data": "10M"}.
SizeByKey = Union[str, Sequence[str], Mapping[str, Size]]
CountByKey = Union[str, Sequence[str], Mapping[str, Count]]
#: {"nofile": 1024, "core": 0, "cpu": (60, 70)}: soft and hard, or one for both.
Rlimits = Mapping[str, Union[Size, Duration, Tuple[Union[Size, Duration], Union[Size, Duration]]]]
#: "strict", "fallback", "any", or "strict,memory-high=any".
Enforce = str


class LimitOptions(TypedDict, total=False):
    """Limits as keyword arguments: the flags of `ration run --help`, without their dashes.

    One that is None or left out isn't asked for.
    """

    memory: Optional[Size]
    swap: Optional[Size]
    memory_high: Optional[Size]
    memory_low: Optional[Size]
    memory_min: Optional[Size]
    hugetlb: Optional[SizeByKey]
    cpus: Optional[Cpus]
    cpu_burst: Optional[Duration]
    cpu_idle: Optional[Union[bool, Count]]
    cpu_weight: Optional[Count]
    cpu_time: Optional[Union[Duration, Tuple[Duration, Duration]]]
    timeout: Optional[Duration]
    pids: Optional[Count]
    cpuset_cpus: Optional[str]
    cpuset_mems: Optional[str]
    io_read_bps: Optional[SizeByKey]
    io_write_bps: Optional[SizeByKey]
    io_read_iops: Optional[CountByKey]
    io_write_iops: Optional[CountByKey]
    stall_timeout: Optional[Duration]
    output_limit: Optional[Size]
    rlimit: Optional[Rlimits]


@dataclass(frozen=True)
class _Row:
    """What the library's table says of one limit."""

    number: int
    name: str
    flag: str
    key: int
    has_soft: bool


def _rows() -> Iterator[_Row]:
    i = 0
    while True:
        found = lib.ration_limit_at(i)
        if not found:
            return
        row = found.contents
        yield _Row(row.limit, word(row.name), word(row.flag), row.key, row.has_soft)
        i += 1


ROWS: Dict[int, _Row] = {row.number: row for row in _rows()}
#: By keyword: "memory", "output_limit"; rlimits by their name: "rlimit nofile".
_BY_WORD: Dict[str, _Row] = {row.flag.lstrip("-").replace("-", "_"): row for row in ROWS.values()}
_BY_NAME: Dict[str, _Row] = {row.name: row for row in ROWS.values()}


def limit_name(number: int) -> str:
    """The name of a limit, as receipts have it."""
    return ROWS[number].name if number in ROWS else str(number)


def as_text(value: Any, what: str) -> str:
    """A value as the command line has it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, float):
        # Not 1e-05, which no size or duration is.
        return format(Decimal(repr(value)), "f")
    if isinstance(value, timedelta):
        usec = value // timedelta(microseconds=1)
        return f"{'-' if usec < 0 else ''}{abs(usec) // 1000000}.{abs(usec) % 1000000:06}s"
    raise TypeError(f"{what}: {value!r} isn't a str or a number")


def duration_usec(value: Duration, what: str) -> int:
    """A duration in microseconds."""
    usec = ctypes.c_uint64()
    call("ration_parse_duration", encode(what, what), encode(as_text(value, what), what), ctypes.byref(usec))
    return usec.value


def size_bytes(value: Size, what: str) -> int:
    """A size in bytes."""
    size = ctypes.c_uint64()
    call("ration_parse_size", encode(what, what), encode(as_text(value, what), what), ctypes.byref(size))
    return size.value


def _texts(row: _Row, value: Any, what: str) -> List[str]:
    """One value, or of a limit with keys one for each."""
    if row.key:
        if isinstance(value, Mapping):
            return [f"{as_text(key, what)}:{as_text(item, what)}" for key, item in value.items()]
        if not isinstance(value, str) and isinstance(value, Sequence):
            return [as_text(item, what) for item in value]
    if row.has_soft and isinstance(value, tuple):
        if len(value) != 2:
            raise ValueError(f"{what}: {value!r} isn't (soft, hard)")
        return [":".join(as_text(part, what) for part in value)]
    return [as_text(value, what)]


def unknown_option(name: str, known: Sequence[str]) -> TypeError:
    # mem_limit, max_cpus: what other tools call it.
    bare = name.replace("max_", "").replace("_limit", "")
    near = difflib.get_close_matches(bare, known, 1) or difflib.get_close_matches(name, known, 1)
    return TypeError(f"no option {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


class Limits:
    """A set of limits, checked, and never changed afterwards.

        Limits(memory="64M", timeout="10s", rlimit={"nofile": 64})

    Keywords and values are those of the command line; numbers are bytes, seconds, CPUs or counts.
    A value that is malformed or out of range is an InvalidError, which names flag, value,
    range and an example. A set can be used by any number of runs, groups and threads.
    """

    def __init__(self, **limits: Unpack[LimitOptions]) -> None:
        self._asked: Tuple[Tuple[_Row, str], ...] = tuple(self._read(limits))
        # Numbers that were worked out for a virtual machine: they aren't text.
        self._numbers: Tuple[Tuple[_Row, int], ...] = ()
        self._make().free()

    @staticmethod
    def _read(limits: Mapping[str, Any]) -> Iterator[Tuple[_Row, str]]:
        for name, value in limits.items():
            if value is None:
                continue
            values = {name: value}
            if name == "rlimit":
                if not isinstance(value, Mapping):
                    raise TypeError(f"rlimit: {value!r} isn't a mapping, as {{'nofile': 1024}}")
                values = {f"rlimit {key}": item for key, item in value.items()}
            for key, item in values.items():
                row = _BY_WORD.get(key)
                if row is None:
                    raise unknown_option(key, list(_BY_WORD))
                yield from ((row, text) for text in _texts(row, item, key))

    @classmethod
    def for_vm(cls, accel: str, guest_memory: Size, *, vm_overhead: Optional[Size] = None, tb_size: Optional[Size] = None,
               vcpus: int = 1, pids: int = 0, **limits: Any) -> Limits:
        """The limits of a virtual machine's process, as `ration vm` works them out.

        `accel` is "kvm", "hvf" or "tcg". Memory is `guest_memory` + `vm_overhead` (200M) + under tcg
        `tb_size` (256M, QEMU's tb-size=256); a CPU for each of `vcpus`; `pids` (100) tasks. More
        limits can be given as to `Limits`, and win.
        """
        vm = sized(_abi.Vm, accel=Accel.named("accel", accel).number, guest_bytes=size_bytes(guest_memory, "guest_memory"),
                   overhead_bytes=0 if vm_overhead is None else size_bytes(vm_overhead, "vm_overhead"),
                   tb_bytes=0 if tb_size is None else size_bytes(tb_size, "tb_size"), vcpus=vcpus, pids=pids)
        it = cls(**limits)
        made = it._make()
        call("ration_vm_limits", ctypes.byref(vm), made.pointer, None)
        numbers, mentioned = [], {row.number for row, _ in it._asked}
        for row in ROWS.values():
            hard = ctypes.c_uint64()
            if row.number not in mentioned and made.read("ration_limits_has", row.number) and \
                    made.read("ration_limits_get", row.number, None, ctypes.byref(hard)) >= 0:
                numbers.append((row, hard.value))
        it._numbers = tuple(numbers)
        return it

    def _make(self, policies: Sequence[Tuple[_Row, Policy]] = ()) -> Owned:
        """A new set of the library's."""
        pointer = ctypes.c_void_p()
        result = lib.ration_limits_new(ctypes.byref(pointer))
        if result < 0:
            raise MemoryError("no memory for limits")
        made = Owned("limits", pointer, lib.ration_limits_free)
        for row, text in self._asked:
            made.call("ration_limits_parse", row.number, encode(text, row.flag))
        for row, number in self._numbers:
            made.call("ration_limits_set", row.number, _abi.UNLIMITED, number)
        for row, policy in policies:
            made.call("ration_limits_set_policy", row.number, policy.number)
        return made

    def __repr__(self) -> str:
        words = [f"{row.name}={text!r}" for row, text in self._asked] + [f"{row.name}={number}" for row, number in self._numbers]
        return f"Limits({', '.join(words)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and (self._asked, self._numbers) == (other._asked, other._numbers)

    def __hash__(self) -> int:
        return hash((self._asked, self._numbers))


def read_enforce(enforce: Enforce) -> Tuple[Policy, List[Tuple[_Row, Policy]]]:
    """The policy of all limits, and those of some."""
    if not isinstance(enforce, str):
        raise TypeError(f"enforce: {enforce!r} isn't a str")
    general, special = Policy.FALLBACK, []
    for part in enforce.split(","):
        name, equals, policy = part.rpartition("=")
        if not equals:
            general = Policy.named("enforce", part)
            continue
        row = _BY_NAME.get(name.replace("-", "_")) or _BY_WORD.get(name.replace("-", "_"))
        if row is None:
            raise ValueError(f"enforce: {name!r}: no such limit")
        special.append((row, Policy.named("enforce", policy)))
    return general, special


def merge(limits: Optional[Limits], given: Mapping[str, Any]) -> Limits:
    """The limits of a call that takes both a set and keywords; one of the two."""
    if limits is None:
        return Limits(**cast(LimitOptions, given))
    if not isinstance(limits, Limits):
        raise TypeError(f"limits: {limits!r} isn't a ration.Limits")
    if any(value is not None for value in given.values()):
        raise TypeError("give limits=..., or each limit as a keyword, but not both")
    return limits
