# SPDX-License-Identifier: MIT
"""Run commands under limits, and get a receipt.

    import ration

    receipt = ration.run_sync(["tail", "/dev/zero"], memory="64M", timeout="10s")
    print(receipt.verdict, receipt.usage.memory_peak_bytes)     # memory 67108864

    receipt = await ration.run(["make", "-j8"], memory="2G", pids=200)   # in an event loop, without threads

Limits have the words and the values of the command line: ``ration run --help``. `Run` is a command that
runs, `Group` and `Tenant` are groups that outlive it, `Events` is what happens to them. An `Error` says
why a call failed (``cause``) and what to do (``hint``). The package needs libration, and no compiler.
"""

from ._abi import (Accel, BaseKind, Birth, Cause, Containment, EventKind, Hierarchy, Level, Mechanism, Owner, Policy, Scope, Severity,
                   Source, State, Verdict)
from ._admission import Admission
from ._command import DEVNULL, PIPE, STDOUT
from ._errors import ClosedError, CommandError, EnforcementWarning, Error, GroupError, InvalidError, UnavailableError
from ._events import Event, Events
from ._group import Attached, Group, GroupLimit, Removed, Spawned, Tenant, Updated
from ._host import Collected, Finding, Host, HostInfo, Listed, default_host
from ._journal import read_receipts
from ._lib import lib as _library
from ._limits import LimitOptions, Limits
from ._plan import Plan, PlanItem
from ._pool import Pool
from ._receipt import Evidence, LimitRecord, Receipt, RunError
from ._run import Run, RunOptions, run, run_sync
from ._sampler import Sample, Sampler
from ._tools import wrap
from ._usage import Stats, Usage

#: The version of the library in use.
__version__: str = _library.ration_version().decode()

__all__ = [
    "Accel", "Admission", "Attached", "BaseKind", "Birth", "Cause", "ClosedError", "Collected", "CommandError", "Containment", "DEVNULL",
    "EnforcementWarning", "Error", "Event", "EventKind", "Events", "Evidence", "Finding", "Group", "GroupError", "GroupLimit", "Hierarchy",
    "Host", "HostInfo", "InvalidError", "Level", "LimitOptions", "LimitRecord", "Limits", "Listed", "Mechanism", "Owner", "PIPE", "Plan",
    "PlanItem", "Policy", "Pool", "Receipt", "Removed", "Run", "RunError", "RunOptions", "STDOUT", "Sample", "Sampler", "Scope", "Severity", "Source", "Spawned",
    "State", "Stats", "Tenant", "UnavailableError", "Updated", "Usage", "Verdict", "default_host", "read_receipts", "run", "run_sync", "wrap",
]
