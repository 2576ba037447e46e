# SPDX-License-Identifier: MIT
"""Chosen figures of many groups, again and again."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence, Tuple

from . import _abi
from ._abi import Metric
from ._host import Host, default_host
from ._lib import Handle, Owned, call, encode_or_none, known, lib, sized, word


@dataclass(frozen=True)
class Sample:
    """What a tenant or a group had used when it was read.

    Attributes:
        address: "acme" or "acme/vm7".
        id: no other group of this machine has it; one that is made anew has another.
        uid: the owner of its directory.
        usec: when it was read, as time.monotonic() in microseconds: for rates.
        figures: by metric. None: not known, or not counted here; never 0 for that.
    """

    address: str
    is_tenant: bool
    id: int
    uid: int
    usec: int
    figures: Mapping[str, Optional[int]]


class Sampler(Handle):
    """Reads the figures of all groups of a tenant or a host.

        with ration.Sampler(["cpu_usec", "memory_current_bytes"]) as sampler:
            for sample in sampler.read():
                print(sample.address, sample.figures["cpu_usec"])

    Args:
        metrics: the names of figures that live groups have: the fields of `Usage`.
        tenant: only this one and its groups; None: all.
        address: "acme" or "acme/vm7", this one alone; not with `tenant`.
        max_fds: files that are kept open at most; by default half of RLIMIT_NOFILE. The
            rest is opened for each reading, which takes several times as long.
    """

    def __init__(self, metrics: Sequence[str] = ("cpu_usec", "memory_current_bytes", "pids_current"), *,
                 tenant: Optional[str] = None, max_fds: Optional[int] = None, host: Optional[Host] = None,
                 address: Optional[str] = None) -> None:
        if isinstance(metrics, str):
            raise TypeError(f"metrics: {metrics!r} isn't a list of metrics")
        self._names: Tuple[str, ...] = tuple(str(Metric.named("metrics", name)) for name in metrics)
        numbers = (ctypes.c_int * len(self._names))(*(Metric.named("metrics", name).number for name in self._names))
        owned, pointer = (host or default_host())._use(), ctypes.c_void_p()
        options = sized(_abi.SamplerOptions, tenant=encode_or_none(tenant, "tenant"), metrics=numbers, n_metrics=len(self._names),
                        max_fds=max_fds or 0, address=encode_or_none(address, "address"))
        call("ration_sampler_new", owned.pointer, ctypes.byref(options), ctypes.byref(pointer))
        self._owned = Owned("sampler", pointer, lib.ration_sampler_free, owned)

    @property
    def fds(self) -> int:
        """How many files are kept open."""
        fds: int = self._use().read("ration_sampler_fds")
        return fds

    def scan(self) -> int:
        """Finds the groups that have come, and forgets those that have gone. Returns how many there are."""
        return self._use().call("ration_sampler_scan")

    def read(self, *, scan: bool = True) -> List[Sample]:
        """Reads all figures; with `scan`, of the groups that there are now, else of those of the last scan.

        A group that has gone is left out.
        """
        owned = self._use()
        with owned.lock:
            if scan:
                self.scan()
            rows, width = owned.read("ration_sampler_count"), len(self._names)
            values, usec = (ctypes.c_uint64 * (rows * width))(), (ctypes.c_uint64 * rows)()
            owned.call("ration_sampler_read", values, rows * width, usec)
            groups = [owned.read("ration_sampler_group", i).contents for i in range(rows)]
            return [Sample(word(group.address), group.is_tenant, group.id, group.uid, usec[i],
                           dict(zip(self._names, map(known, values[i * width:(i + 1) * width]))))
                    for i, group in enumerate(groups) if not group.gone]

    def close(self) -> None:
        """Closes its files. Can be called twice."""
        if self._owned is not None:
            self._owned.free()

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
