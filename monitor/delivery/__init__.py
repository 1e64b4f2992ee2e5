"""The outbox's way to the desks: nothing lost, nothing twice, in order, at once.

Commands are in the store before anybody acts on them. Each desk has its own sender (``desk.py``); what a row becomes is
decided in ``moves.py``, without any I/O.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from monitor.clock import Clock
from monitor.connectors import Connector
from monitor.delivery.desk import ROWS_MAX, Client, Desk, OnEvent, Settings
from monitor.delivery.looking import Policy
from monitor.delivery.moves import revived
from monitor.delivery.policy import Hear, Sighting
from monitor.model.batch import Batch
from monitor.model.incident import OutboxRow, OutboxState
from monitor.stores import Store

__all__ = ["Client", "Delivery", "Hear", "OnEvent", "Policy", "Settings", "Sighting"]


class Delivery:
    """``run`` for the life of the process, ``wake`` after a commit that holds commands, ``stop`` at the end.

    ``on_event(event, desk, seconds)`` is told every change: ``sent`` (with the seconds since the command was given),
    ``retry``, ``unsure``, ``dead``, ``superseded``, ``duplicate``, and ``fallback`` once for a row that keeps failing.

    ``hear`` is given what people did at a desk, and stores it in one transaction with what follows from it. ``policies`` say how each
    desk is listened to.
    """

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        client: Client,
        clock: Clock,
        on_event: OnEvent,
        settings: Settings = Settings(),
        *,
        policies: Mapping[str, Policy] = MappingProxyType({}),
        hear: Hear | None = None,
    ) -> None:
        self._store, self._clock = store, clock
        self._desks = {
            name: Desk(
                name,
                connector,
                store=store,
                client=client,
                clock=clock,
                on_event=on_event,
                settings=settings,
                policy=policies.get(name, Policy()),
                hear=hear or self._keep,
            )
            for name, connector in connectors.items()
        }

    async def _keep(self, sighting: Sighting) -> None:
        """Where nobody else hears of it."""
        await self._store.commit(Batch(outbox=list(sighting.rows), cursors=list(sighting.cursors), durable=True))

    async def run(self) -> None:
        """Until ``stop``. Raises only what is our own bug."""
        async with asyncio.TaskGroup() as group:
            for desk in self._desks.values():
                group.create_task(desk.run())

    def wake(self, desk: str | None = None) -> None:
        """There may be something to send; to every desk when none is named. A desk that no longer exists is ignored."""
        for name, one in self._desks.items():
            if desk in (None, name):
                one.wake()

    def claim(self, rows: Sequence[OutboxRow], stored: asyncio.Future[None]) -> list[OutboxRow]:
        """New rows, about to be stored, as they are to be stored: an opening that its desk is free for is already on its way.

        One commit then does for two. Its request leaves when ``stored`` has a result; cancel that when the store refused, and store
        ``rows`` as they were.
        """
        worst_first = sorted(rows, key=lambda row: row.ticket.severity.rank)
        claimed = {row.id: self._desks[row.desk].claim(row, stored) for row in worst_first if row.desk in self._desks}
        return [claimed.get(row.id, row) for row in rows]

    def look(self, desk: str, remote_id: str) -> bool:
        """Look at that ticket now. False when it is not one of those that are looked at."""
        return desk in self._desks and self._desks[desk].look(remote_id)

    async def stop(self, grace: float) -> None:
        """Start nothing more; requests on their way get ``grace`` seconds."""
        await asyncio.gather(*(desk.stop(grace) for desk in self._desks.values()))

    async def retry(self, row_id: str) -> None:
        """Try a dead row again. Raises LookupError when there is no such row, ValueError when it is not dead."""
        desk = row_id.partition(":")[0]
        found = [row for row in await self._store.outbox_rows(desk=desk, limit=ROWS_MAX) if row.id == row_id]
        if not found:
            raise LookupError(f"there is no ticket command {row_id}")
        if found[0].state is not OutboxState.DEAD:
            raise ValueError(f"{row_id} is {found[0].state}, not dead: nothing to try again")
        await self._store.commit(Batch(outbox=[revived(found[0], self._clock.wall())], durable=True))
        self.wake(desk)
