"""The one client that performs every connector's calls.

It never repeats a request, follows no redirect, reads a bounded answer, and knows whether anything left the machine: a second
ticket or a lost one hangs on that bit.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Generator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from monitor.clock import Clock
from monitor.connectors import Access, Answer, Call, apprise_run, smtp
from monitor.connectors.clip import clip_bytes
from monitor.model.check import Tls
from monitor.model.secret import Secret
from monitor.model.units import show_seconds
from monitor.net.contexts import TlsContexts
from monitor.net.guard import AddressPolicy, guarded_socket_factory

#: A desk's answer to one ticket; the longest we ask for is a list of issues.
BODY_MAX_BYTES = 1 << 20
READ_BYTES = 1 << 16
ERROR_MAX_BYTES = 200
#: A desk that asks for more is asked again after an hour all the same: one request too many is better than a silent incident.
RETRY_AFTER_MAX_SECONDS = 3_600.0
#: No operation of any desk needs this many; a connector that loops is our bug.
CALLS_MAX = 32
USER_AGENT = "paycanary"

Perform = Callable[[Call], Awaitable[Answer]]
T = TypeVar("T")


async def play(flow: Generator[Call, Answer, T], perform: Perform) -> T:
    """Carry out a connector's operation and return what it came to."""
    try:
        call = next(flow)
        for _ in range(CALLS_MAX):
            call = flow.send(await perform(call))
    except StopIteration as end:
        outcome: T = end.value
        return outcome
    raise RuntimeError(f"a connector made more than {CALLS_MAX} calls for one operation")


class Client:
    """Shared by all desks. ``close`` when done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._contexts = TlsContexts()
        self._sessions: dict[tuple[str, ...], aiohttp.ClientSession] = {}
        self._warming: asyncio.Future[Any] | None = None

    def warm(self) -> None:
        """Read the system's roots now: the first ticket must not wait for them. On a running loop."""
        self._warming = asyncio.gather(self._contexts.get(Tls()), return_exceptions=True)

    async def perform(self, call: Call, access: Access) -> Answer:
        """One request, once. Never raises for what a desk or the network does."""
        try:
            context = await self._contexts.get(Tls(ca_file=access.ca_file))
        except OSError:
            return Answer(None, sent=False, error="the file of trusted certificates (ca_file) cannot be used")
        if call.url.startswith(f"{apprise_run.SCHEME}:"):
            return await apprise_run.send(call, access)
        if call.url.startswith("smtp"):
            return await smtp.send(call, access, context)
        trail = SimpleNamespace(sent=False)
        try:
            return await self._exchange(call, access, context, trail)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Answer(None, sent=trail.sent, error=_sentence(error, access, sent=trail.sent))

    async def close(self) -> None:
        if self._warming is not None:
            await self._warming
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    async def _exchange(self, call: Call, access: Access, context: ssl.SSLContext, trail: SimpleNamespace) -> Answer:
        now = self._clock.wall()
        signed = call.sign(now) if call.sign else {}
        async with self._session(access).request(
            call.method,
            URL(call.sealed_url(now).reveal() if call.sealed_url else call.url, encoded=True),
            data=(call.sealed_body(now).reveal().encode() if call.sealed_body else call.body) or None,
            headers={"user-agent": USER_AGENT, "accept-encoding": "identity", **_revealed(call.headers), **signed},
            ssl=context,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=access.timeout_seconds),
            trace_request_ctx=trail,
        ) as response:
            body = await _bounded(response.content)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, body, retry_after=retry_after(headers.get("retry-after"), now))

    def _session(self, access: Access) -> aiohttp.ClientSession:
        session = self._sessions.get(access.allow_private)
        if session is None:
            session = self._sessions[access.allow_private] = _new_session(access.allow_private)
        return session


def _new_session(allow_private: tuple[str, ...]) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        socket_factory=guarded_socket_factory(AddressPolicy(allow_private)),
        # A kept connection that the desk has closed fails after sending: an unsure answer where a fresh one is certain.
        force_close=True,
        use_dns_cache=False,
        limit=0,  # delivery bounds what is in flight
    )
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_note_sent)
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        trace_configs=[trace],
    )
    # aiohttp repeats GET, PUT and DELETE by itself when a connection drops, and offers no public way to stop it.
    session._retry_connection = False  # noqa: SLF001
    return session


async def _note_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _: object) -> None:
    context.trace_request_ctx.sent = True


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for part in content.iter_chunked(READ_BYTES):
        body += part
        if len(body) > BODY_MAX_BYTES:
            return bytes(body[:BODY_MAX_BYTES])
    return bytes(body)


def _revealed(headers: Mapping[str, str | Secret]) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()}


def _sentence(error: Exception, access: Access, *, sent: bool) -> str:
    """What happened, in words of ours: an exception's own text may hold the request."""
    if isinstance(error, TimeoutError):
        return f"no {'answer' if sent else 'connection'} within {show_seconds(access.timeout_seconds)}"
    if sent:
        return "the connection ended before the answer was whole"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {getattr(error.certificate_error, 'verify_message', 'unknown reason')}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "the TLS handshake failed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name could not be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        return clip_bytes(f"no connection: {cause.strerror or cause}", ERROR_MAX_BYTES)
    return f"the request could not be made ({type(error).__name__})"


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header in either form of RFC 9110 (10.2.3); None when it is absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAX_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    wait = (at - datetime.fromtimestamp(now, UTC)).total_seconds()
    return min(max(wait, 0.0), RETRY_AFTER_MAX_SECONDS)
