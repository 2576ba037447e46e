# SPDX-License-Identifier: MIT
"""Pictures of recordings and receipts: python3 -m ration.plot FILE... -o run.svg

Of one or two recordings (`ration run --record`, `ration record`): CPU, memory, and pressure with tasks and I/O, over one
time axis. Of receipts and journals: how their figures are distributed. It takes matplotlib.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import warnings
from collections import Counter
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

Figures = Dict[str, Optional[int]]

# More samples than that are thinned out: a picture has no more points across.
POINTS_MAX = 1500
FORMATS = ("svg", "png", "pdf")
# Told apart by everybody (Okabe and Ito).
BLUE, ORANGE, GREEN, RED, SKY, YELLOW, PURPLE, GREY = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#f0e442", "#cc79a7", "#777777")
METRICS = (("wall_usec", "wall time", "s"), ("cpu_usec", "CPU time", "s"), ("memory_peak_bytes", "peak memory", "MiB"))


class PlotError(Exception):
    """What is wrong with the files; one line for people."""


def harmless(text: str, most: int = 90) -> str:
    """A text of others: no control character, and not too long for a title."""
    shown = "".join(c if c.isprintable() else "".join(f"\\x{b:02x}" for b in c.encode("utf-8", "surrogatepass")) for c in text)
    return shown if len(shown) <= most else f"{shown[:most - 1]}…"


def size(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            return f"{value:.3g} {unit}"
        value /= 1024
    return ""


# -------------------------------------------------------------------- reading


def number(value: Any) -> Optional[int]:
    """A figure that can be drawn; None: not known."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2 ** 64 else None


def items(value: Any) -> List[Any]:
    """A list of a file that others wrote; whatever else stands there has none."""
    return value if isinstance(value, list) else []


def members(value: Any) -> Dict[str, Any]:
    """The same of an object."""
    return value if isinstance(value, dict) else {}


def words(command: Any) -> str:
    """A command, as one text; "" if none is told."""
    return " ".join(map(str, items(command)))


