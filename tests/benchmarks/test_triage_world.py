"""The bench's world does what its scenarios say: seen by plain clients over real sockets."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from random import Random

import pytest

from benchmarks.triage import certificates
from benchmarks.triage.certificates import Shop
from benchmarks.triage.clock import RoundClock
from benchmarks.triage.front import TOKEN_PATH, Front, Manners, Page
from benchmarks.triage.nameserver import NameServer, Rcode, stub

NAME = "pay.gateway.test"
OWN = Page(200, '{"alive": true}', "application/json")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    return certificates.make(tmp_path_factory.mktemp("shop"))


@pytest.fixture
async def front(shop) -> AsyncIterator[Front]:
    with socket.socket() as probe:
        probe.bind(("127.0.11.7", 0))
        port = probe.getsockname()[1]
    standing = Front("127.0.11.7", port, shop, Random(1), RoundClock(), None, OWN)
    await standing.behave()
    yield standing
    await standing.close()


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    names = NameServer()
    await names.open()
    names.zone = {NAME: ("127.0.0.1", "127.0.0.2")}
    yield names
    names.close()


async def ask(front: Front, client: ssl.SSLContext, request: bytes = b"GET / HTTP/1.1\r\n\r\n") -> bytes:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(front.address, front.port, ssl=client, server_hostname=NAME)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


def trusting(shop: Shop, client: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(shop.trusted))
    if client:
        context.load_cert_chain(shop.clients[client].certificate, shop.clients[client].key)
    return context


async def behaving(front: Front, **manners: object) -> None:
    front.manners = Manners(**manners)
    await front.behave()


# --- fronts


async def test_a_healthy_front_answers_over_verified_tls(front, shop):
    assert b'{"alive": true}' in await ask(front, trusting(shop))


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ("expired", "certificate has expired"),
        ("not_yet", "certificate is not yet valid"),
        ("wrong_name", "not valid for 'pay.gateway.test'"),
        ("unknown_issuer", "unable to get local issuer certificate"),
    ],
)
async def test_a_bad_certificate_is_refused_by_any_client(front, shop, certificate, said):
    await behaving(front, certificate=certificate)
    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        await ask(front, trusting(shop))


@pytest.mark.parametrize("certificate", ["renewed", "ends_soon", "other_issuer"])
async def test_a_changed_certificate_is_still_good(front, shop, certificate):
    await behaving(front, certificate=certificate)
    assert b"alive" in await ask(front, trusting(shop))


@pytest.mark.parametrize(
    ("client", "alert"),
    [("", "CERTIFICATE_REQUIRED"), ("expired", "CERTIFICATE_EXPIRED"), ("unknown_issuer", "UNKNOWN_CA")],
)
async def test_the_alert_that_refuses_a_client_certificate_reaches_the_client(front, shop, client, alert):
    await behaving(front, demands_certificate=True)
    with pytest.raises(ssl.SSLError, match=alert):
        await ask(front, trusting(shop, client))
    assert b"alive" in await ask(front, trusting(shop, "good"))


async def test_a_front_that_drops_answers_no_syn_and_comes_back(front, shop):
    await behaving(front, listens="drop")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.open_connection(front.address, front.port)
    await behaving(front, listens="refuse")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(front.address, front.port)
    await behaving(front)
    assert b"alive" in await ask(front, trusting(shop))


async def test_a_front_says_its_page_to_a_share_and_tokens_to_who_asks_for_them(front, shop):
    await behaving(front, page=Page(502, "<html>", share=0.5))
    seen = [(await ask(front, trusting(shop))).split()[1] for _ in range(20)]
    assert {b"200", b"502"} == set(seen)
    await behaving(front)
    assert b"access_token" in await ask(front, trusting(shop), TOKEN_PATH + b"HTTP/1.1\r\n\r\n")


# --- names


def addresses(server: NameServer) -> list[str]:
    return [found[4][0] for found in stub(lambda: server.port)(NAME, None)]


async def test_addresses_come_each_first_in_its_turn(server):
    first, second = await asyncio.to_thread(addresses, server), await asyncio.to_thread(addresses, server)
    assert {"127.0.0.1", "127.0.0.2"} == set(first) == set(second)
    assert first != second


@pytest.mark.parametrize(("rcode", "number"), [(Rcode.NXDOMAIN, socket.EAI_NONAME), (Rcode.SERVFAIL, socket.EAI_AGAIN)])
async def test_a_broken_name_fails_as_getaddrinfo_would(server, rcode, number):
    server.broken = {NAME: rcode}
    with pytest.raises(socket.gaierror) as failed:
        await asyncio.to_thread(addresses, server)
    assert number == failed.value.errno


async def test_a_silent_server_costs_the_patience_of_the_resolver(server):
    server.mute = frozenset({NAME})
    with pytest.raises(socket.gaierror, match="Temporary failure"):
        await asyncio.to_thread(addresses, server)


# --- time


def test_a_skip_moves_both_clocks_and_keeps_what_was_measured_since():
    clock = RoundClock(behind_seconds=60.0)
    wall, monotonic = clock.wall(), clock.monotonic()
    clock.skip(30.0)
    later = clock.monotonic()

    assert 30.0 <= clock.wall() - wall < 31.0
    assert 30.0 <= later - monotonic < 31.0
    assert clock.really(later) == pytest.approx(later + 30.0)
