"""What is read back: each function takes a read-only connection's ``Reader``; a small pool of threads has one each."""

import asyncio
import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from monitor.model.batch import Restored
from monitor.model.incident import Incident, TimelineEntry, Window
from monitor.model.learned import Learned
from monitor.model.result import Missed, MissReason
from monitor.stores import Past, Rollup, Slim, StoreError, history
from monitor.stores.buckets import merge
from monitor.stores.cells import CELL_COLUMNS, HOUR_SECONDS, Cell, cell_of
from monitor.stores.files import connect_reader
from monitor.stores.rows import (
    ALERT,
    EXTRA_COLUMNS,
    INCIDENT,
    OUTCOMES,
    RESULT_COLUMNS,
    TIMELINE_ENTRY,
    WINDOW,
    unpack_extra,
    unpack_result,
)
from monitor.stores.words import Vocabulary

#: Two readers keep the pages and the API answering while one of them works on a report.
READERS = 2
#: Resolved incidents that a start takes along: no reopening window is longer than a day.
RESTORE_RESOLVED_SECONDS = 86_400.0
#: More evidence than this in one run is not ours: a guard against a file that was tampered with.
EVIDENCE_MAX_BYTES = 8 << 20

_RESULTS = f"SELECT {RESULT_COLUMNS} FROM result WHERE check_id = ? AND location_id = ? AND slot BETWEEN ? AND ? AND due >= ? AND due < ?"  # noqa: S608
_EXTRAS = f"SELECT {EXTRA_COLUMNS} FROM extra WHERE check_id = ? AND due >= ? AND due < ? ORDER BY due, id LIMIT ?"  # noqa: S608
_PERIODS = f"""
SELECT start, stratum_id, location_id, {CELL_COLUMNS} FROM rollup WHERE seconds = ?1 AND check_id = ?2 AND start >= ?3 AND start < ?4
UNION ALL
SELECT start / ?1 * ?1 AS start, stratum_id, location_id, {CELL_COLUMNS} FROM open_cell
WHERE check_id = ?2 AND start / ?1 * ?1 >= ?3 AND start < ?4"""  # noqa: S608
_HOURS = """
SELECT start, sum(ran) FROM (
    SELECT start, up + down + unknown AS ran FROM rollup WHERE seconds = ?1 AND check_id = ?2
    UNION ALL SELECT start / ?1 * ?1, up + down + unknown FROM open_cell WHERE check_id = ?2
) GROUP BY start ORDER BY start DESC LIMIT ?3"""

T = TypeVar("T")


