"""Time that counts: always, or a zone's business hours less its holidays. Exact to the second over changes of clocks.

Local times are turned into instants as ``model/calendar.py`` does: one that does not occur is taken with the offset from before the gap, one
that occurs twice is its first occurrence. A shift over a change of clocks is as long as it really was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from monitor.deadlines.days_off import check_country, days_off
from monitor.model.calendar import zone as zone_of
from monitor.model.text import Text

DAY_MINUTES = 24 * 60
#: A calendar that has not worked off a target after so many days is closed for good: no target is that long.
LOOK_AHEAD_DAYS = 3_660

#: Minutes since local midnight, [opens, closes); 1,440 is the end of the day.
Shift = tuple[int, int]


class Hours(Protocol):
    """When a clock runs. ``day_seconds`` is what one business day is worth."""

    @property
    def day_seconds(self) -> float: ...

    def between(self, start: float, end: float) -> float:
        """Seconds that count in [start, end); 0 when ``end`` is not later."""

    def add(self, start: float, seconds: float) -> float:
        """The earliest instant until which ``seconds`` have counted since ``start``. Raises OverflowError when that never comes."""


@dataclass(frozen=True, slots=True)
class Always:
    """24 x 7: holidays, nights and all."""

    @property
    def day_seconds(self) -> float:
        return 86_400.0

    def between(self, start: float, end: float) -> float:
        return max(0.0, end - start)

    def add(self, start: float, seconds: float) -> float:
        return start + seconds


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """``weekly`` holds Monday to Sunday. ``closed`` and ``opened`` are a team's own word and stand over the country's holidays.

    A weekend day that is worked (China's make-up workdays, or one of ``opened``) has the hours of the week's first working day, unless its
    weekday has its own. Raises ValueError when its parts make no calendar.
    """

    zone: str
    weekly: tuple[tuple[Shift, ...], ...]
    country: str = ""
    subdivision: str = ""
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if len(self.weekly) != 7 or not any(self.weekly):
            raise ValueError("expected hours on at least one day of the week")
        for shifts in self.weekly:
            _check_shifts(shifts)
        if self.country:
            check_country(self.country, self.subdivision)
        both = self.closed & self.opened
        if both:
            raise ValueError(f"expected each day to be either closed or open, got both for {min(both).isoformat()}")

    @property
    def day_seconds(self) -> float:
        return 60.0 * sum(closes - opens for opens, closes in self._ordinary)

    @property
    def _ordinary(self) -> tuple[Shift, ...]:
        return next(shifts for shifts in self.weekly if shifts)

    def between(self, start: float, end: float) -> float:
        return sum(max(0.0, min(closes, end) - max(opens, start)) for opens, closes in self._open(start, end))

    def add(self, start: float, seconds: float) -> float:
        if seconds <= 0:
            return start
        left = seconds
        for opens, closes in self._open(start, start + LOOK_AHEAD_DAYS * 86_400.0):
            lasts = max(0.0, closes - max(opens, start))
            if left <= lasts:
                return max(opens, start) + left
            left -= lasts
        raise OverflowError(f"{seconds:g} s of business hours are not over within ten years")

    def works(self, day: date) -> bool:
        return bool(self.shifts(day))

    def shifts(self, day: date) -> tuple[Shift, ...]:
        """The hours of one day, after its holidays."""
        usual = self.weekly[day.weekday()]
        if day in self.closed:
            return ()
        if day in self.opened:
            return usual or self._ordinary
        if self.country:
            year = days_off(self.country, self.subdivision, day.year)
            if day in year.working:
                return usual or self._ordinary
            if day in year.closed:
                return ()
        return usual

    def _open(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Open intervals of the days that [start, end) touches, in order, disjoint, each as long as it really is."""
        if start >= end:
            return
        place = zone_of(self.zone)
        day, last = datetime.fromtimestamp(start, place).date(), datetime.fromtimestamp(end, place).date()
        reached = start
        while day <= last:
            for opens, closes in _instants(self, day):
                if closes > reached:
                    yield max(opens, reached), closes
                    reached = closes
            day += timedelta(days=1)


@lru_cache(maxsize=8_192)
def _instants(hours: BusinessHours, day: date) -> tuple[tuple[float, float], ...]:
    spans = ((_instant(hours.zone, day, opens), _instant(hours.zone, day, closes)) for opens, closes in hours.shifts(day))
    return tuple(sorted((opens, closes) for opens, closes in spans if opens < closes))


def _instant(zone: str, day: date, minute: int) -> float:
    days, minutes = divmod(minute, DAY_MINUTES)
    at = time(minutes // 60, minutes % 60)
    return datetime.combine(day + timedelta(days=days), at, zone_of(zone)).timestamp()


def _check_shifts(shifts: tuple[Shift, ...]) -> None:
    before = 0
    for opens, closes in shifts:
        if not before <= opens < closes <= DAY_MINUTES:
            raise ValueError("expected the hours of a day in order and without overlap, within 00:00 and 24:00")
        before = closes


def doubts(name: str, hours: Hours, at: float, horizon_seconds: float) -> Text | None:
    """What to say of a calendar when a year that [at, at + horizon) touches has no official holidays yet; None: it has."""
    if not isinstance(hours, BusinessHours) or not hours.country:
        return None
    place = zone_of(hours.zone)
    first, last = (datetime.fromtimestamp(instant, place).year for instant in (at, at + horizon_seconds))
    unknown = [year for year in range(first, last + 1) if not days_off(hours.country, hours.subdivision, year).official]
    if not unknown:
        return None
    where, year = hours.country, unknown[0]
    return Text(
        f"Calendar {name}: {where} has no announced holidays for {year} on record, so its make-up workdays and moved days are guesses. "
        'Update the "holidays" package, or list the days under "closed" and "open".',
        f"日历 {name}：尚无 {where} {year} 年的官方放假安排，调休与补班日期均为推算。请升级 holidays 软件包，或在 closed、open 中列明日期。",
    )
