"""One DNS question to one server, over UDP, and over TCP when the answer says it was cut."""

import asyncio
import secrets
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes.attempt import AnswerError, attempt, dial
from monitor.probes.dns_message import Answer, MalformedError, parse, query
from monitor.probes.endpoint import Endpoint, endpoint
from monitor.probes.faults import Fault
from monitor.probes.stopwatch import Stopwatch
from monitor.probes.tcp import finish
from monitor.transactions.template import Place

_MAX_MESSAGE = 65_535
#: Datagrams that are no answer to our question are somebody's mistake or attack; so many and we stop listening.
_MAX_STRAYS = 16
_RESOLV_CONF = Path("/etc/resolv.conf")


class DnsOptions(BaseModel):
    """Of a ``dns://`` target the server itself is asked, and ``name`` says for what. Of any other target, the machine's own name
    server is asked, for the target's host unless ``name`` is given. ``rcode`` is the answer that counts as good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    type: Literal["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA"] = "A"
    rcode: Literal["NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL"] = "NOERROR"


class DnsProbe:
    """See ``monitor.probes.Probe``. Answers of the asked type stand in ``Exchange.answers``; the answer's code in its ``body``."""

    Options: type[BaseModel] = DnsOptions
    PLACES: Mapping[str, Place] = {}

    def __init__(self, resolver: Resolver, resolv_conf: Path = _RESOLV_CONF) -> None:
        self._resolver = resolver
        self._resolv_conf = resolv_conf

    async def run(self, call: Call) -> Exchange:
        watch = Stopwatch()
        where = endpoint(call.target.base_url)
        options = DnsOptions.model_validate(call.options)
        name = options.name or where.host
        exchange = Exchange(Reach.NOT_SENT, watch.started, 0.0, request_line=f"DNS {options.type} {name}")
        fault = await attempt(watch, call.timeout_seconds, self._ask(call, where, name, options, watch, exchange))
        return finish(exchange, watch, fault)

    async def close(self) -> None:
        """Nothing is held."""

    async def _ask(
        self, call: Call, where: Endpoint, name: str, options: DnsOptions, watch: Stopwatch, exchange: Exchange
    ) -> None:
        server, policy = self._server(call, where)
        ident = secrets.randbelow(1 << 16)
        try:
            question = query(ident, name, options.type)
        except ValueError:
            raise AnswerError(Fault(NetworkReason.PROTOCOL, "not sent: the name is not a host name")) from None
        try:
            message = await self._over_udp(question, server, policy, watch, exchange)
            answer = parse(message, ident, name, options.type)
            if answer.cut:
                message = await self._over_tcp(question, server, policy, watch)
                answer = parse(message, ident, name, options.type)
        except MalformedError as error:
            raise AnswerError(Fault(NetworkReason.PROTOCOL, f"the DNS answer cannot be read: {error}")) from None
        watch.reach = Reach.ANSWERED
        _take(answer, options, exchange, len(message))

    def _server(self, call: Call, where: Endpoint) -> tuple[tuple[str, int], AddressPolicy]:
        if where.scheme == "dns":
            return (where.host, where.port), AddressPolicy(call.target.allow_private)
        # The machine's own server is the machine's business: nothing a target says leads there.
        address = system_nameserver(self._resolv_conf)
        return (address, 53), AddressPolicy((address.partition("%")[0],))

    async def _over_udp(
        self, question: bytes, server: tuple[str, int], policy: AddressPolicy, watch: Stopwatch, exchange: Exchange
    ) -> bytes:
        watch.enter("resolve")
        found = await self._resolver.lookup(*server)
        if found.seconds is None:
            watch.forget()
        family, _, _, _, address = policy.permitted(found.addresses)[0]
        exchange.address = str(address[0])
        watch.enter("send")
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(address)  # the kernel then drops what other addresses send
            watch.reach = Reach.SENT
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(sock, question)
            watch.enter("wait")
            return await _own_datagram(sock, question[:2])

    async def _over_tcp(self, question: bytes, server: tuple[str, int], policy: AddressPolicy, watch: Stopwatch) -> bytes:
        sock, _ = await dial(watch, self._resolver, policy, *server)
        loop = asyncio.get_running_loop()
        with sock:
            watch.enter("send")
            await loop.sock_sendall(sock, struct.pack("!H", len(question)) + question)
            watch.enter("wait")
            size = struct.unpack("!H", await _exactly(sock, 2))[0]
            watch.enter("receive")
            return await _exactly(sock, size)


async def _own_datagram(sock: socket.socket, ident: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    for _ in range(_MAX_STRAYS):
        message = await loop.sock_recv(sock, _MAX_MESSAGE)
        if message[:2] == ident:
            return message
    raise AnswerError(Fault(NetworkReason.PROTOCOL, "only answers to other questions came"))


async def _exactly(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < size:
        chunk = await loop.sock_recv(sock, size - len(received))
        if not chunk:
            raise AnswerError(Fault(NetworkReason.NO_ANSWER, "the connection was closed in the middle of the answer"))
        received += chunk
    return received


def _take(answer: Answer, options: DnsOptions, exchange: Exchange, size: int) -> None:
    exchange.answers, exchange.body, exchange.body_bytes = answer.records, answer.rcode, size
    if answer.rcode != options.rcode:
        raise AnswerError(Fault(NetworkReason.DNS, f"the server answered {answer.rcode}"))


def system_nameserver(path: Path) -> str:
    """The machine's first name server; without one, its own (resolv.conf(5))."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        lines = []
    words = (line.split() for line in lines)
    return next((found[1] for found in words if found[:1] == ["nameserver"] and len(found) > 1), "127.0.0.1")
