"""What people do to an incident. Each act returns what it changed, or raises Unknown or Refused and changes nothing."""

from dataclasses import replace

from monitor.incidents import lines
from monitor.incidents.change import Change
from monitor.incidents.members import worst
from monitor.incidents.moves import Event, Refused, move
from monitor.incidents.shelf import Shelf
from monitor.incidents.turns import waiting_from
from monitor.model.alert import Severity
from monitor.model.durations import iso
from monitor.model.incident import Happening, Incident

#: Longest note kept.
NOTE_MAX = 2_000
#: Longest name of a person, and longest reason for waiting: they stand in lists.
NAME_MAX, REASON_MAX = 100, 200
#: Silence is how an attacker would hide, and a snooze that outlasts a shift is forgotten.
SNOOZE_MAX_SECONDS = 86_400.0


class Work(Shelf):
    """``by`` is who acts, as the timeline will name them."""

    def acknowledge(self, incident_id: str, by: str, at: float) -> Change:
        """Somebody is on it."""
        self._acknowledged(self._pages.known(incident_id), by, at)
        return self._pages.hand_out()

    def note(self, incident_id: str, by: str, text: str, at: float) -> Change:
        incident = self._pages.known(incident_id)
        move(incident, Event.NOTE)
        said = _some(text, NOTE_MAX, "a note needs some text")
        self._pages.put(replace(incident, updated=at), Happening.NOTED, lines.note(by, said), at, by=by)
        return self._pages.hand_out()

    def resolve(self, incident_id: str, by: str, at: float) -> Change:
        """A human says it is over: of a common cause, and of all that came of it."""
        incident = self._pages.known(incident_id)
        self._close(incident, Event.RESOLVE, lines.resolved_by(by, len(incident.alerts)), at, by=by)
        return self._pages.hand_out()

    def assign(self, incident_id: str, by: str, to: str, at: float) -> Change:
        """``to`` has it from now on; "": nobody. To be given it is not to have acknowledged it."""
        incident = self._pages.known(incident_id)
        move(incident, Event.ASSIGN)
        to = to.strip()[:NAME_MAX]
        if to == incident.assignee:
            raise Refused(f"{incident.id} is assigned to {to} already" if to else f"{incident.id} is assigned to nobody")
        said = lines.assigned(by, to) if to else lines.unassigned(by, incident.assignee)
        self._pages.put(replace(incident, assignee=to, changed=at), Happening.ASSIGNED, said, at, by=by)
        return self._pages.hand_out()

    def escalate(self, incident_id: str, by: str, at: float) -> Change:
        """The next step of its route, now."""
        incident = self._pages.known(incident_id)
        move(incident, Event.ESCALATE)
        self._teller.escalate(incident, by, at)
        return self._pages.hand_out()

    def snooze(self, incident_id: str, by: str, until: float, at: float) -> Change:
        """No reminder and no escalation before ``until``, unless it becomes worse. A later one takes the place of the earlier."""
        incident = self._pages.known(incident_id)
        move(incident, Event.SNOOZE)
        if not 0 < until - at <= SNOOZE_MAX_SECONDS:
            raise Refused(f"a snooze ends after now, {iso(at)}, and within 24 h of it")
        self._pages.put(
            replace(incident, snoozed_until=until, changed=at), Happening.SNOOZED, lines.snoozed(by, until), at, by=by
        )
        return self._pages.hand_out()

    def pend(self, incident_id: str, by: str, reason: str, at: float) -> Change:
        """It waits for ``reason``, for somebody who is not us: clocks stand still, nobody is escalated to."""
        incident = self._pages.known(incident_id)
        move(incident, Event.PEND)
        reason = _some(reason, REASON_MAX, "say whom or what it waits for")
        if incident.pending:
            raise Refused(f"{incident.id} waits already: {incident.pending}")
        self._pages.put(replace(incident, pending=reason, changed=at), Happening.PENDING, lines.pending(by, reason), at, by=by)
        return self._pages.hand_out()

    def resume(self, incident_id: str, by: str, at: float) -> Change:
        """It waits no longer. The steps of its route count from now."""
        incident = self._pages.known(incident_id)
        move(incident, Event.RESUME)
        if not incident.pending:
            raise Refused(f"{incident.id} waits for nobody")
        said = lines.resumed(by, at - waiting_from(incident, at))
        incident = replace(incident, pending="", waiting_since=at, changed=at)
        self._pages.put(incident, Happening.RESUMED, said, at, by=by)
        return self._pages.hand_out()

    def prioritise(self, incident_id: str, by: str, severity: Severity | None, at: float) -> Change:
        """A person's word on how bad it is. It stands, whatever alerts say, until they take it back with None."""
        incident = self._pages.known(incident_id)
        move(incident, Event.PRIORITISE)
        if severity is incident.fixed:
            raise Refused(
                f"the severity of {incident.id} is fixed at {severity.value.upper()} already"
                if severity
                else f"the severity of {incident.id} is not fixed"
            )
        told = incident.severity
        incident = replace(incident, fixed=severity, changed=at)
        effective = severity or self._by_itself(incident)
        said = lines.fixed(by, severity) if severity else lines.unfixed(by, effective)
        incident = self._pages.put(incident, Happening.SEVERITY_CHANGED, said, at, by=by)
        self._tell_priority(self._rate(incident, effective, at, by), told, at)
        return self._pages.hand_out()

    def _tell_priority(self, incident: Incident, told: Severity, at: float) -> None:
        """At once, in either direction: who is called depends on it."""
        if incident.severity is not told and incident.told and not incident.silenced:
            tell = self._teller.worse if incident.severity.rank < told.rank else self._teller.update
            tell(incident, at)

    def _by_itself(self, incident: Incident) -> Severity:
        """How bad it is by its alerts; a common cause by what came of it."""
        parts = [part.severity for part in self._parts(incident)]
        return min(parts, key=lambda severity: severity.rank, default=worst(incident))

    def _acknowledged(self, incident: Incident, by: str, at: float) -> Incident:
        status = move(incident, Event.ACKNOWLEDGE)
        incident = replace(incident, status=status, acknowledged=at, acknowledged_by=by, changed=at)
        return self._pages.put(incident, Happening.ACKNOWLEDGED, lines.acknowledged(by), at, by=by)


def _some(text: str, longest: int, otherwise: str) -> str:
    """What was written, bounded. Raises Refused when that is nothing."""
    if not text.strip():
        raise Refused(otherwise)
    return text.strip()[:longest]
