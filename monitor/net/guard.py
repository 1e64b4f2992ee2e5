"""Which addresses we may connect to. Asked after every resolution, with the address itself, just before the socket is made.

A check of the *name* is not enough: ``0x7f000001``, ``[::ffff:127.0.0.1]``, a host whose DNS answer changes between two
look-ups, they all end as an address here. Private networks are reached only where a target says so.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
#: What ``socket.getaddrinfo`` returns an item of: family, type, protocol, canonical name, socket address.
AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]

#: IPv4 blocks that are not the public internet: IANA's special-purpose registry (RFC 6890 and its updates).
_PRIVATE_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
#: The only IPv6 block that is handed out for the public internet ...
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
#: ... and what is special inside it: protocol assignments with Teredo, documentation (two blocks).
_PRIVATE_V6 = tuple(ipaddress.IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20"))
#: IPv6 that is IPv4 in other clothes: the prefix, and how many bits stand to the right of the IPv4 address.
_CARRIERS = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # mapped, RFC 4291
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
#: Cloud metadata services hand out the machine's own credentials. No configuration opens these.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google Cloud, Azure, OpenStack
        "169.254.170.2",  # AWS task credentials
        "169.254.170.23",  # AWS pod identity
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's host agent: a public address that never leaves the host
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",  # AWS pod identity over IPv6
        "fd20:ce::254",  # Google Cloud over IPv6
    )
)


class BlockedAddress(OSError):  # noqa: N818 - reads as a fact
    """The address is not one that we may connect to. No packet was sent."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """``allow`` lists the CIDR blocks, beyond the public internet, that may be connected to."""

    allow: tuple[str, ...] = ()

    def check(self, ip: str) -> None:
        """Raise BlockedAddress unless a connection to ``ip`` is allowed. An IPv6 zone (``%eth0``) is ignored."""
        refusal = _refusal(self.allow, ip)
        if refusal:
            raise BlockedAddress(refusal)

    def permitted(self, addresses: Iterable[AddressInfo]) -> list[AddressInfo]:
        """Those that may be connected to. Raises BlockedAddress when there are some, and none of them may."""
        kept, refusals = [], []
        for address in addresses:
            refusal = _refusal(self.allow, address[4][0])
            if refusal:
                refusals.append(refusal)
            else:
                kept.append(address)
        if refusals and not kept:
            raise BlockedAddress(refusals[0])
        return kept


@lru_cache(maxsize=4096)
def _refusal(allow: tuple[str, ...], text: str) -> str:
    """Why ``text`` may not be connected to; empty when it may."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return f"{text!r} is not an IP address"
    faces = tuple(_faces(address))
    if any(face in _METADATA for face in faces):
        return f"{text} is a cloud metadata service, which no target may use"
    if any(_contains(networks(allow), face) for face in faces):
        return ""
    if any(_private(face) for face in faces):
        return f"{text} is not a public address; list its network under the target's allow_private to permit it"
    return ""


def _faces(address: IpAddress) -> Iterator[IpAddress]:
    """The address that a packet would end at: the IPv4 one inside, where there is one, else itself."""
    if isinstance(address, ipaddress.IPv6Address):
        for carrier, shift in _CARRIERS:
            if address in carrier:
                yield ipaddress.IPv4Address((int(address) >> shift) & 0xFFFF_FFFF)
                return
    yield address


def _private(address: IpAddress) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return _contains(_PRIVATE_V4, address)
    return address not in _PUBLIC_V6 or _contains(_PRIVATE_V6, address)


def _contains(blocks: Sequence[IpNetwork], address: IpAddress) -> bool:
    return any(address in block for block in blocks if block.version == address.version)


@lru_cache(maxsize=256)
def networks(allow: tuple[str, ...]) -> tuple[IpNetwork, ...]:
    """The CIDR blocks of a policy, parsed. Raises ValueError with a sentence for the operator."""
    return tuple(ipaddress.ip_network(block) for block in allow)


def guarded_socket_factory(policy: AddressPolicy) -> Callable[[AddressInfo], socket.socket]:
    """For ``aiohttp.TCPConnector(socket_factory=...)``: makes a socket only for an address that ``policy`` permits."""

    def make(address: AddressInfo) -> socket.socket:
        policy.check(address[4][0])
        return socket.socket(address[0], address[1] | socket.SOCK_NONBLOCK, address[2])

    return make
