"""``deadlines``: calendars and promises as values, over the defaults."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from monitor.config import faults
from monitor.config.deadline_grammar import CalendarBlock, DeadlinesBlock, PromiseBlock
from monitor.config.kinds import unknown
from monitor.config.problems import show
from monitor.config.source import Path, Source
from monitor.deadlines.hours import DAY_MINUTES, BusinessHours, Hours, Shift
from monitor.deadlines.targets import (
    ALWAYS,
    BUSINESS_DAYS_MAX,
    DEFAULT_CALENDARS,
    DEFAULT_TARGETS,
    Calendars,
    Deadlines,
    Kind,
    Promise,
    Span,
    parse_span,
)
from monitor.model.alert import Severity
from monitor.model.calendar import time_of_day

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = _DAYS[:5]
_MIDNIGHT = "24:00"
_NOTHING = "none"


def build_deadlines(source: Source, path: Path, data: Any) -> Deadlines:
    """What is wrong is reported; the rest stands by its default."""
    block = None if data is None else faults.read_block(source, path, DeadlinesBlock, data)
    if block is None:
        return Deadlines()
    calendars = dict(DEFAULT_CALENDARS)
    for name, written in block.calendars.items():
        place = (*path, "calendars", name)
        if name == ALWAYS:
            source.add(place, 'expected a name other than "always", which is around the clock', key=True)
        elif built := build_calendar(source, place, written):
            calendars[name] = built
    known = {**dict.fromkeys(block.calendars), **calendars}
    promises = {
        severity: _promise(source, (*path, severity.value), getattr(block, severity.value), DEFAULT_TARGETS[severity], known)
        for severity in Severity
    }
    return Deadlines(promises, _usable(calendars, promises))


def _usable(calendars: Calendars, promises: Mapping[Severity, Promise]) -> Calendars:
    """Every name in a promise leads somewhere, also when what it leads to was reported and left out."""
    return {**{promise.hours: DEFAULT_CALENDARS[ALWAYS] for promise in promises.values()}, **calendars}


def _promise(source: Source, path: Path, block: PromiseBlock, default: Promise, known: Mapping[str, Hours | None]) -> Promise:
    """``known``: None stands for a calendar with problems of its own."""
    hours = block.hours or default.hours
    if hours not in known:
        unknown(source, (*path, "hours"), hours, known, "a calendar")
    spans: dict[Kind, Span | None] = {}
    for kind in Kind:
        text = getattr(block, kind.value)
        try:
            spans[kind] = _bounded(_span(text, default.span(kind), around_the_clock=hours == ALWAYS), known.get(hours), text)
        except ValueError as error:
            source.add((*path, kind.value), str(error))
            spans[kind] = None
    return Promise(spans[Kind.RESPOND], spans[Kind.UPDATE], spans[Kind.RESTORE], hours)


def _span(text: str | None, default: Span | None, *, around_the_clock: bool) -> Span | None:
    if text is None:
        return default
    return None if text == _NOTHING else parse_span(text, around_the_clock=around_the_clock)


def _bounded(span: Span | None, hours: Hours | None, text: str | None) -> Span | None:
    """So that every target falls due some day: a business day comes every week, holidays aside."""
    if span and hours and span.on(hours) > BUSINESS_DAYS_MAX * hours.day_seconds:
        raise ValueError(f"expected at most {BUSINESS_DAYS_MAX} days of its calendar, got {show(text)}")
    return span


def build_calendar(source: Source, path: Path, block: CalendarBlock) -> BusinessHours | None:
    """One calendar; None when something is wrong with it, which is reported."""
    before = len(source.problems)
    by_day = {day: _shifts(source, (*path, "hours", day), written) for day, written in block.hours.items()}
    weekdays = by_day.get("weekdays", ())
    weekly = tuple(by_day.get(day, weekdays if day in _WEEKDAYS else ()) for day in _DAYS)  # type: ignore[call-overload]
    country, _, part = (block.holidays or "").partition("-")
    closed, opened = (_dates(source, (*path, key), texts) for key, texts in (("closed", block.closed), ("open", block.open)))
    if len(source.problems) > before:
        return None
    try:
        return BusinessHours(block.zone, weekly, country, part, closed, opened)
    except ValueError as error:
        source.add(path, str(error))
        return None


def _shifts(source: Source, path: Path, texts: list[str]) -> tuple[Shift, ...]:
    found = []
    for text in texts:
        try:
            found.append(_shift(text))
        except ValueError as error:
            source.add(path, str(error))
    return tuple(found)


def _shift(text: str) -> Shift:
    opens, dash, closes = text.partition("-")
    if not dash:
        raise ValueError(f'expected hours like "09:00-18:00", got {show(text)}')
    return _minute(opens), _minute(closes)


def _minute(text: str) -> int:
    if text.strip() == _MIDNIGHT:
        return DAY_MINUTES
    at = time_of_day(text)
    return at.hour * 60 + at.minute


def _dates(source: Source, path: Path, texts: list[str]) -> frozenset[date]:
    found = set()
    for index, text in enumerate(texts):
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            source.add((*path, index), f'expected a day like "2026-12-24", got {show(text)}')
    return frozenset(found)
