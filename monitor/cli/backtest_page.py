"""A backtest's report for a terminal. Every number has its unit."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from monitor.backtest.firings import Firing
from monitor.backtest.report import Report
from monitor.backtest.score import MONTH_SECONDS, Lead, Score, quantile
from monitor.model.durations import iso
from monitor.model.units import show_seconds

#: Firings shown; more are in the JSON.
FIRINGS_SHOWN = 50


def page(found: Report) -> RenderableType:
    parts: list[RenderableType] = [Text(_head(found)), _firings(found), _scores(found)]
    if found.asked.labels:
        parts.append(_labels(found))
    if found.asked.over:
        parts.append(_leads(found))
    parts.append(_section("probes", [_probes(found)]))
    if found.asked.notes:
        parts.append(_section("notes", found.asked.notes))
    return Group(*parts)


def _head(found: Report) -> str:
    months = sum(span.until - span.since for span in found.spans.values()) / MONTH_SECONDS
    what = f"{_count(found.runs, 'run')} of {_count(len(found.spans), 'check')}"
    return f"{iso(found.since)} to {iso(found.until)}: {what}, {months:.2f} check-months of 30 days"


def _firings(found: Report) -> RenderableType:
    if not found.firings:
        return _section("would have fired", ["nothing"])
    lines = [_firing(firing) for firing in found.firings[:FIRINGS_SHOWN]]
    more = len(found.firings) - FIRINGS_SHOWN
    return _section("would have fired", [*lines, *([f"... and {more:,} more: --json has them all"] if more > 0 else [])])


def _firing(firing: Firing) -> str:
    lasted = "still standing" if firing.recovery is None else f"for {show_seconds(firing.recovery - firing.alarm)}"
    began = f"began {show_seconds(firing.alarm - firing.onset)} before"
    return f"{iso(firing.alarm)}  {firing.severity}  {firing.rule}  {_where(firing)}  ({began}, {lasted}): {firing.summary}"


def _where(firing: Firing) -> str:
    parts = (firing.check, firing.stratum, firing.location and f"from {firing.location}", firing.step)
    return " / ".join(part for part in parts if part)


def _scores(found: Report) -> RenderableType:
    rows = [["rule", "tickets", "false", "a check-month", "95 % interval"]]
    if found.asked.labels:
        rows[0] += ["recall", "precision", "delay median", "delay p95"]
    for name, score in (*found.rules.items(), ("all together", found.whole)):
        if score.tickets or score is found.whole:
            rows.append([name, *_score(score, labelled=bool(found.asked.labels))])
    title = "tickets" if found.asked.labels else "tickets (nothing is labelled: all count as false)"
    silent = [name for name, score in found.rules.items() if not score.tickets]
    return _section(title, [*aligned(rows), *([f"without a ticket: {', '.join(silent)}"] if silent else [])])


def aligned(rows: list[list[str]]) -> list[str]:
    """Columns of one width each, whatever the terminal's is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _score(score: Score, *, labelled: bool) -> list[str]:
    facts = score.facts()
    rate, bounds = facts["false_tickets_per_check_month"], facts["false_tickets_per_check_month_95"]
    low, high = bounds if isinstance(bounds, list) else (None, None)
    shown = [str(score.tickets), str(score.false), _number(rate), f"{_number(low)} to {_number(high)}"]
    if labelled:
        delays = (quantile(score.delays, 0.5), quantile(score.delays, 0.95))
        shown += [_percent(score.recall), _percent(score.precision), *(show_seconds(delay) for delay in delays)]
    return shown


def _labels(found: Report) -> RenderableType:
    lines = []
    for name, score in (*found.rules.items(), ("all together", found.whole)):
        if not score.tickets and score is not found.whole:
            continue
        missed = ", ".join(score.missed) or "none"
        lines.append(f"{name}: found {score.found} of {score.found + len(score.missed)} windows; missed: {missed}")
    return _section("labelled windows", lines)


def _leads(found: Report) -> RenderableType:
    return _section(f"lead over {found.asked.over}", [f"{rule}: {_lead(one)}" for rule, one in found.leads.items() if one.leads])


def _lead(one: Lead) -> str:
    middle, low = quantile(one.leads, 0.5), quantile(one.leads, 0.05)
    if middle is None or low is None:
        raise AssertionError("a lead of nothing")
    sooner = f"{show_seconds(abs(middle))} {'sooner' if middle >= 0 else 'later'}"
    return f"{sooner} (median of {len(one.leads)}; 5 % quantile {show_seconds(low)}); {one.alone} of the other alone"


def _probes(found: Report) -> str:
    share = found.spent.extra / found.runs if found.runs else 0.0
    return (
        f"suspicion stood after {_count(found.spent.suspected, 'run')}; {_count(found.spent.bursts, 'burst')} "
        f"would have sent about {_count(found.spent.extra, 'extra probe')} ({share:.1%} more)"
    )


def _section(title: str, lines: Iterable[str]) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), *(Text(f"  {line}") for line in lines))


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else "-"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
