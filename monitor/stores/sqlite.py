"""The embedded store: one SQLite file, one writer, readers beside it. Standard library only.

Results may lose their last moment to a power cut (synchronous NORMAL); what goes through ``commit`` may not (FULL, so the
write-ahead log is on the disk on return, and with it everything recorded before). Only the writer's connection ever
writes or checkpoints.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from monitor.clock import Clock
from monitor.model.batch import Batch, Restored
from monitor.model.incident import Incident, OutboxRow, OutboxState, TimelineEntry, Window
from monitor.model.learned import Learned
from monitor.model.mirror import Cursor
from monitor.model.result import Missed
from monitor.stores import Past, Retention, Rollup, Slim, StoreError, outbox, prune
from monitor.stores.files import WriterLock, connect_reader, connect_writer, make_private
from monitor.stores.migrate import check, migrate, shipped, version
from monitor.stores.readers import Reader, ReaderPool, restore
from monitor.stores.writer import InlineWriter, ThreadedWriter

T = TypeVar("T")


class SqliteStore:
    """Keeps ``monitor.stores.Store``.

    ``threaded=False`` writes and reads in the caller's thread: for simulated time. ``read_only=True`` looks at a file that
    another process may be writing: it takes no lock, changes nothing, and refuses to write.
    """

    def __init__(self, path: Path, *, clock: Clock, threaded: bool = True, read_only: bool = False) -> None:
        self._path = path
        self._clock = clock
        self._threaded = threaded
        self._read_only = read_only
        self._lock = WriterLock(path)
        self._connection: sqlite3.Connection | None = None
        self._writer: InlineWriter | ThreadedWriter | None = None
        self._readers: ReaderPool | None = None

    def open(self) -> None:
        try:
            if self._read_only:
                self._check_readable()
            else:
                self._open_writer()
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(f"cannot open the store {self._path}: {problem}") from problem
        self._readers = ReaderPool(self._path, threaded=self._threaded)

    def _open_writer(self) -> None:
        make_private(self._path)
        self._lock.take()
        try:
            self._refuse_foreign()
            self._connection = connect_writer(self._path)
            migrate(self._connection, self._path, shipped(), at=self._clock.wall())
        except BaseException:
            if self._connection:
                self._connection.close()
            self._lock.release()
            raise
        self._writer = (ThreadedWriter if self._threaded else InlineWriter)(self._connection)

    def _refuse_foreign(self) -> None:
        """Before the first write: even switching the journal mode would change a file that is not ours to change."""
        if self._path.stat().st_size:
            connection = connect_reader(self._path)
            try:
                check(connection, self._path, shipped())
            finally:
                connection.close()

    def _check_readable(self) -> None:
        if not self._path.exists():
            raise StoreError(f"there is no store at {self._path} yet: start the service once")
        connection = connect_reader(self._path)
        try:
            check(connection, self._path, shipped())
            if version(connection) < shipped()[-1].number:
                raise StoreError(f"{self._path} has an older schema: start the service once to bring it up to date")
        finally:
            connection.close()

    async def close(self) -> None:
        try:
            if self._writer:
                await self._writer.close()
        finally:
            if self._readers:
                self._readers.close()
            if self._connection:
                self._connection.close()
            self._lock.release()
            self._writer = self._readers = self._connection = None

    def restore(self) -> Restored:
        if self._writer:
            self._writer.flush()
        return restore(self._path, self._clock.wall())

    def record(self, batch: Batch) -> bool:
        return self._writing().record(batch)

    async def commit(self, batch: Batch) -> None:
        await self._writing().commit(batch)

    @property
    def pending(self) -> int:
        return self._writer.pending if self._writer else 0

    async def prune(self, at: float, keep: Retention = Retention()) -> int:
        """Delete what is older than it need be kept. Returns the number of rows. Other writes go between the steps."""
        writer, total = self._writing(), 0
        for step in prune.steps(writer.applier.cells, at, keep):
            while (deleted := await writer.ask(_in_transaction(step))) is not None:
                total += deleted
        return total

    async def outbox_due(self, desk: str, at: float, limit: int) -> list[OutboxRow]:
        return await self._ask_writer(lambda connection: outbox.due(connection, desk, at, limit))

    async def outbox_rows(self, *, desk: str | None = None, incident: str | None = None, limit: int = 200) -> list[OutboxRow]:
        return await self._ask_writer(lambda connection: outbox.rows(connection, desk, incident, limit))

    async def outbox_next(self, desk: str) -> float | None:
        return await self._ask_writer(lambda connection: outbox.next_at(connection, desk))

    async def outbox_waiting(self) -> list[tuple[str, OutboxState, int, float]]:
        return await self._ask_writer(outbox.waiting)

    async def cursors(self, desk: str) -> list[Cursor]:
        return await self._ask_writer(lambda connection: outbox.cursors(connection, desk))

    async def incidents(self, *, statuses: Sequence[str] = (), since: float = 0.0, limit: int = 200) -> list[Incident]:
        return await self._read(lambda reader: reader.incidents(statuses, since, limit))

    async def incident(self, incident_id: str) -> Incident | None:
        return await self._read(lambda reader: reader.incident(incident_id))

    async def timeline(self, incident_id: str) -> list[TimelineEntry]:
        return await self._read(lambda reader: reader.timeline(incident_id))

    async def windows(self, *, since: float = 0.0, until: float | None = None) -> list[Window]:
        return await self._read(lambda reader: reader.windows(since, until))

    async def results(
        self, check: str, *, since: float, until: float, location: str | None = None, limit: int = 100_000
    ) -> list[Slim]:
        return await self._read(lambda reader: reader.results(check, since, until, location, limit))

    async def extras(self, check: str, *, since: float, until: float, limit: int = 100_000) -> list[Slim]:
        return await self._read(lambda reader: reader.extras(check, since, until, limit))

    async def past(self, check: str, *, since: float, until: float) -> Past:
        return await self._read(lambda reader: reader.past(check, since, until))

    async def learned(self, check: str) -> list[Learned]:
        return await self._read(lambda reader: reader.learned(check))

    async def missed(self, check: str, *, since: float, until: float) -> list[Missed]:
        return await self._read(lambda reader: reader.missed(check, since, until))

    async def evidence(self, run_id: str) -> dict[str, object] | None:
        return await self._read(lambda reader: reader.evidence(run_id))

    async def rollups(self, checks: Iterable[str], *, seconds: int, since: float, until: float) -> list[Rollup]:
        wanted = tuple(checks)
        return await self._read(lambda reader: reader.rollups(wanted, seconds, since, until))

    async def latest(self, check: str, limit: int = 20) -> list[Slim]:
        return await self._read(lambda reader: reader.latest(check, limit))

    def _writing(self) -> InlineWriter | ThreadedWriter:
        if self._writer is None:
            raise StoreError("the store is open for reading only" if self._read_only else "the store is not open")
        return self._writer

    async def _ask_writer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._read_only:
            return await self._read(lambda reader: question(reader.connection))
        return await self._writing().ask(question)

    async def _read(self, question: Callable[[Reader], T]) -> T:
        if self._readers is None:
            raise StoreError("the store is not open")
        if self._writer:
            self._writer.flush()
        return await self._readers.ask(question)


def _in_transaction(step: prune.Step) -> prune.Step:
    def run(connection: sqlite3.Connection) -> int | None:
        connection.execute("BEGIN IMMEDIATE")
        rows = step(connection)
        connection.execute("COMMIT")
        return rows

    return run
