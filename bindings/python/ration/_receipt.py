# SPDX-License-Identifier: MIT
"""The record of a run: why it ended, and what it used."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, List, Optional, Tuple, Union

from . import _abi
from ._abi import Birth, Containment, Level, Mechanism, Scope, Verdict
from ._lib import known, lib, sized, word
from ._plan import Plan
from ._usage import Usage, read_usage


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Evidence:
    """One counter that moved: what a verdict is based on."""

    counter: str
    level: Level
    where: str
    before: int
    after: int


@dataclass(frozen=True)
class LimitRecord:
    """What became of one limit, in its unit. None: no limit, or not known."""

    limit: str
    asked: Union[int, str, None]
    in_force: Optional[int]
    mechanism: Mechanism
    scope: Scope
    reason: str
    #: This limit ended the run, when that much was measured.
    acted: bool = False
    observed: Optional[int] = None
    #: Somebody changed its kernel file during the run.
    changed: bool = False
    #: What the file said at the end, whether or not it was changed.
    at_end: Optional[int] = None


@dataclass(frozen=True)
class Receipt:
    """Why a run ended, and what it used. What isn't known is None, never 0.

    Attributes:
        verdict: "ok", "exit", "signal", "memory", "memory-external", "memory-stall", "cpu-time",
            "cpu-time-soft", "wall-time", "pids", "output", "interrupted", "internal"; of the command also
            "not-started".
        exit_code: what `ration run` would exit with: 124 for a timeout, 137 for an OOM kill.
        status: the exit code of the command, None if it didn't exit.
        signal: the signal that ended it, or None.
        usage: what it used.
        evidence: the counters that moved.
        limits: each limit as it was asked for and enforced.
        stdout, stderr: with ``capture_output``.
    """

    verdict: Verdict
    exit_code: int
    status: Optional[int]
    signal: Optional[int]
    core: bool
    group: str
    #: Of the run: no other run of this machine has it.
    id: str
    command: Tuple[str, ...]
    usage: Usage
    evidence: Tuple[Evidence, ...]
    limits: Tuple[LimitRecord, ...]
    birth: Birth
    containment: Containment
    leftover_killed: int
    truncated: bool
    #: Somebody else waited for the command, or SIGCHLD is ignored.
    status_lost: bool
    #: (uid, gid), if it ran as another user.
    user: Optional[Tuple[int, int]]
    escaped_to: Optional[str]
    failure: Optional[str]
    #: When the command was started, in UTC, and on time.monotonic().
    started: Optional[datetime] = None
    started_monotonic: Optional[float] = None
    #: The file of `ration run --profile`, and why its command couldn't be executed, such as "ENOENT": see read_receipts().
    profile: Optional[str] = None
    start_errno: Optional[str] = None
    #: How many seconds `ration run --wait` waited for its turn, and why memory pressure held nobody, if it wasn't known.
    waited: Optional[float] = None
    pressure_unknown: Optional[str] = None
    stdout: Optional[bytes] = field(default=None, repr=False)
    stderr: Optional[bytes] = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """The command exited with 0, and nothing was wrong."""
        return self.verdict is Verdict.OK

    def limit(self, name: str) -> Optional[LimitRecord]:
        """The record of a limit, by its name: "memory"; None if it isn't in the plan."""
        return next((record for record in self.limits if record.limit == name), None)

    def check(self) -> Receipt:
        """Returns the receipt if its verdict is "ok"; raises RunError else."""
        if not self.ok:
            raise RunError(self)
        return self


class RunError(Exception):
    """A run that wasn't "ok"; ``receipt`` says why."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt)
        self.receipt = receipt

    def __str__(self) -> str:
        it = self.receipt
        how = f"exit status {it.status}" if it.status is not None else f"signal {it.signal}" if it.signal else f"exit code {it.exit_code}"
        return f"{' '.join(it.command[:1])}: {it.verdict} ({how})" + (f": {it.failure}" if it.failure else "")


def _limits(receipt: Any, plan: Plan) -> Tuple[LimitRecord, ...]:
    records = []
    for number, item in zip(plan._numbers, plan.items):
        outcome = sized(_abi.Outcome)
        told = lib.ration_receipt_outcome(receipt, number, ctypes.byref(outcome))
        at_end = outcome.at_end if outcome.at_end_known or outcome.changed else None
        records.append(LimitRecord(
            item.limit, item.asked, item.in_force, item.mechanism, item.scope, item.reason, bool(told and outcome.acted),
            known(outcome.observed) if told and outcome.acted else None, bool(told and outcome.changed),
            None if at_end == _abi.UNLIMITED else at_end))
    return tuple(records)


def _evidence(receipt: Any) -> Tuple[Evidence, ...]:
    found: List[Evidence] = []
    it = sized(_abi.Evidence)
    while lib.ration_receipt_evidence(receipt, len(found), ctypes.byref(it)):
        found.append(Evidence(word(it.counter), Level.of(it.level), word(it.where), it.before, it.after))
    return tuple(found)


def read_receipt(receipt: Any, plan: Plan, command: Tuple[str, ...]) -> Receipt:
    """A copy of the library's, which goes with its run."""
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    another = lib.ration_receipt_user(receipt, ctypes.byref(uid), ctypes.byref(gid))
    status = lib.ration_receipt_child_status(receipt)
    realtime, monotonic = ctypes.c_uint64(), ctypes.c_uint64()
    started = lib.ration_receipt_started(receipt, ctypes.byref(realtime), ctypes.byref(monotonic))
    return Receipt(
        Verdict.of(lib.ration_receipt_verdict(receipt)), lib.ration_receipt_exit_code(receipt), None if status < 0 else status,
        lib.ration_receipt_child_signal(receipt) or None, lib.ration_receipt_core(receipt), word(lib.ration_receipt_address(receipt)),
        word(lib.ration_receipt_id(receipt)), command, read_usage(lib.ration_receipt_metric, receipt), _evidence(receipt), _limits(receipt, plan),
        Birth.of(lib.ration_receipt_birth(receipt)), Containment.of(lib.ration_receipt_containment(receipt)),
        lib.ration_receipt_leftover_killed(receipt), lib.ration_receipt_truncated(receipt), lib.ration_receipt_status_lost(receipt),
        (uid.value, gid.value) if another else None, word(lib.ration_receipt_escaped_to(receipt)) or None,
        word(lib.ration_receipt_failure(receipt)) or None,
        _EPOCH + timedelta(microseconds=realtime.value) if started else None, monotonic.value / 1e6 if started else None)
