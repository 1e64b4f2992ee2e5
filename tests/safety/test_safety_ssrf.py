"""Sixty spellings of this machine, five ways to be led there: no connection ever reaches the canary's port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from probe_world import answering, call, http

from monitor.clock import SystemClock
from monitor.model.check import Check, Step, Target
from monitor.model.outcome import NetworkReason
from monitor.model.text import Text
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.drive import Driver
from monitor.probes.http import HttpProbe
from monitor.transactions.expressions import SCOPE_NAMES, compile_expression
from monitor.transactions.template import Place, compile_template

SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "127.000.000.001", "0127.0.0.1", "0177.0.0.1", "0177.0.0.01", "0177.1"),
    *("0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f.1", "0x7f000001", "0X7F000001", "0x007f000001", "2130706433", "017700000001"),
    *("0", "0.0.0.0", "0.0", "00.0.0.0", "0x0", "127.255.255.254", "127.0.0.2", "127.127.127.127", "127.0.1.1"),
    *("localhost", "LOCALHOST", "localhost.", "LocalHost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0.0.0.1]", "[0::1]", "[::01]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::FFFF:7F00:0001]", "[::ffff:0.0.0.0]"),
    *("[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2002:7f00:0001::1]", "[::ffff:0:127.0.0.1]", "[fe80::1%25lo]", "[::1%25lo]", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "ｌｏｃａｌｈｏｓｔ"),
    *("127。0。0。1", "%31%32%37.0.0.1"),
]  # fmt: skip
#: As a resolver might give them, in both families; the wire form is what counts here.
ADDRESSES = [
    *((socket.AF_INET, f"127.{n}.0.1") for n in range(20)),
    *((socket.AF_INET, "0.0.0.0"),),
    *((socket.AF_INET6, address) for address in ("::1", "::", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1")),
    *((socket.AF_INET6, f"::ffff:127.{n}.0.1") for n in range(33)),
]
#: The one address that the target may have, where its own server listens.
ALLOWED = ("127.77.0.1/32",)


@dataclass
class Canary:
    """Listens at every loopback address it can have; ``connections`` must stay 0."""

    port: int
    connections: int = 0


@contextlib.asynccontextmanager
async def canary() -> AsyncIterator[Canary]:
    found = Canary(0)

    async def connected(_reader, writer) -> None:
        found.connections += 1
        writer.close()

    servers = [await asyncio.start_server(connected, "127.0.0.1", 0)]
    found.port = servers[0].sockets[0].getsockname()[1]
    for address in ("::1", "127.0.0.2", "127.0.1.1"):
        with contextlib.suppress(OSError):
            servers.append(await asyncio.start_server(connected, address, found.port))
    try:
        yield found
        await asyncio.sleep(0.05)  # what was connected is counted when the loop gets round to it
    finally:
        for server in servers:
            server.close()


@contextlib.asynccontextmanager
async def probing(**resolving):
    resolver = Resolver(**resolving)
    probe = HttpProbe(resolver, TlsContexts())
    try:
        yield probe
    finally:
        await probe.close()
        resolver.close()


@contextlib.asynccontextmanager
async def gateway(answer: bytes):
    """The target's own server, at the address that it may have."""

    writers: list[asyncio.StreamWriter] = []

    async def handler(reader, writer):
        writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handler, "127.77.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


def test_there_are_sixty_of_each() -> None:
    assert 60 == len(set(SPELLINGS)) == len(set(ADDRESSES))


async def test_no_spelling_in_a_targets_address_leads_there():
    async with canary() as found, probing() as probe:
        urls = [f"http://{host}:{found.port}" for host in SPELLINGS]
        seen = await asyncio.gather(*(probe.run(call(url, settings={"allow_private": ()}, timeout=5)) for url in urls))

    assert 0 == found.connections
    assert {None} == {one.status for one in seen}


