# SPDX-License-Identifier: MIT
"""stats - medians, 99th percentiles, and how far they can be trusted

Nothing is assumed of how times are distributed: they aren't normal. The interval of a quantile comes from the
order of the samples (how many of n fall below it is binomial), that of a ratio of medians from a bootstrap which
draws whole rounds, since what is measured in one round met the same machine.
"""

import math
import random

CONFIDENCE = 0.95
RESAMPLES = 400


def quantile(ordered, q):
    """Of a sorted list, between its neighbours."""
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(values):
    return quantile(sorted(values), 0.5)


def ranks(n, q):
    """The ranks (from 0) of a sorted list between which the quantile lies with 95 %; None where n is too small for that."""
    tail = (1 - CONFIDENCE) / 2
    below, low, high = 0.0, None, None
    for k in range(n + 1):
        # P(at most k samples are below the quantile)
        below += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
                          + k * math.log(q) + (n - k) * math.log(1 - q))
        if low is None and below > tail:
            low = k - 1
        if high is None and below >= 1 - tail:
            high = k
    return (low, high) if low is not None and low >= 0 and high is not None and high < n else None


def interval(ordered, q):
    """[low, high] of the quantile, or None."""
    found = ranks(len(ordered), q)
    return [ordered[found[0]], ordered[found[1]]] if found else None


def summary(values):
    """What is kept of a sample."""
    ordered = sorted(values)
    return {"n": len(ordered), "median": quantile(ordered, 0.5), "median_95": interval(ordered, 0.5),
            "p99": quantile(ordered, 0.99), "p99_95": interval(ordered, 0.99), "least": ordered[0]}


def ratio(above, below, seed=1):
    """The ratio of two medians, its interval, and the ratio of the least. As many samples of both as there are rounds: they are drawn in pairs."""
    value, least = median(above) / median(below), min(above) / min(below)
    if len(above) < 2 or len(below) < 2:
        return {"ratio": value, "ratio_95": None, "ratio_least": least}
    draw, found = random.Random(seed), []
    paired = len(above) == len(below)
    for _ in range(RESAMPLES):
        mine = draw.choices(range(len(above)), k=len(above))
        other = mine if paired else draw.choices(range(len(below)), k=len(below))
        found.append(median([above[i] for i in mine]) / median([below[i] for i in other]))
    found.sort()
    tail = (1 - CONFIDENCE) / 2
    return {"ratio": value, "ratio_95": [quantile(found, tail), quantile(found, 1 - tail)], "ratio_least": least}
