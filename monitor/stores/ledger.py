"""The ledger's file: one SQLite database of its own, every intent on the disk before it returns, one writer, a chain of hashes.

Answers and ends are committed without waiting for the disk: the next intent takes them along, and what a power cut takes of them is
asked of the gateway again.

SQLite does not notice damage to its log: rows that were committed vanish without an error. The chain notices changed and missing
rows, and the head, in a small file beside, a chain that was cut short. A file that cannot be trusted is never repaired and never
deleted: it is set aside, and what was open is learned from the gateways.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from monitor.ledger.chain import GENESIS, Head, link
from monitor.ledger.entries import Answered, Closed, Row, Swept, UndoAnswered
from monitor.stores import StoreError
from monitor.stores.files import WriterLock, make_private
from monitor.stores.ledger_files import HeadFile, Reserve
from monitor.stores.migrate import statements

#: "payl": tells the ledger from every other SQLite file.
APPLICATION_ID = 0x7061796C
SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).parent / "schema" / "ledger" / "001_ledger.sql"
#: How long a commit waits for somebody else's lock on the file before the step it is about is refused.
BUSY_SECONDS = 2.0
#: After these the kernel may have dropped what we wrote: trying again could succeed and still have lost it.
_FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB")
#: Kinds that only say what is known anyway: the gateway tells it again.
_ASKED_AGAIN = frozenset({Answered.KIND, UndoAnswered.KIND, Closed.KIND, Swept.KIND})
#: Rows deleted in one transaction: short enough for an intent to go between.
PRUNE_ROWS = 5_000

T = TypeVar("T")


class LedgerDamaged(StoreError):  # noqa: N818 - reads as a fact
    """The file is not what was written. ``good_until`` is the instant of the last entry that can be trusted."""

    def __init__(self, reason: str, good_until: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.good_until = good_until


class LedgerFull(StoreError):  # noqa: N818 - reads as a fact
    """The disk is full."""


@dataclass(slots=True)
class Restored:
    """What a start goes on from: entries of transactions that are not closed, and of the ledger itself, in order."""

    rows: list[Row]
    spent: dict[tuple[str, str, int], int]  # by (target, currency, day of UTC): intended and not surely refused


@dataclass(frozen=True, slots=True)
class Verified:
    entries: int
    first: float | None
    last: float | None


class LedgerFile:
    """``threaded=False`` commits in the caller's thread: for simulated time."""

    def __init__(self, path: Path, *, threaded: bool = True) -> None:
        self.path = path
        self._lock = WriterLock(path)
        self._heads = HeadFile(path.with_name(path.name + ".head"))
        self.reserve = Reserve(path.with_name(path.name + ".reserve"))
        self._thread = ThreadPoolExecutor(1, "paycanary-ledger") if threaded else None
        self._connection: sqlite3.Connection | None = None
        self._head = Head(0, GENESIS)
        self._flushing = True
        self.broken = ""

    # Opening

    def open(self) -> Restored:
        """Verify every entry. Raises LedgerDamaged, having changed nothing; StoreError when another process writes it."""
        make_private(self.path)
        self._lock.take()
        try:
            self._connect()
            self._head, _ = self._verify()
            restored = self._restore()
        except sqlite3.DatabaseError as problem:
            self.let_go()
            if _name(problem) in ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL"):
                raise StoreError(f"cannot open the ledger {self.path}: {problem}") from problem
            raise LedgerDamaged(f"{self.path.name} cannot be read: {problem}") from problem
        except BaseException:
            self.let_go()
            raise
        self._heads.open()
        return restored

    def set_aside(self, at: float) -> Path:
        """Keep what there is under another name, as it is, so that ``open`` begins anew. The ledger must not be open."""
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        kept = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        for suffix in ("", "-wal", "-shm", ".head"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                source.rename(kept.with_name(kept.name + suffix))
        return kept

    def _connect(self) -> None:
        if self.path.stat().st_size == 0 and (newest := self._heads.read()) and newest.seq:
            raise LedgerDamaged(f"{self.path.name} is empty, and {newest.seq} entries had been written")
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        self._flushing = True
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            self._create(connection)
        application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        if application != APPLICATION_ID or version > SCHEMA_VERSION:
            raise StoreError(f"{self.path} is not a ledger that this version knows: it is left as it is")

    @staticmethod
    def _create(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(_SCHEMA.read_text("utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO base VALUES (0, ?)", (GENESIS,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _verify(self) -> tuple[Head, Verified]:
        """Walk the chain and compare its end with the head that was noted. Raises LedgerDamaged."""
        base = self._db.execute("SELECT seq, hash FROM base").fetchone()
        if base is None:
            raise LedgerDamaged("the beginning of the chain is missing")
        head, noted, count, first, last = Head(*base), self._heads.read(), 0, None, None
        passed = noted is None or noted.seq <= head.seq  # a head from before the oldest entry kept says nothing more
        for seq, *fields, found in self._db.execute("SELECT seq, at, tx, kind, target, body, hash FROM entry ORDER BY seq"):
            row = Row(*fields)
            if seq != head.seq + 1 or link(head.hash, seq, row) != found:
                raise LedgerDamaged(f"entry {head.seq + 1} is missing or was changed", last)
            head, count, last = Head(seq, found), count + 1, row.at
            first = row.at if first is None else first
            if noted is not None and seq == noted.seq:
                passed = found == noted.hash
        if not passed and noted is not None:
            raise LedgerDamaged(f"the chain ends with entry {head.seq}, and entry {noted.seq} had been written", last)
        return head, Verified(count, first, last)

    def _restore(self) -> Restored:
        rows = self._db.execute(
            "SELECT at, tx, kind, target, body FROM entry WHERE kind IN ('damaged', 'swept') OR tx NOT IN"
            " (SELECT tx FROM entry WHERE kind = 'closed') ORDER BY seq"
        )
        spent = self._db.execute(
            "SELECT target, json_extract(body, '$.currency'), CAST(at / 86400 AS INTEGER),"
            " sum(coalesce(json_extract(body, '$.minor'), -json_extract(body, '$.released_minor')))"
            " FROM entry WHERE kind IN ('intended', 'answered') GROUP BY 1, 2, 3"
        )
        sums = {(target, currency, day): max(0, minor) for target, currency, day, minor in spent if currency}
        return Restored([Row(*row) for row in rows], sums)

    async def close(self) -> None:
        if self._connection is not None:
            await self._run(self.let_go)
        if self._thread is not None:
            self._thread.shutdown()

    def let_go(self) -> None:
        """Close without ceremony; ``open`` may follow."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._heads.close()
        self._lock.release()

    # Writing

    async def append(self, rows: Sequence[Row], *, takes_money: bool) -> None:
        """Committed on return, intents on the disk. What takes no money may use the reserve. Raises StoreError: nothing was written."""
        await self._run(lambda: self._append(rows, takes_money=takes_money))

    def append_now(self, rows: Sequence[Row]) -> None:
        """``append`` for what takes no money, before there is a loop."""
        self._append(rows, takes_money=False)

    def _append(self, rows: Sequence[Row], *, takes_money: bool) -> None:
        if self.broken:
            raise StoreError(self.broken)
        try:
            self._commit(rows)
        except sqlite3.Error as problem:
            if _name(problem) != "SQLITE_FULL":
                raise self._refusal(problem) from problem
            if takes_money or not self.reserve.release():
                raise LedgerFull("the disk is full") from problem
            self._append(rows, takes_money=True)

    def _commit(self, rows: Sequence[Row]) -> None:
        """Raises sqlite3.Error, the transaction undone."""
        head, flushed = self._head, any(row.kind not in _ASKED_AGAIN for row in rows)
        try:
            self._flush_commits(flushed)
            self._db.execute("BEGIN IMMEDIATE")
            for row in rows:
                head = Head(head.seq + 1, link(head.hash, head.seq + 1, row))
                self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", (head.seq, *row, head.hash))
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.rollback()
            raise
        self._head = head
        if flushed:  # A head that the disk had before the entry it tells of would look like damage after a power cut.
            self._heads.write(head)

    def _flush_commits(self, wanted: bool) -> None:
        if wanted is not self._flushing:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._flushing = wanted

    def _refusal(self, problem: sqlite3.Error) -> StoreError:
        if _name(problem).startswith(_FATAL):
            self.broken = f"the ledger's file can no longer be trusted ({problem}): look at the disk, then restart"
            return StoreError(self.broken)
        return StoreError(f"the ledger could not be written: {problem}")

    async def prune(self, before: float) -> int:
        """Let go of the oldest entries, up to the first that is newer than ``before`` or of a transaction not closed. Returns how many."""
        total = 0
        while deleted := await self._run(lambda: self._prune(before)):
            total += deleted
        return total

    def _prune(self, before: float) -> int:
        bound = self._db.execute(
            "SELECT min(seq) FROM entry WHERE at >= ? OR kind = 'damaged' OR (kind <> 'swept' AND tx NOT IN"
            " (SELECT tx FROM entry WHERE kind = 'closed'))",
            (before,),
        ).fetchone()[0]
        last = (
            self._db.execute(
                "SELECT seq, hash FROM entry WHERE seq < ? ORDER BY seq LIMIT 1 OFFSET ?",
                (self._head.seq if bound is None else bound, PRUNE_ROWS - 1),
            ).fetchone()
            or self._db.execute(
                "SELECT seq, hash FROM entry WHERE seq < ? ORDER BY seq DESC LIMIT 1",
                (self._head.seq if bound is None else bound,),
            ).fetchone()
        )
        if last is None:
            return 0
        self._db.execute("BEGIN IMMEDIATE")
        try:
            deleted = self._db.execute("DELETE FROM entry WHERE seq <= ?", (last[0],)).rowcount
            self._db.execute("UPDATE base SET seq = ?, hash = ?", last)
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            self._db.rollback()
            raise self._refusal(problem) from problem
        return deleted

    # Reading

    async def verify(self) -> Verified:
        """Walk the chain again. Raises LedgerDamaged."""
        return (await self._run(self._verify))[1]

    async def rows(self, limit: int) -> list[Row]:
        """The newest entries, newest first."""
        return await self._run(lambda: list(self._newest(limit)))

    def _newest(self, limit: int) -> Iterator[Row]:
        found = self._db.execute("SELECT at, tx, kind, target, body FROM entry ORDER BY seq DESC LIMIT ?", (limit,))
        return (Row(*row) for row in found)

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("the ledger is not open")
        return self._connection

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _name(problem: sqlite3.Error) -> str:
    return str(getattr(problem, "sqlite_errorname", "") or "")
