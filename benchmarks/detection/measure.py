"""From episodes to figures: delays with their quantiles, false tickets with exact intervals, thresholds that match a rate."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.detection.compiled import Array

#: Missed is later than everything.
MISSED = math.inf


class Delays(NamedTuple):
    """Seconds from onset to alarm; quantiles over all episodes, the missed ones counted as infinite (shown as None)."""

    median: float | None
    p95: float | None
    missed: float  # share, 0 to 1
    episodes: int

    @classmethod
    def of(cls, seconds: Array) -> "Delays":
        """``seconds``: nan where missed; episodes that alarmed before the onset are left out by the caller."""
        values = np.sort(np.where(np.isnan(seconds), MISSED, seconds))
        if not len(values):
            return cls(None, None, 0.0, 0)
        return cls(_quantile(values, 0.5), _quantile(values, 0.95), float(np.isnan(seconds).mean()), len(values))


def _quantile(values: Array, share: float) -> float | None:
    value = float(values[min(len(values) - 1, math.ceil(share * len(values)) - 1)])
    return round(value, 2) if math.isfinite(value) else None


def usable(found: Array) -> Array:
    """Without the episodes whose alarm stood before the onset: they tell nothing of the delay."""
    return found[~(found < 0.0)]


def tickets(blocks: Array, threshold: float) -> int:
    """False tickets: hours in which the score reached the threshold, those less than two hours apart counted once."""
    high = blocks >= threshold
    before = np.zeros_like(high)
    before[:, 1:] |= high[:, :-1]
    before[:, 2:] |= high[:, :-2]
    return int((high & ~before).sum())


def matched(blocks: Sequence[Array], months: float, rate: float = 1.0) -> float:
    """The smallest threshold with at most ``rate`` false tickets a check-month."""
    values = np.unique(np.concatenate([block.ravel() for block in blocks]))
    values = values[np.isfinite(values)]
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(tickets(block, np.nextafter(values[middle], math.inf)) for block in blocks) <= rate * months:
            high = middle
        else:
            low = middle + 1
    return float(np.nextafter(values[low], math.inf))


class Rate(NamedTuple):
    """Events seen, over how many check-months, and the exact 95 % Poisson interval of their rate (Garwood 1936)."""

    seen: int
    months: float
    rate: float
    low: float
    high: float

    @classmethod
    def of(cls, count: int, months: float) -> "Rate":
        low, high = garwood(count)
        return cls(count, months, count / months, low / months, high / months)


def garwood(count: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson mean of which ``count`` was seen."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _solve(lambda mean: 1 - _at_most(count - 1, mean), tail, count)
    return low, _solve(lambda mean: -_at_most(count, mean), -tail, count)


def _at_most(count: int, mean: float) -> float:
    """Probability that a Poisson variable is at most ``count``."""
    if mean <= 0.0:
        return 1.0
    logs = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1)]
    return min(1.0, math.fsum(math.exp(value) for value in logs))


def _solve(rising, goal: float, count: int) -> float:  # type: ignore[no-untyped-def]
    low, high = 0.0, count + 12 * math.sqrt(count + 1) + 12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return (low + high) / 2


def mean_interval(values: Array) -> tuple[float, float]:
    """A mean and half the width of its 95 % interval."""
    return float(values.mean()), float(1.96 * values.std(ddof=1) / math.sqrt(len(values)))
