"""An incident and the alerts in it: how they join, leave, and what that makes of it. Pure functions from incident to incident."""

from dataclasses import replace

from monitor.incidents.causes import is_consequence
from monitor.incidents.names import incident_id
from monitor.model.alert import Alert, Severity
from monitor.model.incident import Incident, Status
from monitor.model.text import Text

#: Checks listed by name; beyond that they are counted. A ticket with a thousand names helps nobody, and has to be stored each time.
CHECKS_MAX = 200
#: Alerts kept with their evidence; of the others it is enough to know that they fire.
EVIDENCE_MAX = 20
#: Lines of news kept for the next update of the ticket. What does not fit is in the timeline.
NEWS_MAX = 30


def worst(incident: Incident) -> Severity:
    """Of the alerts firing now; of the last one when none is."""
    return min(
        (alert.severity for alert in incident.alerts.values()), key=lambda severity: severity.rank, default=incident.severity
    )


def rank(alert: Alert) -> tuple[int, float, str]:
    """The order in which alerts are told: the worst first, then the earliest."""
    return alert.severity.rank, alert.since, alert.id


def ranked(incident: Incident) -> list[Alert]:
    """Its alerts in that order; what is only a consequence comes after its cause."""
    return sorted(incident.alerts.values(), key=lambda alert: _order(incident, alert))


def _order(incident: Incident, alert: Alert) -> tuple[bool, int, float, str]:
    return is_consequence(incident, alert), *rank(alert)


def lead(incident: Incident) -> Alert | None:
    """The alert that names the incident: of those that fire, or the worst of its last episode when none does any more."""
    return next(iter(ranked(incident)), incident.lead)


def is_small(incident: Incident) -> bool:
    return len(incident.alerts) <= EVIDENCE_MAX


def was_going_on(incident: Incident, alert: Alert) -> bool:
    """Did it begin before a human resolved the incident? Resolved with alerts still firing: only a human does that."""
    return incident.resolved is not None and bool(incident.alerts) and alert.since <= incident.resolved


def is_new_trouble(incident: Incident, alert: Alert, reopen_seconds: float) -> bool:
    """Too late to be the same trouble come back. What was going on all the time is not new."""
    if incident.resolved is None or was_going_on(incident, alert):
        return False
    return alert.changed > incident.resolved + reopen_seconds


def begun(install: str, alert: Alert, at: float) -> Incident:
    """With its first alert; nothing is told yet."""
    incident = Incident(
        id=incident_id(install, alert.group, alert.changed),
        group=alert.group,
        target=alert.series.target,
        status=Status.OPEN,
        severity=alert.severity,
        title=Text(""),
        opened=alert.changed,
        since=alert.since,
        changed=at,
        revision=0,
        between=alert.between,
    )
    return join(incident, alert)


def join(incident: Incident, alert: Alert) -> Incident:
    """``alert`` fires in it; told twice, it is there once."""
    alerts = dict(incident.alerts)
    alerts[alert.id] = (
        alert if alert.id in alerts or len(alerts) < EVIDENCE_MAX else replace(alert, evidence={}, summary=Text(""))
    )
    checks, count = _listed(incident, alert.series.check)
    incident = replace(incident, alerts=alerts, checks=checks, check_count=count, lead=_remembered(incident, alert))
    if is_consequence(incident, alert) or alert.since > incident.since:
        return incident
    known = incident.between if alert.since == incident.since else None
    return replace(incident, since=alert.since, between=alert.between or known)


def _remembered(incident: Incident, alert: Alert) -> Alert | None:
    """The alert to keep as the lead now that ``alert`` fires: of all that fired the one told first, with what it said last."""
    lead, told = incident.lead, incident.alerts.get(alert.id)
    if told is not None:
        return alert if lead and (lead.id, lead.changed) == (told.id, told.changed) else lead
    known = [*incident.alerts.values()] if lead is None else [lead]
    return min((alert, *known), key=lambda one: _order(incident, one))


def leave(incident: Incident, alert: Alert) -> Incident:
    return replace(incident, alerts={name: kept for name, kept in incident.alerts.items() if name != alert.id})


def with_news(incident: Incident, text: Text) -> Incident:
    return replace(incident, news=(*incident.news, text)[-NEWS_MAX:])


def _listed(incident: Incident, check: str) -> tuple[tuple[str, ...], int]:
    """Beyond the list a check is known by its firing alerts alone; one that comes back after clearing is counted again."""
    if not check or check in incident.checks:
        return incident.checks, incident.check_count
    if len(incident.checks) < CHECKS_MAX:
        return tuple(sorted((*incident.checks, check))), incident.check_count + 1
    known = any(alert.series.check == check for alert in incident.alerts.values())
    return incident.checks, incident.check_count + (not known)
