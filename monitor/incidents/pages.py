"""The pages of the book: every incident that can still change, and what was written and not handed out yet."""

from monitor.incidents.change import Change
from monitor.incidents.members import with_news
from monitor.incidents.moves import Unknown
from monitor.incidents.turns import turned
from monitor.model.incident import Happening, Incident, Status, Ticket, TimelineEntry
from monitor.model.text import Text

#: Alerts of one incident that get a timeline entry of their own for coming and going.
ENTRIES_MAX = 50
#: Who did it, when no person did.
OURSELVES = "paycanary"


class Pages:
    """``urgent``: something was written that somebody waits for."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.urgent = False
        self._change = Change()
        self._unsaved: dict[str, None] = {}

    def known(self, name: str) -> Incident:
        """Raises Unknown."""
        if name not in self.incidents:
            raise Unknown(f"no incident {name!r} that can still change")
        return self.incidents[name]

    def open(self) -> list[Incident]:
        """Open or acknowledged, oldest first; those of one instant by their id, before a restart as after it."""
        found = (incident for incident in self.incidents.values() if incident.status is not Status.RESOLVED)
        return sorted(found, key=lambda incident: (incident.opened, incident.id))

    def parent(self, incident: Incident) -> Incident | None:
        """The common cause it is part of, while that lasts."""
        found = self.incidents.get(incident.parent)
        return found if found and found.status is not Status.RESOLVED else None

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
        news: bool | None = None,
    ) -> Incident:
        """Keep it, with a line in its timeline, and in the news once a desk knows of it, unless ``news`` says otherwise."""
        if len(incident.alerts) <= ENTRIES_MAX or urgent:
            self._change.timeline.append(TimelineEntry(incident.id, at, kind, said, by))
        self.urgent |= urgent
        incident = turned(incident, at)
        return self.save(with_news(incident, said) if (incident.told if news is None else news) else incident)

    def issue(self, incident: Incident, ticket: Ticket) -> Incident:
        self._change.tickets.append(ticket)
        self.urgent = True
        return self.save(incident)

    def hand_out(self) -> Change:
        change, self._change, self.urgent = self._change, Change(), False
        change.incidents = [self.incidents[name] for name in self._unsaved]
        self._unsaved = {}
        return change
