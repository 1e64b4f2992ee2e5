"""A name server on loopback, over UDP, and the look-up that asks it as a machine's own resolver would."""

import asyncio
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from monitor.probes.dns_message import TYPES, MalformedError, parse, query

#: A stub resolver gives up after so long; the machine's own would try twice for five seconds each.
GIVE_UP_SECONDS = 1.0
_HEADER = struct.Struct("!6H")
_ANSWERED = 0x8180  # a response to a recursive question
_POINTER_TO_QUESTION = 0xC00C
TTL_SECONDS = 60


class Rcode(IntEnum):
    NOERROR = 0
    SERVFAIL = 2
    NXDOMAIN = 3


class NameServer(asyncio.DatagramProtocol):
    """``zone``: name -> addresses, given in turn. ``broken`` names have a code instead, ``late`` ones an answer after so many seconds,
    ``mute`` ones none. ``silent``: nobody gets an answer.
    """

    def __init__(self) -> None:
        self.zone: dict[str, tuple[str, ...]] = {}
        self.broken: dict[str, Rcode] = {}
        self.late: dict[str, float] = {}
        self.mute: frozenset[str] = frozenset()
        self.silent = False
        self._asked = 0
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        try:
            name, end = _question(data)
        except (struct.error, IndexError):
            return
        if self.silent or name in self.mute or self._transport is None:
            return
        answer = self._answer(data, name, end)
        asyncio.get_running_loop().call_later(self.late.get(name, 0.0), self._transport.sendto, answer, addr)

    def _answer(self, question: bytes, name: str, end: int) -> bytes:
        ident = _HEADER.unpack_from(question)[0]
        asked = question[_HEADER.size : end]
        kind = struct.unpack_from("!H", question, end - 4)[0]
        found = self.zone.get(name)
        rcode = self.broken.get(name, Rcode.NXDOMAIN if found is None else Rcode.NOERROR)
        self._asked += 1
        records = (
            [] if rcode or kind != TYPES["A"] or not found else [_address_record(each) for each in _turned(found, self._asked)]
        )
        return _HEADER.pack(ident, _ANSWERED | rcode, 1, len(records), 0, 0) + asked + b"".join(records)


def _turned(addresses: tuple[str, ...], times: int) -> tuple[str, ...]:
    """Each address is the first in its turn, so that load is shared."""
    first = times % len(addresses)
    return addresses[first:] + addresses[:first]


def _question(message: bytes) -> tuple[str, int]:
    """The name asked for, and where the question ends."""
    labels, offset = [], _HEADER.size
    while size := message[offset]:
        labels.append(message[offset + 1 : offset + 1 + size].decode("ascii", "replace").lower())
        offset += size + 1
    return ".".join(labels), offset + 5


def _address_record(address: str) -> bytes:
    packed = ipaddress.IPv4Address(address).packed
    return struct.pack("!HHHIH", _POINTER_TO_QUESTION, TYPES["A"], 1, TTL_SECONDS, len(packed)) + packed


def stub(port: Callable[[], int]) -> Callable[..., Any]:
    """``socket.getaddrinfo`` for a machine whose name server is at ``127.0.0.1:port()``. Raises what the real one raises."""

    def getaddrinfo(host: str, service: object, **_hints: object) -> list[tuple[Any, ...]]:
        ident = int.from_bytes(os.urandom(2), "big")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(GIVE_UP_SECONDS)
            sock.connect(("127.0.0.1", port()))
            try:
                sock.send(query(ident, host, "A"))
                answer = parse(sock.recv(4096), ident, host, "A")
            except TimeoutError:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution") from None
            except (OSError, MalformedError) as error:
                nobody = getattr(error, "errno", None) == errno.ECONNREFUSED
                raise socket.gaierror(socket.EAI_AGAIN if nobody else socket.EAI_FAIL, "Name servers failed") from None
        if answer.rcode == "NXDOMAIN" or (answer.rcode == "NOERROR" and not answer.records):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if answer.rcode != "NOERROR":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, 0)) for each in answer.records]

    return getaddrinfo
