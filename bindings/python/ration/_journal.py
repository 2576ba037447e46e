# SPDX-License-Identifier: MIT
"""Receipts that the command wrote: `ration run --receipt FILE` and `--journal FILE`."""

from __future__ import annotations

import json
import os
import re
import warnings
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional, Tuple, Type, TypeVar, Union

from ._abi import Birth, Containment, Level, Mechanism, Scope, Source, Verdict
from ._receipt import Evidence, LimitRecord, Receipt
from ._usage import Usage
from ._words import Word

_W = TypeVar("_W", bound=Word)
#: The limit that each of these verdicts says has ended the run.
_ENDS = {"memory": "memory", "memory-stall": "stall_timeout", "cpu-time": "cpu_time", "cpu-time-soft": "cpu_time",
         "wall-time": "timeout", "pids": "pids", "output": "output"}


def read_receipts(file: Union[str, "os.PathLike[str]"]) -> List[Receipt]:
    """The receipts in a file of `ration run --receipt` or `--journal`, in their order.

    What isn't a receipt, such as a line that was cut off when the disk was full, is left out with a warning.
    OSError if the file can't be read.
    """
    with open(file, encoding="utf-8", errors="replace") as opened:
        text = opened.read()
    receipts: List[Receipt] = []
    for line, part in _parts(text):
        try:
            receipts.append(_receipt(json.loads(part)))
        # What others wrote can be too deep, or infinite.
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            warnings.warn(f"{os.fspath(file)}: line {line} isn't a receipt: left out", stacklevel=2)
    return receipts


def _parts(text: str) -> Iterator[Tuple[int, str]]:
    """What can be a receipt, with its line: one that isn't blank, or those from "{" to "}", as `ration receipt` reads them.

    Each is taken apart alone: an error of json's counts the lines of all that it was given.
    """
    first, block = 0, []  # type: Tuple[int, List[str]]
    for number, each in enumerate(text.split("\n"), 1):
        line = each.rstrip("\r")
        if block and line.startswith("{"):
            # The one before was cut off.
            yield first, "\n".join(block)
            block = []
        if block or line == "{":
            first = first if block else number
            block.append(line)
            if line == "}":
                yield first, "\n".join(block)
                block = []
        elif line.strip():
            yield number, line
    if block:
        yield first, "\n".join(block)


def _word(kind: Type[_W], text: Optional[str]) -> _W:
    """A later command can have words that this package doesn't know."""
    return next((word for word in kind if word == text), kind["OTHER"])


def _number(limit: str, value: Any) -> Optional[int]:
    """In the unit of the library. Of a disk's rate, "8:0 10485760", it is the last; a list of CPUs has none."""
    if isinstance(value, str):
        last = value.split(" ")[1:]
        return int(last[0]) if last and last[0] != "max" else None
    return None if value is None else round(value * 100000) if limit == "cpus" else int(value)


def _limit(row: Dict[str, Any], verdict: str) -> LimitRecord:
    name, asked, changed = row["limit"], row["asked"], row.get("in_force_at_end")
    if not isinstance(asked, str):
        asked = _number(name, asked)
    return LimitRecord(
        name, None if asked == "max" else asked, _number(name, row.get("in_force")), _word(Mechanism, row["mechanism"]),
        _word(Scope, row.get("scope", "none")), row.get("reason", ""), "observed" in row or _ENDS.get(verdict) == name,
        _number(name, row.get("observed")), changed is not None, _number(name, row.get("at_end") if changed is None else changed))


def _argument(text: str, escaped: bool) -> str:
    r"""One that isn't UTF-8 has \\ for a backslash and \xNN for a byte."""
    if not escaped:
        return text
    found = re.sub(rb"\\(?:\\|x([0-9a-fA-F]{2}))", lambda match: bytes([int(match[1], 16)]) if match[1] else b"\\", text.encode())
    return os.fsdecode(found)


def _receipt(said: Dict[str, Any]) -> Receipt:
    if said["schema"] != 1:
        raise ValueError(f"schema {said['schema']}")
    end, user, started = said["exit"], said.get("user"), said.get("started")
    admission = said.get("admission", {})
    # Not a list: to look for each word in one takes hours for a file that somebody else wrote.
    escaped = set(said.get("command_escaped", ()))
    sources = {name: _word(Source, source) for name, source in said["sources"].items()}
    figures = {name: value for name, value in said["usage"].items() if name in Usage.__dataclass_fields__}
    return Receipt(
        _word(Verdict, said["verdict"]), end["code"], end.get("status"), end.get("signal"), end.get("core", False),
        said.get("group", ""), said.get("id", ""), tuple(_argument(word, i in escaped) for i, word in enumerate(said["command"])),
        Usage(sources=sources, **figures),
        tuple(Evidence(row["counter"], _word(Level, row["level"]), row.get("where", ""), row["before"], row["after"])
              for row in said["evidence"]),
        tuple(_limit(row, said["verdict"]) for row in said["limits"]), _word(Birth, said.get("birth", "none")),
        _word(Containment, said.get("containment")), said.get("leftover_killed", 0), said.get("truncated", False), False,
        (user["uid"], user["gid"]) if user else None, said.get("escaped_to"), said.get("failure"),
        datetime.strptime(started["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc) if started else None,
        started["monotonic_usec"] / 1e6 if started else None, profile=said.get("profile"), start_errno=said.get("start_errno"),
        waited=admission["waited_usec"] / 1e6 if admission else None, pressure_unknown=admission.get("pressure_unknown"))
