"""Batches to SQL: one transaction for a whole group of them, all or nothing."""

import sqlite3
from collections.abc import Iterable, Sequence

from monitor.model.alert import Alert, AlertState
from monitor.model.batch import Batch
from monitor.model.incident import Incident, OutboxRow, TimelineEntry, Window
from monitor.model.learned import Learned
from monitor.model.mirror import Cursor
from monitor.model.outcome import Standing
from monitor.model.result import Missed, Result
from monitor.stores import outbox
from monitor.stores.cells import Cells
from monitor.stores.rows import (
    ALERT,
    CURSOR,
    EXTRA_COLUMNS,
    INCIDENT,
    OUTBOX_ROW,
    RESULT_COLUMNS,
    TEXT,
    TIMELINE_ENTRY,
    WINDOW,
    ResultRow,
    pack_extra,
    pack_result,
)
from monitor.stores.words import Words

_ADD_RESULT = f"INSERT INTO result ({RESULT_COLUMNS}) VALUES (?{', ?' * RESULT_COLUMNS.count(',')}) ON CONFLICT DO NOTHING"  # noqa: S608
_ADD_EXTRA = f"INSERT INTO extra ({EXTRA_COLUMNS}) VALUES (?{', ?' * EXTRA_COLUMNS.count(',')}) ON CONFLICT DO NOTHING"  # noqa: S608
_ADD_OUTBOX = """
INSERT INTO outbox (id, desk, incident, state, created, next_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, next_at = excluded.next_at, body = excluded.body
"""


#: Versions of what is normal kept for each series: a week of daily fits, to look back at.
LEARNED_KEPT = 8
_FORGET_LEARNED = "DELETE FROM learned WHERE check_id = ? AND stratum_id = ? AND version <= ?"


def gather(batches: Iterable[Batch]) -> Batch:
    """One batch that says what they say in this order."""
    whole = Batch()
    for batch in batches:
        whole.results += batch.results
        whole.missed += batch.missed
        whole.rule_states.update(batch.rule_states)
        whole.alerts += batch.alerts
        whole.incidents += batch.incidents
        whole.timeline += batch.timeline
        whole.outbox += batch.outbox
        whole.windows += batch.windows
        whole.learned += batch.learned
        whole.cursors += batch.cursors
        whole.durable |= batch.durable
    return whole


