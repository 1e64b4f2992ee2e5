"""``paycanary backtest``: what would have fired."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor.app import DATABASE
from monitor.backtest.calibration import calibrate
from monitor.backtest.firings import REOPEN_SECONDS, rule_and_check, tickets
from monitor.backtest.labels import Label, read_labels
from monitor.backtest.play import file_stories, store_stories
from monitor.backtest.replay import Story
from monitor.backtest.report import Asked, Report, report
from monitor.backtest.rule_files import load_rules
from monitor.backtest.samples import BadSamples, instant
from monitor.cli.backtest_page import page
from monitor.cli.loading import DEFAULT_PATH, EXIT_BAD_CONFIG, load_or_exit, show_problems
from monitor.clock import SystemClock
from monitor.config import Config, ConfigError
from monitor.config.problems import did_you_mean
from monitor.rules import Rule
from monitor.stores import StoreError
from monitor.stores.sqlite import SqliteStore

#: How much of a store is looked at when nothing is said: what a service keeps.
STORED_SECONDS = 90 * 86_400.0
STEPS_NOTE = "rules on steps saw nothing: the store keeps runs, not their steps"

out = Console(highlight=False, soft_wrap=True, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def backtest(
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="A file of rules; may be given again.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration that knows the checks.")] = None,
    samples: Annotated[Path | None, typer.Option(help="History from a file of samples: JSON lines, .gz or not.")] = None,
    store: Annotated[bool, typer.Option("--store", help="History from the service's own store, also while it runs.")] = False,
    since: Annotated[str | None, typer.Option(help="Look at alarms from this instant on, like 2026-11-01T00:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="... and before this one.")] = None,
    over: Annotated[str | None, typer.Option(help="Hold the other rules against this one: how much sooner?")] = None,
    labels: Annotated[Path | None, typer.Option(help="Labelled windows of true trouble: JSON lines.")] = None,
    calibration: Annotated[bool, typer.Option("--calibrate", help="Budgets of false alarms against those seen.")] = False,
    slow: Annotated[bool, typer.Option("--slow", help="Line by line: the same, and no part of it is compiled.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Replay history through rules: what would have fired, how often for nothing, how much sooner. Nothing is sent or changed."""
    if store is (samples is not None):
        raise refuse("expected either --samples FILE or --store")
    loaded = load_or_exit(config or DEFAULT_PATH, resolve_secrets=False, allow_live=True) if config or store else None
    chosen = chosen_rules(rules, loaded)
    if over is not None and over not in {rule.id for rule in chosen}:
        raise refuse(f'there is no rule "{over}"; {did_you_mean(over, [rule.id for rule in chosen])}')
    first, last = _instant("--since", since), _instant("--until", until)
    try:
        known = read_labels(labels) if labels else ()
        if samples is not None:
            checks = loaded.checks if loaded else None
            stories = file_stories(samples, chosen, checks, first, last, quick=False if slow else None, warn=err.print)
        else:
            stories = stored_stories(_needed(loaded), chosen, first, last)
    except (BadSamples, StoreError) as error:
        raise refuse(str(error)) from None
    asked = Asked(
        rules=tuple(rule.id for rule in chosen),
        since=first,
        until=last,
        over=over or "",
        labels=known,
        reopen_seconds=loaded.service.reopen_seconds if loaded else REOPEN_SECONDS,
        notes=notes(chosen, stored=store),
    )
    _tell(report(stories, asked), chosen, calibration=calibration, as_json=as_json)


def chosen_rules(files: list[Path] | None, config: Config | None) -> tuple[Rule, ...]:
    """Those of the files, else those of the configuration; exit code 2 when there are none, or they are wrong."""
    try:
        chosen = load_rules(files) if files else config.rules if config else ()
    except ConfigError as error:
        show_problems(error)
        raise typer.Exit(EXIT_BAD_CONFIG) from None
    if not chosen:
        raise refuse("expected rules: --rules FILE, or --config with some")
    return tuple(chosen)


def stored_stories(config: Config, rules: tuple[Rule, ...], since: float | None, until: float | None) -> list[Story]:
    """Raises StoreError."""
    clock = SystemClock()
    last = time.time() if until is None else until
    found = SqliteStore(config.service.data / DATABASE, clock=clock, read_only=True)
    return store_stories(found, rules, config.checks.values(), last - STORED_SECONDS if since is None else since, last)


def notes(rules: tuple[Rule, ...], *, stored: bool) -> tuple[str, ...]:
    return (STEPS_NOTE,) if stored and any(rule.selector.step for rule in rules) else ()


def refuse(sentence: str) -> typer.Exit:
    err.print(sentence)
    return typer.Exit(EXIT_BAD_CONFIG)


def calibrations(found: Report, rules: tuple[Rule, ...], known: tuple[Label, ...]) -> list[tuple[str, dict[str, object]]]:
    """Of every rule: its sentence, and its facts."""
    by_rule = {
        rule.id: tickets((one for one in found.firings if one.rule == rule.id), rule_and_check, found.asked.reopen_seconds)
        for rule in rules
    }
    made = calibrate(rules, by_rule, known, found.spans)
    return [(f"{one.rule}: {one.sentence()}", one.facts()) for one in made]


def _tell(found: Report, rules: tuple[Rule, ...], *, calibration: bool, as_json: bool) -> None:
    calibrated = calibrations(found, rules, found.asked.labels) if calibration else []
    if as_json:
        facts = found.facts() | ({"calibration": [one for _, one in calibrated]} if calibration else {})
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    out.print(page(found))
    if calibrated:
        out.print(Text("\ncalibration", style="bold"))
        for sentence, _ in calibrated:
            out.print(f"  {sentence}")


def _needed(config: Config | None) -> Config:
    if config is None:
        raise AssertionError("a store is found by its configuration")
    return config


def _instant(option: str, written: str | None) -> float | None:
    try:
        return None if written is None else instant(written)
    except ValueError as error:
        raise refuse(f"{option}: {error}") from None
