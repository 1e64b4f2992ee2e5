"""What becomes known about an incident while it lasts: a diagnosis, how far it reaches, words from a desk, clocks, a problem behind it."""

from dataclasses import replace
from enum import StrEnum

from monitor.incidents import lines
from monitor.incidents.change import Change
from monitor.incidents.moves import Event, move
from monitor.incidents.telling import is_quiet
from monitor.incidents.work import NAME_MAX, NOTE_MAX, Work
from monitor.model.extent import Extent
from monitor.model.incident import Happening, Incident, Status
from monitor.model.text import Text
from monitor.model.triage import Diagnosis
from monitor.redaction import redact_text

#: What was said of clocks is remembered this far back: those that start anew with every word from a person are many.
CLOCKS_MAX = 100


class AtDesk(StrEnum):
    """What a person did to a ticket where it lives."""

    CLOSED = "closed"
    TAKEN = "taken"  # assigned to somebody
    REOPENED = "reopened"
    MERGED = "merged"
    DELETED = "deleted"


#: Whoever does this to a ticket has read it.
_ACKNOWLEDGES = frozenset({AtDesk.CLOSED, AtDesk.TAKEN})


class Findings(Work):
    """Each returns what it changed; an empty change when it was known already. Raises Unknown."""

    def triaged(self, incident_id: str, diagnosis: Diagnosis, at: float, *, fingerprint: str = "") -> Change:
        """The desk is told at once, and once for each verdict: the same layer at the same place is no news, only fresher."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        before = incident.diagnosis
        incident = replace(incident, diagnosis=diagnosis, fingerprint=fingerprint or incident.fingerprint, changed=at)
        if before and (before.layer, before.where) == (diagnosis.layer, diagnosis.where):
            self._pages.save(incident)
            return self._pages.hand_out()
        incident = self._pages.put(incident, Happening.TRIAGED, lines.triaged(diagnosis), at)
        if incident.told and not is_quiet(incident) and incident.status is not Status.RESOLVED:
            self._teller.update(incident, at)
        return self._pages.hand_out()

    def measured(self, incident_id: str, extent: Extent, at: float) -> Change:
        """Kept quietly: the next thing that is told says it too."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        self._pages.save(replace(incident, extent=extent, changed=at))
        return self._pages.hand_out()

    def heard(self, incident_id: str, by: str, text: str, at: float) -> Change:
        """Somebody wrote at the desk. It stands there already, so no desk is told of it."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        by, said = redact_text(by)[:NAME_MAX], redact_text(text.strip())[:NOTE_MAX]
        if not said:
            return Change()
        incident = replace(incident, updated=at, changed=at)
        self._pages.put(incident, Happening.HEARD, lines.heard(by, said), at, by=by, news=False)
        return self._pages.hand_out()

    def at_desk(self, incident_id: str, event: str, by: str, said: Text, at: float) -> Change:
        """A person did ``event``, one of AtDesk, to the ticket. Closing or taking it acknowledges; nothing we do undoes it."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        what, by = AtDesk(event), redact_text(by)[:NAME_MAX]
        said = Text(redact_text(said.en), redact_text(said.zh))
        if what is AtDesk.TAKEN:
            incident = replace(incident, assignee=incident.assignee or by)
        incident = replace(incident, updated=at, changed=at)
        incident = self._pages.put(incident, Happening.AT_DESK, said, at, by=by)
        if what in _ACKNOWLEDGES and incident.status is Status.OPEN:
            self._acknowledged(incident, by, at)
        return self._pages.hand_out()

    def clock(self, incident_id: str, key: str, said: Text, at: float) -> Change:
        """A target is near or was missed. Said once for each ``key``, such as "respond warned"."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        if key in incident.clocks:
            return Change()
        incident = replace(incident, clocks=(*incident.clocks, key)[-CLOCKS_MAX:], changed=at)
        self._pages.put(incident, Happening.CLOCK, said, at)
        return self._pages.hand_out()

    def recurring(self, incident_id: str, problem: str, said: Text, at: float) -> Change:
        """It is one more case of ``problem``, the name of trouble that comes back."""
        incident = self._pages.known(incident_id)
        move(incident, Event.LEARN)
        if incident.problem == problem:
            return Change()
        self._related(replace(incident, problem=problem, changed=at), said, at)
        return self._pages.hand_out()

    def _related(self, incident: Incident, said: Text, at: float) -> Incident:
        return self._pages.put(incident, Happening.RELATED, said, at)
