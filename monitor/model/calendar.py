"""Windows as people agree on them: local times of a zone, one-off or recurring, turned into instants.

Two local times have no plain meaning when clocks change. They are read as RFC 5545, section 3.3.5 says: a time that does not
occur is taken with the offset from before the gap (02:30 on a spring night in Berlin is 03:30 summer time), and a time that
occurs twice is its first occurrence. A window's length is elapsed time: two hours are two hours over a change of clocks too.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

#: A recurring window longer than a week would overlap its own next occurrence: that is not a window but a state.
LONGEST_SECONDS = 7 * 86_400.0
#: Local calendars run ahead of UTC by up to 14 h and behind by up to 12 h: looking a day to either side finds every occurrence.
_MARGIN = timedelta(days=1)
_WRITTEN = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


class Every(StrEnum):
    """When a window comes back. The weekdays are in ``datetime.weekday()`` order after ``day``."""

    DAY = "day"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEKDAYS = tuple(Every)[1:]


def zone(name: str) -> ZoneInfo:
    """The zone called ``name``. Raises ValueError with a sentence fit for the operator."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'expected a zone like "Europe/Berlin", got {name!r}') from None


def local_instant(text: str, zone_name: str) -> float:
    """UTC seconds of a local time written like ``2026-11-22 02:00``. Raises ValueError."""
    for pattern in _WRITTEN:
        try:
            local = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the zone is put on right below
        except ValueError:
            continue
        return local.replace(tzinfo=zone(zone_name)).timestamp()
    raise ValueError(f'expected a local time like "2026-11-22 02:00", got {text!r}')


def time_of_day(text: str) -> time:
    """From ``"02:00"``. Raises ValueError."""
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise ValueError(f'expected a time of day like "02:00", got {text!r}') from None


@dataclass(frozen=True, slots=True)
class Recurring:
    """A window that comes back every day, or every week on one day, at a local time of ``zone``.

    Raises ValueError when its parts make no window.
    """

    every: Every
    at: time
    lasts_seconds: float
    zone: str

    def __post_init__(self) -> None:
        zone(self.zone)
        if not 0 < self.lasts_seconds <= LONGEST_SECONDS:
            raise ValueError("expected a window to last more than 0 s and at most 7 d")
        if self.every is Every.DAY and self.lasts_seconds > 86_400:
            raise ValueError("expected a daily window to last at most 24 h")

    def occurrences(self, since: float, until: float) -> list[tuple[float, float]]:
        """Every occurrence that overlaps [since, until), whole, as half-open (start, end) in UTC seconds, in order."""
        place = zone(self.zone)
        first = datetime.fromtimestamp(since - self.lasts_seconds, place) - _MARGIN
        last = datetime.fromtimestamp(until, place) + _MARGIN
        days = (first.date() + timedelta(days=count) for count in range((last.date() - first.date()).days + 1))
        starts = (datetime.combine(day, self.at, place).timestamp() for day in days if self._falls_on(day.weekday()))
        return [(start, start + self.lasts_seconds) for start in starts if start < until and start + self.lasts_seconds > since]

    def _falls_on(self, weekday: int) -> bool:
        return self.every is Every.DAY or self.every is _WEEKDAYS[weekday]
