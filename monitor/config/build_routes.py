"""``routes``: who is told, as values. Everything in a list of routes that could leave somebody out by mistake is refused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.config import faults
from monitor.config.build_deadlines import build_calendar
from monitor.config.deadline_grammar import CalendarBlock
from monitor.config.kinds import unknown
from monitor.config.route_grammar import RouteBlock
from monitor.config.source import Path, Source
from monitor.deadlines.hours import Hours
from monitor.deadlines.targets import Calendars
from monitor.model.check import Check, Target
from monitor.routing import CUSTOMER, Known, Route, Routes, Step, unreachable


@dataclass(frozen=True, slots=True)
class Place:
    """What routes may name. ``checks`` is whole only when every file could be read: else nobody can say that a customer is unknown."""

    desks: Sequence[str]
    targets: Mapping[str, Target]
    target_names: Collection[str]  # also of those that could not be built
    checks: Mapping[str, Check]
    calendars: Calendars
    whole: bool


@dataclass(frozen=True, slots=True)
class OpenHours:
    """A calendar of deadlines, asked about an instant: whether the second that begins there counts."""

    hours: Hours

    def open(self, at: float) -> bool:
        return self.hours.between(at, at + 1.0) > 0


def build_routes(source: Source, data: Sequence[Any], place: Place) -> Routes:
    """What is wrong is reported. Without routes every desk is told of everything."""
    known = Known(
        {name: dict(target.labels) for name, target in place.targets.items()},
        {name: dict(check.labels) for name, check in place.checks.items()},
    )
    built = [_route(source, ("routes", index), written, place, known) for index, written in enumerate(data)]
    routes = [route for route in built if route is not None]
    if len(routes) == len(built):
        for route, above in unreachable(routes):
            numbers = " and ".join(f"routes[{one.name}]" for one in above)
            hint = "the first route that fits is taken: put it above, or take it out"
            source.add(
                ("routes", int(route.name)), f"expected a route that some incident takes, but {numbers} takes all of them", hint
            )
    return Routes(routes, place.desks, known)


def _route(source: Source, path: Path, data: Any, place: Place, known: Known) -> Route | None:
    before = len(source.problems)
    block = faults.read_block(source, path, RouteBlock, data, stand_ins={"desks": [*place.desks][:1] or ["-"]})
    if block is None:
        return None
    hours = _hours(source, (*path, "hours"), block.hours, place.calendars)
    _check_names(source, path, block, place, known)
    _check_order(source, path, block)
    if len(source.problems) > before:
        return None
    labels = {**block.labels, **({CUSTOMER: block.customer} if block.customer else {})}
    return Route(
        name=str(path[-1]),
        desks=tuple(dict.fromkeys(block.desks)),
        then=tuple(Step(step.after, tuple(dict.fromkeys(step.desks))) for step in block.then),
        severities=frozenset(block.severity),
        targets=frozenset(block.targets),
        labels=tuple((name, frozenset(values)) for name, values in sorted(labels.items())),
        hours=OpenHours(hours) if hours else None,
        hours_name=block.hours if isinstance(block.hours, str) else "",
    )


def _hours(source: Source, path: Path, written: str | CalendarBlock | None, calendars: Calendars) -> Hours | None:
    if written is None:
        return None
    if isinstance(written, CalendarBlock):
        return build_calendar(source, path, written)
    if written not in calendars:
        unknown(source, path, written, calendars, "a calendar of deadlines")
        return None
    return calendars[written]


def _check_names(source: Source, path: Path, block: RouteBlock, place: Place, known: Known) -> None:
    named: list[tuple[Path, str]] = [(("desks", index), desk) for index, desk in enumerate(block.desks)]
    named += [
        (("then", step, "desks", index), desk) for step, then in enumerate(block.then) for index, desk in enumerate(then.desks)
    ]
    for where, desk in named:
        if desk not in place.desks:
            unknown(source, (*path, *where), desk, place.desks, "a desk")
    for index, target in enumerate(block.targets):
        if target not in place.target_names:
            unknown(source, (*path, "targets", index), target, place.target_names, "a target")
    customers = known.customers()
    for index, customer in enumerate(block.customer if place.whole else ()):
        if customer not in customers:
            unknown(
                source,
                (*path, "customer", index),
                customer,
                customers,
                f"a customer in a label {CUSTOMER!r} of a target or check",
            )


def _check_order(source: Source, path: Path, block: RouteBlock) -> None:
    for index, (earlier, later) in enumerate(zip(block.then, block.then[1:], strict=False), 1):
        if later.after <= earlier.after:
            source.add((*path, "then", index, "after"), "expected steps in order of time, each later than the one before")
