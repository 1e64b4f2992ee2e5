"""How long a target was down before: what a supervisor's yearly allowance has been spent on."""

from collections.abc import Iterable

from monitor.model.alert import Severity
from monitor.model.incident import Incident

#: MAS counts unscheduled downtime within any period of twelve months.
YEAR_SECONDS = 365 * 86_400.0


def downtime_before(incident: Incident, past: Iterable[Incident]) -> float:
    """Seconds in the twelve months before ``incident`` began in which another P1 incident of its target was not over.

    What overlaps counts once. Incidents told as part of a common cause count like others: the target was down all the same.
    """
    earliest, latest = incident.since - YEAR_SECONDS, incident.since
    spans = sorted(
        (max(one.since, earliest), min(one.resolved, latest))
        for one in past
        if one.id != incident.id and one.target == incident.target and one.severity is Severity.P1 and one.resolved is not None
    )
    total, reached = 0.0, earliest
    for begins, ends in spans:
        total += max(0.0, ends - max(begins, reached))
        reached = max(reached, ends)
    return total
