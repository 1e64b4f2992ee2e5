"""Facts about the client, against real sockets: what was sent, what came back, and nothing twice."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Callable

import pytest

from monitor.clock import SystemClock
from monitor.connectors import Access, Call
from monitor.connectors.client import BODY_MAX_BYTES, Client, play, retry_after
from monitor.model.secret import Secret

LOOPBACK = Access(allow_private=("127.0.0.0/8",), timeout_seconds=2.0)
NOW = 1_793_577_600.0  # Mon, 02 Nov 2026 00:00:00 GMT


class Listener:
    """Reads whole requests, counts them and answers with what ``reply`` gives; None hangs up."""

    def __init__(self, reply: Callable[[bytes], bytes | None]) -> None:
        self.reply, self.requests, self.url = reply, [], ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            self.requests.append(head + await reader.readexactly(length))
            answer = self.reply(self.requests[-1])
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(reply: Callable[[bytes], bytes | None]) -> AsyncIterator[Listener]:
    listener = Listener(reply)
    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        yield listener


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client(SystemClock())
    yield client
    await client.close()


def answered(status: str = "200 OK", body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def test_status_headers_and_body_come_back(client: Client):
    async with listening(lambda _: answered("201 Created", b'{"id": 1}', "ETag: x")) as desk:
        answer = await client.perform(Call("POST", desk.url, {"x-key": Secret("s3cret")}, b"{}"), LOOPBACK)
    assert (201, "x", b'{"id": 1}') == (answer.status, answer.headers["etag"], answer.body)
    assert b"x-key: s3cret" in desk.requests[0].lower()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
async def test_a_dropped_connection_is_one_request_and_unsure(client: Client, method: str):
    async with listening(lambda _: None) as desk:
        answer = await client.perform(Call(method, desk.url, {}, b"{}"), LOOPBACK)
    assert (None, True, 1) == (answer.status, answer.sent, len(desk.requests))


async def test_a_refused_connection_sent_nothing(client: Client):
    async with listening(lambda _: None) as desk:
        url = desk.url
    answer = await client.perform(Call("POST", url), LOOPBACK)
    assert (None, False) == (answer.status, answer.sent)
    assert answer.error.startswith("no connection")


async def test_an_address_outside_the_allowed_networks_is_not_connected_to(client: Client):
    async with listening(lambda _: answered()) as desk:
        answer = await client.perform(Call("POST", desk.url), Access())
    assert (None, False, []) == (answer.status, answer.sent, desk.requests)
    assert "allow_private" in answer.error


async def test_a_name_that_does_not_exist_sent_nothing(client: Client):
    answer = await client.perform(Call("POST", "http://no-such-desk.invalid/"), LOOPBACK)
    assert (False, "its name could not be resolved") == (answer.sent, answer.error)


async def test_a_server_without_tls_got_nothing_of_the_request(client: Client):
    async with listening(lambda _: answered()) as desk:
        answer = await client.perform(
            Call("POST", desk.url.replace("http", "https")), Access(("127.0.0.0/8",), timeout_seconds=0.5)
        )
    assert (None, False) == (answer.status, answer.sent)


async def test_a_redirect_is_an_answer_and_is_not_followed(client: Client):
    async with listening(lambda _: answered("307 Temporary Redirect", b"", "Location: /elsewhere")) as desk:
        answer = await client.perform(Call("POST", desk.url, {}, b"{}"), LOOPBACK)
    assert (307, 1) == (answer.status, len(desk.requests))


async def test_an_answer_that_trickles_ends_at_the_deadline_and_was_sent(client: Client):
    async with listening(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1") as desk:
        answer = await client.perform(Call("POST", desk.url), Access(("127.0.0.0/8",), timeout_seconds=0.3))
    assert (None, True) == (answer.status, answer.sent)


async def test_a_body_without_end_is_cut(client: Client):
    async with listening(lambda _: answered(body=b"x" * (BODY_MAX_BYTES * 3))) as desk:
        answer = await client.perform(Call("GET", desk.url), LOOPBACK)
    assert (200, BODY_MAX_BYTES) == (answer.status, len(answer.body))


async def test_a_compressed_bomb_is_not_unpacked(client: Client):
    bomb = gzip.compress(b"\0" * (20 << 20))
    async with listening(lambda _: answered("200 OK", bomb, "Content-Encoding: gzip")) as desk:
        answer = await client.perform(Call("GET", desk.url), LOOPBACK)
    assert bomb == answer.body
    assert b"accept-encoding: identity" in desk.requests[0].lower()


async def test_headers_that_depend_on_the_instant_are_made_when_sending(client: Client):
    instants = []

    def sign(now: float) -> dict[str, str]:
        instants.append(now)
        return {"x-stamp": str(len(instants))}

    async with listening(lambda _: answered()) as desk:
        for _ in range(2):
            await client.perform(Call("POST", desk.url, {}, b"{}", sign), LOOPBACK)
    assert [b"x-stamp: 1" in desk.requests[0].lower(), b"x-stamp: 2" in desk.requests[1].lower()] == [True, True]


async def test_a_file_of_certificates_that_is_missing_is_said(client: Client):
    answer = await client.perform(Call("GET", "https://127.0.0.1:1/"), Access(("127.0.0.0/8",), ca_file="no-such.pem"))
    assert (False, True) == (answer.sent, "ca_file" in answer.error)


async def test_an_unending_operation_is_our_bug():
    def forever():
        while True:
            yield Call("GET", "http://desk.test/")

    async def perform(_: Call):
        return None

    with pytest.raises(RuntimeError, match="more than 32 calls"):
        await play(forever(), perform)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("17", 17.0),
        (" 0 ", 0.0),
        ("999999999999999999999", 3_600.0),
        ("Mon, 02 Nov 2026 00:02:00 GMT", 120.0),
        ("Mon, 02 Nov 2026 00:02:00 -0000", 120.0),
        ("Sun, 01 Nov 2026 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_of_its_forms(value: str | None, seconds: float | None):
    assert seconds == retry_after(value, NOW)
