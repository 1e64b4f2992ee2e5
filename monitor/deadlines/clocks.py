"""The clocks of one incident, worked out anew from its history each time: nothing is kept, so nothing can be lost.

``respond`` runs from the opening until somebody takes it, and starts afresh when the incident opens again: then nobody is on it. ``restore``
runs from the first opening until it is over, and goes on where it stopped when it opens again. ``update`` starts afresh whenever a person
told people something. All stand still while the incident waits for somebody else.

A change of priority gives other targets, in that priority's hours, counted from the original start: what was spent stays spent. A target
can be missed only while it holds, so one that is over already when it comes into force is missed from then on. A clock that has
stopped is judged by the targets that held when it did.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.deadlines.spent import crossed, spent
from monitor.deadlines.targets import ALWAYS, Calendars, Kind, Targets
from monitor.model.alert import Severity
from monitor.model.durations import iso
from monitor.model.incident import Incident, Status, Turn

#: Warnings before a miss, as shares of the time allowed: one while there is time, one when it runs short.
WARNINGS = (0.5, 0.8)


class Standing(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Clock:
    """``elapsed_seconds`` and ``allowed_seconds`` are seconds that count in its hours; the others are instants."""

    kind: Kind
    severity: Severity  # whose target it is held to
    standing: Standing
    started: float
    allowed_seconds: float
    elapsed_seconds: float
    due: float | None  # when it will be missed if nothing changes; None unless it runs and is in time
    missed: float | None  # since when it is
    hours: str = ALWAYS  # the calendar it counts in

    @property
    def left_seconds(self) -> float:
        """What is left of the time allowed; negative once it is missed."""
        return self.allowed_seconds - self.elapsed_seconds

    @property
    def warning(self) -> float | None:
        """The highest share of ``WARNINGS`` reached by a clock that still runs in time."""
        if self.missed is not None or self.standing is not Standing.RUNNING:
            return None
        return max((share for share in WARNINGS if self.elapsed_seconds >= share * self.allowed_seconds), default=None)

    @property
    def key(self) -> str:
        """What there is to say of it, under a name that is said once; "" when there is nothing."""
        warning = self.warning
        mark = "missed" if self.missed is not None else "" if warning is None else f"{warning:.0%}"
        return f"{self.severity.value} {self.kind.value} {iso(self.started)} {mark}" if mark else ""


def clocks(incident: Incident, targets: Targets, calendars: Calendars, now: float) -> tuple[Clock, ...]:
    """The promised ones of ``incident``, in the order of ``Kind``. After its end they stand as they stopped."""
    turns = history(incident)
    made = (
        _clock(Kind.RESPOND, _episode(turns), _taken, targets, calendars, now),
        _clock(Kind.UPDATE, _since_update(turns, incident.updated), _over, targets, calendars, now),
        _clock(Kind.RESTORE, turns, _over, targets, calendars, now),
    )
    return tuple(clock for clock in made if clock is not None)


def quiet_seconds(clock: Clock) -> float:
    """For so long it cannot come to anything new while its incident stays as it is: its hours pass no faster than time does."""
    if clock.standing is not Standing.RUNNING or clock.missed is not None:
        return math.inf
    ahead = (share * clock.allowed_seconds - clock.elapsed_seconds for share in (*WARNINGS, 1.0))
    return min((seconds for seconds in ahead if seconds >= 0), default=0.0)


def history(incident: Incident) -> tuple[Turn, ...]:
    """Its turns; of an incident from before they were kept, what its own instants say."""
    if incident.turns:
        return incident.turns
    known = (
        (incident.opened, Status.OPEN),
        (incident.acknowledged, Status.ACKNOWLEDGED),
        (incident.resolved, Status.RESOLVED),
    )
    return tuple(Turn(at, status, incident.severity) for at, status in known if at is not None)


def _taken(turn: Turn) -> bool:
    return turn.status is not Status.OPEN


def _over(turn: Turn) -> bool:
    return turn.status is Status.RESOLVED


def _clock(
    kind: Kind,
    turns: Sequence[Turn],
    stops: Callable[[Turn], bool],
    targets: Targets,
    calendars: Calendars,
    now: float,
) -> Clock | None:
    last = _last_running(turns, stops, now)
    promise = targets[last.severity]
    span, hours = promise.span(kind), calendars[promise.hours]
    if span is None:
        return None

    def counts(turn: Turn) -> bool:
        return not stops(turn) and not turn.pending

    changes, allowed = [(turn.at, turn) for turn in turns], span.on(hours)
    elapsed = spent(changes, now, counts, hours)
    over = crossed(changes, now, counts, hours, allowed)
    standing = _standing(turns, stops, now)
    return Clock(
        kind=kind,
        severity=last.severity,
        standing=standing,
        started=turns[0].at,
        allowed_seconds=allowed,
        elapsed_seconds=elapsed,
        due=hours.add(now, allowed - elapsed) if standing is Standing.RUNNING and over is None else None,
        missed=None if over is None else max(over, _held_since(turns, stops, now)),
        hours=promise.hours,
    )


def _standing(turns: Sequence[Turn], stops: Callable[[Turn], bool], now: float) -> Standing:
    latest = _so_far(turns, now)[-1]
    if stops(latest):
        return Standing.STOPPED
    return Standing.PAUSED if latest.pending else Standing.RUNNING


def _so_far(turns: Sequence[Turn], now: float) -> Sequence[Turn]:
    """What had happened by ``now``; the first turn always, or there would be nothing to tell of."""
    return [turn for turn in turns if turn.at <= now] or turns[:1]


def _last_running(turns: Sequence[Turn], stops: Callable[[Turn], bool], now: float) -> Turn:
    """The last turn in which the clock was not stopped: its priority is what the clock is held to."""
    known = _so_far(turns, now)
    return next((turn for turn in reversed(known) if not stops(turn)), known[0])


def _held_since(turns: Sequence[Turn], stops: Callable[[Turn], bool], now: float) -> float:
    """Since when the priority that the clock is held to has stood."""
    running = [turn for turn in _so_far(turns, now) if not stops(turn)] or [turns[0]]
    since = running[-1]
    for turn in reversed(running):
        if turn.severity is not since.severity:
            break
        since = turn
    return since.at


def _episode(turns: Sequence[Turn]) -> Sequence[Turn]:
    """From the latest opening on."""
    first = 0
    for position in range(1, len(turns)):
        if turns[position - 1].status is Status.RESOLVED and turns[position].status is not Status.RESOLVED:
            first = position
    return turns[first:]


def _since_update(turns: Sequence[Turn], updated: float | None) -> Sequence[Turn]:
    """From the latest update by a person on, or from the latest opening when that came later."""
    episode = _episode(turns)
    if updated is None or updated <= episode[0].at:
        return episode
    before = [turn for turn in episode if turn.at <= updated]
    after = episode[len(before) :]
    standing = before[-1]
    return [Turn(updated, standing.status, standing.severity, standing.pending), *after]
