"""`paycanary tickets routes`: who would be told, for every severity and target; as the routes stand, without asking anybody."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from monitor.cli.loading import DEFAULT_PATH, ConfigPath, load_or_exit
from monitor.cli.service import EXIT_USAGE, Json, fail, out
from monitor.config import Config
from monitor.model.alert import Severity
from monitor.model.calendar import local_instant
from monitor.model.units import show_seconds
from monitor.routing import CHECKS, CUSTOMER, TARGET, Route

At = Annotated[str, typer.Option(help='Only what holds then, a UTC time like "2026-11-22 03:00".')]


def routes(at: At = "", json: Json = False, config: ConfigPath = DEFAULT_PATH) -> None:
    """Who would be told of an incident: by severity, target and customer, and in which hours."""
    settings = load_or_exit(config, resolve_secrets=False)
    if not settings.desks:
        out.print("there are no desks: nobody is told of anything")
        return
    lines = list(_lines(settings, _instant(at)))
    if json:
        out.print_json(data=lines)
        return
    for severity in Severity:
        out.print(f"[bold]{severity.value.upper()}[/]", highlight=False)
        for line in lines:
            if line["severity"] == severity.value:
                out.print(f"  {', '.join(line['targets'])}", highlight=False, markup=False, soft_wrap=True)
                for way in line["told"]:
                    out.print(f"    {_sentence(way)}", highlight=False, markup=False, soft_wrap=True)


def _instant(text: str) -> float | None:
    if not text:
        return None
    try:
        return local_instant(text, "UTC")
    except ValueError as error:
        raise fail(str(error), EXIT_USAGE) from None


def _lines(settings: Config, at: float | None) -> Iterator[dict[str, Any]]:
    """Targets that are told alike stand together."""
    for severity in Severity:
        alike: dict[tuple[Route, ...], list[str]] = {}
        for name, labels in _situations(settings):
            found = settings.routes.possible(severity, labels)
            if at is not None:
                found = (settings.routes.chosen(severity, labels, at),)
            alike.setdefault(found, []).append(name)
        for ways, names in alike.items():
            yield {"severity": severity.value, "targets": names, "told": [_way(way, at) for way in ways]}


def _situations(settings: Config) -> Iterator[tuple[str, dict[str, str]]]:
    """Every target, and with the customer where its checks tell several apart."""
    known = settings.routes.known
    for target in settings.targets:
        checks = [check.id for check in settings.checks.values() if check.target == target]
        by_customer = {known.labels(target, [check]).get(CUSTOMER, ""): check for check in checks or [""]}
        for customer, check in sorted(by_customer.items()):
            name = f"{target} ({customer})" if customer else target
            yield name, {TARGET: target, CHECKS: check}


def _way(route: Route, at: float | None) -> dict[str, Any]:
    return {
        "route": f"routes[{route.name}]" if route.name else None,
        "hours": (route.hours_name or "its hours") if route.hours is not None and at is None else None,
        "desks": list(route.desks),
        "then": [{"after_seconds": step.after_seconds, "desks": list(step.desks)} for step in route.then],
    }


def _sentence(way: dict[str, Any]) -> str:
    when = f"in {way['hours']}: " if way["hours"] else ""
    then = "".join(f"; after {show_seconds(step['after_seconds'])}: {', '.join(step['desks'])}" for step in way["then"])
    by = f"  ({way['route']})" if way["route"] else "  (no route fits: every desk)"
    return f"{when}{', '.join(way['desks'])}{then}{by}"
