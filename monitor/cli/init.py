"""``paycanary init``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.cli.loading import EXIT_BAD_CONFIG, load_or_exit
from monitor.cli.schema import write_all
from monitor.config import MAIN_FILE
from monitor.config.starter import starter_files

#: Beside the configuration, out of sight: editors find it by the first line of each file.
SCHEMA_DIRECTORY = ".schemas"


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write it. Nothing that exists is overwritten.")],
    url: Annotated[str, typer.Option(help="The endpoint that the first check reads.")] = "https://api.example.com",
) -> None:
    """Write a small working configuration to start from: one target, one check, the basic rules, and schemas for your editor."""
    texts = starter_files(url, SCHEMA_DIRECTORY)
    console = Console(highlight=False, soft_wrap=True)
    taken = [name for name in texts if (directory / name).exists()]
    if taken:
        Console(stderr=True, highlight=False).print(f"{directory / taken[0]} is there already: nothing was written", markup=False)
        raise typer.Exit(EXIT_BAD_CONFIG)
    for name, text in texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        console.print(str(path), markup=False)
    write_all(directory / SCHEMA_DIRECTORY)
    config = load_or_exit(directory / MAIN_FILE)
    check = next(iter(config.checks))
    console.print(f"next: paycanary once {check} --config {directory / MAIN_FILE}", markup=False)
