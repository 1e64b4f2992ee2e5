"""The one writer: what is queued is committed in groups and in order; what must be durable takes the queue before it along.

A full disk or a locked file is waited out: recorded batches stay queued, committed ones are refused to their caller, and
nothing that was acknowledged is touched. A failed fsync is never tried again as if it could succeed: the kernel may have
dropped the pages, so from then on everything is refused until a restart.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from monitor.model.batch import Batch
from monitor.stores import StoreError
from monitor.stores.apply import Applier

#: A result is in the file this long after it was recorded, at most; so much a power cut may take.
GROUP_SECONDS = 0.2
#: ... or as soon as this many rows wait.
GROUP_ROWS = 500
#: The queue's bound: 40 s of 1,000 results a second on a disk that does not answer, some 100 MB. An empty queue takes any one
#: batch, or one that grew beyond the bound elsewhere would never be taken.
QUEUE_ROWS = 40_000
#: How soon recorded batches are tried again after the file refused them.
RETRY_SECONDS = 0.5
#: Errors of the surroundings: nothing is wrong with the batch, so it is worth keeping.
_TRANSIENT = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_NOMEM", "SQLITE_READONLY")
#: After these the file's state is unknown to us.
_FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB")

_log = structlog.get_logger("paycanary.store")
T = TypeVar("T")
Query = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True)
class Job:
    """A batch to write or a question to the writer's connection. ``done`` hears (value, error); recorded batches have none."""

    batch: Batch | None = None
    query: Query | None = None
    done: Callable[[Any, Exception | None], None] | None = None
    rows: int = 0


def write(batch: Batch) -> Job:
    state = len(batch.rule_states) + len(batch.alerts) + len(batch.incidents) + len(batch.timeline)
    beside = len(batch.outbox) + len(batch.windows) + len(batch.learned) + len(batch.cursors)
    rows = len(batch.results) + len(batch.missed) + state + beside
    return Job(batch, rows=max(1, rows))


class GroupCommitter:
    """Writes a list of jobs and says which must wait. Knows nothing of threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.applier = Applier(connection)
        self._broken = ""
        self._settled: list[tuple[Job, Any, Exception | None]] = []

    def run(self, jobs: list[Job]) -> list[Job]:
        """Write all batches in one transaction, then answer the questions. Returns the recorded batches that have to wait."""
        waiting = self._write([job for job in jobs if job.batch is not None])
        for job in jobs:
            if job.query is not None:
                self._answer(job, job.query)
        return waiting

    def tell(self) -> None:
        """Let those who wait know; once the books are right, so that nobody hears of it before."""
        settled, self._settled = self._settled, []
        for job, value, problem in settled:
            if job.done:
                job.done(value, problem)

    def _write(self, jobs: list[Job]) -> list[Job]:
        if not jobs:
            return []
        problem = self._try(jobs)
        if problem is None:
            return []
        if _is(problem, _TRANSIENT) or self._broken:
            return self._put_off(jobs, problem)
        if len(jobs) == 1:
            self._refuse(jobs[0], problem)
            return []
        waiting: list[Job] = []  # One of them is bad: written one by one, only that one is refused.
        for position, job in enumerate(jobs):
            waiting = self._write([job])
            if waiting:
                return waiting + self._put_off(jobs[position + 1 :], problem)
        return waiting

    def _try(self, jobs: list[Job]) -> Exception | None:
        if self._broken:
            return StoreError(self._broken)
        try:
            self.applier.apply((job.batch for job in jobs if job.batch), durable=any(job.done for job in jobs))
        except Exception as problem:  # noqa: BLE001 - sorted by _write; a bug in one batch must not end the writer
            if _is(problem, _FATAL):
                self._broken = f"the store's file can no longer be trusted ({problem}): restart after looking at the disk"
            return problem
        self._settled += ((job, None, None) for job in jobs)
        return None

    def _put_off(self, jobs: list[Job], problem: Exception) -> list[Job]:
        refusal = StoreError(f"the store could not write: {problem}")
        self._settled += ((job, None, refusal) for job in jobs if job.done)
        return [job for job in jobs if not job.done]

    def _refuse(self, job: Job, problem: Exception) -> None:
        # SQLite's words name tables and columns; other errors may quote what was to be written.
        reason = str(problem) if isinstance(problem, sqlite3.Error) else type(problem).__name__
        self._settled.append((job, None, StoreError(f"the store could not write this batch: {reason}")))
        if not job.done:
            _log.error("store_batch_refused", rows=job.rows, error=type(problem).__name__)

    def _answer(self, job: Job, query: Query) -> None:
        value, problem = None, None
        try:
            value = query(self.connection)
        except Exception as raised:  # noqa: BLE001 - goes to whoever asked
            self.applier.undo()
            problem = StoreError(f"the store could not answer: {raised}")
        self._settled.append((job, value, problem))


def _is(problem: Exception, names: tuple[str, ...]) -> bool:
    name = getattr(problem, "sqlite_errorname", "") or ""
    return name.startswith(names)


class InlineWriter:
    """For simulated time: the caller's own thread writes; groups are full ones, or end at the next commit or question."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._committer = GroupCommitter(connection)
        self._queue: list[Job] = []
        self.pending = 0

    @property
    def applier(self) -> Applier:
        return self._committer.applier

    def record(self, batch: Batch) -> bool:
        job = write(batch)
        if self.pending and self.pending + job.rows > QUEUE_ROWS:
            return False
        self._queue.append(job)
        self.pending += job.rows
        if self.pending >= GROUP_ROWS:
            self.flush()
        return True

    def flush(self) -> None:
        self._run(self._queue)

    async def commit(self, batch: Batch) -> None:
        self._finish(write(batch))

    async def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        answer: T = self._finish(Job(query=query))
        return answer

    async def close(self) -> None:
        self.flush()
        if self._queue:
            raise StoreError(f"{self.pending} rows could not be written before closing")

    def _finish(self, job: Job) -> Any:
        outcome: list[tuple[Any, Exception | None]] = []
        job.done = lambda value, problem: outcome.append((value, problem))
        self._run([*self._queue, job])
        value, problem = outcome[0]
        if problem:
            raise problem
        return value

    def _run(self, jobs: list[Job]) -> None:
        self._queue = self._committer.run(jobs)
        self.pending = sum(job.rows for job in self._queue)
        self._committer.tell()


