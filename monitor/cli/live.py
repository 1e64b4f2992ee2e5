"""What a person sees while the service runs: a live table on a terminal, plain lines anywhere else."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from monitor.model.alert import Alert, AlertState
from monitor.model.check import Check
from monitor.model.incident import Incident, Status, Ticket
from monitor.model.result import Result
from monitor.model.units import show_seconds

#: Bars shown per check: about what fits beside the other columns.
BARS = 30
#: Durations kept per check for the median and the 95th percentile shown.
DURATIONS = 200
#: Lines of the story kept on the screen.
STORY_LINES = 12
#: Checks shown; the failing ones come first, so that what matters is never below the edge.
ROWS = 24
#: Without a terminal, every result is a line only while there are few of them.
LINES_A_SECOND = 4.0
SUMMARY_SECONDS = 10.0
REFRESH_A_SECOND = 4


@dataclass(slots=True)
class _Row:
    check: Check
    bars: deque[bool | None] = field(default_factory=lambda: deque(maxlen=BARS))
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=DURATIONS))
    latest: Result | None = None
    runs: int = 0
    bad: int = 0

    def quantile(self, q: float) -> float | None:
        ordered = sorted(self.durations)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else None


def clock_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def story_line(kind: str, what: Any) -> str | None:
    """One plain sentence about something that happened; None for what is no news."""
    match kind, what:
        case "alert", Alert() if what.state is not AlertState.PENDING:
            where = " ".join(filter(None, (what.series.check, what.series.stratum, what.series.step)))
            return f"alert {what.state}: {where}: {what.summary.en}"
        case "ticket", Ticket():
            return f"incident {what.incident} {what.kind}: {what.title.en}"
        case "delivery", dict():
            took = f" {show_seconds(what['seconds'])} after the decision" if what.get("seconds") is not None else ""
            return f"ticket {what['event']} at {what['desk']}{took}"
        case (("world" | "note"), str()):
            return what
    return None


class Plain:
    """Lines for logs and pipes. Results are lines while they are few; else a summary every ten seconds."""

    def __init__(self, console: Console, checks: Mapping[str, Check]) -> None:
        self._console = console
        self._each = sum(1 / check.every_seconds for check in checks.values()) <= LINES_A_SECOND
        self._runs = self._bad = 0
        self._summarised = time.monotonic()

    def __call__(self, kind: str, what: Any) -> None:
        line = self._result(what) if kind == "result" else story_line(kind, what)
        if line:
            self._console.print(f"{clock_time(time.time())} {line}", highlight=False, markup=False, soft_wrap=True)

    def _result(self, result: Result) -> str | None:
        self._runs += 1
        self._bad += result.good is False
        if self._each:
            mark = {True: "ok  ", False: "FAIL", None: "??  "}[result.good]
            why = f" at {result.failed_step}: {result.message}" if result.failed_step else ""
            took = show_seconds(result.duration_seconds)
            return f"{mark} {result.check} {result.stratum or '-'} {result.outcome} {took}{why}"
        now = time.monotonic()
        if now - self._summarised < SUMMARY_SECONDS:
            return None
        line = f"{self._runs} runs, {self._bad} failed, in the last {now - self._summarised:.0f} s"
        self._runs = self._bad = 0
        self._summarised = now
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Screen:
    """The live table."""

    def __init__(self, console: Console, checks: Mapping[str, Check], footer: str) -> None:
        self._rows = {name: _Row(check) for name, check in checks.items()}
        self._incidents: dict[str, Incident] = {}
        self._story: deque[str] = deque(maxlen=STORY_LINES)
        self._footer = footer
        self._began = time.monotonic()
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=REFRESH_A_SECOND, screen=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, kind: str, what: Any) -> None:
        if kind == "result":
            self._result(what)
        elif kind == "incident":
            self._incidents[what.id] = what
        line = story_line(kind, what)
        if line:
            self._story.append(f"{clock_time(time.time())} {line}")

    def _result(self, result: Result) -> None:
        row = self._rows.get(result.check)
        if row is None:
            return
        row.latest = result
        row.bars.append(result.good)
        row.runs += 1
        row.bad += result.good is False
        if result.good:
            row.durations.append(result.duration_seconds)

    def _render(self) -> Group:
        parts: list[Any] = [self._table()]
        open_ones = [one for one in self._incidents.values() if one.status is not Status.RESOLVED]
        for one in open_ones[:3]:
            text = f"{one.severity.upper()} {one.title.en}\n{one.title.zh}\n{one.id} · {one.check_count} {'check' if one.check_count == 1 else 'checks'} · since {clock_time(one.since)} UTC"
            parts.append(Panel(Line(text), title=f"incident {one.status}", border_style="red"))
        parts.append(Panel(Line("\n".join(self._story) or "waiting for news"), title="what happened (UTC)", border_style="dim"))
        parts.append(Line(self._footer, style="dim"))
        return Group(*parts)

    def _table(self) -> Table:
        runs = sum(row.runs for row in self._rows.values())
        table = Table(
            title=f"paycanary · up {show_seconds(time.monotonic() - self._began)} · {len(self._rows)} checks · {runs} runs",
            expand=True,
        )
        for name, justify in (
            ("check", "left"),
            ("last runs", "left"),
            ("p50", "right"),
            ("p95", "right"),
            ("failed", "right"),
            ("latest", "left"),
        ):
            table.add_column(name, justify=justify, no_wrap=name in ("last runs", "p50", "p95"))  # type: ignore[arg-type]
        worst = sorted(self._rows.values(), key=lambda row: (row.latest is None or row.latest.good is not False, row.check.id))
        for row in worst[:ROWS]:
            table.add_row(*self._cells(row))
        return table

    def _cells(self, row: _Row) -> tuple[Any, ...]:
        bars = Line()
        for good in row.bars:
            bars.append("▮" if good is not None else "·", style={True: "green", False: "red", None: "yellow"}[good])
        latest = row.latest
        said = Line("-")
        if latest is not None:
            why = f" {latest.failed_step}" if latest.failed_step else ""
            said = Line(f"{latest.outcome}{why} {latest.stratum}", style="red" if latest.good is False else "")
        return row.check.id, bars, show_seconds(row.quantile(0.5)), show_seconds(row.quantile(0.95)), str(row.bad), said


def view(console: Console, checks: Mapping[str, Check], footer: str) -> Screen | Plain:
    """The right one for this output."""
    return Screen(console, checks, footer) if console.is_terminal else Plain(console, checks)
