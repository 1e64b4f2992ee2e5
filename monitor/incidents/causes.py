"""Whose trouble is it? What depends on something that is in trouble itself is a consequence, and no incident of its own.

An alert follows a cause when its own trouble began at the same time or later, as far as the two onsets are known. Only alerts grouped
by their target alone take part: those are the ones that say "it does not work". A certificate, or silence, has its own cause.
"""

from collections.abc import Iterator, Mapping

from monitor.model.alert import Alert
from monitor.model.incident import Incident

#: How uncertain an onset is when its detector cannot say: about one interval of a check.
ONSET_SECONDS = 30.0


def upstream(depends_on: Mapping[str, tuple[str, ...]], target: str) -> Iterator[str]:
    """Everything ``target`` depends on, the nearest first, each once. The mapping has no circles."""
    waiting, seen = list(depends_on.get(target, ())), {target}
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting += depends_on.get(name, ())


def group_of(target: str) -> str:
    """The group of alerts that say that ``target`` as a whole does not work."""
    return f"target={target}"


def may_follow(alert: Alert) -> bool:
    return alert.group == group_of(alert.series.target)


def follows(alert: Alert, incident: Incident) -> bool:
    """Whether ``alert`` can be a consequence of what ``incident`` tells of its own target."""
    return any(_latest(alert) >= _earliest(cause) for cause in causes(incident) if may_follow(cause))


def is_consequence(incident: Incident, alert: Alert) -> bool:
    """Its group would have an incident of its own."""
    return alert.group != incident.group


def causes(incident: Incident) -> list[Alert]:
    return [alert for alert in incident.alerts.values() if not is_consequence(incident, alert)]


def consequences(incident: Incident) -> list[Alert]:
    return [alert for alert in incident.alerts.values() if is_consequence(incident, alert)]


def is_left_alone(incident: Incident) -> bool:
    """Whether only consequences still fire in it."""
    return bool(incident.alerts) and all(is_consequence(incident, alert) for alert in incident.alerts.values())


def _earliest(alert: Alert) -> float:
    return alert.between[0] if alert.between else alert.since - ONSET_SECONDS


def _latest(alert: Alert) -> float:
    return alert.between[1] if alert.between else alert.since + ONSET_SECONDS
