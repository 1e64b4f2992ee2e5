"""`paycanary once`: run one check now and show every step. The JSON form is described in docs/once.md and does not change within a major version."""

import asyncio
import dataclasses
import json as json_module
from typing import Annotated, Any

import typer

from monitor.app import App
from monitor.cli import logs
from monitor.cli.run import read_config
from monitor.cli.service import DEFAULT_CONFIG, EXIT_USAGE, ConfigPath, fail, out
from monitor.model.outcome import Outcome
from monitor.model.result import Result, StepResult
from monitor.model.units import show_seconds
from monitor.redaction import Gate, redactor
from monitor.stores import StoreError

EXIT_FAILED, EXIT_UNREACHED = 1, 3
FORMAT_VERSION = 1


def once(
    check: Annotated[str, typer.Argument(help="The check's id.")],
    config: ConfigPath = DEFAULT_CONFIG,
    stratum: Annotated[str, typer.Option(help="Which stratum, like brand=visa; the next in turn when left out.")] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Run a check once, outside the schedule; nothing is stored, nobody is told. Exit code 0 good, 1 not, 3 never reached."""
    settings = read_config(config)
    found = settings.checks.get(check)
    if found is None:
        names = ", ".join(sorted(settings.checks)) or "none"
        raise fail(f"there is no check called {check!r}; there are: {names}", EXIT_USAGE)
    if stratum:
        chosen = [one for one in found.strata if one.label == stratum]
        if not chosen:
            raise fail(f"{check} has no stratum {stratum!r}; it has: {', '.join(one.label for one in found.strata)}", EXIT_USAGE)
        found = dataclasses.replace(found, strata=tuple(chosen))
    # To standard error, and only what is wrong: standard output is the result's alone.
    logs.configure(redactor(Gate(settings.secrets)), level="warning", json=False)
    try:
        result = asyncio.run(App(settings).probing.alone(found))
    except StoreError as error:  # another `once` is at its books
        raise fail(str(error), EXIT_UNREACHED) from None
    if json:
        out.print_json(json_module.dumps(shape(result), ensure_ascii=False))
    else:
        _show(result)
    raise typer.Exit(_exit_code(result))


def _exit_code(result: Result) -> int:
    if result.good:
        return 0
    first = result.steps[0] if result.steps else None
    return EXIT_UNREACHED if first is not None and first.outcome is Outcome.NETWORK_ERROR else EXIT_FAILED


def _show(result: Result) -> None:
    """Two lines a step: what it came to, and where its time went. Phases that were not reached are not there."""
    out.print(f"[bold]{result.check}[/bold] {result.stratum}".rstrip(), highlight=False)
    for step in result.steps:
        style = "green" if step.good else "red" if step.good is False else "yellow"
        name = f"{step.name} (undo)" if step.undo else step.name
        facts = [show_seconds(step.duration_seconds), f"HTTP {step.status}" if step.status else "", step.code, step.message]
        out.print(
            f"  {name:<24} [{style}]{step.outcome:<20}[/]", " · ".join(filter(None, facts)), highlight=False, soft_wrap=True
        )
        phases = [f"{phase} {show_seconds(seconds)}" for phase, seconds in step.phases.reached().items()]
        tls = [step.tls.version, step.address, step.connection] if step.tls else [step.address, step.connection]
        out.print(f"  {'':<24} [dim]{' · '.join(filter(None, phases + tls))}[/dim]", highlight=False, soft_wrap=True)
    verdict = {True: "[green]good[/green]", False: "[red]not good[/red]", None: "[yellow]not measured[/yellow]"}[result.good]
    where = f" at {result.failed_step}: {result.message}" if result.failed_step else ""
    out.print(
        f"{verdict} after {show_seconds(result.duration_seconds)}{where}  run {result.run_id}", highlight=False, soft_wrap=True
    )
    if result.open_undo:
        out.print(f"[red]not undone: {', '.join(result.open_undo)}[/red]: look at the gateway", highlight=False)


def shape(result: Result) -> dict[str, Any]:
    """The result as JSON: names and units stable, absent phases left out, durations in seconds."""
    return {
        "format": FORMAT_VERSION,
        "run_id": result.run_id,
        "check": result.check,
        "target": result.target,
        "location": result.location,
        "stratum": result.stratum,
        "outcome": result.outcome,
        "good": result.good,
        "standing": result.standing,
        "reason": result.reason,
        "failed_step": result.failed_step,
        "message": result.message,
        "started": result.started,
        "duration_seconds": round(result.duration_seconds, 6),
        "not_undone": list(result.open_undo),
        "steps": [_step(step) for step in result.steps],
    }


def _step(step: StepResult) -> dict[str, Any]:
    tls = step.tls
    return {
        "name": step.name,
        "undo": step.undo,
        "outcome": step.outcome,
        "good": step.good,
        "reason": step.reason,
        "code": step.code,
        "correlation": step.correlation,
        "message": step.message,
        "status": step.status,
        "duration_seconds": round(step.duration_seconds, 6),
        "queued_seconds": round(step.queued_seconds, 6),
        "phases": {name: round(seconds, 6) for name, seconds in step.phases.reached().items()},
        "body_bytes": step.body_bytes,
        "address": step.address,
        "connection": step.connection,
        "tls": None
        if tls is None
        else {"version": tls.version, "cipher": tls.cipher, "issuer": tls.issuer, "chain_expires": tls.chain_expires},
    }
