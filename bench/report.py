# SPDX-License-Identifier: MIT
"""report - the result of a measurement as a table, a picture, and a part of docs/performance.md"""

import shutil
import subprocess

PLOT = """
set terminal {terminal} size 900,{height} font "sans,10"
set output "{out}"
set datafile separator "\t"
set title "{title}" noenhanced
set style fill solid 0.6
set xrange [0:*<12]
set yrange [{count}:-1]
set ytics noenhanced
unset key
set grid x
set xlabel "times the floor, with 95 % (1: the bare system calls; cut off at 12)"
set boxwidth 0.6
set arrow from 1,graph 0 to 1,graph 1 nohead lw 2
plot "{data}" using ($2/2):0:($2/2):(0.3):ytic(1) with boxxyerror lc rgb "#4477aa", \
     "" using 2:0:3:4 with xerrorbars pt 0 lc black
"""


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def within(pair, form=number):
    return f"{form(pair[0])}–{form(pair[1])}" if pair else "–"


def head(result):
    return (f"{result['date']}, Linux {result['kernel']}, {result['cpus']} CPUs, {result['world']}, load "
            f"{result['load_before']} to {result['load_after']}, {result['rounds']} rounds: {result['command']}")


def verdict(one):
    """Whether a ratio keeps within its aim: not to be told where the interval lies on both sides of that."""
    if one["ratio_95"] and one["ratio_95"][0] <= one["aim"] < one["ratio_95"][1]:
        return "not to be told"
    return "met" if one["ratio"] <= one["aim"] else "missed"


def ratios(row):
    """As `1.05 × floor`, with its interval and aim; and the aim of the row itself."""
    said = []
    if "aim" in row:
        said.append(f"aim: at most {number(row['aim'])} {row['unit']}: {'met' if row['p99'] <= row['aim'] else 'missed'}")
    for one in row.get("ratios", []):
        text = f"{one['ratio']:.2f} × {one['to']} ({within(one['ratio_95'], lambda value: f'{value:.2f}')}; least {one['ratio_least']:.2f})"
        if "aim" in one:
            text += f", aim {one['aim']:.2f}: {verdict(one)}"
        said.append(text)
    return said


def text(result):
    lines = [f"  {head(result)}"]
    part = None
    for row in result["rows"]:
        if row["part"] != part:
            part = row["part"]
            lines += ["", f"  {part:34} {'median':>9} {'95 %':>17} {'p99':>9} {'95 %':>19} {'least':>8} {'CPU':>8}"]
        if "missing" in row:
            lines.append(f"  {row['name']:34} not measured: {row['missing']}")
            continue
        cpu = number(row["cpu"]) if "cpu" in row else ""
        lines.append(f"  {row['name']:34} {number(row['median']):>9} {within(row['median_95']):>17} {number(row['p99']):>9} "
                     f"{within(row['p99_95']):>19} {number(row['least']):>8} {cpu:>8} {row['unit']}")
        lines += [f"      {said}" for said in ratios(row)]
    return "\n".join(lines) + "\n"


def drawn(result):
    """(name, ratio, low, high) of what has a floor, or is a command beside ration's."""
    rows = [row for row in result["rows"] if "missing" not in row]
    for row in rows:
        for one in row["ratios"]:
            if one["to"].startswith("floor"):
                yield row["name"], one["ratio"], *(one["ratio_95"] or [one["ratio"]] * 2)
    # Another part has a floor of its own.
    commands = {row["name"]: row["median"] for row in rows if row["part"] == "commands"}
    for name, median in commands.items():
        if not name.startswith(("floor", "ration")) and "floor" in commands:
            yield name, *[median / commands["floor"]] * 3


def draw(result, out):
    """performance.svg and .png by gnuplot; whether there is one."""
    rows = list(drawn(result))
    if not shutil.which("gnuplot") or not rows:
        return False
    data = out / "performance.tsv"
    data.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    title = f"{result['date'][:10]}, Linux {result['kernel']}, {result['world']}"
    for kind, terminal in (("svg", "svg"), ("png", "pngcairo")):
        plot = PLOT.format(terminal=terminal, height=120 + 22 * len(rows), out=f"performance.{kind}", title=title,
                           count=len(rows), data=data.name)
        # There, since a picture names the file of its figures.
        if subprocess.run(["gnuplot"], input=plot, text=True, check=False, timeout=60, cwd=out).returncode != 0:
            return False
    return True


def markdown(result):
    lines = [head(result) + "."]
    part = None
    for row in result["rows"]:
        if row["part"] != part:
            part = row["part"]
            lines += ["", f"### {part}", "", "| | median | 95 % | p99 | 95 % | CPU | ratios (95 %) |", "|---|---|---|---|---|---|---|"]
        if "missing" in row:
            lines.append(f"| {row['name']} | not measured: {row['missing']} | | | | | |")
            continue
        lines.append(f"| {row['name']} | {number(row['median'])} {row['unit']} | {within(row['median_95'])} | {number(row['p99'])} "
                     f"| {within(row['p99_95'])} | {number(row['cpu']) if 'cpu' in row else ''} | {'; '.join(ratios(row))} |")
    return "\n".join(lines) + "\n"


def write_docs(result, out, docs, where):
    """Between the markers of that place, and the picture of this machine."""
    path = docs / "performance.md"
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {where}: begin -->\n", f"<!-- {where}: end -->\n"
    before, _, rest = text.partition(begin)
    path.write_text(before + begin + markdown(result) + end + rest.partition(end)[2], encoding="utf-8")
    for name in ("performance.svg", "performance.png"):
        if where == "here" and (out / name).exists():
            shutil.copy(out / name, docs / name)
