"""A TCP connection; on request, a few bytes there and a few back."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes.attempt import AnswerError, attempt, dial
from monitor.probes.body import RAW_BYTES
from monitor.probes.endpoint import endpoint
from monitor.probes.faults import Fault
from monitor.probes.stopwatch import Stopwatch
from monitor.transactions.template import Place

#: A banner or a pong, not a download.
READ_BYTES = 65_536
_CHUNK_BYTES = 4_096


class TcpOptions(BaseModel):
    """``port`` is the base URL's unless given. ``expect`` is text that must come back, anywhere in the first 64 KiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    send: str | None = None
    expect: str | None = None


class TcpProbe:
    """See ``monitor.probes.Probe``."""

    Options: type[BaseModel] = TcpOptions
    PLACES: Mapping[str, Place] = {}

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def run(self, call: Call) -> Exchange:
        watch = Stopwatch()
        where = endpoint(call.target.base_url, call.options.get("port"))
        exchange = Exchange(Reach.NOT_SENT, watch.started, 0.0, request_line=f"TCP {where.host}:{where.port}")
        fault = await attempt(watch, call.timeout_seconds, self._exchange(call, watch, exchange))
        return finish(exchange, watch, fault)

    async def close(self) -> None:
        """Nothing is held."""

    async def _exchange(self, call: Call, watch: Stopwatch, exchange: Exchange) -> None:
        _, host, port = endpoint(call.target.base_url, call.options.get("port"))
        policy = AddressPolicy(call.target.allow_private)
        sock, exchange.address = await dial(watch, self._resolver, policy, host, port)
        with sock:
            await self._talk(sock, call.options, watch, exchange)
        watch.reach = Reach.ANSWERED

    async def _talk(self, sock: socket.socket, options: Mapping[str, object], watch: Stopwatch, exchange: Exchange) -> None:
        send, expect = options.get("send"), options.get("expect")
        if send is not None:
            watch.enter("send")
            watch.reach = Reach.SENT
            await asyncio.get_running_loop().sock_sendall(sock, str(send).encode())
        if send is None and expect is None:
            return
        watch.enter("wait")
        received = await _read_until(sock, str(expect or "").encode(), watch)
        exchange.body, exchange.raw, exchange.body_bytes = (
            received.decode("utf-8", "replace"),
            received[:RAW_BYTES],
            len(received),
        )
        if not received:
            raise AnswerError(Fault(NetworkReason.NO_ANSWER, "the connection was closed without an answer"))
        if expect is not None and str(expect).encode() not in received:
            raise AnswerError(Fault(NetworkReason.PROTOCOL, "the expected text did not come before the connection closed"))


async def _read_until(sock: socket.socket, expect: bytes, watch: Stopwatch) -> bytes:
    """Until ``expect`` is in it (any byte, when empty), the peer closes, or there is too much."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    while not received or expect not in received:
        chunk = await loop.sock_recv(sock, _CHUNK_BYTES)
        if not chunk:
            break
        if not received:
            watch.enter("receive")
        received += chunk
        if len(received) > READ_BYTES:
            raise AnswerError(Fault(NetworkReason.BODY_TOO_LARGE, f"the expected text did not come in {READ_BYTES:,} bytes"))
    return bytes(received)


def finish(exchange: Exchange, watch: Stopwatch, fault: Fault | None) -> Exchange:
    """Put what the stopwatch and the fault say into ``exchange``."""
    exchange.reach = watch.reach
    exchange.duration_seconds = watch.duration
    exchange.phases = watch.phases()
    exchange.queued_seconds = watch.queued
    exchange.reason, exchange.error, exchange.ours = fault or Fault(NetworkReason.NONE, "")
    return exchange
