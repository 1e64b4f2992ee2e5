"""What would have fired: alarms of one series from onset to recovery, and the tickets that they come to."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from monitor.model.alert import Alert, AlertState
from monitor.model.durations import iso

#: An alarm that comes back within this time belongs to the ticket before: the service's own default of ``reopen_window``.
REOPEN_SECONDS = 1_800.0


@dataclass(frozen=True, slots=True)
class Firing:
    """``onset``: when it began by the detector's estimate; ``alarm``: when somebody would have been told; ``recovery`` None: it
    still stood at the end.
    """

    rule: str
    check: str
    stratum: str
    location: str
    step: str
    severity: str
    onset: float
    alarm: float
    recovery: float | None
    summary: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, object]:
        """For JSON: instants in RFC 3339, UTC."""
        return {
            "rule": self.rule,
            "check": self.check,
            "stratum": self.stratum,
            "location": self.location,
            "step": self.step,
            "severity": self.severity,
            "onset": iso(self.onset),
            "alarm": iso(self.alarm),
            "recovery": None if self.recovery is None else iso(self.recovery),
            "summary": self.summary,
            "evidence": dict(sorted(self.evidence.items())),
        }


class Recorder:
    """Alerts as they change, to firings. What was pending only told nobody, and is no firing."""

    def __init__(self) -> None:
        self._standing: dict[str, Alert] = {}
        self._ended: list[Firing] = []

    def take(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if alert.state is AlertState.FIRING:
                self._standing.setdefault(alert.id, alert)
            elif alert.state is AlertState.RESOLVED and (began := self._standing.pop(alert.id, None)):
                self._ended.append(_firing(began, alert.changed))

    def firings(self) -> list[Firing]:
        """All so far, in the order in which somebody would have been told."""
        return in_order([*self._ended, *(_firing(alert, None) for alert in self._standing.values())])


def in_order(firings: Iterable[Firing]) -> list[Firing]:
    return sorted(firings, key=lambda one: (one.alarm, one.rule, one.check, one.stratum, one.location, one.step))


def _firing(alert: Alert, recovery: float | None) -> Firing:
    series = alert.series
    return Firing(
        rule=alert.rule,
        check=series.check,
        stratum=series.stratum,
        location=series.location,
        step=series.step,
        severity=alert.severity.value,
        onset=alert.since,
        alarm=alert.changed,
        recovery=recovery,
        summary=alert.summary.en,
        evidence=alert.evidence,
    )


@dataclass(frozen=True, slots=True)
class Ticket:
    """Firings of one check that are one trouble: they overlap, or follow within the time to reopen."""

    check: str
    rules: tuple[str, ...]
    alarm: float
    recovery: float | None
    firings: int


def rule_and_check(firing: Firing) -> Hashable:
    return firing.rule, firing.check


def check_alone(firing: Firing) -> Hashable:
    return firing.check


def tickets(firings: Iterable[Firing], key: Callable[[Firing], Hashable], reopen_seconds: float = REOPEN_SECONDS) -> list[Ticket]:
    """``key`` says which firings can be one ticket: those of a rule on a check, or of a check whatever rule saw it."""
    groups: dict[Hashable, list[Firing]] = {}
    for firing in in_order(firings):
        groups.setdefault(key(firing), []).append(firing)
    made = [ticket for group in groups.values() for ticket in _merged(group, reopen_seconds)]
    return sorted(made, key=lambda one: (one.alarm, one.check, one.rules))


def _merged(group: list[Firing], reopen_seconds: float) -> Iterator[Ticket]:
    held: list[Firing] = []
    end: float | None = None
    for firing in group:
        if held and end is not None and firing.alarm > end + reopen_seconds:
            yield _ticket(held, end)
            held = []
        end = firing.recovery if not held else None if end is None or firing.recovery is None else max(end, firing.recovery)
        held.append(firing)
    yield _ticket(held, end)


def _ticket(held: list[Firing], end: float | None) -> Ticket:
    rules = tuple(sorted({firing.rule for firing in held}))
    return Ticket(held[0].check, rules, held[0].alarm, end, len(held))
