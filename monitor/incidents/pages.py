"""The pages of the book: every incident that can still change, and what was written and not handed out yet."""

from monitor.incidents.change import Change
from monitor.incidents.members import with_news
from monitor.incidents.tickets import tell
from monitor.model.incident import CommandKind, Happening, Incident, TimelineEntry
from monitor.model.text import Text

#: Alerts of one incident that get a timeline entry of their own for coming and going.
ENTRIES_MAX = 50
#: Who did it, when no person did.
OURSELVES = "paycanary"


class Pages:
    """``urgent``: something was written that somebody waits for."""

    def __init__(self, install: str) -> None:
        self._install = install
        self.incidents: dict[str, Incident] = {}
        self.urgent = False
        self._change = Change()
        self._unsaved: dict[str, None] = {}

    def save(self, incident: Incident) -> Incident:
        self.incidents[incident.id] = incident
        self._unsaved[incident.id] = None
        return incident

    def put(
        self,
        incident: Incident,
        kind: Happening,
        said: Text,
        at: float,
        *,
        by: str = OURSELVES,
        urgent: bool = True,
        news: bool = False,
    ) -> Incident:
        """Keep it, with a line in its timeline, and in the news once the desk knows of it (or ``news`` says so)."""
        if len(incident.alerts) <= ENTRIES_MAX or urgent:
            self._change.timeline.append(TimelineEntry(incident.id, at, kind, said, by))
        self.urgent |= urgent
        return self.save(with_news(incident, said) if incident.told or news else incident)

    def tell(self, incident: Incident, kind: CommandKind, at: float) -> None:
        incident, ticket = tell(self._install, incident, kind, at)
        self._change.tickets.append(ticket)
        self.save(incident)
        self.urgent = True

    def hand_out(self) -> Change:
        change, self._change, self.urgent = self._change, Change(), False
        change.incidents = [self.incidents[name] for name in self._unsaved]
        self._unsaved = {}
        return change
