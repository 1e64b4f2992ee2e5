"""A process that does nothing but deliver to one of ``desk_cases``: what the tests kill. ``hosted_child.py STORE DESK URL``."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "counterparts"), str(HERE.parents[1])]

from desk_cases import DESKS, URL  # noqa: E402

from monitor.clock import SystemClock  # noqa: E402
from monitor.connectors.client import Client  # noqa: E402
from monitor.delivery import Delivery, Settings  # noqa: E402
from monitor.stores.sqlite import SqliteStore  # noqa: E402


async def main(path: str, desk: str, url: str) -> None:
    case = next(case for case in DESKS if case.id == desk)
    here = {"url": str(case.options["url"]).replace(URL, url), "allow_private": ("127.0.0.0/8",)}
    connector = replace(case, options=case.options | here).connector()
    connector.capabilities = replace(connector.capabilities, settle_seconds=0.3)
    clock = SystemClock()
    store = SqliteStore(Path(path), clock=clock)
    store.open()
    client = Client(clock)
    settings = Settings(parallel=8, requests_per_second=200.0)
    delivery = Delivery(store, {"desk": connector}, client, clock, lambda *_: None, settings)
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
