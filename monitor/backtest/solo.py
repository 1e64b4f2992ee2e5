"""One watch by itself, with the clock that drives it: what the rule engine does for one series, and nothing beside it."""

import json

from monitor.detectors import State
from monitor.model.alert import Alert
from monitor.model.result import Result
from monitor.model.sample import Series
from monitor.rules.plan import Assignment
from monitor.rules.record import Record
from monitor.rules.samples import run_sample
from monitor.rules.watch import Watch, fingerprint


class Solo:
    """``now`` is when watching begins; ``state`` the detector's by then, of which health was the last it saw, at ``last_good``."""

    def __init__(
        self, assignment: Assignment, series: Series, now: float, state: State | None = None, last_good: float | None = None
    ) -> None:
        self._watch = Watch(assignment.rule, assignment.detector, series, part=assignment.part(series))
        self._now = now
        if state is not None:
            record = Record()
            record.last_good = last_good
            self._watch.load(json.dumps([fingerprint(assignment.detector), state, record.dump()]))

    @property
    def state(self) -> State:
        return self._watch.state

    @property
    def alerted(self) -> bool:
        """Pending or firing."""
        return self._watch.alert is not None

    def feed(self, result: Result, told: list[Alert]) -> None:
        self.wait(result.finished, told)
        alert = self._watch.take(run_sample(result), result.failed_step)
        if alert:
            told.append(alert)

    def wait(self, until: float, told: list[Alert]) -> None:
        """Let time pass: absence, and alarms that have stood long enough."""
        while (due := self._watch.deadline()) is not None and due <= until:
            self._now = max(due, self._now)
            alert = self._watch.tick(self._now)
            if alert:
                told.append(alert)
        self._now = max(self._now, until)
