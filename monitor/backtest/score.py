"""Tickets against labelled windows: what was found, what was missed, what was for nothing, and how late. Every figure has its unit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from monitor.backtest.firings import Ticket
from monitor.backtest.labels import Label, labelled_seconds
from monitor.backtest.poisson import interval

MONTH_SECONDS = 30 * 86_400.0
#: People write down when they noticed, not when it began: a ticket this long before or after a window still belongs to it.
SLACK_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Span:
    """What was seen of one check, UTC seconds."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Score:
    """Of one rule, or of all together.

    ``delays`` in seconds from a window's start to the first ticket in it, by window; below 0: before it. ``months`` are
    check-months (30 days) outside the windows. ``missed`` names the windows without a ticket.
    """

    tickets: int
    false: int
    found: int
    missed: tuple[str, ...]
    delays: tuple[float, ...]
    months: float
    labelled: bool

    @property
    def recall(self) -> float | None:
        total = self.found + len(self.missed)
        return self.found / total if total else None

    @property
    def precision(self) -> float | None:
        return (self.tickets - self.false) / self.tickets if self.tickets and self.labelled else None

    def facts(self) -> dict[str, object]:
        """For JSON. Keys end in their unit; a share is 0 to 1."""
        low, high = interval(self.false)
        return {
            "tickets": self.tickets,
            "false_tickets": self.false,
            "check_months": _rounded(self.months),
            "false_tickets_per_check_month": _per(self.false, self.months),
            "false_tickets_per_check_month_95": [_per(low, self.months), _per(high, self.months)],
            "labels_found": self.found,
            "labels_missed": list(self.missed),
            "recall": _rounded(self.recall),
            "precision": _rounded(self.precision),
            "delay_median_seconds": _rounded(median(self.delays) if self.delays else None),
            "delay_p95_seconds": _rounded(quantile(self.delays, 0.95)),
        }


def score(
    tickets: Sequence[Ticket], labels: Sequence[Label], spans: Mapping[str, Span], slack_seconds: float = SLACK_SECONDS
) -> Score:
    """A ticket belongs to a window of its check when it was opened within it, or within ``slack_seconds`` of it.

    One that was opened earlier and still stood is false: it knew nothing of the window. Windows that touch nothing that was seen
    are left out: nobody could have found them.
    """
    seen = [label for label in labels if any(label.covers(check) and _touches(label, span) for check, span in spans.items())]
    delays: list[float] = []
    missed: list[str] = []
    for label in seen:
        hits = [ticket.alarm - label.starts for ticket in tickets if belongs(ticket, label, slack_seconds)]
        if hits:
            delays.append(min(hits))
        else:
            missed.append(label.name)
    false = sum(1 for ticket in tickets if not any(belongs(ticket, label, slack_seconds) for label in labels))
    return Score(len(tickets), false, len(delays), tuple(missed), tuple(delays), calm_months(labels, spans), bool(labels))


def belongs(ticket: Ticket, label: Label, slack_seconds: float = SLACK_SECONDS) -> bool:
    return label.covers(ticket.check) and label.starts - slack_seconds <= ticket.alarm <= label.ends + slack_seconds


def calm_months(labels: Iterable[Label], spans: Mapping[str, Span]) -> float:
    """Check-months seen outside the labelled windows."""
    known = tuple(labels)
    calm = (
        span.until - span.since - labelled_seconds(known, check, span.since, span.until) for check, span in sorted(spans.items())
    )
    return sum(calm) / MONTH_SECONDS


@dataclass(frozen=True, slots=True)
class Lead:
    """How much sooner than another rule: seconds, for each of its tickets that has a partner; ``alone`` counts those without."""

    leads: tuple[float, ...]
    alone: int

    def facts(self) -> dict[str, object]:
        return {
            "tickets_of_both": len(self.leads),
            "tickets_of_the_other_alone": self.alone,
            "lead_median_seconds": _rounded(median(self.leads) if self.leads else None),
            "lead_p5_seconds": _rounded(quantile(self.leads, 0.05)),
        }


def lead(mine: Sequence[Ticket], other: Sequence[Ticket], slack_seconds: float = SLACK_SECONDS) -> Lead:
    """For each ticket of the other: how long before it the first of mine was opened that stood then, or came within the slack."""
    leads: list[float] = []
    alone = 0
    for theirs in other:
        partners = [ticket.alarm for ticket in mine if ticket.check == theirs.check and _meet(ticket, theirs, slack_seconds)]
        if partners:
            leads.append(theirs.alarm - min(partners))
        else:
            alone += 1
    return Lead(tuple(leads), alone)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of them do not exceed; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)] if ordered else None


def _meet(one: Ticket, other: Ticket, slack_seconds: float) -> bool:
    return _reaches(one, other.alarm - slack_seconds) and _reaches(other, one.alarm - slack_seconds)


def _reaches(ticket: Ticket, at: float) -> bool:
    return ticket.recovery is None or ticket.recovery >= at


def _touches(label: Label, span: Span) -> bool:
    return label.starts < span.until and label.ends > span.since


def _per(count: float, months: float) -> float | None:
    return _rounded(count / months) if months > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
