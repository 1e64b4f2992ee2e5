"""An incident and the alerts in it: how they join, leave, and what that makes of it. Pure functions from incident to incident."""

from dataclasses import replace

from monitor.model.alert import Alert, Severity
from monitor.model.incident import Incident
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


def lead(incident: Incident) -> Alert | None:
    """The alert that names the incident."""
    return min(incident.alerts.values(), key=rank, default=None)


def is_small(incident: Incident) -> bool:
    return len(incident.alerts) <= EVIDENCE_MAX


def was_going_on(incident: Incident, alert: Alert) -> bool:
    """Did it begin before a human resolved the incident? Resolved with alerts still firing: only a human does that."""
    return incident.resolved is not None and bool(incident.alerts) and alert.since <= incident.resolved


def join(incident: Incident, alert: Alert) -> Incident:
    """``alert`` fires in it; told twice, it is there once."""
    alerts = dict(incident.alerts)
    alerts[alert.id] = (
        alert if alert.id in alerts or len(alerts) < EVIDENCE_MAX else replace(alert, evidence={}, summary=Text(""))
    )
    checks, count = _listed(incident, alert.series.check)
    return replace(incident, alerts=alerts, checks=checks, check_count=count, since=min(incident.since, alert.since))


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
