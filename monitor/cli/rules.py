"""``paycanary rules``: unit tests of rules."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.backtest.cases.read import Suite, read_suite
from monitor.backtest.cases.run import Difference, play
from monitor.cli.loading import EXIT_BAD_CONFIG, show_problems
from monitor.config import ConfigError, Problem
from monitor.model.units import show_seconds

EXIT_FAILED = 1

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True, markup=False)


@app.callback()
def _rules() -> None:
    """Unit tests of rules."""


@app.command()
def test(files: Annotated[list[Path], typer.Argument(help="Files of tests.", metavar="FILE...")]) -> None:
    """Play the series of each file on its rules, and compare the alerts. Exit code 1 when they differ, 2 for a bad file."""
    suites = _read(files)
    passed = failed = 0
    for suite in suites:
        for played in play(suite):
            failed += bool(played.differences)
            passed += not played.differences
            if played.differences:
                out.print(f"FAILED {suite.file}: {played.case.name}")
            for difference in played.differences:
                _show(suite, difference)
    out.print(f"{passed} passed, {failed} failed")
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _read(files: list[Path]) -> list[Suite]:
    suites: list[Suite] = []
    problems: list[Problem] = []
    for file in files:
        try:
            suites.append(read_suite(file))
        except ConfigError as error:
            problems += error.problems
    if problems:
        show_problems(ConfigError(problems))
        raise typer.Exit(EXIT_BAD_CONFIG)
    return suites


def _show(suite: Suite, difference: Difference) -> None:
    out.print(f"  {suite.file}:{difference.line}: at {show_seconds(difference.at)}")
    for text in difference.missing:
        out.print(f"    expected {text}")
    for text in difference.unexpected:
        out.print(f"    got      {text}")
