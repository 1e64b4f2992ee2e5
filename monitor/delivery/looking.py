"""One desk's looks at its tickets: a few at a time, behind everything that is to be sent."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

import structlog

from monitor.clock import Clock
from monitor.connectors import Answer, Call, Connector, Gone, Readable, Seen
from monitor.connectors.client import play
from monitor.delivery.mirror import Mirror, Watch
from monitor.delivery.moves import known_remote
from monitor.delivery.policy import Hear, Sighting, WhenGone, followed, lost
from monitor.delivery.sights import noticed
from monitor.model.incident import CommandKind, OutboxRow, OutboxState
from monitor.model.mirror import Cursor
from monitor.stores import StoreError

log = structlog.get_logger(__name__)

#: A desk that answers slowly keeps two exchanges busy with looks, whatever it does.
LOOKS_MAX = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """How one desk is listened to: see ``connectors.options.TicketOptions``."""

    look_every_seconds: float = 60.0
    when_gone: WhenGone = "leave"


@dataclass(frozen=True, slots=True)
class Around:
    """What a look needs of the desk it belongs to."""

    ask: Callable[[Call], Awaitable[Answer]]
    rows: Callable[[str], Awaitable[list[OutboxRow]]]  # of an incident, in order
    hear: Hear
    pause: Callable[[float | None], None]  # the desk wants to be left alone for so many seconds
    wake: Callable[[], None]


class Looking:
    """``start_due`` from the desk's loop, ``stop`` at its end."""

    def __init__(self, name: str, connector: Connector, policy: Policy, clock: Clock, around: Around) -> None:
        self._name, self._connector, self._policy, self._clock, self._around = name, connector, policy, clock, around
        self.mirror = Mirror(connector.capabilities, policy.look_every_seconds)
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._reading: set[str] = set()

    def start_due(self, now: float, busy: Collection[str]) -> None:
        while len(self._looks) < LOOKS_MAX and (watch := self.mirror.take(now, {*busy, *self._looks})):
            self._looks[watch.incident] = asyncio.create_task(self._guarded(watch))

    def next_at(self, busy: Collection[str]) -> float | None:
        """When there is something to look at, as far as time decides it."""
        return self.mirror.next_at({*busy, *self._looks}) if len(self._looks) < LOOKS_MAX else None

    def in_the_way(self, incident: str) -> bool:
        """Something is to be sent about that incident: a look that only reads is broken off. True until it has ended; that wakes the desk."""
        if incident in self._reading:
            self._reading.discard(incident)
            self._looks[incident].cancel()
        return incident in self._looks

    async def stop(self) -> None:
        looks = list(self._looks.values())
        for incident in list(self._reading):
            self.in_the_way(incident)
        await asyncio.gather(*looks, return_exceptions=True)

    def ticket_of(self, row: OutboxRow, rows: list[OutboxRow]) -> tuple[str, bool]:
        """The desk's id of the ticket a command goes to ("": one is to be made), and whether that is more people's than ours."""
        mirror, capabilities = self.mirror, self._connector.capabilities
        own = "" if mirror.is_gone(row.remote_id) else row.remote_id
        remote_id = own or known_remote(rows, row.ticket, capabilities, mirror.is_gone)
        cursor = mirror.of(row, rows, remote_id)
        if row.ticket.kind is CommandKind.REOPEN and cursor.by_people:
            return "", False  # people closed it, and that is not undone: the new episode has a ticket of its own
        return remote_id, cursor.theirs

    async def lost(self, row: OutboxRow, gone: Gone) -> OutboxRow:
        """A command found its ticket gone. What becomes of the command."""
        rows = await self._around.rows(row.ticket.incident)
        sighting = lost(self.mirror.cursor(row, rows), gone, rows, row, self._policy.when_gone, self._clock.wall())
        await self._tell(sighting)
        return next(one for one in sighting.rows if one.id == row.id)

    async def _guarded(self, watch: Watch) -> None:
        try:
            await self._look(watch)
        except asyncio.CancelledError:
            self.mirror.later(watch, self._clock.wall())
            raise
        except StoreError as error:
            log.error("what was seen at a desk cannot be stored", desk=self._name, incident=watch.incident, error=str(error))
        except Exception:  # a fault of ours at one ticket must not stop the others
            log.exception("a look failed", desk=self._name, incident=watch.incident)
        finally:
            self._reading.discard(watch.incident)
            del self._looks[watch.incident]
            self._around.wake()

    async def _look(self, watch: Watch) -> None:
        rows = await self._around.rows(watch.incident)
        if any(_is_unsettled(row) for row in rows):
            self.mirror.later(watch, self._clock.wall())
            return
        assert isinstance(self._connector, Readable)  # noqa: S101 - only desks that read have watches
        row = watch.row
        self._reading.add(watch.incident)
        verdict = await play(self._connector.read(row.remote_id), self._around.ask)
        self._reading.discard(watch.incident)  # from here on it is ours to finish
        now, cursor = self._clock.wall(), self.mirror.cursor(row, rows)
        if isinstance(verdict, Seen):
            await self._seen(cursor, verdict, rows, row)
        elif isinstance(verdict, Gone):
            await self._tell(lost(cursor, verdict, rows, row, self._policy.when_gone, now))
        else:
            log.info("a ticket could not be looked at", desk=self._name, remote=row.remote_id, why=verdict.reason)
            self._around.pause(getattr(verdict, "after_seconds", None))

    async def _seen(self, cursor: Cursor, seen: Seen, rows: list[OutboxRow], row: OutboxRow) -> None:
        now = self._clock.wall()
        events, after = noticed(cursor, seen, now)
        if not seen.merged_into:
            await self._tell(Sighting(tuple(events), (after,)))
            return
        written = [one for one in events if one.text]  # closing is part of merging, and nobody's word
        sighting = followed(replace(cursor, heard=after.heard, assignee=after.assignee), seen.merged_into, rows, row, now)
        await self._tell(Sighting((*written, *sighting.events), sighting.cursors, sighting.rows))

    async def _tell(self, sighting: Sighting) -> None:
        """Stored first, remembered then. A look that showed nothing is not worth a write: the rows say again what we did ourselves."""
        if sighting.events or sighting.rows:
            await self._around.hear(sighting)
        self.mirror.keep(sighting.cursors, sighting.rows)


def _is_unsettled(row: OutboxRow) -> bool:
    """Whether it may have closed or opened the ticket is not known yet. News changes nothing of how a ticket stands."""
    return row.state is OutboxState.SENDING or (row.state is OutboxState.UNSURE and row.ticket.kind is not CommandKind.UPDATE)
