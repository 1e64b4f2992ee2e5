import socket

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.connect import guarded_connect
from monitor.net.guard import AddressPolicy, BlockedAddress, guarded_socket_factory, networks

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
METADATA = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("ip", PUBLIC)
def test_the_public_internet_is_open(ip):
    AddressPolicy().check(ip)


@pytest.mark.parametrize("ip", PRIVATE + METADATA + ["not an address", ""])
def test_everything_else_is_closed_by_default(ip):
    with pytest.raises(BlockedAddress):
        AddressPolicy().check(ip)


@pytest.mark.parametrize("ip", METADATA)
def test_metadata_services_are_never_opened(ip):
    with pytest.raises(BlockedAddress, match="metadata"):
        AddressPolicy(("0.0.0.0/0", "::/0")).check(ip)


@pytest.mark.parametrize("ip", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_a_listed_network_is_open_however_the_address_is_written(ip):
    AddressPolicy(("10.1.0.0/16",)).check(ip)
    with pytest.raises(BlockedAddress):
        AddressPolicy(("10.2.0.0/16",)).check(ip)


def test_the_refusal_says_what_to_do():
    with pytest.raises(BlockedAddress, match="allow_private"):
        AddressPolicy().check("10.0.0.1")


def test_a_network_that_is_none_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="does not appear"):
        networks(("10.0.0.0/33",))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_judged_alike(address):
    def blocked(text):
        try:
            AddressPolicy().check(text)
        except BlockedAddress:
            return True
        return False

    number = int(address)
    carried = [
        f"::ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::",
    ]
    assert {blocked(str(address))} == {blocked(text) for text in carried}


def test_addresses_that_may_not_be_tried_are_left_out():
    infos = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)),
    ]

    assert infos[1:] == AddressPolicy(("127.0.0.0/8",)).permitted(infos)
    with pytest.raises(BlockedAddress, match="::1"):
        AddressPolicy().permitted(infos)


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "localhost", "[::ffff:127.0.0.1]", "[::1]"])
async def test_the_socket_factory_stops_aiohttp_at_the_address(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        factory = guarded_socket_factory(AddressPolicy())
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=factory)) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://{host}:{port}/", timeout=aiohttp.ClientTimeout(total=3))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_the_second_address_is_reached_when_the_first_refuses():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("127.0.0.2", "127.0.0.1")]
        with await guarded_connect(infos, AddressPolicy(("127.0.0.0/8",))) as sock:
            assert "127.0.0.1" == sock.getpeername()[0]
