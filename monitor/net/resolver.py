"""Names to addresses, on threads of our own.

``getaddrinfo`` blocks, cannot be cancelled, and for a dead zone takes 5 to 30 seconds. On asyncio's shared pool a few such
names delay every healthy check, which then looks like an outage of the healthy. Therefore: one look-up in flight per name,
and names that were slow before queue in a small lane apart, where they can only wait for each other.
"""

import asyncio
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from queue import SimpleQueue
from typing import Any, NamedTuple

from monitor.net.guard import AddressInfo, IpAddress

#: Longer than a healthy recursive look-up with one lost packet, shorter than most checks' budget.
LOOKUP_TIMEOUT_SECONDS = 5.0
#: A name that took this long is asked in the slow lane until it is quick again.
SLOW_SECONDS = 1.0
#: Threads are made as they are needed. 64 names can die at once, unannounced, before a healthy one has to wait.
QUICK_THREADS = 64
SLOW_THREADS = 8

_PLAIN = {
    socket.EAI_NONAME: "the name does not exist",
    socket.EAI_AGAIN: "the name servers gave no answer",
    socket.EAI_FAIL: "the name servers failed",
}

GetAddrInfo = Callable[..., Any]  # called like ``socket.getaddrinfo``
Outcome = list[AddressInfo] | BaseException


class ResolveError(OSError):
    """No address for a name. The message is a sentence for people."""


class ResolveFailed(ResolveError):  # noqa: N818 - reads as a fact
    """The resolver answered, and the answer was no. ``code`` is one of ``socket.EAI_*``."""

    def __init__(self, host: str, code: int | None, text: str) -> None:
        super().__init__(f"cannot resolve {host}: {_PLAIN.get(code or 0, text)}")
        self.code = code


class ResolveTimeout(ResolveError):  # noqa: N818
    """The resolver gave no answer in time."""


class ResolverBusy(ResolveError):  # noqa: N818
    """All our own threads were taken: the question was never asked. Our fault, not the target's."""


class Lookup(NamedTuple):
    """``seconds`` is None when nobody had to be asked (a literal address, the cache); ``queued`` was spent waiting for a thread."""

    addresses: tuple[AddressInfo, ...]
    seconds: float | None = None
    queued: float = 0.0


@dataclass(slots=True, eq=False)
class _Flight:
    """One question on its way. The worker writes ``begun`` just before it blocks."""

    host: str
    lane: "_Lane"
    landed: "asyncio.Future[tuple[Outcome, float]]"
    begun: float | None = None


class _Lane:
    """Daemon threads over a queue, made as needed: a stuck ``getaddrinfo`` must not hold up the interpreter's exit.

    All but ``_serve`` runs on the event loop's thread, so the counts need no lock.
    """

    def __init__(self, name: str, size: int, work: Callable[[_Flight], None]) -> None:
        self._name, self._size, self._work = name, size, work
        self._jobs: SimpleQueue[_Flight | None] = SimpleQueue()
        self._threads = 0
        self._outstanding = 0

    def put(self, flight: _Flight) -> None:
        self._outstanding += 1
        self._jobs.put(flight)
        if self._outstanding > self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._threads}", daemon=True).start()

    def done(self) -> None:
        self._outstanding -= 1

    def close(self) -> None:
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _serve(self) -> None:
        while (flight := self._jobs.get()) is not None:
            self._work(flight)


