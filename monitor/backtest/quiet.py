"""Rules that cannot fire on a history, by what each kind's alarm must be made of: they need not be played on it.

Each line of ``_MADE_OF`` is an exact consequence of its detector's definition, never a guess: where a rule might fire, the engine
itself tells. A kind that is not in the table might always fire.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from monitor.backtest.columns import OUTCOMES, Columns
from monitor.detectors.absence import Absence
from monitor.detectors.base import CountingModel
from monitor.detectors.consecutive import Consecutive
from monitor.detectors.expiry import Expiry
from monitor.detectors.k_of_n import KOfN
from monitor.detectors.quantile import Quantile
from monitor.model.check import Check
from monitor.rules import Rule
from monitor.rules.plan import Assignment, assign
from monitor.rules.rule import matches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

#: Instants are compared with this much to spare: what is nearly enough is played.
HAIR_SECONDS = 1.0
#: ... and latencies, which the detector rounds, with this much.
HAIR_SECONDS_OF_LATENCY = 1e-4


def may_fire(rules: tuple[Rule, ...], check: Check, columns: Columns, until: float) -> tuple[Rule, ...]:
    """The rules of ``check`` that its history might make fire. ``until``: when the replay ends."""
    return tuple(one.rule for one in assign(rules, check) if _may(one, columns, max(until, float(columns.arrival[-1]))))


def _may(assignment: Assignment, columns: Columns, until: float) -> bool:
    made_of = _MADE_OF.get(type(assignment.detector))
    if made_of is None:
        return True
    if assignment.steps != frozenset({""}):
        return isinstance(assignment.detector, Absence)  # these columns hold no steps: only their silence could be heard
    return made_of(assignment.detector, assignment, columns, until)


def _series(assignment: Assignment, columns: Columns) -> Iterator["Rows"]:
    """The measured rows of each series, in order of arrival."""
    import numpy as np

    apart = bool(assignment.rule.selector.stratum)
    for place, location in enumerate(columns.places):
        if not matches(assignment.rule.selector.location, location):
            continue
        here = (columns.place == place) & (columns.good >= 0)
        if not apart:
            yield np.flatnonzero(here)
            continue
        for stratum, label in enumerate(columns.strata):
            if label in assignment.strata:
                yield np.flatnonzero(here & (columns.stratum == stratum))


def _in_order(columns: Columns, rows: "Rows") -> bool:
    """Nothing overtook anything: what a detector remembers is then simply what came last."""
    import numpy as np

    return bool(np.all(np.diff(columns.at[rows]) > 0))


def _weighed(detector: CountingModel, columns: Columns, rows: "Rows") -> tuple["Rows", "Rows"]:
    """The rows that say something to it, and which of them (by place among those) are bad."""
    import numpy as np

    if detector.outcomes is not None:
        counted = [OUTCOMES.index(outcome.value) for outcome in detector.outcomes]
        rows = rows[(columns.good[rows] == 1) | np.isin(columns.outcome[rows], counted)]
    return rows, np.flatnonzero(columns.good[rows] == 0)


def _in_a_row(detector: Any, assignment: Assignment, columns: Columns, until: float) -> bool:
    """``failures`` bad ones one after the other."""
    return any(
        _close(detector, columns, rows, detector.failures, detector.failures, None) for rows in _series(assignment, columns)
    )


def _of_the_last(detector: Any, assignment: Assignment, columns: Columns, until: float) -> bool:
    """``bad`` bad ones among ``of``, ``within`` the time."""
    return any(
        _close(detector, columns, rows, detector.bad, detector.of, detector.within) for rows in _series(assignment, columns)
    )


def _close(detector: Any, columns: Columns, rows: "Rows", bad: int, among: int, within: float | None) -> bool:
    rows, failed = _weighed(detector, columns, rows)
    if len(failed) < bad:
        return False
    if not _in_order(columns, rows):
        return True
    first, last = failed[: len(failed) - bad + 1], failed[bad - 1 :]
    near = last - first < among
    if within is not None:
        near &= columns.at[rows[last]] - columns.at[rows[first]] < within + HAIR_SECONDS
    return bool(near.any())


def _slow(detector: Any, assignment: Assignment, columns: Columns, until: float) -> bool:
    """As many slow ones within the window as the fewest samples that count leave above the quantile."""
    import numpy as np

    needed = detector.min_samples - detector.rank(detector.min_samples) + 1
    for rows in _series(assignment, columns):
        slow = rows[(columns.good[rows] == 1) & (columns.seconds[rows] > detector.above - HAIR_SECONDS_OF_LATENCY)]
        at = np.sort(columns.at[slow])
        if len(at) >= needed and bool((at[needed - 1 :] - at[: len(at) - needed + 1] < detector.window + HAIR_SECONDS).any()):
            return True
    return False


def _silent(detector: Any, assignment: Assignment, columns: Columns, until: float) -> bool:
    """A gap in the measured runs as long as ``after``, the time before the first and after the last of them included."""
    import numpy as np

    for rows in _series(assignment, columns):
        seen = np.concatenate(([columns.at[0]], columns.arrival[rows], [until]))
        if not len(rows) or float(np.diff(seen).max()) >= detector.after - HAIR_SECONDS:
            return True
    return False


def _never(detector: Any, assignment: Assignment, columns: Columns, until: float) -> bool:
    """Samples carry no certificates."""
    return False


_MADE_OF: Mapping[type, Callable[[Any, Assignment, Columns, float], bool]] = {
    Consecutive: _in_a_row,
    KOfN: _of_the_last,
    Quantile: _slow,
    Absence: _silent,
    Expiry: _never,
}
