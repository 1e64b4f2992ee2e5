"""HTTP/1.1 on a link: aiohttp's parser reads, a stopwatch stands beside it.

Stamps are taken where things happen (the socket connects, the first byte comes in), not after the event loop got round to the
task that waits for them. Of aiohttp only the parser and its body reader are used: what its session does around them (a second try of a
dropped GET, redirects, cookies, proxies of the environment, unpacking without a limit) a monitor must not do, and setting it up for one
request costs more than the request. ``tests/probes/test_wire_hooks.py`` fails when a new aiohttp reads differently.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from aiohttp.http import HttpResponseParser
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader

from monitor.model.outcome import NetworkReason
from monitor.model.result import TlsFacts
from monitor.net.connect import LATENESS_FLOOR_SECONDS, receive_lateness
from monitor.net.link import Link
from monitor.probes.attempt import AnswerError
from monitor.probes.faults import Fault
from monitor.probes.stopwatch import Stopwatch, now

#: asyncio gives up on a handshake after 60 s by itself; here the call's own deadline rules.
HANDSHAKE_SECONDS = 3_600.0
#: How long a closed connection may wait for the peer's goodbye. Nobody waits for it; it only holds a descriptor.
SHUTDOWN_SECONDS = 1.0
#: What a gateway may put in its head: twice the usual 4 KiB a line, and more headers than any CDN adds.
MAX_LINE_BYTES = 8_190
MAX_HEADERS = 128
#: The parser asks for a pause when it holds twice this. It is emptied after every read, so it never has to.
HELD_BYTES = 256 << 10

_NOT_HTTP = "the answer is not valid HTTP/1.1, or its head is too large"
_MISFRAMED = "the body is not framed as HTTP says"
_SWITCHING = 101
_WITHOUT_BODY = frozenset({204, 304})


class Peer(NamedTuple):
    """Who is at the other end."""

    address: str
    tls: TlsFacts | None


class Course(Stopwatch):
    """The stopwatch of one HTTP exchange, and what the connection told on the way."""

    __slots__ = ("fresh", "peer")

    def __init__(self) -> None:
        super().__init__()
        self.fresh = False
        self.peer: Peer | None = None


class _Unhindered:
    """What the parser's body reader takes for its transport. See ``HELD_BYTES``: there is nothing to hold back."""

    def pause_reading(self) -> None:
        pass

    def resume_reading(self, resume_parser: bool = True) -> None:
        pass


_UNHINDERED = _Unhindered()


class Answer:
    """One answer as it comes in: a ``Receiver``. What has come is kept also when the rest never does.

    ``whole`` ends when the answer is complete; it raises AnswerError or OSError when it never will be.
    """

    __slots__ = ("_body", "_limit", "_link", "_parser", "_watch", "head", "reusable", "whole", "wire")

    def __init__(self, link: Link, watch: Course, *, bodiless: bool, limit: int) -> None:
        loop = asyncio.get_running_loop()
        self._link, self._watch, self._limit = link, watch, limit
        self._parser = HttpResponseParser(
            _UNHINDERED,  # type: ignore[arg-type]  # these two methods are all it is asked for
            loop,
            HELD_BYTES,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            payload_exception=aiohttp.ClientPayloadError,
            response_with_body=not bodiless,
            read_until_eof=True,
            auto_decompress=False,
        )
        self._body: StreamReader | None = None
        self.head: RawResponseMessage | None = None
        self.wire = bytearray()
        self.whole: asyncio.Future[None] = loop.create_future()
        self.reusable = True

    def headers(self) -> dict[str, str]:
        """Names in lower case; repeated ones joined."""
        joined: dict[str, str] = {}
        for name, value in self.head.headers.items() if self.head else ():
            name = name.lower()
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    # What the link tells

    def sent(self) -> None:
        if self._watch.phase == "send":  # an answer may come before the whole request was taken
            self._watch.enter("wait")

    def received(self, data: bytes) -> None:
        watch = self._watch
        if watch.phase in ("wait", "send"):
            self._first_byte(watch, now())
        if self.whole.done():
            self.reusable = False  # more than was asked for: what it belongs to is anybody's guess
            return
        try:
            self._feed(data)
        except HttpProcessingError:  # its text may quote what was received
            self._broken(_MISFRAMED if self.head else _NOT_HTTP)
        except aiohttp.ClientPayloadError:
            self._broken(_MISFRAMED)

    def ended(self, error: OSError | None) -> None:
        self.reusable = False
        if self.whole.done():
            return
        if error is not None:
            self.whole.set_exception(error)
        elif self.head is None:
            self._fail(Fault(NetworkReason.NO_ANSWER, "the connection was closed without an answer"))
        else:
            self._last()

    def _last(self) -> None:
        """The peer closed: that is the end of a body without a length, and breaks off any other."""
        try:
            self._parser.feed_eof()
        except Exception:  # noqa: BLE001 - aiohttp has several, and each says that the body is not whole
            self._broken("the body broke off")
        else:
            self._take()

    def _first_byte(self, watch: Course, at: float) -> None:
        if watch.phase == "wait" and watch.spent() > LATENESS_FLOOR_SECONDS:
            watch.ours(min(watch.spent(), receive_lateness(self._link.socket)))
        watch.enter("receive", at)

    def _feed(self, data: bytes) -> None:
        messages, _, _ = self._parser.feed_data(data)
        for head, body in messages:
            if self.head is not None:
                self.reusable = False
            elif head.code >= 200 or head.code == _SWITCHING:  # what comes before is an interim answer
                self.head, self._body = head, body
                self.reusable = not head.should_close
        if self.head is not None:
            self._take()

    def _take(self) -> None:
        body = self._body
        assert body is not None and self.head is not None  # noqa: S101 - both or none
        problem = body.exception()
        if problem is not None:
            raise problem
        self.wire += body.read_nowait()
        if len(self.wire) > self._limit:
            self._fail(Fault(NetworkReason.BODY_TOO_LARGE, f"the body is larger than {self._limit:,} bytes"))
        elif body.is_eof() or self.head.code in _WITHOUT_BODY:
            self._watch.stop()  # here, and not when the loop comes to whoever waits for it
            self.whole.set_result(None)

    def _broken(self, what: str) -> None:
        self._fail(Fault(NetworkReason.PROTOCOL, what))

    def _fail(self, fault: Fault) -> None:
        self.reusable = False
        if not self.whole.done():
            self.whole.set_exception(AnswerError(fault))


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Raises ValueError for a line break or NUL in a header: it would be the beginning of something else."""
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        line = f"{name}: {value}"
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError(f"a line break or NUL cannot stand in the header {name!r}")
        lines.append(line)
    return "\r\n".join([*lines, "", ""]).encode()
