"""Where on a history a rule may begin to alarm, by what each kind's alarm must be made of, and where it stood shortly before.

Each kind in ``KINDS`` gives exact consequences of its detector's definition, never a guess: between the onsets named here the detector
cannot alarm and need not be played; at each of them it is played itself. What is not here is played from the first sample to the last.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.backtest.columns import OUTCOMES, Columns
from monitor.detectors import State
from monitor.detectors.absence import Absence
from monitor.detectors.base import STRAGGLER_SECONDS, CountingModel
from monitor.detectors.burn_rate import SLICES, BurnRate
from monitor.detectors.consecutive import Consecutive
from monitor.detectors.expiry import Expiry
from monitor.detectors.k_of_n import KOfN
from monitor.detectors.quantile import Quantile
from monitor.detectors.quorum import LONGEST, Quorum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

#: Instants are compared with this much to spare: what is nearly enough is played.
HAIR_SECONDS = 1.0
#: ... and latencies, which the detector rounds, with this much.
HAIR_SECONDS_OF_LATENCY = 1e-4


class Kind(NamedTuple):
    """How to leave out the calm of one kind. ``seen`` is a series: its measured runs in order of arrival, by position.

    ``onsets(detector, seen, until)``: the positions at which an alarm may begin, in order; ``len(seen)`` for the time after the last
    run. ``before(detector, seen, position)``: a position not after that one, and a state; played from there, the detector's state is at
    ``position`` what it would be, had it been played from the beginning and not alarmed.
    """

    onsets: Callable[[Any, Columns, float], "Rows"]
    before: Callable[[Any, Columns, int], tuple[int, State]]


def in_order(seen: Columns, *, pooled: bool) -> bool:
    """Nothing overtook anything at its place: what a detector remembers is then simply what came last."""
    import numpy as np

    if not pooled:
        return bool(np.all(np.diff(seen.at) > 0))
    apart = all(bool(np.all(np.diff(seen.at[seen.place == place]) > 0)) for place in np.unique(seen.place))
    return apart and bool(np.all(np.maximum.accumulate(seen.at) - seen.at <= STRAGGLER_SECONDS))


def _weighed(detector: CountingModel, seen: Columns) -> "Rows":
    """The positions that say something to it."""
    import numpy as np

    if detector.outcomes is None:
        return np.arange(len(seen))
    counted = [OUTCOMES.index(outcome.value) for outcome in detector.outcomes]
    return np.flatnonzero((seen.good == 1) | np.isin(seen.outcome, counted))


def _last(weighed: "Rows", count: int, position: int) -> int:
    """Where the latest ``count`` of them before ``position`` begin."""
    import numpy as np

    first = int(np.searchsorted(weighed, position)) - count
    return int(weighed[first]) if first >= 0 else 0


# ---------------------------------------------------------------------------------------------- consecutive, k_of_n


def _close(detector: CountingModel, seen: Columns, bad: int, among: int, within: float | None) -> "Rows":
    """Where the last of ``bad`` failures ``among`` so many, ``within`` the time, came in."""
    import numpy as np

    weighed = _weighed(detector, seen)
    failed = np.flatnonzero(seen.good[weighed] == 0)
    if len(failed) < bad:
        return np.empty(0, dtype=np.int64)
    first, last = failed[: len(failed) - bad + 1], failed[bad - 1 :]
    near = last - first < among
    if within is not None:
        near &= seen.at[weighed[last]] - seen.at[weighed[first]] < within + HAIR_SECONDS
    return weighed[last[near]]


def _in_a_row(detector: Consecutive, seen: Columns, until: float) -> "Rows":
    return _close(detector, seen, detector.failures, detector.failures, None)


def _before_a_row(detector: Consecutive, seen: Columns, position: int) -> tuple[int, State]:
    return _last(_weighed(detector, seen), max(detector.failures, detector.successes), position), detector.start()


def _of_the_last(detector: KOfN, seen: Columns, until: float) -> "Rows":
    return _close(detector, seen, detector.bad, detector.of, detector.within)


def _before_the_last(detector: KOfN, seen: Columns, position: int) -> tuple[int, State]:
    return _last(_weighed(detector, seen), max(detector.of, detector.needed), position), detector.start()


# ---------------------------------------------------------------------------------------------- burn_rate


def _burning(detector: BurnRate, seen: Columns, until: float) -> "Rows":
    """The failures with which a pair of windows is too much, counted as the detector counts."""
    import numpy as np

    weighed = _weighed(detector, seen)
    at, failed = seen.at[weighed], seen.good[weighed] == 0
    rows = np.flatnonzero(failed)
    fallen = np.concatenate(([0], np.cumsum(failed)))

    def counts(length: float) -> list[tuple[int, int]]:
        number = (at // (length / SLICES)).astype(np.int64)
        first = np.searchsorted(number, number[rows] - (SLICES - 1))
        return list(zip((rows + 1 - first).tolist(), (fallen[rows + 1] - fallen[first]).tolist(), strict=True))

    hot = np.zeros(len(rows), dtype=np.bool_)
    for pair in detector.windows:
        judged = zip(counts(pair.long), counts(pair.short), strict=True)
        hot |= np.array([detector.burning(pair, long, short) is not None for long, short in judged], dtype=np.bool_)
    return weighed[rows[hot]]


def _before_burning(detector: BurnRate, seen: Columns, position: int) -> tuple[int, State]:
    """The windows as they are counted by then."""
    import numpy as np

    weighed = _weighed(detector, seen)
    weighed = weighed[: int(np.searchsorted(weighed, position))]
    if not len(weighed):
        return position, detector.start()
    at, failed = seen.at[weighed], seen.good[weighed] == 0
    fallen = np.flatnonzero(failed)
    streak = len(weighed) - 1 - int(fallen[-1]) if len(fallen) else len(weighed)
    windows = [_slices(at, failed, length) for pair in detector.windows for length in (pair.long, pair.short)]
    return position, [float(at[-1]), windows, streak, None]


def _slices(at: Any, failed: Any, length: float) -> list[Any]:
    import numpy as np

    width = length / SLICES
    newest = int(at[-1] // width)
    first = int(np.searchsorted(at, (newest - SLICES) * width))
    place = (at[first:] // width).astype(np.int64) - newest + SLICES - 1
    at, failed, place = at[first:][place >= 0], failed[first:][place >= 0], place[place >= 0]
    slices: list[list[Any]] = [[count, 0, None] for count in np.bincount(place, minlength=SLICES).tolist()]
    for instant, number in zip(at[failed].tolist(), place[failed].tolist(), strict=True):
        one = slices[number]
        one[1], one[2] = one[1] + 1, instant if one[2] is None else one[2]
    return [newest, slices]


# ---------------------------------------------------------------------------------------------- quantile


def _slow(detector: Quantile, seen: Columns, until: float) -> "Rows":
    """Where as many slow ones lie within the window as the fewest samples that count leave above the quantile; until they no longer do."""
    import numpy as np

    needed = detector.min_samples - detector.rank(detector.min_samples) + 1
    timed = np.flatnonzero((seen.good == 1) & ~np.isnan(seen.seconds))
    slow = seen.seconds[timed] > float(detector.above) - HAIR_SECONDS_OF_LATENCY
    passed = np.concatenate(([0], np.cumsum(slow)))
    at = seen.at[timed]
    first = np.searchsorted(at, at - detector.window - HAIR_SECONDS)
    return timed[passed[1:] - passed[first] >= needed]


def _before_slow(detector: Quantile, seen: Columns, position: int) -> tuple[int, State]:
    import numpy as np

    timed = np.flatnonzero((seen.good[:position] == 1) & ~np.isnan(seen.seconds[:position]))
    if not len(timed):
        return position, detector.start()
    return int(np.searchsorted(seen.at, seen.at[timed[-1]] - detector.window - HAIR_SECONDS)), detector.start()


# ---------------------------------------------------------------------------------------------- quorum


def _at_a_place(detector: Quorum, seen: Columns, until: float) -> "Rows":
    """While any place has failed often enough in a row: how many others still have a voice is left to the detector."""
    import numpy as np

    weighed = _weighed(detector, seen)
    failing = np.zeros(len(weighed), dtype=np.bool_)
    for place in np.unique(seen.place[weighed]):
        own = np.flatnonzero(seen.place[weighed] == place)
        good = seen.good[weighed[own]] == 1
        count = np.arange(1, len(own) + 1)
        stands = count - np.maximum.accumulate(np.where(good, count, 0)) >= detector.failures
        latest = np.searchsorted(own, np.arange(len(weighed)), side="right") - 1
        failing |= (latest >= 0) & stands[np.maximum(latest, 0)]
    return weighed[failing]


def _before_a_place(detector: Quorum, seen: Columns, position: int) -> tuple[int, State]:
    """Beyond ``LONGEST`` in a row nothing is counted, and who was silent too long has no voice."""
    import numpy as np

    if position == 0:
        return 0, detector.start()
    weighed = _weighed(detector, seen)
    first = min(_last(weighed[seen.place[weighed] == place], LONGEST + 1, position) for place in np.unique(seen.place[weighed]))
    heard = seen.at[:position] >= seen.at[position - 1] - detector.silent - STRAGGLER_SECONDS
    return min(first, int(np.argmax(heard))), detector.start()


# ---------------------------------------------------------------------------------------------- absence, expiry


def _silent(detector: Absence, seen: Columns, until: float) -> "Rows":
    """The runs that came in after a gap as long as ``after``, the first of all and the time after the last included."""
    import numpy as np

    gaps = np.diff(np.concatenate((seen.arrival, [until])))
    return np.concatenate(([0], 1 + np.flatnonzero(gaps >= detector.after - HAIR_SECONDS)))


def _before_silence(detector: Absence, seen: Columns, position: int) -> tuple[int, State]:
    """Any measured run heals: nothing older matters."""
    return position, detector.start()


def _never(detector: Expiry, seen: Columns, until: float) -> "Rows":
    """Samples carry no certificates."""
    import numpy as np

    return np.empty(0, dtype=np.int64)


def _before_nothing(detector: Expiry, seen: Columns, position: int) -> tuple[int, State]:
    return position, detector.start()


KINDS: Mapping[type, Kind] = {
    Consecutive: Kind(_in_a_row, _before_a_row),
    KOfN: Kind(_of_the_last, _before_the_last),
    BurnRate: Kind(_burning, _before_burning),
    Quantile: Kind(_slow, _before_slow),
    Quorum: Kind(_at_a_place, _before_a_place),
    Absence: Kind(_silent, _before_silence),
    Expiry: Kind(_never, _before_nothing),
}
