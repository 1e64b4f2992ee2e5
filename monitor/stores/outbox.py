"""Questions about the outbox, asked on the writer's own connection so that they are in order with the writes."""

import sqlite3

from monitor.model.incident import OutboxRow, OutboxState
from monitor.model.mirror import Cursor
from monitor.stores.rows import CURSOR, OUTBOX_ROW

#: Written out in every query: SQLite uses the partial index only where it sees these very words.
_UNSENT = "state IN ('new', 'sending', 'retry', 'unsure')"
_FIRST_OF_ITS_INCIDENT = f"""
desk = ? AND {_UNSENT} AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.desk = outbox.desk AND earlier.incident = outbox.incident AND earlier.seq < outbox.seq
      AND earlier.{_UNSENT}
)"""  # noqa: S608 - only our own words are put together
_DUE = f"SELECT body FROM outbox WHERE {_FIRST_OF_ITS_INCIDENT} AND next_at <= ? ORDER BY json_extract(body, '$.ticket.severity'), seq LIMIT ?"  # noqa: S608
_NEXT = f"SELECT min(next_at) FROM outbox WHERE {_FIRST_OF_ITS_INCIDENT}"  # noqa: S608

_WAITING = """
SELECT desk, state, count(*), min(created) FROM outbox
WHERE state IN ('new', 'sending', 'retry', 'unsure', 'dead') GROUP BY desk, state"""


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
