"""One HTTP request, sent once, with every phase measured. A redirect is an answer; so is a 500."""

import asyncio
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict
from pydantic import BaseModel

from monitor.model.check import Target
from monitor.model.outcome import NetworkReason
from monitor.model.result import Connection, Exchange, Reach
from monitor.net.contexts import TlsContexts
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes import body as bodies
from monitor.probes.attempt import AnswerError, attempt, target_context
from monitor.probes.faults import Fault, fault_of
from monitor.probes.request import HttpOptions, Request, UnsendableError, build
from monitor.probes.wire import Connector, Course, NotConnectedError, current, make_session
from monitor.transactions.template import Place

#: Above this, unpacking and parsing a body takes longer than the loop may be held (about 3 ms).
OFF_LOOP_BYTES = 256 * 1024
#: gzip that swells: what is small on the wire may not be small unpacked.
OFF_LOOP_PACKED_BYTES = 16 * 1024
PARSER_THREADS = 2

_BASE_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


@dataclass(slots=True)
class _Answer:
    """What has come in so far: kept also when the rest never comes."""

    request_line: str = ""
    status: int | None = None
    version: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    wire: bytearray = field(default_factory=bytearray)


class HttpProbe:
    """See ``monitor.probes.Probe``. Serves the event loop it was first used on."""

    Options: type[BaseModel] = HttpOptions
    PLACES: Mapping[str, Place] = {"path": Place.PATH, "headers": Place.HEADER}

    def __init__(self, resolver: Resolver, contexts: TlsContexts) -> None:
        self._resolver = resolver
        self._contexts = contexts
        self._sessions: dict[tuple[tuple[str, ...], bool], aiohttp.ClientSession] = {}
        self._parsers = ThreadPoolExecutor(PARSER_THREADS, "parse")

    async def run(self, call: Call) -> Exchange:
        watch, answer = Course(), _Answer()
        fault = await attempt(watch, call.timeout_seconds, self._exchange(call, watch, answer))
        exchange = _report(watch, answer, fault)
        if answer.wire:
            await self._read(exchange, bytes(answer.wire), call.target.body_limit_bytes)
        return exchange

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._parsers.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, call: Call, watch: Course, answer: _Answer) -> None:
        target = call.target
        try:
            request = build(target.base_url, call.options)
        except UnsendableError as error:
            raise AnswerError(Fault(NetworkReason.PROTOCOL, f"not sent: {error}")) from None
        answer.request_line = request.line
        secure = request.url.scheme == "https"
        context = await target_context(self._contexts, target.id, target.tls) if secure else None
        headers = await _headers(call, request, watch)
        current.set(watch)
        try:
            await self._send(self._session(target), target, request, headers, context, answer, watch)
        except aiohttp.ClientError as error:
            raise AnswerError(_client_fault(error, watch.phase)) from error

    async def _send(
        self,
        session: aiohttp.ClientSession,
        target: Target,
        request: Request,
        headers: CIMultiDict[str],
        context: ssl.SSLContext | None,
        answer: _Answer,
        watch: Course,
    ) -> None:
        response = await session.request(
            request.method,
            request.url,
            data=request.body,
            headers=headers,
            allow_redirects=False,
            ssl=context or True,
            server_hostname=target.tls.server_name,
        )
        try:
            answer.status = response.status
            answer.version = f"{response.version.major}.{response.version.minor}" if response.version else ""
            answer.headers = _joined(response.headers)
            await _receive(response.content, target.body_limit_bytes, answer)
            watch.reach = Reach.ANSWERED
        finally:
            response.close()  # a no-op once all was read: then the connection is back where it belongs

    def _session(self, target: Target) -> aiohttp.ClientSession:
        key = (target.allow_private, target.reuse_connections)
        session = self._sessions.get(key)
        if session is None:
            policy = AddressPolicy(target.allow_private)
            session = make_session(Connector(self._resolver, policy, reuse=target.reuse_connections))
            self._sessions[key] = session
        return session

    async def _read(self, exchange: Exchange, wire: bytes, limit: int) -> None:
        large = len(wire) > (OFF_LOOP_PACKED_BYTES if "content-encoding" in exchange.headers else OFF_LOOP_BYTES)
        if large:
            await asyncio.get_running_loop().run_in_executor(self._parsers, _decode, exchange, wire, limit)
        else:
            _decode(exchange, wire, limit)


async def _headers(call: Call, request: Request, watch: Course) -> CIMultiDict[str]:
    """Later ones win: ours, the target's, the driver's, the step's, the credential."""
    headers = CIMultiDict(_BASE_HEADERS)
    headers.update(call.target.headers)
    headers.update(call.headers or {})
    headers.update(request.headers)
    if call.signature is not None:
        watch.enter("auth")
        if not await call.signature.prepare():
            watch.forget()
        headers.update(call.signature.headers(request.method, str(request.url), request.body or b""))
    return headers


async def _receive(content: aiohttp.StreamReader, limit: int, answer: _Answer) -> None:
    while chunk := await content.readany():
        answer.wire += chunk
        if len(answer.wire) > limit:
            raise AnswerError(Fault(NetworkReason.BODY_TOO_LARGE, f"the body is larger than {limit:,} bytes"))


def _joined(headers: Mapping[str, str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _report(watch: Course, answer: _Answer, fault: Fault | None) -> Exchange:
    reason, error, ours = fault or Fault(NetworkReason.NONE, "")
    return Exchange(
        reach=watch.reach,
        started=watch.started,
        duration_seconds=watch.duration,
        phases=watch.phases(),
        reason=reason,
        error=error,
        ours=ours,
        status=answer.status,
        headers=answer.headers,
        raw=bytes(answer.wire[: bodies.RAW_BYTES]),
        body_bytes=len(answer.wire),
        tls=watch.peer.tls if watch.peer else None,
        address=watch.peer.address if watch.peer else "",
        connection=Connection.FRESH if watch.fresh or not watch.peer else Connection.REUSED,
        queued_seconds=watch.queued,
        request_line=answer.request_line,
        http_version=answer.version,
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


def _client_fault(error: aiohttp.ClientError, phase: str) -> Fault:
    """The errors of aiohttp. Their texts are not used: they may quote what was sent or received."""
    if isinstance(error, NotConnectedError):
        return fault_of(error.error, phase)
    if isinstance(error, aiohttp.NonHttpUrlClientError):
        return Fault(NetworkReason.INTERNAL, "the target's base URL is neither http nor https", ours=True)
    if isinstance(error, aiohttp.InvalidURL):
        return Fault(NetworkReason.BLOCKED_ADDRESS, "the host is not a name or an address in its usual spelling")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Fault(NetworkReason.NO_ANSWER, "the connection was closed without an answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return Fault(NetworkReason.PROTOCOL, "the body broke off or is not framed as HTTP says")
    if isinstance(error, aiohttp.ClientResponseError):
        return Fault(NetworkReason.PROTOCOL, "the answer is not valid HTTP/1.1, or its head is too large")
    cause = error.__cause__
    return fault_of(cause if isinstance(cause, OSError) else error, phase)