class Recording:
    """What `ration record` has written: samples, events and limits by time."""

    def __init__(self, path: str, objects: Sequence[Dict[str, Any]]) -> None:
        self.path, begin = path, objects[0]
        columns = [str(name) for name in items(begin.get("columns"))]
        self.command = begin.get("command")
        self.group = begin.get("group")
        self.samples: List[Tuple[float, Figures]] = []
        self.events: List[Tuple[float, str, int]] = []
        self.limits: List[Tuple[float, Dict[str, Any]]] = []
        self.end: Dict[str, Any] = {}
        for line in objects[1:]:
            self.take(line, columns)
        if not self.samples:
            raise PlotError(f"{path}: has no samples")
        self.seconds = max([usec for usec, _ in self.samples] + [number(self.end.get("time_usec")) or 0]) / 1e6

    def take(self, line: Dict[str, Any], columns: List[str]) -> None:
        usec, kind = number(line.get("time_usec")), line.get("line")
        if usec is None:
            return
        values = line.get("values")
        if kind == "sample" and isinstance(values, list) and len(values) == len(columns):
            self.samples.append((usec, dict(zip(columns, map(number, values)))))
        elif kind == "event":
            self.events.append((usec / 1e6, str(line.get("event")), number(line.get("count")) or 1))
        elif kind == "limits" and isinstance(line.get("limits"), dict):
            self.limits.append((usec / 1e6, line["limits"]))
        elif kind == "end":
            self.end = line

    @property
    def receipt(self) -> Dict[str, Any]:
        return members(self.end.get("receipt"))

    def thinned(self) -> List[Tuple[float, Figures]]:
        """Of each stretch the sample with the most memory; and the last one."""
        step = -(-len(self.samples) // POINTS_MAX)
        parts = (self.samples[i:i + step] for i in range(0, len(self.samples), step))
        kept = [max(part, key=lambda sample: sample[1].get("memory_current_bytes") or 0) for part in parts]
        return kept if kept[-1] is self.samples[-1] else [*kept, self.samples[-1]]

    def series(self, name: str) -> Tuple[List[float], List[int]]:
        """A figure that goes up and down."""
        known = [(usec / 1e6, figures[name]) for usec, figures in self.thinned() if figures.get(name) is not None]
        return [at for at, _ in known], [value or 0 for _, value in known]

    def rate(self, name: str) -> Tuple[List[float], List[float]]:
        """How fast a counter grows, in each interval: edges, and the values between."""
        known = [(usec, figures[name] or 0) for usec, figures in self.thinned() if figures.get(name) is not None]
        edges, rates = [known[0][0] / 1e6] if known else [], []
        for (before, old), (after, new) in zip(known, known[1:]):
            if after > before:
                edges.append(after / 1e6)
                rates.append(max(0, new - old) / (after - before))
        return edges, rates

    def moved(self, name: str) -> List[Tuple[float, float]]:
        """Spans of time in which a counter has moved."""
        spans: List[Tuple[float, float]] = []
        edges, rates = self.rate(name)
        for begin, end, rate in zip(edges, edges[1:], rates):
            if rate > 0 and spans and spans[-1][1] == begin:
                spans[-1] = (spans[-1][0], end)
            elif rate > 0:
                spans.append((begin, end))
        return spans

    def limit(self, name: str) -> Tuple[List[float], List[float]]:
        """A limit over time; NaN where there is none."""
        times, values = [], []
        for at, limits in self.limits:
            value = limits.get(name)
            times.append(at)
            values.append(float(value) if isinstance(value, (int, float)) and value < 2 ** 63 else float("nan"))
        if times:
            times.append(self.seconds)
            values.append(values[-1])
        return times, values


def objects_of(text: str) -> Iterator[Dict[str, Any]]:
    """All JSON objects of a file: one a line, or some over many lines. What was cut off is left out."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        begin = re.compile(r"\s*").match(text, at)
        at = begin.end() if begin else at
        if at >= len(text):
            return
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("\n", at) + 1 or len(text)
            continue
        if isinstance(found, dict):
            yield found


def read(path: str) -> Tuple[Optional[Recording], List[Dict[str, Any]]]:
    """A recording, or receipts."""
    try:
        with (sys.stdin.buffer if path == "-" else open(path, "rb")) as file:
            objects = list(objects_of(file.read().decode("utf-8", "replace")))
    except OSError as error:
        raise PlotError(f"can't read {harmless(path)}: {error.strerror}") from None
    if objects and objects[0].get("line") == "begin":
        return Recording(harmless(path), objects), []
    receipts = [each for each in objects if "verdict" in each and isinstance(each.get("usage"), dict)]
    if not receipts:
        raise PlotError(f"{harmless(path)}: is neither a recording nor has it receipts")
    return None, receipts


# -------------------------------------------------------------------- drawing


def pyplot() -> Any:
    """matplotlib, so that the same files make the same picture everywhere."""
    # It reads a matplotlibrc of the folder that one is in: whose is that?
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir("/")
        import matplotlib  # type: ignore[import]
    except ImportError:
        raise PlotError("matplotlib isn't installed\n  hint: apt install python3-matplotlib") from None
    finally:
        os.fchdir(here)
        os.close(here)
    matplotlib.use("Agg")
    matplotlib.rcdefaults()
    style = {"svg.fonttype": "none", "svg.hashsalt": "ration", "font.family": "DejaVu Sans", "font.size": 9, "axes.spines.top": False,
             "axes.grid": True, "grid.color": "#e6e6e6", "axes.axisbelow": True, "legend.fontsize": 8, "legend.frameon": False,
             "path.simplify": True, "text.parse_math": False}
    matplotlib.rcParams.update({name: value for name, value in style.items() if name in matplotlib.rcParams})
    import matplotlib.pyplot as plt  # type: ignore[import]
    return plt


def step(axes: Any, edges: List[float], values: Sequence[float], **how: Any) -> bool:
    if not values:
        return False
    axes.step(edges, [values[0], *values], where="pre", **how)
    return True


def line_of_limit(axes: Any, recording: Recording, name: str, label: str, top: float, style: str, scale: float = 1) -> float:
    """Draws a limit that isn't far above of what was used. Returns the highest that was drawn."""
    times, values = recording.limit(name)
    scaled = [value / scale for value in values]
    most = max((value for value in scaled if value == value), default=0)
    if most == 0 or most > 4 * max(top, 1e-9):
        return 0
    axes.step(times, scaled, where="post", color=RED, linestyle=style, linewidth=1.2, label=label)
    return most


def legend(axes: Any, *others: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    for each in others:
        more = each.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    if handles:
        axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, 1.17), ncol=len(labels), borderaxespad=0,
                    handlelength=1.4, columnspacing=1.2)


