"""What was promised, per priority: how soon somebody responds, how often people hear of it, by when it works again. Data.

The defaults are those customary for service desks: P1 and P2 around the clock, P3 and P4 in business hours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from monitor.deadlines.hours import Always, BusinessHours, Hours, doubts
from monitor.model.alert import Severity
from monitor.model.text import Text
from monitor.model.units import parse_duration

_BUSINESS = re.compile(r"(\d+(?:\.\d+)?)\s*(bh|bd)")
#: A promise of more business days than this is none.
BUSINESS_DAYS_MAX = 250
#: A calendar is looked at so far ahead: the longest default target, and time to do something about it.
AHEAD_SECONDS = 30 * 86_400.0


class Kind(StrEnum):
    """The three clocks of an incident."""

    RESPOND = "respond"  # until somebody takes it
    UPDATE = "update"  # since people last heard from a person
    RESTORE = "restore"  # until it is over


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time that counts: ``seconds``, and whole ``days`` of business as long as the calendar's own day."""

    seconds: float = 0.0
    days: float = 0.0

    def on(self, hours: Hours) -> float:
        """In seconds of ``hours``."""
        return self.seconds + self.days * hours.day_seconds


@dataclass(frozen=True, slots=True)
class Promise:
    """Of one priority; None: not promised. ``hours`` names a calendar."""

    respond: Span | None
    update: Span | None
    restore: Span | None
    hours: str = "always"

    def span(self, kind: Kind) -> Span | None:
        return {Kind.RESPOND: self.respond, Kind.UPDATE: self.update, Kind.RESTORE: self.restore}[kind]


Targets = Mapping[Severity, Promise]
Calendars = Mapping[str, Hours]

ALWAYS = "always"
BUSINESS = "business"
_WORKDAY = ((9 * 60, 18 * 60),)
_MINUTE, _HOUR = 60.0, 3_600.0

DEFAULT_TARGETS: Targets = MappingProxyType(
    {
        Severity.P1: Promise(Span(15 * _MINUTE), Span(30 * _MINUTE), Span(4 * _HOUR)),
        Severity.P2: Promise(Span(30 * _MINUTE), Span(_HOUR), Span(8 * _HOUR)),
        Severity.P3: Promise(Span(4 * _HOUR), Span(days=1), Span(days=3), BUSINESS),
        Severity.P4: Promise(Span(days=1), None, Span(days=10), BUSINESS),
    }
)
#: Nine to six on weekdays, in UTC: a team that works elsewhere says so.
DEFAULT_CALENDARS: Calendars = MappingProxyType(
    {ALWAYS: Always(), BUSINESS: BusinessHours("UTC", (_WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY, (), ()))}
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Everything the configuration says about time. Every calendar that ``targets`` names is in ``calendars``."""

    targets: Targets = field(default_factory=lambda: DEFAULT_TARGETS)
    calendars: Calendars = field(default_factory=lambda: DEFAULT_CALENDARS)

    def doubts(self, at: float) -> Mapping[str, Text]:
        """By the name of a calendar in use: what to say of it when it enters, or soon will, a year without announced holidays."""
        named = sorted({promise.hours for promise in self.targets.values()})
        said = {name: doubts(name, self.calendars[name], at, AHEAD_SECONDS) for name in named}
        return {name: text for name, text in said.items() if text is not None}


def parse_span(text: object, *, around_the_clock: bool) -> Span:
    """From ``"15m"``, ``"4h"``, and in business hours ``"4bh"`` and ``"3bd"``. Raises ValueError.

    In business hours a plain day is refused: "3d" would be seventy-two working hours, which nobody means.
    """
    match = _BUSINESS.fullmatch(text.strip()) if isinstance(text, str) else None
    if match:
        if around_the_clock:
            raise ValueError(f'expected a duration like "4h" where the clock never stops, got {text!r}')
        count = float(match[1])
        if match[2] == "bd" and count > BUSINESS_DAYS_MAX:
            raise ValueError(f"expected at most {BUSINESS_DAYS_MAX} business days, got {text!r}")
        span = Span(days=count) if match[2] == "bd" else Span(count * _HOUR)
    else:
        span = Span(parse_duration(text))
        if not around_the_clock and isinstance(text, str) and re.search(r"[dw]", text):
            raise ValueError(f'expected business days like "3bd" in business hours, got {text!r}')
    if span == Span():
        raise ValueError(f"expected more than no time at all, got {text!r}")
    return span
