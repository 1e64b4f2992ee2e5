"""What we take from aiohttp, its parser and its body reader, still reads as we rely on. One of these fails first when it changes."""

import asyncio
import inspect

import aiohttp
import pytest
from aiohttp.http import HttpResponseParser
from probe_world import answering, call, http, serving

from monitor.model.outcome import NetworkReason
from monitor.model.result import Reach
from monitor.probes.wire import HELD_BYTES, request_head


class Unhindered:
    """Counts what the parser asks of its transport."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self, resume_parser: bool = True) -> None:
        self.asked.append("resume")


async def parser(**options):
    transport = Unhindered()
    loop = asyncio.get_running_loop()
    made = HttpResponseParser(
        transport,
        loop,
        HELD_BYTES,
        read_until_eof=True,
        auto_decompress=False,
        payload_exception=aiohttp.ClientPayloadError,
        **options,
    )
    return made, transport


async def test_the_parser_gives_the_head_and_a_body_that_can_be_taken_at_once():
    made, _ = await parser()
    messages, upgraded, tail = made.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    ((head, body),) = messages

    assert (200, "4", False, (1, 1)) == (head.code, head.headers["content-length"], head.should_close, tuple(head.version))
    assert (False, b"") == (upgraded, tail)
    assert (b"ab", False, None) == (body.read_nowait(), body.is_eof(), body.exception())
    made.feed_data(b"cd")
    assert (b"cd", True) == (body.read_nowait(), body.is_eof())


async def test_one_full_read_of_the_smallest_chunks_never_makes_the_parser_pause():
    from monitor.net.link import READ_BYTES

    made, transport = await parser()
    made.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    made.feed_data(b"1\r\nx\r\n" * (READ_BYTES // 6))

    assert "pause" not in transport.asked


async def test_a_body_that_breaks_off_is_an_error_at_the_end_of_the_connection():
    made, _ = await parser()
    made.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")

    with pytest.raises(Exception, match="Not enough data"):
        made.feed_eof()


async def test_interim_answers_are_told_apart_by_their_code():
    made, _ = await parser()
    messages, _, _ = made.feed_data(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    assert [103, 204] == [head.code for head, _ in messages]


def test_the_body_readers_takes_no_other_arguments_for_its_pauses():
    assert ["self", "resume_parser"] == list(inspect.signature(aiohttp.base_protocol.BaseProtocol.resume_reading).parameters)
    assert ["self"] == list(inspect.signature(aiohttp.base_protocol.BaseProtocol.pause_reading).parameters)


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\0b"])
def test_a_line_break_in_a_header_is_never_written(value):
    with pytest.raises(ValueError, match="X-Team"):
        request_head("GET", "/", {"X-Team": value})


async def test_an_early_refusal_is_read_while_the_request_is_still_leaving(probe):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"{}", status="413 Payload Too Large"))
        await asyncio.sleep(30)

    async with serving(refuse) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", method="POST", body="x" * (16 << 20), timeout=10))

    assert (413, Reach.ANSWERED) == (seen.status, seen.reach)


@pytest.mark.parametrize("secure", [False, True])
async def test_a_request_larger_than_the_sockets_buffer_arrives_whole(probe, authority, secure):
    body = "0123456789abcdef" * (1 << 18)
    settings = {"tls": authority.tls}
    async with answering(http(), context=authority.server() if secure else None) as server:
        url = f"http{'s' if secure else ''}://127.0.0.1:{server.port}"
        seen = await probe.run(call(url, method="POST", body=body, settings=settings, timeout=20))

    assert 200 == seen.status
    assert server.requests[0].endswith(body.encode())
    assert {"connect", "send", "wait", "receive"} <= set(seen.phases.reached())


async def test_after_connections_that_failed_their_numbers_serve_others(probe):
    from probe_world import unused_port

    for _ in range(20):
        assert NetworkReason.TCP_REFUSED == (await probe.run(call(f"http://127.0.0.1:{unused_port()}"))).reason
    async with answering(http()) as server:
        seen = await asyncio.gather(*(probe.run(call(f"http://127.0.0.1:{server.port}")) for _ in range(40)))

    assert {200} == {one.status for one in seen}


async def test_an_idle_connection_that_speaks_unasked_is_not_used_again(probe):
    async def chatty(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http())
        await asyncio.sleep(0.05)
        writer.write(http(b'{"whose":"is this"}'))
        await asyncio.sleep(5)

    async with serving(chatty) as server:
        request = call(f"http://127.0.0.1:{server.port}", settings={"reuse_connections": True})
        first = await probe.run(request)
        await asyncio.sleep(0.2)
        second = await probe.run(request)

    assert [{"ok": True}] * 2 == [first.body, second.body]
    assert 2 == server.connections
