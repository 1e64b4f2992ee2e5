"""Which part of a check's history shows what is normal: not its incidents, not its maintenance, and not the last hours."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from monitor.detectors.calm import DAY_SECONDS, ELSEWHERE, LAG_SECONDS, LONGEST_SECONDS, MARGIN_SECONDS, RUNS_MAX
from monitor.detectors.learn import LEAST_SECONDS, History
from monitor.detectors.sequential.kind import UNANSWERED
from monitor.model.check import Check
from monitor.model.incident import Incident, Window, WindowKind
from monitor.sla.intervals import Interval, Intervals, union
from monitor.stores import Past


def period(check: Check, now: float) -> tuple[float, float]:
    """What of the history is read, half open: newest first as much as ``RUNS_MAX`` runs take, within three and a half to 28 days."""
    until = now - LAG_SECONDS
    wanted = RUNS_MAX * check.every_seconds
    return until - min(LONGEST_SECONDS, max(LEAST_SECONDS + DAY_SECONDS / 2, wanted)), until


def shows(incident: Incident) -> bool:
    """Do outcomes of runs tell of this incident? Those of a kind of their own they do not."""
    return ELSEWHERE.isdisjoint(name.removeprefix("kind=") for name in incident.group.split(",") if name.startswith("kind="))


def troubles(check: Check, incidents: Iterable[Incident], windows: Iterable[Window], now: float) -> Intervals:
    """The times to leave out, margins included."""
    return union(_incidents(check, incidents, now), _maintenance(check, windows))


def _incidents(check: Check, incidents: Iterable[Incident], now: float) -> Iterator[Interval]:
    for one in incidents:
        if one.target == check.target and shows(one):
            ended = now if one.resolved is None else one.resolved
            yield Interval(int(min(one.since, one.opened)) - MARGIN_SECONDS, int(ended) + MARGIN_SECONDS)


def _maintenance(check: Check, windows: Iterable[Window]) -> Iterator[Interval]:
    for one in windows:
        everything = not one.checks and not one.targets
        if one.kind is WindowKind.MAINTENANCE and (everything or check.id in one.checks or check.target in one.targets):
            ends = one.ends if one.ended is None else one.ended
            if ends > one.starts:
                yield Interval(int(one.starts) - MARGIN_SECONDS, int(ends) + MARGIN_SECONDS)


def select(past: Past, stratum: str, left_out: Intervals) -> History:
    """What counts of ``past`` for one stratum ("": for all together)."""
    starts = [one.start for one in left_out]
    ends = [one.end for one in left_out]
    kept = [
        row for row, at in enumerate(past.at) if (not stratum or past.stratum[row] == stratum) and not _within(at, starts, ends)
    ]
    places = sorted({past.location[row] for row in kept})
    index = {place: number for number, place in enumerate(places)}
    return History(
        at=[past.at[row] for row in kept],
        place=[index[past.location[row]] for row in kept],
        failed=[not past.good[row] for row in kept],
        seconds=[past.latency[row] for row in kept],
        places=tuple(places),
        answered=[past.outcome[row] not in UNANSWERED for row in kept],
    )


def _within(at: float, starts: list[int], ends: list[int]) -> bool:
    place = bisect_right(starts, at)
    return bool(place) and at < ends[place - 1]