class Reader:
    """One connection that reads, and the dictionary it has learnt."""

    def __init__(self, database: Path) -> None:
        self.connection = connect_reader(database)
        self._words = Vocabulary(self.connection)

    def close(self) -> None:
        self.connection.close()

    def restore(self, at: float) -> Restored:
        ask = self.connection.execute
        incidents = ask(
            "SELECT body FROM incident WHERE status <> 'resolved' UNION ALL SELECT body FROM incident WHERE resolved >= ? AND status = 'resolved'",
            (at - RESTORE_RESOLVED_SECONDS,),
        )
        return Restored(
            rule_states=dict(ask("SELECT key, value FROM rule_state")),
            alerts=[ALERT.validate_json(body) for (body,) in ask("SELECT body FROM alert")],
            incidents=sorted((INCIDENT.validate_json(body) for (body,) in incidents), key=lambda one: (one.opened, one.id)),
            windows=self.windows(at, None),
            learned=history.newest(self.connection, self._words.text),
            last_slots=self._last_slots(),
        )

    def _last_slots(self) -> dict[tuple[str, str], tuple[int, float | None]]:
        """Run or missed: a slot that was accounted for is not accounted for again."""
        query = """
        SELECT check_id, location_id,
            (SELECT max(slot) FROM result WHERE (result.check_id, result.location_id) = (series.check_id, series.location_id)) AS ran,
            (SELECT due FROM result WHERE (result.check_id, result.location_id) = (series.check_id, series.location_id)
             ORDER BY slot DESC LIMIT 1),
            (SELECT last_slot FROM missed WHERE (missed.check_id, missed.location_id) = (series.check_id, series.location_id)
             ORDER BY first_slot DESC LIMIT 1),
            (SELECT at FROM missed WHERE (missed.check_id, missed.location_id) = (series.check_id, series.location_id)
             ORDER BY first_slot DESC LIMIT 1)
        FROM series"""
        highest: dict[tuple[str, str], tuple[int, float | None]] = {}
        for check, location, ran, due, missed, noted in self.connection.execute(query):
            known = [(slot, at) for slot, at in ((ran, due), (missed, noted)) if slot is not None]
            if known:
                highest[self._words.text(check), self._words.text(location)] = max(known)
        return highest

    def incidents(self, statuses: Sequence[str], since: float, limit: int) -> list[Incident]:
        """Changed since then, newest first."""
        where = f"AND status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        query = f"SELECT body FROM incident WHERE changed >= ? {where} ORDER BY opened DESC, id DESC LIMIT ?"  # noqa: S608 - only question marks
        return [INCIDENT.validate_json(body) for (body,) in self.connection.execute(query, (since, *statuses, limit))]

    def incident(self, incident_id: str) -> Incident | None:
        row = self.connection.execute("SELECT body FROM incident WHERE id = ?", (incident_id,)).fetchone()
        return INCIDENT.validate_json(row[0]) if row else None

    def timeline(self, incident_id: str) -> list[TimelineEntry]:
        rows = self.connection.execute("SELECT body FROM timeline WHERE incident = ? ORDER BY id", (incident_id,))
        return [TIMELINE_ENTRY.validate_json(body) for (body,) in rows]

    def windows(self, since: float, until: float | None) -> list[Window]:
        """Those that overlap [since, until), by their start."""
        query = "SELECT body FROM window WHERE ends > ? AND (? IS NULL OR starts < ?) ORDER BY starts, id"
        return [WINDOW.validate_json(body) for (body,) in self.connection.execute(query, (since, until, until))]

    def results(self, check: str, since: float, until: float, location: str | None, limit: int) -> list[Slim]:
        """Due in [since, until), oldest first."""
        number = self._words.number(check)
        found: list[Slim] = []
        for place, (first, last) in self._slots(number, since, until).items():
            if number is None or location not in {None, self._words.text(place)}:
                continue
            rows = self.connection.execute(f"{_RESULTS} ORDER BY due LIMIT ?", (number, place, first, last, since, until, limit))
            found += (unpack_result(row, self._words.text) for row in rows)
        found.sort(key=lambda one: (one.due, one.location))
        return found[:limit]

    def extras(self, check: str, since: float, until: float, limit: int) -> list[Slim]:
        """Runs beside the grid, due in [since, until), oldest first."""
        rows = self.connection.execute(_EXTRAS, (self._words.number(check), since, until, limit))
        return [unpack_extra(row, self._words.text) for row in rows]

    def _slots(self, check: int | None, since: float, until: float) -> dict[int, tuple[int, int]]:
        """Which slots to look among, by location: the roll-ups know, so the results need no index by time."""
        first_hour = int(since // HOUR_SECONDS) * HOUR_SECONDS
        ranges: dict[int, tuple[int, int]] = {}
        for _, place, cell in self._cells(check, HOUR_SECONDS, first_hour, until):
            low, high = ranges.get(place, (cell.first_slot, cell.last_slot))
            ranges[place] = min(low, cell.first_slot), max(high, cell.last_slot)
        return ranges

    def past(self, check: str, since: float, until: float) -> Past:
        """Runs on the grid due in [since, until) that measured something."""
        number = self._words.number(check)
        if number is None:
            return Past()
        return history.past(self.connection, self._words.text, number, self._slots(number, since, until), since, until)

    def learned(self, check: str) -> list[Learned]:
        return history.versions(self.connection, self._words.text, self._words.number(check))

    def latest(self, check: str, limit: int) -> list[Slim]:
        """Newest first."""
        hours = self.connection.execute(_HOURS, (HOUR_SECONDS, self._words.number(check), limit))
        since, seen = float("inf"), 0
        for start, ran in hours:
            since, seen = start, seen + ran
            if seen >= limit:
                break
        return self.results(check, since, float("inf"), None, max(limit, seen))[::-1][:limit] if seen else []

    def missed(self, check: str, since: float, until: float) -> list[Missed]:
        """Noted in [since, until)."""
        query = "SELECT location_id, first_slot, last_slot, reason, at FROM missed WHERE check_id = ? AND at >= ? AND at < ? ORDER BY at, first_slot"
        rows = self.connection.execute(query, (self._words.number(check), since, until))
        return [Missed(check, self._words.text(place), first, last, MissReason(why), at) for place, first, last, why, at in rows]

    def evidence(self, run_id: str) -> dict[str, object] | None:
        row = self.connection.execute("SELECT body FROM evidence WHERE run_id = ?", (run_id,)).fetchone()
        if row is None:
            return None
        found: dict[str, object] = json.loads(zlib.decompressobj().decompress(row[0], EVIDENCE_MAX_BYTES))
        return found

    def rollups(self, checks: Iterable[str], seconds: int, since: float, until: float) -> list[Rollup]:
        """Periods that start in [since, until), by check, start, stratum, location."""
        found: list[Rollup] = []
        for check in checks:
            cells: dict[tuple[int, int, int], Cell] = {}
            for stratum, place, cell in self._cells(self._words.number(check), seconds, since, until):
                key = cell.start, stratum, place
                if key in cells:
                    cells[key].add(cell)
                else:
                    cells[key] = cell
            found += (self._rollup(check, seconds, stratum, place, cell) for (_, stratum, place), cell in cells.items())
        return sorted(found, key=lambda one: (one.check, one.start, one.stratum, one.location))

    def _cells(self, check: int | None, seconds: int, since: float, until: float) -> Iterable[tuple[int, int, Cell]]:
        """Stratum, location, cell; the open ones beside those they will be folded into."""
        for start, stratum, place, *row in self.connection.execute(_PERIODS, (seconds, check, since, until)):
            yield stratum, place, cell_of(start, tuple(row))

    def _rollup(self, check: str, seconds: int, stratum: int, place: int, cell: Cell) -> Rollup:
        return Rollup(
            check=check,
            stratum=self._words.text(stratum),
            location=self._words.text(place),
            start=cell.start,
            seconds=seconds,
            up=cell.up,
            down=cell.down,
            unknown=cell.unknown,
            missed=cell.missed,
            outcomes={OUTCOMES[code].value: count for code, count in cell.outcomes.items()},
            histogram=merge((cell.histogram,)),
        )


class ReaderPool:
    """Reads off the loop, or inline for simulated time."""

    def __init__(self, database: Path, *, threaded: bool) -> None:
        self._database = database
        self._readers: list[Reader] = []
        self._mine = threading.local()
        self._pool = ThreadPoolExecutor(READERS, "paycanary-reader", initializer=self._open) if threaded else None
        if not threaded:
            self._open()

    async def ask(self, question: Callable[[Reader], T]) -> T:
        if self._pool is None:
            return self._answer(question)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, question)

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True)
        for reader in self._readers:
            reader.close()

    def _open(self) -> None:
        self._mine.reader = Reader(self._database)
        self._readers.append(self._mine.reader)

    def _answer(self, question: Callable[[Reader], T]) -> T:
        try:
            return question(self._mine.reader)
        except sqlite3.Error as problem:
            raise StoreError(f"the store could not be read: {problem}") from problem


def restore(database: Path, at: float) -> Restored:
    with closing(Reader(database)) as reader:
        return reader.restore(at)
