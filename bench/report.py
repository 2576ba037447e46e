# SPDX-License-Identifier: MIT
"""report - the result of a measurement as a table"""


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
    """As `1.05 × floor`, with its interval and aim."""
    said = []
    for one in row.get("ratios", []):
        text = f"{one['ratio']:.2f} × {one['to']} ({within(one['ratio_95'], lambda value: f'{value:.2f}')})"
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
