"""The name, asked of another name server: over UDP, for real."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from inquiry_world import bench, tried

from monitor.model.triage import Experiment

NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class NameServer(asyncio.DatagramProtocol):
    """Answers every question alike: with one address, or with a code."""

    def __init__(self, rcode: int, address: bytes) -> None:
        self._rcode, self._address = rcode, address

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = data[12 : data.index(b"\0", 12) + 5]
        answers = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + self._address if self._address else b""
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | self._rcode, 1, bool(answers), 0, 0)
        self._transport.sendto(head + question + answers, addr)


def address_of(transport: asyncio.BaseTransport) -> str:
    host, port = transport.get_extra_info("sockname")
    return f"{host}:{port}"


@asynccontextmanager
async def name_server(rcode: int, address: bytes = b"") -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(rcode, address), local_addr=("127.0.0.1", 0))
    try:
        yield address_of(transport)
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("rcode", "address", "good", "code", "answers"),
    [
        (NOERROR, bytes((127, 0, 0, 1)), True, "", ("127.0.0.1",)),
        (NOERROR, b"", False, "EMPTY", ()),
        (NXDOMAIN, b"", False, "NXDOMAIN", ()),
        (SERVFAIL, b"", False, "SERVFAIL", ()),
    ],
)
async def test_what_another_name_server_says_is_told_with_its_code(
    tmp_path: Path, rcode: int, address: bytes, good: bool, code: str, answers: tuple[str, ...]
) -> None:
    async with name_server(rcode, address) as server, bench(tmp_path, host="localhost", addresses=("127.0.0.1",)) as here:
        case, _ = await here.look(0.0, second_resolver=server)

    [seen] = tried(case, Experiment.RESOLVER)
    assert (good, code, answers) == (seen.good, seen.code, seen.answers)


async def test_a_name_server_that_says_nothing_is_told_as_silence_within_the_time_of_a_question(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    silent, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    server = address_of(silent)
    async with bench(tmp_path, host="localhost", addresses=("127.0.0.1",)) as here:
        began = loop.time()
        case, _ = await here.look(0.0, second_resolver=server)
    silent.close()

    [seen] = tried(case, Experiment.RESOLVER)
    assert False is seen.good
    assert loop.time() - began < 8.0
