"""`paycanary incidents figures`: times to detect, acknowledge and repair, and time between failures, from the store.

The other commands of its family ask a running service and start at once; what this one needs besides is imported when it is called.
"""

import asyncio
import time
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from monitor.cli.service import EXIT_USAGE, Json
from monitor.incidents.figures import NAMES, Figure, Figures, figures
from monitor.model.durations import duration_text, iso
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.sla.period import midnight

if TYPE_CHECKING:
    from monitor.config import Config

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

#: More than any desk works off in the longest period that is kept.
INCIDENTS_MAX = 100_000
#: The period when none is given.
DAYS = 30

_HEADS = (
    Text("figure", "指标"),
    Text("n", "次数"),
    Text("mean", "平均"),
    Text("median", "中位数"),
    Text("p90", "P90"),
)


def show_figures(
    since: Annotated[str, typer.Option("--from", help='First day, "2026-11-01"; thirty days ago, when left out.')] = "",
    until: Annotated[str, typer.Option("--to", help="The day after the last; now, when left out.")] = "",
    zone: Annotated[str, typer.Option(help="The zone whose days they are.")] = "UTC",
    target: Annotated[str, typer.Option(help="One target alone.")] = "",
    config: Annotated[Path, typer.Option("--config", "-c", help="The main configuration file, or its directory.")] = Path(
        "paycanary.yaml"
    ),
    json: Json = False,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
) -> None:
    """MTTD, MTTA, MTTR, MTBF and availability of a period, and which R is meant."""
    from monitor.cli.loading import load_or_exit

    loaded = load_or_exit(config, resolve_secrets=False)
    start, end = _period(since, until, zone)
    watched = [target] if target else list(loaded.targets)
    if target and target not in loaded.targets:
        raise _refuse(f"there is no target called {target}")
    found = figures(_of(_incidents(loaded, start), target), start, end, len(watched))
    if json:
        out.print_json(data=shape(found))
    else:
        _show(found, lang)


def _of(incidents: list[Incident], target: str) -> list[Incident]:
    """Of one target, what was part of a larger cause is its own failure all the same."""
    return [replace(one, parent="") for one in incidents if one.target == target] if target else incidents


def shape(found: Figures) -> dict[str, Any]:
    """For machines: every time in seconds, the single values too."""
    numbers = asdict(found)
    for name in NAMES:
        numbers[name] = _figure(getattr(found, name))
    return {**numbers, "mtbf_seconds": found.mtbf_seconds, "availability": found.availability}


def _figure(figure: Figure) -> dict[str, Any]:
    names = ("count", "mean", "median", "p90")
    return {**{name: getattr(figure, name) for name in names}, "values": list(figure.values)}


def _period(since: str, until: str, zone: str) -> tuple[float, float]:
    now = time.time()
    try:
        start = midnight(date.fromisoformat(since), zone) if since else now - timedelta(days=DAYS).total_seconds()
        end = min(now, midnight(date.fromisoformat(until), zone)) if until else now
    except ValueError as problem:
        raise _refuse(f'expected days like "2026-11-01" and a zone like "Asia/Shanghai": {problem}') from None
    if start >= end:
        raise _refuse("the period ends before it begins, or has not begun yet")
    return start, end


def _incidents(config: "Config", since: float) -> list[Incident]:
    """Changed since then, as one that was restored in the period was; and those that last."""
    from monitor.app import DATABASE
    from monitor.clock import SystemClock
    from monitor.stores import StoreError
    from monitor.stores.sqlite import SqliteStore

    store = SqliteStore(config.service.data / DATABASE, clock=SystemClock(), read_only=True)

    async def read() -> list[Incident]:
        try:
            changed = await store.incidents(since=since, limit=INCIDENTS_MAX)
            lasting = await store.incidents(statuses=(Status.OPEN, Status.ACKNOWLEDGED), limit=INCIDENTS_MAX)
            return list({one.id: one for one in (*changed, *lasting)}.values())
        finally:
            await store.close()

    try:
        store.open()
        return asyncio.run(read())
    except StoreError as problem:
        raise _refuse(str(problem)) from None


def _show(found: Figures, lang: str) -> None:
    table = Table(*(head.in_(lang) for head in _HEADS), title=f"{iso(found.start)} – {iso(found.end)}")
    for title, figure in found.times():
        table.add_row(title.in_(lang), *_cells(figure, lang))
    out.print(table)
    out.print(_summary(found).in_(lang))


def _cells(figure: Figure, lang: str) -> list[str]:
    """Few are listed: a mean of three says less than the three."""
    if figure.listed:
        listed = ", ".join(duration_text(value).in_(lang) for value in figure.values)
        return [str(figure.count), listed or "-", "", ""]
    return [str(figure.count), *(_time(value, lang) for value in (figure.mean, figure.median, figure.p90))]


def _time(seconds: float | None, lang: str) -> str:
    return "-" if seconds is None else duration_text(seconds).in_(lang)


def _summary(found: Figures) -> Text:
    between, down = _both(found.mtbf_seconds), duration_text(found.downtime_seconds)
    share = "-" if found.availability is None else f"{found.availability * 100:.4f} %"
    return Text(
        f"MTBF {between.en} over {found.targets} targets; down {down.en}; A = MTBF / (MTBF + MTTR restore) = {share}; "
        f"{found.failures} failures restored, {found.still_open} still open at the end.",
        f"MTBF {between.in_('zh')}（{found.targets} 个目标）；停机 {down.in_('zh')}；"
        f"A = MTBF /（MTBF + 恢复 MTTR）= {share}；期内恢复 {found.failures} 次，期末未恢复 {found.still_open} 次。",
    )


def _both(seconds: float | None) -> Text:
    return Text("-") if seconds is None else duration_text(seconds)


def _refuse(sentence: str) -> typer.Exit:
    err.print(sentence)
    return typer.Exit(EXIT_USAGE)
