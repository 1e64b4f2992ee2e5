"""What people do to a ticket at its desk, and how far we have heard of it."""

from dataclasses import dataclass
from enum import StrEnum


class DeskEventKind(StrEnum):
    CLOSED = "closed"
    REOPENED = "reopened"
    ASSIGNED = "assigned"  # to a person, by whomever
    TAKEN = "taken"  # somebody says that they are on it
    COMMENTED = "commented"
    MERGED = "merged"  # into another ticket, which is followed from now on
    GONE = "gone"  # deleted, or merged nobody says into what


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """One thing a person did at a desk. ``text`` is the comment, whom it was given to, or the other ticket's id."""

    incident: str
    desk: str
    remote_id: str
    kind: DeskEventKind
    by: str  # a name or a login; "": the desk does not say
    text: str
    at: float  # UTC seconds: when it was done where the desk says so, else when it was seen


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one ticket has been heard for one incident (people merge two of ours into one): stored in one transaction with what was heard, so that nothing is told twice or lost."""

    desk: str
    remote_id: str
    incident: str
    episode: int
    open: bool | None = True  # as it was seen last, or as we made it since; None: not looked at yet
    by_people: bool = False  # it is closed, and we did not do it
    theirs: bool = False  # people merged ours into it: it is told, and never closed or opened by us
    gone: bool = False
    assignee: str = ""
    taken_by: str = ""
    told: int = 0  # the revision of the last command that it takes account of
    heard: tuple[str, ...] = ()  # ids of comments, oldest first, bounded
    after: float = 0.0  # UTC seconds; what was written before is none of this incident's
