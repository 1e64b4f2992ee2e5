"""What commands share that begin with a configuration."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor.config import MAIN_FILE, Config, ConfigError, load

#: Bad configuration or usage: see monitor/cli/__init__.py.
EXIT_BAD_CONFIG = 2

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", help="The main configuration file, or its directory.", show_default=True)
]
DEFAULT_PATH = Path(MAIN_FILE)


def load_or_exit(path: Path, *, resolve_secrets: bool = True, allow_live: bool = False) -> Config:
    """The configuration, or every problem on standard error and exit code 2."""
    try:
        return load(path, resolve_secrets=resolve_secrets, allow_live=allow_live)
    except ConfigError as error:
        show_problems(error)
        raise typer.Exit(EXIT_BAD_CONFIG) from None


def show_problems(error: ConfigError) -> None:
    """The text of the error; a terminal also gets the first line of each problem in bold."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in error.problems:
        first, *rest = str(problem).split("\n")
        console.print(Text(first, style="bold"))
        for line in rest:
            console.print(Text(line, style="red" if line.strip().startswith("|") else "dim" if " | " in line[:12] else ""))
    console.print(Text(str(error).rpartition("\n")[2]))
