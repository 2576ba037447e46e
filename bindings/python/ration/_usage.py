# SPDX-License-Identifier: MIT
"""What a run or a group has used."""

from __future__ import annotations

import ctypes
import dataclasses
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from ._abi import Metric, Source, State
from ._lib import known, lib


@dataclass(frozen=True, repr=False)
class Usage:
    """Figures of a run or a group. None: not known, or not counted here; never 0 for that."""

    memory_peak_bytes: Optional[int] = None
    memory_current_bytes: Optional[int] = None
    memory_anon_bytes: Optional[int] = None
    memory_file_bytes: Optional[int] = None
    memory_shmem_bytes: Optional[int] = None
    memory_kernel_bytes: Optional[int] = None
    maxrss_bytes: Optional[int] = None
    oom_kills: Optional[int] = None
    memory_high_count: Optional[int] = None
    memory_pressure_some_usec: Optional[int] = None
    memory_pressure_full_usec: Optional[int] = None
    swap_peak_bytes: Optional[int] = None
    swap_current_bytes: Optional[int] = None
    cpu_usec: Optional[int] = None
    cpu_user_usec: Optional[int] = None
    cpu_system_usec: Optional[int] = None
    throttled_count: Optional[int] = None
    throttled_usec: Optional[int] = None
    cpu_pressure_some_usec: Optional[int] = None
    pids_peak: Optional[int] = None
    pids_current: Optional[int] = None
    pids_refused: Optional[int] = None
    io_read_bytes: Optional[int] = None
    io_write_bytes: Optional[int] = None
    io_read_ops: Optional[int] = None
    io_write_ops: Optional[int] = None
    io_pressure_full_usec: Optional[int] = None
    wall_usec: Optional[int] = None
    frozen_usec: Optional[int] = None
    #: Of the command and its descendants that were waited for.
    voluntary_switches: Optional[int] = None
    involuntary_switches: Optional[int] = None
    minor_faults: Optional[int] = None
    major_faults: Optional[int] = None
    stdout_bytes: Optional[int] = None
    stderr_bytes: Optional[int] = None
    #: Where each figure that is known comes from.
    sources: Mapping[str, Source] = dataclasses.field(default_factory=dict)

    def known(self) -> Dict[str, int]:
        """The figures that are known, by name."""
        return {name: value for name, value in vars(self).items() if value is not None and name != "sources"}

    def __repr__(self) -> str:
        return f"Usage({', '.join(f'{name}={value}' for name, value in self.known().items())})"


@dataclass(frozen=True)
class Stats:
    """What a group uses now, and has used."""

    populated: bool
    frozen: bool
    processes: Optional[int]
    #: Percent of the last ten seconds in which some process waited for memory.
    memory_pressure_pct: Optional[float]
    usage: Usage
    #: What the processes do: "running", "frozen", "stopped" (each by a signal), "empty".
    state: State


_METRICS: Tuple[Metric, ...] = tuple(m for m in Metric if m.number > 0)


def read_usage(read: Callable[[Any, int, Any], int], pointer: Any) -> Usage:
    """All metrics that a receipt or the statistics of a group have."""
    figures: Dict[str, int] = {}
    sources: Dict[str, Source] = {}
    value = ctypes.c_uint64()
    for metric in _METRICS:
        source = Source.of(read(pointer, metric.number, ctypes.byref(value)))
        if source is not Source.ABSENT:
            figures[str(metric)], sources[str(metric)] = value.value, source
    return Usage(sources=sources, **figures)


def read_stats(pointer: Any) -> Stats:
    pressure = known(lib.ration_stats_memory_pressure_pct100(pointer))
    return Stats(lib.ration_stats_populated(pointer), lib.ration_stats_frozen(pointer), known(lib.ration_stats_processes(pointer)),
                 None if pressure is None else pressure / 100, read_usage(lib.ration_stats_metric, pointer),
                 State.of(lib.ration_stats_state(pointer)))