def nothing(axes: Any, what: str) -> None:
    axes.text(.5, .5, f"{what}: not known here", transform=axes.transAxes, ha="center", va="center", color=GREY)


def draw_cpu(axes: Any, recording: Recording) -> None:
    edges, rates = recording.rate("cpu_usec")
    for i, (begin, end) in enumerate(recording.moved("throttled_usec")):
        axes.axvspan(begin, end, color=YELLOW, alpha=.45, linewidth=0, label="throttled" if i == 0 else None)
    if not step(axes, edges, rates, color=BLUE, linewidth=1.3, label="CPUs in use"):
        nothing(axes, "CPU time")
    top = max(rates, default=0)
    top = max(top, line_of_limit(axes, recording, "cpus", "limit", max(top, .1), "--"))
    axes.set_ylim(0, max(top, .1) * 1.15)
    axes.set_ylabel("CPUs")
    legend(axes)


def draw_memory(axes: Any, recording: Recording) -> None:
    mib = 2 ** 20
    kinds = {name: dict(zip(*recording.series(f"memory_{name}_bytes"))) for name in ("anon", "file", "shmem", "kernel")}
    times = sorted(set.intersection(*(set(values) for values in kinds.values())))
    now, current = recording.series("memory_current_bytes")
    top = max([value / mib for value in current] + [0])
    if times:
        stack = [[kinds["anon"][at] / mib for at in times],
                 [max(0, kinds["file"][at] - kinds["shmem"][at]) / mib for at in times],
                 [kinds["shmem"][at] / mib for at in times], [kinds["kernel"][at] / mib for at in times]]
        axes.stackplot(times, stack, labels=("anon", "file", "shmem", "kernel"), colors=(SKY, GREEN, PURPLE, "#bbbbbb"),
                       alpha=.75, linewidth=0)
        top = max(top, *(sum(each) for each in zip(*stack)))
    if current:
        axes.plot(now, [value / mib for value in current], color=BLUE, linewidth=1.2, label="in use")
    if not times and not current:
        nothing(axes, "memory")
    top = max(top, line_of_limit(axes, recording, "memory_high", "high", top, ":", mib),
              line_of_limit(axes, recording, "memory", "max", top, "--", mib))
    axes.set_ylim(0, max(top, 1) * 1.15)
    oom = [at for at, event, _ in recording.events if event == "oom-kill"]
    if oom:
        axes.plot(oom, [max(top, 1) * 1.07] * len(oom), linestyle="none", marker="v", markersize=8, color=RED, label="OOM kill",
                  clip_on=False)
    axes.set_ylabel("memory, MiB")
    legend(axes)


def draw_rest(axes: Any, recording: Recording) -> None:
    """Stalls in percent of the time, on the left; tasks, and I/O if there was any, on the right."""
    pressures = (("cpu_pressure_some_usec", "CPU pressure", BLUE), ("memory_pressure_full_usec", "memory pressure", RED),
                 ("io_pressure_full_usec", "I/O pressure", GREEN))
    for name, label, color in pressures:
        edges, rates = recording.rate(name)
        step(axes, edges, [min(100, 100 * rate) for rate in rates], color=color, linewidth=1.1, label=label)
    axes.set_ylim(0, 105)
    axes.set_ylabel("stalled, %")
    others = []
    times, tasks = recording.series("pids_current")
    if times:
        right = axes.twinx()
        right.step(times, tasks, where="post", color=GREY, linewidth=1, label="tasks")
        right.set_ylim(0, max([*tasks, 1]) * 1.2)
        right.set_ylabel("tasks")
        right.grid(False)
        right.yaxis.get_major_locator().set_params(integer=True)
        others.append(right)
    edges, disk = zip_rates(recording, "io_read_bytes", "io_write_bytes")
    if max(disk, default=0) > 0:
        far = axes.twinx()
        if others:
            far.spines["right"].set_position(("outward", 42))
        step(far, edges, disk, color=ORANGE, linewidth=1, label="I/O, MiB/s")
        far.set_ylim(0, max(disk) * 1.2)
        far.set_ylabel("I/O, MiB/s")
        far.grid(False)
        others.append(far)
    axes.set_xlabel("seconds")
    legend(axes, *others)


