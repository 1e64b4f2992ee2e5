"""The family of stores: what is kept, behind one contract. ``tests/stores/test_store_contract.py`` holds it to its word.

Writes go through one writer, in order. Reads see whole batches only. Instants are UTC seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.model.batch import Batch, Restored
from monitor.model.incident import Incident, OutboxRow, OutboxState, TimelineEntry, Window
from monitor.model.learned import Learned
from monitor.model.mirror import Cursor
from monitor.model.outcome import Outcome
from monitor.model.result import Missed, Result


class StoreError(Exception):
    """The store cannot do its work: our fault, never a target's."""


class SchemaTooNew(StoreError):  # noqa: N818 - reads as a fact
    """The file was written by a newer paycanary; it is left untouched."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """One check in one period, one stratum, one location. ``histogram`` is mergeable: bucket index -> count, see ``buckets.py``."""

    check: str
    stratum: str
    location: str
    start: int  # UTC seconds, aligned to the period
    seconds: int  # 300, 3600 or 86400
    up: int
    down: int
    unknown: int
    missed: int  # slots that did not run, counted where they were noted, under the stratum ""
    outcomes: dict[str, int]
    histogram: dict[int, int]  # latency of the runs that are latency evidence


@dataclass(frozen=True, slots=True)
class Slim:
    """A result as kept for long: what the SLA arithmetic and backtests need."""

    check: str
    target: str
    location: str
    slot: int
    stratum: str
    due: float
    started: float
    duration_seconds: float
    late_seconds: float
    outcome: str
    good: bool | None
    reason: str
    failed_step: str
    run_id: str
    latency_seconds: float | None = None  # what a customer would have waited; None when it is no evidence
    extra: int = 0  # and the step it was made for: see ``Result``
    covers: str = ""


@dataclass(slots=True)
class Past:
    """Measured runs of one check, as learning reads them: columns of one length, by instant."""

    at: list[float] = field(default_factory=list)  # when the run was due
    location: list[str] = field(default_factory=list)
    stratum: list[str] = field(default_factory=list)
    good: list[bool] = field(default_factory=list)
    outcome: list[Outcome] = field(default_factory=list)
    latency: list[float | None] = field(default_factory=list)  # seconds; None: no evidence


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in seconds. Daily roll-ups, incidents and their timeline are kept for ever."""

    results_seconds: float = 90 * 86_400.0
    evidence_seconds: float = 14 * 86_400.0
    fine_seconds: float = 90 * 86_400.0  # 5-minute roll-ups
    hourly_seconds: float = 762 * 86_400.0  # 25 months: this month can be compared with the same one two years ago


class Store(Protocol):
    """``record`` is for what may wait a moment, ``commit`` for what must be on the disk before anybody acts on it."""

    def open(self) -> None:
        """Open or create; migrate with a copy kept before. Raises SchemaTooNew, StoreError."""

    async def close(self) -> None:
        """Write what is buffered, then close."""

    def restore(self) -> Restored: ...

    def record(self, batch: Batch) -> bool:
        """Queue for the next group commit. False when the bounded queue is full: the caller counts the loss."""

    async def commit(self, batch: Batch) -> None:
        """Returns when everything queued so far and this batch are durable. Raises StoreError, and then none of the batch is kept."""

    @property
    def pending(self) -> int:
        """Rows waiting for the writer."""

    async def prune(self, at: float, keep: Retention = Retention()) -> int:
        """Delete what is older than it need be kept, in steps short enough for other writes to go between. Returns the rows."""

    # The outbox. Small and indexed: answered from the writer's own connection, in order with the writes.
    async def outbox_due(self, desk: str, at: float, limit: int) -> list[OutboxRow]:
        """The next row of each incident of that desk which is due: the worst first, of equals the one due for longest. Rows behind an
        unsent one are not offered.
        """

    async def outbox_rows(self, *, desk: str | None = None, incident: str | None = None, limit: int = 200) -> list[OutboxRow]: ...

    async def outbox_next(self, desk: str) -> float | None:
        """When the next row of that desk falls due."""

    async def outbox_waiting(self) -> list[tuple[str, OutboxState, int, float]]:
        """What is not yet done with, dead rows too: desk, state, how many, when the oldest was created."""

    async def cursors(self, desk: str) -> list[Cursor]:
        """How far each ticket of a desk has been heard."""

    # Readers: their own read-only connections, in threads; never block the writer.
    async def incidents(self, *, statuses: Sequence[str] = (), since: float = 0.0, limit: int = 200) -> list[Incident]: ...

    async def incident(self, incident_id: str) -> Incident | None: ...

    async def timeline(self, incident_id: str) -> list[TimelineEntry]: ...

    async def windows(self, *, since: float = 0.0, until: float | None = None) -> list[Window]: ...

    async def results(
        self, check: str, *, since: float, until: float, location: str | None = None, limit: int = 100_000
    ) -> list[Slim]: ...

    async def extras(self, check: str, *, since: float, until: float, limit: int = 100_000) -> list[Slim]:
        """Runs beside the grid, due in [since, until), oldest first. No other figure of the store has them in it."""

    async def past(self, check: str, *, since: float, until: float) -> Past:
        """Runs on the grid due in [since, until) that measured something. Ask for a day at a time: that is some 15 ms of one thread."""

    async def learned(self, check: str) -> list[Learned]:
        """The kept versions of what is normal for a check, newest first."""

    async def missed(self, check: str, *, since: float, until: float) -> list[Missed]: ...

    async def evidence(self, run_id: str) -> dict[str, object] | None: ...

    async def rollups(self, checks: Iterable[str], *, seconds: int, since: float, until: float) -> list[Rollup]: ...

    async def latest(self, check: str, limit: int = 20) -> list[Slim]: ...


__all__ = ["Batch", "Learned", "Past", "Result", "Retention", "Rollup", "SchemaTooNew", "Slim", "Store", "StoreError"]
