"""The clocks of open incidents against the time of day: warnings and misses into the book, what is left into the gauges."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from monitor.app.mirroring import joined
from monitor.clock import Clock as WallClock
from monitor.config import Config
from monitor.deadlines.clocks import Clock, Standing, clocks, quiet_seconds
from monitor.deadlines.saying import said
from monitor.deadlines.targets import Kind
from monitor.exporter import Exporter
from monitor.incidents import Book, Change
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status
from monitor.pipeline import Pipeline

log = structlog.get_logger()

#: The shortest target is a quarter of an hour: nobody misses five seconds of it.
TURN_SECONDS = 5.0
#: Incidents looked at in one go, 0.1 to 0.3 ms each: a probe may be due.
INCIDENTS_A_STRETCH = 10

#: What is left is worked out anew at least this often: gauges are read about as often.
LOOK_SECONDS = 60.0

Left = dict[tuple[Kind, Severity], float]


@dataclass(frozen=True, slots=True)
class _Look:
    """The clocks of ``incident`` at ``at``: they say nothing new before ``until``, unless the incident changes."""

    incident: Incident
    at: float
    until: float
    clocks: tuple[Clock, ...]

    def holds(self, incident: Incident, now: float) -> bool:
        return self.incident is incident and self.at <= now < self.until


class Timing:
    """What was said is kept in the incident, so a restart says nothing twice. ``adopt`` takes another configuration's targets.

    An incident that is part of a larger one has no clocks of its own, and one under a maintenance window or silence is not nagged about.
    """

    def __init__(self, config: Config, book: Book, pipeline: Pipeline, exporter: Exporter, clock: WallClock) -> None:
        self._deadlines = config.deadlines
        self._book = book
        self._pipeline = pipeline
        self._exporter = exporter
        self._clock = clock
        self._doubted: frozenset[str] = frozenset()
        self._looks: dict[str, _Look] = {}  # by incident

    def adopt(self, config: Config) -> None:
        self._deadlines = config.deadlines
        self._looks.clear()

    async def turn(self) -> None:
        """Also those resolved of late: what was missed while nobody ran this is recorded all the same."""
        self._doubt()
        left: Left = {}
        names = list(self._book.incidents)
        self._looks = {name: look for name, look in self._looks.items() if name in self._book.incidents}
        for first in range(0, len(names), INCIDENTS_A_STRETCH):
            change = self._look(names[first : first + INCIDENTS_A_STRETCH], left)
            if change:
                await self._pipeline.change(change)
            await asyncio.sleep(0)
        self._exporter.clocks_left(left)

    def _look(self, names: Iterable[str], left: Left) -> Change:
        """One change for all of them, made without letting the loop go: nothing newer can be stored before it."""
        changes, now = list[Change](), self._clock.wall()
        for name in names:
            incident = self._book.incidents.get(name)
            if incident is None or incident.parent or incident.silenced:
                continue
            look = self._looks.get(name)
            if look is None or not look.holds(incident, now):
                look = self._looks[name] = self._look_at(incident, now)
                changes += [self._say(incident, clock, now) for clock in look.clocks]
            for clock in look.clocks:
                _note(left, incident, clock)
        return joined(changes)

    def _look_at(self, incident: Incident, now: float) -> _Look:
        known = clocks(incident, self._deadlines.targets, self._deadlines.calendars, now)
        return _Look(incident, now, now + min([LOOK_SECONDS, *map(quiet_seconds, known)]), known)

    def _say(self, incident: Incident, clock: Clock, now: float) -> Change:
        if not clock.key or clock.key in incident.clocks:
            return Change()
        change = self._book.clock(incident.id, clock.key, said(clock), now)
        if change and clock.missed is not None:
            self._exporter.clock_missed(clock.kind, clock.severity)
        return change

    def _doubt(self) -> None:
        """A calendar that enters a year without announced holidays is told once, and shown as long as it is so."""
        doubts = self._deadlines.doubts(self._clock.wall())
        for name in doubts.keys() - self._doubted:
            log.warning("calendar_without_holidays", calendar=name, said=doubts[name].en)
        self._doubted = frozenset(doubts)
        self._exporter.calendars(self._deadlines.calendars.keys(), self._doubted)


def _note(left: Left, incident: Incident, clock: Clock) -> None:
    """The worst of each kind and severity among clocks that run."""
    if incident.status is Status.RESOLVED or clock.standing is not Standing.RUNNING:
        return
    pair = clock.kind, clock.severity
    left[pair] = min(left.get(pair, clock.left_seconds), clock.left_seconds)
