"""From the first failure to the last: when it began, was detected, told, acknowledged and over, and how long lay between."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from monitor.model.incident import CommandKind, Happening, Incident, OutboxRow, OutboxState, TimelineEntry


class Stage(StrEnum):
    BEGAN = "began"  # the onset, by the samples
    DETECTED = "detected"  # when we opened it
    TOLD = "told"  # when the first desk had taken the ticket
    ACKNOWLEDGED = "acknowledged"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Reached:
    """``at`` None: not reached. ``after_seconds``: since the stage before it that was reached."""

    stage: Stage
    at: float | None
    after_seconds: float | None


def lead_time(incident: Incident, timeline: Iterable[TimelineEntry], rows: Iterable[OutboxRow]) -> tuple[Reached, ...]:
    """In the order of ``Stage``. An incident that came back counts as one: from its first onset to its last end."""
    sent = [
        row.sent
        for row in rows
        if row.sent is not None and row.state is OutboxState.SENT and row.ticket.kind in (CommandKind.OPEN, CommandKind.REOPEN)
    ]
    taken = [entry.at for entry in timeline if entry.kind is Happening.ACKNOWLEDGED]
    known = {
        Stage.BEGAN: incident.since,
        Stage.DETECTED: incident.opened,
        Stage.TOLD: min(sent, default=None),
        Stage.ACKNOWLEDGED: min(taken, default=incident.acknowledged),
        Stage.RESTORED: incident.resolved,
    }
    stages, before = [], None
    for stage, at in known.items():
        stages.append(Reached(stage, at, at - before if at is not None and before is not None else None))
        before = before if at is None else at
    return tuple(stages)
