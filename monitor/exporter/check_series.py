"""Every series of one check: made when it is configured, rewritten by its results."""

from collections.abc import Iterator, Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.bounds import latency_bounds
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Cell, Counter, Family, Gauge, Histogram, PhaseSummary
from monitor.model.check import Check
from monitor.model.outcome import Outcome, Standing
from monitor.model.result import PHASES, Missed, MissReason, Result, StepResult

Families = Mapping[Metric, Family]
_GOOD = {True: "good", False: "bad", None: "unknown"}
_UP = {Standing.UP: 1, Standing.DOWN: 0, Standing.UNKNOWN: None}
#: Series a check has whatever its steps and strata: the slots, seven gauges and infos, undo failures.
FIXED_SERIES = 2 + len(MissReason) + 8


def step_names(check: Check) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.name for step in (*check.steps, *check.undo.values())))


def series_count(check: Check) -> int:
    """How many series a check takes.

    ``strata x (outcomes + standings + buckets + 2) + steps x (results + buckets + 2 + 2 x phases) + FIXED_SERIES``, where undo
    steps are steps too, and ``+ 2`` is a histogram's sum and count.
    """
    histogram = len(latency_bounds(check.objective.latency_seconds)) + 3
    stratum = len(Outcome) + len(Standing) + histogram
    step = len(_GOOD) + histogram + 2 * len(PHASES)
    return len(check.strata) * stratum + len(step_names(check)) * step + FIXED_SERIES


class _StratumSeries:
    def __init__(self, families: Families, labels: dict[str, str], bounds: tuple[float, ...]) -> None:
        self.outcomes = {o: Counter(families[metric.RUNS], {**labels, "outcome": o.value}) for o in Outcome}
        self.standings = {s: Counter(families[metric.STANDINGS], {**labels, "standing": s.value}) for s in Standing}
        self.seconds = Histogram(families[metric.RUN_SECONDS], labels, bounds)

    def cells(self) -> Iterator[Cell]:
        yield from (*self.outcomes.values(), *self.standings.values(), self.seconds)

    def result(self, result: Result) -> None:
        finished = result.finished
        outcome = self.outcomes[result.outcome]
        outcome.add()
        outcome.tell(result.run_id, finished)
        self.standings[result.standing].add()
        if result.good and not result.suspect:
            seconds = result.duration_seconds
            self.seconds.tell(result.run_id, finished, value=seconds, line=self.seconds.observe(seconds))


class _StepSeries:
    def __init__(self, families: Families, labels: dict[str, str], bounds: tuple[float, ...]) -> None:
        self.results = {good: Counter(families[metric.STEP_RESULTS], {**labels, "result": word}) for good, word in _GOOD.items()}
        self.seconds = Histogram(families[metric.STEP_SECONDS], labels, bounds)
        self.phases = PhaseSummary(families[metric.PHASE_SECONDS], labels)

    def cells(self) -> Iterator[Cell]:
        yield from (*self.results.values(), self.seconds, self.phases)

    def result(self, step: StepResult, *, suspect: bool) -> None:
        self.results[step.good].add()
        if suspect:
            return
        if step.good:
            self.seconds.observe(step.duration_seconds)
        self.phases.observe(step.phases)


class CheckSeries:
    """Owns its places in the families until ``close``."""

    def __init__(self, families: Families, check: Check, location: str) -> None:
        self.shape = shape(check)
        labels = {"check": check.id, "target": check.target, "location": location}
        bounds = latency_bounds(check.objective.latency_seconds)
        self._strata = {s.label: _StratumSeries(families, {**labels, "stratum": s.label}, bounds) for s in check.strata}
        self._steps = {name: _StepSeries(families, {**labels, "step": name}, bounds) for name in step_names(check)}
        self._planned, self._ran = Counter(families[metric.PLANNED], labels), Counter(families[metric.RAN], labels)
        self._missed = {reason: Counter(families[metric.MISSED], {**labels, "reason": reason.value}) for reason in MissReason}
        self._undo_open = Counter(families[metric.UNDO_OPEN], labels)
        self._up, self._last_run = Gauge(families[metric.UP], labels), Gauge(families[metric.LAST_RUN], labels)
        self._certificate = Gauge(families[metric.CERTIFICATE], labels)
        words = {"control": _word(check.control), "moves_money": _word(check.moves_money)}
        self._facts = (
            Gauge(families[metric.INTERVAL], labels, check.every_seconds),
            Gauge(families[metric.OBJECTIVE], labels, check.objective.availability),
            Gauge(families[metric.OBJECTIVE_SECONDS], labels, check.objective.latency_seconds),
            Gauge(families[metric.CHECK_INFO], {**labels, **words}, 1),
        )

    def close(self) -> None:
        for cell in self._cells():
            cell.close()

    def result(self, result: Result) -> bool:
        """Count one run. False when its stratum is not among the configured ones."""
        stratum = self._strata.get(result.stratum)
        if stratum is None:
            return False
        self._planned.add()
        self._ran.add()
        stratum.result(result)
        for step in result.steps:
            series = self._steps.get(step.name)
            if series is not None:
                series.result(step, suspect=result.suspect)
        self._up.set(_UP[result.standing])
        self._last_run.set(round(result.finished, 3))
        expiries = [step.tls.chain_expires for step in result.steps if step.tls]
        if expiries:
            self._certificate.set(min(expiries))
        if result.open_undo:
            self._undo_open.add(len(result.open_undo))
        return True

    def missed(self, missed: Missed) -> None:
        self._planned.add(missed.count)
        self._missed[missed.reason].add(missed.count)

    def _cells(self) -> Iterator[Cell]:
        groups: list[_StratumSeries | _StepSeries] = [*self._strata.values(), *self._steps.values()]
        for group in groups:
            yield from group.cells()
        yield from (self._planned, self._ran, *self._missed.values(), self._undo_open)
        yield from (self._up, self._last_run, self._certificate, *self._facts)


def shape(check: Check) -> tuple[object, ...]:
    """What its series depend on: a reload that leaves it alone leaves the counters running."""
    strata = tuple(stratum.label for stratum in check.strata)
    return (check.target, strata, step_names(check), check.objective, check.every_seconds, check.control, check.moves_money)


def _word(fact: bool) -> str:
    return "yes" if fact else "no"
