# SPDX-License-Identifier: MIT
"""Prometheus' text format 0.0.4 and OpenMetrics 1.0, read strictly: what a scraper would refuse is an error."""

import json
import os
import re
import shutil
import subprocess
from decimal import Decimal

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|(?=\}))')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.+)\}})? (\S+)$")
NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$")
ENDS = {"counter": {"_total", "_created"}, "info": {"_info"}, "gauge": {""}, "histogram": {"_bucket", "_sum", "_count", "_created"}}


def labels(text):
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text + "}", at)
        assert match, text[at:]
        assert match[1] not in found, text
        found[match[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), match[2])
        at = match.end()
        assert match[3] != "," or at < len(text), text
    return found


class Exposition:
    """`value("ration_tasks", tenant="acme")`; metrics with labels that aren't asked for aren't found."""

    def __init__(self, text, openmetrics=False):
        self.types, self.units, self.samples = {}, {}, {}
        if openmetrics:
            assert text.endswith("# EOF\n") and text.count("# EOF") == 1, text[-200:]
            text = text[:-len("# EOF\n")]
        assert text == "" or text.endswith("\n")
        family, done = None, set()
        for line in text.split("\n")[:-1]:
            match = re.match(rf"# (HELP|TYPE|UNIT) ({NAME}) (.+)$", line)
            if match and match[1] == "HELP":
                family, = {match[2]} - done
                done.add(family)
            elif match and match[1] == "TYPE":
                assert match[2] == family and match[3] in ENDS, line
                self.types[family] = match[3]
            elif match:
                assert openmetrics and match[2] == family and family.endswith(f"_{match[3]}"), line
                self.units[family] = match[3]
            else:
                self.sample(line, family, openmetrics)
        assert set(self.types) == done
        self.check_histograms()

    def sample(self, line, family, openmetrics):
        match = SAMPLE.match(line)
        assert match, line
        name, value = match[1], match[3]
        assert NUMBER.match(value), line
        kind = self.types[family]
        if openmetrics:
            assert name.startswith(family) and name[len(family):] in ENDS[kind], line
        elif kind == "histogram":
            assert name.startswith(family) and name[len(family):] in ENDS[kind] - {"_created"}, line
        else:
            assert name == family and kind != "info", line
            assert (kind == "counter") == name.endswith("_total"), line
        key = name, frozenset(labels(match[2] or "").items())
        assert key not in self.samples, line
        self.samples[key] = Decimal(value)

    def check_histograms(self):
        """Buckets grow, the last is the count."""
        found = {}
        for (name, labels), value in self.samples.items():
            if self.types.get(name.removesuffix("_bucket")) == "histogram" and name.endswith("_bucket"):
                end, = (text for key, text in labels if key == "le")
                found.setdefault((name, frozenset(at for at in labels if at[0] != "le")), []).append(
                    (Decimal(end.replace("+Inf", "Infinity")), value))
        for (name, labels), buckets in found.items():
            counts = [count for _, count in buckets]
            assert counts == sorted(counts) and buckets == sorted(buckets), (name, labels)
            assert buckets[-1] == (Decimal("Infinity"), self.samples[name.removesuffix("_bucket") + "_count", labels]), (name, labels)

    def value(self, name, **labels):
        return self.samples.get((name, frozenset(labels.items())))

    def all(self, name):
        return [(dict(labels), value) for (other, labels), value in self.samples.items() if other == name]


def promtool(text):
    """It has nothing to say, where it is."""
    if tool := shutil.which("promtool"):
        done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and done.stdout + done.stderr == "", done


def receipt(verdict="ok", tenant="acme", wall=2000, **more):
    """A line that the exporter takes for a receipt's."""
    return json.dumps({"schema": 1, "verdict": verdict, "group": f"{tenant}/{os.urandom(6).hex()}", "usage": {"wall_usec": wall},
                       **more}) + "\n"


def runs(told):
    return {(labels.get("tenant"), labels["verdict"]): value for labels, value in told.all("ration_runs_total")}


def errors(told, reason):
    return told.value("ration_scrape_errors_total", reason=reason)