class ThreadedWriter:
    """The service's: one thread, woken when a group is due, full, or waited for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._committer = GroupCommitter(connection)
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._urgent = False
        self._stopping = False
        self._left = 0  # rows that could not be written at the end
        self.pending = 0
        self._thread = threading.Thread(target=self._work, name="paycanary-store", daemon=True)
        self._thread.start()

    @property
    def applier(self) -> Applier:
        return self._committer.applier

    def record(self, batch: Batch) -> bool:
        job = write(batch)
        rows = job.rows
        with self._changed:
            if self._stopping or (self.pending and self.pending + rows > QUEUE_ROWS):
                return False
            self._put(job, rows)
            if self.pending == rows or self.pending - rows < GROUP_ROWS <= self.pending:
                self._changed.notify()
        return True

    def flush(self) -> None:
        """Nothing to do: readers see what is committed."""

    async def commit(self, batch: Batch) -> None:
        await self._finish(write(batch))

    async def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        answer: T = await self._finish(Job(query=query))
        return answer

    async def close(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)
        if self._left:
            raise StoreError(f"{self._left} rows could not be written before closing")

    async def _finish(self, job: Job) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(value: object, problem: Exception | None) -> None:
            if future.done():
                return
            if problem:
                future.set_exception(problem)
            else:
                future.set_result(value)

        def done(value: object, problem: Exception | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, problem)

        job.done = done
        with self._changed:
            if self._stopping:
                raise StoreError("the store is closed")
            self._put(job, job.rows)
            self._urgent = True
            self._changed.notify()
        return await future

    def _put(self, job: Job, rows: int) -> None:
        self._queue.append(job)
        self.pending += rows

    def _work(self) -> None:
        waiting: list[Job] = []
        while True:
            jobs = self._take(waiting)
            waiting = self._committer.run(jobs)
            with self._changed:
                self.pending += sum(job.rows for job in waiting) - sum(job.rows for job in jobs)
                over = self._stopping and not self._queue
            self._committer.tell()
            if over:
                self._left = self.pending
                return

    def _take(self, waiting: list[Job]) -> list[Job]:
        """The next group, behind what still waits from the last one."""
        with self._changed:
            if waiting:
                self._changed.wait_for(self._must_go, timeout=RETRY_SECONDS)
            else:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                self._changed.wait_for(self._must_go_or_full, timeout=GROUP_SECONDS)
            self._urgent = False
            group = [*waiting, *self._queue]
            self._queue.clear()
            return group

    def _must_go(self) -> bool:
        return self._urgent or self._stopping

    def _must_go_or_full(self) -> bool:
        return self._must_go() or self.pending >= GROUP_ROWS
