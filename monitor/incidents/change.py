"""What one event changed: to be stored in one transaction, then told."""

from dataclasses import dataclass, field

from monitor.model.incident import Incident, Ticket, TimelineEntry


@dataclass(slots=True)
class Change:
    """Empty when there is nothing to store or tell yet. ``incidents`` holds each changed incident once, as it is now."""

    incidents: list[Incident] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.incidents or self.timeline or self.tickets)
