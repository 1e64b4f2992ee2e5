"""The books and their file as one: what is decided in memory is on the disk before anybody acts on it."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

import structlog

from monitor.clock import Clock
from monitor.ledger.books import Books, RefusalError
from monitor.ledger.entries import Closed, Damaged, Entry, Intended, Proof, UndoIntended, from_row, to_row
from monitor.ledger.machine import ImpossibleError, RunEnded, Transaction
from monitor.model.check import Caps
from monitor.stores import StoreError
from monitor.stores.ledger import LedgerDamaged, LedgerFile

log = structlog.get_logger("paycanary.ledger")

#: A step waits this long for its intent to be written, and is then refused: a canary that sings late sings wrong.
INTENT_SECONDS = 3.0


class Keeper:
    """``books`` are for reading; every change goes through here, one at a time."""

    def __init__(self, file: LedgerFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = (clock.wall(), clock.monotonic())
        self.books = Books()
        self.damage = ""  # what was wrong with the file that this start found
        self.trouble = ""  # why nothing can be written now

    def now(self) -> float:
        """UTC seconds, by the steady clock since the start: no step of the wall clock ends a waiting time early."""
        wall, monotonic = self._began
        return wall + self._clock.monotonic() - monotonic

    def open(self, targets: Iterable[str]) -> None:
        """Go on from the file. One that cannot be trusted is set aside, and ``targets`` are to be swept. Raises StoreError."""
        at = self.now()
        try:
            restored = self._file.open()
            self.books = Books.restored((from_row(row) for row in restored.rows), restored.spent, at)
        except (LedgerDamaged, ImpossibleError, ValueError, KeyError, TypeError) as problem:
            self._begin_anew(problem, tuple(targets), at)

    def _begin_anew(self, problem: Exception, targets: tuple[str, ...], at: float) -> None:
        self._file.let_go()
        kept = self._file.set_aside(at)
        self.damage = f"{problem}; kept as {kept.name}"
        log.error("ledger_damaged", reason=str(problem), kept=str(kept))
        self._file.open()
        self.books = Books()
        entry = Damaged(f"damage-{int(at)}", at, self.damage, targets)
        self._file.append_now([to_row(entry)])
        self.books.apply(entry)

    # Writing

    async def intend(self, intent: Intended, caps: Caps) -> None:
        """Returns when the intent is on the disk. Raises RefusalError, StoreError; then it is not in the books either."""
        await self._whole(self._intend(intent, caps))

    async def _intend(self, intent: Intended, caps: Caps) -> None:
        await self._turn()
        try:
            if not self._reserved():
                raise RefusalError("the disk is nearly full: what room there is is kept for giving money back", paused=False)
            self.books.admit(intent, caps)
            self.books.apply(intent)
            try:
                await self._append(intent, takes_money=True)
            except StoreError:
                self.books.take_out(intent)
                raise
        finally:
            self._lock.release()

    async def write(self, entry: Entry) -> None:
        """Everything but an intent to take money. Raises StoreError, ImpossibleError; then the books are as they were."""
        await self._whole(self._write(entry))

    async def _write(self, entry: Entry) -> None:
        await self._turn()
        try:
            before = self.books.open.get(entry.tx)
            self.books.apply(entry)
            try:
                await self._append(entry, takes_money=False)
            except StoreError:
                self._put_back(entry, before)
                raise
        finally:
            self._lock.release()

    def _put_back(self, entry: Entry, before: Transaction | None) -> None:
        """Answers and ends that could not be written are asked for again; a payment given back twice would be refused there."""
        if before is not None:
            self.books.open[entry.tx] = before
        else:
            self.books.open.pop(entry.tx, None)

    async def _append(self, entry: Entry, *, takes_money: bool) -> None:
        try:
            await self._file.append([to_row(entry)], takes_money=takes_money)
        except StoreError as error:
            if not self.trouble:
                log.error("ledger_not_written", kind=entry.KIND, error=str(error))
            self.trouble = str(error)
            raise
        self.trouble = ""

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(INTENT_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            raise StoreError("the ledger's file has not answered") from None

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        """To its end, even when whoever waits is cancelled: the books and the file must not part."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    def ended(self, tx: str) -> None:
        """Its run is over. Not written down: a start ends every run."""
        if tx in self.books.open:
            self.books.apply(RunEnded(tx, self.now()))

    async def close_tx(self, tx: Transaction, proof: Proof, *, by: str = "", reason: str = "") -> None:
        await self.write(Closed(tx.id, self.now(), tx.target, proof, by, reason))

    def next_undo(
        self, tx: Transaction, *, name: str, key: str, line: str, undoes: str = "", by_ledger: bool = False
    ) -> UndoIntended:
        return UndoIntended(tx.id, self.now(), tx.target, len(tx.attempts), name, key, line, undoes=undoes, by_ledger=by_ledger)

    # Housekeeping

    def _reserved(self) -> bool:
        """Is room held back for what gives money back? It is taken hold of again as soon as there is enough."""
        try:
            return self._file.reserve.fill()
        except OSError as error:
            log.warning("reserve_not_filled", error=error.strerror)
            return False

    async def prune(self, before: float) -> int:
        return await self._file.prune(before)

    @property
    def file(self) -> LedgerFile:
        return self._file

    async def close(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._file.close()
