"""What is normal for a check, learned from its calm times: pure, over parallel sequences, a month of samples in less than a second.

Failures: the rate of the isolated ones, and what the clusters say of short troubles of the gateway and of each location's network.
Latency: see ``latency_law``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from monitor.detectors.baseline import Baseline
from monitor.detectors.benign import blips, transients
from monitor.detectors.latency_law import Residuals, law_of, residuals_of
from monitor.detectors.sequential.plan import COLD_ANSWERED, COLD_BLIPS, COLD_TRANSIENTS

_DAY = 86_400.0
#: Less says nothing of the night, or of a day that was different.
LEAST_SECONDS = 3 * _DAY
#: Fewer samples bound the rate of failures no better than the cold start does.
LEAST_SAMPLES = 300
#: A failure with no other this near is isolated; where samples are rarer, none next to it.
ISOLATED_SECONDS = 60.0
ISOLATED_INTERVALS = 1.5
#: 95 % of a normal law lie below this many standard deviations: upper bounds are one-sided.
_UPPER = 1.64
#: A break in the history longer than this many usual gaps is no time watched.
_BREAK_INTERVALS = 20.0


@dataclass(frozen=True, slots=True)
class History:
    """Parallel sequences, in order of ``at`` (lists or arrays), one entry a measured run.

    ``place`` indexes ``places``; ``seconds`` is None or not a number where latency is no evidence. ``answered``, of the failures:
    did an answer of the gateway come? Without it, half of them are taken to have.
    """

    at: Sequence[float]
    place: Sequence[int]
    failed: Sequence[bool]
    seconds: Sequence[float | None]
    places: tuple[str, ...]
    answered: Sequence[bool] | None = None


def fit(history: History) -> Baseline:
    """The baseline of ``history``, which holds calm times only: leave known incidents and the newest hours out beforehand.

    Raises ValueError when there is too little of it to say anything.
    """
    at = [float(instant) for instant in history.at]
    if len(at) < LEAST_SAMPLES or at[-1] - at[0] < LEAST_SECONDS:
        raise ValueError(f"expected at least {LEAST_SAMPLES} runs over at least {LEAST_SECONDS / _DAY:.0f} days of history")
    place = [int(index) for index in history.place]
    residuals = residuals_of(at, place, history)
    bad = [row for row, failed in enumerate(history.failed) if failed or _slow(row, residuals)]
    gap = median(later - earlier for earlier, later in pairwise(at))
    isolated = _isolated([at[row] for row in bad], max(ISOLATED_SECONDS, ISOLATED_INTERVALS * gap))
    watched = sum(min(later - earlier, _BREAK_INTERVALS * gap) for earlier, later in pairwise(at))
    law = law_of(at, residuals)
    return Baseline(
        since=at[0],
        until=at[-1],
        samples=len(at),
        failures=len(bad),
        p0=(isolated + _UPPER * math.sqrt(isolated + 1) + 1) / len(at),
        answered=_answered(history, bad),
        transients=transients(COLD_TRANSIENTS, at, [(row, at[row], place[row]) for row in bad]),
        blips=blips(COLD_BLIPS, at, place, len(history.places), bad, watched),
        medians=residuals.medians,
        edges=law.edges,
        shares=law.shares,
        calm=law.calm,
        hiccup=law.hiccup,
        detour=law.detour,
        altered=law.altered,
        level=law.level,
        level_seconds=law.level_seconds,
        soft=residuals.soft,
    )


def _slow(row: int, residuals: Residuals) -> bool:
    residual = residuals.of[row]
    return residual is not None and residual > residuals.soft


def _isolated(failures: Sequence[float], apart: float) -> int:
    """How many have no other within ``apart`` seconds."""
    gaps = [float("inf"), *(later - earlier for earlier, later in pairwise(failures)), float("inf")]
    return sum(1 for before, after in pairwise(gaps) if min(before, after) > apart)


def _answered(history: History, bad: Sequence[int]) -> float:
    """Upper bound of the share: taken for too large, it makes a blip the likelier cause of the others, which is the safe side."""
    answered = history.answered
    if answered is None:
        return COLD_ANSWERED
    count, total = sum(1 for row in bad if answered[row]), len(bad)
    if not total:
        return COLD_ANSWERED
    return min(1.0, (count + _UPPER * math.sqrt(count + 1)) / total)
