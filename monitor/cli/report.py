"""`paycanary report`: the month's availability, from the store, also while the service runs."""

import asyncio
import importlib.metadata
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from monitor.app import DATABASE
from monitor.cli.loading import DEFAULT_PATH, EXIT_BAD_CONFIG, ConfigPath, load_or_exit
from monitor.cli.report_facts import Facts
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.incidents.figures import figures
from monitor.reports.csv_table import verdict
from monitor.reports.statement import Statement, state
from monitor.reports.table import FORMATS, LANGUAGES
from monitor.sla.availability import show_percent
from monitor.sla.intervals import Interval
from monitor.sla.period import month_period
from monitor.stores import StoreError
from monitor.stores.sqlite import SqliteStore

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def report(
    month: Annotated[str, typer.Option(help='The month, like "2026-10".')],
    config: ConfigPath = DEFAULT_PATH,
    formats: Annotated[str, typer.Option("--format", help="Any of html, csv; with commas between.")] = "html,csv",
    lang: Annotated[str, typer.Option(help="Languages of the page, the first one leading: en, zh, or both.")] = "en,zh",
    zone: Annotated[str, typer.Option(help="The time zone whose calendar month it is.")] = "UTC",
    directory: Annotated[Path, typer.Option("--out", help="Where the files go.")] = Path("reports"),
) -> None:
    """Availability of a month, per check, against its objective."""
    chosen = _each_of(formats, tuple(FORMATS), "format")
    languages = _each_of(lang, LANGUAGES, "language")
    period = _so_far(month, zone)
    loaded = load_or_exit(config, resolve_secrets=False)
    statement = _statement(loaded, Statement(month, zone, period, month_period(month, zone), "", "", ""))
    directory.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        for file, content in FORMATS[name](statement, languages).items():
            (directory / file).write_bytes(content)
            err.print(f"wrote {directory / file}")
    _summary(statement)


def _each_of(text: str, known: tuple[str, ...], what: str) -> list[str]:
    wanted = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not wanted or not set(wanted) <= set(known):
        raise _refuse(f"expected a {what} among {', '.join(known)}, got {text!r}")
    return wanted


def _so_far(month: str, zone: str) -> Interval:
    """The month, up to now when it is not over."""
    try:
        whole = month_period(month, zone)
    except ValueError as problem:
        raise _refuse(str(problem)) from None
    now = int(time.time())
    if now <= whole.start:
        raise _refuse(f"{month} has not begun yet")
    return Interval(whole.start, min(whole.end, now))


def _statement(config: Config, frame: Statement) -> Statement:
    store = SqliteStore(config.service.data / DATABASE, clock=SystemClock(), read_only=True)
    try:
        store.open()
        return asyncio.run(_gather(config, frame, store))
    except StoreError as problem:
        raise _refuse(str(problem)) from None


async def _gather(config: Config, frame: Statement, store: SqliteStore) -> Statement:
    try:
        facts = await Facts.collect(store, config, frame.period)
        checks = [check for check in config.checks.values() if not check.control]
        subjects = [await facts.subject(check) for check in checks]
    finally:
        await store.close()
    software = f"paycanary {importlib.metadata.version('paycanary')}"
    return state(
        Statement(
            frame.month,
            frame.zone,
            frame.period,
            frame.whole_month,
            config.service.install,
            software=software,
            config=config.version,
            figures=figures(facts.incidents, frame.period.start, frame.period.end, len({check.target for check in checks})),
        ),
        subjects,
    )


def _summary(statement: Statement) -> None:
    table = Table(
        "check",
        "objective",
        "availability",
        "result",
        "down",
        "unknown",
        title=f"{statement.month} ({statement.zone}), worst first",
    )
    for line in statement.lines:
        seconds = (f"{line.figure.down_seconds} s", f"{line.figure.unknown_seconds} s")
        shares = (show_percent(line.subject.objective), show_percent(line.figure.uptime))
        table.add_row(line.subject.check, *shares, verdict(line).en, *seconds)
    out.print(table)


def _refuse(sentence: str) -> typer.Exit:
    err.print(sentence)
    return typer.Exit(EXIT_BAD_CONFIG)
