"""The command line. One file a command; this table is the only list. A command's file is imported when it is called,
so that ``paycanary --help`` does not pay for what it does not use.

Exit codes: 0 ok, 1 a check failed, 2 bad configuration or usage, 3 an upstream could not be reached.
"""

import importlib
import sys
from typing import Annotated

import typer

#: name -> module, attribute (a function or a typer app), one line of help. Kept in the order people meet them.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("monitor.cli.demo", "demo", "The whole service against the bundled sandbox gateway, with something going wrong."),
    "init": ("monitor.cli.init", "init", "Write a small working configuration to start from."),
    "validate": ("monitor.cli.validate", "validate", "Check the configuration: every problem at once."),
    "explain": ("monitor.cli.explain", "explain", "What a check does, costs, moves and undoes, and which rules watch it."),
    "once": ("monitor.cli.once", "once", "Run one check now and show every step."),
    "run": ("monitor.cli.run", "run", "The service: probe, detect, tell."),
    "incidents": ("monitor.cli.incidents", "app", "What is wrong, who has it, and what people do about it."),
    "triage": ("monitor.cli.triage", "triage", "Look into a target now: which layer is it?"),
    "tickets": ("monitor.cli.tickets", "app", "What was told to the desks, and what waits."),
    "ledger": ("monitor.cli.ledger", "app", "Synthetic money: what is open, whether the books are whole, trying again."),
    "maintenance": ("monitor.cli.maintenance", "app", "Maintenance windows: add, list, end."),
    "report": ("monitor.cli.report", "report", "Availability of a month, per check, against its objective."),
    "backtest": ("monitor.cli.backtest", "backtest", "Replay history through rules: what would have fired."),
    "calibration": ("monitor.cli.calibration", "calibration", "Budgets of false alarms against a check's own history."),
    "rules": ("monitor.cli.rules", "app", "Unit tests of rules."),
    "sandbox": ("monitor.cli.sandbox", "sandbox", "The bundled payment gateway with fault knobs, and a small ticket desk."),
    "doctor": ("monitor.cli.doctor", "doctor", "Is this machine fit to watch from?"),
    "schema": ("monitor.cli.schema", "schema", "JSON Schemas of the configuration files, for editors."),
}


def build(wanted: str | None = None) -> typer.Typer:
    """The application. Only the command ``wanted`` is imported (all of them when None); the others stand by name and help."""
    app = typer.Typer(
        name="paycanary",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # a traceback must not print what was read from files
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, (module, attribute, line) in COMMANDS.items():
        found = getattr(importlib.import_module(module), attribute) if wanted in (None, name) else _stub
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name, help=line)
        else:
            app.command(name=name, help=found.__doc__ or line, short_help=line)(found)
    return app


def _stub() -> None:
    """Stands for a command that was not asked for."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"paycanary {version('paycanary')}")
        raise typer.Exit


def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")] = False,
) -> None:
    """Synthetic monitoring and incident detection for payment APIs."""


def main() -> None:
    """The ``paycanary`` command."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    build(words[0] if words else "")()
