"""The life of an incident: a table. An absent pair is refused, and nothing changes.

To wait for somebody, to be snoozed or to have its severity fixed is no status but a fact beside it: an acknowledged incident can wait.
"""

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
    ASSIGN = "assign"
    ESCALATE = "escalate"
    SNOOZE = "snooze"
    PEND = "pend"  # it waits for somebody else
    RESUME = "resume"
    PRIORITISE = "prioritise"  # a human says how bad it is
    LEARN = "learn"  # a diagnosis, an extent, a word from the desk, a clock: something is known about it that was not


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
        (Status.OPEN, Event.ASSIGN): Status.OPEN,
        (Status.OPEN, Event.ESCALATE): Status.OPEN,
        (Status.OPEN, Event.SNOOZE): Status.OPEN,
        (Status.OPEN, Event.PEND): Status.OPEN,
        (Status.OPEN, Event.RESUME): Status.OPEN,
        (Status.OPEN, Event.PRIORITISE): Status.OPEN,
        (Status.OPEN, Event.LEARN): Status.OPEN,
        (Status.ACKNOWLEDGED, Event.FIRED): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.CLEARED): Status.RESOLVED,
        (Status.ACKNOWLEDGED, Event.NOTE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.RESOLVE): Status.RESOLVED,
        (Status.ACKNOWLEDGED, Event.ASSIGN): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.ESCALATE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.SNOOZE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.PEND): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.RESUME): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.PRIORITISE): Status.ACKNOWLEDGED,
        (Status.ACKNOWLEDGED, Event.LEARN): Status.ACKNOWLEDGED,
        (Status.RESOLVED, Event.FIRED): Status.OPEN,  # a new episode
        (Status.RESOLVED, Event.NOTE): Status.RESOLVED,
        (Status.RESOLVED, Event.LEARN): Status.RESOLVED,
    }
)
#: How a refusal says what was asked for.
_CANNOT: Mapping[Event, str] = MappingProxyType(
    {
        Event.ACKNOWLEDGE: "be acknowledged",
        Event.RESOLVE: "be resolved",
        Event.ASSIGN: "be assigned",
        Event.ESCALATE: "be escalated",
        Event.SNOOZE: "be snoozed",
        Event.PEND: "wait for anybody",
        Event.RESUME: "be resumed",
        Event.PRIORITISE: "have its severity fixed",
        Event.CLEARED: "clear",
    }
)


def move(incident: Incident, event: Event) -> Status:
    """The status after ``event``. Raises Refused."""
    try:
        return MOVES[incident.status, event]
    except KeyError:
        raise Refused(f"{incident.id} is {incident.status.value}: it cannot {_CANNOT[event]}") from None