def zip_rates(recording: Recording, *names: str) -> Tuple[List[float], List[float]]:
    """The sum of two counters' rates in MiB a second; nothing where one isn't known."""
    found = [recording.rate(name) for name in names]
    if any(edges != found[0][0] for edges, _ in found):
        return [], []
    return found[0][0], [sum(each) * 1e6 / 2 ** 20 for each in zip(*(rates for _, rates in found))]


def title_of(recording: Recording) -> str:
    return words(recording.command or recording.receipt.get("command")) or str(recording.group or recording.path)


def footer_of(recording: Recording, columns: int) -> str:
    """How it ended, in lines that are no longer than that."""
    receipt, parts = recording.receipt, []
    if receipt:
        parts.append(f"verdict: {receipt.get('verdict')}")
        for each in items(receipt.get("evidence"))[:3]:
            with contextlib.suppress(KeyError, TypeError):
                parts.append(f"{each['counter']} {each['before']} → {each['after']} ({each['level']})")
        usage = members(receipt.get("usage"))
        for name, label in (("wall_usec", "wall"), ("cpu_usec", "CPU")):
            if number(usage.get(name)) is not None:
                parts.append(f"{label} {usage[name] / 1e6:.3g} s")
        if number(usage.get("memory_peak_bytes")) is not None:
            parts.append(f"peak {size(usage['memory_peak_bytes'])}")
    elif recording.end:
        parts.append(f"ended: {recording.end.get('reason')}")
    else:
        parts.append("not ended, or cut off")
    if recording.end.get("dropped"):
        parts.append(f"{recording.end['dropped']} lines dropped")
    lines: List[str] = []
    for part in parts:
        longer = f"{lines[-1]}   ·   {part}" if lines else part
        lines[-1 if lines and len(longer) <= columns else len(lines):] = [longer if len(longer) <= columns else part]
    return "\n".join(harmless(line, columns) for line in lines)


def draw_recordings(plt: Any, recordings: Sequence[Recording]) -> Any:
    n = len(recordings)
    figure, grid = plt.subplots(3, n, figsize=(9 if n == 1 else 15, 7), sharex="col", sharey="row" if n > 1 else False,
                                squeeze=False, gridspec_kw={"height_ratios": (3, 4, 3)})
    for column, recording in enumerate(recordings):
        for axes, draw in zip(grid[:, column], (draw_cpu, draw_memory, draw_rest)):
            draw(axes, recording)
            axes.spines["right"].set_visible(False)
        grid[2, column].set_xlim(0, max(recording.seconds, 1e-3))
    for row in grid if n > 1 else ():
        # Each draw has set what is right for its own.
        row[0].set_ylim(0, max(draw_top(row[0]), *(draw_top(axes) for axes in row)))
    figure.subplots_adjust(left=.075 if n == 1 else .05, right=.87 if n == 1 else .93, top=.875, bottom=.115, hspace=.36, wspace=.3)
    figure.align_ylabels(grid[:, 0])
    for column, recording in enumerate(recordings):
        box = grid[0, column].get_position()
        figure.text(box.x0, .955, harmless(title_of(recording), 88 if n == 1 else 70), fontsize=12, fontweight="bold", va="center")
        figure.text(box.x0, .012, footer_of(recording, 120 if n == 1 else 92), fontsize=8, color="#333333",
                    va="bottom", linespacing=1.35)
    return figure


def draw_top(axes: Any) -> float:
    """The highest that anything drawn there wants."""
    return float(max((line.get_ydata().max() for line in axes.get_lines() if len(line.get_ydata()) and
                      line.get_ydata().dtype.kind == "f" and line.get_ydata().max() == line.get_ydata().max()), default=0)) * 1.15 or \
        float(axes.get_ylim()[1])