class Applier:
    """Owns what is remembered between transactions; after a rollback it remembers nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._words = Words(connection)
        self.cells = Cells(connection)
        self._newest: dict[tuple[int, int], int] = {}  # (check, location) -> highest slot stored

    def apply(self, batches: Iterable[Batch], *, durable: bool) -> None:
        """Commit them together. ``durable``: on the disk on return, with everything before. Raises sqlite3.Error: nothing was kept."""
        connection = self._connection
        batch = gather(batches)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(batch)
            connection.execute("COMMIT")
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Roll back, in the file and in memory."""
        if self._connection.in_transaction:
            self._connection.rollback()
        self._words.clear()
        self._newest.clear()
        self.cells.forget()

    def _write(self, batch: Batch) -> None:
        self._write_results(batch.results)
        self._write_missed(batch.missed)
        self.cells.save()
        self._write_rule_states(batch.rule_states)
        self._write_alerts(batch.alerts)
        self._write_incidents(batch.incidents)
        self._write_timeline(batch.timeline)
        self._write_outbox(batch.outbox)
        self._write_windows(batch.windows)
        self._write_learned(batch.learned)
        self._write_cursors(batch.cursors)

    def _write_results(self, results: Sequence[Result]) -> None:
        fresh: list[ResultRow] = []
        extras = [pack_extra(result, self._words) for result in results if result.extra]
        self._connection.executemany(_ADD_EXTRA, extras)
        for result in results:
            if result.extra:
                continue
            row = pack_result(result, self._words)
            if self._is_newest(row):
                fresh.append(row)
            elif not self._add_old(row, fresh):
                continue  # that slot is already stored: a repetition changes nothing
            self._count(result, row)
        self._connection.executemany(_ADD_RESULT, fresh)
        evidence = [(result.run_id, result.due, result.evidence) for result in results if result.evidence]
        self._connection.executemany("INSERT INTO evidence (run_id, at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", evidence)

    def _add_old(self, row: ResultRow, waiting: list[ResultRow]) -> bool:
        """Write what waits first: the row may repeat one of those. False when the slot is already stored."""
        self._connection.executemany(_ADD_RESULT, waiting)
        waiting.clear()
        return self._connection.execute(_ADD_RESULT, row).rowcount == 1

    def _is_newest(self, row: ResultRow) -> bool:
        """A slot above all others of its series cannot be stored already: no need to ask the table."""
        series, slot = (row[0], row[1]), row[2]
        newest = self._newest.get(series)
        if newest is None:
            newest = self._open_series(series)
        if slot <= newest:
            return False
        self._newest[series] = slot
        return True

    def _open_series(self, series: tuple[int, int]) -> int:
        self._connection.execute("INSERT INTO series VALUES (?, ?) ON CONFLICT DO NOTHING", series)
        highest = self._connection.execute(
            "SELECT max(slot) FROM result WHERE check_id = ? AND location_id = ?", series
        ).fetchone()[0]
        self._newest[series] = -1 if highest is None else highest
        return self._newest[series]

    def _count(self, result: Result, row: ResultRow) -> None:
        standing = result.standing
        latency = result.duration_seconds if result.good and not result.suspect else None
        self.cells.at((row[0], row[4], row[1]), result.due, result.slot).count(
            result.slot, up=standing is Standing.UP, down=standing is Standing.DOWN, outcome=row[9], latency_seconds=latency
        )

    def _write_missed(self, runs: Iterable[Missed]) -> None:
        insert = "INSERT INTO missed VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        for run in runs:
            series = check, location = self._words[run.check], self._words[run.location]
            if series not in self._newest:
                self._open_series(series)
            row = (*series, run.first_slot, run.last_slot, run.reason, run.at)
            if self._connection.execute(insert, row).rowcount:
                key = (check, self._words[""], location)
                self.cells.at(key, run.at, run.first_slot).count_missed(run.first_slot, run.last_slot)

    def _write_rule_states(self, states: dict[str, str]) -> None:
        kept = [(key, value) for key, value in states.items() if value]
        self._connection.executemany("INSERT OR REPLACE INTO rule_state VALUES (?, ?)", kept)
        self._connection.executemany(
            "DELETE FROM rule_state WHERE key = ?", [(key,) for key, value in states.items() if not value]
        )

    def _write_alerts(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if alert.state is AlertState.RESOLVED:
                self._connection.execute("DELETE FROM alert WHERE id = ?", (alert.id,))
            else:
                self._connection.execute(
                    "INSERT OR REPLACE INTO alert VALUES (?, ?)", (alert.id, ALERT.dump_json(alert).decode())
                )

    def _write_incidents(self, incidents: Iterable[Incident]) -> None:
        rows = [
            (one.id, one.status, one.target, one.opened, one.changed, one.resolved, INCIDENT.dump_json(one).decode())
            for one in incidents
        ]
        self._connection.executemany("INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _write_timeline(self, entries: Iterable[TimelineEntry]) -> None:
        rows = [(entry.incident, TIMELINE_ENTRY.dump_json(entry).decode()) for entry in entries]
        self._connection.executemany("INSERT INTO timeline (incident, body) VALUES (?, ?)", rows)

    def _write_outbox(self, rows: Sequence[OutboxRow]) -> None:
        self._connection.executemany(
            _ADD_OUTBOX,
            [
                (row.id, row.desk, row.ticket.incident, row.state, row.created, row.next_at, OUTBOX_ROW.dump_json(row).decode())
                for row in rows
            ],
        )
        outbox.take_turns(self._connection, rows)

    def _write_windows(self, windows: Iterable[Window]) -> None:
        rows = [
            (one.id, one.starts, one.ends if one.ended is None else min(one.ends, one.ended), WINDOW.dump_json(one).decode())
            for one in windows
        ]
        self._connection.executemany("INSERT OR REPLACE INTO window VALUES (?, ?, ?, ?)", rows)

    def _write_learned(self, versions: Iterable[Learned]) -> None:
        for one in versions:
            series = self._words[one.check], self._words[one.stratum]
            row = (*series, one.version, one.at, one.force, TEXT.dump_json(one.note).decode(), one.body)
            self._connection.execute("INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._connection.execute(_FORGET_LEARNED, (*series, one.version - LEARNED_KEPT))

    def _write_cursors(self, cursors: Iterable[Cursor]) -> None:
        rows = [(one.desk, one.remote_id, one.incident, CURSOR.dump_json(one).decode()) for one in cursors]
        self._connection.executemany("INSERT OR REPLACE INTO mirror VALUES (?, ?, ?, ?)", rows)
