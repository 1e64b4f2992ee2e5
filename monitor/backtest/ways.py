"""Which way each series of each rule goes over a check's history."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitor.backtest.columns import Columns
from monitor.backtest.mixed import Mixed
from monitor.backtest.onsets import KINDS, in_order
from monitor.backtest.stretched import Played, Results, Stretched
from monitor.backtest.walked import Walked
from monitor.detectors.absence import Absence
from monitor.detectors.mix import MixShift
from monitor.detectors.sequential.kind import Sequential
from monitor.model.check import Check
from monitor.model.sample import Series
from monitor.rules import Rule, RuleEngine
from monitor.rules.plan import WHOLE, Assignment, assign
from monitor.rules.rule import matches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

Way = Walked | Mixed | Stretched | Played


def ways(rules: tuple[Rule, ...], check: Check, columns: Columns, results: Results, until: float) -> Iterator[Way]:
    """``until``: when the replay ends."""
    for assignment in assign(rules, check):
        yield from _ways(assignment, check, columns, results, until)


def _ways(assignment: Assignment, check: Check, columns: Columns, results: Results, until: float) -> Iterator[Way]:
    import numpy as np

    if assignment.steps != WHOLE and not assignment.ticks:
        return  # these columns hold no steps: only their silence could be heard
    kept = _measured(assignment, columns)
    found = list(_series(assignment, check, columns, kept))
    if not _plain(assignment, columns, found):
        yield _played(assignment, check, columns, np.flatnonzero(kept), results)
        return
    for series, rows in found:
        seen = columns.at_rows(rows)
        if isinstance(assignment.detector, Sequential):
            yield Walked(check, assignment, series, columns, rows, results)
        elif isinstance(assignment.detector, MixShift):
            yield Mixed(assignment, series, seen, rows, results)
        else:
            own = isinstance(assignment.detector, Absence) and series.location == _home(columns)
            began = float(columns.at[0]) if own else float(seen.arrival[0])
            kind = KINDS[type(assignment.detector)]
            yield Stretched(assignment, series, kind, seen, rows, results, began=began, until=until)


def _played(assignment: Assignment, check: Check, columns: Columns, rows: "Rows", results: Results) -> Played:
    return Played(check.id, columns, rows, RuleEngine((assignment.rule,), {check.id: check}, _home(columns)), results)


def _plain(assignment: Assignment, columns: Columns, found: list[tuple[Series, "Rows"]]) -> bool:
    """Whether the quick ways know all that matters."""
    detector = assignment.detector
    if isinstance(detector, Sequential):
        return not assignment.rule.for_seconds
    if isinstance(detector, MixShift):
        return True
    if isinstance(detector, Absence):
        # Who watches from here watches what never came, too.
        here = not matches(assignment.rule.selector.location, _home(columns)) or any(
            series.location == _home(columns) for series, _ in found
        )
        return assignment.steps == WHOLE and not assignment.rule.selector.stratum and here
    return type(detector) in KINDS and all(in_order(columns.at_rows(rows), pooled=detector.pools_locations) for _, rows in found)


def _home(columns: Columns) -> str:
    """Where the first run was made: from there the engine watches."""
    return columns.places[int(columns.place[0])]


def _measured(assignment: Assignment, columns: Columns) -> "NDArray[np.bool_]":
    import numpy as np

    fits = [matches(assignment.rule.selector.location, location) for location in columns.places]
    kept: NDArray[np.bool_] = (columns.good >= 0) & np.array(fits)[columns.place]
    return kept


def _series(assignment: Assignment, check: Check, columns: Columns, kept: "NDArray[np.bool_]") -> Iterator[tuple[Series, "Rows"]]:
    """Each with the runs that feed it, at least one."""
    import numpy as np

    for stratum in sorted(assignment.strata):
        if not assignment.rule.selector.stratum:
            own = kept
        elif stratum in columns.strata:
            own = kept & (columns.stratum == columns.strata.index(stratum))
        else:
            continue
        if assignment.detector.pools_locations:
            parts = [("", np.flatnonzero(own))]
        else:
            parts = [(name, np.flatnonzero(own & (columns.place == place))) for place, name in enumerate(columns.places)]
        for location, rows in parts:
            if len(rows):
                yield Series(check.id, check.target, stratum, location), rows
