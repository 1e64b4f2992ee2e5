"""One HTTP request, sent once, with every phase measured. A redirect is an answer; so is a 500."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from aiohttp.http import HttpVersion10, HttpVersion11
from multidict import CIMultiDict
from pydantic import BaseModel

from monitor.model.check import Target
from monitor.model.outcome import NetworkReason
from monitor.model.result import Connection, Exchange, Reach
from monitor.net.contexts import TlsContexts
from monitor.net.link import Link
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes import body as bodies
from monitor.probes.attempt import AnswerError, attempt, target_context
from monitor.probes.faults import Fault
from monitor.probes.links import Links, Origin
from monitor.probes.request import Destination, HttpOptions, Request, UnsendableError, build
from monitor.probes.wire import Answer, Course, request_head
from monitor.transactions.template import Place

#: Above this, unpacking and parsing a body takes longer than the loop may be held (about 3 ms).
OFF_LOOP_BYTES = 256 * 1024
#: gzip that swells: what is small on the wire may not be small unpacked.
OFF_LOOP_PACKED_BYTES = 16 * 1024
PARSER_THREADS = 2

#: RFC 9110, 8.6: other methods say how much they send, also when it is nothing.
_WITHOUT_CONTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_VERSIONS = {HttpVersion11: "1.1", HttpVersion10: "1.0"}
_NO_FAULT = Fault(NetworkReason.NONE, "")
_BASE_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


@dataclass(slots=True)
class _Trip:
    """One exchange on its way: what is known of it also when it fails."""

    request_line: str = ""
    answer: Answer | None = None


class HttpProbe:
    """See ``monitor.probes.Probe``. Serves the event loop it was first used on."""

    Options: type[BaseModel] = HttpOptions
    PLACES: Mapping[str, Place] = {"path": Place.PATH, "headers": Place.HEADER}

    def __init__(self, resolver: Resolver, contexts: TlsContexts) -> None:
        self._links = Links(resolver)
        self._contexts = contexts
        self._parsers = ThreadPoolExecutor(PARSER_THREADS, "parse")

    async def run(self, call: Call) -> Exchange:
        course = Course()
        trip = _Trip()
        fault = await attempt(course, call.timeout_seconds, self._exchange(call, course, trip))
        exchange = _report(course, trip, fault)
        if trip.answer is not None and trip.answer.wire:
            await self._read(exchange, bytes(trip.answer.wire), call.target.body_limit_bytes)
        return exchange

    async def close(self) -> None:
        self._links.close()
        self._parsers.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, call: Call, watch: Course, trip: _Trip) -> None:
        target = call.target
        try:
            request = build(target.base_url, call.options)
        except UnsendableError as error:
            raise AnswerError(Fault(NetworkReason.PROTOCOL, f"not sent: {error}")) from None
        trip.request_line = request.line
        origin = await self._origin(target, request.destination)
        message = await _message(call, request, watch)
        link = await self._links.take(origin, watch)
        answer = trip.answer = Answer(link, watch, bodiless=request.method == "HEAD", limit=target.body_limit_bytes)
        try:
            await _send(link, message, answer, watch)
        except BaseException:
            link.close()
            raise
        if target.reuse_connections and answer.reusable:
            self._links.keep(origin, link, watch.peer)
        else:
            link.close()

    async def _origin(self, target: Target, place: Destination) -> Origin:
        if place.scheme not in ("http", "https"):
            raise AnswerError(Fault(NetworkReason.INTERNAL, "the target's base URL is neither http nor https", ours=True))
        context = await target_context(self._contexts, target.id, target.tls) if place.scheme == "https" else None
        # Certificates are written without the root's dot.
        name = (target.tls.server_name or place.host).rstrip(".")
        return Origin(place.host, place.port, context, name, target.allow_private)

    async def _read(self, exchange: Exchange, wire: bytes, limit: int) -> None:
        large = len(wire) > (OFF_LOOP_PACKED_BYTES if "content-encoding" in exchange.headers else OFF_LOOP_BYTES)
        if large:
            await asyncio.get_running_loop().run_in_executor(self._parsers, _decode, exchange, wire, limit)
        else:
            _decode(exchange, wire, limit)


async def _message(call: Call, request: Request, watch: Course) -> bytes:
    """What goes on the wire."""
    credential = await _credential(call, request, watch)
    body = request.body or b""
    layers = (call.target.headers, *(tuple(layer.items()) for layer in (call.headers or {}, request.headers, credential)))
    # A request without body and credential is nearly always the same one again; neither is kept longer than it must be.
    make = _head if body or credential else _same_head
    return make(request.method, request.destination, layers, len(body), call.target.reuse_connections) + body


async def _credential(call: Call, request: Request, watch: Course) -> Mapping[str, str]:
    if call.signature is None:
        return {}
    watch.enter("auth")
    if not await call.signature.prepare():
        watch.forget()
    return call.signature.headers(request.method, str(request.url), request.body or b"")


_Layers = tuple[tuple[tuple[str, str], ...], ...]


def _head(method: str, place: Destination, layers: _Layers, length: int, reuse: bool) -> bytes:
    """Of headers later ones win: ours, the target's, the driver's, the step's, the credential."""
    headers = CIMultiDict({"Host": place.authority, **_BASE_HEADERS})
    for layer in layers:
        headers.update(layer)
    if length or method not in _WITHOUT_CONTENT:
        headers["Content-Length"] = str(length)
    if not reuse:
        headers["Connection"] = "close"
    return request_head(method, place.path, headers)


_same_head = lru_cache(maxsize=8192)(_head)


async def _send(link: Link, message: bytes, answer: Answer, watch: Course) -> None:
    link.listen(answer)
    watch.enter("send")
    watch.reach = Reach.SENT
    if link.send(message) and watch.phase == "send":
        watch.enter("wait")
    await answer.whole
    watch.reach = Reach.ANSWERED


def _report(watch: Course, trip: _Trip, fault: Fault | None) -> Exchange:
    reason, error, ours = fault or _NO_FAULT
    answer, peer = trip.answer, watch.peer
    head = answer.head if answer else None
    return Exchange(
        reach=watch.reach,
        started=watch.started,
        duration_seconds=watch.duration,
        phases=watch.phases(),
        reason=reason,
        error=error,
        ours=ours,
        status=head.code if head else None,
        headers=answer.headers() if answer else {},
        raw=bytes(answer.wire[: bodies.RAW_BYTES]) if answer else b"",
        body_bytes=len(answer.wire) if answer else 0,
        tls=peer.tls if peer else None,
        address=peer.address if peer else "",
        connection=Connection.FRESH if watch.fresh or not peer else Connection.REUSED,
        queued_seconds=watch.queued,
        request_line=trip.request_line,
        http_version=_VERSIONS.get(head.version, "1.x") if head else "",
    )


def _decode(exchange: Exchange, wire: bytes, limit: int) -> None:
    """Fill in the body. A body that did not arrive whole is kept as evidence, and never read as an answer."""
    if exchange.reach is not Reach.ANSWERED:
        return
    try:
        data = bodies.unpack(wire, exchange.headers.get("content-encoding", ""), limit)
    except bodies.BodyTooLargeError as error:
        exchange.reason, exchange.error = NetworkReason.BODY_TOO_LARGE, str(error)
        return
    except bodies.UnreadableError as error:
        exchange.parse_error = str(error)
        return
    exchange.raw, exchange.body_bytes = data[: bodies.RAW_BYTES], len(data)
    exchange.body, exchange.parse_error = bodies.read(data, exchange.headers)