def draw_receipts(plt: Any, files: Sequence[Tuple[str, List[Dict[str, Any]]]]) -> Any:
    """A box and a quantile plot of each figure, with one colour for each file."""
    figure, grid = plt.subplots(2, len(METRICS), figsize=(12, 6.5), gridspec_kw={"height_ratios": (2, 3)}, squeeze=False)
    colors = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)
    for column, (name, label, unit) in enumerate(METRICS):
        boxes, quantiles = grid[0, column], grid[1, column]
        rows = []
        for i, (path, receipts) in enumerate(files):
            found = (number(receipt["usage"].get(name)) for receipt in receipts)
            values = sorted(value / (1e6 if unit == "s" else 2 ** 20) for value in found if value is not None)
            rows.append(values)
            if values:
                quantiles.step([*values, values[-1]], [100 * k / len(values) for k in range(len(values) + 1)], where="post",
                               color=colors[i % len(colors)], label=harmless(os.path.basename(path), 30))
        drawn = boxes.boxplot(rows, vert=False, widths=.6, patch_artist=True, flierprops={"markersize": 3},
                              medianprops={"color": "black"})
        for i, patch in enumerate(drawn["boxes"]):
            patch.set_facecolor(colors[i % len(colors)])
            patch.set_alpha(.6)
        boxes.set_yticklabels([harmless(os.path.basename(path), 18) if column == 0 else "" for path, _ in files])
        boxes.set_title(f"{label}, {unit}", fontsize=10)
        quantiles.set_xlabel(f"{label}, {unit}")
        quantiles.set_ylim(0, 100)
        for axes in (boxes, quantiles):
            axes.spines["right"].set_visible(False)
            axes.set_xlim(left=0)
    grid[1, 0].set_ylabel("runs below, %")
    grid[1, 0].legend(loc="lower right")
    every = [receipt for _, receipts in files for receipt in receipts]
    commands = Counter(words(receipt.get("command")) for receipt in every)
    title = next(iter(commands)) if len(commands) == 1 else f"{len(commands)} commands"
    figure.text(.07, .955, harmless(title, 100), fontsize=12, fontweight="bold", va="center")
    verdicts = Counter(str(receipt.get("verdict")) for receipt in every).most_common()
    figure.text(.07, .025, harmless(f"{len(every)} runs   ·   " + "   ·   ".join(f"{verdict}: {n}" for verdict, n in verdicts), 150),
                fontsize=8, color="#333333")
    figure.subplots_adjust(left=.1, right=.97, top=.88, bottom=.13, hspace=.28, wspace=.22)
    return figure


# --------------------------------------------------------------------- writing


def render(figure: Any, form: str) -> bytes:
    """The same bytes for the same figure: no date, no ids that are chosen by chance, nothing that refers to elsewhere."""
    nothing_of = {"svg": ("Date", "Creator", "Format", "Type"), "pdf": ("CreationDate", "Creator", "Producer"), "png": ("Software",)}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A command in a script that this font doesn't have: the picture's reader has another.
        warnings.simplefilter("ignore")
        figure.savefig(buffer, format=form, dpi=110, metadata={name: None for name in nothing_of[form]})
    data = buffer.getvalue()
    if form == "svg":
        data = re.sub(rb"<!DOCTYPE[^>]*>\s*", b"", data, count=1)
    return data


def write(path: str, data: bytes) -> None:
    """Whole, or not at all; a link of that name is replaced, not followed."""
    try:
        fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".ration-plot.")
    except OSError as error:
        raise PlotError(f"can't write {harmless(path)}: {error.strerror}") from None
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            mask = os.umask(0)
            os.umask(mask)
            # By its fd: whoever owns the folder can have put a link there meanwhile.
            os.fchmod(fd, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise PlotError(f"can't write {harmless(path)}: {error.strerror}") from None


def plot(files: Sequence[str], output: str) -> None:
    """Draws recordings or receipts into a file, whose name tells the format: .svg, .png or .pdf."""
    form = output.rpartition(".")[2].lower()
    if form not in FORMATS:
        raise PlotError(f"--output {harmless(output)}: a name that ends in .svg, .png or .pdf is expected")
    found = [(path, *read(path)) for path in files]
    recordings = [recording for _, recording, _ in found if recording]
    if recordings and len(recordings) < len(found):
        raise PlotError("recordings and receipts aren't drawn together: leave one kind out")
    if len(recordings) > 2:
        raise PlotError(f"{len(recordings)} recordings: two at most stand side by side")
    plt = pyplot()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = draw_recordings(plt, recordings) if recordings else draw_receipts(plt, [(path, each) for path, _, each in found])
    write(output, render(figure, form))
    plt.close(figure)


def main(argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="ration plot", description="Draws recordings or receipts.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="one or two recordings, or receipts and journals; - is standard input")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="FILE.svg, FILE.png or FILE.pdf")
    args = parser.parse_args(argv)
    try:
        plot(args.files, args.output)
    except PlotError as error:
        print(f"ration plot: {error}", file=sys.stderr)
        return 125
    return 0


if __name__ == "__main__":
    sys.exit(main())
