"""Plays cases on the rule engine, and says where the alerts are not those expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.backtest.cases.grammar import AlertBlock
from monitor.backtest.cases.read import Case, Expectation, Suite
from monitor.model.alert import Alert
from monitor.model.units import show_seconds
from monitor.rules import RuleEngine
from monitor.rules.monitor_alerts import OWN_RULES

#: Onsets are dated to the instants of runs, which a notation in whole durations can say exactly; this forgives the arithmetic.
SINCE_TOLERANCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """One instant at which it was otherwise: what stood there, and what was to stand."""

    at: float
    line: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    case: Case
    differences: tuple[Difference, ...]


def play(suite: Suite) -> list[Played]:
    """Every case by itself, on an engine of its own."""
    return [Played(case, tuple(_differences(suite, case))) for case in suite.cases]


def _differences(suite: Suite, case: Case) -> Iterable[Difference]:
    location = case.results[0].location if case.results else ""
    heard_of = {result.check for result in case.results}
    watched = {name: check for name, check in suite.checks.items() if name in heard_of}
    clock = _Clock(RuleEngine(suite.rules, watched, location), case.start)
    waiting = list(reversed(case.results))
    for expectation in case.expectations:
        while waiting and waiting[-1].finished <= expectation.at:
            result = waiting.pop()
            clock.reach(result.finished)
            clock.engine.feed(result)
        clock.reach(expectation.at)
        found = _compare(expectation, _looked_at(clock.engine.alerts(), case), case.start)
        if found:
            yield found


class _Clock:
    """Lets time pass for one engine, as the service does: never two looks within a second."""

    def __init__(self, engine: RuleEngine, start: float) -> None:
        self.engine = engine
        self._now = start

    def reach(self, at: float) -> None:
        while (due := self.engine.next_tick()) is not None and due <= at:
            self._now = max(due, self._now)
            self.engine.tick(self._now)


def _looked_at(alerts: Iterable[Alert], case: Case) -> list[Alert]:
    return [alert for alert in alerts if alert.rule not in OWN_RULES and (not case.only or alert.rule in case.only)]


def _compare(expectation: Expectation, alerts: Sequence[Alert], start: float) -> Difference | None:
    """Each expected alert takes one that stands; the more it says, the earlier it chooses."""
    left = sorted(alerts, key=lambda alert: alert.id)
    missing = []
    for wanted in sorted(expectation.alerts, key=lambda block: -len(block.model_fields_set)):
        met = next((alert for alert in left if _meets(alert, wanted, start)), None)
        if met:
            left.remove(met)
        else:
            missing.append(_wanted(wanted))
    if not missing and not left:
        return None
    return Difference(expectation.at - start, expectation.line, tuple(missing), tuple(_got(alert, start) for alert in left))


def _meets(alert: Alert, wanted: AlertBlock, start: float) -> bool:
    series = alert.series
    said = (
        (wanted.check, series.check),
        (wanted.stratum, series.stratum),
        (wanted.location, series.location),
        (wanted.step, series.step),
        (wanted.severity, alert.severity.value),
    )
    on_time = wanted.since is None or abs(alert.since - start - wanted.since) <= SINCE_TOLERANCE_SECONDS
    same = all(one is None or one == other for one, other in said)
    return alert.rule == wanted.rule and alert.state.value == wanted.state and same and on_time


def _wanted(block: AlertBlock) -> str:
    named = (("check", block.check), ("stratum", block.stratum), ("location", block.location), ("step", block.step))
    parts = [f"{key} {value}" for key, value in (*named, ("severity", block.severity)) if value]
    since = [] if block.since is None else [f"since {show_seconds(block.since)}"]
    return ", ".join([f"{block.rule} {block.state}", *parts, *since])


def _got(alert: Alert, start: float) -> str:
    series = alert.series
    named = (("check", series.check), ("stratum", series.stratum), ("location", series.location), ("step", series.step))
    parts = [f"{key} {value}" for key, value in (*named, ("severity", alert.severity.value)) if value]
    return ", ".join([f"{alert.rule} {alert.state.value}", *parts, f"since {show_seconds(alert.since - start)}"])
