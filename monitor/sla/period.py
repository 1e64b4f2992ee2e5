"""Calendar periods in a contract's own time zone, as UTC seconds: March 2026 in Berlin has 743 hours."""

import re
from datetime import date, datetime

from monitor.model.calendar import zone as zone_of
from monitor.sla.intervals import Interval

_MONTH = re.compile(r"(\d{4})-(\d{2})")


def first_of(month: str) -> date:
    """The first day of ``"2026-10"``. Raises ValueError with a sentence fit for the operator."""
    match = _MONTH.fullmatch(month)
    try:
        return date(int(match[1]), int(match[2]), 1) if match else date.min.replace(year=0)
    except ValueError:
        raise ValueError(f'expected a month like "2026-10", got {month!r}') from None


def month_period(month: str, zone: str) -> Interval:
    """[first midnight, next month's first midnight) on the zone's wall clock. Raises ValueError."""
    first = first_of(month)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return Interval(midnight(first, zone), midnight(following, zone))


def midnight(day: date, zone: str) -> int:
    """When that day begins. Where the clock is put forward over midnight, the day begins at the jump."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).timestamp())


def days(period: Interval, zone: str) -> tuple[tuple[date, Interval], ...]:
    """The calendar days that ``period`` touches, each clipped to it."""
    place = zone_of(zone)
    day = datetime.fromtimestamp(period.start, place).date()
    found: list[tuple[date, Interval]] = []
    start = period.start
    while start < period.end:
        following = date.fromordinal(day.toordinal() + 1)
        end = min(midnight(following, zone), period.end)
        found.append((day, Interval(start, end)))
        day, start = following, end
    return tuple(found)
