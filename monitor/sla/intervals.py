"""Half-open intervals [start, end) of whole UTC seconds, and their algebra.

Every function takes any intervals and returns a canonical tuple: sorted, disjoint, not touching, none empty.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Interval(NamedTuple):
    start: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.start


Intervals = tuple[Interval, ...]


def union(*sets: Iterable[Interval]) -> Intervals:
    """What is in any of them."""
    merged: list[Interval] = []
    for start, end in sorted(interval for one in sets for interval in one if interval.start < interval.end):
        if merged and start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Interval(start, end))
    return tuple(merged)


def intersect(left: Iterable[Interval], right: Iterable[Interval]) -> Intervals:
    """What is in both."""
    ours, theirs = union(left), union(right)
    common: list[Interval] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        start, end = max(ours[i].start, theirs[j].start), min(ours[i].end, theirs[j].end)
        if start < end:
            common.append(Interval(start, end))
        if ours[i].end < theirs[j].end:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(left: Iterable[Interval], right: Iterable[Interval]) -> Intervals:
    """What is in ``left`` and not in ``right``."""
    ours = union(left)
    return intersect(ours, _gaps(union(right), Interval(ours[0].start, ours[-1].end))) if ours else ()


def clip(intervals: Iterable[Interval], period: Interval) -> Intervals:
    """The parts that lie within ``period``."""
    return intersect(intervals, (period,))


def total(intervals: Iterable[Interval]) -> int:
    """Seconds covered; what overlaps counts once."""
    return sum(interval.seconds for interval in union(intervals))


def _gaps(intervals: Intervals, period: Interval) -> Iterable[Interval]:
    """What ``period`` has between canonical intervals."""
    start = period.start
    for interval in intervals:
        yield Interval(start, interval.start)
        start = max(start, interval.end)
    yield Interval(start, period.end)
