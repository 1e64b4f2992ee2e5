"""What the desk is told: a snapshot with the words already chosen, and the incident that remembers having told it."""

from dataclasses import dataclass, replace

from monitor.incidents.names import external_id
from monitor.incidents.words import Words
from monitor.model.incident import CommandKind, Incident, Ticket
from monitor.model.text import Text


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes tickets. Revisions count up over all episodes: with the external id they name a command once and for all."""

    install: str
    words: Words

    def write(self, incident: Incident, kind: CommandKind, at: float, parent: str = "") -> tuple[Incident, Ticket]:
        """For everybody who was told of it, with all its news. ``parent`` is the external id of the common cause's ticket."""
        comment = self.words.comment(incident.news, incident, kind)
        incident = replace(incident, revision=incident.revision + 1, told=True, told_at=at, news=())
        return incident, self._ticket(incident, kind, at, comment, incident.desks or None, parent)

    def widen(
        self, incident: Incident, desks: tuple[str, ...], said: Text, at: float, parent: str = ""
    ) -> tuple[Incident, Ticket]:
        """For ``desks`` alone, who have not heard of it before. The others keep their news for the next update."""
        incident = replace(incident, revision=incident.revision + 1, desks=(*incident.desks, *desks))
        return incident, self._ticket(incident, CommandKind.OPEN, at, said, desks, parent)

    def _ticket(
        self, incident: Incident, kind: CommandKind, at: float, comment: Text, desks: tuple[str, ...] | None, parent: str
    ) -> Ticket:
        return Ticket(
            external_id=external_id(self.install, incident),
            incident=incident.id,
            episode=incident.episode,
            revision=incident.revision,
            kind=kind,
            at=at,
            status=incident.status,
            severity=incident.severity,
            target=incident.target,
            title=incident.title,
            body=self._body(incident),
            checks=incident.checks,
            opened=incident.opened,
            resolved=incident.resolved,
            labels={"install": self.install, "group": incident.group},
            comment=comment,
            desks=desks,
            assignee=incident.assignee,
            parent=parent,
        )

    def _body(self, incident: Incident) -> Text:
        """Of a common cause, why it is taken for one comes first: nothing fires in it that would say so."""
        why, body = incident.why, self.words.body(incident)
        return Text(f"{why.en}\n\n{body.en}", f"{why.in_('zh')}\n\n{body.in_('zh')}") if why.en else body
