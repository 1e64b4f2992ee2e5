"""Retention in small steps: each is one short transaction on the writer's connection, so that a commit never waits long.

No step scans a table. Results go by the slot ranges that their day's roll-up remembers, evidence from its low end, and
roll-ups by the range of their own key. An interrupted pass is simply begun again.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator

from monitor.stores import Retention
from monitor.stores.cells import DAY_SECONDS, FINE_SECONDS, HOUR_SECONDS, Cells

#: Rows deleted in one transaction: about 10 ms on a small machine.
STEP_ROWS = 2_000
#: Keys looked at in one transaction, when there is little to delete behind each.
STEP_KEYS = 200
#: Evidence is some kilobytes a row.
STEP_EVIDENCE = 200
#: Series that stopped long ago and still have an open cell; each is folded into three rows.
STEP_SERIES = 50

_PRUNED_TO = "results_pruned_to"
_CHECKS = "SELECT DISTINCT check_id FROM series"
_DAY = """
SELECT check_id, location_id, min(first_slot), max(last_slot) FROM rollup
WHERE seconds = ? AND check_id IN (SELECT check_id FROM series) AND start = ? GROUP BY check_id, location_id"""
_DELETE_RESULTS = """
DELETE FROM result WHERE check_id = ?1 AND location_id = ?2 AND slot IN (
    SELECT slot FROM result WHERE check_id = ?1 AND location_id = ?2 AND slot BETWEEN ?3 AND ?4 AND due < ?5 LIMIT ?6)"""
_DELETE_ROLLUPS = """
DELETE FROM rollup WHERE seconds = ?1 AND check_id = ?2 AND start < ?3 AND start <= (
    SELECT max(start) FROM (SELECT start FROM rollup WHERE seconds = ?1 AND check_id = ?2 AND start < ?3 ORDER BY start LIMIT ?4))"""
_DELETE_MISSED = "DELETE FROM missed WHERE check_id = ? AND at < ?"
_DELETE_EVIDENCE = "DELETE FROM evidence WHERE id IN (SELECT id FROM evidence ORDER BY id LIMIT ?) AND at < ?"
_DELETE_EXTRAS = "DELETE FROM extra WHERE id IN (SELECT id FROM extra ORDER BY id LIMIT ?) AND due < ?"

#: Deletes a little and says how many rows; None when there is nothing left to do.
Step = Callable[[sqlite3.Connection], int | None]


def steps(cells: Cells, at: float, keep: Retention) -> Iterator[Step]:
    """Each is to be run in a transaction of its own, again and again until it says None."""
    folded_to = int(at - min(keep.results_seconds, keep.fine_seconds))
    yield lambda _: cells.close_before(folded_to, STEP_SERIES) or None  # first: results are found through the day's roll-up
    yield Results(at - keep.results_seconds)
    yield lambda connection: connection.execute(_DELETE_EXTRAS, (STEP_ROWS, at - keep.results_seconds)).rowcount or None
    yield lambda connection: connection.execute(_DELETE_EVIDENCE, (STEP_EVIDENCE, at - keep.evidence_seconds)).rowcount or None
    yield Rollups(FINE_SECONDS, at - keep.fine_seconds)
    yield Rollups(HOUR_SECONDS, at - keep.hourly_seconds)


class Results:
    """Whole UTC days of results and missed slots. The day reached is written down, so that the next pass begins there."""

    def __init__(self, cutoff: float) -> None:
        self._cutoff = cutoff
        self._day = 0
        self._ranges: deque[tuple[int, int, int, int]] = deque()  # check, location, slots from and to

    def __call__(self, connection: sqlite3.Connection) -> int | None:
        if not self._ranges and not self._open_day(connection):
            return None
        deleted = self._delete(connection)
        if not self._ranges:
            self._close_day(connection)
        return deleted

    def _delete(self, connection: sqlite3.Connection) -> int:
        deleted = 0
        for _ in range(min(STEP_KEYS, len(self._ranges))):
            room = STEP_ROWS - deleted
            found = connection.execute(_DELETE_RESULTS, (*self._ranges[0], self._day + DAY_SECONDS, room)).rowcount
            deleted += found
            if found == room:
                break
            self._ranges.popleft()
        return deleted

    def _open_day(self, connection: sqlite3.Connection) -> bool:
        day = _next_day(connection)
        if day is None or day + DAY_SECONDS > self._cutoff:
            return False
        self._day = day
        self._ranges.extend(connection.execute(_DAY, (DAY_SECONDS, day)))
        return True

    def _close_day(self, connection: sqlite3.Connection) -> None:
        over = self._day + DAY_SECONDS
        connection.executemany(_DELETE_MISSED, [(check, over) for (check,) in connection.execute(_CHECKS).fetchall()])
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_PRUNED_TO, str(over)))


def _next_day(connection: sqlite3.Connection) -> int | None:
    """The first day that may still hold results. None when there is no such day."""
    known = connection.execute("SELECT value FROM meta WHERE key = ?", (_PRUNED_TO,)).fetchone()
    query = "SELECT min(start) FROM rollup WHERE seconds = ? AND check_id = ? AND start >= ?"
    since = int(known[0]) if known else 0
    checks = connection.execute(_CHECKS).fetchall()
    starts = [connection.execute(query, (DAY_SECONDS, check, since)).fetchone()[0] for (check,) in checks]
    return min((start for start in starts if start is not None), default=None)


class Rollups:
    """Roll-ups of one length, check by check, the oldest first."""

    def __init__(self, seconds: int, cutoff: float) -> None:
        self._seconds = seconds
        self._cutoff = cutoff
        self._checks: deque[int] | None = None

    def __call__(self, connection: sqlite3.Connection) -> int | None:
        if self._checks is None:
            self._checks = deque(check for (check,) in connection.execute(_CHECKS))
        if not self._checks:
            return None
        deleted = 0
        for _ in range(min(STEP_KEYS, len(self._checks))):
            found = connection.execute(_DELETE_ROLLUPS, (self._seconds, self._checks[0], self._cutoff, STEP_ROWS)).rowcount
            deleted += found
            if deleted >= STEP_ROWS:
                break
            self._checks.popleft()
        return deleted
