"""Who is told of an incident, and when: its desks at once, then step by step along its route until somebody acknowledges it.

Whoever was told is owed every update and the end, silence or not. A desk that hears of it later, because it became worse or was
escalated, is told with an opening of its own; to the others that is an update.
"""

from dataclasses import dataclass, replace

from monitor.incidents import lines
from monitor.incidents.moves import Refused
from monitor.incidents.names import external_id
from monitor.incidents.pages import OURSELVES, Pages
from monitor.incidents.routes import Routes, Step
from monitor.incidents.tickets import Scribe
from monitor.model.incident import CommandKind, Happening, Incident, Status
from monitor.model.text import Text

#: A desk is told of news at most this often: nobody reads a thousand updates.
UPDATE_SECONDS = 60.0


def is_quiet(incident: Incident) -> bool:
    """Nobody is to be disturbed by it now, whatever is new."""
    return incident.silenced or incident.snoozed_until is not None


def _waits_since(incident: Incident) -> float:
    return incident.opened if incident.waiting_since is None else incident.waiting_since


@dataclass(slots=True)
class Teller:
    pages: Pages
    scribe: Scribe
    routes: Routes

    def first(self, incident: Incident, at: float) -> Incident:
        """Those whom its route names first. When that is nobody yet, it stays untold and is asked about again."""
        desks = self.routes.first(incident.severity, self._labels(incident), at)
        if desks == ():
            return incident
        kind = CommandKind.REOPEN if incident.revision else CommandKind.OPEN
        return self._tell(replace(incident, desks=desks or (), waiting_since=at), kind, at)

    def update(self, incident: Incident, at: float) -> Incident:
        return self._tell(incident, CommandKind.UPDATE, at)

    def end(self, incident: Incident, at: float) -> Incident:
        return self._tell(incident, CommandKind.RESOLVE, at)

    def worse(self, incident: Incident, at: float) -> Incident:
        """Who is called depends on how bad it is: its route begins anew."""
        incident = self.update(replace(incident, escalated=0, waiting_since=at), at)
        desks = self.routes.first(incident.severity, self._labels(incident), at)
        return self._widen(incident, self._unheard(incident, desks or ()), lines.worse(incident.severity), at)

    def pass_on(self, incident: Incident, at: float) -> Incident:
        """News that has waited long enough."""
        due = incident.told_at is not None and at - incident.told_at >= UPDATE_SECONDS
        if due and incident.told and incident.news and not is_quiet(incident) and incident.status is not Status.RESOLVED:
            return self.update(incident, at)
        return incident

    def climb(self, incident: Incident, at: float) -> Incident:
        """Every step of its route that is due, while nobody acknowledges it."""
        while self._is_unattended(incident) and (step := self._next(incident)) is not None:
            waited = at - _waits_since(incident)
            if waited < step[0]:
                break
            incident = self._take(incident, step, lines.escalated(step[1], waited), at, OURSELVES)
        return incident

    def escalate(self, incident: Incident, by: str, at: float) -> Incident:
        """The next step now, because somebody asks for it. Raises Refused when there is none."""
        if not incident.told:
            raise Refused(f"nobody has been told of {incident.id} yet: there is nobody to escalate from")
        step = self._next(incident)
        if step is None:
            raise Refused(f"nobody is left to escalate {incident.id} to: every step of its route was taken")
        return self._take(incident, step, lines.escalated_by(step[1], by), at, by)

    def _is_unattended(self, incident: Incident) -> bool:
        if incident.status is not Status.OPEN or not incident.told or incident.pending or is_quiet(incident):
            return False
        return self.pages.parent(incident) is None  # the common cause is escalated, once for all of them

    def _next(self, incident: Incident) -> Step | None:
        """By the hour at which its waiting began: an office that closes meanwhile does not move it to another route half-way."""
        steps = self.routes.steps(incident.severity, self._labels(incident), _waits_since(incident))
        return steps[incident.escalated] if incident.escalated < len(steps) else None

    def _take(self, incident: Incident, step: Step, said: Text, at: float, by: str) -> Incident:
        incident = replace(incident, escalated=incident.escalated + 1, changed=at)
        incident = self.pages.put(incident, Happening.ESCALATED, said, at, by=by)
        unheard = self._unheard(incident, step[1])
        return self._widen(self.update(incident, at), unheard, said, at)

    def _unheard(self, incident: Incident, desks: tuple[str, ...]) -> tuple[str, ...]:
        if not incident.desks:
            return ()  # every desk has it
        return tuple(desk for desk in dict.fromkeys(desks) if desk not in incident.desks)

    def _widen(self, incident: Incident, desks: tuple[str, ...], said: Text, at: float) -> Incident:
        if not desks:
            return incident
        return self.pages.issue(*self.scribe.widen(incident, desks, said, at, self._parent(incident)))

    def _tell(self, incident: Incident, kind: CommandKind, at: float) -> Incident:
        return self.pages.issue(*self.scribe.write(incident, kind, at, self._parent(incident)))

    def _parent(self, incident: Incident) -> str:
        parent = self.pages.parent(incident)
        return external_id(self.scribe.install, parent) if parent else ""

    def _labels(self, incident: Incident) -> dict[str, str]:
        layer = {"layer": incident.diagnosis.layer.value} if incident.diagnosis else {}
        return {"target": incident.target, "checks": ",".join(incident.checks), "group": incident.group, **layer}
