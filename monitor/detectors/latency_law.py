"""The law of a check's latency in calm times, and how the alternatives would look.

The median of each location and hour is taken out; what is left is pooled and cut into bins. The calm law is that of the check itself,
at each level of the slow common load; hiccups, detours and the alternatives are the same law shifted, or with a heavier tail.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Protocol

from monitor.detectors.baseline import HOURS
from monitor.detectors.level import wander
from monitor.detectors.sequential.layout import BINS, LATENCIES
from monitor.detectors.sequential.plan import LEVEL_WEIGHTS, LEVELS, hour_of, usual_at

_DAY = 86_400.0
#: The bins' upper edges, as quantiles of what is left.
QUANTILES = (0.1, 0.3, 0.5, 0.75, 0.9, 0.95, 0.98, 0.995, 0.999)
#: Alternatives: the whole law slower by these factors; as wide as a hiccup; a share of runs slower by a factor.
SHIFTS = (1.3, 1.5, 1.8, 2.5, 3.5)
TAILS = ((0.10, 5.0), (0.04, 10.0))
#: A hiccup, and a detour of one place's path, are slower by one of these.
HICCUPS = (2.0, 4.0, 8.0)
DETOURS = (1.5, 2.0, 3.0)
#: Of every alternative this much is the null: no single latency may bet everything.
_HEDGE = 0.02
#: No bin is impossible: as much as this of every law is spread evenly.
_EVEN = 1e-4
#: The level is in the residuals already; taking it out leaves at least half of their spread.
_LEAST_SHRINK = 0.5
#: Slower than this times the 99.9 % quantile counts as a failure; waiting for the real time-out would cost seconds.
SOFT_TIMES, SOFT_QUANTILE = 1.2, 0.999
#: A place with fewer latencies is given no opinion on its own.
PLACE_LEAST = 200
#: An hour with fewer takes its neighbours' word, or the place's.
HOUR_LEAST = 10
#: Two weekends at least, or the weekend's hours are those of all days.
WEEKLY_SECONDS = 14 * _DAY

Bins = tuple[float, ...]
Rows = tuple[Bins, ...]


class Measured(Protocol):
    @property
    def seconds(self) -> Sequence[float | None]: ...

    @property
    def failed(self) -> Sequence[bool]: ...

    @property
    def places(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Residuals:
    """``of``: logarithm of each row's latency above the median of its place and time; None where there is none.

    ``ordered``: those there are, rising. ``soft``: beyond it a run counts as failed.
    """

    of: Sequence[float | None]
    ordered: Sequence[float]
    medians: Mapping[str, Bins]
    soft: float = math.inf


@dataclass(frozen=True, slots=True)
class Law:
    """As in ``Baseline``."""

    edges: Bins = ()
    shares: Bins = ()
    calm: Rows = ()
    hiccup: Rows = ()
    detour: Rows = ()
    altered: Rows = ()
    level: float = 0.0
    level_seconds: float = 900.0


def residuals_of(at: Sequence[float], place: Sequence[int], history: Measured) -> Residuals:
    """Each row's, with the season taken out. Two weeks tell weekends from weekdays; less does not."""
    logs = [
        math.log(value) if value is not None and value > 0.0 and not failed else None
        for value, failed in zip(history.seconds, history.failed, strict=True)
    ]
    weekly = at[-1] - at[0] >= WEEKLY_SECONDS
    cells: list[dict[int, list[float]]] = [{} for _ in history.places]
    for row, value in enumerate(logs):
        if value is not None:
            hour = hour_of(at[row])
            cells[place[row]].setdefault(hour if weekly else hour % (HOURS // 2), []).append(value)
    medians = {index: _season(cell, weekly=weekly) for index, cell in enumerate(cells) if _count(cell) >= PLACE_LEAST}
    of = [
        value - usual_at(medians[place[row]], at[row]) if value is not None and place[row] in medians else None
        for row, value in enumerate(logs)
    ]
    ordered = sorted(value for value in of if value is not None)
    named = {history.places[index]: season for index, season in medians.items()}
    return (
        Residuals(of, ordered, named, _quantile(ordered, SOFT_QUANTILE) + math.log(SOFT_TIMES))
        if ordered
        else Residuals(of, (), {})
    )


def _quantile(ordered: Sequence[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil((len(ordered) + 1) * q) - 1)]


def _count(cell: Mapping[int, Sequence[float]]) -> int:
    return sum(len(values) for values in cell.values())


def _season(cell: Mapping[int, list[float]], *, weekly: bool) -> tuple[float, ...]:
    """The median of each hour, smoothed over the hours beside it, round the clock; weekends by themselves when known."""
    whole = median([value for values in cell.values() for value in values])
    day = HOURS // 2
    season: list[float] = []
    for first in (0, day) if weekly else (0, 0):
        raw = [median(values) if len(values := cell.get(first + hour, [])) >= HOUR_LEAST else None for hour in range(day)]
        filled = [_nearest(raw, hour, whole) for hour in range(day)]
        season += [(filled[hour - 1] + 2 * filled[hour] + filled[(hour + 1) % day]) / 4 for hour in range(day)]
    return tuple(season)


def _nearest(raw: Sequence[float | None], hour: int, otherwise: float) -> float:
    """That of the nearest hour that has one."""
    for distance in range(len(raw) // 2 + 1):
        for value in (raw[hour - distance], raw[(hour + distance) % len(raw)]):
            if value is not None:
                return value
    return otherwise


def law_of(at: Sequence[float], residuals: Residuals) -> Law:
    """Edges and laws; nothing when there are too few latencies."""
    left = residuals.ordered
    if len(left) < PLACE_LEAST:
        return Law()
    rows = [row for row, value in enumerate(residuals.of) if value is not None]
    values = [value for value in residuals.of if value is not None]
    seen, level, seconds = wander([at[row] for row in rows], values, left)
    edges = [_quantile(left, q) for q in QUANTILES]
    spread = (_quantile(left, 0.75) - _quantile(left, 0.25)) / 1.349
    shrink = math.sqrt(max(_LEAST_SHRINK**2, 1.0 - (seen / spread) ** 2)) if spread > 0.0 else 1.0

    def shifted(shift: float, core: float = 1.0) -> Bins:
        return _law(left, edges, shift, core)

    calm = tuple(shifted(z * level, shrink) for z in LEVELS)
    hiccup = tuple(_mean([shifted(z * level + math.log(slow), shrink) for slow in HICCUPS]) for z in LEVELS)
    detour = tuple(_mean([shifted(z * level + math.log(slow), shrink) for slow in DETOURS]) for z in LEVELS)
    usual = _mean(calm, LEVEL_WEIGHTS)
    tails = [_mean([usual, shifted(math.log(slow))], (1.0 - part, part)) for part, slow in TAILS]
    alternatives = [*(shifted(math.log(slow)) for slow in SHIFTS), _mean(hiccup, LEVEL_WEIGHTS), *tails]
    altered = tuple(_mean([one, usual], (1.0 - _HEDGE, _HEDGE)) for one in alternatives)
    return Law(tuple(edges), usual, calm, hiccup, detour, altered, level, seconds)


def _law(left: Sequence[float], edges: Sequence[float], shift: float, shrink: float) -> Bins:
    """The bins of the ordered ``left``, drawn together by ``shrink``, then shifted."""
    below = [0, *(bisect_left(left, (edge - shift) / shrink) for edge in edges), len(left)]
    counts = [upper - lower for lower, upper in pairwise(below)]
    return tuple((count / len(left) + _EVEN / BINS) / (1.0 + _EVEN) for count in counts)


def _mean(laws: Sequence[Bins], weights: Sequence[float] | None = None) -> Bins:
    weights = weights or [1.0 / len(laws)] * len(laws)
    return tuple(sum(weight * law[bin_] for weight, law in zip(weights, laws, strict=True)) for bin_ in range(BINS))


assert len(QUANTILES) + 1 == BINS  # noqa: S101 - the kernel's tables have this many columns
assert len(SHIFTS) + 1 + len(TAILS) == LATENCIES  # noqa: S101 - and as many rows
