"""``paycanary calibration``: the budget of false alarms against those of a check's own history."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.backtest.labels import read_labels
from monitor.backtest.report import Asked, report
from monitor.backtest.samples import BadSamples
from monitor.cli.backtest import calibrations, chosen_rules, notes, out, refuse, stored_stories
from monitor.cli.loading import DEFAULT_PATH, ConfigPath, load_or_exit
from monitor.config import Config
from monitor.config.problems import did_you_mean
from monitor.stores import StoreError


def calibration(
    check: Annotated[str, typer.Argument(help="The check's name.")],
    config: ConfigPath = DEFAULT_PATH,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="Rules instead of the configuration's.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Known incidents, left out: JSON lines of windows.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """The budget of false alarms asked of each rule against those seen in the check's history, with an exact interval."""
    loaded = load_or_exit(config, resolve_secrets=False, allow_live=True)
    if check not in loaded.checks:
        raise refuse(f'there is no check "{check}"; {did_you_mean(check, loaded.checks)}')
    chosen = tuple(rule for rule in chosen_rules(rules, loaded) if rule.selector.takes(loaded.checks[check]))
    if not chosen:
        raise refuse(f"no rule watches {check}")
    try:
        known = read_labels(labels) if labels else ()
        stories = stored_stories(_alone(loaded, check), chosen, None, None)
    except (BadSamples, StoreError) as error:
        raise refuse(str(error)) from None
    if not stories:
        raise refuse(f"the store holds no runs of {check} yet")
    asked = Asked(
        rules=tuple(rule.id for rule in chosen),
        labels=known,
        reopen_seconds=loaded.service.reopen_seconds,
        notes=notes(chosen, stored=True),
    )
    found = report(stories, asked)
    calibrated = calibrations(found, chosen, known)
    if as_json:
        typer.echo(json.dumps({"check": check, "calibration": [facts for _, facts in calibrated]}, indent=2, ensure_ascii=False))
        return
    for sentence, _ in calibrated:
        out.print(sentence)
    for note in asked.notes:
        out.print(f"note: {note}")
    if not known:
        out.print("note: no known incidents were named (--labels): whatever fired counts as false")


def _alone(config: Config, check: str) -> Config:
    return replace(config, checks={check: config.checks[check]})
