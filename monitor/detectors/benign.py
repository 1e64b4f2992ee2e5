"""Short troubles that mend themselves, as a history shows them: how often they begin and how long they last.

Most of them fall between two samples and leave one failure or none, so what is seen is corrected for what is not.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from statistics import median

from monitor.detectors.baseline import Benign

#: Longer troubles are incidents: none that mends itself before a person could look.
LONGEST_TRANSIENT_SECONDS = 60.0
LONGEST_BLIP_SECONDS = 1_800.0
#: What a transient's rate and mean length may be, in those of the usual one. No cause is taken for rarer or shorter than usual: a
#: history that shows none does not prove that there are none. Nor does a handful prove that they last very much longer.
_RATES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)
_LENGTHS = (1.0, 1.25, 1.5, 1.75, 2.25, 3.0)
#: How far from the usual they are believed to be beforehand: the rate's mean, the spread of the length's logarithm.
_USUAL_RATES, _USUAL_LENGTHS = 4.0, 0.5
#: A blip's mean length, in that of the usual one, and from how many blips on it is learned.
_BLIP_LENGTHS, _BLIPS_LEAST = (0.5, 5.0), 3
#: How long a blip is likely to be seen again in the place's next sample; too short ones tell too little.
_AGAIN = (0.2, 0.95)
#: However rarely a place is sampled, one blip in five is taken as seen.
_SEEN_LEAST = 0.2

#: A failure: its row, instant, place.
Failure = tuple[int, float, int]


def transients(usual: Benign, at: Sequence[float], failures: Sequence[Failure]) -> Benign:
    """Of the gateway: failures in a row, at more places than one.

    The likeliest rate and mean length, given how many samples fail next to another's failure, and next to two: with rate ``lam``, mean
    ``tau`` and share ``f``, two samples ``d`` apart both fail with the chance f^2 lam tau e^(-d / tau).
    """
    chance = len(failures) / len(at)
    runs = [run for run in _runs(failures) if run[-1][1] - run[0][1] <= LONGEST_TRANSIENT_SECONDS]
    wide = [run for run in runs if len({place for _, _, place in run}) > 1]
    pairs, triples = sum(len(run) - 1 for run in wide), sum(len(run) - 2 for run in wide)
    apart = max(1e-3, _follow(at, failures))

    def likelihood(guess: tuple[float, float]) -> float:
        rate, length = guess
        seconds = length * usual.mean_seconds
        together = usual.share**2 * rate * usual.rate * seconds * math.exp(-apart / seconds)
        two = len(at) * (chance**2 + together)
        three = len(at) * (chance**3 + together * usual.share * math.exp(-apart / seconds))
        believed = rate / _USUAL_RATES + 0.5 * (math.log(length) / _USUAL_LENGTHS) ** 2
        return pairs * math.log(two) - two + triples * math.log(three) - three - believed

    if not failures:
        return usual
    rate, length = max(product(_RATES, _LENGTHS), key=likelihood)
    return Benign(rate * usual.rate, length * usual.mean_seconds, usual.share)


def blips(usual: Benign, at: Sequence[float], place: Sequence[int], places: int, bad: Sequence[int], watched: float) -> Benign:
    """Of a place's network: failures in a row there, while the others saw nothing. The rate is that of one place.

    A trouble of exponential length that was seen once is seen in the next sample too with the same probability each time (the law has
    no memory): how often it is tells the mean length, and that how many fell between the samples or were seen but once.
    """
    known, elsewhere = set(bad), [(at[row], place[row]) for row in bad]
    seen, gaps = [], []
    for one in range(places):
        rows = [row for row, index in enumerate(place) if index == one]
        gaps += [at[later] - at[row] for row, later in pairwise(rows) if row in known]
        own = [(number, at[row], one) for number, row in enumerate(rows) if row in known]
        for run in _runs(own):
            lasted = run[-1][1] - run[0][1]
            if len(run) > 1 and lasted <= LONGEST_BLIP_SECONDS and not _others(elsewhere, one, run[0][1], run[-1][1]):
                seen.append(len(run))
    gap = median(gaps) if gaps else watched * places / len(at)
    mean = usual.mean_seconds
    further = sum(seen) - len(seen)
    again = min(max(further / (len(seen) + further), _AGAIN[0]), _AGAIN[1]) if seen else math.exp(-gap / mean)
    if len(seen) >= _BLIPS_LEAST:
        mean = min(max(-gap / math.log(again), mean * _BLIP_LENGTHS[0]), mean * _BLIP_LENGTHS[1])
    visible = usual.share**2 * mean / gap * math.exp(-gap / mean) * (1.0 - again)
    rate = (len(seen) / min(max(visible, _SEEN_LEAST), 1.0) + 1.0) / (places * watched + 1.0 / usual.rate)
    return Benign(max(rate, usual.rate), mean, usual.share)


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
    return median([at[row + 1] - instant for row, instant, _ in failures if row + 1 < len(at)] or [(at[-1] - at[0]) / len(at)])
