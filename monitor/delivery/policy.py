"""What follows from a ticket that is not there any more. Pure: the desk's rows and its policy give rows, cursors and events.

Merged into another ticket: everything is told there from now on, and as it may be about more than this incident, it is never closed or
opened by us. Deleted: people meant it. ``leave`` tells that
desk no more of this episode; ``again`` makes one more ticket, once, as long as the incident lasts. A new episode is new trouble and
has a ticket of its own under either.
"""

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from monitor.connectors import Gone
from monitor.model.incident import CommandKind, OutboxRow, OutboxState
from monitor.model.mirror import Cursor, DeskEvent, DeskEventKind

WhenGone = Literal["leave", "again"]
#: The one more ticket of an episode is known by this at the end of its external id.
AGAIN = "-r1"
#: Still wanted at a desk where the ticket is gone: a beginning. Anything else has lost its ticket.
BEGINS = frozenset({CommandKind.OPEN, CommandKind.REOPEN})


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look, or one command, showed of what people did. To be stored in one transaction with what follows from the events."""

    events: tuple[DeskEvent, ...]
    cursors: tuple[Cursor, ...]
    rows: tuple[OutboxRow, ...] = ()


#: Takes note of a sighting, durably, before it returns.
Hear = Callable[[Sighting], Awaitable[None]]


def lost(cursor: Cursor, gone: Gone, rows: Sequence[OutboxRow], row: OutboxRow, when_gone: WhenGone, now: float) -> Sighting:
    """``rows`` are the incident's at this desk, in order; ``row`` the command that found the ticket gone, or the last one sent."""
    into = gone.merged_into
    if into and into != cursor.remote_id:
        return followed(cursor, into, rows, row, now)
    event = _event(cursor, DeskEventKind.GONE, "", now)
    changed = [superseded(row, gone.reason)] if row.state is not OutboxState.SENT else []
    if when_gone == "again" and row.ticket.kind is not CommandKind.RESOLVE and not _had_another(row, rows):
        changed.append(_again(row, now))
    return Sighting((event,), (replace(cursor, gone=True),), tuple(changed))


def followed(cursor: Cursor, into: str, rows: Sequence[OutboxRow], row: OutboxRow, now: float) -> Sighting:
    """The other ticket takes this one's place. What people wrote there since the incident began is heard as well: they work on it there,
    and some desks move the comments along.
    """
    changed = [replace(one, remote_id=into) for one in rows if one.remote_id == cursor.remote_id and one.id != row.id]
    if row.state is OutboxState.SENT:
        changed.append(replace(row, remote_id=into))
    else:  # it has still to be said, there
        changed.append(replace(row, state=OutboxState.RETRY, remote_id=into, next_at=now, error=""))
    known = True if cursor.open else None  # ours was done with already: how the other one stands is then no news
    there = replace(cursor, remote_id=into, open=known, by_people=False, theirs=True, after=row.ticket.opened)
    event = _event(cursor, DeskEventKind.MERGED, into, now)
    return Sighting((event,), (replace(cursor, gone=True), there), tuple(changed))


def superseded(row: OutboxRow, reason: str) -> OutboxRow:
    """Not dead: what people deleted needs nobody's help, and the timeline says so."""
    return replace(row, state=OutboxState.SUPERSEDED, error=reason)


def is_pointless(row: OutboxRow, remote_id: str, gone: Container[tuple[str, int]]) -> bool:
    """News of a ticket that is gone. ``gone`` holds (incident, episode)."""
    return not remote_id and row.ticket.kind not in BEGINS and (row.ticket.incident, row.ticket.episode) in gone


def _had_another(row: OutboxRow, rows: Sequence[OutboxRow]) -> bool:
    episode = row.ticket.episode
    return any(one.ticket.episode == episode and one.ticket.external_id.endswith(AGAIN) for one in rows)


def _again(row: OutboxRow, now: float) -> OutboxRow:
    ticket = replace(row.ticket, external_id=row.ticket.external_id + AGAIN, kind=CommandKind.OPEN)
    return OutboxRow(f"{row.desk}:{ticket.external_id}:{ticket.revision}", row.desk, ticket, OutboxState.NEW, now, now)


def _event(cursor: Cursor, kind: DeskEventKind, text: str, now: float) -> DeskEvent:
    return DeskEvent(cursor.incident, cursor.desk, cursor.remote_id, kind, "", text, now)
