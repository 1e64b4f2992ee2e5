"""What a report needs to know about a check, read from the store without reading the month run by run.

A day in which every slot ran and was good is up, and its roll-up says so. Only days that were not are opened, then only
their hours that were not, and only of those the single runs are read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import groupby, pairwise

from monitor.config import Config
from monitor.incidents.windows import over
from monitor.model.check import Check
from monitor.model.incident import Incident, Status, Window, WindowKind
from monitor.model.outcome import Outcome, Standing, standing
from monitor.reports.statement import Exclusion, IncidentFact, Subject, exclusions
from monitor.sla.availability import Run, Timeline, combine, partition, spans_of
from monitor.sla.intervals import Interval, Intervals, clip, subtract, union
from monitor.stores import Rollup, Slim, Store
from monitor.stores.buckets import merge, quantile

DAY_SECONDS, HOUR_SECONDS, FINE_SECONDS = 86_400, 3_600, 300
#: Runs are read a day at a time: a check a second makes 86,400, within one read's limit.
READ_SECONDS = 86_400
#: A slot shorter than this is a sign of slot numbers that began anew with another interval.
SHORTEST_SLOT_SECONDS = 1.0
#: Incidents looked at for one report; a month with more has other problems.
INCIDENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What all checks of one report share."""

    store: Store
    period: Interval
    incidents: tuple[Incident, ...]
    windows: tuple[Window, ...]

    @classmethod
    async def collect(cls, store: Store, config: Config, period: Interval) -> "Facts":
        """Windows as the store holds them: those ended early are known there; the configuration tells of any others."""
        stored = await store.windows(since=period.start, until=period.end)
        configured = config.windows(period.start, period.end)
        known = {window.id: window for window in (*configured, *stored)}
        agreed = sorted(
            (one for one in known.values() if one.kind is WindowKind.MAINTENANCE), key=lambda one: (one.starts, one.id)
        )
        changed = await store.incidents(since=period.start, limit=INCIDENTS_MAX)
        unresolved = await store.incidents(statuses=(Status.OPEN, Status.ACKNOWLEDGED), limit=INCIDENTS_MAX)
        incidents = {one.id: one for one in (*changed, *unresolved)}.values()
        return cls(store, period, tuple(sorted(incidents, key=lambda one: (one.since, one.id))), tuple(agreed))

    async def subject(self, check: Check) -> Subject:
        windows = [one for one in self.windows if _covers(one, check)]
        days = await self._rollups(check, DAY_SECONDS, (_aligned(self.period, DAY_SECONDS),))
        line = await self._timeline(check, days, [_span(one) for one in windows])
        counted = await self._counted(check, days)
        latencies = merge(one.histogram for one in counted)
        return Subject(
            check=check.id,
            title=check.title,
            target=check.target,
            objective=Fraction(str(check.objective.availability)),
            timeline=line,
            runs=sum(one.up + one.down + one.unknown for one in counted),
            missed=sum(one.missed for one in counted),
            latency_objective_seconds=check.objective.latency_seconds,
            p50_seconds=quantile(latencies, 0.5),
            p95_seconds=quantile(latencies, 0.95),
            incidents=tuple(_fact(one) for one in self.incidents if one.target == check.target),
            exclusions=exclusions(
                [(Exclusion(one.id, _span(one), one.reason, one.author), _span(one)) for one in windows], self.period
            ),
        )

    async def _counted(self, check: Check, days: Sequence[Rollup]) -> list[Rollup]:
        """The period put together from whole UTC days and, where a zone's month begins within one, from finer pieces."""
        inside = [one for one in days if self.period.start <= one.start and one.start + DAY_SECONDS <= self.period.end]
        whole = Interval(-(-self.period.start // DAY_SECONDS) * DAY_SECONDS, self.period.end // DAY_SECONDS * DAY_SECONDS)
        edges = subtract((self.period,), (whole,))
        on_the_hour = all(instant % HOUR_SECONDS == 0 for edge in edges for instant in edge)
        return inside + await self._rollups(check, HOUR_SECONDS if on_the_hour else FINE_SECONDS, edges)

    async def _timeline(self, check: Check, days: Sequence[Rollup], excluded: Sequence[Interval]) -> Timeline:
        """From every location that saw the check; wholly unknown when none did."""
        lines = []
        for location in sorted({one.location for one in days}):
            up, unsure = await self._clean(check, location, [one for one in days if one.location == location])
            seen = spans_of(await self._runs(check, location, unsure))
            lines.append(partition(self.period, up=union(up, seen[Standing.UP]), down=seen[Standing.DOWN], excluded=excluded))
        return combine(lines) if lines else partition(self.period, up=(), down=(), excluded=excluded)

    async def _clean(self, check: Check, location: str, days: Sequence[Rollup]) -> tuple[Intervals, Intervals]:
        """What the roll-ups prove to be up, and what has to be looked at run by run."""
        whole = (_aligned(self.period, DAY_SECONDS),)
        good_days = _all_good(days, DAY_SECONDS, check.every_seconds)
        unsure_days = subtract(whole, good_days)
        hours = [one for one in await self._rollups(check, HOUR_SECONDS, unsure_days) if one.location == location]
        good = union(good_days, _all_good(hours, HOUR_SECONDS, check.every_seconds))
        return _without_first_slot(good, check.every_seconds), subtract(whole, good)

    async def _rollups(self, check: Check, seconds: int, spans: Iterable[Interval]) -> list[Rollup]:
        found: list[Rollup] = []
        for span in spans:
            found += await self.store.rollups([check.id], seconds=seconds, since=span.start, until=span.end)
        return found

    async def _runs(self, check: Check, location: str, unsure: Intervals) -> list[Run]:
        """The runs of these spans and of a slot to either side: their neighbours speak for the edges."""
        slot = int(check.every_seconds) + 1
        edges = (Interval(self.period.start - slot, self.period.start + slot),)
        around = union((Interval(span.start - slot, span.end + slot) for span in unsure), edges)
        wanted = clip(around, Interval(self.period.start - slot, self.period.end))
        slims: list[Slim] = []
        for span in wanted:
            for start in range(span.start, span.end, READ_SECONDS):
                until = min(start + READ_SECONDS, span.end)
                slims += await self.store.results(check.id, since=start, until=until, location=location)
        return _as_runs(slims, check.every_seconds)


def _as_runs(slims: Sequence[Slim], every_seconds: float) -> list[Run]:
    lengths = [_slot_seconds(one, other, every_seconds) for one, other in pairwise(slims)] + [every_seconds]
    return [
        Run(one.due, standing(Outcome(one.outcome), good=one.good), length)
        for one, length in zip(slims, lengths[: len(slims)], strict=True)
    ]


def _slot_seconds(one: Slim, other: Slim, every_seconds: float) -> float:
    """The interval that was in force then: it may have been another than today's."""
    steps = other.slot - one.slot
    seconds = (other.due - one.due) / steps if steps > 0 else every_seconds
    return seconds if seconds >= min(SHORTEST_SLOT_SECONDS, every_seconds) else every_seconds


def _all_good(cells: Iterable[Rollup], seconds: int, every_seconds: float) -> Intervals:
    """The periods in which every slot ran and came out well."""
    if seconds % every_seconds:
        return ()
    good = []
    for start, group in groupby(sorted(cells, key=lambda one: one.start), key=lambda one: one.start):
        strata = list(group)
        troubled = any(one.down or one.unknown or one.missed for one in strata)
        if not troubled and sum(one.up for one in strata) == seconds // every_seconds:
            good.append(Interval(start, start + seconds))
    return union(good)


def _without_first_slot(good: Intervals, every_seconds: float) -> Intervals:
    """A good stretch begins with its first run, which is due within its first slot; what was before that, the runs will say."""
    return union(Interval(min(span.end, span.start + int(every_seconds) + 1), span.end) for span in good)


def _aligned(period: Interval, seconds: int) -> Interval:
    return Interval(period.start // seconds * seconds, -(-period.end // seconds) * seconds)


def _covers(window: Window, check: Check) -> bool:
    return _named(window.checks, check.id) and _named(window.targets, check.target)


def _named(globs: tuple[str, ...], name: str) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def _span(window: Window) -> Interval:
    return Interval(int(window.starts), int(over(window)))


def _fact(incident: Incident) -> IncidentFact:
    return IncidentFact(incident.id, incident.title, incident.severity.value, incident.target, incident.since, incident.resolved)
