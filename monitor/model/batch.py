"""What one moment changes, stored atomically and in order."""

from dataclasses import dataclass, field

from monitor.model.alert import Alert
from monitor.model.incident import Incident, OutboxRow, TimelineEntry, Window
from monitor.model.learned import Learned
from monitor.model.mirror import Cursor
from monitor.model.result import Missed, Result


@dataclass(slots=True)
class Batch:
    """``durable`` batches are on the disk (fsync) before anybody acts on them; the others may lose the last second to a power cut."""

    results: list[Result] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    rule_states: dict[str, str] = field(default_factory=dict)  # series and rule -> JSON; "" deletes
    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    durable: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.results
            or self.missed
            or self.rule_states
            or self.alerts
            or self.incidents
            or self.timeline
            or self.outbox
            or self.windows
            or self.learned
            or self.cursors
        )


@dataclass(slots=True)
class Restored:
    """What a start finds: the state to go on from."""

    rule_states: dict[str, str] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)  # pending and firing
    incidents: list[Incident] = field(default_factory=list)  # not resolved, or resolved within the reopening window
    windows: list[Window] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)  # the newest version in force of each series
    #: (check, location) -> the highest slot accounted for, and when it was due (None: missed, so only its number is known).
    last_slots: dict[tuple[str, str], tuple[int, float | None]] = field(default_factory=dict)
