"""What the latest runs came to: fed with every result, so cheap, and bounded, so slim.

A run leaves one small row in the cell of its check, place and stratum; whole results are kept of the latest few alone, and of some from
before, to hold them against. A plain object: no clock, no I/O.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.model.check import Check
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result, StepResult

#: Rows of one cell: half an hour of a check that runs every half minute ...
ROWS_KEPT = 64
#: ... fewer where there are thousands of cells: a row is some 250 bytes, and all of them together are to stay below 30 MB.
ROWS_IN_ALL = 100_000
ROWS_LEAST = 12
#: Whole results of a cell, with their steps: of failures, and of good runs. The median of so many says how slow it is now.
BAD_KEPT = 3
GOOD_KEPT = 5
#: Good runs to hold the others against: this far apart, so that the time before a slow decline is still there.
CALM_KEPT = 3
CALM_APART_SECONDS = 300.0
#: Strata and places of one check that are told apart; more would be a label gone wild.
CELLS_MAX = 64


class Row(NamedTuple):
    """One run. ``steps`` are those that were made, in order; ``at`` is when it ended, in UTC seconds; ``word`` is "" of a good run."""

    at: float
    good: bool | None
    steps: tuple[str, ...]
    failed_step: str
    outcome: Outcome
    reason: NetworkReason
    word: str
    run_id: str
    extra: bool  # beside the grid: asked for because something was suspected


class Past(NamedTuple):
    """One run as a store keeps it for long: without its steps."""

    at: float
    location: str
    stratum: str
    good: bool | None
    failed_step: str
    outcome: Outcome
    reason: NetworkReason
    run_id: str


@dataclass(slots=True)
class Cell:
    """The runs of one check in one place and stratum, oldest first."""

    check: str
    target: str
    location: str
    stratum: str
    control: bool
    rows: deque[Row]
    bad: deque[Result]
    good: deque[Result]
    calm: deque[Result]

    def before(self, at: float) -> Result | None:
        """The latest good run that ended before ``at``, as far as one was kept."""
        known = (*self.calm, *self.good)
        return max((one for one in known if one.finished < at), key=lambda one: one.finished, default=None)


class Recent:
    """``hear`` every result that is believed; ask ``cells`` when something is wrong. ``rows_kept``: of each cell, at most."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._cells: dict[tuple[str, str, str], Cell] = {}
        self._by_check: dict[str, list[Cell]] = {}
        self._by_target: dict[str, dict[str, None]] = {}  # target -> its checks
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}  # one tuple for all runs with the same steps
        self.adopt(checks)

    def adopt(self, checks: Mapping[str, Check]) -> None:
        """Another configuration: what is no longer watched is forgotten."""
        expected = sum(len(check.strata) for check in checks.values())
        self.rows_kept = min(ROWS_KEPT, max(ROWS_LEAST, ROWS_IN_ALL // max(1, expected)))
        for name, cells in list(self._by_check.items()):
            if name in checks and cells[0].target == checks[name].target:
                continue
            for cell in self._by_check.pop(name):
                del self._cells[cell.check, cell.location, cell.stratum]
            self._by_target[cells[0].target].pop(name, None)
        self._by_target = {target: names for target, names in self._by_target.items() if names}

    def hear(self, result: Result) -> None:
        """One result. What is still under way is no result yet."""
        if result.pending:
            return
        cell = self._cells.get((result.check, result.location, result.stratum)) or self._made(
            result.check, result.target, result.location, result.stratum, control=result.control
        )
        if cell is None:
            return
        names = tuple([step.name for step in result.steps if not step.undo])
        word = ""
        if result.good:
            _keep_good(cell, result)
        elif result.good is False:
            word = _word(result)
            cell.bad.append(replace(result, evidence=b""))
        cell.rows.append(
            Row(
                result.started + result.duration_seconds,
                result.good,
                self._names.setdefault(names, names),
                result.failed_step,
                result.outcome,
                result.reason,
                word,
                result.run_id,
                result.extra > 0,
            )
        )

    def recall(self, check: Check, past: Iterable[Past]) -> None:
        """What a store remembers of the time before this process, newest first. Nothing heard since gives way to it."""
        for one in past:
            cell = self._cells.get((check.id, one.location, one.stratum)) or self._made(
                check.id, check.target, one.location, one.stratum, control=check.control
            )
            if cell is not None and len(cell.rows) < self.rows_kept and (not cell.rows or one.at < cell.rows[0].at):
                steps = _steps_made(check, one.failed_step)
                row = Row(one.at, one.good, steps, one.failed_step, one.outcome, one.reason, one.reason.value, one.run_id, False)
                cell.rows.appendleft(row)

    def cells(self, target: str) -> Iterator[Cell]:
        """Every cell of the target's checks."""
        for check in self._by_target.get(target, ()):
            yield from self._by_check[check]

    def targets(self) -> tuple[str, ...]:
        """Those of which something was heard."""
        return tuple(self._by_target)

    def _made(self, check: str, target: str, location: str, stratum: str, *, control: bool) -> Cell | None:
        siblings = self._by_check.setdefault(check, [])
        if len(siblings) >= CELLS_MAX:
            return None
        cell = self._cells[check, location, stratum] = Cell(
            check,
            target,
            location,
            stratum,
            control,
            deque(maxlen=self.rows_kept),
            deque(maxlen=BAD_KEPT),
            deque(maxlen=GOOD_KEPT),
            deque(maxlen=CALM_KEPT),
        )
        siblings.append(cell)
        self._by_target.setdefault(target, {})[check] = None
        return cell


def _word(result: Result) -> str:
    """What its failure is told apart by: the gateway's own code, else the HTTP status, else what the network did."""
    failed = failing_step(result)
    return (failed.code or str(failed.status or "") if failed else "") or result.reason.value


def failing_step(result: Result) -> StepResult | None:
    """The step that ended a run."""
    return next((step for step in result.steps if step.name == result.failed_step), None)


def _keep_good(cell: Cell, result: Result) -> None:
    if result.evidence:
        result = replace(result, evidence=b"")
    cell.good.append(result)
    if not cell.calm or result.started - cell.calm[-1].started >= CALM_APART_SECONDS:
        cell.calm.append(result)


def _steps_made(check: Check, failed_step: str) -> tuple[str, ...]:
    """What a run must have made: all steps, or those up to the one that failed."""
    names = [step.name for step in check.steps]
    return tuple(names[: names.index(failed_step) + 1] if failed_step in names else names)
