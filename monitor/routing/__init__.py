"""Who is told of an incident, and who next when nobody takes it: routes by severity, customer, target, label and hour.

An incident follows one route: the first, from the top, that fits. All that fit would be shorter to write and harder to answer for: a
person who asks at night "who was told?" reads down the list and stops at the first line. Where none fits every desk is told, so that no
gap in the list makes an incident silent.

Values in, desks out: the instant and the calendars come as arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from monitor.model.alert import Severity

#: The label that says whose payments they are, on a check or a target.
CUSTOMER = "customer"
#: What an incident is known by here beside the labels of its target and checks.
TARGET, CHECKS = "target", "checks"
#: Several values of one label, as of an incident that two checks see: labels themselves hold no comma.
BETWEEN = ","

Labels = Mapping[str, str]


class Hours(Protocol):
    """A calendar that knows when people are there."""

    def open(self, at: float) -> bool:
        """Whether ``at`` (UTC seconds) is within them."""


@dataclass(frozen=True, slots=True)
class Step:
    """``desks`` are told when an incident is still unacknowledged ``after_seconds`` after it was opened."""

    after_seconds: float
    desks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Fits when everything it names fits; what it leaves empty fits always. ``name`` is for people: "2", by its place."""

    name: str
    desks: tuple[str, ...]
    then: tuple[Step, ...] = ()
    severities: frozenset[Severity] = frozenset()
    targets: frozenset[str] = frozenset()
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    hours: Hours | None = None
    hours_name: str = ""

    def fits(self, severity: Severity, labels: Labels, at: float) -> bool:
        if self.severities and severity not in self.severities:
            return False
        if self.targets and labels.get(TARGET, "") not in self.targets:
            return False
        if any(wanted.isdisjoint(labels.get(name, "").split(BETWEEN)) for name, wanted in self.labels):
            return False
        return self.hours is None or self.hours.open(at)

    def hides(self, later: "Route") -> bool:
        """Whether everything that fits ``later`` fits this one too: then ``later`` is never reached from below it."""
        return (
            (not self.severities or (bool(later.severities) and later.severities <= self.severities))
            and (not self.targets or (bool(later.targets) and later.targets <= self.targets))
            and all(any(name == other and values <= wanted for other, values in later.labels) for name, wanted in self.labels)
            and (self.hours is None or self.hours == later.hours)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The labels of what is watched, as configured: target or check -> name -> value."""

    targets: Mapping[str, Labels] = field(default_factory=lambda: MappingProxyType({}))
    checks: Mapping[str, Labels] = field(default_factory=lambda: MappingProxyType({}))

    def labels(self, target: str, checks: Iterable[str] = ()) -> dict[str, str]:
        """Everything an incident of ``target``, seen by ``checks``, is routed by. A check's word counts before its target's."""
        seen: dict[str, set[str]] = {}
        for check in checks:
            for name, value in self.checks.get(check, {}).items():
                seen.setdefault(name, set()).add(value)
        joined = {name: BETWEEN.join(sorted(values)) for name, values in seen.items()}
        return {**self.targets.get(target, {}), **joined, TARGET: target}

    def customers(self) -> list[str]:
        """Every customer that a label names."""
        named = (labels.get(CUSTOMER) for family in (self.targets, self.checks) for labels in family.values())
        return sorted({name for name in named if name})


class Routes:
    """``everyone`` is every desk there is, in the order of the configuration: who is told when no route fits, and without any.

    ``labels`` as handed in hold at least ``target``, and the incident's ``checks`` with commas between them; what is configured about
    them is added here. An answer depends on ``at`` only where a route has hours.
    """

    def __init__(self, routes: Sequence[Route] = (), everyone: Sequence[str] = (), known: Known = Known()) -> None:
        self.routes, self.known = tuple(routes), known
        self._last = Route("", tuple(everyone))

    def first(self, severity: Severity, labels: Labels, at: float) -> tuple[str, ...] | None:
        """Who is told at once. None: every desk, also one that is added while the incident lasts."""
        route = self.chosen(severity, labels, at)
        return None if route is self._last else route.desks

    def steps(self, severity: Severity, labels: Labels, at: float) -> tuple[tuple[float, tuple[str, ...]], ...]:
        """Who is told next, and after how many seconds without an acknowledgement; in order of time."""
        return tuple((step.after_seconds, step.desks) for step in self.chosen(severity, labels, at).then)

    def chosen(self, severity: Severity, labels: Labels, at: float) -> Route:
        """The route it takes; one without a name when none fits."""
        if not self.routes:
            return self._last  # asked every second of every open incident
        whole = self._whole(labels)
        return next((route for route in self.routes if route.fits(severity, whole, at)), self._last)

    def possible(self, severity: Severity, labels: Labels) -> tuple[Route, ...]:
        """Every route it may take, in order: those with hours while these are open, and the one that remains when none is."""
        whole, found = self._whole(labels), list[Route]()
        for route in (*self.routes, self._last):
            if replace(route, hours=None).fits(severity, whole, 0.0):
                found.append(route)
                if route.hours is None:
                    break
        return tuple(found)

    def _whole(self, labels: Labels) -> dict[str, str]:
        checks = [name for name in labels.get(CHECKS, "").split(BETWEEN) if name]
        return {**labels, **self.known.labels(labels.get(TARGET, ""), checks)}


def unreachable(routes: Sequence[Route]) -> list[tuple[Route, tuple[Route, ...]]]:
    """Each route that no incident will ever take, with those above it that take everything before it comes to it."""
    found = []
    for index, later in enumerate(routes):
        above = routes[:index]
        parts = [replace(later, severities=frozenset({severity})) for severity in later.severities or Severity]
        hiding = [next((route for route in above if route.hides(part)), None) for part in parts]
        if all(hiding):
            found.append((later, tuple(dict.fromkeys(route for route in hiding if route))))
    return found
