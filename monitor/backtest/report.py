"""What a backtest came to, as facts: the same history and rules give the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.backtest.firings import REOPEN_SECONDS, Firing, check_alone, in_order, rule_and_check, tickets
from monitor.backtest.labels import Label
from monitor.backtest.replay import Story
from monitor.backtest.score import MONTH_SECONDS, Lead, Score, Span, belongs, lead, score
from monitor.backtest.spending import Spent
from monitor.model.durations import iso

#: Changes when a key of the JSON changes its meaning or goes away.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report is to look at: alarms in [since, until), which rules there are, which one the others are held against."""

    rules: tuple[str, ...]
    since: float | None = None
    until: float | None = None
    over: str = ""
    labels: tuple[Label, ...] = ()
    reopen_seconds: float = REOPEN_SECONDS
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """``whole``: every rule together, one ticket a check and trouble. ``rules``: each by itself."""

    asked: Asked
    spans: dict[str, Span]
    runs: int
    firings: tuple[Firing, ...]
    whole: Score
    rules: dict[str, Score]
    leads: dict[str, Lead]
    spent: Spent

    @property
    def since(self) -> float:
        return min((span.since for span in self.spans.values()), default=0.0)

    @property
    def until(self) -> float:
        return max((span.until for span in self.spans.values()), default=0.0)

    def facts(self) -> dict[str, object]:
        """For JSON; documented key by key in docs/backtest.md."""
        return {
            "format": FORMAT,
            "since": iso(self.since),
            "until": iso(self.until),
            "checks": len(self.spans),
            "runs": self.runs,
            "check_months": round(sum(span.until - span.since for span in self.spans.values()) / MONTH_SECONDS, 6),
            "firings": [firing.facts() for firing in self.firings],
            "together": self.whole.facts(),
            "rules": {rule: found.facts() for rule, found in self.rules.items()},
            "labels": [_label_facts(label, self.firings) for label in self.asked.labels],
            "over": {"rule": self.asked.over, "rules": {rule: found.facts() for rule, found in self.leads.items()}}
            if self.asked.over
            else None,
            "probes": {
                "suspected_samples": self.spent.suspected,
                "bursts": self.spent.bursts,
                "extra_probes": self.spent.extra,
                "extra_share": round(self.spent.extra / self.runs, 6) if self.runs else None,
            },
            "notes": list(self.asked.notes),
        }


def report(stories: Sequence[Story], asked: Asked) -> Report:
    spans = {story.check: _clipped(story.span, asked) for story in stories}
    spans = {check: span for check, span in sorted(spans.items()) if span.until > span.since}
    firings = in_order(one for story in stories for one in story.firings if _asked_for(one, asked))
    by_rule = {
        rule: tickets((one for one in firings if one.rule == rule), rule_and_check, asked.reopen_seconds) for rule in asked.rules
    }
    others = {rule: found for rule, found in by_rule.items() if asked.over and rule != asked.over}
    return Report(
        asked=asked,
        spans=spans,
        runs=sum(story.runs for story in stories),
        firings=tuple(firings),
        whole=score(tickets(firings, check_alone, asked.reopen_seconds), asked.labels, spans),
        rules={rule: score(found, asked.labels, spans) for rule, found in by_rule.items()},
        leads={rule: lead(found, by_rule[asked.over]) for rule, found in others.items()},
        spent=sum((story.spent for story in stories), Spent()),
    )


def _clipped(span: Span, asked: Asked) -> Span:
    since = span.since if asked.since is None else max(span.since, asked.since)
    return Span(since, span.until if asked.until is None else min(span.until, asked.until))


def _asked_for(firing: Firing, asked: Asked) -> bool:
    """What fired before belongs to what was looked at only to know what is normal."""
    return (asked.since is None or firing.alarm >= asked.since) and (asked.until is None or firing.alarm < asked.until)


def _label_facts(label: Label, firings: Sequence[Firing]) -> dict[str, object]:
    """``found_by``: seconds from the window's start to each rule's first ticket in it."""
    found: dict[str, float] = {}
    for ticket in tickets(firings, rule_and_check):
        if belongs(ticket, label):
            delay = ticket.alarm - label.starts
            for rule in ticket.rules:
                found[rule] = min(delay, found.get(rule, delay))
    return {
        "name": label.name,
        "check": label.check,
        "from": iso(label.starts),
        "to": iso(label.ends),
        "found_by": {rule: round(found[rule], 3) for rule in sorted(found)},
    }
