"""How far one incident's trouble reaches, counted run by run from its onset on: what its extent is worked out from. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.inquiry.recent import Recent
from monitor.inquiry.summaries import correlations, strata_of
from monitor.model.check import Check
from monitor.model.extent import Part, Run
from monitor.model.result import Result

#: Steps, strata and places counted apart; a service has tens of them at one target.
PARTS_MAX = 200


@dataclass(slots=True)
class Tally:
    """Of the runs on the grid of one target since ``since``. ``runs`` and ``bad`` are of the ``paying`` checks: see ``paying_checks``."""

    target: str
    since: float
    paying: frozenset[str]
    runs: int = 0
    bad: int = 0
    first_bad: Run | None = None
    last_good: Run | None = None
    _parts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _last: dict[tuple[str, str, str], float] = field(default_factory=dict)  # cell -> the end of its latest run counted

    def begin(self, recent: Recent) -> None:
        """Everything remembered of the time since the onset, and the last good run before it."""
        for cell in recent.cells(self.target):
            if cell.control:
                continue
            for row in cell.rows:
                if row.extra or row.good is None:
                    continue
                if row.at < self.since:
                    self._keep_last_good(row.good, row.run_id, row.at)
                else:
                    place = (cell.check, cell.location, cell.stratum)
                    self._count(place, row.at, row.good, row.steps, row.failed_step, row.run_id)

    def hear(self, result: Result) -> None:
        """One more run of the target."""
        if result.control or result.pending or result.extra or result.good is None:
            return
        steps = [step.name for step in result.steps if not step.undo]
        place = (result.check, result.location, result.stratum)
        self._count(place, result.finished, result.good, steps, result.failed_step, result.run_id)

    def parts(self) -> tuple[Part, ...]:
        return tuple(Part(kind, name, runs, bad) for (kind, name), (runs, bad) in self._parts.items())

    def correlations(self, recent: Recent) -> tuple[str, ...]:
        """The gateway's own ids of failing exchanges, newest last."""
        return correlations(recent, self.target, self.since)

    def _count(
        self,
        place: tuple[str, str, str],
        at: float,
        good: bool,
        steps: Iterable[str],
        failed_step: str,
        run_id: str,
    ) -> None:
        if at <= self._last.get(place, 0.0):
            return  # counted when it was remembered
        self._last[place] = at
        check, location, stratum = place
        if not good and (self.first_bad is None or at < self.first_bad.at):
            self.first_bad = Run(run_id, at)
        if check in self.paying:
            self.runs += 1
            self.bad += not good
        for name in steps:
            self._add("operation", name, bad=not good and name == failed_step)
        for name in strata_of(stratum):
            self._add("stratum", name, bad=not good)
        self._add("location", location, bad=not good)

    def _add(self, kind: str, name: str, *, bad: bool) -> None:
        counts = self._parts.get((kind, name))
        if counts is None:
            if len(self._parts) >= PARTS_MAX:
                return
            counts = self._parts[kind, name] = [0, 0]
        counts[0] += 1
        counts[1] += bad

    def _keep_last_good(self, good: bool, run_id: str, at: float) -> None:
        if good and (self.last_good is None or at > self.last_good.at):
            self.last_good = Run(run_id, at)


def paying_checks(target: str, checks: Mapping[str, Check]) -> frozenset[str]:
    """A front door that opens is no payment: where checks of a target move money, they alone stand for its customers."""
    own = [check for check in checks.values() if check.target == target and not check.control]
    return frozenset(check.id for check in own if check.moves_money) or frozenset(check.id for check in own)
