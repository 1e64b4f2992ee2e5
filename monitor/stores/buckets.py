"""Latency histograms that can be added up: logarithmic buckets with a bounded relative error.

The scheme is DDSketch's (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", VLDB 2019): bucket i holds the seconds in (floor * g**(i-1), floor * g**i] with g = (1 + e) / (1 - e). Its
representative lies within a share e of everything in it. A histogram is a plain ``{bucket index: count}``.
"""

import math
from collections.abc import Iterable, Mapping

#: Every quantile lies within 5 % of the true order statistic: an objective of 800 ms is told from 850 ms.
RELATIVE_ERROR = 0.05
#: Nothing that crosses a network is faster; what is faster counts as this.
FLOOR_SECONDS = 100e-6
#: No run has a budget longer than this; what is slower counts as this.
CEILING_SECONDS = 3_600.0

_GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_LOG = 1 / math.log(_GROWTH)
#: 174: an index fits in one byte, so a histogram is stored in a few bytes.
LAST_BUCKET = math.ceil(math.log(CEILING_SECONDS / FLOOR_SECONDS) * _PER_LOG)


def bucket(seconds: float) -> int:
    """The index of the bucket that holds ``seconds``, in 0..LAST_BUCKET."""
    if seconds <= FLOOR_SECONDS:
        return 0
    return min(math.ceil(math.log(seconds / FLOOR_SECONDS) * _PER_LOG), LAST_BUCKET)


def representative(index: int) -> float:
    """The seconds that stand for a bucket: within RELATIVE_ERROR of all it holds, between floor and ceiling."""
    return FLOOR_SECONDS * _GROWTH**index * 2 / (_GROWTH + 1) if index else FLOOR_SECONDS


def merge(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """The histogram of all their samples. Associative and commutative."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for index, count in histogram.items():
            total[index] = total.get(index, 0) + count
    return total


def quantile(histogram: Mapping[int, int], q: float) -> float | None:
    """The nearest-rank ``q``-quantile (0 < q <= 1) in seconds, within RELATIVE_ERROR. None of an empty histogram."""
    rank = max(1, math.ceil(q * sum(histogram.values())))
    seen = 0
    for index in sorted(histogram):
        seen += histogram[index]
        if seen >= rank:
            return representative(index)
    return None
