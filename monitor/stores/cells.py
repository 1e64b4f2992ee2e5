"""Roll-ups as they are written: each series has one open 5-minute cell, whose small row is rewritten with every group.

When a result of a later period comes, the open cell is folded into its 5 minutes, its hour and its day, in the same
transaction. What comes late, for a period that is over, is folded in likewise. So roll-ups plus open cells are always
exact, and a result costs one row of a table that fits in a few pages.
"""

import sqlite3
from dataclasses import dataclass, field

from monitor.stores.buckets import bucket, merge
from monitor.stores.rows import pack_counts, unpack_counts

FINE_SECONDS = 300
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
#: The periods that are kept.
FOLDED_SECONDS = (FINE_SECONDS, HOUR_SECONDS, DAY_SECONDS)

CELL_COLUMNS = "up, down, unknown, missed, first_slot, last_slot, outcomes, histogram"
_UPDATE = f"SET {', '.join(f'{name} = excluded.{name}' for name in CELL_COLUMNS.split(', '))}"
_LOAD = f"""
SELECT {CELL_COLUMNS} FROM rollup
WHERE seconds = ? AND check_id = ? AND start = ? AND stratum_id = ? AND location_id = ?"""  # noqa: S608 - names of our own columns
_SAVE = f"""
INSERT INTO rollup (seconds, check_id, start, stratum_id, location_id, {CELL_COLUMNS})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE {_UPDATE}"""  # noqa: S608
_LOAD_OPEN = f"""
SELECT start, {CELL_COLUMNS} FROM open_cell WHERE check_id = ? AND stratum_id = ? AND location_id = ?"""  # noqa: S608
_SAVE_OPEN = f"""
INSERT INTO open_cell (check_id, stratum_id, location_id, start, {CELL_COLUMNS})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE {_UPDATE}, start = excluded.start"""  # noqa: S608

SeriesKey = tuple[int, int, int]  # check, stratum, location
CellRow = tuple[int, int, int, int, int, int, bytes, bytes]


@dataclass(slots=True)
class Cell:
    """What happened in one period of one series."""

    start: int
    first_slot: int
    last_slot: int
    up: int = 0
    down: int = 0
    unknown: int = 0
    missed: int = 0
    outcomes: dict[int, int] = field(default_factory=dict)
    histogram: dict[int, int] = field(default_factory=dict)

    def cover(self, first_slot: int, last_slot: int) -> None:
        if first_slot < self.first_slot:
            self.first_slot = first_slot
        if last_slot > self.last_slot:
            self.last_slot = last_slot

    def count(self, slot: int, *, up: bool, down: bool, outcome: int, latency_seconds: float | None) -> None:
        self.cover(slot, slot)
        if up:
            self.up += 1
        elif down:
            self.down += 1
        else:
            self.unknown += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if latency_seconds is not None:
            index = bucket(latency_seconds)
            self.histogram[index] = self.histogram.get(index, 0) + 1

    def count_missed(self, first_slot: int, last_slot: int) -> None:
        self.cover(first_slot, last_slot)
        self.missed += last_slot - first_slot + 1

    def add(self, other: "Cell") -> None:
        self.cover(other.first_slot, other.last_slot)
        self.up += other.up
        self.down += other.down
        self.unknown += other.unknown
        self.missed += other.missed
        self.outcomes = merge((self.outcomes, other.outcomes))
        self.histogram = merge((self.histogram, other.histogram))

    def row(self) -> CellRow:
        return (
            self.up,
            self.down,
            self.unknown,
            self.missed,
            self.first_slot,
            self.last_slot,
            pack_counts(self.outcomes),
            pack_counts(self.histogram),
        )


def cell_of(start: int, row: CellRow) -> Cell:
    up, down, unknown, missed, first_slot, last_slot, outcomes, histogram = row
    return Cell(start, first_slot, last_slot, up, down, unknown, missed, unpack_counts(outcomes), unpack_counts(histogram))


class Cells:
    """The writer's view. Call ``at`` for each result, ``save`` before the commit, ``forget`` after a rollback."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open: dict[SeriesKey, Cell] = {}
        self._dirty: set[SeriesKey] = set()
        self._over: dict[tuple[SeriesKey, int], Cell] = {}  # to be folded: closed just now, or late

    def forget(self) -> None:
        self._open.clear()
        self._dirty.clear()
        self._over.clear()

    def at(self, key: SeriesKey, instant: float, slot: int) -> Cell:
        """The cell to count something of that instant in."""
        start = int(instant // FINE_SECONDS) * FINE_SECONDS
        cell = self._open.get(key)
        if cell is None or cell.start != start:
            return self._turn(key, cell or self._load_open(key), start, slot)
        self._dirty.add(key)
        return cell

    def save(self) -> None:
        """Write every cell touched since the last call."""
        rows = [(*key, self._open[key].start, *self._open[key].row()) for key in self._dirty]
        self._connection.executemany(_SAVE_OPEN, rows)
        for (key, _), cell in self._over.items():
            self._fold(key, cell)
        self._dirty.clear()
        self._over.clear()

    def close_before(self, cutoff: int, limit: int) -> int:
        """Fold the open cells that ended before ``cutoff``: of series that stopped. Says how many; at most ``limit``."""
        query = "SELECT check_id, stratum_id, location_id FROM open_cell WHERE start < ? LIMIT ?"
        keys: list[SeriesKey] = self._connection.execute(query, (cutoff - FINE_SECONDS, limit)).fetchall()
        for key in keys:
            cell = self._load_open(key)
            if cell is not None:
                self._fold(key, cell)
            self._open.pop(key, None)
            self._connection.execute("DELETE FROM open_cell WHERE check_id = ? AND stratum_id = ? AND location_id = ?", key)
        return len(keys)

    def _turn(self, key: SeriesKey, current: Cell | None, start: int, slot: int) -> Cell:
        """Another period than the open one's, or none open in memory: look back, or close and begin anew."""
        if current is not None and current.start > start:
            self._open[key] = current
            return self._over.setdefault((key, start), Cell(start, slot, slot))
        if current is not None and current.start < start:
            self._over[key, current.start] = current
            current = None
        cell = self._open[key] = current or Cell(start, slot, slot)
        self._dirty.add(key)
        return cell

    def _fold(self, key: SeriesKey, cell: Cell) -> None:
        check, stratum, location = key
        for seconds in FOLDED_SECONDS:
            start = cell.start // seconds * seconds
            at = (seconds, check, start, stratum, location)
            row = self._connection.execute(_LOAD, at).fetchone()
            total = cell_of(start, row) if row else Cell(start, cell.first_slot, cell.last_slot)
            total.add(cell)
            self._connection.execute(_SAVE, (*at, *total.row()))

    def _load_open(self, key: SeriesKey) -> Cell | None:
        row = self._connection.execute(_LOAD_OPEN, key).fetchone()
        return cell_of(row[0], row[1:]) if row else None
