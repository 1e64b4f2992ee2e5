"""Short troubles that mend themselves, as a history shows them: how often they begin and how long they last.

Most of them fall between two samples and leave one failure or none, so what is seen is corrected for what is not. A trouble of
exponential length that was seen once is seen in the next sample too with the same probability each time (the law has no memory): the
number of further failures is geometric, and tells the mean length however few they are.
"""

import math
from collections.abc import Iterator, Sequence
from statistics import median

from monitor.detectors.baseline import Benign

#: Longer troubles are incidents: none that mends itself before a person could look.
LONGEST_TRANSIENT_SECONDS = 60.0
LONGEST_BLIP_SECONDS = 1_800.0
#: What is believed beforehand weighs as much as this many troubles seen.
_PRIOR = 2.0
#: No cause is taken for rarer, nor a transient for shorter, than usual: a history that shows none does not prove that there are none.
#: Nor does a handful prove that they last very much longer.
_TRANSIENT_LENGTHS, _BLIP_LENGTHS = (1.0, 3.0), (0.5, 5.0)

#: A failure: its row, instant, place.
Failure = tuple[int, float, int]


def transients(usual: Benign, at: Sequence[float], failures: Sequence[Failure], watched: float) -> Benign:
    """Of the gateway: seen from two places or more. ``watched`` seconds of history."""
    found = list(_runs(failures))
    alone = sum(1 for run in found if len(run) == 1)
    runs = [run for run in found if len(run) > 1 and run[-1][1] - run[0][1] <= LONGEST_TRANSIENT_SECONDS]
    seen = [len(run) for run in runs if len({place for _, _, place in run}) > 1]
    chance = alone**2 / len(at)
    return _estimate(usual, seen, chance, watched, watched / len(at), _follow(at, failures), _TRANSIENT_LENGTHS)


def blips(usual: Benign, at: Sequence[float], place: Sequence[int], places: int, bad: Sequence[int], watched: float) -> Benign:
    """Of a place's network: seen from there, while the others saw nothing. The rate is that of one place."""
    seen, follows, own_samples, alone = [], [], 0, 0
    elsewhere = [(at[row], place[row]) for row in bad]
    for one in range(places):
        rows = [row for row, index in enumerate(place) if index == one]
        instants = [at[row] for row in rows]
        known = set(bad)
        own = [(number, at[row], one) for number, row in enumerate(rows) if row in known]
        own_samples += len(rows)
        follows += _next(instants, own)
        for run in _runs(own):
            alone += len(run) == 1
            lasted = run[-1][1] - run[0][1]
            if len(run) > 1 and lasted <= LONGEST_BLIP_SECONDS and not _others(elsewhere, one, run[0][1], run[-1][1]):
                seen.append(len(run))
    gap = watched * places / max(1, own_samples)
    chance = alone**2 / max(1, len(at))
    return _estimate(usual, seen, chance, watched * places, gap, median(follows) if follows else gap, _BLIP_LENGTHS)


def _runs(failures: Sequence[Failure]) -> Iterator[list[Failure]]:
    run: list[Failure] = []
    for failure in failures:
        if run and failure[0] - run[-1][0] > 1:
            yield run
            run = []
        run.append(failure)
    if run:
        yield run


def _others(failures: Sequence[tuple[float, int]], own: int, since: float, until: float) -> bool:
    return any(place != own and since <= instant <= until for instant, place in failures)


def _follow(at: Sequence[float], failures: Sequence[Failure]) -> float:
    """How soon after a failure the next sample usually comes: under suspicion that is sooner than the grid."""
    return median(_next(at, failures) or [(at[-1] - at[0]) / len(at)])


def _next(at: Sequence[float], failures: Sequence[Failure]) -> list[float]:
    return [at[row + 1] - instant for row, instant, _ in failures if row + 1 < len(at)]


def _estimate(
    usual: Benign, seen: Sequence[int], chance: float, watched: float, gap: float, follow: float, lengths: tuple[float, float]
) -> Benign:
    """``seen``: failures of each trouble that failed twice or more; ``chance``: how many pairs are failures that just met. ``gap`` and ``follow``: seconds to a sample, usually and after a
    failure. ``lengths``: the least and the greatest mean, in those of ``usual``.
    """
    follow = max(follow, 1e-3)
    again = math.exp(-follow / usual.mean_seconds)
    troubles = max(0.0, len(seen) - chance)
    further = sum(count - 2 for count in seen) + _PRIOR * again / (1 - again)
    again = further / (further + troubles + _PRIOR)
    mean = min(max(-follow / math.log(again), usual.mean_seconds * lengths[0]), usual.mean_seconds * lengths[1])
    met = mean / gap * -math.expm1(-gap / mean)
    visible = usual.share**2 * met * math.exp(-follow / mean)
    rate = (troubles + 1) / (watched * visible + 1 / usual.rate)
    return Benign(max(rate, usual.rate), mean, usual.share)
