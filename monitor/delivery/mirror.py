"""Which tickets of one desk are looked at, and when; and how far each has been heard.

The watches are kept in memory and rebuilt from the outbox: losing them costs a look. The cursors are stored with what was heard.
Looks are spread out and come behind everything that is to be sent; one that a hook asked for does not wait for its turn.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from monitor.connectors import Capabilities
from monitor.delivery.sights import begun, caught_up
from monitor.model.incident import CommandKind, OutboxRow, OutboxState
from monitor.model.mirror import Cursor

#: A ticket is looked at for this long after it was resolved: people write the last word then.
AFTERWARDS_SECONDS = 3_600.0
#: Between two looks of one desk that nobody asked for: at three requests each, half of what the smallest of the desks' plans allows.
GAP_SECONDS = 2.0
#: Between two looks at one ticket, however many hooks arrive: one answers for all of them.
HINTED_SECONDS = 2.0
#: A ticket with a command under way is looked at when that is settled; asked again after this long.
UNSETTLED_SECONDS = 5.0


@dataclass(slots=True)
class Watch:
    """One ticket that is looked at."""

    row: OutboxRow  # the last command that its desk took
    due: float
    until: float = float("inf")
    looked: float = float("-inf")
    hinted: bool = False

    @property
    def incident(self) -> str:
        return self.row.ticket.incident


class Mirror:
    """All instants are UTC seconds, as the outbox has them."""

    def __init__(self, capabilities: Capabilities, every_seconds: float) -> None:
        self._reads, self._settle = capabilities.reads, capabilities.settle_seconds
        self._every = every_seconds
        self._watches: dict[str, Watch] = {}  # by incident
        self._cursors: dict[tuple[str, str], Cursor] = {}  # by the desk's id of the ticket, and the incident
        self._gone: set[str] = set()  # ids of tickets
        self._next = float("-inf")
        self.lost: set[tuple[str, int]] = set()  # (incident, episode) of every ticket that is gone

    def restore(self, rows: Iterable[OutboxRow], cursors: Iterable[Cursor], now: float) -> None:
        """From the rows of a desk in order. The looks are spread over one interval."""
        self.keep(cursors)
        for row in rows:
            if row.state is OutboxState.SENT and row.remote_id:
                self.sent(row, now)
        for watch in self._watches.values():
            watch.due = now + self._every * (crc32(watch.incident.encode()) % 1000) / 1000

    def sent(self, row: OutboxRow, now: float) -> None:
        """The desk has taken a command; what it says of the ticket is true after it has settled."""
        if not self._reads or self.is_gone(row.remote_id):
            return
        watch = self._watches.setdefault(row.ticket.incident, Watch(row, now + self._every))
        watch.row = row
        watch.due = max(watch.due, now + self._settle)
        resolved = row.ticket.kind is CommandKind.RESOLVE
        watch.until = (row.sent or now) + AFTERWARDS_SECONDS if resolved else float("inf")

    def hint(self, remote_id: str, now: float) -> bool:
        """Somebody did something to that ticket: look now. False when it is none of those that are looked at."""
        named = [watch for watch in self._watches.values() if watch.row.remote_id == remote_id]
        for watch in named:
            watch.hinted = True
            watch.due = min(watch.due, max(now, watch.looked + HINTED_SECONDS, (watch.row.sent or 0.0) + self._settle))
        return bool(named)

    def take(self, now: float, busy: Container[str]) -> Watch | None:
        """One to be looked at now, or None."""
        for name in [name for name, watch in self._watches.items() if watch.until < now]:
            del self._watches[name]
        due = [watch for watch in self._watches.values() if watch.due <= now and watch.incident not in busy]
        turn = [watch for watch in due if watch.hinted or now >= self._next]
        if not turn:
            return None
        watch = min(turn, key=lambda watch: (not watch.hinted, watch.due))
        self._next = now + GAP_SECONDS
        watch.due, watch.looked, watch.hinted = now + self._every, now, False
        return watch

    def next_at(self, busy: Container[str]) -> float | None:
        waiting = [watch for watch in self._watches.values() if watch.incident not in busy]
        return min((watch.due if watch.hinted else max(watch.due, self._next) for watch in waiting), default=None)

    def later(self, watch: Watch, now: float) -> None:
        """It was not looked at: a command under way, or one that is due, comes first."""
        watch.due = now + UNSETTLED_SECONDS

    def cursor(self, row: OutboxRow, rows: Sequence[OutboxRow]) -> Cursor:
        """How far the ticket of ``row`` has been heard, with what we did to it since."""
        return caught_up(self._cursors.get((row.remote_id, row.ticket.incident)) or begun(row), rows)

    def keep(self, cursors: Iterable[Cursor], rows: Iterable[OutboxRow] = ()) -> None:
        """What is stored by now. A ticket that took another's place is looked at in its stead."""
        for cursor in cursors:
            self._cursors[cursor.remote_id, cursor.incident] = cursor
            if cursor.gone:
                self._gone.add(cursor.remote_id)
                self.lost.add((cursor.incident, cursor.episode))
        for row in rows:
            watch = self._watches.get(row.ticket.incident)
            if watch and row.id == watch.row.id:
                watch.row = row
        for name in [name for name, watch in self._watches.items() if self.is_gone(watch.row.remote_id)]:
            del self._watches[name]

    def is_gone(self, remote_id: str) -> bool:
        return remote_id in self._gone

    def of(self, row: OutboxRow, rows: Sequence[OutboxRow], remote_id: str) -> Cursor:
        """The same for the ticket that a command is about to go to."""
        return self.cursor(replace(row, remote_id=remote_id), rows)
