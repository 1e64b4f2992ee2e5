"""The world a scenario is played in: real sandbox gateways behind fronts that speak TLS at several addresses, and name servers.

It runs on a thread and an event loop of its own, so that a monitor that stands still stops nobody but itself. Every location reaches
the gateways at addresses of its own, as with geographic DNS: what breaks one location's way is then nobody else's trouble.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.triage.certificates import Shop
from benchmarks.triage.clock import RoundClock
from benchmarks.triage.front import Front, Manners, Page
from benchmarks.triage.merchant import HOST, NEIGHBOUR, REFERENCE
from benchmarks.triage.nameserver import NameServer
from monitor.sandbox.faults import parse
from monitor.sandbox.server import Sandbox, Settings

ADDRESSES = 2  # of the gateway, in each location
OWNER = "scenario"
#: What a gateway costs on a quiet day. Never twice the same, or every comparison would be exact.
EVERYDAY = {"knob": "slow", "median_seconds": 0.012, "sigma": 0.35, "most_seconds": 0.2}
START_SECONDS = 20.0
PORT_TRIES = 50


@dataclass(slots=True)
class Place:
    """What one location sees: its name servers, and its ways to the gateway, the neighbour and the reference."""

    name: str
    names: NameServer = field(default_factory=NameServer)
    second: NameServer = field(default_factory=NameServer)
    gateway: list[Front] = field(default_factory=list)
    neighbour: list[Front] = field(default_factory=list)
    reference: list[Front] = field(default_factory=list)
    stranger: list[Front] = field(default_factory=list)  # somebody else's server

    @property
    def fronts(self) -> list[Front]:
        return [*self.gateway, *self.neighbour, *self.reference, *self.stranger]


class World:
    """``open`` makes it, ``close`` ends it; between them ``change`` runs a function on its own loop, where nothing else moves."""

    def __init__(self, folder: Path, shop: Shop, places: Iterable[str], clock: RoundClock, seed: int) -> None:
        self._folder = folder
        self._shop = shop
        self._clock = clock
        self._luck = Random(seed)
        self._seed = seed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self.places = {name: Place(name) for name in places}
        self.port = 0

    def open(self) -> None:
        self._thread.start()
        self._do(self._open()).result(START_SECONDS)

    def close(self) -> None:
        self._do(self._close()).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def change(self, change: "Callable[[World], None]") -> None:
        """Apply ``change``, and wait until every front listens as it now should."""

        async def apply() -> None:
            change(self)
            for place in self.places.values():
                for front in place.fronts:
                    await front.behave()

        await asyncio.wrap_future(self._do(apply()))

    # What changes are made of; on the world's own loop.

    def knobs(self, *faults: dict[str, Any], neighbour: bool = False) -> None:
        """Turn the gateway's knobs, besides what it costs on a quiet day."""
        sandbox = self.neighbour if neighbour else self.gateway
        sandbox.faults.replace(OWNER, [parse(EVERYDAY), *map(parse, faults)], self._clock.wall())

    def fronts(self, *, at: Iterable[str] = (), index: int | None = None) -> list[Front]:
        """The gateway's fronts: those of some locations, or all; one address of each, or all."""
        chosen = [place for name, place in self.places.items() if not at or name in at]
        return [front for place in chosen for number, front in enumerate(place.gateway) if index in (None, number)]

    def heal(self) -> None:
        """Everything as it was before anything broke."""
        self.knobs()
        self.knobs(neighbour=True)
        for place in self.places.values():
            for front in place.fronts:
                front.manners = Manners()
            for front in place.stranger:
                front.manners.certificate = "wrong_name"
            for server in (place.names, place.second):
                server.broken, server.late, server.mute, server.silent = {}, {}, frozenset(), False
                server.zone = self._zone(place)

    # Inside

    def _do(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _open(self) -> None:
        self.gateway, self.neighbour = self._sandbox(0), self._sandbox(1)
        await self.gateway.start()
        await self.neighbour.start()
        self.port = self._free_port()
        for number, place in enumerate(self.places.values()):
            place.gateway = [self._front(address, self.gateway) for address in _addresses(10 + number, ADDRESSES)]
            place.neighbour = [self._front(address, self.neighbour) for address in _addresses(20 + number, 1)]
            place.reference = [self._front(address, None) for address in _addresses(30 + number, 1)]
            place.stranger = [self._front(address, None) for address in _addresses(40 + number, 1)]
            await place.names.open()
            await place.second.open()
            for front in place.fronts:
                await front.behave()
        self.heal()

    async def _close(self) -> None:
        for place in self.places.values():
            place.names.close()
            place.second.close()
            for front in place.fronts:
                await front.close()
        await self.gateway.stop()
        await self.neighbour.stop()

    def _sandbox(self, number: int) -> Sandbox:
        settings = Settings(
            self._folder / "sandbox", port=0, desk_port=0, plain_port=0, seed=self._seed + number, search_lag_seconds=0.0
        )
        return Sandbox(settings, clock=self._clock.wall)

    def _front(self, address: str, behind: Sandbox | None) -> Front:
        upstream = None if behind is None else int(behind.plain_url.rpartition(":")[2])
        own = Page(200, '{"alive": true}', "application/json")
        return Front(address, self.port, self._shop, Random(self._luck.random()), self._clock, upstream, own)

    def _zone(self, place: Place) -> dict[str, tuple[str, ...]]:
        named = ((HOST, place.gateway), (NEIGHBOUR, place.neighbour), (REFERENCE, place.reference))
        return {name: tuple(front.address for front in fronts) for name, fronts in named}

    def _free_port(self) -> int:
        """One that is free at every address of every location: a name leads to several addresses and to one port."""
        wanted = [f"127.0.{10 * kind + number}.{last}" for number in range(len(self.places)) for kind, last in _USED]
        for _ in range(PORT_TRIES):
            with contextlib.ExitStack() as held, contextlib.suppress(OSError):
                return _bound_everywhere(wanted, held)
        raise OSError("no port is free at all addresses")


#: Kinds of addresses (tens of the third number) and the last number of each.
_USED = ((1, 1), (1, 2), (2, 1), (3, 1), (4, 1))


def _addresses(third: int, count: int) -> list[str]:
    return [f"127.0.{third}.{last}" for last in range(1, count + 1)]


def _bound_everywhere(addresses: list[str], held: contextlib.ExitStack) -> int:
    port = 0
    for address in addresses:
        sock = held.enter_context(socket.socket())
        sock.bind((address, port))
        port = sock.getsockname()[1]
    return port


@contextlib.contextmanager
def opened(folder: Path, shop: Shop, places: Iterable[str], clock: RoundClock, seed: int) -> Iterator[World]:
    world = World(folder, shop, places, clock, seed)
    world.open()
    try:
        yield world
    finally:
        world.close()
