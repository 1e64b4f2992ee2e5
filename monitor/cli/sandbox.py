"""``paycanary sandbox``: a payment gateway to practise on, with a ticket desk beside it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

EXIT_USAGE = 2


def sandbox(
    directory: Annotated[Path, typer.Option("--dir", help="Where its keys, certificates and tickets are kept.")] = Path(
        "data/sandbox"
    ),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The gateway, on HTTPS. 0 takes a free port.")] = 8711,
    desk_port: Annotated[int, typer.Option(min=0, max=65_535, help="The desk and the fault API, on HTTP.")] = 8712,
    plain_port: Annotated[int | None, typer.Option(min=0, max=65_535, help="The gateway on HTTP as well.")] = None,
    script: Annotated[
        str, typer.Option(help="demo: a partial failure after 25 s, recovery after 60 s, again every 15 min.")
    ] = "none",
    seed: Annotated[int | None, typer.Option(help="Makes ids and faults repeatable.")] = None,
    exit_with_parent: Annotated[bool, typer.Option(hidden=True, help="End when the starting process ends.")] = False,
) -> None:
    """Run a stateful payment gateway (Mastercard Gateway and Stripe dialects) with fault knobs, and a small ticket desk.

    Nothing real is charged: only published test cards are accepted. See GET /_sandbox/faults on the desk's port for the knobs.
    """
    from monitor.sandbox.script import SCRIPTS
    from monitor.sandbox.server import Settings, serve

    if script not in SCRIPTS:
        raise typer.BadParameter(f"expected one of {', '.join(SCRIPTS)}, got {script!r}", param_hint="--script")
    settings = Settings(directory, port=port, desk_port=desk_port, plain_port=plain_port, script=script, seed=seed)
    try:
        asyncio.run(serve(settings, echo=_echo, exit_with_parent=exit_with_parent))
    except OSError as error:
        typer.echo(f"the sandbox cannot start: {error.strerror or error}", err=True)
        raise typer.Exit(EXIT_USAGE) from None


def _echo(line: str) -> None:
    """Raises BrokenPipeError once nobody reads any more, and leaves nothing for the interpreter to complain about at exit."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
