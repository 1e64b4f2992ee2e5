"""``paycanary validate``."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from monitor.cli.loading import DEFAULT_PATH, load_or_exit
from monitor.config import Config


def validate(
    path: Annotated[Path, typer.Argument(help="The main configuration file, or its directory.")] = DEFAULT_PATH,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Follow references to secrets and files too, as a start would.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Allow live targets, as `run --live` would.")] = False,
) -> None:
    """Check the configuration: every problem at once, each with its file, line and column. Exit code 2 when there are any."""
    config = load_or_exit(path, resolve_secrets=secrets, allow_live=live)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[green]ok[/green] {path} (version {config.version}): {counts(config)}")
    for text in config.deadlines.doubts(time.time()).values():
        console.print(f"[yellow]warning[/yellow] {escape(text.en)}")
    if not secrets:
        console.print("secrets and certificate files were not opened; --secrets opens them", style="dim")


def counts(config: Config) -> str:
    """What there is, in one line."""
    things = (
        (len(config.checks), "check"),
        (sum(len(check.steps) for check in config.checks.values()), "step"),
        (len(config.targets), "target"),
        (len(config.rules), "rule"),
        (len(config.desks), "desk"),
        (len(config.maintenance), "maintenance window"),
    )
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in things)
