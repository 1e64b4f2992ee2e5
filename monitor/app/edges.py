"""What a service touches of the world, in one place, so that tests can hand over something else."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.clock import Clock, SystemClock
from monitor.connectors.client import Client
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import Probe
from monitor.probes import table as probe_table
from monitor.stores import Store
from monitor.stores import table as store_table
from monitor.stores.ledger import LedgerFile

DATABASE = "paycanary.db"
LEDGER = "ledger.db"
#: `paycanary once` keeps books of its own: those of a service that may be running are locked.
LEDGER_ONCE = "ledger-once.db"


def _warm_client(clock: Clock) -> Client:
    client = Client(clock)
    client.warm()
    return client


@dataclass(slots=True)
class Edges:
    """The defaults are the real ones."""

    clock: Clock = field(default_factory=SystemClock)
    store: Callable[[Path, Clock], Store] = lambda path, clock: store_table.KINDS["sqlite"](path, clock=clock)
    probes: Callable[[Resolver], Mapping[str, Probe]] = lambda resolver: probe_table.build(resolver, TlsContexts())
    resolver: Callable[[], Resolver] = Resolver
    client: Callable[[Clock], Any] = _warm_client
    ledger: Callable[[Path], LedgerFile] = LedgerFile
    randomness: Callable[[int], bytes] = os.urandom
    aside: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread  # reading files and fitting are not the loop's work
    luck: Callable[[], float] = random.random
