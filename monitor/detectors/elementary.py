"""The elementary sequential tests on a stream of yes and no, as pure functions: what the statistical kinds are put together from.

A *bet* is one alternative ``p1`` held against the null ``p0``: a factor for each yes and one for each no, whose mean is 1 under the
null and at most 1 when yes comes less often than ``p0`` says (for p1 > p0). Three ways of adding bets up:

- Wald 1945, the sequential probability ratio test: the logarithms summed, between two bounds; for one question asked once (is it
  over?). Both error rates are at most what was stated; the mean number of samples is the least possible.
- Page 1954, CUSUM: the same sum, never below 0: it dates a change, and raises the alarm soonest at a given rate of false ones
  (Lorden 1971 in the limit, Moustakides 1986 exactly). It never claims a rate of false alarms by itself.
- Shiryaev 1963, Roberts 1966: R <- factor * (R + elapsed). Under the null R minus the elapsed time is a martingale, hence the mean
  time to a false alarm at ``R >= A`` is at least ``A``: exactly, in whatever unit time is counted, at whatever instants samples come
  as long as these are chosen without knowing what comes, and for any weighted mean of several R (Shin, Ramdas, Rinaldo 2022).
"""

import math
from functools import lru_cache
from typing import NamedTuple

from monitor.detectors.base import STRAGGLER_SECONDS

#: Runs this close together share their luck (one busy second, one connection): their factors are taken to a power below one.
SHARED_LUCK_SECONDS = 3.0
#: Longer than this without a sample, nobody was looking: that time brought no risk of a false alarm and buys no evidence.
PAUSE_SECONDS = 3_600.0
#: Far beyond any threshold; keeps a long outage from overflowing.
EVIDENCE_MAX = 1e30


class Bet(NamedTuple):
    """What one yes and one no multiply the evidence for an alternative by."""

    yes: float
    no: float

    def of(self, happened: bool, power: float = 1.0) -> float:
        """The factor of one sample. With ``power`` below one its mean under the null stays at most 1 (Jensen)."""
        return float((self.yes if happened else self.no) ** power)


def bet(p0: float, p1: float) -> Bet:
    """The likelihood ratio of ``p1`` against ``p0``; both strictly between 0 and 1."""
    return Bet(p1 / p0, (1.0 - p1) / (1.0 - p0))


def page(total: float, step: float) -> float:
    """CUSUM: the sum of logarithms of factors, begun anew whenever it falls below 0."""
    return max(0.0, total + step)


def roberts(evidence: float, factor: float, elapsed_seconds: float) -> float:
    """Shiryaev and Roberts' statistic after one more sample, in seconds."""
    return min(EVIDENCE_MAX, factor * (evidence + elapsed_seconds))


def wald(false_yes: float, false_no: float) -> tuple[float, float]:
    """The two bounds of the sum of logarithms: at or below the first it is no, at or above the second yes.

    ``false_yes`` is how often a yes may be wrong, ``false_no`` a no. True error rates sum to at most the sum of the two, and each is
    at most its own divided by one minus the other.
    """
    return math.log(false_no / (1.0 - false_yes)), math.log((1.0 - false_no) / false_yes)


def power_after(elapsed_seconds: float, shared_seconds: float = SHARED_LUCK_SECONDS) -> float:
    """How much of a sample's evidence counts, ``elapsed_seconds`` after the one before: near nothing at once, all of it later."""
    # All of it once less than one part in ten thousand is shared: that is cheaper to work out.
    return 1.0 - math.exp(-elapsed_seconds / shared_seconds) if elapsed_seconds < 10 * shared_seconds else 1.0


def share_at_most(count: float, samples: float, deviations: float) -> float:
    """Upper bound of the probability behind ``count`` of ``samples``; 1 when there are too few to say.

    The normal bound of a Poisson count with one added: at 1.64 deviations it is above the true share in at least 95 of 100 cases
    for every small share.
    """
    if samples <= 0:
        return 1.0
    return min(1.0, (count + deviations * math.sqrt(count + 1.0) + 1.0) / samples)


@lru_cache(maxsize=4096)
def chance_of(count: int, samples: int, share: float) -> float:
    """The binomial tail: how likely ``count`` or more of ``samples`` are when each happens with probability ``share``."""
    if count <= 0:
        return 1.0
    if count > samples:
        return 0.0
    if count <= samples * share:
        return 1.0 - chance_of(samples - count + 1, samples, 1.0 - share)
    # Summed away from the mean: the tail is wanted where it is small, and 1 minus the rest would lose it there.
    ways = math.lgamma(samples + 1) - math.lgamma(count + 1) - math.lgamma(samples - count + 1)
    term = math.exp(ways + count * math.log(share) + (samples - count) * math.log1p(-share))
    odds, total = share / (1.0 - share), 0.0
    for place in range(count, samples + 1):
        total += term
        term *= (samples - place) / (place + 1) * odds
        if term < total * 1e-16:
            break
    return min(1.0, total)


def elapsed(last: float | None, now: float) -> float:
    """Seconds at risk since the last sample. Evidence may always be lowered: a pause of ours, or a clock set back, adds none."""
    return 0.0 if last is None or now < last else min(now - last, PAUSE_SECONDS)


def latest(last: float | None, now: float) -> float:
    """The instant to count on from; it goes back only when the clock did."""
    return now if last is None or last - now > STRAGGLER_SECONDS else max(last, now)
