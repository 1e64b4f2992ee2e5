"""A real desk and the ways to it: asking it one thing, and delivering to it while replies are lost."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from desk_model import make_row, make_ticket
from lossy_proxy import LossyProxy

from monitor.clock import SystemClock
from monitor.connectors import Connector
from monitor.connectors.client import Client, play
from monitor.delivery import Delivery
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind as Kind
from monitor.stores.sqlite import SqliteStore

#: Exchanges that lose their reply, or never arrive, before all go through.
LOST = 8


async def do(connector: Connector, flow):
    client = Client(SystemClock())
    try:
        return await play(flow, lambda call: client.perform(call, connector.access))
    finally:
        await client.close()


async def deliver_through_losses(url: str, connector_to: Callable[[str], Connector], folder: Path) -> list[str]:
    """Three incidents opened and resolved at the desk behind ``url`` while ``LOST`` replies are lost. Gives their external ids."""
    clock = SystemClock()
    store = SqliteStore(folder / "outbox.db", clock=clock)
    store.open()
    incidents = [f"inc_lost{number}" for number in range(3)]
    rows = [
        make_row(make_ticket(incident, kind, revision), at=clock.wall())
        for incident in incidents
        for revision, kind in enumerate((Kind.OPEN, Kind.RESOLVE), 1)
    ]
    await store.commit(Batch(outbox=rows, durable=True))
    client, dice = Client(clock), random.Random(3)
    async with LossyProxy() as proxy:
        proxy.mood = lambda: dice.choice(("", "", "", "before", "after")) if proxy.lost < LOST else ""
        proxy.upstream = int(url.rpartition(":")[2])
        delivery = Delivery(store, {"desk": connector_to(proxy.url.rstrip("/"))}, client, clock, lambda *_: None)
        running = asyncio.create_task(delivery.run())
        async with asyncio.timeout(150):
            while await store.outbox_next("desk") is not None:
                await asyncio.sleep(0.2)
        await delivery.stop(10)
        await running
    await client.close()
    await store.close()
    assert LOST == proxy.lost
    return [f"paycanary-test-{incident}-1" for incident in incidents]
