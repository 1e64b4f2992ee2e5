"""What a desk is owed beside its rows: being reminded of what is open, and a look for doubles some time after a creation."""

from bisect import bisect_left, insort
from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import StrEnum

from monitor.connectors import Capabilities
from monitor.model.incident import CommandKind, OutboxRow, OutboxState

#: A creation older than this is not looked at again after a restart.
SWEEP_HORIZON_SECONDS = 86_400.0


class ChoreKind(StrEnum):
    REFRESH = "refresh"
    SWEEP = "sweep"


#: What it is, and of which ticket (a sweep) or incident (a reminder).
Key = tuple[ChoreKind, str]


@dataclass(frozen=True, slots=True)
class Chore:
    kind: ChoreKind
    row: OutboxRow


class Chores:
    """Kept in memory and rebuilt from the outbox: losing it in a crash costs a repeated look-up, nothing else."""

    def __init__(self, capabilities: Capabilities, sweep_after_seconds: float) -> None:
        self._refresh_seconds = capabilities.refresh_seconds
        self._sweeps = capabilities.finds and not capabilities.idempotent_create
        self._sweep_after = sweep_after_seconds
        self._due: dict[Key, tuple[float, OutboxRow]] = {}
        self._order: list[tuple[float, Key]] = []  # sorted: every wake of the desk asks for the first

    def restore(self, rows: Iterable[OutboxRow], now: float) -> None:
        """From the rows of a desk in order. Reminders are due at once: the desk may have forgotten while we were away."""
        seen: set[str] = set()
        for row in rows:
            if row.state is not OutboxState.SENT:
                continue
            created = row.ticket.external_id not in seen
            seen.add(row.ticket.external_id)
            self.sent(row, now, created=created and (row.sent or 0.0) > now - SWEEP_HORIZON_SECONDS)
            self._hasten(row, now)

    def sent(self, row: OutboxRow, now: float, *, created: bool) -> None:
        """Take note of a row that has just been sent."""
        if created and self._sweeps:
            self._put((ChoreKind.SWEEP, row.ticket.external_id), (row.sent or now) + self._sweep_after, row)
        if self._refresh_seconds is not None:
            key = (ChoreKind.REFRESH, row.ticket.incident)
            if row.ticket.kind is CommandKind.RESOLVE:
                self._drop(key)
            else:
                self._put(key, now + self._refresh_seconds, row)

    def take(self, now: float, busy: Container[str]) -> Chore | None:
        """One that is due and whose incident nobody is working on. A reminder comes round again; a sweep is made once."""
        first = self._first(busy)
        return self._taken(first[1], now) if first and first[0] <= now else None

    def again(self, chore: Chore, now: float) -> None:
        """The sweep could not be made; later, then."""
        self._put((chore.kind, chore.row.ticket.external_id), now + self._sweep_after, chore.row)

    def next_at(self, busy: Container[str]) -> float | None:
        first = self._first(busy)
        return first[0] if first else None

    def _first(self, busy: Container[str]) -> tuple[float, Key] | None:
        return next((one for one in self._order if self._due[one[1]][1].ticket.incident not in busy), None)

    def _taken(self, key: Key, now: float) -> Chore:
        _, row = self._due[key]
        if key[0] is ChoreKind.REFRESH and self._refresh_seconds is not None:
            self._put(key, now + self._refresh_seconds, row)
        else:
            self._drop(key)
        return Chore(key[0], row)

    def _hasten(self, row: OutboxRow, now: float) -> None:
        key = (ChoreKind.REFRESH, row.ticket.incident)
        if key in self._due:
            self._put(key, now, row)

    def _put(self, key: Key, at: float, row: OutboxRow) -> None:
        self._drop(key)
        self._due[key] = (at, row)
        insort(self._order, (at, key))

    def _drop(self, key: Key) -> None:
        if key in self._due:
            at, _ = self._due.pop(key)
            del self._order[bisect_left(self._order, (at, key))]
