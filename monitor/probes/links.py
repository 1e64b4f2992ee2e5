"""Connections for HTTP: made step by step, each step stamped, to permitted addresses only; kept for a moment where a target wants it.

No limit and no queue: whoever queues, queues in the open, where it is measured.
"""

import asyncio
import ssl
from typing import NamedTuple

from monitor.net.guard import AddressPolicy
from monitor.net.link import Link
from monitor.net.poller import Poller
from monitor.net.resolver import Resolver
from monitor.probes.attempt import dial
from monitor.probes.certificates import tls_facts
from monitor.probes.wire import Course, Peer

#: Kept-alive connections serve the steps of one run. Servers drop idle ones from 5 s on (Node.js), and a request that meets
#: the drop fails for no fault of the gateway.
KEEPALIVE_SECONDS = 4.0


class Origin(NamedTuple):
    """What must be equal for a connection to serve another request."""

    host: str
    port: int
    context: ssl.SSLContext | None  # None: without TLS
    server_name: str
    allow_private: tuple[str, ...]


class _Idle:
    """Hears an idle connection: whatever comes, it is no answer to anything, and the connection is not used again."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def received(self, data: bytes) -> None:
        self._link.close()

    def sent(self) -> None:
        pass

    def ended(self, error: OSError | None) -> None:
        pass


class Links:
    """``take`` one, use it for one exchange, then ``keep`` or close it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._poller: Poller | None = None
        self._idle: dict[Origin, list[tuple[Link, Peer | None, asyncio.TimerHandle]]] = {}

    async def take(self, origin: Origin, watch: Course) -> Link:
        """An idle connection to ``origin``, or a new one. Raises OSError."""
        kept = self._idle.get(origin)
        while kept:
            link, peer, timer = kept.pop()
            timer.cancel()
            if not link.closed:
                watch.peer = peer
                return link
        watch.fresh = True
        return await self._connect(origin, watch)

    def keep(self, origin: Origin, link: Link, peer: Peer | None) -> None:
        if link.closed:
            return
        link.listen(_Idle(link))
        timer = asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, link.close)
        self._idle.setdefault(origin, []).append((link, peer, timer))

    def close(self) -> None:
        for kept in self._idle.values():
            for link, _, timer in kept:
                timer.cancel()
                link.close()
        self._idle.clear()
        if self._poller is not None:
            self._poller.close()
            self._poller = None

    async def _connect(self, origin: Origin, watch: Course) -> Link:
        poller = self._poller = self._poller or Poller()
        policy = AddressPolicy(origin.allow_private)
        sock, address = await dial(watch, self._resolver, policy, origin.host, origin.port, poller.writable)
        watch.peer = Peer(address, None)
        link = Link(poller, sock)
        if origin.context is not None:
            try:
                watch.enter("tls")
                connection = await link.secure(origin.context, origin.server_name)
                watch.leave()
                watch.peer = Peer(address, tls_facts(connection))
            except BaseException:
                link.close()
                raise
        return link