async def test_no_redirect_leads_there():
    async with canary() as found, probing() as probe:
        for host in SPELLINGS:
            head = (
                f"HTTP/1.1 307 Moved\r\nLocation: http://{host}:{found.port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            async with gateway(head.encode()) as port:
                settings = {"allow_private": ALLOWED}
                seen = await probe.run(call(f"http://127.77.0.1:{port}", settings=settings, timeout=5))
            assert 307 == seen.status

    assert 0 == found.connections


async def test_no_captured_value_leads_there():
    """A gateway names the place in its answer; the next step puts it wherever a step can put it."""
    steps = (
        Step("ask", "http", template(method="GET", path="/"), 5.0, save=(("where", expression("body.where")),)),
        Step(
            "go", "http", template(method="GET", path="/${where}", query={"u": "${where}"}, headers={"X-Next": "${where}"}), 5.0
        ),
        Step("post", "http", template(method="POST", path="/a", form={"url": "${where}"}), 5.0),
    )
    check = Check("follow", Text("follow"), "gateway", 10.0, 9.0, 9.0, steps)
    async with canary() as found, probing() as probe:
        driver = Driver({"http": probe}, {}, SystemClock())
        for host in SPELLINGS:
            for where in (
                f"http://{host}:{found.port}/",
                f"@{host}:{found.port}/",
                f"//{host}:{found.port}",
                f"\\\\{host}:{found.port}\r\nHost: x",
            ):
                async with gateway(http(json_of(where))) as port:
                    target = Target("gateway", Text("g"), f"http://127.77.0.1:{port}", allow_private=ALLOWED)
                    await driver.run(check, target, 0, 0.0, 0.0, "here")

    assert 0 == found.connections


async def test_no_name_that_changes_its_mind_leads_there():
    """The first look-up gives the permitted address; every later one gives another of the sixty."""
    answers = iter([(socket.AF_INET, "127.77.0.1"), *ADDRESSES])

    def rebinding(_host, port, *_args, **_kwargs):
        return [info(*next(answers), port)]

    async with canary() as found, probing(getaddrinfo=rebinding) as probe:
        settings = {"allow_private": ALLOWED}
        async with gateway(http()) as port:
            first = await probe.run(call(f"http://rebound.example:{port}", settings=settings))
        rest = [await probe.run(call(f"http://rebound.example:{found.port}", settings=settings)) for _ in ADDRESSES]

    assert (200, 0) == (first.status, found.connections)
    assert {NetworkReason.BLOCKED_ADDRESS} == {one.reason for one in rest}


@pytest.mark.parametrize("permitted_first", [True, False])
async def test_no_address_behind_a_permitted_one_leads_there(permitted_first):
    """All sixty in one answer, beside the permitted address where nobody listens."""

    def many(_host, port, *_args, **_kwargs):
        infos = [info(*address, port) for address in ADDRESSES]
        good = info(socket.AF_INET, "127.77.0.1", port)
        return [good, *infos] if permitted_first else [*infos, good]

    async with canary() as found, probing(getaddrinfo=many) as probe:
        seen = await probe.run(call(f"http://many.example:{found.port}", settings={"allow_private": ALLOWED}))

    assert 0 == found.connections
    assert NetworkReason.TCP_REFUSED == seen.reason


async def test_credentials_do_not_cross_origins():
    """A redirect to another origin, five codes: neither the signature nor a header arrives there, because nothing is followed."""

    class Signed:
        async def prepare(self):
            return False

        def headers(self, _method, _url, _body):
            return {"Authorization": "Bearer canary-credential"}

    async with answering(http()) as elsewhere, probing() as probe:
        for code in (301, 302, 303, 307, 308):
            head = f"HTTP/1.1 {code} X\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            async with answering(head.encode()) as server:
                url = f"http://127.0.0.1:{server.port}"
                seen = await probe.run(call(url, signature=Signed(), headers={"X-Api-Key": "canary", "Idempotency-Key": "k"}))
            assert code == seen.status

    assert (0, []) == (elsewhere.connections, elsewhere.requests)


async def test_the_canary_would_have_noticed():
    async with canary() as found, probing() as probe:
        await probe.run(call(f"http://127.0.0.1:{found.port}"))

    assert 1 == found.connections


def info(family, address, port):
    where = (address, port) if family == socket.AF_INET else (address, port, 0, 0)
    return (family, socket.SOCK_STREAM, 6, "", where)


def template(**request):
    return compile_template(request, {"path": Place.PATH, "headers": Place.HEADER})


def expression(source):
    return compile_expression(source, SCOPE_NAMES)


def json_of(where: str) -> bytes:
    import json

    return json.dumps({"where": where}).encode()
