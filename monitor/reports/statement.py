"""What a report says, before it is a page or a table."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from monitor.incidents.figures import Figures
from monitor.model.text import Text
from monitor.sla.availability import Figure, Timeline, figure, within
from monitor.sla.intervals import Interval, intersect
from monitor.sla.period import days

#: A check with more outages than this in a month needs another remedy than a longer list; the rest is counted.
OUTAGES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """An incident as a report names it; ``ends`` None: still open."""

    id: str
    title: Text
    severity: str
    target: str
    starts: float
    ends: float | None

    def overlaps(self, span: Interval) -> bool:
        return self.starts < span.end and (self.ends is None or self.ends > span.start)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Agreed maintenance of one check, clipped to the period."""

    window: str
    span: Interval
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class Subject:
    """All that is known about one check in the period: the inputs of its line."""

    check: str
    title: Text
    target: str
    objective: Fraction
    timeline: Timeline
    runs: int
    missed: int
    latency_objective_seconds: float | None = None
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    incidents: tuple[IncidentFact, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Outage:
    span: Interval
    incidents: tuple[IncidentFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One check's account."""

    subject: Subject
    figure: Figure
    met: bool | None
    budget_used: Fraction | None  # down time as a share of what the objective allows; None: nothing is allowed, or no figure
    outages: tuple[Outage, ...]
    outage_count: int
    days: tuple[tuple[date, Figure], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """``period`` ends early when the month is not over yet. ``inputs_sha256`` names everything the figures come from."""

    month: str
    zone: str
    period: Interval
    whole_month: Interval
    install: str
    software: str
    config: str
    figures: Figures | None = None  # of the period's incidents
    lines: tuple[Line, ...] = field(default=())
    inputs_sha256: str = ""

    @property
    def partial(self) -> bool:
        return self.period != self.whole_month


def state(frame: Statement, subjects: Iterable[Subject]) -> Statement:
    """``frame`` with the account of every subject, the worst first."""
    given = sorted(subjects, key=lambda one: one.check)
    lines = sorted((account(one, frame.zone) for one in given), key=_goodness)
    return replace(frame, lines=tuple(lines), inputs_sha256=fingerprint(frame, given))


def account(subject: Subject, zone: str) -> Line:
    line = subject.timeline
    found = figure(line)
    outages = tuple(
        Outage(span, tuple(one for one in subject.incidents if one.overlaps(span))) for span in line.down[:OUTAGES_SHOWN]
    )
    return Line(
        subject=subject,
        figure=found,
        met=found.meets(subject.objective),
        budget_used=_budget_used(found, subject.objective),
        outages=outages,
        outage_count=len(line.down),
        days=tuple((day, figure(within(line, span))) for day, span in days(line.period, zone)),
    )


def exclusions(spans: Sequence[tuple[Exclusion, Interval]], period: Interval) -> tuple[Exclusion, ...]:
    """Each as far as it lies in ``period``; those outside are left out."""
    return tuple(replace(one, span=inside) for one, span in spans for inside in intersect((span,), (period,)))


def _budget_used(found: Figure, objective: Fraction) -> Fraction | None:
    if found.uptime is None or objective >= 1:
        return None
    return (1 - found.uptime) / (1 - objective)


def _goodness(line: Line) -> tuple[int, Fraction, str]:
    """Missed objectives first, then what has no figure, then the rest; within each the one that used most of its budget."""
    group = {False: 0, None: 1, True: 2}[line.met]
    used = line.budget_used if line.budget_used is not None else 1 - (line.figure.uptime or Fraction(0))
    return group, -used, line.subject.check


def fingerprint(frame: Statement, subjects: Sequence[Subject]) -> str:
    """SHA-256 of all inputs in a canonical form: two parties who get the same one were given the same facts."""
    facts: dict[str, Any] = {"month": frame.month, "zone": frame.zone, "period": frame.period, "config": frame.config}
    facts["figures"] = asdict(frame.figures) if frame.figures else None
    written = json.dumps([facts, [asdict(one) for one in subjects]], sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
