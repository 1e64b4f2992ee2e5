"""Results in, changed alerts out. A plain object: no I/O, and everything it knows can be taken out and put back.

Which rules watch a check is worked out once; a good result then costs a few microseconds a rule.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

from monitor.detectors.baseline import Baseline
from monitor.model.alert import Alert
from monitor.model.check import Check, Target
from monitor.model.result import Result
from monitor.model.sample import Sample, Series
from monitor.model.wish import Wish
from monitor.rules.evidence import Evidence
from monitor.rules.impaired import Impaired
from monitor.rules.monitor_alerts import IMPAIRED, LOCATION_PATH, OWN_RULES
from monitor.rules.paths import Paths
from monitor.rules.plan import Assignment, assign
from monitor.rules.rule import Rule
from monitor.rules.samples import run_sample, step_sample
from monitor.rules.watch import Watch, alert_id, split_id, withdrawn

#: How long the state of a calm watch may wait to be kept. A crash then forgets good samples, which delays nothing but a recovery;
#: failures are given out at once. Without this, five thousand checks would write megabytes of "still fine" a second.
CALM_SECONDS = 300.0


@dataclass(slots=True)
class _Cell:
    """The watches that one result feeds: those of its run, and those of its steps by name."""

    run: list[Watch] = field(default_factory=list)
    steps: dict[str, list[Watch]] = field(default_factory=dict)


@dataclass(slots=True)
class _Plan:
    """What watches one check; its cells by (stratum, location), made when first met. ``customers``: of its target, a minute."""

    check: Check
    assignments: tuple[Assignment, ...]
    customers: float | None = None
    cells: dict[tuple[str, str], _Cell] = field(default_factory=dict)
    watches: list[Watch] = field(default_factory=list)


class RuleEngine:
    """``feed`` and ``tick`` give the alerts that changed: pending, firing, resolved.

    Control results and results that measured nothing feed no detector. ``location`` is where this process watches from.
    ``targets`` say how many customers a fault hurts. ``learn`` tells what is normal; ``wishes`` says what to look at more closely.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        checks: Mapping[str, Check],
        location: str,
        targets: Mapping[str, Target] = MappingProxyType({}),
    ) -> None:
        self._location = location
        self._targets = targets
        self._impaired = Impaired(location)
        self._paths = Paths()
        self._now = 0.0  # the latest instant heard of
        self._owed: dict[str, str] = {}  # states that no watch will give: of what is gone, "", or from before a reload
        self._baselines: dict[str, Mapping[tuple[str, str], Baseline]] = {}
        self._wishes: dict[str, Wish] = {}  # by watch
        self._begin(rules, checks, {}, {})

    def feed(self, result: Result) -> list[Alert]:
        """One result, judged already by ``Blindness``."""
        self._now = max(self._now, result.finished)
        if result.pending:
            return self._feed_pending(result)
        changed = self._impaired.take(result) + self._paths.take(result)
        plan = self._plans.get(result.check)
        if plan is None or result.good is None or result.control:
            return changed
        cell = plan.cells.get((result.stratum, result.location)) or self._cell(plan, result.stratum, result.location)
        run = [watch for watch in cell.run if watch.believes(result)] if result.extra else cell.run
        self._take(run, run_sample(result), result.failed_step, changed)
        if cell.steps:
            for step in result.steps:
                watches = cell.steps.get(step.name)
                if watches and result.extra:
                    watches = [watch for watch in watches if watch.detector.takes_extra]
                if watches and step.good is not None:
                    self._take(watches, step_sample(result, step), step.name, changed)
        return changed

    def patience(self, check: str, stratum: str, location: str, due: float) -> float | None:
        """After how many seconds a run still under way is a failure to every rule that can use that; None: there is no such rule."""
        plan = self._plans.get(check)
        if plan is None or check not in self._baselines:
            return None
        cell = plan.cells.get((stratum, location)) or self._cell(plan, stratum, location)
        patience = (watch.detector.patience(location, due) for watch in cell.run)
        return max((seconds for seconds in patience if seconds is not None), default=None)

    def _feed_pending(self, result: Result) -> list[Alert]:
        """What is not over is evidence of nothing but its lateness, and of that only where somebody knows what late is."""
        changed: list[Alert] = []
        plan = self._plans.get(result.check)
        if plan is None or result.good is None:
            return changed
        cell = plan.cells.get((result.stratum, result.location)) or self._cell(plan, result.stratum, result.location)
        waits = (watch for watch in cell.run if watch.detector.patience(result.location, result.due) is not None)
        self._take([watch for watch in waits if watch.believes(result)], run_sample(result), result.failed_step, changed)
        return changed

    def tick(self, at: float) -> list[Alert]:
        """Time passed: absence, and alarms that have stood long enough."""
        self._now = at
        changed = self._impaired.tick(at)
        for watch in sorted(self._due(at), key=lambda watch: watch.id):  # one order, whatever a restart did to the heap
            alert = watch.tick(at)
            self._dirty.add(watch)
            self._schedule(watch)
            if alert:
                changed.append(alert)
        return changed

    def next_tick(self) -> float | None:
        """The instant from which ``tick`` may have something to say."""
        own = self._impaired.deadline()
        first = self._heap[0][0] if self._heap else None
        return min((due for due in (own, first) if due is not None), default=None)

    def take_dirty(self, *, everything: bool = False) -> dict[str, str]:
        """States changed since the last call, in the form ``restore`` takes; an empty one is to be deleted.

        Those of calm watches come after a while, or with ``everything``: ask for it when the process ends.
        """
        # What was given out in trouble is given out healed: or a crash would bring its failures back.
        due = [watch for watch in self._dirty if everything or not watch.calm or watch in self._troubled]
        for watch, since in self._calm.items():
            if not everything and self._now - since < CALM_SECONDS:
                break  # in the order in which they became dirty
            due.append(watch)
        for watch in due:
            self._calm.pop(watch, None)
        for watch in self._dirty.difference(due):
            self._calm.setdefault(watch, self._now)
        self._troubled.difference_update(due)
        self._troubled.update(watch for watch in due if not watch.calm)
        self._dirty.clear()
        states = self._owed | {watch.id: watch.dump() for watch in due}
        self._owed = {}
        if self._impaired.changed:
            states[IMPAIRED] = self._impaired.dump()
        if self._paths.changed:
            states[LOCATION_PATH] = self._paths.dump()
        return states

    def alerts(self) -> list[Alert]:
        """Pending or firing now."""
        own = (*self._impaired.alerts(), *self._paths.alerts())
        return [*own, *(watch.alert for watch in self._watches.values() if watch.alert)]

    def restore(self, states: Mapping[str, str], alerts: Iterable[Alert], at: float = 0.0) -> list[Alert]:
        """Go on from what the store kept. Alerts of what is no longer configured come back resolved."""
        kept = {alert.id: alert for alert in alerts}
        watched = {name: state for name, state in states.items() if name not in (IMPAIRED, LOCATION_PATH)}
        self._impaired.restore(states.get(IMPAIRED, ""), kept.values())
        self._paths.restore(states.get(LOCATION_PATH, ""), kept.values())
        return self._begin(self._rules, self._checks, watched, kept, at)

    def adopt(
        self,
        rules: Iterable[Rule],
        checks: Mapping[str, Check],
        at: float = 0.0,
        targets: Mapping[str, Target] | None = None,
    ) -> list[Alert]:
        """Another configuration. What both know goes on where it was; alerts of what is gone come back resolved."""
        self._targets = self._targets if targets is None else targets
        self._owed |= {watch.id: watch.dump() for watch in (*self._dirty, *self._calm)}
        states = self._saved | {name: watch.dump() for name, watch in self._watches.items()}
        gone = self._paths.adopt({check.target for check in checks.values()}, at)
        return gone + self._begin(rules, checks, states, {alert.id: alert for alert in self.alerts()}, at)

    def learn(self, check: str, baselines: Mapping[tuple[str, str], Baseline]) -> None:
        """What is normal for ``check``, by (stratum, step); the latest word counts, and nothing known is a word too.

        States and alerts go on. Watches that come later, or with another configuration, are told as well.
        """
        self._baselines[check] = dict(baselines)
        plan = self._plans.get(check)
        for watch in plan.watches if plan else ():
            watch.inform(baselines.get((watch.series.stratum, watch.series.step)))

    def wishes(self) -> tuple[Wish, ...]:
        """What is under suspicion now. Each stands until the next sample of its series says otherwise."""
        return tuple(self._wishes.values())

    def evidence(self, check: str) -> list[Evidence]:
        """Where every watch of ``check`` stands, as far as it has met results, in order of rules."""
        plan = self._plans.get(check)
        return [watch.evidence() for watch in plan.watches] if plan else []

    def _begin(
        self,
        rules: Iterable[Rule],
        checks: Mapping[str, Check],
        states: Mapping[str, str],
        alerts: Mapping[str, Alert],
        at: float = 0.0,
    ) -> list[Alert]:
        self._rules = tuple(rules)
        self._checks = dict(checks)
        self._plans = {name: self._plan(check) for name, check in self._checks.items()}
        self._baselines = {name: known for name, known in self._baselines.items() if name in self._plans}
        self._watches: dict[str, Watch] = {}
        self._dirty: set[Watch] = set()
        self._troubled: set[Watch] = set()  # were not calm when last given out
        self._calm: dict[Watch, float] = {}  # changed, calm, and not given out since this instant
        self._heap: list[tuple[float, str]] = []
        targets = [alert for alert in alerts.values() if alert.rule not in OWN_RULES]
        found = {alert.id: assignment for alert in targets if (assignment := self._assignment(alert.id))}
        self._alerts = {alert.id: alert for alert in targets if alert.id in found}
        self._saved = {name: state for name, state in states.items() if self._assignment(name)}
        self._wishes = {name: wish for name, wish in self._wishes.items() if self._assignment(name)}
        self._owed |= dict.fromkeys(states.keys() - self._saved.keys(), "")
        for name, assignment in found.items():
            self._watch(assignment, alerts[name].series)
        self._watch_the_silent()
        return [withdrawn(alert, at) for alert in targets if alert.id not in found]

    def _plan(self, check: Check) -> _Plan:
        target = self._targets.get(check.target)
        return _Plan(check, assign(self._rules, check), target.customers_per_minute if target else None)

    def _assignment(self, name: str) -> Assignment | None:
        """Which rule on which check the alert or state ``name`` is of; None when the configuration knows it no more."""
        rule, check, stratum, location, step = split_id(name)
        plan = self._plans.get(check)
        if plan is None:
            return None
        return next((a for a in plan.assignments if a.rule.id == rule and a.owns(stratum, location, step)), None)

    def _watch_the_silent(self) -> None:
        """A check that never gave a sample is watched too, by the detectors to which time means something."""
        for plan in self._plans.values():
            for assignment in plan.assignments:
                if assignment.ticks:
                    self._watch_everywhere(plan.check, assignment)

    def _watch_everywhere(self, check: Check, assignment: Assignment) -> None:
        for stratum, step in product(assignment.strata, assignment.steps):
            series = assignment.series(check, stratum, self._location, step)
            if series:
                self._watch(assignment, series)

    def _cell(self, plan: _Plan, stratum: str, location: str) -> _Cell:
        cell = plan.cells[stratum, location] = _Cell()
        for assignment in plan.assignments:
            for step in sorted(assignment.steps):
                series = assignment.series(plan.check, stratum, location, step)
                if series:
                    watch = self._watch(assignment, series)
                    (cell.steps.setdefault(step, []) if step else cell.run).append(watch)
        return cell

    def _watch(self, assignment: Assignment, series: Series) -> Watch:
        known = self._watches.get(alert_id(assignment.rule.id, series))
        if known:
            return known
        plan = self._plans[series.check]
        part = assignment.part(series)
        watch = Watch(assignment.rule, assignment.detector, series, part=part, customers_per_minute=plan.customers)
        watch.inform(self._baselines.get(series.check, {}).get((series.stratum, series.step)))
        self._watches[watch.id] = watch
        plan.watches.append(watch)
        saved = self._saved.pop(watch.id, None)
        if saved:
            watch.load(saved)
            self._troubled.add(watch)
        watch.alert = self._alerts.pop(watch.id, None)
        self._schedule(watch)
        return watch

    def _take(self, watches: list[Watch], sample: Sample, failed_step: str, changed: list[Alert]) -> None:
        for watch in watches:
            alert = watch.take(sample, failed_step)
            self._dirty.add(watch)
            if watch.suspicion is not None or watch.id in self._wishes:
                self._note_wish(watch)
            if alert:
                changed.append(alert)
            if alert or (watch.ticks and watch.scheduled is None):
                self._schedule(watch)

    def _note_wish(self, watch: Watch) -> None:
        wish = watch.wish()
        if wish is None:
            self._wishes.pop(watch.id, None)
        else:
            self._wishes[watch.id] = wish

    def _schedule(self, watch: Watch) -> None:
        """A deadline that has moved later is found out when the old one comes: samples move it all the time."""
        watch.scheduled = watch.deadline()
        if watch.scheduled is not None:
            heapq.heappush(self._heap, (watch.scheduled, watch.id))

    def _due(self, at: float) -> list[Watch]:
        due = []
        while self._heap and self._heap[0][0] <= at:
            deadline, name = heapq.heappop(self._heap)
            watch = self._watches[name]
            if watch.scheduled == deadline:  # else a later scheduling stands in the heap
                due.append(watch)
        return due
