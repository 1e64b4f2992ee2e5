"""What a desk is owed beside its rows: being reminded of what is open, and a look for doubles some time after a creation."""

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
        self._due: dict[tuple[ChoreKind, str], tuple[float, OutboxRow]] = {}

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
            self._due[ChoreKind.SWEEP, row.ticket.external_id] = ((row.sent or now) + self._sweep_after, row)
        if self._refresh_seconds is not None:
            key = (ChoreKind.REFRESH, row.ticket.incident)
            if row.ticket.kind is CommandKind.RESOLVE:
                self._due.pop(key, None)
            else:
                self._due[key] = (now + self._refresh_seconds, row)

    def take(self, now: float, busy: Container[str]) -> Chore | None:
        """One that is due and whose incident nobody is working on. A reminder comes round again; a sweep is made once."""
        for key, (at, row) in self._due.items():
            if at <= now and row.ticket.incident not in busy:
                return self._taken(key, row, now)
        return None

    def again(self, chore: Chore, now: float) -> None:
        """The sweep could not be made; later, then."""
        self._due[chore.kind, chore.row.ticket.external_id] = (now + self._sweep_after, chore.row)

    def next_at(self, busy: Container[str]) -> float | None:
        return min((at for at, row in self._due.values() if row.ticket.incident not in busy), default=None)

    def _taken(self, key: tuple[ChoreKind, str], row: OutboxRow, now: float) -> Chore:
        if key[0] is ChoreKind.REFRESH and self._refresh_seconds is not None:
            self._due[key] = (now + self._refresh_seconds, row)
        else:
            del self._due[key]
        return Chore(key[0], row)

    def _hasten(self, row: OutboxRow, now: float) -> None:
        key = (ChoreKind.REFRESH, row.ticket.incident)
        if key in self._due:
            self._due[key] = (now, row)
