"""A process that does nothing but deliver: what the tests kill. ``delivery_child.py STORE URL USER PASSWORD``."""

import asyncio
import sys
from pathlib import Path

from monitor.clock import SystemClock
from monitor.connectors.client import Client
from monitor.connectors.roundup import RoundupConnector
from monitor.delivery import Delivery
from monitor.model.secret import Secret
from monitor.stores.sqlite import SqliteStore


async def main(path: str, url: str, user: str, password: str) -> None:
    clock = SystemClock()
    store = SqliteStore(Path(path), clock=clock)
    store.open()
    client = Client(clock)
    options = RoundupConnector.Options(
        url=url, username=user, password=Secret(password), allow_private=("127.0.0.0/8",), timeout="5s", settle="300ms"
    )
    delivery = Delivery(store, {"desk": RoundupConnector(options)}, client, clock, lambda *_: None)
    running = asyncio.create_task(delivery.run())
    print("delivering", flush=True)
    while await store.outbox_next("desk") is not None:
        await asyncio.sleep(0.05)
    await delivery.stop(5)
    await running
    await client.close()
    await store.close()
    print("drained", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
