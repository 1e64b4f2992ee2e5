"""However loopback is spelled, nothing reaches it unless the target may."""

import socket

import pytest
from probe_world import answering, call, http

from monitor.model.outcome import NetworkReason
from monitor.model.result import Reach
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.http import HttpProbe
from monitor.probes.tcp import TcpProbe
from monitor.probes.tls import TlsProbe

SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "[fd00:ec2::254]",
]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_a_private_address_is_connected_to(probe, resolver, host):
    async with answering(http()) as server:
        url = f"http://{host}:{server.port}"
        seen = [
            await one.run(call(url, settings={"allow_private": ()}, timeout=3))
            for one in (probe, TcpProbe(resolver), TlsProbe(resolver, TlsContexts()))
        ]

    assert 0 == server.connections
    assert {Reach.NOT_SENT} == {one.reach for one in seen}
    # Odd spellings that the machine's resolver does not know are no address at all.
    assert {one.reason for one in seen} <= {NetworkReason.BLOCKED_ADDRESS, NetworkReason.DNS}


async def test_metadata_services_stay_closed_to_a_target_that_may_do_everything(probe):
    for host in ("169.254.169.254", "[::ffff:169.254.169.254]", "100.100.100.200"):
        seen = await probe.run(call(f"http://{host}/latest/", settings={"allow_private": ("0.0.0.0/0", "::/0")}, timeout=2))
        assert NetworkReason.BLOCKED_ADDRESS == seen.reason


async def test_a_name_that_changes_its_mind_is_checked_each_time():
    answers = iter(["192.0.2.1", "127.0.0.1", "127.0.0.1"])

    def rebinding(host, *args, **kwargs):
        return socket.getaddrinfo(next(answers), *args, **kwargs)

    resolver = Resolver(getaddrinfo=rebinding)
    probe = HttpProbe(resolver, TlsContexts())
    async with answering(http()) as server:
        url = f"http://rebound.example:{server.port}"
        for _ in range(2):
            assert NetworkReason.BLOCKED_ADDRESS == (await probe.run(call(url, settings={"allow_private": ()}))).reason
        assert 0 == server.connections
        assert 200 == (await probe.run(call(url))).status
    await probe.close()
    resolver.close()


async def test_of_several_addresses_only_the_permitted_are_tried():
    def both(host, *args, **kwargs):
        return socket.getaddrinfo("127.0.0.2", *args, **kwargs) + socket.getaddrinfo("127.0.0.1", *args, **kwargs)

    resolver = Resolver(getaddrinfo=both)
    probe = HttpProbe(resolver, TlsContexts())
    async with answering(http()) as server:
        seen = await probe.run(call(f"http://two.example:{server.port}", settings={"allow_private": ("127.0.0.1/32",)}))
    await probe.close()
    resolver.close()

    assert (200, "127.0.0.1") == (seen.status, seen.address)


async def test_other_schemes_are_not_spoken(probe):
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70"):
        seen = await probe.run(call(url, timeout=2))
        assert Reach.NOT_SENT == seen.reach