class Resolver:
    """``lookup`` is all there is. One instance serves one event loop; ``close`` lets the threads go.

    ``cache_seconds`` is off unless asked for: a monitor that remembers addresses does not see DNS fail.
    """

    def __init__(
        self,
        *,
        getaddrinfo: GetAddrInfo = socket.getaddrinfo,
        timeout_seconds: float = LOOKUP_TIMEOUT_SECONDS,
        cache_seconds: float = 0.0,
        quick_threads: int = QUICK_THREADS,
        slow_threads: int = SLOW_THREADS,
    ) -> None:
        self._getaddrinfo = getaddrinfo
        self._timeout = timeout_seconds
        self._cache_seconds = cache_seconds
        self._quick = _Lane("resolve", quick_threads, self._fly)
        self._slow = _Lane("resolve-slow", slow_threads, self._fly)
        self._flights: dict[str, _Flight] = {}
        self._known_slow: set[str] = set()
        self._cache: dict[str, tuple[float, list[AddressInfo]]] = {}

    async def lookup(self, host: str, port: int) -> Lookup:
        """Addresses for a TCP connection to ``host``. Raises ResolveError."""
        literal = parse_literal(host)
        if literal is not None:
            return Lookup((_literal_info(literal, port),))
        asked = time.perf_counter()
        remembered = self._cache.get(host) if self._cache_seconds else None
        if remembered is not None and asked < remembered[0]:
            return Lookup(_with_port(remembered[1], port))
        flight = self._flights.get(host) or self._depart(host)
        found, finished = await self._arrival(flight)
        begun = max(asked, flight.begun or asked)
        return Lookup(_with_port(found, port), finished - begun, begun - asked)

    def waiting(self, host: str) -> bool:
        """True while the question about ``host`` has not been asked because all our threads are taken."""
        flight = self._flights.get(host)
        return flight is not None and flight.begun is None

    def close(self) -> None:
        self._quick.close()
        self._slow.close()

    def _depart(self, host: str) -> _Flight:
        lane = self._slow if host in self._known_slow else self._quick
        flight = _Flight(host, lane, asyncio.get_running_loop().create_future())
        self._flights[host] = flight
        lane.put(flight)
        return flight

    async def _arrival(self, flight: _Flight) -> tuple[list[AddressInfo], float]:
        try:
            async with asyncio.timeout(self._timeout):
                outcome, finished = await asyncio.shield(flight.landed)
        except TimeoutError:
            if flight.begun is None:
                raise ResolverBusy(f"all our resolver threads were busy: {flight.host} was not asked for") from None
            self._known_slow.add(flight.host)
            raise ResolveTimeout(f"no DNS answer for {flight.host} within {self._timeout:g} s") from None
        if isinstance(outcome, list):
            return outcome, finished
        raise outcome

    def _fly(self, flight: _Flight) -> None:
        """On a worker thread."""
        flight.begun = time.perf_counter()
        outcome: Outcome
        try:
            outcome = self._getaddrinfo(flight.host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        except socket.gaierror as error:
            outcome = ResolveFailed(flight.host, error.errno, error.strerror or "no answer")
        except UnicodeError:
            outcome = ResolveFailed(flight.host, None, "it is not a valid host name")
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits, not to this thread
            outcome = error
        finished = time.perf_counter()
        try:
            flight.landed.get_loop().call_soon_threadsafe(self._land, flight, outcome, finished)
        except RuntimeError:
            pass  # the loop is gone, and with it everybody who waited

    def _land(self, flight: _Flight, outcome: Outcome, finished: float) -> None:
        flight.lane.done()
        self._flights.pop(flight.host, None)
        slow = finished - (flight.begun or finished) > min(SLOW_SECONDS, self._timeout)
        (self._known_slow.add if slow else self._known_slow.discard)(flight.host)
        if self._cache_seconds and isinstance(outcome, list):
            self._cache[flight.host] = (finished + self._cache_seconds, outcome)
        if not flight.landed.done():
            flight.landed.set_result((outcome, finished))


@lru_cache(maxsize=4096)
def parse_literal(host: str) -> IpAddress | None:
    """The address, when ``host`` is one in its usual spelling. Odd spellings (``0x7f000001``, ``127.1``) go to the resolver and
    come back as the address they mean.
    """
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _literal_info(address: IpAddress, port: int) -> AddressInfo:
    if address.version == 4:
        return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port))
    return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port, 0, 0))


def _with_port(found: list[AddressInfo], port: int) -> tuple[AddressInfo, ...]:
    return tuple((family, kind, proto, name, (address[0], port, *address[2:])) for family, kind, proto, name, address in found)
