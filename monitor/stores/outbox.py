"""Whose turn it is in the outbox; and questions about it, asked on the writer's own connection so that they are in order with the writes."""

import sqlite3
from collections.abc import Iterable

from monitor.model.incident import OutboxRow, OutboxState
from monitor.model.mirror import Cursor
from monitor.stores.rows import CURSOR, OUTBOX_ROW

#: The worst incident first; of equals the one that has been due for longest, then the one that was told of first.
_DUE = """
SELECT body FROM outbox_turn AS turn JOIN outbox USING (seq)
WHERE turn.desk = ? AND turn.next_at <= ? ORDER BY turn.severity, turn.next_at, seq LIMIT ?"""
_NEXT = "SELECT min(next_at) FROM outbox_turn WHERE desk = ?"

_TURN_OVER = "DELETE FROM outbox_turn WHERE desk = ? AND incident = ?"
#: SQLite uses the partial index only where it sees the very words of the index.
_NEXT_TURN = """
INSERT INTO outbox_turn SELECT desk, incident, json_extract(body, '$.ticket.severity'), next_at, seq FROM outbox
WHERE desk = ? AND incident = ? AND state IN ('new', 'sending', 'retry', 'unsure') ORDER BY seq LIMIT 1"""

_WAITING = """
SELECT desk, state, count(*), min(created) FROM outbox
WHERE state IN ('new', 'sending', 'retry', 'unsure', 'dead') GROUP BY desk, state"""


def take_turns(connection: sqlite3.Connection, changed: Iterable[OutboxRow]) -> None:
    """To be called in the transaction in which ``changed`` were written."""
    incidents = list({(row.desk, row.ticket.incident): None for row in changed})
    connection.executemany(_TURN_OVER, incidents)
    connection.executemany(_NEXT_TURN, incidents)


def due(connection: sqlite3.Connection, desk: str, at: float, limit: int) -> list[OutboxRow]:
    return [OUTBOX_ROW.validate_json(body) for (body,) in connection.execute(_DUE, (desk, at, limit))]


def next_at(connection: sqlite3.Connection, desk: str) -> float | None:
    found: float | None = connection.execute(_NEXT, (desk,)).fetchone()[0]
    return found


def waiting(connection: sqlite3.Connection) -> list[tuple[str, OutboxState, int, float]]:
    return [(desk, OutboxState(state), depth, oldest) for desk, state, depth, oldest in connection.execute(_WAITING)]


def rows(connection: sqlite3.Connection, desk: str | None, incident: str | None, limit: int) -> list[OutboxRow]:
    """Newest first without an incident; in the order they were given with one."""
    wanted = [(column, value) for column, value in (("desk", desk), ("incident", incident)) if value is not None]
    where = " AND ".join(f"{column} = ?" for column, _ in wanted) or "1"
    order = "ASC" if incident is not None else "DESC"
    query = f"SELECT body FROM outbox WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - columns are ours
    return [OUTBOX_ROW.validate_json(body) for (body,) in connection.execute(query, (*(value for _, value in wanted), limit))]


def cursors(connection: sqlite3.Connection, desk: str) -> list[Cursor]:
    return [CURSOR.validate_json(body) for (body,) in connection.execute("SELECT body FROM mirror WHERE desk = ?", (desk,))]
