"""aiohttp, with a stopwatch in its hands.

Stamps are taken where things happen (the socket connects, the first byte comes in), not after the event loop got round to the
task that waits for them. Three classes of aiohttp are extended for that; ``tests/probes/test_wire_hooks.py`` fails when a new
aiohttp no longer calls one of their methods. What its session would do behind our back is off: the second try of a dropped
GET, redirects, cookies, proxies of the environment, unpacking without a limit.
"""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler

from monitor.model.result import Reach, TlsFacts
from monitor.net.connect import LATENESS_FLOOR_SECONDS, receive_lateness
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes.attempt import dial
from monitor.probes.certificates import tls_facts
from monitor.probes.stopwatch import Stopwatch, now

#: Kept-alive connections serve the steps of one run. Servers drop idle ones from 5 s on (Node.js), and a request that meets
#: the drop fails for no fault of the gateway.
KEEPALIVE_SECONDS = 4.0
#: asyncio gives up on a handshake after 60 s by itself; here the call's own deadline rules.
HANDSHAKE_SECONDS = 3_600.0
#: How long a closed connection may wait for the peer's goodbye. Nobody waits for it; it only holds a descriptor.
SHUTDOWN_SECONDS = 1.0
#: What a gateway may put in its head: twice the usual 4 KiB a line, and more headers than any CDN adds.
MAX_LINE_BYTES = 8_190
MAX_HEADERS = 128


class Peer(NamedTuple):
    """Who is at the other end."""

    address: str
    tls: TlsFacts | None


class Course(Stopwatch):
    """The stopwatch of one HTTP exchange, and what the connection told on the way."""

    __slots__ = ("fresh", "last_byte", "peer")

    def __init__(self) -> None:
        super().__init__()
        self.fresh = False
        self.last_byte: float | None = None
        self.peer: Peer | None = None


#: aiohttp has no room for an argument of ours. Its helper tasks inherit the context, so they see the right one.
current: ContextVar[Course] = ContextVar("current")


class NotConnectedError(aiohttp.ClientError):
    """Wraps what went wrong before there was a connection, so that aiohttp neither rewraps it nor tries another address."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Handler(ResponseHandler):
    """One connection: stamps what happens on it. A reused one is handed from exchange to exchange."""

    peer: Peer

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Course) -> None:
        super().__init__(loop)
        self.watch = watch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.watch.leave()  # with TLS, this is the end of the handshake
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if data:  # aiohttp also calls itself with nothing, to go on unpacking
            watch = self.watch
            at = watch.last_byte = now()
            if watch.phase in ("wait", "send"):
                self._first_byte(watch, at)
        super().data_received(data)

    def _first_byte(self, watch: Course, at: float) -> None:
        if watch.phase == "wait" and self.transport is not None and watch.spent() > LATENESS_FLOOR_SECONDS:
            watch.ours(min(watch.spent(), receive_lateness(self.transport.get_extra_info("socket"))))
        watch.enter("receive", at)


class Request(aiohttp.ClientRequest):
    """Marks when the request starts to leave, and when all of it has."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        watch = current.get()
        conn.protocol.watch = watch
        watch.peer = conn.protocol.peer
        watch.enter("send")
        watch.reach = Reach.SENT
        response = await super().send(conn)
        if not self.body:
            watch.enter("wait")
        return response

    async def write_bytes(self, writer: AbstractStreamWriter, conn: Any, content_length: int | None = None) -> None:
        await super().write_bytes(writer, conn, content_length)
        watch = current.get()
        if watch.phase == "send":  # an answer may come before the whole request was taken
            watch.enter("wait")


class Connector(aiohttp.BaseConnector):
    """Connects step by step, each step stamped, to permitted addresses only. No limit: whoever queues, queues in the open."""

    def __init__(self, resolver: Resolver, policy: AddressPolicy, *, reuse: bool) -> None:
        keepalive: dict[str, Any] = {"keepalive_timeout": KEEPALIVE_SECONDS} if reuse else {"force_close": True}
        super().__init__(limit=0, **keepalive)
        self._resolver = resolver
        self._policy = policy

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature; the caller's deadline rules
    ) -> ResponseHandler:
        watch = current.get()
        watch.fresh = True
        try:
            return await self._connect(watch, req)
        except OSError as error:
            raise NotConnectedError(error) from error

    async def _connect(self, watch: Course, req: aiohttp.ClientRequest) -> Handler:
        sock, address = await dial(watch, self._resolver, self._policy, req.host, req.port or 0)
        watch.peer = Peer(address, None)
        if isinstance(req.ssl, ssl.SSLContext):
            handler = await self._secure(watch, sock, req.ssl, req.server_hostname or req.host)
            watch.peer = Peer(address, tls_facts(handler.transport.get_extra_info("ssl_object")))  # type: ignore[union-attr]
        else:
            _, handler = await self._loop.create_connection(partial(Handler, self._loop, watch), sock=sock)
        handler.peer = watch.peer
        return handler

    async def _secure(self, watch: Course, sock: socket.socket, context: ssl.SSLContext, name: str) -> Handler:
        watch.enter("tls")
        _, handler = await self._loop.create_connection(
            partial(Handler, self._loop, watch),
            sock=sock,
            ssl=context,
            server_hostname=name.rstrip("."),  # certificates are written without the root's dot
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        return handler


def make_session(connector: Connector) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        request_class=Request,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("Content-Type", "User-Agent"),
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
        max_headers=MAX_HEADERS,
    )
    # Without this, a GET, PUT or DELETE whose connection drops is quietly sent a second time.
    session._retry_connection = False  # noqa: SLF001 - the only switch there is; a test counts what the server sees
    return session
