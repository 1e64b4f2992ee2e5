"""The life of an incident: a table. An absent pair is refused, and nothing changes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from monitor.model.incident import Incident, Status


class Event(StrEnum):
    FIRED = "fired"  # an alert of its group fires
    CLEARED = "cleared"  # its last firing alert resolved
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    RESOLVE = "resolve"  # by a human


class Refused(ValueError):  # noqa: N818 - reads as a fact
    """An operator asked for what cannot be; the sentence says why."""


class Unknown(LookupError):  # noqa: N818 - reads as a fact
    """An operator named what is not there, or can no longer change."""


MOVES: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (Status.OPEN, Event.FIRED): Status.OPEN,
        (Status.OPEN, Event.CLEARED): Status.RESOLVED,
        (Status.OPEN, Event.ACKNOWLEDGE): Status.ACKNOWLEDGED,
        (Status.OPEN, Event.NOTE): Status.OPEN,
        (Status.OPEN, Event.RESOLVE): Status.RESOLVED,
        (Status.ACKNOWLEDGED, Event.FIRED): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.CLEARED): Status.RESOLVED,
        (Status.ACKNOWLEDGED, Event.NOTE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.RESOLVE): Status.RESOLVED,
        (Status.RESOLVED, Event.FIRED): Status.OPEN,  # a new episode
        (Status.RESOLVED, Event.NOTE): Status.RESOLVED,
    }
)


def move(incident: Incident, event: Event) -> Status:
    """The status after ``event``. Raises Refused."""
    try:
        return MOVES[incident.status, event]
    except KeyError:
        raise Refused(f"{incident.id} is {incident.status.value}: it cannot take {event.value!r}") from None
