"""What has changed at a ticket since it was last looked at. Pure: a cursor and what is seen give events and the next cursor."""

from collections.abc import Iterable
from dataclasses import replace

from monitor.connectors import Comment, Held, Seen
from monitor.model.incident import CommandKind, OutboxRow, OutboxState
from monitor.model.mirror import Cursor, DeskEvent, DeskEventKind

#: Ids remembered of one ticket: three times what one look shows, so that nothing still to be seen is forgotten.
HEARD_MAX = 300


def begun(row: OutboxRow) -> Cursor:
    """For a ticket that was never looked at."""
    return Cursor(row.desk, row.remote_id, row.ticket.incident, row.ticket.episode)


def caught_up(cursor: Cursor, rows: Iterable[OutboxRow]) -> Cursor:
    """With what we did to the ticket since: our own closing and opening are nobody's news. ``rows`` in the order of their revisions."""
    for row in rows:
        if row.state is not OutboxState.SENT or row.remote_id != cursor.remote_id or row.ticket.revision <= cursor.told:
            continue
        cursor = replace(cursor, told=row.ticket.revision)
        if cursor.theirs or row.ticket.kind is CommandKind.UPDATE:
            continue
        if row.ticket.kind is CommandKind.RESOLVE:
            cursor = replace(cursor, open=False)
        else:
            cursor = replace(cursor, open=True, by_people=False, episode=row.ticket.episode)
    return cursor


def noticed(cursor: Cursor, seen: Seen, now: float) -> tuple[list[DeskEvent], Cursor]:
    """What people did, in the order in which it is told: what they wrote, who has it, how it stands."""
    fresh = [one for one in seen.comments if one.id not in cursor.heard and (one.at is None or one.at >= cursor.after)]
    events = [_said(cursor, one, now) for one in fresh]
    if seen.assignee and seen.assignee != cursor.assignee:
        events.append(_event(cursor, DeskEventKind.ASSIGNED, "", seen.assignee, now))
    if seen.taken_by and seen.taken_by != cursor.taken_by:
        events.append(_event(cursor, DeskEventKind.TAKEN, seen.taken_by, "", now))
    is_open = seen.state is Held.OPEN
    if cursor.open is not None and is_open is not cursor.open:
        kind = DeskEventKind.REOPENED if is_open else DeskEventKind.CLOSED
        events.append(_event(cursor, kind, seen.by, "", now))
        cursor = replace(cursor, by_people=not is_open)
    heard = (*cursor.heard, *(one.id for one in fresh))[-HEARD_MAX:]
    return events, replace(cursor, open=is_open, heard=heard, assignee=seen.assignee, taken_by=seen.taken_by)


def _said(cursor: Cursor, comment: Comment, now: float) -> DeskEvent:
    at = now if comment.at is None else min(comment.at, now)  # a desk's clock may be ahead of ours
    return _event(cursor, DeskEventKind.COMMENTED, comment.by, comment.text, at)


def _event(cursor: Cursor, kind: DeskEventKind, by: str, text: str, at: float) -> DeskEvent:
    return DeskEvent(cursor.incident, cursor.desk, cursor.remote_id, kind, by, text, at)
