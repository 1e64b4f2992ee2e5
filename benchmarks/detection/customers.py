"""When do customers notice? Payments come as a Poisson stream; some of those hurt complain, after a while.

Two a second; one in twenty of those who are hurt complains: nobody in the first half minute, which goes into trying again, then after
ten minutes on average (exponential). An assumption, not a measurement. The complaints of a fault that fails a share of all payments
are then a Poisson process too, and the chance of none before an instant is exact.
"""

import math
from typing import NamedTuple

import numpy as np

from benchmarks.detection.compiled import Array

PAYMENTS_PER_SECOND = 2.0
COMPLAINING = 0.05
RETRYING_SECONDS = 30.0
COMPLAINT_SECONDS = 600.0


class Impact(NamedTuple):
    """Of one fault and one rule: payments that failed before the ticket (median), and how often the ticket came before a complaint."""

    hurt: float | None
    first: float


def unheard(seconds: Array, share: float) -> Array:
    """The chance that nobody has complained yet, ``seconds`` after the onset of a fault that fails ``share`` of payments."""
    rate = PAYMENTS_PER_SECOND * share * COMPLAINING
    open_seconds = np.maximum(seconds - RETRYING_SECONDS, 0.0)
    expected = open_seconds + COMPLAINT_SECONDS * np.expm1(-open_seconds / COMPLAINT_SECONDS)
    return np.exp(-rate * expected)


def impact(delays: Array, share: float) -> Impact:
    """``delays`` in seconds, nan where missed: a missed incident is always told by customers."""
    caught = delays[~np.isnan(delays)]
    chance = float(unheard(caught, share).sum() / len(delays)) if len(delays) else 0.0
    ordered = np.sort(np.where(np.isnan(delays), math.inf, delays))
    median = float(ordered[(len(ordered) - 1) // 2]) if len(ordered) else math.inf
    return Impact(round(PAYMENTS_PER_SECOND * share * median, 1) if math.isfinite(median) else None, round(chance, 4))
