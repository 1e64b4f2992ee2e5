"""From runs to availability.

A run speaks for its own slot: from the instant it was due until the next one is due. So the service is down from the
scheduled time of the first failing run until that of the first good one, and a slot without a run is unknown: never up,
never down. Up, down, unknown and excluded seconds add up to the period, always.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from monitor.model.outcome import Standing
from monitor.sla.intervals import Interval, Intervals, clip, intersect, subtract, total, union

#: Below this share of measured time a figure is marked provisional.
PROVISIONAL_BELOW = Fraction(99, 100)
#: Two slots count as neighbours when the gap between them is below this share of a slot: wall clocks are adjusted.
SLOT_TOLERANCE = 0.25


class Run(NamedTuple):
    """One run as availability sees it."""

    due: float
    standing: Standing
    seconds: float  # the length of its slot


@dataclass(frozen=True, slots=True)
class Timeline:
    """A partition of ``period``; each part canonical."""

    period: Interval
    up: Intervals = ()
    down: Intervals = ()
    unknown: Intervals = ()
    excluded: Intervals = ()


class UnknownAs(StrEnum):
    """What a contract makes of time nobody measured."""

    EXCLUDED = "excluded"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Definition:
    """How seconds become a percentage."""

    unknown: UnknownAs = UnknownAs.EXCLUDED
    maintenance_in_denominator: bool = False  # some contracts divide by the whole period


@dataclass(frozen=True, slots=True)
class Figure:
    """``uptime`` is exact; None when nothing is left to divide by: not available, which is not 100 %."""

    period_seconds: int
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    excluded_seconds: int
    uptime: Fraction | None
    coverage: Fraction  # share of the period that is not unknown

    @property
    def provisional(self) -> bool:
        return self.coverage < PROVISIONAL_BELOW

    def meets(self, objective: Fraction) -> bool | None:
        """Compared unrounded: 99.8996 % is not 99.9 %."""
        return None if self.uptime is None else self.uptime >= objective


def timeline(runs: Sequence[Run], period: Interval, excluded: Iterable[Interval] = ()) -> Timeline:
    """``runs`` of one check from one location, by due instant; give the one before the period too, it reaches into it."""
    spans = spans_of(runs)
    return partition(period, up=spans[Standing.UP], down=spans[Standing.DOWN], excluded=excluded)


def spans_of(runs: Sequence[Run]) -> dict[Standing, list[Interval]]:
    """What each run says about its slot, by standing."""
    spans: dict[Standing, list[Interval]] = {standing: [] for standing in Standing}
    for position, run in enumerate(runs):
        following = runs[position + 1].due if position + 1 < len(runs) else None
        spans[run.standing].append(Interval(int(run.due), int(_end_of_slot(run, following))))
    return spans


def _end_of_slot(run: Run, following: float | None) -> float:
    end = run.due + run.seconds
    if following is not None and following < end + SLOT_TOLERANCE * run.seconds:
        return following
    return end


def partition(
    period: Interval, *, up: Iterable[Interval], down: Iterable[Interval], excluded: Iterable[Interval] = ()
) -> Timeline:
    """Maintenance wins over everything, down over up; what nobody measured is unknown."""
    away = clip(excluded, period)
    bad = subtract(clip(down, period), away)
    good = subtract(clip(up, period), union(away, bad))
    return Timeline(period, good, bad, subtract((period,), union(away, bad, good)), away)


def combine(timelines: Sequence[Timeline]) -> Timeline:
    """One service seen from several places: up where any of them saw it up, else down where any saw it down."""
    first, *others = timelines
    up = union(*(one.up for one in timelines))
    down = subtract(union(*(one.down for one in timelines)), up)
    return partition(first.period, up=up, down=down, excluded=union(first.excluded, *(one.excluded for one in others)))


def figure(line: Timeline, definition: Definition = Definition()) -> Figure:
    """Uptime = (den - down) / den with den = period - excluded - unknown, or as ``definition`` says."""
    period, up, down = line.period.seconds, total(line.up), total(line.down)
    unknown, excluded = total(line.unknown), total(line.excluded)
    counted_down = down + (unknown if definition.unknown is UnknownAs.DOWN else 0)
    denominator = period - (unknown if definition.unknown is UnknownAs.EXCLUDED else 0)
    if not definition.maintenance_in_denominator:
        denominator -= excluded
    return Figure(
        period_seconds=period,
        up_seconds=up,
        down_seconds=down,
        unknown_seconds=unknown,
        excluded_seconds=excluded,
        uptime=Fraction(denominator - counted_down, denominator) if denominator > 0 else None,
        coverage=Fraction(period - unknown, period) if period else Fraction(0),
    )


def within(line: Timeline, period: Interval) -> Timeline:
    """The part of a timeline in a shorter period: a day of its month."""
    return Timeline(
        clip((line.period,), period)[0],
        intersect(line.up, (period,)),
        intersect(line.down, (period,)),
        intersect(line.unknown, (period,)),
        intersect(line.excluded, (period,)),
    )


def show_percent(share: Fraction | None, places: int = 3) -> str:
    """Rounded down, so that no figure looks better than it is: 99.8996 % shows as 99.899 %. None shows as N/A."""
    if share is None:
        return "N/A"
    scaled = share * 100 * 10**places
    whole, rest = divmod(scaled.numerator // scaled.denominator, 10**places)
    return f"{whole}.{rest:0{places}d} %" if places else f"{whole} %"
