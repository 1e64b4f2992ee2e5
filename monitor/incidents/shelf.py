"""What every part of the book works with: its pages, who is told, and the things that several of them do to an incident."""

from collections.abc import Mapping
from dataclasses import replace

from monitor.incidents import lines
from monitor.incidents.moves import Event, move
from monitor.incidents.pages import OURSELVES, Pages
from monitor.incidents.routes import EveryDesk, Routes
from monitor.incidents.telling import Teller
from monitor.incidents.tickets import Scribe
from monitor.incidents.words import Words
from monitor.model.alert import Severity
from monitor.model.incident import Happening, Incident
from monitor.model.text import Text

#: Trouble that comes back within this time is the same trouble.
REOPEN_SECONDS = 3_600.0


class Shelf:
    """Holds the pages. Its parts say what happens to them."""

    def __init__(
        self,
        install: str,
        reopen_seconds: float = REOPEN_SECONDS,
        *,
        words: Words | None = None,
        routes: Routes | None = None,
    ) -> None:
        self._install = install
        self._reopen_seconds = reopen_seconds
        self._pages = Pages()
        self._teller = Teller(self._pages, Scribe(install, words or Words()), routes or EveryDesk())
        self._newest: dict[str, str] = {}  # group -> its latest incident

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """By id: the open ones, and those that may open again."""
        return self._pages.incidents

    def open(self) -> list[Incident]:
        """Open or acknowledged, oldest first."""
        return self._pages.open()

    def _newest_of(self, group: str) -> Incident | None:
        return self._pages.incidents.get(self._newest.get(group, ""))

    def _episode(self, incident: Incident) -> Incident:
        """It is back: open again, with nothing told of this time yet."""
        number = incident.episode + 1
        status = move(incident, Event.FIRED)
        incident = replace(
            incident, status=status, episode=number, resolved=None, acknowledged=None, acknowledged_by="", lead=None
        )
        return replace(incident, told=False, news=(lines.reopened(number),), desks=(), escalated=0, waiting_since=None)

    def _weigh(self, incident: Incident, severity: Severity, at: float) -> Incident:
        """How bad it is by its alerts; a person's word stands against theirs."""
        return self._rate(incident, incident.fixed or severity, at, OURSELVES)

    def _rate(self, incident: Incident, severity: Severity, at: float, by: str) -> Incident:
        before = incident.severity
        if severity is before:
            return incident
        if severity.rank < before.rank:  # the title names the worst of it, also while it fades
            incident = self._entitle(incident)
        incident = replace(incident, severity=severity, changed=at)
        incident = self._pages.put(incident, Happening.SEVERITY_CHANGED, lines.severity(before, severity), at, by=by)
        return self._wake(incident, lines.snooze_broken(), at) if severity.rank < before.rank else incident

    def _entitle(self, incident: Incident) -> Incident:
        return replace(incident, title=self._teller.scribe.words.title(incident)) if incident.alerts else incident

    def _wake(self, incident: Incident, said: Text, at: float) -> Incident:
        """A snooze ends: its route goes on from here."""
        if incident.snoozed_until is None:
            return incident
        incident = replace(incident, snoozed_until=None, waiting_since=at, changed=at)
        return self._pages.put(incident, Happening.SNOOZED, said, at)

    def _hush(self, incident: Incident, silenced: bool, said: Text, at: float, by: str) -> Incident:
        """A silence begins or ends. When it ends, the route goes on from here."""
        waiting = incident.waiting_since if silenced else at
        incident = replace(incident, silenced=silenced, waiting_since=waiting, changed=at)
        return self._pages.put(incident, Happening.SILENCED, said, at, by=by)

    def _retell(self, incident: Incident, told: Severity | None, at: float) -> None:
        """After it was weighed. ``told`` is the severity the desk knows; None: it knows nothing."""
        if incident.silenced:
            return
        if not incident.told:
            if self._pages.parent(incident) is None:  # what has a common cause is told with it
                self._teller.first(incident, at)
        elif told and incident.severity.rank < told.rank:
            self._teller.worse(incident, at)

    def _close(self, incident: Incident, event: Event, said: Text, at: float, by: str = OURSELVES) -> None:
        incident = replace(incident, status=move(incident, event), resolved=at, changed=at, pending="", snoozed_until=None)
        incident = self._pages.put(incident, Happening.RESOLVED, said, at, by=by)
        if incident.told:  # whoever was told that it began is told that it is over, silence or not
            self._teller.end(incident, at)
        parent = self._pages.parent(incident)
        if parent:
            self._pages.put(parent, Happening.RELATED, lines.part_over(incident), at, by=by)
        for part in self._parts(incident) if by != OURSELVES else ():  # a person's word about the cause is about all of it
            self._close(part, event, said, at, by)

    def _parts(self, incident: Incident) -> list[Incident]:
        """What came of a common cause and is not over."""
        return [part for part in self._pages.open() if part.parent == incident.id]
