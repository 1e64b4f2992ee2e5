"""What the desk is told: a snapshot with the words already chosen, and the incident that remembers having told it."""

from dataclasses import replace

from monitor.incidents import wording
from monitor.incidents.names import external_id
from monitor.model.incident import CommandKind, Incident, Ticket


def tell(install: str, incident: Incident, kind: CommandKind, at: float) -> tuple[Incident, Ticket]:
    """Revisions count up over all episodes: with the external id they name a command once and for all."""
    news, incident = incident.news, replace(incident, revision=incident.revision + 1, told=True, told_at=at, news=())
    ticket = Ticket(
        external_id=external_id(install, incident),
        incident=incident.id,
        episode=incident.episode,
        revision=incident.revision,
        kind=kind,
        at=at,
        status=incident.status,
        severity=incident.severity,
        target=incident.target,
        title=incident.title,
        body=wording.body(incident),
        checks=incident.checks,
        opened=incident.opened,
        resolved=incident.resolved,
        labels={"install": install, "group": incident.group},
        comment=wording.comment(news),
    )
    return incident, ticket
