"""What stands before a gateway: takes TCP and TLS at one address, and passes requests on, or misbehaves as it is told to."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.triage.certificates import Pair, Shop
from benchmarks.triage.clock import RoundClock
from benchmarks.triage.secured import Secured

#: SO_LINGER on with zero seconds: closing sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)
#: Nothing in the bench waits for longer than its checks do; a connection left behind must end some time.
HOLD_SECONDS = 30.0
_CHUNK = 1 << 16
_DATE = re.compile(rb"(?im)^Date: [^\r\n]*")
_LENGTH = re.compile(rb"(?im)^Content-Length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Page:
    """What a front says by itself, to ``share`` of the requests; none of them reaches the gateway then."""

    status: int
    body: str
    content: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    share: float = 1.0
    after_seconds: float = 0.0

    def encoded(self, now: float) -> bytes:
        body = self.body.encode()
        lines = [f"HTTP/1.1 {self.status} {'OK' if self.status == 200 else 'No'}", f"Date: {formatdate(now, usegmt=True)}"]
        lines += [f"Content-Type: {self.content}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + body


#: Who gives tokens lives behind the front as well, beside the gateway.
TOKEN_PATH = b"POST /oauth2/token "
TOKEN = Page(200, '{"access_token": "of-the-bench", "token_type": "Bearer", "expires_in": 600}', "application/json")


@dataclass(slots=True)
class Manners:
    """How a front behaves from now on. The defaults are those of a healthy one."""

    listens: str = "open"  # "open", "refuse" (nobody listens), "drop" (no SYN is answered)
    greets: str = "tls"  # "tls", "reset" (as soon as it is connected), "silence"
    certificate: str = "good"
    demands_certificate: bool = False  # of the client
    handshake_seconds: float = 0.0
    forward_seconds: float = 0.0  # before a request is passed on
    receive_seconds: float = 0.0  # between the two halves of an answer
    reset_share: float = 0.0  # of requests, read and then cut
    page: Page | None = None
    token: Page = TOKEN
    date_seconds: float = 0.0  # how far the clock behind its Date header is ahead


@dataclass(slots=True)
class Front:
    """One address and port. ``upstream`` None: every answer is ``own``."""

    address: str
    port: int
    shop: Shop
    luck: Random
    clock: RoundClock
    upstream: int | None = None
    own: Page = Page(404, "")
    manners: Manners = field(default_factory=Manners)
    requests: int = 0
    _server: asyncio.Server | None = None
    _hole: "Hole | None" = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def behave(self) -> None:
        """Carry out what the manners say about listening."""
        if self.manners.listens != "open" and self._server is not None:
            self._server.close()
            self._server = None
        if self.manners.listens != "drop" and self._hole is not None:
            self._hole.close()
            self._hole = None
        if self.manners.listens == "open" and self._server is None:
            self._server = await asyncio.start_server(self._accepted, self.address, self.port, reuse_address=True)
        if self.manners.listens == "drop" and self._hole is None:
            self._hole = Hole(self.address, self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._hole is not None:
            self._hole.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # whoever asked has gone, or speaks another protocol
        except asyncio.CancelledError:
            pass  # the world ends
        finally:
            writer.transport.abort() if task is not None and task.cancelling() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        manners = self.manners
        if manners.greets == "reset":
            reset(writer)
            return
        if manners.greets == "silence":
            await asyncio.sleep(HOLD_SECONDS)
        await asyncio.sleep(manners.handshake_seconds)
        client = Secured(reader, writer, self._context())
        await client.handshake()
        head = await client.head()
        length = _LENGTH.search(head)
        request = head + await client.exactly(int(length[1]) if length else 0)
        self.requests += 1
        if self.luck.random() < manners.reset_share:
            reset(writer)
            return
        page = manners.page if manners.page and self.luck.random() < manners.page.share else None
        if page is None and request.startswith(TOKEN_PATH):
            page = manners.token
        if page is not None or self.upstream is None:
            page = page or self.own
            await asyncio.sleep(page.after_seconds)
            await client.write(page.encoded(self.clock.wall() + manners.date_seconds))
            return
        await asyncio.sleep(manners.forward_seconds)
        answer = await self._asked(request)
        if answer is None:
            reset(writer)  # a gateway that cuts the connection is a front that cuts it
            return
        head, body = answer
        date = f"Date: {formatdate(self.clock.wall() + manners.date_seconds, usegmt=True)}"
        await client.write(_DATE.sub(date.encode(), head) + body[: len(body) // 2])
        await asyncio.sleep(manners.receive_seconds)
        await client.write(body[len(body) // 2 :])

    def _context(self) -> ssl.SSLContext:
        demanded = self.shop.client_authority if self.manners.demands_certificate else None
        return _context(self.shop.servers[self.manners.certificate], demanded)

    async def _asked(self, request: bytes) -> tuple[bytes, bytes] | None:
        """What the gateway behind says to one request: headers and body. None when it cuts the connection or takes none."""
        try:
            answers, upstream = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            return None
        try:
            upstream.write(request)
            head = await answers.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            return head, await answers.readexactly(int(length[1]) if length else 0)
        except (OSError, asyncio.IncompleteReadError):
            return None
        finally:
            upstream.close()


@cache
def _context(pair: Pair, demanded: Path | None) -> ssl.SSLContext:
    """Made once: reading a key costs more than an exchange. ``demanded`` signs the certificates that clients must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.num_tickets = 0  # nobody comes back: every handshake is whole, as that of a fresh client
    if demanded is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cafile=demanded)
    return context


class Hole:
    """An address that answers no SYN: Linux drops them while a listening socket's queue is full."""

    def __init__(self, address: str, port: int) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(4)]
        listening = self._sockets[0]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(0)
        for filler in self._sockets[1:]:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((address, port))

    def close(self) -> None:
        for each in self._sockets:
            each.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut the connection so that the other side sees a reset."""
    plain = writer.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
